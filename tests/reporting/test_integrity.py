"""The integrity rules: the published brief, each rule on small cases, clean briefs with one fault put in."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from compliance.enums import MEASURE_SCOPE, Measure
from institutions.enums import Kind
from reporting.figures import read_figures, read_headlines, read_registry
from reporting.integrity import Finding, Headline, Line, Rule, check
from reporting.numerals import ablative_suffix
from reporting.percent import percent

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "reporting" / "data" / "brief_2023q1"


def csv_rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


REGIONS = [row["code"] for row in csv_rows(ROOT / "institutions" / "data" / "regions.csv")]
CITY_LINES = {row["brief_line"]: row["region_code"] for row in csv_rows(ROOT / "institutions" / "data" / "cities.csv")}


def brief(findings):
    """Findings without their messages."""
    return [(f.rule.value, f.measure, f.kind, f.place, f.printed, f.expected) for f in findings]


# --- the published brief ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published():
    return (
        read_figures(PUBLISHED / "figures.csv", regions=REGIONS, city_lines=CITY_LINES),
        read_headlines(PUBLISHED / "headlines.csv"),
    )


CONTRADICTIONS = [
    ("covered_exceeds_total", "cctv_connected", "kindergarten", "KZ-35", "105-тен 134", "134-тен 105"),
    ("covered_exceeds_total", "cctv_connected", "school", "KZ-19", "152-ден 425", "425-тен 152"),
    ("covered_exceeds_total", "cctv_connected", "college", "KZ-35", "27-ден 29", "29-дан 27"),
    ("covered_exceeds_total", "panic_button", "college", "Жезқазған қ.", "1-ден 5", "5-тен 1"),
    ("percent_mismatch", "panic_button", "school", "Жезқазған қ.", "100", "77"),
    ("denominator_differs", "panic_button", "college", "Түркістан қ.", "2", "6"),
    ("denominator_differs", "turnstile", "kindergarten", "Алматы қ.", "191", "193"),
    ("sum_differs_from_headline", "panic_button", "college", "KZ", "204", "200"),
    ("sum_differs_from_headline", "turnstile", "kindergarten", "KZ", "1010", "1008"),
    ("sum_differs_from_headline", "turnstile", "college", "KZ", "169", "180"),
    ("numeral_suffix", "cctv_connected", "school", "KZ-19", "152-тен", "152-ден"),
    ("numeral_suffix", "licensed_guard", "school", "Семей қ.", "70-ден", "70-тен"),
    ("numeral_suffix", "turnstile", "school", "Семей қ.", "70-ден", "70-тен"),
]


def test_the_published_brief_has_these_contradictions_and_no_others(published):
    assert brief(check(*published, city_lines_region=CITY_LINES)) == CONTRADICTIONS


def test_the_registry_knows_two_other_totals(published):
    registry = read_registry(PUBLISHED / "registry.csv", regions=REGIONS, city_lines=CITY_LINES)
    assert brief(check(*published, registry=registry, city_lines_region=CITY_LINES)) == [
        *CONTRADICTIONS,
        ("differs_from_records", "panic_button", "college", "Түркістан қ.", "2", "6"),
        ("differs_from_records", "turnstile", "kindergarten", "Алматы қ.", "191", "193"),
    ]


# --- each rule ----------------------------------------------------------------------------------------------


def line(printed, *, measure="licensed_guard", kind="school", place="Семей қ.", **more):
    """A line from its short form: "70-тен 50, 71" (suffix and covered may be left out)."""
    numbers, _, said = printed.partition(", ")
    first, _, covered = numbers.partition(" ")
    total, _, suffix = first.partition("-")
    return Line(
        measure=measure,
        scope=MEASURE_SCOPE[Measure(measure)].value,
        kind=kind,
        place=place,
        total=int(total),
        covered=int(covered) if covered else None,
        percent=int(said) if said else None,
        suffix=suffix or None,
        **more,
    )


def headline(measure, kind, total=None, covered=None, percent=None, *, scope="large_cities"):
    return Headline(measure, scope, kind, total, covered, percent)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        pytest.param(
            "105-тен 134, 78",
            [
                (
                    "covered_exceeds_total",
                    "licensed_guard",
                    "school",
                    "Семей қ.",
                    "105-тен 134",
                    "134-тен 105",
                )
            ],
            id="wrong way round, otherwise right",
        ),
        pytest.param(
            "105-тен 134, 128",
            [
                (
                    "covered_exceeds_total",
                    "licensed_guard",
                    "school",
                    "Семей қ.",
                    "105-тен 134",
                    "134-тен 105",
                ),
                ("percent_mismatch", "licensed_guard", "school", "Семей қ.", "128", "78"),
            ],
            id="the percentage is that of the pair put right",
        ),
        pytest.param(
            "152-тен 425, 36",
            [
                (
                    "covered_exceeds_total",
                    "licensed_guard",
                    "school",
                    "Семей қ.",
                    "152-ден 425",
                    "425-тен 152",
                ),
                ("numeral_suffix", "licensed_guard", "school", "Семей қ.", "152-тен", "152-ден"),
            ],
            id="the suffix is that of the number printed first",
        ),
        pytest.param("70-тен 70, 100", [], id="as many as there are"),
        pytest.param("70, 100", [], id="one number: all"),
        pytest.param(
            "70, 71",
            [("percent_mismatch", "licensed_guard", "school", "Семей қ.", "71", "100")],
            id="one number, and not all",
        ),
        pytest.param("0, 0", [("percent_mismatch", "licensed_guard", "school", "Семей қ.", "0", "–")], id="0 of 0"),
        pytest.param("0", [], id="nobody, and no percentage"),
        pytest.param("200-ден 199, 99", [], id="99.5 is not all"),
        pytest.param("8-ден 1, 13", [], id="half goes up"),
        pytest.param(
            "8-ден 1, 12",
            [("percent_mismatch", "licensed_guard", "school", "Семей қ.", "12", "13")],
            id="half went down",
        ),
        pytest.param(
            "70-ден 50, 71",
            [("numeral_suffix", "licensed_guard", "school", "Семей қ.", "70-ден", "70-тен")],
            id="another number's suffix",
        ),
    ],
)
def test_a_single_line_is_judged_by_its_own_numbers(printed, expected):
    assert brief(check([line(printed)], [])) == expected


@pytest.mark.parametrize(
    ("totals", "expected"),
    [
        pytest.param((193, 193, 193), {}, id="they agree"),
        pytest.param((193, 193, 191), {"turnstile": ("191", "193")}, id="the odd one out"),
        pytest.param((0, 0, 5), {"turnstile": ("5", "0")}, id="a majority for none"),
        pytest.param(
            (193, 192, 191),
            {
                "licensed_guard": ("193", "191 / 192"),
                "panic_button": ("192", "191 / 193"),
                "turnstile": ("191", "192 / 193"),
            },
            id="no majority: all",
        ),
        pytest.param(
            (193, 192),
            {"licensed_guard": ("193", "192"), "panic_button": ("192", "193")},
            id="two, no majority",
        ),
        pytest.param((193,), {}, id="one alone"),
    ],
)
def test_the_odd_total_is_named_and_all_where_none_has_a_majority(totals, expected):
    lines = [
        line(str(total), measure=measure)
        for measure, total in zip(("licensed_guard", "panic_button", "turnstile"), totals, strict=False)
    ]
    assert brief(check(lines, [])) == [
        ("denominator_differs", measure, "school", "Семей қ.", *said) for measure, said in expected.items()
    ]


def test_a_pair_wrong_way_round_has_the_same_total():
    lines = [
        line("5-тен 1, 20"),
        line("1-ден 5, 20", measure="panic_button"),
        line("5-тен 5, 100", measure="turnstile"),
    ]
    assert brief(check(lines, [headline("institutions", "school", 5)])) == [
        ("covered_exceeds_total", "panic_button", "school", "Семей қ.", "1-ден 5", "5-тен 1")
    ]


def test_totals_are_compared_within_place_kind_and_scope_only():
    lines = [
        line("70"),
        line("71", measure="panic_button", kind="college"),
        line("72", measure="panic_button", place="Тараз қ."),
        line("303", measure="cctv_connected", place="KZ-10"),
    ]
    assert check(lines, []) == []


def sum_finding(measure, kind, printed, expected):
    return ("sum_differs_from_headline", measure, kind, "KZ", printed, expected)


@pytest.mark.parametrize(
    ("headlines", "expected"),
    [
        pytest.param([headline("institutions", "school", 138), headline("licensed_guard", "school", None, 111)], []),
        pytest.param(
            [headline("licensed_guard", "school", None, 101)],
            [sum_finding("licensed_guard", "school", "101", "111")],
            id="covered",
        ),
        pytest.param(
            [headline("institutions", "school", 139)],
            [sum_finding("licensed_guard", "school", "139", "138")],
            id="total of the institutions",
        ),
        pytest.param(
            [headline("institutions", "school", 138), headline("licensed_guard", "school", 140)],
            [sum_finding("licensed_guard", "school", "140", "138")],
            id="total of its own",
        ),
        pytest.param(
            [headline("institutions", "school", 139), headline("licensed_guard", "school", None, 101)],
            [sum_finding("licensed_guard", "school", "139-дан 101", "138-ден 111")],
            id="both are one finding",
        ),
        pytest.param(
            [headline("institutions", "college", 7), headline("turnstile", "school", None, 5)],
            [],
            id="headlines of what has no lines",
        ),
        pytest.param([headline("institutions", "school", 139, scope="national")], [], id="headlines of another scope"),
        pytest.param(
            [headline("institutions", "all", 9), headline("licensed_guard", "all", 9, 9, 100)],
            [],
            id="lines are never compared with all",
        ),
    ],
)
def test_lines_are_added_up_against_the_headline_of_their_kind(headlines, expected):
    lines = [line("70-тен 50, 71"), line("61-ден 68, 90", place="Тараз қ.")]
    assert brief(check(lines, headlines))[1:] == expected


INSTITUTIONS_BY_KIND = [
    headline("institutions", "kindergarten", 1010),
    headline("institutions", "school", 1407),
    headline("institutions", "college", 204),
]
TURNSTILES_BY_KIND = [
    headline("turnstile", "kindergarten", None, 187),
    headline("turnstile", "school", None, 1054),
    headline("turnstile", "college", None, 169),
]


@pytest.mark.parametrize(
    ("headlines", "expected"),
    [
        pytest.param(
            [
                *INSTITUTIONS_BY_KIND,
                headline("institutions", "all", 2621),
                *TURNSTILES_BY_KIND,
                headline("turnstile", "all", 2621, 1410, 54),
            ],
            [],
            id="all is well",
        ),
        pytest.param(
            [*TURNSTILES_BY_KIND, headline("turnstile", "all", 2621, 1411, 54)],
            [sum_finding("turnstile", "all", "1411", "1410")],
            id="covered",
        ),
        pytest.param(
            [*INSTITUTIONS_BY_KIND, *TURNSTILES_BY_KIND, headline("turnstile", "all", 2612, 1410, 54)],
            [sum_finding("turnstile", "all", "2612", "2621")],
            id="total",
        ),
        pytest.param(
            [
                *INSTITUTIONS_BY_KIND,
                headline("institutions", "all", 2612),
                headline("turnstile", "all", 2612, 1410, 54),
            ],
            [sum_finding("institutions", "all", "2612", "2621")],
            id="a wrong total that a measure repeats is named once",
        ),
        pytest.param(
            [*TURNSTILES_BY_KIND[1:], headline("turnstile", "all", 2621, 1410, 54)],
            [],
            id="a kind is not printed",
        ),
        pytest.param([headline("turnstile", "all", 2621, None, 100)], [], id="all, and no number"),
        pytest.param(
            [headline("turnstile", "all", 2621, 1410, 45)],
            [("percent_mismatch", "turnstile", "all", "KZ", "45", "54")],
            id="percentage of a headline",
        ),
        pytest.param(
            [headline("institutions", "all", 2621), headline("turnstile", "all", None, 1410, 45)],
            [("percent_mismatch", "turnstile", "all", "KZ", "45", "54")],
            id="percentage of the institutions",
        ),
        pytest.param(
            [*TURNSTILES_BY_KIND, headline("turnstile", "all", 1410, 2621, 54)],
            [("covered_exceeds_total", "turnstile", "all", "KZ", "1410-нан 2621", "2621-ден 1410")],
            id="a headline the wrong way round",
        ),
        pytest.param([headline("turnstile", "all", None, None, 54)], [], id="a percentage alone"),
        pytest.param(
            [headline("institutions", "college", 204), headline("turnstile", "college", None, 961, 83)],
            [],
            id="no percentage can be made of more than there are",
        ),
    ],
)
def test_headlines_follow_from_each_other(headlines, expected):
    assert brief(check([], headlines)) == expected


def test_the_large_cities_of_a_region_are_a_part_of_it():
    lines = [
        line("26-дан 25, 96", measure="cctv_connected", kind="college", place="KZ-11"),
        line("21-ден 30, 70", measure="cctv_connected", kind="college", place="KZ-10"),
        line("20-дан 7, 35", kind="college", place="Көкшетау қ."),
        line("7-ден 7, 100", kind="college", place="Степногорск қ."),
        line("30-дан 0, 0", kind="college", place="Семей қ."),
    ]
    regions = {"Көкшетау қ.": "KZ-11", "Степногорск қ.": "KZ-11", "Семей қ.": "KZ-10"}
    assert brief(check(lines, [], city_lines_region=regions))[1:] == [
        ("part_exceeds_whole", "licensed_guard", "college", "KZ-11", "27", "26")
    ]


def test_a_region_whose_measures_disagree_has_the_larger_total():
    lines = [
        line("10", measure="cctv_installed", place="KZ-10"),
        line("12", measure="cctv_connected", place="KZ-10"),
        line("11"),
    ]
    assert brief(check(lines, [], city_lines_region=CITY_LINES)) == [
        ("denominator_differs", "cctv_installed", "school", "KZ-10", "10", "12"),
        ("denominator_differs", "cctv_connected", "school", "KZ-10", "12", "10"),
    ]


def test_the_registry_says_what_a_region_has_where_no_line_does():
    registry = {("region", "KZ-10", "school"): 69, ("city_line", "Семей қ.", "school"): 70}
    assert brief(check([line("70")], [], registry=registry, city_lines_region=CITY_LINES)) == [
        ("part_exceeds_whole", "licensed_guard", "school", "KZ-10", "70", "69")
    ]


@pytest.mark.parametrize(
    "as_printed",
    [
        "Қонаев қ. (2-і) – 100%",
        "Астана қ. (96 балабақшаның 8) – 8%",
        "Атырау және Құлсары қ. (61–ден 14) — 23 %",
    ],
)
def test_cases_dashes_and_spaces_are_no_findings(as_printed):
    right = {"2": "2, 100", "9": "96 8, 8", "6": "61-ден 14, 23"}[as_printed.partition("(")[2][0]]
    assert check([replace(line(right), as_printed=as_printed)], []) == []


def test_the_suffix_belongs_to_the_number_in_the_words():
    mistyped = line("123-ден 114, 93", as_printed="Ақмола (122-ден 114) – 93%")
    assert check([mistyped], []) == []


def test_lines_and_headlines_are_held_against_the_records():
    records = {
        ("licensed_guard", "school", "Семей қ."): (70, 51),
        ("licensed_guard", "school", "Тараз қ."): (68, 61),
        ("cctv_installed", "school", "KZ-10"): (303, 302),
    }
    lines = [line("70-тен 50, 71"), line("61-ден 68, 90", place="Тараз қ."), line("57", place="Орал қ.")]
    headlines = [
        headline("licensed_guard", "school", None, 112),
        headline("licensed_guard", "all", 138, 110),
        headline("cctv_installed", "all", 303, None, 100, scope="national"),
        headline("turnstile", "all", 5, 4, 80),
    ]
    found = [f for f in check(lines, headlines, records=records) if f.rule == Rule.DIFFERS_FROM_RECORDS]
    assert brief(found) == [
        ("differs_from_records", "cctv_installed", "all", "KZ", "303-тен 303", "303-тен 302"),
        ("differs_from_records", "licensed_guard", "school", "Семей қ.", "70-тен 50", "70-тен 51"),
        ("differs_from_records", "licensed_guard", "school", "Орал қ.", "57-ден 57", "0-ден 0"),
        ("differs_from_records", "licensed_guard", "all", "KZ", "138-ден 110", "138-ден 112"),
    ]


def test_a_finding_as_a_dictionary_is_all_text():
    [finding] = check([line("22-ден 17, 100")], [])
    assert isinstance(finding, Finding)
    assert finding.as_dict() == {
        "rule": "percent_mismatch",
        "measure": "licensed_guard",
        "kind": "school",
        "place": "Семей қ.",
        "printed": "100",
        "expected": "77",
        "message": finding.message,
    }
    assert all(type(value) is str for value in finding.as_dict().values())


# --- clean briefs, and one fault at a time ------------------------------------------------------------------

PLACES = {"national": ["KZ-A", "KZ-B", "KZ-C"], "large_cities": ["A қ.", "B қ.", "C қ."]}
LISTED = [measure for measure in Measure.values if measure != "cctv_installed"]
REGION_OF = {"A қ.": "KZ-A", "B қ.": "KZ-B", "C қ.": "KZ-C"}


@st.composite
def clean_briefs(draw):
    """Lines and headlines of a brief that says the truth; no total is below 3, so that faults fit in."""
    counts = st.integers(3, 1200)
    cities = {(place, kind): draw(counts) for place in PLACES["large_cities"] for kind in Kind.values}
    totals = {
        **cities,
        **{(REGION_OF[place], kind): n + draw(st.integers(0, 900)) for (place, kind), n in cities.items()},
    }
    lines, headlines = [], []
    for measure in LISTED:
        scope = MEASURE_SCOPE[Measure(measure)].value
        for kind in Kind.values:
            for place in PLACES[scope]:
                total = totals[place, kind]
                covered = draw(st.integers(0, total))
                alone = covered == total
                lines.append(
                    Line(
                        measure=measure,
                        scope=scope,
                        kind=kind,
                        place=place,
                        total=total,
                        covered=None if alone else covered,
                        percent=percent(covered, total),
                        suffix=None if alone else ablative_suffix(total),
                    )
                )
    for scope, places in PLACES.items():
        by_kind = {kind: sum(totals[place, kind] for place in places) for kind in Kind.values}
        whole = sum(by_kind.values())
        headlines.append(Headline("institutions", scope, "all", whole, None, None))
        headlines += [Headline("institutions", scope, kind, n, None, None) for kind, n in by_kind.items()]
        for measure in LISTED:
            if MEASURE_SCOPE[Measure(measure)] != scope:
                continue
            covered = {
                kind: sum(said.pair[1] for said in lines if (said.measure, said.kind) == (measure, kind))
                for kind in Kind.values
            }
            met = sum(covered.values())
            headlines.append(Headline(measure, scope, "all", whole, met, percent(met, whole)))
            headlines += [Headline(measure, scope, kind, None, n, None) for kind, n in covered.items()]
    return lines, headlines


def changed(figures, position, **values):
    return [*figures[:position], replace(figures[position], **values), *figures[position + 1 :]]


def rules(findings):
    return {(f.rule.value, f.measure, f.kind, f.place) for f in findings}


def some(draw, figures, wanted):
    positions = [position for position, figure in enumerate(figures) if wanted(figure)]
    return draw(st.sampled_from(positions)) if positions else None


@given(clean_briefs())
def test_a_clean_brief_has_no_finding(said):
    assert check(*said, city_lines_region=REGION_OF) == []


@given(clean_briefs(), st.data())
def test_a_turned_pair_is_one_finding(said, data):
    lines, headlines = said
    position = some(data.draw, lines, lambda figure: figure.covered is not None)
    assume(position is not None)
    right = lines[position]
    turned = changed(lines, position, total=right.covered, covered=right.total, suffix=ablative_suffix(right.covered))
    assert rules(check(turned, headlines, city_lines_region=REGION_OF)) == {
        ("covered_exceeds_total", right.measure, right.kind, right.place)
    }


@given(clean_briefs(), st.data())
def test_a_wrong_percentage_is_one_finding(said, data):
    lines, headlines = said
    position = data.draw(st.sampled_from(range(len(lines))))
    right = lines[position]
    wrong = data.draw(st.integers(0, 100).filter(lambda value: value != right.percent))
    assert brief(check(changed(lines, position, percent=wrong), headlines, city_lines_region=REGION_OF)) == [
        ("percent_mismatch", right.measure, right.kind, right.place, str(wrong), str(right.percent))
    ]


@given(clean_briefs(), st.data())
def test_a_wrong_suffix_is_one_finding(said, data):
    lines, headlines = said
    position = some(data.draw, lines, lambda figure: figure.suffix is not None)
    assume(position is not None)
    right = lines[position]
    wrong = data.draw(st.sampled_from(sorted({"ден", "тен", "дан", "тан", "нан", "нен"} - {right.suffix})))
    assert brief(check(changed(lines, position, suffix=wrong), headlines, city_lines_region=REGION_OF)) == [
        (
            "numeral_suffix",
            right.measure,
            right.kind,
            right.place,
            f"{right.total}-{wrong}",
            f"{right.total}-{right.suffix}",
        )
    ]


@given(clean_briefs(), st.data())
def test_a_smaller_total_in_one_measure_is_the_odd_one_out_and_spoils_its_sum(said, data):
    lines, headlines = said
    position = some(
        data.draw,
        lines,
        lambda f: f.scope == "large_cities" and f.covered is not None and f.covered < f.total - 1,
    )
    assume(position is not None)
    right = lines[position]
    total = data.draw(st.integers(right.covered + 1, right.total - 1))
    wrong = changed(
        lines,
        position,
        total=total,
        suffix=ablative_suffix(total),
        percent=percent(right.covered, total),
    )
    assert rules(check(wrong, headlines, city_lines_region=REGION_OF)) == {
        ("denominator_differs", right.measure, right.kind, right.place),
        ("sum_differs_from_headline", right.measure, right.kind, "KZ"),
    }


@given(clean_briefs(), st.data())
def test_a_wrong_headline_of_a_kind_differs_from_its_lines_and_from_all(said, data):
    lines, headlines = said
    position = some(data.draw, headlines, lambda f: f.measure != "institutions" and f.kind != "all")
    right = headlines[position]
    wrong = changed(headlines, position, covered=right.covered + data.draw(st.integers(1, 50)))
    assert rules(check(lines, wrong, city_lines_region=REGION_OF)) == {
        ("sum_differs_from_headline", right.measure, right.kind, "KZ"),
        ("sum_differs_from_headline", right.measure, "all", "KZ"),
    }


@given(clean_briefs(), st.data())
def test_a_city_larger_than_its_region_exceeds_it_in_every_measure(said, data):
    lines, headlines = said
    city = data.draw(st.sampled_from(PLACES["large_cities"]))
    kind = data.draw(st.sampled_from(Kind.values))
    [region] = [f for f in lines if (f.measure, f.place, f.kind) == ("cctv_connected", REGION_OF[city], kind)]
    [position] = [i for i, f in enumerate(lines) if (f.measure, f.place, f.kind) == ("turnstile", city, kind)]
    grown = region.total + data.draw(st.integers(1, 100))
    larger = [
        replace(
            figure,
            total=grown,
            percent=percent(figure.pair[1], grown),
            covered=figure.pair[1],
            suffix=ablative_suffix(grown),
        )
        if (figure.place, figure.kind) == (city, kind)
        else figure
        for figure in lines
    ]
    more = grown - lines[position].total
    whole = [
        replace(h, total=h.total + more, percent=h.percent and percent(h.covered, h.total + more))
        if h.scope == "large_cities" and h.total is not None and h.kind in (kind, "all")
        else h
        for h in headlines
    ]
    assert brief(check(larger, whole, city_lines_region=REGION_OF)) == [
        ("part_exceeds_whole", measure, kind, REGION_OF[city], str(grown), str(region.total))
        for measure in ("licensed_guard", "panic_button", "turnstile")
    ]
