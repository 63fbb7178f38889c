"""The gate of a comparison: both quarters recounted, the bridge between them, and every printed difference."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qsl

from django.db import models
from django.utils.translation import gettext_lazy

from reporting.brief.comparison_composing import (
    BRIDGE,
    HEADLINES,
    MINUS,
    PLACES,
    all_kinds,
    compose,
    moved,
    points,
    signed,
)
from reporting.brief.comparison_facts import WAYS, WHOLE, Comparison, Side, sides_of
from reporting.brief.comparison_words import comparison_words_of
from reporting.brief.document import Document, Paragraph, Table
from reporting.brief.facts import KINDS, Count, PlaceCount
from reporting.brief.imprint import Imprint
from reporting.brief.languages import words_of
from reporting.gate import (
    UNREADABLE,
    Compared,
    GateRule,
    Outcome,
    number_in,
    outcome_of,
    pieces_of,
    sealed,
    unreadable,
    words_whole,
)
from reporting.integrity import ALL
from reporting.percent import format_percent
from reporting.percent import percent as percent_of
from reporting.records import COVERED_STATUSES, TOTAL_STATUSES, Records, behind, on_the_way

_FIGURE: Final = re.compile(rf"[+{MINUS}]?\d[\d\u00a0,]*")


class ComparisonRule(models.TextChoices):
    """What a comparison must fulfil, besides the gate's rules for percentages, doors, texts and days."""

    POINTS_RECOUNTED = "points_recounted", gettext_lazy("a figure of one of the quarters is not what its records give")
    BRIDGE_ADDS_UP = "bridge_adds_up", gettext_lazy("those who came and went do not lead from one quarter to the other")
    PLACES_MAKE_DIFFERENCE = "places_make_difference", gettext_lazy("the places do not make the difference")
    DIFFERENCES = "differences", gettext_lazy("a printed difference is not that of its figures")


def check(snapshot: Any, records: Records, imprint: Imprint, city_lines_region: Mapping[str, str]) -> Outcome:
    """Hold a comparison's finished words against themselves, its snapshot and the records of both quarters.

    Words that cannot be read back, or a snapshot without its parts, are a finding too.
    """
    try:
        held = _Held(snapshot, records, imprint)
        outcome = Outcome((), ())
        for rule, listed in CHECKS.items():
            outcome += outcome_of(rule, listed(held))
        return outcome
    except UNREADABLE as broken:
        return unreadable(broken)


@dataclass
class _Held:
    snapshot: Comparison
    records: Records
    imprint: Imprint
    document: Document = field(init=False)
    earlier: Records = field(init=False)
    later: Records = field(init=False)

    def __post_init__(self) -> None:
        self.document = compose(self.snapshot, replace(self.imprint, checks=()))
        self.earlier, self.later = sides_of(self.records)

    @property
    def sides(self) -> tuple[tuple[Side, Records], tuple[Side, Records]]:
        return (self.snapshot["before"], self.earlier), (self.snapshot["after"], self.later)

    def tables(self, style: str) -> list[Table]:
        return [block for block in self.document.blocks() if isinstance(block, Table) and block.style == style]


def _counted(
    kept: Records, measure: str, *, place: str = "", kind: str = ALL, obliged_only: bool = False
) -> tuple[int, int]:
    """Total and covered by the records."""
    at, of_kind = place or None, None if kind == ALL else kind
    total, covered = (
        len(behind(kept, measure, statuses, place=at, kind=of_kind, obliged_only=obliged_only))
        for statuses in (TOTAL_STATUSES, COVERED_STATUSES)
    )
    return total, covered


def _points_recounted(held: _Held) -> Iterator[Compared]:
    for side, kept in held.sides:
        yield Compared(sorted(kept), sorted(measure["code"] for measure in side["measures"]))
        for measure in side["measures"]:
            code = measure["code"]
            for kind, said in measure["headline"].items():
                yield Compared((said["total"], said["covered"]), _counted(kept, code, kind=kind), code, kind)
            for kind, lines in measure["lines"].items():
                for line in lines:
                    right = _counted(kept, code, place=line["place"], kind=kind)
                    yield Compared((line["total"], line["covered"]), right, code, kind, line["place"])
            for kind, counted in measure["obliged"].items():
                right = _counted(kept, code, kind=kind, obliged_only=True)
                yield Compared((counted["total"], counted["covered"]), right, code, kind)


def _bridge_adds_up(held: _Held) -> Iterator[Compared]:
    bridges = held.snapshot["bridges"]
    for before, after in zip(held.snapshot["before"]["measures"], held.snapshot["after"]["measures"], strict=True):
        code = after["code"]
        listed = [place["place"] for place in held.snapshot["places"][after["scope"]]]
        yield Compared(sorted(bridges[code]), sorted([WHOLE, *listed]), code)
        for at, place in enumerate([WHOLE, *listed]):
            span = bridges[code][place]
            led = span["before"] + span["gained"] + span["joined"] - span["lost"] - span["left"]
            yield Compared(led, span["after"], code, place=place)
            for way in WAYS:
                right = len(on_the_way(held.earlier, held.later, code, way, place=place or None))
                yield Compared(span[way], right, code, place=place)  # type: ignore[literal-required]
            ends = (
                (before["headline"][ALL]["covered"], after["headline"][ALL]["covered"])
                if place == WHOLE
                else (all_kinds(before, at - 1)["covered"], all_kinds(after, at - 1)["covered"])
            )
            yield Compared((span["before"], span["after"]), ends, code, place=place)


def _places_make_difference(held: _Held) -> Iterator[Compared]:
    for side, _kept in held.sides:
        for measure in side["measures"]:
            code, places = measure["code"], held.snapshot["places"][measure["scope"]]
            for kind in KINDS:
                lines, said = measure["lines"][kind], measure["headline"][kind]
                yield Compared([line["place"] for line in lines], [place["place"] for place in places], code, kind)
                for name in ("total", "covered"):
                    made = sum(line[name] for line in lines)
                    yield Compared(made, said[name], code, kind)
            for name in ("total", "covered"):
                made = sum(measure["headline"][kind][name] for kind in KINDS)  # type: ignore[literal-required]
                yield Compared(made, measure["headline"][ALL][name], code)  # type: ignore[literal-required]


def _differences(held: _Held) -> Iterator[Compared]:
    """The sentences and all cells, read back."""
    before, after = held.snapshot["before"]["measures"], held.snapshot["after"]["measures"]
    pairs = list(zip(before, after, strict=True))
    yield Compared([then["code"] for then in before], [now["code"] for now in after])
    told = [block for block in held.document.blocks() if isinstance(block, Paragraph) and block.pieces]
    headlines, bridges, places = (held.tables(style) for style in (HEADLINES, BRIDGE, PLACES))
    yield Compared((len(told), len(headlines), len(bridges), len(places)), (len(pairs), 1, 1, len(pairs)))
    for (then, now), paragraph, row in zip(pairs, told, headlines[0].bodies[0], strict=True):
        pair = then["headline"][ALL], now["headline"][ALL]
        yield Compared(paragraph.text, _sentence(held, now["code"], *pair), now["code"])
        yield Compared(_read(row.cells), _cells(*pair), now["code"])
    for (_then, now), row in zip(pairs, bridges[0].bodies[0], strict=True):
        span = held.snapshot["bridges"][now["code"]][WHOLE]
        right = (
            str(span["before"]),
            *(signed(number) for number in (span["gained"], span["joined"], -span["lost"], -span["left"])),
            str(span["after"]),
        )
        yield Compared(_read(row.cells), right, now["code"])
    for (then, now), table in zip(pairs, places, strict=True):
        yield Compared(len(table.bodies[0]), len(held.snapshot["places"][now["scope"]]), now["code"])
        for at, row in enumerate(table.bodies[0]):
            pair_there = all_kinds(then, at), all_kinds(now, at)
            yield Compared(_read(row.cells), _cells(*pair_there), now["code"], place=pair_there[1]["place"])
        if table.foot:
            yield Compared(_read(table.foot.cells), _cells(then["headline"][ALL], now["headline"][ALL]), now["code"])


def _sentence(held: _Held, code: str, then: Count, now: Count) -> str:
    language, words = words_of(held.snapshot["lang"]), comparison_words_of(held.snapshot["lang"])
    said = words.told[moved(then, now)](
        language.measures[code].title, format_percent(then["percent"]), format_percent(now["percent"])
    )
    difference = signed(now["covered"] - then["covered"], language.number)
    figures = (language.number(then["covered"]), language.number(now["covered"]))
    lead, between, behind_them, end = words.counts
    return f"{said}{lead}{figures[0]}{between}{figures[1]}{behind_them}{difference}{end}"


def _read(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Cells without what sets their thousands apart."""
    return tuple(re.sub(r"(?<=\d)[\u00a0,](?=\d{3})", "", cell) for cell in cells)


def _cells(then: Count | PlaceCount, now: Count | PlaceCount) -> tuple[str, ...]:
    change = points(then, now)
    sides = [(str(one["total"]), str(one["covered"]), format_percent(one["percent"])) for one in (then, now)]
    return (*sides[0], *sides[1], signed(now["covered"] - then["covered"]), "–" if change is None else signed(change))


def _percentages(held: _Held) -> Iterator[Compared]:
    for side, _kept in held.sides:
        for measure in side["measures"]:
            said: list[Count | PlaceCount] = [*measure["headline"].values(), *measure["obliged"].values()]
            said += [line for kind in KINDS for line in measure["lines"][kind]]
            for one in said:
                yield Compared(one["percent"], percent_of(one["covered"], one["total"]), measure["code"])


def _doors_open_exactly(held: _Held) -> Iterator[Compared]:
    for piece in pieces_of(held.document):
        if piece.door and _FIGURE.fullmatch(piece.text):
            asked = dict(parse_qsl(piece.door))
            right = len(opened(held.records, asked))
            yield Compared(number_in(piece.text), right, asked["measure"], place=asked.get("place", WHOLE))


def opened(records: Records, asked: Mapping[str, str]) -> list[int]:
    """Keys of the institutions that a door of a comparison opens, by its query."""
    earlier, later = sides_of(records)
    measure, part = asked["measure"], asked["part"]
    place, kind = asked.get("place") or None, asked.get("kind") or None
    if part in WAYS:
        return on_the_way(earlier, later, measure, part, place=place, kind=kind)
    statuses = {"covered": COVERED_STATUSES, "total": TOTAL_STATUSES}.get(part)
    if statuses is None:
        statuses = tuple(status for status in TOTAL_STATUSES if status not in COVERED_STATUSES)
    return behind(earlier if asked.get("at") == "before" else later, measure, statuses, place=place, kind=kind)


def _words_whole(held: _Held) -> Iterator[Compared]:
    return words_whole(held.document)


def _days_in_order(held: _Held) -> Iterator[Compared]:
    days = []
    for side, _kept in held.sides:
        as_of, known_on = date.fromisoformat(side["as_of"]), date.fromisoformat(side["known_on"])
        starts_on = date(side["period"]["year"], 3 * side["period"]["quarter"] - 2, 1)
        yield Compared(0 <= (as_of - starts_on).days < 92, True)
        yield Compared(as_of <= known_on <= held.imprint.date, True)
        days.append(as_of)
    yield Compared(days[0] < days[1], True)
    yield from sealed(held.snapshot.get("seal"), date.fromisoformat(held.snapshot["known_on"]))
    after = held.snapshot["after"]
    yield Compared(
        (held.snapshot["as_of"], held.snapshot["known_on"], held.snapshot["period"]),
        (after["as_of"], after["known_on"], after["period"]),
    )


def _number_and_language(held: _Held) -> Iterator[Compared]:
    period = held.snapshot["period"]
    number = rf"117-{period['year']}-{period['quarter']}/[1-9]\d*"
    yield Compared(bool(re.fullmatch(number, held.imprint.number)), True)
    yield Compared(held.document.lang, held.snapshot["lang"])
    for side, _kept in held.sides:
        yield Compared(side["period"]["code"], f"{side['period']['year']}Q{side['period']['quarter']}")
    yield Compared(bool(held.document.provisional), not period["closed"])


CHECKS: Final[Mapping[models.TextChoices, Callable[[_Held], Iterator[Compared]]]] = {
    ComparisonRule.POINTS_RECOUNTED: _points_recounted,
    ComparisonRule.BRIDGE_ADDS_UP: _bridge_adds_up,
    ComparisonRule.PLACES_MAKE_DIFFERENCE: _places_make_difference,
    ComparisonRule.DIFFERENCES: _differences,
    GateRule.PERCENTAGES: _percentages,
    GateRule.DOORS_OPEN_EXACTLY: _doors_open_exactly,
    GateRule.WORDS_WHOLE: _words_whole,
    GateRule.DAYS_IN_ORDER: _days_in_order,
    GateRule.NUMBER_AND_LANGUAGE: _number_and_language,
}
