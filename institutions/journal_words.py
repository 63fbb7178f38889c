"""What the journal's rows say, in words: names of what was changed, and values as a person reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from institutions.enums import Kind, Letters, Lifecycle, Ownership, Role, SettlementClass
from institutions.models import Institution, Membership, User
from institutions.templatetags.qalqan import NOTHING, STATUS_LOOKS

# Names that are no column of an institution, a role or a person.
_NAMES: Final[Mapping[str, str | Promise]] = {
    "status": gettext_lazy("status"),
    "reason": gettext_lazy("reason"),
    "hash": "SHA-256",
    "number": gettext_lazy("number"),
    "period": gettext_lazy("quarter"),
    "since": gettext_lazy("true since"),
    "until": gettext_lazy("until"),
    "measure": gettext_lazy("measure"),
    "text": gettext_lazy("text"),
    "page": gettext_lazy("page"),
    "institutions": gettext_lazy("institutions"),
    "format": gettext_lazy("file format"),
    "person": gettext_lazy("person"),
    "action": gettext_lazy("action"),
    "institution": gettext_lazy("institution"),
    "subject": gettext_lazy("subject"),
    "second_level": gettext_lazy("districts check, the region approves"),
    "side": gettext_lazy("side"),
    "name": pgettext_lazy("of a view", "name"),
    "query": gettext_lazy("filters"),
    "is_default": gettext_lazy("opens by itself"),
    "region": gettext_lazy("region"),
    "scope": gettext_lazy("place"),
    "for": gettext_lazy("stands in for"),
    "changes": gettext_lazy("changes"),
    "open_items": gettext_lazy("items that are open"),
    "file": gettext_lazy("file"),
    "rows": gettext_lazy("rows"),
    "note": gettext_lazy("note"),
    "photo": gettext_lazy("photo"),
    "sha256": "SHA-256",
    "kept": gettext_lazy("institution that is kept"),
    "other": gettext_lazy("the other institution"),
    "code": gettext_lazy("code"),
    "seed": gettext_lazy("number from which the demonstration grows"),
}
_CHOICES: Final[dict[str, Mapping[str, Any]]] = {
    "status": {value: look[0] for value, look in STATUS_LOOKS.items()},
    **{
        name: dict(choices.choices)
        for name, choices in {
            "role": Role,
            "kind": Kind,
            "ownership": Ownership,
            "lifecycle": Lifecycle,
            "letters": Letters,
            "settlement_class": SettlementClass,
        }.items()
    },
}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def teach(name: str, choices: type[models.Choices]) -> None:
    """Let values under `name` be told by the labels of `choices`: for apps above, in their `ready()`."""
    _CHOICES[name] = dict(choices.choices)


def name_in_words(name: str) -> str:
    """What a key of before and after is called; the key itself where nobody has named it."""
    named = _NAMES.get(name) or _column(name)
    return name if named is None else str(named)


def is_named(name: str) -> bool:
    """Whether a key of before and after has a word that people read."""
    return name in _NAMES or _column(name) is not None


@cache
def _column(name: str) -> str | Promise | None:
    for model in (Institution, Membership, User):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        return getattr(field, "verbose_name", None)
    return None


def value_in_words(name: str, value: object) -> str:
    """A value of before and after; "–" where there was none."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return "; ".join(f"{name_in_words(key)}: {value_in_words(key, each)}" for key, each in value.items()) or NOTHING
    if isinstance(value, list):
        return ", ".join(value_in_words(name, each) for each in value) or NOTHING
    text = str(value)
    if text in _CHOICES.get(name, {}):
        return str(_CHOICES[name][text])
    if _DAY.fullmatch(text):
        return _day(text)
    return text


def _day(text: str) -> str:
    try:
        return date_format(date.fromisoformat(text), "SHORT_DATE_FORMAT")
    except ValueError:
        return text


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Iterator[tuple[str, str, str]]:
    """Name, before and after of everything that a row of the journal tells, in words."""
    old, new = before or {}, after or {}
    for name in {**old, **new}:
        yield name_in_words(name), value_in_words(name, old.get(name)), value_in_words(name, new.get(name))
