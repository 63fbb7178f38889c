"""The data that a brief carries inside its PDF: all figures as JSON, the lines as CSV and XLSX.

Pure: the same snapshot, number and date give the same bytes, whatever the process, clock and system. The words
are Kazakh and stand here for the reason they stand in `reporting.brief_text`: they are the document itself.
"""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from datetime import UTC
from datetime import date as Date
from datetime import datetime as DateTime

from xlsxwriter import Workbook

from reporting.brief_text import KIND_PLURAL, KINDS, WORDING, LanguageNotWritten, Snapshot

JSON, CSV = "application/json", "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# What a spreadsheet may take for the beginning of a formula when it opens a CSV file.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file to embed; `name` is plain ASCII, `description` is what a viewer shows, `dated_on` its only date."""

    name: str
    description: str
    media_type: str
    data: bytes
    dated_on: Date


@dataclass(frozen=True, slots=True)
class DataLine:
    """One line as a row of data, its fields the columns of the CSV file. Counts are of institutions."""

    measure: str
    scope: str
    kind: str
    place: str
    place_name: str
    total: int
    covered: int
    percent: int | None


COLUMNS = tuple(field.name for field in fields(DataLine))


def data_files(snapshot: Snapshot, *, number: str, date: Date) -> tuple[AttachedFile, ...]:
    """The three files of a brief, in the order of their names. Raises `LanguageNotWritten` as the brief does."""
    if snapshot["lang"] != "kk":
        raise LanguageNotWritten(snapshot["lang"])
    stem = number.replace("/", "-")
    lines = list(data_lines(snapshot))
    return (
        AttachedFile(f"{stem}.csv", "Жолдар: кесте, мәтін түрінде (CSV)", CSV, _csv(lines), date),
        AttachedFile(f"{stem}.json", "Құжаттың барлық көрсеткіштері (JSON)", JSON, snapshot_json(snapshot), date),
        AttachedFile(f"{stem}.xlsx", "Жолдар: электрондық кесте (XLSX)", XLSX, _xlsx(lines, number, date), date),
    )


def snapshot_json(snapshot: Snapshot) -> bytes:
    """The snapshot in the form that `reporting.snapshot.digest_of` hashes: whoever holds the file can check it."""
    return json.dumps(snapshot, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def data_lines(snapshot: Snapshot) -> Iterator[DataLine]:
    """All lines, printed ones and those that only the annex sums up: by measure, then kind, then place."""
    for measure in snapshot["measures"]:
        names = {place["place"]: place["name_kk"] for place in snapshot["places"][measure["scope"]]}
        for kind in KINDS:
            for line in measure["lines"][kind]:
                yield DataLine(
                    measure["code"],
                    measure["scope"],
                    kind,
                    line["place"],
                    names[line["place"]],
                    line["total"],
                    line["covered"],
                    line["percent"],
                )


def _csv(lines: list[DataLine]) -> bytes:
    """RFC 4180 in UTF-8; the byte order mark is for Excel, which otherwise spoils the Kazakh letters."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_harmless(value) for value in astuple(line)] for line in lines)
    return text.getvalue().encode("utf-8-sig")


def _harmless(value: str | int | None) -> str | int | None:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_SIGNS) else value


# Heading and width in characters.
_SHEET = (
    ("Шара", 42), ("Ұйымдардың түрі", 20), ("Өңір немесе қала", 30), ("Барлығы", 12), ("Қамтылғаны", 14), ("%", 8),
)  # fmt: skip


def _xlsx(lines: list[DataLine], number: str, date: Date) -> bytes:
    """One sheet in the brief's words. Strings are written as strings, so none becomes a formula or a link."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:  # in memory its inner files bear one fixed date
        book.set_properties({"title": f"№ {number}", "created": DateTime(date.year, date.month, date.day, tzinfo=UTC)})
        sheet = book.add_worksheet("Жолдар")
        bold = book.add_format({"bold": True, "bottom": 1})
        for column, (heading, width) in enumerate(_SHEET):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, heading, bold)
        for row, line in enumerate(lines, start=1):
            words = (WORDING[line.measure].title, KIND_PLURAL[line.kind], line.place_name)
            for column, word in enumerate(words):
                sheet.write_string(row, column, word)
            for column, count in enumerate((line.total, line.covered, line.percent), start=len(words)):
                if count is not None:
                    sheet.write_number(row, column, count)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(lines), len(_SHEET) - 1)
        sheet.repeat_rows(0)
    return file.getvalue()
