"""A duplicate is closed and can be what it was again; nothing moves between the two."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from compliance import enrolment, ledger, merging
from compliance.models import ChecklistItem, StatusEntry
from institutions.models import Institution, Journal, Membership, Merger
from institutions.registry import NoSuchState
from tests.constraints import broken
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import DirectorFactory, EditorFactory, InstitutionFactory, UserFactory

pytestmark = pytest.mark.django_db

SINCE = date(2026, 5, 1)
LATER = date(2026, 5, 15)


@pytest.fixture
def kept(fixed_now, order, places) -> Institution:
    return InstitutionFactory(locality=places.district)


@pytest.fixture
def twin(kept, places) -> Institution:
    return InstitutionFactory(locality=places.district)


@pytest.fixture
def editor(places):
    return EditorFactory(region=places.region).user


def merge(twin, kept, editor, now, **values) -> Merger:
    wanted = {"into": kept, "since": SINCE, "reason": "Екі рет тіркелген", "carry": []} | values
    return merging.merge(twin, by=editor, now=now, **wanted)


def lives(institution) -> list[tuple]:
    return list(institution.states.order_by("valid_from").values_list("valid_from", "valid_to", "lifecycle"))


def counted(institution, day) -> dict:
    return ledger.standings(institution, as_of=day)


def test_the_duplicate_is_closed_and_everything_else_stays(kept, twin, editor, fixed_now):
    EntryFactory(item=ItemFactory(institution=twin), approved=True)
    before = (lives(kept), counted(kept, LATER), counted(twin, SINCE - timedelta(days=1)), StatusEntry.objects.count())
    merger = merge(twin, kept, editor, fixed_now)
    assert lives(twin) == [
        (date(2022, 9, 1), date(2026, 4, 30), "open"), (SINCE, None, "closed"),
    ]  # fmt: skip
    assert counted(twin, SINCE) == {}
    after = (lives(kept), counted(kept, LATER), counted(twin, SINCE - timedelta(days=1)), StatusEntry.objects.count())
    assert after == before
    assert Institution.objects.filter(bin__in=[kept.bin, twin.bin]).count() == 2
    row = Journal.objects.get(action="institution.merge")
    assert (row.user, row.institution, row.after["kept"], merger.lifecycles) == (
        editor, twin, kept.bin, {"2026-05-01": "open"},
    )  # fmt: skip


def test_later_known_states_are_closed_too(kept, twin, editor, fixed_now):
    enrolment.change_institution(twin, since=LATER, by=None, now=fixed_now, learners=300)
    merge(twin, kept, editor, fixed_now)
    assert [life[2] for life in lives(twin)] == ["open", "closed", "closed"]
    assert counted(twin, LATER) == {}


def test_undone_it_is_what_it_was(kept, twin, editor, fixed_now):
    EntryFactory(item=ItemFactory(institution=twin), approved=True)
    enrolment.change_institution(twin, since=LATER, by=None, now=fixed_now, lifecycle="capital_repair")
    days = [SINCE - timedelta(days=1), SINCE, LATER, date(2026, 8, 1)]
    before = [counted(twin, day) for day in days]
    listed = ChecklistItem.objects.filter(institution=twin, listed=True).count()
    merger = merge(twin, kept, editor, fixed_now)
    merging.undo(merger, by=editor, now=fixed_now, reason="Екі бөлек мектеп")
    assert [counted(twin, day) for day in days] == before
    assert [life[2] for life in lives(twin)] == ["open", "open", "capital_repair"]
    assert ChecklistItem.objects.filter(institution=twin, listed=True).count() == listed
    merger.refresh_from_db()
    assert (merger.undone_by, merger.undone_at, merger.undo_reason) == (editor, fixed_now, "Екі бөлек мектеп")
    assert Journal.objects.filter(action="institution.unmerge", user=editor).count() == 1
    with pytest.raises(merging.AlreadyUndone):
        merging.undo(merger, by=editor, now=fixed_now, reason="Тағы")


def test_undone_after_it_was_opened_by_hand_changes_no_state(kept, twin, editor, fixed_now):
    merger = merge(twin, kept, editor, fixed_now)
    enrolment.change_institution(twin, since=SINCE, by=None, now=fixed_now, lifecycle="open")
    before = lives(twin)
    merging.undo(merger, by=editor, now=fixed_now, reason="Қате")
    assert lives(twin) == before


def test_directors_are_carried_over_and_taken_back(kept, twin, editor, fixed_now, order):
    both = DirectorFactory(institution=kept).user
    DirectorFactory(institution=twin, user=both)
    director = DirectorFactory(institution=twin)
    offered = merging.to_carry_over(twin, kept, order.day)
    assert offered == [director]
    merger = merge(twin, kept, editor, fixed_now, carry=offered)
    assert set(Institution.objects.visible_to(director.user)) == {kept, twin}
    merging.undo(merger, by=editor, now=fixed_now, reason="Қате")
    assert set(Institution.objects.visible_to(director.user)) == {twin}
    assert Membership.objects.filter(user=both).count() == 2
    actions = Journal.objects.filter(action__startswith="membership.").values_list("action", "institution")
    assert set(actions) == {("membership.create", kept.pk), ("membership.end", kept.pk)}


@pytest.mark.parametrize(
    ("case", "refusal"),
    [
        ("itself", merging.SameInstitution),
        ("kept closed", merging.KeptIsClosed),
        ("kept merged", merging.KeptIsClosed),
        ("closed already", merging.AlreadyMerged),
        ("merged already", merging.AlreadyMerged),
        ("too early", NoSuchState),
    ],
)
def test_what_cannot_be_merged_changes_nothing(kept, twin, editor, fixed_now, places, case, refusal):
    values = {}
    match case:
        case "itself":
            values = {"into": twin}
        case "kept closed":
            enrolment.change_institution(kept, since=SINCE, by=None, now=fixed_now, lifecycle="closed")
        case "kept merged":
            merge(kept, InstitutionFactory(locality=places.district), editor, fixed_now, since=LATER)
        case "closed already":
            enrolment.change_institution(twin, since=SINCE, by=None, now=fixed_now, lifecycle="closed")
        case "merged already":
            merge(twin, kept, editor, fixed_now, since=LATER)
        case _:
            values = {"since": date(2000, 1, 1)}
    before = (Merger.objects.count(), lives(twin), lives(kept))
    with pytest.raises(refusal):
        merge(twin, kept, editor, fixed_now, **values)
    assert (Merger.objects.count(), lives(twin), lives(kept)) == before


def test_the_database_refuses_what_is_no_merger(kept, twin, editor, fixed_now):
    merger = merge(twin, kept, editor, fixed_now)
    mine = Merger.objects.filter(pk=merger.pk)
    with broken("merger_of_two"):
        mine.update(kept=twin)
    with broken("merger_undone_whole_or_not"):
        mine.update(undone_by=UserFactory())
    with broken("merger_undone_whole_or_not"):
        mine.update(undone_by=UserFactory(), undone_at=fixed_now)
    with broken("merger_one_in_force"):
        Merger.objects.create(kept=kept, merged=twin, since=SINCE, reason="Тағы", made_by=editor, made_at=fixed_now)


def test_what_closes_later_takes_no_duplicate(kept, twin, editor, fixed_now):
    enrolment.change_institution(kept, since=LATER, by=None, now=fixed_now, lifecycle="closed")
    with pytest.raises(merging.KeptIsClosed):
        merge(twin, kept, editor, fixed_now)


def test_nobody_carries_a_role_over_to_themselves(kept, twin, editor, fixed_now):
    own = DirectorFactory(institution=twin, user=editor)
    merge(twin, kept, editor, fixed_now, carry=[own])
    assert not Membership.objects.filter(user=editor, institution=kept).exists()


def test_a_substitute_whom_a_carried_director_named_goes_with_them(kept, twin, editor, fixed_now, order):
    director = DirectorFactory(institution=twin)
    merger = merge(twin, kept, editor, fixed_now, carry=[director])
    stranger = DirectorFactory(institution=kept, valid_from=order.day)
    until = order.day + timedelta(days=9)
    named = DirectorFactory(institution=kept, valid_from=order.day, valid_to=until, substitute_for=director.user)
    merging.undo(merger, by=editor, now=fixed_now, reason="Қате")
    assert set(Institution.objects.visible_to(named.user)) == set()
    assert set(Institution.objects.visible_to(stranger.user)) == {kept}
