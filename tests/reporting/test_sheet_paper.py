"""A sheet on paper: whole in each language, with its data inside, the same bytes each time."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pikepdf
import pypdf
import pytest

from reporting import kinds, publishing, snapshot
from reporting.brief.imprint import CheckResult, Imprint
from tests.reporting.sheet_snapshots import sheet_2026q2
from tests.reporting.test_attachments import rows_of_xlsx

pytestmark = pytest.mark.paper
ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("kk", "ru", "en")
IMPRINT = Imprint(
    "117-2026-2/5",
    date(2026, 5, 20),
    code="7F3K9M2Q5T8W",
    site="https://qalqan.example",
    signer="Оқу-ағарту министрлігі",
    checks=(CheckResult("sheet_lists_every_item", 20), CheckResult("sheet_days", 1)),
)


@pytest.fixture(scope="module")
def pdfs() -> dict[str, bytes]:
    return {lang: publishing.remake(sheet_2026q2(lang), IMPRINT).data for lang in LANGUAGES}


def test_a_sheet_stands_on_paper_whole(pdfs):
    for lang, data in pdfs.items():
        pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]
        assert len(pages) == 2
        words = re.sub(r"\s+", " ", " ".join(pages))
        document = kinds.compose(sheet_2026q2(lang), IMPRINT)
        wanted = [document.subtitle, *(section.title for section in document.sections)]
        assert [text for text in wanted if text.replace("\u00a0", " ") not in words] == []
        assert all(document.official_mark in page for page in pages)
        with pikepdf.open(io.BytesIO(data)) as opened:
            assert str(opened.Root.Lang) == lang


# --- the data inside ----------------------------------------------------------------------------------


def test_the_data_are_the_snapshot_the_imprint_and_the_list():
    sheet = sheet_2026q2("ru")
    files = {file.name: file for file in kinds.data_files(sheet, IMPRINT)}
    assert list(files) == [
        "117-2026-2-5-imprint.json",
        "117-2026-2-5.csv",
        "117-2026-2-5.json",
        "117-2026-2-5.xlsx",
    ]
    assert json.loads(files["117-2026-2-5.json"].data) == sheet
    assert hashlib.sha256(files["117-2026-2-5.json"].data).hexdigest() == snapshot.digest_of(sheet)
    head, *rows = csv.reader(io.StringIO(files["117-2026-2-5.csv"].data.decode("utf-8-sig"), newline=""))
    assert head[:5] == ["chapter", "code", "paragraph", "title", "obliged"]
    assert len(rows) == 6
    assert rows[0] == [
        "guarding", "GUARD", "10; 77; annex 2 p. 4, 8-9", "Требование GUARD", "0", "met", "2025-06-10", "2026-03-02",
        "2027-06-01", "11-26/2", "«Сенім-Күзет» ЖШС", "2025-06-01",
    ]  # fmt: skip
    assert rows[-1][4:] == ["1", "unknown", "", "", "", "", "", ""]


def test_the_spreadsheet_says_what_the_paper_says():
    files = {file.name.rpartition(".")[2]: file for file in kinds.data_files(sheet_2026q2("en"), IMPRINT)}
    head, first, *others = rows_of_xlsx(files["xlsx"].data, columns=9)
    assert head[:4] == ["Chapter", "Requirement", "Place in the Instruction", "Obligatory"]
    assert [cell.replace("\u00a0", " ") for cell in first] == [
        "Guarding", "Requirement GUARD", "para. 10; 77; annex 2, para. 4, 8–9", "–", "met", "10 Jun 2025",
        "2 Mar 2026", "1 Jun 2027", "No. 11-26/2, «Сенім-Күзет» ЖШС, 1 Jun 2025",
    ]  # fmt: skip
    assert [row[3] for row in others] == ["+"] * 5


def test_another_process_makes_the_same_bytes(pdfs):
    program = (
        "import django, hashlib; django.setup()\n"
        "from reporting import publishing\n"
        "from tests.reporting.sheet_snapshots import sheet_2026q2\n"
        "from tests.reporting.test_sheet_paper import IMPRINT\n"
        "print(hashlib.sha256(publishing.remake(sheet_2026q2('kk'), IMPRINT).data).hexdigest())\n"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == hashlib.sha256(pdfs["kk"]).hexdigest()
