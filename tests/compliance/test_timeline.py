"""What an item counts as, day by day, and how one timeline is turned into another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance import timeline
from compliance.enums import Cause, Level, Status
from compliance.timeline import Answer, CellKey, Held, ListedSpan, Segment, Standing, StateSpan

DAY = timedelta(days=1)
FIRST = date(2024, 1, 1)


def on(number: int) -> date:
    """The day with a number; the first is 1 January 2024."""
    return FIRST + number * DAY


def state(since: int, until: int | None, *, locality: int = 1, is_open: bool = True, learners: int = 100) -> StateSpan:
    return StateSpan(
        on(since), None if until is None else on(until), is_open, locality, None, "school", "state", learners
    )


def span(since: int, until: int | None, *, obliged: bool = True) -> ListedSpan:
    return ListedSpan(on(since), None if until is None else on(until), obliged, not obliged, "all")


def effective(
    states: list[StateSpan], spans: list[ListedSpan], answers: Sequence[Answer] = (), **more: Any
) -> list[Segment]:
    return timeline.effective(
        requirement=7,
        level=Level.APPROVED,
        states=states,
        spans=spans,
        held=timeline.held_answers(answers),
        edition_days=more.get("edition_days", frozenset()),
    )


def told(segments: list[Segment]) -> list[tuple[int, Any, str]]:
    """A timeline in short: (number of the day, (locality, status), why)."""
    return [
        (
            (segment.day - FIRST).days,
            segment.standing and (segment.standing.cell.locality, segment.standing.status),
            segment.why.value,
        )
        for segment in segments
    ]


def answer(since: int, until: int | None, status: str) -> Answer:
    return Answer(on(since), None if until is None else on(until), status)


@pytest.mark.parametrize(
    ("answers", "held"),
    [
        ([], []),
        ([answer(5, None, "met")], [(5, "met")]),
        ([answer(5, 8, "met")], [(5, "met"), (9, "not_met")]),
        ([answer(5, 8, "partly_met")], [(5, "partly_met"), (9, "not_met")]),
        ([answer(5, 8, "not_applicable")], [(5, "not_applicable"), (9, "unknown")]),
        ([answer(5, 8, "not_met")], [(5, "not_met")]),  # what is not met cannot end
        ([answer(5, 5, "met")], [(5, "met"), (6, "not_met")]),  # a single day
        ([answer(5, 8, "met"), answer(9, None, "met")], [(5, "met"), (9, "met")]),  # renewed in time
        ([answer(5, 8, "met"), answer(10, None, "met")], [(5, "met"), (9, "not_met"), (10, "met")]),  # a day late
        ([answer(5, 20, "met"), answer(9, None, "not_met")], [(5, "met"), (9, "not_met")]),
        # The older one does not come back when the newer one ends.
        ([answer(5, 90, "met"), answer(9, 12, "met")], [(5, "met"), (9, "met"), (13, "not_met")]),
        # Decided later, true earlier; and of two for one day the one decided later.
        ([answer(9, None, "met"), answer(5, None, "not_met")], [(5, "not_met"), (9, "met")]),
        ([answer(5, None, "met"), answer(5, None, "not_met")], [(5, "not_met")]),
    ],
)
def test_the_answer_in_force_from_day_to_day(answers, held):
    assert [((each.day - FIRST).days, each.status) for each in timeline.held_answers(answers)] == held


@pytest.mark.parametrize(
    ("states", "spans", "answers", "expected"),
    [
        ([state(0, None)], [], [answer(5, None, "met")], []),  # nobody asks
        ([state(0, None)], [span(0, None)], [], [(0, (1, "unknown"), "opened")]),
        # The list begins later than the institution, and the answer was there before it.
        ([state(0, None)], [span(9, None)], [answer(5, None, "met")], [(9, (1, "met"), "opened")]),
        ([state(0, None)], [span(0, 9)], [], [(0, (1, "unknown"), "opened"), (10, None, "changed")]),
        (
            [state(0, None)],
            [span(0, None)],
            [answer(5, 8, "met")],
            [(0, (1, "unknown"), "opened"), (5, (1, "met"), "decision"), (9, (1, "not_met"), "expiry")],
        ),
        # Closed and open again: not on the list in between, the answer still holds after.
        (
            [state(0, 9), state(10, 19, is_open=False), state(20, None)],
            [span(0, 9), span(20, None)],
            [answer(5, None, "met")],
            [
                (0, (1, "unknown"), "opened"),
                (5, (1, "met"), "decision"),
                (10, None, "closed"),
                (20, (1, "met"), "opened"),
            ],
        ),
        # A move is a change of cell; a new headcount a change within it.
        (
            [state(0, 9), state(10, None, locality=2)],
            [span(0, None)],
            [],
            [(0, (1, "unknown"), "opened"), (10, (2, "unknown"), "changed")],
        ),
        (
            [state(0, 9), state(10, None, learners=50)],
            [span(0, None)],
            [],
            [(0, (1, "unknown"), "opened"), (10, (1, "unknown"), "changed")],
        ),
        # What changes nothing is no segment.
        (
            [state(0, 9), state(10, None)],
            [span(0, 4), span(5, None)],
            [answer(5, None, "met"), answer(6, None, "met")],
            [(0, (1, "unknown"), "opened"), (5, (1, "met"), "decision")],
        ),
        # An institution that ends without being closed.
        ([state(0, 9)], [span(0, None)], [], [(0, (1, "unknown"), "opened"), (10, None, "closed")]),
    ],
)
def test_the_timeline_of_an_item(states, spans, answers, expected):
    assert told(effective(states, spans, answers)) == expected


def test_a_new_edition_is_named_as_the_reason():
    segments = effective(
        [state(0, None)], [span(0, 9), span(10, None, obliged=False)], edition_days=frozenset({on(10)})
    )
    assert told(segments) == [(0, (1, "unknown"), "opened"), (10, (1, "unknown"), "edition")]


def test_an_answer_until_the_last_day_that_a_calendar_has_does_not_end():
    answers = [Answer(on(5), date.max, "met")]
    assert [(each.day, each.status) for each in timeline.held_answers(answers)] == [(on(5), "met")]


def test_an_answer_before_the_first_day_of_the_list_is_no_segment_before_it():
    assert timeline.on(effective([state(0, None)], [span(9, None)], [answer(2, None, "met")]), on(8)) is None


# --- from one timeline to another -------------------------------------------------------------------


def standing(status: str, locality: int = 1, learners: int = 100) -> Standing:
    return Standing(CellKey("approved", locality, None, "school", "state", True, 7), status, learners)


def test_what_the_rows_of_a_correction_say():
    old = [Segment(on(0), standing("unknown"), Cause.OPENED), Segment(on(5), standing("met"), Cause.DECISION)]
    new = [old[0], Segment(on(3), standing("met"), Cause.DECISION), Segment(on(9), standing("not_met"), Cause.EXPIRY)]
    rows = timeline.moves(old, new, cause=Cause.DECISION)
    assert [(row.effective_on, row.before, row.after, row.cause) for row in rows] == [
        (on(3), standing("unknown"), standing("met"), Cause.DECISION),
        (on(5), standing("met"), standing("unknown"), Cause.CORRECTION),
        (on(9), standing("met"), standing("not_met"), Cause.EXPIRY),
    ]


def test_nothing_is_written_where_nothing_changes():
    old = effective([state(0, 9), state(10, None, locality=2)], [span(0, None)], [answer(5, 20, "met")])
    assert timeline.moves(old, old, cause=Cause.DECISION) == []


def test_rows_that_do_not_add_up_are_named():
    met, not_met = standing("met"), standing("not_met")
    for rows in ([(on(0), None, met), (on(1), None, not_met)], [(on(0), met, None)], [(on(0), None, met)] * 2):
        with pytest.raises(timeline.BrokenTimeline):
            timeline.recorded(rows)


states_of_all = st.lists(
    st.tuples(st.integers(1, 15), st.integers(1, 3), st.booleans(), st.sampled_from([100, 250])), min_size=1, max_size=4
)
spans_of_all = st.lists(st.tuples(st.integers(1, 15), st.booleans(), st.booleans()), min_size=1, max_size=4)
answers_of_all = st.lists(
    st.tuples(
        st.integers(0, 50),
        st.one_of(st.none(), st.integers(0, 20)),
        st.sampled_from(["met", "partly_met", "not_met", "not_applicable"]),
    ),
    max_size=6,
)


def build_states(drawn: list[tuple[int, int, bool, int]]) -> list[StateSpan]:
    found, day = [], 0
    for number, (lasts, locality, is_open, learners) in enumerate(drawn):
        until = None if number + 1 == len(drawn) else day + lasts - 1
        found.append(state(day, until, locality=locality, is_open=is_open, learners=learners))
        day += lasts
    return found


def build_spans(drawn: list[tuple[int, bool, bool]]) -> list[ListedSpan]:
    found, day = [], 0
    for lasts, is_listed, obliged in drawn:
        if is_listed:
            found.append(span(day, day + lasts - 1, obliged=obliged))
        day += lasts
    return found


def naive(states: list[StateSpan], spans: list[ListedSpan], answers: list[Answer], day: date) -> Standing | None:
    """What the item counts as on one day, straight from the words of the rules."""
    here = [each for each in states if each.valid_from <= day <= (each.valid_to or date.max)]
    listed = [each for each in spans if each.valid_from <= day <= (each.valid_to or date.max)]
    if not here or not here[0].is_open or not listed:
        return None
    given = [(each.effective_on, number, each) for number, each in enumerate(answers) if each.effective_on <= day]
    status = "unknown"
    if given:
        last = max(given)[2]
        status = last.status
        if last.valid_until is not None and last.valid_until < day and status != "not_met":
            status = "unknown" if status == "not_applicable" else "not_met"
    cell = CellKey("approved", here[0].locality, None, "school", "state", listed[0].obliged, 7)
    return Standing(cell, status, here[0].learners)


@given(states_of_all, spans_of_all, answers_of_all)
def test_a_timeline_says_on_every_day_what_the_rules_say(drawn_states, drawn_spans, drawn_answers):
    states, spans = build_states(drawn_states), build_spans(drawn_spans)
    answers = [
        answer(since, None if lasts is None else since + lasts, status) for since, lasts, status in drawn_answers
    ]
    segments = effective(states, spans, answers)
    for number in range(-1, 75):
        assert timeline.on(segments, on(number)) == naive(states, spans, answers, on(number))
    standings = [None, *(segment.standing for segment in segments)]
    assert all(one != other for one, other in zip(standings, standings[1:], strict=False))


@given(st.lists(st.tuples(states_of_all, spans_of_all, answers_of_all), min_size=1, max_size=5))
def test_whatever_becomes_known_the_rows_add_up_to_the_newest_timeline_on_every_day_as_known_at_every_step(histories):
    """Any timeline turned into any other, again and again; each cell is 0 or 1 and they add up to one standing."""
    rows: list[timeline.Move] = []
    for drawn_states, drawn_spans, drawn_answers in histories:
        answers = [
            answer(since, None if lasts is None else since + lasts, status) for since, lasts, status in drawn_answers
        ]
        new = effective(build_states(drawn_states), build_spans(drawn_spans), answers)
        old = timeline.recorded((row.effective_on, row.before, row.after) for row in rows)
        more = timeline.moves(old, new, cause=Cause.DECISION)
        assert all((row.before or row.after) and row.before != row.after for row in more)
        assert all(side is None or side.cell == row.cell for row in more for side in (row.before, row.after))
        assert [row.effective_on for row in more] == sorted(row.effective_on for row in more)
        rows += more
        again = timeline.recorded((row.effective_on, row.before, row.after) for row in reversed(rows))
        assert [segment[:2] for segment in again] == [segment[:2] for segment in new]
        for number in range(-1, 75):
            counts: Counter[Standing] = Counter()
            for row in rows:
                if row.effective_on <= on(number):
                    counts.update({row.after: 1} if row.after else {})
                    counts.subtract({row.before: 1} if row.before else {})
            assert min(counts.values(), default=0) >= 0
            expected = timeline.on(new, on(number))
            assert +counts == (Counter([expected]) if expected else Counter())


@given(answers_of_all)
def test_held_answers_stand_in_the_order_of_their_days_and_once_a_day(drawn):
    answers = [answer(since, None if lasts is None else since + lasts, status) for since, lasts, status in drawn]
    held = timeline.held_answers(answers)
    days = [each.day for each in held]
    assert days == sorted(set(days))
    assert all(isinstance(each, Held) and (not each.expired or each.valid_until is None) for each in held)


def test_what_an_answer_becomes_after_its_end():
    assert {
        status.value: timeline.after_expiry(status) for status in (Status.MET, Status.PARTLY_MET, Status.NOT_APPLICABLE)
    } == {
        "met": "not_met",
        "partly_met": "not_met",
        "not_applicable": "unknown",
    }
