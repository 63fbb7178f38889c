"""When two references mean the same document."""

from __future__ import annotations

import importlib

import pytest

from compliance.evidence import key_of


@pytest.mark.parametrize(
    ("number", "issuer"),
    [
        ("214/2026", "«Құзет-Қорғау» ЖШС"),
        ("№ 214/2026", "ТОО «Құзет-Қорғау»"),
        ("214-2026", "ҚҰЗЕТ ҚОРҒАУ"),
        (" 214 2026 ", '"Қорғау-Құзет" жшс'),
    ],
)
def test_signs_case_order_and_the_kind_of_enterprise_do_not_matter(number: str, issuer: str) -> None:
    assert key_of(number, issuer) == "2142026|қорғау құзет"


@pytest.mark.parametrize(
    ("number", "issuer"),
    [("215/2026", "«Құзет-Қорғау» ЖШС"), ("214/2026", "«Құзет» ЖШС"), ("А214/2026", "«Құзет-Қорғау» ЖШС")],
)
def test_another_number_or_issuer_is_another_document(number: str, issuer: str) -> None:
    assert key_of(number, issuer) != "2142026|қорғау құзет"


@pytest.mark.parametrize("number", ["б/н", "—", "нөмірсіз"])
def test_a_document_without_a_number_is_compared_with_none(number: str) -> None:
    assert key_of(number, "«Құзет» ЖШС") == ""


def test_an_issuer_that_names_only_its_kind_keeps_it() -> None:
    assert key_of("5", "ЖШС") == "5|жшс"


@pytest.mark.django_db
def test_documents_from_before_get_the_same_key(fixed_now: object) -> None:
    from django.apps import apps

    from compliance.models import Evidence

    details = {"issued_on": "2026-01-01", "created_at": fixed_now}
    for number, issuer in (("№ 214/2026", "ТОО «Құзет-Қорғау»"), ("б/н", "ЖШС"), ("5", "ЖШС")):
        Evidence.objects.create(number=number, issuer=issuer, **details)
    migration = importlib.import_module("compliance.migrations.0005_photos_and_documents")
    migration.fill_keys(apps, None)
    assert {row.key for row in Evidence.objects.all()} == {
        key_of(row.number, row.issuer) for row in Evidence.objects.all()
    }
