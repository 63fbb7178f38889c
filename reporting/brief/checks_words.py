"""The check sheet on a brief's last page, and the warning on its first: titles of checks and sentences by number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from reporting.brief.document import Block, ColumnGroup, Paragraph, Row, Section, Table
from reporting.brief.imprint import EXPLAINED, PASSED, WARNED, CheckResult
from reporting.brief.words_ru import plural as plural_ru
from reporting.numerals import NO_BREAK_SPACE as NBSP
from reporting.numerals import group_thousands

CODES: Final = (
    "covered_exceeds_total", "percent_mismatch", "denominator_differs", "sum_differs_from_headline",
    "numeral_suffix", "part_exceeds_whole", "differs_from_records",
    "lines_as_frozen", "headlines_as_frozen", "lines_recounted", "headlines_recounted", "obliged_recounted",
    "cuts_recounted", "obliged_within_all", "ownerships_make_all", "places_make_whole", "kinds_make_all",
    "percentages", "institutions_add_up", "places_once", "nobody_twice", "completeness_recounted",
    "trend_ends_here", "changes_add_up", "not_covered_complete", "tables_as_frozen", "key_figures_as_headlines",
    "names_as_counted", "doors_open_exactly", "words_whole", "days_in_order", "number_and_language",
    "completeness", "jump",
    "sheet_lists_every_item", "sheet_counts_add_up", "sheet_statuses", "sheet_days",
    "points_recounted", "bridge_adds_up", "places_make_difference", "differences",
)  # fmt: skip


@dataclass(frozen=True)
class ChecksWords:
    """Words of the sheet. `titles` are in the order of `CODES`; `summary` takes how many checks and comparisons."""

    title: str
    columns: tuple[str, str, str]
    results: dict[str, str]
    titles: tuple[str, ...]
    summary: Callable[[int, int], str]
    few_answers: Callable[[str, int], str]


def _kazakh_summary(checks: int, compared: int) -> str:
    return (
        f"Ақпарат шығарылар алдында {checks}{NBSP}тексеруден өтті: {group_thousands(compared)}{NBSP}салыстыру жасалды, "
        "қайшылық табылған жоқ."
    )


def _russian_summary(checks: int, compared: int) -> str:
    return (
        f"Перед выпуском информация прошла {checks}{NBSP}{plural_ru(checks, 'проверку', 'проверки', 'проверок')}: "
        f"сделано {group_thousands(compared)}{NBSP}{plural_ru(compared, 'сравнение', 'сравнения', 'сравнений')}, "
        "противоречий нет."
    )


def _english_summary(checks: int, compared: int) -> str:
    return (
        f"Before it was issued the brief passed {checks}{NBSP}{'check' if checks == 1 else 'checks'} with "
        f"{compared:,}{NBSP}{'comparison' if compared == 1 else 'comparisons'}; no contradiction was found."
    )


CHECKS: Final = {
    "kk": ChecksWords(
        title="Тексеру парағы",
        columns=("Тексеру", "Салыстыру саны", "Нәтиже"),
        results={PASSED: "дұрыс", WARNED: "ескерту бар", EXPLAINED: "түсіндірілген"},
        titles=(
            "Қамтылғаны барлығынан аспайды", "Пайыз санға сәйкес", "Барлық көрсеткіштің бөлімі бірдей",
            "Жолдардың қосындысы қорытындыға тең", "Сан жалғаулары дұрыс", "Ірі қалалар өңірінен аспайды",
            "Жолдар жазбаларға сәйкес",
            "Жолдар тіркелген көрсеткіштерге тең", "Қорытындылар тіркелген көрсеткіштерге тең",
            "Жолдар журнал бойынша қайта саналды", "Қорытындылар журнал бойынша қайта саналды",
            "Міндетті ұйымдар қайта саналды", "Бөліктер қайта саналды", "Міндетті ұйымдар барлығынан аспайды",
            "Мемлекеттік және жекеменшік барлығын құрайды", "Орындар тұтасты құрайды", "Түрлер барлығын құрайды",
            "Барлық пайыз қайта есептелді", "Ұйымдар саны қосылады", "Әр орын бір рет, өз ретімен",
            "Бірде-бір ұйым екі рет саналмаған", "Толықтық қайта саналды", "Серпін осы көрсеткіштермен аяқталады",
            "Өзгерістер алдыңғы ақпараттан осыған жеткізеді", "Тізімдер көрсеткіштерге сәйкес",
            "Кесте ұяшықтары қайта оқылды", "Негізгі көрсеткіштер қорытындыға тең", "Тізімдегі атаулар саны дұрыс",
            "Әр көрсеткіш өз жазбаларын ашады", "Мәтінде олқылық жоқ", "Күндер ретімен",
            "Нөмірі, түрі және тілі сәйкес", "Жауап берген ұйымдар жеткілікті", "Күрт өзгерістер түсіндірілген",
            "Әр талап бір рет берілген", "Жауаптар саны қосылады", "Жағдайлар тіркелгенге тең", "Күндер ретімен",
            "Екі тоқсан да қайта саналды", "Өзгерістер қосылады", "Орындар айырманы құрайды", "Айырмалар дұрыс",
        ),
        summary=_kazakh_summary,
        few_answers=lambda title, share: (
            f"Назар аударыңыз: «{title}» көрсеткіші бойынша ұйымдардың {share}%-ының ғана бекітілген жауабы бар."
        ),
    ),
    "ru": ChecksWords(
        title="Лист проверки",
        columns=("Проверка", "Сравнений", "Результат"),
        results={PASSED: "верно", WARNED: "есть предупреждение", EXPLAINED: "пояснено"},
        titles=(
            "Охваченных не больше, чем всего", "Процент следует из чисел", "Знаменатель во всех показателях один",
            "Сумма строк равна итогу", "Окончания числительных верны", "Крупные города не больше своего региона",
            "Строки соответствуют записям",
            "Строки равны зафиксированным", "Итоги равны зафиксированным", "Строки пересчитаны по журналу",
            "Итоги пересчитаны по журналу", "Обязанные организации пересчитаны", "Части пересчитаны",
            "Обязанных не больше, чем всего", "Государственные и частные составляют все", "Места составляют целое",
            "Виды составляют все", "Все проценты рассчитаны заново", "Числа организаций складываются",
            "Каждое место один раз и по порядку", "Ни одна организация не учтена дважды", "Полнота пересчитана",
            "Динамика кончается этими показателями", "Изменения ведут от прежней информации к этой",
            "Списки соответствуют показателям", "Ячейки таблиц прочитаны заново",
            "Основные показатели равны итогам", "Число названий в списках верно",
            "Каждый показатель открывает свои записи",
            "В тексте нет пропусков", "Дни по порядку", "Номер, вид и язык соответствуют",
            "Ответивших организаций достаточно", "Резкие изменения пояснены",
            "Каждое требование один раз", "Число ответов складывается", "Состояния равны зафиксированным",
            "Дни по порядку",
            "Оба квартала пересчитаны", "Изменения складываются", "Места составляют разницу", "Разницы верны",
        ),
        summary=_russian_summary,
        few_answers=lambda title, share: (
            f"Внимание: по показателю «{title}» утверждённый ответ есть только у {share}% организаций."
        ),
    ),
    "en": ChecksWords(
        title="Check sheet",
        columns=("Check", "Comparisons", "Result"),
        results={PASSED: "right", WARNED: "with a warning", EXPLAINED: "explained"},
        titles=(
            "No more covered than there are", "Percentages follow from the numbers",
            "All measures have the same denominator", "Lines add up to the headline", "Endings of numerals",
            "Large cities within their region", "Lines are what the records give",
            "Lines are what was frozen", "Headlines are what was frozen", "Lines recounted from the ledger",
            "Headlines recounted from the ledger", "Obliged institutions recounted", "Parts recounted",
            "No more obliged than there are", "State and private make all", "Places make the whole",
            "Kinds make all", "All percentages worked out anew", "Numbers of institutions add up",
            "Each place once and in order", "No institution counted twice", "Completeness recounted",
            "The trend ends in these figures", "Changes lead from the brief before to this one",
            "Lists are as long as their figures", "Cells of tables read back", "Key figures are the headlines",
            "Lists hold as many names as they say", "Each figure opens its own records", "No gap in the text",
            "Days in order", "Number, kind and language fit", "Enough institutions have answered",
            "Jumps are explained",
            "Each requirement once", "Numbers of answers add up", "Statuses are what was frozen", "Days in order",
            "Both quarters recounted", "Changes add up", "Places make the difference", "Differences are right",
        ),
        summary=_english_summary,
        few_answers=lambda title, share: (
            f"Please note: for “{title}” only {share}% of the institutions have an approved answer."
        ),
    ),
}  # fmt: skip


def title_of(code: str, lang: str) -> str:
    """A check's name as the sheet prints it."""
    return CHECKS[lang].titles[CODES.index(code)]


def check_sheet(results: Sequence[CheckResult], lang: str, number: Callable[[int], str]) -> Section:
    """The last section of a brief: every check, how many comparisons it made, and how they came out."""
    words = CHECKS[lang]
    rows = tuple(
        Row(title_of(one.code, lang), (number(one.compared), words.results.get(one.state, one.state)))
        for one in results
    )
    blocks: tuple[Block, ...] = (
        Paragraph(words.summary(len(results), sum(one.compared for one in results))),
        Table(
            label="",
            caption=words.title,
            corner=words.columns[0],
            groups=tuple(ColumnGroup(column, ("",)) for column in words.columns[1:]),
            bodies=(rows,),
            foot=None,
            style="checks",
        ),
    )
    return Section(words.title, blocks, own_page=True)
