"""People: who is entered, what is corrected about them, who is locked out, and that somebody always administers.

Their roles are given and ended in `roles.py`, invitations stand in `invitations.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Final

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from institutions import journal
from institutions.clock import local_day
from institutions.enums import Letters, Role
from institutions.models import Membership, User

DETAILS: Final = ("full_name", "email", "language")


class EmailTaken(Exception):
    """Somebody has this e-mail address already."""


@transaction.atomic
def create_administrator(*, email: str, full_name: str, password: str, now: datetime) -> User:
    """Enter a ministry administrator. Raises `EmailTaken`, ValidationError (bad address, weak password)."""
    email = email.strip().lower()
    if User.objects.filter(email__iexact=email).exists():
        raise EmailTaken(email)
    user = User(email=email, full_name=full_name.strip(), is_staff=True)
    validate_password(password, user)
    user.set_password(password)
    user.full_clean()
    user.save(force_insert=True)
    membership = Membership(user=user, role=Role.ADMINISTRATOR, valid_from=local_day(now))
    membership.full_clean()
    membership.save(force_insert=True)
    journal.write("person.create", user, by=None, after={"email": email, "role": membership.role}, now=now)
    return user


@transaction.atomic
def enter(user: User, *, by: User | None, now: datetime) -> User:
    """Enter a person who was filled in but not saved yet. Raises ValidationError (a bad address, one that is taken)."""
    user.email = user.email.strip().lower()
    user.full_name = user.full_name.strip()
    if not user.password:
        user.set_unusable_password()
    _check_email_is_free(user)
    user.full_clean()
    _save(user, new=True)
    journal.write("person.create", user, by=by, after={name: getattr(user, name) for name in DETAILS}, now=now)
    return user


@transaction.atomic
def correct(user: User, *, full_name: str, email: str, language: str, by: User | None, now: datetime) -> User:
    """Correct name, e-mail address and language. Raises ValidationError (a bad address, one that is taken).

    A link for setting a password that went to the former address is of no use from then on.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    given = {"full_name": full_name.strip(), "email": email.strip().lower(), "language": language}
    before = {name: getattr(user, name) for name, value in given.items() if getattr(user, name) != value}
    if not before:
        return user
    for name in before:
        setattr(user, name, given[name])
    _check_email_is_free(user)
    user.full_clean(exclude=["password"])
    _save(user)
    if "email" in before:
        # allauth keeps a copy, by which the former address would still sign in.
        EmailAddress.objects.filter(user=user).delete()
    journal.write("person.change", user, by=by, before=before, after={name: given[name] for name in before}, now=now)
    return user


@transaction.atomic
def lock_out(user: User, *, by: User | None, now: datetime) -> None:
    """Close the account: from now on the person reaches nothing. Nothing happens where it is closed already.

    Raises ValidationError where nobody would administer any more.
    """
    hold_administrators()
    if User.objects.filter(pk=user.pk, is_active=True).exists():
        check_administrator_remains(local_day(now), without_person=user)
    _set_active(user, False, by=by, now=now)


@transaction.atomic
def let_in(user: User, *, by: User | None, now: datetime) -> None:
    """Open a closed account again; roles that have not ended in the meantime are in force again."""
    _set_active(user, True, by=by, now=now)


def _set_active(user: User, active: bool, *, by: User | None, now: datetime) -> None:
    if User.objects.filter(pk=user.pk).exclude(is_active=active).update(is_active=active) == 0:
        return
    user.refresh_from_db()
    refresh_staff(user)
    before, after = {"is_active": not active}, {"is_active": active}
    journal.write("person.let_in" if active else "person.lock_out", user, by=by, before=before, after=after, now=now)


def _check_email_is_free(user: User) -> None:
    if User.objects.filter(email__iexact=user.email).exclude(pk=user.pk).exists():
        raise _email_taken()


def _email_taken() -> ValidationError:
    return ValidationError({"email": ValidationError(_("Somebody has this e-mail address already."), "email_taken")})


def _save(user: User, *, new: bool = False) -> None:
    try:
        with transaction.atomic():
            user.save(force_insert=new)
    except IntegrityError as taken:  # entered twice at once
        raise _email_taken() from taken


def hold_administrators() -> None:
    """Make all others wait who would lock out an administrator or end such a role, until this transaction is over."""
    roles = Membership.objects.filter(role=Role.ADMINISTRATOR, valid_to=None).order_by("pk")
    list(roles.select_for_update(of=("self",)))


def check_administrator_remains(
    day: date, *, without_person: User | None = None, without_memberships: Collection[int] = ()
) -> None:
    """Raise ValidationError where nobody would administer any more.

    The question is asked of a change before it is made: the person `without_person` is locked out, the
    memberships `without_memberships` (keys) end. One active person must keep the role without an end.
    """
    lasting = Membership.objects.filter(
        Q(valid_to=None), role=Role.ADMINISTRATOR, valid_from__lte=day, user__is_active=True
    )
    left = lasting.exclude(pk__in=without_memberships)
    if without_person is not None:
        left = left.exclude(user=without_person)
    if lasting.exists() and not left.exists():
        raise ValidationError(
            _("The last administrator stays: first give the role to somebody else, without an end."),
            code="last_administrator",
        )


@transaction.atomic
def choose_letters(user: User, letters: Letters, *, now: datetime) -> None:
    """The person chooses which letters they want. Nothing is written where they have chosen so before."""
    if user.letters == letters:
        return
    before, user.letters = user.letters, letters
    user.save(update_fields=["letters"])
    journal.write(
        "person.letters", user, by=user, before={"letters": str(before)}, after={"letters": str(letters)}, now=now
    )


def refresh_staff(user: User) -> None:
    """Let `is_staff` follow from the memberships; whether one is in force today is asked at the door."""
    may = (
        user.is_superuser
        or Membership.objects.filter(user=user, role=Role.ADMINISTRATOR, user__is_active=True).exists()
    )
    if user.is_staff != may:
        user.is_staff = may
        user.save(update_fields=["is_staff"])
