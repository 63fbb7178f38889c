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

from compliance import enrolment
from compliance.enums import PeriodState
from compliance.models import Applicability, Cell, Edition, LedgerHead, Period, Requirement, StatusChange
from institutions.models import Institution, InstitutionState


@dataclass(frozen=True, slots=True)
class Counted:
    """Where one measure is counted, and as what."""

    cell: Cell
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
        head = LedgerHead.objects.filter(pk=institution.pk).first()
        before = _duties(trial, since)
        enrolment.change_institution(trial, since=since, by=None, now=now, **changes)
        after = _duties(trial, since)
        figures = _figures(trial, head.length if head else 0)
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
        figures=figures,
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


def _figures(institution: Institution, known: int) -> list[FigureMove]:
    """The ledger's rows of the measures after the first `known` ones: leaving and entering a cell are one move."""
    rows = StatusChange.objects.filter(institution=institution, seq__gt=known, item__requirement__measure__isnull=False)
    rows = rows.select_related("item__requirement", "cell__locality__region", "cell__large_city")
    moves: dict[tuple[int, date], FigureMove] = {}
    for row in rows.order_by("item__requirement__sort_order", "effective_on", "seq"):
        key = (row.item_id, row.effective_on)
        known_move = moves.get(key) or FigureMove(row.item.requirement, row.effective_on, None, None)
        before = _counted(row.cell, row.from_status, row.from_learners)
        after = _counted(row.cell, row.to_status, row.to_learners)
        moves[key] = FigureMove(
            known_move.requirement, known_move.day, known_move.before or before, after or known_move.after
        )
    return list(moves.values())


def _counted(cell: Cell, status: str | None, learners: int | None) -> Counted | None:
    return None if status is None else Counted(cell, status, learners or 0)
