"""The public page on which anybody learns whether a brief is genuine and in force."""

from __future__ import annotations

from typing import Final

from allauth.decorators import rate_limit
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from institutions.middleware import refuses_large_bodies
from reporting import verification
from reporting.brief_pages import facts_for_strangers
from reporting.forms import LARGEST_FILE, VerifyForm
from reporting.verification import Answer, Result

# What a form weighs besides its file.
_ENVELOPE: Final = 64 * 1024
_LEVELS: Final = {
    Result.IN_FORCE: "success",
    Result.DRAFT: "warning",
    Result.SUPERSEDED: "warning",
    Result.WITHDRAWN: "error",
    Result.ALTERED: "error",
    Result.UNKNOWN: "error",
}


@refuses_large_bodies
@login_not_required
@csrf_exempt  # it changes nothing, and without a token the size is known before anything is read
@rate_limit(action="verify_brief", limit_get=True)  # type: ignore[untyped-decorator]  # no types there
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest, code: str = "") -> HttpResponse:
    """By the code of the address or of the form, or by a file. Shows no figures, and no reader of a copy."""
    if request.method == "POST":
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_FILE + _ENVELOPE:
            form = VerifyForm({})
            form.full_clean()
            form.errors.clear()
            form.add_error("file", form.too_large())
            return _answer(request, form, None, status=413)
        form = VerifyForm(request.POST, request.FILES)
        if not form.is_valid():
            return _answer(request, form, None, status=422)
        if file := form.cleaned_data["file"]:
            return _answer(request, VerifyForm(), verification.by_file(file.read()))
        return _answer(request, form, verification.by_code(form.cleaned_data["code"]))
    if not code:
        return _answer(request, VerifyForm(), None)
    answer = verification.by_code(code)
    status = 404 if answer.result == Result.UNKNOWN else 200
    return _answer(request, VerifyForm(initial={"code": code}), answer, status=status)


def _answer(request: HttpRequest, form: VerifyForm, answer: Answer | None, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "answer": answer,
        "level": _LEVELS[answer.result] if answer else "",
        "advice": _advice(answer) if answer else "",
        "facts": facts_for_strangers(answer) if answer and answer.brief else [],
    }
    response = render(request, "reporting/verify.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _advice(answer: Answer) -> str:
    """What the person had better do now."""
    if answer.result == Result.ALTERED:
        return _("The file names the brief below, but is not the file that was issued. Do not rely on it.")
    if answer.result == Result.UNKNOWN and answer.by_file:
        return _("No such file was issued here. Ask whoever gave it to you for the original.")
    if answer.result == Result.UNKNOWN:
        return _("No brief bears this code. Compare it with the paper, sign by sign.")
    if answer.by_file:
        return _("The file is, byte for byte, the one that was issued.")
    return _("Compare number, date and subject with the paper. To be sure of a file, check the file itself.")
