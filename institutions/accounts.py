"""How people get accounts: an administrator or a regional editor invites them; nobody signs up."""

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest

from institutions import journal
from institutions.models import User


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: User, password: str) -> None:
        """Each password that a person sets stands in the journal; the first one is their acceptance."""
        first = not user.has_usable_password()
        with transaction.atomic():
            super().set_password(user, password)
            journal.write("person.accept" if first else "person.password", user, by=user)
