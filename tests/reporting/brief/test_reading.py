"""What is read back from a brief in each language is what it was made from, and a fault in its words is found."""

from dataclasses import asdict, replace
from datetime import date

import pytest

from reporting import integrity
from reporting.brief.composing import compose
from reporting.brief.document import LineList, Paragraph
from reporting.brief.imprint import Imprint
from reporting.brief.languages import LANGUAGES, words_of
from reporting.brief.reading import printed_headlines, printed_lines
from tests.reporting.snapshots import snapshot_2023q1

NUMBER, DAY = "117-2023-1/1", date(2026, 11, 22)
LINE_FIELDS = frozenset(integrity.Line.__slots__)


def document_in(lang):
    return compose(snapshot_2023q1(lang=lang), Imprint(NUMBER, DAY))


def findings_of(document):
    """As (rule, measure, kind, place), held against the figures that the document was made from."""
    snapshot = snapshot_2023q1()
    found = integrity.check(
        [
            integrity.Line(**{name: value for name, value in asdict(line).items() if name in LINE_FIELDS})
            for line in printed_lines(document)
        ],
        [integrity.Headline(**asdict(headline)) for headline in printed_headlines(document)],
        records={
            (measure["code"], kind, line["place"]): (line["total"], line["covered"])
            for measure in snapshot["measures"]
            for kind, lines in measure["lines"].items()
            for line in lines
        },
    )
    return {(str(one.rule), one.measure, one.kind, one.place) for one in found}


def respelt(document, shape, find, put):
    """The document with some words of its lines, or of its sentences, replaced; exactly one place has them."""
    met = 0

    def mend(text):
        nonlocal met
        met += find in text
        return text.replace(find, put)

    sections = []
    for section in document.sections:
        blocks = []
        for block in section.blocks:
            if shape is LineList and isinstance(block, LineList):
                blocks.append(replace(block, lines=tuple(map(mend, block.lines))))
            elif shape is Paragraph and isinstance(block, Paragraph) and block.measure:
                blocks.append(replace(block, text=mend(block.text)))
            else:
                blocks.append(block)
        sections.append(replace(section, blocks=tuple(blocks)))
    assert met == 1, find
    return replace(document, sections=tuple(sections))


def test_the_brief_is_written_in_three_languages_the_original_first():
    assert [(words.lang, words.endonym) for words in LANGUAGES.values()] == [
        ("kk", "Қазақша"), ("ru", "Русский"), ("en", "English"),
    ]  # fmt: skip


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_a_translation_has_the_figures_of_the_original(lang):
    original, translation = document_in("kk"), document_in(lang)
    numbers = [
        [replace(line, suffix=None, as_printed="") for line in printed_lines(document)]
        for document in (original, translation)
    ]
    assert len(numbers[0]) == 240
    assert numbers[1] == numbers[0]
    assert printed_headlines(translation) == printed_headlines(original)
    shapes = [[type(block) for block in document.blocks()] for document in (original, translation)]
    assert shapes[1] == shapes[0]


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_no_suffix_is_read_where_numerals_have_none(lang):
    assert {line.suffix for line in printed_lines(document_in(lang))} == {None}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_clean_brief_has_no_findings(lang):
    assert findings_of(document_in(lang)) == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_two_places_of_a_scope_have_one_name(lang):
    places = snapshot_2023q1()["places"]
    for scope, members in places.items():
        names = {words_of(lang).name_in_line(place, scope) for place in members}
        assert len(names) == len(members) == 20


LINE = {
    "kk": "Ақмола (122-ден 114) – 93%",
    "ru": "Акмолинская область: 114 из 122 – 93%",
    "en": "Akmola region: 114 of 122 – 93%",
}
OF_AKMOLA = ("cctv_connected", "kindergarten", "KZ-11")


@pytest.mark.parametrize(
    ("spoilt", "rules"),
    [
        (
            {
                "kk": "Ақмола (114-тен 122) – 93%",
                "ru": "Акмолинская область: 122 из 114 – 93%",
                "en": "Akmola region: 122 of 114 – 93%",
            },
            {"covered_exceeds_total"},
        ),
        (
            {
                "kk": "Ақмола (122-ден 114) – 94%",
                "ru": "Акмолинская область: 114 из 122 – 94%",
                "en": "Akmola region: 114 of 122 – 94%",
            },
            {"percent_mismatch"},
        ),
        (
            {
                "kk": "Ақмола (122-ден 113) – 93%",
                "ru": "Акмолинская область: 113 из 122 – 93%",
                "en": "Akmola region: 113 of 122 – 93%",
            },
            {"differs_from_records", "sum_differs_from_headline"},
        ),
        (
            {
                "kk": "Ақмола (122) – 100%",
                "ru": "Акмолинская область: 122 – 100%",
                "en": "Akmola region: 122 – 100%",
            },
            {"differs_from_records", "sum_differs_from_headline"},
        ),
    ],
)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_fault_in_the_words_of_a_line_is_found(lang, spoilt, rules):
    found = findings_of(respelt(document_in(lang), LineList, LINE[lang], spoilt[lang]))
    assert {rule for rule, *_where in found} == rules
    assert {one[1:] for one in found if one[0] != "sum_differs_from_headline"} <= {OF_AKMOLA}


@pytest.mark.parametrize(
    ("lang", "find", "put"),
    [
        ("kk", "4\u00a0360\u00a0мектеп", "4\u00a0361\u00a0мектеп"),
        ("ru", "4\u00a0360\u00a0школ", "4\u00a0361\u00a0школа"),
        ("en", "4,360\u00a0schools", "4,361\u00a0schools"),
    ],
)
def test_a_fault_in_the_words_of_a_headline_is_found(lang, find, put):
    found = findings_of(respelt(document_in(lang), Paragraph, find, put))
    assert {one[:3] for one in found} == {
        ("differs_from_records", "cctv_connected", "school"),
        ("sum_differs_from_headline", "cctv_connected", "school"),
        ("sum_differs_from_headline", "cctv_connected", "all"),
    }


@pytest.mark.parametrize(
    ("lang", "find", "put"),
    [
        ("kk", "9\u00a0986\u00a0ұйымның 60%", "9\u00a0986\u00a0ұйымның 61%"),
        ("ru", "это 60% от", "это 61% от"),
        ("en", "which is 60% of", "which is 61% of"),
    ],
)
def test_a_wrong_percentage_of_a_headline_is_found(lang, find, put):
    found = findings_of(respelt(document_in(lang), Paragraph, find, put))
    assert {(rule, measure, kind) for rule, measure, kind, _place in found} == {
        ("percent_mismatch", "cctv_connected", "all")
    }
