"""Where the institutions of the demonstration stand: how many in which place, and the places themselves."""

from __future__ import annotations

import csv
import heapq
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Final

import institutions
from reporting.demo import published

PLACES: Final = Path(institutions.__file__).parent / "data"

KINDS: Final = ("kindergarten", "school", "college")

# Shares of the two cities of one line, roughly by population.
_SHARE_OF_LINE: Final = {
    "231010000": 83,  # Атырау
    "233620100": 17,  # Құлсары
    "351010000": 74,  # Қарағанды
    "352410000": 26,  # Теміртау
    "391010000": 68,  # Қостанай
    "392410000": 32,  # Рудный
    "471010000": 58,  # Ақтау
    "471810000": 42,  # Жаңаөзен
    "551010000": 72,  # Павлодар
    "552210000": 28,  # Екібастұз
}
# How many institutions a settlement draws, compared with a village that has a school.
_DRAW: Final[Mapping[str, Mapping[str, float]]] = {
    "kindergarten": {
        "regional_city": 20,
        "district_city": 10,
        "district_centre": 6,
        "town": 3,
        "village": 0.35,
    },
    "school": {"regional_city": 25, "district_city": 10, "district_centre": 5, "town": 3, "village": 1},
    "college": {"regional_city": 12, "district_city": 8, "district_centre": 4, "town": 0.6, "village": 0.02},
}
# Leased to Russia: whether its schools count is for the ministry to say.
_LEFT_OUT: Final = frozenset({"431900000"})

# Places without known coordinates are put on the way from their region's centre to the middle of the country,
# which leads through other regions only from Өскемен.
_MIDDLE: Final = (48.2, 67.3)
_EAST: Final = (48.3, 84.8)


@dataclass(frozen=True, slots=True)
class Spot:
    """A settlement, or a district of a city of republican significance, in which an institution may stand.

    `settlement` is a KATO, empty in the three cities; `settlement_kind` is city, settlement (кент) or
    village; `large_city` is the KATO of one of the 25, or empty. Coordinates are those of the city, or
    invented nearby.
    """

    region: str
    region_slug: str
    locality: str
    locality_kk: str
    locality_ru: str
    settlement: str
    settlement_kk: str
    settlement_ru: str
    settlement_kind: str
    settlement_class: str
    large_city: str
    latitude: float
    longitude: float

    @property
    def is_urban(self) -> bool:
        return self.settlement_class in ("republican_city", "regional_city", "district_city")


@dataclass(frozen=True, slots=True)
class Region:
    """A region, its line of large cities, and its spots in and outside them; `shares` go with `in_line`."""

    code: str
    line: str
    in_line: tuple[Spot, ...]
    shares: tuple[float, ...]
    elsewhere: tuple[Spot, ...]


@lru_cache(maxsize=1)
def regions() -> tuple[Region, ...]:
    """All twenty, in the ministry's order."""
    slugs = {row["code"]: row["slug"] for row in _rows("regions.csv")}
    districts = {row["kato"]: row for row in _rows("districts.csv")}
    settlements = {row["kato"]: row for row in _rows("settlements.csv")}
    cities = defaultdict(list)
    for city in _rows("cities.csv"):
        cities[city["region_code"]].append(city)
    villages = defaultdict(list)
    for settlement in settlements.values():
        villages[settlement["region_code"]].append(settlement)

    found = []
    for region in sorted(_rows("regions.csv"), key=lambda row: int(row["sort_order"])):
        code = region["code"]
        in_line: list[Spot] = []
        shares: list[float] = []
        for city in cities[code]:
            spots = _spots_of_city(city, districts, settlements, slugs[code])
            in_line += spots
            shares += [_SHARE_OF_LINE.get(city["kato"], 100) / len(spots)] * len(spots)
        taken = _LEFT_OUT | {city["kato"] for city in cities[code]}
        # A city that is a unit of its own goes to its line whole; Құлсары leaves its district the villages.
        units = {city["kato_district"] for city in cities[code] if city["kato_district"]}
        taken |= {unit for unit in units if districts[unit]["kind"] == "city"}
        first = cities[code][0]
        elsewhere = tuple(
            _spot(settlement, districts[settlement["district_kato"]], slugs[code], first)
            for settlement in villages[code]
            if settlement["kato"] not in taken and settlement["district_kato"] not in taken
        )
        found.append(Region(code, first["brief_line"], tuple(in_line), tuple(shares), elsewhere))
    return tuple(found)


def _spots_of_city(
    city: Mapping[str, str],
    districts: Mapping[str, Mapping[str, str]],
    settlements: Mapping[str, Mapping[str, str]],
    slug: str,
) -> list[Spot]:
    if city["kato_district"]:
        localities = [districts[city["kato_district"]]]
        settlement, settlement_class = city["kato"], settlements[city["kato"]]["settlement_class"]
    else:  # a city of republican significance is no settlement; its districts are the localities
        localities = [
            row
            for row in districts.values()
            if row["region_code"] == city["region_code"] and row["kind"] == "city_district"
        ]
        settlement, settlement_class = "", "republican_city"
    return [
        Spot(
            region=city["region_code"],
            region_slug=slug,
            locality=locality["kato"],
            locality_kk=locality["name_kk"],
            locality_ru=locality["name_ru"],
            settlement=settlement,
            settlement_kk=city["name_kk"],
            settlement_ru=city["name_ru"],
            settlement_kind="city",
            settlement_class=settlement_class,
            large_city=city["kato"],
            latitude=float(city["lat"]),
            longitude=float(city["lon"]),
        )
        for locality in localities
    ]


def _spot(settlement: Mapping[str, str], locality: Mapping[str, str], slug: str, centre: Mapping[str, str]) -> Spot:
    latitude, longitude = _somewhere(
        locality["kato"],
        float(centre["lat"]),
        float(centre["lon"]),
        towards=_EAST if settlement["region_code"] == "KZ-63" else _MIDDLE,
    )
    return Spot(
        region=settlement["region_code"],
        region_slug=slug,
        locality=locality["kato"],
        locality_kk=locality["name_kk"],
        locality_ru=locality["name_ru"],
        settlement=settlement["kato"],
        settlement_kk=settlement["name_kk"],
        settlement_ru=settlement["name_ru"],
        settlement_kind=settlement["kind"],
        settlement_class=settlement["settlement_class"],
        large_city="",
        latitude=latitude,
        longitude=longitude,
    )


@lru_cache(maxsize=512)
def _somewhere(kato: str, latitude: float, longitude: float, towards: tuple[float, float]) -> tuple[float, float]:
    """A made-up point of a district, the same for all its villages."""
    rng = Random(kato)  # noqa: S311
    way = rng.uniform(0.02, 0.16)
    return (
        latitude + way * (towards[0] - latitude) + rng.uniform(-0.1, 0.1),
        longitude + way * (towards[1] - longitude) + rng.uniform(-0.15, 0.15),
    )


@lru_cache(maxsize=1)
def size() -> int:
    """How many institutions the published registry has."""
    return sum(sum(parts) for parts in allot(None).values())


def allot(institutions: int | None) -> dict[tuple[str, str], tuple[int, int]]:
    """How many institutions to make by (region, kind): in its large cities, and elsewhere in the region.

    None makes all of the published registry. A smaller number is shared out in proportion (by the method of
    Sainte-Laguë, to which the full number gives exactly the registry), after one for every region and then
    one for every kind of a region as far as it goes. Raises `ValueError` for none, and for more than there
    are.
    """
    counts = published.registry()
    cells = {}
    for region in regions():
        for kind in KINDS:
            in_line = counts[region.line, kind]
            cells[region.code, kind] = (in_line, counts[region.code, kind] - in_line)
    there_are = sum(sum(parts) for parts in cells.values())
    if institutions is None or institutions == there_are:
        return cells
    if not 0 < institutions < there_are:
        raise ValueError(f"a registry of {institutions} institutions: from 1 to {there_are} can be made")
    return _share_out(cells, institutions)


def _share_out(
    cells: Mapping[tuple[str, str], tuple[int, int]], institutions: int
) -> dict[tuple[str, str], tuple[int, int]]:
    sizes = {(region, kind, part): n for (region, kind), pair in cells.items() for part, n in enumerate(pair) if n}
    largest_of_region: dict[str, tuple[str, str, int]] = {}
    largest_of_kind: dict[tuple[str, str], tuple[str, str, int]] = {}
    for cell in sorted(sizes, key=lambda cell: -sizes[cell]):
        largest_of_region.setdefault(cell[0], cell)
        largest_of_kind.setdefault(cell[:2], cell)
    # Every region comes first, then every kind of every region; a dict keeps the order, each cell once.
    first_served = dict.fromkeys([*largest_of_region.values(), *largest_of_kind.values()])
    given = dict.fromkeys(list(first_served)[:institutions], 1)

    left = institutions - len(given)
    queue = [(-size / (2 * given.get(cell, 0) + 1), cell) for cell, size in sizes.items()]
    heapq.heapify(queue)
    while left:
        _, cell = heapq.heappop(queue)
        if given.get(cell, 0) < sizes[cell]:
            given[cell] = given.get(cell, 0) + 1
            heapq.heappush(queue, (-sizes[cell] / (2 * given[cell] + 1), cell))
            left -= 1
    return {
        (region, kind): (given.get((region, kind, 0), 0), given.get((region, kind, 1), 0)) for region, kind in cells
    }


def settle(rng: Random, region: Region, kind: str, in_line: int, elsewhere: int) -> list[Spot]:
    """A spot for each institution of a region and kind, those of the large cities first."""
    draw = _DRAW[kind]
    weights = [draw[spot.settlement_class] for spot in region.elsewhere]
    return [
        *_spread(rng, region.in_line, region.shares, in_line),
        *_spread(rng, region.elsewhere, weights, elsewhere),
    ]


def _spread(rng: Random, spots: Sequence[Spot], weights: Sequence[float], institutions: int) -> Iterator[Spot]:
    """Spots in even steps along their weights, so that no village gets two before its turn."""
    if not institutions:
        return
    ends = list(accumulate(weights))
    step = ends[-1] / institutions
    start = rng.random() * step
    for place in range(institutions):
        yield spots[min(bisect_left(ends, start + place * step), len(spots) - 1)]


def _rows(name: str) -> list[dict[str, str]]:
    with (PLACES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
