"""What was found about one requirement at many institutions: recorded and taken back set by set.

The same inspections, findings and rows of the ledger as `inspections` makes one by one. Who may say what is judged by
the caller, for all of them at once; here the constraints of the tables alone are watched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction

from compliance import books, ledger
from compliance.enums import Cause, InspectionSource, Status
from compliance.ledger import Changed
from compliance.ledger.cells import chunked
from compliance.models import Finding, Inspection, Requirement
from institutions import journal
from institutions.bulk import insert_rows, next_id, reset_sequences
from institutions.models import Institution, User

_CHUNK = 500
_INSPECTION = (
    "id", "institution_id", "source", "held_on", "inspector", "note", "recorded_by_id", "recorded_at", "revoke_note",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """What was found at an institution about an item of it (its key), and since which day that is known."""

    institution: Institution
    item: int
    status: Status
    held_on: date
    note: str = ""


@transaction.atomic
def record_many(
    found: Sequence[Found],
    *,
    requirement: Requirement,
    source: InspectionSource,
    inspector: str,
    by: User,
    now: datetime,
) -> list[Inspection]:
    """Record an inspection for each, in the same order; each institution once. The books are seized."""
    books.seize()
    first = next_id(Inspection)
    made = [
        Inspection(
            pk=key,
            institution=one.institution,
            source=source.value,
            held_on=one.held_on,
            inspector=inspector,
            note=one.note,
            recorded_by=by,
            recorded_at=now,
        )
        for key, one in enumerate(found, start=first)
    ]
    _insert(made, found)
    _follow(made, requirement, Cause.INSPECTION, now)
    journal.write_many(
        "inspection.record",
        ((one.institution, None, {requirement.code: str(one.status)}) for one in found),
        by=by,
        now=now,
    )
    return made


@transaction.atomic
def revoke_many(
    keys: Iterable[int], *, requirement: Requirement, by: User, now: datetime, note: str
) -> list[Inspection]:
    """Take inspections back that nobody has taken back yet, with a reason; return them. The books are seized."""
    books.seize()
    taken: list[Inspection] = []
    for chunk in chunked(sorted(keys), _CHUNK):
        held = Inspection.objects.in_force().filter(pk__in=chunk).select_related("institution").order_by("pk")
        taken += held.select_for_update(of=("self",), no_key=True)
    for part in chunked(taken, _CHUNK):
        rows = Inspection.objects.filter(pk__in=[inspection.pk for inspection in part])
        rows.update(revoked_by=by, revoked_at=now, revoke_note=note)
    _follow(taken, requirement, Cause.REVOCATION, now)
    journal.write_many(
        "inspection.revoke",
        ((inspection.institution, None, {"reason": note}) for inspection in taken),
        by=by,
        now=now,
    )
    return taken


def _insert(made: Sequence[Inspection], found: Sequence[Found]) -> None:
    """Keys are given by hand: whoever records an inspection shares the books, which are seized."""
    of_day, of_moment = connection.ops.adapt_datefield_value, connection.ops.adapt_datetimefield_value
    insert_rows(
        Inspection,
        _INSPECTION,
        (
            (one.pk, one.institution_id, one.source, of_day(one.held_on), one.inspector, one.note, one.recorded_by_id,
             of_moment(one.recorded_at), "")
            for one in made
        ),
    )  # fmt: skip
    rows = zip(made, found, strict=True)
    insert_rows(
        Finding, ("inspection_id", "item_id", "status"), ((seen.pk, one.item, str(one.status)) for seen, one in rows)
    )
    reset_sequences(Inspection)


def _follow(inspections: Iterable[Inspection], requirement: Requirement, cause: Cause, now: datetime) -> None:
    changed = [Changed(one.institution, cause, f"inspection:{one.pk}") for one in inspections]
    ledger.verify_many(changed, requirement=requirement.pk, now=now)
