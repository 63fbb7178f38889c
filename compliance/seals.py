"""Daily seals: when a day is over, one root over the ends of all chains, which follows from the root before.

Whoever rewrites a row together with all hashes behind it makes chains that hold; they do not give the roots that were
printed on briefs and kept elsewhere meanwhile. A seal is the knowledge of its day (`recorded_on`), which nobody adds to
once it is sealed: `books.knowledge_day` lets later rows count as known on the next one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple, Self

from django.db import models, transaction
from django.db.models import Exists, Min, OuterRef, Subquery

from compliance import books
from compliance.ledger.chain import End, Followed
from compliance.models import DailySeal, LedgerHead, StatusChange
from institutions.clock import local_day

_DAY = timedelta(days=1)


class Known(NamedTuple):
    """What a seal says of its day: how many chains, how many rows in them, and the hash over their heads."""

    institutions: int
    rows: int
    heads: str

    @classmethod
    def of(cls, seal: DailySeal) -> Self:
        return cls(seal.institutions, seal.rows, seal.heads)


class Heads:
    """The running hash over heads, which are added in the order of their BINs."""

    def __init__(self) -> None:
        self._institutions = 0
        self._rows = 0
        self._hash = hashlib.sha256()

    def add(self, bin_number: str, seq: int, digest: str) -> None:
        self._institutions += 1
        self._rows += seq
        self._hash.update(f"{bin_number}:{seq}:{digest}\n".encode())

    @property
    def known(self) -> Known:
        return Known(self._institutions, self._rows, self._hash.hexdigest())


def root_of(previous: str, day: date, known: Known) -> str:
    """The root of a day behind the root `previous` ("" for the first)."""
    said = f"{previous}|{day}|{known.institutions}|{known.rows}|{known.heads}"
    return hashlib.sha256(said.encode()).hexdigest()


def latest(day: date) -> DailySeal | None:
    """The newest seal of `day` or earlier, as briefs print it. One query."""
    return DailySeal.objects.filter(day__lte=day).order_by("-day").first()


def seal_days(now: datetime) -> int:
    """Seal every day that is over and not sealed yet; return how many. Nothing where the ledger is empty.

    Safe to run twice and at once with others: each step has the books alone, and a day is sealed once. Days on which
    nothing was recorded are sealed with the heads of the day before, together; each of the others takes a step.
    """
    yesterday = local_day(now) - _DAY
    count = 0
    while not _is_sealed(yesterday) and (sealed := _seal_next(yesterday, now)):
        count += sealed
    return count


@transaction.atomic
def seal_history(now: datetime) -> int:
    """The same seals for a register that came in with its past: the chains are read once, not once for each day.

    For loaders, which have the books alone anyway; what is sealed already stays, and `seal_days` does the rest.
    """
    books.seize()
    yesterday = local_day(now) - _DAY
    if DailySeal.objects.exists():
        return 0
    following = StatusChange.objects.filter(
        institution=OuterRef("institution"), seq=OuterRef("seq") + 1, recorded_on=OuterRef("recorded_on")
    )
    # A chain's rows are in the order of their knowledge: where a day's last one is, it ended then.
    ends = StatusChange.objects.filter(~Exists(following), recorded_on__lte=yesterday).order_by()
    by_day: dict[date, list[tuple[int, int, str]]] = {}
    found = ends.values_list("recorded_on", "institution", "seq", "hash").iterator(chunk_size=10_000)
    for recorded_on, institution, seq, digest in found:
        by_day.setdefault(recorded_on, []).append((institution, seq, digest))
    bins = dict(LedgerHead.objects.order_by("institution__bin").values_list("institution", "institution__bin"))
    standing: dict[int, tuple[int, str]] = {}
    made: list[DailySeal] = []
    known, root = Known(0, 0, ""), ""
    first = min(by_day, default=yesterday + _DAY)
    for offset in range((yesterday - first).days + 1):
        day = first + offset * _DAY
        if day in by_day:
            standing |= {pk: (seq, digest) for pk, seq, digest in by_day[day]}
            heads = Heads()
            for pk, bin_number in bins.items():
                if pk in standing:
                    heads.add(bin_number, *standing[pk])
            known = heads.known
        root = root_of(root, day, known)
        made.append(DailySeal(day=day, **known._asdict(), root=root, sealed_at=now))
    DailySeal.objects.bulk_create(made, batch_size=500)
    return len(made)


def _is_sealed(day: date) -> bool:
    return DailySeal.objects.filter(day__gte=day).exists()


@transaction.atomic
def _seal_next(until: date, now: datetime) -> int:
    """Seal the next day that is missing, and those after it until something was recorded again."""
    books.seize()
    previous = latest(date.max)
    unsealed = StatusChange.objects.filter(recorded_on__gt=previous.day if previous else date.min)
    recorded_on = _first_day(unsealed)
    first = previous.day + _DAY if previous else recorded_on
    if first is None or first > until:
        return 0
    if previous is None or recorded_on == first:
        known = _heads_known_on(first).known
        recorded_on = _first_day(unsealed.filter(recorded_on__gt=first))
    else:
        known = Known.of(previous)
    last = until if recorded_on is None else min(until, recorded_on - _DAY)
    made: list[DailySeal] = []
    root = previous.root if previous else ""
    for offset in range((last - first).days + 1):
        day = first + offset * _DAY
        root = root_of(root, day, known)
        made.append(DailySeal(day=day, **known._asdict(), root=root, sealed_at=now))
    DailySeal.objects.bulk_create(made, batch_size=500)
    return len(made)


def _first_day(rows: models.QuerySet[StatusChange]) -> date | None:
    first: date | None = rows.aggregate(first=Min("recorded_on"))["first"]
    return first


def _heads_known_on(day: date) -> Heads:
    known = StatusChange.objects.filter(institution=OuterRef("pk"), recorded_on__lte=day).order_by("-seq")
    ends = (
        LedgerHead.objects.annotate(seq=Subquery(known.values("seq")[:1]), end=Subquery(known.values("hash")[:1]))
        .filter(seq__isnull=False)
        .order_by("institution__bin")
    )
    heads = Heads()
    for bin_number, seq, digest in ends.values_list("institution__bin", "seq", "end").iterator(chunk_size=5_000):
        heads.add(bin_number, seq, digest)
    return heads


# --- proving ---------------------------------------------------------------------------------------


class SealFault(models.TextChoices):
    """What is wrong with a day's seal. Words for those who look after the register, not translated."""

    MISSING = "missing", "the day has no seal, though one before and one behind it have"
    ROOT = "root", "its root does not follow from what it says and the seal before"
    HEADS = "heads", "the chains do not end as they did when the day was sealed"
    ANOTHER = "another", "its root is not the one that was kept elsewhere"


@dataclass(frozen=True, slots=True)
class BrokenSeal:
    """The first day whose seal does not hold: what stands there, and what should."""

    day: date
    fault: SealFault
    expected: str
    found: str


class Proof:
    """Recomputes the seals from the chains, which are shown to it in the order of their BINs.

    Memory is that of the seals, whatever the ledger: for each day on which the heads changed there is one running hash.
    Read it before the chains: what is recorded meanwhile is known later than the last seal.
    """

    def __init__(self, seals: Iterable[DailySeal]) -> None:
        self.seals = sorted(seals, key=lambda seal: seal.day)
        self._running = {
            seal.day: Heads()
            for before, seal in zip([None, *self.seals], self.seals, strict=False)
            if before is None or Known.of(before) != Known.of(seal)
        }
        self._days = tuple(self._running)
        self._unsealed_changes: set[date] = set()

    def show(self, chain: Followed) -> None:
        ends = iter(chain.ends)
        coming = next(ends, None)
        end: End | None = None
        for place, day in enumerate(self._days):
            while coming is not None and coming.day <= day:
                if place and coming.day != day:
                    self._unsealed_changes.add(coming.day)
                end, coming = coming, next(ends, None)
            if end is not None:
                self._running[day].add(chain.bin, end.seq, end.hash)
        while coming is not None and self.seals and coming.day <= self.seals[-1].day:
            self._unsealed_changes.add(coming.day)
            coming = next(ends, None)

    def broken(self, kept_elsewhere: Mapping[date, str] | None = None) -> BrokenSeal | None:
        """The first seal that does not hold, once all chains were shown; roots by day that were `kept_elsewhere`."""
        anchors = kept_elsewhere or {}
        before: DailySeal | None = None
        for seal in self.seals:
            if before is not None and seal.day != before.day + _DAY:
                return BrokenSeal(before.day + _DAY, SealFault.MISSING, expected="", found="")
            root = root_of(before.root if before else "", seal.day, Known.of(seal))
            if seal.root != root:
                return BrokenSeal(seal.day, SealFault.ROOT, expected=root, found=seal.root)
            shown = self._running[seal.day].known if seal.day in self._running else None
            if shown is not None and shown != Known.of(seal):
                return BrokenSeal(seal.day, SealFault.HEADS, expected=seal.heads, found=shown.heads)
            if seal.day in self._unsealed_changes:
                return BrokenSeal(seal.day, SealFault.HEADS, expected=seal.heads, found="")
            if anchors.get(seal.day, seal.root) != seal.root:
                return BrokenSeal(seal.day, SealFault.ANOTHER, expected=anchors[seal.day], found=seal.root)
            before = seal
        missing = sorted(anchors.keys() - {seal.day for seal in self.seals})
        return BrokenSeal(missing[0], SealFault.MISSING, expected=anchors[missing[0]], found="") if missing else None
