"""What stands before and after, as a person reads it."""

from __future__ import annotations

import pytest
from django.utils import translation

from institutions.journal_words import differences, name_in_words, value_in_words

pytestmark = pytest.mark.usefixtures("source_words")


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("learners", "learners"),
        ("name_kk", "name in Kazakh"),
        ("valid_to", "valid to"),
        ("since", "true since"),
        ("hash", "SHA-256"),
        ("memberships", "memberships"),  # a relation back has no words of its own
        ("nobody_named_it", "nobody_named_it"),
    ],
)
def test_a_name_is_the_columns_or_its_own(name, words):
    assert name_in_words(name) == words


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("status", "partly_met", "partly met"),
        ("reason", "wrong_proof", "the proof does not show it"),  # an app above taught it
        ("reason", "Өрт болды", "Өрт болды"),
        ("role", "director", "director"),
        ("lifecycle", "capital_repair", "in capital repair"),
        ("kind", "castle", "castle"),
        ("learners", 0, "0"),
        ("until", "2026-05-01", "01.05.2026"),
        ("until", "2026-13-01", "2026-13-01"),
        ("note", "", "–"),
        ("note", None, "–"),
        ("is_active", False, "no"),
        ("facts", {"leased": True, "has_grounds": None}, "leased: yes; has_grounds: –"),
        ("facts", {}, "–"),
        ("kind", ["school", "college"], "school, college"),
    ],
)
def test_a_value_is_told_as_the_pages_tell_it(name, value, words):
    assert value_in_words(name, value) == words


def test_what_stands_on_one_side_alone_was_not_there_or_is_gone():
    assert list(differences({"staff": 30, "phone": "1"}, {"staff": 40, "since": "2026-05-01"})) == [
        ("staff", "30", "40"),
        ("phone", "1", "–"),
        ("true since", "–", "01.05.2026"),
    ]
    assert list(differences(None, None)) == []
