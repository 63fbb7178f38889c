"""Changes of an institution's record by those who do not own the fields: proposed, accepted, declined, withdrawn.

Each verb is one transaction and moves the proposal by a conditional update, so that it cannot be decided twice.
Accepting applies the change by the verb that the owners themselves use.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.text import capfirst

from compliance import enrolment, ledger
from institutions import acts, journal, registry
from institutions.enums import Owner, ProposalState
from institutions.models import ChangeProposal, Institution, InstitutionState, LargeCity, Locality, Settlement, User
from institutions.ownership import OWNERS, owner_of

_PLACES: dict[str, type[Locality | Settlement | LargeCity]] = {
    "locality": Locality,
    "settlement": Settlement,
    "large_city": LargeCity,
}
# It follows from the settlement: nobody reads it beside that.
_NOT_SHOWN = frozenset({"settlement_class"})


class Refused(Exception):
    """Something that the rules do not allow; nothing was changed."""


class StaleProposal(Refused):
    """The proposal has been decided or withdrawn in the meantime."""


class OwnProposal(Refused):
    """Nobody decides what they proposed."""


class NotTheirs(Refused):
    """Only who proposed it takes a proposal back."""


class ReasonMissing(Refused):
    """Declining names its reason."""


class AlreadyOpen(Refused):
    """A proposal of the same person for the same thing waits for a decision."""


class MovedOn(Refused):
    """The record is no longer what the proposal began from. `now`: its values by field, in plain form."""

    def __init__(self, now: dict[str, Any]) -> None:
        super().__init__(now)
        self.now = now


def _plain(value: Any) -> Any:
    return value.kato if isinstance(value, Locality | Settlement | LargeCity) else value


def _value(field: str, plain: Any) -> Any:
    return _PLACES[field].objects.get(kato=plain) if field in _PLACES and plain is not None else plain


def _recorded(institution: Institution, fields: Iterable[str], since: date | None) -> dict[str, Any]:
    """What the record says of the fields (on `since`, for a change with a day), in plain form."""
    source: Institution | InstitutionState | None
    if since is None:
        source = Institution.objects.get(pk=institution.pk)
    else:
        states = InstitutionState.objects.filter(institution=institution, valid_from__lte=since)
        source = states.select_related("locality", "settlement", "large_city").order_by("-valid_from").first()
        if source is None:
            raise registry.NoSuchState(since)
    return {field: _plain(getattr(source, field)) for field in fields}


def new_values(proposal: ChangeProposal) -> dict[str, Any]:
    """What the proposal would set, as the verbs take it. A query for each place."""
    return {field: _value(field, change["new"]) for field, change in proposal.changes.items()}


def propose(
    institution: Institution,
    *,
    what: str,
    changes: Mapping[str, Any],
    since: date | None,
    reason: str,
    by: User,
    now: datetime,
) -> ChangeProposal:
    """Put a change before those who own its fields. `what`: code of an act, or `acts.DETAILS` (then without `since`).

    Raises `AlreadyOpen`; `registry.NoSuchState` before the institution's first day.
    """
    try:
        return _propose(institution, what=what, changes=changes, since=since, reason=reason, by=by, now=now)
    except IntegrityError as refusal:
        if not ChangeProposal.objects.open().filter(institution=institution, what=what, proposed_by=by).exists():
            raise
        raise AlreadyOpen from refusal


@transaction.atomic
def _propose(
    institution: Institution,
    *,
    what: str,
    changes: Mapping[str, Any],
    since: date | None,
    reason: str,
    by: User,
    now: datetime,
) -> ChangeProposal:
    old = _recorded(institution, changes, since)
    asked = [*acts.ACTS[what].asks, *acts.ACTS[what].sets] if what in acts.ACTS else list(changes)
    proposal = ChangeProposal.objects.create(
        institution=institution,
        what=what,
        owner=owner_of(asked),
        changes={field: {"old": old[field], "new": _plain(value)} for field, value in changes.items()},
        since=since,
        reason=reason,
        proposed_by=by,
        proposed_at=now,
    )
    journal.write(
        "proposal.make",
        proposal,
        by=by,
        institution=institution,
        before=old,
        after={field: _plain(value) for field, value in changes.items()} | {"since": since and since.isoformat()},
        now=now,
    )
    return proposal


@transaction.atomic
def correct(
    institution: Institution,
    *,
    owned: Collection[Owner],
    changes: Mapping[str, Any],
    reason: str,
    by: User,
    now: datetime,
    shown: str = "",
) -> tuple[list[str], ChangeProposal | None]:
    """Correct the details that the person owns and propose the others, in one step.

    `owned` is what `ownership.owned_by` says. Returns the names of the fields corrected, and the proposal, if any.
    Raises `AlreadyOpen`, and what `registry.change_details` raises.
    """
    mine = {field: value for field, value in changes.items() if OWNERS[field] in owned}
    others = {field: value for field, value in changes.items() if field not in mine}
    corrected = registry.change_details(institution, by=by, now=now, shown=shown, **mine)
    if not others:
        return corrected, None
    proposal = propose(institution, what=acts.DETAILS, changes=others, since=None, reason=reason, by=by, now=now)
    return corrected, proposal


@transaction.atomic
def accept(proposal: ChangeProposal, *, by: User, now: datetime) -> None:
    """Apply the proposal. Raises `OwnProposal`, `StaleProposal`, `MovedOn`, and what the change itself raises."""
    if by.pk == proposal.proposed_by_id:
        raise OwnProposal(proposal.pk)
    institution = Institution.objects.get(pk=proposal.institution_id)
    ledger.hold(institution.pk)
    _move(proposal, ProposalState.ACCEPTED, by=by, now=now)
    recorded = _recorded(institution, proposal.changes, proposal.since)
    if any(recorded[field] != change["old"] for field, change in proposal.changes.items()):
        raise MovedOn(recorded)
    changes = new_values(proposal)
    if proposal.since is None:
        registry.change_details(institution, by=by, now=now, **changes)
    else:
        enrolment.change_institution(
            institution, since=proposal.since, by=by, now=now, reason=proposal.reason, **changes
        )
    journal.write("proposal.accept", proposal, by=by, institution=institution, now=now)


@transaction.atomic
def decline(proposal: ChangeProposal, *, by: User, now: datetime, note: str) -> None:
    """Leave the record as it is, and say why. Raises `OwnProposal`, `StaleProposal`, `ReasonMissing`."""
    if by.pk == proposal.proposed_by_id:
        raise OwnProposal(proposal.pk)
    if not note.strip():
        raise ReasonMissing
    _move(proposal, ProposalState.DECLINED, by=by, now=now, decision_note=note)
    journal.write(
        "proposal.decline", proposal, by=by, institution=proposal.institution_id, after={"note": note}, now=now
    )


@transaction.atomic
def withdraw(proposal: ChangeProposal, *, by: User, now: datetime) -> None:
    """Take one's own proposal back. Raises `NotTheirs`, `StaleProposal`."""
    if by.pk != proposal.proposed_by_id:
        raise NotTheirs(proposal.pk)
    _move(proposal, ProposalState.WITHDRAWN, by=None, now=now)
    journal.write("proposal.withdraw", proposal, by=by, institution=proposal.institution_id, now=now)


def _move(proposal: ChangeProposal, to: ProposalState, *, by: User | None, now: datetime, **decision: str) -> None:
    """The conditional update is the lock: of two deciders, one gets `StaleProposal`."""
    moved = ChangeProposal.objects.filter(pk=proposal.pk, state=ProposalState.OPEN).update(
        state=to, decided_by=by, decided_at=now, **decision
    )
    if moved != 1:
        raise StaleProposal(proposal.pk)


# --- how it reads ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One field of a proposal in words. `recorded`: what the record says now, where that was asked for."""

    label: str
    old: str
    new: str
    recorded: str = ""


def in_words(
    proposals: Iterable[ChangeProposal], recorded: Mapping[str, Any] | None = None
) -> dict[int, list[ChangeLine]]:
    """The changes of each proposal by its key. At most three queries, whatever the number of proposals."""
    proposals = list(proposals)
    names = _names_of_places([*(one.changes for one in proposals), *([_as_changes(recorded)] if recorded else [])])

    def words(field: str, plain: Any) -> str:
        if plain is None or plain == "":
            return ""
        if field in _PLACES:
            return names.get((field, plain), str(plain))
        choices = dict(_field(field).flatchoices)
        return str(choices.get(plain, plain))

    return {
        one.pk: [
            ChangeLine(
                capfirst(str(_field(field).verbose_name)),
                words(field, change["old"]),
                words(field, change["new"]),
                words(field, recorded[field]) if recorded else "",
            )
            for field, change in _in_order(one.changes)
            if field not in _NOT_SHOWN and change["old"] != change["new"]
        ]
        for one in proposals
    }


def _in_order(changes: Mapping[str, dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """As the record lists its fields: PostgreSQL's jsonb does not keep the order in which they were written."""
    return [(field.name, changes[field.name]) for field in Institution._meta.fields if field.name in changes]


def _as_changes(recorded: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {field: {"old": plain, "new": None} for field, plain in recorded.items()}


def _field(name: str) -> models.Field[Any, Any]:
    field = Institution._meta.get_field(name)
    assert isinstance(field, models.Field)  # noqa: S101 (for the type checker: no relation from elsewhere)
    return field


def _names_of_places(changes: Iterable[Mapping[str, Mapping[str, Any]]]) -> dict[tuple[str, str], str]:
    wanted: dict[str, set[str]] = {}
    for one in changes:
        for field in one.keys() & _PLACES.keys():
            wanted.setdefault(field, set()).update(kato for kato in one[field].values() if kato is not None)
    return {
        (field, place.kato): place.name
        for field, katos in wanted.items()
        for place in _PLACES[field].objects.filter(kato__in=katos)
    }
