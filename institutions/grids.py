"""Rows of data as CSV and XLSX: the one writer of all files that people open in a spreadsheet.

No text of anybody's becomes a formula: in CSV files it gets an apostrophe, in workbooks it is written as a string.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import date as Date
from datetime import datetime as DateTime

from xlsxwriter import Workbook

# What a spreadsheet may take for the beginning of a formula when it opens a CSV file.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")

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


def harmless(line: Iterable[Value]) -> list[Value]:
    return [f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_SIGNS) else value for value in line]


def xlsx_file(grid: Grid, title: str, date: Date) -> bytes:
    """One sheet in the brief's words. Strings are written as strings, so none becomes a formula or a link."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:  # in memory its inner files bear one fixed date
        created = DateTime(date.year, date.month, date.day, tzinfo=UTC)
        book.set_properties({"title": title, "created": created})
        sheet = book.add_worksheet(grid.sheet)
        bold = book.add_format({"bold": True, "bottom": 1})
        for column, (heading, width) in enumerate(zip(grid.headings, grid.widths, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, heading, bold)
        for row, values in enumerate(grid.rows, start=1):
            for column, value in enumerate(values):
                if isinstance(value, str):
                    sheet.write_string(row, column, value)
                elif value is not None:
                    sheet.write_number(row, column, value)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(grid.rows), len(grid.widths) - 1)
        sheet.repeat_rows(0)
    return file.getvalue()
