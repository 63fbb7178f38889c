"""What a brief is told: the shape of `Brief.snapshot`, schema 1, before any word is said."""

from collections.abc import Iterable
from typing import Final, NotRequired, TypedDict

KINDS: Final = ("kindergarten", "school", "college")
NATIONAL: Final = "national"
LARGE_CITIES: Final = "large_cities"


class Count(TypedDict):
    """Institutions of one measure and kind; `percent` is null where nobody is applicable."""

    total: int
    covered: int
    not_applicable: int
    percent: int | None


class PlaceCount(TypedDict):
    """One place in one list; `place` is a region code or a line of large cities."""

    place: str
    total: int
    covered: int
    percent: int | None


class Place(TypedDict):
    place: str
    name_kk: str
    name_ru: NotRequired[str]
    name_en: NotRequired[str]


class Measure(TypedDict):
    """One of the five measures in its scope; `headline` and `obliged` are by kind, with "all"."""

    code: str
    scope: str
    headline: dict[str, Count]
    obliged: dict[str, Count]
    lines: dict[str, list[PlaceCount]]


class NamedInstitution(TypedDict):
    """An institution that the notes name: in capital repair, or with an exception until a day."""

    bin: str
    name_kk: str
    name_ru: NotRequired[str]
    place: str
    until: NotRequired[str]


class Notes(TypedDict):
    """`pending`: changes in the ledger that are not yet folded into the figures."""

    capital_repair: list[NamedInstitution]
    exceptions: list[NamedInstitution]
    pending: int


class Period(TypedDict):
    code: str
    year: int
    quarter: int
    closed: bool


class Snapshot(TypedDict):
    """`Brief.snapshot`, schema 1. Days are ISO texts; places stand in the ministry's order."""

    schema: int
    scope: dict[str, str]
    lang: str
    period: Period
    as_of: str
    known_on: str
    institutions: dict[str, dict[str, int]]
    places: dict[str, list[Place]]
    measures: list[Measure]
    notes: Notes
    ledger: dict[str, int]


def city_count(places: Iterable[Place]) -> int:
    """How many cities the lines name: "Атырау және Құлсары ққ." is one line and two cities."""
    return sum(place["name_kk"].count(" және ") + 1 for place in places)
