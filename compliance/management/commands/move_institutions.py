"""`manage.py move_institutions`: a region is split, a district made anew; its institutions move from a day on."""

from __future__ import annotations

import sys
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation
from django.utils.dateparse import parse_date
from tqdm import tqdm

from compliance import relocation
from institutions.models import Locality, Settlement
from institutions.validators import validate_day


class Command(BaseCommand):
    help = (
        "Move the institutions of a locality to another one from a day on. Figures of earlier days stay as they were. "
        "Safe to stop and to begin again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="source", required=True, metavar="KATO", help="the locality that they leave")
        parser.add_argument("--to", dest="target", required=True, metavar="KATO", help="the locality that they enter")
        parser.add_argument("--since", required=True, metavar="DAY", help="the first day in the new one: 2022-06-08")
        parser.add_argument("--reason", default="", help="the decree; needed unless it is a dry run")
        parser.add_argument(
            "--only", action="append", default=[], metavar="KATO", help="only this settlement's (may be repeated)"
        )
        parser.add_argument(
            "--settlement",
            action="append",
            default=[],
            metavar="KATO=KATO",
            help="old and new settlement, where their names differ (may be repeated)",
        )
        parser.add_argument("--dry-run", action="store_true", help="tell what would be moved, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        since = self._day(options["since"])
        source, target = self._locality(options["source"]), self._locality(options["target"])
        if source == target:
            raise CommandError("The two localities are the same.")
        if not options["dry_run"] and not options["reason"].strip():
            raise CommandError("Give the --reason: it stands in the history of each institution.")
        pairs = [pair.partition("=") for pair in options["settlement"]]
        try:
            plan = relocation.plan(
                source,
                target,
                since=since,
                only=[self._settlement(kato) for kato in options["only"]],
                counterparts={self._settlement(old): self._settlement(new) for old, _sign, new in pairs},
            )
        except relocation.NoSettlement as unknown:
            lines = "\n".join(f"  --settlement {one.kato}=…  {one.name_kk} / {one.name_ru}" for one in unknown.missing)
            raise CommandError(f"Nothing was moved. No settlement of that name in the new locality:\n{lines}") from None
        for old, new in plan.settlements.items():
            self.stdout.write(f"{old.kato} {old.name_kk} → {f'{new.kato} {new.name_kk}' if new else target.name_kk}")
        count = len(plan.institutions)
        if options["dry_run"]:
            self.stdout.write(f"{count} institutions would move from {source.kato} to {target.kato} on {since}.")
            return
        done = 0
        with translation.override("kk"), tqdm(total=count, unit=" institutions", file=sys.stderr, disable=None) as bar:
            for moved in relocation.move(plan, by=None, now=timezone.now(), reason=options["reason"].strip()):
                bar.update(1)
                done = moved
        self.stdout.write(f"{done} institutions moved from {source.kato} to {target.kato} on {since}.")

    def _day(self, text: str) -> date:
        try:
            day = parse_date(text)
            if day is not None:
                validate_day(day)
                return day
        except (ValueError, ValidationError):
            pass
        raise CommandError(f"--since: {text!r} is not a day; write it like 2022-06-08.")

    def _locality(self, kato: str) -> Locality:
        found = Locality.objects.select_related("region").filter(kato=kato).first()
        if found is None:
            raise CommandError(f"There is no locality {kato}.")
        return found

    def _settlement(self, kato: str) -> Settlement:
        found = Settlement.objects.filter(kato=kato).first()
        if found is None:
            raise CommandError(f"There is no settlement {kato}.")
        return found
