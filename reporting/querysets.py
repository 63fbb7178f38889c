"""The words in which briefs are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from institutions.enums import COUNTRY_ROLES, REGIONAL_ROLES
from institutions.models import Institution, Membership
from reporting.enums import UNFINISHED, BriefKind, Publication

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from institutions.models import User
    from reporting.models import Brief

IN_FORCE = (Publication.PUBLISHED, Publication.SUPERSEDED)


class BriefQuerySet(models.QuerySet["Brief"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The ministry sees every brief; a region its own once they are published; whoever sees an institution, its
        sheets. Others' figures stay out of reach."""
        if Membership.objects.of(user, COUNTRY_ROLES).exists():
            return self
        regions = Membership.objects.of(user, REGIONAL_ROLES).filter(region__isnull=False).values("region")
        own = Q(kind=BriefKind.REGION, region__in=regions, publication__in=IN_FORCE)
        sheets = Q(kind=BriefKind.INSTITUTION, institution__in=Institution.objects.visible_to(user).values("pk"))
        return self.filter(own | sheets)

    def unfinished(self) -> Self:
        return self.filter(state__in=sorted(UNFINISHED))

    def for_list(self) -> Self:
        """Without the figures and the records, which weigh megabytes."""
        return self.select_related("period", "requested_by", "region", "institution", "against").defer(
            "snapshot", "records", "findings", "checks"
        )
