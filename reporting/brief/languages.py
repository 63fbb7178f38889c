"""The languages in which the brief is written."""

from typing import Final

from reporting.brief.words import Words
from reporting.brief.words_kk import Kazakh

# The original first; by code.
LANGUAGES: Final[dict[str, Words]] = {words.lang: words for words in (Kazakh(),)}


class LanguageNotWritten(ValueError):
    """The snapshot asks for a language in which nobody has written the brief yet."""


def words_of(lang: str) -> Words:
    """Raises `LanguageNotWritten`."""
    try:
        return LANGUAGES[lang]
    except KeyError:
        raise LanguageNotWritten(lang) from None
