"""`load_demo`: the demonstration registry into an empty database."""

from __future__ import annotations

import sys
from datetime import datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone
from django.utils.dateparse import parse_date
from tqdm import tqdm

from compliance.models import Batch, Requirement
from reporting.demo.load import SIZE, NotADemonstration, is_demonstration, load


class Command(BaseCommand):
    help = "Load the demonstration registry. Refuses a database that is neither empty nor a demonstration."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--institutions", type=int, help=f"how many, instead of all {SIZE:,}")
        parser.add_argument("--seed", type=int, default=117, help="another seed makes another registry (117)")
        parser.add_argument("--measures-only", action="store_true", help="only the five measures of the brief")
        parser.add_argument("--if-empty", action="store_true", help="do nothing where a demonstration is there already")
        parser.add_argument(
            "--years", type=int, default=0, metavar="N", help="tell the last N years day by day, with all that went on"
        )
        parser.add_argument(
            "--recorded-at", metavar="DATE", help="record everything on this day, not each quarter at its end"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if Batch._meta.db_table not in connection.introspection.table_names():
            raise CommandError("The database has no tables yet: run migrate first.")
        if is_demonstration():
            if options["if_empty"]:
                self.stdout.write("The demonstration is there already.")
                return
            raise CommandError("The demonstration is there already. Begin with an empty database to load another.")
        if not Requirement.objects.exists():
            raise CommandError("The Order is not loaded yet: run load_reference first.")
        recorded_at = None
        if options["recorded_at"]:
            recorded_at = self._moment(options["recorded_at"])
        bar = tqdm(total=options["institutions"] or SIZE, unit=" institutions", file=sys.stderr, disable=None)

        def progress(step: str, done: int, of: int) -> None:
            if step == "institutions":
                bar.update(done - bar.n)
            else:
                bar.set_description(step)

        try:
            with bar:
                made = load(
                    seed=options["seed"],
                    now=timezone.now(),
                    institutions=options["institutions"],
                    measures_only=options["measures_only"],
                    recorded_at=recorded_at,
                    years=options["years"],
                    progress=progress,
                )
        except NotADemonstration as refusal:
            raise CommandError("The database is not empty and not a demonstration: it is left alone.") from refusal
        except ValueError as wrong:
            raise CommandError(str(wrong)) from wrong
        self.stdout.write(", ".join(f"{name}: {count:,}" for name, count in made.items()))

    def _moment(self, text: str) -> datetime:
        try:
            day = parse_date(text)
        except ValueError:
            day = None
        if day is None:
            raise CommandError(f"--recorded-at: {text!r} is not a day; write it like 2023-03-31.")
        return timezone.make_aware(datetime.combine(day, time(18, 0)))
