"""The verbs of `registry` for many institutions at once: the same rows and journal, written set by set.

For lists that were judged row by row before: nothing is validated here but what the database itself refuses. Pages and
commands call `compliance.enrolment`, which lets checklists and ledger follow in the same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Final, TypeVar

from django.db import transaction

from institutions import journal
from institutions.bulk import update_rows
from institutions.clock import local_day
from institutions.models import STATE_FIELDS, Institution, InstitutionState, User
from institutions.registry import NoSuchState, name_keys

_CHUNK: Final = 500
# As the database names them, so that keys are set and no rows are fetched for them.
STATE_COLUMNS: Final = tuple(
    f"{name}_id" if name in ("locality", "settlement", "large_city") else name for name in STATE_FIELDS
)
_NAMES: Final = frozenset({"name_kk", "name_ru"})
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Change:
    """From `since` on these fields of an institution's state are others; `state` by columns (`locality_id`)."""

    institution: Institution
    since: date
    state: Mapping[str, Any]


@transaction.atomic
def open_institutions(
    openings: Sequence[tuple[Institution, date]], *, by: User | None, now: datetime
) -> list[InstitutionState]:
    """Enter new institutions, each with its state's fields from its day on. Raises IntegrityError for a known BIN."""
    for institution, _since in openings:
        name_keys(institution)
    Institution.objects.bulk_create([institution for institution, _since in openings], batch_size=_CHUNK)
    states = InstitutionState.objects.bulk_create(
        [
            InstitutionState(
                institution=institution, valid_from=since, recorded_at=now, recorded_by=by, **_values(institution)
            )
            for institution, since in openings
        ],
        batch_size=_CHUNK,
    )
    opened = ((institution, None, {"bin": institution.bin}) for institution, _since in openings)
    journal.write_many("institution.open", opened, by=by, now=now)
    return states


@transaction.atomic
def correct_details(
    corrections: Sequence[tuple[Institution, Mapping[str, Any]]], *, by: User | None, now: datetime
) -> None:
    """Set details, which have no dates: names, addresses, contacts."""
    columns: dict[tuple[str, ...], list[Institution]] = defaultdict(list)
    written: list[tuple[Institution, dict[str, Any] | None, dict[str, Any] | None]] = []
    for institution, details in corrections:
        before = {name: _plain(getattr(institution, name)) for name in details}
        for name, value in details.items():
            setattr(institution, name, value)
        touched = set(details)
        if not _NAMES.isdisjoint(details):
            name_keys(institution)
            touched |= {"search", "sort_kk"}
        columns[tuple(sorted(touched))].append(institution)
        written.append((institution, before, {name: _plain(value) for name, value in details.items()}))
    # Of each row what its list says, and nothing else.
    for names, institutions in columns.items():
        rows = ((institution.pk, [getattr(institution, name) for name in names]) for institution in institutions)
        update_rows(Institution, names, rows)
    if written:
        journal.write_many("institution.details", written, by=by, now=now)


@transaction.atomic
def change_states(
    changes: Sequence[Change], *, by: User | None, now: datetime, reason: str = ""
) -> list[InstitutionState]:
    """`registry.change_state` for each; at most one an institution. Raises `NoSuchState` before a first state."""
    changed: list[InstitutionState] = []
    for chunk in _chunks(changes):
        changed += _change_states(chunk, by=by, now=now, reason=reason)
    return changed


def _change_states(changes: Sequence[Change], *, by: User | None, now: datetime, reason: str) -> list[InstitutionState]:
    known: dict[int, list[InstitutionState]] = {change.institution.pk: [] for change in changes}
    for state in InstitutionState.objects.filter(institution__in=list(known)).order_by("institution", "valid_from"):
        known[state.institution_id].append(state)
    cut: list[InstitutionState] = []
    begun: list[InstitutionState] = []
    rewritten: list[InstitutionState] = []
    written: list[tuple[Institution, dict[str, Any] | None, dict[str, Any] | None]] = []
    changed = []
    for change in changes:
        states = known[change.institution.pk]
        current = next((state for state in reversed(states) if state.valid_from <= change.since), None)
        if current is None:
            raise NoSuchState(change.since)
        before = {name: _plain(getattr(current, name)) for name in change.state}
        if current.valid_from < change.since:
            begins = InstitutionState(
                institution=change.institution,
                valid_from=change.since,
                valid_to=current.valid_to,
                **{name: getattr(current, name) for name in STATE_COLUMNS},
            )
            current.valid_to = change.since - timedelta(days=1)
            cut.append(current)
            begun.append(begins)
            states.append(begins)
            states.sort(key=lambda state: state.valid_from)
            current = begins
        else:
            rewritten.append(current)
        for name, value in change.state.items():
            setattr(current, name, value)
        current.recorded_at, current.recorded_by, current.reason = now, by, reason
        changed.append(current)
        after = {name: _plain(value) for name, value in change.state.items()}
        written.append((change.institution, before, after | {"since": change.since.isoformat()}))
    # The end before the beginning: of an institution one state alone may have an open end.
    update_rows(InstitutionState, ["valid_to"], ((state.pk, [state.valid_to]) for state in cut))
    InstitutionState.objects.bulk_create(begun, batch_size=200)
    update_rows(
        InstitutionState,
        [*STATE_FIELDS, "recorded_at", "recorded_by", "reason"],
        (
            (state.pk, [*_values(state).values(), state.recorded_at, state.recorded_by_id, state.reason])
            for state in rewritten
        ),
    )
    _refresh([change.institution for change in changes], known, local_day(now))
    journal.write_many("institution.change", written, by=by, now=now)
    return changed


def _refresh(institutions: Sequence[Institution], known: Mapping[int, Sequence[InstitutionState]], day: date) -> None:
    """The institutions' own fields, which lists show, as their states are on `day`."""
    for institution in institutions:
        states = known[institution.pk]
        current = next((state for state in reversed(states) if state.valid_from <= day), states[0])
        for name in STATE_COLUMNS:
            setattr(institution, name, getattr(current, name))
    update_rows(
        Institution,
        STATE_FIELDS,
        ((institution.pk, list(_values(institution).values())) for institution in institutions),
    )


def _values(state: Institution | InstitutionState) -> dict[str, Any]:
    """The fields of a state by columns, in the order of `STATE_FIELDS`."""
    return {name: getattr(state, name) for name in STATE_COLUMNS}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | bool | dict) else str(value)


def _chunks(items: Iterable[_T]) -> Iterator[list[_T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk
