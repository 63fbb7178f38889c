"""The last years of the demonstration told as they were lived: who decided what when, what came back, who moved.

The plan says what became true; this says how it became known. From the first day of the told years on, answers are
decided by people at sittings, some of them late or only after they came back; documents are renewed in time, too late
or never; institutions report their headcount in September, a few move, are repaired, close, or open. Before that day
nothing is changed, so the figures of the published brief stay as they were known.

Days come from short lists, and the ways in which an answer can come about are few, for the reason that `answers` gives.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from random import Random
from typing import Any, Final, NamedTuple

from compliance.enums import ReturnReason
from institutions.enums import Lifecycle
from reporting.demo import places
from reporting.demo.answers import PlannedAnswer, end_of_term, months_later
from reporting.demo.plan import PlannedInstitution, plan_registry
from reporting.demo.published import PUBLISHED_ON

FIRST_DAY: Final = PUBLISHED_ON + timedelta(days=1)  # earlier quarters stay as the brief knew them
_BETWEEN_SITTINGS: Final = timedelta(days=7)  # in turn for answers and for institutions
_READING: Final = timedelta(days=3)  # an answer lies at least so long before it is decided
_PACES: Final = (0.4, 0.8, 1.2, 1.8)
_VARIANTS: Final = 6  # ways in which equal answers to an item that no measure counts came about
_EARLIER: Final = (0, 10, 24, 38, 52, 66)  # days before the plan's day, within its quarter
_TOO_LATE: Final = (6, 13, 27, 45, 76)  # days after a document's end until another followed
_RENEWED: Final = (-14, -7, -3, -3, 0, 0, 9, 20)  # the same for items that no measure counts; mostly in time
_MOST_RENEWALS: Final = 6
_NEWCOMERS_A_YEAR: Final = 36  # of the whole registry
_ANSWERED_AFTER: Final = (14, 40, 75, 130, 200)  # days after its opening

# How often, of all (a year, where it can happen each year).
_RETURNED: Final = 0.11
_DECIDED_LATE: Final = 0.12
_RENEWED_LATE: Final = 0.2
_NEVER_RENEWED: Final = 0.06
_DIARY_KEPT: Final = 0.3  # institutions of which older documents of other items are known, too
_HEADCOUNT: Final = 0.35
_MOVES: Final = 0.004
_CLOSES: Final = 0.004
_REPAIRS: Final = 0.006

NOTES: Final = {
    ReturnReason.NO_PROOF: "Құжаттың нөмірі мен күні көрсетілмеген.",
    ReturnReason.WRONG_PROOF: "Құжат басқа ғимаратқа берілген.",
    ReturnReason.WRONG_DATE: "Актінің күні жауаптағы күнмен сәйкес келмейді.",
    ReturnReason.EXPIRED: "Құжаттың мерзімі өтіп кеткен.",
    ReturnReason.UNCLEAR: "Қай кіреберіс туралы екені түсініксіз.",
    ReturnReason.OTHER: "Қолы қойылған нұсқасы керек.",
}
_REASONS: Final = tuple(NOTES)


class Decided(NamedTuple):
    """An answer and the sitting at which it was approved (None: taken over with the newest batch)."""

    answer: PlannedAnswer
    on: date | None


class CameBack(NamedTuple):
    """An answer that came back at a sitting; it is mended by a later one of the same day."""

    answer: PlannedAnswer
    on: date
    reason: ReturnReason


class Turn(NamedTuple):
    """From `since` on these fields of an institution's state are others; known since a sitting."""

    since: date
    known_on: date
    changes: dict[str, Any]
    reason: str


@dataclass(slots=True)
class Lived:
    """An institution with its history. `entered`: the sitting at which it came into the register, None: it was there.

    Answers of before the told years stand in `plan.answers`, those of them in `decided`.
    """

    plan: PlannedInstitution
    decided: list[Decided] = field(default_factory=list)
    came_back: list[CameBack] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    entered: date | None = None


class _Way(NamedTuple):
    decided: tuple[Decided, ...]
    came_back: tuple[CameBack, ...]


class Years:
    """So many years before `today`, from the first day of a quarter on. Raises `ValueError` for less than one."""

    def __init__(self, years: int, *, seed: int, today: date) -> None:
        if years < 1:
            raise ValueError(f"a history of {years} years: one at the least can be told")
        self._seed, self.today = seed, today
        begins = date(today.year - years, today.month - (today.month - 1) % 3, 1)
        self.since = max(begins, FIRST_DAY)
        self.years = years
        days = [self.since + timedelta(days=6)]
        while days[-1] + _BETWEEN_SITTINGS < today - timedelta(days=1):
            days.append(days[-1] + _BETWEEN_SITTINGS)
        self.sittings: Sequence[date] = days
        self._decisions, self._registry = days[::2], days[1::2]
        pace = Random(f"{seed} pace")  # noqa: S311
        # Regions are not alike: where answers come back more often, they are also decided later.
        self._slowness = {region.code: pace.choice(_PACES) for region in places.regions()}
        self._ways: dict[tuple[PlannedAnswer, bool, float], list[_Way]] = {}

    def live(self, plan: PlannedInstitution, measured: frozenset[str], expires: frozenset[str]) -> Lived:
        """How the plan of an institution came about. `measured`, `expires`: requirements that count, and that end."""
        rng = Random(f"{self._seed} lived {plan.bin}")  # noqa: S311
        lived = Lived(replace(plan, answers=[answer for answer in plan.answers if answer.effective_on < self.since]))
        slowness = self._slowness[plan.region]
        keeps_diary = rng.random() < _DIARY_KEPT
        by_requirement: dict[str, list[PlannedAnswer]] = {}
        for answer in plan.answers:
            by_requirement.setdefault(answer.requirement, []).append(answer)
        for requirement, answers in by_requirement.items():
            if requirement in measured:
                way = self._measure(rng, answers, slowness)
            elif answers[-1].effective_on >= self.since:
                # An item that no measure counts has one answer.
                way = rng.choice(self._others(answers[-1], keeps_diary and requirement in expires, slowness))
            else:
                continue
            lived.decided += way.decided
            lived.came_back += way.came_back
        self._turn(rng, lived)
        return lived

    # --- answers ------------------------------------------------------------------------------------

    def _measure(self, rng: Random, answers: Sequence[PlannedAnswer], slowness: float) -> _Way:
        told: list[PlannedAnswer] = []
        before = next((one for one in reversed(answers) if one.effective_on < self.since), None)
        for answer in answers:
            if answer.effective_on < self.since:
                continue
            moved = self._renewed(rng, before, answer)
            if moved is None:
                break
            told.append(moved)
            before = moved
        return self._decide(rng, told, slowness)

    def _renewed(self, rng: Random, before: PlannedAnswer | None, answer: PlannedAnswer) -> PlannedAnswer | None:
        """The answer on a day of its quarter, or after the document before it had ended; None: it never came."""
        first = before.effective_on + timedelta(days=1) if before else self.since
        day = answer.effective_on
        if before is not None and before.valid_until is not None and answer.status == "met":
            lot = rng.random()
            if lot < _NEVER_RENEWED:
                return None
            if lot < _NEVER_RENEWED + _RENEWED_LATE:
                day = before.valid_until + timedelta(days=rng.choice(_TOO_LATE))
                if day > self.today - timedelta(days=10) or (answer.valid_until and day >= answer.valid_until):
                    return None
                return _moved(answer, day)
        day = max(first, self.since, day - timedelta(days=rng.choice(_EARLIER)))
        if day > self.today or (answer.valid_until and day >= answer.valid_until):
            return None
        return _moved(answer, day)

    def _others(self, answer: PlannedAnswer, with_diary: bool, slowness: float) -> list[_Way]:
        """The few ways in which this answer came about."""
        key = (answer, with_diary, slowness)
        if key not in self._ways:
            rng = Random(f"{self._seed} ways {key}")  # noqa: S311
            self._ways[key] = [
                self._decide(rng, [*(self._diary(rng, answer) if with_diary else ()), answer], slowness)
                for _ in range(_VARIANTS)
            ]
        return self._ways[key]

    def _diary(self, rng: Random, answer: PlannedAnswer) -> list[PlannedAnswer]:
        """The documents before this one, back to the first of the told years, each of the same term."""
        if answer.valid_until is None or answer.status != "met":
            return []
        months = round((answer.valid_until - answer.effective_on).days / 30.4)
        older: list[PlannedAnswer] = []
        day = answer.effective_on
        while len(older) < _MOST_RENEWALS:
            start = _months_before(day, months) - timedelta(days=rng.choice(_RENEWED))
            if start < self.since:
                break
            older.append(PlannedAnswer(answer.requirement, "met", start, end_of_term(start, months)))
            day = start
        return older[::-1]

    def _decide(self, rng: Random, answers: Sequence[PlannedAnswer], slowness: float) -> _Way:
        """When each was approved, one after the other; some came back first."""
        decided: list[Decided] = []
        came_back: list[CameBack] = []
        after = date.min
        for answer in answers:
            place = max(
                bisect_left(self._decisions, answer.effective_on + _READING), bisect_right(self._decisions, after)
            )
            if rng.random() < _DECIDED_LATE * slowness:
                place += rng.choice((2, 3, 4))
            elif rng.random() < 0.25:
                place += 1
            if rng.random() < _RETURNED * slowness:
                mended = place + rng.choice((1, 1, 2, 3))
                if mended < len(self._decisions):
                    came_back.append(CameBack(answer, self._decisions[place], rng.choice(_REASONS)))
                    place = mended
            on = self._decisions[place] if place < len(self._decisions) else None
            decided.append(Decided(answer, on))
            after = on or date.max
        return _Way(tuple(decided), tuple(came_back))

    # --- institutions --------------------------------------------------------------------------------

    def _turn(self, rng: Random, lived: Lived) -> None:
        """What happened to the institution itself: one thing only, so that it can be followed."""
        plan, lot = lived.plan, rng.random()
        if lot < _MOVES * self.years and not plan.large_city:
            self._move(rng, lived)
        elif lot < (_MOVES + _CLOSES) * self.years and plan.learners < 150 and plan.settlement_class == "village":
            day = rng.choice(list(self._days_of(7, 9)) or [self.today])
            if self._add(lived, day, {"lifecycle": Lifecycle.CLOSED.value}, "Оқушылар болмағандықтан жабылды"):
                _forget_after(lived, day, None)
        elif lot < (_MOVES + _CLOSES + _REPAIRS) * self.years:
            begins = rng.choice(list(self._days_of(6)) or [self.today])
            if self._add(lived, begins, {"lifecycle": Lifecycle.CAPITAL_REPAIR.value}, "Күрделі жөндеу"):
                ends = date(begins.year + rng.choice((0, 1)), 9, 1)
                reopened = self._add(lived, ends, {"lifecycle": Lifecycle.OPEN.value}, "Күрделі жөндеу аяқталды")
                _forget_after(lived, begins, lived.turns[-1].known_on if reopened else None)
        else:
            learners = plan.learners
            for day in self._days_of(9):
                if rng.random() < _HEADCOUNT:
                    learners = max(5, round(learners * rng.uniform(0.93, 1.08)))
                    staff = max(3, round(plan.staff * learners / max(1, plan.learners)))
                    self._add(lived, day, {"learners": learners, "staff": staff}, "Жаңа оқу жылындағы контингент")

    def _move(self, rng: Random, lived: Lived) -> None:
        spots = [
            spot
            for spot in _elsewhere(lived.plan.region)
            if spot.settlement_class == lived.plan.settlement_class and spot.settlement != lived.plan.settlement
        ]
        days = list(self._days_of(2, 9))
        if spots and days:
            spot = rng.choice(spots)
            self._add(
                lived,
                rng.choice(days),
                {"locality": spot.locality, "settlement": spot.settlement, "settlement_class": spot.settlement_class},
                "Жаңа ғимаратқа көшті",
            )

    def _days_of(self, *months: int) -> Iterator[date]:
        """The first days of these months, as far as something that began on them can be known."""
        for year in range(self.since.year, self.today.year + 1):
            for month in months:
                if self.since <= date(year, month, 1) <= self._registry[-1] - timedelta(days=10):
                    yield date(year, month, 1)

    def _add(self, lived: Lived, since: date, changes: dict[str, Any], reason: str) -> bool:
        """A turn, known some weeks later at the sitting for institutions; False where that is yet to come."""
        place = bisect_left(self._registry, since + timedelta(days=10))
        if since < self.since or place >= len(self._registry):
            return False
        lived.turns.append(Turn(since, self._registry[place], changes, reason))
        return True

    def newcomers(self, taken_bins: frozenset[str], taken_names: frozenset[tuple[str, str]], size: int) -> list[Lived]:
        """New schools and kindergartens in towns, opened in September or at the beginning of a year, and what they
        answered since. As many as a registry of `size` institutions would get."""
        wanted = max(2, round(_NEWCOMERS_A_YEAR * self.years * size / places.size()))
        found: list[Lived] = []
        days = list(self._days_of(1, 9))
        for plan in plan_registry(seed=self._seed + 1, institutions=min(4 * wanted + 20, places.size()),
                                  today=self.today):  # fmt: skip
            if plan.settlement_class == "village" or plan.bin in taken_bins:
                continue
            if (plan.locality, plan.name_kk) in taken_names or not days:
                continue
            rng = Random(f"{self._seed} new {plan.bin}")  # noqa: S311
            found.append(self._opened(rng, plan, rng.choice(days)))
        chosen = found[:: max(1, len(found) // wanted)][:wanted]
        return [one for one in chosen if one.entered is not None]

    def _opened(self, rng: Random, plan: PlannedInstitution, day: date) -> Lived:
        place = bisect_left(self._registry, day + timedelta(days=3))
        lived = Lived(replace(plan, opened_on=day, answers=[]), entered=self._registry[place])
        last = {answer.requirement: answer for answer in plan.answers}
        for answer in last.values():
            since = day + timedelta(days=rng.choice(_ANSWERED_AFTER))
            if since > self.today - timedelta(days=10) or since <= self._registry[place]:
                continue
            until = end_of_term(since, 12) if answer.valid_until else None
            way = self._decide(rng, [replace(answer, effective_on=since, valid_until=until)],
                               self._slowness[plan.region])  # fmt: skip
            lived.decided += way.decided
            lived.came_back += way.came_back
        return lived


def _forget_after(lived: Lived, day: date, until: date | None) -> None:
    """Nothing is answered or decided of an institution that is not open, from shortly before until it is open again."""
    begins = day - timedelta(days=60)

    def stays(effective_on: date, decided_on: date | None) -> bool:
        known = decided_on or date.max
        return known < begins or (until is not None and effective_on > until)

    lived.decided = [one for one in lived.decided if stays(one.answer.effective_on, one.on)]
    kept = {(one.answer.requirement, one.answer.effective_on) for one in lived.decided}
    lived.came_back = [one for one in lived.came_back if (one.answer.requirement, one.answer.effective_on) in kept]


@lru_cache(maxsize=8192)
def _moved(answer: PlannedAnswer, day: date) -> PlannedAnswer:
    return replace(answer, effective_on=day)


def _months_before(day: date, months: int) -> date:
    year, month = months_later(day.year, day.month, -months)
    return date(year, month, min(day.day, 28))


@lru_cache(maxsize=32)
def _elsewhere(region: str) -> Sequence[places.Spot]:
    return next(one.elsewhere for one in places.regions() if one.code == region)
