"""What a list would change: each of its rows against the register as it is on the row's day.

An empty cell says nothing: what the register knows stays. So a list never erases, and an export that comes back
unchanged changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any, Final

from compliance.applicability import FACTS
from compliance.enums import RowOutcome
from compliance.imports import values
from compliance.imports.columns import FACT
from compliance.imports.places import Places
from compliance.imports.problems import Problem, problem
from compliance.imports.reading import Cell, Row, Table, shown
from compliance.imports.values import Wrong
from compliance.models import ImportRow
from institutions.access import IMPORT
from institutions.enums import Kind, Lifecycle, Ownership
from institutions.models import Institution, InstitutionState, Locality, Membership, Merger, User
from institutions.registry_many import STATE_COLUMNS

DETAILS: Final = ("name_kk", "name_ru", "address_kk", "address_ru", "latitude", "longitude", "phone", "email")
_PLAIN_STATE: Final = ("kind", "ownership", "lifecycle", "staff", "learners")
_PLACE_COLUMNS: Final = ("region", "locality", "locality_kato", "settlement", "settlement_kato", "large_city")
# What a new institution cannot do without; its place is asked for with words of its own.
_NEEDED: Final = ("name_kk", "name_ru", "kind", "ownership", "staff", "learners")
_CHUNK: Final = 500


def reach_of(user: User) -> frozenset[int] | None:
    """Keys of the localities whose institutions the person may import; None: of all."""
    mine = Membership.objects.of(user, IMPORT)
    if mine.country_wide().exists():
        return None
    localities = Locality.objects.filter(
        pk__in=mine.filter(locality__isnull=False).values("locality")
    ) | Locality.objects.filter(region__in=mine.filter(region__isnull=False).values("region"))
    return frozenset(localities.order_by().values_list("pk", flat=True))


@dataclass(slots=True)
class Known:
    """An institution as the register has it: its key, details, and states in the order of their days."""

    pk: int
    locality: int
    details: dict[str, Any]
    states: list[dict[str, Any]] = field(default_factory=list)
    merged: bool = False  # into another one: it opens again when the merger is undone, and not before

    def state_on(self, day: date) -> dict[str, Any] | None:
        """The state in which it was on a day; None before its first."""
        held = [state for state in self.states if state["valid_from"] <= day]
        return held[-1] if held else None


def known_institutions(bins: Collection[str]) -> dict[str, Known]:
    """The institutions with these BINs, within anybody's scope or not. Three queries for each five hundred."""
    found: dict[str, Known] = {}
    wanted = iter(sorted(bins))
    while chunk := list(islice(wanted, _CHUNK)):
        by_key: dict[int, Known] = {}
        for row in Institution.objects.filter(bin__in=chunk).values("pk", "bin", "locality_id", *DETAILS):
            known = Known(row.pop("pk"), row.pop("locality_id"), {})
            found[row.pop("bin")] = by_key[known.pk] = known
            known.details = row
        states = InstitutionState.objects.filter(institution__in=list(by_key)).order_by("institution", "valid_from")
        for state in states.values("pk", "institution_id", "valid_from", "valid_to", "recorded_at", *STATE_COLUMNS):
            by_key[state.pop("institution_id")].states.append(state)
        for pk in Merger.objects.filter(merged__in=list(by_key), undone_at=None).values_list("merged", flat=True):
            by_key[pk].merged = True
    return found


def judge(run: int, table: Table, *, user: User, since: date, today: date) -> Iterator[ImportRow]:
    """The rows of a list, each with what it would change or everything that is wrong with it. Not yet saved."""
    reach = reach_of(user)
    judge = _Judge(run, table, Places(reach), reach, since, today)
    yield from judge.rows()


class _Judge:
    def __init__(
        self, run: int, table: Table, places: Places, reach: Collection[int] | None, since: date, today: date
    ) -> None:
        self._run = run
        self._table = table
        self._places = places
        self._reach = reach
        self._since = since
        self._readers = readers(today)

    def rows(self) -> Iterator[ImportRow]:
        parsed = [(row, Parsed.of(row, self._table.keys, self._readers)) for row in self._table.rows]
        numbers: dict[str, list[int]] = defaultdict(list)
        for row, said in parsed:
            if said.bin:
                numbers[said.bin].append(row.number)
        known = known_institutions(numbers)
        for row, said in parsed:
            if len(rows := numbers.get(said.bin, ())) > 1:
                said.reasons.insert(0, problem("bin_twice", "bin", rows=", ".join(map(str, rows))))
            yield self._judged(row, said, known.get(said.bin))

    def _judged(self, row: Row, said: Parsed, known: Known | None) -> ImportRow:
        since = said.values.pop("since", None) or self._since
        judged = ImportRow(
            run_id=self._run,
            number=row.number,
            bin=said.bin or said.bin_as_typed[:40],
            name=str(said.values.get("name_kk") or said.values.get("name_ru") or "")[:300],
            since=since,
            cells=list(row.cells),
        )
        if known is not None and self._reach is not None and known.locality not in self._reach:
            # The same words as for a district of somebody else; nothing is compared with what must not be seen.
            said.reasons.append(problem("not_found", "bin"))
        elif known is not None:
            judged.institution_id = known.pk
            judged.name = judged.name or known.details["name_kk"]
            self._compare(judged, said, known)
        elif said.bin:
            self._enter(judged, said)
        judged.reasons = said.reasons
        if said.reasons:
            judged.outcome = RowOutcome.REFUSED
            judged.changes, judged.before, judged.differences = {}, {}, []
        return judged

    def _enter(self, judged: ImportRow, said: Parsed) -> None:
        judged.outcome = RowOutcome.NEW
        # A cell that was wrong is there, all the same.
        said.reasons += [problem("missing", name) for name in _NEEDED if name not in said.values.keys() | said.wrong]
        place = self._place(said, None)
        if said.reasons:
            return
        facts = _facts(said)
        state = {name: said.values[name] for name in _PLAIN_STATE if name in said.values} | place | {"facts": facts}
        judged.changes = {
            "state": {"lifecycle": Lifecycle.OPEN.value} | state,
            "details": {name: plain(said.values[name]) for name in DETAILS if name in said.values},
        }

    def _compare(self, judged: ImportRow, said: Parsed, known: Known) -> None:
        state = known.state_on(judged.since)
        if state is None:
            first = known.states[0]["valid_from"] if known.states else judged.since
            said.reasons.append(problem("too_early", "since", day=first.strftime("%d.%m.%Y")))
            return
        wanted = {name: said.values[name] for name in _PLAIN_STATE if name in said.values} | self._place(said, state)
        if facts := _facts(said):
            wanted["facts"] = state["facts"] | facts
        changed = {name: value for name, value in wanted.items() if value != state[name]}
        if known.merged and "lifecycle" in changed:
            said.reasons.append(problem("merged", "lifecycle"))
        details = {
            name: said.values[name]
            for name in DETAILS
            if name in said.values and said.values[name] != tidy(known.details[name])
        }
        judged.outcome = RowOutcome.CHANGED if changed or details else RowOutcome.UNCHANGED
        judged.changes = {"state": changed, "details": {name: plain(value) for name, value in details.items()}}
        judged.before = {
            "state": {name: state[name] for name in changed},
            "details": {name: plain(known.details[name]) for name in details},
        }
        judged.differences = [
            {"field": name, "old": plain(known.details[name]), "new": plain(value)} for name, value in details.items()
        ] + list(self._state_differences(state, changed))

    def _state_differences(self, state: Mapping[str, Any], changed: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        places = self._places
        for name, value in changed.items():
            old = state[name]
            if name == "facts":
                for fact in FACTS:
                    if old.get(fact) != value.get(fact):
                        yield {"field": f"{FACT}{fact}", "old": old.get(fact), "new": value.get(fact)}
                continue
            if name == "settlement_class":  # follows from the settlement
                continue
            katos = {
                "locality_id": places.kato_of_locality,
                "settlement_id": places.kato_of_settlement,
                "large_city_id": places.kato_of_city,
            }.get(name)
            if katos is not None:
                old, value = katos.get(old), katos.get(value)
            yield {"field": name.removesuffix("_id"), "old": old, "new": value}

    def _place(self, said: Parsed, state: Mapping[str, Any] | None) -> dict[str, Any]:
        """Where the row says that the institution lies; nothing where it says nothing. Notes what is wrong."""
        words = {name: said.texts.get(name, "") for name in _PLACE_COLUMNS}
        places = self._places
        locality: int | None = None if state is None else state["locality_id"]
        if words["locality"] or words["locality_kato"]:
            column = "locality" if words["locality"] else "locality_kato"
            locality = said.attempt(
                column, partial(places.locality, words["locality"], words["locality_kato"], words["region"])
            )
        elif state is None and not said.wrong & {"locality", "locality_kato"}:
            said.reasons.append(problem("missing", "locality"))
        if locality is None or said.wrong & {"settlement", "settlement_kato"}:
            return {}
        moved = state is None or locality != state["locality_id"]
        place: dict[str, Any] = {"locality_id": locality}
        if moved or words["settlement"] or words["settlement_kato"]:
            column = "settlement" if words["settlement"] or not words["settlement_kato"] else "settlement_kato"
            before = len(said.reasons)
            settlement = said.attempt(
                column, partial(places.settlement, locality, words["settlement"], words["settlement_kato"])
            )
            if len(said.reasons) > before:
                return place
            if moved or state is None or settlement != state["settlement_id"]:
                place |= {
                    "settlement_id": settlement,
                    "settlement_class": places.settlement_class(settlement),
                    "large_city_id": places.large_city_at(locality, settlement),
                }
        if words["large_city"]:
            before = len(said.reasons)
            named = said.attempt("large_city", partial(places.large_city, words["large_city"], locality))
            if len(said.reasons) == before:
                self._name_large_city(named, place, state, said)
        return place

    def _name_large_city(
        self, named: int, place: dict[str, Any], state: Mapping[str, Any] | None, said: Parsed
    ) -> None:
        """Whose population a city is belongs to the ministry (`institutions.ownership`): others name what follows."""
        follows = place.get("large_city_id", None if state is None else state["large_city_id"])
        if self._reach is not None and named != follows:
            said.reasons.append(problem("ministry_decides", "large_city"))
        else:
            place["large_city_id"] = named


Reader = Callable[[Cell], Any]


def readers(today: date) -> dict[str, Reader]:
    """How the cells of each column are read; places are looked up with others of their row."""
    words = values.text(300)
    return {
        "name_kk": words,
        "name_ru": words,
        "address_kk": words,
        "address_ru": words,
        "phone": values.text(30),
        "email": values.email,
        "latitude": values.coordinate(90),
        "longitude": values.coordinate(180),
        "kind": values.choice(Kind),
        "ownership": values.choice(Ownership),
        "lifecycle": values.choice(Lifecycle),
        "staff": values.count,
        "learners": values.count,
        "since": values.day(today),
        **{f"{FACT}{name}": values.yes_or_no for name in FACTS},
        **dict.fromkeys(_PLACE_COLUMNS, values.plain),
    }


@dataclass(slots=True)
class Parsed:
    """The cells of a row as values of their columns; empty cells are left out, wrong ones are reasons.

    Cells of places are kept as texts: they are looked up with others of their row.
    """

    bin: str = ""
    bin_as_typed: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    reasons: list[Problem] = field(default_factory=list)

    @classmethod
    def of(cls, row: Row, keys: Sequence[str | None], readers: Mapping[str, Reader]) -> Parsed:
        parsed = cls()
        for key, cell in zip(keys, row.cells, strict=False):
            if key is None:
                continue
            if key == "bin":
                parsed.bin_as_typed = shown(cell)
                parsed.bin = parsed.attempt("bin", partial(values.read_bin, cell)) or ""
            elif cell is not None and (isinstance(cell, dict) or cell.strip()):
                value = parsed.attempt(key, partial(readers[key], cell))
                if key in parsed.wrong:
                    continue
                (parsed.texts if key in _PLACE_COLUMNS else parsed.values)[key] = value
        if "bin" in keys and keys.index("bin") >= len(row.cells):
            parsed.reasons.append(problem("bin_missing", "bin"))
        return parsed

    def attempt(self, column: str, read: Callable[[], Any]) -> Any:
        """What `read` gives; None where it is wrong, which becomes a reason of the row."""
        try:
            return read()
        except Wrong as wrong:
            self.wrong.add(column)
            self.reasons.append(problem(wrong.code, column, **wrong.params))
            return None


def _facts(said: Parsed) -> dict[str, bool]:
    return {name: said.values[f"{FACT}{name}"] for name in FACTS if f"{FACT}{name}" in said.values}


def tidy(value: Any) -> Any:
    """A text of the register as a cell would say it, so that two blanks in a name are no change."""
    return " ".join(value.split()) if isinstance(value, str) else value


def plain(value: Any) -> Any:
    """As it can be kept as JSON."""
    return str(value) if isinstance(value, Decimal) else value
