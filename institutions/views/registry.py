"""Pages that need nothing but the registry: a director's own facility, the journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from institutions import access, actions
from institutions.enums import Role
from institutions.filters import JournalFilter
from institutions.http import AuthenticatedRequest
from institutions.models import Institution, Journal, Membership

JOURNAL_PAGE = 50


@dataclass(frozen=True, slots=True)
class JournalLine:
    """A row of the journal as a person reads it; `differences` are name, before, after, as written."""

    row: Journal
    action: str
    differences: list[tuple[str, object, object]]

    @classmethod
    def of(cls, row: Journal) -> Self:
        before, after = row.before or {}, row.after or {}
        changed = [(name, before.get(name), after.get(name)) for name in {**before, **after}]
        return cls(row, actions.in_words(row.action), changed)


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
    if not access.roles_of(request.user) & access.READ_JOURNAL:
        raise Http404
    rows = Journal.objects.visible_to(request.user).for_reading()
    found = JournalFilter(request.GET, queryset=rows, request=request)
    matching: QuerySet[Journal] = found.qs if found.is_valid() else rows.none()
    page = Paginator(matching, JOURNAL_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "institutions/journal.html",
        {
            "filter": found,
            "active": sum(bool(value) for value in found.form.cleaned_data.values()),
            "page": page,
            "lines": [JournalLine.of(row) for row in page],
        },
    )
