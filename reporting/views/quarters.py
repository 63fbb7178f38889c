"""How complete a quarter is by region and district, as a page and as a file."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from compliance.confirmations import last_day_on_time
from compliance.models import Period
from institutions import access, journal
from institutions.clock import local_day
from institutions.http import AuthenticatedRequest, grid_file
from reporting import completeness
from reporting.completeness import NoSuchPlace, Table
from reporting.explorer import Step
from reporting.forms import CompletenessForm


@require_safe
def regions(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """The regions within the person's reach, or the districts of one; each figure leads to its institutions."""
    period = _look_up(request, code)
    form = CompletenessForm(request.GET)
    shown = _table(request, period, form)
    return render(
        request,
        "reporting/quarter_regions.html",
        {
            "period": period,
            "form": form,
            "table": shown,
            "on_time_until": last_day_on_time(period),
            "trail": _trail(period, shown),
        },
        status=200 if shown else 422,
    )


@require_safe
def regions_file(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """The same table as a file (`kind`: xlsx or csv); the journal notes who took it away."""
    period = _look_up(request, code)
    form = CompletenessForm(request.GET)
    kind = request.GET.get("kind", "xlsx")
    shown = _table(request, period, form)
    if shown is None:
        raise Http404
    now = timezone.now()
    name = "-".join(["qalqan", period.code, *([form.cleaned_data["region"]] if form.cleaned_data["region"] else [])])
    day = local_day(now)
    response = grid_file(completeness.grid(shown), kind, name=name, title=period.in_words, day=day)
    asked = {"period": period.code, "region": form.cleaned_data["region"], "days": shown.days, "kind": kind}
    journal.write("period.download", period, by=request.user, after=asked, now=now)
    return response


def _table(request: AuthenticatedRequest, period: Period, form: CompletenessForm) -> Table | None:
    """The table that was asked for, None where the form is wrong. Raises Http404 for a region out of reach."""
    if not form.is_valid():
        return None
    try:
        return completeness.table(
            period,
            user=request.user,
            day=local_day(timezone.now()),
            days=form.cleaned_data["days"],
            region=form.cleaned_data["region"],
        )
    except NoSuchPlace as unknown:
        raise Http404 from unknown


def _look_up(request: AuthenticatedRequest, code: str) -> Period:
    """A quarter that has begun; for the ministry and the regions. Raises Http404."""
    if not access.roles_of(request.user) & access.READ_QUARTERS:
        raise Http404
    return get_object_or_404(Period.objects.begun(local_day(timezone.now())), code=code)


def _trail(period: Period, shown: Table | None) -> list[Step]:
    own = reverse("reporting:quarter_regions", args=[period.code])
    steps = [
        Step(_("Quarters"), reverse("compliance:quarters")),
        Step(period.in_words, reverse("compliance:quarter", args=[period.code])),
    ]
    if shown is None or shown.region is None or shown.only_region:
        return [*steps, Step(_("By region"))]
    return [*steps, Step(_("By region"), f"{own}?days={shown.days}"), Step(shown.region.name)]
