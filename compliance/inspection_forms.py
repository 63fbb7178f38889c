"""Forms of inspections: what was found item by item, and why one is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.enums import FOUND, Measure, Status
from compliance.models import Chapter, ChecklistItem, Finding
from institutions.models import Institution, Locality, Region
from institutions.validators import validate_day

if TYPE_CHECKING:
    from django.http import HttpRequest

    from compliance.querysets import FindingQuerySet

NOT_LOOKED_AT = ""


class InspectionForm(forms.Form):
    """When, who looked, and what was found about each item that was looked at; a field an item, named by its code."""

    held_on = forms.DateField(
        label=gettext_lazy("Day of the inspection"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        localize=False,
        validators=[validate_day],
    )
    inspector = forms.CharField(
        label=gettext_lazy("Who looked"),
        max_length=200,
        help_text=gettext_lazy("Name and office, as in the record of the inspection."),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, items: Sequence[ChecklistItem], today: date) -> None:
        self.items = items
        self.today = today
        super().__init__(data, initial={"held_on": today})
        self.fields["held_on"].widget.attrs["max"] = today.isoformat()
        for item in items:
            self.fields[_name(item)] = forms.ChoiceField(
                label=item.requirement.title,
                choices=[(NOT_LOOKED_AT, _("not looked at")), *((status.value, status.label) for status in FOUND)],
                required=False,
            )

    def clean_held_on(self) -> date:
        held_on: date = self.cleaned_data["held_on"]
        if held_on > self.today:
            raise ValidationError(_("This day has not come yet."), code="future")
        return held_on

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not self.found:
            raise ValidationError(_("Say of one item at the least what was found."), code="nothing_found")
        return cleaned

    @property
    def found(self) -> dict[ChecklistItem, Status]:
        """What a valid form says was found; items that were not looked at are left out."""
        said = {item: self.cleaned_data.get(_name(item), NOT_LOOKED_AT) for item in self.items}
        return {item: Status(status) for item, status in said.items() if status != NOT_LOOKED_AT}

    @property
    def about(self) -> list[BoundField]:
        """The fields that are not about an item."""
        return [self[name] for name in ("held_on", "inspector", "note")]

    def chapters(self) -> list[tuple[Chapter, list[tuple[ChecklistItem, BoundField]]]]:
        """Items with their fields, by chapter of the Order."""
        return [
            (chapter, [(item, self[_name(item)]) for item in items])
            for chapter, items in groupby(self.items, key=lambda item: item.requirement.chapter)
        ]


def _name(item: ChecklistItem) -> str:
    return f"item-{item.requirement.code}"


class RevokeInspectionForm(forms.Form):
    """Why an inspection is taken back."""

    note = forms.CharField(
        label=gettext_lazy("Why it is wrong"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Say why the inspection is wrong.")},
    )


def _regions(request: HttpRequest | None) -> Any:
    if request is None:
        return Region.objects.none()
    return Region.objects.filter(localities__in=_localities(request)).distinct()


def _localities(request: HttpRequest | None) -> Any:
    if request is None:
        return Locality.objects.none()
    return Locality.objects.filter(pk__in=Institution.objects.visible_to(request.user).values("locality"))


class ContradictionFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Contradictions of a place, an institution or a measure."""

    q = django_filters.CharFilter(method="by_institution", label=gettext_lazy("Institution: name or BIN"))
    region = django_filters.ModelChoiceFilter(
        field_name="item__institution__locality__region",
        queryset=_regions,
        to_field_name="code",
        label=gettext_lazy("Region"),
        empty_label=gettext_lazy("all"),
    )
    locality = django_filters.ModelChoiceFilter(
        field_name="item__institution__locality",
        queryset=_localities,
        to_field_name="kato",
        label=gettext_lazy("District or city"),
        empty_label=gettext_lazy("all"),
    )
    measure = django_filters.ChoiceFilter(
        field_name="item__requirement__measure",
        choices=Measure.choices,
        label=gettext_lazy("Measure of the brief"),
        empty_label=gettext_lazy("all"),
    )

    class Meta:
        model = Finding
        fields: list[str] = []

    @property
    def active(self) -> int:
        """How many filters are set."""
        form: forms.Form = self.form
        return sum(bool(self.data.get(name)) for name in form.fields)

    def by_institution(self, queryset: FindingQuerySet, _name: str, value: str) -> FindingQuerySet:
        return queryset.filter(item__institution__in=Institution.objects.search_for(value))
