"""The register as the machine sees it: who there is, what time it is, and one way to call a verb."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition
from time_machine import Traveller

from compliance import confirmations, discussion, inspections, levels, merging, periods, proposals, relocation, workflow
from compliance.enums import EntryState
from compliance.imports import running
from compliance.models import ChecklistItem, DailySeal, Evidence, Period, StatusChange, StatusEntry
from institutions import access, registry
from institutions.clock import local_day
from institutions.enums import COUNTRY_ROLES, Role
from institutions.invitations import AddressKnown
from institutions.models import Institution, Journal, Membership, Region, User
from reporting import publication
from reporting.models import Brief
from tests import tables
from tests.conftest import Places
from tests.reporting.recount import Recount
from tests.tables import Tables

ALMATY: Final = ZoneInfo("Asia/Almaty")
DAY: Final = timedelta(days=1)
# Before the change of the edition, which comes on 12 July; three quarters can be closed soon.
BEGINS: Final = datetime(2026, 6, 26, 9, 0, tzinfo=ALMATY)

# What a rule draws: a place in a list that is read when the rule runs, so that the same numbers do the same.
pick = st.integers(0, 11)
who = st.integers(0, 27)
ago = st.one_of(st.integers(0, 3), st.integers(0, 120), st.integers(0, 900))

# How a verb says no. Whatever else it raises is a fault of the program.
REFUSALS: Final = (
    workflow.Refused,
    levels.NobodyApproves,
    discussion.NotSaid,
    inspections.Refused,
    merging.Refused,
    proposals.Refused,
    confirmations.NotConfirmed,
    periods.WrongMove,
    periods.ReasonMissing,
    periods.AlreadyExcused,
    periods.DayPassed,
    publication.NotReady,
    publication.OwnBrief,
    registry.NoSuchState,
    registry.StaleRecord,
    relocation.NoSettlement,
    running.WrongMove,
    AddressKnown,
    ValidationError,
)

_STATE: Final = tables.column(StatusEntry, "state")
# They only grow, whatever happens.
APPEND_ONLY: Final = (StatusChange, Journal, DailySeal)
# Rows that follow from others or that the program keeps for itself: no line in the journal.
_UNNOTED: Final = ("PendingFold ", "CoverageDay ", "CoverageTotal ", "DailySeal ")


def there_is(*states: EntryState) -> Callable[[Any], Any]:
    """The rule needs an entry in one of the states."""
    return precondition(lambda world: any(world.entry_states[state] for state in states))


def there_are(table: type[models.Model]) -> Callable[[Any], Any]:
    """The rule needs rows of a table."""
    return precondition(lambda world: bool(world.tables[table]))


_Row = TypeVar("_Row", bound=models.Model)
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands before the first step of every history, made once: places, people, four schools."""

    places: Places
    traveller: Traveller
    recount: Recount
    codes: Sequence[int]  # keys of the requirements
    done: Counter[str]  # how often each verb worked and was refused, over all histories


class World(RuleBasedStateMachine):
    """Base of the rules: each of their files has those of one area."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        self.places = stage.places
        self._savepoint = transaction.atomic()
        self._savepoint.__enter__()
        self.steps = 0
        self.held: tuple[Tables, date] | None = None  # what everything was held for last
        self.known: dict[tuple[date, date], Any] = {}  # (as of, known on) → counts, of days that are over
        self.closed: dict[int, Any] = {}  # key of a closed quarter → its figures at its close
        self.lengths: dict[int, int] = {}  # of the chains that were followed
        self.briefs: dict[Any, Any] = {}  # quarter and its close → what a brief said of it
        self.shown: list[StatusEntry] = []  # waiting answers as pages showed them some steps ago
        self.move_to(BEGINS)
        self.forget()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._savepoint.__exit__(None, None, None)

    # --- the clock ---------------------------------------------------------------------------------

    def move_to(self, moment: datetime) -> None:
        self.now = moment
        self.stage.traveller.move_to(moment)

    @property
    def today(self) -> date:
        return local_day(self.now)

    # --- who and where -----------------------------------------------------------------------------

    def forget(self) -> None:
        """Something was written: read again."""
        self.tables = tables.read()
        self.entry_states = Counter(row[_STATE] for row in self.tables[StatusEntry].values())
        self._people: list[User] | None = None
        self._places_of: dict[int, tuple[int, int]] | None = None
        self._roles: list[Membership] | None = None

    @property
    def people(self) -> list[User]:
        if self._people is None:
            self._people = list(User.objects.order_by("pk"))
        return self._people

    @property
    def roles(self) -> list[Membership]:
        """The memberships in force today, found without the words that are tried."""
        if self._roles is None:
            active = {person.pk for person in self.people if person.is_active}
            self._roles = [
                one
                for one in Membership.objects.order_by("pk")
                if one.user_id in active and one.valid_from <= self.today <= (one.valid_to or date.max)
            ]
        return self._roles

    @property
    def places_of(self) -> dict[int, tuple[int, int]]:
        """Institution → its locality and region today."""
        if self._places_of is None:
            found = Institution.objects.order_by("pk").values_list("pk", "locality", "locality__region")
            self._places_of = {pk: (locality, region) for pk, locality, region in found}
        return self._places_of

    def reach(self, person: User, roles: Collection[Role] | None = None) -> set[int]:
        """Keys of the institutions that a person reaches by one of the roles (None: by any)."""
        mine = [one for one in self.roles if one.user_id == person.pk and (roles is None or one.role in roles)]
        if any(one.role in COUNTRY_ROLES for one in mine):
            return set(self.places_of)
        return {
            pk
            for pk, (locality, region) in self.places_of.items()
            if any(pk == one.institution_id or locality == one.locality_id or region == one.region_id for one in mine)
        }

    def has_role(self, person: User, roles: Collection[Role]) -> bool:
        return any(one.user_id == person.pk and one.role in roles for one in self.roles)

    def has_two_levels(self, entry: StatusEntry) -> bool:
        return Region.objects.filter(pk=self.places_of[entry.item.institution_id][1], second_level=True).exists()

    def is_turn_of_region(self, entry: StatusEntry, by: User) -> bool:
        if not self.has_two_levels(entry):
            return True
        now_is = StatusEntry.objects.get(pk=entry.pk)
        checked = now_is.state == EntryState.CHECKED or not self.reviewers(now_is)
        return checked and by.pk in self.approvers(region=self.places_of[entry.item.institution_id][1])

    def reviewers(self, entry: StatusEntry) -> set[int]:
        """Who checks it for its district: approvers there, but those of the region and those who wrote it."""
        locality, region = self.places_of[entry.item.institution_id]
        return self.approvers(locality=locality) - self.approvers(region=region) - set(entry.hands)

    def approvers(self, **place: int) -> set[int]:
        ((name, key),) = place.items()
        return {one.user_id for one in self.roles if one.role in access.DECIDE and getattr(one, f"{name}_id") == key}

    def hand(self, number: int, roles: Collection[Role] | None, institution: int | None) -> User:
        """Somebody who may do it, mostly; else anybody, who may not."""
        if number % 7 != 6:
            able = [
                person
                for person in self.people
                if (
                    self.has_role(person, roles or Role)
                    if institution is None
                    else institution in self.reach(person, roles)
                )
            ]
            if able:
                return able[number % len(able)]
        return self.people[number % len(self.people)]

    def another(
        self, number: int, roles: Collection[Role], institution: int, without: Collection[int | None]
    ) -> User | None:
        """Somebody who may do it there and is none of these (keys); None where there is nobody."""
        able = [one for one in self.people if one.pk not in without and institution in self.reach(one, roles)]
        return able[number % len(able)] if able else None

    def one_of(self, rows: models.QuerySet[_Row], number: int) -> _Row | None:
        found = list(rows.order_by("pk"))
        return found[number % len(found)] if found else None

    def school(self, number: int) -> Institution:
        found = self.one_of(Institution.objects.all(), number)
        assert found is not None
        return found

    def item(self, school: int, code: int) -> ChecklistItem | None:
        return (
            ChecklistItem.objects.filter(
                institution=self.school(school), requirement=self.stage.codes[code % len(self.stage.codes)]
            )
            .select_related("institution", "requirement")
            .first()
        )

    # --- verbs -------------------------------------------------------------------------------------

    def attempt(
        self,
        verb: Callable[..., _Result],
        *arguments: Any,
        by: User | None,
        must: bool | None = None,
        noted: bool = True,
        **more: Any,
    ) -> _Result | None:
        """Call a verb as a page does; None where it says no. Holds it to what no verb may do.

        `must`: whether it has to work or has to be refused, where the rule knows; `noted`: what it changes stands in
        the journal.
        """
        self.move_to(self.now + timedelta(minutes=7))
        before = self.tables
        try:
            result = verb(*arguments, by=by, now=self.now, **more)
            refused = ""
        except REFUSALS as refusal:
            result, refused = None, f"{type(refusal).__name__} {refusal}"
        self.forget()
        self.stage.done[f"{verb.__name__}{' refused' if refused else ''}"] += 1
        if refused:
            note(f"    refused: {refused}")
            assert tables.differences(before, self.tables) == {}, f"{verb.__name__} was refused and wrote all the same"
            assert must is not True, f"{verb.__name__} was refused: {refused}"
            return None
        assert must is not False, f"{verb.__name__} was not refused"
        self._hold_to_account(before, by=by if noted else None, noted=noted)
        return result

    def program(self, work: Callable[[], _Result]) -> _Result:
        """Something that the program does by itself; nothing of it is in the journal."""
        self.move_to(self.now + timedelta(minutes=7))
        before = self.tables
        result = work()
        self.forget()
        self._hold_to_account(before, by=None, noted=False)
        return result

    def _hold_to_account(self, before: Tables, *, by: User | None, noted: bool) -> None:
        after = self.tables
        for table in APPEND_ONLY:
            grown = list(after[table].items())[: len(before[table])]
            assert grown == list(before[table].items()), f"{table.__name__} was rewritten"
        self._hold_journal(before, after, by=by, noted=noted)
        _hold_entries(before, after, by=by)
        _hold_briefs(before, after)
        for table in (Institution, User, Evidence, Period):
            assert before[table].keys() <= after[table].keys(), f"rows of {table.__name__} are gone"

    def _hold_journal(self, before: Tables, after: Tables, *, by: User | None, noted: bool) -> None:
        new = [after[Journal][key] for key in after[Journal].keys() - before[Journal].keys()]
        others = [key for key in tables.differences(before, after) if not key.startswith(("Journal ", *_UNNOTED))]
        if not noted:
            assert new == [], "the program noted what nobody did"
            return
        assert bool(new) == bool(others), f"{len(new)} lines in the journal, and changed: {others}"
        by_column, at_column = tables.column(Journal, "user"), tables.column(Journal, "at")
        moments = {str(row[at_column])[:19] for row in new}
        assert {row[by_column] for row in new} <= {by and by.pk}
        assert len(moments) <= 1

    # --- pages -------------------------------------------------------------------------------------

    def is_not_found(self, person: User, name: str, *arguments: Any, **data: Any) -> None:
        """The page of something out of the person's reach is not there for them, and nothing happens."""
        client = Client()
        client.force_login(person)
        answer = client.post(reverse(name, args=arguments), data)
        self.stage.done[f"{name} not found"] += 1
        # Whoever is locked out is asked to sign in.
        expected = 404 if person.is_active else 302
        assert answer.status_code == expected, f"{name} answered {answer.status_code} to somebody outside"
        after = tables.read()
        assert tables.differences(self.tables, after) == {}


def _hold_entries(before: Tables, after: Tables, *, by: User | None) -> None:
    """What was submitted stays as it was written; a draft is its author's alone, and nobody else loses it."""
    said = [tables.column(StatusEntry, name) for name in ("item", "status", "effective_on", "valid_until", "note",
                                                            "evidence", "author", "batch")]  # fmt: skip
    frozen = [tables.column(StatusEntry, name) for name in ("submitted_by", "submitted_at", "content_hash",
                                                              "item_version")]  # fmt: skip
    state, author = tables.column(StatusEntry, "state"), tables.column(StatusEntry, "author")
    for key, was in before[StatusEntry].items():
        now_is = after[StatusEntry].get(key)
        if was[state] == "draft":
            kept = now_is is not None and [now_is[place] for place in said] == [was[place] for place in said]
            assert kept or (by is not None and was[author] == by.pk), f"draft {key} of {was[author]} was lost"
        else:
            assert now_is is not None, f"entry {key} is gone"
            places = [*said, *frozen]
            assert [now_is[place] for place in places] == [was[place] for place in places], f"entry {key} was rewritten"


def _hold_briefs(before: Tables, after: Tables) -> None:
    """What a brief says and is called stays; once it has a file, that stays too."""
    names = ("snapshot", "snapshot_hash", "records", "number", "code", "dated_on", "requested_by")
    places = [tables.column(Brief, name) for name in names]
    files = [tables.column(Brief, name) for name in ("file", "file_hash", "state")]
    state = tables.column(Brief, "state")
    for key, was in before[Brief].items():
        frozen = [*places, *files] if was[state] == "ready" else places
        assert [after[Brief][key][place] for place in frozen] == [was[place] for place in frozen]
