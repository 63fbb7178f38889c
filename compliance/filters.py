"""Filters of the review queue, of the institutions of a quarter, and of what ends when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import django_filters
from django.db.models import Q
from django.forms import HiddenInput
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compliance.enums import ANSWERS, Measure, ReturnReason
from compliance.models import Chapter, Requirement, StatusEntry
from compliance.quarters import LONGEST_WAIT_DAYS, Part, behind
from institutions.access import DECIDE
from institutions.clock import local_day
from institutions.enums import Kind
from institutions.filters import InstitutionFilter, PersonChoiceFilter, locality_choices, region_choices
from institutions.models import Institution, Locality, Membership

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from django.forms import Form
    from django.http import HttpRequest, QueryDict

    from compliance.models import Period
    from compliance.querysets import StatusEntryQuerySet
    from institutions.models import User
    from institutions.querysets import InstitutionQuerySet


def _localities(request: HttpRequest | None) -> Any:
    """Localities in which the person decides."""
    if request is None:
        return Locality.objects.none()
    decided = Institution.objects.within_roles(request.user, DECIDE).values("locality")
    return Locality.objects.filter(pk__in=decided)


class _EntryFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """What lists of answers share."""

    q = django_filters.CharFilter(method="by_institution", label=_("Institution: name or BIN"))
    requirement = django_filters.ModelChoiceFilter(
        field_name="item__requirement",
        queryset=Requirement.objects.all(),
        to_field_name="code",
        label=_("Item"),
        empty_label=_("all"),
    )
    measure = django_filters.ChoiceFilter(
        field_name="item__requirement__measure",
        choices=Measure.choices,
        label=_("Measure of the brief"),
        empty_label=_("all"),
    )

    class Meta:
        model = StatusEntry
        fields: list[str] = []

    @property
    def active(self) -> int:
        """How many filters are set."""
        form: Form = self.form
        return sum(bool(self.data.get(name)) for name in form.fields)

    def by_institution(self, queryset: StatusEntryQuerySet, _name: str, value: str) -> StatusEntryQuerySet:
        return queryset.filter(item__institution__in=Institution.objects.search_for(value))


class QueueFilter(_EntryFilter):
    """`qs` is what of the queue the person wants to see; a wrong value is told and otherwise left aside."""

    locality = django_filters.ModelChoiceFilter(
        field_name="item__institution__locality",
        queryset=_localities,
        label=_("District or city"),
        empty_label=_("all"),
    )
    kind = django_filters.ChoiceFilter(
        field_name="item__institution__kind", choices=Kind.choices, label=_("Kind"), empty_label=_("all")
    )
    chapter = django_filters.ModelChoiceFilter(
        field_name="item__requirement__chapter",
        queryset=Chapter.objects.all(),
        label=_("Chapter of the Order"),
        empty_label=_("all"),
    )
    status = django_filters.ChoiceFilter(
        choices=[(status.value, status.label) for status in ANSWERS],
        label=_("New answer"),
        empty_label=_("all"),
    )
    clean = django_filters.ChoiceFilter(
        method="by_cleanness",
        choices=[("clean", _("nothing unusual")), ("odd", _("something unusual"))],
        label=_("Check by the rules"),
        empty_label=_("all"),
    )
    turn = django_filters.ChoiceFilter(
        method="by_turn",
        choices=[("other", _("of the other level"))],
        label=_("Whose turn"),
        empty_label=_("mine"),
    )
    older = django_filters.NumberFilter(
        method="by_age", label=_("Waiting for more than … days"), min_value=0, max_value=3650
    )

    def __init__(self, data: QueryDict, *, user: User, **options: Any) -> None:
        due = StatusEntry.objects.due_for(user)
        # Without a second level every turn is the person's own.
        of_two = Q(region__second_level=True) | Q(locality__region__second_level=True)
        levels = Membership.objects.of(user, DECIDE).filter(of_two).exists()
        if levels and data.get("turn") == "other":
            due = StatusEntry.objects.of_deciders(user).awaiting_decision().exclude(pk__in=due.values("pk"))
        super().__init__(data, queryset=due, **options)
        if not levels:
            del self.filters["turn"]

    def by_turn(self, queryset: StatusEntryQuerySet, _name: str, _value: str) -> StatusEntryQuerySet:
        return queryset  # chosen at the beginning: without it, too, the queue is not everything

    def by_cleanness(self, queryset: StatusEntryQuerySet, _name: str, value: str) -> StatusEntryQuerySet:
        day = local_day(timezone.now())
        return queryset.rule_clean(day) if value == "clean" else queryset.not_clean(day)

    def by_age(self, queryset: StatusEntryQuerySet, _name: str, value: int) -> StatusEntryQuerySet:
        return queryset.filter(submitted_at__lt=timezone.now() - timedelta(days=int(value)))


class EndingFilter(_EntryFilter):
    """What of the answers that end the person wants to see; a wrong value is told and otherwise left aside."""

    within = django_filters.ChoiceFilter(
        method="by_end",
        choices=[
            ("ended", _("ended already")),
            ("30", _("within 30 days")),
            ("60", _("within 60 days")),
            ("90", _("within 90 days")),
        ],
        label=_("Ends"),
        empty_label=_("all"),
    )
    region = PersonChoiceFilter(
        field_name="item__institution__locality__region__code", choices_for=region_choices, label=_("Region")
    )
    locality = PersonChoiceFilter(
        field_name="item__institution__locality__kato", choices_for=locality_choices, label=_("District or city")
    )

    def by_end(self, queryset: StatusEntryQuerySet, _name: str, value: str) -> StatusEntryQuerySet:
        day = local_day(timezone.now())
        if value == "ended":
            return queryset.filter(valid_until__lt=day)
        return queryset.filter(valid_until__range=(day, day + timedelta(days=int(value))))


class ReturnFilter(_EntryFilter):
    """What of the answers that came back in a quarter the person wants to see; `by` and the quarter are the page's."""

    quarter = django_filters.ChoiceFilter(method="_of_the_page", label=_("Quarter"), empty_label=None)
    by = django_filters.CharFilter(method="_of_the_page", widget=HiddenInput)
    reason = django_filters.ChoiceFilter(
        field_name="return_reason", choices=ReturnReason.choices, label=_("Reason of the return"), empty_label=_("all")
    )
    region = PersonChoiceFilter(
        field_name="item__institution__locality__region__code", choices_for=region_choices, label=_("Region")
    )
    locality = PersonChoiceFilter(
        field_name="item__institution__locality__kato", choices_for=locality_choices, label=_("District or city")
    )

    def __init__(self, data: QueryDict, *, periods: Sequence[Period], period: Period, **options: Any) -> None:
        filled = data.copy()
        filled["quarter"] = period.code
        super().__init__(filled, **options)
        self.period = period
        self.filters["quarter"].extra["choices"] = [(each.code, each.in_words) for each in periods]

    @property
    def active(self) -> int:
        """How many of the shown filters are set, the quarter left aside."""
        return sum(bool(self.data.get(name)) for name in self.form.fields if name not in ("quarter", "by"))

    def _of_the_page(self, queryset: StatusEntryQuerySet, _name: str, _value: str) -> StatusEntryQuerySet:
        return queryset


class QuarterFilter(InstitutionFilter):
    """The institutions of a quarter; `part` and `days` are links of the page and travel hidden."""

    # django-filter takes these out of what is inherited.
    large_city = ownership = lifecycle = None  # type: ignore[assignment]
    part = django_filters.ChoiceFilter(method="by_part", choices=Part.choices, widget=HiddenInput)
    days = django_filters.NumberFilter(
        method="with_part", min_value=0, max_value=LONGEST_WAIT_DAYS, decimal_places=0, widget=HiddenInput
    )

    def __init__(self, data: QueryDict, *, period: Period, day: date, **options: Any) -> None:
        self.period, self.day = period, day
        filled = data.copy()
        filled.setdefault("part", Part.UNCONFIRMED.value)
        super().__init__(filled, **options)

    @property
    def shown(self) -> Part:
        """The part that the page shows; for a wrong one what a fresh page shows."""
        wanted = self.data["part"]
        return Part(wanted) if wanted in Part.values else Part.UNCONFIRMED

    @property
    def days_shown(self) -> int | None:
        """For how many days the answers have waited whose institutions are shown; None: any."""
        days = self.form.cleaned_data.get("days") if self.is_valid() else None
        return None if days is None else int(days)

    @property
    def active(self) -> int:
        """How many of the shown filters are set."""
        return sum(bool(self.data.get(name)) for name in ("q", "region", "locality", "kind"))

    def by_part(self, queryset: InstitutionQuerySet, _name: str, value: str) -> InstitutionQuerySet:
        days = self.form.cleaned_data.get("days")
        return behind(Part(value), queryset, self.period, self.day, waiting_days=None if days is None else int(days))

    def with_part(self, queryset: InstitutionQuerySet, _name: str, _value: int) -> InstitutionQuerySet:
        return queryset  # read by `by_part`
