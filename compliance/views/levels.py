"""In which regions districts check before the region approves; ministry administrators switch it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compliance import levels
from institutions import access
from institutions.clock import local_day
from institutions.http import AuthenticatedRequest
from institutions.models import Region, User


@require_safe
def level_list(request: AuthenticatedRequest) -> HttpResponse:
    """Every region with how it reviews, who is there for it, and what waits."""
    _only_for_administrators(request.user)
    rows = levels.of_regions(local_day(timezone.now()))
    return render(request, "compliance/levels.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def level(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """The question before it is switched, with what follows; POST names what it shall be (`on`: yes or no)."""
    _only_for_administrators(request.user)
    region = get_object_or_404(Region, code=code)
    now = timezone.now()
    if request.method != "POST":
        return _ask(request, region)
    on = request.POST.get("on") == "yes"
    try:
        changed = levels.switch(region, on=on, by=request.user, now=now, day=local_day(now))
    except levels.NobodyApproves:
        return _ask(request, region, status=409)
    words = {"region": region.name}
    if not changed:
        messages.info(request, _("It was so already: %(region)s.") % words)
    elif on:
        messages.success(request, _("%(region)s: from now on districts check and the region approves.") % words)
    else:
        messages.success(request, _("%(region)s: from now on answers are approved at once.") % words)
    return redirect("compliance:levels")


def _ask(request: AuthenticatedRequest, region: Region, *, status: int = 200) -> HttpResponse:
    (row,) = (row for row in levels.of_regions(local_day(timezone.now())) if row.region == region)
    return render(request, "compliance/level.html", {"row": row, "region": region}, status=status)


def _only_for_administrators(user: User) -> None:
    if not access.roles_of(user) & access.ADMINISTER:
        raise Http404
