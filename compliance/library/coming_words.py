"""What is wrong with the file of an edition, in words; told as codes, so that each reader reads their own language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from compliance.library.coming import Problem

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

PROBLEMS: Final[Mapping[str, StrPromise]] = MappingProxyType(
    {
        "not_toml": _("this is not written as TOML (%(said)s)"),
        "not_utf8": _("the file is not UTF-8"),
        "too_large": _("the file is larger than %(most)s KB"),
        "missing": _("is missing"),
        "empty": _("is empty"),
        "too_long": _("is longer than %(most)s signs"),
        "no_text": _("a text in quotes is expected"),
        "no_number": _("a whole number is expected"),
        "no_flag": _("true or false is expected"),
        "no_day": _("a day is expected, such as 2027-01-01 without quotes"),
        "no_list": _("a list is expected"),
        "no_table": _("a table is expected"),
        "unknown_field": _("this field is unknown"),
        "unknown_choice": _("“%(value)s” is none of: %(choices)s"),
        "twice": _("“%(value)s” stands there twice"),
        "not_positive": _("%(value)s is not positive"),
        "wrong_code": _("“%(value)s” is no code of an edition: small Latin letters, digits and hyphens, 16 at most"),
        "edition_exists": _("there is an edition %(value)s already"),
        "day_too_early": _("the edition before it is in force since %(day)s: the day has to be later"),
        "day_closed": _("%(day)s lies in a quarter that is closing or closed: its figures stay as they are"),
        "wrong_group": _("%(value)s is no facility group above the first: 2, 3 or 4"),
        "group_of_nobody": _("the group names neither a number of people nor settlements"),
        "no_such_item": _("the edition before it has no item %(value)s"),
        "wrong_item_code": _("“%(value)s” is no code of an item: Latin capitals, digits and hyphens, 30 at most"),
        "code_taken": _("the code %(value)s belongs to another item already; a code is never used again"),
        "measure": _("%(value)s is a measure of the brief and can only stay the same"),
        "measure_needs_report": _("a measure of the brief stays in the report: “%(value)s” is missing"),
        "not_of_same": _("an item that stays the same has none"),
        "not_of_new": _("a new item has none"),
        "split_of_one": _("a part is made from one old item"),
        "merged_of_several": _("a merged item is made from two old items at least"),
        "part_keeps_answer": _("the part that keeps the code keeps the answer: “stands” is expected"),
        "months_without_end": _("is given for an answer that does not expire"),
        "wrong_rule": _("“%(value)s” is no rule: see the grammar of “applies”"),
        "two_ways": _("goes two ways at once: an old item stays, is dropped, is split or is merged"),
        "one_part": _("is split into one part only"),
        "item_twice": _("stands there twice"),
        "unaccounted": _("nothing is said of the item %(value)s of the edition before it"),
    }
)


def in_words(found: Problem) -> str:
    """The problem as a person reads it, without its place."""
    params = dict(found["params"])
    if "day" in params:
        params["day"] = date_format(date.fromisoformat(params["day"]), "SHORT_DATE_FORMAT")
    return str(PROBLEMS[found["code"]]) % params


def with_place(found: Problem) -> str:
    """The problem in one line with its place: "line 12, ENTRY-LOG, applies: …"."""
    line = str(_("line %(line)s") % {"line": found["line"]}) if found["line"] else ""
    place = ", ".join(part for part in (line, found["item"], found["field"]) if part)
    return f"{place}: {in_words(found)}" if place else in_words(found)
