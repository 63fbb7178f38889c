"""Inspections: what is recorded, refused and taken back, and the verified level of the ledger that follows."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from compliance import enrolment, inspections
from compliance.enums import Cause, Level, Measure, Status
from compliance.models import Finding, Inspection, StatusChange
from institutions.enums import Lifecycle
from institutions.models import Journal
from reporting import sums
from reporting.coverage import Counts, Dimension, Question, count
from tests.factories.compliance import EntryFactory, InspectionFactory, ItemFactory
from tests.factories.institutions import AdministratorFactory, ApproverFactory, InstitutionFactory

pytestmark = pytest.mark.django_db
CCTV = Measure.CCTV_INSTALLED


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    monkeypatch.setattr("compliance.hints.send", lambda task, **arguments: None)


@pytest.fixture
def school(fixed_now, order, places):
    return InstitutionFactory(locality=places.city, large_city=places.large_city)


@pytest.fixture
def item(school):
    item = ItemFactory(institution=school)
    EntryFactory(item=item, effective_on=date(2026, 3, 1), approved=True)
    return item


def counted(day: date, level: Level = Level.VERIFIED) -> Counts:
    sums.fold()
    return count(Question(day, measure=CCTV, level=level)).get((), Counts())


def rows(level: Level = Level.VERIFIED) -> list[tuple[date, str | None, str | None, str]]:
    changes = StatusChange.objects.filter(cell__level=level, item__requirement__measure=CCTV).order_by("seq")
    return list(changes.values_list("effective_on", "from_status", "to_status", "cause"))


# --- recorded ---------------------------------------------------------------------------------------------


def test_what_is_found_counts_at_the_verified_level_from_its_day_and_changes_no_answer(item, order):
    InspectionFactory(item=item, status=Status.NOT_MET, held_on=date(2026, 5, 4))
    item.refresh_from_db()
    assert (item.status, item.version) == (Status.MET, 1)
    assert rows() == [(date(2026, 5, 4), None, "not_met", Cause.INSPECTION)]
    assert [counted(day) for day in (date(2026, 5, 3), date(2026, 5, 4), order.day)] == [
        Counts(),
        Counts(not_met=1),
        Counts(not_met=1),
    ]
    assert counted(order.day, Level.APPROVED) == Counts(met=1)


def test_who_has_never_been_looked_at_is_not_verified(item, order):
    assert counted(order.day) == Counts()


def test_what_is_found_last_holds_whatever_the_order_in_which_it_was_recorded(item, order):
    InspectionFactory(item=item, status=Status.NOT_MET, held_on=date(2026, 5, 4))
    InspectionFactory(item=item, status=Status.PARTLY_MET, held_on=date(2026, 4, 1))
    assert rows() == [
        (date(2026, 5, 4), None, "not_met", Cause.INSPECTION),
        (date(2026, 4, 1), None, "partly_met", Cause.INSPECTION),
        (date(2026, 5, 4), "partly_met", None, Cause.CORRECTION),
    ]
    days = [date(2026, 3, 31), date(2026, 4, 1), date(2026, 5, 3), date(2026, 5, 4)]
    assert [counted(day) for day in days] == [Counts(), Counts(partly_met=1), Counts(partly_met=1), Counts(not_met=1)]


def test_of_two_on_one_day_the_one_recorded_later_holds(item, order, fixed_now):
    InspectionFactory(item=item, status=Status.NOT_MET, held_on=date(2026, 5, 4))
    InspectionFactory(item=item, status=Status.MET, held_on=date(2026, 5, 4), now=fixed_now + timedelta(hours=1))
    assert counted(order.day) == Counts(met=1)
    assert [finding.status for finding in Finding.objects.found_last()] == [Status.MET]


def test_the_verified_moves_and_closes_with_its_institution(item, school, places, fixed_now):
    InspectionFactory(item=item, held_on=date(2026, 5, 4))
    enrolment.change_institution(
        school, since=date(2026, 5, 10), by=None, now=fixed_now,
        locality=places.district, settlement=places.village, settlement_class="village", large_city=None,
    )  # fmt: skip
    enrolment.change_institution(
        school, since=date(2026, 5, 15), by=None, now=fixed_now, lifecycle=Lifecycle.CLOSED, reason="жабылды"
    )
    sums.fold()
    places_then = {
        day: count(Question(day, measure=CCTV, level=Level.VERIFIED), [Dimension.LOCALITY])
        for day in (date(2026, 5, 9), date(2026, 5, 10), date(2026, 5, 15))
    }
    assert list(places_then.values()) == [
        {(places.city.kato,): Counts(met=1)},
        {(places.district.kato,): Counts(met=1)},
        {},
    ]
    assert list(sums.drift()) == []


def test_items_ledger_days_and_totals_agree_after_all_of_it(item, school):
    first = InspectionFactory(item=item, status=Status.NOT_MET)
    InspectionFactory(item=ItemFactory(institution=school, measure=Measure.TURNSTILE))
    inspections.revoke(first, by=first.recorded_by, now=first.recorded_at, note="Қате")
    sums.fold()
    assert list(sums.drift()) == []
    before = counted(date(2026, 5, 20))
    sums.rebuild()
    assert counted(date(2026, 5, 20)) == before == Counts()


def test_the_journal_keeps_what_was_found(item, school):
    made = InspectionFactory(item=item, status=Status.NOT_MET)
    row = Journal.objects.get(action="inspection.record")
    assert (row.user, row.institution, row.subject, row.after) == (
        made.recorded_by,
        school,
        f"inspection:{made.pk}",
        {item.requirement.code: "not_met"},
    )


# --- refused ----------------------------------------------------------------------------------------------


def refused(error, school, found, *, by=None, held_on=date(2026, 5, 4), now):
    with pytest.raises(error):
        inspections.record(
            school, found, held_on=held_on, inspector="Комитет", by=by or AdministratorFactory().user, now=now
        )
    assert not Inspection.objects.exists()
    assert rows() == []


def test_an_inspection_that_says_nothing_is_refused(school, fixed_now):
    refused(inspections.NothingFound, school, {}, now=fixed_now)


def test_nobody_has_looked_tomorrow(item, school, fixed_now, order):
    tomorrow = order.day + timedelta(days=1)
    refused(inspections.FutureInspection, school, {item: Status.MET}, held_on=tomorrow, now=fixed_now)


@pytest.mark.parametrize("status", [Status.UNKNOWN, Status.NOT_APPLICABLE])
def test_what_cannot_be_seen_is_not_found(item, school, fixed_now, status):
    refused(inspections.NotListed, school, {item: status}, now=fixed_now)


def test_an_item_of_another_institution_is_refused(item, places, fixed_now):
    other = InstitutionFactory(locality=places.district)
    refused(inspections.NotListed, other, {item: Status.MET}, now=fixed_now)


def test_nobody_verifies_what_they_answered_themselves(item, school, fixed_now):
    author = item.entries.get().author
    refused(inspections.OwnAnswer, school, {item: Status.MET}, by=author, now=fixed_now)


def test_nobody_verifies_what_they_have_sent_and_nobody_has_decided(item, school, fixed_now):
    mine = EntryFactory(item=item, submitted=True).author
    refused(inspections.OwnAnswer, school, {item: Status.MET}, by=mine, now=fixed_now)


def test_who_approved_an_answer_may_verify_it(item, school, fixed_now):
    decider = item.entries.get().decided_by
    made = inspections.record(
        school, {item: Status.MET}, held_on=date(2026, 5, 4), inspector="Комитет", by=decider, now=fixed_now
    )
    assert made.findings.get().status == Status.MET


# --- taken back -------------------------------------------------------------------------------------------


def test_taken_back_what_was_found_before_holds_again(item, order, fixed_now):
    InspectionFactory(item=item, status=Status.MET, held_on=date(2026, 4, 1))
    wrong = InspectionFactory(item=item, status=Status.NOT_MET, held_on=date(2026, 5, 4))
    inspections.revoke(wrong, by=wrong.recorded_by, now=fixed_now, note="Басқа мектеп")
    assert counted(order.day) == Counts(met=1)
    wrong.refresh_from_db()
    assert (wrong.revoked_by, wrong.revoked_at, wrong.revoke_note) == (wrong.recorded_by, fixed_now, "Басқа мектеп")


def test_it_is_taken_back_once(item, fixed_now):
    made = InspectionFactory(item=item)
    inspections.revoke(made, by=made.recorded_by, now=fixed_now, note="Қате")
    with pytest.raises(inspections.AlreadyRevoked):
        inspections.revoke(made, by=made.recorded_by, now=fixed_now, note="Қате")
    assert Journal.objects.filter(action="inspection.revoke").count() == 1


def test_whoever_recorded_it_or_an_administrator_takes_it_back(item, places):
    recorder, other = (ApproverFactory(region=places.region).user for _one in range(2))
    made = InspectionFactory(item=item, by=recorder)
    revocable = {
        person: list(Inspection.objects.revocable_by(person))
        for person in (recorder, other, AdministratorFactory().user)
    }
    assert list(revocable.values()) == [[made], [], [made]]


# --- contradictions ---------------------------------------------------------------------------------------


def contradicting() -> list[str]:
    return [finding.status for finding in Finding.objects.contradicting()]


def test_a_finding_contradicts_until_something_newer_is_approved_or_found(item, fixed_now):
    InspectionFactory(item=item, status=Status.NOT_MET, held_on=date(2026, 5, 4))
    assert contradicting() == [Status.NOT_MET]
    EntryFactory(item=item, effective_on=date(2026, 5, 10), approved=True)
    assert contradicting() == []
    InspectionFactory(item=item, status=Status.PARTLY_MET, held_on=date(2026, 5, 12))
    assert contradicting() == [Status.PARTLY_MET]
    InspectionFactory(item=item, status=Status.MET, held_on=date(2026, 5, 13))
    assert contradicting() == []


def test_a_finding_that_agrees_or_was_taken_back_contradicts_nothing(item, fixed_now):
    InspectionFactory(item=item, status=Status.MET)
    wrong = InspectionFactory(item=item, status=Status.NOT_MET)
    inspections.revoke(wrong, by=wrong.recorded_by, now=fixed_now, note="Қате")
    assert contradicting() == []


# --- constraints ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("inspection_revoked_whole_or_absent", {"revoke_note": "Қате"}),
        ("inspection_names_who_looked", {"inspector": ""}),
    ],
)
def test_the_database_refuses_half_an_inspection(item, name, changes):
    made = InspectionFactory(item=item)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Inspection.objects.filter(pk=made.pk).update(**changes)


def test_the_database_refuses_a_second_finding_and_one_that_nobody_can_see(item):
    made = InspectionFactory(item=item)
    with pytest.raises(IntegrityError, match="finding_once_an_inspection|inspection_id"), transaction.atomic():
        Finding.objects.create(inspection=made, item=item, status=Status.MET)
    with pytest.raises(IntegrityError, match="finding_is_seen"), transaction.atomic():
        made.findings.update(status=Status.UNKNOWN)
