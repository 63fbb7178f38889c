"""What a language must be able to say, and how its finished words are read again. One subclass a language."""

import copy
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date
from typing import ClassVar, Self

from reporting.brief.facts import KINDS, LARGE_CITIES, Count, Measure, NamedInstitution, Place, PlaceCount


@dataclass(frozen=True)
class MeasureWords:
    """How a measure is called. `sentence` takes {who}: "1 911 ұйым" with its case and its kinds."""

    title: str
    overview: str
    short: str
    of_kind: str
    sentence: str


@dataclass(frozen=True)
class Fixed:
    """Words that no number changes: titles, headings of tables, whole paragraphs."""

    ministry: str
    title: str
    running_title: str
    provisional_mark: str
    numero: str
    legal_title: str
    legal_basis: str
    national_title: str
    regions_title: str
    notes_title: str
    annex_title: str
    reading_key: str
    rounding_note: str
    population_note: str
    overview_caption: str
    overview_head: tuple[str, str, str]
    republic: str
    obliged_caption: str
    obliged_corner: str
    everybody: str
    obliged: str
    obliged_columns: tuple[str, str, str]
    regions_caption: str
    regions_corner: str
    total_column: str
    counted: str
    connected: str
    republic_total: str
    cities_caption: str
    cities_corner: str


@dataclass(frozen=True)
class AttachedWords:
    """What the attached data are called: four descriptions, the sheet and its six columns."""

    csv: str
    imprint: str
    json: str
    xlsx: str
    sheet: str
    columns: tuple[str, str, str, str, str, str]


@dataclass(frozen=True)
class Described:
    """What a viewer shows beside each of the four files inside a document."""

    imprint: str
    csv: str
    json: str
    xlsx: str


@dataclass(frozen=True)
class Patterns:
    """How finished words are read, by named groups.

    `line`: place, total, perhaps covered, noun, suffix, percent · `nobody`: place, noun · `institutions`: total ·
    `covered`: count, all · `of_all`: total · `kind`: count, noun · `none_counted`: no groups. `kinds`: noun → kind.
    """

    line: re.Pattern[str]
    nobody: re.Pattern[str]
    institutions: re.Pattern[str]
    covered: re.Pattern[str]
    of_all: re.Pattern[str]
    kind: re.Pattern[str]
    none_counted: re.Pattern[str]
    kinds: Mapping[str, str]


class Words(ABC):
    """A language of the brief. Which sentence a case takes is decided here, its words below."""

    lang: ClassVar[str]
    endonym: ClassVar[str]
    fixed: Fixed
    # A region's brief says where of its region instead of the republic.
    area: Place | None = None
    attached: ClassVar[AttachedWords]
    measures: ClassVar[Mapping[str, MeasureWords]]
    kind_plural: ClassVar[Mapping[str, str]]
    kind_long: ClassVar[Mapping[str, str]]
    patterns: ClassVar[Patterns]
    # Names of regions that leave room for two columns only.
    long_region_names: ClassVar[bool] = True

    def of_area(self, area: Place) -> Self:
        """The same language for the brief of one region (`area` has its full name): its titles and places."""
        regional = copy.copy(self)
        regional.area = area
        regional.fixed = self.fixed_of_area(area)
        return regional

    @abstractmethod
    def fixed_of_area(self, area: Place) -> Fixed:
        """The titles and captions that name the region, or districts instead of regions."""

    # --- lines and headlines ----------------------------------------------------------------------------------

    def line(self, place: str, kind: str, count: PlaceCount, *, first: bool) -> str:
        """One line of a list: some, all, or nobody there. The `first` line of a list names the kind."""
        if count["total"] == 0:
            return self.line_nobody(place, kind)
        if count["covered"] == count["total"]:
            return self.line_all(place, kind, count, first=first)
        return self.line_some(place, kind, count, first=first)

    def headline(self, measure: Measure) -> str:
        """The sentence that states a measure's headline: how many, by kind, of how many, and the percent."""
        code, every = measure["code"], measure["headline"]["all"]
        if every["total"] == 0:
            return self.headline_nobody(code)
        if every["covered"] == every["total"] and every["percent"] is not None and self.says_all_of(every["total"]):
            return self.headline_all(code, every)
        by_kind = {kind: measure["headline"][kind]["covered"] for kind in KINDS}
        return self.headline_some(code, every, by_kind)

    def says_all_of(self, total: int) -> bool:
        """Whether "all" can be said of so many; most languages have no "all 1"."""
        return total > 1

    def by_kind(self, counts: Mapping[str, int]) -> str:
        """As in "1 366 балабақша, 4 360 мектеп, 259 колледж"."""
        return ", ".join(self.of_kind(kind, counts[kind]) for kind in KINDS)

    def long_lines(self, scope: str) -> bool:
        return scope == LARGE_CITIES or self.long_region_names or self.area is not None

    @abstractmethod
    def line_some(self, place: str, kind: str, count: PlaceCount, *, first: bool) -> str: ...

    @abstractmethod
    def line_all(self, place: str, kind: str, count: PlaceCount, *, first: bool) -> str: ...

    @abstractmethod
    def line_nobody(self, place: str, kind: str) -> str: ...

    @abstractmethod
    def headline_some(self, code: str, every: Count, by_kind: Mapping[str, int]) -> str: ...

    @abstractmethod
    def headline_all(self, code: str, every: Count) -> str: ...

    @abstractmethod
    def headline_nobody(self, code: str) -> str: ...

    # --- names, numbers and days ------------------------------------------------------------------------------

    @abstractmethod
    def name_in_line(self, place: Place, scope: str) -> str:
        """A place as a line begins with it; no two of a scope are alike."""

    @abstractmethod
    def name_in_table(self, place: Place) -> str:
        """A place as a row of the annex is headed."""

    @abstractmethod
    def number(self, number: int) -> str:
        """A count with its thousands set apart."""

    @abstractmethod
    def of_kind(self, kind: str, number: int) -> str:
        """So many of a kind: "393 колледж"."""

    @abstractmethod
    def day(self, day: Date) -> str:
        """A day in full: "2026 жылғы 22 қараша"."""

    @abstractmethod
    def quarter(self, year: int, quarter: int) -> str: ...

    @abstractmethod
    def subtitle(self, quarter: str, year: int, as_of: Date) -> str:
        """The quarter and the day of its figures, whose year is said only where the quarter has not said it."""

    @abstractmethod
    def provisional(self, quarter: str) -> str: ...

    # --- sentences and headings with numbers ------------------------------------------------------------------

    @abstractmethod
    def institutions_national(self, as_of: Date, counts: Mapping[str, int]) -> str: ...

    @abstractmethod
    def institutions_cities(self, cities: int, counts: Mapping[str, int]) -> str: ...

    @abstractmethod
    def cities(self, cities: int) -> str:
        """So many large cities."""

    @abstractmethod
    def cities_title(self, cities: int) -> str: ...

    @abstractmethod
    def table_label(self, number: int) -> str: ...

    @abstractmethod
    def day_note(self, as_of: Date, known_on: Date) -> str: ...

    @abstractmethod
    def ledger_note(self, rows: int) -> str: ...

    @abstractmethod
    def seal_note(self, day: Date, root: str) -> str: ...

    @abstractmethod
    def pending_note(self, changes: int) -> str: ...

    @abstractmethod
    def exempt_note(self, code: str, institutions: int) -> str: ...

    @abstractmethod
    def repair_lead(self, institutions: int) -> str: ...

    @abstractmethod
    def exceptions_lead(self, institutions: int) -> str: ...

    @abstractmethod
    def named(self, institution: NamedInstitution, place: str) -> str:
        """An institution with its place, and the day on which its permission ends, if it has one."""

    @abstractmethod
    def chart_label(self, number: int) -> str: ...

    @abstractmethod
    def changes_lead(self, number: str, quarter: str) -> str:
        """With which published brief the changes are measured."""

    @abstractmethod
    def not_covered_lead(self, code: str, institutions: int) -> str:
        """So many institutions that do not meet a measure, before their names."""

    @abstractmethod
    def not_covered_attached(self, code: str, institutions: int) -> str:
        """The same where the list is too long for paper and stands in the attached file."""

    @abstractmethod
    def explained(self, code: str, before: str, now: str, by: str, on: Date, text: str) -> str:
        """A named person's explanation of a jump from one percentage to another."""
