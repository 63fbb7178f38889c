"""The second level of the review: where it is on, districts check and the region approves.

A setting of the region, so that a region with forty districts and one with two need not work alike. It is asked when
something is decided and never stored with an answer, so switching it leaves nothing stuck:

- on: what is submitted waits for its district's check. Where nobody of the district could check it (no approver there,
  or only such as wrote it or decide for the region as well), the region approves it at once.
- off: what is checked already is approved like anything else, though never by who checked it.

Rules: `StatusEntryQuerySet.to_be_checked` and its neighbours; verbs: `workflow.check` and `workflow.approve`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count, Q

from compliance.enums import EntryState
from compliance.models import StatusEntry
from institutions import journal
from institutions.access import DECIDE
from institutions.models import Locality, Membership, Region, User


class NobodyApproves(Exception):
    """The region has no approver of its own: what its districts check would be approved by nobody."""


@dataclass(frozen=True, slots=True)
class RegionLevels:
    """How a region reviews, in counts: its approvers, its districts and those with somebody who checks, answers."""

    region: Region
    approvers: int
    districts: int
    with_reviewers: int
    submitted: int
    checked: int

    @property
    def without_reviewers(self) -> int:
        return self.districts - self.with_reviewers


def of_regions(day: date) -> list[RegionLevels]:
    """Every region in the ministry's order. Five queries."""
    held = Membership.objects.in_force(day).filter(role__in=sorted(DECIDE))
    approvers = dict(
        held.exclude(region=None).order_by().values_list("region").annotate(count=Count("user", distinct=True))
    )
    districts = dict(Locality.objects.order_by().values_list("region").annotate(count=Count("pk")))
    reviewers = dict(
        held.exclude(locality=None)
        .order_by()
        .values_list("locality__region")
        .annotate(count=Count("locality", distinct=True))
    )
    waiting = {
        region: (submitted, checked)
        for region, submitted, checked in StatusEntry.objects.awaiting_decision()
        .order_by()
        .values_list("item__institution__locality__region")
        .annotate(
            submitted=Count("pk", filter=Q(state=EntryState.SUBMITTED)),
            checked=Count("pk", filter=Q(state=EntryState.CHECKED)),
        )
    }
    return [
        RegionLevels(
            region,
            approvers.get(region.pk, 0),
            districts.get(region.pk, 0),
            reviewers.get(region.pk, 0),
            *waiting.get(region.pk, (0, 0)),
        )
        for region in Region.objects.all()
    ]


@transaction.atomic
def switch(region: Region, *, on: bool, by: User | None, now: datetime, day: date) -> bool:
    """Switch the second level of a region; return whether that changed anything.

    Raises `NobodyApproves` where it would be switched on and the region has no approver of its own on `day`.
    """
    own = Membership.objects.in_force(day).filter(role__in=sorted(DECIDE), region=region)
    if on and not own.exists():
        raise NobodyApproves(region.code)
    if Region.objects.filter(pk=region.pk, second_level=not on).update(second_level=on) != 1:
        return False  # it is so already
    region.second_level = on
    journal.write(
        "region.levels",
        region,
        by=by,
        before={"region": region.code, "second_level": not on},
        after={"region": region.code, "second_level": on},
        now=now,
    )
    return True
