"""Reads the figures of a brief from CSV files, strictly: a figure that cannot be trusted stops the reading.

Three files, UTF-8 (with or without a byte order mark), comma, one header line; columns in any order, others
are left aside. `reporting/data/brief_2023q1/README.md` describes them.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from compliance.enums import MEASURE_SCOPE, Measure, Scope
from institutions.enums import Kind
from reporting.integrity import ALL, CITY_LINE, INSTITUTIONS, REGION, Headline, Line
from reporting.numerals import read_ablative

FIGURES_COLUMNS: Final = (
    "measure",
    "kind",
    "line",
    "place",
    "place_kk",
    "printed_total",
    "printed_covered",
    "printed_percent",
    "as_printed",
)
HEADLINES_COLUMNS: Final = ("measure", "scope", "kind", "printed_total", "printed_covered", "printed_percent")
REGISTRY_COLUMNS: Final = ("place_type", "place", "kind", "institutions")

_SCOPES: Final = {measure.value: scope.value for measure, scope in MEASURE_SCOPE.items()}
_MOST_DIGITS: Final = 7  # ten times as many facilities as are planned for, in every line


class FiguresError(ValueError):
    """A file that cannot be read: `file`, `line` (from 1, the header's), `column` (a name) and `problem`.

    As text it is one sentence that names them all.
    """

    def __init__(self, file: Path, line: int, column: str, problem: str) -> None:
        self.file, self.line, self.column, self.problem = file, line, column, problem
        super().__init__(
            _("%(file)s, line %(line)d, column %(column)s: %(problem)s")
            % {"file": file, "line": line, "column": column, "problem": problem}
        )


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a file, its cells stripped; knows where it stands."""

    file: Path
    number: int
    cells: dict[str, str]

    def error(self, column: str, problem: str) -> FiguresError:
        return FiguresError(self.file, self.number, column, problem)

    def one_of(self, column: str, known: Collection[str], unknown: str) -> str:
        """`unknown` is the problem where the cell holds something else; it takes %(value)s."""
        value = self.cells[column]
        if value not in known:
            raise self.error(column, unknown % {"value": value})
        return value

    def number_or_none(self, column: str) -> int | None:
        value = self.cells[column]
        if not value:
            return None
        if re.fullmatch(r"[-\u2212][0-9]+", value):
            raise self.error(column, _("“%(value)s” is negative") % {"value": value})
        if not re.fullmatch(r"[0-9]+", value):
            raise self.error(column, _("“%(value)s” is not a whole number") % {"value": value})
        if len(value) > _MOST_DIGITS:
            raise self.error(column, _("“%(value)s” is too large") % {"value": value[:20]})
        return int(value)

    def whole_number(self, column: str) -> int:
        value = self.number_or_none(column)
        if value is None:
            raise self.error(column, _("the number is missing"))
        return value


def read_figures(path: Path, *, regions: Collection[str], city_lines: Collection[str]) -> list[Line]:
    """The lines of a brief, in the file's order.

    Measures of the whole country are listed by region (its code), those of the large cities by their line.
    Raises `FiguresError`; a list that names a place twice is an error too.
    """
    places = {Scope.NATIONAL.value: regions, Scope.LARGE_CITIES.value: city_lines}
    seen: dict[tuple[str, ...], int] = {}
    lines = []
    for row in _rows(path, FIGURES_COLUMNS):
        measure = row.one_of("measure", Measure.values, _("there is no measure “%(value)s”"))
        kind = row.one_of("kind", Kind.values, _("there is no kind “%(value)s”"))
        scope = _SCOPES[measure]
        place = row.one_of("place", places[scope], _("“%(value)s” is no place of this measure"))
        _refuse_twice(row, "place", (measure, kind, place), seen)
        numeral = read_ablative(row.cells["as_printed"])
        lines.append(
            Line(
                measure=measure,
                scope=scope,
                kind=kind,
                place=place,
                total=row.whole_number("printed_total"),
                covered=row.number_or_none("printed_covered"),
                percent=row.number_or_none("printed_percent"),
                suffix=numeral[1] if numeral else None,
                line=row.whole_number("line"),
                as_printed=row.cells["as_printed"],
            )
        )
    return lines


def read_headlines(path: Path) -> list[Headline]:
    """The headline figures of a brief, in the file's order. Raises `FiguresError`."""
    seen: dict[tuple[str, ...], int] = {}
    headlines = []
    for row in _rows(path, HEADLINES_COLUMNS):
        measure = row.one_of("measure", (INSTITUTIONS, *Measure.values), _("there is no measure “%(value)s”"))
        scopes = Scope.values if measure == INSTITUTIONS else [_SCOPES[measure]]
        scope = row.one_of("scope", scopes, _("“%(value)s” is no scope of this measure"))
        kind = row.one_of("kind", (*Kind.values, ALL), _("there is no kind “%(value)s”"))
        _refuse_twice(row, "kind", (measure, scope, kind), seen)
        headlines.append(
            Headline(
                measure=measure,
                scope=scope,
                kind=kind,
                total=row.number_or_none("printed_total"),
                covered=row.number_or_none("printed_covered"),
                percent=row.number_or_none("printed_percent"),
            )
        )
    return headlines


def read_registry(
    path: Path, *, regions: Collection[str], city_lines: Collection[str]
) -> dict[tuple[str, str, str], int]:
    """How many facilities there are, by (place type, place, kind). Raises `FiguresError`."""
    places = {REGION: regions, CITY_LINE: city_lines}
    seen: dict[tuple[str, ...], int] = {}
    registry = {}
    for row in _rows(path, REGISTRY_COLUMNS):
        place_type = row.one_of("place_type", places, _("there is no type of place “%(value)s”"))
        place = row.one_of("place", places[place_type], _("“%(value)s” is no place of this type"))
        kind = row.one_of("kind", Kind.values, _("there is no kind “%(value)s”"))
        _refuse_twice(row, "place", (place_type, place, kind), seen)
        registry[place_type, place, kind] = row.whole_number("institutions")
    return registry


def _refuse_twice(row: _Row, column: str, key: tuple[str, ...], seen: dict[tuple[str, ...], int]) -> None:
    """`seen`: where each key stood first; this row's is added."""
    if key in seen:
        raise row.error(column, _("the same as line %(line)d") % {"line": seen[key]})
    seen[key] = row.number


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[_Row]:
    """The rows that hold anything; at least one."""
    reader = csv.reader(io.StringIO(_text(path, columns[0]), newline=""), strict=True)
    header: list[str] | None = None
    empty = True
    try:
        for cells in reader:
            cells = [unicodedata.normalize("NFC", cell.strip()) for cell in cells]
            if not any(cells):
                continue
            if header is None:
                header = cells
                _check_header(path, reader.line_num, header, columns)
                continue
            empty = False
            yield _Row(path, reader.line_num, _by_column(path, reader.line_num, header, cells))
    except csv.Error as error:
        problem = _("the quotation marks do not close, or something stands behind them (%(error)s)")
        raise FiguresError(path, reader.line_num, columns[0], problem % {"error": error}) from error
    if header is None:
        raise FiguresError(path, 1, columns[0], _("the file is empty"))
    if empty:
        raise FiguresError(path, reader.line_num + 1, columns[0], _("there is nothing below the header"))


def _text(path: Path, first_column: str) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        problem = _("the file cannot be opened (%(error)s)") % {"error": error.strerror}
        raise FiguresError(path, 1, first_column, problem) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # All before that byte can be read: it ends in the cell that cannot.
        readable = content[: error.start].decode("utf-8-sig") + "?"
        rows = list(csv.reader(io.StringIO(readable, newline="")))
        position = len(rows[-1]) - 1
        named = len(rows) > 1 and position < len(rows[0])
        line, column = readable.count("\n") + 1, rows[0][position] if named else str(position + 1)
        raise FiguresError(path, line, column, _("not UTF-8: save the file in that encoding")) from error


def _check_header(path: Path, number: int, header: list[str], columns: tuple[str, ...]) -> None:
    for column in columns:
        if column not in header:
            raise FiguresError(path, number, column, _("the column is missing"))
        if header.count(column) > 1:
            raise FiguresError(path, number, column, _("the column stands there twice"))


def _by_column(path: Path, number: int, header: list[str], cells: list[str]) -> dict[str, str]:
    if len(cells) < len(header):
        column = header[len(cells)]
    elif len(cells) > len(header):
        column = str(len(header) + 1)
    else:
        return dict(zip(header, cells, strict=True))
    problem = _("%(found)d fields instead of %(wanted)d") % {"found": len(cells), "wanted": len(header)}
    raise FiguresError(path, number, column, problem)
