"""The English words of the brief: one and many, every sentence with several numbers, every line."""

import re
from datetime import date
from typing import Any

import pytest

from reporting.brief.composing import compose
from reporting.brief.document import Bullets, LineList, NameList, Paragraph, Table, to_text
from reporting.brief.imprint import Imprint
from reporting.brief.reading import UnreadableLine, printed_headlines, printed_lines, read_line
from reporting.brief.words_en import English
from tests.reporting.snapshots import count, snapshot_2023q1

ENGLISH = English()
NUMBER, DAY = "117-2023-1/1", date(2026, 11, 22)


@pytest.fixture
def snapshot() -> dict[str, Any]:
    return snapshot_2023q1(lang="en")


def document_of(snapshot):
    return compose(snapshot, Imprint(NUMBER, DAY))


def measure_of(snapshot, code):
    return next(measure for measure in snapshot["measures"] if measure["code"] == code)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("kind", "total", "covered", "percent", "first", "expected"),
    [
        ("kindergarten", 122, 114, 93, False, "Oral: 114 of 122 – 93%"),
        ("kindergarten", 71, 71, 100, False, "Oral: 71 – 100%"),
        ("kindergarten", 265, 0, 0, False, "Oral: 0 of 265 – 0%"),
        ("kindergarten", 96, 96, 100, True, "Oral: 96 kindergartens – 100%"),
        ("kindergarten", 96, 8, 8, True, "Oral: 8 of 96 kindergartens – 8%"),
        ("college", 1, 1, 100, True, "Oral: 1 college – 100%"),
        ("college", 1, 0, 0, True, "Oral: 0 of 1 college – 0%"),
        ("school", 12040, 1040, 9, False, "Oral: 1,040 of 12,040 – 9%"),
        ("school", 1000, 1000, 100, True, "Oral: 1,000 schools – 100%"),
        ("college", 0, 0, None, False, "Oral: no colleges"),
        ("college", 3, 0, None, False, "Oral: 0 of 3 – –"),
    ],
)
def test_a_line_says_all_some_or_none_and_reads_back(kind, total, covered, percent, first, expected):
    line = {"place": "KZ-27", "total": total, "covered": covered, "percent": percent}
    assert ENGLISH.line("Oral", kind, line, first=first) == expected
    back = read_line(expected, lang="en", measure="m", scope="national", kind=kind, places={"Oral": "KZ-27"})
    assert (back.place, back.total, back.percent, back.suffix) == ("KZ-27", total, percent, None)
    assert back.covered == (None if covered == total else covered)


@pytest.mark.parametrize(
    "text",
    [
        "Oral 114 of 122 – 93%",
        "Oral: 114 of 122, 93%",
        "Oral: 114 of 122 – 93",
        "Moscow: 114 of 122 – 93%",
        "Oral: 114 of 122 schools – 93%",
        "Oral: no schools",
        "Oral: 114 из 122 – 93%",
        "Oral: 114 of 12,34 – 93%",
    ],
)
def test_a_line_out_of_form_is_named_and_not_guessed(text):
    with pytest.raises(UnreadableLine, match=f"^{re.escape(text)}$"):
        read_line(text, lang="en", measure="m", scope="national", kind="kindergarten", places={"Oral": "KZ-27"})


def test_regions_and_cities_are_named_as_the_register_names_them(snapshot):
    blocks = [block for block in document_of(snapshot).blocks() if isinstance(block, LineList)]
    assert [line.partition(":")[0] for line in blocks[0].lines] == [
        "Astana city", "Almaty city", "Shymkent city", "Akmola region", "Abai region", "Aktobe region",
        "Almaty region", "Atyrau region", "East Kazakhstan region", "Zhambyl region", "Zhetisu region",
        "West Kazakhstan region", "Karaganda region", "Kostanay region", "Kyzylorda region", "Mangystau region",
        "Pavlodar region", "North Kazakhstan region", "Turkistan region", "Ulytau region",
    ]  # fmt: skip
    assert [line.partition(":")[0] for line in blocks[3].lines if " and " in line] == [
        "Atyrau and Kulsary", "Karaganda and Temirtau", "Kostanay and Rudny", "Aktau and Zhanaozen",
        "Pavlodar and Ekibastuz",
    ]  # fmt: skip
    national = [block for block in document_of(snapshot).blocks() if isinstance(block, Table)][1]
    assert [row.heading for row in national.bodies[0]][:4] == ["Astana city", "Almaty city", "Shymkent city", "Akmola"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("cctv_installed", "A video surveillance system is installed in all 9,986 institutions; coverage is 100%."),
        (
            "cctv_connected",
            "The video surveillance of 5,985 institutions (1,366 kindergartens, 4,360 schools, 259 colleges) is "
            "connected to the OCC, which is 60% of 9,986 institutions.",
        ),
        (
            "licensed_guard",
            "A contract with a licensed guard has been made by 1,911 institutions (564 kindergartens, 1,191 schools, "
            "156 colleges), which is 73% of 2,621 institutions.",
        ),
        (
            "panic_button",
            "A panic button is installed and connected to a centralised monitoring console in 2,426 institutions "
            "(901 kindergartens, 1,341 schools, 184 colleges), which is 93% of 2,621 institutions.",
        ),
        (
            "turnstile",
            "A pass system (turnstile) is installed in 1,421 institutions (187 kindergartens, 1,054 schools, "
            "180 colleges), which is 54% of 2,621 institutions.",
        ),
    ],
)
def test_each_measure_has_its_headline_sentence(snapshot, code, expected):
    assert plain(ENGLISH.headline(measure_of(snapshot, code))) == expected


@pytest.mark.parametrize(
    ("code", "total", "covered", "said"),
    [
        ("turnstile", 7, 7, "installed in all 7 institutions; coverage is 100%."),
        ("turnstile", 1, 1, "installed in 1 institution (1 kindergarten, …), which is 100% of 1 institution."),
        ("turnstile", 5, 0, "installed in 0 institutions (0 kindergartens, …), which is 0% of 5 institutions."),
        ("licensed_guard", 1021, 21, "by 21 institutions (21 kindergartens, …), which is 2% of 1,021 institutions."),
        ("licensed_guard", 4, 4, "made by all 4 institutions; coverage is 100%."),
    ],
)
def test_a_headline_agrees_with_its_numbers_and_reads_back(snapshot, code, total, covered, said):
    measure = measure_of(snapshot, code)
    measure["headline"] = dict.fromkeys(("all", "kindergarten"), count(total, covered))
    measure["headline"] |= dict.fromkeys(("school", "college"), count(0, 0))
    assert plain(ENGLISH.headline(measure)).endswith(f" {said.replace('…', '0 schools, 0 colleges')}")
    stated = [one for one in printed_headlines(document_of(snapshot)) if one.measure == code]
    assert (stated[0].total, stated[0].covered) == (total, covered)
    by_kind = [("kindergarten", covered), ("school", 0), ("college", 0)]
    assert [(one.kind, one.covered) for one in stated[1:]] == ([] if " all " in said else by_kind)


def test_a_headline_of_nobody_and_one_without_percent_read_back(snapshot):
    measure = measure_of(snapshot, "turnstile")
    measure["headline"] = dict.fromkeys(("all", "kindergarten", "school", "college"), count(0, 0))
    assert ENGLISH.headline(measure) == "Pass system (turnstile): no institutions are counted."
    stated = [one for one in printed_headlines(document_of(snapshot)) if one.measure == "turnstile"]
    assert [(one.kind, one.total, one.covered, one.percent) for one in stated] == [("all", 0, None, None)]
    measure["headline"]["all"] = count(3, 2) | {"percent": None}
    assert plain(ENGLISH.headline(measure)).endswith("which is a part of 3 institutions; no percentage is worked out.")
    stated = [one for one in printed_headlines(document_of(snapshot)) if one.measure == "turnstile"]
    assert (stated[0].total, stated[0].covered, stated[0].percent) == (3, 2, None)


def test_institutions_are_counted(snapshot):
    stated = [
        plain(block.text)
        for block in document_of(snapshot).blocks()
        if isinstance(block, Paragraph) and block.measure == "institutions"
    ]
    assert stated == [
        "As of 31 March 2023, 9,986 education institutions are in operation in the country "
        "(2,657 kindergartens, 6,936 schools, 393 colleges).",
        "In the 25 large cities, 2,621 education institutions are in operation "
        "(1,010 kindergartens, 1,407 schools, 204 colleges).",
    ]
    alone = {"all": 1, "kindergarten": 0, "school": 1, "college": 0}
    assert plain(ENGLISH.institutions_cities(1, alone)) == (
        "In the 1 large city, 1 education institution is in operation (0 kindergartens, 1 school, 0 colleges)."
    )


@pytest.mark.parametrize(
    ("number", "ledger", "pending", "exempt", "repair", "exceptions"),
    [
        (1, "1 entry", "1 change that has", "1 institution to which", "1 institution in", "1 institution has leave"),
        (
            1021,
            "1,021 entries",
            "1,021 changes that have",
            "1,021 institutions to which",
            "1,021 institutions in",
            "1,021 institutions have leave",
        ),
    ],
)
def test_notes_agree_with_their_numbers(number, ledger, pending, exempt, repair, exceptions):
    be, do = ("is", "does") if number == 1 else ("are", "do")
    assert plain(ENGLISH.ledger_note(number)) == (f"The figures are computed from {ledger} in the ledger of changes.")
    assert plain(ENGLISH.pending_note(number)) == f"{pending} reached the ledger {be} not yet counted."
    assert plain(ENGLISH.exempt_note("panic_button", number)) == (
        f"Panic button: {exempt} the requirement has been approved not to apply {do} not enter the percentage."
    )
    assert plain(ENGLISH.repair_lead(number)) == f"{repair} capital repair {be} not counted:"
    assert plain(ENGLISH.exceptions_lead(number)) == (
        f"{exceptions} to give information after the close of the period:"
    )


def test_numbers_in_sentences_never_part_from_their_noun(snapshot):
    for block in document_of(snapshot).blocks():
        if isinstance(block, Paragraph):
            assert not re.search(r"\d (?:institution|education|kinder|school|college|large|March)", block.text)


def test_the_text_opens_like_a_letter(snapshot):
    assert plain(to_text(document_of(snapshot))).splitlines()[:5] == [
        "Ministry of Education of the Republic of Kazakhstan",
        "",
        "Information on the anti-terror protection of education institutions",
        "1st quarter of 2023, as of 31 March",
        "22 November 2026, No. 117-2023-1/1",
    ]


def test_sections_stand_in_the_order_of_the_original(snapshot):
    assert [plain(section.title) for section in document_of(snapshot).sections] == [
        "1. Legal basis",
        "2. The country: video surveillance",
        "2.1. Institutions whose video surveillance is connected to the OCC, by region",
        "3. The 25 large cities: guard, panic button, turnstile",
        "3.1. Licensed guard",
        "3.2. Panic button",
        "3.3. Pass system (turnstile)",
        "4. Notes",
        "Annex. Tables of coverage",
    ]


def test_an_open_quarter_is_called_provisional():
    document = document_of(snapshot_2023q1(closed=False, lang="en"))
    assert plain(document.provisional) == (
        "Provisional data: the 1st quarter of 2023 is not yet closed and the figures may change."
    )
    assert document.provisional_mark == "provisional data"


def test_institutions_are_named_in_the_language_of_the_state(snapshot):
    snapshot["notes"] = {
        "pending": 0,
        "capital_repair": [],
        "exceptions": [{"bin": "990240001235", "name_kk": "№ 6 мектеп", "place": "KZ-11", "until": "2023-05-01"}],
    }
    blocks = list(document_of(snapshot).blocks())
    assert [plain(item) for block in blocks if isinstance(block, NameList) for item in block.items] == [
        "№ 6 мектеп (Akmola region, until 1 May 2023)"
    ]
    bullets = next(block for block in blocks if isinstance(block, Bullets))
    assert plain(bullets.items[0]) == (
        "The figures describe the state on 31 March 2023. The last day on which information that they include was "
        "registered is 10 April 2023."
    )


def test_the_day_says_its_year_where_the_quarter_has_not():
    assert plain(ENGLISH.subtitle("4th quarter of 2023", 2023, date(2024, 1, 2))) == (
        "4th quarter of 2023, as of 2 January 2024"
    )


def test_every_line_is_printed_with_the_numbers_of_the_snapshot(snapshot):
    read = [
        (line.measure, line.kind, line.place, line.total, line.total if line.covered is None else line.covered)
        for line in printed_lines(document_of(snapshot))
    ]
    assert len(read) == 240
    assert read == [
        (measure["code"], kind, line["place"], line["total"], line["covered"])
        for measure in snapshot["measures"][1:]
        for kind, lines in measure["lines"].items()
        for line in lines
    ]
