"""Editions of the Order: uploaded as files, looked through, put into force on a day, taken back before it."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compliance import editions
from compliance.enums import EditionState, Measure
from compliance.library import EXAMPLE_EDITION
from compliance.library.coming import EditionRefused
from compliance.library.coming_words import in_words, with_place
from compliance.models import ComingEdition, Edition
from institutions import access, journal
from institutions.clock import local_day
from institutions.http import AuthenticatedRequest
from institutions.models import Region
from institutions.tables import XLSX, to_xlsx, xlsx_pieces
from reporting import edition_previews
from reporting.edition_forms import EditionUploadForm, EffectForm, TakeBackForm
from reporting.explorer import Step

LIST_PAGE: Final = 25
EFFECTS_PAGE: Final = 50


@require_safe
def edition_list(request: AuthenticatedRequest) -> HttpResponse:
    """The editions that are in force or were, and the files that were uploaded, newest first."""
    roles = _only_for_readers(request)
    page = Paginator(ComingEdition.objects.visible_to(request.user).for_list(), LIST_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "editions": Edition.objects.filter(directive__code=editions.DIRECTIVE).order_by("-in_force_from"),
        "day": local_day(timezone.now()),
        "may_upload": bool(roles & access.ADMINISTER),
    }
    return render(request, "reporting/editions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def edition_new(request: AuthenticatedRequest) -> HttpResponse:
    """Upload a file: kept where it has no mistakes, else all of them are told."""
    if not _only_for_readers(request) & access.ADMINISTER:
        raise Http404
    context: dict[str, Any] = {"trail": [_way_to_editions(), Step(_("New edition"))]}
    if request.method != "POST":
        return render(request, "reporting/edition_new.html", context | {"form": EditionUploadForm()})
    form = EditionUploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = editions.upload(file.read(), name=file.name, by=request.user, now=timezone.now())
        except EditionRefused as refused:
            problems = [(one, in_words(one)) for one in refused.problems]
            context |= {"problems": problems, "file_name": file.name}
        else:
            return redirect("reporting:edition", made.pk)
    return render(request, "reporting/edition_new.html", context | {"form": form}, status=422)


@require_safe
def edition_example(request: AuthenticatedRequest) -> HttpResponse:
    """The example of a file, which is one that could be uploaded."""
    _only_for_readers(request)
    return HttpResponse(
        EXAMPLE_EDITION.read_bytes(),
        content_type="application/toml",
        headers={"Content-Disposition": f'attachment; filename="{EXAMPLE_EDITION.name}"'},
    )


@require_safe
def edition(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """How it stands, what follows from it, and what the person can do with it."""
    return _page(request, _visible(request, pk))


def _page(
    request: AuthenticatedRequest,
    coming: ComingEdition,
    *,
    form: TakeBackForm | None = None,
    problems: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    administers = bool(_only_for_readers(request) & access.ADMINISTER)
    day = local_day(timezone.now())
    asked = request.GET.get("region", "")
    region = Region.objects.filter(code=asked).first()
    if asked and region is None:
        raise Http404
    measure = request.GET.get("measure", "")
    if measure and measure not in Measure.values:
        raise Http404
    previewed = coming.previewed_at is not None and coming.state != EditionState.DISCARDED
    context = {
        "coming": coming,
        "progress": editions.percent_done(coming),
        "in_force": coming.state == EditionState.SCHEDULED and coming.in_force_from <= day,
        "previewed": previewed,
        "region": region,
        "measure": Measure(measure) if measure else None,
        "coverage": edition_previews.coverage_lines(coming, **({"place": region.code} if region else {})),
        "by_region": edition_previews.coverage_by_region(coming, Measure(measure)) if measure else [],
        "duties": edition_previews.duty_lines(coming, region=asked) if previewed else [],
        "regions": edition_previews.region_counts(coming) if previewed else [],
        "waiting": edition_previews.waiting_answers(coming) if previewed else 0,
        "own": coming.uploaded_by_id == request.user.pk,
        "may_enact": administers and coming.state == EditionState.PREVIEWED,
        "may_withdraw": administers and coming.state == EditionState.SCHEDULED and coming.in_force_from > day,
        "may_retry": administers and coming.failed,
        "form": form or TakeBackForm(),
        "problems": problems,
        "trail": [_way_to_editions(), Step(coming.code)],
    }
    return render(request, "reporting/edition.html", context, status=status)


@require_safe
def edition_progress(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The bar alone, asked for every second; once the work is done, the page is loaded again."""
    coming = _visible(request, pk)
    if not coming.is_busy or coming.failed:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    context = {"coming": coming, "progress": editions.percent_done(coming)}
    return render(request, "reporting/partials/_edition_progress.html", context)


@require_POST
def edition_move(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Put into force, take back, preview again, throw away, or let the work that failed be tried again."""
    if not _only_for_readers(request) & access.ADMINISTER:
        raise Http404
    coming = _visible(request, pk)
    now = timezone.now()
    try:
        match request.POST.get("do"):
            case "enact":
                editions.enact(coming, by=request.user, now=now)
            case "withdraw":
                form = TakeBackForm(request.POST)
                if not form.is_valid():
                    return _page(request, coming, form=form, status=422)
                editions.withdraw(coming, by=request.user, note=form.cleaned_data["note"], now=now)
            case "preview":
                editions.preview_again(coming, by=request.user, now=now)
            case "discard":
                editions.discard(coming, by=request.user, now=now)
                messages.success(request, _("The edition is thrown away; nothing was changed."))
                return redirect("reporting:editions")
            case "retry":
                editions.try_again(coming)
            case _:
                raise editions.WrongMove(coming.pk)
    except EditionRefused as refused:
        return _page(request, coming, problems=[with_place(one) for one in refused.problems], status=409)
    except editions.Refused as refused:
        messages.warning(request, _words_of(refused))
    return redirect("reporting:edition", pk)


def _words_of(refused: editions.Refused) -> str:
    match refused:
        case editions.OwnEdition():
            return _("Four eyes: an edition is put into force by another person than who uploaded it.")
        case editions.DayHasCome():
            return _("The edition is in force already: it cannot be taken back. A new edition can follow it.")
        case editions.NotTheLast(code=code):
            return _("The edition %(code)s has come in between or follows: this cannot be done.") % {"code": code}
        case _:
            return _("Somebody was faster: this is not possible any more.")


@require_safe
def edition_effects(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The institutions behind a figure of the preview. Noted in the journal: it tells their gaps."""
    coming = _visible(request, pk)
    form = _effect_form(request, coming)
    page = Paginator(edition_previews.effects_of(coming, form.chosen), EFFECTS_PAGE).get_page(request.GET.get("page"))
    _note(request, coming, "edition.list", form, page=page.number)
    titles = edition_previews.titles_of(coming)
    context = {
        "coming": coming,
        "form": form,
        "active": len(form.chosen),
        "page": page,
        "rows": [(effect, titles.get(effect.requirement, effect.requirement)) for effect in page],
        "trail": [
            _way_to_editions(),
            Step(coming.code, reverse("reporting:edition", args=[pk])),
            Step(_("Institutions")),
        ],
    }
    return render(request, "reporting/edition_effects.html", context)


@require_safe
def edition_file(request: AuthenticatedRequest, pk: int) -> HttpResponseBase:
    """The preview as a workbook: by region and requirement, or (`what`: institutions) each institution."""
    coming = _visible(request, pk)
    form = _effect_form(request, coming)
    what = request.GET.get("what", "regions")
    if what not in ("regions", "institutions"):
        raise Http404
    _note(request, coming, "edition.download", form, format="xlsx")
    headers = {
        "Content-Disposition": f'attachment; filename="edition-{coming.code}-{what}.xlsx"',
        "Cache-Control": "no-store",
    }
    if what == "regions":
        data = to_xlsx(edition_previews.summary_grid(coming), coming.code, local_day(timezone.now()))
        return HttpResponse(data, content_type=XLSX, headers=headers)
    pieces = xlsx_pieces(
        sheet=str(_("Institutions")),
        headings=edition_previews.effect_headings(),
        widths=edition_previews.EFFECT_WIDTHS,
        rows=edition_previews.effect_rows(coming, edition_previews.effects_of(coming, form.chosen)),
    )
    return StreamingHttpResponse(pieces, content_type=XLSX, headers=headers)


def _note(request: AuthenticatedRequest, coming: ComingEdition, action: str, form: EffectForm, **more: Any) -> None:
    asked = {name: value for name, value in form.cleaned_data.items() if value}
    after = {"code": coming.code, **asked, **more}
    if action == "edition.list":
        journal.write("edition.list", coming, by=request.user, after=after, now=timezone.now())
    else:
        journal.write("edition.download", coming, by=request.user, after=after, now=timezone.now())


def _effect_form(request: AuthenticatedRequest, coming: ComingEdition) -> EffectForm:
    form = EffectForm(
        request.GET,
        requirements=[(code, f"{code} · {title}") for code, title in edition_previews.titles_of(coming).items()],
    )
    if not form.is_valid():
        raise Http404
    return form


def _only_for_readers(request: AuthenticatedRequest) -> frozenset[Any]:
    """The roles of somebody who reads editions; 404 for anybody else."""
    roles = access.roles_of(request.user)
    if not roles & access.READ_EDITIONS:
        raise Http404
    return roles


def _visible(request: AuthenticatedRequest, pk: int) -> ComingEdition:
    coming: ComingEdition = get_object_or_404(ComingEdition.objects.visible_to(request.user).for_list(), pk=pk)
    return coming


def _way_to_editions() -> Step:
    return Step(_("Editions"), reverse("reporting:editions"))
