"""Forms of people and their roles on the site's own pages; those of the support window stand in `forms.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from institutions.enums import REGIONAL_ROLES, Role
from institutions.invitations import Invited
from institutions.models import Institution, Locality, Membership, Region, User
from institutions.querysets import InstitutionQuerySet
from institutions.roles import Post
from institutions.validators import validate_day

FOUND_SHOWN: Final = 10  # how many institutions a search offers; more are to be narrowed down
LANGUAGE_NAMES: Final = User._meta.get_field("language").choices or []

Data = Mapping[str, Any] | None


def day_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text,
        validators=[validate_day],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class DetailsForm(forms.Form):
    """What is known of a person besides their roles."""

    full_name = forms.CharField(label=pgettext_lazy("person", "Name"), max_length=200)
    email = forms.EmailField(label=gettext_lazy("E-mail"))
    language = forms.ChoiceField(label=gettext_lazy("Language of the letters"), choices=LANGUAGE_NAMES)


class WhoForm(forms.Form):
    """By their e-mail address: somebody known, or somebody new with a name and a language."""

    email = forms.EmailField(label=gettext_lazy("E-mail"))
    full_name = forms.CharField(label=pgettext_lazy("person", "Name"), max_length=200)
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the letters"), choices=LANGUAGE_NAMES, initial=settings.LANGUAGE_CODE
    )

    @property
    def invited(self) -> Invited:
        return Invited(*(self.cleaned_data[name] for name in ("email", "full_name", "language")))


class PostForm(forms.Form):
    """A role with its scope, as far as `by` may give it: all for an administrator, else director of an institution.

    An institution is named by its BIN or by words of its name. Where several are like that, the field `found` offers
    them; it is there only then. Of the scopes only the one that fits the role is looked at, and has to be filled.
    """

    use_required_attribute = False  # which scope is required changes with the role

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=[("", gettext_lazy("choose")), *Role.choices])
    place = forms.ChoiceField(
        label=gettext_lazy("Region or district"),
        help_text=gettext_lazy("For people of a region."),
        error_messages={"required": gettext_lazy("Choose a region or a district.")},
    )
    institution = forms.CharField(
        label=gettext_lazy("Institution"),
        max_length=200,
        help_text=gettext_lazy("For a director. Its BIN, or words of its name."),
        error_messages={"required": gettext_lazy("Name the institution.")},
    )
    until = day_field(
        gettext_lazy("Last day"), required=False, help_text=gettext_lazy("Empty: the role has no end for now.")
    )

    def __init__(self, data: Data = None, *, by: User, everything: bool, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.reached: InstitutionQuerySet = Institution.objects.appointable_by(by).with_places()
        if not everything:
            del self.fields["role"], self.fields["place"]
        else:
            self.fields["place"].choices = place_choices()  # type: ignore[attr-defined]
        if not self.is_bound:
            return
        role = self.data.get("role", "") if everything else Role.DIRECTOR
        self.candidates = self._candidates() if role == Role.DIRECTOR else []
        self.fields["institution"].required = role == Role.DIRECTOR
        if everything:
            self.fields["place"].required = role in REGIONAL_ROLES
        if 1 < len(self.candidates) <= FOUND_SHOWN:
            self._offer_found()

    def _candidates(self) -> list[Institution]:
        text = str(self.data.get("institution", "")).strip()
        if not text:
            return []
        exact = list(self.reached.filter(bin=text))
        return exact or list(self.reached.search_for(text)[: FOUND_SHOWN + 1])

    def _offer_found(self) -> None:
        unclear = gettext_lazy("Several institutions are like that: choose one.")
        names = list(self.fields)
        self.fields["found"] = forms.ChoiceField(
            label=gettext_lazy("Which of these?"),
            widget=forms.RadioSelect,
            choices=[(one.bin, f"{one.name} · {one.locality}, {one.locality.region}") for one in self.candidates],
            error_messages={"required": unclear, "invalid_choice": unclear},
        )
        names.insert(names.index("institution") + 1, "found")
        self.order_fields(names)

    def clean_institution(self) -> str:
        text: str = self.cleaned_data["institution"]
        if text and self.fields["institution"].required and "found" not in self.fields and len(self.candidates) != 1:
            if self.candidates:
                raise ValidationError(
                    _("Too many institutions are like that: write more of the name, or the BIN."), code="unclear"
                )
            raise ValidationError(_("No institution of your scope is like that."), code="unknown")
        return text

    @property
    def post(self) -> Post:
        """What a valid form names."""
        role = Role(self.cleaned_data.get("role", Role.DIRECTOR))
        if role == Role.DIRECTOR:
            bin_number = self.cleaned_data.get("found") or self.candidates[0].bin
            return Post(role, institution=next(one for one in self.candidates if one.bin == bin_number))
        kind, _colon, code = self.cleaned_data["place"].partition(":") if role in REGIONAL_ROLES else ("", "", "")
        if kind == "region":
            return Post(role, region=Region.objects.get(code=code))
        return Post(role, locality=Locality.objects.get(kato=code)) if code else Post(role)


class InvitationForm(WhoForm, PostForm):
    """Somebody and the role that they are invited to."""

    def __init__(self, data: Data = None, *, by: User, everything: bool, **kwargs: Any) -> None:
        super().__init__(data, by=by, everything=everything, **kwargs)
        names = [name for name in self.fields if name not in WhoForm.base_fields]
        self.order_fields([*WhoForm.base_fields, *names])


class OptionallyNewForm(WhoForm):
    """Mostly somebody known: a name is asked for only where the address is new."""

    def __init__(self, data: Data = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["full_name"].required = False
        self.fields["full_name"].help_text = _("Only for somebody whom the register does not know yet.")
        self.fields["language"].help_text = _("Of somebody new.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        email = data.get("email")
        if email and not data.get("full_name") and not User.objects.filter(email__iexact=email).exists():
            message = _("Nobody in the register has this address: write the name of the person.")
            self.add_error("full_name", ValidationError(message, code="required"))
        return data


class StandInForm(OptionallyNewForm):
    """Who stands in, and from when until when."""

    since = day_field(gettext_lazy("First day"))
    until = day_field(gettext_lazy("Last day"))


class HandOverForm(OptionallyNewForm):
    """Who leaves, on which day, and who comes the day after."""

    leaving = forms.ChoiceField(label=gettext_lazy("Who leaves"), widget=forms.RadioSelect)
    last_day = day_field(
        gettext_lazy("Their last day"), help_text=gettext_lazy("The new director begins on the day after.")
    )

    field_order = ("leaving", "last_day", "email", "full_name", "language")

    def __init__(self, data: Data = None, *, directors: list[Membership], day: date, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.directors = {str(director.pk): director for director in directors}
        self.fields["leaving"].choices = [  # type: ignore[attr-defined]
            (key, f"{director.user} · {director.user.email}") for key, director in self.directors.items()
        ]
        self.fields["leaving"].initial = next(iter(self.directors), None) if len(directors) == 1 else None
        self.fields["last_day"].widget.attrs["min"] = day.isoformat()
        self.fields["last_day"].initial = day
        self.fields["email"].label = _("E-mail of the new director")

    @property
    def former(self) -> Membership:
        return self.directors[self.cleaned_data["leaving"]]


class EndForm(forms.Form):
    """The last day of a role; where one is set already (and the role is no substitute's) it can be emptied again."""

    last_day = day_field(
        gettext_lazy("Last day"), help_text=gettext_lazy("Today or later. On the day after, the role reaches nothing.")
    )

    def __init__(self, data: Data = None, *, membership: Membership, day: date) -> None:
        super().__init__(data, initial={"last_day": membership.valid_to or day})
        field = self.fields["last_day"]
        field.widget.attrs["min"] = max(day, membership.valid_from).isoformat()
        if membership.valid_to is not None and membership.substitute_for_id is None:
            field.required = False
            field.help_text = _("Today or later. Empty: the role has no end for now.")


def place_choices() -> list[tuple[str, Any]]:
    """Regions, then districts and cities by region."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for locality in Locality.objects.select_related("region"):
        groups.setdefault(locality.region.name, []).append((f"locality:{locality.kato}", locality.name))
    whole = [(f"region:{region.code}", region.name) for region in Region.objects.all()]
    return [("", _("choose")), (_("Whole regions"), whole), *groups.items()]
