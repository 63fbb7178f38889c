"""Statuses that leave: what is approved, declared and verified, in the columns in which answers come back."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import translation
from python_calamine import CalamineWorkbook

from compliance.enums import ImportKind, Measure, PeriodState, Status
from compliance.imports import columns, statuses
from compliance.imports.statuses import About
from compliance.models import Period
from compliance.workflow import DocumentReference
from institutions.models import Institution, Journal
from tests.compliance.imports.lists import checked
from tests.factories.compliance import EntryFactory, InspectionFactory, ItemFactory
from tests.factories.institutions import ApproverFactory, DirectorFactory, EditorFactory, InstitutionFactory

URL = reverse("institutions:statuses")
CCTV, CONNECTED, GUARD = Measure.CCTV_INSTALLED, Measure.CCTV_CONNECTED, Measure.LICENSED_GUARD


@pytest.fixture
def editor(fixed_now, order, places, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return EditorFactory(region=places.region).user


@pytest.fixture
def school(editor, places, order):
    """Answered in every way that an export may stumble over: in a closed quarter, ended, waiting, verified."""
    school = InstitutionFactory(locality=places.city, large_city=places.large_city, name_ru="=Школа; № 1")
    document = DocumentReference("+7-А", "@ТОО", date(2026, 1, 1), date(2026, 12, 31))
    connected = ItemFactory(institution=school, measure=CONNECTED)
    EntryFactory(
        item=ItemFactory(institution=school), effective_on=date(2026, 2, 1), note="=1+1\nекінші жол", approved=True
    )
    EntryFactory(item=connected, effective_on=date(2026, 4, 2), status=Status.PARTLY_MET, approved=True)
    EntryFactory(item=connected, effective_on=date(2026, 5, 2), submitted=True)
    InspectionFactory(item=connected, status=Status.NOT_MET, held_on=date(2026, 5, 3))
    EntryFactory(
        item=ItemFactory(institution=school, measure=GUARD),
        effective_on=date(2026, 1, 15),
        valid_until=date(2026, 4, 1),
        document=document,
        approved=True,
    )
    EntryFactory(
        item=ItemFactory(institution=school, code="ACC-ORDER"),
        status=Status.NOT_MET,
        effective_on=date(2026, 3, 3),
        approved=True,
    )
    Period.objects.filter(starts_on=date(2026, 1, 1)).update(state=PeriodState.CLOSING)
    return school


def exported(by, fixed_now, file_format="csv", about=About.ALL) -> bytes:
    found = Institution.objects.visible_to(by).order_by("pk")
    return b"".join(statuses.export(found, file_format, about, by=by, asked={}, now=fixed_now))


def rows_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_an_export_that_comes_back_changes_nothing(editor, school, fixed_now, language, file_format):
    with translation.override(language):
        data = exported(editor, fixed_now, file_format)
    run = checked(data, by=editor, since=fixed_now.date(), now=fixed_now, kind=ImportKind.ANSWERS)
    total = school.items.listed().count()
    assert (run.rows_read, run.rows_new, run.rows_changed, run.rows_unchanged, run.rows_refused) == (
        total,
        0,
        0,
        total,
        0,
    )
    assert len(run.ignored) == len(columns.STATUS_NOTES)


def test_what_is_changed_in_it_is_taken_in(editor, school, fixed_now):
    with translation.override("en"):
        lines = exported(editor, fixed_now).decode("utf-8-sig").splitlines(keepends=True)
        code = ItemFactory(institution=school, code="ACC-PUPILS").requirement.code
        place = next(number for number, line in enumerate(lines) if f",{code}," in line)
        bin_number, _code, *rest = next(csv.reader([lines[place]]))
        rest[:2] = ["met", "04.05.2026"]
        text = io.StringIO()
        csv.writer(text).writerow([bin_number, code, *rest])
        lines[place] = text.getvalue()
    data = "".join(lines).encode("utf-8-sig")
    run = checked(data, by=editor, since=fixed_now.date(), now=fixed_now, kind=ImportKind.ANSWERS)
    assert (run.rows_new, run.rows_changed, run.rows_refused) == (1, 0, 0)
    assert run.rows.get(outcome="new").requirement == code


def test_what_is_approved_declared_and_verified_stands_side_by_side(editor, school, fixed_now, order):
    with translation.override("en"):
        rows = {row["Requirement"]: row for row in rows_of(exported(editor, fixed_now, about=About.MEASURES))}
    assert len(rows) == school.items.listed().of_measures(Measure.values).count()
    connected, guard = rows[order.measures[CONNECTED].code], rows[order.measures[GUARD].code]
    assert (connected["BIN"], connected["Answer"], connected["True since"], connected["Valid until"]) == (
        school.bin,
        "partly met",
        "02.04.2026",
        "",
    )
    assert [connected[name] for name in ("Counts today as", "Declared", "Verified", "Verified on")] == [
        "partly met",
        "met",
        "not met",
        "03.05.2026",
    ]
    # What has ended stands as it was answered, and counts as what it counts.
    assert (guard["Answer"], guard["Valid until"], guard["Counts today as"]) == ("met", "01.04.2026", "not met")
    unanswered = [row for row in rows.values() if not row["Answer"]]
    assert [row["Counts today as"] for row in unanswered] == ["not answered"] * len(unanswered)
    assert (guard["Document number"], guard["Issued by"]) == ("'+7-А", "'@ТОО")


def test_no_cell_is_a_formula(editor, school, fixed_now):
    with translation.override("ru"):
        rows = rows_of(exported(editor, fixed_now))
        workbook = exported(editor, fixed_now, "xlsx")
    cells = [cell for row in rows for cell in row.values() if cell]
    assert not [cell for cell in cells if cell[0] in "=+-@"]
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(workbook)).get_sheet_by_index(0).to_python()
    assert "=Школа; № 1" in {cell for row in sheet for cell in row}


@pytest.mark.parametrize("schools", [1, 4])
def test_the_number_of_queries_is_that_of_its_pieces(editor, places, fixed_now, schools, django_assert_num_queries):
    for _number in range(schools):
        school = InstitutionFactory(locality=places.district)
        EntryFactory(item=ItemFactory(institution=school), approved=True)
    # scope (1), keys, journal, requirements; and of one piece: items, answers, declared, found
    with django_assert_num_queries(8):
        data = exported(editor, fixed_now)
    assert len({row["БСН"] for row in rows_of(data)}) == schools


# --- the page ---------------------------------------------------------------------------------------------


def client_of(person) -> Client:
    client = Client()
    client.force_login(person)
    client.cookies["django_language"] = "en"
    return client


def test_the_download_follows_the_filters_and_the_scope_and_is_noted(editor, school, places, source_words):
    college = InstitutionFactory(locality=places.district, kind="college")
    foreign = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)
    answer = client_of(editor).get(URL, {"kind": "school", "format": "csv"})
    bins = {row["BIN"] for row in rows_of(b"".join(answer.streaming_content))}
    assert bins == {school.bin}
    assert answer.headers["Content-Disposition"] == 'attachment; filename="statuses-2026-05-20.csv"'
    noted = Journal.objects.get(action="status.export")
    assert (noted.user, noted.after) == (editor, {"institutions": 1, "about": "measures", "kind": "school"})
    assert {college.bin, foreign.bin}.isdisjoint(bins)
    neighbour = client_of(EditorFactory(region=places.capital).user).get(URL, {"format": "csv"})
    assert {row["BIN"] for row in rows_of(b"".join(neighbour.streaming_content))} == {foreign.bin}


def test_a_director_downloads_the_own_facility_alone(school, places):
    InstitutionFactory(locality=places.district)
    answer = client_of(DirectorFactory(institution=school).user).get(URL, {"format": "csv", "about": "all"})
    assert {row["BIN"] for row in rows_of(b"".join(answer.streaming_content))} == {school.bin}


@pytest.mark.parametrize("asked", [{"format": "pdf"}, {"about": "x"}, {"kind": "x"}])
def test_what_there_is_not_is_not_found(editor, asked):
    assert client_of(editor).get(URL, asked).status_code == 404
    assert not Journal.objects.filter(action="status.export").exists()


def test_a_workbook_of_too_many_is_refused_in_words(editor, school, monkeypatch, source_words):
    monkeypatch.setattr(statuses, "MOST_IN_A_WORKBOOK", {About.MEASURES: 0})
    answer = client_of(editor).get(URL, {"kind": "school"}, follow=True)
    assert answer.redirect_chain == [(f"{reverse('institutions:list')}?kind=school", 302)]
    assert "A workbook takes 0 institutions, and there are more" in answer.content.decode()


def test_the_list_of_institutions_leads_there(editor, school):
    page = client_of(editor).get(reverse("institutions:list"), {"kind": "school"}).content.decode()
    assert f'href="{URL}?kind=school&amp;about=all&amp;format=csv"' in page


# --- the command ------------------------------------------------------------------------------------------


def test_the_command_writes_what_the_page_writes(editor, school, tmp_path):
    file = tmp_path / "statuses.csv"
    call_command("export_statuses", str(file), by=editor.email, filter="kind=school", about="all", lang="en")
    with translation.override("en"):
        answer = client_of(editor).get(URL, {"kind": "school", "about": "all", "format": "csv"})
    assert file.read_bytes() == b"".join(answer.streaming_content)


@pytest.mark.parametrize(
    ("name", "asked", "said"),
    [
        ("x.csv", {"by": "nobody@example.kz"}, "--by"),
        ("x.pdf", {}, "FILE"),
        ("x.csv", {"filter": "kind=hospital"}, "--filter: kind"),
        ("x.csv", {"filter": "colour=red"}, "--filter: colour"),
        ("nowhere/x.csv", {}, "FILE"),
    ],
)
def test_the_command_says_what_is_wrong(editor, tmp_path, name, asked, said):
    with pytest.raises(CommandError, match=said) as refused:
        call_command("export_statuses", str(tmp_path / name), **{"by": editor.email, **asked})
    assert refused.value.returncode == 2


def test_the_command_is_for_whoever_has_a_role(editor, tmp_path, places):
    gone = ApproverFactory(region=places.region, valid_to=date(2026, 5, 20) - timedelta(days=1)).user
    with pytest.raises(CommandError, match="--by"):
        call_command("export_statuses", str(tmp_path / "x.csv"), by=gone.email)
