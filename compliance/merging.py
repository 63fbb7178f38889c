"""A duplicate closed and named as part of the institution that is kept, and that undone again.

Nothing moves between the two: both keep their states, answers, ledger and BIN. The duplicate is closed from a day on,
whatever later states of it are known.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from compliance import enrolment, ledger
from institutions import journal
from institutions.clock import local_day
from institutions.enums import Lifecycle, Role
from institutions.models import Institution, InstitutionState, Membership, Merger, User
from institutions.registry import NoSuchState


class Refused(Exception):
    """Something that the rules do not allow; nothing was changed."""


class SameInstitution(Refused):
    """An institution is not merged into itself."""


class KeptIsClosed(Refused):
    """What is kept is closed, or merged into a third one itself."""


class AlreadyMerged(Refused):
    """The duplicate is closed already, as a duplicate or otherwise."""


class AlreadyUndone(Refused):
    """Somebody has undone the merger in the meantime."""


def to_carry_over(merged: Institution, kept: Institution, day: date) -> list[Membership]:
    """Directors of the duplicate who have no role at the kept one. One query more than the list."""
    there = Membership.objects.in_force(day).filter(institution=kept, role=Role.DIRECTOR).values("user")
    mine = Membership.objects.in_force(day).filter(institution=merged, role=Role.DIRECTOR)
    return list(mine.exclude(user__in=there).select_related("user").order_by("user__sort_kk", "user"))


def merge(
    merged: Institution,
    *,
    into: Institution,
    since: date,
    reason: str,
    carry: Collection[Membership],
    by: User,
    now: datetime,
) -> Merger:
    """Close `merged` from `since` on as a duplicate; directors named in `carry` get the role at the kept one, too.

    Raises the refusals above, and `NoSuchState` before the duplicate's first day.
    """
    try:
        return _merge(merged, into=into, since=since, reason=reason, carry=carry, by=by, now=now)
    except IntegrityError as refusal:
        if not Merger.objects.filter(merged=merged, undone_at=None).exists():
            raise
        raise AlreadyMerged(merged.pk) from refusal


@transaction.atomic
def _merge(
    merged: Institution,
    *,
    into: Institution,
    since: date,
    reason: str,
    carry: Collection[Membership],
    by: User,
    now: datetime,
) -> Merger:
    if merged.pk == into.pk:
        raise SameInstitution(merged.pk)
    # Both chains, in the order of their keys: two who merge the same two crosswise must not wait for each other.
    for pk in sorted((merged.pk, into.pk)):
        ledger.hold(pk)
    lives = _from(into, since)
    closes = Lifecycle.CLOSED in lives.values() or lives[since] != Lifecycle.OPEN
    if closes or Merger.objects.filter(merged=into, undone_at=None).exists():
        raise KeptIsClosed(into.pk)
    states = _from(merged, since)
    if states[min(states)] == Lifecycle.CLOSED:
        raise AlreadyMerged(merged.pk)
    merger = Merger.objects.create(
        kept=into,
        merged=merged,
        since=since,
        reason=reason,
        made_by=by,
        made_at=now,
        lifecycles={day.isoformat(): lifecycle for day, lifecycle in states.items()},
    )
    enrolment.change_states(
        merged,
        {day: {"lifecycle": Lifecycle.CLOSED} for day in states},
        by=by,
        now=now,
        reason=reason,
    )
    # Nobody gives themselves a role.
    merger.carried = [_carry(one, into, by=by, now=now) for one in carry if one.user_id != by.pk]
    merger.save(update_fields=["carried"])
    journal.write(
        "institution.merge",
        merger,
        by=by,
        institution=merged,
        after={"kept": into.bin, "since": since.isoformat(), "reason": reason},
        now=now,
    )
    return merger


@transaction.atomic
def undo(merger: Merger, *, by: User, now: datetime, reason: str) -> None:
    """Let the duplicate be again from that day on what it was; carried roles end. Raises `AlreadyUndone`.

    States that became known after the merger and begin later take the lifecycle that held on their day before it.
    """
    ledger.hold(merger.merged_id)
    moved = Merger.objects.filter(pk=merger.pk, undone_at=None).update(undone_by=by, undone_at=now, undo_reason=reason)
    if moved != 1:
        raise AlreadyUndone(merger.pk)
    merged = Institution.objects.get(pk=merger.merged_id)
    before = {date.fromisoformat(day): lifecycle for day, lifecycle in merger.lifecycles.items()}
    now_closed = [day for day, lifecycle in _from(merged, merger.since).items() if lifecycle == Lifecycle.CLOSED]
    changes = {day: {"lifecycle": before[max(known for known in before if known <= day)]} for day in now_closed}
    if changes:
        enrolment.change_states(merged, changes, by=by, now=now, reason=reason)
    yesterday = local_day(now) - timedelta(days=1)
    carried = Membership.objects.filter(pk__in=merger.carried)
    standing_in = Membership.objects.filter(
        institution=merger.kept_id,
        substitute_for__in=carried.values("user"),
        valid_from__gte=local_day(merger.made_at),
    )
    ending = Membership.objects.not_ended(local_day(now)).filter(
        Q(pk__in=merger.carried) | Q(pk__in=standing_in.values("pk"))
    )
    for membership in ending.select_related("user"):
        # An end today would still reach the institution today.
        membership.valid_from = min(membership.valid_from, yesterday)
        membership.valid_to = yesterday
        membership.save(update_fields=["valid_from", "valid_to"])
        journal.write(
            "membership.end",
            membership,
            by=by,
            institution=membership.institution_id,
            after={"person": membership.user.email, "valid_to": yesterday.isoformat()},
            now=now,
        )
    journal.write("institution.unmerge", merger, by=by, institution=merged, after={"reason": reason}, now=now)


def _from(institution: Institution, since: date) -> dict[date, str]:
    """The lifecycle on `since` and on the first day of each later state."""
    first = _lifecycle(institution, since)
    later = InstitutionState.objects.filter(institution=institution, valid_from__gt=since).order_by("valid_from")
    return {since: first, **dict(later.values_list("valid_from", "lifecycle"))}


def _lifecycle(institution: Institution, day: date) -> str:
    states = InstitutionState.objects.filter(institution=institution, valid_from__lte=day).order_by("-valid_from")
    found = states.values_list("lifecycle", flat=True).first()
    if found is None:
        raise NoSuchState(day)
    return found


def _carry(membership: Membership, into: Institution, *, by: User, now: datetime) -> int:
    made = Membership(
        user=membership.user,
        role=membership.role,
        institution=into,
        valid_from=local_day(now),
        valid_to=membership.valid_to,
        substitute_for=membership.substitute_for,
    )
    made.full_clean()
    made.save(force_insert=True)
    journal.write(
        "membership.create",
        made,
        by=by,
        institution=into,
        after={"person": made.user.email, "role": made.role, "scope": str(into), "valid_from": str(made.valid_from)},
        now=now,
    )
    return made.pk
