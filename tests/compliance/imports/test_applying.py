"""A list goes into the register whole or not at all, never over what somebody changed, and out again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from compliance import enrolment, ledger, merging
from compliance.imports import applying, running
from compliance.models import ChecklistItem, ImportRun, StatusChange
from institutions.models import Institution, InstitutionState, Journal, Membership
from tests.compliance.imports.lists import BIN_1, BIN_2, HEADINGS, applied, checked, new_row, undone, workbook
from tests.factories.compliance import EntryFactory, InspectionFactory, ItemFactory
from tests.factories.institutions import EditorFactory, InstitutionFactory

SINCE = date(2026, 5, 1)
LATER = timedelta(minutes=5)
CHANGES = ("БИН", "Обучающиеся", "Телефон")


@pytest.fixture
def editor(fixed_now, order, places, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return EditorFactory(region=places.region).user


@pytest.fixture
def school(editor, places):
    return InstitutionFactory(locality=places.district, learners=10, phone="1")


def list_of(*rows, by, now, headings=HEADINGS) -> ImportRun:
    return checked(workbook([headings, *rows]), by=by, since=SINCE, now=now)


def states_of(institution) -> list[tuple]:
    return list(
        institution.states.order_by("valid_from").values_list("valid_from", "valid_to", "learners", "lifecycle")
    )


def items_of(institution) -> list[tuple]:
    items = ChecklistItem.objects.filter(institution=institution).order_by("requirement")
    return list(items.values_list("requirement", "listed", "obliged", "status", "spans__valid_from", "spans__basis"))


def rows_of(institution) -> list[tuple]:
    """The ledger's rows but for what tells who wrote them."""
    rows = StatusChange.objects.filter(institution=institution).order_by("item__requirement", "effective_on", "seq")
    return list(
        rows.values_list("item__requirement", "cell", "from_status", "to_status", "effective_on", "to_learners")
    )


def test_new_institutions_enter_with_their_checklists(editor, fixed_now):
    run = applied(
        list_of(new_row(BIN_1), new_row(BIN_2, kind="балабақша"), by=editor, now=fixed_now), by=editor, now=fixed_now
    )
    assert (run.state, run.done_new, run.done_changed, run.rows_stale) == ("applied", 2, 0, 0)
    school = Institution.objects.get(bin=BIN_1)
    assert states_of(school) == [(SINCE, None, 200, "open")]
    # The same list and ledger as through the one door that there is for a single institution.
    twin = InstitutionFactory(
        locality=school.locality, settlement=school.settlement, staff=20, learners=200, since=SINCE, name_kk="x"
    )
    listed = {
        institution.pk: set(ChecklistItem.objects.filter(institution=institution).values_list("requirement", "listed"))
        for institution in (school, twin)
    }
    assert listed[school.pk] == listed[twin.pk]
    assert (
        StatusChange.objects.filter(institution=school).count() == StatusChange.objects.filter(institution=twin).count()
    )
    assert list(ledger.broken_chains()) == []
    assert school.search != ""
    assert set(Journal.objects.filter(institution=school).values_list("action", "user")) == {
        ("institution.open", editor.pk)
    }


def test_a_change_begins_on_the_day_of_the_list_and_the_past_stays(editor, school, fixed_now):
    run = applied(list_of([school.bin, 99, "2"], by=editor, now=fixed_now, headings=CHANGES), by=editor, now=fixed_now)
    assert (run.done_changed, run.rows.get().result) == (1, "applied")
    before = date(2026, 4, 30)
    assert states_of(school) == [(date(2022, 9, 1), before, 10, "open"), (SINCE, None, 99, "open")]
    school.refresh_from_db()
    assert (school.learners, school.phone) == (99, "2")
    written = (
        Journal.objects.filter(institution=school, user=editor).order_by("pk").values_list("action", "before", "after")
    )
    assert list(written) == [
        ("institution.details", {"phone": "1"}, {"phone": "2"}),
        ("institution.change", {"learners": 10}, {"learners": 99, "since": "2026-05-01"}),
    ]
    assert StatusChange.objects.filter(institution=school, effective_on=SINCE).exists()
    assert list(ledger.broken_chains()) == []


def test_what_is_refused_holds_up_nothing_and_is_never_applied(editor, school, fixed_now):
    rows = ([school.bin, 99, None], ["123", 1, None], [school.bin[:-1] + "x", 1, None])
    run = applied(list_of(*rows, by=editor, now=fixed_now, headings=CHANGES), by=editor, now=fixed_now)
    assert (run.rows_read, run.rows_changed, run.rows_refused, run.done_changed) == (3, 1, 2, 1)
    assert list(run.rows.values_list("outcome", "result")) == [("changed", "applied"), ("refused", ""), ("refused", "")]


def test_what_somebody_changed_after_the_check_is_left_out_and_named(editor, school, places, fixed_now):
    other = InstitutionFactory(locality=places.district, learners=10)
    run = list_of([school.bin, 99, None], [other.bin, 99, None], by=editor, now=fixed_now, headings=CHANGES)
    enrolment.change_institution(school, since=SINCE, by=None, now=fixed_now, learners=55)
    run = applied(run, by=editor, now=fixed_now + LATER)
    assert (run.done_changed, run.rows_stale) == (1, 1)
    stale = run.rows.get(result="stale")
    assert (stale.bin, [reason["code"] for reason in stale.reasons]) == (school.bin, ["gone_meanwhile"])
    assert Institution.objects.get(pk=school.pk).learners == 55


def test_what_somebody_entered_after_the_check_is_left_out(editor, places, fixed_now):
    run = list_of(new_row(BIN_1), by=editor, now=fixed_now)
    InstitutionFactory(locality=places.district, bin=BIN_1)
    run = applied(run, by=editor, now=fixed_now + LATER)
    assert (run.done_new, run.rows_stale, Institution.objects.count()) == (0, 1, 1)
    assert run.rows.get().reasons[0]["code"] == "entered_meanwhile"


def test_whoever_lost_the_region_meanwhile_applies_nothing(editor, school, fixed_now):
    run = list_of([school.bin, 99, None], new_row(BIN_1)[:3], by=editor, now=fixed_now, headings=CHANGES)
    run.rows.exclude(bin=school.bin).delete()
    Membership.objects.filter(user=editor).update(valid_to=fixed_now.date() - timedelta(days=1))
    run = applied(run, by=editor, now=fixed_now + LATER)
    assert (run.done_changed, run.rows.get(bin=school.bin).reasons[0]["code"]) == (0, "not_found")


def test_a_failure_halfway_leaves_nothing_and_the_list_can_be_tried_again(editor, school, fixed_now, monkeypatch):
    run = list_of([school.bin, 99, "2"], by=editor, now=fixed_now, headings=CHANGES)
    before = [list(table.objects.order_by("pk").values()) for table in (Institution, InstitutionState, StatusChange)]

    def fail(*args, **options):
        raise LookupError

    with monkeypatch.context() as patch:
        patch.setattr(enrolment, "change_many", fail)
        run = applied(run, by=editor, now=fixed_now)
    assert (run.state, run.problem["code"], run.rows.get().result) == ("checked", "not_done", "")
    after = [list(table.objects.order_by("pk").values()) for table in (Institution, InstitutionState, StatusChange)]
    assert after == before
    assert applied(run, by=editor, now=fixed_now).done_changed == 1


def test_a_list_is_applied_once(editor, school, fixed_now):
    run = applied(list_of([school.bin, 99, None], by=editor, now=fixed_now, headings=CHANGES), by=editor, now=fixed_now)
    assert applying.apply(run.pk, now=fixed_now) is None
    with pytest.raises(running.WrongMove):
        running.ask_to_apply(run, by=editor, now=fixed_now)
    assert len(states_of(school)) == 2


def test_undoing_gives_the_old_values_back_and_closes_what_was_new(editor, school, fixed_now):
    headings = (*HEADINGS, "Телефон")
    run = list_of([school.bin, None, None, None, None, None, None, None, 99, "2"], new_row(BIN_1), by=editor,
                  now=fixed_now, headings=headings)  # fmt: skip
    applied(run, by=editor, now=fixed_now + LATER)
    run = undone(run, by=editor, now=fixed_now + 2 * LATER)
    assert (run.state, run.rows_undone, run.rows_kept) == ("undone", 2, 0)
    school.refresh_from_db()
    assert (school.learners, school.phone) == (10, "1")
    assert [state[2] for state in states_of(school)] == [10, 10]
    entered = Institution.objects.get(bin=BIN_1)
    assert states_of(entered) == [(SINCE, None, 200, "closed")]
    assert not ChecklistItem.objects.filter(institution=entered, listed=True).exists()
    assert list(ledger.broken_chains()) == []


def test_undoing_leaves_what_somebody_changed_or_answered_since(editor, school, places, fixed_now):
    other = InstitutionFactory(locality=places.district, phone="1", learners=10)
    rows = [[school.bin, 99, None], [other.bin, 10, "2"]]
    run = list_of(*rows, by=editor, now=fixed_now, headings=CHANGES)
    new = list_of(new_row(BIN_1), by=editor, now=fixed_now)
    for one in (run, new):
        applied(one, by=editor, now=fixed_now + LATER)
    enrolment.change_institution(school, since=fixed_now.date(), by=None, now=fixed_now + 2 * LATER, staff=31)
    Institution.objects.filter(pk=other.pk).update(phone="3")
    EntryFactory(item=ItemFactory(institution=Institution.objects.get(bin=BIN_1)), now=fixed_now)
    run, new = (undone(one, by=editor, now=fixed_now + 3 * LATER) for one in (run, new))
    assert ((run.rows_undone, run.rows_kept), (new.rows_undone, new.rows_kept)) == ((0, 2), (0, 1))
    assert set(run.rows.values_list("result", flat=True)) == {"kept"}
    assert Institution.objects.get(bin=BIN_1).lifecycle == "open"
    assert Institution.objects.get(pk=other.pk).phone == "3"


def test_work_does_what_a_list_waits_for(editor, school, fixed_now):
    run = list_of([school.bin, 99, None], by=editor, now=fixed_now, headings=CHANGES)
    seen = []
    for ask in (running.ask_to_apply, running.ask_to_undo):
        ask(run, by=editor, now=fixed_now)
        applying.work(run.pk, now=fixed_now + LATER)
        run.refresh_from_db()
        seen.append(run.state)
    assert seen == ["applied", "undone"]
    assert applying.work(run.pk, now=fixed_now) is None


def test_what_was_merged_after_the_check_is_not_opened_again(editor, school, places, fixed_now):
    other = InstitutionFactory(locality=places.district, lifecycle="capital_repair")
    run = list_of([other.bin, "действует"], by=editor, now=fixed_now, headings=("БИН", "Состояние"))
    merging.merge(other, into=school, since=SINCE, reason="Екі рет", carry=[], by=editor, now=fixed_now)
    run = applied(run, by=editor, now=fixed_now + LATER)
    assert (run.done_changed, run.rows.get().reasons[0]["code"]) == (0, "merged")


def test_undoing_leaves_what_was_inspected_or_merged_into_since(editor, places, fixed_now):
    run = applied(list_of(new_row(BIN_1), new_row(BIN_2), by=editor, now=fixed_now), by=editor, now=fixed_now)
    seen, kept = (Institution.objects.get(bin=number) for number in (BIN_1, BIN_2))
    twin = InstitutionFactory(locality=places.district)
    merging.merge(twin, into=kept, since=fixed_now.date(), reason="Екі рет", carry=[], by=editor, now=fixed_now)
    InspectionFactory(item=ItemFactory(institution=seen))
    run = undone(run, by=editor, now=fixed_now + LATER)
    assert (run.rows_undone, run.rows_kept) == (0, 2)


def test_a_list_is_hidden_from_whoever_does_not_reach_what_it_names_any_more(editor, school, places, fixed_now):
    run = list_of([school.bin, 99, None], by=editor, now=fixed_now, headings=CHANGES)
    assert run in ImportRun.objects.visible_to(editor)
    Membership.objects.filter(user=editor).update(valid_to=fixed_now.date() - timedelta(days=1))
    EditorFactory(region=places.capital, user=editor)
    assert run not in ImportRun.objects.visible_to(editor)
    assert run not in ImportRun.objects.movable_by(editor)
