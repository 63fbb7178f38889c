"""The data inside a brief: whole, harmless to a spreadsheet, the same bytes each time."""

import csv
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import time_machine

from reporting import attachments, snapshot
from reporting.brief.composing import compose
from reporting.brief.imprint import Imprint
from reporting.brief.languages import LanguageNotWritten
from reporting.brief.reading import printed_lines
from tests.reporting.snapshots import snapshot_2023q1

ROOT = Path(__file__).resolve().parents[2]
NUMBER, DAY = "117-2023-1/1", date(2026, 11, 22)
SHEET = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def files(figures=None) -> dict[str, attachments.AttachedFile]:
    made = attachments.data_files(figures or snapshot_2023q1(), Imprint(NUMBER, DAY))
    return {file.name.rpartition(".")[2]: file for file in made}


def rows_of_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def rows_of_xlsx(data: bytes, columns: int = 6) -> list[list[str | int | None]]:
    """The cells of the only sheet, read from its XML without the library that wrote it."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        strings = [
            "".join(part.text or "" for part in entry.iterfind("s:t", SHEET))
            for entry in ET.fromstring(book.read("xl/sharedStrings.xml")).iterfind("s:si", SHEET)  # noqa: S314 (our own file)
        ]
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 (our own file)
    assert sheet.findall(".//s:f", SHEET) == []
    assert sheet.findall(".//s:hyperlink", SHEET) == []
    rows = []
    for row in sheet.iterfind("s:sheetData/s:row", SHEET):
        cells: list[str | int | None] = [None] * columns
        for cell in row.iterfind("s:c", SHEET):
            value = int(cell.findtext("s:v", namespaces=SHEET))
            cells["ABCDEFGHIJKLMNOP".index(cell.get("r")[0])] = strings[value] if cell.get("t") == "s" else value
        rows.append(cells)
    return rows


def test_four_files_bear_the_number_of_the_brief_and_its_date():
    made = attachments.data_files(snapshot_2023q1(), Imprint(NUMBER, DAY))
    assert [(file.name, file.media_type, file.dated_on) for file in made] == [
        ("117-2023-1-1-imprint.json", "application/json", DAY),
        ("117-2023-1-1.csv", "text/csv", DAY),
        ("117-2023-1-1.json", "application/json", DAY),
        (
            "117-2023-1-1.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            DAY,
        ),
    ]
    assert len({file.description for file in made}) == 4


def test_the_json_is_the_snapshot_and_its_hash_is_the_name_of_the_snapshot():
    data = files()["json"].data
    assert json.loads(data) == snapshot_2023q1()
    assert hashlib.sha256(data).hexdigest() == snapshot.digest_of(snapshot_2023q1())


def test_the_csv_holds_a_row_for_every_line_with_its_figures():
    figures = snapshot_2023q1()
    names = {place["place"]: place["name_kk"] for listed in figures["places"].values() for place in listed}
    expected = [
        [
            measure["code"],
            measure["scope"],
            kind,
            line["place"],
            names[line["place"]],
            str(line["total"]),
            str(line["covered"]),
            "" if line["percent"] is None else str(line["percent"]),
        ]
        for measure in figures["measures"]
        for kind, lines in measure["lines"].items()
        for line in lines
    ]
    heading, *rows = rows_of_csv(files()["csv"].data)
    assert heading == ["measure", "scope", "kind", "place", "place_name", "total", "covered", "percent"]
    assert rows == expected


def test_every_printed_line_is_among_the_data():
    document = compose(snapshot_2023q1(), Imprint(NUMBER, DAY))
    heading, *rows = rows_of_csv(files()["csv"].data)
    known = {(row[0], row[2], row[3]) for row in rows}
    printed = {(line.measure, line.kind, line.place) for line in printed_lines(document)}
    assert len(printed) == 240
    assert printed - known == set()


def test_the_sheet_says_the_same_as_the_csv_in_words_and_numbers():
    heading, *rows = rows_of_xlsx(files()["xlsx"].data)
    assert heading == ["Шара", "Ұйымдардың түрі", "Өңір немесе қала", "Барлығы", "Қамтылғаны", "%"]
    plain = rows_of_csv(files()["csv"].data)[1:]
    assert [row[2:] for row in rows] == [
        [name, int(total), int(covered), int(percent) if percent else None]
        for *_codes, name, total, covered, percent in plain
    ]
    assert rows[0][:3] == ["Бейнебақылау жүйесі орнатылған", "Балабақшалар", "Астана қ."]
    assert len({(row[0], row[1]) for row in rows}) == 5 * 3


@pytest.mark.parametrize("name", ["=1+1", "+7", "-1", "@SUM(A1)", "\t=1", "https://example.org/"])
def test_no_name_becomes_a_formula_or_a_link(name):
    figures = snapshot_2023q1()
    figures["places"]["national"][0]["name_kk"] = name
    made = files(figures)
    written = rows_of_csv(made["csv"].data)[1][4]
    assert written == (name if name.startswith("https") else f"'{name}")
    assert rows_of_xlsx(made["xlsx"].data)[1][2] == name


def test_the_bytes_depend_on_nothing_but_the_brief(monkeypatch):
    first = files()
    with time_machine.travel("2031-01-02T03:04:05Z"):
        assert files() == first
    program = (
        "import hashlib, django; django.setup()\n"
        "from tests.reporting.test_attachments import files\n"
        "print(*(hashlib.sha256(file.data).hexdigest() for file in files().values()))\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "DJANGO_SETTINGS_MODULE": "config.settings.test", "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "Asia/Almaty"), ("2", "America/New_York"))
    }
    assert printed == {" ".join(hashlib.sha256(file.data).hexdigest() for file in first.values()) + "\n"}


@pytest.mark.parametrize(
    ("lang", "description", "title", "first", "headings"),
    [
        (
            "ru",
            "Строки: таблица в виде текста (CSV)",
            "Строки",
            ["Система видеонаблюдения установлена", "Детские сады", "г. Астана", "96", "96", "100"],
            ["Мера", "Вид организаций", "Регион или город", "Всего", "Охвачено", "%"],
        ),
        (
            "en",
            "Lines: a table as text (CSV)",
            "Lines",
            ["Video surveillance system installed", "Kindergartens", "Astana city", "96", "96", "100"],
            ["Measure", "Kind of institution", "Region or city", "All", "Covered", "%"],
        ),
    ],
)
def test_the_data_speak_the_language_of_the_brief(lang, description, title, first, headings):
    made = files(snapshot_2023q1(lang=lang))
    assert made["csv"].description == description
    assert made["csv"].data.decode("utf-8-sig").splitlines()[1].split(",")[4] == first[2]
    with zipfile.ZipFile(io.BytesIO(made["xlsx"].data)) as book:
        shared = ET.fromstring(book.read("xl/sharedStrings.xml"))  # noqa: S314 (our own file)
        strings = [node.text for node in shared.iterfind(".//s:t", SHEET)]
        assert f'name="{title}"' in book.read("xl/workbook.xml").decode()
    assert strings[: len(headings) + 3] == [*headings, *first[:3]]


def test_a_language_without_words_of_its_own_is_refused():
    with pytest.raises(LanguageNotWritten):
        files(snapshot_2023q1() | {"lang": "xx"})
