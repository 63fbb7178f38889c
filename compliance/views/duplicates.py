"""Pages of institutions that may be entered twice: candidates, merger, and its undoing; for those who keep records."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from compliance import merging
from compliance.registry_forms import MergeForm, ReasonForm
from compliance.views.registry import trail_to
from institutions import duplicates
from institutions.access import REGISTER
from institutions.clock import local_day
from institutions.enums import Lifecycle
from institutions.http import AuthenticatedRequest
from institutions.models import Institution, Locality, Merger, Region
from institutions.querysets import InstitutionQuerySet

PAIRS_PAGE = 20
ACROSS = "across"  # stands where the code of a region would


@require_http_methods(["GET", "HEAD", "POST"])
def candidates(request: AuthenticatedRequest) -> HttpResponse:
    """Pairs within the person's scope that look alike, region by region; a pair can be found to be two.

    Whoever keeps the records of several regions, as the ministry does, also sees the pairs between them.
    """
    regions = Region.objects.filter(localities__in=Locality.objects.within_roles(request.user, REGISTER)).distinct()
    by_code = {region.code: region for region in regions}
    if not by_code:
        raise Http404
    kept = _kept(request)
    if request.method == "POST":
        one = get_object_or_404(kept, bin=request.POST.get("first"))
        other = get_object_or_404(kept.exclude(pk=one.pk), bin=request.POST.get("second"))
        duplicates.dismiss(one, other, by=request.user, now=timezone.now())
        messages.success(request, _("Remembered: these are two institutions."))
        return redirect(request.get_full_path())
    wanted = request.GET.get("region", "")
    region = None
    compared = kept.exclude(lifecycle=Lifecycle.CLOSED)
    if wanted == ACROSS and len(by_code) > 1:
        pairs = duplicates.likely_across(duplicates.far_rows_of(compared), known=duplicates.known_pairs(compared))
    else:
        region = by_code.get(wanted) or next(iter(by_code.values()))
        compared = compared.filter(locality__region=region)
        pairs = duplicates.likely_pairs(duplicates.rows_of(compared), known=duplicates.known_pairs(compared))
    page = Paginator(pairs, PAIRS_PAGE).get_page(request.GET.get("page"))
    both = Institution.objects.with_places().in_bulk({pk for pair in page for pk in (pair.first, pair.second)})
    context = {
        "regions": list(by_code.values()),
        "region": region,
        "across": ACROSS,
        "page": page,
        "rows": [(both[pair.first], both[pair.second], [sign.label for sign in pair.signs]) for pair in page],
        "trail": trail_to(_("Possible duplicates")),
    }
    return render(request, "institutions/duplicates.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: AuthenticatedRequest, bin: str, other: str) -> HttpResponse:
    """Close the institution `other` as a duplicate of `bin`; both within the person's scope."""
    kept, merged = (get_object_or_404(_kept(request).with_places(), bin=number) for number in (bin, other))
    first = merged.states.order_by("valid_from").values_list("valid_from", flat=True).first()
    if kept == merged or first is None:
        raise Http404
    now = timezone.now()
    form = MergeForm(
        request.POST if request.method == "POST" else None,
        directors=merging.to_carry_over(merged, kept, local_day(now)),
        first_day=first,
        day=local_day(now),
    )
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                merging.merge(
                    merged,
                    into=kept,
                    since=form.cleaned_data["since"],
                    reason=form.cleaned_data["reason"],
                    carry=list(form.cleaned_data.get("carry", [])),
                    by=request.user,
                    now=now,
                )
            except merging.KeptIsClosed:
                form.add_error(None, _("What is kept has to be open on that day, and no duplicate itself."))
            except merging.AlreadyMerged:
                form.add_error(None, _("This one is closed already on that day."))
            else:
                messages.success(request, _("Merged. It can be undone on the card of the closed one."))
                return redirect("institutions:detail", kept.bin)
    context = {"kept": kept, "merged": merged, "form": form, "trail": trail_to(_("Merge"), kept)}
    return render(request, "institutions/merge.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Undo a merger: the closed institution is again what it was."""
    reached = _kept(request).order_by().values("pk")
    mine = Merger.objects.filter(Q(kept__in=reached) & Q(merged__in=reached)).select_related("kept", "merged")
    merger = get_object_or_404(mine, pk=pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                merging.undo(merger, by=request.user, now=timezone.now(), reason=form.cleaned_data["reason"])
            except merging.AlreadyUndone:
                merger.refresh_from_db()
                status = 409
            else:
                messages.success(request, _("Undone: it is again what it was."))
                return redirect("institutions:detail", merger.merged.bin)
    context = {"merger": merger, "form": form, "trail": trail_to(_("Undo the merger"), merger.merged)}
    return render(request, "institutions/unmerge.html", context, status=status)


def _kept(request: AuthenticatedRequest) -> InstitutionQuerySet:
    """The institutions whose records the person keeps."""
    return Institution.objects.within_roles(request.user, REGISTER)
