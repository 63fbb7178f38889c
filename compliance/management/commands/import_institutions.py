"""`import_institutions`: a list of institutions at once, without a worker."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation

from compliance.enums import ImportKind, ImportState, RowOutcome, RowResult
from compliance.imports import applying, preflight, problems, running
from compliance.imports.kinds import may_upload
from compliance.models import ImportRun
from institutions import access
from institutions.clock import local_day
from institutions.models import User

_COUNTS = (
    "rows_read", "rows_new", "rows_changed", "rows_unchanged", "rows_refused", "done_new", "done_changed", "rows_stale",
)  # fmt: skip


class Command(BaseCommand):
    kind = ImportKind.INSTITUTIONS
    help = (
        "Compare a list of institutions (XLSX, CSV) with the register and apply it on behalf of a person. "
        "Ends with 0 where all rows were taken, with 1 where some were refused, with 2 where nothing could be done."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--by", required=True, metavar="EMAIL", help="who imports; their scope holds")
        parser.add_argument("--since", metavar="DAY", help="true since, as in 2026-09-01; today where left out")
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")
        parser.add_argument("--format", choices=["text", "json"], default="text")
        parser.add_argument("--lang", default="kk", choices=["kk", "ru", "en"], help="language of the reasons")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        person = self._person(options["by"])
        since = self._since(options["since"], local_day(now))
        path = Path(options["file"])
        with translation.override(options["lang"]):
            run = self._upload(path, since=since, by=person, **self.about(person, options))
            running.check(run.pk, now=now)
            run.refresh_from_db()
            if run.state == ImportState.CHECKED and (options["dry_run"] or not (run.rows_new or run.rows_changed)):
                told = self._told(run)
                running.discard(run, by=person, now=timezone.now())
            else:
                if run.state == ImportState.CHECKED:
                    running.ask_to_apply(run, by=person, now=timezone.now())
                    applying.apply(run.pk, now=timezone.now())
                    run.refresh_from_db()
                told = self._told(run)
            self._print(told, options["format"])
        if run.problem or run.state == ImportState.FAILED:
            raise CommandError(told["problem"] or "The list could not be checked.", returncode=2)
        if told["rows_refused"] or told["rows_stale"]:
            raise CommandError(f"Left out: {told['rows_refused'] + told['rows_stale']} rows.", returncode=1)

    def about(self, person: User, options: dict[str, Any]) -> dict[str, Any]:
        """What else is known of a list of the kind, as `running.upload` takes it."""
        return {}

    def _upload(self, path: Path, *, since: date, by: User, **about: Any) -> ImportRun:
        try:
            with path.open("rb") as file:
                if path.stat().st_size > preflight.LARGEST_FILE:
                    most = preflight.LARGEST_FILE // preflight.MEGABYTE
                    refused = problems.FileRefused("too_large", most=most)
                    raise CommandError(problems.in_words(refused.problem), returncode=2)
                return running.upload(
                    File(file), name=path.name, since=since, by=by, now=timezone.now(), kind=self.kind, **about
                )
        except OSError as failure:
            raise CommandError(f"FILE: {failure}", returncode=2) from failure

    def _person(self, email: str) -> User:
        person = User.objects.filter(email=email.lower()).first()
        if person is None or not may_upload(self.kind, access.roles_of(person)):
            raise CommandError(f"--by: nobody who may import lists has the address {email}.", returncode=2)
        return person

    def _since(self, said: str | None, today: date) -> date:
        try:
            since = date.fromisoformat(said) if said else today
        except ValueError as wrong:
            raise CommandError(f"--since: {said!r} is no day; write it like 2026-09-01.", returncode=2) from wrong
        if since > today:
            raise CommandError(f"--since: {since} has not come yet.", returncode=2)
        return since

    def _told(self, run: ImportRun) -> dict[str, Any]:
        left_out = run.rows.filter(outcome=RowOutcome.REFUSED) | run.rows.filter(result=RowResult.STALE)
        return {
            "state": run.state,
            "problem": problems.in_words(run.problem) if run.problem else "",
            **{name: getattr(run, name) for name in _COUNTS},
            "left_out": [
                {"row": row.number, "bin": row.bin, "reasons": [problems.in_words(reason) for reason in row.reasons]}
                for row in left_out.order_by("number").defer("cells")
            ],
        }

    def _print(self, told: dict[str, Any], output: str) -> None:
        if output == "json":
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=1))
            return
        for name in ("state", *_COUNTS):
            self.stdout.write(f"{name.replace('_', ' ')}: {told[name]}")
        for row in told["left_out"]:
            self.stdout.write(f"row {row['row']}, {row['bin'] or '–'}: {'; '.join(row['reasons'])}")
