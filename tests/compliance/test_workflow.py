"""What happens to an answer, in every state, by every hand, and that a refusal changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from compliance import content, ledger, periods, workflow
from compliance.enums import MOVES, EntryState, Measure, ReturnReason, Status, Verb
from compliance.models import ChecklistItem, Evidence, PendingFold, Requirement, StatusChange, StatusEntry
from institutions import journal
from institutions.enums import Lifecycle
from institutions.models import Journal, Region, User
from reporting import sums
from tests.factories.compliance import EntryFactory, ItemFactory, PeriodExceptionFactory
from tests.factories.institutions import ApproverFactory, InstitutionFactory, UserFactory

DAY = timedelta(days=1)


@pytest.fixture
def item(fixed_now, order, places) -> ChecklistItem:
    return ItemFactory(institution__locality=places.district)


@dataclass(frozen=True)
class Levels:
    """Who checks for the district, and who approves for its region."""

    district: User
    region: User


def everything() -> dict[str, Any]:
    """All rows that a verb may write."""
    tables = (StatusEntry, ChecklistItem, StatusChange, PendingFold, Journal, Evidence)
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


def last_journal() -> tuple[Any, ...]:
    return Journal.objects.order_by("-pk").values_list("action", "user", "subject", "before", "after")[0]


# --- drafts -----------------------------------------------------------------------------------------

CONTRACT = workflow.DocumentReference("12", "Күзет ЖШС", date(2026, 1, 1), date(2026, 12, 31))


def test_a_draft_is_made_and_renewed_in_place(fixed_now, item):
    author = UserFactory()
    first = workflow.save_draft(
        item, workflow.AnswerData(Status.MET, date(2026, 5, 1), None, "Бар", CONTRACT), by=author, now=fixed_now
    )
    again = workflow.save_draft(
        item, workflow.AnswerData(Status.NOT_MET, date(2026, 5, 2)), by=author, now=fixed_now + DAY
    )
    assert again.pk == first.pk
    row = StatusEntry.objects.get()
    assert (row.state, row.status, row.effective_on, row.note, row.evidence, row.created_at, row.saved_at) == (
        EntryState.DRAFT, Status.NOT_MET, date(2026, 5, 2), "", None, fixed_now, fixed_now + DAY,
    )  # fmt: skip
    assert last_journal() == ("entry.save", author.pk, f"statusentry:{row.pk}", None, {"status": "not_met"})


def test_each_person_has_a_draft_of_their_own(item):
    EntryFactory.create_batch(2, item=item)
    assert StatusEntry.objects.filter(item=item, state="draft").count() == 2


def test_evidence_is_kept_where_it_says_the_same_and_never_changed(fixed_now, item):
    author = UserFactory()

    def save(document: workflow.DocumentReference) -> Evidence:
        answer = workflow.AnswerData(Status.MET, date(2026, 5, 1), document=document)
        return workflow.save_draft(item, answer, by=author, now=fixed_now).evidence

    first = save(CONTRACT)
    assert save(CONTRACT) == first
    other = save(workflow.DocumentReference("13", "Күзет ЖШС", date(2026, 1, 1)))
    assert other != first
    first.refresh_from_db()
    assert first.number == "12"


@pytest.mark.parametrize(
    "answer",
    [
        workflow.AnswerData(Status.UNKNOWN, date(2026, 5, 1)),
        workflow.AnswerData(Status.MET, date(2026, 5, 1), date(2026, 4, 30)),
    ],
)
def test_a_draft_without_shape_is_refused_whole(fixed_now, item, answer):
    before = everything()
    with pytest.raises(IntegrityError):
        workflow.save_draft(item, answer, by=UserFactory(), now=fixed_now)
    assert everything() == before


def test_a_draft_is_thrown_away_by_its_author_alone(fixed_now, item):
    draft = EntryFactory(item=item)
    with pytest.raises(workflow.StaleDecision):
        workflow.discard_draft(draft, by=UserFactory(), now=fixed_now)
    workflow.discard_draft(draft, by=draft.author, now=fixed_now)
    assert not StatusEntry.objects.exists()
    with pytest.raises(workflow.StaleDecision):
        workflow.discard_draft(draft, by=draft.author, now=fixed_now)


# --- the way of an answer ---------------------------------------------------------------------------


def test_submission_freezes_hashes_and_remembers_the_version(fixed_now, item):
    draft = EntryFactory(item=item)
    sender = UserFactory()
    workflow.submit(draft, by=sender, now=fixed_now)
    row = StatusEntry.objects.get()
    assert (row.state, row.submitted_by, row.submitted_at, row.item_version, row.content_hash) == (
        EntryState.SUBMITTED, sender, fixed_now, 0, content.digest_of(row),
    )  # fmt: skip
    assert last_journal()[:2] == ("entry.submit", sender.pk)
    answer = workflow.AnswerData(Status.NOT_MET, date(2026, 5, 1))
    again = workflow.save_draft(item, answer, by=draft.author, now=fixed_now)
    assert again.pk != row.pk  # what was submitted is not written over
    assert StatusEntry.objects.values().get(pk=row.pk)["status"] == Status.MET


def test_an_approval_makes_the_answer_the_items_status(fixed_now, item):
    entry = EntryFactory(item=item, submitted=True, valid_until=date(2026, 12, 31))
    approver = UserFactory()
    rows = workflow.approve(entry, by=approver, now=fixed_now, shown=entry.content_hash, note="Жарайды")
    entry.refresh_from_db()
    item.refresh_from_db()
    assert (entry.state, entry.decided_by, entry.decided_at, entry.decision_note) == (
        EntryState.APPROVED, approver, fixed_now, "Жарайды",
    )  # fmt: skip
    assert (item.status, item.valid_until, item.version) == (Status.MET, date(2026, 12, 31), 1)
    assert [(row.from_status, row.to_status, row.cause_ref) for row in rows] == [
        ("unknown", "met", f"entry:{entry.pk}"), ("met", "not_met", f"entry:{entry.pk}"),
    ]  # fmt: skip
    assert PendingFold.objects.filter(pk__in=[row.pk for row in rows]).count() == 2
    assert last_journal() == (
        "entry.approve", approver.pk, f"statusentry:{entry.pk}",
        {"status": "unknown"}, {"status": "met", "hash": entry.content_hash},
    )  # fmt: skip


def test_a_return_names_its_reason_and_leaves_the_item_as_it_is(fixed_now, item):
    entry = EntryFactory(item=item, submitted=True)
    before = (ChecklistItem.objects.values().get(pk=item.pk), StatusChange.objects.count())
    approver = UserFactory()
    workflow.return_entry(
        entry, by=approver, now=fixed_now, shown=entry.content_hash, reason=ReturnReason.WRONG_DATE, note="Күні қате"
    )
    entry.refresh_from_db()
    assert (entry.state, entry.return_reason, entry.decision_note, entry.decided_by) == (
        EntryState.RETURNED, ReturnReason.WRONG_DATE, "Күні қате", approver,
    )  # fmt: skip
    assert (ChecklistItem.objects.values().get(pk=item.pk), StatusChange.objects.count()) == before
    assert last_journal()[0] == "entry.return"


def test_a_returned_answer_is_continued_in_a_new_one(item):
    returned = EntryFactory(item=item, returned=True)
    entry = EntryFactory(item=item, approved=True, author=returned.author, continues=returned)
    assert (entry.continues, entry.state) == (returned, EntryState.APPROVED)


def test_an_answer_is_taken_back_before_it_is_decided(fixed_now, item):
    entry = EntryFactory(item=item, submitted=True)
    workflow.withdraw(entry, by=entry.author, now=fixed_now)
    assert StatusEntry.objects.get().state == EntryState.WITHDRAWN
    assert EntryFactory(item=item, submitted=True).state == EntryState.SUBMITTED  # the place is free again


def test_a_revocation_brings_back_what_counted_before(fixed_now, item):
    EntryFactory(item=item, approved=True, status=Status.PARTLY_MET, effective_on=date(2026, 3, 1))
    wrong = EntryFactory(item=item, approved=True, effective_on=date(2026, 4, 1))
    by = UserFactory()
    workflow.revoke(wrong, by=by, now=fixed_now, note="Қате мекеме")
    item.refresh_from_db()
    assert (item.status, item.version) == (Status.PARTLY_MET, 3)
    wrong.refresh_from_db()
    assert (wrong.state, wrong.revoked_by, wrong.revoked_at, wrong.revoke_note) == (
        EntryState.REVOKED, by, fixed_now, "Қате мекеме",
    )  # fmt: skip
    sums.fold()
    assert list(sums.drift()) == []


VERBS: dict[Verb, Callable[..., Any]] = {
    Verb.SUBMIT: lambda entry, by, now: workflow.submit(entry, by=by, now=now),
    Verb.CHECK: lambda entry, by, now: workflow.check(entry, by=by, now=now, shown=entry.content_hash),
    Verb.WITHDRAW: lambda entry, by, now: workflow.withdraw(entry, by=by, now=now),
    Verb.APPROVE: lambda entry, by, now: workflow.approve(entry, by=by, now=now, shown=entry.content_hash),
    Verb.RETURN: lambda entry, by, now: workflow.return_entry(
        entry, by=by, now=now, shown=entry.content_hash, reason=ReturnReason.UNCLEAR, note="Түсініксіз"
    ),
    Verb.REVOKE: lambda entry, by, now: workflow.revoke(entry, by=by, now=now, note="Қате"),
}


@pytest.mark.parametrize("state", EntryState)
@pytest.mark.parametrize("verb", Verb)
def test_a_verb_moves_an_entry_from_its_own_states_alone(fixed_now, item, verb, state):
    """Where there is no second level; a check, which there is only with one, with it."""
    entry = EntryFactory(item=item, to=state.value)
    by = ApproverFactory(locality=item.institution.locality).user
    second_level(item, on=verb == Verb.CHECK)
    sources, target = MOVES[verb]
    before = everything()
    if state in sources:
        VERBS[verb](entry, by, fixed_now)
        assert StatusEntry.objects.get(pk=entry.pk).state == target
        return
    with pytest.raises(workflow.StaleDecision):
        VERBS[verb](entry, by, fixed_now)
    assert everything() == before
    assert entry.state == state


def second_level(item: ChecklistItem, *, on: bool) -> None:
    Region.objects.filter(pk=item.institution.locality.region_id).update(second_level=on)


@pytest.fixture
def levels(item) -> Levels:
    """A region in which the district checks and the region approves, with somebody for each."""
    second_level(item, on=True)
    locality = item.institution.locality
    return Levels(ApproverFactory(locality=locality).user, ApproverFactory(region=locality.region).user)


def test_a_check_counts_nothing_and_names_who_when_and_what(fixed_now, item, levels):
    entry = EntryFactory(item=item, submitted=True)
    before = (ChecklistItem.objects.values().get(pk=item.pk), StatusChange.objects.count(), PendingFold.objects.count())
    workflow.check(entry, by=levels.district, now=fixed_now, shown=entry.content_hash)
    row = StatusEntry.objects.get()
    assert (row.state, row.checked_by, row.checked_at, row.decided_by) == (
        EntryState.CHECKED, levels.district, fixed_now, None,
    )  # fmt: skip
    assert before == (
        ChecklistItem.objects.values().get(pk=item.pk), StatusChange.objects.count(), PendingFold.objects.count(),
    )  # fmt: skip
    assert last_journal() == (
        "entry.check", levels.district.pk, f"statusentry:{entry.pk}", None, {"hash": entry.content_hash},
    )  # fmt: skip


# Who may do what next, by where the answer is, where there is a second level: None where it goes through.
TURNS = {
    ("submitted", Verb.CHECK, "district"): None,
    ("submitted", Verb.CHECK, "region"): workflow.OtherLevel,
    ("submitted", Verb.CHECK, "neighbour"): workflow.OtherLevel,
    ("submitted", Verb.APPROVE, "district"): workflow.OtherLevel,
    ("submitted", Verb.APPROVE, "region"): workflow.Unchecked,
    ("submitted", Verb.APPROVE, "neighbour"): workflow.OtherLevel,
    ("submitted", Verb.RETURN, "district"): None,
    ("submitted", Verb.RETURN, "region"): None,
    ("checked", Verb.CHECK, "district"): workflow.StaleDecision,
    ("checked", Verb.CHECK, "region"): workflow.StaleDecision,
    ("checked", Verb.CHECK, "neighbour"): workflow.StaleDecision,
    ("checked", Verb.APPROVE, "checker"): workflow.OwnCheck,
    ("checked", Verb.APPROVE, "district"): workflow.OtherLevel,
    ("checked", Verb.APPROVE, "region"): None,
    ("checked", Verb.APPROVE, "neighbour"): workflow.OtherLevel,
    ("checked", Verb.RETURN, "checker"): None,
    ("checked", Verb.RETURN, "district"): None,
    ("checked", Verb.RETURN, "region"): None,
}


@pytest.mark.parametrize(("state", "verb", "who"), TURNS)
def test_the_district_checks_and_the_region_approves(fixed_now, places, item, levels, state, verb, who):
    entry = EntryFactory(item=item, to=state)
    by = {
        "district": levels.district,
        "region": levels.region,
        "neighbour": ApproverFactory(region=places.capital).user,
        "checker": entry.checked_by,
    }[who]
    refusal = TURNS[state, verb, who]
    before = everything()
    if refusal is None:
        VERBS[verb](entry, by, fixed_now)
        assert StatusEntry.objects.get().state == MOVES[verb][1]
        return
    with pytest.raises(refusal) as refused:
        VERBS[verb](entry, by, fixed_now)
    assert (refused.type, everything()) == (refusal, before)


def test_where_nobody_of_the_district_can_check_the_region_approves_at_once(fixed_now, item):
    second_level(item, on=True)
    region = ApproverFactory(region=item.institution.locality.region).user
    # The only one of the district has written it; another decides for the region as well.
    author = ApproverFactory(locality=item.institution.locality).user
    ApproverFactory(locality=item.institution.locality, user=region)
    entry = EntryFactory(item=item, submitted=True, author=author)
    workflow.approve(entry, by=region, now=fixed_now, shown=entry.content_hash)
    assert StatusEntry.objects.get().state == EntryState.APPROVED


def test_whoever_decides_for_the_region_does_not_check_in_its_district(fixed_now, item, levels):
    entry = EntryFactory(item=item, submitted=True)
    ApproverFactory(locality=item.institution.locality, user=levels.region)
    with pytest.raises(workflow.OtherLevel):
        workflow.check(entry, by=levels.region, now=fixed_now, shown=entry.content_hash)


@pytest.mark.parametrize("hand", ["author", "submitted_by"])
def test_nobody_checks_what_they_wrote_or_submitted(fixed_now, item, levels, hand):
    people = {"author": UserFactory(), "submitted_by": UserFactory()} | {hand: levels.district}
    entry = EntryFactory(item=item, submitted=True, **people)
    before = everything()
    with pytest.raises(workflow.OwnEntry):
        workflow.check(entry, by=levels.district, now=fixed_now, shown=entry.content_hash)
    assert everything() == before


def test_who_checked_approves_nothing_even_when_they_move_to_the_region(fixed_now, item, levels):
    entry = EntryFactory(item=item, checked=True, checked_by=levels.district)
    ApproverFactory(region=item.institution.locality.region, user=levels.district)
    before = everything()
    with pytest.raises(workflow.OwnCheck):
        workflow.approve(entry, by=levels.district, now=fixed_now, shown=entry.content_hash)
    second_level(item, on=False)
    with pytest.raises(workflow.OwnCheck):
        workflow.approve(entry, by=levels.district, now=fixed_now, shown=entry.content_hash)
    assert everything() == before


def test_who_checked_does_not_revoke(fixed_now, item, levels):
    entry = EntryFactory(item=item, approved=True, checked_by=levels.district, decided_by=levels.region)
    before = everything()
    with pytest.raises(workflow.OwnEntry):
        workflow.revoke(entry, by=levels.district, now=fixed_now, note="Қате")
    assert everything() == before


def test_switching_the_second_level_leaves_no_answer_stuck(fixed_now, item, levels):
    checked = EntryFactory(item=item, checked=True)
    second_level(item, on=False)
    with pytest.raises(workflow.StaleDecision):
        workflow.check(checked, by=levels.district, now=fixed_now, shown=checked.content_hash)
    workflow.approve(checked, by=levels.region, now=fixed_now, shown=checked.content_hash)

    submitted = EntryFactory(item=item, submitted=True, status=Status.NOT_MET)
    with pytest.raises(workflow.OtherLevel):
        workflow.check(submitted, by=levels.district, now=fixed_now, shown=submitted.content_hash)
    second_level(item, on=True)
    workflow.check(submitted, by=levels.district, now=fixed_now, shown=submitted.content_hash)
    workflow.approve(submitted, by=levels.region, now=fixed_now, shown=submitted.content_hash)
    assert list(StatusEntry.objects.order_by("pk").values_list("state", flat=True)) == [EntryState.APPROVED] * 2


@pytest.mark.parametrize("verb", [Verb.CHECK, Verb.APPROVE])
def test_what_was_changed_behind_a_check_is_neither_checked_nor_approved(fixed_now, item, levels, verb):
    entry = EntryFactory(item=item, to="submitted" if verb == Verb.CHECK else "checked")
    StatusEntry.objects.filter(pk=entry.pk).update(note="басқа")
    before = everything()
    with pytest.raises(workflow.StaleDecision):
        VERBS[verb](entry, levels.district if verb == Verb.CHECK else levels.region, fixed_now)
    assert everything() == before


def test_an_approval_is_refused_when_the_check_came_in_between(fixed_now, item, levels, monkeypatch):
    """What was looked at was not checked; in between it was, so that whoever approves looks once more."""
    second_level(item, on=False)
    entry = EntryFactory(item=item, submitted=True)
    claim = ledger.claim

    def slow(*args: Any, **kwargs: Any) -> None:
        claim(*args, **kwargs)
        StatusEntry.objects.filter(pk=entry.pk).update(
            state=EntryState.CHECKED, checked_by=levels.district, checked_at=fixed_now
        )

    monkeypatch.setattr(ledger, "claim", slow)
    with pytest.raises(workflow.StaleDecision):
        workflow.approve(entry, by=levels.region, now=fixed_now, shown=entry.content_hash)


def test_the_document_of_an_answer_is_looked_at_before_it_is_checked(fixed_now, item, levels):
    entry = EntryFactory(item=item, submitted=True, document=CONTRACT)
    Evidence.objects.update(revoked_at=fixed_now, revoked_by=levels.region, revoke_note="Жалған")
    with pytest.raises(workflow.RevokedDocument):
        workflow.check(entry, by=levels.district, now=fixed_now, shown=entry.content_hash)


def test_in_bulk_each_is_checked_or_returned_by_itself(fixed_now, item, levels):
    codes = ("ACC-ORDER", "ACC-PUPILS", "ACC-POST")
    items = [ItemFactory(institution=item.institution, code=code) for code in codes]
    good, own, stale = (
        EntryFactory(item=items[0], submitted=True),
        EntryFactory(item=items[1], submitted=True, author=levels.district),
        EntryFactory(item=items[2], submitted=True),
    )
    shown = [(good, good.content_hash), (own, own.content_hash), (stale, "0" * 64)]
    outcome = workflow.check_many(shown, by=levels.district, now=fixed_now)
    assert (outcome.checked, [(pk, type(refusal)) for pk, refusal in outcome.refused]) == (
        [good.pk], [(own.pk, workflow.OwnEntry), (stale.pk, workflow.StaleDecision)],
    )  # fmt: skip
    outcome = workflow.return_many(
        shown, by=levels.district, now=fixed_now, reason=ReturnReason.NO_PROOF, note="Құжат қайда?"
    )
    assert (outcome.returned, [pk for pk, _refusal in outcome.refused]) == ([good.pk], [own.pk, stale.pk])
    states = StatusEntry.objects.order_by("pk").values_list("state", "return_reason", "decision_note")
    assert list(states) == [
        ("returned", "no_proof", "Құжат қайда?"), ("submitted", "", ""), ("submitted", "", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("hand", ["author", "submitted_by"])
@pytest.mark.parametrize("verb", [Verb.APPROVE, Verb.RETURN, Verb.REVOKE])
def test_nobody_decides_what_they_wrote_or_submitted(fixed_now, item, verb, hand):
    people = {"author": UserFactory(), "submitted_by": UserFactory()}
    state = "approved" if verb == Verb.REVOKE else "submitted"
    entry = EntryFactory(item=item, to=state, **people)
    before = everything()
    with pytest.raises(workflow.OwnEntry):
        VERBS[verb](entry, people[hand], fixed_now)
    assert everything() == before


def test_nobody_revokes_what_they_approved(fixed_now, item):
    entry = EntryFactory(item=item, approved=True)
    before = everything()
    with pytest.raises(workflow.OwnEntry):
        workflow.revoke(entry, by=entry.decided_by, now=fixed_now, note="Қате")
    assert everything() == before


@pytest.mark.parametrize("shown", ["", "0" * 64])
@pytest.mark.parametrize("verb", [workflow.approve, workflow.return_entry])
def test_a_decision_names_the_hash_that_was_shown(fixed_now, item, verb, shown):
    entry = EntryFactory(item=item, submitted=True)
    more = {} if verb is workflow.approve else {"reason": ReturnReason.UNCLEAR, "note": "Түсініксіз"}
    before = everything()
    with pytest.raises(workflow.StaleDecision):
        verb(entry, by=UserFactory(), now=fixed_now, shown=shown, **more)
    assert everything() == before


def test_no_approval_outlives_the_content_that_was_shown(fixed_now, item):
    """Somebody changed the stored answer past the workflow; the hash beside it stayed."""
    entry = EntryFactory(item=item, submitted=True)
    StatusEntry.objects.filter(pk=entry.pk).update(note="басқа")
    before = everything()
    with pytest.raises(workflow.StaleDecision):
        workflow.approve(entry, by=UserFactory(), now=fixed_now, shown=entry.content_hash)
    assert everything() == before


def test_a_draft_that_was_saved_again_meanwhile_is_not_submitted(fixed_now, item):
    draft = EntryFactory(item=item)
    answer = workflow.AnswerData(Status.NOT_MET, date(2026, 5, 1))
    workflow.save_draft(item, answer, by=draft.author, now=fixed_now + DAY)
    before = everything()
    with pytest.raises(workflow.StaleDecision):
        workflow.submit(draft, by=draft.author, now=fixed_now + DAY)
    assert everything() == before


def test_an_item_that_was_decided_meanwhile_is_not_decided_again(fixed_now, item):
    first = EntryFactory(item=item, approved=True)
    entry = EntryFactory(item=item, submitted=True, status=Status.NOT_MET)
    workflow.revoke(first, by=UserFactory(), now=fixed_now, note="Қате")
    before = everything()
    with pytest.raises(workflow.StaleDecision):
        workflow.approve(entry, by=UserFactory(), now=fixed_now, shown=entry.content_hash)
    assert everything() == before
    assert entry.state == EntryState.SUBMITTED


def test_an_item_that_left_the_list_is_neither_answered_nor_approved(fixed_now, item):
    from compliance import enrolment

    waiting = EntryFactory(item=item, submitted=True)
    draft = EntryFactory(item=ItemFactory(institution=item.institution, measure=Measure.CCTV_CONNECTED))
    enrolment.change_institution(
        item.institution, since=date(2026, 5, 1), by=None, now=fixed_now, lifecycle=Lifecycle.CLOSED
    )
    before = everything()
    with pytest.raises(workflow.StaleDecision):
        workflow.approve(waiting, by=UserFactory(), now=fixed_now, shown=waiting.content_hash)
    with pytest.raises(workflow.NotListed):
        workflow.submit(draft, by=draft.author, now=fixed_now)
    assert everything() == before


# --- what is refused at submission ------------------------------------------------------------------


@pytest.mark.parametrize("late", ["closing", "closed"])
def test_an_answer_for_a_closing_quarter_is_late_but_for_an_exception(fixed_now, order, item, late):
    draft = EntryFactory(item=item, effective_on=date(2026, 3, 31))
    period = order.period("2026Q1")
    (periods.begin_closing if late == "closing" else periods.close_period)(period, by=None, now=fixed_now)
    before = everything()
    with pytest.raises(workflow.LateAnswer):
        workflow.submit(draft, by=draft.author, now=fixed_now)
    assert everything() == before
    PeriodExceptionFactory(period=period, institution=item.institution, until=order.day)
    with pytest.raises(workflow.LateAnswer):
        workflow.submit(draft, by=draft.author, now=fixed_now + DAY)
    assert workflow.submit(draft, by=draft.author, now=fixed_now).state == EntryState.SUBMITTED


def test_what_waits_is_decided_while_the_quarter_closes(fixed_now, order, item):
    entry = EntryFactory(item=item, submitted=True, effective_on=date(2026, 3, 31))
    periods.begin_closing(order.period("2026Q1"), by=None, now=fixed_now)
    workflow.approve(entry, by=UserFactory(), now=fixed_now, shown=entry.content_hash)
    item.refresh_from_db()
    assert item.status == Status.MET


def test_an_answer_is_never_for_tomorrow(fixed_now, order, item):
    tomorrow = EntryFactory(item=item, effective_on=order.day + DAY)
    with pytest.raises(workflow.FutureAnswer):
        workflow.submit(tomorrow, by=tomorrow.author, now=fixed_now)
    # 19:00 UTC is midnight in Almaty: it is tomorrow already.
    assert workflow.submit(tomorrow, by=tomorrow.author, now=fixed_now.replace(hour=19)).state == "submitted"


def test_two_answers_to_one_item_do_not_wait_together(fixed_now, item):
    EntryFactory(item=item, submitted=True)
    draft = EntryFactory(item=item)
    before = everything()
    with pytest.raises(workflow.AlreadyWaiting):
        workflow.submit(draft, by=draft.author, now=fixed_now)
    assert everything() == before


@pytest.mark.parametrize("measure", Measure)
def test_a_measure_of_the_brief_is_never_not_applicable(fixed_now, order, places, measure):
    institution = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)
    item = ItemFactory(institution=institution, measure=measure)
    with pytest.raises(workflow.NoException):
        EntryFactory(
            item=item, submitted=True, status=Status.NOT_APPLICABLE, valid_until=date(2026, 12, 31), note="Себебі"
        )


@pytest.mark.parametrize(
    ("valid_until", "note", "taken"),
    [(None, "Себебі", False), (date(2026, 12, 31), " ", False), (date(2026, 12, 31), "Себебі", True)],
)
def test_another_exception_needs_a_reason_and_an_end(fixed_now, item, valid_until, note, taken):
    code = Requirement.objects.filter(measure=None, applies="all").first().code
    plain = ItemFactory(institution=item.institution, code=code)
    asked = {"item": plain, "status": Status.NOT_APPLICABLE, "valid_until": valid_until, "note": note}
    if not taken:
        with pytest.raises(workflow.NoException):
            EntryFactory(submitted=True, **asked)
        return
    EntryFactory(approved=True, **asked)
    plain.refresh_from_db()
    assert (plain.status, plain.valid_until) == (Status.NOT_APPLICABLE, valid_until)


@pytest.mark.parametrize("verb", ["return_entry", "revoke"])
def test_a_return_and_a_revocation_without_words_are_refused(fixed_now, item, verb):
    entry = EntryFactory(item=item, to="approved" if verb == "revoke" else "submitted")
    more = {} if verb == "revoke" else {"shown": entry.content_hash, "reason": ReturnReason.OTHER}
    before = everything()
    with pytest.raises(workflow.ReasonMissing):
        getattr(workflow, verb)(entry, by=UserFactory(), now=fixed_now, note="  ", **more)
    assert everything() == before


# --- in bulk, and halfway ---------------------------------------------------------------------------


def test_one_that_is_refused_holds_up_no_other(fixed_now, order, places):
    by = UserFactory()
    good = [EntryFactory(item__institution__locality=places.district, submitted=True) for _number in range(2)]
    own = EntryFactory(item__institution__locality=places.city, submitted=True, author=by)
    stale = EntryFactory(item__institution__locality=places.city, submitted=True)
    shown = [(entry, entry.content_hash) for entry in (own, *good)] + [(stale, "0" * 64)]
    outcome = workflow.approve_many(shown, by=by, now=fixed_now)
    assert sorted(outcome.approved) == sorted(entry.pk for entry in good)
    assert {pk: type(refusal) for pk, refusal in outcome.refused} == {
        own.pk: workflow.OwnEntry, stale.pk: workflow.StaleDecision,
    }  # fmt: skip
    assert StatusEntry.objects.filter(state="submitted").count() == 2


class Halfway(Exception):
    pass


@pytest.mark.parametrize("breaks", [(ledger, "sync"), (journal, "write")], ids=["in the ledger", "in the journal"])
@pytest.mark.parametrize("verb", [Verb.APPROVE, Verb.REVOKE])
def test_a_failure_halfway_leaves_nothing(fixed_now, item, monkeypatch, verb, breaks):
    entry = EntryFactory(item=item, to="approved" if verb == Verb.REVOKE else "submitted")
    by = UserFactory()

    def fail(*args: Any, **kwargs: Any) -> None:
        raise Halfway

    before = everything()
    monkeypatch.setattr(*breaks, fail)
    with pytest.raises(Halfway), transaction.atomic():
        VERBS[verb](entry, by, fixed_now)
    assert everything() == before


def test_every_write_is_in_the_journal_with_its_institution(fixed_now, item):
    EntryFactory(item=item, revoked=True)
    EntryFactory(item=item, returned=True)
    EntryFactory(item=item, withdrawn=True)
    actions = Journal.objects.filter(action__startswith="entry.").order_by("pk").values_list("action", "institution")
    verbs = ["save", "submit", "approve", "revoke", "save", "submit", "return", "save", "submit", "withdraw"]
    assert list(actions) == [(f"entry.{verb}", item.institution_id) for verb in verbs]
