"""The brief in Russian; says what the Kazakh original says.

A Russian noun takes one of three forms after a numeral, by its last word: 1 and 21 организация, 2 and 22
организации, 5, 11 and 25 организаций. After a preposition there are two: в 21 организации, в 25 организациях.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date as Date
from typing import ClassVar, Final

from reporting.brief.facts import NATIONAL, Count, NamedInstitution, Place, PlaceCount
from reporting.brief.words import AttachedWords, Fixed, MeasureWords, Patterns, Words
from reporting.numerals import NO_BREAK_SPACE as NBSP
from reporting.numerals import group_thousands
from reporting.percent import format_percent

MONTHS_GENITIVE: Final = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
QUARTERS: Final = ("I", "II", "III", "IV")


def ends_in_one(number: int) -> bool:
    """Whether the numeral ends in the word «один», after which the noun is singular in every case."""
    return number % 10 == 1 and number % 100 != 11


def plural(number: int, one: str, few: str, many: str) -> str:
    """The form after a numeral in the nominative: 1, 21 `one`; 2–4, 22 `few`; 0, 5–20, 25 `many`."""
    if ends_in_one(number):
        return one
    return few if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else many


@dataclass(frozen=True)
class Noun:
    """The forms that numerals ask for: 1 школа, 2 школы, 5 школ, из 1 школы; из 5 школ is `many` again."""

    one: str
    few: str
    many: str
    genitive: str

    def after(self, number: int) -> str:
        return plural(number, self.one, self.few, self.many)

    def after_of(self, number: int) -> str:
        """In the genitive: из 21 школы, из 22 школ."""
        return self.genitive if ends_in_one(number) else self.many


@dataclass(frozen=True)
class Where:
    """Preposition and case in which the sentence of a measure names its institutions."""

    some: str
    all: str
    many: str

    def institutions(self, number: int) -> str:
        return "организации" if ends_in_one(number) else self.many


INSTITUTION: Final = Noun("организация", "организации", "организаций", "организации")
KIND: Final = {
    "kindergarten": Noun("детский сад", "детских сада", "детских садов", "детского сада"),
    "school": Noun("школа", "школы", "школ", "школы"),
    "college": Noun("колледж", "колледжа", "колледжей", "колледжа"),
}
_IN: Final = Where("в ", "во всех ", "организациях")
WHERE: Final = {
    "cctv_installed": _IN,
    "cctv_connected": Where("", "всех ", "организаций"),
    "licensed_guard": Where("у ", "у всех ", "организаций"),
    "panic_button": _IN,
    "turnstile": _IN,
}

_NUMBER: Final = r"\d{1,3}(?:\u00a0\d{3})+|\d+"
_KIND_OF: Final = {form: kind for kind, noun in KIND.items() for form in (noun.one, noun.few, noun.many, noun.genitive)}
_NOUN: Final = rf"(?P<noun>{'|'.join(sorted(_KIND_OF, key=len, reverse=True))})"


def _declined(name: str, *, genitive: bool) -> str:
    """A region's full name in the genitive or the prepositional case, which differ for cities alone.

    Акмолинской области, области Абай; города Астаны and городе Астане, города Алматы, города Шымкента.
    """
    if name.startswith("город "):
        city = name.removeprefix("город ")
        noun, endings = ("города", ("ы", "а")) if genitive else ("городе", ("е", "е"))
        if city.endswith("а"):
            return f"{noun} {city[:-1]}{endings[0]}"
        return f"{noun} {city}{endings[1]}" if city[-1] not in "аеёиоуыэюя" else f"{noun} {city}"
    if name.startswith("область "):
        return f"области {name.removeprefix('область ')}"
    return f"{name.removesuffix('ая область')}ой области"


def of_region(name: str) -> str:
    """Whose: "организации образования Акмолинской области", "города Астаны"."""
    return _declined(name, genitive=True)


def in_region(name: str) -> str:
    """Where: "в Акмолинской области", "в городе Астане"."""
    return f"в {_declined(name, genitive=False)}"


def by_region(name: str) -> str:
    """Along the region, in the dative: "по Акмолинской области", "по городу Астане", "по городу Шымкенту"."""
    if not name.startswith("город "):
        return f"по {_declined(name, genitive=True)}"
    city = name.removeprefix("город ")
    if city[-1] not in "аеёиоуыэюя":
        return f"по городу {city}у"
    return f"по {_declined(name, genitive=False).replace('городе', 'городу', 1)}"


class Russian(Words):
    lang = "ru"
    endonym = "Русский"
    fixed = Fixed(
        ministry="Министерство просвещения Республики Казахстан",
        title="Информация об антитеррористической защищённости организаций образования",
        running_title="Антитеррористическая защищённость организаций образования",
        provisional_mark="предварительные данные",
        numero="№",
        legal_title="1. Правовая основа",
        legal_basis=(
            "Требования к антитеррористической защищённости объектов образования установлены инструкцией, "
            "утверждённой приказом Министра образования и науки Республики Казахстан от "
            f"30{NBSP}марта 2022{NBSP}года №{NBSP}117 (далее{NBSP}– Инструкция). В зависимости от группы объекта "
            "Инструкция требует установить систему видеонаблюдения и подключить её к центрам оперативного "
            f"управления органов внутренних дел (далее{NBSP}– ЦОУ), заключить договор с лицензированной охраной, "
            "установить тревожную кнопку и пропускную систему (турникет). Каждый показатель настоящей "
            f"информации{NBSP}– это число организаций, по которым выполнение требования утверждено."
        ),
        national_title="2. По республике: видеонаблюдение",
        regions_title=f"2.1. Организации, видеонаблюдение которых подключено к{NBSP}ЦОУ, по регионам",
        notes_title="4. Примечания",
        annex_title="Приложение. Таблицы охвата",
        reading_key=(
            "Сначала указано число организаций, выполнивших требование, затем число всех организаций; одно "
            "число означает, что охвачены все организации."
        ),
        rounding_note=(
            f"Процент{NBSP}– отношение числа охваченных организаций к числу всех организаций. Он округляется до "
            "целого; 100% пишется, только если охвачены все организации, "
            f"0%{NBSP}– только если не охвачена ни одна."
        ),
        population_note=(
            f"По видеонаблюдению учитываются все действующие организации республики, по остальным показателям{NBSP}– "
            "все действующие организации крупных городов. Инструкция обязывает не каждую из них, поэтому рядом, "
            f"в{NBSP}таблице{NBSP}1, приведён охват среди обязанных организаций."
        ),
        overview_caption="Основные показатели",
        overview_head=("Показатель", "Охвачено / всего", "Охват"),
        republic="республика",
        obliged_caption="Охват среди всех организаций и среди тех, кого обязывает Инструкция",
        obliged_corner="Показатель",
        everybody="Все организации",
        obliged="Обязанные организации",
        obliged_columns=("всего", "охвачено", "%"),
        regions_caption=f"Видеонаблюдение в регионах: установлено и подключено к{NBSP}ЦОУ",
        regions_corner="Регион",
        total_column="Всего",
        counted="число",
        connected="ЦОУ",
        republic_total="Республика",
        cities_caption="Охрана, тревожная кнопка и турникет в крупных городах",
        cities_corner="Город",
    )
    attached = AttachedWords(
        csv="Строки: таблица в виде текста (CSV)",
        imprint="Номер, дата, код документа и результаты проверок (JSON)",
        json="Все показатели документа (JSON)",
        xlsx="Строки: электронная таблица (XLSX)",
        sheet="Строки",
        columns=("Мера", "Вид организаций", "Регион или город", "Всего", "Охвачено", "%"),
    )
    measures: ClassVar = {
        "cctv_installed": MeasureWords(
            title="Система видеонаблюдения установлена",
            overview="Видеонаблюдение установлено",
            short="Установлено",
            of_kind="видеонаблюдение установлено",
            sentence="Система видеонаблюдения установлена {who}",
        ),
        "cctv_connected": MeasureWords(
            title=f"Видеонаблюдение подключено к{NBSP}ЦОУ",
            overview=f"Видеонаблюдение подключено к{NBSP}ЦОУ",
            short="Подключено",
            of_kind=f"подключено к{NBSP}ЦОУ",
            sentence=f"К{NBSP}ЦОУ подключено видеонаблюдение {{who}}",
        ),
        "licensed_guard": MeasureWords(
            title="Лицензированная охрана",
            overview="Лицензированная охрана",
            short="Охрана",
            of_kind="лицензированная охрана",
            sentence="Договор с лицензированной охраной есть {who}",
        ),
        "panic_button": MeasureWords(
            title="Тревожная кнопка",
            overview="Тревожная кнопка",
            short="Тревожная кнопка",
            of_kind="тревожная кнопка",
            sentence="Тревожная кнопка установлена и выведена на пульт централизованного наблюдения {who}",
        ),
        "turnstile": MeasureWords(
            title="Пропускная система (турникет)",
            overview="Турникет",
            short="Турникет",
            of_kind="турникет",
            sentence="Пропускная система (турникет) установлена {who}",
        ),
    }
    kind_plural: ClassVar = {"kindergarten": "Детские сады", "school": "Школы", "college": "Колледжи"}
    kind_long: ClassVar = {
        "kindergarten": "Дошкольные организации",
        "school": "Организации среднего образования",
        "college": "Организации технического и профессионального образования",
    }
    patterns = Patterns(
        line=re.compile(
            rf"(?P<place>.+?): (?:(?P<covered>{_NUMBER}) из )?(?P<total>{_NUMBER})(?: {_NOUN})?"
            r" – (?:(?P<percent>\d+)%|–)"
        ),
        nobody=re.compile(rf"(?P<place>.+): {_NOUN} нет"),
        institutions=re.compile(rf"(?<!\d\u00a0)(?P<total>{_NUMBER})\u00a0организац\w+ образования"),
        covered=re.compile(rf"(?P<all>всех )?(?<!\d\u00a0)(?P<count>{_NUMBER})\u00a0организац"),
        of_all=re.compile(rf"(?:%|часть) от (?P<total>{_NUMBER})\u00a0организац"),
        kind=re.compile(rf"(?<!\d\u00a0)(?P<count>{_NUMBER})\u00a0{_NOUN}\b"),
        none_counted=re.compile(r"организаций нет\.$"),
        kinds=_KIND_OF,
    )

    def fixed_of_area(self, area: Place) -> Fixed:
        name, fixed = area["name_ru"], self.fixed
        city = name.startswith("город ")
        return replace(
            fixed,
            title=f"Информация об антитеррористической защищённости организаций образования {of_region(name)}",
            running_title=f"Антитеррористическая защищённость организаций образования {of_region(name)}",
            national_title=f"2. П{by_region(name).removeprefix('п')}: видеонаблюдение",
            regions_title=f"2.1. Организации, видеонаблюдение которых подключено к{NBSP}ЦОУ, по районам и городам",
            population_note=fixed.population_note.replace("республики", "города" if city else "области"),
            republic="город" if city else "область",
            regions_caption=f"Видеонаблюдение в районах и городах: установлено и подключено к{NBSP}ЦОУ",
            regions_corner="Район или город",
            republic_total=name[0].upper() + name[1:],
        )

    # --- lines and headlines ----------------------------------------------------------------------------------

    def line_some(self, place: str, kind: str, count: PlaceCount, *, first: bool) -> str:
        """`Акмолинская область: 114 из 122 – 93%`; the first `г. Астана: 8 из 96 детских садов – 8%`."""
        of_kind = f" {KIND[kind].after_of(count['total'])}" if first else ""
        pair = f"{self.number(count['covered'])} из {self.number(count['total'])}"
        return f"{place}: {pair}{of_kind} – {format_percent(count['percent'])}"

    def line_all(self, place: str, kind: str, count: PlaceCount, *, first: bool) -> str:
        """`г. Шымкент: 71 – 100%`; the first `г. Астана: 96 детских садов – 100%`."""
        of_kind = f" {KIND[kind].after(count['total'])}" if first else ""
        return f"{place}: {self.number(count['total'])}{of_kind} – {format_percent(count['percent'])}"

    def line_nobody(self, place: str, kind: str) -> str:
        """`область Ұлытау: колледжей нет`."""
        return f"{place}: {KIND[kind].many} нет"

    def headline_some(self, code: str, every: Count, by_kind: Mapping[str, int]) -> str:
        where = WHERE[code]
        counted = f"{self.number(every['covered'])}{NBSP}{where.institutions(every['covered'])}"
        sentence = self.measures[code].sentence.format(who=f"{where.some}{counted} ({self.by_kind(by_kind)})")
        of_all = f"от {self.number(every['total'])}{NBSP}{INSTITUTION.after_of(every['total'])}"
        if every["percent"] is None:
            return f"{sentence}, это часть {of_all}, процент не рассчитывается."
        return f"{sentence}, это {every['percent']}% {of_all}."

    def headline_all(self, code: str, every: Count) -> str:
        where = WHERE[code]
        who = f"{where.all}{self.number(every['total'])}{NBSP}{where.institutions(every['total'])}"
        return f"{self.measures[code].sentence.format(who=who)}, уровень охвата{NBSP}– {every['percent']}%."

    def headline_nobody(self, code: str) -> str:
        return f"{self.measures[code].title}: учитываемых организаций нет."

    # --- names, numbers and days ------------------------------------------------------------------------------

    def name_in_line(self, place: Place, scope: str) -> str:
        """The register's short names of regions are adjectives («Акмолинская»), names («Абай»), abbreviations
        («ВКО») and cities («г. Астана»); the first two need the word."""
        name = place["name_ru"]
        if scope != NATIONAL or name.startswith("г. ") or name.isupper():
            return name
        return f"{name} область" if name.endswith("ая") else f"область {name}"

    def name_in_table(self, place: Place) -> str:
        return place["name_ru"]

    def number(self, number: int) -> str:
        return group_thousands(number)

    def of_kind(self, kind: str, number: int) -> str:
        return f"{self.number(number)}{NBSP}{KIND[kind].after(number)}"

    def day(self, day: Date) -> str:
        return f"{self.day_and_month(day)} {day.year}{NBSP}года"

    def day_and_month(self, day: Date) -> str:
        return f"{day.day}{NBSP}{MONTHS_GENITIVE[day.month - 1]}"

    def quarter(self, year: int, quarter: int) -> str:
        return f"{QUARTERS[quarter - 1]}{NBSP}квартал {year}{NBSP}года"

    def subtitle(self, quarter: str, year: int, as_of: Date) -> str:
        day = self.day_and_month(as_of) if as_of.year == year else self.day(as_of)
        return f"{quarter}, по состоянию на {day}"

    def provisional(self, quarter: str) -> str:
        return f"Предварительные данные: {quarter} ещё не закрыт, показатели могут измениться."

    # --- sentences and headings with numbers ------------------------------------------------------------------

    def institutions_national(self, as_of: Date, counts: Mapping[str, int]) -> str:
        return f"По состоянию на {self.day(as_of)} {self._where()} {self._at_work(counts)}."

    def _where(self) -> str:
        return in_region(self.area["name_ru"]) if self.area else "в республике"

    def institutions_cities(self, cities: int, counts: Mapping[str, int]) -> str:
        where = "крупном городе" if ends_in_one(cities) else "крупных городах"
        return f"В{NBSP}{cities}{NBSP}{where} {self._at_work(counts)}."

    def _at_work(self, counts: Mapping[str, int]) -> str:
        every = counts["all"]
        verb = "действует" if ends_in_one(every) or every == 0 else "действуют"
        noun = INSTITUTION.after(every)
        return f"{verb} {self.number(every)}{NBSP}{noun} образования ({self.by_kind(counts)})"

    def cities(self, cities: int) -> str:
        return f"{cities}{NBSP}{plural(cities, 'крупный город', 'крупных города', 'крупных городов')}"

    def cities_title(self, cities: int) -> str:
        where = "крупному городу" if ends_in_one(cities) else "крупным городам"
        return f"3. По {cities}{NBSP}{where}: охрана, тревожная кнопка, турникет"

    def table_label(self, number: int) -> str:
        return f"Таблица{NBSP}{number}"

    def day_note(self, as_of: Date, known_on: Date) -> str:
        return (
            f"Показатели отражают состояние на {self.day(as_of)}. Последний день регистрации учтённых "
            f"сведений{NBSP}– {self.day(known_on)}."
        )

    def ledger_note(self, rows: int) -> str:
        noun = "записи" if ends_in_one(rows) else "записям"
        return f"Показатели рассчитаны по {self.number(rows)}{NBSP}{noun} журнала изменений."

    def seal_note(self, day: Date, root: str) -> str:
        return f"Печать журнала изменений за {self.day(day)} (SHA-256): {root}"

    def pending_note(self, changes: int) -> str:
        noun = plural(changes, "изменение", "изменения", "изменений")
        return f"Ещё не учтено {self.number(changes)}{NBSP}{noun} из журнала."

    def exempt_note(self, code: str, institutions: int) -> str:
        verb = "не входит" if ends_in_one(institutions) else "не входят"
        counted = f"{self.number(institutions)}{NBSP}{INSTITUTION.after(institutions)}"
        return (
            f"{self.measures[code].title}: в расчёт процента {verb} {counted} с утверждённой неприменимостью "
            "требования."
        )

    def repair_lead(self, institutions: int) -> str:
        verb = plural(institutions, "Не учтена", "Не учтены", "Не учтено")
        which = "в которой" if ends_in_one(institutions) else "в которых"
        counted = f"{self.number(institutions)}{NBSP}{INSTITUTION.after(institutions)}"
        return f"{verb} {counted}, {which} идёт капитальный ремонт:"

    def exceptions_lead(self, institutions: int) -> str:
        verb = "получила" if ends_in_one(institutions) else "получили"
        counted = f"{self.number(institutions)}{NBSP}{INSTITUTION.after(institutions)}"
        return f"Разрешение представить сведения после закрытия периода {verb} {counted}:"

    def named(self, institution: NamedInstitution, place: str) -> str:
        until = institution.get("until")
        term = f", срок{NBSP}– {self.day(Date.fromisoformat(until))}" if until else ""
        return f"{institution.get('name_ru') or institution['name_kk']} ({place}{term})"

    def chart_label(self, number: int) -> str:
        return f"Рисунок{NBSP}{number}"

    def changes_lead(self, number: str, quarter: str) -> str:
        return f"Основа сравнения{NBSP}– опубликованная информация №{NBSP}{number} за {quarter}."

    def not_covered_lead(self, code: str, institutions: int) -> str:
        noun = INSTITUTION.after(institutions)
        verb = "не выполнила" if ends_in_one(institutions) else "не выполнили"
        return f"{self.measures[code].title}: требование {verb} {self.number(institutions)}{NBSP}{noun}:"

    def not_covered_attached(self, code: str, institutions: int) -> str:
        noun = INSTITUTION.after_of(institutions)
        which = "не выполнившей" if ends_in_one(institutions) else "не выполнивших"
        return (
            f"{self.measures[code].title}: список {self.number(institutions)}{NBSP}{noun}, {which} требование, дан в "
            "таблице, прикреплённой к документу."
        )

    def explained(self, code: str, before: str, now: str, by: str, on: Date, text: str) -> str:
        return (
            f"{self.measures[code].title}: в предыдущей информации {before}, теперь {now}. Пояснение ({by}, "
            f"{self.day(on)}): {text}"
        )
