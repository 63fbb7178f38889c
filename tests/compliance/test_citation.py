import pytest
from django.utils import translation

from compliance.citation import cite


@pytest.mark.parametrize(
    ("paragraph", "words"),
    [
        ("", ""),
        ("14; 16", "Order, para. 14; 16"),
        ("26(3); 27; annex 2 p. 4", "Order, para. 26(3); 27; annex 2, para. 4"),
        ("47-50; annex 3", "Order, para. 47-50; annex 3"),
        ("annex 2 p. 36, 60", "Order, annex 2, para. 36, 60"),
        ("84-85 [2022]; within 84-88 [2026]", "Order, para. 84-85 [2022]; within 84-88 [2026]"),
    ],
)
def test_a_place_in_the_order_is_said_in_words(paragraph: str, words: str) -> None:
    with translation.override("en"):
        assert cite(paragraph) == words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("kk", "Бұйрық, тармақ: 26(3); 27; 2-қосымша, тармақ: 4"),
        ("ru", "Приказ, п. 26(3); 27; прил. 2, п. 4"),
    ],
)
def test_a_place_in_the_order_is_said_in_the_readers_language(language: str, words: str) -> None:
    with translation.override(language):
        assert cite("26(3); 27; annex 2 p. 4") == words
