"""Tables as files for people's programs: CSV and XLSX, of which no cell is ever a formula.

The one writer of all such files: those that a brief carries, exports of lists, lists with their errors. Pure: the same
grid, title and date give the same bytes, whatever the process, clock and system.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import date as Date
from datetime import datetime as DateTime
from typing import Any

from xlsxwriter import Workbook

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# What a spreadsheet may take for the beginning of a formula when it opens a CSV file.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")

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
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(grid.columns)
    writer.writerows(_harmless(line) for line in grid.lines)
    return text.getvalue().encode("utf-8-sig")


def _harmless(line: Iterable[Value]) -> list[Value]:
    return [f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_SIGNS) else value for value in line]


def to_xlsx(grid: Grid, title: str, date: Date) -> bytes:
    """One sheet in the brief's words. Strings are written as strings, so none becomes a formula or a link."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:  # in memory its inner files bear one fixed date
        created = DateTime(date.year, date.month, date.day, tzinfo=UTC)
        book.set_properties({"title": title, "created": created})
        sheet = book.add_worksheet(grid.sheet)
        bold = book.add_format({"bold": True, "bottom": 1})
        tinted = book.add_format({"bg_color": "#FDE8E6", "text_wrap": True, "valign": "top"}) if grid.marked else None
        top = len(grid.above)
        for row, values in enumerate(grid.above):
            _write_row(sheet, row, values, None)
        for column, (heading, width) in enumerate(zip(grid.headings, grid.widths, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(top, column, heading, bold)
        for row, values in enumerate(grid.rows):
            _write_row(sheet, top + 1 + row, values, tinted if row in grid.marked else None)
        sheet.freeze_panes(top + 1, 0)
        sheet.autofilter(top, 0, top + len(grid.rows), len(grid.widths) - 1)
        sheet.repeat_rows(top)
    return file.getvalue()


def _write_row(sheet: Any, row: int, values: Sequence[Value], look: Any) -> None:
    for column, value in enumerate(values):
        if isinstance(value, str):
            sheet.write_string(row, column, value, look)
        elif value is not None:
            sheet.write_number(row, column, value, look)
