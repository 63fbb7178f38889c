"""What was found at many institutions brought into the ledger: the verified level of one requirement, set by set.

What `sync` writes at that level for each, and no more: a finding changes no answer, no list and no item, so nothing of
them is computed again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from compliance import books
from compliance.duties import Book
from compliance.enums import Level
from compliance.ledger.cells import chunked
from compliance.ledger.changing import Changed, _heads, _Here, _Jump, _states, _Writer
from compliance.ledger.standing import findings_at
from compliance.models import Applicability, ChecklistItem
from compliance.timeline import ListedSpan

_CHUNK = 500


@transaction.atomic
def verify_many(changed: Sequence[Changed], *, requirement: int, now: datetime) -> int:
    """Bring the verified level of a requirement (its key) up to what was found at many institutions, each named once.

    The books are seized. Returns the number of new rows of the ledger: the same rows and hashes as `sync` of one after
    the other, where the lists of the institutions stand as the Order and their states want them.
    """
    books.seize()
    writer = _Verifier(Book.read(), now)
    for chunk in chunked(list(changed), _CHUNK):
        writer.verify(chunk, requirement)
    return writer.finish()


class _Verifier(_Writer):
    def verify(self, changed: Sequence[Changed], requirement: int) -> None:
        pks = [one.institution.pk for one in changed]
        heads, last_known = _heads(pks)
        items = dict(
            ChecklistItem.objects.filter(institution__in=pks, requirement=requirement)
            .order_by()
            .values_list("institution", "pk")
        )
        states, findings = _states(pks), findings_at(pks, [requirement])
        spans, rows = _spans(items.values()), self._rows(pks, item__in=list(items.values()))
        jumps: list[tuple[Changed, _Here, list[_Jump]]] = []
        for one in changed:
            pk = one.institution.pk
            if requirement not in findings.get(pk, {}):
                continue
            item, found = items[pk], tuple(findings[pk][requirement])
            here, _approved, verified = self._here(states.get(pk, []), rows.get(pk, ()))
            listed = self._listed(spans.get(item, []))
            shape = self._shape(Level.VERIFIED, one.cause, here, listed, found, verified.get(item, ()))
            cells = (here.cell(Level.VERIFIED, move, requirement) for move in shape.moves)
            jumps.append((one, here, [(item, cell, move) for cell, move in zip(cells, shape.moves, strict=True)]))
        self._write_changes(jumps, heads, last_known)


def _spans(items: Iterable[int]) -> dict[int, list[ListedSpan]]:
    """From when to when items stood on their lists, by their keys."""
    stored: dict[int, list[ListedSpan]] = defaultdict(list)
    for item, *span in (
        Applicability.objects.filter(item__in=list(items))
        .order_by("item", "valid_from")
        .values_list("item", "valid_from", "valid_to", "obliged", "counted", "basis")
    ):
        stored[item].append(ListedSpan._make(span))
    return stored
