"""What ends when: approved answers with an end, by the scope of whoever looks."""

from __future__ import annotations

from typing import Final

from django.core.paginator import Paginator
from django.db.models import Case, F, When
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from compliance.filters import EndingFilter
from compliance.models import StatusEntry
from compliance.querysets import SOON
from institutions import journal
from institutions.access import INSIDERS
from institutions.clock import local_day
from institutions.http import AuthenticatedRequest
from institutions.models import Institution

PAGE: Final = 50


@require_safe
def endings(request: AuthenticatedRequest) -> HttpResponse:
    """Answers that end within ninety days, the soonest first; then those that have ended and were not shown anew."""
    now = timezone.now()
    day = local_day(now)
    visible = StatusEntry.objects.visible_to(request.user).ending(day)
    found = EndingFilter(request.GET, queryset=visible, request=request)
    coming = Case(
        When(valid_until__gte=day, then=F("valid_until"))
    )  # what ended years ago must not hide what can be helped
    rows = found.qs.with_context().order_by(coming.asc(nulls_last=True), "-valid_until", "pk")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    inside = Institution.objects.within_roles(request.user, INSIDERS)
    if visible.exclude(item__institution__in=inside).exists():
        journal.write("endings.list", "endings", by=request.user, after=request.GET.dict(), now=now)
    return render(
        request,
        "compliance/endings.html",
        {"filter": found, "page": page, "day": day, "soon": day + SOON},
    )
