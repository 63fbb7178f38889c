"""Pages that need nothing but the registry: a director's own facility, the journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from institutions import access, actions, journal_files, journal_words
from institutions.clock import local_day
from institutions.enums import Role
from institutions.filters import JournalFilter
from institutions.http import AuthenticatedRequest
from institutions.models import Institution, Journal, Membership
from institutions.paging import CappedPaginator
from institutions.querysets import JournalQuerySet
from institutions.templatetags.qalqan import figure

JOURNAL_PAGE = 50


@dataclass(frozen=True, slots=True)
class JournalLine:
    """A row of the journal as a person reads it; `differences` are name, before, after, in words."""

    row: Journal
    action: str
    differences: list[tuple[str, str, str]]

    @classmethod
    def of(cls, row: Journal) -> Self:
        differences = list(journal_words.differences(row.before, row.after))
        return cls(row, actions.in_words(row.action), differences)

    @property
    def names(self) -> str:
        return ", ".join(name for name, _before, _after in self.differences)


@require_safe
def mine(request: AuthenticatedRequest) -> HttpResponse:
    """The checklist of a director's facility; a choice, where there are several; 404 for anybody else."""
    if not Membership.objects.of(request.user, {Role.DIRECTOR}).exists():
        raise Http404
    institutions = list(Institution.objects.within_roles(request.user, {Role.DIRECTOR}).with_places())
    if len(institutions) == 1:
        return redirect("compliance:checklist", institutions[0].bin)
    return render(request, "institutions/mine.html", {"institutions": institutions})


@require_safe
def journal(request: AuthenticatedRequest) -> HttpResponse:
    """Who did what and when, newest first; for auditors and ministry administrators."""
    found = _found(request)
    page = CappedPaginator(_matching(found), JOURNAL_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "institutions/journal.html",
        {
            "filter": found,
            "active": sum(bool(value) for value in found.form.cleaned_data.values()),
            "page": page,
            "lines": [JournalLine.of(row) for row in page],
            "query": _without(request.GET, "page"),
        },
    )


@require_safe
def journal_export(request: AuthenticatedRequest) -> HttpResponseBase:
    """The rows that the filters leave, as CSV of any length or as a workbook; the journal notes each export."""
    found = _found(request)
    file_format = request.GET.get("format", "")
    if file_format not in journal_files.FORMATS or not found.is_valid():
        return redirect(f"{reverse('institutions:journal')}?{_without(request.GET, 'format')}")
    rows = _matching(found)
    if file_format == journal_files.XLSX and rows.order_by()[journal_files.MOST_IN_A_WORKBOOK :].exists():
        messages.error(
            request,
            _("A workbook takes %(most)s rows, and there are more: narrow the days, or take CSV.")
            % {"most": figure(journal_files.MOST_IN_A_WORKBOOK)},
        )
        return redirect(f"{reverse('institutions:journal')}?{_without(request.GET, 'format')}")
    now = timezone.now()
    asked = {name: str(value) for name, value in found.form.cleaned_data.items() if value}
    pieces = journal_files.export(rows, file_format, by=request.user, asked=asked, now=now)
    return StreamingHttpResponse(
        pieces,
        content_type=journal_files.FORMATS[file_format],
        headers={
            "Content-Disposition": f'attachment; filename="journal-{local_day(now)}.{file_format}"',
            "Cache-Control": "no-store",
        },
    )


def _found(request: AuthenticatedRequest) -> JournalFilter:
    if not access.roles_of(request.user) & access.READ_JOURNAL:
        raise Http404
    return JournalFilter(request.GET, queryset=Journal.objects.visible_to(request.user).for_reading(), request=request)


def _matching(found: JournalFilter) -> JournalQuerySet:
    matching: JournalQuerySet = found.qs if found.is_valid() else found.queryset.none()
    return matching


def _without(query: QueryDict, name: str) -> str:
    kept = query.copy()
    kept.pop(name, None)
    return kept.urlencode()
