"""Proposed changes of institutions' records: what waits for their owners, and what became of one's own."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compliance import consequences, proposals
from compliance.reading import note_reading
from compliance.registry_forms import DeclineForm
from compliance.views.registry import trail_to
from institutions import acts
from institutions.access import REGISTER, roles_of
from institutions.enums import ProposalState
from institutions.http import AuthenticatedRequest
from institutions.models import ChangeProposal
from institutions.ownership import PROPOSE

PROPOSALS_PAGE = 25
TO_DECIDE, OWN, ALL = "decide", "own", "all"


@require_safe
def proposal_list(request: AuthenticatedRequest) -> HttpResponse:
    """Proposals to decide, one's own, or all within the scope, the newest first; 404 for who has no part in them."""
    roles = roles_of(request.user)
    if not roles & PROPOSE:
        raise Http404
    shows = {OWN: _("My proposals"), ALL: _("All")}
    if roles & REGISTER:
        shows = {TO_DECIDE: _("To decide"), **shows}
    show = request.GET.get("show", "")
    show = show if show in shows else next(iter(shows))
    visible = ChangeProposal.objects.visible_to(request.user)
    match show:
        case "decide":
            found = ChangeProposal.objects.decidable_by(request.user)
        case "own":
            found = visible.filter(proposed_by=request.user)
        case _:
            found = visible
    page = Paginator(found.with_context(), PROPOSALS_PAGE).get_page(request.GET.get("page"))
    words = proposals.in_words(page)
    context = {
        "show": show,
        "shows": shows,
        "page": page,
        "rows": [(one, acts.in_words(one.what), words[one.pk]) for one in page],
        "trail": trail_to(_("Proposals")),
    }
    return render(request, "institutions/proposals.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def proposal(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One proposal: its owners accept or decline it, who proposed it takes it back, others in the scope read it."""
    one = get_object_or_404(ChangeProposal.objects.visible_to(request.user).with_context(), pk=pk)
    page = _Page(request, one)
    now = timezone.now()
    if request.method != "POST":
        return page.answer()
    form = DeclineForm(request.POST)
    try:
        match request.POST.get("do"):
            case "withdraw" if page.own:
                proposals.withdraw(one, by=request.user, now=now)
                messages.success(request, _("Withdrawn."))
            case "show" if page.decidable and one.since is not None:
                changes = proposals.new_values(one)
                note_reading(request.user, one.institution, now)  # it tells how the measures stand
                told = consequences.of_change(one.institution, since=one.since, now=now, **changes)
                return page.answer(told=told)
            case "accept" if page.decidable:
                proposals.accept(one, by=request.user, now=now)
                messages.success(request, _("Accepted: the record is changed."))
            case "decline" if page.decidable:
                if not form.is_valid():
                    return page.answer(form=form, status=422)
                proposals.decline(one, by=request.user, now=now, note=form.cleaned_data["note"])
                messages.success(request, _("Declined. Who proposed it sees your reason."))
            case _:
                raise proposals.StaleProposal(one.pk)
    except proposals.StaleProposal:
        return _Page(request, ChangeProposal.objects.with_context().get(pk=pk)).answer(late=True, status=409)
    except proposals.MovedOn as moved:
        return page.answer(moved=moved, status=409)
    except ValidationError as wrong:
        return page.answer(refused=wrong.messages, status=422)
    return redirect("institutions:proposal", one.pk)


class _Page:
    """The page of a proposal as one person sees it. `own`: they proposed it and may still take it back."""

    def __init__(self, request: AuthenticatedRequest, one: ChangeProposal) -> None:
        self.request = request
        self.proposal = one
        self.decidable = ChangeProposal.objects.decidable_by(request.user).filter(pk=one.pk).exists()
        self.own = one.state == ProposalState.OPEN and one.proposed_by_id == request.user.pk

    def answer(
        self,
        *,
        form: DeclineForm | None = None,
        told: consequences.Consequences | None = None,
        moved: proposals.MovedOn | None = None,
        refused: list[str] | None = None,
        late: bool = False,
        status: int = 200,
    ) -> HttpResponse:
        one = self.proposal
        context = {
            "proposal": one,
            "what": acts.in_words(one.what),
            "lines": proposals.in_words([one], moved.now if moved else None)[one.pk],
            "decidable": self.decidable,
            "withdrawable": self.own,
            "form": form or DeclineForm(),
            "told": told,
            "moved": moved is not None,
            "refused": refused,
            "late": late,
            "trail": trail_to(_("Proposal"), one.institution),
        }
        return render(self.request, "institutions/proposal.html", context, status=status)
