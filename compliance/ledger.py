"""The only writer of `StatusChange`, and of what an item counts as.

Whatever happens to an institution (an answer is approved or revoked, it opens, moves, closes, the Order changes), the
same thing is done: its items' timelines are computed from what is true now (`timeline.effective`), compared with what
the ledger has recorded, and the difference is written as rows (`timeline.moves`). So a change that is known late, for
a day long past, mends every later day that it alters, and nothing has to be thought of twice.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from django.db import connection, transaction
from django.db.models import F

from compliance import books, content, hints, timeline
from compliance.duties import Book, DatedState
from compliance.enums import Cause, EntryState, Level, Status
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
from institutions.bulk import insert_rows, next_id, reset_sequences
from institutions.clock import local_day
from institutions.models import Institution, InstitutionState, LargeCity, Locality

NOWHERE = "-"


class StaleItem(Exception):
    """The item has been decided in the meantime: its version is not the one that the decision was made for."""


@dataclass(frozen=True, slots=True)
class Opening:
    """An institution that enters the register with its first batch, and its answers by requirement key.

    An answer stands with the number of the batch by which it became known; the oldest first.
    """

    institution: int
    bin: str
    states: Sequence[DatedState]
    answers: Mapping[int, Sequence[tuple[int, Answer]]]


def hold(institution: int) -> LedgerHead:
    """Share the books and lock the institution's chain (its key) until the end of the transaction.

    Whoever goes on to lock anything else of an institution (its row, its items) does this first. Otherwise two who
    lock the same rows in another order wait for each other: an approval and a closure, or the turn of the day.
    """
    books.share()
    LedgerHead.objects.get_or_create(institution_id=institution)
    return LedgerHead.objects.select_for_update(of=("self",)).get(pk=institution)


def claim(item: ChecklistItem, *, at_version: int) -> None:
    """Take the next version of an item. The conditional update is the lock: of two deciders, one gets `StaleItem`.

    Call `hold` first.
    """
    if ChecklistItem.objects.filter(pk=item.pk, version=at_version).update(version=F("version") + 1) != 1:
        raise StaleItem(item.pk)


@transaction.atomic
def sync(
    institution: Institution,
    *,
    cause: Cause,
    ref: str,
    now: datetime,
    requirements: Collection[int] | None = None,
    book: Book | None = None,
) -> list[StatusChange]:
    """Bring the ledger, the lists and the items of one institution up to what is true now; return the new rows.

    `requirements` (keys) says whose answers changed; None: look at all. `ref` links the rows to their cause, as in
    `entry:12`. Steps: 1. share the books and lock the institution's chain, so that what is read below holds still;
    2. read states, the Order and the approved answers; 3. compute the list and write its spans; 4. compare each
    item's timeline with the recorded one; 5. number, hash and insert the rows, each with its `PendingFold`; 6. set what
    the items count as today; 7. after the commit, hint to the fold.
    """
    head = hold(institution.pk)
    recorded_at = now if head.recorded_at is None else max(now, head.recorded_at)
    recorded_on = max(books.knowledge_day(recorded_at), _last_knowledge(head))

    book = book or Book.read()
    states = [
        DatedState.of(state, state.valid_from, state.valid_to)
        for state in InstitutionState.objects.filter(institution=institution).order_by("valid_from")
    ]
    wanted = None if requirements is None or book.contract.pk in requirements else set(requirements)
    needed = None if wanted is None else {*wanted, book.contract.pk}
    held = _held_answers(institution, needed)

    spans = book.spans(states, held.get(book.contract.pk, ()))
    looked_at = sorted(spans.keys() | held.keys()) if wanted is None else sorted(wanted)
    items = _items(institution, looked_at if wanted is not None else None, spans)
    _write_spans({items[pk]: spans.get(pk, []) for pk in items})

    known = _recorded_rows(items.values())
    day = RegisterDay.current()
    jumps: list[tuple[ChecklistItem, Move]] = []
    changed_items: list[ChecklistItem] = []
    for pk, item in items.items():
        new = timeline.effective(
            requirement=pk,
            level=Level.APPROVED,
            states=[state.span for state in states],
            spans=spans.get(pk, []),
            held=held.get(pk, []),
            edition_days=book.edition_days,
        )
        old = timeline.recorded(known.get(item.pk, ()))
        jumps += [(item, move) for move in timeline.moves(old, new, cause=cause)]
        if _stand(item, new, held.get(pk, []), day):
            changed_items.append(item)

    rows: list[StatusChange] = []
    if jumps:
        cells = _Cells(book.codes)
        keys = cells.resolve(move.cell for _item, move in jumps)
        chain = _Chain(institution.bin, head.length, head.hash)
        for item, move in jumps:
            seq, digest = chain.add(
                cells.text(move.cell),
                _side(move.before),
                _side(move.after),
                move.effective_on,
                recorded_at,
                recorded_on,
                move.cause.value,
                ref,
            )
            rows.append(
                StatusChange(
                    institution=institution,
                    seq=seq,
                    item=item,
                    cell_id=keys[move.cell],
                    from_status=move.before and move.before.status,
                    from_learners=None if move.before is None else move.before.learners,
                    to_status=move.after and move.after.status,
                    to_learners=None if move.after is None else move.after.learners,
                    effective_on=move.effective_on,
                    recorded_at=recorded_at,
                    recorded_on=recorded_on,
                    cause=move.cause,
                    cause_ref=ref,
                    hash=digest,
                )
            )
        StatusChange.objects.bulk_create(rows, batch_size=500)
        PendingFold.objects.bulk_create([PendingFold(change=row) for row in rows], batch_size=500)
        LedgerHead.objects.filter(pk=head.pk).update(length=chain.length, hash=chain.hash, recorded_at=recorded_at)
        hints.after_commit(hints.FOLD)
    ChecklistItem.objects.bulk_update(changed_items, ["listed", "obliged", "status", "valid_until"], batch_size=200)
    return rows


@transaction.atomic
def record_many(openings: Iterable[Opening], *, batches: Sequence[Batch], book: Book | None = None) -> int:
    """Take institutions over that are not in the ledger yet, with their answers; return the number of ledger rows.

    The same timelines, rules, rows and hashes as `sync`, written set by set: for imports of whole registers and the
    demonstration. `batches` are in the order of their `recorded_at`, and a row is recorded when its batch was: the
    ledger comes out as if each batch had been entered at its time. Rows wait in `PendingFold` like any others.
    """
    books.seize()
    if [batch.recorded_at for batch in batches] != sorted(batch.recorded_at for batch in batches):
        raise ValueError("Batches are given in the order in which they were recorded.")
    return _BulkWriter(batches, book or Book.read()).write(openings)


def refresh_items(since: date, until: date) -> int:
    """Set what items count as on `until`, where that can have changed after `since`; return how many were looked at.

    Called by whoever moves `RegisterDay`, in the same transaction, with the books seized.
    """
    jumping = StatusChange.objects.filter(
        effective_on__gt=since, effective_on__lte=until, cell__level=Level.APPROVED
    )
    # An answer that says the same again has no row, but another end.
    renewed = StatusEntry.objects.in_force().filter(effective_on__gt=since, effective_on__lte=until)
    keys = {
        *jumping.order_by().values_list("item", flat=True),
        *renewed.order_by().values_list("item", flat=True),
    }
    count = 0
    for chunk in _chunks(sorted(keys), 500):
        items = list(ChecklistItem.objects.filter(pk__in=chunk))
        known = _recorded_rows(items)
        answers: dict[int, list[Answer]] = defaultdict(list)
        for item_pk, effective_on, valid_until, status in (
            StatusEntry.objects.in_force()
            .filter(item__in=chunk)
            .values_list("item", "effective_on", "valid_until", "status")
        ):
            answers[item_pk].append(Answer(effective_on, valid_until, status))
        moved = [
            item
            for item in items
            if _stand(item, timeline.recorded(known[item.pk]), timeline.held_answers(answers[item.pk]), until)
        ]
        ChecklistItem.objects.bulk_update(moved, ["listed", "obliged", "status", "valid_until"], batch_size=200)
        count += len(items)
    return count


def broken_chains(institutions: Iterable[int] | None = None) -> Iterator[tuple[int, int]]:
    """Yield (institution key, seq) of the first row of each chain whose hash does not follow from what it says."""
    heads = LedgerHead.objects.select_related("institution").order_by("pk")
    if institutions is not None:
        heads = heads.filter(pk__in=list(institutions))
    for head in heads.iterator():
        chain = _Chain(head.institution.bin, 0, "")
        broken = None
        for row in StatusChange.objects.filter(institution=head.pk).select_related("cell").order_by("seq").iterator():
            seq, digest = chain.add(
                row.cell.key,
                _recorded_side(row.from_status, row.from_learners),
                _recorded_side(row.to_status, row.to_learners),
                row.effective_on,
                row.recorded_at,
                row.recorded_on,
                row.cause,
                row.cause_ref,
            )
            if (seq, digest) != (row.seq, row.hash):
                broken = row.seq
                break
        if broken is None and (chain.length, chain.hash) != (head.length, head.hash):
            broken = chain.length + 1
        if broken is not None:
            yield head.pk, broken


# --- the chain ------------------------------------------------------------------------------------


class _Chain:
    """The chain of one institution: each row's hash covers what it says and the hash before it."""

    def __init__(self, bin_number: str, length: int, last: str) -> None:
        self.length = length
        self.hash = last
        self._bin = bin_number

    def add(
        self,
        cell: str,
        before: str,
        after: str,
        effective_on: date,
        recorded_at: datetime,
        recorded_on: date,
        cause: str,
        ref: str,
    ) -> tuple[int, str]:
        self.length += 1
        said = (
            f"{self.hash}|{self._bin}|{self.length}|{cell}|{before}|{after}|{effective_on}"
            f"|{_utc(recorded_at)}|{recorded_on}|{cause}|{ref}"
        )
        self.hash = hashlib.sha256(said.encode()).hexdigest()
        return self.length, self.hash


@lru_cache(maxsize=64)
def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _side(standing: Standing | None) -> str:
    return NOWHERE if standing is None else f"{standing.status}:{standing.learners}"


def _recorded_side(status: str | None, learners: int | None) -> str:
    return NOWHERE if status is None else f"{status}:{learners}"


_CELL = (
    "id", "key", "level", "region_id", "locality_id", "large_city_id", "kind", "ownership", "obliged", "requirement_id",
)  # fmt: skip


class _Cells:
    """Cells by key, made when first needed; remembered for a piece of work."""

    def __init__(self, codes: Mapping[int, str], *, alone: bool = False) -> None:
        """`codes`: the codes of requirements by key; `alone`: the books are seized. Two small queries."""
        self._codes = codes
        self._alone = alone
        self._localities = {
            pk: (kato, region) for pk, kato, region in Locality.objects.values_list("pk", "kato", "region")
        }
        self._cities: dict[int | None, str] = {
            None: NOWHERE,
            **dict(LargeCity.objects.values_list("pk", "kato")),
        }
        self._by_key: dict[CellKey, int] = {}
        self._texts: dict[CellKey, str] = {}

    def text(self, key: CellKey) -> str:
        """The cell in natural keys, as it stands in the table and in hashes."""
        if key not in self._texts:
            self._texts[key] = "/".join(
                (
                    key.level,
                    self._localities[key.locality][0],
                    self._cities[key.large_city],
                    key.kind,
                    key.ownership,
                    "obliged" if key.obliged else "counted",
                    self._codes[key.requirement],
                )
            )
        return self._texts[key]

    def resolve(self, keys: Iterable[CellKey]) -> Mapping[CellKey, int]:
        """Database keys of at least these cells; three queries for each five hundred that were not asked for before."""
        unknown = {self.text(key): key for key in keys if key not in self._by_key}
        for chunk in _chunks(sorted(unknown), 500):
            found = dict(Cell.objects.filter(key__in=chunk).values_list("key", "pk"))
            missing = [text for text in chunk if text not in found]
            if missing and self._alone:
                found |= {text: pk for pk, text in enumerate(missing, start=next_id(Cell))}
                insert_rows(Cell, _CELL, ((found[text], *self._row(text, unknown[text])) for text in missing))
            elif missing:
                # Somebody else may make the same cell at the same time.
                Cell.objects.bulk_create(
                    [Cell(**dict(zip(_CELL[1:], self._row(text, unknown[text]), strict=True))) for text in missing],
                    ignore_conflicts=True,
                )
                found |= dict(Cell.objects.filter(key__in=missing).values_list("key", "pk"))
            for text in chunk:
                self._by_key[unknown[text]] = found[text]
        return self._by_key

    def _row(self, text: str, key: CellKey) -> tuple[Any, ...]:
        """The columns of a new cell after its `id`."""
        region = self._localities[key.locality][1]
        return (text, key.level, region, *key[1:])


# --- reading and writing one institution ----------------------------------------------------------


def _last_knowledge(head: LedgerHead) -> date:
    """The day as whose knowledge the last row of a chain counts. None that follows is known earlier.

    While a quarter is closed, rows count as known on the day after; when it is opened again on the same day, the days
    of knowledge would go back, and what was known in between would not add up.
    """
    last = StatusChange.objects.filter(institution=head.pk, seq=head.length).values_list("recorded_on", flat=True)
    return last.first() or date.min


def _held_answers(institution: Institution, requirements: Collection[int] | None) -> dict[int, list[Held]]:
    entries = StatusEntry.objects.in_force().filter(item__institution=institution)
    if requirements is not None:
        entries = entries.filter(item__requirement__in=requirements)
    answers: dict[int, list[Answer]] = defaultdict(list)
    for requirement, effective_on, valid_until, status in entries.values_list(
        "item__requirement", "effective_on", "valid_until", "status"
    ):
        answers[requirement].append(Answer(effective_on, valid_until, status))
    return {requirement: timeline.held_answers(given) for requirement, given in answers.items()}


def _items(
    institution: Institution, requirements: Collection[int] | None, spans: Mapping[int, Sequence[ListedSpan]]
) -> dict[int, ChecklistItem]:
    """The institution's items by requirement key; those that came onto the list are made."""

    def existing() -> dict[int, ChecklistItem]:
        found = ChecklistItem.objects.filter(institution=institution)
        if requirements is not None:
            found = found.filter(requirement__in=requirements)
        return {item.requirement_id: item for item in found}

    items = existing()
    missing = [pk for pk in spans if pk not in items and (requirements is None or pk in requirements)]
    if missing:
        ChecklistItem.objects.bulk_create(
            [ChecklistItem(institution=institution, requirement_id=pk, listed=False) for pk in missing]
        )
        items = existing()
    return dict(sorted(items.items()))


def _write_spans(wanted: Mapping[ChecklistItem, Sequence[ListedSpan]]) -> None:
    stored: dict[int, list[ListedSpan]] = defaultdict(list)
    for item_pk, valid_from, valid_to, obliged, counted, basis in (
        Applicability.objects.filter(item__in=list(wanted))
        .order_by("item", "valid_from")
        .values_list("item", "valid_from", "valid_to", "obliged", "counted", "basis")
    ):
        stored[item_pk].append(ListedSpan(valid_from, valid_to, obliged, counted, basis))
    stale = [item for item, spans in wanted.items() if stored.get(item.pk, []) != list(spans)]
    if stale:
        Applicability.objects.filter(item__in=stale).delete()
        Applicability.objects.bulk_create(
            [Applicability(item=item, **span._asdict()) for item in stale for span in wanted[item]]
        )


_Row = tuple[date, Standing | None, Standing | None]


def _recorded_rows(items: Iterable[ChecklistItem]) -> dict[int, list[_Row]]:
    rows: dict[int, list[_Row]] = defaultdict(list)
    for item, day, was, was_learners, is_now, is_learners, level, locality, city, kind, ownership, obliged, pk in (
        StatusChange.objects.filter(item__in=[item.pk for item in items], cell__level=Level.APPROVED)
        .order_by()
        .values_list(
            "item",
            "effective_on",
            "from_status",
            "from_learners",
            "to_status",
            "to_learners",
            "cell__level",
            "cell__locality",
            "cell__large_city",
            "cell__kind",
            "cell__ownership",
            "cell__obliged",
            "cell__requirement",
        )
    ):
        key = CellKey(level, locality, city, kind, ownership, obliged, pk)
        before = None if was is None else Standing(key, was, was_learners or 0)
        after = None if is_now is None else Standing(key, is_now, is_learners or 0)
        rows[item].append((day, before, after))
    return rows


class _Now(NamedTuple):
    """The fields of an item that say what it counts as on a day."""

    listed: bool
    obliged: bool
    status: str
    valid_until: date | None


def _now(segments: Sequence[Segment], held: Sequence[Held], day: date) -> _Now:
    standing = timeline.on(segments, day)
    if standing is None:
        return _Now(False, False, Status.UNKNOWN.value, None)
    in_force = [answer for answer in held if answer.day <= day]
    return _Now(True, standing.cell.obliged, standing.status, in_force[-1].valid_until if in_force else None)


def _stand(item: ChecklistItem, segments: Sequence[Segment], held: Sequence[Held], day: date) -> bool:
    """Set on `item` what it counts as on `day`; say whether that changed it."""
    was = (item.listed, item.obliged, item.status, item.valid_until)
    now = _now(segments, held, day)
    item.listed, item.obliged, item.status, item.valid_until = now
    return was != now


_Value = TypeVar("_Value")


def _chunks(values: Sequence[_Value], size: int) -> Iterator[Sequence[_Value]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


# --- writing a register ---------------------------------------------------------------------------


_Tables = dict[str, list[tuple[Any, ...]]]
_Numbered = tuple[int, int, Move]  # number of the batch, key of the item, what happens


class _Shape(NamedTuple):
    """What the ledger says of an item, with the numbers of the batches; a template says it of no cell."""

    moves: list[tuple[int, Move]]
    now: _Now
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

    _ITEM = (
        "id",
        "institution_id",
        "requirement_id",
        "listed",
        "obliged",
        "status",
        "valid_until",
        "version",
    )
    _SPAN = ("item_id", "valid_from", "valid_to", "obliged", "counted", "basis")
    _ENTRY = (
        "id", "item_id", "batch_id", "state", "status", "effective_on", "valid_until", "note", "created_at", "saved_at",
        "submitted_at", "content_hash", "item_version", "decided_at", "return_reason", "decision_note", "revoke_note",
    )  # fmt: skip
    _CHANGE = (
        "id", "institution_id", "seq", "item_id", "cell_id", "from_status", "from_learners", "to_status", "to_learners",
        "effective_on", "recorded_at", "recorded_on", "cause", "cause_ref", "hash",
    )  # fmt: skip
    _HEAD = ("institution_id", "length", "hash", "recorded_at")
    _INSTITUTIONS_A_CHUNK = 250

    def __init__(self, batches: Sequence[Batch], book: Book) -> None:
        self._batches = [
            _BatchOfRows(
                batch.pk,
                batch.recorded_at,
                books.knowledge_day(batch.recorded_at),
                connection.ops.adapt_datetimefield_value(batch.recorded_at),
                f"batch:{batch.pk}",
                book.as_known_on(local_day(batch.recorded_at)),
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
        self._cells = _Cells(book.codes, alone=True)
        self._follows_contract = frozenset(duty.pk for duty in book.duties if book.follows_contract(duty))
        self._shapes: dict[tuple[Any, ...], _Shape] = {}
        self._listed_of: int | None = None
        self._listed: dict[int, dict[int, list[ListedSpan]]] = {}
        self._plain: dict[object, dict[int, list[ListedSpan]]] = {}
        self._day = RegisterDay.current()
        self._next_item = next_id(ChecklistItem)
        self._next_entry = next_id(StatusEntry)
        self._next_change = next_id(StatusChange)
        self._dates: dict[date | None, Any] = {None: None}

    def write(self, openings: Iterable[Opening]) -> int:
        first_change = self._next_change
        chunk: list[Opening] = []
        for opening in openings:
            chunk.append(opening)
            if len(chunk) == self._INSTITUTIONS_A_CHUNK:
                self._write_chunk(chunk)
                chunk = []
        if chunk:
            self._write_chunk(chunk)
        reset_sequences(Cell, ChecklistItem, StatusEntry, StatusChange)
        if self._next_change > first_change:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO compliance_pendingfold (change_id) "
                    "SELECT id FROM compliance_statuschange WHERE id >= %s AND id < %s",
                    [first_change, self._next_change],
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
        insert_rows(ChecklistItem, self._ITEM, tables["item"])
        insert_rows(Applicability, self._SPAN, tables["span"])
        insert_rows(StatusEntry, self._ENTRY, tables["entry"])
        insert_rows(StatusChange, self._CHANGE, tables["change"])
        insert_rows(LedgerHead, self._HEAD, tables["head"])

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
            self._plain.clear()
        if number not in self._listed:
            book = self._batches[number].book
            given = opening.answers.get(book.contract.pk, ())
            if book.editions not in self._plain:
                self._plain[book.editions] = book.spans(opening.states, ())
            lists = self._plain[book.editions]
            if given:
                lists = {pk: spans for pk, spans in lists.items() if pk not in self._follows_contract}
                lists |= book.spans(opening.states, _known(given, number), only=self._follows_contract)
            self._listed[number] = lists
        return self._listed[number]

    def _shape(
        self, opening: Opening, pk: int, spans: Sequence[ListedSpan], given: Sequence[tuple[int, Answer]]
    ) -> _Shape:
        """What the ledger says of one item, batch after batch.

        Thousands of items have the same dates and answers and differ by their cell alone. Where the institution has
        one state and the list does not follow the guard contract, the shape is computed once, for no place at all.
        """
        follows = pk in self._follows_contract or not spans
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
        if pk in self._follows_contract:
            steps |= {number for number, _answer in opening.answers.get(self._book.contract.pk, ())}
        segments: list[Segment] = []
        held: list[Held] = []
        moves: list[tuple[int, Move]] = []
        for number in sorted(steps):
            held = _known(given, number)
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
        return _Shape(moves, _now(segments, held, self._day), is_template=False)

    def _write_item(
        self,
        opening: Opening,
        item: int,
        requirement: int,
        now: _Now,
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
        chain = _Chain(opening.bin, 0, "")
        recorded_at = self._batches[0].recorded_at
        for number, item, move in rows:
            batch = self._batches[number]
            recorded_at = batch.recorded_at
            before, after = move.before, move.after
            seq, digest = chain.add(
                self._cells.text(move.cell),
                _side(before),
                _side(after),
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
