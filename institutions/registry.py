"""The only writer of institutions and their dated states. Never deletes.

What follows from a state for the checklist is no business of this app: pages, imports and commands call
`compliance.enrolment`, which does both in one transaction.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Max
from django.utils.translation import gettext as _

from institutions import journal, names
from institutions.clock import local_day
from institutions.enums import RegionKind, SettlementClass
from institutions.models import STATE_FIELDS, Institution, InstitutionState, LargeCity, Locality, Settlement, User

# What of an institution has no dates: corrected, not changed from a day on.
DETAILS = ("name_kk", "name_ru", "address_kk", "address_ru", "latitude", "longitude", "phone", "email")


class NoSuchState(Exception):
    """The day lies before the institution's first state."""


class StaleRecord(Exception):
    """The record is no longer what was shown to whoever changes it; nothing was changed."""


def states_mark(institution: Institution) -> str:
    """Names the states that somebody is shown, so that a change in between is noticed. One query."""
    known = InstitutionState.objects.filter(institution=institution).aggregate(
        count=Count("pk"), last=Max("recorded_at")
    )
    return f"{known['count']}@{known['last'].isoformat() if known['last'] else ''}"


def details_mark(institution: Institution) -> str:
    """The same for the details, of the object as it was read. No query."""
    shown = {name: _plain(getattr(institution, name)) for name in DETAILS}
    return hashlib.sha256(json.dumps(shown, ensure_ascii=False).encode()).hexdigest()


def name_keys(institution: Institution) -> None:
    """Set the columns by which names are searched and sorted."""
    institution.search = names.search_key(f"{institution.name_kk} {institution.name_ru}")
    institution.sort_kk = names.sort_key_kk(institution.name_kk)


@transaction.atomic
def open_institution(institution: Institution, *, since: date, by: User | None, now: datetime) -> InstitutionState:
    """Enter a new institution; its state's fields hold from `since` on. Raises ValidationError for wrong details."""
    name_keys(institution)
    institution.full_clean()
    check_place(institution)
    institution.save(force_insert=True)
    state = InstitutionState.objects.create(
        institution=institution, valid_from=since, recorded_at=now, recorded_by=by, **_state_values(institution)
    )
    journal.write(
        "institution.open",
        institution,
        by=by,
        institution=institution,
        after={"bin": institution.bin},
        now=now,
    )
    return state


@transaction.atomic
def change_state(
    institution: Institution,
    *,
    since: date,
    by: User | None,
    now: datetime,
    reason: str = "",
    **changes: Any,
) -> InstitutionState:
    """From `since` on (until the next known state) these fields of the state are others; the past stays as it was.

    A change within an existing state cuts it in two; one on its first day rewrites it. Raises `NoSuchState` before
    the first, ValidationError where the values do not fit together.
    """
    unknown = changes.keys() - set(STATE_FIELDS)
    if unknown:
        raise TypeError(f"not fields of a state: {sorted(unknown)}")
    # "no key": rows that only name the institution (the journal's) need not wait.
    Institution.objects.select_for_update(of=("self",), no_key=True).get(pk=institution.pk)
    current = (
        InstitutionState.objects.filter(institution=institution, valid_from__lte=since).order_by("-valid_from").first()
    )
    if current is None:
        raise NoSuchState(since)
    before = {name: _plain(getattr(current, name)) for name in changes}
    if current.valid_from < since:
        values = _state_values(current)
        ends_on = current.valid_to
        current.valid_to = since - timedelta(days=1)
        current.save(update_fields=["valid_to"])
        current = InstitutionState(institution=institution, valid_from=since, valid_to=ends_on, **values)
    for name, value in changes.items():
        setattr(current, name, value)
    current.reason = reason
    current.recorded_at = now
    current.recorded_by = by
    current.full_clean()
    check_place(current)
    current.save()
    refresh(institution, local_day(now))
    journal.write(
        "institution.change",
        institution,
        by=by,
        institution=institution,
        before=before,
        after={name: _plain(value) for name, value in changes.items()} | {"since": since.isoformat()},
        now=now,
    )
    return current


@transaction.atomic
def change_details(
    institution: Institution, *, by: User | None, now: datetime, shown: str = "", **changes: Any
) -> list[str]:
    """Correct names, address, contacts; return the names of the fields that differed (nothing is written for none).

    Raises ValidationError for wrong values, and `StaleRecord` where `shown` is given and no longer its `details_mark`.
    """
    unknown = changes.keys() - set(DETAILS)
    if unknown:
        raise TypeError(f"not details of an institution: {sorted(unknown)}")
    stored = Institution.objects.select_for_update(of=("self",), no_key=True).get(pk=institution.pk)
    if shown and shown != details_mark(stored):
        raise StaleRecord(institution.pk)
    before = {name: getattr(stored, name) for name in changes}
    changed = [name for name in changes if changes[name] != before[name]]
    if not changed:
        return []
    for name in changed:
        setattr(institution, name, changes[name])
    name_keys(institution)
    institution.clean_fields(exclude={field.name for field in Institution._meta.fields} - set(changed))
    institution.save(update_fields=[*changed, "search", "sort_kk"])
    journal.write(
        "institution.details",
        institution,
        by=by,
        institution=institution,
        before={name: _plain(before[name]) for name in changed},
        after={name: _plain(changes[name]) for name in changed},
        now=now,
    )
    return changed


def place_fields(locality: Locality, settlement: Settlement | None) -> dict[str, Any]:
    """The fields of a state that follow from where an institution lies: class of settlement and large city.

    A city of republican significance is one large city with all its districts; any other is a settlement.
    """
    if locality.region.kind == RegionKind.REPUBLICAN_CITY:
        settlement_class, kato = SettlementClass.REPUBLICAN_CITY.value, locality.region.kato
    else:
        settlement_class, kato = (settlement.settlement_class, settlement.kato) if settlement else ("", "")
    return {
        "locality": locality,
        "settlement": settlement,
        "settlement_class": settlement_class,
        "large_city": LargeCity.objects.filter(kato=kato).first(),
    }


def refresh(institution: Institution, day: date) -> None:
    """Set the institution's own fields, which lists show, to its state on `day` (the first one, before it begins)."""
    states = InstitutionState.objects.filter(institution=institution)
    state = states.filter(valid_from__lte=day).order_by("-valid_from").first() or states.order_by("valid_from").first()
    if state is None:
        return
    for name, value in _state_values(state).items():
        setattr(institution, name, value)
    institution.save(update_fields=list(STATE_FIELDS))


def refresh_between(since: date, until: date) -> int:
    """`refresh` the institutions that have a state beginning after `since` and up to `until`; return how many."""
    institutions = Institution.objects.filter(states__valid_from__gt=since, states__valid_from__lte=until).distinct()
    for institution in institutions:
        refresh(institution, until)
    return len(institutions)


def check_place(state: Institution | InstitutionState) -> None:
    """Refuse a settlement of another locality, a large city of another region."""
    if state.settlement is not None and state.settlement.locality_id != state.locality_id:
        raise ValidationError({"settlement": _("This settlement lies in another locality.")})
    if state.large_city is not None and state.large_city.region_id != state.locality.region_id:
        raise ValidationError({"large_city": _("This city lies in another region.")})
    if state.settlement is None and state.settlement_class != SettlementClass.REPUBLICAN_CITY:
        raise ValidationError({"settlement": _("Choose the settlement.")})


def _state_values(state: Institution | InstitutionState) -> dict[str, Any]:
    return {name: getattr(state, name) for name in STATE_FIELDS}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | bool | dict) else str(value)
