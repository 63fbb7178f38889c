"""What is told of a change before it is done is what happens when it is done, and telling changes nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from compliance import consequences, enrolment, ledger, periods
from compliance.models import Applicability, ChecklistItem, LedgerHead, PendingFold, StatusChange
from institutions.enums import Lifecycle
from institutions.models import Institution, InstitutionState, Journal
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import InstitutionFactory, UserFactory

pytestmark = pytest.mark.django_db

SINCE = date(2026, 5, 1)
TABLES = (
    Institution, InstitutionState, Journal, ChecklistItem, Applicability, StatusChange, PendingFold, LedgerHead,
)  # fmt: skip


@pytest.fixture
def school(fixed_now, order, places) -> Institution:
    return InstitutionFactory(locality=places.district, settlement=places.village)


def everything() -> list[list[dict[str, Any]]]:
    return [list(table.objects.order_by("pk").values()) for table in TABLES]


def codes(requirements) -> set[str]:
    return {one.code for one in requirements}


def listed_on(institution, day) -> set[str]:
    spans = Applicability.objects.filter(item__institution=institution, valid_from__lte=day)
    spans = spans.exclude(valid_to__lt=day)
    return set(spans.values_list("item__requirement__code", flat=True))


@pytest.mark.parametrize("change", ["headcount", "closure", "kind", "leased"])
def test_what_is_told_is_what_happens(fixed_now, school, change):
    changes: dict[str, Any] = {
        "headcount": {"learners": 900},
        "closure": {"lifecycle": Lifecycle.CLOSED},
        "kind": {"kind": "kindergarten"},
        "leased": {"facts": {"leased": True}},
    }[change]
    before, known = everything(), StatusChange.objects.count()
    told = consequences.of_change(school, since=SINCE, now=fixed_now, **changes)
    assert everything() == before

    was = listed_on(school, SINCE)
    enrolment.change_institution(school, since=SINCE, by=None, now=fixed_now, **changes)
    now = listed_on(school, SINCE)
    assert (codes(told.gained), codes(told.lost), told.items) == (now - was, was - now, (len(was), len(now)))
    rows = StatusChange.objects.order_by("seq")[known:]
    moved = {row.item.requirement.code for row in rows if row.item.requirement.measure}
    assert {move.requirement.code for move in told.figures} == moved
    for move in told.figures:
        standing = ledger.standings(school, as_of=move.day).get(move.requirement.pk)
        assert (move.after and (move.after.status, move.after.learners)) == (
            standing and (standing.status, standing.learners)
        )


def test_a_closure_tells_from_where_each_measure_leaves(fixed_now, school):
    EntryFactory(item=ItemFactory(institution=school), approved=True, effective_on=date(2026, 4, 20))
    told = consequences.of_change(school, since=SINCE, now=fixed_now, lifecycle=Lifecycle.CLOSED)
    first = told.figures[0]
    assert (first.requirement.measure, first.day, first.after) == ("cctv_installed", SINCE, None)
    assert (first.before.status, first.before.learners, first.before.locality) == ("met", 240, school.locality)
    assert told.gained == []


def test_a_move_is_told_as_one_line_a_measure_with_both_places(fixed_now, school, places):
    told = consequences.of_change(
        school, since=SINCE, now=fixed_now, locality=places.city, settlement=places.city_settlement,
        settlement_class="regional_city", large_city=places.large_city,
    )  # fmt: skip
    moves = [move for move in told.figures if move.requirement.measure == "cctv_installed" and move.day == SINCE]
    (move,) = moves
    assert (move.before.locality, move.after.locality) == (places.district, places.city)
    assert (move.before.large_city, move.after.large_city) == (None, places.large_city)


def test_a_change_before_a_known_one_says_until_when_it_holds(fixed_now, school):
    enrolment.change_institution(school, since=date(2026, 5, 10), by=None, now=fixed_now, learners=300)
    told = consequences.of_change(school, since=SINCE, now=fixed_now, learners=900)
    assert told.holds_until == date(2026, 5, 9)
    assert consequences.of_change(school, since=date(2026, 5, 10), now=fixed_now, learners=1).holds_until is None


def test_closed_quarters_that_it_reaches_into_are_named(fixed_now, order, school):
    period = order.period("2026Q1")
    periods.begin_closing(period, by=UserFactory(), now=fixed_now)
    periods.close_period(period, by=UserFactory(), now=fixed_now)
    told = consequences.of_change(school, since=date(2026, 3, 1), now=fixed_now, learners=900)
    assert [one.code for one in told.frozen] == ["2026Q1"]
    assert consequences.of_change(school, since=SINCE, now=fixed_now, learners=900).frozen == []


def test_what_the_change_refuses_is_refused_here_and_nothing_is_left(fixed_now, school, places):
    before = everything()
    with pytest.raises(ValidationError):
        consequences.of_change(school, since=SINCE, now=fixed_now, settlement=places.city_settlement)
    assert everything() == before
