"""Pages of an institution's sheet: asked for on its card, seen by whoever sees the institution, each figure a door."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from compliance.enums import Measure, Status
from institutions.models import Journal
from reporting import publishing, rendering
from reporting.brief.sheet_facts import ALL, STATUSES
from reporting.enums import BriefKind, BriefState
from reporting.models import Brief
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import (
    AnalystFactory,
    ApproverFactory,
    AuditorFactory,
    DirectorFactory,
    InstitutionFactory,
    UserFactory,
)
from tests.reading import read_through

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]


@pytest.fixture(autouse=True)
def _files_of_their_own(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("compliance.hints.send", lambda task, **arguments: None)


@pytest.fixture
def school(fixed_now, order, places):
    school = InstitutionFactory(locality=places.city, large_city=places.large_city)
    EntryFactory(item=ItemFactory(institution=school), approved=True)
    EntryFactory(item=ItemFactory(institution=school, measure=Measure.TURNSTILE), status=Status.NOT_MET, approved=True)
    return school


@pytest.fixture
def director(school):
    return DirectorFactory(institution=school).user


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ask_url(school) -> str:
    return reverse("reporting:sheet", args=[school.bin])


@pytest.fixture
def sheet(school, director) -> Brief:
    """Made, at the cost of one line on paper: readers get copies, for which the file has to be a real one."""
    signed_in(director).post(ask_url(school))
    brief = Brief.objects.get()
    brief.file.save("a.pdf", ContentFile(rendering.render_stamp("117")), save=False)
    Brief.objects.filter(pk=brief.pk).update(
        state=BriefState.READY, progress=100, file=brief.file.name, file_hash="ab" * 32, pages=3
    )
    brief.refresh_from_db()
    return brief


# --- asked for ----------------------------------------------------------------------------------------


def test_the_card_offers_the_extract_and_one_press_asks_for_it(school, director):
    client = signed_in(director)
    card = client.get(reverse("institutions:detail", args=[school.bin])).content.decode()
    assert f'<form method="post" action="{ask_url(school)}">' in card
    answered = client.post(ask_url(school))
    brief = Brief.objects.get()
    assert (answered.status_code, answered.url) == (302, reverse("reporting:brief", args=[brief.pk]))
    assert (brief.kind, brief.institution, brief.language, brief.requested_by, brief.period.code) == (
        BriefKind.INSTITUTION,
        school,
        "kk",
        director,
        "2026Q2",
    )
    page = client.get(answered.url)
    assert reverse("reporting:brief_progress", args=[brief.pk]) in page.content.decode()


def test_the_extract_speaks_the_language_of_the_page(school, director, settings):
    client = signed_in(director)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "ru"
    client.post(ask_url(school))
    assert Brief.objects.get().language == "ru"


def test_reading_the_address_asks_for_nothing(school, director):
    assert signed_in(director).get(ask_url(school)).status_code == 405
    assert not Brief.objects.exists()


def test_who_does_not_see_the_institution_gets_no_sheet(school, places):
    other = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)
    strangers = [DirectorFactory(institution=other).user, ApproverFactory(region=places.capital).user, UserFactory()]
    assert [signed_in(user).post(ask_url(school)).status_code for user in strangers] == [404, 404, 404]
    assert Client().post(ask_url(school)).status_code == 302
    assert not Brief.objects.exists()


def test_everybody_who_sees_the_checklist_may_ask(school, director, places):
    people = [director, ApproverFactory(region=places.region).user, AuditorFactory().user, AnalystFactory().user]
    assert [signed_in(user).post(ask_url(school)).status_code for user in people] == [302] * 4
    assert Brief.objects.count() == 1  # of one day and one list there is one sheet


def test_while_figures_move_the_person_is_told(school, director, monkeypatch):
    def moves(*_period, **_asked):
        raise publishing.SnapshotMoved("2026Q2")

    monkeypatch.setattr(publishing, "request_brief", moves)
    answered = signed_in(director).post(ask_url(school), follow=True)
    assert answered.redirect_chain == [(reverse("institutions:detail", args=[school.bin]), 302)]
    assert "The figures are moving just now." in answered.content.decode()


# --- its page -----------------------------------------------------------------------------------------


def pages_of(brief: Brief) -> list[str]:
    return [
        reverse("reporting:brief", args=[brief.pk]),
        reverse("reporting:brief_file", args=[brief.pk]),
        reverse("reporting:brief_records", args=[brief.pk]) + "?part=all",
        reverse("reporting:brief_records_by_code", args=[brief.code]) + "?part=met",
    ]


def statuses(user, brief: Brief) -> list[int]:
    client = signed_in(user)
    found = []
    for url in pages_of(brief):
        answered = client.get(url)
        found.append(answered.status_code)
        read_through(answered)
    return found


def test_a_sheet_is_open_to_whoever_sees_its_institution(sheet, school, director, places):
    for user in (director, ApproverFactory(region=places.region).user, AnalystFactory().user):
        assert statuses(user, sheet) == [200] * 4
    other = InstitutionFactory(locality=places.city)
    for user in (DirectorFactory(institution=other).user, ApproverFactory(region=places.capital).user, UserFactory()):
        assert statuses(user, sheet) == [404] * 4


def test_the_page_shows_the_counts_and_leads_back_to_the_card(sheet, school, director):
    found = signed_in(director).get(pages_of(sheet)[0])
    page = found.content.decode()
    assert found.context["figures"] is None
    assert {count.part: count.number for count in found.context["counts"]} == sheet.snapshot["counts"]
    assert [step.url for step in found.context["trail"]] == [reverse("institutions:detail", args=[school.bin]), ""]
    assert sheet.snapshot["ledger"]["hash"] in page
    assert f"{school.name}, BIN {school.bin}" in [str(fact.value) for fact in found.context["facts"]]
    assert "By place" not in page


def test_a_refused_sheet_says_why(sheet, director):
    finding = {
        "rule": "sheet_days", "measure": "CCTV", "kind": "all", "place": "KZ", "printed": "a", "expected": "b",
        "message": "It says a and should say b.",
    }  # fmt: skip
    Brief.objects.filter(pk=sheet.pk).update(state=BriefState.REFUSED, findings=[finding])
    page = signed_in(director).get(pages_of(sheet)[0]).content.decode()
    assert "a day is not what was frozen, or out of order" in page


def test_a_failed_sheet_can_be_asked_for_again_by_the_director(sheet, school, director):
    Brief.objects.filter(pk=sheet.pk).update(state=BriefState.FAILED, error="OSError: full")
    client = signed_in(director)
    assert ask_url(school) in client.get(pages_of(sheet)[0]).content.decode()
    client.post(ask_url(school))
    sheet.refresh_from_db()
    assert sheet.state == BriefState.QUEUED


def test_the_file_bears_the_bin_and_the_day(sheet, school, director):
    answered = signed_in(director).get(pages_of(sheet)[1])
    assert answered["Content-Disposition"] == f'attachment; filename="extract-{school.bin}-2026-05-20-kk.pdf"'
    read_through(answered)


# --- behind its figures -------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [ALL, *STATUSES])
def test_each_figure_opens_exactly_its_items(sheet, director, part):
    found = signed_in(director).get(reverse("reporting:brief_records", args=[sheet.pk]) + f"?part={part}")
    items = found.context["items"]
    assert len(items) == sheet.snapshot["counts"][part]
    assert part == ALL or {item.status for item in items} <= {part}
    assert found.content.decode().count('<th scope="row">') == len(items)


def test_the_list_stays_as_it_was_frozen(sheet, school, order, director):
    EntryFactory(item=ItemFactory(institution=school, measure=Measure.TURNSTILE), approved=True)
    url = reverse("reporting:brief_records", args=[sheet.pk]) + "?part=not_met"
    titles = [item.title for item in signed_in(director).get(url).context["items"]]
    assert titles == [order.measures[Measure.TURNSTILE].title_kk]


@pytest.mark.parametrize("query", ["", "?part=perhaps", "?measure=turnstile&part=total"])
def test_a_figure_that_is_none_is_not_found(sheet, director, query):
    assert signed_in(director).get(reverse("reporting:brief_records", args=[sheet.pk]) + query).status_code == 404


def test_an_outsiders_reading_is_in_the_journal_and_the_directors_is_not(sheet, school, director):
    url = pages_of(sheet)[3]
    signed_in(director).get(url)
    assert not Journal.objects.filter(action="institution.read").exists()
    auditor = AuditorFactory().user
    signed_in(auditor).get(url)
    assert list(Journal.objects.filter(action="institution.read").values_list("user", "institution")) == [
        (auditor.pk, school.pk)
    ]
