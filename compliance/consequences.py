"""What follows from a change of an institution, told before it is done.

The change is made by its own verb and taken back in the same transaction: what is told is what would happen, with no
second form of any rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from compliance import enrolment, ledger, timeline
from compliance.enums import PeriodState
from compliance.models import Applicability, ChecklistItem, Edition, Period, Requirement
from compliance.timeline import Segment, Standing
from institutions.enums import Kind, Ownership
from institutions.models import Institution, InstitutionState, LargeCity, Locality


@dataclass(frozen=True, slots=True)
class Counted:
    """Where one measure is counted, and as what."""

    locality: Locality
    large_city: LargeCity | None
    kind: Kind
    ownership: Ownership
    status: str
    learners: int


@dataclass(frozen=True, slots=True)
class FigureMove:
    """A measure of the brief that is counted otherwise from `day` on; None: not counted."""

    requirement: Requirement
    day: date
    before: Counted | None
    after: Counted | None


@dataclass(frozen=True, slots=True)
class Consequences:
    """Duties by their requirement, as of the first day of the change; figures on every later day as well.

    `holds_until`: the day before the next state that is known already, which the change leaves as it is. `frozen`:
    closed quarters that reach beyond the first day; their figures, as known at their close, stay.
    """

    gained: list[Requirement] = field(default_factory=list)
    lost: list[Requirement] = field(default_factory=list)
    obliged: list[Requirement] = field(default_factory=list)
    no_longer_obliged: list[Requirement] = field(default_factory=list)
    items: tuple[int, int] = (0, 0)
    figures: list[FigureMove] = field(default_factory=list)
    holds_until: date | None = None
    frozen: list[Period] = field(default_factory=list)


def of_change(institution: Institution, *, since: date, now: datetime, **changes: Any) -> Consequences:
    """What `enrolment.change_institution` with these changes would do. Raises what it raises; changes nothing."""
    with transaction.atomic():
        # Its own copy: the verb sets the fields that lists show.
        trial = Institution.objects.get(pk=institution.pk)
        before, counted_before = _duties(trial, since), _timelines(trial)
        enrolment.change_institution(trial, since=since, by=None, now=now, **changes)
        after, counted_after = _duties(trial, since), _timelines(trial)
        transaction.set_rollback(True)
    requirements = Requirement.objects.in_bulk(before.keys() | after.keys())
    ordered = sorted(requirements.values(), key=lambda requirement: requirement.sort_order)
    later = InstitutionState.objects.filter(institution=institution, valid_from__gt=since)
    next_day = later.order_by("valid_from").values_list("valid_from", flat=True).first()
    return Consequences(
        gained=[one for one in ordered if one.pk not in before],
        lost=[one for one in ordered if one.pk not in after],
        obliged=[one for one in ordered if before.get(one.pk) is False and after.get(one.pk) is True],
        no_longer_obliged=[one for one in ordered if before.get(one.pk) is True and after.get(one.pk) is False],
        items=(len(before), len(after)),
        figures=_moves(counted_before, counted_after, since),
        holds_until=next_day and next_day - timedelta(days=1),
        frozen=list(Period.objects.filter(state=PeriodState.CLOSED, ends_on__gte=since).order_by("starts_on")),
    )


def _duties(institution: Institution, since: date) -> dict[int, bool]:
    """The list of a day by requirement key: whether it obliges. Before the Order, that of its first day."""
    first = Edition.objects.order_by("in_force_from").values_list("in_force_from", flat=True).first()
    day = max(since, first) if first else since
    spans = Applicability.objects.filter(item__institution=institution, valid_from__lte=day)
    spans = spans.filter(Q(valid_to=None) | Q(valid_to__gte=day))
    return dict(spans.values_list("item__requirement", "obliged"))


def _timelines(institution: Institution) -> dict[Requirement, list[Segment]]:
    """How the measures of the brief are counted from day to day, in the order of the Order."""
    items = ChecklistItem.objects.filter(institution=institution, requirement__measure__isnull=False)
    known = {item.pk: item.requirement for item in items.with_requirement().order_by("requirement__sort_order")}
    rows = ledger.recorded_rows(items)
    return {requirement: timeline.recorded(rows.get(pk, ())) for pk, requirement in known.items()}


def _moves(
    before: dict[Requirement, list[Segment]], after: dict[Requirement, list[Segment]], since: date
) -> list[FigureMove]:
    """The days from `since` on which another difference begins."""
    found: list[tuple[Requirement, date, Standing | None, Standing | None]] = []
    for requirement in after:
        old, new = before.get(requirement, []), after[requirement]
        days = {since, *(segment.day for segment in (*old, *new) if segment.day > since)}
        last: tuple[object, ...] | None = None
        for day in sorted(days):
            was, becomes = timeline.on(old, day), timeline.on(new, day)
            difference = _difference(was, becomes)
            if difference is not None and difference != last:
                found.append((requirement, day, was, becomes))
            last = difference
    standings = [one for _requirement, _day, *pair in found for one in pair if one is not None]
    localities = Locality.objects.in_bulk({one.cell.locality for one in standings})
    cities = LargeCity.objects.in_bulk({one.cell.large_city for one in standings if one.cell.large_city})

    def counted(one: Standing | None) -> Counted | None:
        if one is None:
            return None
        city = cities[one.cell.large_city] if one.cell.large_city else None
        cell = one.cell
        return Counted(
            localities[cell.locality], city, Kind(cell.kind), Ownership(cell.ownership), one.status, one.learners
        )

    return [FigureMove(requirement, day, counted(old), counted(new)) for requirement, day, old, new in found]


def _difference(was: Standing | None, becomes: Standing | None) -> tuple[object, ...] | None:
    """What of two standings differs, for a reader of the brief; None: nothing.

    What is only obliged otherwise does not. A status that is the same in both places is none of the change's doing, and
    so is whatever it becomes later.
    """
    if was is None or becomes is None:
        one = was or becomes
        return None if one is None else (was is None, one.cell._replace(obliged=True))
    cells = (was.cell._replace(obliged=True), becomes.cell._replace(obliged=True))
    statuses = None if was.status == becomes.status else (was.status, becomes.status)
    if cells[0] == cells[1] and statuses is None and was.learners == becomes.learners:
        return None
    return (*cells, statuses, was.learners, becomes.learners)
