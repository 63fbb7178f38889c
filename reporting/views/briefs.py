"""Briefs: the list, the wish for a new one, its progress, its figures and the institutions behind them, its file."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from institutions import access, journal
from institutions.enums import COUNTRY_ROLES, Kind
from institutions.http import AuthenticatedRequest
from reporting import publishing
from reporting.brief_pages import BriefFigures, facts_of, findings_of, place_name, snapshot_facts_of
from reporting.coverage import Part
from reporting.enums import UNFINISHED, BriefState
from reporting.explorer import Step
from reporting.forms import PARTS, BriefForm, BriefRecordsForm
from reporting.models import Brief
from reporting.snapshot import PeriodNotReady

LIST_PAGE = 25
RECORDS_PAGE = 50


@require_safe
def brief_list(request: AuthenticatedRequest) -> HttpResponse:
    """All briefs, newest first; for people whose scope is the country."""
    may_make = _see_briefs(request)
    page = Paginator(Brief.objects.visible_to(request.user).for_list(), LIST_PAGE).get_page(request.GET.get("page"))
    return render(request, "reporting/briefs.html", {"page": page, "may_make": may_make})


@require_http_methods(["GET", "HEAD", "POST"])
def brief_new(request: AuthenticatedRequest) -> HttpResponse:
    """Choose a quarter; the same figures give the brief that is there already."""
    if not access.roles_of(request.user) & access.MAKE_BRIEFS:
        raise Http404
    now = timezone.now()
    form = BriefForm(request.POST if request.method == "POST" else None, today=timezone.localdate(now))
    if form.is_valid():
        try:
            brief = publishing.request_brief(
                form.cleaned_data["period"], language=form.cleaned_data["language"], by=request.user, now=now
            )
        except PeriodNotReady:
            form.add_error("period", _("This quarter has no figures yet."))
        except publishing.SnapshotMoved:
            form.add_error(None, _("The figures are moving just now. Please ask again in a minute."))
        else:
            return redirect("reporting:brief", brief.pk)
    context = {"form": form, "trail": [*_way_here(), Step(_("New brief"))]}
    return render(request, "reporting/brief_new.html", context, status=422 if form.is_bound else 200)


@require_safe
def brief(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """How its making stands, what it says, and the door to each of its figures."""
    may_make = _see_briefs(request)
    found = get_object_or_404(
        Brief.objects.visible_to(request.user).select_related("period", "requested_by").defer("records"), pk=pk
    )
    return render(
        request,
        "reporting/brief.html",
        {
            "brief": found,
            "finished": found.state not in UNFINISHED,
            "findings": findings_of(found),
            "facts": facts_of(found),
            "snapshot_facts": snapshot_facts_of(found),
            "kinds": [_("all kinds"), *(str(label).capitalize() for label in Kind.labels)],
            "trail": [*_way_here(), Step(f"№ {found.number}")],
            "figures": BriefFigures.of(found, request.GET.get("measure", "")),
            "may_make": may_make,
        },
    )


@require_safe
def brief_progress(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The bar alone, asked for every second; once the brief is finished, the page is loaded again."""
    found = get_object_or_404(Brief.objects.visible_to(request.user).only("state", "progress"), pk=pk)
    if found.state not in UNFINISHED:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "reporting/partials/_progress.html", {"brief": found})


@require_safe
def brief_file(request: AuthenticatedRequest, pk: int) -> FileResponse:
    """The PDF; each download is noted in the journal."""
    found = get_object_or_404(Brief.objects.visible_to(request.user).for_list(), pk=pk, state=BriefState.READY)
    journal.write("brief.download", found, by=request.user, after={"number": found.number}, now=timezone.now())
    return FileResponse(
        found.file.open("rb"),
        as_attachment=True,
        filename=f"brief-{found.period.code}-{found.language}.pdf",
        content_type="application/pdf",
    )


@require_safe
def brief_records(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The institutions that were frozen with a figure of the brief."""
    found = get_object_or_404(Brief.objects.visible_to(request.user).select_related("period"), pk=pk)
    form = BriefRecordsForm(request.GET, brief=found)
    if not form.is_valid():
        raise Http404
    institutions = publishing.records_of(
        found, form.chosen_measure, place=form.chosen_place, kind=form.chosen_kind, part=form.chosen_part
    )
    shown = institutions.visible_to(request.user).with_places()
    page = Paginator(shown.order_by("sort_kk", "pk"), RECORDS_PAGE).get_page(request.GET.get("page"))
    if form.chosen_part != Part.COVERED:
        asked = {name: str(value) for name, value in form.cleaned_data.items() if value}
        journal.write("brief.records", found, by=request.user, after=asked, now=timezone.now())
    return render(
        request,
        "reporting/brief_records.html",
        {
            "brief": found,
            "form": form,
            "place_name": place_name(found.snapshot, form.chosen_place) if form.chosen_place else "",
            "page": page,
            "rows": [(institution, None) for institution in page],
            "parts": PARTS,
            "trail": [
                *_way_here(),
                Step(f"№ {found.number}", reverse("reporting:brief", args=[found.pk])),
                Step(_("Institutions")),
            ],
        },
    )


def _way_here() -> list[Step]:
    return [Step(_("Briefs"), reverse("reporting:briefs"))]


def _see_briefs(request: AuthenticatedRequest) -> bool:
    """Whether the person may make briefs; 404 for whom briefs are not there at all."""
    roles = access.roles_of(request.user)
    if not roles & COUNTRY_ROLES:
        raise Http404
    return bool(roles & access.MAKE_BRIEFS)
