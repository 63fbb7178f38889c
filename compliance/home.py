"""The first page after signing in: for each role, what to do next, in numbers that open their lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final, Self
from urllib.parse import urlencode

from django.db.models import Count, Min
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext
from django.views.decorators.http import require_safe

from compliance.card_forms import Todo, to_do
from compliance.checklist import Checklist, Row, Show, Urgency
from compliance.confirmations import Standing, in_view, standings
from compliance.models import ChecklistItem, Finding, PendingFold, StatusEntry
from compliance.quarters import Part, tallies
from compliance.querysets import SOON
from institutions.clock import local_day, today
from institutions.enums import Role
from institutions.http import AuthenticatedRequest
from institutions.models import ChangeProposal, Institution, Journal, Membership, User
from institutions.querysets import InstitutionQuerySet

NEXT_SHOWN = 10  # how many things to do a director sees at once
LONG_WAIT: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Tile:
    """One number and the list behind it."""

    label: str
    value: int
    url: str = ""
    icon: str = ""
    tone: str = ""
    hint: str = ""

    def with_hint(self, hint: str) -> Self:
        return replace(self, hint=hint)


@dataclass(frozen=True, slots=True)
class Task:
    """One item that asks for the director: what it is, why, and where."""

    title: str
    why: str
    url: str
    icon: str
    tone: str

    @classmethod
    def of(cls, row: Row, urgency: Urgency, institution: Institution) -> Self:
        icon, tone = _URGENCIES[urgency]
        why = str(urgency.label)
        if urgency is Urgency.ENDING and row.item.valid_until is not None:
            why = _("ends on %(day)s") % {"day": date_format(row.item.valid_until, "SHORT_DATE_FORMAT")}
        url = reverse("compliance:item", args=[institution.bin, row.item.requirement.code])
        return cls(row.item.requirement.title, why, url, icon, tone)


_URGENCIES: Final[dict[Urgency, tuple[str, str]]] = {
    Urgency.RETURNED: ("arrow-back-up", "warn"),
    Urgency.CONTRADICTED: ("eye", "bad"),
    Urgency.ENDED: ("clock", "bad"),
    Urgency.ENDING: ("clock", "warn"),
    Urgency.DRAFT: ("pencil", "neutral"),
    Urgency.COUNTED: ("circle-dashed", "info"),
}


@dataclass(frozen=True, slots=True)
class Door:
    """A way on, without a number."""

    label: str
    url: str
    icon: str


@dataclass(frozen=True, slots=True)
class Section:
    """What the page says for one membership, or for those with the same role and reach."""

    title: str
    scope: str
    first: str = ""  # what to do next, in one sentence
    institution: Institution | None = None
    confirmations: list[Standing] = field(default_factory=list)  # quarters that wait for a director's word
    tasks: list[Task] = field(default_factory=list)
    more_url: str = ""
    tiles: list[Tile] = field(default_factory=list)
    progress: tuple[int, int] | None = None  # items met, items on the list
    doors: list[Door] = field(default_factory=list)


@require_safe
def home(request: AuthenticatedRequest) -> HttpResponse:
    """A section a membership; whoever has none is told whom to ask."""
    memberships = Membership.objects.of(request.user).select_related("region", "locality", "institution")
    day = today()
    sections = [
        _SECTIONS[Role(membership.role)](membership, request.user, day) for membership in _distinct(memberships)
    ]
    return render(request, "home.html", {"sections": sections, "day": day})


def _distinct(memberships: Iterable[Membership]) -> list[Membership]:
    """Each role and scope once, by role: a substitute may hold what they hold themselves."""
    found = {(m.role, m.region_id, m.locality_id, m.institution_id): m for m in memberships}
    order = list(Role)
    return sorted(found.values(), key=lambda membership: order.index(Role(membership.role)))


def _director(membership: Membership, user: User, day: date) -> Section:
    institution = membership.institution
    if institution is None:  # the constraint membership_scope_fits_role forbids it
        raise Membership.DoesNotExist(membership.pk)
    url = reverse("compliance:checklist", args=[institution.bin])
    items = ChecklistItem.objects.filter(institution=institution).for_checklist(user, day)
    checklist = Checklist.read(items, day=day)
    counts = checklist.counts()
    urgent = checklist.urgent()
    drafts = sum(row.drafted for row in checklist.rows)
    contradicted = Finding.objects.filter(item__institution=institution).contradicting().count()
    unconfirmed = [one for one in standings(institution, checklist, day) if one.asked and one.confirmation is None]
    if urgent:
        first = ngettext(
            "%(count)s item of the checklist asks for you.",
            "%(count)s items of the checklist ask for you.",
            len(urgent),
        ) % {"count": len(urgent)}
    else:
        first = _("Nothing else is due today.") if unconfirmed else _("Nothing is due today.")
    return Section(
        title=_("My facility"),
        scope=institution.name,
        first=first,
        institution=institution,
        confirmations=unconfirmed,
        tasks=[Task.of(row, row.urgency, institution) for row in urgent[:NEXT_SHOWN] if row.urgency],
        more_url=url if len(urgent) > NEXT_SHOWN else "",
        tiles=[
            _shown(url, Show.UNANSWERED, counts, "circle-dashed"),
            _shown(url, Show.NOT_MET, counts, "circle-x"),
            _shown(url, Show.WAITING, counts, "hourglass"),
            Tile(_("My drafts"), drafts, url, "pencil", "warn" if drafts else ""),
            _contradictions(contradicted, q=institution.bin),
            _ending(Institution.objects.filter(pk=institution.pk), day, q=institution.bin),
        ],
        progress=(checklist.met, checklist.total),
        doors=[
            Door(_("Checklist"), url, "checklist"),
            Door(_("Card of the facility"), reverse("institutions:detail", args=[institution.bin]), "building"),
            Door(_("Coverage"), reverse("reporting:coverage"), "map"),
        ],
    )


def _confirmed(membership: Membership, day: date) -> list[Tile]:
    """How many institutions of the membership's place have confirmed the quarter that is looked at. Five queries."""
    period = in_view(day)
    if period is None:
        return []
    tally = tallies([period], _reached(membership), day)[0]
    url = reverse("compliance:quarter", args=[period.code])
    query = urlencode({"part": Part.CONFIRMED.value, **_place(membership)})
    hint = _("of %(count)s, %(quarter)s") % {"count": tally.expected, "quarter": period.in_words}
    tone = "good" if tally.expected and not tally.unconfirmed else ""
    return [Tile(_("Have confirmed the quarter"), tally.confirmed, f"{url}?{query}", "clipboard-check", tone, hint)]


def _shown(url: str, show: Show, counts: dict[Show, int], icon: str) -> Tile:
    return Tile(str(show.label), counts[show], f"{url}?show={show.value}", icon)


def _contradictions(count: int, **chosen: str) -> Tile:
    """How often an inspection says otherwise than what is approved."""
    query = urlencode(chosen)
    url = reverse("compliance:contradictions") + (f"?{query}" if query else "")
    return Tile(_("Contradicted by an inspection"), count, url, "eye", "bad" if count else "")


def _editor(membership: Membership, user: User, day: date) -> Section:
    reached = _reached(membership)
    returned = to_do(reached, Todo.RETURNED, user, day).count()
    ending = to_do(reached, Todo.ENDING, user, day).count()
    if returned:
        first = _("Answers came back: mend them first.")
    elif ending:
        first = _("Proofs end soon: ask the institutions for new ones.")
    else:
        first = _("Nothing is due today.")
    return Section(
        title=_("Institutions of my region"),
        scope=_scope(membership),
        first=first,
        tiles=[
            _todo(membership, Todo.RETURNED, returned, "arrow-back-up", "warn"),
            _todo(membership, Todo.ENDING, ending, "clock", "warn"),
            _todo(
                membership,
                Todo.UNANSWERED,
                to_do(reached, Todo.UNANSWERED, user, day).count(),
                "circle-dashed",
                "",
            ),
            _todo(membership, Todo.WAITING, to_do(reached, Todo.WAITING, user, day).count(), "hourglass", ""),
            _todo(membership, Todo.DRAFTS, to_do(reached, Todo.DRAFTS, user, day).count(), "pencil", ""),
            _contradictions(
                Finding.objects.filter(item__institution__in=reached).contradicting().count(), **_place(membership)
            ),
            *_confirmed(membership, day),
            *_proposals(reached, user),
        ],
        doors=[
            Door(_("What ends when"), reverse("compliance:endings"), "clock"),
            Door(_("Institutions"), _list_url(membership), "school"),
            Door(_("People"), reverse("institutions:people"), "users"),
            Door(_("Coverage"), reverse("reporting:coverage"), "map"),
            Door(_("Quarters"), reverse("compliance:quarters"), "calendar"),
            Door(_("Why answers came back"), reverse("compliance:returns"), "chart-bar"),
        ],
    )


def _approver(membership: Membership, user: User, day: date) -> Section:
    queue = reverse("compliance:queue")
    within = StatusEntry.objects.movable_by(user).filter(item__institution__in=_reached(membership))
    waiting = within.aggregate(count=Count("pk"), oldest=Min("submitted_at"))
    clean = within.rule_clean(day).count()
    late = within.waiting_since(timezone.now() - LONG_WAIT).count()
    hint = ""
    if waiting["oldest"]:
        oldest = date_format(local_day(waiting["oldest"]), "SHORT_DATE_FORMAT")
        hint = _("the oldest since %(day)s") % {"day": oldest}
    return Section(
        title=_("Review queue"),
        scope=_scope(membership),
        first=_("Answers wait for your decision.") if waiting["count"] else _("Nothing waits for your decision."),
        tiles=[
            Tile(_("Waiting for a decision"), waiting["count"], f"{queue}?all=1", "inbox", "info", hint),
            Tile(
                _("Nothing unusual"),
                clean,
                f"{queue}?clean=clean",
                "circle-check",
                "good",
                _("fit for bulk approval"),
            ),
            Tile(
                _("Something unusual"),
                waiting["count"] - clean,
                f"{queue}?clean=odd",
                "alert-triangle",
                "warn",
            ),
            Tile(
                _("Waiting for more than a week"),
                late,
                f"{queue}?older={LONG_WAIT.days}",
                "clock",
                "bad" if late else "",
            ),
            _contradictions(
                Finding.objects.filter(item__institution__in=_reached(membership)).contradicting().count(),
                **_place(membership),
            ),
            *_confirmed(membership, day),
            _ending(_reached(membership), day, **_place(membership)),
        ],
        doors=[
            Door(_("What ends when"), reverse("compliance:endings"), "clock"),
            Door(_("Institutions"), _list_url(membership), "school"),
            Door(_("Coverage"), reverse("reporting:coverage"), "map"),
            Door(_("Quarters"), reverse("compliance:quarters"), "calendar"),
            Door(_("Why answers came back"), reverse("compliance:returns"), "chart-bar"),
        ],
    )


def _ministry(membership: Membership, user: User, day: date) -> Section:
    reached = Institution.objects.all()
    waiting = StatusEntry.objects.awaiting_decision().count()
    uncounted = PendingFold.objects.count()
    doors = [
        Door(_("Coverage"), reverse("reporting:coverage"), "map"),
        Door(_("Briefs"), reverse("reporting:briefs"), "report"),
        Door(_("Institutions"), reverse("institutions:list"), "school"),
        Door(_("Quarters"), reverse("compliance:quarters"), "calendar"),
        Door(_("Why answers came back"), reverse("compliance:returns"), "chart-bar"),
    ]
    if membership.role == Role.ADMINISTRATOR:
        doors += [
            Door(_("People and roles"), reverse("institutions:people"), "users"),
            Door(_("Levels of the review"), reverse("compliance:levels"), "clipboard-check"),
            Door(_("Journal"), reverse("institutions:journal"), "history"),
        ]
    return Section(
        title=str(Role(membership.role).label).capitalize(),
        scope=_("the country"),
        first=_("Look at the coverage, then make the brief of the quarter."),
        tiles=[
            Tile(
                _("Open institutions"),
                reached.open().count(),
                _list_url(membership, lifecycle="open"),
                "school",
            ),
            _todo(membership, Todo.WAITING, to_do(reached, Todo.WAITING, user, day).count(), "hourglass", "").with_hint(
                _("institutions, with %(count)s answers") % {"count": waiting}
            ),
            _contradictions(Finding.objects.contradicting().count()),
            Tile(
                _("Changes not yet counted"),
                uncounted,
                reverse("reporting:coverage"),
                "refresh",
                "warn" if uncounted else "",
                _("they enter the figures by themselves"),
            ),
            *_confirmed(membership, day),
            *(_proposals(reached, user) if membership.role == Role.ADMINISTRATOR else ()),
        ],
        doors=doors,
    )


def _auditor(membership: Membership, user: User, day: date) -> Section:
    journal = reverse("institutions:journal")
    rows = Journal.objects.visible_to(user)
    today_url = f"{journal}?{urlencode({'since': day.isoformat()})}"
    return Section(
        title=str(Role.AUDITOR.label).capitalize(),
        scope=_("the country, read only"),
        first=_("The journal keeps who did what, when and from where."),
        tiles=[
            Tile(_("Entries of the journal today"), rows.since(day).count(), today_url, "history"),
            Tile(
                _("Institutions looked at from outside today"),
                rows.since(day).filter(action="institution.read").count(),
                f"{today_url}&action=institution.read",
                "eye",
            ),
        ],
        doors=[
            Door(_("Journal"), journal, "history"),
            Door(_("Coverage"), reverse("reporting:coverage"), "map"),
            Door(_("Institutions"), reverse("institutions:list"), "school"),
            Door(_("Briefs"), reverse("reporting:briefs"), "report"),
        ],
    )


_SECTIONS: Final[dict[Role, Callable[[Membership, User, date], Section]]] = {
    Role.DIRECTOR: _director,
    Role.EDITOR: _editor,
    Role.APPROVER: _approver,
    Role.ANALYST: _ministry,
    Role.ADMINISTRATOR: _ministry,
    Role.AUDITOR: _auditor,
}


def _reached(membership: Membership) -> InstitutionQuerySet:
    """The institutions of a membership's place: a locality, a region or the country."""
    if membership.locality_id:
        return Institution.objects.filter(locality=membership.locality_id)
    if membership.region_id:
        return Institution.objects.filter(locality__region=membership.region_id)
    return Institution.objects.all()


def _scope(membership: Membership) -> str:
    return str(membership.scope or _("the country"))


def _todo(membership: Membership, todo: Todo, value: int, icon: str, tone: str) -> Tile:
    """A tile that counts institutions, and opens just those."""
    url = _list_url(membership, todo=todo)
    hint = npgettext("below a count", "institution", "institutions", value)
    return Tile(str(todo.label), value, url, icon, tone if value else "", hint)


def _proposals(reached: InstitutionQuerySet, user: User) -> list[Tile]:
    """Proposed changes that wait for the person's decision; no tile where there are none."""
    count = ChangeProposal.objects.decidable_by(user).filter(institution__in=reached.order_by().values("pk")).count()
    url = f"{reverse('institutions:proposals')}?show=decide"
    return [Tile(_("Proposed changes to decide"), count, url, "inbox", "info")] if count else []


def _ending(institutions: InstitutionQuerySet, day: date, **place: str) -> Tile:
    """How many answers of the institutions end soon; opens just those."""
    soon = StatusEntry.objects.ending(day, within=SOON).filter(valid_until__gte=day, item__institution__in=institutions)
    count = soon.count()
    label = ngettext("Answer ends within %(days)s days", "Answers end within %(days)s days", count) % {
        "days": SOON.days
    }
    query = urlencode({"within": SOON.days, **place})
    return Tile(label, count, f"{reverse('compliance:endings')}?{query}", "clock", "warn" if count else "")


def _place(membership: Membership) -> dict[str, str]:
    """The membership's place as filters name it."""
    if membership.locality is not None:
        return {"locality": membership.locality.kato}
    return {"region": membership.region.code} if membership.region is not None else {}


def _list_url(membership: Membership, **chosen: str) -> str:
    """The list of institutions, narrowed to the membership's place and to what was chosen."""
    query = urlencode({**_place(membership), **{name: str(value) for name, value in chosen.items()}})
    return reverse("institutions:list") + (f"?{query}" if query else "")
