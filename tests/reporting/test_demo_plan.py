import csv
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice, pairwise

import pytest

from compliance.applicability import CONDITIONS
from compliance.library import MEASURES as BRIEF_MEASURES
from compliance.library import load_library
from institutions.bin import validate_bin
from reporting.demo import published
from reporting.demo.answers import EARLIEST_TODAY, MEASURES
from reporting.demo.places import PLACES
from reporting.demo.plan import FACTS, PUBLISHED_ON, expected_figures, plan_registry

TODAY = date(2026, 11, 22)
REQUIREMENT = {measure.name: measure.requirement for measure in MEASURES}


def rows(name):
    with (PLACES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


LINE_OF_CITY = {row["kato"]: row["brief_line"] for row in rows("cities.csv")}


@pytest.fixture(scope="module")
def registry():
    return list(plan_registry(today=TODAY, measures_only=True))


@pytest.fixture(scope="module")
def whole():
    return list(plan_registry(today=TODAY))


def answers_to(institution, requirement):
    return [answer for answer in institution.answers if answer.requirement == requirement]


def is_met(institution, requirement, day):
    """In force on the day is the last answer that began by then, unless its document has ended."""
    begun = [answer for answer in answers_to(institution, requirement) if answer.effective_on <= day]
    if not begun or begun[-1].status != "met":
        return False
    return begun[-1].valid_until is None or begun[-1].valid_until >= day


def coverage(institutions, requirement, day):
    return sum(is_met(institution, requirement, day) for institution in institutions) / len(institutions)


def counts_by_place(institutions):
    counts = Counter((institution.region, institution.kind) for institution in institutions)
    counts += Counter(
        (LINE_OF_CITY[institution.large_city], institution.kind)
        for institution in institutions
        if institution.large_city
    )
    return dict(counts)


def test_the_registry_is_the_published_one_in_every_region_and_line(registry):
    assert counts_by_place(registry) == published.registry()
    assert len(registry) == 9986


def test_every_line_of_the_brief_is_counted_as_published(registry):
    groups = defaultdict(list)
    for institution in registry:
        groups[institution.kind, institution.region].append(institution)
        if institution.large_city:
            groups[institution.kind, LINE_OF_CITY[institution.large_city]].append(institution)

    counted = {}
    for measure, kind, place in expected_figures():
        group = groups[kind, place]
        met = sum(is_met(institution, REQUIREMENT[measure], PUBLISHED_ON) for institution in group)
        counted[measure, kind, place] = (len(group), met)

    assert counted == expected_figures()
    assert len(counted) == 240


@pytest.mark.parametrize(
    ("line", "figure"),
    [
        (("cctv_connected", "kindergarten", "KZ-71"), (96, 96)),  # printed as one number
        (("cctv_connected", "kindergarten", "KZ-35"), (134, 105)),  # printed the wrong way round
        (("cctv_connected", "school", "KZ-19"), (425, 152)),
        (("turnstile", "kindergarten", "Алматы қ."), (193, 0)),  # printed of 191
        (("panic_button", "college", "Түркістан қ."), (6, 0)),  # printed of 2
        (("panic_button", "college", "Жезқазған қ."), (5, 1)),  # printed 1 of 5 the wrong way round
    ],
)
def test_a_slip_of_the_brief_is_put_right(line, figure):
    assert expected_figures()[line] == figure


def test_the_lines_add_up_to_the_headlines_except_where_the_brief_contradicts_itself():
    sums = Counter()
    for (measure, kind, _), (_, covered) in expected_figures().items():
        sums[measure, kind] += covered
    with (published.PUBLISHED / "headlines.csv").open(encoding="utf-8", newline="") as file:
        headlines = {
            (row["measure"], row["kind"]): int(row["printed_covered"])
            for row in csv.DictReader(file)
            if row["printed_covered"] and row["kind"] != "all"
        }

    different = {key: (sums[key], headlines[key]) for key in headlines if sums[key] != headlines[key]}

    assert different == {("turnstile", "college"): (180, 169)}


def test_video_surveillance_is_everywhere_on_the_day_of_the_brief(registry):
    assert coverage(registry, "CCTV", PUBLISHED_ON) == 1


def test_one_seed_gives_one_plan_and_another_seed_another():
    def start(seed):
        return list(islice(plan_registry(seed=seed, today=TODAY), 700))

    assert start(117) == start(117)
    assert start(117) != start(118)


def test_the_small_form_is_the_whole_one_without_the_other_items(registry, whole):
    measured = set(REQUIREMENT.values())

    stripped = [
        replace(one, answers=[answer for answer in one.answers if answer.requirement in measured]) for one in whole
    ]

    assert stripped == registry


def test_no_two_have_one_bin_and_all_are_valid(registry):
    for institution in registry:
        validate_bin(institution.bin)

    assert len({institution.bin for institution in registry}) == len(registry)


def test_no_two_of_a_place_have_one_name(registry):
    names = Counter((one.large_city or one.locality, one.kind, one.name_kk) for one in registry)

    assert [name for name, times in names.items() if times > 1] == []
    assert [one.name_ru for one in registry if "{" in one.name_kk + one.name_ru or "  " in one.name_ru] == []


def test_every_place_is_in_its_locality_and_region(registry):
    districts = {row["kato"]: row for row in rows("districts.csv")}
    settlements = {row["kato"]: row for row in rows("settlements.csv")}
    cities = {row["kato"]: row for row in rows("cities.csv")}

    for one in registry:
        assert districts[one.locality]["region_code"] == one.region
        if one.settlement:
            settlement = settlements[one.settlement]
            assert (settlement["district_kato"], settlement["settlement_class"]) == (
                one.locality,
                one.settlement_class,
            )
        else:
            assert (one.settlement_class, districts[one.locality]["kind"]) == (
                "republican_city",
                "city_district",
            )
        if one.large_city:
            city = cities[one.large_city]
            assert city["region_code"] == one.region
            assert one.settlement == (one.large_city if city["kato_district"] else "")


def test_nobody_stands_in_a_large_city_without_being_counted_there(registry):
    assert [one for one in registry if one.settlement in LINE_OF_CITY and not one.large_city] == []


def test_both_cities_of_a_shared_line_and_all_districts_of_a_republican_city_have_institutions(registry):
    assert {one.large_city for one in registry} - {""} == set(LINE_OF_CITY)
    assert {one.locality for one in registry if not one.settlement} == {
        row["kato"] for row in rows("districts.csv") if row["kind"] == "city_district"
    }
    assert all(one.locality == "233600000" for one in registry if one.large_city == "233620100")  # Құлсары


def test_places_are_in_the_country(registry):
    outside = [one for one in registry if not (40.5 < one.latitude < 55.5 and 46.4 < one.longitude < 87.4)]

    assert outside == []


def test_nobody_can_be_called_or_written_to(registry):
    assert {one.phone[:9] for one in registry} == {"+7 (000) "}
    assert {one.email.rsplit(".", 1)[1] for one in registry} == {"test"}
    assert len({one.email for one in registry}) == len({one.phone for one in registry}) == len(registry)


def test_ownership_and_people_are_plausible(registry):
    private = {
        kind: sum(one.ownership == "private" for one in registry if one.kind == kind) / total
        for kind, total in Counter(one.kind for one in registry).items()
    }

    assert {kind: round(share, 1) for kind, share in private.items()} == {
        "kindergarten": 0.5,
        "school": 0.1,
        "college": 0.4,
    }
    assert min(one.learners for one in registry) > 0
    assert min(one.staff for one in registry) > 0
    assert max(one.staff + one.learners for one in registry) < 4000


def test_facts_are_those_that_conditions_of_the_order_ask_for(registry):
    asked = {name for name, condition in CONDITIONS.items() if not condition.derived}

    assert set(FACTS) == asked
    named = {name for one in registry for name in one.facts}
    assert named == asked
    answered = sum(len(one.facts) for one in registry) / (len(registry) * len(asked))
    assert 0.8 < answered < 0.95


def test_answers_follow_each_other_and_none_is_of_a_later_day(whole):
    for one in whole:
        days = defaultdict(list)
        for answer in one.answers:
            days[answer.requirement].append(answer.effective_on)
            assert answer.effective_on <= TODAY
            assert answer.valid_until is None or answer.valid_until > answer.effective_on
        for effective in days.values():
            assert effective == sorted(set(effective))


def test_only_a_met_item_that_expires_has_an_end_and_always_has_one(whole):
    expires = {requirement.code: requirement.expires for requirement in load_library().requirements}

    wrong = {
        answer
        for one in whole
        for answer in one.answers
        if (answer.valid_until is not None) != (expires[answer.requirement] and answer.status == "met")
    }

    assert wrong == set()


def test_a_contract_is_followed_by_another_before_it_ends(registry):
    gaps = [
        (earlier, later)
        for one in registry
        for requirement in ("GRD-CONTRACT", "PANIC")
        for earlier, later in pairwise(answers_to(one, requirement))
        if earlier.status == "met" and earlier.valid_until < later.effective_on
    ]

    assert gaps == []


def test_some_contracts_end_within_a_month_and_a_few_have_just_ended(registry):
    last = [contracts[-1] for one in registry if (contracts := answers_to(one, "GRD-CONTRACT"))]
    ends = [contract.valid_until for contract in last if contract.status == "met"]

    soon = [day for day in ends if TODAY <= day <= TODAY + timedelta(days=30)]
    ended = [day for day in ends if day < TODAY]

    assert 100 <= len(soon) <= 200
    assert 15 <= len(ended) <= 60
    assert min(ended) >= TODAY - timedelta(days=30)


def test_days_of_change_are_few(whole):
    measured = set(REQUIREMENT.values())
    days = defaultdict(set)
    for one in whole:
        for answer in one.answers:
            days[answer.requirement in measured].add(answer.effective_on)

    assert len([day for day in days[True] if day <= PUBLISHED_ON]) == 24
    assert len([day for day in days[True] if day > PUBLISHED_ON]) == 14  # one a quarter
    assert len(days[False]) == 12  # the first is the Order's own, when stock was taken
    assert min(days[True] | days[False]) >= date(2022, 4, 16)


def test_coverage_grows_after_the_brief(registry):
    connected = [coverage(registry, "CCTV-OPS", date(year, 3, 31)) for year in (2023, 2024, 2025, 2026)]

    assert connected == sorted(set(connected))
    assert round(connected[0], 2) == 0.6
    assert 0.83 < coverage(registry, "CCTV-OPS", TODAY) < 0.93


def test_some_lose_what_they_had(registry):
    lost = [
        one
        for one in registry
        if any(
            earlier.status == "met" and later.status != "met"
            for earlier, later in pairwise(answers_to(one, "CCTV-OPS"))
        )
    ]

    assert 20 < len(lost) < 200


def test_other_items_are_answered_once_by_those_whom_they_concern_and_worse_in_villages(whole):
    others = [requirement for requirement in load_library().requirements if requirement.measure is None]
    by_kind = {kind: {r.code for r in others if kind in r.kinds} for kind in ("kindergarten", "school", "college")}
    codes = {requirement.code for requirement in others}
    answered = asked = 0
    met = defaultdict(list)
    for one in whole:
        given = [answer for answer in one.answers if answer.requirement in codes]
        assert {answer.requirement for answer in given} <= by_kind[one.kind]
        assert len({answer.requirement for answer in given}) == len(given)
        answered += len(given)
        asked += len(by_kind[one.kind])
        met[one.settlement_class] += [answer.status == "met" for answer in given]

    assert 0.1 < 1 - answered / asked < 0.14
    shares = {place: sum(values) / len(values) for place, values in met.items()}
    assert shares["village"] < shares["district_centre"] < shares["regional_city"] < shares["republican_city"]
    assert shares["village"] > 0.4


def test_most_documents_of_other_items_are_valid_today(whole):
    measured = set(REQUIREMENT.values())
    ends = [
        answer.valid_until
        for one in whole
        for answer in one.answers
        if answer.valid_until and answer.requirement not in measured
    ]

    assert 0.02 < sum(day < TODAY for day in ends) / len(ends) < 0.12


def test_the_measures_are_the_five_items_that_the_library_counts():
    counted = {item.measure: item.code for item in load_library().requirements if item.measure is not None}

    assert counted == REQUIREMENT
    assert tuple(REQUIREMENT) == BRIEF_MEASURES


def test_a_small_registry_keeps_all_regions_and_kinds_in_proportion():
    small = list(plan_registry(institutions=300, today=TODAY))

    assert len(small) == 300
    assert len({(one.region, one.kind) for one in small}) == 60
    assert Counter(one.kind for one in small).most_common(1)[0][0] == "school"
    assert 55 <= sum(bool(one.large_city) for one in small) <= 110
    assert coverage(small, "CCTV", PUBLISHED_ON) == 1
    assert 0.5 < coverage(small, "CCTV-OPS", PUBLISHED_ON) < 0.72
    assert list(plan_registry(institutions=300, today=TODAY)) == small


@pytest.mark.parametrize("institutions", [1, 20, 59, 2000])
def test_a_registry_has_as_many_as_were_asked_for(institutions):
    made = list(plan_registry(institutions=institutions, measures_only=True, today=TODAY))

    assert len(made) == institutions
    assert len({one.region for one in made}) == min(institutions, 20)


@pytest.mark.parametrize("institutions", [-1, 0, 9987])
def test_a_number_that_cannot_be_made_is_refused_at_once(institutions):
    with pytest.raises(ValueError, match="9986"):
        plan_registry(institutions=institutions, today=TODAY)


def test_a_day_too_early_to_tell_of_is_refused_at_once():
    with pytest.raises(ValueError, match="2023-07-01"):
        plan_registry(today=EARLIEST_TODAY - timedelta(days=1))


@pytest.mark.parametrize("today", [EARLIEST_TODAY, date(2024, 1, 1), date(2025, 12, 31), date(2031, 8, 9)])
def test_the_day_of_the_brief_looks_the_same_from_any_day(today):
    seen = list(plan_registry(institutions=1500, measures_only=True, today=today))
    now = list(plan_registry(institutions=1500, measures_only=True, today=TODAY))

    for requirement in REQUIREMENT.values():
        assert coverage(seen, requirement, PUBLISHED_ON) == pytest.approx(
            coverage(now, requirement, PUBLISHED_ON), abs=0.02
        )
    assert max(answer.effective_on for one in seen for answer in one.answers) <= today
