"""Photos of an answer that was refused or overtaken: they wait for the same person's next try, with the same item.

A browser fills no file field again, so without these a photo would be lost with its form. They are judged and made
anew like all (`pictures.read`), belong to one person and item, are seen by nobody else, and go with the answer when the
form is sent again. Bounded in number; after `KEPT_FOR` they are swept away.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.core import signing
from django.db import models, transaction

from compliance import photos, pictures
from compliance.models import ChecklistItem, KeptPhoto, StatusEntry
from compliance.pictures import Picture
from institutions import journal
from institutions.access import ANSWER
from institutions.clock import local_day
from institutions.models import Institution, User

logger = logging.getLogger(__name__)

KEPT_FOR: Final = timedelta(days=7)
MOST_AN_ITEM: Final = 2 * photos.MOST  # so that one can choose
MOST_A_PERSON: Final = 60
_SALT: Final = "compliance.kept_photos"


def of(item: ChecklistItem, person: User) -> models.QuerySet[KeptPhoto]:
    """The person's kept photos for an item, in the order in which they came."""
    return KeptPhoto.objects.filter(item=item, person=person)


def last_day_of(kept: KeptPhoto) -> date:
    """The last day on which it is certainly there."""
    return local_day(kept.kept_at + KEPT_FOR) - timedelta(days=1)


def pictures_of(kept: Iterable[KeptPhoto]) -> list[Picture]:
    """As they were when they were read; without one whose file is gone."""
    found = []
    for row in kept:
        try:
            jpeg = photos.path_of(row.sha256).read_bytes()
        except FileNotFoundError:
            logger.exception("The file of kept photo %s is not there", row.pk)
            continue
        found.append(
            Picture(
                jpeg=jpeg,
                sha256=row.sha256,
                upload_sha256=row.upload_sha256,
                width=row.width,
                height=row.height,
                likeness=None if row.bands is None else pictures.of_bands(row.bands),
                taken_at=row.taken_at,
                latitude=row.latitude,
                longitude=row.longitude,
            )
        )
    return found


@transaction.atomic
def keep(item: ChecklistItem, sent: Iterable[Picture], *, by: User, now: datetime) -> int:
    """Keep pictures of a form that came to nothing; return for how many there was no room.

    One that is kept already, or stands in the person's draft, is not kept twice.
    """
    here = set(of(item, by).values_list("upload_sha256", flat=True))
    drafted = StatusEntry.objects.editable_by(by).filter(item=item).values_list("photos__upload_sha256", flat=True)
    fresh = {picture.upload_sha256: picture for picture in sent if picture.upload_sha256 not in here | set(drafted)}
    room = min(MOST_AN_ITEM - len(here), MOST_A_PERSON - KeptPhoto.objects.filter(person=by).count())
    taken = list(fresh.values())[: max(room, 0)]
    for picture in taken:
        photos.store(picture)
    KeptPhoto.objects.bulk_create(
        (KeptPhoto(item=item, person=by, kept_at=now, **photos.fields_of(picture)) for picture in taken),
        ignore_conflicts=True,  # the same form at the same moment
    )
    for picture in taken:
        journal.write(
            "photo.keep", item, by=by, institution=item.institution_id, after={"sha256": picture.sha256}, now=now
        )
    return len(fresh) - len(taken)


@transaction.atomic
def drop(item: ChecklistItem, uploads: Collection[str], *, by: User, now: datetime) -> None:
    """Throw those with these upload hashes away, as the person asked; one that is not there is not missed."""
    for kept in of(item, by).filter(upload_sha256__in=uploads):
        _delete(kept, by=by, now=now)


def settle(draft: StatusEntry, *, without: Collection[str]) -> None:
    """Forget those that the draft has by now, and those that its form took out. Called in the draft's transaction."""
    has = draft.photos.order_by().values("upload_sha256")
    kept = KeptPhoto.objects.filter(item=draft.item_id, person=draft.author_id)
    kept.filter(models.Q(upload_sha256__in=has) | models.Q(upload_sha256__in=list(without))).delete()


def sweep(now: datetime) -> int:
    """Delete those that nobody came back for; return how many. Their files go with the sweep of files."""
    gone = list(KeptPhoto.objects.before(now - KEPT_FOR).select_related("item"))
    for kept in gone:
        _delete(kept, by=None, now=now)
    return len(gone)


@transaction.atomic
def _delete(kept: KeptPhoto, *, by: User | None, now: datetime) -> None:
    deleted, _rows = KeptPhoto.objects.filter(pk=kept.pk).delete()
    if deleted:
        journal.write(
            "photo.drop",
            kept.item,
            by=by,
            institution=kept.item.institution_id,
            before={"sha256": kept.sha256},
            now=now,
        )


# --- a form whose session has ended ----------------------------------------------------------------


def token_for(item: ChecklistItem, person: User) -> str:
    """Says to whom a form was given, so that its photos find their person even after the end of the session."""
    return signing.dumps([person.pk, item.pk], salt=_SALT)


def of_token(token: str) -> tuple[ChecklistItem, User] | None:
    """Item and person of a form that was given out; None where it is no token, or the person answers there no more."""
    try:
        person_pk, item_pk = signing.loads(token, salt=_SALT, max_age=settings.SESSION_COOKIE_AGE)
    except signing.BadSignature:
        return None
    person = User.objects.filter(pk=person_pk, is_active=True).first()
    if person is None:
        return None
    reached = Institution.objects.within_roles(person, ANSWER)
    item = ChecklistItem.objects.filter(pk=item_pk, institution__in=reached).first()
    return None if item is None else (item, person)
