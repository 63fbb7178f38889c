"""The gate of a sheet: a clean one passes, and whatever is changed in it, in its words or on its page is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from reporting import gate, kinds, rendering, sheet_checks
from reporting.brief import sheet_composing
from reporting.brief.checks_words import CODES
from reporting.brief.document import Document, Table
from reporting.brief.imprint import Imprint
from tests.reporting.sheet_snapshots import answer, item, sheet_2026q2

IMPRINT = Imprint("117-2026-2/5", date(2026, 5, 20), code="7F3K9M2Q5T8W", site="https://qalqan.example")
RULES = (
    "sheet_lists_every_item", "sheet_counts_add_up", "sheet_statuses", "sheet_days", "words_whole",
    "number_and_language",
)  # fmt: skip


def rules_broken(sheet: Any, imprint: Imprint = IMPRINT) -> set[str]:
    outcome = kinds.check(sheet, {}, imprint, city_lines_region={})
    return {finding.rule.value for finding in outcome.findings}


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_a_clean_sheet_passes_every_check(lang):
    outcome = kinds.check(sheet_2026q2(lang), {}, IMPRINT, city_lines_region={})
    assert outcome.findings == ()
    assert [result.code for result in outcome.results] == list(RULES)
    assert min(result.compared for result in outcome.results) > 5
    assert set(RULES) <= set(CODES)


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_a_clean_page_says_what_was_written_and_its_figures_open_their_items(lang):
    sheet = sheet_2026q2(lang)
    document = kinds.compose(sheet, IMPRINT)
    html = rendering.render_html(sheet, IMPRINT)
    outcome = gate.check_page(html, document)
    assert outcome.findings == ()
    doors = [piece.door for piece in gate.pieces_of(document) if piece.door]
    assert doors == [f"part={part}" for part in ("all", "met", "partly_met", "not_met", "unknown", "not_applicable")]
    assert 'href="https://qalqan.example/briefs/c/7F3K9M2Q5T8W/institutions/?part=not_met"' in html
    end = "31\u00a0Dec\u00a02026" if lang == "en" else "31.12.2026"
    assert gate.check_page(html.replace(end, end.replace("2026", "2027")), document).findings


# --- faults in what was frozen ----------------------------------------------------------------------

Change = Callable[[dict[str, Any]], object]


def listed(sheet: dict[str, Any], code: str) -> dict[str, Any]:
    return next(one for chapter in sheet["chapters"] for one in chapter["items"] if one["code"] == code)


def changed(code: str, **fields: Any) -> Change:
    return lambda sheet: listed(sheet, code).update(fields)


def answered(code: str, **fields: Any) -> Change:
    return lambda sheet: listed(sheet, code)["answer"].update(fields)


def added(sheet: dict[str, Any]) -> None:
    sheet["chapters"][0]["items"].append(item("EXTRA", "met", answer("met", "2026-01-01")))


FAULTS: list[tuple[str, Change, str]] = [
    ("an item twice", lambda s: s["chapters"][0]["items"].append(listed(s, "CCTV")), "sheet_lists_every_item"),
    ("a chapter twice", lambda s: s["chapters"].append(s["chapters"][0]), "sheet_lists_every_item"),
    ("an empty chapter", lambda s: s["chapters"][0].update(items=[]), "sheet_lists_every_item"),
    ("a title missing", changed("POST", title_ru=" "), "sheet_lists_every_item"),
    ("another institution", lambda s: s["institution"].update(bin="420640192482"), "sheet_lists_every_item"),
    ("no name", lambda s: s["institution"].update(name_kk=""), "sheet_lists_every_item"),
    ("an item lost", lambda s: s["chapters"][1]["items"].pop(), "sheet_counts_add_up"),
    ("an item added", added, "sheet_counts_add_up"),
    ("a count too high", lambda s: s["counts"].update(met=2), "sheet_counts_add_up"),
    ("two counts exchanged", lambda s: s["counts"].update(met=2, unknown=0), "sheet_counts_add_up"),
    ("a total too low", lambda s: s["counts"].update(all=4), "sheet_counts_add_up"),
    ("obliged instead of counted", changed("GUARD", obliged=True), "sheet_counts_add_up"),
    ("counted instead of obliged", changed("CCTV", obliged=False), "sheet_counts_add_up"),
    ("a status without its answer", changed("LIGHT", status="met"), "sheet_statuses"),
    ("met after its end", changed("ALARM", status="met"), "sheet_statuses"),
    ("an answer that says otherwise", answered("POST", status="met"), "sheet_statuses"),
    ("an end moved to the past", answered("GUARD", valid_until="2026-05-19"), "sheet_statuses"),
    ("an exception that has ended", answered("FENCE", valid_until="2026-05-01"), "sheet_statuses"),
    ("an answer that was taken away", changed("CCTV", answer=None), "sheet_statuses"),
    ("since another day", changed("CCTV", since="2022-09-02"), "sheet_days"),
    ("since before its end", changed("ALARM", since="2025-04-01"), "sheet_days"),
    ("approved before it was known", answered("CCTV", approved_on="2026-05-21"), "sheet_days"),
    ("as of after it was known", lambda s: s.update(known_on="2026-05-19"), "sheet_days"),
    ("known after it was dated", lambda s: s.update(known_on="2026-05-21"), "sheet_days"),
    ("a day outside the quarter", lambda s: s.update(as_of="2026-03-31"), "sheet_days"),
    ("an edition to come", lambda s: s["edition"].update(in_force_from="2026-07-12"), "sheet_days"),
    ("a gap in a proof", lambda s: listed(s, "GUARD")["answer"]["proof"].update(number="{}"), "words_whole"),
    ("another quarter's code", lambda s: s["period"].update(code="2026Q1"), "number_and_language"),
    ("another kind", lambda s: s["scope"].update(code="KZ"), "number_and_language"),
    ("a ledger without its hash", lambda s: s["ledger"].update(hash=""), "number_and_language"),
    ("a ledger shorter than the list", lambda s: s["ledger"].update(rows=2), "number_and_language"),
    ("a day that is none", changed("CCTV", since="2022-13-01"), "differs_from_records"),
    ("no counts", lambda s: s.pop("counts"), "differs_from_records"),
    ("an unknown status", changed("LIGHT", status="perhaps"), "differs_from_records"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "rule"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_a_fault_in_what_was_frozen_is_found(change, rule):
    sheet = copy.deepcopy(sheet_2026q2())
    change(sheet)
    assert rule in rules_broken(sheet)


def test_another_number_is_found():
    assert rules_broken(sheet_2026q2(), replace(IMPRINT, number="117-2026-1/5")) == {"number_and_language"}


# --- faults in the words ----------------------------------------------------------------------------


def cell(at: int, text: str) -> Callable[[Document], Document]:
    """The document with another text in one cell of the first chapter's first row."""
    return in_table("sheet", lambda row: replace(row, cells=(*row.cells[:at], text, *row.cells[at + 1 :])))


def in_table(style: str, change: Callable[[Any], Any]) -> Callable[[Document], Document]:
    def spoil(document: Document) -> Document:
        sections = []
        done = False
        for section in document.sections:
            blocks = []
            for block in section.blocks:
                if isinstance(block, Table) and block.style == style and not done:
                    done = True
                    first, *others = block.bodies[0]
                    block = replace(block, bodies=((change(first), *others),))
                blocks.append(block)
            sections.append(replace(section, blocks=tuple(blocks)))
        assert done
        return replace(document, sections=tuple(sections))

    return spoil


def without_last_row(document: Document) -> Document:
    sections = list(document.sections)
    at = max(number for number, section in enumerate(sections) if section.level == 2)
    (table,) = sections[at].blocks
    assert isinstance(table, Table)
    sections[at] = replace(sections[at], blocks=(replace(table, bodies=(table.bodies[0][:-1],)),))
    return replace(document, sections=tuple(sections))


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (cell(0, "орындалмаған"), "sheet_statuses"),
        (cell(0, "орындалды"), "sheet_statuses"),
        (cell(1, "10.06.2024"), "sheet_days"),
        (cell(2, "–"), "sheet_days"),
        (cell(3, "–"), "sheet_days"),
        (cell(4, "01.06.2028"), "sheet_days"),
        (cell(1, "кеше"), "differs_from_records"),
        (in_table("sheet", lambda row: replace(row, heading="Басқа талап")), "sheet_lists_every_item"),
        (in_table("sheet", lambda row: replace(row, note="")), "sheet_lists_every_item"),
        (in_table("sheet-counts", lambda row: replace(row, cells=("6", *row.cells[1:]))), "sheet_counts_add_up"),
        (in_table("sheet-counts", lambda row: replace(row, doors=("part=met",) * 6)), "sheet_counts_add_up"),
        (without_last_row, "differs_from_records"),
        (lambda document: replace(document, lang="ru"), "number_and_language"),
        (lambda document: replace(document, official_mark=""), "number_and_language"),
    ],
)
def test_a_fault_in_the_words_is_found(monkeypatch, spoil, rule):
    def spoiled(snapshot: Any, imprint: Imprint) -> Document:
        return spoil(sheet_composing.compose(snapshot, imprint))

    monkeypatch.setattr(sheet_checks, "compose", spoiled)
    assert rule in rules_broken(sheet_2026q2())
