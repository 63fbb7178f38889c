"""The words in which institutions, memberships and the journal are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Self

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import models
from django.db.models import Q

from institutions import access, names
from institutions.clock import first_moment, today
from institutions.enums import COUNTRY_ROLES, Lifecycle, ProposalState, Role
from institutions.ownership import ACTS_FOR

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from institutions.models import ChangeProposal, Institution, Journal, Locality, Membership, User


def person_named(text: str, prefix: str = "") -> Q:
    """That `text` stands in the name or the e-mail address of a person; `prefix` leads to the person, as in "user__".

    SQLite folds the case of ASCII only, so names are also looked for as they are mostly written: Capitalised.
    """
    return (
        Q(**{f"{prefix}full_name__icontains": text})
        | Q(**{f"{prefix}full_name__contains": text.title()})
        | Q(**{f"{prefix}email__icontains": text})
    )


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Everybody for administrators; for a regional editor those who direct, or directed, institutions there."""
        from institutions.models import Membership

        if Membership.objects.of(user, access.ADMINISTER).exists():
            return self
        return self.filter(pk__in=Membership.objects.visible_to(user).values("user"))

    def editable_by(self, user: User | AnonymousUser) -> Self:
        """People whose details and account the person may change: for administrators; a superuser's for superusers.

        Whoever sets the address of an account can ask for its password: so this is not for regional editors.
        """
        from institutions.models import Membership

        if not Membership.objects.of(user, access.ADMINISTER).exists():
            return self.none()
        return self if getattr(user, "is_superuser", False) else self.filter(is_superuser=False)

    def search_for(self, text: str) -> Self:
        """People in whose name or e-mail address every word of `text` stands."""
        found = self
        for word in text.split():
            found = found.filter(person_named(word))
        return found

    def without_password(self) -> Self:
        """People who have not set a password yet: they cannot sign in."""
        return self.filter(Q(password="") | Q(password__startswith=UNUSABLE_PASSWORD_PREFIX))


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

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The memberships that the person gives and ends: all, or those of directors within an editor's scope."""
        from institutions.models import Institution, Membership

        if Membership.objects.of(user, access.ADMINISTER).exists():
            return self
        reached = Institution.objects.within_roles(user, access.APPOINT_DIRECTORS)
        return self.filter(role=Role.DIRECTOR, institution__in=reached)

    def changeable_by(self, user: User | AnonymousUser) -> Self:
        """Those of them that the person may end; a superuser's only another superuser."""
        seen = self.visible_to(user)
        return seen if getattr(user, "is_superuser", False) else seen.filter(user__is_superuser=False)

    def not_ended(self, day: date) -> Self:
        """Memberships in force on `day`, and those that begin later."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gte=day))

    def directing(self, institution: Institution, day: date) -> Self:
        """Those who direct the institution on `day`, in their own name; the longest first."""
        own = self.filter(role=Role.DIRECTOR, institution=institution, substitute_for=None, valid_from__lte=day)
        return own.not_ended(day).order_by("valid_from", "pk")

    def with_places(self) -> Self:
        return self.select_related("region", "locality", "institution", "substitute_for")


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

    def appointable_by(self, user: User | AnonymousUser) -> Self:
        """Institutions for which the person appoints directors: not closed, and within their scope."""
        return self.within_roles(user, access.MANAGE_PEOPLE).exclude(lifecycle=Lifecycle.CLOSED)

    def open(self) -> Self:
        """Institutions that are counted today."""
        return self.filter(lifecycle=Lifecycle.OPEN)

    def open_on(self, day: date) -> Self:
        """Institutions that were counted on `day`, by their dated states; it may lie in the past."""
        from institutions.models import InstitutionState

        open_then = InstitutionState.objects.filter(
            Q(valid_to=None) | Q(valid_to__gte=day), lifecycle=Lifecycle.OPEN, valid_from__lte=day
        )
        return self.filter(pk__in=open_then.values("institution"))

    def search_for(self, text: str) -> Self:
        """Institutions whose names or BIN contain every word of `text`, in Kazakh, Russian or Latin letters."""
        found = self
        for word in names.search_key(text).split():
            found = found.filter(Q(search__contains=word) | Q(bin__startswith=word))
        return found

    def with_places(self) -> Self:
        return self.select_related("locality__region", "settlement", "large_city")


class LocalityQuerySet(models.QuerySet["Locality"]):
    def within_roles(self, user: User | AnonymousUser, roles: Iterable[Role]) -> Self:
        """Localities that the person reaches whole, by a membership of one of the given roles.

        Where an institution may be entered or moved to; a director reaches none.
        """
        from institutions.models import Membership

        mine = Membership.objects.of(user, roles)
        if mine.country_wide().exists():
            return self
        return self.filter(
            Q(pk__in=mine.filter(locality__isnull=False).values("locality"))
            | Q(region__in=mine.filter(region__isnull=False).values("region"))
        )


class ChangeProposalQuerySet(models.QuerySet["ChangeProposal"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Proposals about institutions that the person sees."""
        from institutions.models import Institution

        return self.filter(institution__in=Institution.objects.visible_to(user).order_by().values("pk"))

    def open(self) -> Self:
        return self.filter(state=ProposalState.OPEN)

    def for_owners(self, user: User | AnonymousUser) -> Self:
        """Proposals whose fields the person owns, their own among them (which somebody else has to decide)."""
        from institutions.models import Institution

        owned = Q()
        for owner, roles in ACTS_FOR.items():
            reached = Institution.objects.within_roles(user, roles).order_by().values("pk")
            owned |= Q(owner=owner, institution__in=reached)
        return self.filter(owned)

    def decidable_by(self, user: User) -> Self:
        """Open proposals that the person may accept or decline: never their own, and no move to where they do not
        reach."""
        from institutions.models import Locality

        moves = Q(changes__has_key="locality")
        reached = Locality.objects.within_roles(user, access.REGISTER).values("kato")
        return (
            self.for_owners(user)
            .open()
            .exclude(proposed_by=user)
            .filter(~moves | Q(changes__locality__new__in=list(reached.values_list("kato", flat=True))))
        )

    def with_context(self) -> Self:
        return self.select_related("institution__locality__region", "proposed_by", "decided_by")


class JournalQuerySet(models.QuerySet["Journal"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The whole journal for auditors and ministry administrators; nothing for anybody else."""
        from institutions.models import Membership

        may = Membership.objects.of(user, {Role.AUDITOR, Role.ADMINISTRATOR}).exists()
        return self if may else self.none()

    def by_person(self, text: str) -> Self:
        """Rows of people in whose name or e-mail address `text` stands."""
        from institutions.models import User

        return self.filter(user__in=User.objects.filter(person_named(text)).values("pk"))

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
