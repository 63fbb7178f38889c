"""Counts of quarters within somebody's reach, and the institutions behind each of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Final

from django.db import models
from django.db.models import Count, F, Q
from django.utils.translation import gettext_lazy as _

from compliance.confirmations import deadline, expected
from compliance.enums import WAITING, EntryState
from compliance.models import Confirmation, Period, PeriodException, StatusEntry
from institutions.clock import first_moment
from institutions.enums import Lifecycle
from institutions.models import Institution, InstitutionState
from institutions.querysets import InstitutionQuerySet

# An answer that has waited for more than two weeks is what a region is asked about.
LONG_WAIT_DAYS: Final = 14
LONGEST_WAIT_DAYS: Final = 3650


@dataclass(frozen=True, slots=True)
class Tally:
    """A quarter within a reach: counts of institutions; `waiting` counts answers."""

    period: Period
    expected: int
    confirmed: int
    on_time: int
    waiting: int
    exceptions: int

    @property
    def unconfirmed(self) -> int:
        return self.expected - self.confirmed


class Part(models.TextChoices):
    """Which of the institutions of a quarter."""

    UNCONFIRMED = "unconfirmed", _("not confirmed")
    CONFIRMED = "confirmed", _("confirmed")
    ON_TIME = "on_time", _("confirmed on time")
    EXPECTED = "expected", _("all that should confirm")
    ANSWERED = "answered", _("with answers for the quarter")
    APPROVED = "approved", _("with approved answers")
    WAITING = "waiting", _("with answers that wait")


@dataclass(frozen=True, slots=True)
class Line:
    """An institution in a quarter: its confirmation, how much has changed after it, and its answers for the quarter."""

    institution: Institution
    confirmation: Confirmation | None
    on_time: bool
    later: int
    answers: int
    approved: int
    waiting: int


def tallies(periods: Sequence[Period], institutions: InstitutionQuerySet, day: date) -> list[Tally]:
    """One for each of the periods, in their order. Four queries, whatever their number."""
    if not periods:
        return []
    days = {period: period.last_known_day(day) for period in periods}
    states = InstitutionState.objects.filter(institution__in=institutions, lifecycle=Lifecycle.OPEN)
    should = states.aggregate(**{p.code: Count("pk", filter=_valid_on(days[p])) for p in periods})
    given = Confirmation.objects.filter(institution__in=institutions, period__in=periods)
    counted = {
        period: Q(period=period, institution__states__lifecycle=Lifecycle.OPEN)
        & _valid_on(days[period], "institution__states__")
        for period in periods
    }
    did = given.aggregate(
        **{f"{p.code}_all": Count("pk", filter=counted[p]) for p in periods},
        **{f"{p.code}_on_time": Count("pk", filter=counted[p] & Q(at__lt=deadline(p))) for p in periods},
    )
    waiting = (
        StatusEntry.objects.awaiting_decision()
        .filter(item__institution__in=institutions)
        .aggregate(**{p.code: Count("pk", filter=_for_quarter(p)) for p in periods})
    )
    excused = dict(
        PeriodException.objects.filter(institution__in=institutions, period__in=periods)
        .order_by()
        .values_list("period")
        .annotate(count=Count("pk"))
    )
    return [
        Tally(
            period,
            expected=should[period.code],
            confirmed=did[f"{period.code}_all"],
            on_time=did[f"{period.code}_on_time"],
            waiting=waiting[period.code],
            exceptions=excused.get(period.pk, 0),
        )
        for period in periods
    ]


def behind(
    part: Part, institutions: InstitutionQuerySet, period: Period, day: date, *, waiting_days: int | None = None
) -> InstitutionQuerySet:
    """The institutions that a figure of the quarter counts, or whose answers it counts.

    Those of `waiting` have an answer for the quarter that waits, for more than `waiting_days` days where given.
    """
    confirmed = Confirmation.objects.filter(period=period)
    due = institutions.filter(pk__in=expected(period, day).values("pk"))
    answers = StatusEntry.objects.answers_for(period)
    match part:
        case Part.EXPECTED:
            return due
        case Part.UNCONFIRMED:
            return due.exclude(pk__in=confirmed.values("institution"))
        case Part.CONFIRMED:
            return due.filter(pk__in=confirmed.values("institution"))
        case Part.ON_TIME:
            return due.filter(pk__in=confirmed.filter(at__lt=deadline(period)).values("institution"))
        case Part.ANSWERED:
            return institutions.filter(pk__in=answers.values("item__institution"))
        case Part.APPROVED:
            approved = answers.filter(state=EntryState.APPROVED)
            return institutions.filter(pk__in=approved.values("item__institution"))
        case Part.WAITING:
            waiting = answers.filter(state__in=WAITING)
            if waiting_days is not None:
                waiting = waiting.filter(submitted_at__lt=waits_since(day, waiting_days))
            return institutions.filter(pk__in=waiting.values("item__institution"))


def waits_since(day: date, days: int) -> datetime:
    """An answer sent before this moment has waited for more than `days` days on `day`."""
    return first_moment(day - timedelta(days=days))


def lines_of(institutions: Sequence[Institution], period: Period) -> list[Line]:
    """What a list shows of each institution. Four queries, whatever their number."""
    keys = [institution.pk for institution in institutions]
    confirmations = {
        confirmation.institution_id: confirmation
        for confirmation in Confirmation.objects.filter(period=period, institution__in=keys).select_related("by")
    }
    later = _later(period, keys)
    answers = {
        institution: counts
        for institution, *counts in StatusEntry.objects.answers_for(period)
        .filter(item__institution__in=keys)
        .order_by()
        .values_list("item__institution")
        .annotate(
            answers=Count("pk"),
            approved=Count("pk", filter=Q(state=EntryState.APPROVED)),
            waiting=Count("pk", filter=Q(state__in=WAITING)),
        )
    }
    on_time = deadline(period)
    lines = []
    for institution in institutions:
        confirmation = confirmations.get(institution.pk)
        lines.append(
            Line(
                institution,
                confirmation,
                confirmation is not None and confirmation.at < on_time,
                later.get(institution.pk, 0),
                *answers.get(institution.pk, (0, 0, 0)),
            )
        )
    return lines


def _later(period: Period, institutions: Collection[int]) -> dict[int, int]:
    """Institution → answers sent and states recorded after its confirmation of the quarter. Two queries."""
    found: dict[int, int] = {}
    answers = (
        StatusEntry.objects.sent()
        .filter(
            item__institution__in=institutions,
            item__institution__confirmations__period=period,
            submitted_at__gt=F("item__institution__confirmations__at"),
        )
        .values_list("item__institution")
    )
    states = InstitutionState.objects.filter(
        institution__in=institutions,
        institution__confirmations__period=period,
        recorded_at__gt=F("institution__confirmations__at"),
    ).values_list("institution")
    for institution, count in chain(
        answers.order_by().annotate(count=Count("pk")), states.order_by().annotate(count=Count("pk"))
    ):
        found[institution] = found.get(institution, 0) + count
    return found


def _valid_on(day: date, prefix: str = "") -> Q:
    """A state that held on `day`; at most one an institution does."""
    return Q(**{f"{prefix}valid_from__lte": day}) & (
        Q(**{f"{prefix}valid_to": None}) | Q(**{f"{prefix}valid_to__gte": day})
    )


def _for_quarter(period: Period) -> Q:
    return Q(effective_on__gte=period.starts_on, effective_on__lte=period.ends_on)
