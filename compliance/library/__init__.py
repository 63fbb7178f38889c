"""The Order as data: its editions, chapters and 60 items in three languages, read from the files here.

``README.md`` in this folder says where the text comes from, what of it is verified, and how an item is
written.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from compliance.applicability import EDITIONS, KINDS, Rule, RuleError

ORDER_117: Final = Path(__file__).parent / "order117"
EXAMPLE_EDITION: Final = Path(__file__).parent / "example_edition.toml"
DIRECTIVE_FILE: Final = "directive.toml"
LANGUAGES: Final = ("kk", "ru", "en")

MEASURES: Final = ("cctv_installed", "cctv_connected", "licensed_guard", "panic_button", "turnstile")
PROVENANCES: Final = ("read", "quoted")
CONFIDENCES: Final = ("verified", "secondary")


class LibraryError(ValueError):
    """A library file that cannot be used; the message names the file, the item and the field."""

    def __init__(self, file: str, item: str, field: str, problem: str) -> None:
        self.file, self.item, self.field, self.problem = file, item, field, problem
        super().__init__(": ".join(part for part in (file, item, field, problem) if part))


@dataclass(frozen=True, slots=True)
class LibraryDirective:
    """The legal act. `dated_on` is its day, `registered_number` its number in the state register of acts."""

    code: str
    number: str
    dated_on: date
    registered_number: str
    url: str
    title_kk: str
    title_ru: str
    title_en: str


@dataclass(frozen=True, slots=True)
class LibraryEdition:
    """A wording of the act, in force from its first to its last day (None: still in force).

    `provenance`: ``read`` in full, or ``quoted`` after others who read it.
    """

    code: str
    in_force_from: date
    in_force_to: date | None
    provenance: str
    note_kk: str
    note_ru: str
    note_en: str


@dataclass(frozen=True, slots=True)
class LibraryChapter:
    """A heading under which items are shown; `sort_order` counts from 1."""

    code: str
    sort_order: int
    title_kk: str
    title_ru: str
    title_en: str


@dataclass(frozen=True, slots=True)
class LibraryRequirement:
    """One item of the checklist.

    `paragraph` is where it stands in the act, with the edition in brackets where they differ; empty for what
    comes from outside it. `guidance` says in plain words what to do, `proof` what shows that it is done.
    `expires`: an answer ends with its document, after `validity_months` where that is known. `measure`: which
    of the five measures of the ministry's brief it is. `applies` is a rule of `compliance.applicability`,
    already checked. `confidence`: ``verified`` against the edition of 2022, or ``secondary``. `source` is a
    list of citations.
    """

    code: str
    chapter: str
    paragraph: str
    title_kk: str
    title_ru: str
    title_en: str
    guidance_kk: str
    guidance_ru: str
    guidance_en: str
    proof_kk: str
    proof_ru: str
    proof_en: str
    expires: bool
    validity_months: int | None
    kinds: tuple[str, ...]
    applies: str
    measure: str | None
    confidence: str
    source: str


@dataclass(frozen=True, slots=True)
class Library:
    """A directive with its editions, oldest first, and its chapters and requirements, as they are shown."""

    directive: LibraryDirective
    editions: tuple[LibraryEdition, ...]
    chapters: tuple[LibraryChapter, ...]
    requirements: tuple[LibraryRequirement, ...]

    def edition_on(self, day: date) -> LibraryEdition | None:
        """The edition in force on a day; None before the first."""
        for edition in self.editions:
            if edition.in_force_from <= day and (edition.in_force_to is None or day <= edition.in_force_to):
                return edition
        return None


def load_library(path: Path | None = None) -> Library:
    """Read and check a folder with ``directive.toml`` and a file for each chapter; by default Order No. 117.

    Raises `LibraryError` at the first thing that is missing, unknown, doubled or contradictory.
    """
    folder = ORDER_117 if path is None else path
    head = _Table(DIRECTIVE_FILE, "", _read(folder / DIRECTIVE_FILE))
    directive = _directive(head.table("directive"))
    sources = head.table("sources").fields()
    editions = _editions(head.tables("edition"))
    chapters = _chapters(head.tables("chapter"))
    head.refuse_unknown()

    strangers = {file.name for file in folder.glob("*.toml")} - {f"{chapter.code}.toml" for chapter in chapters}
    for name in sorted(strangers - {DIRECTIVE_FILE}):
        raise LibraryError(name, "", "", "the file belongs to no chapter")

    requirements: list[LibraryRequirement] = []
    file_of: dict[str, str] = {}  # by code
    item_of: dict[str, str] = {}  # by measure
    for chapter in chapters:
        name = f"{chapter.code}.toml"
        body = _Table(name, "", _read(folder / name))
        for table in body.tables("requirement"):
            requirement = _requirement(table, chapter.code, sources)
            if requirement.code in file_of:
                raise table.error("code", f"is there twice, first in {file_of[requirement.code]}")
            file_of[requirement.code] = name
            if requirement.measure is not None:
                if requirement.measure in item_of:
                    raise table.error("measure", f"{item_of[requirement.measure]} is {requirement.measure} already")
                item_of[requirement.measure] = requirement.code
            requirements.append(requirement)
        body.refuse_unknown()
    for measure in MEASURES:
        if measure not in item_of:
            raise LibraryError(DIRECTIVE_FILE, "", "measure", f"no item is {measure}")
    return Library(directive, editions, chapters, tuple(requirements))


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise LibraryError(file.name, "", "", "the file is missing") from error
    except UnicodeDecodeError as error:
        raise LibraryError(file.name, "", "", "the file is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise LibraryError(file.name, "", "", f"not valid TOML: {error}") from error


class _Table:
    """A table of a file: hands out its fields by type, and refuses those that nobody asked for."""

    def __init__(self, file: str, item: str, fields: Mapping[str, Any]) -> None:
        self.file, self.item = file, item
        self._fields = fields
        self._known: set[str] = set()

    def error(self, field: str, problem: str) -> LibraryError:
        return LibraryError(self.file, self.item, field, problem)

    def _optional(self, field: str, kind: type, noun: str) -> Any:
        self._known.add(field)
        value = self._fields.get(field)
        # A TOML boolean is a Python int: `sort_order = true` must not pass as 1. Nor is a moment a day.
        if value is not None and type(value) is not kind:
            raise self.error(field, f"{noun} is expected, not {value!r}")
        return value

    def _needed(self, field: str, kind: type, noun: str) -> Any:
        value = self._optional(field, kind, noun)
        if value is None:
            raise self.error(field, "is missing")
        return value

    def text(self, field: str) -> str:
        value: str = self._needed(field, str, "text")
        if not value or value != value.strip():
            raise self.error(field, "is empty" if not value.strip() else "has blanks around it")
        return value

    def optional_text(self, field: str) -> str:
        return self.text(field) if self._optional(field, str, "text") is not None else ""

    def texts(self, stem: str) -> dict[str, str]:
        """The field in every language."""
        return {f"{stem}_{language}": self.text(f"{stem}_{language}") for language in LANGUAGES}

    def choice(self, field: str, choices: Sequence[str]) -> str:
        value = self.text(field)
        if value not in choices:
            raise self.error(field, f"{value!r} is none of {', '.join(choices)}")
        return value

    def optional_choice(self, field: str, choices: Sequence[str]) -> str | None:
        return self.choice(field, choices) if self._optional(field, str, "text") is not None else None

    def choices(self, field: str, choices: Sequence[str]) -> tuple[str, ...]:
        values = self._needed(field, list, "a list")
        if not values:
            raise self.error(field, "is empty")
        for value in values:
            if value not in choices:
                raise self.error(field, f"{value!r} is none of {', '.join(choices)}")
            if values.count(value) > 1:
                raise self.error(field, f"{value!r} is there twice")
        return tuple(values)

    def flag(self, field: str) -> bool:
        value: bool = self._needed(field, bool, "true or false")
        return value

    def number(self, field: str) -> int:
        value = self.optional_number(field)
        if value is None:
            raise self.error(field, "is missing")
        return value

    def optional_number(self, field: str) -> int | None:
        value: int | None = self._optional(field, int, "a whole number")
        if value is not None and value < 1:
            raise self.error(field, f"{value} is not positive")
        return value

    def day(self, field: str) -> date:
        value: date = self._needed(field, date, "a day")
        return value

    def optional_day(self, field: str) -> date | None:
        value: date | None = self._optional(field, date, "a day")
        return value

    def table(self, field: str) -> _Table:
        return _Table(self.file, field, self._needed(field, dict, "a table"))

    def tables(self, field: str) -> list[_Table]:
        """The tables of an array, each named by its code, or by its place where it has none."""
        rows = self._needed(field, list, "an array of tables")
        found = []
        for place, row in enumerate(rows, start=1):
            if not isinstance(row, dict):
                raise self.error(field, "an array of tables is expected")
            found.append(_Table(self.file, str(row.get("code") or f"{field} {place}"), row))
        return found

    def fields(self) -> dict[str, str]:
        """All fields of a table that has free names, each a text."""
        return {field: self.text(field) for field in self._fields}

    def refuse_unknown(self) -> None:
        for field in self._fields:
            if field not in self._known:
                raise self.error(field, "is unknown")


def _directive(table: _Table) -> LibraryDirective:
    directive = LibraryDirective(
        code=table.text("code"),
        number=table.text("number"),
        dated_on=table.day("dated_on"),
        registered_number=table.text("registered_number"),
        url=table.text("url"),
        **table.texts("title"),
    )
    table.refuse_unknown()
    return directive


def _editions(tables: Sequence[_Table]) -> tuple[LibraryEdition, ...]:
    editions: list[LibraryEdition] = []
    for table in tables:
        edition = LibraryEdition(
            code=table.choice("code", EDITIONS),
            in_force_from=table.day("in_force_from"),
            in_force_to=table.optional_day("in_force_to"),
            provenance=table.choice("provenance", PROVENANCES),
            **table.texts("note"),
        )
        table.refuse_unknown()
        if edition.in_force_to is not None and edition.in_force_to < edition.in_force_from:
            raise table.error("in_force_to", "lies before in_force_from")
        if any(edition.code == earlier.code for earlier in editions):
            raise table.error("code", "is there twice")
        if editions:
            last_day = editions[-1].in_force_to
            if last_day is None or edition.in_force_from <= last_day:
                raise table.error("in_force_from", f"lies in the time of edition {editions[-1].code}")
        editions.append(edition)
    return tuple(editions)


def _chapters(tables: Sequence[_Table]) -> tuple[LibraryChapter, ...]:
    chapters: list[LibraryChapter] = []
    for place, table in enumerate(tables, start=1):
        chapter = LibraryChapter(code=table.text("code"), sort_order=table.number("sort_order"), **table.texts("title"))
        table.refuse_unknown()
        if any(chapter.code == earlier.code for earlier in chapters):
            raise table.error("code", "is there twice")
        if chapter.sort_order != place:
            raise table.error("sort_order", f"{place} is expected, not {chapter.sort_order}")
        chapters.append(chapter)
    return tuple(chapters)


def _requirement(table: _Table, chapter: str, sources: Mapping[str, str]) -> LibraryRequirement:
    applies = table.text("applies")
    try:
        rule = Rule.parse(applies)
    except RuleError as error:
        raise table.error("applies", str(error)) from error
    if str(rule) != applies:
        raise table.error("applies", f"is to be written {str(rule)!r}")

    requirement = LibraryRequirement(
        code=table.text("code"),
        chapter=chapter,
        paragraph=table.optional_text("paragraph"),
        **table.texts("title"),
        **table.texts("guidance"),
        **table.texts("proof"),
        expires=table.flag("expires"),
        validity_months=table.optional_number("validity_months"),
        kinds=table.choices("kinds", KINDS),
        applies=applies,
        measure=table.optional_choice("measure", MEASURES),
        confidence=table.choice("confidence", CONFIDENCES),
        source="; ".join(sources[key] for key in table.choices("sources", tuple(sources))),
    )
    table.refuse_unknown()
    if requirement.validity_months is not None and not requirement.expires:
        raise table.error("validity_months", "is given for an answer that does not expire")
    return requirement
