"""The one rule of rounding."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.percent import format_percent, percent


@pytest.mark.parametrize(
    ("covered", "counted", "expected"),
    [
        pytest.param(0, 0, None, id="nobody is counted"),
        pytest.param(0, 1, 0, id="none of one"),
        pytest.param(1, 1, 100, id="one of one"),
        pytest.param(0, 6936, 0, id="none of many"),
        pytest.param(6936, 6936, 100, id="all of many"),
        pytest.param(1, 6936, 1, id="0.01 is not 0"),
        pytest.param(6935, 6936, 99, id="99.99 is not 100"),
        pytest.param(1, 200, 1, id="0.5 goes up"),
        pytest.param(199, 200, 99, id="99.5 would be 100, but not all are covered"),
        pytest.param(1, 8, 13, id="12.5 goes up"),
        pytest.param(5, 8, 63, id="62.5 goes up, not to the even number"),
        pytest.param(29, 200, 15, id="14.5 goes up, where a float falls short"),
        pytest.param(124, 1000, 12, id="12.4 goes down"),
        pytest.param(114, 122, 93, id="Ақмола, kindergartens"),
        pytest.param(5985, 9986, 60, id="the country"),
        pytest.param(1911, 2621, 73, id="the large cities"),
    ],
)
def test_percent_follows_the_rule(covered, counted, expected):
    assert percent(covered, counted) == expected


@pytest.mark.parametrize(("covered", "counted"), [(1, 0), (134, 105), (-1, 5), (-2, -1), (0, -1)])
def test_percent_refuses_counts_that_cannot_be(covered, counted):
    with pytest.raises(ValueError, match="no such counts"):
        percent(covered, counted)


@given(st.integers(1, 10**9).flatmap(lambda counted: st.tuples(st.integers(0, counted), st.just(counted))))
def test_percent_is_half_up_except_at_the_ends(pair):
    covered, counted = pair
    half_up = int((Decimal(100 * covered) / counted).quantize(Decimal(1), ROUND_HALF_UP))
    expected = {0: 0, counted: 100}.get(covered, min(max(half_up, 1), 99))
    assert percent(covered, counted) == expected


@pytest.mark.parametrize(("value", "expected"), [(None, "–"), (0, "0%"), (93, "93%"), (100, "100%")])
def test_format_percent_prints_a_dash_for_nobody(value, expected):
    assert format_percent(value) == expected
