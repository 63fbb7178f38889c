"""The review queue, the page of one answer, and decisions, one by one and in bulk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from compliance import workflow
from compliance.enums import EntryState, Measure, ReturnReason, Status
from compliance.models import StatusEntry
from compliance.workflow import DocumentReference
from institutions.models import Institution, Journal, Region, User
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

CODES = ("ACC-ORDER", "ACC-PUPILS", "ACC-POST")

pytestmark = pytest.mark.django_db


@dataclass
class World:
    """A school whose region has an approver, on 20 May 2026."""

    places: Places
    order: Order
    now: datetime
    school: Institution
    director: User
    approver: User

    @property
    def day(self) -> date:
        return self.order.day

    def waiting(self, code: str = CODES[0], **fields: Any) -> StatusEntry:
        """An answer that waits for a decision."""
        item = fields.pop("item", None) or ItemFactory(institution=fields.pop("at", self.school), code=code)
        return EntryFactory(item=item, **{"author": self.director, "submitted": True} | fields)


@pytest.fixture
def world(fixed_now: datetime, places: Places, order: Order) -> World:
    school = InstitutionFactory(locality=places.city)
    return World(
        places,
        order,
        fixed_now,
        school,
        DirectorFactory(institution=school).user,
        ApproverFactory(region=places.region).user,
    )


@pytest.fixture
def approver(client: Client, world: World) -> Client:
    client.force_login(world.approver)
    return client


def address(name: str, entry: StatusEntry) -> str:
    return reverse(f"compliance:{name}", args=[entry.pk])


def mark(entry: StatusEntry) -> str:
    return f"{entry.pk}:{entry.content_hash}"


def approval(entry: StatusEntry, **changes: str) -> dict[str, str]:
    return {"approve-shown": entry.content_hash, "approve-note": "Тексерілді"} | changes


def return_of(entry: StatusEntry, **changes: str) -> dict[str, str]:
    return {
        "return-shown": entry.content_hash,
        "return-reason": "no_proof",
        "return-note": "Құжатты көрсетіңіз",
    } | changes


def states() -> list[tuple[int, str]]:
    return list(StatusEntry.objects.order_by("pk").values_list("pk", "state"))


# --- scope ----------------------------------------------------------------------------------------


def test_an_answer_is_found_by_the_deciders_of_its_place_alone(client: Client, world: World) -> None:
    entry = world.waiting()
    people = {
        "approver": world.approver,
        "approver of the district": ApproverFactory(locality=world.places.city).user,
        "approver of another district": ApproverFactory(locality=world.places.district).user,
        "approver of the neighbour": ApproverFactory(region=world.places.capital).user,
        "editor": EditorFactory(region=world.places.region).user,
        "director": world.director,
        "analyst": AnalystFactory().user,
        "nobody": UserFactory(),
    }
    found = {}
    for name, user in people.items():
        client.force_login(user)
        page = client.get(address("entry", entry)).status_code
        queue = client.get(reverse("compliance:queue"))
        found[name] = (page, [row.pk for row in queue.context["page"]] if queue.status_code == 200 else "no queue")
    assert found == dict.fromkeys(people, (404, "no queue")) | {
        "approver": (200, [entry.pk]),
        "approver of the district": (200, [entry.pk]),
        "approver of another district": (404, []),
        "approver of the neighbour": (404, []),
    }


@pytest.mark.parametrize("name", ["approve", "return", "revoke"])
@pytest.mark.parametrize("who", ["neighbour", "editor", "director", "analyst", "nobody"])
def test_nobody_else_decides(client: Client, world: World, name: str, who: str) -> None:
    entry = world.waiting()
    people: dict[str, Callable[[], User]] = {
        "neighbour": lambda: ApproverFactory(region=world.places.capital).user,
        "editor": lambda: EditorFactory(region=world.places.region).user,
        "director": lambda: world.director,
        "analyst": lambda: AnalystFactory().user,
        "nobody": UserFactory,
    }
    client.force_login(people[who]())
    response = client.post(address(name, entry), approval(entry) | return_of(entry) | {"revoke-note": "Қате"})
    assert (response.status_code, states()) == (404, [(entry.pk, EntryState.SUBMITTED)])


def test_a_draft_is_shown_to_no_approver(approver: Client, world: World) -> None:
    draft = world.waiting(submitted=False)
    assert approver.get(address("entry", draft)).status_code == 404


def test_the_page_of_an_answer_is_noted_as_a_reading_from_outside(approver: Client, world: World) -> None:
    entry = world.waiting()
    approver.get(address("entry", entry))
    rows = Journal.objects.filter(action="institution.read").values_list("user", "institution")
    assert list(rows) == [(world.approver.pk, world.school.pk)]


@pytest.mark.parametrize("name", ["approve", "return", "revoke"])
def test_a_verb_opened_as_a_page_leads_to_the_answer_and_changes_nothing(
    approver: Client, world: World, name: str
) -> None:
    entry = world.waiting()
    response = approver.get(address(name, entry))
    assert (response.status_code, response.url) == (302, address("entry", entry))
    assert states() == [(entry.pk, EntryState.SUBMITTED)]


# --- the queue ------------------------------------------------------------------------------------


def test_the_oldest_stands_first(approver: Client, world: World) -> None:
    newer = world.waiting(CODES[0], now=world.now - timedelta(days=1))
    older = world.waiting(CODES[1], now=world.now - timedelta(days=9))
    page = approver.get(reverse("compliance:queue")).context["page"]
    assert [row.pk for row in page] == [older.pk, newer.pk]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["school", "kindergarten", "odd"]),
        ({"kind": "kindergarten"}, ["kindergarten"]),
        ({"status": "not_met"}, ["odd"]),
        ({"clean": "clean"}, ["school", "kindergarten"]),
        ({"clean": "odd"}, ["odd"]),
        ({"requirement": CODES[1]}, ["odd"]),
        ({"measure": "cctv_installed"}, []),
        ({"older": "5"}, ["school"]),
        ({"older": "many"}, ["school", "kindergarten", "odd"]),
        ({"q": "балапан"}, ["kindergarten"]),
        ({"q": "балапан", "status": "not_met"}, []),
        ({"locality": "district"}, ["kindergarten"]),
        ({"locality": "999999"}, ["school", "kindergarten", "odd"]),
    ],
)
def test_the_queue_is_filtered(approver: Client, world: World, query: dict[str, str], found: list[str]) -> None:
    other = InstitutionFactory(locality=world.places.district, kind="kindergarten", name_kk="Балапан")
    entries = {
        "school": world.waiting(CODES[0], now=world.now - timedelta(days=6)),
        "kindergarten": world.waiting(CODES[0], at=other, author=None, now=world.now - timedelta(days=2)),
        "odd": world.waiting(CODES[1], status=Status.NOT_MET, now=world.now - timedelta(days=1)),
    }
    if query.get("locality") == "district":
        query = {"locality": str(world.places.district.pk)}
    page = approver.get(reverse("compliance:queue"), query).context["page"]
    assert [row.pk for row in page] == [entries[name].pk for name in found]


def test_what_is_unusual_is_said(approver: Client, world: World) -> None:
    client = approver
    client.cookies["django_language"] = "en"
    measure = ItemFactory(institution=world.school, measure=Measure.CCTV_INSTALLED)
    EntryFactory(item=measure, author=world.director, approved=True)
    entries = {
        "clean": world.waiting(CODES[0]),
        "worse": world.waiting(item=measure, status=Status.NOT_MET),
        "ends": world.waiting(
            CODES[1],
            document=DocumentReference("5", "ЖШС", date(2026, 5, 1), world.day + timedelta(days=10)),
        ),
        "exception": world.waiting(
            CODES[2],
            status=Status.NOT_APPLICABLE,
            valid_until=date(2027, 1, 1),
            note="Жөндеу",
            effective_on=date(2025, 9, 1),
        ),
    }
    rows = client.get(reverse("compliance:queue")).context["rows"]
    said = {row.entry.pk: [(flag.text, flag.odd) for flag in row.flags] for row in rows}
    assert said == {
        entries["clean"].pk: [],
        entries["worse"].pk: [
            ("worse than before", True),
            ("no document on a measure of the brief", True),
        ],
        entries["ends"].pk: [("the proof ends before the quarter does", False)],
        entries["exception"].pk: [("asks for an exception", True), ("true since long ago", False)],
    }


def test_flags_and_the_query_for_clean_answers_agree(approver: Client, world: World) -> None:
    world.waiting(CODES[0])
    world.waiting(CODES[1], status=Status.PARTLY_MET)
    world.waiting(CODES[2], valid_until=world.day - timedelta(days=1))
    day = world.day
    entries = StatusEntry.objects.all()
    clean = set(entries.rule_clean(day).values_list("pk", flat=True))
    rows = approver.get(reverse("compliance:queue")).context["rows"]
    assert {row.entry.pk for row in rows if row.clean} == clean
    assert set(entries.not_clean(day).values_list("pk", flat=True)) == {row.entry.pk for row in rows} - clean


@pytest.mark.parametrize("entries", [1, 3])
def test_queue_query_count(approver: Client, world: World, entries: int, django_assert_num_queries: Any) -> None:
    for code in CODES[:entries]:
        world.waiting(code)
    approver.get(reverse("compliance:queue"))
    with django_assert_num_queries(19):
        response = approver.get(reverse("compliance:queue"))
    assert len(response.context["page"].object_list) == entries


@pytest.mark.parametrize("entries", [1, 3])
def test_clean_query_count(approver: Client, world: World, entries: int, django_assert_num_queries: Any) -> None:
    for code in CODES[:entries]:
        world.waiting(code)
    approver.get(reverse("compliance:clean"))
    with django_assert_num_queries(14):
        response = approver.get(reverse("compliance:clean"))
    assert len(response.context["rows"]) == entries


@pytest.mark.parametrize("past", [1, 3])
def test_entry_query_count(approver: Client, world: World, past: int, django_assert_num_queries: Any) -> None:
    for _number in range(past):
        world.waiting(submitted=False, returned=True)
    entry = world.waiting()
    for code in CODES[1:past]:
        world.waiting(code)
    approver.get(address("entry", entry))
    with django_assert_num_queries(27):
        response = approver.get(address("entry", entry))
    assert (len(response.context["history"]), len(response.context["others"])) == (past + 1, past - 1)


# --- one decision ---------------------------------------------------------------------------------


def test_an_approval_counts_and_leads_to_the_next_answer(approver: Client, world: World) -> None:
    first = world.waiting(CODES[0], now=world.now - timedelta(days=3))
    second = world.waiting(CODES[1], now=world.now - timedelta(days=2))
    response = approver.post(address("approve", first), approval(first))
    assert (response.status_code, response.url) == (302, address("entry", second))
    first.refresh_from_db()
    first.item.refresh_from_db()
    assert (first.state, first.decided_by, first.decision_note, first.item.status) == (
        EntryState.APPROVED,
        world.approver,
        "Тексерілді",
        Status.MET,
    )
    response = approver.post(address("approve", second), approval(second))
    assert response.url == reverse("compliance:queue")


def test_the_filter_of_the_queue_goes_along(approver: Client, world: World) -> None:
    first = world.waiting(CODES[0], now=world.now - timedelta(days=3))
    world.waiting(CODES[1], status=Status.NOT_MET, now=world.now - timedelta(days=2))
    third = world.waiting(CODES[2], now=world.now - timedelta(days=1))
    page = approver.get(address("entry", third) + "?status=met")
    assert (page.context["previous"], page.context["following"]) == (first.pk, None)
    response = approver.post(address("approve", first) + "?status=met", approval(first))
    assert response.url == address("entry", third) + "?status=met"


def test_a_return_names_its_reason(approver: Client, world: World) -> None:
    entry = world.waiting()
    approver.post(address("return", entry), return_of(entry))
    entry.refresh_from_db()
    assert (entry.state, entry.return_reason, entry.decision_note) == (
        EntryState.RETURNED,
        ReturnReason.NO_PROOF,
        "Құжатты көрсетіңіз",
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"return-reason": ""}, "reason"),
        ({"return-reason": "mood"}, "reason"),
        ({"return-note": "  "}, "note"),
    ],
)
def test_a_return_without_a_reason_comes_back_filled(
    approver: Client, world: World, changes: dict[str, str], field: str
) -> None:
    entry = world.waiting()
    sent = return_of(entry, **changes)
    response = approver.post(address("return", entry), sent)
    form = response.context["return_form"]
    assert (response.status_code, list(form.errors)) == (422, [field])
    assert (form["reason"].value(), form["note"].value()) == (sent["return-reason"], sent["return-note"])
    assert states() == [(entry.pk, EntryState.SUBMITTED)]


@pytest.mark.parametrize("shown", ["", "0" * 64])
def test_a_decision_about_something_else_than_was_shown_is_refused_and_its_note_kept(
    approver: Client, world: World, shown: str
) -> None:
    entry = world.waiting()
    response = approver.post(address("approve", entry), approval(entry, **{"approve-shown": shown}))
    form = response.context["approve_form"]
    assert (response.status_code, form["note"].value()) == (409, "Тексерілді")
    assert form["shown"].value() == entry.content_hash
    assert states() == [(entry.pk, EntryState.SUBMITTED)]


def test_a_decision_about_what_was_taken_back_shows_it_and_keeps_the_note(approver: Client, world: World) -> None:
    approver.cookies["django_language"] = "en"
    entry = world.waiting()
    workflow.withdraw(entry, by=world.director, now=world.now)
    response = approver.post(address("return", entry), return_of(entry))
    assert response.status_code == 409
    assert response.context["refused"] == "Its author took it back in the meantime."
    assert response.context["mine"]["note"] == "Құжатты көрсетіңіз"
    assert "Құжатты көрсетіңіз" in response.content.decode()
    assert states() == [(entry.pk, EntryState.WITHDRAWN)]


def test_the_slower_of_two_approvers_sees_who_was_faster(approver: Client, world: World) -> None:
    entry = world.waiting()
    faster = ApproverFactory(region=world.places.region).user
    workflow.approve(entry, by=faster, now=world.now, shown=entry.content_hash)
    response = approver.post(address("return", entry), return_of(entry))
    assert (response.status_code, response.context["theirs"]["by"]) == (409, faster)
    entry.refresh_from_db()
    assert (entry.state, entry.decided_by) == (EntryState.APPROVED, faster)


# --- four eyes ------------------------------------------------------------------------------------


@pytest.fixture
def own(world: World) -> StatusEntry:
    """An answer that the approver wrote, being an editor as well."""
    EditorFactory(user=world.approver, region=world.places.region)
    return world.waiting(author=world.approver)


def test_ones_own_answer_is_shown_without_buttons(approver: Client, own: StatusEntry) -> None:
    page = approver.get(address("entry", own))
    assert (page.status_code, page.context["may_decide"], page.context["may_revoke"]) == (200, False, False)
    for name in ("approve", "return", "revoke"):
        assert address(name, own) not in page.content.decode()


@pytest.mark.parametrize("name", ["approve", "return"])
def test_a_forced_decision_about_ones_own_answer_is_refused(approver: Client, own: StatusEntry, name: str) -> None:
    response = approver.post(address(name, own), approval(own) | return_of(own))
    assert (response.status_code, response.context["own"]) == (409, True)
    own.refresh_from_db()
    assert (own.state, own.decided_by, own.item.status) == (EntryState.SUBMITTED, None, Status.UNKNOWN)


def test_ones_own_answer_is_not_approved_in_bulk(approver: Client, own: StatusEntry) -> None:
    queue = approver.get(reverse("compliance:queue"))
    assert [(row.own, row.mark in queue.content.decode()) for row in queue.context["rows"]] == [(True, False)]
    assert queue.context["clean_count"] == 0
    assert approver.get(reverse("compliance:clean")).context["rows"] == []
    response = approver.post(reverse("compliance:approve_selected"), {"shown": [mark(own)]})
    assert [entry.pk for entry, _reason in response.context["refused"]] == [own.pk]
    assert states() == [(own.pk, EntryState.SUBMITTED)]


def test_an_approval_is_revoked_by_another_person_with_a_reason(client: Client, world: World) -> None:
    entry = world.waiting(submitted=False, approved=True, decided_by=world.approver)
    client.force_login(world.approver)
    assert client.get(address("entry", entry)).context["may_revoke"] is False
    response = client.post(address("revoke", entry), {"revoke-note": "Қате бекіттім"})
    assert (response.status_code, states()) == (409, [(entry.pk, EntryState.APPROVED)])
    assert response.context["revoke_form"]["note"].value() == "Қате бекіттім"

    other = ApproverFactory(region=world.places.region).user
    client.force_login(other)
    assert client.get(address("entry", entry)).context["may_revoke"] is True
    response = client.post(address("revoke", entry), {"revoke-note": " "})
    assert (response.status_code, list(response.context["revoke_form"].errors)) == (422, ["note"])
    client.post(address("revoke", entry), {"revoke-note": "Құжат жалған"})
    entry.refresh_from_db()
    entry.item.refresh_from_db()
    assert (entry.state, entry.revoked_by, entry.revoke_note, entry.item.status) == (
        EntryState.REVOKED,
        other,
        "Құжат жалған",
        Status.UNKNOWN,
    )


# --- two levels -----------------------------------------------------------------------------------


@dataclass
class Levels:
    """Who checks for the school's district, and who approves for its region."""

    district: User
    region: User


@pytest.fixture
def levels(world: World) -> Levels:
    Region.objects.filter(pk=world.places.region.pk).update(second_level=True)
    return Levels(ApproverFactory(locality=world.school.locality).user, world.approver)


def in_queue(client: Client, user: User, **query: str) -> list[tuple[int, str]]:
    client.force_login(user)
    rows = client.get(reverse("compliance:queue"), query).context["rows"]
    return [(row.entry.pk, row.step) for row in rows]


def test_the_district_sees_what_it_checks_and_the_region_what_is_checked(
    client: Client, world: World, levels: Levels
) -> None:
    first, second = world.waiting(CODES[0]), world.waiting(CODES[1])
    workflow.check(second, by=levels.district, now=world.now, shown=second.content_hash)
    assert in_queue(client, levels.district) == [(first.pk, "check")]
    assert in_queue(client, levels.region) == [(second.pk, "approve")]
    assert in_queue(client, levels.district, turn="other") == [(second.pk, "")]
    assert in_queue(client, levels.region, turn="other") == [(first.pk, "")]


def test_a_check_leads_to_the_next_answer_and_decides_nothing(client: Client, world: World, levels: Levels) -> None:
    client.force_login(levels.district)
    first = world.waiting(CODES[0], now=world.now - timedelta(days=3))
    second = world.waiting(CODES[1], now=world.now - timedelta(days=2))
    page = client.get(address("entry", first)).content.decode()
    assert (address("check", first) in page, address("approve", first) in page) == (True, False)
    response = client.post(address("check", first), {"check-shown": first.content_hash})
    assert (response.status_code, response.url) == (302, address("entry", second))
    first.refresh_from_db()
    assert (first.state, first.checked_by, first.item.status) == (EntryState.CHECKED, levels.district, Status.UNKNOWN)
    page = client.get(address("entry", first)).content.decode()
    assert (address("check", first) in page, address("approve", first) in page) == (False, False)
    assert client.get(address("check", second)).url == address("entry", second)


def test_a_step_of_the_other_level_is_refused_with_words(client: Client, world: World, levels: Levels) -> None:
    client.cookies["django_language"] = "en"
    entry = world.waiting()
    client.force_login(levels.district)
    response = client.post(address("approve", entry), approval(entry))
    assert (response.status_code, response.context["refused"]) == (
        409,
        "In this region the district checks and the region approves: this step is not yours.",
    )
    client.force_login(levels.region)
    response = client.post(address("approve", entry), approval(entry))
    assert (response.status_code, response.context["refused"]) == (
        409,
        "The district has not checked this answer yet. It is approved after that, or returned.",
    )
    assert response.context["approve_form"]["note"].value() == "Тексерілді"
    assert response.context["why_not"] == response.context["refused"]
    response = client.post(address("check", entry), {"check-shown": entry.content_hash})
    assert (response.status_code, states()) == (409, [(entry.pk, EntryState.SUBMITTED)])


def test_a_check_of_something_else_than_was_shown_is_refused(client: Client, world: World, levels: Levels) -> None:
    entry = world.waiting()
    client.force_login(levels.district)
    response = client.post(address("check", entry), {"check-shown": "0" * 64})
    assert (response.status_code, response.context["check_form"]["shown"].value()) == (409, entry.content_hash)
    assert states() == [(entry.pk, EntryState.SUBMITTED)]


def test_who_checked_may_still_give_it_back(client: Client, world: World, levels: Levels) -> None:
    entry = world.waiting()
    workflow.check(entry, by=levels.district, now=world.now, shown=entry.content_hash)
    client.force_login(levels.district)
    client.post(address("return", entry), return_of(entry))
    assert states() == [(entry.pk, EntryState.RETURNED)]


def test_the_selected_are_checked_and_the_region_approves_them(client: Client, world: World, levels: Levels) -> None:
    entries = [world.waiting(code) for code in CODES[:2]]
    client.force_login(levels.district)
    page = client.get(reverse("compliance:clean"))
    assert [row.mark for row in page.context["rows"]] == [mark(entry) for entry in entries]
    shown = {"shown": [mark(entry) for entry in entries]}
    response = client.post(reverse("compliance:check_selected"), shown)
    assert [entry.pk for entry in response.context["checked"]] == [entry.pk for entry in entries]
    response = client.post(reverse("compliance:approve_selected"), shown)
    assert [entry.pk for entry, _reason in response.context["refused"]] == [entry.pk for entry in entries]
    client.force_login(levels.region)
    client.post(reverse("compliance:approve_selected"), shown)
    assert states() == [(entry.pk, EntryState.APPROVED) for entry in entries]


def test_the_author_takes_a_checked_answer_back(client: Client, world: World, levels: Levels) -> None:
    entry = world.waiting()
    workflow.check(entry, by=levels.district, now=world.now, shown=entry.content_hash)
    client.force_login(world.director)
    page = reverse("compliance:withdraw", args=[world.school.bin, entry.item.requirement.code])
    client.post(page)
    assert states()[0] == (entry.pk, EntryState.WITHDRAWN)


# --- returned together ----------------------------------------------------------------------------

RETURN = {"return-reason": "no_proof", "return-note": "Құжатты көрсетіңіз"}


def test_the_selected_are_shown_before_they_are_returned_together(approver: Client, world: World) -> None:
    entries = [world.waiting(code) for code in CODES[:2]]
    asked = approver.post(reverse("compliance:return_selected"), {"shown": [mark(entry) for entry in entries]})
    assert (asked.status_code, [each for _entry, each in asked.context["rows"]]) == (200, list(map(mark, entries)))
    assert {state for _pk, state in states()} == {EntryState.SUBMITTED}
    sent = {"shown": [each for _entry, each in asked.context["rows"]]} | RETURN
    response = approver.post(reverse("compliance:return_selected"), sent)
    assert [entry.pk for entry in response.context["returned"]] == [entry.pk for entry in entries]
    rows = StatusEntry.objects.order_by("pk").values_list("state", "return_reason", "decision_note", "decided_by")
    assert list(rows) == [("returned", "no_proof", "Құжатты көрсетіңіз", world.approver.pk)] * 2
    assert Journal.objects.filter(action="entry.return").count() == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"return-reason": ""}, "reason"), ({"return-reason": "mood"}, "reason"), ({"return-note": "  "}, "note")],
)
def test_a_return_together_without_a_reason_comes_back_filled(
    approver: Client, world: World, changes: dict[str, str], field: str
) -> None:
    entries = [world.waiting(code) for code in CODES[:2]]
    sent = {"shown": [mark(entry) for entry in entries]} | RETURN | changes
    response = approver.post(reverse("compliance:return_selected"), sent)
    form = response.context["form"]
    assert (response.status_code, list(form.errors)) == (422, [field])
    assert (form["reason"].value(), form["note"].value()) == (sent["return-reason"], sent["return-note"])
    assert [each for _entry, each in response.context["rows"]] == sent["shown"]
    assert response.content.decode().count(" checked") >= 2
    assert {state for _pk, state in states()} == {EntryState.SUBMITTED}


def test_own_and_stale_answers_are_named_and_what_was_typed_stays(approver: Client, world: World) -> None:
    approver.cookies["django_language"] = "en"
    EditorFactory(user=world.approver, region=world.places.region)
    good, own, stale, gone = (
        world.waiting(CODES[0]),
        world.waiting(CODES[1], author=world.approver),
        world.waiting(CODES[2]),
        world.waiting(item=ItemFactory(institution=world.school, measure=Measure.TURNSTILE)),
    )
    workflow.withdraw(gone, by=world.director, now=world.now)
    shown = [mark(good), mark(own), f"{stale.pk}:{'0' * 64}", mark(gone)]
    response = approver.post(reverse("compliance:return_selected"), {"shown": shown} | RETURN)
    assert [entry.pk for entry in response.context["returned"]] == [good.pk]
    assert [(entry.pk, reason) for entry, reason in response.context["refused"]] == [
        (own.pk, "Nobody decides what they wrote or submitted: another approver has to."),
        (stale.pk, "What you decided about is not what is recorded now. Look at it once more."),
        (gone.pk, "Its author took it back in the meantime."),
    ]
    assert [each for _entry, each in response.context["rows"]] == [mark(stale)]
    assert "Құжатты көрсетіңіз" in response.content.decode()
    again = approver.post(reverse("compliance:return_selected"), {"shown": [mark(stale)]} | RETURN)
    assert [entry.pk for entry in again.context["returned"]] == [stale.pk]


def test_nothing_out_of_scope_is_returned_together(approver: Client, world: World) -> None:
    far = world.waiting(at=InstitutionFactory(locality=world.places.capital_district), author=None)
    response = approver.post(reverse("compliance:return_selected"), {"shown": [mark(far), "x:y"]} | RETURN)
    assert (response.status_code, response.context["missing"], response.context["rows"]) == (422, 2, [])
    assert response.context["form"]["note"].value() == "Құжатты көрсетіңіз"
    assert states() == [(far.pk, EntryState.SUBMITTED)]


@pytest.mark.parametrize("name", ["check_selected", "return_selected"])
def test_a_decision_in_bulk_opened_as_a_page_leads_to_the_queue(approver: Client, name: str) -> None:
    assert approver.get(reverse(f"compliance:{name}")).url == reverse("compliance:queue")


# --- in bulk --------------------------------------------------------------------------------------


def test_the_selected_are_approved_and_the_stale_are_not(approver: Client, world: World) -> None:
    good, stale, gone = (world.waiting(code) for code in CODES)
    workflow.withdraw(gone, by=world.director, now=world.now)
    response = approver.post(
        reverse("compliance:approve_selected"),
        {"shown": [mark(good), f"{stale.pk}:{'0' * 64}", mark(gone)]},
    )
    assert response.status_code == 200
    assert [entry.pk for entry in response.context["approved"]] == [good.pk]
    assert [entry.pk for entry, _reason in response.context["refused"]] == [stale.pk, gone.pk]
    assert states() == [
        (good.pk, EntryState.APPROVED),
        (stale.pk, EntryState.SUBMITTED),
        (gone.pk, EntryState.WITHDRAWN),
    ]


@pytest.mark.parametrize("page", ["queue", "clean"])
def test_the_form_of_the_queue_carries_the_token_against_forgery(world: World, page: str) -> None:
    entry = world.waiting()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.approver)
    html = browser.get(reverse(f"compliance:{page}")).content.decode()
    _before, _form, form = html.partition(f'action="{reverse("compliance:approve_selected")}"')
    token = form.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    browser.post(reverse("compliance:approve_selected"), {"shown": [mark(entry)], "csrfmiddlewaretoken": token})
    assert states() == [(entry.pk, EntryState.APPROVED)]


def test_stale_marks_alone_approve_nothing(approver: Client, world: World) -> None:
    entries = [world.waiting(code) for code in CODES]
    response = approver.post(
        reverse("compliance:approve_selected"), {"shown": [f"{entry.pk}:{'0' * 64}" for entry in entries]}
    )
    assert (response.context["approved"], len(response.context["refused"])) == ([], 3)
    assert {state for _pk, state in states()} == {EntryState.SUBMITTED}


def test_marks_out_of_scope_and_nonsense_are_left_out(approver: Client, world: World) -> None:
    far = world.waiting(at=InstitutionFactory(locality=world.places.capital_district), author=None)
    response = approver.post(
        reverse("compliance:approve_selected"), {"shown": [mark(far), "x:y", "", f"{'9' * 40}:z", "٣:z"]}
    )
    assert (response.status_code, response.context["missing"]) == (200, 5)
    assert (response.context["approved"], response.context["refused"]) == ([], [])
    assert states() == [(far.pk, EntryState.SUBMITTED)]


def test_a_draft_is_its_authors_alone_and_no_selection_tells_of_it(approver: Client, world: World) -> None:
    draft = EntryFactory(item=ItemFactory(institution=world.school), author=world.director)
    response = approver.post(reverse("compliance:approve_selected"), {"shown": [mark(draft)]})
    assert (response.context["approved"], response.context["refused"], response.context["missing"]) == ([], [], 1)
    assert str(draft.item.requirement) not in response.content.decode()


def test_the_same_selection_sent_twice_acts_once(approver: Client, world: World) -> None:
    entry = world.waiting()
    chosen = {"shown": [mark(entry)]}
    approver.post(reverse("compliance:approve_selected"), chosen)
    rows = Journal.objects.filter(action="entry.approve").count()
    response = approver.post(reverse("compliance:approve_selected"), chosen)
    assert (response.context["approved"], Journal.objects.filter(action="entry.approve").count()) == ([], rows)


def test_nothing_selected_approves_nothing(approver: Client, world: World) -> None:
    entry = world.waiting()
    response = approver.post(reverse("compliance:approve_selected"))
    assert (response.status_code, states()) == (200, [(entry.pk, EntryState.SUBMITTED)])


def test_all_without_anything_unusual_of_a_filter_are_shown_before_they_are_approved(
    approver: Client, world: World
) -> None:
    clean = world.waiting(CODES[0])
    world.waiting(CODES[1], status=Status.NOT_MET)
    world.waiting(CODES[2])
    query = {"requirement": CODES[0]}
    assert approver.get(reverse("compliance:queue"), query).context["clean_count"] == 1
    page = approver.get(reverse("compliance:clean"), query)
    assert ([row.mark for row in page.context["rows"]], page.context["total"]) == ([mark(clean)], 1)
    assert f'value="{mark(clean)}" checked' in page.content.decode()
