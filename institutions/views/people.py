"""People and their roles: for ministry administrators all, for regional editors the directors of their scope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from institutions import access, invitations, people, roles
from institutions.clock import local_day, today
from institutions.enums import PersonState
from institutions.filters import PeopleFilter
from institutions.http import AuthenticatedRequest
from institutions.letters import LetterNotSent, link_ends_at
from institutions.models import Membership, User
from institutions.people_forms import DetailsForm, EndForm, InvitationForm, PostForm, StandInForm
from institutions.views.appointing import FormPage

PEOPLE_PAGE = 50
READ_AND_WRITE = ["GET", "HEAD", "POST"]

_TONES = {
    PersonState.LOCKED_OUT: ("bad", "lock"),
    PersonState.INVITED: ("info", "mail"),
    PersonState.NO_PASSWORD: ("warn", "key"),
    PersonState.IN_FORCE: ("good", "check"),
    PersonState.COMING: ("info", "calendar"),
    PersonState.ENDED: ("neutral", "history"),
    PersonState.NO_ROLE: ("neutral", "circle-dashed"),
}


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person as a list shows them; `roles` are those that the reader sees and that have not ended."""

    person: User
    roles: list[Membership]
    state: PersonState

    @classmethod
    def of(cls, person: User, seen: list[Membership], day: date) -> PersonLine:
        open_ones = [one for one in seen if one.valid_to is None or one.valid_to >= day]
        return cls(person, open_ones, _state(person, seen, open_ones, day))

    @property
    def tone(self) -> str:
        return _TONES[self.state][0]

    @property
    def icon(self) -> str:
        return _TONES[self.state][1]


def _state(person: User, seen: list[Membership], open_ones: list[Membership], day: date) -> PersonState:
    """The first that fits, in the order of `PersonState`."""
    if not person.is_active:
        return PersonState.LOCKED_OUT
    if not person.has_usable_password():
        return PersonState.INVITED if person.invited_at else PersonState.NO_PASSWORD
    if any(one.valid_from <= day for one in open_ones):
        return PersonState.IN_FORCE
    if open_ones:
        return PersonState.COMING
    return PersonState.ENDED if seen else PersonState.NO_ROLE


def _require_manager(request: AuthenticatedRequest) -> bool:
    """Whether the person administers all; 404 for whoever manages nobody. One query."""
    held = access.roles_of(request.user)
    if not held & access.MANAGE_PEOPLE:
        raise Http404
    return bool(held & access.ADMINISTER)


def _changeable(request: AuthenticatedRequest, pk: int) -> Membership:
    """A role that the reader may end, not their own to lengthen; 404 for any other."""
    mine = Membership.objects.changeable_by(request.user)
    return get_object_or_404(mine.with_places().select_related("user"), pk=pk)


# --- looking ---------------------------------------------------------------------------------------


@require_safe
def people_list(request: AuthenticatedRequest) -> HttpResponse:
    """People by name, each with the roles that the reader sees."""
    everything = _require_manager(request)
    day = today()
    rows = User.objects.visible_to(request.user)
    seen = Membership.objects.visible_to(request.user)
    found = PeopleFilter(request.GET, queryset=rows, request=request, seen=seen, day=day)
    matching = found.qs if found.is_valid() else rows.none()
    theirs = Prefetch("memberships", seen.with_places().order_by("role", "valid_from", "pk"), to_attr="seen_roles")
    page = Paginator(matching.order_by("sort_kk", "pk").prefetch_related(theirs), PEOPLE_PAGE).get_page(
        request.GET.get("page")
    )
    return render(
        request,
        "institutions/people.html",
        {
            "filter": found,
            "active": sum(bool(value) for value in found.form.cleaned_data.values()),
            "page": page,
            "lines": [PersonLine.of(person, person.seen_roles, day) for person in page],
            "everything": everything,
            "day": day,
        },
    )


@require_safe
def person(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """A person's account and roles, past and present, with what the reader may do about them."""
    shown = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    day = today()
    held = list(
        Membership.objects.visible_to(request.user).filter(user=shown).with_places().order_by("-valid_from", "-pk")
    )
    changeable = set(Membership.objects.changeable_by(request.user).filter(user=shown).values_list("pk", flat=True))
    line = PersonLine.of(shown, held, day)
    may_edit = User.objects.editable_by(request.user).filter(pk=pk).exists()
    return render(
        request,
        "institutions/person.html",
        {
            "trail": [{"label": _("People"), "url": reverse("institutions:people")}, {"label": str(shown)}],
            "person": shown,
            "line": line,
            "day": day,
            "open_roles": [(one, one.pk in changeable, one.valid_from > day) for one in line.roles],
            "past_roles": [one for one in held if one not in line.roles],
            "details": _details(shown, line),
            "may_edit": may_edit,
            "may_invite": shown.is_active and not shown.has_usable_password(),
            "may_give": shown != request.user and shown.is_active,
        },
    )


def _details(shown: User, line: PersonLine) -> list[dict[str, Any]]:
    rows = [
        {"label": _("E-mail"), "value": shown.email},
        {"label": _("Language of the letters"), "value": shown.get_language_display()},
        {"label": _("State"), "value": str(line.state.label)},
    ]
    if shown.invited_at and not shown.has_usable_password():
        ends = date_format(timezone.localtime(link_ends_at(shown.invited_at)), "SHORT_DATETIME_FORMAT")
        rows.append(
            {
                "label": _("Invitation sent"),
                "value": date_format(timezone.localtime(shown.invited_at), "SHORT_DATETIME_FORMAT"),
                "help": _("Its link works until %(day)s.") % {"day": ends},
            }
        )
    signed_in = shown.last_login and date_format(timezone.localtime(shown.last_login), "SHORT_DATETIME_FORMAT")
    return [*rows, {"label": _("Signed in last"), "value": signed_in}]


# --- inviting and giving ---------------------------------------------------------------------------


@require_http_methods(READ_AND_WRITE)
def invite(request: AuthenticatedRequest) -> HttpResponse:
    """Somebody new, or known by their address, with a role."""
    everything = _require_manager(request)
    page = FormPage(
        title=_("Invite somebody"),
        subtitle=_("They get a letter with a link, and set their password themselves"),
        button=_("Invite"),
        icon="mail",
        back_url=reverse("institutions:people"),
        note=_("If the address belongs to somebody in the register already, the role is offered to that person."),
    )
    if request.method != "POST":
        initial = {name: request.GET[name] for name in ("role", "institution") if name in request.GET}
        return page.render(request, InvitationForm(by=request.user, everything=everything, initial=initial))
    form = InvitationForm(request.POST, by=request.user, everything=everything)
    if not form.is_valid():
        return page.render(request, form, status=422)
    now = timezone.now()
    outcome = page.appoint(
        request,
        form,
        lambda known: invitations.invite(
            form.invited,
            form.post,
            since=local_day(now),
            until=form.cleaned_data["until"],
            known=known,
            by=request.user,
            now=now,
        ),
    )
    return redirect("institutions:person", outcome.user_id) if isinstance(outcome, Membership) else outcome


@require_http_methods(READ_AND_WRITE)
def give_role(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One more role for somebody, from today on."""
    everything = _require_manager(request)
    shown = get_object_or_404(User.objects.visible_to(request.user).exclude(pk=request.user.pk), pk=pk)
    page = FormPage(
        title=_("Give a role"),
        subtitle=str(shown),
        button=_("Give the role"),
        back_url=reverse("institutions:person", args=[pk]),
        note=_("The role begins today."),
    )
    if request.method != "POST":
        return page.render(request, PostForm(by=request.user, everything=everything))
    form = PostForm(request.POST, by=request.user, everything=everything)
    if not form.is_valid():
        return page.render(request, form, status=422)
    now = timezone.now()
    until = form.cleaned_data["until"]
    try:
        roles.give(shown, form.post, since=local_day(now), until=until, by=request.user, now=now)
    except ValidationError as wrong:
        return page.refuse(request, form, wrong)
    messages.success(request, _("The role is given."))
    return redirect("institutions:person", pk)


@require_http_methods(READ_AND_WRITE)
def stand_in(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Somebody has another one's role for some days, in their name."""
    absent = _changeable(request, pk)
    page = FormPage(
        title=_("Name a substitute"),
        subtitle=_("For %(person)s, %(role)s") % {"person": absent.user, "role": absent.get_role_display()},
        button=_("Name the substitute"),
        icon="users",
        back_url=reverse("institutions:person", args=[absent.user_id]),
        note=_("The substitute reaches the same and appears as standing in. The first role stays as it is."),
    )
    if request.method != "POST":
        return page.render(request, StandInForm(initial={"since": today()}))
    form = StandInForm(request.POST)
    if not form.is_valid():
        return page.render(request, form, status=422)
    outcome = page.appoint(
        request,
        form,
        lambda known: invitations.stand_in(
            absent,
            form.invited,
            since=form.cleaned_data["since"],
            until=form.cleaned_data["until"],
            known=known,
            by=request.user,
            now=timezone.now(),
        ),
    )
    return redirect("institutions:person", outcome.user_id) if isinstance(outcome, Membership) else outcome


@require_POST
def invite_again(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Another letter to somebody who has not set a password yet."""
    shown = get_object_or_404(User.objects.visible_to(request.user), pk=pk)

    def send() -> None:
        invitations.invite_again(shown, by=request.user, now=timezone.now())

    return _do(request, pk, send, _("A letter is on its way to %(email)s.") % {"email": shown.email})


# --- ending, correcting, locking out ---------------------------------------------------------------


@require_http_methods(READ_AND_WRITE)
def end_role(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The last day of a role."""
    membership = _changeable(request, pk)
    day = today()
    page = FormPage(
        title=_("Set the last day of a role"),
        subtitle=", ".join(
            str(part) for part in (membership.user, membership.get_role_display(), membership.scope) if part
        ),
        button=_("Set the last day"),
        icon="calendar",
        back_url=reverse("institutions:person", args=[membership.user_id]),
        note=_("Those who stand in for this person in this role end with them."),
    )
    if request.method != "POST":
        return page.render(request, EndForm(membership=membership, day=day))
    form = EndForm(request.POST, membership=membership, day=day)
    if not form.is_valid():
        return page.render(request, form, status=422)
    try:
        roles.end(membership, last_day=form.cleaned_data["last_day"], by=request.user, now=timezone.now())
    except ValidationError as wrong:
        return page.refuse(request, form, wrong)
    messages.success(request, _("The last day of the role is set."))
    return redirect("institutions:person", membership.user_id)


@require_POST
def cancel_role(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Take back a role that has not begun yet."""
    membership = _changeable(request, pk)
    return _do(
        request,
        membership.user_id,
        lambda: roles.cancel(membership, by=request.user, now=timezone.now()),
        _("The role is taken back."),
    )


@require_http_methods(READ_AND_WRITE)
def details(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Correct name, e-mail address, language."""
    shown = get_object_or_404(User.objects.editable_by(request.user), pk=pk)
    page = FormPage(
        title=_("Correct name and address"),
        subtitle=str(shown),
        button=_("Save"),
        icon="device-floppy",
        back_url=reverse("institutions:person", args=[pk]),
        note=_("With a new address the person signs in by that one; links in former letters work no more."),
    )
    if request.method != "POST":
        return page.render(request, DetailsForm(initial={name: getattr(shown, name) for name in people.DETAILS}))
    form = DetailsForm(request.POST)
    if not form.is_valid():
        return page.render(request, form, status=422)
    try:
        people.correct(shown, **form.cleaned_data, by=request.user, now=timezone.now())
    except ValidationError as wrong:
        return page.refuse(request, form, wrong)
    messages.success(request, _("The changes are saved."))
    return redirect("institutions:person", pk)


@require_POST
def lock_out(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Close somebody's account at once."""
    shown = get_object_or_404(User.objects.editable_by(request.user), pk=pk)
    return _do(
        request,
        pk,
        lambda: people.lock_out(shown, by=request.user, now=timezone.now()),
        _("%(person)s is locked out.") % {"person": shown},
    )


@require_POST
def let_in(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Open a closed account again."""
    shown = get_object_or_404(User.objects.editable_by(request.user), pk=pk)
    return _do(
        request,
        pk,
        lambda: people.let_in(shown, by=request.user, now=timezone.now()),
        _("%(person)s can sign in again.") % {"person": shown},
    )


def _do(request: AuthenticatedRequest, pk: int, verb: Callable[[], None], done: str) -> HttpResponse:
    """Call the verb of a button, and say on the person's page what came of it."""
    try:
        verb()
    except ValidationError as wrong:
        for message in wrong.messages:
            messages.error(request, message)
    except LetterNotSent:
        messages.error(request, _("The letter did not go out. Try again in a while."))
    else:
        messages.success(request, done)
    if not User.objects.visible_to(request.user).filter(pk=pk).exists():  # with a role that was taken back
        return redirect("institutions:people")
    return redirect("institutions:person", pk)
