"""Headings in three languages, as offices write them."""

from __future__ import annotations

import pytest

from compliance.enums import ImportKind
from compliance.imports import columns


@pytest.mark.parametrize(
    ("heading", "key"),
    [
        ("БСН", "bin"),
        (" бин ", "bin"),
        ("БИН.", "bin"),
        ("BИН", "bin"),  # a Latin B
        ("Bin", "bin"),
        ("Наименование на казахском языке", "name_kk"),
        ("НАИМЕНОВАНИЕ", "name_ru"),
        ("Раион", "locality"),
        ("Аудан / қала", "locality"),
        ("Кол-во учащихся", "learners"),
        ("Оқушылар  саны", "learners"),
        ("Тeлeфoн", "phone"),  # Latin e and o
        ("E-mail", "email"),
        ("Learners", "learners"),
        ("locality_kato", "locality_kato"),
        ("Ескерту", None),
        ("", None),
        ("№", None),
    ],
)
def test_a_heading_is_understood(heading, key):
    assert columns.key_of(heading) == key


@pytest.mark.parametrize("kind", ImportKind.values)
@pytest.mark.parametrize("language", columns.LANGUAGES)
def test_every_heading_of_an_export_is_understood_again(language, kind):
    written = columns.written_columns(kind)
    assert [columns.key_of(title, kind) for title in columns.headings(written, language)] == [c.key for c in written]


@pytest.mark.parametrize("kind", ImportKind.values)
def test_no_heading_means_two_columns(kind):
    meant: dict[str, set[str]] = {}
    for column in columns.columns_of(kind):
        for title in column.titles:
            for spelling in columns._spellings(title):
                meant.setdefault(spelling, set()).add(column.key)
    assert {word: keys for word, keys in meant.items() if len(keys) > 1} == {}
