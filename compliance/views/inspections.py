"""Inspections: recorded by those who verify, read by all in scope; and where they contradict what is approved."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compliance import inspections
from compliance.inspection_forms import ContradictionFilter, InspectionForm, RevokeInspectionForm
from compliance.models import ChecklistItem, Finding, Inspection
from compliance.reading import note_reading
from institutions import journal
from institutions.access import INSIDERS, VERIFY
from institutions.clock import local_day
from institutions.http import AuthenticatedRequest
from institutions.models import Institution

PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: AuthenticatedRequest, bin: str) -> HttpResponse:
    """Record what was found at an institution; for those who verify there."""
    reached = Institution.objects.within_roles(request.user, VERIFY).with_places()
    institution = get_object_or_404(reached, bin=bin)
    now = timezone.now()
    note_reading(request.user, institution, now)
    items = list(
        ChecklistItem.objects.filter(institution=institution)
        .listed()
        .with_requirement()
        .order_by("requirement__chapter__sort_order", "requirement__sort_order")
    )
    form = InspectionForm(request.POST if request.method == "POST" else None, items=items, today=local_day(now))
    if form.is_valid():
        try:
            recorded = inspections.record(
                institution,
                form.found,
                held_on=form.cleaned_data["held_on"],
                inspector=form.cleaned_data["inspector"],
                note=form.cleaned_data["note"],
                by=request.user,
                now=now,
            )
        except inspections.OwnAnswer as own:
            titles = "; ".join(item.requirement.title for item in own.items)
            form.add_error(
                None, _("You answered this yourself, so somebody else has to verify it: %(items)s.") % {"items": titles}
            )
        except inspections.NotListed:
            form.add_error(
                None, _("The list of the institution has changed in the meantime. Look at it and send again.")
            )
        else:
            messages.success(request, _("The inspection is recorded."))
            return redirect("compliance:inspection", recorded.pk)
    context = {"institution": institution, "form": form}
    return render(request, "compliance/inspection_new.html", context, status=422 if form.is_bound else 200)


@require_safe
def detail(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """What was found, beside what is approved today."""
    return _page(request, pk)


@require_POST
def revoke(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Take a wrong inspection back, with a reason."""
    verified = Inspection.objects.filter(institution__in=Institution.objects.within_roles(request.user, VERIFY))
    inspection = get_object_or_404(verified.with_context(), pk=pk)
    form = RevokeInspectionForm(request.POST)
    if not form.is_valid():
        return _page(request, pk, wrong=form)
    if not Inspection.objects.revocable_by(request.user).filter(pk=pk).exists():
        messages.warning(request, _("This inspection is taken back already, or it is another's to take back."))
        return redirect("compliance:inspection", pk)
    try:
        inspections.revoke(inspection, by=request.user, now=timezone.now(), note=form.cleaned_data["note"])
    except inspections.AlreadyRevoked:
        messages.warning(request, _("This inspection is taken back already, or it is another's to take back."))
    else:
        messages.success(request, _("The inspection is taken back; what was found before it holds again."))
    return redirect("compliance:inspection", pk)


@require_safe
def contradictions(request: AuthenticatedRequest) -> HttpResponse:
    """Where what was found is not what is approved, newest first: each to be mended or looked at again."""
    rows = Finding.objects.visible_to(request.user).contradicting().with_context()
    found = ContradictionFilter(request.GET, queryset=rows, request=request)
    wanted = found.qs if found.is_valid() else rows.none()
    ordered = wanted.order_by("-inspection__held_on", "-inspection", "item__requirement__sort_order")
    page = Paginator(ordered, PAGE).get_page(request.GET.get("page"))
    inside = Institution.objects.within_roles(request.user, INSIDERS)
    if rows.exclude(item__institution__in=inside).exists():
        journal.write(
            "contradictions.list", "contradictions", by=request.user, after=request.GET.dict(), now=timezone.now()
        )
    return render(request, "compliance/contradictions.html", {"filter": found, "page": page})


def _page(request: AuthenticatedRequest, pk: int, *, wrong: RevokeInspectionForm | None = None) -> HttpResponse:
    inspection = get_object_or_404(Inspection.objects.visible_to(request.user).with_context(), pk=pk)
    note_reading(request.user, inspection.institution, timezone.now())
    context = {
        "inspection": inspection,
        "institution": inspection.institution,
        "findings": inspection.findings.select_related("item__requirement"),
        "may_revoke": Inspection.objects.revocable_by(request.user).filter(pk=pk).exists(),
        "form": wrong or RevokeInspectionForm(),
        "revokes": wrong is not None,
    }
    return render(request, "compliance/inspection.html", context, status=422 if wrong else 200)
