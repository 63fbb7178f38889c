"""The pages of quarters: who reads them, what follows each button, and what is said to whoever was slower."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from compliance import periods
from compliance.enums import PeriodState
from compliance.models import Period, PeriodException
from compliance.quarters import Part
from institutions.models import Journal
from tests.factories.compliance import ConfirmationFactory, EntryFactory, ItemFactory, PeriodExceptionFactory
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    AuditorFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]
LIST = "/quarters/"
Q1 = "/quarters/2026Q1/"
IN_Q1 = date(2026, 2, 1)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def school(fixed_now, order, places):
    return InstitutionFactory(locality=places.city, large_city=places.large_city, name_kk="Әуезов мектебі")


@pytest.fixture
def neighbour(school, places):
    return InstitutionFactory(
        locality=places.capital_district, large_city=places.capital_city, name_kk="Ақбота мектебі"
    )


@pytest.fixture
def administrator(school, neighbour):
    return AdministratorFactory(user__full_name="Әкімші").user


@pytest.fixture
def ministry(administrator):
    return signed_in(administrator)


@pytest.fixture
def period(order):
    return order.period("2026Q1")


# --- who reads -------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [LIST, Q1])
def test_everybody_of_the_ministry_and_the_regions_reads_and_nobody_else(school, places, address):
    people = {
        "editor": EditorFactory(region=places.region).user,
        "approver": ApproverFactory(region=places.region).user,
        "analyst": AnalystFactory().user,
        "auditor": AuditorFactory().user,
        "administrator": AdministratorFactory().user,
        "director": DirectorFactory(institution=school).user,
        "nobody": UserFactory(),
    }
    found = {who: signed_in(person).get(address).status_code for who, person in people.items()}
    assert found == dict.fromkeys(people, 200) | {"director": 404, "nobody": 404}
    stranger = Client().get(address)
    assert (stranger.status_code, stranger.url) == (302, f"/accounts/login/?next={address}")


ADMINISTRATORS_ALONE = ("begin-closing/", "close/", "reopen/", "exceptions/new/", "exceptions/{pk}/end/")


@pytest.mark.parametrize("page", ADMINISTRATORS_ALONE)
def test_nobody_but_an_administrator_moves_a_quarter(school, period, places, page):
    exception = PeriodExceptionFactory(period=period, institution=school)
    address = Q1 + page.format(pk=exception.pk)
    before = (Period.objects.values().get(pk=period.pk), PeriodException.objects.values().get())
    for membership in (AnalystFactory(), AuditorFactory(), ApproverFactory(region=places.region)):
        client = signed_in(membership.user)
        assert (client.get(address).status_code, client.post(address).status_code) == (404, 404)
    assert (Period.objects.values().get(pk=period.pk), PeriodException.objects.values().get()) == before


@pytest.mark.parametrize("code", ["2026Q3", "2021Q1", "nonsense"])
def test_a_quarter_that_has_not_begun_is_not_there(ministry, code):
    assert ministry.get(f"/quarters/{code}/").status_code == 404


def test_the_list_counts_within_the_scope(ministry, school, neighbour, period, places):
    ConfirmationFactory(institution=school, period=period)
    EntryFactory(item=ItemFactory(institution=neighbour), submitted=True, effective_on=IN_Q1)

    def counts(client: Client) -> dict[str, tuple[int, int, int]]:
        return {row.period.code: (row.expected, row.confirmed, row.waiting) for row in client.get(LIST).context["rows"]}

    region = signed_in(ApproverFactory(region=places.region).user)
    assert [list(counts(ministry))[:2], counts(ministry)["2026Q1"]] == [["2026Q2", "2026Q1"], (2, 1, 1)]
    assert counts(region)["2026Q1"] == (1, 1, 0)


def test_the_list_offers_to_administrators_what_can_be_done(ministry, period, fixed_now, places):
    periods.close_period(Period.objects.get(code="2025Q4"), by=None, now=fixed_now)
    page = ministry.get(LIST).content.decode()
    found = [
        address
        for address in (
            "/quarters/2026Q2/close/",
            "/quarters/2026Q1/begin-closing/",
            "/quarters/2026Q1/close/",
            "/quarters/2026Q1/reopen/",
            "/quarters/2025Q4/close/",
            "/quarters/2025Q4/reopen/",
        )
        if address in page
    ]
    assert found == ["/quarters/2026Q1/begin-closing/", "/quarters/2026Q1/close/", "/quarters/2025Q4/reopen/"]
    assert "/close/" not in signed_in(ApproverFactory(region=places.region).user).get(LIST).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_query_counts_do_not_grow(school, places, period, count, django_assert_num_queries):
    for institution in InstitutionFactory.create_batch(count, locality=places.district):
        ConfirmationFactory(institution=institution, period=period)
        PeriodExceptionFactory(institution=institution, period=period)
        EntryFactory(item=ItemFactory(institution=institution), submitted=True, effective_on=IN_Q1)
    client = signed_in(ApproverFactory(region=places.region).user)
    client.get(LIST)
    with django_assert_num_queries(12):
        client.get(LIST)
    with django_assert_num_queries(23):
        response = client.get(f"{Q1}?part=confirmed")
    assert len(response.context["lines"]) == count


# --- the institutions of a quarter -----------------------------------------------------------------


def names(client: Client, query: str = "") -> list[str]:
    return [line.institution.name_kk for line in client.get(f"{Q1}{query}").context["lines"]]


def test_who_has_not_confirmed_stands_on_the_quarters_page(ministry, school, neighbour, period, places):
    ConfirmationFactory(institution=neighbour, period=period, by__full_name="Директор", changes=2)
    assert names(ministry) == ["Әуезов мектебі"]
    assert names(ministry, "?part=confirmed") == ["Ақбота мектебі"]
    assert names(ministry, "?part=expected") == ["Ақбота мектебі", "Әуезов мектебі"]
    assert names(ministry, "?part=expected&region=KZ-71") == ["Ақбота мектебі"]
    assert names(ministry, "?part=expected&locality=351000000") == ["Әуезов мектебі"]
    assert names(ministry, "?part=expected&q=ауезов") == ["Әуезов мектебі"]
    assert names(signed_in(ApproverFactory(region=places.region).user), "?part=expected") == ["Әуезов мектебі"]
    page = ministry.get(f"{Q1}?part=confirmed").content.decode()
    assert "2 changes since the time before" in page
    assert "Директор" in page


def test_a_region_out_of_reach_and_nonsense_show_nobody(school, neighbour, places):
    client = signed_in(ApproverFactory(region=places.region).user)
    for query in ("?part=expected&region=KZ-71", "?part=nonsense", "?part=waiting&days=-1", "?days=nonsense"):
        assert names(client, query) == []


def test_each_tile_counts_as_many_as_its_list(ministry, school, neighbour, period):
    ConfirmationFactory(institution=school, period=period)
    tally = ministry.get(Q1).context["tally"]
    counted = {
        Part.EXPECTED: tally.expected,
        Part.CONFIRMED: tally.confirmed,
        Part.ON_TIME: tally.on_time,
        Part.UNCONFIRMED: tally.unconfirmed,
    }
    assert counted == {
        part: ministry.get(f"{Q1}?part={part.value}").context["page"].paginator.count for part in counted
    }
    assert counted == {Part.EXPECTED: 2, Part.CONFIRMED: 1, Part.ON_TIME: 0, Part.UNCONFIRMED: 1}


# --- the moves -------------------------------------------------------------------------------------


def test_a_quarter_is_closed_in_two_steps_and_opened_again(ministry, administrator, period):
    for page, state in (("begin-closing/", PeriodState.CLOSING), ("close/", PeriodState.CLOSED)):
        assert ministry.get(Q1 + page).status_code == 200
        answer = ministry.post(Q1 + page)
        assert (answer.status_code, answer.url) == (302, Q1)
        period.refresh_from_db()
        assert period.state == state
    assert period.closed_by == administrator
    assert "Closed by Әкімші" in ministry.get(Q1).content.decode()
    ministry.post(f"{Q1}reopen/", {"reason": "Қате табылды"})
    period.refresh_from_db()
    assert (period.state, period.reopen_note) == (PeriodState.OPEN, "Қате табылды")
    assert "Қате табылды" in ministry.get(Q1).content.decode()


def test_the_question_says_what_is_not_ready(ministry, school, neighbour, period):
    ConfirmationFactory(institution=school, period=period)
    EntryFactory(item=ItemFactory(institution=neighbour), submitted=True, effective_on=IN_Q1)
    assert ministry.get(f"{Q1}close/").context["step"].warnings == [
        "1 answer for the quarter waits. Approved after the close, it does not count in it.",
        "1 institution of 2 has not confirmed its record.",
    ]
    assert Period.objects.get(pk=period.pk).state == PeriodState.OPEN  # asking changes nothing


def test_a_quarter_is_not_opened_again_without_a_reason(ministry, period, fixed_now):
    periods.close_period(period, by=None, now=fixed_now)
    answer = ministry.post(f"{Q1}reopen/", {"reason": "  "})
    assert (answer.status_code, answer.context["form"].errors) == (422, {"reason": ["Say why."]})
    assert Period.objects.get(pk=period.pk).state == PeriodState.CLOSED


def closed_by_another(period, now):
    periods.close_period(period, by=UserFactory(full_name="Басқа адам"), now=now)


def begun_by_another(period, now):
    periods.begin_closing(period, by=UserFactory(), now=now)


@pytest.mark.parametrize(
    ("page", "before", "said"),
    [
        ("begin-closing/", closed_by_another, "The quarter is closed already: Басқа адам, 20.05.2026 10:00."),
        ("begin-closing/", begun_by_another, "The closing of the quarter has begun already."),
        ("close/", closed_by_another, "The quarter is closed already: Басқа адам, 20.05.2026 10:00."),
        ("reopen/", begun_by_another, "The quarter is not closed yet: its closing has begun."),
        ("reopen/", lambda period, now: None, "The quarter is open."),
    ],
)
def test_the_slower_of_two_is_told_what_is_so(ministry, period, fixed_now, page, before, said):
    before(period, fixed_now)
    journal = Journal.objects.count()
    answer = ministry.post(Q1 + page, {"reason": "Қате"})
    assert (answer.status_code, answer.context["refused"]) == (409, said)
    assert ministry.get(Q1 + page).context["refused"] == said
    assert Journal.objects.count() == journal


@pytest.mark.parametrize("page", ["begin-closing/", "close/"])
def test_a_quarter_that_runs_is_not_closed(ministry, page):
    answer = ministry.post(f"/quarters/2026Q2/{page}")
    said = "The quarter has not ended yet: this can be done from 01.07.2026 on."
    assert (answer.status_code, answer.context["refused"]) == (409, said)
    assert ministry.get(f"/quarters/2026Q2/{page}").context["refused"] == said
    assert Period.objects.get(code="2026Q2").state == PeriodState.OPEN


def test_a_quarter_closed_by_the_program_names_nobody(ministry, period, fixed_now):
    periods.close_period(period, by=None, now=fixed_now)
    assert ministry.post(f"{Q1}close/").context["refused"] == "The quarter is closed already."


# --- exceptions ------------------------------------------------------------------------------------

NEW = f"{Q1}exceptions/new/"


@pytest.fixture
def closing(period, fixed_now):
    periods.begin_closing(period, by=None, now=fixed_now)
    return period


def test_an_institution_is_found_by_name_or_bin(ministry, closing, school, neighbour):
    assert ministry.get(NEW).context["found"] == []
    assert ministry.get(NEW, {"q": "мектебі"}).context["found"] == [neighbour, school]
    assert ministry.get(NEW, {"q": school.bin}).context["found"] == [school]
    assert "No institution is like that" in ministry.get(NEW, {"q": "жоқ"}).content.decode()


def test_an_exception_is_granted(ministry, administrator, closing, school):
    sent = {"bin": school.bin, "until": "2026-05-25", "reason": "Өрт болды"}
    answer = ministry.post(f"{NEW}?q=ауезов", sent)
    assert (answer.status_code, answer.url) == (302, Q1)
    granted = PeriodException.objects.values("institution", "until", "reason", "granted_by").get()
    assert granted == {
        "institution": school.pk, "until": date(2026, 5, 25), "reason": "Өрт болды", "granted_by": administrator.pk,
    }  # fmt: skip
    assert list(ministry.get(Q1).context["exceptions"]) == [PeriodException.objects.get()]


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"bin": ""}, {"bin": ["required"]}),
        ({"bin": "000000000000"}, {"bin": ["invalid_choice"]}),
        ({"until": "2026-05-19"}, {"until": ["passed"]}),
        ({"until": "9999-12-31"}, {"until": ["invalid"]}),
        ({"reason": " "}, {"reason": ["required"]}),
    ],
)
def test_a_wrong_exception_comes_back_filled(ministry, closing, school, change, errors):
    sent = {"bin": school.bin, "until": "2026-05-25", "reason": "Өрт болды"} | change
    answer = ministry.post(f"{NEW}?q=ауезов", sent)
    found = {name: [one.code for one in said] for name, said in answer.context["form"].errors.as_data().items()}
    assert (answer.status_code, found) == (422, errors)
    for name in sent.keys() - change.keys() - {"bin"}:
        assert answer.context["form"][name].value() == sent[name]
    assert not PeriodException.objects.exists()


def test_a_second_exception_and_one_of_an_open_quarter_are_refused(ministry, closing, school):
    sent = {"bin": school.bin, "until": "2026-05-25", "reason": "Өрт болды"}
    PeriodExceptionFactory(period=closing, institution=school)
    twice = ministry.post(NEW, sent)
    assert (twice.status_code, twice.context["form"].errors) == (
        409, {"bin": ["This institution has an exception for the quarter already. End it first."]},
    )  # fmt: skip
    early = ministry.post("/quarters/2025Q4/exceptions/new/", sent)
    assert (early.status_code, early.context["form"].non_field_errors()) == (
        409, ["The quarter is open: every institution may still answer for it."],
    )  # fmt: skip
    assert PeriodException.objects.count() == 1


def test_an_exception_is_ended_early_and_only_once(ministry, closing, school, order):
    exception = PeriodExceptionFactory(period=closing, institution=school)
    address = reverse("compliance:exception_end", args=["2026Q1", exception.pk])
    assert "Өрт болды" in ministry.get(address).content.decode()
    for _again in range(2):
        assert ministry.post(address).url == Q1
    assert PeriodException.objects.get().until == order.day - timedelta(days=1)
    assert Journal.objects.filter(action="period.exception_end").count() == 1
    assert "The exception has ended already." in ministry.get(address).content.decode()
    assert ministry.get(reverse("compliance:exception_end", args=["2025Q4", exception.pk])).status_code == 404


def test_a_region_sees_the_exceptions_of_its_own(closing, school, neighbour, places):
    mine = PeriodExceptionFactory(period=closing, institution=school)
    PeriodExceptionFactory(period=closing, institution=neighbour)
    response = signed_in(ApproverFactory(region=places.region).user).get(Q1)
    assert list(response.context["exceptions"]) == [mine]
    assert "/exceptions/" not in response.content.decode()
