"""The demonstration's people: one account a role, and the directors whose answers wait in the queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from institutions import roles
from institutions.clock import local_day
from institutions.enums import Kind, Role
from institutions.models import Institution, Locality, Membership, Region, User
from institutions.people import enter

PASSWORD = "qalqan-demo"  # noqa: S105 (the demonstration's, printed at its start)
DOMAIN = "demo.qalqan.example"
HOME_REGION = "KZ-11"  # Ақмола: has a large city, districts, and a queue

# Coprime lengths, so that a pair does not return before all have been seen.
_GIVEN = (
    "Айгерім", "Бауыржан", "Гүлмира", "Дана", "Ерлан", "Жанар", "Зәуре", "Қайрат", "Ләззат", "Мақсат", "Нұргүл",
)  # fmt: skip
_FAMILY = (
    "Ахметова", "Бекова", "Досанова", "Ермекова", "Жүнісова", "Исабекова", "Қалиева", "Мұсаева", "Нұрланова",
    "Омарова", "Смағұлова", "Тұрсынова", "Шәріпова",
)  # fmt: skip
_MEN = {"Бауыржан", "Ерлан", "Қайрат", "Мақсат"}


@dataclass(frozen=True, slots=True)
class Account:
    """An account that the demonstration makes; `role` None: none."""

    name: str
    full_name: str
    role: Role

    @property
    def email(self) -> str:
        return f"{self.name}@{DOMAIN}"


ACCOUNTS = (
    Account("director", "Айгүл Сәрсенова", Role.DIRECTOR),
    Account("editor", "Нұрлан Оспанов", Role.EDITOR),
    Account("approver", "Гүлнар Әбенова", Role.APPROVER),
    Account("analyst", "Дәурен Қасымов", Role.ANALYST),
    Account("administrator", "Сәуле Ермекова", Role.ADMINISTRATOR),
    Account("auditor", "Тимур Исаев", Role.AUDITOR),
)


def make_accounts(since: date) -> dict[Role, User]:
    """Make the accounts with their memberships; return the people by role."""
    region = Region.objects.get(code=HOME_REGION)
    own = (
        Institution.objects.open()
        .filter(locality__region=region, kind=Kind.SCHOOL, large_city__isnull=False)
        .order_by("pk")
        .first()
    ) or Institution.objects.open().order_by("pk").first()
    people = {}
    for account in ACCOUNTS:
        user = User.objects.create_user(
            account.email,
            PASSWORD,
            full_name=account.full_name,
            is_staff=account.role == Role.ADMINISTRATOR,
        )
        Membership.objects.create(
            user=user,
            role=account.role,
            institution=own if account.role == Role.DIRECTOR else None,
            region=region if account.role in (Role.EDITOR, Role.APPROVER) else None,
            valid_from=since,
        )
        people[account.role] = user
    return people


def make_director(institution: Institution, number: int, since: date) -> User:
    """A director who answered something; nobody can sign in as them."""
    user = User.objects.create_user(f"director-{number}@{DOMAIN}", None, full_name=_full_name(number))
    Membership.objects.create(user=user, role=Role.DIRECTOR, institution=institution, valid_from=since)
    return user


def make_editor(region: Region, since: date) -> User:
    """An editor of a region who confirmed on behalf of its institutions; nobody can sign in as them."""
    email = f"editor-{region.code.lower()}@{DOMAIN}"
    user = User.objects.create_user(email, None, full_name=_full_name(7 * region.sort_order))
    Membership.objects.create(user=user, role=Role.EDITOR, region=region, valid_from=since)
    return user


def _full_name(number: int) -> str:
    given, family = _GIVEN[number % len(_GIVEN)], _FAMILY[number % len(_FAMILY)]
    return f"{given} {family.removesuffix('а') if given in _MEN else family}"


def leave_changes(people: dict[Role, User], *, now: datetime) -> None:
    """Roles that are not all alike: a former director, somebody who stands in, and an invitation not accepted yet."""
    today = local_day(now)
    by = people[Role.ADMINISTRATOR]
    own = people[Role.DIRECTOR].memberships.get()
    former = User.objects.create_user(f"former@{DOMAIN}", None, full_name="Рауан Тілеуов")
    Membership.objects.create(
        user=former,
        role=Role.DIRECTOR,
        institution=own.institution,
        valid_from=own.valid_from - timedelta(days=900),
        valid_to=own.valid_from - timedelta(days=1),
    )
    others = Membership.objects.filter(role=Role.DIRECTOR, valid_to=None).exclude(pk=own.pk).order_by("pk")[:2]
    for absent, substitute in zip(others[:1], others[1:], strict=False):
        roles.give(
            substitute.user,
            roles.Post.of(absent),
            since=today,
            until=today + timedelta(days=14),
            substitute_for=absent.user,
            by=by,
            now=now,
        )
    district = Locality.objects.filter(region__code=HOME_REGION).first()
    invited = User(email=f"invited@{DOMAIN}", full_name="Әсел Жақсыбаева", invited_at=now - timedelta(days=1))
    enter(invited, by=by, now=now)
    roles.give(invited, roles.Post(Role.APPROVER, locality=district), since=today, by=by, now=now)


def accounts_table() -> str:
    """The accounts as lines of text, for the start of the demonstration; empty where the database is none."""
    emails = {account.email for account in ACCOUNTS}
    if not User.objects.filter(email__in=emails).exists():
        return ""
    width = max(len(account.email) for account in ACCOUNTS)
    lines = [f"  {'e-mail':<{width}}  role", f"  {'-' * width}  {'-' * 24}"]
    lines += [f"  {account.email:<{width}}  {account.role.value}" for account in ACCOUNTS]
    return "\n".join([*lines, f"  password of all: {PASSWORD}"])
