"""The search that every page leads to."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from institutions.http import AuthenticatedRequest
from reporting.search import LEAST_LETTERS, find, only_institution

MOST_LETTERS = 100


@require_safe
def search(request: AuthenticatedRequest) -> HttpResponse:
    """What was found by name, BIN, place or requirement; a whole BIN leads to its card at once.

    A request of htmx, while somebody types, gets the results alone.
    """
    text = request.GET.get("q", "").strip()[:MOST_LETTERS]
    typing = bool(request.headers.get("HX-Request"))
    institution = None if typing else only_institution(request.user, text)
    if institution is not None:
        return redirect("institutions:detail", institution.bin)
    context = {"text": text, "groups": find(request.user, text), "least": LEAST_LETTERS}
    return render(request, "reporting/partials/_found.html" if typing else "reporting/search.html", context)
