"""A new edition as a file: into the tables and the ledger, and out again."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction

from compliance import editions, enrolment, ledger, order, workflow
from compliance.enums import Cause, EditionState, Inheritance, ItemChange, Measure, Status
from compliance.library.coming import EditionRefused
from compliance.models import (
    Applicability,
    ChecklistItem,
    ComingEdition,
    Edition,
    EditionEffect,
    EditionItem,
    Requirement,
    StatusChange,
    StatusEntry,
)
from institutions.clock import local_day
from institutions.enums import Lifecycle
from institutions.models import Institution, Journal
from reporting import edition_previews, sheets, sums
from tests.compliance.edition_files import EXAMPLE, FORCE, only_same, without
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import AdministratorFactory, InstitutionFactory

DAY = timedelta(days=1)


@pytest.fixture
def pair(db):
    """Two administrators: one uploads, the other puts into force."""
    return AdministratorFactory().user, AdministratorFactory().user


@pytest.fixture
def travel(fixed_now) -> Iterator[Callable[[date], datetime]]:
    """Lets the clock stand at noon of a later day."""
    with ExitStack() as stack:

        def go(day: date) -> datetime:
            moment = datetime.combine(day, time(12), ZoneInfo("Asia/Almaty"))
            stack.enter_context(time_machine.travel(moment, tick=False))
            return moment

        yield go


@pytest.fixture
def schools(fixed_now, order, places) -> list[Institution]:
    """A town school with many answers, a village school, and a private kindergarten of the capital."""
    return [
        InstitutionFactory(locality=places.city, large_city=places.large_city),
        InstitutionFactory(locality=places.district, settlement=places.village),
        InstitutionFactory(
            locality=places.capital_district, large_city=places.capital_city, kind="kindergarten", ownership="private"
        ),
    ]


def answer(school: Institution, code: str, status: str = Status.MET, **more: Any) -> StatusEntry:
    return EntryFactory(item=ItemFactory(institution=school, code=code), approved=True, status=status, **more)


def enacted(text: str, pair, now) -> ComingEdition:
    first, second = pair
    coming = editions.upload(text.encode(), name="жаңа.toml", by=first, now=now)
    edition_previews.work(coming.pk, clock=lambda: now)
    coming.refresh_from_db()
    editions.enact(coming, by=second, now=now)
    edition_previews.work(coming.pk, clock=lambda: now)
    coming.refresh_from_db()
    assert coming.state == EditionState.SCHEDULED
    return coming


def withdrawn(coming: ComingEdition, by, now) -> ComingEdition:
    editions.withdraw(coming, by=by, note="Мерзімі ауысты", now=now)
    edition_previews.work(coming.pk, clock=lambda: now)
    coming.refresh_from_db()
    assert coming.state == EditionState.WITHDRAWN
    return coming


def status_on(school: Institution, code: str, day: date) -> str | None:
    """What an item counts as; None: it is not on the list."""
    pk = Requirement.objects.get(code=code).pk
    standing = ledger.standings(school, as_of=day).get(pk)
    return None if standing is None else standing.status


def standings(day: date) -> dict[tuple[int, str], tuple[bool, str]]:
    return {
        (school.pk, code): (standing.cell.obliged, standing.status)
        for school in Institution.objects.all()
        for pk, standing in ledger.standings(school, as_of=day).items()
        for code in [Requirement.objects.get(pk=pk).code]
    }


def adds_up() -> None:
    sums.fold()
    assert list(sums.drift()) == []
    assert list(ledger.broken_chains()) == []


# --- what becomes of the answers --------------------------------------------------------------------


def test_the_answers_of_the_old_stand_as_the_file_says(fixed_now, schools, pair):
    school = schools[0]
    answer(school, "ACC-VISITORS", Status.PARTLY_MET)
    answer(school, "RSP-KEYS")
    answer(school, "PAS-RESP")
    answer(school, "TRN-RESP", Status.NOT_MET)
    answer(school, "TRN-PARENTS")
    enacted(EXAMPLE, pair, fixed_now)
    codes = ("ACC-VISITORS", "ACC-BOOK", "RSP-KEYS", "RSP-KEYS-KEPT", "RSP-EXITS", "PAS-RESP", "TRN-RESP",
             "RESP-PERSON", "TRN-PARENTS", "SAFE-ROOM")  # fmt: skip
    assert {code: (status_on(school, code, FORCE - DAY), status_on(school, code, FORCE)) for code in codes} == {
        "ACC-VISITORS": ("partly_met", "partly_met"),
        "ACC-BOOK": (None, "partly_met"),
        "RSP-KEYS": ("met", None),
        "RSP-KEYS-KEPT": (None, "met"),
        "RSP-EXITS": (None, "unknown"),
        "PAS-RESP": ("met", None),
        "TRN-RESP": ("not_met", None),
        "RESP-PERSON": (None, "not_met"),
        "TRN-PARENTS": ("met", None),
        "SAFE-ROOM": (None, "unknown"),
    }
    causes = StatusChange.objects.filter(effective_on=FORCE, institution=school).values_list("cause", flat=True)
    assert set(causes) == {Cause.EDITION}
    adds_up()


@pytest.mark.parametrize(
    ("first", "second", "becomes"),
    [
        (Status.MET, Status.MET, "met"),
        (Status.MET, Status.PARTLY_MET, "partly_met"),
        (Status.PARTLY_MET, Status.NOT_MET, "not_met"),
        (Status.MET, None, "unknown"),
        (None, None, "unknown"),
    ],
)
def test_a_merged_item_is_as_far_as_its_weakest_part(fixed_now, schools, pair, first, second, becomes):
    for code, status in (("PAS-RESP", first), ("TRN-RESP", second)):
        if status:
            answer(schools[1], code, status)
    enacted(EXAMPLE, pair, fixed_now)
    assert status_on(schools[1], "RESP-PERSON", FORCE) == becomes


def test_what_is_answered_after_the_edition_was_entered_comes_along(fixed_now, schools, pair):
    """Late approvals under the old edition, and their ends, reach the items that were made from it."""
    school = schools[0]
    enacted(EXAMPLE, pair, fixed_now)
    answer(school, "ACC-VISITORS", now=fixed_now, valid_until=FORCE + 30 * DAY)
    answer(school, "PAS-RESP", now=fixed_now)
    entry = answer(school, "TRN-RESP", now=fixed_now)
    assert [status_on(school, "ACC-BOOK", day) for day in (FORCE - DAY, FORCE, FORCE + 31 * DAY)] == [
        None,
        "met",
        "not_met",
    ]
    assert status_on(school, "RESP-PERSON", FORCE) == "met"
    workflow.revoke(entry, by=AdministratorFactory().user, now=fixed_now, note="Қате")
    assert status_on(school, "RESP-PERSON", FORCE) == "unknown"
    adds_up()


def test_on_its_day_the_items_stand_as_the_ledger_says_and_end_as_the_old_answer_does(
    fixed_now, schools, pair, django_capture_on_commit_callbacks
):
    school = schools[0]
    until = FORCE + 30 * DAY
    answer(school, "ACC-VISITORS", valid_until=until)
    enacted(EXAMPLE, pair, fixed_now)
    sums.fold()
    sums.turn_day(FORCE)
    item = ChecklistItem.objects.get(institution=school, requirement__code="ACC-BOOK")
    assert (item.listed, item.status, item.valid_until) == (True, "met", until)
    assert not ChecklistItem.objects.get(institution=school, requirement__code="TRN-PARENTS").listed
    assert StatusEntry.objects.filter(item__requirement__code="ACC-BOOK").count() == 0
    adds_up()


def test_its_own_answer_replaces_the_inherited_one(fixed_now, schools, pair, travel):
    school = schools[0]
    answer(school, "ACC-VISITORS")
    enacted(EXAMPLE, pair, fixed_now)
    sums.fold()
    later = travel(FORCE + 10 * DAY)
    sums.turn_day(FORCE + 10 * DAY)
    answer(school, "ACC-BOOK", Status.NOT_MET, now=later, effective_on=FORCE + 5 * DAY)
    found = [status_on(school, "ACC-BOOK", FORCE + days * DAY) for days in (0, 4, 5, 20)]
    assert found == ["met", "met", "not_met", "not_met"]
    adds_up()


# --- what stays -------------------------------------------------------------------------------------


def test_an_edition_of_the_same_changes_nothing(fixed_now, schools, pair):
    answer(schools[0], "ACC-VISITORS")
    rows, before = StatusChange.objects.count(), standings(FORCE)
    coming = enacted(only_same(), pair, fixed_now)
    assert (coming.rows, StatusChange.objects.count(), standings(FORCE)) == (0, rows, before)
    assert not EditionEffect.objects.filter(coming=coming).exists()
    assert all(before == after for places in coming.coverage.values() for before, after in places.values())
    assert ChecklistItem.objects.filter(institution=schools[0], listed=True).count() == len(
        [1 for (pk, _code) in before if pk == schools[0].pk]
    )
    adds_up()


def test_days_before_it_stay_as_they_were(fixed_now, schools, pair):
    answer(schools[0], "ACC-VISITORS")
    days = [date(2023, 1, 1), date(2026, 7, 11), date(2026, 7, 12), FORCE - DAY]
    before = {day: standings(day) for day in days}
    enacted(EXAMPLE, pair, fixed_now)
    assert {day: standings(day) for day in days} == before


@pytest.mark.parametrize("seed", range(5))
def test_put_into_force_and_taken_back_leaves_what_was(fixed_now, schools, pair, seed):
    chance = random.Random(seed)
    codes = ["ACC-VISITORS", "RSP-KEYS", "PAS-RESP", "TRN-RESP", "TRN-PARENTS", "GRD-CONTRACT", "FENCE", "TURNSTILE"]
    for school in schools:
        listed = set(
            ChecklistItem.objects.listed().filter(institution=school).values_list("requirement__code", flat=True)
        )
        for code in chance.sample(codes, 5):
            if code in listed:
                answer(
                    school,
                    code,
                    chance.choice([Status.MET, Status.NOT_MET, Status.PARTLY_MET]),
                    valid_until=chance.choice([None, FORCE - 20 * DAY, FORCE + 20 * DAY]),
                )
    days = [date(2026, 5, 20), FORCE - DAY, FORCE, FORCE + 60 * DAY]
    before = {day: standings(day) for day in days}
    entries = list(StatusEntry.objects.order_by("pk").values())
    spans = set(Applicability.objects.values_list("item", "valid_from", "valid_to", "obliged", "basis"))
    coming = enacted(EXAMPLE, pair, fixed_now)
    adds_up()
    during = standings(FORCE)
    # Something goes on in between: an institution moves on, another one opens, one closes.
    enrolment.change_institution(schools[1], since=date(2026, 5, 1), by=None, now=fixed_now, learners=260)
    adds_up()
    enrolment.change_institution(schools[1], since=date(2026, 5, 1), by=None, now=fixed_now, learners=240)
    withdrawn(coming, pair[0], fixed_now)
    adds_up()
    assert during != before[FORCE]
    assert {day: standings(day) for day in days} == before
    assert list(StatusEntry.objects.order_by("pk").values()) == entries
    assert set(Applicability.objects.values_list("item", "valid_from", "valid_to", "obliged", "basis")) == spans
    # The same edition, mended, may come again.
    assert editions.read_file(EXAMPLE.encode())[1].code == "example-2027"


def test_an_institution_that_opens_or_closes_meanwhile_is_in_step(fixed_now, schools, pair, places):
    enacted(EXAMPLE, pair, fixed_now)
    new = InstitutionFactory(locality=places.city, large_city=places.large_city)
    late = InstitutionFactory(locality=places.city, large_city=places.large_city, since=FORCE + DAY)
    enrolment.change_institution(
        schools[0], since=FORCE + DAY, by=None, now=fixed_now, lifecycle=Lifecycle.CLOSED.value
    )
    assert [status_on(one, "SAFE-ROOM", FORCE) for one in (new, late, schools[0])] == ["unknown", None, "unknown"]
    assert [status_on(one, "RESP-PERSON", FORCE + DAY) for one in (new, late, schools[0])] == [
        "unknown",
        "unknown",
        None,
    ]
    adds_up()


# --- killed and taken over ----------------------------------------------------------------------------


def test_a_worker_that_is_killed_is_taken_over_where_it_was(fixed_now, schools, pair, monkeypatch):
    first, second = pair
    coming = editions.upload(EXAMPLE.encode(), name="x.toml", by=first, now=fixed_now)
    monkeypatch.setattr(editions, "PIECE", 1)
    edition_previews.work(coming.pk, clock=lambda: fixed_now)
    coming.refresh_from_db()
    editions.enact(coming, by=second, now=fixed_now)
    spread = ledger.sync_many
    done: list[int] = []

    def once_then_killed(changed, **more):
        if len(done) == 1:
            raise KeyboardInterrupt
        done.extend(one.institution.pk for one in changed)
        return spread(changed, **more)

    monkeypatch.setattr(ledger, "sync_many", once_then_killed)
    with pytest.raises(KeyboardInterrupt):
        edition_previews.work(coming.pk, clock=lambda: fixed_now)
    coming.refresh_from_db()
    assert (coming.state, coming.done, coming.cursor) == (EditionState.ENTERING, 1, schools[0].pk)
    adds_up()

    def go_on(changed, **more):
        done.extend(one.institution.pk for one in changed)
        return spread(changed, **more)

    monkeypatch.setattr(ledger, "sync_many", go_on)
    assert editions.overdue(fixed_now) == []
    later = fixed_now + editions.PATIENCE + timedelta(seconds=1)
    assert editions.overdue(later) == [coming.pk]
    assert edition_previews.work(coming.pk, clock=lambda: fixed_now) is None  # somebody else has it
    edition_previews.work(coming.pk, clock=lambda: later)
    coming.refresh_from_db()
    assert (coming.state, coming.done) == (EditionState.SCHEDULED, 3)
    assert Counter(done) == Counter(school.pk for school in schools)
    adds_up()


def test_a_failure_is_said_and_not_tried_again_by_itself(fixed_now, schools, pair, monkeypatch, caplog):
    coming = editions.upload(EXAMPLE.encode(), name="x.toml", by=pair[0], now=fixed_now)

    def broken(*_args, **_more):
        raise RuntimeError("no")

    monkeypatch.setattr(ledger, "sync_many", broken)
    edition_previews.work(coming.pk, clock=lambda: fixed_now)
    coming.refresh_from_db()
    assert (coming.state, coming.failed) == (EditionState.PREVIEWING, True)
    assert editions.overdue(fixed_now + timedelta(days=1)) == []
    assert not Edition.objects.filter(code="example-2027").exists()


# --- who may, and when --------------------------------------------------------------------------------


@pytest.fixture
def previewed(fixed_now, schools, pair) -> ComingEdition:
    coming = editions.upload(EXAMPLE.encode(), name="жаңа.toml", by=pair[0], now=fixed_now)
    edition_previews.work(coming.pk, clock=lambda: fixed_now)
    coming.refresh_from_db()
    return coming


def test_the_preview_leaves_nothing_behind(fixed_now, previewed):
    assert previewed.state == EditionState.PREVIEWED
    assert not Edition.objects.filter(code="example-2027").exists()
    assert Edition.objects.get(code="current").in_force_to is None
    assert not Requirement.objects.filter(code="SAFE-ROOM").exists()
    assert not StatusChange.objects.filter(effective_on=FORCE).exists()
    adds_up()


def test_the_preview_tells_what_then_comes_true(fixed_now, previewed, pair):
    before = standings(FORCE)
    told = Counter(
        (effect.institution_id, effect.requirement, effect.change, effect.status)
        for effect in EditionEffect.objects.filter(coming=previewed)
    )
    editions.enact(previewed, by=pair[1], now=fixed_now)
    edition_previews.work(previewed.pk, clock=lambda: fixed_now)
    after = standings(FORCE)
    found: Counter[tuple[int, str, str, str]] = Counter()
    for key in before.keys() | after.keys():
        was, now = before.get(key), after.get(key)
        if was is None or now is None:
            change = "gained" if was is None else "lost"
        elif was[0] != now[0]:
            change = "obliged" if now[0] else "released"
        else:
            continue
        found[(*key, change, (now or was)[1])] += 1
    assert told == found
    assert told


def test_nobody_puts_into_force_what_they_uploaded(fixed_now, previewed, pair):
    with pytest.raises(editions.OwnEdition):
        editions.enact(previewed, by=pair[0], now=fixed_now)
    # coming_edition_four_eyes
    with pytest.raises(IntegrityError, match="coming_edition_four_eyes"), transaction.atomic():
        ComingEdition.objects.update(scheduled_by=pair[0], scheduled_at=fixed_now)


def test_what_was_not_previewed_is_not_put_into_force(fixed_now, schools, pair):
    coming = editions.upload(EXAMPLE.encode(), name="x.toml", by=pair[0], now=fixed_now)
    with pytest.raises(editions.WrongMove):
        editions.enact(coming, by=pair[1], now=fixed_now)
    assert not Edition.objects.filter(code="example-2027").exists()


def test_after_its_day_it_stays(fixed_now, schools, pair, travel):
    coming = enacted(EXAMPLE, pair, fixed_now)
    with pytest.raises(editions.ReasonMissing):
        editions.withdraw(coming, by=pair[0], note=" ", now=fixed_now)
    with pytest.raises(editions.DayHasCome):
        editions.withdraw(coming, by=pair[0], note="Кеш", now=travel(FORCE))


def test_of_two_uploads_that_follow_the_same_edition_one_comes_into_force(fixed_now, previewed, pair):
    other = editions.upload(
        re.sub(r"example-2027", "other-2027", EXAMPLE).encode(), name="y.toml", by=pair[0], now=fixed_now
    )
    edition_previews.work(other.pk, clock=lambda: fixed_now)
    other.refresh_from_db()
    editions.enact(previewed, by=pair[1], now=fixed_now)
    with pytest.raises(editions.NotTheLast) as refused:
        editions.enact(other, by=pair[1], now=fixed_now)
    assert refused.value.code == "example-2027"
    other.refresh_from_db()
    assert other.state == EditionState.PREVIEWED


def test_an_edition_follows_one_that_came_as_a_file(fixed_now, schools, pair):
    """Chains of heirs: what was split in one edition is merged again in the next."""
    school = schools[0]
    answer(school, "ACC-VISITORS")
    answer(school, "ACC-ORDER", Status.PARTLY_MET)
    first = enacted(EXAMPLE, pair, fixed_now)
    enacted(without(EXAMPLE), pair, fixed_now)
    assert [status_on(school, code, date(2028, 1, 1)) for code in ("ACC-BOOK", "ACC-ALL", "ACC-ORDER")] == [
        None,
        "partly_met",
        None,
    ]
    with pytest.raises(editions.NotTheLast):
        editions.withdraw(first, by=pair[0], note="Кеш", now=fixed_now)
    adds_up()


def test_what_the_requirements_read_changes_on_the_day_and_survives_the_library(fixed_now, schools, pair):
    notice = Requirement.objects.get(code="ACC-NOTICE")
    enacted(EXAMPLE, pair, fixed_now)
    assert Requirement.objects.get(code="ACC-NOTICE").title_en == notice.title_en
    order.load_order()
    assert Edition.objects.get(code="current").in_force_to == FORCE - DAY
    sums.fold()
    sums.turn_day(FORCE)
    new = "Notice about the access regime at the entrance, in three languages"
    assert Requirement.objects.get(code="ACC-NOTICE").title_en == new
    order.load_order()
    assert Requirement.objects.get(code="ACC-NOTICE").title_en == new
    assert EditionItem.objects.get(requirement=notice).before["title_en"] == notice.title_en
    chapters = list(Requirement.objects.order_by("sort_order").values_list("chapter__sort_order", flat=True))
    assert chapters == sorted(chapters)


def test_everything_is_in_the_journal(fixed_now, schools, pair):
    coming = enacted(EXAMPLE, pair, fixed_now)
    withdrawn(coming, pair[0], fixed_now)
    rows = Journal.objects.filter(action__startswith="edition.").order_by("pk").values_list("action", "user")
    first, second = (person.pk for person in pair)
    assert list(rows) == [
        ("edition.upload", first),
        ("edition.preview", first),
        ("edition.enact", second),
        ("edition.withdraw", first),
    ]


# --- the tables -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"scheduled_by": 1}, "coming_edition_scheduled_whole_or_absent"),
        ({"withdraw_note": "Қате"}, "coming_edition_withdrawn_with_reason"),
    ],
)
def test_an_edition_names_who_and_when(fixed_now, previewed, pair, values, constraint):
    if "scheduled_by" in values:
        values = {"scheduled_by": pair[1]}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ComingEdition.objects.update(**values)


def test_items_and_effects_stand_once(fixed_now, schools, pair):
    enacted(EXAMPLE, pair, fixed_now)
    item, effect = EditionItem.objects.first(), EditionEffect.objects.first()
    for row, constraint in ((item, "edition_item_once"), (effect, "edition_effect_once")):
        row.pk = None
        # SQLite names the columns, PostgreSQL the constraint
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)
        assert constraint in {one.name for one in row._meta.constraints}
    with pytest.raises(IntegrityError, match="edition_item_inherits_from_somewhere"), transaction.atomic():
        EditionItem.objects.filter(change=ItemChange.NEW).update(answer=Inheritance.STANDS)


def test_the_measures_stay_five(fixed_now, schools, pair):
    enacted(EXAMPLE, pair, fixed_now)
    assert Requirement.objects.exclude(measure=None).count() == len(Measure)


def test_a_file_with_mistakes_is_not_kept(fixed_now, schools, pair):
    with pytest.raises(EditionRefused):
        editions.upload(b"[edition]\ncode = 1\n", name="x.toml", by=pair[0], now=fixed_now)
    assert not ComingEdition.objects.exists()


def test_an_institutions_sheet_shows_the_answers_that_stand(fixed_now, order, schools, pair, travel):
    school = schools[0]
    answer(school, "ACC-VISITORS", Status.PARTLY_MET)
    answer(school, "PAS-RESP")
    answer(school, "TRN-RESP", Status.NOT_MET)
    enacted(EXAMPLE, pair, fixed_now)
    sums.fold()
    day = local_day(travel(FORCE + 9 * DAY))
    sums.turn_day(day)
    taken = sheets.take(school, order.period("2027Q1"), language="kk", today=day)
    found = {
        item["code"]: (item["status"], item["answer"] and item["answer"]["status"])
        for chapter in taken.snapshot["chapters"]
        for item in chapter["items"]
    }
    assert {code: found.get(code) for code in ("ACC-VISITORS", "ACC-BOOK", "RESP-PERSON", "SAFE-ROOM", "PAS-RESP")} == {
        "ACC-VISITORS": ("partly_met", "partly_met"),
        "ACC-BOOK": ("partly_met", "partly_met"),
        "RESP-PERSON": ("not_met", "not_met"),
        "SAFE-ROOM": ("unknown", None),
        "PAS-RESP": None,
    }
    assert [code for code, (status, given) in found.items() if (given or "unknown") != status] == []
