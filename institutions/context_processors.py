"""What every page's frame needs to know of the person."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from institutions import access
from institutions.clock import today
from institutions.enums import Role
from institutions.models import Membership


def person(request: HttpRequest) -> dict[str, Any]:
    """`nav`: the main navigation of the person's roles; `memberships`: those in force. One query."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"nav": [], "memberships": [], "roles": frozenset(), "demo": False}
    memberships = list(
        Membership.objects.in_force(today())
        .filter(user=user)
        .select_related("region", "locality", "institution", "substitute_for")
    )
    roles = {Role(membership.role) for membership in memberships}
    entries = [
        (True, _("Home"), "home", "home"),
        (Role.DIRECTOR in roles, _("My facility"), "institutions:mine", "building"),
        (bool(roles & access.DECIDE), _("Review queue"), "compliance:queue", "inbox"),
        (bool(roles - {Role.DIRECTOR}), _("Institutions"), "institutions:list", "school"),
        (bool(roles & access.LISTS), _("Lists"), "compliance:imports", "file-import"),
        (bool(roles), _("Coverage"), "reporting:coverage", "map"),
        (bool(roles - {Role.DIRECTOR}), _("Briefs"), "reporting:briefs", "report"),
        (bool(roles & access.READ_QUARTERS), _("Quarters"), "compliance:quarters", "calendar"),
        (bool(roles & access.READ_JOURNAL), _("Journal"), "institutions:journal", "history"),
        (bool(roles & access.MANAGE_PEOPLE), _("People"), "institutions:people", "users"),
        (bool(roles & access.ADMINISTER) and user.is_staff, _("Administration"), "admin:index", "settings"),
    ]
    nav = []
    for shown, label, name, icon in entries:
        if shown:
            url = reverse(name)
            active = request.path == url if name == "home" else request.path.startswith(url)
            nav.append({"label": label, "url": url, "icon": icon, "active": active})
    return {"nav": nav, "memberships": memberships, "roles": roles, "gallery": settings.GALLERY}
