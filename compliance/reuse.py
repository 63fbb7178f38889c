"""Evidence that stands at several institutions: the same photo, a contract entered anew, a document that is shared.

The conditions are those of `querysets.clean_conditions`; here it is told where else, by names within the reader's
scope and by count outside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from compliance.enums import EntryState
from compliance.models import PhotoTwin, StatusEntry
from compliance.querysets import RESTING
from institutions.models import Institution, User


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Other institutions at which evidence stands: those that the reader sees, and how many more there are."""

    seen: Sequence[Institution] = ()
    outside: int = 0

    def __bool__(self) -> bool:
        return bool(self.seen) or self.outside > 0


@dataclass(frozen=True, slots=True)
class Reuse:
    """Where else the evidence of one entry stands. `copied`: entered anew there; `shared`: one and the same row."""

    photos: Elsewhere = field(default_factory=Elsewhere)
    copied: Elsewhere = field(default_factory=Elsewhere)
    shared: Elsewhere = field(default_factory=Elsewhere)


NOWHERE = Reuse()


def of_entries(entries: Sequence[StatusEntry], *, reader: User) -> Mapping[int, Reuse]:
    """Reuse of each entry that has any, by its key; entries with item and evidence. At most four queries."""
    photos = _photos([entry.pk for entry in entries])
    copied, shared = _documents(entries)
    everywhere = {pk for found in (photos, copied, shared) for places in found.values() for pk in places}
    if not everywhere:
        return {}
    visible = Institution.objects.visible_to(reader).filter(pk__in=everywhere).order_by("sort_kk", "pk").in_bulk()

    def told(places: Iterable[int]) -> Elsewhere:
        known = [visible[pk] for pk in visible if pk in set(places)]
        return Elsewhere(known, len(set(places)) - len(known))

    return {
        entry.pk: Reuse(told(photos[entry.pk]), told(copied[entry.pk]), told(shared[entry.pk]))
        for entry in entries
        if photos[entry.pk] or copied[entry.pk] or shared[entry.pk]
    }


def _photos(entries: Sequence[int]) -> dict[int, set[int]]:
    """Entry → other institutions that sent one of its photos, or nearly the same."""
    rows = (
        PhotoTwin.objects.filter(photo__entry__in=entries)
        .exclude(other__entry__state=EntryState.DRAFT)
        .values_list("photo__entry", "other__entry__item__institution")
        .distinct()
    )
    found: dict[int, set[int]] = defaultdict(set)
    for entry, institution in rows:
        found[entry].add(institution)
    return found


def _documents(entries: Sequence[StatusEntry]) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Entry → other institutions whose answers rest on a document of the same number and issuer; and on the same."""
    proofs = {entry.pk: entry.evidence for entry in entries if entry.evidence is not None}
    keys = {proof.key for proof in proofs.values() if proof.key}
    documents = {proof.pk for proof in proofs.values()}
    resting = StatusEntry.objects.filter(state__in=RESTING).order_by()
    told = ("evidence", "evidence__key", "item__institution")
    rows = {
        *(resting.filter(evidence__key__in=keys).values_list(*told) if keys else ()),
        *(resting.filter(evidence__in=documents).values_list(*told) if documents else ()),
    }
    by_key: dict[str, set[tuple[int, int]]] = defaultdict(set)
    by_document: dict[int, set[int]] = defaultdict(set)
    for document, key, institution in rows:
        by_key[key].add((document, institution))
        by_document[document].add(institution)
    copied: dict[int, set[int]] = defaultdict(set)
    shared: dict[int, set[int]] = defaultdict(set)
    for entry in entries:
        proof = proofs.get(entry.pk)
        if proof is None:
            continue
        own = entry.item.institution_id
        shared[entry.pk] = by_document[proof.pk] - {own}
        if proof.key:
            copied[entry.pk] = {place for document, place in by_key[proof.key] if document != proof.pk} - {own}
    return copied, shared
