"""Many at once, on PostgreSQL: a day that is sealed while somebody still writes, two who seal, two who tell."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from compliance import books, digests, ledger, notices, seals, workflow
from compliance.ledger import chain
from compliance.models import DailySeal, Notice, StatusChange
from institutions.clock import first_moment, local_day
from tests.factories.compliance import EntryFactory
from tests.factories.institutions import ApproverFactory
from tests.services.test_concurrency import Pause, at_once, kinds, one_halfway

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
DAY = timedelta(days=1)


def holds() -> bool:
    proof = seals.Proof(DailySeal.objects.all())
    broken = 0
    for followed in chain.follow():
        proof.show(followed)
        broken += followed.broken is not None
    return broken == 0 and proof.broken() is None


@pytest.mark.parametrize("begun", ["before the seal", "behind it"])
def test_an_approval_over_midnight_is_in_the_days_seal_or_known_the_day_after(
    fixed_now, order, places, monkeypatch, begun
):
    entry = EntryFactory(item__institution__locality=places.district, submitted=True)
    approver = ApproverFactory(region=places.region).user
    midnight = first_moment(order.day + DAY)
    late = midnight - timedelta(seconds=1)

    def approve() -> None:
        workflow.approve(entry, by=approver, now=late, shown=entry.content_hash)

    if begun == "before the seal":
        pause = Pause(books.knowledge_day, after=True)  # the day is known, the row not yet written
        monkeypatch.setattr(books, "knowledge_day", pause)
        results = one_halfway(pause, approve, lambda: seals.seal_days(midnight))
    else:
        results = [seals.seal_days(midnight), approve()]
    assert [result for result in results if isinstance(result, Exception)] == []
    last = StatusChange.objects.order_by("-pk").first()
    sealed = DailySeal.objects.get(day=order.day)
    if begun == "before the seal":
        assert (last.recorded_on, sealed.rows) == (order.day, last.seq)
    else:
        assert (last.recorded_on, sealed.rows) == (order.day + DAY, last.seq - 1)
    assert holds()


def test_two_who_seal_at_once_seal_each_day_once(fixed_now, order, places):
    EntryFactory(item__institution__locality=places.district, approved=True)
    results = at_once(*[lambda: seals.seal_days(fixed_now + 5 * DAY)] * 3)
    assert sum(results) == 5 == DailySeal.objects.count()
    assert holds()


def test_chains_that_grow_while_they_are_read_are_not_broken(order, places, fixed_now):
    entry = EntryFactory(item__institution__locality=places.district, submitted=True)
    approver = ApproverFactory(region=places.region).user
    read = chain.follow()
    first = next(read)
    workflow.approve(entry, by=approver, now=fixed_now, shown=entry.content_hash)
    assert [one.broken for one in (first, *read)] == [None]
    assert list(ledger.broken_chains()) == []


def test_two_ticks_at_once_tell_and_mail_once(order, places, fixed_now):
    entry = EntryFactory(item__institution__locality=places.district, returned=True, now=fixed_now)
    results = at_once(*[lambda: notices.derive(fixed_now)] * 3)
    assert kinds(results) == ["done"] * 3
    assert [notice.subject for notice in Notice.objects.all()] == [f"statusentry:{entry.pk}"]
    morning = first_moment(local_day(fixed_now)) + timedelta(hours=9)
    moments = [morning + timedelta(microseconds=number) for number in range(3)]
    mailed = at_once(*[lambda moment=moment: digests.send_due(moment) for moment in moments])
    assert sorted(mailed) == [False, False, True]
    assert len(mail.outbox) == 1
