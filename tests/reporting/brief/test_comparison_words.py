"""How a comparison tells a change, in each language: rise, fall, nothing, no percentage."""

from __future__ import annotations

import pytest

from reporting.brief.comparison_composing import moved, points, signed
from reporting.brief.comparison_words import WORDS, comparison_words_of
from reporting.brief.languages import LANGUAGES, LanguageNotWritten


def count(percent):
    return {"total": 10, "covered": 1, "not_applicable": 0, "percent": percent}


TOLD = {
    "kk": {
        (54, 60): "Турникет: қамту 54%-дан 60%-ға дейін өсті",
        (60, 54): "Турникет: қамту 60%-дан 54%-ға дейін төмендеді",
        (60, 60): "Турникет: қамту деңгейі өзгерген жоқ – 60%",
        (None, 60): "Турникет: қамту деңгейін салыстыру мүмкін емес",
    },
    "ru": {
        (54, 60): "Турникет: охват вырос с 54% до 60%",
        (60, 54): "Турникет: охват снизился с 60% до 54%",
        (60, 60): "Турникет: охват не изменился – 60%",
        (60, None): "Турникет: охват сравнить нельзя",
    },
    "en": {
        (54, 60): "Турникет: coverage rose from 54% to 60%",
        (60, 54): "Турникет: coverage fell from 60% to 54%",
        (60, 60): "Турникет: coverage did not change, 60%",
        (None, None): "Турникет: coverage cannot be compared",
    },
}


@pytest.mark.parametrize(
    ("lang", "before", "after", "said"),
    [(lang, *pair, said) for lang, told in TOLD.items() for pair, said in told.items()],
)
def test_a_change_is_told(lang, before, after, said):
    way = moved(count(before), count(after))
    assert comparison_words_of(lang).told[way]("Турникет", f"{before}%", f"{after}%") == said


@pytest.mark.parametrize(("number", "text"), [(573, "+573"), (-4, "−4"), (0, "0")])
def test_a_difference_has_its_sign(number, text):
    assert signed(number) == text


def test_without_a_percentage_there_are_no_points():
    assert points(count(None), count(5)) is None
    assert points(count(60), count(54)) == -6


def test_every_language_of_the_brief_is_written():
    assert set(WORDS) == set(LANGUAGES)
    with pytest.raises(LanguageNotWritten):
        comparison_words_of("de")
