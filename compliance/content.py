"""What an answer says, as one hash: a decision names it, and is refused where it is not what was shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date

from compliance.models import Evidence, Photo, StatusEntry

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def digest(
    *,
    bin_number: str,
    requirement: str,
    status: str,
    effective_on: date,
    valid_until: date | None,
    note: str,
    evidence: Evidence | None,
    photos: Iterable[Photo] = (),
) -> str:
    """SHA-256 over everything that an approver is shown of an answer, in a fixed form.

    Photos are named by what is shown and by what was sent, which bears their place and time. Where there are none,
    the form is that of the answers from before there were any.
    """
    shown = sorted([photo.sha256, photo.upload_sha256] for photo in photos)
    said = [
        bin_number,
        requirement,
        str(status),
        effective_on.isoformat(),
        valid_until and valid_until.isoformat(),
        note,
        evidence
        and [
            evidence.number,
            evidence.issuer,
            evidence.issued_on.isoformat(),
            evidence.valid_until and evidence.valid_until.isoformat(),
        ],
        *([shown] if shown else []),
    ]
    return hashlib.sha256(_encode(said).encode()).hexdigest()


def digest_of(entry: StatusEntry, *, photos: Iterable[Photo] | None = None) -> str:
    """The digest of an entry as it is now. Reads its item, institution, evidence and photos, where none are given."""
    return digest(
        bin_number=entry.item.institution.bin,
        requirement=entry.item.requirement.code,
        status=entry.status,
        effective_on=entry.effective_on,
        valid_until=entry.valid_until,
        note=entry.note,
        evidence=entry.evidence,
        photos=entry.photos.all() if photos is None else photos,
    )
