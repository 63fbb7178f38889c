"""The table of coverage and the institutions behind its figures."""

import random
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from compliance import enrolment
from compliance.enums import Measure, Status
from institutions.enums import Kind, Ownership, SettlementClass
from institutions.models import Journal
from reporting import sums
from reporting.coverage import Dimension, Question, figures
from tests.factories.compliance import EntryFactory, InspectionFactory, ItemFactory
from tests.factories.institutions import (
    AnalystFactory,
    ApproverFactory,
    AuditorFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    LocalityFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]
TABLE = reverse("reporting:coverage")
BEHIND = reverse("reporting:behind")


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def answer(institution, measure, status=Status.MET, **fields) -> None:
    EntryFactory(item=ItemFactory(institution=institution, measure=measure), status=status, approved=True, **fields)


@pytest.fixture
def registry(fixed_now, order, places):
    """Two schools and a kindergarten in a large city, a rural school, a private college in the capital."""
    made = {
        "school": InstitutionFactory(locality=places.city, large_city=places.large_city, learners=100),
        "other_school": InstitutionFactory(locality=places.city, large_city=places.large_city, learners=200),
        "kindergarten": InstitutionFactory(
            locality=places.city, large_city=places.large_city, kind=Kind.KINDERGARTEN, learners=40
        ),
        "rural": InstitutionFactory(locality=places.district, learners=60),
        "college": InstitutionFactory(
            locality=places.capital_district,
            large_city=places.capital_city,
            kind=Kind.COLLEGE,
            ownership=Ownership.PRIVATE,
            learners=300,
        ),
    }
    answer(made["school"], Measure.CCTV_INSTALLED)
    answer(made["rural"], Measure.CCTV_INSTALLED)
    answer(made["other_school"], Measure.CCTV_INSTALLED, Status.PARTLY_MET)
    answer(made["college"], Measure.CCTV_INSTALLED)
    answer(made["kindergarten"], Measure.TURNSTILE)
    answer(made["college"], Measure.TURNSTILE, Status.NOT_MET)
    sums.fold()
    return made


def shown(response) -> list[tuple[str, list[str]]]:
    """Each row of the table: its label and its figures as "covered/total"."""
    return [
        (row.label, [f"{cell.counts.covered}/{cell.counts.total}" for cell in row.cells])
        for row in response.context["table"].rows
    ]


def first_column(response) -> dict[str, str]:
    return {label: figures[0] for label, figures in shown(response)}


def names(response) -> set[str]:
    return {institution.name_kk for institution, _status in response.context["rows"]}


# --- who sees what ---------------------------------------------------------------------------------


def test_an_analyst_sees_every_region_in_the_ministrys_order_below_the_sum(registry, places):
    response = signed_in(AnalystFactory().user).get(TABLE, {"scope": "large_cities"})
    assert shown(response) == [
        ("Total", ["2/4", "0/4", "0/4", "0/4", "1/4"]),
        (places.capital_city.line, ["1/1", "0/1", "0/1", "0/1", "0/1"]),
        (places.large_city.line, ["1/3", "0/3", "0/3", "0/3", "1/3"]),
    ]


def test_without_a_choice_all_institutions_are_counted_by_region(registry, places):
    response = signed_in(AnalystFactory().user).get(TABLE)
    assert first_column(response) == {"Total": "3/5", places.capital.name_kk: "1/1", places.region.name_kk: "2/4"}
    assert response.context["form"]["as_of"].value() == "2026-05-20"


def test_the_page_prints_percent_and_door_of_a_figure(registry):
    text = signed_in(AnalystFactory().user).get(TABLE, {"kind": "school"}).content.decode()
    assert '<span class="q-cell__percent">67%</span>' in text
    assert (
        '<a class="q-figure" href="/coverage/institutions/?measure=cctv_installed&amp;as_of=2026-05-20'
        '&amp;kind=school&amp;part=total">' in text
    )


def test_an_approver_sees_the_localities_of_the_own_region(registry, places):
    response = signed_in(ApproverFactory(region=places.region).user).get(TABLE)
    assert first_column(response) == {"Total": "2/4", places.city.name_kk: "1/3", places.district.name_kk: "1/1"}
    assert [step.label for step in response.context["table"].trail] == [places.region.name_kk]


def test_a_district_editor_sees_the_district_alone(registry, places):
    response = signed_in(EditorFactory(locality=places.district).user).get(TABLE)
    assert first_column(response) == {"Total": "1/1", places.district.name_kk: "1/1"}
    assert response.context["table"].place == f"{places.region.name_kk}, within my reach"


def test_a_director_sees_the_own_institution_alone(registry, places):
    response = signed_in(DirectorFactory(institution=registry["other_school"]).user).get(TABLE)
    assert first_column(response) == {"Total": "0/1", places.city.name_kk: "0/1"}


def test_a_person_without_a_role_sees_nothing(registry):
    response = signed_in(UserFactory()).get(TABLE)
    assert shown(response) == [("Total", ["0/0"] * 5)]


@pytest.mark.parametrize("url", [TABLE, BEHIND])
def test_a_stranger_is_asked_to_sign_in(url):
    response = Client().get(url)
    assert (response.status_code, response.url) == (302, f"{reverse('account_login')}?next={url}")


@pytest.mark.parametrize("url", [TABLE, BEHIND])
def test_a_place_out_of_reach_is_not_found_like_one_that_does_not_exist(registry, places, url):
    client = signed_in(ApproverFactory(region=places.region).user)
    figure = {"measure": "cctv_installed", "part": "total"}
    asked = [
        {"region": places.capital.code},
        {"region": "KZ-99"},
        {"locality": places.capital_district.kato},
        {"locality": "000000000"},
        {"city_line": places.capital_city.line},
        {"region": places.region.code, "locality": places.capital_district.kato},
    ]
    assert [client.get(url, {**figure, **place}).status_code for place in asked] == [404] * len(asked)
    assert client.get(url, {**figure, "region": places.region.code}).status_code == 200


# --- questions -------------------------------------------------------------------------------------


def test_by_kind_each_place_has_a_row_for_every_kind(registry, places):
    response = signed_in(AnalystFactory().user).get(TABLE, {"region": places.region.code, "kind": "by_kind"})
    rows = [(label, cells[0]) for label, cells in shown(response)]
    assert rows == [
        ("Total", "2/4"), ("Kindergarten", "0/1"), ("School", "2/3"), ("College", "0/0"),
        (places.city.name_kk, "1/3"), ("Kindergarten", "0/1"), ("School", "1/2"), ("College", "0/0"),
        (places.district.name_kk, "1/1"), ("Kindergarten", "0/0"), ("School", "1/1"), ("College", "0/0"),
    ]  # fmt: skip


def test_the_drill_leads_from_the_country_to_a_district_and_back(registry, places):
    client = signed_in(AnalystFactory().user)
    by_region = client.get(TABLE, {"ownership": "state"})
    region_row = next(row for row in by_region.context["table"].rows if row.label == places.region.name_kk)
    by_locality = client.get(region_row.url)
    locality_row = next(row for row in by_locality.context["table"].rows if row.label == places.city.name_kk)
    by_kind = client.get(locality_row.url)
    assert [row.label for row in by_kind.context["table"].rows] == ["Total", "Kindergarten", "School", "College"]
    trail = by_kind.context["table"].trail
    assert [step.label for step in trail] == ["Kazakhstan", places.region.name_kk, places.city.name_kk]
    assert shown(client.get(trail[1].url)) == shown(by_locality)
    assert shown(client.get(trail[0].url)) == shown(by_region)


def test_a_director_of_no_large_city_sees_a_dash_in_the_large_cities(registry):
    response = signed_in(DirectorFactory(institution=registry["rural"]).user).get(TABLE, {"scope": "large_cities"})
    assert shown(response) == [("Total", ["0/0"] * 5)]
    assert "nothing to count" in response.content.decode()


def test_the_day_and_the_knowledge_of_a_question_are_kept_apart(registry):
    client = signed_in(AnalystFactory().user)
    today = date(2026, 5, 20)

    def total(**asked) -> str:
        return first_column(client.get(TABLE, asked))["Total"]

    assert total(as_of=today - timedelta(days=11)) == "0/5"  # the answers are true since ten days
    assert total(as_of=today - timedelta(days=10)) == "3/5"
    assert total(as_of=today, known_on=today) == "3/5"
    assert total(as_of=today, known_on=today - timedelta(days=1)) == "0/0"  # nothing was known yet


def test_coverage_is_told_in_learners_too(registry, places):
    response = signed_in(AnalystFactory().user).get(TABLE, {"unit": "learners"})
    assert first_column(response)["Total"] == "460/700"


def test_any_item_of_the_order_can_be_asked_about(registry, order):
    code = order.measures["turnstile"].code
    response = signed_in(AnalystFactory().user).get(TABLE, {"requirement": code, "scope": "large_cities"})
    assert [column.code for column in response.context["table"].columns] == [code]
    assert first_column(response)["Total"] == "1/4"


def test_obliged_only_leaves_out_whom_only_the_report_counts(registry):
    client = signed_in(AnalystFactory().user)
    asked = {"scope": "large_cities", "as_of": "2026-08-01"}  # by then the new edition is in force
    expected = []
    for measure in Measure:
        question = Question(date(2026, 8, 1), measure=measure, scope="large_cities", obliged_only=True)
        (figure,) = figures(question, [])
        expected.append(f"{figure.counts.covered}/{figure.counts.total}")
    obliged = shown(client.get(TABLE, {**asked, "obliged_only": "on"}))[0]
    assert obliged == ("Total", expected)
    assert obliged != shown(client.get(TABLE, asked))[0]


@pytest.mark.parametrize("typed", ["31.02.2023", "2023-13-01", "кеше", "2023"])
def test_a_wrong_day_is_told_and_stays_as_it_was_typed(registry, typed):
    response = signed_in(AnalystFactory().user).get(TABLE, {"as_of": typed, "known_on": "2023-04-10"})
    text = response.content.decode()
    assert response.context["table"] is None
    assert "There is no such day. Write it like 2023-03-31." in text
    assert f'<input type="text" name="as_of" value="{typed}"' in text
    assert '<input type="date" name="known_on" value="2023-04-10"' in text


@pytest.mark.parametrize("asked", [{"kind": "университет"}, {"scope": "x"}, {"obliged_only": "maybe"}])
def test_a_wrong_word_in_the_address_is_told(registry, asked):
    response = signed_in(AnalystFactory().user).get(TABLE, asked)
    assert (response.status_code, response.context["table"]) == (200, None)
    assert set(response.context["form"].errors) == set(asked)
    assert next(iter(asked.values())) in response.content.decode()


def test_changes_that_are_not_yet_counted_are_said(registry):
    answer(registry["rural"], Measure.CCTV_CONNECTED)
    client = signed_in(AnalystFactory().user)
    waiting = sums.pending()
    assert f"{waiting} change" in client.get(TABLE).content.decode()
    sums.fold()
    assert "not yet counted" not in client.get(TABLE).content.decode()


# --- the same numbers everywhere -------------------------------------------------------------------


@pytest.mark.parametrize("measure", list(Measure))
def test_page_api_and_figures_say_the_same(registry, measure):
    client = signed_in(AnalystFactory().user)
    for scope, place in (("national", Dimension.REGION), ("large_cities", Dimension.CITY_LINE)):
        page = client.get(TABLE, {"scope": scope, "kind": "by_kind"})
        column = list(Measure).index(measure)
        table = [
            (row.cells[column].counts.total, row.cells[column].counts.covered, row.cells[column].counts.percent)
            for row in page.context["table"].rows
            if row.within and not row.is_sum
        ]
        asked = {"measure": measure, "by": f"{place},kind", "scope": scope}
        api = client.get(reverse("api:coverage"), asked).json()
        counted = figures(Question(date(2026, 5, 20), measure=measure, scope=scope), [place, Dimension.KIND])
        assert [(line["total"], line["covered"], line["percent"]) for line in api] == table
        assert [figure.as_dict() for figure in counted] == api
        assert table


def all_doors(client, **asked) -> list[tuple[str, dict[str, int]]]:
    """Each figure's door, with the counts of its parts."""
    return [
        (
            cell.door,
            {
                "covered": cell.counts.covered,
                "total": cell.counts.total,
                "not_covered": cell.counts.not_covered,
            },
        )
        for row in client.get(TABLE, asked).context["table"].rows
        for cell in row.cells
    ]


@pytest.mark.parametrize("role", ["analyst", "approver", "director"])
def test_every_figure_opens_exactly_its_institutions(registry, places, role):
    user = {
        "analyst": lambda: AnalystFactory(),
        "approver": lambda: ApproverFactory(region=places.region),
        "director": lambda: DirectorFactory(institution=registry["other_school"]),
    }[role]().user
    client = signed_in(user)
    doors = [
        *all_doors(client, kind="by_kind"),
        *all_doors(client, scope="large_cities", kind="by_kind"),
        *all_doors(client, region=places.region.code, obliged_only="on"),
        *all_doors(client, as_of="2026-05-01", ownership="state"),
    ]
    random.Random(117).shuffle(doors)
    opened = 0
    for door, counts in doors[:60]:
        for part, expected in counts.items():
            response = client.get(f"{door}&part={part}")
            assert response.context["page"].paginator.count == expected, (door, part)
            opened += expected
    assert opened


# --- the institutions behind a figure --------------------------------------------------------------


def test_the_list_names_institutions_and_what_they_count_as(registry):
    client = signed_in(AnalystFactory().user)
    response = client.get(BEHIND, {"measure": "cctv_installed", "part": "not_covered"})
    assert {institution.pk: status for institution, status in response.context["rows"]} == {
        registry["other_school"].pk: Status.PARTLY_MET,
        registry["kindergarten"].pk: Status.UNKNOWN,
    }
    assert [count for _part, _label, count in response.context["parts"]] == [3, 2, 5]
    assert reverse("institutions:detail", args=[registry["kindergarten"].bin]) in response.content.decode()


def test_the_list_leads_back_to_its_table(registry, places):
    asked = {"measure": "turnstile", "part": "total", "region": places.region.code, "as_of": "2026-05-01"}
    response = signed_in(AnalystFactory().user).get(BEHIND, asked)
    back = urlsplit(response.context["trail"][0].url)
    assert (back.path, parse_qs(back.query)) == (
        TABLE,
        {"as_of": ["2026-05-01"], "region": [places.region.code]},
    )


def test_a_list_in_learners_says_how_many(registry):
    asked = {"measure": "cctv_installed", "part": "covered", "unit": "learners"}
    response = signed_in(AnalystFactory().user).get(BEHIND, asked)
    assert (response.context["learners"], response.context["page"].paginator.count) == (460, 3)


def test_whoever_moved_away_is_counted_but_not_shown_to_the_old_region(registry, places, fixed_now):
    moved = registry["rural"]
    enrolment.change_institution(
        moved,
        since=fixed_now.date(),
        by=None,
        now=fixed_now,
        locality=places.capital_district,
        settlement=None,
        settlement_class=SettlementClass.REPUBLICAN_CITY,
    )
    sums.fold()
    asked = {"measure": "cctv_installed", "part": "total", "as_of": "2026-05-19"}
    response = signed_in(ApproverFactory(region=places.region).user).get(BEHIND, asked)
    assert [count for _part, _label, count in response.context["parts"]] == [2, 2, 4]
    assert (response.context["page"].paginator.count, response.context["elsewhere"]) == (3, 1)
    assert moved.name_kk not in names(response)
    assert "is not shown" in response.content.decode()


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({"measure": "cctv_installed"}, {"part"}),
        ({"part": "total"}, {"__all__"}),
        ({"part": "total", "measure": "cctv"}, {"measure"}),
        ({"part": "total", "measure": "turnstile", "requirement": "XX"}, {"requirement"}),
        ({"part": "total", "measure": "turnstile", "as_of": "31.02.2023"}, {"as_of"}),
    ],
)
def test_an_address_that_names_no_figure_is_told(registry, asked, wrong):
    response = signed_in(AnalystFactory().user).get(BEHIND, asked)
    assert response.status_code == 200
    assert set(response.context["form"].errors) == wrong
    assert "page" not in response.context
    assert Journal.objects.filter(action="coverage.list").count() == 0


# --- the journal -----------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["not_covered", "total"])
@pytest.mark.parametrize("factory", [AnalystFactory, AuditorFactory, ApproverFactory, EditorFactory])
def test_reading_the_gaps_of_others_is_noted_once_with_the_question(registry, places, factory, part):
    reader = (factory(region=places.region) if factory in (ApproverFactory, EditorFactory) else factory()).user
    asked = {"measure": "turnstile", "part": part, "as_of": "2026-05-20", "region": places.region.code}
    signed_in(reader).get(BEHIND, asked)
    row = Journal.objects.get(action="coverage.list")
    assert (row.user, row.subject, row.institution, row.after) == (reader, "coverage", None, {**asked, "page": 1})


def test_reading_who_is_covered_is_not_noted(registry):
    signed_in(AnalystFactory().user).get(BEHIND, {"measure": "turnstile", "part": "covered"})
    assert Journal.objects.filter(action="coverage.list").count() == 0


def test_a_directors_reading_of_their_own_gaps_is_not_noted(registry):
    director = DirectorFactory(institution=registry["school"]).user
    response = signed_in(director).get(BEHIND, {"measure": "turnstile", "part": "not_covered"})
    assert response.context["page"].paginator.count > 0
    assert Journal.objects.filter(action="coverage.list").count() == 0


def test_looking_at_the_table_writes_nothing(registry):
    client = signed_in(AnalystFactory().user)
    before = Journal.objects.count()
    client.get(TABLE)
    assert Journal.objects.count() == before


# --- cost ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [0, 3])
@pytest.mark.parametrize(
    ("asked", "queries"), [({}, 15), ({"scope": "large_cities", "kind": "by_kind"}, 15), ({"region": "KZ-35"}, 17)]
)
def test_the_tables_queries_do_not_grow(registry, places, django_assert_num_queries, more, asked, queries):
    for _number in range(more):
        InstitutionFactory(locality=LocalityFactory(region=places.region))
    sums.fold()
    client = signed_in(AnalystFactory().user)
    with django_assert_num_queries(queries):
        client.get(TABLE, asked)


@pytest.mark.parametrize("more", [0, 3])
def test_the_lists_queries_do_not_grow(registry, places, django_assert_num_queries, more):
    for _number in range(more):
        InstitutionFactory(locality=places.district)
    sums.fold()
    client = signed_in(AnalystFactory().user)
    with django_assert_num_queries(17):
        response = client.get(BEHIND, {"measure": "cctv_installed", "part": "total", "as_of": "2026-05-20"})
    assert len(response.context["rows"]) == 5 + more


# --- the three levels of truth ------------------------------------------------------------------------


def test_the_table_says_how_far_it_can_be_trusted_and_each_number_opens_its_institutions(order, places, fixed_now):
    schools = [InstitutionFactory(locality=places.city, large_city=places.large_city) for _school in range(4)]
    items = [ItemFactory(institution=school) for school in schools]
    for item in items[:3]:
        EntryFactory(item=item, effective_on=date(2026, 3, 1), approved=True)
    EntryFactory(item=items[3], submitted=True)
    EntryFactory(item=items[2], status=Status.NOT_MET, submitted=True)
    InspectionFactory(item=items[0], status=Status.MET)
    InspectionFactory(item=items[1], status=Status.NOT_MET)
    sums.fold()
    client = signed_in(AnalystFactory().user)
    found = client.get(TABLE)
    row = found.context["trust"][0]
    assert (row.declared, row.approved.counts.covered) == (3, 3)  # one more, one fewer
    assert (row.verified.counts.total, row.verified.counts.covered, row.verified.counts.percent) == (2, 1, 50)
    lengths = {
        part: client.get(f"{row.verified.door}&part={part}").context["page"].paginator.count
        for part in ("total", "covered", "not_covered")
    }
    assert lengths == {"total": 2, "covered": 1, "not_covered": 1}
    past = client.get(TABLE, {"as_of": "2026-05-01"}).context["trust"][0]
    assert (past.declared, past.verified.counts.total) == (None, 0)


def test_the_whole_table_is_there_at_the_verified_level(order, places, fixed_now):
    item = ItemFactory(institution=InstitutionFactory(locality=places.city, large_city=places.large_city))
    InspectionFactory(item=item, status=Status.MET)
    sums.fold()
    client = signed_in(ApproverFactory(region=places.region).user)
    found = client.get(TABLE, {"level": "verified"})
    (total, *_others) = found.context["table"].rows
    assert (total.cells[0].counts.covered, total.cells[0].counts.total) == (1, 1)
    assert "level=verified" in total.cells[0].door
    assert client.get(TABLE, {"level": "believed"}).context["table"] is None
