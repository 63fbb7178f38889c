"""The figures of the published brief for the 1st quarter of 2023, its slips put right."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

PUBLISHED: Final = Path(__file__).resolve().parent.parent / "data" / "brief_2023q1"
PUBLISHED_ON: Final = date(2023, 3, 31)

REGION: Final = "region"
CITY_LINE: Final = "city_line"


def registry() -> dict[tuple[str, str], int]:
    """How many institutions there are, by (place, kind).

    A place is a region's code or a line of large cities; the institutions of a line are among its region's.
    """
    return {(row["place"], row["kind"]): int(row["institutions"]) for row in _rows("registry.csv")}


def expected_figures() -> dict[tuple[str, str, str], tuple[int, int]]:
    """Total and covered on 31 March 2023 of all 240 lines, by (measure, kind, place).

    Put right: the total is the registry's (one line prints 191 kindergartens of 193, one 2 colleges of 6); a
    pair that is printed the wrong way round is turned; where one number is printed, all are covered.
    Headlines and percentages are left aside: where they disagree, the lines are true.
    """
    totals = registry()
    figures = {}
    for row in _rows("figures.csv"):
        total = totals[row["place"], row["kind"]]
        printed = [int(row[field]) for field in ("printed_total", "printed_covered") if row[field]]
        covered = min(printed) if len(printed) == 2 else total
        figures[row["measure"], row["kind"], row["place"]] = (total, covered)
    return figures


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (PUBLISHED / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
