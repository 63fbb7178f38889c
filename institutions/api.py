"""Institutions for other programs: read-only, within the reader's scope."""

from __future__ import annotations

from typing import ClassVar

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers, viewsets

from institutions.enums import Kind, Lifecycle, Ownership
from institutions.models import Institution, LargeCity, Locality, Region
from institutions.querysets import InstitutionQuerySet


class InstitutionSerializer(serializers.ModelSerializer[Institution]):
    """What an institution is today. Places by their codes: ISO 3166-2 for the region, KATO for the others."""

    region = serializers.CharField(source="locality.region.code")
    locality = serializers.CharField(source="locality.kato")
    settlement = serializers.CharField(source="settlement.kato", allow_null=True, default=None)
    large_city = serializers.CharField(source="large_city.kato", allow_null=True, default=None)

    class Meta:
        model = Institution
        fields: ClassVar = [
            "bin",
            "name_kk",
            "name_ru",
            "kind",
            "ownership",
            "lifecycle",
            "region",
            "locality",
            "settlement",
            "settlement_class",
            "large_city",
            "staff",
            "learners",
            "facts",
            "address_kk",
            "address_ru",
            "latitude",
            "longitude",
            "phone",
            "email",
        ]


class InstitutionApiFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types there
    q = django_filters.CharFilter(method="search", help_text="Words of the name, or the first digits of the BIN.")
    region = django_filters.ModelChoiceFilter(
        field_name="locality__region", queryset=Region.objects.all(), to_field_name="code", help_text="KZ-11"
    )
    locality = django_filters.ModelChoiceFilter(
        field_name="locality", queryset=Locality.objects.all(), to_field_name="kato", help_text="KATO"
    )
    large_city = django_filters.ModelChoiceFilter(
        field_name="large_city", queryset=LargeCity.objects.all(), to_field_name="kato", help_text="KATO"
    )
    kind = django_filters.ChoiceFilter(choices=Kind.choices)
    ownership = django_filters.ChoiceFilter(choices=Ownership.choices)
    lifecycle = django_filters.ChoiceFilter(choices=Lifecycle.choices)

    class Meta:
        model = Institution
        fields: tuple[str, ...] = ()

    def search(self, queryset: InstitutionQuerySet, name: str, value: str) -> InstitutionQuerySet:
        return queryset.search_for(value)


class InstitutionViewSet(viewsets.ReadOnlyModelViewSet[Institution]):
    """Institutions that the reader reaches, in the order of their Kazakh names; one by its BIN."""

    serializer_class = InstitutionSerializer
    filterset_class = InstitutionApiFilter
    lookup_field = "bin"
    lookup_value_regex = r"\d{12}"
    queryset = Institution.objects.none()  # for the schema: which model, which key

    def get_queryset(self) -> QuerySet[Institution]:
        return Institution.objects.visible_to(self.request.user).with_places().order_by("sort_kk", "pk")
