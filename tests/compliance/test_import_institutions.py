"""The command that imports a list at once, on behalf of a person whose scope holds."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from compliance.models import ImportRun, StatusEntry
from institutions.models import Institution
from tests.compliance.imports.lists import BIN_1, BIN_2, HEADINGS, new_row, workbook
from tests.factories.institutions import AdministratorFactory, AnalystFactory, EditorFactory, InstitutionFactory


@pytest.fixture
def editor(fixed_now, order, places, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return EditorFactory(region=places.region).user


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "тізім.xlsx"
    path.write_bytes(workbook([HEADINGS, new_row(BIN_1), new_row(BIN_2)]))
    return path


def run(*arguments, command: str = "import_institutions") -> tuple[int, str]:
    """What the command ends with, and what it prints."""
    printed = io.StringIO()
    try:
        call_command(command, *map(str, arguments), stdout=printed)
    except CommandError as ended:
        return ended.returncode, f"{printed.getvalue()}{ended}"
    return 0, printed.getvalue()


def test_a_list_is_applied_and_the_receipt_adds_up(editor, file):
    code, printed = run(file, "--by", editor.email, "--format", "json")
    told = json.loads(printed)
    assert code == 0
    assert told == {
        "state": "applied", "problem": "", "rows_read": 2, "rows_new": 2, "rows_changed": 0, "rows_unchanged": 0,
        "rows_refused": 0, "done_new": 2, "done_changed": 0, "rows_stale": 0, "left_out": [],
    }  # fmt: skip
    assert Institution.objects.count() == 2


def test_a_trial_changes_nothing_and_keeps_nothing(editor, file):
    code, printed = run(file, "--by", editor.email, "--dry-run")
    assert (code, "rows new: 2" in printed) == (0, True)
    assert (Institution.objects.count(), ImportRun.objects.get().state) == (0, "discarded")


def test_rows_left_out_are_named_and_end_with_one(editor, places, file):
    foreign = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)
    file.write_bytes(workbook([HEADINGS, new_row(BIN_1), new_row(foreign.bin)]))
    code, printed = run(file, "--by", editor.email, "--lang", "en", "--since", "2026-05-01")
    assert code == 1
    assert f"row 3, {foreign.bin}: BIN: is not found in your region" in printed
    assert Institution.objects.get(bin=BIN_1).states.get().valid_from.isoformat() == "2026-05-01"


@pytest.mark.parametrize("option", [["--since", "tomorrow"], ["--since", "2026-05-21"]])
def test_a_wrong_day_is_refused(editor, file, option):
    assert run(file, "--by", editor.email, *option)[0] == 2
    assert not ImportRun.objects.exists()


def test_who_may_not_import_imports_nothing(editor, file):
    analyst = AnalystFactory().user
    codes = [run(file, "--by", email)[0] for email in (analyst.email, "nobody@example.kz")]
    assert (codes, ImportRun.objects.count()) == ([2, 2], 0)


def test_a_file_that_is_no_list_ends_with_two(editor, file, tmp_path):
    file.write_bytes(b"MZ" + b"\0" * 100)
    code, printed = run(file, "--by", editor.email, "--lang", "en")
    assert (code, "This is no table" in printed) == (2, True)
    assert run(tmp_path / "none.xlsx", "--by", editor.email)[0] == 2


def test_answers_are_submitted_on_behalf_of_an_editor_alone(editor, order, places, file):
    school = InstitutionFactory(locality=places.district)
    code = order.measures["cctv_installed"].code
    file.write_bytes(workbook([("БИН", "Код требования", "Ответ"), (school.bin, code, "да"), (school.bin, "x", "да")]))
    administrator = AdministratorFactory().user
    assert run(file, "--by", administrator.email, command="import_answers")[0] == 2
    ended, printed = run(file, "--by", editor.email, "--lang", "en", command="import_answers")
    assert (ended, f"row 3, {school.bin}: Requirement: “x” is no requirement of the Order" in printed) == (1, True)
    entry = StatusEntry.objects.get()
    assert (entry.state, entry.submitted_by, entry.item.institution) == ("submitted", editor, school)
