"""The lock between those who write the ledger (many at once) and those who close a day or a quarter (alone).

A writer reads the clock and the closed periods, then writes rows of that day. Somebody who closes a quarter or turns
the day must not do so in between, or a closed quarter's figure could still change. On PostgreSQL this is an advisory
lock for the length of the transaction; SQLite's immediate transactions wait for each other anyway.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Max

from compliance.models import DailySeal, Period, StatusChange
from institutions.clock import local_day

_LOCK = 117_2022


def share() -> None:
    """Hold the books open until the end of this transaction. Others may do the same."""
    _lock("pg_advisory_xact_lock_shared")


def seize() -> None:
    """Have the books alone until the end of this transaction."""
    _lock("pg_advisory_xact_lock")


def _lock(function: str) -> None:
    connection.validate_no_broken_transaction()
    if not connection.in_atomic_block:
        raise RuntimeError("The books are locked for a transaction, and there is none.")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [_LOCK])


def knowledge_day(moment: datetime) -> date:
    """The day as whose knowledge something recorded at `moment` counts.

    The local day; on the day on which a quarter was closed, what comes after the close belongs to the next day, so
    that the quarter's figures "as known at its close" stay as they are. The same where a day is sealed already: the
    clock of somebody who began a moment before midnight. Call it while the books are shared.
    """
    closed_on = Period.objects.closed().order_by("-closed_on").values_list("closed_on", flat=True).first()
    sealed_on = DailySeal.objects.order_by("-day").values_list("day", flat=True).first()
    over = max(closed_on or date.min, sealed_on or date.min)
    day = local_day(moment)
    return day if day > over else over + timedelta(days=1)


def closing_day(moment: datetime) -> date:
    """The day up to whose knowledge the figures of a quarter reach that is closed at `moment`.

    No row there is may be known later, and no sealed day is added to. Two quarters that are closed on one day are
    both known as of it. Reads the whole ledger once; call it with the books seized.
    """
    last = StatusChange.objects.aggregate(last=Max("recorded_on"))["last"]
    sealed_on = DailySeal.objects.order_by("-day").values_list("day", flat=True).first()
    after_seal = date.min if sealed_on is None else sealed_on + timedelta(days=1)
    return max(local_day(moment), last or date.min, after_seal)
