"""Coverage on any day, as known on any day, cut in any way: the one place that counts for pages, API and briefs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Self

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, F, IntegerField, Q, QuerySet, Sum, Value, When

from compliance.enums import MEASURE_SCOPE, Level, Measure, Scope, Status
from compliance.models import PendingFold, RegisterDay, StatusChange
from institutions.enums import Kind
from institutions.models import Institution, LargeCity, Locality, Membership, Region, User
from institutions.querysets import InstitutionQuerySet
from reporting.models import COUNT_FIELDS, COUNTED, CoverageDay, CoverageTotal
from reporting.percent import percent

COUNTRY = "KZ"
ALL = "all"
NOT_COVERED = (Status.PARTLY_MET, Status.NOT_MET, Status.UNKNOWN)


class Dimension(StrEnum):
    """What a figure can be cut by."""

    REGION = "region"
    LOCALITY = "locality"
    CITY_LINE = "city_line"
    KIND = "kind"
    OWNERSHIP = "ownership"
    REQUIREMENT = "requirement"
    LEVEL = "level"


_COLUMN = {
    Dimension.REGION: "cell__region__code",
    Dimension.LOCALITY: "cell__locality__kato",
    Dimension.CITY_LINE: "cell__large_city__line",
    Dimension.KIND: "cell__kind",
    Dimension.OWNERSHIP: "cell__ownership",
    Dimension.REQUIREMENT: "cell__requirement__code",
    Dimension.LEVEL: "cell__level",
}
# The most exact place first: a locality says its region as well.
PLACES = (Dimension.LOCALITY, Dimension.CITY_LINE, Dimension.REGION)


class Part(StrEnum):
    """Which of the institutions behind a figure."""

    TOTAL = "total"
    COVERED = "covered"
    NOT_COVERED = "not_covered"

    @property
    def statuses(self) -> tuple[Status, ...]:
        return {
            Part.TOTAL: (Status.MET, *NOT_COVERED),
            Part.COVERED: (Status.MET,),
            Part.NOT_COVERED: NOT_COVERED,
        }[self]


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose figures somebody may see: the country's, or those of some regions, localities and institutions."""

    country: bool = False
    regions: frozenset[int] = frozenset()
    localities: frozenset[int] = frozenset()
    institutions: frozenset[int] = frozenset()

    @classmethod
    def whole_country(cls) -> Self:
        return cls(country=True)

    @classmethod
    def of(cls, user: User | AnonymousUser) -> Self:
        """One query."""
        regions: set[int] = set()
        localities: set[int] = set()
        institutions: set[int] = set()
        scopes: Iterable[tuple[int | None, int | None, int | None]] = Membership.objects.of(user).values_list(
            "region", "locality", "institution"
        )
        for region, locality, institution in scopes:
            if institution is not None:
                institutions.add(institution)
            elif locality is not None:
                localities.add(locality)
            elif region is not None:
                regions.add(region)
            else:
                return cls(country=True)
        return cls(False, frozenset(regions), frozenset(localities), frozenset(institutions))

    @property
    def by_place(self) -> bool:
        return self.country or bool(self.regions or self.localities)

    def institutions_at(self, prefix: str) -> Q:
        """The institutions that lie in this reach today; `prefix` leads to them, as in "institution__"."""
        if self.country:
            return Q()
        return (
            Q(**{f"{prefix.removesuffix('__')}__in": sorted(self.institutions)})
            | Q(**{f"{prefix}locality__in": sorted(self.localities)})
            | Q(**{f"{prefix}locality__region__in": sorted(self.regions)})
        )

    def cells(self) -> Q:
        """The cells whose sums belong wholly to this reach."""
        if self.country:
            return Q()
        return Q(cell__region__in=sorted(self.regions)) | Q(cell__locality__in=sorted(self.localities))


@dataclass(frozen=True, slots=True)
class Counts:
    """Institutions (or learners) by status. `total` leaves exceptions out: it is what a percentage is taken of."""

    met: int = 0
    partly_met: int = 0
    not_met: int = 0
    unknown: int = 0
    not_applicable: int = 0

    @property
    def covered(self) -> int:
        return self.met

    @property
    def total(self) -> int:
        return self.met + self.partly_met + self.not_met + self.unknown

    @property
    def not_covered(self) -> int:
        return self.total - self.met

    @property
    def percent(self) -> int | None:
        return percent(self.covered, self.total)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.met + other.met,
            self.partly_met + other.partly_met,
            self.not_met + other.not_met,
            self.unknown + other.unknown,
            self.not_applicable + other.not_applicable,
        )


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `known_on` None: with all that is known now; `measure` or `requirement` (a code), or neither: all.

    `measures_only` leaves the five measures of the brief alone in, for cuts by requirement; `scope` large_cities the
    25 cities; `obliged_only` leaves out what only the report counts; `level` None: at all levels, to be cut by them.
    """

    as_of: date
    known_on: date | None = None
    measure: Measure | None = None
    requirement: str | None = None
    measures_only: bool = False
    scope: Scope = Scope.NATIONAL
    obliged_only: bool = False
    region: str | None = None
    locality: str | None = None
    city_line: str | None = None
    kind: Kind | None = None
    ownership: str | None = None
    level: Level | None = Level.APPROVED
    reach: Reach = field(default_factory=Reach.whole_country)

    def items(self, prefix: str = "") -> Q:
        """The same places, kinds and items among today's checklist items; `prefix` leads to them, as in "item__"."""
        at = f"{prefix}institution__"
        wanted = self.reach.institutions_at(at)
        for column, value in (
            (f"{prefix}requirement__measure", self.measure),
            (f"{prefix}requirement__code", self.requirement),
            (f"{at}locality__region__code", self.region),
            (f"{at}locality__kato", self.locality),
            (f"{at}large_city__line", self.city_line),
            (f"{at}kind", self.kind),
            (f"{at}ownership", self.ownership),
        ):
            if value:
                wanted &= Q(**{column: value})
        if self.measures_only:
            wanted &= Q(**{f"{prefix}requirement__measure__isnull": False})
        if self.scope == Scope.LARGE_CITIES:
            wanted &= Q(**{f"{at}large_city__isnull": False})
        if self.obliged_only:
            wanted &= Q(**{f"{prefix}obliged": True})
        return wanted

    def cells(self) -> Q:
        wanted = Q(cell__level=self.level) if self.level else Q()
        for column, value in (
            ("cell__requirement__measure", self.measure),
            ("cell__requirement__code", self.requirement),
            ("cell__region__code", self.region),
            ("cell__locality__kato", self.locality),
            ("cell__large_city__line", self.city_line),
            ("cell__kind", self.kind),
            ("cell__ownership", self.ownership),
        ):
            if value:
                wanted &= Q(**{column: value})
        if self.measures_only:
            wanted &= Q(cell__requirement__measure__isnull=False)
        if self.scope == Scope.LARGE_CITIES:
            wanted &= Q(cell__large_city__isnull=False)
        if self.obliged_only:
            wanted &= Q(cell__obliged=True)
        return wanted


Key = tuple[str, ...]


def count(question: Question, by: Sequence[Dimension] = (), *, learners: bool = False) -> dict[Key, Counts]:
    """The counts by the values of `by` (in that order); cells in which nothing is, are left out.

    One query over the sums; a second one over the ledger for institutions that somebody reaches by themselves
    (a director), and those are not counted twice where their region is in reach too.
    """
    found: dict[Key, Counts] = {}
    if question.reach.by_place:
        _collect(found, _from_sums(question, by, learners=learners))
    if question.reach.institutions:
        _collect(found, _from_ledger(question, by, learners=learners))
    return {key: counts for key, counts in found.items() if counts != Counts()}


@dataclass(frozen=True, slots=True)
class DayChange:
    """By how much the counts of a key change on one day, by what became known on one day."""

    key: Key
    effective_on: date
    recorded_on: date
    counts: Counts


def daily(question: Question, by: Sequence[Dimension] = (), *, learners: bool = False) -> list[DayChange]:
    """The changes of all days up to the question's: whoever needs many days adds them up. One query over the sums."""
    columns = [_COLUMN[dimension] for dimension in by]
    rows = CoverageDay.objects.filter(question.cells(), question.reach.cells(), effective_on__lte=question.as_of)
    if question.known_on is not None:
        rows = rows.filter(recorded_on__lte=question.known_on)
    summed = (
        rows.order_by()
        .values_list(*columns, "effective_on", "recorded_on")
        .annotate(**{f"sum_{name}": Sum(name) for name in _fields(learners)})
    )
    width = len(columns)
    return [DayChange(tuple(row[:width]), row[width], row[width + 1], Counts(*row[width + 2 :])) for row in summed]


def series(
    question: Question, days: Sequence[date], by: Sequence[Dimension] = (), *, learners: bool = False
) -> list[dict[Key, Counts]]:
    """What `count` answers as of each of the days (in their order, none after the question's), with one knowledge.

    One query over the sums; two a day for institutions that somebody reaches by themselves.
    """
    if question.reach.institutions:
        return [count(replace(question, as_of=day), by, learners=learners) for day in days]
    found: list[dict[Key, Counts]] = [{} for _day in days]
    for change in daily(question, by, learners=learners):
        for at, day in enumerate(days):
            if change.effective_on <= day:
                found[at][change.key] = found[at].get(change.key, Counts()) + change.counts
    return [{key: counts for key, counts in one.items() if counts != Counts()} for one in found]


def institutions_behind(question: Question, part: Part) -> InstitutionQuerySet:
    """The institutions that a figure counts: as many as the figure says, on that day as known on that day."""
    standing = (
        _ledger_rows(question)
        .order_by()
        .values("institution")
        .annotate(times=_times(part.statuses))
        .filter(times__gt=0)
        .values("institution")
    )
    return Institution.objects.filter(pk__in=standing)


def statuses_of(question: Question, institutions: Collection[int]) -> dict[int, Status]:
    """What each of some institutions counted as, by its key; those that did not count are left out. One query."""
    return {record.institution: Status(record.status) for record in records(question, institutions)}


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of coverage: a place (region code, KATO, line of the brief, or KZ) and a kind (or all)."""

    place: str
    kind: str
    counts: Counts

    def as_dict(self) -> dict[str, Any]:
        return {
            "place": self.place,
            "kind": self.kind,
            "total": self.counts.total,
            "covered": self.counts.covered,
            "percent": self.counts.percent,
        }


def figures(question: Question, by: Sequence[Dimension]) -> list[Figure]:
    """Lines for every place and kind that `by` asks for, in the ministry's order, empty ones included."""
    place_by = next((dimension for dimension in PLACES if dimension in by), None)
    by_kind = Dimension.KIND in by
    dimensions = [*([place_by] if place_by else []), *([Dimension.KIND] if by_kind else [])]
    counted = count(question, dimensions)

    def counts(place: str, kind: str) -> Counts:
        return counted.get((*([place] if place_by else []), *([kind] if by_kind else [])), Counts())

    return [
        Figure(place, kind, counts(place, kind))
        for place in (places_of(place_by, question) if place_by else [COUNTRY])
        for kind in (Kind.values if by_kind else [ALL])
    ]


@dataclass(frozen=True, slots=True)
class Record:
    """One institution behind a figure: where it stood on the day that is asked about, and what it counted as."""

    institution: int
    region: str
    line: str
    kind: str
    ownership: str
    obliged: bool
    status: str
    locality: str


def records(question: Question, institutions: Collection[int] | None = None) -> list[Record]:
    """Every institution (or of some, by key) that counts for one requirement, with its status. One query.

    From the ledger, not from the sums.
    """
    rows = _ledger_rows(question)
    if institutions is not None:
        rows = rows.filter(institution__in=institutions)
    columns = (
        "institution",
        "cell__region__code",
        "cell__large_city__line",
        "cell__kind",
        "cell__ownership",
        "cell__obliged",
        "cell__locality__kato",
    )
    counted = (
        rows.order_by("institution")
        .values_list(*columns)
        .annotate(**{f"times_{status}": _times([status]) for status in COUNTED})
    )
    return [
        Record(institution, region, line or "", kind, ownership, obliged, status.value, locality)
        for institution, region, line, kind, ownership, obliged, locality, *times in counted
        for status, count_of in zip(COUNTED, times, strict=True)
        if count_of > 0
    ]


def recorded_figures(*, as_of: date, known_on: date | None = None) -> dict[tuple[str, str, str], tuple[int, int]]:
    """(measure, kind, place) → (total, covered) of every line of the brief: what a typed summary is held against."""
    found = {}
    for measure in Measure:
        scope = MEASURE_SCOPE[measure]
        place_by = Dimension.REGION if scope == Scope.NATIONAL else Dimension.CITY_LINE
        question = Question(as_of, known_on, measure=measure, scope=scope)
        for figure in figures(question, [place_by, Dimension.KIND]):
            found[measure.value, figure.kind, figure.place] = (figure.counts.total, figure.counts.covered)
    return found


def default_scope(measure: Measure, by: Iterable[Dimension] = ()) -> Scope:
    """The population over which the brief counts a measure; lines of cities are about the large cities anyway."""
    return Scope.LARGE_CITIES if Dimension.CITY_LINE in by else MEASURE_SCOPE[measure]


def places_of(dimension: Dimension, question: Question) -> list[str]:
    """The places (codes, KATO, lines of the brief) within a question's reach, in the ministry's order. One query."""
    reach = question.reach
    if dimension == Dimension.REGION:
        regions = Region.objects.order_by("sort_order")
        if not reach.country:
            regions = regions.filter(
                Q(pk__in=reach.regions)
                | Q(localities__in=reach.localities)
                | Q(localities__in=Institution.objects.filter(pk__in=reach.institutions).values("locality"))
            ).distinct()
        if question.region:
            regions = regions.filter(code=question.region)
        return list(regions.values_list("code", flat=True))
    if dimension == Dimension.LOCALITY:
        localities = Locality.objects.order_by("region__sort_order", "kato")
        if not reach.country:
            localities = localities.filter(
                Q(region__in=reach.regions)
                | Q(pk__in=reach.localities)
                | Q(pk__in=Institution.objects.filter(pk__in=reach.institutions).values("locality"))
            )
        if question.region:
            localities = localities.filter(region__code=question.region)
        if question.locality:
            localities = localities.filter(kato=question.locality)
        return list(localities.values_list("kato", flat=True))
    cities = LargeCity.objects.order_by("line_order", "kato")
    if not reach.country:
        cities = cities.filter(
            Q(region__in=reach.regions)
            | Q(region__localities__in=reach.localities)
            | Q(pk__in=Institution.objects.filter(pk__in=reach.institutions).values("large_city"))
        )
    if question.region:
        cities = cities.filter(region__code=question.region)
    return list(dict.fromkeys(cities.values_list("line", flat=True)))


def _from_sums(question: Question, by: Sequence[Dimension], *, learners: bool) -> Iterable[tuple[Any, ...]]:
    columns = [_COLUMN[dimension] for dimension in by]
    rows: QuerySet[Any]
    if question.known_on is None and question.as_of == RegisterDay.current():
        rows = CoverageTotal.objects.all()
    else:
        rows = CoverageDay.objects.filter(effective_on__lte=question.as_of)
        if question.known_on is not None:
            rows = rows.filter(recorded_on__lte=question.known_on)
    rows = rows.filter(question.cells(), question.reach.cells()).order_by()
    sums = {f"sum_{name}": Sum(name) for name in _fields(learners)}
    if not columns:
        totals = rows.aggregate(**sums)
        return [tuple(totals[name] for name in sums)]
    return rows.values_list(*columns).annotate(**sums)


def _from_ledger(question: Question, by: Sequence[Dimension], *, learners: bool) -> Iterable[tuple[Any, ...]]:
    columns = [_COLUMN[dimension] for dimension in by]
    rows = _ledger_rows(question).filter(institution__in=sorted(question.reach.institutions))
    if question.reach.by_place:
        rows = rows.exclude(question.reach.cells())
    sums = {f"sum_{status}": _times([status], learners=learners) for status in COUNTED}
    if not columns:
        totals = rows.aggregate(**sums)
        return [tuple(totals[name] for name in sums)]
    return rows.order_by().values_list(*columns).annotate(**sums)


def _fields(learners: bool) -> tuple[str, ...]:
    return COUNT_FIELDS[5:] if learners else COUNT_FIELDS[:5]


def _ledger_rows(question: Question) -> QuerySet[StatusChange]:
    """Ledger rows that the sums have counted, up to the question's days and within its cells and reach."""
    rows = StatusChange.objects.filter(question.cells(), effective_on__lte=question.as_of).exclude(
        pk__in=PendingFold.objects.values("pk")
    )
    if question.known_on is not None:
        rows = rows.filter(recorded_on__lte=question.known_on)
    if not question.reach.country:
        rows = rows.filter(question.reach.cells() | Q(institution__in=sorted(question.reach.institutions)))
    return rows


def _times(statuses: Iterable[Status], *, learners: bool = False) -> Sum:
    """SQL: how often rows enter one of the statuses, less how often they leave it."""
    wanted = [status.value for status in statuses]
    into: Any = F("to_learners") if learners else Value(1)
    out: Any = F("from_learners") if learners else Value(1)
    integer = IntegerField()
    return Sum(
        Case(When(to_status__in=wanted, then=into), default=0, output_field=integer)
        - Case(When(from_status__in=wanted, then=out), default=0, output_field=integer)
    )


def _collect(found: dict[Key, Counts], rows: Iterable[tuple[Any, ...]]) -> None:
    for row in rows:
        *key, met, partly, not_met, unknown, not_applicable = row
        name = tuple(str(value) if value is not None else "" for value in key)
        counts = Counts(met or 0, partly or 0, not_met or 0, unknown or 0, not_applicable or 0)
        found[name] = found.get(name, Counts()) + counts
