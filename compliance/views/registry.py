"""Pages on which institutions are entered and their records changed, by those who keep them."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from compliance import consequences, enrolment, proposals
from compliance.reading import note_reading
from compliance.registry_forms import ChangeForm, DetailsForm, NewInstitutionForm
from institutions import acts, registry
from institutions.access import REGISTER
from institutions.clock import local_day
from institutions.http import AuthenticatedRequest
from institutions.models import Institution, Locality, Merger
from institutions.ownership import PROPOSE, owned_by

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


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: AuthenticatedRequest, bin: str, act: str) -> HttpResponse:
    """One act from a day on: told first what follows, then done, or proposed to those who own the fields."""
    institution = _record(request, bin)
    chosen = acts.ACTS.get(act)
    is_duplicate = Merger.objects.filter(merged=institution, undone_at=None).exists()
    if chosen is None or not chosen.offered(institution.lifecycle, is_duplicate=is_duplicate):
        raise Http404
    now = timezone.now()
    direct = chosen.owner in owned_by(request.user, institution)
    keeps = Locality.objects.within_roles(request.user, REGISTER)
    states = institution.states.select_related("locality__region", "settlement", "large_city")
    form_of = partial(
        ChangeForm,
        act=chosen,
        states=list(states.order_by("valid_from")),
        localities=keeps if direct else Locality.objects.filter(region=institution.locality.region),
        mark=registry.states_mark(institution),
        day=local_day(now),
    )
    do = request.POST.get("do")
    if request.method != "POST" or do == PLACE:
        return _render_change(request, institution, form_of(initial=request.POST.dict()), direct)
    form = form_of(request.POST)
    if form.data.get("shown") != form.initial["shown"]:
        form.renew("shown", form.initial["shown"])
        return _render_change(request, institution, form, direct, conflict=True, status=409)
    if not form.is_valid():
        return _render_change(request, institution, form, direct, status=422)
    since, reason = form.cleaned_data["since"], form.cleaned_data["reason"]
    if direct and (do != "save" or form.cleaned_data["seen"] != form.fingerprint):
        try:
            told = consequences.of_change(institution, since=since, now=now, **form.changes)
        except ValidationError as wrong:
            form.add_error(None, ValidationError(wrong.messages))
            return _render_change(request, institution, form, direct, status=422)
        note_reading(request.user, institution, now)  # it tells how the measures stand
        form.renew("seen", form.fingerprint)
        return _render_change(request, institution, form, direct, told=told)
    if direct:
        try:
            enrolment.change_institution(
                institution,
                since=since,
                by=request.user,
                now=now,
                reason=reason,
                shown=form.cleaned_data["shown"],
                **form.changes,
            )
        except registry.StaleRecord:
            form = form_of(request.POST, states=list(states.order_by("valid_from")))
            form.renew("shown", registry.states_mark(institution))
            return _render_change(request, institution, form, direct, conflict=True, status=409)
        messages.success(request, _("Saved. The checklist and the figures follow."))
        return redirect("institutions:detail", institution.bin)
    try:
        made = proposals.propose(
            institution, what=chosen.code, changes=form.changes, since=since, reason=reason, by=request.user, now=now
        )
    except proposals.AlreadyOpen:
        form.add_error(None, _("Your proposal for the same waits for a decision already. Withdraw it first."))
        return _render_change(request, institution, form, direct, status=422)
    messages.success(request, _("Proposed. You see here what becomes of it."))
    return redirect("institutions:proposal", made.pk)


def _render_change(
    request: AuthenticatedRequest,
    institution: Institution,
    form: ChangeForm,
    direct: bool,
    *,
    told: consequences.Consequences | None = None,
    conflict: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "institution": institution,
        "act": form.act,
        "form": form,
        "direct": direct,
        "told": told,
        "conflict": conflict,
        "states": form.states[::-1],
        "trail": trail_to(str(form.act.label), institution),
    }
    return render(request, "institutions/change.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def details(request: AuthenticatedRequest, bin: str) -> HttpResponse:
    """Correct names, address and contacts; fields of another owner are proposed."""
    institution = _record(request, bin)
    owned = owned_by(request.user, institution)
    form = DetailsForm(request.POST if request.method == "POST" else None, institution=institution, owned=owned)
    if not form.is_bound:
        return _render_details(request, form)
    if form.data.get("shown") != form.mark:
        form.renew("shown", form.mark)
        return _render_details(request, form, conflict=True, status=409)
    if not form.is_valid():
        return _render_details(request, form, status=422)
    if not form.changes:
        messages.info(request, _("Nothing was changed."))
        return redirect("institutions:detail", institution.bin)
    try:
        corrected, proposal = proposals.correct(
            institution,
            owned=owned,
            changes=form.changes,
            reason=form.cleaned_data.get("reason", ""),
            by=request.user,
            now=timezone.now(),
            shown=form.mark,
        )
    except registry.StaleRecord:
        again = DetailsForm(request.POST, institution=_record(request, bin), owned=owned)
        again.renew("shown", again.mark)
        return _render_details(request, again, conflict=True, status=409)
    except proposals.AlreadyOpen:
        form.add_error(None, _("Your proposal for the same waits for a decision already. Withdraw it first."))
        return _render_details(request, form, status=422)
    if corrected:
        messages.success(request, _("Corrected."))
    if proposal is None:
        return redirect("institutions:detail", institution.bin)
    messages.success(request, _("Proposed. You see here what becomes of it."))
    return redirect("institutions:proposal", proposal.pk)


def _render_details(
    request: AuthenticatedRequest, form: DetailsForm, *, conflict: bool = False, status: int = 200
) -> HttpResponse:
    recorded = [{"label": field.label, "value": field.initial} for field in (*form.own_fields, *form.foreign_fields)]
    context = {
        "institution": form.institution,
        "form": form,
        "recorded": recorded if conflict else None,
        "trail": trail_to(acts.in_words(acts.DETAILS), form.institution),
    }
    return render(request, "institutions/details.html", context, status=status)


def _record(request: AuthenticatedRequest, bin: str) -> Institution:
    """An institution whose record the person may change or propose to change; 404 for any other."""
    return get_object_or_404(Institution.objects.within_roles(request.user, PROPOSE).with_places(), bin=bin)


def _render_new(request: AuthenticatedRequest, form: NewInstitutionForm, status: int = 200) -> HttpResponse:
    trail = trail_to(_("Enter an institution"))
    return render(request, "institutions/new.html", {"form": form, "trail": trail}, status=status)


def trail_to(title: str, institution: Institution | None = None) -> list[dict[str, str]]:
    """The way to a page of the registry, for components/breadcrumbs.html."""
    trail = [{"label": _("Institutions"), "url": reverse("institutions:list")}]
    if institution is not None:
        trail.append({"label": institution.name, "url": reverse("institutions:detail", args=[institution.bin])})
    return [*trail, {"label": title}]
