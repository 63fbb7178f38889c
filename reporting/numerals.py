"""Numbers as the Kazakh brief writes them: thousands, decimal comma, and the ablative suffix of a numeral.

A suffix follows the sound of the last word of the numeral as it is spoken: 122 ends in «екі» (122-ден),
120 in «жиырма» (120-дан), 1 000 in «мың» (1 000-нан). The tables list all last words there are.
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

NO_BREAK_SPACE: Final = "\u00a0"
LARGEST: Final = 999_999_999

_UNITS: Final = ("ден", "ден", "ден", "тен", "тен", "тен", "дан", "ден", "ден", "дан")
_TENS: Final = ("", "нан", "дан", "дан", "тан", "ден", "тан", "тен", "нен", "нан")
_HUNDRED: Final = "ден"  # жүз
_THOUSAND_OR_MILLION: Final = "нан"  # мың, миллион

ABLATIVE_SUFFIXES: Final = frozenset({"ден", "тен", "дан", "тан", "нан", "нен"})

_THOUSANDS_APART: Final = r"[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3}){1,2}"
_DASH: Final = "[-\u2010-\u2015\u2212]"
_NUMERAL: Final = re.compile(
    rf"\(\s*(?P<number>{_THOUSANDS_APART}|[0-9]{{1,9}})\s*"
    rf"(?:{_DASH}\s*(?P<ending>[^\W\d_]+)|(?P<bare>{'|'.join(sorted(ABLATIVE_SUFFIXES))})\b)",
    re.IGNORECASE,
)
# What may follow a number with a hyphen and is no ablative: possessive (2-і) and genitive (96-ның).
_OTHER_CASES: Final = frozenset({"і", "ы", "сі", "сы", "ның", "нің", "дың", "дің", "тың", "тің"})


def ablative_suffix(number: int) -> str:
    """The ending of "out of so many", without its hyphen: 122 → "ден".

    Raises ValueError below 0 and above 999 999 999.
    """
    if not 0 <= number <= LARGEST:
        raise ValueError(f"{number} is not between 0 and {LARGEST}")
    if number % 10 or number == 0:
        return _UNITS[number % 10]
    if number % 100:
        return _TENS[number % 100 // 10]
    if number % 1000:
        return _HUNDRED
    return _THOUSAND_OR_MILLION


def ablative(number: int) -> str:
    """Number and suffix: "122-ден", "2 657-ден"."""
    return f"{group_thousands(number)}-{ablative_suffix(number)}"


def read_ablative(text: str) -> tuple[int, str] | None:
    """The first number in brackets and the suffix after it: "Алматы (101- ден 6) – 6%" → (101, "ден").

    However it is spaced and whatever its dash; the suffix is as printed, right or wrong, in small letters.
    None where the number has no suffix, or the ending of a possessive or genitive.
    """
    found = _NUMERAL.search(text)
    if found is None:
        return None
    suffix = (found["ending"] or found["bare"]).lower()
    if suffix in _OTHER_CASES:
        return None
    return int(re.sub(r"[^0-9]", "", found["number"])), suffix


def group_thousands(number: int) -> str:
    """Thousands set apart by a no-break space, in numbers of four digits too: "9 986"."""
    return f"{number:,}".replace(",", NO_BREAK_SPACE)


def decimal_comma(number: Decimal | int, places: int = 1) -> str:
    """A number with so many places after a comma, half away from zero: "1 234,5"."""
    rounded = Decimal(number).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{rounded:,f}".replace(",", NO_BREAK_SPACE).replace(".", ",")


def quarter_phrase(year: int, quarter: int) -> str:
    """As in "2023 жылғы 1 тоқсан". Raises ValueError where there is no such quarter."""
    if quarter not in (1, 2, 3, 4):
        raise ValueError(f"there is no quarter {quarter}")
    return f"{year} жылғы {quarter} тоқсан"
