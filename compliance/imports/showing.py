"""Rows of a list as a person reads them: what changes from what to what, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from compliance.imports import columns
from compliance.imports.problems import CHOICES, in_words
from compliance.models import ImportRow
from institutions.models import LargeCity, Locality, Named, Settlement

_PLACES: dict[str, type[Named]] = {"locality": Locality, "settlement": Settlement, "large_city": LargeCity}

_DAYS = frozenset({"since", "valid_until", "as_of"})


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in the reader's words, before and after."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a list with its differences and reasons in words."""

    row: ImportRow
    differences: list[Difference]
    reasons: list[str]


def lines_of(rows: Iterable[ImportRow]) -> list[Line]:
    """A page of rows; places by their codes, looked up for all of them at once: a query for each kind of place."""
    shown = list(rows)
    names = _place_names(shown)
    return [
        Line(
            row,
            [
                Difference(
                    columns.title_of(change["field"]),
                    _said(change["field"], change["old"], names),
                    _said(change["field"], change["new"], names),
                )
                for change in row.differences
            ],
            [in_words(reason) for reason in row.reasons],
        )
        for row in shown
    ]


def _place_names(rows: Sequence[ImportRow]) -> dict[str, str]:
    katos: dict[str, set[str]] = {name: set() for name in _PLACES}
    for row in rows:
        for change in row.differences:
            if change["field"] in katos:
                katos[change["field"]] |= {kato for kato in (change["old"], change["new"]) if kato}
    names: dict[str, str] = {}
    for field, model in _PLACES.items():
        found = model._default_manager.filter(kato__in=sorted(katos[field]))  # type: ignore[misc]  # each has a code
        names |= {f"{field}/{place.kato}": place.name for place in found}  # type: ignore[attr-defined]
    return names


def _said(field: str, value: Any, names: dict[str, str]) -> str:
    if value is None or value == "":
        return "–"
    if field in CHOICES:
        return str(CHOICES[field](value).label)
    if field in _PLACES:
        return names.get(f"{field}/{value}", str(value))
    if field in _DAYS:
        return date.fromisoformat(value).strftime("%d.%m.%Y")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)
