"""Lists of institutions: uploaded, looked through, applied, undone; and written for people's own programs."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compliance.card_forms import CardFilter
from compliance.enums import ImportKind, ImportState
from compliance.import_forms import RowFilterForm, UploadForm
from compliance.imports import exporting, preflight, problems, running, showing, statuses
from compliance.imports.kinds import may_upload
from compliance.models import ImportRow, ImportRun
from institutions import access, journal
from institutions.clock import local_day, today
from institutions.http import AuthenticatedRequest
from institutions.middleware import refuses_large_bodies
from institutions.models import Institution
from institutions.querysets import InstitutionQuerySet
from institutions.tables import CSV, XLSX, Grid, to_csv, to_xlsx
from institutions.templatetags.qalqan import figure

LIST_PAGE: Final = 25
ROWS_PAGE: Final = 50
# What a form weighs besides its file.
_ENVELOPE: Final = 64 * 1024
_STEPS: Final = {
    ImportState.QUEUED: 5,
    ImportState.CHECKING: 10,
    ImportState.APPLYING: 5,
    ImportState.UNDOING: 5,
}


@require_safe
def import_list(request: AuthenticatedRequest) -> HttpResponse:
    """The lists that the person may see, newest first."""
    roles = access.roles_of(request.user)
    if not roles & (access.LISTS | access.READ_JOURNAL):
        raise Http404
    runs = ImportRun.objects.visible_to(request.user).for_list()
    page = Paginator(runs, LIST_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "may_import": bool(roles & access.LISTS)}
    return render(request, "compliance/imports.html", context)


@refuses_large_bodies
@csrf_exempt  # the token is asked for below, once the size is known: it lies in the body, which would be received first
@require_http_methods(["GET", "HEAD", "POST"])
def import_new(request: AuthenticatedRequest) -> HttpResponse:
    """Choose a file and the day from which it holds. One that is too large is refused by its declared length."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > preflight.LARGEST_FILE + _ENVELOPE:
        form = UploadForm({}, day=today(), user=request.user)
        form.full_clean()
        form.errors.clear()
        form.add_error("file", form.too_large())
        return _upload_page(request, form, status=413)
    return _import_new(request)


@csrf_protect
def _import_new(request: AuthenticatedRequest) -> HttpResponse:
    if not access.roles_of(request.user) & access.LISTS:
        raise Http404
    now = timezone.now()
    day = local_day(now)
    if request.method != "POST":
        return _upload_page(request, UploadForm(initial={"since": day}, day=day, user=request.user))
    form = UploadForm(request.POST, request.FILES, day=day, user=request.user)
    if not form.is_valid():
        return _upload_page(request, form, status=422)
    file = form.cleaned_data["file"]
    run = running.upload(
        file,
        name=file.name,
        since=form.cleaned_data["since"],
        by=request.user,
        now=now,
        kind=ImportKind(form.cleaned_data["kind"]),
        issuer=form.cleaned_data["issuer"],
        complete_for=form.cleaned_data["complete_for"],
    )
    return redirect("compliance:import", run.pk)


def _upload_page(request: AuthenticatedRequest, form: UploadForm, *, status: int = 200) -> HttpResponse:
    trail = [*_way_to_imports(), {"label": _("New list")}]
    return render(request, "compliance/import_new.html", {"form": form, "trail": trail}, status=status)


@require_safe
def import_run(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """How it stands, what it would change or has changed, row by row."""
    run = _visible(request, pk)
    form = RowFilterForm(request.GET)
    rows: QuerySet[ImportRow] = form.narrow(run.rows.all()).order_by("number").defer("cells", "changes", "before")
    page = Paginator(rows, ROWS_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "compliance/import.html",
        {
            "run": run,
            "may_move": ImportRun.objects.movable_by(request.user).filter(pk=run.pk).exists(),
            "progress": _progress(run),
            "problem": problems.in_words(run.problem) if run.problem else "",
            "counts": form.counts_of(run),
            "said": form.said_by(run) if run.kind == ImportKind.POLICE else [],
            "shown": form.shown,
            "page": page,
            "lines": showing.lines_of(page),
            "trail": [*_way_to_imports(), {"label": run.file_name}],
        },
    )


@require_safe
def import_progress(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The bar alone, asked for every second; once the work is done, the page is loaded again."""
    run = _visible(request, pk)
    if not run.is_busy:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "compliance/partials/_import_progress.html", {"run": run, "progress": _progress(run)})


@require_POST
def import_apply(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let a worker bring the new and changed rows into the register."""
    run = _movable(request, pk)
    try:
        running.ask_to_apply(run, by=request.user, now=timezone.now())
    except running.WrongMove:
        messages.warning(request, _("Somebody was faster: this list is not waiting to be applied any more."))
    return redirect("compliance:import", pk)


@require_POST
def import_undo(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let a worker write the old values back."""
    run = _movable(request, pk)
    try:
        running.ask_to_undo(run, by=request.user, now=timezone.now())
    except running.WrongMove:
        messages.warning(request, _("Somebody was faster: this list is not applied any more."))
    return redirect("compliance:import", pk)


@require_POST
def import_discard(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Throw a checked list away."""
    run = _movable(request, pk)
    try:
        running.discard(run, by=request.user, now=timezone.now())
    except running.WrongMove:
        messages.warning(request, _("Somebody was faster: this list cannot be thrown away any more."))
        return redirect("compliance:import", pk)
    messages.success(request, _("The list is thrown away; nothing was changed."))
    return redirect("compliance:imports")


@require_safe
def import_errors(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The list as it was uploaded, with a column that says what is to be mended. Noted in the journal."""
    run = _visible(request, pk)
    if not run.rows_read or run.state == ImportState.DISCARDED:
        raise Http404
    journal.write("import.download", run, by=request.user, after={"file": run.file_name}, now=timezone.now())
    return _file(exporting.errors_grid(run), f"list-{run.pk}", "xlsx", title=run.file_name)


@require_safe
def import_template(request: AuthenticatedRequest) -> HttpResponse:
    """A workbook with the headings alone, of a list of the kind that is asked for."""
    kind = request.GET.get("kind", ImportKind.INSTITUTIONS)
    if kind not in ImportKind.values or not may_upload(ImportKind(kind), access.roles_of(request.user)):
        raise Http404
    return _file(exporting.empty_grid(ImportKind(kind)), f"list-{kind}", "xlsx", title=_("List"))


@require_safe
def export_institutions(request: AuthenticatedRequest) -> HttpResponse:
    """The list of institutions as it is filtered, in the columns of the import; XLSX or CSV. Noted in the journal."""
    rows = Institution.objects.visible_to(request.user)
    found = CardFilter(request.GET, queryset=rows, request=request)
    file_format = request.GET.get("format", "xlsx")
    if not found.is_valid() or file_format not in ("xlsx", "csv") or not access.roles_of(request.user):
        raise Http404
    grid = exporting.institutions_grid(found.qs)
    asked = {name: value for name, value in found.form.cleaned_data.items() if value}
    journal.write(
        "institution.export",
        f"export:{file_format}",
        by=request.user,
        after={"rows": len(grid.rows), **asked},
        now=timezone.now(),
    )
    return _file(grid, f"institutions-{today()}", file_format, title=_("Institutions"))


@require_safe
def export_statuses(request: AuthenticatedRequest) -> HttpResponseBase:
    """The statuses of the institutions that the filters of their list leave, in the columns of a list of answers."""
    rows = Institution.objects.visible_to(request.user)
    found = CardFilter(request.GET, queryset=rows, request=request)
    file_format, about = request.GET.get("format", "xlsx"), request.GET.get("about", statuses.About.MEASURES)
    known = file_format in statuses.FORMATS and about in statuses.About.values
    if not found.is_valid() or not known or not access.roles_of(request.user):
        raise Http404
    wanted: InstitutionQuerySet = found.qs
    most = statuses.MOST_IN_A_WORKBOOK[statuses.About(about)]
    if file_format == "xlsx" and wanted.order_by()[most:].exists():
        messages.error(
            request,
            _("A workbook takes %(most)s institutions, and there are more: narrow the list, or take CSV.")
            % {"most": figure(most)},
        )
        query = request.GET.copy()
        for name in ("format", "about"):
            query.pop(name, None)
        return redirect(f"{reverse('institutions:list')}?{query.urlencode()}")
    asked = {name: str(value) for name, value in found.form.cleaned_data.items() if value}
    now = timezone.now()
    pieces = statuses.export(wanted, file_format, statuses.About(about), by=request.user, asked=asked, now=now)
    return StreamingHttpResponse(
        pieces,
        content_type=statuses.FORMATS[file_format],
        headers={
            "Content-Disposition": f'attachment; filename="statuses-{local_day(now)}.{file_format}"',
            "Cache-Control": "no-store",
        },
    )


def _file(grid: Grid, name: str, file_format: str, *, title: str) -> HttpResponse:
    data = to_csv(grid) if file_format == "csv" else to_xlsx(grid, title, today())
    return HttpResponse(
        data,
        content_type=CSV if file_format == "csv" else XLSX,
        headers={"Content-Disposition": f'attachment; filename="{name}.{file_format}"', "Cache-Control": "no-store"},
    )


def _visible(request: AuthenticatedRequest, pk: int) -> ImportRun:
    return get_object_or_404(ImportRun.objects.visible_to(request.user).for_list(), pk=pk)


def _movable(request: AuthenticatedRequest, pk: int) -> ImportRun:
    return get_object_or_404(ImportRun.objects.movable_by(request.user), pk=pk)


def _progress(run: ImportRun) -> int:
    return max(running.progress_of(run.pk), _STEPS.get(ImportState(run.state), 100)) if run.is_busy else 100


def _way_to_imports() -> list[dict[str, str]]:
    return [{"label": _("Lists"), "url": reverse("compliance:imports")}]
