"""Notices by e-mail: one digest a day, and at once what interrupts; never at night, and never with anybody's gaps.

A mail holds counts and a link. The tables are the queue: a tick claims a person's notices by a conditional update,
mails them and marks them sent. Killed before the mail, they are claimed again after `PATIENCE`; killed behind it, one
mail comes twice, which is better than none.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from smtplib import SMTPException
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Exists, OuterRef, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import ngettext

from compliance import notices
from compliance.enums import INTERRUPTING
from compliance.models import Notice
from institutions.clock import first_moment, local_day
from institutions.enums import Letters
from institutions.models import User

logger = logging.getLogger(__name__)
# By the clock of Asia/Almaty.
DAY_BEGINS: Final = time(8, 0)
DAY_ENDS: Final = time(20, 0)
PATIENCE: Final = timedelta(minutes=15)
# Many returns within an hour are one interruption.
BETWEEN_MAILS: Final = timedelta(hours=1)
_INTERRUPTS: Final = Q(kind__in=sorted(INTERRUPTING))


def send_due(now: datetime) -> int:
    """Mail everybody what is due to them at `now`; return the number of mails. None from 20:00 to 08:00."""
    if not DAY_BEGINS <= timezone.localtime(now).time() < DAY_ENDS:
        return 0
    return sum(_send(person, now) for person in _people(now))


def _people(now: datetime) -> list[User]:
    """Whoever has something that interrupts, and no mail within the hour; or anything, and no digest today yet.

    Each as far as they want letters at all.
    """
    mine = Notice.objects.filter(recipient=OuterRef("recipient"))
    lately = Exists(mine.filter(sent_at__gt=now - BETWEEN_MAILS))
    due = Notice.objects.to_be_sent(now - PATIENCE).filter(
        (_INTERRUPTS & ~Q(recipient__letters=Letters.NONE) & ~lately)
        | (~_INTERRUPTS & Q(recipient__letters=Letters.ALL) & ~_had_a_digest(now))
    )
    return list(User.objects.filter(pk__in=due.values("recipient")).order_by("pk"))


def _had_a_digest(now: datetime) -> Exists:
    today = Notice.objects.filter(recipient=OuterRef("recipient"), sent_at__gte=first_moment(local_day(now)))
    return Exists(today.exclude(_INTERRUPTS))


def _send(person: User, now: datetime) -> bool:
    """Claim, mail, mark: everything that interrupts, and the rest where today's digest has not gone yet."""
    waiting = Notice.objects.filter(recipient=person).to_be_sent(now - PATIENCE)
    wanted = _INTERRUPTS | ~_had_a_digest(now) if person.letters == Letters.ALL else _INTERRUPTS
    keys = list(waiting.filter(wanted).values_list("pk", flat=True))
    # No join here: PostgreSQL looks at the row again behind another's claim, but at no other table.
    claimed = Notice.objects.filter(pk__in=keys).unsent(now - PATIENCE).update(claimed_at=now)
    if not claimed:  # another tick was faster
        return False
    mine = Notice.objects.filter(pk__in=keys, claimed_at=now, sent_at=None)
    try:
        _message(person, mine).send()
    except (SMTPException, OSError) as failure:
        logger.warning("No mail to person %s, again in %s: %s", person.pk, PATIENCE, failure)
        return False
    mine.update(sent_at=now)
    return True


def _message(person: User, told: Iterable[Notice]) -> EmailMessage:
    """The mail in the person's language: how many things of each kind, and where to read them."""
    counts: Counter[str] = Counter()
    for notice in told:
        counts[notice.kind] += notice.count
    total = counts.total()
    with translation.override(person.language):
        subject = ngettext("Qalqan: %(count)s thing asks for you", "Qalqan: %(count)s things ask for you", total)
        context = {
            "person": person,
            "lines": [(label, counts[kind]) for kind, label in notices.labels().items() if counts[kind]],
            "url": settings.SITE_URL + reverse("compliance:inbox"),
        }
        body = render_to_string("compliance/email/digest.txt", context)
    return EmailMessage(subject % {"count": total}, body, to=[person.email])
