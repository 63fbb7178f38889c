"""Tables that only grow: triggers that refuse UPDATE, DELETE and (on PostgreSQL) TRUNCATE, and do nothing else.

The triggers are made after every migrate, since SQLite drops them when Django rebuilds a table, and a system
check names a protected table that lacks them. `lifted()` is for test fixtures that must clean up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate

_tables: list[str] = []
_SQLITE_VERBS = ("UPDATE", "DELETE")


def protect(table: str) -> None:
    """Declare that `table` only grows. Called in an app's `ready()`."""
    if table not in _tables:
        _tables.append(table)


def protected_tables() -> tuple[str, ...]:
    return tuple(_tables)


def _statements(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    if connection.vendor == "postgresql":
        return [
            "CREATE OR REPLACE FUNCTION qalqan_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
            f"CREATE OR REPLACE TRIGGER {table}_grows BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION qalqan_append_only()",
            f"CREATE OR REPLACE TRIGGER {table}_stays BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION qalqan_append_only()",
        ]
    return [
        f"CREATE TRIGGER IF NOT EXISTS {table}_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
        for verb in _SQLITE_VERBS
    ]


def _expected(connection: BaseDatabaseWrapper, table: str) -> set[str]:
    if connection.vendor == "postgresql":
        return {f"{table}_grows", f"{table}_stays"}
    return {f"{table}_{verb.lower()}" for verb in _SQLITE_VERBS}


def _present(connection: BaseDatabaseWrapper, table: str) -> set[str]:
    sql = (
        "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal AND tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [table])
        return {name for (name,) in cursor.fetchall()}


def install(using: str = "default") -> None:
    """Make the triggers of every protected table that exists. Safe to run twice."""
    connection = connections[using]
    existing = set(connection.introspection.table_names())
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for table in _tables:
            if table in existing:
                for statement in _statements(connection, table):
                    cursor.execute(statement)


def remove(using: str = "default") -> None:
    """Drop the triggers. For tests alone."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for table in _tables:
            for name in sorted(_present(connection, table) & _expected(connection, table)):
                suffix = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER {name}{suffix}")


@contextmanager
def lifted(using: str = "default") -> Iterator[None]:
    """Work without the triggers, and put them back. For test fixtures alone."""
    remove(using)
    try:
        yield
    finally:
        install(using)


def _after_migrate(sender: AppConfig, using: str, **kwargs: Any) -> None:
    install(using)


post_migrate.connect(_after_migrate, dispatch_uid="append_only")


@register(Tags.database)
def check_triggers(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Name protected tables whose triggers are missing (run by `migrate` and `check --database`)."""
    missing: list[CheckMessage] = []
    for using in databases or ():
        if using not in settings.DATABASES:
            continue
        connection = connections[using]
        existing = set(connection.introspection.table_names())
        missing += [
            Error(f"Table {table} can be rewritten: its triggers are missing. Run migrate.", id="qalqan.E001")
            for table in _tables
            if table in existing and not _expected(connection, table) <= _present(connection, table)
        ]
    return missing
