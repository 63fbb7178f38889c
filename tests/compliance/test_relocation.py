"""Institutions of a locality move to another one from a day on, in steps that can be begun again."""

from __future__ import annotations

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from compliance import enrolment, relocation
from institutions.models import Institution, Journal, Locality
from tests.factories.institutions import InstitutionFactory, LocalityFactory, SettlementFactory

pytestmark = pytest.mark.django_db

SINCE = date(2026, 5, 1)


@pytest.fixture
def new_district(places) -> Locality:
    """A district of another region with settlements of the same names, and one more."""
    district = LocalityFactory()
    for settlement in (places.centre, places.town):
        SettlementFactory(locality=district, name_kk=settlement.name_kk, settlement_class=settlement.settlement_class)
    SettlementFactory(locality=district, name_kk="Жаңа ауыл")
    return district


@pytest.fixture
def schools(fixed_now, order, places, new_district) -> list[Institution]:
    return [InstitutionFactory(locality=places.district, settlement=one) for one in (places.centre, places.town)]


def lives(institution) -> list[tuple]:
    fields = ("valid_from", "locality__kato", "settlement__name_kk", "learners")
    return list(institution.states.order_by("valid_from").values_list(*fields))


def run(source, target, *more: str) -> str:
    out = StringIO()
    call_command(
        "move_institutions", "--from", source.kato, "--to", target.kato, "--since", "2026-05-01",
        "--reason", "Жарлық № 887", *more, stdout=out,
    )  # fmt: skip
    return out.getvalue()


def test_each_moves_to_the_settlement_of_the_same_name(schools, places, new_district):
    said = run(places.district, new_district)
    assert said.endswith(f"2 institutions moved from {places.district.kato} to {new_district.kato} on 2026-05-01.\n")
    for school, settlement in zip(schools, (places.centre, places.town), strict=True):
        assert lives(school) == [
            (date(2022, 9, 1), places.district.kato, settlement.name_kk, 240),
            (SINCE, new_district.kato, settlement.name_kk, 240),
        ]
    row = Journal.objects.get(action="locality.move")
    assert (row.before, row.after["locality"], row.after["institutions"]) == (
        {"locality": places.district.kato}, new_district.kato, 2,
    )  # fmt: skip


def test_later_known_states_move_as_well_and_others_stay(schools, places, new_district, fixed_now):
    enrolment.change_institution(schools[0], since=date(2026, 5, 10), by=None, now=fixed_now, learners=300)
    elsewhere = InstitutionFactory(locality=places.city)
    coming = InstitutionFactory(locality=places.district, settlement=places.town, since=date(2026, 9, 1))
    run(places.district, new_district)
    assert [(day, kato, learners) for day, kato, _name, learners in lives(schools[0])] == [
        (date(2022, 9, 1), places.district.kato, 240),
        (SINCE, new_district.kato, 240),
        (date(2026, 5, 10), new_district.kato, 300),
    ]
    assert [life[1] for life in lives(elsewhere)] == [places.city.kato]
    assert lives(coming) == [(date(2026, 9, 1), new_district.kato, places.town.name_kk, 240)]


def test_begun_again_it_does_the_rest(schools, places, new_district, fixed_now):
    plan = relocation.plan(places.district, new_district, since=SINCE)
    assert next(relocation.move(plan, by=None, now=fixed_now, reason="Жарлық")) == 1  # and there it stops
    again = relocation.plan(places.district, new_district, since=SINCE)
    assert again.institutions == [schools[1].pk]
    # The first plan, begun again, passes over who has moved.
    assert list(relocation.move(plan, by=None, now=fixed_now, reason="Жарлық")) == [0, 1]
    assert [len(lives(school)) for school in schools] == [2, 2]
    assert relocation.plan(places.district, new_district, since=SINCE).institutions == []


def test_where_nobody_moves_nothing_is_noted(schools, places, new_district, fixed_now):
    """Somebody else has moved them all in the meantime."""
    plan = relocation.plan(places.district, new_district, since=SINCE)
    run(places.district, new_district)
    before = Journal.objects.count()
    assert list(relocation.move(plan, by=None, now=fixed_now, reason="Жарлық")) == [0, 0]
    assert "0 institutions moved" in run(places.district, new_district)
    assert Journal.objects.count() == before


def test_a_dry_run_changes_nothing(schools, places, new_district):
    before = [lives(school) for school in schools]
    said = run(places.district, new_district, "--dry-run")
    assert "2 institutions would move" in said
    assert places.centre.name_kk in said
    assert [lives(school) for school in schools] == before
    assert not Journal.objects.filter(action="locality.move").exists()


def test_a_settlement_without_a_counterpart_stops_it_before_anything(schools, places, new_district):
    village = InstitutionFactory(locality=places.district, settlement=places.village)
    with pytest.raises(CommandError, match=places.village.kato):
        run(places.district, new_district)
    assert [len(lives(school)) for school in (*schools, village)] == [1, 1, 1]
    new = new_district.settlements.get(name_kk="Жаңа ауыл")
    run(places.district, new_district, "--settlement", f"{places.village.kato}={new.kato}")
    assert lives(village)[-1][2] == "Жаңа ауыл"


def test_only_the_named_settlements_move(schools, places, new_district):
    InstitutionFactory(locality=places.district, settlement=places.village)
    assert "1 institutions moved" in run(places.district, new_district, "--only", places.town.kato)
    assert [len(lives(school)) for school in schools] == [1, 2]


def test_a_district_of_a_city_of_republican_significance_needs_no_settlement(schools, places):
    run(places.district, places.capital_district)
    schools[0].refresh_from_db()
    assert (schools[0].settlement, schools[0].settlement_class, schools[0].large_city) == (
        None, "republican_city", places.capital_city,
    )  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        ["--from", "354000000", "--to", "000000000", "--since", "2026-05-01", "--reason", "Жарлық"],
        ["--from", "354000000", "--to", "354000000", "--since", "2026-05-01", "--reason", "Жарлық"],
        ["--from", "354000000", "--to", "351000000", "--since", "2026-02-31", "--reason", "Жарлық"],
        ["--from", "354000000", "--to", "351000000", "--since", "0203-05-01", "--reason", "Жарлық"],
        ["--from", "354000000", "--to", "351000000", "--since", "2026-05-01"],
        ["--from", "354000000", "--to", "351000000", "--since", "2026-05-01", "--reason", "Ж", "--only", "1"],
    ],
)
def test_a_wrong_call_says_so_and_moves_nobody(schools, wrong):
    with pytest.raises(CommandError):
        call_command("move_institutions", *wrong)
    assert [len(lives(school)) for school in schools] == [1, 1]


def test_what_lies_in_no_settlement_stays_where_it_is(schools, places, new_district):
    lost = InstitutionFactory(locality=places.district, settlement=None)
    run(places.district, new_district)
    assert [life[1] for life in lives(lost)] == [places.district.kato]
