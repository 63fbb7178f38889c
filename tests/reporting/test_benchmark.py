"""The benchmark runs, and says both numbers of each of its ratios."""

from __future__ import annotations

import io
import re

import pytest
from django.core.management import CommandError, call_command

from compliance.enums import Measure
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import InstitutionFactory

pytestmark = [pytest.mark.django_db, pytest.mark.paper]


def test_it_says_both_numbers_of_each_ratio(fixed_now, order, places):
    school = InstitutionFactory(locality=places.city, large_city=places.large_city)
    EntryFactory(item=ItemFactory(institution=school, measure=Measure.TURNSTILE), approved=True)
    out = io.StringIO()
    call_command(
        "benchmark_briefs",
        "--period", "2026Q2", "--rounds", "1", "--memory-briefs", "2", "--without-workers",
        stdout=out,
    )  # fmt: skip
    said = out.getvalue()
    assert re.search(r"processor \d+\.\d\d s and \d+\.\d\d s, ratio \d\.\d\d", said)
    assert re.search(r"\d+ MB after a fifth of 2 briefs, \d+ MB after half, \d+ MB after all; ratio 1\.\d\d", said)


def test_it_asks_for_a_quarter_that_is_there(order):
    with pytest.raises(CommandError, match="1999Q1"):
        call_command("benchmark_briefs", "--period", "1999Q1")
