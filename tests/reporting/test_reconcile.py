"""The command that holds a typed summary against the rules: its output, its exit codes, its one message."""

import io
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from reporting import coverage

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "reporting" / "data" / "brief_2023q1"
FIGURES, HEADLINES, REGISTRY = (PUBLISHED / f"{name}.csv" for name in ("figures", "headlines", "registry"))

CLEAN_FIGURES = """\
measure,kind,line,place,place_kk,printed_total,printed_covered,printed_percent,as_printed
licensed_guard,school,5,Семей қ.,Семей қ.,70,50,71,Семей қ. (70-тен 50) – 71%
"""
CLEAN_HEADLINES = """\
measure,scope,kind,printed_total,printed_covered,printed_percent
institutions,large_cities,school,70,,
licensed_guard,large_cities,school,,50,
"""


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def clean(tmp_path):
    figures, headlines = tmp_path / "figures.csv", tmp_path / "headlines.csv"
    figures.write_text(CLEAN_FIGURES, encoding="utf-8")
    headlines.write_text(CLEAN_HEADLINES, encoding="utf-8")
    return figures, headlines


def reconcile(figures, headlines, *options):
    """Exit code and what was printed."""
    out = io.StringIO()
    try:
        call_command("reconcile", f"--figures={figures}", f"--headlines={headlines}", *options, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def run(*arguments):
    """The command as a program of its own, on a machine without a database."""
    return subprocess.run(
        [sys.executable, "-m", "django", "reconcile", *map(str, arguments)],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": "sqlite:////nowhere/at/all.sqlite3",
            "REDIS_URL": "",
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_published_figures_are_named_in_json_and_the_exit_code_is_1():
    code, printed = reconcile(FIGURES, HEADLINES, "--format=json")
    found = json.loads(printed)
    assert code == 1
    assert len(found) == 13
    assert found[0] == {
        "rule": "covered_exceeds_total",
        "measure": "cctv_connected",
        "kind": "kindergarten",
        "place": "KZ-35",
        "printed": "105-тен 134",
        "expected": "134-тен 105",
        "message": "134 of 105 cannot be covered; put the other way round it reads 134-тен 105.",
    }


def test_a_clean_summary_is_an_empty_list_and_the_exit_code_is_0(clean):
    assert reconcile(*clean, "--format=json") == (0, "[]\n")


def test_a_clean_summary_as_a_table_says_so(clean):
    assert reconcile(*clean) == (0, "Nothing found.\n")


def test_the_table_has_a_line_for_each_finding(clean):
    figures, headlines = clean
    figures.write_text(CLEAN_FIGURES.replace("70-тен", "70-ден").replace(",71,", ",72,"), encoding="utf-8")
    assert reconcile(figures, headlines) == (
        1,
        "rule              measure         kind    place     printed  expected\n"
        "percent_mismatch  licensed_guard  school  Семей қ.  72       71\n"
        "numeral_suffix    licensed_guard  school  Семей қ.  70-ден   70-тен\n",
    )


def test_totals_are_held_against_a_registry_if_one_is_named(clean):
    code, printed = reconcile(*clean, f"--registry={REGISTRY}", "--format=json")
    assert (code, json.loads(printed)) == (0, [])
    code, printed = reconcile(FIGURES, HEADLINES, f"--registry={REGISTRY}", "--format=json")
    by_registry = [f for f in json.loads(printed) if f["rule"] == "differs_from_records"]
    assert [(f["measure"], f["place"], f["printed"], f["expected"]) for f in by_registry] == [
        ("panic_button", "Түркістан қ.", "2", "6"),
        ("turnstile", "Алматы қ.", "191", "193"),
    ]


def test_figures_are_held_against_the_records_of_a_day(clean, monkeypatch):
    asked = []

    def recorded_figures(*, as_of, known_on):
        asked.append((as_of, known_on))
        return {("licensed_guard", "school", "Семей қ."): (70, 51)}

    monkeypatch.setattr(coverage, "recorded_figures", recorded_figures)
    code, printed = reconcile(
        *clean, "--against-records", "--as-of=2023-03-31", "--known-on=2023-04-15", "--format=json"
    )
    assert asked == [(date(2023, 3, 31), date(2023, 4, 15))]
    assert (code, [(f["rule"], f["place"], f["printed"], f["expected"]) for f in json.loads(printed)]) == (
        1,
        [
            ("differs_from_records", "Семей қ.", "70-тен 50", "70-тен 51"),
            ("differs_from_records", "KZ", "70-тен 50", "70-тен 51"),
        ],
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--against-records"], "--against-records needs --as-of DATE"),
        (["--as-of=2023-03-31"], "--as-of and --known-on go with --against-records"),
        (
            ["--against-records", "--as-of=31.03.2023"],
            "--as-of: “31.03.2023” is not a date like 2023-03-31",
        ),
        (
            ["--against-records", "--as-of=2023-03-31", "--known-on=2023-02-30"],
            "--known-on: “2023-02-30” is not a date like 2023-03-31",
        ),
    ],
)
def test_a_wrong_day_is_a_message(clean, options, message):
    with pytest.raises(CommandError) as caught:
        reconcile(*clean, *options)
    assert (str(caught.value), caught.value.returncode) == (message, 2)


@pytest.mark.parametrize("broken", ["figures", "headlines"])
def test_bad_input_is_one_message_with_file_line_and_column(clean, broken):
    figures, headlines = clean
    path = {"figures": figures, "headlines": headlines}[broken]
    path.write_text(path.read_text(encoding="utf-8").replace("50", "5O"), encoding="utf-8")
    line = {"figures": 2, "headlines": 3}[broken]
    with pytest.raises(CommandError) as caught:
        reconcile(figures, headlines)
    assert str(caught.value) == f"{path}, line {line}, column printed_covered: “5O” is not a whole number"
    assert caught.value.returncode == 2


def test_as_a_program_it_needs_no_database():
    done = run("--figures", FIGURES, "--headlines", HEADLINES, "--format", "json")
    assert (done.returncode, len(json.loads(done.stdout)), done.stderr) == (1, 13, "")


def test_as_a_program_it_ends_bad_input_with_2_and_a_single_line(tmp_path):
    empty = tmp_path / "empty.csv"
    empty.touch()
    done = run("--figures", empty, "--headlines", HEADLINES)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert str(empty) in done.stderr
    assert "Traceback" not in done.stderr
