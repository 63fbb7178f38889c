"""The words of an institution's sheet in each of its languages."""

from __future__ import annotations

from datetime import date

import pytest

from reporting.brief.document import to_text
from reporting.brief.imprint import CheckResult, Imprint
from reporting.brief.languages import LanguageNotWritten
from reporting.brief.sheet_composing import compose
from reporting.brief.sheet_words import SHEET, places_in, read_day, sheet_words_of
from tests.reporting.sheet_snapshots import sheet_2026q2

CHECKS = (CheckResult("sheet_lists_every_item", 20), CheckResult("sheet_days", 1))
IMPRINT = Imprint("117-2026-2/5", date(2026, 5, 20), code="7F3K9M2Q5T8W", site="https://qalqan.example", checks=CHECKS)


def text(lang: str, **changed: object) -> str:
    return to_text(compose(sheet_2026q2(lang) | changed, IMPRINT)).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("lang", "excerpts"),
    [
        (
            "kk",
            [
                "Білім беру ұйымының терроризмге қарсы қорғалуы туралы үзінді көшірме\n"
                "№ 31 «Балдәурен» бөбекжай-бақшасы КМҚК, 2026 жылғы 20 мамырдағы жағдай\n"
                "2026 жылғы 20 мамыр, № 117-2026-2/5\n",
                "Түрі | балабақша\nМеншік нысаны | мемлекеттік\nӨңірі | Астана қаласы\n",
                "Қызметкерлер мен білім алушылар саны | 1 367\nОбъект тобы | 3-топ\n",
                "Міндетті талаптар | 5 | 1 | 1 | 1 | 1 | 1\n",
                "Бұдан бөлек, Нұсқаулық міндеттемейтін 1 талап министрліктің есебінде ғана саналады.\n",
                "Күзет\n\nТалап | Жай-күйі | Қай күннен | Бекітілді | Растайтын құжат | Мерзімі\n"
                "GUARD талабы (тармақ: 10; 77; 2-қосымша, тармақ: 4, 8–9; есепте ғана саналады) | орындалған | "
                "10.06.2025 | 02.03.2026 | № 11-26/2, «Сенім-Күзет» ЖШС, 01.06.2025 | 01.06.2027\n"
                "POST талабы (тармақ: 17(4)–(5)) | ішінара орындалған | 01.02.2026 | 02.03.2026 | – | –\n",
                "CCTV талабы (тармақ: 79; 92) | орындалған | 01.09.2022 | 02.03.2026 | – | –\n",
                "ALARM талабы (тармақ: 93; 3-қосымша) | орындалмаған | 01.05.2026 | ",
                "FENCE талабы | қолданылмайды | 01.01.2026 | 02.03.2026 | – | 31.12.2026\n",
                "LIGHT талабы (тармақ: 84–85) | жауап жоқ | – | – | – | –\n",
                "Мәлімет 2026 жылғы 20 мамырдағы жағдайды сипаттайды.",
                "ұйымның өзгерістер журналындағы 93 жазба бойынша анықталған.",
                "Үзінді көшірме шығарылар алдында 2 тексеруден өтті: 21 салыстыру жасалды, қайшылық табылған жоқ.\n",
            ],
        ),
        (
            "ru",
            [
                "Выписка об антитеррористической защищённости организации образования\n"
                "КГКП Ясли-сад № 31 «Балдаурен», по состоянию на 20 мая 2026 года\n",
                "Вид | детский сад\nФорма собственности | государственная\nРегион | город Астана\n",
                "Адрес | проспект Абая, 9\nЧисло работников и обучающихся | 1 367\nГруппа объекта | 3-я группа\n",
                "Кроме того, только в отчёте министерства учитывается 1 требование, к которому Инструкция не "
                "обязывает.\n",
                "Требование GUARD (п. 10; 77; прил. 2, п. 4, 8–9; учитывается только в отчёте) | выполнено | "
                "10.06.2025 | 02.03.2026 | № 11-26/2, «Сенім-Күзет» ЖШС, от 01.06.2025 | 01.06.2027\n",
                "Требование ALARM (п. 93; прил. 3) | не выполнено | 01.05.2026 | ",
                "Состояния определены по 93 записям журнала изменений организации.",
                "Перед выпуском выписка прошла 2 проверки: сделано 21 сравнение, противоречий нет.\n",
            ],
        ),
        (
            "en",
            [
                "Extract on the anti-terror protection of an education institution\n"
                "№ 31 «Балдәурен» бөбекжай-бақшасы КМҚК, as of 20 May 2026\n20 May 2026, No. 117-2026-2/5\n",
                "Region | Astana\nDistrict or city | Алматы ауданы\n",
                "In addition, 1 requirement that the Instruction does not impose is counted in the ministry’s report "
                "only.\n",
                "Requirement GUARD (para. 10; 77; annex 2, para. 4, 8–9; counted in the report only) | met | "
                "10 Jun 2025 | 2 Mar 2026 | No. 11-26/2, «Сенім-Күзет» ЖШС, 1 Jun 2025 | 1 Jun 2027\n",
                "The statuses follow from 93 entries in the institution’s ledger of changes.",
                "Before it was issued the extract passed 2 checks with 21 comparisons; no contradiction was found.\n",
            ],
        ),
    ],
)
def test_a_sheet_says(lang, excerpts):
    said = text(lang)
    assert [excerpt for excerpt in excerpts if excerpt not in said] == []


@pytest.mark.parametrize(
    ("number", "ru", "en"),
    [
        (2, "учитываются 2 требования, к которым", "2 requirements that the Instruction does not impose are counted"),
        (5, "учитываются 5 требований, к которым", "5 requirements that the Instruction does not impose are counted"),
        (21, "учитывается 21 требование, к которому", "21 requirements that the Instruction does not impose are"),
    ],
)
def test_nouns_and_verbs_follow_their_numeral(number, ru, en):
    assert ru in SHEET["ru"].counted_only(number).replace("\u00a0", " ")
    assert en in SHEET["en"].counted_only(number).replace("\u00a0", " ")
    assert "по 21 записи " in SHEET["ru"].ledger_note(21, "").replace("\u00a0", " ")


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
@pytest.mark.parametrize("lifecycle", ["capital_repair", "closed"])
def test_an_institution_that_is_not_open_has_no_list_and_the_sheet_says_why(lang, lifecycle):
    closed = sheet_2026q2(lang)["institution"] | {"lifecycle": lifecycle}
    said = text(lang, institution=closed, chapters=[], counts=dict.fromkeys(sheet_2026q2()["counts"], 0))
    assert SHEET[lang].not_open[lifecycle] in said
    assert SHEET[lang].nothing_listed in said


@pytest.mark.parametrize(
    ("paragraph", "year", "places"),
    [
        ("", 2022, []),
        ("26(3); annex 2 p. 4", 2022, ["26(3)", "annex 2 p. 4"]),
        ("79; 92; 94 [2022]; 78 [2026]", 2022, ["79", "92", "94"]),
        ("79; 92; 94 [2022]; 78 [2026]", 2026, ["78"]),
        ("87-88 [2022]", 2026, []),
        ("84-85 [2022]; within 84-88 [2026]", 2026, ["within 84-88"]),
        ("3 [2022]; annex 1", 2026, ["annex 1"]),
    ],
)
def test_a_requirement_is_cited_in_the_wording_of_the_day(paragraph, year, places):
    assert places_in(paragraph, year) == places


def test_a_place_within_a_stretch_is_said_so():
    assert [sheet_words_of(lang).cite("within 84-88", 2026).replace("\u00a0", " ") for lang in ("kk", "ru", "en")] == [
        "тармақ: 84–88 аралығында", "п. в пределах 84–88", "para. within 84–88",
    ]  # fmt: skip


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_a_day_of_a_table_reads_back(lang):
    for day in ("2022-04-16", "2026-09-30", "2031-12-01", None):
        assert read_day(SHEET[lang].day(day), lang) == day
    with pytest.raises(ValueError, match=r"."):
        read_day("soon", lang)


def test_a_language_in_which_nobody_writes_is_refused():
    with pytest.raises(LanguageNotWritten):
        compose(sheet_2026q2("fr"), IMPRINT)
