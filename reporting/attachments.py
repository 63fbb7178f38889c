"""The data that a brief carries inside its PDF: all figures as JSON, the lines as CSV and XLSX.

Pure: the same snapshot, number and date give the same bytes, whatever the process, clock and system. The words
are those of the brief's language.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, fields
from datetime import date as Date
from typing import Any

from institutions.grids import Grid, csv_file, xlsx_file
from reporting.brief.facts import KINDS, Snapshot
from reporting.brief.imprint import Imprint
from reporting.brief.languages import words_of
from reporting.brief.words import Described

JSON, CSV = "application/json", "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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
# Widths of the columns in characters.
_WIDTHS = (42, 20, 30, 12, 14, 8)


def data_files(snapshot: Snapshot, imprint: Imprint) -> tuple[AttachedFile, ...]:
    """The files of a brief: its lines are those of its measures. Raises `LanguageNotWritten` as the brief does."""
    words = words_of(snapshot["lang"])
    attached = words.attached
    lines = list(data_lines(snapshot))
    grid = Grid(
        columns=COLUMNS,
        lines=[astuple(line) for line in lines],
        sheet=attached.sheet,
        headings=attached.columns,
        widths=_WIDTHS,
        rows=[
            (
                words.measures[line.measure].title,
                words.kind_plural[line.kind],
                line.place_name,
                line.total,
                line.covered,
                line.percent,
            )
            for line in lines
        ],
    )
    described = Described(attached.imprint, attached.csv, attached.json, attached.xlsx)
    return four_files(snapshot, imprint, described, grid, title=f"{words.fixed.numero} {imprint.number}")


def four_files(
    snapshot: Mapping[str, Any], imprint: Imprint, described: Described, grid: Grid, *, title: str
) -> tuple[AttachedFile, ...]:
    """The files of a brief of any kind, in the order of their names: the snapshot and the imprint, from which the
    brief can be made again, and its rows for people's programs. `title` is the spreadsheet's."""
    stem, date = imprint.number.replace("/", "-"), imprint.date
    return (
        AttachedFile(f"{stem}-imprint.json", described.imprint, JSON, imprint.as_json(), date),
        AttachedFile(f"{stem}.csv", described.csv, CSV, csv_file(grid), date),
        AttachedFile(f"{stem}.json", described.json, JSON, snapshot_json(snapshot), date),
        AttachedFile(f"{stem}.xlsx", described.xlsx, XLSX, xlsx_file(grid, title, date), date),
    )


def snapshot_json(snapshot: Mapping[str, Any]) -> bytes:
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
