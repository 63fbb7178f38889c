"""The data that an institution's sheet carries inside its PDF: everything as JSON, its list as CSV and XLSX."""

from __future__ import annotations

from institutions.grids import Grid, Value
from reporting.attachments import AttachedFile, four_files
from reporting.brief.imprint import Imprint
from reporting.brief.languages import words_of
from reporting.brief.sheet_composing import edition_year, proof_of
from reporting.brief.sheet_facts import Chapter, Item, Sheet
from reporting.brief.sheet_words import NOTHING, SheetWords, sheet_words_of

COLUMNS = (
    "chapter",
    "code",
    "paragraph",
    "title",
    "obliged",
    "status",
    "since",
    "approved_on",
    "valid_until",
    "proof_number",
    "proof_issuer",
    "proof_issued_on",
)
_WIDTHS = (30, 60, 24, 12, 20, 12, 14, 14, 44)
YES, NO = "+", NOTHING


def data_files(snapshot: Sheet, imprint: Imprint) -> tuple[AttachedFile, ...]:
    """The files of a sheet, in the order of their names. Raises `LanguageNotWritten` as the sheet does."""
    words, year = sheet_words_of(snapshot["lang"]), edition_year(snapshot)
    listed = [(chapter, item) for chapter in snapshot["chapters"] for item in chapter["items"]]
    grid = Grid(
        columns=COLUMNS,
        lines=[_line(chapter, item, words) for chapter, item in listed],
        sheet=words.data_sheet,
        headings=words.data_columns,
        widths=_WIDTHS,
        rows=[_row(chapter, item, words, year) for chapter, item in listed],
    )
    numero = words_of(words.lang).fixed.numero
    return four_files(snapshot, imprint, words.described, grid, title=f"{numero} {imprint.number}")


def _line(chapter: Chapter, item: Item, words: SheetWords) -> tuple[Value, ...]:
    """A row of the CSV file: codes and ISO days, the paragraph in the library's notation."""
    answer = item["answer"]
    proof = answer and answer["proof"]
    return (
        chapter["code"],
        item["code"],
        item["paragraph"],
        words.title_of(item),
        int(item["obliged"]),
        item["status"],
        item["since"],
        answer and answer["approved_on"],
        answer and answer["valid_until"],
        proof and proof["number"],
        proof and proof["issuer"],
        proof and proof["issued_on"],
    )


def _row(chapter: Chapter, item: Item, words: SheetWords, year: int) -> tuple[Value, ...]:
    """A row of the spreadsheet, as the paper says it."""
    answer = item["answer"]
    return (
        words.title_of(chapter),
        words.title_of(item),
        words.cite(item["paragraph"], year),
        YES if item["obliged"] else NO,
        words.statuses[item["status"]],
        words.day(item["since"]),
        words.day(answer and answer["approved_on"]),
        words.day(answer and answer["valid_until"]),
        proof_of(item, words),
    )
