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
from compliance.models import Comment, Notice, StatusEntry
from compliance.quarters import Part
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
    NoticeKind.COMMENT: ("mail", "info"),
    NoticeKind.UNCONFIRMED: ("calendar", "info"),
    NoticeKind.UNCONFIRMED_TOMORROW: ("calendar", "bad"),
    NoticeKind.UNCONFIRMED_LATE: ("calendar", "warn"),
    NoticeKind.UNCONFIRMED_LONG: ("calendar", "bad"),
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
    family = notices.family_of(notice.kind)
    return redirect(family.lead(notice, request.user) if family else _target(notice))


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
    """Two queries more at most, for the items that answers came back about or somebody wrote about, and those of
    other apps' families."""
    told = list(page)
    worded: dict[int, tuple[str, str, tuple[str, str]]] = {}
    for family in notices.families():
        theirs = [notice for notice in told if notice.kind in family.kinds.values]
        said = family.word(theirs) if theirs else {}
        worded |= {notice.pk: (*said[notice.pk], family.looks[notice.kind]) for notice in theirs}
    keys = [int(_key(notice)) for notice in told if notice.kind == NoticeKind.RETURNED]
    entries = StatusEntry.objects.select_related("item__requirement").in_bulk(keys)
    keys = [int(_key(notice)) for notice in told if notice.kind == NoticeKind.COMMENT]
    comments = Comment.objects.select_related("item__requirement").in_bulk(keys) if keys else {}
    lines = []
    for notice in told:
        if notice.pk in worded:
            what, about_it, looks = worded[notice.pk]
            lines.append(Line(notice, what, about_it, *looks))
            continue
        about = [notice.institution.name] if notice.institution else []
        if notice.kind == NoticeKind.RETURNED:
            about.append(entries[int(_key(notice))].item.requirement.title)
        elif notice.kind == NoticeKind.COMMENT:
            about.append(comments[int(_key(notice))].item.requirement.title)
        lines.append(Line(notice, _what(notice), " · ".join(about), *_LOOKS[NoticeKind(notice.kind)]))
    return lines


def _key(notice: Notice) -> str:
    return notice.subject.partition(":")[2]


def _code(notice: Notice) -> str:
    """Of the quarter that a notice is about; behind it may stand the institution that should confirm it."""
    return _key(notice).partition("/")[0]


def _what(notice: Notice) -> str:
    count = notice.count
    match NoticeKind(notice.kind):
        case NoticeKind.RETURNED:
            return _("An answer came back")
        case NoticeKind.COMMENT:
            return _("Somebody wrote about an item")
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
        case NoticeKind.UNCONFIRMED:
            return _("Quarter %(quarter)s of %(year)s waits for your confirmation") % _quarter(notice)
        case NoticeKind.UNCONFIRMED_TOMORROW:
            return _("Quarter %(quarter)s of %(year)s is to be confirmed by tomorrow") % _quarter(notice)
        case NoticeKind.UNCONFIRMED_LATE:
            text = ngettext(
                "%(count)s institution did not confirm quarter %(quarter)s of %(year)s in time",
                "%(count)s institutions did not confirm quarter %(quarter)s of %(year)s in time",
                count,
            )
            return text % ({"count": count} | _quarter(notice))
        case NoticeKind.UNCONFIRMED_LONG:
            text = ngettext(
                "%(count)s institution has still not confirmed quarter %(quarter)s of %(year)s",
                "%(count)s institutions have still not confirmed quarter %(quarter)s of %(year)s",
                count,
            )
            return text % ({"count": count} | _quarter(notice))
        case NoticeKind.CONTRADICTED | NoticeKind.CONTRADICTIONS:
            text = ngettext(
                "%(count)s approved answer is contradicted by an inspection or the police",
                "%(count)s approved answers are contradicted by an inspection or the police",
                count,
            )
    return text % {"count": count}


def _quarter(notice: Notice) -> dict[str, int]:
    year, _q, quarter = _code(notice).partition("Q")
    return {"quarter": int(quarter), "year": int(year)}


def _target(notice: Notice) -> str:
    if notice.kind in (NoticeKind.UNCONFIRMED_LATE, NoticeKind.UNCONFIRMED_LONG):
        return reverse("compliance:quarter", args=[_code(notice)]) + f"?part={Part.UNCONFIRMED.value}"
    if notice.kind == NoticeKind.CONTRADICTIONS:
        return reverse("compliance:contradictions")
    if notice.institution is None:
        return reverse("compliance:queue") + f"?older={notices.LONG_WAIT.days}"
    if notice.kind == NoticeKind.RETURNED:
        item = StatusEntry.objects.select_related("item__requirement").get(pk=_key(notice)).item
        return reverse("compliance:item", args=[notice.institution.bin, item.requirement.code])
    if notice.kind == NoticeKind.COMMENT:
        item = Comment.objects.select_related("item__requirement").get(pk=_key(notice)).item
        return reverse("compliance:item", args=[notice.institution.bin, item.requirement.code]) + "#discussion"
    if notice.kind in (NoticeKind.UNCONFIRMED, NoticeKind.UNCONFIRMED_TOMORROW):
        return reverse("compliance:confirm", args=[notice.institution.bin, _code(notice)])
    unmended = notice.kind in (NoticeKind.UNMENDED, NoticeKind.UNMENDED_LONG)
    show = Show.CONTRADICTED if notice.kind == NoticeKind.CONTRADICTED else Show.RETURNED if unmended else Show.ENDING
    return reverse("compliance:checklist", args=[notice.institution.bin]) + f"?show={show.value}"
