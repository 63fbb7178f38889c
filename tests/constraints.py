"""That the database refuses a row, and by which constraint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction


@contextmanager
def broken(name: str) -> Iterator[None]:
    """What happens inside breaks the constraint `name` and no other; the database says so."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        yield
    assert _named(name) in str(refusal.value)


def _named(name: str) -> str:
    """How the database names the constraint; SQLite names the columns of a unique one instead."""
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name:
                if connection.vendor == "postgresql" or not isinstance(constraint, models.UniqueConstraint):
                    return name
                columns = [model._meta.get_field(field).column for field in constraint.fields]
                return "UNIQUE constraint failed: " + ", ".join(f"{model._meta.db_table}.{it}" for it in columns)
    raise LookupError(name)
