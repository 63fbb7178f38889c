"""Hold a typed summary against the integrity rules, and against the records if that is asked for."""

from __future__ import annotations

import csv
import json
import sys
import unicodedata
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError
from django.utils.translation import gettext as _

from reporting.figures import FiguresError, read_figures, read_headlines, read_registry
from reporting.integrity import Finding, check

PLACES: Final = Path(__file__).resolve().parents[3] / "institutions" / "data"
FOUND, BAD_INPUT = 1, 2
TABLE: Final = ("rule", "measure", "kind", "place", "printed", "expected")

Records = Mapping[tuple[str, str, str], tuple[int, int]]


class Command(BaseCommand):
    """Exit code 0 where nothing is found, 1 where anything is, 2 where the input cannot be read."""

    help = "Name every contradiction in the figures of a brief."
    # Needs no database, unless it is asked to read the records.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--figures", required=True, type=Path, metavar="FILE.csv")
        parser.add_argument("--headlines", required=True, type=Path, metavar="FILE.csv")
        parser.add_argument(
            "--registry",
            type=Path,
            metavar="FILE.csv",
            help="how many facilities each place has: totals are held against it",
        )
        parser.add_argument("--format", choices=["json", "table"], default="table")
        parser.add_argument(
            "--against-records", action="store_true", help="hold totals and covered against the register"
        )
        parser.add_argument("--as-of", metavar="DATE", help="the day of the figures, with --against-records")
        parser.add_argument("--known-on", metavar="DATE", help="as it was known on that day")

    def handle(self, *args: Any, **options: Any) -> None:
        regions, city_lines = _regions(), _city_lines()
        try:
            lines = read_figures(options["figures"], regions=regions, city_lines=city_lines)
            headlines = read_headlines(options["headlines"])
            registry = (
                read_registry(options["registry"], regions=regions, city_lines=city_lines)
                if options["registry"]
                else None
            )
        except FiguresError as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        found = check(
            lines,
            headlines,
            registry=registry,
            records=_records(options),
            city_lines_region=city_lines,
        )
        if options["format"] == "json":
            self.stdout.write(json.dumps([finding.as_dict() for finding in found], ensure_ascii=False, indent=2))
        else:
            self.stdout.write(_table(found))
        if found:
            sys.exit(FOUND)


def _regions() -> list[str]:
    return [row["code"] for row in _rows("regions.csv")]


def _city_lines() -> dict[str, str]:
    """Line of large cities → code of its region."""
    return {unicodedata.normalize("NFC", row["brief_line"]): row["region_code"] for row in _rows("cities.csv")}


def _rows(name: str) -> list[dict[str, str]]:
    # From the file and not from the database: a summary can be checked where no register is loaded.
    with (PLACES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _records(options: Mapping[str, Any]) -> Records | None:
    as_of, known_on = _day(options, "as_of"), _day(options, "known_on")
    if not options["against_records"]:
        if as_of or known_on:
            raise CommandError(_("--as-of and --known-on go with --against-records"), returncode=BAD_INPUT)
        return None
    if as_of is None:
        raise CommandError(_("--against-records needs --as-of DATE"), returncode=BAD_INPUT)
    from reporting.coverage import recorded_figures  # brings the models in: only where they are asked for

    try:
        return recorded_figures(as_of=as_of, known_on=known_on)
    except DatabaseError as error:
        raise CommandError(
            _("the records cannot be read: %(error)s") % {"error": error}, returncode=BAD_INPUT
        ) from error


def _day(options: Mapping[str, Any], name: str) -> date | None:
    value = options[name]
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise CommandError(
            _("--%(option)s: “%(value)s” is not a date like 2023-03-31")
            % {"option": name.replace("_", "-"), "value": value},
            returncode=BAD_INPUT,
        ) from error


def _table(found: Iterable[Finding]) -> str:
    rows = [TABLE, *(tuple(finding.as_dict()[column] for column in TABLE) for finding in found)]
    if len(rows) == 1:
        return _("Nothing found.")
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
