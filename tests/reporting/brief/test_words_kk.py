"""The Kazakh words of the brief: every published line in its right form, every sentence, and reading them back."""

import re
from copy import deepcopy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from reporting.brief.composing import compose
from reporting.brief.document import Bullets, Document, LineList, NameList, Paragraph, Table, to_text
from reporting.brief.facts import city_count
from reporting.brief.imprint import Imprint
from reporting.brief.languages import LanguageNotWritten
from reporting.brief.reading import (
    UnreadableLine,
    printed_headlines,
    printed_lines,
    read_line,
)
from reporting.brief.words_kk import Kazakh, state_on
from reporting.integrity import Headline, Line
from tests.reporting.snapshots import count, rows, snapshot_2023q1

KAZAKH = Kazakh()
NUMBER, DAY = "117-2023-1/1", date(2026, 11, 22)

# Lines whose published form is a slip of the pen: (measure, kind, line number) -> the line put right.
PUT_RIGHT = {
    ("cctv_connected", "kindergarten", 13): "Қарағанды (134-тен 105) – 78%",
    ("cctv_connected", "school", 7): "Алматы (425-тен 152) – 36%",
    ("cctv_connected", "college", 13): "Қарағанды (29-дан 27) – 93%",
    ("panic_button", "school", 20): "Жезқазған қ. (22-ден 17) – 77%",
    ("panic_button", "college", 19): "Түркістан қ. (6-дан 0) – 0%",
    ("panic_button", "college", 20): "Жезқазған қ. (5-тен 1) – 20%",
    ("turnstile", "kindergarten", 2): "Алматы қ. (193-тен 0) – 0%",
    # The wrong suffix: 70 is «жетпіс», so -тен.
    ("licensed_guard", "school", 5): "Семей қ. (70-тен 50) – 71%",
    ("turnstile", "school", 5): "Семей қ. (70-тен 47) – 67%",
}


def published_form(line: str) -> str:
    """A published line without its typing habits: spaces round hyphens, kinds of dash, possessives, «қ.»."""
    line = re.sub(r"(\d) ?[-–] ?([а-яәіңғүұқөһ])", r"\1-\2", line)
    line = re.sub(r"-і\)", ")", line)
    line = re.sub(r"\) ?[-–] ?(\d)", r") – \1", line)
    return re.sub(r"( және \S+) қ\.", r"\1 ққ.", line)


@pytest.fixture
def snapshot() -> dict[str, Any]:
    return snapshot_2023q1()


def document_of(snapshot: dict[str, Any]) -> Document:
    return compose(snapshot, Imprint(NUMBER, DAY))


def measure_of(snapshot: dict[str, Any], code: str) -> dict[str, Any]:
    return next(measure for measure in snapshot["measures"] if measure["code"] == code)


def test_every_published_line_is_printed_in_the_right_form_and_order(snapshot):
    expected = [
        PUT_RIGHT.get((row["measure"], row["kind"], int(row["line"])), published_form(row["as_printed"]))
        for row in rows("figures.csv")
    ]
    lines = [line for block in document_of(snapshot).blocks() if isinstance(block, LineList) for line in block.lines]
    assert len(lines) == 240
    assert lines == expected


@pytest.mark.parametrize(
    ("kind", "total", "covered", "percent", "first", "expected"),
    [
        ("kindergarten", 122, 114, 93, False, "Орал (122-ден 114) – 93%"),
        ("kindergarten", 71, 71, 100, False, "Орал (71) – 100%"),
        ("kindergarten", 265, 0, 0, False, "Орал (265-тен 0) – 0%"),
        ("kindergarten", 96, 96, 100, True, "Орал (96 балабақша) – 100%"),
        ("kindergarten", 96, 8, 8, True, "Орал (96 балабақшаның 8) – 8%"),
        ("school", 96, 0, 0, True, "Орал (96 мектептің 0) – 0%"),
        ("college", 8, 1, 13, True, "Орал (8 колледждің 1) – 13%"),
        ("school", 1000, 999, 99, False, "Орал (1\u00a0000-нан 999) – 99%"),
        ("school", 12040, 1040, 9, False, "Орал (12\u00a0040-тан 1\u00a0040) – 9%"),
        ("school", 1250, 1250, 100, True, "Орал (1\u00a0250 мектеп) – 100%"),
        ("college", 0, 0, None, False, "Орал – колледж жоқ"),
        ("college", 0, 0, None, True, "Орал – колледж жоқ"),
        ("college", 3, 0, None, False, "Орал (3-тен 0) – –"),
    ],
)
def test_a_line_says_all_some_or_none(kind, total, covered, percent, first, expected):
    line = {"place": "KZ-27", "total": total, "covered": covered, "percent": percent}
    assert KAZAKH.line("Орал", kind, line, first=first) == expected
    back = read_line(expected, lang="kk", measure="m", scope="national", kind=kind, places={"Орал": "KZ-27"})
    assert (back.place, back.total, back.percent) == ("KZ-27", total, percent)
    assert back.covered == (None if covered == total else covered)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("cctv_installed", "Бейнебақылау жүйесі барлық 9 986 ұйымда орнатылған, қамту деңгейі – 100%."),
        (
            "cctv_connected",
            "ЖБО-ға 5 985 ұйымның (1 366 балабақша, 4 360 мектеп, 259 колледж) бейнебақылау жүйесі қосылған, "
            "бұл – 9 986 ұйымның 60%-ы.",
        ),
        (
            "licensed_guard",
            "Лицензияланған күзетпен 1 911 ұйым (564 балабақша, 1 191 мектеп, 156 колледж) шарт жасасқан, "
            "бұл – 2 621 ұйымның 73%-ы.",
        ),
        (
            "panic_button",
            "Дабыл түймесі 2 426 ұйымда (901 балабақша, 1 341 мектеп, 184 колледж) орнатылып, "
            "орталықтандырылған бақылау пультіне қосылған, бұл – 2 621 ұйымның 93%-ы.",
        ),
        (
            "turnstile",
            "Өткізу жүйесі (турникет) 1 421 ұйымда (187 балабақша, 1 054 мектеп, 180 колледж) орнатылған, "
            "бұл – 2 621 ұйымның 54%-ы.",
        ),
    ],
)
def test_each_measure_has_its_headline_sentence(snapshot, code, expected):
    assert KAZAKH.headline(measure_of(snapshot, code)).replace("\u00a0", " ") == expected


def test_numbers_in_sentences_never_part_from_their_noun(snapshot):
    for block in document_of(snapshot).blocks():
        if isinstance(block, Paragraph):
            assert not re.search(r"\d (?:\d|ұйым|балабақша|мектеп|колледж|ірі|жылғы|наурыз)", block.text)


def test_institutions_are_counted_in_the_singular_after_a_numeral(snapshot):
    counted = [
        block.text.replace("\u00a0", " ")
        for block in document_of(snapshot).blocks()
        if isinstance(block, Paragraph) and block.measure == "institutions"
    ]
    assert counted == [
        "2023 жылғы 31 наурыздағы жағдай бойынша республикада 9 986 білім беру ұйымы жұмыс істейді "
        "(2 657 балабақша, 6 936 мектеп, 393 колледж).",
        "25 ірі қалада 2 621 білім беру ұйымы жұмыс істейді (1 010 балабақша, 1 407 мектеп, 204 колледж).",
    ]


def test_printed_lines_are_what_the_snapshot_holds(snapshot):
    suffixed = [line for line in printed_lines(document_of(snapshot)) if line.suffix]
    assert suffixed[0] == Line(
        measure="cctv_connected",
        scope="national",
        kind="kindergarten",
        place="KZ-11",
        total=122,
        covered=114,
        percent=93,
        suffix="ден",
        as_printed="Ақмола (122-ден 114) – 93%",
    )
    back = [
        (
            line.measure,
            line.kind,
            line.place,
            line.total,
            line.total if line.covered is None else line.covered,
        )
        for line in printed_lines(document_of(snapshot))
    ]
    assert back == [
        (measure["code"], kind, line["place"], line["total"], line["covered"])
        for measure in snapshot["measures"]
        if measure["code"] != "cctv_installed"
        for kind, lines in measure["lines"].items()
        for line in lines
    ]


def test_printed_lines_come_from_the_words_and_not_from_the_snapshot(snapshot):
    document = document_of(snapshot)
    section = next(section for section in document.sections if any(_lists(section.blocks)))
    block = next(_lists(section.blocks))
    spoilt = replace(block, lines=(*block.lines[:3], "Ақмола (114-тен 122) – 39%", *block.lines[4:]))
    blocks = tuple(spoilt if one is block else one for one in section.blocks)
    sections = tuple(replace(one, blocks=blocks) if one is section else one for one in document.sections)
    read = printed_lines(replace(document, sections=sections))[3]
    assert (read.total, read.covered, read.percent, read.suffix) == (114, 122, 39, "тен")


def _lists(blocks):
    return (block for block in blocks if isinstance(block, LineList))


def test_printed_headlines_are_those_of_the_published_brief_with_turnstiles_put_right(snapshot):
    published = []
    for row in rows("headlines.csv"):
        numbers = [int(row[name]) if row[name] else None for name in ("printed_total", "printed_covered")]
        percent = int(row["printed_percent"]) if row["printed_percent"] else None
        published.append(Headline(row["measure"], row["scope"], row["kind"], *numbers, percent))
    right = {
        Headline("cctv_installed", "national", "all", 9986, None, 100): Headline(
            "cctv_installed", "national", "all", 9986, 9986, 100
        ),
        Headline("turnstile", "large_cities", "all", 2621, 1410, 54): Headline(
            "turnstile", "large_cities", "all", 2621, 1421, 54
        ),
        Headline("turnstile", "large_cities", "college", None, 169, None): Headline(
            "turnstile", "large_cities", "college", None, 180, None
        ),
    }
    assert printed_headlines(document_of(snapshot)) == [right.get(one, one) for one in published]


@pytest.mark.parametrize(
    ("counts", "sentence", "read"),
    [
        (
            (7, 7),
            "Өткізу жүйесі (турникет) барлық 7 ұйымда орнатылған, қамту деңгейі – 100%.",
            [("all", 7, 7, 100)],
        ),
        (
            (7, 0),
            "Өткізу жүйесі (турникет) 0 ұйымда (0 балабақша, 0 мектеп, 0 колледж) орнатылған, "
            "бұл – 7 ұйымның 0%-ы.",
            [("all", 7, 0, 0), ("kindergarten", None, 0, None), ("school", None, 0, None),
             ("college", None, 0, None)],
        ),
        ((0, 0), "Өткізу жүйесі (турникет): есепке алынатын ұйым жоқ.", [("all", 0, None, None)]),
    ],
)  # fmt: skip
def test_a_headline_says_all_none_or_nobody_and_reads_back(snapshot, counts, sentence, read):
    measure = measure_of(snapshot, "turnstile")
    total, covered = counts
    measure["headline"] = {
        "all": count(total, covered),
        "kindergarten": count(total, covered),
        "school": count(0, 0),
        "college": count(0, 0),
    }
    assert KAZAKH.headline(measure).replace("\u00a0", " ") == sentence
    stated = [one for one in printed_headlines(document_of(snapshot)) if one.measure == "turnstile"]
    assert [(one.kind, one.total, one.covered, one.percent) for one in stated] == read


@pytest.mark.parametrize(
    "text",
    [
        "Орал 122-ден 114 – 93%",
        "Орал (122-ден 114) 93%",
        "Орал (122-ден 114) – 93",
        "Мәскеу (122-ден 114) – 93%",
        "Орал (122 мектептің 114) – 93%",
        "Орал – мектеп жоқ",
        "Орал (12\u00a034-тен 114) – 93%",
        "",
    ],
)
def test_a_line_out_of_form_is_named_and_not_guessed(text):
    with pytest.raises(UnreadableLine, match=f"^{re.escape(text)}$"):
        read_line(text, lang="kk", measure="m", scope="national", kind="kindergarten", places={"Орал": "KZ-27"})


def test_the_cities_are_counted_from_their_lines(snapshot):
    assert city_count(snapshot["places"]["large_cities"]) == 25


def test_an_open_quarter_is_called_provisional_in_document_and_text():
    document = document_of(snapshot_2023q1(closed=False))
    said = document.provisional.replace("\u00a0", " ")
    assert said == "Алдын ала дерек: 2023 жылғы 1 тоқсан әлі жабылған жоқ, көрсеткіштер өзгеруі мүмкін."
    assert document.provisional in to_text(document)


def test_a_closed_quarter_is_not_called_provisional(snapshot):
    document = document_of(snapshot)
    assert document.provisional == ""
    assert "алдын ала" not in to_text(document).lower()


def test_the_text_opens_like_a_letter_and_holds_each_line_on_its_own(snapshot):
    document = document_of(snapshot)
    text = to_text(document).replace("\u00a0", " ").splitlines()
    assert text[:5] == [
        "Қазақстан Республикасының Оқу-ағарту министрлігі",
        "",
        "Білім беру ұйымдарының терроризмге қарсы қорғалуы туралы ақпарат",
        "2023 жылғы 1 тоқсан, 31 наурыздағы жағдай",
        "2026 жылғы 22 қараша, № 117-2023-1/1",
    ]
    printed = [line.as_printed.replace("\u00a0", " ") for line in printed_lines(document)]
    assert [line for line in text if re.search(r"\) – \d+%$", line)] == printed


def test_sections_stand_in_the_order_of_the_brief(snapshot):
    assert [section.title.replace("\u00a0", " ") for section in document_of(snapshot).sections] == [
        "1. Құқықтық негіз",
        "2. Республика бойынша: бейнебақылау",
        "2.1. Бейнебақылауы ЖБО-ға қосылған ұйымдар, өңірлер бойынша",
        "3. 25 ірі қала бойынша: күзет, дабыл түймесі, турникет",
        "3.1. Лицензияланған күзет",
        "3.2. Дабыл түймесі",
        "3.3. Өткізу жүйесі (турникет)",
        "4. Ескертпелер",
        "Қосымша. Қамту кестелері",
    ]


def tables_of(snapshot: dict[str, Any]) -> list[Table]:
    return [block for block in document_of(snapshot).blocks() if isinstance(block, Table)]


def test_the_first_annex_table_sets_the_obliged_beside_all(snapshot):
    measure_of(snapshot, "turnstile")["obliged"]["college"] = count(3, 2)
    lead, *parts = tables_of(snapshot)[0].bodies[-1]
    assert (lead.heading, lead.role) == ("Өткізу жүйесі (турникет)", "lead")
    assert parts[-1].heading == "Колледждер"
    assert parts[-1].cells == ("204", "180", "88%", "3", "2", "67%")


def test_the_annex_has_a_row_for_each_place_and_its_sums(snapshot):
    obliged, national, cities = tables_of(snapshot)
    assert [len(body) for body in obliged.bodies] == [4] * 5
    assert [row.heading for row in national.bodies[0]] == [place["name_kk"] for place in snapshot["places"]["national"]]
    assert national.bodies[0][6].cells == (
        "548", "548", "100%", "158", "29%", "101", "6", "6%", "425", "152", "36%", "22", "0", "0%",
    )  # fmt: skip
    assert national.foot.cells[:5] == ("9\u00a0986", "9\u00a0986", "100%", "5\u00a0985", "60%")
    assert [row.heading for row in cities.bodies[0]] == [
        place["name_kk"] for place in snapshot["places"]["large_cities"]
    ]
    assert cities.foot.cells == (
        "2\u00a0621", "1\u00a0911", "73%", "2\u00a0426", "93%", "1\u00a0421", "54%",
    )  # fmt: skip
    for table in (obliged, national, cities):
        rows_of = [row for body in table.bodies for row in body] + ([table.foot] if table.foot else [])
        assert {len(row.cells) for row in rows_of} == {table.column_count}


def test_notes_name_what_is_not_counted(snapshot):
    snapshot["notes"]["pending"] = 1204
    snapshot["notes"]["exceptions"] = [
        {"bin": "990240001235", "name_kk": "№ 5 мектеп", "place": "KZ-63", "until": "2023-05-01"}
    ]
    blocks = list(document_of(snapshot).blocks())
    notes = [item.replace("\u00a0", " ") for block in blocks if isinstance(block, Bullets) for item in block.items]
    named = [block for block in blocks if isinstance(block, NameList)]
    assert notes[0] == (
        "Көрсеткіштер 2023 жылғы 31 наурыздағы жағдайды сипаттайды. "
        "Есепке алынған мәліметтің соңғы тіркелген күні – 2023 жылғы 10 сәуір."
    )
    assert notes[-1] == "Журналға түскен 1 204 өзгеріс әлі есепке қосылмаған."
    assert [block.lead.replace("\u00a0", " ") for block in named] == [
        "Күрделі жөндеу жүріп жатқан 3 ұйым есепке алынған жоқ:",
        "Кезең жабылғаннан кейін мәлімет беруге рұқсат алған 1 ұйым:",
    ]
    assert [item.replace("\u00a0", " ") for item in named[1].items] == [
        "№ 5 мектеп (ШҚО, мерзімі – 2023 жылғы 1 мамыр)"
    ]


def test_nothing_is_named_where_there_is_nothing_to_name(snapshot):
    snapshot["notes"] = {"capital_repair": [], "exceptions": [], "pending": 0}
    blocks = list(document_of(snapshot).blocks())
    assert [block for block in blocks if isinstance(block, NameList)] == []
    assert "әлі есепке қосылмаған" not in to_text(document_of(snapshot))


def test_an_approved_exemption_is_told_beside_the_percentage(snapshot):
    measure_of(snapshot, "panic_button")["headline"]["all"]["not_applicable"] = 5
    assert "Дабыл түймесі: талап қолданылмайтыны бекітілген 5 ұйым пайызға кірмейді." in to_text(
        document_of(snapshot)
    ).replace("\u00a0", " ")


@pytest.mark.parametrize("lang", ["fr", "KK", ""])
def test_a_language_without_words_is_refused(snapshot, lang):
    with pytest.raises(LanguageNotWritten, match=f"^{lang}$"):
        document_of({**snapshot, "lang": lang})


def test_composing_leaves_the_frozen_snapshot_alone(snapshot):
    before = deepcopy(snapshot)
    document_of(snapshot)
    assert snapshot == before


@pytest.mark.parametrize(
    ("day", "long", "state"),
    [
        (date(2026, 11, 22), "2026 жылғы 22 қараша", "2026 жылғы 22 қарашадағы"),
        (date(2023, 6, 30), "2023 жылғы 30 маусым", "2023 жылғы 30 маусымдағы"),
        (date(2023, 9, 30), "2023 жылғы 30 қыркүйек", "2023 жылғы 30 қыркүйектегі"),
        (date(2023, 12, 31), "2023 жылғы 31 желтоқсан", "2023 жылғы 31 желтоқсандағы"),
    ],
)
def test_days_are_said_in_kazakh(day, long, state):
    said = KAZAKH.day(day), state_on(day)
    assert tuple(text.replace("\u00a0", " ") for text in said) == (long, state)
