"""Pages on which institutions are entered and changed: who may, what comes back filled, what follows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from compliance import enrolment, proposals
from compliance.models import ChecklistItem
from institutions import registry
from institutions.bin import synthetic_bin
from institutions.models import ChangeProposal, Institution, InstitutionState, Journal
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    AuditorFactory,
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


# --- a change from a day on ------------------------------------------------------------------------


@pytest.fixture
def school(fixed_now, order, places) -> Institution:
    return InstitutionFactory(locality=places.district, settlement=places.village)


def change_url(school, act: str) -> str:
    return reverse("institutions:change", args=[school.bin, act])


def filled(client, url: str, **values: str) -> dict[str, str]:
    """What a person sends who opened the form and typed `values`."""
    form = client.get(url).context["form"]
    return {name: str(form[name].value() or "") for name in form.fields} | values


def see_and_save(client, url: str, **values: str):
    """Look at what follows, then do it."""
    told = client.post(url, filled(client, url, do="show", **values))
    form = told.context["form"]
    again = {name: str(form[name].value() or "") for name in form.fields}
    return told, client.post(url, again | {"do": "save"})


@pytest.mark.parametrize(
    ("act", "typed", "expected"),
    [
        ("headcount", {"staff": "50", "learners": "900"}, {"staff": 50, "learners": 900}),
        ("kind", {"kind": "kindergarten"}, {"kind": "kindergarten"}),
        ("ownership", {"ownership": "private"}, {"ownership": "private"}),
        ("repair", {}, {"lifecycle": "capital_repair"}),
        ("close", {}, {"lifecycle": "closed"}),
        (
            "move",
            {"locality": "351000000", "settlement": "351010000"},
            {"locality__kato": "351000000", "settlement_class": "regional_city", "large_city__kato": "351010000"},
        ),
    ],
)
def test_what_follows_is_seen_and_then_done(school, editor, act, typed, expected):
    client, url = signed_in(editor), change_url(school, act)
    told, done = see_and_save(client, url, since="2026-05-01", reason="Бұйрық № 5", **typed)
    assert told.status_code == 200
    assert told.context["told"].figures
    assert (done.status_code, done.url) == (302, reverse("institutions:detail", args=[school.bin]))
    state = InstitutionState.objects.filter(institution=school, valid_to=None)
    assert state.values(*expected).get() == expected
    assert state.values("valid_from", "reason", "recorded_by").get() == {
        "valid_from": date(2026, 5, 1), "reason": "Бұйрық № 5", "recorded_by": editor.pk,
    }  # fmt: skip


def test_nothing_is_saved_before_it_was_seen(school, editor):
    client, url = signed_in(editor), change_url(school, "headcount")
    response = client.post(url, filled(client, url, do="save", learners="900", reason="Бұйрық"))
    assert response.status_code == 200
    assert response.context["told"] is not None
    assert school.states.count() == 1


def test_who_is_told_how_the_measures_stand_is_in_the_journal(school, editor):
    client, url = signed_in(editor), change_url(school, "headcount")
    client.post(url, filled(client, url, do="show", learners="900", reason="Бұйрық"))
    assert list(Journal.objects.filter(action="institution.read").values_list("user", "institution")) == [
        (editor.pk, school.pk)
    ]
    at_home = signed_in(DirectorFactory(institution=school).user)
    at_home.post(url, filled(at_home, url, do="show", learners="900", reason="Бұйрық"))
    assert Journal.objects.filter(action="institution.read").count() == 1


def test_what_was_seen_holds_for_that_change_alone(school, editor):
    client, url = signed_in(editor), change_url(school, "headcount")
    told = client.post(url, filled(client, url, do="show", learners="900", reason="Бұйрық"))
    form = told.context["form"]
    seen = {name: str(form[name].value() or "") for name in form.fields}
    response = client.post(url, seen | {"do": "save", "learners": "50"})
    assert response.status_code == 200
    assert response.context["told"] is not None
    assert school.states.count() == 1


def test_a_repaired_school_opens_again(school, editor, fixed_now):
    enrolment.change_institution(school, since=date(2026, 4, 1), by=None, now=fixed_now, lifecycle="capital_repair")
    client = signed_in(editor)
    _told, done = see_and_save(client, change_url(school, "reopen"), since="2026-05-02", reason="Жөндеу бітті")
    assert done.status_code == 302
    assert list(school.states.order_by("valid_from").values_list("lifecycle", flat=True)) == [
        "open", "capital_repair", "open",
    ]  # fmt: skip


def test_an_administrator_sets_the_large_city(school, editor, places):
    client = signed_in(AdministratorFactory().user)
    url = change_url(school, "large-city")
    _told, done = see_and_save(client, url, large_city=places.large_city.kato, reason="Министрлік шешімі")
    assert done.status_code == 302
    school.refresh_from_db()
    assert school.large_city == places.large_city


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"reason": ""}, ["reason"]),
        ({"since": "2020-01-01"}, ["since"]),
        ({"since": "2027-06-01"}, ["since"]),
        ({"learners": "-1", "since": ""}, ["learners", "since"]),
        ({"learners": "240", "staff": "30"}, ["__all__"]),
    ],
)
def test_a_wrong_change_comes_back_filled(school, editor, wrong, fields):
    client, url = signed_in(editor), change_url(school, "headcount")
    sent = filled(client, url, do="show", learners="900", reason="Бұйрық") | wrong
    response = client.post(url, sent)
    assert response.status_code == 422
    form = response.context["form"]
    assert sorted(form.errors) == sorted(fields)
    assert {name: form[name].value() for name in form.fields} == {name: sent[name] for name in form.fields}
    assert school.states.count() == 1


def test_a_move_needs_the_settlement_and_stays_within_the_scope(school, editor):
    client, url = signed_in(editor), change_url(school, "move")
    typed = {"do": "show", "reason": "Бұйрық", "locality": "351000000", "settlement": ""}
    assert list(client.post(url, filled(client, url, **typed)).context["form"].errors) == ["settlement"]
    elsewhere = client.post(url, filled(client, url, **(typed | {"locality": "711110000"})))
    assert "locality" in elsewhere.context["form"].errors
    looked_up = client.post(url, filled(client, url, **(typed | {"do": "place"})))
    assert looked_up.status_code == 200
    offered = [kato for kato, _label in looked_up.context["form"].fields["settlement"].choices]
    assert offered == ["", "351010000"]
    assert looked_up.context["form"]["reason"].value() == "Бұйрық"


def test_a_change_that_somebody_else_made_meanwhile_is_shown_first(school, editor, fixed_now):
    client, url = signed_in(editor), change_url(school, "headcount")
    sent = filled(client, url, do="show", learners="900", reason="Бұйрық")
    enrolment.change_institution(school, since=date(2026, 5, 10), by=None, now=fixed_now, learners=333)
    response = client.post(url, sent)
    assert response.status_code == 409
    assert response.context["form"]["learners"].value() == "900"
    assert [state.learners for state in response.context["states"]] == [333, 240]
    form = response.context["form"]
    again = {name: str(form[name].value() or "") for name in form.fields} | {"do": "show"}
    assert client.post(url, again).status_code == 200


def test_of_two_who_save_at_the_same_moment_the_second_is_shown_the_first(school, editor, fixed_now, monkeypatch):
    client, url = signed_in(editor), change_url(school, "headcount")
    told = client.post(url, filled(client, url, do="show", learners="900", reason="Бұйрық"))
    form = told.context["form"]
    sent = {name: str(form[name].value() or "") for name in form.fields} | {"do": "save"}
    real = enrolment.change_institution

    def somebody_is_faster(institution, **values):
        real(institution, since=date(2026, 5, 10), by=None, now=fixed_now, learners=333)
        return real(institution, **values)

    monkeypatch.setattr("compliance.views.registry.enrolment.change_institution", somebody_is_faster)
    response = client.post(url, sent)
    assert response.status_code == 409
    assert response.context["form"]["learners"].value() == "900"
    assert [state.learners for state in response.context["states"]] == [333, 240]


def test_of_two_who_correct_at_the_same_moment_the_second_is_shown_the_first(school, editor, fixed_now, monkeypatch):
    client, url = signed_in(editor), reverse("institutions:details", args=[school.bin])
    sent = filled(client, url, name_kk="Лицей")
    real = proposals.correct

    def somebody_is_faster(institution, **values):
        registry.change_details(Institution.objects.get(pk=school.pk), by=None, now=fixed_now, name_kk="Гимназия")
        return real(institution, **values)

    monkeypatch.setattr("compliance.views.registry.proposals.correct", somebody_is_faster)
    response = client.post(url, sent)
    assert (response.status_code, response.context["form"]["name_kk"].value()) == (409, "Лицей")
    assert "Гимназия" in [row["value"] for row in response.context["recorded"]]
    school.refresh_from_db()
    assert school.name_kk == "Гимназия"


@pytest.mark.parametrize(("lifecycle", "act"), [("open", "reopen"), ("closed", "headcount"), ("closed", "close")])
def test_acts_that_make_no_sense_now_are_not_there(school, editor, fixed_now, lifecycle, act):
    if lifecycle != "open":
        enrolment.change_institution(school, since=date(2026, 5, 1), by=None, now=fixed_now, lifecycle=lifecycle)
    assert signed_in(editor).get(change_url(school, act)).status_code == 404
    assert signed_in(editor).get(change_url(school, "fly")).status_code == 404


@pytest.mark.parametrize("page", ["details", "headcount"])
def test_records_are_changed_within_the_scope_alone(school, editor, places, page):
    url = reverse("institutions:details", args=[school.bin]) if page == "details" else change_url(school, page)
    people = {
        "editor": editor,
        "director": DirectorFactory(institution=school).user,
        "approver": ApproverFactory(region=places.region).user,
        "analyst": AnalystFactory().user,
        "auditor": AuditorFactory().user,
        "neighbour": EditorFactory(region=places.capital).user,
    }
    found = {who: signed_in(person).get(url).status_code for who, person in people.items()}
    assert found == {
        "editor": 200, "director": 200, "approver": 200, "analyst": 200, "auditor": 404, "neighbour": 404,
    }  # fmt: skip
    assert Client().get(url).status_code == 302


# --- names, address, contacts ----------------------------------------------------------------------


def test_an_editor_corrects_details_at_once(school, editor):
    client, url = signed_in(editor), reverse("institutions:details", args=[school.bin])
    response = client.post(url, filled(client, url, name_kk="Лицей", phone="+7 7212 25 00 00"))
    assert (response.status_code, response.url) == (302, reverse("institutions:detail", args=[school.bin]))
    school.refresh_from_db()
    assert (school.name_kk, school.phone) == ("Лицей", "+7 7212 25 00 00")
    assert not ChangeProposal.objects.exists()


def test_a_director_changes_contacts_and_proposes_the_rest(school, editor):
    director = DirectorFactory(institution=school).user
    client, url = signed_in(director), reverse("institutions:details", args=[school.bin])
    without_reason = client.post(url, filled(client, url, name_kk="Лицей", phone="+7 7212 25 00 00"))
    assert (without_reason.status_code, list(without_reason.context["form"].errors)) == (422, ["reason"])
    typed = {"name_kk": "Лицей", "phone": "+7 7212 25 00 00", "reason": "Жаңа атау"}
    response = client.post(url, filled(client, url, **typed))
    proposal = ChangeProposal.objects.get()
    assert (response.status_code, response.url) == (302, reverse("institutions:proposal", args=[proposal.pk]))
    old = school.name_kk
    school.refresh_from_db()
    assert (school.name_kk, school.phone) == (old, "+7 7212 25 00 00")
    assert (proposal.owner, proposal.changes, proposal.proposed_by, proposal.reason) == (
        "region", {"name_kk": {"old": old, "new": "Лицей"}}, director, "Жаңа атау",
    )  # fmt: skip


def test_details_that_were_not_touched_change_nothing(school, editor):
    client, url = signed_in(editor), reverse("institutions:details", args=[school.bin])
    before = Journal.objects.count()
    assert client.post(url, filled(client, url)).status_code == 302
    assert Journal.objects.count() == before


def test_details_that_somebody_else_corrected_come_back_beside_theirs(school, editor, fixed_now):
    client, url = signed_in(editor), reverse("institutions:details", args=[school.bin])
    sent = filled(client, url, name_kk="Лицей")
    registry.change_details(school, by=None, now=fixed_now, name_kk="Гимназия")
    response = client.post(url, sent)
    assert (response.status_code, response.context["form"]["name_kk"].value()) == (409, "Лицей")
    assert "Гимназия" in [row["value"] for row in response.context["recorded"]]
    school.refresh_from_db()
    assert school.name_kk == "Гимназия"


# --- card and history ------------------------------------------------------------------------------


def test_the_card_offers_what_the_reader_may_do_or_propose(school, editor):
    def offered(user) -> dict[str, bool]:
        page = signed_in(user).get(reverse("institutions:detail", args=[school.bin]))
        if not page.context["may_propose"]:
            return {}
        return {act.code: direct for act, direct in page.context["acts"]}

    all_acts = dict.fromkeys(("headcount", "kind", "ownership", "move", "large-city", "repair", "close"), True)
    assert offered(AdministratorFactory().user) == all_acts
    assert offered(editor) == all_acts | {"large-city": False}
    assert offered(DirectorFactory(institution=school).user) == dict.fromkeys(all_acts, False) | {"headcount": True}
    assert offered(AuditorFactory().user) == {}


def test_history_shows_the_states_with_who_and_why(school, editor, fixed_now):
    enrolment.change_institution(
        school, since=date(2026, 5, 1), by=editor, now=fixed_now, reason="Бұйрық № 5", learners=300
    )
    page = signed_in(editor).get(reverse("institutions:history", args=[school.bin]))
    assert [(state.learners, state.recorded_by) for state in page.context["states"]] == [(300, editor), (240, None)]
    other = signed_in(AnalystFactory().user).get(reverse("institutions:history", args=[school.bin])).content.decode()
    assert "Бұйрық № 5" in other
    assert editor.full_name in other
