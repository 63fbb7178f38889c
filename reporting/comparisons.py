"""The snapshot of a comparison: the country's figures of two quarters, and who came and went between them."""

from __future__ import annotations

from datetime import date

from compliance.enums import PeriodState
from compliance.models import Period
from reporting.bridge import bridge
from reporting.brief.comparison_facts import BEFORE, WHOLE, Comparison, Side, Span, sides_of
from reporting.brief.facts import Period as PeriodFacts
from reporting.coverage import COUNTRY
from reporting.enums import BriefKind
from reporting.records import Records, statuses
from reporting.snapshot import SCHEMA, PeriodNotReady, Point, Taken, digest_of, lines_agree, point, sealed_before


class NotEarlier(Exception):
    """A quarter is compared with an earlier one."""


def take(period: Period, against: Period, *, language: str, today: date) -> Taken:
    """Freeze both quarters, each as of its end, as known at its close (or now). Raises `NotEarlier` and
    `PeriodNotReady`, also where the earlier quarter counts nobody."""
    if against.starts_on >= period.starts_on:
        raise NotEarlier(against.code)
    before, after = (point(one, language=language, today=today) for one in (against, period))
    if not any(measure["headline"]["all"]["total"] for measure in before.measures):
        raise PeriodNotReady(against.code)
    records: Records = {f"{code}{BEFORE}": groups for code, groups in before.records.items()} | after.records
    snapshot: Comparison = {
        "schema": SCHEMA,
        "scope": {"kind": BriefKind.COMPARISON.value, "code": COUNTRY},
        "lang": language,
        "period": _facts(period),
        "as_of": after.as_of.isoformat(),
        "known_on": after.known_on.isoformat(),
        "places": {scope.value: listed for scope, listed in after.places.items()},
        "before": _side(against, before),
        "after": _side(period, after),
        "bridges": {
            measure["code"]: {
                place: _span(before.records, after.records, measure["code"], place)
                for place in (WHOLE, *(line["place"] for line in measure["lines"]["school"]))
            }
            for measure in after.measures
        },
        "seal": sealed_before(after.known_on),
    }
    return Taken(dict(snapshot), records, digest_of(dict(snapshot)))


def agrees(taken: Taken) -> bool:
    """Whether every line of both quarters says what its records say."""
    earlier, later = sides_of(taken.records)
    return lines_agree(taken.snapshot["before"]["measures"], earlier) and lines_agree(
        taken.snapshot["after"]["measures"], later
    )


def _span(earlier: Records, later: Records, measure: str, place: str) -> Span:
    """How many came and went at a place."""
    found = bridge(statuses(earlier, measure, place=place or None), statuses(later, measure, place=place or None))
    return Span(
        before=len(found.before),
        gained=len(found.gained),
        joined=len(found.joined),
        lost=len(found.lost),
        left=len(found.left),
        after=len(found.after),
    )


def _facts(period: Period) -> PeriodFacts:
    return PeriodFacts(
        code=period.code,
        year=period.year,
        quarter=period.quarter,
        closed=period.state == PeriodState.CLOSED,
    )


def _side(period: Period, figures: Point) -> Side:
    return Side(
        period=_facts(period),
        as_of=figures.as_of.isoformat(),
        known_on=figures.known_on.isoformat(),
        measures=figures.measures,
    )
