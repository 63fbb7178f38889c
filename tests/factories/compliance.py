"""Items and entries for tests; an entry comes into its state by the verbs of the workflow alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from compliance import inspections, workflow
from compliance.enums import Measure, ReturnReason, Status
from compliance.models import ChecklistItem, Confirmation, Inspection, Period, PeriodException, StatusEntry
from compliance.pictures import Picture
from institutions.clock import local_day
from institutions.models import Institution, Region, User
from tests.factories.institutions import (
    AdministratorFactory,
    ApproverFactory,
    DirectorFactory,
    InstitutionFactory,
    UserFactory,
)


class ItemFactory(DjangoModelFactory):
    """An item of an institution's list, which is there already: of a `measure`, or of the requirement `code`."""

    class Meta:
        model = ChecklistItem

    institution = factory.SubFactory(InstitutionFactory)

    @classmethod
    def _create(
        cls,
        model_class: type[ChecklistItem],
        *args: Any,
        institution: Institution,
        measure: Measure = Measure.CCTV_INSTALLED,
        code: str | None = None,
        **fields: Any,
    ) -> ChecklistItem:
        wanted = {"requirement__measure": measure} if code is None else {"requirement__code": code}
        return ChecklistItem.objects.select_related("institution", "requirement").get(institution=institution, **wanted)


def _author_for(institution: Institution) -> User:
    return DirectorFactory(institution=institution).user


def _checker_for(institution: Institution) -> User:
    """Somebody of the district who checks; its region has a second level from now on."""
    Region.objects.filter(pk=institution.locality.region_id).update(second_level=True)
    return ApproverFactory(locality=institution.locality).user


def _decider_for(institution: Institution) -> User:
    return ApproverFactory(region=institution.locality.region).user


class EntryFactory(DjangoModelFactory):
    """An answer: a draft, or with a trait submitted, checked, withdrawn, approved, returned or revoked.

    One that is checked switches the second level of its region on. With `checked_by`, it is checked on its way.
    Hands that are not named (`author`, `checked_by`, `decided_by`, `revoked_by`) are new people with the role.
    Everything happens at `now`. `document` is a `workflow.DocumentReference`, `photos` are pictures
    (`tests.factories.pictures`).
    """

    class Meta:
        model = StatusEntry

    class Params:
        submitted = factory.Trait(to="submitted")
        checked = factory.Trait(to="checked")
        withdrawn = factory.Trait(to="withdrawn")
        approved = factory.Trait(to="approved")
        returned = factory.Trait(to="returned")
        revoked = factory.Trait(to="revoked")

    item = factory.SubFactory(ItemFactory)
    status = Status.MET
    to = "draft"

    @classmethod
    def _create(
        cls,
        model_class: type[StatusEntry],
        *args: Any,
        item: ChecklistItem,
        to: str,
        status: Status,
        effective_on: date | None = None,
        valid_until: date | None = None,
        note: str = "",
        document: workflow.DocumentReference | None = None,
        author: User | None = None,
        submitted_by: User | None = None,
        checked_by: User | None = None,
        decided_by: User | None = None,
        revoked_by: User | None = None,
        reason: ReturnReason = ReturnReason.NO_PROOF,
        decision_note: str = "Құжат жоқ",
        continues: StatusEntry | None = None,
        photos: Sequence[Picture] = (),
        now: datetime | None = None,
    ) -> StatusEntry:
        now = now or timezone.now()
        institution = item.institution
        author = author or _author_for(institution)
        effective_on = effective_on or local_day(now) - timedelta(days=10)
        answer = workflow.AnswerData(status, effective_on, valid_until, note, document, photos)
        entry = workflow.save_draft(item, answer, by=author, now=now, continues=continues)
        if to == "draft":
            return entry
        workflow.submit(entry, by=submitted_by or author, now=now)
        shown = entry.content_hash
        if to == "checked" or checked_by is not None:
            workflow.check(entry, by=checked_by or _checker_for(institution), now=now, shown=shown)
        if to == "withdrawn":
            workflow.withdraw(entry, by=author, now=now)
        elif to == "returned":
            decider = decided_by or _decider_for(institution)
            workflow.return_entry(entry, by=decider, now=now, shown=shown, reason=reason, note=decision_note)
        elif to in ("approved", "revoked"):
            workflow.approve(entry, by=decided_by or _decider_for(institution), now=now, shown=shown)
            if to == "revoked":
                workflow.revoke(entry, by=revoked_by or _decider_for(institution), now=now, note="Қате")
        item.refresh_from_db()
        return entry


class PeriodExceptionFactory(DjangoModelFactory):
    class Meta:
        model = PeriodException

    institution = factory.SubFactory(InstitutionFactory)
    period = factory.LazyFunction(lambda: Period.objects.order_by("-starts_on").first())
    until = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=7))
    reason = "Өрт болды"
    granted_by = factory.SubFactory(UserFactory)


class ConfirmationFactory(DjangoModelFactory):
    """A confirmation as the table has it, at any moment; `confirmations.confirm` judges."""

    class Meta:
        model = Confirmation

    institution = factory.SubFactory(InstitutionFactory)
    period = factory.LazyFunction(lambda: Period.objects.order_by("-starts_on").first())
    by = factory.SubFactory(UserFactory)
    at = factory.LazyFunction(timezone.now)
    changes = 0


class InspectionFactory(DjangoModelFactory):
    """An inspection recorded by the verb: of `item`, found `status`; by an administrator, unless somebody is named."""

    class Meta:
        model = Inspection

    status = Status.MET

    @classmethod
    def _create(
        cls,
        model_class: type[Inspection],
        *args: Any,
        item: ChecklistItem,
        status: Status,
        held_on: date | None = None,
        by: User | None = None,
        now: datetime | None = None,
        **fields: Any,
    ) -> Inspection:
        now = now or timezone.now()
        return inspections.record(
            item.institution,
            {item: status},
            held_on=held_on or local_day(now) - timedelta(days=5),
            inspector="Балалар құқықтарын қорғау комитеті",
            by=by or AdministratorFactory().user,
            now=now,
            **fields,
        )
