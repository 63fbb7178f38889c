"""Evidence that stands at several institutions: where the approver is told of it, and what bulk approval leaves out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from compliance.models import StatusEntry
from compliance.workflow import DocumentReference
from institutions.models import Institution, User
from tests.conftest import Order, Places
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import ApproverFactory, InstitutionFactory
from tests.factories.pictures import picture

CODE = "ACC-ORDER"
CONTRACT = DocumentReference("214/2026", "«Құзет-Қорғау» ЖШС", date(2026, 1, 5), date(2026, 12, 31))
SAME_CONTRACT = DocumentReference("№ 214-2026", "ТОО «Құзет-Қорғау»", date(2026, 1, 5))

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]


@dataclass
class World:
    """Two schools of one region and one of another; the approver of the first region."""

    order: Order
    places: Places
    school: Institution
    neighbour: Institution
    far: Institution
    approver: User

    def flags(self, client: Client) -> dict[int, list[tuple[str, bool]]]:
        client.force_login(self.approver)
        rows = client.get(reverse("compliance:queue")).context["rows"]
        return {row.entry.pk: [(flag.text, flag.odd) for flag in row.flags] for row in rows}

    def clean(self) -> set[int]:
        return set(StatusEntry.objects.awaiting_decision().rule_clean(self.order.day).values_list("pk", flat=True))


@pytest.fixture
def world(fixed_now: datetime, places: Places, order: Order, settings: Any, tmp_path: Path) -> World:
    settings.MEDIA_ROOT = tmp_path
    return World(
        order,
        places,
        InstitutionFactory(locality=places.city, name_kk="А мектебі"),
        InstitutionFactory(locality=places.district, name_kk="Б мектебі"),
        InstitutionFactory(locality=places.capital_district, name_kk="В мектебі"),
        ApproverFactory(region=places.region).user,
    )


def answer(institution: Institution, to: str = "submitted", **fields: Any) -> StatusEntry:
    return EntryFactory(item=ItemFactory(institution=institution, code=CODE), to=to, **fields)


def test_the_same_photo_is_told_with_names_of_ones_own_region_alone(client: Client, world: World) -> None:
    mine = answer(world.school, photos=[picture(1)])
    assert world.clean() == {mine.pk}
    near = answer(world.neighbour, photos=[picture(1)])
    answer(world.far, photos=[picture(1)])
    assert world.flags(client) == {
        mine.pk: [("the same photo stands at: Б мектебі, an institution outside your region", True)],
        near.pk: [("the same photo stands at: А мектебі, an institution outside your region", True)],
    }
    assert world.clean() == set()


@pytest.mark.parametrize(("state", "told"), [("draft", False), ("withdrawn", True), ("returned", True)])
def test_a_photo_in_a_draft_of_others_is_not_told(client: Client, world: World, state: str, told: bool) -> None:
    answer(world.neighbour, state, photos=[picture(1)])
    mine = answer(world.school, photos=[picture(1)])
    assert world.flags(client) == {mine.pk: [("the same photo stands at: Б мектебі", True)] if told else []}
    assert (mine.pk in world.clean()) is not told


def test_a_contract_entered_anew_elsewhere_is_told(client: Client, world: World) -> None:
    mine = answer(world.school, document=CONTRACT)
    answer(world.far, "approved", document=SAME_CONTRACT)
    assert world.flags(client) == {
        mine.pk: [("a document with this number stands at: an institution outside your region", True)]
    }
    assert world.clean() == set()


@pytest.mark.parametrize("state", ["draft", "withdrawn", "returned", "revoked"])
def test_a_contract_that_proves_nothing_elsewhere_is_not_told(client: Client, world: World, state: str) -> None:
    mine = answer(world.school, document=CONTRACT)
    answer(world.neighbour, state, document=SAME_CONTRACT)
    assert (world.flags(client)[mine.pk], world.clean()) == ([], {mine.pk})


def test_a_contract_of_the_same_institution_or_without_a_number_is_not_told(client: Client, world: World) -> None:
    no_number = DocumentReference("б/н", "«Құзет» ЖШС", date(2026, 1, 5))
    entries = [
        answer(world.school, document=CONTRACT),
        EntryFactory(item=ItemFactory(institution=world.school), document=SAME_CONTRACT, to="submitted"),
        answer(world.neighbour, document=no_number),
    ]
    answer(world.far, document=no_number)
    assert world.flags(client) == {entry.pk: [] for entry in entries}


def test_many_institutions_are_told_by_count(client: Client, world: World) -> None:
    for number in range(5):
        answer(InstitutionFactory(locality=world.places.city, name_kk=f"Г{number}"), "approved", document=CONTRACT)
    for _number in range(2):
        answer(InstitutionFactory(locality=world.places.capital_district), "approved", document=CONTRACT)
    mine = answer(world.school, document=CONTRACT)
    assert world.flags(client)[mine.pk] == [
        (
            "a document with this number stands at: Г0, Г1, Г2, 2 more of yours, 2 institutions outside your region",
            True,
        )
    ]


@pytest.mark.parametrize("entries", [1, 3])
def test_the_queue_costs_the_same_for_any_reuse(
    client: Client, world: World, entries: int, django_assert_num_queries: Any
) -> None:
    for number in range(entries):
        school = InstitutionFactory(locality=world.places.city)
        answer(school, photos=[picture(number)], document=CONTRACT)
        answer(
            world.far if number == 0 else InstitutionFactory(locality=world.places.district), photos=[picture(number)]
        )
    client.force_login(world.approver)
    with django_assert_num_queries(23):
        response = client.get(reverse("compliance:queue"))
    assert len(response.context["rows"]) == 2 * entries - 1
