"""A brief's snapshot: every figure of a quarter, frozen, with the institutions behind each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from compliance.enums import MEASURE_SCOPE, Measure, PeriodState, Scope
from compliance.models import Period, PeriodException, StatusChange
from institutions.enums import Kind, Lifecycle
from institutions.models import InstitutionState, LargeCity, Region
from reporting import sums
from reporting.attachments import snapshot_json
from reporting.brief.facts import Count, NamedInstitution, Place, PlaceCount, Snapshot
from reporting.brief.facts import Measure as MeasureFigures
from reporting.brief.facts import Period as PeriodFacts
from reporting.coverage import ALL, COUNTRY, Counts, Dimension, Key, Question, count, records
from reporting.records import Group, Records, figures_of

SCHEMA = 2


class PeriodNotReady(Exception):
    """The quarter has not begun, or the Order was not yet in force."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot with the records behind it and the hash that names it."""

    snapshot: Snapshot
    records: Records
    digest: str
    official_use: bool = False


def take(period: Period, *, language: str, today: date, region: Region | None = None) -> Taken:
    """Freeze the figures of a quarter: as of its end (or today, while it runs), as known at its close (or now).

    Raises `PeriodNotReady`. About forty small queries over the sums and five over the ledger.
    """
    if period.starts_on > today:
        raise PeriodNotReady(period.code)
    as_of = min(period.ends_on, today)
    known_on = period.closed_on
    national = _counts(Scope.NATIONAL, as_of, known_on, obliged_only=False)
    cities = _counts(Scope.LARGE_CITIES, as_of, known_on, obliged_only=False)
    obliged = {
        scope: _counts(scope, as_of, known_on, obliged_only=True, by_place=False)
        for scope in (Scope.NATIONAL, Scope.LARGE_CITIES)
    }
    places = {Scope.NATIONAL: _regions(), Scope.LARGE_CITIES: _lines()}
    counted = {Scope.NATIONAL: national, Scope.LARGE_CITIES: cities}
    figures = [
        _measure(measure, counted[scope], obliged[scope], places[scope])
        for measure in Measure
        for scope in [MEASURE_SCOPE[measure]]
    ]
    snapshot: Snapshot = {
        "schema": SCHEMA,
        "scope": {"kind": "country", "code": COUNTRY},
        "lang": language,
        "period": PeriodFacts(
            code=period.code,
            year=period.year,
            quarter=period.quarter,
            closed=period.state == PeriodState.CLOSED,
        ),
        "as_of": as_of.isoformat(),
        "known_on": (known_on or today).isoformat(),
        "institutions": {
            # The report counts these two measures for every open institution of their scope, so their totals are
            # the number of institutions, as it was known on that day.
            Scope.NATIONAL.value: _totals(figures, Measure.CCTV_INSTALLED),
            Scope.LARGE_CITIES.value: _totals(figures, Measure.LICENSED_GUARD),
        },
        "places": {scope.value: listed for scope, listed in places.items()},
        "measures": figures,
        "cuts": [],
        "completeness": [],
        "trend": [],
        "previous": None,
        "changes": [],
        "not_covered": [],
        "notes": {
            "capital_repair": _in_repair(as_of),
            "exceptions": _exceptions(period),
            "pending": sums.pending(),
        },
        "ledger": {"rows": _ledger_length(known_on)},
    }
    return Taken(snapshot, _records(as_of, known_on), digest_of(snapshot))


def agrees(taken: Taken) -> bool:
    """Whether every line says what its records say; not so where somebody wrote while it was being taken."""
    counted = {
        (measure["code"], kind, line["place"]): (line["total"], line["covered"])
        for measure in taken.snapshot["measures"]
        for kind, lines in measure["lines"].items()
        for line in lines
        if line["total"]
    }
    return counted == {key: pair for key, pair in figures_of(taken.records).items() if pair[0]}


def digest_of(snapshot: Snapshot) -> str:
    """SHA-256 of the snapshot in the form in which it is attached to the brief."""
    return hashlib.sha256(snapshot_json(snapshot)).hexdigest()


_Counted = Mapping[Key, Counts]  # by (measure's requirement, kind, place) or (measure's requirement, kind)


def _counts(
    scope: Scope, as_of: date, known_on: date | None, *, obliged_only: bool, by_place: bool = True
) -> dict[Measure, dict[Key, Counts]]:
    place = Dimension.REGION if scope == Scope.NATIONAL else Dimension.CITY_LINE
    by = [place, Dimension.KIND] if by_place else [Dimension.KIND]
    return {
        measure: count(Question(as_of, known_on, measure=measure, scope=scope, obliged_only=obliged_only), by)
        for measure in Measure
        if MEASURE_SCOPE[measure] == scope
    }


def _measure(
    measure: Measure,
    counted: Mapping[Measure, _Counted],
    obliged: Mapping[Measure, _Counted],
    places: Iterable[Place],
) -> MeasureFigures:
    by_place = counted[measure]
    by_kind = {kind: sum_of(by_place, kind) for kind in Kind}
    return MeasureFigures(
        code=measure.value,
        scope=MEASURE_SCOPE[measure].value,
        headline=_headline(by_kind),
        obliged=_headline({kind: obliged[measure].get((kind.value,), Counts()) for kind in Kind}),
        lines={
            kind.value: [
                _line(place["place"], by_place.get((place["place"], kind.value), Counts())) for place in places
            ]
            for kind in Kind
        },
    )


def sum_of(by_place: _Counted, kind: Kind) -> Counts:
    """The counts of a kind over all places."""
    return sum((counts for (_place, its_kind), counts in by_place.items() if its_kind == kind), Counts())


def _headline(by_kind: Mapping[Kind, Counts]) -> dict[str, Count]:
    every = sum(by_kind.values(), Counts())
    return {ALL: _count(every)} | {kind.value: _count(counts) for kind, counts in by_kind.items()}


def _count(counts: Counts) -> Count:
    return Count(
        total=counts.total,
        covered=counts.covered,
        not_applicable=counts.not_applicable,
        percent=counts.percent,
    )


def _line(place: str, counts: Counts) -> PlaceCount:
    return PlaceCount(place=place, total=counts.total, covered=counts.covered, percent=counts.percent)


def _totals(figures: Iterable[MeasureFigures], measure: Measure) -> dict[str, int]:
    headline = next(figure["headline"] for figure in figures if figure["code"] == measure)
    return {kind: figure["total"] for kind, figure in headline.items()}


def _regions() -> list[Place]:
    return [
        Place(place=region.code, name_kk=region.short_kk, name_ru=region.short_ru, name_en=region.name_en)
        for region in Region.objects.order_by("sort_order")
    ]


def _lines() -> list[Place]:
    """Lines of one large city or two."""
    names: dict[str, list[LargeCity]] = {}
    for city in LargeCity.objects.order_by("line_order", "kato"):
        names.setdefault(city.line, []).append(city)
    return [
        Place(
            place=line,
            name_kk=line,
            name_ru=" и ".join(city.name_ru for city in cities),
            name_en=" and ".join(city.name_en for city in cities),
        )
        for line, cities in names.items()
    ]


def _in_repair(as_of: date) -> list[NamedInstitution]:
    states = (
        InstitutionState.objects.filter(lifecycle=Lifecycle.CAPITAL_REPAIR, valid_from__lte=as_of)
        .exclude(valid_to__lt=as_of)
        .select_related("institution", "locality__region")
        .order_by("locality__region__sort_order", "institution__sort_kk")
    )
    return [
        NamedInstitution(
            bin=state.institution.bin,
            name_kk=state.institution.name_kk,
            name_ru=state.institution.name_ru,
            place=state.locality.region.code,
        )
        for state in states
    ]


def _exceptions(period: Period) -> list[NamedInstitution]:
    granted = (
        PeriodException.objects.filter(period=period)
        .select_related("institution__locality__region")
        .order_by("institution__locality__region__sort_order", "institution__sort_kk")
    )
    return [
        NamedInstitution(
            bin=exception.institution.bin,
            name_kk=exception.institution.name_kk,
            name_ru=exception.institution.name_ru,
            place=exception.institution.locality.region.code,
            until=exception.until.isoformat(),
        )
        for exception in granted
    ]


def _ledger_length(known_on: date | None) -> int:
    rows = StatusChange.objects.all()
    return (rows if known_on is None else rows.filter(recorded_on__lte=known_on)).count()


def _records(as_of: date, known_on: date | None) -> Records:
    found: Records = {}
    for measure in Measure:
        groups: dict[str, list[int]] = {}
        for record in records(Question(as_of, known_on, measure=measure, scope=MEASURE_SCOPE[measure])):
            group = Group(
                place=record.region,
                line=record.line,
                kind=record.kind,
                ownership=record.ownership,
                obliged=record.obliged,
                status=record.status,
            )
            groups.setdefault(str(group), []).append(record.institution)
        found[measure.value] = dict(sorted(groups.items()))
    return found
