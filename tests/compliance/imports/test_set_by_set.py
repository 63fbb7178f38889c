"""What a list writes set by set is what its rows would write one after the other: every row of every table."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext

from compliance import enrolment, ledger, workflow, workflow_many
from compliance.enums import Measure, Status
from compliance.models import (
    Applicability,
    Cell,
    ChecklistItem,
    Evidence,
    LedgerHead,
    PendingFold,
    StatusChange,
    StatusEntry,
)
from compliance.workflow import AnswerData, DocumentReference
from institutions.enums import Lifecycle
from institutions.models import Institution, InstitutionState, Journal
from institutions.registry_many import Change
from reporting import sums
from tests.factories.compliance import EntryFactory, InspectionFactory, ItemFactory
from tests.factories.institutions import EditorFactory, InstitutionFactory

FIRST = date(2024, 9, 1)
PLACES = ("locality", "settlement", "large_city")
TABLES = (
    Institution, InstitutionState, ChecklistItem, Applicability, StatusEntry, Evidence, Cell, StatusChange, LedgerHead,
    PendingFold, Journal,
)  # fmt: skip


def everything(*without: str) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables that lists write; without the keys of spans, cells and journal, which say nothing."""
    found = {}
    for table in TABLES:
        names = [field.attname for field in table._meta.concrete_fields if field.attname not in without]
        if table in (Applicability, Cell, Journal):
            names = [name for name in names if name != "id"]
        if table is StatusChange:
            names[names.index("cell_id")] = "cell__key"
        rows = list(table._base_manager.order_by().values(*names))
        if table is Journal:
            rows = [row | {side: _without_places(row[side]) for side in ("before", "after")} for row in rows]
        found[table.__name__] = sorted(rows, key=repr)
    return found


def _without_places(said: dict[str, Any] | None) -> dict[str, Any] | None:
    """A page names places in the journal by their names, a list by their keys."""
    return said and {name: value for name, value in said.items() if name.removesuffix("_id") not in PLACES}


def outcome_of(write: Callable[[], object], *without: str) -> dict[str, list[dict[str, Any]]]:
    """Everything after `write`, which is then taken back: so that another way begins with the same keys."""

    reset_keys()
    with transaction.atomic():
        write()
        found = everything(*without)
        assert list(ledger.broken_chains()) == []
        transaction.set_rollback(True)
    return found


def reset_keys() -> None:
    """A transaction that is taken back leaves the database's sequences where they were then."""
    tables: list[type[models.Model]] = [*TABLES]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables):
            cursor.execute(statement)


def school_with_a_past(chance: random.Random, places: Any, now: Any) -> Institution:
    """A school with states, answers of which some end, a guard contract and findings, as it comes."""
    in_town = chance.random() < 0.5
    school = InstitutionFactory(
        locality=places.city if in_town else places.district,
        large_city=places.large_city if in_town else None,
        since=FIRST + timedelta(days=chance.randrange(3) * 100),
        learners=chance.choice([50, 50, 900]),
        facts=chance.choice([{}, {"leased": True}]),
    )
    measures = ChecklistItem.objects.filter(institution=school, listed=True, requirement__measure__isnull=False)
    for item in chance.sample(list(measures.order_by("requirement")), 2):
        day = date(2026, 1, 10) + timedelta(days=chance.randrange(3) * 30)
        until = chance.choice([None, date(2026, 8, 31), date(2026, 4, 30)])
        status = chance.choice([Status.MET, Status.NOT_MET, Status.PARTLY_MET])
        EntryFactory(item=item, approved=True, effective_on=day, valid_until=until, status=status, now=now)
        if chance.random() < 0.4:
            InspectionFactory(item=item, status=Status.NOT_MET, held_on=date(2026, 4, 20), now=now)
    if chance.random() < 0.3:
        enrolment.change_institution(school, since=date(2026, 2, 1), by=None, now=now, learners=321)
    return school


def change_of(chance: random.Random, school: Institution, places: Any) -> Change:
    village = {
        "locality_id": places.district.pk,
        "settlement_id": places.village.pk,
        "settlement_class": places.village.settlement_class,
        "large_city_id": None,
    }
    state = chance.choice(
        [
            {"learners": 999},
            {"learners": 999, "staff": 400},
            {"learners": 50},
            {"facts": {"leased": True, "has_grounds": False}},
            {"kind": "college"},
            {"lifecycle": Lifecycle.CLOSED.value},
            village,
            village | {"learners": 7, "ownership": "private"},
        ]
    )
    begins = school.states.earliest("valid_from").valid_from
    since = chance.choice([begins, date(2026, 1, 25), date(2026, 5, 1), date(2026, 5, 20)])
    return Change(school, max(begins, since), state)


@pytest.mark.parametrize("seed", range(6))
def test_changes_of_states_are_the_same_rows(fixed_now, order, places, seed):
    chance = random.Random(seed)  # noqa: S311 (repeatable)
    by = EditorFactory(region=places.region).user
    schools = [school_with_a_past(chance, places, fixed_now) for _number in range(8)]
    changes = [change_of(chance, school, places) for school in schools]
    moment = fixed_now + timedelta(hours=1)

    def one_by_one() -> None:
        for change in changes:
            school = Institution.objects.get(pk=change.institution.pk)
            by_name = {name.removesuffix("_id"): value for name, value in change.state.items()}
            if "locality" in by_name:
                by_name |= {"locality": places.district, "settlement": places.village}
            enrolment.change_institution(school, since=change.since, by=by, now=moment, reason="тізім.xlsx", **by_name)

    def at_once() -> None:
        fresh = Institution.objects.in_bulk([change.institution.pk for change in changes])
        enrolment.change_many(
            [Change(fresh[change.institution.pk], change.since, change.state) for change in changes],
            by=by,
            now=moment,
            reason="тізім.xlsx",
        )

    single, many = outcome_of(one_by_one), outcome_of(at_once)
    assert many["StatusChange"] == single["StatusChange"]
    assert many == single
    assert len(single["StatusChange"]) > len(everything()["StatusChange"])
    at_once()
    sums.fold()
    assert list(sums.drift()) == []


def test_answers_are_the_same_rows(fixed_now, order, places):
    by = EditorFactory(region=places.region).user
    items = [
        ItemFactory(institution=InstitutionFactory(locality=places.district), measure=measure)
        for measure in (Measure.CCTV_INSTALLED, Measure.CCTV_CONNECTED)
        for _number in range(5)
    ]
    held = DocumentReference("7", "ЖШС", date(2026, 4, 1), date(2027, 1, 1))
    ended = DocumentReference("8", "ЖШС", date(2025, 4, 1), date(2026, 1, 1))
    known = DocumentReference("9", "ЖШС", date(2026, 4, 1))
    for _twice in range(2):
        workflow.submit(
            workflow.save_draft(
                ItemFactory(institution=InstitutionFactory(locality=places.district), measure=Measure.CCTV_INSTALLED),
                AnswerData(Status.MET, date(2026, 5, 1), document=known),
                by=by,
                now=fixed_now,
            ),
            by=by,
            now=fixed_now,
        )
    EntryFactory(item=items[4], submitted=True, now=fixed_now)
    said = [
        AnswerData(Status.MET, date(2026, 5, 1), None, "Орнатылды", held),
        AnswerData(Status.NOT_MET, date(2026, 5, 2), document=held),
        AnswerData(Status.PARTLY_MET, date(2026, 5, 3), date(2026, 12, 31), document=ended),
        AnswerData(Status.MET, date(2026, 5, 4), document=ended),
        AnswerData(Status.MET, date(2026, 5, 5), document=held),  # another answer waits
        AnswerData(Status.NOT_APPLICABLE, date(2026, 5, 6), date(2026, 12, 31), "жөндеу"),  # never of a measure
        AnswerData(Status.MET, fixed_now.date() + timedelta(days=1)),  # not yet true
        AnswerData(Status.MET, date(2026, 5, 8), document=known),
        AnswerData(Status.MET, date(2026, 5, 9)),
    ]
    rows = list(zip(items, said, strict=False))
    refused: dict[str, list[str]] = {}

    def one_by_one() -> None:
        refused["single"] = []
        for item, answer in rows:
            try:
                with transaction.atomic():
                    workflow.submit(workflow.save_draft(item, answer, by=by, now=fixed_now), by=by, now=fixed_now)
            except workflow.Refused as reason:
                refused["single"].append(type(reason).__name__)

    def at_once() -> None:
        fresh = ChecklistItem.objects.select_related("institution", "requirement").in_bulk()
        done = workflow_many.submit_many([(fresh[item.pk], answer) for item, answer in rows], by=by, now=fixed_now)
        refused["many"] = [type(one).__name__ for one in done if isinstance(one, workflow.Refused)]

    # Keys of what was refused are spent where rows are written one by one, so keys are told by what they stand for.
    single, many = (outcome_of(write, "id", "evidence_id", "subject") for write in (one_by_one, at_once))
    assert many == single
    assert refused["many"] == refused["single"] == ["AlreadyWaiting", "NoException", "FutureAnswer"]
    at_once()
    entries = StatusEntry.objects.filter(item__in=items, author=by).order_by("item")
    assert [entry.evidence and entry.evidence.number for entry in entries] == ["7", "7", "8", "8", "9", None]
    assert len({entry.evidence_id for entry in entries}) == 5  # one of 7, two of 8, the one of 9 that there was, none

    mine = [entry.pk for entry in entries]

    def withdrawn_one_by_one() -> None:
        for entry in StatusEntry.objects.filter(pk__in=mine).select_related("item").order_by("pk"):
            workflow.withdraw(entry, by=by, now=fixed_now)

    single = outcome_of(withdrawn_one_by_one)
    assert outcome_of(lambda: workflow_many.withdraw_many(mine, by=by, now=fixed_now)) == single


def test_many_answers_cost_no_more_queries_than_few(fixed_now, order, places):
    by = EditorFactory(region=places.region).user
    answer = AnswerData(Status.MET, date(2026, 5, 1), document=DocumentReference("7", "ЖШС", date(2026, 4, 1)))
    counts = []
    for number in (2, 12):
        made = [ItemFactory(institution=InstitutionFactory(locality=places.district), measure=Measure.CCTV_INSTALLED)
                for _one in range(number)]  # fmt: skip
        fresh = ChecklistItem.objects.filter(pk__in=[item.pk for item in made])
        rows = [(item, answer) for item in fresh.select_related("institution", "requirement")]
        with CaptureQueriesContext(connection) as asked:
            workflow_many.submit_many(rows, by=by, now=fixed_now)
        counts.append(len(asked))
    assert counts[1] <= counts[0]


def test_an_answer_that_came_in_meanwhile_stops_its_own_row_alone(fixed_now, order, places, monkeypatch):
    by = EditorFactory(region=places.region).user
    items = [ItemFactory(institution=InstitutionFactory(locality=places.district), measure=Measure.CCTV_INSTALLED)
             for _one in range(3)]  # fmt: skip
    EntryFactory(item=items[1], submitted=True, now=fixed_now)
    seen = workflow.refusal_of
    # As if the other's answer had come in after we looked: the database refuses the whole piece.
    monkeypatch.setattr(
        workflow,
        "refusal_of",
        lambda entry, *, waits, **more: seen(entry, waits=waits and entry.pk is not None, **more),
    )
    fresh = ChecklistItem.objects.select_related("institution", "requirement").in_bulk()
    rows = [(fresh[item.pk], AnswerData(Status.MET, date(2026, 5, 1))) for item in items]
    done = workflow_many.submit_many(rows, by=by, now=fixed_now)
    assert [type(one).__name__ for one in done] == ["StatusEntry", "AlreadyWaiting", "StatusEntry"]
    assert StatusEntry.objects.filter(author=by).count() == 2
