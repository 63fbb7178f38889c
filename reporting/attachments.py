"""The data that a brief carries inside its PDF: all figures as JSON, the lines as CSV and XLSX.

Pure: the same snapshot, number and date give the same bytes, whatever the process, clock and system. The words
are those of the brief's language.
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

from reporting.brief.facts import KINDS, Snapshot
from reporting.brief.imprint import Imprint
from reporting.brief.languages import words_of
from reporting.brief.words import Words

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


def data_files(snapshot: Snapshot, imprint: Imprint) -> tuple[AttachedFile, ...]:
    """The files of a brief, in the order of their names: the snapshot and the imprint, from which the brief can be
    made again, and its lines for people's programs. Raises `LanguageNotWritten` as the brief does."""
    words = words_of(snapshot["lang"])
    number, date = imprint.number, imprint.date
    stem = number.replace("/", "-")
    lines = list(data_lines(snapshot))
    return (
        AttachedFile(f"{stem}-imprint.json", words.attached.imprint, JSON, imprint.as_json(), date),
        AttachedFile(f"{stem}.csv", words.attached.csv, CSV, _csv(lines), date),
        AttachedFile(f"{stem}.json", words.attached.json, JSON, snapshot_json(snapshot), date),
        AttachedFile(f"{stem}.xlsx", words.attached.xlsx, XLSX, _xlsx(lines, words, number, date), date),
    )


def snapshot_json(snapshot: Snapshot) -> bytes:
    """The snapshot in a fixed form; its SHA-256 is the brief's `snapshot_hash`: whoever holds the file can check it."""
    return json.dumps(snapshot, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def data_lines(snapshot: Snapshot) -> Iterator[DataLine]:
    """All lines, printed ones and those that only the annex sums up: by measure, then kind, then place."""
    words = words_of(snapshot["lang"])
    for measure in snapshot["measures"]:
        scope = measure["scope"]
        names = {place["place"]: words.name_in_line(place, scope) for place in snapshot["places"][scope]}
        for kind in KINDS:
            for line in measure["lines"][kind]:
                yield DataLine(
                    measure["code"],
                    scope,
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


# Widths of the columns in characters.
_WIDTHS = (42, 20, 30, 12, 14, 8)


def _xlsx(lines: list[DataLine], words: Words, number: str, date: Date) -> bytes:
    """One sheet in the brief's words. Strings are written as strings, so none becomes a formula or a link."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:  # in memory its inner files bear one fixed date
        created = DateTime(date.year, date.month, date.day, tzinfo=UTC)
        book.set_properties({"title": f"{words.fixed.numero} {number}", "created": created})
        sheet = book.add_worksheet(words.attached.sheet)
        bold = book.add_format({"bold": True, "bottom": 1})
        for column, (heading, width) in enumerate(zip(words.attached.columns, _WIDTHS, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, heading, bold)
        for row, line in enumerate(lines, start=1):
            named = (words.measures[line.measure].title, words.kind_plural[line.kind], line.place_name)
            for column, word in enumerate(named):
                sheet.write_string(row, column, word)
            for column, count in enumerate((line.total, line.covered, line.percent), start=len(named)):
                if count is not None:
                    sheet.write_number(row, column, count)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(lines), len(_WIDTHS) - 1)
        sheet.repeat_rows(0)
    return file.getvalue()
