"""The facts on which duties rest: confirmed by those who answer there, and the list of those that nobody stands for."""

from __future__ import annotations

from typing import Final

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from compliance import facts
from compliance.applicability import FACTS
from compliance.reading import note_reading
from compliance.views.registry import trail_to
from institutions import access, journal
from institutions.access import ANSWER
from institutions.clock import local_day
from institutions.enums import Lifecycle
from institutions.http import AuthenticatedRequest
from institutions.models import Institution, Locality
from institutions.ownership import may_propose

LIST_PAGE: Final = 50


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: AuthenticatedRequest, bin: str) -> HttpResponse:
    """What the duties rest on, who stands for it, and the word of those who answer there."""
    institution = get_object_or_404(Institution.objects.visible_to(request.user).with_places(), bin=bin)
    now = timezone.now()
    may_confirm = Institution.objects.within_roles(request.user, ANSWER).filter(pk=institution.pk).exists()
    if request.method != "POST":
        note_reading(request.user, institution, now)
        return _page(request, institution, may_confirm)
    if not may_confirm:
        raise Http404
    try:
        fresh = facts.confirm(
            institution, shown=request.POST.get("shown", ""), by=request.user, now=now, day=local_day(now)
        )
    except facts.MovedOn:
        return _page(request, institution, may_confirm, moved=True, status=409)
    if fresh:
        messages.success(request, _("The facts are confirmed in your name."))
    else:
        messages.info(request, _("They were confirmed already; your word is noted with today's day."))
    return redirect("institutions:confirm_facts", institution.bin)


def _page(
    request: AuthenticatedRequest,
    institution: Institution,
    may_confirm: bool,
    *,
    moved: bool = False,
    status: int = 200,
) -> HttpResponse:
    found = facts.facts_of(institution, day=local_day(timezone.now()))
    context = {
        "institution": institution,
        "facts": found,
        "mark": facts.mark(found),
        "unconfirmed": sum(not fact.is_confirmed for fact in found),
        "unanswered": sum(fact.plain is None for fact in found),
        "may_confirm": may_confirm,
        "may_propose": may_propose(request.user, institution),
        "moved": moved,
        "trail": trail_to(_("Facts"), institution),
    }
    return render(request, "institutions/confirm_facts.html", context, status=status)


class UnconfirmedForm(forms.Form):
    """Of which region, and which fact. Who sees several regions is shown the first, until they choose."""

    region = forms.ChoiceField(label=gettext_lazy("Region"), required=False)
    fact = forms.ChoiceField(label=gettext_lazy("Fact"), required=False)

    def __init__(self, data: object, *, regions: list[tuple[str, str]]) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["region"].choices = regions  # type: ignore[attr-defined]
        names = [(name, facts.label_of(name)) for name in (*facts.RECORDED, *FACTS)]
        self.fields["fact"].choices = [("", _("all")), *names]  # type: ignore[attr-defined]


@require_safe
def unconfirmed(request: AuthenticatedRequest) -> HttpResponse:
    """Institutions at which nobody stands for a fact; for the ministry and the regions. Noted in the journal."""
    if not access.roles_of(request.user) & access.READ_QUARTERS:
        raise Http404
    reach = Institution.objects.visible_to(request.user).filter(lifecycle=Lifecycle.OPEN)
    places = (
        Locality.objects.filter(pk__in=reach.order_by().values("locality"))
        .select_related("region")
        .order_by("region__sort_order")
    )
    regions = list({place.region.code: place.region.name for place in places}.items())
    form = UnconfirmedForm(request.GET, regions=regions)
    if not form.is_valid():
        raise Http404
    region = form.cleaned_data["region"] or (regions[0][0] if regions else "")
    form.fields["region"].initial = region
    now = timezone.now()
    found = facts.unconfirmed(
        reach.filter(locality__region__code=region).with_places(), day=local_day(now), fact=form.cleaned_data["fact"]
    )
    page = Paginator(found, LIST_PAGE).get_page(request.GET.get("page"))
    after = {"scope": region, "page": page.number}
    journal.write("facts.list", "facts", by=request.user, after=after, now=now)
    context = {
        "form": form,
        "page": page,
        "place": dict(regions).get(region, ""),
        "trail": [
            {"label": _("Institutions"), "url": reverse("institutions:list")},
            {"label": _("Unconfirmed facts")},
        ],
    }
    return render(request, "institutions/unconfirmed_facts.html", context)
