"""The business identification number (БСН, БИН) of a Kazakhstan organisation.

Twelve digits: ``YY`` and ``MM`` of the registration, the type (4 resident, 5 non-resident legal entity, 6
joint entrepreneurs), the subtype (0 head unit, 1 branch, 2 representative office, 3 farm), a serial of five
digits, and a control digit. Formed after Government Decree No. 406 of 2007, as two independent open
implementations read it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

LENGTH: Final = 12
TYPES: Final = "456"
SUBTYPES: Final = "0123"

_FIRST_WEIGHTS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_SECOND_WEIGHTS: Final = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)

# Synthetic numbers: real registrations begin in the 1990s, so a number "of 1940-1979" belongs to nobody.
_SYNTHETIC_YEARS: Final = range(40, 80)
_MONTHS: Final = range(1, 13)
_BLOCKS: Final = len(_SYNTHETIC_YEARS) * len(_MONTHS)
SYNTHETIC_NUMBERS: Final = _BLOCKS * 50_000  # how many serials `synthetic_bin` can tell apart


class InvalidBin(ValueError):
    """Not a business identification number; `code` names the broken rule, the message speaks to a person.

    Codes: ``bin_length``, ``bin_digits``, ``bin_month``, ``bin_type``, ``bin_subtype``, ``bin_control``.
    """

    def __init__(self, code: str, message: str | StrPromise) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return str(self.message)  # translated when it is shown, not when it is raised


def control_digit(first11: str) -> int | None:
    """The twelfth digit for the first eleven; None where no number is issued with them."""
    digits = [int(digit) for digit in first11]
    for weights in (_FIRST_WEIGHTS, _SECOND_WEIGHTS):
        remainder = sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 11
        if remainder < 10:
            return remainder
    return None


def validate_bin(value: str) -> None:
    """Raise `InvalidBin` for the first rule that `value` breaks; blanks and dashes are not forgiven."""
    if len(value) != LENGTH:
        raise InvalidBin("bin_length", _("A BIN has 12 digits."))
    if not (value.isascii() and value.isdecimal()):
        raise InvalidBin("bin_digits", _("A BIN has digits only."))
    if not 1 <= int(value[2:4]) <= 12:
        raise InvalidBin("bin_month", _("The third and fourth digit of a BIN are a month, 01 to 12."))
    if value[4] not in TYPES:
        raise InvalidBin(
            "bin_type",
            _("The fifth digit of a BIN is 4, 5 or 6. A number with another one may be a person's (IIN)."),
        )
    if value[5] not in SUBTYPES:
        raise InvalidBin("bin_subtype", _("The sixth digit of a BIN is 0, 1, 2 or 3."))
    if control_digit(value[:-1]) != int(value[-1]):
        raise InvalidBin(
            "bin_control", _("The last digit of the BIN does not fit the others: one of them is mistyped.")
        )


def synthetic_bin(serial: int) -> str:
    """A valid number that nobody owns; another one for each serial from 0 to `SYNTHETIC_NUMBERS` - 1.

    Raises `ValueError` beyond them.
    """
    if not 0 <= serial < SYNTHETIC_NUMBERS:
        raise ValueError(f"serial {serial} is not from 0 to {SYNTHETIC_NUMBERS - 1}")
    pair, block = divmod(serial, _BLOCKS)
    year, month = divmod(block, len(_MONTHS))
    # Each serial owns two numbers. The last one of the eleven has weight 11 in the first pass and 2 in the
    # second: if one of the two has no control digit, the other has.
    for number in (2 * pair, 2 * pair + 1):
        first11 = f"{_SYNTHETIC_YEARS[year]}{_MONTHS[month]:02}40{number:05}"
        control = control_digit(first11)
        if control is not None:
            return f"{first11}{control}"
    raise AssertionError("of two neighbours one has a control digit")  # pragma: no cover
