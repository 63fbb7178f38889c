"""Who looked at one institution's gaps from outside it. The one function that notes it."""

from __future__ import annotations

from datetime import datetime

from institutions import journal
from institutions.access import INSIDERS
from institutions.models import Institution, User


def note_reading(user: User, institution: Institution, now: datetime) -> None:
    """Write `institution.read` to the journal, unless the person is a director of the institution.

    A regional editor is outside it too: answering for two thousand schools is no reason to look unseen.

    For every page that shows what one institution lacks. Costs a few queries; call it once a request.
    """
    if not Institution.objects.within_roles(user, INSIDERS).filter(pk=institution.pk).exists():
        journal.write("institution.read", institution, by=user, institution=institution, now=now)
