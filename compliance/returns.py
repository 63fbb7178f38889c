"""Why answers came back, counted: by reason, and by region, district or item, in a quarter.

A return counts in the quarter on a day of which it was made, at the place where the institution lies today; an answer
that came back twice counts twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import models
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from compliance.enums import EntryState, ReturnReason
from compliance.models import Period, Requirement, StatusEntry
from compliance.querysets import StatusEntryQuerySet
from institutions.access import READ_RETURNS
from institutions.clock import first_moment
from institutions.models import Institution, Locality, Region, User


class Cut(models.TextChoices):
    """By what returns are counted; the value is the name of the filter that a row of the table sets."""

    REGION = "region", _("region")
    LOCALITY = "locality", _("district or city")
    REQUIREMENT = "requirement", _("Item")


_KEYS: Final = {
    Cut.REGION: "item__institution__locality__region__code",
    Cut.LOCALITY: "item__institution__locality__kato",
    Cut.REQUIREMENT: "item__requirement__code",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: `key` is the filter's value, `counts` are answers that came back, by reason."""

    key: str
    title: str
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def by_reason(self) -> list[tuple[str, int]]:
        """Every reason in its order, those that nobody gave included."""
        return [(reason, self.counts.get(reason, 0)) for reason in ReturnReason.values]


def of_quarter(user: User, period: Period) -> StatusEntryQuerySet:
    """Answers that came back on a day of the quarter, of the places where the person may read why."""
    reached = Institution.objects.within_roles(user, READ_RETURNS)
    return StatusEntry.objects.filter(
        item__institution__in=reached,
        state=EntryState.RETURNED,
        decided_at__gte=first_moment(period.starts_on),
        decided_at__lt=first_moment(period.ends_on + timedelta(days=1)),
    )


def count(returned: StatusEntryQuerySet, cut: Cut) -> list[Row]:
    """A row for each place or item to which something came back, in their order. Two queries."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    rows = returned.order_by().values_list(_KEYS[cut], "return_reason").annotate(count=Count("pk"))
    for key, reason, number in rows:
        found[key][reason] = number
    return [Row(key, title, found[key]) for key, title in _titles(cut, list(found))]


def whole(rows: list[Row]) -> Row:
    """All rows together."""
    counts = {reason: sum(row.counts.get(reason, 0) for row in rows) for reason in ReturnReason.values}
    return Row("", "", counts)


def _titles(cut: Cut, keys: list[str]) -> list[tuple[str, str]]:
    match cut:
        case Cut.REGION:
            return [(region.code, region.name) for region in Region.objects.filter(code__in=keys)]
        case Cut.LOCALITY:
            places = Locality.objects.filter(kato__in=keys).select_related("region")
            return [(place.kato, f"{place.name}, {place.region.short}") for place in places]
        case Cut.REQUIREMENT:
            return [(one.code, one.title) for one in Requirement.objects.filter(code__in=keys).order_by("sort_order")]
