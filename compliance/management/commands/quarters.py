"""`quarters`: the quarters that have begun, with their states and counts. Other programs rely on its JSON."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from compliance.models import Period
from compliance.quarters import Tally, tallies
from institutions.clock import today
from institutions.models import Institution


class Command(BaseCommand):
    help = "The quarters, newest first: state, institutions that confirmed, answers that wait, exceptions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", default="text", metavar="FORMAT", help="json or text (text)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["format"] not in ("json", "text"):
            raise CommandError(f"--format: {options['format']!r} is neither json nor text.", returncode=2)
        day = today()
        begun = list(Period.objects.begun(day).order_by("-starts_on"))
        rows = tallies(begun, Institution.objects.all(), day)
        if options["format"] == "json":
            self.stdout.write(json.dumps([_plain(row) for row in rows], indent=1))
            return
        self.stdout.write("quarter  state    closed on   expected  confirmed  on time  waiting  exceptions")
        for row in rows:
            period = row.period
            self.stdout.write(
                f"{period.code:<7}  {period.state:<7}  {period.closed_on or '–'!s:<10}  {row.expected:>8}  "
                f"{row.confirmed:>9}  {row.on_time:>7}  {row.waiting:>7}  {row.exceptions:>10}"
            )


def _plain(row: Tally) -> dict[str, str | int | None]:
    period = row.period
    return {
        "code": period.code,
        "starts_on": period.starts_on.isoformat(),
        "ends_on": period.ends_on.isoformat(),
        "state": period.state,
        "closed_on": period.closed_on.isoformat() if period.closed_on else None,
        "expected": row.expected,
        "confirmed": row.confirmed,
        "on_time": row.on_time,
        "waiting": row.waiting,
        "exceptions": row.exceptions,
    }
