"""The verbs of `workflow` for many answers at once: the same rules, rows and journal, written set by set.

For lists that were judged row by row before, in the transaction of whoever applies them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Final

from django.db import IntegrityError, transaction

from compliance import content, periods, workflow
from compliance.enums import MOVES, Verb
from compliance.ledger.cells import chunked
from compliance.models import ChecklistItem, Evidence, StatusEntry
from compliance.workflow import AnswerData, DocumentReference, Refused
from institutions import journal
from institutions.clock import local_day
from institutions.journal import Line
from institutions.models import User

_CHUNK: Final = 500
_Answer = tuple[ChecklistItem, AnswerData]
_Details = tuple[str, str, date, date | None]


@transaction.atomic
def submit_many(answers: Sequence[_Answer], *, by: User, now: datetime) -> list[StatusEntry | Refused]:
    """Write and submit an answer to each item, as `save_draft` and `submit` do; each entry, or why it was refused.

    One that is refused holds up no other. Items come with institution and requirement, as they are now; the person has
    drafts about none of them, and answers bring documents by their details and no photos.
    """
    deadlines = periods.Deadlines.on(local_day(now))
    done: list[StatusEntry | Refused] = []
    for chunk in chunked(answers, _CHUNK):
        try:
            with transaction.atomic():
                done += _submit(chunk, deadlines, by=by, now=now)
        except IntegrityError:  # somebody else's answer came in at the same moment: it stops its own row alone
            done += [_submit_one(item, answer, by=by, now=now) for item, answer in chunk]
    return done


def _submit_one(item: ChecklistItem, answer: AnswerData, *, by: User, now: datetime) -> StatusEntry | Refused:
    try:
        with transaction.atomic():
            return workflow.submit(workflow.save_draft(item, answer, by=by, now=now), by=by, now=now)
    except Refused as refused:
        return refused


def _submit(
    answers: Sequence[_Answer], deadlines: periods.Deadlines, *, by: User, now: datetime
) -> list[StatusEntry | Refused]:
    waiting = StatusEntry.objects.awaiting_decision().filter(item__in=[item.pk for item, _answer in answers])
    waits = set(waiting.values_list("item", flat=True))
    done: list[StatusEntry | Refused] = []
    named: list[tuple[StatusEntry, DocumentReference]] = []
    for item, answer in answers:
        entry = StatusEntry(
            item=item,
            author=by,
            created_at=now,
            saved_at=now,
            status=answer.status,
            effective_on=answer.effective_on,
            valid_until=answer.valid_until,
            note=answer.note,
        )
        refusal = workflow.refusal_of(entry, deadlines=deadlines, waits=item.pk in waits, day=local_day(now))
        waits.add(item.pk)
        done.append(refusal or entry)
        if refusal is None and isinstance(answer.document, DocumentReference):
            named.append((entry, answer.document))
    _give_documents(named, by=by, now=now)
    entries = [entry for entry in done if isinstance(entry, StatusEntry)]
    for entry in entries:
        entry.state = MOVES[Verb.SUBMIT][1]
        entry.submitted_by, entry.submitted_at = by, now
        entry.content_hash, entry.item_version = content.digest_of(entry, photos=()), entry.item.version
    StatusEntry.objects.bulk_create(entries)
    journal.write_lines(_lines(entries), by=by, now=now)
    return done


def _lines(entries: Sequence[StatusEntry]) -> Iterator[Line]:
    for entry in entries:
        subject, institution = f"statusentry:{entry.pk}", entry.item.institution_id
        yield Line("entry.save", subject, institution, after={"status": str(entry.status)})
        yield Line("entry.submit", subject, institution, after={"hash": entry.content_hash})


def _give_documents(named: Sequence[tuple[StatusEntry, DocumentReference]], *, by: User, now: datetime) -> None:
    """Set the evidence of entries: a document that the person may use already, or a new one for all who name it."""
    day = local_day(now)
    known: dict[_Details, Evidence] = {}
    usable = Evidence.objects.usable_by(by, day)
    for chunk in chunked(sorted({document.number for _entry, document in named}), _CHUNK):
        for proof in usable.filter(number__in=chunk).order_by("-pk"):  # of two that say the same the first
            known[proof.number, proof.issuer, proof.issued_on, proof.valid_until] = proof
    fresh: list[Evidence] = []
    for entry, document in named:
        details = (document.number, document.issuer, document.issued_on, document.valid_until)
        if details in known:
            entry.evidence = known[details]
            continue
        entry.evidence = proof = workflow.new_evidence(document, by=by, now=now)
        fresh.append(proof)
        if proof.holds(day):  # what has ended is written anew for each: nobody may use it
            known[details] = proof
    Evidence.objects.bulk_create(fresh)


@transaction.atomic
def withdraw_many(entries: Collection[int], *, by: User, now: datetime) -> set[int]:
    """Take submitted answers (their keys) back; the keys of those that nobody had decided."""
    sources, target = MOVES[Verb.WITHDRAW]
    done: set[int] = set()
    for chunk in chunked(sorted(entries), _CHUNK):
        waiting = StatusEntry.objects.filter(pk__in=chunk, state__in=sources)
        held = waiting.order_by("pk").select_for_update(of=("self",)).values_list("pk", "item__institution")
        moved = dict(held)
        StatusEntry.objects.filter(pk__in=list(moved)).update(state=target)
        lines = (Line("entry.withdraw", f"statusentry:{pk}", institution) for pk, institution in moved.items())
        journal.write_lines(lines, by=by, now=now)
        done |= moved.keys()
    return done
