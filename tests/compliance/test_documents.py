"""Documents: one that serves many institutions, and what happens when it is revoked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest

from compliance import documents, workflow
from compliance.enums import EntryState, Status
from compliance.models import ChecklistItem, Evidence, StatusEntry
from institutions.models import Institution, Journal, User
from tests.conftest import Order, Places
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import (
    AdministratorFactory,
    ApproverFactory,
    EditorFactory,
    InstitutionFactory,
    UserFactory,
)

CODE = "ACC-ORDER"
CONTRACT = workflow.DocumentReference("214/2026", "«Құзет-Қорғау» ЖШС", date(2026, 1, 5), date(2026, 12, 31))

pytestmark = pytest.mark.django_db


@dataclass
class World:
    """A region with an editor and two approvers; schools whose answers rest on one contract."""

    order: Order
    places: Places
    now: datetime
    editor: User
    approver: User
    other: User
    entries: list[StatusEntry]
    contract: Evidence


def states() -> list[str]:
    return list(StatusEntry.objects.order_by("pk").values_list("state", flat=True))


def approved(school: Institution, contract: Evidence | workflow.DocumentReference, **people: User) -> StatusEntry:
    return EntryFactory(item=ItemFactory(institution=school, code=CODE), document=contract, approved=True, **people)


@pytest.fixture
def world(fixed_now: datetime, places: Places, order: Order) -> World:
    editor = EditorFactory(region=places.region).user
    approver, other = (ApproverFactory(region=places.region).user for _person in range(2))
    schools = [InstitutionFactory(locality=locality) for locality in (places.city, places.district)]
    first = approved(schools[0], CONTRACT, author=editor, decided_by=approver)
    assert first.evidence is not None
    second = approved(schools[1], first.evidence, author=editor, decided_by=approver)
    return World(order, places, fixed_now, editor, approver, other, [first, second], first.evidence)


# --- one document for many ------------------------------------------------------------------------


def test_documents_of_the_institutions_where_one_answers_can_be_used(world: World) -> None:
    neighbour = EditorFactory(region=world.places.capital).user
    director = world.entries[0].item.institution
    people = {"editor": world.editor, "approver": world.approver, "neighbour": neighbour, "nobody": UserFactory()}
    usable = {name: list(Evidence.objects.usable_by(person, world.order.day)) for name, person in people.items()}
    assert director.pk
    assert usable == {"editor": [world.contract], "approver": [], "neighbour": [], "nobody": []}


def test_a_document_that_has_ended_or_was_revoked_cannot_be_used(world: World) -> None:
    last = date(2026, 12, 31)
    assert list(Evidence.objects.usable_by(world.editor, last)) == [world.contract]
    assert list(Evidence.objects.usable_by(world.editor, last + timedelta(days=1))) == []
    documents.revoke(world.contract, by=world.other, now=world.now, note="Бұзылды")
    assert list(Evidence.objects.usable_by(world.editor, world.order.day)) == []


def test_what_is_typed_as_a_document_that_is_there_is_that_document(world: World) -> None:
    school = InstitutionFactory(locality=world.places.city)
    item = ItemFactory(institution=school, code=CODE)
    answer = workflow.AnswerData(Status.MET, world.order.day, document=CONTRACT)
    assert workflow.save_draft(item, answer, by=world.editor, now=world.now).evidence == world.contract
    stranger = workflow.save_draft(item, answer, by=UserFactory(), now=world.now)
    assert stranger.evidence != world.contract


# --- revoked once ---------------------------------------------------------------------------------


def test_a_document_takes_its_approved_answers_with_it(world: World) -> None:
    outcome = documents.revoke(world.contract, by=world.other, now=world.now, note="Келісімшарт бұзылды")
    assert outcome == documents.Outcome(revoked=[entry.pk for entry in world.entries], left=[], outside=0)
    world.contract.refresh_from_db()
    assert (world.contract.revoked_by, world.contract.revoked_at, world.contract.revoke_note) == (
        world.other,
        world.now,
        "Келісімшарт бұзылды",
    )
    assert {
        (entry.state, entry.revoked_by, entry.revoke_note, entry.item.status)
        for entry in StatusEntry.objects.select_related("item", "revoked_by")
    } == {(EntryState.REVOKED, world.other, "Келісімшарт бұзылды", Status.UNKNOWN)}
    assert list(
        Journal.objects.filter(action__endswith=".revoke").order_by("pk").values_list("action", "subject", "user")
    ) == [
        ("document.revoke", f"evidence:{world.contract.pk}", world.other.pk),
        *(("entry.revoke", f"statusentry:{entry.pk}", world.other.pk) for entry in world.entries),
    ]


def test_answers_of_another_region_are_counted_and_not_touched(world: World) -> None:
    far = approved(InstitutionFactory(locality=world.places.capital_district), world.contract)
    outcome = documents.revoke(world.contract, by=world.other, now=world.now, note="Бұзылды")
    assert (len(outcome.revoked), outcome.outside) == (2, 1)
    assert states() == [EntryState.REVOKED, EntryState.REVOKED, EntryState.APPROVED]
    # Their own approver completes it; what was said first stays.
    theirs = ApproverFactory(region=world.places.capital).user
    outcome = documents.revoke(world.contract, by=theirs, now=world.now, note="Біз де")
    assert (outcome.revoked, outcome.outside, world.contract.revoke_note) == ([far.pk], 0, "Бұзылды")
    assert Journal.objects.filter(action="document.revoke").count() == 1


def test_an_administrator_revokes_everywhere(world: World) -> None:
    approved(InstitutionFactory(locality=world.places.capital_district), world.contract)
    outcome = documents.revoke(world.contract, by=AdministratorFactory().user, now=world.now, note="Бұзылды")
    assert (len(outcome.revoked), outcome.outside) == (3, 0)


def test_what_one_approved_oneself_is_left_to_another(world: World) -> None:
    third = approved(InstitutionFactory(locality=world.places.city), world.contract, decided_by=world.other)
    outcome = documents.revoke(world.contract, by=world.approver, now=world.now, note="Бұзылды")
    assert outcome == documents.Outcome(revoked=[third.pk], left=[entry.pk for entry in world.entries], outside=0)
    outcome = documents.revoke(world.contract, by=world.other, now=world.now, note="Бұзылды")
    assert outcome.revoked == [entry.pk for entry in world.entries]


def test_doing_it_again_changes_nothing(world: World) -> None:
    documents.revoke(world.contract, by=world.other, now=world.now, note="Бұзылды")
    rows = Journal.objects.count()
    outcome = documents.revoke(world.contract, by=world.other, now=world.now + timedelta(days=1), note="Тағы")
    assert (outcome, Journal.objects.count()) == (documents.Outcome(), rows)


def test_what_was_interrupted_is_completed_by_doing_it_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    revoke = workflow.revoke

    def dies_at_the_second(entry: StatusEntry, **arguments: object) -> object:
        if entry.pk == world.entries[1].pk:
            raise KeyboardInterrupt
        return revoke(entry, **arguments)

    monkeypatch.setattr(workflow, "revoke", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        documents.revoke(world.contract, by=world.other, now=world.now, note="Бұзылды")
    assert states() == [EntryState.REVOKED, EntryState.APPROVED]
    monkeypatch.undo()
    documents.revoke(world.contract, by=world.other, now=world.now, note="Бұзылды")
    assert states() == [EntryState.REVOKED, EntryState.REVOKED]


@pytest.mark.parametrize("case", ["author", "no reason"])
def test_a_refusal_changes_nothing(world: World, case: str) -> None:
    by, note = (world.editor, "Бұзылды") if case == "author" else (world.other, "  ")
    refusal = documents.OwnDocument if case == "author" else workflow.ReasonMissing
    rows = Journal.objects.count()
    with pytest.raises(refusal):
        documents.revoke(world.contract, by=by, now=world.now, note=note)
    world.contract.refresh_from_db()
    assert (world.contract.revoked_at, states(), Journal.objects.count()) == (
        None,
        [EntryState.APPROVED, EntryState.APPROVED],
        rows,
    )


# --- afterwards -----------------------------------------------------------------------------------


@pytest.fixture
def waiting(world: World) -> StatusEntry:
    """An answer on the contract that waits while the contract is revoked."""
    item: ChecklistItem = ItemFactory(institution=world.entries[0].item.institution)
    entry = EntryFactory(item=item, document=world.contract, author=world.editor, submitted=True)
    documents.revoke(world.contract, by=world.other, now=world.now, note="Бұзылды")
    return entry


def test_nothing_is_approved_on_a_revoked_document(world: World, waiting: StatusEntry) -> None:
    assert not StatusEntry.objects.awaiting_decision().rule_clean(world.order.day).exists()
    with pytest.raises(workflow.RevokedDocument):
        workflow.approve(waiting, by=world.approver, now=world.now, shown=waiting.content_hash)
    waiting.refresh_from_db()
    assert waiting.state == EntryState.SUBMITTED


def test_nothing_is_submitted_on_a_revoked_document(world: World) -> None:
    item = ItemFactory(institution=world.entries[0].item.institution)
    draft = EntryFactory(item=item, document=world.contract, author=world.editor)
    documents.revoke(world.contract, by=world.other, now=world.now, note="Бұзылды")
    draft = StatusEntry.objects.get(pk=draft.pk)
    with pytest.raises(workflow.RevokedDocument):
        workflow.submit(draft, by=world.editor, now=world.now)
    draft.refresh_from_db()
    assert draft.state == EntryState.DRAFT


def test_a_revoked_document_entered_anew_is_no_way_around(world: World) -> None:
    documents.revoke(world.contract, by=world.other, now=world.now, note="Бұзылды")
    item = ItemFactory(institution=world.entries[0].item.institution, code="ACC-POST")
    again = EntryFactory(item=item, document=CONTRACT, author=world.editor, submitted=True)
    assert again.evidence != world.contract
    assert not StatusEntry.objects.awaiting_decision().rule_clean(world.order.day).exists()
