"""The invariant of the product: items = fold of the ledger = totals = days, whatever happens in whatever order."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compliance import enrolment, ledger, periods, workflow
from compliance.enums import Measure, PeriodState, Status
from compliance.models import ChecklistItem, PendingFold, Period, RegisterDay, Requirement, StatusEntry
from institutions.clock import local_day
from institutions.enums import Lifecycle, Ownership
from institutions.models import Institution, Region
from institutions.registry import NoSuchState
from reporting import coverage, sums
from reporting.coverage import Dimension, Part, Question
from reporting.models import COUNT_FIELDS, CoverageDay, CoverageTotal
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import InstitutionFactory, UserFactory
from tests.reporting.recount import CUT, STATUSES, Recount

DAY = timedelta(days=1)
ALMATY = ZoneInfo("Asia/Almaty")


# --- what can happen ------------------------------------------------------------------------------

small = st.integers(0, 7)
back = st.one_of(st.integers(0, 3), st.integers(0, 120), st.integers(0, 900))
# The items that hang together most: the measures, those that follow the guard contract, those of group and facts.
CODES = 12
answer = st.tuples(
    st.just("answer"),
    small,
    st.integers(0, CODES - 1),
    st.sampled_from(["met", "met", "partly_met", "not_met", "not_applicable"]),
    back,
    st.one_of(st.none(), st.integers(0, 60), st.integers(0, 500)),
    st.sampled_from(["approve", "approve", "approve", "wait", "return"]),
)
step = st.one_of(
    answer,
    answer,
    st.tuples(st.just("decide"), small),
    st.tuples(st.just("revoke"), small),
    st.tuples(st.just("change"), small, back, st.sampled_from([
        "close", "repair", "reopen", "move", "capital", "centre", "grow", "shrink", "private", "leased", "no_city",
    ])),
    st.tuples(st.just("open"), small, back),
    st.tuples(st.just("pass"), st.integers(1, 9), st.booleans()),
    st.tuples(st.just("period"), st.sampled_from(["close", "close", "reopen"]), st.integers(0, 2)),
)  # fmt: skip


class World:
    """A register to which things happen; every verb is called as a page would call it."""

    def __init__(self, places: Any, first_day: date) -> None:
        self.places = places
        self.now = datetime(first_day.year, first_day.month, first_day.day, 9, 0, tzinfo=ALMATY)
        RegisterDay.objects.update(day=first_day)
        self.author, self.decider, self.other = UserFactory.create_batch(3)
        self.institutions: list[Institution] = []
        requirements = list(Requirement.objects.all())
        order = [row for row in requirements if row.measure or "guard_contract" in row.applies]
        order += [row for row in requirements if row.applies in ("if:leased", "now:G2", "all; if:has_grounds")]
        self.codes = [row.pk for row in order][:CODES]
        self.known: dict[date, dict[Any, Any]] = {}
        self.open(0, 600)
        self.open(1, 100)

    @property
    def day(self) -> date:
        return local_day(self.now)

    def do(self, step: tuple[Any, ...]) -> None:
        self.now += timedelta(minutes=7)
        verb, *arguments = step
        if verb == "period":
            verb = "over"
        try:
            with transaction.atomic():
                getattr(self, "pass_days" if verb == "pass" else verb)(*arguments)
        except (workflow.Refused, NoSuchState, periods.WrongMove):
            pass  # what is refused changes nothing, and the checks below would see it

    def open(self, number: int, ago: int) -> None:
        if len(self.institutions) == 5:
            return
        where = [
            {"locality": self.places.city, "large_city": self.places.large_city},
            {"locality": self.places.district, "learners": 100},
            {"locality": self.places.capital_district, "large_city": self.places.capital_city},
            {"locality": self.places.district, "settlement": self.places.village, "ownership": "private"},
        ][number % 4]
        kind = ["school", "kindergarten", "college"][number % 3]
        self.institutions.append(InstitutionFactory(kind=kind, since=self.day - ago * DAY, now=self.now, **where))

    def answer(self, number: int, code: int, status: str, ago: int, lasts: int | None, what: str) -> None:
        institution = self.institutions[number % len(self.institutions)]
        item = ChecklistItem.objects.filter(
            institution=institution, requirement=self.codes[code % len(self.codes)]
        ).first()
        if item is None:
            return
        since = self.day - ago * DAY
        until = None if lasts is None else since + lasts * DAY
        data = workflow.AnswerData(Status(status), since, until, "Себебі")
        entry = workflow.save_draft(item, data, by=self.author, now=self.now)
        workflow.submit(entry, by=self.author, now=self.now)
        if what == "approve":
            workflow.approve(entry, by=self.decider, now=self.now, shown=entry.content_hash)
        elif what == "return":
            workflow.return_entry(
                entry, by=self.decider, now=self.now, shown=entry.content_hash, reason="unclear", note="Түсініксіз"
            )

    def decide(self, number: int) -> None:
        waiting = list(StatusEntry.objects.awaiting_decision())
        if waiting:
            entry = waiting[number % len(waiting)]
            workflow.approve(entry, by=self.decider, now=self.now, shown=entry.content_hash)

    def revoke(self, number: int) -> None:
        approved = list(StatusEntry.objects.filter(state="approved"))
        if approved:
            workflow.revoke(approved[number % len(approved)], by=self.other, now=self.now, note="Қате")

    def change(self, number: int, ago: int, what: str) -> None:
        places = self.places
        changes: dict[str, Any] = {
            "close": {"lifecycle": Lifecycle.CLOSED},
            "repair": {"lifecycle": Lifecycle.CAPITAL_REPAIR},
            "reopen": {"lifecycle": Lifecycle.OPEN},
            "move": {"locality": places.city, "settlement": places.city_settlement, "settlement_class": "regional_city",
                     "large_city": places.large_city},
            "capital": {"locality": places.other_capital_district, "settlement": None,
                        "settlement_class": "republican_city", "large_city": places.capital_city},
            "centre": {"locality": places.district, "settlement": places.centre, "settlement_class": "district_centre",
                       "large_city": None},
            "grow": {"learners": 1200, "staff": 90},
            "shrink": {"learners": 40, "staff": 9},
            "private": {"ownership": Ownership.PRIVATE},
            "leased": {"facts": {"leased": True, "has_grounds": False}},
            "no_city": {"large_city": None},
        }[what]  # fmt: skip
        enrolment.change_institution(
            self.institutions[number % len(self.institutions)],
            since=self.day - ago * DAY,
            by=self.other,
            now=self.now,
            **changes,
        )

    def pass_days(self, days: int, turned: bool) -> None:
        self.now += days * DAY
        if turned:
            sums.turn_day(self.day)

    def over(self, what: str, number: int) -> None:
        period = Period.objects.get(code=["2026Q1", "2026Q2", "2025Q4"][number])
        if what == "reopen":
            periods.reopen_period(period, by=self.other, now=self.now, reason="Қате")
        else:
            if period.state == PeriodState.OPEN:
                periods.begin_closing(period, by=self.other, now=self.now)
            periods.close_period(period, by=self.other, now=self.now)


def check(world: World, recount: Recount, days: list[date]) -> None:
    """Everything that must hold after every step."""
    sums.fold()
    assert PendingFold.objects.count() == 0
    assert list(sums.drift()) == []
    assert list(ledger.broken_chains()) == []
    recount.read()
    register_day = RegisterDay.current()
    expected_items = {
        key: (obliged, status, until)
        for key, (_state, obliged, status, until) in recount.standing(register_day).items()
    }
    assert {
        (item.institution_id, item.requirement_id): (item.obliged, item.status, item.valid_until)
        for item in ChecklistItem.objects.filter(listed=True)
    } == expected_items
    for day in {register_day, world.day, *days}:
        expected = recount.counts(day)
        assert coverage.count(Question(day), CUT) == expected
        assert coverage.count(Question(day), CUT, learners=True) == recount.counts(day, learners=True)
        assert coverage.count(Question(day, obliged_only=True), CUT) == recount.counts(day, obliged_only=True)
        assert all(min(vars_of(counts)) >= 0 for counts in expected.values())


def vars_of(counts: coverage.Counts) -> tuple[int, ...]:
    return (counts.met, counts.partly_met, counts.not_met, counts.unknown, counts.not_applicable)


def check_sums_up(day: date) -> None:
    """Districts sum to regions sum to the country; state and private to all; a figure counts what stands behind it."""
    for measure in Measure:
        whole = coverage.count(Question(day, measure=measure)).get((), coverage.Counts())
        for dimension in (
            Dimension.REGION,
            Dimension.LOCALITY,
            Dimension.CITY_LINE,
            Dimension.KIND,
            Dimension.OWNERSHIP,
        ):
            parts = coverage.count(Question(day, measure=measure), [dimension])
            assert sum(parts.values(), coverage.Counts()) == whole
        for region in Region.objects.all():
            asked = Question(day, measure=measure, region=region.code)
            districts = coverage.count(asked, [Dimension.LOCALITY])
            assert sum(districts.values(), coverage.Counts()) == coverage.count(asked).get((), coverage.Counts())
        for part, figure in (
            (Part.TOTAL, whole.total),
            (Part.COVERED, whole.covered),
            (Part.NOT_COVERED, whole.not_covered),
        ):
            assert coverage.institutions_behind(Question(day, measure=measure), part).count() == figure


@pytest.mark.slow
def test_items_ledger_days_and_totals_agree_whatever_happens_in_whatever_order(order, places, monkeypatch):
    """Hypothesis makes histories of the register; after each step everything is counted again in another way."""
    monkeypatch.setattr(sums, "BATCH", 7)
    recount = Recount()

    @settings(
        max_examples=12,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(
        steps=st.lists(step, min_size=4, max_size=14),
        days=st.lists(st.dates(date(2025, 1, 1), date(2026, 9, 1)), min_size=2, max_size=2),
    )
    def history(steps: list[tuple[Any, ...]], days: list[date]) -> None:
        with transaction.atomic():
            world = World(places, date(2026, 6, 29))
            check(world, recount, days)
            remembered: dict[tuple[date, date], Any] = {}
            closed: dict[int, Any] = {}
            for each in steps:
                world.do(each)
                check(world, recount, days)
                remember(world, days, remembered, closed)
            check_sums_up(world.day)
            for (known_on, day), (cells, learners) in remembered.items():
                assert coverage.count(Question(day, known_on), CUT) == cells
                assert coverage.count(Question(day, known_on), CUT, learners=True) == learners
            built = sums_as_they_are()
            sums.rebuild()
            assert sums_as_they_are() == built
            transaction.set_rollback(True)

    history()


def remember(world: World, days: list[date], remembered: dict[tuple[date, date], Any], closed: dict[int, Any]) -> None:
    """Keep today's answers "as known today"; a closed quarter's must be what they were."""
    for day in days:
        asked = Question(day, known_on=world.day)
        remembered[world.day, day] = (
            coverage.count(asked, CUT), coverage.count(asked, CUT, learners=True),
        )  # fmt: skip
        for counts in remembered[world.day, day][0].values():
            assert min(vars_of(counts)) >= 0
    for period in Period.objects.all():
        if period.state == PeriodState.CLOSED:
            asked = Question(period.ends_on, known_on=period.closed_on)
            figures = coverage.count(asked, CUT)
            if period.pk not in closed:
                # At its close the quarter's figures are all that is known.
                assert figures == coverage.count(Question(period.ends_on), CUT)
            assert closed.setdefault(period.pk, figures) == figures
        else:
            closed.pop(period.pk, None)


def sums_as_they_are() -> tuple[list[Any], list[Any]]:
    """All sums; rows in which nothing is are left out, since a rebuild does not make them."""
    totals = CoverageTotal.objects.order_by("cell").values_list("cell", *COUNT_FIELDS)
    days = CoverageDay.objects.order_by("cell", "effective_on", "recorded_on").values_list(
        "cell", "effective_on", "recorded_on", *COUNT_FIELDS
    )
    return [row for row in totals if any(row[1:])], [row for row in days if any(row[3:])]


# --- single cases -----------------------------------------------------------------------------------


def test_a_fold_counts_waiting_rows_once(order, places):
    institution = InstitutionFactory(locality=places.district)
    waiting = PendingFold.objects.count()
    assert (sums.pending(), sums.fold(), sums.pending(), sums.fold()) == (waiting, waiting, 0, 0)
    EntryFactory(item=ItemFactory(institution=institution), approved=True)
    assert sums.fold() == 1  # a count that sinks: one unknown less
    total = CoverageTotal.objects.get(cell__requirement__measure=Measure.CCTV_INSTALLED)
    assert (total.met, total.unknown, total.met_learners, total.unknown_learners) == (1, 0, 240, 0)
    assert list(sums.drift()) == []


def test_a_correction_that_is_longer_than_a_batch_is_folded_whole(order, places, monkeypatch):
    """Half of it would be a cell with minus one, which the database refuses, and no fold would ever get on."""
    monkeypatch.setattr(sums, "BATCH", 1)
    item = ItemFactory(institution__locality=places.district)
    now = datetime(2026, 5, 20, 9, 0, tzinfo=ALMATY)
    EntryFactory(item=item, approved=True, effective_on=date(2026, 1, 10), valid_until=date(2026, 2, 10), now=now)
    sums.fold()
    EntryFactory(item=item, approved=True, status=Status.NOT_MET, effective_on=date(2026, 1, 10), now=now + DAY)
    assert sums.pending() == 2
    assert sums.fold() == 2
    assert list(sums.drift()) == []


def test_the_turn_of_the_day_is_made_once_and_never_back(order, places):
    InstitutionFactory(locality=places.district)
    sums.fold()
    assert sums.turn_day(order.day) is False
    assert sums.turn_day(order.day + 2 * DAY) is True
    assert sums.turn_day(order.day + DAY) is False
    assert RegisterDay.objects.get().day == order.day + 2 * DAY


def test_the_turn_of_the_day_ends_what_ends_and_opens_what_opens(fixed_now, order, places):
    item = ItemFactory(institution__locality=places.district)
    EntryFactory(item=item, approved=True, valid_until=order.day)
    InstitutionFactory(locality=places.city, since=order.day + DAY)
    sums.fold()
    asked = Question(order.day, measure=Measure.CCTV_INSTALLED)
    assert coverage.count(asked) == {(): coverage.Counts(met=1)}
    sums.turn_day(order.day + DAY)
    item.refresh_from_db()
    assert (item.status, item.valid_until) == (Status.NOT_MET, None)
    asked = Question(order.day + DAY, measure=Measure.CCTV_INSTALLED)
    assert coverage.count(asked) == {(): coverage.Counts(not_met=1, unknown=1)}
    assert list(sums.drift()) == []


def test_an_answer_renewed_before_the_day_is_turned_gives_the_item_its_new_end(fixed_now, order, places):
    """It says the same again, so the ledger has no row for it: only the end of the item is another."""
    item = ItemFactory(institution__locality=places.district)
    EntryFactory(item=item, approved=True, valid_until=date(2026, 8, 1))
    tomorrow = order.day + DAY
    EntryFactory(item=item, approved=True, effective_on=tomorrow, valid_until=date(2027, 5, 1), now=fixed_now + DAY)
    sums.turn_day(tomorrow)
    item.refresh_from_db()
    assert (item.status, item.valid_until) == (Status.MET, date(2027, 5, 1))


def test_a_rebuild_makes_the_same_sums_from_the_ledger_alone(order, places):
    EntryFactory.create_batch(2, item__institution__locality=places.district, approved=True)
    sums.fold()
    before = sums_as_they_are()
    CoverageTotal.objects.all().delete()
    CoverageDay.objects.all().update(met=5)
    EntryFactory(item__institution__locality=places.district, revoked=True)
    sums.rebuild()
    assert PendingFold.objects.count() == 0
    assert list(sums.drift()) == []
    assert [sum(row[1] for row in rows[0]) for rows in (before, sums_as_they_are())] == [2, 2]


DRIFTS = {
    "ledger and days": lambda: CoverageDay.objects.filter(unknown__gt=0).order_by("pk")[:1],
    "days and totals": lambda: CoverageTotal.objects.order_by("pk")[:1],
    "items and ledger": lambda: ChecklistItem.objects.order_by("pk")[:1],
}


@pytest.mark.parametrize("between", DRIFTS)
def test_a_drift_is_named_where_it_is(order, places, between):
    InstitutionFactory(locality=places.district)
    sums.fold()
    table = DRIFTS[between]()
    change = {"status": Status.MET} if between == "items and ledger" else {"met": 3}
    table.model.objects.filter(pk__in=[row.pk for row in table]).update(**change)
    found = {drift.between for drift in sums.drift()}
    assert found == ({between, "days and totals"} if between == "ledger and days" else {between})


def test_an_item_that_is_no_longer_listed_past_the_ledger_is_a_drift(order, places):
    InstitutionFactory(locality=places.district)
    sums.fold()
    item = ChecklistItem.objects.first()
    ChecklistItem.objects.filter(pk=item.pk).update(listed=False)
    (drift,) = sums.drift()
    assert (drift.between, drift.cell, drift.expected) == ("items and ledger", f"item {item.pk}", "not on the list")


def test_coverage_total_not_negative(order, places):
    InstitutionFactory(locality=places.district)
    sums.fold()
    for status in STATUSES:
        with pytest.raises(IntegrityError, match="coverage_total_not_negative"), transaction.atomic():
            CoverageTotal.objects.update(**{status.value: -1})


def test_coverage_day_once(order, places):
    InstitutionFactory(locality=places.district)
    sums.fold()
    day = CoverageDay.objects.first()
    day.pk = None
    with pytest.raises(IntegrityError, match="coverage_day_once|coverageday.cell_id"), transaction.atomic():
        day.save(force_insert=True)
