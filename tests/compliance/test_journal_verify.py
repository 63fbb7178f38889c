"""`journal_verify`: what it says, what it names, and how it ends."""

from __future__ import annotations

import io
import json
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from compliance import seals
from compliance.models import DailySeal, LedgerHead, PendingFold, StatusChange
from institutions.models import Institution
from tests.factories.institutions import InstitutionFactory

YESTERDAY = date(2026, 5, 19)


@pytest.fixture
def school(fixed_now, order, places) -> Institution:
    from datetime import timedelta

    school = InstitutionFactory(locality=places.district, now=fixed_now - timedelta(days=1))
    seals.seal_days(fixed_now)
    return school


def verify(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("journal_verify", *arguments, stdout=out)
    except CommandError as failure:
        return failure.returncode, out.getvalue()
    return 0, out.getvalue()


def test_what_holds_is_told_in_two_lines(school):
    rows, seal = StatusChange.objects.count(), DailySeal.objects.get()
    assert verify() == (
        0,
        f"{rows} rows of 1 institutions: every chain holds.\n"
        f"1 daily seals hold, the last of 2026-05-19 with the root {seal.root}.\n",
    )
    assert verify("--root", f"2026-05-19={seal.root}")[0] == 0


def test_an_empty_ledger_holds(db):
    assert verify() == (0, "0 rows of 0 institutions: every chain holds.\nNo day is sealed yet.\n")


@pytest.mark.parametrize(
    ("column", "value"),
    [("to_status", "met"), ("cause", "batch"), ("effective_on", date(2020, 1, 1)), ("to_learners", 17)],
)
def test_the_first_broken_row_is_named_with_what_differs(school, append_only_lifted, column, value):
    row = StatusChange.objects.get(seq=7)
    StatusChange.objects.filter(pk=row.pk).update(**{column: value})
    code, said = verify()
    first, second, *_rest = said.splitlines()
    assert code == 1
    assert first.startswith(
        f"institution {school.bin}, row {row.pk} (number 7), known on 2026-05-19: it says something else than what was "
        "recorded under its hash; expected "
    )
    assert second == f"Row {row.pk}: its {column} says {value}; its hash was made of {getattr(row, column)}."


def test_json_tells_the_same(school, append_only_lifted):
    row = StatusChange.objects.get(seq=3)
    StatusChange.objects.filter(pk=row.pk).update(hash="0" * 64)
    code, said = verify("--format", "json")
    assert code == 1
    assert json.loads(said) == {
        "holds": False,
        "institutions": 1,
        "rows": StatusChange.objects.count(),
        "broken_chains": 1,
        "first_broken": {
            "institution": school.pk,
            "bin": school.bin,
            "row": row.pk,
            "seq": 3,
            "day": "2026-05-19",
            "fault": "hash",
            "expected": row.hash,
            "found": "0" * 64,
        },
        "changed": None,
        "seals": 1,
        "sealed_until": "2026-05-19",
        "root": DailySeal.objects.get().root,
        "broken_seal": None,
    }


def test_rows_taken_from_the_end_and_a_seal_that_misses_them(school, append_only_lifted):
    last = StatusChange.objects.order_by("-seq").first()
    PendingFold.objects.all().delete()
    last.delete()
    code, said = verify()
    assert code == 1
    lines = said.splitlines()
    assert lines[0].startswith(
        f"institution {school.bin}, row – (number {last.seq}): the chain's head tells of another"
    )
    assert lines[1].startswith(
        "Seal of 2026-05-19: the chains do not end as they did when the day was sealed; expected"
    )
    assert lines[1].endswith(f"look at the {last.seq - 1} rows known on that day ({school.bin}).")


def test_a_head_without_rows_and_rows_without_a_head(school, places, append_only_lifted):
    other = InstitutionFactory(locality=places.city)
    PendingFold.objects.all().delete()
    StatusChange.objects.filter(institution=other).delete()
    LedgerHead.objects.filter(pk=school.pk).delete()
    code, said = verify()
    assert code == 1
    first, second = said.splitlines()[:2]
    assert first.startswith(f"institution {school.bin}, row ")
    assert "the chain has lost its head" in first
    assert second.startswith(f"institution {other.bin}, row – (number 1): the chain's head tells of another last row")


@pytest.mark.parametrize("arguments", [["--format", "xml"], ["--root", "yesterday=abc"]])
def test_what_was_not_understood_ends_with_two(db, arguments):
    assert verify(*arguments)[0] == 2
