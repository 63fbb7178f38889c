"""All rows of the register as they stand, to be compared: what a verb left alone, and what it may only add to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.db import connection, models

Rows = Mapping[Any, tuple[Any, ...]]  # a row's columns by its key
Tables = Mapping[type[models.Model], Rows]

APPS: Final = ("institutions", "compliance", "reporting")
# Signing in is no business of the register's.
LEFT_OUT: Final = frozenset({"last_login"})
# Read from files and changed by nobody.
STANDING: Final = frozenset({"Directive", "Edition", "Chapter", "Requirement", "Locality", "Settlement", "LargeCity"})


@cache
def _kept() -> dict[type[models.Model], list[str]]:
    """The tables with the columns that are compared, the key first."""
    found: dict[type[models.Model], list[str]] = {}
    for app in APPS:
        for table in apps.get_app_config(app).get_models():
            if table.__name__ in STANDING:
                continue
            others = [field.column for field in table._meta.local_concrete_fields if not field.primary_key]
            found[table] = [table._meta.pk.column, *(column for column in others if column not in LEFT_OUT)]
    return found


def read() -> Tables:
    """One plain query a table."""
    found: dict[type[models.Model], Rows] = {}
    with connection.cursor() as cursor:
        for table, columns in _kept().items():
            named = ", ".join(f'"{column}"' for column in columns)
            cursor.execute(f'SELECT {named} FROM "{table._meta.db_table}" ORDER BY 1')
            found[table] = {row[0]: tuple(row) for row in cursor.fetchall()}
    return found


def differences(before: Tables, after: Tables) -> dict[str, tuple[Any, Any]]:
    """Rows that are not the same, by table and key: what they were and what they are."""
    return {
        f"{table.__name__} {key}": (before[table].get(key), after[table].get(key))
        for table in before
        if before[table] != after[table]
        for key in sorted(before[table].keys() | after[table].keys())
        if before[table].get(key) != after[table].get(key)
    }


def column(table: type[models.Model], name: str) -> int:
    """The place of a field among the columns of a row."""
    return _kept()[table].index(table._meta.get_field(name).column)
