"""Keys by which names are found and ordered, for databases that know no Kazakh.

SQLite folds the case of ASCII only and PostgreSQL may run without a Kazakh collation, so both keys are made
here and kept in columns of their own.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

KAZAKH_ALPHABET: Final = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
LATIN_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"
SORT_KEY_LENGTH: Final = 400

# One sound, one spelling: what a Kazakh, a Russian and a Latin keyboard write for it. Letters that are not
# told apart (қ and к, ы and и) only make a search find more.
_FOLDED: Final = str.maketrans(
    {
        **dict(
            zip(
                "абвгдезийклмнопрстуфхцчшщыэюя",
                (
                    *(
                        "a",
                        "b",
                        "v",
                        "g",
                        "d",
                        "e",
                        "z",
                        "i",
                        "i",
                        "k",
                        "l",
                        "m",
                        "n",
                        "o",
                        "p",
                        "r",
                        "s",
                        "t",
                        "u",
                        "f",
                    ),
                    *("h", "ts", "ch", "sh", "sh", "i", "e", "iu", "ia"),
                ),
                strict=True,
            )
        ),
        **dict(zip("әғёжқңөұүһі", ("a", "g", "e", "j", "k", "n", "o", "u", "u", "h", "i"), strict=True)),
        **dict(zip("əñŋşığ", ("a", "n", "n", "sh", "i", "g"), strict=True)),  # the Latin Kazakh alphabets
        **dict.fromkeys("ъь'’ʼ‘`´", ""),
        "№": " ",
    }
)
_LATIN_SPELLINGS: Final = (
    ("shch", "sh"),
    ("sch", "sh"),
    ("kh", "h"),
    ("gh", "g"),
    ("dzh", "j"),
    ("zh", "j"),
    ("dj", "j"),
    ("ye", "e"),
    ("yo", "e"),
    ("q", "k"),
    ("w", "u"),
    ("x", "ks"),
    ("y", "i"),
)
_LONE_C: Final = re.compile("c(?!h)")
_DOUBLED: Final = re.compile(r"([^\W\d_])\1+")
_NOT_A_WORD: Final = re.compile(r"[\W_]+")


def search_key(text: str) -> str:
    """The text as it is compared in a search: ``Қонаев``, ``Конаев``, ``Qonaev`` and ``KONAYEV`` are one.

    Case, the letters of one sound, doubled letters, signs and blanks between words are made alike; digits
    stay. Apply it to the column and to what is typed, word by word. It spells, it does not translate:
    ``Сәтбаев`` is not ``Сатпаев``. Idempotent.
    """
    key = text
    while True:
        folded = _fold(key)
        if folded == key:
            return key
        key = folded


def _fold(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.replace("№", " ")).casefold().translate(_FOLDED)
    if not text.isascii():
        # What is still accented (ö, ü, ş of another keyboard) loses its marks.
        text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    for spelling, sound in _LATIN_SPELLINGS:
        text = text.replace(spelling, sound)
    text = _DOUBLED.sub(r"\1", _LONE_C.sub("k", text))
    return _NOT_A_WORD.sub(" ", text).strip()


# Every token has its rank in its first characters, only of 0-9 and a-z, which all collations order alike:
# between words < number < Kazakh and Russian letters < Latin letters < other letters.
_BETWEEN_WORDS: Final = "00"
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_LETTER_TOKENS: Final = {
    **{letter: f"{2 + place // 36}{_DIGITS[place % 36]}" for place, letter in enumerate(KAZAKH_ALPHABET)},
    **{letter: f"4{letter}" for letter in LATIN_ALPHABET},
}
_LONGEST_NUMBER: Final = 36 * 36 - 1  # digits


def sort_key_kk(text: str, *, max_length: int = SORT_KEY_LENGTH) -> str:
    """A key whose plain order is the Kazakh alphabetical order, with numbers by value: № 2 before № 10.

    Case, quotes, dashes and the sign № do not count; words go before letters («Ақ су» before «Ақай»). It is
    made of 0-9 and a-z only, two characters a letter, and cut at `max_length`, so that it fits its column.
    """
    tokens: list[str] = []
    number = ""
    gap = False
    for letter in unicodedata.normalize("NFKC", text.replace("№", " ")).casefold():
        if letter.isdecimal():
            if not number:
                _open_word(tokens, gap=gap)
            number += str(unicodedata.decimal(letter))
            gap = False
            continue
        if number:
            tokens.append(_number_token(number))
            number = ""
        if letter.isalpha():
            _open_word(tokens, gap=gap)
            tokens.append(_LETTER_TOKENS.get(letter) or f"5{ord(letter):06x}")
            gap = False
        elif not unicodedata.combining(letter):
            gap = True
    if number:
        tokens.append(_number_token(number))
    return "".join(tokens)[:max_length]


def _open_word(tokens: list[str], *, gap: bool) -> None:
    if gap and tokens:
        tokens.append(_BETWEEN_WORDS)


def _number_token(number: str) -> str:
    """Its length before its digits: among numbers the longer is the greater."""
    digits = number.lstrip("0")
    length = min(len(digits), _LONGEST_NUMBER)
    return f"1{_DIGITS[length // 36]}{_DIGITS[length % 36]}{digits}"
