"""Many institutions of the register brought up to what is true now: what `sync` does for each, written set by set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import F

from compliance import books, hints, timeline
from compliance.duties import Book, DatedState
from compliance.enums import Cause, Level, Status
from compliance.ledger.cells import Cells, chunked
from compliance.ledger.chain import Chain, side
from compliance.ledger.entering import CHANGE, ITEM, SPAN
from compliance.ledger.standing import Now, findings_at, now_of
from compliance.models import (
    Applicability,
    Cell,
    ChecklistItem,
    LedgerHead,
    RegisterDay,
    StatusChange,
    StatusEntry,
)
from compliance.timeline import Answer, CellKey, Held, ListedSpan, Move, Standing
from institutions.bulk import insert_rows, next_id, reset_sequences, update_rows
from institutions.models import Institution, InstitutionState

_CHUNK: Final = 200
_Recorded = tuple[date, Standing | None, Standing | None]


@dataclass(frozen=True, slots=True)
class Changed:
    """An institution of which something changed, why, and what its rows are linked to, as in `state:12`."""

    institution: Institution
    cause: Cause
    ref: str


@dataclass(slots=True)
class _Item:
    """A row of the table of items: its key, what it counts as now, and whether it is there already."""

    pk: int
    now: Now
    is_new: bool = False


@transaction.atomic
def sync_many(changed: Sequence[Changed], *, now: datetime, book: Book | None = None) -> int:
    """Bring the ledger, lists and items of many institutions up to what is true now; return the number of new rows.

    The same rows, hashes and items as `sync` of one after the other, each institution once. The books are seized: keys
    are given by hand, and nobody else writes the ledger meanwhile.
    """
    books.seize()
    writer = _Writer(book or Book.read(), now)
    for chunk in chunked(list(changed), _CHUNK):
        writer.write(chunk)
    return writer.finish()


class _Writer:
    def __init__(self, book: Book, now: datetime) -> None:
        self._book = book
        self._now = now
        self._today = books.knowledge_day(now)
        self._cells = Cells(book.codes, alone=True)
        self._keys: dict[int, CellKey] = {}
        self._day = RegisterDay.current()
        self._next_item = next_id(ChecklistItem)
        self._first_change = self._next_change = next_id(StatusChange)
        self._dates: dict[date | None, Any] = {None: None}

    def write(self, changed: Sequence[Changed]) -> None:
        pks = [one.institution.pk for one in changed]
        LedgerHead.objects.bulk_create([LedgerHead(institution_id=pk) for pk in pks], ignore_conflicts=True)
        heads = LedgerHead.objects.in_bulk(pks)
        last_known = dict(
            StatusChange.objects.filter(institution__in=pks, seq=F("institution__ledger_head__length"))
            .order_by()
            .values_list("institution", "recorded_on")
        )
        states, held, stored, items = _states(pks), _held(pks), _stored_spans(pks), _items(pks)
        findings = findings_at(pks)
        known = self._recorded(pks, Level.APPROVED)
        verified = self._recorded(pks, Level.VERIFIED) if findings else {}
        new_items: list[tuple[Any, ...]] = []
        new_spans: list[tuple[Any, ...]] = []
        stale_spans: list[int] = []
        moved: list[tuple[int, Now]] = []
        jumps: list[tuple[Changed, list[tuple[int, Move]]]] = []
        for one in changed:
            pk = one.institution.pk
            answers = held.get(pk, {})
            spans = self._book.spans(states.get(pk, []), answers.get(self._book.contract.pk, ()))
            mine = items.setdefault(pk, {})
            for requirement in spans.keys() - mine.keys():
                mine[requirement] = _Item(self._next_item, Now(False, True, Status.UNKNOWN.value, None), is_new=True)
                self._next_item += 1
            found: list[tuple[int, Move]] = []
            for requirement, item in sorted(mine.items()):
                listed = spans.get(requirement, [])
                given = self._book.held(requirement, answers, spans)
                if stored.get(item.pk, []) != listed:
                    stale_spans.append(item.pk)
                    new_spans += [self._span(item.pk, span) for span in listed]
                new = timeline.effective(
                    requirement=requirement,
                    level=Level.APPROVED,
                    states=[state.span for state in states.get(pk, [])],
                    spans=listed,
                    held=given,
                    edition_days=self._book.edition_days,
                )
                old = timeline.recorded(known.get(item.pk, ()))
                # Most items stand as they stood; what led to it makes no row.
                if [segment[:2] for segment in new] != [segment[:2] for segment in old]:
                    found += [(item.pk, move) for move in timeline.moves(old, new, cause=one.cause)]
                if requirement in findings.get(pk, {}):
                    new_verified = timeline.verified(
                        requirement=requirement,
                        states=[state.span for state in states.get(pk, [])],
                        spans=listed,
                        found=findings[pk][requirement],
                        edition_days=self._book.edition_days,
                    )
                    old_verified = timeline.recorded(verified.get(item.pk, ()))
                    found += [(item.pk, move) for move in timeline.moves(old_verified, new_verified, cause=one.cause)]
                counts_as = now_of(new, given, self._day)
                if item.is_new:
                    new_items.append(self._item(item.pk, pk, requirement, counts_as))
                elif counts_as != item.now:
                    moved.append((item.pk, counts_as))
            jumps.append((one, found))
        insert_rows(ChecklistItem, ITEM, new_items)
        for keys in chunked(stale_spans, 500):
            Applicability.objects.filter(item__in=keys).delete()
        insert_rows(Applicability, SPAN, new_spans)
        update_rows(ChecklistItem, ["listed", "obliged", "status", "valid_until"], moved)
        self._write_changes(jumps, heads, last_known)

    def _write_changes(
        self,
        jumps: Sequence[tuple[Changed, Sequence[tuple[int, Move]]]],
        heads: Mapping[int, LedgerHead],
        last_known: Mapping[int, date],
    ) -> None:
        keys = self._cells.resolve(move.cell for _one, found in jumps for _item, move in found)
        rows: list[tuple[Any, ...]] = []
        ends: list[tuple[int, list[Any]]] = []
        for one, found in jumps:
            if not found:
                continue
            institution = one.institution
            head = heads[institution.pk]
            recorded_at = self._now if head.recorded_at is None else max(self._now, head.recorded_at)
            known_on = self._today if recorded_at == self._now else books.knowledge_day(recorded_at)
            recorded_on = max(known_on, last_known.get(institution.pk, date.min))
            chain = Chain(institution.bin, head.length, head.hash)
            stamp = connection.ops.adapt_datetimefield_value(recorded_at)
            for item, move in found:
                before, after = move.before, move.after
                seq, digest = chain.add(
                    self._cells.text(move.cell),
                    side(before),
                    side(after),
                    move.effective_on,
                    recorded_at,
                    recorded_on,
                    move.cause.value,
                    one.ref,
                )
                rows.append(
                    (self._next_change, institution.pk, seq, item, keys[move.cell],
                     before and before.status, before and before.learners,
                     after and after.status, after and after.learners,
                     self._date(move.effective_on), stamp, self._date(recorded_on),
                     move.cause.value, one.ref, digest)
                )  # fmt: skip
                self._next_change += 1
            ends.append((institution.pk, [chain.length, chain.hash, recorded_at]))
        insert_rows(StatusChange, CHANGE, rows)
        update_rows(LedgerHead, ["length", "hash", "recorded_at"], ends)

    def finish(self) -> int:
        """Let the rows wait for the fold, and the database's own keys go on behind those given by hand."""
        reset_sequences(Cell, ChecklistItem, StatusChange)
        if self._next_change > self._first_change:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO compliance_pendingfold (change_id) "
                    "SELECT id FROM compliance_statuschange WHERE id >= %s AND id < %s",
                    [self._first_change, self._next_change],
                )
            hints.after_commit(hints.FOLD)
        return self._next_change - self._first_change

    def _recorded(self, pks: Sequence[int], level: Level) -> dict[int, list[_Recorded]]:
        """Rows of the ledger at a level by the key of their item; cells are read once and remembered."""
        changes = (
            StatusChange.objects.filter(institution__in=pks, cell__level=level)
            .order_by()
            .values_list("item", "effective_on", "from_status", "from_learners", "to_status", "to_learners", "cell")
        )
        found = list(changes)
        for keys in chunked(sorted({row[-1] for row in found} - self._keys.keys()), 500):
            cells = Cell.objects.filter(pk__in=keys).values_list(
                "pk", "level", "locality", "large_city", "kind", "ownership", "obliged", "requirement"
            )
            self._keys |= {pk: CellKey._make(key) for pk, *key in cells}
        rows: dict[int, list[_Recorded]] = defaultdict(list)
        for item, day, was, was_learners, is_now, is_learners, cell in found:
            key = self._keys[cell]
            rows[item].append(
                (
                    day,
                    None if was is None else Standing(key, was, was_learners or 0),
                    None if is_now is None else Standing(key, is_now, is_learners or 0),
                )
            )
        return rows

    def _item(self, pk: int, institution: int, requirement: int, now: Now) -> tuple[Any, ...]:
        return (pk, institution, requirement, now.listed, now.obliged, now.status, self._date(now.valid_until), 0)

    def _span(self, item: int, span: ListedSpan) -> tuple[Any, ...]:
        return (
            item,
            self._date(span.valid_from),
            self._date(span.valid_to),
            span.obliged,
            span.counted,
            span.basis,
        )

    def _date(self, day: date | None) -> Any:
        if day not in self._dates:
            self._dates[day] = connection.ops.adapt_datefield_value(day)
        return self._dates[day]


def _states(pks: Iterable[int]) -> dict[int, list[DatedState]]:
    found: dict[int, list[DatedState]] = defaultdict(list)
    for state in InstitutionState.objects.filter(institution__in=list(pks)).order_by("institution", "valid_from"):
        found[state.institution_id].append(DatedState.of(state, state.valid_from, state.valid_to))
    return found


def _held(pks: Iterable[int]) -> dict[int, dict[int, list[Held]]]:
    """The approved answers by institution and requirement, as they hold from day to day."""
    answers: dict[int, dict[int, list[Answer]]] = defaultdict(lambda: defaultdict(list))
    for institution, requirement, effective_on, valid_until, status in (
        StatusEntry.objects.in_force()
        .filter(item__institution__in=list(pks))
        .values_list("item__institution", "item__requirement", "effective_on", "valid_until", "status")
    ):
        answers[institution][requirement].append(Answer(effective_on, valid_until, status))
    return {
        institution: {requirement: timeline.held_answers(given) for requirement, given in by_requirement.items()}
        for institution, by_requirement in answers.items()
    }


def _stored_spans(pks: Iterable[int]) -> dict[int, list[ListedSpan]]:
    stored: dict[int, list[ListedSpan]] = defaultdict(list)
    for item, *span in (
        Applicability.objects.filter(item__institution__in=list(pks))
        .order_by("item", "valid_from")
        .values_list("item", "valid_from", "valid_to", "obliged", "counted", "basis")
    ):
        stored[item].append(ListedSpan._make(span))
    return stored


def _items(pks: Iterable[int]) -> dict[int, dict[int, _Item]]:
    items: dict[int, dict[int, _Item]] = defaultdict(dict)
    for pk, institution, requirement, *now in (
        ChecklistItem.objects.filter(institution__in=list(pks))
        .order_by()
        .values_list("pk", "institution", "requirement", "listed", "obliged", "status", "valid_until")
    ):
        items[institution][requirement] = _Item(pk, Now._make(now))
    return items
