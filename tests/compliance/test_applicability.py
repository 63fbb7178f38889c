"""Whom the Order obliges and whom the report counts: each token, each boundary, each of the 60 items."""

from dataclasses import replace

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from compliance.applicability import (
    CONDITIONS,
    EDITIONS,
    FACTS,
    KINDS,
    SETTLEMENT_CLASSES,
    Rule,
    RuleError,
    Ruling,
    Situation,
    explain,
    facility_group,
    judge,
)
from compliance.library import load_library

VILLAGE_SCHOOL = Situation(
    kind="school",
    people=120,
    settlement_class="village",
    in_large_city=False,
    facts={},
    has_guard_contract=False,
)
GROUP_TOKENS = [
    "ed2022:G1",
    "ed2022:G2",
    "ed2022:G3",
    "ed2022:G4",
    "ed2022:G2+",
    "now:all",
    "now:G1",
    "now:G2",
    "now:G2?",
    "now:checked",
]
REPORTS = ["report:all", "report:large_cities"]


def verdict(text: str, *, edition: str = "2022", kinds: tuple[str, ...] = KINDS, **change: object) -> str | None:
    """The basis of the ruling on the village school with some things changed."""
    ruling = judge(Rule.parse(text), kinds=kinds, edition=edition, situation=replace(VILLAGE_SCHOOL, **change))
    return ruling.basis if ruling else None


# Groups -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settlement_class", "groups"),
    [
        # people:            0  299 300 301 699 700 701
        ("village", [1, 1, 2, 2, 2, 2, 3]),
        ("town", [1, 1, 2, 2, 2, 2, 3]),
        ("district_centre", [2, 2, 2, 2, 2, 2, 3]),
        ("district_city", [2, 2, 2, 2, 2, 2, 3]),
        ("regional_city", [3, 3, 3, 3, 3, 3, 3]),
        ("republican_city", [3, 3, 3, 3, 3, 3, 3]),
    ],
)
def test_groups_of_the_edition_of_2022(settlement_class, groups):
    found = [
        facility_group("2022", people=people, settlement_class=settlement_class)
        for people in (0, 299, 300, 301, 699, 700, 701)
    ]
    assert found == groups


@pytest.mark.parametrize(
    ("settlement_class", "groups"),
    [
        ("village", [1, 1, 1, 1, 1, 1, 2]),
        ("town", [1, 1, 1, 1, 1, 1, 2]),
        ("district_centre", [2, 2, 2, 2, 2, 2, 2]),
        ("district_city", [2, 2, 2, 2, 2, 2, 2]),
        ("regional_city", [2, 2, 2, 2, 2, 2, 2]),
        ("republican_city", [2, 2, 2, 2, 2, 2, 2]),
    ],
)
def test_groups_of_the_current_edition(settlement_class, groups):
    found = [
        facility_group("current", people=people, settlement_class=settlement_class)
        for people in (0, 299, 300, 301, 699, 700, 701)
    ]
    assert found == groups


def test_an_unknown_edition_has_no_groups():
    with pytest.raises(ValueError, match="'2023'"):
        facility_group("2023", people=100, settlement_class="village")


# Tokens -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "obliged"),
    [
        # facility groups 1, 2, 3 of the edition of 2022; groups 1, 2 of the current one
        ("all", "123 12"),
        ("ed2022:G1", "1.. .."),
        ("ed2022:G2", ".2. .."),
        ("ed2022:G3", "..3 .."),
        ("ed2022:G4", "... .."),
        ("ed2022:G2+", ".23 .."),
        ("now:all", "... 12"),
        ("now:G1", "... 1."),
        ("now:G2", "... .2"),
        ("now:G2?", "... .."),
        ("now:checked", "... .."),
    ],
)
def test_a_group_token_obliges_its_groups_in_its_edition_only(token, obliged):
    people_of_group = {"1": 299, "2": 700, "3": 701}
    of_2022 = "".join(group if verdict(token, people=people) else "." for group, people in people_of_group.items())
    of_now = "".join(
        group if verdict(token, edition="current", people=people) else "."
        for group, people in {"1": 700, "2": 701}.items()
    )
    assert f"{of_2022} {of_now}" == obliged


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("edition", EDITIONS)
def test_a_condition_alone_obliges_where_it_holds(fact, edition):
    rule = f"if:{fact}"
    assert verdict(rule, edition=edition, facts={fact: True}) == rule
    assert verdict(rule, edition=edition, facts={fact: False}) is None


def test_an_unanswered_fact_counts_as_no_but_grounds_count_as_there():
    assert [fact for fact in FACTS if verdict(f"if:{fact}")] == ["has_grounds"]


def test_guard_conditions_follow_the_contract():
    assert verdict("if:guard_contract", has_guard_contract=True) == "if:guard_contract"
    assert verdict("if:guard_contract", has_guard_contract=False) is None
    assert verdict("if:no_guard_contract", has_guard_contract=False) == "if:no_guard_contract"
    assert verdict("if:no_guard_contract", has_guard_contract=True) is None


def test_every_condition_must_hold():
    rule = "all; if:leased; if:has_grounds"
    assert verdict(rule, facts={"leased": True}) == "all;if:leased;if:has_grounds"
    assert verdict(rule, facts={"leased": True, "has_grounds": False}) is None
    assert verdict(rule, facts={}) is None


def test_a_condition_does_not_widen_a_group():
    assert verdict("ed2022:G3; if:has_grounds") is None
    assert verdict("now:all; if:has_grounds", edition="2022") is None


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_report_on_all_counts_everybody_and_obliges_nobody(edition):
    ruling = judge(Rule.parse("report:all"), kinds=KINDS, edition=edition, situation=VILLAGE_SCHOOL)
    assert ruling == Ruling(obliged=False, counted=True, basis="report:all")


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_report_on_large_cities_counts_only_there(edition):
    assert verdict("report:large_cities", edition=edition, in_large_city=True) == "report:large_cities"
    assert verdict("report:large_cities", edition=edition, in_large_city=False) is None


def test_conditions_do_not_restrict_the_report():
    situation = replace(VILLAGE_SCHOOL, facts={"has_grounds": False})
    ruling = judge(Rule.parse("all; if:has_grounds; report:all"), kinds=KINDS, edition="2022", situation=situation)
    assert ruling == Ruling(obliged=False, counted=True, basis="report:all")


def test_a_ruling_can_be_both_a_duty_and_a_count():
    situation = replace(VILLAGE_SCHOOL, settlement_class="regional_city", in_large_city=True)
    ruling = judge(
        Rule.parse("ed2022:G3; now:G2; if:has_grounds; report:large_cities"),
        kinds=KINDS,
        edition="current",
        situation=situation,
    )
    assert ruling == Ruling(obliged=True, counted=True, basis="now:G2;if:has_grounds;report:large_cities")


def test_an_item_of_another_kind_is_neither_a_duty_nor_counted():
    assert verdict("all; report:all", kinds=("kindergarten", "college")) is None


def test_an_unknown_edition_is_refused_even_where_the_edition_does_not_matter():
    with pytest.raises(ValueError, match="'2023'"):
        verdict("all", edition="2023")


# Rules as text ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Empty token"),
        ("all;", "Empty token"),
        ("all; ; report:all", "Empty token"),
        ("everybody", "Unknown token 'everybody'"),
        ("ed2022:G5", "Unknown token 'ed2022:G5'"),
        ("ed2023:G1", "Unknown token 'ed2023:G1'"),
        ("ALL", "Unknown token 'ALL'"),
        ("if:", "Unknown token 'if:'"),
        ("if:rich", "Unknown token 'if:rich'"),
        ("leased", "Unknown token 'leased'"),
        ("report:villages", "Unknown token 'report:villages'"),
        ("all, report:all", "Unknown token 'all, report:all'"),
        ("now:G2; now:G2", "Repeated token 'now:G2'"),
        ("all; now:G2", "'all' leaves no room"),
        ("report:all; report:large_cities", "More than one report"),
    ],
)
def test_a_rule_outside_the_grammar_is_refused(text, message):
    with pytest.raises(RuleError, match=message.replace("?", r"\?")):
        Rule.parse(text)


def test_tokens_may_stand_in_any_order_and_with_any_blanks():
    assert str(Rule.parse(" report:all;if:leased ;  now:all")) == "now:all; if:leased; report:all"


@st.composite
def rules(draw):
    groups = draw(st.one_of(st.just(["all"]), st.lists(st.sampled_from(GROUP_TOKENS), unique=True)))
    conditions = draw(st.lists(st.sampled_from(sorted(CONDITIONS)), unique=True))
    report = draw(st.sampled_from(["", *REPORTS]))
    if not groups and not conditions and not report:
        report = "report:all"
    return Rule(tuple(groups), tuple(conditions), report)


situations = st.builds(
    Situation,
    kind=st.sampled_from(KINDS),
    people=st.integers(0, 3000),
    settlement_class=st.sampled_from(SETTLEMENT_CLASSES),
    in_large_city=st.booleans(),
    facts=st.dictionaries(st.sampled_from(FACTS), st.booleans()),
    has_guard_contract=st.booleans(),
)


@given(rules())
def test_a_rule_is_read_as_it_is_written(rule):
    assert Rule.parse(str(rule)) == rule


@given(rules(), st.sampled_from(EDITIONS), situations)
def test_a_ruling_says_what_its_basis_says(rule, edition, situation):
    ruling = judge(rule, kinds=KINDS, edition=edition, situation=situation)
    if ruling is None:
        assert rule.report != "report:all"
        return
    tokens = ruling.basis.split(";")
    assert ruling.counted == tokens[-1].startswith("report:")
    assert ruling.obliged == (not tokens[0].startswith("report:"))
    assert set(tokens) <= set(str(rule).split("; "))
    assert explain(ruling.basis)


@given(rules(), st.sampled_from(EDITIONS), situations)
def test_equal_situations_are_one_key(rule, edition, situation):
    same = replace(situation, facts=dict(reversed(situation.facts.items())))
    assert {situation: judge(rule, kinds=KINDS, edition=edition, situation=situation)}[same] == judge(
        rule, kinds=KINDS, edition=edition, situation=same
    )


@pytest.mark.parametrize(
    ("text", "unconfirmed"), [("now:G2?", True), ("ed2022:G4; now:checked", True), ("ed2022:G4", False)]
)
def test_a_rule_knows_that_a_part_of_it_is_not_confirmed(text, unconfirmed):
    assert Rule.parse(text).unconfirmed is unconfirmed


# Situations -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "university"}, "kind of institution: 'university'"),
        ({"people": -1}, "negative: -1"),
        ({"settlement_class": "hamlet"}, "settlement class: 'hamlet'"),
        ({"facts": {"rich": True, "leased": False}}, "facts: rich"),
        ({"facts": {"guard_contract": True}}, "facts: guard_contract"),
    ],
)
def test_a_situation_that_no_rule_knows_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(VILLAGE_SCHOOL, **change)


def test_a_situation_keeps_its_own_copy_of_the_facts():
    facts = {"leased": True}
    situation = replace(VILLAGE_SCHOOL, facts=facts)
    facts["leased"] = False
    assert situation.holds("leased")


def test_facts_are_the_conditions_that_the_director_is_asked():
    assert FACTS == (
        "leased",
        "several_owners",
        "has_grounds",
        "dangerous_areas",
        "near_traffic",
        "police_check",
        "event",
        "not_equipped_in_6_months",
    )
    assert set(CONDITIONS) - set(FACTS) == {"guard_contract", "no_guard_contract"}


# The reason in words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("basis", "words"),
    [
        ("all", "Obliged: Order No. 117, every facility."),
        ("ed2022:G3", "Obliged: Order No. 117, edition of 2022, facility group 3."),
        (
            "ed2022:G2+;report:large_cities",
            (
                "Obliged: Order No. 117, edition of 2022, facility group 2 and above."
                " Also counted in the report on large cities."
            ),
        ),
        (
            "all;if:has_grounds",
            "Obliged: Order No. 117, every facility. Condition met: the institution has grounds of its own.",
        ),
        (
            "if:leased;if:several_owners",
            (
                "Obliged: Order No. 117, every facility to which the condition applies."
                " Condition met: the premises are leased, the building has several right holders."
            ),
        ),
        ("report:large_cities", "Not obliged by the Order; counted in the report on large cities."),
        (
            "now:all;report:all",
            (
                "Obliged: Order No. 117, current edition, every facility."
                " Also counted in the report on all institutions."
            ),
        ),
    ],
)
def test_a_basis_is_explained_in_words(basis, words):
    with translation.override("en"):
        assert explain(basis) == words


def test_a_basis_of_unknown_tokens_is_not_explained():
    with pytest.raises(RuleError, match="'ed2030:G1'"):
        explain("ed2030:G1")


# The 60 items -----------------------------------------------------------------------------------------------

EXAMPLES = {
    "village kindergarten": Situation("kindergarten", 120, "village", False, {}, False),
    "school in a district centre": Situation("school", 500, "district_centre", False, {"near_traffic": True}, False),
    "school in a large city, with a guard": Situation("school", 1200, "regional_city", True, {}, True),
    "large rural college, everything but grounds": Situation(
        "college", 900, "village", False, {fact: fact != "has_grounds" for fact in FACTS}, False
    ),
    "kindergarten in the capital": Situation("kindergarten", 320, "republican_city", True, {}, False),
}

# One column for each example: under the edition of 2022, then the current one.
# O obliged, C counted in the report, B both, . not on the list
EVERYBODY = "OO OO OO OO OO"
EXPECTED = {
    "ACC-ORDER": EVERYBODY,
    "ACC-PUPILS": EVERYBODY,
    "ACC-BANNED": EVERYBODY,
    "ACC-JOBDESC": EVERYBODY,
    "ACC-VISITORS": EVERYBODY,
    "ACC-VEHICLE": "OO OO OO .. OO",
    "ACC-ROUNDS": EVERYBODY,
    "ACC-POST": EVERYBODY,
    "ACC-NOTICE": EVERYBODY,
    "GRD-CONTRACT": ".. .. BC O. BC",
    "GRD-LICENCE": ".. .. OO .. ..",
    "GRD-TERMS": ".. .. OO .. ..",
    "GRD-INHOUSE": "OO OO .. OO OO",
    "GRD-STAFF": ".. .. OO .. ..",
    "GRD-LEASE": ".. .. .. OO ..",
    "CCTV": "BB BB BB BB BB",
    "CCTV-OPS": "CB BB BB BB BB",
    "CCTV-ZONES": EVERYBODY,
    "CCTV-30D": EVERYBODY,
    "CCTV-TECH": EVERYBODY,
    "PANIC": ".O OO BB OO BB",
    "PANIC-PLACES": ".O OO OO OO OO",
    "ALERT": EVERYBODY,
    "ALERT-SIGNALS": EVERYBODY,
    "TURNSTILE": ".. .O BB OO BB",
    "INTERCOM": ".. .. .. .. .O",
    "FENCE": ".. .. .. .. ..",
    "LIGHT": EVERYBODY,
    "SPEED": ".. OO .. OO ..",
    "SIGNALLING": ".. .. .. OO ..",
    "POWER": EVERYBODY,
    "MAINT": EVERYBODY,
    "EQUIP-PLAN": ".. .. .. OO ..",
    "TRN-RESP": EVERYBODY,
    "TRN-SCHEDULE": EVERYBODY,
    "TRN-BRIEF-STAFF": EVERYBODY,
    "TRN-BRIEF-PUPILS": EVERYBODY,
    "TRN-GUARDS": EVERYBODY,
    "TRN-BRIEF-NEW": EVERYBODY,
    "TRN-BRIEF-UNSCHED": ".. .. .. OO ..",
    "TRN-DRILL-YEAR": EVERYBODY,
    "TRN-DRILL-HALF": EVERYBODY,
    "TRN-LOG": EVERYBODY,
    "TRN-PRESCHOOL": "OO .. .. .. OO",
    "TRN-PARENTS": EVERYBODY,
    "INT-ATC": EVERYBODY,
    "INT-INFORM": EVERYBODY,
    "INT-NOBD": ".. .. .. .O ..",
    "PAS-HAVE": EVERYBODY,
    "PAS-RESP": EVERYBODY,
    "PAS-AGREE": EVERYBODY,
    "PAS-UPDATE": ".. .. .. OO ..",
    "PAS-DSP": EVERYBODY,
    "PAS-FAMILY": EVERYBODY,
    "PAS-MULTI": ".. .. .. OO ..",
    "RSP-ALGO": EVERYBODY,
    "RSP-EVAC": EVERYBODY,
    "RSP-PHONES": EVERYBODY,
    "RSP-DAILY": EVERYBODY,
    "RSP-KEYS": EVERYBODY,
}


def letter(ruling):
    return {None: ".", (True, False): "O", (False, True): "C", (True, True): "B"}[
        ruling and (ruling.obliged, ruling.counted)
    ]


def test_the_60_items_oblige_and_count_whom_they_should():
    found = {}
    for requirement in load_library().requirements:
        rule = Rule.parse(requirement.applies)
        found[requirement.code] = " ".join(
            "".join(
                letter(judge(rule, kinds=requirement.kinds, edition=edition, situation=situation))
                for edition in ("2022", "current")
            )
            for situation in EXAMPLES.values()
        )
    assert found == EXPECTED
