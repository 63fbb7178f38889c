"""The gate: clean briefs pass it, and of a hundred and more injected faults hardly one does.

A fault changes what was frozen, the records, the words or the page. Each is named; the score is asserted as a whole,
and whatever slips through is named in the failure.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from reporting import gate, rendering
from reporting.brief import composing, words_kk
from reporting.brief.checks_words import CHECKS, CODES, check_sheet
from reporting.brief.composing import compose
from reporting.brief.imprint import EXPLAINED, FAILED, PASSED, WARNED, CheckResult, Explanation, Imprint
from reporting.gate import CHECKS as OWN_CHECKS
from reporting.gate import GateRule
from reporting.integrity import Rule
from reporting.records import Records
from tests.reporting.full_brief import full_2023q1, line_regions

IMPRINT = Imprint("117-2023-1/1", date(2026, 11, 22), code="7F3K9M2Q5T8W", site="https://qalqan.example")
REGIONS = line_regions()


@pytest.fixture(scope="module")
def clean() -> tuple[dict[str, Any], Records]:
    return full_2023q1()


def findings(snapshot: Any, records: Records, imprint: Imprint = IMPRINT) -> list[str]:
    outcome = gate.check(snapshot, records, imprint, city_lines_region=REGIONS)
    return [finding.rule.value for finding in outcome.findings]


# --- clean ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
@pytest.mark.parametrize("closed", [True, False])
def test_a_clean_brief_passes_every_check(lang, closed):
    snapshot, records = full_2023q1(lang, closed=closed)
    outcome = gate.check(snapshot, records, IMPRINT, city_lines_region=REGIONS)
    assert outcome.findings == ()
    assert {result.state for result in outcome.results} == {PASSED}
    assert {result.code for result in outcome.results} == {*Rule.values, *GateRule.values} - {GateRule.PAGE_AS_WRITTEN}
    idle = {result.code for result in outcome.results if not result.compared}
    assert idle == {GateRule.NOT_COVERED_COMPLETE, GateRule.JUMP}  # a country names nobody, and no brief came before
    assert sum(result.compared for result in outcome.results) > 5000


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_a_clean_page_says_what_was_written(lang):
    snapshot, _records = full_2023q1(lang)
    outcome = gate.check_page(rendering.render_html(snapshot, IMPRINT), compose(snapshot, IMPRINT))
    assert outcome.findings == ()
    assert outcome.results[0].compared > 1000


# --- faults ---------------------------------------------------------------------------------------

Fault = Callable[[dict[str, Any], Records], None]


def measure(snapshot: dict[str, Any], code: str) -> dict[str, Any]:
    return next(one for one in snapshot["measures"] if one["code"] == code)


def in_lines() -> Iterator[tuple[str, Fault]]:
    """A line's figure changed in what was frozen."""
    for code in ("cctv_installed", "cctv_connected", "licensed_guard", "panic_button", "turnstile"):
        for kind in ("kindergarten", "school", "college"):
            for name, step in (("total", 1), ("covered", 1), ("covered", -1), ("percent", 1)):

                def fault(snapshot, records, code=code, kind=kind, name=name, step=step):
                    lines = measure(snapshot, code)["lines"][kind]
                    line = next(one for one in lines if one["covered"] > 0)
                    line[name] += step

                yield f"line {code} {kind} {name} {step:+}", fault


def in_headlines() -> Iterator[tuple[str, Fault]]:
    for code in ("cctv_connected", "licensed_guard", "turnstile"):
        for part in ("headline", "obliged"):
            for kind in ("all", "school"):
                for name in ("total", "covered", "percent"):

                    def fault(snapshot, records, code=code, part=part, kind=kind, name=name):
                        measure(snapshot, code)[part][kind][name] += 1

                    yield f"{part} {code} {kind} {name}", fault


def in_parts() -> Iterator[tuple[str, Fault]]:
    for at, part in enumerate(("all", "obliged", "state", "private")):
        for name in ("total", "covered", "percent", "learners", "learners_covered", "learners_percent"):

            def fault(snapshot, records, part=part, name=name, at=at):
                [one for one in snapshot["cuts"] if one["part"] == part][at + 2][name] += 1

            yield f"cut {part} {name}", fault


def in_the_rest() -> Iterator[tuple[str, Fault]]:
    def drop_place(snapshot, records):
        snapshot["places"]["national"].pop(3)

    def swap_places(snapshot, records):
        places = snapshot["places"]["national"]
        places[3], places[4] = places[4], places[3]

    def double_place(snapshot, records):
        snapshot["places"]["national"][5] = copy.deepcopy(snapshot["places"]["national"][4])

    def drop_line(snapshot, records):
        measure(snapshot, "cctv_connected")["lines"]["school"].pop(2)

    def double_line(snapshot, records):
        lines = measure(snapshot, "turnstile")["lines"]["school"]
        lines[3] = copy.deepcopy(lines[2])

    def swap_pair(snapshot, records):
        line = measure(snapshot, "cctv_connected")["lines"]["kindergarten"][3]
        line["total"], line["covered"] = line["covered"], line["total"]

    def other_measure(snapshot, records):
        measure(snapshot, "turnstile")["lines"] = copy.deepcopy(measure(snapshot, "panic_button")["lines"])

    def institutions(snapshot, records):
        snapshot["institutions"]["national"]["school"] += 1

    def institutions_all(snapshot, records):
        snapshot["institutions"]["large_cities"]["all"] -= 1

    def completeness(snapshot, records):
        snapshot["completeness"][2]["answered"] += 1

    def completeness_total(snapshot, records):
        snapshot["completeness"][0]["total"] -= 1

    def trend_end(snapshot, records):
        snapshot["trend"][-1]["measures"]["turnstile"]["covered"] -= 1

    def trend_percent(snapshot, records):
        snapshot["trend"][0]["measures"]["turnstile"]["percent"] += 5

    def trend_order(snapshot, records):
        snapshot["trend"].reverse()

    def trend_day(snapshot, records):
        snapshot["trend"][-1]["as_of"] = "2023-03-30"

    def changes_without(snapshot, records):
        snapshot["changes"] = [
            {"measure": "turnstile", "before": 1, "gained": 0, "joined": 0, "lost": 0, "left": 0, "after": 1}
        ]

    def day_after(snapshot, records):
        snapshot["as_of"] = "2023-05-31"

    def known_before(snapshot, records):
        snapshot["known_on"] = "2023-03-01"

    def known_later_than_dated(snapshot, records):
        snapshot["known_on"] = "2026-12-31"

    def quarter(snapshot, records):
        snapshot["period"]["quarter"] = 2

    def code(snapshot, records):
        snapshot["period"]["code"] = "2023Q2"

    def area(snapshot, records):
        snapshot["scope"]["kind"] = "region"

    def name_lost(snapshot, records):
        snapshot["places"]["national"][6]["name_kk"] = ""

    def name_unset(snapshot, records):
        snapshot["places"]["national"][6]["name_kk"] = "None"

    def name_template(snapshot, records):
        snapshot["notes"]["capital_repair"][0]["name_kk"] = "{{ name }}"

    def more_obliged_than_all(snapshot, records):
        measure(snapshot, "turnstile")["obliged"]["school"]["total"] = 99999

    def measure_lost(snapshot, records):
        snapshot["measures"].pop()

    def kind_lost(snapshot, records):
        del measure(snapshot, "turnstile")["lines"]["college"]

    def wrong_type(snapshot, records):
        measure(snapshot, "turnstile")["headline"]["all"]["covered"] = None

    return ((fault.__name__, fault) for fault in list(locals().values()) if callable(fault))


def in_records() -> Iterator[tuple[str, Fault]]:
    for code in ("cctv_installed", "cctv_connected", "licensed_guard", "panic_button", "turnstile"):

        def lost(snapshot, records, code=code):
            next(group for group in records[code].values() if group).pop()

        def doubled(snapshot, records, code=code):
            first = next(iter(records[code].values()))
            first.append(first[0])

        def moved(snapshot, records, code=code):
            met = next(text for text in records[code] if text.endswith("|met"))
            there = f"{met.removesuffix('met')}not_met"
            records[code].setdefault(there, []).append(records[code][met].pop())

        def freed(snapshot, records, code=code):
            text = next(text for text in records[code] if "|obliged|" in text)
            there = text.replace("|obliged|", "|counted|")
            records[code].setdefault(there, []).append(records[code][text].pop())

        def sold(snapshot, records, code=code):
            text = next(text for text in records[code] if "|state|" in text)
            there = text.replace("|state|", "|private|")
            records[code].setdefault(there, []).append(records[code][text].pop())

        for fault in (lost, doubled, moved, freed, sold):
            yield f"records {code} {fault.__name__}", fault


DATA_FAULTS = dict([*in_lines(), *in_headlines(), *in_parts(), *in_the_rest(), *in_records()])


def in_words() -> dict[str, tuple[str, str]]:
    """What a slip of the pen does to the Kazakh text: (what it finds, what it leaves)."""
    return {
        "suffix": (r"\(122-ден", "(122-дан"),
        "digit of a total": (r"\(122-ден", "(123-тен"),
        "digit of a covered": (r"\(122-ден 114\)", "(122-ден 115)"),
        "pair turned round": (r"\(122-ден 114\)", "(114-тен 122)"),
        "percent": (r"114\) – 93%", "114) – 94%"),
        "percent lost": (r"114\) – 93%", "114)"),
        "place": (r"^Ақмола \(122", "Абай (122"),
        "unknown place": (r"^Ақмола \(122", "Ақмолла (122"),
        "kind": (r"96 балабақшаның", "96 мектептің"),
        "all of them, and yet not all": (r"\((\d+)\) – 100%", r"(\1) – 99%"),
    }


PAGE_FAULTS: dict[str, tuple[str, str]] = {
    "a row is lost": (r"<tr><th scope=\"row\">Ақмола</th>.*?</tr>", ""),
    "a line is lost": (r"<li>Ақмола.*?</li>", ""),
    "a line is doubled": (r"(<li>Ақмола.*?</li>)", r"\1\1"),
    "two lines change places": (r"(<li>Ақмола.*?</li>)\s*(<li>.*?</li>)", r"\2\1"),
    "a digit changes": (r">114</a>", ">115</a>"),
    "a heading is lost": (r"<h2>[^<]*</h2>", ""),
    "a caption is lost": (r"<caption>.*?</caption>", ""),
    "the number of the brief changes": ("117-2023-1/1", "117-2023-1/2"),
    "the day changes": ("22\u00a0қараша", "23\u00a0қараша"),
    "a link opens something else": ("part=covered", "part=total"),
    "a link opens another place": ("place=KZ-11", "place=KZ-10"),
    "a link is lost": (r"<a href=\"[^\"]*\">(114)</a>", r"\1"),
    "a percent sign is lost": ("93%", "93"),
    "a cell is empty": (r"<td>93%</td>", "<td></td>"),
    "a word of the template stays": ("</h2>", "{{ x }}</h2>"),
    "a note is lost": (r"<li>[^<]*журналының[^<]*</li>", ""),
    "the address of verification changes": ("/verify/7F3K9M2Q5T8W", "/verify/7F3K9M2Q5T8X"),
    "the legal basis is cut": ("Нұсқаулық", "Нұсқау"),
}


@pytest.fixture(scope="module")
def found_in_data(clean) -> dict[str, set[str]]:
    """Which rules each fault in the data breaks."""
    found = {}
    for name, fault in DATA_FAULTS.items():
        snapshot, records = copy.deepcopy(clean)
        fault(snapshot, records)
        found[name] = set(findings(snapshot, records))
    return found


def stopped_in_words(
    clean: tuple[dict[str, Any], Records], monkeypatch: pytest.MonkeyPatch, slip: tuple[str, str]
) -> bool:
    snapshot, records = clean
    written = words_kk.Kazakh.line

    def slipped(self, *args, **options):
        return re.sub(*slip, written(self, *args, **options))

    with monkeypatch.context() as patched:
        patched.setattr(words_kk.Kazakh, "line", slipped)
        return bool(findings(snapshot, records))


def stopped_on_page(html: str, document: Any, slip: tuple[str, str]) -> bool:
    spoiled = re.sub(*slip, html, count=1, flags=re.DOTALL)
    assert spoiled != html, slip
    return bool(gate.check_page(spoiled, document).findings)


def test_of_more_than_a_hundred_faults_hardly_one_passes(clean, found_in_data, monkeypatch):
    html, document = rendering.render_html(clean[0], IMPRINT), compose(clean[0], IMPRINT)
    stopped = {f"data: {name}": bool(rules) for name, rules in found_in_data.items()}
    stopped |= {f"words: {name}": stopped_in_words(clean, monkeypatch, slip) for name, slip in in_words().items()}
    stopped |= {f"page: {name}": stopped_on_page(html, document, slip) for name, slip in PAGE_FAULTS.items()}
    slipped = [name for name, was_stopped in stopped.items() if not was_stopped]
    assert len(stopped) >= 100
    assert len(slipped) <= len(stopped) // 100, slipped


def test_no_check_is_there_for_show(found_in_data):
    """Each finds some fault in the data; those that hold words against data have theirs among the slips of the pen."""
    seen = set().union(*found_in_data.values())
    by_words = {
        "headlines_as_frozen",
        "tables_as_frozen",
        "key_figures_as_headlines",
        "names_as_counted",
        "lines_as_frozen",
    }
    by_previous = {"changes_add_up", "not_covered_complete"}
    assert set(map(str, OWN_CHECKS)) - seen <= by_words | by_previous


# --- what a person answers for --------------------------------------------------------------------


def with_previous(snapshot: dict[str, Any], points: int) -> dict[str, Any]:
    """The brief before had a turnstile headline so many points below this one; everybody else stood still."""
    headlines = {one["code"]: copy.deepcopy(one["headline"]) for one in snapshot["measures"]}
    headlines["turnstile"]["all"]["percent"] -= points
    changes = [
        {"measure": code, "before": one["all"]["covered"], "gained": 0, "joined": 0, "lost": 0, "left": 0,
         "after": one["all"]["covered"]}
        for code, one in headlines.items()
    ]  # fmt: skip
    previous = {"number": "117-2022-4/9", "year": 2022, "quarter": 4, "as_of": "2022-12-31", "known_on": "2023-01-10"}
    return snapshot | {"previous": previous | {"headlines": headlines}, "changes": changes}


EXPLANATION = Explanation("turnstile", "all", "Бюджеттен қаржы бөлінді.", "А. Серікова", "2023-04-11")


@pytest.mark.parametrize(
    ("points", "explanations", "state", "refused"),
    [
        (15, (), PASSED, False),
        (16, (), FAILED, True),
        (-16, (), FAILED, True),
        (16, (EXPLANATION,), EXPLAINED, False),
        (16, (Explanation("turnstile", "all", "  ", "А. Серікова", "2023-04-11"),), FAILED, True),
        (16, (Explanation("panic_button", "all", "Басқа", "А. Серікова", "2023-04-11"),), FAILED, True),
    ],
)
def test_a_jump_asks_for_a_named_explanation(clean, points, explanations, state, refused):
    snapshot, records = copy.deepcopy(clean)
    imprint = Imprint(IMPRINT.number, IMPRINT.date, explanations=explanations)
    outcome = gate.check(with_previous(snapshot, points), records, imprint, city_lines_region=REGIONS)
    assert {result.code: result.state for result in outcome.results}[GateRule.JUMP] == state
    assert [finding.rule for finding in outcome.findings if finding.rule != "words_whole"] == [GateRule.JUMP] * refused


def test_an_explanation_is_printed_with_its_name(clean):
    snapshot, _records = copy.deepcopy(clean)
    imprint = Imprint(IMPRINT.number, IMPRINT.date, explanations=(EXPLANATION,))
    from reporting.brief.document import to_text

    text = to_text(compose(with_previous(snapshot, 16), imprint)).replace("\u00a0", " ")
    assert (
        "Өткізу жүйесі (турникет): алдыңғы ақпаратта 38%, қазір 54%. Түсіндірме (А. Серікова, 2023 жылғы 11 сәуір): "
        "Бюджеттен қаржы бөлінді." in text
    )


@pytest.mark.parametrize("name", ["before", "gained", "joined", "lost", "left", "after"])
def test_changes_that_do_not_lead_here_are_stopped(clean, name):
    snapshot, records = copy.deepcopy(clean)
    changed = with_previous(snapshot, 0)
    changed["changes"][1][name] += 1
    assert "changes_add_up" in findings(changed, records)


def test_too_few_answers_are_a_warning_on_the_first_page(clean, monkeypatch):
    monkeypatch.setattr(composing, "COMPLETENESS_PERCENT", 100)
    snapshot, records = clean
    outcome = gate.check(snapshot, records, IMPRINT, city_lines_region=REGIONS)
    assert outcome.findings == ()
    (result,) = [result for result in outcome.results if result.code == GateRule.COMPLETENESS]
    warnings = compose(snapshot, IMPRINT).warnings
    assert (result.state, result.findings, len(warnings)) == (WARNED, 4, 4)
    assert warnings[3] == (
        "Назар аударыңыз: «Өткізу жүйесі (турникет)» көрсеткіші бойынша ұйымдардың 99%-ының ғана бекітілген жауабы бар."
    )


# --- the sheet ------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_the_sheet_names_every_check_in_words_of_its_own(lang):
    words = CHECKS[lang]
    assert len(words.titles) == len(CODES)
    assert all(words.titles)
    assert {*Rule.values, *GateRule.values} - {GateRule.PAGE_AS_WRITTEN} <= set(CODES)
    kinds = [CODES[:34], CODES[34:38], CODES[38:]]
    for codes in kinds:  # of the country and regions, of sheets, of comparisons
        titles = [words.titles[CODES.index(code)] for code in codes]
        assert len(set(titles)) == len(titles)


def test_the_sheet_says_how_many_checks_compared_how_much():
    results = [
        CheckResult("jump", 5, 1, EXPLAINED),
        CheckResult("completeness", 5, 1, WARNED),
        CheckResult("percentages", 1000),
    ]
    section = check_sheet(results, "ru", lambda number: f"{number:,}".replace(",", "\u00a0"))
    paragraph, table = section.blocks
    assert paragraph.text.replace("\u00a0", " ") == (
        "Перед выпуском информация прошла 3 проверки: сделано 1 010 сравнений, противоречий нет."
    )
    assert [(row.heading, *row.cells) for row in table.bodies[0]] == [
        ("Резкие изменения пояснены", "5", "пояснено"),
        ("Ответивших организаций достаточно", "5", "есть предупреждение"),
        ("Все проценты рассчитаны заново", "1\u00a0000", "верно"),
    ]
