"""The statuses of institutions' checklists as a file, in the columns in which a list of answers comes back.

The answer, its days and its document are those that are approved and hold; an item that nobody has answered has an
empty answer, which says nothing when it comes in. Behind them stands what is only to be read: what the item counts as
today, and what is declared and verified. Read and written in pieces, four queries for each two hundred institutions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from django.db import models
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from compliance.enums import EntryState, ImportKind, Measure, Status
from compliance.imports import columns
from compliance.ledger.cells import chunked
from compliance.models import ChecklistItem, Finding, Requirement, StatusEntry
from institutions import journal, tables
from institutions.clock import local_day
from institutions.models import User
from institutions.querysets import InstitutionQuerySet
from institutions.tables import Value

_CHUNK: Final = 200
FORMATS: Final[Mapping[str, str]] = MappingProxyType({"csv": f"{tables.CSV}; charset=utf-8", "xlsx": tables.XLSX})


class About(models.TextChoices):
    """Which requirements an export is about."""

    MEASURES = "measures", gettext_lazy("the five measures of the brief")
    ALL = "all", gettext_lazy("all requirements")


# Institutions in a workbook, all of which is written before its first byte is sent.
MOST_IN_A_WORKBOOK: Final = MappingProxyType({About.MEASURES: 20_000, About.ALL: 2_000})


@dataclass(frozen=True, slots=True)
class _Words:
    """Words in the language of the request: the file is sent on when the request, and its language, is over."""

    name: str  # the column of the institution's name
    titles: Mapping[int, tuple[str, str]]  # requirement key → code and title, in the order of the Order
    statuses: Mapping[str, str]

    @classmethod
    def now(cls, about: About) -> _Words:
        asked = Requirement.objects.select_related("chapter").order_by("chapter__sort_order", "sort_order")
        if about == About.MEASURES:
            asked = asked.filter(measure__in=Measure.values)
        return cls(
            "institution__name_ru" if get_language() == "ru" else "institution__name_kk",
            {requirement.pk: (requirement.code, requirement.title) for requirement in asked},
            {str(value): str(label) for value, label in Status.choices},
        )


def export(
    institutions: InstitutionQuerySet,
    file_format: str,
    about: About,
    *,
    by: User,
    asked: Mapping[str, str],
    now: datetime,
) -> Iterator[bytes]:
    """Note the export with the filters that were `asked` for, and return the file in pieces, in the language of now."""
    keys = list(institutions.values_list("pk", flat=True))
    after = {"institutions": len(keys), "about": about.value, **asked}
    journal.write("status.export", f"export:{file_format}", by=by, after=after, now=now)
    written = [*columns.written_columns(ImportKind.ANSWERS), *columns.STATUS_NOTES]
    headings = columns.headings(written, get_language() or "kk")
    lines = _lines(keys, _Words.now(about), local_day(now))
    if file_format == "csv":
        return tables.csv_pieces(headings, lines)
    widths = [column.width for column in written]
    return tables.xlsx_pieces(sheet=_("List"), headings=headings, widths=widths, rows=lines)


def _lines(keys: Sequence[int], words: _Words, today: date) -> Iterator[list[Value]]:
    order = {pk: place for place, pk in enumerate(words.titles)}
    for chunk in chunked(keys, _CHUNK):
        place = {pk: number for number, pk in enumerate(chunk)}
        items = ChecklistItem.objects.listed().filter(institution__in=chunk, requirement__in=list(order)).order_by()
        rows = list(items.values_list("institution", "requirement", "pk", "institution__bin", words.name, "status"))
        rows.sort(key=lambda row: (place[row[0]], order[row[1]]))
        standing, declared, found = _standing(chunk, order, today), _declared(chunk, order), _found(chunk, order)
        for _institution, requirement, item, bin_number, name, status in rows:
            code, title = words.titles[requirement]
            answer = standing.get(item)
            seen = found.get(item)
            yield [
                bin_number,
                code,
                *_answer(answer, words),
                name,
                title,
                words.statuses[status],
                words.statuses[declared.get(item, status)],
                words.statuses[seen[0]] if seen else None,
                _day(seen[1]) if seen else None,
            ]


_ANSWER: Final = (
    "item", "status", "effective_on", "valid_until", "note", "evidence__number", "evidence__issuer",
    "evidence__issued_on", "evidence__valid_until",
)  # fmt: skip


def _standing(chunk: Sequence[int], requirements: Collection[int], today: date) -> dict[int, tuple[Any, ...]]:
    """The approved answer of each item that holds, as `answers` reads it: the latest to begin, decided last."""
    entries = StatusEntry.objects.in_force().filter(
        item__institution__in=chunk, item__requirement__in=list(requirements), effective_on__lte=today
    )
    rows = entries.order_by("effective_on", "decided_at", "pk").values_list(*_ANSWER)
    return {item: answer for item, *answer in rows}


def _answer(answer: Sequence[Any] | None, words: _Words) -> list[Value]:
    if answer is None:
        return [None] * (len(_ANSWER) - 1)
    status, since, until, note, number, issuer, issued_on, ends = answer
    said = " ".join(note.split())
    return [words.statuses[status], _day(since), _day(until), said or None, number, issuer, _day(issued_on), _day(ends)]


def _declared(chunk: Sequence[int], requirements: Collection[int]) -> dict[int, str]:
    """What the answers that wait for a decision say."""
    waiting = StatusEntry.objects.filter(
        item__institution__in=chunk, item__requirement__in=list(requirements), state=EntryState.SUBMITTED
    )
    return dict(waiting.order_by("pk").values_list("item", "status"))


def _found(chunk: Sequence[int], requirements: Collection[int]) -> dict[int, tuple[str, date]]:
    """What was found last, and when."""
    findings = Finding.objects.filter(
        item__institution__in=chunk, item__requirement__in=list(requirements), inspection__revoked_at=None
    ).order_by("inspection__held_on", "inspection__recorded_at", "inspection", "pk")
    rows = findings.values_list("item", "status", "inspection__held_on")
    return {item: (status, held_on) for item, status, held_on in rows}


def _day(day: date | None) -> str | None:
    return None if day is None else day.strftime("%d.%m.%Y")
