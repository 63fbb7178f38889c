"""What lists of institutions and of the journal can be narrowed to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, cast

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from institutions.actions import ACTIONS
from institutions.enums import Kind, Lifecycle, Ownership, PersonState, Role
from institutions.models import Institution, Journal, LargeCity, Locality, Region, User
from institutions.querysets import InstitutionQuerySet, JournalQuerySet, MembershipQuerySet, UserQuerySet
from institutions.validators import validate_day

Choices = list[tuple[str, Any]]


def _visible_regions(request: HttpRequest) -> QuerySet[Region]:
    seen = Institution.objects.visible_to(request.user).order_by()
    return Region.objects.filter(localities__in=seen.values("locality").distinct()).distinct()


def region_choices(request: HttpRequest) -> Choices:
    """The regions in which the person sees institutions."""
    return [(region.code, region.name) for region in _visible_regions(request)]


def locality_choices(request: HttpRequest) -> Choices:
    """Localities in which the person sees institutions, by region; of the chosen region only."""
    seen = Institution.objects.visible_to(request.user).order_by()
    localities = Locality.objects.filter(pk__in=seen.values("locality").distinct()).select_related("region")
    chosen = request.GET.get("region", "")
    if chosen:
        localities = localities.filter(region__code=chosen)
    return by_region(localities)


def by_region(localities: Iterable[Locality]) -> Choices:
    """Localities (with their regions) as choices in groups, a group a region."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for locality in localities:
        groups.setdefault(locality.region.name, []).append((locality.kato, locality.name))
    return list(groups.items())


def large_city_choices(request: HttpRequest) -> Choices:
    """The large cities of the regions that the person sees."""
    regions = _visible_regions(request)
    return [(city.kato, city.name) for city in LargeCity.objects.filter(region__in=regions.values("pk"))]


class PersonChoiceFilter(django_filters.ChoiceFilter):  # type: ignore[misc]  # no types there
    """A choice among what the person sees: `choices_for(request)` makes the list for each page."""

    def __init__(self, *args: Any, choices_for: Callable[[HttpRequest], Choices], **kwargs: Any) -> None:
        self.choices_for = choices_for
        super().__init__(*args, choices=(), empty_label=_("all"), **kwargs)

    @property
    def field(self) -> forms.Field:
        self.extra["choices"] = self.choices_for(self.parent.request)
        return cast(forms.Field, super().field)


class InstitutionFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types there
    """Search and place, kind, ownership, state of institutions."""

    q = django_filters.CharFilter(method="search", label=_("Name or BIN"))
    region = PersonChoiceFilter(field_name="locality__region__code", label=_("Region"), choices_for=region_choices)
    locality = PersonChoiceFilter(
        field_name="locality__kato", label=_("District or city"), choices_for=locality_choices
    )
    large_city = PersonChoiceFilter(
        field_name="large_city__kato", label=_("Large city"), choices_for=large_city_choices
    )
    kind = django_filters.ChoiceFilter(choices=Kind.choices, label=_("Kind"), empty_label=_("all"))
    ownership = django_filters.ChoiceFilter(choices=Ownership.choices, label=_("Ownership"), empty_label=_("all"))
    lifecycle = django_filters.ChoiceFilter(choices=Lifecycle.choices, label=_("State"), empty_label=_("all"))

    class Meta:
        model = Institution
        fields: tuple[str, ...] = ()

    def search(self, queryset: InstitutionQuerySet, name: str, value: str) -> InstitutionQuerySet:
        return queryset.search_for(value)


class PeopleFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types there
    """Search, role and state of people. `seen` are the memberships that the reader sees; no others are asked."""

    q = django_filters.CharFilter(method="search", label=_("Name or e-mail"))
    role = django_filters.ChoiceFilter(method="by_role", choices=Role.choices, label=_("Role"), empty_label=_("all"))
    state = django_filters.ChoiceFilter(
        method="by_state", choices=PersonState.choices, label=_("State"), empty_label=_("all")
    )

    class Meta:
        model = User
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, seen: MembershipQuerySet, day: date, **kwargs: Any) -> None:
        self.seen = seen
        self.day = day
        super().__init__(*args, **kwargs)

    def search(self, queryset: UserQuerySet, name: str, value: str) -> UserQuerySet:
        return queryset.search_for(value)

    def by_role(self, queryset: UserQuerySet, name: str, value: str) -> UserQuerySet:
        """People who have the role or will have it."""
        return queryset.filter(pk__in=self.seen.not_ended(self.day).filter(role=value).values("user"))

    def by_state(self, queryset: UserQuerySet, name: str, value: str) -> UserQuerySet:
        not_ended = self.seen.not_ended(self.day)
        begun = not_ended.filter(valid_from__lte=self.day)
        match PersonState(value):
            case PersonState.LOCKED_OUT:
                return queryset.filter(is_active=False)
            case PersonState.INVITED:
                return queryset.filter(is_active=True, invited_at__isnull=False).without_password()
            case PersonState.NO_PASSWORD:
                return queryset.filter(is_active=True, invited_at=None).without_password()
            case PersonState.IN_FORCE:
                return queryset.filter(is_active=True, pk__in=begun.values("user"))
            case PersonState.COMING:
                return queryset.filter(pk__in=not_ended.values("user")).exclude(pk__in=begun.values("user"))
            case PersonState.ENDED:
                held = queryset.filter(pk__in=self.seen.values("user"))
                return held.exclude(pk__in=not_ended.values("user"))
            case PersonState.NO_ROLE:
                return queryset.exclude(pk__in=self.seen.values("user"))


class JournalFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types there
    """Who did what to what, and when."""

    person = django_filters.CharFilter(method="by_person", label=_("Person: name or e-mail"))
    action = django_filters.ChoiceFilter(choices=list(ACTIONS.items()), label=_("Action"), empty_label=_("all"))
    institution = django_filters.CharFilter(method="by_institution", label=_("Institution: name or BIN"))
    subject = django_filters.CharFilter(lookup_expr="istartswith", label=_("Subject"))
    since = django_filters.DateFilter(
        method="from_day",
        label=_("From"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[validate_day],
    )
    until = django_filters.DateFilter(
        method="to_day",
        label=_("To"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[validate_day],
    )

    class Meta:
        model = Journal
        fields: tuple[str, ...] = ()

    def by_person(self, queryset: JournalQuerySet, name: str, value: str) -> JournalQuerySet:
        return queryset.by_person(value)

    def by_institution(self, queryset: JournalQuerySet, name: str, value: str) -> JournalQuerySet:
        return queryset.of_institutions(Institution.objects.search_for(value))

    def from_day(self, queryset: JournalQuerySet, name: str, value: date) -> JournalQuerySet:
        return queryset.since(value)

    def to_day(self, queryset: JournalQuerySet, name: str, value: date) -> JournalQuerySet:
        return queryset.until(value)
