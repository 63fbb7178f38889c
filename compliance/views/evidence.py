"""Photos and documents, within the scope of whoever looks."""

from __future__ import annotations

import logging
from datetime import date
from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from compliance import documents, photos
from compliance.enums import EntryState
from compliance.forms import RevokeDocumentForm
from compliance.models import Evidence, KeptPhoto, Photo, StatusEntry
from compliance.querysets import RESTING, SOON, StatusEntryQuerySet
from compliance.reading import note_reading
from compliance.views.answers import READ_AND_WRITE
from institutions import journal
from institutions.access import INSIDERS
from institutions.clock import local_day
from institutions.http import AuthenticatedRequest
from institutions.models import Institution

PAGE: Final = 50

logger = logging.getLogger(__name__)


@require_safe
def photo(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The file of a photo; seen from outside the institution, it is a reading like any other of it."""
    visible = Photo.objects.visible_to(request.user).select_related("entry__item__institution")
    found = get_object_or_404(visible, pk=pk)
    answer = _file_of(found)
    note_reading(request.user, found.entry.item.institution, timezone.now())
    return answer


@require_safe
def kept_photo(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The file of a photo whose form came to nothing: its person sees it while it waits."""
    return _file_of(get_object_or_404(KeptPhoto.objects.visible_to(request.user), pk=pk))


def _file_of(found: Photo | KeptPhoto) -> HttpResponse:
    try:
        file = photos.path_of(found.sha256).read_bytes()
    except FileNotFoundError as lost:
        logger.exception("The file of %s %s is not there", found._meta.model_name, found.pk)
        raise Http404 from lost
    return HttpResponse(
        file,
        content_type="image/jpeg",
        headers={
            "Content-Disposition": f'inline; filename="photo-{found.pk}.jpg"',
            # Shown from the browser's own store for a while, so that a page looked at twice is not two readings.
            "Cache-Control": "private, max-age=600",
            # The browser lays a picture out with a style of its own; nothing else may run in its place.
            "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'",
            "X-Content-Type-Options": "nosniff",
        },
    )


@require_safe
def document(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """A document with the answers that rest on it, of the institutions that the person sees."""
    found = get_object_or_404(Evidence.objects.visible_to(request.user), pk=pk)
    return _render(request, found, RevokeDocumentForm(initial={"note": found.revoke_note}))


@require_http_methods(READ_AND_WRITE)
def revoke_document(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Revoke it with every approved answer of the person's place that rests on it; again, to complete that."""
    found = get_object_or_404(Evidence.objects.revocable_by(request.user), pk=pk)
    if request.method != "POST":
        return redirect("compliance:document", pk)
    form = RevokeDocumentForm(request.POST)
    if not form.is_valid():
        return _render(request, found, form, status=422)
    try:
        outcome = documents.revoke(found, by=request.user, now=timezone.now(), note=form.cleaned_data["note"])
    except documents.OwnDocument:
        form.add_error(None, _("Nobody revokes a document that they entered themselves: another person has to."))
        return _render(request, found, form, status=409)
    _tell(request, outcome)
    return redirect("compliance:document", pk)


def _tell(request: AuthenticatedRequest, outcome: documents.Outcome) -> None:
    done = len(outcome.revoked)
    messages.success(
        request,
        ngettext(
            "The document is revoked, and %(count)s approved answer with it.",
            "The document is revoked, and %(count)s approved answers with it.",
            done,
        )
        % {"count": done},
    )
    if left := len(outcome.left):
        messages.warning(
            request,
            ngettext(
                "%(count)s answer stays that you wrote, sent or approved yourself: another person has to revoke it.",
                "%(count)s answers stay that you wrote, sent or approved yourself: another person has to revoke them.",
                left,
            )
            % {"count": left},
        )
    if outcome.outside:
        messages.info(
            request,
            ngettext(
                "It also stands at %(count)s institution outside your region, where the answers were not touched.",
                "It also stands at %(count)s institutions outside your region, where the answers were not touched.",
                outcome.outside,
            )
            % {"count": outcome.outside},
        )


def _render(
    request: AuthenticatedRequest, found: Evidence, form: RevokeDocumentForm, *, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    day = local_day(now)
    resting = StatusEntry.objects.filter(evidence=found, state__in=[*RESTING, EntryState.REVOKED])
    visible = resting.visible_to(request.user)
    order = ("item__institution__sort_kk", "item__institution", "item__requirement__sort_order", "-pk")
    page = Paginator(visible.with_context().order_by(*order), PAGE).get_page(request.GET.get("page"))
    within = documents.within_reach(found, request.user)
    served = visible.filter(state__in=RESTING).order_by().values("item__institution").distinct().count()
    everywhere = resting.filter(state__in=RESTING).order_by().values("item__institution").distinct().count()
    if _seen_from_outside(request, visible):
        journal.write("document.read", found, by=request.user, now=now)
    context = {
        "document": found,
        "state": _state(found, day),
        "page": page,
        "served": served,
        "outside": everywhere - served,
        "may_revoke": Evidence.objects.revocable_by(request.user).filter(pk=found.pk).exists()
        and found.author_id != request.user.pk
        and (found.revoked_at is None or within.exists()),
        "form": form,
        "within": within.count(),
        "kept_as": f"document/{request.user.pk}/{found.pk}",
    }
    return render(request, "compliance/document.html", context, status=status)


def _state(found: Evidence, day: date) -> str:
    """In the words of the component `evidence`."""
    if found.revoked_at is not None:
        return "revoked"
    if found.has_ended(day):
        return "expired"
    return "expiring" if found.valid_until is not None and found.valid_until <= day + SOON else ""


def _seen_from_outside(request: AuthenticatedRequest, entries: StatusEntryQuerySet) -> bool:
    """Whether the page shows answers of an institution of which the person is no director."""
    inside = Institution.objects.within_roles(request.user, INSIDERS)
    return entries.exclude(item__institution__in=inside).exists()
