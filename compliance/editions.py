"""A new edition of the Order: uploaded as a file, previewed, put into force on a day, taken back before it.

The tables are the queue, as for lists: a worker claims an edition by a conditional update and works in pieces, each of
which moves `cursor` in its own transaction. So whoever takes the work over from a worker that was killed goes on where
that one was, and each institution is done once. The preview itself needs the figures: `reporting/edition_previews.py`.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q

from compliance import books, hints, ledger
from compliance.applicability import Rule
from compliance.duties import Book
from compliance.enums import Cause, EditionState, ItemChange, PeriodState
from compliance.library.coming import LARGEST_FILE, Base, BaseItem, Coming, ComingItem, EditionRefused, Problem, read
from compliance.models import (
    BUSY_EDITIONS,
    Chapter,
    ComingEdition,
    Directive,
    Edition,
    EditionEffect,
    EditionItem,
    Period,
    RegisterDay,
    Requirement,
    StatusEntry,
)
from institutions import journal
from institutions.clock import local_day
from institutions.models import Institution, User

logger = logging.getLogger(__name__)
DIRECTIVE: Final = "117"
WORK: Final = "reporting.tasks.work_on_edition"
# A worker that has not finished a piece by then was killed; somebody else may take the edition over.
PATIENCE: Final = timedelta(minutes=5)
PIECE: Final = 200  # institutions a transaction
_DAY: Final = timedelta(days=1)
_OF_A_FILE: Final = "in"  # how the rule of a requirement begins that no edition of the library knows
Clock = Callable[[], datetime]


class Refused(Exception):
    """Something that the rules do not allow; nothing was changed."""


class WrongMove(Refused):
    """The edition is not in the state from which this can be done: somebody was faster."""


class OwnEdition(Refused):
    """Nobody puts into force what they uploaded."""


class DayHasCome(Refused):
    """The edition is in force already: it cannot be taken back."""


class NotTheLast(Refused):
    """Another edition follows it, or has come in between: `code`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ReasonMissing(Refused):
    """Taking back names its reason."""


# --- the file ---------------------------------------------------------------------------------------


def base_now() -> Base:
    """What a new edition is held against: the last one there is, in force or to come. Six queries."""
    directive = Directive.objects.get(code=DIRECTIVE)
    last = Edition.objects.filter(directive=directive).order_by("in_force_from").last()
    if last is None:
        raise Edition.DoesNotExist(DIRECTIVE)
    requirements = {one.pk: one for one in Requirement.objects.filter(directive=directive).select_related("chapter")}
    if last.groups:
        rules = {
            pk: (applies, kinds) for pk, applies, kinds in last.items.values_list("requirement", "applies", "kinds")
        }
    else:
        rules = {
            pk: (one.applies, one.kinds) for pk, one in requirements.items() if not one.applies.startswith(_OF_A_FILE)
        }
    items = {
        one.code: BaseItem(
            one.code,
            one.chapter.code,
            Rule.parse(rules[pk][0], of_files=True),
            tuple(rules[pk][1]),
            one.measure is not None,
        )
        for pk, one in requirements.items()
        if pk in rules
    }
    # What a withdrawn edition brought along and nobody ever answered may be brought again.
    used = set(EditionItem.objects.values_list("requirement", flat=True))
    used |= set(
        StatusEntry.objects.filter(item__requirement__applies__startswith=_OF_A_FILE)
        .order_by()
        .values_list("item__requirement", flat=True)
        .distinct()
    )
    taken = {one.code for pk, one in requirements.items() if pk in used or not one.applies.startswith(_OF_A_FILE)}
    closed = list(
        Period.objects.exclude(state=PeriodState.OPEN).order_by("starts_on").values_list("starts_on", "ends_on")
    )
    return Base(
        code=last.code,
        in_force_from=last.in_force_from,
        editions=frozenset(Edition.objects.filter(directive=directive).values_list("code", flat=True)),
        items=dict(sorted(items.items())),
        chapters=frozenset(Chapter.objects.filter(directive=directive).values_list("code", flat=True)),
        taken=frozenset(taken),
        closed=lambda day: any(starts <= day <= ends for starts, ends in closed),
    )


def read_file(data: bytes) -> tuple[str, Coming]:
    """The text of a file and the edition in it. Raises `EditionRefused` with everything that is wrong."""
    if len(data) > LARGEST_FILE:
        raise EditionRefused([_of_the_file("too_large", most=LARGEST_FILE // 1024)])
    if not data.strip():
        raise EditionRefused([_of_the_file("empty")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EditionRefused([_of_the_file("not_utf8")]) from error
    return text, read(text.replace("\r\n", "\n"), base_now())


def _of_the_file(code: str, **params: Any) -> Problem:
    return Problem(code=code, line=0, item="", field="", params=params)


@transaction.atomic
def upload(data: bytes, *, name: str, by: User, now: datetime) -> ComingEdition:
    """Keep an edition that has no mistakes, and queue its preview. Raises `EditionRefused`."""
    text, coming = read_file(data)
    made = ComingEdition.objects.create(
        code=coming.code,
        in_force_from=coming.in_force_from,
        base=coming.base,
        file_name=name[:200],
        file_hash=hashlib.sha256(data).hexdigest(),
        text=text,
        uploaded_by=by,
        uploaded_at=now,
    )
    journal.write(
        "edition.upload",
        made,
        by=by,
        after={"code": made.code, "since": made.in_force_from.isoformat(), "sha256": made.file_hash},
        now=now,
    )
    hints.after_commit(WORK, edition=made.pk)
    return made


def content_of(coming: ComingEdition) -> Coming:
    """The edition in a kept file, held against what there is now. Raises `EditionRefused`, `NotTheLast`."""
    base = base_now()
    if base.code != coming.base:
        raise NotTheLast(base.code)
    return read(coming.text.replace("\r\n", "\n"), base)


# --- into the tables, and out ------------------------------------------------------------------------


@transaction.atomic
def establish(coming: ComingEdition) -> Edition:
    """Make the edition, its items and the requirements that are new. Raises `EditionRefused`, `NotTheLast`.

    The ledger knows nothing of it yet: for each institution, `ledger.sync` tells it.
    """
    content = content_of(coming)
    directive = Directive.objects.get(code=DIRECTIVE)
    before = Edition.objects.get(directive=directive, code=content.base)
    Edition.objects.filter(pk=before.pk).update(in_force_to=content.in_force_from - _DAY)
    edition = Edition.objects.create(
        directive=directive,
        code=content.code,
        in_force_from=content.in_force_from,
        provenance=content.provenance,
        groups=content.groups or _groups_of(before),
    )
    known = {one.code: one for one in Requirement.objects.filter(directive=directive)}
    chapters = {chapter.code: chapter for chapter in Chapter.objects.filter(directive=directive)}
    for item in content.items:
        if item.code not in known:
            known[item.code] = Requirement(directive=directive, code=item.code, sort_order=_LAST)
        if item.change != ItemChange.SAME and known[item.code].applies[:2] in ("", _OF_A_FILE):
            _write_requirement(known[item.code], item, chapters[item.chapter], content.code)
    EditionItem.objects.bulk_create(
        [
            EditionItem(
                edition=edition,
                requirement=known[item.code],
                change=item.change,
                answer=item.answer,
                parents=list(item.parents),
                applies=str(item.rule),
                kinds=list(item.kinds),
                texts=_differing(known[item.code], item.texts),
            )
            for item in content.items
        ]
    )
    put_in_order(directive)
    return edition


_LAST: Final = 32_767


def _groups_of(edition: Edition) -> list[dict[str, Any]]:
    """The facility groups in the form in which an edition keeps them, those of the library too."""
    grouping = Book.read().groupings[edition.code]
    return [
        {"number": group.number, "people_from": group.people_from, "settlements": sorted(group.settlements)}
        for group in grouping
    ]


def _write_requirement(requirement: Requirement, item: ComingItem, chapter: Chapter, edition: str) -> None:
    """A requirement that no earlier edition has: it obliges nobody but under the editions that name it."""
    requirement.chapter = chapter
    requirement.applies = f"{_OF_A_FILE}{edition}:none"
    requirement.kinds = list(item.kinds)
    for name, value in {"paragraph": "", "source": "", "validity_months": None, **item.texts}.items():
        setattr(requirement, name, value)
    requirement.save()


def _differing(requirement: Requirement, texts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in texts.items() if getattr(requirement, name) != value}


def put_in_order(directive: Directive) -> None:
    """Number the requirements as they are shown: by chapter, within it as they were, the new ones last."""
    ordered = Requirement.objects.filter(directive=directive).order_by("chapter__sort_order", "sort_order", "pk")
    moved = []
    for number, requirement in enumerate(ordered, start=1):
        if requirement.sort_order != number:
            requirement.sort_order = number
            moved.append(requirement)
    Requirement.objects.bulk_update(moved, ["sort_order"])


@transaction.atomic
def abolish(edition: Edition) -> None:
    """Take an edition out of the tables before its day; its requirements stay, on nobody's list."""
    before = Edition.objects.filter(directive=edition.directive_id, in_force_from__lt=edition.in_force_from)
    last = before.order_by("in_force_from").last()
    edition.delete()
    if last is not None:
        Edition.objects.filter(pk=last.pk).update(in_force_to=None)


@transaction.atomic
def take_effect(day: date) -> int:
    """Let the requirements read as the editions say that are in force on `day`; return how many changed.

    What they read before is kept with the item of the edition. Called when the register's day moves on.
    """
    begun = (
        EditionItem.objects.filter(edition__in_force_from__lte=day, before__isnull=True)
        .exclude(texts={})
        .select_related("requirement", "edition")
        .order_by("edition__in_force_from")
    )
    changed = 0
    for item in begun:
        requirement = item.requirement
        item.before = {name: getattr(requirement, name) for name in item.texts}
        for name, value in item.texts.items():
            setattr(requirement, name, value)
        requirement.save(update_fields=list(item.texts))
        item.save(update_fields=["before"])
        changed += 1
    return changed


# --- what people ask for ------------------------------------------------------------------------------


def move(coming: ComingEdition, sources: Iterable[EditionState], to: EditionState, **values: Any) -> None:
    """The conditional update that is the lock. Raises `WrongMove`."""
    found = ComingEdition.objects.filter(pk=coming.pk, state__in=list(sources))
    if found.update(state=to, **values) != 1:
        raise WrongMove(coming.pk)
    coming.refresh_from_db()


_FRESH: Final[dict[str, Any]] = {"claimed_at": None, "cursor": 0, "done": 0, "rows": 0, "failed": False}


@transaction.atomic
def preview_again(coming: ComingEdition, *, by: User, now: datetime) -> None:
    """Queue the preview once more: the register has moved on. Raises `WrongMove`."""
    move(coming, [EditionState.PREVIEWED], EditionState.DRAFT, **_FRESH)
    journal.write("edition.preview", coming, by=by, after={"code": coming.code}, now=now)
    hints.after_commit(WORK, edition=coming.pk)


@transaction.atomic
def enact(coming: ComingEdition, *, by: User, now: datetime) -> None:
    """Put a previewed edition into force on its day, and queue its way into the ledger.

    Raises `OwnEdition`, `WrongMove`, `EditionRefused` (its day lies in a quarter that was closed meanwhile, say), and
    `NotTheLast` where another edition has come in between.
    """
    if by.pk == coming.uploaded_by_id:
        raise OwnEdition(coming.pk)
    books.seize()
    move(
        coming,
        [EditionState.PREVIEWED],
        EditionState.ENTERING,
        scheduled_by=by,
        scheduled_at=now,
        **_FRESH,
    )
    edition = establish(coming)
    ComingEdition.objects.filter(pk=coming.pk).update(edition=edition)
    coming.refresh_from_db()
    journal.write(
        "edition.enact",
        coming,
        by=by,
        after={"code": coming.code, "since": coming.in_force_from.isoformat(), "sha256": coming.file_hash},
        now=now,
    )
    hints.after_commit(WORK, edition=coming.pk)


@transaction.atomic
def withdraw(coming: ComingEdition, *, by: User, note: str, now: datetime) -> None:
    """Take a scheduled edition back before its day, and queue its way out of the ledger.

    Raises `ReasonMissing`, `DayHasCome`, `NotTheLast`, `WrongMove`.
    """
    if not note.strip():
        raise ReasonMissing(coming.pk)
    if coming.in_force_from <= local_day(now):
        raise DayHasCome(coming.pk)
    books.seize()
    later = Edition.objects.filter(directive__code=DIRECTIVE, in_force_from__gt=coming.in_force_from)
    if coming.edition_id is not None and (follows := later.order_by("in_force_from").first()) is not None:
        raise NotTheLast(follows.code)
    move(
        coming,
        [EditionState.SCHEDULED],
        EditionState.WITHDRAWING,
        withdrawn_by=by,
        withdrawn_at=now,
        withdraw_note=note,
        **_FRESH,
    )
    if coming.edition is not None:
        abolish(coming.edition)
    coming.refresh_from_db()
    journal.write("edition.withdraw", coming, by=by, after={"code": coming.code, "note": note}, now=now)
    hints.after_commit(WORK, edition=coming.pk)


@transaction.atomic
def discard(coming: ComingEdition, *, by: User, now: datetime) -> None:
    """Throw a previewed edition away; that there was one stays known. Raises `WrongMove`."""
    move(coming, [EditionState.PREVIEWED], EditionState.DISCARDED)
    EditionEffect.objects.filter(coming=coming).delete()
    journal.write("edition.discard", coming, by=by, after={"code": coming.code}, now=now)


def try_again(coming: ComingEdition) -> None:
    """Let a worker go on where the work failed. Raises `WrongMove`."""
    found = ComingEdition.objects.filter(pk=coming.pk, failed=True)
    if found.update(failed=False, claimed_at=None) != 1:
        raise WrongMove(coming.pk)
    hints.after_commit(WORK, edition=coming.pk)


# --- the work on the ledger ----------------------------------------------------------------------------

_ENDS: Final = {
    EditionState.ENTERING: (EditionState.SCHEDULED, "edition"),
    EditionState.WITHDRAWING: (EditionState.WITHDRAWN, "edition-back"),
}


def overdue(now: datetime) -> list[int]:
    """Keys of editions that wait for a worker: a message was lost, or a worker is gone."""
    waiting = ComingEdition.objects.filter(state__in=sorted(BUSY_EDITIONS), failed=False)
    waiting = waiting.filter(Q(claimed_at=None) | Q(claimed_at__lt=now - PATIENCE))
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def claim(pk: int, *sources: EditionState, to: EditionState, now: datetime) -> ComingEdition | None:
    """Take an edition that waits for a worker, or whose worker is gone; None where somebody else has it."""
    waiting = ComingEdition.objects.filter(pk=pk, state__in=[*sources, to])
    taken = waiting.filter(Q(claimed_at=None) | Q(claimed_at__lt=now - PATIENCE)).update(state=to, claimed_at=now)
    return ComingEdition.objects.get(pk=pk) if taken else None


def spread(pk: int, *, clock: Clock) -> ComingEdition | None:
    """Bring all institutions' ledgers in step with an edition that came or went; None where it is not to be done.

    A piece is a transaction that reads the cursor under a lock: killed at any point, nothing is half done, and of two
    workers each institution is done by one.
    """
    state = ComingEdition.objects.filter(pk=pk).values_list("state", flat=True).first()
    if state not in _ENDS:
        return None
    doing = EditionState(state)
    coming = claim(pk, to=doing, now=clock())
    if coming is None:
        return None
    while _spread_piece(pk, doing, now=clock()):
        pass
    coming.refresh_from_db()
    return coming


@transaction.atomic
def _spread_piece(pk: int, doing: EditionState, *, now: datetime) -> bool:
    """The next institutions; False once there are none left, and the edition is then where it was to go."""
    books.seize()
    coming = ComingEdition.objects.select_for_update(of=("self",)).get(pk=pk)
    if coming.state != doing:
        return False
    end, ref = _ENDS[doing]
    institutions = list(Institution.objects.filter(pk__gt=coming.cursor).order_by("pk")[:PIECE])
    if not institutions:
        move(coming, [doing], end, claimed_at=None)
        if end == EditionState.SCHEDULED:
            take_effect(RegisterDay.current())
        return False
    rows = ledger.sync_many([ledger.Changed(one, Cause.EDITION, f"{ref}:{pk}") for one in institutions], now=now)
    ComingEdition.objects.filter(pk=pk).update(
        cursor=institutions[-1].pk,
        done=F("done") + len(institutions),
        rows=F("rows") + rows,
        claimed_at=now,
    )
    return True


def percent_done(coming: ComingEdition) -> int:
    """How far a worker is, in whole percent; 100 where nobody is at work. A query while somebody is."""
    if not coming.is_busy:
        return 100
    everybody = Institution.objects.count()
    return min(99, 100 * coming.done // everybody) if everybody else 0
