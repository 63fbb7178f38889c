"""The second level of the review as a setting of a region, and whose turn an answer then is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from compliance import levels, notices, workflow
from compliance.enums import Step
from compliance.models import Notice, StatusEntry
from institutions.models import Institution, Journal, Region, User
from institutions.places import load_places
from tests.conftest import Order, Places
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import AdministratorFactory, ApproverFactory, InstitutionFactory

pytestmark = pytest.mark.django_db


@dataclass
class World:
    """A region with an approver, one of its districts with another, and a school there."""

    places: Places
    order: Order
    now: datetime
    school: Institution
    district: User
    region: User

    def switch(self, *, on: bool = True) -> bool:
        by = AdministratorFactory().user
        return levels.switch(self.places.region, on=on, by=by, now=self.now, day=self.order.day)

    @property
    def past(self) -> dict[str, date]:
        """The days of a membership that ended yesterday."""
        return {"valid_from": self.order.day - timedelta(days=9), "valid_to": self.order.day - timedelta(days=1)}

    def entry(self, to: str = "submitted", code: str = "ACC-ORDER", **fields: Any) -> StatusEntry:
        item = ItemFactory(institution=fields.pop("at", self.school), code=code)
        return EntryFactory(item=item, to=to, **fields)


@pytest.fixture
def world(fixed_now: datetime, places: Places, order: Order) -> World:
    return World(
        places,
        order,
        fixed_now,
        InstitutionFactory(locality=places.district),
        ApproverFactory(locality=places.district).user,
        ApproverFactory(region=places.region).user,
    )


def keys(entries: Any) -> list[int]:
    return list(entries.order_by("pk").values_list("pk", flat=True))


def test_it_is_switched_once_and_the_journal_tells(world: World) -> None:
    assert [world.switch(), world.switch(), world.switch(on=False)] == [True, False, True]
    rows = Journal.objects.filter(action="region.levels").order_by("pk").values_list("subject", "before", "after")
    subject = f"region:{world.places.region.pk}"
    states = [
        ({"region": "KZ-35", "second_level": old}, {"region": "KZ-35", "second_level": not old}) for old in (0, 1)
    ]
    assert list(rows) == [(subject, *pair) for pair in states]


def test_a_region_without_an_approver_of_its_own_gets_no_second_level(world: World) -> None:
    ApproverFactory(locality=world.places.capital_district)
    with pytest.raises(levels.NobodyApproves):
        levels.switch(world.places.capital, on=True, by=None, now=world.now, day=world.order.day)
    assert not Region.objects.filter(second_level=True).exists()
    assert not Journal.objects.filter(action="region.levels").exists()


def test_loading_the_places_again_keeps_the_setting(world: World) -> None:
    world.switch()
    load_places()
    assert list(Region.objects.filter(second_level=True)) == [world.places.region]


def test_regions_are_counted(world: World) -> None:
    ApproverFactory(locality=world.places.district)
    ApproverFactory(
        locality=world.places.city,
        valid_to=world.order.day - timedelta(days=1),
        valid_from=world.order.day - timedelta(days=9),
    )
    world.entry()
    world.entry("checked", "ACC-PUPILS")
    rows = {row.region.code: row for row in levels.of_regions(world.order.day)}
    assert rows["KZ-35"] == levels.RegionLevels(
        world.places.region, approvers=1, districts=2, with_reviewers=1, submitted=1, checked=1
    )
    assert rows["KZ-71"] == levels.RegionLevels(world.places.capital, 0, 2, 0, 0, 0)


@pytest.mark.parametrize("few", [True, False])
def test_counting_regions_costs_the_same(world: World, few: bool, django_assert_num_queries: Any) -> None:
    for code in ("ACC-ORDER", "ACC-PUPILS", "ACC-POST")[: 1 if few else 3]:
        world.entry(code=code)
    with django_assert_num_queries(5):
        levels.of_regions(world.order.day)


def test_whose_turn_it_is(world: World) -> None:
    """An answer of the district is its reviewer's, then the region's; without a reviewer it is the region's."""
    world.switch()
    city = InstitutionFactory(locality=world.places.city)
    first, checked = world.entry(), world.entry("checked", "ACC-PUPILS", checked_by=world.district)
    in_city = world.entry(at=city)
    own = world.entry(code="ACC-POST", author=world.district)
    both = ApproverFactory(locality=world.places.district).user  # so that somebody can check what the first wrote
    neighbour = ApproverFactory(region=world.places.capital).user
    entries = StatusEntry.objects
    assert {
        "district": (keys(entries.due_for(world.district)), keys(entries.movable_by(world.district))),
        "colleague": (keys(entries.due_for(both)), keys(entries.movable_by(both))),
        "region": (keys(entries.due_for(world.region)), keys(entries.movable_by(world.region))),
        "neighbour": (keys(entries.due_for(neighbour)), keys(entries.movable_by(neighbour))),
    } == {
        "district": ([first.pk, own.pk], [first.pk]),
        "colleague": ([first.pk, own.pk], [first.pk, own.pk]),
        "region": ([checked.pk, in_city.pk], [checked.pk, in_city.pk]),
        "neighbour": ([], []),
    }
    for person in (world.district, both, world.region, neighbour):
        assert keys(entries.movable_by(person)) == sorted(
            [*keys(entries.checkable_by(person)), *keys(entries.decidable_by(person))]
        )
    steps = dict(entries.with_step(world.region).values_list("pk", "step"))
    assert steps == {first.pk: "", checked.pk: Step.APPROVE, in_city.pk: Step.APPROVE, own.pk: ""}
    assert dict(entries.with_step(world.district).values_list("pk", "step"))[first.pk] == Step.CHECK


def test_without_a_second_level_every_turn_is_everybodys(world: World) -> None:
    entry, own = world.entry(), world.entry(code="ACC-PUPILS", author=world.district)
    checked = world.entry("checked", "ACC-POST", checked_by=world.district) if world.switch() else None
    world.switch(on=False)
    assert checked is not None
    entries = StatusEntry.objects
    assert keys(entries.due_for(world.district)) == [entry.pk, own.pk, checked.pk]
    assert keys(entries.movable_by(world.district)) == [entry.pk]
    assert keys(entries.movable_by(world.region)) == [entry.pk, own.pk, checked.pk]


def test_a_substitute_checks_in_the_days_of_the_absence(world: World) -> None:
    world.switch()
    entry = world.entry()
    day = world.order.day
    substitute = ApproverFactory(
        locality=world.places.district, substitute_for=world.district, valid_from=day, valid_to=day
    ).user
    workflow.check(entry, by=substitute, now=world.now, shown=entry.content_hash)
    assert keys(StatusEntry.objects.decidable_by(world.region)) == [entry.pk]


def test_when_the_last_reviewer_leaves_the_region_approves_alone(world: World) -> None:
    world.switch()
    entry = world.entry()
    assert keys(StatusEntry.objects.decidable_by(world.region)) == []
    world.district.memberships.update(
        valid_from=world.order.day - timedelta(days=9), valid_to=world.order.day - timedelta(days=1)
    )
    assert keys(StatusEntry.objects.decidable_by(world.region)) == [entry.pk]
    workflow.approve(entry, by=world.region, now=world.now, shown=entry.content_hash)


def test_whoever_has_the_turn_is_told_of_what_waits(world: World) -> None:
    world.switch()
    long_ago = world.now - timedelta(days=7)
    world.entry(now=long_ago)
    world.entry("checked", "ACC-PUPILS", checked_by=world.district, now=long_ago)
    world.entry("checked", "ACC-POST", checked_by=world.district, now=long_ago)
    notices.derive(world.now)
    told = Notice.objects.filter(kind="waiting").order_by("pk").values_list("recipient", "count")
    assert dict(told) == {world.district.pk: 1, world.region.pk: 2}
