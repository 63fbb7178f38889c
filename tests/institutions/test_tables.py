"""The one writer of CSV and XLSX: whatever is written, no cell is a formula, and it is read as it was."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from institutions.tables import Grid, csv_pieces, to_csv, to_xlsx, xlsx_pieces

DAY = date(2026, 5, 20)
# What XML and a cell can hold; calamine gives texts back as they are.
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x4FF), max_size=20)
ROWS = [[f"жол {number}", number, None] for number in range(1_234)]


def grid_of(rows, **more) -> Grid:
    return Grid(columns=["a", "b"], lines=rows, sheet="S", headings=["a", "b"], widths=[5, 5], rows=rows, **more)


@given(st.lists(st.tuples(st.sampled_from("=+-@\t").flatmap(lambda sign: TEXT.map(sign.__add__)), TEXT), max_size=5))
def test_no_text_becomes_a_formula(rows):
    data = to_xlsx(grid_of(rows), "x", DAY)
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
    first = [line[0] for line in csv.reader(io.StringIO(to_csv(grid_of(rows)).decode("utf-8-sig"), newline=""))][1:]
    assert [value.startswith("'") for value in first] == [True] * len(rows)


def test_what_stands_above_and_what_is_marked_leaves_the_rows_where_they_are():
    grid = grid_of([("x", 1), (None, 2)], above=[("Тізім",), ()], marked=frozenset({1}))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(to_xlsx(grid, "x", DAY))).get_sheet_by_index(0)
    assert sheet.to_python(skip_empty_area=False) == [["Тізім", ""], ["", ""], ["a", "b"], ["x", 1.0], ["", 2.0]]


def test_the_same_grid_gives_the_same_bytes():
    assert to_xlsx(grid_of([("x", 1)]), "x", DAY) == to_xlsx(grid_of([("x", 1)]), "x", DAY)


# --- in pieces ---------------------------------------------------------------------------------------


def test_pieces_make_one_file_of_all_rows():
    pieces = list(csv_pieces(["сөз", "сан", "бос"], ROWS))
    assert len(pieces) > 2
    read = list(csv.reader(io.StringIO(b"".join(pieces).decode("utf-8-sig"))))
    assert read == [["сөз", "сан", "бос"], *[[text, str(number), ""] for text, number, _none in ROWS]]


def test_a_file_without_rows_has_its_heading():
    assert b"".join(csv_pieces(["a", "b"], [])) == b"\xef\xbb\xbfa,b\r\n"


def test_a_workbook_cuts_a_text_that_no_cell_holds():
    data = b"".join(xlsx_pieces(sheet="A", headings=["a", "b"], widths=[5, 5], rows=[["x" * 40_000, 7]]))
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert [len(text) for text in re.findall(r"<t[^>]*>([^<]*)</t>", sheet)] == [1, 1, 32_767]
    assert "<v>7</v>" in sheet
