"""Judges an input; called by model, form and import alike."""

from django.core.exceptions import ValidationError

from institutions import bin as bin_number


def validate_bin_number(value: str) -> None:
    """Refuse what is not a business identification number: 12 digits with a right control digit."""
    try:
        bin_number.validate_bin(value)
    except bin_number.InvalidBin as wrong:
        raise ValidationError(str(wrong), code=wrong.code) from wrong
