"""A frozen snapshot becomes a document: what the brief holds and in which order, in the words of its language."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date as Date
from typing import Final

from reporting import charts
from reporting.brief import doors
from reporting.brief.annex_words import ANNEX, AnnexWords
from reporting.brief.checks_words import CHECKS, check_sheet
from reporting.brief.document import (
    Block,
    Bullets,
    Chart,
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
    Verification,
)
from reporting.brief.doors import COVERED, TOTAL, door
from reporting.brief.facts import (
    KINDS,
    LARGE_CITIES,
    NATIONAL,
    Count,
    DaySeal,
    Measure,
    NamedInstitution,
    PlaceCount,
    Previous,
    Snapshot,
    city_count,
)
from reporting.brief.imprint import Imprint
from reporting.brief.languages import words_of
from reporting.brief.words import Words
from reporting.numerals import NO_BREAK_SPACE as NBSP
from reporting.percent import format_percent
from reporting.percent import percent as percent_of
from reporting.qr import qr_svg

MEASURES: Final = ("cctv_installed", "cctv_connected", "licensed_guard", "panic_button", "turnstile")
CITY_MEASURES: Final = MEASURES[2:]
# More names than these are attached, not printed.
LONGEST_LIST: Final = 200
EVERYWHERE: Final = ""
# Below so many per cent of institutions with an approved answer the first page bears a warning.
COMPLETENESS_PERCENT: Final = 90
# As the axis of the trend names the quarters, in any language.
QUARTERS: Final = ("I", "II", "III", "IV")


def compose(snapshot: Snapshot, imprint: Imprint) -> Document:
    """Write the brief of `snapshot` under its `imprint`, whose date is the brief's own, not that of its figures.

    Raises `LanguageNotWritten`.
    """
    words = words_of(snapshot["lang"])
    if "area" in snapshot:
        words = words.of_area(snapshot["area"])
    return _Composition(snapshot, words).document(imprint)


class _Composition:
    """One snapshot in one language."""

    def __init__(self, snapshot: Snapshot, words: Words) -> None:
        self.snapshot = snapshot
        self.words = words
        self.annex = ANNEX[words.lang]
        self.is_region = "area" in snapshot
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
            sections=tuple(self._sections(imprint)),
            places={scope: {name: place for place, name in names.items()} for scope, names in self.line_names.items()},
            official_mark=self.annex.official_mark if names_institutions(self.snapshot) else "",
            records_url=imprint.records_url,
            warnings=tuple(
                CHECKS[words.lang].few_answers(words.measures[code].title, share)
                for code, share in few_answers(self.snapshot)
            ),
            verification=verification_of(imprint, self.annex) if imprint.code else None,
        )

    def _sections(self, imprint: Imprint) -> Iterator[Section]:
        fixed = self.words.fixed
        yield Section(fixed.legal_title, (Paragraph(fixed.legal_basis), self._key_figures()))
        yield from self._national()
        yield from self._large_cities()
        yield Section(fixed.notes_title, tuple(self._notes(imprint)))
        if self.snapshot["previous"]:
            yield Section(self.annex.changes_title, tuple(self._changes(self.snapshot["previous"])))
        if self.is_region:
            yield from self._not_covered()
        yield Section(
            fixed.annex_title,
            (
                *self._charts(),
                self._obliged_table(),
                self._national_table(),
                self._city_table(),
                *self._part_tables(),
            ),
        )
        if imprint.checks:
            yield check_sheet(imprint.checks, self.words.lang, self.words.number)

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

    def _notes(self, imprint: Imprint) -> Iterator[Block]:
        words, notes, rows = self.words, self.snapshot["notes"], self.snapshot["ledger"]["rows"]
        items = [
            words.day_note(self.as_of, Date.fromisoformat(self.snapshot["known_on"])),
            words.fixed.rounding_note,
            words.fixed.population_note,
        ]
        if rows:
            items.append(words.ledger_note(rows))
        items += seal_notes(self.snapshot.get("seal"), words)
        if notes["pending"]:
            items.append(words.pending_note(notes["pending"]))
        for measure in self.snapshot["measures"]:
            if exempt := measure["headline"]["all"]["not_applicable"]:
                items.append(words.exempt_note(measure["code"], exempt))
        items += self._explained(imprint)
        yield Bullets(tuple(items))
        if repaired := notes["capital_repair"]:
            yield NameList(words.repair_lead(len(repaired)), self._named(repaired))
        if excepted := notes["exceptions"]:
            yield NameList(words.exceptions_lead(len(excepted)), self._named(excepted))

    def _explained(self, imprint: Imprint) -> Iterator[str]:
        previous = self.snapshot["previous"]
        if previous is None:
            return
        for explanation in imprint.explanations:
            before = previous["headlines"][explanation.measure][explanation.kind]["percent"]
            now = self.measures[explanation.measure]["headline"][explanation.kind]["percent"]
            yield self.words.explained(
                explanation.measure,
                format_percent(before),
                format_percent(now),
                explanation.by,
                Date.fromisoformat(explanation.on),
                explanation.text,
            )

    def _changes(self, previous: Previous) -> Iterator[Block]:
        """What changed since the brief published before, institution by institution."""
        words, annex = self.words, self.annex
        yield Paragraph(words.changes_lead(previous["number"], words.quarter(previous["year"], previous["quarter"])))
        rows = []
        for change in self.snapshot["changes"]:
            cells = (
                words.number(change["before"]),
                self._signed("+", change["gained"]),
                self._signed("+", change["joined"]),
                self._signed("−", change["lost"]),
                self._signed("−", change["left"]),
                words.number(change["after"]),
            )
            rows.append(Row(words.measures[change["measure"]].title, cells))
        yield Table(
            label="",
            caption=annex.changes_caption,
            corner=words.fixed.obliged_corner,
            groups=tuple(ColumnGroup(column, ("",)) for column in annex.change_columns),
            bodies=(tuple(rows),),
            foot=None,
            style="changes",
        )

    def _signed(self, sign: str, number: int) -> str:
        return f"{sign}{self.words.number(number)}" if number else "0"

    def _not_covered(self) -> Iterator[Section]:
        """A region's institutions that do not meet a measure; a list that is too long is attached instead."""
        blocks: list[Block] = []
        for listed in self.snapshot["not_covered"]:
            code, institutions = listed["measure"], listed["institutions"]
            if len(institutions) > LONGEST_LIST:
                blocks.append(Paragraph(self.words.not_covered_attached(code, len(institutions))))
            elif institutions:
                blocks.append(NameList(self.words.not_covered_lead(code, len(institutions)), self._named(institutions)))
        if blocks:
            yield Section(self.annex.not_covered_title, tuple(blocks))

    def _named(self, institutions: Sequence[NamedInstitution]) -> tuple[str, ...]:
        names = self.line_names[NATIONAL]
        return tuple(self.words.named(one, names.get(one["place"], one["place"])) for one in institutions)

    # --- the annex --------------------------------------------------------------------------------------------

    def _charts(self) -> Iterator[Chart]:
        """The country's map, the bars of all measures, and the trend where there is more than this quarter."""
        words, annex = self.words, self.annex
        number = 0
        if not self.is_region:
            number += 1
            shares = dict(zip(self.table_names[NATIONAL], _all_kinds(self.measures["cctv_connected"]), strict=True))
            told = [
                f"{self.table_names[NATIONAL][place]} {format_percent(at['percent'])}" for place, at in shares.items()
            ]
            yield Chart(
                label=words.chart_label(number),
                caption=annex.map_caption,
                description=charts.as_text(
                    charts.coverage_map(
                        {place: at["percent"] for place, at in shares.items()},
                        legend=annex.map_legend,
                        no_data=annex.no_data,
                    )
                ),
                alternative=f"{annex.map_caption}: {', '.join(told)}",
                credit=charts.MAP_CREDIT,
            )
        bars = [
            charts.Bar(
                words.measures[code].overview,
                self.measures[code]["headline"]["all"]["percent"],
                self.measures[code]["obliged"]["all"]["percent"],
            )
            for code in MEASURES
        ]
        said = [f"{bar.label} {format_percent(bar.every)} / {format_percent(bar.obliged)}" for bar in bars]
        yield Chart(
            label=words.chart_label(number + 1),
            caption=annex.bars_caption,
            description=charts.as_text(charts.measure_bars(bars, legend=annex.bars_legend)),
            alternative=f"{annex.bars_caption} ({' / '.join(annex.bars_legend)}): {', '.join(said)}",
        )
        trend = self.snapshot["trend"]
        if len(trend) > 1:
            quarters = [f"{point['year']} {QUARTERS[point['quarter'] - 1]}" for point in trend]
            lines = [
                charts.TrendLine(
                    words.measures[code].overview, tuple(point["measures"][code]["percent"] for point in trend)
                )
                for code in MEASURES
            ]
            told = [f"{line.label} {', '.join(format_percent(value) for value in line.values)}" for line in lines]
            yield Chart(
                label=words.chart_label(number + 2),
                caption=annex.trend_caption,
                description=charts.as_text(charts.coverage_trend(quarters, lines)),
                alternative=f"{annex.trend_caption} ({', '.join(quarters)}): {'; '.join(told)}",
            )

    def _obliged_table(self) -> Table:
        words, fixed = self.words, self.words.fixed
        bodies = []
        for code in MEASURES:
            headline, obliged = self.measures[code]["headline"], self.measures[code]["obliged"]
            cells = {kind: self._cells(headline[kind]) + self._cells(obliged[kind]) for kind in ("all", *KINDS)}
            opened = {
                kind: self._doors(code, kind=kind) + self._doors(code, kind=kind, obliged=True)
                for kind in ("all", *KINDS)
            }
            lead = Row(words.measures[code].title, cells["all"], "lead", opened["all"])
            parts = (Row(words.kind_plural[kind], cells[kind], "part", opened[kind]) for kind in KINDS)
            bodies.append((lead, *parts))
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
            at = linked["place"]
            opened: tuple[str, ...] = (
                door("cctv_connected", TOTAL, place=at),
                door("cctv_installed", COVERED, place=at),
                "",
            )
            opened += (door("cctv_connected", COVERED, place=at), "")
            for kind in KINDS:
                cells += self._cells(connected["lines"][kind][index])
                opened += self._doors("cctv_connected", place=at, kind=kind)
            rows.append(Row(self.table_names[NATIONAL][at], cells, doors=opened))
        foot: tuple[str, ...] = self._cells(connected["headline"]["all"])[:1]
        foot += self._cells(installed["headline"]["all"])[1:] + self._cells(connected["headline"]["all"])[1:]
        foot_doors: tuple[str, ...] = (door("cctv_connected", TOTAL), door("cctv_installed", COVERED), "")
        foot_doors += (door("cctv_connected", COVERED), "")
        for kind in KINDS:
            foot += self._cells(connected["headline"][kind])
            foot_doors += self._doors("cctv_connected", kind=kind)
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
            foot=Row(fixed.republic_total, foot, "lead", foot_doors),
            style="national",
        )

    def _city_table(self) -> Table:
        words, fixed = self.words, self.words.fixed
        measures = [self.measures[code] for code in CITY_MEASURES]
        rows = []
        for counts in zip(*(_all_kinds(measure) for measure in measures), strict=True):
            at = counts[0]["place"]
            cells: tuple[str, ...] = (words.number(counts[0]["total"]),)
            opened: tuple[str, ...] = (door(CITY_MEASURES[0], TOTAL, place=at),)
            for code, count in zip(CITY_MEASURES, counts, strict=True):
                cells += self._cells(count)[1:]
                opened += self._doors(code, place=at)[1:]
            rows.append(Row(self.table_names[LARGE_CITIES][at], cells, doors=opened))
        foot: tuple[str, ...] = self._cells(measures[0]["headline"]["all"])[:1]
        foot_doors: tuple[str, ...] = (door(CITY_MEASURES[0], TOTAL),)
        for measure in measures:
            foot += self._cells(measure["headline"]["all"])[1:]
            foot_doors += self._doors(measure["code"])[1:]
        return Table(
            label=words.table_label(3),
            caption=fixed.cities_caption,
            corner=fixed.cities_corner,
            groups=(
                ColumnGroup(fixed.total_column, (fixed.counted,)),
                *(ColumnGroup(words.measures[code].short, (fixed.counted, "%")) for code in CITY_MEASURES),
            ),
            bodies=(tuple(rows),),
            foot=Row(words.cities(self.city_count), foot, "lead", foot_doors),
            style="cities",
        )

    def _part_tables(self) -> Iterator[Table]:
        """Place × measure, two percentages in a cell: all and obliged, state and private, and both in learners."""
        annex = self.annex
        if self.snapshot["cuts"]:
            yield self._part_table(4, annex.obliged_parts_caption, ("all", "obliged"))
            yield self._part_table(5, annex.ownership_parts_caption, ("state", "private"))
            yield self._part_table(6, annex.learners_parts_caption, ("all", "obliged"), learners=True)

    def _part_table(self, number: int, caption: str, parts: tuple[str, str], *, learners: bool = False) -> Table:
        counted: Counter[tuple[str, str, str]] = Counter()
        covered: Counter[tuple[str, str, str]] = Counter()
        for cut in self.snapshot["cuts"]:
            for place in (cut["place"], EVERYWHERE):
                key = (place, cut["measure"], cut["part"])
                counted[key] += cut["learners"] if learners else cut["total"]
                covered[key] += cut["learners_covered"] if learners else cut["covered"]

        def shown(place: str, code: str) -> str:
            keys = [(place, code, part) for part in parts]
            if not any(counted[key] for key in keys):
                return format_percent(None)
            return " / ".join(format_percent(percent_of(covered[key], counted[key])).removesuffix("%") for key in keys)

        def row(heading: str, place: str, role: str = "") -> Row:
            opened = (door(code, TOTAL, place=place) if counted[place, code, "all"] else "" for code in MEASURES)
            return Row(heading, tuple(shown(place, code) for code in MEASURES), role, tuple(opened))

        return Table(
            label=self.words.table_label(number),
            caption=caption,
            corner=self.words.fixed.regions_corner,
            groups=tuple(ColumnGroup(title, ("",)) for title in self.annex.measure_columns),
            bodies=(tuple(row(name, place) for place, name in self.table_names[NATIONAL].items()),),
            foot=row(self.words.fixed.republic_total, EVERYWHERE, "lead"),
            style="parts",
        )

    def _doors(self, code: str, *, place: str = "", kind: str = "", obliged: bool = False) -> tuple[str, str, str]:
        """Of total, covered and percent; a percentage opens nothing, its parts stand beside it."""
        return (
            door(code, TOTAL, place=place, kind=kind, obliged=obliged),
            door(code, COVERED, place=place, kind=kind, obliged=obliged),
            "",
        )

    def _cells(self, count: Count | PlaceCount) -> tuple[str, str, str]:
        """Total, covered, percent."""
        return (
            self.words.number(count["total"]),
            self.words.number(count["covered"]),
            format_percent(count["percent"]),
        )


def few_answers(snapshot: Snapshot) -> list[tuple[str, int]]:
    """Measures of which too few institutions have an approved answer, with the percentage that has."""
    return [
        (one["measure"], share)
        for one in snapshot["completeness"]
        if (share := percent_of(one["answered"], one["total"])) is not None and share < COMPLETENESS_PERCENT
    ]


def names_institutions(snapshot: Snapshot) -> bool:
    """Whether a brief names any, and so is for official use."""
    notes = snapshot["notes"]
    return bool("area" in snapshot or notes["capital_repair"] or notes["exceptions"])


def seal_notes(seal: DaySeal | None, words: Words) -> list[str]:
    """The note of the daily seal; none where no day was sealed yet."""
    return [words.seal_note(Date.fromisoformat(seal["day"]), seal["root"])] if seal else []


def verification_of(imprint: Imprint, annex: AnnexWords) -> Verification:
    """What stands on the last page of every kind of brief: QR code, address, seal."""
    return Verification(
        title=annex.verification_title,
        text=annex.verification_text,
        url=imprint.verify_url,
        code=imprint.code,
        qr=qr_svg(imprint.verify_url, title=f"{annex.verification_title}: {imprint.verify_url}"),
        sealed=bool(imprint.signer),
        seal_title=f"{annex.seal_title}: {imprint.signer}" if imprint.signer else "",
        seal=(annex.sealed, imprint.signer) if imprint.signer else (annex.unsealed, annex.unsealed_how),
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
