"""`coverage_rebuild`: all sums again, from the ledger alone."""

from typing import Any

from django.core.management.base import BaseCommand

from reporting import sums


class Command(BaseCommand):
    help = "Make all sums again from the ledger."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{sums.rebuild():,} rows of days")
