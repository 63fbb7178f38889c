"""The review: what waits for a decision in an approver's region, decided one by one or in bulk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compliance import oddities, refusals, workflow
from compliance.enums import EntryState, ReturnReason
from compliance.filters import QueueFilter
from compliance.forms import ApproveForm, ReturnForm, RevokeForm
from compliance.models import StatusEntry
from compliance.querysets import StatusEntryQuerySet
from compliance.reading import note_reading
from compliance.views.answers import READ_AND_WRITE, standing_answer
from institutions import access
from institutions.clock import local_day
from institutions.http import AuthenticatedRequest
from institutions.models import User

PAGE: Final = 50
# At most so many are shown, and approved, in one go: each decision is a transaction of its own.
BULK: Final = 200
OTHERS: Final = 20


@require_safe
def queue(request: AuthenticatedRequest) -> HttpResponse:
    """Everything that waits in the places where the person decides, the oldest first."""
    _only_for_deciders(request.user)
    day = local_day(timezone.now())
    found = _filtered(request)
    waiting = _queue_of(request.user, found)
    page = Paginator(waiting.with_context().with_photos().with_oddities(day), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "compliance/queue.html",
        {
            "filter": found,
            "page": page,
            "rows": oddities.look(page, reader=request.user, day=day),
            "clean_count": _others_hands(waiting, request.user).rule_clean(day).count(),
            "query": _query_of(request),
        },
    )


@require_safe
def clean(request: AuthenticatedRequest) -> HttpResponse:
    """The entries of this filter with nothing unusual about them, all on one page, to be approved together.

    They are shown before they are approved: a decision names what was shown.
    """
    _only_for_deciders(request.user)
    day = local_day(timezone.now())
    found = _filtered(request)
    fit = _others_hands(_queue_of(request.user, found), request.user).rule_clean(day)
    return render(
        request,
        "compliance/clean.html",
        {
            "rows": oddities.look(
                fit.with_context().with_photos().with_oddities(day)[:BULK], reader=request.user, day=day
            ),
            "total": fit.count(),
            "most": BULK,
            "query": _query_of(request),
        },
    )


@require_http_methods(READ_AND_WRITE)
def approve_selected(request: AuthenticatedRequest) -> HttpResponse:
    """Approve the entries that were ticked, each as it was shown; tells which were not, and why."""
    if request.method != "POST":
        return redirect("compliance:queue")
    shown = _marks(request.POST.getlist("shown"))
    scope = StatusEntry.objects.of_deciders(request.user).exclude(state=EntryState.DRAFT).with_context()
    entries = {entry.pk: entry for entry in scope.filter(pk__in=shown)}
    outcome = workflow.approve_many(
        [(entry, shown[pk]) for pk, entry in entries.items()], by=request.user, now=timezone.now()
    )
    now_are = {entry.pk: entry for entry in scope.filter(pk__in=[pk for pk, _refusal in outcome.refused])}
    return render(
        request,
        "compliance/outcome.html",
        {
            "approved": [entries[pk] for pk in outcome.approved],
            "refused": [(now_are[pk], refusals.of_decision(refusal, now_are[pk])) for pk, refusal in outcome.refused],
            "missing": len(request.POST.getlist("shown")) - len(entries),
            "query": _query_of(request),
        },
    )


@require_safe
def entry(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One answer with all that a decision needs; for its own author without the buttons."""
    found = _look_up(request.user, pk)
    note_reading(request.user, found.item.institution, timezone.now())
    return _render(request, found)


@require_http_methods(READ_AND_WRITE)
def approve(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    found = _look_up(request.user, pk)
    if request.method != "POST":
        return redirect(_address(request, found.pk))
    form = ApproveForm(request.POST)
    if not form.is_valid():
        return _render(request, found, approve=form, status=422)
    return _decide(
        request,
        found,
        lambda: workflow.approve(
            found,
            by=request.user,
            now=timezone.now(),
            shown=form.cleaned_data["shown"],
            note=form.cleaned_data["note"],
        ),
        done=_("Approved: %(institution)s, %(item)s."),
        approve=form,
    )


@require_http_methods(READ_AND_WRITE)
def return_entry(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    found = _look_up(request.user, pk)
    if request.method != "POST":
        return redirect(_address(request, found.pk))
    form = ReturnForm(request.POST)
    if not form.is_valid():
        return _render(request, found, returning=form, status=422)
    return _decide(
        request,
        found,
        lambda: workflow.return_entry(
            found,
            by=request.user,
            now=timezone.now(),
            shown=form.cleaned_data["shown"],
            reason=ReturnReason(form.cleaned_data["reason"]),
            note=form.cleaned_data["note"],
        ),
        done=_("Returned: %(institution)s, %(item)s."),
        returning=form,
    )


@require_http_methods(READ_AND_WRITE)
def revoke(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Undo an approval that was wrong; by somebody else than who wrote, sent or approved it."""
    found = _look_up(request.user, pk)
    if request.method != "POST":
        return redirect(_address(request, found.pk))
    form = RevokeForm(request.POST)
    if not form.is_valid():
        return _render(request, found, revoking=form, status=422)
    try:
        workflow.revoke(found, by=request.user, now=timezone.now(), note=form.cleaned_data["note"])
    except workflow.Refused as refused:
        return _conflict(request, found.pk, refused, revoking=form)
    messages.success(request, _("The approval is revoked: %(institution)s, %(item)s.") % _names(found))
    return redirect("compliance:entry", found.pk)


def _decide(
    request: AuthenticatedRequest,
    found: StatusEntry,
    verb: Callable[[], object],
    *,
    done: str,
    **typed: forms.Form,
) -> HttpResponse:
    """Do it and go on to the next entry of the queue; refused: the page again, with what was typed."""
    following = _neighbours(request, found)[1]
    try:
        verb()
    except workflow.Refused as refused:
        return _conflict(request, found.pk, refused, **typed)
    messages.success(request, done % _names(found))
    if following is None:
        query = _query_of(request)
        return redirect(f"{reverse('compliance:queue')}?{query}" if query else "compliance:queue")
    return redirect(_address(request, following))


def _conflict(request: AuthenticatedRequest, pk: int, refused: workflow.Refused, **typed: forms.Form) -> HttpResponse:
    """What is recorded now beside what the person wanted; their text stays in its field."""
    now_is = _look_up(request.user, pk)
    (form,) = typed.values()
    theirs = {
        "status": now_is.status,
        "effective_on": now_is.effective_on,
        "note": now_is.revoke_note or now_is.decision_note or now_is.note,
        "by": now_is.revoked_by or now_is.decided_by or now_is.author or now_is.batch,
        "at": now_is.revoked_at or now_is.decided_at or now_is.submitted_at,
    }
    mine = {"note": form.cleaned_data.get("note", ""), "by": request.user}
    return _render(
        request,
        now_is,
        theirs=theirs,
        mine=mine,
        refused=refusals.of_decision(refused, now_is),
        own=isinstance(refused, workflow.OwnEntry),
        status=409,
        **typed,
    )


def _render(
    request: AuthenticatedRequest,
    found: StatusEntry,
    *,
    approve: forms.Form | None = None,
    returning: forms.Form | None = None,
    revoking: forms.Form | None = None,
    status: int = 200,
    **conflict: Any,
) -> HttpResponse:
    day = local_day(timezone.now())
    shown = {"shown": found.content_hash}
    for bound in (approve, returning):
        if bound is not None:  # who has seen what is recorded now decides about that
            bound.data = dict(bound.data.items()) | {bound.add_prefix("shown"): found.content_hash}
    history = list(
        StatusEntry.objects.visible_to(request.user)
        .filter(item=found.item_id)
        .exclude(state=EntryState.DRAFT)
        .with_context()
        .with_stand_ins()
        .with_photos()
        .select_related("revoked_by")
        .order_by("-pk")
    )
    (look,) = oddities.look(
        StatusEntry.objects.filter(pk=found.pk).with_context().with_oddities(day),
        reader=request.user,
        day=day,
    )
    waits = found.state == EntryState.SUBMITTED
    previous, following = _neighbours(request, found)
    others = StatusEntry.objects.of_deciders(request.user).awaiting_decision().exclude(pk=found.pk)
    context = {
        "entry": found,
        "item": found.item,
        "institution": found.item.institution,
        "requirement": found.item.requirement,
        "look": look,
        "flags": look.flags if waits else [],
        "waits": waits,
        "may_decide": waits and not look.own,
        "may_revoke": StatusEntry.objects.revocable_by(request.user).filter(pk=found.pk).exists(),
        "standing": standing_answer([past for past in history if past.pk != found.pk], day),
        "history": history,
        "others": others.filter(item__institution=found.item.institution_id).with_context().oldest_first()[:OTHERS],
        "approve_form": approve or ApproveForm(initial=shown),
        "return_form": returning or ReturnForm(initial=shown),
        "returns": returning is not None,
        "revoke_form": revoking or RevokeForm(),
        "revokes": revoking is not None,
        "previous": previous,
        "following": following,
        "query": _query_of(request),
        "kept_as": f"decision/{request.user.pk}/{found.pk}",
        **conflict,
    }
    return render(request, "compliance/entry.html", context, status=status)


def _look_up(user: User, pk: int) -> StatusEntry:
    """An entry of a place where the person decides; a draft is its author's alone. Raises Http404."""
    scope = StatusEntry.objects.of_deciders(user).exclude(state=EntryState.DRAFT)
    return get_object_or_404(scope.with_context().with_photos().select_related("revoked_by"), pk=pk)


def _only_for_deciders(user: User) -> None:
    """For whoever decides nothing there is no queue. One query."""
    if not access.roles_of(user) & access.DECIDE:
        raise Http404


def _filtered(request: AuthenticatedRequest) -> QueueFilter:
    waiting = StatusEntry.objects.of_deciders(request.user).awaiting_decision()
    return QueueFilter(request.GET, queryset=waiting, request=request)


def _queue_of(user: User, found: QueueFilter) -> StatusEntryQuerySet:
    queue: StatusEntryQuerySet = found.qs
    return queue.oldest_first()


def _others_hands(entries: StatusEntryQuerySet, user: User) -> StatusEntryQuerySet:
    """Without those that the person may not decide."""
    return entries.filter(pk__in=StatusEntry.objects.decidable_by(user).values("pk"))


def _neighbours(request: AuthenticatedRequest, found: StatusEntry) -> tuple[int | None, int | None]:
    """Keys of the entries before and after this one in the queue as the person filtered it."""
    if found.submitted_at is None:  # came with a batch, never queued
        return None, None
    waiting = _queue_of(request.user, _filtered(request)).exclude(pk=found.pk)
    after = Q(submitted_at__gt=found.submitted_at) | Q(submitted_at=found.submitted_at, pk__gt=found.pk)
    keys = waiting.values_list("pk", flat=True)
    return keys.exclude(after).order_by("-submitted_at", "-pk").first(), keys.filter(after).first()


def _marks(values: list[str]) -> dict[int, str]:
    """The hash that was shown of each entry, from `key:hash`; what is no such thing is left out."""
    marks = {}
    for value in values:
        key, _colon, digest = value.partition(":")
        if key.isascii() and key.isdigit() and len(key) < 19:
            marks[int(key)] = digest
    return marks


def _query_of(request: AuthenticatedRequest) -> str:
    """The filter of the queue, carried along from page to page."""
    query = request.GET.copy()
    query.pop("page", None)
    return query.urlencode()


def _address(request: AuthenticatedRequest, pk: int) -> str:
    query = _query_of(request)
    return reverse("compliance:entry", args=[pk]) + (f"?{query}" if query else "")


def _names(found: StatusEntry) -> dict[str, object]:
    return {"institution": found.item.institution, "item": found.item.requirement}
