"""Confirming a quarter: what is asked for when, what should be looked at first, and every refusal."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError

from compliance import confirmations, enrolment, periods
from compliance.checklist import Checklist
from compliance.confirmations import Open
from compliance.enums import Measure
from compliance.models import ChecklistItem, Confirmation, Period
from institutions.enums import Lifecycle
from institutions.models import Institution, Journal
from tests.factories.compliance import ConfirmationFactory, EntryFactory, ItemFactory
from tests.factories.institutions import (
    AdministratorFactory,
    ApproverFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
)


@pytest.fixture
def school(fixed_now, order, places):
    return InstitutionFactory(locality=places.district, now=fixed_now - timedelta(days=400))


@pytest.fixture
def director(school):
    return DirectorFactory(institution=school).user


def read(institution: Institution, by, day: date) -> Checklist:
    return Checklist.read(ChecklistItem.objects.filter(institution=institution).for_checklist(by, day), day=day)


def ready(institution: Institution, period: Period, by, day: date) -> confirmations.Readiness:
    return confirmations.readiness(
        period, read(institution, by, day), changes=confirmations.changes_since_last(institution)
    )


def confirm(institution: Institution, period: Period, *, by, now: datetime, shown: str | None = None) -> Confirmation:
    mark = ready(institution, period, by, now.date()).mark if shown is None else shown
    return confirmations.confirm(institution, period, by=by, now=now, shown=mark)


# --- which quarters --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "asked"),
    [
        (date(2026, 5, 20), ["2025Q4", "2026Q1"]),
        (date(2026, 5, 31), ["2025Q4", "2026Q1"]),
        (date(2026, 6, 1), ["2026Q1", "2026Q2"]),
        (date(2026, 7, 1), ["2026Q1", "2026Q2"]),
    ],
)
def test_a_quarter_is_asked_for_from_its_last_month_on_and_never_more_than_two(fixed_now, order, day, asked):
    assert [period.code for period in confirmations.asked_for(day)] == asked


def test_a_closed_quarter_is_asked_for_no_more(fixed_now, order):
    for code in ("2025Q4", "2026Q1"):
        periods.close_period(order.period(code), by=None, now=fixed_now)
    assert confirmations.asked_for(order.day) == []
    assert confirmations.in_view(order.day) == order.period("2026Q2")
    assert [period.code for period in confirmations.asked_for(date(2026, 6, 1))] == ["2026Q2"]


def test_the_newest_quarter_that_is_asked_for_is_in_view(fixed_now, order):
    assert confirmations.in_view(order.day) == order.period("2026Q1")


@pytest.mark.django_db
def test_without_quarters_nothing_is_in_view():
    assert confirmations.in_view(date(2026, 5, 20)) is None


def test_who_was_open_at_the_quarters_end_should_confirm_it(school, order, places, fixed_now):
    closed = InstitutionFactory(locality=places.city)
    enrolment.change_institution(
        closed, since=date(2026, 3, 31), by=None, now=fixed_now, lifecycle=Lifecycle.CAPITAL_REPAIR
    )
    closed_later = InstitutionFactory(locality=places.city)
    enrolment.change_institution(closed_later, since=date(2026, 4, 1), by=None, now=fixed_now, lifecycle="closed")
    opened_later = InstitutionFactory(locality=places.city, since=date(2026, 4, 1))
    found = {
        code: set(confirmations.expected(order.period(code), order.day)) for code in ("2025Q4", "2026Q1", "2026Q2")
    }
    assert found == {
        "2025Q4": {school, closed, closed_later},
        "2026Q1": {school, closed_later},
        "2026Q2": {school, opened_later},
    }


# --- what should be looked at first ----------------------------------------------------------------


def test_what_came_back_ends_is_not_sent_or_never_answered_should_be_looked_at_first(school, director, order):
    period, day = order.period("2026Q2"), order.day
    EntryFactory(item=ItemFactory(institution=school, measure=Measure.CCTV_INSTALLED), author=director, returned=True)
    sent = ItemFactory(institution=school, measure=Measure.CCTV_CONNECTED)
    EntryFactory(item=sent, author=director, submitted=True)
    ending, lasting, drafted = (
        ChecklistItem.objects.filter(institution=school, listed=True, requirement__measure=None, pk__gt=0)
        .select_related("institution", "requirement")
        .order_by("pk")[:3]
    )
    EntryFactory(item=ending, author=director, approved=True, valid_until=period.ends_on)
    EntryFactory(item=lasting, author=director, approved=True, valid_until=period.ends_on + timedelta(days=1))
    EntryFactory(item=drafted, author=director)
    found = [(item.row.item.requirement_id, item.why) for item in ready(school, period, director, day).items]
    counted = [
        (row.item.requirement_id, Open.COUNTED)
        for row in read(school, director, day).rows
        if row.item.requirement.measure in (Measure.PANIC_BUTTON, Measure.TURNSTILE, Measure.LICENSED_GUARD)
    ]
    assert found == [
        (order.measures[Measure.CCTV_INSTALLED].pk, Open.RETURNED),
        (ending.requirement_id, Open.ENDING),
        (drafted.requirement_id, Open.DRAFT),
        *counted,
    ]


def test_a_proof_that_has_ended_should_be_looked_at_first(school, director, order, fixed_now):
    item = ChecklistItem.objects.filter(institution=school, listed=True, requirement__measure=None).first()
    EntryFactory(
        item=item,
        author=director,
        approved=True,
        now=fixed_now - timedelta(days=30),
        valid_until=order.day - timedelta(days=1),
    )
    found = {one.row.item.pk: one.why for one in ready(school, order.period("2026Q1"), director, order.day).items}
    assert found[item.pk] == Open.ENDED


def test_changes_count_from_the_confirmation_before(school, director, order, fixed_now):
    assert confirmations.changes_since_last(school) is None
    ConfirmationFactory(
        institution=school, period=order.period("2025Q4"), by=director, at=fixed_now - timedelta(days=9)
    )
    assert confirmations.changes_since_last(school) == 0
    items = ChecklistItem.objects.filter(institution=school, listed=True).order_by("pk")
    EntryFactory(item=items[0], author=director, submitted=True)
    EntryFactory(item=items[1], author=director, withdrawn=True)
    EntryFactory(item=items[2], author=director)
    enrolment.change_institution(school, since=order.day, by=director, now=fixed_now, staff=31)
    assert confirmations.changes_since_last(school) == 2


# --- the verb --------------------------------------------------------------------------------------


def test_a_director_confirms_and_the_journal_says_so(school, director, order, fixed_now):
    period = order.period("2026Q1")
    open_items = len(ready(school, period, director, order.day).items)
    given = confirm(school, period, by=director, now=fixed_now)
    assert Confirmation.objects.values("period", "institution", "by", "at", "changes").get() == {
        "period": period.pk,
        "institution": school.pk,
        "by": director.pk,
        "at": fixed_now,
        "changes": None,
    }
    noted = Journal.objects.values("user", "institution", "subject", "after").get(action="period.confirm")
    assert noted == {
        "user": director.pk,
        "institution": school.pk,
        "subject": f"confirmation:{given.pk}",
        "after": {"period": "2026Q1", "changes": None, "open_items": open_items},
    }


def test_an_editor_confirms_on_behalf(school, order, fixed_now, places):
    editor = EditorFactory(region=places.region).user
    assert confirm(school, order.period("2026Q1"), by=editor, now=fixed_now).by == editor


def test_the_next_quarter_says_how_much_has_changed(school, director, order, fixed_now):
    confirm(school, order.period("2026Q1"), by=director, now=fixed_now)
    unchanged = confirm(school, order.period("2025Q4"), by=director, now=fixed_now + timedelta(minutes=1))
    EntryFactory(
        item=ItemFactory(institution=school), author=director, submitted=True, now=fixed_now + timedelta(minutes=2)
    )
    changed = confirm(school, order.period("2026Q2"), by=director, now=fixed_now + timedelta(minutes=3))
    assert (unchanged.changes, changed.changes) == (0, 1)


def test_a_quarter_that_closes_can_still_be_confirmed(school, director, order, fixed_now):
    period = order.period("2026Q1")
    periods.begin_closing(period, by=None, now=fixed_now)
    assert confirm(school, period, by=director, now=fixed_now).period == period


def test_a_later_answer_does_not_undo_a_confirmation_but_is_counted(school, director, order, fixed_now):
    period = order.period("2026Q1")
    given = confirm(school, period, by=director, now=fixed_now)
    later = fixed_now + timedelta(minutes=1)
    EntryFactory(item=ItemFactory(institution=school), author=director, submitted=True, now=later)
    standing = confirmations.standing(school, period, read(school, director, order.day), order.day)
    assert standing == confirmations.Standing(period, asked=True, confirmation=given, later=1, ready=None)


def refused(school, period, refusal, **options):
    before = Journal.objects.count()
    with pytest.raises(refusal):
        confirm(school, period, **options)
    assert Journal.objects.count() == before


def test_a_closed_quarter_is_not_confirmed(school, director, order, fixed_now):
    period = order.period("2026Q1")
    periods.close_period(order.period("2026Q1"), by=None, now=fixed_now)  # `period` does not know of it
    refused(school, period, confirmations.QuarterClosed, by=director, now=fixed_now)
    assert not Confirmation.objects.exists()


def test_a_quarter_that_has_not_begun_is_not_confirmed(school, director, order, fixed_now):
    refused(school, order.period("2026Q3"), confirmations.NotBegun, by=director, now=fixed_now)


@pytest.mark.parametrize("who", ["approver", "administrator", "neighbour", "ended"])
def test_who_does_not_answer_there_does_not_confirm(school, order, fixed_now, places, who):
    person = {
        "approver": lambda: ApproverFactory(region=places.region),
        "administrator": AdministratorFactory,
        "neighbour": lambda: EditorFactory(region=places.capital),
        "ended": lambda: EditorFactory(region=places.region, valid_to=order.day - timedelta(days=1)),
    }[who]()
    refused(school, order.period("2026Q1"), confirmations.OutOfScope, by=person.user, now=fixed_now)


@pytest.mark.parametrize("lifecycle", [Lifecycle.CLOSED, Lifecycle.CAPITAL_REPAIR])
def test_an_institution_that_was_not_open_does_not_confirm(school, director, order, fixed_now, lifecycle):
    enrolment.change_institution(school, since=date(2026, 2, 1), by=None, now=fixed_now, lifecycle=lifecycle)
    refused(school, order.period("2026Q1"), confirmations.NotCounted, by=director, now=fixed_now)
    refused(school, order.period("2026Q2"), confirmations.NotCounted, by=director, now=fixed_now)
    assert confirm(school, order.period("2025Q4"), by=director, now=fixed_now)


def test_a_quarter_is_confirmed_once(school, director, order, fixed_now, places):
    period = order.period("2026Q1")
    confirm(school, period, by=director, now=fixed_now)
    editor = EditorFactory(region=places.region).user
    refused(school, period, confirmations.AlreadyConfirmed, by=editor, now=fixed_now)
    assert Confirmation.objects.get().by == director


def test_of_two_at_once_the_slower_is_told(school, director, order, fixed_now, monkeypatch):
    def taken(**_values: object) -> None:
        raise IntegrityError("UNIQUE constraint failed")

    monkeypatch.setattr(Confirmation.objects, "create", taken)
    refused(school, order.period("2026Q1"), confirmations.AlreadyConfirmed, by=director, now=fixed_now)


def test_what_came_up_after_the_page_was_shown_is_looked_at_first(school, director, order, fixed_now):
    period = order.period("2026Q1")
    shown = ready(school, period, director, order.day).mark
    EntryFactory(item=ItemFactory(institution=school), author=director, returned=True)
    refused(school, period, confirmations.MovedOn, by=director, now=fixed_now, shown=shown)
    assert not Confirmation.objects.exists()


# --- standings -------------------------------------------------------------------------------------


def test_standings_are_those_of_the_quarters_that_are_asked_for(school, director, order, fixed_now):
    given = confirm(school, order.period("2025Q4"), by=director, now=fixed_now)
    found = confirmations.standings(school, read(school, director, order.day), order.day)
    assert [(one.period.code, one.asked, one.confirmation, one.later) for one in found] == [
        ("2025Q4", True, given, 0),
        ("2026Q1", True, None, 0),
    ]
    assert found[1].ready == ready(school, order.period("2026Q1"), director, order.day)


def test_where_no_quarter_is_asked_for_the_running_one_stands(school, director, order, fixed_now):
    for code in ("2025Q4", "2026Q1"):
        periods.close_period(order.period(code), by=None, now=fixed_now)
    found = confirmations.standings(school, read(school, director, order.day), order.day)
    assert [(one.period.code, one.asked) for one in found] == [("2026Q2", False)]


def test_quarters_in_which_an_institution_was_not_open_do_not_stand(order, places, fixed_now):
    school = InstitutionFactory(locality=places.district, since=date(2026, 2, 1))
    person = DirectorFactory(institution=school).user
    found = confirmations.standings(school, read(school, person, order.day), order.day)
    assert [one.period.code for one in found] == ["2026Q1"]


def test_a_confirmation_is_on_time_until_the_last_moment_of_its_last_day(order, settings):
    settings.CONFIRM_WITHIN_DAYS = 3
    period = order.period("2026Q1")
    assert confirmations.last_day_on_time(period) == date(2026, 4, 3)
    assert confirmations.deadline(period).isoformat() == "2026-04-04T00:00:00+05:00"
