"""`make_brief`: a brief at once, without a worker."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from compliance.models import Period
from institutions.models import Institution, Region
from reporting import kinds, publishing
from reporting.brief.document import to_text
from reporting.brief.languages import LANGUAGES
from reporting.comparisons import NotEarlier
from reporting.enums import BriefState
from reporting.sheets import NotThereYet
from reporting.snapshot import PeriodNotReady


class Command(BaseCommand):
    help = "Make the brief of a quarter and write its PDF (or, with --text, its plain text) to a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--period", required=True, metavar="QUARTER", help="as in 2023Q1")
        parser.add_argument(
            "--scope", default="country", metavar="SCOPE", help="country, a region's code (KZ-11), or a BIN"
        )
        parser.add_argument("--against", metavar="QUARTER", help="an earlier quarter: compare the country's figures")
        parser.add_argument("--lang", default="kk", metavar="LANGUAGE", help=", ".join(LANGUAGES))
        parser.add_argument("--output", required=True, metavar="FILE", help="where to write; - is standard output")
        parser.add_argument("--text", action="store_true", help="plain text instead of PDF")

    def handle(self, *args: Any, **options: Any) -> None:
        period = self._period(options["period"])
        subject = self._subject(options["scope"])
        if options["against"]:
            if subject != publishing.NATION:
                raise CommandError("--against: only the country's figures are compared.", returncode=2)
            subject = publishing.Subject.comparison(self._period(options["against"]))
        if options["lang"] not in LANGUAGES:
            raise CommandError(
                f"--lang: {options['lang']!r} is unknown; choose from {', '.join(LANGUAGES)}.", returncode=2
            )
        target = options["output"]
        if target != "-" and not Path(target).absolute().parent.is_dir():
            raise CommandError(f"--output: the folder of {target!r} does not exist.", returncode=2)
        try:
            brief = publishing.request_brief(
                period, language=options["lang"], by=None, now=timezone.now(), subject=subject
            )
        except NotThereYet as refusal:
            raise CommandError(
                f"--period: nothing is demanded of {subject.code} yet in {period.code}.", returncode=2
            ) from refusal
        except NotEarlier as refusal:
            raise CommandError(f"--against: {refusal} is not earlier than {period.code}.", returncode=2) from refusal
        except PeriodNotReady as refusal:
            raise CommandError(f"--period: {refusal} has no figures.", returncode=2) from refusal
        publishing.make(brief.pk, now=timezone.now())
        brief.refresh_from_db()
        if brief.state == BriefState.REFUSED:
            for finding in brief.findings:
                self.stderr.write(
                    " ".join(str(finding[name]) for name in ("rule", "measure", "kind", "place", "message"))
                )
            raise CommandError(f"The brief contradicts itself in {len(brief.findings)} places.", returncode=1)
        if brief.state != BriefState.READY:
            raise CommandError(f"The brief is not ready: {brief.error or brief.get_state_display()}", returncode=1)
        if options["text"]:
            text = to_text(kinds.compose(brief.snapshot, brief.imprint))
            self._write(target, text.encode())
        else:
            with brief.file.open("rb") as file:
                self._write(target, file.read())

    def _subject(self, scope: str) -> publishing.Subject:
        if scope == "country":
            return publishing.NATION
        if re.fullmatch(r"\d{12}", scope):
            institution = Institution.objects.filter(bin=scope).first()
            if institution is None:
                raise CommandError(f"--scope: the register has no institution with the BIN {scope}.", returncode=2)
            return publishing.Subject.of_institution(institution)
        region = Region.objects.filter(code=scope).first()
        if region is None:
            raise CommandError(
                f"--scope: {scope!r} is unknown; choose from country, the code of a region, as in KZ-11, or a BIN.",
                returncode=2,
            )
        return publishing.Subject.of_region(region)

    def _period(self, code: str) -> Period:
        if not re.fullmatch(r"\d{4}Q[1-4]", code):
            raise CommandError(f"--period: {code!r} is not a quarter; write it like 2023Q1.", returncode=2)
        try:
            return Period.objects.get(code=code)
        except Period.DoesNotExist as missing:
            raise CommandError(f"--period: the register has no quarter {code}.", returncode=2) from missing

    def _write(self, target: str, data: bytes) -> None:
        if target == "-":
            sys.stdout.buffer.write(data)
            return
        try:
            Path(target).write_bytes(data)
        except OSError as failure:
            raise CommandError(f"--output: {failure}", returncode=2) from failure
