"""Every constraint of the tables is broken once; names and scopes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import translation

from institutions.enums import Role
from institutions.models import STATE_FIELDS, Institution, InstitutionState, Membership, Region, User
from tests.constraints import broken
from tests.factories.institutions import (
    AnalystFactory,
    ApproverFactory,
    DirectorFactory,
    InstitutionFactory,
    MembershipFactory,
    UserFactory,
)

DAY = timedelta(days=1)


@pytest.fixture
def institution(places) -> Institution:
    return InstitutionFactory(locality=places.district, listed=False)


@pytest.mark.parametrize("number", ["12345678901", "12345678901x", ""])
def test_institution_bin_twelve_digits(institution, number):
    with broken("institution_bin_twelve_digits"):
        Institution.objects.update(bin=number)


def test_a_bin_is_never_used_twice(institution, places):
    with pytest.raises(ValidationError) as refusal:
        InstitutionFactory(locality=places.district, bin=institution.bin, listed=False)
    assert list(refusal.value.error_dict) == ["bin"]


def test_state_starts_once_a_day(institution):
    state = institution.states.get()
    state.pk, state.valid_to = None, state.valid_from
    with broken("state_starts_once_a_day"):
        state.save(force_insert=True)


def test_state_one_open_end(institution):
    state = institution.states.get()
    state.pk, state.valid_from = None, state.valid_from + DAY
    with broken("state_one_open_end"):
        state.save(force_insert=True)


def test_state_dates_in_order(institution):
    state = institution.states.get()
    InstitutionState.objects.update(valid_to=state.valid_from)
    with broken("state_dates_in_order"):
        InstitutionState.objects.update(valid_to=state.valid_from - DAY)


SCOPES = {
    "nothing": set(),
    "region": {"region"},
    "locality": {"locality"},
    "institution": {"institution"},
    "region and locality": {"region", "locality"},
    "all three": {"region", "locality", "institution"},
}
FITS = {
    Role.DIRECTOR: {"institution"},
    Role.EDITOR: {"region", "locality"},
    Role.APPROVER: {"region", "locality"},
    Role.ANALYST: {"nothing"},
    Role.ADMINISTRATOR: {"nothing"},
    Role.AUDITOR: {"nothing"},
}


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("role", Role)
def test_membership_scope_fits_role(institution, places, role, scope):
    place = {"region": places.region, "locality": places.district, "institution": institution}
    fields = {name: place[name] for name in SCOPES[scope]} | {"role": role, "user": UserFactory()}
    if scope in FITS[role]:
        assert MembershipFactory(**fields).pk
    else:
        with broken("membership_scope_fits_role"):
            MembershipFactory(**fields)


def test_membership_dates_in_order(db):
    membership = AnalystFactory()
    with broken("membership_dates_in_order"):
        Membership.objects.update(valid_to=membership.valid_from - DAY)


def test_membership_substitute_has_end(db):
    with broken("membership_substitute_has_end"):
        AnalystFactory(substitute_for=UserFactory())
    AnalystFactory(substitute_for=UserFactory(), valid_to=date(2026, 12, 31))


def test_an_institution_is_never_deleted_from_under_its_states(institution):
    with pytest.raises(ProtectedError):
        institution.delete()


def test_a_name_is_in_the_readers_language(institution, places):
    expected = {"kk": places.region.name_kk, "ru": places.region.name_ru, "en": places.region.name_en}
    for language, name in expected.items():
        with translation.override(language):
            assert places.region.name == name
            assert institution.name == (institution.name_ru if language == "ru" else institution.name_kk)
            assert institution.address == (institution.address_ru if language == "ru" else institution.address_kk)
            assert places.region.short in (places.region.short_kk, places.region.short_ru, places.region.name_en)


def test_a_memberships_scope_is_its_most_exact_place(institution, places):
    assert DirectorFactory(institution=institution).scope == institution
    assert ApproverFactory(locality=places.district).scope == places.district
    assert ApproverFactory(region=places.region).scope == places.region
    assert AnalystFactory().scope is None


def test_people_are_counted_together(institution):
    assert institution.people == institution.staff + institution.learners == 270
    assert set(STATE_FIELDS) >= {"lifecycle", "locality", "learners", "facts"}


def test_an_address_is_one_person_however_it_is_written(db):
    person = User.objects.create_user("Aigul@Example.KZ", "x", full_name="Айгүл")
    assert person.email == "aigul@example.kz"
    assert person.check_password("x")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("AIGUL@example.kz", "y", full_name="Айгүл")
    root = User.objects.create_superuser("root@example.kz", "z")
    assert (root.is_staff, root.is_superuser) == (True, True)


def test_regions_stand_in_the_order_of_the_brief(places):
    assert list(Region.objects.values_list("code", flat=True)) == ["KZ-71", "KZ-35"]
