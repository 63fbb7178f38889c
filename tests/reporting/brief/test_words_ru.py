"""The Russian words of the brief: the forms after numerals, every sentence with several numbers, every line."""

import re
from datetime import date
from typing import Any

import pytest

from reporting.brief.composing import compose
from reporting.brief.document import Bullets, LineList, NameList, Paragraph, to_text
from reporting.brief.imprint import Imprint
from reporting.brief.reading import UnreadableLine, printed_headlines, printed_lines, read_line
from reporting.brief.words_ru import INSTITUTION, KIND, Russian, ends_in_one, plural
from tests.reporting.snapshots import count, snapshot_2023q1

RUSSIAN = Russian()
NUMBER, DAY = "117-2023-1/1", date(2026, 11, 22)


@pytest.fixture
def snapshot() -> dict[str, Any]:
    return snapshot_2023q1(lang="ru")


def document_of(snapshot):
    return compose(snapshot, Imprint(NUMBER, DAY))


def measure_of(snapshot, code):
    return next(measure for measure in snapshot["measures"] if measure["code"] == code)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


# --- numerals ----------------------------------------------------------------------------------------

ONES = [
    "ноль",
    "один",
    "два",
    "три",
    "четыре",
    "пять",
    "шесть",
    "семь",
    "восемь",
    "девять",
    "десять",
    "одиннадцать",
    "двенадцать",
    "тринадцать",
]
ONES += ["четырнадцать", "пятнадцать", "шестнадцать", "семнадцать", "восемнадцать", "девятнадцать"]
TENS = ["двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто"]
HUNDREDS = ["сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот"]


def spoken(number: int) -> list[str]:
    """The numeral as it is said; the noun agrees with its last word."""
    if number < 20:
        return [ONES[number]]
    if number == 1000:
        return ["одна", "тысяча"]
    words, rest = ([HUNDREDS[number // 100 - 1]], number % 100) if number >= 100 else ([], number)
    if rest >= 20:
        words, rest = [*words, TENS[rest // 10 - 2]], rest % 10
    return [*words, ONES[rest]] if rest else words


def test_the_noun_agrees_with_the_last_word_of_every_numeral_up_to_a_thousand():
    assert [spoken(number) for number in (0, 11, 20, 101, 112, 999)] == [
        ["ноль"],
        ["одиннадцать"],
        ["двадцать"],
        ["сто", "один"],
        ["сто", "двенадцать"],
        ["девятьсот", "девяносто", "девять"],
    ]
    form = {"один": "one"} | dict.fromkeys(("два", "три", "четыре"), "few")
    said = [form.get(spoken(number)[-1], "many") for number in range(1001)]
    assert [plural(number, "one", "few", "many") for number in range(1001)] == said
    assert [ends_in_one(number) for number in range(1001)] == [one == "one" for one in said]


@pytest.mark.parametrize(
    ("number", "counted", "out_of"),
    [
        (
            0,
            ["организаций", "детских садов", "школ", "колледжей"],
            ["организаций", "детских садов", "школ", "колледжей"],
        ),
        (1, ["организация", "детский сад", "школа", "колледж"], ["организации", "детского сада", "школы", "колледжа"]),
        (
            2,
            ["организации", "детских сада", "школы", "колледжа"],
            ["организаций", "детских садов", "школ", "колледжей"],
        ),
        (
            5,
            ["организаций", "детских садов", "школ", "колледжей"],
            ["организаций", "детских садов", "школ", "колледжей"],
        ),
        (
            11,
            ["организаций", "детских садов", "школ", "колледжей"],
            ["организаций", "детских садов", "школ", "колледжей"],
        ),
        (
            1421,
            ["организация", "детский сад", "школа", "колледж"],
            ["организации", "детского сада", "школы", "колледжа"],
        ),
        (
            9986,
            ["организаций", "детских садов", "школ", "колледжей"],
            ["организаций", "детских садов", "школ", "колледжей"],
        ),
    ],
)
def test_every_noun_has_its_form_when_counted_and_when_counted_out_of(number, counted, out_of):
    nouns = [INSTITUTION, *KIND.values()]
    assert [noun.after(number) for noun in nouns] == counted
    assert [noun.after_of(number) for noun in nouns] == out_of


# --- lines -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "total", "covered", "percent", "first", "expected"),
    [
        ("kindergarten", 122, 114, 93, False, "ЗКО: 114 из 122 – 93%"),
        ("kindergarten", 71, 71, 100, False, "ЗКО: 71 – 100%"),
        ("kindergarten", 265, 0, 0, False, "ЗКО: 0 из 265 – 0%"),
        ("kindergarten", 96, 96, 100, True, "ЗКО: 96 детских садов – 100%"),
        ("kindergarten", 96, 8, 8, True, "ЗКО: 8 из 96 детских садов – 8%"),
        ("kindergarten", 21, 20, 95, True, "ЗКО: 20 из 21 детского сада – 95%"),
        ("school", 101, 101, 100, True, "ЗКО: 101 школа – 100%"),
        ("school", 22, 1, 5, True, "ЗКО: 1 из 22 школ – 5%"),
        ("school", 12040, 1040, 9, False, "ЗКО: 1\u00a0040 из 12\u00a0040 – 9%"),
        ("college", 3, 3, 100, True, "ЗКО: 3 колледжа – 100%"),
        ("college", 0, 0, None, True, "ЗКО: колледжей нет"),
        ("kindergarten", 0, 0, None, False, "ЗКО: детских садов нет"),
        ("college", 3, 0, None, False, "ЗКО: 0 из 3 – –"),
    ],
)
def test_a_line_says_all_some_or_none_and_reads_back(kind, total, covered, percent, first, expected):
    line = {"place": "KZ-27", "total": total, "covered": covered, "percent": percent}
    assert RUSSIAN.line("ЗКО", kind, line, first=first) == expected
    back = read_line(expected, lang="ru", measure="m", scope="national", kind=kind, places={"ЗКО": "KZ-27"})
    assert (back.place, back.total, back.percent, back.suffix) == ("KZ-27", total, percent, None)
    assert back.covered == (None if covered == total else covered)


@pytest.mark.parametrize(
    "text",
    [
        "ЗКО 114 из 122 – 93%",
        "ЗКО: 114 из 122, 93%",
        "ЗКО: 114 из 122 – 93",
        "ВКО: 114 из 122 – 93%",
        "ЗКО: 114 из 122 школ – 93%",
        "ЗКО: школ нет",
        "ЗКО: 114 of 122 – 93%",
        "ЗКО: 114 из 12\u00a034 – 93%",
    ],
)
def test_a_line_out_of_form_is_named_and_not_guessed(text):
    with pytest.raises(UnreadableLine, match=f"^{re.escape(text)}$"):
        read_line(text, lang="ru", measure="m", scope="national", kind="kindergarten", places={"ЗКО": "KZ-27"})


def test_regions_and_cities_are_named_as_the_register_names_them(snapshot):
    blocks = [block for block in document_of(snapshot).blocks() if isinstance(block, LineList)]
    assert [line.partition(":")[0] for line in blocks[0].lines] == [
        "г. Астана",
        "г. Алматы",
        "г. Шымкент",
        "Акмолинская область",
        "область Абай",
        "Актюбинская область",
        "Алматинская область",
        "Атырауская область",
        "ВКО",
        "Жамбылская область",
        "область Жетісу",
        "ЗКО",
        "Карагандинская область",
        "Костанайская область",
        "Кызылординская область",
        "Мангистауская область",
        "Павлодарская область",
        "СКО",
        "Туркестанская область",
        "область Ұлытау",
    ]
    assert [line.partition(":")[0] for line in blocks[3].lines] == [
        "Астана",
        "Алматы",
        "Шымкент",
        "Кокшетау",
        "Семей",
        "Актобе",
        "Қонаев",
        "Атырау и Кульсары",
        "Усть-Каменогорск",
        "Тараз",
        "Талдыкорган",
        "Уральск",
        "Караганда и Темиртау",
        "Костанай и Рудный",
        "Кызылорда",
        "Актау и Жанаозен",
        "Павлодар и Экибастуз",
        "Петропавловск",
        "Туркестан",
        "Жезказган",
    ]


def test_the_three_lists_of_regions_open_in_these_words(snapshot):
    blocks = [block for block in document_of(snapshot).blocks() if isinstance(block, LineList)]
    assert [(block.title.replace("\u00a0", " "), *block.lines[:1]) for block in blocks[3:6]] == [
        ("Дошкольные организации: лицензированная охрана", "Астана: 96 детских садов – 100%"),
        ("Организации среднего образования: лицензированная охрана", "Астана: 96 школ – 100%"),
        (
            "Организации технического и профессионального образования: лицензированная охрана",
            "Астана: 8 колледжей – 100%",
        ),
    ]


# --- sentences ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("cctv_installed", "Система видеонаблюдения установлена во всех 9 986 организациях, уровень охвата – 100%."),
        (
            "cctv_connected",
            "К ЦОУ подключено видеонаблюдение 5 985 организаций (1 366 детских садов, 4 360 школ, 259 колледжей), "
            "это 60% от 9 986 организаций.",
        ),
        (
            "licensed_guard",
            "Договор с лицензированной охраной есть у 1 911 организаций (564 детских сада, 1 191 школа, "
            "156 колледжей), это 73% от 2 621 организации.",
        ),
        (
            "panic_button",
            "Тревожная кнопка установлена и выведена на пульт централизованного наблюдения в 2 426 организациях "
            "(901 детский сад, 1 341 школа, 184 колледжа), это 93% от 2 621 организации.",
        ),
        (
            "turnstile",
            "Пропускная система (турникет) установлена в 1 421 организации (187 детских садов, 1 054 школы, "
            "180 колледжей), это 54% от 2 621 организации.",
        ),
    ],
)
def test_each_measure_has_its_headline_sentence(snapshot, code, expected):
    assert plain(RUSSIAN.headline(measure_of(snapshot, code))) == expected


@pytest.mark.parametrize(
    ("code", "total", "covered", "said"),
    [
        ("turnstile", 7, 7, "установлена во всех 7 организациях, уровень охвата – 100%."),
        ("turnstile", 21, 21, "установлена во всех 21 организации, уровень охвата – 100%."),
        ("turnstile", 1, 1, "установлена в 1 организации (1 детский сад, …), это 100% от 1 организации."),
        ("turnstile", 5, 0, "установлена в 0 организациях (0 детских садов, …), это 0% от 5 организаций."),
        ("turnstile", 111, 11, "установлена в 11 организациях (11 детских садов, …), это 10% от 111 организаций."),
        (
            "cctv_connected",
            2,
            1,
            "подключено видеонаблюдение 1 организации (1 детский сад, …), это 50% от 2 организаций.",
        ),
        ("cctv_connected", 31, 31, "подключено видеонаблюдение всех 31 организации, уровень охвата – 100%."),
        ("cctv_connected", 33, 33, "подключено видеонаблюдение всех 33 организаций, уровень охвата – 100%."),
        ("licensed_guard", 101, 21, "есть у 21 организации (21 детский сад, …), это 21% от 101 организации."),
        ("licensed_guard", 4, 4, "есть у всех 4 организаций, уровень охвата – 100%."),
    ],
)
def test_a_headline_agrees_with_its_numbers_and_reads_back(snapshot, code, total, covered, said):
    measure = measure_of(snapshot, code)
    measure["headline"] = dict.fromkeys(("all", "kindergarten"), count(total, covered))
    measure["headline"] |= dict.fromkeys(("school", "college"), count(0, 0))
    assert plain(RUSSIAN.headline(measure)).endswith(f" {said.replace('…', '0 школ, 0 колледжей')}")
    stated = [one for one in printed_headlines(document_of(snapshot)) if one.measure == code]
    assert (stated[0].total, stated[0].covered) == (total, covered)
    by_kind = [("kindergarten", covered), ("school", 0), ("college", 0)]
    assert [(one.kind, one.covered) for one in stated[1:]] == ([] if "всех" in said else by_kind)


def test_a_headline_of_nobody_and_one_without_percent_read_back(snapshot):
    measure = measure_of(snapshot, "turnstile")
    measure["headline"] = dict.fromkeys(("all", "kindergarten", "school", "college"), count(0, 0))
    assert RUSSIAN.headline(measure) == "Пропускная система (турникет): учитываемых организаций нет."
    stated = [one for one in printed_headlines(document_of(snapshot)) if one.measure == "turnstile"]
    assert [(one.kind, one.total, one.covered, one.percent) for one in stated] == [("all", 0, None, None)]
    measure["headline"]["all"] = count(3, 2) | {"percent": None}
    assert plain(RUSSIAN.headline(measure)).endswith("это часть от 3 организаций, процент не рассчитывается.")
    stated = [one for one in printed_headlines(document_of(snapshot)) if one.measure == "turnstile"]
    assert (stated[0].total, stated[0].covered, stated[0].percent) == (3, 2, None)


@pytest.mark.parametrize(
    ("every", "cities", "expected"),
    [
        (2621, 25, "В 25 крупных городах действует 2 621 организация образования"),
        (22, 21, "В 21 крупном городе действуют 22 организации образования"),
        (11, 1, "В 1 крупном городе действуют 11 организаций образования"),
        (0, 2, "В 2 крупных городах действует 0 организаций образования"),
    ],
)
def test_institutions_of_the_cities_are_counted(every, cities, expected):
    counts = {"all": every, "kindergarten": every, "school": 0, "college": 0}
    assert plain(RUSSIAN.institutions_cities(cities, counts)).startswith(f"{expected} (")


def test_institutions_of_the_country_are_counted(snapshot):
    block = next(block for block in document_of(snapshot).blocks() if getattr(block, "measure", "") == "institutions")
    assert plain(block.text) == (
        "По состоянию на 31 марта 2023 года в республике действуют 9 986 организаций образования "
        "(2 657 детских садов, 6 936 школ, 393 колледжа)."
    )


@pytest.mark.parametrize(
    ("number", "cities", "title"),
    [
        (1, "1 крупный город", "3. По 1 крупному городу"),
        (2, "2 крупных города", "3. По 2 крупным городам"),
        (21, "21 крупный город", "3. По 21 крупному городу"),
        (25, "25 крупных городов", "3. По 25 крупным городам"),
    ],
)
def test_cities_are_counted(number, cities, title):
    assert plain(RUSSIAN.cities(number)) == cities
    assert plain(RUSSIAN.cities_title(number)) == f"{title}: охрана, тревожная кнопка, турникет"


@pytest.mark.parametrize(
    ("number", "ledger", "pending", "exempt", "repair", "exceptions"),
    [
        (
            1,
            "1 записи",
            "1 изменение",
            "не входит 1 организация",
            "Не учтена 1 организация, в которой",
            "получила 1 организация",
        ),
        (
            3,
            "3 записям",
            "3 изменения",
            "не входят 3 организации",
            "Не учтены 3 организации, в которых",
            "получили 3 организации",
        ),
        (
            12,
            "12 записям",
            "12 изменений",
            "не входят 12 организаций",
            "Не учтено 12 организаций, в которых",
            "получили 12 организаций",
        ),
        (
            1021,
            "1 021 записи",
            "1 021 изменение",
            "не входит 1 021 организация",
            "Не учтена 1 021 организация, в которой",
            "получила 1 021 организация",
        ),
    ],
)
def test_notes_agree_with_their_numbers(number, ledger, pending, exempt, repair, exceptions):
    assert plain(RUSSIAN.ledger_note(number)) == f"Показатели рассчитаны по {ledger} журнала изменений."
    assert plain(RUSSIAN.pending_note(number)) == f"Ещё не учтено {pending} из журнала."
    assert plain(RUSSIAN.exempt_note("panic_button", number)) == (
        f"Тревожная кнопка: в расчёт процента {exempt} с утверждённой неприменимостью требования."
    )
    assert plain(RUSSIAN.repair_lead(number)) == f"{repair} идёт капитальный ремонт:"
    assert plain(RUSSIAN.exceptions_lead(number)) == (
        f"Разрешение представить сведения после закрытия периода {exceptions}:"
    )


# --- the whole ---------------------------------------------------------------------------------------


def test_numbers_in_sentences_never_part_from_their_noun(snapshot):
    for block in document_of(snapshot).blocks():
        if isinstance(block, Paragraph):
            assert not re.search(r"\d (?:\d|организац|детск|школ|колледж|крупн|года|марта)", block.text), block.text


def test_the_text_opens_like_a_letter(snapshot):
    assert plain(to_text(document_of(snapshot))).splitlines()[:5] == [
        "Министерство просвещения Республики Казахстан",
        "",
        "Информация об антитеррористической защищённости организаций образования",
        "I квартал 2023 года, по состоянию на 31 марта",
        "22 ноября 2026 года, № 117-2023-1/1",
    ]


def test_sections_stand_in_the_order_of_the_original(snapshot):
    assert [plain(section.title) for section in document_of(snapshot).sections] == [
        "1. Правовая основа",
        "2. По республике: видеонаблюдение",
        "2.1. Организации, видеонаблюдение которых подключено к ЦОУ, по регионам",
        "3. По 25 крупным городам: охрана, тревожная кнопка, турникет",
        "3.1. Лицензированная охрана",
        "3.2. Тревожная кнопка",
        "3.3. Пропускная система (турникет)",
        "4. Примечания",
        "Приложение. Таблицы охвата",
    ]


def test_an_open_quarter_is_called_provisional():
    document = document_of(snapshot_2023q1(closed=False, lang="ru"))
    assert plain(document.provisional) == (
        "Предварительные данные: I квартал 2023 года ещё не закрыт, показатели могут измениться."
    )
    assert document.provisional_mark == "предварительные данные"


def test_institutions_are_named_in_russian_where_the_snapshot_has_the_name(snapshot):
    snapshot["notes"] = {
        "pending": 0,
        "capital_repair": [{"bin": "990240001235", "name_kk": "№ 5 мектеп", "name_ru": "Школа № 5", "place": "KZ-63"}],
        "exceptions": [{"bin": "990240001235", "name_kk": "№ 6 мектеп", "place": "KZ-11", "until": "2023-05-01"}],
    }
    blocks = list(document_of(snapshot).blocks())
    assert [plain(item) for block in blocks if isinstance(block, NameList) for item in block.items] == [
        "Школа № 5 (ВКО)",
        "№ 6 мектеп (Акмолинская область, срок – 1 мая 2023 года)",
    ]
    bullets = next(block for block in blocks if isinstance(block, Bullets))
    assert plain(bullets.items[0]) == (
        "Показатели отражают состояние на 31 марта 2023 года. Последний день регистрации учтённых сведений – "
        "10 апреля 2023 года."
    )


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 1, 1), "1 января 2026 года"),
        (date(2023, 3, 31), "31 марта 2023 года"),
        (date(2023, 5, 9), "9 мая 2023 года"),
        (date(2023, 8, 30), "30 августа 2023 года"),
        (date(2023, 12, 31), "31 декабря 2023 года"),
    ],
)
def test_days_are_said_in_russian(day, expected):
    assert plain(RUSSIAN.day(day)) == expected


def test_the_day_says_its_year_where_the_quarter_has_not():
    assert plain(RUSSIAN.subtitle("IV квартал 2023 года", 2023, date(2024, 1, 2))) == (
        "IV квартал 2023 года, по состоянию на 2 января 2024 года"
    )


def test_every_line_is_printed_with_the_numbers_of_the_snapshot(snapshot):
    assert [
        (
            line.measure,
            line.kind,
            line.place,
            line.total,
            line.total if line.covered is None else line.covered,
            line.percent,
        )
        for line in printed_lines(document_of(snapshot))
    ] == [
        (measure["code"], kind, line["place"], line["total"], line["covered"], line["percent"])
        for measure in snapshot["measures"][1:]
        for kind, lines in measure["lines"].items()
        for line in lines
    ]
