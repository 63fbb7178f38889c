"""The cells that ledger rows point to, made when first needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from compliance.ledger.chain import NOWHERE
from compliance.models import Cell
from compliance.timeline import CellKey
from institutions.bulk import insert_rows, next_id
from institutions.models import LargeCity, Locality

_CELL = (
    "id", "key", "level", "region_id", "locality_id", "large_city_id", "kind", "ownership", "obliged", "requirement_id",
)  # fmt: skip


class Cells:
    """Cells by key, made when first needed; remembered for a piece of work."""

    def __init__(self, codes: Mapping[int, str], *, alone: bool = False) -> None:
        """`codes`: the codes of requirements by key; `alone`: the books are seized. Two small queries."""
        self._codes = codes
        self._alone = alone
        self._localities = {
            pk: (kato, region) for pk, kato, region in Locality.objects.values_list("pk", "kato", "region")
        }
        self._cities: dict[int | None, str] = {
            None: NOWHERE,
            **dict(LargeCity.objects.values_list("pk", "kato")),
        }
        self._by_key: dict[CellKey, int] = {}
        self._texts: dict[CellKey, str] = {}

    def text(self, key: CellKey) -> str:
        """The cell in natural keys, as it stands in the table and in hashes."""
        if key not in self._texts:
            self._texts[key] = "/".join(
                (
                    key.level,
                    self._localities[key.locality][0],
                    self._cities[key.large_city],
                    key.kind,
                    key.ownership,
                    "obliged" if key.obliged else "counted",
                    self._codes[key.requirement],
                )
            )
        return self._texts[key]

    def resolve(self, keys: Iterable[CellKey]) -> Mapping[CellKey, int]:
        """Database keys of at least these cells; three queries for each five hundred that were not asked for before."""
        unknown = {self.text(key): key for key in keys if key not in self._by_key}
        for chunk in chunked(sorted(unknown), 500):
            found = dict(Cell.objects.filter(key__in=chunk).values_list("key", "pk"))
            missing = [text for text in chunk if text not in found]
            if missing and self._alone:
                found |= {text: pk for pk, text in enumerate(missing, start=next_id(Cell))}
                insert_rows(Cell, _CELL, ((found[text], *self._row(text, unknown[text])) for text in missing))
            elif missing:
                # Somebody else may make the same cell at the same time.
                Cell.objects.bulk_create(
                    [Cell(**dict(zip(_CELL[1:], self._row(text, unknown[text]), strict=True))) for text in missing],
                    ignore_conflicts=True,
                )
                found |= dict(Cell.objects.filter(key__in=missing).values_list("key", "pk"))
            for text in chunk:
                self._by_key[unknown[text]] = found[text]
        return self._by_key

    def known(self, key: CellKey) -> tuple[int, str]:
        """Database key and text of a cell that was resolved."""
        return self._by_key[key], self._texts[key]

    def _row(self, text: str, key: CellKey) -> tuple[Any, ...]:
        """The columns of a new cell after its `id`."""
        region = self._localities[key.locality][1]
        return (text, key.level, region, *key[1:])


_Value = TypeVar("_Value")


def chunked(values: Sequence[_Value], size: int) -> Iterator[Sequence[_Value]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
