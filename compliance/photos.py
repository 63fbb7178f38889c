"""Photos of a draft: added, taken along from an answer that is continued, removed; and their files.

`workflow.save_draft` calls these in its transaction, with the draft in hand; nobody else writes the tables. Photos of
a form that was refused wait in `kept_photos.py`; their files lie beside these. A file is written once under its
SHA-256, before its row: what a transaction that failed leaves behind is swept away later.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db.models import F, Q

from compliance import pictures
from compliance.models import KeptPhoto, Photo, PhotoTwin, StatusEntry
from compliance.pictures import Picture
from institutions import journal
from institutions.models import User

logger = logging.getLogger(__name__)

MOST: Final = 6  # photos of one answer
# So many look-alikes of one photo are noted: one is enough to look twice, and a picture from a catalogue has hundreds.
MOST_TWINS: Final = 20
# A file without a photo is kept for so long, since the row of one that has just come in may not be visible yet.
SWEEP_AFTER: Final = timedelta(hours=1)


class NoRoom(ValueError):
    """The answer would have more than `MOST` photos."""


def path_of(sha256: str) -> Path:
    """Where the file with this hash is kept."""
    return Path(settings.MEDIA_ROOT) / "evidence" / sha256[:2] / f"{sha256}.jpg"


def attach(draft: StatusEntry, sent: Iterable[Picture], *, by: User, now: datetime) -> list[Photo]:
    """Add pictures to a draft, those that it has already left out; return the new ones. Raises `NoRoom`."""
    present = set(draft.photos.values_list("upload_sha256", flat=True))
    fresh = {picture.upload_sha256: picture for picture in sent if picture.upload_sha256 not in present}
    if len(present) + len(fresh) > MOST:
        raise NoRoom(draft.pk)
    return [_add(draft, picture, by=by, now=now) for picture in fresh.values()]


def _add(draft: StatusEntry, picture: Picture, *, by: User, now: datetime) -> Photo:
    store(picture)
    photo = Photo.objects.create(entry=draft, author=by, uploaded_at=now, **fields_of(picture))
    _note_twins(photo, draft.item.institution_id)
    journal.write(
        "photo.add",
        draft,
        by=by,
        institution=draft.item.institution_id,
        after={"photo": photo.pk, "sha256": photo.sha256},
        now=now,
    )
    return photo


def fields_of(picture: Picture) -> dict[str, Any]:
    """The picture as the columns of a row have it."""
    parts: tuple[int | None, ...] = (None,) * pictures.BANDS
    if picture.likeness is not None:
        parts = pictures.bands(picture.likeness)
    return {
        "sha256": picture.sha256,
        "upload_sha256": picture.upload_sha256,
        "size": len(picture.jpeg),
        "width": picture.width,
        "height": picture.height,
        **{f"band_{place}": part for place, part in enumerate(parts)},
        "taken_at": picture.taken_at,
        "latitude": picture.latitude,
        "longitude": picture.longitude,
    }


def take_along(draft: StatusEntry, source: StatusEntry, *, without: Collection[str] = ()) -> None:
    """Give a new draft the photos of the answer that it continues, but for those of the given upload hashes."""
    for photo in source.photos.exclude(upload_sha256__in=without):
        photo.pk = None
        photo.entry = draft
        photo.save(force_insert=True)
        _note_twins(photo, draft.item.institution_id)


def remove(draft: StatusEntry, uploads: Collection[str], *, by: User, now: datetime) -> None:
    """Take the photos with these upload hashes out of a draft; one that is not there is not missed."""
    for photo in draft.photos.filter(upload_sha256__in=uploads):
        journal.write(
            "photo.remove",
            draft,
            by=by,
            institution=draft.item.institution_id,
            before={"photo": photo.pk, "sha256": photo.sha256},
            now=now,
        )
        photo.delete()


def _note_twins(photo: Photo, institution: int) -> None:
    """Find the same picture, or nearly the same, at other institutions, and note it for both. Two queries.

    By the hash of what was sent, and by bands of the perceptual hash (`pictures.near_bands`): both are looked up in
    indexes, whatever the number of photos in the country.
    """
    same = Q(upload_sha256=photo.upload_sha256) | Q(sha256=photo.sha256)
    parts = photo.bands
    if parts is not None:
        for place, values in pictures.near_bands(pictures.of_bands(parts)):
            same |= Q(**{f"band_{place}__in": values})
    elsewhere = Photo.objects.filter(same).exclude(entry__item__institution=institution)
    found = []
    # A draft may yet be thrown away, so those that were sent come first.
    sent_first = elsewhere.order_by(F("entry__submitted_at").desc(nulls_last=True), "-pk")
    for other in sent_first.select_related("entry").iterator(chunk_size=200):
        bits = _distance(photo, other)
        if bits <= pictures.NEAR:
            found.append((other, bits))
        if len(found) == MOST_TWINS:
            break
    PhotoTwin.objects.bulk_create(
        twin
        for other, bits in found
        for twin in (
            PhotoTwin(photo=photo, other=other, distance=bits),
            PhotoTwin(photo=other, other=photo, distance=bits),
        )
    )


def _distance(one: Photo, other: Photo) -> int:
    if one.upload_sha256 == other.upload_sha256 or one.sha256 == other.sha256:
        return 0
    mine, theirs = one.bands, other.bands
    if mine is None or theirs is None:
        return pictures.NEAR + 1
    return pictures.distance(pictures.of_bands(mine), pictures.of_bands(theirs))


def store(picture: Picture) -> None:
    """Write the file under its hash, whole or not at all; one that is there only gets a new day for the sweep."""
    path = path_of(picture.sha256)
    if path.exists():
        path.touch()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        part.write(picture.jpeg)
    os.replace(part.name, path)


def sweep(now: datetime) -> int:
    """Delete files that belong to no photo any more; return how many. Safe to repeat."""
    gone = 0
    long_ago = (now - SWEEP_AFTER).timestamp()
    folder = Path(settings.MEDIA_ROOT) / "evidence"
    for path in sorted(folder.glob("??/*")):
        if path.stat().st_mtime < long_ago and not _is_needed(path.stem):
            path.unlink(missing_ok=True)
            gone += 1
    if gone:
        logger.info("%s files without a photo are deleted", gone)
    return gone


def _is_needed(sha256: str) -> bool:
    return any(model.objects.filter(sha256=sha256).exists() for model in (Photo, KeptPhoto))
