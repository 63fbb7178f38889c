"""Coverage as a map of the regions and as a trend over the quarters, each drawing with its table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from compliance.enums import Measure
from compliance.models import Edition, Period
from institutions.models import Region
from institutions.templatetags.qalqan import percent_label
from reporting import charts
from reporting.brief.composing import QUARTERS
from reporting.coverage import Counts, Dimension, Question, count, series
from reporting.drawings import Part, draw
from reporting.explorer import Cell, Column, address_of, columns_of, table_url
from reporting.forms import CoverageForm

MOST_POINTS: Final = 8  # of a trend, the day that is looked at included


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing that stands on the page as it is, and where it comes from, if from outside."""

    title: str
    svg: SafeString
    credit: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A day of a trend: the end of a quarter, or the day that is looked at; `new_edition`: other duties since then."""

    label: str
    day: date
    new_edition: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A measure over the points of a trend, and how its line is drawn: colour, and lengths of dash and gap."""

    column: Column
    cells: list[Cell]
    colour: str
    dashes: str


@dataclass(frozen=True, slots=True)
class Trend:
    drawing: Drawing
    points: list[Point]
    lines: list[Line]

    @property
    def broken(self) -> bool:
        return any(point.new_edition for point in self.points)


def mapped_column(form: CoverageForm) -> Column:
    """What the map shows: the item that was asked for, or the measure that was chosen, or the first."""
    columns = columns_of(form)
    chosen = form.cleaned_data["mapped"]
    return next((column for column in columns if column.asked == ("measure", chosen)), columns[0])


def has_map(form: CoverageForm) -> bool:
    """Whether the country is looked at as a whole: a map of one region shows nothing."""
    asked = form.cleaned_data
    return form.reach.country and not (asked["region"] or asked["locality"] or asked["city_line"])


def coverage_map(form: CoverageForm) -> Drawing:
    """The regions by their coverage; each opens what is inside it. Two queries."""
    column = mapped_column(form)
    question = _about(form.question(), column)
    counted = {key[0]: counts for key, counts in count(question, [Dimension.REGION], learners=form.in_learners).items()}
    address = address_of(form)
    parts = {}
    for region in Region.objects.all():
        counts = counted.get(region.code, Counts())
        said = f"{region.name}: {percent_label(counts.percent, counts.covered, counts.total)}"
        parts[region.code] = Part(said, table_url(form, address | {"region": region.code}))
    percents = {code: counts.percent for code, counts in counted.items()}
    spec = charts.coverage_map(percents, legend=_("coverage"), no_data=_("nothing to count"), named=True)
    return Drawing(column.title, draw(spec, column.title, parts), charts.MAP_CREDIT)


def coverage_trend(form: CoverageForm) -> Trend:
    """The measures at the ends of the last quarters and on the day that is looked at. Three queries (`series`).

    All with today's knowledge, or with that of the day that was asked for: so a point is what the table says.
    """
    question = form.question()
    columns = columns_of(form)
    days = _points(question.as_of)
    counts_then = series(question, [point.day for point in days], [Dimension.REQUIREMENT], learners=form.in_learners)
    # Quarters before the register began say nothing.
    points = [point for point, counts in zip(days, counts_then, strict=True) if counts]
    counted = [{key[0]: one for key, one in counts.items()} for counts in counts_then if counts]
    address = address_of(form)
    lines = [
        Line(
            column,
            [
                _cell(column, at.get(column.code, Counts()), point, address)
                for point, at in zip(points, counted, strict=True)
            ],
            colour,
            " ".join(map(str, dash)),
        )
        for column, (colour, dash, _symbol) in zip(columns, charts.SERIES, strict=False)
    ]
    labels = [point.label for point in points]
    spec = charts.coverage_trend(
        labels,
        [charts.TrendLine(line.column.title, tuple(cell.counts.percent for cell in line.cells)) for line in lines],
        breaks=[point.label for point in points if point.new_edition],
        named=True,
    )
    parts = {
        f"{row} {at}": Part(
            f"{line.column.title}, {points[at].label}: "
            f"{percent_label(cell.counts.percent, cell.counts.covered, cell.counts.total)}",
            f"{cell.door}&part=covered",
        )
        for row, line in enumerate(lines)
        for at, cell in enumerate(line.cells)
    }
    title = _("Coverage by quarter, %")
    return Trend(Drawing(title, draw(spec, title, parts)), points, lines)


def _about(question: Question, column: Column) -> Question:
    name, value = column.asked
    measure = Measure(value) if name == "measure" else None
    return replace(question, measure=measure, requirement=None if measure else value, measures_only=False)


def _points(as_of: date) -> list[Point]:
    """The ends of the quarters before a day, and the day; oldest first. Two queries."""
    ended = Period.objects.filter(ends_on__lt=as_of).order_by("-ends_on")[: MOST_POINTS - 1]
    days = [(f"{period.year} {QUARTERS[period.quarter - 1]}", period.ends_on) for period in reversed(ended)]
    days.append((as_of.strftime("%d.%m"), as_of))
    begun = list(Edition.objects.values_list("in_force_from", flat=True))
    return [
        Point(label, day, at > 0 and any(days[at - 1][1] < first <= day for first in begun))
        for at, (label, day) in enumerate(days)
    ]


def _cell(column: Column, counts: Counts, point: Point, address: Mapping[str, str]) -> Cell:
    asked = dict([column.asked]) | dict(address) | {"as_of": point.day.isoformat()}
    return Cell(counts, f"{reverse('reporting:behind')}?{urlencode(asked)}")
