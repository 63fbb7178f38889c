"""The cells of a file that `preflight` let through, read in a process of its own; and the table among them.

A reader that a file brings to ask for too much memory ends with its process, and with nothing else.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from compliance.enums import ImportKind
from compliance.imports import columns, preflight, reader_process
from compliance.imports.problems import FILES, FileRefused

# A text, None where nothing stands, or what else `reader_process` says of a cell.
Cell = str | dict[str, Any] | None

_PROGRAM: Final = Path(reader_process.__file__)
_PATIENCE: Final = 2 * reader_process.SECONDS
# Titles, dates and signatures stand above the headings; not more than this.
_HEADINGS_WITHIN: Final = 40


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the list: its number as the person sees it, and its cells."""

    number: int
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """A list: what stood above it and its headings as they were, the key of each column (None: unknown), its rows."""

    sheet: str
    head: Sequence[Sequence[Cell]]
    keys: Sequence[str | None]
    rows: Sequence[Row] = field(default=())

    @property
    def ignored(self) -> list[str]:
        """The headings of columns that nobody knows."""
        found = (shown(cell) for cell, key in zip(self.head[-1], self.keys, strict=False) if key is None)
        return [heading for heading in found if heading]


def read(path: Path, kind: str = ImportKind.INSTITUTIONS) -> Table:
    """The first table of a file that is a list of the kind. Raises `FileRefused`."""
    return table_of(sheets_of(path, preflight.check(path)), kind)


def sheets_of(path: Path, kind: str) -> list[dict[str, Any]]:
    """The sheets of a file with their cells, by the process that reads it. Raises `FileRefused`."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_PROGRAM), kind, str(path)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired as slow:
        raise FileRefused("too_heavy") from slow
    if done.returncode == 0:
        sheets: list[dict[str, Any]] = json.loads(done.stdout)
        return sheets
    code = re.search(rb"^code=(\w+)$", done.stderr, re.MULTILINE)
    said = code[1].decode() if code else ""
    # It ended by its limits, by a failure of the reader, or it says itself what is wrong.
    raise FileRefused(said if said in FILES else "too_heavy", most=preflight.MOST_ROWS)


def table_of(sheets: Sequence[dict[str, Any]], kind: str) -> Table:
    """The first sheet in which headings are found, with the rows below them that are not empty."""
    for sheet in sheets:
        rows: list[list[Cell]] = sheet["rows"]
        found = _headings(rows, kind)
        if found is None:
            continue
        last, keys = found
        for key in keys:
            if key is not None and keys.count(key) > 1:
                raise FileRefused("column_twice", title=columns.title_of(key))
        below = [Row(number, cells) for number, cells in enumerate(rows[last + 1 :], start=last + 2) if any(cells)]
        if below and _numbers_columns(below[0].cells):
            below = below[1:]
        if not below:
            raise FileRefused("no_rows")
        if len(below) > preflight.MOST_ROWS:
            raise FileRefused("too_many_rows", most=preflight.MOST_ROWS)
        return Table(sheet["name"], rows[: last + 1], keys, below)
    raise FileRefused("no_header" if any(sheet["rows"] for sheet in sheets) else "empty")


def _headings(rows: Sequence[Sequence[Cell]], kind: str) -> tuple[int, list[str | None]] | None:
    """The number (from 0) of the last row of headings, and what each column is; None where there are none.

    Headings may stand in two rows, one above for several below: “Name” over “in Kazakh” and “in Russian”.
    """
    best: tuple[int, int, list[str | None]] | None = None
    for place, row in enumerate(rows[:_HEADINGS_WITHIN]):
        single = [columns.key_of(shown(cell), kind) for cell in row]
        candidates = [(place, single)]
        if place + 1 < len(rows):
            candidates.append((place + 1, _two_storeys(row, rows[place + 1], kind)))
        for last, keys in candidates:
            known = len(set(keys) - {None})
            if "bin" in keys and known > 1 and (best is None or known > best[0]):
                best = (known, last, keys)
    return None if best is None else best[1:]


def _two_storeys(upper: Sequence[Cell], lower: Sequence[Cell], kind: str) -> list[str | None]:
    keys = []
    for place in range(max(len(upper), len(lower))):
        above = shown(upper[place]) if place < len(upper) else ""
        below = shown(lower[place]) if place < len(lower) else ""
        both = above if above == below else f"{above} {below}"
        keys.append(columns.key_of(both, kind))
    return keys


def _numbers_columns(cells: Sequence[Cell]) -> bool:
    """Whether a row counts the columns, 1, 2, 3, as forms do below their headings."""
    said = [shown(cell) for cell in cells if cell is not None]
    return len(said) > 1 and said == [str(number) for number in range(1, len(said) + 1)]


def shown(cell: Cell) -> str:
    """The cell as text, much as a person sees it."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return " ".join(cell.split())
    (what, value), *_nothing = cell.items()
    if what == "b":
        return "1" if value else "0"
    return str(value)
