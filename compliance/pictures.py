"""An uploaded photo, judged by its content and made fit to be shown. Pure: no database, no clock.

Nothing of what came in is ever served: `read` decodes the pixels, and writes them anew as a JPEG without any of the
data that cameras put beside them. Place and time are read before, and kept as data. `likeness` is a hash that stays
(nearly) the same when a picture is stored again, made smaller or a little brighter.
"""

from __future__ import annotations

import hashlib
import io
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Final
from zoneinfo import ZoneInfo

from PIL import ExifTags, Image, ImageFile, ImageOps, ImageStat, UnidentifiedImageError

MOST_BYTES: Final = 15 * 1024 * 1024
# A JPEG is decoded at a fraction of its size, the others whole: four bytes a pixel.
MOST_PIXELS: Final = {"JPEG": 64_000_000, "MPO": 64_000_000, "PNG": 24_000_000, "WEBP": 24_000_000}
LEAST_SIDE: Final = 160  # pixels; what is smaller shows nothing
LONG_SIDE: Final = 1600  # pixels of what is kept: enough to read a plate on a wall
QUALITY: Final = 82

# Two pictures whose hashes differ in at most so many of 64 bits are taken for the same one.
NEAR: Final = 7
BANDS: Final = 4
BAND_BITS: Final = 16
_FLAT: Final = 4.0  # grey levels; a picture that varies less (a dark room, a finger) is like any other

_HOME: Final = ZoneInfo("Asia/Almaty")


class Fault(Enum):
    """Why a file is not taken for a photo."""

    EMPTY = auto()
    TOO_LARGE = auto()  # in bytes
    TOO_MANY_PIXELS = auto()
    TOO_SMALL = auto()
    HEIC = auto()
    DOCUMENT = auto()  # PDF and office files: a scan of a paper that should not be here
    DRAWING = auto()  # SVG
    BROKEN = auto()
    UNKNOWN = auto()  # a program, a video, a picture of another kind


class NotAPhoto(ValueError):
    """The file is not taken; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo as it is kept. Degrees are WGS 84, positive to the north and east; `taken_at` as the camera says."""

    jpeg: bytes
    sha256: str
    upload_sha256: str
    width: int
    height: int
    likeness: int | None
    taken_at: datetime | None
    latitude: float | None
    longitude: float | None


def read(data: bytes) -> Picture:
    """Judge an upload and make the file that is kept; the same bytes always give the same. Raises `NotAPhoto`."""
    if not data:
        raise NotAPhoto(Fault.EMPTY)
    if len(data) > MOST_BYTES:
        raise NotAPhoto(Fault.TOO_LARGE)
    try:
        with _whole_only(), Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as opened:
            width, height = opened.size
            if width * height > MOST_PIXELS[opened.format or ""]:
                raise NotAPhoto(Fault.TOO_MANY_PIXELS)
            if min(width, height) < LEAST_SIDE:
                raise NotAPhoto(Fault.TOO_SMALL)
            taken_at, latitude, longitude = _beside_the_pixels(opened)
            opened.draft("RGB", (LONG_SIDE, LONG_SIDE))  # lets the decoder skip what would be thrown away
            shown = _upright(opened)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise NotAPhoto(Fault.TOO_MANY_PIXELS) from bomb
    except UnidentifiedImageError as unknown:
        raise NotAPhoto(_kind_of(data)) from unknown
    except NotAPhoto:
        raise
    except (OSError, EOFError, SyntaxError, ValueError, struct.error, zlib.error) as broken:
        raise NotAPhoto(Fault.BROKEN) from broken
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    jpeg = out.getvalue()
    return Picture(
        jpeg=jpeg,
        sha256=hashlib.sha256(jpeg).hexdigest(),
        upload_sha256=hashlib.sha256(data).hexdigest(),
        width=shown.width,
        height=shown.height,
        likeness=likeness(shown),
        taken_at=taken_at,
        latitude=latitude,
        longitude=longitude,
    )


@contextmanager
def _whole_only() -> Iterator[None]:
    """Let no picture pass that breaks off in the middle: WeasyPrint, once imported, has Pillow take it all the same.

    The setting is one for the process; what else is drawn meanwhile are our own pictures, which are whole.
    """
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _upright(opened: Image.Image) -> Image.Image:
    """The pixels alone: turned as the camera was held, on white where they are transparent, no larger than needed."""
    opened.load()
    turned = ImageOps.exif_transpose(opened)
    if turned.has_transparency_data:
        turned = turned.convert("RGBA")
        ground = Image.new("RGBA", turned.size, "white")
        turned = Image.alpha_composite(ground, turned)
    plain = turned.convert("RGB")
    plain.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
    clean = Image.new("RGB", plain.size)  # a new one carries nothing of what stood beside the old one's pixels
    clean.paste(plain)
    return clean


def _kind_of(data: bytes) -> Fault:
    """What a file is that Pillow does not know, by its first bytes; for a message that helps."""
    head = data[:1024]
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"hevc", b"heim", b"mif1", b"msf1", b"avif"):
        return Fault.HEIC
    if b"%PDF-" in head or head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return Fault.DOCUMENT
    if b"<svg" in head.lower() or head.lstrip().startswith(b"<?xml"):
        return Fault.DRAWING
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return Fault.BROKEN
    return Fault.UNKNOWN


# --- what the camera wrote beside the pixels -------------------------------------------------------


def _beside_the_pixels(opened: Image.Image) -> tuple[datetime | None, float | None, float | None]:
    """Time and place, each None where it is not there or makes no sense: cameras write all kinds of things."""
    try:
        exif = opened.getexif()
        about, place = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error):
        return None, None, None
    latitude = _degrees(place, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "S", 90)
    longitude = _degrees(place, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "W", 180)
    if latitude is None or longitude is None:
        latitude = longitude = None
    return _moment(about), latitude, longitude


def _moment(about: dict[int, object]) -> datetime | None:
    """When it was taken; a camera that names no zone shows the time of Kazakhstan."""
    said = about.get(ExifTags.Base.DateTimeOriginal)
    try:
        moment = datetime.strptime(str(said).strip("\x00 "), "%Y:%m:%d %H:%M:%S").replace(tzinfo=_HOME)
        zone = str(about.get(ExifTags.Base.OffsetTimeOriginal) or "").strip("\x00 ")
        if zone:
            moment = datetime.strptime(f"{moment:%Y:%m:%d %H:%M:%S}{zone}", "%Y:%m:%d %H:%M:%S%z")
    except ValueError:
        return None
    return moment if moment.year >= 1990 else None  # a clock that was never set


def _degrees(place: dict[int, object], tag: int, ref: int, negative: str, most: int) -> float | None:
    try:
        parts = [float(part) for part in place[tag]]  # type: ignore[attr-defined]  # three rationals, or nonsense
        value = parts[0] + parts[1] / 60 + parts[2] / 3600
    except (KeyError, IndexError, TypeError, ValueError, ZeroDivisionError):
        return None
    if not math.isfinite(value) or not 0 <= value <= most:
        return None
    return round(-value if str(place.get(ref, "")).strip("\x00 ").upper() == negative else value, 6)


# --- likeness --------------------------------------------------------------------------------------

_GRID: Final = 32
_WAVES: Final = [
    [math.cos((2 * x + 1) * u * math.pi / (2 * _GRID)) for x in range(_GRID)]
    for u in range(1, 9)  # neither the mean nor what changes from one side to the other alone: light does that
]


def likeness(image: Image.Image) -> int | None:
    """A 64-bit perceptual hash: which of the 8 × 8 slowest waves of the picture are stronger than their median.

    After pHash (Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010). None for a
    picture that shows next to nothing.
    """
    small = image.convert("L").resize((_GRID, _GRID), Image.Resampling.BOX)
    if ImageStat.Stat(small).stddev[0] < _FLAT:
        return None
    grey = small.tobytes()
    rows = [grey[start : start + _GRID] for start in range(0, _GRID * _GRID, _GRID)]
    across = [[sum(map(float.__mul__, wave, map(float, row))) for row in rows] for wave in _WAVES]
    waves = [sum(map(float.__mul__, wave, line)) for wave in _WAVES for line in across]
    ordered = sorted(waves)
    median = (ordered[31] + ordered[32]) / 2
    return sum((strength > median) << place for place, strength in enumerate(waves))


def distance(one: int, other: int) -> int:
    """In how many of their 64 bits two hashes differ."""
    return (one ^ other).bit_count()


def bands(hashed: int) -> tuple[int, ...]:
    """The hash in four parts of 16 bits: hashes that differ in at most `NEAR` bits share one but for one bit."""
    return tuple(hashed >> (BAND_BITS * place) & 0xFFFF for place in range(BANDS))


def of_bands(parts: tuple[int, ...]) -> int:
    """The hash that `bands` took apart."""
    return sum(part << (BAND_BITS * place) for place, part in enumerate(parts))


def near_bands(hashed: int) -> Iterator[tuple[int, list[int]]]:
    """For each band its place, and the 17 values that a near hash may have there: the same, or one bit away.

    Seven bits that differ, spread over four bands, leave one band with one bit at the most; so a look-up by these
    values misses no hash within `NEAR`.
    """
    for place, part in enumerate(bands(hashed)):
        yield place, [part, *(part ^ (1 << bit) for bit in range(BAND_BITS))]


# --- place -----------------------------------------------------------------------------------------

_EARTH: Final = 6371.0  # mean radius in kilometres


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The way between two places (latitude and longitude in degrees) over the ground, as on a sphere."""
    (lat_1, lon_1), (lat_2, lon_2) = ([math.radians(part) for part in place] for place in (one, other))
    half = math.sin((lat_2 - lat_1) / 2) ** 2
    half += math.cos(lat_1) * math.cos(lat_2) * math.sin((lon_2 - lon_1) / 2) ** 2
    return 2 * _EARTH * math.asin(math.sqrt(half))
