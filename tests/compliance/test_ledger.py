"""The only writer of the ledger: rows, chains, locks, and whole registers at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance import books, enrolment, ledger, timeline, workflow
from compliance.duties import Book, DatedState
from compliance.enums import Cause, Measure, ReturnReason, Status
from compliance.ledger import chain
from compliance.models import (
    Applicability,
    Batch,
    ChecklistItem,
    LedgerHead,
    PendingFold,
    RegisterDay,
    Requirement,
    StatusChange,
    StatusEntry,
)
from compliance.timeline import Answer, StateSpan
from institutions import registry
from institutions.bin import synthetic_bin
from institutions.clock import local_day
from institutions.enums import Kind, Lifecycle, Ownership, SettlementClass
from institutions.models import Institution, InstitutionState, User
from institutions.registry import name_keys
from reporting import sums
from reporting.models import COUNT_FIELDS, CoverageTotal
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import InstitutionFactory, UserFactory

ALMATY = ZoneInfo("Asia/Almaty")
DAY = timedelta(days=1)


def rows_of(item: ChecklistItem) -> list[tuple[Any, ...]]:
    """What the ledger says of an item: status from → to, day, cause."""
    rows = StatusChange.objects.filter(item=item).order_by("seq")
    return list(rows.values_list("from_status", "to_status", "effective_on", "cause"))


@pytest.fixture
def item(fixed_now, order, places) -> ChecklistItem:
    return ItemFactory(institution__locality=places.district, institution__since=date(2024, 9, 1))


def test_a_new_institution_enters_the_ledger_with_every_item_of_its_list(item):
    assert rows_of(item) == [(None, "unknown", date(2024, 9, 1), "opened")]
    head = LedgerHead.objects.get()
    assert head.length == StatusChange.objects.count() == PendingFold.objects.count()
    assert ChecklistItem.objects.filter(listed=True).count() > 40


def test_an_approval_is_a_row_and_its_end_another(item):
    EntryFactory(item=item, approved=True, effective_on=date(2026, 5, 1), valid_until=date(2026, 8, 31))
    assert rows_of(item)[1:] == [
        ("unknown", "met", date(2026, 5, 1), "decision"),
        ("met", "not_met", date(2026, 9, 1), "expiry"),
    ]


def test_a_backdated_answer_mends_every_later_day_that_it_alters(item):
    EntryFactory(item=item, approved=True, effective_on=date(2026, 5, 1), valid_until=date(2026, 8, 31))
    EntryFactory(
        item=item,
        approved=True,
        status=Status.PARTLY_MET,
        effective_on=date(2026, 1, 1),
        valid_until=date(2026, 3, 31),
    )
    assert rows_of(item)[3:] == [
        ("unknown", "partly_met", date(2026, 1, 1), "decision"),
        ("partly_met", "not_met", date(2026, 4, 1), "expiry"),
        ("not_met", "unknown", date(2026, 5, 1), "correction"),  # so that not_met → met
    ]


def test_a_revocation_takes_its_rows_back(item):
    entry = EntryFactory(item=item, approved=True, effective_on=date(2026, 5, 1), valid_until=date(2026, 8, 31))
    workflow.revoke(entry, by=UserFactory(), now=entry.decided_at, note="Қате")
    assert rows_of(item)[3:] == [
        ("met", "unknown", date(2026, 5, 1), "revocation"),
        ("not_met", "met", date(2026, 9, 1), "correction"),
    ]
    item.refresh_from_db()
    assert (item.status, item.valid_until, item.version) == (Status.UNKNOWN, None, 2)


def test_standings_are_those_of_a_day_as_they_were_known_on_another(fixed_now, item):
    pk = item.requirement_id
    entry = EntryFactory(item=item, approved=True, effective_on=date(2026, 5, 1), valid_until=date(2026, 8, 31))
    later = fixed_now + timedelta(days=3)
    days = (date(2024, 8, 31), date(2026, 4, 30), date(2026, 5, 1), date(2026, 9, 1))

    def statuses(known_on: date | None = None) -> list[str | None]:
        found = (ledger.standings(item.institution, as_of=day, known_on=known_on).get(pk) for day in days)
        return [standing and standing.status for standing in found]

    assert statuses() == [None, "unknown", "met", "not_met"]
    workflow.revoke(entry, by=UserFactory(), now=later, note="Қате")
    assert statuses() == [None, "unknown", "unknown", "unknown"]
    assert statuses(local_day(fixed_now)) == [None, "unknown", "met", "not_met"]
    known = [list(StatusEntry.objects.known_at(moment)) for moment in (None, fixed_now, later)]
    assert known == [[], [entry], []]


def test_a_move_is_two_rows_with_one_cause(fixed_now, item, places):
    enrolment.change_institution(
        item.institution,
        since=date(2026, 2, 1),
        by=None,
        now=fixed_now,
        locality=places.city,
        settlement=places.city_settlement,
        settlement_class="regional_city",
        large_city=places.large_city,
    )
    rows = StatusChange.objects.filter(item=item, effective_on=date(2026, 2, 1)).select_related("cell")
    assert [(row.from_status, row.to_status, row.cell.locality, row.cause) for row in rows] == [
        (None, "unknown", places.city, "changed"),
        ("unknown", None, places.district, "changed"),
    ]
    assert len({row.cause_ref for row in rows}) == 1


def test_nothing_new_writes_nothing(fixed_now, item):
    before = StatusChange.objects.count()
    assert ledger.sync(item.institution, cause=Cause.CHANGED, ref="state:1", now=fixed_now) == []
    assert StatusChange.objects.count() == before


def test_a_clock_that_goes_back_does_not_turn_the_chain(fixed_now, item):
    EntryFactory(item=item, approved=True, effective_on=date(2026, 4, 1), now=fixed_now - 5 * DAY)
    moments = StatusChange.objects.order_by("seq").values_list("recorded_at", flat=True)
    assert list(moments) == sorted(moments)


def test_an_item_is_claimed_once_for_a_version(item):
    ledger.claim(item, at_version=0)
    with pytest.raises(ledger.StaleItem):
        ledger.claim(item, at_version=0)
    ledger.claim(item, at_version=1)


@pytest.mark.django_db(transaction=True)
def test_the_books_are_shared_in_a_transaction_alone():
    with pytest.raises(RuntimeError):
        books.share()
    with transaction.atomic():
        books.share()
        books.seize()


# --- chains ---------------------------------------------------------------------------------------

TAMPERED = {
    "to_status": "met",
    "to_learners": 1,
    "effective_on": date(2020, 1, 1),
    "recorded_on": date(2020, 1, 1),
    "recorded_at": datetime(2020, 1, 1, tzinfo=ALMATY),
    "cause": "batch",
    "cause_ref": "state:999",
    "hash": "0" * 64,
    "seq": 999,
}


@pytest.mark.parametrize("field", TAMPERED)
def test_a_row_that_was_rewritten_is_found(item, append_only_lifted, field):
    assert list(ledger.broken_chains()) == []
    row = StatusChange.objects.get(seq=7)
    StatusChange.objects.filter(pk=row.pk).update(**{field: TAMPERED[field]})
    # Without the seventh, the eighth does not follow.
    assert list(ledger.broken_chains()) == [(item.institution_id, 8 if field == "seq" else 7)]


@pytest.mark.parametrize("seq", [7, "last"])
@pytest.mark.parametrize(
    ("change", "fault"),
    [({"to_status": "met"}, "content"), ({"hash": "0" * 64}, "hash"), ({"hash": "0", "cause": "batch"}, "unclear")],
)
def test_a_break_tells_whether_the_row_or_its_hash_was_rewritten(item, append_only_lifted, seq, change, fault):
    seq = LedgerHead.objects.get().length if seq == "last" else seq
    row = StatusChange.objects.get(seq=seq)
    StatusChange.objects.filter(pk=row.pk).update(**change)
    (followed,) = chain.follow()
    assert (followed.rows, followed.broken.row, followed.broken.seq, followed.broken.fault) == (
        LedgerHead.objects.get().length,
        row.pk,
        seq,
        fault,
    )


def test_a_row_in_whose_place_two_things_were_changed_does_not_tell_what_it_said(item, append_only_lifted):
    StatusChange.objects.filter(seq=7).update(to_status="met", cause="batch")
    (followed,) = chain.follow()
    assert chain.changed_field(followed.broken) is None


def test_a_row_put_into_another_cell_is_found(item, append_only_lifted):
    one, other = StatusChange.objects.order_by("seq")[:2]
    StatusChange.objects.filter(pk=one.pk).update(cell=other.cell)
    assert list(ledger.broken_chains()) == [(item.institution_id, 1)]


@pytest.mark.parametrize("seq", [1, 20, "last"])
def test_a_row_that_was_deleted_is_found(item, append_only_lifted, seq):
    last = LedgerHead.objects.get().length
    seq = last if seq == "last" else seq
    PendingFold.objects.all().delete()
    StatusChange.objects.filter(seq=seq).delete()
    # The next row does not follow; behind the last one the head misses it.
    assert list(ledger.broken_chains()) == [(item.institution_id, last if seq == last else seq + 1)]


def test_one_broken_chain_says_nothing_of_the_others(item, places, append_only_lifted):
    other = InstitutionFactory(locality=places.city)
    StatusChange.objects.filter(institution=item.institution, seq=1).update(cause="batch")
    assert list(ledger.broken_chains()) == [(item.institution_id, 1)]
    assert list(ledger.broken_chains([other.pk])) == []


def test_ledger_seq_once(item):
    row = StatusChange.objects.first()
    row.pk = None
    with pytest.raises(IntegrityError, match="ledger_seq_once|statuschange.institution_id"), transaction.atomic():
        row.save(force_insert=True)


def test_ledger_row_moves(item):
    row = StatusChange.objects.first()
    row.pk, row.seq, row.from_status, row.to_status = None, 9_999, None, None
    with pytest.raises(IntegrityError, match="ledger_row_moves"), transaction.atomic():
        row.save(force_insert=True)


# --- a register at once -----------------------------------------------------------------------------

MOMENTS = [
    datetime(2024, 9, 2, 10, 0, tzinfo=ALMATY),
    datetime(2025, 3, 3, 10, 0, tzinfo=ALMATY),
    datetime(2025, 11, 5, 10, 0, tzinfo=ALMATY),
    datetime(2026, 8, 20, 10, 0, tzinfo=ALMATY),  # the new edition is in force
]
# For each batch: (number of the institution, number of the requirement, answer).
Given = list[tuple[int, int, int, Answer]]


def schools(places: Any) -> list[dict[str, Any]]:
    common = {"name_kk": "Мектеп", "name_ru": "Школа", "kind": Kind.SCHOOL, "ownership": Ownership.STATE}
    return [
        common | {"bin": synthetic_bin(900_001), "locality": places.capital_district, "learners": 800, "staff": 60,
                  "settlement_class": SettlementClass.REPUBLICAN_CITY, "large_city": places.capital_city},
        common | {"bin": synthetic_bin(900_002), "locality": places.district, "settlement": places.village,
                  "settlement_class": SettlementClass.VILLAGE, "learners": 80, "staff": 12, "kind": Kind.KINDERGARTEN},
        common | {"bin": synthetic_bin(900_003), "locality": places.city, "settlement": places.city_settlement,
                  "settlement_class": SettlementClass.REGIONAL_CITY, "large_city": places.large_city,
                  "learners": 400, "staff": 40, "ownership": Ownership.PRIVATE},
    ]  # fmt: skip


SINCE = [date(2022, 4, 16), date(2010, 9, 1), date(2024, 8, 1)]


def requirement_keys() -> list[int]:
    """Those that hang together most: the measures, and what follows the guard contract."""
    rows = Requirement.objects.all()
    return [row.pk for row in rows if row.measure or "guard_contract" in row.applies]


def one_by_one(places: Any, given: Given) -> Given:
    """Enter schools and answers by the verbs; return the answers that were taken."""
    author, decider = UserFactory.create_batch(2)
    RegisterDay.objects.update(day=local_day(MOMENTS[0]))
    institutions = []
    for fields, since in zip(schools(places), SINCE, strict=True):
        institution = Institution(**fields)
        enrolment.open_institution(institution, since=since, by=None, now=MOMENTS[0])
        institutions.append(institution)
    taken = []
    keys = requirement_keys()
    for number, moment in enumerate(MOMENTS):
        sums.turn_day(local_day(moment))
        for batch, school, requirement, answer in given:
            if batch != number:
                continue
            item = ChecklistItem.objects.filter(
                institution=institutions[school], requirement=keys[requirement], listed=True
            ).first()
            if item is None or answer.effective_on > local_day(moment):
                continue
            data = workflow.AnswerData(Status(answer.status), answer.effective_on, answer.valid_until)
            entry = workflow.save_draft(item, data, by=author, now=moment)
            workflow.submit(entry, by=author, now=moment)
            workflow.approve(entry, by=decider, now=moment, shown=entry.content_hash)
            taken.append((batch, school, requirement, answer))
    return taken


def at_once(places: Any, given: Given) -> int:
    """The same with `record_many`."""
    RegisterDay.objects.update(day=local_day(MOMENTS[-1]))
    batches = [Batch.objects.create(title=str(number), recorded_at=moment) for number, moment in enumerate(MOMENTS)]
    keys = requirement_keys()
    openings = []
    for number, (fields, since) in enumerate(zip(schools(places), SINCE, strict=True)):
        institution = Institution(**fields)
        name_keys(institution)
        institution.save()
        state_fields = {name: value for name, value in fields.items() if name not in ("bin", "name_kk", "name_ru")}
        state = InstitutionState.objects.create(
            institution=institution, valid_from=since, recorded_at=MOMENTS[0], **state_fields
        )
        answers: dict[int, list[tuple[int, Answer]]] = defaultdict(list)
        for batch, school, requirement, answer in given:
            if school == number:
                answers[keys[requirement]].append((batch, answer))
        openings.append(
            ledger.Opening(institution.pk, institution.bin, [DatedState.of(state, state.valid_from, None)], answers)
        )
    return ledger.record_many(openings, batches=batches)


def outcome() -> dict[str, Any]:
    """Everything that must come out the same, by natural keys."""
    sums.fold()
    assert list(sums.drift()) == []
    assert list(ledger.broken_chains()) == []
    rows: dict[Any, list[Any]] = defaultdict(list)
    for row in StatusChange.objects.select_related("item__institution", "item__requirement", "cell"):
        before = row.from_status and timeline.Standing(row.cell.key, row.from_status, row.from_learners)
        after = row.to_status and timeline.Standing(row.cell.key, row.to_status, row.to_learners)
        rows[row.item.institution.bin, row.item.requirement.code].append((row.effective_on, before, after))
    timelines = {
        key: [(segment.day, segment.standing) for segment in timeline.recorded(found)] for key, found in rows.items()
    }
    items = ChecklistItem.objects.values_list(
        "institution__bin", "requirement__code", "listed", "obliged", "status", "valid_until", "version"
    )
    return {
        "timelines": {key: found for key, found in timelines.items() if found},
        # What turned out never to have stood on the list may be left behind by those who entered it first.
        "items": sorted((item for item in items if item[2] or timelines.get(item[:2])), key=str),
        "spans": sorted(
            Applicability.objects.values_list(
                "item__institution__bin", "item__requirement__code", "valid_from", "valid_to", "obliged", "basis"
            ),
            key=str,
        ),
        "entries": sorted(
            StatusEntry.objects.values_list(
                "item__institution__bin", "item__requirement__code", "status", "effective_on", "valid_until", "state",
                "content_hash", "item_version",
            ),
            key=str,
        ),
        "totals": sorted(
            row for row in CoverageTotal.objects.values_list("cell__key", *COUNT_FIELDS) if any(row[1:])
        ),
    }  # fmt: skip


def same_both_ways(places: Any, given: Given) -> None:
    with transaction.atomic():
        taken = one_by_one(places, given)
        expected = outcome()
        transaction.set_rollback(True)
    with transaction.atomic():
        rows = at_once(places, taken)
        assert rows == StatusChange.objects.count()
        assert outcome() == expected
        transaction.set_rollback(True)


answers = st.builds(
    lambda since, lasts, status: Answer(since, None if lasts is None else since + lasts * DAY, status),
    st.dates(date(2024, 1, 1), date(2026, 8, 1)),
    st.one_of(st.none(), st.integers(0, 500)),
    st.sampled_from(["met", "partly_met", "not_met"]),
)


@pytest.mark.slow
def test_a_register_recorded_at_once_is_as_if_entered_one_by_one(order, places):
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 8), answers), max_size=12))
    def whatever_is_answered(given: Given) -> None:
        same_both_ways(places, sorted(given, key=lambda each: each[0]))

    whatever_is_answered()


def test_a_contract_that_turns_out_never_to_have_been_leaves_what_was_answered_under_it(order, places):
    keys = requirement_keys()
    contract = keys.index(Requirement.objects.get(measure=Measure.LICENSED_GUARD).pk)
    under_it = keys.index(Requirement.objects.filter(applies="if:guard_contract").first().pk)
    since = SINCE[0]
    same_both_ways(
        places,
        [
            (1, 0, contract, Answer(since, None, "met")),
            (1, 0, under_it, Answer(date(2025, 1, 1), None, "met")),
            (2, 0, contract, Answer(since, None, "not_met")),
        ],
    )


def test_batches_are_recorded_in_the_order_of_their_moments(order):
    batches = [Batch(title="", recorded_at=moment) for moment in reversed(MOMENTS)]
    with pytest.raises(ValueError, match="order"):
        ledger.record_many([], batches=batches)


def test_the_order_in_which_institutions_are_recorded_changes_no_row(order, places):
    """Their shapes are computed once for many; what the ledger says of one must not depend on who came first."""

    def rows(openings: Iterable[int]) -> dict[str, str]:
        with transaction.atomic():
            RegisterDay.objects.update(day=local_day(MOMENTS[-1]))
            batches = [Batch.objects.create(pk=1, title="", recorded_at=MOMENTS[0])]
            made = []
            for number in openings:
                # One was open before the Order, one since its first day.
                since = [date(2010, 1, 1), date(2022, 4, 16)][number]
                institution = InstitutionFactory(
                    bin=synthetic_bin(910_000 + number), locality=places.district, since=since, listed=False
                )
                state = DatedState.of(institution.states.get(), since, None)
                made.append(ledger.Opening(institution.pk, institution.bin, [state], {}))
            ledger.record_many(made, batches=batches, book=Book.read())
            heads = dict(LedgerHead.objects.values_list("institution__bin", "hash"))
            transaction.set_rollback(True)
        return heads

    assert rows([0, 1]) == rows([1, 0])


def test_an_institution_that_is_in_the_ledger_already_is_not_recorded_again(fixed_now, item):
    state = DatedState.of(item.institution.states.get(), date(2024, 9, 1), None)
    batch = Batch.objects.create(title="", recorded_at=fixed_now)
    opening = ledger.Opening(item.institution_id, item.institution.bin, [state], {})
    before = StatusChange.objects.count()
    with pytest.raises(IntegrityError), transaction.atomic():
        ledger.record_many([opening], batches=[batch])
    assert StatusChange.objects.count() == before


def test_an_institution_that_never_opened_has_no_rows(order, places, fixed_now):
    institution = InstitutionFactory(locality=places.district, lifecycle=Lifecycle.CLOSED)
    assert not StatusChange.objects.exists()
    assert not ChecklistItem.objects.filter(institution=institution, listed=True).exists()
    assert list(ledger.broken_chains()) == []
    assert isinstance(DatedState.of(institution, date(2022, 1, 1), None).span, StateSpan)


def test_an_answer_from_before_the_institution_opened_is_recorded_alike(order, places):
    same_both_ways(places, [(0, 2, 0, Answer(date(2024, 1, 1), None, "met"))])


# --- sittings: what people decided --------------------------------------------------------------------


def sat_one_by_one(places: Any, moments: list[datetime], people: tuple[int, int]) -> None:
    """A school enters, answers (one comes back and is mended), gets more learners, moves, and closes; by the verbs."""
    author, decider = User.objects.get(pk=people[0]), User.objects.get(pk=people[1])
    RegisterDay.objects.update(day=local_day(moments[-1]))
    fields = schools(places)[0]
    school = enrolment.open_institution(Institution(**fields), since=SINCE[0], by=None, now=moments[0])
    for number, code, answer, outcome_of in DECIDED:
        item = ChecklistItem.objects.get(institution=school, requirement__code=code)
        came_back = StatusEntry.objects.filter(item=item, state="returned", effective_on=answer.effective_on).first()
        data = workflow.AnswerData(Status(answer.status), answer.effective_on, answer.valid_until)
        entry = workflow.save_draft(item, data, by=author, now=moments[number], continues=came_back)
        workflow.submit(entry, by=author, now=moments[number])
        if outcome_of == "returned":
            workflow.return_entry(
                entry, by=decider, now=moments[number], shown=entry.content_hash, reason=ReturnReason.OTHER, note="Қате"
            )
        else:
            workflow.approve(entry, by=decider, now=moments[number], shown=entry.content_hash)
    for number, (since, changes) in CHANGED.items():
        enrolment.change_institution(school, since=since, by=None, now=moments[number], **changes(places))


DECIDED = [
    (1, "GRD-CONTRACT", Answer(date(2024, 9, 1), date(2025, 8, 31), "met"), "approved"),
    (2, "CCTV", Answer(date(2024, 9, 5), None, "met"), "returned"),
    (3, "CCTV", Answer(date(2024, 9, 5), None, "met"), "approved"),
    (3, "MAINT", Answer(date(2024, 9, 6), date(2025, 2, 1), "met"), "approved"),
    (4, "PANIC", Answer(date(2024, 9, 1), None, "met"), "approved"),  # known long after its day
    (6, "GRD-CONTRACT", Answer(date(2025, 9, 4), date(2026, 10, 1), "met"), "approved"),  # renewed too late
]
CHANGED = {
    7: (date(2025, 9, 1), lambda places: {"learners": 900}),
    8: (
        date(2025, 11, 1),
        lambda places: {
            "locality": places.district,
            "settlement": places.village,
            "settlement_class": places.village.settlement_class,
            "large_city": None,
        },
    ),
    9: (date(2026, 1, 5), lambda places: {"lifecycle": Lifecycle.CLOSED}),
}


def sat_at_once(places: Any, moments: list[datetime], people: tuple[int, int]) -> None:
    """The same with `record_many`."""
    RegisterDay.objects.update(day=local_day(moments[-1]))
    school = Institution(**schools(places)[0])
    registry.open_institution(school, since=SINCE[0], by=None, now=moments[0])
    known = list(school.states.all())
    changes = {0: ledger.Change(dated(school), Cause.OPENED, f"state:{known[0].pk}")}
    for number, (since, changed) in CHANGED.items():
        state = registry.change_state(school, since=since, by=None, now=moments[number], **changed(places))
        cause = Cause.CLOSED if number == 9 else Cause.CHANGED
        changes[number] = ledger.Change(dated(school), cause, f"state:{state.pk}")
    keys = dict(Requirement.objects.values_list("code", "pk"))
    answers: dict[int, list[tuple[int, Answer]]] = defaultdict(list)
    returned: dict[int, list[ledger.Returned]] = defaultdict(list)
    for number, code, answer, outcome_of in DECIDED:
        if outcome_of == "returned":
            returned[keys[code]].append(ledger.Returned(number, answer, ReturnReason.OTHER, "Қате"))
        else:
            answers[keys[code]].append((number, answer))
    opening = ledger.Opening(
        school.pk, school.bin, changes[0].states, answers, changes, hands=ledger.Hands(*people), returned=returned
    )
    ledger.record_many([opening], batches=[ledger.Sitting(moment) for moment in moments], ahead=True)


def dated(school: Institution) -> list[DatedState]:
    return [DatedState.of(state, state.valid_from, state.valid_to) for state in school.states.order_by("valid_from")]


def linked_rows() -> list[Any]:
    """The ledger row by row, in the order of the chain, with what each is linked to by its natural key."""
    entries = {
        f"entry:{pk}": said
        for pk, *said in StatusEntry.objects.values_list("pk", "item__requirement__code", "effective_on")
    }
    states = {f"state:{pk}": day for pk, day in InstitutionState.objects.values_list("pk", "valid_from")}
    rows = StatusChange.objects.order_by("institution", "seq").values_list(
        "seq", "item__requirement__code", "cell__key", "from_status", "from_learners", "to_status", "to_learners",
        "effective_on", "recorded_at", "recorded_on", "cause", "cause_ref",
    )  # fmt: skip
    return [(*row[:-1], entries.get(row[-1]) or states[row[-1]]) for row in rows]


def hands_of_entries() -> list[Any]:
    entries = StatusEntry.objects.order_by("decided_at", "item__requirement__code")
    return list(
        entries.values_list(
            "item__requirement__code", "state", "decided_at", "author", "submitted_by", "decided_by", "return_reason",
            "decision_note", "continues__item__requirement__code", "batch",
        )
    )  # fmt: skip


def test_what_people_decided_at_sittings_comes_out_row_for_row_as_by_their_verbs(order, places):
    start = datetime(2024, 9, 10, 17, 0, tzinfo=ALMATY)
    moments = [start + timedelta(days=60 * number) for number in range(10)]
    people = tuple(user.pk for user in UserFactory.create_batch(2))
    found = []
    for way in (sat_one_by_one, sat_at_once):
        with transaction.atomic():
            way(places, moments, people)
            found.append((outcome(), linked_rows(), hands_of_entries()))
            transaction.set_rollback(True)
    assert found[0][1] == found[1][1]
    assert found[0][2] == found[1][2]
    assert found[0][0] == found[1][0]
    assert {row[10] for row in found[0][1]} >= {"opened", "decision", "expiry", "correction", "changed", "closed"}


def test_an_institution_that_enters_at_a_sitting_is_not_known_before(order, places, fixed_now):
    batch = Batch.objects.create(title="", recorded_at=MOMENTS[0])
    school = Institution(**schools(places)[0])
    state = registry.open_institution(school, since=date(2025, 9, 1), by=None, now=MOMENTS[2])
    opened = ledger.Change(dated(school), Cause.OPENED, f"state:{state.pk}")
    opening = ledger.Opening(school.pk, school.bin, opened.states, {}, {2: opened}, entered=2)
    ledger.record_many([opening], batches=[batch, ledger.Sitting(MOMENTS[1]), ledger.Sitting(MOMENTS[2])])
    rows = set(StatusChange.objects.values_list("recorded_at", "cause", "cause_ref"))
    assert rows == {(MOMENTS[2], "opened", f"state:{state.pk}")}
    assert list(ledger.broken_chains()) == []
