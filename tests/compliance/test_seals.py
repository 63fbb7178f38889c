"""Daily seals: one root a day over the ends of all chains, which nobody adds to later."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction

from compliance import books, periods, seals
from compliance.ledger import chain
from compliance.ledger.chain import Chain
from compliance.models import DailySeal, LedgerHead, StatusChange
from compliance.seals import BrokenSeal, Proof, SealFault
from compliance.tasks import seal_days
from institutions.clock import first_moment
from tests.constraints import broken
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import InstitutionFactory

DAY = timedelta(days=1)
TODAY = date(2026, 5, 20)


def noon(day: date) -> datetime:
    return first_moment(day) + timedelta(hours=12)


@pytest.fixture
def ledger(fixed_now, order, places) -> list[int]:
    """Two schools: one entered on 14 May, the other on the 16th, with an answer approved on the 18th."""
    one = InstitutionFactory(locality=places.district, now=noon(date(2026, 5, 14)))
    other = InstitutionFactory(locality=places.city, now=noon(date(2026, 5, 16)))
    EntryFactory(item=ItemFactory(institution=other), approved=True, now=noon(date(2026, 5, 18)))
    return [one.pk, other.pk]


def said() -> list[tuple[date, int, int]]:
    return list(DailySeal.objects.order_by("day").values_list("day", "institutions", "rows"))


def proved(**kept: str) -> BrokenSeal | None:
    proof = Proof(DailySeal.objects.all())
    for followed in chain.follow():
        proof.show(followed)
    return proof.broken({date.fromisoformat(day): root for day, root in kept.items()})


def test_every_day_that_is_over_is_sealed_from_the_first_row_on(ledger, fixed_now):
    of_one, of_both = (StatusChange.objects.filter(recorded_on__lte=date(2026, 5, day)).count() for day in (14, 16))
    assert seals.seal_days(fixed_now) == 6
    assert said() == [
        (date(2026, 5, 14), 1, of_one),
        (date(2026, 5, 15), 1, of_one),
        (date(2026, 5, 16), 2, of_both),
        (date(2026, 5, 17), 2, of_both),
        (date(2026, 5, 18), 2, of_both + 1),
        (date(2026, 5, 19), 2, of_both + 1),
    ]
    assert proved() is None


def test_a_history_that_came_in_at_once_gets_the_seals_that_its_days_would_have_got(ledger, fixed_now):
    made = []
    for seal in (seals.seal_days, seals.seal_history):
        with transaction.atomic():
            assert seal(fixed_now) == 6
            made.append(list(DailySeal.objects.order_by("day").values("day", "institutions", "rows", "heads", "root")))
            assert seals.seal_history(fixed_now) == seals.seal_days(fixed_now) == 0
            transaction.set_rollback(True)
    assert made[0] == made[1]


def test_a_root_is_made_of_the_sorted_heads_and_of_the_root_before(ledger, fixed_now):
    seals.seal_days(fixed_now)
    before, last = DailySeal.objects.order_by("day").reverse()[:2][::-1]
    heads = sorted(LedgerHead.objects.values_list("institution__bin", "length", "hash"))
    text = "".join(f"{bin_number}:{length}:{digest}\n" for bin_number, length, digest in heads)
    assert last.heads == hashlib.sha256(text.encode()).hexdigest()
    told = f"{before.root}|2026-05-19|2|{last.rows}|{last.heads}"
    assert last.root == hashlib.sha256(told.encode()).hexdigest()


def test_what_is_sealed_already_is_left_as_it_is(ledger, fixed_now):
    seals.seal_days(fixed_now)
    before = list(DailySeal.objects.order_by("day").values())
    assert seals.seal_days(fixed_now) == 0
    assert seals.seal_days(fixed_now + DAY) == 1
    assert list(DailySeal.objects.order_by("day").values())[:-1] == before


def test_a_seal_made_day_by_day_is_that_of_a_catch_up(ledger, fixed_now, append_only_lifted):
    for day in range(15, 21):
        assert seals.seal_days(noon(date(2026, 5, day))) == 1
    daily = list(DailySeal.objects.order_by("day").values_list("day", "heads", "root"))
    DailySeal.objects.all().delete()
    seals.seal_days(fixed_now)
    assert list(DailySeal.objects.order_by("day").values_list("day", "heads", "root")) == daily


def test_nothing_is_sealed_where_nothing_is_recorded(order, fixed_now):
    assert seals.seal_days(fixed_now) == 0
    InstitutionFactory(locality__region__sort_order=1, now=fixed_now)  # today is not over
    assert (seals.seal_days(fixed_now), said()) == (0, [])


def test_a_day_is_over_at_midnight_in_almaty(ledger):
    last_moment = datetime(2026, 5, 20, 18, 59, 59, tzinfo=UTC)
    seals.seal_days(last_moment)
    assert DailySeal.objects.count() == 6
    assert seals.seal_days(last_moment + timedelta(seconds=1)) == 1


def test_who_began_before_midnight_is_known_the_day_after_once_the_day_is_sealed(ledger, fixed_now, db):
    seals.seal_days(fixed_now)
    late = noon(date(2026, 5, 19))
    assert books.knowledge_day(late) == TODAY
    EntryFactory(item=ItemFactory(institution_id=ledger[0], institution=LedgerHead.objects.first().institution),
                 approved=True, now=late)  # fmt: skip
    assert StatusChange.objects.order_by("-pk").first().recorded_on == TODAY
    assert proved() is None


def test_what_counts_as_known_tomorrow_is_in_tomorrows_seal(ledger, order, fixed_now):
    periods.close_period(order.period("2026Q1"), by=None, now=fixed_now)
    EntryFactory(item=ItemFactory(institution=LedgerHead.objects.first().institution), approved=True, now=fixed_now)
    rows = StatusChange.objects.count()
    seals.seal_days(fixed_now + 2 * DAY)
    assert [(day, known) for day, _count, known in said()[-2:]] == [(TODAY, rows - 1), (TODAY + DAY, rows)]
    assert proved() is None


def test_latest_is_the_newest_seal_of_the_day_or_before(ledger, fixed_now):
    assert seals.latest(TODAY) is None
    seals.seal_days(fixed_now)
    assert [getattr(seals.latest(date(2026, 5, day)), "day", None) for day in (13, 14, 17, 25)] == [
        None, date(2026, 5, 14), date(2026, 5, 17), date(2026, 5, 19),
    ]  # fmt: skip


def test_the_task_seals_by_the_clock(ledger):
    seal_days()
    assert DailySeal.objects.count() == 6


# --- proving ---------------------------------------------------------------------------------------


def forge(institution: int) -> None:
    """Rewrite the last row of a chain and everything that hangs on it, as somebody with the database could."""
    row = StatusChange.objects.filter(institution=institution).select_related("cell", "institution").last()
    before = StatusChange.objects.filter(institution=institution, seq=row.seq - 1).get()
    forged = Chain(row.institution.bin, before.seq, before.hash).add(
        row.cell.key, f"{row.from_status}:{row.from_learners}" if row.from_status else "-",
        f"not_met:{row.to_learners}", row.effective_on, row.recorded_at, row.recorded_on, row.cause, row.cause_ref,
    )  # fmt: skip
    StatusChange.objects.filter(pk=row.pk).update(to_status="not_met", hash=forged[1])
    LedgerHead.objects.filter(pk=institution).update(hash=forged[1])


@pytest.mark.parametrize(("which", "day"), [(0, 14), (1, 18)])
def test_a_chain_forged_to_its_end_gives_another_root(ledger, fixed_now, append_only_lifted, which, day):
    seals.seal_days(fixed_now)
    forge(ledger[which])
    assert list(chain.broken_chains()) == []
    found = proved()
    assert (found.day, found.fault) == (date(2026, 5, day), SealFault.HEADS)
    assert found.expected == DailySeal.objects.get(day=found.day).heads != found.found


def test_a_chain_that_is_gone_altogether_gives_another_root(ledger, fixed_now, append_only_lifted):
    seals.seal_days(fixed_now)
    LedgerHead.objects.filter(pk=ledger[1]).delete()
    with append_only_rows_deleted(ledger[1]):
        assert proved().day == date(2026, 5, 16)


def append_only_rows_deleted(institution: int):
    from contextlib import contextmanager

    from compliance.models import PendingFold

    @contextmanager
    def deleted():
        PendingFold.objects.all().delete()
        StatusChange.objects.filter(institution=institution).delete()
        yield

    return deleted()


def test_a_row_put_back_to_a_day_on_which_nothing_was_recorded_is_found(ledger, fixed_now, append_only_lifted):
    seals.seal_days(fixed_now)
    last = StatusChange.objects.order_by("-pk").first()
    StatusChange.objects.filter(pk=last.pk).update(recorded_on=date(2026, 5, 17))
    assert (proved().day, proved().fault) == (date(2026, 5, 17), SealFault.HEADS)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"root": "0" * 64}, SealFault.ROOT),
        ({"heads": "0" * 64}, SealFault.ROOT),
        ({"rows": 7}, SealFault.ROOT),
        (None, SealFault.MISSING),
    ],
)
def test_a_seal_that_was_changed_or_taken_away_is_named(ledger, fixed_now, append_only_lifted, change, fault):
    seals.seal_days(fixed_now)
    seal = DailySeal.objects.filter(day=date(2026, 5, 16))
    if change is None:
        seal.delete()
    else:
        seal.update(**change)
    assert (proved().day, proved().fault) == (date(2026, 5, 16), fault)


def test_roots_kept_elsewhere_find_seals_that_were_made_anew(ledger, fixed_now, append_only_lifted):
    seals.seal_days(fixed_now)
    kept = seals.latest(TODAY).root
    assert proved(**{"2026-05-19": kept}) is None
    forge(ledger[0])
    DailySeal.objects.all().delete()
    seals.seal_days(fixed_now)
    assert proved() is None
    found = proved(**{"2026-05-19": kept})
    assert (found.day, found.fault, found.expected) == (date(2026, 5, 19), SealFault.ANOTHER, kept)
    assert proved(**{"2026-05-25": kept}) == BrokenSeal(date(2026, 5, 25), SealFault.MISSING, kept, "")


def test_seal_rows_for_each_institution(db, fixed_now):
    with broken("seal_rows_for_each_institution"):
        DailySeal.objects.create(day=TODAY, institutions=2, rows=1, heads="0", root="0", sealed_at=fixed_now)
    with broken("seal_rows_for_each_institution"):
        DailySeal.objects.create(day=TODAY, institutions=0, rows=0, heads="0", root="0", sealed_at=fixed_now)
