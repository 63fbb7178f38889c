"""Kazakh numbers. The suffixes are derived a second time, from the spoken words and their sounds."""

from decimal import Decimal

import pytest

from reporting.numerals import (
    ABLATIVE_SUFFIXES,
    ablative,
    ablative_suffix,
    decimal_comma,
    group_thousands,
    quarter_phrase,
    read_ablative,
)

UNITS = ["нөл", "бір", "екі", "үш", "төрт", "бес", "алты", "жеті", "сегіз", "тоғыз"]
TENS = ["", "он", "жиырма", "отыз", "қырық", "елу", "алпыс", "жетпіс", "сексен", "тоқсан"]


def spoken_words(number):
    """The numeral as it is said, word by word."""
    if number == 0:
        return ["нөл"]
    words = []
    for size, name in ((10**6, "миллион"), (10**3, "мың"), (1, "")):
        group, number = divmod(number, size)
        hundreds, tens, units = group // 100, group // 10 % 10, group % 10
        words += [UNITS[hundreds]] * (hundreds > 1) + ["жүз"] * (hundreds > 0)
        words += [TENS[tens]] * (tens > 0) + [UNITS[units]] * (units > 0)
        words += [name] * bool(name and group)
    return words


def suffix_by_sound(word):
    """Ablative: н after a nasal, т after a voiceless sound, else д; а after a back vowel, else е."""
    vowel = next(letter for letter in reversed(word) if letter in "аоұыеөүіиу")
    if vowel in "иу":  # neither back nor front: «елу» follows its first syllable
        vowel = next(letter for letter in word if letter in "аоұыеөүі")
    back = vowel in "аоұы"
    last = word[-1]
    consonant = "н" if last in "мнң" else "т" if last in "кқпстфхцчшщ" else "д"
    return f"{consonant}{'а' if back else 'е'}н"


SUFFIX_OF_WORD = {word: suffix_by_sound(word) for word in [*UNITS, *TENS[1:], "жүз", "мың", "миллион"]}


def test_the_laws_of_sound_give_the_suffixes_of_the_ministry():
    assert SUFFIX_OF_WORD == {
        "нөл": "ден",
        "бір": "ден",
        "екі": "ден",
        "үш": "тен",
        "төрт": "тен",
        "бес": "тен",
        "алты": "дан",
        "жеті": "ден",
        "сегіз": "ден",
        "тоғыз": "дан",
        "он": "нан",
        "жиырма": "дан",
        "отыз": "дан",
        "қырық": "тан",
        "елу": "ден",
        "алпыс": "тан",
        "жетпіс": "тен",
        "сексен": "нен",
        "тоқсан": "нан",
        "жүз": "ден",
        "мың": "нан",
        "миллион": "нан",
    }


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "нөл"),
        (122, "жүз жиырма екі"),
        (2657, "екі мың алты жүз елу жеті"),
        (100_000, "жүз мың"),
        (1_010_300, "бір миллион он мың үш жүз"),
    ],
)
def test_numerals_are_spelled_as_they_are_said(number, words):
    assert " ".join(spoken_words(number)) == words


def test_every_number_to_a_million_takes_the_suffix_of_its_last_word():
    wrong = [
        number for number in range(1_000_001) if ablative_suffix(number) != SUFFIX_OF_WORD[spoken_words(number)[-1]]
    ]
    assert wrong == []


@pytest.mark.parametrize("base", [1_000_001, 12_345_600, 700_000_000, 999_000_000, 999_999_000])
def test_numbers_beyond_a_million_take_the_suffix_of_their_last_word(base):
    numbers = range(base, base + 1000)
    assert [ablative_suffix(n) for n in numbers] == [SUFFIX_OF_WORD[spoken_words(n)[-1]] for n in numbers]


def test_the_suffixes_are_these_six():
    assert {ablative_suffix(number) for number in range(1001)} == ABLATIVE_SUFFIXES


@pytest.mark.parametrize("number", [-1, 1_000_000_000])
def test_ablative_suffix_refuses_numbers_that_it_has_no_word_for(number):
    with pytest.raises(ValueError, match="is not between"):
        ablative_suffix(number)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0-ден"),
        (122, "122-ден"),
        (1000, "1\u00a0000-нан"),
        (9986, "9\u00a0986-дан"),
        (1_010_300, "1\u00a0010\u00a0300-ден"),
    ],
)
def test_ablative_writes_number_and_suffix(number, expected):
    assert ablative(number) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0"),
        (999, "999"),
        (9986, "9\u00a0986"),
        (1_000_000, "1\u00a0000\u00a0000"),
        (-2621, "-2\u00a0621"),
    ],
)
def test_thousands_are_set_apart_by_a_no_break_space(number, expected):
    assert group_thousands(number) == expected


@pytest.mark.parametrize(
    ("number", "places", "expected"),
    [
        (Decimal("12.25"), 1, "12,3"),
        (Decimal("-0.25"), 1, "-0,3"),
        (Decimal("9986.5"), 2, "9\u00a0986,50"),
        (7, 1, "7,0"),
        (Decimal("1234.5"), 0, "1\u00a0235"),
    ],
)
def test_decimals_stand_behind_a_comma(number, places, expected):
    assert decimal_comma(number, places) == expected


def test_a_quarter_is_named_with_its_year():
    assert quarter_phrase(2023, 1) == "2023 жылғы 1 тоқсан"


@pytest.mark.parametrize("quarter", [0, 5])
def test_there_is_no_other_quarter(quarter):
    with pytest.raises(ValueError, match="there is no quarter"):
        quarter_phrase(2023, quarter)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ақмола (122-ден 114) – 93%", (122, "ден")),
        ("Алматы (101- ден 6) – 6%", (101, "ден")),
        ("Атырау (150–ден 17) – 11%", (150, "ден")),
        ("Алматы қ. (214 – тен 100) – 47%", (214, "тен")),
        ("Қонаев қ. (3- тен 2-і) – 67%", (3, "тен")),
        ("Алматы (152 ден 425) – 36%", (152, "ден")),
        ("Барлығы (1\u00a0010-нан 187) – 19%", (1010, "нан")),
        ("Барлығы (1 000 000-НАН 5) – 1%", (1_000_000, "нан")),
        ("Семей қ. (70-дин 50) – 71%", (70, "дин")),
        ("Астана қ. (96 балабақшаның 8) – 8%", None),
        ("Астана қ. (96-ның 8) – 8%", None),
        ("Қонаев қ. (2-і) – 67%", None),
        ("Шымкент қ. (71) – 100%", None),
        ("Астана қ. (96 мектеп) – 100%", None),
        ("Ұлытау – колледж жоқ", None),
        ("", None),
    ],
)
def test_read_ablative_finds_number_and_suffix(text, expected):
    assert read_ablative(text) == expected
