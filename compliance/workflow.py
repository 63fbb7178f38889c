"""What happens to an answer: saved, submitted, withdrawn, checked, approved, returned, revoked, one by one or in bulk.

Each verb is one transaction, moves the entry by a conditional update (so that it cannot happen twice), writes the
journal, and lets the ledger do the rest. Views, API and imports call these functions and nothing below them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias

from django.db import IntegrityError, transaction

from compliance import content, evidence, kept_photos, ledger, periods, photos
from compliance.enums import MOVES, Cause, EntryState, ReturnReason, Status, Verb
from compliance.models import ChecklistItem, Evidence, StatusChange, StatusEntry
from compliance.pictures import Picture
from institutions import journal
from institutions.access import DECIDE
from institutions.clock import local_day
from institutions.models import Membership, User

# Entries, each with the hash that was shown of it.
Shown: TypeAlias = Iterable[tuple[StatusEntry, str]]


class Refused(Exception):
    """Something that the rules do not allow; nothing was changed."""


class OwnEntry(Refused):
    """Nobody decides what they wrote or submitted."""


class OwnCheck(OwnEntry):
    """Who checked an answer does not approve it as well."""


class Unchecked(Refused):
    """The region approves what its district has checked, and this is not checked yet."""


class OtherLevel(Refused):
    """The step is that of the other level: the district checks, the region approves."""


class StaleDecision(Refused):
    """The entry or its item moved on in the meantime, or is not what was shown."""


class LateAnswer(Refused):
    """The answer is for a quarter that is closing or closed."""


class FutureAnswer(Refused):
    """An answer says since when something is true; that is never in the future."""


class NoException(Refused):
    """One of the five measures of the brief cannot be "not applicable", and another needs a reason and an end."""


class AlreadyWaiting(Refused):
    """Another answer to the same item waits for a decision."""


class NotListed(Refused):
    """The item is not on the institution's list today."""


class TooManyPhotos(Refused):
    """An answer has room for `photos.MOST` photos."""


class RevokedDocument(Refused):
    """The document behind the answer was revoked."""


class ReasonMissing(Refused):
    """A return or a revocation names its reason."""


@dataclass(frozen=True, slots=True)
class DocumentReference:
    """A document that proves an answer, by its details; the document itself stays where it is."""

    number: str
    issuer: str
    issued_on: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class AnswerData:
    """What a person answers about an item.

    `document` is named anew, or one that is there already and may be used (`EvidenceQuerySet.usable_by`). Photos are
    added to those that the draft has; `without` names uploads that are removed.
    """

    status: Status
    effective_on: date
    valid_until: date | None = None
    note: str = ""
    document: DocumentReference | Evidence | None = None
    photos: Sequence[Picture] = ()
    without: Collection[str] = ()


@dataclass(slots=True)
class BulkOutcome:
    """What came of a decision on many entries: keys of those done, and of those left with the refusal."""

    approved: list[int] = field(default_factory=list)
    checked: list[int] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)
    refused: list[tuple[int, Refused]] = field(default_factory=list)


def save_draft(
    item: ChecklistItem,
    answer: AnswerData,
    *,
    by: User,
    now: datetime,
    continues: StatusEntry | None = None,
    photos_of: StatusEntry | None = None,
) -> StatusEntry:
    """Make or renew the person's draft about an item (one a person and item). Nothing is judged yet but the shape.

    A new one takes along the photos of `photos_of`, the answer from which its form was filled. Raises
    `TooManyPhotos`; then nothing is saved.
    """
    try:
        return _save_draft(item, answer, by=by, now=now, continues=continues, photos_of=photos_of)
    except IntegrityError:
        # Sent twice at once: the other one has made the draft, and this one renews it.
        if not StatusEntry.objects.filter(item=item, author=by, state=EntryState.DRAFT).exists():
            raise
        return _save_draft(item, answer, by=by, now=now, continues=continues, photos_of=photos_of)


@transaction.atomic
def _save_draft(
    item: ChecklistItem,
    answer: AnswerData,
    *,
    by: User,
    now: datetime,
    continues: StatusEntry | None,
    photos_of: StatusEntry | None,
) -> StatusEntry:
    draft = (
        StatusEntry.objects.select_for_update(of=("self",)).filter(item=item, author=by, state=EntryState.DRAFT).first()
    )
    is_new = draft is None
    if draft is None:
        draft = StatusEntry(item=item, author=by, created_at=now, continues=continues)
    draft.status = answer.status
    draft.effective_on = answer.effective_on
    draft.valid_until = answer.valid_until
    draft.note = answer.note
    draft.evidence = _evidence(draft.evidence, answer.document, by=by, now=now)
    draft.saved_at = now
    draft.save()
    if is_new and photos_of is not None:
        photos.take_along(draft, photos_of, without=answer.without)
    elif answer.without:
        photos.remove(draft, answer.without, by=by, now=now)
    try:
        photos.attach(draft, answer.photos, by=by, now=now)
    except photos.NoRoom as full:
        raise TooManyPhotos(draft.pk) from full
    kept_photos.settle(draft, without=answer.without)
    journal.write(
        "entry.save",
        draft,
        by=by,
        institution=item.institution_id,
        after={"status": str(answer.status)},
        now=now,
    )
    return draft


@transaction.atomic
def discard_draft(entry: StatusEntry, *, by: User, now: datetime) -> None:
    """Throw the person's own draft away."""
    deleted, _rows = StatusEntry.objects.filter(pk=entry.pk, author=by, state=EntryState.DRAFT).delete()
    if not deleted:
        raise StaleDecision(entry.pk)
    journal.write("entry.discard", entry, by=by, institution=entry.item.institution_id, now=now)


@transaction.atomic
def submit(entry: StatusEntry, *, by: User, now: datetime) -> StatusEntry:
    """Freeze a draft, hash it and hand it over for decision.

    Raises `NotListed`, `FutureAnswer`, `LateAnswer`, `NoException`, `RevokedDocument`, `AlreadyWaiting`, or
    `StaleDecision` where the draft was submitted already; then the draft stays as it is.
    """
    item = ChecklistItem.objects.select_related("institution", "requirement").get(pk=entry.item_id)
    entry.item = item
    refusal = refusal_of(
        entry,
        deadlines=periods.Deadlines.on(local_day(now), item.institution),
        waits=StatusEntry.objects.awaiting_decision().filter(item=item).exclude(pk=entry.pk).exists(),
        day=local_day(now),
    )
    if refusal is not None:
        raise refusal
    try:
        with transaction.atomic():
            _move(
                entry,
                Verb.SUBMIT,
                saved_at=entry.saved_at,  # the draft must be the one that was hashed
                changes={
                    "submitted_by": by,
                    "submitted_at": now,
                    "content_hash": content.digest_of(entry),
                    "item_version": item.version,
                },
            )
    except IntegrityError as taken:  # somebody else's answer came in at the same moment
        raise AlreadyWaiting(entry.pk) from taken
    journal.write(
        "entry.submit",
        entry,
        by=by,
        institution=item.institution_id,
        after={"hash": entry.content_hash},
        now=now,
    )
    return entry


def refusal_of(entry: StatusEntry, *, deadlines: periods.Deadlines, waits: bool, day: date) -> Refused | None:
    """Why an answer cannot be handed over on `day`; None where it can. `waits`: another to its item does. No query."""
    item = entry.item
    if not item.listed:
        return NotListed(entry.pk)
    if entry.effective_on > day:
        return FutureAnswer(entry.pk)
    if deadlines.is_late(entry.effective_on, item.institution_id):
        return LateAnswer(entry.pk)
    if entry.status == Status.NOT_APPLICABLE and (
        not item.requirement.exception_allowed or entry.valid_until is None or not entry.note.strip()
    ):
        return NoException(entry.pk)
    if entry.evidence is not None and entry.evidence.revoked_at is not None:
        return RevokedDocument(entry.pk)
    return AlreadyWaiting(entry.pk) if waits else None


@transaction.atomic
def withdraw(entry: StatusEntry, *, by: User, now: datetime) -> None:
    """Take a submitted answer back before it is decided."""
    _move(entry, Verb.WITHDRAW, changes={})
    journal.write("entry.withdraw", entry, by=by, institution=entry.item.institution_id, now=now)


@transaction.atomic
def check(entry: StatusEntry, *, by: User, now: datetime, shown: str) -> None:
    """Say for the district that the answer is right. Nothing counts differently by it: the region approves.

    `shown` is the hash of what the person saw. Raises `OwnEntry`, `RevokedDocument`, `OtherLevel` where `by` does not
    check for the entry's district (or its region has no second level), and `StaleDecision`; then nothing is changed.
    """
    _may_decide(entry, by=by, shown=shown)
    stored = _as_stored(entry)
    if not stored.item.listed or stored.item_version != stored.item.version or content.digest_of(stored) != shown:
        raise StaleDecision(entry.pk)
    if stored.evidence is not None and stored.evidence.revoked_at is not None:
        raise RevokedDocument(entry.pk)
    _is_movable(stored, Verb.CHECK)
    if not StatusEntry.objects.filter(pk=entry.pk).of_checkers(by).exists():
        raise OtherLevel(entry.pk)
    _move(entry, Verb.CHECK, content_hash=shown, changes={"checked_by": by, "checked_at": now})
    journal.write("entry.check", entry, by=by, institution=entry.item.institution_id, after={"hash": shown}, now=now)


@transaction.atomic
def approve(entry: StatusEntry, *, by: User, now: datetime, shown: str, note: str = "") -> list[StatusChange]:
    """Make the entry's answer the approved status of its item; return the ledger rows.

    `shown` is the hash of what the approver saw. Raises `OwnEntry` if `by` wrote or submitted the entry, `OwnCheck` if
    they checked it, `OtherLevel` and `Unchecked` in a region with a second level, `RevokedDocument`, and
    `StaleDecision` if the entry or its item moved on in the meantime; then nothing is changed.
    """
    _may_decide(entry, by=by, shown=shown)
    ledger.hold(entry.item.institution_id)
    item = ChecklistItem.objects.select_related("institution").get(pk=entry.item_id)
    stored = _as_stored(entry)
    if not item.listed or content.digest_of(stored) != shown:
        raise StaleDecision(entry.pk)
    _may_approve(stored, by=by, day=local_day(now))
    # Under a lock, so that a document that is revoked at this moment finds the answer approved, or stops it.
    # Not of its key: a list of answers that names the document holds that for minutes.
    proof = entry.evidence and Evidence.objects.select_for_update(no_key=True).get(pk=entry.evidence.pk)
    if proof is not None and proof.revoked_at is not None:
        raise RevokedDocument(entry.pk)
    try:
        ledger.claim(item, at_version=entry.item_version or 0)
    except ledger.StaleItem as stale:
        raise StaleDecision(entry.pk) from stale
    _move(
        entry,
        Verb.APPROVE,
        content_hash=shown,
        checked_by=stored.checked_by_id,  # as it was looked at: not checked, or given back to be checked, meanwhile
        changes={"decided_by": by, "decided_at": now, "decision_note": note},
    )
    before = {"status": item.status}
    rows = ledger.sync(
        item.institution,
        cause=Cause.DECISION,
        ref=f"entry:{entry.pk}",
        now=now,
        requirements=[item.requirement_id],
    )
    journal.write(
        "entry.approve",
        entry,
        by=by,
        institution=item.institution_id,
        before=before,
        after={"status": entry.status, "hash": shown},
        now=now,
    )
    return rows


@transaction.atomic
def return_entry(entry: StatusEntry, *, by: User, now: datetime, shown: str, reason: ReturnReason, note: str) -> None:
    """Give a submitted answer back to its author, with a reason of the list and a text."""
    if not note.strip():
        raise ReasonMissing(entry.pk)
    _may_decide(entry, by=by, shown=shown)
    _move(
        entry,
        Verb.RETURN,
        content_hash=shown,
        changes={"decided_by": by, "decided_at": now, "return_reason": reason, "decision_note": note},
    )
    journal.write(
        "entry.return",
        entry,
        by=by,
        institution=entry.item.institution_id,
        after={"reason": str(reason), "hash": shown},
        now=now,
    )


@transaction.atomic
def revoke(entry: StatusEntry, *, by: User, now: datetime, note: str) -> list[StatusChange]:
    """Undo a wrong approval: the item counts as it would have without it. By another person, with a reason."""
    if not note.strip():
        raise ReasonMissing(entry.pk)
    if by.pk in entry.hands or by.pk in (entry.decided_by_id, entry.checked_by_id):
        raise OwnEntry(entry.pk)
    ledger.hold(entry.item.institution_id)
    _move(entry, Verb.REVOKE, changes={"revoked_by": by, "revoked_at": now, "revoke_note": note})
    item = ChecklistItem.objects.select_related("institution").get(pk=entry.item_id)
    ledger.claim(item, at_version=item.version)
    rows = ledger.sync(
        item.institution,
        cause=Cause.REVOCATION,
        ref=f"entry:{entry.pk}",
        now=now,
        requirements=[item.requirement_id],
    )
    journal.write(
        "entry.revoke",
        entry,
        by=by,
        institution=item.institution_id,
        before={"status": entry.status},
        now=now,
    )
    return rows


def approve_many(shown: Shown, *, by: User, now: datetime) -> BulkOutcome:
    """Approve entries, each with the hash that was shown of it, each in a transaction of its own.

    One that is refused holds up no other. In the order of their institutions, so that two deciders do not wait for
    each other crosswise.
    """
    outcome = BulkOutcome()

    def one(entry: StatusEntry, digest: str) -> None:
        approve(entry, by=by, now=now, shown=digest)

    outcome.approved = _each(shown, one, outcome)
    return outcome


def check_many(shown: Shown, *, by: User, now: datetime) -> BulkOutcome:
    """Check entries for their district, as `approve_many` approves."""
    outcome = BulkOutcome()

    def one(entry: StatusEntry, digest: str) -> None:
        check(entry, by=by, now=now, shown=digest)

    outcome.checked = _each(shown, one, outcome)
    return outcome


def return_many(shown: Shown, *, by: User, now: datetime, reason: ReturnReason, note: str) -> BulkOutcome:
    """Return entries with one reason and text for all, as `approve_many` approves."""
    outcome = BulkOutcome()

    def one(entry: StatusEntry, digest: str) -> None:
        return_entry(entry, by=by, now=now, shown=digest, reason=reason, note=note)

    outcome.returned = _each(shown, one, outcome)
    return outcome


def _each(shown: Shown, verb: Callable[[StatusEntry, str], object], outcome: BulkOutcome) -> list[int]:
    """Do it to each by itself; return the keys of those done, and put the others into `outcome.refused`."""
    done = []
    for entry, digest in sorted(shown, key=lambda pair: (pair[0].item.institution_id, pair[0].pk)):
        try:
            verb(entry, digest)
        except Refused as refusal:
            outcome.refused.append((entry.pk, refusal))
        else:
            done.append(entry.pk)
    return done


def _may_decide(entry: StatusEntry, *, by: User, shown: str) -> None:
    if by.pk in entry.hands:
        raise OwnEntry(entry.pk)
    if not shown or entry.content_hash != shown:
        raise StaleDecision(entry.pk)


def _may_approve(stored: StatusEntry, *, by: User, day: date) -> None:
    """Whether it is `by`'s turn to approve. Costs a query, and two more in a region with a second level.

    The levels are asked as they are now: what was checked before a second level was switched off is approved like any
    other, what was submitted before it was switched on waits for its check.
    """
    _is_movable(stored, Verb.APPROVE)
    if by.pk == stored.checked_by_id:
        raise OwnCheck(stored.pk)
    region = stored.item.institution.locality.region
    if not region.second_level:
        return
    if not Membership.objects.in_force(day).filter(user=by, role__in=sorted(DECIDE), region=region).exists():
        raise OtherLevel(stored.pk)
    if StatusEntry.objects.filter(pk=stored.pk).to_be_checked(day).exists():
        raise Unchecked(stored.pk)


def _is_movable(stored: StatusEntry, verb: Verb) -> None:
    if stored.state not in MOVES[verb][0]:  # somebody was faster: nothing else matters
        raise StaleDecision(stored.pk)


def _as_stored(entry: StatusEntry) -> StatusEntry:
    """The entry as the database has it, with all that its digest and its level read."""
    related = StatusEntry.objects.select_related("item__institution__locality__region", "item__requirement", "evidence")
    return related.get(pk=entry.pk)


def _move(entry: StatusEntry, verb: Verb, *, changes: dict[str, Any], **conditions: Any) -> None:
    sources, target = MOVES[verb]
    moved = StatusEntry.objects.filter(pk=entry.pk, state__in=sources, **conditions).update(state=target, **changes)
    if moved != 1:  # somebody was faster
        raise StaleDecision(entry.pk)
    entry.state = target
    for name, value in changes.items():
        setattr(entry, name, value)


def _evidence(
    current: Evidence | None, document: DocumentReference | Evidence | None, *, by: User, now: datetime
) -> Evidence | None:
    """The evidence row of a draft: the one that was chosen; kept where it says the same; another where it does not.

    What is typed just as a document that the person may use is that document. Rows are never changed: one may stand
    behind an answer that is submitted already.
    """
    if document is None or isinstance(document, Evidence):
        return document
    details = {
        "number": document.number,
        "issuer": document.issuer,
        "issued_on": document.issued_on,
        "valid_until": document.valid_until,
    }
    if current is not None and all(getattr(current, name) == value for name, value in details.items()):
        return current
    known = Evidence.objects.usable_by(by, local_day(now)).filter(**details).order_by("pk").first()
    if known is not None:
        return known
    proof = new_evidence(document, by=by, now=now)
    proof.save()
    return proof


def new_evidence(document: DocumentReference, *, by: User, now: datetime) -> Evidence:
    """A row for a document that nobody has named before. Not yet saved."""
    return Evidence(
        number=document.number,
        issuer=document.issuer,
        issued_on=document.issued_on,
        valid_until=document.valid_until,
        key=evidence.key_of(document.number, document.issuer),
        author=by,
        created_at=now,
    )
