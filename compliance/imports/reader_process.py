"""Reads the cells of one file and prints them as JSON. Run alone, with limits on memory and time: see `reading.py`.

    python -I reader_process.py xlsx|csv FILE

Knows nothing of the register, so that it starts at once and there is nothing in it to be spoilt. A cell is a text or
null; a number {"n": digits}, a day {"d": ISO}, a truth {"b": true}, an error {"e": what it shows}, and a formula
without a value {"f": ""}. Ends with 3 and a code on standard error where the file cannot be read.
"""

import csv
import datetime
import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

MEMORY = 1 << 30
SECONDS = 30
MOST_SHEETS = 10
MOST_ROWS = 20_200
MOST_COLUMNS = 200
MOST_SIGNS = 20_000_000
DELIMITERS = ";,\t|"
# Signs that nobody sees; PostgreSQL takes no text with the first of them.
NO_CONTROLS = {sign: None for sign in range(32) if chr(sign) not in "\t\n\r"}


class Unreadable(Exception):
    """The file cannot be read; the message is a code of `problems.FILES`."""


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # a reader writes no files
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


# --- workbooks --------------------------------------------------------------------------------------


def workbook(path: str) -> Iterator[dict[str, Any]]:
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_path(path)
    except calamine.PasswordError as locked:
        raise Unreadable("old_workbook") from locked
    except (calamine.CalamineError, OSError) as broken:
        raise Unreadable("damaged") from broken
    shown = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == calamine.SheetVisibleEnum.Visible and sheet.typ == calamine.SheetTypeEnum.WorkSheet
    ]
    for name in shown[:MOST_SHEETS]:
        try:
            sheet = book.get_sheet_by_name(name)
            # From A1 on: the numbers of rows are those that the person sees.
            rows = [[_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
            merged = sheet.merged_cell_ranges or []
        except (calamine.CalamineError, OSError, ValueError) as broken:
            raise Unreadable("damaged") from broken
        for row, column, what in what_looks_empty(path, name):
            if row < len(rows) and column < len(rows[row]) and rows[row][column] is None:
                rows[row][column] = what
        spread(rows, merged)
        yield {"name": name, "rows": rows}


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value.translate(NO_CONTROLS) or None
    if isinstance(value, bool):
        return {"b": value}
    if isinstance(value, int | float):
        whole = isinstance(value, int) or value.is_integer()
        return {"n": str(int(value)) if whole else repr(value)}
    if isinstance(value, datetime.datetime):
        return {"d": value.date().isoformat()}
    if isinstance(value, datetime.date):
        return {"d": value.isoformat()}
    return str(value)


def spread(rows: list[list[Any]], merged: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """Give each cell of a merged range the value that stands in its first."""
    for (top, left), (bottom, right) in merged:
        if top >= len(rows) or left >= len(rows[top]):
            continue
        value = rows[top][left]
        for row in rows[top : bottom + 1]:
            for column in range(left, min(right + 1, len(row))):
                row[column] = value


_FORMULA = re.compile(
    rb"<(?:\w+:)?c\b([^>]*[^/])>((?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?f[\s/>].*?)</(?:\w+:)?c>", re.DOTALL
)
_ERROR = re.compile(rb"""<(?:\w+:)?c\b([^>]*\bt\s*=\s*["']e["'][^>]*)>.*?<(?:\w+:)?v>([^<]*)<""", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?(?:v|t)\b[^>]*[^/]?>[^<]")
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Z]+)(\d+)["']""")


def what_looks_empty(path: str, name: str) -> Iterator[tuple[int, int, dict[str, str]]]:
    """Row, column (from 0) and cell of what the reader takes for nothing: errors, and formulas never calculated."""
    with zipfile.ZipFile(path) as archive:
        part = part_of(archive, name)
        text = archive.read(part) if part in archive.namelist() else b""
    if b'"e"' in text or b"'e'" in text:
        for cell in _ERROR.finditer(text):
            if place := _PLACE.search(cell[1]):
                yield *position(place), {"e": cell[2].decode("utf-8", "replace")}
    if b"<f" in text or b":f" in text:
        for cell in _FORMULA.finditer(text):
            if (place := _PLACE.search(cell[1])) and not _VALUE.search(cell[2]):
                yield *position(place), {"f": ""}


def position(place: "re.Match[bytes]") -> tuple[int, int]:
    column = 0
    for letter in place[1]:
        column = column * 26 + letter - 64
    return int(place[2]) - 1, column - 1


def part_of(archive: zipfile.ZipFile, name: str) -> str:
    """Where in the archive a sheet of this name lies; empty where the workbook does not say."""
    import html

    book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    try:
        links = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    except KeyError:
        return ""
    for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book):
        said = dict(re.findall(r'([\w:]+)\s*=\s*"([^"]*)"', tag))
        if html.unescape(said.get("name", "")) != name:
            continue
        wanted = next((value for key, value in said.items() if key.endswith(":id")), "")
        for link in re.findall(r"<(?:\w+:)?Relationship\b[^>]*>", links):
            target = dict(re.findall(r'(\w+)\s*=\s*"([^"]*)"', link))
            if target.get("Id") == wanted:
                place = target.get("Target", "")
                return place.lstrip("/") if place.startswith("/") else f"xl/{place}"
    return ""


# --- text -------------------------------------------------------------------------------------------


def text_table(path: str) -> Iterator[dict[str, Any]]:
    with open(path, "rb") as file:  # a byte order mark decides before anything else
        text = decoded(file.read())
    csv.field_size_limit(100_000)
    first, _newline, rest = text.partition("\n")
    try:
        if re.fullmatch(r"sep=.\s*", first):  # what Excel reads to learn the delimiter
            delimiter, text, skipped = first[4], rest, 1
        else:
            delimiter, skipped = delimiter_of(text), 0
        rows: list[list[str | None]] = [[None]] * skipped
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            rows.append([value.translate(NO_CONTROLS) or None for value in row])
            if len(rows) > MOST_ROWS:
                raise Unreadable("too_many_rows")
    except csv.Error as broken:
        raise Unreadable("damaged") from broken
    yield {"name": "", "rows": rows}


def decoded(data: bytes) -> str:
    """UTF-8 or UTF-16 where the file says or shows it; otherwise the Kazakh relative of Windows-1251.

    KZ-1048 differs from it in letters of other languages alone, in whose places it has the Kazakh ones.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("kz1048", "replace")


def delimiter_of(text: str) -> str:
    """The sign that cuts the first lines into the most columns, most of them alike."""
    lines = text.splitlines()[:30]
    best, most = ",", 0
    for delimiter in DELIMITERS:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if any(row)]
        # Commas within names are found here and there, a delimiter in every line.
        alike = max((widths.count(width) * (width - 1) for width in set(widths)), default=0)
        if alike > most:
            best, most = delimiter, alike
    return best


# --- both -------------------------------------------------------------------------------------------


def within_bounds(sheets: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The sheets without what is empty at the ends of their rows. Raises `Unreadable` where they are, all together,
    larger than a list: one text that a thousand cells share is small in the file and large on the way from here."""
    signs = 0
    for sheet in sheets:
        rows = sheet["rows"]
        while rows and not any(value is not None for value in rows[-1]):
            rows.pop()
        if len(rows) > MOST_ROWS:
            raise Unreadable("too_many_rows")
        for row in rows:
            del row[MOST_COLUMNS:]
            signs += sum(len(value) for value in row if isinstance(value, str))
            if signs > MOST_SIGNS:
                raise Unreadable("too_heavy")
        yield sheet


def main(kind: str, path: str) -> int:
    limit()
    try:
        sheets = list(within_bounds((workbook if kind == "xlsx" else text_table)(path)))
    except Unreadable as refusal:
        sys.stderr.write(f"code={refusal}\n")
        return 3
    except MemoryError:
        sys.stderr.write("code=too_heavy\n")
        return 3
    sys.stdout.buffer.write(json.dumps(sheets, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
