"""The brief in Kazakh: the original."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date as Date
from typing import ClassVar, Final

from reporting.brief.facts import Count, NamedInstitution, Place, PlaceCount
from reporting.brief.words import AttachedWords, Fixed, MeasureWords, Patterns, Words
from reporting.numerals import NO_BREAK_SPACE as NBSP
from reporting.numerals import ablative, group_thousands, quarter_phrase
from reporting.percent import format_percent

KIND: Final = {"kindergarten": "балабақша", "school": "мектеп", "college": "колледж"}
KIND_GENITIVE: Final = {"kindergarten": "балабақшаның", "school": "мектептің", "college": "колледждің"}
# Institutions in the case that the sentence of a measure asks for.
INSTITUTIONS: Final = {
    "cctv_installed": "ұйымда",
    "cctv_connected": "ұйымның",
    "licensed_guard": "ұйым",
    "panic_button": "ұйымда",
    "turnstile": "ұйымда",
}
MONTHS: Final = (
    "қаңтар", "ақпан", "наурыз", "сәуір", "мамыр", "маусым",
    "шілде", "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан",
)  # fmt: skip
# "of that day" (31 наурыздағы жағдай): the locative with -ғы/-гі, which follows the vowels of the month.
MONTHS_ATTRIBUTIVE: Final = (
    "қаңтардағы", "ақпандағы", "наурыздағы", "сәуірдегі", "мамырдағы", "маусымдағы",
    "шілдедегі", "тамыздағы", "қыркүйектегі", "қазандағы", "қарашадағы", "желтоқсандағы",
)  # fmt: skip

_NUMBER: Final = r"\d{1,3}(?:\u00a0\d{3})+|\d+"


def state_on(day: Date) -> str:
    """2023 жылғы 31 наурыздағы: the attribute before "жағдай"."""
    return f"{day.year}{NBSP}жылғы {day.day}{NBSP}{MONTHS_ATTRIBUTIVE[day.month - 1]}"


def genitive(name: str) -> str:
    """Of a region, whose name ends in its noun with a possessive: "Ақмола облысы" → "Ақмола облысының"."""
    return f"{name}ның"


def locative(name: str) -> str:
    """In a region: "Ақмола облысы" → "Ақмола облысында"."""
    return f"{name}нда"


class Kazakh(Words):
    lang = "kk"
    endonym = "Қазақша"
    long_region_names = False
    fixed = Fixed(
        ministry="Қазақстан Республикасының Оқу-ағарту министрлігі",
        title="Білім беру ұйымдарының терроризмге қарсы қорғалуы туралы ақпарат",
        running_title="Білім беру ұйымдарының терроризмге қарсы қорғалуы",
        provisional_mark="алдын ала дерек",
        numero="№",
        legal_title="1. Құқықтық негіз",
        legal_basis=(
            "Білім беру объектілерінің терроризмге қарсы қорғалуына қойылатын талаптар Қазақстан Республикасы "
            f"Білім және ғылым министрінің 2022{NBSP}жылғы 30{NBSP}наурыздағы №{NBSP}117 бұйрығымен бекітілген "
            f"нұсқаулықта (бұдан әрі{NBSP}– Нұсқаулық) белгіленген. Нұсқаулық объектінің тобына қарай "
            "бейнебақылау жүйесін орнатып, оны ішкі істер органдарының жедел басқару орталықтарына "
            f"(бұдан әрі{NBSP}– ЖБО) қосуды, "
            "лицензияланған күзетпен шарт жасасуды, дабыл түймесі мен өткізу жүйесін (турникетті) орнатуды талап "
            "етеді. Осы ақпараттағы әрбір көрсеткіш – талапты орындағаны бекітілген ұйымдардың саны."
        ),
        national_title="2. Республика бойынша: бейнебақылау",
        regions_title="2.1. Бейнебақылауы ЖБО-ға қосылған ұйымдар, өңірлер бойынша",
        notes_title="4. Ескертпелер",
        annex_title="Қосымша. Қамту кестелері",
        reading_key=(
            "Жақша ішінде алдымен барлық ұйымның, содан кейін талап орындалған ұйымның саны жазылады; жалғыз сан "
            "барлық ұйымның қамтылғанын білдіреді."
        ),
        rounding_note=(
            "Пайыз – қамтылған ұйымдар санының барлық ұйым санына қатынасы. Ол бүтін санға дейін дөңгелектеледі; "
            "100% тек барлық ұйым қамтылғанда, 0% бірде-бір ұйым қамтылмағанда ғана жазылады."
        ),
        population_note=(
            "Бейнебақылау бойынша – республикадағы, қалған көрсеткіштер бойынша ірі қалалардағы жұмыс істеп "
            "тұрған барлық ұйым есепке алынады. Нұсқаулық олардың бәрін бірдей міндеттемейді, сондықтан міндетті "
            "ұйымдар ішіндегі қамту 1-кестеде қатар берілген."
        ),
        overview_caption="Негізгі көрсеткіштер",
        overview_head=("Көрсеткіш", "Қамтылғаны / барлығы", "Қамту"),
        republic="республика",
        obliged_caption="Барлық ұйым және Нұсқаулық міндеттейтін ұйымдар бойынша қамту",
        obliged_corner="Көрсеткіш",
        everybody="Барлық ұйым",
        obliged="Міндетті ұйымдар",
        obliged_columns=("барлығы", "қамтылғаны", "%"),
        regions_caption="Өңірлердегі бейнебақылау: орнатылғаны және ЖБО-ға қосылғаны",
        regions_corner="Өңір",
        total_column="Барлық ұйым",
        counted="саны",
        connected="ЖБО",
        republic_total="Республика",
        cities_caption="Ірі қалалардағы күзет, дабыл түймесі және турникет",
        cities_corner="Қала",
    )
    attached = AttachedWords(
        csv="Жолдар: кесте, мәтін түрінде (CSV)",
        imprint="Құжаттың нөмірі, күні, коды және тексеру нәтижелері (JSON)",
        json="Құжаттың барлық көрсеткіштері (JSON)",
        xlsx="Жолдар: электрондық кесте (XLSX)",
        sheet="Жолдар",
        columns=("Шара", "Ұйымдардың түрі", "Өңір немесе қала", "Барлығы", "Қамтылғаны", "%"),
    )
    measures: ClassVar = {
        "cctv_installed": MeasureWords(
            title="Бейнебақылау жүйесі орнатылған",
            overview="Бейнебақылау орнатылған",
            short="Орнатылған",
            of_kind="бейнебақылау орнатылғаны",
            sentence="Бейнебақылау жүйесі {who} орнатылған",
        ),
        "cctv_connected": MeasureWords(
            title="Бейнебақылау ЖБО-ға қосылған",
            overview="Бейнебақылау ЖБО-ға қосылған",
            short="ЖБО-ға қосылған",
            of_kind="ЖБО-ға қосылғаны",
            sentence="ЖБО-ға {who} бейнебақылау жүйесі қосылған",
        ),
        "licensed_guard": MeasureWords(
            title="Лицензияланған күзет",
            overview="Лицензияланған күзет",
            short="Күзет",
            of_kind="лицензияланған күзет",
            sentence="Лицензияланған күзетпен {who} шарт жасасқан",
        ),
        "panic_button": MeasureWords(
            title="Дабыл түймесі",
            overview="Дабыл түймесі",
            short="Дабыл түймесі",
            of_kind="дабыл түймесі",
            sentence="Дабыл түймесі {who} орнатылып, орталықтандырылған бақылау пультіне қосылған",
        ),
        "turnstile": MeasureWords(
            title="Өткізу жүйесі (турникет)",
            overview="Турникет",
            short="Турникет",
            of_kind="турникет",
            sentence="Өткізу жүйесі (турникет) {who} орнатылған",
        ),
    }
    kind_plural: ClassVar = {"kindergarten": "Балабақшалар", "school": "Мектептер", "college": "Колледждер"}
    kind_long: ClassVar = {
        "kindergarten": "Мектепке дейінгі білім беру ұйымдары",
        "school": "Орта білім беру ұйымдары",
        "college": "Техникалық және кәсіптік білім беру ұйымдары",
    }
    patterns = Patterns(
        line=re.compile(
            rf"(?P<place>.+?) \((?P<total>{_NUMBER})(?:-(?P<suffix>[^\W\d]+))?"
            rf"(?: (?P<noun>[^\W\d]+))?(?: (?P<covered>{_NUMBER}))?\) – (?:(?P<percent>\d+)%|–)"
        ),
        nobody=re.compile(r"(?P<place>.+) – (?P<noun>[^\W\d]+) жоқ"),
        institutions=re.compile(rf"(?<!\d\u00a0)(?P<total>{_NUMBER})\u00a0білім беру ұйымы"),
        covered=re.compile(rf"(?P<all>барлық )?(?<!\d\u00a0)(?P<count>{_NUMBER})\u00a0ұйым"),
        of_all=re.compile(rf"бұл\u00a0– (?P<total>{_NUMBER})\u00a0ұйымның"),
        kind=re.compile(rf"(?<!\d\u00a0)(?P<count>{_NUMBER})\u00a0(?P<noun>балабақша|мектеп|колледж)"),
        none_counted=re.compile(r"ұйым жоқ\.$"),
        kinds={word: kind for words in (KIND, KIND_GENITIVE) for kind, word in words.items()},
    )

    def fixed_of_area(self, area: Place) -> Fixed:
        name, fixed = area["name_kk"], self.fixed
        unit, where = ("қала", "қаладағы") if name.endswith("қаласы") else ("облыс", "облыстағы")
        return replace(
            fixed,
            title=f"{genitive(name)} білім беру ұйымдарының терроризмге қарсы қорғалуы туралы ақпарат",
            running_title=f"{name}: білім беру ұйымдарының терроризмге қарсы қорғалуы",
            national_title=f"2. {name} бойынша: бейнебақылау",
            regions_title="2.1. Бейнебақылауы ЖБО-ға қосылған ұйымдар, аудандар мен қалалар бойынша",
            population_note=fixed.population_note.replace("республикадағы", where),
            republic=unit,
            regions_caption="Аудандар мен қалалардағы бейнебақылау: орнатылғаны және ЖБО-ға қосылғаны",
            regions_corner="Аудан немесе қала",
            republic_total=name,
        )

    # --- lines and headlines ----------------------------------------------------------------------------------

    def line_some(self, place: str, kind: str, count: PlaceCount, *, first: bool) -> str:
        """`Ақмола (122-ден 114) – 93%`; the first `Астана қ. (96 балабақшаның 8) – 8%`."""
        total = f"{self.number(count['total'])} {KIND_GENITIVE[kind]}" if first else ablative(count["total"])
        return f"{place} ({total} {self.number(count['covered'])}) – {format_percent(count['percent'])}"

    def line_all(self, place: str, kind: str, count: PlaceCount, *, first: bool) -> str:
        """`Шымкент қ. (71) – 100%`; the first `Астана қ. (96 балабақша) – 100%`."""
        total = self.number(count["total"])
        inside = f"{total} {KIND[kind]}" if first else total
        return f"{place} ({inside}) – {format_percent(count['percent'])}"

    def line_nobody(self, place: str, kind: str) -> str:
        """`Ұлытау – колледж жоқ`."""
        return f"{place} – {KIND[kind]} жоқ"

    def headline_some(self, code: str, every: Count, by_kind: Mapping[str, int]) -> str:
        who = f"{self.number(every['covered'])}{NBSP}{INSTITUTIONS[code]} ({self.by_kind(by_kind)})"
        sentence = self.measures[code].sentence.format(who=who)
        of_all = f"{self.number(every['total'])}{NBSP}ұйымның"
        if every["percent"] is None:
            return f"{sentence}, бұл{NBSP}– {of_all} бір бөлігі, пайызы есептелмейді."
        return f"{sentence}, бұл{NBSP}– {of_all} {every['percent']}%-ы."

    def headline_all(self, code: str, every: Count) -> str:
        who = f"барлық {self.number(every['total'])}{NBSP}{INSTITUTIONS[code]}"
        return f"{self.measures[code].sentence.format(who=who)}, қамту деңгейі{NBSP}– {every['percent']}%."

    def headline_nobody(self, code: str) -> str:
        return f"{self.measures[code].title}: есепке алынатын ұйым жоқ."

    def says_all_of(self, total: int) -> bool:
        return True

    # --- names, numbers and days ------------------------------------------------------------------------------

    def name_in_line(self, place: Place, scope: str) -> str:
        return place["name_kk"]

    def name_in_table(self, place: Place) -> str:
        return place["name_kk"]

    def number(self, number: int) -> str:
        return group_thousands(number)

    def of_kind(self, kind: str, number: int) -> str:
        return f"{self.number(number)}{NBSP}{KIND[kind]}"

    def day(self, day: Date) -> str:
        return f"{day.year}{NBSP}жылғы {day.day}{NBSP}{MONTHS[day.month - 1]}"

    def quarter(self, year: int, quarter: int) -> str:
        return quarter_phrase(year, quarter)

    def subtitle(self, quarter: str, year: int, as_of: Date) -> str:
        state = state_on(as_of)
        if as_of.year == year:
            state = state.removeprefix(f"{year}{NBSP}жылғы ")
        return f"{quarter}, {state} жағдай"

    def provisional(self, quarter: str) -> str:
        return f"Алдын ала дерек: {quarter} әлі жабылған жоқ, көрсеткіштер өзгеруі мүмкін."

    # --- sentences and headings with numbers ------------------------------------------------------------------

    def institutions_national(self, as_of: Date, counts: Mapping[str, int]) -> str:
        return (
            f"{state_on(as_of)} жағдай бойынша {self._where()} {self.number(counts['all'])}{NBSP}білім "
            f"беру ұйымы жұмыс істейді ({self.by_kind(counts)})."
        )

    def _where(self) -> str:
        return locative(self.area["name_kk"]) if self.area else "республикада"

    def institutions_cities(self, cities: int, counts: Mapping[str, int]) -> str:
        return (
            f"{cities}{NBSP}ірі қалада {self.number(counts['all'])}{NBSP}білім беру ұйымы жұмыс "
            f"істейді ({self.by_kind(counts)})."
        )

    def cities(self, cities: int) -> str:
        return f"{cities}{NBSP}ірі қала"

    def cities_title(self, cities: int) -> str:
        return f"3. {self.cities(cities)} бойынша: күзет, дабыл түймесі, турникет"

    def table_label(self, number: int) -> str:
        return f"{number}-кесте"

    def day_note(self, as_of: Date, known_on: Date) -> str:
        return (
            f"Көрсеткіштер {state_on(as_of)} жағдайды сипаттайды. Есепке алынған мәліметтің соңғы тіркелген "
            f"күні{NBSP}– {self.day(known_on)}."
        )

    def ledger_note(self, rows: int) -> str:
        return f"Көрсеткіштер өзгерістер журналының {self.number(rows)}{NBSP}жазбасынан есептелген."

    def seal_note(self, day: Date, root: str) -> str:
        return f"Өзгерістер журналының {state_on(day)} мөрі (SHA-256): {root}"

    def pending_note(self, changes: int) -> str:
        return f"Журналға түскен {self.number(changes)}{NBSP}өзгеріс әлі есепке қосылмаған."

    def exempt_note(self, code: str, institutions: int) -> str:
        return (
            f"{self.measures[code].title}: талап қолданылмайтыны бекітілген "
            f"{self.number(institutions)}{NBSP}ұйым пайызға кірмейді."
        )

    def repair_lead(self, institutions: int) -> str:
        return f"Күрделі жөндеу жүріп жатқан {self.number(institutions)}{NBSP}ұйым есепке алынған жоқ:"

    def exceptions_lead(self, institutions: int) -> str:
        return f"Кезең жабылғаннан кейін мәлімет беруге рұқсат алған {self.number(institutions)}{NBSP}ұйым:"

    def named(self, institution: NamedInstitution, place: str) -> str:
        until = institution.get("until")
        term = f", мерзімі – {self.day(Date.fromisoformat(until))}" if until else ""
        return f"{institution['name_kk']} ({place}{term})"

    def chart_label(self, number: int) -> str:
        return f"{number}-сурет"

    def changes_lead(self, number: str, quarter: str) -> str:
        return f"Салыстыру негізі{NBSP}– {quarter} бойынша жарияланған №{NBSP}{number} ақпарат."

    def not_covered_lead(self, code: str, institutions: int) -> str:
        return f"{self.measures[code].title}: талап орындалмаған {self.number(institutions)}{NBSP}ұйым:"

    def not_covered_attached(self, code: str, institutions: int) -> str:
        return (
            f"{self.measures[code].title}: талап орындалмаған {self.number(institutions)}{NBSP}ұйымның тізімі осы "
            "құжатқа тіркелген кестеде берілген."
        )

    def explained(self, code: str, before: str, now: str, by: str, on: Date, text: str) -> str:
        return (
            f"{self.measures[code].title}: алдыңғы ақпаратта {before}, қазір {now}. Түсіндірме ({by}, "
            f"{self.day(on)}): {text}"
        )
