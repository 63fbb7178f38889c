"""What is said about an item between those who answer it and those who decide about it: plain text, kept for ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from compliance.enums import Side
from compliance.models import ChecklistItem, Comment
from institutions import journal
from institutions.access import ANSWER, DECIDE
from institutions.models import Institution, User

LONGEST: Final = 1000
# More than anybody types by hand about one item within an hour.
MOST: Final = 20
HOUR: Final = timedelta(hours=1)
# The same words again so soon are a button that was pressed twice.
TWICE: Final = timedelta(minutes=5)


class NotSaid(Exception):
    """Nothing was written."""


class NotOfEitherSide(NotSaid):
    """The person neither answers nor decides at the institution."""


class TooMuch(NotSaid):
    """Empty or longer than `LONGEST`, or more than `MOST` comments about an item within an hour."""


def side_of(user: User, institution: int) -> Side | None:
    """From which side the person speaks there, None: from neither. At most two queries."""
    for side, roles in ((Side.ANSWERING, ANSWER), (Side.DECIDING, DECIDE)):
        if Institution.objects.within_roles(user, roles).filter(pk=institution).exists():
            return side
    return None


@transaction.atomic
def say(item: ChecklistItem, text: str, *, by: User, now: datetime) -> Comment:
    """Write a comment; the other side is told by `notices`. The same words sent twice are one comment.

    Raises `NotOfEitherSide` and `TooMuch`.
    """
    side = side_of(by, item.institution_id)
    if side is None:
        raise NotOfEitherSide(item.pk)
    text = text.replace("\r\n", "\n").strip()
    if not text or len(text) > LONGEST:
        raise TooMuch(item.pk)
    mine = Comment.objects.filter(item=item, by=by)
    repeated = mine.filter(text=text, at__gt=now - TWICE).first()
    if repeated is not None:
        return repeated
    if mine.filter(at__gt=now - HOUR).count() >= MOST:
        raise TooMuch(item.pk)
    comment = Comment.objects.create(item=item, side=side, text=text, by=by, at=now)
    journal.write(
        "comment.write",
        comment,
        by=by,
        institution=item.institution_id,
        after={"side": str(side), "text": text},
        now=now,
    )
    return comment
