"""The page of completeness by place and its file: scope, drill-down, doors that count what they say, journal."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from compliance.confirmations import deadline
from institutions.models import Journal
from tests.factories.compliance import ConfirmationFactory, EntryFactory, ItemFactory
from tests.factories.institutions import (
    AnalystFactory,
    ApproverFactory,
    DirectorFactory,
    InstitutionFactory,
    UserFactory,
)
from tests.reporting.test_attachments import rows_of_xlsx

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]
REGIONS = "/quarters/2026Q1/regions/"
FILE = f"{REGIONS}file/"


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def school(fixed_now, order, places):
    made = InstitutionFactory(locality=places.city, large_city=places.large_city)
    period = order.period("2026Q1")
    ConfirmationFactory(institution=made, period=period, at=deadline(period) - timedelta(days=1))
    old = fixed_now - timedelta(days=20)
    EntryFactory(item=ItemFactory(institution=made), submitted=True, effective_on=date(2026, 2, 1), now=old)
    return made


@pytest.fixture
def neighbour(school, places):
    return InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)


@pytest.fixture
def analyst(school, neighbour):
    return signed_in(AnalystFactory().user)


@pytest.fixture
def approver(school, neighbour, places):
    return signed_in(ApproverFactory(region=places.region).user)


def places_in(response: Any) -> list[str]:
    return [row.place for row in response.context["table"].rows]


def test_the_ministry_drills_down_from_the_country_to_a_district(analyst):
    page = analyst.get(REGIONS)
    assert places_in(page) == ["KZ", "KZ-71", "KZ-35"]
    inside = analyst.get(page.context["table"].rows[2].url)
    assert places_in(inside) == ["KZ-35", "351000000", "354000000"]
    assert [step.label for step in inside.context["trail"]][2:] == ["By region", inside.context["table"].place]


def test_a_region_sees_its_own_places_alone(approver):
    assert places_in(approver.get(REGIONS)) == ["KZ-35", "351000000", "354000000"]
    for address in (REGIONS, FILE):
        assert approver.get(address, {"region": "KZ-71"}).status_code == 404
        assert approver.get(address, {"region": "nowhere"}).status_code == 404


def test_nobody_else_reads_it(school):
    for person in (DirectorFactory(institution=school).user, UserFactory()):
        assert [signed_in(person).get(address).status_code for address in (REGIONS, FILE)] == [404, 404]
    stranger = Client().get(REGIONS)
    assert (stranger.status_code, stranger.url) == (302, f"/accounts/login/?next={REGIONS}")
    assert signed_in(AnalystFactory().user).get("/quarters/2026Q3/regions/").status_code == 404


def test_each_figure_opens_as_many_institutions_as_it_counts(analyst):
    page = analyst.get(REGIONS).content.decode()
    doors = re.findall(
        r'<a class="q-figure" href="([^"#]+)#institutions">(?:<span[^>]*>[^<]*</span>)?([\d\s]+)</a>', page
    )
    assert len(doors) == 19  # three places; what has nothing to count has a dash and no door
    for address, figure in doors:
        found = analyst.get(unescape(address)).context["page"].paginator.count
        assert found == int(figure), address


@pytest.mark.parametrize(("days", "waiting"), [("", 1), ("14", 1), ("30", 0)])
def test_the_wait_is_as_long_as_the_query_says(analyst, days, waiting):
    page = analyst.get(REGIONS, {"days": days})
    assert page.context["table"].rows[0].counts.waiting == waiting


@pytest.mark.parametrize("days", ["-1", "x", "99999"])
def test_a_wrong_number_of_days_is_told_and_stays_as_it_was_typed(analyst, days):
    page = analyst.get(REGIONS, {"days": days})
    assert (page.status_code, page.context["table"], page.context["form"]["days"].value()) == (422, None, days)
    assert list(page.context["form"].errors) == ["days"]
    assert analyst.get(FILE, {"days": days}).status_code == 404


def test_the_table_is_taken_away_as_a_file_and_the_journal_says_so(analyst):
    answer = analyst.get(FILE, {"kind": "csv", "region": "KZ-35", "days": "7"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="qalqan-2026Q1-KZ-35.csv"'
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(line["place"], line["expected"], line["confirmed"], line["waiting"]) for line in lines] == [
        ("KZ-35", "1", "1", "1"),
        ("351000000", "1", "1", "1"),
        ("354000000", "0", "0", "0"),
    ]
    assert Journal.objects.get(action="period.download").after == {
        "period": "2026Q1", "region": "KZ-35", "days": 7, "kind": "csv",
    }  # fmt: skip


def test_the_spreadsheet_says_the_same_in_the_readers_words(analyst):
    answer = analyst.get(FILE)
    rows = rows_of_xlsx(answer.content, columns=11)
    assert (rows[0][2:5], len(rows)) == (["Should confirm", "Confirmed", "Confirmed, %"], 4)
    assert rows[1][2:] == [2, 1, 50, 1, 50, 1, 0, 0, 1]
    assert Journal.objects.filter(action="period.download").count() == 1


def test_another_kind_of_file_is_not_there(analyst):
    assert analyst.get(FILE, {"kind": "exe"}).status_code == 404
    assert not Journal.objects.filter(action="period.download").exists()


@pytest.mark.parametrize("more", [1, 3])
def test_query_counts_do_not_grow(approver, places, more, django_assert_num_queries):
    InstitutionFactory.create_batch(more, locality=places.district)
    approver.get(REGIONS)
    with django_assert_num_queries(14):
        approver.get(REGIONS)
