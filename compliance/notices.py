"""What people are told: derived from the tables as they stand, written once, read in the inbox.

Nothing here hangs on a message: a tick looks at the tables and writes what is missing. Each notice is of the day on
which the thing became so, and a person, kind, subject and day have one row; so a tick may run twice, at once or late.
What became so longer than `LOOKS_BACK` ago is let be: a register that begins to tell does not begin with its past.
An app above has something to tell as well: it registers a `Family` in its `ready()`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import models, transaction
from django.db.models import Count, Exists, OuterRef

from compliance import confirmations
from compliance.enums import EntryState, NoticeKind, Side, Status
from compliance.models import ChecklistItem, Comment, Confirmation, Finding, Notice, StatusEntry
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
# How long before its deadline a director hears of a quarter that waits for the confirmation; how long after it the
# district does, then the region.
CONFIRM: Final = {
    NoticeKind.UNCONFIRMED: timedelta(days=7),
    NoticeKind.UNCONFIRMED_TOMORROW: timedelta(days=1),
}
LATE: Final = {
    NoticeKind.UNCONFIRMED_LATE: timedelta(days=1),
    NoticeKind.UNCONFIRMED_LONG: timedelta(days=4),
}
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """A notice that should be there. `institution` is a key, None where it is of none."""

    recipient: int
    kind: str
    subject: str
    institution: int | None
    day: date
    count: int = 1


@dataclass(frozen=True, slots=True)
class Family:
    """What an app above tells: kinds with the labels of their lines in an e-mail, and how each is derived and read.

    `looks`: icon and tone by kind. `word`: what a page's notices say and are about, by their keys. `lead`: the address
    of the thing, for whoever is told. None of them interrupts: only returns and deadlines do.
    """

    kinds: type[models.TextChoices]
    looks: Mapping[str, tuple[str, str]]
    derive: Callable[[date, People], Iterable[Due]]
    word: Callable[[Sequence[Notice]], Mapping[int, tuple[str, str]]]
    lead: Callable[[Notice, User], str]


_FAMILIES: Final[list[Family]] = []


def register(family: Family) -> None:
    """Let the tick, the inbox and the digests know of an app's own notices; once, in its `ready()`."""
    _FAMILIES.append(family)


def families() -> Sequence[Family]:
    return tuple(_FAMILIES)


def family_of(kind: str) -> Family | None:
    """Whose kind it is; None for those of this app."""
    return next((family for family in _FAMILIES if kind in family.kinds.values), None)


def labels() -> dict[str, str]:
    """Kind → its line in an e-mail, in the reader's language, in the order of a letter."""
    kinds = [*NoticeKind, *(kind for family in _FAMILIES for kind in family.kinds)]
    return {kind.value: str(kind.label) for kind in kinds}


def derive(now: datetime) -> int:
    """Write the notices that are missing; return how many. Costs a few queries, whatever is written."""
    day = local_day(now)
    people = People(day)
    due = [
        *_returned(day, people),
        *_ending(day, people),
        *_waiting(day, people),
        *_unmended(day, people),
        *_said(day, people),
        *_unconfirmed(day, people),
        *_contradicted(day, people),
        *(one for family in _FAMILIES for one in family.derive(day, people)),
    ]
    return _write(due, now)


def lately(becomes: date, day: date) -> bool:
    """Whether what becomes so on a day is told on `day`: not before, and not long after."""
    return day - LOOKS_BACK <= becomes <= day


@transaction.atomic
def _write(due: Sequence[Due], now: datetime) -> int:
    if not due:
        return 0
    told = set(
        Notice.objects.filter(day__in={one.day for one in due}, kind__in={one.kind for one in due}).values_list(
            "recipient", "kind", "subject", "day"
        )
    )
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
        if (one.recipient, one.kind, one.subject, one.day) not in told
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


class People:
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

    def with_roles(self, roles: Iterable[Role]) -> set[int]:
        """Everybody who holds one of the roles, wherever."""
        return set(self._memberships.filter(role__in=sorted(roles)).values_list("user", flat=True))

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


def _returned(day: date, people: People) -> Iterator[Due]:
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
            yield Due(user, NoticeKind.RETURNED, f"statusentry:{pk}", institution, day_of(decided_at))


def _ending(day: date, people: People) -> Iterator[Due]:
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


def _waiting(day: date, people: People) -> Iterator[Due]:
    """Answers wait for a week: told to who may decide them, one notice for those of a day."""
    late = StatusEntry.objects.waiting_since(first_moment(day - LONG_WAIT + _DAY)).filter(
        submitted_at__gte=first_moment(day - LONG_WAIT - LOOKS_BACK), item__listed=True
    )
    rows = list(
        late.values_list(
            "state", "submitted_at", "author", "submitted_by", "checked_by", "item__institution__locality",
            "item__institution__locality__region", "item__institution__locality__region__second_level",
        )
    )  # fmt: skip
    if not rows:
        return
    districts, regions = people.of_districts(DECIDE), people.of_regions(DECIDE)
    counts: Counter[tuple[int, date]] = Counter()
    for state, submitted_at, author, submitted_by, checked_by, locality, region, second_level in rows:
        whose = districts[locality] | regions[region]
        if second_level:
            # As `StatusEntryQuerySet.to_be_checked`: the district's turn, then the region's.
            reviewers = districts[locality] - regions[region] - {author, submitted_by}
            whose = reviewers if state == EntryState.SUBMITTED and reviewers else regions[region]
        for user in whose - {author, submitted_by, checked_by}:
            counts[user, day_of(submitted_at) + LONG_WAIT] += 1
    for (user, since), count in sorted(counts.items()):
        yield Due(user, NoticeKind.WAITING, "queue:late", None, since, count)


def _unmended(day: date, people: People) -> Iterator[Due]:
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
            counts[institution, locality, region, day_of(decided_at) + lies] += 1
        for (institution, locality, region, since), count in sorted(counts.items()):
            of_district = districts[locality] if kind == NoticeKind.UNMENDED else set()
            for user in sorted(of_district or regions[region]):
                yield Due(user, kind, f"institution:{institution}", institution, since, count)


def _said(day: date, people: People) -> Iterator[Due]:
    """Somebody wrote about an item: told to the other side, each comment once.

    Those who answer are the directors, and editors who have written about the item before.
    """
    rows = list(
        Comment.objects.filter(at__gte=first_moment(day - LOOKS_BACK)).values_list(
            "pk", "at", "side", "by", "item", "item__institution", "item__institution__locality",
            "item__institution__locality__region",
        )
    )  # fmt: skip
    if not rows:
        return
    directors = people.directors(row[5] for row in rows)
    editors = [people.of_districts({Role.EDITOR}), people.of_regions({Role.EDITOR})]
    deciders = [people.of_districts(DECIDE), people.of_regions(DECIDE)]
    spoke: dict[int, set[int]] = defaultdict(set)
    before = Comment.objects.filter(item__in={row[4] for row in rows}, side=Side.ANSWERING)
    for item, by in before.values_list("item", "by").distinct().order_by():
        spoke[item].add(by)
    for pk, at, side, by, item, institution, locality, region in rows:
        if side == Side.ANSWERING:
            others = deciders[0][locality] | deciders[1][region]
        else:
            others = directors[institution] | (spoke[item] & (editors[0][locality] | editors[1][region]))
        for user in sorted(others - {by}):
            yield Due(user, NoticeKind.COMMENT, f"comment:{pk}", institution, local_day(at))


def _unconfirmed(day: date, people: People) -> Iterator[Due]:
    """A quarter is not confirmed: told to the directors before the deadline, then counted to district and region."""
    for period in confirmations.asked_for(day):
        deadline = confirmations.last_day_on_time(period)
        before = {kind: deadline - ahead for kind, ahead in CONFIRM.items() if lately(deadline - ahead, day)}
        after = {kind: deadline + behind for kind, behind in LATE.items() if lately(deadline + behind, day)}
        if not before and not after:
            continue
        confirmed = Confirmation.objects.filter(period=period).values("institution")
        places = ("pk", "locality", "locality__region")
        rows = list(confirmations.expected(period, day).exclude(pk__in=confirmed).order_by("pk").values_list(*places))
        if before:
            directors = people.directors(row[0] for row in rows)
            for kind, since in before.items():
                for institution, _locality, _region in rows:
                    for user in sorted(directors[institution]):
                        yield Due(user, kind, f"period:{period.code}/{institution}", institution, since)
        if after:
            districts, regions = people.of_districts(REGIONAL_ROLES), people.of_regions(REGIONAL_ROLES)
            for kind, since in after.items():
                counts: Counter[int] = Counter()
                for _institution, locality, region in rows:
                    of_district = districts[locality] if kind == NoticeKind.UNCONFIRMED_LATE else set()
                    counts.update(of_district or regions[region])
                for user, count in sorted(counts.items()):
                    yield Due(user, kind, f"period:{period.code}", None, since, count)


def _contradicted(day: date, people: People) -> Iterator[Due]:
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


def day_of(moment: datetime | None) -> date:
    """The local day of a moment that is there by the query that found it, or by a constraint."""
    if moment is None:
        raise ValueError("A row that was found by its moment has none.")
    return local_day(moment)
