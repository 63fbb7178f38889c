"""Who sees what: scope is one method, and everything leans on it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser

from compliance.models import ChecklistItem, StatusEntry
from institutions import journal
from institutions.access import roles_of
from institutions.enums import Role
from institutions.models import Institution, Journal, Membership
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    AuditorFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    UserFactory,
)

DAY = timedelta(days=1)


@pytest.fixture
def schools(order, places) -> dict[str, Institution]:
    return {
        "city": InstitutionFactory(locality=places.city, large_city=places.large_city),
        "district": InstitutionFactory(locality=places.district),
        "capital": InstitutionFactory(locality=places.capital_district, large_city=places.capital_city),
    }


def seen(user, schools) -> set[str]:
    visible = set(Institution.objects.visible_to(user).values_list("pk", flat=True))
    return {name for name, school in schools.items() if school.pk in visible}


def test_each_role_reaches_its_own_scope(schools, places):
    assert seen(DirectorFactory(institution=schools["city"]).user, schools) == {"city"}
    assert seen(EditorFactory(locality=places.district).user, schools) == {"district"}
    assert seen(ApproverFactory(region=places.region).user, schools) == {"city", "district"}
    assert seen(EditorFactory(region=places.capital).user, schools) == {"capital"}
    for country_wide in (AnalystFactory, AdministratorFactory, AuditorFactory):
        assert seen(country_wide().user, schools) == set(schools)


def test_strangers_reach_nothing(schools):
    assert seen(AnonymousUser(), schools) == set()
    assert seen(UserFactory(), schools) == set()
    assert seen(UserFactory(is_staff=True, is_superuser=True), schools) == set()


def test_memberships_out_of_force_reach_nothing(schools, order):
    person = AnalystFactory(valid_to=order.day - DAY).user
    AnalystFactory(user=person, valid_from=order.day + DAY)
    assert seen(person, schools) == set()
    assert roles_of(person) == frozenset()
    AnalystFactory(user=person, valid_from=order.day, valid_to=order.day)
    assert seen(person, schools) == set(schools)
    person.is_active = False
    person.save()
    assert seen(person, schools) == set()


def test_two_memberships_show_an_institution_once(schools, places):
    person = ApproverFactory(region=places.region).user
    EditorFactory(user=person, locality=places.city)
    DirectorFactory(user=person, institution=schools["city"])
    DirectorFactory(user=person, institution=schools["capital"])
    assert sorted(Institution.objects.visible_to(person).values_list("pk", flat=True)) == sorted(
        school.pk for school in schools.values()
    )
    assert Institution.objects.within_roles(person, {Role.DIRECTOR}).count() == 2
    assert set(Institution.objects.within_roles(person, {Role.APPROVER})) == {schools["city"], schools["district"]}
    assert not Institution.objects.within_roles(person, {Role.ANALYST}).exists()
    assert not Institution.objects.within_roles(person, set()).exists()


def test_an_institution_that_moves_away_is_no_longer_reached(schools, places, fixed_now):
    from compliance import enrolment

    approver = ApproverFactory(region=places.capital).user
    enrolment.change_institution(
        schools["capital"], since=fixed_now.date(), by=None, now=fixed_now, locality=places.district,
        settlement=places.village, settlement_class="village", large_city=None,
    )  # fmt: skip
    assert seen(approver, schools) == set()


def test_items_and_entries_lean_on_the_scope_of_institutions(schools, places):
    entry = EntryFactory(item=ItemFactory(institution=schools["city"]), submitted=True)
    draft = EntryFactory(item=ItemFactory(institution=schools["district"]))
    approver, neighbour = ApproverFactory(region=places.region).user, ApproverFactory(region=places.capital).user
    assert set(ChecklistItem.objects.visible_to(approver).values_list("institution", flat=True)) == {
        schools["city"].pk, schools["district"].pk,
    }  # fmt: skip
    assert list(StatusEntry.objects.visible_to(approver)) == [entry]  # a draft is its author's side's
    assert list(StatusEntry.objects.decidable_by(approver)) == [entry]
    assert not StatusEntry.objects.visible_to(neighbour).exists()
    assert not StatusEntry.objects.decidable_by(neighbour).exists()
    assert list(StatusEntry.objects.editable_by(draft.author)) == [draft]
    assert not StatusEntry.objects.decidable_by(AnalystFactory().user).exists()


def test_nobody_is_offered_their_own_entry_to_decide_or_revoke(schools, places):
    person = ApproverFactory(region=places.region).user
    DirectorFactory(user=person, institution=schools["city"])
    item = ItemFactory(institution=schools["city"])
    EntryFactory(item=item, submitted=True, author=person)
    EntryFactory(item=ItemFactory(institution=schools["district"]), submitted=True, submitted_by=person)
    assert not StatusEntry.objects.decidable_by(person).exists()
    approved = EntryFactory(
        item=ItemFactory(institution=schools["city"], measure="cctv_connected"), approved=True, decided_by=person
    )
    assert not StatusEntry.objects.revocable_by(person).exists()
    assert list(StatusEntry.objects.revocable_by(ApproverFactory(region=places.region).user)) == [approved]


@pytest.mark.parametrize("role", Role)
def test_the_journal_is_for_auditors_and_administrators(schools, places, role):
    place = {
        Role.DIRECTOR: {"institution": schools["city"]},
        Role.EDITOR: {"region": places.region},
        Role.APPROVER: {"region": places.region},
    }.get(role, {})
    person = Membership.objects.create(user=UserFactory(), role=role, **place).user
    may = role in (Role.AUDITOR, Role.ADMINISTRATOR)
    assert Journal.objects.visible_to(person).exists() is may
    assert not Journal.objects.visible_to(AnonymousUser()).exists()


def test_a_scope_costs_the_same_however_many_there_are(schools, places, django_assert_num_queries):
    person = ApproverFactory(region=places.region).user
    EditorFactory(user=person, locality=places.city)
    with django_assert_num_queries(2):
        list(Institution.objects.visible_to(person).with_places())


def test_journal_days_are_days_of_almaty(db, fixed_now):
    for hours in (0, 13, 14):  # 10:00, 23:00, and midnight of the next day in Almaty
        journal.write("test.row", "test:1", by=None, now=fixed_now + timedelta(hours=hours))
    day = fixed_now.date()
    assert Journal.objects.since(day).until(day).count() == 2
    assert Journal.objects.since(day + DAY).count() == 1
