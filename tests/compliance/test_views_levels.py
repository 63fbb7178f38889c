"""The page on which ministry administrators switch the second level of a region."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from institutions.models import Journal, Region, User
from tests.conftest import Order, Places
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    EditorFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
LEVELS = reverse("compliance:levels")
LEVEL = reverse("compliance:level", args=["KZ-35"])


@pytest.fixture
def administrator(client: Client, fixed_now: datetime, places: Places, order: Order) -> Client:
    client.force_login(AdministratorFactory().user)
    client.cookies["django_language"] = "en"
    return client


def on() -> list[str]:
    return list(Region.objects.filter(second_level=True).values_list("code", flat=True))


PEOPLE: dict[str, Callable[[Places], User]] = {
    "approver of the region": lambda places: ApproverFactory(region=places.region).user,
    "editor of the region": lambda places: EditorFactory(region=places.region).user,
    "analyst": lambda places: AnalystFactory().user,
    "neighbour": lambda places: ApproverFactory(region=places.capital).user,
    "nobody": lambda places: UserFactory(),
}


@pytest.mark.parametrize("who", PEOPLE)
def test_nobody_else_finds_or_switches_it(
    client: Client, fixed_now: Any, places: Places, order: Order, who: str
) -> None:
    ApproverFactory(region=places.region)
    client.force_login(PEOPLE[who](places))
    answers = [client.get(LEVELS), client.get(LEVEL), client.post(LEVEL, {"on": "yes"})]
    assert ([answer.status_code for answer in answers], on()) == ([404, 404, 404], [])


def test_it_is_asked_then_switched_on_and_off(administrator: Client, places: Places) -> None:
    ApproverFactory(region=places.region)
    page = administrator.get(LEVEL).content.decode()
    assert "2 districts have no approver: there the region approves at once." in page
    assert on() == []
    response = administrator.post(LEVEL, {"on": "yes"}, follow=True)
    assert (response.redirect_chain, on()) == ([(LEVELS, 302)], ["KZ-35"])
    assert "from now on districts check and the region approves" in response.content.decode()
    administrator.post(LEVEL, {"on": "yes"})
    administrator.post(LEVEL, {"on": "no"})
    assert (on(), Journal.objects.filter(action="region.levels").count()) == ([], 2)


def test_a_region_without_an_approver_cannot_be_switched_on(administrator: Client) -> None:
    words = "nobody would approve what its districts check"
    assert words in administrator.get(LEVEL).content.decode()
    response = administrator.post(LEVEL, {"on": "yes"})
    assert (response.status_code, words in response.content.decode(), on()) == (409, True, [])


@pytest.mark.parametrize("more", [0, 5])
def test_the_list_costs_the_same_however_many_there_are(
    administrator: Client, places: Places, more: int, django_assert_num_queries: Any
) -> None:
    for _each in range(more):
        ApproverFactory(region=places.region)
        ApproverFactory(locality=places.district)
    administrator.get(LEVELS)
    with django_assert_num_queries(10):
        response = administrator.get(LEVELS)
    assert [row.approvers for row in response.context["rows"]] == [0, more] or more == 0
