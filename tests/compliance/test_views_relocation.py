"""The page on which the institutions of a locality move to another."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from compliance.views import relocation as page
from institutions.models import Institution, Journal
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    EditorFactory,
    InstitutionFactory,
    LocalityFactory,
    SettlementFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]


@pytest.fixture
def target(places):
    district = LocalityFactory()
    SettlementFactory(locality=district, name_kk=places.centre.name_kk)
    return district


@pytest.fixture
def schools(fixed_now, order, places, target) -> list[Institution]:
    return [InstitutionFactory(locality=places.district, settlement=places.centre) for _each in range(3)]


@pytest.fixture
def administrator(schools) -> Client:
    client = Client()
    client.force_login(AdministratorFactory().user)
    return client


def sent(places, target, **more: str) -> dict[str, str]:
    return {
        "source": places.district.kato, "target": target.kato, "since": "2026-05-01", "reason": "Жарлық № 887", **more,
    }  # fmt: skip


def localities() -> set[str]:
    return set(Institution.objects.values_list("locality__kato", flat=True))


def test_who_moves_is_told_first_and_then_moved(administrator, places, target):
    url = reverse("institutions:relocate")
    told = administrator.post(url, sent(places, target, do="show"))
    assert (told.status_code, len(told.context["plan"].institutions)) == (200, 3)
    assert localities() == {places.district.kato}
    done = administrator.post(url, sent(places, target, do="move"))
    assert (done.status_code, done.url) == (302, reverse("institutions:list"))
    assert localities() == {target.kato}
    assert Journal.objects.get(action="locality.move").after["institutions"] == 3


def test_many_move_in_steps(administrator, places, target, monkeypatch):
    monkeypatch.setattr(page, "STEP", 2)
    url = reverse("institutions:relocate")
    first = administrator.post(url, sent(places, target, do="move"))
    assert (first.status_code, len(first.context["plan"].institutions)) == (200, 1)
    assert localities() == {places.district.kato, target.kato}
    assert administrator.post(url, sent(places, target, do="move")).status_code == 302
    assert localities() == {target.kato}
    steps = Journal.objects.filter(action="locality.move").order_by("pk")
    assert [row.after["institutions"] for row in steps] == [2, 1]


def test_a_settlement_without_a_namesake_is_asked_for(administrator, places, target):
    village = InstitutionFactory(locality=places.district, settlement=places.village)
    new = SettlementFactory(locality=target, name_kk="Жаңа ауыл")
    url, name = reverse("institutions:relocate"), f"settlement_{places.village.kato}"
    asked = administrator.post(url, sent(places, target, do="move"))
    assert (asked.status_code, name in asked.context["form"].fields) == (422, True)
    assert localities() == {places.district.kato}
    empty = administrator.post(url, sent(places, target, do="move", **{name: ""}))
    assert (empty.status_code, list(empty.context["form"].errors)) == (422, [name])
    assert administrator.post(url, sent(places, target, do="move", **{name: new.kato})).status_code == 302
    village.refresh_from_db()
    assert village.settlement == new


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"reason": ""}, ["reason"]),
        ({"target": "354000000"}, ["target"]),
        ({"since": "2030-01-01", "source": ""}, ["since", "source"]),
    ],
)
def test_a_wrong_form_comes_back_filled(administrator, places, target, wrong, fields):
    typed = sent(places, target, do="move") | wrong
    response = administrator.post(reverse("institutions:relocate"), typed)
    assert (response.status_code, sorted(response.context["form"].errors)) == (422, fields)
    form = response.context["form"]
    assert {name: form[name].value() for name in form.fields} == {name: typed[name] for name in form.fields}
    assert localities() == {places.district.kato}


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_page_is_for_administrators(schools, places, target, method):
    url = reverse("institutions:relocate")
    for membership in (EditorFactory(region=places.region), AnalystFactory()):
        client = Client()
        client.force_login(membership.user)
        assert getattr(client, method)(url, sent(places, target, do="move")).status_code == 404
    assert getattr(Client(), method)(url).status_code == 302
    assert localities() == {places.district.kato}
