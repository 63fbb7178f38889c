"""Tables of the Order, of answers and their decisions, of periods, and the ledger."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from compliance.applicability import FacilityGroup, Grouping, Rule, facility_group, group_in
from compliance.citation import cite
from compliance.enums import (
    FOUND,
    OF_AN_INSTITUTION,
    WAITING,
    Cause,
    Connection,
    DutyChange,
    EditionState,
    EntryState,
    ImportKind,
    ImportState,
    Inheritance,
    InspectionSource,
    ItemChange,
    Level,
    Measure,
    PeriodState,
    ReturnReason,
    RowOutcome,
    RowResult,
    Side,
    Status,
)
from compliance.querysets import (
    ChecklistItemQuerySet,
    ComingEditionQuerySet,
    CommentQuerySet,
    ConfirmationQuerySet,
    EvidenceQuerySet,
    FindingQuerySet,
    ImportRunQuerySet,
    InspectionQuerySet,
    KeptPhotoQuerySet,
    NoticeQuerySet,
    PeriodExceptionQuerySet,
    PeriodQuerySet,
    PhotoQuerySet,
    SavedViewQuerySet,
    StatusEntryQuerySet,
)
from institutions.clock import today
from institutions.enums import Kind, Ownership
from institutions.models import Institution, LargeCity, Locality, Region


class Titled(models.Model):
    """A thing with a title in three languages; `title` picks the reader's."""

    title_kk = models.CharField(_("title in Kazakh"), max_length=500)
    title_ru = models.CharField(_("title in Russian"), max_length=500)
    title_en = models.CharField(_("title in English"), max_length=500)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    def in_language(self, stem: str) -> str:
        """The text of the field family `stem` in the reader's language."""
        language = get_language() or "kk"
        return str(getattr(self, f"{stem}_{language if language in ('ru', 'en') else 'kk'}"))

    @property
    def title(self) -> str:
        return self.in_language("title")


class Directive(Titled):
    """A normative act whose requirements the register follows: Order No. 117."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    number = models.CharField(_("number"), max_length=20)
    dated_on = models.DateField(_("dated"))

    class Meta:
        verbose_name = _("directive")
        verbose_name_plural = _("directives")


class Edition(models.Model):
    """A wording of a directive and the days on which it is in force."""

    directive = models.ForeignKey(Directive, models.PROTECT, related_name="editions", verbose_name=_("directive"))
    code = models.CharField(_("code"), max_length=20)
    in_force_from = models.DateField(_("in force from"))
    in_force_to = models.DateField(_("in force to"), null=True, blank=True)
    provenance = models.CharField(_("provenance"), max_length=500)
    groups = models.JSONField(_("facility groups"), default=list, blank=True)

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        ordering: ClassVar = ["in_force_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["directive", "code"], name="edition_code_once"),
            models.CheckConstraint(
                name="edition_dates_in_order",
                condition=Q(in_force_to=None) | Q(in_force_to__gte=F("in_force_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.directive_id}/{self.code}"

    @property
    def grouping(self) -> Grouping | None:
        """The facility groups of an edition that came as a file; None for those of the library."""
        return grouping_of(self.groups) if self.groups else None

    def group_of(self, *, people: int, settlement_class: str) -> int:
        """The facility group by people and settlement under this edition."""
        grouping = self.grouping
        if grouping is None:
            return facility_group(self.code, people=people, settlement_class=settlement_class)
        return group_in(grouping, people=people, settlement_class=settlement_class)


def grouping_of(stored: list[dict[str, Any]]) -> Grouping:
    """Facility groups from the form in which an edition keeps them."""
    return tuple(
        FacilityGroup(group["number"], group["people_from"], frozenset(group["settlements"])) for group in stored
    )


class Chapter(Titled):
    """A chapter of the Order; the checklist is grouped by it."""

    directive = models.ForeignKey(Directive, models.PROTECT, related_name="chapters", verbose_name=_("directive"))
    code = models.CharField(_("code"), max_length=20)
    sort_order = models.PositiveSmallIntegerField(_("order"))

    class Meta:
        verbose_name = _("chapter")
        verbose_name_plural = _("chapters")
        ordering: ClassVar = ["sort_order"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["directive", "code"], name="chapter_code_once"),
        ]


class Requirement(Titled):
    """One thing that the Order asks for, the same through editions; `applies` says whom, per edition.

    Read from the library file and never changed by hand. `applies` is data in the grammar of
    `compliance.applicability`. `validity_months` is how long a proof holds where the document names no end.
    """

    directive = models.ForeignKey(Directive, models.PROTECT, related_name="requirements", verbose_name=_("directive"))
    chapter = models.ForeignKey(Chapter, models.PROTECT, related_name="requirements", verbose_name=_("chapter"))
    code = models.CharField(_("code"), max_length=30)
    paragraph = models.CharField(_("paragraph"), max_length=100, blank=True)
    guidance_kk = models.TextField(_("guidance in Kazakh"))
    guidance_ru = models.TextField(_("guidance in Russian"))
    guidance_en = models.TextField(_("guidance in English"))
    proof_kk = models.TextField(_("what proves it, in Kazakh"))
    proof_ru = models.TextField(_("what proves it, in Russian"))
    proof_en = models.TextField(_("what proves it, in English"))
    expires = models.BooleanField(_("expires"))
    validity_months = models.PositiveSmallIntegerField(_("validity, months"), null=True, blank=True)
    kinds = models.JSONField(_("kinds of institution"))
    applies = models.CharField(_("applies to"), max_length=200)
    measure = models.CharField(_("measure of the brief"), max_length=20, choices=Measure, null=True, blank=True)  # noqa: DJ001 (unique where present)
    confidence = models.CharField(_("how far the text is verified"), max_length=20)
    source = models.TextField(_("source"), blank=True)
    sort_order = models.PositiveSmallIntegerField(_("order"))

    class Meta:
        verbose_name = _("requirement")
        verbose_name_plural = _("requirements")
        ordering: ClassVar = ["sort_order"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["directive", "code"], name="requirement_code_once"),
            models.UniqueConstraint(
                fields=["measure"], condition=Q(measure__isnull=False), name="requirement_measure_once"
            ),
        ]

    @property
    def citation(self) -> str:
        """Where it stands in the Order, in words; empty for what the Order does not name."""
        return cite(self.paragraph)

    @property
    def unconfirmed(self) -> bool:
        """Whether the wording in force, or whom it obliges, is known at second hand only; pages say so."""
        return self.confidence != "verified" or Rule.parse(self.applies, of_files=True).unconfirmed

    @property
    def guidance(self) -> str:
        return self.in_language("guidance")

    @property
    def proof(self) -> str:
        return self.in_language("proof")

    @property
    def exception_allowed(self) -> bool:
        """Whether `not_applicable` may be asked for: never on the five measures (domain.md)."""
        return self.measure is None


class EditionItem(models.Model):
    """How one requirement stands under an edition that came as a file: whom it obliges, and from what it was made.

    Editions of the library have none: their rules stand in `Requirement.applies`. `parents` are the codes of the items
    from which it was made, `answer` says what becomes of their answers. `texts` are the fields of the requirement that
    read otherwise from the edition's first day on; `before` what they were, once that day has come.
    """

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="items", db_index=False)
    requirement = models.ForeignKey(Requirement, models.PROTECT, related_name="wordings")
    change = models.CharField(_("change"), max_length=8, choices=ItemChange)
    answer = models.CharField(_("answers of the old"), max_length=12, choices=Inheritance, default=Inheritance.NONE)
    parents = models.JSONField(_("made from"), default=list)
    applies = models.CharField(_("applies to"), max_length=200)
    kinds = models.JSONField(_("kinds of institution"))
    texts = models.JSONField(_("reads otherwise"), default=dict)
    before = models.JSONField(null=True)

    class Meta:
        verbose_name = _("item of an edition")
        verbose_name_plural = _("items of editions")
        ordering: ClassVar = ["edition", "requirement__sort_order"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["edition", "requirement"], name="edition_item_once"),
            models.CheckConstraint(
                name="edition_item_inherits_from_somewhere", condition=Q(answer=Inheritance.NONE) | ~Q(parents=[])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.edition_id} {self.requirement_id}"


class ComingEdition(models.Model):
    """An edition of the Order that somebody uploaded as a file, and what becomes of it.

    `draft → previewing → previewed → entering → scheduled`, and it is in force from its day on; until then
    `withdrawing → withdrawn`. One that nobody wants is `discarded`. A preview and the work on the ledger go in pieces:
    `cursor` is the key of the last institution that is done, so that whoever takes the work over goes on there. Who
    moves it: `compliance/editions.py`; the preview: `reporting/edition_previews.py`.
    """

    code = models.CharField(_("code"), max_length=20)
    in_force_from = models.DateField(_("in force from"))
    base = models.CharField(_("edition before it"), max_length=20)
    state = models.CharField(_("state"), max_length=12, choices=EditionState, default=EditionState.DRAFT)
    file_name = models.CharField(_("name of the file"), max_length=200)
    file_hash = models.CharField("SHA-256", max_length=64)
    text = models.TextField(_("what stands in the file"))
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    uploaded_at = models.DateTimeField(_("uploaded at"))
    previewed_at = models.DateTimeField(_("previewed at"), null=True)
    coverage = models.JSONField(_("coverage before and after"), default=dict)
    scheduled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("put into force by")
    )
    scheduled_at = models.DateTimeField(_("put into force at"), null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("taken back by")
    )
    withdrawn_at = models.DateTimeField(_("taken back at"), null=True)
    withdraw_note = models.CharField(_("reason"), max_length=300, blank=True)
    edition = models.OneToOneField(Edition, models.SET_NULL, null=True, related_name="coming")
    claimed_at = models.DateTimeField(null=True)
    cursor = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(_("institutions done"), default=0)
    rows = models.PositiveIntegerField(_("ledger rows"), default=0)
    failed = models.BooleanField(_("failed"), default=False)

    objects = ComingEditionQuerySet.as_manager()

    class Meta:
        verbose_name = _("edition as a file")
        verbose_name_plural = _("editions as files")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="coming_edition_four_eyes",
                condition=Q(scheduled_by=None) | ~Q(scheduled_by=F("uploaded_by")),
                violation_error_message=_("An edition is put into force by another person than who uploaded it."),
            ),
            models.CheckConstraint(
                name="coming_edition_scheduled_whole_or_absent",
                condition=Q(scheduled_by=None, scheduled_at=None)
                | Q(scheduled_by__isnull=False, scheduled_at__isnull=False),
            ),
            models.CheckConstraint(
                name="coming_edition_withdrawn_with_reason",
                condition=Q(withdrawn_by=None, withdrawn_at=None, withdraw_note="")
                | (Q(withdrawn_by__isnull=False, withdrawn_at__isnull=False) & ~Q(withdraw_note="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.in_force_from})"

    @property
    def is_busy(self) -> bool:
        """Whether a worker has it, or is to take it."""
        return self.state in BUSY_EDITIONS


BUSY_EDITIONS = frozenset(
    {EditionState.DRAFT, EditionState.PREVIEWING, EditionState.ENTERING, EditionState.WITHDRAWING}
)


class EditionEffect(models.Model):
    """One line of a preview: what the edition does to one item of one institution, on the edition's first day.

    `status` is what the item counts as: under the new edition, or for one that leaves the list, before it. `region` is
    the one in which it counts.
    """

    coming = models.ForeignKey(ComingEdition, models.CASCADE, related_name="effects", db_index=False)
    requirement = models.CharField(_("requirement"), max_length=30)
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", db_index=False)
    change = models.CharField(_("change"), max_length=10, choices=DutyChange)
    status = models.CharField(_("status"), max_length=20, choices=Status)

    class Meta:
        verbose_name = _("effect of an edition")
        verbose_name_plural = _("effects of editions")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["coming", "requirement", "change", "institution"], name="edition_effect_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.coming_id} {self.requirement} {self.change}"


class FactConfirmation(models.Model):
    """Somebody's word that a fact on which duties rest is as the register has it; the last one of a fact counts.

    `fact` is a condition of `applicability.FACTS`, or one of `facts.RECORDED`. `value` is what was confirmed, in plain
    form: where the register says something else today, the fact is unconfirmed again.
    """

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="confirmed_facts", db_index=False)
    fact = models.CharField(_("fact"), max_length=40)
    value = models.CharField(_("value"), max_length=100)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("confirmed by"), db_index=False
    )
    at = models.DateTimeField(_("confirmed at"))

    class Meta:
        verbose_name = _("confirmed fact")
        verbose_name_plural = _("confirmed facts")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "fact"], name="fact_confirmed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.fact}"


class ChecklistItem(models.Model):
    """One requirement on one institution's list, with its approved status today. Written only by `ledger.py`."""

    institution = models.ForeignKey(
        Institution, models.PROTECT, related_name="items", verbose_name=_("institution"), db_index=False
    )
    requirement = models.ForeignKey(Requirement, models.PROTECT, related_name="items", verbose_name=_("requirement"))
    listed = models.BooleanField(_("on the list today"), default=True)
    obliged = models.BooleanField(_("obliged by the Order today"), default=True)
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.UNKNOWN)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    version = models.PositiveIntegerField(_("version"), default=0)

    objects = ChecklistItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("checklist item")
        verbose_name_plural = _("checklist items")
        ordering: ClassVar = ["institution", "requirement__sort_order"]
        indexes: ClassVar = [
            models.Index(fields=["valid_until"], name="item_ending", condition=Q(valid_until__isnull=False)),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "requirement"], name="item_once"),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id}/{self.requirement_id}"


class Applicability(models.Model):
    """From when to when an item stood on its institution's list, and why. Computed; see `applicability.py`."""

    item = models.ForeignKey(ChecklistItem, models.PROTECT, related_name="spans", db_index=False)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    obliged = models.BooleanField(_("obliged by the Order"))
    counted = models.BooleanField(_("counted in the report"))
    basis = models.CharField(_("reason"), max_length=200)

    class Meta:
        verbose_name = _("applicability")
        verbose_name_plural = _("applicability")
        ordering: ClassVar = ["item", "valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "valid_from"], name="applicability_starts_once_a_day"),
            models.CheckConstraint(name="applicability_has_a_reason", condition=Q(obliged=True) | Q(counted=True)),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.valid_from} {self.basis}"


class Evidence(models.Model):
    """A reference to a document that proves an answer; one contract may serve many institutions.

    Its details never change: they may stand behind an answer that is submitted already. `key` is number and issuer as
    they are compared (`evidence.key_of`). A revoked one proves nothing any more; who revokes it: `evidence.py` alone.
    """

    number = models.CharField(_("number"), max_length=100)
    issuer = models.CharField(_("issued by"), max_length=300)
    issued_on = models.DateField(_("issued on"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    key = models.CharField(max_length=500, blank=True, db_index=True, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("created at"))
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    revoke_note = models.TextField(_("reason of the revocation"), blank=True, max_length=4000)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="evidence_dates_in_order",
                condition=Q(valid_until=None) | Q(valid_until__gte=F("issued_on")),
                violation_error_message=_("The document ends before it was issued."),
            ),
            models.CheckConstraint(
                name="evidence_revoked_with_reason",
                condition=Q(revoked_by=None, revoked_at=None, revoke_note="")
                | (Q(revoked_by__isnull=False, revoked_at__isnull=False) & ~Q(revoke_note="")),
                violation_error_message=_("A revocation names who, when and why."),
            ),
            models.CheckConstraint(
                name="evidence_revoked_by_another",
                condition=Q(revoked_by=None) | Q(author=None) | ~Q(revoked_by=F("author")),
                violation_error_message=_("A document is revoked by another person than who entered it."),
            ),
        ]

    def __str__(self) -> str:
        return f"№ {self.number}, {self.issuer}"

    def holds(self, day: date) -> bool:
        """What `EvidenceQuerySet.holding` asks of a row."""
        return self.revoked_at is None and (self.valid_until is None or self.valid_until >= day)

    def has_ended(self, day: date) -> bool:
        return self.valid_until is not None and self.valid_until < day


class Batch(models.Model):
    """Answers taken over together from outside: an import, the demonstration. Stands for their author and decision."""

    title = models.CharField(_("title"), max_length=200)
    recorded_at = models.DateTimeField(_("recorded at"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    rows = models.PositiveIntegerField(_("rows"), default=0)

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")

    def __str__(self) -> str:
        return self.title


class StatusEntry(models.Model):
    """A proposal about one item, and what became of it.

    `draft` is the author's and may change. `submit` freezes and hashes it; the approver sees it. Where the region has a
    second level, `checked` says that its district has looked at it, and nothing more. `withdrawn` and
    `returned` end it (a returned one is continued in a new entry, `continues`). `approved` makes it the item's
    status from `effective_on` to `valid_until`; `revoked` undoes that. Who moves it: `workflow.py` alone.
    An entry of a batch has no hands: it came with its approval from outside.
    """

    item = models.ForeignKey(ChecklistItem, models.PROTECT, related_name="entries", verbose_name=_("item"))
    state = models.CharField(_("state"), max_length=12, choices=EntryState, default=EntryState.DRAFT)
    status = models.CharField(_("status"), max_length=20, choices=Status)
    effective_on = models.DateField(_("true since"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True, max_length=4000)
    evidence = models.ForeignKey(
        Evidence, models.PROTECT, null=True, blank=True, related_name="entries", verbose_name=_("evidence")
    )
    continues = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="continued_by", db_index=False
    )
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, blank=True, related_name="entries", db_index=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("author")
    )
    created_at = models.DateTimeField(_("created at"))
    saved_at = models.DateTimeField(_("saved at"))
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("submitted by"),
        db_index=False,
    )
    submitted_at = models.DateTimeField(_("submitted at"), null=True)
    content_hash = models.CharField(_("hash of the content"), max_length=64, blank=True)
    item_version = models.PositiveIntegerField(_("version of the item at submission"), null=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("checked by"),
        db_index=False,
    )
    checked_at = models.DateTimeField(_("checked at"), null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("decided by"),
        db_index=False,
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    return_reason = models.CharField(_("reason"), max_length=20, choices=ReturnReason, blank=True)
    decision_note = models.TextField(_("note of the decision"), blank=True, max_length=4000)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True)
    revoke_note = models.TextField(_("reason of the revocation"), blank=True, max_length=4000)

    objects = StatusEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index(fields=["submitted_at"], name="entry_awaiting", condition=Q(state__in=WAITING)),
            models.Index(
                fields=["valid_until"],
                name="entry_ending",
                condition=Q(state=EntryState.APPROVED, valid_until__isnull=False),
            ),
            models.Index(fields=["decided_at"], name="entry_returned", condition=Q(state=EntryState.RETURNED)),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["item", "author"],
                condition=Q(state=EntryState.DRAFT),
                name="entry_one_draft_a_person",
            ),
            models.UniqueConstraint(fields=["item"], condition=Q(state__in=WAITING), name="entry_one_waiting_an_item"),
            models.CheckConstraint(
                name="entry_answers",
                condition=~Q(status=Status.UNKNOWN),
                violation_error_message=_("Choose an answer."),
            ),
            models.CheckConstraint(
                name="entry_dates_in_order",
                condition=Q(valid_until=None) | Q(valid_until__gte=F("effective_on")),
                violation_error_message=_("The last day lies before the first."),
            ),
            models.CheckConstraint(
                name="entry_author_or_batch",
                condition=Q(author__isnull=False, batch=None) | Q(author=None, batch__isnull=False),
            ),
            models.CheckConstraint(
                name="entry_submitted_whole_or_absent",
                condition=(
                    Q(state=EntryState.DRAFT, submitted_by=None, submitted_at=None, content_hash="")
                    | Q(batch__isnull=False)
                    | (
                        ~Q(state=EntryState.DRAFT)
                        & ~Q(content_hash="")
                        & Q(submitted_by__isnull=False, submitted_at__isnull=False)
                    )
                ),
            ),
            models.CheckConstraint(
                name="entry_decision_whole_or_absent",
                condition=(
                    Q(
                        state__in=[EntryState.DRAFT, *WAITING, EntryState.WITHDRAWN],
                        decided_by=None,
                        decided_at=None,
                    )
                    | Q(
                        state__in=[EntryState.APPROVED, EntryState.RETURNED, EntryState.REVOKED],
                        decided_at__isnull=False,
                    )
                    & (Q(decided_by__isnull=False) | Q(batch__isnull=False))
                ),
                violation_error_message=_("A decision names who decided and when."),
            ),
            models.CheckConstraint(
                name="entry_returned_with_reason",
                condition=~Q(state=EntryState.RETURNED) | (~Q(return_reason="") & ~Q(decision_note="")),
                violation_error_message=_("A return names its reason."),
            ),
            models.CheckConstraint(
                name="entry_revoked_with_reason",
                condition=(
                    ~Q(state=EntryState.REVOKED)
                    | (Q(revoked_by__isnull=False, revoked_at__isnull=False) & ~Q(revoke_note=""))
                ),
                violation_error_message=_("A revocation names who, when and why."),
            ),
            # NULL (nobody yet, or a batch) is never equal, so the comparisons below must let it pass.
            models.CheckConstraint(
                name="entry_four_eyes",
                condition=Q(decided_by=None)
                | Q(author=None)
                | (~Q(decided_by=F("author")) & ~Q(decided_by=F("submitted_by"))),
                violation_error_message=_("Nobody decides what they wrote or submitted."),
            ),
            models.CheckConstraint(
                name="entry_revoked_by_another",
                condition=Q(revoked_by=None)
                | (
                    (Q(author=None) | ~Q(revoked_by=F("author")))
                    & (Q(submitted_by=None) | ~Q(revoked_by=F("submitted_by")))
                    & (Q(decided_by=None) | ~Q(revoked_by=F("decided_by")))
                    & (Q(checked_by=None) | ~Q(revoked_by=F("checked_by")))
                ),
                violation_error_message=_("A wrong approval is revoked by another person."),
            ),
            models.CheckConstraint(
                name="entry_check_whole_or_absent",
                condition=(Q(checked_by=None, checked_at=None) & ~Q(state=EntryState.CHECKED))
                | (
                    Q(checked_by__isnull=False, checked_at__isnull=False)
                    & ~Q(state__in=[EntryState.DRAFT, EntryState.SUBMITTED])
                ),
                violation_error_message=_("A check names who checked and when."),
            ),
            models.CheckConstraint(
                name="entry_checked_by_another",
                condition=Q(checked_by=None)
                | (
                    (Q(author=None) | ~Q(checked_by=F("author")))
                    & (Q(submitted_by=None) | ~Q(checked_by=F("submitted_by")))
                ),
                violation_error_message=_("Nobody checks what they wrote or submitted."),
            ),
            # Who checked may still give it back: they have found a mistake.
            models.CheckConstraint(
                name="entry_six_hands",
                condition=Q(checked_by=None)
                | Q(decided_by=None)
                | Q(state=EntryState.RETURNED)
                | ~Q(decided_by=F("checked_by")),
                violation_error_message=_("Who checked an answer does not approve it as well."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.status} {self.state}"

    @property
    def hands(self) -> frozenset[int]:
        """The people who wrote or submitted it: none of them may decide it."""
        return frozenset(pk for pk in (self.author_id, self.submitted_by_id) if pk is not None)


class PictureFields(models.Model):
    """What is kept of a picture. Place (degrees, WGS 84) and time are what the camera said: the file carries neither.

    The file is kept under `sha256`, once however many are the same; `upload_sha256` names what was sent. The four bands
    are the perceptual hash in parts of 16 bits, null for a picture that shows next to nothing.
    """

    sha256 = models.CharField(max_length=64, db_index=True)
    upload_sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveIntegerField(_("bytes"))
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    band_0 = models.PositiveIntegerField(null=True)
    band_1 = models.PositiveIntegerField(null=True)
    band_2 = models.PositiveIntegerField(null=True)
    band_3 = models.PositiveIntegerField(null=True)
    taken_at = models.DateTimeField(_("taken at"), null=True)
    latitude = models.FloatField(_("latitude"), null=True)
    longitude = models.FloatField(_("longitude"), null=True)

    class Meta:
        abstract = True

    @property
    def bands(self) -> tuple[int, ...] | None:
        """The perceptual hash in its parts, None for a picture that shows next to nothing."""
        parts = (self.band_0, self.band_1, self.band_2, self.band_3)
        return None if None in parts else tuple(part for part in parts if part is not None)


class Photo(PictureFields):
    """A photo that shows what an answer says. A part of its entry: it comes and goes with the draft, then stays.

    Written by `photos.py` alone.
    """

    entry = models.ForeignKey(StatusEntry, models.CASCADE, related_name="photos", verbose_name=_("entry"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"), db_index=False
    )
    uploaded_at = models.DateTimeField(_("uploaded at"))

    objects = PhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [
            models.Index(fields=["band_0"], name="photo_band_0"),
            models.Index(fields=["band_1"], name="photo_band_1"),
            models.Index(fields=["band_2"], name="photo_band_2"),
            models.Index(fields=["band_3"], name="photo_band_3"),
        ]
        constraints: ClassVar = [
            # The same file sent twice is one photo.
            models.UniqueConstraint(fields=["entry", "upload_sha256"], name="photo_once_an_entry"),
            models.CheckConstraint(
                name="photo_bands_whole_or_absent",
                condition=Q(band_0=None, band_1=None, band_2=None, band_3=None)
                | Q(band_0__isnull=False, band_1__isnull=False, band_2__isnull=False, band_3__isnull=False),
            ),
            models.CheckConstraint(
                name="photo_place_whole_or_absent",
                condition=Q(latitude=None, longitude=None)
                | Q(
                    latitude__isnull=False,
                    latitude__range=(-90, 90),
                    longitude__isnull=False,
                    longitude__range=(-180, 180),
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.sha256[:12]}"


class KeptPhoto(PictureFields):
    """A photo that was sent with an answer which came to nothing: it waits for the next try of the same person.

    Nobody else sees it, and after `kept_photos.KEPT_FOR` it is deleted. Written by `kept_photos.py` alone.
    """

    item = models.ForeignKey(ChecklistItem, models.CASCADE, related_name="kept_photos", verbose_name=_("item"))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person"), db_index=False
    )
    kept_at = models.DateTimeField(_("kept at"), db_index=True)

    objects = KeptPhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo of a form that was not taken")
        verbose_name_plural = _("photos of forms that were not taken")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "item", "upload_sha256"], name="kept_photo_once_a_form"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.sha256[:12]}"


class PhotoTwin(models.Model):
    """Two photos of different institutions that are the same picture, or nearly; one row for each direction.

    Found when the later one is added, so that a list of answers need not compare pictures. `distance` is in bits of
    the perceptual hash.
    """

    photo = models.ForeignKey(Photo, models.CASCADE, related_name="twins", db_index=False)
    other = models.ForeignKey(Photo, models.CASCADE, related_name="+")
    distance = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("photo seen before")
        verbose_name_plural = _("photos seen before")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["photo", "other"], name="photo_twin_once"),
            models.CheckConstraint(name="photo_twin_is_another", condition=~Q(photo=F("other"))),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} ~ {self.other_id}"


class Period(models.Model):
    """A quarter of reporting. Its figures, once closed, are "as of its end, as known at its close"."""

    code = models.CharField(
        _("code"),
        max_length=6,
        unique=True,
        validators=[RegexValidator(r"^\d{4}Q[1-4]$")],
        help_text="2023Q1",
    )
    starts_on = models.DateField(_("first day"), unique=True)
    ends_on = models.DateField(_("last day"))
    state = models.CharField(_("state"), max_length=10, choices=PeriodState, default=PeriodState.OPEN)
    closed_on = models.DateField(_("last day whose knowledge counts"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("closed by")
    )
    reopen_note = models.TextField(_("reason for opening it again"), blank=True)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = _("period")
        verbose_name_plural = _("periods")
        ordering: ClassVar = ["-starts_on"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="period_closed_names_its_day",
                condition=Q(state=PeriodState.CLOSED, closed_on__isnull=False, closed_at__isnull=False)
                | (~Q(state=PeriodState.CLOSED) & Q(closed_on=None, closed_at=None)),
            ),
            models.CheckConstraint(name="period_dates_in_order", condition=Q(ends_on__gt=F("starts_on"))),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def year(self) -> int:
        return self.starts_on.year

    @property
    def quarter(self) -> int:
        return (self.starts_on.month + 2) // 3

    @property
    def in_words(self) -> str:
        """ "2023, quarter 1", in the active language."""
        return gettext("%(year)s, quarter %(quarter)s") % {"year": self.year, "quarter": self.quarter}

    def last_known_day(self, day: date) -> date:
        """The day as of which the quarter is looked at on `day`: its last, or `day` while it runs."""
        return min(self.ends_on, day)


class PeriodException(models.Model):
    """Leave for one institution to answer for a closing or closed quarter, until a day; named in the brief's notes."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="exceptions", verbose_name=_("period"))
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name=_("institution"))
    until = models.DateField(_("until"))
    reason = models.CharField(_("reason"), max_length=300)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("granted by")
    )

    objects = PeriodExceptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["period", "institution"], name="exception_once"),
        ]

    def __str__(self) -> str:
        return f"{self.period_id} {self.institution_id}"


class Notice(models.Model):
    """One thing that a person is told, once: in the inbox, and by e-mail unless it is read before.

    `kind` is a `NoticeKind`, or one of an app above. Derived from the tables by `notices.py`, so that none depends on a
    message. `day` is the day on which the thing became so, not that of writing: whoever derives again finds it
    written. `subject` is a model and key, as in the journal; `count`: of how many things of that kind it speaks.
    `claimed_at`: somebody is mailing it.
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="notices",
        verbose_name=_("person"),
        db_index=False,
    )
    kind = models.CharField(_("kind"), max_length=20)
    subject = models.CharField(_("subject"), max_length=100)
    institution = models.ForeignKey(
        Institution, models.PROTECT, null=True, related_name="+", verbose_name=_("institution"), db_index=False
    )
    day = models.DateField(_("day"))
    count = models.PositiveIntegerField(_("count"), default=1)
    created_at = models.DateTimeField(_("created at"))
    read_at = models.DateTimeField(_("read at"), null=True)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering: ClassVar = ["-created_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["recipient", "-created_at"], name="notice_of_person"),
            models.Index(fields=["recipient"], name="notice_unread", condition=Q(read_at=None)),
            models.Index(fields=["day", "kind"], name="notice_of_day"),
            models.Index(fields=["recipient"], name="notice_unsent", condition=Q(sent_at=None, read_at=None)),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["recipient", "kind", "subject", "day"], name="notice_said_once"),
            models.CheckConstraint(
                name="notice_names_its_institution",
                condition=Q(kind__in=sorted(OF_AN_INSTITUTION), institution__isnull=False)
                | (~Q(kind__in=sorted(OF_AN_INSTITUTION)) & Q(institution=None)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} {self.day}"


class Comment(models.Model):
    """What somebody wrote about an item, to the other side: plain text, kept for ever (the table only grows).

    `side`: from which side; whoever both answers and decides there speaks as who answers. Written by `discussion.py`.
    """

    item = models.ForeignKey(ChecklistItem, models.PROTECT, related_name="comments", verbose_name=_("item"))
    side = models.CharField(_("side"), max_length=10, choices=Side)
    text = models.TextField(_("text"), max_length=1000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("written by"))
    at = models.DateTimeField(_("written at"), db_index=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering: ClassVar = ["at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(name="comment_says_something", condition=~Q(text="")),
            models.CheckConstraint(name="comment_side_is_known", condition=Q(side__in=Side.values)),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.side} {self.at:%Y-%m-%d}"


class SavedView(models.Model):
    """A person's named filters of the review queue; `query` as in its address. At most one opens by itself."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="saved_views",
        verbose_name=_("person"),
        db_index=False,  # `saved_view_named_once` begins with it
    )
    name = models.CharField(pgettext_lazy("of a view", "name"), max_length=60)
    query = models.CharField(_("filters"), max_length=1000, blank=True)
    is_default = models.BooleanField(_("opens by itself"), default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "name"],
                name="saved_view_named_once",
                violation_error_message=_("You have a view of this name already."),
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(is_default=True), name="saved_view_one_opens_by_itself"
            ),
            models.CheckConstraint(name="saved_view_has_a_name", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name


class Confirmation(models.Model):
    """An institution's word that its record is right for a quarter; at most one a quarter.

    `changes`: how many answers and states of the institution came in since its confirmation before; 0: nothing
    changed, None: there was none before. An answer that comes later does not undo it; pages show how many did.
    """

    period = models.ForeignKey(
        Period, models.PROTECT, related_name="confirmations", verbose_name=_("period"), db_index=False
    )
    institution = models.ForeignKey(
        Institution, models.PROTECT, related_name="confirmations", verbose_name=_("institution")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("confirmed by"), db_index=False
    )
    at = models.DateTimeField(_("confirmed at"))
    changes = models.PositiveIntegerField(_("changes since the confirmation before"), null=True)

    objects = ConfirmationQuerySet.as_manager()

    class Meta:
        verbose_name = _("confirmation")
        verbose_name_plural = _("confirmations")
        ordering: ClassVar = ["-at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["period", "institution"],
                name="confirmation_once",
                violation_error_message=_("This quarter is confirmed already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period_id} {self.institution_id}"


class Inspection(models.Model):
    """Somebody looked at an institution, or a list of the police names it: when, who, and what was found (`findings`).

    The third level of truth. What was found stays as it was written; a wrong one is revoked, and its findings then
    count no more.
    """

    institution = models.ForeignKey(
        Institution, models.PROTECT, related_name="inspections", verbose_name=_("institution")
    )
    source = models.CharField(_("source"), max_length=12, choices=InspectionSource, default=InspectionSource.INSPECTION)
    held_on = models.DateField(_("held on"))
    inspector = models.CharField(_("who looked"), max_length=200)
    note = models.TextField(_("note"), blank=True, max_length=4000)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    recorded_at = models.DateTimeField(_("recorded at"))
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("revoked by")
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True)
    revoke_note = models.TextField(_("reason of the revocation"), blank=True, max_length=4000)

    objects = InspectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("inspection")
        verbose_name_plural = _("inspections")
        ordering: ClassVar = ["-held_on", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="inspection_revoked_whole_or_absent",
                condition=Q(revoked_by=None, revoked_at=None, revoke_note="")
                | (Q(revoked_by__isnull=False, revoked_at__isnull=False) & ~Q(revoke_note="")),
            ),
            models.CheckConstraint(
                name="inspection_names_who_looked",
                condition=~Q(inspector=""),
                violation_error_message=_("Say who looked."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.held_on}"


class Finding(models.Model):
    """What an inspection found about one item."""

    inspection = models.ForeignKey(
        Inspection, models.PROTECT, related_name="findings", verbose_name=_("inspection"), db_index=False
    )
    item = models.ForeignKey(ChecklistItem, models.PROTECT, related_name="findings", verbose_name=_("item"))
    status = models.CharField(_("status"), max_length=20, choices=Status)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering: ClassVar = ["item__requirement__sort_order"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["inspection", "item"], name="finding_once_an_inspection"),
            models.CheckConstraint(name="finding_is_seen", condition=Q(status__in=FOUND)),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.status}"


class Cell(models.Model):
    """A combination of what coverage is cut by. Rows are made when first needed and never change."""

    key = models.CharField(max_length=120, unique=True)
    level = models.CharField(max_length=10, choices=Level)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+")
    locality = models.ForeignKey(Locality, models.PROTECT, related_name="+")
    large_city = models.ForeignKey(LargeCity, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind)
    ownership = models.CharField(max_length=20, choices=Ownership)
    obliged = models.BooleanField()
    requirement = models.ForeignKey(Requirement, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("cell")
        verbose_name_plural = _("cells")

    def __str__(self) -> str:
        return self.key


class LedgerHead(models.Model):
    """The end of an institution's chain: how many rows, and the hash of the last. The lock of its writers."""

    institution = models.OneToOneField(Institution, models.PROTECT, primary_key=True, related_name="ledger_head")
    length = models.PositiveIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")
    recorded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("head of a ledger")
        verbose_name_plural = _("heads of ledgers")

    def __str__(self) -> str:
        return f"{self.institution_id}: {self.length}"


class StatusChange(models.Model):
    """The ledger: from `effective_on` an item leaves one status of a cell and enters another.

    Null as a status means "not on the list". Learners are the institution's, so that coverage can be told in
    people. `recorded_on` is the day of knowledge: the local day of `recorded_at`, or the day after the last
    closed quarter's, where the books of that day are closed already. Written only by `ledger.py`; append-only
    in the database; hash-chained per institution (`seq`, `hash`).
    """

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False)
    seq = models.PositiveIntegerField()
    item = models.ForeignKey(ChecklistItem, models.PROTECT, related_name="changes")
    cell = models.ForeignKey(Cell, models.PROTECT, related_name="+")
    from_status = models.CharField(max_length=20, choices=Status, null=True)  # noqa: DJ001 (null: not on the list)
    from_learners = models.PositiveIntegerField(null=True)
    to_status = models.CharField(max_length=20, choices=Status, null=True)  # noqa: DJ001 (null: not on the list)
    to_learners = models.PositiveIntegerField(null=True)
    effective_on = models.DateField()
    recorded_at = models.DateTimeField()
    recorded_on = models.DateField()
    cause = models.CharField(max_length=12, choices=Cause)
    cause_ref = models.CharField(max_length=40)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("ledger row")
        verbose_name_plural = _("ledger")
        ordering: ClassVar = ["institution", "seq"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "seq"], name="ledger_seq_once"),
            models.CheckConstraint(
                name="ledger_row_moves", condition=Q(from_status__isnull=False) | Q(to_status__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id}#{self.seq}"


class DailySeal(models.Model):
    """What the chains of all institutions ended with when a day was over: one root, to be printed and kept elsewhere.

    `heads`: SHA-256 over the last row of each chain as known on the day, in the order of BINs. `root`: SHA-256 over the
    seal before, the day, the counts and `heads`, so that seals are a chain too. Written only by `seals.py`, which
    has the form of both; append-only in the database.
    """

    day = models.DateField(_("day"), unique=True)
    institutions = models.PositiveIntegerField(_("institutions"))
    rows = models.PositiveIntegerField(_("ledger rows"))
    heads = models.CharField(_("hash of the heads"), max_length=64)
    root = models.CharField(_("root"), max_length=64)
    sealed_at = models.DateTimeField(_("sealed at"))

    class Meta:
        verbose_name = _("daily seal")
        verbose_name_plural = _("daily seals")
        ordering: ClassVar = ["-day"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="seal_rows_for_each_institution", condition=Q(rows__gte=F("institutions"), institutions__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.root[:12]}"


class PendingFold(models.Model):
    """A ledger row that is not yet in the sums. Deleted by the fold in the transaction that adds it."""

    change = models.OneToOneField(StatusChange, models.CASCADE, primary_key=True, related_name="+")

    class Meta:
        verbose_name = _("row to be folded")
        verbose_name_plural = _("rows to be folded")

    def __str__(self) -> str:
        return str(self.pk)


class RegisterDay(models.Model):
    """The single row that says which day the items' statuses and the totals stand for.

    The ledger knows coming days as well (a contract that ends, an edition that comes into force); `turn_day` moves on.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    day = models.DateField()

    class Meta:
        verbose_name = _("day of the register")
        verbose_name_plural = _("day of the register")
        constraints: ClassVar = [models.CheckConstraint(name="register_day_single", condition=Q(id=1))]

    def __str__(self) -> str:
        return str(self.day)

    @classmethod
    def current(cls) -> date:
        """The day, today where the register has none yet. Costs a query."""
        return cls.objects.get_or_create(defaults={"day": today()})[0].day


class ImportRun(models.Model):
    """A list of institutions, of answers or of the police that somebody uploaded, and what became of it.

    `queued → checking → checked → applying → applied → undoing → undone`; a file that cannot be read is `refused`, one
    that nobody wants is `discarded`. Its file is kept until it is applied or thrown away. What stands in a row holds
    from the row's own day, or else from `since`. Answers become entries that the person submits: somebody else decides
    them. A list of the police (`issuer`: whose it is) becomes inspections; one that is complete for a region
    (`complete_for`) says of the others there that they are not connected: those are rows, too (`rows_implied`), unless
    the list has rows of which nobody can tell the institution (`rows_unnamed`).
    Who moves it: `imports/running.py` and `imports/applying.py`.
    """

    kind = models.CharField(_("kind"), max_length=12, choices=ImportKind, default=ImportKind.INSTITUTIONS)
    state = models.CharField(_("state"), max_length=12, choices=ImportState, default=ImportState.QUEUED)
    file = models.FileField(_("file"), upload_to="imports/", blank=True)
    file_name = models.CharField(_("name of the file"), max_length=200)
    file_hash = models.CharField("SHA-256", max_length=64)
    file_size = models.PositiveIntegerField(_("size, bytes"))
    since = models.DateField(_("true since"))
    issuer = models.CharField(_("whose list it is"), max_length=200, blank=True)
    complete_for = models.ForeignKey(
        Region,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("region for which the list is complete"),
        db_index=False,
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    uploaded_at = models.DateTimeField(_("uploaded at"))
    claimed_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(_("checked at"), null=True)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("applied by")
    )
    applied_at = models.DateTimeField(_("applied at"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("undone by")
    )
    undone_at = models.DateTimeField(_("undone at"), null=True)
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="+")
    problem = models.JSONField(_("why the file cannot be read"), null=True)
    head = models.JSONField(_("what stands above the rows"), default=list)
    keys = models.JSONField(_("what each column is"), default=list)
    ignored = models.JSONField(_("headings that nobody knows"), default=list)
    rows_read = models.PositiveIntegerField(_("rows read"), default=0)
    rows_new = models.PositiveIntegerField(_("new"), default=0)
    rows_changed = models.PositiveIntegerField(_("changed"), default=0)
    rows_unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    rows_refused = models.PositiveIntegerField(_("refused"), default=0)
    rows_implied = models.PositiveIntegerField(_("not named by the list"), default=0)
    rows_unnamed = models.PositiveIntegerField(_("rows without a legible BIN"), default=0)
    done_new = models.PositiveIntegerField(_("entered"), default=0)
    done_changed = models.PositiveIntegerField(_("changed in the register"), default=0)
    rows_stale = models.PositiveIntegerField(_("changed by others meanwhile"), default=0)
    rows_undone = models.PositiveIntegerField(_("undone"), default=0)
    rows_kept = models.PositiveIntegerField(_("not undone"), default=0)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("import of a list")
        verbose_name_plural = _("imports of lists")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="import_counts_add_up",
                condition=Q(rows_read=F("rows_new") + F("rows_changed") + F("rows_unchanged") + F("rows_refused")),
            ),
            models.CheckConstraint(
                name="import_receipt_adds_up",
                condition=~Q(state__in=[ImportState.APPLIED, ImportState.UNDOING, ImportState.UNDONE])
                | Q(rows_stale=F("rows_new") + F("rows_changed") - F("done_new") - F("done_changed")),
            ),
            models.CheckConstraint(
                name="import_undo_adds_up",
                condition=~Q(state=ImportState.UNDONE)
                | Q(rows_kept=F("done_new") + F("done_changed") - F("rows_undone")),
            ),
            models.CheckConstraint(
                name="import_applied_by_somebody",
                condition=~Q(state__in=[ImportState.APPLIED, ImportState.UNDOING, ImportState.UNDONE])
                | Q(applied_by__isnull=False, applied_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.file_name}"

    @property
    def is_busy(self) -> bool:
        """Whether a worker has it, or is to take it."""
        return self.state in BUSY_IMPORTS


BUSY_IMPORTS = frozenset({ImportState.QUEUED, ImportState.CHECKING, ImportState.APPLYING, ImportState.UNDOING})


class ImportRow(models.Model):
    """A row of a list: its cells, what the check says of it, and what became of it.

    `changes` are fields of the institution with their new values, `before` the same with those of the check, both in
    `state` (which has dates) and `details`; of a list of answers they are the answer and the version of its item.
    Of a list of the police: `status` is what it says, `was` what was verified until then (empty: nothing), `inspection`
    what it became; an `implied` row stands for an institution that a complete list does not name.
    `reasons` are problems as `imports/problems.py` has them.
    """

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField(_("row"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=RowOutcome)
    result = models.CharField(_("result"), max_length=10, choices=RowResult, blank=True)
    bin = models.CharField(_("BIN"), max_length=40, blank=True)
    requirement = models.CharField(_("requirement"), max_length=30, blank=True)
    name = models.CharField(_("name"), max_length=300, blank=True)
    since = models.DateField(_("true since"))
    institution = models.ForeignKey(Institution, models.PROTECT, null=True, related_name="+", db_index=False)
    entry = models.ForeignKey(StatusEntry, models.PROTECT, null=True, related_name="+", db_index=False)
    status = models.CharField(_("what the list says"), max_length=20, choices=Connection, blank=True)
    was = models.CharField(_("verified until then"), max_length=20, choices=Connection, blank=True)
    implied = models.BooleanField(_("not named by the list"), default=False)
    inspection = models.ForeignKey(Inspection, models.PROTECT, null=True, related_name="+", db_index=False)
    cells = models.JSONField(default=list)
    changes = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    differences = models.JSONField(_("differences"), default=list)
    reasons = models.JSONField(_("reasons"), default=list)

    class Meta:
        verbose_name = _("row of a list")
        verbose_name_plural = _("rows of lists")
        ordering: ClassVar = ["run", "number"]
        indexes: ClassVar = [models.Index(fields=["run", "outcome", "number"], name="import_row_outcome")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "number"], name="import_row_once"),
            models.CheckConstraint(
                name="import_row_refused_with_reasons", condition=~Q(outcome=RowOutcome.REFUSED) | ~Q(reasons=[])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number}"
