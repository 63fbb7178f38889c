"""Checklist items and answers for other programs: read-only, within the reader's scope."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from compliance.enums import WAITING, EntryState, Measure, ReturnReason, Status, Step
from compliance.models import ChecklistItem, Requirement, StatusEntry
from compliance.querysets import StatusEntryQuerySet
from compliance.reading import note_reading
from institutions import journal
from institutions.access import INSIDERS
from institutions.clock import today
from institutions.models import Institution, User

# Answers that left their author's hands and were not taken back.
SENT: Final = tuple(state for state in EntryState if state not in (EntryState.DRAFT, EntryState.WITHDRAWN))


class ItemSerializer(serializers.ModelSerializer[ChecklistItem]):
    """An item with its approved status today. `listed`: on the institution's list; `obliged`: by the Order itself."""

    institution = serializers.CharField(source="institution.bin", help_text="BIN")
    requirement = serializers.CharField(source="requirement.code")
    measure = serializers.ChoiceField(source="requirement.measure", choices=Measure.choices, allow_null=True)
    photos = serializers.IntegerField(
        source="photo_count", read_only=True, help_text="How many stand behind the approved answer; not the photos"
    )

    class Meta:
        model = ChecklistItem
        fields: ClassVar = [
            *("id", "institution", "requirement", "measure", "listed", "obliged", "status", "valid_until", "photos")
        ]


class ItemApiFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types there
    institution = django_filters.CharFilter(field_name="institution__bin", help_text="BIN")
    requirement = django_filters.ModelChoiceFilter(
        field_name="requirement", queryset=Requirement.objects.all(), to_field_name="code", help_text="Code"
    )
    measure = django_filters.ChoiceFilter(field_name="requirement__measure", choices=Measure.choices)
    status = django_filters.ChoiceFilter(choices=Status.choices)
    listed = django_filters.BooleanFilter()
    obliged = django_filters.BooleanFilter()

    class Meta:
        model = ChecklistItem
        fields: tuple[str, ...] = ()


class EntrySerializer(serializers.ModelSerializer[StatusEntry]):
    """An answer that left its author's hands, without its notes. `step`: what the reader may do with it next."""

    institution = serializers.CharField(source="item.institution.bin", help_text="BIN")
    region = serializers.CharField(source="item.institution.locality.region.code")
    locality = serializers.CharField(source="item.institution.locality.kato", help_text="KATO")
    requirement = serializers.CharField(source="item.requirement.code")
    approved = serializers.ChoiceField(source="item.status", choices=Status.choices, help_text="What counts now.")
    hash = serializers.CharField(source="content_hash", help_text="SHA-256 of what was submitted.")
    step = serializers.ChoiceField(choices=Step.choices, allow_blank=True, read_only=True)

    class Meta:
        model = StatusEntry
        fields: ClassVar = [
            "id",
            "institution",
            "region",
            "locality",
            "requirement",
            "state",
            "approved",
            "status",
            "effective_on",
            "valid_until",
            "submitted_at",
            "checked_at",
            "decided_at",
            "return_reason",
            "hash",
            "step",
        ]


class EntryApiFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types there
    state = django_filters.ChoiceFilter(choices=[(state.value, state.label) for state in SENT])
    waiting = django_filters.BooleanFilter(method="by_waiting", help_text="For a check or a decision, whoever's turn.")
    mine = django_filters.BooleanFilter(method="by_turn", help_text="What the reader may check or approve now.")
    institution = django_filters.CharFilter(field_name="item__institution__bin", help_text="BIN")
    region = django_filters.CharFilter(field_name="item__institution__locality__region__code", help_text="KZ-11")
    locality = django_filters.CharFilter(field_name="item__institution__locality__kato", help_text="KATO")
    requirement = django_filters.ModelChoiceFilter(
        field_name="item__requirement", queryset=Requirement.objects.all(), to_field_name="code", help_text="Code"
    )
    reason = django_filters.ChoiceFilter(field_name="return_reason", choices=ReturnReason.choices)
    submitted_before = django_filters.IsoDateTimeFilter(field_name="submitted_at", lookup_expr="lt")

    class Meta:
        model = StatusEntry
        fields: tuple[str, ...] = ()

    def by_waiting(self, queryset: StatusEntryQuerySet, _name: str, value: bool) -> StatusEntryQuerySet:  # noqa: FBT001
        return queryset.awaiting_decision() if value else queryset.exclude(state__in=WAITING)

    def by_turn(self, queryset: StatusEntryQuerySet, _name: str, value: bool) -> StatusEntryQuerySet:  # noqa: FBT001
        mine = StatusEntry.objects.movable_by(self.request.user).values("pk")
        return queryset.filter(pk__in=mine) if value else queryset.exclude(pk__in=mine)


class EntryViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[StatusEntry]):
    """Answers of the institutions that the reader reaches, the longest waiting first; drafts are nobody else's.

    Reading others' gaps is noted in the journal.
    """

    serializer_class = EntrySerializer
    filterset_class = EntryApiFilter
    queryset = StatusEntry.objects.none()  # for the schema: which model

    def get_queryset(self) -> QuerySet[StatusEntry]:
        user = self.request.user
        sent = StatusEntry.objects.visible_to(user).filter(state__in=SENT, submitted_at__isnull=False)
        return (
            sent.with_step(user)
            .select_related("item__institution__locality__region", "item__requirement")
            .oldest_first()
        )

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().list(request, *args, **kwargs)
        if isinstance(request.user, User) and _reads_others(request.user, request):
            journal.write("entries.list", "entries", by=request.user, after=request.query_params.dict())
        return response


class ItemViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[ChecklistItem]):
    """Items of the institutions that the reader reaches. Reading others' gaps is noted in the journal."""

    serializer_class = ItemSerializer
    filterset_class = ItemApiFilter
    queryset = ChecklistItem.objects.none()  # for the schema: which model

    def get_queryset(self) -> QuerySet[ChecklistItem]:
        visible = ChecklistItem.objects.visible_to(self.request.user).with_photo_count(today())
        return visible.select_related("institution", "requirement").order_by("institution_id", "requirement_id")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().list(request, *args, **kwargs)
        if isinstance(request.user, User) and _reads_others(request.user, request):
            journal.write("items.list", "items", by=request.user, after=request.query_params.dict())
        return response


def _reads_others(user: User, request: Request) -> bool:
    """Whether the list shows gaps of others and is to be noted as one; one institution's reading is noted here."""
    seen = Institution.objects.visible_to(user)
    bin_number = request.query_params.get("institution", "")
    if bin_number:
        institution = seen.filter(bin=bin_number).first()
        if institution is not None:
            note_reading(user, institution, timezone.now())
        return False
    return seen.exclude(pk__in=Institution.objects.within_roles(user, INSIDERS).values("pk")).exists()
