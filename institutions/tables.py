"""Tables as files for people's programs: CSV and XLSX, of which no cell is ever a formula.

The one writer of all such files: those that a brief carries, exports of lists, lists with their errors. A file is made
at once from a `Grid` (the same grid, title and date give the same bytes, whatever the process, clock and system), or in
pieces from rows of any number, which nobody holds in memory.
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
from typing import Any

from xlsxwriter import Workbook

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# What a spreadsheet may take for the beginning of a formula when it opens a CSV file.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")

_LINES_A_PIECE = 500
_PIECE = 64 * 1024  # bytes
_LONGEST_TEXT = 32_767  # of a cell of a workbook; a longer one would be left out

Value = str | int | None


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of data as people's programs read them: `columns` head the CSV file; sheet, `headings`, `widths` (in
    characters) and `rows` are the spreadsheet's, in the reader's words. `above` stands over the headings; rows whose
    numbers (from 0) are in `marked` are tinted."""

    columns: Sequence[str]
    lines: Sequence[Sequence[Value]]
    sheet: str
    headings: Sequence[str]
    widths: Sequence[int]
    rows: Sequence[Sequence[Value]]
    above: Sequence[Sequence[Value]] = ()
    marked: frozenset[int] = frozenset()


def to_csv(grid: Grid) -> bytes:
    """RFC 4180 in UTF-8; the byte order mark is for Excel, which otherwise spoils the Kazakh letters."""
    return b"".join(csv_pieces(grid.columns, grid.lines))


def csv_pieces(columns: Sequence[str], lines: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """The same a piece at a time."""
    text = io.StringIO()
    writer = csv.writer(text)
    text.write("\ufeff")
    for number, line in enumerate(chain([columns], lines)):
        writer.writerow(_harmless(line))
        if number % _LINES_A_PIECE == 0:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    data = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return data


def _harmless(line: Iterable[Value]) -> list[Value]:
    return [f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_SIGNS) else value for value in line]


def to_xlsx(grid: Grid, title: str, date: Date) -> bytes:
    """One sheet in the brief's words. Strings are written as strings, so none becomes a formula or a link."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:  # in memory its inner files bear one fixed date
        created = DateTime(date.year, date.month, date.day, tzinfo=UTC)
        book.set_properties({"title": title, "created": created})
        _fill(book, grid.sheet, grid.headings, grid.widths, grid.rows, above=grid.above, marked=grid.marked)
    return file.getvalue()


def xlsx_pieces(
    *, sheet: str, headings: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[Value]]
) -> Iterator[bytes]:
    """A workbook of one sheet like `to_xlsx`, through a file on disk: memory is that of one row."""
    with tempfile.TemporaryFile() as file:
        with Workbook(file, {"constant_memory": True}) as book:
            _fill(book, sheet, headings, widths, rows)
        file.seek(0)
        yield from iter(lambda: file.read(_PIECE), b"")


def _fill(
    book: Workbook,
    name: str,
    headings: Sequence[str],
    widths: Sequence[int],
    rows: Iterable[Sequence[Value]],
    *,
    above: Sequence[Sequence[Value]] = (),
    marked: frozenset[int] = frozenset(),
) -> None:
    sheet = book.add_worksheet(name)
    bold = book.add_format({"bold": True, "bottom": 1})
    tinted = book.add_format({"bg_color": "#FDE8E6", "text_wrap": True, "valign": "top"}) if marked else None
    top = last = len(above)
    for row, values in enumerate(above):
        _write_row(sheet, row, values, None)
    for column, (heading, width) in enumerate(zip(headings, widths, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(top, column, heading, bold)
    for row, values in enumerate(rows):
        last = top + 1 + row
        _write_row(sheet, last, values, tinted if row in marked else None)
    sheet.freeze_panes(top + 1, 0)
    sheet.autofilter(top, 0, last, len(widths) - 1)
    sheet.repeat_rows(top)


def _write_row(sheet: Any, row: int, values: Sequence[Value], look: Any) -> None:
    for column, value in enumerate(values):
        if isinstance(value, str):
            sheet.write_string(row, column, value[:_LONGEST_TEXT], look)
        elif value is not None:
            sheet.write_number(row, column, value, look)
