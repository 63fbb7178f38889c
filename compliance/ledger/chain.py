"""The hash chain of an institution's ledger rows, and its verification."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Exists, OuterRef

from compliance.enums import Cause, Status
from compliance.models import LedgerHead, StatusChange
from compliance.timeline import Standing

NOWHERE = "-"


class Chain:
    """The chain of one institution: each row's hash covers what it says and the hash before it."""

    def __init__(self, bin_number: str, length: int, last: str) -> None:
        self.length = length
        self.hash = last
        self._bin = bin_number

    def add(
        self,
        cell: str,
        before: str,
        after: str,
        effective_on: date | str,
        recorded_at: datetime,
        recorded_on: date | str,
        cause: str,
        ref: str,
    ) -> tuple[int, str]:
        """Number and hash of the next row; days may come as the texts that they are in it (2026-05-01)."""
        self.length += 1
        said = (
            f"{self.hash}|{self._bin}|{self.length}|{cell}|{before}|{after}|{effective_on}"
            f"|{_utc(recorded_at)}|{recorded_on}|{cause}|{ref}"
        )
        self.hash = hashlib.sha256(said.encode()).hexdigest()
        return self.length, self.hash


@lru_cache(maxsize=1024)
def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def side(standing: Standing | None) -> str:
    return NOWHERE if standing is None else f"{standing.status}:{standing.learners}"


def recordedside(status: str | None, learners: int | None) -> str:
    return NOWHERE if status is None else f"{status}:{learners}"


class Fault(models.TextChoices):
    """What is wrong where a chain breaks. Words for those who look after the register, not translated."""

    MISSING = "missing", "rows before it are missing"
    CONTENT = "content", "it says something else than what was recorded under its hash"
    HASH = "hash", "its hash was replaced"
    UNCLEAR = "unclear", "its hash does not follow from what it says"
    HEAD = "head", "the chain's head tells of another last row"
    NO_HEAD = "no_head", "the chain has lost its head"


@dataclass(frozen=True, slots=True)
class Break:
    """The first place at which an institution's chain does not hold.

    `row` is the key of the ledger row, None where rows behind the last one are missing; `seq` its number in the chain;
    `day` the day of its knowledge. `expected` and `found` are hashes (numbers of rows for `MISSING`).
    """

    institution: int
    bin: str
    row: int | None
    seq: int
    day: date | None
    fault: Fault
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Followed:
    """A chain that was read to its end: its last row of each day of knowledge, the days ascending."""

    institution: int
    bin: str
    rows: int
    ends: list[End]
    broken: Break | None


class End(NamedTuple):
    """The last row of a chain that was known on a day."""

    day: date
    seq: int
    hash: str


class _Row(NamedTuple):
    """A ledger row with what its hash covers, and the head of its chain as it stood in the same moment."""

    institution: int
    bin: str
    head_length: int | None
    head_hash: str | None
    pk: int
    seq: int
    cell: str
    from_status: str | None
    from_learners: int | None
    to_status: str | None
    to_learners: int | None
    effective_on: date
    recorded_at: datetime
    recorded_on: date
    cause: str
    cause_ref: str
    hash: str

    def digest_after(self, last: str, seq: int) -> str:
        """The hash of this row as number `seq` behind a row with the hash `last`."""
        return Chain(self.bin, seq - 1, last).add(
            self.cell,
            recordedside(self.from_status, self.from_learners),
            recordedside(self.to_status, self.to_learners),
            self.effective_on,
            self.recorded_at,
            self.recorded_on,
            self.cause,
            self.cause_ref,
        )[1]


_COLUMNS = (
    "institution", "institution__bin", "institution__ledger_head__length", "institution__ledger_head__hash", "pk",
    "seq", "cell__key", "from_status", "from_learners", "to_status", "to_learners", "effective_on", "recorded_at",
    "recorded_on", "cause", "cause_ref", "hash",
)  # fmt: skip


def follow(institutions: Collection[int] | None = None) -> Iterator[Followed]:
    """Read the chains in the order of BINs and hold each row's hash against what it says.

    One statement for all rows with their heads, so that somebody who writes meanwhile breaks nothing; rows are read as
    they come, whatever their number. Heads that have lost all their rows come last.
    """
    rows = StatusChange.objects.order_by("institution__bin", "seq")
    lonely = LedgerHead.objects.filter(~Exists(StatusChange.objects.filter(institution=OuterRef("pk"))), length__gt=0)
    if institutions is not None:
        rows, lonely = rows.filter(institution__in=institutions), lonely.filter(pk__in=institutions)
    read = map(_Row._make, rows.values_list(*_COLUMNS).iterator(chunk_size=5_000))
    for _key, chain in groupby(read, key=itemgetter(0)):
        yield _followed(chain)
    for pk, bin_number, length, digest in lonely.values_list("pk", "institution__bin", "length", "hash"):
        gone = Break(pk, bin_number, None, 1, None, Fault.HEAD, expected=digest, found=f"0 of {length} rows")
        yield Followed(pk, bin_number, 0, [], gone)


def _followed(rows: Iterator[_Row]) -> Followed:
    broken: Break | None = None
    ends: list[End] = []
    last, seq, count = "", 0, 0
    row = previous = None
    suspect: tuple[_Row, str] | None = None  # a row that does not follow, and the hash that it should bear
    for row in rows:
        count += 1
        if ends and ends[-1].day == row.recorded_on:
            ends[-1] = End(row.recorded_on, row.seq, row.hash)
        else:
            ends.append(End(row.recorded_on, row.seq, row.hash))
        if suspect is not None and broken is None:
            broken = _judged(*suspect, follower=row)
        if broken is not None:
            continue
        seq += 1
        if row.seq != seq:
            broken = _break(row, Fault.MISSING, expected=str(seq), found=str(row.seq))
            continue
        expected = row.digest_after(last, seq)
        if row.hash != expected:
            suspect = (row, expected)
        last = row.hash
        previous = row
    if row is None:  # groupby yields no empty group
        raise ValueError("A chain has rows.")
    if suspect is not None and broken is None:
        broken = _judged(*suspect, follower=None)
    if broken is None and row.head_length is None:
        broken = _break(row, Fault.NO_HEAD, expected="", found=row.hash)
    if broken is None and previous is not None and (row.head_length, row.head_hash) != (seq, last):
        broken = Break(
            row.institution, row.bin, None, seq + 1, None, Fault.HEAD, expected=row.head_hash or "", found=last
        )
    return Followed(row.institution, row.bin, count, ends, broken)


def _judged(row: _Row, expected: str, *, follower: _Row | None) -> Break:
    """Which of the two was changed, what the row says or its hash, by what comes after it: a row, or the head."""
    if follower is not None:
        holds = {digest: follower.digest_after(digest, row.seq + 1) == follower.hash for digest in (row.hash, expected)}
    else:
        holds = {digest: row.head_hash == digest for digest in (row.hash, expected)}
    fault = Fault.CONTENT if holds[row.hash] else Fault.HASH if holds[expected] else Fault.UNCLEAR
    return _break(row, fault, expected=expected, found=row.hash)


def _break(row: _Row, fault: Fault, *, expected: str, found: str) -> Break:
    return Break(row.institution, row.bin, row.pk, row.seq, row.recorded_on, fault, expected, found)


def broken_chains(institutions: Collection[int] | None = None) -> Iterator[tuple[int, int]]:
    """Yield (institution key, seq) of the first row of each chain whose hash does not follow from what it says."""
    for chain in follow(institutions):
        if chain.broken is not None:
            yield chain.institution, chain.broken.seq


# How far from what a row says now its own numbers and days are looked for.
_LEARNERS_TRIED = 20_000
_DAYS_TRIED = timedelta(days=3_660)


def changed_field(broken: Break) -> tuple[str, str, str] | None:
    """The one column of a row with `Fault.CONTENT` that was rewritten: its name, what it says, what it said.

    Found by trying what else could stand there until the hash is right: statuses, causes, cells of the institution,
    days of ten years before and after, learners up to 20,000. None where nothing fits: where more was changed.
    """
    if broken.row is None:
        return None
    row = _Row._make(StatusChange.objects.values_list(*_COLUMNS).get(pk=broken.row))
    before = StatusChange.objects.filter(institution=row.institution, seq=row.seq - 1)
    last = before.values_list("hash", flat=True).first() or ""
    statuses = [None, *Status.values]
    cells = StatusChange.objects.filter(institution=row.institution).order_by().values_list("cell__key").distinct()
    tried: dict[str, Iterable[Any]] = {
        "from_status": statuses,
        "to_status": statuses,
        "cause": Cause.values,
        "cell": [key for (key,) in cells],
        "effective_on": _days_around(row.effective_on),
        "recorded_on": _days_around(row.recorded_on),
        "from_learners": range(_LEARNERS_TRIED + 1),
        "to_learners": range(_LEARNERS_TRIED + 1),
    }
    for name, values in tried.items():
        for value in values:
            if row._replace(**{name: value}).digest_after(last, row.seq) == row.hash:
                return name, str(getattr(row, name)), str(value)
    return None


def _days_around(day: date) -> Iterator[date]:
    for offset in range(1, _DAYS_TRIED.days + 1):
        yield from (day - timedelta(days=offset), day + timedelta(days=offset))
