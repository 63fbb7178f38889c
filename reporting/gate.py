"""The gate through which every brief passes: named checks, each of which lists what it compares.

Pure but for the words of the findings: snapshot, records and imprint go in, results come out; the results are printed
on the brief's last page. A check yields pairs, what is said and what should be; those that differ are its findings.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import parse_qsl

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reporting import integrity
from reporting.brief.composing import compose, few_answers
from reporting.brief.document import Document, KeyFigures, LineList, NameList, Paragraph, Piece, Table, to_text
from reporting.brief.facts import KINDS, LARGE_CITIES, NATIONAL, Count, DaySeal, Measure, PlaceCount, Snapshot
from reporting.brief.imprint import EXPLAINED, FAILED, PASSED, WARNED, CheckResult, Imprint
from reporting.brief.reading import printed_headlines, printed_lines
from reporting.integrity import ALL, COUNTRY, Finding, Headline, Line
from reporting.percent import format_percent
from reporting.percent import percent as percent_of
from reporting.records import COVERED_STATUSES, TOTAL_STATUSES, Group, Records, figures_of, groups_of

# A headline that moves by more points than these since the brief before asks for an explanation.
JUMP_POINTS: Final = 15


class GateRule(models.TextChoices):
    """What a brief's own data, words and pages must fulfil, besides the rules of `integrity`."""

    LINES_AS_FROZEN = "lines_as_frozen", gettext_lazy("a printed line is not what was frozen")
    HEADLINES_AS_FROZEN = "headlines_as_frozen", gettext_lazy("a printed headline is not what was frozen")
    LINES_RECOUNTED = "lines_recounted", gettext_lazy("a line is not what its records give")
    HEADLINES_RECOUNTED = "headlines_recounted", gettext_lazy("a headline is not what its records give")
    OBLIGED_RECOUNTED = "obliged_recounted", gettext_lazy("a figure of the obliged is not what its records give")
    CUTS_RECOUNTED = "cuts_recounted", gettext_lazy("a figure of a part is not what its records give")
    OBLIGED_WITHIN_ALL = "obliged_within_all", gettext_lazy("more are obliged than there are")
    OWNERSHIPS_MAKE_ALL = "ownerships_make_all", gettext_lazy("state and private do not make all")
    PLACES_MAKE_WHOLE = "places_make_whole", gettext_lazy("the places do not make the whole")
    KINDS_MAKE_ALL = "kinds_make_all", gettext_lazy("the kinds do not make all")
    PERCENTAGES = "percentages", gettext_lazy("a percentage does not follow from its counts")
    INSTITUTIONS_ADD_UP = "institutions_add_up", gettext_lazy("the numbers of institutions do not add up")
    PLACES_ONCE = "places_once", gettext_lazy("a place is missing, doubled or out of order")
    NOBODY_TWICE = "nobody_twice", gettext_lazy("an institution is counted twice")
    COMPLETENESS_RECOUNTED = "completeness_recounted", gettext_lazy("the completeness is not what the records give")
    TREND_ENDS_HERE = "trend_ends_here", gettext_lazy("the trend does not end in this brief's figures")
    CHANGES_ADD_UP = "changes_add_up", gettext_lazy("the changes do not lead from the brief before to this one")
    NOT_COVERED_COMPLETE = "not_covered_complete", gettext_lazy("a list of names is not as long as its figure")
    TABLES_AS_FROZEN = "tables_as_frozen", gettext_lazy("a cell of a table is not what was frozen")
    KEY_FIGURES_AS_HEADLINES = "key_figures_as_headlines", gettext_lazy("a key figure is not its headline")
    NAMES_AS_COUNTED = "names_as_counted", gettext_lazy("a list does not hold as many names as it says")
    DOORS_OPEN_EXACTLY = "doors_open_exactly", gettext_lazy("a figure opens another number of records")
    WORDS_WHOLE = "words_whole", gettext_lazy("a text has a gap")
    DAYS_IN_ORDER = "days_in_order", gettext_lazy("the days are out of order")
    NUMBER_AND_LANGUAGE = "number_and_language", gettext_lazy("number, kind or language do not fit")
    COMPLETENESS = "completeness", gettext_lazy("too few institutions have answered")
    JUMP = "jump", gettext_lazy("a figure has jumped and nobody has explained it")
    PAGE_AS_WRITTEN = "page_as_written", gettext_lazy("the page does not say what was written")


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison: what is said and what it should be, and where."""

    said: object
    right: object
    measure: str = integrity.INSTITUTIONS
    kind: str = ALL
    place: str = COUNTRY


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the gate found. `results` go to the check sheet; with any of `findings` the brief is refused."""

    results: tuple[CheckResult, ...]
    findings: tuple[Finding, ...]

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(self.results + other.results, self.findings + other.findings)


Check = Callable[["_Held"], Iterator[Compared]]


def check(
    snapshot: Any, records: Records, imprint: Imprint, *, city_lines_region: Mapping[str, str] | None = None
) -> Outcome:
    """Hold a brief's finished words against themselves, its snapshot, and the records behind it.

    Words that cannot be read back, or a snapshot without its parts, are a finding too.
    """
    try:
        held = _Held(snapshot, records, imprint)
        return held.integrity_rules(city_lines_region) + held.own_rules() + held.judged()
    except UNREADABLE as broken:
        return unreadable(broken)


# What the words of a spoiled snapshot, and reading them back, may raise.
UNREADABLE: Final = (ArithmeticError, LookupError, TypeError, ValueError)


def unreadable(broken: Exception) -> Outcome:
    """The outcome for a brief that cannot be written, or whose words cannot be read back."""
    finding = Finding(
        integrity.Rule.DIFFERS_FROM_RECORDS,
        integrity.INSTITUTIONS,
        ALL,
        COUNTRY,
        printed="",
        expected="",
        message=_("The brief cannot be read: %(what)s") % {"what": f"{type(broken).__name__}: {broken}"},
    )
    return Outcome((CheckResult(GateRule.WORDS_WHOLE.value, 1, 1, FAILED),), (finding,))


def check_page(html: str, document: Document) -> Outcome:
    """Whether the page holds the document's words, all of them, in their order, and each door its own figure."""
    return outcome_of(GateRule.PAGE_AS_WRITTEN, _page_as_written(html, document))


def jumps(snapshot: Snapshot) -> list[tuple[str, int, int]]:
    """Measures whose headline of all moved too far since the brief before: code, percentage then and now."""
    previous = snapshot["previous"]
    if previous is None:
        return []
    found = []
    for measure in snapshot["measures"]:
        then = previous["headlines"][measure["code"]][ALL]["percent"]
        now = measure["headline"][ALL]["percent"]
        if then is not None and now is not None and abs(now - then) > JUMP_POINTS:
            found.append((measure["code"], then, now))
    return found


def outcome_of(rule: models.TextChoices, comparisons: Iterator[Compared]) -> Outcome:
    """The result of one check, and its findings: the comparisons that differ."""
    findings = []
    compared = 0
    for one in comparisons:
        compared += 1
        if one.said != one.right:
            findings.append(
                Finding(
                    rule,  # type: ignore[arg-type]  # a finding names a rule of whatever set
                    one.measure,
                    one.kind,
                    one.place,
                    printed=str(one.said),
                    expected=str(one.right),
                    message=_("It says %(said)s and should say %(right)s.") % {"said": one.said, "right": one.right},
                )
            )
    result = CheckResult(rule.value, compared, len(findings), FAILED if findings else PASSED)
    return Outcome((result,), tuple(findings))


@dataclass
class _Held:
    """A brief in the hand: what was frozen, what is behind it, and its finished words, read back."""

    snapshot: Snapshot
    records: Records
    imprint: Imprint
    document: Document = field(init=False)
    lines: list[Line] = field(init=False)
    headlines: list[Headline] = field(init=False)

    def __post_init__(self) -> None:
        self.document = compose(self.snapshot, replace(self.imprint, checks=()))
        self.lines = printed_lines(self.document)
        self.headlines = printed_headlines(self.document)

    @cached_property
    def measures(self) -> dict[str, Measure]:
        return {measure["code"]: measure for measure in self.snapshot["measures"]}

    @cached_property
    def groups(self) -> dict[str, list[tuple[Group, int]]]:
        """By measure, how many institutions count alike."""
        return {
            measure: [(group, len(institutions)) for group, institutions in groups_of(self.records, measure)]
            for measure in self.records
        }

    def count(
        self, measure: str, *, place: str = "", kind: str = ALL, ownership: str = "", obliged: bool = False
    ) -> tuple[int, int]:
        """Total and covered by the records; everywhere, where no place is named."""
        total = covered = 0
        for group, number in self.groups[measure]:
            if (
                group.status in TOTAL_STATUSES
                and (not place or place in (group.place, group.line))
                and kind in (ALL, group.kind)
                and (not ownership or ownership == group.ownership)
                and (group.obliged or not obliged)
            ):
                total += number
                covered += number if group.status in COVERED_STATUSES else 0
        return total, covered

    def not_applicable(self, measure: str, kind: str) -> int:
        return sum(
            number
            for group, number in self.groups[measure]
            if group.status == "not_applicable" and kind in (ALL, group.kind)
        )

    def integrity_rules(self, city_lines_region: Mapping[str, str] | None) -> Outcome:
        findings = integrity.check(
            self.lines, self.headlines, records=figures_of(self.records), city_lines_region=city_lines_region
        )
        broken = Counter(finding.rule for finding in findings)
        compared = len(self.lines) + len(self.headlines)
        results = tuple(
            CheckResult(rule.value, compared, broken[rule], FAILED if broken[rule] else PASSED)
            for rule in integrity.Rule
        )
        return Outcome(results, tuple(findings))

    def own_rules(self) -> Outcome:
        outcome = Outcome((), ())
        for rule, listed in CHECKS.items():
            outcome += outcome_of(rule, listed(self))
        return outcome

    def judged(self) -> Outcome:
        """What a person may answer for: too few answers are a warning, a jump needs an explanation."""
        few = few_answers(self.snapshot)
        completeness = CheckResult(
            GateRule.COMPLETENESS.value, len(self.snapshot["completeness"]), len(few), WARNED if few else PASSED
        )
        far = jumps(self.snapshot)
        explained = {one.measure for one in self.imprint.explanations if one.kind == ALL and one.text.strip()}
        unexplained = [one for one in far if one[0] not in explained]
        state = FAILED if unexplained else EXPLAINED if far else PASSED
        compared = len(self.snapshot["measures"]) if self.snapshot["previous"] else 0
        findings = tuple(
            Finding(
                GateRule.JUMP,  # type: ignore[arg-type]
                code,
                ALL,
                self.snapshot["scope"]["code"],
                printed=format_percent(now),
                expected=format_percent(then),
                message=_("It was %(then)s in the brief before. Somebody has to say why.")
                % {"then": format_percent(then)},
            )
            for code, then, now in unexplained
        )
        jump = CheckResult(GateRule.JUMP.value, compared, len(far), state)
        return Outcome((completeness, jump), findings)


# --- the checks -----------------------------------------------------------------------------------------------


def _lines_as_frozen(held: _Held) -> Iterator[Compared]:
    frozen = {
        (measure["code"], kind, line["place"]): (line["total"], line["covered"], line["percent"])
        for measure in held.snapshot["measures"]
        for kind, lines in measure["lines"].items()
        for line in lines
    }
    listed = {block.measure for block in held.document.blocks() if isinstance(block, LineList)}
    said = Counter((line.measure, line.kind, line.place) for line in held.lines)
    for key in frozen:
        if key[0] in listed:
            yield Compared(said[key], 1, *key)
    for line in held.lines:
        covered = line.total if line.covered is None else line.covered
        right = frozen.get((line.measure, line.kind, line.place))
        percent = line.percent if line.total else None
        yield Compared((line.total, covered, percent), right, line.measure, line.kind, line.place)


def _headlines_as_frozen(held: _Held) -> Iterator[Compared]:
    for said in held.headlines:
        if said.measure == integrity.INSTITUTIONS:
            right = held.snapshot["institutions"][said.scope][said.kind]
            yield Compared(said.total, right, said.measure, said.kind)
            continue
        frozen = held.measures[said.measure]["headline"][said.kind]
        for value, name in ((said.total, "total"), (said.covered, "covered"), (said.percent, "percent")):
            if value is not None:
                yield Compared(value, frozen[name], said.measure, said.kind)  # type: ignore[literal-required]
    stated = {(one.measure, one.scope) for one in held.headlines if one.kind == ALL}
    wanted = {(code, measure["scope"]) for code, measure in held.measures.items()}
    wanted |= {(integrity.INSTITUTIONS, scope) for scope in (NATIONAL, LARGE_CITIES)}
    yield Compared(sorted(stated), sorted(wanted))


def _lines_recounted(held: _Held) -> Iterator[Compared]:
    recorded = figures_of(held.records)
    for code, measure in held.measures.items():
        for kind, lines in measure["lines"].items():
            for line in lines:
                right = recorded.pop((code, kind, line["place"]), (0, 0))
                yield Compared((line["total"], line["covered"]), right, code, kind, line["place"])
    for (code, kind, place), pair in recorded.items():
        yield Compared((0, 0), pair, code, kind, place)


def _headlines_recounted(held: _Held) -> Iterator[Compared]:
    for code, measure in held.measures.items():
        for kind, said in measure["headline"].items():
            yield Compared((said["total"], said["covered"]), held.count(code, kind=kind), code, kind)
            yield Compared(said["not_applicable"], held.not_applicable(code, kind), code, kind)


def _obliged_recounted(held: _Held) -> Iterator[Compared]:
    for code, measure in held.measures.items():
        for kind, said in measure["obliged"].items():
            yield Compared((said["total"], said["covered"]), held.count(code, kind=kind, obliged=True), code, kind)


def _cuts_recounted(held: _Held) -> Iterator[Compared]:
    counted: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for code in held.measures:
        for group, number in held.groups[code]:
            for part in [ALL, group.ownership, *(["obliged"] if group.obliged else [])]:
                pair = counted[group.place, code, part]
                pair[0] += number if group.status in TOTAL_STATUSES else 0
                pair[1] += number if group.status in COVERED_STATUSES else 0
    for cut in held.snapshot["cuts"]:
        right = counted.pop((cut["place"], cut["measure"], cut["part"]), [0, 0])
        yield Compared([cut["total"], cut["covered"]], right, cut["measure"], place=cut["place"])
    if held.snapshot["cuts"]:
        for (place, code, _part), pair in counted.items():
            yield Compared([0, 0], pair, code, place=place)


def _obliged_within_all(held: _Held) -> Iterator[Compared]:
    for code, measure in held.measures.items():
        for kind, said in measure["obliged"].items():
            whole = measure["headline"][kind]
            within = said["total"] <= whole["total"] and said["covered"] <= whole["covered"]
            yield Compared(within and said["covered"] <= said["total"], True, code, kind)
    wholes = {(cut["place"], cut["measure"]): cut for cut in held.snapshot["cuts"] if cut["part"] == ALL}
    for cut in held.snapshot["cuts"]:
        every = wholes.get((cut["place"], cut["measure"]))
        inside = every is not None and all(
            cut[name] <= every[name] for name in ("total", "covered", "learners", "learners_covered")
        )
        yield Compared(inside, True, cut["measure"], place=cut["place"])
        yield Compared(cut["learners_covered"] <= cut["learners"], True, cut["measure"], place=cut["place"])


def _ownerships_make_all(held: _Held) -> Iterator[Compared]:
    cuts = {(cut["place"], cut["measure"], cut["part"]): cut for cut in held.snapshot["cuts"]}
    for (place, code, part), whole in cuts.items():
        if part != ALL:
            continue
        parts = [cuts[place, code, owner] for owner in ("state", "private") if (place, code, owner) in cuts]
        for name in ("total", "covered", "learners", "learners_covered"):
            added = sum(one[name] for one in parts)
            yield Compared(whole[name], added, code, place=place)


def _places_make_whole(held: _Held) -> Iterator[Compared]:
    for code, measure in held.measures.items():
        for kind, lines in measure["lines"].items():
            added = (sum(line["total"] for line in lines), sum(line["covered"] for line in lines))
            said = measure["headline"][kind]
            yield Compared((said["total"], said["covered"]), added, code, kind)
        if not held.snapshot["cuts"]:
            continue
        for part, said in ((ALL, measure["headline"][ALL]), ("obliged", measure["obliged"][ALL])):
            own = [cut for cut in held.snapshot["cuts"] if cut["measure"] == code and cut["part"] == part]
            added = (sum(cut["total"] for cut in own), sum(cut["covered"] for cut in own))
            yield Compared((said["total"], said["covered"]), added, code)


def _kinds_make_all(held: _Held) -> Iterator[Compared]:
    for code, measure in held.measures.items():
        for counts in (measure["headline"], measure["obliged"]):
            for name in ("total", "covered", "not_applicable"):
                added = sum(counts[kind][name] for kind in KINDS)
                yield Compared(counts[ALL][name], added, code)


def _percentages(held: _Held) -> Iterator[Compared]:
    def right(said: Count | PlaceCount) -> int | None:
        return percent_of(said["covered"], said["total"])

    for code, measure in held.measures.items():
        for counts in (measure["headline"], measure["obliged"]):
            for kind, said in counts.items():
                yield Compared(said["percent"], right(said), code, kind)
        for kind, lines in measure["lines"].items():
            for line in lines:
                yield Compared(line["percent"], right(line), code, kind, line["place"])
    for cut in held.snapshot["cuts"]:
        yield Compared(cut["percent"], percent_of(cut["covered"], cut["total"]), cut["measure"], place=cut["place"])
        learners = percent_of(cut["learners_covered"], cut["learners"])
        yield Compared(cut["learners_percent"], learners, cut["measure"], place=cut["place"])
    for point in held.snapshot["trend"]:
        for code, then in point["measures"].items():
            yield Compared(then["percent"], right(then), code)


def _institutions_add_up(held: _Held) -> Iterator[Compared]:
    for scope, counts in held.snapshot["institutions"].items():
        yield Compared(counts[ALL], sum(counts[kind] for kind in KINDS))
        for measure in held.snapshot["measures"]:
            if measure["scope"] == scope:
                for kind, number in counts.items():
                    every = measure["headline"][kind]
                    yield Compared(number, every["total"] + every["not_applicable"], measure["code"], kind)


def _places_once(held: _Held) -> Iterator[Compared]:
    for scope, places in held.snapshot["places"].items():
        codes = [place["place"] for place in places]
        names = [place["name_kk"] for place in places]
        yield Compared((len(set(codes)), len(set(names))), (len(codes), len(codes)))
        for measure in held.snapshot["measures"]:
            if measure["scope"] == scope:
                yield Compared(sorted(measure["lines"]), sorted(KINDS), measure["code"])
                for kind, lines in measure["lines"].items():
                    yield Compared([line["place"] for line in lines], codes, measure["code"], kind)


def _nobody_twice(held: _Held) -> Iterator[Compared]:
    for code in held.measures:
        everybody = [one for _group, institutions in groups_of(held.records, code) for one in institutions]
        yield Compared(len(everybody), len(set(everybody)), code)


def _completeness_recounted(held: _Held) -> Iterator[Compared]:
    for one in held.snapshot["completeness"]:
        total, _covered = held.count(one["measure"])
        unknown = sum(number for group, number in held.groups[one["measure"]] if group.status == "unknown")
        yield Compared((one["total"], one["answered"]), (total, total - unknown), one["measure"])


def _trend_ends_here(held: _Held) -> Iterator[Compared]:
    trend = held.snapshot["trend"]
    if not trend:
        return
    quarters = [(point["year"], point["quarter"]) for point in trend]
    yield Compared(quarters, sorted(set(quarters)))
    yield Compared(trend[-1]["as_of"], held.snapshot["as_of"])
    for code, measure in held.measures.items():
        now, every = trend[-1]["measures"][code], measure["headline"][ALL]
        yield Compared((now["total"], now["covered"]), (every["total"], every["covered"]), code)


def _changes_add_up(held: _Held) -> Iterator[Compared]:
    previous = held.snapshot["previous"]
    if previous is None:
        yield Compared(held.snapshot["changes"], [])
        return
    yield Compared([change["measure"] for change in held.snapshot["changes"]], list(held.measures))
    for change in held.snapshot["changes"]:
        code = change["measure"]
        after = change["before"] + change["gained"] + change["joined"] - change["lost"] - change["left"]
        yield Compared(change["after"], after, code)
        yield Compared(change["before"], previous["headlines"][code][ALL]["covered"], code)
        yield Compared(change["after"], held.measures[code]["headline"][ALL]["covered"], code)


def _not_covered_complete(held: _Held) -> Iterator[Compared]:
    for listed in held.snapshot["not_covered"]:
        every = held.measures[listed["measure"]]["headline"][ALL]
        named = [one["bin"] for one in listed["institutions"]]
        yield Compared(len(set(named)), every["total"] - every["covered"], listed["measure"])
        yield Compared(len(named), len(set(named)), listed["measure"])


def _tables_as_frozen(held: _Held) -> Iterator[Compared]:
    """The cells of the annex, read back: counts as numbers, percentages as they stand."""
    tables: defaultdict[str, list[Table]] = defaultdict(list)
    for block in held.document.blocks():
        if isinstance(block, Table):
            tables[block.style].append(block)
    wanted = {"obliged": 1, "national": 1, "cities": 1, "parts": 3 if held.snapshot["cuts"] else 0}
    for style, number in wanted.items():
        yield Compared(len(tables[style]), number)
    for code, body in zip(held.measures, tables["obliged"][0].bodies, strict=True):
        measure = held.measures[code]
        for row, kind in zip(body, (ALL, *KINDS), strict=True):
            yield Compared(
                tuple(_digits(cell) for cell in row.cells),
                _cells(measure["headline"][kind]) + _cells(measure["obliged"][kind]),
                code,
                kind,
            )
    yield from _national_table(held, tables["national"][0])
    yield from _city_table(held, tables["cities"][0])
    for table, parts, unit in zip(
        tables["parts"],
        ((ALL, "obliged"), ("state", "private"), (ALL, "obliged")),
        ("percent", "percent", "learners_percent"),
        strict=False,
    ):
        yield from _part_table(held, table, parts, unit)


def _cells(said: Count | PlaceCount) -> tuple[str, ...]:
    return str(said["total"]), str(said["covered"]), format_percent(said["percent"])


def _digits(cell: str) -> str:
    """A number without what sets its thousands apart: each language has its own."""
    return re.sub(r"(?<=\d)[\u00a0,](?=\d{3})", "", cell)


def _all_kinds(measure: Measure, at: int) -> tuple[int, int]:
    lines = [measure["lines"][kind][at] for kind in KINDS]
    return sum(line["total"] for line in lines), sum(line["covered"] for line in lines)


def _national_table(held: _Held, table: Table) -> Iterator[Compared]:
    installed, connected = held.measures["cctv_installed"], held.measures["cctv_connected"]
    places = held.snapshot["places"][NATIONAL]
    yield Compared(len(table.bodies[0]), len(places))
    rows = [(*_all_kinds(installed, at), *_all_kinds(connected, at)) for at in range(len(places))]
    whole = (
        *(installed["headline"][ALL][name] for name in ("total", "covered")),
        *(connected["headline"][ALL][name] for name in ("total", "covered")),
    )
    foot = [table.foot] if table.foot else []
    for at, (row, (total, have, all_linked, linked)) in enumerate(
        zip([*table.bodies[0], *foot], [*rows, whole], strict=True)
    ):
        place = places[at]["place"] if at < len(places) else COUNTRY
        right = [str(total), str(have), format_percent(percent_of(have, total))]
        right += [str(linked), format_percent(percent_of(linked, all_linked))]
        for kind in KINDS:
            right += _cells(connected["lines"][kind][at] if at < len(places) else connected["headline"][kind])
        yield Compared([_digits(cell) for cell in row.cells], right, "cctv_connected", place=place)


def _city_table(held: _Held, table: Table) -> Iterator[Compared]:
    places = held.snapshot["places"][LARGE_CITIES]
    measures = [measure for measure in held.snapshot["measures"] if measure["scope"] == LARGE_CITIES]
    yield Compared(len(table.bodies[0]), len(places))
    foot = [table.foot] if table.foot else []
    for at, row in enumerate([*table.bodies[0], *foot]):
        pairs = [
            _all_kinds(measure, at)
            if at < len(places)
            else (measure["headline"][ALL]["total"], measure["headline"][ALL]["covered"])
            for measure in measures
        ]
        right = [str(pairs[0][0])]
        for total, covered in pairs:
            right += [str(covered), format_percent(percent_of(covered, total))]
        place = places[at]["place"] if at < len(places) else COUNTRY
        yield Compared([_digits(cell) for cell in row.cells], right, "licensed_guard", place=place)


def _part_table(held: _Held, table: Table, parts: tuple[str, str], unit: str) -> Iterator[Compared]:
    shares = {
        (cut["place"], cut["measure"], cut["part"]): cut[unit]  # type: ignore[literal-required]
        for cut in held.snapshot["cuts"]
    }
    for place, row in zip(held.snapshot["places"][NATIONAL], table.bodies[0], strict=True):
        for code, cell in zip(held.measures, row.cells, strict=True):
            said = [shares.get((place["place"], code, part)) for part in parts]
            right = [format_percent(share).removesuffix("%") for share in said]
            dashes = all(share is None for share in said)
            yield Compared(cell, "–" if dashes else " / ".join(right), code, place=place["place"])


def _key_figures_as_headlines(held: _Held) -> Iterator[Compared]:
    for block in held.document.blocks():
        if isinstance(block, KeyFigures):
            for row, (code, measure) in zip(block.rows, held.measures.items(), strict=True):
                every = measure["headline"][ALL]
                covered, total = (number_in(part) for part in row.counts.split(" / "))
                yield Compared((total, covered), (every["total"], every["covered"]), code)
                yield Compared(row.percent, format_percent(every["percent"]), code)
                yield Compared(row.share, every["percent"] or 0, code)


def _names_as_counted(held: _Held) -> Iterator[Compared]:
    for block in held.document.blocks():
        if isinstance(block, NameList):
            stated = re.findall(r"\d[\d\u00a0,]*", block.lead)
            yield Compared(number_in(stated[-1]) if stated else None, len(block.items))


def _doors_open_exactly(held: _Held) -> Iterator[Compared]:
    """Every figure with a door, against the records that it opens. A cell of percentages opens its whole."""
    for piece in pieces_of(held.document):
        if piece.door and (number := _whole_number(piece.text)) is not None:
            asked = dict(parse_qsl(piece.door))
            total, covered = held.count(
                asked["measure"],
                place=asked.get("place", ""),
                kind=asked.get("kind", ALL),
                ownership=asked.get("ownership", ""),
                obliged=asked.get("obliged") == "1",
            )
            right = covered if asked["part"] == "covered" else total
            yield Compared(number, right, asked["measure"], asked.get("kind", ALL), asked.get("place", COUNTRY))


def _words_whole(held: _Held) -> Iterator[Compared]:
    return words_whole(held.document)


def words_whole(document: Document) -> Iterator[Compared]:
    """No gap in any text, and pieces that make their text."""
    for text in to_text(document).split("\n"):
        faults = re.findall(r"None|[{}]|\[\]|  |\bnan\b|^ | $|undefined", text)
        yield Compared(faults, [])
    for section in document.sections:
        yield Compared((bool(section.title.strip()), bool(section.blocks) or section.level == 1), (True, True))
    for block in document.blocks():
        if isinstance(block, Paragraph) and block.pieces:
            yield Compared("".join(piece.text for piece in block.pieces), block.text, block.measure)
        if isinstance(block, LineList):
            joined = tuple("".join(piece.text for piece in pieces) for pieces in block.pieces)
            yield Compared(joined, block.lines, block.measure, block.kind)


def _days_in_order(held: _Held) -> Iterator[Compared]:
    as_of, known_on = (date.fromisoformat(held.snapshot[name]) for name in ("as_of", "known_on"))
    period = held.snapshot["period"]
    starts_on = date(period["year"], 3 * period["quarter"] - 2, 1)
    yield Compared(as_of <= known_on, True)
    yield Compared(known_on <= held.imprint.date, True)
    yield Compared(0 <= (as_of - starts_on).days < 92, True)
    yield from sealed(held.snapshot.get("seal"), known_on)


def sealed(seal: DaySeal | None, known_on: date) -> Iterator[Compared]:
    """The daily seal is one, and of a day before that of the knowledge."""
    if seal is not None:
        yield Compared(bool(re.fullmatch(r"[0-9a-f]{64}", seal["root"])), True)
        yield Compared(date.fromisoformat(seal["day"]) < known_on, True)


def _number_and_language(held: _Held) -> Iterator[Compared]:
    period, scope = held.snapshot["period"], held.snapshot["scope"]
    number = rf"117-{period['year']}-{period['quarter']}/[1-9]\d*"
    yield Compared(bool(re.fullmatch(number, held.imprint.number)), True)
    yield Compared(held.document.lang, held.snapshot["lang"])
    yield Compared(period["code"], f"{period['year']}Q{period['quarter']}")
    yield Compared(scope["kind"] == "region", "area" in held.snapshot)
    yield Compared(bool(held.document.provisional), not period["closed"])


CHECKS: Final[Mapping[GateRule, Check]] = {
    GateRule.LINES_AS_FROZEN: _lines_as_frozen,
    GateRule.HEADLINES_AS_FROZEN: _headlines_as_frozen,
    GateRule.LINES_RECOUNTED: _lines_recounted,
    GateRule.HEADLINES_RECOUNTED: _headlines_recounted,
    GateRule.OBLIGED_RECOUNTED: _obliged_recounted,
    GateRule.CUTS_RECOUNTED: _cuts_recounted,
    GateRule.OBLIGED_WITHIN_ALL: _obliged_within_all,
    GateRule.OWNERSHIPS_MAKE_ALL: _ownerships_make_all,
    GateRule.PLACES_MAKE_WHOLE: _places_make_whole,
    GateRule.KINDS_MAKE_ALL: _kinds_make_all,
    GateRule.PERCENTAGES: _percentages,
    GateRule.INSTITUTIONS_ADD_UP: _institutions_add_up,
    GateRule.PLACES_ONCE: _places_once,
    GateRule.NOBODY_TWICE: _nobody_twice,
    GateRule.COMPLETENESS_RECOUNTED: _completeness_recounted,
    GateRule.TREND_ENDS_HERE: _trend_ends_here,
    GateRule.CHANGES_ADD_UP: _changes_add_up,
    GateRule.NOT_COVERED_COMPLETE: _not_covered_complete,
    GateRule.TABLES_AS_FROZEN: _tables_as_frozen,
    GateRule.KEY_FIGURES_AS_HEADLINES: _key_figures_as_headlines,
    GateRule.NAMES_AS_COUNTED: _names_as_counted,
    GateRule.DOORS_OPEN_EXACTLY: _doors_open_exactly,
    GateRule.WORDS_WHOLE: _words_whole,
    GateRule.DAYS_IN_ORDER: _days_in_order,
    GateRule.NUMBER_AND_LANGUAGE: _number_and_language,
}


def pieces_of(document: Document) -> Iterator[Piece]:
    """The pieces of all blocks, those with a door among them."""
    for block in document.blocks():
        match block:
            case Paragraph():
                yield from block.pieces
            case KeyFigures():
                for figure in block.rows:
                    yield from figure.pieces
            case LineList():
                for pieces in block.pieces:
                    yield from pieces
            case Table():
                for body in block.bodies:
                    for row in body:
                        yield from row.pieces
                if block.foot:
                    yield from block.foot.pieces


def number_in(text: str) -> int:
    """The whole number that a text spells, however its thousands are set apart."""
    return int(re.sub(r"\D", "", text))


def _whole_number(text: str) -> int | None:
    return number_in(text) if re.fullmatch(r"\d[\d\u00a0,]*", text) else None


class _Reader(HTMLParser):
    """The words of a page in their order, without pictures, and what each link says."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.title = self.description = ""
        self._silent = 0
        self._address = ""
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("svg", "head"):
            self._silent += 1
        elif tag == "a":
            self._address = dict(attrs).get("href") or ""
        elif tag == "title":
            self._in_title = not self.title
        elif tag == "meta" and dict(attrs).get("name") == "description":
            self.description = dict(attrs).get("content") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("svg", "head"):
            self._silent -= 1
        elif tag == "a":
            self._address = ""
        elif tag == "title":
            self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        if self._silent:
            return
        if data.strip():
            self.words.append(data)
        if self._address:
            self.links.append((self._address.partition("?")[2], data))


def _page_as_written(html: str, document: Document) -> Iterator[Compared]:
    page = _Reader()
    page.feed(html)
    squeezed = re.sub(r"\s+", "", "".join(page.words))
    at = 0
    for text in _written(document):
        wanted = re.sub(r"\s+", "", text)
        found = squeezed.find(wanted, at)
        # What stands between two texts is the page's own: at most dots after labels and the marks of a list.
        yield Compared(squeezed[at:found] if found >= 0 else "–", "")
        at = found + len(wanted) if found >= 0 else at
    yield Compared(page.title, f"{document.title}: {document.subtitle}")
    yield Compared(page.description, f"{document.title}, {document.subtitle}, {document.number}")
    if document.verification:
        codes = set(re.findall(r"/verify/([^/\"<]+)/", html))
        yield Compared(codes, {document.verification.code})
    doors = [(piece.door, piece.text) for piece in pieces_of(document) if piece.door and document.records_url]
    linked = [(address, text) for address, text in page.links if address]
    yield Compared(linked, doors)


def _written(document: Document) -> Iterator[str]:
    """All that a page must say, in its order."""
    yield document.running_title
    if document.provisional:
        yield f"·{document.provisional_mark}"
    yield document.number
    yield document.ministry
    yield document.date_text
    yield document.number
    yield document.title
    yield document.subtitle
    if document.provisional:
        yield document.provisional
    yield from document.warnings
    for section in document.sections:
        yield section.title
        for block in section.blocks:
            match block:
                case Paragraph():
                    yield block.text
                case KeyFigures():
                    yield block.caption
                    yield from block.head
                    for row in block.rows:
                        yield from (row.label, row.counts, row.percent)
                case LineList():
                    yield block.title
                    yield from block.lines
                case Table():
                    yield from _table_words(block)
                case NameList():
                    yield block.lead
                    yield from block.items
                case _ if hasattr(block, "items"):
                    yield from block.items
                case _:
                    yield f"{block.label}.{block.caption}{block.credit}"
    if document.verification:
        shown = document.verification
        yield from (shown.title, shown.text, shown.url, *shown.seal)


def _table_words(table: Table) -> Iterator[str]:
    yield table.heading
    yield table.corner
    yield from (group.title for group in table.groups)
    if not table.one_headed:
        yield from (column for group in table.groups for column in group.columns)
    rows = [row for body in table.bodies for row in body]
    for row in [*rows, table.foot] if table.foot else rows:
        yield row.heading
        if row.note:
            yield row.note
        yield from row.cells
