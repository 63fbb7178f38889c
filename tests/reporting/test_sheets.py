"""An institution's sheet from the ledger to the file: as of its day, as known then, issued as it is made."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command

from compliance import enrolment, periods, seals, workflow
from compliance.enums import Measure, Status
from compliance.models import DailySeal, LedgerHead, StatusEntry
from compliance.workflow import DocumentReference
from institutions.enums import Lifecycle
from institutions.models import Institution, Journal
from reporting import kinds, publishing, rendering, sheets, snapshot, sums
from reporting.brief.sheet_facts import STATUSES, items_behind, items_of
from reporting.enums import BriefState, Publication
from reporting.models import Brief
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import AdministratorFactory, ApproverFactory, InstitutionFactory

QUARTER = "2026Q2"
CONTRACT = DocumentReference("11-26/2", "«Сенім-Күзет» ЖШС", date(2026, 4, 1), date(2027, 4, 1))


@pytest.fixture(autouse=True)
def _files_of_their_own(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("compliance.hints.send", lambda task, **arguments: None)


@pytest.fixture
def quick(monkeypatch):
    """A file at once: what WeasyPrint makes is tested where it is made."""
    monkeypatch.setattr(rendering, "render_pdf", lambda html, **options: rendering.Pdf(b"%PDF-1.7 " + html.encode(), 3))


@pytest.fixture
def school(fixed_now, order, places) -> Institution:
    return InstitutionFactory(locality=places.city, large_city=places.large_city, now=fixed_now - timedelta(days=60))


def answer(school, measure=Measure.CCTV_INSTALLED, status=Status.MET, **given):
    return EntryFactory(item=ItemFactory(institution=school, measure=measure), status=status, approved=True, **given)


def sheet_of(school, order, today=date(2026, 5, 20), quarter=QUARTER):
    return sheets.take(school, order.period(quarter), language="kk", today=today).snapshot


def item_of(sheet, order, measure=Measure.CCTV_INSTALLED):
    (found,) = [item for item in items_of(sheet) if item["code"] == order.measures[measure].code]
    return found


# --- frozen -------------------------------------------------------------------------------------------


def test_a_sheet_says_what_is_demanded_and_how_it_is_answered(school, order):
    answer(school, effective_on=date(2026, 4, 10), valid_until=date(2027, 4, 1), document=CONTRACT)
    answer(school, Measure.TURNSTILE, Status.PARTLY_MET)
    sheet = sheet_of(school, order)
    assert (sheet["scope"], sheet["as_of"], sheet["known_on"]) == (
        {"kind": "institution", "code": school.bin},
        "2026-05-20",
        "2026-05-20",
    )
    assert (sheet["institution"]["name_kk"], sheet["institution"]["people"], sheet["institution"]["group"]) == (
        school.name_kk,
        270,
        3,
    )
    assert sheet["edition"] == {"code": "2022", "in_force_from": "2022-04-16"}
    found = item_of(sheet, order)
    assert (found["status"], found["since"], found["answer"]) == (
        "met",
        "2026-04-10",
        {
            "status": "met",
            "effective_on": "2026-04-10",
            "approved_on": "2026-05-20",
            "valid_until": "2027-04-01",
            "proof": {"number": "11-26/2", "issuer": "«Сенім-Күзет» ЖШС", "issued_on": "2026-04-01"},
        },
    )
    assert item_of(sheet, order, Measure.TURNSTILE)["status"] == "partly_met"
    assert {item["status"] for item in items_of(sheet)} == {"met", "partly_met", "unknown"}
    listed = school.items.filter(listed=True)
    assert sorted(item["code"] for item in items_of(sheet)) == sorted(
        listed.values_list("requirement__code", flat=True)
    )
    assert (
        sheet["counts"]["all"]
        == listed.filter(obliged=True).count()
        == sum(sheet["counts"][status] for status in STATUSES)
    )
    assert [len(items_behind(sheet, part)) for part in sheet["counts"]] == list(sheet["counts"].values())
    head = LedgerHead.objects.get(institution=school)
    assert sheet["ledger"] == {"rows": head.length, "hash": head.hash}


def test_what_only_the_report_counts_is_listed_apart_from_the_counts(fixed_now, order, places):
    village = InstitutionFactory(locality=places.district, settlement=places.village, learners=20, staff=5)
    sheet = sheet_of(village, order)
    counted = [item["code"] for item in items_of(sheet) if not item["obliged"]]
    assert counted == list(village.items.filter(listed=True, obliged=False).values_list("requirement__code", flat=True))
    assert counted
    assert sheet["counts"]["all"] == len(items_of(sheet)) - len(counted)


def test_statuses_are_those_of_the_day_and_not_todays(school, order, fixed_now):
    answer(school, status=Status.MET, effective_on=date(2026, 4, 1), valid_until=date(2026, 4, 30))
    answer(school, Measure.TURNSTILE, Status.MET, effective_on=date(2026, 5, 15))
    on_april_20, today = (sheet_of(school, order, day) for day in (date(2026, 4, 20), date(2026, 5, 20)))
    assert [(item_of(sheet, order)["status"], item_of(sheet, order)["since"]) for sheet in (on_april_20, today)] == [
        ("met", "2026-04-01"),
        ("not_met", "2026-05-01"),
    ]
    turnstile = [item_of(sheet, order, Measure.TURNSTILE) for sheet in (on_april_20, today)]
    assert [item["status"] for item in turnstile] == ["unknown", "met"]
    assert turnstile[0]["answer"] is None
    assert item_of(today, order)["answer"]["valid_until"] == "2026-04-30"


def test_a_closed_quarter_knows_what_was_known_at_its_close(school, order, fixed_now):
    first = answer(school, effective_on=date(2026, 4, 1), now=fixed_now)
    period = order.period(QUARTER)
    closed_at = fixed_now + timedelta(days=50)
    periods.begin_closing(period, by=AdministratorFactory().user, now=closed_at)
    periods.close_period(period, by=AdministratorFactory().user, now=closed_at)
    period.refresh_from_db()
    before = sheets.take(school, period, language="kk", today=closed_at.date())
    workflow.revoke(
        first, by=ApproverFactory(region=school.locality.region).user, now=closed_at + timedelta(days=2), note="Қате"
    )
    after = sheets.take(school, period, language="kk", today=closed_at.date() + timedelta(days=9))
    assert StatusEntry.objects.get(pk=first.pk).state == "revoked"
    assert (after.digest, after.snapshot["known_on"]) == (before.digest, period.closed_on.isoformat())
    assert item_of(after.snapshot, order)["status"] == "met"
    assert after.snapshot["ledger"]["rows"] < LedgerHead.objects.get(institution=school).length


@pytest.mark.parametrize("answers", [1, 3])
def test_a_sheet_costs_seven_queries_however_much_is_answered(school, order, answers, django_assert_num_queries):
    for measure in list(Measure)[:answers]:
        answer(school, measure, document=CONTRACT)
    period = order.period(QUARTER)
    with django_assert_num_queries(7):
        sheets.take(school, period, language="kk", today=order.day)


def test_an_institution_in_repair_has_an_empty_list(school, order, fixed_now):
    enrolment.change_institution(
        school, since=date(2026, 5, 1), by=None, now=fixed_now, lifecycle=Lifecycle.CAPITAL_REPAIR
    )
    taken = sheets.take(school, order.period(QUARTER), language="kk", today=order.day)
    assert (taken.snapshot["institution"]["lifecycle"], taken.snapshot["chapters"]) == ("capital_repair", [])
    sums.fold()
    assert sheets.agrees(taken)


def test_what_was_not_there_yet_has_no_sheet(fixed_now, order, places):
    late = InstitutionFactory(locality=places.city, since=date(2026, 5, 1))
    with pytest.raises(sheets.NotThereYet):
        sheets.take(late, order.period("2026Q1"), language="kk", today=order.day)
    with pytest.raises(snapshot.PeriodNotReady):
        sheets.take(late, order.period("2026Q3"), language="kk", today=order.day)


# --- held against the ledger --------------------------------------------------------------------------


def test_a_sheet_agrees_with_the_ledger_until_somebody_writes(school, order):
    answer(school)
    sums.fold()
    taken = sheets.take(school, order.period(QUARTER), language="kk", today=order.day)
    assert sheets.agrees(taken)
    answer(school, Measure.TURNSTILE)
    sums.fold()
    assert not sheets.agrees(taken)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sheet: sheet["chapters"][0]["items"][0].update(status="met"),
        lambda sheet: sheet["chapters"][0]["items"][0].update(obliged=False),
        lambda sheet: sheet["chapters"][0]["items"].pop(),
        lambda sheet: sheet["ledger"].update(hash="0" * 64),
    ],
)
def test_a_sheet_that_says_otherwise_does_not_agree(school, order, spoil):
    sums.fold()
    taken = sheets.take(school, order.period(QUARTER), language="kk", today=order.day)
    assert sheets.agrees(taken)
    spoil(taken.snapshot)
    assert not sheets.agrees(taken)


def test_figures_that_keep_moving_give_no_sheet(school, order, fixed_now, monkeypatch):
    monkeypatch.setattr(sheets, "agrees", lambda taken: False)
    with pytest.raises(publishing.SnapshotMoved):
        ask(school, order, fixed_now)


# --- made ---------------------------------------------------------------------------------------------


def ask(school, order, now, language="kk"):
    return publishing.request_brief(
        order.period(QUARTER), language=language, by=None, now=now, subject=publishing.Subject.of_institution(school)
    )


def made(school, order, now, language="kk"):
    brief = ask(school, order, now, language)
    publishing.make(brief.pk, now=now)
    brief.refresh_from_db()
    return brief


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_sheet_is_checked_made_and_issued_at_once(school, order, fixed_now, quick, language):
    answer(school, document=CONTRACT)
    brief = made(school, order, fixed_now, language)
    assert (brief.state, brief.publication, brief.findings) == (BriefState.READY, Publication.PUBLISHED, [])
    assert (brief.subject, brief.official_use, brief.published_by, brief.published_at) == (
        school.bin,
        True,
        None,
        fixed_now,
    )
    assert {check["state"] for check in brief.checks} == {"passed"}
    assert len(brief.checks) == 6
    assert list(Journal.objects.filter(action="brief.request").values_list("institution", flat=True)) == [school.pk]


def test_the_same_answers_are_the_same_sheet_and_a_new_answer_supersedes_it(school, order, fixed_now, quick):
    first = made(school, order, fixed_now)
    assert ask(school, order, fixed_now + timedelta(hours=1)).pk == first.pk
    answer(school)
    second = made(school, order, fixed_now)
    first.refresh_from_db()
    assert (first.publication, first.superseded_by, second.publication) == (
        Publication.SUPERSEDED,
        second,
        Publication.PUBLISHED,
    )


def test_a_sheet_that_contradicts_itself_is_refused_and_not_issued(school, order, fixed_now, quick):
    brief = ask(school, order, fixed_now)
    wrong = brief.snapshot
    wrong["counts"]["met"] += 1
    Brief.objects.filter(pk=brief.pk).update(snapshot=wrong)
    publishing.make(brief.pk, now=fixed_now)
    brief.refresh_from_db()
    assert (brief.state, brief.publication) == (BriefState.REFUSED, Publication.DRAFT)
    assert {finding["rule"] for finding in brief.findings} == {"sheet_counts_add_up"}


# --- by command ---------------------------------------------------------------------------------------


def command(tmp_path, scope, *options, period=QUARTER):
    target = tmp_path / "sheet"
    call_command("make_brief", f"--period={period}", f"--scope={scope}", "--lang=ru", f"--output={target}", *options)
    return target.read_bytes()


def test_the_command_makes_the_sheet_of_a_bin(school, order, tmp_path):
    assert command(tmp_path, school.bin).startswith(b"%PDF")
    brief = Brief.objects.get()
    assert (brief.institution, brief.publication, brief.language) == (school, Publication.PUBLISHED, "ru")
    again = command(tmp_path, school.bin, "--text").decode()
    assert f"БИН | {school.bin}\n" in again
    assert Brief.objects.count() == 1


def test_the_command_refuses_a_bin_that_nobody_has_and_a_quarter_before_its_time(school, order, places, tmp_path):
    with pytest.raises(CommandError, match="no institution with the BIN 000000000000"):
        command(tmp_path, "000000000000")
    late = InstitutionFactory(locality=places.city, since=date(2026, 5, 1))
    with pytest.raises(CommandError, match=f"nothing is demanded of {late.bin} yet in 2026Q1"):
        command(tmp_path, late.bin, period="2026Q1")


def test_whoever_has_snapshot_and_imprint_makes_the_same_bytes(school, order, fixed_now):
    answer(school, document=CONTRACT)
    brief = made(school, order, fixed_now)
    with brief.file.open() as file:
        assert publishing.remake(brief.snapshot, brief.imprint).data == file.read()
    assert [attached.data for attached in kinds.data_files(brief.snapshot, brief.imprint)] == [
        attached.data for attached in kinds.data_files(brief.snapshot, brief.imprint)
    ]


def test_a_sheet_names_the_newest_seal_from_before_the_day_of_its_knowledge(school, order, fixed_now):
    unsealed = sheets.take(school, order.period(QUARTER), language="kk", today=order.day)
    assert unsealed.snapshot["seal"] is None
    seals.seal_days(fixed_now + timedelta(days=2))
    assert DailySeal.objects.filter(day__gt=order.day).exists()
    taken = sheets.take(school, order.period(QUARTER), language="kk", today=order.day + timedelta(days=1))
    of_the_day = DailySeal.objects.get(day=order.day)
    assert taken.snapshot["seal"] == {"day": order.day.isoformat(), "root": of_the_day.root}
