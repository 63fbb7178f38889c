"""A list from its upload to its check, and the wishes that follow. The work on the register is in `applying.py`.

The table is the queue: a worker takes a run by a conditional update, a message only says that there is one.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.core.files.base import File
from django.db import transaction
from django.db.models import Q

from compliance import hints
from compliance.enums import ImportKind, ImportState, RowOutcome
from compliance.imports import answers, differences, police, reading
from compliance.imports.problems import FileRefused
from compliance.imports.progress import progress_of as progress_of
from compliance.imports.progress import tell as tell
from compliance.models import BUSY_IMPORTS, ImportRow, ImportRun
from institutions import journal
from institutions.clock import local_day
from institutions.models import Region, User

logger = logging.getLogger(__name__)
WORK: Final = "compliance.tasks.work_on_import"
# A worker that has not finished by then was killed; somebody else may take the run over.
PATIENCE: Final = timedelta(minutes=5)
_STEP: Final = 500


class WrongMove(Exception):
    """The run is not in the state from which this can be done: somebody was faster."""


def upload(
    file: File[bytes],
    *,
    name: str,
    since: date,
    by: User,
    now: datetime,
    kind: ImportKind = ImportKind.INSTITUTIONS,
    issuer: str = "",
    complete_for: Region | None = None,
) -> ImportRun:
    """Keep a file and queue its check. `issuer` and `complete_for` are of a list of the police."""
    digest = hashlib.sha256()
    for piece in file.chunks():
        digest.update(piece)
    with transaction.atomic():
        run = ImportRun(
            kind=kind,
            file_name=name[:200],
            file_hash=digest.hexdigest(),
            file_size=file.size,
            since=since,
            issuer=issuer,
            complete_for=complete_for,
            uploaded_by=by,
            uploaded_at=now,
        )
        # Under its content's hash: the name that a stranger gave it leads nowhere on our disk.
        run.file.save(f"{digest.hexdigest()[:32]}.list", file, save=False)
        run.save()
        after = {"file": run.file_name, "sha256": run.file_hash}
        if complete_for is not None:
            after["scope"] = complete_for.code
        journal.write("import.upload", run, by=by, after=after, now=now)
        hints.after_commit(WORK, run=run.pk)
    return run


def claim(pk: int, *sources: ImportState, to: ImportState, now: datetime) -> ImportRun | None:
    """Take a run that waits for a worker, or whose worker is gone; None where somebody else has it."""
    waiting = ImportRun.objects.filter(pk=pk, state__in=[*sources, to])
    taken = waiting.filter(Q(claimed_at=None) | Q(claimed_at__lt=now - PATIENCE)).update(state=to, claimed_at=now)
    return ImportRun.objects.select_related("uploaded_by", "applied_by", "undone_by").get(pk=pk) if taken else None


def move(run: ImportRun, source: ImportState, to: ImportState, **values: Any) -> None:
    """The conditional update that is the lock. Raises `WrongMove`."""
    if ImportRun.objects.filter(pk=run.pk, state=source).update(state=to, **values) != 1:
        raise WrongMove(run.pk)
    run.refresh_from_db()


def check(pk: int, *, now: datetime) -> ImportRun | None:
    """Read the file of a queued run and compare it with the register; None where it is not to be done.

    Safe to run twice: rows of a check that was broken off are thrown away first.
    """
    run = claim(pk, ImportState.QUEUED, to=ImportState.CHECKING, now=now)
    if run is None:
        return None
    try:
        table = reading.read(_path_of(run), run.kind)
        _keep(run, table, _judged(run, table, now), now)
    except FileRefused as refused:
        _finish(run, ImportState.REFUSED, now=now, problem=refused.problem)
    except Exception:
        logger.exception("List %s could not be checked", pk)
        _finish(run, ImportState.FAILED, now=now)
    return run


@transaction.atomic
def _keep(run: ImportRun, table: reading.Table, rows: Sequence[ImportRow], now: datetime) -> None:
    """Write what the check found; the list then waits for its person."""
    ImportRow.objects.filter(run=run).delete()
    for start in range(0, len(rows), _STEP):
        ImportRow.objects.bulk_create(rows[start : start + _STEP])
    counts = Counter(row.outcome for row in rows)
    _finish(
        run,
        ImportState.CHECKED,
        now=now,
        head=list(table.head),
        keys=list(table.keys),
        ignored=table.ignored,
        rows_read=len(rows),
        rows_new=counts[RowOutcome.NEW],
        rows_changed=counts[RowOutcome.CHANGED],
        rows_unchanged=counts[RowOutcome.UNCHANGED],
        rows_refused=counts[RowOutcome.REFUSED],
        rows_implied=run.rows_implied,
        rows_unnamed=run.rows_unnamed,
    )


def _judged(run: ImportRun, table: reading.Table, now: datetime) -> list[ImportRow]:
    tell(run.pk, 20)
    rows = []
    asked: dict[str, Any] = {"user": run.uploaded_by, "since": run.since, "today": local_day(now)}
    if run.kind == ImportKind.POLICE:
        judged = police.judge(run, table, **asked)
    else:
        judge = answers.judge if run.kind == ImportKind.ANSWERS else differences.judge
        judged = judge(run.pk, table, **asked)
    for number, row in enumerate(judged):
        rows.append(row)
        if number % _STEP == 0:
            tell(run.pk, min(30 + 60 * number // len(table.rows), 90))
    return rows


def _path_of(run: ImportRun) -> Path:
    if not run.file.name or not run.file.storage.exists(run.file.name):
        raise FileRefused("file_gone")
    return Path(run.file.path)


def _finish(run: ImportRun, state: ImportState, *, now: datetime, **values: Any) -> None:
    with transaction.atomic():
        move(run, ImportState.CHECKING, state, claimed_at=None, checked_at=now, **values)
        after = {"state": state.value, "read": run.rows_read, "refused": run.rows_refused}
        journal.write("import.check", run, by=run.uploaded_by, after=after, now=now)
    if state in (ImportState.REFUSED, ImportState.FAILED):
        forget_file(run)


@transaction.atomic
def ask_to_apply(run: ImportRun, *, by: User, now: datetime) -> None:
    """Queue the application of a checked list. Raises `WrongMove`."""
    move(run, ImportState.CHECKED, ImportState.APPLYING, applied_by=by, claimed_at=None)
    hints.after_commit(WORK, run=run.pk)


@transaction.atomic
def ask_to_undo(run: ImportRun, *, by: User, now: datetime) -> None:
    """Queue the undoing of an applied list. Raises `WrongMove`."""
    move(run, ImportState.APPLIED, ImportState.UNDOING, undone_by=by, claimed_at=None)
    hints.after_commit(WORK, run=run.pk)


def discard(run: ImportRun, *, by: User, now: datetime) -> None:
    """Throw a checked list away, with its file and rows; that there was one stays known. Raises `WrongMove`."""
    with transaction.atomic():
        move(run, ImportState.CHECKED, ImportState.DISCARDED)
        ImportRow.objects.filter(run=run).delete()
        journal.write("import.discard", run, by=by, after={"file": run.file_name}, now=now)
    forget_file(run)


def forget_file(run: ImportRun) -> None:
    """Delete the file of a list that is done with; the same file of another list stays."""
    name, storage = run.file.name, run.file.storage
    ImportRun.objects.filter(pk=run.pk).update(file="")
    run.file = ""
    if name and not ImportRun.objects.filter(file=name).exists():
        storage.delete(name)


def overdue(now: datetime) -> list[int]:
    """Keys of runs that wait for a worker: a message was lost, or a worker is gone."""
    waiting = ImportRun.objects.filter(state__in=sorted(BUSY_IMPORTS)).filter(
        Q(claimed_at=None) | Q(claimed_at__lt=now - PATIENCE)
    )
    return list(waiting.order_by("pk").values_list("pk", flat=True))
