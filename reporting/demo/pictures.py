"""Invented photos: an entrance with what an answer is about, drawn from a number. Nobody's picture, nobody's school."""

from __future__ import annotations

import io
from datetime import datetime
from random import Random
from typing import Final

from PIL import ExifTags, Image, ImageDraw

from compliance import pictures
from compliance.pictures import Picture

_SIZE: Final = (960, 720)
_WALLS: Final = ((214, 205, 190), (196, 208, 205), (222, 214, 176), (205, 196, 214), (186, 200, 216), (219, 199, 186))
_DARK: Final = (52, 58, 64)


def entrance(number: int, *, taken_at: datetime, latitude: float, longitude: float) -> Picture:
    """A photo as the register keeps it; another number is another place."""
    return _read(_drawn(number), taken_at, latitude, longitude)


def again(number: int, *, taken_at: datetime, latitude: float, longitude: float) -> Picture:
    """The same place taken for another: made smaller and brighter, as a photo that goes from hand to hand."""
    smaller = _drawn(number).resize((800, 600), Image.Resampling.LANCZOS)
    return _read(smaller.point(lambda value: min(255, value + 9)), taken_at, latitude, longitude)


def _drawn(number: int) -> Image.Image:
    chance = Random(number)  # noqa: S311
    width, height = _SIZE
    wall, ground = chance.choice(_WALLS), chance.randrange(500, 600)
    made = Image.new("RGB", _SIZE, wall)
    pen = ImageDraw.Draw(made)
    for row in range(0, ground, 36):  # courses of the wall, darker below
        pen.rectangle((0, row, width, row + 34), fill=_darker(wall, row / 2200 + chance.uniform(0, 0.05)))
    pen.rectangle((0, ground, width, height), fill=_darker(wall, 0.45))
    for place in range(-4, 12):  # flags of the floor
        pen.line((width / 2 + (place - 4) * 60, ground, (place - 4) * 240 + width / 2, height), _darker(wall, 0.52), 3)
    left = chance.randrange(60, 520)
    _door(pen, left, chance.randrange(150, 220), left + chance.randrange(220, 330), ground, chance)
    for window in range(chance.randrange(1, 4)):
        at = (left + 420 + window * 190) % (width - 150)
        pen.rectangle((at, 120, at + 130, 290), fill=(176, 205, 222), outline=(250, 250, 250), width=8)
        pen.line((at + 65, 120, at + 65, 290), fill=(250, 250, 250), width=5)
    _camera(pen, chance.randrange(40, width - 160), chance.randrange(30, 90))
    if chance.random() < 0.5:
        _button(pen, min(left + 380, width - 90), ground - 190)
    return made


def _door(pen: ImageDraw.ImageDraw, left: int, top: int, right: int, bottom: int, chance: Random) -> None:
    colour = chance.choice(((109, 76, 65), (84, 110, 122), (92, 107, 74), (121, 85, 72), (69, 90, 100)))
    pen.rectangle((left - 12, top - 12, right + 12, bottom), fill=(238, 238, 232))
    pen.rectangle((left, top, right, bottom), fill=colour)
    middle = (left + right) // 2
    pen.line((middle, top, middle, bottom), fill=_darker(colour, 0.4), width=6)
    for side in (left + 18, middle + 18):
        pen.rectangle((side, top + 30, side + (right - left) // 2 - 40, top + 150), fill=(190, 214, 226))
    pen.ellipse((middle + 10, bottom - 150, middle + 28, bottom - 132), fill=(230, 200, 90))


def _camera(pen: ImageDraw.ImageDraw, left: int, top: int) -> None:
    pen.rectangle((left + 40, top - 26, left + 52, top + 10), fill=_DARK)
    pen.rounded_rectangle((left, top, left + 118, top + 52), 12, fill=(240, 242, 244), outline=_DARK, width=4)
    pen.ellipse((left + 78, top + 8, left + 112, top + 42), fill=_DARK)
    pen.ellipse((left + 88, top + 16, left + 100, top + 28), fill=(120, 160, 200))


def _button(pen: ImageDraw.ImageDraw, left: int, top: int) -> None:
    pen.rounded_rectangle((left, top, left + 70, top + 96), 8, fill=(245, 245, 245), outline=_DARK, width=3)
    pen.ellipse((left + 13, top + 24, left + 57, top + 68), fill=(200, 44, 44), outline=_DARK, width=3)


def _darker(colour: tuple[int, int, int], by: float) -> tuple[int, int, int]:
    red, green, blue = (int(part * (1 - by)) for part in colour)
    return red, green, blue


def _read(image: Image.Image, taken_at: datetime, latitude: float, longitude: float) -> Picture:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = f"{taken_at:%Y:%m:%d %H:%M:%S}"
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLongitudeRef] = "N", "E"
    place[ExifTags.GPS.GPSLatitude] = _sexagesimal(latitude)
    place[ExifTags.GPS.GPSLongitude] = _sexagesimal(longitude)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85, exif=exif)
    return pictures.read(out.getvalue())


def _sexagesimal(degrees: float) -> tuple[float, float, float]:
    whole, rest = divmod(degrees * 3600, 3600)
    minutes, seconds = divmod(rest, 60)
    return whole, minutes, round(seconds, 2)
