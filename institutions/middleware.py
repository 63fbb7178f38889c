"""What every request brings along: its language and its origin."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation

from institutions import journal

Next = Callable[[HttpRequest], HttpResponse]
View = TypeVar("View", bound=Callable[..., HttpResponse])
_languages = frozenset(code for code, _name in settings.LANGUAGES)


class PersonLocaleMiddleware:
    """The language that the person chose (cookie), Kazakh where they chose none.

    Not Django's own LocaleMiddleware: a browser set to English must not turn a Kazakh office's pages English.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in _languages else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
        return response


def refuses_large_bodies(view: View) -> View:
    """Mark a view that looks at the declared length itself, before it reads anything, and answers with its form."""
    view.refuses_large_bodies = True  # type: ignore[attr-defined]
    return view


class BodyLimitMiddleware:
    """Refuses what is larger than any form of the program, before anybody reads it; also for strangers.

    By the declared length: without one, the server hands no body on.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponse], *_args: Any) -> HttpResponse | None:
        declared = str(request.META.get("CONTENT_LENGTH") or 0)
        small = declared.isdecimal() and int(declared) <= settings.LARGEST_BODY
        if small or getattr(view, "refuses_large_bodies", False):
            return None
        return HttpResponse(render_to_string("413.html"), status=413, headers={"Cache-Control": "no-store"})


class RequestIdMiddleware:
    """Gives each request an id and tells the journal where it came from."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = str(uuid.uuid4())
        token = journal.origin.set(journal.Origin(request.META.get("REMOTE_ADDR") or None, request_id))
        try:
            response = self.get_response(request)
        finally:
            journal.origin.reset(token)
        response.headers["X-Request-Id"] = request_id
        return response
