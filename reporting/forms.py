"""What may be asked of coverage, read from an address: for the pages and the API alike; and the wish for a brief."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar, Final, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.enums import Level, Measure, Scope
from compliance.models import Period, Requirement
from compliance.quarters import LONG_WAIT_DAYS, LONGEST_WAIT_DAYS
from institutions.enums import Kind, Ownership
from institutions.models import Region
from reporting.brief import sheet_facts
from reporting.brief.facts import Snapshot
from reporting.brief.languages import LANGUAGES
from reporting.coverage import Dimension, Part, Question, Reach, default_scope, places_of
from reporting.enums import BriefKind, Publication
from reporting.models import Brief
from reporting.querysets import BriefQuerySet

BY_KIND = "by_kind"
INSTITUTIONS = "institutions"
LEARNERS = "learners"
PARTS: Final = [
    (Part.COVERED.value, gettext_lazy("covered")),
    (Part.NOT_COVERED.value, gettext_lazy("not covered")),
    (Part.TOTAL.value, gettext_lazy("all")),
]
# Of a comparison: who came to be covered between its quarters, and who no longer is.
WAYS: Final = [
    ("gained", gettext_lazy("came to meet it")),
    ("joined", gettext_lazy("newly counted")),
    ("lost", gettext_lazy("ceased to meet it")),
    ("left", gettext_lazy("no longer counted")),
]
PLACE_FIELDS: Final = {
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
    level = forms.ChoiceField(label=gettext_lazy("Level of truth"), choices=Level.choices, required=False)

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
    def chosen_scope(self) -> Scope:
        return Scope(self.cleaned_data["scope"] or Scope.NATIONAL)

    def question(self) -> Question:
        asked = self.cleaned_data
        return Question(
            as_of=asked["as_of"] or self.day,
            known_on=asked["known_on"],
            measure=Measure(asked["measure"]) if asked.get("measure") else None,
            scope=self.chosen_scope,
            obliged_only=asked["obliged_only"],
            region=asked["region"] or None,
            locality=asked["locality"] or None,
            city_line=asked["city_line"] or None,
            kind=Kind(asked["kind"]) if asked["kind"] in Kind.values else None,
            ownership=asked["ownership"] or None,
            level=Level(asked["level"] or Level.APPROVED),
            reach=self.reach,
        )


class _RequirementForm(QuestionForm):
    """Any item of the Order may be asked about, by its code; figures are in institutions or in their learners."""

    requirement = forms.ChoiceField(label=gettext_lazy("Item of the Order"), required=False)
    unit = forms.ChoiceField(
        label=gettext_lazy("Counted in"),
        choices=[(INSTITUTIONS, gettext_lazy("institutions")), (LEARNERS, gettext_lazy("learners"))],
        required=False,
    )

    def __init__(self, data: QueryDict, *, reach: Reach, day: date, requirements: Iterable[Requirement]) -> None:
        """`requirements` with their chapters, in the order of the Order."""
        super().__init__(data, reach=reach, day=day)
        self.requirements = {requirement.code: requirement for requirement in requirements}
        chapters: dict[str, list[tuple[str, str]]] = {}
        for requirement in self.requirements.values():
            chapters.setdefault(requirement.chapter.title, []).append((requirement.code, requirement.title))
        self.choice("requirement").choices = [("", _("the five measures of the brief")), *chapters.items()]

    def choice(self, name: str) -> forms.ChoiceField:
        return cast(forms.ChoiceField, self.fields[name])

    @property
    def in_learners(self) -> bool:
        return bool(self.cleaned_data["unit"] == LEARNERS)

    def question(self) -> Question:
        return replace(super().question(), requirement=self.cleaned_data["requirement"] or None)


class View(models.TextChoices):
    """How coverage is looked at."""

    TABLE = "table", gettext_lazy("Table")
    HEAT = "heat", gettext_lazy("Heat table")
    MAP = "map", gettext_lazy("Map")
    TREND = "trend", gettext_lazy("Trend")


class CoverageForm(_RequirementForm):
    """The table's address: place and tabs are links and travel hidden, the rest is shown as a form.

    A fresh page fills in the register's day, so that an address that is sent on means the same tomorrow.
    """

    SHOWN: ClassVar = ("as_of", "known_on", "requirement", "ownership", "unit", "obliged_only")

    view = forms.ChoiceField(label=gettext_lazy("View"), choices=View.choices, required=False)
    mapped = forms.ChoiceField(label=gettext_lazy("Measure on the map"), choices=Measure.choices, required=False)

    def __init__(self, data: QueryDict, *, reach: Reach, day: date, requirements: Iterable[Requirement]) -> None:
        filled = data.copy()
        if not filled.get("as_of", "").strip():
            filled["as_of"] = day.isoformat()
        super().__init__(filled, reach=reach, day=day, requirements=requirements)
        del self.fields["measure"]
        self.choice("kind").choices = [*Kind.choices, (BY_KIND, _("by kind"))]
        self.choice("ownership").choices = [("", _("all")), *Ownership.choices]
        for name in self.fields.keys() - set(self.SHOWN):
            self.fields[name].widget = forms.HiddenInput()
        self.order_fields(self.SHOWN)

    @property
    def chosen_view(self) -> View:
        return View(self.cleaned_data["view"] or View.TABLE)

    @property
    def by_kind(self) -> bool:
        return bool(self.cleaned_data["kind"] == BY_KIND)

    @property
    def active(self) -> int:
        """How many of the shown fields differ from those of a fresh page."""
        asked = self.cleaned_data
        given = [bool(asked[name]) for name in ("known_on", "requirement", "ownership", "obliged_only")]
        return sum([asked["as_of"] != self.day, self.in_learners, *given])

    def question(self) -> Question:
        asked = super().question()
        return replace(asked, measures_only=asked.requirement is None)


class BehindForm(_RequirementForm):
    """Which institutions of which figure: one measure or one item, and a part of those that it counts."""

    part = forms.ChoiceField(label=gettext_lazy("Part"), choices=PARTS)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors and bool(cleaned["measure"]) == bool(cleaned["requirement"]):
            raise ValidationError(_("Name one measure or one item of the Order."), code="one_figure")
        return cleaned

    @property
    def chosen_part(self) -> Part:
        return Part(self.cleaned_data["part"])

    @property
    def title(self) -> str:
        """What the figure is about, in the person's language."""
        if self.cleaned_data["measure"]:
            return str(Measure(self.cleaned_data["measure"]).label)
        return self.requirements[self.cleaned_data["requirement"]].title


class FiguresForm(QuestionForm):
    """The parameters of the command `coverage`, for the API: `by` is a list with commas between."""

    BY: ClassVar = (Dimension.REGION, Dimension.LOCALITY, Dimension.CITY_LINE, Dimension.KIND)

    by = forms.CharField(required=False)

    def __init__(self, data: QueryDict | dict[str, Any], *, reach: Reach, day: date) -> None:
        super().__init__(data, reach=reach, day=day)
        self.fields["measure"].required = True

    def clean_by(self) -> list[Dimension]:
        names = [name.strip() for name in self.cleaned_data["by"].split(",") if name.strip()]
        if unknown := [name for name in names if name not in self.BY]:
            raise ValidationError(
                _("%(name)s is unknown; choose from %(names)s.") % {"name": unknown[0], "names": ", ".join(self.BY)},
                code="unknown",
            )
        if len(names) != len(set(names)):
            raise ValidationError(_("A dimension is named twice."), code="twice")
        return [Dimension(name) for name in names]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        by = cleaned.get("by", [])
        if cleaned.get("measure") and not cleaned.get("scope") and "scope" not in self.errors:
            cleaned["scope"] = default_scope(Measure(cleaned["measure"]), by).value
        if Dimension.CITY_LINE in by and cleaned.get("scope") == Scope.NATIONAL:
            self.add_error("by", _("By city_line the population is large_cities."))
        return cleaned


class CompletenessForm(forms.Form):
    """After how many days a wait is long, and of which region; the region is a link and travels hidden."""

    days = forms.IntegerField(
        label=gettext_lazy("Waiting for more than … days"), min_value=0, max_value=LONGEST_WAIT_DAYS, required=False
    )
    region = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: QueryDict) -> None:
        filled = data.copy()
        if not filled.get("days", "").strip():
            filled["days"] = str(LONG_WAIT_DAYS)
        super().__init__(filled)


class BundleForm(forms.Form):
    """The wish for the briefs of all regions: of a quarter that has begun, newest first, in one language."""

    period = forms.ModelChoiceField(
        label=gettext_lazy("Quarter"), queryset=Period.objects.none(), to_field_name="code", empty_label=None
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=[(words.lang, words.endonym) for words in LANGUAGES.values()]
    )

    def __init__(self, data: QueryDict | None = None, *, today: date) -> None:
        super().__init__(data)
        field = cast("forms.ModelChoiceField[Period]", self.fields["period"])
        field.queryset = Period.objects.filter(starts_on__lte=today)
        field.label_from_instance = quarter_in_words  # type: ignore[method-assign,assignment]  # as Django documents it


class BriefForm(BundleForm):
    """The wish for a brief, of the country or of one region."""

    subject = forms.ModelChoiceField(
        label=gettext_lazy("About"),
        queryset=Region.objects.order_by("sort_order"),
        to_field_name="code",
        empty_label=gettext_lazy("the country"),
        required=False,
    )
    against = forms.ModelChoiceField(
        label=gettext_lazy("Compared with"),
        help_text=gettext_lazy("An earlier quarter makes it a comparison of the country's figures."),
        queryset=Period.objects.none(),
        to_field_name="code",
        empty_label=gettext_lazy("not compared"),
        required=False,
    )
    field_order = ("subject", "period", "against", "language")

    def __init__(self, data: QueryDict | None = None, *, today: date) -> None:
        super().__init__(data, today=today)
        periods = cast("forms.ModelChoiceField[Period]", self.fields["period"])
        against = cast("forms.ModelChoiceField[Period]", self.fields["against"])
        against.queryset = periods.queryset
        against.label_from_instance = quarter_in_words  # type: ignore[method-assign,assignment]  # as Django documents it

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        period, against = cleaned.get("period"), cleaned.get("against")
        if period and against and against.starts_on >= period.starts_on:
            self.add_error("against", _("Choose a quarter that is earlier than the brief's own."))
        if against and cleaned.get("subject"):
            self.add_error("against", _("Only the country's figures are compared: leave the region or this empty."))
        return cleaned


class WithdrawForm(forms.Form):
    """Why a published brief is taken out of force."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}), strip=True
    )


class ExplainForm(forms.Form):
    """Why a figure has jumped; printed in the brief with the person's name."""

    measure = forms.ChoiceField(choices=Measure.choices, widget=forms.HiddenInput)
    text = forms.CharField(
        label=gettext_lazy("Explanation"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}), strip=True
    )


LARGEST_FILE: Final = 20 * 1024 * 1024


class VerifyForm(forms.Form):
    """What is to be verified: a brief's code, or its file."""

    file = forms.FileField(
        label=gettext_lazy("The file (PDF)"),
        help_text=gettext_lazy("At most 20 MB. It is compared and not kept."),
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf"}),
        required=False,
    )
    code = forms.CharField(
        label=gettext_lazy("or the code of verification"),
        help_text=gettext_lazy("Twelve signs, printed beside the QR code."),
        max_length=40,
        required=False,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > LARGEST_FILE:
            raise forms.ValidationError(self.too_large())
        return file

    def clean(self) -> dict[str, Any] | None:
        if not self.errors and not self.cleaned_data.get("file") and not self.cleaned_data.get("code"):
            raise forms.ValidationError(_("Choose a file or type a code."))
        return self.cleaned_data

    def too_large(self) -> str:
        return _("The file is larger than 20 MB; no brief is.")


class BriefFilterForm(forms.Form):
    """What of the list of briefs is shown."""

    kind = forms.ChoiceField(
        label=gettext_lazy("About"), choices=[("", gettext_lazy("all")), *BriefKind.choices], required=False
    )
    period = forms.ModelChoiceField(
        label=gettext_lazy("Quarter"),
        queryset=Period.objects.all(),
        to_field_name="code",
        empty_label=gettext_lazy("all"),
        required=False,
    )
    publication = forms.ChoiceField(
        label=gettext_lazy("Publication"), choices=[("", gettext_lazy("all")), *Publication.choices], required=False
    )

    @property
    def active(self) -> int:
        """How many filters are set."""
        return sum(bool(value) for value in self.cleaned_data.values()) if self.is_valid() else 0

    def narrow(self, briefs: BriefQuerySet) -> BriefQuerySet:
        """Only what is asked for; a filter that makes no sense shows everything."""
        if self.is_valid():
            wanted = {name: value for name, value in self.cleaned_data.items() if value}
            return briefs.filter(**wanted)
        return briefs


def quarter_in_words(period: Period) -> str:
    """ "2023, quarter 1, closed": how a quarter stands in a list."""
    # Translators: year, number of the quarter, state of the quarter (open, closing, closed).
    return _("%(year)s, quarter %(quarter)s, %(state)s") % {
        "year": period.year,
        "quarter": period.quarter,
        "state": period.get_state_display(),
    }


class SheetRecordsForm(forms.Form):
    """Which figure of an institution's sheet: a status, or all."""

    part = forms.ChoiceField(choices=[(part, part) for part in (sheet_facts.ALL, *sheet_facts.STATUSES)])


class BriefRecordsForm(forms.Form):
    """Which figure of a brief: a measure, a place and a kind (or all), and a part."""

    measure = forms.ChoiceField(choices=Measure.choices)
    place = forms.CharField(required=False)
    kind = forms.ChoiceField(choices=Kind.choices, required=False)
    part = forms.ChoiceField(choices=PARTS)
    ownership = forms.ChoiceField(choices=Ownership.choices, required=False)
    obliged = forms.BooleanField(required=False)
    at = forms.ChoiceField(choices=[("before", "before")], required=False)

    def __init__(self, data: QueryDict, *, brief: Brief) -> None:
        self.snapshot: Snapshot = brief.snapshot
        super().__init__(data)
        if brief.against:
            cast("forms.ChoiceField", self.fields["part"]).choices = [*PARTS, *WAYS]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("measure") and cleaned.get("place"):
            listed = [place["place"] for places in self.snapshot["places"].values() for place in places]
            if cleaned["place"] not in listed:
                raise ValidationError(_("There is no such place here."), code="unknown_place")
        return cleaned

    @property
    def chosen_measure(self) -> Measure:
        return Measure(self.cleaned_data["measure"])

    @property
    def chosen_place(self) -> str | None:
        return self.cleaned_data["place"] or None

    @property
    def chosen_kind(self) -> Kind | None:
        return Kind(self.cleaned_data["kind"]) if self.cleaned_data["kind"] else None

    @property
    def chosen_part(self) -> str:
        """One of `PARTS`; of a comparison one of `WAYS` too."""
        return str(self.cleaned_data["part"])
