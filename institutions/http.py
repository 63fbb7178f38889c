"""Types of requests."""

from django.http import HttpRequest

from institutions.models import User


class AuthenticatedRequest(HttpRequest):
    """A request of somebody who has signed in; LoginRequiredMiddleware lets no other through."""

    user: User
