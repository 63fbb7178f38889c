"""The hash chain of an institution's ledger rows, and its verification."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from functools import lru_cache

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
        effective_on: date,
        recorded_at: datetime,
        recorded_on: date,
        cause: str,
        ref: str,
    ) -> tuple[int, str]:
        self.length += 1
        said = (
            f"{self.hash}|{self._bin}|{self.length}|{cell}|{before}|{after}|{effective_on}"
            f"|{_utc(recorded_at)}|{recorded_on}|{cause}|{ref}"
        )
        self.hash = hashlib.sha256(said.encode()).hexdigest()
        return self.length, self.hash


@lru_cache(maxsize=64)
def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def side(standing: Standing | None) -> str:
    return NOWHERE if standing is None else f"{standing.status}:{standing.learners}"


def recordedside(status: str | None, learners: int | None) -> str:
    return NOWHERE if status is None else f"{status}:{learners}"


def broken_chains(institutions: Iterable[int] | None = None) -> Iterator[tuple[int, int]]:
    """Yield (institution key, seq) of the first row of each chain whose hash does not follow from what it says."""
    heads = LedgerHead.objects.select_related("institution").order_by("pk")
    if institutions is not None:
        heads = heads.filter(pk__in=list(institutions))
    for head in heads.iterator():
        chain = Chain(head.institution.bin, 0, "")
        broken = None
        for row in StatusChange.objects.filter(institution=head.pk).select_related("cell").order_by("seq").iterator():
            seq, digest = chain.add(
                row.cell.key,
                recordedside(row.from_status, row.from_learners),
                recordedside(row.to_status, row.to_learners),
                row.effective_on,
                row.recorded_at,
                row.recorded_on,
                row.cause,
                row.cause_ref,
            )
            if (seq, digest) != (row.seq, row.hash):
                broken = row.seq
                break
        if broken is None and (chain.length, chain.hash) != (head.length, head.hash):
            broken = chain.length + 1
        if broken is not None:
            yield head.pk, broken
