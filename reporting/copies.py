"""A reader's copy of a brief for official use: the same file with the reader's name and the moment on every page.

`stamp` is pure: the same file, name and moment give the same bytes, so a copy can be checked without the register.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import pikepdf
from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from pikepdf import Name, Pdf

from institutions import journal
from institutions.models import User
from reporting import publishing, rendering
from reporting.brief.annex_words import ANNEX
from reporting.models import Brief, BriefCopy

# In the file's information dictionary: for whom and when, in the words of the stamp.
MARK: Final = "/QalqanCopy"
_STAMP: Final = "/QalqanStamp"


def make_copy(brief: Brief, *, by: User, now: datetime) -> bytes:
    """The file for `by`, stamped, and sealed again where the brief is; its hash is kept, the journal knows of it.

    Raises `publishing.SignerGone` where the brief's seal is no longer configured.
    """
    with (brief.unsigned or brief.file).open("rb") as file:
        data = stamp(file.read(), language=brief.language, reader=by.get_full_name() or str(by), at=now)
    if brief.signer:
        data = publishing.signer_of(brief).sign(data)
    digest = hashlib.sha256(data).hexdigest()
    with transaction.atomic():
        BriefCopy.objects.get_or_create(file_hash=digest, defaults={"brief": brief, "reader": by, "made_at": now})
        journal.write("brief.copy", brief, by=by, after={"number": brief.number, "hash": digest}, now=now)
    return data


def stamp(pdf: bytes, *, language: str, reader: str, at: datetime) -> bytes:
    """The file with a line at the foot of every page that says whose copy it is. It stays PDF/A-3a and PDF/UA-1."""
    return _stamped(pdf, _line(language, reader, at))


def stamped_again(pdf: bytes, copy: bytes) -> bytes | None:
    """What the copy should be, if it is one of `pdf`: by the line that the copy says it bears. None for no copy."""
    with _open(copy) as said:
        line = said.docinfo.get(MARK)
        text = None if line is None else json.loads(str(line))
    return None if text is None else _stamped(pdf, text)


def _line(language: str, reader: str, at: datetime) -> str:
    with translation.override(language):
        moment = date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")
    return f"{ANNEX[language].copy_of}: {reader}, {moment}:{timezone.localtime(at):%S}"


def _stamped(pdf: bytes, line: str) -> bytes:
    with _open(pdf) as brief, _open(rendering.render_stamp(line)) as stamped:
        drawn = brief.copy_foreign(stamped.pages[0].as_form_xobject())
        for page in brief.pages:
            page.add_resource(drawn, Name.XObject, Name(_STAMP))
            # An artifact: no part of the text that a screen reader reads.
            page.contents_add(b"q", prepend=True)
            page.contents_add(
                f"Q /Artifact <</Type /Pagination>> BDC q {_STAMP} Do Q EMC".encode(),
            )
        brief.docinfo[MARK] = pikepdf.String(json.dumps(line, ensure_ascii=True))
        out = io.BytesIO()
        brief.save(out, deterministic_id=True, fix_metadata_version=False)
    return out.getvalue()


@contextmanager
def _open(pdf: bytes) -> Iterator[Pdf]:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        yield opened
