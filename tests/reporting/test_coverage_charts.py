"""Coverage as a heat table, a map and a trend: each part says its figure and opens what it counts."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from compliance.enums import Status
from institutions.enums import Kind
from institutions.models import Journal
from reporting import charts, sums
from reporting.drawings import Part, draw
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import AnalystFactory, ApproverFactory, DirectorFactory, InstitutionFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]
COVERAGE = reverse("reporting:coverage")
DOOR = re.compile(r'<a href="([^"]*)" aria-label="([^"]*)"><title>')


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def doors(page: str) -> dict[str, str]:
    """What the parts of the page's drawing say → where they lead."""
    return {unescape(said): unescape(url) for url, said in DOOR.findall(page)}


@pytest.fixture
def school(fixed_now, order, places):
    """Of the region: covered since a hundred days. Of the capital: not covered."""
    school = InstitutionFactory(locality=places.district, kind=Kind.SCHOOL, learners=100)
    entry = EntryFactory(
        item=ItemFactory(institution=school, measure="cctv_installed"),
        status=Status.MET,
        effective_on=order.day - timedelta(days=100),
        approved=True,
    )
    other = InstitutionFactory(locality=places.capital_district, learners=300)
    EntryFactory(item=ItemFactory(institution=other, measure="cctv_installed"), status=Status.NOT_MET, approved=True)
    sums.fold()
    return entry.item.institution


def test_the_map_says_each_region_and_opens_it(school, places):
    page = signed_in(AnalystFactory().user).get(COVERAGE, {"view": "map", "mapped": "cctv_installed"}).content.decode()
    found = doors(page)
    assert found[f"{places.region.name}: 100%: 1 of 1"].startswith(f"{COVERAGE}?as_of=")
    assert parse_qs(urlsplit(found[f"{places.region.name}: 100%: 1 of 1"]).query)["region"] == [places.region.code]
    assert f"{places.capital.name}: 0%: 0 of 1" in found
    assert "UNHCR" in page


def test_a_region_has_no_map_and_a_wish_for_one_shows_its_table(school, places):
    page = signed_in(ApproverFactory(region=places.region).user).get(COVERAGE, {"view": "map"}).content.decode()
    assert doors(page) == {}
    assert ">Map<" not in page
    assert '<table class="q-coverage-table' in page


def test_the_trend_says_each_quarter_and_opens_as_many_as_it_says(school):
    client = signed_in(AnalystFactory().user)
    page = client.get(COVERAGE, {"view": "trend"}).content.decode()
    told = {said: url for said, url in doors(page).items() if said.startswith("Video surveillance installed")}
    covered = [int(re.search(r": (\d+) of", said)[1]) for said in told]
    assert covered == [0, 0, 0, 0, 0, 0, 1, 1]  # the last quarters' ends, and today
    assert [client.get(url).context["page"].paginator.count for url in told.values()] == covered


def test_points_of_a_trend_agree_with_the_table_of_their_day(school):
    client = signed_in(AnalystFactory().user)
    trend = client.get(COVERAGE, {"view": "trend"}).context["trend"]
    for at, point in enumerate(trend.points):
        table = client.get(COVERAGE, {"as_of": point.day.isoformat()}).context["table"]
        assert [line.cells[at].counts for line in trend.lines] == [cell.counts for cell in table.rows[0].cells]


def test_a_director_sees_the_trend_of_the_own_facility(school):
    trend = signed_in(DirectorFactory(institution=school).user).get(COVERAGE, {"view": "trend"}).context["trend"]
    (installed,) = [line for line in trend.lines if line.column.asked == ("measure", "cctv_installed")]
    assert (installed.cells[-1].counts.covered, installed.cells[-1].counts.total) == (1, 1)


def test_a_heat_table_tints_by_class_and_opens_those_that_are_missing(school):
    page = signed_in(AnalystFactory().user).get(COVERAGE, {"view": "heat"}).content.decode()
    assert 'class="q-heat q-heat--5"' in page
    assert "part=not_covered" in page


def test_the_table_as_csv_has_the_figures_of_the_page(school, places):
    answer = signed_in(AnalystFactory().user).get(reverse("reporting:coverage_file"), {"format": "csv"})
    lines = answer.content.decode("utf-8-sig").splitlines()
    code = school.items.get(requirement__measure="cctv_installed").requirement.code
    assert lines[0] == "place,kind,requirement,covered,total,percent"
    assert f"{places.region.name},,{code},1,1,100" in lines
    assert f"Total,,{code},1,2,50" in lines


def test_the_list_behind_a_figure_as_csv_has_each_institution_and_is_noted(school):
    client = signed_in(AnalystFactory().user)
    asked = {"measure": "cctv_installed", "part": "total", "format": "csv"}
    lines = client.get(reverse("reporting:behind_file"), asked).content.decode("utf-8-sig").splitlines()
    assert lines[0] == "bin,name_kk,name_ru,region,locality,kind,ownership,learners,status"
    assert {line.split(",")[0]: line.split(",")[-1] for line in lines[1:]}[school.bin] == "met"
    assert len(lines) == 3
    assert Journal.objects.filter(action="coverage.list").latest("pk").after["file"] == "csv"


@pytest.mark.parametrize("name", ["coverage_file", "behind_file"])
def test_other_formats_are_not_found_and_wrong_questions_go_back_to_their_page(school, name):
    client = signed_in(AnalystFactory().user)
    right = {"measure": "cctv_installed", "part": "total"} if name == "behind_file" else {}
    assert client.get(reverse(f"reporting:{name}"), right | {"format": "exe"}).status_code == 404
    assert client.get(reverse(f"reporting:{name}"), right | {"as_of": "31.31.2023", "format": "csv"}).status_code == 302


def test_what_a_part_says_is_escaped_and_a_mark_without_part_has_no_name():
    spec = charts.coverage_map({"KZ-10": 50}, legend="x", no_data="–", named=True)
    drawn = draw(spec, "x", {"KZ-10": Part('<b> & "', "/?a=1&b=2")})
    assert '<a href="/?a=1&amp;b=2" aria-label="&lt;b&gt; &amp; &quot;"><title>&lt;b&gt; &amp; &quot;</title>' in drawn
    assert "KZ-11" not in drawn
    assert "font-family" not in drawn
