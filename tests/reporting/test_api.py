"""The API: the same scope, the same figures, a message for each wrong parameter, a schema without warnings."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from compliance.enums import Measure, Status
from compliance.models import ChecklistItem
from institutions.enums import Kind
from institutions.models import Journal
from reporting import sums
from tests.factories.compliance import ConfirmationFactory, EntryFactory, ItemFactory
from tests.factories.institutions import (
    AnalystFactory,
    ApproverFactory,
    DirectorFactory,
    InstitutionFactory,
    UserFactory,
)
from tests.factories.pictures import picture

pytestmark = pytest.mark.django_db
INSTITUTIONS = "/api/v1/institutions/"
ITEMS = "/api/v1/items/"
ENTRIES = "/api/v1/entries/"
COVERAGE = "/api/v1/coverage/"
SCHEMA = "/api/v1/schema/"
PERIODS = "/api/v1/periods/"


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def school(fixed_now, order, places):
    made = InstitutionFactory(locality=places.city, large_city=places.large_city, settlement=places.city_settlement)
    EntryFactory(item=ItemFactory(institution=made, measure=Measure.CCTV_INSTALLED), approved=True)
    sums.fold()
    return made


@pytest.fixture
def neighbour(school, places):
    made = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city, kind=Kind.KINDERGARTEN)
    sums.fold()
    return made


@pytest.fixture
def approver(school, neighbour, places):
    return signed_in(ApproverFactory(region=places.region).user)


# --- quarters --------------------------------------------------------------------------------------


def test_quarters_are_told_with_the_counts_of_the_readers_scope(approver, school, neighbour, order):
    period = order.period("2026Q1")
    for institution in (school, neighbour):
        ConfirmationFactory(institution=institution, period=period)
    EntryFactory(item=ItemFactory(institution=neighbour), submitted=True, effective_on=period.ends_on)
    told = {row["code"]: row for row in approver.get(PERIODS).json()}
    assert next(iter(told)) == "2026Q2"
    assert told["2026Q1"] == {
        "code": "2026Q1",
        "starts_on": "2026-01-01",
        "ends_on": "2026-03-31",
        "state": "open",
        "closed_on": None,
        "closed_at": None,
        "expected": 1,
        "confirmed": 1,
        "on_time": 0,
        "waiting": 0,
        "exceptions": 0,
    }
    country = {row["code"]: row for row in signed_in(AnalystFactory().user).get(PERIODS).json()}
    assert (country["2026Q1"]["expected"], country["2026Q1"]["waiting"]) == (2, 1)
    assert signed_in(UserFactory()).get(PERIODS).json()[0]["expected"] == 0


def test_quarters_cannot_be_written(approver):
    assert [approver.post(PERIODS, {}).status_code, approver.delete(PERIODS).status_code] == [405, 405]


# --- scope -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [INSTITUTIONS, ITEMS, COVERAGE, SCHEMA])
def test_a_stranger_gets_nothing(url):
    response = Client().get(url)
    assert (response.status_code, "institution" in response.content.decode()) == (403, False)


@pytest.mark.parametrize("url", [INSTITUTIONS, ITEMS, COVERAGE])
@pytest.mark.parametrize("verb", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(approver, url, verb):
    assert getattr(approver, verb)(url, {}, content_type="application/json").status_code == 405


def test_institutions_are_those_in_reach(school, neighbour, places):
    def bins(user) -> list[str]:
        return [row["bin"] for row in signed_in(user).get(INSTITUTIONS).json()["results"]]

    assert bins(ApproverFactory(region=places.region).user) == [school.bin]
    assert bins(ApproverFactory(region=places.capital).user) == [neighbour.bin]
    assert bins(DirectorFactory(institution=school).user) == [school.bin]
    assert bins(UserFactory()) == []
    assert set(bins(AnalystFactory().user)) == {school.bin, neighbour.bin}


def test_an_institution_is_found_by_its_bin(approver, school, places):
    assert approver.get(f"{INSTITUTIONS}{school.bin}/").json() == {
        "bin": school.bin,
        "name_kk": school.name_kk,
        "name_ru": school.name_ru,
        "kind": "school",
        "ownership": "state",
        "lifecycle": "open",
        "region": places.region.code,
        "locality": places.city.kato,
        "settlement": places.city_settlement.kato,
        "settlement_class": "regional_city",
        "large_city": places.large_city.kato,
        "staff": 30,
        "learners": 240,
        "facts": {},
        "address_kk": "Абай көшесі, 1",
        "address_ru": "улица Абая, 1",
        "latitude": None,
        "longitude": None,
        "phone": "",
        "email": "",
    }


def test_an_institution_without_settlement_says_null(neighbour, places):
    found = signed_in(AnalystFactory().user).get(f"{INSTITUTIONS}{neighbour.bin}/").json()
    assert (found["settlement"], found["large_city"]) == (None, places.capital_city.kato)


def test_an_institution_out_of_reach_is_not_found_like_one_that_does_not_exist(approver, neighbour):
    answers = [approver.get(f"{INSTITUTIONS}{bin_number}/") for bin_number in (neighbour.bin, "000000000000")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_items_are_those_of_institutions_in_reach(approver, school, neighbour):
    found = approver.get(ITEMS, {"page_size": 1000}).json()
    assert found["count"] == ChecklistItem.objects.filter(institution=school).count()
    assert {row["institution"] for row in found["results"]} == {school.bin}
    assert approver.get(ITEMS, {"institution": neighbour.bin}).json()["results"] == []


def test_an_item_says_what_it_counts_as(approver, school, order):
    item = ItemFactory(institution=school, measure=Measure.CCTV_INSTALLED)
    (found,) = approver.get(ITEMS, {"measure": "cctv_installed"}).json()["results"]
    assert found == {
        "id": item.pk,
        "institution": school.bin,
        "requirement": order.measures["cctv_installed"].code,
        "measure": "cctv_installed",
        "listed": True,
        "obliged": item.obliged,
        "status": "met",
        "valid_until": item.valid_until and item.valid_until.isoformat(),
        "photos": 0,
    }


def test_photos_are_told_by_their_number_alone(approver, school, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    item = ItemFactory(institution=school, code="ACC-POST")
    EntryFactory(item=item, photos=[picture(1), picture(2)], approved=True)
    EntryFactory(item=item, photos=[picture(3)], submitted=True)
    (found,) = approver.get(ITEMS, {"requirement": "ACC-POST"}).json()["results"]
    assert found["photos"] == 2


@pytest.mark.parametrize(
    ("asked", "matching"),
    [
        ({"status": "met"}, {"status": Status.MET}),
        ({"status": "unknown", "listed": "true"}, {"status": Status.UNKNOWN, "listed": True}),
        ({"requirement": "ACC-POST"}, {"requirement__code": "ACC-POST"}),
        ({"obliged": "false"}, {"obliged": False}),
    ],
)
def test_items_are_filtered(approver, school, asked, matching):
    found = approver.get(ITEMS, {**asked, "page_size": 1000}).json()["results"]
    expected = ChecklistItem.objects.filter(institution=school, **matching)
    assert sorted(row["id"] for row in found) == sorted(expected.values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"region": "KZ-35"}, ["school"]),
        ({"kind": "kindergarten"}, ["neighbour"]),
        ({"large_city": "351010000"}, ["school"]),
        ({"locality": "711110000"}, ["neighbour"]),
        ({"lifecycle": "closed"}, []),
    ],
)
def test_institutions_are_filtered(school, neighbour, asked, found):
    rows = signed_in(AnalystFactory().user).get(INSTITUTIONS, asked).json()["results"]
    bins = {"school": school.bin, "neighbour": neighbour.bin}
    assert [row["bin"] for row in rows] == [bins[name] for name in found]


def test_institutions_are_searched_by_name(school, neighbour):
    rows = signed_in(AnalystFactory().user).get(INSTITUTIONS, {"q": school.name_kk}).json()["results"]
    assert [row["bin"] for row in rows] == [school.bin]


# --- coverage --------------------------------------------------------------------------------------


def test_coverage_is_what_the_reader_reaches(school, neighbour, places):
    def total(user) -> list[dict]:
        return signed_in(user).get(COVERAGE, {"measure": "cctv_installed"}).json()

    line = {"place": "KZ", "kind": "all", "total": 1, "covered": 1, "percent": 100}
    assert total(AnalystFactory().user) == [{**line, "total": 2, "percent": 50}]
    assert total(ApproverFactory(region=places.region).user) == [line]
    assert total(DirectorFactory(institution=neighbour).user) == [{**line, "covered": 0, "percent": 0}]
    assert total(UserFactory()) == [{**line, "total": 0, "covered": 0, "percent": None}]


def test_coverage_by_place_and_kind_names_the_empty_ones_too(approver, places):
    found = approver.get(COVERAGE, {"measure": "cctv_installed", "by": "region,kind"}).json()
    nothing = {"total": 0, "covered": 0, "percent": None}
    assert found == [
        {"place": places.region.code, "kind": "kindergarten", **nothing},
        {"place": places.region.code, "kind": "school", "total": 1, "covered": 1, "percent": 100},
        {"place": places.region.code, "kind": "college", **nothing},
    ]


def test_a_measure_of_the_large_cities_is_counted_there_unless_something_else_is_asked(school, places):
    InstitutionFactory(locality=places.district, staff=300, learners=2000)
    sums.fold()
    client = signed_in(AnalystFactory().user)

    def total(**asked) -> int:
        return client.get(COVERAGE, {"measure": "panic_button", **asked}).json()[0]["total"]

    assert (total(), total(scope="large_cities"), total(scope="national")) == (1, 1, 2)


def test_coverage_on_another_day_and_of_a_narrower_question(school, neighbour, places):
    client = signed_in(AnalystFactory().user)

    def counts(**asked) -> tuple[int, int]:
        (line,) = client.get(COVERAGE, {"measure": "cctv_installed", **asked}).json()
        return line["covered"], line["total"]

    assert counts(as_of="2026-05-09") == (0, 2)
    assert counts(as_of="2022-08-31") == (0, 0)
    assert counts(known_on="2026-05-19") == (0, 0)
    assert counts(kind="kindergarten") == (0, 1)
    assert counts(ownership="private") == (0, 0)
    assert counts(region=places.region.code) == (1, 1)
    assert counts(locality=places.capital_district.kato) == (0, 1)
    assert counts(city_line=places.large_city.line) == (1, 1)
    assert counts(obliged_only="0") == (1, 2)


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({}, ["measure"]),
        ({"measure": "cctv"}, ["measure"]),
        ({"measure": "turnstile", "as_of": "31.02.2023"}, ["as_of"]),
        ({"measure": "turnstile", "known_on": "yesterday", "kind": "university"}, ["kind", "known_on"]),
        ({"measure": "turnstile", "by": "region,street"}, ["by"]),
        ({"measure": "turnstile", "by": "kind,kind"}, ["by"]),
        ({"measure": "turnstile", "by": "city_line", "scope": "national"}, ["by"]),
        ({"measure": "turnstile", "scope": "village"}, ["scope"]),
        ({"measure": "turnstile", "obliged_only": "maybe"}, ["obliged_only"]),
        ({"measure": "turnstile", "region": "KZ-71"}, ["region"]),
        ({"measure": "turnstile", "region": "KZ-99"}, ["region"]),
        ({"measure": "turnstile", "locality": "711110000"}, ["locality"]),
        ({"measure": "turnstile", "city_line": "Рим"}, ["city_line"]),
        ({"measure": "turnstile", "ownership": "nobody"}, ["ownership"]),
    ],
)
def test_wrong_parameters_of_coverage_are_told_by_field(approver, asked, fields):
    response = approver.get(COVERAGE, asked)
    assert (response.status_code, sorted(response.json())) == (400, fields)
    assert all(isinstance(message, str) for messages in response.json().values() for message in messages)


def test_a_region_out_of_reach_is_refused_in_the_words_of_one_that_does_not_exist(approver):
    answers = [approver.get(COVERAGE, {"measure": "turnstile", "region": code}) for code in ("KZ-71", "KZ-99")]
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        (INSTITUTIONS, {"kind": "university"}),
        (INSTITUTIONS, {"region": "KZ-99"}),
        (ITEMS, {"status": "perfect"}),
        (ITEMS, {"measure": "moat"}),
        (ITEMS, {"requirement": "XX"}),
        (ENTRIES, {"state": "draft"}),
        (ENTRIES, {"reason": "mood"}),
    ],
)
def test_wrong_filters_are_told_by_field(approver, url, asked):
    response = approver.get(url, asked)
    assert (response.status_code, list(response.json())) == (400, list(asked))


# --- answers ---------------------------------------------------------------------------------------


@pytest.fixture
def waiting(school, neighbour):
    """Answers of the school that wait, came back or are drafts still, and one of the neighbour region."""
    codes = {"submitted": "ACC-ORDER", "returned": "ACC-PUPILS", "draft": "ACC-POST"}
    made = {to: EntryFactory(item=ItemFactory(institution=school, code=code), to=to) for to, code in codes.items()}
    return made | {"far": EntryFactory(item=ItemFactory(institution=neighbour, code="ACC-ORDER"), submitted=True)}


def test_an_answer_is_told_with_what_the_reader_may_do(approver, school, waiting, places):
    (told,) = approver.get(ENTRIES, {"waiting": "true"}).json()["results"]
    entry = waiting["submitted"]
    assert told == {
        "id": entry.pk,
        "institution": school.bin,
        "region": "KZ-35",
        "locality": places.city.kato,
        "requirement": "ACC-ORDER",
        "state": "submitted",
        "approved": "unknown",
        "status": "met",
        "effective_on": "2026-05-10",
        "valid_until": None,
        "submitted_at": "2026-05-20T10:00:00+05:00",
        "checked_at": None,
        "decided_at": None,
        "return_reason": "",
        "hash": entry.content_hash,
        "step": "approve",
    }


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["approved", "submitted", "returned"]),
        ({"waiting": "true"}, ["submitted"]),
        ({"waiting": "false"}, ["approved", "returned"]),
        ({"mine": "true"}, ["submitted"]),
        ({"state": "returned"}, ["returned"]),
        ({"reason": "no_proof"}, ["returned"]),
        ({"requirement": "ACC-ORDER"}, ["submitted"]),
        ({"region": "KZ-71"}, []),
        ({"submitted_before": "2026-05-20T00:00:00Z"}, []),
    ],
)
def test_answers_are_filtered_and_drafts_are_nobodys(approver, school, waiting, asked, found):
    assert [row["state"] for row in approver.get(ENTRIES, asked).json()["results"]] == found


def test_a_director_reads_what_waits_and_may_do_nothing_with_it(school, waiting):
    client = signed_in(DirectorFactory(institution=school).user)
    rows = client.get(ENTRIES, {"waiting": "true"}).json()["results"]
    assert [(row["id"], row["step"]) for row in rows] == [(waiting["submitted"].pk, "")]
    assert not Journal.objects.filter(action="entries.list").exists()


def test_where_the_district_checks_the_step_tells_whose_turn_it_is(approver, school, waiting, places):
    type(places.region).objects.filter(pk=places.region.pk).update(second_level=True)
    reviewer = signed_in(ApproverFactory(locality=places.city).user)
    for client, step in ((reviewer, "check"), (approver, "")):
        assert [row["step"] for row in client.get(ENTRIES, {"waiting": "true"}).json()["results"]] == [step]


def test_reading_answers_of_others_is_noted(approver, school, waiting):
    approver.get(ENTRIES, {"waiting": "true"})
    approver.get(ENTRIES, {"institution": school.bin})
    rows = Journal.objects.filter(action__in=["institution.read", "entries.list"]).order_by("pk")
    assert [(row.action, row.institution) for row in rows] == [("entries.list", None), ("institution.read", school)]


# --- journal, cost, schema -------------------------------------------------------------------------


def test_reading_the_items_of_one_institution_from_outside_is_noted(approver, school):
    approver.get(ITEMS, {"institution": school.bin})
    row = Journal.objects.get(action__in=["institution.read", "items.list"])
    assert (row.action, row.institution) == ("institution.read", school)


def test_reading_the_items_of_many_from_outside_is_noted_once_with_the_question(approver):
    approver.get(ITEMS, {"status": "not_met"})
    row = Journal.objects.get(action__in=["institution.read", "items.list"])
    assert (row.action, row.institution, row.after) == ("items.list", None, {"status": "not_met"})


def test_a_directors_reading_of_own_items_is_not_noted(school):
    client = signed_in(DirectorFactory(institution=school).user)
    assert client.get(ITEMS).json()["count"] > 0
    assert client.get(ITEMS, {"institution": school.bin}).json()["count"] > 0
    assert Journal.objects.filter(action__in=["institution.read", "items.list"]).count() == 0


@pytest.mark.parametrize("more", [0, 3])
@pytest.mark.parametrize(
    ("url", "queries"), [(INSTITUTIONS, 5), (ITEMS, 9), (ENTRIES, 11), (f"{COVERAGE}?measure=turnstile&by=region", 7)]
)
def test_the_queries_do_not_grow(school, places, django_assert_num_queries, url, queries, more):
    for _number in range(more):
        InstitutionFactory(locality=places.district)
    sums.fold()
    client = signed_in(AnalystFactory().user)
    with django_assert_num_queries(queries):
        client.get(url)


def test_the_schema_is_valid_and_without_warnings():
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--urlconf", "config.urls", stdout=out)
    text = out.getvalue()
    paths = [COVERAGE, ENTRIES, INSTITUTIONS, f"{INSTITUTIONS}{{bin}}/", ITEMS]
    assert [path for path in paths if f"  {path}:" in text] == paths
    assert "post:" not in text


def test_the_schema_is_served_to_whoever_signed_in():
    response = signed_in(UserFactory()).get(reverse("api:schema"))
    assert (response.status_code, b"openapi" in response.content) == (200, True)


def test_the_day_of_the_register_is_the_default(school, order):
    client = signed_in(AnalystFactory().user)
    asked = {"measure": "cctv_installed"}
    assert order.day == date(2026, 5, 20)
    assert client.get(COVERAGE, asked).json() == client.get(COVERAGE, {**asked, "as_of": "2026-05-20"}).json()
