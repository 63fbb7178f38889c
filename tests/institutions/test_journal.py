"""The journal: who, what, when, from where."""

from __future__ import annotations

import pytest
from django.utils import timezone

from institutions import journal
from institutions.models import Journal
from tests.factories.institutions import InstitutionFactory, UserFactory


@pytest.mark.parametrize("named", ["object", "key"])
def test_a_row_says_who_did_what_to_what(fixed_now, places, named):
    institution = InstitutionFactory(locality=places.district, listed=False)
    person = UserFactory()
    journal.write(
        "test.act", institution, by=person, institution=institution if named == "object" else institution.pk,
        before={"learners": 1}, after={"learners": 2}, now=fixed_now,
    )  # fmt: skip
    row = Journal.objects.order_by("pk").last()
    assert (row.at, row.user, row.action, row.institution, row.subject, row.before, row.after) == (
        fixed_now, person, "test.act", institution, f"institution:{institution.pk}", {"learners": 1}, {"learners": 2},
    )  # fmt: skip
    assert (row.address, row.request_id) == (None, "")
    assert str(row).endswith(f"test.act institution:{institution.pk}")


def test_a_row_of_a_request_says_from_where(db):
    token = journal.origin.set(journal.Origin("10.0.0.7", "6f1c"))
    try:
        journal.write("test.act", "test:1", by=None)
    finally:
        journal.origin.reset(token)
    journal.write("test.act", "test:2", by=None)
    assert list(Journal.objects.order_by("pk").values_list("subject", "address", "request_id")) == [
        ("test:1", "10.0.0.7", "6f1c"), ("test:2", None, ""),
    ]  # fmt: skip


def test_a_row_without_a_moment_has_the_clocks(db, fixed_now):
    assert journal.write("test.act", "test:1", by=None).at == fixed_now == timezone.now()
