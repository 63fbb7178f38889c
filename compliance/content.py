"""What an answer says, as one hash: a decision names it, and is refused where it is not what was shown."""

from __future__ import annotations

import hashlib
import json
from datetime import date

from compliance.models import Evidence, StatusEntry

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
) -> str:
    """SHA-256 over everything that an approver is shown of an answer, in a fixed form."""
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
    ]
    return hashlib.sha256(_encode(said).encode()).hexdigest()


def digest_of(entry: StatusEntry) -> str:
    """The digest of an entry as it is now. Reads its item, institution and evidence."""
    return digest(
        bin_number=entry.item.institution.bin,
        requirement=entry.item.requirement.code,
        status=entry.status,
        effective_on=entry.effective_on,
        valid_until=entry.valid_until,
        note=entry.note,
        evidence=entry.evidence,
    )
