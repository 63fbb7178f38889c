"""A frozen sheet becomes a document: the institution, the counts, and its list with every answer and its proof."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date as Date
from typing import Final

from reporting.brief.annex_words import ANNEX
from reporting.brief.checks_words import check_sheet
from reporting.brief.composing import seal_notes, verification_of
from reporting.brief.document import Block, Bullets, ColumnGroup, Document, Paragraph, Row, Section, Table
from reporting.brief.imprint import Imprint
from reporting.brief.languages import words_of
from reporting.brief.sheet_facts import ALL, STATUSES, Chapter, Item, Sheet, items_of
from reporting.brief.sheet_words import NOTHING, SheetWords, sheet_words_of
from reporting.numerals import NO_BREAK_SPACE as NBSP

FACTS, COUNTS, ITEMS = "sheet-facts", "sheet-counts", "sheet"
PARTS: Final = (ALL, *STATUSES)


def compose(snapshot: Sheet, imprint: Imprint) -> Document:
    """Write the sheet of `snapshot` under its `imprint`. Raises `LanguageNotWritten`."""
    words, fixed = sheet_words_of(snapshot["lang"]), words_of(snapshot["lang"]).fixed
    about = snapshot["institution"]
    annex = ANNEX[words.lang]
    return Document(
        lang=words.lang,
        ministry=fixed.ministry,
        title=words.title,
        running_title=words.running_title(about["bin"]),
        subtitle=words.subtitle(words.name_of(about), Date.fromisoformat(snapshot["as_of"])),
        number=f"{fixed.numero}{NBSP}{imprint.number}",
        date=imprint.date,
        date_text=words_of(words.lang).day(imprint.date),
        # A dated extract: a later answer makes another one, and does not change this.
        provisional="",
        provisional_mark="",
        sections=tuple(_sections(snapshot, words, imprint)),
        places={},
        official_mark=annex.official_mark,
        records_url=imprint.records_url,
        verification=verification_of(imprint, annex) if imprint.code else None,
        compact=True,
    )


def note_of(item: Item, words: SheetWords, year: int) -> str:
    """Where an item stands in the wording of a year, and whether the report alone counts it."""
    said = (words.cite(item["paragraph"], year), "" if item["obliged"] else words.only_counted)
    return "; ".join(part for part in said if part)


def proof_of(item: Item, words: SheetWords) -> str:
    """The document that proves an item's answer; a dash where there is none."""
    answer = item["answer"]
    proof = answer and answer["proof"]
    return words.proof(proof, words.day(proof["issued_on"])) if proof else NOTHING


def edition_year(sheet: Sheet) -> int:
    return Date.fromisoformat(sheet["edition"]["in_force_from"]).year


def _sections(sheet: Sheet, words: SheetWords, imprint: Imprint) -> Iterator[Section]:
    yield Section(words.about_title, tuple(_about(sheet, words)))
    yield Section(words.counts_title, tuple(_counts(sheet, words)))
    yield Section(words.items_title, () if sheet["chapters"] else (Paragraph(words.nothing_listed),))
    for chapter in sheet["chapters"]:
        yield Section(words.title_of(chapter), (_list(chapter, words, edition_year(sheet)),), level=2)
    yield Section(words.notes_title, (_notes(sheet, words),))
    if imprint.checks:
        yield _checks(imprint, words)


def _about(sheet: Sheet, words: SheetWords) -> Iterator[Block]:
    about = sheet["institution"]
    values = (
        words.name_of(about),
        about["bin"],
        words.kinds[about["kind"]],
        words.ownerships[about["ownership"]],
        *words.place_of(about),
        words.number(about["people"]),
        words.group(about["group"]),
    )
    yield Paragraph(words.legal_basis)
    yield Table(
        label="",
        caption=words.facts_caption,
        corner=words.facts_head[0],
        groups=(ColumnGroup(words.facts_head[1], ("",)),),
        bodies=(tuple(Row(label, (value,)) for label, value in zip(words.facts, values, strict=True)),),
        foot=None,
        style=FACTS,
    )
    if about["lifecycle"] in words.not_open:
        yield Paragraph(words.not_open[about["lifecycle"]])


def _counts(sheet: Sheet, words: SheetWords) -> Iterator[Block]:
    cells = tuple(words.number(sheet["counts"][part]) for part in PARTS)
    yield Table(
        label="",
        caption=words.counts_caption,
        corner=words.counts_head,
        groups=tuple(ColumnGroup(column, ("",)) for column in words.count_columns),
        bodies=((Row(words.counts_row, cells, doors=tuple(f"part={part}" for part in PARTS)),),),
        foot=None,
        style=COUNTS,
    )
    if others := sum(not item["obliged"] for item in items_of(sheet)):
        yield Paragraph(words.counted_only(others))


def _list(chapter: Chapter, words: SheetWords, year: int) -> Table:
    return Table(
        label="",
        caption="",
        corner=words.items_head,
        groups=tuple(ColumnGroup(column, ("",)) for column in words.columns),
        bodies=(tuple(_row(item, words, year) for item in chapter["items"]),),
        foot=None,
        style=ITEMS,
    )


def _row(item: Item, words: SheetWords, year: int) -> Row:
    answer = item["answer"]
    cells = (
        words.statuses[item["status"]],
        words.day(item["since"]),
        words.day(answer and answer["approved_on"]),
        proof_of(item, words),
        words.day(answer and answer["valid_until"]),
    )
    return Row(words.title_of(item), cells, item["status"], note=note_of(item, words, year))


def _notes(sheet: Sheet, words: SheetWords) -> Bullets:
    as_of, known_on = (Date.fromisoformat(day) for day in (sheet["as_of"], sheet["known_on"]))
    notes = [words.day_note(as_of, known_on), *words.notes]
    end = sheet["ledger"]
    if end["rows"]:
        notes.append(words.ledger_note(end["rows"], end["hash"]))
    return Bullets((*notes, *seal_notes(sheet.get("seal"), words_of(sheet["lang"]))))


def _checks(imprint: Imprint, words: SheetWords) -> Section:
    """The check sheet in the words of a sheet; its heading is caption enough."""
    section = check_sheet(imprint.checks, words.lang, words.number)
    said = words.checked(len(imprint.checks), sum(one.compared for one in imprint.checks))
    tables = (replace(block, caption="") for block in section.blocks if isinstance(block, Table))
    return replace(section, blocks=(Paragraph(said), *tables))
