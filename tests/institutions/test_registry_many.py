"""Many institutions at once come out as one by one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from institutions import registry, registry_many
from institutions.bin import synthetic_bin
from institutions.models import STATE_FIELDS, Institution, InstitutionState, Journal
from institutions.registry_many import Change
from tests.factories.institutions import InstitutionFactory, UserFactory

FIRST = date(2024, 9, 1)
STATE = ("valid_from", "valid_to", "recorded_at", "reason", *STATE_FIELDS)


def states_of(institution) -> list[tuple]:
    return list(InstitutionState.objects.filter(institution=institution).order_by("valid_from").values_list(*STATE))


def journal_of(institution) -> list[tuple]:
    return list(
        Journal.objects.filter(institution=institution)
        .order_by("pk")
        .values_list("at", "user", "action", "before", "after")
    )


def own_fields(institution) -> dict:
    return Institution.objects.filter(pk=institution.pk).values(*STATE_FIELDS, "search", "sort_kk").get()


@pytest.mark.parametrize(
    ("since", "changes"),
    [
        (date(2026, 5, 1), {"learners": 7}),
        (FIRST, {"learners": 7, "facts": {"leased": True}}),  # the first day: the state is rewritten
        (date(2025, 3, 1), {"lifecycle": "closed"}),  # within a state that has ended
        (date(2026, 5, 20), {"staff": 1}),
    ],
)
def test_a_change_of_many_is_the_same_as_a_change_of_one(fixed_now, places, since, changes):
    alone, first, second = (
        InstitutionFactory(locality=places.district, since=FIRST, listed=False, name_kk="x", name_ru="x")
        for _number in range(3)
    )
    person = UserFactory()
    for institution in (alone, first, second):
        registry.change_state(institution, since=date(2026, 1, 1), by=None, now=fixed_now, staff=5)
    registry.change_state(alone, since=since, by=person, now=fixed_now, reason="тізім", **changes)
    both = [Change(institution, since, changes) for institution in (first, second)]
    begun = registry_many.change_states(both, by=person, now=fixed_now, reason="тізім")
    assert [state.valid_from for state in begun] == [since, since]
    assert {state.recorded_by for state in begun} == {person}
    for institution in (first, second):
        assert states_of(institution) == states_of(alone)
        assert own_fields(institution) == own_fields(alone)
        assert journal_of(institution)[-1] == journal_of(alone)[-1]


def test_a_change_before_the_first_state_changes_nothing_at_all(fixed_now, places):
    known, young = (
        InstitutionFactory(locality=places.district, since=day, listed=False) for day in (FIRST, date(2026, 5, 1))
    )
    before = list(InstitutionState.objects.order_by("pk").values())
    changes = [Change(institution, date(2026, 4, 1), {"staff": 1}) for institution in (known, young)]
    with pytest.raises(registry.NoSuchState):
        registry_many.change_states(changes, by=None, now=fixed_now)
    assert list(InstitutionState.objects.order_by("pk").values()) == before


def test_many_enter_as_one_does(fixed_now, places):
    alone = InstitutionFactory(locality=places.district, since=FIRST, listed=False, name_kk="Күн", name_ru="Солнце")
    fields = {
        name: getattr(alone, name)
        for name in (*STATE_FIELDS, "name_kk", "name_ru", "address_kk", "address_ru", "phone", "email")
    }
    made = [Institution(bin=synthetic_bin(10_000 + number), created_at=fixed_now, **fields) for number in range(2)]
    registry_many.open_institutions([(institution, FIRST) for institution in made], by=None, now=fixed_now)
    for institution in made:
        assert states_of(institution) == states_of(alone)
        assert own_fields(institution) == own_fields(alone)
        assert journal_of(institution) == [
            (fixed_now, None, "institution.open", None, {"bin": institution.bin}),
        ]


def test_details_of_many_are_corrected_with_their_keys_of_search(fixed_now, places):
    named, called = (InstitutionFactory(locality=places.district, listed=False, phone="1") for _number in range(2))
    person = UserFactory()
    registry_many.correct_details(
        [(named, {"name_kk": "Ақай"}), (called, {"phone": "2"})], by=person, now=fixed_now + timedelta(hours=1)
    )
    assert [row.pk for row in Institution.objects.search_for("akai")] == [named.pk]
    assert Institution.objects.get(pk=named.pk).sort_kk == Institution.objects.get(name_kk="Ақай").sort_kk != ""
    assert Institution.objects.get(pk=called.pk).phone == "2"
    assert journal_of(called)[-1][1:] == (person.pk, "institution.details", {"phone": "1"}, {"phone": "2"})


def test_a_correction_writes_what_its_own_row_says(fixed_now, places):
    first, second = (InstitutionFactory(locality=places.district, listed=False, phone="1") for _number in range(2))
    # The list was read before somebody else corrected the second's phone.
    Institution.objects.filter(pk=second.pk).update(phone="2")
    registry_many.correct_details([(first, {"phone": "3"}), (second, {"email": "a@b.kz"})], by=None, now=fixed_now)
    assert list(Institution.objects.order_by("pk").values_list("phone", "email")) == [("3", ""), ("2", "a@b.kz")]
