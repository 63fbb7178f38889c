"""Pages on which institutions are entered and their records changed, by those who keep them."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from compliance import enrolment
from compliance.registry_forms import NewInstitutionForm
from institutions.access import REGISTER
from institutions.clock import local_day
from institutions.http import AuthenticatedRequest
from institutions.models import Institution, Locality

PLACE = "place"  # what the button that looks up the settlements of a locality sends


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: AuthenticatedRequest) -> HttpResponse:
    """Enter an institution within the person's scope; 404 for those who keep no records."""
    if not Locality.objects.within_roles(request.user, REGISTER).exists():
        raise Http404
    now = timezone.now()
    day = local_day(now)
    if request.method != "POST" or request.POST.get("do") == PLACE:
        # The place is looked up; nothing is judged yet.
        form = NewInstitutionForm(initial=request.POST.dict(), user=request.user, day=day)
        return _render_new(request, form)
    form = NewInstitutionForm(request.POST, user=request.user, day=day)
    if form.is_valid():
        try:
            enrolment.open_institution(form.institution, since=form.cleaned_data["since"], by=request.user, now=now)
        except (ValidationError, IntegrityError):
            # Somebody entered the same BIN at this moment; whatever else it is, the program is wrong.
            try:
                form.refuse_taken(form.cleaned_data["bin"])
            except ValidationError as taken:
                form.add_error("bin", taken)
            else:
                raise
        else:
            messages.success(request, _("The institution is entered; its checklist is made."))
            return redirect("institutions:detail", form.institution.bin)
    return _render_new(request, form, status=422)


def _render_new(request: AuthenticatedRequest, form: NewInstitutionForm, status: int = 200) -> HttpResponse:
    trail = trail_to(_("Enter an institution"))
    return render(request, "institutions/new.html", {"form": form, "trail": trail}, status=status)


def trail_to(title: str, institution: Institution | None = None) -> list[dict[str, str]]:
    """The way to a page of the registry, for components/breadcrumbs.html."""
    trail = [{"label": _("Institutions"), "url": reverse("institutions:list")}]
    if institution is not None:
        trail.append({"label": institution.name, "url": reverse("institutions:detail", args=[institution.bin])})
    return [*trail, {"label": title}]
