"""Bundles: the briefs of all regions for a quarter, their progress, the archive."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from institutions import access, journal
from institutions.enums import COUNTRY_ROLES
from institutions.http import AuthenticatedRequest
from reporting import bundles
from reporting.enums import BundleState
from reporting.explorer import Step
from reporting.forms import BundleForm
from reporting.models import BriefBundle
from reporting.views.briefs import way_to_briefs


@require_http_methods(["GET", "HEAD", "POST"])
def bundle_new(request: AuthenticatedRequest) -> HttpResponse:
    """Choose a quarter and a language."""
    if not access.roles_of(request.user) & access.MAKE_BRIEFS:
        raise Http404
    now = timezone.now()
    form = BundleForm(request.POST if request.method == "POST" else None, today=timezone.localdate(now))
    if form.is_valid():
        asked = bundles.request_bundle(
            form.cleaned_data["period"], language=form.cleaned_data["language"], by=request.user, now=now
        )
        return redirect("reporting:bundle", asked.pk)
    context = {"form": form, "trail": [*way_to_briefs(), Step(_("Briefs of all regions"))]}
    return render(request, "reporting/bundle_new.html", context, status=422 if form.is_bound else 200)


@require_safe
def bundle(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """How far it is, and each of its briefs."""
    found = _visible(request, pk)
    return render(
        request,
        "reporting/bundle.html",
        {
            "bundle": found,
            "briefs": bundles.in_order(found),
            "share": bundles.finished_share(found),
            "finished": found.state not in bundles.OPEN_STATES,
            "trail": [*way_to_briefs(), Step(_("Briefs of all regions"))],
        },
    )


@require_safe
def bundle_progress(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The bar alone, asked for every second; once the bundle is finished, the page is loaded again."""
    found = _visible(request, pk)
    if found.state not in bundles.OPEN_STATES:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    context = {"bundle": found, "share": bundles.finished_share(found)}
    return render(request, "reporting/partials/_bundle_progress.html", context)


@require_safe
def bundle_file(request: AuthenticatedRequest, pk: int) -> FileResponse:
    """The archive; each download is noted in the journal."""
    found = _visible(request, pk)
    if found.state != BundleState.READY:
        raise Http404
    journal.write("bundle.download", found, by=request.user, after={"hash": found.file_hash}, now=timezone.now())
    return FileResponse(
        found.file.open("rb"),
        as_attachment=True,
        filename=f"briefs-{found.period.code}-{found.language}.zip",
        content_type="application/zip",
    )


def _visible(request: AuthenticatedRequest, pk: int) -> BriefBundle:
    """A bundle holds every region, so it is there for people whose scope is the country alone."""
    if not access.roles_of(request.user) & COUNTRY_ROLES:
        raise Http404
    return get_object_or_404(BriefBundle.objects.select_related("period", "requested_by"), pk=pk)
