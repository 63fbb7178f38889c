"""Tables of sums and briefs. The sums are a fold of the ledger and can be made again from it at any time."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from compliance.enums import Status
from compliance.models import Cell, Period
from reporting.enums import BriefScope, BriefState
from reporting.querysets import BriefQuerySet


class Counts(models.Model):
    """Counts of institutions by status, and the same in learners. In a day's row: the change of each count."""

    met = models.IntegerField(default=0)
    partly_met = models.IntegerField(default=0)
    not_met = models.IntegerField(default=0)
    unknown = models.IntegerField(default=0)
    not_applicable = models.IntegerField(default=0)
    met_learners = models.IntegerField(default=0)
    partly_met_learners = models.IntegerField(default=0)
    not_met_learners = models.IntegerField(default=0)
    unknown_learners = models.IntegerField(default=0)
    not_applicable_learners = models.IntegerField(default=0)

    class Meta:
        abstract = True


COUNT_FIELDS = tuple(field.name for field in Counts._meta.local_fields)
COUNTED = tuple(Status(name) for name in COUNT_FIELDS[:5])  # the statuses, in the order of the fields


class CoverageDay(Counts):
    """By how much a cell's counts change on a day (`effective_on`), by what became known on a day (`recorded_on`)."""

    cell = models.ForeignKey(Cell, models.PROTECT, related_name="days")
    effective_on = models.DateField()
    recorded_on = models.DateField()

    class Meta:
        verbose_name = _("day of coverage")
        verbose_name_plural = _("days of coverage")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cell", "effective_on", "recorded_on"], name="coverage_day_once"),
        ]

    def __str__(self) -> str:
        return f"{self.cell_id} {self.effective_on} {self.recorded_on}"


class CoverageTotal(Counts):
    """A cell's counts on the day that `compliance.RegisterDay` names."""

    cell = models.OneToOneField(Cell, models.PROTECT, primary_key=True, related_name="total")

    class Meta:
        verbose_name = _("total of coverage")
        verbose_name_plural = _("totals of coverage")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="coverage_total_not_negative",
                condition=Q(met__gte=0, partly_met__gte=0, not_met__gte=0, unknown__gte=0, not_applicable__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return str(self.cell_id)


class Brief(models.Model):
    """A brief: a frozen snapshot of every figure, its number and date, and the file that is a function of them.

    `state` is where its making stands; a `refused` one carries the findings of the integrity rules. The same
    period, scope, language and snapshot is the same brief.
    """

    scope = models.CharField(_("scope"), max_length=20, choices=BriefScope, default=BriefScope.COUNTRY)
    period = models.ForeignKey(Period, models.PROTECT, related_name="briefs", verbose_name=_("period"))
    language = models.CharField(_("language"), max_length=2, default="kk")
    number = models.CharField(_("number"), max_length=40, unique=True)
    sequence = models.PositiveIntegerField()
    dated_on = models.DateField(_("date"))
    snapshot = models.JSONField(_("snapshot"))
    snapshot_hash = models.CharField(max_length=64)
    records = models.JSONField(_("records behind the figures"), default=dict)
    state = models.CharField(_("state"), max_length=12, choices=BriefState, default=BriefState.QUEUED)
    progress = models.PositiveSmallIntegerField(_("progress, percent"), default=0)
    findings = models.JSONField(_("findings"), default=list, blank=True)
    error = models.TextField(_("error"), blank=True)
    file = models.FileField(_("file"), upload_to="briefs/", blank=True, max_length=200)
    file_hash = models.CharField(max_length=64, blank=True)
    pages = models.PositiveSmallIntegerField(null=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField(_("requested at"))
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = BriefQuerySet.as_manager()

    class Meta:
        verbose_name = _("brief")
        verbose_name_plural = _("briefs")
        ordering: ClassVar = ["-requested_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scope", "period", "language", "snapshot_hash"], name="brief_once_a_snapshot"
            ),
            models.UniqueConstraint(fields=["period", "sequence"], name="brief_sequence_once"),
            models.CheckConstraint(
                name="brief_ready_has_file",
                condition=~Q(state=BriefState.READY) | (~Q(file="") & ~Q(file_hash="")),
            ),
        ]

    def __str__(self) -> str:
        return f"№ {self.number}"
