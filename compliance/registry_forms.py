"""Forms that enter institutions and change their records."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final, TypeAlias, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.card_forms import MOST_PEOPLE
from institutions import names, registry
from institutions.access import REGISTER
from institutions.enums import Kind, Ownership, RegionKind
from institutions.filters import by_region
from institutions.models import Institution, Locality, Settlement, User
from institutions.querysets import LocalityQuerySet
from institutions.validators import validate_bin_number, validate_day

# A change may be entered before its day (a school that closes in summer); what lies farther off is a slip.
AHEAD: Final = timedelta(days=366)
_PHONE: Final = RegexValidator(r"^[+0-9() -]{5,30}$", gettext_lazy("Write the phone in digits, like +7 7162 25 00 00."))
_PlaceField: TypeAlias = "forms.ModelChoiceField[Locality | Settlement]"
_BLANKS: Final = re.compile(r"[\s\u200b-]+")


def day_field(label: Any, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=help_text,
        validators=[validate_day],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


def check_not_far_ahead(since: date, day: date) -> None:
    if since > day + AHEAD:
        raise ValidationError(_("This day lies more than a year ahead."), code="far_ahead")


class PlaceForm(forms.Form):
    """Locality and settlement; the settlements offered are those of the chosen locality.

    The list of localities asks the server for the page anew and takes the place from it; without script a button
    does so. Whoever makes the form says with `offer_places` which localities there are to choose from.
    """

    locality = forms.ModelChoiceField(
        queryset=Locality.objects.none(),
        to_field_name="kato",
        label=gettext_lazy("District or city"),
        widget=forms.Select(
            attrs={
                "hx-post": "",
                "hx-trigger": "change",
                "hx-target": "#place",
                "hx-select": "#place",
                "hx-swap": "outerHTML",
                "hx-vals": '{"do": "place"}',
            }
        ),
    )
    settlement = forms.ModelChoiceField(
        queryset=Settlement.objects.none(),
        to_field_name="kato",
        label=gettext_lazy("Settlement"),
        error_messages={
            "required": gettext_lazy("Choose the settlement."),
            "invalid_choice": gettext_lazy("This settlement lies in another locality. Choose again."),
        },
    )
    chosen: Locality | None = None

    def offer_places(self, localities: LocalityQuerySet) -> None:
        """Three queries: the localities, the chosen one, its settlements."""
        localities = localities.select_related("region")
        locality = cast("_PlaceField", self.fields["locality"])
        settlement = cast("_PlaceField", self.fields["settlement"])
        locality.queryset = localities
        locality.choices = [("", _("choose")), *by_region(localities)]
        self.chosen = localities.filter(kato=str(self["locality"].value() or "")).first()
        if self.without_settlements:
            del self.fields["settlement"]
            return
        offered = Settlement.objects.filter(locality=self.chosen) if self.chosen else Settlement.objects.none()
        settlement.queryset = offered
        labels = sorted(
            ((place.kato, f"{place.name}, {place.get_settlement_class_display()}") for place in offered),
            key=lambda choice: names.sort_key_kk(choice[1]),
        )
        settlement.choices = [("", _("choose")), *labels]

    @property
    def without_settlements(self) -> bool:
        """The chosen locality is a district of a city of republican significance."""
        return self.chosen is not None and self.chosen.region.kind == RegionKind.REPUBLICAN_CITY

    def place(self) -> dict[str, Any]:
        """The fields of the state that follow from a valid choice."""
        locality, settlement = self.cleaned_data.get("locality"), self.cleaned_data.get("settlement")
        if locality is None or (settlement is None and not self.without_settlements):
            return {}
        return registry.place_fields(locality, settlement)


class NewInstitutionForm(PlaceForm):
    """A new institution. `institution` of a valid form is ready for `enrolment.open_institution`.

    `found`: the institution that has the BIN already, where the person may see it.
    """

    bin = forms.CharField(
        label=gettext_lazy("BIN"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=gettext_lazy("12 digits. It cannot be changed later: it stands in the ledger."),
    )
    name_kk = forms.CharField(label=gettext_lazy("Name in Kazakh"), max_length=300)
    name_ru = forms.CharField(label=gettext_lazy("Name in Russian"), max_length=300)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Kind.choices, widget=forms.RadioSelect)
    ownership = forms.ChoiceField(label=gettext_lazy("Ownership"), choices=Ownership.choices, widget=forms.RadioSelect)
    address_kk = forms.CharField(label=gettext_lazy("Address in Kazakh"), max_length=300, required=False)
    address_ru = forms.CharField(label=gettext_lazy("Address in Russian"), max_length=300, required=False)
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=30, required=False, validators=[_PHONE])
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    staff = forms.IntegerField(label=gettext_lazy("Staff"), min_value=0, max_value=MOST_PEOPLE)
    learners = forms.IntegerField(label=gettext_lazy("Learners"), min_value=0, max_value=MOST_PEOPLE)
    since = day_field(
        gettext_lazy("Open since"),
        gettext_lazy("From this day on it is counted. It may lie in the past, and up to a year ahead."),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        initial: Mapping[str, Any] | None = None,
        user: User,
        day: date,
    ) -> None:
        super().__init__(data, initial={"since": day, **(initial or {})})
        self.user = user
        self.day = day
        self.found: Institution | None = None
        self.order_fields(["bin", "name_kk", "name_ru", "kind", "ownership", "locality", "settlement"])
        self.offer_places(Locality.objects.within_roles(user, REGISTER))

    def clean_bin(self) -> str:
        number = _BLANKS.sub("", self.cleaned_data["bin"])
        validate_bin_number(number)
        self.refuse_taken(number)
        return number

    def refuse_taken(self, number: str) -> None:
        """Raise ValidationError where the BIN is taken; who may not see the institution learns nothing of it."""
        if not Institution.objects.filter(bin=number).exists():
            return
        self.found = Institution.objects.visible_to(self.user).filter(bin=number).first()
        if self.found is not None:
            raise ValidationError(_("The institution with this BIN is entered already."), code="found")
        raise ValidationError(
            _("This BIN cannot be entered here. Ask the ministry's administrator."), code="cannot_be_entered"
        )

    def clean_since(self) -> date:
        since: date = self.cleaned_data["since"]
        check_not_far_ahead(since, self.day)
        return since

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        place = self.place()
        plain = ("bin", "name_kk", "name_ru", "kind", "ownership", "address_kk", "address_ru", "phone", "email")
        values = {name: data.get(name, "") for name in plain}
        self.institution = Institution(
            **values, **place, staff=data.get("staff") or 0, learners=data.get("learners") or 0
        )
        return data
