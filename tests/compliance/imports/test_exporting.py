"""Lists that leave: an export that comes back unchanged changes nothing, a list with its errors is the same list."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.utils import translation
from python_calamine import CalamineWorkbook

from compliance.enums import ImportKind
from compliance.imports import exporting
from institutions.enums import Kind, Lifecycle, Ownership
from institutions.models import Institution
from institutions.tables import to_csv, to_xlsx
from tests.compliance.imports.lists import BIN_1, checked, workbook
from tests.factories.institutions import AdministratorFactory, InstitutionFactory


@pytest.fixture
def administrator(fixed_now, order, places, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return AdministratorFactory().user


@pytest.fixture
def institutions(administrator, places) -> list[Institution]:
    """Of every kind and place, with all that an export may stumble over."""
    return [
        InstitutionFactory(
            locality=places.district,
            name_kk='=HYPERLINK("http://x";"№ 5")',
            name_ru="  Сад   «Ёлка»; № 5 ",
            address_kk="@SUM(1)",
            phone="+7 (701) 000-00-01",
            kind=Kind.KINDERGARTEN,
            ownership=Ownership.PRIVATE,
            latitude="51.10000",
            longitude="-0.50000",
            facts={"has_grounds": False, "leased": True},
        ),
        InstitutionFactory(
            locality=places.capital_district,
            large_city=places.capital_city,
            staff=0,
            lifecycle=Lifecycle.CAPITAL_REPAIR,
        ),
        # A college in the city that is no large city to the register, and a village without an address.
        InstitutionFactory(locality=places.city, kind=Kind.COLLEGE),
        InstitutionFactory(locality=places.district, settlement=places.village, address_kk="", address_ru=""),
    ]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize("write", [to_csv, lambda grid: to_xlsx(grid, "x", date(2026, 5, 20))], ids=["csv", "xlsx"])
def test_an_export_that_comes_back_changes_nothing(administrator, institutions, fixed_now, language, write):
    with translation.override(language):
        data = write(exporting.institutions_grid(Institution.objects.all()))
    run = checked(data, by=administrator, since=fixed_now.date(), now=fixed_now)
    assert [row.reasons or row.differences for row in run.rows.exclude(outcome="unchanged")] == []
    assert (run.rows_read, run.rows_unchanged, run.ignored) == (4, 4, [])


def test_an_export_has_no_formulas_and_keeps_bins_as_text(institutions):
    grid = exporting.institutions_grid(Institution.objects.order_by("pk"))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(to_xlsx(grid, "x", date(2026, 5, 20)))).get_sheet_by_index(0)
    first = sheet.to_python()[1]
    assert first[:2] == [institutions[0].bin, '=HYPERLINK("http://x";"№ 5")']
    assert "'=HYPERLINK" in to_csv(grid).decode("utf-8-sig")


def test_a_list_with_its_errors_is_the_same_list_with_two_columns_more(administrator, places, fixed_now, source_words):
    school = InstitutionFactory(locality=places.district, learners=10)
    rows = [
        ["Қарағанды облысы"],
        [],
        ["БСН", "Оқушылар саны", "Ескерту"],
        [school.bin, 11, "=x"],
        [],
        ["123", -1, None],
    ]
    run = checked(workbook(rows), by=administrator, since=fixed_now.date(), now=fixed_now)
    with translation.override("en"):
        written = to_xlsx(exporting.errors_grid(run), "x", date(2026, 5, 20))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(written)).get_sheet_by_index(0)
    lost = "“123” has fewer than 12 digits: the cell was a number and has lost its leading zeros."
    assert sheet.to_python(skip_empty_area=False) == [
        ["Қарағанды облысы", "", "", "", ""],
        ["", "", "", "", ""],
        ["БСН", "Оқушылар саны", "Ескерту", "Outcome of the check", "What is to be mended"],
        [school.bin, 11.0, "", "changed", ""],
        ["", "", "", "", ""],
        [
            "123",
            "-1",
            "",
            "refused",
            f"BIN: {lost} Make the column text and type the BIN again.; Learners: cannot be negative: -1",
        ],
    ]
    # Mended and uploaded again, it is a list like any other.
    again = checked(written, by=administrator, since=fixed_now.date(), now=fixed_now)
    assert (again.rows_read, again.rows_changed, again.rows_refused) == (2, 1, 1)


def test_an_export_costs_the_same_queries_for_many(institutions, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert len(exporting.institutions_grid(Institution.objects.all()).rows) == 4


def test_an_empty_list_has_the_headings_alone():
    with translation.override("ru"):
        grid = exporting.empty_grid(ImportKind.INSTITUTIONS)
    assert (grid.headings[:2], grid.rows) == (["БИН", "Наименование на казахском"], [])
    assert BIN_1 not in to_csv(grid).decode()
