"""Why answers came back, counted and listed, within the reader's reach."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from compliance import returns
from compliance.enums import ReturnReason
from compliance.models import StatusEntry
from compliance.returns import Cut
from institutions.models import Journal, User
from tests.conftest import Order, Places
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import (
    AnalystFactory,
    ApproverFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
RETURNS = reverse("compliance:returns")
RETURNED = reverse("compliance:returned")
CODES = ("ACC-ORDER", "ACC-PUPILS", "ACC-POST")


@pytest.fixture
def came_back(fixed_now: datetime, places: Places, order: Order) -> dict[str, StatusEntry]:
    """Answers that came back: two in a district, one in a city, one elsewhere, and one in the quarter before."""
    district, city, capital = (
        InstitutionFactory(locality=locality) for locality in (places.district, places.city, places.capital_district)
    )

    def one(at: Any, code: str, reason: ReturnReason, **fields: Any) -> StatusEntry:
        return EntryFactory(item=ItemFactory(institution=at, code=code), returned=True, reason=reason, **fields)

    # 31 March, 23:59 and 1 April, 00:00 in Almaty.
    before, first = datetime(2026, 3, 31, 18, 59, tzinfo=UTC), datetime(2026, 3, 31, 19, 0, tzinfo=UTC)
    return {
        "district": one(district, CODES[0], ReturnReason.NO_PROOF, now=first),
        "district again": one(district, CODES[1], ReturnReason.UNCLEAR),
        "city": one(city, CODES[0], ReturnReason.NO_PROOF),
        "capital": one(capital, CODES[0], ReturnReason.EXPIRED),
        "before": one(city, CODES[1], ReturnReason.OTHER, now=before),
    }


def rows(user: User, order: Order, cut: Cut, quarter: str = "2026Q2") -> dict[str, dict[str, int]]:
    found = returns.count(returns.of_quarter(user, order.period(quarter)), cut)
    return {row.key: dict(row.counts) for row in found}


def test_returns_are_counted_by_place_and_item(came_back: Any, places: Places, order: Order) -> None:
    analyst = AnalystFactory().user
    assert rows(analyst, order, Cut.REGION) == {"KZ-71": {"expired": 1}, "KZ-35": {"no_proof": 2, "unclear": 1}}
    assert rows(analyst, order, Cut.LOCALITY) == {
        places.capital_district.kato: {"expired": 1},
        places.city.kato: {"no_proof": 1},
        places.district.kato: {"no_proof": 1, "unclear": 1},
    }
    assert rows(analyst, order, Cut.REQUIREMENT) == {
        CODES[0]: {"no_proof": 2, "expired": 1},
        CODES[1]: {"unclear": 1},
    }
    assert rows(analyst, order, Cut.REGION, "2026Q1") == {"KZ-35": {"other": 1}}


READERS: dict[str, Callable[[Places], User]] = {
    "region": lambda places: ApproverFactory(region=places.region).user,
    "district": lambda places: EditorFactory(locality=places.district).user,
    "neighbour": lambda places: ApproverFactory(region=places.capital).user,
    "ministry": lambda places: AnalystFactory().user,
    "director": lambda places: DirectorFactory(institution=InstitutionFactory(locality=places.district)).user,
    "nobody": lambda places: UserFactory(),
}
SEEN = {"region": 3, "district": 2, "neighbour": 1, "ministry": 4, "director": 404, "nobody": 404}


@pytest.mark.parametrize("who", READERS)
def test_the_figures_are_of_the_readers_reach(client: Client, came_back: Any, places: Places, who: str) -> None:
    client.force_login(READERS[who](places))
    counts, answers = client.get(RETURNS), client.get(RETURNED)
    if SEEN[who] == 404:
        assert (counts.status_code, answers.status_code) == (404, 404)
        return
    assert counts.context["whole"][-1][0] == SEEN[who]
    assert answers.context["page"].paginator.count == SEEN[who]
    assert Journal.objects.filter(action="returns.list").count() == 1


@pytest.mark.parametrize("cut", Cut)
@pytest.mark.parametrize("asked", [{}, {"reason": "no_proof"}, {"requirement": CODES[0]}, {"quarter": "2026Q1"}])
def test_every_figure_opens_as_many_answers(client: Client, came_back: Any, cut: Cut, asked: dict[str, str]) -> None:
    client.force_login(AnalystFactory().user)
    page = client.get(RETURNS, {"by": cut.value, **asked})
    figures = [figure for _row, figures in page.context["rows"] for figure in figures]
    assert figures
    for count, query in [*figures, *page.context["whole"]]:
        if count:
            assert client.get(f"{RETURNED}?{query}").context["page"].paginator.count == count


def test_the_newest_return_stands_first_and_an_unknown_quarter_is_the_current_one(
    client: Client, came_back: dict[str, StatusEntry], places: Places
) -> None:
    client.force_login(EditorFactory(locality=places.district).user)
    page = client.get(RETURNED, {"quarter": "1999Q9"}).context["page"]
    assert [entry.pk for entry in page] == [came_back["district again"].pk, came_back["district"].pk]


@pytest.mark.parametrize("more", [0, 5])
def test_the_pages_cost_the_same_however_much_came_back(
    client: Client, came_back: Any, places: Places, more: int, django_assert_num_queries: Any
) -> None:
    client.force_login(AnalystFactory().user)
    for _each in range(more):
        school = InstitutionFactory(locality=places.other_capital_district)
        EntryFactory(item=ItemFactory(institution=school), returned=True)
    for url, queries in ((RETURNS, 14), (RETURNED, 15)):
        client.get(url)
        with django_assert_num_queries(queries):
            client.get(url, {"by": "locality"})
