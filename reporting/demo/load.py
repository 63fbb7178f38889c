"""The demonstration registry into the database: institutions, their ledger, people, and work that waits for them."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from random import Random
from typing import Any

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from compliance import evidence, ledger, periods, seals
from compliance.confirmations import expected
from compliance.duties import Book, DatedState
from compliance.enums import Cause, PeriodState
from compliance.ledger import Sitting
from compliance.models import Batch, ChecklistItem, Confirmation, Evidence, Period, RegisterDay, StatusEntry
from compliance.timeline import Answer
from institutions import journal, names
from institutions.bulk import insert_rows, next_id, no_garbage_collection, reset_sequences
from institutions.enums import Lifecycle, Role
from institutions.models import (
    Institution,
    InstitutionState,
    LargeCity,
    Locality,
    Membership,
    Settlement,
    User,
)
from reporting import publishing, sums
from reporting.demo.accounts import (
    HOME_REGION,
    Staff,
    give_own_institution,
    make_accounts,
    make_directors,
    make_staff,
)
from reporting.demo.answers import MEASURES, PlannedAnswer
from reporting.demo.plan import PUBLISHED_ON, PlannedInstitution, plan_registry
from reporting.demo.work import leave_work, look_back
from reporting.demo.years import NOTES, Lived, Turn, Years
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
    years: int = 0,
    progress: Progress = lambda step, done, of: None,
) -> dict[str, int]:
    """Fill an empty database; return how many of what. All or nothing.

    `recorded_at`: when everything is said to have become known; None: each quarter's answers at its end. `years`: so
    many of the last are told as they were lived (`reporting.demo.years`), which excludes `recorded_at`.
    `progress` is told (step, done, of). Raises `NotADemonstration` where the database is not empty.
    """
    if not is_empty():
        raise NotADemonstration
    if years and recorded_at is not None:
        raise ValueError("A history is recorded day by day, and not on one day.")
    today = timezone.localdate(now)
    told = Years(years, seed=seed, today=today) if years else None
    total = institutions or SIZE
    planned = plan_registry(seed=seed, institutions=institutions, measures_only=measures_only, today=today)
    RegisterDay.objects.update_or_create(pk=1, defaults={"day": today})
    periods.ensure_periods(today)
    batches = [
        Batch.objects.create(title=TITLE, recorded_at=moment) for moment in _moments(recorded_at, now=now, today=today)
    ]
    people = make_accounts()
    staff = make_staff(today - timedelta(days=365 * (years + 1)))
    writer = _Registry(batches, now, Book.read().only_measures() if measures_only else Book.read(), told, people, staff)
    with no_garbage_collection():
        rows = ledger.record_many(writer.openings(planned, total, progress), batches=writer.steps, book=writer.book)
    writer.finish()
    rows_of = dict(StatusEntry.objects.order_by().values_list("batch").annotate(Count("pk")))
    for batch in batches:
        batch.rows = rows_of.get(batch.pk, 0)
    Batch.objects.bulk_update(batches, ["rows"])
    _close_quarters(today)
    give_own_institution(people, today - timedelta(days=365))
    progress("work", 0, 1)
    _confirm_quarters(people, staff, seed=seed, today=today, most=max(2, 4 * years))
    if told is not None:
        look_back(people, staff, told, seed=seed, now=now)
    leave_work(people, seed=seed, now=now, small=total < 1000)
    progress("work", 1, 1)
    progress("sums", 0, 1)
    sums.rebuild()
    progress("sums", 1, 1)
    journal.write("demo.load", f"batch:{batches[0].pk}", by=None, after={"institutions": total, "seed": seed}, now=now)
    progress("seals", 0, 1)
    seals.seal_history(now)
    progress("seals", 1, 1)
    if told is not None:
        _ask_for_briefs(people, now)
    return {
        "institutions": Institution.objects.count(),
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
    moments = [_at(day, 18) for day in ends]
    return [*moments, max(now - timedelta(days=1), moments[-1] + timedelta(hours=1))]


def _at(day: date, hour: int) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour)))


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
    _DATED = ("id", "institution_id", "valid_from", "valid_to", "recorded_at", "recorded_by_id", "reason", *_STATE)

    def __init__(
        self,
        batches: list[Batch],
        now: datetime,
        book: Book,
        told: Years | None,
        people: dict[Role, User],
        staff: Staff,
    ) -> None:
        self.book = book
        self._told, self._people, self._staff = told, people, staff
        self._requirements = {duty.code: duty.pk for duty in book.duties}
        self._localities = dict(Locality.objects.values_list("kato", "pk"))
        self._settlements = dict(Settlement.objects.values_list("kato", "pk"))
        self._cities = dict(LargeCity.objects.values_list("kato", "pk"))
        sittings = [Sitting(_at(day, 17)) for day in told.sittings] if told else []
        self.steps: list[Batch | Sitting] = sorted([*batches, *sittings], key=lambda step: step.recorded_at)
        self._numbers = {
            timezone.localdate(step.recorded_at): n for n, step in enumerate(self.steps) if isinstance(step, Sitting)
        }
        self._batches = [n for n, step in enumerate(self.steps) if isinstance(step, Batch)]
        self._ends = [timezone.localdate(self.steps[n].recorded_at) for n in self._batches]
        self._stamp: Any = connection.ops.adapt_datetimefield_value(now)
        self._stamps: dict[date, Any] = {}
        self._batch_of: dict[date, int] = {}
        self._next_state = next_id(InstitutionState)
        self._state_rows: list[tuple[Any, ...]] = []
        self._proofs: dict[tuple[Any, ...], Evidence] = {}
        self._new_proofs: list[Evidence] = []
        self._next_proof = next_id(Evidence)
        self._own: int | None = None

    def openings(
        self, planned: Iterator[PlannedInstitution], total: int, progress: Progress
    ) -> Iterator[ledger.Opening]:
        key = next_id(Institution)
        done = 0
        lives = self._lives(planned, total)
        while chunk := list(islice(lives, self._CHUNK)):
            numbered = list(enumerate(chunk, start=key))
            key += len(chunk)
            states = {pk: self._states(lived) for pk, lived in numbered}
            insert_rows(Institution, self._INSTITUTION, (self._row(pk, lived, states[pk]) for pk, lived in numbered))
            hands = self._hands(numbered)
            opened = [self._opening(pk, lived, states[pk], hands.get(pk)) for pk, lived in numbered]
            insert_rows(InstitutionState, self._DATED, self._state_rows)
            self._state_rows.clear()
            # Before the entries: while a key leads nowhere yet, SQLite looks for it at each row that it inserts.
            Evidence.objects.bulk_create(self._new_proofs, batch_size=1000)
            self._new_proofs.clear()
            yield from opened
            done += len(chunk)
            progress("institutions", min(done, total), total)

    def finish(self) -> None:
        """Let the database's own keys go on behind those that were given by hand."""
        reset_sequences(Institution, InstitutionState, Evidence, User)

    def _lives(self, planned: Iterator[PlannedInstitution], total: int) -> Iterator[Lived]:
        told = self._told
        if told is None:
            yield from (Lived(plan) for plan in planned)
            return
        measured = frozenset(measure.requirement for measure in MEASURES)
        expires = frozenset(code for code in self._requirements if code not in measured)
        bins, taken = set(), set()
        for plan in planned:
            bins.add(plan.bin)
            taken.add((plan.locality, plan.name_kk))
            yield told.live(plan, measured, expires)
        yield from told.newcomers(frozenset(bins), frozenset(taken), total)

    # --- institutions ------------------------------------------------------------------------------

    def _states(self, lived: Lived) -> list[dict[str, Any]]:
        """The institution's states from its first on, as the database takes them; the first is a turn as well."""
        plan = lived.plan
        values = {
            "lifecycle": "open",
            "kind": plan.kind,
            "ownership": plan.ownership,
            "locality": plan.locality,
            "settlement": plan.settlement,
            "settlement_class": plan.settlement_class,
            "large_city": plan.large_city,
            "staff": plan.staff,
            "learners": plan.learners,
            "facts": plan.facts,
        }
        states = [values]
        for turn in lived.turns:
            states.append(states[-1] | turn.changes)
        return states

    def _state(self, values: dict[str, Any]) -> tuple[Any, ...]:
        return (
            values["lifecycle"],
            values["kind"],
            values["ownership"],
            self._localities[values["locality"]],
            self._settlements.get(values["settlement"]),
            values["settlement_class"],
            self._cities.get(values["large_city"]),
            values["staff"],
            values["learners"],
            json.dumps(values["facts"]),
        )

    def _dated(self, values: dict[str, Any], since: date, until: date | None) -> DatedState:
        state = InstitutionState(
            lifecycle=values["lifecycle"],
            kind=values["kind"],
            ownership=values["ownership"],
            locality_id=self._localities[values["locality"]],
            settlement_class=values["settlement_class"],
            large_city_id=self._cities.get(values["large_city"]),
            staff=values["staff"],
            learners=values["learners"],
            facts=values["facts"],
        )
        return DatedState.of(state, since, until)

    def _row(self, pk: int, lived: Lived, states: list[dict[str, Any]]) -> tuple[Any, ...]:
        plan = lived.plan
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
            self._moment(lived.entered),
            *self._state(states[-1]),
        )

    def _moment(self, sitting: date | None) -> Any:
        if sitting is None:
            return self._stamp
        if sitting not in self._stamps:
            self._stamps[sitting] = connection.ops.adapt_datetimefield_value(_at(sitting, 17))
        return self._stamps[sitting]

    # --- people -------------------------------------------------------------------------------------

    def _hands(self, numbered: list[tuple[int, Lived]]) -> dict[int, ledger.Hands]:
        """Who answers and who decides, where the years are told; the first city school at home is the accounts' own."""
        if self._told is None:
            return {}
        if self._own is None:
            own = (
                pk
                for pk, lived in numbered
                if (lived.plan.region, lived.plan.kind) == (HOME_REGION, "school") and lived.plan.large_city
                and not lived.turns
            )  # fmt: skip
            self._own = next(own, None)
        others = [(pk, lived.plan.bin) for pk, lived in numbered if pk != self._own]
        directors = make_directors(others, self._told.since - timedelta(days=30))
        if self._own is not None:
            directors[self._own] = self._people[Role.DIRECTOR].pk
        return {
            pk: ledger.Hands(directors[pk], self._staff.approvers[lived.plan.region].pk)
            for pk, lived in numbered
            if pk in directors
        }

    # --- the ledger ------------------------------------------------------------------------------------

    def _opening(
        self, pk: int, lived: Lived, states: list[dict[str, Any]], hands: ledger.Hands | None
    ) -> ledger.Opening:
        plan = lived.plan
        first = [self._dated(states[0], plan.opened_on, None)]
        changes = self._known_states(pk, lived, states)
        if lived.entered is not None:
            first = list(changes[self._numbers[lived.entered]].states)
        answers: dict[int, list[tuple[int, Answer]]] = {}
        for answer in plan.answers:
            self._add(answers, self._batch(answer.effective_on), answer)
        proofs: dict[tuple[int, date], Evidence] = {}
        for answer, on in lived.decided:
            self._add(answers, self._batches[-1] if on is None else self._numbers[on], answer)
            if answer.valid_until is not None and on is not None:
                requirement = self._requirements[answer.requirement]
                proofs[requirement, answer.effective_on] = self._proof(plan, answer)
        returned: dict[int, list[ledger.Returned]] = {}
        for answer, on, reason in lived.came_back:
            said = ledger.Returned(self._numbers[on], _said(answer), reason.value, NOTES[reason])
            returned.setdefault(self._requirements[answer.requirement], []).append(said)
        return ledger.Opening(
            pk,
            plan.bin,
            first,
            answers,
            changes,
            entered=0 if lived.entered is None else self._numbers[lived.entered],
            hands=hands,
            returned=returned,
            proofs=proofs,
        )

    def _add(self, answers: dict[int, list[tuple[int, Answer]]], number: int, answer: PlannedAnswer) -> None:
        answers.setdefault(self._requirements[answer.requirement], []).append((number, _said(answer)))

    def _known_states(self, pk: int, lived: Lived, states: list[dict[str, Any]]) -> dict[int, ledger.Change]:
        """The rows of the institution's states; what the ledger is to learn of them, and at which sitting."""
        opened = Turn(lived.plan.opened_on, lived.entered or date.min, {}, "")
        turns = [opened, *lived.turns]
        editor = self._staff.editors[lived.plan.region].pk if self._told else None
        changes = {}
        for place, (turn, values) in enumerate(zip(turns, states, strict=True)):
            until = turns[place + 1].since - timedelta(days=1) if place + 1 < len(turns) else None
            recorded = lived.entered if place == 0 else turn.known_on
            self._state_rows.append(
                (self._next_state, pk, turn.since.isoformat(), until and until.isoformat(), self._moment(recorded),
                 editor if recorded else None, turn.reason, *self._state(values))
            )  # fmt: skip
            if recorded is not None:
                known = [
                    self._dated(states[n], turns[n].since, turns[n + 1].since - timedelta(days=1)) for n in range(place)
                ]
                changes[self._numbers[recorded]] = ledger.Change(
                    [*known, self._dated(values, turn.since, None)], _cause(turn, place), f"state:{self._next_state}"
                )
            self._next_state += 1
        return changes

    def _proof(self, plan: PlannedInstitution, answer: PlannedAnswer) -> Evidence:
        """The document behind an answer; those of neighbours are often the same."""
        issuer = _ISSUERS[int(plan.bin[-3]) % len(_ISSUERS)]
        key = (plan.region, answer.requirement, answer.effective_on, answer.valid_until, issuer)
        if key not in self._proofs:
            number = f"{self._next_proof}/{answer.effective_on:%y}"
            self._proofs[key] = Evidence(
                pk=self._next_proof,
                number=number,
                issuer=issuer,
                issued_on=answer.effective_on,
                valid_until=answer.valid_until,
                key=evidence.key_of(number, issuer),
                author=self._staff.editors[plan.region],
                created_at=_at(answer.effective_on, 10),
            )
            self._new_proofs.append(self._proofs[key])
            self._next_proof += 1
        return self._proofs[key]

    def _batch(self, day: date) -> int:
        """The first batch recorded on or after a day."""
        if day not in self._batch_of:
            place = min(bisect_left(self._ends, day), len(self._ends) - 1)
            self._batch_of[day] = self._batches[place]
        return self._batch_of[day]


_ISSUERS = ("«Сенім-Күзет» ЖШС", "«Қорған» күзет агенттігі", "«Дабыл-Сервис» ЖШС", "«Тірек» оқу орталығы")


def _said(answer: PlannedAnswer) -> Answer:
    return Answer(answer.effective_on, answer.valid_until, answer.status)


def _cause(turn: Turn, place: int) -> Cause:
    if place == 0:
        return Cause.OPENED
    lifecycle = turn.changes.get("lifecycle")
    return Cause.CHANGED if lifecycle is None else Cause.OPENED if lifecycle == Lifecycle.OPEN else Cause.CLOSED


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


def _ask_for_briefs(people: dict[Role, User], now: datetime) -> None:
    """The briefs of the last year and of the published one; whoever starts the workers finds them made."""
    closed = list(Period.objects.closed().order_by("-starts_on"))
    published = [period for period in closed if period.ends_on == PUBLISHED_ON]
    for period in reversed([*closed[:4], *published]):
        publishing.request_brief(period, language="kk", by=people[Role.ANALYST], now=now)


def _confirm_quarters(people: dict[Role, User], staff: Staff, *, seed: int, today: date, most: int) -> None:
    """Most institutions confirmed the last quarters that have ended, some of them late, by a regional editor.

    How many differs from region to region, so that the table of completeness has something to compare. The rows are
    made as they would stand: what was to be looked at in the past cannot be looked at any more.
    """
    chance = Random(f"{seed} confirmed")  # noqa: S311
    editors = {editor.memberships.get().region_id: editor.pk for editor in staff.editors.values()}
    share = {region: chance.uniform(0.6, 0.97) for region in editors}
    directors = dict(
        Membership.objects.filter(role=Role.DIRECTOR, valid_to=None).order_by("-pk").values_list("institution", "user")
    )
    own = people[Role.DIRECTOR].memberships.get().institution_id
    for age, period in enumerate(Period.objects.filter(ends_on__lt=today).order_by("-starts_on")[:most]):
        opens = _at(period.ends_on - timedelta(days=20), 9)
        days_left = (min(today, period.ends_on + timedelta(days=10)) - period.ends_on).days + 20
        rows = expected(period, today).order_by("pk").values_list("pk", "locality__region")
        made = []
        for institution, region in rows:
            confirmed = chance.random() < share[region] - age * 0.02
            after = timedelta(days=chance.randrange(days_left), minutes=chance.randrange(540))
            changes = chance.choice((None, 0, 0, 0, 1, 3))
            if confirmed and institution != own:
                by = directors.get(institution, editors[region])
                moment = connection.ops.adapt_datetimefield_value(opens + after)
                made.append((period.pk, institution, by, moment, changes))
        insert_rows(Confirmation, ("period_id", "institution_id", "by_id", "at", "changes"), made)
