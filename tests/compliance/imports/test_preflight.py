"""Hostile files are refused before any reader opens them, each with a reason of its own."""

from __future__ import annotations

import zipfile

import pytest

from compliance.imports import preflight
from compliance.imports.problems import FileRefused
from tests.compliance.imports.lists import archive, book_of_xml, sheet_xml, workbook

FAR = b'<row r="1"><c r="XFD1048576"><v>1</v></c></row>'
ROW = b'<row r="%d"><c r="A%d"><v>1</v></c></row>'


def judged(tmp_path, data: bytes) -> str:
    """What `check` says of a file: what it is, or the code of the refusal."""
    path = tmp_path / "list"
    path.write_bytes(data)
    try:
        return preflight.check(path)
    except FileRefused as refused:
        return refused.code


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a workbook", workbook([["БСН"]]), "xlsx"),
        ("text", "БСН;Атауы\n".encode(), "csv"),
        ("text in UTF-16", "БСН\tАтауы\n".encode("utf-16"), "csv"),
        ("nothing", b"", "empty"),
        ("a program", b"MZ\x90\x00\x03" * 100, "no_table"),
        ("a program of another system", b"\x7fELF\x02\x01" * 100, "no_table"),
        ("a PDF", b"%PDF-1.7\n", "no_table"),
        ("a picture", b"\x89PNG\r\n\x1a\n\x00\x00", "no_table"),
        ("an old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "old_workbook"),
        ("a binary workbook", archive({"xl/workbook.bin": b"x"}), "other_workbook"),
        ("an OpenDocument table", archive({"mimetype": b"x", "content.xml": b"<a/>"}), "other_workbook"),
        ("another archive", archive({"readme.txt": b"x"}), "no_table"),
        ("half a workbook", workbook([["БСН"]])[:2000], "damaged"),
        ("one cell at the far end", book_of_xml(sheet_xml(FAR)), "far_cell"),
        ("one cell far to the right", book_of_xml(sheet_xml(b'<row r="1"><c r="ZZ1"><v>1</v></c></row>')), "far_cell"),
        ("a prefix before the cell", book_of_xml(sheet_xml(b'<x:row><x:c s="1" r="XFD1048576"/></x:row>')), "far_cell"),
        ("a document type", book_of_xml(b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a/>'), "forbidden_xml"),
        ("an entity elsewhere", book_of_xml(sheet_xml(b""), xl__other=b" " * 9000 + b"<!ENTITY x>"), "forbidden_xml"),
        ("XML in UTF-16", book_of_xml("<a/>".encode("utf-16")), "forbidden_xml"),
        ("a gigabyte that is packed small", book_of_xml(sheet_xml(b""), xl__sharedStrings=b"a" * (90 << 20)), "bomb"),
    ],
)  # fmt: skip
def test_a_file_is_judged_by_what_is_inside(tmp_path, name, data, said):
    assert judged(tmp_path, data) == said


def test_a_member_that_says_it_is_larger_than_any_list_is_not_unpacked(tmp_path):
    data = archive({"xl/workbook.xml": b"<a/>", "xl/sharedStrings.xml": b"\0" * (101 << 20)})
    assert judged(tmp_path, data) == "bomb"


def test_an_archive_of_too_many_members_is_refused(tmp_path):
    assert judged(tmp_path, archive({"xl/workbook.xml": b"<a/>", **{f"{n}": b"" for n in range(600)}})) == "bomb"


def test_two_members_of_one_name_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "list", "w") as packed:
        packed.writestr("xl/workbook.xml", "<a/>")
        with pytest.warns(UserWarning, match="Duplicate name"):
            packed.writestr("xl/workbook.xml", "<b/>")
    assert judged(tmp_path, (tmp_path / "list").read_bytes()) == "bomb"


def test_a_list_of_a_million_rows_is_told_to_be_split(tmp_path):
    rows = b"".join(ROW % (number, number) for number in range(1, 60_000))
    assert judged(tmp_path, book_of_xml(sheet_xml(rows))) == "too_many_rows"


def test_rows_without_addresses_are_counted_too(tmp_path):
    rows = b"<row><c><v>1</v></c></row>" * 30_000
    assert judged(tmp_path, book_of_xml(sheet_xml(rows))) == "too_many_rows"


def test_cells_without_addresses_are_counted_too(tmp_path):
    cells = b'<row r="1">' + b"<c/>" * (preflight.MOST_CELLS + 1) + b"</row>"
    stored = archive(
        {"xl/workbook.xml": b"<a/>", "xl/worksheets/sheet1.xml": sheet_xml(cells)}, compression=zipfile.ZIP_STORED
    )
    assert judged(tmp_path, stored) == "too_many_cells"


def test_a_long_text_is_told_to_be_split(tmp_path):
    assert judged(tmp_path, b"790140000017;x\n" * 30_000) == "too_many_rows"


def test_a_program_behind_a_line_of_text_is_no_table(tmp_path):
    assert judged(tmp_path, "БСН;Атауы\n".encode() * 500 + b"\x00\x01\x02") == "no_table"


def test_a_file_larger_than_any_list_is_not_read(tmp_path):
    path = tmp_path / "list"
    with path.open("wb") as file:
        file.truncate(2 << 30)
    with pytest.raises(FileRefused) as refused:
        preflight.check(path)
    assert refused.value.problem == {"code": "too_large", "column": "", "params": {"most": 20}}


def test_a_cell_that_lies_across_two_pieces_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(preflight, "_PIECE", 97)
    filling = b"".join(ROW % (number, number) for number in range(1, 40))
    far = b'<row r="41"><c r="XFD41"><v>1</v></c></row>'
    found = {judged(tmp_path, book_of_xml(sheet_xml(b" " * shift + filling + far))) for shift in range(97)}
    assert found == {"far_cell"}
