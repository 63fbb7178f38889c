"""Institutions that may be one and the same, entered twice.

Found set by set: rows that share a key (the name without legal forms, the address, the BIN with two neighbouring digits
exchanged) meet in a block, and only those are compared. The number of comparisons follows the number of likenesses,
not the square of the number of institutions.

Within a district one likeness is enough to look twice. Between regions every town has its school No. 1 in Abai street:
there the name, the address and the settlement have to agree, or the BIN and the kind (`likely_across`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from itertools import combinations
from typing import Final, NamedTuple

from django.db import models, transaction
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from institutions import journal, names
from institutions.bin import control_digit
from institutions.models import Institution, NotDuplicate, User


class Sign(models.TextChoices):
    """What two institutions have in common."""

    NAME = "name", _("the same name")
    ADDRESS = "address", _("the same address")
    BIN = "bin", _("two digits of the BIN exchanged")


class Row(NamedTuple):
    """What is compared of an institution; locality and settlement are keys."""

    pk: int
    bin: str
    kind: str
    locality: int
    settlement: int | None
    name_kk: str
    name_ru: str
    address_kk: str
    address_ru: str


class Far(NamedTuple):
    """A row with its region (a key) and the name of its settlement, or else of its district, for `likely_across`."""

    row: Row
    region: int
    place: str


@dataclass(frozen=True, slots=True)
class Pair:
    """`first` was entered earlier. `score` grows with the likeness; only its order means something."""

    first: int
    second: int
    score: int
    signs: tuple[Sign, ...]


# A name says little where the settlements differ: every village has its school No. 1.
_SCORES: Final = {Sign.NAME: 60, Sign.ADDRESS: 30, Sign.BIN: 30}
_SAME_KIND: Final = 20
_SAME_SETTLEMENT: Final = 10
_OTHER_SETTLEMENT: Final = -50
LIKELY: Final = 50
_NEARLY: Final = 0.8  # of two names by difflib: a letter or two of one word are another

# Words that say what sort of institution it is, or to whom it belongs, not which one; by their beginnings.
_GENERIC: Final = tuple(
    names.search_key(word)
    for word in (
        *("мектеп", "мектеб", "орта", "жалпы", "білім", "беретін", "негізгі", "бастауыш", "балабақша", "бөбекжай"),
        *("бақша", "колледж", "лицей", "гимназия", "кешен", "атындағы", "нөмір", "аудан", "облыс", "қала", "ауыл"),
        *("бөлім", "басқарма", "мемлекеттік", "коммуналдық", "мекеме", "қазыналық", "кәсіпорн", "кәсіпорын"),
        *("школ", "средн", "общеобразовательн", "основн", "начальн", "детск", "сад", "ясли", "комплекс", "имени"),
        *("номер", "район", "област", "город", "сел", "отдел", "управлени", "образовани", "государственн"),
        *("коммунальн", "учреждени", "казенн", "казённ", "предприяти"),
    )
)
_FORMS: Final = frozenset(
    names.search_key(word)
    for word in (
        *("КММ", "КГУ", "МКҚК", "ГККП", "КМҚК", "КГКП", "ЖШС", "ТОО", "ЖМ", "ЧУ", "ЖК", "ИП", "АҚ", "АО", "МММ", "РГУ"),
        *("ші", "шы", "інші", "ыншы", "нші", "ншы", "й", "я", "ая", "и", "мен", "және", "по", "при", "им", "н", "no"),
    )
)
_STREET: Final = tuple(
    names.search_key(word) for word in ("көшесі", "көше", "улица", "ул", "үй", "дом", "даңғылы", "проспект", "пр")
)


def name_key(name: str) -> str:
    """What of a name tells one institution from another; empty where nothing does.

    ``«№ 12 орта мектебі» КММ`` and ``КММ "Орта мектеп N 012"`` are one; so is ``12-ші мектеп``.
    """
    words = set()
    for word in names.search_key(name).split():
        if word.isdecimal():
            words.add(str(int(word)))
        elif word not in _FORMS and not word.startswith(_GENERIC):
            words.add(word)
    return " ".join(sorted(words))


def address_key(address: str) -> str:
    """Street and house; empty without a number, since a street alone is no address."""
    words = [word for word in names.search_key(address).split() if word not in _STREET]
    return " ".join(sorted(words)) if any(word[0].isdecimal() for word in words) and len(words) > 1 else ""


def _exchanged_pairs(by_bin: Mapping[str, int]) -> set[tuple[int, int]]:
    """Pairs of keys whose BINs come of each other by exchanging two neighbouring digits.

    The control digit follows from the others, so it is worked out only where the others are there.
    """
    heads = {number[:11] for number in by_bin}
    found = set()
    for number, pk in by_bin.items():
        for place in range(10):
            if number[place] < number[place + 1]:  # of the two only one is asked
                head = number[:place] + number[place + 1] + number[place] + number[place + 2 : 11]
                twin = by_bin.get(f"{head}{control_digit(head)}") if head in heads else None
                if twin is not None:
                    found.add((min(pk, twin), max(pk, twin)))
    return found


def likely_pairs(rows: Iterable[Row], *, known: Collection[tuple[int, int]] = ()) -> list[Pair]:
    """Pairs that look alike, the likeliest first; `known` (first, second) were found to be two already."""
    by_pk: dict[int, Row] = {}
    blocks: dict[tuple[Sign, tuple[object, ...]], set[int]] = defaultdict(set)
    by_bin: dict[str, int] = {}
    for row in rows:
        by_pk[row.pk] = row
        by_bin[row.bin] = row.pk
        for language, name in (("kk", row.name_kk), ("ru", row.name_ru)):
            if key := name_key(name):
                blocks[Sign.NAME, (row.locality, row.kind, language, key)].add(row.pk)
        for language, address in (("kk", row.address_kk), ("ru", row.address_ru)):
            if key := address_key(address):
                blocks[Sign.ADDRESS, (row.locality, language, key)].add(row.pk)
    signs: dict[tuple[int, int], set[Sign]] = defaultdict(set)
    for (sign, _key), members in blocks.items():
        for pair in combinations(sorted(members), 2):
            signs[pair].add(sign)
    for pair in _exchanged_pairs(by_bin):
        signs[pair].add(Sign.BIN)
    known = set(known)
    pairs = [
        Pair(first, second, score, tuple(sorted(found)))
        for (first, second), found in signs.items()
        if (first, second) not in known and (score := _score(by_pk[first], by_pk[second], found)) >= LIKELY
    ]
    return sorted(pairs, key=lambda pair: (-pair.score, pair.first, pair.second))


def likely_across(rows: Iterable[Far], *, known: Collection[tuple[int, int]] = ()) -> list[Pair]:
    """Pairs of different regions that look alike, the likeliest first; `known` as in `likely_pairs`.

    Names need only be nearly the same where street, house and settlement are.
    """
    by_pk: dict[int, Far] = {}
    blocks: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    by_bin: dict[str, int] = {}
    for far in rows:
        row = far.row
        by_pk[row.pk] = far
        by_bin[row.bin] = row.pk
        place = names.search_key(far.place)
        for language, address in (("kk", row.address_kk), ("ru", row.address_ru)):
            if key := address_key(address):
                blocks[language, key, place].add(row.pk)
    signs: dict[tuple[int, int], set[Sign]] = defaultdict(set)
    for members in blocks.values():
        for first, second in combinations(sorted(members), 2):
            if by_pk[first].region != by_pk[second].region and _named_alike(by_pk[first].row, by_pk[second].row):
                signs[first, second] |= {Sign.NAME, Sign.ADDRESS}
    for pk, twin in _exchanged_pairs(by_bin):
        one, another = by_pk[pk], by_pk[twin]
        if one.region != another.region and one.row.kind == another.row.kind:
            signs[pk, twin].add(Sign.BIN)
    known = set(known)
    pairs = [
        Pair(*both, sum(_SCORES[sign] for sign in found), tuple(sorted(found)))
        for both, found in signs.items()
        if both not in known
    ]
    return sorted(pairs, key=lambda pair: (-pair.score, pair.first, pair.second))


def _named_alike(one: Row, other: Row) -> bool:
    """Whether the names are the same, or nearly, in one of the languages; a number has to be the same."""
    pairs = (
        (name_key(mine), name_key(theirs))
        for mine, theirs in ((one.name_kk, other.name_kk), (one.name_ru, other.name_ru))
    )
    return any(
        mine
        and theirs
        and _numbers(mine) == _numbers(theirs)
        and (mine == theirs or SequenceMatcher(None, mine, theirs).ratio() >= _NEARLY)
        for mine, theirs in pairs
    )


def _numbers(key: str) -> list[str]:
    return [word for word in key.split() if word.isdecimal()]


def _score(one: Row, other: Row, signs: Collection[Sign]) -> int:
    score = sum(_SCORES[sign] for sign in signs)
    if one.kind == other.kind and one.locality == other.locality:
        score += _SAME_KIND
    if one.settlement is not None and other.settlement is not None:
        score += _SAME_SETTLEMENT if one.settlement == other.settlement else _OTHER_SETTLEMENT
    return score


def rows_of(institutions: models.QuerySet[Institution]) -> list[Row]:
    """What is compared of the institutions. One query."""
    return [Row(*values) for values in institutions.order_by().values_list(*Row._fields)]


def far_rows_of(institutions: models.QuerySet[Institution]) -> list[Far]:
    """What is compared of institutions of several regions. One query."""
    place = Coalesce("settlement__name_kk", "locality__name_kk")
    fields = (*Row._fields, "locality__region", place)
    return [Far(Row(*values[:-2]), *values[-2:]) for values in institutions.order_by().values_list(*fields)]


def known_pairs(institutions: models.QuerySet[Institution]) -> set[tuple[int, int]]:
    """Pairs among the institutions that were found to be two. One query."""
    keys = institutions.order_by().values("pk")
    return set(NotDuplicate.objects.filter(first__in=keys).values_list("first", "second"))


@transaction.atomic
def dismiss(one: Institution, other: Institution, *, by: User, now: datetime) -> NotDuplicate:
    """Remember that the two are two; done again, it changes nothing."""
    first, second = sorted((one, other), key=lambda institution: institution.pk)
    found, made = NotDuplicate.objects.get_or_create(
        first=first, second=second, defaults={"decided_by": by, "decided_at": now}
    )
    if made:
        journal.write(
            "institution.not_duplicate", first, by=by, institution=first, after={"other": second.bin}, now=now
        )
    return found
