"""Choices of the registry and of people. Imports nothing of ours, so everybody may import it."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class RegionKind(models.TextChoices):
    OBLAST = "oblast", pgettext_lazy("kind of region", "region")
    REPUBLICAN_CITY = "republican_city", _("city of republican significance")


class LocalityKind(models.TextChoices):
    DISTRICT = "district", _("district")
    CITY = "city", _("city")
    CITY_DISTRICT = "city_district", _("city district")


class SettlementClass(models.TextChoices):
    """Classes that the Order's facility groups ask for (p. 77-81 of the edition of 2022), derived from KATO."""

    REPUBLICAN_CITY = "republican_city", _("city of republican significance")
    REGIONAL_CITY = "regional_city", _("city of regional significance")
    DISTRICT_CITY = "district_city", _("city of district significance")
    DISTRICT_CENTRE = "district_centre", _("district centre")
    TOWN = "town", _("town")
    VILLAGE = "village", _("village")


class Kind(models.TextChoices):
    KINDERGARTEN = "kindergarten", _("kindergarten")
    SCHOOL = "school", _("school")
    COLLEGE = "college", _("college")


class Ownership(models.TextChoices):
    STATE = "state", pgettext_lazy("ownership", "state")
    PRIVATE = "private", pgettext_lazy("ownership", "private")


class Lifecycle(models.TextChoices):
    """Only open institutions are counted; those in capital repair are named in the brief's notes."""

    OPEN = "open", pgettext_lazy("institution", "open")
    CAPITAL_REPAIR = "capital_repair", _("in capital repair")
    CLOSED = "closed", pgettext_lazy("institution", "closed")


class Owner(models.TextChoices):
    """Who owns a field of an institution's record; `institutions.ownership` says which."""

    FACILITY = "facility", _("the institution")
    REGION = "region", pgettext_lazy("owner", "the region")
    MINISTRY = "ministry", _("the ministry")


class ProposalState(models.TextChoices):
    OPEN = "open", pgettext_lazy("proposal", "open")
    ACCEPTED = "accepted", pgettext_lazy("proposal", "accepted")
    DECLINED = "declined", pgettext_lazy("proposal", "declined")
    WITHDRAWN = "withdrawn", pgettext_lazy("proposal", "withdrawn")


class Role(models.TextChoices):
    DIRECTOR = "director", _("director")
    EDITOR = "editor", _("regional editor")
    APPROVER = "approver", _("regional approver")
    ANALYST = "analyst", _("ministry analyst")
    ADMINISTRATOR = "administrator", _("ministry administrator")
    AUDITOR = "auditor", _("auditor")


COUNTRY_ROLES = frozenset({Role.ANALYST, Role.ADMINISTRATOR, Role.AUDITOR})
REGIONAL_ROLES = frozenset({Role.EDITOR, Role.APPROVER})


class Letters(models.TextChoices):
    """Which of the program's letters a person wants; the inbox has everything in any case."""

    ALL = "all", _("a digest each day, and at once what is urgent")
    URGENT = "urgent", _("only what is urgent")
    NONE = "none", _("none: I read the inbox")


class PersonState(models.TextChoices):
    """How it stands with an account and its roles; the first that fits is what a list shows."""

    LOCKED_OUT = "locked_out", _("locked out")
    INVITED = "invited", _("invited, not accepted yet")
    NO_PASSWORD = "no_password", _("has no password")
    IN_FORCE = "in_force", _("has a role in force")
    COMING = "coming", _("has a role that begins later")
    ENDED = "ended", _("all roles have ended")
    NO_ROLE = "no_role", _("has no role")
