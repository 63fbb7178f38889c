"""Photos of a draft and of an answer, their files, and photos that are the same at several institutions."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageEnhance

from compliance import content, photos, pictures, workflow
from compliance.enums import EntryState, Status
from compliance.models import ChecklistItem, Photo, PhotoTwin, StatusEntry
from institutions.models import Institution, Journal, User
from tests.conftest import Order, Places
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import ApproverFactory, DirectorFactory, InstitutionFactory
from tests.factories.pictures import camera_data, picture, scene, stored

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / "evidence"


@pytest.fixture
def school(fixed_now: datetime, places: Places, order: Order) -> Institution:
    return InstitutionFactory(locality=places.city)


@pytest.fixture
def item(school: Institution) -> ChecklistItem:
    return ItemFactory(institution=school)


@pytest.fixture
def director(school: Institution) -> User:
    return DirectorFactory(institution=school).user


def save(item: ChecklistItem, by: User, now: datetime, *, photos_of: StatusEntry | None = None, **fields: Any) -> Any:
    answer = workflow.AnswerData(Status.MET, now.date() - timedelta(days=3), **fields)
    return workflow.save_draft(item, answer, by=by, now=now, photos_of=photos_of)


def uploads(entry: StatusEntry) -> list[str]:
    return list(entry.photos.values_list("upload_sha256", flat=True))


# --- adding and removing --------------------------------------------------------------------------


def test_a_photo_is_kept_with_all_that_is_known_of_it(item: ChecklistItem, director: User, fixed_now: datetime) -> None:
    sent = picture(1, exif=camera_data())
    draft = save(item, director, fixed_now, photos=[sent])
    photo = Photo.objects.get()
    assert {field.name: getattr(photo, field.name) for field in Photo._meta.fields if field.name != "id"} == {
        "entry": draft,
        "sha256": sent.sha256,
        "upload_sha256": sent.upload_sha256,
        "size": len(sent.jpeg),
        "width": 640,
        "height": 480,
        **{f"band_{place}": part for place, part in enumerate(pictures.bands(sent.likeness or 0))},
        "taken_at": datetime(2026, 5, 18, 4, 30, tzinfo=UTC),
        "latitude": 49.8,
        "longitude": 73.1,
        "author": director,
        "uploaded_at": fixed_now,
    }
    assert photos.path_of(sent.sha256).read_bytes() == sent.jpeg
    row = Journal.objects.get(action="photo.add")
    assert (row.user, row.institution, row.after) == (
        director,
        item.institution,
        {"photo": photo.pk, "sha256": sent.sha256},
    )


def test_the_same_file_sent_again_is_one_photo(item: ChecklistItem, director: User, fixed_now: datetime) -> None:
    for _turn in range(2):
        save(item, director, fixed_now, photos=[picture(1), picture(1)])
    assert (Photo.objects.count(), Journal.objects.filter(action="photo.add").count()) == (1, 1)


def test_an_answer_has_room_for_six_photos_and_a_seventh_saves_nothing(
    item: ChecklistItem, director: User, fixed_now: datetime
) -> None:
    save(item, director, fixed_now, photos=[picture(seed) for seed in range(5)], note="бұрынғы")
    with pytest.raises(workflow.TooManyPhotos):
        save(item, director, fixed_now, photos=[picture(5), picture(6)], note="жаңа")
    assert (Photo.objects.count(), StatusEntry.objects.get().note) == (5, "бұрынғы")
    draft = save(item, director, fixed_now, photos=[picture(5), picture(0)], without=[picture(4).upload_sha256])
    assert uploads(draft) == [picture(seed).upload_sha256 for seed in (0, 1, 2, 3, 5)]


def test_a_photo_is_removed_from_a_draft_once(item: ChecklistItem, director: User, fixed_now: datetime) -> None:
    draft = save(item, director, fixed_now, photos=[picture(1), picture(2)])
    for _turn in range(2):
        save(item, director, fixed_now, without=[picture(1).upload_sha256, "not there"])
    assert uploads(draft) == [picture(2).upload_sha256]
    assert Journal.objects.filter(action="photo.remove").count() == 1


def test_a_returned_answer_is_continued_with_its_photos(
    item: ChecklistItem, director: User, fixed_now: datetime
) -> None:
    returned = EntryFactory(item=item, author=director, photos=[picture(1), picture(2)], returned=True)
    draft = save(item, director, fixed_now, photos_of=returned, without=[picture(2).upload_sha256])
    assert uploads(draft) == [picture(1).upload_sha256]
    assert uploads(returned) == [picture(1).upload_sha256, picture(2).upload_sha256]
    # They came once: what was removed since does not come back.
    save(item, director, fixed_now, photos_of=returned, without=[picture(1).upload_sha256])
    save(item, director, fixed_now, photos_of=returned)
    assert uploads(draft) == []


# --- what is decided ------------------------------------------------------------------------------


def test_photos_are_in_the_hash_of_what_is_decided(item: ChecklistItem, director: User, fixed_now: datetime) -> None:
    draft = save(item, director, fixed_now)
    bare = content.digest_of(draft)
    save(item, director, fixed_now, photos=[picture(1), picture(2)])
    both = content.digest_of(draft)
    save(item, director, fixed_now, without=[picture(1).upload_sha256])
    one = content.digest_of(draft)
    save(item, director, fixed_now, without=[picture(2).upload_sha256], photos=[picture(3)])
    assert len({bare, both, one, content.digest_of(draft)}) == 4
    save(item, director, fixed_now, without=[picture(3).upload_sha256])
    assert content.digest_of(draft) == bare


def test_the_order_in_which_photos_came_does_not_matter(item: ChecklistItem) -> None:
    digests = set()
    for seeds in ((1, 2), (2, 1)):
        entry = EntryFactory(item=item, photos=[picture(seed) for seed in seeds], withdrawn=True)
        digests.add(entry.content_hash)
    assert len(digests) == 1


@pytest.mark.parametrize("tampering", ["added", "removed", "exchanged"])
def test_no_approval_outlives_its_photos(
    item: ChecklistItem, places: Places, fixed_now: datetime, tampering: str
) -> None:
    entry = EntryFactory(item=item, photos=[picture(1)], submitted=True)
    if tampering == "added":
        photos.attach(entry, [picture(2)], by=entry.author, now=fixed_now)
    elif tampering == "removed":
        entry.photos.all().delete()
    else:
        entry.photos.update(sha256="0" * 64)
    approver = ApproverFactory(region=places.region).user
    with pytest.raises(workflow.StaleDecision):
        workflow.approve(entry, by=approver, now=fixed_now, shown=entry.content_hash)
    entry.refresh_from_db()
    assert entry.state == EntryState.SUBMITTED


def test_a_draft_that_got_another_photo_since_is_not_submitted_as_it_was(
    item: ChecklistItem, director: User, fixed_now: datetime
) -> None:
    seen = save(item, director, fixed_now, photos=[picture(1)])
    save(item, director, fixed_now + timedelta(seconds=1), photos=[picture(2)])
    with pytest.raises(workflow.StaleDecision):
        workflow.submit(seen, by=director, now=fixed_now)


# --- files ----------------------------------------------------------------------------------------


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_a_file_is_written_once_and_swept_when_no_photo_needs_it(
    item: ChecklistItem, director: User, fixed_now: datetime, folder: Path
) -> None:
    other = ItemFactory(institution=item.institution, code="ACC-ORDER")
    kept, gone = picture(1), picture(2)
    draft = save(item, director, fixed_now, photos=[kept, gone])
    save(other, director, fixed_now, photos=[kept])
    assert files(folder) == {f"{kept.sha256}.jpg", f"{gone.sha256}.jpg"}
    save(item, director, fixed_now, without=[gone.upload_sha256])
    (folder / "ab").mkdir(exist_ok=True)
    (folder / "ab" / "half.part").write_bytes(b"written when the light went out")
    assert photos.sweep(fixed_now) == 0  # by their files' clock these came just now

    for path in folder.rglob("*.*"):
        os.utime(path, (0, 0))
    workflow.discard_draft(draft, by=director, now=fixed_now)
    assert photos.sweep(fixed_now) == 2
    assert photos.sweep(fixed_now) == 0
    assert files(folder) == {f"{kept.sha256}.jpg"}


def test_a_file_that_comes_again_is_not_swept_before_its_photo_is_there(
    item: ChecklistItem, director: User, fixed_now: datetime
) -> None:
    sent = picture(1)
    save(item, director, fixed_now, photos=[sent])
    os.utime(photos.path_of(sent.sha256), (0, 0))
    photos.store(sent)
    Photo.objects.all().delete()
    assert photos.sweep(fixed_now) == 0


# --- the same photo at several institutions -------------------------------------------------------


@pytest.fixture
def elsewhere(school: Institution, places: Places) -> ChecklistItem:
    return ItemFactory(institution=InstitutionFactory(locality=places.capital_district))


def twins() -> set[tuple[int, int]]:
    return set(PhotoTwin.objects.values_list("photo__entry", "other__entry"))


def test_the_same_file_at_two_institutions_is_noted_for_both(item: ChecklistItem, elsewhere: ChecklistItem) -> None:
    one = EntryFactory(item=item, photos=[picture(1)], submitted=True)
    other = EntryFactory(item=elsewhere, photos=[picture(2), picture(1)], submitted=True)
    assert twins() == {(one.pk, other.pk), (other.pk, one.pk)}
    assert set(PhotoTwin.objects.values_list("distance", flat=True)) == {0}


def test_a_photo_stored_anew_smaller_and_brighter_is_found(item: ChecklistItem, elsewhere: ChecklistItem) -> None:
    one = EntryFactory(item=item, photos=[picture(1)], submitted=True)
    again = ImageEnhance.Brightness(scene(1).resize((400, 300))).enhance(1.08)
    sent = pictures.read(stored(again, "WEBP", quality=70))
    other = EntryFactory(item=elsewhere, photos=[sent], submitted=True)
    assert twins() == {(one.pk, other.pk), (other.pk, one.pk)}


def test_other_photos_and_those_of_the_same_institution_are_not_noted(
    item: ChecklistItem, elsewhere: ChecklistItem
) -> None:
    EntryFactory(item=item, photos=[picture(1)], submitted=True)
    EntryFactory(item=ItemFactory(institution=item.institution, code="ACC-ORDER"), photos=[picture(1)], submitted=True)
    EntryFactory(item=elsewhere, photos=[picture(2)], submitted=True)
    assert twins() == set()


def test_two_photos_of_the_dark_are_not_the_same_photo(item: ChecklistItem, elsewhere: ChecklistItem) -> None:
    for number, where in enumerate((item, elsewhere)):
        dark = ImageEnhance.Brightness(scene(number)).enhance(0.02)
        EntryFactory(item=where, photos=[pictures.read(stored(dark))], submitted=True)
    assert twins() == set()


@pytest.mark.parametrize("others", [1, 40])
def test_the_look_up_costs_the_same_for_any_number_of_photos(
    item: ChecklistItem,
    elsewhere: ChecklistItem,
    director: User,
    fixed_now: datetime,
    others: int,
    django_assert_num_queries: Any,
) -> None:
    many = EntryFactory(item=elsewhere, submitted=True)
    first = photos.attach(many, [picture(1)], by=many.author, now=fixed_now)[0]
    Photo.objects.bulk_create(
        Photo(
            entry=many,
            author=many.author,
            uploaded_at=fixed_now,
            sha256=first.sha256,
            upload_sha256=f"{number:064}",
            **{
                name: getattr(first, name)
                for name in ("size", "width", "height", "band_0", "band_1", "band_2", "band_3")
            },
        )
        for number in range(others - 1)
    )
    draft = save(item, director, fixed_now)
    sent = picture(1)
    with django_assert_num_queries(5):  # what is there; the photo; the look-up and what it found; the journal
        photos.attach(draft, [sent], by=director, now=fixed_now)
    assert PhotoTwin.objects.count() == 2 * min(others, photos.MOST_TWINS)
