"""The only writer of the journal: each write, and each reading of one institution's gaps by an outsider."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, models
from django.utils import timezone

from institutions.bulk import insert_rows
from institutions.models import Institution, Journal, User


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from."""

    address: str | None = None
    request_id: str = ""


# Set by the middleware for the length of a request; commands and tasks leave it empty.
origin: ContextVar[Origin | None] = ContextVar("journal_origin", default=None)


def write(
    action: str,
    subject: models.Model | str,
    *,
    by: User | None,
    institution: Institution | int | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    now: datetime | None = None,
) -> Journal:
    """Add one row. `action` is a verb with its area, as in `entry.approve`; `by` is None for the program itself."""
    came_from = origin.get() or Origin()
    return Journal.objects.create(
        at=now or timezone.now(),
        user=by,
        action=action,
        institution_id=institution.pk if isinstance(institution, Institution) else institution,
        subject=subject if isinstance(subject, str) else f"{subject._meta.model_name}:{subject.pk}",
        before=before,
        after=after,
        address=came_from.address,
        request_id=came_from.request_id,
    )


class Line(NamedTuple):
    """A row of the journal to be; `subject` names a model and key, `institution` is a key."""

    action: str
    subject: str
    institution: int | None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


def write_many(
    action: str,
    rows: Iterable[tuple[Institution, dict[str, Any] | None, dict[str, Any] | None]],
    *,
    by: User | None,
    now: datetime,
) -> None:
    """Add a row for each institution with what was before and after: the same as `write`, set by set."""
    lines = (Line(action, f"institution:{one.pk}", one.pk, before, after) for one, before, after in rows)
    write_lines(lines, by=by, now=now)


def write_lines(lines: Iterable[Line], *, by: User | None, now: datetime) -> None:
    """Add these rows in their order: the same as `write` of each."""
    came_from = origin.get() or Origin()
    at, person = connection.ops.adapt_datetimefield_value(now), by and by.pk
    insert_rows(
        Journal,
        ("at", "user_id", "action", "institution_id", "subject", "before", "after", "address", "request_id"),
        (
            (at, person, action, institution, subject, _json(before), _json(after), came_from.address,
             came_from.request_id)
            for action, subject, institution, before, after in lines
        ),
    )  # fmt: skip


def _json(said: dict[str, Any] | None) -> str | None:
    return None if said is None else json.dumps(said)
