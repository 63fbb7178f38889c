"""What was found on the spot: recorded item by item, revoked whole. The ledger's verified level follows at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from compliance import ledger
from compliance.enums import FOUND, WAITING, Cause, EntryState, InspectionSource, Status
from compliance.models import ChecklistItem, Finding, Inspection, StatusEntry
from institutions import journal
from institutions.clock import local_day
from institutions.models import Institution, User


class Refused(Exception):
    """Something that the rules do not allow; nothing was recorded."""


class NothingFound(Refused):
    """An inspection says something about one item at the least."""


class FutureInspection(Refused):
    """Nobody has looked tomorrow."""


class NotListed(Refused):
    """An item is not on this institution's list today, or what was found about it is nothing that can be seen."""


class OwnAnswer(Refused):
    """Nobody verifies what they answered themselves; carries the items."""

    def __init__(self, items: list[ChecklistItem]) -> None:
        super().__init__([item.pk for item in items])
        self.items = items


class AlreadyRevoked(Refused):
    """Somebody was faster."""


@transaction.atomic
def record(
    institution: Institution,
    found: Mapping[ChecklistItem, Status],
    *,
    held_on: date,
    inspector: str,
    by: User,
    now: datetime,
    source: InspectionSource = InspectionSource.INSPECTION,
    note: str = "",
) -> Inspection:
    """Record what was found about some of an institution's items on a day.

    From that day on it is what the verified level says of them, until something else is found. Raises `NothingFound`,
    `FutureInspection`, `NotListed`, and `OwnAnswer` where `by` wrote or submitted the answer that is in force or waits.
    """
    if not found:
        raise NothingFound(institution.pk)
    if held_on > local_day(now):
        raise FutureInspection(institution.pk)
    ledger.hold(institution.pk)
    listed = ChecklistItem.objects.filter(institution=institution).listed().in_bulk([item.pk for item in found])
    if len(listed) != len(found) or not set(found.values()) <= set(FOUND):
        raise NotListed(institution.pk)
    own = StatusEntry.objects.filter(item__in=listed, state__in=[*WAITING, EntryState.APPROVED]).by_hands_of(by)
    if own_items := set(own.values_list("item", flat=True)):
        raise OwnAnswer([item for item in found if item.pk in own_items])
    inspection = Inspection.objects.create(
        institution=institution,
        source=source,
        held_on=held_on,
        inspector=inspector,
        note=note,
        recorded_by=by,
        recorded_at=now,
    )
    Finding.objects.bulk_create(
        [Finding(inspection=inspection, item=item, status=status) for item, status in found.items()]
    )
    _follow(inspection, cause=Cause.INSPECTION, now=now)
    journal.write(
        "inspection.record",
        inspection,
        by=by,
        institution=institution,
        after={item.requirement.code: str(status) for item, status in found.items()},
        now=now,
    )
    return inspection


@transaction.atomic
def revoke(inspection: Inspection, *, by: User, now: datetime, note: str) -> None:
    """Take a wrong inspection back, with a reason; what was found before it holds again. Raises `AlreadyRevoked`."""
    ledger.hold(inspection.institution_id)
    revoked = Inspection.objects.in_force().filter(pk=inspection.pk)
    if revoked.update(revoked_by=by, revoked_at=now, revoke_note=note) != 1:
        raise AlreadyRevoked(inspection.pk)
    _follow(inspection, cause=Cause.REVOCATION, now=now)
    journal.write(
        "inspection.revoke",
        inspection,
        by=by,
        institution=inspection.institution_id,
        after={"reason": note},
        now=now,
    )


def _follow(inspection: Inspection, *, cause: Cause, now: datetime) -> None:
    requirements = inspection.findings.values_list("item__requirement", flat=True)
    ledger.sync(
        inspection.institution, cause=cause, ref=f"inspection:{inspection.pk}", now=now, requirements=list(requirements)
    )
