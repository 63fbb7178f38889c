"""Institutions enter the register, change and leave it, and their checklists and figures follow in the same step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from compliance import books, ledger
from compliance.enums import Cause
from institutions import registry
from institutions.enums import Lifecycle
from institutions.models import Institution, InstitutionState, User

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
