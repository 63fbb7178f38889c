"""A brief as a document of finished words, in whatever language: sections, blocks, and all of it as plain text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date as Date
from typing import ClassVar

from reporting import charts


@dataclass(frozen=True)
class Piece:
    """A stretch of text; with a `door`, a figure whose records the query of that name opens. `strong` is bold."""

    text: str
    door: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Paragraph:
    """Running text. With `measure` it states that measure's headline ("institutions": how many there are).

    `pieces`, where there are any, are the same text with the doors of its figures.
    """

    text: str
    measure: str = ""
    scope: str = ""
    small: bool = False
    pieces: tuple[Piece, ...] = field(default=(), repr=False, compare=False)
    shape: ClassVar[str] = "paragraph"


@dataclass(frozen=True)
class KeyFigure:
    """One row of the overview on the first page; `share` is the drawn length, 0–100."""

    label: str
    counts: str
    percent: str
    share: int
    pieces: tuple[Piece, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True)
class KeyFigures:
    caption: str
    head: tuple[str, str, str]
    rows: tuple[KeyFigure, ...]
    shape: ClassVar[str] = "key_figures"


@dataclass(frozen=True)
class LineList:
    """The lines of one measure and kind, a place each, in the ministry's order.

    `long_lines` stand in two columns instead of three, as those that name two cities.
    """

    title: str
    measure: str
    scope: str
    kind: str
    lines: tuple[str, ...]
    long_lines: bool
    pieces: tuple[tuple[Piece, ...], ...] = field(default=(), repr=False, compare=False)
    shape: ClassVar[str] = "line_list"


@dataclass(frozen=True)
class ColumnGroup:
    """Neighbouring columns under one heading."""

    title: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """`lead` rows open a group and stand out; `part` rows belong to the lead above them; in a table of requirements
    the role is the status. `note` stands small under the heading."""

    heading: str
    cells: tuple[str, ...]
    role: str = ""
    doors: tuple[str, ...] = field(default=(), repr=False, compare=False)
    note: str = ""

    @property
    def pieces(self) -> list[Piece]:
        """The cells with their doors; a cell without one has an empty door."""
        doors = self.doors or ("",) * len(self.cells)
        return [Piece(cell, door) for cell, door in zip(self.cells, doors, strict=True)]


@dataclass(frozen=True)
class Table:
    """A table; without a caption where the heading above it is enough."""

    label: str
    caption: str
    corner: str
    groups: tuple[ColumnGroup, ...]
    bodies: tuple[tuple[Row, ...], ...]
    foot: Row | None
    style: str
    shape: ClassVar[str] = "table"

    @property
    def column_count(self) -> int:
        return sum(len(group.columns) for group in self.groups)

    @property
    def one_headed(self) -> bool:
        """Whether every column has a heading of its own and none of a group: one row of headings is enough."""
        return all(group.columns == ("",) for group in self.groups)

    @property
    def heading(self) -> str:
        return f"{self.label}. {self.caption}" if self.label else self.caption


@dataclass(frozen=True)
class Bullets:
    """Notes, one sentence or two each."""

    items: tuple[str, ...]
    shape: ClassVar[str] = "bullets"


@dataclass(frozen=True)
class NameList:
    """Institutions by name, after the sentence that says why they are named."""

    lead: str
    items: tuple[str, ...]
    shape: ClassVar[str] = "name_list"


@dataclass(frozen=True)
class Chart:
    """A drawing under its caption: its Vega-Lite description and its alternative text. `credit`: whose map it is."""

    label: str
    caption: str
    description: str = field(repr=False)
    alternative: str
    credit: str = ""
    shape: ClassVar[str] = "chart"

    @property
    def svg(self) -> str:
        return charts.svg(self.description, self.alternative)


Block = Paragraph | KeyFigures | LineList | Table | Bullets | NameList | Chart


@dataclass(frozen=True)
class Section:
    """A heading of `level` 1 or 2 and what stands under it; with `own_page` it begins a page."""

    title: str
    blocks: tuple[Block, ...]
    level: int = 1
    own_page: bool = False


@dataclass(frozen=True)
class Verification:
    """How a holder of the paper learns whether it is genuine: the QR code with its words, and the seal.

    `seal` are the lines inside the seal's frame, `seal_title` what a reader of the screen hears; where nobody signs,
    they say so and `sealed` is false.
    """

    title: str
    text: str
    url: str
    code: str
    qr: str = field(repr=False)
    sealed: bool
    seal_title: str
    seal: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """The whole brief in words. `provisional` and its short mark are empty once the period is closed.

    `places`: scope → name as printed in a line → code. `official_mark` stands on each page of a brief that names
    institutions; `warnings` on the first page. A door of a piece opens at `records_url`; without it nothing is linked.
    `compact` documents have narrower margins and smaller print.
    """

    lang: str
    ministry: str
    title: str
    running_title: str
    subtitle: str
    number: str
    date: Date
    date_text: str
    provisional: str
    provisional_mark: str
    sections: tuple[Section, ...]
    places: Mapping[str, Mapping[str, str]] = field(repr=False)
    official_mark: str = ""
    warnings: tuple[str, ...] = ()
    records_url: str = ""
    verification: Verification | None = None
    compact: bool = False

    def blocks(self) -> Iterator[Block]:
        """Every block in reading order."""
        for section in self.sections:
            yield from section.blocks


def to_text(document: Document) -> str:
    """The document as plain text: a paragraph or a line of a list each on its own line, ending in a newline.

    No-break spaces stay: they are part of how a number is written.
    """
    out = [
        document.ministry,
        "",
        document.title,
        document.subtitle,
        f"{document.date_text}, {document.number}",
    ]
    if document.provisional:
        out += ["", document.provisional]
    for warning in document.warnings:
        out += ["", warning]
    for section in document.sections:
        out += ["", section.title]
        for block in section.blocks:
            out += ["", *_block_text(block)]
    if document.verification:
        shown = document.verification
        out += ["", shown.title, "", shown.text, shown.url, *shown.seal]
    return "\n".join(out) + "\n"


def _block_text(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield block.text
        case KeyFigures():
            yield f"{block.caption}:"
            for figure in block.rows:
                yield f"{figure.label}: {figure.counts}, {figure.percent}"
        case LineList():
            yield block.title
            yield from block.lines
        case Bullets():
            yield from (f"– {item}" for item in block.items)
        case NameList():
            yield block.lead
            yield from (f"– {item}" for item in block.items)
        case Table():
            yield from _table_text(block)
        case Chart():
            yield f"{block.label}. {block.caption}"
            yield block.alternative
            if block.credit:
                yield block.credit


def _table_text(table: Table) -> Iterator[str]:
    if table.heading:
        yield table.heading
    heads = (
        group.title if len(group.columns) == 1 else f"{group.title}, {column}"
        for group in table.groups
        for column in group.columns
    )
    yield " | ".join((table.corner, *heads))
    rows = [row for body in table.bodies for row in body]
    for row in [*rows, table.foot] if table.foot else rows:
        heading = f"{row.heading} ({row.note})" if row.note else row.heading
        yield " | ".join((heading, *row.cells))
