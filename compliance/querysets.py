"""The words in which items, entries and periods are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self, cast

from django.db import models
from django.db.models import BooleanField, Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, TruncDate

from compliance.enums import WAITING, EntryState, ImportKind, PeriodState, Status, Step
from institutions.access import ADMINISTER, ANSWER, DECIDE, IMPORT, READ_JOURNAL, REVOKE_DOCUMENTS, VERIFY, roles_of
from institutions.clock import today
from institutions.models import Institution, Membership

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from compliance.models import (
        Chapter,
        ChecklistItem,
        ComingEdition,
        Comment,
        Confirmation,
        Evidence,
        Finding,
        ImportRun,
        Inspection,
        KeptPhoto,
        Notice,
        Period,
        PeriodException,
        Photo,
        SavedView,
        StatusEntry,
    )
    from institutions.enums import Role
    from institutions.models import User

# Answers that rest on their document: those that wait, and those that count.
RESTING: Final = (*WAITING, EntryState.APPROVED)
# How long before its end an answer is said to end soon.
SOON: Final = timedelta(days=30)
# How far the list of what ends when looks ahead.
LOOK_AHEAD: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class ChapterCount:
    """A chapter of the Order with counts of items: all, and by status."""

    chapter: Chapter
    total: int
    by_status: dict[str, int]

    @property
    def met(self) -> int:
        return self.by_status[Status.MET]


class ChecklistItemQuerySet(models.QuerySet["ChecklistItem"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(institution__in=Institution.objects.visible_to(user))

    def answerable_by(self, user: User | AnonymousUser) -> Self:
        """Items that the person may answer: a director their own, a regional editor the region's."""
        return self.listed().filter(institution__in=Institution.objects.within_roles(user, ANSWER))

    def listed(self) -> Self:
        """Items that stand on their institution's list today."""
        return self.filter(listed=True)

    def with_requirement(self) -> Self:
        return self.select_related("requirement__chapter")

    def with_pending(self) -> Self:
        """Adds `pending_entry`: the key of the entry that waits for a decision, or None."""
        from compliance.models import StatusEntry

        waiting = StatusEntry.objects.filter(item=OuterRef("pk"), state__in=WAITING)
        return self.annotate(pending_entry=Subquery(waiting.values("pk")[:1]))

    def with_declared(self) -> Self:
        """Adds `declared`: what the answer that waits for a decision says; what is approved, where none waits."""
        from compliance.models import StatusEntry

        waiting = StatusEntry.objects.filter(item=OuterRef("pk"), state__in=WAITING)
        return self.annotate(declared=Coalesce(Subquery(waiting.values("status")[:1]), F("status")))

    def with_found(self) -> Self:
        """Adds `found` and `found_on`: what was found last about the item and when, or None."""
        from compliance.models import Finding

        newest = Finding.objects.newest_of(OuterRef("pk"))
        return self.annotate(
            found=Subquery(newest.values("status")[:1]), found_on=Subquery(newest.values("inspection__held_on")[:1])
        )

    def with_contradicted(self) -> Self:
        """Adds `contradicted`: whether what was found last says otherwise than what is approved, and stands."""
        from compliance.models import Finding

        return self.annotate(contradicted=Exists(Finding.objects.filter(item=OuterRef("pk")).contradicting()))

    def with_last_entry(self) -> Self:
        """Adds `last_state` and `last_valid_until` of the newest entry that left its author's hands, or None."""
        from compliance.models import StatusEntry

        sent = StatusEntry.objects.filter(item=OuterRef("pk")).exclude(
            state__in=[EntryState.DRAFT, EntryState.WITHDRAWN]
        )
        newest = sent.order_by("-pk")
        return self.annotate(
            last_state=Subquery(newest.values("state")[:1]),
            last_valid_until=Subquery(newest.values("valid_until")[:1]),
        )

    def with_draft_of(self, user: User | AnonymousUser) -> Self:
        """Adds `own_draft`: the key of the person's own draft, or None."""
        from compliance.models import StatusEntry

        drafts = StatusEntry.objects.filter(item=OuterRef("pk"), state=EntryState.DRAFT, author_id=user.pk)
        return self.annotate(own_draft=Subquery(drafts.values("pk")[:1]))

    def with_basis(self, day: date) -> Self:
        """Adds `basis`: why the item stands on the list on `day`, in the tokens of `applicability`, or None."""
        from compliance.models import Applicability

        spans = Applicability.objects.filter(
            Q(valid_to=None) | Q(valid_to__gte=day), item=OuterRef("pk"), valid_from__lte=day
        )
        return self.annotate(basis=Subquery(spans.values("basis")[:1]))

    def for_checklist(self, user: User | AnonymousUser, day: date) -> Self:
        """Listed items in the order of the Order, with all that a row of the checklist shows. One query."""
        return (
            self.listed()
            .with_requirement()
            .with_pending()
            .with_last_entry()
            .with_draft_of(user)
            .with_contradicted()
            .with_basis(day)
            .order_by("requirement__chapter__sort_order", "requirement__sort_order")
        )

    def with_photo_count(self, day: date) -> Self:
        """Adds `photo_count`: how many photos stand behind the approved answer that is the latest on `day`."""
        from compliance.models import Photo, StatusEntry

        latest = (
            StatusEntry.objects.filter(item=OuterRef(OuterRef("pk")), state=EntryState.APPROVED, effective_on__lte=day)
            .order_by("-effective_on", "-decided_at", "-pk")
            .values("pk")[:1]
        )
        photos = Photo.objects.filter(entry=Subquery(latest)).order_by().values("entry")
        count = Subquery(photos.annotate(number=Count("pk")).values("number"))
        return self.annotate(photo_count=Coalesce(count, 0))

    def of_measures(self, measures: Collection[str]) -> Self:
        """Items of the given measures of the brief."""
        return self.filter(requirement__measure__in=sorted(measures))

    def ending_until(self, day: date) -> Self:
        """Items whose approved answer ends on or before `day`; what is not met cannot end (`checklist.ends_soon`)."""
        return self.filter(valid_until__lte=day).exclude(status=Status.NOT_MET)

    def count_of_institutions(self, institutions: Collection[int]) -> dict[int, tuple[int, int]]:
        """Institution key → items met, items on the list today; none, where the list is empty. One query."""
        rows = (
            self.listed()
            .filter(institution__in=institutions)
            .order_by()
            .values_list("institution")
            .annotate(met=Count("pk", filter=Q(status=Status.MET)), total=Count("pk"))
        )
        return {institution: (met, total) for institution, met, total in rows}

    def count_by_chapter(self) -> list[ChapterCount]:
        """Chapters of the Order that have items here, in its order, with counts of items. Two queries."""
        from compliance.models import Chapter

        rows = (
            self.order_by()
            .values("requirement__chapter")
            .annotate(
                total=Count("pk"),
                **{f"as_{status}": Count("pk", filter=Q(status=status)) for status in Status.values},
            )
        )
        found: Iterable[dict[str, Any]] = cast("Any", rows)  # the stubs know no computed names
        counts = {row["requirement__chapter"]: row for row in found}
        return [
            ChapterCount(
                chapter,
                counts[chapter.pk]["total"],
                {status: counts[chapter.pk][f"as_{status}"] for status in Status.values},
            )
            for chapter in Chapter.objects.filter(pk__in=counts)
        ]


def _sent_later() -> StatusEntryQuerySet:
    """Entries of the outer entry's item that were sent after it."""
    from compliance.models import StatusEntry

    return StatusEntry.objects.sent().filter(item=OuterRef("item"), pk__gt=OuterRef("pk"))


def clean_conditions(day: date) -> dict[str, Q]:
    """What an entry must fulfil to be approved in bulk, by name; `day` is the day of the decision.

    An answer of `met`, or one that repeats what is approved already; its end and its document's (where there is one)
    not past, the document not revoked; a measure of the brief proved by a document, or repeated; none of its photos
    seen at another institution, nor its document entered anew there (one that is shared on purpose is no copy);
    written after the item's last decision; the item still on the list.
    """
    from compliance.models import Evidence, PhotoTwin, StatusEntry

    seen_before = PhotoTwin.objects.filter(photo__entry=OuterRef("pk")).exclude(other__entry__state=EntryState.DRAFT)
    copies = StatusEntry.objects.filter(
        ~Q(evidence__key=""),
        ~Q(evidence=OuterRef("evidence")),
        ~Q(item__institution=OuterRef("item__institution")),
        evidence__key=OuterRef("evidence__key"),
        state__in=RESTING,
    )
    # Entered anew after it was revoked, a document is what it was.
    revoked = Evidence.objects.filter(~Q(key=""), key=OuterRef("evidence__key"), revoked_at__isnull=False)
    repeated = Q(status=F("item__status"))
    return {
        "status": Q(status=Status.MET) | repeated,
        "ended": Q(valid_until=None) | Q(valid_until__gte=day),
        "document_ended": Q(evidence=None) | Q(evidence__valid_until=None) | Q(evidence__valid_until__gte=day),
        "document_revoked": Q(evidence=None) | (Q(evidence__revoked_at=None) & Q(~Exists(revoked))),
        "no_document": Q(evidence__isnull=False) | Q(item__requirement__measure=None) | repeated,
        "photo_elsewhere": Q(~Exists(seen_before)),
        "document_elsewhere": Q(evidence=None) | Q(~Exists(copies)),
        "moved_on": Q(item_version=F("item__version")),
        "not_listed": Q(item__listed=True),
    }


def _stood_in_for(hand: str, day: str, roles: Collection[str]) -> Case:
    """Name of the person in whose stead `hand` acted at the entry's institution on `day` (names of columns), or None.

    None also for whoever held the role themselves then. By where the institution lies today.
    """
    reach = (
        Q(institution=OuterRef("item__institution"))
        | Q(locality=OuterRef("item__institution__locality"))
        | Q(region=OuterRef("item__institution__locality__region"))
    )
    held = Membership.objects.filter(
        reach,
        Q(valid_to=None) | Q(valid_to__gte=OuterRef(day)),
        user=OuterRef(hand),
        role__in=sorted(roles),
        valid_from__lte=OuterRef(day),
    )
    absent = held.filter(substitute_for__isnull=False).order_by("pk").values("substitute_for__full_name")
    return Case(When(Exists(held.filter(substitute_for=None)), then=None), default=Subquery(absent[:1]))


def _left_to_the_region(user: User | AnonymousUser) -> Q:
    """Of entries in a decider's reach: those of a region with a second level for which the person does not decide."""
    regions = Membership.objects.of(user, DECIDE).filter(region__isnull=False)
    return Q(item__institution__locality__region__second_level=True) & ~Q(
        item__institution__locality__region__in=regions.values("region")
    )


def _for_a_check(day: date) -> Q:
    """See `StatusEntryQuerySet.to_be_checked`."""
    held = Membership.objects.in_force(day).filter(role__in=sorted(DECIDE))
    of_the_region = held.filter(user=OuterRef("user"), region=OuterRef("locality__region"))
    reviewers = held.filter(
        ~Exists(of_the_region),
        ~Q(user=OuterRef("author")),
        ~Q(user=OuterRef("submitted_by")),
        locality=OuterRef("item__institution__locality"),
    )
    return Q(Exists(reviewers), state=EntryState.SUBMITTED, item__institution__locality__region__second_level=True)


class StatusEntryQuerySet(models.QuerySet["StatusEntry"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Entries of visible institutions; a draft only to those who may answer there."""
        mine = Institution.objects.within_roles(user, ANSWER)
        return self.filter(item__institution__in=Institution.objects.visible_to(user)).filter(
            ~Q(state=EntryState.DRAFT) | Q(item__institution__in=mine)
        )

    def editable_by(self, user: User | AnonymousUser) -> Self:
        """The person's own drafts at institutions where they may still answer."""
        return self.filter(
            state=EntryState.DRAFT,
            author_id=user.pk,
            item__institution__in=Institution.objects.within_roles(user, ANSWER),
        )

    def withdrawable_by(self, user: User | AnonymousUser) -> Self:
        return self.filter(
            Q(author_id=user.pk) | Q(submitted_by_id=user.pk),
            state__in=WAITING,
            item__institution__in=Institution.objects.within_roles(user, ANSWER),
        )

    def awaiting_decision(self) -> Self:
        """Answers that wait, be it for a check of the district or for the decision."""
        return self.filter(state__in=WAITING)

    def sent(self) -> Self:
        """Entries that left their author's hands and were not taken back."""
        return self.exclude(state__in=[EntryState.DRAFT, EntryState.WITHDRAWN])

    def answers_for(self, period: Period) -> Self:
        """What was answered for the quarter (true since a day of it); a return that was answered again is left out."""
        return self.sent().filter(
            ~Q(state=EntryState.RETURNED) | ~Exists(_sent_later()),
            effective_on__gte=period.starts_on,
            effective_on__lte=period.ends_on,
        )

    def by_hands_of(self, user: User) -> Self:
        """Entries that the person wrote or submitted."""
        return self.filter(Q(author_id=user.pk) | Q(submitted_by_id=user.pk))

    def waiting_since(self, moment: datetime) -> Self:
        """Entries that were submitted before `moment` and still wait."""
        return self.awaiting_decision().filter(submitted_at__lt=moment)

    def returned_unanswered(self) -> Self:
        """Returned entries after which nothing was submitted for the item: what is still to be mended."""
        return self.filter(~Exists(_sent_later()), state=EntryState.RETURNED)

    def of_deciders(self, user: User | AnonymousUser) -> Self:
        """Entries of institutions where the person decides, whatever their state and whoever wrote them."""
        return self.filter(item__institution__in=Institution.objects.within_roles(user, DECIDE))

    def of_approvers(self, user: User | AnonymousUser) -> Self:
        """Those that the person approves: all of them, but of a region with a second level its own people alone."""
        return self.of_deciders(user).exclude(_left_to_the_region(user))

    def of_checkers(self, user: User | AnonymousUser) -> Self:
        """Those that the person checks before their region approves: deciders of a district, not of the region."""
        return self.of_deciders(user).filter(_left_to_the_region(user))

    def to_be_checked(self, day: date) -> Self:
        """Submitted entries that their district checks first.

        Their region has a second level, and on `day` somebody of the district could check it: an approver there who
        neither wrote nor submitted it, nor decides for the region. Where there is none, the region approves alone.
        """
        return self.filter(_for_a_check(day))

    def decidable_by(self, user: User | AnonymousUser) -> Self:
        """Entries that wait for this person's decision: their turn, in their scope, and not of their own hands."""
        turn = self.awaiting_decision().of_approvers(user).exclude(_for_a_check(today()))
        return turn._of_other_hands(user).filter(Q(checked_by=None) | ~Q(checked_by=user.pk))

    def checkable_by(self, user: User | AnonymousUser) -> Self:
        """Entries that wait for this person's check."""
        return self.filter(state=EntryState.SUBMITTED).of_checkers(user)._of_other_hands(user)

    def _of_other_hands(self, user: User | AnonymousUser) -> Self:
        return self.exclude(author_id=user.pk).exclude(submitted_by_id=user.pk)

    def movable_by(self, user: User | AnonymousUser) -> Self:
        """Entries that the person may check or approve now: `checkable_by` and `decidable_by` together."""
        mine = self.due_for(user)._of_other_hands(user)
        return mine.filter(Q(checked_by=None) | ~Q(checked_by=user.pk))

    def due_for(self, user: User | AnonymousUser) -> Self:
        """What waits for the person's level of the review, what they must leave to another of it included."""
        for_check = Q(_for_a_check(today()))
        left = _left_to_the_region(user)
        return self.awaiting_decision().of_deciders(user).filter((left & for_check) | (~left & ~for_check))

    def with_step(self, user: User | AnonymousUser) -> Self:
        """Adds `step`: what the person may do next with an entry that waits (`Step`); empty: nothing."""
        from compliance.models import StatusEntry

        mine = StatusEntry.objects.movable_by(user).values("pk")
        return self.annotate(
            step=Case(
                When(_left_to_the_region(user), pk__in=mine, then=Value(Step.CHECK.value)),
                When(pk__in=mine, then=Value(Step.APPROVE.value)),
                default=Value(""),
            )
        )

    def revocable_by(self, user: User | AnonymousUser) -> Self:
        """Approved entries that this person may revoke: another's approval of another's answer."""
        return (
            self.filter(state=EntryState.APPROVED)
            .of_deciders(user)
            .exclude(author_id=user.pk)
            .exclude(submitted_by_id=user.pk)
            .exclude(decided_by_id=user.pk)
            .filter(Q(checked_by=None) | ~Q(checked_by=user.pk))
        )

    def in_force(self) -> Self:
        """Approved and not revoked, in the order in which they were decided: what the ledger is computed from."""
        return self.filter(state=EntryState.APPROVED).order_by("decided_at", "pk")

    def known_at(self, moment: datetime | None) -> Self:
        """Those that were in force by what had been decided until a moment (None: until now), in the same order."""
        if moment is None:
            return self.in_force()
        revoked_later = Q(state=EntryState.REVOKED, revoked_at__gt=moment)
        return self.filter(Q(state=EntryState.APPROVED) | revoked_later, decided_at__lte=moment).order_by(
            "decided_at", "pk"
        )

    def ending(self, day: date, *, within: timedelta = LOOK_AHEAD) -> Self:
        """Answers that hold on `day` and end `within` it, and those that have ended, of items on the list.

        The answer of an item that nothing has replaced (`timeline.held_answers`); what is not met does not end.
        """
        from compliance.models import StatusEntry

        newer = StatusEntry.objects.filter(
            Q(effective_on__gt=OuterRef("effective_on"))
            | Q(effective_on=OuterRef("effective_on"), decided_at__gt=OuterRef("decided_at"))
            | Q(effective_on=OuterRef("effective_on"), decided_at=OuterRef("decided_at"), pk__gt=OuterRef("pk")),
            item=OuterRef("item"),
            state=EntryState.APPROVED,
        )
        return self.filter(
            ~Exists(newer),
            ~Q(status=Status.NOT_MET),
            state=EntryState.APPROVED,
            valid_until__isnull=False,
            valid_until__lte=day + within,
            item__listed=True,
        )

    def rule_clean(self, day: date) -> Self:
        """Entries with nothing unusual about them, fit for approval in bulk: every condition of `clean_conditions`."""
        return self.filter(*clean_conditions(day).values())

    def not_clean(self, day: date) -> Self:
        """The others: each breaks at least one condition."""
        return self.with_oddities(day).exclude(**{f"odd_{name}": False for name in clean_conditions(day)})

    def with_oddities(self, day: date) -> Self:
        """Adds a boolean `odd_…` for each condition of `clean_conditions`: true where it is broken."""
        return self.annotate(
            **{
                f"odd_{name}": Case(When(condition, then=Value(False)), default=True, output_field=BooleanField())
                for name, condition in clean_conditions(day).items()
            }
        )

    def with_photos(self) -> Self:
        """Each with its photos, in the order in which they came. One query more."""
        return self.prefetch_related("photos")

    def oldest_first(self) -> Self:
        return self.order_by("submitted_at", "pk")

    def with_stand_ins(self) -> Self:
        """Adds `author_for` and `decider_for`: for whom the author and the decider stood in, by name, or None."""
        days = self.annotate(saved_on=TruncDate("saved_at"), decided_on=TruncDate("decided_at"))
        return days.annotate(
            author_for=_stood_in_for("author", "saved_on", ANSWER),
            decider_for=_stood_in_for("decided_by", "decided_on", DECIDE),
        )

    def with_context(self) -> Self:
        return self.select_related(
            "item__requirement__chapter",
            "item__institution__locality__region",
            "evidence",
            "author",
            "submitted_by",
            "checked_by",
            "decided_by",
            "batch",
        )


class NoticeQuerySet(models.QuerySet["Notice"]):
    def of(self, user: User | AnonymousUser) -> Self:
        """Everything that the person was ever told."""
        return self.filter(recipient_id=user.pk) if user.is_authenticated else self.none()

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The person's own notices, of institutions that they still reach."""
        reached = Institution.objects.visible_to(user)
        return self.of(user).filter(Q(institution=None) | Q(institution__in=reached))

    def unread(self) -> Self:
        return self.filter(read_at=None)

    def unsent(self, stale: datetime) -> Self:
        """Neither read nor sent, and claimed by nobody since `stale`. Conditions of the row alone: fit for a claim."""
        return self.unread().filter(Q(claimed_at=None) | Q(claimed_at__lt=stale), sent_at=None)

    def to_be_sent(self, stale: datetime) -> Self:
        """Unsent ones of people who are active."""
        return self.unsent(stale).filter(recipient__is_active=True)


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(item__institution__in=Institution.objects.visible_to(user))


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def of(self, user: User | AnonymousUser) -> Self:
        """The person's own: nobody sees another's."""
        return self.filter(person_id=user.pk) if user.is_authenticated else self.none()


class PhotoQuerySet(models.QuerySet["Photo"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Photos of visible entries; those of a draft only to those who may answer there."""
        from compliance.models import StatusEntry

        return self.filter(entry__in=StatusEntry.objects.visible_to(user))


class KeptPhotoQuerySet(models.QuerySet["KeptPhoto"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The person's own, of institutions where they still answer."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(person_id=user.pk, item__institution__in=Institution.objects.within_roles(user, ANSWER))

    def before(self, moment: datetime) -> Self:
        """Those that have been kept since before `moment`."""
        return self.filter(kept_at__lt=moment)


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Documents on which an entry that the person may see rests."""
        from compliance.models import StatusEntry

        return self.filter(
            pk__in=StatusEntry.objects.visible_to(user).filter(evidence__isnull=False).values("evidence")
        )

    def usable_by(self, user: User | AnonymousUser, day: date) -> Self:
        """Documents of institutions where the person answers, that hold on `day`: a new answer may rest on them."""
        from compliance.models import StatusEntry

        answered = StatusEntry.objects.filter(
            item__institution__in=Institution.objects.within_roles(user, ANSWER), evidence__isnull=False
        )
        return self.holding(day).filter(pk__in=answered.values("evidence"))

    def nearest_first(self, institution: Institution) -> Self:
        """Those of the institution first, then the newest."""
        from compliance.models import StatusEntry

        own = StatusEntry.objects.filter(evidence=OuterRef("pk"), item__institution=institution)
        return self.annotate(own=Exists(own)).order_by("-own", "-pk")

    def revocable_by(self, user: User | AnonymousUser) -> Self:
        """Documents on which answers of the person's place rest, or rested, with which they may be revoked."""
        from compliance.models import StatusEntry

        reached = Institution.objects.within_roles(user, REVOKE_DOCUMENTS)
        entries = StatusEntry.objects.filter(item__institution__in=reached, evidence__isnull=False)
        return self.filter(pk__in=entries.exclude(state=EntryState.DRAFT).values("evidence"))

    def holding(self, day: date) -> Self:
        """Not revoked, and not ended on `day`."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gte=day), revoked_at=None)


class InspectionQuerySet(models.QuerySet["Inspection"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(institution__in=Institution.objects.visible_to(user))

    def in_force(self) -> Self:
        return self.filter(revoked_at=None)

    def revocable_by(self, user: User | AnonymousUser) -> Self:
        """Whoever recorded it takes a mistake back themselves; an administrator anybody's."""
        reached = self.in_force().filter(institution__in=Institution.objects.within_roles(user, VERIFY))
        administered = Institution.objects.within_roles(user, ADMINISTER)
        return reached.filter(Q(recorded_by_id=user.pk) | Q(institution__in=administered))

    def with_context(self) -> Self:
        return self.select_related("institution__locality__region", "recorded_by", "revoked_by")

    def with_findings(self) -> Self:
        """Newest first, with `looked_at` and `met`: counts of items."""
        return self.annotate(
            looked_at=Count("findings"), met=Count("findings", filter=Q(findings__status=Status.MET))
        ).order_by("-held_on", "-pk")


class FindingQuerySet(models.QuerySet["Finding"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(item__institution__in=Institution.objects.visible_to(user))

    def found_last(self) -> Self:
        """Of each item what was found last and is not revoked: what its verified level says today."""
        from compliance.models import Finding

        return self.filter(pk=Subquery(Finding.objects.newest_of(OuterRef("item")).values("pk")[:1]))

    def newest_of(self, item: OuterRef) -> Self:
        """The findings about an item that are not revoked, what was found last first."""
        findings = self.filter(item=item, inspection__revoked_at=None)
        return findings.order_by("-inspection__held_on", "-inspection__recorded_at", "-inspection", "-pk")

    def contradicting(self) -> Self:
        """Findings that say otherwise than what is approved, where no answer that is true since later came after them:
        each a task for the institution and its approver."""
        from compliance.models import StatusEntry

        answered_since = StatusEntry.objects.filter(
            item=OuterRef("item"), state=EntryState.APPROVED, effective_on__gt=OuterRef("inspection__held_on")
        )
        return (
            self.found_last()
            .filter(item__listed=True)
            .exclude(status=F("item__status"))
            .exclude(Exists(answered_since))
        )

    def with_context(self) -> Self:
        return self.select_related(
            "inspection__recorded_by", "item__requirement", "item__institution__locality__region"
        )


class PeriodQuerySet(models.QuerySet["Period"]):
    def closed(self) -> Self:
        return self.filter(state=PeriodState.CLOSED)

    def containing(self, day: date) -> Self:
        return self.filter(starts_on__lte=day, ends_on__gte=day)

    def begun(self, day: date) -> Self:
        """Quarters whose first day is not after `day`."""
        return self.filter(starts_on__lte=day)


class ComingEditionQuerySet(models.QuerySet["ComingEdition"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """All editions for those who see the whole country; none for anybody else."""
        return self if Membership.objects.of(user).country_wide().exists() else self.none()

    def for_list(self) -> Self:
        return self.select_related("uploaded_by", "scheduled_by", "withdrawn_by").defer("text")


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """All lists for those who read the journal; for others the lists that they uploaded themselves.

        A list may name institutions of places that another editor does not reach, so colleagues do not see it.
        """
        roles = roles_of(user)
        return self if roles & READ_JOURNAL else self._of_uploader(user, roles)

    def _of_uploader(self, user: User | AnonymousUser, roles: frozenset[Role]) -> Self:
        """The person's own, of the kinds that they still upload, without those that name an institution which they do
        not reach any more."""
        from compliance.models import ImportRow

        named = ImportRow.objects.filter(run=OuterRef("pk"), institution__isnull=False)
        mine = Q()
        for may, of_kind in ((IMPORT, ~Q(kind=ImportKind.POLICE)), (VERIFY, Q(kind=ImportKind.POLICE))):
            if roles & may:
                elsewhere = named.exclude(institution__in=Institution.objects.within_roles(user, may))
                mine |= of_kind & Q(~Exists(elsewhere))
        return self.filter(mine, uploaded_by=user.pk) if mine else self.none()

    def movable_by(self, user: User | AnonymousUser) -> Self:
        """Those that the person may apply, throw away or undo.

        A list of answers is its author's alone: whoever applied another's would be the author of what that one wrote.
        """
        roles = roles_of(user)
        if roles & ADMINISTER:
            return self.filter(~Q(kind=ImportKind.ANSWERS) | Q(uploaded_by=user.pk))
        return self._of_uploader(user, roles)

    def for_list(self) -> Self:
        related = ("uploaded_by", "applied_by", "undone_by", "complete_for")
        return self.select_related(*related).defer("head", "keys", "ignored")


class PeriodExceptionQuerySet(models.QuerySet["PeriodException"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(institution__in=Institution.objects.visible_to(user))

    def in_force(self, day: date) -> Self:
        """Exceptions whose last day is not before `day`."""
        return self.filter(until__gte=day)


class ConfirmationQuerySet(models.QuerySet["Confirmation"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(institution__in=Institution.objects.visible_to(user))
