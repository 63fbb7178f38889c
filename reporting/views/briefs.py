"""Briefs: the list, the wish for a new one, its progress, its figures and what is behind them, its file; sheets."""

from __future__ import annotations

from io import BytesIO

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compliance.models import Period
from compliance.reading import note_reading
from institutions import access, journal
from institutions.enums import Kind
from institutions.http import AuthenticatedRequest
from institutions.models import Institution
from reporting import copies, publication, publishing
from reporting.brief.sheet_facts import items_behind
from reporting.brief_pages import (
    BriefFigures,
    checks_of,
    compared_of,
    facts_of,
    findings_of,
    place_name,
    sheet_counts_of,
    shown_items,
    snapshot_facts_of,
    unexplained,
)
from reporting.coverage import Part
from reporting.enums import UNFINISHED, BriefState
from reporting.explorer import Step
from reporting.forms import (
    PARTS,
    WAYS,
    BriefFilterForm,
    BriefForm,
    BriefRecordsForm,
    ExplainForm,
    SheetRecordsForm,
    WithdrawForm,
)
from reporting.models import Brief
from reporting.signing import SigningError
from reporting.snapshot import PeriodNotReady

LIST_PAGE = 25
RECORDS_PAGE = 50


@require_safe
def brief_list(request: AuthenticatedRequest) -> HttpResponse:
    """The briefs that the person may see, newest first."""
    may_make = _see_briefs(request)
    form = BriefFilterForm(request.GET)
    briefs = form.narrow(Brief.objects.visible_to(request.user)).for_list()
    page = Paginator(briefs, LIST_PAGE).get_page(request.GET.get("page"))
    return render(request, "reporting/briefs.html", {"page": page, "may_make": may_make, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def brief_new(request: AuthenticatedRequest) -> HttpResponse:
    """Choose what it is about and a quarter; the same figures give the brief that is there already."""
    if not access.roles_of(request.user) & access.MAKE_BRIEFS:
        raise Http404
    now = timezone.now()
    form = BriefForm(request.POST if request.method == "POST" else None, today=timezone.localdate(now))
    if form.is_valid():
        try:
            brief = publishing.request_brief(
                form.cleaned_data["period"],
                language=form.cleaned_data["language"],
                by=request.user,
                now=now,
                subject=_subject(form),
            )
        except PeriodNotReady as refused:
            against = form.cleaned_data["against"]
            field = "against" if against and str(refused) == against.code else "period"
            form.add_error(field, _("This quarter has no figures yet."))
        except publishing.SnapshotMoved:
            form.add_error(None, _("The figures are moving just now. Please ask again in a minute."))
        else:
            return redirect("reporting:brief", brief.pk)
    context = {"form": form, "trail": [*way_to_briefs(), Step(_("New brief"))]}
    return render(request, "reporting/brief_new.html", context, status=422 if form.is_bound else 200)


def _subject(form: BriefForm) -> publishing.Subject:
    region, against = form.cleaned_data["subject"], form.cleaned_data["against"]
    if against:
        return publishing.Subject.comparison(against)
    return publishing.Subject.of_region(region) if region else publishing.NATION


@require_POST
def sheet(request: AuthenticatedRequest, bin: str) -> HttpResponse:
    """Make an institution's sheet as of today, in the language of the page; for everybody who sees its checklist."""
    institution = get_object_or_404(Institution.objects.visible_to(request.user), bin=bin)
    now = timezone.now()
    period = Period.objects.containing(timezone.localdate(now)).first()
    try:
        if period is None:
            raise PeriodNotReady(bin)
        made = publishing.request_brief(
            period,
            language=get_language() or "kk",
            by=request.user,
            now=now,
            subject=publishing.Subject.of_institution(institution),
        )
    except PeriodNotReady:
        messages.error(request, _("Nothing is demanded of this institution yet."))
    except publishing.SnapshotMoved:
        messages.error(request, _("The figures are moving just now. Please ask again in a minute."))
    else:
        return redirect("reporting:brief", made.pk)
    return redirect("institutions:detail", institution.bin)


@require_safe
def brief(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """How its making stands, what it says, what it is worth, and the door to each of its figures."""
    _see_briefs(request)
    return _page(request, pk)


def _page(request: AuthenticatedRequest, pk: int, *, wrong: forms.Form | None = None) -> HttpResponse:
    """The page of a brief; `wrong` is a form of it that was refused, with what was typed."""
    found = get_object_or_404(
        Brief.objects.visible_to(request.user)
        .select_related(
            "period", "requested_by", "published_by", "withdrawn_by", "superseded_by", "region", "institution"
        )
        .defer("records"),
        pk=pk,
    )
    if found.institution:
        note_reading(request.user, found.institution, timezone.now())
    roles = access.roles_of(request.user)
    may_make = bool(roles & access.MAKE_BRIEFS)
    context = {
        "brief": found,
        "finished": found.state not in UNFINISHED,
        "findings": findings_of(found),
        "facts": facts_of(found),
        "snapshot_facts": snapshot_facts_of(found),
        "checks": checks_of(found),
        "kinds": [_("all kinds"), *(str(label).capitalize() for label in Kind.labels)],
        "trail": [*way_to(found), Step(f"№ {found.number}")],
        "figures": None if found.institution else BriefFigures.of(found, request.GET.get("measure", "")),
        "counts": sheet_counts_of(found) if found.institution else [],
        "compared": compared_of(found) if found.against_id else [],
        "may_make": may_make,
        "may_publish": may_make and found.requested_by_id != request.user.pk,
        "withdraw": wrong if isinstance(wrong, WithdrawForm) else WithdrawForm(auto_id="withdraw-%s"),
        "explain": [
            wrong
            if isinstance(wrong, ExplainForm) and wrong.data.get("measure") == measure
            else ExplainForm(initial={"measure": measure}, auto_id=f"explain-{measure}-%s")
            for measure in unexplained(found)
        ],
    }
    return render(request, "reporting/brief.html", context, status=422 if wrong else 200)


def _changed(request: AuthenticatedRequest, pk: int) -> Brief:
    """The brief that somebody of the ministry is about to change; 404 for everybody else."""
    if not access.roles_of(request.user) & access.MAKE_BRIEFS:
        raise Http404
    return get_object_or_404(Brief.objects.visible_to(request.user).for_list(), pk=pk)


@require_POST
def brief_publish(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """A second person puts the brief in force."""
    found = _changed(request, pk)
    try:
        publication.publish(found, by=request.user, now=timezone.now())
    except publication.OwnBrief:
        messages.error(request, _("You asked for this brief yourself: somebody else has to publish it."))
    except publication.NotReady:
        messages.error(request, _("This brief is not a finished draft any more."))
    else:
        messages.success(request, _("The brief № %(number)s is published.") % {"number": found.number})
    return redirect("reporting:brief", pk)


@require_POST
def brief_withdraw(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Take a published brief out of force, with a reason."""
    found = _changed(request, pk)
    form = WithdrawForm(request.POST, auto_id="withdraw-%s")
    if not form.is_valid():
        return _page(request, pk, wrong=form)
    try:
        publication.withdraw(found, by=request.user, now=timezone.now(), reason=form.cleaned_data["reason"])
    except publication.NotReady:
        messages.error(request, _("This brief is not in force, so it cannot be withdrawn."))
    else:
        messages.success(request, _("The brief № %(number)s is withdrawn.") % {"number": found.number})
    return redirect("reporting:brief", pk)


@require_POST
def brief_explain(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Say why a figure has jumped; once all are explained, the brief is made."""
    found = _changed(request, pk)
    form = ExplainForm(request.POST, auto_id=f"explain-{request.POST.get('measure', '')}-%s")
    if not form.is_valid():
        return _page(request, pk, wrong=form)
    try:
        publication.explain(
            found, form.cleaned_data["measure"], text=form.cleaned_data["text"], by=request.user, now=timezone.now()
        )
    except publication.NothingToExplain:
        messages.error(request, _("Nothing of this brief waits for an explanation any more."))
    return redirect("reporting:brief", pk)


@require_safe
def brief_progress(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The bar alone, asked for every second; once the brief is finished, the page is loaded again."""
    found = get_object_or_404(Brief.objects.visible_to(request.user).only("state", "progress"), pk=pk)
    if found.state not in UNFINISHED:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "reporting/partials/_progress.html", {"brief": found})


@require_safe
def brief_file(request: AuthenticatedRequest, pk: int) -> HttpResponseBase:
    """The PDF; of a brief for official use the reader's own copy. Each download is noted in the journal."""
    found = get_object_or_404(Brief.objects.visible_to(request.user).for_list(), pk=pk, state=BriefState.READY)
    now = timezone.now()
    try:
        file = BytesIO(copies.make_copy(found, by=request.user, now=now)) if found.official_use else found.file.open()
    except (publishing.SignerGone, SigningError):
        messages.error(
            request,
            _("The seal “%(seal)s” cannot be set just now, so there is no copy. Please tell the administrator.")
            % {"seal": found.signer},
        )
        return redirect("reporting:brief", pk)
    journal.write("brief.download", found, by=request.user, after={"number": found.number}, now=now)
    return FileResponse(
        file,
        as_attachment=True,
        filename=_file_name(found),
        content_type="application/pdf",
    )


def _file_name(brief: Brief) -> str:
    if brief.institution:
        return f"extract-{brief.institution.bin}-{brief.dated_on}-{brief.language}.pdf"
    return f"brief-{brief.period.code}-{brief.language}.pdf"


@require_safe
def brief_records(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The institutions (of a sheet: its items) that were frozen with a figure of the brief."""
    visible = Brief.objects.visible_to(request.user).select_related("period", "institution")
    return _records(request, get_object_or_404(visible, pk=pk))


@require_safe
def brief_records_by_code(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """The same under the address that is printed in the brief."""
    visible = Brief.objects.visible_to(request.user).select_related("period", "institution")
    return _records(request, get_object_or_404(visible, code=code))


def _records(request: AuthenticatedRequest, found: Brief) -> HttpResponse:
    return _items(request, found, found.institution) if found.institution else _institutions(request, found)


def _items(request: AuthenticatedRequest, found: Brief, institution: Institution) -> HttpResponse:
    """The items behind a figure of a sheet."""
    form = SheetRecordsForm(request.GET)
    if not form.is_valid():
        raise Http404
    part = form.cleaned_data["part"]
    note_reading(request.user, institution, timezone.now())
    return render(
        request,
        "reporting/sheet_records.html",
        {
            "brief": found,
            "part": part,
            "counts": sheet_counts_of(found),
            "items": shown_items(found, items_behind(found.snapshot, part)),
            "trail": [
                *way_to(found),
                Step(f"№ {found.number}", reverse("reporting:brief", args=[found.pk])),
                Step(_("Requirements")),
            ],
        },
    )


def _institutions(request: AuthenticatedRequest, found: Brief) -> HttpResponse:
    form = BriefRecordsForm(request.GET, brief=found)
    if not form.is_valid():
        raise Http404
    institutions = publishing.records_of(
        found,
        form.chosen_measure,
        place=form.chosen_place,
        kind=form.chosen_kind,
        ownership=form.cleaned_data["ownership"] or None,
        obliged_only=form.cleaned_data["obliged"],
        part=form.chosen_part,
        earlier=bool(form.cleaned_data["at"]),
    )
    shown = institutions.visible_to(request.user).with_places()
    page = Paginator(shown.order_by("sort_kk", "pk"), RECORDS_PAGE).get_page(request.GET.get("page"))
    if form.chosen_part != Part.COVERED:
        asked = {name: str(value) for name, value in form.cleaned_data.items() if value}
        journal.write("brief.records", found, by=request.user, after=asked, now=timezone.now())
    return render(
        request,
        "reporting/brief_records.html",
        {
            "brief": found,
            "form": form,
            "place_name": place_name(found.snapshot, form.chosen_place) if form.chosen_place else "",
            "page": page,
            "rows": [(institution, None) for institution in page],
            "parts": [*PARTS, *WAYS] if found.against_id else PARTS,
            "trail": [
                *way_to_briefs(),
                Step(f"№ {found.number}", reverse("reporting:brief", args=[found.pk])),
                Step(_("Institutions")),
            ],
        },
    )


def way_to_briefs() -> list[Step]:
    return [Step(_("Briefs"), reverse("reporting:briefs"))]


def way_to(brief: Brief) -> list[Step]:
    """The steps that lead to a brief: to a sheet from the card of its institution."""
    if brief.institution is None:
        return way_to_briefs()
    return [Step(brief.institution.name, reverse("institutions:detail", args=[brief.institution.bin]))]


def _see_briefs(request: AuthenticatedRequest) -> bool:
    """Whether the person may make briefs; 404 for whom there are none at all."""
    roles = access.roles_of(request.user)
    if not roles:
        raise Http404
    return bool(roles & access.MAKE_BRIEFS)
