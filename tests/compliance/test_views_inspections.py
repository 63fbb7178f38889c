"""Pages of inspections and of contradictions: who records, who reads, what a refused form keeps."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from compliance.enums import Measure, Status
from compliance.models import Inspection
from institutions.models import Journal
from tests.factories.compliance import EntryFactory, InspectionFactory, ItemFactory
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

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]
LIST = reverse("compliance:contradictions")


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    monkeypatch.setattr("compliance.hints.send", lambda task, **arguments: None)


@pytest.fixture
def school(fixed_now, order, places):
    return InstitutionFactory(locality=places.city, large_city=places.large_city)


@pytest.fixture
def item(school):
    item = ItemFactory(institution=school)
    EntryFactory(item=item, effective_on=date(2026, 3, 1), approved=True)
    return item


@pytest.fixture
def approver(places):
    return ApproverFactory(region=places.region).user


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def form_of(school) -> str:
    return reverse("compliance:inspection_new", args=[school.bin])


def filled(item, **changed):
    return {
        "held_on": "2026-05-04",
        "inspector": "Балалар құқықтарын қорғау комитеті",
        "note": "Камера өшірулі",
        f"item-{item.requirement.code}": "not_met",
    } | changed


# --- recorded ---------------------------------------------------------------------------------------------


def test_an_approver_records_what_was_found_and_reads_it(item, school, approver):
    client = signed_in(approver)
    answered = client.post(form_of(school), filled(item))
    made = Inspection.objects.get()
    assert (answered.status_code, answered.url) == (302, reverse("compliance:inspection", args=[made.pk]))
    assert (made.held_on, made.inspector, made.note, made.recorded_by) == (
        date(2026, 5, 4),
        "Балалар құқықтарын қорғау комитеті",
        "Камера өшірулі",
        approver,
    )
    page = client.get(answered.url).content.decode()
    assert item.requirement.title_kk in page
    assert [(finding.item, finding.status) for finding in made.findings.all()] == [(item, Status.NOT_MET)]


def test_whoever_does_not_verify_here_finds_no_form(item, school, places):
    inside = [
        DirectorFactory(institution=school).user,
        EditorFactory(region=places.region).user,
        AnalystFactory().user,
        AuditorFactory().user,
    ]
    outside = [ApproverFactory(region=places.capital).user, UserFactory()]
    for user in (*inside, *outside):
        client = signed_in(user)
        assert [client.get(form_of(school)).status_code, client.post(form_of(school), filled(item)).status_code] == [
            404,
            404,
        ]
    assert not Inspection.objects.exists()


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"held_on": "2026-05-21"}, "held_on", "future"),
        ({"held_on": "кеше"}, "held_on", "invalid"),
        ({"inspector": " "}, "inspector", "required"),
        ({"item-CCTV": ""}, "__all__", "nothing_found"),
        ({"item-CCTV": "unknown"}, "item-CCTV", "invalid_choice"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(item, school, approver, changed, field, code):
    answered = signed_in(approver).post(form_of(school), filled(item, **changed))
    errors = answered.context["form"].errors.as_data()
    assert answered.status_code == 422
    assert {name: [error.code for error in found] for name, found in errors.items()} == {field: [code]}
    page = answered.content.decode()
    assert all(message in page for error in errors[field] for message in error.messages)
    assert "Камера өшірулі" in page
    assert not Inspection.objects.exists()


def test_who_answered_is_told_that_somebody_else_has_to_look(item, school, places):
    both = ApproverFactory(region=places.region).user
    EditorFactory(user=both, region=places.region)
    turnstile = ItemFactory(institution=school, measure=Measure.TURNSTILE)
    EntryFactory(item=turnstile, author=both, approved=True)
    answered = signed_in(both).post(form_of(school), filled(turnstile))
    assert answered.status_code == 422
    assert f"You answered this yourself, so somebody else has to verify it: {turnstile.requirement.title_kk}." in (
        answered.content.decode()
    )


# --- read -------------------------------------------------------------------------------------------------


def test_all_in_scope_read_an_inspection_and_nobody_else(item, school, places, approver):
    url = reverse("compliance:inspection", args=[InspectionFactory(item=item).pk])
    for user in (approver, DirectorFactory(institution=school).user, AnalystFactory().user, AuditorFactory().user):
        assert signed_in(user).get(url).status_code == 200
    other = InstitutionFactory(locality=places.district)
    for user in (ApproverFactory(region=places.capital).user, DirectorFactory(institution=other).user, UserFactory()):
        assert signed_in(user).get(url).status_code == 404
    assert Journal.objects.filter(action="institution.read").count() == 3  # not the director's own


def test_card_and_item_show_the_three_levels_side_by_side(item, school, approver):
    InspectionFactory(item=item, status=Status.NOT_MET, held_on=date(2026, 5, 4))
    EntryFactory(item=item, status=Status.PARTLY_MET, effective_on=date(2026, 5, 1), submitted=True)
    client = signed_in(approver)
    found = client.get(reverse("institutions:detail", args=[school.bin]))
    (measure,) = [one for one in found.context["measures"] if one.pk == item.pk]
    assert (measure.declared, measure.status, measure.found, measure.found_on) == (
        Status.PARTLY_MET,
        Status.MET,
        Status.NOT_MET,
        date(2026, 5, 4),
    )
    assert form_of(school) in found.content.decode()
    page = client.get(reverse("compliance:item", args=[school.bin, item.requirement.code])).content.decode()
    assert "An inspection says otherwise" in page


def test_the_history_names_who_looked_and_why_it_was_taken_back(item, school, approver):
    client = signed_in(approver)
    client.post(form_of(school), filled(item))
    made = Inspection.objects.get()
    client.post(reverse("compliance:inspection_revoke", args=[made.pk]), {"note": "Басқа мектеп"})
    lines = client.get(reverse("institutions:history", args=[school.bin])).context["lines"]
    assert [(line.cause, line.by, line.note) for line in lines[:2]] == [
        ("revocation", str(approver), "Басқа мектеп"),
        ("inspection", "Балалар құқықтарын қорғау комитеті", "Камера өшірулі"),
    ]


# --- taken back -------------------------------------------------------------------------------------------


def test_it_is_taken_back_with_a_reason_and_only_by_whom_it_concerns(item, places, approver):
    made = InspectionFactory(item=item, by=approver)
    url = reverse("compliance:inspection_revoke", args=[made.pk])
    refused = signed_in(approver).post(url, {"note": ""})
    assert refused.status_code == 422
    assert "Say why the inspection is wrong." in refused.content.decode()
    signed_in(ApproverFactory(region=places.region).user).post(url, {"note": "Қате"})
    assert signed_in(ApproverFactory(region=places.capital).user).post(url, {"note": "Қате"}).status_code == 404
    assert signed_in(AnalystFactory().user).post(url, {"note": "Қате"}).status_code == 404
    made.refresh_from_db()
    assert made.revoked_at is None
    signed_in(AdministratorFactory().user).post(url, {"note": "Қате"})
    made.refresh_from_db()
    assert made.revoke_note == "Қате"


# --- contradictions ---------------------------------------------------------------------------------------


def test_contradictions_are_listed_within_each_readers_scope(item, school, places, approver):
    InspectionFactory(item=item, status=Status.NOT_MET)
    for user, seen in (
        (approver, 1),
        (DirectorFactory(institution=school).user, 1),
        (AnalystFactory().user, 1),
        (ApproverFactory(region=places.capital).user, 0),
        (UserFactory(), 0),
    ):
        assert len(signed_in(user).get(LIST).context["page"].object_list) == seen


def test_whoever_reads_contradictions_from_outside_leaves_a_trace(item, school, approver):
    InspectionFactory(item=item, status=Status.NOT_MET)
    auditor = AuditorFactory().user
    for user in (approver, DirectorFactory(institution=school).user, auditor):
        signed_in(user).get(LIST, {"q": ""})
    rows = Journal.objects.filter(action="contradictions.list").order_by("pk")
    assert [(row.user, row.after) for row in rows] == [(approver, {"q": ""}), (auditor, {"q": ""})]


@pytest.mark.parametrize(
    ("query", "seen"),
    [("?q=жоқ", 0), ("?region=KZ-35", 1), ("?measure=turnstile", 0), ("?measure=cctv_installed", 1), ("?region=xx", 0)],
)
def test_contradictions_are_filtered(item, approver, query, seen):
    InspectionFactory(item=item, status=Status.NOT_MET)
    assert len(signed_in(approver).get(LIST + query).context["page"].object_list) == seen


@pytest.mark.parametrize("schools", [1, 3])
def test_the_list_asks_the_database_as_often_for_many_as_for_one(
    schools, places, order, approver, django_assert_num_queries
):
    for _school in range(schools):
        item = ItemFactory(institution=InstitutionFactory(locality=places.city, large_city=places.large_city))
        EntryFactory(item=item, approved=True)
        InspectionFactory(item=item, status=Status.NOT_MET, held_on=order.day - timedelta(days=1))
    client = signed_in(approver)
    with django_assert_num_queries(14):
        page = client.get(LIST).context["page"]
    assert len(page.object_list) == schools


def test_homes_count_contradictions_and_open_their_list(item, school, approver):
    InspectionFactory(item=item, status=Status.NOT_MET)
    editor = EditorFactory(region=school.locality.region).user
    for user in (approver, DirectorFactory(institution=school).user, AnalystFactory().user, editor):
        client = signed_in(user)
        tiles = [tile for section in client.get(reverse("home")).context["sections"] for tile in section.tiles]
        (tile,) = [tile for tile in tiles if tile.url.startswith(LIST)]
        assert tile.value == 1
        assert len(client.get(tile.url).context["page"].object_list) == 1
