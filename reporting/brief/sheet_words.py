"""The words of an institution's sheet in three languages: titles, headings, how an item, a day and a proof are told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date as Date
from typing import Final

from reporting.brief import words_en
from reporting.brief.languages import LANGUAGES, LanguageNotWritten
from reporting.brief.sheet_facts import MET, NOT_APPLICABLE, NOT_MET, PARTLY_MET, UNKNOWN, About, Chapter, Item, Proof
from reporting.brief.words import Described
from reporting.brief.words_kk import state_on
from reporting.brief.words_ru import ends_in_one
from reporting.brief.words_ru import plural as plural_ru
from reporting.numerals import NO_BREAK_SPACE as NBSP
from reporting.numerals import group_thousands

NOTHING: Final = "–"
_ANNEX: Final = re.compile(r"annex (?P<number>\d+)(?: p\. (?P<places>.+))?")
_EDITION: Final = re.compile(r"(?P<place>.+) \[(?P<year>\d{4})\]")
_WITHIN: Final = "within "


@dataclass(frozen=True)
class SheetWords:
    """One language. `facts` name the rows of the head, `columns` those of a chapter's table after the requirement;
    `count_columns` begin with that of all. Functions take what stands in their names."""

    lang: str
    title: str
    running_title: Callable[[str], str]
    subtitle: Callable[[str, Date], str]
    about_title: str
    legal_basis: str
    facts_caption: str
    facts_head: tuple[str, str]
    facts: tuple[str, str, str, str, str, str, str, str, str]
    kinds: Mapping[str, str]
    ownerships: Mapping[str, str]
    group: Callable[[int], str]
    not_open: Mapping[str, str]
    counts_title: str
    counts_caption: str
    counts_head: str
    counts_row: str
    count_columns: tuple[str, str, str, str, str, str]
    counted_only: Callable[[int], str]
    items_title: str
    items_head: str
    columns: tuple[str, str, str, str, str]
    nothing_listed: str
    statuses: Mapping[str, str]
    only_counted: str
    paragraph: Callable[[str], str]
    annex: Callable[[str, str], str]
    within: Callable[[str], str]
    short_day: Callable[[Date], str]
    proof: Callable[[Proof, str], str]
    notes_title: str
    day_note: Callable[[Date, Date], str]
    notes: tuple[str, str, str]
    ledger_note: Callable[[int, str], str]
    checked: Callable[[int, int], str]
    described: Described
    data_sheet: str
    data_columns: tuple[str, str, str, str, str, str, str, str, str]

    def number(self, number: int) -> str:
        return LANGUAGES[self.lang].number(number)

    def name_of(self, about: About) -> str:
        """English readers see the Kazakh name."""
        return about["name_ru"] if self.lang == "ru" else about["name_kk"]

    def place_of(self, about: About) -> tuple[str, str, str]:
        """Region, locality and address."""
        russian = self.lang == "ru"
        region = {"ru": about["region_ru"], "en": about["region_en"]}.get(self.lang, about["region_kk"])
        return (
            region,
            about["locality_ru"] if russian else about["locality_kk"],
            (about["address_ru"] if russian else about["address_kk"]) or NOTHING,
        )

    def title_of(self, titled: Item | Chapter) -> str:
        titles = {"kk": titled["title_kk"], "ru": titled["title_ru"], "en": titled["title_en"]}
        return titles[self.lang]

    def day(self, day: str | None) -> str:
        """A day of a table, from its ISO text; a dash where there is none."""
        return self.short_day(Date.fromisoformat(day)) if day else NOTHING

    def cite(self, paragraph: str, year: int) -> str:
        """Where a requirement stands in the wording of a year, from the library's notation ("79 [2022]; 78 [2026]");
        empty where that wording has no place for it."""
        own: list[str] = []
        annexes: list[str] = []
        for place in places_in(paragraph, year):
            ranged = place.replace("-", "–")
            if annex := _ANNEX.fullmatch(ranged):
                annexes.append(self.annex(annex["number"], annex["places"] or ""))
            elif ranged.startswith(_WITHIN):
                own.append(self.within(ranged.removeprefix(_WITHIN)))
            else:
                own.append(ranged)
        return "; ".join([*([self.paragraph("; ".join(own))] if own else []), *annexes])


def places_in(paragraph: str, year: int) -> list[str]:
    """The places of a wording: a year in brackets belongs to all places before it, back to the last such year; places
    behind every year stand in each wording."""
    found: list[str] = []
    waiting: list[str] = []
    for place in paragraph.split("; ") if paragraph else []:
        edition = _EDITION.fullmatch(place)
        waiting.append(edition["place"] if edition else place)
        if edition:
            found += waiting if edition["year"] == str(year) else []
            waiting = []
    return found + waiting


def _numeric_day(day: Date) -> str:
    return f"{day:%d.%m.%Y}"


def _english_day(day: Date) -> str:
    return f"{day.day}{NBSP}{words_en.MONTHS[day.month - 1][:3]}{NBSP}{day.year}"


def read_day(text: str, lang: str) -> str | None:
    """The ISO text of a day as a table prints it, None for a dash. Raises `ValueError` for anything else."""
    if text == NOTHING:
        return None
    if lang != "en":
        day, month, year = text.split(".")
        return Date(int(year), int(month), int(day)).isoformat()
    day, name, year = text.split(NBSP)
    months = [month[:3] for month in words_en.MONTHS]
    return Date(int(year), months.index(name) + 1, int(day)).isoformat()


_KK: Final = LANGUAGES["kk"]
_RU: Final = LANGUAGES["ru"]
_EN: Final = LANGUAGES["en"]


def _kazakh_counted_only(items: int) -> str:
    return f"Бұдан бөлек, Нұсқаулық міндеттемейтін {items}{NBSP}талап министрліктің есебінде ғана саналады."


def _kazakh_checked(checks: int, compared: int) -> str:
    return (
        f"Үзінді көшірме шығарылар алдында {checks}{NBSP}тексеруден өтті: {group_thousands(compared)}{NBSP}салыстыру "
        "жасалды, қайшылық табылған жоқ."
    )


def _russian_counted_only(items: int) -> str:
    verb = "учитывается" if ends_in_one(items) else "учитываются"
    noun = plural_ru(items, "требование", "требования", "требований")
    tail = "к которому" if ends_in_one(items) else "к которым"
    return f"Кроме того, только в отчёте министерства {verb} {items}{NBSP}{noun}, {tail} Инструкция не обязывает."


def _russian_ledger(rows: int, digest: str) -> str:
    noun = "записи" if ends_in_one(rows) else "записям"
    return (
        f"Состояния определены по {group_thousands(rows)}{NBSP}{noun} журнала изменений организации. Контрольная сумма "
        f"последней записи (SHA-256): {digest}"
    )


def _russian_checked(checks: int, compared: int) -> str:
    return (
        f"Перед выпуском выписка прошла {checks}{NBSP}{plural_ru(checks, 'проверку', 'проверки', 'проверок')}: "
        f"сделано {group_thousands(compared)}{NBSP}{plural_ru(compared, 'сравнение', 'сравнения', 'сравнений')}, "
        "противоречий нет."
    )


def _english_counted_only(items: int) -> str:
    are = "requirement that the Instruction does not impose is" if items == 1 else None
    return (
        f"In addition, {items}{NBSP}{are or 'requirements that the Instruction does not impose are'} counted in the "
        "ministry’s report only."
    )


def _english_ledger(rows: int, digest: str) -> str:
    return (
        f"The statuses follow from {rows:,}{NBSP}{words_en.plural(rows, 'entry', 'entries')} in the institution’s "
        f"ledger of changes. Checksum of the last entry (SHA-256): {digest}"
    )


def _english_checked(checks: int, compared: int) -> str:
    return (
        f"Before it was issued the extract passed {checks}{NBSP}{words_en.plural(checks, 'check', 'checks')} with "
        f"{compared:,}{NBSP}{words_en.plural(compared, 'comparison', 'comparisons')}; no contradiction was found."
    )


SHEET: Final = {
    "kk": SheetWords(
        lang="kk",
        title="Білім беру ұйымының терроризмге қарсы қорғалуы туралы үзінді көшірме",
        running_title=lambda bin_number: f"Үзінді көшірме, БСН{NBSP}{bin_number}",
        subtitle=lambda name, as_of: f"{name}, {state_on(as_of)} жағдай",
        about_title="1. Ұйым",
        legal_basis=(
            "Осы үзінді көшірмеде Қазақстан Республикасы Білім және ғылым министрінің "
            f"2022{NBSP}жылғы 30{NBSP}наурыздағы №{NBSP}117 бұйрығымен бекітілген нұсқаулық "
            f"(бұдан әрі{NBSP}– Нұсқаулық) бойынша ұйымға қойылатын талаптар және олардың орындалуы туралы бекітілген "
            "жауаптар берілген."
        ),
        facts_caption="Ұйым туралы мәлімет",
        facts_head=("Мәлімет", "Мәні"),
        facts=(
            "Атауы", "БСН", "Түрі", "Меншік нысаны", "Өңірі", "Ауданы немесе қаласы", "Мекенжайы",
            "Қызметкерлер мен білім алушылар саны", "Объект тобы",
        ),
        kinds={"kindergarten": "балабақша", "school": "мектеп", "college": "колледж"},
        ownerships={"state": "мемлекеттік", "private": "жекеменшік"},
        group=lambda group: f"{group}-топ",
        not_open={
            "capital_repair": "Ұйымда күрделі жөндеу жүріп жатыр, сондықтан оның талаптары есепке алынбайды.",
            "closed": "Ұйым жабылған, сондықтан оның талаптары есепке алынбайды.",
        },
        counts_title="2. Талаптардың орындалуы",
        counts_caption="Нұсқаулық міндеттейтін талаптар саны",
        counts_head="Талаптар",
        counts_row="Міндетті талаптар",
        count_columns=(
            "барлығы", "орындалған", "ішінара орындалған", "орындалмаған", "жауап жоқ", "қолданылмайды",
        ),
        counted_only=_kazakh_counted_only,
        items_title="3. Талаптар және бекітілген жауаптар",
        items_head="Талап",
        columns=("Жай-күйі", "Қай күннен", "Бекітілді", "Растайтын құжат", "Мерзімі"),
        nothing_listed="Осы күні ұйымға қойылатын талап жоқ.",
        statuses={
            MET: "орындалған", PARTLY_MET: "ішінара орындалған", NOT_MET: "орындалмаған", UNKNOWN: "жауап жоқ",
            NOT_APPLICABLE: "қолданылмайды",
        },
        only_counted="есепте ғана саналады",
        paragraph=lambda places: f"тармақ:{NBSP}{places}",
        annex=lambda number, places: f"{number}-қосымша, тармақ:{NBSP}{places}" if places else f"{number}-қосымша",
        within=lambda places: f"{places} аралығында",
        short_day=_numeric_day,
        proof=lambda proof, day: f"№{NBSP}{proof['number']}, {proof['issuer']}, {day}",
        notes_title="Ескертпелер",
        day_note=lambda as_of, known_on: (
            f"Мәлімет {state_on(as_of)} жағдайды сипаттайды. Есепке алынған мәліметтің соңғы тіркелген "
            f"күні{NBSP}– {_KK.day(known_on)}."
        ),
        notes=(
            "Бекітілген жауаптар ғана берілген; қаралып жатқан жауаптар есепке алынбаған.",
            "Жауаптың жарамдылық мерзімі өткен соң талап келесі күннен бастап орындалмаған болып саналады, ал "
            "қолданылмайтыны туралы шешімнің мерзімі өтсе, жауапсыз қалған болып саналады.",
            "Мерзімі көрсетілмеген жауап келесі жауап бекітілгенге дейін жарамды.",
        ),
        ledger_note=lambda rows, digest: (
            f"Жай-күйлер ұйымның өзгерістер журналындағы {group_thousands(rows)}{NBSP}жазба бойынша анықталған. Соңғы "
            f"жазбаның бақылау қосындысы (SHA-256): {digest}"
        ),
        checked=_kazakh_checked,
        described=Described(
            imprint="Құжаттың нөмірі, күні, коды және тексеру нәтижелері (JSON)",
            csv="Талаптар: кесте, мәтін түрінде (CSV)",
            json="Құжаттың барлық мәліметі (JSON)",
            xlsx="Талаптар: электрондық кесте (XLSX)",
        ),
        data_sheet="Талаптар",
        data_columns=(
            "Тарау", "Талап", "Нұсқаулықтағы орны", "Міндетті", "Жай-күйі", "Қай күннен", "Бекітілді", "Мерзімі",
            "Растайтын құжат",
        ),
    ),
    "ru": SheetWords(
        lang="ru",
        title="Выписка об антитеррористической защищённости организации образования",
        running_title=lambda bin_number: f"Выписка, БИН{NBSP}{bin_number}",
        subtitle=lambda name, as_of: f"{name}, по состоянию на {_RU.day(as_of)}",
        about_title="1. Организация",
        legal_basis=(
            "В настоящей выписке приведены требования, которые предъявляет к организации инструкция, утверждённая "
            f"приказом Министра образования и науки Республики Казахстан от 30{NBSP}марта 2022{NBSP}года "
            f"№{NBSP}117 (далее{NBSP}– Инструкция), и утверждённые ответы об их выполнении."
        ),
        facts_caption="Сведения об организации",
        facts_head=("Сведение", "Значение"),
        facts=(
            "Наименование", "БИН", "Вид", "Форма собственности", "Регион", "Район или город", "Адрес",
            "Число работников и обучающихся", "Группа объекта",
        ),
        kinds={"kindergarten": "детский сад", "school": "школа", "college": "колледж"},
        ownerships={"state": "государственная", "private": "частная"},
        group=lambda group: f"{group}-я{NBSP}группа",
        not_open={
            "capital_repair": "В организации идёт капитальный ремонт, поэтому её требования не учитываются.",
            "closed": "Организация закрыта, поэтому её требования не учитываются.",
        },
        counts_title="2. Выполнение требований",
        counts_caption="Число требований, к которым обязывает Инструкция",
        counts_head="Требования",
        counts_row="Обязательные требования",
        count_columns=("всего", "выполнено", "выполнено частично", "не выполнено", "нет ответа", "не применимо"),
        counted_only=_russian_counted_only,
        items_title="3. Требования и утверждённые ответы",
        items_head="Требование",
        columns=("Состояние", "С какого дня", "Утверждено", "Подтверждение", "Действует до"),
        nothing_listed="В этот день требований к организации нет.",
        statuses={
            MET: "выполнено", PARTLY_MET: "выполнено частично", NOT_MET: "не выполнено", UNKNOWN: "нет ответа",
            NOT_APPLICABLE: "не применимо",
        },
        only_counted="учитывается только в отчёте",
        paragraph=lambda places: f"п.{NBSP}{places}",
        annex=lambda number, places: (
            f"прил.{NBSP}{number}, п.{NBSP}{places}" if places else f"прил.{NBSP}{number}"
        ),
        within=lambda places: f"в пределах {places}",
        short_day=_numeric_day,
        proof=lambda proof, day: f"№{NBSP}{proof['number']}, {proof['issuer']}, от{NBSP}{day}",
        notes_title="Примечания",
        day_note=lambda as_of, known_on: (
            f"Сведения отражают состояние на {_RU.day(as_of)}. Последний день регистрации учтённых "
            f"сведений{NBSP}– {_RU.day(known_on)}."
        ),
        notes=(
            "Приведены только утверждённые ответы; ответы, которые ещё рассматриваются, не учтены.",
            "По истечении срока ответа требование со следующего дня считается невыполненным, а если истёк срок решения "
            "о неприменимости – оставшимся без ответа.",
            "Ответ, срок которого не указан, действует до утверждения следующего.",
        ),
        ledger_note=_russian_ledger,
        checked=_russian_checked,
        described=Described(
            imprint="Номер, дата, код документа и результаты проверок (JSON)",
            csv="Требования: таблица в виде текста (CSV)",
            json="Все сведения документа (JSON)",
            xlsx="Требования: электронная таблица (XLSX)",
        ),
        data_sheet="Требования",
        data_columns=(
            "Глава", "Требование", "Место в Инструкции", "Обязательно", "Состояние", "С какого дня", "Утверждено",
            "Действует до", "Подтверждение",
        ),
    ),
    "en": SheetWords(
        lang="en",
        title="Extract on the anti-terror protection of an education institution",
        running_title=lambda bin_number: f"Extract, BIN{NBSP}{bin_number}",
        subtitle=lambda name, as_of: f"{name}, as of {_EN.day(as_of)}",
        about_title="1. The institution",
        legal_basis=(
            "This extract lists what the instruction approved by "
            f"Order No.{NBSP}117 of the Minister of Education and Science of the Republic of Kazakhstan of "
            f"30{NBSP}March 2022 (hereinafter the Instruction) demands of the institution, and the approved answers on "
            "how each requirement is met."
        ),
        facts_caption="Particulars of the institution",
        facts_head=("Particular", "Value"),
        facts=(
            "Name", "BIN", "Kind", "Ownership", "Region", "District or city", "Address",
            "Number of staff and learners", "Facility group",
        ),
        kinds={"kindergarten": "kindergarten", "school": "school", "college": "college"},
        ownerships={"state": "state", "private": "private"},
        group=lambda group: f"group{NBSP}{group}",
        not_open={
            "capital_repair": "The institution is in capital repair, so its requirements are not counted.",
            "closed": "The institution is closed, so its requirements are not counted.",
        },
        counts_title="2. How the requirements are met",
        counts_caption="Number of requirements that the Instruction imposes",
        counts_head="Requirements",
        counts_row="Obligatory requirements",
        count_columns=("all", "met", "partly met", "not met", "not answered", "not applicable"),
        counted_only=_english_counted_only,
        items_title="3. Requirements and approved answers",
        items_head="Requirement",
        columns=("Status", "Since", "Approved", "Proof", "Valid until"),
        nothing_listed="On this day nothing is demanded of the institution.",
        statuses={
            MET: "met", PARTLY_MET: "partly met", NOT_MET: "not met", UNKNOWN: "not answered",
            NOT_APPLICABLE: "not applicable",
        },
        only_counted="counted in the report only",
        paragraph=lambda places: f"para.{NBSP}{places}",
        annex=lambda number, places: (
            f"annex{NBSP}{number}, para.{NBSP}{places}" if places else f"annex{NBSP}{number}"
        ),
        within=lambda places: f"within {places}",
        short_day=_english_day,
        proof=lambda proof, day: f"No.{NBSP}{proof['number']}, {proof['issuer']}, {day}",
        notes_title="Notes",
        day_note=lambda as_of, known_on: (
            f"The information describes the state on {_EN.day(as_of)}. The last day on which information that it "
            f"includes was registered is {_EN.day(known_on)}."
        ),
        notes=(
            "Only approved answers are given; answers under review are not included.",
            "From the day after an answer ends, its requirement counts as not met; where a decision that it is not "
            "applicable ends, it counts as not answered.",
            "An answer without an end is valid until the next one is approved.",
        ),
        ledger_note=_english_ledger,
        checked=_english_checked,
        described=Described(
            imprint="The document’s number, date, code and checks (JSON)",
            csv="Requirements: a table as text (CSV)",
            json="All information of the document (JSON)",
            xlsx="Requirements: a spreadsheet (XLSX)",
        ),
        data_sheet="Requirements",
        data_columns=(
            "Chapter", "Requirement", "Place in the Instruction", "Obligatory", "Status", "Since", "Approved",
            "Valid until", "Proof",
        ),
    ),
}  # fmt: skip


def sheet_words_of(lang: str) -> SheetWords:
    """Raises `LanguageNotWritten`."""
    try:
        return SHEET[lang]
    except KeyError:
        raise LanguageNotWritten(lang) from None
