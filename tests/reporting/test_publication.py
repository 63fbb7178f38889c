"""Publication: by a second person, one in force at a time, withdrawn with a reason; jumps explained; who sees what."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from compliance.enums import Measure
from institutions.models import Journal
from reporting import publication, publishing
from reporting.enums import BriefKind, BriefState, Publication
from reporting.models import Brief, new_code
from tests.factories.compliance import EntryFactory, ItemFactory
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
QUARTER = "2026Q2"


@pytest.fixture(autouse=True)
def _files_of_their_own(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("compliance.hints.send", lambda task, **arguments: None)


@pytest.fixture
def school(fixed_now, order, places):
    school = InstitutionFactory(locality=places.city, large_city=places.large_city)
    EntryFactory(item=ItemFactory(institution=school, measure=Measure.TURNSTILE), approved=True)
    return school


@pytest.fixture
def analyst():
    return AnalystFactory().user


@pytest.fixture
def second():
    return AdministratorFactory().user


def finished(brief: Brief) -> Brief:
    brief.file.save("a.pdf", ContentFile(b"%PDF-1.7"), save=False)
    Brief.objects.filter(pk=brief.pk).update(state=BriefState.READY, file=brief.file.name, file_hash="0" * 64)
    brief.refresh_from_db()
    return brief


@pytest.fixture
def ready(school, order, fixed_now, analyst) -> Brief:
    return finished(publishing.request_brief(order.period(QUARTER), language="kk", by=analyst, now=fixed_now))


@pytest.fixture
def regional(school, order, fixed_now, analyst, places) -> Brief:
    subject = publishing.Subject.of_region(places.region)
    return finished(
        publishing.request_brief(order.period(QUARTER), language="kk", by=analyst, now=fixed_now, subject=subject)
    )


def twin(brief: Brief) -> Brief:
    """Another finished draft of the same subject and quarter, of other figures."""
    another = copy.copy(brief)
    another.pk, another.number, another.sequence = None, "117-2026-2/77", 77
    another.snapshot_hash, another.code, another.publication = "1" * 64, new_code(), Publication.DRAFT
    another.published_at = another.published_by = None
    another.save(force_insert=True)
    return another


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(name: str, brief: Brief) -> str:
    return reverse(f"reporting:{name}", args=[brief.pk])


# --- verbs ----------------------------------------------------------------------------------------


def test_a_second_person_puts_a_brief_in_force(ready, second, fixed_now):
    publication.publish(ready, by=second, now=fixed_now)
    assert (ready.publication, ready.published_by, ready.published_at) == (Publication.PUBLISHED, second, fixed_now)
    assert Journal.objects.get(action="brief.publish").after == {"number": ready.number, "hash": "0" * 64}


def test_nobody_publishes_their_own(ready, analyst, fixed_now):
    with pytest.raises(publication.OwnBrief):
        publication.publish(ready, by=analyst, now=fixed_now)
    ready.refresh_from_db()
    assert ready.publication == Publication.DRAFT


@pytest.mark.parametrize("state", sorted(set(BriefState) - {BriefState.READY}))
def test_only_a_finished_brief_is_published(ready, second, fixed_now, state):
    Brief.objects.filter(pk=ready.pk).update(state=state)
    with pytest.raises(publication.NotReady):
        publication.publish(ready, by=second, now=fixed_now)


@pytest.mark.parametrize("worth", [Publication.PUBLISHED, Publication.WITHDRAWN])
def test_what_was_published_once_is_not_published_again(ready, second, fixed_now, worth):
    publication.publish(ready, by=second, now=fixed_now)
    if worth == Publication.WITHDRAWN:
        publication.withdraw(ready, by=second, now=fixed_now, reason="Қате")
    with pytest.raises(publication.NotReady):
        publication.publish(ready, by=second, now=fixed_now)


def test_a_newer_brief_takes_the_place_of_the_older(ready, second, fixed_now):
    publication.publish(ready, by=second, now=fixed_now)
    newer = twin(ready)
    publication.publish(newer, by=second, now=fixed_now + timedelta(days=1))
    ready.refresh_from_db()
    assert (ready.publication, ready.superseded_by) == (Publication.SUPERSEDED, newer)
    assert newer.publication == Publication.PUBLISHED


def test_another_region_or_language_is_left_in_force(ready, regional, second, fixed_now):
    publication.publish(ready, by=second, now=fixed_now)
    publication.publish(regional, by=second, now=fixed_now)
    ready.refresh_from_db()
    assert ready.publication == regional.publication == Publication.PUBLISHED


def test_a_withdrawal_says_why(ready, second, fixed_now):
    publication.publish(ready, by=second, now=fixed_now)
    with pytest.raises(publication.ReasonMissing):
        publication.withdraw(ready, by=second, now=fixed_now, reason="  ")
    publication.withdraw(ready, by=second, now=fixed_now, reason=" Дерек қате ")
    assert (ready.publication, ready.withdrawal_reason, ready.withdrawn_by) == (
        Publication.WITHDRAWN, "Дерек қате", second,
    )  # fmt: skip
    with pytest.raises(publication.NotReady):
        publication.withdraw(ready, by=second, now=fixed_now, reason="Тағы")


def test_the_brief_before_is_what_the_next_quarter_is_measured_from(ready, school, second, order, fixed_now):
    publication.publish(ready, by=second, now=fixed_now)
    later = fixed_now + timedelta(days=60)
    EntryFactory(item=ItemFactory(institution=school, measure=Measure.PANIC_BUTTON), approved=True)
    following = publishing.request_brief(order.period("2026Q3"), language="kk", by=None, now=later)
    assert following.snapshot["previous"]["number"] == ready.number
    by_measure = {change["measure"]: change for change in following.snapshot["changes"]}
    assert {name: by_measure["panic_button"][name] for name in ("before", "gained", "after")} == {
        "before": 0, "gained": 1, "after": 1,
    }  # fmt: skip


# --- explanations ---------------------------------------------------------------------------------


@pytest.fixture
def jumped(ready) -> Brief:
    finding = {"rule": "jump", "measure": "turnstile", "kind": "all", "place": "KZ", "printed": "54%",
               "expected": "20%", "message": ""}  # fmt: skip
    Brief.objects.filter(pk=ready.pk).update(state=BriefState.REFUSED, findings=[finding])
    ready.refresh_from_db()
    return ready


def test_an_explained_jump_lets_the_brief_be_made(jumped, analyst, fixed_now):
    publication.explain(jumped, "turnstile", text="Қаржы  бөлінді.", by=analyst, now=fixed_now)
    assert jumped.state == BriefState.QUEUED
    assert jumped.explanations == [
        {"measure": "turnstile", "kind": "all", "text": "Қаржы бөлінді.", "by": str(analyst), "on": "2026-05-20"}
    ]
    assert jumped.imprint.explanations[0].by == str(analyst)


def test_an_explanation_needs_words_and_something_to_explain(jumped, analyst, fixed_now):
    with pytest.raises(publication.ReasonMissing):
        publication.explain(jumped, "turnstile", text=" ", by=analyst, now=fixed_now)
    with pytest.raises(publication.NothingToExplain):
        publication.explain(jumped, "panic_button", text="Неге", by=analyst, now=fixed_now)
    publication.explain(jumped, "turnstile", text="Себеп", by=analyst, now=fixed_now)
    with pytest.raises(publication.NothingToExplain):
        publication.explain(jumped, "turnstile", text="Тағы", by=analyst, now=fixed_now)


def test_the_page_takes_the_explanation_and_keeps_what_was_typed(jumped, analyst):
    client = signed_in(analyst)
    page = client.get(url("brief", jumped)).content.decode()
    assert reverse("reporting:brief_explain", args=[jumped.pk]) in page
    too_long = client.post(url("brief_explain", jumped), {"measure": "turnstile", "text": "а" * 501})
    assert too_long.status_code == 422
    assert "а" * 501 in too_long.content.decode()
    client.post(url("brief_explain", jumped), {"measure": "turnstile", "text": "Себеп"})
    jumped.refresh_from_db()
    assert jumped.explanations[0]["text"] == "Себеп"


# --- pages ----------------------------------------------------------------------------------------


def test_the_page_publishes_and_withdraws(ready, second):
    client = signed_in(second)
    client.post(url("brief_publish", ready))
    ready.refresh_from_db()
    assert ready.publication == Publication.PUBLISHED
    empty = client.post(url("brief_withdraw", ready), {"reason": ""})
    assert (empty.status_code, "errors" in empty.content.decode()) == (422, True)
    client.post(url("brief_withdraw", ready), {"reason": "Дерек қате"})
    page = client.get(url("brief", ready)).content.decode()
    assert "Дерек қате" in page


def test_the_page_tells_the_asker_that_somebody_else_publishes(ready, analyst):
    client = signed_in(analyst)
    page = client.get(url("brief", ready)).content.decode()
    assert reverse("reporting:brief_publish", args=[ready.pk]) not in page
    answer = client.post(url("brief_publish", ready), follow=True)
    assert "somebody else has to publish it" in answer.content.decode()


@pytest.mark.parametrize("name", ["brief_publish", "brief_withdraw", "brief_explain"])
def test_nobody_but_the_ministry_changes_a_brief(regional, second, places, fixed_now, name):
    publication.publish(regional, by=second, now=fixed_now)
    for user in (
        AuditorFactory().user,
        ApproverFactory(region=places.region).user,
        EditorFactory(region=places.region).user,
    ):
        assert (
            signed_in(user).post(url(name, regional), {"reason": "x", "measure": "turnstile", "text": "x"}).status_code
            == 404
        )


def test_a_region_sees_its_own_brief_once_it_is_published(regional, ready, second, places, fixed_now):
    approver = signed_in(ApproverFactory(region=places.region).user)
    neighbour = signed_in(ApproverFactory(region=places.capital).user)
    district = signed_in(ApproverFactory(locality=places.district).user)
    clients = (approver, neighbour, district)
    assert [client.get(url("brief", regional)).status_code for client in clients] == [404, 404, 404]
    publication.publish(regional, by=second, now=fixed_now)
    assert [client.get(url("brief", regional)).status_code for client in clients] == [200, 404, 404]
    assert [len(client.get(reverse("reporting:briefs")).context["page"].object_list) for client in clients] == [1, 0, 0]
    door = reverse("reporting:brief_records_by_code", args=[regional.code]) + "?measure=turnstile&part=covered"
    assert [client.get(door).status_code for client in clients] == [200, 404, 404]


def test_the_printed_address_opens_the_figure(ready, analyst, school):
    door = reverse("reporting:brief_records_by_code", args=[ready.code])
    assert door == f"/briefs/c/{ready.code}/institutions/"
    assert ready.imprint.records_url.endswith(door)
    client = signed_in(analyst)
    shown = client.get(door, {"measure": "turnstile", "part": "covered", "ownership": school.ownership})
    assert [row[0] for row in shown.context["rows"]] == [school]
    other = "private" if school.ownership == "state" else "state"
    assert list(client.get(door, {"measure": "turnstile", "part": "covered", "ownership": other}).context["rows"]) == []
    assert Client().get(door, {"measure": "turnstile", "part": "covered"}).status_code == 302


def test_the_list_is_narrowed_by_its_filters(ready, regional, analyst, second, fixed_now):
    publication.publish(regional, by=second, now=fixed_now)
    client = signed_in(analyst)

    def listed(**filters: str) -> set[Brief]:
        return set(client.get(reverse("reporting:briefs"), filters).context["page"].object_list)

    assert listed() == {ready, regional}
    assert listed(kind="region") == listed(publication="published") == {regional}
    assert listed(kind="country", period=QUARTER) == {ready}
    assert listed(period="2026Q1") == set()
    assert listed(kind="galaxy") == {ready, regional}


def test_a_regions_brief_is_asked_for_on_its_page(school, order, analyst, places, fixed_now):
    answer = signed_in(analyst).post(
        reverse("reporting:brief_new"), {"period": QUARTER, "language": "ru", "subject": places.region.code}
    )
    made = Brief.objects.get()
    assert answer.headers["Location"] == url("brief", made)
    assert (made.kind, made.region, made.subject, made.language) == (
        BriefKind.REGION, places.region, places.region.code, "ru",
    )  # fmt: skip
    assert made.official_use


def test_a_director_finds_no_brief_of_the_region(regional, school, second, fixed_now):
    publication.publish(regional, by=second, now=fixed_now)
    director = signed_in(DirectorFactory(institution=school).user)
    assert director.get(url("brief", regional)).status_code == 404
