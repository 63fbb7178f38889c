"""Every constraint of the tables is broken once; a queryset's `update` passes everything but the database."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import models
from django.utils import timezone, translation

from compliance.enums import ImportState, RowOutcome
from compliance.models import (
    Applicability,
    Batch,
    Chapter,
    ChecklistItem,
    Edition,
    Evidence,
    ImportRow,
    ImportRun,
    Period,
    Photo,
    PhotoTwin,
    RegisterDay,
    Requirement,
    StatusEntry,
)
from compliance.workflow import DocumentReference
from institutions.models import Region
from tests.constraints import broken
from tests.factories.compliance import ConfirmationFactory, EntryFactory, ItemFactory, PeriodExceptionFactory
from tests.factories.institutions import ApproverFactory, InstitutionFactory, UserFactory
from tests.factories.pictures import picture

DAY = timedelta(days=1)


def again(row: models.Model, **changes: Any) -> None:
    """Save a copy of a row under a new key."""
    twin = copy.copy(row)
    twin.pk = None
    for name, value in changes.items():
        setattr(twin, name, value)
    twin.save(force_insert=True)


def change(row: models.Model, **changes: Any) -> None:
    assert type(row)._default_manager.filter(pk=row.pk).update(**changes) == 1


@pytest.fixture
def item(fixed_now, order, places) -> ChecklistItem:
    return ItemFactory(institution__locality=places.district)


def test_edition_code_once(order):
    with broken("edition_code_once"):
        again(order.editions["2022"])


def test_edition_dates_in_order(order):
    edition = order.editions["2022"]
    change(edition, in_force_to=edition.in_force_from)
    with broken("edition_dates_in_order"):
        change(edition, in_force_to=edition.in_force_from - DAY)


def test_chapter_code_once(order):
    with broken("chapter_code_once"):
        again(Chapter.objects.first())


def test_requirement_code_once(order):
    with broken("requirement_code_once"):
        again(Requirement.objects.filter(measure=None).first())


def test_requirement_measure_once(order):
    with broken("requirement_measure_once"):
        again(order.measures["turnstile"], code="another")
    again(Requirement.objects.filter(measure=None).first(), code="another")


def test_item_once(item):
    with broken("item_once"):
        again(item)


def test_applicability_starts_once_a_day(item):
    with broken("applicability_starts_once_a_day"):
        again(Applicability.objects.first())


def test_applicability_has_a_reason(item):
    with broken("applicability_has_a_reason"):
        change(Applicability.objects.first(), obliged=False, counted=False)


def test_evidence_dates_in_order(fixed_now, order):
    document = {"number": "1", "issuer": "ЖШС", "issued_on": date(2026, 1, 2), "created_at": fixed_now}
    Evidence.objects.create(**document, valid_until=date(2026, 1, 2))
    with broken("evidence_dates_in_order"):
        Evidence.objects.create(**document, valid_until=date(2026, 1, 1))


def test_evidence_revoked_with_reason(item):
    document = EntryFactory(item=item, document=DocumentReference("1", "ЖШС", date(2026, 1, 2))).evidence
    whole = {"revoked_by": UserFactory(), "revoked_at": timezone.now(), "revoke_note": "Келісімшарт бұзылды"}
    for missing, value in {"revoked_by": None, "revoked_at": None, "revoke_note": ""}.items():
        with broken("evidence_revoked_with_reason"):
            change(document, **whole | {missing: value})
    change(document, **whole)


def test_evidence_revoked_by_another(item):
    document = EntryFactory(item=item, document=DocumentReference("1", "ЖШС", date(2026, 1, 2))).evidence
    with broken("evidence_revoked_by_another"):
        change(document, revoked_by=document.author, revoked_at=timezone.now(), revoke_note="Қате")


@pytest.fixture
def photo(item, settings, tmp_path) -> Photo:
    settings.MEDIA_ROOT = tmp_path
    return EntryFactory(item=item, photos=[picture()]).photos.get()


def test_photo_once_an_entry(photo):
    with broken("photo_once_an_entry"):
        again(photo)


@pytest.mark.parametrize("band", ["band_0", "band_1", "band_2", "band_3"])
def test_photo_bands_whole_or_absent(photo, band):
    with broken("photo_bands_whole_or_absent"):
        change(photo, **{band: None})
    change(photo, band_0=None, band_1=None, band_2=None, band_3=None)


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(50, None), (None, 70), (91, 70), (-91, 70), (50, 181), (50, -181)]
)
def test_photo_place_whole_or_absent(photo, latitude, longitude):
    change(photo, latitude=50, longitude=70)
    with broken("photo_place_whole_or_absent"):
        change(photo, latitude=latitude, longitude=longitude)


def test_photo_twin_once_and_is_another(photo):
    other = copy.copy(photo)
    other.pk, other.upload_sha256 = None, "0" * 64
    other.save(force_insert=True)
    twin = PhotoTwin.objects.create(photo=photo, other=other, distance=0)
    with broken("photo_twin_once"):
        again(twin)
    with broken("photo_twin_is_another"):
        change(twin, other=photo)


@pytest.fixture
def reviewer(item):
    """Somebody who checks in the item's district; its region has a second level."""
    Region.objects.filter(pk=item.institution.locality.region_id).update(second_level=True)
    return ApproverFactory(locality=item.institution.locality).user


def test_entry_one_draft_a_person(item):
    draft = EntryFactory(item=item)
    with broken("entry_one_draft_a_person"):
        again(draft)


def test_entry_one_waiting_an_item(item):
    waiting = EntryFactory(item=item, submitted=True)
    with broken("entry_one_waiting_an_item"):
        again(waiting)


@pytest.mark.parametrize("state", ["draft", "submitted", "approved"])
def test_entry_answers(item, state):
    with broken("entry_answers"):
        change(EntryFactory(item=item, to=state), status="unknown")


def test_entry_dates_in_order(item):
    entry = EntryFactory(item=item)
    change(entry, valid_until=entry.effective_on)
    with broken("entry_dates_in_order"):
        change(entry, valid_until=entry.effective_on - DAY)


def test_entry_author_or_batch(fixed_now, item):
    batch = Batch.objects.create(title="Сынақ", recorded_at=fixed_now)
    draft = EntryFactory(item=item)
    with broken("entry_author_or_batch"):
        change(draft, author=None)
    with broken("entry_author_or_batch"):
        change(draft, batch=batch)


@pytest.mark.parametrize("missing", [{"submitted_by": None}, {"submitted_at": None}, {"content_hash": ""}])
def test_entry_submitted_whole_or_absent(item, missing):
    with broken("entry_submitted_whole_or_absent"):
        change(EntryFactory(item=item, submitted=True), **missing)


def test_entry_submitted_whole_or_absent_in_a_draft(fixed_now, item):
    draft = EntryFactory(item=item)
    for present in ({"submitted_by": draft.author}, {"submitted_at": fixed_now}, {"content_hash": "0" * 64}):
        with broken("entry_submitted_whole_or_absent"):
            change(draft, **present)


@pytest.mark.parametrize("missing", [{"decided_by": None}, {"decided_at": None}])
@pytest.mark.parametrize("state", ["approved", "returned", "revoked"])
def test_entry_decision_whole_or_absent(item, state, missing):
    with broken("entry_decision_whole_or_absent"):
        change(EntryFactory(item=item, to=state), **missing)


@pytest.mark.parametrize("state", ["submitted", "withdrawn"])
def test_entry_decision_whole_or_absent_where_nothing_is_decided(item, state):
    entry = EntryFactory(item=item, to=state)
    with broken("entry_decision_whole_or_absent"):
        change(entry, decided_by=UserFactory(), decided_at=entry.submitted_at)


@pytest.mark.parametrize("missing", [{"return_reason": ""}, {"decision_note": ""}])
def test_entry_returned_with_reason(item, missing):
    with broken("entry_returned_with_reason"):
        change(EntryFactory(item=item, returned=True), **missing)


@pytest.mark.parametrize("missing", [{"revoked_by": None}, {"revoked_at": None}, {"revoke_note": ""}])
def test_entry_revoked_with_reason(item, missing):
    with broken("entry_revoked_with_reason"):
        change(EntryFactory(item=item, revoked=True), **missing)


@pytest.mark.parametrize("hand", ["author", "submitted_by"])
@pytest.mark.parametrize("state", ["approved", "returned"])
def test_entry_four_eyes(item, state, hand):
    entry = EntryFactory(item=item, to=state, submitted_by=UserFactory())
    with broken("entry_four_eyes"):
        change(entry, decided_by=getattr(entry, hand))


@pytest.mark.parametrize("missing", [{"checked_by": None}, {"checked_at": None}])
@pytest.mark.parametrize("state", ["checked", "withdrawn", "approved", "returned", "revoked"])
def test_entry_check_whole_or_absent(item, reviewer, state, missing):
    entry = EntryFactory(item=item, to=state, checked_by=reviewer)
    with broken("entry_check_whole_or_absent"):
        change(entry, **missing)


@pytest.mark.parametrize("state", ["draft", "submitted"])
def test_entry_check_whole_or_absent_where_nothing_is_checked(fixed_now, item, state):
    with broken("entry_check_whole_or_absent"):
        change(EntryFactory(item=item, to=state), checked_by=UserFactory(), checked_at=fixed_now)


@pytest.mark.parametrize("hand", ["author", "submitted_by"])
def test_entry_checked_by_another(item, reviewer, hand):
    entry = EntryFactory(item=item, checked=True, checked_by=reviewer, submitted_by=UserFactory())
    with broken("entry_checked_by_another"):
        change(entry, checked_by=getattr(entry, hand))


@pytest.mark.parametrize("state", ["approved", "revoked"])
def test_entry_six_hands(item, reviewer, state):
    entry = EntryFactory(item=item, to=state, checked_by=reviewer)
    with broken("entry_six_hands"):
        change(entry, decided_by=reviewer)


def test_entry_six_hands_lets_who_checked_give_it_back(item, reviewer):
    entry = EntryFactory(item=item, returned=True, checked_by=reviewer, decided_by=reviewer)
    assert (entry.state, entry.checked_by, entry.decided_by) == ("returned", reviewer, reviewer)


@pytest.mark.parametrize("hand", ["author", "submitted_by", "checked_by", "decided_by"])
def test_entry_revoked_by_another(item, reviewer, hand):
    entry = EntryFactory(item=item, revoked=True, checked_by=reviewer, submitted_by=UserFactory())
    with broken("entry_revoked_by_another"):
        change(entry, revoked_by=getattr(entry, hand))


def test_period_closed_names_its_day(fixed_now, order):
    period = order.period("2026Q1")
    for wrong in ({"state": "closed"}, {"closed_on": order.day}, {"state": "closing", "closed_at": fixed_now}):
        with broken("period_closed_names_its_day"):
            change(period, **wrong)


def test_period_dates_in_order(order):
    period = order.period("2026Q1")
    with broken("period_dates_in_order"):
        change(period, ends_on=period.starts_on)


def test_exception_once(item, order):
    exception = PeriodExceptionFactory(period=order.period("2026Q1"), institution=item.institution)
    with broken("exception_once"):
        again(exception)


def test_confirmation_once(item, order):
    confirmation = ConfirmationFactory(institution=item.institution, period=order.period("2026Q1"))
    with broken("confirmation_once"):
        again(confirmation, by=UserFactory())


def test_register_day_single(order):
    with broken("register_day_single"):
        RegisterDay.objects.create(id=2, day=order.day)


def test_an_entry_of_a_batch_has_no_hands(fixed_now, item):
    batch = Batch.objects.create(title="Сынақ", recorded_at=fixed_now)
    entry = StatusEntry.objects.create(
        item=item, batch=batch, state="approved", status="met", effective_on=date(2026, 1, 1), created_at=fixed_now,
        saved_at=fixed_now, submitted_at=fixed_now, decided_at=fixed_now, content_hash="0" * 64, item_version=0,
    )  # fmt: skip
    assert entry.hands == frozenset()


def test_a_title_is_in_the_readers_language(order):
    requirement = order.measures["turnstile"]
    for language in ("kk", "ru", "en"):
        with translation.override(language):
            assert requirement.title == getattr(requirement, f"title_{language}")
            assert requirement.guidance == getattr(requirement, f"guidance_{language}")
            assert requirement.proof == getattr(requirement, f"proof_{language}")


def test_a_period_knows_its_year_and_quarter(order):
    assert {(period.code, period.year, period.quarter) for period in Period.objects.filter(starts_on__year=2025)} == {
        (f"2025Q{quarter}", 2025, quarter) for quarter in (1, 2, 3, 4)
    }


@pytest.mark.parametrize("table", [Edition, Requirement, ChecklistItem, Applicability, Period])
def test_rows_say_what_they_are(item, table):
    assert all(str(row) for row in table.objects.all()[:3])
    assert str(InstitutionFactory(locality=item.institution.locality, name_kk="№ 5 мектеп")) == "№ 5 мектеп"


@pytest.mark.parametrize(("code", "said"), [("CCTV", False), ("GRD-CONTRACT", True), ("GRD-STAFF", True)])
def test_a_requirement_says_that_its_wording_is_not_confirmed(order, code, said):
    """A rule with an unconfirmed token, or a text known at second hand."""
    assert order.requirements[code].unconfirmed is said


@pytest.fixture
def run(fixed_now, db) -> ImportRun:
    """A list of which two rows were entered, one changed, and one was left out."""
    person = UserFactory()
    return ImportRun.objects.create(
        state=ImportState.APPLIED,
        file_name="тізім.xlsx",
        file_hash="0" * 64,
        file_size=1,
        since=fixed_now.date(),
        uploaded_by=person,
        uploaded_at=fixed_now,
        applied_by=person,
        applied_at=fixed_now,
        rows_read=6,
        rows_new=2,
        rows_changed=2,
        rows_unchanged=1,
        rows_refused=1,
        done_new=2,
        done_changed=1,
        rows_stale=1,
    )


def test_import_counts_add_up(run):
    with broken("import_counts_add_up"):
        change(run, rows_read=7)


def test_import_receipt_adds_up(run):
    with broken("import_receipt_adds_up"):
        change(run, rows_stale=0)


def test_import_undo_adds_up(run):
    change(run, state=ImportState.UNDONE, rows_undone=2, rows_kept=1)
    with broken("import_undo_adds_up"):
        change(run, rows_kept=2)


def test_import_applied_by_somebody(run):
    with broken("import_applied_by_somebody"):
        change(run, applied_by=None)


def test_import_row_once(run):
    row = ImportRow.objects.create(run=run, number=1, outcome=RowOutcome.NEW, since=run.since)
    with broken("import_row_once"):
        again(row)


def test_import_row_refused_with_reasons(run):
    with broken("import_row_refused_with_reasons"):
        ImportRow.objects.create(run=run, number=1, outcome=RowOutcome.REFUSED, since=run.since)
