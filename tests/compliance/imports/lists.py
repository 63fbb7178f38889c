"""Lists for tests of imports: workbooks and texts with few rows, and hostile files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.core.files.base import ContentFile
from xlsxwriter import Workbook

from compliance.imports import applying, running
from compliance.models import ImportRun
from institutions.models import User

BIN_1, BIN_2, BIN_3 = "400240037504", "400340037508", "400440037501"  # they belong to nobody
HEADINGS = ("БСН", "Қазақша атауы", "Орысша атауы", "Түрі", "Меншік нысаны", "Аудан", "Елді мекен", "Қызметкерлер",
            "Білім алушылар")  # fmt: skip


def workbook(rows: Iterable[Sequence[Any]], *, name: str = "Парақ1") -> bytes:
    """A sheet with these rows from A1 on; texts, numbers, days, and "=…" as a formula without a value."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet(name)
        a_day = book.add_format({"num_format": "dd.mm.yyyy"})
        for row, values in enumerate(rows):
            for column, value in enumerate(values):
                if isinstance(value, str) and value.startswith("="):
                    sheet.write_formula(row, column, value, None, "")
                elif isinstance(value, str):
                    sheet.write_string(row, column, value)
                elif isinstance(value, date):
                    sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), a_day)  # noqa: DTZ001
                elif value is not None:
                    sheet.write(row, column, value)
    return file.getvalue()


def archive(members: Mapping[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP file of these members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return file.getvalue()


def book_of_xml(sheet: bytes, **others: bytes) -> bytes:
    """A workbook with one sheet of this XML; `others` are more members, `xl__a` is `xl/a.xml`."""
    base = workbook([["a"]])
    with zipfile.ZipFile(io.BytesIO(base)) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    members["xl/worksheets/sheet1.xml"] = sheet
    members |= {f"{name.replace('__', '/')}.xml": data for name, data in others.items()}
    return archive(members)


def sheet_xml(rows: bytes) -> bytes:
    start = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    return start + b"<sheetData>" + rows + b"</sheetData></worksheet>"


def new_row(bin_number: str, place: str = "Бұқар жырау ауданы", **changed: Any) -> list[Any]:
    """A row under `HEADINGS` that enters a school in a village of the district."""
    values = {
        "bin": bin_number,
        "name_kk": "№ 1 мектеп",
        "name_ru": "Школа № 1",
        "kind": "мектеп",
        "ownership": "мемлекеттік",
        "locality": place,
        "settlement": "Ботақара",
        "staff": 20,
        "learners": 200,
    }
    return list((values | changed).values())


def uploaded(
    data: bytes,
    *,
    by: User,
    since: date,
    now: datetime,
    name: str = "тізім.xlsx",
    **more: Any,
) -> ImportRun:
    return running.upload(ContentFile(data, name=name), name=name, since=since, by=by, now=now, **more)


def checked(data: bytes, *, by: User, since: date, now: datetime, **more: Any) -> ImportRun:
    """A list after its check."""
    run = uploaded(data, by=by, since=since, now=now, **more)
    running.check(run.pk, now=now)
    run.refresh_from_db()
    return run


def applied(run: ImportRun, *, by: User, now: datetime) -> ImportRun:
    running.ask_to_apply(run, by=by, now=now)
    applying.apply(run.pk, now=now)
    run.refresh_from_db()
    return run


def undone(run: ImportRun, *, by: User, now: datetime) -> ImportRun:
    running.ask_to_undo(run, by=by, now=now)
    applying.undo(run.pk, now=now)
    run.refresh_from_db()
    return run
