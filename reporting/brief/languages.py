"""The languages in which the brief is written."""

from typing import Final

from reporting.brief.words import Words
from reporting.brief.words_en import English
from reporting.brief.words_kk import Kazakh
from reporting.brief.words_ru import Russian

# The original first; by code.
LANGUAGES: Final[dict[str, Words]] = {words.lang: words for words in (Kazakh(), Russian(), English())}


class LanguageNotWritten(ValueError):
    """The snapshot asks for a language in which nobody has written the brief yet."""


def words_of(lang: str) -> Words:
    """Raises `LanguageNotWritten`."""
    try:
        return LANGUAGES[lang]
    except KeyError:
        raise LanguageNotWritten(lang) from None
