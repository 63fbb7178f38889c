"""Roles of people: who gives which, from when until when, and who stands in for whom.

The scope of a role is a database constraint; that its giver may give it is asked here, of every giver alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from institutions import access, journal
from institutions.clock import local_day
from institutions.enums import Role
from institutions.models import Institution, Locality, Membership, Region, User
from institutions.people import check_administrator_remains, hold_administrators, refresh_staff

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Post:
    """A role in its scope, whoever holds it."""

    role: Role
    region: Region | None = None
    locality: Locality | None = None
    institution: Institution | None = None

    @classmethod
    def of(cls, membership: Membership) -> Self:
        return cls(Role(membership.role), membership.region, membership.locality, membership.institution)

    @property
    def same(self) -> Q:
        """The memberships with this role and scope."""
        return Q(role=self.role, region=self.region, locality=self.locality, institution=self.institution)


@transaction.atomic
def give(
    user: User,
    post: Post,
    *,
    since: date,
    until: date | None = None,
    substitute_for: User | None = None,
    by: User | None,
    now: datetime,
) -> Membership:
    """Give the role from `since` to `until` (both included; None: without an end).

    Raises ValidationError where the scope does not fit the role, a day is wrong, the person is locked out or has the
    role then already, or `by` may not give it: nobody gives themselves a role, and a regional editor makes directors
    of institutions in their scope alone. `by` is None for the program itself.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    membership = Membership(user=user, valid_from=since, valid_to=until, substitute_for=substitute_for, **_fields(post))
    check_given(membership, by=by, day=local_day(now))
    membership.full_clean()
    membership.save(force_insert=True)
    refresh_staff(user)
    journal.write(
        "membership.create", membership, by=by, institution=post.institution, after=in_journal(membership), now=now
    )
    return membership


def check_given(membership: Membership, *, by: User | None, day: date) -> None:
    """Raise ValidationError where this new membership must not be; what constraints say is not asked here."""
    post = Post.of(membership)
    check_giver(post, user=membership.user, by=by)
    if not membership.user.is_active:
        raise ValidationError(_("This person is locked out: let them in first."), code="locked_out")
    if membership.valid_from < day:
        raise ValidationError(_("A role begins today or later."), code="past")
    overlapping = Membership.objects.filter(post.same, Q(valid_to=None) | Q(valid_to__gte=membership.valid_from))
    if membership.valid_to is not None:
        overlapping = overlapping.filter(valid_from__lte=membership.valid_to)
    if overlapping.filter(user_id=membership.user_id).exists():
        raise ValidationError(_("This person has the role at that time already."), code="held")
    replaced = membership.substitute_for
    if replaced is not None and replaced.pk == membership.user_id:
        raise ValidationError(
            {"substitute_for": ValidationError(_("Nobody substitutes for themselves."), code="own_substitute")}
        )


def check_giver(post: Post, *, user: User, by: User | None) -> None:
    """Raise ValidationError where `by` may not give the person this role, or lengthen it."""
    if by is None:
        return
    if by.pk == user.pk:
        raise ValidationError(_("Nobody gives themselves a role."), code="own_role")
    if access.roles_of(by) & access.ADMINISTER:
        return
    if post.role == Role.DIRECTOR and post.institution is not None:
        reached = Institution.objects.within_roles(by, access.APPOINT_DIRECTORS)
        if reached.filter(pk=post.institution.pk).exists():
            return
    raise ValidationError(_("You give the role of director alone, at institutions of your region."), code="not_yours")


@transaction.atomic
def end(membership: Membership, *, last_day: date | None, by: User | None, now: datetime) -> Membership:
    """Set the last day of a role that has not ended: today or later; None: it has no end any more.

    The roles of those who stand in for the person end with it. Raises ValidationError where the day is wrong, `by`
    would lengthen their own role, or nobody would administer any more.
    """
    if membership.role == Role.ADMINISTRATOR:
        hold_administrators()
    membership = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("user", "region", "locality", "institution")
        .get(pk=membership.pk)
    )
    if membership.valid_to == last_day:
        return membership
    check_end(membership, last_day=last_day, by=by, day=local_day(now))
    before = in_journal(membership)
    membership.valid_to = last_day
    membership.full_clean()
    membership.save(update_fields=["valid_to"])
    journal.write(
        "membership.end",
        membership,
        by=by,
        institution=membership.institution_id,
        before={"valid_to": before["valid_to"]},
        after=in_journal(membership),
        now=now,
    )
    if last_day is not None:
        _end_substitutes(membership, last_day, by=by, now=now)
    return membership


def check_end(membership: Membership, *, last_day: date | None, by: User | None, day: date) -> None:
    """Raise ValidationError where the role must not end so."""
    if membership.valid_to is not None and membership.valid_to < day:
        raise ValidationError(_("This role has ended already: give a new one."), code="ended")
    if last_day is not None and last_day < day:
        raise ValidationError(_("The last day is today or later."), code="past")
    longer = membership.valid_to is not None and (last_day is None or last_day > membership.valid_to)
    if longer and by is not None and by.pk == membership.user_id:
        raise ValidationError(_("Nobody gives themselves a role."), code="own_role")
    if membership.role == Role.ADMINISTRATOR and last_day is not None:
        check_administrator_remains(day, without_memberships=[membership.pk])


@transaction.atomic
def cancel(membership: Membership, *, by: User | None, now: datetime) -> None:
    """Take back a role that has not begun yet; the journal keeps it. Raises ValidationError where it has begun."""
    held = Membership.objects.select_for_update(of=("self",)).filter(pk=membership.pk, valid_from__gt=local_day(now))
    coming = held.first()
    if coming is None:
        raise ValidationError(_("This role has begun: set its last day instead."), code="begun")
    before = in_journal(coming)
    journal.write(
        "membership.cancel", coming, by=by, institution=coming.institution_id, before=before, after=None, now=now
    )
    user = coming.user
    coming.delete()
    refresh_staff(user)


def _end_substitutes(membership: Membership, last_day: date, *, by: User | None, now: datetime) -> None:
    """Nobody stands in for one who has left: what has begun by then ends with their role, the rest never begins."""
    post = Post.of(membership)
    standing_in = Membership.objects.filter(
        post.same, substitute_for=membership.user_id, valid_from__gte=membership.valid_from, valid_to__gt=last_day
    )
    for substitute in standing_in.order_by("pk"):
        if substitute.valid_from > last_day:
            cancel(substitute, by=by, now=now)
        else:
            end(substitute, last_day=last_day, by=by, now=now)


def in_journal(membership: Membership) -> dict[str, Any]:
    """The membership as the journal keeps it: readable without any other table."""
    words: dict[str, Any] = {
        "person": membership.user.email,
        "role": membership.role,
        "scope": str(membership.scope or "KZ"),
        "valid_from": membership.valid_from.isoformat(),
        "valid_to": membership.valid_to and membership.valid_to.isoformat(),
    }
    if membership.substitute_for is not None:
        words["for"] = membership.substitute_for.email
    return words


def _fields(post: Post) -> dict[str, Any]:
    return {name: getattr(post, name) for name in ("role", "region", "locality", "institution")}
