"""`edition check|preview|enact FILE`: a new edition of the Order from the command line."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from compliance import editions
from compliance.enums import EditionState, Measure
from compliance.library.coming import EditionRefused
from compliance.library.coming_words import with_place
from compliance.models import ComingEdition
from institutions.access import ADMINISTER
from institutions.models import Membership, User
from reporting import edition_previews


class Command(BaseCommand):
    """Exit code 0 where all is well, 1 where the file has mistakes or something stands in the way."""

    help = "Check the file of a new edition, tell what follows from it, or put it into force on its day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("do", choices=["check", "preview", "enact"])
        parser.add_argument("file", type=Path, metavar="FILE.toml")
        parser.add_argument("--by", metavar="E-MAIL", help="the administrator who uploads it (preview, enact)")
        parser.add_argument("--second", metavar="E-MAIL", help="another one, who puts it into force (enact)")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            data = file.read_bytes()
        except OSError as wrong:
            raise CommandError(str(wrong)) from wrong
        try:
            _text, content = editions.read_file(data)
            if options["do"] == "check":
                kept = len([item for item in content.items if not item.parents])
                self.stdout.write(
                    f"{content.code}: in force from {content.in_force_from}, {len(content.items)} items "
                    f"({len(content.items) - kept} made from others), {len(content.dropped)} dropped"
                )
                return
            self._work(data, file.name, options)
        except EditionRefused as refused:
            raise CommandError("\n".join(with_place(one) for one in refused.problems)) from refused
        except editions.OwnEdition as own:
            raise CommandError("Four eyes: --second has to be another person than --by.") from own

    def _work(self, data: bytes, name: str, options: dict[str, Any]) -> None:
        by = _administrator(options["by"], "--by")
        second = _administrator(options["second"], "--second") if options["do"] == "enact" else None
        if second == by:
            raise CommandError("Four eyes: --second has to be another person than --by.")
        coming = editions.upload(data, name=name, by=by, now=timezone.now())
        self._wait(coming, EditionState.PREVIEWED)
        self._tell(coming)
        if second is None:
            return
        editions.enact(coming, by=second, now=timezone.now())
        self._wait(coming, EditionState.SCHEDULED)
        self.stdout.write(f"{coming.code}: in the ledger with {coming.rows} rows, in force from {coming.in_force_from}")

    def _wait(self, coming: ComingEdition, state: EditionState) -> None:
        """Do the work here; a worker that was faster is let go on."""
        edition_previews.work(coming.pk, clock=timezone.now)
        coming.refresh_from_db()
        if coming.state != state:
            raise CommandError(f"{coming.code}: the work is not done ({coming.get_state_display()})")

    def _tell(self, coming: ComingEdition) -> None:
        for line in edition_previews.coverage_lines(coming):
            before, after = line.before, line.after
            self.stdout.write(
                f"{Measure(line.measure).value}: {before.covered}/{before.total} ({before.percent}%) → "
                f"{after.covered}/{after.total} ({after.percent}%)"
            )
        for duty in edition_previews.duty_lines(coming):
            counts = f"+{duty.gained} −{duty.lost}, now obliged {duty.obliged}, no longer {duty.released}"
            self.stdout.write(f"{duty.code}: {counts}")


def _administrator(email: str | None, option: str) -> User:
    if not email:
        raise CommandError(f"{option} is needed: the e-mail address of an administrator of the ministry.")
    user = User.objects.filter(email__iexact=email).first()
    if user is None or not Membership.objects.of(user, ADMINISTER).exists():
        raise CommandError(f"{email} is no administrator of the ministry.")
    return user
