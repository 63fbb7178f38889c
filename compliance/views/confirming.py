"""The quarter's confirmation of one institution's record; for those who answer there."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from compliance import confirmations, refusals
from compliance.checklist import Checklist
from compliance.confirmations import Standing
from compliance.models import ChecklistItem, Period
from compliance.reading import note_reading
from compliance.views.answers import READ_AND_WRITE
from institutions.access import ANSWER
from institutions.clock import local_day
from institutions.http import AuthenticatedRequest
from institutions.models import Institution


@require_http_methods(READ_AND_WRITE)
def confirm(request: AuthenticatedRequest, bin: str, code: str) -> HttpResponse:
    """What should be looked at first, and the button; a tap elsewhere that knew less leads back to this page."""
    institution = get_object_or_404(Institution.objects.within_roles(request.user, ANSWER).with_places(), bin=bin)
    period = get_object_or_404(Period, code=code)
    now = timezone.now()
    if request.method != "POST":
        note_reading(request.user, institution, now)
        return _render(request, institution, period)
    try:
        given = confirmations.confirm(
            institution, period, by=request.user, now=now, shown=request.POST.get("shown", "")
        )
    except confirmations.AlreadyConfirmed:
        # Pressed twice, or somebody else was faster: either way it is confirmed, and the page says by whom.
        messages.info(request, _("This quarter is confirmed already."))
        return redirect("compliance:confirm", institution.bin, period.code)
    except confirmations.NotConfirmed as refused:
        return _render(request, institution, period, refused=refusals.of_confirmation(refused, period), status=409)
    messages.success(request, _("Confirmed: %(quarter)s.") % {"quarter": given.period.in_words})
    return redirect("compliance:checklist", institution.bin)


def _render(
    request: AuthenticatedRequest, institution: Institution, period: Period, *, refused: str = "", status: int = 200
) -> HttpResponse:
    day = local_day(timezone.now())
    items = ChecklistItem.objects.filter(institution=institution).for_checklist(request.user, day)
    standing: Standing = confirmations.standing(institution, period, Checklist.read(items, day=day), day)
    context = {
        "institution": institution,
        "period": period,
        "standing": standing,
        "refused": refused or refusals.why_not_to_confirm(institution, period, day),
        "moved_on": bool(refused),
    }
    return render(request, "compliance/confirm.html", context, status=status)
