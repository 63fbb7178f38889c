"""The inbox: what a person is told, newest first; opening leads to the thing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compliance import notices
from compliance.checklist import Show
from compliance.enums import NoticeKind
from compliance.forms import LettersForm
from compliance.models import Notice, StatusEntry
from institutions import people
from institutions.enums import Letters
from institutions.http import AuthenticatedRequest

INBOX_PAGE: Final = 30
_LOOKS: Final[dict[NoticeKind, tuple[str, str]]] = {
    NoticeKind.RETURNED: ("arrow-back-up", "warn"),
    NoticeKind.ENDING_TOMORROW: ("clock", "bad"),
    NoticeKind.ENDING_WEEK: ("clock", "warn"),
    NoticeKind.ENDING_MONTH: ("clock", "info"),
    NoticeKind.WAITING: ("hourglass", "warn"),
    NoticeKind.UNMENDED: ("alert-triangle", "warn"),
    NoticeKind.UNMENDED_LONG: ("alert-triangle", "bad"),
    NoticeKind.CONTRADICTED: ("eye", "bad"),
    NoticeKind.CONTRADICTIONS: ("eye", "warn"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A notice as a person reads it; `about` is what it concerns: an institution, with an item where it is of one."""

    notice: Notice
    what: str
    about: str
    icon: str
    tone: str


@require_safe
def inbox(request: AuthenticatedRequest) -> HttpResponse:
    """What the person was told, newest first. Reading the list marks nothing; opening a line does."""
    mine = Notice.objects.visible_to(request.user).select_related("institution")
    page = Paginator(mine, INBOX_PAGE).get_page(request.GET.get("page"))
    return render(request, "compliance/inbox.html", {"page": page, "lines": _lines(page)})


@require_POST
def open_notice(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Mark it read and lead to the thing that it is about."""
    notice = get_object_or_404(Notice.objects.visible_to(request.user).select_related("institution"), pk=pk)
    notices.mark_read(notice, now=timezone.now())
    return redirect(_target(notice))


@require_POST
def read_all(request: AuthenticatedRequest) -> HttpResponse:
    """Mark everything read."""
    notices.mark_all_read(request.user, now=timezone.now())
    return redirect("compliance:inbox")


@require_http_methods(["GET", "HEAD", "POST"])
def letters(request: AuthenticatedRequest) -> HttpResponse:
    """Which letters the person wants."""
    form = LettersForm(request.POST if request.method == "POST" else None, initial={"letters": request.user.letters})
    if not form.is_bound or not form.is_valid():
        return render(request, "compliance/letters.html", {"form": form}, status=422 if form.is_bound else 200)
    people.choose_letters(request.user, Letters(form.cleaned_data["letters"]), now=timezone.now())
    messages.success(request, _("Your choice is kept."))
    return redirect("compliance:inbox")


def _lines(page: Iterable[Notice]) -> list[Line]:
    """One query more, for the items that answers came back about."""
    keys = [_key(notice) for notice in page if notice.kind == NoticeKind.RETURNED]
    entries = StatusEntry.objects.select_related("item__requirement").in_bulk(keys)
    lines = []
    for notice in page:
        about = [notice.institution.name] if notice.institution else []
        if notice.kind == NoticeKind.RETURNED:
            about.append(entries[_key(notice)].item.requirement.title)
        lines.append(Line(notice, _what(notice), " · ".join(about), *_LOOKS[NoticeKind(notice.kind)]))
    return lines


def _key(notice: Notice) -> int:
    return int(notice.subject.partition(":")[2])


def _what(notice: Notice) -> str:
    count = notice.count
    match NoticeKind(notice.kind):
        case NoticeKind.RETURNED:
            return _("An answer came back")
        case NoticeKind.ENDING_TOMORROW:
            text = ngettext("%(count)s proof ends by tomorrow", "%(count)s proofs end by tomorrow", count)
        case NoticeKind.ENDING_WEEK:
            text = ngettext("%(count)s proof ends within a week", "%(count)s proofs end within a week", count)
        case NoticeKind.ENDING_MONTH:
            text = ngettext("%(count)s proof ends within a month", "%(count)s proofs end within a month", count)
        case NoticeKind.WAITING:
            text = ngettext(
                "%(count)s answer has waited for a decision for a week",
                "%(count)s answers have waited for a decision for a week",
                count,
            )
        case NoticeKind.UNMENDED:
            text = ngettext(
                "%(count)s returned answer has not been mended for a week",
                "%(count)s returned answers have not been mended for a week",
                count,
            )
        case NoticeKind.UNMENDED_LONG:
            text = ngettext(
                "%(count)s returned answer has not been mended for two weeks",
                "%(count)s returned answers have not been mended for two weeks",
                count,
            )
        case NoticeKind.CONTRADICTED | NoticeKind.CONTRADICTIONS:
            text = ngettext(
                "%(count)s approved answer is contradicted by an inspection or the police",
                "%(count)s approved answers are contradicted by an inspection or the police",
                count,
            )
    return text % {"count": count}


def _target(notice: Notice) -> str:
    if notice.kind == NoticeKind.CONTRADICTIONS:
        return reverse("compliance:contradictions")
    if notice.institution is None:
        return reverse("compliance:queue") + f"?older={notices.LONG_WAIT.days}"
    if notice.kind == NoticeKind.RETURNED:
        item = StatusEntry.objects.select_related("item__requirement").get(pk=_key(notice)).item
        return reverse("compliance:item", args=[notice.institution.bin, item.requirement.code])
    unmended = notice.kind in (NoticeKind.UNMENDED, NoticeKind.UNMENDED_LONG)
    show = Show.CONTRADICTED if notice.kind == NoticeKind.CONTRADICTED else Show.RETURNED if unmended else Show.ENDING
    return reverse("compliance:checklist", args=[notice.institution.bin]) + f"?show={show.value}"
