"""An institution's list as a page reads it: what stands first, what a filter shows, how far it is answered.

Works on the rows of `ChecklistItemQuerySet.for_checklist`, at most some sixty an institution: the counts
beside the filters need all of them anyway, so nothing here asks the database again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from compliance import applicability
from compliance.enums import EntryState, Status
from compliance.models import ChecklistItem
from compliance.querysets import SOON


class Show(models.TextChoices):
    """Filters of the checklist."""

    ALL = "all", _("All")
    UNANSWERED = "unanswered", _("Not answered")
    RETURNED = "returned", _("Returned")
    WAITING = "waiting", _("Waiting for a decision")
    ENDING = "ending", _("Ends soon")
    NOT_MET = "not_met", _("Not met")
    CONTRADICTED = "contradicted", _("Found otherwise")


class Urgency(models.TextChoices):
    """Why an item stands first; the order is that of the page."""

    RETURNED = "returned", _("came back")
    CONTRADICTED = "contradicted", _("found otherwise than approved")
    ENDED = "ended", _("the proof has ended")
    ENDING = "ending", _("ends soon")
    DRAFT = "draft", _("not sent yet")
    COUNTED = "counted", _("counted in the brief, not answered")


@dataclass(frozen=True, slots=True)
class Row:
    """One item of the list. `reason` is in the active language, empty where none is recorded for the day."""

    item: ChecklistItem
    reason: str
    returned: bool
    waiting: bool
    drafted: bool
    ended: bool
    ending: bool
    contradicted: bool

    @property
    def unanswered(self) -> bool:
        return self.item.status == Status.UNKNOWN

    @property
    def urgency(self) -> Urgency | None:
        if self.returned:
            return Urgency.RETURNED
        if self.contradicted and not self.waiting:
            return Urgency.CONTRADICTED
        if self.ended and not self.waiting:
            return Urgency.ENDED
        if self.ending and not self.waiting:
            return Urgency.ENDING
        if self.drafted:
            return Urgency.DRAFT
        if self.unanswered and not self.waiting and self.item.requirement.measure:
            return Urgency.COUNTED
        return None


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one heading: a chapter of the Order."""

    title: str
    rows: Sequence[Row]


_SHOWN: Final[Mapping[Show, Callable[[Row], bool]]] = {
    Show.ALL: lambda row: True,
    Show.UNANSWERED: lambda row: row.unanswered,
    Show.RETURNED: lambda row: row.returned,
    Show.WAITING: lambda row: row.waiting,
    Show.ENDING: lambda row: row.ending,
    Show.NOT_MET: lambda row: row.item.status in (Status.NOT_MET, Status.PARTLY_MET),
    Show.CONTRADICTED: lambda row: row.contradicted,
}


@dataclass(frozen=True, slots=True)
class Checklist:
    """All rows of one institution, in the order of the Order."""

    rows: Sequence[Row]

    @classmethod
    def read(cls, items: models.QuerySet[ChecklistItem], *, day: date) -> Checklist:
        """From `for_checklist` rows. One query."""
        return cls([_row(item, day) for item in items])

    @property
    def total(self) -> int:
        return len(self.rows)

    @property
    def answered(self) -> int:
        return sum(not row.unanswered for row in self.rows)

    @property
    def met(self) -> int:
        return sum(row.item.status == Status.MET for row in self.rows)

    def counts(self) -> dict[Show, int]:
        """How many rows each filter shows."""
        return {show: sum(map(test, self.rows)) for show, test in _SHOWN.items()}

    def urgent(self) -> list[Row]:
        """What is to be done first, by urgency and then in the order of the Order."""
        order = list(Urgency)
        pressing = [(order.index(row.urgency), row) for row in self.rows if row.urgency]
        return [row for _place, row in sorted(pressing, key=lambda pair: pair[0])]

    def chapters(self, show: Show, *, without_urgent: bool = False) -> list[Group]:
        """The rows that a filter shows, by chapter; chapters without any are left out."""
        shown = [row for row in self.rows if _SHOWN[show](row) and not (without_urgent and row.urgency)]
        return [
            Group(chapter.title, list(rows))
            for chapter, rows in groupby(shown, key=lambda row: row.item.requirement.chapter)
        ]


def ends_soon(item: ChecklistItem, day: date) -> bool:
    """Whether what is approved now ends within `SOON` of `day`."""
    return ends_until(item, day + SOON)


def ends_until(item: ChecklistItem, day: date) -> bool:
    """Whether what is approved now ends on or before `day`; what is not met cannot end."""
    return item.valid_until is not None and item.status != Status.NOT_MET and item.valid_until <= day


def _row(item: ChecklistItem, day: date) -> Row:
    # The names below are annotations of `for_checklist`.
    basis: str | None = item.basis  # type: ignore[attr-defined]
    last_state: str | None = item.last_state  # type: ignore[attr-defined]
    last_until: date | None = item.last_valid_until  # type: ignore[attr-defined]
    return Row(
        item=item,
        reason=applicability.explain(basis) if basis else "",
        returned=last_state == EntryState.RETURNED,
        waiting=item.pending_entry is not None,  # type: ignore[attr-defined]
        drafted=item.own_draft is not None,  # type: ignore[attr-defined]
        ended=last_state == EntryState.APPROVED
        and last_until is not None
        and last_until < day
        and item.status in (Status.NOT_MET, Status.UNKNOWN),
        ending=ends_soon(item, day),
        contradicted=item.contradicted,  # type: ignore[attr-defined]
    )
