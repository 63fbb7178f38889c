"""Files of editions for tests: the library's example, and others made from it."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

from compliance.library import load_library

EXAMPLE = (Path(__file__).parents[2] / "compliance" / "library" / "example_edition.toml").read_text(encoding="utf-8")
FORCE = date(2027, 1, 1)


def head(code: str = "same-2027", day: str = "2027-01-01") -> str:
    notes = "\n".join(f'note_{language} = "Тест"' for language in ("kk", "ru", "en"))
    return f'[edition]\ncode = "{code}"\nin_force_from = {day}\nprovenance = "read"\n{notes}\n'


def only_same() -> str:
    """Everything stays as it is."""
    codes = [requirement.code for requirement in load_library().requirements]
    return f"{head()}\n[items]\nsame = [{', '.join(map(repr, codes))}]\n"


def without(example: str) -> str:
    """The edition of 2028 after the example: what it split is merged again, together with another item."""
    found = tomllib.loads(example)
    codes = {*found["items"]["same"], *(item["code"] for item in found["item"])}
    gone = {"ACC-BOOK", "ACC-ORDER"}
    texts = "\n".join(
        f'{stem}_{language} = "Бірге"' for stem in ("title", "guidance", "proof") for language in ("kk", "ru", "en")
    )
    return (
        f"{head('next-2028', '2028-01-01')}\n[items]\nsame = [{', '.join(map(repr, sorted(codes - gone)))}]\n"
        '[[item]]\ncode = "ACC-ALL"\nchange = "merged"\nfrom = ["ACC-BOOK", "ACC-ORDER"]\nanswer = "weakest"\n'
        f'chapter = "access"\n{texts}\nexpires = false\nkinds = ["school", "college", "kindergarten"]\n'
        'applies = "all"\nconfidence = "verified"\n'
    )


def changed(text: str, old: str, new: str) -> str:
    """The text with one place replaced, which has to be there."""
    assert old in text, old
    return re.sub(re.escape(old), lambda _found: new, text, count=1)
