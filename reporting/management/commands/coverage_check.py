"""`coverage_check`: do items, ledger, days and totals agree?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from compliance import ledger
from reporting import sums

_SHOWN = 100


class Command(BaseCommand):
    help = "Compare items, ledger, days and totals; exit 1 and name the cells where they drift."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--chains", action="store_true", help="verify the hash chains of the ledger as well")

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        for drift in sums.drift():
            found += 1
            if found <= _SHOWN:
                self.stdout.write(f"{drift.between}: {drift.cell}: {drift.expected} ≠ {drift.found}")
        if options["chains"]:
            for institution, seq in ledger.broken_chains():
                found += 1
                self.stdout.write(f"chain of institution {institution}: row {seq} does not follow")
        if found:
            raise CommandError(f"{found} differences", returncode=1)
        waiting = sums.pending()
        self.stdout.write("No drift." + (f" {waiting} ledger rows are not yet counted." if waiting else ""))
