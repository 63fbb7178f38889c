"""`quarters` and `close_quarter`: what other programs read, and what they are told when nothing is done."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from compliance import periods
from compliance.enums import PeriodState
from compliance.models import Period
from institutions.models import Journal
from tests.factories.compliance import ConfirmationFactory, PeriodExceptionFactory
from tests.factories.institutions import InstitutionFactory


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_quarters_are_told_newest_first_for_programs_and_for_people(fixed_now, order, places):
    school = InstitutionFactory(locality=places.city)
    period = order.period("2026Q1")
    ConfirmationFactory(institution=school, period=period)
    PeriodExceptionFactory(institution=school, period=period)
    periods.close_period(period, by=None, now=fixed_now)
    told = json.loads(run("quarters", "--format", "json"))
    assert [row["code"] for row in told[:3]] == ["2026Q2", "2026Q1", "2025Q4"]
    assert told[1] == {
        "code": "2026Q1",
        "starts_on": "2026-01-01",
        "ends_on": "2026-03-31",
        "state": "closed",
        "closed_on": "2026-05-20",
        "expected": 1,
        "confirmed": 1,
        "on_time": 0,
        "waiting": 0,
        "exceptions": 1,
    }
    lines = run("quarters").splitlines()
    assert lines[0].split("  ")[0] == "quarter"
    assert lines[2].split() == ["2026Q1", "closed", "2026-05-20", "1", "1", "0", "0", "1"]
    assert len(lines) == len(told) + 1


@pytest.mark.django_db
def test_quarters_knows_two_formats():
    with pytest.raises(CommandError, match="neither json nor text") as refusal:
        run("quarters", "--format", "xml")
    assert refusal.value.returncode == 2


def test_a_quarter_is_closed_by_the_program_itself(fixed_now, order):
    assert run("close_quarter", "2026Q1", "--begin") == "2026Q1: closing\n"
    assert run("close_quarter", "2026Q1") == "2026Q1: closed\n"
    period = Period.objects.get(code="2026Q1")
    assert (period.state, period.closed_on, period.closed_by) == (PeriodState.CLOSED, order.day, None)
    assert list(Journal.objects.order_by("pk").values_list("action", "user")) == [
        ("period.begin_closing", None),
        ("period.close", None),
    ]


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["2031Q1"], "'2031Q1' is not a quarter of the register; write it like 2026Q1.", 2),
        (["march"], "'march' is not a quarter of the register; write it like 2026Q1.", 2),
        (["2026Q2"], "2026Q2 stays as it is: it has not ended.", 1),
        (["2026Q1"], "2026Q1 stays as it is: it is closed.", 1),
        (["2026Q1", "--begin"], "2026Q1 stays as it is: it is closed.", 1),
    ],
)
def test_what_cannot_be_closed_stays_as_it_is(fixed_now, order, arguments, said, code):
    periods.close_period(order.period("2026Q1"), by=None, now=fixed_now)
    before = list(Period.objects.values())
    with pytest.raises(CommandError) as refusal:
        run("close_quarter", *arguments)
    assert (str(refusal.value), refusal.value.returncode) == (said, code)
    assert list(Period.objects.values()) == before
