"""A checked list into the register, and out again: each in one transaction, set by set.

A row whose institution somebody changed after the check is left out and named; it holds up no other. That is the rule
of approvals, too: one late school never holds up a region. What is undone gets its old values back from the same day
on; nothing is deleted, and what was changed or answered since stays.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from compliance import books, enrolment, workflow_many
from compliance.enums import EntryState, ImportKind, ImportState, RowOutcome, RowResult
from compliance.imports import answers, differences, police, running
from compliance.imports.differences import Known, plain
from compliance.imports.problems import FileRefused, Problem, problem
from compliance.ledger.cells import chunked
from compliance.models import Batch, ChecklistItem, ImportRow, ImportRun, Inspection, StatusEntry
from institutions import journal, registry_many
from institutions.bulk import no_garbage_collection, update_rows
from institutions.enums import Lifecycle
from institutions.models import Institution, Merger, User
from institutions.registry_many import Change

logger = logging.getLogger(__name__)
_DECIMALS: Final = frozenset({"latitude", "longitude"})
_CHUNK: Final = 500
_FAILED: Final = FileRefused("not_done").problem


def work(pk: int, *, now: datetime) -> ImportRun | None:
    """Do what a run waits for: its check, its application, its undoing. None where it waits for nothing."""
    state = ImportRun.objects.filter(pk=pk).values_list("state", flat=True).first()
    if state in (ImportState.APPLYING, ImportState.UNDOING):
        return (apply if state == ImportState.APPLYING else undo)(pk, now=now)
    return running.check(pk, now=now)


def apply(pk: int, *, now: datetime) -> ImportRun | None:
    """Bring the new and changed rows of a list into the register; None where somebody else does it."""
    run = running.claim(pk, to=ImportState.APPLYING, now=now)
    if run is None or run.applied_by is None:
        return None
    try:
        with transaction.atomic(), no_garbage_collection():
            _APPLY[ImportKind(run.kind)](run, by=run.applied_by, now=now)
    except Exception:
        logger.exception("List %s could not be applied", pk)
        running.move(run, ImportState.APPLYING, ImportState.CHECKED, claimed_at=None, applied_by=None, problem=_FAILED)
    else:
        running.forget_file(run)
    return run


def _apply(run: ImportRun, *, by: User, now: datetime) -> None:
    books.seize()
    running.tell(run.pk, 5)
    rows = list(run.rows.filter(outcome__in=[RowOutcome.NEW, RowOutcome.CHANGED]).defer("cells"))
    # Details are corrected without the books: nobody does while the list is judged and written.
    _hold_institutions(row.institution_id for row in rows)
    known = differences.known_institutions([row.bin for row in rows])
    reach = differences.reach_of(by)
    fresh: list[ImportRow] = []
    for row in rows:
        reason = _in_the_way(row, known.get(row.bin), reach)
        row.result = RowResult.APPLIED if reason is None else RowResult.STALE
        if reason is None:
            fresh.append(row)
        else:
            row.reasons = [reason]
    entered = [row for row in fresh if row.outcome == RowOutcome.NEW]
    altered = [row for row in fresh if row.outcome == RowOutcome.CHANGED]
    batch = None
    running.tell(run.pk, 15)
    if entered:
        made = [_institution(row, now) for row in entered]
        openings = [(institution, row.since) for institution, row in zip(made, entered, strict=True)]
        batch, _states = enrolment.open_many(openings, title=run.file_name, by=by, now=now)
        for row, institution in zip(entered, made, strict=True):
            row.institution = institution
    running.tell(run.pk, 50)
    _write(altered, "changes", by=by, now=now, reason=run.file_name)
    running.tell(run.pk, 90)
    _note_results(rows)
    _receipt(run, rows, by=by, now=now, batch=batch)


def _hold_institutions(keys: Iterable[int | None]) -> None:
    """Lock the rows of institutions until the end of the transaction, in the order of their keys."""
    for chunk in chunked(sorted(key for key in keys if key is not None), _CHUNK):
        held = Institution.objects.filter(pk__in=chunk).order_by("pk").select_for_update(of=("self",), no_key=True)
        list(held.values_list("pk", flat=True))


def _receipt(run: ImportRun, rows: Sequence[ImportRow], *, by: User, now: datetime, batch: Batch | None = None) -> None:
    """The counts of what was applied, which add up to the rows that were to be."""
    done = Counter(row.outcome for row in rows if row.result == RowResult.APPLIED)
    running.move(
        run,
        ImportState.APPLYING,
        ImportState.APPLIED,
        claimed_at=None,
        applied_at=now,
        problem=None,
        batch=batch,
        done_new=done[RowOutcome.NEW],
        done_changed=done[RowOutcome.CHANGED],
        rows_stale=len(rows) - done.total(),
    )
    after = {"new": run.done_new, "changed": run.done_changed, "stale": run.rows_stale, "refused": run.rows_refused}
    journal.write("import.apply", run, by=by, after=after, now=now)


def _note_results(rows: Sequence[ImportRow]) -> None:
    update_rows(
        ImportRow,
        ["result", "reasons", "institution", "entry"],
        ((row.pk, [str(row.result), row.reasons, row.institution_id, row.entry_id]) for row in rows),
    )


def _in_the_way(row: ImportRow, known: Known | None, reach: frozenset[int] | None) -> Problem | None:
    """Why a row that was fine at its check cannot be applied now; None where nothing is in its way."""
    locality = row.changes["state"].get("locality_id")
    if reach is not None and (
        (known is not None and known.locality not in reach) or (locality is not None and locality not in reach)
    ):
        return problem("not_found", "bin")
    if row.outcome == RowOutcome.NEW:
        return None if known is None else problem("entered_meanwhile", "bin")
    state = None if known is None else known.state_on(row.since)
    if known is None or state is None:
        return problem("gone_meanwhile", "bin")
    if known.merged and "lifecycle" in row.changes["state"]:
        return problem("merged", "lifecycle")
    same = all(state[name] == value for name, value in row.before["state"].items()) and all(
        plain(known.details[name]) == value for name, value in row.before["details"].items()
    )
    return None if same else problem("gone_meanwhile", "bin")


def _institution(row: ImportRow, now: datetime) -> Institution:
    return Institution(bin=row.bin, created_at=now, **row.changes["state"], **_from_plain(row.changes["details"]))


def _write(rows: Sequence[ImportRow], side: str, *, by: User, now: datetime, reason: str) -> None:
    """Set what stands in `changes` or `before` of the rows, from each row's day on."""
    institutions = Institution.objects.in_bulk([row.institution_id for row in rows if row.institution_id])
    said = [(institutions[row.institution_id], row, getattr(row, side)) for row in rows if row.institution_id]
    registry_many.correct_details(
        [(institution, _from_plain(values["details"])) for institution, _row, values in said if values["details"]],
        by=by,
        now=now,
    )
    changes = [Change(institution, row.since, values["state"]) for institution, row, values in said if values["state"]]
    if changes:
        enrolment.change_many(changes, by=by, now=now, reason=reason)


def _from_plain(details: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: Decimal(value) if name in _DECIMALS and value is not None else value for name, value in details.items()
    }


def undo(pk: int, *, now: datetime) -> ImportRun | None:
    """Take an applied list back; None where somebody else does it."""
    run = running.claim(pk, to=ImportState.UNDOING, now=now)
    if run is None or run.undone_by is None:
        return None
    try:
        with transaction.atomic(), no_garbage_collection():
            _UNDO[ImportKind(run.kind)](run, by=run.undone_by, now=now)
    except Exception:
        logger.exception("List %s could not be undone", pk)
        running.move(run, ImportState.UNDOING, ImportState.APPLIED, claimed_at=None, undone_by=None, problem=_FAILED)
    return run


def _undo(run: ImportRun, *, by: User, now: datetime) -> None:
    books.seize()
    rows = list(run.rows.filter(result=RowResult.APPLIED).defer("cells"))
    known = differences.known_institutions([row.bin for row in rows])
    reach = differences.reach_of(by)
    answered = _answered(rows)
    for row in rows:
        found = known[row.bin]
        out_of_reach = reach is not None and found.locality not in reach
        if out_of_reach or row.institution_id in answered or _changed_since(run, row, found):
            row.result, row.reasons = RowResult.KEPT, [problem("changed_since", "bin")]
        else:
            row.result = RowResult.UNDONE
    undone = [row for row in rows if row.result == RowResult.UNDONE]
    running.tell(run.pk, 30)
    _write([row for row in undone if row.outcome == RowOutcome.CHANGED], "before", by=by, now=now, reason=run.file_name)
    closed = [row for row in undone if row.outcome == RowOutcome.NEW]
    institutions = Institution.objects.in_bulk([row.institution_id for row in closed if row.institution_id])
    if closed:
        # Closed from the first day on: it has never been counted, and its BIN stays known.
        enrolment.change_many(
            [
                Change(institutions[row.institution_id or 0], row.since, {"lifecycle": Lifecycle.CLOSED.value})
                for row in closed
            ],
            by=by,
            now=now,
            reason=run.file_name,
        )
    running.tell(run.pk, 90)
    _note_results(rows)
    _receipt_of_undoing(run, rows, by=by, now=now)


def _receipt_of_undoing(run: ImportRun, rows: Sequence[ImportRow], *, by: User, now: datetime) -> None:
    undone = sum(row.result == RowResult.UNDONE for row in rows)
    running.move(
        run,
        ImportState.UNDOING,
        ImportState.UNDONE,
        claimed_at=None,
        undone_at=now,
        problem=None,
        rows_undone=undone,
        rows_kept=len(rows) - undone,
    )
    after = {"undone": run.rows_undone, "kept": run.rows_kept}
    journal.write("import.undo", run, by=by, after=after, now=now)


def _changed_since(run: ImportRun, row: ImportRow, known: Known) -> bool:
    """Whether somebody changed what the list had written, or any state of the institution, after it was applied."""
    if any(state["recorded_at"] > run.applied_at for state in known.states):
        return True
    state = known.state_on(row.since)
    details = row.changes["details"]
    return (
        state is None
        or any(state[name] != value for name, value in row.changes["state"].items())
        or any(plain(known.details[name]) != value for name, value in details.items())
    )


def _answered(rows: Sequence[ImportRow]) -> set[int]:
    """Keys of the institutions that the list had entered and that somebody has answered for since, looked at, or
    merged another into."""
    entered = [row.institution_id for row in rows if row.outcome == RowOutcome.NEW and row.institution_id]
    found: set[int] = set()
    for chunk in chunked(entered, _CHUNK):
        entries = StatusEntry.objects.filter(item__institution__in=chunk)
        found |= set(entries.order_by().values_list("item__institution", flat=True).distinct())
        found |= set(Inspection.objects.filter(institution__in=chunk).order_by().values_list("institution", flat=True))
        found |= set(Merger.objects.filter(kept__in=chunk, undone_at=None).values_list("kept", flat=True))
    return found


# --- answers ----------------------------------------------------------------------------------------


def _submit(run: ImportRun, *, by: User, now: datetime) -> None:
    """Hand the answers of a list in as entries that `by` wrote and submitted: so somebody else has to decide them."""
    rows = list(run.rows.filter(outcome__in=[RowOutcome.NEW, RowOutcome.CHANGED]).defer("cells"))
    drafts = set(StatusEntry.objects.filter(author=by, state=EntryState.DRAFT).values_list("item", flat=True))
    # In the order of the items, so that two lists about the same ones do not wait for each other crosswise.
    for number, chunk in enumerate(chunked(sorted(rows, key=lambda row: row.changes["item"]), _CHUNK)):
        keys = [row.changes["item"] for row in chunk]
        answerable = ChecklistItem.objects.answerable_by(by).filter(pk__in=keys)
        items = answerable.select_related("institution", "requirement").in_bulk()
        given: list[tuple[ImportRow, ChecklistItem]] = []
        for row in chunk:
            item = items.get(row.changes["item"])
            reason = None
            if item is None:
                reason = problem("not_found", "bin")
            elif item.version != row.before["version"]:
                reason = problem("decided_meanwhile", "requirement")
            elif item.pk in drafts:
                reason = problem("own_draft", "requirement")
            else:
                given.append((row, item))
            row.result = RowResult.APPLIED
            if reason is not None:
                row.result, row.reasons = RowResult.STALE, [reason]
        said = [(item, answers.answer_of(row)) for row, item in given]
        for (row, _item), entry in zip(given, workflow_many.submit_many(said, by=by, now=now), strict=True):
            if isinstance(entry, StatusEntry):
                row.entry = entry
            else:
                row.result, row.reasons = RowResult.STALE, [answers.refusal(entry, row)]
        running.tell(run.pk, 5 + 90 * number * _CHUNK // len(rows))
    _note_results(rows)
    _receipt(run, rows, by=by, now=now)


def _withdraw(run: ImportRun, *, by: User, now: datetime) -> None:
    """Take back the answers that nobody has decided yet."""
    rows = list(run.rows.filter(result=RowResult.APPLIED).defer("cells"))
    mine = StatusEntry.objects.withdrawable_by(by).filter(pk__in=run.rows.values("entry"))
    withdrawn = workflow_many.withdraw_many(list(mine.values_list("pk", flat=True)), by=by, now=now)
    for row in rows:
        if row.entry_id in withdrawn:
            row.result = RowResult.UNDONE
        else:
            row.result, row.reasons = RowResult.KEPT, [problem("cannot_be_taken_back", "requirement")]
    _note_results(rows)
    _receipt_of_undoing(run, rows, by=by, now=now)


# --- a list of the police ---------------------------------------------------------------------------


def _verify(run: ImportRun, *, by: User, now: datetime) -> None:
    """Record what the police say as found."""
    _receipt(run, police.record(run, by=by, now=now), by=by, now=now)


def _revoke(run: ImportRun, *, by: User, now: datetime) -> None:
    """Take it back."""
    _receipt_of_undoing(run, police.take_back(run, by=by, now=now), by=by, now=now)


_APPLY: Final = {ImportKind.INSTITUTIONS: _apply, ImportKind.ANSWERS: _submit, ImportKind.POLICE: _verify}
_UNDO: Final = {ImportKind.INSTITUTIONS: _undo, ImportKind.ANSWERS: _withdraw, ImportKind.POLICE: _revoke}
