"""Many institutions of the register brought up to what is true now: what `sync` does for each, written set by set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.db.models import F

from compliance import books, hints, timeline
from compliance.duties import Book, DatedState
from compliance.enums import Cause, Level
from compliance.ledger.cells import Cells, chunked
from compliance.ledger.chain import Chain, recordedside
from compliance.ledger.entering import CHANGE, ITEM, SPAN
from compliance.ledger.standing import findings_at, now_of
from compliance.models import (
    Applicability,
    Cell,
    ChecklistItem,
    LedgerHead,
    PendingFold,
    RegisterDay,
    StatusChange,
    StatusEntry,
)
from compliance.timeline import Answer, CellKey, Held, ListedSpan, Standing, StateSpan
from institutions.bulk import AsStored, insert_rows, next_id, read_rows, reset_sequences, update_rows
from institutions.models import Institution, InstitutionState

_CHUNK: Final = 200
_SHAPES_REMEMBERED: Final = 50_000
_LISTS_REMEMBERED: Final = 50_000


@dataclass(frozen=True, slots=True)
class Changed:
    """An institution of which something changed, why, and what its rows are linked to, as in `state:12`."""

    institution: Institution
    cause: Cause
    ref: str


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


# What the database holds is compared as the driver has it: on SQLite a day is a text, and to make dates of millions of
# texts takes longer than all that is computed from them. `_Stored` values are made dates where they are computed with.
_Stored = Any
# Of a shape: day, from (status, learners), to (status, learners), place, obliged.
_Row = tuple[_Stored, str | None, int | None, str | None, int | None, int, bool]
_Given = tuple[tuple[_Stored, _Stored, str], ...]  # day, end, status of the approved answers, the oldest decision first


class _Place(NamedTuple):
    """The part of a cell that an institution's state says."""

    locality: int
    large_city: int | None
    kind: str
    ownership: str

    def order(self) -> tuple[int, int, str, str]:
        """As `timeline.moves` has the rows of a day."""
        return (self.locality, self.large_city or 0, self.kind, self.ownership)


@dataclass(frozen=True, slots=True)
class _Here:
    """The places and numbers of learners of one institution, by which what is alike elsewhere is told the same way.

    Items of thousands of institutions differ by their cells and learners alone. In a shape both are positions: of the
    place among those that the institution has or had, in the order of cells, and of the learners among its numbers.
    """

    places: list[_Place]
    learners: list[int]
    states: tuple[StateSpan, ...]
    mark: int  # of what is written of it in this piece of work: one for each `states`

    @classmethod
    def of(
        cls,
        states: Sequence[DatedState],
        cells: Iterable[CellKey],
        learners: Iterable[int | None],
        marks: dict[tuple[StateSpan, ...], int],
    ) -> _Here:
        spans = [state.span for state in states]
        known = {_Place(*cell[1:5]) for cell in cells}
        places = sorted({_place_of(span) for span in spans} | known, key=_Place.order)
        numbers = sorted({span.learners for span in spans} | {number for number in learners if number is not None})
        where = {place: position for position, place in enumerate(places)}
        shaped = tuple(
            span._replace(
                locality=where[_place_of(span)],
                large_city=None,
                kind="",
                ownership="",
                learners=numbers.index(span.learners),
            )
            for span in spans
        )
        return cls(places, numbers, shaped, marks.setdefault(shaped, len(marks)))

    def cell(self, level: Level, move: _ShapedMove, requirement: int) -> CellKey:
        """The cell of a shape's move at this institution."""
        return CellKey(level.value, *self.places[move.place], move.obliged, requirement)


def _place_of(span: StateSpan) -> _Place:
    return _Place(span.locality, span.large_city, span.kind, span.ownership)


class _ShapedMove(NamedTuple):
    """A row of the ledger before it has its place: places and learners are positions in `_Here`."""

    text: str
    stored: _Stored
    place: int
    obliged: bool
    from_status: str | None
    from_learners: int | None
    to_status: str | None
    to_learners: int | None
    cause: str


_Jump = tuple[int, CellKey, _ShapedMove]  # key of the item


class _Shape(NamedTuple):
    """What is to be written of an item at a level, and what it then counts as, as the database has it."""

    moves: list[_ShapedMove]
    now: tuple[bool, bool, str, _Stored]


class _Listed(NamedTuple):
    """When a requirement stands on a list: as computed with, as the database has it, and a number for what is alike."""

    spans: list[ListedSpan]
    stored: list[tuple[Any, ...]]
    number: int


_NEVER: Final = _Listed([], [], 0)


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
        self._dates: dict[date | None, _Stored] = {None: None}
        self._days: dict[_Stored, date | None] = {None: None}
        self._shapes: dict[tuple[Any, ...], _Shape] = {}
        self._known: dict[int, _Listed] = {}
        self._marks: dict[tuple[StateSpan, ...], int] = {}
        self._numbers: dict[tuple[ListedSpan, ...], int] = {}

    def write(self, changed: Sequence[Changed]) -> None:
        pks = [one.institution.pk for one in changed]
        heads, last_known = _heads(pks)
        states, given, stored, items = _states(pks), _answers(pks), _stored_spans(pks), _items(pks)
        findings = findings_at(pks)
        rows = self._rows(pks)
        new_items: list[tuple[Any, ...]] = []
        new_spans: list[tuple[Any, ...]] = []
        stale_spans: list[int] = []
        moved: list[tuple[int, Sequence[Any]]] = []
        jumps: list[tuple[Changed, _Here, list[_Jump]]] = []
        for one in changed:
            pk = one.institution.pk
            answers = given.get(pk, {})
            mine = items.setdefault(pk, {})
            contract = timeline.held_answers(self._answers(answers.get(self._book.contract.pk, ())))
            lists = self._book.spans(states.get(pk, []), contract)
            for requirement in lists.keys() - mine.keys():
                mine[requirement] = (self._next_item, None)
                self._next_item += 1
            here, approved, verified = self._here(states.get(pk, []), rows.get(pk, ()))
            inherited = self._inherited(answers, lists)
            found: list[_Jump] = []
            for requirement, (item, was) in sorted(mine.items()):
                listed = self._listed(lists[requirement]) if requirement in lists else _NEVER
                if stored.get(item, []) != listed.stored:
                    stale_spans.append(item)
                    new_spans += [(item, *span) for span in listed.stored]
                shape = self._shape(
                    Level.APPROVED,
                    one.cause,
                    here,
                    listed,
                    answers.get(requirement, ()),
                    approved.get(item, ()),
                    held=inherited.get(requirement),
                )
                found += [(item, here.cell(Level.APPROVED, move, requirement), move) for move in shape.moves]
                if pk in findings and requirement in findings[pk]:
                    given_there = tuple(findings[pk][requirement])
                    looked_at = self._shape(
                        Level.VERIFIED, one.cause, here, listed, given_there, verified.get(item, ())
                    )
                    found += [(item, here.cell(Level.VERIFIED, move, requirement), move) for move in looked_at.moves]
                if was is None:
                    new_items.append((item, pk, requirement, *shape.now, 0))
                elif shape.now != was:
                    moved.append((item, shape.now))
            jumps.append((one, here, found))
        insert_rows(ChecklistItem, ITEM, new_items)
        for keys in chunked(stale_spans, 500):
            Applicability.objects.filter(item__in=keys).delete()
        insert_rows(Applicability, SPAN, new_spans)
        update_rows(ChecklistItem, ["listed", "obliged", "status", "valid_until"], moved)
        self._write_changes(jumps, heads, last_known)

    def _listed(self, spans: list[ListedSpan]) -> _Listed:
        """The spans of a requirement, numbered. Told by the object: the book gives the same to those who are alike."""
        listed = self._known.get(id(spans))
        if listed is None or listed.spans is not spans:
            if len(self._known) == _LISTS_REMEMBERED:
                self._known.clear()
            number = self._numbers.setdefault(tuple(spans), len(self._numbers) + 1)
            listed = self._known[id(spans)] = _Listed(spans, [self._span(span) for span in spans], number)
        return listed

    def _here(
        self, states: Sequence[DatedState], rows: Sequence[tuple[Any, ...]]
    ) -> tuple[_Here, dict[int, tuple[_Row, ...]], dict[int, tuple[_Row, ...]]]:
        """An institution as shapes see it, and what the ledger says of its items, approved and verified."""
        cells = {row[-1]: self._keys[row[-1]] for row in rows}
        learners = {row[3] for row in rows} | {row[5] for row in rows}
        here = _Here.of(states, cells.values(), learners, self._marks)
        where = {place: position for position, place in enumerate(here.places)}
        shaped = {pk: (where[_Place(*key[1:5])], key.obliged, key.level == Level.APPROVED) for pk, key in cells.items()}
        numbers: dict[int | None, int | None] = {None: None}
        numbers |= {number: position for position, number in enumerate(here.learners)}
        approved: dict[int, tuple[_Row, ...]] = {}
        verified: dict[int, tuple[_Row, ...]] = {}
        for item, day, was, was_learners, is_now, is_learners, cell in rows:
            place, obliged, is_approved = shaped[cell]
            row = (day, was, numbers[was_learners], is_now, numbers[is_learners], place, obliged)
            of_level = approved if is_approved else verified
            of_level[item] = (*of_level.get(item, ()), row)
        return here, approved, verified

    def _inherited(
        self, answers: Mapping[int, _Given], lists: Mapping[int, Sequence[ListedSpan]]
    ) -> dict[int, tuple[Held, ...]]:
        """What the requirements that inherit answers are held at from day to day, by their keys."""
        if not self._book.heritage:
            return {}
        given = {pk: timeline.held_answers(self._answers(mine)) for pk, mine in answers.items()}
        return {pk: tuple(self._book.held(pk, given, lists)) for pk in self._book.heritage}

    def _shape(
        self,
        level: Level,
        cause: Cause,
        here: _Here,
        listed: _Listed,
        given: _Given,
        rows: tuple[_Row, ...],
        *,
        held: tuple[Held, ...] | None = None,
    ) -> _Shape:
        """What is to be written of an item; computed once for all that differ by place and learners alone.

        `held`: where the requirement inherits answers, what it is held at with them.
        """
        key = (level, cause, here.mark, listed.number, given if held is None else held, rows)
        shape = self._shapes.get(key)
        if shape is None:
            if len(self._shapes) == _SHAPES_REMEMBERED:
                self._shapes.clear()
            shape = self._shapes[key] = self._shape_of(level, cause, here.states, listed.spans, given, rows, held)
        return shape

    def _shape_of(
        self,
        level: Level,
        cause: Cause,
        states: Sequence[StateSpan],
        spans: Sequence[ListedSpan],
        given: _Given,
        rows: tuple[_Row, ...],
        inherited: tuple[Held, ...] | None,
    ) -> _Shape:
        answers = self._answers(given)
        held: Sequence[Held] = timeline.held_answers(answers) if inherited is None else inherited
        edition_days = self._book.edition_days
        if level is Level.APPROVED:
            new = timeline.effective(
                requirement=0, level=level, states=states, spans=spans, held=held, edition_days=edition_days
            )
        else:
            new = timeline.verified(requirement=0, states=states, spans=spans, found=answers, edition_days=edition_days)
        old = timeline.recorded(
            (
                self._day_of(day),
                None if was is None else Standing(_cell(level, place, obliged), was, was_learners or 0),
                None if is_now is None else Standing(_cell(level, place, obliged), is_now, is_learners or 0),
            )
            for day, was, was_learners, is_now, is_learners, place, obliged in rows
        )
        now = now_of(new, held, self._day)
        return _Shape(
            [
                _ShapedMove(
                    day.isoformat(),
                    self._date(day),
                    cell.locality,
                    cell.obliged,
                    before and str(before.status),
                    before and before.learners,
                    after and str(after.status),
                    after and after.learners,
                    why.value,
                )
                for day, cell, before, after, why in timeline.moves(old, new, cause=cause)
            ],
            (now.listed, now.obliged, str(now.status), self._date(now.valid_until)),
        )

    def _write_changes(
        self,
        jumps: Sequence[tuple[Changed, _Here, Sequence[_Jump]]],
        heads: Mapping[int, LedgerHead],
        last_known: Mapping[int, date],
    ) -> None:
        self._cells.resolve({cell for _one, _here, found in jumps for _item, cell, _move in found})
        rows: list[tuple[Any, ...]] = []
        ends: list[tuple[int, list[Any]]] = []
        for one, here, found in jumps:
            if not found:
                continue
            institution = one.institution
            head = heads[institution.pk]
            recorded_at = self._now if head.recorded_at is None else max(self._now, head.recorded_at)
            known_on = self._today if recorded_at == self._now else books.knowledge_day(recorded_at)
            recorded_on = max(known_on, last_known.get(institution.pk, date.min))
            chain = Chain(institution.bin, head.length, head.hash)
            stamp, day = connection.ops.adapt_datetimefield_value(recorded_at), self._date(recorded_on)
            known_text = recorded_on.isoformat()
            learners: list[Any] = here.learners
            for item, key, move in found:
                cell, text = self._cells.known(key)
                was = None if move.from_learners is None else learners[move.from_learners]
                is_now = None if move.to_learners is None else learners[move.to_learners]
                seq, digest = chain.add(
                    text,
                    recordedside(move.from_status, was),
                    recordedside(move.to_status, is_now),
                    move.text,
                    recorded_at,
                    known_text,
                    move.cause,
                    one.ref,
                )
                rows.append(
                    (self._next_change, institution.pk, seq, item, cell, move.from_status, was, move.to_status, is_now,
                     move.stored, stamp, day, move.cause, one.ref, digest)
                )  # fmt: skip
                self._next_change += 1
            ends.append((institution.pk, [chain.length, chain.hash, recorded_at]))
        insert_rows(StatusChange, CHANGE, rows)
        insert_rows(PendingFold, ("change_id",), ((row[0],) for row in rows))
        update_rows(LedgerHead, ["length", "hash", "recorded_at"], ends)

    def finish(self) -> int:
        """Let the database's own keys go on behind those given by hand."""
        reset_sequences(Cell, ChecklistItem, StatusChange)
        if self._next_change > self._first_change:
            hints.after_commit(hints.FOLD)
        return self._next_change - self._first_change

    def _rows(self, pks: Sequence[int], **only: Any) -> dict[int, list[tuple[Any, ...]]]:
        """The ledger of institutions, as `_here` takes it; cells are read once and remembered."""
        changes = StatusChange.objects.filter(institution__in=pks, **only).order_by()
        changes = changes.annotate(day=AsStored("effective_on"))
        rows: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for institution, *row in read_rows(
            changes.values_list(
                "institution", "item", "day", "from_status", "from_learners", "to_status", "to_learners", "cell"
            )
        ):
            rows[institution].append(tuple(row))
        met = {row[-1] for mine in rows.values() for row in mine}
        for keys in chunked(sorted(met - self._keys.keys()), 500):
            cells = Cell.objects.filter(pk__in=keys).values_list(
                "pk", "level", "locality", "large_city", "kind", "ownership", "obliged", "requirement"
            )
            self._keys |= {pk: CellKey._make(key) for pk, *key in cells}
        return rows

    def _answers(self, given: Iterable[tuple[_Stored, _Stored, str]]) -> list[Answer]:
        return [Answer(self._day_of(since) or date.min, self._day_of(until), status) for since, until, status in given]

    def _span(self, span: ListedSpan) -> tuple[Any, ...]:
        return (self._date(span.valid_from), self._date(span.valid_to), *span[2:])

    def _date(self, day: date | None) -> _Stored:
        """A day as the database has it."""
        if day not in self._dates:
            stored = connection.ops.adapt_datefield_value(day)
            self._dates[day], self._days[stored] = stored, day
        return self._dates[day]

    def _day_of(self, stored: _Stored) -> Any:
        """The day that the database has so; None for none."""
        if stored not in self._days:
            self._days[stored] = stored if isinstance(stored, date) else date.fromisoformat(stored)
        return self._days[stored]


def _cell(level: Level, place: int, obliged: bool) -> CellKey:
    """A cell in a shape: its place is a position, and the requirement that of whoever takes the shape."""
    return CellKey(level.value, place, None, "", "", obliged, 0)


def _heads(pks: Sequence[int]) -> tuple[dict[int, LedgerHead], dict[int, date]]:
    """The ends of institutions' chains, begun where there are none, and the days of knowledge of their last rows."""
    LedgerHead.objects.bulk_create([LedgerHead(institution_id=pk) for pk in pks], ignore_conflicts=True)
    last_known = (
        StatusChange.objects.filter(institution__in=pks, seq=F("institution__ledger_head__length"))
        .order_by()
        .values_list("institution", "recorded_on")
    )
    return LedgerHead.objects.in_bulk(pks), dict(last_known)


def _states(pks: Iterable[int]) -> dict[int, list[DatedState]]:
    found: dict[int, list[DatedState]] = defaultdict(list)
    for state in InstitutionState.objects.filter(institution__in=list(pks)).order_by("institution", "valid_from"):
        found[state.institution_id].append(DatedState.of(state, state.valid_from, state.valid_to))
    return found


def _answers(pks: Iterable[int]) -> dict[int, dict[int, _Given]]:
    """The approved answers by institution and requirement."""
    entries = StatusEntry.objects.in_force().filter(item__institution__in=list(pks))
    given: dict[int, dict[int, _Given]] = defaultdict(dict)
    for institution, requirement, *answer in read_rows(
        entries.annotate(since=AsStored("effective_on"), until=AsStored("valid_until")).values_list(
            "item__institution", "item__requirement", "since", "until", "status"
        )
    ):
        mine = given[institution]
        mine[requirement] = (*mine.get(requirement, ()), (answer[0], answer[1], answer[2]))
    return given


def _stored_spans(pks: Iterable[int]) -> dict[int, list[tuple[Any, ...]]]:
    stored: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    spans = Applicability.objects.filter(item__institution__in=list(pks)).order_by("item", "valid_from")
    for item, *span in read_rows(
        spans.annotate(since=AsStored("valid_from"), until=AsStored("valid_to")).values_list(
            "item", "since", "until", "obliged", "counted", "basis"
        )
    ):
        stored[item].append(tuple(span))
    return stored


def _items(pks: Iterable[int]) -> dict[int, dict[int, tuple[int, tuple[Any, ...] | None]]]:
    """Key of the item and what it counts as, as the database has it, by institution and requirement."""
    items: dict[int, dict[int, tuple[int, tuple[Any, ...] | None]]] = defaultdict(dict)
    for pk, institution, requirement, *now in read_rows(
        ChecklistItem.objects.filter(institution__in=list(pks))
        .order_by()
        .annotate(until=AsStored("valid_until"))
        .values_list("pk", "institution", "requirement", "listed", "obliged", "status", "until")
    ):
        items[institution][requirement] = (pk, tuple(now))
    return items
