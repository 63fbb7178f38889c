"""What a brief's PDF carries with it, read back from a file of which nothing is known yet."""

from __future__ import annotations

import io
import json
import zlib
from dataclasses import dataclass
from typing import Any, Final

import pikepdf
from pikepdf import Name

from reporting.brief.imprint import Imprint

# The snapshot of a region with all its names is a megabyte; whatever is larger is not of our making.
LARGEST: Final = 16 * 1024 * 1024
_IMPRINT: Final = "-imprint.json"


class NotABrief(Exception):
    """No PDF, or none that carries a snapshot and an imprint as ours do."""


@dataclass(frozen=True, slots=True)
class Carried:
    """The snapshot and the imprint inside a file, from which the file can be made again."""

    snapshot: dict[str, Any]
    imprint: Imprint


def read(pdf: bytes) -> Carried:
    """Both, out of the attachments. Raises `NotABrief`; a file that wants to become large in memory is none."""
    try:
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            files = {
                name: _data(file)
                for name, file in opened.attachments.items()
                if name.endswith(".json") and opened.attachments[name] is not None
            }
    except (pikepdf.PdfError, zlib.error, ValueError, KeyError, TypeError, RuntimeError, AttributeError) as failure:
        raise NotABrief(f"{type(failure).__name__}: {failure}") from failure
    imprints = [name for name in files if name.endswith(_IMPRINT)]
    if len(imprints) != 1:
        raise NotABrief("imprint")
    snapshot = files.get(imprints[0].removesuffix(_IMPRINT) + ".json")
    try:
        if snapshot is None:
            raise NotABrief("snapshot")
        figures = json.loads(snapshot)
        return Carried(figures if isinstance(figures, dict) else {}, Imprint.from_plain(json.loads(files[imprints[0]])))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as failure:
        raise NotABrief(f"{type(failure).__name__}: {failure}") from failure


def _data(file: pikepdf.AttachedFileSpec) -> bytes:
    """The bytes of an attachment, unpacked no further than `LARGEST`."""
    stream = file.get_file().obj
    raw = bytes(stream.read_raw_bytes())
    filters = stream.get(Name.Filter)
    if filters is None:
        return raw
    if filters not in (Name.FlateDecode, pikepdf.Array([Name.FlateDecode])):
        raise ValueError("filter")
    unpacking = zlib.decompressobj()
    data = unpacking.decompress(raw, LARGEST)
    if not unpacking.eof:
        raise ValueError("size")
    return data
