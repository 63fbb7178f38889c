"""Photos of a form that came to nothing: kept for the next try, within bounds, and for a while."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from compliance import kept_photos, photos
from compliance.models import ChecklistItem, KeptPhoto
from institutions.models import Journal, User
from tests.conftest import Order, Places
from tests.constraints import broken
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import DirectorFactory, InstitutionFactory
from tests.factories.pictures import camera_data, picture

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / "evidence"


@pytest.fixture
def item(fixed_now: datetime, places: Places, order: Order) -> ChecklistItem:
    return ItemFactory(institution=InstitutionFactory(locality=places.city))


@pytest.fixture
def director(item: ChecklistItem) -> User:
    return DirectorFactory(institution=item.institution).user


def test_a_kept_photo_is_all_that_was_read_of_it(item: ChecklistItem, director: User, fixed_now: datetime) -> None:
    sent = picture(1, exif=camera_data())
    assert kept_photos.keep(item, [sent], by=director, now=fixed_now) == 0
    assert kept_photos.pictures_of(kept_photos.of(item, director)) == [sent]


def test_the_same_photo_is_kept_once(item: ChecklistItem, director: User, fixed_now: datetime) -> None:
    for _try in range(2):
        assert kept_photos.keep(item, [picture(1), picture(1)], by=director, now=fixed_now) == 0
    row = KeptPhoto.objects.get()
    row.pk = None
    with broken("kept_photo_once_a_form"):
        row.save(force_insert=True)


def test_what_the_draft_has_already_is_not_kept(item: ChecklistItem, director: User, fixed_now: datetime) -> None:
    EntryFactory(item=item, author=director, photos=[picture(1)])
    assert kept_photos.keep(item, [picture(1), picture(2)], by=director, now=fixed_now) == 0
    assert [one.upload_sha256 for one in KeptPhoto.objects.all()] == [picture(2).upload_sha256]


def test_no_more_than_a_person_can_choose_from_are_kept(
    item: ChecklistItem, director: User, fixed_now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_photos, "MOST_AN_ITEM", 2)
    monkeypatch.setattr(kept_photos, "MOST_A_PERSON", 3)
    other = ItemFactory(institution=item.institution, code="ACC-ORDER")
    third = ItemFactory(institution=item.institution, code="ACC-PUPILS")
    sent = [picture(seed) for seed in range(3)]
    lost = [kept_photos.keep(one, sent, by=director, now=fixed_now) for one in (item, other, third)]
    kept = [kept_photos.of(one, director).count() for one in (item, other, third)]
    assert (lost, kept) == ([1, 2, 3], [2, 1, 0])


def test_a_photo_whose_file_is_gone_does_not_stop_the_others(
    item: ChecklistItem, director: User, fixed_now: datetime
) -> None:
    kept_photos.keep(item, [picture(1), picture(2)], by=director, now=fixed_now)
    photos.path_of(picture(1).sha256).unlink()
    assert kept_photos.pictures_of(kept_photos.of(item, director)) == [picture(2)]


def test_photos_that_nobody_came_back_for_are_swept_away_with_their_files(
    item: ChecklistItem, director: User, fixed_now: datetime, folder: Path
) -> None:
    kept_photos.keep(item, [picture(1)], by=director, now=fixed_now)
    kept_photos.keep(item, [picture(2)], by=director, now=fixed_now + timedelta(days=1))
    until = fixed_now + kept_photos.KEPT_FOR
    assert (kept_photos.sweep(until), kept_photos.sweep(until + timedelta(seconds=1))) == (0, 1)
    assert [one.upload_sha256 for one in KeptPhoto.objects.all()] == [picture(2).upload_sha256]
    for path in folder.glob("??/*"):
        os.utime(path, (0, 0))
    assert photos.sweep(until) == 1
    assert [path.stem for path in folder.glob("??/*")] == [picture(2).sha256]
    assert list(Journal.objects.filter(action="photo.drop").values_list("user", "institution")) == [
        (None, item.institution_id)
    ]


def test_the_day_until_which_it_is_kept_is_certain(item: ChecklistItem, director: User, fixed_now: datetime) -> None:
    kept_photos.keep(item, [picture(1)], by=director, now=fixed_now)
    assert kept_photos.last_day_of(KeptPhoto.objects.get()) == date(2026, 5, 26)


def test_a_token_says_to_whom_a_form_was_given(item: ChecklistItem, director: User) -> None:
    token = kept_photos.token_for(item, director)
    assert kept_photos.of_token(token) == (item, director)
    assert [kept_photos.of_token(wrong) for wrong in ("", "x", token[:-1])] == [None, None, None]
    User.objects.filter(pk=director.pk).update(is_active=False)
    assert kept_photos.of_token(token) is None
