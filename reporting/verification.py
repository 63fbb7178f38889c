"""Whether a brief is genuine: by the code that is printed on it, or by the file itself.

Whoever asks need not be signed in, so an answer names no figure and nobody who read the brief.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import models
from django.utils.translation import pgettext_lazy

from reporting import attached
from reporting.enums import BriefState, Publication
from reporting.models import CODE_LENGTH, CODE_SIGNS, Brief, BriefCopy

# Crockford: what a person may read into a sign.
_MISREAD: Final = str.maketrans("OIL", "011")


class Result(models.TextChoices):
    """What is known of a code or of a file."""

    IN_FORCE = "in_force", pgettext_lazy("result of a verification", "genuine and in force")
    DRAFT = "draft", pgettext_lazy("result of a verification", "genuine, a draft that is not in force")
    SUPERSEDED = "superseded", pgettext_lazy("result of a verification", "genuine, superseded by a newer one")
    WITHDRAWN = "withdrawn", pgettext_lazy("result of a verification", "genuine, withdrawn")
    ALTERED = "altered", pgettext_lazy("result of a verification", "altered: not the file that was issued")
    UNKNOWN = "unknown", pgettext_lazy("result of a verification", "not known here")


_OF_PUBLICATION: Final = {
    Publication.DRAFT: Result.DRAFT,
    Publication.PUBLISHED: Result.IN_FORCE,
    Publication.SUPERSEDED: Result.SUPERSEDED,
    Publication.WITHDRAWN: Result.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The result and the brief that it is about; `by_file` tells whether the very bytes were compared.

    `copied_at`: the file is a reader's copy of that moment. `digest` is the SHA-256 of the file that was shown.
    """

    result: Result
    brief: Brief | None = None
    by_file: bool = False
    copied_at: datetime | None = None
    digest: str = ""


def normal_code(typed: str) -> str:
    """The code as it is kept, from how a person writes it: small letters, blanks, O for 0. Empty for what is none."""
    text = re.sub(r"[\s-]", "", typed).upper().translate(_MISREAD)
    return text if len(text) == CODE_LENGTH and set(text) <= set(CODE_SIGNS) else ""


def by_code(typed: str) -> Answer:
    """What is known of the brief with that code. Says nothing of the paper or the file in somebody's hand."""
    found = _briefs().filter(code=normal_code(typed)).first() if normal_code(typed) else None
    return Answer(Result.UNKNOWN) if found is None else Answer(_OF_PUBLICATION[Publication(found.publication)], found)


def by_file(pdf: bytes) -> Answer:
    """Whether these are the very bytes that were issued, or a reader's copy of them; else what they pretend to be."""
    digest = hashlib.sha256(pdf).hexdigest()
    found = _briefs().filter(file_hash=digest).first()
    copied_at = None
    if found is None and (copy := BriefCopy.objects.filter(file_hash=digest).first()):
        found, copied_at = _briefs().filter(pk=copy.brief_id).first(), copy.made_at
    if found is not None:
        result = _OF_PUBLICATION[Publication(found.publication)]
        return Answer(result, found, by_file=True, copied_at=copied_at, digest=digest)
    try:
        pretended = attached.read(pdf).imprint.code
    except attached.NotABrief:
        return Answer(Result.UNKNOWN, by_file=True, digest=digest)
    brief = by_code(pretended).brief
    return Answer(Result.ALTERED if brief else Result.UNKNOWN, brief, by_file=True, digest=digest)


def _briefs() -> models.QuerySet[Brief]:
    """Those that have a file, without what weighs megabytes."""
    return Brief.objects.filter(state=BriefState.READY).select_related("superseded_by").for_list()
