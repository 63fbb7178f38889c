"""Whole registers enter the ledger: the same timelines, rules, rows and hashes as `sync`, written set by set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection, transaction

from compliance import books, content, hints, timeline
from compliance.duties import Book, DatedState
from compliance.enums import Cause, EntryState, Level
from compliance.ledger.cells import Cells
from compliance.ledger.chain import Chain, side
from compliance.ledger.standing import Now, now_of
from compliance.models import (
    Applicability,
    Batch,
    Cell,
    ChecklistItem,
    LedgerHead,
    PendingFold,
    RegisterDay,
    StatusChange,
    StatusEntry,
)
from compliance.timeline import Answer, CellKey, Held, ListedSpan, Move, Segment, Standing, StateSpan
from institutions.bulk import insert_rows, next_id, renew_statistics, reset_sequences
from institutions.clock import local_day
from institutions.models import Institution, InstitutionState

# The columns in which rows are written, by the names of the database.
ITEM = (
    "id",
    "institution_id",
    "requirement_id",
    "listed",
    "obliged",
    "status",
    "valid_until",
    "version",
)
SPAN = ("item_id", "valid_from", "valid_to", "obliged", "counted", "basis")
ENTRY = (
    "id", "item_id", "batch_id", "state", "status", "effective_on", "valid_until", "note", "created_at", "saved_at",
    "submitted_at", "content_hash", "item_version", "decided_at", "return_reason", "decision_note", "revoke_note",
)  # fmt: skip
CHANGE = (
    "id", "institution_id", "seq", "item_id", "cell_id", "from_status", "from_learners", "to_status", "to_learners",
    "effective_on", "recorded_at", "recorded_on", "cause", "cause_ref", "hash",
)  # fmt: skip
HEAD = ("institution_id", "length", "hash", "recorded_at")


@dataclass(frozen=True, slots=True)
class Opening:
    """An institution that enters the register with its first batch, and its answers by requirement key.

    An answer stands with the number of the batch by which it became known; the oldest first.
    """

    institution: int
    bin: str
    states: Sequence[DatedState]
    answers: Mapping[int, Sequence[tuple[int, Answer]]]


@transaction.atomic
def record_many(
    openings: Iterable[Opening], *, batches: Sequence[Batch], book: Book | None = None, ahead: bool = False
) -> int:
    """Take institutions over that are not in the ledger yet, with their answers; return the number of ledger rows.

    The same timelines, rules, rows and hashes as `sync`, written set by set: for imports of whole registers and the
    demonstration. `batches` are in the order of their `recorded_at`, and a row is recorded when its batch was: the
    ledger comes out as if each batch had been entered at its time. Rows wait in `PendingFold` like any others.
    `ahead`: editions that come into force after a batch are known to it already, as `sync` knows them today.
    """
    books.seize()
    if [batch.recorded_at for batch in batches] != sorted(batch.recorded_at for batch in batches):
        raise ValueError("Batches are given in the order in which they were recorded.")
    return _BulkWriter(batches, book or Book.read(), ahead=ahead).write(openings)


_Tables = dict[str, list[tuple[Any, ...]]]
_Numbered = tuple[int, int, Move]  # number of the batch, key of the item, what happens


class _Shape(NamedTuple):
    """What the ledger says of an item, with the numbers of the batches; a template says it of no cell."""

    moves: list[tuple[int, Move]]
    now: Now
    is_template: bool


def _placed(moves: Iterable[tuple[int, Move]], state: StateSpan, requirement: int) -> Iterator[tuple[int, Move]]:
    """The moves of a template in the cells of an institution's state."""
    learners = state.learners
    for number, (day, cell, before, after, cause) in moves:
        here = CellKey(
            cell.level,
            state.locality,
            state.large_city,
            state.kind,
            state.ownership,
            cell.obliged,
            requirement,
        )
        yield (
            number,
            Move(
                day,
                here,
                None if before is None else Standing(here, before.status, learners),
                None if after is None else Standing(here, after.status, learners),
                cause,
            ),
        )


class _BulkWriter:
    """Writes openings: computes like `sync`, inserts each table in chunks with keys given by hand."""

    _INSTITUTIONS_A_CHUNK = 250

    def __init__(self, batches: Sequence[Batch], book: Book, *, ahead: bool) -> None:
        self._batches = [
            _BatchOfRows(
                batch.pk,
                batch.recorded_at,
                books.knowledge_day(batch.recorded_at),
                connection.ops.adapt_datetimefield_value(batch.recorded_at),
                f"batch:{batch.pk}",
                book if ahead else book.as_known_on(local_day(batch.recorded_at)),
            )
            for batch in batches
        ]
        # A batch before which an edition became known writes rows for every institution.
        self._edition_steps = [
            number
            for number, batch in enumerate(self._batches)
            if number == 0 or batch.book.editions != self._batches[number - 1].book.editions
        ]
        self._book = book
        self._codes = book.codes
        self._cells = Cells(book.codes, alone=True)
        self._shapes: dict[tuple[Any, ...], _Shape] = {}
        self._listed_of: int | None = None
        self._listed: dict[int, dict[int, list[ListedSpan]]] = {}
        self._day = RegisterDay.current()
        self._next_item = next_id(ChecklistItem)
        self._next_entry = next_id(StatusEntry)
        self._next_change = next_id(StatusChange)
        self._dates: dict[date | None, Any] = {None: None}

    def write(self, openings: Iterable[Opening]) -> int:
        first_change, first_entry = self._next_change, self._next_entry
        chunk: list[Opening] = []
        for opening in openings:
            chunk.append(opening)
            if len(chunk) == self._INSTITUTIONS_A_CHUNK:
                self._write_chunk(chunk)
                chunk = []
        if chunk:
            self._write_chunk(chunk)
        reset_sequences(Cell, ChecklistItem, StatusChange)
        if self._next_entry > first_entry:  # drafts are saved without the books, and have taken keys meanwhile
            reset_sequences(StatusEntry)
        if self._next_change > first_change:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO compliance_pendingfold (change_id) "
                    "SELECT id FROM compliance_statuschange WHERE id >= %s AND id < %s",
                    [first_change, self._next_change],
                )
            renew_statistics(
                Institution,
                InstitutionState,
                Cell,
                ChecklistItem,
                Applicability,
                StatusEntry,
                StatusChange,
                PendingFold,
                LedgerHead,
            )
            hints.after_commit(hints.FOLD)
        return self._next_change - first_change

    def _date(self, day: date | None) -> Any:
        if day not in self._dates:
            self._dates[day] = connection.ops.adapt_datefield_value(day)
        return self._dates[day]

    def _write_chunk(self, openings: Sequence[Opening]) -> None:
        tables: _Tables = {"item": [], "span": [], "entry": [], "change": [], "head": []}
        computed = [(opening, self._compute(opening, tables)) for opening in openings]
        keys = self._cells.resolve(move.cell for _opening, rows in computed for _number, _item, move in rows)
        for opening, rows in computed:
            self._write_changes(opening, rows, keys, tables)
        insert_rows(ChecklistItem, ITEM, tables["item"])
        insert_rows(Applicability, SPAN, tables["span"])
        insert_rows(StatusEntry, ENTRY, tables["entry"])
        insert_rows(StatusChange, CHANGE, tables["change"])
        insert_rows(LedgerHead, HEAD, tables["head"])

    def _compute(self, opening: Opening, tables: _Tables) -> list[_Numbered]:
        """Put the items, spans and entries into `tables`; return the moves with the numbers of their batches."""
        last = len(self._batches) - 1
        rows: list[_Numbered] = []
        lists = dict(self._lists(opening, last))
        # What stood on the list as long as less was known of the guard contract: the ledger knows it, too.
        for number in sorted({0, *(number for number, _answer in opening.answers.get(self._book.contract.pk, ()))}):
            for pk in self._lists(opening, number):
                lists.setdefault(pk, [])
        for pk, spans in lists.items():
            given = opening.answers.get(pk, ())
            shape = self._shape(opening, pk, spans, given)
            item = self._next_item
            self._next_item += 1
            moves = _placed(shape.moves, opening.states[0].span, pk) if shape.is_template else shape.moves
            rows += [(number, item, move) for number, move in moves]
            self._write_item(opening, item, pk, shape.now, spans, given, tables)
        rows.sort(key=itemgetter(0))  # the order of knowledge; within a batch as computed
        return rows

    def _lists(self, opening: Opening, number: int) -> dict[int, list[ListedSpan]]:
        """The institution's list as known with batch `number`; remembered for the institution at hand."""
        if self._listed_of != opening.institution:
            self._listed_of = opening.institution
            self._listed.clear()
        if number not in self._listed:
            book = self._batches[number].book
            self._listed[number] = book.spans(opening.states, _known(opening.answers.get(book.contract.pk, ()), number))
        return self._listed[number]

    def _shape(
        self, opening: Opening, pk: int, spans: Sequence[ListedSpan], given: Sequence[tuple[int, Answer]]
    ) -> _Shape:
        """What the ledger says of one item, batch after batch.

        Thousands of items have the same dates and answers and differ by their cell alone. Where the institution has
        one state and the list does not follow the guard contract, the shape is computed once, for no place at all.
        """
        follows = pk in self._book.following_contract or pk in self._book.heritage or not spans
        if follows or len(opening.states) > 1 or opening.states[0].span.valid_from > spans[0][0]:
            return self._shape_of(opening, pk, [state.span for state in opening.states], given)
        span = opening.states[0].span
        key = (span.valid_to, span.valid_from == spans[0].valid_from, tuple(spans), tuple(given))
        if key not in self._shapes:
            nowhere = span._replace(locality=0, large_city=None, kind="", ownership="", learners=0)
            shape = self._shape_of(opening, pk, [nowhere], given)
            self._shapes[key] = shape._replace(is_template=True)
        return self._shapes[key]

    def _shape_of(
        self, opening: Opening, pk: int, states: Sequence[StateSpan], given: Sequence[tuple[int, Answer]]
    ) -> _Shape:
        steps = {*self._edition_steps, *(number for number, _answer in given)}
        for parent in self._book.ancestors([pk]) - {pk}:
            steps |= {number for number, _answer in opening.answers.get(parent, ())}
        if pk in self._book.following_contract:
            steps |= {number for number, _answer in opening.answers.get(self._book.contract.pk, ())}
        segments: list[Segment] = []
        held: Sequence[Held] = []
        moves: list[tuple[int, Move]] = []
        for number in sorted(steps):
            held = self._held(opening, pk, given, number)
            known = timeline.effective(
                requirement=pk,
                level=Level.APPROVED,
                states=states,
                spans=self._lists(opening, number).get(pk, []),
                held=held,
                edition_days=self._batches[number].book.edition_days,
                answer_cause=Cause.BATCH,
            )
            moves += [(number, move) for move in timeline.moves(segments, known, cause=Cause.BATCH)]
            segments = known
        return _Shape(moves, now_of(segments, held, self._day), is_template=False)

    def _held(self, opening: Opening, pk: int, given: Sequence[tuple[int, Answer]], number: int) -> Sequence[Held]:
        book = self._batches[number].book
        if pk not in book.heritage:
            return _known(given, number)
        known = {one: _known(opening.answers.get(one, ()), number) for one in book.ancestors([pk])}
        return book.held(pk, known, self._lists(opening, number))

    def _write_item(
        self,
        opening: Opening,
        item: int,
        requirement: int,
        now: Now,
        spans: Sequence[ListedSpan],
        given: Sequence[tuple[int, Answer]],
        tables: _Tables,
    ) -> None:
        date_of = self._date
        tables["item"].append(
            (item, opening.institution, requirement, now.listed, now.obliged, now.status,
             date_of(now.valid_until), len(given))
        )  # fmt: skip
        for span in spans:
            tables["span"].append(
                (
                    item,
                    date_of(span.valid_from),
                    date_of(span.valid_to),
                    span.obliged,
                    span.counted,
                    span.basis,
                )
            )
        for version, (number, answer) in enumerate(given):
            batch = self._batches[number]
            digest = content.digest(
                bin_number=opening.bin,
                requirement=self._codes[requirement],
                status=answer.status,
                effective_on=answer.effective_on,
                valid_until=answer.valid_until,
                note="",
                evidence=None,
            )
            tables["entry"].append(
                (self._next_entry, item, batch.pk, EntryState.APPROVED.value, answer.status,
                 date_of(answer.effective_on), date_of(answer.valid_until), "", batch.stamp, batch.stamp,
                 batch.stamp, digest, version, batch.stamp, "", "", "")
            )  # fmt: skip
            self._next_entry += 1

    def _write_changes(
        self, opening: Opening, rows: Sequence[_Numbered], keys: Mapping[CellKey, int], tables: _Tables
    ) -> None:
        chain = Chain(opening.bin, 0, "")
        recorded_at = self._batches[0].recorded_at
        for number, item, move in rows:
            batch = self._batches[number]
            recorded_at = batch.recorded_at
            before, after = move.before, move.after
            seq, digest = chain.add(
                self._cells.text(move.cell),
                side(before),
                side(after),
                move.effective_on,
                recorded_at,
                batch.recorded_on,
                move.cause.value,
                batch.ref,
            )
            tables["change"].append(
                (self._next_change, opening.institution, seq, item, keys[move.cell],
                 before and before.status, before and before.learners,
                 after and after.status, after and after.learners,
                 self._date(move.effective_on), batch.stamp, self._date(batch.recorded_on),
                 move.cause.value, batch.ref, digest)
            )  # fmt: skip
            self._next_change += 1
        stamp = connection.ops.adapt_datetimefield_value(recorded_at)
        tables["head"].append((opening.institution, chain.length, chain.hash, stamp))


@dataclass(frozen=True, slots=True)
class _BatchOfRows:
    """A batch with everything that is the same for each of its rows."""

    pk: int
    recorded_at: datetime
    recorded_on: date
    stamp: Any
    ref: str
    book: Book


def _known(answers: Sequence[tuple[int, Answer]], number: int) -> list[Held]:
    """What the answers known with batch `number` have become."""
    return timeline.held_answers(answer for batch, answer in answers if batch <= number)
