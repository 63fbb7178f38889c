"""What may be asked of coverage, read from an address: for the pages and the API alike; and the wish for a brief."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.enums import Measure, Scope
from compliance.models import Period, Requirement
from institutions.enums import Kind, Ownership
from reporting.coverage import Dimension, Part, Question, Reach, default_scope, places_of

BY_KIND = "by_kind"
INSTITUTIONS = "institutions"
LEARNERS = "learners"
PLACE_FIELDS = {
    "region": Dimension.REGION,
    "locality": Dimension.LOCALITY,
    "city_line": Dimension.CITY_LINE,
}


class DayInput(forms.DateInput):
    """A date picker; what is no day stands in a plain box as it was typed, for a picker would drop it."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        if context["widget"]["value"] and not _is_iso_day(context["widget"]["value"]):
            context["widget"]["type"] = "text"
        return context


def _is_iso_day(text: str) -> bool:
    try:
        return parse_date(text) is not None
    except ValueError:
        return False


class DayField(forms.DateField):
    widget = DayInput
    default_error_messages: ClassVar = {
        "invalid": gettext_lazy("There is no such day. Write it like 2023-03-31."),
    }


class FlagInput(forms.CheckboxInput):
    """A box whose value is judged by its field: in an address "0" means no, and "maybe" is a mistake."""

    def __init__(self) -> None:
        super().__init__(check_test=lambda value: FlagField.WORDS.get(str(value).lower(), False))

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name)


class FlagField(forms.Field):
    widget = FlagInput
    WORDS: ClassVar = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}

    def to_python(self, value: Any) -> bool:
        if value in self.empty_values:
            return False
        if str(value).lower() not in self.WORDS:
            raise ValidationError(_("Write true or false."), code="invalid")
        return bool(self.WORDS[str(value).lower()])


class QuestionForm(forms.Form):
    """A question about coverage within a person's reach; `question()` gives it once the form is valid.

    A place out of reach is refused in the same words as one that does not exist. Costs a query a named place.
    """

    as_of = DayField(label=gettext_lazy("As of"), required=False)
    known_on = DayField(label=gettext_lazy("As known on"), required=False)
    measure = forms.ChoiceField(label=gettext_lazy("Measure"), choices=Measure.choices, required=False)
    scope = forms.ChoiceField(label=gettext_lazy("Population"), choices=Scope.choices, required=False)
    region = forms.CharField(label=gettext_lazy("Region"), required=False)
    locality = forms.CharField(label=gettext_lazy("District or city"), required=False)
    city_line = forms.CharField(label=gettext_lazy("Line of large cities"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Kind.choices, required=False)
    ownership = forms.ChoiceField(label=gettext_lazy("Ownership"), choices=Ownership.choices, required=False)
    obliged_only = FlagField(label=gettext_lazy("Only those whom the Order obliges"), required=False)

    def __init__(self, data: QueryDict | dict[str, Any], *, reach: Reach, day: date) -> None:
        self.reach = reach
        self.day = day
        super().__init__(data)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("city_line") and not cleaned.get("scope"):
            cleaned["scope"] = Scope.LARGE_CITIES.value
        for name, dimension in PLACE_FIELDS.items():
            if cleaned.get(name) and not self._reaches(dimension, name, cleaned):
                self.add_error(name, ValidationError(_("There is no such place here."), code="unknown_place"))
        return cleaned

    def _reaches(self, dimension: Dimension, name: str, cleaned: dict[str, Any]) -> bool:
        asked = Question(self.day, region=cleaned.get("region") or None, reach=self.reach)
        return cleaned[name] in places_of(dimension, asked)

    @property
    def names_unknown_place(self) -> bool:
        return any(self.has_error(name, "unknown_place") for name in PLACE_FIELDS)

    @property
    def scope(self) -> Scope:
        return Scope(self.cleaned_data["scope"] or Scope.NATIONAL)

    def question(self) -> Question:
        asked = self.cleaned_data
        return Question(
            as_of=asked["as_of"] or self.day,
            known_on=asked["known_on"],
            measure=Measure(asked["measure"]) if asked["measure"] else None,
            scope=self.scope,
            obliged_only=asked["obliged_only"],
            region=asked["region"] or None,
            locality=asked["locality"] or None,
            city_line=asked["city_line"] or None,
            kind=Kind(asked["kind"]) if asked["kind"] in Kind.values else None,
            ownership=asked["ownership"] or None,
            reach=self.reach,
        )


class _WithRequirement(QuestionForm):
    """Any item of the Order may be asked about, by its code."""

    requirement = forms.ChoiceField(label=gettext_lazy("Item of the Order"), required=False)
    unit = forms.ChoiceField(
        label=gettext_lazy("Counted in"),
        choices=[(INSTITUTIONS, gettext_lazy("institutions")), (LEARNERS, gettext_lazy("learners"))],
        required=False,
    )

    def __init__(
        self, data: QueryDict, *, reach: Reach, day: date, requirements: list[Requirement]
    ) -> None:
        super().__init__(data, reach=reach, day=day)
        self.requirements = {requirement.code: requirement for requirement in requirements}
        chapters: dict[str, list[tuple[str, str]]] = {}
        for requirement in requirements:
            chapters.setdefault(requirement.chapter.title, []).append((requirement.code, requirement.title))
        self._field("requirement").choices = [
            ("", _("the five measures of the brief")),
            *chapters.items(),
        ]

    def _field(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (tells the type checker; declared above)
        return field

    @property
    def in_learners(self) -> bool:
        return bool(self.cleaned_data["unit"] == LEARNERS)

    @property
    def requirement_asked(self) -> Requirement | None:
        return self.requirements.get(self.cleaned_data["requirement"])

    def question(self) -> Question:
        from dataclasses import replace

        return replace(super().question(), requirement=self.cleaned_data["requirement"] or None)


class CoverageForm(_WithRequirement):
    """The table's address: the place and the tabs are links and travel hidden, the rest is the form's."""

    SHOWN = ("as_of", "known_on", "requirement", "ownership", "unit", "obliged_only")
    field_order: ClassVar = SHOWN

    def __init__(self, data: QueryDict, **context: Any) -> None:
        filled = data.copy()
        if not filled.get("as_of", "").strip():
            filled["as_of"] = context["day"].isoformat()
        super().__init__(filled, **context)
        del self.fields["measure"]
        self._field("kind").choices = [*Kind.choices, (BY_KIND, _("by kind"))]
        self._field("ownership").choices = [("", _("all")), *Ownership.choices]
        for name in self.fields.keys() - set(self.SHOWN):
            self.fields[name].widget = forms.HiddenInput()

    @property
    def by_kind(self) -> bool:
        return bool(self.cleaned_data["kind"] == BY_KIND)

    @property
    def chosen(self) -> int:
        """How many of the shown fields differ from what a fresh page asks."""
        asked = self.cleaned_data
        differing = [asked["as_of"] != self.day, asked["unit"] == LEARNERS]
        return sum(differing) + sum(
            bool(asked[name]) for name in ("known_on", "requirement", "ownership", "obliged_only")
        )

    def question(self) -> Question:
        from dataclasses import replace

        asked = super().question()
        return replace(asked, measures_only=asked.requirement is None)
