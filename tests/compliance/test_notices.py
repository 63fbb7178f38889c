"""Who is told what, and when: derived from the tables, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import models

from compliance import notices, periods
from compliance.enums import OF_AN_INSTITUTION, Measure, NoticeKind, Status
from compliance.models import Notice, Period
from institutions.clock import first_moment
from institutions.models import Institution, User
from tests.constraints import broken
from tests.factories.compliance import ConfirmationFactory, EntryFactory, InspectionFactory, ItemFactory
from tests.factories.institutions import ApproverFactory, DirectorFactory, EditorFactory, InstitutionFactory

DAY = timedelta(days=1)
TODAY = date(2026, 5, 20)


@dataclass
class World:
    """A school with its director, and the people of its district and its region; a director of the neighbour region."""

    now: datetime
    school: Institution
    director: User
    approver: User
    editor: User
    district: User

    def entry(self, to: str, *, days_ago: int = 0, **fields: Any) -> Any:
        fields = {"author": self.director, "decided_by": self.approver, **fields}
        item = fields.pop("item", None) or ItemFactory(institution=self.school)
        return EntryFactory(item=item, to=to, now=self.now - days_ago * DAY, **fields)


@pytest.fixture
def world(fixed_now, order, places) -> World:
    school = InstitutionFactory(locality=places.district)
    DirectorFactory(institution=InstitutionFactory(locality=places.capital_district))
    ApproverFactory(region=places.capital)
    return World(
        now=fixed_now,
        school=school,
        director=DirectorFactory(institution=school).user,
        approver=ApproverFactory(region=places.region).user,
        editor=EditorFactory(region=places.region).user,
        district=ApproverFactory(locality=places.district).user,
    )


def told() -> list[tuple[User, str, date, int]]:
    return [
        (notice.recipient, notice.kind, notice.day, notice.count)
        for notice in Notice.objects.select_related("recipient").order_by("kind", "day", "recipient")
    ]


def test_nothing_is_told_where_nothing_happened(world):
    assert notices.derive(world.now) == 0


def test_a_returned_answer_is_told_to_the_director(world):
    entry = world.entry("returned", days_ago=1)
    assert notices.derive(world.now) == 1
    assert told() == [(world.director, "returned", TODAY - DAY, 1)]
    notice = Notice.objects.get()
    assert (notice.subject, notice.institution, notice.created_at) == (
        f"statusentry:{entry.pk}", world.school, world.now,
    )  # fmt: skip


def test_a_returned_answer_of_an_editor_is_told_to_them_as_well(world):
    world.entry("returned", author=world.editor)
    notices.derive(world.now)
    assert {recipient for recipient, *_rest in told()} == {world.director, world.editor}


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("later", [timedelta(0), timedelta(hours=3), 2 * DAY])
def test_nothing_is_said_twice(world, times, later):
    world.entry("returned")
    notices.derive(world.now)
    for _each in range(times):
        assert notices.derive(world.now + later) == 0


def test_what_was_mended_or_lies_long_back_is_not_told(world):
    first = world.entry("returned", days_ago=1)
    world.entry("submitted", continues=first)
    world.entry("returned", days_ago=5, item=ItemFactory(institution=world.school, code="ACC-ORDER"))
    notices.derive(world.now)
    assert [kind for _who, kind, *_rest in told()] == []


def test_who_has_left_is_not_told(world):
    world.entry("returned")
    world.director.memberships.update(valid_to=TODAY - DAY)
    assert notices.derive(world.now) == 0


@pytest.mark.parametrize(
    ("ends", "kind", "day"),
    [
        (TODAY + 30 * DAY, "ending_30", TODAY),
        (TODAY + 28 * DAY, "ending_30", TODAY - 2 * DAY),  # the machine was off
        (TODAY + 7 * DAY, "ending_7", TODAY),
        (TODAY + DAY, "ending_1", TODAY),
        (TODAY, "ending_1", TODAY - DAY),
    ],
)
def test_the_director_hears_before_a_proof_ends(world, ends, kind, day):
    world.entry("approved", valid_until=ends)
    notices.derive(world.now)
    assert told() == [(world.director, kind, day, 1)]


@pytest.mark.parametrize("ends", [TODAY + 31 * DAY, TODAY + 20 * DAY, TODAY + 3 * DAY])
def test_in_between_nobody_is_told_again(world, ends):
    world.entry("approved", valid_until=ends)
    assert notices.derive(world.now) == 0


def test_one_notice_speaks_of_all_that_ends_on_a_day(world):
    for code in ("ACC-ORDER", "ACC-PUPILS"):
        item = ItemFactory(institution=world.school, code=code)
        world.entry("approved", item=item, valid_until=TODAY + 7 * DAY)
    notices.derive(world.now)
    assert told() == [(world.director, "ending_7", TODAY, 2)]


def test_an_end_for_which_a_new_answer_waits_or_that_was_not_met_asks_for_nothing(world):
    world.entry("approved", valid_until=TODAY + 7 * DAY)
    world.entry("submitted")
    turnstile = ItemFactory(institution=world.school, code="ACC-ORDER")
    world.entry("approved", item=turnstile, status=Status.NOT_MET, valid_until=TODAY + 7 * DAY)
    assert notices.derive(world.now) == 0


def test_answers_that_wait_for_a_week_are_told_to_who_may_decide_them(world):
    world.entry("submitted", days_ago=7)
    world.entry("submitted", days_ago=7, item=ItemFactory(institution=world.school, code="ACC-ORDER"))
    world.entry("submitted", days_ago=6, item=ItemFactory(institution=world.school, code="ACC-PUPILS"))
    notices.derive(world.now)
    assert sorted(told(), key=lambda row: row[0].pk) == [
        (world.approver, "waiting", TODAY, 2),
        (world.district, "waiting", TODAY, 2),
    ]
    assert set(Notice.objects.values_list("institution", flat=True)) == {None}


def test_an_approver_does_not_hear_of_their_own_answer(world):
    EditorFactory(user=world.approver, region=world.school.locality.region)
    world.entry("submitted", days_ago=7, author=world.approver)
    notices.derive(world.now)
    assert [who for who, *_rest in told()] == [world.district]


def test_a_returned_answer_goes_up_from_the_district_to_the_region(world):
    world.entry("returned", days_ago=7)
    notices.derive(world.now)
    assert told() == [(world.district, "unmended_7", TODAY, 1)]
    notices.derive(world.now + 7 * DAY)
    assert told()[:2] == [
        (world.approver, "unmended_14", TODAY + 7 * DAY, 1),
        (world.editor, "unmended_14", TODAY + 7 * DAY, 1),
    ]


def test_where_no_district_is_the_region_hears_at_once(world):
    world.district.memberships.all().delete()
    world.entry("returned", days_ago=7)
    notices.derive(world.now)
    assert {(who, kind) for who, kind, *_rest in told()} == {
        (world.approver, "unmended_7"),
        (world.editor, "unmended_7"),
    }


def test_a_mended_answer_goes_no_further(world):
    first = world.entry("returned", days_ago=7)
    world.entry("submitted", days_ago=1, continues=first)
    assert notices.derive(world.now) == 0


def test_what_was_found_otherwise_is_told_to_the_director_and_to_who_decides_there(world, places):
    other = InstitutionFactory(locality=places.district)
    finder = ApproverFactory(region=places.region).user
    for school in (world.school, other):
        item = ItemFactory(institution=school, measure=Measure.CCTV_CONNECTED)
        EntryFactory(item=item, effective_on=TODAY - 30 * DAY, approved=True)
        InspectionFactory(item=item, status=Status.NOT_MET, held_on=TODAY - DAY, by=finder, now=world.now - DAY)
    # What agrees with the answer asks for nobody.
    agreed = ItemFactory(institution=world.school, code="ACC-ORDER")
    world.entry("approved", item=agreed)
    InspectionFactory(item=agreed, status=Status.MET, now=world.now - DAY)
    notices.derive(world.now)
    concerned = {world.director, world.approver, world.district, finder}
    assert sorted((row for row in told() if row[0] in concerned), key=lambda row: row[0].pk) == sorted(
        [
            (world.director, "contradicted", TODAY - DAY, 1),
            (world.approver, "contradictions", TODAY - DAY, 2),
            (world.district, "contradictions", TODAY - DAY, 2),
        ],
        key=lambda row: row[0].pk,
    )
    assert set(Notice.objects.filter(kind="contradictions").values_list("institution", flat=True)) == {None}
    assert notices.derive(world.now) == 0


def test_what_was_found_otherwise_and_answered_since_is_not_told(world):
    item = ItemFactory(institution=world.school, measure=Measure.CCTV_CONNECTED)
    world.entry("approved", item=item, effective_on=TODAY - 30 * DAY)
    InspectionFactory(item=item, status=Status.NOT_MET, held_on=TODAY - 2 * DAY, now=world.now - DAY)
    world.entry("approved", item=item, effective_on=TODAY - DAY)
    assert notices.derive(world.now) == 0


@pytest.mark.parametrize("more", [1, 3])
def test_deriving_costs_the_same_however_much_happened(world, places, more, django_assert_num_queries):
    for _each in range(more):
        school = InstitutionFactory(locality=places.district)
        director = DirectorFactory(institution=school).user
        world.entry("returned", item=ItemFactory(institution=school), author=director)
        ending = ItemFactory(institution=school, code="ACC-ORDER")
        world.entry("approved", item=ending, author=director, valid_until=TODAY + 7 * DAY)
    with django_assert_num_queries(26):
        notices.derive(world.now)
    assert Notice.objects.count() == 2 * more


# --- quarters that are not confirmed ----------------------------------------------------------------

# Quarter 2 of 2026 is to be confirmed until 5 July.
WEEK_BEFORE, EVE, AFTER, LONG_AFTER = date(2026, 6, 28), date(2026, 7, 4), date(2026, 7, 6), date(2026, 7, 9)


def on(day: date) -> datetime:
    return first_moment(day) + timedelta(hours=10)


@pytest.fixture
def quarter(world, order) -> Any:
    Period.objects.exclude(code="2026Q2").delete()
    return order.period("2026Q2")


@pytest.mark.parametrize(
    ("day", "kind", "since"),
    [
        (WEEK_BEFORE, "unconfirmed", WEEK_BEFORE),
        (WEEK_BEFORE + 3 * DAY, "unconfirmed", WEEK_BEFORE),  # the machine was off
        (EVE, "unconfirmed_1", EVE),
        (EVE + DAY, "unconfirmed_1", EVE),
    ],
)
def test_the_director_hears_of_a_quarter_before_its_deadline(world, quarter, day, kind, since):
    notices.derive(on(day))
    mine = [row for row in told() if row[0] == world.director]
    assert mine == [(world.director, kind, since, 1)]
    notice = Notice.objects.get(recipient=world.director)
    assert (notice.subject, notice.institution) == (f"period:2026Q2/{world.school.pk}", world.school)


@pytest.mark.parametrize("day", [WEEK_BEFORE - DAY, WEEK_BEFORE + 4 * DAY])
def test_on_other_days_a_quarter_is_not_spoken_of(world, quarter, day):
    assert notices.derive(on(day)) == 0


def test_a_director_of_two_schools_hears_of_both(world, quarter, places):
    second = InstitutionFactory(locality=places.district)
    DirectorFactory(user=world.director, institution=second)
    notices.derive(on(WEEK_BEFORE))
    mine = Notice.objects.filter(recipient=world.director)
    assert set(mine.values_list("institution", flat=True)) == {world.school.pk, second.pk}


def test_what_is_confirmed_or_closed_is_not_asked_for(world, quarter, places):
    ConfirmationFactory(institution=world.school, period=quarter)
    DirectorFactory(institution=InstitutionFactory(locality=places.district, lifecycle="closed"))
    for day in (WEEK_BEFORE, EVE, AFTER, LONG_AFTER):
        notices.derive(on(day))
    region = {world.director, world.district, world.approver, world.editor}
    assert [row for row in told() if row[0] in region] == []


def test_a_closed_quarter_is_spoken_of_no_more(world, quarter):
    periods.close_period(quarter, by=None, now=on(date(2026, 7, 2)))
    assert [notices.derive(on(day)) for day in (EVE, AFTER, LONG_AFTER)] == [0, 0, 0]


def test_quarters_that_were_not_confirmed_go_up_to_the_district_then_to_the_region_as_counts(world, quarter, places):
    InstitutionFactory(locality=places.district)
    InstitutionFactory(locality=places.city)  # there is nobody of its district
    notices.derive(on(AFTER))
    assert [row for row in told() if row[0] in {world.district, world.approver, world.editor}] == [
        (world.approver, "unconfirmed_late", AFTER, 1),
        (world.editor, "unconfirmed_late", AFTER, 1),
        (world.district, "unconfirmed_late", AFTER, 2),
    ]
    notices.derive(on(LONG_AFTER))
    assert [row for row in told() if row[1] == "unconfirmed_long" and row[0] in {world.approver, world.district}] == [
        (world.approver, "unconfirmed_long", LONG_AFTER, 3)
    ]
    assert set(Notice.objects.filter(kind__startswith="unconfirmed_l").values_list("institution", "subject")) == {
        (None, "period:2026Q2")
    }


@pytest.mark.parametrize("schools", [1, 30])
def test_speaking_of_quarters_costs_the_same_for_few_and_for_many(
    world, quarter, places, schools, django_assert_num_queries
):
    for _each in range(schools):
        DirectorFactory(institution=InstitutionFactory(locality=places.district))
    with django_assert_num_queries(24):
        notices.derive(on(WEEK_BEFORE))
    assert Notice.objects.count() == schools + 2
    with django_assert_num_queries(21):  # all is said: nothing is written
        assert notices.derive(on(WEEK_BEFORE)) == 0


# --- notices of apps above --------------------------------------------------------------------------


class Weather(models.TextChoices):
    STORM = "storm", "Storms"


def test_an_app_above_has_its_own_derived_counted_and_named(world, monkeypatch):
    def storms(day: date, people: notices.People) -> list[notices.Due]:
        editors = sorted(people.with_roles({"editor"}))
        return [notices.Due(user, Weather.STORM, "sky:1", None, day, 2) for user in editors]

    family = notices.Family(Weather, {Weather.STORM: ("sun", "bad")}, storms, lambda told: {}, lambda notice, user: "/")
    monkeypatch.setattr(notices, "_FAMILIES", [family])
    assert (notices.derive(world.now), notices.derive(world.now)) == (1, 0)
    assert told() == [(world.editor, "storm", TODAY, 2)]
    assert (notices.family_of("storm"), notices.family_of("returned")) == (family, None)
    assert list(notices.labels())[-2:] == ["contradictions", "storm"]


# --- reading ----------------------------------------------------------------------------------------


def notice(person: User, **fields: Any) -> Notice:
    return Notice.objects.create(
        **{
            "recipient": person, "kind": NoticeKind.WAITING, "subject": "queue:late", "day": TODAY,
            "created_at": datetime(2026, 5, 20, tzinfo=None).astimezone(), **fields,
        }
    )  # fmt: skip


def test_the_first_reading_counts(world):
    one = notice(world.approver)
    notices.mark_read(one, now=world.now)
    notices.mark_read(one, now=world.now + DAY)
    one.refresh_from_db()
    assert one.read_at == world.now


def test_marking_all_read_leaves_other_peoples_alone(world):
    notice(world.approver)
    notice(world.approver, day=TODAY - DAY)
    others = notice(world.district)
    assert notices.mark_all_read(world.approver, now=world.now) == 2
    assert list(Notice.objects.unread()) == [others]


def test_notice_said_once(world):
    notice(world.approver)
    with broken("notice_said_once"):
        notice(world.approver)


@pytest.mark.parametrize("kind", [NoticeKind.WAITING, NoticeKind.CONTRADICTIONS, NoticeKind.RETURNED])
def test_notice_names_its_institution(world, kind):
    named = {} if kind in OF_AN_INSTITUTION else {"institution": world.school}
    with broken("notice_names_its_institution"):
        notice(world.approver, kind=kind, **named)
