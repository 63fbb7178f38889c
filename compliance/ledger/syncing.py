"""One institution's ledger brought up to what is true now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import F

from compliance import books, hints, timeline
from compliance.duties import Book, DatedState
from compliance.enums import Cause, Level
from compliance.ledger.cells import Cells
from compliance.ledger.chain import Chain, side
from compliance.ledger.standing import findings_at, recorded_rows, stand
from compliance.models import (
    Applicability,
    ChecklistItem,
    LedgerHead,
    PendingFold,
    RegisterDay,
    StatusChange,
    StatusEntry,
)
from compliance.timeline import Answer, Held, ListedSpan, Move
from institutions.models import Institution, InstitutionState


class StaleItem(Exception):
    """The item has been decided in the meantime: its version is not the one that the decision was made for."""


def hold(institution: int) -> LedgerHead:
    """Share the books and lock the institution's chain (its key) until the end of the transaction.

    Whoever goes on to lock anything else of an institution (its row, its items) does this first. Otherwise two who
    lock the same rows in another order wait for each other: an approval and a closure, or the turn of the day.
    """
    books.share()
    LedgerHead.objects.get_or_create(institution_id=institution)
    return LedgerHead.objects.select_for_update(of=("self",)).get(pk=institution)


def claim(item: ChecklistItem, *, at_version: int) -> None:
    """Take the next version of an item. The conditional update is the lock: of two deciders, one gets `StaleItem`.

    Call `hold` first.
    """
    if ChecklistItem.objects.filter(pk=item.pk, version=at_version).update(version=F("version") + 1) != 1:
        raise StaleItem(item.pk)


@transaction.atomic
def sync(
    institution: Institution,
    *,
    cause: Cause,
    ref: str,
    now: datetime,
    requirements: Collection[int] | None = None,
    book: Book | None = None,
) -> list[StatusChange]:
    """Bring the ledger, the lists and the items of one institution up to what is true now; return the new rows.

    `requirements` (keys) says whose answers changed; None: look at all. `ref` links the rows to their cause, as in
    `entry:12`. Steps: 1. share the books and lock the institution's chain, so that what is read below holds still;
    2. read states, the Order and the approved answers; 3. compute the list and write its spans; 4. compare each
    item's timelines (approved; verified, where something was found) with the recorded ones; 5. number, hash and insert
    the rows, each with its `PendingFold`; 6. set what the items count as today; 7. after the commit, hint to the fold.
    """
    head = hold(institution.pk)
    recorded_at = now if head.recorded_at is None else max(now, head.recorded_at)
    recorded_on = max(books.knowledge_day(recorded_at), _last_knowledge(head))

    book = book or Book.read()
    states = [
        DatedState.of(state, state.valid_from, state.valid_to)
        for state in InstitutionState.objects.filter(institution=institution).order_by("valid_from")
    ]
    wanted = None if requirements is None or book.contract.pk in requirements else book.heirs(requirements)
    needed = None if wanted is None else {*book.ancestors(wanted), book.contract.pk}
    held = _held_answers(institution, needed)
    found = findings_at([institution.pk], wanted).get(institution.pk, {})

    spans = book.spans(states, held.get(book.contract.pk, ()))
    held = held | {pk: book.held(pk, held, spans) for pk in book.heritage if wanted is None or pk in wanted}
    looked_at = sorted(spans.keys() | held.keys()) if wanted is None else sorted(wanted)
    items = _items(institution, looked_at if wanted is not None else None, spans)
    _write_spans({items[pk]: spans.get(pk, []) for pk in items})

    known = recorded_rows(items.values())
    verified = recorded_rows((item for pk, item in items.items() if pk in found), Level.VERIFIED) if found else {}
    day = RegisterDay.current()
    jumps: list[tuple[ChecklistItem, Move]] = []
    changed_items: list[ChecklistItem] = []
    for pk, item in items.items():
        new = timeline.effective(
            requirement=pk,
            level=Level.APPROVED,
            states=[state.span for state in states],
            spans=spans.get(pk, []),
            held=held.get(pk, []),
            edition_days=book.edition_days,
        )
        old = timeline.recorded(known.get(item.pk, ()))
        jumps += [(item, move) for move in timeline.moves(old, new, cause=cause)]
        if stand(item, new, held.get(pk, []), day):
            changed_items.append(item)
        if pk in found:
            new = timeline.verified(
                requirement=pk,
                states=[state.span for state in states],
                spans=spans.get(pk, []),
                found=found[pk],
                edition_days=book.edition_days,
            )
            old = timeline.recorded(verified.get(item.pk, ()))
            jumps += [(item, move) for move in timeline.moves(old, new, cause=cause)]

    rows: list[StatusChange] = []
    if jumps:
        cells = Cells(book.codes)
        keys = cells.resolve(move.cell for _item, move in jumps)
        chain = Chain(institution.bin, head.length, head.hash)
        for item, move in jumps:
            seq, digest = chain.add(
                cells.text(move.cell),
                side(move.before),
                side(move.after),
                move.effective_on,
                recorded_at,
                recorded_on,
                move.cause.value,
                ref,
            )
            rows.append(
                StatusChange(
                    institution=institution,
                    seq=seq,
                    item=item,
                    cell_id=keys[move.cell],
                    from_status=move.before and move.before.status,
                    from_learners=None if move.before is None else move.before.learners,
                    to_status=move.after and move.after.status,
                    to_learners=None if move.after is None else move.after.learners,
                    effective_on=move.effective_on,
                    recorded_at=recorded_at,
                    recorded_on=recorded_on,
                    cause=move.cause,
                    cause_ref=ref,
                    hash=digest,
                )
            )
        StatusChange.objects.bulk_create(rows, batch_size=500)
        PendingFold.objects.bulk_create([PendingFold(change=row) for row in rows], batch_size=500)
        LedgerHead.objects.filter(pk=head.pk).update(length=chain.length, hash=chain.hash, recorded_at=recorded_at)
        hints.after_commit(hints.FOLD)
    ChecklistItem.objects.bulk_update(changed_items, ["listed", "obliged", "status", "valid_until"], batch_size=200)
    return rows


def _last_knowledge(head: LedgerHead) -> date:
    """The day as whose knowledge the last row of a chain counts. None that follows is known earlier.

    While a quarter is closed, rows count as known on the day after; when it is opened again on the same day, the days
    of knowledge would go back, and what was known in between would not add up.
    """
    last = StatusChange.objects.filter(institution=head.pk, seq=head.length).values_list("recorded_on", flat=True)
    return last.first() or date.min


def _held_answers(institution: Institution, requirements: Collection[int] | None) -> dict[int, Sequence[Held]]:
    entries = StatusEntry.objects.in_force().filter(item__institution=institution)
    if requirements is not None:
        entries = entries.filter(item__requirement__in=requirements)
    answers: dict[int, list[Answer]] = defaultdict(list)
    for requirement, effective_on, valid_until, status in entries.values_list(
        "item__requirement", "effective_on", "valid_until", "status"
    ):
        answers[requirement].append(Answer(effective_on, valid_until, status))
    return {requirement: timeline.held_answers(given) for requirement, given in answers.items()}


def _items(
    institution: Institution, requirements: Collection[int] | None, spans: Mapping[int, Sequence[ListedSpan]]
) -> dict[int, ChecklistItem]:
    """The institution's items by requirement key; those that came onto the list are made."""

    def existing() -> dict[int, ChecklistItem]:
        found = ChecklistItem.objects.filter(institution=institution)
        if requirements is not None:
            found = found.filter(requirement__in=requirements)
        return {item.requirement_id: item for item in found}

    items = existing()
    missing = [pk for pk in spans if pk not in items and (requirements is None or pk in requirements)]
    if missing:
        ChecklistItem.objects.bulk_create(
            [ChecklistItem(institution=institution, requirement_id=pk, listed=False) for pk in missing]
        )
        items = existing()
    return dict(sorted(items.items()))


def _write_spans(wanted: Mapping[ChecklistItem, Sequence[ListedSpan]]) -> None:
    stored: dict[int, list[ListedSpan]] = defaultdict(list)
    for item_pk, valid_from, valid_to, obliged, counted, basis in (
        Applicability.objects.filter(item__in=list(wanted))
        .order_by("item", "valid_from")
        .values_list("item", "valid_from", "valid_to", "obliged", "counted", "basis")
    ):
        stored[item_pk].append(ListedSpan(valid_from, valid_to, obliged, counted, basis))
    stale = [item for item, spans in wanted.items() if stored.get(item.pk, []) != list(spans)]
    if stale:
        Applicability.objects.filter(item__in=stale).delete()
        Applicability.objects.bulk_create(
            [Applicability(item=item, **span._asdict()) for item in stale for span in wanted[item]]
        )
