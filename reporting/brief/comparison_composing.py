"""A frozen comparison becomes a document: the headlines, the bridge between the quarters, and every place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date as Date
from typing import Final

from reporting import charts
from reporting.brief.annex_words import ANNEX
from reporting.brief.checks_words import check_sheet
from reporting.brief.comparison_facts import GAINED, JOINED, LEFT, LOST, WHOLE, Comparison, Span
from reporting.brief.comparison_words import FALL, NONE, RISE, SAME, comparison_words_of
from reporting.brief.composing import seal_notes, verification_of
from reporting.brief.document import (
    Block,
    Bullets,
    Chart,
    ColumnGroup,
    Document,
    Paragraph,
    Piece,
    Row,
    Section,
    Table,
)
from reporting.brief.doors import COVERED, TOTAL, door
from reporting.brief.facts import KINDS, NATIONAL, Count, Measure, PlaceCount, city_count
from reporting.brief.imprint import Imprint
from reporting.brief.languages import words_of
from reporting.numerals import NO_BREAK_SPACE as NBSP
from reporting.percent import format_percent
from reporting.percent import percent as percent_of

# Styles of the tables, by which the gate knows them again.
HEADLINES, BRIDGE, PLACES = "compared", "changes", "compared-places"
MINUS: Final = "−"


def compose(snapshot: Comparison, imprint: Imprint) -> Document:
    """Write the comparison of `snapshot` under its `imprint`. Raises `LanguageNotWritten`."""
    return _Composition(snapshot).document(imprint)


def signed(number: int, spell: Callable[[int], str] = str) -> str:
    """A difference as it is printed: "+573", "−4", "0"; `spell` sets the thousands of its size apart."""
    return f"{'+' if number > 0 else MINUS if number < 0 else ''}{spell(abs(number))}"


def all_kinds(measure: Measure, at: int) -> PlaceCount:
    """The line of a measure summed over the kinds."""
    lines = [measure["lines"][kind][at] for kind in KINDS]
    total, covered = sum(line["total"] for line in lines), sum(line["covered"] for line in lines)
    return PlaceCount(place=lines[0]["place"], total=total, covered=covered, percent=percent_of(covered, total))


def points(before: Count | PlaceCount, after: Count | PlaceCount) -> int | None:
    """Percentage points between two counts; None where one of them has no percentage."""
    if before["percent"] is None or after["percent"] is None:
        return None
    return after["percent"] - before["percent"]


def moved(before: Count | PlaceCount, after: Count | PlaceCount) -> str:
    """Which way the coverage went."""
    change = points(before, after)
    return NONE if change is None else RISE if change > 0 else FALL if change < 0 else SAME


class _Composition:
    def __init__(self, snapshot: Comparison) -> None:
        self.snapshot = snapshot
        self.language = words_of(snapshot["lang"])
        self.words = comparison_words_of(snapshot["lang"])
        self.annex = ANNEX[snapshot["lang"]]
        self.pairs = list(zip(snapshot["before"]["measures"], snapshot["after"]["measures"], strict=True))
        self.quarters = [
            self.language.quarter(side["period"]["year"], side["period"]["quarter"])
            for side in (snapshot["before"], snapshot["after"])
        ]

    def document(self, imprint: Imprint) -> Document:
        fixed, period = self.language.fixed, self.snapshot["period"]
        return Document(
            lang=self.language.lang,
            ministry=fixed.ministry,
            title=self.words.title,
            running_title=self.words.running_title,
            subtitle=" – ".join(self.quarters),
            number=f"{fixed.numero}{NBSP}{imprint.number}",
            date=imprint.date,
            date_text=self.language.day(imprint.date),
            provisional="" if period["closed"] else self.language.provisional(self.quarters[1]),
            provisional_mark="" if period["closed"] else fixed.provisional_mark,
            sections=tuple(self._sections(imprint)),
            places={},
            records_url=imprint.records_url,
            verification=verification_of(imprint, self.annex) if imprint.code else None,
        )

    def _sections(self, imprint: Imprint) -> Iterator[Section]:
        words = self.words
        days = [
            self.language.day(Date.fromisoformat(side["as_of"]))
            for side in (self.snapshot["before"], self.snapshot["after"])
        ]
        sides = words.sides(self.quarters[0], days[0], self.quarters[1], days[1])
        yield Section(words.legal_title, (Paragraph(words.legal_basis), Paragraph(sides)))
        told = (self._told(before, after) for before, after in self.pairs)
        yield Section(words.headlines_title, (*told, self._headlines(), self._bridge()))
        seal = seal_notes(self.snapshot.get("seal"), self.language)
        yield Section(words.notes_title, (Bullets((*words.notes, self.language.fixed.rounding_note, *seal)),))
        yield Section(words.places_title, (), own_page=True)
        for number, (before, after) in enumerate(self.pairs, start=1):
            yield Section(
                f"4.{number}. {self.language.measures[after['code']].title}",
                tuple(self._places(number, before, after)),
                level=2,
                own_page=number > 1,
            )
        if imprint.checks:
            yield check_sheet(imprint.checks, self.language.lang, self.language.number)

    def _told(self, before: Measure, after: Measure) -> Paragraph:
        """A headline's way from the one quarter to the other, with the doors of its counts."""
        code, title = after["code"], self.language.measures[after["code"]].title
        then, now = before["headline"]["all"], after["headline"]["all"]
        told = self.words.told[moved(then, now)](title, format_percent(then["percent"]), format_percent(now["percent"]))
        lead, between, behind, end = self.words.counts
        pieces = (
            Piece(f"{told}{lead}"),
            Piece(self.language.number(then["covered"]), door(code, COVERED, earlier=True)),
            Piece(between),
            Piece(self.language.number(now["covered"]), door(code, COVERED)),
            Piece(f"{behind}{self._signed(now['covered'] - then['covered'])}{end}"),
        )
        # No measure: a reader of lines finds none of a brief's sentences here.
        return Paragraph("".join(piece.text for piece in pieces), pieces=pieces)

    def _headlines(self) -> Table:
        rows = []
        for before, after in self.pairs:
            code, then, now = after["code"], before["headline"]["all"], after["headline"]["all"]
            rows.append(self._row(self.language.measures[code].title, code, "", then, now))
        return Table(
            label=self.language.table_label(1),
            caption=self.words.headlines_caption,
            corner=self.language.fixed.obliged_corner,
            groups=self._groups(),
            bodies=(tuple(rows),),
            foot=None,
            style=HEADLINES,
        )

    def _groups(self) -> tuple[ColumnGroup, ...]:
        before, after = self.quarters
        return (
            ColumnGroup(before, self.words.side_columns),
            ColumnGroup(after, self.words.side_columns),
            ColumnGroup(self.words.difference, self.words.difference_columns),
        )

    def _row(
        self, heading: str, code: str, place: str, then: Count | PlaceCount, now: Count | PlaceCount, role: str = ""
    ) -> Row:
        change = points(then, now)
        cells = (
            *self._cells(then),
            *self._cells(now),
            self._signed(now["covered"] - then["covered"]),
            "–" if change is None else self._signed(change),
        )
        opened = (
            door(code, TOTAL, place=place, earlier=True),
            door(code, COVERED, place=place, earlier=True),
            "",
            door(code, TOTAL, place=place),
            door(code, COVERED, place=place),
            *[""] * 3,
        )
        return Row(heading, cells, role, opened)

    def _bridge(self) -> Table:
        """From the covered of the one quarter to those of the other, each way with its institutions."""
        rows = tuple(
            self._span(self.language.measures[after["code"]].title, after["code"], WHOLE)
            for _before, after in self.pairs
        )
        return Table(
            label=self.language.table_label(2),
            caption=self.annex.changes_caption,
            corner=self.language.fixed.obliged_corner,
            groups=tuple(ColumnGroup(column, ("",)) for column in self.annex.change_columns),
            bodies=(rows,),
            foot=None,
            style=BRIDGE,
        )

    def _span(self, heading: str, code: str, place: str) -> Row:
        span: Span = self.snapshot["bridges"][code][place]
        cells = (
            self.language.number(span["before"]),
            self._signed(span["gained"]),
            self._signed(span["joined"]),
            self._signed(-span["lost"]),
            self._signed(-span["left"]),
            self.language.number(span["after"]),
        )
        opened = (
            door(code, COVERED, place=place, earlier=True),
            *(door(code, way, place=place) for way in (GAINED, JOINED, LOST, LEFT)),
            door(code, COVERED, place=place),
        )
        return Row(heading, cells, doors=opened)

    def _places(self, number: int, before: Measure, after: Measure) -> Iterator[Block]:
        code, title = after["code"], self.language.measures[after["code"]].title
        listed = self.snapshot["places"][after["scope"]]
        pairs = [(all_kinds(before, at), all_kinds(after, at)) for at in range(len(listed))]
        names = [self.language.name_in_table(place) for place in listed]
        changes = {name: points(*pair) for name, pair in zip(names, pairs, strict=True)}
        if any(changes.values()):
            yield Chart(
                label=self.language.chart_label(number),
                caption=self.words.chart_caption(title),
                description=charts.as_text(charts.difference_bars(changes)),
                alternative=f"{self.words.chart_caption(title)}: "
                + "; ".join(f"{name} {'–' if change is None else signed(change)}" for name, change in changes.items()),
            )
        rows = tuple(
            self._row(name, code, place["place"], *pair) for name, place, pair in zip(names, listed, pairs, strict=True)
        )
        fixed, national = self.language.fixed, after["scope"] == NATIONAL
        every = fixed.republic_total if national else self.language.cities(city_count(listed))
        whole = self._row(every, code, WHOLE, before["headline"]["all"], after["headline"]["all"], "lead")
        yield Table(
            label=self.language.table_label(number + 2),
            caption=self.words.place_caption(title),
            corner=fixed.regions_corner if national else fixed.cities_corner,
            groups=self._groups(),
            bodies=(rows,),
            foot=whole,
            style=PLACES,
        )

    def _cells(self, count: Count | PlaceCount) -> tuple[str, str, str]:
        return (
            self.language.number(count["total"]),
            self.language.number(count["covered"]),
            format_percent(count["percent"]),
        )

    def _signed(self, number: int) -> str:
        return signed(number, self.language.number)
