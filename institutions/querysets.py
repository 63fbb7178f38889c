"""The words in which institutions, memberships and the journal are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from institutions import names
from institutions.clock import first_moment, today
from institutions.enums import COUNTRY_ROLES, Lifecycle, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from institutions.models import Institution, Journal, Membership, User


class MembershipQuerySet(models.QuerySet["Membership"]):
    def in_force(self, day: date) -> Self:
        """Memberships that have begun and not ended on `day`, of people who are active."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gte=day), valid_from__lte=day, user__is_active=True)

    def country_wide(self) -> Self:
        return self.filter(role__in=sorted(COUNTRY_ROLES))

    def of(self, user: User | AnonymousUser, roles: Iterable[Role] | None = None) -> Self:
        """The person's memberships in force today, of the given roles (all, where none are given)."""
        if not user.is_authenticated:
            return self.none()
        mine = self.in_force(today()).filter(user=user)
        return mine if roles is None else mine.filter(role__in=sorted(roles))


class InstitutionQuerySet(models.QuerySet["Institution"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Institutions that one of the person's memberships reaches; none for a stranger."""
        return self.within_roles(user, None)

    def within_roles(self, user: User | AnonymousUser, roles: Iterable[Role] | None) -> Self:
        """Institutions that the person reaches by a membership of one of the given roles (None: of any).

        This is the one place where a membership's scope turns into institutions; every other scope leans on it.
        """
        from institutions.models import Membership

        mine = Membership.objects.of(user, roles)
        if not user.is_authenticated:
            return self.none()
        if mine.country_wide().exists():
            return self
        # Subqueries, not joins: two memberships must not show an institution twice.
        return self.filter(
            Q(pk__in=mine.filter(institution__isnull=False).values("institution"))
            | Q(locality__in=mine.filter(locality__isnull=False).values("locality"))
            | Q(locality__region__in=mine.filter(region__isnull=False).values("region"))
        )

    def open(self) -> Self:
        """Institutions that are counted today."""
        return self.filter(lifecycle=Lifecycle.OPEN)

    def search_for(self, text: str) -> Self:
        """Institutions whose names or BIN contain every word of `text`, in Kazakh, Russian or Latin letters."""
        found = self
        for word in names.search_key(text).split():
            found = found.filter(Q(search__contains=word) | Q(bin__startswith=word))
        return found

    def with_places(self) -> Self:
        return self.select_related("locality__region", "settlement", "large_city")


class JournalQuerySet(models.QuerySet["Journal"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The whole journal for auditors and ministry administrators; nothing for anybody else."""
        from institutions.models import Membership

        may = Membership.objects.of(user, {Role.AUDITOR, Role.ADMINISTRATOR}).exists()
        return self if may else self.none()

    def by_person(self, text: str) -> Self:
        """Rows of people in whose name or e-mail address `text` stands.

        SQLite folds the case of ASCII only, so names are also looked for as they are mostly written: Capitalised.
        """
        from institutions.models import User

        people = User.objects.filter(
            Q(full_name__icontains=text) | Q(full_name__contains=text.title()) | Q(email__icontains=text)
        )
        return self.filter(user__in=people.values("pk"))

    def of_institutions(self, institutions: InstitutionQuerySet) -> Self:
        return self.filter(institution__in=institutions.order_by().values("pk"))

    def since(self, day: date) -> Self:
        """Rows of `day` and later, by the clock of Asia/Almaty."""
        return self.filter(at__gte=first_moment(day))

    def until(self, day: date) -> Self:
        """Rows of `day` and earlier, by the clock of Asia/Almaty."""
        return self.filter(at__lt=first_moment(day + timedelta(days=1)))

    def for_reading(self) -> Self:
        return self.select_related("user", "institution")
