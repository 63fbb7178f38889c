"""An edition that is to come, as one file: read whole, and everything that is wrong with it told at once.

``README.md`` in this folder says how such a file is written. `Base` is what it is held against: the edition before it.
Nothing here touches the database.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypedDict

from compliance.applicability import EDITION_CODE, KINDS, SETTLEMENT_CLASSES, Rule, RuleError
from compliance.enums import Inheritance, ItemChange
from compliance.library import CONFIDENCES, LANGUAGES, PROVENANCES

LARGEST_FILE: Final = 1024 * 1024
_STEMS: Final = ("title", "guidance", "proof")
_TEXTS: Final = tuple(f"{stem}_{language}" for stem in _STEMS for language in LANGUAGES)
_PLAIN: Final = ("paragraph", "confidence", "source", "expires", "validity_months")
_FIELDS: Final = frozenset({"code", "change", "from", "answer", "chapter", "applies", "kinds", *_PLAIN, *_TEXTS})
_LONGEST: Final = {"title": 500, "guidance": 4000, "proof": 4000, "paragraph": 100, "source": 1000}
_CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9-]{0,29}")


class Problem(TypedDict):
    """What is wrong, as a code of `coming_words`, and where: line (0: unknown), item and field (empty: none)."""

    code: str
    line: int
    item: str
    field: str
    params: dict[str, Any]


class EditionRefused(Exception):
    """The file cannot be taken; `problems` are all that were found, in the order of their lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{one['line']} {one['item']} {one['field']} {one['code']}" for one in problems))
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class BaseItem:
    """An item of the edition before: whom it obliges there, and whether the brief counts it as a measure."""

    code: str
    chapter: str
    rule: Rule
    kinds: tuple[str, ...]
    is_measure: bool


@dataclass(frozen=True, slots=True)
class Base:
    """The edition before. `taken`: codes that no new item may have; `closed`: whether a day's quarter is closed."""

    code: str
    in_force_from: date
    editions: frozenset[str]
    items: Mapping[str, BaseItem]
    chapters: frozenset[str]
    taken: frozenset[str]
    closed: Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class ComingItem:
    """An item as it is under the new edition. `texts` are the fields that read otherwise, or of a new one all."""

    code: str
    change: ItemChange
    answer: Inheritance
    parents: tuple[str, ...]
    chapter: str
    rule: Rule
    kinds: tuple[str, ...]
    texts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Coming:
    """A checked edition. `groups` as `Edition.groups` keeps them, empty: those of the edition before."""

    code: str
    in_force_from: date
    base: str
    provenance: str
    notes: dict[str, str]
    groups: list[dict[str, Any]]
    items: tuple[ComingItem, ...]
    dropped: tuple[str, ...]


def read(text: str, base: Base) -> Coming:
    """Read a file against the edition before. Raises `EditionRefused` with everything that is wrong."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        raise EditionRefused([_problem("not_toml", line, params={"said": str(error)})]) from error
    return _Reader(text, base).read(found)


def _problem(code: str, line: int = 0, item: str = "", field: str = "", params: Any = None) -> Problem:
    return Problem(code=code, line=line, item=item, field=field, params=params or {})


class _Lines:
    """In which line of a TOML file a table and its fields stand; a text over several lines hides nothing."""

    def __init__(self, text: str) -> None:
        self._tables: dict[tuple[str, int], int] = {}
        self._fields: dict[tuple[str, int, str], int] = {}
        seen: Counter[str] = Counter()
        here, inside = ("", 0), ""
        for number, line in enumerate(text.splitlines(), start=1):
            if inside:
                inside = "" if inside in line else inside
                continue
            if heading := re.match(r"\s*\[\[?\s*([\w-]+)\s*\]\]?", line):
                here = (heading[1], seen[heading[1]])
                seen[heading[1]] += 1
                self._tables[here] = number
            elif name := re.match(r"\s*([\w-]+)\s*=\s*(\"\"\"|''')?", line):
                self._fields.setdefault((*here, name[1]), number)
                if name[2] and line.count(name[2]) == 1:
                    inside = name[2]

    def of(self, table: str, place: int = 0, field: str = "") -> int:
        return self._fields.get((table, place, field)) or self._tables.get((table, place), 0)


@dataclass(slots=True)
class _Where:
    """A table of the file while it is read."""

    table: str
    place: int
    item: str
    fields: Mapping[str, Any]


@dataclass(slots=True)
class _Reader:
    text: str
    base: Base
    problems: list[Problem] = field(default_factory=list)
    lines: _Lines = field(init=False)

    def __post_init__(self) -> None:
        self.lines = _Lines(self.text)

    # --- what is wrong ------------------------------------------------------------------------------

    def say(self, where: _Where, code: str, name: str = "", **params: Any) -> None:
        line = self.lines.of(where.table, where.place, name)
        self.problems.append(_problem(code, line, where.item, name, params))

    def value(self, where: _Where, name: str, kind: type, *, needed: bool = True) -> Any:
        """The field where it is of its kind; None, and a problem said, where it is not."""
        found = where.fields.get(name)
        if found is None:
            if needed:
                self.say(where, "missing", name)
            return None
        if type(found) is not kind:
            self.say(where, f"no_{_KINDS_OF_VALUES[kind]}", name)
            return None
        if isinstance(found, str) and not found.strip():
            self.say(where, "empty", name)
            return None
        return found

    def choice(self, where: _Where, name: str, choices: Sequence[str], *, needed: bool = True) -> str | None:
        found: str | None = self.value(where, name, str, needed=needed)
        if found is not None and found not in choices:
            self.say(where, "unknown_choice", name, value=found, choices=", ".join(choices))
            return None
        return found

    def codes(self, where: _Where, name: str, *, needed: bool = True) -> list[str]:
        """A list of texts, each once."""
        found = self.value(where, name, list, needed=needed) or []
        texts = [str(one) for one in found]
        for one, times in Counter(texts).items():
            if times > 1:
                self.say(where, "twice", name, value=one)
        return list(dict.fromkeys(texts))

    def refuse_unknown(self, where: _Where, known: frozenset[str]) -> None:
        for name in where.fields:
            if name not in known:
                self.say(where, "unknown_field", name)

    # --- reading -------------------------------------------------------------------------------------

    def read(self, found: Mapping[str, Any]) -> Coming:
        top = _Where("", 0, "", found)
        self.refuse_unknown(top, frozenset({"edition", "items", "group", "item"}))
        head = self._head(self._table(top, "edition"))
        groups = self._groups(self._tables(top, "group"))
        listed = self._table(top, "items", needed=False)
        self.refuse_unknown(listed, frozenset({"same", "dropped"}))
        same = self._known(listed, "same")
        dropped = self._known(listed, "dropped")
        for code in dropped:
            if self.base.items[code].is_measure:
                self.say(listed, "measure", "dropped", value=code)
        items = [self._item(where, head[0]) for where in self._tables(top, "item")]
        unchanged = [self._unchanged(code, head[0]) for code in same]
        made = [*unchanged, *(item for item in items if item is not None)]
        self._each_once(listed, same, dropped, items)
        if self.problems:
            raise EditionRefused(sorted(self.problems, key=lambda one: (one["line"], one["item"])))
        code, day, provenance, notes = head
        return Coming(code, day, self.base.code, provenance, notes, groups, tuple(made), tuple(dropped))

    def _table(self, top: _Where, name: str, *, needed: bool = True) -> _Where:
        return _Where(name, 0, "", self.value(top, name, dict, needed=needed) or {})

    def _tables(self, top: _Where, name: str) -> list[_Where]:
        rows = self.value(top, name, list, needed=False) or []
        if not all(isinstance(row, dict) for row in rows):
            self.say(top, "no_list", name)
            return []
        return [_Where(name, place, str(row.get("code") or ""), row) for place, row in enumerate(rows)]

    def _head(self, where: _Where) -> tuple[str, date, str, dict[str, str]]:
        notes = [f"note_{language}" for language in LANGUAGES]
        self.refuse_unknown(where, frozenset({"code", "in_force_from", "provenance", *notes}))
        code = self.value(where, "code", str) or ""
        if code and not EDITION_CODE.fullmatch(code):
            self.say(where, "wrong_code", "code", value=code)
            code = ""
        if code in self.base.editions:
            self.say(where, "edition_exists", "code", value=code)
        day = self.value(where, "in_force_from", date)
        if day is not None and day <= self.base.in_force_from:
            self.say(where, "day_too_early", "in_force_from", day=self.base.in_force_from.isoformat())
        elif day is not None and self.base.closed(day):
            self.say(where, "day_closed", "in_force_from", day=day.isoformat())
        provenance = self.choice(where, "provenance", PROVENANCES) or ""
        said = {name: self.value(where, name, str) or "" for name in notes}
        return code, day or date.max, provenance, said

    def _groups(self, tables: Sequence[_Where]) -> list[dict[str, Any]]:
        groups: list[dict[str, Any]] = []
        for where in tables:
            self.refuse_unknown(where, frozenset({"number", "people_from", "settlements"}))
            number = self.value(where, "number", int)
            people = self.value(where, "people_from", int, needed=False)
            settlements = self.codes(where, "settlements", needed=False)
            if number is not None and number not in (2, 3, 4):
                self.say(where, "wrong_group", "number", value=number)
            if people is not None and people < 1:
                self.say(where, "not_positive", "people_from", value=people)
            for one in settlements:
                if one not in SETTLEMENT_CLASSES:
                    self.say(where, "unknown_choice", "settlements", value=one, choices=", ".join(SETTLEMENT_CLASSES))
            if people is None and not settlements:
                self.say(where, "group_of_nobody", "number")
            if any(group["number"] == number for group in groups):
                self.say(where, "twice", "number", value=number)
            groups.append({"number": number, "people_from": people, "settlements": sorted(settlements)})
        return groups

    def _known(self, where: _Where, name: str) -> list[str]:
        """Codes of items of the edition before."""
        found = []
        for code in self.codes(where, name, needed=False):
            if code in self.base.items:
                found.append(code)
            else:
                self.say(where, "no_such_item", name, value=code)
        return found

    def _unchanged(self, code: str, edition: str) -> ComingItem:
        old = self.base.items[code]
        rule = old.rule.carried(before=self.base.code, code=edition)
        return ComingItem(code, ItemChange.SAME, Inheritance.NONE, (), old.chapter, rule, old.kinds, {})

    def _item(self, where: _Where, edition: str) -> ComingItem | None:
        self.refuse_unknown(where, _FIELDS)
        code = self.value(where, "code", str)
        change = self.choice(where, "change", ItemChange.values)
        if code is not None and not _CODE.fullmatch(code):
            self.say(where, "wrong_item_code", "code", value=code)
            code = None
        is_same = change == ItemChange.SAME
        texts = self._texts(where, needed=change is not None and not is_same)
        kinds = self._kinds(where, needed=change is not None and not is_same)
        rule = self._rule(where, edition, needed=change is not None and not is_same)
        if code is None or change is None:
            return None
        if is_same:
            return self._same(where, code, edition, texts, kinds, rule)
        chapter = self.choice(where, "chapter", sorted(self.base.chapters)) or ""
        parents, answer = self._origin(where, ItemChange(change))
        part_of_itself = change == ItemChange.SPLIT and parents == [code]
        if part_of_itself and answer != Inheritance.STANDS:
            self.say(where, "part_keeps_answer", "answer", value=code)
        elif code in self.base.taken and not part_of_itself:
            self.say(where, "code_taken", "code", value=code)
        return ComingItem(
            code,
            ItemChange(change),
            # A part that keeps its code has its answers anyway.
            Inheritance.NONE if part_of_itself else answer,
            () if part_of_itself else tuple(parents),
            chapter,
            rule or Rule(),
            kinds or (),
            texts,
        )

    def _same(
        self, where: _Where, code: str, edition: str, texts: dict[str, Any], kinds: Any, rule: Rule | None
    ) -> ComingItem | None:
        for name in ("from", "answer", "chapter"):
            if name in where.fields:
                self.say(where, "not_of_same", name)
        old = self.base.items.get(code)
        if old is None:
            self.say(where, "no_such_item", "code", value=code)
            return None
        if old.is_measure and rule is not None and not rule.report and old.rule.report:
            self.say(where, "measure_needs_report", "applies", value=old.rule.report)
        return ComingItem(
            code,
            ItemChange.SAME,
            Inheritance.NONE,
            (),
            old.chapter,
            rule or old.rule.carried(before=self.base.code, code=edition),
            kinds or old.kinds,
            texts,
        )

    def _origin(self, where: _Where, change: ItemChange) -> tuple[list[str], Inheritance]:
        """From which items it was made, and what becomes of their answers."""
        if change == ItemChange.NEW:
            for name in ("from", "answer"):
                if name in where.fields:
                    self.say(where, "not_of_new", name)
            return [], Inheritance.NONE
        self.value(where, "from", list)
        parents = self._known(where, "from")
        if change == ItemChange.SPLIT and len(parents) != 1 and "from" in where.fields:
            self.say(where, "split_of_one", "from")
        if change == ItemChange.MERGED and len(parents) < 2 and "from" in where.fields:
            self.say(where, "merged_of_several", "from")
        for parent in parents:
            if self.base.items[parent].is_measure:
                self.say(where, "measure", "from", value=parent)
        carries = Inheritance.STANDS if change == ItemChange.SPLIT else Inheritance.WEAKEST
        answer = self.choice(where, "answer", [carries.value, Inheritance.NONE.value])
        return parents, Inheritance(answer or Inheritance.NONE)

    def _texts(self, where: _Where, *, needed: bool) -> dict[str, Any]:
        texts: dict[str, Any] = {}
        for stem in _STEMS:
            given = needed or any(f"{stem}_{language}" in where.fields for language in LANGUAGES)
            for language in LANGUAGES if given else ():
                texts[f"{stem}_{language}"] = self.value(where, f"{stem}_{language}", str)
        texts["paragraph"] = self.value(where, "paragraph", str, needed=False)
        texts["source"] = self.value(where, "source", str, needed=False)
        texts["confidence"] = self.choice(where, "confidence", CONFIDENCES, needed=needed)
        texts["expires"] = self.value(where, "expires", bool, needed=needed)
        texts["validity_months"] = self.value(where, "validity_months", int, needed=False)
        if texts["validity_months"] is not None and texts["validity_months"] < 1:
            self.say(where, "not_positive", "validity_months", value=texts["validity_months"])
        elif texts["validity_months"] is not None and texts["expires"] is not True:
            self.say(where, "months_without_end", "validity_months")
        for name, value in texts.items():
            most = _LONGEST.get(name) or _LONGEST.get(name.rpartition("_")[0])
            if isinstance(value, str) and most and len(value) > most:
                self.say(where, "too_long", name, most=most)
        found = {name: value for name, value in texts.items() if value is not None}
        if found.get("expires") is not None:
            found.setdefault("validity_months", None)
        return found

    def _kinds(self, where: _Where, *, needed: bool) -> tuple[str, ...] | None:
        if "kinds" not in where.fields and not needed:
            return None
        kinds = self.codes(where, "kinds")
        for kind in kinds:
            if kind not in KINDS:
                self.say(where, "unknown_choice", "kinds", value=kind, choices=", ".join(KINDS))
        if "kinds" in where.fields and not kinds and isinstance(where.fields["kinds"], list):
            self.say(where, "empty", "kinds")
        return tuple(kind for kind in KINDS if kind in kinds)

    def _rule(self, where: _Where, edition: str, *, needed: bool) -> Rule | None:
        text = self.value(where, "applies", str, needed=needed)
        if text is None:
            return None
        try:
            rule = Rule.of_edition(text, edition or "new")
        except RuleError:
            self.say(where, "wrong_rule", "applies", value=text)
            return None
        if len(str(rule)) > 200:
            self.say(where, "too_long", "applies", most=200)
        return rule

    def _each_once(
        self,
        listed: _Where,
        same: Sequence[str],
        dropped: Sequence[str],
        items: Sequence[ComingItem | None],
    ) -> None:
        """Each item of the edition before goes one way, and each item of the new one stands there once."""
        made = [item for item in items if item is not None]
        split: Counter[str] = Counter()
        ways: dict[str, set[str]] = {}
        for code in same:
            ways.setdefault(code, set()).add("same")
        for code in dropped:
            ways.setdefault(code, set()).add("dropped")
        for item in made:
            if item.change == ItemChange.SAME:
                if "same" in ways.get(item.code, ()):
                    self.problems.append(_problem("two_ways", self._line_of(item.code), item.code))
                ways.setdefault(item.code, set()).add("same")
            sources = item.parents or ((item.code,) if item.change == ItemChange.SPLIT else ())
            for parent in sources:
                # Parts of one item go the same way; a merger is a way of its own.
                way = "split" if item.change == ItemChange.SPLIT else f"merged/{item.code}"
                ways.setdefault(parent, set()).add(way)
                split[parent] += item.change == ItemChange.SPLIT
        for code, found in ways.items():
            if len(found) > 1:
                self.problems.append(_problem("two_ways", self._line_of(code), code))
        for code, times in split.items():
            if times == 1:
                self.problems.append(_problem("one_part", self._line_of(code), code))
        for code in self.base.items:
            if code not in ways:
                self.say(listed, "unaccounted", "same", value=code)
        for code, times in Counter(item.code for item in made).items():
            if times > 1:
                self.problems.append(_problem("item_twice", self._line_of(code), code))

    def _line_of(self, code: str) -> int:
        for number, line in enumerate(self.text.splitlines(), start=1):
            if f'"{code}"' in line:
                return number
        return 0


_KINDS_OF_VALUES: Final[Mapping[type, str]] = {
    str: "text",
    int: "number",
    bool: "flag",
    date: "day",
    list: "list",
    dict: "table",
}
