"""Many rows into a table at once: COPY on PostgreSQL, executemany on SQLite. For loaders, rebuilds and lists alone."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models

_CHUNK = 5_000


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert `rows` (in the order of `columns`, database names) and return how many; values as the database takes them.

    Skips validation, signals and defaults: every column that has no database default must be named.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    count = 0
    # The drivers' own cursors below raise the drivers' own errors.
    with connection.wrap_database_errors, connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
                    count += 1
            return count
        marks = ", ".join(["?"] * len(columns))
        # The driver's own cursor: Django's wrapper rewrites placeholders and logs, row by row.
        raw = cursor.cursor.connection.cursor()
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 (names come from models)
        for chunk in _chunks(rows):
            raw.executemany(statement, chunk)
            count += len(chunk)
    return count


def _chunks(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    iterator = iter(rows)
    while chunk := list(itertools.islice(iterator, _CHUNK)):
        yield chunk


class AsStored(models.Func):
    """A column as the driver finds it: on SQLite without its type, so that days stay the texts that they are there."""

    @property
    def template(self) -> str:  # type: ignore[override]  # asked for when a connection is there
        return "+%(expressions)s" if connection.vendor == "sqlite" else "%(expressions)s"


def read_rows(rows: models.QuerySet[Any, Any]) -> Iterator[Sequence[Any]]:
    """The rows of a `values_list` in plain tuples, past Django's converters, which cost more than all the rest."""
    statement, parameters = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        while chunk := cursor.fetchmany(_CHUNK):
            yield from chunk


def update_rows(model: type[models.Model], names: Sequence[str], rows: Iterable[tuple[Any, Sequence[Any]]]) -> None:
    """Set the fields `names` of each row: pairs of its key and the values, as Python has them. By executemany.

    `bulk_update` builds one expression a row and field, which takes longer than all the rest for thousands of rows.
    """
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    quote = connection.ops.quote_name
    columns = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    key = quote(str(model._meta.pk.column))
    statement = f"UPDATE {quote(model._meta.db_table)} SET {columns} WHERE {key} = %s"  # noqa: S608 (names of models)
    with connection.cursor() as cursor:
        for chunk in _chunks(
            [*(field.get_db_prep_save(value, connection) for field, value in zip(fields, values, strict=True)), pk]
            for pk, values in rows
        ):
            cursor.executemany(statement, chunk)


def next_id(model: type[models.Model]) -> int:
    """The first free key of a table that nobody else writes to at this time."""
    return (model._default_manager.aggregate(top=models.Max("pk"))["top"] or 0) + 1


def reset_sequences(*tables: type[models.Model]) -> None:
    """After keys were given by hand: let the database go on behind the highest. Nothing to do on SQLite."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(tables)):
            cursor.execute(statement)


def renew_statistics(*tables: type[models.Model]) -> None:
    """After many rows came or went: let PostgreSQL's planner know, within the same transaction.

    Until then it plans for the tables as they were (empty, most likely), and a join of them may take minutes.
    """
    if connection.vendor != "postgresql":
        return
    names = ", ".join(connection.ops.quote_name(table._meta.db_table) for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {names}")


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Millions of tuples are made that hold no cycles; looking for some takes a good part of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
