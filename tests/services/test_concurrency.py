"""Many at once, on PostgreSQL: deciders, folds, killed workers, a quarter that is closed meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from compliance import confirmations, enrolment, ledger, periods, workflow
from compliance.checklist import Checklist
from compliance.enums import Measure, Status
from compliance.models import (
    ChecklistItem,
    Confirmation,
    LedgerHead,
    PendingFold,
    Period,
    RegisterDay,
    StatusChange,
    StatusEntry,
)
from institutions import invitations, people, roles
from institutions.clock import local_day, today
from institutions.enums import Lifecycle, Role
from institutions.invitations import Invited
from institutions.models import Journal, Membership, User
from institutions.roles import Post
from reporting import coverage, sums
from reporting.coverage import Question
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import AdministratorFactory, EditorFactory, InstitutionFactory, UserFactory

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
DAY = timedelta(days=1)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls in threads that start together; what each returned, or the exception that it raised."""
    together = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            connections["default"].ensure_connection()
            together.wait(10)
            return call()
        except Exception as raised:
            return raised
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def kinds(results: list[Any]) -> list[str]:
    """The results by kind: the name of the exception, or "done"."""
    return sorted(type(result).__name__ if isinstance(result, Exception) else "done" for result in results)


class Pause:
    """A place in a function at which one thread waits until it is let go."""

    def __init__(self, function: Callable[..., Any], *, after: bool = False) -> None:
        self.function = function
        self.after = after
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self.thread: int | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        result = self.function(*args, **kwargs) if self.after else None
        if threading.get_ident() == self.thread:
            self.reached.set()
            assert self.go_on.wait(20)
        return result if self.after else self.function(*args, **kwargs)


def one_halfway(pause: Pause, first: Callable[[], Any], second: Callable[[], Any]) -> list[Any]:
    """Run `first` up to the pause, start `second`, let `first` go on after a moment; what came of both."""

    def run_first() -> Any:
        pause.thread = threading.get_ident()
        return first()

    def run_second() -> Any:
        assert pause.reached.wait(20)
        return second()

    def let_go() -> None:
        pause.reached.wait(20)
        time.sleep(0.7)
        pause.go_on.set()

    return at_once(run_first, run_second, let_go)[:2]


def nothing_drifts() -> None:
    sums.fold()
    assert PendingFold.objects.count() == 0
    assert list(sums.drift()) == []
    assert list(ledger.broken_chains()) == []


def test_of_two_approvers_of_one_entry_one_wins_and_the_other_is_told(order, places):
    entry = EntryFactory(item__institution__locality=places.district, submitted=True)
    approvers = UserFactory.create_batch(4)
    rows = StatusChange.objects.count()

    def approve(by: Any) -> Callable[[], Any]:
        def call() -> Any:
            mine = StatusEntry.objects.get(pk=entry.pk)
            return workflow.approve(mine, by=by, now=timezone.now(), shown=mine.content_hash)

        return call

    results = at_once(*(approve(by) for by in approvers))
    assert kinds(results) == ["StaleDecision"] * 3 + ["done"]
    assert StatusChange.objects.count() == rows + 1
    assert Journal.objects.filter(action="entry.approve").count() == 1
    assert ChecklistItem.objects.get(pk=entry.item_id).version == 1
    nothing_drifts()


def test_an_entry_that_is_approved_and_returned_at_once_is_one_of_both(order, places):
    entry = EntryFactory(item__institution__locality=places.district, submitted=True)
    one, other = UserFactory.create_batch(2)
    shown = entry.content_hash
    now = timezone.now()
    results = at_once(
        lambda: workflow.approve(StatusEntry.objects.get(pk=entry.pk), by=one, now=now, shown=shown),
        lambda: workflow.return_entry(
            StatusEntry.objects.get(pk=entry.pk), by=other, now=now, shown=shown, reason="unclear", note="Түсініксіз"
        ),
    )
    assert kinds(results) == ["StaleDecision", "done"]
    nothing_drifts()


def test_two_who_revoke_one_approval_at_once_revoke_it_once(order, places):
    entry = EntryFactory(item__institution__locality=places.district, approved=True)
    people = UserFactory.create_batch(2)
    results = at_once(
        *(
            lambda by=by: workflow.revoke(StatusEntry.objects.get(pk=entry.pk), by=by, now=timezone.now(), note="Қате")
            for by in people
        )
    )
    assert kinds(results) == ["StaleDecision", "done"]
    nothing_drifts()


def test_two_who_answer_one_item_at_once_are_not_both_waiting(order, places):
    institution = InstitutionFactory(locality=places.district)
    item = ItemFactory(institution=institution)
    drafts = EntryFactory.create_batch(2, item=item)
    results = at_once(
        *(
            lambda draft=draft: workflow.submit(
                StatusEntry.objects.get(pk=draft.pk), by=draft.author, now=timezone.now()
            )
            for draft in drafts
        )
    )
    assert kinds(results) == ["AlreadyWaiting", "done"]


def test_a_draft_that_is_saved_twice_at_once_is_one_draft(order, places):
    item = ItemFactory(institution__locality=places.district)
    author = UserFactory()
    answer = workflow.AnswerData(Status.MET, order.day)
    results = at_once(*[lambda: workflow.save_draft(item, answer, by=author, now=timezone.now())] * 3)
    assert kinds(results) == ["done"] * 3
    assert StatusEntry.objects.filter(item=item, author=author, state="draft").count() == 1


def test_concurrent_approvals_in_one_institution_lose_no_row_and_keep_the_chain(order, places):
    institution = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)
    author = UserFactory()
    entries = [
        EntryFactory(item=item, submitted=True, author=author)
        for item in ChecklistItem.objects.filter(institution=institution)[:8]
    ]
    by = UserFactory()
    before = LedgerHead.objects.get().length

    def approve_some(entries: list[StatusEntry]) -> Callable[[], Any]:
        def call() -> Any:
            outcome = workflow.approve_many(
                [(StatusEntry.objects.get(pk=entry.pk), entry.content_hash) for entry in entries],
                by=by,
                now=timezone.now(),
            )
            assert outcome.refused == []
            return outcome

        return call

    results = at_once(*(approve_some(entries[number::4]) for number in range(4)), sums.fold, sums.fold)
    assert kinds(results) == ["done"] * 6
    head = LedgerHead.objects.get()
    seqs = list(StatusChange.objects.order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, head.length + 1))
    assert head.length >= before + 8
    nothing_drifts()


def test_an_approval_and_a_closure_of_its_institution_do_not_wait_for_each_other(order, places, monkeypatch):
    entry = EntryFactory(item__institution__locality=places.district, submitted=True)
    institution = entry.item.institution
    by = UserFactory()
    pause = Pause(ledger.claim, after=True)
    monkeypatch.setattr(ledger, "claim", pause)
    results = one_halfway(
        pause,
        lambda: workflow.approve(entry, by=by, now=timezone.now(), shown=entry.content_hash),
        lambda: enrolment.change_institution(
            institution, since=order.day, by=None, now=timezone.now(), lifecycle=Lifecycle.CLOSED
        ),
    )
    assert kinds(results) == ["done", "done"]
    nothing_drifts()


def test_an_approval_and_the_turn_of_the_day_do_not_wait_for_each_other(order, places, monkeypatch):
    institution = InstitutionFactory(locality=places.district)
    item = ItemFactory(institution=institution)
    EntryFactory(item=item, approved=True, valid_until=order.day)  # ends tonight
    entry = EntryFactory(item=item, submitted=True, effective_on=order.day)
    by = UserFactory()
    pause = Pause(ledger.claim, after=True)
    monkeypatch.setattr(ledger, "claim", pause)
    results = one_halfway(
        pause,
        lambda: workflow.approve(entry, by=by, now=timezone.now(), shown=entry.content_hash),
        lambda: sums.turn_day(order.day + DAY),
    )
    assert kinds(results) == ["done", "done"]
    nothing_drifts()


def test_a_closure_and_the_turn_of_the_day_do_not_wait_for_each_other(order, places, monkeypatch):
    from institutions import registry

    institution = InstitutionFactory(locality=places.district)
    enrolment.change_institution(institution, since=order.day + DAY, by=None, now=timezone.now(), learners=500)
    pause = Pause(registry.change_state, after=True)
    monkeypatch.setattr(registry, "change_state", pause)
    results = one_halfway(
        pause,
        lambda: enrolment.change_institution(
            institution, since=order.day - DAY, by=None, now=timezone.now(), lifecycle=Lifecycle.CLOSED
        ),
        lambda: sums.turn_day(order.day + DAY),
    )
    assert kinds(results) == ["done", "done"]
    nothing_drifts()


def test_concurrent_folds_count_each_row_once(order, places):
    for _number in range(3):
        InstitutionFactory(locality=places.district)
    waiting = PendingFold.objects.count()
    results = at_once(sums.fold, sums.fold, sums.fold, sums.fold)
    assert sum(results) == waiting > 0
    nothing_drifts()


KILLED = """
import os, sys, time
import django
django.setup()
from reporting import sums

def killed_here(*args):
    print("adding", flush=True)
    time.sleep(60)

{patch}
sums.fold()
"""


@pytest.mark.parametrize(
    "patch",
    [
        "sums._add_to_totals = killed_here",  # the days are written, the totals are not
        "add = sums._add_to_totals; sums._add_to_totals = lambda *args: (add(*args), killed_here())",
        "from django.db import transaction; transaction.Atomic.__exit__ = killed_here",  # all is written, not committed
    ],
    ids=["between days and totals", "before the rows are deleted", "before the commit"],
)
def test_a_fold_that_is_killed_loses_nothing_and_doubles_nothing(order, places, patch, tmp_path):
    InstitutionFactory(locality=places.district)
    waiting = PendingFold.objects.count()
    given = urllib.parse.urlsplit(os.environ["DATABASE_URL"])  # with its password; the test's database beside it
    url = urllib.parse.urlunsplit(given._replace(path=f"/{connection.settings_dict['NAME']}"))
    worker = subprocess.Popen(
        [sys.executable, "-c", KILLED.format(patch=patch)],
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert worker.stdout.readline() == "adding\n"
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
    assert PendingFold.objects.count() == waiting
    assert sums.fold() == waiting
    nothing_drifts()


def test_a_quarter_that_is_closed_while_others_approve_keeps_its_figures(order, places):
    today = order.day
    period = Period.objects.filter(ends_on__lt=today).order_by("-ends_on").first()
    by, author = UserFactory.create_batch(2)
    entries = []
    for locality in (places.district, places.city, places.capital_district, places.other_capital_district):
        institution = InstitutionFactory(locality=locality)
        for measure in (Measure.CCTV_INSTALLED, Measure.CCTV_CONNECTED):
            item = ItemFactory(institution=institution, measure=measure)
            entries.append(EntryFactory(item=item, submitted=True, author=author, effective_on=period.ends_on))

    def figures() -> Any:
        sums.fold()
        closed = Period.objects.get(pk=period.pk)
        asked = Question(closed.ends_on, known_on=closed.closed_on)
        return coverage.count(asked, [coverage.Dimension.REQUIREMENT, coverage.Dimension.LOCALITY])

    def approve(some: list[StatusEntry]) -> Callable[[], Any]:
        return lambda: [workflow.approve(entry, by=by, now=timezone.now(), shown=entry.content_hash) for entry in some]

    def close() -> Any:
        time.sleep(0.15)
        periods.close_period(Period.objects.get(pk=period.pk), by=by, now=timezone.now())
        return figures()

    *approved, at_close = at_once(*(approve(entries[number::3]) for number in range(3)), close)
    assert kinds([*approved, at_close]) == ["done"] * 4
    assert figures() == at_close
    nothing_drifts()
    plain = coverage.count(Question(period.ends_on, measure=Measure.CCTV_INSTALLED))[()]
    assert (plain.met, plain.total) == (4, 4)
    assert RegisterDay.objects.get().day == today


# --- quarters ---------------------------------------------------------------------------------------


def confirming(school: Any, period: Period, by: Any) -> Callable[[], Any]:
    """A confirmation of what the register shows now, ready to be given."""
    now = timezone.now()
    items = ChecklistItem.objects.filter(institution=school).for_checklist(by, today())
    shown = confirmations.readiness(period, Checklist.read(items, day=today()), changes=None).mark
    return lambda: confirmations.confirm(school, period, by=by, now=now, shown=shown)


def ended_quarter() -> Period:
    ended: Period = Period.objects.filter(ends_on__lt=today()).order_by("-starts_on")[0]
    return ended


def test_of_two_who_confirm_one_quarter_one_wins_and_the_other_is_told(order, places):
    school, period = InstitutionFactory(locality=places.district), ended_quarter()
    people = [EditorFactory(region=places.region).user for _number in range(3)]
    results = at_once(*(confirming(school, period, by) for by in people))
    assert kinds(results) == ["AlreadyConfirmed"] * 2 + ["done"]
    assert Confirmation.objects.get() == next(one for one in results if not isinstance(one, Exception))
    assert Journal.objects.filter(action="period.confirm").count() == 1


def test_a_quarter_that_is_closed_meanwhile_takes_no_confirmation(order, places, monkeypatch):
    school, period = InstitutionFactory(locality=places.district), ended_quarter()
    call = confirming(school, period, EditorFactory(region=places.region).user)
    pause = Pause(confirmations.readiness, after=True)
    monkeypatch.setattr(confirmations, "readiness", pause)

    def close() -> None:
        periods.close_period(Period.objects.get(pk=period.pk), by=None, now=timezone.now())

    # Whoever closes waits for the confirmation that has begun.
    assert kinds(one_halfway(pause, call, close)) == ["done", "done"]
    assert Confirmation.objects.get().at <= Period.objects.get(pk=period.pk).closed_at
    other = InstitutionFactory(locality=places.district)
    assert kinds(at_once(confirming(other, period, EditorFactory(region=places.region).user))) == ["QuarterClosed"]


def test_of_two_who_grant_one_exception_one_wins_and_the_other_is_told(order, places):
    school, period = InstitutionFactory(locality=places.district), ended_quarter()
    periods.begin_closing(period, by=None, now=timezone.now())

    def grant(by: Any) -> Callable[[], Any]:
        return lambda: periods.grant_exception(
            period, school, until=today() + DAY, reason="Өрт", by=by, now=timezone.now()
        )

    assert kinds(at_once(*(grant(by) for by in UserFactory.create_batch(3)))) == ["AlreadyExcused"] * 2 + ["done"]
    assert Journal.objects.filter(action="period.exception").count() == 1


# --- people ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("verbs", ["lock out, lock out", "end, end", "end, lock out"])
def test_two_at_once_do_not_remove_the_last_two_administrators(db, monkeypatch, verbs):
    now = timezone.now()
    memberships = AdministratorFactory.create_batch(2)
    pause = Pause(people.check_administrator_remains, after=True)
    for module in (people, roles):
        monkeypatch.setattr(module, "check_administrator_remains", pause)

    def call(verb: str, membership: Membership) -> Callable[[], Any]:
        if verb == "end":
            return lambda: roles.end(membership, last_day=local_day(now), by=None, now=now)
        return lambda: people.lock_out(membership.user, by=None, now=now)

    results = one_halfway(pause, *(call(*pair) for pair in zip(verbs.split(", "), memberships, strict=True)))
    assert kinds(results) == ["ValidationError", "done"]
    lasting = Membership.objects.filter(role=Role.ADMINISTRATOR, valid_to=None, user__is_active=True)
    assert lasting.count() == 1


def test_a_role_that_is_given_twice_at_once_is_held_once(db):
    person, now = UserFactory(), timezone.now()

    def give() -> Membership:
        return roles.give(person, Post(Role.ANALYST), since=local_day(now), by=None, now=now)

    assert kinds(at_once(give, give, give)) == ["ValidationError", "ValidationError", "done"]
    assert person.memberships.count() == 1


def test_somebody_who_is_invited_twice_at_once_is_one_person(db):
    now = timezone.now()

    def invite() -> Membership:
        new = Invited("new@example.kz", "Жаңа Адам")
        return invitations.invite(new, Post(Role.ANALYST), since=local_day(now), by=None, now=now)

    results = at_once(invite, invite)
    assert kinds(results)[-1] == "done"
    assert kinds(results)[0] in ("AddressKnown", "ValidationError")
    assert User.objects.filter(email="new@example.kz").count() == 1
    assert Membership.objects.count() == 1
