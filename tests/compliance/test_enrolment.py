"""Institutions enter, change and leave, and their checklists follow in the same step."""

from __future__ import annotations

from datetime import date

import pytest

from compliance import enrolment, ledger
from compliance.enums import Cause
from compliance.models import ChecklistItem, StatusChange
from institutions.enums import Lifecycle
from institutions.models import Institution, InstitutionState, Journal
from tests.factories.institutions import InstitutionFactory

SINCE = date(2026, 5, 1)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"lifecycle": Lifecycle.CLOSED}, Cause.CLOSED),
        ({"lifecycle": Lifecycle.CAPITAL_REPAIR}, Cause.CLOSED),
        ({"learners": 10}, Cause.CHANGED),
        ({"facts": {"leased": True}}, Cause.CHANGED),
    ],
)
def test_a_change_of_the_institution_is_in_the_ledger_with_its_cause(fixed_now, order, places, changes, cause):
    institution = InstitutionFactory(locality=places.district)
    before = StatusChange.objects.count()
    state = enrolment.change_institution(institution, since=SINCE, by=None, now=fixed_now, **changes)
    rows = StatusChange.objects.order_by("seq")[before:]
    first = {row.item_id: row for row in reversed(rows)}
    assert {(row.cause, row.cause_ref) for row in first.values()} == {(cause, f"state:{state.pk}")}
    # What the next edition of the Order alone asks for begins with it.
    assert {row.effective_on for row in first.values()} <= {SINCE, date(2026, 7, 12)}
    assert sum(row.effective_on == SINCE for row in first.values()) >= 1


def test_a_closed_institution_has_an_empty_list_and_comes_back_with_the_same_items(fixed_now, order, places):
    institution = InstitutionFactory(locality=places.district)
    items = set(ChecklistItem.objects.filter(listed=True).values_list("pk", flat=True))
    enrolment.change_institution(institution, since=SINCE, by=None, now=fixed_now, lifecycle=Lifecycle.CLOSED)
    assert not ChecklistItem.objects.filter(listed=True).exists()
    enrolment.change_institution(institution, since=date(2026, 5, 11), by=None, now=fixed_now, lifecycle=Lifecycle.OPEN)
    assert set(ChecklistItem.objects.filter(listed=True).values_list("pk", flat=True)) == items
    causes = StatusChange.objects.filter(effective_on=date(2026, 5, 11)).values_list("cause", flat=True)
    assert set(causes) == {Cause.OPENED}


@pytest.mark.parametrize("verb", ["open", "change"])
def test_a_failure_in_the_ledger_leaves_nothing(fixed_now, order, places, monkeypatch, verb):
    there = InstitutionFactory(locality=places.district)
    tables = (Institution, InstitutionState, Journal, ChecklistItem, StatusChange)
    before = [list(table.objects.order_by("pk").values()) for table in tables]

    def fail(*args, **kwargs):
        raise LookupError

    monkeypatch.setattr(ledger, "sync", fail)
    verbs = {
        "open": lambda: InstitutionFactory(locality=places.district),
        "change": lambda: enrolment.change_institution(there, since=SINCE, by=None, now=fixed_now, learners=1),
    }
    with pytest.raises(LookupError):
        verbs[verb]()
    assert [list(table.objects.order_by("pk").values()) for table in tables] == before
