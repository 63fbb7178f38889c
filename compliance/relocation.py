"""Institutions of one locality moved to another from a day on: a region is split, a district made anew.

A locality belongs to one region for ever, so the new places exist as rows of their own and the institutions move there.
What was before the day stays where it was, in every figure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from compliance import enrolment, ledger
from institutions import journal, registry
from institutions.enums import RegionKind
from institutions.models import Institution, InstitutionState, Locality, Settlement, User


class NoSettlement(Exception):
    """Some settlements have no counterpart in the new locality: `missing`, in the order of their KATO."""

    def __init__(self, missing: list[Settlement]) -> None:
        super().__init__(", ".join(f"{one.kato} {one.name_kk}" for one in missing))
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be moved: keys of institutions, and which settlement becomes which (None: no settlements there)."""

    source: Locality
    target: Locality
    since: date
    settlements: dict[Settlement, Settlement | None] = field(default_factory=dict)
    institutions: list[int] = field(default_factory=list)


def plan(
    source: Locality,
    target: Locality,
    *,
    since: date,
    only: Collection[Settlement] = (),
    counterparts: Mapping[Settlement, Settlement] | None = None,
) -> Plan:
    """Look for the institutions in `source` on `since` or later, and for the counterparts of their settlements.

    A counterpart is named in `counterparts` or has the same Kazakh name; `only` leaves other settlements where they
    are. Raises `NoSettlement`. A few queries, whatever the number of institutions.
    """
    states = _states(source, since)
    if only:
        states = states.filter(settlement__in=only)
    found = Settlement.objects.filter(pk__in=states.values("settlement")).order_by("kato")
    settlements: dict[Settlement, Settlement | None] = {}
    missing = []
    if target.region.kind == RegionKind.REPUBLICAN_CITY:
        settlements = dict.fromkeys(found)
    else:
        # What lies in no settlement has none to come to: it stays where it is.
        states = states.exclude(settlement=None)
        by_name: dict[str, list[Settlement]] = {}
        for settlement in Settlement.objects.filter(locality=target):
            by_name.setdefault(settlement.name_kk, []).append(settlement)
        for settlement in found:
            same = by_name.get(settlement.name_kk, [])
            chosen = (counterparts or {}).get(settlement) or (same[0] if len(same) == 1 else None)
            if chosen is None:
                missing.append(settlement)
            else:
                settlements[settlement] = chosen
    if missing:
        raise NoSettlement(missing)
    keys = states.order_by("institution").values_list("institution", flat=True).distinct()
    return Plan(source, target, since, settlements, list(keys))


def move(plan: Plan, *, by: User | None, now: datetime, reason: str, most: int | None = None) -> Iterator[int]:
    """Move the institutions one by one, each in a transaction of its own, and tell the number of those that are done.

    `most` says how many at once; the rest is for the next time.

    Whatever stops it, it can be planned and begun again: who has moved is no longer in the old locality.
    """
    done = 0
    for pk in plan.institutions[:most]:
        if _move_one(pk, plan, by=by, now=now, reason=reason):
            done += 1
        yield done
    if not done:
        return  # somebody was faster, or there was nobody: the journal notes what was done
    journal.write(
        "locality.move",
        plan.source,
        by=by,
        before={"locality": plan.source.kato},
        after={"locality": plan.target.kato, "since": plan.since.isoformat(), "institutions": done, "reason": reason},
        now=now,
    )


@transaction.atomic
def _move_one(pk: int, plan: Plan, *, by: User | None, now: datetime, reason: str) -> bool:
    """Move one institution, with every later state that lies in the old locality; False where nothing does any more."""
    ledger.hold(pk)
    states = _states(plan.source, plan.since).filter(institution=pk).select_related("settlement")
    changes: dict[date, Mapping[str, Any]] = {}
    for state in states:
        to_a_city = plan.target.region.kind == RegionKind.REPUBLICAN_CITY
        if (state.settlement is None and to_a_city) or state.settlement in plan.settlements:
            counterpart = plan.settlements[state.settlement] if state.settlement else None
            changes[max(state.valid_from, plan.since)] = registry.place_fields(plan.target, counterpart)
    if changes:
        institution = Institution.objects.get(pk=pk)
        enrolment.change_states(institution, changes, by=by, now=now, reason=reason)
    return bool(changes)


def _states(source: Locality, since: date) -> QuerySet[InstitutionState]:
    lasting = Q(valid_to=None) | Q(valid_to__gte=since)
    return InstitutionState.objects.filter(lasting, locality=source)
