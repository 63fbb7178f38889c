"""The fixtures and factories themselves: what they promise, and that they clean up behind themselves."""

import pytest
from django.db import DatabaseError, transaction

from compliance.models import ChecklistItem, Period, RegisterDay, StatusChange
from institutions.models import Institution, Journal, Locality, Region, Settlement
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import ApproverFactory, DirectorFactory, EditorFactory, InstitutionFactory

ACTIONS = {
    "submitted": ["entry.save", "entry.submit"],
    "withdrawn": ["entry.save", "entry.submit", "entry.withdraw"],
    "approved": ["entry.save", "entry.submit", "entry.approve"],
    "returned": ["entry.save", "entry.submit", "entry.return"],
    "revoked": ["entry.save", "entry.submit", "entry.approve", "entry.revoke"],
}


def test_places_are_two_regions_with_two_localities_each(places):
    assert sorted(Region.objects.values_list("code", flat=True)) == ["KZ-35", "KZ-71"]
    assert Locality.objects.filter(region=places.region).count() == 2
    assert Locality.objects.filter(region=places.capital).count() == 2
    assert sorted(Settlement.objects.values_list("settlement_class", flat=True)) == [
        "district_centre", "regional_city", "town", "village",
    ]  # fmt: skip


def test_the_order_has_its_quarters_and_the_day_of_a_fixed_clock(fixed_now, order):
    assert RegisterDay.objects.get().day == order.day == fixed_now.date()
    assert sorted(order.measures) == [
        "cctv_connected",
        "cctv_installed",
        "licensed_guard",
        "panic_button",
        "turnstile",
    ]
    assert Period.objects.count() == 23


@pytest.mark.parametrize("state", ACTIONS)
def test_an_entry_comes_into_its_state_by_the_verbs(order, places, state):
    entry = EntryFactory(item__institution__locality=places.district, **{state: True})
    entry.refresh_from_db()
    assert entry.state == state
    actions = Journal.objects.filter(subject=f"statusentry:{entry.pk}").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ACTIONS[state]


def test_people_have_the_place_that_fits_their_role(order, places):
    institution = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)
    assert DirectorFactory(institution=institution).scope == institution
    assert ApproverFactory(region=places.capital).scope == places.capital
    assert EditorFactory(locality=places.district).scope == places.district
    assert ItemFactory(institution=institution, measure="turnstile").obliged


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_time", [1, 2])
def test_a_flush_empties_the_tables_that_only_grow_and_leaves_them_protected(order, places, _time):
    assert not Journal.objects.exists()
    institution = InstitutionFactory(locality=places.city, large_city=places.large_city)
    assert StatusChange.objects.filter(institution=institution).count() >= ChecklistItem.objects.count()
    assert Institution.objects.get() == institution
    with pytest.raises(DatabaseError), transaction.atomic():
        StatusChange.objects.all().delete()
