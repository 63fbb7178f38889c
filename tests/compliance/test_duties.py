"""What stands on a list from when to when: states, editions and guard contracts laid over each other."""

from __future__ import annotations

from datetime import date

import pytest

from compliance.duties import Book, DatedState
from compliance.timeline import Answer, StateSpan, held_answers

EDITION = date(2026, 7, 12)


@pytest.fixture
def book(order) -> Book:
    return Book.read()


def state(
    since: date, until: date | None = None, *, people: int = 300, settlement_class: str = "village", city=None, **more
):
    span = StateSpan(since, until, more.get("is_open", True), 1, city, more.get("kind", "school"), "state", people)
    return DatedState(span, settlement_class, people, more.get("facts", ()))


def listed(book: Book, code: str, states: list[DatedState], answers: list[Answer] = ()):
    """The spans of a requirement: from, to, obliged, counted."""
    pk = next(duty.pk for duty in book.duties if code in (duty.code, duty.measure))
    spans = book.spans(states, held_answers(answers)).get(pk, [])
    return [span[:4] for span in spans]


def test_nothing_is_asked_before_the_order(book):
    spans = listed(book, "cctv_installed", [state(date(2010, 1, 1))])
    assert spans[0][0] == date(2022, 4, 16)


def test_a_new_edition_cuts_where_it_changes_something_alone(book):
    village = [state(date(2024, 1, 1), people=100)]
    assert listed(book, "cctv_connected", village) == [
        (date(2024, 1, 1), date(2026, 7, 11), False, True),  # group 1 of 2022: only counted
        (EDITION, None, True, True),  # current: every facility
    ]
    assert listed(book, "turnstile", village) == []


def test_a_closed_institution_has_no_list_and_a_new_headcount_another(book):
    states = [
        state(date(2024, 1, 1), date(2024, 12, 31), people=100),
        state(date(2025, 1, 1), date(2025, 6, 30), is_open=False),
        state(date(2025, 7, 1), people=701),
    ]
    assert listed(book, "cctv_connected", states) == [
        (date(2024, 1, 1), date(2024, 12, 31), False, True),
        (date(2025, 7, 1), date(2026, 7, 11), True, True),
        (EDITION, None, True, True),  # for another reason
    ]


def test_items_follow_the_guard_contract_from_day_to_day(book):
    city = [state(date(2024, 1, 1), people=900, settlement_class="regional_city", city=5)]
    under = next(duty.code for duty in book.duties if duty.rule.conditions == ("guard_contract",))
    without = next(duty.code for duty in book.duties if duty.rule.conditions == ("no_guard_contract",))
    contract = [Answer(date(2025, 1, 1), date(2025, 12, 31), "met"), Answer(date(2026, 2, 1), None, "partly_met")]
    assert [span[:2] for span in listed(book, under, city, contract)] == [
        (date(2025, 1, 1), date(2025, 12, 31)), (date(2026, 2, 1), None),
    ]  # fmt: skip
    assert [span[:2] for span in listed(book, without, city, contract)] == [
        (date(2024, 1, 1), date(2024, 12, 31)), (date(2026, 1, 1), date(2026, 1, 31)),
    ]  # fmt: skip


def test_a_contract_that_nobody_asks_for_gives_no_duties(book):
    """A small village school is not asked for a licensed guard: an old answer to that item means nothing."""
    village = [state(date(2024, 1, 1), people=100)]
    under = next(duty.code for duty in book.duties if duty.rule.conditions == ("guard_contract",))
    assert listed(book, "licensed_guard", village) == []
    assert listed(book, under, village, [Answer(date(2024, 1, 1), None, "met")]) == []


def test_the_order_as_it_was_known_before_the_new_edition(book):
    before = book.as_known_on(date(2026, 7, 11))
    assert [(edition[0], edition[2]) for edition in before.editions] == [("2022", None)]
    assert book.as_known_on(EDITION) is book
    assert before.as_known_on(date(2000, 1, 1)).editions == before.editions


def test_the_measures_alone(book):
    assert len(book.only_measures().duties) == 5
    assert book.only_measures().contract == book.contract


def test_without_the_order_there_is_no_book(db):
    from compliance.models import Directive

    with pytest.raises(Directive.DoesNotExist):
        Book.read()
