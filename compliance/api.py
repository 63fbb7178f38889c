"""Checklist items for other programs: read-only, within the reader's scope."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from compliance.enums import Measure, Status
from compliance.models import ChecklistItem, Requirement
from compliance.reading import note_reading
from institutions import journal
from institutions.access import INSIDERS
from institutions.clock import today
from institutions.models import Institution, User


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
        if isinstance(request.user, User):
            self._note(request.user, request)
        return response

    def _note(self, user: User, request: Request) -> None:
        now = timezone.now()
        seen = Institution.objects.visible_to(user)
        bin_number = request.query_params.get("institution", "")
        if bin_number:
            institution = seen.filter(bin=bin_number).first()
            if institution is not None:
                note_reading(user, institution, now)
        elif seen.exclude(pk__in=Institution.objects.within_roles(user, INSIDERS).values("pk")).exists():
            journal.write("items.list", "items", by=user, after=request.query_params.dict(), now=now)
