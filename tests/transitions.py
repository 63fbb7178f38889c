"""Tables of who may do what in which state, tried cell by cell and compared as text.

What stands in a cell: `done` (something was written), `kept` (409, and what was typed is a draft), `late` (led back to
the page, nothing was written), `login` (led to the page for signing in), or the number of the answer, where nothing
was written. Whatever is neither `done` nor `kept` leaves every row as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from institutions.models import User
from tests import tables
from tests.tables import Tables


def signed_in(person: User | None) -> Client:
    """A browser of the person; None: of nobody."""
    client = Client()
    if person is not None:
        client.force_login(person)
    return client


def answered(send: Callable[[], Any], before: Tables) -> str:
    """What an address answers, in a word; `before`: how everything stood."""
    response: HttpResponse = send()
    if [key for key in tables.differences(before, tables.read()) if not key.startswith("Journal ")]:
        return {302: "done", 200: "done", 409: "kept"}[response.status_code]
    if response.status_code != 302:
        return str(response.status_code)
    return "login" if response["Location"].startswith("/accounts/login/") else "late"


def raised(verb: Callable[[], Any], before: Tables, *refusals: type[Exception]) -> str:
    """What a verb says: `done`, or the name of its refusal, which has to leave everything as it was."""
    try:
        verb()
    except refusals as refusal:
        assert tables.differences(before, tables.read()) == {}
        return type(refusal).__name__
    assert tables.differences(before, tables.read()) != {}
    return "done"


def table(rows: Iterable[str], columns: Iterable[str], cell: Callable[[str, str, Tables], str]) -> str:
    """Try each cell, taking back what it did; as text, rows that say the same in one line, as `expected` reads it."""
    columns = list(columns)
    before = tables.read()
    alike: dict[str, list[str]] = {}
    for row in rows:
        found = []
        for column in columns:
            with transaction.atomic():
                found.append(cell(row, column, before))
                transaction.set_rollback(True)
        alike.setdefault(" ".join(found), []).append(row)
    lines = [f"{' '.join(names)} | {cells}" for cells, names in alike.items()]
    return "\n".join([f"| {' '.join(columns)}", *lines])


def expected(text: str) -> str:
    """A table as it is written in a test, its words set apart by single spaces; names take lines up to their bar."""
    lines: list[str] = []
    names: list[str] = []
    for line in text.strip().splitlines():
        names += line.split()
        if "|" in line:
            lines.append(" ".join(names))
            names = []
    return "\n".join(lines)


def browsers(people: Mapping[str, User | None]) -> dict[str, Client]:
    return {name: signed_in(person) for name, person in people.items()}
