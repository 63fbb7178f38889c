"""What people are told: derived from answers and items as they stand, written once, read in the inbox.

Nothing here hangs on a message: a tick looks at the tables and writes what is missing. Each notice is of the day on
which the thing became so, and a person, kind, subject and day have one row; so a tick may run twice, at once or late.
What became so longer than `LOOKS_BACK` ago is let be: a register that begins to tell does not begin with its past.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count, Exists, OuterRef

from compliance.enums import NoticeKind, Status
from compliance.models import ChecklistItem, Finding, Notice, StatusEntry
from institutions.access import DECIDE
from institutions.clock import first_moment, local_day
from institutions.enums import REGIONAL_ROLES, Role
from institutions.models import Membership, User

LOOKS_BACK: Final = timedelta(days=3)
LONG_WAIT: Final = timedelta(days=7)
# How long before the end of a proof its director hears of it.
ENDING: Final = {
    NoticeKind.ENDING_TOMORROW: timedelta(days=1),
    NoticeKind.ENDING_WEEK: timedelta(days=7),
    NoticeKind.ENDING_MONTH: timedelta(days=30),
}
# How long a returned answer lies before the district hears of it, then the region.
UNMENDED: Final = {
    NoticeKind.UNMENDED: timedelta(days=7),
    NoticeKind.UNMENDED_LONG: timedelta(days=14),
}
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """A notice that should be there. `institution` is a key, None where it is of none."""

    recipient: int
    kind: NoticeKind
    subject: str
    institution: int | None
    day: date
    count: int = 1


def derive(now: datetime) -> int:
    """Write the notices that are missing; return how many. Costs a few queries, whatever is written."""
    day = local_day(now)
    people = _People(day)
    due = [
        *_returned(day, people),
        *_ending(day, people),
        *_waiting(day, people),
        *_unmended(day, people),
        *_contradicted(day, people),
    ]
    return _write(due, now)


@transaction.atomic
def _write(due: Iterable[Due], now: datetime) -> int:
    wanted = [
        Notice(
            recipient_id=one.recipient,
            kind=one.kind,
            subject=one.subject,
            institution_id=one.institution,
            day=one.day,
            count=one.count,
            created_at=now,
        )
        for one in due
    ]
    before = Notice.objects.count() if wanted else 0
    # Two ticks at once: the second finds what the first has written.
    Notice.objects.bulk_create(wanted, batch_size=500, ignore_conflicts=True)
    return Notice.objects.count() - before if wanted else 0


@transaction.atomic
def mark_read(notice: Notice, *, now: datetime) -> None:
    """The person has opened it; the first time counts."""
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=now)


@transaction.atomic
def mark_all_read(user: User, *, now: datetime) -> int:
    """Everything in the person's inbox is read; return how many were not."""
    return Notice.objects.of(user).unread().update(read_at=now)


# --- who -------------------------------------------------------------------------------------------


class _People:
    """Whom things of an institution concern on a day. A query for each question, asked when first needed."""

    def __init__(self, day: date) -> None:
        self._memberships = Membership.objects.in_force(day)

    def directors(self, institutions: Iterable[int]) -> dict[int, set[int]]:
        """Institution → directors."""
        found: dict[int, set[int]] = defaultdict(set)
        rows = self._memberships.filter(role=Role.DIRECTOR, institution__in=set(institutions))
        for institution, user in rows.values_list("institution", "user"):
            found[institution].add(user)
        return found

    def of_districts(self, roles: Iterable[Role]) -> dict[int, set[int]]:
        """Locality → people with one of the regional roles there."""
        return self._by("locality", roles)

    def of_regions(self, roles: Iterable[Role]) -> dict[int, set[int]]:
        """Region → people with one of the regional roles there."""
        return self._by("region", roles)

    def _by(self, place: str, roles: Iterable[Role]) -> dict[int, set[int]]:
        found: dict[int, set[int]] = defaultdict(set)
        rows = self._memberships.filter(role__in=sorted(roles)).exclude(**{place: None})
        for key, user in rows.values_list(place, "user"):
            found[key].add(user)
        return found


# --- what ------------------------------------------------------------------------------------------


def _returned(day: date, people: _People) -> Iterator[Due]:
    """An answer came back: told to the directors, and to who wrote or sent it and still answers there."""
    came_back = StatusEntry.objects.returned_unanswered().filter(
        decided_at__gte=first_moment(day - LOOKS_BACK), item__listed=True
    )
    rows = list(
        came_back.values_list(
            "pk", "decided_at", "author", "submitted_by", "item__institution", "item__institution__locality",
            "item__institution__locality__region",
        )
    )  # fmt: skip
    if not rows:
        return
    directors = people.directors(row[4] for row in rows)
    editors = [people.of_districts({Role.EDITOR}), people.of_regions({Role.EDITOR})]
    for pk, decided_at, author, submitted_by, institution, locality, region in rows:
        hands = {author, submitted_by} & (editors[0][locality] | editors[1][region])
        for user in sorted(directors[institution] | hands):
            yield Due(user, NoticeKind.RETURNED, f"statusentry:{pk}", institution, _day_of(decided_at))


def _ending(day: date, people: _People) -> Iterator[Due]:
    """Proofs end in 30, 7, 1 days, and no new answer waits: told to the directors, one notice for a day's ends."""
    waiting = StatusEntry.objects.awaiting_decision().filter(item=OuterRef("pk"))
    items = ChecklistItem.objects.listed().filter(~Exists(waiting)).exclude(status=Status.NOT_MET)
    for kind, ahead in ENDING.items():
        last = day + ahead
        first = max(last - LOOKS_BACK, day)
        ends = list(
            items.filter(valid_until__range=(first, last))
            .order_by()
            .values_list("institution", "valid_until")
            .annotate(count=Count("pk"))
        )
        if not ends:
            continue
        directors = people.directors(institution for institution, _until, _count in ends)
        for institution, until, count in ends:
            for user in sorted(directors[institution]):
                yield Due(user, kind, f"institution:{institution}", institution, until - ahead, count)


def _waiting(day: date, people: _People) -> Iterator[Due]:
    """Answers wait for a week: told to who may decide them, one notice for those of a day."""
    late = StatusEntry.objects.waiting_since(first_moment(day - LONG_WAIT + _DAY)).filter(
        submitted_at__gte=first_moment(day - LONG_WAIT - LOOKS_BACK), item__listed=True
    )
    rows = list(
        late.values_list(
            "submitted_at", "author", "submitted_by", "item__institution__locality",
            "item__institution__locality__region",
        )
    )  # fmt: skip
    if not rows:
        return
    districts, regions = people.of_districts(DECIDE), people.of_regions(DECIDE)
    counts: Counter[tuple[int, date]] = Counter()
    for submitted_at, author, submitted_by, locality, region in rows:
        for user in (districts[locality] | regions[region]) - {author, submitted_by}:
            counts[user, _day_of(submitted_at) + LONG_WAIT] += 1
    for (user, since), count in sorted(counts.items()):
        yield Due(user, NoticeKind.WAITING, "queue:late", None, since, count)


def _unmended(day: date, people: _People) -> Iterator[Due]:
    """A returned answer lies: told to the district, then to the region; to the region at once where no district is."""
    districts, regions = people.of_districts(REGIONAL_ROLES), people.of_regions(REGIONAL_ROLES)
    for kind, lies in UNMENDED.items():
        came_back = StatusEntry.objects.returned_unanswered().filter(
            decided_at__gte=first_moment(day - lies - LOOKS_BACK),
            decided_at__lt=first_moment(day - lies + _DAY),
            item__listed=True,
        )
        counts: Counter[tuple[int, int, int, date]] = Counter()
        for decided_at, institution, locality, region in came_back.values_list(
            "decided_at", "item__institution", "item__institution__locality", "item__institution__locality__region"
        ):
            counts[institution, locality, region, _day_of(decided_at) + lies] += 1
        for (institution, locality, region, since), count in sorted(counts.items()):
            of_district = districts[locality] if kind == NoticeKind.UNMENDED else set()
            for user in sorted(of_district or regions[region]):
                yield Due(user, kind, f"institution:{institution}", institution, since, count)


def _contradicted(day: date, people: _People) -> Iterator[Due]:
    """Something else was found than is approved: told to the directors, one notice for a day's findings, and to who
    decides there, one for those of all institutions. Whoever recorded it knows."""
    found = Finding.objects.contradicting().filter(inspection__recorded_at__gte=first_moment(day - LOOKS_BACK))
    rows = list(
        found.values_list(
            "inspection__recorded_at", "inspection__recorded_by", "item__institution", "item__institution__locality",
            "item__institution__locality__region",
        )
    )  # fmt: skip
    if not rows:
        return
    directors = people.directors(row[2] for row in rows)
    districts, regions = people.of_districts(DECIDE), people.of_regions(DECIDE)
    own: Counter[tuple[int, int, date]] = Counter()
    decided: Counter[tuple[int, date]] = Counter()
    for recorded_at, recorded_by, institution, locality, region in rows:
        since = local_day(recorded_at)
        for user in directors[institution]:
            own[user, institution, since] += 1
        for user in (districts[locality] | regions[region]) - {recorded_by}:
            decided[user, since] += 1
    for (user, institution, since), count in sorted(own.items()):
        yield Due(user, NoticeKind.CONTRADICTED, f"institution:{institution}", institution, since, count)
    for (user, since), count in sorted(decided.items()):
        yield Due(user, NoticeKind.CONTRADICTIONS, "contradictions:found", None, since, count)


def _day_of(moment: datetime | None) -> date:
    """The local day of a moment which the constraints of entries see to: decided or submitted ones have theirs."""
    if moment is None:
        raise ValueError("An entry was decided or submitted at no moment.")
    return local_day(moment)
