"""The file of a new edition: what it says, and everything that is wrong with it at once."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.utils import translation

from compliance.applicability import CONDITIONS, Rule, RuleError, Situation, explain, group_in, judge
from compliance.enums import Inheritance, ItemChange
from compliance.library import load_library
from compliance.library.coming import Base, BaseItem, EditionRefused, read
from compliance.library.coming_words import PROBLEMS, in_words, with_place
from compliance.models import grouping_of
from tests.compliance.edition_files import EXAMPLE, changed, only_same


def base(**more) -> Base:
    library = load_library()
    items = {
        one.code: BaseItem(one.code, one.chapter, Rule.parse(one.applies), one.kinds, one.measure is not None)
        for one in library.requirements
    }
    values = {
        "code": "current",
        "in_force_from": date(2026, 7, 12),
        "editions": frozenset({"2022", "current"}),
        "items": items,
        "chapters": frozenset(chapter.code for chapter in library.chapters),
        "taken": frozenset(items),
        "closed": lambda day: day < date(2026, 10, 1),
    }
    return Base(**{**values, **more})


def wrong(text: str) -> list[tuple[str, str, str]]:
    """Item, field and code of what is wrong."""
    with pytest.raises(EditionRefused) as refused:
        read(text, base())
    return [(one["item"], one["field"], one["code"]) for one in refused.value.problems]


def test_the_example_is_read_whole():
    coming = read(EXAMPLE, base())
    by_change = {change: [item.code for item in coming.items if item.change == change] for change in ItemChange}
    assert (coming.code, coming.in_force_from, coming.base, coming.dropped) == (
        "example-2027",
        date(2027, 1, 1),
        "current",
        ("TRN-PARENTS",),
    )
    assert len(by_change[ItemChange.SAME]) == 55
    assert by_change[ItemChange.NEW] == ["SAFE-ROOM"]
    assert by_change[ItemChange.SPLIT] == ["ACC-VISITORS", "ACC-BOOK", "RSP-KEYS-KEPT", "RSP-EXITS"]
    assert by_change[ItemChange.MERGED] == ["RESP-PERSON"]
    found = {item.code: item for item in coming.items}
    assert (found["ACC-BOOK"].parents, found["ACC-BOOK"].answer) == (("ACC-VISITORS",), Inheritance.STANDS)
    assert (found["ACC-VISITORS"].parents, found["ACC-VISITORS"].answer) == ((), Inheritance.NONE)
    assert found["RSP-EXITS"].answer == Inheritance.NONE
    assert found["RESP-PERSON"].parents == ("PAS-RESP", "TRN-RESP")
    assert str(found["TURNSTILE"].rule) == "all; report:large_cities"
    assert str(found["CCTV-OPS"].rule) == "inexample-2027:all; report:all"
    assert found["ACC-NOTICE"].texts.keys() == {"title_kk", "title_ru", "title_en"}


def test_everything_that_is_wrong_is_told_at_once_with_its_place():
    text = EXAMPLE
    for old, new in (
        ('code = "example-2027"', 'code = "Жаңа"'),
        ("in_force_from = 2027-01-01", "in_force_from = 2026-07-12"),
        ('"ACC-ORDER", ', ""),
        ('from = ["PAS-RESP", "TRN-RESP"]', 'from = ["PAS-RESP"]'),
        ("validity_months = 12", "validity_months = 0"),
        ('applies = "G2; if:has_grounds"', 'applies = "G7; if:has_grounds"'),
    ):
        text = changed(text, old, new)
    with pytest.raises(EditionRefused) as refused:
        read(text, base())
    found = [(one["code"], one["item"], one["field"]) for one in refused.value.problems]
    assert found == [
        ("wrong_code", "", "code"),
        ("day_too_early", "", "in_force_from"),
        ("unaccounted", "", "same"),
        ("unaccounted", "", "same"),
        ("wrong_rule", "FENCE", "applies"),
        ("merged_of_several", "RESP-PERSON", "from"),
        ("not_positive", "SAFE-ROOM", "validity_months"),
    ]
    lines = text.splitlines()
    places = [lines[one["line"] - 1] for one in refused.value.problems]
    assert [re.split(r"[ =]", place)[0] for place in places] == [
        "code",
        "in_force_from",
        "same",
        "same",
        "applies",
        "from",
        "validity_months",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('dropped = ["TRN-PARENTS"]', 'dropped = ["TRN-PARENTS", "ALERT"]', ("ALERT", "", "two_ways")),
        ('dropped = ["TRN-PARENTS"]', 'dropped = ["NOPE", "TRN-PARENTS"]', ("", "dropped", "no_such_item")),
        ('dropped = ["TRN-PARENTS"]', "dropped = []", ("", "same", "unaccounted")),
        ('"GRD-CONTRACT",', "", ("", "same", "unaccounted")),
        ('code = "SAFE-ROOM"', 'code = "TRN-PARENTS"', ("TRN-PARENTS", "code", "code_taken")),
        ('code = "SAFE-ROOM"', 'code = "бөлме"', ("бөлме", "code", "wrong_item_code")),
        ('code = "ACC-BOOK"', 'code = "ALERT"', ("ALERT", "code", "code_taken")),
        ('answer = "weakest"', 'answer = "stands"', ("RESP-PERSON", "answer", "unknown_choice")),
        ('answer = "stands"', 'answer = "not_answered"', ("ACC-VISITORS", "answer", "part_keeps_answer")),
        ('change = "new"', 'change = "old"', ("SAFE-ROOM", "change", "unknown_choice")),
        ('chapter = "training"', 'chapter = "sport"', ("RESP-PERSON", "chapter", "unknown_choice")),
        ("people_from = 501", "people_from = 0", ("", "people_from", "not_positive")),
        ("number = 2", "number = 1", ("", "number", "wrong_group")),
        ("number = 2", "nummer = 2", ("", "nummer", "unknown_field")),
        ('provenance = "read"', 'provenance = "heard"', ("", "provenance", "unknown_choice")),
        ("expires = true", 'expires = "yes"', ("SAFE-ROOM", "expires", "no_flag")),
        ("expires = true", "expires = false", ("SAFE-ROOM", "validity_months", "months_without_end")),
        ('title_ru = "Ключи под контролем"', "", ("RSP-KEYS-KEPT", "title_ru", "missing")),
        ('title_ru = "Ключи под контролем"', 'title_ru = " "', ("RSP-KEYS-KEPT", "title_ru", "empty")),
        ("in_force_from = 2027-01-01", "in_force_from = 2026-09-30", ("", "in_force_from", "day_closed")),
        ('code = "example-2027"', 'code = "2022"', ("", "code", "edition_exists")),
        ('kinds = ["school", "college"]', 'kinds = ["school", "school"]', ("SAFE-ROOM", "kinds", "twice")),
        ('kinds = ["school", "college"]', 'kinds = ["gym"]', ("SAFE-ROOM", "kinds", "unknown_choice")),
        (
            'applies = "all; report:large_cities"',
            'applies = "all"',
            ("TURNSTILE", "applies", "measure_needs_report"),
        ),
    ],
)
def test_a_mistake_is_told_with_its_item_and_field(old, new, expected):
    assert expected in wrong(changed(EXAMPLE, old, new))


@pytest.mark.parametrize("code", ["CCTV", "GRD-CONTRACT"])
def test_a_measure_of_the_brief_can_only_stay(code):
    text = changed(EXAMPLE, f' "{code}",', "")
    dropped = changed(text, 'dropped = ["TRN-PARENTS"]', f'dropped = ["{code}", "TRN-PARENTS"]')
    assert wrong(dropped) == [("", "dropped", "measure")]


def test_an_item_is_split_into_two_parts_at_least():
    text = changed(EXAMPLE, 'code = "RSP-EXITS"\nchange = "split"\nfrom = ["RSP-KEYS"]\nanswer = "not_answered"',
                   'code = "RSP-EXITS"\nchange = "new"')  # fmt: skip
    assert wrong(text) == [("RSP-KEYS", "", "one_part")]


def test_what_is_no_toml_names_its_line():
    with pytest.raises(EditionRefused) as refused:
        read("[edition]\ncode = \n", base())
    assert [(one["code"], one["line"]) for one in refused.value.problems] == [("not_toml", 2)]


def test_a_text_over_several_lines_hides_no_field():
    text = changed(EXAMPLE, 'note_en = "An example: there is no such edition."',
                   'note_en = """\ncode = 1\n"""')  # fmt: skip
    text = changed(text, 'provenance = "read"', 'provenance = "heard"')
    with pytest.raises(EditionRefused) as refused:
        read(text, base())
    assert [text.splitlines()[one["line"] - 1] for one in refused.value.problems] == ['provenance = "heard"']


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_every_problem_has_words_in_the_persons_language(language):
    params = {"said": "x", "most": 1, "value": "x", "choices": "x", "day": "2027-01-01"}
    with translation.override(language):
        for code in PROBLEMS:
            problem = {"code": code, "line": 3, "item": "CCTV", "field": "code", "params": params}
            assert in_words(problem)
            assert with_place(problem).endswith(in_words(problem))
            assert "%(" not in in_words(problem)


# --- the grammar of an edition -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "carried"),
    [
        ("all", "all"),
        ("all; if:event", "all; if:event"),
        ("if:leased", "if:leased"),
        ("ed2022:G2+; now:all; report:all", "in2027:all; report:all"),
        ("ed2022:G3; now:G2; report:large_cities", "in2027:G2; report:large_cities"),
        ("ed2022:G3; now:G2?; report:large_cities", "in2027:G2?; report:large_cities"),
        ("ed2022:G4; now:checked; if:has_grounds", "in2027:checked; if:has_grounds"),
        ("ed2022:G3; if:leased", "in2027:none; if:leased"),
        ("ed2022:G3", "in2027:none"),
    ],
)
def test_a_rule_that_stays_obliges_the_same_under_the_new_edition(rule, carried):
    old = Rule.parse(rule)
    new = old.carried(before="current", code="2027")
    assert str(new) == carried
    assert Rule.parse(carried, of_files=True) == new
    grouping = grouping_of([{"number": 2, "people_from": 701, "settlements": ["district_city", "regional_city"]}])
    for people in (10, 900):
        for leased in (True, False):
            situation = Situation("school", people, "village", False, {"leased": leased, "event": True}, False)
            was = judge(old, kinds=["school"], edition="current", situation=situation)
            now = judge(new, kinds=["school"], edition="2027", situation=situation, grouping=grouping)
            assert (was and was.obliged, was and was.counted) == (now and now.obliged, now and now.counted)
            if now is not None:
                assert explain(now.basis)


@pytest.mark.parametrize("rule", ["", "now:all", "ed2022:G1", "in2027:G1", "G5", "if:rich", "all; G2"])
def test_a_file_speaks_of_its_own_edition_alone(rule):
    with pytest.raises(RuleError):
        Rule.of_edition(rule, "2027")


def test_groups_come_with_the_edition():
    grouping = grouping_of(
        [
            {"number": 2, "people_from": 100, "settlements": []},
            {"number": 3, "people_from": None, "settlements": ["regional_city"]},
        ]
    )
    found = [group_in(grouping, people=people, settlement_class=place) for people, place in (
        (99, "village"), (100, "village"), (1, "regional_city"))]  # fmt: skip
    assert found == [1, 2, 3]


def test_the_reason_names_the_edition(source_words):
    assert explain("in2027:G2+;if:leased") == (
        "Obliged: Order No. 117, edition 2027, facility group 2 and above. "
        f"Condition met: {CONDITIONS['leased'].reason}."
    )


def test_an_edition_of_the_same_is_read():
    assert {item.change for item in read(only_same(), base()).items} == {ItemChange.SAME}
