"""Each quarter an institution confirms its record: for which quarters, what should be looked at first, and the verb."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from compliance import books
from compliance.checklist import Checklist, Row, ends_until
from compliance.enums import PeriodState
from compliance.models import ChecklistItem, Confirmation, Period, StatusEntry
from institutions import journal
from institutions.access import ANSWER
from institutions.clock import first_moment, local_day
from institutions.enums import Lifecycle
from institutions.models import Institution, InstitutionState, User
from institutions.querysets import InstitutionQuerySet

# Home asks for so many quarters at most: the running one in its last month, and the one before while it is not closed.
# A ministry that never closes must not ask a director for four years of confirmations.
ASKED_FOR: Final = 2


class NotConfirmed(Exception):
    """The rules do not allow this confirmation; nothing was changed."""


class OutOfScope(NotConfirmed):
    """The person does not answer for this institution."""


class QuarterClosed(NotConfirmed):
    """The quarter's figures are frozen."""


class NotBegun(NotConfirmed):
    """The quarter's first day has not come yet."""


class NotCounted(NotConfirmed):
    """The institution was not open on the day as of which the quarter is looked at."""


class AlreadyConfirmed(NotConfirmed):
    """Somebody has confirmed this quarter for the institution."""


class MovedOn(NotConfirmed):
    """What should be looked at first is not what was shown."""


class Open(models.TextChoices):
    """Why an item should be looked at before the quarter is confirmed; the order is that of the page."""

    RETURNED = "returned", _("came back")
    ENDED = "ended", _("the proof has ended")
    ENDING = "ending", _("the proof ends before the quarter does")
    DRAFT = "draft", _("not sent yet")
    COUNTED = "counted", _("counted in the brief, not answered")


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An item that should be looked at first, and why."""

    row: Row
    why: Open


@dataclass(frozen=True, slots=True)
class Readiness:
    """How an institution's record stands for a quarter before it is confirmed.

    `changes`: answers and states that came in since the confirmation before, None where there was none.
    """

    period: Period
    items: Sequence[OpenItem]
    changes: int | None

    @property
    def mark(self) -> str:
        """A digest of the items: a confirmation names what its person has seen."""
        shown = ",".join(sorted(f"{item.row.item.pk}:{item.why.value}" for item in self.items))
        return hashlib.sha256(shown.encode()).hexdigest()[:16]


def deadline(period: Period) -> datetime:
    """Confirmations before this moment are on time."""
    return first_moment(period.ends_on + timedelta(days=settings.CONFIRM_WITHIN_DAYS + 1))


def last_day_on_time(period: Period) -> date:
    return period.ends_on + timedelta(days=settings.CONFIRM_WITHIN_DAYS)


def is_asked_for(period: Period, day: date) -> bool:
    """Whether institutions are asked to confirm it: from its last month on until it is closed."""
    return period.state != PeriodState.CLOSED and period.ends_on.replace(day=1) <= day


def asked_for(day: date) -> list[Period]:
    """The quarters that institutions are asked to confirm on `day`, the oldest first. One query."""
    newest = Period.objects.begun(day).order_by("-starts_on")[: ASKED_FOR + 1]
    return sorted([period for period in newest if is_asked_for(period, day)][:ASKED_FOR], key=lambda p: p.starts_on)


def in_view(day: date) -> Period | None:
    """The quarter whose confirmations are looked at on `day`: the newest that is asked for, or the running one."""
    asked = asked_for(day)
    return asked[-1] if asked else Period.objects.containing(day).first()


def expected(period: Period, day: date) -> InstitutionQuerySet:
    """The institutions that should confirm the quarter: open on its last day, or today while it runs."""
    return Institution.objects.open_on(period.last_known_day(day))


def readiness(period: Period, checklist: Checklist, *, changes: int | None) -> Readiness:
    """What should be looked at before the quarter is confirmed; `changes` as `changes_since_last` counts them."""
    found = [OpenItem(row, why) for row in checklist.rows if (why := _why_open(row, period)) is not None]
    order = list(Open)
    found.sort(key=lambda item: order.index(item.why))
    return Readiness(period, found, changes)


def changes_since_last(institution: Institution) -> int | None:
    """Answers sent and states recorded since the institution's last confirmation; None: it has none. Three queries."""
    last = Confirmation.objects.filter(institution=institution).order_by("-at").values_list("at", flat=True).first()
    return None if last is None else changes_after(institution, last)


def changes_after(institution: Institution, moment: datetime) -> int:
    """Answers sent and states of the institution recorded after `moment`. Two queries."""
    answers = StatusEntry.objects.sent().filter(item__institution=institution, submitted_at__gt=moment)
    states = InstitutionState.objects.filter(institution=institution, recorded_at__gt=moment)
    return answers.count() + states.count()


def confirm(institution: Institution, period: Period, *, by: User, now: datetime, shown: str) -> Confirmation:
    """Write down that the institution's record is right for the quarter, whatever is still open in it.

    What came back, ends or was never answered does not forbid it: the list says so itself, and a director who has
    nothing new must be able to say that. `shown` is the `mark` of what the person saw.

    Raises `OutOfScope`, `QuarterClosed`, `NotBegun`, `NotCounted`, `AlreadyConfirmed`, `MovedOn`.
    """
    try:
        return _confirm(institution, period, by=by, now=now, shown=shown)
    except IntegrityError as taken:  # somebody was faster
        raise AlreadyConfirmed(period.code) from taken


@transaction.atomic
def _confirm(institution: Institution, period: Period, *, by: User, now: datetime, shown: str) -> Confirmation:
    if not Institution.objects.within_roles(by, ANSWER).filter(pk=institution.pk).exists():
        raise OutOfScope(institution.pk)
    books.share()  # nobody closes the quarter in between
    day = local_day(now)
    current = Period.objects.get(pk=period.pk)
    if current.state == PeriodState.CLOSED:
        raise QuarterClosed(current.code)
    if current.starts_on > day:
        raise NotBegun(current.code)
    if not expected(current, day).filter(pk=institution.pk).exists():
        raise NotCounted(institution.pk)
    if Confirmation.objects.filter(period=current, institution=institution).exists():
        raise AlreadyConfirmed(current.code)
    items = ChecklistItem.objects.filter(institution=institution).for_checklist(by, day)
    ready = readiness(current, Checklist.read(items, day=day), changes=changes_since_last(institution))
    if ready.mark != shown:
        raise MovedOn(institution.pk)
    confirmation = Confirmation.objects.create(
        period=current, institution=institution, by=by, at=now, changes=ready.changes
    )
    journal.write(
        "period.confirm",
        confirmation,
        by=by,
        institution=institution,
        after={"period": current.code, "changes": ready.changes, "open_items": len(ready.items)},
        now=now,
    )
    return confirmation


def _why_open(row: Row, period: Period) -> Open | None:
    if row.returned:
        return Open.RETURNED
    if row.waiting:
        return None  # what was sent is in other hands
    if row.ended:
        return Open.ENDED
    if ends_until(row.item, period.ends_on):
        return Open.ENDING
    if row.drafted:
        return Open.DRAFT
    if row.unanswered and row.item.requirement.measure:
        return Open.COUNTED
    return None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a quarter stands at one institution: its confirmation and what came after it, or what to look at first.

    `asked`: whether the institution is asked for it today; `later`: answers and states after the confirmation.
    """

    period: Period
    asked: bool
    confirmation: Confirmation | None
    later: int
    ready: Readiness | None


def standings(institution: Institution, checklist: Checklist, day: date) -> list[Standing]:
    """The quarters that the institution is asked to confirm, the oldest first; where none is, the running one.

    Quarters in which it was not open are left out. A handful of queries, bounded by `ASKED_FOR`.
    """
    periods = asked_for(day) or list(Period.objects.containing(day))
    states = list(InstitutionState.objects.filter(institution=institution, lifecycle=Lifecycle.OPEN))
    open_in = [period for period in periods if any(_held(state, period.last_known_day(day)) for state in states)]
    return _standings(institution, open_in, checklist, day)


def standing(institution: Institution, period: Period, checklist: Checklist, day: date) -> Standing:
    """How one quarter stands, whether it is asked for or not. Four queries at most."""
    (found,) = _standings(institution, [period], checklist, day)
    return found


def _standings(institution: Institution, periods: Sequence[Period], checklist: Checklist, day: date) -> list[Standing]:
    confirmations = Confirmation.objects.filter(institution=institution, period__in=periods).select_related("by")
    given = {confirmation.period_id: confirmation for confirmation in confirmations}
    changes = changes_since_last(institution) if len(given) < len(periods) else None
    return [
        Standing(
            period,
            asked=is_asked_for(period, day),
            confirmation=confirmation,
            later=changes_after(institution, confirmation.at) if confirmation else 0,
            ready=None if confirmation else readiness(period, checklist, changes=changes),
        )
        for period in periods
        for confirmation in [given.get(period.pk)]
    ]


def _held(state: InstitutionState, day: date) -> bool:
    return state.valid_from <= day and (state.valid_to is None or state.valid_to >= day)
