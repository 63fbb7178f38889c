"""The page on which a ministry administrator moves the institutions of one locality to another."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from compliance import relocation
from compliance.registry_forms import RelocationForm
from compliance.views.registry import trail_to
from institutions.access import ADMINISTER, roles_of
from institutions.clock import local_day
from institutions.http import AuthenticatedRequest

# How many institutions move in one request; the page then offers to go on with the rest.
STEP: Final = 40


@require_http_methods(["GET", "HEAD", "POST"])
def relocate(request: AuthenticatedRequest) -> HttpResponse:
    """Tell first who moves where, then move them step by step; 404 for anybody but administrators."""
    if not roles_of(request.user) & ADMINISTER:
        raise Http404
    now = timezone.now()
    form = RelocationForm(request.POST if request.method == "POST" else None, day=local_day(now))
    if not form.is_bound:
        return _render(request, form)
    if not form.is_valid():
        return _render(request, form, status=422)
    source, target, since = (form.cleaned_data[name] for name in ("source", "target", "since"))
    try:
        plan = relocation.plan(source, target, since=since, counterparts=form.counterparts)
        if request.POST.get("do") != "move":
            return _render(request, form, plan)
        reason = form.cleaned_data["reason"]
        moved = max(relocation.move(plan, by=request.user, now=now, reason=reason, most=STEP), default=0)
        said = ngettext("%(count)s institution moved.", "%(count)s institutions moved.", moved)
        messages.success(request, said % {"count": moved})
        rest = relocation.plan(source, target, since=since, counterparts=form.counterparts)
    except relocation.NoSettlement as unknown:
        form.ask(unknown.missing)
        return _render(request, form, missing=True, status=422)
    return _render(request, form, rest) if rest.institutions else redirect("institutions:list")


def _render(
    request: AuthenticatedRequest,
    form: RelocationForm,
    plan: relocation.Plan | None = None,
    *,
    missing: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {"form": form, "plan": plan, "missing": missing, "trail": trail_to(_("Move a whole district"))}
    return render(request, "institutions/relocation.html", context, status=status)
