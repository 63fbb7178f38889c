"""Photos: sent with an answer, shown to those in scope, and what is said of files that are none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from compliance import documents, photos, pictures
from compliance.enums import EntryState
from compliance.models import ChecklistItem, KeptPhoto, Photo, StatusEntry
from compliance.workflow import DocumentReference
from institutions.models import Institution, Journal, User
from tests.conftest import Order, Places
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import (
    AnalystFactory,
    ApproverFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    UserFactory,
)
from tests.factories.pictures import camera_data, picture, scene, stored

CODE = "ACC-ORDER"

pytestmark = pytest.mark.django_db


@dataclass
class World:
    """A school with its director and the approver of its region, on 20 May 2026."""

    places: Places
    order: Order
    now: datetime
    school: Institution
    director: User
    approver: User
    item: ChecklistItem

    @property
    def url(self) -> str:
        return reverse("compliance:item", args=[self.school.bin, CODE])


@pytest.fixture
def world(fixed_now: datetime, places: Places, order: Order, settings: Any, tmp_path: Path) -> World:
    settings.MEDIA_ROOT = tmp_path
    school = InstitutionFactory(locality=places.city)
    return World(
        places,
        order,
        fixed_now,
        school,
        DirectorFactory(institution=school).user,
        ApproverFactory(region=places.region).user,
        ItemFactory(institution=school, code=CODE),
    )


@pytest.fixture
def director(client: Client, world: World) -> Client:
    client.force_login(world.director)
    return client


def file(seed: int = 1, name: str = "IMG_1.jpg", **options: Any) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, stored(scene(seed), quality=90, **options), "image/jpeg")


def typed(world: World, *files: SimpleUploadedFile, **changes: Any) -> dict[str, Any]:
    """A form as the page gives it, filled."""
    draft = StatusEntry.objects.filter(item=world.item, author=world.director, state=EntryState.DRAFT).first()
    return {
        "status": "met",
        "effective_on": "2026-05-10",
        "note": "Турникет қойылды",
        "base": f"{world.item.version}/{draft.saved_at.isoformat() if draft else ''}",
        "do": "submit",
        "photos": list(files),
    } | changes


def sent_as() -> list[tuple[str, list[str]]]:
    """State and uploads of each entry."""
    return [
        (entry.state, [photo.upload_sha256 for photo in entry.photos.all()])
        for entry in StatusEntry.objects.order_by("pk")
    ]


def upload_of(seed: int) -> str:
    return picture(seed).upload_sha256


# --- sending --------------------------------------------------------------------------------------


def test_photos_are_sent_with_an_answer(director: Client, world: World) -> None:
    response = director.post(world.url, typed(world, file(1), file(2, "IMG_2.jpg")))
    assert (response.status_code, response.url) == (302, world.url)
    assert sent_as() == [(EntryState.SUBMITTED, [upload_of(1), upload_of(2)])]
    page = director.get(world.url).content.decode()
    assert [reverse("compliance:photo", args=[photo.pk]) in page for photo in Photo.objects.all()] == [True, True]


def test_the_page_says_what_is_never_uploaded_and_why(director: Client, world: World, source_words: None) -> None:
    page = " ".join(director.get(world.url).content.decode().split())
    for words in ("anti-terror passport", "layouts of cameras and zones", "duty rosters", "official use only"):
        assert words in page


def test_the_same_form_sent_twice_acts_once(director: Client, world: World) -> None:
    answer = typed(world, file(1))
    director.post(world.url, answer)
    response = director.post(world.url, answer | {"photos": [file(1)]})
    assert (response.status_code, sent_as()) == (302, [(EntryState.SUBMITTED, [upload_of(1)])])


def test_another_photo_behind_a_waiting_answer_is_no_repetition(director: Client, world: World) -> None:
    director.post(world.url, typed(world, file(1)))
    response = director.post(world.url, typed(world, file(2)))
    assert (response.status_code, sent_as()) == (
        409,
        [(EntryState.SUBMITTED, [upload_of(1)]), (EntryState.DRAFT, [upload_of(2)])],
    )


def test_a_photo_is_removed_from_the_draft_with_the_form(director: Client, world: World) -> None:
    director.post(world.url, typed(world, file(1), file(2), do="save"))
    director.post(world.url, typed(world, do="save", remove_photo=[upload_of(1)]))
    assert sent_as() == [(EntryState.DRAFT, [upload_of(2)])]


def test_an_answer_that_came_back_is_sent_again_with_its_photos(director: Client, world: World) -> None:
    EntryFactory(item=world.item, author=world.director, photos=[picture(1), picture(2)], returned=True)
    form = director.get(world.url)
    assert [photo.upload_sha256 for photo in form.context["photos"]] == [upload_of(1), upload_of(2)]
    director.post(world.url, typed(world, file(3), remove_photo=[upload_of(2)]))
    assert sent_as()[1] == (EntryState.SUBMITTED, [upload_of(1), upload_of(3)])


def test_an_answer_taken_back_is_sent_again_with_its_photos(director: Client, world: World) -> None:
    EntryFactory(item=world.item, author=world.director, photos=[picture(1)], withdrawn=True)
    director.post(world.url, typed(world))
    assert sent_as()[1] == (EntryState.SUBMITTED, [upload_of(1)])


# --- photos of an answer that is not taken ----------------------------------------------------------


def kept() -> list[tuple[User, str]]:
    return [(photo.person, photo.upload_sha256) for photo in KeptPhoto.objects.select_related("person")]


def test_photos_of_a_refused_answer_are_kept_and_go_with_the_next_try(
    director: Client, world: World, source_words: None
) -> None:
    response = director.post(world.url, typed(world, file(1), file(2), effective_on="кеше"))
    assert (response.status_code, sent_as()) == (422, [])
    assert kept() == [(world.director, upload_of(1)), (world.director, upload_of(2))]
    page = " ".join(response.content.decode().split())
    assert "They are kept until 26.05.2026 and go with the answer" in page
    shown = [reverse("compliance:kept_photo", args=[photo.pk]) for photo in KeptPhoto.objects.all()]
    opened_again = director.get(world.url).content.decode()
    assert [(address in page, address in opened_again) for address in shown] == [(True, True), (True, True)]
    response = director.post(world.url, typed(world, file(3)))
    assert (response.status_code, kept()) == (302, [])
    assert sent_as() == [(EntryState.SUBMITTED, [upload_of(1), upload_of(2), upload_of(3)])]


def test_photos_of_an_answer_that_was_overtaken_are_kept(director: Client, world: World) -> None:
    behind = typed(world, file(1), base="99/")
    assert (director.post(world.url, behind).status_code, sent_as()) == (409, [])
    assert kept() == [(world.director, upload_of(1))]
    assert director.post(world.url, typed(world)).status_code == 302
    assert (sent_as(), kept()) == ([(EntryState.SUBMITTED, [upload_of(1)])], [])


def test_more_photos_than_there_is_room_for_are_kept_to_choose_from(director: Client, world: World) -> None:
    director.post(world.url, typed(world, *(file(seed) for seed in range(5)), do="save"))
    assert director.post(world.url, typed(world, file(5), file(6), do="save")).status_code == 422
    assert kept() == [(world.director, upload_of(5)), (world.director, upload_of(6))]
    response = director.post(world.url, typed(world, do="submit", remove_photo=[upload_of(0)]))
    assert (response.status_code, kept()) == (302, [])
    assert sent_as() == [(EntryState.SUBMITTED, [upload_of(seed) for seed in range(1, 7)])]


def test_a_kept_photo_is_thrown_away_by_its_box_even_where_the_answer_is_refused_again(
    director: Client, world: World
) -> None:
    director.post(world.url, typed(world, file(1), file(2), effective_on=""))
    director.post(world.url, typed(world, effective_on="", remove_photo=[upload_of(1)]))
    assert kept() == [(world.director, upload_of(2))]
    actions = list(Journal.objects.filter(action__startswith="photo.").order_by("pk").values_list("action", "user"))
    assert actions == [
        ("photo.keep", world.director.pk), ("photo.keep", world.director.pk), ("photo.drop", world.director.pk),
    ]  # fmt: skip
    director.post(world.url, typed(world))
    assert sent_as() == [(EntryState.SUBMITTED, [upload_of(2)])]


def test_a_box_that_was_ticked_comes_back_ticked(director: Client, world: World) -> None:
    director.post(world.url, typed(world, file(1), do="save"))
    page = director.post(world.url, typed(world, effective_on="", remove_photo=[upload_of(1)])).content.decode()
    assert f'value="{upload_of(1)}" checked' in page


def test_a_draft_that_saves_itself_leaves_kept_photos_to_wait(director: Client, world: World) -> None:
    director.post(world.url, typed(world, file(1), effective_on=""))
    response = director.post(world.url, typed(world, do="save"), headers={"HX-Request": "true"})
    assert (response.status_code, sent_as()) == (200, [(EntryState.DRAFT, [])])
    assert kept() == [(world.director, upload_of(1))]


def test_a_kept_photo_is_seen_by_its_person_alone_and_while_they_answer_there(client: Client, world: World) -> None:
    client.force_login(world.director)
    client.post(world.url, typed(world, file(1), effective_on=""))
    address = reverse("compliance:kept_photo", args=[KeptPhoto.objects.get().pk])
    seen = {"director": client.get(address).status_code}
    colleague = DirectorFactory(institution=world.school).user
    neighbour = EditorFactory(region=world.places.capital).user
    for name, person in {"colleague": colleague, "approver": world.approver, "neighbour": neighbour}.items():
        client.force_login(person)
        seen[name] = client.get(address).status_code
    client.force_login(world.director)
    world.director.memberships.all().delete()
    seen["no longer director"] = client.get(address).status_code
    assert seen == {"director": 200, "colleague": 404, "approver": 404, "neighbour": 404, "no longer director": 404}


def test_a_colleague_sends_their_own_answer_without_anothers_kept_photos(client: Client, world: World) -> None:
    client.force_login(world.director)
    client.post(world.url, typed(world, file(1), effective_on=""))
    client.force_login(DirectorFactory(institution=world.school).user)
    assert client.get(world.url).context["kept_photos"] == []
    client.post(world.url, typed(world))
    assert sent_as() == [(EntryState.SUBMITTED, [])]
    assert kept() == [(world.director, upload_of(1))]


# --- photos of a form whose session has ended --------------------------------------------------------


def form_of(client: Client, world: World) -> str:
    """To whom the form says that it was given."""
    page = client.get(world.url).content.decode()
    return page.partition('name="given_to" value="')[2].partition('"')[0]


def from_here(**more: str) -> dict[str, str]:
    return {"Origin": "http://testserver", **more}


def test_photos_outlive_the_session_and_go_with_the_form_that_is_sent_again(
    director: Client, world: World, source_words: None
) -> None:
    answer = typed(world, given_to=form_of(director, world))
    director.logout()
    response = director.post(world.url, answer | {"photos": [file(1)]}, headers=from_here())
    assert (response.status_code, response.context["files_kept"]) == (403, True)
    assert "The photos are kept for you: they go with the form" in response.content.decode()
    director.force_login(world.director)
    response = director.post(world.url, answer)
    assert (response.status_code, sent_as()) == (302, [(EntryState.SUBMITTED, [upload_of(1)])])


def test_photos_outlive_a_token_against_forgery_that_is_too_old(world: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.director)
    answer = typed(world, file(1), given_to=form_of(browser, world))
    response = browser.post(world.url, answer, headers=from_here())
    assert (response.status_code, response.context["files_kept"], sent_as()) == (403, True, [])
    assert kept() == [(world.director, upload_of(1))]


@pytest.mark.parametrize("given_to", ["", "нағыз", "a:b:c"])
def test_a_stranger_leaves_no_photos(client: Client, world: World, given_to: str, source_words: None) -> None:
    response = client.post(world.url, typed(world, file(1), given_to=given_to), headers=from_here())
    assert (response.status_code, kept()) == (403, [])
    assert "Files have to be chosen again" in response.content.decode()


def test_a_form_of_somebody_who_answers_there_no_more_leaves_no_photos(director: Client, world: World) -> None:
    answer = typed(world, file(1), given_to=form_of(director, world))
    director.logout()
    world.director.memberships.all().delete()
    assert director.post(world.url, answer, headers=from_here()).status_code == 403
    assert kept() == []


def test_a_form_from_elsewhere_leaves_no_photos(director: Client, world: World) -> None:
    answer = typed(world, file(1), given_to=form_of(director, world))
    director.logout()
    assert director.post(world.url, answer, headers={"Origin": "https://example.org"}).status_code == 302
    assert kept() == []


# --- what is no photo -----------------------------------------------------------------------------


def said(response: Any) -> list[str]:
    return list(response.context["form"].errors["photos"])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"MZ\x90\x00" + b"\0" * 99, "this is not a photo. Send a JPEG, PNG or WebP picture."),
        (b"\0\0\0\x18ftypheic" + b"\0" * 99, "this is a HEIC photo, which not every computer can show."),
        (b"%PDF-1.7", "this is a document, not a photo. Name its number, issuer and dates in the fields above;"),
        (b"<svg/>", "this is a drawing, not a photo."),
        (b"\xff\xd8\xff" + b"\0" * 99, "the photo is damaged and cannot be opened."),
    ],
)
def test_a_file_that_is_no_photo_is_refused_with_words_that_help(
    director: Client, world: World, source_words: None, data: bytes, words: str
) -> None:
    answer = typed(world, SimpleUploadedFile("ФОТО.jpg", data, "image/jpeg"))
    response = director.post(world.url, answer)
    assert response.status_code == 422
    assert [sentence.startswith(f"“ФОТО.jpg”: {words}") for sentence in said(response)] == [True]
    form = response.context["form"]
    assert {name: form[name].value() for name in ("status", "effective_on", "note")} == {
        name: answer[name] for name in ("status", "effective_on", "note")
    }
    assert sent_as() == [(EntryState.DRAFT, [])]


def test_good_photos_stay_with_the_draft_and_the_form_can_be_sent_again(director: Client, world: World) -> None:
    response = director.post(world.url, typed(world, file(1), SimpleUploadedFile("x.jpg", b"x")))
    assert (response.status_code, sent_as()) == (422, [(EntryState.DRAFT, [upload_of(1)])])
    base = response.context["form"]["base"].value()
    response = director.post(world.url, typed(world, base=base))
    assert (response.status_code, sent_as()) == (302, [(EntryState.SUBMITTED, [upload_of(1)])])


def test_a_wrong_answer_comes_back_filled(director: Client, world: World) -> None:
    response = director.post(world.url, typed(world, file(1), effective_on=""))
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["effective_on"])
    assert response.context["form"]["note"].value() == "Турникет қойылды"
    assert sent_as() == []


def test_too_many_photos_are_refused_and_what_was_typed_stays(
    director: Client, world: World, source_words: None
) -> None:
    director.post(world.url, typed(world, *(file(seed) for seed in range(5)), do="save", note="бұрынғы"))
    response = director.post(world.url, typed(world, file(5), file(6), do="save"))
    assert (response.status_code, said(response)) == (
        422,
        ["An answer has room for 6 photos. Choose those that show it best."],
    )
    assert response.context["form"]["note"].value() == "Турникет қойылды"
    assert sent_as() == [(EntryState.DRAFT, [upload_of(seed) for seed in range(5)])]
    response = director.post(world.url, typed(world, *(file(seed) for seed in range(7)), do="save"))
    assert (response.status_code, len(said(response))) == (422, 1)


def test_a_file_that_is_too_large_never_reaches_the_disk_and_the_rest_of_the_form_is_kept(
    director: Client, world: World, source_words: None, settings: Any, tmp_path: Path
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    large = SimpleUploadedFile("video.jpg", b"\xff\xd8\xff" + b"\0" * (pictures.MOST_BYTES + 200_000), "image/jpeg")
    response = director.post(world.url, typed(world, large, file(1)))
    assert response.status_code == 422
    assert said(response) == [
        "“video.jpg”: the file is too large. Take the photo with a smaller size, or send a copy made smaller."
    ]
    assert response.context["form"]["note"].value() == "Турникет қойылды"
    assert sent_as() == [(EntryState.DRAFT, [upload_of(1)])]
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []


def test_the_form_with_photos_asks_for_the_token_against_forgery(world: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.director)
    answer = typed(world, file(1))
    assert (browser.post(world.url, answer).status_code, sent_as()) == (403, [])
    page = browser.get(world.url).content.decode()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    response = browser.post(world.url, answer | {"photos": [file(1)], "csrfmiddlewaretoken": token})
    assert (response.status_code, sent_as()) == (302, [(EntryState.SUBMITTED, [upload_of(1)])])


def test_a_draft_that_saves_itself_leaves_the_photos_alone(director: Client, world: World) -> None:
    director.post(world.url, typed(world, file(1), do="save"))
    response = director.post(world.url, typed(world, do="save"), headers={"HX-Request": "true"})
    assert (response.status_code, sent_as()) == (200, [(EntryState.DRAFT, [upload_of(1)])])


# --- showing --------------------------------------------------------------------------------------


def test_a_photo_is_shown_to_those_in_scope_alone(client: Client, world: World) -> None:
    waiting = EntryFactory(item=world.item, author=world.director, photos=[picture(1)], submitted=True)
    draft = EntryFactory(item=world.item, author=world.director, photos=[picture(2)])
    other = InstitutionFactory(locality=world.places.capital_district)
    people = {
        "director": world.director,
        "editor": EditorFactory(region=world.places.region).user,
        "approver": world.approver,
        "analyst": AnalystFactory().user,
        "neighbour's director": DirectorFactory(institution=other).user,
        "neighbour's approver": ApproverFactory(region=world.places.capital).user,
        "nobody": UserFactory(),
    }
    seen = {}
    for name, person in people.items():
        client.force_login(person)
        urls = [reverse("compliance:photo", args=[entry.photos.get().pk]) for entry in (waiting, draft)]
        seen[name] = [client.get(url).status_code for url in urls]
    assert seen == {
        "director": [200, 200],
        "editor": [200, 200],
        "approver": [200, 404],
        "analyst": [200, 404],
        "neighbour's director": [404, 404],
        "neighbour's approver": [404, 404],
        "nobody": [404, 404],
    }
    client.logout()
    url = reverse("compliance:photo", args=[waiting.photos.get().pk])
    assert client.get(url).url == f"/accounts/login/?next={url}"


def test_a_photo_is_served_as_a_picture_and_nothing_else(director: Client, world: World) -> None:
    entry = EntryFactory(item=world.item, author=world.director, photos=[picture(1, exif=camera_data())])
    photo = entry.photos.get()
    response = director.get(reverse("compliance:photo", args=[photo.pk]))
    assert response.content == picture(1, exif=camera_data()).jpeg
    assert {
        name: response.headers[name]
        for name in ("Content-Type", "Cache-Control", "Content-Disposition", "X-Content-Type-Options")
    } == {
        "Content-Type": "image/jpeg",
        "Cache-Control": "private, max-age=600",
        "Content-Disposition": f'inline; filename="photo-{photo.pk}.jpg"',
        "X-Content-Type-Options": "nosniff",
    }
    assert response.headers["Content-Security-Policy"] == (
        "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"
    )


def test_a_photo_whose_file_is_lost_is_not_found(director: Client, world: World) -> None:
    photo = EntryFactory(item=world.item, author=world.director, photos=[picture(1)]).photos.get()
    photos.path_of(photo.sha256).unlink()
    assert director.get(reverse("compliance:photo", args=[photo.pk])).status_code == 404


def test_a_photo_seen_from_outside_is_a_reading(client: Client, world: World) -> None:
    entry = EntryFactory(item=world.item, author=world.director, photos=[picture(1)], submitted=True)
    for person in (world.director, world.approver):
        client.force_login(person)
        client.get(reverse("compliance:photo", args=[entry.photos.get().pk]))
    rows = Journal.objects.filter(action="institution.read").values_list("user", "institution")
    assert list(rows) == [(world.approver.pk, world.school.pk)]


def test_the_approver_sees_the_photos_with_place_and_time(client: Client, world: World, source_words: None) -> None:
    Institution.objects.filter(pk=world.school.pk).update(latitude="49.80000", longitude="73.10000")
    exif = camera_data(north=49.8, east=73.1)
    entry = EntryFactory(item=world.item, author=world.director, photos=[picture(1, exif=exif)], submitted=True)
    client.force_login(world.approver)
    client.cookies["django_language"] = "en"
    page = " ".join(client.get(reverse("compliance:entry", args=[entry.pk])).content.decode().split())
    assert f'src="{reverse("compliance:photo", args=[entry.photos.get().pk])}"' in page
    assert "49.80000; 73.10000, 0.0 km from the institution" in page
    assert "taken 18 May 2026, 09:30" in page
    queue = " ".join(client.get(reverse("compliance:queue")).content.decode().split())
    assert "1 photo<" in queue


# --- documents ------------------------------------------------------------------------------------

CONTRACT = DocumentReference("214/2026", "«Құзет-Қорғау» ЖШС", date(2026, 1, 5), date(2026, 12, 31))


def typed_document(**changes: str) -> dict[str, str]:
    return {
        "document_number": "214/2026",
        "document_issuer": "«Құзет-Қорғау» ЖШС",
        "document_issued_on": "2026-01-05",
        "document_valid_until": "2026-12-31",
    } | changes


def resting(world: World, at: Institution | None = None, **fields: Any) -> StatusEntry:
    """An approved answer that rests on the contract."""
    item = ItemFactory(institution=at or world.school, code="ACC-POST")
    return EntryFactory(item=item, **{"document": CONTRACT, "author": world.director, "approved": True} | fields)


def test_a_document_that_is_here_already_is_chosen_and_not_copied(director: Client, world: World) -> None:
    contract = resting(world).evidence
    form = director.get(world.url).context["form"]
    assert [value for value, _label in form.fields["document"].choices] == ["", contract.pk]
    director.post(world.url, typed(world, document=contract.pk, do="save"))
    draft = StatusEntry.objects.get(state=EntryState.DRAFT)
    assert draft.evidence == contract
    form = director.get(world.url).context["form"]
    assert ("document" in form.fields, form["document_number"].value()) == (False, "214/2026")
    # The page may still have it chosen, after the draft has saved itself.
    director.post(world.url, typed(world, document=contract.pk))
    draft.refresh_from_db()
    assert (draft.state, draft.evidence) == (EntryState.SUBMITTED, contract)


def test_ones_own_document_fills_the_fields(director: Client, world: World) -> None:
    director.post(world.url, typed(world, do="save", **typed_document()))
    form = director.get(world.url).context["form"]
    assert ("document" in form.fields, form["document_number"].value()) == (False, "214/2026")


def test_a_document_that_is_chosen_takes_the_place_of_the_one_that_is_named(director: Client, world: World) -> None:
    contract = resting(world).evidence
    director.post(world.url, typed(world, do="save", **typed_document(document_number="9")))
    form = director.get(world.url).context["form"]
    assert [value for value, _label in form.fields["document"].choices] == ["", contract.pk]
    director.post(world.url, typed(world, document=contract.pk, **typed_document(document_number="9")))
    assert StatusEntry.objects.get(item=world.item).evidence == contract


def test_a_document_that_is_typed_as_it_stands_here_is_no_copy(director: Client, world: World) -> None:
    contract = resting(world).evidence
    director.post(world.url, typed(world, **typed_document()))
    assert StatusEntry.objects.get(item=world.item).evidence == contract


@pytest.mark.parametrize("case", ["another region's", "revoked", "ended", "nonsense"])
def test_a_document_that_cannot_be_used_is_refused(director: Client, world: World, case: str) -> None:
    resting(world)
    far = InstitutionFactory(locality=world.places.capital_district)
    other = resting(world, far, document=DocumentReference("7", "ЖШС", date(2026, 1, 1)), author=None).evidence
    if case == "revoked":
        other = resting(world, document=DocumentReference("8", "ЖШС", date(2026, 1, 1))).evidence
        documents.revoke(other, by=ApproverFactory(region=world.places.region).user, now=world.now, note="Қате")
    if case == "ended":
        other = resting(world, document=DocumentReference("8", "ЖШС", date(2026, 1, 1), date(2026, 5, 19))).evidence
    response = director.post(world.url, typed(world, document="x" if case == "nonsense" else other.pk))
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["document"])
    assert not StatusEntry.objects.filter(item=world.item).exists()


def test_a_draft_whose_document_was_revoked_says_so_when_it_is_sent(
    director: Client, world: World, source_words: None
) -> None:
    director.post(world.url, typed(world, do="save", **typed_document()))
    contract = StatusEntry.objects.get().evidence
    documents.revoke(contract, by=world.approver, now=world.now, note="Бұзылды")
    response = director.post(world.url, typed(world, **typed_document()))
    assert response.status_code == 422
    assert list(response.context["form"].errors.items()) == [
        ("document_number", ["This document was revoked and proves nothing any more. Name another one."])
    ]


def test_a_document_is_shown_with_what_rests_on_it_in_scope(client: Client, world: World) -> None:
    first = resting(world)
    neighbour = InstitutionFactory(locality=world.places.district)
    far = InstitutionFactory(locality=world.places.capital_district)
    second = resting(world, neighbour, document=first.evidence, author=None)
    third = resting(world, far, document=first.evidence, author=None)
    other = InstitutionFactory(locality=world.places.other_capital_district)
    people = {
        "director": world.director,
        "approver": world.approver,
        "far director": DirectorFactory(institution=far).user,
        "analyst": AnalystFactory().user,
        "stranger's director": DirectorFactory(institution=other).user,
        "nobody": UserFactory(),
    }
    seen: dict[str, Any] = {}
    for name, person in people.items():
        client.force_login(person)
        page = client.get(reverse("compliance:document", args=[first.evidence.pk]))
        context = page.context
        seen[name] = page.status_code
        if page.status_code == 200:
            rows = {entry.pk for entry in context["page"]}
            seen[name] = (rows, context["served"], context["outside"], context["may_revoke"], context["within"])
    assert seen == {
        "director": ({first.pk}, 1, 2, False, 0),
        "approver": ({first.pk, second.pk}, 2, 1, True, 2),
        "far director": ({third.pk}, 1, 2, False, 0),
        "analyst": ({first.pk, second.pk, third.pk}, 3, 0, False, 0),
        "stranger's director": 404,
        "nobody": 404,
    }
    rows = Journal.objects.filter(action="document.read").order_by("pk").values_list("user", "subject")
    assert list(rows) == [(people[name].pk, f"evidence:{first.evidence.pk}") for name in ("approver", "analyst")]


@pytest.mark.parametrize("answers", [1, 3])
def test_document_query_count(client: Client, world: World, answers: int, django_assert_num_queries: Any) -> None:
    first = resting(world)
    for _number in range(answers - 1):
        resting(world, InstitutionFactory(locality=world.places.city), document=first.evidence, author=None)
    client.force_login(world.approver)
    url = reverse("compliance:document", args=[first.evidence.pk])
    client.get(url)
    with django_assert_num_queries(21):
        response = client.get(url)
    assert len(response.context["page"].object_list) == answers


@pytest.mark.parametrize("who", ["director", "editor", "analyst", "neighbour", "nobody"])
def test_nobody_else_revokes_a_document(client: Client, world: World, who: str) -> None:
    entry = resting(world)
    people = {
        "director": lambda: world.director,
        "editor": lambda: EditorFactory(region=world.places.region).user,
        "analyst": lambda: AnalystFactory().user,
        "neighbour": lambda: ApproverFactory(region=world.places.capital).user,
        "nobody": UserFactory,
    }
    client.force_login(people[who]())
    response = client.post(reverse("compliance:revoke_document", args=[entry.evidence.pk]), {"revoke-note": "Қате"})
    entry.refresh_from_db()
    assert (response.status_code, entry.state, entry.evidence.revoked_at) == (404, EntryState.APPROVED, None)


def test_an_approver_revokes_a_document_with_a_reason(client: Client, world: World, source_words: None) -> None:
    entry = resting(world)
    url = reverse("compliance:revoke_document", args=[entry.evidence.pk])
    client.force_login(world.approver)
    assert client.get(url).url == reverse("compliance:document", args=[entry.evidence.pk])
    response = client.post(url, {"revoke-note": " "})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["note"])
    page = client.post(url, {"revoke-note": "Шарт бұзылды"}, follow=True)
    assert [str(message) for message in page.context["messages"]] == [
        "The document is revoked, and 1 approved answer with it."
    ]
    entry.refresh_from_db()
    assert (entry.state, entry.evidence.revoke_note) == (EntryState.REVOKED, "Шарт бұзылды")
    assert "Шарт бұзылды" in page.content.decode()


def test_ones_own_document_is_not_revoked_and_the_reason_is_kept(client: Client, world: World) -> None:
    EditorFactory(user=world.approver, region=world.places.region)
    entry = resting(world, author=world.approver)
    client.force_login(world.approver)
    assert client.get(reverse("compliance:document", args=[entry.evidence.pk])).context["may_revoke"] is False
    response = client.post(reverse("compliance:revoke_document", args=[entry.evidence.pk]), {"revoke-note": "Қате"})
    assert (response.status_code, response.context["form"]["note"].value()) == (409, "Қате")
    entry.refresh_from_db()
    assert (entry.state, entry.evidence.revoked_at) == (EntryState.APPROVED, None)
