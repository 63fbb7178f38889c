"""Pictures for tests: scenes made from a seed, as a camera would store them."""

from __future__ import annotations

import io
import random
from typing import Any

from PIL import ExifTags, Image, ImageDraw

from compliance import pictures

SIZE = (640, 480)


def scene(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """Soft colours with a dozen shapes before them; another seed is another place."""
    chance = random.Random(seed)
    width, height = size
    made = Image.new("RGB", size, tuple(chance.randrange(60, 220) for _ in range(3)))
    for grain in (3, 6, 12):
        cloud = Image.frombytes("RGB", (grain, grain), chance.randbytes(grain * grain * 3))
        made = Image.blend(made, cloud.resize(size, Image.Resampling.BICUBIC), 0.25)
    pen = ImageDraw.Draw(made)
    for _ in range(12):
        left, top = chance.randrange(width), chance.randrange(height)
        right, bottom = left + chance.randrange(20, width // 3), top + chance.randrange(20, height // 3)
        draw = pen.rectangle if chance.random() < 0.6 else pen.ellipse
        draw((left, top, right, bottom), fill=tuple(chance.randrange(256) for _ in range(3)))
    return made


def stored(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def camera_data(
    *, taken: str = "2026:05:18 09:30:00", zone: str = "", north: float = 49.8, east: float = 73.1, turned: int = 1
) -> Image.Exif:
    """What a phone writes beside the pixels; `turned` is the orientation's number."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = turned
    exif[ExifTags.Base.Make] = "Телефон"
    about = exif.get_ifd(ExifTags.IFD.Exif)
    about[ExifTags.Base.DateTimeOriginal] = taken
    if zone:
        about[ExifTags.Base.OffsetTimeOriginal] = zone
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef] = "N" if north >= 0 else "S"
    place[ExifTags.GPS.GPSLatitude] = _sexagesimal(north)
    place[ExifTags.GPS.GPSLongitudeRef] = "E" if east >= 0 else "W"
    place[ExifTags.GPS.GPSLongitude] = _sexagesimal(east)
    return exif


def _sexagesimal(degrees: float) -> tuple[float, float, float]:
    whole, rest = divmod(abs(degrees) * 3600, 3600)
    minutes, seconds = divmod(rest, 60)
    return whole, minutes, round(seconds, 2)


def picture(seed: int = 1, **options: Any) -> pictures.Picture:
    """A photo as the register reads it."""
    return pictures.read(stored(scene(seed), quality=90, **options))
