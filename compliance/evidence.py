"""When two references mean the same document."""

from __future__ import annotations

import re
from typing import Final

# What kind of enterprise it is, in Kazakh, Russian and English: written or not, in either language.
_FORMS: Final = frozenset(
    ["жшс", "тоо", "llp", "жк", "ип", "ақ", "ао", "jsc"]  # companies
    + ["мкк", "гкп", "кмқк", "гккп", "рмк", "ргп", "мм", "гу", "кмм", "кгу"]  # of the state
)


def key_of(number: str, issuer: str) -> str:
    """Number and issuer as they are compared: whatever the case, signs, order of words and kind of enterprise.

    Empty where the number has no figure ("б/н"): such documents are not told apart by it.
    """
    plain = "".join(sign for sign in number.casefold() if sign.isalnum())
    if not any(sign.isdigit() for sign in plain):
        return ""
    words = sorted(re.findall(r"\w+", issuer.casefold()))
    return f"{plain}|{' '.join([word for word in words if word not in _FORMS] or words)}"
