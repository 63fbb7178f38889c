"""Photos: what is taken and what is not, what is kept of them, and when two are the same."""

from __future__ import annotations

import io
import itertools
import random
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from PIL import Image, ImageEnhance, ImageFile, PngImagePlugin

from compliance import pictures
from compliance.pictures import Fault, NotAPhoto
from tests.factories.pictures import SIZE, camera_data, picture, scene, stored


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


# --- what is kept ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_of_each_kind_is_kept_as_a_jpeg(kind: str) -> None:
    read = pictures.read(stored(scene(1), kind))
    kept = opened(read.jpeg)
    assert (kept.format, kept.size, (read.width, read.height)) == ("JPEG", SIZE, SIZE)


def test_the_same_bytes_always_give_the_same_file() -> None:
    data = stored(scene(1))
    assert pictures.read(data) == pictures.read(data)


def test_a_large_photo_is_made_smaller_in_its_proportions() -> None:
    read = pictures.read(stored(scene(1, (3200, 1200))))
    assert (read.width, read.height) == (1600, 600)


def test_nothing_that_stood_beside_the_pixels_is_served() -> None:
    data = stored(
        scene(1),
        exif=camera_data(),
        comment="құпия".encode(),
        icc_profile=b"profile",
        xmp=b"<x:xmpmeta>secret</x:xmpmeta>",
    )
    assert b"secret" in data
    read = pictures.read(data)
    kept = opened(read.jpeg)
    assert (dict(kept.getexif()), set(kept.info) & {"exif", "comment", "icc_profile", "xmp"}) == ({}, set())
    assert b"secret" not in read.jpeg


def test_what_follows_the_picture_in_its_file_is_left_behind() -> None:
    read = pictures.read(stored(scene(1)) + b"<?php system($_GET['c']); ?>")
    assert b"<?php" not in read.jpeg


def test_texts_of_a_png_are_left_behind() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "secret", zip=False)
    data = stored(scene(1), "PNG", pnginfo=texts)
    assert b"secret" in data
    assert b"secret" not in pictures.read(data).jpeg


def test_a_photo_is_turned_as_the_camera_was_held() -> None:
    half = Image.new("RGB", SIZE, "white")
    half.paste("black", (0, 0, SIZE[0], SIZE[1] // 2))  # dark above; turned by a quarter: dark to the right
    kept = opened(pictures.read(stored(half, exif=camera_data(turned=6))).jpeg)
    assert kept.size == (SIZE[1], SIZE[0])
    assert [kept.convert("L").getpixel(at) > 128 for at in ((40, 300), (440, 300))] == [True, False]


def test_what_is_transparent_becomes_white() -> None:
    clear = Image.new("RGBA", SIZE, (255, 0, 0, 0))
    kept = opened(pictures.read(stored(clear, "PNG")).jpeg)
    assert kept.getpixel((10, 10)) == (255, 255, 255)


# --- place and time -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "taken_at"),
    [
        ("", datetime(2026, 5, 18, 9, 30, tzinfo=timezone(timedelta(hours=5)))),
        ("+06:00", datetime(2026, 5, 18, 9, 30, tzinfo=timezone(timedelta(hours=6)))),
        ("Z", datetime(2026, 5, 18, 9, 30, tzinfo=UTC)),
    ],
)
def test_place_and_time_are_read_before_they_are_taken_out(zone: str, taken_at: datetime) -> None:
    read = picture(exif=camera_data(zone=zone, north=-49.8125, east=73.1))
    assert (read.taken_at, read.latitude, read.longitude) == (taken_at, -49.8125, 73.1)


def test_a_photo_without_place_and_time_has_none() -> None:
    read = picture()
    assert (read.taken_at, read.latitude, read.longitude) == (None, None, None)


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "1970:01:01 00:00:00", "вчера", ""])
def test_a_time_that_makes_no_sense_is_none(taken: str) -> None:
    assert picture(exif=camera_data(taken=taken)).taken_at is None


def test_a_place_that_makes_no_sense_is_none() -> None:
    read = picture(exif=camera_data(north=120, east=73))
    assert (read.latitude, read.longitude) == (None, None)


def test_broken_data_of_the_camera_do_not_spoil_the_photo() -> None:
    data = stored(scene(1), exif=camera_data())
    start = data.index(b"Exif\0\0") + 6
    read = pictures.read(data[: start + 12] + b"\xff" * 40 + data[start + 52 :])
    assert (read.taken_at, read.latitude, read.longitude) == (None, None, None)


def test_the_way_between_two_places() -> None:
    assert pictures.kilometres((51.13, 71.43), (43.24, 76.89)) == pytest.approx(969, abs=6)  # Astana to Almaty
    assert pictures.kilometres((50, 70), (50, 70)) == 0


# --- what is not taken ----------------------------------------------------------------------------


def png_of(width: int, height: int) -> bytes:
    """A few bytes that say they are a picture of this size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    rows = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 200


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", Fault.EMPTY),
        (b"\xff\xd8\xff" + b"\0" * pictures.MOST_BYTES, Fault.TOO_LARGE),
        (png_of(6000, 5000), Fault.TOO_MANY_PIXELS),
        (png_of(12_000, 9_000), Fault.TOO_MANY_PIXELS),  # at which Pillow warns
        (png_of(60_000, 60_000), Fault.TOO_MANY_PIXELS),  # which Pillow refuses
        (stored(scene(1, (640, 100))), Fault.TOO_SMALL),
        (HEIC, Fault.HEIC),
        (HEIC.replace(b"heic", b"avif"), Fault.HEIC),
        (b"%PDF-1.7\n1 0 obj", Fault.DOCUMENT),
        (b"PK\x03\x04" + b"\0" * 100, Fault.DOCUMENT),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', Fault.DRAWING),
        (b'<svg onload="alert(1)"></svg>', Fault.DRAWING),
        (b"MZ\x90\x00" + b"\0" * 500, Fault.UNKNOWN),
        (b"\x7fELF" + b"\0" * 500, Fault.UNKNOWN),
        (b"#!/bin/sh\nrm -rf /\n", Fault.UNKNOWN),
        (b"<html><script>alert(1)</script></html>", Fault.UNKNOWN),
        (b"GIF89a" + b"\0" * 500, Fault.UNKNOWN),
        (stored(Image.new("RGB", SIZE), "BMP"), Fault.UNKNOWN),
        (stored(Image.new("RGB", SIZE), "TIFF"), Fault.UNKNOWN),
        (stored(scene(1))[:5000], Fault.BROKEN),
        (stored(scene(1), "PNG")[:5000], Fault.BROKEN),
        (stored(scene(1), "WEBP")[:5000], Fault.BROKEN),
        (b"\xff\xd8\xff\xe0" + b"\0" * 500, Fault.BROKEN),
        (b"\xff\xd8\xffMZ a program that calls itself a photo", Fault.BROKEN),
    ],
)
def test_what_is_no_photo_is_refused_with_its_reason(data: bytes, fault: Fault) -> None:
    with pytest.raises(NotAPhoto) as refused:
        pictures.read(data)
    assert refused.value.fault == fault


def test_a_photo_that_breaks_off_is_refused_whatever_another_library_asked_of_pillow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(NotAPhoto):
        pictures.read(stored(scene(1))[:5000])
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's about data of the camera that are cut off
def test_a_photo_cut_or_changed_anywhere_is_read_or_refused_and_never_fails() -> None:
    chance = random.Random(5)
    whole = [stored(scene(2, (200, 170)), kind) for kind in ("JPEG", "PNG", "WEBP")]
    whole.append(stored(scene(2, (200, 170)), exif=camera_data()))
    outcomes = set()
    for data, _turn in itertools.product(whole, range(40)):
        changed = bytearray(data[: chance.randrange(1, len(data) + 1)])
        for _place in range(chance.randrange(6)):
            changed[chance.randrange(min(len(changed), 600))] = chance.randrange(256)
        try:
            read = pictures.read(bytes(changed))
        except NotAPhoto:
            outcomes.add("refused")
        else:
            outcomes.add(str(opened(read.jpeg).format))
    assert outcomes == {"refused", "JPEG"}


# --- likeness -------------------------------------------------------------------------------------

SEEDS = range(30)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: opened(stored(image, quality=35)),
        lambda image: opened(stored(image, "WEBP", quality=60)),
        lambda image: image.resize((image.width // 4, image.height // 4)),
        lambda image: opened(stored(image.resize((image.width * 2, image.height * 2)), quality=50)),
        lambda image: ImageEnhance.Brightness(image).enhance(1.1),
        lambda image: ImageEnhance.Brightness(image).enhance(0.85),
        lambda image: ImageEnhance.Contrast(image).enhance(1.15),
    ],
    ids=["quality", "webp", "smaller", "larger", "brighter", "darker", "contrast"],
)
def test_a_picture_stored_anew_is_still_like_itself(change: Callable[[Image.Image], Image.Image]) -> None:
    far = []
    for seed in SEEDS:
        one, other = pictures.likeness(scene(seed)), pictures.likeness(change(scene(seed)))
        assert one is not None
        assert other is not None
        far.append(pictures.distance(one, other))
    assert max(far) <= pictures.NEAR


def test_different_pictures_are_not_alike() -> None:
    hashes = [hashed for seed in range(60) if (hashed := pictures.likeness(scene(seed))) is not None]
    assert len(hashes) == 60
    nearest = min(pictures.distance(one, other) for one, other in itertools.combinations(hashes, 2))
    assert nearest > 2 * pictures.NEAR


@pytest.mark.parametrize("shade", ["black", "white", (90, 90, 92)])
def test_a_picture_that_shows_nothing_is_like_no_other(shade: str) -> None:
    assert pictures.likeness(Image.new("RGB", SIZE, shade)) is None


def test_bands_take_a_hash_apart_and_put_it_together() -> None:
    assert pictures.bands(0x0123_4567_89AB_CDEF) == (0xCDEF, 0x89AB, 0x4567, 0x0123)
    assert pictures.of_bands(pictures.bands(0x0123_4567_89AB_CDEF)) == 0x0123_4567_89AB_CDEF


def test_the_look_up_by_bands_misses_no_hash_that_is_near() -> None:
    chance = random.Random(7)
    for _turn in range(2000):
        one = chance.getrandbits(64)
        other = one
        for bit in chance.sample(range(64), chance.randint(0, pictures.NEAR)):
            other ^= 1 << bit
        theirs = pictures.bands(other)
        assert any(theirs[place] in values for place, values in pictures.near_bands(one))
