"""The demonstration registry as a plan: 9,986 invented institutions, told one by one, nothing stored.

On 31 March 2023 the five measures stand, line by line, where the published brief counts them
(`expected_figures`). The plan follows from its arguments alone: the same seed and day give the same plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final

from compliance.library import load_library
from institutions.bin import SYNTHETIC_NUMBERS, synthetic_bin
from reporting.demo import places
from reporting.demo.answers import MEASURES, Calendar, Measure, OtherItems, PlannedAnswer, history
from reporting.demo.places import Spot
from reporting.demo.published import PUBLISHED_ON, expected_figures
from reporting.demo.wording import Wordsmith

__all__ = ["PUBLISHED_ON", "PlannedAnswer", "PlannedInstitution", "expected_figures", "plan_registry"]

# The facts that conditions of the Order ask for, and how often the answer is yes.
FACTS: Final[Mapping[str, float]] = {
    "leased": 0.1,
    "several_owners": 0.07,
    "has_grounds": 0.92,
    "dangerous_areas": 0.15,
    "near_traffic": 0.3,
    "police_check": 0.6,
    "event": 0.08,
    "not_equipped_in_6_months": 0.12,
}
_FACT_ANSWERED: Final = 0.88  # the rest is left open
_VILLAGE_PACE: Final = 0.35
_BIN_STEP: Final = 7919  # a prime that does not divide their number: neighbours look unlike and none returns
_OLDEST: Final = 1936
_NEWEST: Final = 2021  # the Order came later


@dataclass(slots=True)
class PlannedInstitution:
    """An institution as it is entered, with all that it answered, item by item, the oldest answer first.

    `locality` and `settlement` are KATO codes; in the three cities of republican significance the settlement
    is empty. `large_city` is the KATO of one of the 25, or empty. `staff` and `learners` are people. It was
    opened before the Order came into force and did not change since; its BIN says nothing of its age.
    """

    bin: str
    name_kk: str
    name_ru: str
    kind: str
    ownership: str
    region: str
    locality: str
    settlement: str
    settlement_class: str
    large_city: str
    staff: int
    learners: int
    facts: dict[str, bool]
    address_kk: str
    address_ru: str
    latitude: float
    longitude: float
    phone: str
    email: str
    opened_on: date
    answers: list[PlannedAnswer]


def plan_registry(
    *, seed: int = 117, institutions: int | None = None, measures_only: bool = False, today: date
) -> Iterator[PlannedInstitution]:
    """Region after region in the ministry's order, kind after kind, the large cities first.

    `institutions` makes a smaller registry of the same proportions (its figures are the published ones only
    roughly); `measures_only` leaves out the answers to all items but the five measures, and changes nothing
    else. `today` is the day from which the plan looks back; no answer is of a later one. Raises `ValueError`
    for a number of institutions that cannot be made and for a day too early to tell of.
    """
    calendar = Calendar(today)
    cells = places.allot(institutions)  # both raise here, before the first institution is asked for
    return _plan(seed, cells, measures_only, calendar)


def _plan(
    seed: int, cells: Mapping[tuple[str, str], tuple[int, int]], measures_only: bool, calendar: Calendar
) -> Iterator[PlannedInstitution]:
    # A source of chance for each concern: leaving one out does not change the others. No secret is made.
    where = Random(f"{seed} where")  # noqa: S311
    words = Random(f"{seed} words")  # noqa: S311
    told = Random(f"{seed} told")  # noqa: S311
    shown = Random(f"{seed} shown")  # noqa: S311
    wordsmith = Wordsmith(words)
    other_items = None
    if not measures_only:
        items = Random(f"{seed} items")  # noqa: S311
        other_items = OtherItems(items, load_library().requirements, calendar.today)
    figures = expected_figures()
    first_serial = where.randrange(SYNTHETIC_NUMBERS)
    serial = 0
    for region in places.regions():
        paces = [told.uniform(0.6, 1.4) for _ in MEASURES]
        for kind in places.KINDS:
            in_line, elsewhere = cells[region.code, kind]
            spots = places.settle(where, region, kind, in_line, elsewhere)
            covered = [_covered(told, measure, kind, region, spots, in_line, figures) for measure in MEASURES]
            for place, spot in enumerate(spots):
                worded = wordsmith.describe(spot, kind, serial)
                answers: list[PlannedAnswer] = []
                for measure, pace, having in zip(MEASURES, paces, covered, strict=True):
                    # Guards, buttons and turnstiles come to villages slowly: few are obliged to have them.
                    speed = pace if spot.is_urban or measure.elsewhere is None else pace * _VILLAGE_PACE
                    answers += history(told, measure, covered=place in having, calendar=calendar, pace=speed)
                if other_items is not None:
                    answers += other_items.of(spot, kind, worded.staff + worded.learners)
                yield PlannedInstitution(
                    bin=synthetic_bin((first_serial + serial * _BIN_STEP) % SYNTHETIC_NUMBERS),
                    name_kk=worded.name_kk,
                    name_ru=worded.name_ru,
                    kind=kind,
                    ownership=worded.ownership,
                    region=spot.region,
                    locality=spot.locality,
                    settlement=spot.settlement,
                    settlement_class=spot.settlement_class,
                    large_city=spot.large_city,
                    staff=worded.staff,
                    learners=worded.learners,
                    facts=_facts(shown),
                    address_kk=worded.address_kk,
                    address_ru=worded.address_ru,
                    latitude=round(spot.latitude + shown.uniform(-0.03, 0.03), 5),
                    longitude=round(spot.longitude + shown.uniform(-0.04, 0.04), 5),
                    phone=worded.phone,
                    email=worded.email,
                    opened_on=date(shown.randrange(_OLDEST, _NEWEST + 1), 9, 1),
                    answers=answers,
                )
                serial += 1


def _covered(
    rng: Random,
    measure: Measure,
    kind: str,
    region: places.Region,
    spots: Sequence[Spot],
    in_line: int,
    figures: Mapping[tuple[str, str, str], tuple[int, int]],
) -> frozenset[int]:
    """Which of the spots have the measure on 31 March 2023, by their place in the list."""
    everywhere = range(len(spots))
    if measure.elsewhere is None:
        if (measure.name, kind, region.code) not in figures:  # video surveillance itself: all have it
            return frozenset(everywhere)
        return _draw(rng, spots, everywhere, figures[measure.name, kind, region.code])
    having = _draw(rng, spots, range(in_line), figures[measure.name, kind, region.line])
    shares = measure.elsewhere
    return having | {place for place in everywhere[in_line:] if rng.random() < shares[spots[place].settlement_class]}


def _draw(rng: Random, spots: Sequence[Spot], among: range, figure: tuple[int, int]) -> frozenset[int]:
    """As many as the figure says (its share of them, in a smaller registry), more readily in cities."""
    total, covered = figure
    wanted = (2 * covered * len(among) + total) // (2 * total)
    lots = {place: rng.random() + 0.35 * spots[place].is_urban for place in among}
    return frozenset(sorted(among, key=lots.__getitem__, reverse=True)[:wanted])


def _facts(rng: Random) -> dict[str, bool]:
    return {name: rng.random() < often for name, often in FACTS.items() if rng.random() < _FACT_ANSWERED}
