"""Tables of places, institutions, people and the journal."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from institutions.enums import (
    COUNTRY_ROLES,
    REGIONAL_ROLES,
    Kind,
    Letters,
    Lifecycle,
    LocalityKind,
    Owner,
    Ownership,
    ProposalState,
    RegionKind,
    Role,
    SettlementClass,
)
from institutions.fields import KazakhSortKeyField
from institutions.querysets import (
    ChangeProposalQuerySet,
    InstitutionQuerySet,
    JournalQuerySet,
    LocalityQuerySet,
    MembershipQuerySet,
    UserQuerySet,
)
from institutions.validators import validate_bin_number


class Named(models.Model):
    """A thing with a Kazakh and a Russian name; `name` picks the reader's language (English readers see Kazakh)."""

    name_kk = models.CharField(_("name in Kazakh"), max_length=300)
    name_ru = models.CharField(_("name in Russian"), max_length=300)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_ru if get_language() == "ru" else self.name_kk


class Region(Named):
    """A first-level unit: 17 regions and 3 cities of republican significance, in the ministry's order."""

    code = models.CharField(_("code"), max_length=5, unique=True, help_text=_("ISO 3166-2:KZ"))
    kato = models.CharField("KATO", max_length=9, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=RegionKind)
    name_en = models.CharField(_("name in English"), max_length=300)
    short_kk = models.CharField(_("short name in Kazakh"), max_length=50)
    short_ru = models.CharField(_("short name in Russian"), max_length=50)
    sort_order = models.PositiveSmallIntegerField(_("order in the brief"), unique=True)
    # Districts check answers before the region approves them; set by `compliance.levels` alone.
    second_level = models.BooleanField(_("districts check, the region approves"), default=False)

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering: ClassVar = ["sort_order"]

    @property
    def name(self) -> str:
        return {"ru": self.name_ru, "en": self.name_en}.get(get_language() or "kk", self.name_kk)

    @property
    def short(self) -> str:
        return {"ru": self.short_ru, "en": self.name_en}.get(get_language() or "kk", self.short_kk)


class Locality(Named):
    """A second-level unit: a district, a city of regional significance or a city district."""

    kato = models.CharField("KATO", max_length=9, unique=True)
    region = models.ForeignKey(Region, models.PROTECT, related_name="localities", verbose_name=_("region"))
    kind = models.CharField(_("kind"), max_length=20, choices=LocalityKind)

    objects = LocalityQuerySet.as_manager()

    class Meta:
        verbose_name = _("locality")
        verbose_name_plural = _("localities")
        ordering: ClassVar = ["region__sort_order", "kato"]


class Settlement(Named):
    """A city, town or village."""

    kato = models.CharField("KATO", max_length=9, unique=True)
    locality = models.ForeignKey(Locality, models.PROTECT, related_name="settlements", verbose_name=_("locality"))
    settlement_class = models.CharField(_("class"), max_length=20, choices=SettlementClass)

    class Meta:
        verbose_name = _("settlement")
        verbose_name_plural = _("settlements")
        ordering: ClassVar = ["kato"]


class LargeCity(Named):
    """One of the 25 cities of the ministry's report; two cities may share a line of the brief."""

    kato = models.CharField("KATO", max_length=9, unique=True)
    region = models.ForeignKey(Region, models.PROTECT, related_name="large_cities", verbose_name=_("region"))
    name_en = models.CharField(_("name in English"), max_length=300)
    line = models.CharField(_("line of the brief"), max_length=80)
    line_order = models.PositiveSmallIntegerField(_("order in the brief"))

    class Meta:
        verbose_name = _("large city")
        verbose_name_plural = _("large cities")
        ordering: ClassVar = ["line_order", "kato"]

    @property
    def name(self) -> str:
        return {"ru": self.name_ru, "en": self.name_en}.get(get_language() or "kk", self.name_kk)


class StateFields(models.Model):
    """What of an institution has dates: where it lies, what it is, how many people are there."""

    lifecycle = models.CharField(_("state"), max_length=20, choices=Lifecycle, default=Lifecycle.OPEN)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    ownership = models.CharField(_("ownership"), max_length=20, choices=Ownership)
    locality = models.ForeignKey(Locality, models.PROTECT, related_name="+", verbose_name=_("locality"))
    settlement = models.ForeignKey(
        Settlement, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("settlement")
    )
    settlement_class = models.CharField(_("class of settlement"), max_length=20, choices=SettlementClass)
    large_city = models.ForeignKey(
        LargeCity, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("large city")
    )
    staff = models.PositiveIntegerField(_("staff"), default=0)
    learners = models.PositiveIntegerField(_("learners"), default=0)
    facts = models.JSONField(
        _("facts that conditions of the Order ask for"),
        default=dict,
        blank=True,
        help_text=_("name → yes or no"),
    )

    class Meta:
        abstract = True

    @property
    def people(self) -> int:
        """Staff and learners together: what the Order's facility groups count."""
        return self.staff + self.learners


STATE_FIELDS = tuple(field.name for field in StateFields._meta.local_fields)


class Institution(Named, StateFields):
    """A kindergarten, school or college. Never deleted; its state's fields are written only by `registry.py`."""

    bin = models.CharField(_("BIN"), max_length=12, unique=True, validators=[validate_bin_number])
    search = models.TextField(editable=False, default="")
    sort_kk = models.CharField(editable=False, max_length=400, default="")
    address_kk = models.CharField(_("address in Kazakh"), max_length=300, blank=True)
    address_ru = models.CharField(_("address in Russian"), max_length=300, blank=True)
    latitude = models.DecimalField(_("latitude"), max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=8, decimal_places=5, null=True, blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        verbose_name = _("institution")
        verbose_name_plural = _("institutions")
        ordering: ClassVar = ["sort_kk", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["locality", "kind", "lifecycle"], name="institution_place"),
            models.Index(fields=["sort_kk"], name="institution_sort_kk"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(name="institution_bin_twelve_digits", condition=Q(bin__regex=r"^\d{12}$")),
        ]

    @property
    def address(self) -> str:
        return self.address_ru if get_language() == "ru" else self.address_kk


class InstitutionState(StateFields):
    """What an institution was from one day to another (both included; an open end: until today and on)."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="states", verbose_name=_("institution"))
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"))
    recorded_by = models.ForeignKey(
        "User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("recorded by"),
        help_text=_("nobody: taken over with a whole register"),
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("state of an institution")
        verbose_name_plural = _("states of institutions")
        ordering: ClassVar = ["institution", "valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "valid_from"], name="state_starts_once_a_day"),
            models.UniqueConstraint(fields=["institution"], condition=Q(valid_to=None), name="state_one_open_end"),
            models.CheckConstraint(
                name="state_dates_in_order", condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.valid_from}"


class UserManager(BaseUserManager["User"]):
    """Makes people; the words in which they are asked for are those of `UserQuerySet`."""

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def visible_to(self, user: User | AnonymousUser) -> UserQuerySet:
        return self.get_queryset().visible_to(user)

    def editable_by(self, user: User | AnonymousUser) -> UserQuerySet:
        return self.get_queryset().editable_by(user)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. What they may do comes from their memberships alone; `is_staff` opens the support window."""

    email = models.EmailField(_("e-mail"), unique=True)
    full_name = models.CharField(_("name"), max_length=200)
    sort_kk = KazakhSortKeyField(source="full_name")
    language = models.CharField(
        _("language"),
        max_length=2,
        default="kk",
        choices=[("kk", "Қазақша"), ("ru", "Русский"), ("en", "English")],
    )
    letters = models.CharField(_("letters"), max_length=10, choices=Letters, default=Letters.ALL)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may open the administration pages"), default=False)
    invited_at = models.DateTimeField(_("invited at"), null=True, editable=False)
    date_joined = models.DateTimeField(_("joined at"), auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["full_name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering: ClassVar = ["sort_kk", "pk"]
        indexes: ClassVar = [models.Index(fields=["sort_kk"], name="person_sort_kk")]

    def __str__(self) -> str:
        return self.full_name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)


class Membership(models.Model):
    """A role of a person in a scope, from one day to another (both included). An ended one reaches nothing."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=20, choices=Role)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, verbose_name=_("region"))
    locality = models.ForeignKey(Locality, models.PROTECT, null=True, blank=True, verbose_name=_("locality"))
    institution = models.ForeignKey(
        Institution,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="memberships",
        verbose_name=_("institution"),
    )
    valid_from = models.DateField(_("valid from"), default=date.today)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    substitute_for = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="substituted",
        verbose_name=_("substitute for"),
    )

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering: ClassVar = ["user", "role", "valid_from"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="membership_scope_fits_role",
                condition=(
                    Q(role=Role.DIRECTOR, institution__isnull=False, region=None, locality=None)
                    | (
                        Q(role__in=sorted(REGIONAL_ROLES), institution=None)
                        & (Q(region__isnull=False, locality=None) | Q(region=None, locality__isnull=False))
                    )
                    | Q(role__in=sorted(COUNTRY_ROLES), institution=None, region=None, locality=None)
                ),
                violation_error_message=_(
                    "A director has an institution, regional people a region or a locality, the ministry neither."
                ),
            ),
            models.CheckConstraint(
                name="membership_dates_in_order",
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                violation_error_message=_("The last day lies before the first."),
            ),
            models.CheckConstraint(
                name="membership_substitute_has_end",
                condition=Q(substitute_for=None) | Q(valid_to__isnull=False),
                violation_error_message=_("A substitute needs a last day."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.get_role_display()}"

    @property
    def scope(self) -> Region | Locality | Institution | None:
        """The place of the membership; None: the country. Costs a query where it is not fetched with the row."""
        return self.institution or self.locality or self.region


class ChangeProposal(models.Model):
    """A change of an institution's record, proposed by somebody who does not own the fields.

    `open → accepted | declined` by an owner (`institutions.ownership`), `open → withdrawn` by who proposed it.
    Accepting applies it by the verb that the owners use; refused where an old value is no longer what the record says.
    """

    institution = models.ForeignKey(
        Institution, models.PROTECT, related_name="proposals", verbose_name=_("institution")
    )
    what = models.CharField(_("what"), max_length=20, help_text=_("code of the act, or details"))
    owner = models.CharField(_("owner"), max_length=10, choices=Owner)
    changes = models.JSONField(_("changes"), help_text=_("field → old, new; places by their KATO"))
    since = models.DateField(_("since"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    state = models.CharField(_("state"), max_length=10, choices=ProposalState, default=ProposalState.OPEN)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="proposals", verbose_name=_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed at"))
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="decided_proposals", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decision_note = models.CharField(_("note of the decision"), max_length=300, blank=True)

    objects = ChangeProposalQuerySet.as_manager()

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        ordering: ClassVar = ["-proposed_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["state", "-proposed_at"], name="proposal_waiting")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="proposal_four_eyes",
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                violation_error_message=_("Nobody decides their own proposal."),
            ),
            models.CheckConstraint(
                name="proposal_decision_whole_or_absent",
                condition=(
                    Q(state=ProposalState.OPEN, decided_by=None, decided_at=None)
                    | Q(state=ProposalState.WITHDRAWN, decided_by=None, decided_at__isnull=False)
                    | Q(
                        state__in=[ProposalState.ACCEPTED, ProposalState.DECLINED],
                        decided_by__isnull=False,
                        decided_at__isnull=False,
                    )
                ),
            ),
            models.CheckConstraint(
                name="proposal_declined_with_reason",
                condition=~Q(state=ProposalState.DECLINED) | ~Q(decision_note=""),
                violation_error_message=_("Say why."),
            ),
            models.UniqueConstraint(
                fields=["institution", "what", "proposed_by"],
                condition=Q(state=ProposalState.OPEN),
                name="proposal_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.what}"


class NotDuplicate(models.Model):
    """Two institutions that look alike and were found to be two; `first` was entered earlier."""

    first = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    second = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        verbose_name = _("not a duplicate")
        verbose_name_plural = _("not duplicates")
        constraints: ClassVar = [
            models.CheckConstraint(name="not_duplicate_in_order", condition=Q(first__lt=F("second"))),
            models.UniqueConstraint(fields=["first", "second"], name="not_duplicate_once"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} {self.second_id}"


class Merger(models.Model):
    """One institution closed as a duplicate of another, which is kept. Both keep their history and their BIN.

    `lifecycles`: what the merged one's states said before, by the day on which each begins; `carried`: keys of the
    memberships made at the kept one. Both serve the undoing.
    """

    kept = models.ForeignKey(Institution, models.PROTECT, related_name="absorbed", verbose_name=_("kept"))
    merged = models.ForeignKey(Institution, models.PROTECT, related_name="mergers", verbose_name=_("merged"))
    since = models.DateField(_("since"))
    reason = models.CharField(_("reason"), max_length=300)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    lifecycles = models.JSONField(default=dict)
    carried = models.JSONField(default=list)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undo_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("merger")
        verbose_name_plural = _("mergers")
        ordering: ClassVar = ["-made_at", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="merger_of_two",
                condition=~Q(kept=F("merged")),
                violation_error_message=_("An institution is not a duplicate of itself."),
            ),
            models.UniqueConstraint(fields=["merged"], condition=Q(undone_at=None), name="merger_one_in_force"),
            models.CheckConstraint(
                name="merger_undone_whole_or_not",
                condition=Q(undone_by=None, undone_at=None, undo_reason="")
                | (Q(undone_by__isnull=False, undone_at__isnull=False) & ~Q(undo_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merged_id} → {self.kept_id}"


class Journal(models.Model):
    """Who did what to what, when and from where. Append-only in the database itself."""

    at = models.DateTimeField(_("at"), db_index=True)
    user = models.ForeignKey(User, models.PROTECT, null=True, verbose_name=_("person"), db_index=False)
    action = models.CharField(_("action"), max_length=50)
    institution = models.ForeignKey(Institution, models.PROTECT, null=True, verbose_name=_("institution"))
    subject = models.CharField(_("subject"), max_length=100, help_text=_("model and key, as in entry:12"))
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    request_id = models.CharField(_("request"), max_length=36, blank=True)

    objects = JournalQuerySet.as_manager()

    class Meta:
        verbose_name = _("journal")
        verbose_name_plural = _("journal")
        ordering: ClassVar = ["-at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["institution", "-at"], name="journal_institution"),
            models.Index(fields=["user", "-at"], name="journal_person"),
            models.Index(fields=["action", "-at"], name="journal_action"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.subject}"
