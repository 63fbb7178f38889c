"""What invented institutions answered: histories of the five measures, one answer to each other item.

All days come from short lists. An aggregate has a row for each day on which something changes, so a
demonstration in which each institution had days of its own would be as large as its ledger.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from math import log
from random import Random
from typing import Final, Literal, Protocol

from reporting.demo.places import Spot
from reporting.demo.published import PUBLISHED_ON

AnswerStatus = Literal["met", "partly_met", "not_met"]

# Every fifteenth day from the first working day of the Order (16 April 2022 was a Saturday) to March 2023.
HISTORY_DAYS: Final = tuple(date(2022, 4, 18) + timedelta(days=15 * place) for place in range(24))
EARLIEST_TODAY: Final = date(2023, 7, 1)

# Days from `today` on which some contracts end: screens must have some that end soon and some just ended.
_SOON: Final = (4, 11, 18, 27)
_JUST_ENDED: Final = (-3, -9, -16)
_SOON_SHARE: Final = 0.036
_JUST_ENDED_SHARE: Final = 0.009


@dataclass(frozen=True, slots=True)
class PlannedAnswer:
    """An answer to be approved: what an item is since `effective_on`, until `valid_until` (included) or on.

    Equal answers of different institutions are one object.
    """

    requirement: str
    status: AnswerStatus
    effective_on: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """How the answers to one of the five measures run.

    `speed` is the chance that an institution which lacks it gets it in a quarter after March 2023; `losses`
    the chance that one which has it loses it once; `months` how long a document behind it lasts; `elsewhere`
    the coverage on 31 March 2023 outside the large cities by class of settlement, where no figure was
    published (None: all were counted).
    """

    name: str
    requirement: str
    speed: float
    losses: float
    months: int | None
    partly: bool
    elsewhere: Mapping[str, float] | None


# In the brief's order. Terms: three years for a guard contract (Order No. 117, para. 10); five years for the
# document behind a panic button is an assumption.
MEASURES: Final = (
    Measure("cctv_installed", "CCTV", 0.3, 0.003, None, True, None),
    Measure("cctv_connected", "CCTV-OPS", 0.09, 0.01, None, True, None),
    Measure(
        "licensed_guard",
        "GRD-CONTRACT",
        0.05,
        0.015,
        36,
        False,
        {"regional_city": 0.4, "district_city": 0.25, "district_centre": 0.18, "town": 0.1, "village": 0.04},
    ),
    Measure(
        "panic_button",
        "PANIC",
        0.08,
        0.008,
        60,
        True,
        {"regional_city": 0.7, "district_city": 0.6, "district_centre": 0.5, "town": 0.4, "village": 0.28},
    ),
    Measure(
        "turnstile",
        "TURNSTILE",
        0.05,
        0.005,
        None,
        True,
        {"regional_city": 0.35, "district_city": 0.2, "district_centre": 0.12, "town": 0.06, "village": 0.02},
    ),
)


class Calendar:
    """The days after 31 March 2023 on which something happens, seen from `today`.

    Raises `ValueError` before `EARLIEST_TODAY`, when there is no quarter to tell of yet.
    """

    def __init__(self, today: date) -> None:
        if today < EARLIEST_TODAY:
            raise ValueError(f"the demonstration tells of the time until {EARLIEST_TODAY} at least, not {today}")
        self.today = today
        self.open_quarter = date(today.year, today.month - (today.month - 1) % 3, 1)
        self.quarters: list[date] = []
        year, month = PUBLISHED_ON.year, 6
        while (day := date(year, month, 20)) < self.open_quarter:
            self.quarters.append(day)
            year, month = months_later(year, month, 3)
        self.soon = [today + timedelta(days=days) for days in _SOON]
        self.just_ended = [today + timedelta(days=days) for days in _JUST_ENDED]


def history(rng: Random, measure: Measure, *, covered: bool, calendar: Calendar, pace: float) -> list[PlannedAnswer]:
    """The answers of one institution, oldest first, one a day at most.

    On 31 March 2023 it is met if `covered`, and not otherwise. A document that ends is followed by another
    before its last day, so that nothing lapses but what was chosen to. `pace` multiplies the measure's speed.
    """
    changes = _until_published(rng, measure, covered)
    quarters = calendar.quarters
    if covered:
        got = -1
    else:
        # The quarter in which the first of many equal tries succeeds.
        got = int(log(1 - rng.random()) / log(1 - measure.speed * pace))
        if got < len(quarters):
            changes.append((quarters[got], "met"))
    if got < len(quarters) - 1 and rng.random() < measure.losses:
        lost = rng.randrange(got + 1, len(quarters))
        changes.append((quarters[lost], "partly_met" if measure.partly and rng.random() < 0.5 else "not_met"))
        if lost + 2 < len(quarters) and rng.random() < 0.6:
            changes.append((quarters[lost + 2], "met"))

    answers: list[PlannedAnswer] = []
    for place, (day, status) in enumerate(changes):
        following = changes[place + 1][0] if place + 1 < len(changes) else None
        if status == "met" and measure.months:
            answers += _chain(measure.requirement, day, following, measure.months, calendar)
        else:
            answers.append(_answer(measure.requirement, status, day, None))
    if measure.requirement == "GRD-CONTRACT" and answers and answers[-1].status == "met":
        answers[-1] = _ending(rng, answers[-1], calendar)
    return answers


def _until_published(rng: Random, measure: Measure, covered: bool) -> list[tuple[date, AnswerStatus]]:
    last = len(HISTORY_DAYS)
    way = rng.random()
    between: AnswerStatus = "partly_met" if measure.partly else "not_met"
    if covered:
        if way < 0.6:
            return [(HISTORY_DAYS[rng.randrange(last)], "met")]
        met = rng.randrange(2, last)
        if way < 0.9 or not measure.partly:
            return [(HISTORY_DAYS[rng.randrange(met)], "not_met"), (HISTORY_DAYS[met], "met")]
        partly = rng.randrange(1, met)
        return [
            (HISTORY_DAYS[rng.randrange(partly)], "not_met"),
            (HISTORY_DAYS[partly], "partly_met"),
            (HISTORY_DAYS[met], "met"),
        ]
    if way < 0.2:
        return []
    if way < 0.65:
        return [(HISTORY_DAYS[rng.randrange(last)], "not_met")]
    later = rng.randrange(1, last)
    if way < 0.85 or not measure.partly:
        return [(HISTORY_DAYS[later], between)]
    return [(HISTORY_DAYS[rng.randrange(later)], "not_met"), (HISTORY_DAYS[later], "partly_met")]


def _chain(requirement: str, day: date, following: date | None, months: int, calendar: Calendar) -> list[PlannedAnswer]:
    """Document after document from `day` until `following`, each renewed a quarter before its end."""
    chain = []
    while True:
        last_day, renewed_on = _term(day, months)
        chain.append(_answer(requirement, "met", day, last_day))
        if renewed_on >= calendar.open_quarter or (following is not None and renewed_on >= following):
            return chain
        day = renewed_on


def _ending(rng: Random, contract: PlannedAnswer, calendar: Calendar) -> PlannedAnswer:
    """The last contract, sometimes with an end close to today."""
    lot = rng.random()
    if lot < _SOON_SHARE:
        last_day = rng.choice(calendar.soon)
    elif lot < _SOON_SHARE + _JUST_ENDED_SHARE:
        last_day = rng.choice(calendar.just_ended)
    else:
        return contract
    if last_day <= contract.effective_on:  # made only days ago
        return contract
    return _answer(contract.requirement, contract.status, contract.effective_on, last_day)


@lru_cache(maxsize=4096)
def _answer(requirement: str, status: AnswerStatus, effective_on: date, valid_until: date | None) -> PlannedAnswer:
    return PlannedAnswer(requirement, status, effective_on, valid_until)


@lru_cache(maxsize=1024)
def _term(day: date, months: int) -> tuple[date, date]:
    """The last day of a document that begins on `day`, a quarter's end, and the day of its renewal."""
    year, month = months_later(day.year, day.month, months)
    year, month = months_later(year, month, (-month) % 3)
    last_day = date(year, month, monthrange(year, month)[1])
    return last_day, date(*months_later(year, month, -3), 20)


def months_later(year: int, month: int, months: int) -> tuple[int, int]:
    years, month = divmod(month - 1 + months, 12)
    return year + years, month + 1


class Requirement(Protocol):
    """What is asked of an item of the Order here."""

    @property
    def code(self) -> str: ...
    @property
    def kinds(self) -> Sequence[str]: ...
    @property
    def expires(self) -> bool: ...
    @property
    def validity_months(self) -> int | None: ...
    @property
    def measure(self) -> str | None: ...


_ITEM_DAYS: Final = tuple(
    date(*day) for day in ((2022, 9, 15), (2022, 12, 15), (2023, 3, 15), (2024, 2, 15), (2025, 2, 17), (2025, 10, 15))
)
_FIRST_DAY: Final = date(2022, 4, 16)  # the Order comes into force, and institutions take stock
_TAKEN_STOCK: Final = 0.85  # answered then, and nothing changed since
_RECENT: Final = (10, 40, 75, 160, 300)  # days before today
_ASSUMED_MONTHS: Final = 12  # of a document whose term the Order leaves open
_UNANSWERED: Final = 0.12
_STILL_VALID: Final = 0.93
_POOL: Final = 256  # answers to draw from: one for each value of a random byte
# The share of met items by standing, from the smallest villages to the best equipped cities.
_MET: Final = (0.46, 0.57, 0.66, 0.75, 0.84)
_STANDING: Final[Mapping[str, int]] = {
    "republican_city": 4,
    "regional_city": 3,
    "district_city": 3,
    "district_centre": 2,
    "town": 2,
    "village": 1,
}
_SMALL: Final = 100  # people


class OtherItems:
    """One answer at most to each item that no measure counts, on the whole worse in small rural places."""

    def __init__(self, rng: Random, requirements: Iterable[Requirement], today: date) -> None:
        self._rng = rng
        self._pools: dict[str, list[list[list[PlannedAnswer | None]]]] = {}
        for requirement in requirements:
            if requirement.measure is not None:
                continue
            ease = rng.uniform(-0.14, 0.1)
            pools = [self._pool(requirement, share + ease, today) for share in _MET]
            for kind in requirement.kinds:
                self._pools.setdefault(kind, []).append(pools)

    def of(self, spot: Spot, kind: str, people: int) -> list[PlannedAnswer]:
        """In the order of the requirements."""
        pools = self._pools.get(kind, [])
        lots = self._rng.randbytes(len(pools) + 1)
        luck = (-1, 0, 0, 1)[lots[-1] % 4]
        standing = min(max(_STANDING[spot.settlement_class] - (people < _SMALL) + luck, 0), len(_MET) - 1)
        drawn = (pool[standing][lot] for pool, lot in zip(pools, lots, strict=False))
        return [answer for answer in drawn if answer is not None]

    def _pool(self, requirement: Requirement, met: float, today: date) -> list[PlannedAnswer | None]:
        return [self._one(requirement, met, today) for _ in range(_POOL)]

    def _one(self, requirement: Requirement, met: float, today: date) -> PlannedAnswer | None:
        rng = self._rng
        if rng.random() < _UNANSWERED:
            return None
        lot = rng.random()
        status: AnswerStatus = "met" if lot < met else "partly_met" if lot < met + (1 - met) * 0.4 else "not_met"
        if not requirement.expires:
            return PlannedAnswer(
                requirement.code,
                status,
                _FIRST_DAY if rng.random() < _TAKEN_STOCK else rng.choice([d for d in _ITEM_DAYS if d <= today]),
            )
        months = requirement.validity_months or _ASSUMED_MONTHS
        terms = [(day, end_of_term(day, months)) for day in (today - timedelta(days=days) for days in _RECENT)]
        if status != "met":
            return PlannedAnswer(requirement.code, status, rng.choice(terms)[0])
        valid = [term for term in terms if term[1] >= today]
        ended = [term for term in terms if term[1] < today]
        day, last_day = rng.choice(valid if not ended or rng.random() < _STILL_VALID else ended)
        return PlannedAnswer(requirement.code, status, day, last_day)


def end_of_term(day: date, months: int) -> date:
    """The same day `months` later, or the last of a shorter month."""
    year, month = months_later(day.year, day.month, months)
    return date(year, month, min(day.day, monthrange(year, month)[1]))
