"""The fold: ledger rows become counts by cell and day, each exactly once. The only writer of the sums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from compliance import books, editions, ledger
from compliance.enums import Level
from compliance.models import ChecklistItem, PendingFold, RegisterDay, StatusChange
from institutions import registry
from institutions.bulk import renew_statistics
from reporting.models import COUNT_FIELDS, COUNTED, CoverageDay, CoverageTotal

BATCH = 5_000  # ledger rows a transaction

_CHANGES = StatusChange._meta.db_table
_DAYS = CoverageDay._meta.db_table
_TOTALS = CoverageTotal._meta.db_table
_ITEMS = ChecklistItem._meta.db_table
_PENDING = PendingFold._meta.db_table
_COLUMNS = ", ".join(COUNT_FIELDS)


def _side_sum(status: str, value: str) -> str:
    """SQL: what a row adds to a count; `value` is 1 or the learners' column without its side."""
    entered, left = ("1", "1") if value == "1" else (f"to_{value}", f"from_{value}")
    return (
        f"SUM(CASE WHEN to_status = '{status}' THEN {entered} ELSE 0 END"
        f" - CASE WHEN from_status = '{status}' THEN {left} ELSE 0 END)"
    )


_CHANGE_SUMS = ", ".join(
    [_side_sum(status.value, "1") for status in COUNTED] + [_side_sum(status.value, "learners") for status in COUNTED]
)
_DAY_SUMS = ", ".join(f"SUM({column})" for column in COUNT_FIELDS)
_ADD_DAY = ", ".join(f"{column} = {_DAYS}.{column} + excluded.{column}" for column in COUNT_FIELDS)
_ADD_TOTAL = ", ".join(f"{column} = {_TOTALS}.{column} + added.{column}" for column in COUNT_FIELDS)
_NOTHING = ", ".join("0" for _column in COUNT_FIELDS)


def fold() -> int:
    """Add the ledger rows that wait to the sums; return how many. Safe to run at any time and by many at once.

    A transaction takes a batch of rows, adds them and deletes their `PendingFold`: killed in between, it has done
    nothing, and the next one does it. The row of `RegisterDay` is the lock, so one folds and the others wait.
    """
    folded = 0
    while True:
        with transaction.atomic():
            day = _lock_day()
            batch = _next_batch()
            if not batch:
                return folded
            rows = f"id IN ({', '.join(map(str, batch))})"
            with connection.cursor() as cursor:
                cursor.execute(
                    f"INSERT INTO {_DAYS} (cell_id, effective_on, recorded_on, {_COLUMNS}) "
                    f"SELECT cell_id, effective_on, recorded_on, {_CHANGE_SUMS} FROM {_CHANGES} WHERE {rows} "
                    f"GROUP BY cell_id, effective_on, recorded_on ORDER BY cell_id, effective_on, recorded_on "
                    f"ON CONFLICT (cell_id, effective_on, recorded_on) DO UPDATE SET {_ADD_DAY}"
                )
                _add_to_totals(
                    f"SELECT cell_id, {_CHANGE_SUMS} FROM {_CHANGES} WHERE {rows} AND effective_on <= %s "
                    "GROUP BY cell_id ORDER BY cell_id",
                    [day],
                )
                cursor.execute(f"DELETE FROM {_PENDING} WHERE change_id IN ({', '.join(map(str, batch))})")
        folded += len(batch)


def _next_batch() -> list[int]:
    """The keys of the next rows to fold: about `BATCH`, and all that waits of the institutions among them.

    What became known of an institution at once goes in at once: half a correction can be a cell with minus one.
    """
    batch = list(PendingFold.objects.order_by("pk").values_list("pk", flat=True)[:BATCH])
    if len(batch) < BATCH:
        return batch
    institutions = StatusChange.objects.filter(pk__in=batch).order_by().values_list("institution", flat=True).distinct()
    rest = StatusChange.objects.filter(institution__in=list(institutions), pk__gt=batch[-1]).filter(
        Exists(PendingFold.objects.filter(pk=OuterRef("pk")))
    )
    return batch + list(rest.order_by().values_list("pk", flat=True))


def pending() -> int:
    """How many ledger rows are not yet counted."""
    return PendingFold.objects.count()


@transaction.atomic
def turn_day(day: date) -> bool:
    """Let items, institutions and totals stand for `day`; False where they do already (or for a later one)."""
    books.seize()
    since = _lock_day()
    if since >= day:
        return False
    ledger.refresh_items(since, day)
    registry.refresh_between(since, day)
    editions.take_effect(day)
    _add_to_totals(
        f"SELECT cell_id, {_DAY_SUMS} FROM {_DAYS} WHERE effective_on > %s AND effective_on <= %s "
        "GROUP BY cell_id ORDER BY cell_id",
        [since, day],
    )
    RegisterDay.objects.update(day=day)
    return True


@transaction.atomic
def rebuild() -> int:
    """Make all sums again from the ledger alone; return how many rows they then have."""
    books.seize()
    day = _lock_day()
    with connection.cursor() as cursor:
        for table in (_TOTALS, _DAYS, _PENDING):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute(
            f"INSERT INTO {_DAYS} (cell_id, effective_on, recorded_on, {_COLUMNS}) "
            f"SELECT cell_id, effective_on, recorded_on, {_CHANGE_SUMS} FROM {_CHANGES} "
            "GROUP BY cell_id, effective_on, recorded_on"
        )
        cursor.execute(
            f"INSERT INTO {_TOTALS} (cell_id, {_COLUMNS}) "
            f"SELECT cell_id, {_DAY_SUMS} FROM {_DAYS} WHERE effective_on <= %s GROUP BY cell_id",
            [day],
        )
    renew_statistics(PendingFold, CoverageDay, CoverageTotal)
    return CoverageDay.objects.count()


@dataclass(frozen=True, slots=True)
class Drift:
    """A place where two of items, ledger, days and totals disagree."""

    between: str
    cell: str
    expected: str
    found: str


def drift() -> Iterator[Drift]:
    """Compare items ↔ ledger ↔ days ↔ totals (rows that still wait are left out on both sides); yield every difference.

    Four set-based queries over the whole ledger: seconds for half a million rows.
    """
    counted = f"SELECT * FROM {_CHANGES} c WHERE NOT EXISTS (SELECT 1 FROM {_PENDING} p WHERE p.change_id = c.id)"
    yield from _compare(
        "ledger and days",
        ("cell_id", "effective_on", "recorded_on"),
        f"SELECT cell_id, effective_on, recorded_on, {_CHANGE_SUMS} FROM ({counted}) rows "
        "GROUP BY cell_id, effective_on, recorded_on",
        f"SELECT cell_id, effective_on, recorded_on, {_COLUMNS} FROM {_DAYS}",
    )
    day = RegisterDay.current()
    yield from _compare(
        "days and totals",
        ("cell_id",),
        f"SELECT cell_id, {_DAY_SUMS} FROM {_DAYS} WHERE effective_on <= %s GROUP BY cell_id",
        f"SELECT cell_id, {_COLUMNS} FROM {_TOTALS}",
        [day],
    )
    yield from _item_drift(day)


def _compare(
    between: str, keys: tuple[str, ...], expected: str, found: str, params: list[date] | None = None
) -> Iterator[Drift]:
    width = len(keys)
    with connection.cursor() as cursor:
        cursor.execute(expected, params)
        wanted = {row[:width]: tuple(int(value) for value in row[width:]) for row in cursor.fetchall()}
        cursor.execute(found)
        there = {row[:width]: tuple(int(value) for value in row[width:]) for row in cursor.fetchall()}
    nothing = (0,) * len(COUNT_FIELDS)
    names = _cell_names()
    for key in sorted(wanted.keys() | there.keys()):
        one, other = wanted.get(key, nothing), there.get(key, nothing)
        if one != other:
            cell = " ".join([names.get(key[0], str(key[0])), *(str(part) for part in key[1:])])
            yield Drift(between, cell, _in_words(one), _in_words(other))


def _item_drift(day: date) -> Iterator[Drift]:
    """Items whose status or place on the list is not what their ledger rows add up to on `day`."""
    sides = (
        f"SELECT item_id, cell_id, to_status AS status, 1 AS times FROM {_CHANGES} "
        "WHERE to_status IS NOT NULL AND effective_on <= %s "
        f"UNION ALL SELECT item_id, cell_id, from_status, -1 FROM {_CHANGES} "
        "WHERE from_status IS NOT NULL AND effective_on <= %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.item_id, c.key, c.obliged, s.status, s.times FROM "
            f"(SELECT item_id, cell_id, status, SUM(times) AS times FROM ({sides}) sides "
            "GROUP BY item_id, cell_id, status HAVING SUM(times) <> 0) s "
            "JOIN compliance_cell c ON c.id = s.cell_id WHERE c.level = %s ORDER BY s.item_id",
            [day, day, Level.APPROVED],
        )
        standings: dict[int, list[tuple[str, bool, str, int]]] = {}
        for item, key, obliged, status, times in cursor.fetchall():
            standings.setdefault(item, []).append((key, bool(obliged), status, int(times)))
        cursor.execute(f"SELECT id, listed, obliged, status FROM {_ITEMS} ORDER BY id")
        for item, listed, obliged, status in cursor.fetchall():
            rows = standings.pop(item, [])
            found = "; ".join(f"{key} {said} ×{times}" for key, _obliged, said, times in rows) or "not on the list"
            expected = [(bool(obliged), status, 1)] if listed else []
            if [(row[1], row[2], row[3]) for row in rows] != expected:
                said = f"{status}{', obliged' if obliged else ''}" if listed else "not on the list"
                yield Drift("items and ledger", f"item {item}", said, found)
    for item, rows in standings.items():
        yield Drift("items and ledger", f"item {item}", "no item", "; ".join(row[0] for row in rows))


def _in_words(counts: tuple[int, ...]) -> str:
    return ", ".join(f"{name} {count}" for name, count in zip(COUNT_FIELDS, counts, strict=True) if count) or "nothing"


def _cell_names() -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, key FROM compliance_cell")
        return dict(cursor.fetchall())


def _add_to_totals(select: str, params: list[date]) -> None:
    """Add what `select` gives (a cell's key, then the counts) to the totals.

    Not an upsert: a database checks the row that is offered, in which a count that sinks is negative, before it finds
    that there is one to be added to.
    """
    added = f"WITH added (cell_id, {_COLUMNS}) AS ({select})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{added} INSERT INTO {_TOTALS} (cell_id, {_COLUMNS}) SELECT cell_id, {_NOTHING} FROM added "
            "WHERE true ON CONFLICT (cell_id) DO NOTHING",  # SQLite needs a WHERE before ON CONFLICT
            params,
        )
        cursor.execute(
            f"{added} UPDATE {_TOTALS} SET {_ADD_TOTAL} FROM added WHERE added.cell_id = {_TOTALS}.cell_id", params
        )


def _lock_day() -> date:
    RegisterDay.current()
    return RegisterDay.objects.select_for_update().get().day
