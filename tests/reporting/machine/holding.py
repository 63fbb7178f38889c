"""What must hold after every step, whatever happened: each against a count of its own."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import F, Q
from hypothesis.stateful import invariant

from compliance.enums import WAITING, EntryState, Level, Measure, PeriodState
from compliance.ledger import chain
from compliance.models import ChecklistItem, DailySeal, LedgerHead, PendingFold, Period, RegisterDay, StatusEntry
from compliance.seals import Proof
from institutions import access
from institutions.models import STATE_FIELDS, ChangeProposal, Institution, InstitutionState, User
from reporting import coverage, sums
from reporting.coverage import Counts, Dimension, Part, Question, Reach
from reporting.models import Brief
from tests.reporting.machine.world import DAY, World
from tests.reporting.recount import CUT

# Each step looks at the next of these as well: far back, around the change of the edition, ahead.
LOOKED_AT = (date(2024, 9, 15), date(2026, 3, 31), date(2026, 6, 30), date(2026, 7, 11), date(2026, 7, 12),
             date(2026, 9, 30), date(2025, 12, 31), date(2027, 1, 1))  # fmt: skip
PLACES = (Dimension.REGION, Dimension.LOCALITY, Dimension.CITY_LINE, Dimension.KIND, Dimension.OWNERSHIP)
CAPABILITIES = (None, access.ANSWER, access.DECIDE, access.VERIFY, access.REGISTER, access.REVOKE_DOCUMENTS)


class Holding(World):
    @invariant()
    def everything_holds(self) -> None:
        if (self.tables, self.today) == self.held:
            return  # nothing has happened
        self.held = (self.tables, self.today)
        self.steps += 1
        assert list(sums.drift()) == []  # with what waits left out on both sides
        self.hold_chains()
        hold_four_eyes()
        self.hold_states()
        with transaction.atomic():
            sums.fold()  # what waits is counted for the comparison alone; folding is a step of its own
            assert PendingFold.objects.count() == 0
            self.hold_sums()
            self.hold_what_was_known()
            self.hold_scopes()
            transaction.set_rollback(True)

    def teardown(self) -> None:
        try:
            self.hold_chains(every=1)
            hold_rebuild()
        finally:
            super().teardown()

    # --- 1. items = fold of the ledger = totals = sum of days ----------------------------------------

    def hold_sums(self) -> None:
        recount = self.stage.recount
        recount.read()
        register_day = RegisterDay.current()
        assert {
            (item.institution_id, item.requirement_id): (item.obliged, item.status, item.valid_until)
            for item in ChecklistItem.objects.filter(listed=True)
        } == {
            key: (obliged, status, until)
            for key, (_state, obliged, status, until) in recount.standing(register_day).items()
        }
        for day in {register_day, self.today, LOOKED_AT[self.steps % len(LOOKED_AT)]}:
            for level in Level:
                assert coverage.count(Question(day, level=level), CUT) == recount.counts(day, level=level)
        many = (self.steps // 2) % 2 == 0
        day = LOOKED_AT[self.steps // 2 % len(LOOKED_AT)]
        assert coverage.count(Question(day, obliged_only=many), CUT, learners=True) == recount.counts(
            day, learners=True, obliged_only=many
        )
        self.hold_adding_up(self.today, list(Measure)[self.steps % len(Measure)])

    def hold_adding_up(self, day: date, measure: Measure) -> None:
        """Districts sum to regions sum to the country, state and private to all; as many stand behind a figure."""
        asked = Question(day, measure=measure)
        whole = coverage.count(asked).get((), Counts())
        parts = coverage.count(asked, [PLACES[self.steps % len(PLACES)]])
        assert sum(parts.values(), Counts()) == whole
        for (code,), region in coverage.count(asked, [Dimension.REGION]).items():
            districts = coverage.count(Question(day, measure=measure, region=code), [Dimension.LOCALITY])
            assert sum(districts.values(), Counts()) == region
        part, figure = [
            (Part.TOTAL, whole.total), (Part.COVERED, whole.covered), (Part.NOT_COVERED, whole.not_covered),
        ][self.steps % 3]  # fmt: skip
        assert coverage.institutions_behind(asked, part).count() == figure

    def hold_chains(self, every: int = 8) -> None:
        """`journal_verify`: each row says what its hash covers, each seal follows from the heads of its day.

        Most steps look at the chains that grew alone: that nothing else of the ledger changed is held for every verb.
        """
        if self.steps % every:
            lengths = dict(LedgerHead.objects.values_list("institution", "length"))
            grown = [pk for pk, length in lengths.items() if self.lengths.get(pk) != length]
            assert all(followed.broken is None for followed in chain.follow(grown))
            self.lengths = lengths
            return
        proof = Proof(DailySeal.objects.all())
        for followed in chain.follow():
            assert followed.broken is None
            proof.show(followed)
        assert proof.broken() is None

    def hold_states(self) -> None:
        """An institution's states leave no gap and do not overlap, and lists show the one of today.

        Until the day is turned, the one of the register's day.
        """
        states: dict[int, list[InstitutionState]] = {}
        for state in InstitutionState.objects.order_by("institution", "valid_from"):
            states.setdefault(state.institution_id, []).append(state)
        days = {RegisterDay.current(), self.today}
        for institution in Institution.objects.all():
            mine = states[institution.pk]
            assert mine[-1].valid_to is None
            for one, following in zip(mine, mine[1:], strict=False):
                assert one.valid_to == following.valid_from - DAY
            held = [[one for one in mine if one.valid_from <= day] or mine[:1] for day in days]
            shown = [{name: getattr(on_the_day[-1], name) for name in STATE_FIELDS} for on_the_day in held]
            assert {name: getattr(institution, name) for name in STATE_FIELDS} in shown

    # --- 4. what was known stays known ---------------------------------------------------------------

    def hold_what_was_known(self) -> None:
        for period in Period.objects.all():
            if period.state != PeriodState.CLOSED:
                self.closed.pop(period.pk, None)
                continue
            figures = self.figures(period.ends_on, period.closed_on)
            if period.pk not in self.closed:  # at its close the figures are all that is known
                assert figures == self.figures(period.ends_on, None)
                self.closed[period.pk] = figures
            assert figures == self.closed[period.pk], f"{period.code} is closed and says something else"
        if self.known:
            (day, known_on), counts = list(self.known.items())[self.steps % len(self.known)]
            assert self.figures(day, known_on) == counts, f"{day} as known on {known_on}"

    def remember(self) -> None:
        """The day is over: what is known of some days today is what was known today, for ever."""
        with transaction.atomic():
            sums.fold()
            for day in (LOOKED_AT[self.steps % len(LOOKED_AT)], self.today):
                self.known[day, self.today] = self.figures(day, self.today)
            transaction.set_rollback(True)

    def figures(self, day: date, known_on: date | None) -> Any:
        """Counts of both levels, of institutions and learners; each not below nothing."""
        asked = Question(day, known_on=known_on, level=None)
        found = [coverage.count(asked, [*CUT, Dimension.LEVEL], learners=learners) for learners in (False, True)]
        for counts in (one for counted in found for one in counted.values()):
            assert min(counts.met, counts.partly_met, counts.not_met, counts.unknown, counts.not_applicable) >= 0
        return found

    # --- 2. nobody sees what is out of their scope ---------------------------------------------------

    def hold_scopes(self) -> None:
        """The words in which scopes are asked for give what the memberships say: of one person and two words a step."""
        person = self.people[self.steps % len(self.people)]
        roles = CAPABILITIES[self.steps % len(CAPABILITIES)]
        assert keys(Institution.objects.within_roles(person, roles)) == self.reach(person, roles)
        words = (self.sees_entries, self.decides, self.revokes, self.edits, self.sees_items, self.counts_within)
        words[self.steps % len(words)](person)

    def sees_entries(self, person: User) -> None:
        sees, answers = self.reach(person), self.reach(person, access.ANSWER)
        assert keys(StatusEntry.objects.visible_to(person)) == {
            one.pk
            for one in self.entries()
            if one.item.institution_id in (answers if one.state == EntryState.DRAFT else sees)
        }

    def decides(self, person: User) -> None:
        decides = self.reach(person, access.DECIDE)
        assert keys(StatusEntry.objects.decidable_by(person)) == {
            one.pk
            for one in self.entries(*WAITING)
            if one.item.institution_id in decides
            and person.pk not in {*one.hands, one.checked_by_id}
            and self.is_turn_of_region(one, person)
        }

    def revokes(self, person: User) -> None:
        decides = self.reach(person, access.DECIDE)
        assert keys(StatusEntry.objects.revocable_by(person)) == {
            one.pk
            for one in self.entries(EntryState.APPROVED)
            if one.item.institution_id in decides
            and person.pk not in {*one.hands, one.checked_by_id, one.decided_by_id}
        }

    def edits(self, person: User) -> None:
        answers = self.reach(person, access.ANSWER)
        assert keys(StatusEntry.objects.editable_by(person)) == {
            one.pk
            for one in self.entries(EntryState.DRAFT)
            if one.author_id == person.pk and one.item.institution_id in answers
        }

    def sees_items(self, person: User) -> None:
        seen = ChecklistItem.objects.filter(institution__in=self.reach(person))
        assert keys(ChecklistItem.objects.visible_to(person)) == keys(seen)
        assert not Institution.objects.visible_to(AnonymousUser()).exists()

    def counts_within(self, person: User) -> None:
        """A region's figures are those of its places on the day; an institution's its own, wherever it was."""
        reach = Reach.of(person)
        regions = self.stage.recount.regions_of

        def within(institution: int, state: InstitutionState) -> bool:
            return (
                reach.country
                or institution in reach.institutions
                or state.locality_id in reach.localities
                or regions[state.locality_id] in reach.regions
            )

        counted = coverage.count(Question(self.today, reach=reach), CUT)
        assert counted == self.stage.recount.counts(self.today, where=within)

    def entries(self, *states: EntryState) -> list[StatusEntry]:
        return list(StatusEntry.objects.filter(state__in=states or list(EntryState)).select_related("item"))


def keys(rows: Any) -> set[int]:
    return set(rows.order_by().values_list("pk", flat=True))


def hold_four_eyes() -> None:
    """3. Nobody decides, revokes or publishes what they wrote, submitted, proposed or asked for."""
    own = Q(decided_by=F("author")) | Q(decided_by=F("submitted_by"))
    own |= Q(checked_by=F("author")) | Q(checked_by=F("submitted_by"))
    own |= Q(decided_by=F("checked_by"), state__in=[EntryState.APPROVED, EntryState.REVOKED])
    undone = Q(revoked_by=F("author")) | Q(revoked_by=F("submitted_by")) | Q(revoked_by=F("decided_by"))
    assert not StatusEntry.objects.filter(own | undone).exists()
    assert not ChangeProposal.objects.filter(decided_by=F("proposed_by")).exists()
    assert not Brief.objects.filter(published_by=F("requested_by")).exists()


def hold_rebuild() -> None:
    """The sums made anew from the ledger alone are the sums that there are."""
    with transaction.atomic():
        sums.fold()
        before = sums_as_they_are()
        sums.rebuild()
        assert sums_as_they_are() == before
        transaction.set_rollback(True)


def sums_as_they_are() -> tuple[list[Any], list[Any]]:
    """All sums; rows in which nothing is are left out, since a rebuild does not make them."""
    from reporting.models import COUNT_FIELDS, CoverageDay, CoverageTotal

    totals = CoverageTotal.objects.order_by("cell").values_list("cell", *COUNT_FIELDS)
    days = CoverageDay.objects.order_by("cell", "effective_on", "recorded_on").values_list(
        "cell", "effective_on", "recorded_on", *COUNT_FIELDS
    )
    return [row for row in totals if any(row[1:])], [row for row in days if any(row[3:])]
