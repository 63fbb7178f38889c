"""What an item counts as, day by day, and how one such timeline is turned into another. Pure.

A *timeline* is a list of segments in the order of their days; a segment holds from its day until the next
segment's. Before the first segment an item is not on the list. The ledger's rows are the jumps of a timeline; when
a timeline changes (an answer is approved late, an institution moves, a proof ends), `moves` gives the rows that
turn the recorded one into the right one, on every day, whatever the order in which the changes became known.
"""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple, TypeVar

from compliance.enums import Cause, Level, Status

_DAY = timedelta(days=1)


class CellKey(NamedTuple):
    """What coverage is cut by, as database keys."""

    level: str
    locality: int
    large_city: int | None
    kind: str
    ownership: str
    obliged: bool
    requirement: int


class Standing(NamedTuple):
    """What an item counts as: once in this status of this cell, and `learners` times in learners."""

    cell: CellKey
    status: str
    learners: int


class Segment(NamedTuple):
    """From `day` on the item counts as `standing` (None: it is not on the list), for the reason `why`."""

    day: date
    standing: Standing | None
    why: Cause


class Answer(NamedTuple):
    """An approved answer: `status` holds from `effective_on` to `valid_until` (None: until the next answer)."""

    effective_on: date
    valid_until: date | None
    status: str


class Held(NamedTuple):
    """An answer in force from `day` on; `status` is what it has become by then."""

    day: date
    status: str
    valid_until: date | None
    expired: bool


class StateSpan(NamedTuple):
    """What of an institution's dated state decides the cell in which its items count."""

    valid_from: date
    valid_to: date | None
    is_open: bool
    locality: int
    large_city: int | None
    kind: str
    ownership: str
    learners: int


class ListedSpan(NamedTuple):
    """From when to when an item stands on the list, and whether the Order obliges or only the report counts it."""

    valid_from: date
    valid_to: date | None
    obliged: bool
    counted: bool
    basis: str


SpanT = TypeVar("SpanT", StateSpan, ListedSpan)


class Move(NamedTuple):
    """A row of the ledger before it is numbered: on `effective_on` an item leaves `before` and enters `after`."""

    effective_on: date
    cell: CellKey
    before: Standing | None
    after: Standing | None
    cause: Cause


class BrokenTimeline(ValueError):
    """Recorded rows of one item do not add up to one standing a day: the ledger was written past `ledger.py`."""


def after_expiry(status: str) -> str:
    """What an answer counts as on the day after its end.

    What was met is no longer met until it is shown again; an exception that has ended leaves the question open.
    """
    return Status.UNKNOWN if status == Status.NOT_APPLICABLE else Status.NOT_MET


def held_answers(answers: Iterable[Answer]) -> list[Held]:
    """The answer in force from day to day, from approved answers in the order in which they were decided.

    On a day the answer with the latest `effective_on` holds, of two for the same day the one decided later. When
    it ends, an older one does not come back: the newer answer had replaced it.
    """
    by_day: dict[date, Answer] = {}
    for answer in answers:
        by_day[answer.effective_on] = answer
    held: list[Held] = []
    days = sorted(by_day)
    for position, day in enumerate(days):
        answer = by_day[day]
        held.append(Held(day, answer.status, answer.valid_until, expired=False))
        if answer.valid_until not in (None, date.max) and answer.status != Status.NOT_MET:
            ends_on = answer.valid_until + _DAY
            if position + 1 == len(days) or ends_on < days[position + 1]:
                held.append(Held(ends_on, after_expiry(answer.status), None, expired=True))
    return held


# What an item that was made from several counts as, the weakest first; exceptions are left out of the comparison.
WEAKEST_FIRST = (Status.UNKNOWN, Status.NOT_MET, Status.PARTLY_MET, Status.MET, Status.NOT_APPLICABLE)


def weakest(parts: Sequence[Sequence[Held]]) -> list[Held]:
    """The answers in force from day to day of something that is as far as the weakest of its parts.

    A part that is not answered yet is the weakest; exceptions count only where all parts are excepted. What ends,
    ends with that part. Of one part it is the part itself.
    """
    if len(parts) < 2:
        return list(parts[0]) if parts else []
    days = sorted({answer.day for part in parts for answer in part})
    held: list[Held] = []
    for day in days:
        now = [[answer for answer in part if answer.day <= day][-1:] for part in parts]
        if not all(now):
            continue
        weak = min((found[0] for found in now), key=lambda answer: WEAKEST_FIRST.index(Status(answer.status)))
        same = held and held[-1].status == weak.status
        ends = [found[0].valid_until for found in now if found[0].status == weak.status and found[0].valid_until]
        until = min(ends) if ends else None
        expired = weak.expired and weak.day == day
        if not same or held[-1].valid_until != until:
            held.append(Held(day, weak.status, until, expired))
    return held


def effective(
    *,
    requirement: int,
    level: str,
    states: Sequence[StateSpan],
    spans: Sequence[ListedSpan],
    held: Sequence[Held],
    edition_days: frozenset[date],
    answer_cause: Cause = Cause.DECISION,
    unanswered: bool = True,
) -> list[Segment]:
    """The timeline of one item: where it stands on the list, in which cell, and with what answer.

    `states` and `spans` are in the order of their days and do not overlap. Segments that change nothing are left out.
    Without `unanswered` an item counts from its first answer on only: what nobody has looked at is not verified.
    """
    if not spans:
        return []
    days: dict[date, Cause] = {}
    for state in states:
        days[state.valid_from] = Cause.CHANGED
        if state.valid_to is not None:
            days.setdefault(state.valid_to + _DAY, Cause.CLOSED)
    for span in spans:
        for day in (span.valid_from, span.valid_to and span.valid_to + _DAY):
            if day is not None and day not in days:
                days[day] = Cause.EDITION if day in edition_days else Cause.CHANGED
    first = spans[0].valid_from
    for answer in held:
        if answer.day >= first:
            days[answer.day] = Cause.EXPIRY if answer.expired else answer_cause
    timeline: list[Segment] = []
    current: Standing | None = None
    held_days = [answer.day for answer in held]
    for day in sorted(days):
        covering, listed = _covering(states, day), _covering(spans, day)
        standing: Standing | None = None
        position = bisect.bisect_right(held_days, day) - 1
        answered = position >= 0 or unanswered
        if covering is not None and covering.is_open and listed is not None and answered:
            status = held[position].status if position >= 0 else Status.UNKNOWN.value
            cell = CellKey(
                level,
                covering.locality,
                covering.large_city,
                covering.kind,
                covering.ownership,
                listed.obliged,
                requirement,
            )
            standing = Standing(cell, status, covering.learners)
        if standing != current:
            why = days[day]
            if current is None and standing is not None and why is Cause.CHANGED:
                why = Cause.OPENED
            elif standing is None and covering is not None and not covering.is_open:
                why = Cause.CLOSED
            timeline.append(Segment(day, standing, why))
            current = standing
    return timeline


def verified(
    *,
    requirement: int,
    states: Sequence[StateSpan],
    spans: Sequence[ListedSpan],
    found: Sequence[Answer],
    edition_days: frozenset[date],
) -> list[Segment]:
    """The timeline of one item at the verified level, from what was found in the order in which it was recorded."""
    return effective(
        requirement=requirement,
        level=Level.VERIFIED,
        states=states,
        spans=spans,
        held=held_answers(found),
        edition_days=edition_days,
        answer_cause=Cause.INSPECTION,
        unanswered=False,
    )


def _covering(spans: Sequence[SpanT], day: date) -> SpanT | None:
    """The span in which `day` lies; spans are few, so they are walked."""
    for span in reversed(spans):
        if span.valid_from <= day:
            return span if span.valid_to is None or day <= span.valid_to else None
    return None


def recorded(rows: Iterable[tuple[date, Standing | None, Standing | None]]) -> list[Segment]:
    """The timeline that ledger rows (effective day, from, to) of one item add up to, whatever their order."""
    jumps: dict[date, Counter[Standing]] = defaultdict(Counter)
    for day, before, after in rows:
        if before is not None:
            jumps[day][before] -= 1
        if after is not None:
            jumps[day][after] += 1
    timeline: list[Segment] = []
    sums: Counter[Standing] = Counter()
    current: Standing | None = None
    for day in sorted(jumps):
        sums.update(jumps[day])
        standing = [(value, times) for value, times in sums.items() if times]
        if len(standing) > 1 or any(times != 1 for _value, times in standing):
            raise BrokenTimeline(f"{day}: {standing}")
        now = standing[0][0] if standing else None
        if now != current:
            timeline.append(Segment(day, now, Cause.CORRECTION))
            current = now
    return timeline


def on(timeline: Sequence[Segment], day: date) -> Standing | None:
    """What the item counts as on `day`."""
    standing = None
    for segment in timeline:
        if segment.day > day:
            break
        standing = segment.standing
    return standing


def moves(old: Sequence[Segment], new: Sequence[Segment], *, cause: Cause) -> list[Move]:
    """The rows that turn the timeline `old` into `new`, in the order of their days.

    On each day the jump of the new timeline less the jump of the old one; what leaves and enters the same cell is
    one row, a change of cell is two. The first day's rows carry `cause`; a later day at which the old timeline
    jumped as well is a correction of what was known; any other has the reason of the new timeline's own jump.
    """
    old_jumps = _jumps(old)
    new_jumps = _jumps(new)
    found: list[Move] = []
    for day in sorted(old_jumps.keys() | new_jumps.keys()):
        change: Counter[Standing] = Counter()
        for jumps, sign in ((new_jumps, 1), (old_jumps, -1)):
            if day in jumps:
                before, after, _why = jumps[day]
                if after is not None:
                    change[after] += sign
                if before is not None:
                    change[before] -= sign
        leaving: dict[CellKey, list[Standing]] = defaultdict(list)
        entering: dict[CellKey, list[Standing]] = defaultdict(list)
        for standing, times in change.items():
            (entering if times > 0 else leaving)[standing.cell].extend([standing] * abs(times))
        if not leaving and not entering:
            continue
        if day in new_jumps and day not in old_jumps:
            why = new_jumps[day][2]
            if not found and why is not Cause.EXPIRY and why is not Cause.EDITION:
                why = cause
        else:
            why = Cause.CORRECTION if found else cause
        for cell in sorted(leaving.keys() | entering.keys(), key=_cell_order):
            out, into = leaving.get(cell, []), entering.get(cell, [])
            for position in range(max(len(out), len(into))):
                found.append(
                    Move(
                        day,
                        cell,
                        out[position] if position < len(out) else None,
                        into[position] if position < len(into) else None,
                        why,
                    )
                )
    return found


def _cell_order(cell: CellKey) -> tuple[str, int, int, str, str, bool, int]:
    return (*cell[:2], cell.large_city or 0, *cell[3:])


def _jumps(timeline: Sequence[Segment]) -> dict[date, tuple[Standing | None, Standing | None, Cause]]:
    before: Standing | None = None
    jumps = {}
    for segment in timeline:
        jumps[segment.day] = (before, segment.standing, segment.why)
        before = segment.standing
    return jumps
