"""What is unusual about an answer that waits for a decision, in words for the approver.

The conditions of approval in bulk are those of `querysets.clean_conditions`, asked of the database; here they
get their words, and `reuse` says where else evidence stands. Beside them stand hints that hold up nothing: they say
where to look twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from compliance import reuse
from compliance.enums import Status
from compliance.models import StatusEntry
from compliance.periods import quarter_of
from compliance.querysets import clean_conditions
from compliance.reuse import Elsewhere, Reuse
from institutions.models import User

# An answer about something true since longer than this is worth asking why it comes now.
LONG_AGO: Final = timedelta(days=180)

NAMED: Final = 3  # institutions that a flag names; there may be hundreds

_RANK: Final = {Status.NOT_MET: 0, Status.PARTLY_MET: 1, Status.MET: 2}

_WORDS: Final = {
    "status": _("not fully met"),
    "ended": _("the answer has ended already"),
    "document_ended": _("the document has ended"),
    "document_revoked": _("the document was revoked"),
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
    step: str  # what the reader may do next (`Step`); empty: nothing

    @property
    def clean(self) -> bool:
        return not any(flag.odd for flag in self.flags)

    @property
    def mark(self) -> str:
        """Names the entry and the content that was shown: `key:hash`."""
        return f"{self.entry.pk}:{self.entry.content_hash}"


def look(entries: Iterable[StatusEntry], *, reader: User, day: date) -> list[Waiting]:
    """Entries of `with_context().with_oddities(day).with_step(reader)` with their flags, as `reader` sees them.

    At most four queries.
    """
    rows = list(entries)
    found = reuse.of_entries(rows, reader=reader)
    return [
        Waiting(
            entry=entry,
            flags=_flags(entry, day, found.get(entry.pk, reuse.NOWHERE)),
            own=reader.pk in entry.hands,
            step=entry.step,  # type: ignore[attr-defined]  # annotated
        )
        for entry in rows
    ]


def _flags(entry: StatusEntry, day: date, found: Reuse) -> list[Flag]:
    odd = [
        Flag(_words(name, entry, found), odd=True) for name in clean_conditions(day) if getattr(entry, f"odd_{name}")
    ]
    hints = _hints(entry, day)
    if found.shared:
        hints.append(_with_places(gettext("the document also serves: %(where)s"), found.shared))
    return odd + [Flag(text, odd=False) for text in hints]


def _words(condition: str, entry: StatusEntry, found: Reuse) -> str:
    match condition:
        case "status":
            return _status_words(entry)
        case "photo_elsewhere":
            # Translators: %(where)s is a list of institutions
            return _with_places(gettext("the same photo stands at: %(where)s"), found.photos)
        case "document_elsewhere":
            # Translators: %(where)s is a list of institutions
            return _with_places(gettext("a document with this number stands at: %(where)s"), found.copied)
        case _:
            return str(_WORDS[condition])


def _with_places(sentence: str, elsewhere: Elsewhere) -> str:
    """The sentence with the institutions that the reader sees by name, and the others by count."""
    named = [institution.name for institution in elsewhere.seen[:NAMED]]
    more = len(elsewhere.seen) - len(named)
    if more:
        named.append(ngettext("%(count)s more of yours", "%(count)s more of yours", more) % {"count": more})
    if elsewhere.outside:
        # Translators: stands in a list of names: "School 5, an institution outside your region"
        outside = ngettext(
            "an institution outside your region", "%(count)s institutions outside your region", elsewhere.outside
        )
        named.append(outside % {"count": elsewhere.outside})
    return sentence % {"where": ", ".join(named)}


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
