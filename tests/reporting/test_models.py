"""Every constraint of the briefs is broken once (those of the sums in test_sums.py)."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any

import pytest

from reporting.models import CODE_SIGNS, Brief, BriefBundle, new_code
from tests.constraints import broken
from tests.factories.institutions import InstitutionFactory, UserFactory


@pytest.fixture
def brief(fixed_now: datetime, order: Any) -> Brief:
    return Brief.objects.create(
        period=order.period("2026Q1"), number="Б-2026-1-1", sequence=1, dated_on=order.day, snapshot={},
        snapshot_hash="0" * 64, requested_at=fixed_now,
    )  # fmt: skip


def again(brief: Brief, **changes: Any) -> None:
    twin = copy.copy(brief)
    twin.pk = None
    fresh = {"number": "Б-2026-1-2", "sequence": 2, "snapshot_hash": "1" * 64, "code": new_code()}
    for name, value in (fresh | changes).items():
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


def published(brief: Brief, **changes: Any) -> int:
    """A finished brief, published by somebody; `changes` spoil it."""
    finished = {
        "state": "ready", "file": "a.pdf", "file_hash": "0" * 64, "publication": "published",
        "published_at": brief.requested_at, "published_by": UserFactory(),
    }  # fmt: skip
    return Brief.objects.filter(pk=brief.pk).update(**finished | changes)


@pytest.mark.parametrize("kind", ["region", "institution", "comparison"])
def test_brief_kind_has_its_subject(brief, kind):
    with broken("brief_kind_has_its_subject"):
        Brief.objects.filter(pk=brief.pk).update(kind=kind)


def test_a_national_brief_names_no_institution(brief):
    with broken("brief_kind_has_its_subject"):
        Brief.objects.filter(pk=brief.pk).update(institution=InstitutionFactory())


def test_brief_published_is_ready(brief):
    with broken("brief_published_is_ready"):
        published(brief, state="checking")
    with broken("brief_published_is_ready"):
        published(brief, published_at=None)


def test_brief_published_by_a_second_person(brief):
    asked = UserFactory()
    Brief.objects.filter(pk=brief.pk).update(requested_by=asked)
    for somebody in (None, asked):
        with broken("brief_published_by_a_second_person"):
            published(brief, published_by=somebody)
    assert published(brief) == 1


def test_a_sheet_needs_nobody_to_publish_it(brief):
    assert published(brief, kind="institution", institution=InstitutionFactory(), published_by=None) == 1


def test_brief_one_published(brief):
    published(brief)
    brief.refresh_from_db()
    with broken("brief_one_published"):
        again(brief)


def test_brief_withdrawn_says_why(brief):
    withdrawn = {"publication": "withdrawn", "withdrawn_at": brief.requested_at, "withdrawn_by": UserFactory()}
    for missing in ({}, {"withdrawal_reason": "Қате", "withdrawn_by": None}):
        with broken("brief_withdrawn_says_why"):
            published(brief, **withdrawn | missing)
    assert published(brief, **withdrawn, withdrawal_reason="Қате") == 1


def test_brief_superseded_names_its_successor(brief):
    with broken("brief_superseded_names_its_successor"):
        published(brief, publication="superseded")


@pytest.mark.parametrize("missing", [{"file": "", "file_hash": "0" * 64}, {"file": "a.zip", "file_hash": ""}])
def test_bundle_ready_has_file(brief, missing):
    bundle = BriefBundle.objects.create(period=brief.period, requested_at=brief.requested_at)
    with broken("bundle_ready_has_file"):
        BriefBundle.objects.filter(pk=bundle.pk).update(state="ready", **missing)


def test_a_code_has_signs_that_nobody_mixes_up():
    codes = [new_code() for _time in range(200)]
    assert {len(code) for code in codes} == {12}
    assert set("".join(codes)) == set(CODE_SIGNS)
    assert len(set(codes)) == 200
