"""Coverage for everybody within their reach, and the institutions behind each figure."""

from __future__ import annotations

from datetime import date
from typing import TypeVar

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from compliance.enums import Level, Status
from compliance.models import RegisterDay, Requirement
from institutions import journal
from institutions.access import INSIDERS
from institutions.enums import Kind, Ownership
from institutions.http import AuthenticatedRequest, grid_file
from institutions.models import Institution
from institutions.tables import Grid
from reporting import sums
from reporting.coverage import Counts, Part, Reach, count, institutions_behind, records, statuses_of
from reporting.coverage_charts import coverage_map, coverage_trend, has_map, mapped_column
from reporting.coverage_files import list_grid, table_grid
from reporting.explorer import Step, back_to_table, explore, place_of, trust
from reporting.forms import BY_KIND, PARTS, BehindForm, CoverageForm, View

AnyForm = TypeVar("AnyForm", CoverageForm, BehindForm)

BEHIND_PAGE = 50


@require_safe
def coverage(request: AuthenticatedRequest) -> HttpResponse:
    """The table; a place out of reach is not found, a wrong day is told and stays as it was typed."""
    form, valid = _asked(CoverageForm, request)
    view = form.chosen_view if valid else View.TABLE
    if view == View.MAP and not has_map(form):
        view = View.TABLE
    return render(
        request,
        "reporting/coverage.html",
        {
            "form": form,
            "active": form.active if valid else len(form.errors),
            "kind": form.cleaned_data.get("kind", ""),
            "kinds": [("", _("all kinds")), *Kind.choices, (BY_KIND, _("by kind"))],
            "table": explore(form) if valid else None,
            "view": view,
            "views": [one for one in View.choices if one[0] != View.MAP or (valid and has_map(form))],
            "map": coverage_map(form) if view == View.MAP else None,
            "mapped": mapped_column(form) if view == View.MAP else None,
            "trend": coverage_trend(form) if view == View.TREND else None,
            "trust": trust(form) if valid and view == View.TABLE else [],
            "levels": Level.choices,
            "question": form.question() if valid else None,
            "pending": sums.pending(),
        },
    )


@require_safe
def coverage_file(request: AuthenticatedRequest) -> HttpResponse:
    """The same table as a file (`format`: xlsx or csv)."""
    form, valid = _asked(CoverageForm, request)
    if not valid:
        return redirect(f"{reverse('reporting:coverage')}?{request.GET.urlencode()}")
    return _file(request, "qalqan-coverage", table_grid(explore(form)), form.question().as_of)


@require_safe
def behind_file(request: AuthenticatedRequest) -> HttpResponse:
    """The institutions that a figure counts as a file, all of them; noted in the journal like the page."""
    form, valid = _asked(BehindForm, request)
    if not valid:
        return redirect(f"{reverse('reporting:behind')}?{request.GET.urlencode()}")
    question = form.question()
    shown = institutions_behind(question, form.chosen_part).visible_to(request.user).order_by("sort_kk", "pk")
    statuses = {record.institution: Status(record.status) for record in records(question)}
    answer = _file(request, "qalqan-institutions", list_grid(shown, statuses), question.as_of)
    _note_reading(request, form, file=request.GET["format"])
    return answer


def _asked(form_class: type[AnyForm], request: AuthenticatedRequest) -> tuple[AnyForm, bool]:
    """The form of the address, and whether it is valid. Raises Http404 for a place that is out of reach."""
    form = form_class(
        request.GET,
        reach=Reach.of(request.user),
        day=RegisterDay.current(),
        requirements=Requirement.objects.select_related("chapter"),
    )
    valid = form.is_valid()
    if form.names_unknown_place:
        raise Http404
    return form, valid


def _file(request: AuthenticatedRequest, name: str, grid: Grid, day: date) -> HttpResponse:
    return grid_file(grid, request.GET.get("format", ""), name=f"{name}-{day.isoformat()}", title=grid.sheet, day=day)


@require_safe
def behind(request: AuthenticatedRequest) -> HttpResponse:
    """The institutions that a figure counts, by their Kazakh names; reading others' gaps is noted in the journal."""
    form, valid = _asked(BehindForm, request)
    if not valid:
        trail = [Step(_("Coverage"), reverse("reporting:coverage")), Step(_("Institutions"))]
        return render(request, "reporting/behind.html", {"form": form, "trail": trail})
    question = form.question()
    counted = institutions_behind(question, form.chosen_part)
    # Who was counted here on that day and lies elsewhere now: counted still, shown to their new region alone.
    shown = counted.visible_to(request.user)
    page = Paginator(shown.with_places().order_by("sort_kk", "pk"), BEHIND_PAGE).get_page(request.GET.get("page"))
    statuses = statuses_of(question, [institution.pk for institution in page])
    counts = count(question).get((), Counts())
    learners = count(question, learners=True).get((), Counts()) if form.in_learners else None
    _note_reading(request, form, page=page.number)
    return render(
        request,
        "reporting/behind.html",
        {
            "form": form,
            "question": question,
            "place": place_of(question),
            "ownership": Ownership(question.ownership).label if question.ownership else "",
            "trail": [Step(_("Coverage"), back_to_table(form)), Step(_("Institutions"))],
            "page": page,
            "rows": [(institution, statuses.get(institution.pk)) for institution in page],
            "parts": [(part, label, _of_part(counts, Part(part))) for part, label in PARTS],
            "learners": None if learners is None else _of_part(learners, form.chosen_part),
            "elsewhere": _of_part(counts, form.chosen_part) - page.paginator.count,
        },
    )


def _of_part(counts: Counts, part: Part) -> int:
    return {Part.COVERED: counts.covered, Part.NOT_COVERED: counts.not_covered, Part.TOTAL: counts.total}[part]


def _note_reading(request: AuthenticatedRequest, form: BehindForm, **which: str | int) -> None:
    """One row for the list, unless it names no gaps, or the person is a director of all whom they see.

    `which`: its page, or the format of its file.
    """
    seen = Institution.objects.visible_to(request.user)
    own = Institution.objects.within_roles(request.user, INSIDERS)
    if form.chosen_part == Part.COVERED or not seen.exclude(pk__in=own.values("pk")).exists():
        return
    asked = {name: str(value) for name, value in form.cleaned_data.items() if value}
    journal.write("coverage.list", "coverage", by=request.user, after=asked | which, now=timezone.now())
