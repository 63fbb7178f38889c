"""Quarters: which a day lies in, open → closing → closed, and who may still answer for a quarter that closes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from compliance import books
from compliance.enums import PeriodState
from compliance.models import Edition, Period, PeriodException
from institutions import journal
from institutions.clock import local_day
from institutions.models import Institution, User


class WrongMove(Exception):
    """The period is not in the state from which this can be done, or its quarter has not ended."""


class ReasonMissing(Exception):
    """A closed quarter is opened again, and an exception granted, only with a reason."""


class AlreadyExcused(Exception):
    """The institution has an exception in force for the quarter."""


class DayPassed(Exception):
    """An exception lasts until today at least."""


def quarter_of(day: date) -> tuple[str, date, date]:
    """The code, first and last day of the quarter in which `day` lies."""
    quarter = (day.month + 2) // 3
    starts_on = date(day.year, 3 * quarter - 2, 1)
    after = date(day.year + quarter // 4, 3 * quarter % 12 + 1, 1)
    return f"{day.year}Q{quarter}", starts_on, after - timedelta(days=1)


def ensure_periods(until: date) -> int:
    """Make the missing quarters from the Order's first edition to `until`; return how many were made."""
    first = Edition.objects.order_by("in_force_from").values_list("in_force_from", flat=True).first()
    if first is None:
        return 0
    existing = set(Period.objects.values_list("code", flat=True))
    missing = []
    day = first
    while day <= until:
        code, starts_on, ends_on = quarter_of(day)
        if code not in existing:
            missing.append(Period(code=code, starts_on=starts_on, ends_on=ends_on))
        day = ends_on + timedelta(days=1)
    # Two starters at once: the second finds the quarter made already.
    Period.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def is_late(effective_on: date, *, institution: Institution, today: date) -> bool:
    """Whether an answer that is true since `effective_on` comes too late: its quarter is closing or closed.

    An institution with an exception in force for that quarter is not late.
    """
    return Deadlines.on(today, institution).is_late(effective_on, institution.pk)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The quarters that are closing or closed, and who may answer for them all the same; read once for many answers."""

    quarters: list[tuple[int, date, date]]  # key, first and last day
    excused: set[tuple[int, int]]  # keys of quarter and institution

    @classmethod
    def on(cls, today: date, institution: Institution | None = None) -> Deadlines:
        """Of all institutions or one, with the exceptions in force today. Two queries."""
        exceptions = PeriodException.objects.in_force(today)
        if institution is not None:
            exceptions = exceptions.filter(institution=institution)
        quarters = Period.objects.exclude(state=PeriodState.OPEN).values_list("pk", "starts_on", "ends_on")
        return cls(list(quarters), set(exceptions.values_list("period", "institution")))

    def is_late(self, effective_on: date, institution: int | None) -> bool:
        """Whether an answer of an institution (its key) that is true since this day comes too late."""
        return any(
            starts <= effective_on <= ends and (quarter, institution) not in self.excused
            for quarter, starts, ends in self.quarters
        )


@transaction.atomic
def begin_closing(period: Period, *, by: User | None, now: datetime) -> None:
    """From now on nothing new is submitted for the quarter; what waits is still decided."""
    if period.ends_on >= local_day(now):
        raise WrongMove(period.code)
    _move(period, {PeriodState.OPEN}, state=PeriodState.CLOSING)
    journal.write("period.begin_closing", period, by=by, now=now)


@transaction.atomic
def close_period(period: Period, *, by: User | None, now: datetime) -> None:
    """Freeze the quarter: its figures are those known now. What is recorded later today counts as known tomorrow."""
    books.seize()
    if period.ends_on >= local_day(now):
        raise WrongMove(period.code)
    _move(
        period,
        {PeriodState.OPEN, PeriodState.CLOSING},
        state=PeriodState.CLOSED,
        closed_on=books.closing_day(now),
        closed_at=now,
        closed_by=by,
        reopen_note="",
    )
    journal.write("period.close", period, by=by, now=now)


@transaction.atomic
def reopen_period(period: Period, *, by: User, now: datetime, reason: str) -> None:
    """Open a closed quarter again. For ministry administrators; the journal keeps the reason."""
    if not reason.strip():
        raise ReasonMissing(period.code)
    books.seize()
    _move(
        period,
        {PeriodState.CLOSED},
        state=PeriodState.OPEN,
        closed_on=None,
        closed_at=None,
        closed_by=None,
        reopen_note=reason,
    )
    journal.write("period.reopen", period, by=by, now=now, after={"reason": reason})


@transaction.atomic
def grant_exception(
    period: Period, institution: Institution, *, until: date, reason: str, by: User, now: datetime
) -> PeriodException:
    """Let one institution answer for a closing or closed quarter until a day (included). Named in the brief's notes.

    One that has ended is granted anew in its place; the journal keeps both. Raises `WrongMove` where the quarter is
    open (everybody may answer), `AlreadyExcused`, `DayPassed`, `ReasonMissing`.
    """
    if not reason.strip():
        raise ReasonMissing(period.code)
    day = local_day(now)
    if until < day:
        raise DayPassed(until)
    # The lock of the row keeps the quarter as it is, and a second grant of the same waiting.
    current = Period.objects.select_for_update(of=("self",), no_key=True).get(pk=period.pk)
    if current.state == PeriodState.OPEN:
        raise WrongMove(current.code)
    ended = PeriodException.objects.filter(period=current, institution=institution).first()
    if ended is not None and ended.until >= day:
        raise AlreadyExcused(institution.pk)
    granted, _new = PeriodException.objects.update_or_create(
        period=current, institution=institution, defaults={"until": until, "reason": reason, "granted_by": by}
    )
    journal.write(
        "period.exception",
        granted,
        by=by,
        institution=institution,
        before={"until": ended.until.isoformat()} if ended else None,
        after={"period": current.code, "until": until.isoformat(), "reason": reason},
        now=now,
    )
    return granted


@transaction.atomic
def end_exception(exception: PeriodException, *, by: User, now: datetime) -> None:
    """End an exception before its day: from now on the institution is late like any other.

    Its last day becomes yesterday. Raises `WrongMove` where it has ended already or its end was changed meanwhile.
    """
    day = local_day(now)
    ends_on = day - timedelta(days=1)
    ended = PeriodException.objects.in_force(day).filter(pk=exception.pk, until=exception.until).update(until=ends_on)
    if ended != 1:
        raise WrongMove(exception.pk)
    journal.write(
        "period.exception_end",
        exception,
        by=by,
        institution=exception.institution_id,
        before={"until": exception.until.isoformat()},
        after={"period": exception.period.code, "until": ends_on.isoformat()},
        now=now,
    )
    exception.until = ends_on


def _move(period: Period, sources: set[PeriodState], **values: object) -> None:
    if Period.objects.filter(pk=period.pk, state__in=sources).update(**values) != 1:
        raise WrongMove(period.code)
    period.refresh_from_db()
