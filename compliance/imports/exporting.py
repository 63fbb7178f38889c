"""Lists that leave the register, in the columns in which they may come back: an export, and a list with its errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from compliance.applicability import FACTS
from compliance.enums import ImportKind, RowOutcome
from compliance.imports import columns, reading
from compliance.imports.problems import in_words
from compliance.models import ImportRun
from institutions.models import Institution
from institutions.querysets import InstitutionQuerySet
from institutions.tables import Grid, Value

# What is counted is written as a number; everything else, BINs and phones before all, is text.
_NUMBERS: Final = frozenset({"staff", "learners"})
_CHUNK: Final = 2_000


def institutions_grid(institutions: InstitutionQuerySet) -> Grid:
    """Institutions as they are today, in the active language. Read in pieces, with their places."""
    rows = [_row(institution) for institution in institutions.with_places().iterator(_CHUNK)]
    return _grid(rows)


def empty_grid(kind: ImportKind) -> Grid:
    """The headings alone: what a list of a kind is to look like."""
    return _grid([], kind)


def _grid(rows: Sequence[Sequence[Value]], kind: ImportKind = ImportKind.INSTITUTIONS) -> Grid:
    written = columns.written_columns(kind)
    titles = columns.headings(written, get_language() or "kk")
    return Grid(
        columns=titles,
        lines=rows,
        sheet=_("List"),
        headings=titles,
        widths=[column.width for column in written],
        rows=rows,
    )


def _row(institution: Institution) -> list[Value]:
    settlement, city = institution.settlement, institution.large_city
    values: dict[str, Value] = {
        "bin": institution.bin,
        "name_kk": institution.name_kk,
        "name_ru": institution.name_ru,
        "kind": institution.get_kind_display(),
        "ownership": institution.get_ownership_display(),
        "lifecycle": institution.get_lifecycle_display(),
        "region": institution.locality.region.name,
        "locality": institution.locality.name,
        "locality_kato": institution.locality.kato,
        "settlement": settlement.name if settlement else None,
        "settlement_kato": settlement.kato if settlement else None,
        "large_city": city.name if city else None,
        "address_kk": institution.address_kk,
        "address_ru": institution.address_ru,
        "latitude": None if institution.latitude is None else str(institution.latitude),
        "longitude": None if institution.longitude is None else str(institution.longitude),
        "phone": institution.phone,
        "email": institution.email,
        "staff": institution.staff,
        "learners": institution.learners,
        **{f"{columns.FACT}{name}": _yes_or_no(institution.facts.get(name)) for name in FACTS},
    }
    return [values[column.key] or None if column.key not in _NUMBERS else values[column.key]
            for column in columns.institution_columns()]  # fmt: skip


def _yes_or_no(value: bool | None) -> str | None:
    return None if value is None else _("yes") if value else _("no")


def errors_grid(run: ImportRun) -> Grid:
    """The list as it was uploaded, row under row with the same numbers, and two columns more: what came of each."""
    rows = list(run.rows.filter(implied=False))
    keys: Sequence[str | None] = run.keys
    width = max([len(keys), *(len(row.cells) for row in rows)])
    below = len(run.head) + 1
    grid: list[Sequence[Value]] = [()] * (rows[-1].number - below + 1 if rows else 0)
    for row in rows:
        cells = [_value(cell, keys[place] if place < len(keys) else None) for place, cell in enumerate(row.cells)]
        grid[row.number - below] = [
            *cells,
            *[None] * (width - len(cells)),
            row.get_result_display() or row.get_outcome_display(),
            "; ".join(in_words(reason) for reason in row.reasons) or None,
        ]
    above = [[reading.shown(cell) or None for cell in line] for line in run.head]
    heading = [cell or "" for cell in above[-1]] if above else []
    titles = [*heading, *[""] * (width - len(heading)), _("Outcome of the check"), _("What is to be mended")]
    widths = {column.key: column.width for column in columns.columns_of(run.kind)}
    return Grid(
        columns=titles,
        lines=grid,
        sheet=_("List"),
        headings=titles,
        widths=[*(widths.get(key or "", 16) for key in keys), *[16] * (width - len(keys)), 18, 80],
        rows=grid,
        above=above[:-1],
        marked=frozenset(row.number - below for row in rows if row.outcome == RowOutcome.REFUSED or row.reasons),
    )


def _value(cell: reading.Cell, key: str | None) -> Value:
    text = reading.shown(cell)
    return int(text) if key in _NUMBERS and text.isascii() and text.isdecimal() and len(text) < 10 else text or None
