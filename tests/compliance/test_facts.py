"""The facts on which duties rest, and who stands for them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from compliance import enrolment, facts
from compliance.applicability import FACTS
from compliance.models import FactConfirmation
from institutions.models import Institution, Journal
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


@pytest.fixture
def school(fixed_now, order, places, source_words) -> Institution:
    return InstitutionFactory(locality=places.city, large_city=places.large_city)


def client_of(person) -> Client:
    client = Client()
    client.force_login(person)
    client.cookies["django_language"] = "en"
    return client


def by_name(school) -> dict[str, facts.Fact]:
    return {fact.name: fact for fact in facts.facts_of(Institution.objects.get(pk=school.pk), day=date(2026, 5, 20))}


def test_the_facts_are_those_on_which_something_rests(school):
    found = by_name(school)
    assert set(found) == {*facts.RECORDED, *FACTS}
    assert [duty.code for duty in found["leased"].duties] == ["GRD-LEASE"]
    assert "TURNSTILE" in [duty.code for duty in found["headcount"].duties]
    assert {duty.code for duty in found["large_city"].duties} == {"PANIC", "TURNSTILE", "GRD-CONTRACT"}
    assert found["has_grounds"].plain is None
    assert "yes" in found["has_grounds"].value
    assert not any(fact.is_confirmed for fact in found.values())


def test_a_director_stands_for_what_is_answered(school, fixed_now):
    director = DirectorFactory(institution=school).user
    shown = facts.mark(by_name(school).values())
    fresh = facts.confirm(school, shown=shown, by=director, now=fixed_now, day=date(2026, 5, 20))
    assert set(fresh) == set(facts.RECORDED)
    found = by_name(school)
    assert {name for name, fact in found.items() if fact.is_confirmed} == set(facts.RECORDED)
    assert (found["kind"].confirmation.by, found["kind"].confirmation.at) == (director, fixed_now)
    assert Journal.objects.filter(action="facts.confirm", user=director, institution=school).count() == 1


def test_what_changes_is_unconfirmed_again(school, fixed_now):
    director = DirectorFactory(institution=school).user
    facts.confirm(school, shown=None, by=director, now=fixed_now, day=date(2026, 5, 20))
    enrolment.change_institution(school, since=date(2026, 5, 1), by=None, now=fixed_now, learners=999)
    headcount = by_name(school)["headcount"]
    assert (headcount.is_confirmed, headcount.has_changed) == (False, True)


def test_facts_that_moved_on_are_not_confirmed(school, fixed_now):
    director = DirectorFactory(institution=school).user
    shown = facts.mark(by_name(school).values())
    enrolment.change_institution(school, since=date(2026, 5, 1), by=None, now=fixed_now, learners=999)
    with pytest.raises(facts.MovedOn):
        facts.confirm(school, shown=shown, by=director, now=fixed_now, day=date(2026, 5, 20))
    answer = client_of(director).post(reverse("institutions:confirm_facts", args=[school.bin]), {"shown": shown})
    assert answer.status_code == 409
    assert "Nothing was confirmed." in answer.content.decode()
    assert not FactConfirmation.objects.exists()


def test_only_those_who_answer_there_confirm(school, fixed_now):
    for person in (AnalystFactory().user, ApproverFactory(region=school.locality.region).user, UserFactory()):
        with pytest.raises(facts.OutOfScope):
            facts.confirm(school, shown=None, by=person, now=fixed_now, day=date(2026, 5, 20))


def test_a_fact_is_confirmed_once_at_a_time(school, fixed_now):
    director = DirectorFactory(institution=school).user
    for _time in range(2):
        facts.confirm(school, shown=None, by=director, now=fixed_now, day=date(2026, 5, 20))
    assert FactConfirmation.objects.filter(institution=school).count() == len(facts.RECORDED)
    assert "fact_confirmed_once" in {one.name for one in FactConfirmation._meta.constraints}


# --- pages ----------------------------------------------------------------------------------------


def test_the_page_of_a_director(school):
    client = client_of(DirectorFactory(institution=school).user)
    url = reverse("institutions:confirm_facts", args=[school.bin])
    page = client.get(url)
    assert "12 facts are not confirmed" in page.content.decode()
    assert reverse("institutions:change", args=[school.bin, "kind"]) in page.content.decode()
    answer = client.post(url, {"shown": page.context["mark"]}, follow=True)
    assert "The facts are confirmed in your name." in answer.content.decode()
    assert answer.context["unconfirmed"] == 8


def test_who_writes_a_fact_stands_for_it(school):
    client = client_of(DirectorFactory(institution=school).user)
    url = reverse("institutions:facts", args=[school.bin])
    form = client.get(url).context["form"]
    sent = {f"fact_{name}": "no" for name in FACTS} | {"fact_event": "unanswered"}
    sent |= {"staff": "30", "learners": "240", "since": "2026-05-01", "shown": form["shown"].value()}
    assert client.post(url, sent).status_code == 302
    confirmed = {name for name, fact in by_name(school).items() if fact.is_confirmed}
    assert confirmed == {"headcount", *FACTS} - {"event"}


def test_who_reads_and_who_confirms(school, places):
    url = reverse("institutions:confirm_facts", args=[school.bin])
    found = {}
    for name, person in (
        ("director", DirectorFactory(institution=school).user),
        ("editor", EditorFactory(region=places.region).user),
        ("approver", ApproverFactory(region=places.region).user),
        ("analyst", AnalystFactory().user),
        ("neighbour", EditorFactory(region=places.capital).user),
        ("nobody", UserFactory()),
    ):
        client = client_of(person)
        page = client.get(url)
        mark = page.context["mark"] if page.status_code == 200 else ""
        found[name] = (page.status_code, client.post(url, {"shown": mark}).status_code)
    assert found == {
        "director": (200, 302),
        "editor": (200, 302),
        "approver": (200, 404),
        "analyst": (200, 404),
        "neighbour": (404, 404),
        "nobody": (404, 404),
    }


def test_the_region_sees_what_nobody_stands_for(school, places, fixed_now):
    other = InstitutionFactory(locality=places.district, name_kk="Екінші")
    foreign = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)
    facts.confirm(school, shown=None, by=DirectorFactory(institution=school).user, now=fixed_now, day=date(2026, 5, 20))
    url = reverse("institutions:unconfirmed_facts")
    client = client_of(EditorFactory(region=places.region).user)
    page = client.get(url)
    assert [(row.institution.pk, len(row.names)) for row in page.context["page"]] == [(other.pk, 12), (school.pk, 8)]
    assert [row.institution for row in client.get(url, {"fact": "kind"}).context["page"]] == [other]
    assert client.get(url, {"region": "KZ-71"}).status_code == 404
    ministry = client_of(AdministratorFactory().user).get(url, {"region": "KZ-71"})
    assert [row.institution for row in ministry.context["page"]] == [foreign]
    assert Journal.objects.filter(action="facts.list").count() == 3
    for person, status in ((DirectorFactory(institution=school).user, 404), (UserFactory(), 404),
                           (AuditorFactory().user, 200)):  # fmt: skip
        assert client_of(person).get(url).status_code == status


@pytest.mark.parametrize("schools", [2, 30])
def test_the_list_asks_as_often_for_many(school, places, schools, fixed_now, django_assert_num_queries):
    for _number in range(schools):
        made = InstitutionFactory(locality=places.city)
        facts.confirm(
            made, shown=None, by=EditorFactory(region=places.region).user, now=fixed_now + timedelta(hours=1),
            day=date(2026, 5, 20),
        )  # fmt: skip
    client = client_of(EditorFactory(region=places.region).user)
    with django_assert_num_queries(QUERIES):
        client.get(reverse("institutions:unconfirmed_facts"))


QUERIES = 13
