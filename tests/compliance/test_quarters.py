"""Counts of quarters and the institutions behind each of them: every figure is as long as its list."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from compliance import enrolment
from compliance.confirmations import deadline
from compliance.quarters import Line, Part, Tally, behind, lines_of, tallies
from institutions.enums import Lifecycle
from institutions.models import Institution
from tests.factories.compliance import ConfirmationFactory, EntryFactory, ItemFactory, PeriodExceptionFactory
from tests.factories.institutions import InstitutionFactory

IN_Q1 = date(2026, 2, 1)
EVERYTHING = Institution.objects.all


@pytest.fixture
def schools(fixed_now, order, places):
    """Two of a region and one of the capital, each with answers for the first quarter."""
    first, second = InstitutionFactory.create_batch(2, locality=places.city, large_city=places.large_city)
    third = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)
    period = order.period("2026Q1")
    ConfirmationFactory(institution=first, period=period, at=deadline(period) - timedelta(seconds=1))
    ConfirmationFactory(institution=third, period=period, at=deadline(period))
    EntryFactory(item=ItemFactory(institution=first), approved=True, effective_on=IN_Q1)
    EntryFactory(item=ItemFactory(institution=second), submitted=True, effective_on=IN_Q1)
    old = fixed_now - timedelta(days=20)
    for code in ("turnstile", "panic_button"):
        EntryFactory(item=ItemFactory(institution=third, measure=code), submitted=True, effective_on=IN_Q1, now=old)
    EntryFactory(item=ItemFactory(institution=second, measure="turnstile"), effective_on=IN_Q1)  # a draft
    PeriodExceptionFactory(institution=second, period=period)
    return [first, second, third]


def test_a_tally_counts_the_institutions_of_a_reach(schools, order, places):
    quarters = [order.period("2026Q2"), order.period("2026Q1")]
    region = Institution.objects.filter(locality__region=places.region)
    assert tallies(quarters, EVERYTHING(), order.day) == [
        Tally(quarters[0], expected=3, confirmed=0, on_time=0, waiting=0, exceptions=0),
        Tally(quarters[1], expected=3, confirmed=2, on_time=1, waiting=3, exceptions=1),
    ]
    assert tallies(quarters[1:], region, order.day) == [
        Tally(quarters[1], expected=2, confirmed=1, on_time=1, waiting=1, exceptions=1)
    ]
    assert tallies([], region, order.day) == []


def test_a_confirmation_of_an_institution_that_does_not_count_does_not_count(schools, order, fixed_now):
    enrolment.change_institution(schools[0], since=IN_Q1, by=None, now=fixed_now, lifecycle=Lifecycle.CLOSED)
    (tally,) = tallies([order.period("2026Q1")], EVERYTHING(), order.day)
    assert (tally.expected, tally.confirmed, tally.on_time, tally.unconfirmed) == (2, 1, 0, 1)


def test_an_institution_with_several_states_counts_once(schools, order, fixed_now):
    for day in (date(2025, 1, 1), IN_Q1, date(2026, 4, 1)):
        enrolment.change_institution(schools[0], since=day, by=None, now=fixed_now, staff=day.month + 40)
    (tally,) = tallies([order.period("2026Q1")], EVERYTHING(), order.day)
    assert (tally.expected, tally.confirmed) == (3, 2)


@pytest.mark.parametrize(
    ("part", "found"),
    [
        (Part.EXPECTED, [0, 1, 2]),
        (Part.UNCONFIRMED, [1]),
        (Part.CONFIRMED, [0, 2]),
        (Part.ON_TIME, [0]),
        (Part.ANSWERED, [0, 1, 2]),
        (Part.APPROVED, [0]),
        (Part.WAITING, [1, 2]),
    ],
)
def test_behind_each_figure_stand_its_institutions(schools, order, part, found):
    behind_it = behind(part, EVERYTHING(), order.period("2026Q1"), order.day)
    assert set(behind_it) == {schools[index] for index in found}


@pytest.mark.parametrize(("days", "found"), [(20, []), (19, [2]), (0, [2])])
def test_a_wait_is_long_after_so_many_days(schools, order, days, found):
    waiting = behind(Part.WAITING, EVERYTHING(), order.period("2026Q1"), order.day, waiting_days=days)
    assert list(waiting) == [schools[index] for index in found]


def test_a_line_says_what_came_after_the_confirmation(schools, order, fixed_now):
    first, second, third = schools
    period = order.period("2026Q1")
    lines = lines_of(schools, period)
    given = {confirmation.institution_id: confirmation for confirmation in period.confirmations.all()}
    # The entries of the fixture, and what the register came to know of the institutions, are of a later day.
    assert lines == [
        Line(first, given[first.pk], on_time=True, later=2, answers=1, approved=1, waiting=0),
        Line(second, None, on_time=False, later=0, answers=1, approved=0, waiting=1),
        Line(third, given[third.pk], on_time=False, later=3, answers=2, approved=0, waiting=2),
    ]


def test_a_return_that_was_answered_again_is_no_answer_any_more(fixed_now, order, places):
    school = InstitutionFactory(locality=places.city)
    period = order.period("2026Q1")
    item = ItemFactory(institution=school)
    returned = EntryFactory(item=item, returned=True, effective_on=IN_Q1)
    assert lines_of([school], period)[0].answers == 1
    EntryFactory(item=item, approved=True, effective_on=IN_Q1, continues=returned)
    line = lines_of([school], period)[0]
    assert (line.answers, line.approved) == (1, 1)


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow_with_quarters_and_institutions(schools, order, places, count, django_assert_num_queries):
    quarters = [order.period(code) for code in ("2026Q1", "2025Q4", "2025Q3")[:count]]
    with django_assert_num_queries(4):
        tallies(quarters, EVERYTHING(), order.day)
    with django_assert_num_queries(4):
        lines_of(schools[:count], quarters[0])
