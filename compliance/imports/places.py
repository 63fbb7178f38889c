"""Districts, settlements and large cities by the names and KATO codes that stand in a list."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from compliance.imports.values import Wrong
from institutions.enums import LocalityKind, RegionKind, SettlementClass
from institutions.models import LargeCity, Locality, Region, Settlement
from institutions.names import search_key

# What stands beside a name and is left out as often as not.
_KINDS_OF_PLACES: Final = frozenset(
    search_key(word)
    for word in (
        *("облысы", "облыс", "область", "обл", "region", "ауданы", "аудан", "район", "р", "н", "district"),
        *("қаласы", "қала", "қ", "город", "г", "city", "республиканского", "значения", "әкімшілігі", "а"),
        *("ауылы", "ауыл", "село", "с", "кенті", "кент", "поселок", "посёлок", "п", "к"),
    )
)


def _names(*names: str) -> set[str]:
    """The forms in which a name may stand: whole, and without the words for what it is."""
    keys = set()
    for name in names:
        words = search_key(name).split()
        keys |= {"".join(words), "".join(word for word in words if word not in _KINDS_OF_PLACES)}
    return keys - {""}


@dataclass(frozen=True, slots=True)
class Found:
    """A place that a list names, by its key and its KATO code."""

    pk: int
    kato: str


class Places:
    """All places of the country, read once for a list: four queries.

    `reach`: keys of the localities that the person may write; None: of all. Another one is not found.
    """

    def __init__(self, reach: Collection[int] | None) -> None:
        self._reach = reach
        self._regions: dict[str, set[int]] = defaultdict(set)
        self._republican: dict[int, str] = {}
        self.region_of: dict[int, int] = {}
        self._localities: dict[str, set[int]] = defaultdict(set)
        self._is_city: set[int] = set()
        self._by_kato: dict[str, int] = {}
        self._settlements: dict[tuple[int, str], set[int]] = defaultdict(set)
        self._settlement_kato: dict[str, int] = {}
        self._of_locality: dict[int, set[int]] = defaultdict(set)
        self.class_of: dict[int, str] = {}
        self.locality_of_settlement: dict[int, int] = {}
        self.kato_of_locality: dict[int, str] = {}
        self.kato_of_settlement: dict[int, str] = {}
        self._cities: dict[str, Found] = {}
        self.kato_of_city: dict[int, str] = {}
        self._region_of_city: dict[int, int] = {}
        self._read()

    def _read(self) -> None:
        for region in Region.objects.all():
            for name in _names(region.name_kk, region.name_ru, region.name_en, region.short_kk, region.short_ru):
                self._regions[name].add(region.pk)
            self._regions[region.code.casefold()].add(region.pk)
            if region.kind == RegionKind.REPUBLICAN_CITY:
                self._republican[region.pk] = region.kato
        for pk, kato, kind, region_pk, name_kk, name_ru in Locality.objects.values_list(
            "pk", "kato", "kind", "region", "name_kk", "name_ru"
        ):
            self._by_kato[kato], self.kato_of_locality[pk], self.region_of[pk] = pk, kato, region_pk
            if kind == LocalityKind.CITY:
                self._is_city.add(pk)
            for name in _names(name_kk, name_ru):
                self._localities[name].add(pk)
        for pk, kato, locality, settlement_class, name_kk, name_ru in Settlement.objects.values_list(
            "pk", "kato", "locality", "settlement_class", "name_kk", "name_ru"
        ):
            self._settlement_kato[kato], self.kato_of_settlement[pk] = pk, kato
            self._of_locality[locality].add(pk)
            self.class_of[pk], self.locality_of_settlement[pk] = settlement_class, locality
            for name in _names(name_kk, name_ru):
                self._settlements[locality, name].add(pk)
        for city in LargeCity.objects.all():
            self.kato_of_city[city.pk], self._region_of_city[city.pk] = city.kato, city.region_id
            for name in (*_names(city.name_kk, city.name_ru, city.name_en), city.kato):
                self._cities[name] = Found(city.pk, city.kato)

    def may_write(self, locality: int) -> bool:
        return self._reach is None or locality in self._reach

    def locality(self, name: str, kato: str, region: str) -> int:
        """A district or city by its name, its code, or both; the region tells those of one name apart."""
        by_code = self._by_code(kato, self._by_kato) if kato else self._by_kato.get(name)
        if not name or self._by_kato.get(name) is not None:
            found = {by_code} - {None}
        else:
            found = set(self._localities.get(_key(name), ()) or self._localities.get(_bare(name), ()))
            if not found:
                raise Wrong("unknown_place", value=name[:60])
            if by_code is not None:
                if by_code not in found:
                    raise Wrong("kato_differs")
                found = {by_code}
        if region:
            regions = self._regions.get(_key(region), set()) | self._regions.get(_bare(region), set())
            if not regions:
                raise Wrong("unknown_place", value=region[:60])
            found = {pk for pk in found if self.region_of[pk or 0] in regions}
            if not found:
                raise Wrong("unknown_place", value=f"{name or kato}, {region}"[:60])
        mine = {pk for pk in found if pk is not None and self.may_write(pk)}
        if not mine:
            raise Wrong("not_found")
        if len(mine) > 1:
            raise Wrong("ambiguous_place", value=name[:60])
        return mine.pop()

    @staticmethod
    def _by_code(code: str, known: dict[str, int]) -> int:
        if code not in known:
            raise Wrong("unknown_place", value=code[:60])
        return known[code]

    def settlement(self, locality: int, name: str, kato: str) -> int | None:
        """A settlement of a locality; None in a city of republican significance. Empty: the city itself, in a city."""
        code = kato or (name if name in self._settlement_kato else "")
        if code:
            pk = self._by_code(code, self._settlement_kato)
            if self.locality_of_settlement[pk] != locality:
                raise Wrong("unknown_place", value=code[:60])
            if name and name != code and pk not in self._named(locality, name):
                raise Wrong("kato_differs")
            return pk
        if self.region_of[locality] in self._republican:
            return None
        if not name:
            cities = {pk for pk in self._of_locality[locality] if self.class_of[pk] == SettlementClass.REGIONAL_CITY}
            if locality in self._is_city and len(cities) == 1:
                return cities.pop()
            raise Wrong("missing")
        found = self._named(locality, name)
        if len(found) == 1:
            return next(iter(found))
        raise Wrong("ambiguous_place" if found else "unknown_place", value=name[:60])

    def _named(self, locality: int, name: str) -> set[int]:
        return self._settlements.get((locality, _key(name))) or self._settlements.get((locality, _bare(name))) or set()

    def settlement_class(self, settlement: int | None) -> str:
        return SettlementClass.REPUBLICAN_CITY.value if settlement is None else self.class_of[settlement]

    def large_city(self, name: str, locality: int) -> int:
        found = self._cities.get(name) or self._cities.get(_key(name)) or self._cities.get(_bare(name))
        if found is None or self._region_of_city[found.pk] != self.region_of[locality]:
            raise Wrong("unknown_place", value=name[:60])
        return found.pk

    def large_city_at(self, locality: int, settlement: int | None) -> int | None:
        """The large city in which a place lies: its settlement is that city, or its region is."""
        kato = self._republican.get(self.region_of[locality]) if settlement is None else None
        found = self._cities.get(kato or self.kato_of_settlement.get(settlement or 0, ""))
        return found.pk if found else None


def _key(name: str) -> str:
    return "".join(search_key(name).split())


def _bare(name: str) -> str:
    return "".join(_only_names(re.split(r"\s+", search_key(name))))


def _only_names(words: Iterable[str]) -> list[str]:
    return [word for word in words if word not in _KINDS_OF_PLACES]
