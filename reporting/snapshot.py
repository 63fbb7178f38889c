"""The snapshot of a country's or region's brief: every figure of a quarter, frozen, with those behind each."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import QuerySet

from compliance import seals
from compliance.enums import MEASURE_SCOPE, Measure, PeriodState, Scope
from compliance.models import Period, PeriodException, Requirement, StatusChange
from institutions.enums import Kind, Lifecycle, Ownership
from institutions.models import Institution, InstitutionState, LargeCity, Locality, Region
from reporting import sums
from reporting.attachments import snapshot_json
from reporting.bridge import bridge
from reporting.brief.facts import (
    Change,
    Completeness,
    Count,
    Cut,
    DaySeal,
    NamedInstitution,
    NotCovered,
    Place,
    PlaceCount,
    Previous,
    Snapshot,
    TrendPoint,
)
from reporting.brief.facts import Measure as MeasureFigures
from reporting.brief.facts import Period as PeriodFacts
from reporting.coverage import (
    ALL,
    COUNTRY,
    NOT_COVERED,
    Counts,
    Dimension,
    Key,
    Question,
    count,
    daily,
    records,
)
from reporting.enums import BriefKind, Publication
from reporting.models import Brief
from reporting.percent import percent
from reporting.records import Group, Records, figures_of, groups_of, statuses

SCHEMA: Final = 2
# How many quarters the trend shows, this one included.
TREND_QUARTERS: Final = 8
SCOPES: Final = (Scope.NATIONAL, Scope.LARGE_CITIES)


class PeriodNotReady(Exception):
    """The quarter has not begun, or the Order was not yet in force."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot of whatever kind with the records behind it, the hash that names it, and whether it names
    institutions."""

    snapshot: Mapping[str, Any]
    records: Records
    digest: str
    official_use: bool = False


def take(period: Period, *, language: str, today: date, region: Region | None = None) -> Taken:
    """Freeze the figures of a quarter: as of its end (or today, while it runs), as known at its close (or now).

    Of a `region` alone, where one is given: its localities are the places. Raises `PeriodNotReady`. About thirty
    queries over the sums and five over the ledger.
    """
    if period.starts_on > today:
        raise PeriodNotReady(period.code)
    return _Taking(period, min(period.ends_on, today), period.closed_on, language, region).taken(today)


def agrees(taken: Taken) -> bool:
    """Whether every line says what its records say; not so where somebody wrote while it was being taken."""
    return lines_agree(taken.snapshot["measures"], taken.records)


def lines_agree(measures: Iterable[MeasureFigures], kept: Records) -> bool:
    counted = {
        (measure["code"], kind, line["place"]): (line["total"], line["covered"])
        for measure in measures
        for kind, lines in measure["lines"].items()
        for line in lines
        if line["total"]
    }
    return counted == {key: pair for key, pair in figures_of(kept).items() if pair[0]}


@dataclass(frozen=True, slots=True)
class Point:
    """The country's figures of one quarter with the records behind them, and the places that its lines name."""

    as_of: date
    known_on: date
    places: dict[Scope, list[Place]]
    measures: list[MeasureFigures]
    records: Records


def point(period: Period, *, language: str, today: date) -> Point:
    """One side of a comparison, frozen as `take` freezes a quarter. Raises `PeriodNotReady`."""
    if period.starts_on > today:
        raise PeriodNotReady(period.code)
    return _Taking(period, min(period.ends_on, today), period.closed_on, language, None).point(today)


def digest_of(snapshot: Mapping[str, Any]) -> str:
    """SHA-256 of the snapshot in the form in which it is attached to the brief."""
    return hashlib.sha256(snapshot_json(snapshot)).hexdigest()


_ByMeasure = dict[Measure, dict[Key, Counts]]


@dataclass
class _Taking:
    """One quarter of one area, being frozen."""

    period: Period
    as_of: date
    known_on: date | None
    language: str
    region: Region | None
    measure_of: dict[str, Measure] = field(init=False)

    def __post_init__(self) -> None:
        named = Requirement.objects.exclude(measure=None).values_list("code", "measure")
        self.measure_of = {code: Measure(measure) for code, measure in named if measure}

    def _places(self) -> dict[Scope, list[Place]]:
        return {Scope.NATIONAL: self._areas(), Scope.LARGE_CITIES: self._lines()}

    def _figures(self, by_place: _ByMeasure, places: Mapping[Scope, list[Place]]) -> list[MeasureFigures]:
        obliged = self._count([Dimension.KIND], obliged_only=True)
        return [_measure(measure, by_place[measure], obliged[measure], places) for measure in Measure]

    def point(self, today: date) -> Point:
        places = self._places()
        figures = self._figures(self._count([self._place, Dimension.KIND], lines=True), places)
        return Point(self.as_of, self.known_on or today, places, figures, self._records())

    def taken(self, today: date) -> Taken:
        places = self._places()
        by_place = self._count([self._place, Dimension.KIND], lines=True)
        figures = self._figures(by_place, places)
        kept = self._records()
        previous = self._previous()
        notes = {"capital_repair": self._in_repair(), "exceptions": self._exceptions()}
        snapshot: Snapshot = {
            "schema": SCHEMA,
            "scope": {
                "kind": (BriefKind.REGION if self.region else BriefKind.COUNTRY).value,
                "code": self.region.code if self.region else COUNTRY,
            },
            "lang": self.language,
            "period": PeriodFacts(
                code=self.period.code,
                year=self.period.year,
                quarter=self.period.quarter,
                closed=self.period.state == PeriodState.CLOSED,
            ),
            "as_of": self.as_of.isoformat(),
            "known_on": (self.known_on or today).isoformat(),
            "institutions": {
                # The report counts these two measures for every open institution of their scope, so their totals
                # are the number of institutions, as it was known on that day.
                Scope.NATIONAL.value: _totals(figures, Measure.CCTV_INSTALLED),
                Scope.LARGE_CITIES.value: _totals(figures, Measure.LICENSED_GUARD),
            },
            "places": {scope.value: listed for scope, listed in places.items()},
            "measures": figures,
            "cuts": self._cuts(places[Scope.NATIONAL]),
            "completeness": [_completeness(measure, by_place[measure]) for measure in Measure],
            "trend": self._trend(figures),
            "previous": _facts_of_previous(previous),
            "changes": _changes(previous, kept),
            "not_covered": self._not_covered(kept) if self.region else [],
            "notes": {
                "capital_repair": notes["capital_repair"],
                "exceptions": notes["exceptions"],
                "pending": sums.pending(),
            },
            "ledger": {"rows": _ledger_length(self.known_on)},
            "seal": sealed_before(self.known_on or today),
        }
        if self.region:
            snapshot["area"] = Place(
                place=self.region.code,
                name_kk=self.region.name_kk,
                name_ru=self.region.name_ru,
                name_en=self.region.name_en,
            )
        names_somebody = bool(self.region or notes["capital_repair"] or notes["exceptions"])
        return Taken(snapshot, kept, digest_of(snapshot), official_use=names_somebody)

    @property
    def _place(self) -> Dimension:
        return Dimension.LOCALITY if self.region else Dimension.REGION

    def _question(self, scope: Scope, *, obliged_only: bool = False, measure: Measure | None = None) -> Question:
        return Question(
            self.as_of,
            self.known_on,
            measure=measure,
            measures_only=measure is None,
            scope=scope,
            obliged_only=obliged_only,
            region=self.region.code if self.region else None,
        )

    def _count(
        self, by: list[Dimension], *, lines: bool = False, obliged_only: bool = False, learners: bool = False
    ) -> _ByMeasure:
        """The counts of every measure in its own scope, by `by`; with `lines` the large cities by their lines."""
        found: _ByMeasure = {measure: {} for measure in Measure}
        for scope in SCOPES:
            wanted = [
                Dimension.CITY_LINE if lines and scope == Scope.LARGE_CITIES and dimension == self._place else dimension
                for dimension in by
            ]
            asked = self._question(scope, obliged_only=obliged_only)
            for (code, *key), counts in count(asked, [Dimension.REQUIREMENT, *wanted], learners=learners).items():
                if MEASURE_SCOPE[self.measure_of[code]] == scope:
                    found[self.measure_of[code]][tuple(key)] = counts
        return found

    def _areas(self) -> list[Place]:
        """The regions in the ministry's order, or the localities of the region."""
        if self.region is None:
            return [
                Place(place=region.code, name_kk=region.short_kk, name_ru=region.short_ru, name_en=region.name_en)
                for region in Region.objects.order_by("sort_order")
            ]
        return [
            Place(place=locality.kato, name_kk=locality.name_kk, name_ru=locality.name_ru)
            for locality in Locality.objects.filter(region=self.region).order_by("kato")
        ]

    def _lines(self) -> list[Place]:
        """Lines of one large city or two."""
        cities = LargeCity.objects.order_by("line_order", "kato")
        if self.region:
            cities = cities.filter(region=self.region)
        names: dict[str, list[LargeCity]] = {}
        for city in cities:
            names.setdefault(city.line, []).append(city)
        return [
            Place(
                place=line,
                name_kk=line,
                name_ru=" и ".join(city.name_ru for city in together),
                name_en=" and ".join(city.name_en for city in together),
            )
            for line, together in names.items()
        ]

    def _cuts(self, places: Iterable[Place]) -> list[Cut]:
        """Place × measure, in all and in parts, in institutions and in learners; empty ones are left out."""
        counted = [
            (self._count([self._place, Dimension.OWNERSHIP], learners=learners), learners) for learners in (False, True)
        ]
        obliged = [
            (self._count([self._place], obliged_only=True, learners=learners), learners) for learners in (False, True)
        ]
        cells: dict[tuple[Measure, str, str, bool], Counts] = defaultdict(Counts)
        for by_measure, learners in counted:
            for measure, found in by_measure.items():
                for (place, ownership), counts in found.items():
                    cells[measure, place, ownership, learners] += counts
                    cells[measure, place, ALL, learners] += counts
        for by_measure, learners in obliged:
            for measure, found in by_measure.items():
                for (place,), counts in found.items():
                    cells[measure, place, "obliged", learners] += counts
        return [
            _cut(place["place"], measure, part, institutions, cells[measure, place["place"], part, True])
            for place in places
            for measure in Measure
            for part in (ALL, "obliged", *Ownership.values)
            if (institutions := cells[measure, place["place"], part, False]) != Counts()
        ]

    def _trend(self, figures: Iterable[MeasureFigures]) -> list[TrendPoint]:
        """The headlines of the last quarters; of this one those that the brief states."""
        quarters = list(
            Period.objects.filter(starts_on__lt=self.period.starts_on).order_by("-starts_on")[: TREND_QUARTERS - 1]
        )[::-1]
        changes = {scope: daily(self._question(scope), [Dimension.REQUIREMENT]) for scope in SCOPES} if quarters else {}
        points = []
        for quarter in quarters:
            sums_then: dict[Measure, Counts] = defaultdict(Counts)
            for scope, days in changes.items():
                for day in days:
                    measure = self.measure_of[day.key[0]]
                    known = quarter.closed_on is None or day.recorded_on <= quarter.closed_on
                    if MEASURE_SCOPE[measure] == scope and day.effective_on <= quarter.ends_on and known:
                        sums_then[measure] += day.counts
            counted = {measure.value: _line(ALL, sums_then[measure]) for measure in Measure}
            if any(line["total"] for line in counted.values()):
                points.append(
                    TrendPoint(
                        year=quarter.year,
                        quarter=quarter.quarter,
                        as_of=quarter.ends_on.isoformat(),
                        measures=counted,
                    )
                )
        now = {
            figure["code"]: PlaceCount(
                place=ALL,
                total=figure["headline"][ALL]["total"],
                covered=figure["headline"][ALL]["covered"],
                percent=figure["headline"][ALL]["percent"],
            )
            for figure in figures
        }
        this = TrendPoint(
            year=self.period.year, quarter=self.period.quarter, as_of=self.as_of.isoformat(), measures=now
        )
        return [*points, this]

    def _previous(self) -> Brief | None:
        """The brief of the same subject that was last published for an earlier quarter; its own language first."""
        published = Brief.objects.filter(
            kind=BriefKind.REGION if self.region else BriefKind.COUNTRY,
            subject=self.region.code if self.region else COUNTRY,
            publication=Publication.PUBLISHED,
            period__starts_on__lt=self.period.starts_on,
        ).select_related("period")
        latest = list(published.order_by("-period__starts_on", "-published_at")[:3])
        of_quarter = [brief for brief in latest if brief.period_id == latest[0].period_id]
        return next((brief for brief in of_quarter if brief.language == self.language), None) or (
            of_quarter[0] if of_quarter else None
        )

    def _records(self) -> Records:
        found: Records = {}
        for measure in Measure:
            groups: dict[str, list[int]] = {}
            for record in records(self._question(MEASURE_SCOPE[measure], measure=measure)):
                group = Group(
                    place=record.locality if self.region else record.region,
                    line=record.line,
                    kind=record.kind,
                    ownership=record.ownership,
                    obliged=record.obliged,
                    status=record.status,
                )
                groups.setdefault(str(group), []).append(record.institution)
            found[measure.value] = dict(sorted(groups.items()))
        return found

    def _not_covered(self, kept: Records) -> list[NotCovered]:
        """By measure, the institutions that do not meet it, in the order of places and names."""
        places: dict[str, dict[int, str]] = {
            measure: {
                institution: group.place
                for group, institutions in groups_of(kept, measure)
                if group.status in NOT_COVERED
                for institution in institutions
            }
            for measure in kept
        }
        wanted = {institution for of_measure in places.values() for institution in of_measure}
        named = list(
            Institution.objects.filter(pk__in=wanted)
            .order_by("sort_kk", "pk")
            .values_list("pk", "bin", "name_kk", "name_ru")
        )
        return [
            NotCovered(
                measure=measure,
                institutions=[
                    NamedInstitution(bin=bin, name_kk=name_kk, name_ru=name_ru, place=of_measure[pk])
                    for pk, bin, name_kk, name_ru in sorted(
                        (row for row in named if row[0] in of_measure), key=lambda row: of_measure[row[0]]
                    )
                ],
            )
            for measure, of_measure in places.items()
        ]

    def _in_repair(self) -> list[NamedInstitution]:
        states = (
            InstitutionState.objects.filter(lifecycle=Lifecycle.CAPITAL_REPAIR, valid_from__lte=self.as_of)
            .exclude(valid_to__lt=self.as_of)
            .select_related("institution", "locality__region")
            .order_by("locality__region__sort_order", "institution__sort_kk")
        )
        if self.region:
            states = states.filter(locality__region=self.region)
        return [self._named(state.institution, state.locality) for state in states]

    def _exceptions(self) -> list[NamedInstitution]:
        granted: QuerySet[PeriodException] = (
            PeriodException.objects.filter(period=self.period)
            .select_related("institution__locality__region")
            .order_by("institution__locality__region__sort_order", "institution__sort_kk")
        )
        if self.region:
            granted = granted.filter(institution__locality__region=self.region)
        named = []
        for exception in granted:
            one = self._named(exception.institution, exception.institution.locality)
            one["until"] = exception.until.isoformat()
            named.append(one)
        return named

    def _named(self, institution: Institution, locality: Locality) -> NamedInstitution:
        return NamedInstitution(
            bin=institution.bin,
            name_kk=institution.name_kk,
            name_ru=institution.name_ru,
            place=locality.kato if self.region else locality.region.code,
        )


def _measure(
    measure: Measure,
    by_place: Mapping[Key, Counts],
    obliged: Mapping[Key, Counts],
    places: Mapping[Scope, Iterable[Place]],
) -> MeasureFigures:
    by_kind = {
        kind: sum((counts for (_place, its_kind), counts in by_place.items() if its_kind == kind), Counts())
        for kind in Kind
    }
    return MeasureFigures(
        code=measure.value,
        scope=MEASURE_SCOPE[measure].value,
        headline=_headline(by_kind),
        obliged=_headline({kind: obliged.get((kind.value,), Counts()) for kind in Kind}),
        lines={
            kind.value: [
                _line(place["place"], by_place.get((place["place"], kind.value), Counts()))
                for place in places[MEASURE_SCOPE[measure]]
            ]
            for kind in Kind
        },
    )


def _headline(by_kind: Mapping[Kind, Counts]) -> dict[str, Count]:
    every = sum(by_kind.values(), Counts())
    return {ALL: _counted(every)} | {kind.value: _counted(counts) for kind, counts in by_kind.items()}


def _counted(counts: Counts) -> Count:
    return Count(
        total=counts.total,
        covered=counts.covered,
        not_applicable=counts.not_applicable,
        percent=counts.percent,
    )


def _line(place: str, counts: Counts) -> PlaceCount:
    return PlaceCount(place=place, total=counts.total, covered=counts.covered, percent=counts.percent)


def _cut(place: str, measure: Measure, part: str, institutions: Counts, learners: Counts) -> Cut:
    return Cut(
        place=place,
        measure=measure.value,
        part=part,
        total=institutions.total,
        covered=institutions.covered,
        percent=institutions.percent,
        learners=learners.total,
        learners_covered=learners.covered,
        learners_percent=percent(learners.covered, learners.total),
    )


def _totals(figures: Iterable[MeasureFigures], measure: Measure) -> dict[str, int]:
    headline = next(figure["headline"] for figure in figures if figure["code"] == measure)
    return {kind: figure["total"] for kind, figure in headline.items()}


def _completeness(measure: Measure, by_place: Mapping[Key, Counts]) -> Completeness:
    every = sum(by_place.values(), Counts())
    return Completeness(measure=measure.value, total=every.total, answered=every.total - every.unknown)


def _facts_of_previous(previous: Brief | None) -> Previous | None:
    if previous is None:
        return None
    then: Snapshot = previous.snapshot
    return Previous(
        number=previous.number,
        year=then["period"]["year"],
        quarter=then["period"]["quarter"],
        as_of=then["as_of"],
        known_on=then["known_on"],
        headlines={measure["code"]: measure["headline"] for measure in then["measures"]},
    )


def _changes(previous: Brief | None, kept: Records) -> list[Change]:
    """By measure, how the previous brief's covered became this one's: from the records of both."""
    if previous is None:
        return []
    found = []
    for measure in Measure:
        span = bridge(statuses(previous.records, measure.value), statuses(kept, measure.value))
        found.append(
            Change(
                measure=measure.value,
                before=len(span.before),
                gained=len(span.gained),
                joined=len(span.joined),
                lost=len(span.lost),
                left=len(span.left),
                after=len(span.after),
            )
        )
    return found


def sealed_before(known_on: date) -> DaySeal | None:
    """The newest daily seal from before the day of knowledge: that day's own comes when it is over, and would make
    another brief of the same figures. One query."""
    seal = seals.latest(known_on - timedelta(days=1))
    return DaySeal(day=seal.day.isoformat(), root=seal.root) if seal else None


def _ledger_length(known_on: date | None) -> int:
    rows = StatusChange.objects.all()
    return (rows if known_on is None else rows.filter(recorded_on__lte=known_on)).count()
