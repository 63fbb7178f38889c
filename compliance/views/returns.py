"""Why answers came back: the counts of a quarter, and the answers behind each figure."""

from __future__ import annotations

from typing import Final

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from compliance import returns
from compliance.enums import ReturnReason
from compliance.filters import ReturnFilter
from compliance.models import Period
from compliance.returns import Cut
from institutions import access, journal
from institutions.clock import local_day
from institutions.http import AuthenticatedRequest

PAGE: Final = 50


@require_safe
def return_counts(request: AuthenticatedRequest) -> HttpResponse:
    """A table of a quarter: a row a region, district or item, a column a reason; each figure opens its answers."""
    found = _found(request)
    asked = request.GET.get("by", "")
    cut = Cut(asked) if asked in Cut.values else Cut.REGION
    rows = returns.count(found.qs, cut)
    return render(
        request,
        "compliance/returns.html",
        {
            "filter": found,
            "cut": cut,
            "cuts": [(each, _query(found.data, by=each.value)) for each in Cut],
            "reasons": ReturnReason.choices,
            "rows": [(row, _figures(found, row, cut)) for row in rows],
            "whole": _figures(found, returns.whole(rows), None),
        },
    )


@require_safe
def returned_answers(request: AuthenticatedRequest) -> HttpResponse:
    """The answers behind a figure, the newest return first."""
    found = _found(request)
    page = Paginator(found.qs.with_context().order_by("-decided_at", "-pk"), PAGE).get_page(request.GET.get("page"))
    journal.write("returns.list", "returns", by=request.user, after=request.GET.dict(), now=timezone.now())
    return render(
        request,
        "compliance/returned.html",
        {"filter": found, "page": page, "counts_query": _query(found.data, reason="")},
    )


def _found(request: AuthenticatedRequest) -> ReturnFilter:
    """What came back in the chosen quarter, or the current one, in the reader's reach. Raises Http404 for directors."""
    if not access.roles_of(request.user) & access.READ_RETURNS:
        raise Http404
    begun = list(Period.objects.begun(local_day(timezone.now())).order_by("-starts_on"))
    if not begun:
        raise Http404
    period = next((period for period in begun if period.code == request.GET.get("quarter")), begun[0])
    return ReturnFilter(
        request.GET,
        periods=begun,
        period=period,
        queryset=returns.of_quarter(request.user, period),
        request=request,
    )


def _figures(found: ReturnFilter, row: returns.Row, cut: Cut | None) -> list[tuple[int, str]]:
    """The counts of a row by reason, then all of them, each with the query that lists its answers."""
    place = {} if cut is None else {cut.value: row.key}
    figures = [(count, _query(found.data, reason=reason, **place)) for reason, count in row.by_reason]
    return [*figures, (row.total, _query(found.data, **place))]


def _query(data: QueryDict, **changes: str) -> str:
    query = data.copy()
    query.pop("page", None)
    for name, value in changes.items():
        if value:
            query[name] = value
        else:
            query.pop(name, None)
    return query.urlencode()
