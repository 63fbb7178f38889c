"""What an item counts as on a day, and the fields of the item that say so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from django.db.models import QuerySet

from compliance import timeline
from compliance.duties import Book
from compliance.enums import Level, Status
from compliance.ledger.cells import chunked
from compliance.models import Applicability, ChecklistItem, Finding, StatusChange, StatusEntry
from compliance.timeline import Answer, CellKey, Held, ListedSpan, Segment, Standing
from institutions.models import Institution

_Row = tuple[date, Standing | None, Standing | None]


def recorded_rows(items: Iterable[ChecklistItem], level: Level = Level.APPROVED) -> dict[int, list[_Row]]:
    """What the ledger says of items at a level, by their key: effective day, from, to; in no order. One query."""
    return _rows(StatusChange.objects.filter(item__in=[item.pk for item in items]), level)


def standings(institution: Institution, *, as_of: date, known_on: date | None = None) -> dict[int, Standing]:
    """Requirement key → what its item counted as on a day, as known on a day (None: now); what was not on the
    institution's list is left out. One query."""
    changes = StatusChange.objects.filter(institution=institution, effective_on__lte=as_of)
    if known_on is not None:
        changes = changes.filter(recorded_on__lte=known_on)
    found = (timeline.on(timeline.recorded(rows), as_of) for rows in _rows(changes).values())
    return {standing.cell.requirement: standing for standing in found if standing is not None}


def findings_at(
    institutions: Iterable[int], requirements: Collection[int] | None = None
) -> dict[int, dict[int, list[Answer]]]:
    """What was found, by institution and requirement, in the order in which it was recorded. One query.

    A requirement whose findings were all revoked is there with none: its verified timeline is taken back.
    """
    findings = Finding.objects.filter(item__institution__in=list(institutions))
    if requirements is not None:
        findings = findings.filter(item__requirement__in=requirements)
    found: dict[int, dict[int, list[Answer]]] = defaultdict(lambda: defaultdict(list))
    for institution, requirement, held_on, status, revoked_at in findings.order_by(
        "inspection__recorded_at", "inspection", "pk"
    ).values_list("item__institution", "item__requirement", "inspection__held_on", "status", "inspection__revoked_at"):
        answers = found[institution][requirement]
        if revoked_at is None:
            answers.append(Answer(held_on, None, status))
    return found


def _rows(changes: QuerySet[StatusChange], level: Level = Level.APPROVED) -> dict[int, list[_Row]]:
    """Rows of the ledger at a level by the key of their item."""
    rows: dict[int, list[_Row]] = defaultdict(list)
    for item, day, was, was_learners, is_now, is_learners, locality, city, kind, ownership, obliged, pk in (
        changes.filter(cell__level=level)
        .order_by()
        .values_list(
            "item",
            "effective_on",
            "from_status",
            "from_learners",
            "to_status",
            "to_learners",
            "cell__locality",
            "cell__large_city",
            "cell__kind",
            "cell__ownership",
            "cell__obliged",
            "cell__requirement",
        )
    ):
        key = CellKey(level.value, locality, city, kind, ownership, obliged, pk)
        before = None if was is None else Standing(key, was, was_learners or 0)
        after = None if is_now is None else Standing(key, is_now, is_learners or 0)
        rows[item].append((day, before, after))
    return rows


class Now(NamedTuple):
    """The fields of an item that say what it counts as on a day."""

    listed: bool
    obliged: bool
    status: str
    valid_until: date | None


def now_of(segments: Sequence[Segment], held: Sequence[Held], day: date) -> Now:
    standing = timeline.on(segments, day)
    if standing is None:
        return Now(False, False, Status.UNKNOWN.value, None)
    in_force = [answer for answer in held if answer.day <= day]
    return Now(True, standing.cell.obliged, standing.status, in_force[-1].valid_until if in_force else None)


def stand(item: ChecklistItem, segments: Sequence[Segment], held: Sequence[Held], day: date) -> bool:
    """Set on `item` what it counts as on `day`; say whether that changed it."""
    was = (item.listed, item.obliged, item.status, item.valid_until)
    now = now_of(segments, held, day)
    item.listed, item.obliged, item.status, item.valid_until = now
    return was != now


def refresh_items(since: date, until: date) -> int:
    """Set what items count as on `until`, where that can have changed after `since`; return how many were looked at.

    Called by whoever moves `RegisterDay`, in the same transaction, with the books seized.
    """
    jumping = StatusChange.objects.filter(effective_on__gt=since, effective_on__lte=until, cell__level=Level.APPROVED)
    # An answer that says the same again has no row, but another end.
    renewed = StatusEntry.objects.in_force().filter(effective_on__gt=since, effective_on__lte=until)
    keys = {
        *jumping.order_by().values_list("item", flat=True),
        *renewed.order_by().values_list("item", flat=True),
    }
    count = 0
    book = Book.read()
    for chunk in chunked(sorted(keys), 500):
        items = list(ChecklistItem.objects.filter(pk__in=chunk))
        known = recorded_rows(items)
        answers: dict[int, list[Answer]] = defaultdict(list)
        for item_pk, effective_on, valid_until, status in (
            StatusEntry.objects.in_force()
            .filter(item__in=chunk)
            .values_list("item", "effective_on", "valid_until", "status")
        ):
            answers[item_pk].append(Answer(effective_on, valid_until, status))
        held: dict[int, Sequence[Held]] = {item.pk: timeline.held_answers(answers[item.pk]) for item in items}
        held |= _inherited(book, [item for item in items if item.requirement_id in book.heritage])
        moved = [item for item in items if stand(item, timeline.recorded(known[item.pk]), held[item.pk], until)]
        ChecklistItem.objects.bulk_update(moved, ["listed", "obliged", "status", "valid_until"], batch_size=200)
        count += len(items)
    return count


def _inherited(book: Book, items: Sequence[ChecklistItem]) -> dict[int, Sequence[Held]]:
    """The answers of items that inherit some, by their key. Two queries, none where there are no such items."""
    if not items:
        return {}
    institutions = sorted({item.institution_id for item in items})
    needed = sorted(book.ancestors({item.requirement_id for item in items}))
    answers: dict[int, dict[int, list[Answer]]] = defaultdict(lambda: defaultdict(list))
    for institution, requirement, *answer in (
        StatusEntry.objects.in_force()
        .filter(item__institution__in=institutions, item__requirement__in=needed)
        .values_list("item__institution", "item__requirement", "effective_on", "valid_until", "status")
    ):
        answers[institution][requirement].append(Answer._make(answer))
    spans: dict[int, dict[int, list[ListedSpan]]] = defaultdict(lambda: defaultdict(list))
    for institution, requirement, *span in (
        Applicability.objects.filter(item__institution__in=institutions, item__requirement__in=needed)
        .order_by("item", "valid_from")
        .values_list("item__institution", "item__requirement", "valid_from", "valid_to", "obliged", "counted", "basis")
    ):
        spans[institution][requirement].append(ListedSpan._make(span))
    given = {
        institution: {requirement: timeline.held_answers(list_) for requirement, list_ in by_requirement.items()}
        for institution, by_requirement in answers.items()
    }
    return {
        item.pk: book.held(item.requirement_id, given.get(item.institution_id, {}), spans[item.institution_id])
        for item in items
    }
