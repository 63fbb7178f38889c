"""Quarters: open → closing → closed, and what was known at the close stays known."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from compliance import books, periods, seals, workflow
from compliance.enums import Measure, PeriodState
from compliance.models import Edition, Period, PeriodException, StatusChange
from institutions.models import Journal
from reporting import coverage, sums
from reporting.coverage import Question
from tests.factories.compliance import EntryFactory, PeriodExceptionFactory
from tests.factories.institutions import InstitutionFactory, UserFactory

QUARTER = date(2026, 3, 31)
EARLIER = date(2025, 12, 31)  # in a quarter that stays open


@pytest.mark.parametrize(
    ("day", "code", "starts_on", "ends_on"),
    [
        (date(2023, 1, 1), "2023Q1", date(2023, 1, 1), date(2023, 3, 31)),
        (date(2023, 3, 31), "2023Q1", date(2023, 1, 1), date(2023, 3, 31)),
        (date(2024, 4, 1), "2024Q2", date(2024, 4, 1), date(2024, 6, 30)),
        (date(2025, 9, 30), "2025Q3", date(2025, 7, 1), date(2025, 9, 30)),
        (date(2025, 12, 31), "2025Q4", date(2025, 10, 1), date(2025, 12, 31)),
        (date(2024, 2, 29), "2024Q1", date(2024, 1, 1), date(2024, 3, 31)),
    ],
)
def test_a_day_lies_in_its_quarter(day, code, starts_on, ends_on):
    assert periods.quarter_of(day) == (code, starts_on, ends_on)


@pytest.mark.django_db
def test_without_the_order_there_are_no_quarters():
    assert periods.ensure_periods(date(2026, 1, 1)) == 0
    assert not Period.objects.exists()


def test_missing_quarters_are_made_once_and_leave_no_gap(order):
    there = Period.objects.count()
    assert periods.ensure_periods(date(order.day.year + 1, 12, 31)) == 0
    Period.objects.filter(code="2023Q2").delete()
    assert periods.ensure_periods(date(order.day.year + 2, 1, 1)) == 2
    assert Period.objects.count() == there + 1
    days = list(Period.objects.order_by("starts_on").values_list("starts_on", "ends_on"))
    assert days[0][0] <= Edition.objects.earliest("in_force_from").in_force_from
    assert all(ends + timedelta(days=1) == starts for (_, ends), (starts, _) in zip(days, days[1:], strict=False))


def test_a_quarter_closes_step_by_step_and_each_step_is_in_the_journal(fixed_now, order):
    period, by = order.period("2026Q1"), UserFactory()
    periods.begin_closing(period, by=by, now=fixed_now)
    assert period.state == PeriodState.CLOSING
    periods.close_period(period, by=by, now=fixed_now)
    assert (period.state, period.closed_on, period.closed_at, period.closed_by) == (
        PeriodState.CLOSED, fixed_now.date(), fixed_now, by,
    )  # fmt: skip
    periods.reopen_period(period, by=by, now=fixed_now, reason="Қате")
    assert (period.state, period.closed_on, period.reopen_note) == (PeriodState.OPEN, None, "Қате")
    actions = Journal.objects.order_by("pk").values_list("action", "user", "subject")
    assert list(actions) == [
        (f"period.{verb}", by.pk, f"period:{period.pk}") for verb in ("begin_closing", "close", "reopen")
    ]


MOVES = {
    "begin_closing": {PeriodState.OPEN},
    "close_period": {PeriodState.OPEN, PeriodState.CLOSING},
    "reopen_period": {PeriodState.CLOSED},
}


@pytest.mark.parametrize("state", PeriodState)
@pytest.mark.parametrize("verb", MOVES)
def test_a_quarter_moves_from_the_right_state_alone(fixed_now, order, verb, state):
    period, by = order.period("2026Q1"), UserFactory()
    if state == PeriodState.CLOSING:
        periods.begin_closing(period, by=by, now=fixed_now)
    elif state == PeriodState.CLOSED:
        periods.close_period(period, by=by, now=fixed_now)
    before = Period.objects.values().get(pk=period.pk)
    more = {"reason": "Қате"} if verb == "reopen_period" else {}
    if state in MOVES[verb]:
        getattr(periods, verb)(period, by=by, now=fixed_now, **more)
        assert period.state != state
    else:
        with pytest.raises(periods.WrongMove):
            getattr(periods, verb)(period, by=by, now=fixed_now, **more)
        assert Period.objects.values().get(pk=period.pk) == before


@pytest.mark.parametrize("verb", ["begin_closing", "close_period"])
def test_a_quarter_that_has_not_ended_does_not_close(fixed_now, order, verb):
    period = order.period("2026Q2")
    last_moment = datetime(2026, 6, 30, 18, 59, tzinfo=fixed_now.tzinfo)  # 23:59 in Almaty
    with pytest.raises(periods.WrongMove):
        getattr(periods, verb)(period, by=None, now=last_moment)
    getattr(periods, verb)(period, by=None, now=last_moment + timedelta(minutes=1))


def test_a_quarter_is_not_opened_again_without_a_reason(fixed_now, order):
    period = order.period("2026Q1")
    periods.close_period(period, by=None, now=fixed_now)
    with pytest.raises(periods.ReasonMissing):
        periods.reopen_period(period, by=UserFactory(), now=fixed_now, reason=" ")
    period.refresh_from_db()
    assert period.state == PeriodState.CLOSED


@pytest.mark.parametrize("state", ["open", "closing", "closed"])
def test_an_answer_for_a_quarter_that_closes_is_late(fixed_now, order, places, state):
    institution = InstitutionFactory(locality=places.district)
    period = order.period("2026Q1")
    if state == "closing":
        periods.begin_closing(period, by=None, now=fixed_now)
    if state == "closed":
        periods.close_period(period, by=None, now=fixed_now)

    def late(day: date) -> bool:
        return periods.is_late(day, institution=institution, today=order.day)

    assert [late(date(2025, 12, 31)), late(date(2026, 1, 1)), late(QUARTER), late(date(2026, 4, 1))] == [
        False, state != "open", state != "open", False,
    ]  # fmt: skip
    assert not late(date(2020, 1, 1))  # before the Order there is no quarter


def test_an_exception_lets_one_institution_answer_until_its_day(fixed_now, order, places):
    period = order.period("2026Q1")
    periods.begin_closing(period, by=None, now=fixed_now)
    excused, neighbour = InstitutionFactory.create_batch(2, locality=places.district)
    exception = PeriodExceptionFactory(period=period, institution=excused, until=order.day)
    assert not periods.is_late(QUARTER, institution=excused, today=exception.until)
    assert periods.is_late(QUARTER, institution=excused, today=exception.until + timedelta(days=1))
    assert periods.is_late(QUARTER, institution=neighbour, today=exception.until)
    assert periods.is_late(date(2026, 1, 1), institution=excused, today=exception.until) is False


# --- exceptions ------------------------------------------------------------------------------------

REASON = "Өрт болды"


@pytest.fixture
def closing(fixed_now, order):
    period = order.period("2026Q1")
    periods.begin_closing(period, by=None, now=fixed_now)
    return period


def grant(period, institution, *, until, by, now, reason=REASON):
    return periods.grant_exception(period, institution, until=until, reason=reason, by=by, now=now)


def test_an_exception_is_granted_and_ended_early_and_the_journal_says_both(fixed_now, order, places, closing):
    school, by = InstitutionFactory(locality=places.district), UserFactory()
    until = order.day + timedelta(days=7)
    granted = grant(closing, school, until=until, by=by, now=fixed_now)
    assert PeriodException.objects.values("period", "institution", "until", "reason", "granted_by").get() == {
        "period": closing.pk, "institution": school.pk, "until": until, "reason": REASON, "granted_by": by.pk,
    }  # fmt: skip
    assert not periods.is_late(QUARTER, institution=school, today=order.day)
    periods.end_exception(granted, by=by, now=fixed_now)
    yesterday = order.day - timedelta(days=1)
    assert (granted.until, PeriodException.objects.get().until) == (yesterday, yesterday)
    assert periods.is_late(QUARTER, institution=school, today=order.day)
    noted = Journal.objects.filter(action__startswith="period.exception").order_by("pk")
    assert list(noted.values_list("action", "user", "institution", "before", "after")) == [
        ("period.exception", by.pk, school.pk, None, {
            "period": "2026Q1", "until": until.isoformat(), "reason": REASON,
        }),
        ("period.exception_end", by.pk, school.pk, {"until": until.isoformat()}, {
            "period": "2026Q1", "until": yesterday.isoformat(),
        }),
    ]  # fmt: skip


def test_an_exception_that_has_ended_is_granted_anew_in_its_place(fixed_now, order, places, closing):
    school, by = InstitutionFactory(locality=places.district), UserFactory()
    old = PeriodExceptionFactory(period=closing, institution=school, until=order.day - timedelta(days=1))
    granted = grant(closing, school, until=order.day, by=by, now=fixed_now, reason="Тағы да")
    assert (granted.pk, granted.until, granted.reason, granted.granted_by) == (old.pk, order.day, "Тағы да", by)
    assert Journal.objects.get(action="period.exception").before == {"until": "2026-05-19"}


def test_an_exception_is_granted_for_a_closed_quarter_too(fixed_now, order, places, closing):
    periods.close_period(closing, by=None, now=fixed_now)
    school = InstitutionFactory(locality=places.district)
    assert grant(closing, school, until=order.day, by=UserFactory(), now=fixed_now).until == order.day


@pytest.mark.parametrize(
    ("refusal", "change"),
    [
        (periods.ReasonMissing, {"reason": "  "}),
        (periods.DayPassed, {"until": date(2026, 5, 19)}),
        (periods.WrongMove, {"code": "2025Q4"}),  # open
        (periods.AlreadyExcused, {"again": True}),
    ],
)
def test_an_exception_is_refused(fixed_now, order, places, closing, refusal, change):
    school = InstitutionFactory(locality=places.district)
    if change.get("again"):
        PeriodExceptionFactory(period=closing, institution=school, until=order.day)
    before = (list(PeriodException.objects.values()), Journal.objects.count())
    period = order.period(change.get("code", "2026Q1"))
    with pytest.raises(refusal):
        grant(
            period,
            school,
            until=change.get("until", order.day),
            by=UserFactory(),
            now=fixed_now,
            reason=change.get("reason", REASON),
        )
    assert (list(PeriodException.objects.values()), Journal.objects.count()) == before


def test_an_exception_is_ended_once(fixed_now, order, closing):
    exception = PeriodExceptionFactory(period=closing, until=order.day)
    slower = PeriodException.objects.get()
    periods.end_exception(exception, by=UserFactory(), now=fixed_now)
    with pytest.raises(periods.WrongMove):
        periods.end_exception(slower, by=UserFactory(), now=fixed_now)
    assert Journal.objects.filter(action="period.exception_end").count() == 1


def test_what_is_recorded_after_a_close_is_known_the_day_after(fixed_now, order, places):
    assert books.knowledge_day(fixed_now) == order.day
    periods.close_period(order.period("2026Q1"), by=None, now=fixed_now)
    assert books.knowledge_day(fixed_now) == order.day + timedelta(days=1)
    assert books.knowledge_day(fixed_now + timedelta(days=2)) == order.day + timedelta(days=2)
    entry = EntryFactory(item__institution__locality=places.district, approved=True, effective_on=EARLIER)
    assert set(StatusChange.objects.filter(item=entry.item).values_list("recorded_on", flat=True)) == {
        order.day + timedelta(days=1)
    }


def test_two_quarters_that_are_closed_on_one_day_are_known_as_of_it(fixed_now, order, places):
    earlier, later = order.period("2025Q4"), order.period("2026Q1")
    for period in (earlier, later):
        periods.close_period(period, by=None, now=fixed_now)
    assert (earlier.closed_on, later.closed_on) == (order.day, order.day)


def test_a_quarter_closed_after_its_day_was_sealed_is_known_as_of_the_next(fixed_now, order, places):
    EntryFactory(item__institution__locality=places.district, approved=True, effective_on=EARLIER)
    seals.seal_days(fixed_now + timedelta(days=1))  # by a clock that runs ahead
    period = order.period("2026Q1")
    periods.close_period(period, by=None, now=fixed_now)
    assert period.closed_on == order.day + timedelta(days=1)


def closed_figures(period: Period) -> coverage.Counts:
    sums.fold()
    period.refresh_from_db()
    asked = Question(period.ends_on, known_on=period.closed_on, measure=Measure.CCTV_INSTALLED)
    return coverage.count(asked).get((), coverage.Counts())


def test_a_closed_quarters_figures_stay_and_a_plain_as_of_shows_what_is_known_today(fixed_now, order, places):
    period = order.period("2026Q1")
    entry = EntryFactory(item__institution__locality=places.district, submitted=True, effective_on=QUARTER)
    periods.close_period(period, by=None, now=fixed_now)
    assert closed_figures(period) == coverage.Counts(unknown=1)
    workflow.approve(entry, by=UserFactory(), now=fixed_now, shown=entry.content_hash)
    assert closed_figures(period) == coverage.Counts(unknown=1)
    plain = Question(period.ends_on, measure=Measure.CCTV_INSTALLED)
    assert coverage.count(plain) == {(): coverage.Counts(met=1)}


def test_days_of_knowledge_do_not_go_back_when_a_quarter_is_opened_again_on_the_day_of_its_close(
    fixed_now, order, places
):
    """Approved between close and reopening, revoked after it: the revocation must not be known before the approval."""
    period, by = order.period("2026Q1"), UserFactory()
    periods.close_period(period, by=by, now=fixed_now)
    entry = EntryFactory(item__institution__locality=places.district, approved=True, effective_on=EARLIER)
    periods.reopen_period(period, by=by, now=fixed_now, reason="Қате")
    workflow.revoke(entry, by=by, now=fixed_now, note="Қате")
    known = StatusChange.objects.order_by("seq").values_list("recorded_on", flat=True)
    assert list(known) == sorted(known)
    sums.fold()
    for known_on in (order.day, order.day + timedelta(days=1)):
        asked = Question(QUARTER, known_on=known_on, measure=Measure.CCTV_INSTALLED)
        assert coverage.count(asked).get((), coverage.Counts()) in (coverage.Counts(), coverage.Counts(unknown=1))


def test_a_quarter_closed_a_second_time_counts_what_became_known_in_between(fixed_now, order, places):
    period, by = order.period("2026Q1"), UserFactory()
    periods.close_period(period, by=by, now=fixed_now)
    EntryFactory(item__institution__locality=places.district, approved=True, effective_on=EARLIER)
    periods.reopen_period(period, by=by, now=fixed_now, reason="Қате")
    periods.close_period(period, by=by, now=fixed_now)
    assert closed_figures(period) == coverage.Counts(met=1)
    EntryFactory(item__institution__locality=places.city, approved=True, effective_on=EARLIER)
    assert closed_figures(period) == coverage.Counts(met=1)
