"""What ends when: the list, its scope and filters, and the numbers of the home page that open it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from compliance.enums import Status
from compliance.models import StatusEntry
from institutions.models import Institution, Journal, User
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

CODES = ("ACC-ORDER", "ACC-PUPILS", "ACC-POST")
URL = "/endings/"


@dataclass
class World:
    """A school with its director, on 20 May 2026."""

    places: Places
    order: Order
    now: datetime
    school: Institution
    director: User

    def ends(self, days: int, *, code: str = CODES[0], at: Institution | None = None, **fields: Any) -> StatusEntry:
        """An approved answer that ends so many days from today."""
        item = ItemFactory(institution=at or self.school, code=code)
        return EntryFactory(
            item=item,
            **{
                "approved": True,
                "effective_on": self.order.day - timedelta(days=400),
                "valid_until": self.order.day + timedelta(days=days),
            }
            | fields,
        )


@pytest.fixture
def world(fixed_now: datetime, places: Places, order: Order) -> World:
    school = InstitutionFactory(locality=places.city)
    return World(places, order, fixed_now, school, DirectorFactory(institution=school).user)


def listed(client: Client, user: User, **query: str) -> list[int]:
    client.force_login(user)
    return [entry.pk for entry in client.get(URL, query).context["page"]]


def test_the_soonest_end_stands_first_and_what_has_ended_follows_the_latest_first(client: Client, world: World) -> None:
    """Ninety days are looked ahead."""
    late, long_ago, soon = (world.ends(days, code=code) for days, code in zip((90, -300, 10), CODES, strict=True))
    other = DirectorFactory(user=world.director, institution__locality=world.places.city).institution
    ended = world.ends(-5, at=other)
    world.ends(91, code=world.order.measures["cctv_installed"].code)
    assert listed(client, world.director) == [soon.pk, late.pk, ended.pk, long_ago.pk]


def test_what_is_not_met_was_replaced_revoked_or_has_no_end_is_not_listed(client: Client, world: World) -> None:
    world.ends(5, status=Status.NOT_MET)
    old = world.ends(5, code=CODES[1])
    world.ends(400, code=CODES[1], effective_on=world.order.day - timedelta(days=1))
    world.ends(5, code=CODES[2], approved=False, revoked=True)
    assert old.pk
    assert listed(client, world.director) == []


def test_an_earlier_answer_that_was_approved_later_replaces_nothing(client: Client, world: World) -> None:
    stands = world.ends(5, effective_on=world.order.day - timedelta(days=10))
    world.ends(300, effective_on=world.order.day - timedelta(days=20), now=world.now + timedelta(hours=1))
    assert listed(client, world.director) == [stands.pk]


def test_each_sees_the_endings_of_their_own_scope(client: Client, world: World) -> None:
    near = world.ends(5)
    neighbour = world.ends(6, at=InstitutionFactory(locality=world.places.district))
    far = world.ends(7, at=InstitutionFactory(locality=world.places.capital_district))
    people = {
        "director": world.director,
        "editor": EditorFactory(region=world.places.region).user,
        "approver of the district": ApproverFactory(locality=world.places.district).user,
        "neighbour": ApproverFactory(region=world.places.capital).user,
        "analyst": AnalystFactory().user,
        "nobody": UserFactory(),
    }
    assert {name: listed(client, person) for name, person in people.items()} == {
        "director": [near.pk],
        "editor": [near.pk, neighbour.pk],
        "approver of the district": [neighbour.pk],
        "neighbour": [far.pk],
        "analyst": [near.pk, neighbour.pk, far.pk],
        "nobody": [],
    }
    noted = Journal.objects.filter(action="endings.list").order_by("pk").values_list("user", flat=True)
    outsiders = ("editor", "approver of the district", "neighbour", "analyst")
    assert list(noted) == [people[name].pk for name in outsiders]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"within": "ended"}, ["ended"]),
        ({"within": "30"}, ["today", "month"]),
        ({"within": "60"}, ["today", "month", "guard"]),
        ({"within": "soon"}, ["today", "month", "guard", "ended"]),
        ({"requirement": CODES[0]}, ["month", "ended"]),
        ({"measure": "cctv_installed"}, ["guard"]),
        ({"region": "KZ-35", "within": "30"}, ["today", "month"]),
        ({"locality": "354000000"}, ["month"]),
        ({"q": "балапан"}, ["month"]),
    ],
)
def test_the_list_is_filtered(client: Client, world: World, query: dict[str, str], found: list[str]) -> None:
    other = InstitutionFactory(locality=world.places.district, name_kk="Балапан")
    guard = ItemFactory(institution=world.school)
    entries = {
        "ended": world.ends(-1),
        "today": world.ends(0, code=CODES[1]),
        "month": world.ends(30, at=other),
        "guard": EntryFactory(item=guard, approved=True, valid_until=world.order.day + timedelta(days=60)),
    }
    editor = EditorFactory(region=world.places.region).user
    assert listed(client, editor, **query) == [entries[name].pk for name in found]


@pytest.mark.parametrize("answers", [1, 3])
def test_endings_query_count(client: Client, world: World, answers: int, django_assert_num_queries: Any) -> None:
    for code in CODES[:answers]:
        world.ends(5, code=code)
    client.force_login(EditorFactory(region=world.places.region).user)
    client.get(URL)
    with django_assert_num_queries(16):
        response = client.get(URL)
    assert len(response.context["page"].object_list) == answers


@pytest.mark.parametrize("role", ["director", "approver of the region", "approver of the district"])
def test_the_number_of_the_home_page_opens_just_those(client: Client, world: World, role: str) -> None:
    people = {
        "director": lambda: world.director,
        "approver of the region": lambda: ApproverFactory(region=world.places.region).user,
        "approver of the district": lambda: ApproverFactory(locality=world.places.city).user,
    }
    for days, code in zip((-1, 30, 31), CODES, strict=True):
        world.ends(days, code=code)
    world.ends(3, at=InstitutionFactory(locality=world.places.capital_district))
    client.force_login(people[role]())
    (section,) = client.get(reverse("home")).context["sections"]
    (tile,) = (tile for tile in section.tiles if tile.url.startswith(URL))
    assert (tile.value, len(client.get(tile.url).context["page"])) == (1, 1)
