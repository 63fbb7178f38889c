"""What a list would change: row by row, with everything that is wrong with a row at once."""

from __future__ import annotations

from datetime import date

import pytest

from compliance import merging
from compliance.imports.problems import in_words
from compliance.models import ImportRun
from institutions.enums import Kind
from institutions.models import Institution, InstitutionState
from tests.compliance.imports.lists import BIN_1, BIN_2, HEADINGS, checked, new_row, workbook
from tests.factories.institutions import AdministratorFactory, EditorFactory, InstitutionFactory

SINCE = date(2026, 5, 1)


@pytest.fixture
def check(fixed_now, order, places, settings, tmp_path, source_words):
    """Check rows (below the usual headings, or others) as an editor of the region; returns the run."""
    settings.MEDIA_ROOT = tmp_path / "media"
    editor = EditorFactory(region=places.region).user

    def run(*rows, headings=HEADINGS, by=editor) -> ImportRun:
        return checked(workbook([headings, *rows]), by=by, since=SINCE, now=fixed_now)

    return run


def outcomes(run) -> list[str]:
    return list(run.rows.values_list("outcome", flat=True))


def reasons(run, number: int = 2) -> list[tuple[str, str]]:
    """Column and code of what is wrong with a row."""
    return [(reason["column"], reason["code"]) for reason in run.rows.get(number=number).reasons]


def test_a_new_institution_is_found_with_its_place(check, places):
    run = check(new_row(BIN_1), new_row(BIN_2, place="Қарағанды қ.", settlement=None, kind="колледж"))
    assert (run.state, run.rows_read, run.rows_new) == ("checked", 2, 2)
    village, city = run.rows.all()
    assert village.changes == {
        "state": {
            "kind": "school",
            "ownership": "state",
            "lifecycle": "open",
            "staff": 20,
            "learners": 200,
            "locality_id": places.district.pk,
            "settlement_id": places.centre.pk,
            "settlement_class": places.centre.settlement_class,
            "large_city_id": None,
            "facts": {},
        },
        "details": {"name_kk": "№ 1 мектеп", "name_ru": "Школа № 1"},
    }
    # A city of regional significance is its own settlement, and one of the large cities.
    assert city.changes["state"]["settlement_id"] == places.city_settlement.pk
    assert city.changes["state"]["large_city_id"] == places.large_city.pk
    assert (city.changes["state"]["kind"], city.since) == ("college", SINCE)


def test_a_district_of_the_capital_has_no_settlement(check, places):
    administrator = AdministratorFactory().user
    run = check(new_row(BIN_1, place="район Есиль", settlement=None), by=administrator)
    state = run.rows.get().changes["state"]
    assert (state["locality_id"], state["settlement_id"]) == (places.other_capital_district.pk, None)
    assert (state["settlement_class"], state["large_city_id"]) == ("republican_city", places.capital_city.pk)


def test_a_known_institution_shows_what_changes_from_what_to_what(check, places):
    school = InstitutionFactory(locality=places.district, name_kk="Ескі  атау", staff=20, learners=10)
    headings = ("БИН", "Наименование на казахском", "Обучающиеся", "Населённый пункт", "Телефон", "leased")
    run = check([school.bin, "Жаңа атау", 11, "Трудовое", None], headings=headings)
    row = run.rows.get()
    assert row.outcome == "changed"
    assert row.differences == [
        {"field": "name_kk", "old": "Ескі  атау", "new": "Жаңа атау"},
        {"field": "learners", "old": 10, "new": 11},
        {"field": "settlement", "old": school.settlement.kato, "new": places.village.kato},
    ]
    assert row.changes["state"].keys() == row.before["state"].keys()
    assert row.before["details"] == {"name_kk": "Ескі  атау"}
    assert Institution.objects.get().name_kk == "Ескі  атау"  # nothing is changed yet


def test_what_the_register_has_already_is_unchanged(check, places):
    school = InstitutionFactory(locality=places.district, name_kk="Екі  бос орын")
    run = check([school.bin, "Екі бос орын", "мектеп", None], headings=("БСН", "Атауы", "Түрі", "Телефон"))
    assert (outcomes(run), run.rows_unchanged) == (["unchanged"], 1)


def test_a_row_is_compared_with_the_register_on_its_own_day(check, places, fixed_now):
    school = InstitutionFactory(locality=places.district, learners=10, since=date(2026, 1, 1))
    headings = ("БИН", "Обучающиеся", "Действует с")
    assert outcomes(check([school.bin, 11, "2026-04-01"], headings=headings)) == ["changed"]
    early = check([school.bin, 11, date(2025, 12, 31)], headings=headings)
    assert reasons(early) == [("since", "too_early")]
    assert in_words(early.rows.get().reasons[0]).endswith("The register knows this institution only since 01.01.2026.")
    assert reasons(check([school.bin, 11, "21.05.2026"], headings=headings)) == [("since", "future_day")]


def test_a_fact_is_added_to_those_that_are_known(check, places):
    school = InstitutionFactory(locality=places.district, facts={"has_grounds": True})
    run = check([school.bin, "иә"], headings=("БСН", "fact_leased"))
    row = run.rows.get()
    assert row.changes["state"] == {"facts": {"has_grounds": True, "leased": True}}
    assert row.differences == [{"field": "fact_leased", "old": None, "new": True}]


def test_a_move_brings_settlement_and_large_city_along(check, places):
    school = InstitutionFactory(locality=places.district)
    run = check([school.bin, "г. Караганда"], headings=("БИН", "Район"))
    assert run.rows.get().changes["state"] == {
        "locality_id": places.city.pk,
        "settlement_id": places.city_settlement.pk,
        "settlement_class": "regional_city",
        "large_city_id": places.large_city.pk,
    }


def test_all_that_is_wrong_with_a_row_is_said_at_once(check):
    run = check(new_row("123", place="Марс ауданы", kind="университет", staff=-1, learners="көп", name_ru=None))
    assert reasons(run) == [
        ("bin", "bin_zeros"),
        ("kind", "unknown_choice"),
        ("staff", "negative"),
        ("learners", "no_number"),
    ]
    run = check(new_row(BIN_1, place="Марс ауданы", kind="университет", name_ru=None))
    assert reasons(run) == [("kind", "unknown_choice"), ("name_ru", "missing"), ("locality", "unknown_place")]
    assert in_words(run.rows.get().reasons[0]).endswith("“университет” is none of: kindergarten, school, college")
    assert (run.rows_read, run.rows_refused, run.rows.get().changes) == (1, 1, {})


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"settlement": "Жоқауыл"}, ("settlement", "unknown_place")),
        ({"settlement": None}, ("settlement", "missing")),
        ({"place": None}, ("locality", "missing")),
        ({"place": "Есіл ауданы"}, ("locality", "not_found")),
        ({"ownership": "ортақ"}, ("ownership", "unknown_choice")),
        ({"name_kk": "м" * 301}, ("name_kk", "too_long")),
    ],
)
def test_what_is_wrong_with_a_new_row(check, changed, expected):
    assert reasons(check(new_row(BIN_1, **changed))) == [expected]


def test_a_code_and_a_name_have_to_be_of_one_place(check, places):
    school = InstitutionFactory(locality=places.district)
    headings = ("БИН", "Район", "КАТО района")
    assert reasons(check([school.bin, "Бұқар жырау", places.city.kato], headings=headings)) == [
        ("locality", "kato_differs")
    ]
    assert outcomes(check([school.bin, "Бұқар жырау", places.district.kato], headings=headings)) == ["unchanged"]


def test_districts_of_one_name_are_told_apart_by_their_region(check, places):
    administrator = AdministratorFactory().user
    places.district.name_kk = places.district.name_ru = "Есіл ауданы"
    places.district.save()
    school = InstitutionFactory(locality=places.district)
    twice = check([school.bin, "Есіл"], headings=("БИН", "Район"), by=administrator)
    assert reasons(twice) == [("locality", "ambiguous_place")]
    headings = ("БИН", "Район", "Область")
    assert outcomes(check([school.bin, "Есіл", "Карагандинская"], headings=headings, by=administrator)) == ["unchanged"]
    nowhere = check([school.bin, "Есіл", "Луна"], headings=headings, by=administrator)
    assert reasons(nowhere) == [("locality", "unknown_place")]
    # An editor reaches one of the two alone.
    assert outcomes(check([school.bin, "Есіл"], headings=("БИН", "Район"))) == ["unchanged"]


def test_a_bin_that_stands_twice_is_taken_from_no_row(check):
    run = check(new_row(BIN_1), new_row(BIN_2), new_row(BIN_1))
    assert outcomes(run) == ["refused", "new", "refused"]
    assert run.rows.get(number=4).reasons[0]["params"] == {"rows": "2, 4"}


def test_another_region_is_not_found_whatever_stands_in_the_row(check, places):
    foreign = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city, staff=1)
    run = check(new_row(foreign.bin, staff=-5), new_row(BIN_1, place="Есіл ауданы"))
    # What is wrong with the cells is said; what the register knows is not.
    assert (reasons(run, 2), reasons(run, 3)) == (
        [("staff", "negative"), ("bin", "not_found")],
        [("locality", "not_found")],
    )
    assert run.rows.get(number=2).institution is None


def test_an_editor_of_one_locality_reaches_that_alone(check, places):
    editor = EditorFactory(locality=places.city).user
    run = check(new_row(BIN_1, place="Қарағанды қ.", settlement=None), new_row(BIN_2), by=editor)
    assert outcomes(run) == ["new", "refused"]


def test_ten_rows_cost_no_more_queries_than_one(check, places, django_assert_max_num_queries):
    schools = [InstitutionFactory(locality=places.district) for _number in range(10)]
    with django_assert_max_num_queries(40):
        run = check(*([school.bin, 5] for school in schools), headings=("БИН", "Обучающиеся"))
    assert (run.rows_changed, InstitutionState.objects.count()) == (10, 10)
    assert {row.institution.kind for row in run.rows.select_related("institution")} == {Kind.SCHOOL}


def test_whose_population_a_city_is_only_the_ministry_enters(check, places):
    outside = InstitutionFactory(locality=places.district)
    within = InstitutionFactory(locality=places.city, large_city=places.large_city)
    headings, city = ("БИН", "Крупный город"), places.large_city.name_ru
    # What the place gives, as an export has it, may stand there.
    run = check([outside.bin, city], [within.bin, city], headings=headings)
    assert (reasons(run), outcomes(run)) == ([("large_city", "ministry_decides")], ["refused", "unchanged"])
    assert outcomes(check([outside.bin, city], headings=headings, by=AdministratorFactory().user)) == ["changed"]


def test_what_is_merged_into_another_is_not_opened_by_a_list(check, places, fixed_now):
    kept, twin = InstitutionFactory(locality=places.district), InstitutionFactory(locality=places.district)
    administrator = AdministratorFactory().user
    merging.merge(twin, into=kept, since=date(2026, 4, 1), reason="Екі рет", carry=[], by=administrator, now=fixed_now)
    headings = ("БИН", "Состояние", "Телефон")
    assert reasons(check([twin.bin, "действует", None], headings=headings)) == [("lifecycle", "merged")]
    assert outcomes(check([twin.bin, None, "7"], headings=headings)) == ["changed"]
