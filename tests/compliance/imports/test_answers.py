"""A list of answers becomes entries of whoever applies it: judged row by row, decided by somebody else."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from compliance import workflow
from compliance.enums import ImportKind, Measure, PeriodState, Status
from compliance.imports.problems import in_words
from compliance.models import ChecklistItem, Period, StatusEntry
from tests.compliance.imports.lists import applied, checked, undone, workbook
from tests.factories.compliance import EntryFactory, ItemFactory, PeriodExceptionFactory
from tests.factories.institutions import ApproverFactory, DirectorFactory, EditorFactory, InstitutionFactory

SINCE = date(2026, 5, 1)
HEADINGS = ("БСН", "Талап коды", "Жауап", "Қай күннен бастап", "Қай күнге дейін", "Ескертпе", "Құжат нөмірі",
            "Құжатты берген", "Құжат күні", "Құжаттың соңғы күні")  # fmt: skip


@pytest.fixture
def editor(fixed_now, order, places, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return EditorFactory(region=places.region).user


@pytest.fixture
def school(editor, places):
    return InstitutionFactory(locality=places.district)


@pytest.fixture
def code(order) -> str:
    return order.measures[Measure.CCTV_INSTALLED].code


@pytest.fixture
def check(editor, fixed_now):
    """Check rows of answers as the editor (or somebody else); returns the run."""

    def run(*rows, by=editor, headings=HEADINGS):
        return checked(workbook([headings, *rows]), by=by, since=SINCE, now=fixed_now, kind=ImportKind.ANSWERS)

    return run


def reasons(run, number: int = 2) -> list[tuple[str, str]]:
    return [(reason["column"], reason["code"]) for reason in run.rows.get(number=number).reasons]


def test_an_answer_is_handed_in_by_the_importer_and_decided_by_another(check, editor, school, code, fixed_now, places):
    run = check([school.bin, code, "иә", "02.05.2026", None, "Орнатылды", "7", "ЖШС", date(2026, 5, 1), "2027-01-01"])
    assert (run.rows_read, run.rows_new) == (1, 1)
    assert run.rows.get().differences == [
        {"field": "status", "old": "unknown", "new": "met"},
        {"field": "since", "old": None, "new": "2026-05-02"},
    ]
    assert not StatusEntry.objects.exists()
    run = applied(run, by=editor, now=fixed_now)
    assert (run.state, run.done_new, run.rows_stale) == ("applied", 1, 0)
    entry = StatusEntry.objects.get()
    assert (entry.state, entry.author, entry.submitted_by) == ("submitted", editor, editor)
    assert (entry.status, entry.effective_on, entry.note) == ("met", date(2026, 5, 2), "Орнатылды")
    assert (entry.evidence.number, entry.evidence.issued_on, entry.evidence.valid_until) == (
        "7",
        date(2026, 5, 1),
        date(2027, 1, 1),
    )
    assert run.rows.get().entry == entry
    # Four eyes: not the importer, not even where they decide in the region as well.
    ApproverFactory(user=editor, region=places.region)
    with pytest.raises(workflow.OwnEntry):
        workflow.approve(entry, by=editor, now=fixed_now, shown=entry.content_hash)
    workflow.approve(entry, by=ApproverFactory(region=places.region).user, now=fixed_now, shown=entry.content_hash)
    assert ChecklistItem.objects.get(pk=entry.item_id).status == Status.MET


def test_what_is_approved_already_is_unchanged(check, school, code):
    item = ItemFactory(institution=school, code=code)
    EntryFactory(item=item, approved=True, effective_on=date(2026, 4, 1), valid_until=date(2026, 12, 31))
    # An empty cell says nothing: the same answer without a day is the one that there is.
    run = check([school.bin, code, "орындалған"], [school.bin, "TURNSTILE-X", "иә"])
    assert list(run.rows.values_list("outcome", flat=True)) == ["unchanged", "refused"]
    assert check([school.bin, code, "иә", "01.04.2026", "31.12.2026"]).rows_unchanged == 1
    renewed = check([school.bin, code, "иә", "01.05.2026", "31.12.2027"]).rows.get()
    assert renewed.differences == [
        {"field": "since", "old": "2026-04-01", "new": "2026-05-01"},
        {"field": "valid_until", "old": "2026-12-31", "new": "2027-12-31"},
    ]
    changed = check([school.bin, code, "жоқ"])
    assert (changed.rows_changed, changed.rows.get().differences[0]) == (
        1,
        {"field": "status", "old": "met", "new": "not_met"},
    )


def test_a_requirement_is_known_by_its_title_too(check, school, order):
    requirement = order.measures[Measure.CCTV_INSTALLED]
    run = check([school.bin, requirement.title_ru.upper(), "выполнено"])
    assert (run.rows.get().requirement, run.rows_new) == (requirement.code, 1)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"code": "НЕТ-ТАКОГО"}, [("requirement", "unknown_requirement")]),
        ({"status": None, "note": "жөндеу"}, [("status", "answer_missing")]),
        ({"status": "мүмкін"}, [("status", "unknown_choice")]),
        ({"status": "unknown"}, [("status", "unknown_choice")]),
        ({"since": "21.05.2026"}, [("since", "future_day")]),
        ({"since": "01.02.2026"}, [("since", "closed_quarter")]),
        ({"until": "30.04.2026"}, [("valid_until", "ends_early")]),
        ({"status": "қолданылмайды", "until": "2026-12-31", "note": "жөндеу"}, [("status", "no_exception")]),
        ({"number": "7"}, [("document_issuer", "document_not_whole")]),
        (
            {"number": "7", "issuer": "ЖШС", "issued": "01.05.2026", "ends": "01.04.2026"},
            [("document_valid_until", "ends_early")],
        ),
        ({"code": "x", "status": None}, [("requirement", "unknown_requirement"), ("status", "answer_missing")]),
    ],
)
def test_everything_that_is_wrong_with_an_answer_is_said(check, school, code, row, expected):
    Period.objects.filter(code="2026Q1").update(state=PeriodState.CLOSING)
    said = {"code": code, "status": "иә", "since": None, "until": None, "note": None, "number": None, "issuer": None,
            "issued": None, "ends": None}  # fmt: skip
    run = check([school.bin, *(said | row).values()])
    assert reasons(run) == expected
    assert all(in_words(reason) for reason in run.rows.get().reasons)


def test_an_exception_opens_a_closing_quarter_for_one_institution(check, school, code, order):
    Period.objects.filter(code="2026Q1").update(state=PeriodState.CLOSING)
    PeriodExceptionFactory(institution=school, period=order.period("2026Q1"))
    assert check([school.bin, code, "иә", "01.02.2026"]).rows_new == 1


def test_answers_of_other_regions_and_of_what_is_not_asked_are_refused(check, school, code, places, order):
    foreign = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)
    listed = set(
        ChecklistItem.objects.filter(institution=school, listed=True).values_list("requirement__code", flat=True)
    )
    off_list = min(order.requirements.keys() - listed)
    mine = school.bin
    run = check([foreign.bin, code, "иә"], [mine, off_list, "иә"], [mine, code, "иә"], [mine, code, "жоқ"])
    assert [reasons(run, number) for number in (2, 3, 4, 5)] == [
        [("bin", "not_found")],
        [("requirement", "not_listed")],
        [("requirement", "answer_twice")],
        [("requirement", "answer_twice")],
    ]


def test_an_answer_that_waits_and_a_draft_of_ones_own_are_left_alone(check, editor, school, code, order):
    other = order.measures[Measure.CCTV_CONNECTED].code
    EntryFactory(item=ItemFactory(institution=school, code=code), submitted=True)
    EntryFactory(item=ItemFactory(institution=school, code=other), author=editor)
    run = check([school.bin, code, "иә"], [school.bin, other, "иә"])
    assert (reasons(run, 2), reasons(run, 3)) == ([("requirement", "waits_already")], [("requirement", "own_draft")])


def test_what_happened_after_the_check_leaves_the_row_out(check, editor, school, code, order, fixed_now, places):
    other = order.measures[Measure.CCTV_CONNECTED].code
    run = check([school.bin, code, "иә"], [school.bin, other, "иә"])
    EntryFactory(item=ItemFactory(institution=school, code=code), approved=True, effective_on=SINCE)
    EntryFactory(item=ItemFactory(institution=school, code=other), submitted=True)
    run = applied(run, by=editor, now=fixed_now)
    assert (run.done_new, run.rows_stale) == (0, 2)
    assert (reasons(run, 2), reasons(run, 3)) == (
        [("requirement", "decided_meanwhile")],
        [("requirement", "waits_already")],
    )
    assert not StatusEntry.objects.filter(author=editor).exists()


def test_undoing_takes_back_what_nobody_has_decided(check, editor, school, code, order, fixed_now, places):
    other = order.measures[Measure.CCTV_CONNECTED].code
    run = applied(check([school.bin, code, "иә"], [school.bin, other, "иә"]), by=editor, now=fixed_now)
    decided = StatusEntry.objects.get(item__requirement__code=code)
    approver = ApproverFactory(region=places.region).user
    workflow.approve(decided, by=approver, now=fixed_now, shown=decided.content_hash)
    run = undone(run, by=editor, now=fixed_now + timedelta(minutes=1))
    assert (run.state, run.rows_undone, run.rows_kept) == ("undone", 1, 1)
    assert dict(StatusEntry.objects.values_list("item__requirement__code", "state")) == {
        code: "approved",
        other: "withdrawn",
    }
    assert reasons(run, 2) == [("requirement", "cannot_be_taken_back")]


def test_a_director_is_no_importer_but_answers_of_theirs_count_as_before(check, school, code):
    director = DirectorFactory(institution=school).user
    run = check([school.bin, code, "иә"], by=director)  # pages and commands let no director come this far
    assert run.rows_new == 1


def test_ten_rows_cost_no_more_queries_than_one(check, places, code, django_assert_max_num_queries):
    schools = [InstitutionFactory(locality=places.district) for _number in range(6)]
    with django_assert_max_num_queries(40):
        assert check(*([school.bin, code, "иә"] for school in schools)).rows_new == 6
