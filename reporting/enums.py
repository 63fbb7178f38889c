"""Choices of reporting. Imports nothing of ours."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class BriefState(models.TextChoices):
    """Where the making of a brief stands."""

    QUEUED = "queued", pgettext_lazy("brief", "queued")
    CHECKING = "checking", pgettext_lazy("brief", "being checked")
    RENDERING = "rendering", pgettext_lazy("brief", "being rendered")
    READY = "ready", pgettext_lazy("brief", "ready")
    REFUSED = "refused", pgettext_lazy("brief", "refused")
    FAILED = "failed", pgettext_lazy("brief", "failed")


UNFINISHED = frozenset({BriefState.QUEUED, BriefState.CHECKING, BriefState.RENDERING})


class BriefScope(models.TextChoices):
    COUNTRY = "country", _("country")
