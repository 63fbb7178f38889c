"""A list of the police becomes inspections: judged row by row, counted as verified, taken back as a whole."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils.translation import gettext as _

from compliance import enrolment, inspections, ledger
from compliance.enums import ImportKind, InspectionSource, Level, Measure, Status
from compliance.imports.problems import in_words
from compliance.models import ChecklistItem, Finding, ImportRun, Inspection, StatusChange
from institutions.enums import Lifecycle
from institutions.models import Journal
from reporting import sums
from reporting.coverage import Counts, Question, count
from tests.compliance.imports.lists import BIN_1, applied, checked, undone, workbook
from tests.factories.compliance import EntryFactory, InspectionFactory, ItemFactory
from tests.factories.institutions import ApproverFactory, EditorFactory, InstitutionFactory

AS_OF = date(2026, 5, 1)
CONNECTED = Measure.CCTV_CONNECTED
HEADINGS = ("БИН", "Наименование организации", "Подключено", "Подключено камер", "Дата подключения", "Примечание")


@pytest.fixture
def approver(fixed_now, order, places, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return ApproverFactory(region=places.region).user


@pytest.fixture
def school(approver, places):
    return InstitutionFactory(locality=places.district)


@pytest.fixture
def check(approver, fixed_now):
    """Check rows of a list of the police as the approver (or somebody else); returns the run."""

    def run(*rows, by=approver, headings=HEADINGS, since=AS_OF, now=fixed_now, **more):
        about = {"kind": ImportKind.POLICE, "issuer": "Полиция департаменті", **more}
        return checked(workbook([headings, *rows]), by=by, since=since, now=now, **about)

    return run


def item_of(school, **more):
    return ItemFactory(institution=school, measure=CONNECTED, **more)


def reasons(run: ImportRun, number: int = 2) -> list[tuple[str, str]]:
    return [(reason["column"], reason["code"]) for reason in run.rows.get(number=number).reasons]


def verified(day: date) -> Counts:
    sums.fold()
    return count(Question(day, measure=CONNECTED, level=Level.VERIFIED)).get((), Counts())


def ledger_of(school) -> list[tuple[str, str | None, str | None, date, str]]:
    rows = StatusChange.objects.filter(institution=school, cell__level=Level.VERIFIED).order_by("seq")
    return list(rows.values_list("cell__requirement__measure", "from_status", "to_status", "effective_on", "cause"))


# --- what a row says ------------------------------------------------------------------------------------


def test_what_the_police_say_counts_as_verified_from_the_day_of_the_list_and_changes_no_answer(
    check, approver, school, order, fixed_now
):
    item = item_of(school)
    EntryFactory(item=item, effective_on=date(2026, 3, 1), approved=True)
    run = check([school.bin, "Мектеп", "нет", 0, None, "акт № 7"])
    row = run.rows.get()
    assert (run.rows_read, run.rows_new, row.status, row.was, row.name) == (1, 1, "not_met", "", school.name_kk)
    assert row.differences == [
        {"field": "connected", "old": None, "new": "not_met"},
        {"field": "as_of", "old": None, "new": "2026-05-01"},
    ]
    assert not Inspection.objects.exists()
    run = applied(run, by=approver, now=fixed_now)
    assert (run.state, run.done_new, run.done_changed, run.rows_stale) == ("applied", 1, 0, 0)
    inspection = Inspection.objects.get()
    assert run.rows.get().inspection == inspection
    assert (inspection.source, inspection.held_on, inspection.inspector, inspection.recorded_by, inspection.note) == (
        InspectionSource.POLICE,
        AS_OF,
        "Полиция департаменті",
        approver,
        "Подключено камер: 0; Примечание: акт № 7",
    )
    assert ledger_of(school) == [(CONNECTED, None, "not_met", AS_OF, "inspection")]
    assert (verified(AS_OF - timedelta(days=1)), verified(AS_OF)) == (Counts(), Counts(not_met=1))
    item.refresh_from_db()
    assert item.status == Status.MET
    assert [finding.item for finding in Finding.objects.contradicting()] == [item]
    noted = Journal.objects.get(action="inspection.record")
    assert (noted.user, noted.institution, noted.after) == (approver, school, {item.requirement.code: "not_met"})
    assert list(sums.drift()) == []
    assert list(ledger.broken_chains()) == []


@pytest.mark.parametrize(
    ("connected", "cameras", "status"),
    [
        ("иә", None, "met"), ("Подключено", 3, "met"), ("+", None, "met"), (None, 12, "met"), ("қосылған", None, "met"),
        ("не подключено", None, "not_met"), ("жоқ", 0, "not_met"), (None, 0, "not_met"), ("no", None, "not_met"),
    ],
)  # fmt: skip
def test_a_yes_a_no_or_a_number_says_it(check, school, connected, cameras, status):
    run = check([school.bin, None, connected, cameras])
    assert [(row.outcome, row.status) for row in run.rows.all()] == [("new", status)]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([None, None], [("connected", "connection_missing")]),
        (["иә", 0], [("cameras", "connection_differs")]),
        (["нет", 4], [("cameras", "connection_differs")]),
        (["может быть", None], [("connected", "no_yes_or_no")]),
        (["иә", -3], [("cameras", "negative")]),
        (["иә", 3, "02.05.2026"], [("connected_since", "connected_later")]),
        (
            ["может быть", "много", "33.05.2026"],
            [("connected", "no_yes_or_no"), ("cameras", "no_number"), ("connected_since", "no_day")],
        ),
    ],
)
def test_all_that_is_wrong_with_a_row_is_said_at_once(check, school, cells, expected):
    run = check([school.bin, None, *cells])
    assert (reasons(run), run.rows_refused) == (expected, 1)
    assert all(in_words(reason) for reason in run.rows.get().reasons)


def test_whoever_is_out_of_reach_unknown_or_twice_there_is_refused(check, school, places):
    foreign = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)
    run = check(
        [foreign.bin, None, "да"], [BIN_1, None, "да"], ["12", None, "да"], [school.bin, None, "да"],
        [school.bin, None, "нет"],
    )  # fmt: skip
    assert [reasons(run, number) for number in range(2, 7)] == [
        [("bin", "not_found")],
        [("bin", "not_found")],
        [("bin", "bin_zeros")],
        [("bin", "bin_twice")],
        [("bin", "bin_twice")],
    ]
    assert run.rows.get(number=2).institution is None


def test_an_item_that_is_not_on_the_list_is_refused(check, school, fixed_now):
    ChecklistItem.objects.filter(pk=item_of(school).pk).update(listed=False)
    assert reasons(check([school.bin, None, "да"])) == [("bin", "not_listed")]


def test_a_day_before_the_institution_was_known_is_refused(check, school):
    first = school.states.order_by("valid_from").first().valid_from
    assert reasons(check([school.bin, None, "да"], since=first - timedelta(days=1))) == [("as_of", "too_early")]


def test_nobody_verifies_their_own_answer(check, approver, school, places, fixed_now):
    EditorFactory(user=approver, region=places.region)
    EntryFactory(item=item_of(school), author=approver, submitted_by=approver, approved=True)
    assert reasons(check([school.bin, None, "да"])) == [("bin", "own_answer")]
    # Checked as somebody else's list, applied by who answered: left out.
    other = ApproverFactory(region=places.region).user
    run = applied(check([school.bin, None, "да"], by=other), by=approver, now=fixed_now)
    assert (run.done_new, run.rows_stale, reasons(run)) == (0, 1, [("bin", "own_answer")])
    assert not Inspection.objects.exists()


def test_a_row_may_name_its_own_day(check, approver, school, fixed_now):
    run = check(["26.04.2026", school.bin, "да"], headings=("Дата", "БИН", "Подключено к ЦОУ"))
    applied(run, by=approver, now=fixed_now)
    assert Inspection.objects.get().held_on == date(2026, 4, 26)


# --- the same list, a later one ---------------------------------------------------------------------------


def test_the_same_list_once_more_changes_nothing(check, approver, school, places, fixed_now):
    other = InstitutionFactory(locality=places.district)
    rows = [[school.bin, None, "да"], [other.bin, None, "нет"]]
    applied(check(*rows), by=approver, now=fixed_now)
    again = check(*rows)
    assert (again.rows_read, again.rows_new, again.rows_changed, again.rows_unchanged) == (2, 0, 0, 2)
    assert (Inspection.objects.count(), StatusChange.objects.filter(cell__level=Level.VERIFIED).count()) == (2, 2)


def test_a_later_list_that_says_the_same_is_found_again_without_a_row_of_the_ledger(check, approver, school, fixed_now):
    item = item_of(school)
    applied(check([school.bin, None, "нет"], since=date(2026, 4, 1)), by=approver, now=fixed_now)
    # In between an answer says that it was mended; the later list says that it was not.
    EntryFactory(item=item, effective_on=date(2026, 4, 15), approved=True)
    assert not Finding.objects.contradicting().exists()
    run = check([school.bin, None, "нет"])
    row = run.rows.get()
    assert (row.outcome, row.was, row.differences) == (
        "changed",
        "not_met",
        [{"field": "as_of", "old": "2026-04-01", "new": "2026-05-01"}],
    )
    applied(run, by=approver, now=fixed_now)
    assert ledger_of(school) == [(CONNECTED, None, "not_met", date(2026, 4, 1), "inspection")]
    assert Finding.objects.contradicting().count() == 1


def test_an_older_list_says_what_was_until_the_newer_one(check, approver, school, fixed_now):
    applied(check([school.bin, None, "да"]), by=approver, now=fixed_now)
    applied(check([school.bin, None, "нет"], since=date(2026, 4, 1)), by=approver, now=fixed_now)
    days = (date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 30), AS_OF)
    assert [verified(day) for day in days] == [Counts(), Counts(not_met=1), Counts(not_met=1), Counts(met=1)]


def test_what_was_found_after_the_check_is_left_out_and_named(check, approver, school, places, fixed_now):
    other = InstitutionFactory(locality=places.district)
    run = check([school.bin, None, "да"], [other.bin, None, "да"])
    InspectionFactory(item=item_of(school), held_on=date(2026, 4, 20), status=Status.NOT_MET)
    run = applied(run, by=approver, now=fixed_now)
    assert (run.done_new, run.rows_stale, reasons(run)) == (1, 1, [("bin", "verified_meanwhile")])


# --- a complete list --------------------------------------------------------------------------------------


@pytest.fixture
def region(approver, school, places):
    """Four institutions of the region: two open, one closed, one in the list; and a foreign one."""
    two = InstitutionFactory(locality=places.city, large_city=places.large_city)
    closed = InstitutionFactory(locality=places.district, lifecycle=Lifecycle.CLOSED)
    foreign = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)
    return {"two": two, "closed": closed, "foreign": foreign}


def test_a_complete_list_says_of_the_others_in_the_region_that_they_are_not_connected(
    check, approver, school, region, places, fixed_now
):
    run = check([school.bin, None, "да"], complete_for=places.region)
    assert [(row.number, row.bin, row.status, row.implied) for row in run.rows.all()] == [
        (2, school.bin, "met", False),
        (3, region["two"].bin, "not_met", True),
    ]
    assert (run.rows_read, run.rows_new, run.rows_implied, run.rows_unnamed) == (2, 2, 1, 0)
    run = applied(run, by=approver, now=fixed_now)
    assert (run.done_new, verified(AS_OF)) == (2, Counts(met=1, not_met=1))
    again = check([school.bin, None, "да"], complete_for=places.region)
    assert (again.rows_unchanged, again.rows_implied) == (2, 1)


def test_a_list_that_is_not_complete_says_nothing_of_others(check, school, region):
    assert check([school.bin, None, "да"]).rows_read == 1


def test_whoever_is_named_in_a_refused_row_is_named(check, school, region, places):
    run = check([school.bin, None, "да"], [region["two"].bin, None, "кто знает"], complete_for=places.region)
    assert (run.rows_read, run.rows_refused, run.rows_implied) == (2, 1, 0)


def test_where_a_bin_cannot_be_read_nothing_follows_for_others(check, school, region, places):
    run = check([school.bin, None, "да"], ["40024003750", None, "да"], complete_for=places.region)
    assert (run.rows_read, run.rows_implied, run.rows_unnamed) == (2, 0, 1)


# --- undone -----------------------------------------------------------------------------------------------


def test_undoing_takes_back_what_the_list_said_and_what_was_found_before_holds_again(
    check, approver, school, places, fixed_now
):
    other = InstitutionFactory(locality=places.district)
    InspectionFactory(item=item_of(school), status=Status.PARTLY_MET, held_on=date(2026, 4, 1))
    run = applied(check([school.bin, None, "да"], [other.bin, None, "да"]), by=approver, now=fixed_now)
    assert verified(AS_OF) == Counts(met=2)
    inspections.revoke(run.rows.get(number=3).inspection, by=approver, now=fixed_now, note="Қате")
    run = undone(run, by=approver, now=fixed_now)
    assert (run.state, run.rows_undone, run.rows_kept) == ("undone", 1, 1)
    assert reasons(run, 3) == [("bin", "taken_back_already")]
    assert verified(AS_OF) == Counts(partly_met=1)
    revoked = run.rows.get(number=2).inspection
    assert (revoked.revoked_by, revoked.revoke_note) == (
        approver,
        _("The list “%(file)s” was undone.") % {"file": "тізім.xlsx"},
    )
    assert list(sums.drift()) == []
    assert list(ledger.broken_chains()) == []


# --- set by set as one by one -------------------------------------------------------------------------------


def test_the_ledger_is_written_as_by_the_verb_for_one(check, approver, school, places, fixed_now, order):
    """Two institutions with the same past, one by the list and one by hand: the same rows, sequence and causes."""
    other = InstitutionFactory(locality=places.district)
    for one in (school, other):
        EntryFactory(item=item_of(one), effective_on=date(2026, 3, 1), approved=True)
        enrolment.change_institution(
            one, since=date(2026, 5, 10), by=None, now=fixed_now,
            locality=places.city, settlement=places.city_settlement, settlement_class="regional_city",
            large_city=places.large_city,
        )  # fmt: skip
    applied(check([school.bin, None, "нет"]), by=approver, now=fixed_now)
    InspectionFactory(item=item_of(other), status=Status.NOT_MET, held_on=AS_OF, by=approver)
    columns = ("seq", "cell", "from_status", "to_status", "to_learners", "effective_on", "recorded_on", "cause")
    by_list, by_hand = (
        list(StatusChange.objects.filter(institution=one, cell__level=Level.VERIFIED).order_by("seq").values(*columns))
        for one in (school, other)
    )
    assert len(by_list) == 3
    assert by_list == by_hand
    for one in (school, other):
        assert ledger.sync(one, cause="correction", ref="x", now=fixed_now) == []
