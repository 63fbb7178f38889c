"""A document is revoked once, and every approved answer that rests on it with it.

Not one transaction for all: it would hold the ledgers of hundreds of institutions, and one answer that another person
has to revoke would undo the rest. First the document is marked, after which nothing can be approved on it any more
(`workflow.approve` looks at the row under a lock); then each answer is revoked in a transaction of its own. What was
interrupted is completed by doing it again: what is revoked already is not touched twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from compliance import workflow
from compliance.enums import EntryState
from compliance.models import Evidence, StatusEntry
from compliance.querysets import StatusEntryQuerySet
from institutions import journal
from institutions.access import REVOKE_DOCUMENTS
from institutions.models import Institution, User


class OwnDocument(workflow.Refused):
    """Nobody revokes a document that they entered themselves."""


@dataclass(slots=True)
class Outcome:
    """Keys of the answers that were revoked, and of those that only another person may revoke.

    `outside` counts institutions out of the person's reach with approved answers that still rest on the document.
    """

    revoked: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    outside: int = 0


def resting_on(document: Evidence) -> StatusEntryQuerySet:
    """Approved answers that rest on the document, wherever."""
    return StatusEntry.objects.filter(evidence=document, state=EntryState.APPROVED)


def within_reach(document: Evidence, by: User) -> StatusEntryQuerySet:
    """Those of them that the person may revoke along with the document, by their place; not yet by four eyes."""
    return resting_on(document).filter(item__institution__in=Institution.objects.within_roles(by, REVOKE_DOCUMENTS))


def revoke(document: Evidence, *, by: User, now: datetime, note: str) -> Outcome:
    """Revoke a document, with a reason, and the approved answers within the person's reach that rest on it.

    Safe to repeat: the first reason stays. Raises `workflow.ReasonMissing`, and `OwnDocument` for its author; then
    nothing is changed.
    """
    if not note.strip():
        raise workflow.ReasonMissing(document.pk)
    if by.pk == document.author_id:
        raise OwnDocument(document.pk)
    _mark(document, by=by, now=now, note=note)
    outcome = Outcome()
    mine = within_reach(document, by)
    # In the order of their institutions, as everywhere where several ledgers are written.
    for entry in mine.select_related("item").order_by("item__institution", "pk"):
        try:
            workflow.revoke(entry, by=by, now=now, note=note)
        except workflow.OwnEntry:
            outcome.left.append(entry.pk)
        except workflow.StaleDecision:
            continue  # somebody else has revoked it just now
        else:
            outcome.revoked.append(entry.pk)
    outside = resting_on(document).exclude(pk__in=mine.values("pk"))
    outcome.outside = outside.order_by().values("item__institution").distinct().count()
    return outcome


@transaction.atomic
def _mark(document: Evidence, *, by: User, now: datetime, note: str) -> None:
    marked = Evidence.objects.filter(pk=document.pk, revoked_at=None).update(
        revoked_by=by, revoked_at=now, revoke_note=note
    )
    if marked:
        journal.write("document.revoke", document, by=by, after={"number": document.number, "reason": note}, now=now)
    document.refresh_from_db()
