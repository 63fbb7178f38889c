"""Forms of the institution's card, and the filter of the list with the state of the five measures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.applicability import CONDITIONS, FACTS
from compliance.enums import Measure, Status
from compliance.models import ChecklistItem, StatusEntry
from compliance.querysets import SOON
from institutions.clock import today
from institutions.filters import InstitutionFilter
from institutions.models import InstitutionState, User
from institutions.querysets import InstitutionQuerySet
from institutions.validators import validate_day

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

YES, NO, UNANSWERED = "yes", "no", "unanswered"
_ANSWERS = [(YES, gettext_lazy("yes")), (NO, gettext_lazy("no")), (UNANSWERED, gettext_lazy("not answered"))]
_VALUES = {YES: True, NO: False}
MOST_PEOPLE = 100_000


class Todo(models.TextChoices):
    """Why an institution wants somebody's attention; the numbers of the home page open these lists."""

    RETURNED = "returned", gettext_lazy("Answers came back")
    ENDING = "ending", gettext_lazy("Proofs end soon")
    UNANSWERED = "unanswered", gettext_lazy("Measures of the brief not answered")
    WAITING = "waiting", gettext_lazy("Answers wait for a decision")
    DRAFTS = "drafts", gettext_lazy("My drafts not submitted")


def to_do(institutions: InstitutionQuerySet, todo: Todo, user: User | AnonymousUser, day: date) -> InstitutionQuerySet:
    """Those of the institutions at which something of the kind is to be done on `day`."""
    entries, items = StatusEntry.objects.all(), ChecklistItem.objects.listed()
    match todo:
        case Todo.RETURNED:
            returned = entries.returned_unanswered().filter(item__listed=True)
            return institutions.filter(pk__in=returned.values("item__institution"))
        case Todo.ENDING:
            return institutions.filter(pk__in=items.ending_until(day + SOON).values("institution"))
        case Todo.UNANSWERED:
            unanswered = items.of_measures(Measure.values).filter(status=Status.UNKNOWN)
            return institutions.filter(pk__in=unanswered.values("institution"))
        case Todo.WAITING:
            return institutions.filter(pk__in=entries.awaiting_decision().values("item__institution"))
        case Todo.DRAFTS:
            return institutions.filter(pk__in=entries.editable_by(user).values("item__institution"))


class CardFilter(InstitutionFilter):
    """The filters of the registry, and: a measure in a certain status, something that is to be done."""

    measure = django_filters.ChoiceFilter(
        method="keep", choices=Measure.choices, label=gettext_lazy("Measure"), empty_label=gettext_lazy("any")
    )
    status = django_filters.ChoiceFilter(
        method="keep",
        choices=Status.choices,
        label=gettext_lazy("Status of the measure"),
        empty_label=gettext_lazy("any"),
    )
    todo = django_filters.ChoiceFilter(
        method="by_todo", choices=Todo.choices, label=gettext_lazy("To do"), empty_label=gettext_lazy("all")
    )

    def by_todo(self, queryset: InstitutionQuerySet, name: str, value: str) -> InstitutionQuerySet:
        return to_do(queryset, Todo(value), self.request.user, today())

    def keep(self, queryset: InstitutionQuerySet, name: str, value: str) -> InstitutionQuerySet:
        """Measure and status act together, in `filter_queryset`."""
        return queryset

    def filter_queryset(self, queryset: InstitutionQuerySet) -> InstitutionQuerySet:
        """A status alone asks for any of the five measures, a measure alone for its being listed."""
        found: InstitutionQuerySet = super().filter_queryset(queryset)
        measure, status = self.form.cleaned_data.get("measure"), self.form.cleaned_data.get("status")
        if not measure and not status:
            return found
        items = ChecklistItem.objects.listed().of_measures([measure] if measure else Measure.values)
        if status:
            items = items.filter(status=status)
        return found.filter(pk__in=items.values("institution"))


def shown_mark(state: InstitutionState) -> str:
    """Names the state that a form was filled from, so that a change in between is noticed."""
    return f"{state.pk}@{state.recorded_at.isoformat()}"


def check_known(since: date, first_day: date) -> None:
    if since < first_day:
        raise ValidationError(
            _("The register knows this institution only since %(day)s."),
            code="too_early",
            params={"day": first_day.strftime("%d.%m.%Y")},
        )


class FactsForm(forms.Form):
    """What the conditions of the Order ask about the facility, its headcount, and since when that is so."""

    staff = forms.IntegerField(label=gettext_lazy("Staff"), min_value=0, max_value=MOST_PEOPLE)
    learners = forms.IntegerField(label=gettext_lazy("Learners"), min_value=0, max_value=MOST_PEOPLE)
    since = forms.DateField(
        validators=[validate_day],
        label=gettext_lazy("True since"),
        help_text=gettext_lazy("The first day on which all of this was so; today at the latest."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, state: InstitutionState, first_day: date, day: date
    ) -> None:
        self.first_day = first_day
        self.day = day
        initial = {
            "staff": state.staff,
            "learners": state.learners,
            "since": day,
            "shown": shown_mark(state),
        }
        super().__init__(data, initial=initial)
        for name in FACTS:
            known = state.facts.get(name)
            self.fields[f"fact_{name}"] = forms.ChoiceField(
                label=CONDITIONS[name].label,
                choices=_ANSWERS,
                widget=forms.RadioSelect,
                initial=UNANSWERED if known is None else YES if known else NO,
            )
        self.fields["since"].widget.attrs.update({"max": day.isoformat(), "min": first_day.isoformat()})
        self.order_fields([*(f"fact_{name}" for name in FACTS), "staff", "learners", "since", "shown"])

    def clean_since(self) -> date:
        since: date = self.cleaned_data["since"]
        if since > self.day:
            raise ValidationError(_("This day has not come yet."), code="future")
        check_known(since, self.first_day)
        return since

    @property
    def changes(self) -> dict[str, Any]:
        """The fields of the state that a valid form sets; an unanswered question is no fact."""
        facts = {
            name: _VALUES[answer] for name in FACTS if (answer := self.cleaned_data.get(f"fact_{name}")) in _VALUES
        }
        return {
            "staff": self.cleaned_data["staff"],
            "learners": self.cleaned_data["learners"],
            "facts": facts,
        }
