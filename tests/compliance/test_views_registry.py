"""Pages on which institutions are entered and changed: who may, what comes back filled, what follows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from compliance import enrolment
from compliance.models import ChecklistItem
from institutions.bin import synthetic_bin
from institutions.models import Institution, InstitutionState, Journal
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]

NEW_BIN = synthetic_bin(900_001)


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def editor(fixed_now, order, places):
    return EditorFactory(region=places.region).user


# --- a new institution -----------------------------------------------------------------------------

NEW = {
    "do": "save",
    "bin": NEW_BIN,
    "name_kk": "№ 7 орта мектеп",
    "name_ru": "Средняя школа № 7",
    "kind": "school",
    "ownership": "state",
    "locality": "354000000",
    "settlement": "354030100",
    "address_kk": "Абай көшесі, 7",
    "address_ru": "улица Абая, 7",
    "phone": "+7 7212 25 00 00",
    "email": "school7@example.kz",
    "staff": "40",
    "learners": "310",
    "since": "2026-05-01",
}


def enter(user, **changes: str):
    return signed_in(user).post(reverse("institutions:new"), NEW | changes)


def test_an_editor_enters_an_institution_with_its_checklist(editor, places):
    response = enter(editor)
    assert (response.status_code, response.url) == (302, reverse("institutions:detail", args=[NEW_BIN]))
    institution = Institution.objects.get()
    fields = ("bin", "name_kk", "name_ru", "kind", "ownership", "address_kk", "address_ru", "phone", "email")
    assert {name: getattr(institution, name) for name in fields} == {name: NEW[name] for name in fields}
    assert (institution.locality, institution.settlement, institution.settlement_class, institution.large_city) == (
        places.district, places.centre, "district_centre", None,
    )  # fmt: skip
    state = InstitutionState.objects.get()
    assert (state.valid_from, state.staff, state.learners, state.recorded_by) == (date(2026, 5, 1), 40, 310, editor)
    assert ChecklistItem.objects.filter(institution=institution, listed=True).count() > 20
    assert Journal.objects.get(action="institution.open").user == editor


def test_the_large_city_follows_from_the_settlement(editor, places):
    enter(editor, locality="351000000", settlement="351010000")
    institution = Institution.objects.get()
    assert (institution.settlement_class, institution.large_city) == ("regional_city", places.large_city)


def test_in_a_city_of_republican_significance_the_district_is_enough(fixed_now, order, places):
    response = enter(AdministratorFactory().user, locality="711110000", settlement="")
    assert response.status_code == 302
    institution = Institution.objects.get()
    assert (institution.settlement, institution.settlement_class, institution.large_city) == (
        None, "republican_city", places.capital_city,
    )  # fmt: skip


def test_a_bin_may_be_typed_with_blanks(editor):
    assert enter(editor, bin=f" {NEW_BIN[:4]} {NEW_BIN[4:8]}-{NEW_BIN[8:]} ").status_code == 302
    assert Institution.objects.get().bin == NEW_BIN


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"bin": "123456789012"}, ["bin"]),
        ({"bin": ""}, ["bin"]),
        ({"bin": f"{NEW_BIN}1"}, ["bin"]),
        ({"settlement": ""}, ["settlement"]),
        ({"settlement": "351010000"}, ["settlement"]),
        ({"locality": "711110000"}, ["locality", "settlement"]),
        ({"kind": "hospital"}, ["kind"]),
        ({"learners": "-1"}, ["learners"]),
        ({"learners": "көп"}, ["learners"]),
        ({"phone": "қоңырау шал"}, ["phone"]),
        ({"since": "2027-06-01"}, ["since"]),
        ({"since": "0206-05-01"}, ["since"]),
        ({"bin": "1", "name_kk": "", "staff": "", "email": "@"}, ["bin", "name_kk", "staff", "email"]),
    ],
)
def test_all_that_is_wrong_comes_back_at_once_with_what_was_typed(editor, wrong, fields):
    response = enter(editor, **wrong)
    assert response.status_code == 422
    form = response.context["form"]
    assert sorted(form.errors) == sorted(fields)
    typed: dict[str, Any] = {name: value for name, value in (NEW | wrong).items() if name in form.fields}
    assert {name: form[name].value() for name in typed} == typed
    assert not Institution.objects.exists()


def test_a_bin_of_the_own_region_leads_to_its_card(editor, places):
    there = InstitutionFactory(locality=places.city, bin=NEW_BIN, name_kk="Бар мектеп")
    response = enter(editor)
    assert response.status_code == 422
    assert response.context["form"].errors == {"bin": ["The institution with this BIN is entered already."]}
    page = response.content.decode()
    assert reverse("institutions:detail", args=[there.bin]) in page
    assert "Бар мектеп" in page


def test_a_bin_of_another_region_tells_nothing_of_it(editor, places):
    InstitutionFactory(locality=places.capital_district, bin=NEW_BIN, name_kk="Жасырын мектеп", name_ru="Чужая школа")
    response = enter(editor)
    assert response.status_code == 422
    assert response.context["form"].errors == {
        "bin": ["This BIN cannot be entered here. Ask the ministry's administrator."]
    }
    page = response.content.decode()
    assert "Жасырын" not in page
    assert "Чужая" not in page
    assert "Астана" not in page


def test_two_who_enter_the_same_at_once_make_one(editor, places, monkeypatch):
    real = enrolment.open_institution

    def somebody_is_faster(institution, **values):
        InstitutionFactory(locality=places.city, bin=institution.bin, listed=False)
        return real(institution, **values)

    monkeypatch.setattr("compliance.views.registry.enrolment.open_institution", somebody_is_faster)
    response = enter(editor)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["bin"]
    assert Institution.objects.get(bin=NEW_BIN).locality == places.city


def test_the_settlements_of_a_district_are_looked_up_and_nothing_is_lost(editor):
    response = enter(editor, do="place", bin="1", settlement="")
    assert response.status_code == 200
    form = response.context["form"]
    assert not form.errors
    assert form["bin"].value() == "1"
    assert {kato for kato, _label in form.fields["settlement"].choices} == {"", "354030100", "354031400", "354061100"}
    assert not Institution.objects.exists()


def test_places_offered_are_those_of_the_scope(editor, places):
    def offered(user) -> list[str]:
        page = signed_in(user).get(reverse("institutions:new"))
        groups = page.context["form"].fields["locality"].choices[1:]
        return [kato for _region, localities in groups for kato, _name in localities]

    of_the_district = EditorFactory(locality=places.district).user
    assert offered(editor) == ["351000000", "354000000"]
    assert offered(of_the_district) == ["354000000"]
    assert offered(AdministratorFactory().user) == ["711110000", "711210000", "351000000", "354000000"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_only_those_who_keep_records_enter_institutions(fixed_now, order, places, method):
    url = reverse("institutions:new")
    others = (AnalystFactory(), ApproverFactory(region=places.region), DirectorFactory())
    assert [getattr(signed_in(one.user), method)(url, NEW).status_code for one in others] == [404, 404, 404]
    assert getattr(Client(), method)(url, NEW).status_code == 302
    assert not Institution.objects.filter(bin=NEW_BIN).exists()


def test_the_list_offers_it_to_those_who_keep_records(editor, places):
    url = reverse("institutions:list")
    offer = f'href="{reverse("institutions:new")}"'
    assert offer in signed_in(editor).get(url).content.decode()
    assert offer not in signed_in(ApproverFactory(region=places.region).user).get(url).content.decode()
