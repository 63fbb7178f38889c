"""The gate of an institution's sheet: its words read back and held against what was frozen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl

from django.db import models
from django.utils.translation import gettext_lazy

from reporting.brief.document import Document, Row, Table
from reporting.brief.imprint import Imprint
from reporting.brief.sheet_composing import COUNTS, FACTS, ITEMS, PARTS, compose, edition_year, note_of, proof_of
from reporting.brief.sheet_facts import (
    ALL,
    NOT_APPLICABLE,
    NOT_MET,
    STATUSES,
    UNKNOWN,
    Chapter,
    GivenAnswer,
    Item,
    Sheet,
    items_behind,
    items_of,
)
from reporting.brief.sheet_words import SheetWords, read_day, sheet_words_of
from reporting.gate import UNREADABLE, Compared, GateRule, Outcome, outcome_of, sealed, unreadable, words_whole
from reporting.records import Records

_DAY: Final = timedelta(days=1)


class SheetRule(models.TextChoices):
    """What a sheet's data and words must fulfil, besides the gate's rules for texts."""

    LISTS_EVERY_ITEM = "sheet_lists_every_item", gettext_lazy("a requirement is missing, doubled or out of place")
    COUNTS_ADD_UP = "sheet_counts_add_up", gettext_lazy("the numbers of answers do not add up")
    STATUSES = "sheet_statuses", gettext_lazy("a status is not what was frozen, or does not follow from its answer")
    DAYS = "sheet_days", gettext_lazy("a day is not what was frozen, or out of order")


def check(snapshot: Any, records: Records, imprint: Imprint, city_lines_region: Mapping[str, str]) -> Outcome:
    """Hold a sheet's finished words against themselves and its snapshot, in which its records are frozen: it has no
    others. Words that cannot be read back, or a snapshot without its parts, are a finding too."""
    try:
        held = _Held(snapshot, imprint)
        outcome = Outcome((), ())
        for rule, listed in CHECKS.items():
            outcome += outcome_of(rule, listed(held))
        return outcome
    except UNREADABLE as broken:
        return unreadable(broken)


@dataclass
class _Held:
    """A sheet in the hand: what was frozen, and its finished words."""

    sheet: Sheet
    imprint: Imprint
    document: Document = field(init=False)
    words: SheetWords = field(init=False)

    def __post_init__(self) -> None:
        self.document = compose(self.sheet, replace(self.imprint, checks=()))
        self.words = sheet_words_of(self.sheet["lang"])

    def tables(self, style: str) -> list[Table]:
        return [block for block in self.document.blocks() if isinstance(block, Table) and block.style == style]

    @cached_property
    def rows(self) -> list[tuple[Item, Row]]:
        """Each frozen item with the row that prints it. Raises `ValueError` where there are not as many."""
        printed = [row for table in self.tables(ITEMS) for body in table.bodies for row in body]
        return list(zip(items_of(self.sheet), printed, strict=True))


def _lists_every_item(held: _Held) -> Iterator[Compared]:
    words, chapters = held.words, held.sheet["chapters"]
    codes = [item["code"] for item in items_of(held.sheet)]
    yield Compared(len(set(codes)), len(codes))
    yield Compared(len({chapter["code"] for chapter in chapters}), len(chapters))
    headings = [section.title for section in held.document.sections if section.level > 1]
    for chapter, table, heading in zip(chapters, held.tables(ITEMS), headings, strict=True):
        yield Compared(heading, words.title_of(chapter), chapter["code"])
        yield Compared(sum(len(body) for body in table.bodies), len(chapter["items"]), chapter["code"])
        yield Compared(bool(chapter["items"]) and _titled(chapter), True, chapter["code"])
    for item, row in held.rows:
        yield Compared(row.heading, words.title_of(item), item["code"])
        yield Compared(row.note, note_of(item, words, edition_year(held.sheet)), item["code"])
        yield Compared(_titled(item), True, item["code"])
    about = held.sheet["institution"]
    for table in held.tables(FACTS):
        printed = dict(zip(words.facts, (row.cells[0] for body in table.bodies for row in body), strict=True))
        yield Compared(printed[words.facts[0]], words.name_of(about))
        yield Compared(printed[words.facts[1]], held.sheet["scope"]["code"])
        yield Compared(bool(re.fullmatch(r"\d{12}", about["bin"])) and all(printed.values()), True)


def _titled(titled: Item | Chapter) -> bool:
    return all(title.strip() for title in (titled["title_kk"], titled["title_ru"], titled["title_en"]))


def _counts_add_up(held: _Held) -> Iterator[Compared]:
    counts = held.sheet["counts"]
    yield Compared(sorted(counts), sorted(PARTS))
    yield Compared(counts[ALL], sum(counts[status] for status in STATUSES))
    tallied = Counter(item["status"] for item in items_of(held.sheet) if item["obliged"])
    for status in STATUSES:
        yield Compared(counts[status], tallied[status], status)
    (table,) = held.tables(COUNTS)
    for body in table.bodies:
        for row in body:
            yield Compared(len(row.pieces), len(PARTS))
            for piece, part in zip(row.pieces, PARTS, strict=True):
                asked = dict(parse_qsl(piece.door))
                yield Compared(asked, {"part": part}, part)
                yield Compared(int(re.sub(r"\D", "", piece.text)), len(items_behind(held.sheet, part)), part)


def _statuses(held: _Held) -> Iterator[Compared]:
    """As printed, and as the answers make them: a met requirement whose answer has ended is no longer met."""
    as_of = date.fromisoformat(held.sheet["as_of"])
    of_word = {word: status for status, word in held.words.statuses.items()}
    for item, row in held.rows:
        yield Compared(of_word.get(row.cells[0]), item["status"], item["code"])
        yield Compared(item["status"], _status_by(item["answer"], as_of), item["code"])
        yield Compared(row.role, item["status"], item["code"])


def _status_by(answer: GivenAnswer | None, as_of: date) -> str:
    if answer is None:
        return UNKNOWN
    if _ended(answer, as_of):
        return UNKNOWN if answer["status"] == NOT_APPLICABLE else NOT_MET
    return answer["status"]


def _ended(answer: GivenAnswer, as_of: date) -> bool:
    until = answer["valid_until"]
    return until is not None and answer["status"] != NOT_MET and date.fromisoformat(until) < as_of


def _days(held: _Held) -> Iterator[Compared]:
    sheet, words = held.sheet, held.words
    as_of, known_on = date.fromisoformat(sheet["as_of"]), date.fromisoformat(sheet["known_on"])
    period = sheet["period"]
    starts_on = date(period["year"], 3 * period["quarter"] - 2, 1)
    yield Compared(as_of <= known_on, True)
    yield Compared(known_on <= held.imprint.date, True)
    yield Compared(0 <= (as_of - starts_on).days < 92, True)
    yield Compared(date.fromisoformat(sheet["edition"]["in_force_from"]) <= as_of, True)
    for item, row in held.rows:
        answer = item["answer"]
        printed = [read_day(row.cells[at], words.lang) for at in (1, 2, 4)]
        frozen = [item["since"], answer and answer["approved_on"], answer and answer["valid_until"]]
        yield Compared(printed, frozen, item["code"])
        yield Compared(row.cells[3], proof_of(item, words), item["code"])
        yield Compared(item["since"], answer and _since(answer, as_of), item["code"])
        if answer:
            since, approved = date.fromisoformat(item["since"] or ""), date.fromisoformat(answer["approved_on"])
            yield Compared(since <= as_of and approved <= known_on, True, item["code"])


def _since(answer: GivenAnswer, as_of: date) -> str:
    if answer["valid_until"] and _ended(answer, as_of):
        return (date.fromisoformat(answer["valid_until"]) + _DAY).isoformat()
    return answer["effective_on"]


def _words_whole(held: _Held) -> Iterator[Compared]:
    return words_whole(held.document)


def _number_and_language(held: _Held) -> Iterator[Compared]:
    sheet, period = held.sheet, held.sheet["period"]
    number = rf"117-{period['year']}-{period['quarter']}/[1-9]\d*"
    yield Compared(bool(re.fullmatch(number, held.imprint.number)), True)
    yield Compared(held.document.lang, sheet["lang"])
    yield Compared(period["code"], f"{period['year']}Q{period['quarter']}")
    yield Compared(sheet["scope"], {"kind": "institution", "code": sheet["institution"]["bin"]})
    yield Compared(bool(held.document.official_mark), True)
    end = sheet["ledger"]
    yield Compared(bool(re.fullmatch(r"[0-9a-f]{64}", end["hash"])), end["rows"] > 0)
    yield Compared(end["rows"] >= len(items_of(sheet)), True)
    yield from sealed(sheet.get("seal"), date.fromisoformat(sheet["known_on"]))


CHECKS: Final[Mapping[models.TextChoices, Callable[[_Held], Iterator[Compared]]]] = {
    SheetRule.LISTS_EVERY_ITEM: _lists_every_item,
    SheetRule.COUNTS_ADD_UP: _counts_add_up,
    SheetRule.STATUSES: _statuses,
    SheetRule.DAYS: _days,
    GateRule.WORDS_WHOLE: _words_whole,
    GateRule.NUMBER_AND_LANGUAGE: _number_and_language,
}
