"""The review: what waits for a check or a decision in an approver's place, one by one or in bulk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self

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

from compliance import oddities, refusals, saved_views, workflow
from compliance.enums import WAITING, EntryState, ReturnReason
from compliance.filters import QueueFilter
from compliance.forms import ApproveForm, CheckForm, CommentForm, ReturnForm, ReturnManyForm, RevokeForm
from compliance.models import SavedView, StatusEntry
from compliance.querysets import StatusEntryQuerySet
from compliance.reading import note_reading
from compliance.views.answers import READ_AND_WRITE, said, standing_answer
from compliance.views.saved_views import address_of
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
    """Everything that waits for the person's level of the review, the oldest first."""
    _only_for_deciders(request.user)
    views = list(SavedView.objects.of(request.user))
    opening = next((view for view in views if view.is_default and view.query), None)
    if not request.GET and opening is not None:
        return redirect(address_of(opening))
    current = saved_views.canonical(request.GET.urlencode())
    day = local_day(timezone.now())
    found = _filtered(request)
    waiting = _queue_of(request.user, found)
    page = Paginator(_looked_at(waiting, request.user, day), PAGE).get_page(request.GET.get("page"))
    rows = oddities.look(page, reader=request.user, day=day)
    return render(
        request,
        "compliance/queue.html",
        {
            "filter": found,
            "page": page,
            "rows": rows,
            "steps": _steps(rows),
            "views": [(view, address_of(view)) for view in views],
            "current": current,
            "known": any(view.query == current for view in views),
            "clean_count": waiting.movable_by(request.user).rule_clean(day).count(),
            "query": _query_of(request),
        },
    )


@require_safe
def clean(request: AuthenticatedRequest) -> HttpResponse:
    """The entries of this filter with nothing unusual about them, all on one page, to be approved or checked together.

    They are shown before that: a decision names what was shown.
    """
    _only_for_deciders(request.user)
    day = local_day(timezone.now())
    found = _filtered(request)
    fit = _queue_of(request.user, found).movable_by(request.user).rule_clean(day)
    rows = oddities.look(_looked_at(fit, request.user, day)[:BULK], reader=request.user, day=day)
    return render(
        request,
        "compliance/clean.html",
        {
            "rows": rows,
            "steps": _steps(rows),
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
    chosen = _Chosen.of(request)
    outcome = workflow.approve_many(chosen.shown, by=request.user, now=timezone.now())
    return _outcome(request, chosen, outcome)


@require_http_methods(READ_AND_WRITE)
def check_selected(request: AuthenticatedRequest) -> HttpResponse:
    """Check the entries that were ticked, each as it was shown; tells which were not, and why."""
    if request.method != "POST":
        return redirect("compliance:queue")
    chosen = _Chosen.of(request)
    outcome = workflow.check_many(chosen.shown, by=request.user, now=timezone.now())
    return _outcome(request, chosen, outcome)


@require_http_methods(READ_AND_WRITE)
def return_selected(request: AuthenticatedRequest) -> HttpResponse:
    """Return the entries that were ticked with one reason and text; asks for them first, with all that is selected."""
    if request.method != "POST":
        return redirect("compliance:queue")
    chosen = _Chosen.of(request)
    asked = "return-note" in request.POST
    form = ReturnManyForm(request.POST if asked else None)
    if not form.is_valid() or not chosen.entries:
        context = {
            "form": form,
            "rows": [(entry, _mark(entry.pk, digest)) for entry, digest in chosen.shown],
            "missing": chosen.missing,
            "query": _query_of(request),
            "kept_as": f"return-many/{request.user.pk}",
        }
        return render(request, "compliance/return_many.html", context, status=422 if asked else 200)
    outcome = workflow.return_many(
        chosen.shown,
        by=request.user,
        now=timezone.now(),
        reason=ReturnReason(form.cleaned_data["reason"]),
        note=form.cleaned_data["note"],
    )
    return _outcome(request, chosen, outcome, typed=form)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Entries within reach that were ticked, by their keys, and the hash that was shown of each.

    `missing`: how many marks name nothing within reach.
    """

    entries: dict[int, StatusEntry]
    marks: dict[int, str]
    missing: int

    @classmethod
    def of(cls, request: AuthenticatedRequest) -> Self:
        sent = request.POST.getlist("shown")
        marks = _marks(sent)
        scope = StatusEntry.objects.of_deciders(request.user).exclude(state=EntryState.DRAFT).with_context()
        scope = scope.filter(pk__in=marks)
        entries = {entry.pk: entry for entry in scope.oldest_first()}
        return cls(entries, marks, len(sent) - len(entries))

    @property
    def shown(self) -> list[tuple[StatusEntry, str]]:
        return [(entry, self.marks[pk]) for pk, entry in self.entries.items()]


def _outcome(
    request: AuthenticatedRequest,
    chosen: _Chosen,
    outcome: workflow.BulkOutcome,
    *,
    typed: ReturnManyForm | None = None,
) -> HttpResponse:
    """What became of the entries; after a return that was refused for some, their reason and text once more."""
    scope = StatusEntry.objects.of_deciders(request.user).with_context()
    now_are = {entry.pk: entry for entry in scope.filter(pk__in=[pk for pk, _refusal in outcome.refused])}
    left = [(now_are[pk], refusal) for pk, refusal in outcome.refused if pk in now_are]
    again = [entry for entry, _refusal in left if entry.state in WAITING and request.user.pk not in entry.hands]
    return render(
        request,
        "compliance/outcome.html",
        {
            "approved": [chosen.entries[pk] for pk in outcome.approved],
            "checked": [chosen.entries[pk] for pk in outcome.checked],
            "returned": [chosen.entries[pk] for pk in outcome.returned],
            "refused": [(entry, refusals.of_decision(refusal, entry)) for entry, refusal in left],
            "missing": chosen.missing,
            "form": typed if outcome.refused else None,
            "rows": [(entry, _mark(entry.pk, entry.content_hash)) for entry in again],
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
def check(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Say for the district that the answer is right; the region approves it."""
    found = _look_up(request.user, pk)
    if request.method != "POST":
        return redirect(_address(request, found.pk))
    form = CheckForm(request.POST)
    if not form.is_valid():
        return _render(request, found, checking=form, status=422)
    return _decide(
        request,
        found,
        lambda: workflow.check(found, by=request.user, now=timezone.now(), shown=form.cleaned_data["shown"]),
        done=_("Checked: %(institution)s, %(item)s. The region approves it."),
        checking=form,
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


@require_http_methods(READ_AND_WRITE)
def comment(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Say something about the item of an answer to who answers it."""
    found = _look_up(request.user, pk)
    if request.method == "POST":
        form = CommentForm(request.POST)
        if not said(form, found.item, by=request.user, now=timezone.now()):
            return _render(request, found, commenting=form, status=422)
        messages.success(request, _("Your comment is written; the other side is told."))
    return redirect(_address(request, found.pk) + "#discussion")


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
    checking: forms.Form | None = None,
    returning: forms.Form | None = None,
    revoking: forms.Form | None = None,
    commenting: forms.Form | None = None,
    status: int = 200,
    **conflict: Any,
) -> HttpResponse:
    day = local_day(timezone.now())
    shown = {"shown": found.content_hash}
    for bound in (approve, checking, returning):
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
        StatusEntry.objects.filter(pk=found.pk).with_context().with_oddities(day).with_step(request.user),
        reader=request.user,
        day=day,
    )
    waits = found.state in WAITING
    comments = list(found.item.comments.select_related("by"))
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
        "step": look.step,
        "why_not": _why_not(found, request.user) if waits and not look.own and not look.step else "",
        "may_revoke": StatusEntry.objects.revocable_by(request.user).filter(pk=found.pk).exists(),
        "standing": standing_answer([past for past in history if past.pk != found.pk], day),
        "history": history,
        "others": others.filter(item__institution=found.item.institution_id).with_context().oldest_first()[:OTHERS],
        "approve_form": approve or ApproveForm(initial=shown),
        "check_form": checking or CheckForm(initial=shown),
        "return_form": returning or ReturnForm(initial=shown),
        "returns": returning is not None,
        "revoke_form": revoking or RevokeForm(),
        "revokes": revoking is not None,
        "previous": previous,
        "following": following,
        "query": _query_of(request),
        "kept_as": f"decision/{request.user.pk}/{found.pk}",
        "comments": comments,
        "said_at": max((one.at for one in comments if one.by_id == request.user.pk), default=None),
        "comment_form": commenting or CommentForm(),
        "comment_kept_as": f"comment/{request.user.pk}/{found.item_id}",
        **conflict,
    }
    return render(request, "compliance/entry.html", context, status=status)


def _look_up(user: User, pk: int) -> StatusEntry:
    """An entry of a place where the person decides; a draft is its author's alone. Raises Http404."""
    scope: StatusEntryQuerySet = StatusEntry.objects.of_deciders(user).exclude(state=EntryState.DRAFT)
    return get_object_or_404(scope.with_context().with_photos().select_related("revoked_by"), pk=pk)


def _only_for_deciders(user: User) -> None:
    """For whoever decides nothing there is no queue. One query."""
    if not access.roles_of(user) & access.DECIDE:
        raise Http404


def _filtered(request: AuthenticatedRequest) -> QueueFilter:
    return QueueFilter(request.GET, user=request.user, request=request)


def _queue_of(user: User, found: QueueFilter) -> StatusEntryQuerySet:
    queue: StatusEntryQuerySet = found.qs
    return queue.oldest_first()


def _looked_at(entries: StatusEntryQuerySet, user: User, day: date) -> StatusEntryQuerySet:
    """With all that `oddities.look` and a row need."""
    return entries.with_context().with_photos().with_oddities(day).with_step(user)


def _steps(rows: list[oddities.Waiting]) -> set[str]:
    """What can be done with some of the rows, besides returning them."""
    return {row.step for row in rows if row.step}


def _why_not(found: StatusEntry, user: User) -> str:
    """Why the person neither checks nor approves an answer that waits and is not their own."""
    if user.pk == found.checked_by_id:
        return refusals.of_decision(workflow.OwnCheck(found.pk), found)
    if StatusEntry.objects.filter(pk=found.pk).of_approvers(user).exists():
        return refusals.of_decision(workflow.Unchecked(found.pk), found)
    return refusals.of_level(found)


def _neighbours(request: AuthenticatedRequest, found: StatusEntry) -> tuple[int | None, int | None]:
    """Keys of the entries before and after this one in the queue as the person filtered it."""
    if found.submitted_at is None:  # came with a batch, never queued
        return None, None
    waiting = _queue_of(request.user, _filtered(request)).exclude(pk=found.pk)
    after = Q(submitted_at__gt=found.submitted_at) | Q(submitted_at=found.submitted_at, pk__gt=found.pk)
    keys = waiting.values_list("pk", flat=True)
    return keys.exclude(after).order_by("-submitted_at", "-pk").first(), keys.filter(after).first()


def _mark(key: int, digest: str) -> str:
    return f"{key}:{digest}"


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
    query.pop("all", None)
    return query.urlencode()


def _address(request: AuthenticatedRequest, pk: int) -> str:
    query = _query_of(request)
    return reverse("compliance:entry", args=[pk]) + (f"?{query}" if query else "")


def _names(found: StatusEntry) -> dict[str, object]:
    return {"institution": found.item.institution, "item": found.item.requirement}
