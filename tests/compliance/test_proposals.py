"""Proposed changes: who decides, once, with four eyes, and only while the record is what they began from."""

from __future__ import annotations

from datetime import date
from functools import partial

import pytest
from django.core.exceptions import ValidationError

from compliance import enrolment, proposals
from compliance.models import StatusChange
from institutions import acts, registry
from institutions.enums import Owner, ProposalState
from institutions.models import ChangeProposal, Institution, InstitutionState, Journal
from tests.constraints import broken
from tests.factories.institutions import (
    AdministratorFactory,
    ApproverFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
)

pytestmark = pytest.mark.django_db

SINCE = date(2026, 5, 1)


@pytest.fixture
def school(fixed_now, order, places) -> Institution:
    return InstitutionFactory(locality=places.district, settlement=places.village)


@pytest.fixture
def director(school):
    return DirectorFactory(institution=school).user


@pytest.fixture
def editor(school, places):
    return EditorFactory(region=places.region).user


def kind(school, by, now, **changes):
    wanted = {"what": "kind", "changes": {"kind": "college"}, "since": SINCE, "reason": "Бұйрық № 5"}
    return proposals.propose(school, by=by, now=now, **(wanted | changes))


def state_of(proposal) -> tuple:
    proposal.refresh_from_db()
    return proposal.state, proposal.decided_by, proposal.decided_at, proposal.decision_note


def test_a_proposal_keeps_what_it_began_from_and_changes_nothing(school, director, fixed_now):
    proposal = kind(school, director, fixed_now)
    assert (proposal.owner, proposal.changes, proposal.since, proposal.reason, proposal.state) == (
        Owner.REGION, {"kind": {"old": "school", "new": "college"}}, SINCE, "Бұйрық № 5", ProposalState.OPEN,
    )  # fmt: skip
    assert InstitutionState.objects.filter(institution=school).count() == 1
    row = Journal.objects.filter(action="proposal.make").get()
    assert (row.user, row.before, row.after) == (
        director, {"kind": "school"}, {"kind": "college", "since": "2026-05-01"},
    )  # fmt: skip


def test_accepting_does_what_the_owner_would_have_done(school, director, editor, fixed_now):
    proposal = kind(school, director, fixed_now)
    known = StatusChange.objects.count()
    proposals.accept(proposal, by=editor, now=fixed_now)
    assert state_of(proposal) == ("accepted", editor, fixed_now, "")
    state = InstitutionState.objects.get(institution=school, valid_to=None)
    assert (state.valid_from, state.kind, state.reason, state.recorded_by) == (SINCE, "college", "Бұйрық № 5", editor)
    assert StatusChange.objects.count() > known
    assert Journal.objects.filter(action="proposal.accept", user=editor).count() == 1


def test_a_proposed_move_is_applied_with_its_places(school, director, editor, places, fixed_now):
    move = registry.place_fields(places.city, places.city_settlement)
    proposal = kind(school, director, fixed_now, what="move", changes=move)
    assert proposal.owner == Owner.REGION
    assert proposal.changes["settlement"] == {"old": places.village.kato, "new": places.city_settlement.kato}
    proposals.accept(proposal, by=editor, now=fixed_now)
    school.refresh_from_db()
    assert (school.locality, school.settlement, school.settlement_class, school.large_city) == (
        places.city, places.city_settlement, "regional_city", places.large_city,
    )  # fmt: skip


def test_accepted_details_are_corrected(school, director, editor, fixed_now):
    proposal = kind(school, director, fixed_now, what=acts.DETAILS, changes={"name_ru": "Лицей № 1"}, since=None)
    proposals.accept(proposal, by=editor, now=fixed_now)
    school.refresh_from_db()
    assert school.name_ru == "Лицей № 1"
    assert list(Institution.objects.search_for("лицей 1")) == [school]
    assert Journal.objects.filter(action="institution.details", user=editor).count() == 1


def test_where_the_record_moved_on_both_values_are_told_and_nothing_is_done(school, director, editor, fixed_now):
    proposal = kind(school, director, fixed_now)
    enrolment.change_institution(school, since=date(2026, 4, 1), by=editor, now=fixed_now, kind="kindergarten")
    before = list(InstitutionState.objects.values())
    with pytest.raises(proposals.MovedOn) as refusal:
        proposals.accept(proposal, by=editor, now=fixed_now)
    assert refusal.value.now == {"kind": "kindergarten"}
    assert list(InstitutionState.objects.values()) == before
    assert state_of(proposal) == ("open", None, None, "")


def test_a_value_that_fits_no_longer_leaves_the_proposal_open(school, director, editor, fixed_now):
    proposal = kind(school, director, fixed_now, changes={"kind": "hospital"})
    with pytest.raises(ValidationError):
        proposals.accept(proposal, by=editor, now=fixed_now)
    assert state_of(proposal) == ("open", None, None, "")


@pytest.mark.parametrize("verb", ["accept", "decline"])
def test_nobody_decides_their_own(school, editor, fixed_now, verb):
    proposal = kind(school, editor, fixed_now)
    decide = {"accept": proposals.accept, "decline": partial(proposals.decline, note="Жоқ")}[verb]
    with pytest.raises(proposals.OwnProposal):
        decide(proposal, by=editor, now=fixed_now)
    assert state_of(proposal) == ("open", None, None, "")


def test_declining_says_why(school, director, editor, fixed_now):
    proposal = kind(school, director, fixed_now)
    with pytest.raises(proposals.ReasonMissing):
        proposals.decline(proposal, by=editor, now=fixed_now, note=" ")
    proposals.decline(proposal, by=editor, now=fixed_now, note="Бұйрық жоқ")
    assert state_of(proposal) == ("declined", editor, fixed_now, "Бұйрық жоқ")
    assert Journal.objects.get(action="proposal.decline").after == {"note": "Бұйрық жоқ"}


def test_only_who_proposed_takes_it_back(school, director, editor, fixed_now):
    proposal = kind(school, director, fixed_now)
    with pytest.raises(proposals.NotTheirs):
        proposals.withdraw(proposal, by=editor, now=fixed_now)
    proposals.withdraw(proposal, by=director, now=fixed_now)
    assert state_of(proposal) == ("withdrawn", None, fixed_now, "")


@pytest.mark.parametrize("done", ["accept", "decline", "withdraw"])
@pytest.mark.parametrize("verb", ["accept", "decline", "withdraw"])
def test_what_is_decided_is_decided_once(school, director, editor, fixed_now, done, verb):
    proposal = kind(school, director, fixed_now)
    verbs = {
        "accept": lambda: proposals.accept(proposal, by=editor, now=fixed_now),
        "decline": lambda: proposals.decline(proposal, by=editor, now=fixed_now, note="Жоқ"),
        "withdraw": lambda: proposals.withdraw(proposal, by=director, now=fixed_now),
    }
    verbs[done]()
    before = state_of(proposal)
    with pytest.raises(proposals.StaleProposal):
        verbs[verb]()
    assert state_of(proposal) == before


def test_one_waits_at_a_time(school, director, fixed_now):
    first = kind(school, director, fixed_now)
    with pytest.raises(proposals.AlreadyOpen):
        kind(school, director, fixed_now)
    proposals.withdraw(first, by=director, now=fixed_now)
    assert kind(school, director, fixed_now).state == ProposalState.OPEN


def test_before_the_first_day_there_is_nothing_to_begin_from(school, director, fixed_now):
    with pytest.raises(registry.NoSuchState):
        kind(school, director, fixed_now, since=date(2000, 1, 1))
    assert not ChangeProposal.objects.exists()


# --- correcting: what is one's own at once, the rest proposed --------------------------------------


def test_a_director_corrects_the_phone_and_proposes_the_name_in_one_step(school, director, fixed_now):
    corrected, proposal = proposals.correct(
        school, owned={Owner.FACILITY}, changes={"phone": "+7 700 000 00 00", "name_kk": "Лицей"},
        reason="Жаңа атау", by=director, now=fixed_now,
    )  # fmt: skip
    school.refresh_from_db()
    assert (corrected, school.phone, school.name_kk == "Лицей") == (["phone"], "+7 700 000 00 00", False)
    assert (proposal.what, proposal.changes["name_kk"]["new"], proposal.since) == (acts.DETAILS, "Лицей", None)


def test_where_the_proposal_is_refused_nothing_is_corrected(school, director, fixed_now):
    wanted = {"owned": {Owner.FACILITY}, "reason": "Жаңа атау", "by": director, "now": fixed_now}
    proposals.correct(school, changes={"name_kk": "Лицей"}, **wanted)
    with pytest.raises(proposals.AlreadyOpen):
        proposals.correct(school, changes={"phone": "+7 1", "name_kk": "Гимназия"}, **wanted)
    school.refresh_from_db()
    assert school.phone == ""


def test_the_owner_of_all_proposes_nothing(school, editor, fixed_now):
    corrected, proposal = proposals.correct(
        school, owned={Owner.FACILITY, Owner.REGION}, changes={"name_kk": "Лицей"}, reason="", by=editor, now=fixed_now
    )
    assert (corrected, proposal) == (["name_kk"], None)


# --- who sees and decides --------------------------------------------------------------------------


def test_each_owner_finds_what_is_theirs_to_decide(school, director, editor, places, fixed_now):
    region = kind(school, director, fixed_now)
    ministry = kind(school, director, fixed_now, what="large-city", changes={"large_city": places.large_city})
    facility = kind(school, ApproverFactory(region=places.region).user, fixed_now, what="headcount",
                    changes={"staff": 5, "learners": 9})  # fmt: skip
    people = {
        "director": director,
        "editor": editor,
        "administrator": AdministratorFactory().user,
        "approver": ApproverFactory(region=places.region).user,
        "neighbour": EditorFactory(region=places.capital).user,
    }
    found = {who: set(ChangeProposal.objects.decidable_by(one)) for who, one in people.items()}
    assert found == {
        "director": {facility},
        "editor": {region, facility},
        "administrator": {region, ministry, facility},
        "approver": set(),
        "neighbour": set(),
    }
    assert set(ChangeProposal.objects.visible_to(people["approver"])) == {region, ministry, facility}
    assert not ChangeProposal.objects.visible_to(people["neighbour"]).exists()


def test_a_move_is_decided_by_whoever_reaches_both_places(school, director, places, fixed_now):
    move = registry.place_fields(places.city, places.city_settlement)
    proposal = kind(school, director, fixed_now, what="move", changes=move)
    here, everywhere = EditorFactory(locality=places.district).user, EditorFactory(region=places.region).user
    assert proposal not in ChangeProposal.objects.decidable_by(here)
    assert proposal in ChangeProposal.objects.decidable_by(everywhere)


# --- what the database refuses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("constraint", "wrong"),
    [
        ("proposal_four_eyes", {"state": "accepted", "decided_by": "director"}),
        ("proposal_decision_whole_or_absent", {"state": "accepted"}),
        ("proposal_decision_whole_or_absent", {"decided_by": "editor"}),
        ("proposal_decision_whole_or_absent", {"state": "withdrawn", "decided_by": "editor"}),
        ("proposal_declined_with_reason", {"state": "declined", "decided_by": "editor"}),
    ],
)
def test_the_database_refuses_half_a_decision(school, director, editor, fixed_now, constraint, wrong):
    proposal = kind(school, director, fixed_now)
    people = {"director": director, "editor": editor}
    values = {name: people.get(value, value) for name, value in wrong.items()}
    if constraint != "proposal_decision_whole_or_absent":
        values["decided_at"] = fixed_now
    with broken(constraint):
        ChangeProposal.objects.filter(pk=proposal.pk).update(**values)


def test_the_database_refuses_a_second_open_one(school, director, fixed_now):
    proposal = kind(school, director, fixed_now)
    proposal.pk = None
    with broken("proposal_one_open"):
        proposal.save(force_insert=True)


# --- in words --------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_changes_are_put_into_words_with_three_queries_at_most(
    school, places, fixed_now, count, source_words, django_assert_num_queries
):
    move = registry.place_fields(places.city, places.city_settlement)
    for _each in range(count):
        kind(school, DirectorFactory(institution=school).user, fixed_now, what="move", changes=move)
    found = list(ChangeProposal.objects.all())
    with django_assert_num_queries(3):
        words = proposals.in_words(found)
    assert len(words) == count
    lines = [(line.label, line.old, line.new) for line in words[found[0].pk]]
    assert lines == [
        ("Locality", places.district.name, places.city.name),
        ("Settlement", places.village.name, places.city_settlement.name),
        ("Large city", "", places.large_city.name),
    ]
