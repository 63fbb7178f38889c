"""Whole registers enter the ledger: the same timelines, rules, rows and hashes as `sync`, written set by set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any, Final, NamedTuple

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
    Evidence,
    LedgerHead,
    PendingFold,
    RegisterDay,
    StatusChange,
    StatusEntry,
)
from compliance.timeline import Answer, CellKey, Held, ListedSpan, Move, Segment, Standing, StateSpan
from institutions.bulk import insert_rows, next_id, renew_statistics, reset_sequences
from institutions.clock import first_moment, local_day
from institutions.models import Institution, InstitutionState

# The columns in which rows are written, by the names of the database.
_DAY: Final = timedelta(days=1)
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
    "author_id", "submitted_by_id", "decided_by_id", "evidence_id", "continues_id",
)  # fmt: skip
CHANGE = (
    "id", "institution_id", "seq", "item_id", "cell_id", "from_status", "from_learners", "to_status", "to_learners",
    "effective_on", "recorded_at", "recorded_on", "cause", "cause_ref", "hash",
)  # fmt: skip
HEAD = ("institution_id", "length", "hash", "recorded_at")


# A person sends an answer so long after it became true, or before it is decided where that comes earlier.
_SENT_AFTER: Final = timedelta(days=2, hours=10)
_MENDED_BEFORE: Final = timedelta(days=3)
_SENT_BEFORE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Sitting:
    """A moment at which people decided answers, or institutions changed: its rows name those, and no batch."""

    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Hands:
    """Keys of the people who answer for an institution, and who decide."""

    author: int
    approver: int


@dataclass(frozen=True, slots=True)
class Change:
    """All the states of an institution as they are known from a sitting on; why, and what its rows are linked to."""

    states: Sequence[DatedState]
    cause: Cause
    ref: str


class Returned(NamedTuple):
    """An answer that came back at a sitting. The next approved one of the same day continues it."""

    number: int
    answer: Answer
    reason: str
    note: str


@dataclass(frozen=True, slots=True)
class Opening:
    """An institution that enters the register with its first batch, and its answers by requirement key.

    An answer stands with the number of the batch or sitting by which it became known; the oldest first. Those of a
    sitting are by `hands`, one an item at a sitting; `proofs` are their documents by requirement and first day. What
    changes of the institution is known from a sitting on, at which nothing of it is decided; one that is `entered` at
    a sitting has its first states there.
    """

    institution: int
    bin: str
    states: Sequence[DatedState]
    answers: Mapping[int, Sequence[tuple[int, Answer]]]
    changes: Mapping[int, Change] = field(default_factory=dict)
    entered: int = 0
    hands: Hands | None = None
    returned: Mapping[int, Sequence[Returned]] = field(default_factory=dict)
    proofs: Mapping[tuple[int, date], Evidence] = field(default_factory=dict)

    def states_at(self, number: int) -> Sequence[DatedState]:
        known = [step for step in self.changes if step <= number]
        return self.changes[max(known)].states if known else self.states


@transaction.atomic
def record_many(
    openings: Iterable[Opening], *, batches: Sequence[Batch | Sitting], book: Book | None = None, ahead: bool = False
) -> int:
    """Take institutions over that are not in the ledger yet, with their answers; return the number of ledger rows.

    The same timelines, rules, rows and hashes as `sync`, written set by set: for imports of whole registers and the
    demonstration. `batches` are in the order of their `recorded_at`, and a row is recorded when its batch was: the
    ledger comes out as if each batch had been entered at its time, and each answer of a sitting approved there. Rows
    wait in `PendingFold` like any others.
    `ahead`: editions that come into force after a batch are known to it already, as `sync` knows them today.
    """
    books.seize()
    if [batch.recorded_at for batch in batches] != sorted(batch.recorded_at for batch in batches):
        raise ValueError("Batches are given in the order in which they were recorded.")
    return _BulkWriter(batches, book or Book.read(), ahead=ahead).write(openings)


_Tables = dict[str, list[tuple[Any, ...]]]
# Number of the batch; the requirement whose answer a sitting decided (0: no answer); key of the item; what happens.
_Numbered = tuple[int, int, int, Move]
_CellPlace = tuple[int, int, str, str]  # locality, large city (0: none), kind, ownership


class _Shape(NamedTuple):
    """What the ledger says of an item, with the numbers of the batches; a template says it of no cell."""

    moves: list[tuple[int, Move]]
    now: Now
    is_template: bool


class _Places:
    """What a template leaves out of an institution's states: in which places it was, with how many learners.

    In the template a place is its rank (so that rows come in the order of cells) and learners are their number.
    """

    def __init__(self, versions: Mapping[int, Sequence[DatedState]]) -> None:
        """`versions`: the states as they are known from each of the steps on."""
        spans = [state.span for states in versions.values() for state in states]
        self._cells: list[_CellPlace] = sorted({self._place(span) for span in spans})
        self._learners = list(dict.fromkeys(span.learners for span in spans))
        self.nowhere = {step: [self._nowhere(state.span) for state in states] for step, states in versions.items()}
        self._since: dict[date, tuple[tuple[StateSpan, ...], ...]] = {}

    @staticmethod
    def _place(span: StateSpan) -> _CellPlace:
        return span.locality, span.large_city or 0, span.kind, span.ownership

    def _nowhere(self, span: StateSpan) -> StateSpan:
        return span._replace(
            locality=self._cells.index(self._place(span)),
            large_city=None,
            kind="",
            ownership="",
            learners=self._learners.index(span.learners),
        )

    def since(self, first: date) -> tuple[tuple[StateSpan, ...], ...]:
        """The states of all steps for a list that begins on `first`: since when they held before tells nothing."""
        if first not in self._since:
            before = first - _DAY
            self._since[first] = tuple(
                tuple(span if span.valid_from >= before else span._replace(valid_from=before) for span in spans)
                for spans in self.nowhere.values()
            )
        return self._since[first]

    def placed(self, moves: Iterable[tuple[int, Move]], requirement: int) -> Iterator[tuple[int, Move]]:
        """The moves of a template in the cells of the institution's states."""
        learners = self._learners
        for number, (day, cell, before, after, cause) in moves:
            locality, large_city, kind, ownership = self._cells[cell.locality]
            here = CellKey(cell.level, locality, large_city or None, kind, ownership, cell.obliged, requirement)
            yield (
                number,
                Move(
                    day,
                    here,
                    None if before is None else Standing(here, before.status, learners[before.learners]),
                    None if after is None else Standing(here, after.status, learners[after.learners]),
                    cause,
                ),
            )


class _BulkWriter:
    """Writes openings: computes like `sync`, inserts each table in chunks with keys given by hand."""

    _INSTITUTIONS_A_CHUNK = 250

    def __init__(self, batches: Sequence[Batch | Sitting], book: Book, *, ahead: bool) -> None:
        self._batches: list[_BatchOfRows] = []
        for batch in batches:
            known = book if ahead else book.as_known_on(local_day(batch.recorded_at))
            if isinstance(batch, Sitting) and self._batches:  # an edition becomes known with the next batch
                known = self._batches[-1].book
            self._batches.append(
                _BatchOfRows(
                    batch.pk if isinstance(batch, Batch) else None,
                    batch.recorded_at,
                    books.knowledge_day(batch.recorded_at),
                    connection.ops.adapt_datetimefield_value(batch.recorded_at),
                    f"batch:{batch.pk}" if isinstance(batch, Batch) else "",
                    known,
                )
            )
        # A batch before which an edition became known writes rows for every institution.
        self._edition_steps = [
            number
            for number, batch in enumerate(self._batches)
            if number == 0 or batch.book.editions != self._batches[number - 1].book.editions
        ]
        self._stamps: dict[datetime, Any] = {}
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
        keys = self._cells.resolve(row[-1].cell for _opening, rows in computed for row in rows)
        for opening, rows in computed:
            self._write_changes(opening, rows, keys, tables)
        insert_rows(ChecklistItem, ITEM, tables["item"])
        insert_rows(Applicability, SPAN, tables["span"])
        insert_rows(StatusEntry, ENTRY, tables["entry"])
        insert_rows(StatusChange, CHANGE, tables["change"])
        insert_rows(LedgerHead, HEAD, tables["head"])

    def _compute(self, opening: Opening, tables: _Tables) -> list[tuple[str, int, int, Move]]:
        """Put the items, spans and entries into `tables`; return the moves with what they are linked to."""
        last = len(self._batches) - 1
        rows: list[_Numbered] = []
        entries: dict[tuple[int, int], int] = {}
        contract = self._book.contract.pk
        lists = dict(self._lists(opening, last))
        # What stood on the list as long as less was known of the guard contract, or the institution: the ledger knows.
        numbers = {
            opening.entered,
            *opening.changes,
            *(number for number, _answer in opening.answers.get(contract, ())),
        }
        for number in sorted(numbers):
            for pk in self._lists(opening, number):
                lists.setdefault(pk, [])
        places = _Places({number: opening.states_at(number) for number in sorted(self._steps(opening))})
        for pk, spans in sorted(lists.items()):  # as `sync` numbers them
            given = opening.answers.get(pk, ())
            shape = self._shape(opening, pk, spans, given, places)
            item = self._next_item
            self._next_item += 1
            answered = {number for number, _answer in given}
            moves = places.placed(shape.moves, pk) if shape.is_template else shape.moves
            for number, move in moves:
                decided = self._batches[number].pk is None and number not in opening.changes
                rows.append((number, (pk if number in answered else contract) if decided else 0, item, move))
            self._write_item(opening, item, pk, shape.now, spans, given, tables, entries)
        rows.sort(key=itemgetter(0, 1))  # the order of knowledge; within a batch as computed
        return [(self._ref(opening, number, pk, entries), number, item, move) for number, pk, item, move in rows]

    def _ref(self, opening: Opening, number: int, answered: int, entries: Mapping[tuple[int, int], int]) -> str:
        """What a row is linked to: the batch, the state, or the answer of a sitting."""
        if answered:
            return f"entry:{entries[number, answered]}"
        return self._batches[number].ref or opening.changes[number].ref

    def _lists(self, opening: Opening, number: int) -> dict[int, list[ListedSpan]]:
        """The institution's list as known with batch `number`; remembered for the institution at hand."""
        if self._listed_of != opening.institution:
            self._listed_of = opening.institution
            self._listed.clear()
        if number not in self._listed:
            book = self._batches[number].book
            given = _known(opening.answers.get(book.contract.pk, ()), number)
            self._listed[number] = book.spans(opening.states_at(number), given)
        return self._listed[number]

    def _steps(self, opening: Opening) -> set[int]:
        """The batches at which every item of the institution can change."""
        editions = {number for number in self._edition_steps if number > opening.entered}
        return {opening.entered, *editions, *opening.changes}

    def _shape(
        self,
        opening: Opening,
        pk: int,
        spans: Sequence[ListedSpan],
        given: Sequence[tuple[int, Answer]],
        places: _Places,
    ) -> _Shape:
        """What the ledger says of one item, batch after batch.

        Thousands of items have the same dates and answers and differ by their cells alone. Where the list does not
        follow the guard contract, the shape is computed once, for no place at all.
        """
        if pk in self._book.following_contract or pk in self._book.heritage or not spans:
            return self._shape_of(opening, pk, given)
        key = (
            tuple(given),
            opening.entered,
            tuple((number, change.cause) for number, change in opening.changes.items()),
            places.since(spans[0].valid_from),
            tuple([tuple(self._lists(opening, number).get(pk, ())) for number in places.nowhere]),
        )
        if key not in self._shapes:
            shape = self._shape_of(opening, pk, given, places.nowhere)
            self._shapes[key] = shape._replace(is_template=True)
        return self._shapes[key]

    def _shape_of(
        self,
        opening: Opening,
        pk: int,
        given: Sequence[tuple[int, Answer]],
        nowhere: Mapping[int, Sequence[StateSpan]] | None = None,
    ) -> _Shape:
        """The same for the states as they are, or as they are `nowhere` from a batch on."""
        whole = self._steps(opening)
        steps = whole | {number for number, _answer in given}
        for parent in self._book.ancestors([pk]) - {pk}:
            steps |= {number for number, _answer in opening.answers.get(parent, ())}
        if pk in self._book.following_contract:
            steps |= {number for number, _answer in opening.answers.get(self._book.contract.pk, ())}
        segments: list[Segment] = []
        held: Sequence[Held] = []
        moves: list[tuple[int, Move]] = []
        states: Sequence[StateSpan] = ()
        for number in sorted(steps):
            if number in whole:
                states = [state.span for state in opening.states_at(number)] if nowhere is None else nowhere[number]
            held = self._held(opening, pk, given, number)
            batch = self._batches[number]
            cause = Cause.DECISION if batch.pk is None else Cause.BATCH
            known = timeline.effective(
                requirement=pk,
                level=Level.APPROVED,
                states=states,
                spans=self._lists(opening, number).get(pk, []),
                held=held,
                edition_days=batch.book.edition_days,
                answer_cause=cause,
            )
            if number in opening.changes:
                cause = opening.changes[number].cause
            moves += [(number, move) for move in timeline.moves(segments, known, cause=cause)]
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
        entries: dict[tuple[int, int], int],
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
        returned: dict[date, int] = {}
        came_back = list(opening.returned.get(requirement, ()))
        for version, (number, answer) in enumerate(given):
            while came_back and came_back[0].number < number:
                one = came_back.pop(0)
                returned[one.answer.effective_on] = self._write_entry(
                    opening, item, requirement, one.number, one.answer, version, tables, came_back=one
                )
            mends = returned.get(answer.effective_on)
            entries[number, requirement] = self._write_entry(
                opening, item, requirement, number, answer, version, tables, mends=mends
            )
        for one in came_back:
            self._write_entry(opening, item, requirement, one.number, one.answer, len(given), tables, came_back=one)

    def _write_entry(
        self,
        opening: Opening,
        item: int,
        requirement: int,
        number: int,
        answer: Answer,
        version: int,
        tables: _Tables,
        *,
        came_back: Returned | None = None,
        mends: int | None = None,
    ) -> int:
        batch = self._batches[number]
        hands = opening.hands if batch.pk is None else None
        proof = opening.proofs.get((requirement, answer.effective_on)) if hands else None
        digest = content.digest(
            bin_number=opening.bin,
            requirement=self._codes[requirement],
            status=answer.status,
            effective_on=answer.effective_on,
            valid_until=answer.valid_until,
            note="",
            evidence=proof,
        )
        sent = batch.stamp if hands is None else self._sent(batch, answer, mends=mends is not None)
        author = hands and hands.author
        tables["entry"].append(
            (self._next_entry, item, batch.pk, (EntryState.RETURNED if came_back else EntryState.APPROVED).value,
             answer.status, self._date(answer.effective_on), self._date(answer.valid_until), "", sent, sent,
             sent, digest, version, batch.stamp, came_back.reason if came_back else "",
             came_back.note if came_back else "", "", author, author, hands and hands.approver, proof and proof.pk,
             mends)
        )  # fmt: skip
        self._next_entry += 1
        return self._next_entry - 1

    def _sent(self, batch: _BatchOfRows, answer: Answer, *, mends: bool) -> Any:
        """When the hands sent an answer that was decided at a sitting, as the database takes it."""
        latest = batch.recorded_at - (_MENDED_BEFORE if mends else _SENT_BEFORE)
        moment = latest if mends else min(latest, first_moment(answer.effective_on) + _SENT_AFTER)
        if moment not in self._stamps:
            self._stamps[moment] = connection.ops.adapt_datetimefield_value(moment)
        return self._stamps[moment]

    def _write_changes(
        self,
        opening: Opening,
        rows: Sequence[tuple[str, int, int, Move]],
        keys: Mapping[CellKey, int],
        tables: _Tables,
    ) -> None:
        chain = Chain(opening.bin, 0, "")
        recorded_at = self._batches[opening.entered].recorded_at
        for ref, number, item, move in rows:
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
                ref,
            )
            tables["change"].append(
                (self._next_change, opening.institution, seq, item, keys[move.cell],
                 before and before.status, before and before.learners,
                 after and after.status, after and after.learners,
                 self._date(move.effective_on), batch.stamp, self._date(batch.recorded_on),
                 move.cause.value, ref, digest)
            )  # fmt: skip
            self._next_change += 1
        stamp = connection.ops.adapt_datetimefield_value(recorded_at)
        tables["head"].append((opening.institution, chain.length, chain.hash, stamp))


@dataclass(frozen=True, slots=True)
class _BatchOfRows:
    """A batch, or a sitting (`pk` None, no ref), with everything that is the same for each of its rows."""

    pk: int | None
    recorded_at: datetime
    recorded_on: date
    stamp: Any
    ref: str
    book: Book


def _known(answers: Sequence[tuple[int, Answer]], number: int) -> list[Held]:
    """What the answers known with batch `number` have become."""
    return timeline.held_answers(answer for batch, answer in answers if batch <= number)
