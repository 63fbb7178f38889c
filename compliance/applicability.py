"""Whom an item of the Order obliges, and whom the ministry's report counts.

Each item carries a short rule, such as ``ed2022:G3; now:G2?; report:large_cities``; `Rule.parse` reads it,
`judge` applies it to one institution on one day, `explain` says the outcome in words. The grammar with its
sources is described in ``compliance/library/README.md``. Nothing here touches the database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

from django.utils.functional import lazy
from django.utils.translation import gettext, gettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

KINDERGARTEN: Final = "kindergarten"
SCHOOL: Final = "school"
COLLEGE: Final = "college"
KINDS: Final = (KINDERGARTEN, SCHOOL, COLLEGE)

REPUBLICAN_CITY: Final = "republican_city"
REGIONAL_CITY: Final = "regional_city"
DISTRICT_CITY: Final = "district_city"
DISTRICT_CENTRE: Final = "district_centre"
TOWN: Final = "town"  # кент: rural for the Order
VILLAGE: Final = "village"
SETTLEMENT_CLASSES: Final = (REPUBLICAN_CITY, REGIONAL_CITY, DISTRICT_CITY, DISTRICT_CENTRE, TOWN, VILLAGE)
RURAL: Final = frozenset({TOWN, VILLAGE})

EDITION_2022: Final = "2022"
EDITION_CURRENT: Final = "current"
# The editions of the library. Later ones come as files and bring their groups along; see `library/coming.py`.
EDITIONS: Final = (EDITION_2022, EDITION_CURRENT)

# Order No. 117 (2022), para. 77: "up to 300" / "from 300 to 700" / "more than 700" people.
GROUP_2_FROM: Final = 300
LARGE_FROM: Final = 701


@dataclass(frozen=True, slots=True)
class FacilityGroup:
    """A group above the first: whoever has so many people is in it, and whoever lies in such a settlement."""

    number: int
    people_from: int | None
    settlements: frozenset[str]


Grouping = tuple[FacilityGroup, ...]
GROUPINGS: Final[Mapping[str, Grouping]] = MappingProxyType(
    {
        EDITION_2022: (
            FacilityGroup(2, GROUP_2_FROM, frozenset({DISTRICT_CITY, DISTRICT_CENTRE})),
            FacilityGroup(3, LARGE_FROM, frozenset({REPUBLICAN_CITY, REGIONAL_CITY})),
        ),
        EDITION_CURRENT: (FacilityGroup(2, LARGE_FROM, frozenset(SETTLEMENT_CLASSES) - RURAL),),
    }
)


class RuleError(ValueError):
    """A rule that is not of the grammar; the message names the token."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A circumstance on which some duties depend.

    `label` is the question that the director answers; `reason` is the fact in words, for `explain`. `assumed`
    is what counts while the question is unanswered. A derived condition is not asked: it follows from another
    answer.
    """

    name: str
    label: StrPromise
    reason: StrPromise
    assumed: bool = False
    derived: bool = False


CONDITIONS: Final[Mapping[str, Condition]] = MappingProxyType(
    {
        condition.name: condition
        for condition in (
            Condition(
                "leased",
                gettext_lazy("Does the institution work in leased premises?"),
                gettext_lazy("the premises are leased"),
            ),
            Condition(
                "several_owners",
                gettext_lazy("Does the building have more than one right holder?"),
                gettext_lazy("the building has several right holders"),
            ),
            Condition(
                "has_grounds",
                gettext_lazy("Does the institution have grounds of its own?"),
                gettext_lazy("the institution has grounds of its own"),
                assumed=True,
            ),
            Condition(
                "dangerous_areas",
                gettext_lazy("Are there potentially dangerous areas that call for an alarm system?"),
                gettext_lazy("there are potentially dangerous areas"),
            ),
            Condition(
                "near_traffic",
                gettext_lazy("Are entrances or open places where learners gather close to traffic?"),
                gettext_lazy("entrances or gathering places are close to traffic"),
            ),
            Condition(
                "police_check",
                gettext_lazy("Have the police checked the facility?"),
                gettext_lazy("the police have checked the facility"),
            ),
            Condition(
                "event",
                gettext_lazy("Has something happened that calls for an extra briefing or a change of the passport?"),
                gettext_lazy("an event that calls for it has happened"),
            ),
            Condition(
                "not_equipped_in_6_months",
                gettext_lazy(
                    "Is the facility still not fully equipped six months after it was put on the list of "
                    "vulnerable facilities?"
                ),
                gettext_lazy("the facility was not equipped within six months"),
            ),
            Condition(
                "guard_contract",
                gettext_lazy("Is there a contract with a licensed security company?"),
                gettext_lazy("there is a guard contract"),
                derived=True,
            ),
            Condition(
                "no_guard_contract",
                gettext_lazy("Is there no contract with a licensed security company?"),
                gettext_lazy("there is no guard contract"),
                assumed=True,
                derived=True,
            ),
        )
    }
)
FACTS: Final = tuple(condition.name for condition in CONDITIONS.values() if not condition.derived)


@dataclass(frozen=True, slots=True)
class _Reach:
    """Which facility groups of which edition a group token obliges (`edition` None: of every edition)."""

    edition: str | None
    groups: frozenset[int]
    words: StrPromise

    def covers(self, edition: str, group: int) -> bool:
        return self.edition in (None, edition) and group in self.groups


_EVERY_GROUP: Final = frozenset({1, 2, 3, 4})
_NOBODY: Final[frozenset[int]] = frozenset()

_GROUP_TOKENS: Final[Mapping[str, _Reach]] = {
    "all": _Reach(None, _EVERY_GROUP, gettext_lazy("Obliged: Order No. 117, every facility.")),
    "ed2022:G1": _Reach(
        EDITION_2022,
        frozenset({1}),
        gettext_lazy("Obliged: Order No. 117, edition of 2022, facility group 1."),
    ),
    "ed2022:G2": _Reach(
        EDITION_2022,
        frozenset({2}),
        gettext_lazy("Obliged: Order No. 117, edition of 2022, facility group 2."),
    ),
    "ed2022:G2+": _Reach(
        EDITION_2022,
        frozenset({2, 3, 4}),
        gettext_lazy("Obliged: Order No. 117, edition of 2022, facility group 2 and above."),
    ),
    "ed2022:G3": _Reach(
        EDITION_2022,
        frozenset({3}),
        gettext_lazy("Obliged: Order No. 117, edition of 2022, facility group 3."),
    ),
    # Hazardous science facilities and ministry buildings (para. 77); no school is ever in it.
    "ed2022:G4": _Reach(
        EDITION_2022,
        frozenset({4}),
        gettext_lazy("Obliged: Order No. 117, edition of 2022, facility group 4."),
    ),
    "now:all": _Reach(
        EDITION_CURRENT,
        _EVERY_GROUP,
        gettext_lazy("Obliged: Order No. 117, current edition, every facility."),
    ),
    "now:G1": _Reach(
        EDITION_CURRENT,
        frozenset({1}),
        gettext_lazy("Obliged: Order No. 117, current edition, facility group 1."),
    ),
    "now:G2": _Reach(
        EDITION_CURRENT,
        frozenset({2}),
        gettext_lazy("Obliged: Order No. 117, current edition, facility group 2."),
    ),
    # Named by a reader, not confirmed by a text: shown as open questions, they oblige nobody.
    "now:G2?": _Reach(
        EDITION_CURRENT,
        _NOBODY,
        gettext_lazy("Not confirmed: current edition of Order No. 117, facility group 2."),
    ),
    "now:checked": _Reach(
        EDITION_CURRENT,
        _NOBODY,
        gettext_lazy("Not confirmed: asked for in inspections under the current edition."),
    ),
}

_REPORTS: Final[Mapping[str, tuple[StrPromise, StrPromise]]] = {  # token: (beside a duty, alone)
    "report:all": (
        gettext_lazy("Also counted in the report on all institutions."),
        gettext_lazy("Not obliged by the Order; counted in the report on all institutions."),
    ),
    "report:large_cities": (
        gettext_lazy("Also counted in the report on large cities."),
        gettext_lazy("Not obliged by the Order; counted in the report on large cities."),
    ),
}

_IF: Final = "if:"

# A group token of an edition that came as a file: `in2027:G2+`. "none" obliges nobody.
_OWN_TOKEN: Final = re.compile(r"none|G[1-4]|G[1-3]\+")
_OF_A_FILE: Final = re.compile(r"in(?P<edition>[a-z0-9-]+):(?P<reach>all|none|checked|G[1-4]\??|G[1-3]\+)")
EDITION_CODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,15}")


def _of_a_file(token: str) -> _Reach | None:
    """The reach of a group token that names an edition from a file; None for any other."""
    found = _OF_A_FILE.fullmatch(token)
    if found is None:
        return None
    edition, reach = found["edition"], found["reach"]
    if reach == "all":
        words = gettext_lazy("Obliged: Order No. 117, edition %(edition)s, every facility.")
        return _Reach(edition, _EVERY_GROUP, _filled(words, edition=edition))
    if reach == "none" or reach == "checked" or reach.endswith("?"):
        words = gettext_lazy("Not confirmed: edition %(edition)s of Order No. 117.")
        return _Reach(edition, _NOBODY, _filled(words, edition=edition))
    number = int(reach[1])
    if reach.endswith("+"):
        words = gettext_lazy("Obliged: Order No. 117, edition %(edition)s, facility group %(group)s and above.")
        return _Reach(edition, frozenset(range(number, 5)), _filled(words, edition=edition, group=number))
    words = gettext_lazy("Obliged: Order No. 117, edition %(edition)s, facility group %(group)s.")
    return _Reach(edition, frozenset({number}), _filled(words, edition=edition, group=number))


def _filled(words: StrPromise, **params: object) -> StrPromise:
    said: Callable[[], StrPromise] = lazy(lambda: str(words) % params, str)  # type: ignore[assignment]
    return said()


def _reach_of(token: str) -> _Reach | None:
    return _GROUP_TOKENS.get(token) or _of_a_file(token)


def group_in(grouping: Grouping, *, people: int, settlement_class: str) -> int:
    """The highest group that an institution is in by its people or its settlement; 1 where it is in none of them."""
    reached = [
        group.number
        for group in grouping
        if settlement_class in group.settlements or (group.people_from is not None and people >= group.people_from)
    ]
    return max(reached, default=1)


def facility_group(edition: str, *, people: int, settlement_class: str) -> int:
    """The facility group by actual number of people (staff and learners) and place.

    Edition of 2022: Order No. 117, para. 77. Current edition: para. 77-79, as quoted by its readers. An
    education facility is never in group 4. Raises ValueError for an unknown edition.
    """
    if edition in GROUPINGS:
        return group_in(GROUPINGS[edition], people=people, settlement_class=settlement_class)
    raise ValueError(f"Unknown edition of the Order: {edition!r}")


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides an institution's duties on one day.

    `people` counts staff and learners. `facts` holds only the answered ones, by the names of `FACTS`; it is
    copied and read-only, so that a situation can be a key. Raises ValueError for a value that no rule knows.
    """

    kind: str
    people: int
    settlement_class: str
    in_large_city: bool
    facts: Mapping[str, bool]
    has_guard_contract: bool

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"Unknown kind of institution: {self.kind!r}")
        if self.people < 0:
            raise ValueError(f"A headcount cannot be negative: {self.people}")
        if self.settlement_class not in SETTLEMENT_CLASSES:
            raise ValueError(f"Unknown settlement class: {self.settlement_class!r}")
        if unknown := sorted(set(self.facts) - set(FACTS)):
            raise ValueError(f"Unknown facts: {', '.join(unknown)}")
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))

    def __hash__(self) -> int:
        return hash(
            (
                self.kind,
                self.people,
                self.settlement_class,
                self.in_large_city,
                frozenset(self.facts.items()),
                self.has_guard_contract,
            )
        )

    def holds(self, condition: str) -> bool:
        """Whether a condition of `CONDITIONS` is true here; an unanswered one counts as it is assumed."""
        if condition == "guard_contract":
            return self.has_guard_contract
        if condition == "no_guard_contract":
            return not self.has_guard_contract
        return self.facts.get(condition, CONDITIONS[condition].assumed)


@dataclass(frozen=True, slots=True)
class Rule:
    """Whom an item concerns: group tokens, conditions without their ``if:``, at most one report token."""

    groups: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    report: str = ""

    @classmethod
    def parse(cls, text: str, *, of_files: bool = False) -> Self:
        """Read a rule. Tokens may stand in any order; `str` writes groups, conditions, report.

        `of_files`: group tokens of editions that came as files are known as well.

        Raises `RuleError` for an empty rule, an unknown or repeated token, ``all`` beside another group
        token, and more than one report.
        """
        tokens = [token.strip() for token in text.split(";")]
        groups: list[str] = []
        conditions: list[str] = []
        reports: list[str] = []
        for token in tokens:
            if not token:
                raise RuleError(f"Empty token in rule {text!r}")
            if tokens.count(token) > 1:
                raise RuleError(f"Repeated token {token!r} in rule {text!r}")
            if token in _GROUP_TOKENS or (of_files and _of_a_file(token) is not None):
                groups.append(token)
            elif token in _REPORTS:
                reports.append(token)
            elif token.startswith(_IF) and token.removeprefix(_IF) in CONDITIONS:
                conditions.append(token.removeprefix(_IF))
            else:
                raise RuleError(f"Unknown token {token!r} in rule {text!r}")
        if "all" in groups and len(groups) > 1:
            raise RuleError(f"'all' leaves no room for other groups in rule {text!r}")
        if len(reports) > 1:
            raise RuleError(f"More than one report in rule {text!r}")
        return cls(tuple(groups), tuple(conditions), "".join(reports))

    def __str__(self) -> str:
        tokens = [*self.groups, *(_IF + condition for condition in self.conditions)]
        return "; ".join([*tokens, self.report] if self.report else tokens)

    @property
    def unconfirmed(self) -> bool:
        """Whether a token obliges nobody only because no text confirms it; pages say so beside the item."""
        reaches = [_reach_of(token) for token in self.groups if not token.endswith(":none")]
        return any(reach is not None and not reach.groups for reach in reaches)

    def carried(self, *, before: str, code: str) -> Rule:
        """The rule as edition `before` reads it, written for the edition `code` that follows: it obliges the same."""
        groups = []
        for token in self.groups:
            reach = _reach_of(token)
            if reach is not None and reach.edition is None:
                groups.append(token)
            elif reach is not None and reach.edition == before:
                groups.append(f"in{code}:{token.partition(':')[2]}")
        if not groups and (self.groups or not self.conditions):
            # It obliges nobody any more; conditions alone would oblige everybody.
            return Rule((f"in{code}:none",), self.conditions, self.report)
        return Rule(tuple(groups), self.conditions, self.report)

    @classmethod
    def of_edition(cls, text: str, code: str) -> Rule:
        """Read a rule as an edition's own file has it: ``G2+; if:leased; report:all``. Raises `RuleError`."""
        if not text.strip():
            raise RuleError(f"Empty token in rule {text!r}")
        tokens = [token.strip() for token in text.split(";")]
        named = [f"in{code}:{token}" if _OWN_TOKEN.fullmatch(token) else token for token in tokens]
        for token, written in zip(tokens, named, strict=True):
            if written != "all" and token == written and (token in _GROUP_TOKENS or _of_a_file(token)):
                raise RuleError(f"Unknown token {token!r} in rule {text!r}")
        return cls.parse("; ".join(named), of_files=True)


@dataclass(frozen=True, slots=True)
class Ruling:
    """An item is on an institution's list: obliged by the Order, counted in the ministry's report, or both.

    `basis` is the reason in the tokens of the rule, joined by ``;``
    (``ed2022:G2+;if:has_grounds;report:all``). It is stored and compared; it changes only when the reason
    changes. `explain` says it in words.
    """

    obliged: bool
    counted: bool
    basis: str


def judge(
    rule: Rule, *, kinds: Collection[str], edition: str, situation: Situation, grouping: Grouping | None = None
) -> Ruling | None:
    """Whether an item is on the list of an institution in this situation; None: it is not.

    Obliged, if a group token of the edition says so (or there is none, only conditions) and every condition
    holds. Counted, if the report takes it in, whatever the conditions say. `kinds` are the kinds of
    institution that the item concerns at all; `grouping` is that of an edition which is not the library's. Raises
    ValueError for an unknown edition.
    """
    if grouping is None:
        group = facility_group(edition, people=situation.people, settlement_class=situation.settlement_class)
    else:
        group = group_in(grouping, people=situation.people, settlement_class=situation.settlement_class)
    if situation.kind not in kinds:
        return None

    duty = next((token for token in rule.groups if (reach := _reach_of(token)) and reach.covers(edition, group)), None)
    # A rule with a report and nothing else obliges nobody: it would make a duty out of a statistic.
    reached = duty is not None or (not rule.groups and bool(rule.conditions))
    obliged = reached and all(situation.holds(condition) for condition in rule.conditions)
    counted = rule.report == "report:all" or (rule.report == "report:large_cities" and situation.in_large_city)
    if not obliged and not counted:
        return None

    basis: list[str] = []
    if obliged:
        basis += [duty] if duty is not None else []
        basis += [_IF + condition for condition in rule.conditions]
    if counted:
        basis.append(rule.report)
    return Ruling(obliged=obliged, counted=counted, basis=";".join(basis))


def explain(basis: str) -> str:
    """The reason of a ruling in words, in the active language. Raises `RuleError` for an unknown token."""
    rule = Rule.parse(basis, of_files=True)
    sentences = [str(reach.words) for token in rule.groups if (reach := _reach_of(token))]
    if rule.conditions:
        if not rule.groups:
            sentences.append(gettext("Obliged: Order No. 117, every facility to which the condition applies."))
        reasons = ", ".join(str(CONDITIONS[condition].reason) for condition in rule.conditions)
        # Translators: a list of facts in lower case, such as "the premises are leased"
        sentences.append(gettext("Condition met: %(reasons)s.") % {"reasons": reasons})
    if rule.report:
        beside_a_duty, alone = _REPORTS[rule.report]
        sentences.append(str(beside_a_duty if sentences else alone))
    return " ".join(sentences)
