"""The data that a comparison carries inside its PDF: everything as JSON, its places as CSV and XLSX."""

from __future__ import annotations

from collections.abc import Iterator

from institutions.grids import Grid, Value
from reporting.attachments import AttachedFile, four_files
from reporting.brief.comparison_composing import all_kinds
from reporting.brief.comparison_facts import WAYS, Comparison
from reporting.brief.comparison_words import comparison_words_of
from reporting.brief.imprint import Imprint
from reporting.brief.languages import words_of
from reporting.brief.words import Described

COLUMNS = (
    "measure", "place", "before_total", "before_covered", "before_percent", "after_total", "after_covered",
    "after_percent", *WAYS,
)  # fmt: skip
_WIDTHS = (42, 30, *[14] * 10)


def data_files(snapshot: Comparison, imprint: Imprint) -> tuple[AttachedFile, ...]:
    """The files of a comparison, in the order of their names. Raises `LanguageNotWritten` as it does."""
    language, words = words_of(snapshot["lang"]), comparison_words_of(snapshot["lang"])
    attached = language.attached
    lines = list(_lines(snapshot))
    grid = Grid(
        columns=COLUMNS,
        lines=[(code, place, *numbers) for code, place, _name, numbers in lines],
        sheet=words.data_sheet,
        headings=words.data_columns,
        widths=_WIDTHS,
        rows=[(language.measures[code].title, name, *numbers) for code, _place, name, numbers in lines],
    )
    described = Described(attached.imprint, attached.csv, attached.json, attached.xlsx)
    return four_files(snapshot, imprint, described, grid, title=f"{language.fixed.numero} {imprint.number}")


def _lines(snapshot: Comparison) -> Iterator[tuple[str, str, str, list[Value]]]:
    """Measure, place, the place's name, and the numbers of both quarters with those between them."""
    language = words_of(snapshot["lang"])
    for before, after in zip(snapshot["before"]["measures"], snapshot["after"]["measures"], strict=True):
        for at, place in enumerate(snapshot["places"][after["scope"]]):
            then, now = all_kinds(before, at), all_kinds(after, at)
            numbers: list[Value] = [count[name] for count in (then, now) for name in ("total", "covered", "percent")]
            span = snapshot["bridges"][after["code"]][place["place"]]
            numbers += [span[way] for way in WAYS]  # type: ignore[literal-required]
            yield after["code"], place["place"], language.name_in_table(place), numbers
