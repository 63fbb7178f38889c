"""The demonstration's people: one account a role, and the directors whose answers wait in the queue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from secrets import token_urlsafe

from django.contrib.auth.hashers import make_password

from institutions import roles
from institutions.bulk import next_id
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


@dataclass(frozen=True, slots=True)
class Staff:
    """Those who enter and those who decide in each region, by its code; nobody can sign in as them."""

    editors: dict[str, User]
    approvers: dict[str, User]


def make_accounts() -> dict[Role, User]:
    """Make the people of the accounts, who are nobody yet; return them by role."""
    return {
        account.role: User.objects.create_user(
            account.email,
            PASSWORD,
            full_name=account.full_name,
            is_staff=account.role == Role.ADMINISTRATOR,
        )
        for account in ACCOUNTS
    }


def give_own_institution(people: dict[Role, User], since: date) -> None:
    """Give the accounts their roles, now that there are institutions."""
    region = Region.objects.get(code=HOME_REGION)
    mine = Institution.objects.open().filter(locality__region=region, kind=Kind.SCHOOL, large_city__isnull=False)
    # Where everybody has a director: the one of whom that is this account.
    vacant = mine.exclude(memberships__role=Role.DIRECTOR)
    own = vacant.order_by("pk").first() or mine.order_by("pk").first() or Institution.objects.open().first()
    for role, user in people.items():
        Membership.objects.create(
            user=user,
            role=role,
            institution=own if role == Role.DIRECTOR else None,
            region=region if role in (Role.EDITOR, Role.APPROVER) else None,
            valid_from=since,
        )


def make_staff(since: date) -> Staff:
    """An editor and an approver in every region; the accounts are the editor and approver at home beside them."""
    editors, approvers = {}, {}
    for region in Region.objects.order_by("sort_order"):
        editors[region.code] = _make(Role.EDITOR, region, 7 * region.sort_order, since)
        approvers[region.code] = _make(Role.APPROVER, region, 5 * region.sort_order + 3, since)
    return Staff(editors, approvers)


def _make(role: Role, region: Region, number: int, since: date) -> User:
    email = f"{role.value}-{region.code.lower()}@{DOMAIN}"
    user = User.objects.create_user(email, None, full_name=_full_name(number))
    Membership.objects.create(user=user, role=role, region=region, valid_from=since)
    return user


def make_directors(institutions: Iterable[tuple[int, str]], since: date) -> dict[int, int]:
    """A director for each of many institutions (key, BIN), at once; returns their keys. Nobody can sign in as them."""
    key = next_id(User)
    users, memberships, made = [], [], {}
    locked = make_password(token_urlsafe())  # a password that nobody knows
    for number, (institution, bin_number) in enumerate(institutions, start=key):
        email = f"director-{bin_number}@{DOMAIN}"
        users.append(User(pk=number, email=email, full_name=_full_name(number), password=locked))
        memberships.append(Membership(user_id=number, role=Role.DIRECTOR, institution_id=institution, valid_from=since))
        made[institution] = number
    User.objects.bulk_create(users, batch_size=500)
    Membership.objects.bulk_create(memberships, batch_size=500)
    return made


def make_director(institution: Institution, number: int, since: date) -> User:
    """A director who answered something; nobody can sign in as them."""
    user = User.objects.create_user(f"director-{number}@{DOMAIN}", None, full_name=_full_name(number))
    Membership.objects.create(user=user, role=Role.DIRECTOR, institution=institution, valid_from=since)
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
