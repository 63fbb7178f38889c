"""Numbers as the Kazakh brief writes them: thousands, decimal comma, and the ablative suffix of a numeral.

A suffix follows the sound of the last word of the numeral as it is spoken: 122 ends in «екі» (122-ден),
120 in «жиырма» (120-дан), 1 000 in «мың» (1 000-нан). The tables list all last words there are.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

NO_BREAK_SPACE: Final = "\u00a0"
LARGEST: Final = 999_999_999

_UNITS: Final = ("ден", "ден", "ден", "тен", "тен", "тен", "дан", "ден", "ден", "дан")
_TENS: Final = ("", "нан", "дан", "дан", "тан", "ден", "тан", "тен", "нен", "нан")
_HUNDRED: Final = "ден"  # жүз
_THOUSAND_OR_MILLION: Final = "нан"  # мың, миллион

ABLATIVE_SUFFIXES: Final = frozenset({"ден", "тен", "дан", "тан", "нан", "нен"})


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
