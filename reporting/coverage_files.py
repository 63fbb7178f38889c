"""The tables of coverage and the lists behind their figures as grids: for people's spreadsheets and programs."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from compliance.enums import Status
from institutions.querysets import InstitutionQuerySet
from institutions.tables import Grid, Value
from reporting.explorer import Table

_TABLE_COLUMNS = ("place", "kind", "requirement", "covered", "total", "percent")
_LIST_COLUMNS = ("bin", "name_kk", "name_ru", "region", "locality", "kind", "ownership", "learners", "status")


def table_grid(table: Table) -> Grid:
    """A row a place (and kind) as on the page, three numbers a measure; in CSV a line a figure."""
    headings = [table.place_title, _("Kind")]
    for column in table.columns:
        headings += [f"{column.title}: {word}" for word in (_("covered"), _("all"), "%")]
    rows: list[list[Value]] = []
    lines: list[list[Value]] = []
    place = ""
    for row in table.rows:
        place = place if row.within else row.label
        kind = row.label if row.within else ""
        figures = [(cell.counts.covered, cell.counts.total, cell.counts.percent) for cell in row.cells]
        rows.append([place, kind, *(number for figure in figures for number in figure)])
        lines += [[place, kind, column.code, *figure] for column, figure in zip(table.columns, figures, strict=True)]
    widths = [30, 16, *([14, 10, 8] * len(table.columns))]
    return Grid(_TABLE_COLUMNS, lines, _("Coverage"), headings, widths, rows)


def list_grid(institutions: InstitutionQuerySet, statuses: Mapping[int, Status]) -> Grid:
    """A row an institution with what it counts as; `statuses` by its key. One query."""
    rows: list[list[Value]] = []
    lines: list[list[Value]] = []
    for institution in institutions.with_places():
        status = statuses.get(institution.pk)
        place = (institution.locality.region.name, institution.locality.name)
        rows.append(
            [
                institution.bin,
                institution.name,
                *place,
                institution.get_kind_display(),
                institution.get_ownership_display(),
                institution.learners,
                str(status.label) if status else None,
            ]
        )
        lines.append(
            [
                institution.bin,
                institution.name_kk,
                institution.name_ru,
                *place,
                institution.kind,
                institution.ownership,
                institution.learners,
                status.value if status else None,
            ]
        )
    headings = [
        _("BIN"), _("Name"), _("Region"), _("District or city"), _("Kind"), _("Ownership"), _("Learners"), _("Status"),
    ]  # fmt: skip
    return Grid(_LIST_COLUMNS, lines, _("Institutions"), headings, [14, 60, 28, 28, 14, 12, 10, 18], rows)
