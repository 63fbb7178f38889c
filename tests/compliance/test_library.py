"""The Order as data: what is in it, and that a mistake in a file is refused by file, item and field."""

import re
import shutil
from datetime import date

import pytest

from compliance.applicability import Rule
from compliance.library import MEASURES, ORDER_117, LibraryError, load_library

KAZAKH_LETTERS = set("әғқңөұүһіӘҒҚҢӨҰҮҺІ")


@pytest.fixture(scope="module")
def library():
    return load_library()


def test_the_act_and_its_editions(library):
    assert (library.directive.code, library.directive.number, library.directive.dated_on) == (
        "117",
        "117",
        date(2022, 3, 30),
    )
    assert [
        (edition.code, edition.in_force_from, edition.in_force_to, edition.provenance) for edition in library.editions
    ] == [
        ("2022", date(2022, 4, 16), date(2026, 7, 11), "read"),
        ("current", date(2026, 7, 12), None, "quoted"),
    ]


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(2022, 4, 15), None),
        (date(2022, 4, 16), "2022"),
        (date(2026, 7, 11), "2022"),
        (date(2026, 7, 12), "current"),
        (date(2040, 1, 1), "current"),
    ],
)
def test_the_edition_in_force_on_a_day(library, day, code):
    edition = library.edition_on(day)
    assert (edition and edition.code) == code


def test_chapters_and_how_many_items_each_has(library):
    codes = [requirement.chapter for requirement in library.requirements]
    assert [(chapter.sort_order, chapter.code, codes.count(chapter.code)) for chapter in library.chapters] == [
        (1, "access", 9),
        (2, "guarding", 6),
        (3, "engineering", 18),
        (4, "training", 12),
        (5, "interaction", 3),
        (6, "passport", 7),
        (7, "response", 5),
    ]
    assert codes == sorted(codes, key=[chapter.code for chapter in library.chapters].index)


def test_the_five_measures_are_the_items_that_the_brief_counts(library):
    assert {requirement.measure: requirement.code for requirement in library.requirements if requirement.measure} == {
        "licensed_guard": "GRD-CONTRACT",
        "cctv_installed": "CCTV",
        "cctv_connected": "CCTV-OPS",
        "panic_button": "PANIC",
        "turnstile": "TURNSTILE",
    }


def test_the_report_counts_exactly_the_measures(library):
    reports = {
        requirement.measure: report
        for requirement in library.requirements
        if (report := Rule.parse(requirement.applies).report)
    }
    assert reports == {
        "cctv_installed": "report:all",
        "cctv_connected": "report:all",
        "licensed_guard": "report:large_cities",
        "panic_button": "report:large_cities",
        "turnstile": "report:large_cities",
    }


def test_what_expires_and_after_how_many_months(library):
    assert {
        requirement.code: requirement.validity_months for requirement in library.requirements if requirement.expires
    } == {
        "GRD-CONTRACT": 36,
        "GRD-LEASE": None,
        "PANIC": None,
        "MAINT": 12,
        "TRN-SCHEDULE": 12,
        "TRN-BRIEF-STAFF": 6,
        "TRN-BRIEF-PUPILS": 6,
        "TRN-GUARDS": 6,
        "TRN-DRILL-YEAR": 12,
        "TRN-DRILL-HALF": 3,
        "PAS-HAVE": 60,
    }


def test_items_for_kindergartens_only(library):
    every_kind = ("kindergarten", "school", "college")
    assert {
        requirement.code: requirement.kinds for requirement in library.requirements if requirement.kinds != every_kind
    } == {"INTERCOM": ("kindergarten",), "TRN-PRESCHOOL": ("kindergarten",)}


def test_items_that_were_not_compared_with_the_text(library):
    assert [requirement.code for requirement in library.requirements if requirement.confidence == "secondary"] == [
        "GRD-STAFF",
        "INTERCOM",
        "FENCE",
        "INT-NOBD",
    ]
    assert [requirement.code for requirement in library.requirements if not requirement.paragraph] == ["GRD-STAFF"]


def test_a_source_is_cited_in_full(library):
    power = next(requirement for requirement in library.requirements if requirement.code == "POWER")
    assert power.source == (
        "https://adilet.zan.kz/rus/docs/V2200027414 (edition of 30.03.2022; full Russian text in "
        "github.com/yelnurq/476, public/docs/1.pdf); public research note 'Kazakhstan A1: law for "
        "kindergarten licensing and inspections' (10.10.2026) quoting https://old.adilet.zan.kz/rus/docs/V2200027414"
    )


@pytest.mark.parametrize("field", ["title", "guidance", "proof"])
def test_each_language_is_written_in_its_own_letters(library, field):
    wrong = []
    for requirement in library.requirements:
        kazakh, russian, english = (getattr(requirement, f"{field}_{code}") for code in ("kk", "ru", "en"))
        wrong += [(requirement.code, "kk")] if not KAZAKH_LETTERS & set(kazakh) else []
        wrong += [(requirement.code, "ru")] if KAZAKH_LETTERS & set(russian) else []
        wrong += [(requirement.code, "en")] if re.search("[а-яёА-ЯЁ]", english) else []
        # A Latin letter inside a Cyrillic word looks right and is never found again.
        wrong += (
            [(requirement.code, "mixed")]
            if re.search("[а-яёәғқңөұүһі][a-z]|[a-z][а-яёәғқңөұүһі]", kazakh + russian, re.IGNORECASE)
            else []
        )
    assert wrong == []


def test_guidance_is_one_to_three_sentences_and_proof_one(library):
    def sentences(text):
        return len(re.findall(r"[.!?](?=\s|$)", text))

    texts = [
        (
            requirement.code,
            code,
            sentences(getattr(requirement, f"guidance_{code}")),
            sentences(getattr(requirement, f"proof_{code}")),
        )
        for requirement in library.requirements
        for code in ("kk", "ru", "en")
    ]
    assert [row for row in texts if not 1 <= row[2] <= 3 or row[3] != 1] == []


@pytest.mark.parametrize("code", ["PAS-HAVE", "PAS-AGREE", "PAS-UPDATE", "PAS-DSP", "PAS-FAMILY", "PAS-MULTI"])
def test_items_on_the_passport_warn_against_uploading_it(library, code):
    requirement = next(requirement for requirement in library.requirements if requirement.code == code)
    assert re.search(r"[Dd]o not (upload|enter)|[Nn]ever upload", requirement.guidance_en)
    assert re.search(r"не (загружайте|вносите)|[Нн]икогда не загружайте", requirement.guidance_ru)
    assert re.search(r"жүктемеңіз|енгізбеңіз", requirement.guidance_kk)


# Mistakes ---------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(ORDER_117, tmp_path / "order117")


def change(folder, file, before, after):
    """Replace the first occurrence; a mistake that cannot be made is a mistake of the test."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_an_unchanged_copy_is_the_library(folder, library):
    assert load_library(folder) == library


ACC_ORDER = '[[requirement]]\ncode = "ACC-ORDER"\n'


@pytest.mark.parametrize(
    ("file", "before", "after", "message"),
    [
        ("access.toml", ACC_ORDER, ACC_ORDER + "colour = 1\n", "access.toml: ACC-ORDER: colour: is unknown"),
        ("access.toml", ACC_ORDER, ACC_ORDER + 'measure = ""\n', "access.toml: ACC-ORDER: measure: is empty"),
        (
            "access.toml",
            ACC_ORDER,
            ACC_ORDER + 'measure = "fence"\n',
            f"access.toml: ACC-ORDER: measure: 'fence' is none of {', '.join(MEASURES)}",
        ),
        (
            "access.toml",
            ACC_ORDER,
            ACC_ORDER + 'measure = "turnstile"\n',
            "engineering.toml: TURNSTILE: measure: ACC-ORDER is turnstile already",
        ),
        (
            "engineering.toml",
            'measure = "turnstile"\n',
            "",
            "directive.toml: measure: no item is turnstile",
        ),
        (
            "access.toml",
            ACC_ORDER,
            ACC_ORDER + "validity_months = 6\n",
            "access.toml: ACC-ORDER: validity_months: is given for an answer that does not expire",
        ),
        ("access.toml", "title_kk = ", "titel_kk = ", "access.toml: ACC-ORDER: title_kk: is missing"),
        ("access.toml", "guidance_ru = ", "# ", "access.toml: ACC-ORDER: guidance_ru: is missing"),
        ("access.toml", "proof_en = ", "# ", "access.toml: ACC-ORDER: proof_en: is missing"),
        (
            "access.toml",
            'title_en = "',
            'title_en = " ',
            "access.toml: ACC-ORDER: title_en: has blanks around it",
        ),
        ("access.toml", 'title_en = "A', 'title_en = "" # "', "access.toml: ACC-ORDER: title_en: is empty"),
        ("access.toml", ACC_ORDER, "[[requirement]]\n", "access.toml: requirement 1: code: is missing"),
        (
            "access.toml",
            '"ACC-PUPILS"',
            '"ACC-ORDER"',
            "access.toml: ACC-ORDER: code: is there twice, first in access.toml",
        ),
        (
            "guarding.toml",
            '"GRD-LEASE"',
            '"ACC-ORDER"',
            "guarding.toml: ACC-ORDER: code: is there twice, first in access.toml",
        ),
        (
            "access.toml",
            'applies = "all"',
            'applies = "everybody"',
            "access.toml: ACC-ORDER: applies: Unknown token 'everybody' in rule 'everybody'",
        ),
        (
            "access.toml",
            'applies = "all"',
            'applies = "report:all;all"',
            "access.toml: ACC-ORDER: applies: is to be written 'all; report:all'",
        ),
        (
            "access.toml",
            'kinds = ["kindergarten", "school", "college"]',
            'kinds = ["kindergarten", "university"]',
            "access.toml: ACC-ORDER: kinds: 'university' is none of kindergarten, school, college",
        ),
        (
            "access.toml",
            'kinds = ["kindergarten", "school", "college"]',
            'kinds = ["school", "school"]',
            "access.toml: ACC-ORDER: kinds: 'school' is there twice",
        ),
        (
            "access.toml",
            'kinds = ["kindergarten", "school", "college"]',
            "kinds = []",
            "access.toml: ACC-ORDER: kinds: is empty",
        ),
        (
            "access.toml",
            'kinds = ["kindergarten", "school", "college"]',
            'kinds = "school"',
            "access.toml: ACC-ORDER: kinds: a list is expected, not 'school'",
        ),
        (
            "access.toml",
            "expires = false",
            "expires = 0",
            "access.toml: ACC-ORDER: expires: true or false is expected, not 0",
        ),
        (
            "access.toml",
            'confidence = "verified"',
            'confidence = "sure"',
            "access.toml: ACC-ORDER: confidence: 'sure' is none of verified, secondary",
        ),
        (
            "guarding.toml",
            "validity_months = 36",
            "validity_months = 0",
            "guarding.toml: GRD-CONTRACT: validity_months: 0 is not positive",
        ),
        (
            "guarding.toml",
            "validity_months = 36",
            "validity_months = true",
            "guarding.toml: GRD-CONTRACT: validity_months: a whole number is expected, not True",
        ),
        ("directive.toml", "dated_on = 2022-03-30", "", "directive.toml: directive: dated_on: is missing"),
        (
            "directive.toml",
            "dated_on = 2022-03-30",
            'dated_on = "2022-03-30"',
            "directive.toml: directive: dated_on: a day is expected, not '2022-03-30'",
        ),
        (
            "directive.toml",
            "[directive]",
            "[directive]\nold = true",
            "directive.toml: directive: old: is unknown",
        ),
        ("directive.toml", "[directive]", "[act]", "directive.toml: directive: is missing"),
        (
            "directive.toml",
            "in_force_to = 2026-07-11",
            "in_force_to = 2022-04-15",
            "directive.toml: 2022: in_force_to: lies before in_force_from",
        ),
        (
            "directive.toml",
            "in_force_to = 2026-07-11",
            "in_force_to = 2026-07-12",
            "directive.toml: current: in_force_from: lies in the time of edition 2022",
        ),
        (
            "directive.toml",
            "in_force_to = 2026-07-11",
            "",
            "directive.toml: current: in_force_from: lies in the time of edition 2022",
        ),
        ("directive.toml", 'code = "current"', 'code = "2022"', "directive.toml: 2022: code: is there twice"),
        (
            "directive.toml",
            'code = "current"',
            'code = "2030"',
            "directive.toml: 2030: code: '2030' is none of 2022, current",
        ),
        (
            "directive.toml",
            'provenance = "quoted"',
            'provenance = "heard"',
            "directive.toml: current: provenance: 'heard' is none of read, quoted",
        ),
        ("directive.toml", "note_ru = ", "# ", "directive.toml: 2022: note_ru: is missing"),
        (
            "directive.toml",
            'code = "guarding"',
            'code = "access"',
            "directive.toml: access: code: is there twice",
        ),
        ("directive.toml", "sort_order = 2", "", "directive.toml: guarding: sort_order: is missing"),
        (
            "directive.toml",
            "sort_order = 2",
            "sort_order = 3",
            "directive.toml: guarding: sort_order: 2 is expected, not 3",
        ),
        (
            "directive.toml",
            'code = "guarding"',
            'code = "guards"',
            "guarding.toml: the file belongs to no chapter",
        ),
        ("directive.toml", "[sources]", "[sources]\nempty = ''", "directive.toml: sources: empty: is empty"),
        (
            "directive.toml",
            "[sources]",
            "extra = 1\n[sources]",
            "directive.toml: response: extra: is unknown",
        ),
    ],
)
def test_a_mistake_is_refused_by_file_item_and_field(folder, file, before, after, message):
    change(folder, file, before, after)
    with pytest.raises(LibraryError) as refused:
        load_library(folder)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "access.toml: requirement: is missing"),
        ("requirement = 1\n", "access.toml: requirement: an array of tables is expected, not 1"),
        ("requirement = [1]\n", "access.toml: requirement: an array of tables is expected"),
    ],
)
def test_a_file_without_items_is_refused(folder, text, message):
    (folder / "access.toml").write_text(text, encoding="utf-8")
    with pytest.raises(LibraryError) as refused:
        load_library(folder)
    assert str(refused.value) == message


def test_a_file_that_belongs_to_no_chapter_is_refused(folder):
    (folder / "drafts.toml").write_text("", encoding="utf-8")
    with pytest.raises(LibraryError, match="^drafts.toml: the file belongs to no chapter$"):
        load_library(folder)


def test_an_unknown_source_is_refused(folder):
    change(folder, "access.toml", 'sources = ["text-2022"]', 'sources = ["hearsay"]')
    with pytest.raises(LibraryError, match="access.toml: ACC-ORDER: sources: 'hearsay' is none of text-2022, "):
        load_library(folder)


def test_a_missing_chapter_file_is_refused(folder):
    (folder / "passport.toml").unlink()
    with pytest.raises(LibraryError, match="^passport.toml: the file is missing$"):
        load_library(folder)


def test_a_folder_without_directive_is_refused(tmp_path):
    with pytest.raises(LibraryError, match="^directive.toml: the file is missing$"):
        load_library(tmp_path)


def test_a_file_that_is_not_toml_is_refused(folder):
    (folder / "access.toml").write_text("[[requirement]\n", encoding="utf-8")
    with pytest.raises(LibraryError, match="^access.toml: not valid TOML: .*line 1"):
        load_library(folder)


def test_a_file_in_another_encoding_is_refused(folder):
    (folder / "access.toml").write_bytes("# рұқсат".encode("utf-16"))
    with pytest.raises(LibraryError, match="^access.toml: the file is not UTF-8$"):
        load_library(folder)
