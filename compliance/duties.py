"""What stands on an institution's list, from when to when and why: the grammar of the Order over its dated states.

`applicability.judge` says it for one day; this module walks the days on which the answer can change: a new state of
the institution, a new edition of the Order, the beginning and the end of a guard contract (some items follow the
answer to the contract's own item).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property

from compliance import timeline
from compliance.applicability import FACTS as FACT_NAMES
from compliance.applicability import GROUPINGS, Grouping, Rule, Ruling, Situation, group_in, judge
from compliance.enums import Inheritance, Measure, Status
from compliance.models import Directive, Edition, EditionItem, Requirement
from compliance.timeline import Held, ListedSpan, StateSpan
from institutions.enums import Lifecycle
from institutions.models import StateFields

_DAY = timedelta(days=1)
_REMEMBERED = 1_000  # lists of a book; each holds some sixty short ones
FACTS = frozenset(FACT_NAMES)
CONTRACTED = frozenset({Status.MET, Status.PARTLY_MET})


@dataclass(frozen=True, slots=True)
class DatedState:
    """An institution's state as the rules of the Order and the ledger see it."""

    span: StateSpan
    settlement_class: str
    people: int
    facts: tuple[tuple[str, bool], ...]

    @classmethod
    def of(cls, state: StateFields, valid_from: date, valid_to: date | None) -> DatedState:
        return cls(
            StateSpan(
                valid_from,
                valid_to,
                state.lifecycle == Lifecycle.OPEN,
                state.locality_id,
                state.large_city_id,
                state.kind,
                state.ownership,
                state.learners,
            ),
            state.settlement_class,
            state.people,
            tuple(sorted(state.facts.items())),
        )


@dataclass(frozen=True, slots=True)
class Duty:
    """A requirement as the rules need it."""

    pk: int
    code: str
    rule: Rule
    kinds: frozenset[str]
    measure: str | None


@dataclass(frozen=True, slots=True)
class Heritage:
    """From which requirements (keys) one was made on the first day of an edition, and what becomes of their answers."""

    starts: date
    parents: tuple[int, ...]
    answer: Inheritance


@dataclass
class Book:
    """The Order as data: its editions in force and its duties. Read once for a piece of work.

    `duties` are all requirements in the order of the Order, with their rules under the editions of the library;
    `wordings` those of each edition that came as a file, `groupings` its facility groups. `heritage` names, by their
    keys, the requirements that inherit answers.
    """

    editions: tuple[tuple[str, date, date | None], ...]
    duties: tuple[Duty, ...]
    contract: Duty
    wordings: Mapping[str, tuple[Duty, ...]] = field(default_factory=dict)
    groupings: Mapping[str, Grouping] = field(default_factory=lambda: GROUPINGS)
    heritage: Mapping[int, Heritage] = field(default_factory=dict)
    _rulings: dict[tuple[str, str, int, bool, tuple[tuple[str, bool], ...], bool], dict[int, Ruling]] = field(
        default_factory=dict
    )
    _lists: dict[object, dict[int, list[ListedSpan]]] = field(default_factory=dict)

    @classmethod
    def read(cls, directive: str = "117") -> Book:
        """Three queries."""
        rows = list(Edition.objects.filter(directive__code=directive).order_by("in_force_from"))
        editions = tuple((row.code, row.in_force_from, row.in_force_to) for row in rows)
        duties = tuple(
            Duty(pk, code, Rule.parse(applies, of_files=True), frozenset(kinds), measure)
            for pk, code, applies, kinds, measure in Requirement.objects.filter(directive__code=directive)
            .order_by("sort_order")
            .values_list("pk", "code", "applies", "kinds", "measure")
        )
        contract = next((duty for duty in duties if duty.measure == Measure.LICENSED_GUARD), None)
        if contract is None:
            raise Directive.DoesNotExist(directive)
        wordings, heritage = _from_files(directive, duties)
        groupings = {row.code: grouping for row in rows if (grouping := row.grouping) is not None}
        return cls(editions, duties, contract, wordings, {**GROUPINGS, **groupings}, heritage)

    def as_known_on(self, day: date) -> Book:
        """The Order as it was known on a day: without the editions that came into force later."""
        known = [edition for edition in self.editions if edition[1] <= day] or [self.editions[0]]
        if len(known) == len(self.editions):
            return self
        code, starts, _ends = known[-1]
        # The rulings are the same, remembered by edition; lists are not.
        return replace(self, editions=(*known[:-1], (code, starts, None)), _lists={})

    def heirs(self, requirements: Collection[int]) -> set[int]:
        """These requirements (keys) and those that inherit answers from them, or from their heirs."""
        found = set(requirements)
        while more := {pk for pk, from_ in self.heritage.items() if pk not in found and found & set(from_.parents)}:
            found |= more
        return found

    def ancestors(self, requirements: Collection[int]) -> set[int]:
        """These requirements (keys) and those from whose answers theirs may come."""
        found = set(requirements)
        while more := {parent for pk in found if pk in self.heritage for parent in self.heritage[pk].parents} - found:
            found |= more
        return found

    def held(
        self, requirement: int, given: Mapping[int, Sequence[Held]], spans: Mapping[int, Sequence[ListedSpan]]
    ) -> Sequence[Held]:
        """The answers of a requirement from day to day, with those that it inherits until it is answered itself.

        `given` are answers by requirement key, those of its `ancestors` among them; `spans` the institution's list.
        """
        own = given.get(requirement, ())
        heritage = self.heritage.get(requirement)
        if heritage is None or heritage.answer == Inheritance.NONE:
            return own
        eve = heritage.starts - _DAY
        # A part that did not stand on this institution's list has nothing to say.
        parts = [
            self.held(parent, given, spans)
            for parent in heritage.parents
            if any(
                span.valid_from <= eve and (span.valid_to is None or eve <= span.valid_to)
                for span in spans.get(parent, ())
            )
        ]
        inherited = timeline.weakest(parts)
        return [*(answer for answer in inherited if not own or answer.day < own[0].day), *own]

    def only_measures(self) -> Book:
        """The five measures of the brief alone: the small form of the demonstration."""
        return replace(
            self,
            duties=tuple(duty for duty in self.duties if duty.measure),
            wordings={code: tuple(duty for duty in duties if duty.measure) for code, duties in self.wordings.items()},
            _rulings={},
            _lists={},
        )

    @property
    def codes(self) -> dict[int, str]:
        return {duty.pk: duty.code for duty in self.duties}

    @property
    def edition_days(self) -> frozenset[date]:
        return frozenset(starts for _code, starts, _ends in self.editions)

    def rulings(self, edition: str, state: DatedState, has_guard_contract: bool) -> dict[int, Ruling]:
        """What stands on the list in one situation, by requirement key. Remembered: situations repeat."""
        grouping = self.groupings[edition]
        group = group_in(grouping, people=state.people, settlement_class=state.settlement_class)
        in_large_city = state.span.large_city is not None
        key = (edition, state.span.kind, group, in_large_city, state.facts, has_guard_contract)
        if key not in self._rulings:
            duties = self.wordings.get(edition, self.duties)
            # Few duties ask for facts; what the others come to is the same for everybody of a kind, group and place.
            if state.facts:
                plain = self.rulings(edition, replace(state, facts=()), has_guard_contract)
                asked = [duty for duty in duties if not FACTS.isdisjoint(duty.rule.conditions)]
            else:
                plain, asked = {}, list(duties)
            situation = Situation(
                kind=state.span.kind,
                people=state.people,
                settlement_class=state.settlement_class,
                in_large_city=in_large_city,
                facts=dict(state.facts),
                has_guard_contract=has_guard_contract,
            )
            judged = {
                duty.pk: judge(duty.rule, kinds=duty.kinds, edition=edition, situation=situation, grouping=grouping)
                for duty in asked
            }
            # In the order of the Order, like everything that is made from it.
            both = plain | judged
            self._rulings[key] = {duty.pk: ruling for duty in duties if (ruling := both.get(duty.pk)) is not None}
        return self._rulings[key]

    def spans(self, states: Sequence[DatedState], contract: Sequence[timeline.Held]) -> dict[int, list[ListedSpan]]:
        """The list of an institution by requirement key: spans in the order of their days, like neighbours joined.

        `contract` are the answers to the item of the guard contract. Lists are remembered, since situations repeat:
        whoever asks changes none of the spans.
        """
        key = tuple(self._situation(state) for state in states)
        if key not in self._lists:
            if len(self._lists) == _REMEMBERED:
                self._lists.clear()
            self._lists[key] = self._spans(states, (), None)
        if not contract:
            return dict(self._lists[key])
        # Most of the list is the same, whatever was answered about the contract.
        plain = {pk: spans for pk, spans in self._lists[key].items() if pk not in self.following_contract}
        return plain | self._spans(states, contract, self.following_contract)

    @cached_property
    def following_contract(self) -> frozenset[int]:
        """Keys of the requirements that depend on there being a guard contract, under any of the editions."""
        conditions = {"guard_contract", "no_guard_contract"}
        written = (*self.duties, *(duty for duties in self.wordings.values() for duty in duties))
        return frozenset(duty.pk for duty in written if not conditions.isdisjoint(duty.rule.conditions))

    def _situation(self, state: DatedState) -> tuple[object, ...]:
        """All of a state that decides what stands on the list."""
        span = state.span
        if not span.is_open:
            return ()
        groups = (
            group_in(self.groupings[edition], people=state.people, settlement_class=state.settlement_class)
            for edition, _starts, _ends in self.editions
        )
        return (span.valid_from, span.valid_to, span.kind, span.large_city is not None, state.facts, *groups)

    def _spans(
        self, states: Sequence[DatedState], contract: Sequence[timeline.Held], only: frozenset[int] | None
    ) -> dict[int, list[ListedSpan]]:
        contracts = [(answer.day, answer.status in CONTRACTED) for answer in contract]
        spans: dict[int, list[ListedSpan]] = {}
        for state in states:
            if not state.span.is_open:
                continue
            for edition, starts, ends in self.editions:
                since = max(state.span.valid_from, starts)
                until = _earlier(state.span.valid_to, ends)
                if until is not None and since > until:
                    continue
                on_list = bool(contracts) and self.contract.pk in self.rulings(edition, state, False)
                pieces = _pieces(since, until, contracts) if on_list else [(since, until, False)]
                for piece_since, piece_until, contracted in pieces:
                    rulings = self.rulings(edition, state, contracted)
                    if only is not None:
                        rulings = {pk: rulings[pk] for pk in only if pk in rulings}
                    self._extend(spans, piece_since, piece_until, rulings)
        return spans

    @staticmethod
    def _extend(
        spans: dict[int, list[ListedSpan]], since: date, until: date | None, rulings: Mapping[int, Ruling]
    ) -> None:
        for pk, ruling in rulings.items():
            mine = spans.setdefault(pk, [])
            if mine:
                last = mine[-1]
                follows = last.valid_to is not None and last.valid_to + _DAY == since
                if follows and last[2:] == (ruling.obliged, ruling.counted, ruling.basis):
                    mine[-1] = last._replace(valid_to=until)
                    continue
            mine.append(ListedSpan(since, until, ruling.obliged, ruling.counted, ruling.basis))


def _from_files(directive: str, duties: Sequence[Duty]) -> tuple[dict[str, tuple[Duty, ...]], dict[int, Heritage]]:
    """The duties of each edition that came as a file, in the order of the Order, and who inherits answers. A query."""
    by_key = {duty.pk: duty for duty in duties}
    keys = {duty.code: duty.pk for duty in duties}
    wordings: dict[str, list[Duty]] = {}
    heritage: dict[int, Heritage] = {}
    for item in (
        EditionItem.objects.filter(edition__directive__code=directive)
        .select_related("edition")
        .order_by("edition__in_force_from", "requirement__sort_order")
    ):
        known = by_key[item.requirement_id]
        written = replace(known, rule=Rule.parse(item.applies, of_files=True), kinds=frozenset(item.kinds))
        wordings.setdefault(item.edition.code, []).append(written)
        if item.parents and item.answer != Inheritance.NONE:
            parents = tuple(keys[code] for code in item.parents)
            heritage[item.requirement_id] = Heritage(item.edition.in_force_from, parents, Inheritance(item.answer))
    return {code: tuple(written) for code, written in wordings.items()}, heritage


def _earlier(one: date | None, other: date | None) -> date | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


def _pieces(
    since: date, until: date | None, contracts: Sequence[tuple[date, bool]]
) -> list[tuple[date, date | None, bool]]:
    """The stretch from `since` to `until`, cut where a guard contract begins or ends."""
    contracted = False
    cuts: list[tuple[date, bool]] = []
    for day, value in contracts:
        if day <= since:
            contracted = value
        elif (until is None or day <= until) and value != (cuts[-1][1] if cuts else contracted):
            cuts.append((day, value))
    starts = [(since, contracted), *cuts]
    ends = [*(day - _DAY for day, _value in cuts), until]
    return [(start, end, value) for (start, value), end in zip(starts, ends, strict=True)]
