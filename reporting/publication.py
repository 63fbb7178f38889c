"""What a finished brief is worth: published by a second person, superseded by a newer one, withdrawn with a reason."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from compliance import hints
from institutions import journal
from institutions.clock import local_day
from institutions.models import User
from reporting.brief.imprint import Explanation
from reporting.enums import BriefKind, BriefState, Publication
from reporting.integrity import ALL
from reporting.models import Brief

# The task that makes a queued brief.
MAKE = "reporting.tasks.make_brief"


class NotReady(Exception):
    """Only a finished draft can be published, and only a published brief withdrawn."""


class OwnBrief(Exception):
    """Nobody publishes what they asked for themselves."""


class ReasonMissing(Exception):
    """A withdrawal and an explanation need words."""


class NothingToExplain(Exception):
    """The brief was not refused for a jump of this measure."""


@transaction.atomic
def publish(brief: Brief, *, by: User, now: datetime) -> None:
    """Put a draft in force; the published brief of the same subject, quarter and language is superseded.

    Raises `OwnBrief` and `NotReady`.
    """
    if brief.requested_by_id == by.pk:
        raise OwnBrief(brief.number)
    _put_in_force(brief, by=by, now=now)
    journal.write("brief.publish", brief, by=by, after={"number": brief.number, "hash": brief.file_hash}, now=now)


@transaction.atomic
def issue(brief: Brief, *, now: datetime) -> None:
    """Put an institution's sheet in force as it is made: a second person has approved each of its answers already."""
    if brief.kind != BriefKind.INSTITUTION:
        raise NotReady(brief.number)
    _put_in_force(brief, by=None, now=now)


@transaction.atomic
def withdraw(brief: Brief, *, by: User, now: datetime, reason: str) -> None:
    """Take a published brief out of force; whoever verifies it learns that. Raises `ReasonMissing` and `NotReady`."""
    if not reason.strip():
        raise ReasonMissing(brief.number)
    moved = Brief.objects.filter(pk=brief.pk, publication=Publication.PUBLISHED).update(
        publication=Publication.WITHDRAWN, withdrawn_by=by, withdrawn_at=now, withdrawal_reason=reason.strip()
    )
    if not moved:
        raise NotReady(brief.number)
    brief.refresh_from_db()
    journal.write("brief.withdraw", brief, by=by, after={"number": brief.number, "reason": reason.strip()}, now=now)


@transaction.atomic
def explain(brief: Brief, measure: str, *, text: str, by: User, now: datetime) -> None:
    """Say why a figure has jumped; the words are printed with the name, and the brief is queued again.

    Raises `ReasonMissing` and `NothingToExplain`.
    """
    if not text.strip():
        raise ReasonMissing(brief.number)
    locked = Brief.objects.select_for_update().get(pk=brief.pk)
    asked = {finding["measure"] for finding in locked.findings if finding["rule"] == "jump"}
    if locked.state != BriefState.REFUSED or measure not in asked:
        raise NothingToExplain(brief.number)
    said = Explanation(measure, ALL, " ".join(text.split()), by.get_full_name() or str(by), local_day(now).isoformat())
    locked.explanations = [one for one in locked.explanations if one["measure"] != measure] + [asdict(said)]
    left = asked - {one["measure"] for one in locked.explanations}
    if not left:
        locked.state, locked.progress, locked.claimed_at, locked.finished_at = BriefState.QUEUED, 0, None, None
        hints.after_commit(MAKE, brief=locked.pk)
    locked.save(update_fields=["explanations", "state", "progress", "claimed_at", "finished_at"])
    brief.refresh_from_db()
    journal.write("brief.explain", brief, by=by, after={"measure": measure, "text": said.text}, now=now)


def _put_in_force(brief: Brief, *, by: User | None, now: datetime) -> None:
    same = Brief.objects.filter(
        kind=brief.kind, subject=brief.subject, period=brief.period, language=brief.language
    ).exclude(pk=brief.pk)
    # The older one first: the database knows of one published brief at a time.
    same.filter(publication=Publication.PUBLISHED).update(publication=Publication.SUPERSEDED, superseded_by=brief)
    moved = Brief.objects.filter(pk=brief.pk, state=BriefState.READY, publication=Publication.DRAFT).update(
        publication=Publication.PUBLISHED, published_by=by, published_at=now
    )
    if not moved:
        raise NotReady(brief.number)
    brief.refresh_from_db()
