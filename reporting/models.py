"""Tables of sums and briefs. The sums are a fold of the ledger and can be made again from it at any time."""

from __future__ import annotations

import secrets
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from compliance.enums import Status
from compliance.models import Cell, Period
from institutions.models import Institution, Region
from reporting.brief.imprint import CheckResult, Explanation, Imprint
from reporting.enums import BriefKind, BriefState, BundleState, Publication
from reporting.querysets import BriefQuerySet

# Crockford's 32 signs: none that a person mixes up. Twelve of them are 60 bits, too many to guess.
CODE_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH: Final = 12


def new_code() -> str:
    """A brief's code, under which anybody may ask whether it is genuine."""
    return "".join(secrets.choice(CODE_SIGNS) for _sign in range(CODE_LENGTH))


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

    `state` is where its making stands; a `refused` one carries the findings of the integrity gate. The same
    kind, subject, period, language and snapshot is the same brief. `publication` is what it is worth: a draft
    until a second person publishes it (an institution's sheet is an extract of approved records, published as it is
    made). `subject` says in one word what it is about: KZ, a region's code, a BIN, or KZ and the earlier quarter.
    """

    kind = models.CharField(_("kind"), max_length=20, choices=BriefKind, default=BriefKind.COUNTRY)
    subject = models.CharField(_("subject"), max_length=20, default="KZ")
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="briefs", verbose_name=_("region")
    )
    institution = models.ForeignKey(
        Institution, models.PROTECT, null=True, blank=True, related_name="briefs", verbose_name=_("institution")
    )
    period = models.ForeignKey(Period, models.PROTECT, related_name="briefs", verbose_name=_("period"))
    against = models.ForeignKey(
        Period, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("earlier period")
    )
    language = models.CharField(_("language"), max_length=2, default="kk")
    number = models.CharField(_("number"), max_length=40, unique=True)
    sequence = models.PositiveIntegerField()
    code = models.CharField(_("code of verification"), max_length=20, unique=True, default=new_code)
    dated_on = models.DateField(_("date"))
    snapshot = models.JSONField(_("snapshot"))
    snapshot_hash = models.CharField(max_length=64)
    records = models.JSONField(_("records behind the figures"), default=dict)
    official_use = models.BooleanField(
        _("for official use"), default=False, help_text=_("It names institutions; readers get copies with their name.")
    )
    site = models.CharField(_("address of the register"), max_length=200, blank=True)
    signer = models.CharField(_("signed by"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=BriefState, default=BriefState.QUEUED)
    progress = models.PositiveSmallIntegerField(_("progress, percent"), default=0)
    checks = models.JSONField(_("checks"), default=list, blank=True)
    findings = models.JSONField(_("findings"), default=list, blank=True)
    explanations = models.JSONField(_("explanations"), default=list, blank=True)
    error = models.TextField(_("error"), blank=True)
    file = models.FileField(_("file"), upload_to="briefs/", blank=True, max_length=200)
    file_hash = models.CharField(max_length=64, blank=True, db_index=True)
    unsigned = models.FileField(_("file before its signature"), upload_to="briefs/", blank=True, max_length=200)
    unsigned_hash = models.CharField(max_length=64, blank=True)
    pages = models.PositiveSmallIntegerField(null=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField(_("requested at"))
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    publication = models.CharField(_("publication"), max_length=12, choices=Publication, default=Publication.DRAFT)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("published by")
    )
    published_at = models.DateTimeField(_("published at"), null=True)
    superseded_by = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="supersedes", verbose_name=_("superseded by")
    )
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("withdrawn by")
    )
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)
    withdrawal_reason = models.TextField(_("reason of the withdrawal"), blank=True)

    objects = BriefQuerySet.as_manager()

    class Meta:
        verbose_name = _("brief")
        verbose_name_plural = _("briefs")
        ordering: ClassVar = ["-requested_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "subject", "period", "language", "snapshot_hash"], name="brief_once_a_snapshot"
            ),
            models.UniqueConstraint(fields=["period", "sequence"], name="brief_sequence_once"),
            models.UniqueConstraint(
                fields=["kind", "subject", "period", "language"],
                condition=Q(publication=Publication.PUBLISHED),
                name="brief_one_published",
            ),
            models.CheckConstraint(
                name="brief_ready_has_file",
                condition=~Q(state=BriefState.READY) | (~Q(file="") & ~Q(file_hash="")),
            ),
            models.CheckConstraint(
                name="brief_kind_has_its_subject",
                condition=Q(kind=BriefKind.COUNTRY, region=None, institution=None, against=None)
                | Q(kind=BriefKind.REGION, region__isnull=False, institution=None, against=None)
                | Q(kind=BriefKind.INSTITUTION, region=None, institution__isnull=False, against=None)
                | Q(kind=BriefKind.COMPARISON, region=None, institution=None, against__isnull=False),
            ),
            models.CheckConstraint(
                name="brief_published_is_ready",
                condition=Q(publication=Publication.DRAFT) | Q(state=BriefState.READY, published_at__isnull=False),
            ),
            models.CheckConstraint(
                name="brief_published_by_a_second_person",
                condition=Q(publication=Publication.DRAFT)
                | Q(kind=BriefKind.INSTITUTION)
                | (Q(published_by__isnull=False) & (Q(requested_by=None) | ~Q(published_by=F("requested_by")))),
            ),
            models.CheckConstraint(
                name="brief_withdrawn_says_why",
                condition=~Q(publication=Publication.WITHDRAWN)
                | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawal_reason="")),
            ),
            models.CheckConstraint(
                name="brief_superseded_names_its_successor",
                condition=~Q(publication=Publication.SUPERSEDED) | Q(superseded_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"№ {self.number}"

    @property
    def imprint(self) -> Imprint:
        """All that the file depends on besides the snapshot."""
        return Imprint(
            number=self.number,
            date=self.dated_on,
            code=self.code,
            site=self.site,
            signer=self.signer,
            checks=tuple(CheckResult(**check) for check in self.checks),
            explanations=tuple(Explanation(**explanation) for explanation in self.explanations),
        )


class BriefCopy(models.Model):
    """A reader's copy of a brief for official use: whose, when, and the hash by which it is recognised."""

    brief = models.ForeignKey(Brief, models.PROTECT, related_name="copies", verbose_name=_("brief"))
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("reader"))
    made_at = models.DateTimeField(_("made at"))
    file_hash = models.CharField(max_length=64, unique=True)

    class Meta:
        verbose_name = _("copy of a brief")
        verbose_name_plural = _("copies of briefs")
        ordering: ClassVar = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.brief_id} {self.file_hash[:12]}"


class BriefBundle(models.Model):
    """The briefs of all regions for a quarter and language, in one ZIP."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="+", verbose_name=_("period"))
    language = models.CharField(_("language"), max_length=2, default="kk")
    briefs = models.ManyToManyField(Brief, related_name="bundles", verbose_name=_("briefs"))
    expected = models.PositiveSmallIntegerField(_("how many briefs"), default=0)
    state = models.CharField(_("state"), max_length=12, choices=BundleState, default=BundleState.QUEUED)
    error = models.TextField(_("error"), blank=True)
    file = models.FileField(_("file"), upload_to="bundles/", blank=True, max_length=200)
    file_hash = models.CharField(max_length=64, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField(_("requested at"))
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("bundle of briefs")
        verbose_name_plural = _("bundles of briefs")
        ordering: ClassVar = ["-requested_at", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="bundle_ready_has_file",
                condition=~Q(state=BundleState.READY) | (~Q(file="") & ~Q(file_hash="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period_id} {self.language}"
