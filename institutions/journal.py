"""The only writer of the journal: each write, and each reading of one institution's gaps by an outsider."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone

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


def write_many(
    action: str,
    rows: Iterable[tuple[Institution, dict[str, Any] | None, dict[str, Any] | None]],
    *,
    by: User | None,
    now: datetime,
) -> None:
    """Add a row for each institution with what was before and after: the same as `write`, set by set."""
    came_from = origin.get() or Origin()
    Journal.objects.bulk_create(
        [
            Journal(
                at=now,
                user=by,
                action=action,
                institution=institution,
                subject=f"institution:{institution.pk}",
                before=before,
                after=after,
                address=came_from.address,
                request_id=came_from.request_id,
            )
            for institution, before, after in rows
        ],
        batch_size=500,
    )
