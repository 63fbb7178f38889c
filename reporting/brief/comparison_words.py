"""The words of a comparison of two quarters, in three languages: how a change is told, and what its columns are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from reporting.brief.languages import LANGUAGES, LanguageNotWritten
from reporting.numerals import NO_BREAK_SPACE as NBSP

RISE, FALL, SAME, NONE = "rise", "fall", "same", "none"


@dataclass(frozen=True)
class ComparisonWords:
    """One language. `told` takes a measure's title and the percentages before and after, by how they moved; `counts`
    are the words before each of the three numbers that follow, and at the end."""

    title: str
    running_title: str
    legal_title: str
    legal_basis: str
    sides: Callable[[str, str, str, str], str]
    headlines_title: str
    told: dict[str, Callable[[str, str, str], str]]
    counts: tuple[str, str, str, str]
    headlines_caption: str
    side_columns: tuple[str, str, str]
    difference: str
    difference_columns: tuple[str, str]
    notes_title: str
    places_title: str
    place_caption: Callable[[str], str]
    chart_caption: Callable[[str], str]
    notes: tuple[str, str, str]
    data_sheet: str
    data_columns: tuple[str, str, str, str, str, str, str, str, str, str, str, str]


WORDS: Final = {
    "kk": ComparisonWords(
        title=f"Білім беру ұйымдарының терроризмге қарсы қорғалуы: екі{NBSP}тоқсанды{NBSP}салыстыру",
        running_title="Терроризмге қарсы қорғалу: екі тоқсанды салыстыру",
        legal_title="1. Салыстыру негізі",
        legal_basis=(
            "Бұл құжат Қазақстан Республикасы Білім және ғылым министрінің 2022 жылғы 30 наурыздағы "
            f"№{NBSP}117 бұйрығымен бекітілген нұсқаулық талаптарының республика бойынша орындалуын екі тоқсан бойынша "
            "салыстырады."
        ),
        sides=lambda before, day_before, after, day_after: (
            f"Бұрынғы тоқсан – {before}, көрсеткіштері {day_before} күнгі; кейінгі тоқсан – {after}, көрсеткіштері "
            f"{day_after} күнгі. Әр тоқсан өзі жабылған кездегі мәлімет бойынша алынды."
        ),
        headlines_title="2. Негізгі көрсеткіштердің өзгеруі",
        told={
            RISE: lambda title, before, after: f"{title}: қамту {before}-дан {after}-ға дейін өсті",
            FALL: lambda title, before, after: f"{title}: қамту {before}-дан {after}-ға дейін төмендеді",
            SAME: lambda title, before, after: f"{title}: қамту деңгейі өзгерген жоқ – {after}",
            NONE: lambda title, before, after: f"{title}: қамту деңгейін салыстыру мүмкін емес",
        },
        counts=("; қамтылған ұйым саны бұрын ", ", кейін ", ", айырмасы ", "."),
        headlines_caption="Қамту: бұрын және кейін",
        side_columns=("барлығы", "қамтылғаны", "%"),
        difference="айырмасы",
        difference_columns=("ұйым", "тармақ"),
        notes_title="3. Ескертпелер",
        places_title="4. Орындар бойынша",
        place_caption=lambda title: f"{title}: орындар бойынша салыстыру",
        chart_caption=lambda title: f"{title}: қамтудың өзгеруі, пайыздық тармақ",
        notes=(
            "Тармақ – екі пайыздың айырмасы; пайыздар бүтінге дейін дөңгелектелген, сондықтан тармақ та бүтін.",
            "«Жаңадан есепке алынғаны» – бұрынғы тоқсанда есепте болмаған, қазір талапты орындаған ұйым; «есептен "
            "шыққаны» – бұрын орындаған, қазір есепте жоқ ұйым. Басқа орынға ауысқан ұйым бір орында есептен шығып, "
            "екінші орында есепке алынады.",
            "Әр сан өз ұйымдарының тізімін ашады: бұрынғы тоқсандікі – сол тоқсандағы, кейінгісінікі – осы тоқсандағы.",
        ),
        data_sheet="Салыстыру",
        data_columns=(
            "Көрсеткіш", "Орны", "Бұрын: барлығы", "Бұрын: қамтылғаны", "Бұрын, %", "Кейін: барлығы",
            "Кейін: қамтылғаны", "Кейін, %", "Орындағаны", "Жаңадан есепке алынғаны", "Айырылғаны", "Есептен шыққаны",
        ),
    ),
    "ru": ComparisonWords(
        title=f"Антитеррористическая защищённость организаций образования: сравнение{NBSP}двух{NBSP}кварталов",
        running_title="Антитеррористическая защищённость: сравнение двух кварталов",
        legal_title="1. Основа сравнения",
        legal_basis=(
            "Документ сравнивает по двум кварталам, как по республике выполняются требования инструкции, утверждённой "
            f"приказом министра образования и науки Республики Казахстан от 30 марта 2022 года №{NBSP}117."
        ),
        sides=lambda before, day_before, after, day_after: (
            f"Прежний квартал – {before}, показатели на {day_before}; новый квартал – {after}, показатели на "
            f"{day_after}. Каждый квартал взят по сведениям на момент его закрытия."
        ),
        headlines_title="2. Изменение основных показателей",
        told={
            RISE: lambda title, before, after: f"{title}: охват вырос с {before} до {after}",
            FALL: lambda title, before, after: f"{title}: охват снизился с {before} до {after}",
            SAME: lambda title, before, after: f"{title}: охват не изменился – {after}",
            NONE: lambda title, before, after: f"{title}: охват сравнить нельзя",
        },
        counts=("; охвачено организаций: было ", ", стало ", ", разница ", "."),
        headlines_caption="Охват: было и стало",
        side_columns=("всего", "охвачено", "%"),
        difference="разница",
        difference_columns=("орг.", "пункты"),
        notes_title="3. Примечания",
        places_title="4. По местам",
        place_caption=lambda title: f"{title}: сравнение по местам",
        chart_caption=lambda title: f"{title}: изменение охвата, процентные пункты",
        notes=(
            "Пункт – разность двух процентов; проценты округлены до целых, поэтому и пункты целые.",
            "«Учтены впервые» – организации, которых в прежнем квартале в учёте не было, а теперь они выполнили "
            "требование; «выбыли из учёта» – прежде выполнившие, которых в учёте больше нет. Организация, перешедшая "
            "из одного места в другое, в одном выбыла, в другом учтена впервые.",
            "Каждое число открывает список своих организаций: прежнее – того квартала, новое – этого.",
        ),
        data_sheet="Сравнение",
        data_columns=(
            "Показатель", "Место", "Было: всего", "Было: охвачено", "Было, %", "Стало: всего", "Стало: охвачено",
            "Стало, %", "Выполнили", "Учтены впервые", "Утратили", "Выбыли из учёта",
        ),
    ),
    "en": ComparisonWords(
        title=f"Anti-terror protection of education institutions: comparison{NBSP}of{NBSP}two{NBSP}quarters",
        running_title="Anti-terror protection: comparison of two quarters",
        legal_title="1. What is compared",
        legal_basis=(
            "This document compares, for two quarters, how the country meets the Instruction approved by Order No. 117 "
            "of the Minister of Education and Science of the Republic of Kazakhstan of 30 March 2022."
        ),
        sides=lambda before, day_before, after, day_after: (
            f"The earlier quarter is the {before}, with figures of {day_before}; the later one is the {after}, with "
            f"figures of {day_after}. Each quarter is taken as it was known at its close."
        ),
        headlines_title="2. How the headlines changed",
        told={
            RISE: lambda title, before, after: f"{title}: coverage rose from {before} to {after}",
            FALL: lambda title, before, after: f"{title}: coverage fell from {before} to {after}",
            SAME: lambda title, before, after: f"{title}: coverage did not change, {after}",
            NONE: lambda title, before, after: f"{title}: coverage cannot be compared",
        },
        counts=("; institutions covered before ", ", after ", ", difference ", "."),
        headlines_caption="Coverage before and after",
        side_columns=("all", "covered", "%"),
        difference="difference",
        difference_columns=("inst.", "points"),
        notes_title="3. Notes",
        places_title="4. By place",
        place_caption=lambda title: f"{title}: comparison by place",
        chart_caption=lambda title: f"{title}: change of coverage, percentage points",
        notes=(
            "A point is the difference of two percentages; they are rounded to whole numbers, and so are the points.",
            "“Newly counted” are institutions that were not counted in the earlier quarter and meet the requirement "
            "now; “no longer counted” met it then and are not counted now. An institution that moved from one place to "
            "another has left the one and is newly counted in the other.",
            "Each number opens the list of its institutions: an earlier one as of the earlier quarter, a later one as "
            "of the later.",
        ),
        data_sheet="Comparison",
        data_columns=(
            "Measure", "Place", "Before: all", "Before: covered", "Before, %", "After: all", "After: covered",
            "After, %", "Gained", "Newly counted", "Lost", "No longer counted",
        ),
    ),
}  # fmt: skip


def comparison_words_of(lang: str) -> ComparisonWords:
    """Raises `LanguageNotWritten`."""
    if lang not in LANGUAGES or lang not in WORDS:
        raise LanguageNotWritten(lang)
    return WORDS[lang]
