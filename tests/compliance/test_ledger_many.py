"""Many institutions brought up to what is true now come out as one after the other."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from compliance import enrolment, ledger
from compliance.enums import Cause, Measure, Status
from compliance.models import Applicability, ChecklistItem, LedgerHead, PendingFold, StatusChange
from institutions.enums import Lifecycle
from institutions.models import Institution
from institutions.registry_many import Change
from reporting import sums
from tests.factories.compliance import EntryFactory, InspectionFactory, ItemFactory
from tests.factories.institutions import InstitutionFactory

FIRST = date(2024, 9, 1)


def ledger_of(institution: Institution) -> list[tuple[Any, ...]]:
    """Rows in their order, with everything but keys, hashes and the link to the state."""
    rows = StatusChange.objects.filter(institution=institution).order_by("seq")
    return list(
        rows.values_list(
            "seq", "item__requirement", "cell", "from_status", "from_learners", "to_status", "to_learners",
            "effective_on", "recorded_at", "recorded_on", "cause",
        )
    )  # fmt: skip


def items_of(institution: Institution) -> list[tuple[Any, ...]]:
    items = ChecklistItem.objects.filter(institution=institution).order_by("requirement")
    return list(items.values_list("requirement", "listed", "obliged", "status", "valid_until", "version"))


def spans_of(institution: Institution) -> list[tuple[Any, ...]]:
    spans = Applicability.objects.filter(item__institution=institution).order_by("item__requirement", "valid_from")
    return list(spans.values_list("item__requirement", "valid_from", "valid_to", "obliged", "counted", "basis"))


def everything(institution: Institution) -> tuple[Any, ...]:
    return ledger_of(institution), items_of(institution), spans_of(institution)


@pytest.fixture
def twins(fixed_now, order, places) -> list[Institution]:
    """Three institutions that are alike, with answers of which one ends, a guard contract, and what was found there."""
    made = []
    for _number in range(3):
        school = InstitutionFactory(locality=places.city, large_city=places.large_city, since=FIRST)
        for measure, until in ((Measure.CCTV_INSTALLED, date(2026, 8, 31)), (Measure.LICENSED_GUARD, None)):
            item = ItemFactory(institution=school, measure=measure)
            EntryFactory(item=item, approved=True, effective_on=date(2026, 4, 1), valid_until=until, now=fixed_now)
        InspectionFactory(item=item, status=Status.NOT_MET, held_on=date(2026, 4, 20), now=fixed_now)
        made.append(school)
    return made


@pytest.mark.parametrize(
    ("since", "changes"),
    [
        (date(2026, 5, 1), {"learners": 999}),
        (FIRST, {"staff": 500, "learners": 2000}),  # another facility group, backdated to the first day
        (date(2026, 5, 1), {"lifecycle": Lifecycle.CLOSED.value}),
        (date(2026, 5, 1), {"facts": {"leased": True, "has_grounds": False}}),
        (date(2026, 5, 1), {"kind": "college"}),
    ],
)
def test_a_change_of_many_leaves_the_same_ledger_as_a_change_of_one(fixed_now, twins, since, changes):
    alone, *both = twins
    moment = fixed_now + timedelta(hours=1)
    enrolment.change_institution(alone, since=since, by=None, now=moment, **changes)
    enrolment.change_many([Change(one, since, changes) for one in both], by=None, now=moment)
    for one in both:
        assert everything(one) == everything(alone)
    assert list(ledger.broken_chains()) == []
    assert PendingFold.objects.count() == StatusChange.objects.count()
    refs = set(StatusChange.objects.filter(institution=both[0]).values_list("cause_ref", flat=True))
    assert f"state:{both[0].states.latest('valid_from').pk}" in refs


def test_a_move_of_many_is_counted_as_a_move_of_one(fixed_now, twins, places):
    alone, *both = twins
    place = {
        "locality_id": places.district.pk,
        "settlement_id": places.village.pk,
        "settlement_class": places.village.settlement_class,
        "large_city_id": None,
    }
    since, moment = date(2026, 5, 1), fixed_now + timedelta(hours=1)
    enrolment.change_institution(
        alone,
        since=since,
        by=None,
        now=moment,
        locality=places.district,
        settlement=places.village,
        settlement_class=places.village.settlement_class,
        large_city=None,
    )
    enrolment.change_many([Change(one, since, place) for one in both], by=None, now=moment)
    assert [everything(one) for one in both] == [everything(alone)] * 2
    sums.fold()
    assert list(sums.drift()) == []


def test_what_is_in_step_gets_no_row(fixed_now, twins):
    before = StatusChange.objects.count()
    same = [ledger.Changed(one, Cause.CHANGED, "state:1") for one in twins]
    assert ledger.sync_many(same, now=fixed_now) == 0
    assert StatusChange.objects.count() == before


def test_an_institution_without_a_ledger_gets_one(fixed_now, order, places):
    alone = InstitutionFactory(locality=places.district, since=FIRST)
    bare = InstitutionFactory(locality=places.district, since=FIRST, listed=False)
    written = ledger.sync_many([ledger.Changed(bare, Cause.OPENED, "state:1")], now=fixed_now)
    assert written == LedgerHead.objects.get(pk=bare.pk).length == len(ledger_of(alone))
    assert everything(bare) == everything(alone)
    assert {item[3] for item in items_of(bare)} == {Status.UNKNOWN}


def test_rows_are_never_known_earlier_than_those_before_them(fixed_now, twins):
    one = twins[0]
    late = fixed_now + timedelta(days=3)
    enrolment.change_institution(one, since=date(2026, 5, 1), by=None, now=late, learners=5)
    enrolment.change_many([Change(one, date(2026, 5, 2), {"learners": 6})], by=None, now=fixed_now)
    days = list(StatusChange.objects.filter(institution=one).order_by("seq").values_list("recorded_on", flat=True))
    assert days == sorted(days)
    assert list(ledger.broken_chains()) == []


def test_many_cost_no_more_queries_than_one(fixed_now, twins, django_assert_max_num_queries):
    with django_assert_max_num_queries(45):
        enrolment.change_many([Change(one, date(2026, 5, 1), {"learners": 1}) for one in twins], by=None, now=fixed_now)
