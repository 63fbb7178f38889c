"""The pages of lists: uploading, looking through, applying, undoing, and downloading."""

from __future__ import annotations

import io
from datetime import date
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from compliance.imports import applying, preflight
from compliance.models import ImportRun, StatusEntry
from institutions.models import Institution, Journal
from tests.compliance.imports.lists import BIN_1, BIN_2, HEADINGS, checked, new_row, workbook
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    AuditorFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
)

SINCE = date(2026, 5, 1)


@pytest.fixture
def desk(fixed_now, order, places, settings, tmp_path, source_words):
    """An editor with a client, a school of theirs, and one of the neighbour region."""
    settings.MEDIA_ROOT = tmp_path / "media"
    editor = EditorFactory(region=places.region).user
    school = InstitutionFactory(locality=places.district, name_kk="Ескі атау", learners=10)
    foreign = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)
    return SimpleNamespace(client=client_of(editor), editor=editor, school=school, foreign=foreign, now=fixed_now)


def client_of(person) -> Client:
    client = Client()
    client.force_login(person)
    client.cookies["django_language"] = "en"
    return client


def file_of(data: bytes, name: str = "тізім.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


@pytest.fixture
def run(desk) -> ImportRun:
    """A checked list: one new row, one changed, one unchanged, one refused."""
    other = InstitutionFactory(locality=desk.school.locality)
    known = [None] * 7
    rows = [
        [desk.school.bin, "Жаңа атау", *known],
        [other.bin, other.name_kk, *known],
        new_row(BIN_1),
        [desk.foreign.bin, "x", *known],
    ]
    return checked(workbook([HEADINGS, *rows]), by=desk.editor, since=SINCE, now=desk.now)


def form_of(data: bytes, **changed: str) -> dict[str, object]:
    return {"file": file_of(data), "kind": "institutions", "since": "2026-05-01", **changed}


def page_of(run) -> str:
    return reverse("compliance:import", args=[run.pk])


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


# --- uploading ------------------------------------------------------------------------------------


def test_a_list_is_uploaded_and_waits_for_its_check(desk, django_capture_on_commit_callbacks):
    data = workbook([HEADINGS, new_row(BIN_1)])
    answer = desk.client.post(reverse("compliance:import_new"), form_of(data))
    run = ImportRun.objects.get()
    assert (answer.status_code, answer.url) == (302, page_of(run))
    assert (run.state, run.file_name, run.since, run.uploaded_by) == ("queued", "тізім.xlsx", SINCE, desk.editor)
    assert "waits for the check" in text_of(desk.client.get(page_of(run)))
    assert desk.client.get(reverse("compliance:import_progress", args=[run.pk])).status_code == 200
    applying.work(run.pk, now=desk.now)
    done = desk.client.get(reverse("compliance:import_progress", args=[run.pk]))
    assert (done.status_code, done.headers["HX-Refresh"]) == (204, "true")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"MZ\x90\x00" * 100, "This is no table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old format, or one with a password"),
        (b"", "The file is empty."),
    ],
)
def test_what_is_no_list_is_refused_at_once_and_the_day_comes_back(desk, data, said):
    answer = desk.client.post(reverse("compliance:import_new"), form_of(data))
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert 'value="2026-05-01"' in text_of(answer)
    assert not ImportRun.objects.exists()


def test_a_day_that_has_not_come_is_refused(desk):
    data = workbook([HEADINGS, new_row(BIN_1)])
    answer = desk.client.post(reverse("compliance:import_new"), form_of(data, since="2026-05-21"))
    assert (answer.status_code, ImportRun.objects.count()) == (422, 0)
    assert "This day has not come yet." in text_of(answer)


@pytest.mark.parametrize("checks", [False, True], ids=["with the token", "without a token"])
def test_two_gigabytes_are_refused_by_their_declared_length(desk, checks):
    client = Client(enforce_csrf_checks=checks)
    client.force_login(desk.editor)
    answer = client.post(
        reverse("compliance:import_new"),
        data=b"--x\r\n",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(2 << 30),
    )
    assert answer.status_code == 413
    assert "The file is larger than 20 MB" in text_of(answer)


def test_a_file_a_little_too_large_is_refused_by_its_size(desk, monkeypatch):
    monkeypatch.setattr(preflight, "LARGEST_FILE", 1000)
    data = workbook([HEADINGS, new_row(BIN_1)])
    answer = desk.client.post(reverse("compliance:import_new"), form_of(data))
    assert (answer.status_code, ImportRun.objects.count()) == (422, 0)


def test_an_upload_asks_for_the_token(desk):
    client = Client(enforce_csrf_checks=True)
    client.force_login(desk.editor)
    answer = client.post(reverse("compliance:import_new"), form_of(b"a"))
    assert (answer.status_code, ImportRun.objects.count()) == (403, 0)


def test_a_list_of_answers_is_for_those_who_answer(desk, order):
    code = order.measures["cctv_installed"].code
    data = workbook([("BIN", "Requirement", "Answer"), (desk.school.bin, code, "met")])
    form = desk.client.get(reverse("compliance:import_new")).context["form"]
    assert [value for value, _label in form.fields["kind"].choices] == ["institutions", "answers"]
    assert desk.client.post(reverse("compliance:import_new"), form_of(data, kind="answers")).status_code == 302
    run = ImportRun.objects.get()
    applying.work(run.pk, now=desk.now)
    shown = text_of(desk.client.get(page_of(run)))
    assert "1 = 1 new + 0 changed + 0 unchanged + 0 refused" in shown
    assert 'Answer: <del class="text-secondary">not answered</del> → <ins>met</ins>' in shown
    assert reverse("compliance:item", args=[desk.school.bin, code]) in shown
    desk.client.post(reverse("compliance:import_apply", args=[run.pk]))
    applying.work(run.pk, now=desk.now)
    assert StatusEntry.objects.get().submitted_by == desk.editor
    assert "takes back the answers that nobody has decided" in text_of(desk.client.get(page_of(run)))
    administrator = client_of(AdministratorFactory().user)
    assert administrator.post(reverse("compliance:import_new"), form_of(data, kind="answers")).status_code == 422


# --- looking through, applying, undoing -----------------------------------------------------------


def test_the_page_shows_what_would_change_and_what_is_wrong(desk, run):
    shown = text_of(desk.client.get(page_of(run)))
    assert "4 = 1 new + 1 changed + 1 unchanged + 1 refused" in shown
    assert 'Name in Kazakh: <del class="text-secondary">Ескі атау</del> → <ins>Жаңа атау</ins>' in shown
    assert "BIN: is not found in your region" in shown
    assert "New institution since" in shown


@pytest.mark.parametrize(
    ("show", "rows"),
    [("", 4), ("new", 1), ("changed", 1), ("unchanged", 1), ("refused", 1), ("stale", 0), ("nonsense", 4)],
)
def test_the_rows_are_narrowed_to_an_outcome(desk, run, show, rows):
    answer = desk.client.get(page_of(run), {"show": show})
    shown = [line.row.outcome for line in answer.context["lines"]]
    assert shown == ([show] * rows if rows < 4 else ["changed", "unchanged", "new", "refused"])


def test_a_list_is_applied_and_undone_from_its_page(desk, run):
    assert desk.client.post(reverse("compliance:import_apply", args=[run.pk])).status_code == 302
    applying.work(run.pk, now=desk.now)
    shown = text_of(desk.client.get(page_of(run)))
    assert "1 entered, 1 changed, 0 left out" in shown
    assert Institution.objects.get(pk=desk.school.pk).name_kk == "Жаңа атау"
    assert desk.client.post(reverse("compliance:import_undo", args=[run.pk])).status_code == 302
    applying.work(run.pk, now=desk.now)
    assert "2 as before, 0 stay" in text_of(desk.client.get(page_of(run)))
    assert Institution.objects.get(pk=desk.school.pk).name_kk == "Ескі атау"


@pytest.mark.parametrize("verb", ["apply", "undo", "discard"])
def test_who_comes_too_late_is_told(desk, run, verb):
    ImportRun.objects.filter(pk=run.pk).update(state="discarded")
    answer = desk.client.post(reverse(f"compliance:import_{verb}", args=[run.pk]), follow=True)
    assert "Somebody was faster" in text_of(answer)


def test_a_list_is_thrown_away(desk, run):
    answer = desk.client.post(reverse("compliance:import_discard", args=[run.pk]), follow=True)
    assert "nothing was changed" in text_of(answer)
    assert (ImportRun.objects.get().state, ImportRun.objects.get().rows.count()) == ("discarded", 0)
    assert desk.client.get(reverse("compliance:import_errors", args=[run.pk])).status_code == 404


def test_a_file_that_cannot_be_read_says_so_on_its_page(desk):
    run = checked(b"nothing;here\n1;2\n", by=desk.editor, since=SINCE, now=desk.now)
    assert "No row with the headings of the columns was found" in text_of(desk.client.get(page_of(run)))


def test_the_list_with_its_errors_is_downloaded_and_noted(desk, run):
    answer = desk.client.get(reverse("compliance:import_errors", args=[run.pk]))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert [row[-2:] for row in rows][1:] == [
        ["changed", ""],
        ["unchanged", ""],
        ["new", ""],
        ["refused", "BIN: is not found in your region"],
    ]
    assert Journal.objects.get(action="import.download").user == desk.editor


@pytest.mark.parametrize(
    ("factory", "expected"),
    [
        (lambda places: EditorFactory(region=places.region), {"list": 200, "new": 200, "run": 404, "apply": 404}),
        (lambda places: AdministratorFactory(), {"list": 200, "new": 200, "run": 200, "apply": 302}),
        (lambda places: AuditorFactory(), {"list": 200, "new": 404, "run": 200, "apply": 404}),
        (lambda places: ApproverFactory(region=places.region), {"list": 200, "new": 200, "run": 404, "apply": 404}),
        (lambda places: AnalystFactory(), {"list": 404, "new": 404, "run": 404, "apply": 404}),
    ],
    ids=["another editor", "administrator", "auditor", "approver", "analyst"],
)
def test_lists_are_their_uploaders_and_the_ministrys(desk, run, places, factory, expected):
    client = client_of(factory(places).user)
    found = {
        "list": client.get(reverse("compliance:imports")).status_code,
        "new": client.get(reverse("compliance:import_new")).status_code,
        "run": client.get(page_of(run)).status_code,
        "apply": client.post(reverse("compliance:import_apply", args=[run.pk])).status_code,
    }
    assert found == expected


@pytest.mark.parametrize("runs", [1, 3])
def test_list_query_count(desk, runs, django_assert_num_queries):
    for _number in range(runs):
        checked(b"x", by=desk.editor, since=SINCE, now=desk.now)
    with django_assert_num_queries(9):
        answer = desk.client.get(reverse("compliance:imports"))
    assert len(answer.context["page"].object_list) == runs


@pytest.mark.parametrize("rows", [1, 3])
def test_rows_query_count(desk, rows, places, django_assert_num_queries):
    schools = [InstitutionFactory(locality=places.district) for _number in range(rows)]
    headings = ("БСН", "Елді мекен", "Оқушылар саны")
    data = workbook([headings, *([school.bin, "Трудовое", 5] for school in schools)])
    run = checked(data, by=desk.editor, since=SINCE, now=desk.now)
    with django_assert_num_queries(14):
        answer = desk.client.get(page_of(run))
    assert [line.differences[0].label for line in answer.context["lines"]] == ["Learners"] * rows
    assert '<del class="text-secondary">Ботақара</del> → <ins>Трудовое</ins>' in text_of(answer)


# --- downloads ------------------------------------------------------------------------------------


@pytest.mark.parametrize("file_format", ["xlsx", "csv"])
def test_the_list_of_institutions_is_exported_as_it_is_filtered_within_the_scope(desk, file_format):
    InstitutionFactory(locality=desk.school.locality, kind="college")
    answer = desk.client.get(reverse("institutions:export"), {"kind": "school", "format": file_format})
    if file_format == "csv":
        rows = [line.split(",") for line in answer.content.decode("utf-8-sig").splitlines()]
    else:
        rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert [row[:2] for row in rows] == [["BIN", "Name in Kazakh"], [desk.school.bin, "Ескі атау"]]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="institutions-2026-05-20.{file_format}"'
    noted = Journal.objects.get(action="institution.export")
    assert (noted.user, noted.after) == (desk.editor, {"rows": 1, "kind": "school"})


def test_a_format_that_there_is_not_is_not_found(desk):
    assert desk.client.get(reverse("institutions:export"), {"format": "pdf"}).status_code == 404
    assert not Journal.objects.filter(action="institution.export").exists()


def test_a_director_exports_the_own_facility_alone(desk):
    client = client_of(DirectorFactory(institution=desk.school).user)
    answer = client.get(reverse("institutions:export"), {"format": "csv"})
    assert desk.school.bin in answer.content.decode()
    assert desk.foreign.bin not in answer.content.decode()


def test_an_empty_list_is_there_for_those_who_import(desk):
    answer = desk.client.get(reverse("compliance:import_template"))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert (len(rows), rows[0][0]) == (1, "BIN")
    answers = desk.client.get(reverse("compliance:import_template"), {"kind": "answers"})
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answers.content)).get_sheet_by_index(0).to_python()
    assert rows[0][:3] == ["BIN", "Requirement", "Answer"]
    assert desk.client.get(reverse("compliance:import_template"), {"kind": "x"}).status_code == 404
    assert client_of(AnalystFactory().user).get(reverse("compliance:import_template")).status_code == 404


def test_the_navigation_leads_editors_to_their_lists(desk):
    assert reverse("compliance:imports") in text_of(desk.client.get(reverse("institutions:list")))
    assert BIN_2 not in text_of(desk.client.get(reverse("compliance:imports")))
