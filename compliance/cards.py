"""Institutions as people see them: the list, the card, its history, the facts that the Order asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compliance import enrolment
from compliance import facts as resting_facts
from compliance.applicability import CONDITIONS, FACTS
from compliance.card_forms import CardFilter, FactsForm, shown_mark
from compliance.enums import Cause, Measure
from compliance.models import ChecklistItem, Confirmation, Edition, Inspection, StatusChange, StatusEntry
from compliance.reading import note_reading
from institutions import acts, registry
from institutions.access import ADMINISTER, ANSWER, READ_QUARTERS, REGISTER, VERIFY, roles_of
from institutions.clock import today
from institutions.enums import Owner
from institutions.http import AuthenticatedRequest
from institutions.models import ChangeProposal, Institution, InstitutionState, Membership, Merger, User
from institutions.ownership import PROPOSE, may_propose, owned_by
from institutions.querysets import InstitutionQuerySet

LIST_PAGE = 50
HISTORY_PAGE = 50
CONFIRMED = 4  # how many confirmations the card shows: those of a year
INSPECTIONS = 5  # how many of them the card shows


@require_safe
def institution_list(request: AuthenticatedRequest) -> HttpResponse:
    """The institutions within the person's scope in the order of the Kazakh alphabet, with today's counts."""
    rows = Institution.objects.visible_to(request.user).with_places()
    found = CardFilter(request.GET, queryset=rows, request=request)
    page = Paginator(found.qs if found.is_valid() else rows.none(), LIST_PAGE).get_page(request.GET.get("page"))
    counts = ChecklistItem.objects.count_of_institutions([institution.pk for institution in page])
    roles = roles_of(request.user)
    return render(
        request,
        "institutions/list.html",
        {
            "filter": found,
            "active": sum(bool(value) for value in found.form.cleaned_data.values()),
            "page": page,
            "may_enter": bool(roles & REGISTER),
            "may_relocate": bool(roles & ADMINISTER),
            "may_propose": bool(roles & PROPOSE),
            "reads_facts": bool(roles & READ_QUARTERS),
            "rows": [(institution, counts.get(institution.pk, (0, 0))) for institution in page],
        },
    )


@require_safe
def detail(request: AuthenticatedRequest, bin: str) -> HttpResponse:
    """The card: what the institution is, how its checklist stands, what it was before."""
    institution = _look_at(request, bin)
    items = ChecklistItem.objects.filter(institution=institution).listed()
    edition = Edition.objects.filter(in_force_from__lte=today()).order_by("in_force_from").last()
    group = None
    if edition is not None:
        group = edition.group_of(people=institution.people, settlement_class=institution.settlement_class)
    return render(
        request,
        "institutions/detail.html",
        {
            "institution": institution,
            "details": _details(institution, group),
            "facts": _facts(institution),
            "may_appoint": Institution.objects.appointable_by(request.user).filter(pk=institution.pk).exists(),
            "directors": Membership.objects.visible_to(request.user)
            .filter(institution=institution)
            .not_ended(today())
            .with_places()
            .select_related("user")
            .order_by("valid_from", "pk"),
            "may_answer": _answerable(request).filter(pk=institution.pk).exists(),
            "chapters": items.count_by_chapter(),
            "measures": items.of_measures(Measure.values)
            .with_requirement()
            .with_declared()
            .with_found()
            .order_by("requirement__sort_order"),
            "may_verify": Institution.objects.within_roles(request.user, VERIFY).filter(pk=institution.pk).exists(),
            "inspections": Inspection.objects.filter(institution=institution).with_findings()[:INSPECTIONS],
            "confirmations": Confirmation.objects.filter(institution=institution).select_related("period", "by")[
                :CONFIRMED
            ],
            "states": _states(institution),
            **_record(request.user, institution),
        },
    )


@require_safe
def history(request: AuthenticatedRequest, bin: str) -> HttpResponse:
    """What the ledger and the answers say of the institution, newest first."""
    institution = _look_at(request, bin)
    changes = StatusChange.objects.filter(institution=institution).order_by("-seq")
    page = Paginator(changes.select_related("item__requirement"), HISTORY_PAGE).get_page(request.GET.get("page"))
    entries = StatusEntry.objects.visible_to(request.user).filter(item__institution=institution)
    return render(
        request,
        "institutions/history.html",
        {
            "institution": institution,
            "page": page,
            "lines": ledger_lines(page),
            "entries": entries.with_context().with_stand_ins().order_by("-saved_at", "-pk")[:HISTORY_PAGE],
            "states": _states(institution),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def facts(request: AuthenticatedRequest, bin: str) -> HttpResponse:
    """Confirm or change the headcount and the facts on which duties depend; for those who answer there."""
    institution = get_object_or_404(_answerable(request).with_places(), bin=bin)
    states = InstitutionState.objects.filter(institution=institution).order_by("valid_from")
    first = states.first()
    now = timezone.now()
    state = states.filter(valid_from__lte=timezone.localdate(now)).last() or first
    if first is None or state is None:
        raise Http404
    form = FactsForm(
        request.POST if request.method == "POST" else None,
        state=state,
        first_day=first.valid_from,
        day=timezone.localdate(now),
    )
    if not form.is_bound:
        return _render_facts(request, institution, form, state)
    if form.data.get("shown") != shown_mark(state):
        return _render_facts(request, institution, form, state, conflict=True, status=409)
    if not form.is_valid():
        return _render_facts(request, institution, form, state, status=422)
    try:
        enrolment.change_institution(
            institution, since=form.cleaned_data["since"], by=request.user, now=now, **form.changes
        )
        # Who writes a fact stands for it.
        said = ["headcount", *form.changes["facts"]]
        resting_facts.confirm(institution, shown=None, by=request.user, now=now, day=timezone.localdate(now), only=said)
    except (ValidationError, registry.NoSuchState) as wrong:
        form.add_error(None, wrong if isinstance(wrong, ValidationError) else _("This day is too early."))
        return _render_facts(request, institution, form, state, status=422)
    messages.success(request, _("The facts are recorded; the checklist follows them."))
    return redirect("institutions:detail", institution.bin)


def _render_facts(
    request: AuthenticatedRequest,
    institution: Institution,
    form: FactsForm,
    state: InstitutionState,
    *,
    conflict: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The form as it was filled; on a conflict beside what the register says now, ready to be sent."""
    if conflict:
        typed = request.POST.copy()
        typed["shown"] = shown_mark(state)
        form.data = typed
    context = {"institution": institution, "form": form, "recorded": _recorded(state) if conflict else None}
    return render(request, "institutions/facts.html", context, status=status)


def _answerable(request: AuthenticatedRequest) -> InstitutionQuerySet:
    return Institution.objects.within_roles(request.user, ANSWER)


def _look_at(request: AuthenticatedRequest, bin: str) -> Institution:
    """The institution within the person's scope; the journal keeps who looked at its gaps from outside."""
    institution = get_object_or_404(Institution.objects.visible_to(request.user).with_places(), bin=bin)
    note_reading(request.user, institution, timezone.now())
    return institution


def _states(institution: Institution) -> QuerySet[InstitutionState]:
    places = ("locality__region", "large_city", "recorded_by")
    return institution.states.select_related(*places).order_by("-valid_from")


def _record(user: User, institution: Institution) -> dict[str, Any]:
    """What the person can do with the record, and what is proposed about it."""
    owned = owned_by(user, institution)
    waiting = ChangeProposal.objects.open().filter(institution=institution)
    mergers = list(
        Merger.objects.filter(Q(kept=institution) | Q(merged=institution), undone_at=None).select_related(
            "kept", "merged"
        )
    )
    is_duplicate = any(merger.merged_id == institution.pk for merger in mergers)
    offered = [act for act in acts.ACTS.values() if act.offered(institution.lifecycle, is_duplicate=is_duplicate)]
    return {
        "mergers": mergers,
        "may_undo": Owner.REGION in owned,
        "may_propose": may_propose(user, institution),
        "acts": [(act, act.owner in owned) for act in offered],
        "waiting": [(one, acts.in_words(one.what)) for one in waiting],
    }


def _details(institution: Institution, group: int | None) -> list[dict[str, Any]]:
    place = institution.settlement or institution.locality
    return [
        {"label": _("BIN"), "value": institution.bin},
        {"label": _("Kind"), "value": institution.get_kind_display()},
        {"label": _("Ownership"), "value": institution.get_ownership_display()},
        {"label": _("State"), "value": institution.get_lifecycle_display()},
        {"label": _("Region"), "value": institution.locality.region.name},
        {"label": _("District or city"), "value": institution.locality.name},
        {"label": _("Settlement"), "value": f"{place.name}, {institution.get_settlement_class_display()}"},
        {"label": _("Large city"), "value": institution.large_city and institution.large_city.name},
        {"label": _("Address"), "value": institution.address},
        {"label": _("Staff"), "value": institution.staff},
        {"label": _("Learners"), "value": institution.learners},
        {
            "label": _("Facility group"),
            "value": group,
            "help": _("by headcount and settlement, Order No. 117"),
        },
        {"label": _("Phone"), "value": institution.phone},
        {"label": _("E-mail"), "value": institution.email},
    ]


def _facts(institution: Institution) -> list[dict[str, Any]]:
    return [{"label": CONDITIONS[name].label, "value": _yes_or_no(institution.facts.get(name))} for name in FACTS]


def _recorded(state: InstitutionState) -> list[dict[str, Any]]:
    """What the register says now, for somebody whose form began with something else."""
    return [
        *({"label": CONDITIONS[name].label, "value": _yes_or_no(state.facts.get(name))} for name in FACTS),
        {"label": _("Staff"), "value": state.staff},
        {"label": _("Learners"), "value": state.learners},
        {"label": _("True since"), "value": state.valid_from.strftime("%d.%m.%Y")},
    ]


def _yes_or_no(value: bool | None) -> str | None:
    return None if value is None else _("yes") if value else _("no")


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A row of the ledger as a person reads it; `old` and `new` are None where it is not on the list."""

    change: StatusChange
    requirement: str
    old: str | None
    new: str | None
    cause: str
    by: str
    note: str


def ledger_lines(page: Page[StatusChange]) -> list[LedgerLine]:
    """Rows with who and why, looked up for the whole page at once: three queries more."""
    refs: dict[str, set[int]] = {"entry": set(), "state": set(), "inspection": set()}
    for change in page:
        model, _colon, key = change.cause_ref.partition(":")
        if model in refs and key.isdecimal():
            refs[model].add(int(key))
    entries = StatusEntry.objects.select_related("decided_by", "revoked_by", "batch").in_bulk(refs["entry"])
    inspections = Inspection.objects.select_related("revoked_by").in_bulk(refs["inspection"])
    reasons = dict(InstitutionState.objects.filter(pk__in=refs["state"]).values_list("pk", "reason"))
    lines = []
    for change in page:
        model, _colon, key = change.cause_ref.partition(":")
        entry = entries.get(int(key)) if model == "entry" else None
        by, note = _who_and_why(change, entry, inspections.get(int(key)) if model == "inspection" else None)
        lines.append(
            LedgerLine(
                change,
                change.item.requirement.title,
                change.from_status,
                change.to_status,
                str(Cause(change.cause).label),
                by,
                note or (reasons.get(int(key), "") if model == "state" else ""),
            )
        )
    return lines


def _who_and_why(change: StatusChange, entry: StatusEntry | None, inspection: Inspection | None) -> tuple[str, str]:
    if inspection is not None:
        if change.cause == Cause.REVOCATION:
            return str(inspection.revoked_by or ""), inspection.revoke_note
        return inspection.inspector, inspection.note
    if entry is None:
        return "", ""
    if change.cause == Cause.REVOCATION:
        return str(entry.revoked_by or ""), entry.revoke_note
    return str(entry.decided_by or entry.batch or ""), entry.decision_note
