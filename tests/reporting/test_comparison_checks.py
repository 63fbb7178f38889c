"""The gate of a comparison: clean ones pass, and every fault that is put into one is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from reporting import comparison_checks, gate, kinds, rendering
from reporting.brief import comparison_composing
from reporting.brief.checks_words import CODES
from reporting.brief.document import Paragraph, Row, Table
from reporting.brief.imprint import Imprint
from reporting.records import Records
from tests.reporting.full_brief import full_comparison

IMPRINT = Imprint("117-2023-1/7", date(2026, 11, 22), code="7F3K9M2Q5T8W", site="https://qalqan.example")
Clean = tuple[dict[str, Any], Records]


@pytest.fixture(scope="module")
def clean() -> Clean:
    return full_comparison()


def check(snapshot: dict[str, Any], records: Records, imprint: Imprint = IMPRINT) -> gate.Outcome:
    return kinds.check(snapshot, records, imprint, city_lines_region={})


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_a_clean_comparison_passes(lang):
    snapshot, records = full_comparison(lang)
    outcome = check(snapshot, records)
    assert outcome.findings == ()
    assert {result.state for result in outcome.results} == {"passed"}
    assert sum(result.compared for result in outcome.results) > 2000
    page = gate.check_page(rendering.render_html(snapshot, IMPRINT), kinds.compose(snapshot, IMPRINT))
    assert page.findings == ()


def test_its_checks_have_names_on_the_sheet(clean):
    assert {result.code for result in check(*clean).results} <= set(CODES)


def first(snapshot: dict[str, Any], side: str = "after") -> dict[str, Any]:
    return snapshot[side]["measures"][1]  # type: ignore[no-any-return]


FAULTS: dict[str, Callable[[dict[str, Any], Records], object]] = {
    "covered before": lambda s, r: first(s, "before")["headline"]["all"].update(covered=1),
    "covered after": lambda s, r: first(s)["headline"]["all"].update(covered=1),
    "total before": lambda s, r: first(s, "before")["headline"]["school"].update(total=1),
    "total after": lambda s, r: first(s)["headline"]["college"].update(total=1),
    "percent before": lambda s, r: first(s, "before")["headline"]["all"].update(percent=99),
    "percent after": lambda s, r: first(s)["headline"]["kindergarten"].update(percent=None),
    "line before": lambda s, r: first(s, "before")["lines"]["school"][3].update(covered=0),
    "line after": lambda s, r: first(s)["lines"]["school"][3].update(total=9999),
    "line percent": lambda s, r: first(s)["lines"]["school"][3].update(percent=1),
    "line left out": lambda s, r: first(s)["lines"]["school"].pop(),
    "lines swapped": lambda s, r: first(s)["lines"]["school"].reverse(),
    "obliged": lambda s, r: first(s)["obliged"]["all"].update(covered=3),
    "obliged before": lambda s, r: first(s, "before")["obliged"]["school"].update(total=3),
    "bridge gained": lambda s, r: s["bridges"]["turnstile"][""].update(gained=0),
    "bridge joined": lambda s, r: s["bridges"]["turnstile"][""].update(joined=0),
    "bridge lost": lambda s, r: s["bridges"]["turnstile"][""].update(lost=0),
    "bridge left": lambda s, r: s["bridges"]["turnstile"][""].update(left=0),
    "bridge before": lambda s, r: s["bridges"]["turnstile"][""].update(before=0),
    "bridge after": lambda s, r: s["bridges"]["turnstile"][""].update(after=0),
    "bridge of a place": lambda s, r: s["bridges"]["cctv_connected"]["KZ-11"].update(gained=999),
    "bridge evened out": lambda s, r: s["bridges"]["cctv_connected"]["KZ-11"].update(
        gained=s["bridges"]["cctv_connected"]["KZ-11"]["gained"] + 1,
        lost=s["bridges"]["cctv_connected"]["KZ-11"]["lost"] + 1,
    ),
    "bridge without a place": lambda s, r: s["bridges"]["cctv_connected"].pop("KZ-11"),
    "place renamed": lambda s, r: s["places"]["national"][0].update(place="KZ-00"),
    "place left out": lambda s, r: s["places"]["national"].pop(),
    "places swapped": lambda s, r: s["places"]["large_cities"].reverse(),
    "record gone before": lambda s, r: next(iter(r["turnstile@before"].values())).pop(),
    "record gone after": lambda s, r: next(iter(r["turnstile"].values())).pop(),
    "record doubled": lambda s, r: next(iter(r["turnstile"].values())).append(77),
    "quarter swapped": lambda s, r: s.update(before=s["after"], after=s["before"]),
    "measure left out": lambda s, r: s["before"]["measures"].pop(),
    "measures swapped": lambda s, r: s["before"]["measures"].reverse(),
    "day before": lambda s, r: s["before"].update(as_of="2023-03-31"),
    "day after": lambda s, r: s["after"].update(as_of="2023-04-01"),
    "known too early": lambda s, r: s["before"].update(known_on="2022-12-01"),
    "known after the date": lambda s, r: s["after"].update(known_on="2027-01-01"),
    "day of the whole": lambda s, r: s.update(as_of="2023-03-30"),
    "quarter's code": lambda s, r: s["before"]["period"].update(code="2022Q3"),
    "open quarter": lambda s, r: s["after"].update(period=s["period"] | {"closed": False}),
    "language": lambda s, r: s.update(lang="de"),
    "side missing": lambda s, r: s.pop("before"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_data_is_found(clean, fault):
    snapshot, records = copy.deepcopy(clean[0]), copy.deepcopy(clean[1])
    FAULTS[fault](snapshot, records)
    assert check(snapshot, records).findings


@pytest.mark.parametrize("number", ["117-2023-2/7", "117-2022-4/7", "7", "117-2023-1/0"])
def test_a_number_of_another_quarter_is_found(clean, number):
    assert check(*clean, imprint=Imprint(number, IMPRINT.date)).findings


def spoil(monkeypatch, change: Callable[[Any], Any], of: type) -> None:
    """Let the composition write one block of a kind otherwise."""
    compose = comparison_composing.compose

    def spoiled(snapshot: Any, imprint: Imprint) -> Any:
        from dataclasses import replace

        document = compose(snapshot, imprint)
        sections, done = [], False
        for section in document.sections:
            blocks = []
            for block in section.blocks:
                if isinstance(block, of) and not done and (changed := change(block)) is not None:
                    blocks.append(changed)
                    done = True
                else:
                    blocks.append(block)
            sections.append(replace(section, blocks=tuple(blocks)))
        assert done
        return replace(document, sections=tuple(sections))

    monkeypatch.setattr(comparison_checks, "compose", spoiled)


def with_cell(style: str, at: int, to: str) -> Callable[[Table], Table | None]:
    from dataclasses import replace

    def changed(table: Table) -> Table | None:
        if table.style != style:
            return None
        row: Row = table.bodies[0][0]
        cells = (*row.cells[:at], to, *row.cells[at + 1 :])
        return replace(table, bodies=((replace(row, cells=cells), *table.bodies[0][1:]),))

    return changed


@pytest.mark.parametrize("style", ["compared", "compared-places"])
@pytest.mark.parametrize("at", range(8))
def test_a_cell_that_was_written_wrong_is_found(clean, monkeypatch, style, at):
    spoil(monkeypatch, with_cell(style, at, "77"), Table)
    assert check(*clean).findings


@pytest.mark.parametrize("at", range(6))
def test_a_step_that_was_written_wrong_is_found(clean, monkeypatch, at):
    spoil(monkeypatch, with_cell("changes", at, "+77"), Table)
    assert check(*clean).findings


def test_a_sentence_that_was_written_wrong_is_found(clean, monkeypatch):
    from dataclasses import replace

    spoil(
        monkeypatch,
        lambda block: replace(block, text=block.text.replace("өсті", "төмендеді"), pieces=()) if block.pieces else None,
        Paragraph,
    )
    assert check(*clean).findings


def test_a_page_that_says_otherwise_is_found(clean):
    html = rendering.render_html(clean[0], IMPRINT)
    document = kinds.compose(clean[0], IMPRINT)
    for said in ("+1", "−1"):
        assert said in html
        assert gate.check_page(html.replace(said, "+2", 1), document).findings
