"""The told years of the demonstration: plausible as properties, and the published figures as they were."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import F

from compliance import ledger, seals
from compliance.enums import Cause, Measure, PeriodState
from compliance.library import load_library
from compliance.models import ChecklistItem, Confirmation, DailySeal, Period, StatusChange, StatusEntry
from institutions.clock import local_day
from institutions.models import Institution, InstitutionState
from reporting import sums
from reporting.coverage import Dimension, Question, count
from reporting.demo.answers import MEASURES
from reporting.demo.load import load
from reporting.demo.plan import PUBLISHED_ON, plan_registry
from reporting.demo.years import FIRST_DAY, Years
from tests.reporting.test_demo_plan import is_met

TODAY = date(2026, 11, 22)
MEASURED = frozenset(measure.requirement for measure in MEASURES)
EXPIRES = frozenset(item.code for item in load_library().requirements if item.expires and item.measure is None)


@pytest.fixture(scope="module")
def plans():
    return list(plan_registry(institutions=500, today=TODAY))


@pytest.fixture(scope="module")
def years():
    return Years(3, seed=117, today=TODAY)


@pytest.fixture(scope="module")
def lives(plans, years):
    return [years.live(plan, MEASURED, EXPIRES) for plan in plans]


def by_requirement(lived):
    found = defaultdict(list)
    for decided in lived.decided:
        found[decided.answer.requirement].append(decided)
    return found.values()


def test_one_seed_and_day_give_one_history(plans, lives):
    again = Years(3, seed=117, today=TODAY)
    other = Years(3, seed=118, today=TODAY)
    # In whatever order they are asked for.
    assert [again.live(plan, MEASURED, EXPIRES) for plan in reversed(plans[:60])] == lives[:60][::-1]
    assert [other.live(plan, MEASURED, EXPIRES) for plan in plans[:60]] != lives[:60]


def test_what_was_before_the_told_years_is_as_planned(plans, lives, years):
    assert years.since == date(2023, 10, 1)
    for plan, lived in zip(plans, lives, strict=True):
        assert lived.plan.answers == [answer for answer in plan.answers if answer.effective_on < years.since]
        assert min((one.answer.effective_on for one in lived.decided), default=TODAY) >= years.since


def test_more_years_than_there_are_begin_behind_the_published_brief():
    assert Years(20, seed=1, today=TODAY).since == FIRST_DAY
    with pytest.raises(ValueError, match="one at the least"):
        Years(0, seed=1, today=TODAY)


def test_answers_are_decided_one_after_the_other_when_they_are_true(lives, years):
    for lived in lives:
        for decided in by_requirement(lived):
            assert all(one.on is None or one.on >= one.answer.effective_on + timedelta(days=3) for one in decided)
            assert all(one.answer.effective_on <= TODAY for one in decided)
            for earlier, later in pairwise(decided):
                assert earlier.answer.effective_on < later.answer.effective_on
                assert later.on is None or (earlier.on is not None and earlier.on < later.on)
    assert {one.on for lived in lives for one in lived.decided} - {None} <= set(years.sittings)


def test_documents_are_renewed_in_time_or_late_or_never(lives):
    gaps, in_time = 0, 0
    for lived in lives:
        for decided in by_requirement(lived):
            for earlier, later in pairwise([one.answer for one in decided]):
                if earlier.valid_until is not None:
                    gaps += earlier.valid_until < later.effective_on
                    in_time += earlier.valid_until >= later.effective_on
    lapsed = sum(
        lived.decided != [] and answers[-1].answer.valid_until is not None and answers[-1].answer.valid_until < TODAY
        for lived in lives
        for answers in by_requirement(lived)
    )
    assert 0.1 < gaps / (gaps + in_time) < 0.6
    assert lapsed > 5


def test_some_answers_come_back_and_are_mended_and_some_are_decided_in_another_quarter(lives):
    came_back = [one for lived in lives for one in lived.came_back]
    decided = [one for lived in lives for one in lived.decided if one.on is not None]
    on = {
        (lived.plan.bin, one.answer.requirement, one.answer.effective_on): one.on
        for lived in lives
        for one in lived.decided
    }
    for lived in lives:
        for one in lived.came_back:
            assert one.on < on[lived.plan.bin, one.answer.requirement, one.answer.effective_on]
    assert 0.05 < len(came_back) / len(decided) < 0.2
    assert len({one.reason for one in came_back}) > 3
    late = [one for one in decided if (one.on - one.answer.effective_on).days > 40]
    assert 0.03 < len(late) / len(decided) < 0.3


def test_institutions_report_move_are_repaired_and_close_and_nothing_is_decided_meanwhile(lives, years):
    fields = Counter(name for lived in lives for turn in lived.turns for name in turn.changes)
    assert fields["learners"] > 200
    assert fields["lifecycle"] > 0
    assert fields["locality"] > 0
    for lived in lives:
        assert all(years.since <= turn.since < turn.known_on < TODAY for turn in lived.turns)
        assert sorted({turn.known_on for turn in lived.turns}) == [turn.known_on for turn in lived.turns]
        # What is decided and what is changed are known on different days.
        assert {one.on for one in lived.decided}.isdisjoint(turn.known_on for turn in lived.turns)
        closed = [turn for turn in lived.turns if turn.changes.get("lifecycle") in ("closed", "capital_repair")]
        reopened = [turn.known_on for turn in lived.turns if turn.changes.get("lifecycle") == "open"]
        for turn in closed:
            until = reopened[0] if reopened else date.max
            assert [one for one in lived.decided if turn.since <= (one.on or TODAY) < until] == []


def test_newcomers_are_others_and_answer_after_their_opening(plans, years):
    bins = frozenset(plan.bin for plan in plans)
    newcomers = years.newcomers(bins, frozenset((plan.locality, plan.name_kk) for plan in plans), 9986)
    assert 40 < len(newcomers) <= 36 * 3
    assert bins.isdisjoint(one.plan.bin for one in newcomers)
    for lived in newcomers:
        assert years.since <= lived.plan.opened_on < lived.entered
        assert all(one.on is None or one.on > lived.entered for one in lived.decided)
        assert lived.plan.answers == []


# --- in the database -----------------------------------------------------------------------------------

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SIZE = 130


@pytest.fixture(scope="module")
def history(django_db_setup, django_db_blocker):
    """Two years of a small registry, loaded once; taken away behind the module."""
    with django_db_blocker.unblock():
        outer = transaction.atomic()
        outer.__enter__()
        call_command("load_reference", verbosity=0)
        load(seed=117, now=NOW, institutions=SIZE, years=2)
        yield
        transaction.set_rollback(True)
        outer.__exit__(None, None, None)


@pytest.fixture
def loaded(history, django_db_blocker):
    with django_db_blocker.unblock():
        yield


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "said"), [(["--years", "2", "--recorded-at", "2023-03-31"], "day by day"), (["--years", "-1"], "one")]
)
def test_a_history_that_cannot_be_told_is_refused_and_nothing_is_loaded(order, arguments, said):
    with pytest.raises(CommandError, match=said):
        call_command("load_demo", "--institutions", "30", *arguments, stderr=io.StringIO())
    assert not Institution.objects.exists()


@pytest.mark.slow
def test_ledger_sums_and_seals_hold(loaded):
    assert list(sums.drift()) == []
    assert list(ledger.broken_chains()) == []
    assert DailySeal.objects.latest("day").day == local_day(NOW) - timedelta(days=1)
    assert seals.seal_days(NOW) == 0


@pytest.mark.slow
def test_the_day_of_the_published_brief_is_as_planned_and_as_it_was_known(loaded):
    planned = list(plan_registry(institutions=SIZE, today=local_day(NOW)))
    for measure in (Measure.CCTV_INSTALLED, Measure.CCTV_CONNECTED):
        requirement = next(one.requirement for one in MEASURES if one.name == measure)
        met = sum(is_met(one, requirement, PUBLISHED_ON) for one in planned)
        for known_on in (None, PUBLISHED_ON, PUBLISHED_ON + timedelta(days=10)):
            counts = count(Question(PUBLISHED_ON, measure=measure, known_on=known_on))[()]
            assert (counts.total, counts.covered) == (SIZE, met)


@pytest.mark.slow
def test_every_closed_quarter_has_figures_that_change_and_regions_differ(loaded):
    closed = list(Period.objects.filter(state=PeriodState.CLOSED).order_by("starts_on"))
    asked = {"measure": Measure.CCTV_CONNECTED}
    counts = [count(Question(one.ends_on, known_on=one.closed_on, **asked))[()] for one in closed]
    assert all(0 < one.covered < one.total for one in counts[2:])
    assert len({one.covered for one in counts}) > len(counts) // 2
    by_region = count(Question(closed[-1].ends_on, **asked), [Dimension.REGION])
    assert len({one.covered * 100 // one.total for one in by_region.values()}) > 4
    confirmed = Counter(Confirmation.objects.values_list("period__code", flat=True))
    assert len(confirmed) == 8
    # What was decided late is known now, and was not at the close.
    assert any(
        count(Question(one.ends_on, obliged_only=True))[()] != count(
            Question(one.ends_on, known_on=one.closed_on, obliged_only=True)
        )[()]
        for one in closed
    )  # fmt: skip


@pytest.mark.slow
def test_documents_fell_back_through_the_ledger_and_came_again(loaded):
    expired = StatusChange.objects.filter(cause=Cause.EXPIRY, to_status="not_met", effective_on__lte=local_day(NOW))
    again = StatusChange.objects.filter(
        item__in=expired.values("item"), from_status="not_met", to_status="met", cause=Cause.DECISION
    )
    assert expired.count() > 20
    assert again.count() > 5
    backdated = StatusChange.objects.filter(recorded_on__gt=F("effective_on") + timedelta(days=40), cause="decision")
    assert backdated.exists()


@pytest.mark.slow
def test_people_decided_and_returned_under_four_eyes(loaded):
    by_hands = StatusEntry.objects.filter(batch=None, state="approved")
    assert by_hands.count() > 300
    assert not by_hands.filter(decided_at__lt=F("submitted_at")).exists()
    returned = StatusEntry.objects.filter(state="returned")
    assert returned.filter(return_reason="").count() == 0
    mended = by_hands.filter(continues__state="returned")
    assert mended.count() > 20
    assert not mended.exclude(continues__item=F("item")).exists()
    linked = StatusChange.objects.filter(cause="decision", cause_ref__startswith="entry:").values_list(
        "cause_ref", flat=True
    )
    keys = {int(ref.removeprefix("entry:")) for ref in linked}
    assert StatusEntry.objects.filter(pk__in=keys).count() == len(keys)


@pytest.mark.slow
def test_states_of_institutions_follow_each_other(loaded):
    for institution in Institution.objects.prefetch_related("states"):
        states = sorted(institution.states.all(), key=lambda state: state.valid_from)
        for earlier, later in pairwise(states):
            assert earlier.valid_to == later.valid_from - timedelta(days=1)
        assert states[-1].valid_to is None
        assert (institution.learners, institution.lifecycle) == (states[-1].learners, states[-1].lifecycle)
    assert InstitutionState.objects.count() > Institution.objects.count() + 30
    assert Institution.objects.count() > SIZE
    assert ChecklistItem.objects.filter(listed=True, institution__lifecycle="closed").count() == 0
