"""A person's views of the queue: kept, opened, renamed, thrown away; nobody else's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from compliance import saved_views
from compliance.models import SavedView
from institutions.models import Journal, User
from tests.conftest import Order, Places
from tests.constraints import broken
from tests.factories.institutions import ApproverFactory, DirectorFactory, InstitutionFactory

pytestmark = pytest.mark.django_db
QUEUE = reverse("compliance:queue")
VIEWS = reverse("compliance:saved_views")


@pytest.fixture
def approver(fixed_now: datetime, places: Places, order: Order) -> User:
    return ApproverFactory(region=places.region).user


@pytest.fixture
def mine(client: Client, approver: User) -> Client:
    client.force_login(approver)
    return client


def act(name: str, view: SavedView) -> str:
    return reverse(f"compliance:saved_view_{name}", args=[view.pk])


def kept() -> list[tuple[str, str, bool]]:
    return list(SavedView.objects.order_by("pk").values_list("name", "query", "is_default"))


@pytest.mark.parametrize(
    ("query", "same"),
    [
        ("", ""),
        ("kind=school&clean=odd", "clean=odd&kind=school"),
        ("clean=odd&kind=&page=7&all=1&shown=x", "clean=odd"),
        ("q=%D0%91+5&q=7", "q=7"),
        ("turn=other&older=7", "older=7&turn=other"),
    ],
)
def test_a_view_keeps_the_filters_alone_in_one_order(query: str, same: str) -> None:
    assert saved_views.canonical(query) == same


def test_a_view_is_kept_opened_and_known_again(mine: Client, approver: User) -> None:
    page = mine.get(QUEUE, {"kind": "school", "clean": "odd"})
    assert (page.context["current"], page.context["known"]) == ("clean=odd&kind=school", False)
    response = mine.post(VIEWS, {"name": "Мектептер", "query": "kind=school&clean=odd&page=3"})
    assert response.url == f"{QUEUE}?clean=odd&kind=school"
    assert kept() == [("Мектептер", "clean=odd&kind=school", False)]
    page = mine.get(response.url)
    assert (page.context["known"], [url for _view, url in page.context["views"]]) == (True, [response.url])
    row = Journal.objects.get(action="view.save")
    assert (row.user, row.after) == (approver, {"name": "Мектептер", "query": "clean=odd&kind=school"})


@pytest.mark.parametrize("name", ["", "  ", "ә" * 61, "Мектептер"])
def test_a_view_without_a_good_name_comes_back_filled(mine: Client, approver: User, name: str) -> None:
    SavedView.objects.create(person=approver, name="Мектептер", query="kind=school")
    response = mine.post(VIEWS, {"name": name, "query": "clean=odd"})
    assert (response.status_code, response.context["form"]["name"].value(), response.context["query"]) == (
        422,
        name,
        "clean=odd",
    )
    assert len(kept()) == 1


def test_a_view_is_renamed_and_a_name_that_is_taken_comes_back(mine: Client, approver: User) -> None:
    one, other = (SavedView.objects.create(person=approver, name=name) for name in ("Бір", "Екі"))
    response = mine.post(act("rename", one), {"name": "Екі"})
    assert response.status_code == 422
    assert [form["name"].value() for _view, _url, form in response.context["rows"]] == ["Екі", "Екі"]
    mine.post(act("rename", one), {"name": "Үш"})
    assert {name for name, _query, _default in kept()} == {"Үш", "Екі"}
    row = Journal.objects.get(action="view.rename")
    assert (row.before, row.after) == ({"name": "Бір"}, {"name": "Үш"})
    mine.post(act("delete", other))
    assert kept() == [("Үш", "", False)]


def test_one_view_opens_by_itself(mine: Client, approver: User) -> None:
    one, other = (
        SavedView.objects.create(person=approver, name=name, query=query)
        for name, query in (("Бір", "kind=school"), ("Екі", "clean=odd"))
    )
    for view in (one, other):
        mine.post(act("default", view), {"on": "yes"})
    assert [is_default for _name, _query, is_default in kept()] == [False, True]
    assert mine.get(QUEUE).url == f"{QUEUE}?clean=odd"
    assert mine.get(QUEUE, {"all": "1"}).status_code == 200
    assert mine.get(QUEUE, {"kind": "college"}).status_code == 200
    mine.post(act("default", other), {"on": "no"})
    assert mine.get(QUEUE).status_code == 200


def test_a_view_of_another_is_not_found(client: Client, approver: User, places: Places) -> None:
    view = SavedView.objects.create(person=approver, name="Бір", query="kind=school", is_default=True)
    client.force_login(ApproverFactory(region=places.region).user)
    answers = [client.post(act(name, view), {"name": "?", "on": "no"}) for name in ("rename", "delete", "default")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert client.get(VIEWS).context["rows"] == []
    assert (client.get(QUEUE).status_code, kept()) == (200, [("Бір", "kind=school", True)])


def test_who_decides_nothing_has_no_views(client: Client, approver: User, places: Places) -> None:
    client.force_login(DirectorFactory(institution=InstitutionFactory(locality=places.district)).user)
    assert [client.get(VIEWS).status_code, client.post(VIEWS, {"name": "Бір"}).status_code] == [404, 404]


def test_there_is_an_end_of_views(mine: Client, approver: User) -> None:
    for number in range(saved_views.MOST):
        SavedView.objects.create(person=approver, name=f"{number}")
    response = mine.post(VIEWS, {"name": "Тағы", "query": "clean=odd"})
    assert (response.status_code, SavedView.objects.count()) == (422, saved_views.MOST)


@pytest.mark.parametrize("views", [3, 30])
def test_the_queue_costs_the_same_however_many_views_there_are(
    mine: Client, approver: User, views: int, django_assert_num_queries: Any
) -> None:
    for number in range(views):
        SavedView.objects.create(person=approver, name=f"{number}")
    for url, queries in ((QUEUE, 16), (VIEWS, 6)):
        mine.get(url, {"all": "1"})
        with django_assert_num_queries(queries):
            mine.get(url, {"all": "1"})


def test_saved_view_constraints(approver: User) -> None:
    SavedView.objects.create(person=approver, name="Бір", is_default=True)
    with broken("saved_view_named_once"):
        SavedView.objects.create(person=approver, name="Бір")
    with broken("saved_view_one_opens_by_itself"):
        SavedView.objects.create(person=approver, name="Екі", is_default=True)
    with broken("saved_view_has_a_name"):
        SavedView.objects.create(person=approver, name="")
