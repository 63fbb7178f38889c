"""Pages for requests that came to nothing, and how what was typed survives them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.csrf import requires_csrf_token

# Never shown again nor sent a second time: passwords in all their fields, and the token that failed.
_SECRET = ("password", "csrfmiddlewaretoken")


@dataclass(frozen=True, slots=True)
class Typed:
    """One value of a form that was refused."""

    name: str
    value: str

    @property
    def worth_reading(self) -> bool:
        """Whether a person wrote it (words), not a page (a key, a hash, a choice)."""
        return len(self.value.split()) > 1


FileKeeper = Callable[[HttpRequest], bool]
View = TypeVar("View", bound=Callable[..., HttpResponse])


def keeps_files(keeper: FileKeeper) -> Callable[[View], View]:
    """Mark a view whose form's files `keeper` can keep when the form came to nothing; it says whether it has all."""

    def mark(view: View) -> View:
        view.keeps_files = keeper  # type: ignore[attr-defined]
        return view

    return mark


def _files_kept(request: HttpRequest) -> bool:
    keeper: FileKeeper | None = getattr(request.resolver_match and request.resolver_match.func, "keeps_files", None)
    return bool(request.FILES) and keeper is not None and keeper(request)


def typed_values(request: HttpRequest) -> list[Typed]:
    """What the form carried, without secrets and files."""
    return [
        Typed(name, str(value))
        for name, values in request.POST.lists()
        if not any(secret in name.lower() for secret in _SECRET)
        for value in values
    ]


def came_from_here(request: HttpRequest) -> bool:
    """Whether the browser says that the form stood on a page of ours.

    Only such a form may be offered again: a stranger's page must not get its values sent by one more press.
    """
    said = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return bool(said) and urlsplit(said).netloc == request.get_host()


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The token is missing or older than the sign-in: shows what was typed, and offers to send it again."""
    needs_person = getattr(request.resolver_match and request.resolver_match.func, "login_required", True)
    return _keep(request, ended=needs_person and not request.user.is_authenticated)


@requires_csrf_token
def session_ended(request: HttpRequest) -> HttpResponse:
    """A form sent after the end of the session waits on this page until its author has signed in again."""
    return _keep(request, ended=True)


def _keep(request: HttpRequest, *, ended: bool) -> HttpResponse:
    is_login = request.path == reverse("account_login")
    values = [] if is_login else typed_values(request)
    context = {
        "ended": ended,
        "is_login": is_login,
        "values": values,
        "texts": [value for value in values if value.worth_reading],
        "had_files": bool(request.FILES),
        "files_kept": _files_kept(request),
        "again_url": request.get_full_path() if values and came_from_here(request) else "",
    }
    response = render(request, "institutions/typed.html", context, status=403)
    response.headers["Cache-Control"] = "no-store"
    return response


class TypedKeepingLoginMiddleware(LoginRequiredMiddleware):
    """As Django's, except that a form sent after the end of a session is not thrown away by a redirect."""

    def handle_no_permission(  # type: ignore[override]  # Django's stubs know no page here, only a redirect
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponse | HttpResponseRedirect:
        if request.headers.get("HX-Request") == "true":
            return _tell_htmx(request)
        if request.method == "POST" and came_from_here(request) and typed_values(request):
            return session_ended(request)
        return super().handle_no_permission(request, view_func)


def _tell_htmx(request: HttpRequest) -> HttpResponse:
    """To sign in, the whole page has to go there; but one in which somebody types stays as it is."""
    answer = HttpResponse(status=401)
    if request.method == "GET":
        page = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
        answer.headers["HX-Redirect"] = redirect_to_login(page, reverse("account_login")).url
    return answer


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(render_to_string("400.html"), status=400)


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The same answer for what is not there and for what is out of scope."""
    return render(request, "404.html", status=404)


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Asks nothing any more: no person, no database."""
    return HttpResponse(render_to_string("500.html"), status=500)
