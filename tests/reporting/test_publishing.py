"""A brief from the wish to the file: once, checked, refused with reasons, taken over from a worker that is gone."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest

from compliance import periods, seals
from compliance.enums import Measure, Status
from compliance.models import PendingFold
from institutions.enums import Kind
from institutions.models import Journal
from reporting import publishing, rendering, snapshot, tasks
from reporting.coverage import Part
from reporting.enums import BriefState
from reporting.models import Brief
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import InstitutionFactory

QUARTER = "2026Q2"


def answer(institution, measure, status=Status.MET):
    return EntryFactory(item=ItemFactory(institution=institution, measure=measure), status=status, approved=True)


@pytest.fixture(autouse=True)
def _files_of_their_own(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def sent(monkeypatch):
    """The hints to the workers, in place of a broker."""
    messages = []
    monkeypatch.setattr("compliance.hints.send", lambda task, **arguments: messages.append((task, arguments)))
    return messages


@pytest.fixture
def quick(monkeypatch):
    """A file at once: what WeasyPrint makes is tested where it is made."""
    monkeypatch.setattr(rendering, "render_pdf", lambda html, **options: rendering.Pdf(b"%PDF-1.7 " + html.encode(), 6))


@pytest.fixture
def school(fixed_now, order, places, sent, quick):
    school = InstitutionFactory(locality=places.city, large_city=places.large_city)
    answer(school, Measure.CCTV_INSTALLED)
    answer(school, Measure.TURNSTILE, Status.PARTLY_MET)
    return school


def ask(order, now, language="kk"):
    return publishing.request_brief(order.period(QUARTER), language=language, by=None, now=now)


# --- asked for -----------------------------------------------------------------------------------


def test_the_same_figures_are_the_same_brief(school, order, fixed_now):
    first = ask(order, fixed_now)
    again = ask(order, fixed_now + timedelta(hours=1))
    assert (again.pk, again.number, again.dated_on) == (first.pk, "117-2026-2/1", first.dated_on)
    assert Journal.objects.filter(action="brief.request").count() == 1


def test_the_brief_of_a_closed_quarter_names_the_seal_of_the_day_before_even_before_anybody_sealed(
    school, order, fixed_now
):
    period, later = order.period("2026Q1"), fixed_now + timedelta(days=1)
    periods.close_period(period, by=None, now=later)
    first = publishing.request_brief(period, language="kk", by=None, now=later)
    assert first.snapshot["seal"]["day"] == order.day.isoformat()
    seals.seal_days(later)
    assert publishing.request_brief(period, language="kk", by=None, now=later).pk == first.pk


def test_another_answer_or_language_is_another_brief(school, order, fixed_now):
    numbers = [ask(order, fixed_now).number, ask(order, fixed_now, "ru").number]
    answer(school, Measure.PANIC_BUTTON)
    numbers.append(ask(order, fixed_now).number)
    assert numbers == ["117-2026-2/1", "117-2026-2/2", "117-2026-2/3"]


def test_asking_counts_what_waits_first(school, order, fixed_now):
    answer(school, Measure.PANIC_BUTTON)
    assert PendingFold.objects.exists()
    brief = ask(order, fixed_now)
    (panic,) = [measure for measure in brief.snapshot["measures"] if measure["code"] == Measure.PANIC_BUTTON]
    assert (panic["headline"]["school"]["covered"], brief.snapshot["notes"]["pending"]) == (1, 0)


def test_a_quarter_that_has_not_begun_has_no_brief(school, order, fixed_now):
    period = order.period(QUARTER)
    with pytest.raises(snapshot.PeriodNotReady):
        publishing.request_brief(period, language="kk", by=None, now=fixed_now - timedelta(days=90))
    assert not Brief.objects.exists()


def test_a_message_goes_out_once_the_brief_is_there(school, order, fixed_now, sent, django_capture_on_commit_callbacks):
    sent.clear()
    with django_capture_on_commit_callbacks(execute=True):
        brief = ask(order, fixed_now)
    assert (publishing.MAKE, {"brief": brief.pk}) in sent


# --- made ----------------------------------------------------------------------------------------


def test_making_checks_renders_and_keeps_the_file(school, order, fixed_now):
    brief = ask(order, fixed_now)
    publishing.make(brief.pk, now=fixed_now)
    brief.refresh_from_db()
    assert (brief.state, brief.progress, brief.pages, brief.findings) == (BriefState.READY, 100, 6, [])
    with brief.file.open() as file:
        assert file.read().startswith(b"%PDF")


def test_making_twice_makes_once(school, order, fixed_now, monkeypatch):
    brief = ask(order, fixed_now)
    publishing.make(brief.pk, now=fixed_now)
    monkeypatch.setattr(rendering, "render_html", pytest.fail)
    assert publishing.make(brief.pk, now=fixed_now) is None


def test_a_brief_that_contradicts_its_records_is_refused_with_the_findings(school, order, fixed_now):
    brief = ask(order, fixed_now)
    wrong = copy.deepcopy(brief.snapshot)
    for measure in wrong["measures"]:
        if measure["code"] == Measure.TURNSTILE:
            for line in measure["lines"]["school"]:
                line["covered"] = line["total"]
                line["percent"] = 100 if line["total"] else None
    Brief.objects.filter(pk=brief.pk).update(snapshot=wrong)
    publishing.make(brief.pk, now=fixed_now)
    brief.refresh_from_db()
    assert brief.state == BriefState.REFUSED
    assert {finding["rule"] for finding in brief.findings} == {
        "differs_from_records",
        "doors_open_exactly",
        "lines_recounted",
        "places_make_whole",
        "sum_differs_from_headline",
    }
    assert {finding["measure"] for finding in brief.findings} == {"turnstile"}
    assert not brief.file


def test_a_failure_is_told_and_can_be_asked_for_again(school, order, fixed_now, monkeypatch):
    brief = ask(order, fixed_now)

    def breaks(html, **options):
        raise rendering.RenderingError("a font is missing")

    with monkeypatch.context() as broken:
        broken.setattr(rendering, "render_pdf", breaks)
        publishing.make(brief.pk, now=fixed_now)
    brief.refresh_from_db()
    assert (brief.state, brief.error) == (BriefState.FAILED, "RenderingError: a font is missing")
    assert ask(order, fixed_now).state == BriefState.QUEUED
    tasks.make_brief(brief=brief.pk)
    brief.refresh_from_db()
    assert (brief.state, brief.error) == (BriefState.READY, "")


def test_a_brief_whose_message_or_worker_was_lost_is_overdue(school, order, fixed_now, sent):
    brief = ask(order, fixed_now)
    assert publishing.overdue(fixed_now) == []  # its message is on the way
    assert publishing.overdue(fixed_now + timedelta(seconds=10)) == [brief.pk]
    Brief.objects.filter(pk=brief.pk).update(state=BriefState.RENDERING, claimed_at=fixed_now)
    assert publishing.overdue(fixed_now + timedelta(minutes=1)) == []
    assert publishing.make(brief.pk, now=fixed_now + timedelta(minutes=1)) is None  # somebody is at it
    later = fixed_now + timedelta(minutes=6)
    assert publishing.overdue(later) == [brief.pk]
    made = publishing.make(brief.pk, now=later)
    assert made is not None
    assert made.state == BriefState.READY


def test_the_sweep_sends_the_message_again(school, order, fixed_now, sent):
    brief = ask(order, fixed_now)
    Brief.objects.filter(pk=brief.pk).update(requested_at=fixed_now - timedelta(minutes=1))
    sent.clear()
    tasks.sweep_briefs()
    assert sent == [(publishing.MAKE, {"brief": brief.pk})]


# --- the records behind it -----------------------------------------------------------------------


def test_each_printed_figure_opens_as_many_institutions_as_it_says(school, order, places, fixed_now):
    InstitutionFactory(locality=places.district, kind=Kind.KINDERGARTEN)
    brief = ask(order, fixed_now)
    looked_at = 0
    for figures in brief.snapshot["measures"]:
        measure = Measure(figures["code"])
        for kind, lines in figures["lines"].items():
            for line in lines:
                for part, printed in ((Part.TOTAL, line["total"]), (Part.COVERED, line["covered"])):
                    found = publishing.records_of(brief, measure, place=line["place"], kind=kind, part=part)
                    assert found.count() == printed, (measure, kind, line)
                    looked_at += printed
    assert looked_at > 5


def test_records_stay_when_an_institution_is_answered_anew(school, order, fixed_now):
    brief = ask(order, fixed_now)
    before = set(publishing.records_of(brief, Measure.TURNSTILE, part=Part.NOT_COVERED))
    answer(school, Measure.TURNSTILE)
    assert before == {school}
    assert (
        set(publishing.records_of(Brief.objects.get(pk=brief.pk), Measure.TURNSTILE, part=Part.NOT_COVERED)) == before
    )
