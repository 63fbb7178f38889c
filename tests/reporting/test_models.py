"""Every constraint of the briefs is broken once (those of the sums in test_sums.py)."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any

import pytest

from reporting.models import Brief
from tests.constraints import broken


@pytest.fixture
def brief(fixed_now: datetime, order: Any) -> Brief:
    return Brief.objects.create(
        period=order.period("2026Q1"), number="Б-2026-1-1", sequence=1, dated_on=order.day, snapshot={},
        snapshot_hash="0" * 64, requested_at=fixed_now,
    )  # fmt: skip


def again(brief: Brief, **changes: Any) -> None:
    twin = copy.copy(brief)
    twin.pk = None
    for name, value in ({"number": "Б-2026-1-2", "sequence": 2, "snapshot_hash": "1" * 64} | changes).items():
        setattr(twin, name, value)
    twin.save(force_insert=True)


def test_brief_once_a_snapshot(brief):
    with broken("brief_once_a_snapshot"):
        again(brief, snapshot_hash=brief.snapshot_hash)
    again(brief)


def test_brief_sequence_once(brief):
    with broken("brief_sequence_once"):
        again(brief, sequence=brief.sequence)


@pytest.mark.parametrize("missing", [{"file": "", "file_hash": "0" * 64}, {"file": "a.pdf", "file_hash": ""}])
def test_brief_ready_has_file(brief, missing):
    with broken("brief_ready_has_file"):
        Brief.objects.filter(pk=brief.pk).update(state="ready", **missing)
