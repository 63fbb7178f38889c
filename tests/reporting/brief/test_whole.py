"""Briefs of every kind in every language as files: judged, read, decoded, and held against the pages approved before.

The approved pages are contact sheets in `golden/`; after a wanted change they are made again, looked at, and committed:

    GOLDEN=write .venv/bin/python -m pytest -m paper tests/reporting/brief/test_whole.py
"""

from __future__ import annotations

import io
import os
import random
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pikepdf
import pytest
from PIL import Image, ImageChops

from reporting import gate, kinds, publishing
from reporting.brief.comparison_facts import WAYS, sides_of
from reporting.brief.imprint import Imprint
from reporting.brief.sheet_facts import items_behind
from reporting.records import Records, behind, on_the_way
from tests.reporting.full_brief import full_2023q1, full_comparison, full_region, line_regions
from tests.reporting.sheet_snapshots import sheet_2026q2
from tests.reporting.verapdf.engine import judge

pytestmark = pytest.mark.paper

GOLDEN = Path(__file__).with_name("golden")
LANGUAGES = ("kk", "ru", "en")
MADE: dict[str, Callable[[str], tuple[dict[str, Any], Records]]] = {
    "country": full_2023q1,
    "region": full_region,
    "comparison": full_comparison,
    "sheet": lambda language: (sheet_2026q2(language), {}),
}
CODE = "7F3K9M2Q5T8W"
# Points of an inch on a contact sheet; how many of a hundred thousand pixels may differ by how much.
DOTS, FEW, MUCH = 40, 50, 60


@cache
def made(kind: str, language: str) -> tuple[dict[str, Any], Records, Imprint, bytes]:
    snapshot, records = MADE[kind](language)
    number = f"117-{snapshot['period']['year']}-{snapshot['period']['quarter']}/1"
    imprint = Imprint(number, date(2026, 11, 22), code=CODE, site="https://qalqan.example")
    outcome = kinds.check(snapshot, records, imprint, city_lines_region=line_regions())
    assert outcome.findings == ()
    imprint = replace(imprint, checks=outcome.results)
    return snapshot, records, imprint, publishing.remake(snapshot, imprint).data


def pages_of(pdf: bytes, folder: Path, dots: int, *options: str) -> list[Image.Image]:
    path = folder / "brief.pdf"
    path.write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", str(dots), "-png", *options, str(path), str(folder / "page")], check=True)
    found = []
    for page in sorted(folder.glob("page*.png")):
        with Image.open(page) as image:
            found.append(image.copy())
    return found


def contact_sheet(pages: list[Image.Image]) -> Image.Image:
    """All pages side by side, five in a row, in sixteen greys."""
    width, height = pages[0].size
    rows = -(-len(pages) // 5)
    sheet = Image.new("L", (5 * width, rows * height), 255)
    for at, page in enumerate(pages):
        sheet.paste(page.convert("L"), (at % 5 * width, at // 5 * height))
    return sheet.quantize(16).convert("L")


@pytest.fixture(scope="module", params=[(kind, language) for kind in MADE for language in LANGUAGES], ids="-".join)
def brief(request) -> tuple[str, str]:
    return request.param  # type: ignore[no-any-return]


def test_both_profiles_take_each_of_them(tmp_path):
    """All in one run of the engine, which takes longest to start."""
    paths = [tmp_path / f"{kind}-{language}.pdf" for kind in MADE for language in LANGUAGES]
    for path in paths:
        path.write_bytes(made(*path.stem.split("-"))[3])
    verdicts, report = judge(*paths)
    assert verdicts == {(path.name, profile): "PASS" for path in paths for profile in ("3a", "ua1")}, report


def test_its_code_is_read_from_the_last_page(brief, tmp_path):
    pdf = made(*brief)[3]
    with pikepdf.open(io.BytesIO(pdf)) as file:
        last = len(file.pages)
    pages_of(pdf, tmp_path, 150, "-f", str(last))
    (page,) = tmp_path.glob("page*.png")
    run = subprocess.run(["zbarimg", "--quiet", "--raw", str(page)], capture_output=True, text=True, check=False)
    assert run.stdout.split() == [f"https://qalqan.example/verify/{CODE}/"]


def test_only_our_fonts_are_in_it_and_all_are_embedded(brief, tmp_path):
    path = tmp_path / "brief.pdf"
    path.write_bytes(made(*brief)[3])
    listed = subprocess.run(["pdffonts", str(path)], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert listed
    assert [
        line for line in listed if not re.match(r"[A-Z]{6}\+Brief-Serif(-\w+)* +CID TrueType +\S+ +yes yes", line)
    ] == []


def test_its_pages_are_those_that_were_approved(brief, tmp_path):
    sheet = contact_sheet(pages_of(made(*brief)[3], tmp_path, DOTS))
    kept = GOLDEN / f"{'-'.join(brief)}.png"
    if os.environ.get("GOLDEN") == "write":
        kept.parent.mkdir(exist_ok=True)
        sheet.save(kept, optimize=True)
    with Image.open(kept) as image:
        approved = image.convert("L")
    assert sheet.size == approved.size
    differing = sum(ImageChops.difference(sheet, approved).histogram()[MUCH:])
    assert differing * 100_000 <= FEW * sheet.width * sheet.height, f"{differing} pixels differ from {kept.name}"


def test_the_guard_of_the_pages_sees_one_missing_paragraph(tmp_path):
    """The threshold is no more than a paragraph."""
    pages = pages_of(made("country", "kk")[3], tmp_path, DOTS)
    sheet = contact_sheet(pages)
    width, height = pages[0].size
    pages[0].paste(255 if pages[0].mode == "L" else (255, 255, 255), (0, height // 2, width, height * 2 // 3))
    differing = sum(ImageChops.difference(sheet, contact_sheet(pages)).histogram()[MUCH:])
    assert differing * 100_000 > FEW * sheet.width * sheet.height


def linked_figures(pdf: bytes) -> list[dict[str, str]]:
    """The queries of all links to records in the file, in its order."""
    found = []
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for page in opened.pages:
            for note in page.get("/Annots", []):
                address = str(note.get("/A", {}).get("/URI", ""))
                if f"/briefs/c/{CODE}/institutions/" in address:
                    found.append(dict(parse_qsl(urlsplit(address).query)))
    return found


def printed_figures(snapshot: dict[str, Any], imprint: Imprint) -> list[tuple[dict[str, str], int]]:
    """Every whole number of the document that has a door, with the door's query; of a difference its size."""
    return [
        (dict(parse_qsl(piece.door)), gate.number_in(piece.text))
        for piece in gate.pieces_of(kinds.compose(snapshot, imprint))
        if piece.door and re.fullmatch(r"[+−]?\d[\d\u00a0,]*", piece.text)
    ]


def opened(snapshot: dict[str, Any], records: Records, asked: dict[str, str]) -> int:
    """How many institutions (of a sheet: items) stand behind a door, by the way that the page takes."""
    if "measure" not in asked:
        return len(items_behind(snapshot, asked["part"]))
    earlier, later = sides_of(records)
    place, kind = asked.get("place"), asked.get("kind")
    if asked["part"] in WAYS:
        return len(on_the_way(earlier, later, asked["measure"], asked["part"], place=place, kind=kind))
    part = {"covered": ("met",), "total": ("met", "partly_met", "not_met", "unknown")}[asked["part"]]
    return len(
        behind(
            earlier if asked.get("at") == "before" else later,
            asked["measure"],
            part,
            place=place,
            kind=kind,
            ownership=asked.get("ownership"),
            obliged_only="obliged" in asked,
        )
    )


@pytest.mark.parametrize(("kind", "least"), [("country", 700), ("comparison", 450), ("sheet", 6)])
def test_every_figure_opens_exactly_what_it_counts(kind, least):
    snapshot, records, imprint, pdf = made(kind, "kk")
    figures = printed_figures(snapshot, imprint)
    assert len(figures) >= least
    assert [(asked, number) for asked, number in figures if opened(snapshot, records, asked) != number] == []
    linked = linked_figures(pdf)
    assert {tuple(sorted(asked.items())) for asked, _number in figures} <= {
        tuple(sorted(asked.items())) for asked in linked
    }


def test_fifty_figures_of_each_other_brief_open_exactly(brief):
    snapshot, records, imprint, _pdf = made(*brief)
    figures = printed_figures(snapshot, imprint)
    for asked, number in random.Random(117).sample(figures, min(50, len(figures))):
        assert opened(snapshot, records, asked) == number, asked
