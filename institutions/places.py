"""Regions, localities, settlements and large cities, read from `institutions/data`. Safe to load twice."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from django.db import models, transaction

from institutions.models import LargeCity, Locality, Region, Settlement

DATA = Path(__file__).parent / "data"


def rows_of(name: str) -> Iterator[dict[str, str]]:
    """The rows of a file of `institutions/data`, as text by column."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@transaction.atomic
def load_places() -> dict[str, int]:
    """Make the places that are missing and correct the names of the others; return how many there are of each."""
    _upsert(
        Region,
        "code",
        (
            Region(
                code=row["code"],
                kato=row["kato"],
                kind=row["kind"],
                name_kk=row["name_kk"],
                name_ru=row["name_ru"],
                name_en=row["name_en"],
                short_kk=row["short_kk"],
                short_ru=row["short_ru"],
                sort_order=int(row["sort_order"]),
            )
            for row in rows_of("regions.csv")
        ),
    )
    regions = dict(Region.objects.values_list("code", "pk"))
    _upsert(
        Locality,
        "kato",
        (
            Locality(
                kato=row["kato"],
                region_id=regions[row["region_code"]],
                kind=row["kind"],
                name_kk=row["name_kk"],
                name_ru=row["name_ru"],
            )
            for row in rows_of("districts.csv")
        ),
    )
    localities = dict(Locality.objects.values_list("kato", "pk"))
    _upsert(
        Settlement,
        "kato",
        (
            Settlement(
                kato=row["kato"],
                locality_id=localities[row["district_kato"]],
                settlement_class=row["settlement_class"],
                name_kk=row["name_kk"],
                name_ru=row["name_ru"],
            )
            for row in rows_of("settlements.csv")
        ),
    )
    _upsert(
        LargeCity,
        "kato",
        (
            LargeCity(
                kato=row["kato"],
                region_id=regions[row["region_code"]],
                name_kk=row["name_kk"],
                name_ru=row["name_ru"],
                name_en=row["name_en"],
                line=row["brief_line"],
                line_order=int(row["brief_order"]),
            )
            for row in rows_of("cities.csv")
        ),
    )
    return {
        str(model._meta.verbose_name_plural): model._default_manager.count()
        for model in (Region, Locality, Settlement, LargeCity)
    }


# What people set, and no file knows.
_SETTINGS: Final = frozenset({"second_level"})


def _upsert(model: type[models.Model], key: str, objects: Iterable[Any]) -> None:
    kept = _SETTINGS | {key}
    fields = [
        field.name for field in model._meta.local_concrete_fields if not field.primary_key and field.name not in kept
    ]
    fields += [
        field.name
        for parent in model._meta.get_parent_list()
        for field in parent._meta.local_concrete_fields
        if not field.primary_key
    ]
    model._default_manager.bulk_create(
        objects, batch_size=500, update_conflicts=True, unique_fields=[key], update_fields=fields
    )
