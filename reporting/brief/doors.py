"""Where the figures of a finished text begin and end, and which records each opens.

A figure's door is put where the reader of the words (`reading`) finds it, so what opens is what was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlencode

from reporting.brief.document import Piece
from reporting.brief.facts import LARGE_CITIES
from reporting.brief.words import Patterns

TOTAL: Final = "total"
COVERED: Final = "covered"
INSTITUTIONS: Final = "institutions"

_PERCENT_AT_THE_END: Final = re.compile(r"\d+%$")


def door(
    measure: str,
    part: str,
    *,
    place: str = "",
    kind: str = "",
    ownership: str = "",
    obliged: bool = False,
    earlier: bool = False,
) -> str:
    """The query that opens a figure: the `part` of a measure's institutions, cut as it is; of a comparison those of
    the `earlier` quarter, or a way from the one to the other."""
    asked = {
        "measure": measure,
        "part": part,
        "place": place,
        "kind": "" if kind == "all" else kind,
        "ownership": ownership,
        "obliged": "1" if obliged else "",
        "at": "before" if earlier else "",
    }
    return urlencode({name: value for name, value in asked.items() if value})


def counted_as(measure: str, scope: str) -> str:
    """The measure whose total the number of institutions of a scope is: the report counts it for every one of them."""
    if measure != INSTITUTIONS:
        return measure
    return "licensed_guard" if scope == LARGE_CITIES else "cctv_installed"


def line_pieces(text: str, patterns: Patterns, *, measure: str, kind: str, place: str) -> tuple[Piece, ...]:
    """A line of a list: its total and covered open, its percentage is strong."""
    found = patterns.line.fullmatch(text)
    if found is None:  # nobody is there
        return (Piece(text),)
    alone = found["covered"] is None
    spans = [
        (*found.span(name), Piece(found[name], door(measure, part, place=place, kind=kind)))
        for name, part in (("total", COVERED if alone else TOTAL), ("covered", COVERED))
        if found[name]
    ]
    if percent := _PERCENT_AT_THE_END.search(text):
        spans.append((*percent.span(), Piece(percent[0], strong=True)))
    return _cut(text, spans)


def headline_pieces(text: str, patterns: Patterns, *, measure: str, scope: str) -> tuple[Piece, ...]:
    """A headline's sentence: every number of institutions in it opens."""
    counted = counted_as(measure, scope)
    part = TOTAL if measure == INSTITUTIONS else COVERED
    spans = [
        (*found.span("count"), Piece(found["count"], door(counted, part, kind=patterns.kinds[found["noun"]])))
        for found in patterns.kind.finditer(text)
    ]
    wholes = [(patterns.institutions, "total", TOTAL)]
    if measure != INSTITUTIONS:
        wholes = [(patterns.covered, "count", COVERED), (patterns.of_all, "total", TOTAL)]
    for pattern, name, whole in wholes:
        if found := pattern.search(text):
            spans.append((*found.span(name), Piece(found[name], door(counted, whole))))
    return _cut(text, spans)


def pair_pieces(text: str, measure: str) -> tuple[Piece, ...]:
    """ "5 985 / 9 986": covered and total of a measure."""
    covered, total = text.split(" / ")
    return Piece(covered, door(measure, COVERED)), Piece(" / "), Piece(total, door(measure, TOTAL))


def _cut(text: str, spans: Iterable[tuple[int, int, Piece]]) -> tuple[Piece, ...]:
    """The text in pieces, those of `spans` among them; of two that begin alike the first counts."""
    pieces: list[Piece] = []
    at = 0
    for start, end, piece in sorted(spans, key=lambda span: span[:2]):
        if start < at:
            continue
        if start > at:
            pieces.append(Piece(text[at:start]))
        pieces.append(piece)
        at = end
    if at < len(text):
        pieces.append(Piece(text[at:]))
    return tuple(pieces)
