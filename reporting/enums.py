"""Choices of reporting. Imports nothing of ours."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class BriefKind(models.TextChoices):
    """What a brief is about."""

    COUNTRY = "country", pgettext_lazy("kind of brief", "country")
    REGION = "region", pgettext_lazy("kind of brief", "region")
    INSTITUTION = "institution", pgettext_lazy("kind of brief", "institution sheet")
    COMPARISON = "comparison", pgettext_lazy("kind of brief", "comparison of two quarters")


class BriefState(models.TextChoices):
    """Where the making of a brief stands."""

    QUEUED = "queued", pgettext_lazy("brief", "queued")
    CHECKING = "checking", pgettext_lazy("brief", "being checked")
    RENDERING = "rendering", pgettext_lazy("brief", "being rendered")
    SIGNING = "signing", pgettext_lazy("brief", "being signed")
    READY = "ready", pgettext_lazy("brief", "ready")
    REFUSED = "refused", pgettext_lazy("brief", "refused")
    FAILED = "failed", pgettext_lazy("brief", "failed")


UNFINISHED = frozenset({BriefState.QUEUED, BriefState.CHECKING, BriefState.RENDERING, BriefState.SIGNING})


class Publication(models.TextChoices):
    """What a finished brief is worth: a draft until a second person publishes it."""

    DRAFT = "draft", pgettext_lazy("publication of a brief", "draft")
    PUBLISHED = "published", pgettext_lazy("publication of a brief", "published")
    SUPERSEDED = "superseded", pgettext_lazy("publication of a brief", "superseded")
    WITHDRAWN = "withdrawn", pgettext_lazy("publication of a brief", "withdrawn")


class BriefNotice(models.TextChoices):
    """Of what people are told about briefs. The label is that of a line in an e-mail, where counts stand."""

    READY = "brief_ready", _("Briefs that you asked for and that are ready")
    REFUSED = "brief_refused", _("Briefs that you asked for and that the rules refused")
    FAILED = "brief_failed", _("Briefs that you asked for and that could not be made")
    TO_PUBLISH = "brief_to_publish", _("Briefs that wait for a second person to publish them")
    SUPERSEDED = "brief_superseded", _("Briefs of yours that were superseded")
    WITHDRAWN = "brief_withdrawn", _("Briefs of yours that were withdrawn")


class BundleState(models.TextChoices):
    """Where the making of a bundle of briefs stands."""

    QUEUED = "queued", pgettext_lazy("bundle", "queued")
    MAKING = "making", pgettext_lazy("bundle", "its briefs are being made")
    READY = "ready", pgettext_lazy("bundle", "ready")
    FAILED = "failed", pgettext_lazy("bundle", "failed")
