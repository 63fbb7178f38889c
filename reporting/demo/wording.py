"""Names, addresses and contacts of invented institutions, by the patterns of ``name_patterns.json``.

The weights there are assumptions. Networks of schools that exist (Nazarbayev Intellectual Schools and others)
are not used: what the demonstration says of a school must not be read as said of a real one that can be told
by its name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import Any, Final

from reporting.demo.places import PLACES, Spot

STATE: Final = "state"
PRIVATE: Final = "private"

# How many are private, by kind: in cities, in towns and district centres, in villages.
_PRIVATE: Final[Mapping[str, tuple[float, float, float]]] = {
    "kindergarten": (0.58, 0.48, 0.38),
    "school": (0.16, 0.05, 0.01),
    "college": (0.42, 0.24, 0.1),
}
# Learners, from and to, by what the institution is (a code of a school type) or by its kind and place.
_LEARNERS: Final[Mapping[str, tuple[int, int]]] = {
    "primary": (6, 60),
    "basic": (25, 160),
    "evening": (40, 180),
    "boarding": (120, 420),
    "special_boarding": (80, 260),
    "mini": (15, 60),
    "kindergarten republican": (90, 340),
    "kindergarten city": (80, 300),
    "kindergarten town": (50, 220),
    "kindergarten village": (18, 120),
    "school republican": (600, 2800),
    "school city": (350, 1900),
    "school town": (220, 1100),
    "school village": (40, 420),
    "school private": (60, 650),
    "college republican": (250, 1900),
    "college city": (180, 1500),
    "college town": (120, 700),
    "college village": (80, 350),
}
# Staff for each learner, and those whom even the smallest needs.
_STAFF: Final[Mapping[str, tuple[float, int]]] = {
    "kindergarten": (0.16, 4),
    "school": (0.085, 6),
    "college": (0.07, 14),
}
_MAILBOX: Final[Mapping[str, str]] = {"kindergarten": "balabaqsha", "school": "mektep", "college": "kolledzh"}
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Wording:
    """What an institution is called and how to reach it; phones (area 000) and mailboxes cannot exist."""

    name_kk: str
    name_ru: str
    ownership: str
    staff: int
    learners: int
    address_kk: str
    address_ru: str
    phone: str
    email: str


class _Choice:
    """A weighted choice, its sums made once."""

    def __init__(self, options: Iterable[Mapping[str, Any]], factors: Mapping[str, float] | None = None) -> None:
        self._options = tuple(options)
        factors = factors or {}
        self._ends = tuple(
            accumulate(option["weight"] * factors.get(option.get("mostly", ""), 1) for option in self._options)
        )

    def take(self, rng: Random) -> Mapping[str, Any]:
        return rng.choices(self._options, cum_weights=self._ends)[0]


@lru_cache(maxsize=1)
def _patterns() -> Mapping[str, Any]:
    patterns: Mapping[str, Any] = json.loads((PLACES / "name_patterns.json").read_text(encoding="utf-8"))
    return patterns


def _where(patterns: Iterable[Mapping[str, Any]], where: str) -> list[Mapping[str, Any]]:
    return [pattern for pattern in patterns if pattern["where"] == where]


def _legal_forms(weights: Mapping[str, float]) -> _Choice:
    # A sole trader (ЖК) has a personal number instead of a BIN, and a register of BINs cannot hold one.
    return _Choice({"form": form, "weight": weight} for form, weight in weights.items() if form != "zhk")


class Wordsmith:
    """Words institution after institution; remembers what is taken, so that no two of a place bear one name.

    Ask it in a fixed order: what it answers follows from `rng` and from what was asked before.
    """

    def __init__(self, rng: Random) -> None:
        patterns = _patterns()
        self._rng = rng
        self._legal: Mapping[str, Mapping[str, str]] = patterns["legal_forms"]
        self._cities: Mapping[str, Mapping[str, str]] = patterns["city_forms_ru"]
        self._persons: Sequence[Mapping[str, str]] = patterns["persons"]
        self._streets: Sequence[Mapping[str, str]] = patterns["streets"]
        self._kinds: Mapping[str, Mapping[str, Any]] = {k: patterns[k] for k in _STAFF}
        self._private_school_names: Sequence[Mapping[str, str]] = patterns["school"]["private_names"]
        self._kindergarten_names: Sequence[Mapping[str, str]] = patterns["kindergarten"]["names"]
        self._types = {
            ("school", True): _Choice(patterns["school"]["types"], {"rural": 0.05}),
            ("school", False): _Choice(patterns["school"]["types"], {"rural": 2.0, "urban": 0.1}),
            ("kindergarten", True): _Choice(patterns["kindergarten"]["types"]),
            ("kindergarten", False): _Choice(patterns["kindergarten"]["types"]),
            ("college", True): _Choice(patterns["college"]["types"]),
            ("college", False): _Choice(patterns["college"]["types"]),
        }
        self._state_patterns = {
            (kind, where == "urban"): _Choice(_where(patterns[kind]["state_patterns"], where))
            for kind in ("school", "kindergarten")
            for where in ("urban", "rural")
        }
        self._private_patterns = {
            kind: _Choice(patterns[kind]["private_patterns"]) for kind in ("school", "kindergarten")
        }
        college = patterns["college"]["patterns"]
        self._college_patterns = {
            "city": _Choice(pattern for pattern in college if "district" not in pattern["kk"]),
            "district": _Choice(pattern for pattern in college if "city" not in pattern["kk"]),
            "neither": _Choice(pattern for pattern in college if "person" in pattern["kk"]),
        }
        self._forms = {
            (kind, ownership): _legal_forms(patterns[kind][f"{ownership}_legal_form"])
            for kind in _STAFF
            for ownership in (STATE, PRIVATE)
        }
        self._taken: set[tuple[str, str]] = set()
        self._numbers: dict[tuple[str, str], list[int]] = {}

    def describe(self, spot: Spot, kind: str, serial: int) -> Wording:
        """All that is said of one institution; `serial` tells its mailbox and phone from all others."""
        rng = self._rng
        ownership = PRIVATE if rng.random() < _PRIVATE[kind][_size_of_place(spot)] else STATE
        form = self._legal[self._forms[kind, ownership].take(rng)["form"]]
        place = spot.large_city or spot.locality
        for attempt in range(_TRIES + 1):
            short_kk, short_ru, size = self._short_name(spot, kind, ownership)
            if attempt == _TRIES:
                number = self._number(spot, kind)
                short_kk, short_ru = f"№ {number} {short_kk}", f"{short_ru} № {number}"
            if (place, short_kk) not in self._taken:
                break
        self._taken.add((place, short_kk))

        lowest, highest = _LEARNERS[size]
        lot = rng.random()
        learners = lowest + int((highest - lowest) * lot * (0.45 + 0.55 * lot))  # more small ones than large ones
        share, least = _STAFF[kind]
        street = rng.choice(self._streets)
        house = rng.randrange(1, 120)
        address_kk, address_ru = _address(spot)
        return Wording(
            name_kk=f"{_quoted(short_kk)} {form['kk']}",
            name_ru=f"{form['ru']} {_quoted(short_ru)}",
            ownership=ownership,
            staff=least + int(learners * share * rng.uniform(0.85, 1.15)),
            learners=learners,
            address_kk=f"{address_kk}, {street['kk']}, {house}",
            address_ru=f"{address_ru}, {street['ru']}, {house}",
            phone=f"+7 (000) {serial // 10000 % 1000:03}-{serial // 100 % 100:02}-{serial % 100:02}",
            email=f"{_MAILBOX[kind]}{serial:05}@{spot.region_slug}.test",
        )

    def _short_name(self, spot: Spot, kind: str, ownership: str) -> tuple[str, str, str]:
        """The name without its legal form, in Kazakh and Russian, and the key of its size."""
        rng = self._rng
        type_ = self._types[kind, spot.is_urban].take(rng)
        size = f"{kind} {_SIZES[_size_of_place(spot)]}" if spot.settlement else f"{kind} republican"
        names: Mapping[str, str] = {}
        if kind == "college":
            pattern = self._college_pattern(spot).take(rng)
        elif ownership == PRIVATE:
            pattern = self._private_patterns[kind].take(rng)
            if kind == "school":
                size = "school private"
            elif "мини" in pattern["kk"]:
                size = "mini"
        else:
            pattern = self._state_patterns[kind, spot.is_urban].take(rng)
            size = type_.get("code", "") if type_.get("code", "") in _LEARNERS else size
        kk, ru = str(pattern["kk"]), str(pattern["ru"])
        if "{name_kk}" in kk:
            names = rng.choice(self._kindergarten_names if kind == "kindergarten" else self._private_school_names)
        person = rng.choice(self._persons) if "{person_kk}" in kk else {"kk": "", "ru_gen": ""}
        if spot.settlement_kind == "settlement":
            kk, ru = kk.replace("ауылының", "кентінің"), ru.replace("села", "посёлка")
        forms = self._cities.get(spot.settlement_ru, {"genitive": "", "adjective": ""})
        words = {
            "no": self._number(spot, kind) if "{no}" in kk else "",
            "type_kk": type_["kk_poss"],
            "type_ru": type_["ru"],
            "type_ru_lower": type_["ru"][:1].lower() + type_["ru"][1:],
            "name_kk": names.get("kk", ""),
            "name_ru": names.get("ru", ""),
            "person_kk": person["kk"],
            "person_ru_gen": person["ru_gen"],
            "village_kk": spot.settlement_kk,
            "village_ru": spot.settlement_ru,
            "city_kk": spot.settlement_kk,
            "city_ru_gen": forms["genitive"],
            "city_ru_adj": forms["adjective"],
            "district_kk": spot.locality_kk,
            "district_ru_adj": spot.locality_ru.removesuffix(" район"),
        }
        return kk.format_map(words), ru.format_map(words), size

    def _college_pattern(self, spot: Spot) -> _Choice:
        """Russian wants an adjective: of a city whose forms are known, or a district's own."""
        if spot.large_city and spot.settlement_ru in self._cities:
            return self._college_patterns["city"]
        if spot.locality_ru.endswith("ский район"):
            return self._college_patterns["district"]
        return self._college_patterns["neither"]

    def _number(self, spot: Spot, kind: str) -> int:
        """A number that no other of its kind has in the city or district."""
        place = spot.large_city or spot.locality
        numbers = self._numbers.get((place, kind))
        if numbers is None:
            numbers = list(range(1, self._highest_number(spot, kind) + 1))
            self._rng.shuffle(numbers)
            self._numbers[place, kind] = numbers
            # What comes when they are used up; popped from the end.
            numbers.insert(0, len(numbers) + 1)
        number = numbers.pop()
        if not numbers:
            numbers.append(number + 1)
        return number

    def _highest_number(self, spot: Spot, kind: str) -> int:
        highest: Mapping[str, int] = self._kinds[kind].get("number_max", {})
        if spot.region in highest:
            return highest[spot.region]
        if spot.large_city:
            return highest.get("other_regional_centre", 20)
        return highest.get("other_city" if spot.is_urban else "rural_district", 10)


_SIZES: Final = ("city", "town", "village")


def _size_of_place(spot: Spot) -> int:
    """0 in a city, 1 in a town or district centre, 2 in a village."""
    if spot.is_urban:
        return 0
    return 1 if spot.settlement_class in ("district_centre", "town") else 2


def _quoted(name: str) -> str:
    return name if "«" in name else f"«{name}»"


@lru_cache(maxsize=16384)
def _address(spot: Spot) -> tuple[str, str]:
    """The place part of an address, in Kazakh and Russian."""
    if not spot.settlement:
        return (
            f"{spot.settlement_kk} қ., {spot.locality_kk}",
            f"г. {spot.settlement_ru}, {spot.locality_ru}",
        )
    place_kk, place_ru = {
        "city": (f"{spot.settlement_kk} қ.", f"г. {spot.settlement_ru}"),
        "settlement": (f"{spot.settlement_kk} кенті", f"п. {spot.settlement_ru}"),
        "village": (f"{spot.settlement_kk} ауылы", f"с. {spot.settlement_ru}"),
    }[spot.settlement_kind]
    if spot.locality_kk == place_kk:  # a city that is a unit of its own
        return place_kk, place_ru
    return f"{spot.locality_kk}, {place_kk}", f"{spot.locality_ru}, {place_ru}"
