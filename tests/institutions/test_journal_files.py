"""The journal's files: what stands in them, in whose language, and that nothing in them becomes a formula."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import timedelta

import pytest
from django.utils import translation

from institutions import journal, journal_files
from institutions.models import Journal
from tests.factories.institutions import InstitutionFactory, UserFactory


@pytest.fixture
def written(fixed_now, places) -> str:
    """One row of a person whose name is a formula; returns the BIN of its institution."""
    school = InstitutionFactory(locality=places.district, name_kk="№ 5 мектеп", name_ru="Школа № 5", listed=False)
    token = journal.origin.set(journal.Origin("10.0.0.7", "6f1c"))
    try:
        journal.write(
            "entry.save", "entry:7", by=UserFactory(full_name="=1+1", email="a@example.kz"), institution=school,
            after={"note": "@SUM(A1)", "сөз": 1}, now=fixed_now - timedelta(hours=1),
        )  # fmt: skip
    finally:
        journal.origin.reset(token)
    return school.bin


def made(file_format: str, now, language: str = "ru") -> bytes:
    with translation.override(language):
        pieces = journal_files.export(
            Journal.objects.filter(action="entry.save"), file_format, by=None, asked={}, now=now
        )
    with translation.override("en"):  # the file is sent when the request's language is over
        return b"".join(pieces)


def test_a_row_of_the_csv_is_the_journals(written, fixed_now):
    _headings, row = csv.reader(io.StringIO(made("csv", fixed_now).decode("utf-8-sig")))
    assert row == [
        "2026-05-20 09:00:00+05:00", "'=1+1", "a@example.kz", "черновик сохранён", "entry.save", written, "Школа № 5",
        "entry:7", "", '{"note": "@SUM(A1)", "сөз": 1}', "10.0.0.7", "6f1c",
    ]  # fmt: skip


def test_names_are_in_the_readers_language(written, fixed_now):
    assert "№ 5 мектеп" in made("csv", fixed_now, "kk").decode()


def test_the_workbook_says_the_same_and_holds_no_formula(written, fixed_now):
    with zipfile.ZipFile(io.BytesIO(made("xlsx", fixed_now))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    texts = re.findall(r"<t[^>]*>([^<]*)</t>", sheet)
    assert texts[12:] == [
        "2026-05-20 09:00:00+05:00", "=1+1", "a@example.kz", "черновик сохранён", "entry.save", written, "Школа № 5",
        "entry:7", "{&quot;note&quot;: &quot;@SUM(A1)&quot;, &quot;сөз&quot;: 1}".replace("&quot;", '"'), "10.0.0.7",
        "6f1c",
    ]  # fmt: skip
    assert "<f>" not in sheet


def test_an_export_does_not_hold_itself(written, fixed_now):
    pieces = journal_files.export(Journal.objects.all(), "csv", by=None, asked={"subject": "entry"}, now=fixed_now)
    assert b"journal.export" not in b"".join(pieces)
    note = Journal.objects.get(action="journal.export")
    assert (note.subject, note.after) == ("journal:all", {"format": "csv", "subject": "entry"})
