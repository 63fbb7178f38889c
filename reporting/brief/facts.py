"""What a brief is told: the shape of `Brief.snapshot`, schema 2, before any word is said."""

from collections.abc import Iterable
from typing import Final, NotRequired, TypedDict

KINDS: Final = ("kindergarten", "school", "college")
NATIONAL: Final = "national"
LARGE_CITIES: Final = "large_cities"
PARTS: Final = ("all", "obliged", "state", "private")


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


class Cut(TypedDict):
    """A region's (or locality's) institutions of one measure, and a part of them: all, obliged, state or private.

    In institutions and in learners; city measures count the place's large cities alone.
    """

    place: str
    measure: str
    part: str
    total: int
    covered: int
    percent: int | None
    learners: int
    learners_covered: int
    learners_percent: int | None


class Completeness(TypedDict):
    """Of one measure: how many of the counted institutions have ever had an approved answer."""

    measure: str
    total: int
    answered: int


class TrendPoint(TypedDict):
    """A quarter's headlines of all kinds: measure → counts, as of its end, as known at its close."""

    year: int
    quarter: int
    as_of: str
    measures: dict[str, PlaceCount]


class Previous(TypedDict):
    """The published brief before this one, of the same subject: what a jump and the changes are measured from."""

    number: str
    year: int
    quarter: int
    as_of: str
    known_on: str
    headlines: dict[str, dict[str, Count]]


class Change(TypedDict):
    """How one measure came from the previous brief's covered to this one's, in institutions.

    `before` + `gained` + `joined` - `lost` - `left` = `after`; joined and left are institutions that were not, or are
    no longer, counted.
    """

    measure: str
    before: int
    gained: int
    joined: int
    lost: int
    left: int
    after: int


class NotCovered(TypedDict):
    """The institutions that do not meet one measure (region only); `place` of each is its locality's KATO."""

    measure: str
    institutions: list["NamedInstitution"]


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


class DaySeal(TypedDict):
    """The newest daily seal of the register behind which the figures were known: its day, and its root (SHA-256)."""

    day: str
    root: str


class Snapshot(TypedDict):
    """`Brief.snapshot` of a country's or region's brief, schema 2. Days are ISO texts; places stand in the ministry's
    order. Of a region's brief the places of the national scope are its localities, and `area` is its full name."""

    schema: int
    scope: dict[str, str]
    lang: str
    period: Period
    as_of: str
    known_on: str
    institutions: dict[str, dict[str, int]]
    places: dict[str, list[Place]]
    measures: list[Measure]
    cuts: list[Cut]
    completeness: list[Completeness]
    trend: list[TrendPoint]
    previous: Previous | None
    changes: list[Change]
    not_covered: list[NotCovered]
    notes: Notes
    ledger: dict[str, int]
    seal: NotRequired[DaySeal | None]
    area: NotRequired[Place]


def city_count(places: Iterable[Place]) -> int:
    """How many cities the lines name: "Атырау және Құлсары ққ." is one line and two cities."""
    return sum(place["name_kk"].count(" және ") + 1 for place in places)
