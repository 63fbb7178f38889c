"""The words in which items, entries and periods are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self, cast

from django.db import models
from django.db.models import BooleanField, Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When

from compliance.enums import EntryState, PeriodState, Status
from institutions.access import ANSWER, DECIDE
from institutions.models import Institution

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from compliance.models import Chapter, ChecklistItem, Notice, Period, StatusEntry
    from institutions.models import User

# How long before its end an answer is said to end soon.
SOON: Final = timedelta(days=30)


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

        waiting = StatusEntry.objects.filter(item=OuterRef("pk"), state=EntryState.SUBMITTED)
        return self.annotate(pending_entry=Subquery(waiting.values("pk")[:1]))

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
            .with_basis(day)
            .order_by("requirement__chapter__sort_order", "requirement__sort_order")
        )

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


def clean_conditions(day: date) -> dict[str, Q]:
    """What an entry must fulfil to be approved in bulk, by name; `day` is the day of the decision.

    An answer of `met`, or one that repeats what is approved already; its end and its document's (where there is one)
    not past; a measure of the brief proved by a document, or repeated; written after the item's last decision; the
    item still on the list.
    """
    repeated = Q(status=F("item__status"))
    return {
        "status": Q(status=Status.MET) | repeated,
        "ended": Q(valid_until=None) | Q(valid_until__gte=day),
        "document_ended": Q(evidence=None) | Q(evidence__valid_until=None) | Q(evidence__valid_until__gte=day),
        "no_document": Q(evidence__isnull=False) | Q(item__requirement__measure=None) | repeated,
        "moved_on": Q(item_version=F("item__version")),
        "not_listed": Q(item__listed=True),
    }


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
            state=EntryState.SUBMITTED,
            item__institution__in=Institution.objects.within_roles(user, ANSWER),
        )

    def awaiting_decision(self) -> Self:
        return self.filter(state=EntryState.SUBMITTED)

    def waiting_since(self, moment: datetime) -> Self:
        """Entries that were submitted before `moment` and still wait."""
        return self.awaiting_decision().filter(submitted_at__lt=moment)

    def returned_unanswered(self) -> Self:
        """Returned entries after which nothing was submitted for the item: what is still to be mended."""
        from compliance.models import StatusEntry

        later = StatusEntry.objects.filter(item=OuterRef("item"), pk__gt=OuterRef("pk")).exclude(
            state__in=[EntryState.DRAFT, EntryState.WITHDRAWN]
        )
        return self.filter(~Exists(later), state=EntryState.RETURNED)

    def of_deciders(self, user: User | AnonymousUser) -> Self:
        """Entries of institutions where the person decides, whatever their state and whoever wrote them."""
        return self.filter(item__institution__in=Institution.objects.within_roles(user, DECIDE))

    def decidable_by(self, user: User | AnonymousUser) -> Self:
        """Entries that wait for this person's decision: in their scope, and not of their own hands."""
        return self.awaiting_decision().of_deciders(user).exclude(author_id=user.pk).exclude(submitted_by_id=user.pk)

    def revocable_by(self, user: User | AnonymousUser) -> Self:
        """Approved entries that this person may revoke: another's approval of another's answer."""
        return (
            self.filter(state=EntryState.APPROVED)
            .of_deciders(user)
            .exclude(author_id=user.pk)
            .exclude(submitted_by_id=user.pk)
            .exclude(decided_by_id=user.pk)
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

    def oldest_first(self) -> Self:
        return self.order_by("submitted_at", "pk")

    def with_context(self) -> Self:
        return self.select_related(
            "item__requirement__chapter",
            "item__institution__locality__region",
            "evidence",
            "author",
            "submitted_by",
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


class PeriodQuerySet(models.QuerySet["Period"]):
    def closed(self) -> Self:
        return self.filter(state=PeriodState.CLOSED)

    def containing(self, day: date) -> Self:
        return self.filter(starts_on__lte=day, ends_on__gte=day)
