"""Rows of data as CSV and XLSX: the one writer of all files that people open in a spreadsheet.

No text of anybody's becomes a formula: in CSV files it gets an apostrophe, in workbooks it is written as a string.
"""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import date as Date
from datetime import datetime as DateTime
from itertools import chain

from xlsxwriter import Workbook

# What a spreadsheet may take for the beginning of a formula when it opens a CSV file.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")

_LINES_A_PIECE = 500
_PIECE = 64 * 1024  # bytes
_LONGEST_TEXT = 32_767  # of a cell of a workbook; a longer one would be left out

Value = str | int | None


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of data as people's programs read them: `columns` head the CSV file; sheet, `headings`, `widths` (in
    characters) and `rows` are the spreadsheet's, in the brief's words."""

    columns: Sequence[str]
    lines: Sequence[Sequence[Value]]
    sheet: str
    headings: Sequence[str]
    widths: Sequence[int]
    rows: Sequence[Sequence[Value]]


def csv_file(grid: Grid) -> bytes:
    """RFC 4180 in UTF-8; the byte order mark is for Excel, which otherwise spoils the Kazakh letters."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(grid.columns)
    writer.writerows(harmless(line) for line in grid.lines)
    return text.getvalue().encode("utf-8-sig")


def csv_lines(headings: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """A CSV file like `csv_file`, a piece at a time: for files of any length, which nobody holds in memory."""
    text = io.StringIO()
    writer = csv.writer(text)
    text.write("\ufeff")
    for number, line in enumerate(chain([headings], rows)):
        writer.writerow(harmless(line))
        if number % _LINES_A_PIECE == 0:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    data = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return data


def harmless(line: Iterable[Value]) -> list[Value]:
    return [f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_SIGNS) else value for value in line]


def xlsx_file(grid: Grid, title: str, date: Date) -> bytes:
    """One sheet in the brief's words. Strings are written as strings, so none becomes a formula or a link."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:  # in memory its inner files bear one fixed date
        created = DateTime(date.year, date.month, date.day, tzinfo=UTC)
        book.set_properties({"title": title, "created": created})
        _fill(book, grid.sheet, grid.headings, grid.widths, grid.rows)
    return file.getvalue()


def xlsx_pieces(
    *, sheet: str, headings: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[Value]]
) -> Iterator[bytes]:
    """A workbook of one sheet like `xlsx_file`, through a file on disk: memory is that of one row."""
    with tempfile.TemporaryFile() as file:
        with Workbook(file, {"constant_memory": True}) as book:
            _fill(book, sheet, headings, widths, rows)
        file.seek(0)
        yield from iter(lambda: file.read(_PIECE), b"")


def _fill(
    book: Workbook, name: str, headings: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[Value]]
) -> None:
    sheet = book.add_worksheet(name)
    bold = book.add_format({"bold": True, "bottom": 1})
    for column, (heading, width) in enumerate(zip(headings, widths, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, heading, bold)
    row = 0
    for row, values in enumerate(rows, start=1):
        for column, value in enumerate(values):
            if isinstance(value, str):
                sheet.write_string(row, column, value[:_LONGEST_TEXT])
            elif value is not None:
                sheet.write_number(row, column, value)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, row, len(widths) - 1)
    sheet.repeat_rows(0)
