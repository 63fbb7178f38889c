"""Words of the annexes, the changes, the mark and the proof of a brief that no number changes; one set a language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reporting.numerals import NO_BREAK_SPACE as NBSP


@dataclass(frozen=True)
class AnnexWords:
    """Captions of tables and charts, headings of columns, and what stands beside the QR code and in the seal.

    `measure_columns` head the five measures of a wide table, shorter than their names; `change_columns` the table
    of changes.
    """

    official_mark: str
    changes_title: str
    changes_caption: str
    change_columns: tuple[str, str, str, str, str, str]
    not_covered_title: str
    measure_columns: tuple[str, str, str, str, str]
    obliged_parts_caption: str
    ownership_parts_caption: str
    learners_parts_caption: str
    map_caption: str
    map_legend: str
    no_data: str
    bars_caption: str
    bars_legend: tuple[str, str]
    trend_caption: str
    verification_title: str
    verification_text: str
    seal_title: str
    sealed: str
    unsealed: str
    unsealed_how: str
    copy_of: str


ANNEX: Final = {
    "kk": AnnexWords(
        official_mark="Қызмет бабында пайдалану үшін",
        changes_title="Алдыңғы ақпараттан бергі өзгерістер",
        changes_caption="Қамтылған ұйымдар санының өзгеруі",
        change_columns=("болғаны", "орындағаны", "жаңадан есепке алынғаны", "айырылғаны", "есептен шыққаны", "қазір"),
        not_covered_title="Талап орындалмаған ұйымдар",
        measure_columns=("Орнатылған", "ЖБО-ға қосылған", "Күзет", "Дабыл түймесі", "Турникет"),
        obliged_parts_caption="Қамту, ұйымдар бойынша: барлығы / Нұсқаулық міндеттейтіндері, %",
        ownership_parts_caption="Қамту, ұйымдар бойынша: мемлекеттік / жекеменшік, %",
        learners_parts_caption="Қамту, білім алушылар саны бойынша: барлығы / міндетті ұйымдарда, %",
        map_caption="Бейнебақылауы ЖБО-ға қосылған ұйымдардың үлесі, өңірлер бойынша, %",
        map_legend="қамту",
        no_data="дерек жоқ",
        bars_caption="Қамту: барлық ұйым және Нұсқаулық міндеттейтін ұйымдар, %",
        bars_legend=("барлық ұйым", "міндетті ұйымдар"),
        trend_caption="Қамту, тоқсандар бойынша, %",
        verification_title="Құжаттың түпнұсқалығын тексеру",
        verification_text=(
            "QR-код немесе төмендегі мекенжай құжаттың түпнұсқа екенін және күшінде екенін көрсетеді. Файлдың өзін де "
            "сол бетте тексеруге болады: бір белгісі өзгерген файл анықталады."
        ),
        seal_title="Электрондық қолтаңба орны",
        sealed="Электрондық мөрмен бекітілген",
        unsealed="Электрондық қолтаңба қойылмаған",
        unsealed_how="Түпнұсқалығы тек тізілім арқылы расталады.",
        copy_of="Оқырман көшірмесі",
    ),
    "ru": AnnexWords(
        official_mark="Для служебного пользования",
        changes_title="Изменения после предыдущей информации",
        changes_caption="Изменение числа охваченных организаций",
        change_columns=("было", "выполнили", "учтены впервые", "утратили", "выбыли из учёта", "стало"),
        not_covered_title="Организации, не выполнившие требования",
        measure_columns=("Установлено", f"Подключено к{NBSP}ЦОУ", "Охрана", "Тревожная кнопка", "Турникет"),
        obliged_parts_caption="Охват по организациям: все / обязанные Инструкцией, %",
        ownership_parts_caption="Охват по организациям: государственные / частные, %",
        learners_parts_caption="Охват по числу обучающихся: во всех / в обязанных организациях, %",
        map_caption=f"Доля организаций, видеонаблюдение которых подключено к{NBSP}ЦОУ, по регионам, %",
        map_legend="охват",
        no_data="нет данных",
        bars_caption="Охват: все организации и обязанные Инструкцией, %",
        bars_legend=("все организации", "обязанные организации"),
        trend_caption="Охват по кварталам, %",
        verification_title="Проверка подлинности документа",
        verification_text=(
            "QR-код или адрес ниже показывает, подлинный ли документ и действует ли он. На той же странице можно "
            "проверить и сам файл: изменение даже одного знака будет обнаружено."
        ),
        seal_title="Место электронной подписи",
        sealed="Скреплено электронной печатью",
        unsealed="Электронной подписи нет",
        unsealed_how="Подлинность подтверждается только реестром.",
        copy_of="Копия читателя",
    ),
    "en": AnnexWords(
        official_mark="For official use",
        changes_title="Changes since the previous brief",
        changes_caption="How the number of institutions covered has changed",
        change_columns=("before", "came to meet", "newly counted", "ceased to meet", "no longer counted", "now"),
        not_covered_title="Institutions that do not meet the requirements",
        measure_columns=("Installed", "Connected", "Guard", "Panic button", "Turnstile"),
        obliged_parts_caption="Coverage by institutions: all / those that the Instruction obliges, %",
        ownership_parts_caption="Coverage by institutions: state / private, %",
        learners_parts_caption="Coverage by learners: in all institutions / in obliged ones, %",
        map_caption="Institutions whose video surveillance is connected to the OCC, by region, %",
        map_legend="coverage",
        no_data="no data",
        bars_caption="Coverage: all institutions and those that the Instruction obliges, %",
        bars_legend=("all institutions", "obliged institutions"),
        trend_caption="Coverage by quarter, %",
        verification_title="Is this document genuine?",
        verification_text=(
            "The QR code or the address below tells whether the document is genuine and in force. The file itself can "
            "be checked on the same page: a change of a single sign is found."
        ),
        seal_title="Place of the electronic signature",
        sealed="Sealed electronically",
        unsealed="Not signed electronically",
        unsealed_how="Only the register confirms that it is genuine.",
        copy_of="Reader’s copy",
    ),
}
