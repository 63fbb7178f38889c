"""What is unusual about an answer that waits for a decision, in words for the approver.

The conditions of approval in bulk are those of `querysets.clean_conditions`, asked of the database; here they
only get their words. Beside them stand hints that hold up nothing: they say where to look twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from compliance.enums import Status
from compliance.models import StatusEntry
from compliance.periods import quarter_of
from compliance.querysets import clean_conditions
from institutions.models import User

# An answer about something true since longer than this is worth asking why it comes now.
LONG_AGO: Final = timedelta(days=180)

_RANK: Final = {Status.NOT_MET: 0, Status.PARTLY_MET: 1, Status.MET: 2}

_WORDS: Final = {
    "status": _("not fully met"),
    "ended": _("the answer has ended already"),
    "document_ended": _("the document has ended"),
    "no_document": _("no document on a measure of the brief"),
    "moved_on": _("the item was decided since it was written"),
    "not_listed": _("no longer on the list"),
}


@dataclass(frozen=True, slots=True)
class Flag:
    """`odd`: keeps the entry out of approval in bulk; otherwise only a hint."""

    text: str
    odd: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry of the queue with what is unusual about it."""

    entry: StatusEntry
    flags: list[Flag]
    own: bool

    @property
    def clean(self) -> bool:
        return not any(flag.odd for flag in self.flags)

    @property
    def mark(self) -> str:
        """Names the entry and the content that was shown: `key:hash`."""
        return f"{self.entry.pk}:{self.entry.content_hash}"


def look(entries: Iterable[StatusEntry], *, reader: User, day: date) -> list[Waiting]:
    """Entries of `with_context().with_oddities(day)` with their flags, as `reader` sees them. No query."""
    return [Waiting(entry=entry, flags=_flags(entry, day), own=reader.pk in entry.hands) for entry in entries]


def _flags(entry: StatusEntry, day: date) -> list[Flag]:
    odd = [
        Flag(_status_words(entry) if name == "status" else str(_WORDS[name]), odd=True)
        for name in clean_conditions(day)
        if getattr(entry, f"odd_{name}")
    ]
    return odd + [Flag(text, odd=False) for text in _hints(entry, day)]


def _status_words(entry: StatusEntry) -> str:
    if entry.status == Status.NOT_APPLICABLE:
        return gettext("asks for an exception")
    before = _RANK.get(Status(entry.item.status))
    if before is not None and _RANK[Status(entry.status)] < before:
        return gettext("worse than before")
    return str(_WORDS["status"])


def _hints(entry: StatusEntry, day: date) -> list[str]:
    hints = []
    document_end = entry.evidence.valid_until if entry.evidence else None
    ends = [end for end in (entry.valid_until, document_end) if end is not None]
    if ends and day <= min(ends) < quarter_of(day)[2]:
        hints.append(gettext("the proof ends before the quarter does"))
    if document_end and entry.valid_until and document_end < entry.valid_until:
        hints.append(gettext("the document ends before the answer does"))
    if day - entry.effective_on > LONG_AGO:
        hints.append(gettext("true since long ago"))
    return hints
