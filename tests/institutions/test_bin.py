import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from institutions.bin import SYNTHETIC_NUMBERS, InvalidBin, control_digit, synthetic_bin, validate_bin
from institutions.validators import validate_bin_number

PUBLISHED = [
    "941240001151",
    "941240000193",
    "020240000555",
    "081140000436",
    "971240001315",
    "940140000385",
    "970240000816",  # second pass
    "950440001673",
    "950341000052",  # a branch
]


@pytest.mark.parametrize("number", PUBLISHED)
def test_published_numbers_are_valid(number):
    validate_bin(number)

    assert control_digit(number[:-1]) == int(number[-1])


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "bin_length"),
        ("94124000115", "bin_length"),
        ("9412400011511", "bin_length"),
        ("94124000115x", "bin_digits"),
        (" 41240001151", "bin_digits"),
        ("94124000115１", "bin_digits"),  # a full-width digit
        ("941340001151", "bin_month"),
        ("940040001151", "bin_month"),
        ("123456789012", "bin_month"),
        ("941220001151", "bin_type"),
        ("941249001151", "bin_subtype"),
        ("941240001152", "bin_control"),
        ("970240000815", "bin_control"),
    ],
)
def test_a_wrong_number_is_refused_by_the_rule_that_it_breaks(value, code):
    with pytest.raises(InvalidBin) as refused:
        validate_bin(value)

    assert refused.value.code == code
    with translation.override("en"):
        assert str(refused.value).endswith(".")


def test_a_field_shows_the_same_message_and_code():
    with pytest.raises(ValidationError) as refused:
        validate_bin_number("94124000115")

    assert refused.value.code == "bin_length"


def test_some_eleven_digits_have_no_control_digit():
    without = [n for n in range(100) if control_digit(f"401040{n:05}") is None]

    assert without
    assert all(control_digit(f"401040{n + 1 if n % 2 == 0 else n - 1:05}") is not None for n in without)


@given(st.integers(0, SYNTHETIC_NUMBERS - 1))
def test_a_synthetic_number_is_valid_and_of_a_year_before_all_registrations(serial):
    number = synthetic_bin(serial)

    validate_bin(number)
    assert 40 <= int(number[:2]) <= 79


@given(st.sets(st.integers(0, SYNTHETIC_NUMBERS - 1), max_size=50))
def test_every_serial_has_a_number_of_its_own(serials):
    assert len({synthetic_bin(serial) for serial in serials}) == len(serials)


@pytest.mark.parametrize("serial", [-1, SYNTHETIC_NUMBERS])
def test_a_serial_out_of_range_is_refused(serial):
    with pytest.raises(ValueError, match="serial"):
        synthetic_bin(serial)


@given(st.from_regex(r"\A\d{2}(0[1-9]|1[0-2])40\d{5}\Z"), st.integers(0, 10), st.integers(1, 9))
def test_one_mistyped_digit_is_noticed_unless_the_rules_cannot_see_it(first11, place, change):
    """The control digit sees every change of one digit when only the first pass is needed."""
    weights = range(1, 12)
    mistyped = first11[:place] + str((int(first11[place]) + change) % 10) + first11[place + 1 :]
    sums = [sum(int(d) * w for d, w in zip(n, weights, strict=True)) % 11 for n in (first11, mistyped)]
    if 10 in sums or place == 10:  # weight 11 hides the eleventh digit
        return

    assert control_digit(first11) != control_digit(mistyped)
