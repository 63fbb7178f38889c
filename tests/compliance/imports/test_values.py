"""What a cell says, and why it may say nothing that belongs into its column."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation

from compliance.enums import Status
from compliance.imports import values
from compliance.imports.problems import in_words, problem
from compliance.imports.values import Wrong
from institutions.enums import Kind, Lifecycle, Ownership
from tests.compliance.imports.lists import BIN_1

read_day = values.day(date(2026, 5, 20))


def said(read, cell):
    """The value, or the code of what is wrong (for which there are words)."""
    try:
        return read(cell)
    except Wrong as wrong:
        return wrong.code if in_words(problem(wrong.code, "kind", **wrong.params)) else ""


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (BIN_1, BIN_1),
        (f" {BIN_1}\u00a0", BIN_1),
        ({"n": BIN_1}, BIN_1),
        (f"'{BIN_1}", BIN_1),
        ({"n": "40140000123"}, "bin_zeros"),
        ("40140000123", "bin_zeros"),
        ("4.0024E+11", "bin_wrong"),
        (BIN_1[:-1] + "5", "bin_wrong"),
        ("", "bin_missing"),
        (None, "bin_missing"),
        ({"f": ""}, "formula"),
        ({"e": "#N/A"}, "cell_error"),
    ],
)
def test_a_bin_has_twelve_digits_or_there_is_none(cell, expected):
    assert said(values.read_bin, cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ({"n": "120"}, 120),
        ("1 200", 1200),
        ("12,0", 12),
        ({"n": "-3"}, "negative"),
        ("-3", "negative"),
        ("12.5", "no_number"),
        ("көп", "no_number"),
        ({"n": "100001"}, "too_many"),
        ({"d": "2025-12-31"}, "no_number"),
        ({"f": ""}, "formula"),
    ],
)
def test_people_are_counted_whole(cell, expected):
    assert said(values.count, cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("31.12.2025", date(2025, 12, 31)),
        ("2025-12-31", date(2025, 12, 31)),
        ("31/12/2025", date(2025, 12, 31)),
        ({"d": "2025-12-31"}, date(2025, 12, 31)),
        ("2025-12-31 00:00:00", date(2025, 12, 31)),
        ("31.02.2025", "no_day"),
        ("21.05.2026", "future_day"),
        ("01.01.0203", "no_day"),
        ({"n": "46022"}, "no_day"),
        ("кеше", "no_day"),
    ],
)
def test_a_day_is_read_as_text_and_as_a_date(cell, expected):
    assert said(read_day, cell) == expected


@pytest.mark.parametrize(
    ("choices", "cell", "expected"),
    [
        (Kind, "мектеп", "school"),
        (Kind, "Общеобразовательная школа", "school"),
        (Kind, "ДЕТСКИЙ САД", "kindergarten"),
        (Kind, "Колледж", "college"),
        (Kind, "school", "school"),
        (Kind, "университет", "unknown_choice"),
        (Ownership, "Государственная", "state"),
        (Ownership, "жеке меншік", "private"),
        (Lifecycle, "Действует", "open"),
        (Lifecycle, "Капитальный ремонт", "capital_repair"),
        (Lifecycle, "жабық", "closed"),
    ],
)
def test_choices_are_known_by_the_words_of_offices(choices, cell, expected):
    assert said(values.choice(choices), cell) == expected


@pytest.mark.parametrize(
    ("read", "cell", "expected"),
    [
        (values.yes_or_no, "Иә", True),
        (values.yes_or_no, "нет", False),
        (values.yes_or_no, {"b": True}, True),
        (values.yes_or_no, {"n": "0"}, False),
        (values.yes_or_no, "мүмкін", "no_yes_or_no"),
        (values.email, "a@b.kz", "a@b.kz"),
        (values.email, "a@b", "no_email"),
        (values.coordinate(90), "51,1281", Decimal("51.12810")),
        (values.coordinate(90), {"n": "51.1281"}, Decimal("51.12810")),
        (values.coordinate(90), "91", "no_coordinate"),
        (values.coordinate(90), "NaN", "no_coordinate"),
        (values.text(5), " Ал \n маты ", "too_long"),
        (values.text(50), " Ал \n маты ", "Ал маты"),
        (values.text(50), "'+7 701", "+7 701"),
        (values.text(50), "'quoted'", "'quoted'"),
        (values.text(50), {"n": "87011234567"}, "87011234567"),
        (values.text(50), {"d": "2025-12-31"}, "wrong_kind_of_cell"),
    ],
)
def test_other_cells_are_read(read, cell, expected):
    assert said(read, cell) == expected


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize("choices", [Kind, Ownership, Lifecycle, Status])
def test_the_words_that_pages_and_exports_write_are_understood(choices, language):
    with translation.override(language):
        written = {value: str(label) for value, label in choices.choices if value != "unknown"}
    assert {value: values.choice(choices)(label) for value, label in written.items()} == {
        value: str(value) for value in written
    }
