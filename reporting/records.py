"""The institutions behind every figure of a brief, frozen with it: their keys, grouped by what figures are cut by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from compliance.enums import MEASURE_SCOPE, Measure, Scope, Status
from reporting.bridge import bridge

# measure → the text of a `Group` → keys of institutions, in their order.
Records = dict[str, dict[str, list[int]]]
OBLIGED, COUNTED = "obliged", "counted"
COVERED_STATUSES = (Status.MET.value,)
TOTAL_STATUSES = (Status.MET.value, Status.PARTLY_MET.value, Status.NOT_MET.value, Status.UNKNOWN.value)


@dataclass(frozen=True, slots=True)
class Group:
    """Institutions that count alike. `place` is a region's code (in a region's brief a locality's KATO), `line` a line
    of large cities or empty; the text is "place|line|kind|ownership|obliged|status"."""

    place: str
    line: str
    kind: str
    ownership: str
    obliged: bool
    status: str

    def __str__(self) -> str:
        obliged = OBLIGED if self.obliged else COUNTED
        return "|".join((self.place, self.line, self.kind, self.ownership, obliged, self.status))

    @classmethod
    def parse(cls, text: str) -> Self:
        place, line, kind, ownership, obliged, status = text.split("|")
        return cls(place, line, kind, ownership, obliged == OBLIGED, status)


def groups_of(records: Records, measure: str) -> Iterator[tuple[Group, list[int]]]:
    for text, institutions in records.get(measure, {}).items():
        yield _parsed(text), institutions


@lru_cache(maxsize=20_000)
def _parsed(text: str) -> Group:
    """A comparison asks for each group hundreds of times."""
    return Group.parse(text)


def statuses(records: Records, measure: str, *, place: str | None = None, kind: str | None = None) -> dict[int, str]:
    """Institution → status, of those that count; an exception counts nowhere, as if it were not on the list."""
    return {
        institution: group.status
        for group, institutions in groups_of(records, measure)
        if group.status in TOTAL_STATUSES
        and (place is None or place in (group.place, group.line))
        and (kind is None or kind == group.kind)
        for institution in institutions
    }


def on_the_way(
    earlier: Records, later: Records, measure: str, way: str, *, place: str | None = None, kind: str | None = None
) -> list[int]:
    """Who came or went between two quarters: `way` is gained, joined, lost or left, as in `bridge.Bridge`."""
    found = bridge(statuses(earlier, measure, place=place, kind=kind), statuses(later, measure, place=place, kind=kind))
    ways = {"gained": found.gained, "joined": found.joined, "lost": found.lost, "left": found.left}
    return ways[way]


def behind(
    records: Records,
    measure: str,
    statuses: Collection[str],
    *,
    place: str | None = None,
    kind: str | None = None,
    ownership: str | None = None,
    obliged_only: bool = False,
) -> list[int]:
    """The keys of the institutions that a figure counts; None asks for all. `place` may be a line of large cities."""
    return [
        institution
        for group, institutions in groups_of(records, measure)
        if group.status in statuses
        and (place is None or place in (group.place, group.line))
        and (kind is None or kind == group.kind)
        and (ownership is None or ownership == group.ownership)
        and (group.obliged or not obliged_only)
        for institution in institutions
    ]


def figures_of(records: Records) -> dict[tuple[str, str, str], tuple[int, int]]:
    """(measure, kind, place) → (total, covered), counted again from the records: what a brief is checked against."""
    totals: Counter[tuple[str, str, str]] = Counter()
    covered: Counter[tuple[str, str, str]] = Counter()
    for measure in records:
        national = MEASURE_SCOPE[Measure(measure)] == Scope.NATIONAL
        for group, institutions in groups_of(records, measure):
            key = (measure, group.kind, group.place if national else group.line)
            if group.status != "not_applicable":
                totals[key] += len(institutions)
            if group.status == "met":
                covered[key] += len(institutions)
    return {key: (total, covered[key]) for key, total in totals.items()}
