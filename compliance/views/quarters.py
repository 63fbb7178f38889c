"""Quarters: how far they are, who has confirmed; for ministry administrators their closing and exceptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from compliance import periods, refusals
from compliance.confirmations import last_day_on_time
from compliance.enums import PeriodState
from compliance.filters import QuarterFilter
from compliance.forms import ExceptionForm, ReopenForm
from compliance.models import Period, PeriodException
from compliance.quarters import Part, Tally, lines_of, tallies
from compliance.views.answers import READ_AND_WRITE
from institutions import access
from institutions.clock import local_day
from institutions.http import AuthenticatedRequest
from institutions.models import Institution, User

LIST_PAGE: Final = 12
INSTITUTIONS_PAGE: Final = 50
FOUND: Final = 20  # how many institutions a search for an exception offers


@require_safe
def quarter_list(request: AuthenticatedRequest) -> HttpResponse:
    """The quarters that have begun, newest first, with the counts of the person's reach."""
    roles = _only_for_readers(request.user)
    day = local_day(timezone.now())
    quarters = Period.objects.begun(day).select_related("closed_by").order_by("-starts_on")
    page = Paginator(quarters, LIST_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "compliance/quarters.html",
        {
            "page": page,
            "rows": tallies(list(page), Institution.objects.visible_to(request.user), day),
            "day": day,
            "may_close": bool(roles & access.ADMINISTER),
            "reads_editions": bool(roles & access.READ_EDITIONS),
        },
    )


@require_safe
def quarter(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """One quarter: its counts, its exceptions, and the institutions behind each count."""
    roles = _only_for_readers(request.user)
    day = local_day(timezone.now())
    period = _look_up(code, day)
    reach = Institution.objects.visible_to(request.user)
    found = QuarterFilter(
        request.GET, period=period, day=day, queryset=reach.with_places().order_by("sort_kk", "pk"), request=request
    )
    page = Paginator(found.qs if found.is_valid() else reach.none(), INSTITUTIONS_PAGE).get_page(
        request.GET.get("page")
    )
    exceptions = PeriodException.objects.visible_to(request.user).filter(period=period)
    return render(
        request,
        "compliance/quarter.html",
        {
            "period": period,
            "tally": tallies([period], reach, day)[0],
            "on_time_until": last_day_on_time(period),
            "day": day,
            "may_close": bool(roles & access.ADMINISTER),
            "exceptions": exceptions.select_related("institution__locality", "granted_by").order_by("-until", "pk"),
            "filter": found,
            "parts": _parts(found.shown),
            "page": page,
            "lines": lines_of(list(page), period),
        },
    )


def _parts(shown: Part) -> list[Part]:
    """The parts that the page offers; one that only a door leads to stands there while it is shown."""
    offered = [Part.UNCONFIRMED, Part.CONFIRMED, Part.ON_TIME, Part.EXPECTED, Part.WAITING]
    return offered if shown in offered else [*offered, shown]


@dataclass(frozen=True, slots=True)
class Step:
    """A move of a quarter as its page says it: what is asked, what follows, and what was done."""

    verb: Callable[..., None]
    sources: tuple[PeriodState, ...]
    title: str
    button: str
    done: str
    follows: list[str]
    warnings: list[str]


@require_http_methods(READ_AND_WRITE)
def begin_closing(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """Ask whether to begin closing a quarter, and do it."""
    return _move(request, code, _begin)


@require_http_methods(READ_AND_WRITE)
def close(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """Ask whether to close a quarter, and do it."""
    return _move(request, code, _close)


@require_http_methods(READ_AND_WRITE)
def reopen(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """Ask whether and why to open a closed quarter again, and do it."""
    form = ReopenForm(request.POST if request.method == "POST" else None)
    return _move(request, code, _reopen, form)


def _move(
    request: AuthenticatedRequest, code: str, step_of: Callable[[Tally], Step], form: forms.Form | None = None
) -> HttpResponse:
    """The question, and after it the move; somebody who was faster is named, and nothing is done twice."""
    _only_for_administrators(request.user)
    now = timezone.now()
    day = local_day(now)
    period = _look_up(code, day)
    step = step_of(tallies([period], Institution.objects.all(), day)[0])
    context: dict[str, Any] = {"period": period, "step": step, "form": form}
    if request.method == "POST" and form is not None and not form.is_valid():
        return render(request, "compliance/quarter_move.html", context, status=422)
    if request.method == "POST":
        try:
            step.verb(period, by=request.user, now=now, **(form.cleaned_data if form else {}))
        except periods.WrongMove:
            period.refresh_from_db()
            refused = refusals.of_move(period, step.verb, day)
            return render(request, "compliance/quarter_move.html", context | {"refused": refused}, status=409)
        messages.success(request, step.done)
        return redirect("compliance:quarter", period.code)
    if period.state not in step.sources or (period.ends_on >= day and period.state == PeriodState.OPEN):
        context["refused"] = refusals.of_move(period, step.verb, day)
    return render(request, "compliance/quarter_move.html", context)


def _begin(tally: Tally) -> Step:
    name = tally.period.in_words
    return Step(
        verb=periods.begin_closing,
        sources=(PeriodState.OPEN,),
        title=_("Begin closing: %(quarter)s") % {"quarter": name},
        button=_("Begin closing"),
        done=_("Closing has begun: %(quarter)s.") % {"quarter": name},
        follows=[
            _("Nothing new is submitted for the quarter; institutions with an exception still may."),
            _("What was sent before is still decided, and institutions can still confirm."),
            _("Afterwards exceptions can be granted, and the quarter be closed."),
        ],
        warnings=_not_ready(tally),
    )


def _close(tally: Tally) -> Step:
    name = tally.period.in_words
    return Step(
        verb=periods.close_period,
        sources=(PeriodState.OPEN, PeriodState.CLOSING),
        title=_("Close: %(quarter)s") % {"quarter": name},
        button=_("Close the quarter"),
        done=_("Closed: %(quarter)s. Its figures are frozen.") % {"quarter": name},
        follows=[
            _("The figures of the quarter are frozen as they are known now; its briefs use them."),
            _("What is recorded later today counts as known tomorrow."),
            _("Nobody can confirm the quarter any more. It can be opened again only with a reason."),
        ],
        warnings=_not_ready(tally),
    )


def _reopen(tally: Tally) -> Step:
    name = tally.period.in_words
    return Step(
        verb=periods.reopen_period,
        sources=(PeriodState.CLOSED,),
        title=_("Open again: %(quarter)s") % {"quarter": name},
        button=_("Open again"),
        done=_("Open again: %(quarter)s.") % {"quarter": name},
        follows=[
            _(
                "The frozen figures of the quarter give way to today's until it is closed once more. "
                "The journal keeps the reason."
            ),
            _("Institutions can answer for the quarter and confirm it again; what they confirmed stands."),
            _("Briefs that were made stay as they are."),
        ],
        warnings=[],
    )


def _not_ready(tally: Tally) -> list[str]:
    """What should be done before a quarter closes."""
    found = []
    if tally.waiting:
        found.append(
            ngettext(
                "%(count)s answer for the quarter waits. Approved after the close, it does not count in it.",
                "%(count)s answers for the quarter wait. Approved after the close, they do not count in it.",
                tally.waiting,
            )
            % {"count": tally.waiting}
        )
    if tally.unconfirmed:
        found.append(
            ngettext(
                "%(count)s institution of %(all)s has not confirmed its record.",
                "%(count)s institutions of %(all)s have not confirmed their record.",
                tally.unconfirmed,
            )
            % {"count": tally.unconfirmed, "all": tally.expected}
        )
    return found


@require_http_methods(READ_AND_WRITE)
def exception_new(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """Let one institution answer for a quarter that closes: find it, say until when and why."""
    _only_for_administrators(request.user)
    now = timezone.now()
    day = local_day(now)
    period = _look_up(code, day)
    sought = request.GET.get("q", "").strip()
    typed = request.POST.get("bin", "")
    found = _candidates(request.user, sought, typed)
    form = ExceptionForm(request.POST if request.method == "POST" else None, found=found, today=day)
    context = {"period": period, "sought": sought, "found": found, "most": FOUND, "form": form}
    if not form.is_bound:
        return render(request, "compliance/exception_new.html", context)
    if not form.is_valid():
        return render(request, "compliance/exception_new.html", context, status=422)
    institution = next(one for one in found if one.bin == form.cleaned_data["bin"])
    try:
        periods.grant_exception(
            period,
            institution,
            until=form.cleaned_data["until"],
            reason=form.cleaned_data["reason"],
            by=request.user,
            now=now,
        )
    except periods.AlreadyExcused:
        form.add_error("bin", _("This institution has an exception for the quarter already. End it first."))
        return render(request, "compliance/exception_new.html", context, status=409)
    except periods.WrongMove:
        form.add_error(None, _("The quarter is open: every institution may still answer for it."))
        return render(request, "compliance/exception_new.html", context, status=409)
    messages.success(request, _("The exception is granted: %(institution)s.") % {"institution": institution})
    return redirect("compliance:quarter", period.code)


def _candidates(user: User, sought: str, typed: str) -> list[Institution]:
    """The first institutions by name or BIN, and the one that was chosen before."""
    reach = Institution.objects.visible_to(user).with_places().order_by("sort_kk", "pk")
    found = list(reach.search_for(sought)[:FOUND]) if sought else []
    if typed and all(one.bin != typed for one in found):
        found += reach.filter(bin=typed)
    return found


@require_http_methods(READ_AND_WRITE)
def exception_end(request: AuthenticatedRequest, code: str, pk: int) -> HttpResponse:
    """Ask whether to end an exception before its day, and do it."""
    _only_for_administrators(request.user)
    now = timezone.now()
    granted = get_object_or_404(
        PeriodException.objects.visible_to(request.user).select_related(
            "period", "institution__locality__region", "granted_by"
        ),
        pk=pk,
        period__code=code,
    )
    if request.method != "POST":
        ended = granted.until < local_day(now)
        return render(request, "compliance/exception_end.html", {"exception": granted, "ended": ended})
    try:
        periods.end_exception(granted, by=request.user, now=now)
    except periods.WrongMove:
        messages.warning(request, _("The exception has ended already."))
    else:
        messages.success(request, _("The exception is ended: %(institution)s.") % {"institution": granted.institution})
    return redirect("compliance:quarter", code)


def _look_up(code: str, day: date) -> Period:
    """A quarter that has begun. Raises Http404."""
    return get_object_or_404(Period.objects.begun(day).select_related("closed_by"), code=code)


def _only_for_readers(user: User) -> frozenset[Any]:
    """The person's roles; a director has their own page for this. One query."""
    roles = access.roles_of(user)
    if not roles & access.READ_QUARTERS:
        raise Http404
    return roles


def _only_for_administrators(user: User) -> None:
    if not access.roles_of(user) & access.ADMINISTER:
        raise Http404
