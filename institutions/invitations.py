"""How somebody comes to a role: by their e-mail address, whether the register knows them already or not.

Each verb is one transaction; the letter follows when it is over. A letter that did not go out undoes nothing: it can be
sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from institutions import journal, letters, people, roles
from institutions.clock import local_day
from institutions.models import Membership, User
from institutions.roles import Post

DAY: Final = timedelta(days=1)
PAUSE: Final = timedelta(minutes=1)  # between two letters to one person


class AddressKnown(Exception):
    """The address belongs to somebody in the register: `user`. Nothing was done; the role can be given to them."""

    def __init__(self, user: User) -> None:
        super().__init__(user.email)
        self.user = user


class RoleWithoutLetter(Exception):
    """The role of `membership` is given, but the letter about it did not go out."""

    def __init__(self, membership: Membership) -> None:
        super().__init__(membership.pk)
        self.membership = membership


@dataclass(frozen=True, slots=True)
class Invited:
    """Who is to have a role. Name and language are for somebody new; those of a known person stay as they are."""

    email: str
    full_name: str = ""
    language: str = "kk"


def invite(
    invited: Invited,
    post: Post,
    *,
    since: date,
    until: date | None = None,
    substitute_for: User | None = None,
    known: int | None = None,
    by: User | None,
    now: datetime,
) -> Membership:
    """Give the role, to a person entered for it where the address is new, and write to them.

    `known` is the key of the person who was shown as having the address. Raises `AddressKnown` where somebody else has
    it, ValidationError as `people.enter` and `roles.give` do, and `RoleWithoutLetter` when all is done but the letter.
    """
    with transaction.atomic():
        membership = _give(
            invited, post, since=since, until=until, substitute_for=substitute_for, known=known, by=by, now=now
        )
    _write(membership, by=by, now=now)
    return membership


def hand_over(
    leaving: Membership, invited: Invited, *, last_day: date, known: int | None = None, by: User | None, now: datetime
) -> Membership:
    """Let the role of `leaving` end on `last_day` and another person have it from the day after. Raises as `invite`."""
    with transaction.atomic():
        if leaving.user.email == invited.email.strip().lower():
            raise ValidationError({"email": ValidationError(_("This is the one who leaves."), "same_person")})
        roles.end(leaving, last_day=last_day, by=by, now=now)
        membership = _give(invited, Post.of(leaving), since=last_day + DAY, known=known, by=by, now=now)
    _write(membership, by=by, now=now)
    return membership


def stand_in(
    absent: Membership,
    invited: Invited,
    *,
    since: date,
    until: date,
    known: int | None = None,
    by: User | None,
    now: datetime,
) -> Membership:
    """Let another person have the role of `absent` from `since` to `until` (both included), in their name.

    Raises as `invite`, and ValidationError where `absent` does not have the role all that time, or is a substitute.
    """
    if absent.substitute_for_id is not None:
        raise ValidationError(_("Nobody stands in for a substitute."), code="substitute")
    if absent.valid_to is not None and absent.valid_to < until:
        wrong = ValidationError(_("The role itself ends before that day."), code="too_long")
        raise ValidationError({"until": wrong})
    if since < absent.valid_from:
        wrong = ValidationError(_("The role itself begins after that day."), code="too_early")
        raise ValidationError({"since": wrong})
    return invite(
        invited,
        Post.of(absent),
        since=since,
        until=until,
        substitute_for=absent.user,
        known=known,
        by=by,
        now=now,
    )


def invite_again(user: User, *, by: User | None, now: datetime) -> None:
    """Send another link to somebody who has not set a password yet.

    Raises ValidationError where they have, are locked out, or a letter went out a moment ago; `LetterNotSent`.
    """
    if user.has_usable_password():
        raise ValidationError(_("This person has accepted already."), code="accepted")
    if not user.is_active:
        raise ValidationError(_("This person is locked out: let them in first."), code="locked_out")
    if user.invited_at is not None and now - user.invited_at < PAUSE:
        raise ValidationError(_("A letter went out a moment ago: wait a minute."), code="too_soon")
    held = Membership.objects.not_ended(local_day(now)).filter(user=user).with_places()
    _invite(user, held.order_by("valid_from", "pk").first(), by=by, now=now)


def _give(
    invited: Invited,
    post: Post,
    *,
    since: date,
    until: date | None = None,
    substitute_for: User | None = None,
    known: int | None,
    by: User | None,
    now: datetime,
) -> Membership:
    user = User.objects.filter(email__iexact=invited.email.strip()).first()
    if user is None:
        new = User(email=invited.email, full_name=invited.full_name, language=invited.language)
        user = people.enter(new, by=by, now=now)
    elif user.pk != known:
        raise AddressKnown(user)
    return roles.give(user, post, since=since, until=until, substitute_for=substitute_for, by=by, now=now)


def _write(membership: Membership, *, by: User | None, now: datetime) -> None:
    try:
        if membership.user.has_usable_password():
            letters.send_role(membership)
        else:
            _invite(membership.user, membership, by=by, now=now)
    except letters.LetterNotSent as failed:
        raise RoleWithoutLetter(membership) from failed


def _invite(user: User, membership: Membership | None, *, by: User | None, now: datetime) -> None:
    letters.send_invitation(user, membership, now=now)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(invited_at=now)
        journal.write("person.invite", user, by=by, now=now)
