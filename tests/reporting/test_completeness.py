"""How complete a quarter is: places add up, and each figure is as long as the list behind it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from compliance.confirmations import deadline
from institutions.models import Institution
from reporting import completeness
from reporting.completeness import Completeness, NoSuchPlace
from tests.factories.compliance import ConfirmationFactory, EntryFactory, ItemFactory
from tests.factories.institutions import AnalystFactory, ApproverFactory, InstitutionFactory, UserFactory

IN_Q1 = date(2026, 2, 1)


@pytest.fixture
def period(order):
    return order.period("2026Q1")


@pytest.fixture
def schools(fixed_now, order, places, period):
    """Two of a region, in its city and a district, and one of the capital."""
    city = InstitutionFactory(locality=places.city, large_city=places.large_city)
    rural = InstitutionFactory(locality=places.district)
    capital = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)
    ConfirmationFactory(institution=city, period=period, at=deadline(period) - timedelta(seconds=1))
    ConfirmationFactory(institution=capital, period=period, at=deadline(period))
    ConfirmationFactory(institution=city, period=order.period("2025Q4"), at=fixed_now)
    EntryFactory(item=ItemFactory(institution=city), approved=True, effective_on=IN_Q1)
    old = fixed_now - timedelta(days=20)
    EntryFactory(item=ItemFactory(institution=city, measure="turnstile"), submitted=True, effective_on=IN_Q1, now=old)
    EntryFactory(item=ItemFactory(institution=capital), returned=True, effective_on=IN_Q1)
    return city, rural, capital


def rows(table):
    return [(row.place, row.counts) for row in table.rows]


CITY = Completeness(expected=1, confirmed=1, on_time=1, answers=2, approved=1, waiting=1)
RURAL = Completeness(expected=1)
CAPITAL = Completeness(expected=1, confirmed=1, answers=1)


def test_regions_add_up_to_the_country(schools, period, order):
    table = completeness.table(period, user=AnalystFactory().user, day=order.day, days=14)
    assert rows(table) == [("KZ", CITY + RURAL + CAPITAL), ("KZ-71", CAPITAL), ("KZ-35", CITY + RURAL)]
    total = table.rows[0].counts
    assert (total.confirmed_percent, total.on_time_percent, total.approved_percent) == (67, 33, 33)
    assert Completeness().confirmed_percent is None


def test_a_region_opens_its_localities(schools, period, order, places):
    table = completeness.table(period, user=AnalystFactory().user, day=order.day, days=14, region="KZ-35")
    assert rows(table) == [("KZ-35", CITY + RURAL), ("351000000", CITY), ("354000000", RURAL)]
    assert (table.region, table.only_region, table.place) == (places.region, False, places.region.name)


def test_whoever_reaches_one_region_sees_its_localities_at_once(schools, period, order, places):
    approver = ApproverFactory(region=places.region).user
    table = completeness.table(period, user=approver, day=order.day, days=14)
    assert rows(table) == [("KZ-35", CITY + RURAL), ("351000000", CITY), ("354000000", RURAL)]
    assert table.only_region
    with pytest.raises(NoSuchPlace):
        completeness.table(period, user=approver, day=order.day, days=14, region="KZ-71")


def test_an_approver_of_a_locality_sees_that_alone(schools, period, order, places):
    approver = ApproverFactory(locality=places.district).user
    table = completeness.table(period, user=approver, day=order.day, days=14)
    assert rows(table) == [("KZ-35", RURAL), ("354000000", RURAL)]


def test_who_has_no_role_sees_no_place(schools, period, order):
    table = completeness.table(period, user=UserFactory(), day=order.day, days=14)
    assert rows(table) == [("KZ", Completeness())]


@pytest.mark.parametrize(("days", "waiting"), [(19, 1), (20, 0)])
def test_a_wait_is_long_after_the_days_that_were_asked_for(schools, period, order, days, waiting):
    table = completeness.table(period, user=AnalystFactory().user, day=order.day, days=days)
    assert table.rows[0].counts.waiting == waiting


def test_places_without_anybody_are_in_the_table(period, order, places, fixed_now):
    table = completeness.table(period, user=AnalystFactory().user, day=order.day, days=14)
    assert rows(table) == [("KZ", Completeness()), ("KZ-71", Completeness()), ("KZ-35", Completeness())]


@pytest.mark.parametrize("more", [1, 3])
def test_query_counts_do_not_grow(schools, period, order, places, more, django_assert_num_queries):
    for school in InstitutionFactory.create_batch(more, locality=places.other_capital_district):
        ConfirmationFactory(institution=school, period=period)
    analyst = AnalystFactory().user
    with django_assert_num_queries(6):
        completeness.table(period, user=analyst, day=order.day, days=14)
    with django_assert_num_queries(2):
        completeness.count_by_locality(period, Institution.objects.all(), day=order.day, days=14)


def test_the_file_has_the_rows_of_the_table(schools, period, order):
    grid = completeness.grid(completeness.table(period, user=AnalystFactory().user, day=order.day, days=14))
    assert list(grid.lines) == [
        ("KZ", grid.lines[0][1], 3, 2, 67, 1, 33, 3, 1, 33, 1),
        ("KZ-71", grid.lines[1][1], 1, 1, 100, 0, 0, 1, 0, 0, 0),
        ("KZ-35", grid.lines[2][1], 2, 1, 50, 1, 50, 2, 1, 50, 1),
    ]
    assert len(grid.columns) == len(grid.headings) == len(grid.widths) == len(grid.lines[0])
