"""The help page: what a person's roles do here, what each mark means, whom to ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from compliance.enums import EntryState, Level, Status
from institutions.clock import today
from institutions.enums import Role
from institutions.http import AuthenticatedRequest
from institutions.models import Membership, User

_MOST_CONTACTS: Final = 8


@dataclass(frozen=True, slots=True)
class Guide:
    """How somebody with a role uses the program, step by step."""

    title: str
    steps: list[str]


@dataclass(frozen=True, slots=True)
class Mark:
    """A word with a colour, as it stands on the pages, and what it means."""

    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who can help: for what, and how to reach them."""

    person: User
    role: str
    place: str


@require_safe
def help_page(request: AuthenticatedRequest) -> HttpResponse:
    """For the person's own roles; whom to ask is found by their places."""
    memberships = list(Membership.objects.of(request.user).with_places())
    roles = list(dict.fromkeys(Role(membership.role) for membership in memberships))
    context = {
        "guides": [Guide(capfirst(str(role.label)), _GUIDES[role]()) for role in Role if role in roles],
        "statuses": _statuses(),
        "states": _states(),
        "levels": _levels(),
        "contacts": _contacts(request.user, memberships),
    }
    return render(request, "help.html", context)


def _contacts(user: User, memberships: Sequence[Membership]) -> list[Contact]:
    """For a director those who keep and decide the facility's records; for all others the ministry's administrators.

    One query; nobody is named to people who have no role.
    """
    if not memberships:
        return []
    wanted = Q(role=Role.ADMINISTRATOR)
    own = [membership.institution for membership in memberships if membership.institution is not None]
    if len(own) == len(memberships):
        localities = [institution.locality_id for institution in own]
        near = Q(locality__in=localities) | Q(region__localities__in=localities)
        wanted = Q(role__in=[Role.EDITOR, Role.APPROVER]) & near
    found = (
        Membership.objects.in_force(today())
        .filter(wanted)
        .exclude(user=user)
        .select_related("user", "region", "locality")
        .order_by("role", "user__sort_kk")
        .distinct()
    )
    return [
        Contact(membership.user, str(Role(membership.role).label), str(membership.scope or _("the country")))
        for membership in found[:_MOST_CONTACTS]
    ]


def _statuses() -> list[Mark]:
    return [
        Mark(Status.MET, _("The requirement is fulfilled and proven; only this counts as covered.")),
        Mark(Status.PARTLY_MET, _("A part is done. It does not count as covered.")),
        Mark(Status.NOT_MET, _("It is not fulfilled, or the document that proved it has ended.")),
        Mark(Status.UNKNOWN, _("Nobody has answered yet, or the answer waits for its first approval.")),
        Mark(Status.NOT_APPLICABLE, _("An approved exception with a reason and an end; percentages leave it out.")),
    ]


def _states() -> list[Mark]:
    return [
        Mark(EntryState.DRAFT, _("Only the author sees it. Nothing is counted.")),
        Mark(EntryState.SUBMITTED, _("It waits for a decision and can no longer be changed, only withdrawn.")),
        Mark(EntryState.CHECKED, _("The district says that it is right; the region has still to approve it.")),
        Mark(EntryState.APPROVED, _("Somebody else has checked it; it counts from the day that it names.")),
        Mark(EntryState.RETURNED, _("It came back with a reason: mend it and submit it again.")),
        Mark(EntryState.WITHDRAWN, _("The author took it back before the decision.")),
        Mark(EntryState.REVOKED, _("A wrong approval was undone; the item counts as it would have without it.")),
    ]


def _levels() -> list[tuple[str, str]]:
    return [
        (_("declared"), _("what institutions have submitted")),
        (str(Level.APPROVED.label), _("what the department has approved; briefs count this")),
        (str(Level.VERIFIED.label), _("what an inspection or the police's list has found")),
    ]


def _director() -> list[str]:
    return [
        _("Open “My facility”: what came back or ends soon stands first."),
        _("Answer an item: status, since when, a photo or a document. The draft is yours until you submit."),
        _("Submit. The department decides; what comes back says why."),
        _("Once a quarter confirm your record, with one tap where nothing has changed."),
        _("Never upload the anti-terror passport, plans of cameras or lists of dangerous areas."),
    ]


def _editor() -> list[str]:
    return [
        _("Keep the records of your institutions: enter, correct, open, close and move them, each from a day on."),
        _("Upload lists: you see every difference before anything changes, and can take it back."),
        _("Mend what came back, and ask for new documents before the old ones end."),
        _("Invite directors and hand a school over when its director changes."),
    ]


def _approver() -> list[str]:
    return [
        _("Open the review queue: each answer stands beside what counts now, with its proof and its oddities."),
        _("Approve, or return with a reason. Nobody decides an answer of their own."),
        _("What has nothing unusual can be approved together; the odd ones stay."),
        _("Record inspections. Where they contradict an approved answer, it becomes a task."),
    ]


def _ministry() -> list[str]:
    return [
        _("Look at the coverage on any day; every number opens its institutions."),
        _("Follow how the regions confirm the quarter, then close it."),
        _("Ask for the brief: it is checked against itself, and says what is wrong if something is."),
        _("Have it approved for publication by a second person; its code proves later that it is genuine."),
    ]


def _administrator() -> list[str]:
    return [
        _("Invite people and give roles in places, with a first and a last day; a substitute has both."),
        _("Open, close and reopen quarters, with a reason."),
        *_ministry(),
    ]


def _auditor() -> list[str]:
    return [
        _("You read everything and change nothing."),
        _("The journal says who did what and when; it can be searched and exported."),
        _("Look at the coverage on any day; every number opens its institutions."),
    ]


_GUIDES: Final[dict[Role, Callable[[], list[str]]]] = {
    Role.DIRECTOR: _director,
    Role.EDITOR: _editor,
    Role.APPROVER: _approver,
    Role.ANALYST: _ministry,
    Role.ADMINISTRATOR: _administrator,
    Role.AUDITOR: _auditor,
}
