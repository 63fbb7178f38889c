"""`close_quarter`: freeze a quarter, or with --begin stop what is new for it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from compliance import periods
from compliance.models import Period
from institutions.clock import local_day


class Command(BaseCommand):
    help = "Close a quarter that has ended: its figures are frozen as they are known now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("quarter", metavar="QUARTER", help="as in 2026Q1")
        parser.add_argument("--begin", action="store_true", help="only begin closing: nothing new is submitted")

    def handle(self, *args: Any, **options: Any) -> None:
        code = options["quarter"]
        period = Period.objects.filter(code=code).first()
        if period is None:
            raise CommandError(f"{code!r} is not a quarter of the register; write it like 2026Q1.", returncode=2)
        now = timezone.now()
        move = periods.begin_closing if options["begin"] else periods.close_period
        try:
            move(period, by=None, now=now)
        except periods.WrongMove as refused:
            period.refresh_from_db()
            why = "it has not ended" if period.ends_on >= local_day(now) else f"it is {period.state}"
            raise CommandError(f"{code} stays as it is: {why}.", returncode=1) from refused
        self.stdout.write(f"{code}: {period.state}")
