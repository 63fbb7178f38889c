"""A frozen snapshot becomes a document: what the brief holds and in which order, in the words of its language."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date as Date
from typing import Final

from reporting.brief import doors
from reporting.brief.document import (
    Block,
    Bullets,
    ColumnGroup,
    Document,
    KeyFigure,
    KeyFigures,
    LineList,
    NameList,
    Paragraph,
    Row,
    Section,
    Table,
)
from reporting.brief.facts import (
    KINDS,
    LARGE_CITIES,
    NATIONAL,
    Count,
    Measure,
    NamedInstitution,
    PlaceCount,
    Snapshot,
    city_count,
)
from reporting.brief.imprint import Imprint
from reporting.brief.languages import words_of
from reporting.brief.words import Words
from reporting.numerals import NO_BREAK_SPACE as NBSP
from reporting.percent import format_percent
from reporting.percent import percent as percent_of

MEASURES: Final = ("cctv_installed", "cctv_connected", "licensed_guard", "panic_button", "turnstile")
CITY_MEASURES: Final = MEASURES[2:]


def compose(snapshot: Snapshot, imprint: Imprint) -> Document:
    """Write the brief of `snapshot` under its `imprint`, whose date is the brief's own, not that of its figures.

    Raises `LanguageNotWritten`.
    """
    words = words_of(snapshot["lang"])
    return _Composition(snapshot, words).document(imprint)


class _Composition:
    """One snapshot in one language."""

    def __init__(self, snapshot: Snapshot, words: Words) -> None:
        self.snapshot = snapshot
        self.words = words
        self.as_of = Date.fromisoformat(snapshot["as_of"])
        self.measures: Mapping[str, Measure] = {measure["code"]: measure for measure in snapshot["measures"]}
        self.city_count = city_count(snapshot["places"][LARGE_CITIES])
        self.line_names = {
            scope: {place["place"]: words.name_in_line(place, scope) for place in places}
            for scope, places in snapshot["places"].items()
        }
        self.table_names = {
            scope: {place["place"]: words.name_in_table(place) for place in places}
            for scope, places in snapshot["places"].items()
        }

    def document(self, imprint: Imprint) -> Document:
        words, fixed, period = self.words, self.words.fixed, self.snapshot["period"]
        quarter = words.quarter(period["year"], period["quarter"])
        return Document(
            lang=words.lang,
            ministry=fixed.ministry,
            title=fixed.title,
            running_title=fixed.running_title,
            subtitle=words.subtitle(quarter, period["year"], self.as_of),
            number=f"{fixed.numero}{NBSP}{imprint.number}",
            date=imprint.date,
            date_text=words.day(imprint.date),
            provisional="" if period["closed"] else words.provisional(quarter),
            provisional_mark="" if period["closed"] else fixed.provisional_mark,
            sections=(
                Section(fixed.legal_title, (Paragraph(fixed.legal_basis), self._key_figures())),
                *self._national(),
                *self._large_cities(),
                Section(fixed.notes_title, tuple(self._notes())),
                Section(fixed.annex_title, (self._obliged_table(), self._national_table(), self._city_table())),
            ),
            places={scope: {name: place for place, name in names.items()} for scope, names in self.line_names.items()},
        )

    # --- the body ---------------------------------------------------------------------------------------------

    def _key_figures(self) -> KeyFigures:
        words = self.words
        rows = []
        for code in MEASURES:
            count = self.measures[code]["headline"]["all"]
            national = self.measures[code]["scope"] == NATIONAL
            where = words.fixed.republic if national else words.cities(self.city_count)
            counts = f"{words.number(count['covered'])} / {words.number(count['total'])}"
            rows.append(
                KeyFigure(
                    label=f"{words.measures[code].overview}, {where}",
                    counts=counts,
                    percent=format_percent(count["percent"]),
                    share=count["percent"] or 0,
                    pieces=doors.pair_pieces(counts, code),
                )
            )
        return KeyFigures(words.fixed.overview_caption, words.fixed.overview_head, tuple(rows))

    def _national(self) -> Iterator[Section]:
        fixed = self.words.fixed
        how_many = self.words.institutions_national(self.as_of, self.snapshot["institutions"][NATIONAL])
        connected = self.measures["cctv_connected"]
        yield Section(
            fixed.national_title,
            (
                self._stated(how_many, "institutions", NATIONAL),
                self._headline(self.measures["cctv_installed"]),
                self._headline(connected),
            ),
        )
        yield Section(
            fixed.regions_title,
            (Paragraph(fixed.reading_key, small=True), *self._line_lists(connected)),
            level=2,
        )

    def _large_cities(self) -> Iterator[Section]:
        how_many = self.words.institutions_cities(self.city_count, self.snapshot["institutions"][LARGE_CITIES])
        yield Section(
            self.words.cities_title(self.city_count),
            (self._stated(how_many, "institutions", LARGE_CITIES),),
        )
        for index, code in enumerate(CITY_MEASURES, start=1):
            measure = self.measures[code]
            yield Section(
                f"3.{index}. {self.words.measures[code].title}",
                (self._headline(measure), *self._line_lists(measure)),
                level=2,
            )

    def _headline(self, measure: Measure) -> Paragraph:
        return self._stated(self.words.headline(measure), measure["code"], measure["scope"])

    def _stated(self, text: str, measure: str, scope: str) -> Paragraph:
        """A sentence that states a headline, with the doors of its figures."""
        pieces = doors.headline_pieces(text, self.words.patterns, measure=measure, scope=scope)
        return Paragraph(text, measure=measure, scope=scope, pieces=pieces)

    def _line_lists(self, measure: Measure) -> Iterator[LineList]:
        words, names = self.words, self.line_names[measure["scope"]]
        for kind in KINDS:
            counts = measure["lines"][kind]
            lines = tuple(
                words.line(names[line["place"]], kind, line, first=index == 0) for index, line in enumerate(counts)
            )
            yield LineList(
                title=f"{words.kind_long[kind]}: {words.measures[measure['code']].of_kind}",
                measure=measure["code"],
                scope=measure["scope"],
                kind=kind,
                lines=lines,
                long_lines=words.long_lines(measure["scope"]),
                pieces=tuple(
                    doors.line_pieces(text, words.patterns, measure=measure["code"], kind=kind, place=line["place"])
                    for text, line in zip(lines, counts, strict=True)
                ),
            )

    def _notes(self) -> Iterator[Block]:
        words, notes, rows = self.words, self.snapshot["notes"], self.snapshot["ledger"]["rows"]
        items = [
            words.day_note(self.as_of, Date.fromisoformat(self.snapshot["known_on"])),
            words.fixed.rounding_note,
            words.fixed.population_note,
        ]
        if rows:
            items.append(words.ledger_note(rows))
        if notes["pending"]:
            items.append(words.pending_note(notes["pending"]))
        for measure in self.snapshot["measures"]:
            if exempt := measure["headline"]["all"]["not_applicable"]:
                items.append(words.exempt_note(measure["code"], exempt))
        yield Bullets(tuple(items))
        if repaired := notes["capital_repair"]:
            yield NameList(words.repair_lead(len(repaired)), self._named(repaired))
        if excepted := notes["exceptions"]:
            yield NameList(words.exceptions_lead(len(excepted)), self._named(excepted))

    def _named(self, institutions: Sequence[NamedInstitution]) -> tuple[str, ...]:
        names = self.line_names[NATIONAL]
        return tuple(self.words.named(one, names.get(one["place"], one["place"])) for one in institutions)

    # --- the annex --------------------------------------------------------------------------------------------

    def _obliged_table(self) -> Table:
        words, fixed = self.words, self.words.fixed
        bodies = []
        for code in MEASURES:
            headline, obliged = self.measures[code]["headline"], self.measures[code]["obliged"]
            cells = {kind: self._cells(headline[kind]) + self._cells(obliged[kind]) for kind in ("all", *KINDS)}
            lead = Row(words.measures[code].title, cells["all"], "lead")
            bodies.append((lead, *(Row(words.kind_plural[kind], cells[kind], "part") for kind in KINDS)))
        return Table(
            label=words.table_label(1),
            caption=fixed.obliged_caption,
            corner=fixed.obliged_corner,
            groups=(
                ColumnGroup(fixed.everybody, fixed.obliged_columns),
                ColumnGroup(fixed.obliged, fixed.obliged_columns),
            ),
            bodies=tuple(bodies),
            foot=None,
            style="obliged",
        )

    def _national_table(self) -> Table:
        words, fixed = self.words, self.words.fixed
        installed, connected = self.measures["cctv_installed"], self.measures["cctv_connected"]
        rows = []
        for index, (have, linked) in enumerate(zip(_all_kinds(installed), _all_kinds(connected), strict=True)):
            cells: tuple[str, ...] = (words.number(linked["total"]), *self._cells(have)[1:], *self._cells(linked)[1:])
            for kind in KINDS:
                cells += self._cells(connected["lines"][kind][index])
            rows.append(Row(self.table_names[NATIONAL][linked["place"]], cells))
        foot: tuple[str, ...] = self._cells(connected["headline"]["all"])[:1]
        foot += self._cells(installed["headline"]["all"])[1:] + self._cells(connected["headline"]["all"])[1:]
        for kind in KINDS:
            foot += self._cells(connected["headline"][kind])
        return Table(
            label=words.table_label(2),
            caption=fixed.regions_caption,
            corner=fixed.regions_corner,
            groups=(
                ColumnGroup(fixed.total_column, (fixed.counted,)),
                ColumnGroup(words.measures["cctv_installed"].short, (fixed.counted, "%")),
                ColumnGroup(words.measures["cctv_connected"].short, (fixed.counted, "%")),
                *(ColumnGroup(words.kind_plural[kind], (fixed.counted, fixed.connected, "%")) for kind in KINDS),
            ),
            bodies=(tuple(rows),),
            foot=Row(fixed.republic_total, foot, "lead"),
            style="national",
        )

    def _city_table(self) -> Table:
        words, fixed = self.words, self.words.fixed
        measures = [self.measures[code] for code in CITY_MEASURES]
        rows = []
        for counts in zip(*(_all_kinds(measure) for measure in measures), strict=True):
            cells: tuple[str, ...] = (words.number(counts[0]["total"]),)
            for count in counts:
                cells += self._cells(count)[1:]
            rows.append(Row(self.table_names[LARGE_CITIES][counts[0]["place"]], cells))
        foot: tuple[str, ...] = self._cells(measures[0]["headline"]["all"])[:1]
        for measure in measures:
            foot += self._cells(measure["headline"]["all"])[1:]
        return Table(
            label=words.table_label(3),
            caption=fixed.cities_caption,
            corner=fixed.cities_corner,
            groups=(
                ColumnGroup(fixed.total_column, (fixed.counted,)),
                *(ColumnGroup(words.measures[code].short, (fixed.counted, "%")) for code in CITY_MEASURES),
            ),
            bodies=(tuple(rows),),
            foot=Row(words.cities(self.city_count), foot, "lead"),
            style="cities",
        )

    def _cells(self, count: Count | PlaceCount) -> tuple[str, str, str]:
        """Total, covered, percent."""
        return (
            self.words.number(count["total"]),
            self.words.number(count["covered"]),
            format_percent(count["percent"]),
        )


def _all_kinds(measure: Measure) -> list[PlaceCount]:
    """The lines of a measure summed over the kinds; the percent is that of the sums."""
    rows = []
    for lines in zip(*(measure["lines"][kind] for kind in KINDS), strict=True):
        total, covered = sum(line["total"] for line in lines), sum(line["covered"] for line in lines)
        rows.append(
            PlaceCount(place=lines[0]["place"], total=total, covered=covered, percent=percent_of(covered, total))
        )
    return rows
