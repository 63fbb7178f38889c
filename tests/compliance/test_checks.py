"""The check of a deployment says when days are not sealed any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.checks import run_checks

from compliance import seals
from tests.factories.institutions import InstitutionFactory

DAY = timedelta(days=1)


def warnings(*, deploy: bool = True) -> list[str]:
    found = run_checks(databases=["default"], include_deployment_checks=deploy)
    return [warning.msg for warning in found if warning.id == "qalqan.W001"]


def test_an_empty_ledger_is_not_late(fixed_now, db):
    assert warnings() == []


@pytest.mark.parametrize(("days_ago", "late"), [(1, False), (2, True)])
def test_rows_without_any_seal_are_late_as_soon(fixed_now, order, places, days_ago, late):
    InstitutionFactory(locality=places.district, now=fixed_now - days_ago * DAY)
    assert bool(warnings()) is late


@pytest.mark.parametrize(("days_ago", "late"), [(1, False), (2, True)])
def test_seals_are_late_when_the_last_is_older_than_two_days(fixed_now, order, places, days_ago, late):
    InstitutionFactory(locality=places.district, now=fixed_now - 9 * DAY)
    seals.seal_days(fixed_now - days_ago * DAY)
    expected = ["No day after 2026-05-17 is sealed: Celery's beat or its worker stands still."]
    assert warnings() == (expected if late else [])
    assert warnings(deploy=False) == []
