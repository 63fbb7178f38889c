"""The brief in English; says what the Kazakh original says."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date as Date
from typing import ClassVar, Final

from reporting.brief.facts import Count, NamedInstitution, Place, PlaceCount
from reporting.brief.words import AttachedWords, Fixed, MeasureWords, Patterns, Words
from reporting.numerals import NO_BREAK_SPACE as NBSP
from reporting.percent import format_percent

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
ORDINALS: Final = ("1st", "2nd", "3rd", "4th")
# One, and any other number.
KIND: Final = {
    "kindergarten": ("kindergarten", "kindergartens"),
    "school": ("school", "schools"),
    "college": ("college", "colleges"),
}

_NUMBER: Final = r"\d{1,3}(?:,\d{3})+|\d+"
_KIND_OF: Final = {form: kind for kind, forms in KIND.items() for form in forms}
_NOUN: Final = rf"(?P<noun>{'|'.join(sorted(_KIND_OF, key=len, reverse=True))})"


def plural(number: int, one: str, many: str) -> str:
    return one if number == 1 else many


# The letters of Kazakh in the plain Latin ones of the regions' own English names (Aktobe, Zhetisu, Kyzylorda).
_LATIN: Final = str.maketrans(
    {
        "а": "a", "ә": "a", "б": "b", "в": "v", "г": "g", "ғ": "g", "д": "d", "е": "e", "ё": "yo", "ж": "zh",
        "з": "z", "и": "i", "й": "y", "к": "k", "қ": "k", "л": "l", "м": "m", "н": "n", "ң": "ng", "о": "o",
        "ө": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ұ": "u", "ү": "u", "ф": "f", "х": "kh",
        "һ": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "і": "i", "ь": "", "э": "e",
        "ю": "yu", "я": "ya",
    }
)  # fmt: skip


def latin(name: str) -> str:
    """A Kazakh name in Latin letters, each word with a capital: "Үлкен Нарын" → "Ulken Naryn"."""
    return " ".join(word[:1].upper() + word[1:] for word in name.lower().translate(_LATIN).split(" "))


def english_name(place: Place) -> str:
    """A place's English name; of a locality, which has none, its Kazakh one in Latin letters: "Akkol district"."""
    if "name_en" in place:
        return place["name_en"]
    name = place["name_kk"]
    for kazakh, english in ((" ауданы", " district"), (" қ.", " city")):
        if name.endswith(kazakh):
            return latin(name.removesuffix(kazakh)) + english
    return latin(name)


def in_full(name: str) -> str:
    """A region as a sentence names it: "Akmola Region", "the city of Astana"."""
    return f"the city of {name.removesuffix(' city')}" if name.endswith(" city") else name


class English(Words):
    lang = "en"
    endonym = "English"
    fixed = Fixed(
        ministry="Ministry of Education of the Republic of Kazakhstan",
        title=f"Information on the anti-terror protection of{NBSP}education{NBSP}institutions",
        running_title="Anti-terror protection of education institutions",
        provisional_mark="provisional data",
        numero="No.",
        legal_title="1. Legal basis",
        legal_basis=(
            "The requirements for the anti-terror protection of education facilities are laid down in the "
            f"instruction approved by Order No.{NBSP}117 of the Minister of Education and Science of the Republic of "
            f"Kazakhstan of 30{NBSP}March 2022 (hereinafter the Instruction). Depending on the group of the facility, "
            "the Instruction demands that a video surveillance system be installed and connected to the operational "
            "control centres of the internal affairs bodies (hereinafter the OCC), that a contract be made with a "
            "licensed guard, and that a panic button and a pass system (turnstile) be installed. Every figure in "
            "this document is the number of institutions whose fulfilment of the requirement has been approved."
        ),
        national_title="2. The country: video surveillance",
        regions_title="2.1. Institutions whose video surveillance is connected to the OCC, by region",
        notes_title="4. Notes",
        annex_title="Annex. Tables of coverage",
        reading_key=(
            "The number of institutions that fulfil the requirement comes first, then the number of all "
            "institutions; a single number means that all institutions are covered."
        ),
        rounding_note=(
            "The percentage is the number of institutions covered over the number of all institutions. It is "
            "rounded to a whole number; 100% is written only where all institutions are covered, 0% only where none is."
        ),
        population_note=(
            "Video surveillance is counted over all operating institutions of the country, the other measures over "
            "all operating institutions of the large cities. The Instruction does not oblige every one of them, so "
            f"Table{NBSP}1 sets the coverage among the obliged institutions beside it."
        ),
        overview_caption="Key figures",
        overview_head=("Measure", "Covered / all", "Coverage"),
        republic="country",
        obliged_caption="Coverage among all institutions and among those that the Instruction obliges",
        obliged_corner="Measure",
        everybody="All institutions",
        obliged="Obliged institutions",
        obliged_columns=("all", "covered", "%"),
        regions_caption="Video surveillance in the regions: installed and connected to the OCC",
        regions_corner="Region",
        total_column="All",
        counted="count",
        connected="OCC",
        republic_total="Country",
        cities_caption="Guard, panic button and turnstile in the large cities",
        cities_corner="City",
    )
    attached = AttachedWords(
        csv="Lines: a table as text (CSV)",
        imprint="The brief’s number, date, code and checks (JSON)",
        json="All figures of the document (JSON)",
        xlsx="Lines: a spreadsheet (XLSX)",
        sheet="Lines",
        columns=("Measure", "Kind of institution", "Region or city", "All", "Covered", "%"),
    )
    measures: ClassVar = {
        "cctv_installed": MeasureWords(
            title="Video surveillance system installed",
            overview="Video surveillance installed",
            short="Installed",
            of_kind="video surveillance installed",
            sentence="A video surveillance system is installed in {who}",
        ),
        "cctv_connected": MeasureWords(
            title="Video surveillance connected to the OCC",
            overview="Video surveillance connected to the OCC",
            short="Connected",
            of_kind="connected to the OCC",
            sentence="The video surveillance of {who} is connected to the OCC",
        ),
        "licensed_guard": MeasureWords(
            title="Licensed guard",
            overview="Licensed guard",
            short="Guard",
            of_kind="licensed guard",
            sentence="A contract with a licensed guard has been made by {who}",
        ),
        "panic_button": MeasureWords(
            title="Panic button",
            overview="Panic button",
            short="Panic button",
            of_kind="panic button",
            sentence="A panic button is installed and connected to a centralised monitoring console in {who}",
        ),
        "turnstile": MeasureWords(
            title="Pass system (turnstile)",
            overview="Turnstile",
            short="Turnstile",
            of_kind="turnstile",
            sentence="A pass system (turnstile) is installed in {who}",
        ),
    }
    kind_plural: ClassVar = {"kindergarten": "Kindergartens", "school": "Schools", "college": "Colleges"}
    kind_long: ClassVar = {
        "kindergarten": "Preschool institutions",
        "school": "Institutions of secondary education",
        "college": "Institutions of technical and vocational education",
    }
    patterns = Patterns(
        line=re.compile(
            rf"(?P<place>.+?): (?:(?P<covered>{_NUMBER}) of )?(?P<total>{_NUMBER})(?: {_NOUN})?"
            r" – (?:(?P<percent>\d+)%|–)"
        ),
        nobody=re.compile(rf"(?P<place>.+): no {_NOUN}"),
        institutions=re.compile(rf"(?<![\d,])(?P<total>{_NUMBER})\u00a0education institutions?\b"),
        covered=re.compile(rf"(?P<all>all )?(?<![\d,])(?P<count>{_NUMBER})\u00a0institutions?\b"),
        of_all=re.compile(rf"(?:%|part) of (?P<total>{_NUMBER})\u00a0institutions?\b"),
        kind=re.compile(rf"(?<![\d,])(?P<count>{_NUMBER})\u00a0{_NOUN}\b"),
        none_counted=re.compile(r"no institutions are counted\.$"),
        kinds=_KIND_OF,
    )

    def fixed_of_area(self, area: Place) -> Fixed:
        name, fixed = in_full(area["name_en"]), self.fixed
        city = area["name_en"].endswith(" city")
        return replace(
            fixed,
            title=f"Information on the anti-terror protection of education institutions in {name}",
            running_title=f"Anti-terror protection of education institutions in {name}",
            national_title=f"2. {name[0].upper()}{name[1:]}: video surveillance",
            regions_title="2.1. Institutions whose video surveillance is connected to the OCC, by district and city",
            population_note=fixed.population_note.replace("the country", "the city" if city else "the region"),
            republic="city" if city else "region",
            regions_caption="Video surveillance in the districts and cities: installed and connected to the OCC",
            regions_corner="District or city",
            republic_total=f"{name[0].upper()}{name[1:]}",
        )

    # --- lines and headlines ----------------------------------------------------------------------------------

    def line_some(self, place: str, kind: str, count: PlaceCount, *, first: bool) -> str:
        """`Akmola region: 114 of 122 – 93%`; the first `Astana city: 8 of 96 kindergartens – 8%`."""
        of_kind = f" {plural(count['total'], *KIND[kind])}" if first else ""
        pair = f"{self.number(count['covered'])} of {self.number(count['total'])}"
        return f"{place}: {pair}{of_kind} – {format_percent(count['percent'])}"

    def line_all(self, place: str, kind: str, count: PlaceCount, *, first: bool) -> str:
        """`Shymkent city: 71 – 100%`; the first `Astana city: 96 kindergartens – 100%`."""
        of_kind = f" {plural(count['total'], *KIND[kind])}" if first else ""
        return f"{place}: {self.number(count['total'])}{of_kind} – {format_percent(count['percent'])}"

    def line_nobody(self, place: str, kind: str) -> str:
        """`Ulytau region: no colleges`."""
        return f"{place}: no {KIND[kind][1]}"

    def headline_some(self, code: str, every: Count, by_kind: Mapping[str, int]) -> str:
        who = f"{self._institutions(every['covered'])} ({self.by_kind(by_kind)})"
        sentence = self.measures[code].sentence.format(who=who)
        of_all = f"of {self._institutions(every['total'])}"
        if every["percent"] is None:
            return f"{sentence}, which is a part {of_all}; no percentage is worked out."
        return f"{sentence}, which is {every['percent']}% {of_all}."

    def headline_all(self, code: str, every: Count) -> str:
        who = f"all {self._institutions(every['total'])}"
        return f"{self.measures[code].sentence.format(who=who)}; coverage is {every['percent']}%."

    def headline_nobody(self, code: str) -> str:
        return f"{self.measures[code].title}: no institutions are counted."

    def _institutions(self, number: int) -> str:
        return f"{self.number(number)}{NBSP}{plural(number, 'institution', 'institutions')}"

    # --- names, numbers and days ------------------------------------------------------------------------------

    def name_in_line(self, place: Place, scope: str) -> str:
        return english_name(place).replace(" Region", " region")

    def name_in_table(self, place: Place) -> str:
        return english_name(place).removesuffix(" Region")

    def number(self, number: int) -> str:
        """As English sets thousands apart: "9,986"."""
        return f"{number:,}"

    def of_kind(self, kind: str, number: int) -> str:
        return f"{self.number(number)}{NBSP}{plural(number, *KIND[kind])}"

    def day(self, day: Date) -> str:
        return f"{self.day_and_month(day)} {day.year}"

    def day_and_month(self, day: Date) -> str:
        return f"{day.day}{NBSP}{MONTHS[day.month - 1]}"

    def quarter(self, year: int, quarter: int) -> str:
        return f"{ORDINALS[quarter - 1]}{NBSP}quarter of {year}"

    def subtitle(self, quarter: str, year: int, as_of: Date) -> str:
        day = self.day_and_month(as_of) if as_of.year == year else self.day(as_of)
        return f"{quarter}, as of {day}"

    def provisional(self, quarter: str) -> str:
        return f"Provisional data: the {quarter} is not yet closed and the figures may change."

    # --- sentences and headings with numbers ------------------------------------------------------------------

    def institutions_national(self, as_of: Date, counts: Mapping[str, int]) -> str:
        return f"As of {self.day(as_of)}, {self._at_work(counts, self._where())}."

    def _where(self) -> str:
        return f"in {in_full(self.area['name_en'])}" if self.area else "in the country"

    def institutions_cities(self, cities: int, counts: Mapping[str, int]) -> str:
        return f"In the {self.cities(cities)}, {self._at_work(counts, '')}."

    def _at_work(self, counts: Mapping[str, int], where: str) -> str:
        every = counts["all"]
        counted = f"{self.number(every)}{NBSP}education {plural(every, 'institution is', 'institutions are')}"
        return f"{counted} in operation{' ' if where else ''}{where} ({self.by_kind(counts)})"

    def cities(self, cities: int) -> str:
        return f"{cities}{NBSP}large {plural(cities, 'city', 'cities')}"

    def cities_title(self, cities: int) -> str:
        return f"3. The {self.cities(cities)}: guard, panic button, turnstile"

    def table_label(self, number: int) -> str:
        return f"Table{NBSP}{number}"

    def day_note(self, as_of: Date, known_on: Date) -> str:
        return (
            f"The figures describe the state on {self.day(as_of)}. The last day on which information that they "
            f"include was registered is {self.day(known_on)}."
        )

    def ledger_note(self, rows: int) -> str:
        noun = plural(rows, "entry", "entries")
        return f"The figures are computed from {self.number(rows)}{NBSP}{noun} in the ledger of changes."

    def seal_note(self, day: Date, root: str) -> str:
        return f"Seal of the ledger of changes of {self.day(day)} (SHA-256): {root}"

    def pending_note(self, changes: int) -> str:
        noun = plural(changes, "change that has", "changes that have")
        return f"{self.number(changes)}{NBSP}{noun} reached the ledger {plural(changes, 'is', 'are')} not yet counted."

    def exempt_note(self, code: str, institutions: int) -> str:
        verb = plural(institutions, "does", "do")
        return (
            f"{self.measures[code].title}: {self._institutions(institutions)} to which the requirement has been "
            f"approved not to apply {verb} not enter the percentage."
        )

    def repair_lead(self, institutions: int) -> str:
        return f"{self._institutions(institutions)} in capital repair {plural(institutions, 'is', 'are')} not counted:"

    def exceptions_lead(self, institutions: int) -> str:
        verb = plural(institutions, "has", "have")
        return f"{self._institutions(institutions)} {verb} leave to give information after the close of the period:"

    def named(self, institution: NamedInstitution, place: str) -> str:
        until = institution.get("until")
        term = f", until {self.day(Date.fromisoformat(until))}" if until else ""
        return f"{institution['name_kk']} ({place}{term})"

    def chart_label(self, number: int) -> str:
        return f"Figure{NBSP}{number}"

    def changes_lead(self, number: str, quarter: str) -> str:
        return f"They are measured from the published brief No.{NBSP}{number} of the {quarter}."

    def not_covered_lead(self, code: str, institutions: int) -> str:
        verb = plural(institutions, "does", "do")
        return f"{self.measures[code].title}: {self._institutions(institutions)} {verb} not meet the requirement:"

    def not_covered_attached(self, code: str, institutions: int) -> str:
        verb = plural(institutions, "does", "do")
        return (
            f"{self.measures[code].title}: the list of {self._institutions(institutions)} that {verb} not meet the "
            "requirement is in the table attached to this document."
        )

    def explained(self, code: str, before: str, now: str, by: str, on: Date, text: str) -> str:
        return (
            f"{self.measures[code].title}: {before} in the previous brief, {now} now. Explanation ({by}, "
            f"{self.day(on)}): {text}"
        )
