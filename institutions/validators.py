"""Judges an input; called by model, form and import alike."""

from datetime import date
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from institutions import bin as bin_number


def validate_bin_number(value: str) -> None:
    """Refuse what is not a business identification number: 12 digits with a right control digit."""
    try:
        bin_number.validate_bin(value)
    except bin_number.InvalidBin as wrong:
        raise ValidationError(str(wrong), code=wrong.code) from wrong


# Outside of these a year is a slip of the keyboard, and at the calendar's ends there is no day before or after.
FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)


def validate_day(value: date) -> None:
    """Refuse a day of a year that nobody means: 0203, 9999."""
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValidationError(_("There is no such day. Write it like 2023-03-31."), code="invalid")
