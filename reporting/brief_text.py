"""The words of the national brief in Kazakh: a frozen snapshot becomes a document, a document becomes text.

Pure: no database, no template, no clock. `compose` writes every sentence, line and cell that the brief holds;
`reporting.rendering` only lays them out, and `to_text` writes them one under another. `printed_lines` and
`printed_headlines` go the other way: they read the numbers back out of the finished words, so that
`reporting.integrity` judges what a reader will see and not what was meant.

The Kazakh brief is the original. Its words stand here and not in the translation catalogues because they are
the document itself, not the interface around it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from typing import ClassVar, NotRequired, TypedDict

from reporting.numerals import NO_BREAK_SPACE as NBSP
from reporting.numerals import ablative, group_thousands, quarter_phrase
from reporting.percent import format_percent
from reporting.percent import percent as percent_of

MINISTRY = "Қазақстан Республикасының Оқу-ағарту министрлігі"
TITLE = "Білім беру ұйымдарының терроризмге қарсы қорғалуы туралы ақпарат"
RUNNING_TITLE = "Білім беру ұйымдарының терроризмге қарсы қорғалуы"

KINDS = ("kindergarten", "school", "college")
NATIONAL, LARGE_CITIES = "national", "large_cities"

KIND_WORD = {"kindergarten": "балабақша", "school": "мектеп", "college": "колледж"}
KIND_GENITIVE = {"kindergarten": "балабақшаның", "school": "мектептің", "college": "колледждің"}
KIND_PLURAL = {"kindergarten": "Балабақшалар", "school": "Мектептер", "college": "Колледждер"}
KIND_LONG = {
    "kindergarten": "Мектепке дейінгі білім беру ұйымдары",
    "school": "Орта білім беру ұйымдары",
    "college": "Техникалық және кәсіптік білім беру ұйымдары",
}
_KIND_BY_WORD = {
    **{word: kind for kind, word in KIND_WORD.items()},
    **{word: kind for kind, word in KIND_GENITIVE.items()},
}

MONTHS = (
    "қаңтар", "ақпан", "наурыз", "сәуір", "мамыр", "маусым",
    "шілде", "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан",
)  # fmt: skip
# "of that day" (31 наурыздағы жағдай): the locative with -ғы/-гі, which follows the vowels of the month.
MONTHS_ATTRIBUTIVE = (
    "қаңтардағы", "ақпандағы", "наурыздағы", "сәуірдегі", "мамырдағы", "маусымдағы",
    "шілдедегі", "тамыздағы", "қыркүйектегі", "қазандағы", "қарашадағы", "желтоқсандағы",
)  # fmt: skip


# --- the snapshot, as read here ---------------------------------------------------------------------------


class Count(TypedDict):
    """Institutions of one measure and kind; `percent` is null where nobody is applicable."""

    total: int
    covered: int
    not_applicable: int
    percent: int | None


class PlaceCount(TypedDict):
    """One place in one list; `place` is a region code or a line of large cities."""

    place: str
    total: int
    covered: int
    percent: int | None


class Place(TypedDict):
    place: str
    name_kk: str
    name_ru: NotRequired[str]
    name_en: NotRequired[str]


class Measure(TypedDict):
    """One of the five measures in its scope; `headline` and `obliged` are by kind, with "all"."""

    code: str
    scope: str
    headline: dict[str, Count]
    obliged: dict[str, Count]
    lines: dict[str, list[PlaceCount]]


class NamedInstitution(TypedDict):
    """An institution that the notes name: in capital repair, or with an exception until a day."""

    bin: str
    name_kk: str
    place: str
    until: NotRequired[str]


class Notes(TypedDict):
    """`pending`: changes in the ledger that are not yet folded into the figures."""

    capital_repair: list[NamedInstitution]
    exceptions: list[NamedInstitution]
    pending: int


class Period(TypedDict):
    code: str
    year: int
    quarter: int
    closed: bool


class Snapshot(TypedDict):
    """`Brief.snapshot`, schema 1. Days are ISO texts; places stand in the ministry's order."""

    schema: int
    scope: dict[str, str]
    lang: str
    period: Period
    as_of: str
    known_on: str
    institutions: dict[str, dict[str, int]]
    places: dict[str, list[Place]]
    measures: list[Measure]
    notes: Notes
    ledger: dict[str, int]


# --- the document -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paragraph:
    """Running text. With `measure` it states that measure's headline ("institutions": how many there are)."""

    text: str
    measure: str = ""
    scope: str = ""
    small: bool = False
    shape: ClassVar[str] = "paragraph"


@dataclass(frozen=True)
class KeyFigure:
    """One row of the overview on the first page; `share` is the drawn length, 0–100."""

    label: str
    counts: str
    percent: str
    share: int


@dataclass(frozen=True)
class KeyFigures:
    caption: str
    head: tuple[str, str, str]
    rows: tuple[KeyFigure, ...]
    shape: ClassVar[str] = "key_figures"


@dataclass(frozen=True)
class LineList:
    """The lines of one measure and kind, a place each, in the ministry's form and order."""

    title: str
    measure: str
    scope: str
    kind: str
    lines: tuple[str, ...]
    shape: ClassVar[str] = "line_list"

    @property
    def split_lines(self) -> list[tuple[str, str]]:
        """Each line cut before its percentage, which the page sets in bold; joined they are the line."""
        cut = (line.rpartition(" ") if line.endswith("%") else (line, "", "") for line in self.lines)
        return [(start + space, percent) for start, space, percent in cut]

    @property
    def long_lines(self) -> bool:
        """Two columns instead of three: a line that names two cities needs the room."""
        return self.scope == LARGE_CITIES


@dataclass(frozen=True)
class ColumnGroup:
    """Neighbouring columns under one heading."""

    title: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """`lead` rows open a group and stand out; `part` rows belong to the lead above them."""

    heading: str
    cells: tuple[str, ...]
    role: str = ""


@dataclass(frozen=True)
class Table:
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


Block = Paragraph | KeyFigures | LineList | Table | Bullets | NameList


@dataclass(frozen=True)
class Section:
    """A heading of `level` 1 or 2 and what stands under it."""

    title: str
    blocks: tuple[Block, ...]
    level: int = 1


@dataclass(frozen=True)
class Document:
    """The whole brief in words. `provisional` is empty once the period is closed."""

    lang: str
    ministry: str
    title: str
    running_title: str
    subtitle: str
    number: str
    date: Date
    date_text: str
    provisional: str
    sections: tuple[Section, ...]
    places: Mapping[str, Mapping[str, str]] = field(repr=False)

    def blocks(self) -> Iterator[Block]:
        """Every block in reading order."""
        for section in self.sections:
            yield from section.blocks


class LanguageNotWritten(ValueError):
    """The snapshot asks for a language in which nobody has written the brief yet."""


# --- numbers and days in words ----------------------------------------------------------------------------


def long_date(day: Date) -> str:
    """2026 жылғы 22 қараша."""
    return f"{day.year}{NBSP}жылғы {day.day}{NBSP}{MONTHS[day.month - 1]}"


def state_on(day: Date) -> str:
    """2023 жылғы 31 наурыздағы: the attribute before "жағдай"."""
    return f"{day.year}{NBSP}жылғы {day.day}{NBSP}{MONTHS_ATTRIBUTIVE[day.month - 1]}"


def line_text(place: str, kind: str, count: PlaceCount, *, first: bool) -> str:
    """One line of a list as the ministry writes it.

    `Ақмола (122-ден 114) – 93%`; all covered: `Шымкент қ. (71) – 100%`. The first line of a list names the
    kind: `Астана қ. (96 балабақша) – 100%`, `Астана қ. (96 балабақшаның 8) – 8%`. A place that has nothing
    of the kind has no coverage to print: `Ұлытау – колледж жоқ`.
    """
    total, covered = count["total"], count["covered"]
    if total == 0:
        return f"{place} – {KIND_WORD[kind]} жоқ"
    if covered == total:
        inside = f"{group_thousands(total)} {KIND_WORD[kind]}" if first else group_thousands(total)
    elif first:
        inside = f"{group_thousands(total)} {KIND_GENITIVE[kind]} {group_thousands(covered)}"
    else:
        inside = f"{ablative(total)} {group_thousands(covered)}"
    return f"{place} ({inside}) – {format_percent(count['percent'])}"


def _by_kind(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{group_thousands(counts[kind])}{NBSP}{KIND_WORD[kind]}" for kind in KINDS)


@dataclass(frozen=True)
class _Wording:
    """How a measure is called and said. `sentence` takes {who}: "1 911 ұйым" with its case and its kinds."""

    title: str
    overview: str
    short: str
    of_kind: str
    noun: str
    sentence: str


WORDING = {
    "cctv_installed": _Wording(
        title="Бейнебақылау жүйесі орнатылған",
        overview="Бейнебақылау орнатылған",
        short="Орнатылған",
        of_kind="бейнебақылау орнатылғаны",
        noun="ұйымда",
        sentence="Бейнебақылау жүйесі {who} орнатылған",
    ),
    "cctv_connected": _Wording(
        title="Бейнебақылау ЖБО-ға қосылған",
        overview="Бейнебақылау ЖБО-ға қосылған",
        short="ЖБО-ға қосылған",
        of_kind="ЖБО-ға қосылғаны",
        noun="ұйымның",
        sentence="ЖБО-ға {who} бейнебақылау жүйесі қосылған",
    ),
    "licensed_guard": _Wording(
        title="Лицензияланған күзет",
        overview="Лицензияланған күзет",
        short="Күзет",
        of_kind="лицензияланған күзет",
        noun="ұйым",
        sentence="Лицензияланған күзетпен {who} шарт жасасқан",
    ),
    "panic_button": _Wording(
        title="Дабыл түймесі",
        overview="Дабыл түймесі",
        short="Дабыл түймесі",
        of_kind="дабыл түймесі",
        noun="ұйымда",
        sentence="Дабыл түймесі {who} орнатылып, орталықтандырылған бақылау пультіне қосылған",
    ),
    "turnstile": _Wording(
        title="Өткізу жүйесі (турникет)",
        overview="Турникет",
        short="Турникет",
        of_kind="турникет",
        noun="ұйымда",
        sentence="Өткізу жүйесі (турникет) {who} орнатылған",
    ),
}


def headline_text(measure: Measure) -> str:
    """The sentence that states a measure's headline: how many, by kind, of how many, and the percent."""
    wording, headline = WORDING[measure["code"]], measure["headline"]
    total, covered, percent = headline["all"]["total"], headline["all"]["covered"], headline["all"]["percent"]
    if total == 0:
        return f"{wording.title}: есепке алынатын ұйым жоқ."
    if covered == total and percent is not None:
        sentence = wording.sentence.format(who=f"барлық {group_thousands(total)}{NBSP}{wording.noun}")
        return f"{sentence}, қамту деңгейі{NBSP}– {percent}%."
    kinds = _by_kind({kind: headline[kind]["covered"] for kind in KINDS})
    sentence = wording.sentence.format(who=f"{group_thousands(covered)}{NBSP}{wording.noun} ({kinds})")
    of_all = f"{group_thousands(total)}{NBSP}ұйымның"
    if percent is None:
        return f"{sentence}, бұл{NBSP}– {of_all} бір бөлігі, пайызы есептелмейді."
    return f"{sentence}, бұл{NBSP}– {of_all} {percent}%-ы."


# --- composing --------------------------------------------------------------------------------------------


def compose(snapshot: Snapshot, *, number: str, date: Date) -> Document:
    """Write the brief of `snapshot` under its `number` and `date` (of the brief itself, not of its figures).

    Raises `LanguageNotWritten` for any language but Kazakh.
    """
    if snapshot["lang"] != "kk":
        raise LanguageNotWritten(snapshot["lang"])
    as_of = Date.fromisoformat(snapshot["as_of"])
    year = snapshot["period"]["year"]
    period = quarter_phrase(year, snapshot["period"]["quarter"])
    state = state_on(as_of)
    if as_of.year == year:  # the quarter has just named the year
        state = state.removeprefix(f"{year}{NBSP}жылғы ")
    provisional = ""
    if not snapshot["period"]["closed"]:
        provisional = f"Алдын ала дерек: {period} әлі жабылған жоқ, көрсеткіштер өзгеруі мүмкін."
    measures = {measure["code"]: measure for measure in snapshot["measures"]}
    cities = city_count(snapshot["places"][LARGE_CITIES])
    return Document(
        lang="kk",
        ministry=MINISTRY,
        title=TITLE,
        running_title=RUNNING_TITLE,
        subtitle=f"{period}, {state} жағдай",
        number=f"№{NBSP}{number}",
        date=date,
        date_text=long_date(date),
        provisional=provisional,
        sections=(
            Section("1. Құқықтық негіз", (_legal_basis(), _key_figures(measures, cities))),
            *_national(snapshot, measures, as_of),
            *_large_cities(snapshot, measures),
            Section("4. Ескертпелер", tuple(_notes(snapshot, as_of))),
            Section("Қосымша. Қамту кестелері", tuple(_annex(snapshot, measures))),
        ),
        places={
            scope: {place["name_kk"]: place["place"] for place in places}
            for scope, places in snapshot["places"].items()
        },
    )


def _legal_basis() -> Paragraph:
    return Paragraph(
        "Білім беру объектілерінің терроризмге қарсы қорғалуына қойылатын талаптар Қазақстан Республикасы "
        f"Білім және ғылым министрінің 2022{NBSP}жылғы 30{NBSP}наурыздағы №{NBSP}117 бұйрығымен бекітілген "
        f"нұсқаулықта (бұдан әрі{NBSP}– Нұсқаулық) белгіленген. Нұсқаулық объектінің тобына қарай "
        "бейнебақылау жүйесін орнатып, оны ішкі істер органдарының жедел басқару орталықтарына "
        f"(бұдан әрі{NBSP}– ЖБО) қосуды, "
        "лицензияланған күзетпен шарт жасасуды, дабыл түймесі мен өткізу жүйесін (турникетті) орнатуды талап "
        "етеді. Осы ақпараттағы әрбір көрсеткіш – талапты орындағаны бекітілген ұйымдардың саны."
    )


def _key_figures(measures: Mapping[str, Measure], cities: int) -> KeyFigures:
    rows = []
    for code, wording in WORDING.items():
        count = measures[code]["headline"]["all"]
        where = "республика" if measures[code]["scope"] == NATIONAL else f"{cities}{NBSP}ірі қала"
        rows.append(
            KeyFigure(
                label=f"{wording.overview}, {where}",
                counts=f"{group_thousands(count['covered'])} / {group_thousands(count['total'])}",
                percent=format_percent(count["percent"]),
                share=count["percent"] or 0,
            )
        )
    return KeyFigures("Негізгі көрсеткіштер", ("Көрсеткіш", "Қамтылғаны / барлығы", "Қамту"), tuple(rows))


def _line_lists(measure: Measure, places: Sequence[Place]) -> Iterator[LineList]:
    names = {place["place"]: place["name_kk"] for place in places}
    for kind in KINDS:
        lines = measure["lines"][kind]
        yield LineList(
            title=f"{KIND_LONG[kind]}: {WORDING[measure['code']].of_kind}",
            measure=measure["code"],
            scope=measure["scope"],
            kind=kind,
            lines=tuple(
                line_text(names[line["place"]], kind, line, first=index == 0) for index, line in enumerate(lines)
            ),
        )


def _headline(measure: Measure) -> Paragraph:
    return Paragraph(headline_text(measure), measure=measure["code"], scope=measure["scope"])


def _national(snapshot: Snapshot, measures: Mapping[str, Measure], as_of: Date) -> Iterator[Section]:
    counts = snapshot["institutions"][NATIONAL]
    how_many = (
        f"{state_on(as_of)} жағдай бойынша республикада {group_thousands(counts['all'])}{NBSP}білім "
        f"беру ұйымы жұмыс істейді ({_by_kind(counts)})."
    )
    connected = measures["cctv_connected"]
    yield Section(
        "2. Республика бойынша: бейнебақылау",
        (
            Paragraph(how_many, measure="institutions", scope=NATIONAL),
            _headline(measures["cctv_installed"]),
            _headline(connected),
        ),
    )
    yield Section(
        "2.1. Бейнебақылауы ЖБО-ға қосылған ұйымдар, өңірлер бойынша",
        (_reading_key(), *_line_lists(connected, snapshot["places"][NATIONAL])),
        level=2,
    )


def _reading_key() -> Paragraph:
    return Paragraph(
        "Жақша ішінде алдымен барлық ұйымның, содан кейін талап орындалған ұйымның саны жазылады; жалғыз сан "
        "барлық ұйымның қамтылғанын білдіреді.",
        small=True,
    )


def _large_cities(snapshot: Snapshot, measures: Mapping[str, Measure]) -> Iterator[Section]:
    counts, places = snapshot["institutions"][LARGE_CITIES], snapshot["places"][LARGE_CITIES]
    cities = city_count(places)
    yield Section(
        f"3. {cities}{NBSP}ірі қала бойынша: күзет, дабыл түймесі, турникет",
        (
            Paragraph(
                f"{cities}{NBSP}ірі қалада {group_thousands(counts['all'])}{NBSP}білім беру ұйымы жұмыс "
                f"істейді ({_by_kind(counts)}).",
                measure="institutions",
                scope=LARGE_CITIES,
            ),
        ),
    )
    for index, code in enumerate(("licensed_guard", "panic_button", "turnstile"), start=1):
        measure = measures[code]
        yield Section(
            f"3.{index}. {WORDING[code].title}",
            (_headline(measure), *_line_lists(measure, places)),
            level=2,
        )


def city_count(places: Iterable[Place]) -> int:
    """How many cities the lines name: "Атырау және Құлсары ққ." is one line and two cities."""
    return sum(place["name_kk"].count(" және ") + 1 for place in places)


def _notes(snapshot: Snapshot, as_of: Date) -> Iterator[Block]:
    known_on = Date.fromisoformat(snapshot["known_on"])
    notes = snapshot["notes"]
    items = [
        f"Көрсеткіштер {state_on(as_of)} жағдайды сипаттайды. Есепке алынған мәліметтің соңғы тіркелген "
        f"күні{NBSP}– {long_date(known_on)}.",
        "Пайыз – қамтылған ұйымдар санының барлық ұйым санына қатынасы. Ол бүтін санға дейін дөңгелектеледі; "
        "100% тек барлық ұйым қамтылғанда, 0% бірде-бір ұйым қамтылмағанда ғана жазылады.",
        "Бейнебақылау бойынша – республикадағы, қалған көрсеткіштер бойынша ірі қалалардағы жұмыс істеп "
        "тұрған барлық ұйым есепке алынады. Нұсқаулық олардың бәрін бірдей міндеттемейді, сондықтан міндетті "
        "ұйымдар ішіндегі қамту 1-кестеде қатар берілген.",
    ]
    if snapshot["ledger"]["rows"]:
        items.append(
            "Көрсеткіштер өзгерістер журналының "
            f"{group_thousands(snapshot['ledger']['rows'])}{NBSP}жазбасынан есептелген."
        )
    if notes["pending"]:
        items.append(f"Журналға түскен {group_thousands(notes['pending'])}{NBSP}өзгеріс әлі есепке қосылмаған.")
    exempt = [
        f"{WORDING[measure['code']].title}: талап қолданылмайтыны бекітілген "
        f"{group_thousands(measure['headline']['all']['not_applicable'])}{NBSP}ұйым пайызға кірмейді."
        for measure in snapshot["measures"]
        if measure["headline"]["all"]["not_applicable"]
    ]
    yield Bullets((*items, *exempt))
    yield from _named(
        notes["capital_repair"],
        "Күрделі жөндеу жүріп жатқан {count}" + NBSP + "ұйым есепке алынған жоқ:",
        snapshot["places"][NATIONAL],
    )
    yield from _named(
        notes["exceptions"],
        "Кезең жабылғаннан кейін мәлімет беруге рұқсат алған {count}" + NBSP + "ұйым:",
        snapshot["places"][NATIONAL],
    )


def _named(named: Sequence[NamedInstitution], lead: str, places: Sequence[Place]) -> Iterator[NameList]:
    if not named:
        return
    names = {place["place"]: place["name_kk"] for place in places}
    items = []
    for one in named:
        until = f", мерзімі – {long_date(Date.fromisoformat(one['until']))}" if one.get("until") else ""
        items.append(f"{one['name_kk']} ({names.get(one['place'], one['place'])}{until})")
    yield NameList(lead.format(count=group_thousands(len(named))), tuple(items))


def _cells(count: Count | PlaceCount, *, with_total: bool = True) -> tuple[str, ...]:
    covered, percent = group_thousands(count["covered"]), format_percent(count["percent"])
    return (group_thousands(count["total"]), covered, percent) if with_total else (covered, percent)


def _all_kinds(measure: Measure) -> list[PlaceCount]:
    """The lines of a measure summed over the kinds; the percent is that of the sums."""
    rows = []
    for lines in zip(*(measure["lines"][kind] for kind in KINDS), strict=True):
        total, covered = sum(line["total"] for line in lines), sum(line["covered"] for line in lines)
        rows.append(
            PlaceCount(place=lines[0]["place"], total=total, covered=covered, percent=percent_of(covered, total))
        )
    return rows


def _annex(snapshot: Snapshot, measures: Mapping[str, Measure]) -> Iterator[Table]:
    yield _obliged_table(measures)
    yield _national_table(snapshot, measures)
    yield _city_table(snapshot, measures)


def _obliged_table(measures: Mapping[str, Measure]) -> Table:
    bodies = []
    for code, wording in WORDING.items():
        headline, obliged = measures[code]["headline"], measures[code]["obliged"]
        lead = Row(wording.title, _cells(headline["all"]) + _cells(obliged["all"]), "lead")
        parts = (Row(KIND_PLURAL[kind], _cells(headline[kind]) + _cells(obliged[kind]), "part") for kind in KINDS)
        bodies.append((lead, *parts))
    columns = ("барлығы", "қамтылғаны", "%")
    return Table(
        label="1-кесте",
        caption="Барлық ұйым және Нұсқаулық міндеттейтін ұйымдар бойынша қамту",
        corner="Көрсеткіш",
        groups=(ColumnGroup("Барлық ұйым", columns), ColumnGroup("Міндетті ұйымдар", columns)),
        bodies=tuple(bodies),
        foot=None,
        style="obliged",
    )


def _national_table(snapshot: Snapshot, measures: Mapping[str, Measure]) -> Table:
    installed, connected = measures["cctv_installed"], measures["cctv_connected"]
    names = {place["place"]: place["name_kk"] for place in snapshot["places"][NATIONAL]}
    rows = []
    for index, (have, linked) in enumerate(zip(_all_kinds(installed), _all_kinds(connected), strict=True)):
        cells = (group_thousands(linked["total"]), *_cells(have, with_total=False))
        cells += _cells(linked, with_total=False)
        for kind in KINDS:
            cells += _cells(connected["lines"][kind][index])
        rows.append(Row(names[linked["place"]], cells))
    foot: tuple[str, ...] = (group_thousands(connected["headline"]["all"]["total"]),)
    foot += _cells(installed["headline"]["all"], with_total=False)
    foot += _cells(connected["headline"]["all"], with_total=False)
    for kind in KINDS:
        foot += _cells(connected["headline"][kind])
    return Table(
        label="2-кесте",
        caption="Өңірлердегі бейнебақылау: орнатылғаны және ЖБО-ға қосылғаны",
        corner="Өңір",
        groups=(
            ColumnGroup("Барлық ұйым", ("саны",)),
            ColumnGroup("Орнатылған", ("саны", "%")),
            ColumnGroup("ЖБО-ға қосылған", ("саны", "%")),
            *(ColumnGroup(KIND_PLURAL[kind], ("саны", "ЖБО", "%")) for kind in KINDS),
        ),
        bodies=(tuple(rows),),
        foot=Row("Республика", foot, "lead"),
        style="national",
    )


def _city_table(snapshot: Snapshot, measures: Mapping[str, Measure]) -> Table:
    codes = ("licensed_guard", "panic_button", "turnstile")
    places = snapshot["places"][LARGE_CITIES]
    by_measure = [_all_kinds(measures[code]) for code in codes]
    rows = []
    for place, counts in zip(places, zip(*by_measure, strict=True), strict=True):
        cells: tuple[str, ...] = (group_thousands(counts[0]["total"]),)
        for count in counts:
            cells += _cells(count, with_total=False)
        rows.append(Row(place["name_kk"], cells))
    foot: tuple[str, ...] = (group_thousands(measures[codes[0]]["headline"]["all"]["total"]),)
    for code in codes:
        foot += _cells(measures[code]["headline"]["all"], with_total=False)
    return Table(
        label="3-кесте",
        caption="Ірі қалалардағы күзет, дабыл түймесі және турникет",
        corner="Қала",
        groups=(
            ColumnGroup("Барлық ұйым", ("саны",)),
            *(ColumnGroup(WORDING[code].short, ("саны", "%")) for code in codes),
        ),
        bodies=(tuple(rows),),
        foot=Row(f"{city_count(places)}{NBSP}ірі қала", foot, "lead"),
        style="cities",
    )


# --- plain text -------------------------------------------------------------------------------------------


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
    for section in document.sections:
        out += ["", section.title]
        for block in section.blocks:
            out += ["", *_block_text(block)]
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


def _table_text(table: Table) -> Iterator[str]:
    yield f"{table.label}. {table.caption}"
    heads = (
        group.title if len(group.columns) == 1 else f"{group.title}, {column}"
        for group in table.groups
        for column in group.columns
    )
    yield " | ".join((table.corner, *heads))
    rows = [row for body in table.bodies for row in body]
    for row in [*rows, table.foot] if table.foot else rows:
        yield " | ".join((row.heading, *row.cells))


# --- reading back -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PrintedLine:
    """One line of a list as a reader finds it. `covered` None: one number is printed, so all are covered;
    `suffix`: the ablative ending after the first number; `percent` None: no percentage is printed."""

    measure: str
    scope: str
    kind: str
    place: str
    total: int
    covered: int | None
    percent: int | None
    suffix: str | None
    as_printed: str


@dataclass(frozen=True)
class PrintedHeadline:
    """One headline figure as a reader finds it; None where the sentence does not print it."""

    measure: str
    scope: str
    kind: str
    total: int | None
    covered: int | None
    percent: int | None


class UnreadableLine(ValueError):
    """A line or sentence that does not have the ministry's form; the text says which."""


_NUMBER = r"\d{1,3}(?:\u00a0\d{3})+|\d+"
_LINE = re.compile(
    rf"(?P<place>.+?) \((?P<total>{_NUMBER})(?:-(?P<suffix>[^\W\d]+))?"
    rf"(?: (?P<noun>[^\W\d]+))?(?: (?P<covered>{_NUMBER}))?\) – (?:(?P<percent>\d+)%|–)"
)
_NOBODY = re.compile(r"(?P<place>.+) – (?P<noun>[^\W\d]+) жоқ")
_COVERED = re.compile(rf"(?P<all>барлық )?(?<!\d\u00a0)(?P<count>{_NUMBER})\u00a0ұйым")
_OF_ALL = re.compile(rf"бұл\u00a0– (?P<total>{_NUMBER})\u00a0ұйымның")
_INSTITUTIONS = re.compile(rf"(?<!\d\u00a0)(?P<total>{_NUMBER})\u00a0білім беру ұйымы")
_PERCENT = re.compile(r"(?P<percent>\d+)%")
_KIND = re.compile(rf"(?<!\d\u00a0)(?P<count>{_NUMBER})\u00a0(?P<noun>балабақша|мектеп|колледж)")


def _number(text: str) -> int:
    return int(text.replace(NBSP, ""))


def read_line(text: str, *, measure: str, scope: str, kind: str, places: Mapping[str, str]) -> PrintedLine:
    """Read one finished line; `places` maps printed names to codes. Raises `UnreadableLine`."""
    found = _LINE.fullmatch(text)
    nobody = None if found else _NOBODY.fullmatch(text)
    either = found or nobody
    if either is None or either["place"] not in places:
        raise UnreadableLine(text)
    if either["noun"] and _KIND_BY_WORD.get(either["noun"]) != kind:
        raise UnreadableLine(text)
    return PrintedLine(
        measure=measure,
        scope=scope,
        kind=kind,
        place=places[either["place"]],
        total=_number(found["total"]) if found else 0,
        covered=_number(found["covered"]) if found and found["covered"] else None,
        percent=int(found["percent"]) if found and found["percent"] else None,
        suffix=found["suffix"] if found else None,
        as_printed=text,
    )


def printed_lines(document: Document) -> list[PrintedLine]:
    """Every line of every list, read back from its finished words, in reading order."""
    return [
        read_line(
            line,
            measure=block.measure,
            scope=block.scope,
            kind=block.kind,
            places=document.places[block.scope],
        )
        for block in document.blocks()
        if isinstance(block, LineList)
        for line in block.lines
    ]


def printed_headlines(document: Document) -> list[PrintedHeadline]:
    """Every headline figure, read back from its finished sentence, in reading order: first "all", then the
    kinds that the sentence names."""
    return [
        headline
        for block in document.blocks()
        if isinstance(block, Paragraph) and block.measure
        for headline in _read_headline(block)
    ]


def _read_headline(sentence: Paragraph) -> Iterator[PrintedHeadline]:
    text, measure, scope = sentence.text, sentence.measure, sentence.scope
    kinds = [(_KIND_BY_WORD[found["noun"]], _number(found["count"])) for found in _KIND.finditer(text)]
    if measure == "institutions":
        stated = _INSTITUTIONS.search(text)
        if stated is None:
            raise UnreadableLine(text)
        yield PrintedHeadline(measure, scope, "all", _number(stated["total"]), None, None)
        for kind, count in kinds:
            yield PrintedHeadline(measure, scope, kind, count, None, None)
        return
    covered, of_all, percent = _COVERED.search(text), _OF_ALL.search(text), _PERCENT.search(text)
    if covered is None:
        if not text.endswith("ұйым жоқ."):
            raise UnreadableLine(text)
        yield PrintedHeadline(measure, scope, "all", 0, None, None)
        return
    if of_all is None and not covered["all"]:
        raise UnreadableLine(text)
    yield PrintedHeadline(
        measure,
        scope,
        "all",
        total=_number(of_all["total"] if of_all else covered["count"]),
        covered=_number(covered["count"]),
        percent=int(percent["percent"]) if percent else None,
    )
    for kind, count in kinds:
        yield PrintedHeadline(measure, scope, kind, None, count, None)
