"""`coverage`: figures on any day, as known on any day. Other programs rely on its JSON."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date

from compliance.enums import Level, Measure, Scope
from institutions.clock import today
from reporting.coverage import Dimension, Question, default_scope, figures
from reporting.percent import format_percent

_DIMENSIONS = (Dimension.REGION, Dimension.LOCALITY, Dimension.CITY_LINE, Dimension.KIND)


class Command(BaseCommand):
    help = "Coverage by a measure of the brief: total, covered and percent by place and kind."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--measure", required=True, metavar="MEASURE", help=", ".join(Measure.values))
        parser.add_argument("--as-of", metavar="DATE", help="the day of which it is asked (today)")
        parser.add_argument("--known-on", metavar="DATE", help="with what was known on this day (all that is known)")
        parser.add_argument(
            "--by",
            default="",
            metavar="LIST",
            help="any of region, locality, city_line, kind, with commas between",
        )
        parser.add_argument(
            "--scope",
            metavar="SCOPE",
            help="national or large_cities (the population over which the brief counts the measure)",
        )
        parser.add_argument("--obliged-only", action="store_true", help="leave out whom only the report counts")
        parser.add_argument(
            "--level", default="approved", metavar="LEVEL", help="approved, or verified: of those looked at (approved)"
        )
        parser.add_argument("--format", default="table", metavar="FORMAT", help="json or table (table)")

    def handle(self, *args: Any, **options: Any) -> None:
        by = [self._one_of(Dimension, name, "--by", _DIMENSIONS) for name in options["by"].split(",") if name]
        if len(by) != len(set(by)):
            raise CommandError("--by: a dimension is named twice.", returncode=2)
        measure = self._one_of(Measure, options["measure"], "--measure", tuple(Measure))
        scope = (
            self._one_of(Scope, options["scope"], "--scope", tuple(Scope))
            if options["scope"]
            else default_scope(measure, by)
        )
        if Dimension.CITY_LINE in by and scope != Scope.LARGE_CITIES:
            raise CommandError("--by city_line needs --scope large_cities.", returncode=2)
        if options["format"] not in ("json", "table"):
            raise CommandError(f"--format: {options['format']!r} is neither json nor table.", returncode=2)
        question = Question(
            as_of=self._day("--as-of", options["as_of"]) or today(),
            known_on=self._day("--known-on", options["known_on"]),
            measure=measure,
            scope=scope,
            obliged_only=options["obliged_only"],
            level=self._one_of(Level, options["level"], "--level", tuple(Level)),
        )
        rows = figures(question, by)
        if options["format"] == "json":
            self.stdout.write(json.dumps([row.as_dict() for row in rows], ensure_ascii=False, indent=1))
            return
        width = max([len(row.place) for row in rows] + [5])
        self.stdout.write(f"{'place':<{width}}  {'kind':<12}  {'total':>6}  {'covered':>7}  percent")
        for row in rows:
            self.stdout.write(
                f"{row.place:<{width}}  {row.kind:<12}  {row.counts.total:>6}  {row.counts.covered:>7}  "
                f"{format_percent(row.counts.percent):>7}"
            )

    def _day(self, option: str, text: str | None) -> date | None:
        if text is None:
            return None
        try:
            day = parse_date(text)
        except ValueError:
            day = None
        if day is None:
            raise CommandError(f"{option}: {text!r} is not a day; write it like 2023-03-31.", returncode=2)
        return day

    def _one_of(self, choices: Any, text: str, option: str, allowed: tuple[Any, ...]) -> Any:
        try:
            value = choices(text.strip())
        except ValueError:
            value = None
        if value not in allowed:
            names = ", ".join(choice.value for choice in allowed)
            raise CommandError(f"{option}: {text!r} is unknown; choose from {names}.", returncode=2)
        return value
