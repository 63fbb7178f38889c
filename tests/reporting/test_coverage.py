"""Coverage on any day, as known on any day, cut in any way, for anybody."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from compliance import enrolment
from compliance.enums import Measure, Scope, Status
from institutions.enums import Kind, Lifecycle
from institutions.models import Institution
from reporting import coverage, sums
from reporting.coverage import Counts, Dimension, Part, Question, Reach
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import (
    AnalystFactory,
    ApproverFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    UserFactory,
)

DAY = timedelta(days=1)
CCTV = Measure.CCTV_INSTALLED


@pytest.fixture
def schools(fixed_now, order, places) -> dict[str, Institution]:
    """In the city one that is covered, in the district one that is not, in the capital one without an answer."""
    made = {
        "city": InstitutionFactory(locality=places.city, large_city=places.large_city, learners=500),
        "district": InstitutionFactory(locality=places.district, kind=Kind.KINDERGARTEN, learners=80),
        "capital": InstitutionFactory(
            locality=places.capital_district, large_city=places.capital_city, ownership="private", learners=300
        ),
    }
    EntryFactory(item=ItemFactory(institution=made["city"]), approved=True, effective_on=date(2026, 4, 1))
    EntryFactory(
        item=ItemFactory(institution=made["district"]),
        approved=True,
        status=Status.NOT_MET,
        effective_on=date(2026, 4, 1),
    )
    sums.fold()
    return made


def asked(**more: Any) -> Question:
    return Question(**{"as_of": date(2026, 5, 20), "measure": CCTV, **more})


def test_counts_add_up_and_make_a_percentage():
    counts = Counts(met=3, partly_met=1, not_met=2, unknown=1, not_applicable=4)
    assert (counts.total, counts.covered, counts.not_covered, counts.percent) == (7, 3, 4, 43)
    assert counts + Counts(met=1, not_applicable=1) == Counts(4, 1, 2, 1, 5)
    assert Counts(not_applicable=2).percent is None


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ([], {(): Counts(met=1, not_met=1, unknown=1)}),
        ([Dimension.REGION], {("KZ-35",): Counts(met=1, not_met=1), ("KZ-71",): Counts(unknown=1)}),
        (
            [Dimension.LOCALITY],
            {("351000000",): Counts(met=1), ("354000000",): Counts(not_met=1), ("711110000",): Counts(unknown=1)},
        ),
        (
            [Dimension.CITY_LINE],
            {
                ("Қарағанды және Теміртау ққ.",): Counts(met=1),
                ("",): Counts(not_met=1),
                ("Астана қ.",): Counts(unknown=1),
            },
        ),
        (
            [Dimension.KIND, Dimension.OWNERSHIP],
            {
                ("school", "state"): Counts(met=1),
                ("kindergarten", "state"): Counts(not_met=1),
                ("school", "private"): Counts(unknown=1),
            },
        ),
    ],
)
def test_figures_are_cut_in_any_way(schools, by, expected):
    assert coverage.count(asked(), by) == expected
    # The sums of today and the sums of days are asked in different tables.
    assert coverage.count(asked(known_on=date(2026, 5, 20)), by) == expected


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        ({"scope": Scope.LARGE_CITIES}, Counts(met=1, unknown=1)),
        ({"region": "KZ-35"}, Counts(met=1, not_met=1)),
        ({"locality": "354000000"}, Counts(not_met=1)),
        ({"city_line": "Астана қ."}, Counts(unknown=1)),
        ({"kind": Kind.KINDERGARTEN}, Counts(not_met=1)),
        ({"ownership": "private"}, Counts(unknown=1)),
        ({"measure": None, "requirement": "engineering.cctv"}, None),
        ({"level": "verified"}, None),
        ({"as_of": date(2026, 3, 31)}, Counts(unknown=3)),
        ({"as_of": date(2022, 8, 31)}, None),  # nobody had opened
        ({"known_on": date(2026, 5, 19)}, None),  # nothing was known
    ],
)
def test_a_question_is_narrowed(schools, narrowed, expected):
    assert coverage.count(asked(**narrowed)) == ({} if expected is None else {(): expected})


def test_learners_are_counted_in_the_same_cells(schools):
    assert coverage.count(asked(), learners=True) == {(): Counts(met=500, not_met=80, unknown=300)}


def test_what_only_the_report_counts_is_left_out_on_request(fixed_now, order, places):
    """A small village school need not connect its cameras (edition of 2022), and is counted all the same."""
    InstitutionFactory(locality=places.district, settlement=places.village, learners=50)
    sums.fold()
    connected = Question(date(2026, 5, 20), measure=Measure.CCTV_CONNECTED)
    assert coverage.count(connected) == {(): Counts(unknown=1)}
    assert coverage.count(Question(date(2026, 5, 20), measure=Measure.CCTV_CONNECTED, obliged_only=True)) == {}
    later = Question(date(2026, 7, 12), measure=Measure.CCTV_CONNECTED, obliged_only=True)
    assert coverage.count(later) == {(): Counts(unknown=1)}  # the current edition obliges every facility


@pytest.mark.parametrize("part", Part)
@pytest.mark.parametrize("day", [date(2026, 3, 31), date(2026, 5, 20), date(2026, 6, 30)])
def test_behind_a_figure_stand_as_many_institutions_as_it_says(schools, part, day):
    for more in ({}, {"region": "KZ-35"}, {"known_on": date(2026, 5, 20)}, {"scope": Scope.LARGE_CITIES}):
        question = asked(as_of=day, **more)
        counts = coverage.count(question)[()]
        figure = {Part.TOTAL: counts.total, Part.COVERED: counts.covered, Part.NOT_COVERED: counts.not_covered}[part]
        assert coverage.institutions_behind(question, part).count() == figure


def test_those_behind_a_figure_are_those_who_were_there_then(fixed_now, schools):
    enrolment.change_institution(
        schools["city"], since=date(2026, 5, 10), by=None, now=fixed_now, lifecycle=Lifecycle.CAPITAL_REPAIR
    )
    sums.fold()
    assert list(coverage.institutions_behind(asked(), Part.COVERED)) == []
    assert list(coverage.institutions_behind(asked(as_of=date(2026, 5, 9)), Part.COVERED)) == [schools["city"]]


def test_rows_that_wait_are_in_no_figure_and_behind_none(schools):
    EntryFactory(item=ItemFactory(institution=schools["capital"]), approved=True)
    assert sums.pending() == 1
    reach = Reach(institutions=frozenset({schools["capital"].pk}))
    for _time in range(2):
        counted = coverage.count(asked())[()]
        assert coverage.institutions_behind(asked(), Part.COVERED).count() == counted.covered
        assert coverage.count(asked(reach=reach))[()].covered == counted.covered - 1
        sums.fold()
    assert counted.covered == 2


def people(schools: dict[str, Institution], places: Any) -> dict[str, Any]:
    both = DirectorFactory(institution=schools["city"]).user
    ApproverFactory(user=both, region=places.region)
    return {
        "ministry": (AnalystFactory().user, Counts(met=1, not_met=1, unknown=1)),
        "region": (ApproverFactory(region=places.region).user, Counts(met=1, not_met=1)),
        "district": (EditorFactory(locality=places.district).user, Counts(not_met=1)),
        "director": (DirectorFactory(institution=schools["capital"]).user, Counts(unknown=1)),
        "director and region": (both, Counts(met=1, not_met=1)),
        "stranger": (UserFactory(), None),
    }


def test_everybody_counts_what_they_reach_and_nothing_twice(schools, places):
    for who, (user, expected) in people(schools, places).items():
        question = asked(reach=Reach.of(user))
        assert coverage.count(question) == ({} if expected is None else {(): expected}), who
        behind = coverage.institutions_behind(question, Part.TOTAL)
        assert behind.count() == (expected.total if expected else 0), who
        assert set(behind) <= set(Institution.objects.visible_to(user)), who


def test_a_director_sees_the_past_of_the_institution_wherever_it_was(fixed_now, schools, places):
    director = DirectorFactory(institution=schools["capital"]).user
    enrolment.change_institution(
        schools["capital"], since=date(2026, 5, 1), by=None, now=fixed_now, locality=places.district,
        settlement=places.village, settlement_class="village", large_city=None,
    )  # fmt: skip
    sums.fold()
    question = asked(as_of=date(2026, 4, 1), reach=Reach.of(director))
    assert coverage.count(question, [Dimension.REGION]) == {("KZ-71",): Counts(unknown=1)}
    assert coverage.count(asked(reach=Reach.of(director)), [Dimension.REGION]) == {("KZ-35",): Counts(unknown=1)}


def test_lines_of_the_brief_stand_in_the_ministrys_order_with_the_empty_ones(schools):
    lines = coverage.figures(asked(), [Dimension.REGION, Dimension.KIND])
    assert [(line.place, line.kind, line.counts.total, line.counts.covered) for line in lines] == [
        ("KZ-71", "kindergarten", 0, 0),
        ("KZ-71", "school", 1, 0),
        ("KZ-71", "college", 0, 0),
        ("KZ-35", "kindergarten", 1, 0),
        ("KZ-35", "school", 1, 1),
        ("KZ-35", "college", 0, 0),
    ]
    (whole,) = coverage.figures(asked(), [])
    assert whole.as_dict() == {"place": "KZ", "kind": "all", "total": 3, "covered": 1, "percent": 33}


def test_recorded_figures_are_all_lines_of_the_brief(schools):
    recorded = coverage.recorded_figures(as_of=date(2026, 5, 20))
    assert len(recorded) == 5 * 3 * 2  # five measures, three kinds, two regions or two cities
    assert recorded["cctv_installed", "school", "KZ-35"] == (1, 1)
    assert recorded["panic_button", "school", "Қарағанды және Теміртау ққ."] == (1, 0)


@pytest.mark.parametrize("by", [[], [Dimension.REGION, Dimension.KIND, Dimension.REQUIREMENT]])
def test_a_question_costs_two_queries_whatever_it_counts(schools, by, django_assert_num_queries):
    with django_assert_num_queries(2):  # the register's day, the sums
        coverage.count(asked(measure=None), by)
