"""Whether a file is what it says it is, and harmless, before any reader opens it.

A workbook is a ZIP archive of XML. One of 5 KB with a single cell at XFD1048576 makes a reader ask for 549 GB, one of
1 MB unpacks to a gigabyte. So the archive's own list, the addresses of the cells and their number are looked at first,
piece by piece and with no more memory than one piece takes.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from compliance.imports.problems import FileRefused

MEGABYTE: Final = 1 << 20
LARGEST_FILE: Final = 20 * MEGABYTE
MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 200
MOST_CELLS: Final = 2_000_000
_MOST_MEMBERS: Final = 500
_MOST_UNPACKED: Final = 200 * MEGABYTE
_LARGEST_MEMBER: Final = 100 * MEGABYTE
# XML of honest lists shrinks to a tenth or twentieth.
_MOST_SHRUNK: Final = 200
_PIECE: Final = MEGABYTE
# Longer than any tag of a cell, so that one which lies across two pieces is seen whole.
_OVERLAP: Final = 512

XLSX: Final = "xlsx"
CSV: Final = "csv"

_ADDRESS: Final = re.compile(rb'<(?:\w+:)?(?:c|row)\b[^>]*?\br\s*=\s*["\']([A-Za-z]{0,3})(\d{0,9})["\']')
_CELL: Final = re.compile(rb"<(?:\w+:)?c[\s/>]")
_ROW: Final = re.compile(rb"<(?:\w+:)?row[\s/>]")
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


def kind_of(beginning: bytes) -> str:
    """What a file is by its first bytes: `XLSX` or `CSV`. Raises `FileRefused` for what is neither."""
    if not beginning:
        raise FileRefused("empty")
    if beginning.startswith(b"PK\x03\x04"):
        return XLSX
    if beginning.startswith(_OLD_WORKBOOK):
        raise FileRefused("old_workbook")
    if beginning.startswith((*_UTF_16, b"\xef\xbb\xbf")):
        return CSV
    if beginning.startswith((b"%PDF", b"MZ", b"\x7fELF", b"#!")) or any(sign in beginning for sign in _NOT_IN_TEXT):
        raise FileRefused("no_table")
    return CSV


# Control signs that no text file has.
_NOT_IN_TEXT: Final = tuple(bytes([number]) for number in range(32) if number not in (9, 10, 12, 13))


def check(path: Path) -> str:
    """Judge a file; return what it is. Raises `FileRefused`. Reads it once, in pieces."""
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise FileRefused("too_large", most=LARGEST_FILE // MEGABYTE)
    with path.open("rb") as file:
        kind = kind_of(file.read(4096))
        if kind == XLSX:
            _check_archive(file)
        else:
            _check_text(file)
    return kind


def _check_text(file: IO[bytes]) -> None:
    file.seek(0)
    beginning = file.read(2)
    wide = beginning in _UTF_16
    file.seek(0)
    lines = 0
    while piece := file.read(_PIECE):
        lines += piece.count(b"\n")
        if not wide and any(sign in piece for sign in _NOT_IN_TEXT):
            raise FileRefused("no_table")
    if lines > MOST_ROWS + 100:
        raise FileRefused("too_many_rows", most=MOST_ROWS)


def _check_archive(file: IO[bytes]) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_members(members)
            cells = 0
            for member in members:
                if member.filename.endswith((".xml", ".rels", ".vml")):
                    cells += _check_xml(archive, member)
                    if cells > MOST_CELLS:
                        raise FileRefused("too_many_cells", most=MOST_CELLS)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as broken:
        raise FileRefused("damaged") from broken


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    names = {member.filename for member in members}
    if "xl/workbook.xml" not in names:
        raise FileRefused("other_workbook" if names & _OTHER_WORKBOOKS else "no_table")
    if any(member.flag_bits & 1 for member in members):
        raise FileRefused("old_workbook")
    if (
        len(members) > _MOST_MEMBERS
        or len(names) != len(members)
        or sum(member.file_size for member in members) > _MOST_UNPACKED
        or any(
            member.file_size > _LARGEST_MEMBER
            or member.file_size > _MOST_SHRUNK * max(member.compress_size, 1) + MEGABYTE
            for member in members
        )
    ):
        raise FileRefused("bomb")


# Of a binary workbook, an OpenDocument one.
_OTHER_WORKBOOKS: Final = frozenset({"xl/workbook.bin", "content.xml", "mimetype"})


def _check_xml(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    """Refuse a DTD and cells far away; return how many cells a sheet has (of other parts: none)."""
    is_sheet = member.filename.startswith("xl/worksheets/") and member.filename.endswith(".xml")
    cells = rows = 0
    for first, piece, fresh in _pieces(archive, member):
        if first and piece.startswith(_UTF_16) or b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
            raise FileRefused("forbidden_xml")
        if not is_sheet:
            continue
        for found in _ADDRESS.finditer(piece):
            letters, digits = found[1].decode().upper(), found[2].decode()
            if digits and int(digits) > MOST_ROWS + 100:
                # A sheet that is long has a row for each; a single cell far below is a slip, or worse.
                if rows + piece.count(b"<row") > MOST_ROWS // 2:
                    raise FileRefused("too_many_rows", most=MOST_ROWS)
                raise FileRefused("far_cell", cell=f"{letters or 'A'}{digits}")
            if _number_of(letters) > MOST_COLUMNS:
                raise FileRefused("far_cell", cell=f"{letters}{digits}")
        cells += len(_CELL.findall(piece, fresh))
        rows += len(_ROW.findall(piece, fresh))
        if rows > MOST_ROWS + 100:
            raise FileRefused("too_many_rows", most=MOST_ROWS)
        if cells > MOST_CELLS:
            raise FileRefused("too_many_cells", most=MOST_CELLS)
    return cells


def _pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[tuple[bool, bytes, int]]:
    """The member piece by piece: whether it is the first, its bytes after the end of the piece before, and where in
    them a tag begins that was not seen yet. `zipfile` stops at the declared size and checks the sum."""
    tail = b""
    first = True
    with archive.open(member) as stream:
        while read := stream.read(_PIECE):
            piece = tail + read
            # A tag that began in the tail's last sign is counted with this piece, any other was counted before.
            yield first, piece, max(0, len(tail) - 1)
            tail, first = piece[-_OVERLAP:], False


def _number_of(letters: str) -> int:
    """The number of a column: A is 1, XFD is 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
