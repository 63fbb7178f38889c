"""The words in which briefs are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

from institutions.enums import COUNTRY_ROLES
from institutions.models import Membership
from reporting.enums import UNFINISHED

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from institutions.models import User
    from reporting.models import Brief


class BriefQuerySet(models.QuerySet["Brief"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """National briefs: for people whose scope is the country."""
        may = Membership.objects.of(user, COUNTRY_ROLES).exists()
        return self if may else self.none()

    def unfinished(self) -> Self:
        return self.filter(state__in=sorted(UNFINISHED))

    def for_list(self) -> Self:
        """Without the figures and the records, which weigh megabytes."""
        return self.select_related("period", "requested_by").defer("snapshot", "records", "findings")
