"""An independent recount: what stands where on a day, by brute force, to hold the register's own sums against.

Shares nothing with `timeline`, `duties`, `ledger` and `sums` but `judge`, which says what one situation puts on a list.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from compliance.applicability import Rule, Situation, judge
from compliance.enums import Level, Measure, Status
from compliance.models import Edition, Finding, Requirement, StatusEntry
from institutions.models import InstitutionState, LargeCity, Locality
from reporting import coverage
from reporting.coverage import Dimension

STATUSES = (Status.MET, Status.PARTLY_MET, Status.NOT_MET, Status.UNKNOWN, Status.NOT_APPLICABLE)
CUT = (
    Dimension.REGION,
    Dimension.LOCALITY,
    Dimension.CITY_LINE,
    Dimension.KIND,
    Dimension.OWNERSHIP,
    Dimension.REQUIREMENT,
)


Standing = tuple[InstitutionState, bool, str, date | None]


@dataclass
class Recount:
    """What stands where on a day, by brute force from the states, the Order and the answers in force now."""

    requirements: list[tuple[int, str, Rule, list[str], str | None]] = field(default_factory=list)
    editions: list[tuple[str, date, date | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._standing: dict[date, dict[tuple[int, int], Standing]] = {}
        self.requirements = [
            (row.pk, row.code, Rule.parse(row.applies), row.kinds, row.measure) for row in Requirement.objects.all()
        ]
        self.editions = list(Edition.objects.values_list("code", "in_force_from", "in_force_to"))
        self.contract = next(row for row in self.requirements if row[4] == Measure.LICENSED_GUARD)
        self.regions = dict(Locality.objects.values_list("pk", "region__code"))
        self.regions_of = dict(Locality.objects.values_list("pk", "region"))
        self.localities = dict(Locality.objects.values_list("pk", "kato"))
        self.cities: dict[int | None, str] = {None: "", **dict(LargeCity.objects.values_list("pk", "line"))}

    def read(self) -> None:
        self._standing.clear()
        self.states = defaultdict(list)
        for state in InstitutionState.objects.all():
            self.states[state.institution_id].append(state)
        self.answers = defaultdict(list)
        for entry in StatusEntry.objects.filter(state="approved").select_related("item"):
            self.answers[entry.item.institution_id, entry.item.requirement_id].append(entry)
        self.findings = defaultdict(list)
        for finding in Finding.objects.filter(inspection__revoked_at=None).select_related("inspection", "item"):
            self.findings[finding.item.institution_id, finding.item.requirement_id].append(finding)

    def answer(self, institution: int, requirement: int, day: date) -> tuple[str, date | None]:
        given = [entry for entry in self.answers[institution, requirement] if entry.effective_on <= day]
        if not given:
            return "unknown", None
        last = max(given, key=lambda entry: (entry.effective_on, entry.decided_at, entry.pk))
        ended = last.valid_until is not None and last.valid_until < day
        if ended and last.status in ("met", "partly_met"):
            return "not_met", None
        if ended and last.status == "not_applicable":
            return "unknown", None
        return last.status, last.valid_until

    def found(self, institution: int, requirement: int, day: date) -> str | None:
        """What was found last about an item by a day; None where nobody had looked."""
        looks = [one for one in self.findings[institution, requirement] if one.inspection.held_on <= day]
        if not looks:
            return None
        return max(
            looks, key=lambda one: (one.inspection.held_on, one.inspection.recorded_at, one.inspection_id)
        ).status

    def standing(self, day: date) -> dict[tuple[int, int], Standing]:
        """(institution, requirement) → its state, whether obliged, status, valid until; of what is on a list."""
        if day not in self._standing:
            self._standing[day] = self._standing_on(day)
        return self._standing[day]

    def _standing_on(self, day: date) -> dict[tuple[int, int], Standing]:
        edition = next((code for code, since, until in self.editions if since <= day <= (until or date.max)), None)
        found: dict[tuple[int, int], Standing] = {}
        if edition is None:
            return found
        for institution, states in self.states.items():
            now = [state for state in states if state.valid_from <= day <= (state.valid_to or date.max)]
            assert len(now) <= 1
            if not now or now[0].lifecycle != "open":
                continue
            state = now[0]

            def ruling(requirement: tuple[Any, ...], contract: bool, state: InstitutionState = state) -> Any:
                situation = Situation(
                    kind=state.kind,
                    people=state.staff + state.learners,
                    settlement_class=state.settlement_class,
                    in_large_city=state.large_city_id is not None,
                    facts=state.facts,
                    has_guard_contract=contract,
                )
                return judge(requirement[2], kinds=requirement[3], edition=edition, situation=situation)

            contracted = ruling(self.contract, False) is not None and self.answer(institution, self.contract[0], day)[
                0
            ] in ("met", "partly_met")
            for requirement in self.requirements:
                judged = ruling(requirement, contracted)
                if judged is not None:
                    found[institution, requirement[0]] = (
                        state,
                        judged.obliged,
                        *self.answer(institution, requirement[0], day),
                    )
        return found

    def counts(
        self,
        day: date,
        *,
        learners: bool = False,
        obliged_only: bool = False,
        level: Level = Level.APPROVED,
        where: Callable[[int, InstitutionState], bool] = lambda _institution, _state: True,
    ) -> dict[tuple[str, ...], coverage.Counts]:
        """Counts by `CUT`; `where` says of which institutions, by their key and their state on the day."""
        codes = {row[0]: row[1] for row in self.requirements}
        cells: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for (institution, requirement), (state, obliged, answered, _until) in self.standing(day).items():
            status = answered if level == Level.APPROVED else self.found(institution, requirement, day)
            if (obliged_only and not obliged) or status is None or not where(institution, state):
                continue
            key = (
                self.regions[state.locality_id],
                self.localities[state.locality_id],
                self.cities[state.large_city_id],
                state.kind,
                state.ownership,
                codes[requirement],
            )
            cells[key][status] += state.learners if learners else 1
        found = {key: coverage.Counts(*(cell[status] for status in STATUSES)) for key, cell in cells.items()}
        return {key: counts for key, counts in found.items() if counts != coverage.Counts()}
