"""The writer of CSV and XLSX: in pieces it says what it says at once."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import pytest

from institutions.grids import csv_lines, harmless, xlsx_pieces

ROWS = [[f"жол {number}", number, None] for number in range(1_234)]


def test_pieces_make_one_file_of_all_rows():
    pieces = list(csv_lines(["сөз", "сан", "бос"], ROWS))
    assert len(pieces) > 2
    read = list(csv.reader(io.StringIO(b"".join(pieces).decode("utf-8-sig"))))
    assert read == [["сөз", "сан", "бос"], *[[text, str(number), ""] for text, number, _none in ROWS]]


def test_a_file_without_rows_has_its_heading():
    assert b"".join(csv_lines(["a", "b"], [])) == b"\xef\xbb\xbfa,b\r\n"


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_begins_like_a_formula(sign):
    assert harmless([f"{sign}1+1", "1=1", -5, None]) == [f"'{sign}1+1", "1=1", -5, None]


def test_a_workbook_cuts_a_text_that_no_cell_holds():
    data = b"".join(xlsx_pieces(sheet="A", headings=["a", "b"], widths=[5, 5], rows=[["x" * 40_000, 7]]))
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert [len(text) for text in re.findall(r"<t[^>]*>([^<]*)</t>", sheet)] == [1, 1, 32_767]
    assert "<v>7</v>" in sheet
