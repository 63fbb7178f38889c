"""How complete a quarter is, place by place: who confirmed, who did on time, what was approved, what waits too long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from compliance.confirmations import deadline, expected
from compliance.enums import WAITING, EntryState
from compliance.models import Period, StatusEntry
from compliance.quarters import waits_since
from institutions.models import Institution, Locality, Region, User
from institutions.querysets import InstitutionQuerySet
from institutions.tables import Grid, Value
from reporting.coverage import COUNTRY, Dimension, Question, Reach, places_of
from reporting.percent import percent


@dataclass(frozen=True, slots=True)
class Completeness:
    """Counts of a place in a quarter: institutions that should confirm and did; answers, of them approved and waiting.

    `waiting` are those that have waited for longer than was asked about.
    """

    expected: int = 0
    confirmed: int = 0
    on_time: int = 0
    answers: int = 0
    approved: int = 0
    waiting: int = 0

    def __add__(self, other: Completeness) -> Completeness:
        return Completeness(
            self.expected + other.expected,
            self.confirmed + other.confirmed,
            self.on_time + other.on_time,
            self.answers + other.answers,
            self.approved + other.approved,
            self.waiting + other.waiting,
        )

    @property
    def confirmed_percent(self) -> int | None:
        return percent(self.confirmed, self.expected)

    @property
    def on_time_percent(self) -> int | None:
        return percent(self.on_time, self.expected)

    @property
    def approved_percent(self) -> int | None:
        return percent(self.approved, self.answers)


@dataclass(frozen=True, slots=True)
class Row:
    """A place with its counts; `url` opens what is inside it, `door` the institutions, without the part."""

    place: str  # code of a region, KATO of a locality; KZ or the region for the sum
    label: str
    counts: Completeness
    door: str  # ends where "part=…" belongs
    url: str = ""
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Regions, or the localities of `region`; the sum of all stands first."""

    period: Period
    days: int
    region: Region | None
    only_region: bool  # there is no other one to go back to
    rows: Sequence[Row]

    @property
    def place(self) -> str:
        return self.rows[0].label


class NoSuchPlace(Exception):
    """The region is not there, or out of the person's reach."""


def table(period: Period, *, user: User | AnonymousUser, day: date, days: int, region: str = "") -> Table:
    """The places within the person's reach, in the ministry's order, empty ones included. Six queries at most.

    Of whoever reaches one region alone the localities are shown at once. Raises `NoSuchPlace`.
    """
    reach = Reach.of(user)
    reached = places_of(Dimension.REGION, Question(day, reach=reach))
    if region and region not in reached:
        raise NoSuchPlace(region)
    only_region = len(reached) == 1
    chosen = region or (reached[0] if only_region else "")
    institutions = Institution.objects.visible_to(user)
    if chosen:
        institutions = institutions.filter(locality__region__code=chosen)
    counted = count_by_locality(period, institutions, day=day, days=days)
    localities = list(Locality.objects.select_related("region").order_by("region__sort_order", "kato"))
    if chosen:
        inside = set(places_of(Dimension.LOCALITY, Question(day, reach=reach, region=chosen)))
        rows = [_locality_row(period, one, counted) for one in localities if one.kato in inside]
    else:
        rows = _region_rows(period, reached, localities, counted, days)
    shown = Region.objects.filter(code=chosen).first() if chosen else None
    whole = sum((row.counts for row in rows), Completeness())
    name = shown.name if shown else _("Kazakhstan") if reach.country else _("All my places")
    total = Row(chosen or COUNTRY, name, whole, _door(period, {"region": chosen} if chosen else {}), is_sum=True)
    return Table(period, days, shown, only_region, [total, *rows])


def count_by_locality(
    period: Period, institutions: InstitutionQuerySet, *, day: date, days: int
) -> dict[int, Completeness]:
    """Locality key → counts of the institutions that lie there now; `days`: see `Completeness`. Two queries."""
    on_time = deadline(period)
    places = (
        institutions.filter(pk__in=expected(period, day).values("pk"))
        .order_by()
        .values_list("locality")
        .annotate(
            expected=Count("pk", distinct=True),
            confirmed=Count("confirmations", filter=Q(confirmations__period=period)),
            on_time=Count("confirmations", filter=Q(confirmations__period=period, confirmations__at__lt=on_time)),
        )
    )
    found = {locality: Completeness(*counts) for locality, *counts in places}
    answers = (
        StatusEntry.objects.answers_for(period)
        .filter(item__institution__in=institutions)
        .order_by()
        .values_list("item__institution__locality")
        .annotate(
            answers=Count("pk"),
            approved=Count("pk", filter=Q(state=EntryState.APPROVED)),
            waiting=Count("pk", filter=Q(state__in=WAITING, submitted_at__lt=waits_since(day, days))),
        )
    )
    for locality, sent, approved, waiting in answers:
        more = Completeness(answers=sent, approved=approved, waiting=waiting)
        found[locality] = found.get(locality, Completeness()) + more
    return found


def whole(period: Period, institutions: InstitutionQuerySet, *, day: date, days: int) -> Completeness:
    """The counts of all the institutions together."""
    return sum(count_by_locality(period, institutions, day=day, days=days).values(), Completeness())


COLUMNS = (
    "place", "place_name", "expected", "confirmed", "confirmed_percent", "on_time", "on_time_percent",
    "answers", "approved", "approved_percent", "waiting",
)  # fmt: skip


def grid(shown: Table) -> Grid:
    """The table as a file, in the active language; figures are numbers, a percentage of nobody is empty."""
    lines: list[tuple[Value, ...]] = [
        (
            row.place,
            row.label,
            row.counts.expected,
            row.counts.confirmed,
            row.counts.confirmed_percent,
            row.counts.on_time,
            row.counts.on_time_percent,
            row.counts.answers,
            row.counts.approved,
            row.counts.approved_percent,
            row.counts.waiting,
        )
        for row in shown.rows
    ]
    headings = (
        _("Code"),
        _("Place"),
        _("Should confirm"),
        _("Confirmed"),
        _("Confirmed, %"),
        _("On time"),
        _("On time, %"),
        _("Answers"),
        _("Approved"),
        _("Approved, %"),
        _("Waiting for more than %(days)s days") % {"days": shown.days},
    )
    return Grid(
        columns=COLUMNS,
        lines=lines,
        sheet=shown.period.code,
        headings=headings,
        widths=(12, 36, 14, 14, 14, 12, 12, 12, 12, 14, 24),
        rows=lines,
    )


def _locality_row(period: Period, locality: Locality, counted: Mapping[int, Completeness]) -> Row:
    door = _door(period, {"region": locality.region.code, "locality": locality.kato})
    return Row(locality.kato, locality.name, counted.get(locality.pk, Completeness()), door)


def _region_rows(
    period: Period,
    reached: Sequence[str],
    localities: Sequence[Locality],
    counted: Mapping[int, Completeness],
    days: int,
) -> list[Row]:
    sums: dict[str, Completeness] = {}
    names: dict[str, str] = {}
    for locality in localities:
        code = locality.region.code
        names[code] = locality.region.name
        sums[code] = sums.get(code, Completeness()) + counted.get(locality.pk, Completeness())
    address = reverse("reporting:quarter_regions", args=[period.code])
    return [
        Row(
            code,
            names[code],
            sums[code],
            _door(period, {"region": code}),
            url=f"{address}?{urlencode({'region': code, 'days': days})}",
        )
        for code in reached
        if code in names
    ]


def _door(period: Period, place: Mapping[str, str]) -> str:
    query = urlencode(place)
    return f"{reverse('compliance:quarter', args=[period.code])}?{query}{'&' if query else ''}"
