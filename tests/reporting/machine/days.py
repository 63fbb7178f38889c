"""What the program does by itself: days pass, sums are folded in pieces and killed in the middle, days are sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from unittest import mock

from hypothesis import strategies as st
from hypothesis.stateful import rule

from compliance import seals
from compliance.models import DailySeal, PendingFold, RegisterDay, StatusChange
from reporting import sums
from tests.reporting.machine.holding import Holding


class Killed(Exception):
    """The worker is gone."""


class Days(Holding):
    @rule(hours=st.one_of(st.integers(1, 20), st.integers(21, 24 * 9)), turned=st.booleans())
    def time_passes(self, hours: int, turned: bool) -> None:
        later = self.now + timedelta(hours=hours)
        if later.date() != self.now.date():
            self.stage.done["day passed"] += 1
            self.remember()
        self.move_to(later)
        self.forget()
        if turned:
            self.turn_the_day()

    @rule(nights=st.integers(1, 3))
    def a_night_passes(self, nights: int) -> None:
        self.time_passes(hours=24 * nights, turned=True)

    @rule()
    def turn_the_day(self) -> None:
        before = RegisterDay.current()
        assert self.program(lambda: sums.turn_day(self.today)) is (before < self.today)
        assert RegisterDay.current() == self.today

    @rule(size=st.integers(1, 40), batches=st.integers(1, 3))
    def fold_some(self, size: int, batches: int) -> None:
        """A worker takes a few batches and is gone; what it took is counted, the rest waits."""
        waiting = PendingFold.objects.count()
        with mock.patch.object(sums, "BATCH", size), only(batches):
            self.program(lambda: died(sums.fold))
        assert PendingFold.objects.count() < waiting or waiting == 0

    @rule(order=st.integers(0, 5))
    def fold_out_of_order(self, order: int) -> None:
        """What was committed late is folded late: the rows of one institution, whichever."""
        waiting = StatusChange.objects.filter(pk__in=PendingFold.objects.values("pk")).order_by("pk")
        schools = sorted(set(waiting.values_list("institution", flat=True)))
        if schools:
            chosen = waiting.filter(institution=schools[order % len(schools)])
            batch = list(chosen.values_list("pk", flat=True))
            with mock.patch.object(sums, "_next_batch", side_effect=[batch, []]):
                assert self.program(sums.fold) == len(batch)

    @rule()
    def fold_killed_in_the_middle(self) -> None:
        """Killed within its transaction, the fold has done nothing."""
        before = self.tables
        with mock.patch.object(sums, "_add_to_totals", side_effect=Killed):
            self.program(lambda: died(sums.fold))
        assert self.tables == before

    @rule()
    def fold_all(self) -> None:
        waiting = PendingFold.objects.count()
        assert self.program(sums.fold) == waiting

    @rule()
    def seal(self) -> None:
        self.program(lambda: seals.seal_days(self.now))
        if StatusChange.objects.exists():
            newest = DailySeal.objects.order_by("-day").first()
            assert newest is None or newest.day < self.today

    @rule()
    def rebuild(self) -> None:
        self.program(sums.rebuild)


@contextmanager
def only(batches: int) -> Iterator[None]:
    """The worker is killed when it wants one batch more."""
    next_batch = sums._next_batch
    taken = 0

    def counted() -> list[int]:
        nonlocal taken
        if taken == batches:
            raise Killed
        taken += 1
        return next_batch()

    with mock.patch.object(sums, "_next_batch", counted):
        yield


def died(work: Callable[[], object]) -> None:
    with suppress(Killed):
        work()
