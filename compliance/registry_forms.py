"""Forms that enter institutions and change their records."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, TypeAlias, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.card_forms import MOST_PEOPLE, check_known
from institutions import names, registry
from institutions.access import REGISTER
from institutions.acts import Act
from institutions.enums import Kind, Owner, Ownership, RegionKind
from institutions.filters import by_region
from institutions.models import Institution, InstitutionState, LargeCity, Locality, Membership, Settlement, User
from institutions.ownership import OWNERS
from institutions.querysets import LocalityQuerySet
from institutions.validators import validate_bin_number, validate_day

# A change may be entered before its day (a school that closes in summer); what lies farther off is a slip.
AHEAD: Final = timedelta(days=366)
_PHONE: Final = RegexValidator(r"^[+0-9() -]{5,30}$", gettext_lazy("Write the phone in digits, like +7 7162 25 00 00."))
_PlaceField: TypeAlias = "forms.ModelChoiceField[Locality | Settlement | LargeCity]"
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


class KeptForm(forms.Form):
    """A form that comes back with one of its hidden values renewed, and all that was typed."""

    def renew(self, name: str, value: str) -> None:
        self.data = {key: self.data[key] for key in self.data} | {name: value}


class PlaceForm(KeptForm):
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


def _asked(name: str) -> forms.Field:
    """The field of a state that an act asks for; locality and settlement are those of `PlaceForm`."""
    match name:
        case "staff" | "learners":
            label = gettext_lazy("Staff") if name == "staff" else gettext_lazy("Learners")
            return forms.IntegerField(label=label, min_value=0, max_value=MOST_PEOPLE)
        case "kind":
            return forms.ChoiceField(label=gettext_lazy("Kind"), choices=Kind.choices, widget=forms.RadioSelect)
        case "ownership":
            return forms.ChoiceField(
                label=gettext_lazy("Ownership"), choices=Ownership.choices, widget=forms.RadioSelect
            )
        case _:
            return forms.ModelChoiceField(
                queryset=LargeCity.objects.none(),
                to_field_name="kato",
                required=False,
                label=gettext_lazy("Large city"),
                empty_label=gettext_lazy("none"),
            )


class ChangeForm(PlaceForm):
    """One act from a day on, with its reason. `states` are the institution's, the earliest first."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Such as the order of the akimat with its number and day."),
    )
    since = day_field(gettext_lazy("True since"))
    shown = forms.CharField(widget=forms.HiddenInput, required=False)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        initial: Mapping[str, Any] | None = None,
        act: Act,
        states: Sequence[InstitutionState],
        localities: LocalityQuerySet,
        mark: str,
        day: date,
    ) -> None:
        self.act = act
        self.states = states
        self.day = day
        now = self.state_on(day) or states[0]
        recorded = {name: getattr(now, name) for name in ("staff", "learners", "kind", "ownership")}
        places = {
            "locality": now.locality.kato,
            "settlement": now.settlement.kato if now.settlement else "",
            "large_city": now.large_city.kato if now.large_city else "",
        }
        super().__init__(data, initial={"since": day, "shown": mark, **recorded, **places, **(initial or {})})
        if "locality" in act.asks:
            self.offer_places(localities)
        else:
            del self.fields["locality"], self.fields["settlement"]
            for name in act.asks:
                self.fields[name] = _asked(name)
        if "large_city" in act.asks:
            cities = cast("_PlaceField", self.fields["large_city"])
            cities.queryset = LargeCity.objects.filter(region=now.locality.region_id)
        self.order_fields([*act.asks, "since", "reason"])
        self.fields["since"].widget.attrs["min"] = states[0].valid_from.isoformat()

    def state_on(self, day: date) -> InstitutionState | None:
        return next((state for state in reversed(self.states) if state.valid_from <= day), None)

    def clean_since(self) -> date:
        since: date = self.cleaned_data["since"]
        check_not_far_ahead(since, self.day)
        check_known(since, self.states[0].valid_from)
        return since

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "locality" in self.act.asks:
            self.changes: dict[str, Any] = self.place()
        else:
            self.changes = {name: data[name] for name in self.act.asks if name in data}
        self.changes |= self.act.sets
        state = self.state_on(data["since"]) if data.get("since") else None
        if (
            not self.errors
            and state is not None
            and all(getattr(state, name) == value for name, value in self.changes.items())
        ):
            raise ValidationError(_("On this day it is so already: nothing would change."), code="same")
        return data

    @property
    def fingerprint(self) -> str:
        """Names what a valid form would do: what was told of its consequences holds for this alone."""
        told = [self.act.code, self.cleaned_data["since"].isoformat(), self.data.get("shown", "")]
        told += [f"{name}={getattr(value, 'kato', value)}" for name, value in sorted(self.changes.items())]
        return hashlib.sha256("|".join(told).encode()).hexdigest()


class DetailsForm(KeptForm):
    """Names, address, contacts: corrected, without a day. `foreign` are the fields that the person only proposes."""

    name_kk = forms.CharField(label=gettext_lazy("Name in Kazakh"), max_length=300)
    name_ru = forms.CharField(label=gettext_lazy("Name in Russian"), max_length=300)
    address_kk = forms.CharField(label=gettext_lazy("Address in Kazakh"), max_length=300, required=False)
    address_ru = forms.CharField(label=gettext_lazy("Address in Russian"), max_length=300, required=False)
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=30, required=False, validators=[_PHONE])
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, institution: Institution, owned: Collection[Owner]
    ) -> None:
        self.institution = institution
        recorded = {name: getattr(institution, name) for name in self.base_fields if name in OWNERS}
        self.mark = registry.details_mark(institution)
        super().__init__(data, initial={**recorded, "shown": self.mark})
        self.foreign = [name for name in recorded if OWNERS[name] not in owned]
        self.own = [name for name in recorded if name not in self.foreign]
        if not self.foreign:
            del self.fields["reason"]

    @property
    def own_fields(self) -> list[BoundField]:
        return [self[name] for name in self.own]

    @property
    def foreign_fields(self) -> list[BoundField]:
        return [self[name] for name in self.foreign]

    @property
    def changes(self) -> dict[str, str]:
        """What a valid form would change."""
        return {name: self.cleaned_data[name] for name in (*self.own, *self.foreign) if name in self.changed_data}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        proposed = [name for name in self.foreign if name in self.changed_data]
        if proposed and not data.get("reason"):
            self.add_error("reason", _("Say why, for those who decide on it."))
        return data


class MergeForm(forms.Form):
    """Since when a duplicate is closed, why, and which of its directors go on at the institution that is kept."""

    since = day_field(gettext_lazy("Closed since"), gettext_lazy("From this day on only the other one is counted."))
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    carry = forms.ModelMultipleChoiceField(
        queryset=Membership.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Directors who get the role at the institution that is kept"),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        directors: Sequence[Membership],
        first_day: date,
        day: date,
    ) -> None:
        super().__init__(data, initial={"since": day, "carry": [membership.pk for membership in directors]})
        self.first_day = first_day
        self.day = day
        if directors:
            carry = cast("forms.ModelMultipleChoiceField[Membership]", self.fields["carry"])
            carry.queryset = Membership.objects.filter(pk__in=[membership.pk for membership in directors])
            carry.choices = [(membership.pk, str(membership.user)) for membership in directors]
        else:
            del self.fields["carry"]

    def clean_since(self) -> date:
        since: date = self.cleaned_data["since"]
        check_not_far_ahead(since, self.day)
        check_known(since, self.first_day)
        return since


class RelocationForm(forms.Form):
    """The institutions of one locality move to another. `ask` adds a field for a settlement without a counterpart."""

    source = forms.ModelChoiceField(
        queryset=Locality.objects.select_related("region"), to_field_name="kato", label=gettext_lazy("They leave")
    )
    target = forms.ModelChoiceField(
        queryset=Locality.objects.select_related("region"), to_field_name="kato", label=gettext_lazy("They enter")
    )
    since = day_field(
        gettext_lazy("True since"), gettext_lazy("The first day in the new place. Figures of the days before stay.")
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("The decree. It stands in the history of each institution."),
    )
    _ASKED: Final = "settlement_"

    def __init__(self, data: Mapping[str, Any] | None = None, *, day: date) -> None:
        super().__init__(data, initial={"since": day})
        self.day = day
        groups = [("", _("choose")), *by_region(Locality.objects.select_related("region"))]
        for name in ("source", "target"):
            cast("_PlaceField", self.fields[name]).choices = groups
        asked = [name.removeprefix(self._ASKED) for name in data or {} if name.startswith(self._ASKED)]
        self.ask(Settlement.objects.filter(kato__in=asked))

    def ask(self, settlements: Iterable[Settlement]) -> None:
        """Ask what each of the settlements becomes in the new locality."""
        offered = Settlement.objects.filter(locality__kato=str(self["target"].value() or ""))
        for settlement in settlements:
            self.fields[f"{self._ASKED}{settlement.kato}"] = forms.ModelChoiceField(
                queryset=offered.order_by("name_kk"), to_field_name="kato", label=settlement.name
            )

    @property
    def counterparts(self) -> dict[Settlement, Settlement]:
        """What a valid form says the settlements become."""
        asked = {
            name.removeprefix(self._ASKED): value
            for name, value in self.cleaned_data.items()
            if name.startswith(self._ASKED)
        }
        return {settlement: asked[settlement.kato] for settlement in Settlement.objects.filter(kato__in=asked)}

    def clean_since(self) -> date:
        since: date = self.cleaned_data["since"]
        check_not_far_ahead(since, self.day)
        return since

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("source") is not None and data.get("source") == data.get("target"):
            self.add_error("target", _("Choose another one than they leave."))
        return data


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class DeclineForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Why it is declined"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


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
