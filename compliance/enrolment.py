"""Institutions enter the register, change and leave it, and their checklists and figures follow in the same step."""

from __future__ import annotations

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
    institution: Institution, *, since: date, by: User | None, now: datetime, reason: str = "", **changes: Any
) -> InstitutionState:
    """A move, a closure, a new headcount, a confirmed fact: a new state from `since` on. The past stays as it was.

    Raises what `registry.change_state` raises.
    """
    ledger.hold(institution.pk)
    state = registry.change_state(institution, since=since, by=by, now=now, reason=reason, **changes)
    cause = _CAUSES[Lifecycle(changes["lifecycle"])] if "lifecycle" in changes else Cause.CHANGED
    ledger.sync(institution, cause=cause, ref=f"state:{state.pk}", now=now)
    return state
