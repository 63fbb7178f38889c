"""Institutions enter the register, change and leave it, and their checklists and figures follow in the same step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from compliance import books, ledger
from compliance.duties import DatedState
from compliance.enums import Cause
from compliance.models import Batch
from institutions import registry, registry_many
from institutions.enums import Lifecycle
from institutions.models import Institution, InstitutionState, User
from institutions.registry_many import Change

_CAUSES = {
    Lifecycle.OPEN: Cause.OPENED,
    Lifecycle.CAPITAL_REPAIR: Cause.CLOSED,
    Lifecycle.CLOSED: Cause.CLOSED,
}


@transaction.atomic
def open_institution(institution: Institution, *, since: date, by: User | None, now: datetime) -> Institution:
    """Enter a new institution, open since a day, and make its checklist. Raises ValidationError for wrong details."""
    books.share()
    state = registry.open_institution(institution, since=since, by=by, now=now)
    ledger.sync(institution, cause=Cause.OPENED, ref=f"state:{state.pk}", now=now)
    return institution


@transaction.atomic
def change_institution(
    institution: Institution,
    *,
    since: date,
    by: User | None,
    now: datetime,
    reason: str = "",
    shown: str = "",
    **changes: Any,
) -> InstitutionState:
    """A move, a closure, a new headcount, a confirmed fact: a new state from `since` on. The past stays as it was.

    Raises what `registry.change_state` raises; `registry.StaleRecord`, where `shown` is given and no longer the
    institution's `registry.states_mark`.
    """
    ledger.hold(institution.pk)
    if shown and shown != registry.states_mark(institution):
        raise registry.StaleRecord(institution.pk)
    return change_states(institution, {since: changes}, by=by, now=now, reason=reason)[0]


@transaction.atomic
def open_many(
    openings: Sequence[tuple[Institution, date]], *, title: str, by: User | None, now: datetime
) -> tuple[Batch, list[InstitutionState]]:
    """Enter many new institutions at once, each since its day, with their checklists; for lists that were judged.

    The ledger's rows are those of a batch: records taken over. Nobody else writes the ledger meanwhile.
    """
    books.seize()
    batch = Batch.objects.create(title=title, recorded_at=now, by=by)
    states = registry_many.open_institutions(openings, by=by, now=now)
    ledger.record_many(
        (
            ledger.Opening(
                institution.pk, institution.bin, [DatedState.of(state, state.valid_from, state.valid_to)], {}
            )
            for (institution, _since), state in zip(openings, states, strict=True)
        ),
        batches=[batch],
        ahead=True,
    )
    return batch, states


@transaction.atomic
def change_many(
    changes: Sequence[Change], *, by: User | None, now: datetime, reason: str = ""
) -> list[InstitutionState]:
    """`change_institution` for each of many, at most once an institution; for lists that were judged."""
    books.seize()
    states = registry_many.change_states(changes, by=by, now=now, reason=reason)
    ledger.sync_many(
        [
            ledger.Changed(change.institution, _cause_of(change), f"state:{state.pk}")
            for change, state in zip(changes, states, strict=True)
        ],
        now=now,
    )
    return states


def _cause_of(change: Change) -> Cause:
    lifecycle = change.state.get("lifecycle")
    return Cause.CHANGED if lifecycle is None else _CAUSES[Lifecycle(lifecycle)]


@transaction.atomic
def change_states(
    institution: Institution,
    changes: Mapping[date, Mapping[str, Any]],
    *,
    by: User | None,
    now: datetime,
    reason: str,
) -> list[InstitutionState]:
    """The same for several days at once, the earliest first; returns the states that begin on them.

    For what has to reach beyond the next known state: a merger, a move of a whole district. Each day's change holds
    until the next state, as always.
    """
    ledger.hold(institution.pk)
    states = [
        registry.change_state(institution, since=day, by=by, now=now, reason=reason, **changes[day])
        for day in sorted(changes)
    ]
    first = changes[min(changes)]
    cause = _CAUSES[Lifecycle(first["lifecycle"])] if "lifecycle" in first else Cause.CHANGED
    ledger.sync(institution, cause=cause, ref=f"state:{states[0].pk}", now=now)
    return states
