"""Institutions and their dated states: no gaps, no overlap, the past stays as it was."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from institutions import registry
from institutions.enums import Lifecycle, SettlementClass
from institutions.models import STATE_FIELDS, Institution, InstitutionState, Journal
from tests.factories.institutions import InstitutionFactory, UserFactory

DAY = timedelta(days=1)
SINCE = date(2024, 9, 1)


@pytest.fixture
def institution(fixed_now, places) -> Institution:
    return InstitutionFactory(locality=places.district, listed=False, since=SINCE)


def states(institution: Institution, *fields: str) -> list[tuple[Any, ...]]:
    return list(
        InstitutionState.objects.filter(institution=institution)
        .order_by("valid_from")
        .values_list("valid_from", "valid_to", *(fields or ("learners",)))
    )


def test_a_new_institution_has_one_state_without_an_end(institution):
    assert states(institution) == [(SINCE, None, 240)]
    row = Journal.objects.get()
    assert (row.action, row.institution, row.after) == ("institution.open", institution, {"bin": institution.bin})


def test_a_change_cuts_the_state_of_its_day_and_leaves_the_past(fixed_now, institution):
    by = UserFactory()
    registry.change_state(institution, since=date(2026, 1, 1), by=by, now=fixed_now, learners=300, reason="Бұйрық")
    assert states(institution, "learners", "reason") == [
        (SINCE, date(2025, 12, 31), 240, ""), (date(2026, 1, 1), None, 300, "Бұйрық"),
    ]  # fmt: skip
    institution.refresh_from_db()
    assert institution.learners == 300
    row = Journal.objects.first()
    assert (row.action, row.user, row.before, row.after) == (
        "institution.change", by, {"learners": 240}, {"learners": 300, "since": "2026-01-01"},
    )  # fmt: skip


def test_a_change_on_the_first_day_of_a_state_rewrites_it(fixed_now, institution):
    registry.change_state(institution, since=SINCE, by=None, now=fixed_now, learners=300)
    assert states(institution) == [(SINCE, None, 300)]


def test_a_change_known_late_holds_until_the_next_known_state(fixed_now, institution):
    registry.change_state(institution, since=date(2026, 1, 1), by=None, now=fixed_now, learners=300)
    registry.change_state(institution, since=date(2025, 1, 1), by=None, now=fixed_now, learners=100)
    assert states(institution) == [
        (SINCE, date(2024, 12, 31), 240),
        (date(2025, 1, 1), date(2025, 12, 31), 100),
        (date(2026, 1, 1), None, 300),
    ]
    institution.refresh_from_db()
    assert institution.learners == 300


def test_a_change_to_come_shows_when_its_day_is_there(fixed_now, institution):
    registry.change_state(institution, since=date(2026, 9, 1), by=None, now=fixed_now, learners=300)
    institution.refresh_from_db()
    assert institution.learners == 240
    assert registry.refresh_between(date(2026, 8, 30), date(2026, 8, 31)) == 0
    assert registry.refresh_between(date(2026, 8, 31), date(2026, 9, 1)) == 1
    institution.refresh_from_db()
    assert institution.learners == 300


def test_an_institution_to_come_shows_its_first_state(fixed_now, places):
    institution = InstitutionFactory(locality=places.district, listed=False, since=date(2026, 9, 1))
    registry.refresh(institution, fixed_now.date())
    assert institution.learners == 240


def test_before_its_first_state_nothing_changes(fixed_now, institution):
    with pytest.raises(registry.NoSuchState):
        registry.change_state(institution, since=SINCE - DAY, by=None, now=fixed_now, learners=1)
    assert states(institution) == [(SINCE, None, 240)]


def test_what_is_no_field_of_a_state_is_a_mistake_of_the_program(fixed_now, institution):
    with pytest.raises(TypeError, match="name_kk"):
        registry.change_state(institution, since=SINCE, by=None, now=fixed_now, name_kk="№ 2")


@pytest.mark.parametrize("wrong", ["settlement", "large_city", "no settlement", "kind"])
def test_places_that_do_not_fit_change_nothing(fixed_now, places, institution, wrong):
    changes: dict[str, Any] = {
        "settlement": {"settlement": places.city_settlement},
        "large_city": {"large_city": places.capital_city},
        "no settlement": {"settlement": None},
        "kind": {"kind": "hospital"},
    }[wrong]
    before = (states(institution), Journal.objects.count())
    with pytest.raises(ValidationError) as refusal:
        registry.change_state(institution, since=date(2026, 1, 1), by=None, now=fixed_now, **changes)
    assert list(refusal.value.error_dict) == ["settlement" if wrong == "no settlement" else wrong]
    assert (states(institution), Journal.objects.count()) == before


def test_a_city_of_republican_significance_has_no_settlements(places):
    institution = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city, listed=False)
    assert (institution.settlement, institution.settlement_class) == (None, SettlementClass.REPUBLICAN_CITY)


@pytest.mark.parametrize("wrong", [{"bin": "123456789012"}, {"kind": ""}, {"name_kk": ""}, {"learners": -1}])
def test_wrong_details_enter_nothing(places, wrong):
    with pytest.raises(ValidationError) as refusal:
        InstitutionFactory(locality=places.district, listed=False, **wrong)
    assert list(refusal.value.error_dict) == list(wrong)
    assert not Institution.objects.exists()
    assert not Journal.objects.exists()


def test_names_are_found_in_any_letters(institution):
    institution.name_kk, institution.name_ru = "«Айгөлек» балабақшасы", "Детский сад «Айголек»"
    registry.name_keys(institution)
    institution.save()
    for text in ("айгөлек", "АЙГӨЛЕК", "детский сад", institution.bin[:6]):
        assert list(Institution.objects.search_for(text)) == [institution]
    assert not Institution.objects.search_for("мектеп").exists()


def test_whatever_changes_states_have_no_gap_and_no_overlap(fixed_now, institution):
    """And on every day the last change for that day, in the order in which they were made, is what holds."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 999)), max_size=8))
    def whatever(changes: list[tuple[int, int]]) -> None:
        InstitutionState.objects.filter(institution=institution).delete()
        InstitutionState.objects.create(
            institution=institution, valid_from=SINCE, recorded_at=fixed_now,
            **{name: getattr(institution, name) for name in STATE_FIELDS} | {"learners": 0},
        )  # fmt: skip
        starts: dict[date, int] = {SINCE: 0}
        for after, learners in changes:
            day = SINCE + after * DAY
            registry.change_state(institution, since=day, by=None, now=fixed_now, learners=learners)
            starts[day] = learners
        found = states(institution)
        assert [row[0] for row in found] == sorted(starts)
        assert [row[2] for row in found] == [starts[day] for day in sorted(starts)]
        assert [row[1] for row in found] == [*(day - DAY for day in sorted(starts)[1:]), None]

    whatever()


def test_a_closed_institution_stays_in_the_register(fixed_now, institution):
    registry.change_state(institution, since=date(2026, 1, 1), by=None, now=fixed_now, lifecycle=Lifecycle.CLOSED)
    institution.refresh_from_db()
    assert institution.lifecycle == Lifecycle.CLOSED
    assert list(Institution.objects.all()) == [institution]
    assert not Institution.objects.open().exists()


# --- details ---------------------------------------------------------------------------------------


def test_a_correction_is_found_by_its_new_name_and_stands_in_the_journal(fixed_now, institution):
    by = UserFactory()
    old = institution.name_kk
    corrected = registry.change_details(
        institution, by=by, now=fixed_now, name_kk="Әуезов мектебі", phone=institution.phone
    )
    assert corrected == ["name_kk"]
    assert list(Institution.objects.search_for("ауезов")) == [institution]
    assert states(institution) == [(SINCE, None, 240)]
    row = Journal.objects.first()
    assert (row.action, row.user, row.before, row.after) == (
        "institution.details", by, {"name_kk": old}, {"name_kk": "Әуезов мектебі"},
    )  # fmt: skip


def test_a_correction_that_changes_nothing_writes_nothing(fixed_now, institution):
    before = Journal.objects.count()
    assert registry.change_details(institution, by=None, now=fixed_now, name_kk=institution.name_kk) == []
    assert Journal.objects.count() == before


@pytest.mark.parametrize(("wrong", "refusal"), [({"email": "@"}, ValidationError), ({"learners": 1}, TypeError)])
def test_a_wrong_correction_changes_nothing(fixed_now, institution, wrong, refusal):
    before = list(Institution.objects.values())
    with pytest.raises(refusal):
        registry.change_details(institution, by=None, now=fixed_now, **wrong)
    assert list(Institution.objects.values()) == before
