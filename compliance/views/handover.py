"""The hand-over of an institution to a new director: it tells what becomes of the answers, so it stands in this app."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from compliance.enums import EntryState
from compliance.models import StatusEntry
from institutions import invitations
from institutions.clock import local_day
from institutions.http import AuthenticatedRequest
from institutions.models import Institution, Membership
from institutions.people_forms import HandOverForm
from institutions.views.appointing import FormPage


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: AuthenticatedRequest, bin: str) -> HttpResponse:
    """One director's role ends, another's begins the day after; where there is no director yet, one is invited."""
    institution = get_object_or_404(Institution.objects.appointable_by(request.user), bin=bin)
    now = timezone.now()
    day = local_day(now)
    directors = list(Membership.objects.changeable_by(request.user).directing(institution, day).select_related("user"))
    if not directors:
        return redirect(reverse("institutions:invite") + f"?role=director&institution={institution.bin}")
    page = FormPage(
        title=_("Hand over to a new director"),
        subtitle=institution.name,
        button=_("Hand over"),
        icon="user-check",
        back_url=reverse("institutions:detail", args=[institution.bin]),
        note=_what_stays(institution, directors),
    )
    if request.method != "POST":
        return page.render(request, HandOverForm(directors=directors, day=day))
    form = HandOverForm(request.POST, directors=directors, day=day)
    if not form.is_valid():
        return page.render(request, form, status=422)
    outcome = page.appoint(
        request,
        form,
        lambda known: invitations.hand_over(
            form.former,
            form.invited,
            last_day=form.cleaned_data["last_day"],
            known=known,
            by=request.user,
            now=now,
        ),
    )
    return redirect("institutions:person", outcome.user_id) if isinstance(outcome, Membership) else outcome


def _what_stays(institution: Institution, directors: list[Membership]) -> str:
    """What becomes of the answers, drafts of the present directors counted."""
    drafts = StatusEntry.objects.filter(
        item__institution=institution,
        state=EntryState.DRAFT,
        author__in=[director.user_id for director in directors],
    ).count()
    sent = _(
        "What was sent stays in the queue, what was approved stays in force; the new director mends what comes back."
    )
    if not drafts:
        return sent
    stay = ngettext(
        "%(count)s draft has not been sent. It stays its author's: the new director reads it in the history of its "
        "item and answers anew.",
        "%(count)s drafts have not been sent. They stay their author's: the new director reads them in the history of "
        "their items and answers anew.",
        drafts,
    )
    return f"{sent} {stay % {'count': drafts}}"
