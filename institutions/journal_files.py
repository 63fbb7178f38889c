"""Rows of the journal as files: CSV of any length, or a workbook."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from institutions import actions, journal, tables
from institutions.models import User
from institutions.querysets import JournalQuerySet
from institutions.tables import Value

CSV, XLSX = "csv", "xlsx"
FORMATS: Final = {
    CSV: f"{tables.CSV}; charset=utf-8",
    XLSX: tables.XLSX,
}
MOST_IN_A_WORKBOOK: Final = 50_000
_WIDTHS = (20, 28, 28, 28, 20, 14, 40, 20, 40, 40, 16, 38)
_COLUMNS = (
    "at", "user__full_name", "user__email", "action", "institution__bin", "subject", "before", "after", "address",
    "request_id",
)  # fmt: skip


def export(
    rows: JournalQuerySet, file_format: str, *, by: User, asked: dict[str, str], now: datetime
) -> Iterator[bytes]:
    """Note the export with the filters that were `asked` for, and return the file in pieces, newest row first.

    In the language of now; the rows are read while the file is sent, without what is written from `now` on.
    """
    journal.write("journal.export", "journal:all", by=by, after={"format": file_format, **asked}, now=now)
    headings = [
        _("When"), _("Who"), _("E-mail"), _("What"), _("Code"), _("BIN"), _("Institution"), _("Subject"),
        _("Before"), _("After"), _("From where"), _("Request"),
    ]  # fmt: skip
    lines = _lines(rows.filter(at__lt=now), _words(), _name_column())
    if file_format == CSV:
        return tables.csv_pieces(headings, lines)
    return tables.xlsx_pieces(sheet=_("Journal"), headings=headings, widths=_WIDTHS, rows=lines)


def _words() -> dict[str, str]:
    """The actions in the language of now: a stream goes on when the request, and its language, is over."""
    return {action: actions.in_words(action) for action in actions.ACTIONS}


def _name_column() -> str:
    return "institution__name_ru" if get_language() == "ru" else "institution__name_kk"


def _lines(rows: JournalQuerySet, words: dict[str, str], name: str) -> Iterator[list[Value]]:
    read = rows.values_list(*_COLUMNS, name).iterator(chunk_size=2_000)
    for at, person, email, action, bin_number, subject, before, after, address, request_id, institution in read:
        yield [
            timezone.localtime(at).isoformat(sep=" ", timespec="seconds"),
            person,
            email,
            words.get(action, action),
            action,
            bin_number,
            institution,
            subject,
            _plain(before),
            _plain(after),
            address,
            request_id,
        ]


def _plain(said: dict[str, Any] | None) -> str | None:
    return None if said is None else json.dumps(said, ensure_ascii=False)
