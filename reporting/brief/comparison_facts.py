"""What a comparison of two quarters is told: the shape of `Brief.snapshot`, schema 2, of that kind."""

from __future__ import annotations

from typing import Final, NotRequired, TypedDict

from reporting.brief.facts import DaySeal, Measure, Period, Place
from reporting.records import Records

# The records of the earlier quarter stand under a measure's code with this behind it.
BEFORE: Final = "@before"
# Keys of `Comparison.bridges`: a place's code, or this for the whole.
WHOLE: Final = ""
GAINED, JOINED, LOST, LEFT = "gained", "joined", "lost", "left"
WAYS: Final = (GAINED, JOINED, LOST, LEFT)


def sides_of(records: Records) -> tuple[Records, Records]:
    """The records of a comparison, apart: those of the earlier quarter and those of the later, each by measure."""
    earlier = {code.removesuffix(BEFORE): groups for code, groups in records.items() if code.endswith(BEFORE)}
    return earlier, {code: groups for code, groups in records.items() if not code.endswith(BEFORE)}


class Side(TypedDict):
    """One of the quarters with its figures, as of its end, as known at its close."""

    period: Period
    as_of: str
    known_on: str
    measures: list[Measure]


class Span(TypedDict):
    """How the covered of one day became those of the other, in institutions; see `reporting.bridge`.

    An institution that moved from one place to another has left the one and joined the other.
    """

    before: int
    gained: int
    joined: int
    lost: int
    left: int
    after: int


class Comparison(TypedDict):
    """`period`, `as_of` and `known_on` are those of the later quarter. `bridges`: measure → place → span."""

    schema: int
    scope: dict[str, str]
    lang: str
    period: Period
    as_of: str
    known_on: str
    places: dict[str, list[Place]]
    before: Side
    after: Side
    bridges: dict[str, dict[str, Span]]
    seal: NotRequired[DaySeal | None]
