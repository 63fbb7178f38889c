"""Mail: one digest a day, at once what interrupts, none at night, nothing of anybody's gaps."""

from __future__ import annotations

import smtplib
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import translation

from compliance import digests
from compliance.enums import OF_AN_INSTITUTION, NoticeKind
from compliance.models import Notice
from compliance.tasks import tell_people
from institutions.clock import first_moment
from institutions.models import User
from tests.factories.institutions import InstitutionFactory, UserFactory

TODAY = date(2026, 5, 20)
HOUR = timedelta(hours=1)


def at(hour: float, day: date = TODAY) -> datetime:
    return first_moment(day) + hour * HOUR


@pytest.fixture
def person(db) -> User:
    return UserFactory(email="asel@example.kz", full_name="Әсел", language="en")


def tell(person: User, kind: NoticeKind, number: int = 0, **fields: Any) -> Notice:
    if kind in OF_AN_INSTITUTION:
        fields.setdefault("institution_id", InstitutionFactory(listed=False, name_kk="Құпия мектебі").pk)
    return Notice.objects.create(
        recipient=person, kind=kind, subject=f"test:{number}", day=TODAY, created_at=at(0), **fields
    )


def lines() -> list[str]:
    return [line for message in mail.outbox for line in message.body.splitlines() if line[-1:].isdigit()]


def test_a_digest_counts_by_kind_and_leads_to_the_inbox(person, source_words):
    tell(person, NoticeKind.RETURNED, 1)
    tell(person, NoticeKind.RETURNED, 2)
    tell(person, NoticeKind.ENDING_MONTH, count=5)
    assert digests.send_due(at(9)) == 1
    (message,) = mail.outbox
    assert (message.to, message.subject) == (["asel@example.kz"], "Qalqan: 7 things ask for you")
    assert lines() == ["Answers that came back: 2", "Proofs that end within a month: 5"]
    assert "http://localhost:8000/inbox/" in message.body
    assert "Құпия" not in message.body
    assert list(Notice.objects.values_list("sent_at", flat=True)) == [at(9)] * 3


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_digest_speaks_the_persons_language_and_not_the_moments(person, monkeypatch, language):
    monkeypatch.setattr(digests, "render_to_string", lambda *_args: f"in {translation.get_language()}")
    User.objects.update(language=language)
    tell(person, NoticeKind.WAITING)
    with translation.override("kk" if language == "en" else "en"):
        digests.send_due(at(9))
    assert mail.outbox[0].body == f"in {language}"


@pytest.mark.parametrize(("hour", "sent"), [(0, 0), (7.99, 0), (8, 1), (19.99, 1), (20, 0), (23.9, 0)])
@pytest.mark.parametrize("kind", [NoticeKind.RETURNED, NoticeKind.WAITING])
def test_nobody_is_mailed_at_night(person, kind, hour, sent):
    tell(person, kind)
    assert digests.send_due(at(hour)) == sent == len(mail.outbox)


def test_a_second_digest_waits_for_the_next_day(person):
    tell(person, NoticeKind.WAITING)
    digests.send_due(at(9))
    tell(person, NoticeKind.ENDING_MONTH)
    assert [digests.send_due(at(hour)) for hour in (9.1, 14, 19)] == [0, 0, 0]
    assert digests.send_due(at(8, TODAY + timedelta(days=1))) == 1


def test_a_return_does_not_wait_for_the_next_day(person):
    tell(person, NoticeKind.WAITING)
    digests.send_due(at(9))
    tell(person, NoticeKind.RETURNED)
    tell(person, NoticeKind.ENDING_MONTH)
    assert digests.send_due(at(11)) == 1
    assert list(Notice.objects.filter(sent_at=None).values_list("kind", flat=True)) == ["ending_30"]


def test_returns_within_an_hour_are_one_interruption(person):
    tell(person, NoticeKind.RETURNED, 1)
    assert digests.send_due(at(9)) == 1
    tell(person, NoticeKind.RETURNED, 2)
    tell(person, NoticeKind.RETURNED, 3)
    assert [digests.send_due(at(hour)) for hour in (9.1, 9.9, 10.1)] == [0, 0, 1]
    assert mail.outbox[1].body.count(": 2") == 1


@pytest.mark.parametrize("fields", [{"read_at": at(1)}, {"sent_at": at(1)}, {"claimed_at": at(8.9)}])
def test_what_is_read_sent_or_being_sent_is_left_alone(person, fields):
    tell(person, NoticeKind.RETURNED, **fields)
    assert digests.send_due(at(9)) == 0


def test_who_may_not_sign_in_gets_no_mail(person):
    tell(person, NoticeKind.RETURNED)
    User.objects.update(is_active=False)
    assert digests.send_due(at(9)) == 0


@pytest.mark.parametrize(
    ("letters", "sent"), [("all", ["returned", "waiting"]), ("urgent", ["returned"]), ("none", [])]
)
def test_a_person_gets_the_letters_that_they_chose(person, letters, sent):
    User.objects.update(letters=letters)
    tell(person, NoticeKind.WAITING)
    assert digests.send_due(at(8)) == (letters == "all")
    tell(person, NoticeKind.RETURNED)
    digests.send_due(at(10))
    digests.send_due(at(12))
    assert sorted(Notice.objects.exclude(sent_at=None).values_list("kind", flat=True)) == sent


def test_what_was_claimed_by_a_worker_that_died_is_sent_later(person):
    tell(person, NoticeKind.RETURNED, claimed_at=at(9))
    assert [digests.send_due(at(9) + timedelta(minutes=late)) for late in (14, 16)] == [0, 1]


def test_a_mail_that_does_not_leave_holds_up_nobody_and_is_tried_again(person, monkeypatch):
    tell(person, NoticeKind.RETURNED)
    tell(UserFactory(email="second@example.kz"), NoticeKind.RETURNED)
    send = mail.EmailMessage.send

    def refused(message: mail.EmailMessage, **options: Any) -> int:
        if message.to == ["asel@example.kz"]:
            raise smtplib.SMTPServerDisconnected
        return send(message, **options)

    monkeypatch.setattr(mail.EmailMessage, "send", refused)
    assert digests.send_due(at(9)) == 1
    monkeypatch.undo()
    assert [digests.send_due(at(9) + timedelta(minutes=late)) for late in (5, 20)] == [0, 1]
    assert [message.to for message in mail.outbox] == [["second@example.kz"], ["asel@example.kz"]]


def test_of_two_ticks_at_once_one_sends(person, monkeypatch):
    """The second tick runs while the first has claimed and is about to send."""
    tell(person, NoticeKind.RETURNED)
    compose = digests._message
    second: list[int] = []

    def composing(*args: Any) -> mail.EmailMessage:
        if not second:
            second.append(digests.send_due(at(9) + timedelta(seconds=1)))
        return compose(*args)

    monkeypatch.setattr(digests, "_message", composing)
    assert (digests.send_due(at(9)), second) == (1, [0])
    assert len(mail.outbox) == 1


def test_the_task_derives_and_mails_by_the_clock(person):
    tell(person, NoticeKind.RETURNED)
    with time_machine.travel(at(9), tick=False):
        tell_people()
        tell_people()
    assert len(mail.outbox) == 1
