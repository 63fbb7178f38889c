"""People and their roles: who is entered, who leaves, and that somebody always remains who can do both."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from institutions import journal
from institutions.clock import local_day
from institutions.enums import Letters, Role
from institutions.models import Membership, User


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
    """The person chooses which letters they want."""
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
