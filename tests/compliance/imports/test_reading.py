"""Lists are read as offices have them; what a file brings its reader to do ends with the reader's process."""

from __future__ import annotations

import io
import subprocess
from datetime import date

import pytest
from xlsxwriter import Workbook

from compliance.imports import reader_process, reading
from compliance.imports.problems import FileRefused
from compliance.imports.reading import Row
from tests.compliance.imports.lists import BIN_1, book_of_xml, sheet_xml, workbook


def read(tmp_path, data: bytes) -> reading.Table:
    path = tmp_path / "list"
    path.write_bytes(data)
    return reading.read(path)


def refusal(tmp_path, data: bytes) -> dict:
    with pytest.raises(FileRefused) as refused:
        read(tmp_path, data)
    return refused.value.problem


def test_a_workbook_is_read_with_the_numbers_of_its_rows(tmp_path):
    data = workbook(
        [
            ["Білім басқармасы", None, None],
            [],
            ["Орысша атауы", "Ескерту", "БСН", "Қай күннен бастап"],
            ["Школа", "x", BIN_1, date(2025, 12, 31)],
            [None, None, None, None],
            ["Сад", None, 400340037508, "31.12.2025"],
        ],
        name="Тізім",
    )
    table = read(tmp_path, data)
    assert (table.sheet, table.keys, table.ignored) == ("Тізім", ["name_ru", None, "bin", "since"], ["Ескерту"])
    assert table.head[0][0] == "Білім басқармасы"
    assert table.rows == [
        Row(4, ["Школа", "x", BIN_1, {"d": "2025-12-31"}]),
        Row(6, ["Сад", None, {"n": "400340037508"}, "31.12.2025"]),
    ]


def test_formulas_give_their_value_and_are_never_calculated(tmp_path):
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for column, heading in enumerate(["БСН", "Атауы", "Оқушылар", "Қызметкерлер"]):
            sheet.write(0, column, heading)
        sheet.write(1, 0, BIN_1)
        sheet.write_formula(1, 1, '=HYPERLINK("http://x")', None, "Мектеп")
        sheet.write_formula(1, 2, "=100+1", None, "")  # nobody has calculated it
        sheet.write_formula(1, 3, "=1/0", None, "#DIV/0!")
    table = read(tmp_path, file.getvalue())
    assert table.rows == [Row(2, [BIN_1, "Мектеп", {"f": ""}, {"e": "#DIV/0!"}])]


def test_merged_cells_give_their_value_to_each_row_and_headings_may_stand_in_two(tmp_path):
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 1, 0, "Аудан")
        sheet.merge_range(0, 1, 1, 1, "БИН")
        sheet.merge_range(0, 2, 0, 3, "Наименование")
        sheet.write(1, 2, "на казахском языке")
        sheet.write(1, 3, "на русском языке")
        for column in range(4):
            sheet.write(2, column, column + 1)  # as forms number their columns
        sheet.merge_range(3, 0, 4, 0, "Есіл ауданы")
        for row, words in ((3, (BIN_1, "А", "Б")), (4, ("400340037508", "В", "Г"))):
            for column, word in enumerate(words, start=1):
                sheet.write(row, column, word)
    table = read(tmp_path, file.getvalue())
    assert table.keys == ["locality", "bin", "name_kk", "name_ru"]
    assert table.rows == [
        Row(4, ["Есіл ауданы", BIN_1, "А", "Б"]),
        Row(5, ["Есіл ауданы", "400340037508", "В", "Г"]),
    ]


def test_the_first_visible_sheet_with_headings_is_the_list(tmp_path):
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        book.add_worksheet("Мазмұны").write(0, 0, "Мазмұны")
        hidden = book.add_worksheet("Ескі")
        hidden.hide()
        shown = book.add_worksheet("Жаңа")
        for sheet, name in ((hidden, "ескі"), (shown, "жаңа")):
            for row, words in enumerate([["БСН", "Атауы"], [BIN_1, name]]):
                sheet.write_row(row, 0, words)
    table = read(tmp_path, file.getvalue())
    assert (table.sheet, table.rows) == ("Жаңа", [Row(2, [BIN_1, "жаңа"])])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "kz1048"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_text_is_read_in_the_encodings_and_with_the_delimiters_of_offices(tmp_path, encoding, delimiter):
    lines = [["БСН", "Қазақша атауы", "Аудан"], [BIN_1, '"«Күн, Ай» балабақшасы; ""Ең"""', "Есіл ауданы"]]
    text = "\r\n".join(delimiter.join(line) for line in lines)
    table = read(tmp_path, text.encode(encoding))
    assert table.rows == [Row(2, [BIN_1, '«Күн, Ай» балабақшасы; "Ең"', "Есіл ауданы"])]


def test_russian_text_of_windows_is_read(tmp_path):
    table = read(tmp_path, f"БИН;Наименование\n{BIN_1};Школа № 1 «Ёлка»\n".encode("cp1251"))
    assert table.rows == [Row(2, [BIN_1, "Школа № 1 «Ёлка»"])]


def test_the_line_that_tells_excel_the_delimiter_is_no_row(tmp_path):
    table = read(tmp_path, f"sep=,\nБСН,Атауы\n{BIN_1},А\n".encode())
    assert (table.keys, table.rows) == (["bin", "name_kk"], [Row(3, [BIN_1, "А"])])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["Тізім"], ["1", "2"]], {"code": "no_header", "column": "", "params": {}}),
        ([["БСН", "Телефон"]], {"code": "no_rows", "column": "", "params": {}}),
        (
            [["БСН", "Телефон", "тел."], [BIN_1]],
            {"code": "column_twice", "column": "", "params": {"title": "Телефон"}},
        ),
        ([], {"code": "empty", "column": "", "params": {}}),
    ],
)
def test_a_file_that_is_no_list_says_what_is_missing(tmp_path, rows, said):
    assert refusal(tmp_path, workbook(rows)) == said


def test_text_that_is_no_table_is_damaged(tmp_path):
    assert refusal(tmp_path, b'a"' + b"x" * 200_000 + b',"' * 100)["code"] == "damaged"


def test_a_broken_sheet_is_refused_and_nothing_else_breaks(tmp_path):
    assert refusal(tmp_path, book_of_xml(b"<worksheet><sheetData><row"))["code"] in ("damaged", "too_heavy", "empty")


def test_a_reader_that_takes_too_much_memory_ends_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(reading.preflight, "check", lambda path: "xlsx")  # as if it had been let through
    data = book_of_xml(sheet_xml(b'<row r="1"><c r="XFD1048576"><v>1</v></c></row>'))
    assert refusal(tmp_path, data)["code"] == "too_heavy"


def test_a_reader_that_takes_too_long_is_ended(tmp_path, monkeypatch):
    def slow(*args, **options):
        raise subprocess.TimeoutExpired("reader", options["timeout"])

    monkeypatch.setattr(subprocess, "run", slow)
    assert refusal(tmp_path, workbook([["БСН", "Атауы"], [BIN_1, "А"]]))["code"] == "too_heavy"


def test_the_reader_refuses_more_rows_than_a_list_has():
    sheet = {"name": "", "rows": [["a"]] * (reader_process.MOST_ROWS + 1)}
    with pytest.raises(reader_process.Unreadable, match="too_many_rows"):
        list(reader_process.within_bounds(iter([sheet])))


def test_the_reader_takes_no_more_signs_than_a_list_has(monkeypatch):
    monkeypatch.setattr(reader_process, "MOST_SIGNS", 10)
    with pytest.raises(reader_process.Unreadable, match="too_heavy"):
        list(reader_process.within_bounds(iter([{"name": "", "rows": [["abcdef"], ["ghijkl"]]}])))


def test_a_cell_is_shown_much_as_a_person_sees_it():
    cells = [None, "  а\u00a0 б ", {"n": "12"}, {"b": True}, {"b": False}, {"d": "2025-12-31"}, {"e": "#N/A"}]
    assert [reading.shown(cell) for cell in cells] == ["", "а б", "12", "1", "0", "2025-12-31", "#N/A"]


def test_the_signs_of_all_sheets_are_counted_together(monkeypatch):
    monkeypatch.setattr(reader_process, "MOST_SIGNS", 5)
    sheets = [{"name": name, "rows": [["abc"]]} for name in "ab"]
    with pytest.raises(reader_process.Unreadable, match="too_heavy"):
        list(reader_process.within_bounds(iter(sheets)))


def test_signs_that_nobody_sees_are_left_out(tmp_path):
    table = read(tmp_path, f"БСН;Атауы\n{BIN_1};Мек\x00теп\x1f\n".encode("utf-16"))
    assert table.rows == [Row(2, [BIN_1, "Мектеп"])]
