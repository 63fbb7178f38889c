"""The command that loads the demonstration: what it makes, and what it refuses."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from compliance.enums import Measure
from compliance.models import Batch, Confirmation, DailySeal, Period, StatusEntry
from compliance.quarters import tallies
from institutions.clock import today
from institutions.enums import Role
from institutions.models import Institution, Journal, Membership
from reporting import completeness, sums
from reporting.coverage import Dimension, Question, count, recorded_figures
from reporting.demo.plan import expected_figures

AS_OF = date(2023, 3, 31)


@pytest.fixture(scope="module")
def demonstration(django_db_setup, django_db_blocker):
    """The small form of the whole demonstration, loaded once; taken away behind the module."""
    from django.db import transaction

    with django_db_blocker.unblock():
        outer = transaction.atomic()
        outer.__enter__()
        call_command("load_reference", stdout=io.StringIO())
        call_command("load_demo", "--measures-only", stdout=io.StringIO(), stderr=io.StringIO())
        yield
        transaction.set_rollback(True)
        outer.__exit__(None, None, None)


@pytest.fixture
def loaded(demonstration, django_db_blocker):
    with django_db_blocker.unblock():
        yield


@pytest.mark.slow
def test_all_240_lines_of_the_published_brief_come_out_right(loaded):
    published = {key: figure for key, figure in expected_figures().items() if key[0] != Measure.CCTV_INSTALLED}
    figures = recorded_figures(as_of=AS_OF)
    assert len(published) == 240
    assert {key: figures[key] for key in published} == published
    assert (
        sum(total for (measure, _kind, _place), (total, _c) in figures.items() if measure == "cctv_installed") == 9986
    )


@pytest.mark.slow
def test_figures_were_known_then_as_they_are_now(loaded):
    """Every quarter was recorded at its end, so the past can be asked as it was known."""
    asked = {"measure": Measure.CCTV_CONNECTED}
    now = count(Question(AS_OF, **asked), [Dimension.REGION, Dimension.KIND])
    then = count(Question(AS_OF, known_on=AS_OF, **asked), [Dimension.REGION, Dimension.KIND])
    earlier = count(Question(AS_OF, known_on=date(2022, 6, 30), **asked))[()]
    assert now == then
    assert 0 < earlier.covered < sum(counts.covered for counts in now.values())
    assert earlier.total == 9986


@pytest.mark.slow
def test_nothing_drifts_and_one_journal_row_stands_for_the_batch(loaded):
    assert list(sums.drift()) == []
    assert Journal.objects.filter(action="demo.load").count() == 1
    assert Institution.objects.filter(states__valid_from__lte=AS_OF).distinct().count() == 9986
    assert DailySeal.objects.latest("day").day == today() - timedelta(days=1)


@pytest.mark.slow
def test_every_role_has_an_account_and_something_waits(loaded):
    assert set(Membership.objects.values_list("role", flat=True)) == set(Role.values)
    states = set(StatusEntry.objects.filter(batch=None).values_list("state", flat=True))
    assert {"draft", "submitted", "returned"} <= states


@pytest.mark.slow
def test_the_last_two_quarters_are_confirmed_unequally_and_some_of_it_late(loaded):
    day = today()
    last, before, earlier = Period.objects.filter(ends_on__lt=day).order_by("-starts_on")[:3]
    counts = tallies([last, before, earlier], Institution.objects.all(), day)
    assert [0 < one.on_time < one.confirmed < one.expected for one in counts] == [True, True, False]
    assert counts[2].confirmed == 0
    analyst = Membership.objects.get(role="analyst").user
    by_region = completeness.table(last, user=analyst, day=day, days=14).rows[1:]
    assert len({row.counts.confirmed_percent for row in by_region}) > 5
    assert not Confirmation.objects.filter(period__closed_at__lt=F("at")).exists()


def test_a_database_that_holds_something_else_is_left_alone(order):
    from tests.factories.institutions import UserFactory

    person = UserFactory()
    with pytest.raises(CommandError, match="left alone"):
        call_command("load_demo", "--institutions", "50", stderr=io.StringIO())
    assert not Batch.objects.exists()
    assert type(person).objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("arguments", "said"), [(["--institutions", "0"], "0"), (["--recorded-at", "31.3"], "31.3")])
def test_wrong_arguments_get_a_message(order, arguments, said):
    with pytest.raises(CommandError, match=said):
        call_command("load_demo", *arguments, stderr=io.StringIO())


@pytest.mark.django_db
def test_a_database_without_tables_is_told_so(monkeypatch):
    monkeypatch.setattr(type(connection.introspection), "table_names", lambda self: [])
    with pytest.raises(CommandError, match="run migrate first"):
        call_command("load_demo", stderr=io.StringIO())


@pytest.mark.slow
def test_the_days_of_the_demonstration_are_sealed_at_once(loaded):
    """So that a brief asked for in the first minutes bears its seal."""
    days = DailySeal.objects.order_by("day").values_list("day", flat=True)
    assert (len(days), days.last()) == ((days.last() - days.first()).days + 1, today() - timedelta(days=1))
