"""What every page's frame needs to know of the checklist's side."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpRequest

from compliance.models import Notice


def inbox(request: HttpRequest) -> dict[str, Any]:
    """`unread`: how many notices the person has not read. One query, where the top bar asks for it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"unread": cache(lambda: Notice.objects.of(user).unread().count())}
