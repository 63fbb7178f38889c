"""The table of coverage that people explore: places and kinds by measures, each figure with its door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from compliance.enums import Level, Measure, Scope, Status
from compliance.models import Requirement, StatusEntry
from institutions.enums import Kind
from institutions.models import LargeCity, Locality, Region
from reporting.coverage import Counts, Dimension, Question, count, places_of
from reporting.forms import BY_KIND, LEARNERS, BehindForm, CoverageForm, View


@dataclass(frozen=True, slots=True)
class Column:
    """A measure of the brief, or the one item that was asked for; `asked` is its part of a door's address."""

    code: str
    title: str
    asked: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure; `door` is the address of its institutions, without the part."""

    counts: Counts
    door: str


@dataclass(frozen=True, slots=True)
class Row:
    """A place (`url` opens what is inside it), a kind within the place above it (`within`), or the sum of all."""

    label: str
    cells: list[Cell]
    url: str = ""
    within: bool = False
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the breadcrumbs; the last one has no address."""

    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    columns: list[Column]
    rows: list[Row]
    trail: list[Step]
    place_title: str

    @property
    def place(self) -> str:
        """The name of what the sums stand for."""
        return self.trail[-1].label


def explore(form: CoverageForm) -> Table:
    """The table that a valid form asks for. A dozen queries or fewer, whatever the number of places."""
    question = form.question()
    address = address_of(form)
    columns = columns_of(form)
    region = _region_in_view(question)
    rows_by = _rows_by(question, region)
    by_kind = form.by_kind or rows_by is None
    dimensions = [*([rows_by] if rows_by else []), Dimension.KIND, Dimension.REQUIREMENT]
    counted = count(question, dimensions, learners=form.in_learners)
    sums = _sums(counted, placed=rows_by is not None)
    kinds = [question.kind] if question.kind else list(Kind)

    def lines(label: str, place: str, chosen: dict[str, str], **of: Any) -> list[Row]:
        found = [Row(label, _cells(columns, sums, place, "", address | chosen), **of)]
        if by_kind:
            found += [
                Row(
                    str(kind.label).capitalize(),
                    _cells(columns, sums, place, kind.value, address | chosen | {"kind": kind.value}),
                    within=True,
                    is_sum=bool(of.get("is_sum")),
                )
                for kind in kinds
            ]
        return found

    rows = lines(_("Total"), "", {}, is_sum=True)
    if rows_by is not None:
        names = _names(rows_by)
        for place in places_of(rows_by, question):
            inside = {_FIELD[rows_by]: place}
            rows += lines(names.get(place, place), place, inside, url=table_url(form, address | inside))
    return Table(columns, rows, _trail(form, region, address), _place_title(rows_by))


@dataclass(frozen=True, slots=True)
class Trust:
    """An item at the three levels of truth in the place that the table is about, in institutions.

    `declared` is what the answers say that have not been decided yet; None for another day than the register's.
    `verified` counts only those at which somebody has looked.
    """

    label: str
    declared: int | None
    approved: Cell
    verified: Cell


def trust(form: CoverageForm) -> list[Trust]:
    """How far the figures of a table can be trusted, a row a column of it. Three queries more."""
    columns = columns_of(form)
    question = replace(form.question(), level=None)
    counted = count(question, [Dimension.LEVEL, Dimension.REQUIREMENT])
    today = question.known_on is None and question.as_of == form.day
    waiting = _declared_more(question) if today else {}
    # Whoever reads a level in the address reads the other here.
    address = {name: value for name, value in address_of(form).items() if name not in ("level", "unit")}
    behind = reverse("reporting:behind")

    def cell(column: Column, level: Level) -> Cell:
        asked = dict([column.asked]) | address | ({"level": level.value} if level == Level.VERIFIED else {})
        return Cell(counted.get((level.value, column.code), Counts()), f"{behind}?{urlencode(asked)}")

    rows = []
    for column in columns:
        approved = cell(column, Level.APPROVED)
        declared = approved.counts.covered + waiting.get(column.code, 0) if today else None
        rows.append(Trust(column.title, declared, approved, cell(column, Level.VERIFIED)))
    return rows


def _declared_more(question: Question) -> dict[str, int]:
    """By how much what is declared exceeds what is approved, by the requirement's code: of the answers that wait."""
    waiting = StatusEntry.objects.awaiting_decision().filter(question.items("item__"), item__listed=True)
    counted = (
        waiting.order_by()
        .values_list("item__requirement__code")
        .annotate(
            more=Count("pk", filter=Q(status=Status.MET) & ~Q(item__status=Status.MET)),
            fewer=Count("pk", filter=~Q(status=Status.MET) & Q(item__status=Status.MET)),
        )
    )
    return {code: more - fewer for code, more, fewer in counted}


_FIELD = {Dimension.REGION: "region", Dimension.LOCALITY: "locality", Dimension.CITY_LINE: "city_line"}


def columns_of(form: CoverageForm) -> list[Column]:
    asked: Requirement | None = form.requirements.get(form.cleaned_data["requirement"])
    if asked is not None:
        return [Column(asked.code, asked.title, ("requirement", asked.code))]
    codes = {requirement.measure: requirement.code for requirement in form.requirements.values()}
    return [
        Column(codes[measure], str(measure.label).capitalize(), ("measure", measure.value))
        for measure in Measure
        if measure in codes
    ]


def _region_in_view(question: Question) -> Region | None:
    """The region whose inside is shown: the one chosen, or the only one that the person reaches."""
    if question.locality:
        return Region.objects.filter(localities__kato=question.locality).first()
    if question.city_line and not question.region:
        return Region.objects.filter(large_cities__line=question.city_line).first()
    if question.region:
        return Region.objects.filter(code=question.region).first()
    return _only_region(question)


def _only_region(question: Question) -> Region | None:
    """The region in which all lies that the person reaches, where there is just one."""
    if question.reach.country:
        return None
    reached = places_of(Dimension.REGION, Question(question.as_of, reach=question.reach))
    return Region.objects.filter(code=reached[0]).first() if len(reached) == 1 else None


def _rows_by(question: Question, region: Region | None) -> Dimension | None:
    """What the rows are; None inside a place that has no smaller ones: then they are kinds."""
    if question.locality or question.city_line:
        return None
    if question.scope == Scope.LARGE_CITIES:
        return Dimension.CITY_LINE
    return Dimension.LOCALITY if region else Dimension.REGION


def _sums(counted: Mapping[tuple[str, ...], Counts], *, placed: bool) -> dict[tuple[str, str, str], Counts]:
    """(place, kind, code) → counts, with "" for all places and all kinds."""
    sums: dict[tuple[str, str, str], Counts] = {}
    for key, counts in counted.items():
        place, kind, code = key if placed else ("", *key)
        for cell in {(place, kind, code), (place, "", code), ("", kind, code), ("", "", code)}:
            sums[cell] = sums.get(cell, Counts()) + counts
    return sums


def _cells(
    columns: Sequence[Column],
    sums: Mapping[tuple[str, str, str], Counts],
    place: str,
    kind: str,
    address: Mapping[str, str],
) -> list[Cell]:
    behind = reverse("reporting:behind")
    return [
        Cell(
            sums.get((place, kind, column.code), Counts()),
            f"{behind}?{urlencode(dict([column.asked]) | dict(address))}",
        )
        for column in columns
    ]


def address_of(form: CoverageForm | BehindForm) -> dict[str, str]:
    """The question as an address, without measure and part: what a fresh page asks is left out, but for the day."""
    asked = form.cleaned_data
    values = {
        "as_of": (asked["as_of"] or form.day).isoformat(),
        "known_on": asked["known_on"].isoformat() if asked["known_on"] else "",
        "scope": Scope.LARGE_CITIES.value if form.chosen_scope == Scope.LARGE_CITIES else "",
        "ownership": asked["ownership"],
        "obliged_only": "on" if asked["obliged_only"] else "",
        "level": Level.VERIFIED.value if asked["level"] == Level.VERIFIED else "",
        "unit": LEARNERS if form.in_learners else "",
        "region": asked["region"],
        "locality": asked["locality"],
        "city_line": asked["city_line"],
        "kind": "" if asked["kind"] == BY_KIND else asked["kind"],
    }
    return {name: value for name, value in values.items() if value}


def table_url(form: CoverageForm | BehindForm, address: Mapping[str, str]) -> str:
    kept = dict(address)
    if form.cleaned_data["kind"] == BY_KIND:
        kept["kind"] = BY_KIND
    if form.cleaned_data["requirement"]:
        kept["requirement"] = form.cleaned_data["requirement"]
    # A map has nothing smaller than a region: what is inside one opens as a table.
    if form.cleaned_data.get("view") in (View.HEAT, View.TREND) or "region" not in kept:
        kept |= {name: form.cleaned_data[name] for name in ("view", "mapped") if form.cleaned_data.get(name)}
    return f"{reverse('reporting:coverage')}?{urlencode(kept)}"


def _trail(form: CoverageForm, region: Region | None, address: Mapping[str, str]) -> list[Step]:
    """Country (or all that is reached) → region → locality or line of cities."""
    asked = form.cleaned_data
    wide = {name: value for name, value in address.items() if name not in ("region", "locality", "city_line")}
    steps = []
    if form.reach.country or region is None or _only_region(form.question()) is None:
        steps.append(Step(_("Kazakhstan") if form.reach.country else _("All my places"), table_url(form, wide)))
    if region is not None:
        chosen = wide | {"region": region.code}
        whole = form.reach.country or region.pk in form.reach.regions
        # Translators: a region of whose figures the person sees only a part.
        label = region.name if whole else _("%(region)s, within my reach") % {"region": region.name}
        steps.append(Step(label, table_url(form, chosen)))
    if asked["locality"]:
        steps.append(Step(_names(Dimension.LOCALITY, asked["locality"]).get(asked["locality"], "")))
    elif asked["city_line"]:
        steps.append(Step(_names(Dimension.CITY_LINE)[asked["city_line"]]))
    return [*steps[:-1], Step(steps[-1].label)]


def _names(dimension: Dimension, only: str = "") -> dict[str, str]:
    """Names of places in the person's language, by code, KATO or line. One query."""
    if dimension == Dimension.REGION:
        return {region.code: region.name for region in Region.objects.all()}
    if dimension == Dimension.LOCALITY:
        localities = Locality.objects.filter(kato=only) if only else Locality.objects.all()
        return {locality.kato: locality.name for locality in localities}
    lines: dict[str, list[str]] = {}
    for city in LargeCity.objects.all():
        lines.setdefault(city.line, []).append(city.name)
    # The brief's own words in Kazakh; elsewhere the names of the line's cities.
    return {line: line if get_language() == "kk" else ", ".join(cities) for line, cities in lines.items()}


def _place_title(rows_by: Dimension | None) -> str:
    return {
        Dimension.REGION: _("Region"),
        Dimension.LOCALITY: _("District or city"),
        Dimension.CITY_LINE: _("Large city"),
    }.get(rows_by or Dimension.KIND, _("Kind"))


def place_of(question: Question) -> str:
    """The name of the place that a question is about; "" where it names none. One query."""
    for dimension, place in (
        (Dimension.LOCALITY, question.locality),
        (Dimension.CITY_LINE, question.city_line),
        (Dimension.REGION, question.region),
    ):
        if place:
            return _names(dimension, place).get(place, place)
    return ""


def back_to_table(form: BehindForm) -> str:
    """The address of the table from whose figure a list was opened."""
    return table_url(form, address_of(form))
