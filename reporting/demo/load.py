"""The demonstration registry into the database: institutions, their ledger, people, and work that waits for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from random import Random
from typing import Any

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from compliance import ledger, periods, seals
from compliance.confirmations import expected
from compliance.duties import Book, DatedState
from compliance.enums import PeriodState
from compliance.models import Batch, ChecklistItem, Confirmation, Period, RegisterDay, StatusEntry
from compliance.timeline import Answer
from institutions import journal, names
from institutions.bulk import insert_rows, next_id, no_garbage_collection, reset_sequences
from institutions.enums import Role
from institutions.models import Institution, InstitutionState, LargeCity, Locality, Region, Settlement, User
from reporting import sums
from reporting.demo.accounts import HOME_REGION, make_accounts, make_editor
from reporting.demo.plan import PlannedInstitution, plan_registry
from reporting.demo.work import leave_work
from reporting.models import CoverageDay

TITLE = "Көрсетілім деректері"  # stands where an author would; "data of the demonstration"
SIZE = 9_986
Progress = Callable[[str, int, int], None]


class NotADemonstration(Exception):
    """The database holds something else; it is left alone."""


def is_demonstration() -> bool:
    return Batch.objects.filter(title=TITLE).exists()


def is_empty() -> bool:
    return not Institution.objects.exists() and not User.objects.exists()


@transaction.atomic
def load(
    *,
    seed: int,
    now: datetime,
    institutions: int | None = None,
    measures_only: bool = False,
    recorded_at: datetime | None = None,
    progress: Progress = lambda step, done, of: None,
) -> dict[str, int]:
    """Fill an empty database; return how many of what. All or nothing.

    `recorded_at`: when everything is said to have become known; None: each quarter's answers at its end.
    `progress` is told (step, done, of). Raises `NotADemonstration` where the database is not empty.
    """
    if not is_empty():
        raise NotADemonstration
    today = timezone.localdate(now)
    RegisterDay.objects.update_or_create(pk=1, defaults={"day": today})
    periods.ensure_periods(today)
    batches = [
        Batch.objects.create(title=TITLE, recorded_at=moment) for moment in _moments(recorded_at, now=now, today=today)
    ]
    total = institutions or SIZE
    planned = plan_registry(seed=seed, institutions=institutions, measures_only=measures_only, today=today)
    writer = _Registry(batches, now, Book.read().only_measures() if measures_only else Book.read())
    with no_garbage_collection():
        rows = ledger.record_many(writer.openings(planned, total, progress), batches=batches, book=writer.book)
    reset_sequences(Institution, InstitutionState)
    rows_of = dict(StatusEntry.objects.order_by().values_list("batch").annotate(Count("pk")))
    for batch in batches:
        batch.rows = rows_of.get(batch.pk, 0)
    Batch.objects.bulk_update(batches, ["rows"])
    _close_quarters(today)
    people = make_accounts(today - timedelta(days=365))
    _confirm_quarters(people, seed=seed, today=today)
    progress("work", 0, 1)
    leave_work(people, seed=seed, now=now, small=total < 1000)
    progress("work", 1, 1)
    progress("sums", 0, 1)
    sums.rebuild()
    progress("sums", 1, 1)
    journal.write("demo.load", f"batch:{batches[0].pk}", by=None, after={"institutions": total, "seed": seed}, now=now)
    progress("seals", 0, 1)
    seals.seal_history(now)
    progress("seals", 1, 1)
    return {
        "institutions": total,
        "items": ChecklistItem.objects.count(),
        "entries": StatusEntry.objects.count(),
        "ledger rows": rows,
        "sums": CoverageDay.objects.count(),
    }


def _moments(recorded_at: datetime | None, *, now: datetime, today: date) -> list[datetime]:
    """When the batches became known: at 18:00 on the last day of each quarter, the newest the day before `now`."""
    if recorded_at is not None:
        return [recorded_at]
    ends = Period.objects.filter(ends_on__lt=today).order_by("ends_on").values_list("ends_on", flat=True)
    moments = [timezone.make_aware(datetime.combine(day, time(18, 0))) for day in ends]
    return [*moments, max(now - timedelta(days=1), moments[-1] + timedelta(hours=1))]


class _Registry:
    """Writes institutions and their states in chunks and hands each on to the ledger."""

    _CHUNK = 500
    _STATE = (
        "lifecycle", "kind", "ownership", "locality_id", "settlement_id", "settlement_class", "large_city_id", "staff",
        "learners", "facts",
    )  # fmt: skip
    _INSTITUTION = (
        "id", "bin", "name_kk", "name_ru", "search", "sort_kk", "address_kk", "address_ru", "latitude", "longitude",
        "phone", "email", "created_at", *_STATE,
    )  # fmt: skip

    def __init__(self, batches: list[Batch], now: datetime, book: Book) -> None:
        self.book = book
        self._requirements = {duty.code: duty.pk for duty in book.duties}
        self._localities = dict(Locality.objects.values_list("kato", "pk"))
        self._settlements = dict(Settlement.objects.values_list("kato", "pk"))
        self._cities = dict(LargeCity.objects.values_list("kato", "pk"))
        self._ends = [timezone.localdate(batch.recorded_at) for batch in batches]
        self._stamp: Any = connection.ops.adapt_datetimefield_value(now)
        self._batch_of: dict[date, int] = {}

    def openings(
        self, planned: Iterator[PlannedInstitution], total: int, progress: Progress
    ) -> Iterator[ledger.Opening]:
        key = next_id(Institution)
        done = 0
        while chunk := list(islice(planned, self._CHUNK)):
            numbered = list(enumerate(chunk, start=key))
            key += len(chunk)
            insert_rows(Institution, self._INSTITUTION, (self._row(pk, plan) for pk, plan in numbered))
            insert_rows(
                InstitutionState,
                ("institution_id", "valid_from", "recorded_at", "reason", *self._STATE),
                ((pk, plan.opened_on.isoformat(), self._stamp, "", *self._state(plan)) for pk, plan in numbered),
            )
            for pk, plan in numbered:
                yield self._opening(pk, plan)
            done += len(chunk)
            progress("institutions", done, total)

    def _state(self, plan: PlannedInstitution) -> tuple[Any, ...]:
        return (
            "open",
            plan.kind,
            plan.ownership,
            self._localities[plan.locality],
            self._settlements.get(plan.settlement),
            plan.settlement_class,
            self._cities.get(plan.large_city),
            plan.staff,
            plan.learners,
            json.dumps(plan.facts),
        )

    def _row(self, pk: int, plan: PlannedInstitution) -> tuple[Any, ...]:
        return (
            pk,
            plan.bin,
            plan.name_kk,
            plan.name_ru,
            names.search_key(f"{plan.name_kk} {plan.name_ru}"),
            names.sort_key_kk(plan.name_kk),
            plan.address_kk,
            plan.address_ru,
            plan.latitude,
            plan.longitude,
            plan.phone,
            plan.email,
            self._stamp,
            *self._state(plan),
        )

    def _opening(self, pk: int, plan: PlannedInstitution) -> ledger.Opening:
        state = InstitutionState(
            lifecycle="open",
            kind=plan.kind,
            ownership=plan.ownership,
            locality_id=self._localities[plan.locality],
            settlement_class=plan.settlement_class,
            large_city_id=self._cities.get(plan.large_city),
            staff=plan.staff,
            learners=plan.learners,
            facts=plan.facts,
        )
        answers: dict[int, list[tuple[int, Answer]]] = {}
        for answer in plan.answers:
            answers.setdefault(self._requirements[answer.requirement], []).append(
                (
                    self._batch(answer.effective_on),
                    Answer(answer.effective_on, answer.valid_until, answer.status),
                )
            )
        return ledger.Opening(pk, plan.bin, [DatedState.of(state, plan.opened_on, None)], answers)

    def _batch(self, day: date) -> int:
        """The first batch recorded on or after a day."""
        if day not in self._batch_of:
            last = len(self._ends) - 1
            self._batch_of[day] = next((n for n, end in enumerate(self._ends) if day <= end), last)
        return self._batch_of[day]


def _close_quarters(today: date) -> None:
    """Close each quarter that ended ten days ago or earlier, ten days after its end; let a newer one be closing."""
    for period in Period.objects.filter(ends_on__lt=today):
        closed_on = period.ends_on + timedelta(days=10)
        if closed_on < today:
            period.state = PeriodState.CLOSED
            period.closed_on = closed_on
            period.closed_at = timezone.make_aware(datetime.combine(closed_on, time(18, 0)))
        else:
            period.state = PeriodState.CLOSING
        period.save()


def _confirm_quarters(people: dict[Role, User], *, seed: int, today: date) -> None:
    """Most institutions confirmed the last two quarters that have ended, some of them late, by a regional editor.

    How many differs from region to region, so that the table of completeness has something to compare. The rows are
    made as they would stand: what was to be looked at in the past cannot be looked at any more.
    """
    chance = Random(f"{seed} confirmed")  # noqa: S311
    since = today - timedelta(days=365)
    editors = {
        region.pk: people[Role.EDITOR] if region.code == HOME_REGION else make_editor(region, since)
        for region in Region.objects.order_by("sort_order")
    }
    share = {region: chance.uniform(0.6, 0.97) for region in editors}
    ended = Period.objects.filter(ends_on__lt=today).order_by("-starts_on")[:2]
    own = people[Role.DIRECTOR].memberships.get().institution_id
    made = []
    for period in ended:
        opens = timezone.make_aware(datetime.combine(period.ends_on - timedelta(days=20), time(9, 0)))
        days_left = (min(today, period.ends_on + timedelta(days=10)) - period.ends_on).days + 20
        rows = expected(period, today).order_by("pk").values_list("pk", "locality__region")
        for institution, region in rows:
            confirmed = chance.random() < share[region]
            after = timedelta(days=chance.randrange(days_left), minutes=chance.randrange(540))
            changes = chance.choice((None, 0, 0, 0, 1, 3))
            if confirmed and institution != own:
                made.append(
                    Confirmation(
                        period=period, institution_id=institution, by=editors[region], at=opens + after, changes=changes
                    )
                )
    Confirmation.objects.bulk_create(made, batch_size=2000)
