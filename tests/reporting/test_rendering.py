"""From snapshot to paper: whole, ours alone, the same bytes each time, readable again."""

import io
import logging
import re
from datetime import date

import pikepdf
import pypdf
import pytest
from weasyprint.urls import FatalURLFetchingError

from reporting import hyphenation, rendering
from reporting.brief_text import compose, printed_headlines, printed_lines
from tests.reporting.snapshots import snapshot_2023q1

NUMBER, DAY = "117-2023-1/1", date(2026, 11, 22)
KAZAKH = "АӘБВГҒДЕЁЖЗИЙКҚЛМНҢОӨПРСТУҰҮФХҺЦЧШЩЪЫІЬЭЮЯ"


@pytest.fixture(scope="module")
def html() -> str:
    return rendering.render_html(snapshot_2023q1(), number=NUMBER, date=DAY)


@pytest.fixture(scope="module")
def pdf(html) -> bytes:
    return rendering.render_pdf(html).data


@pytest.fixture(scope="module")
def words(pdf) -> str:
    """All text of all pages, with single spaces."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def page_of(body: str) -> str:
    return f'<!doctype html><html lang="kk"><head><title>т</title></head><body>{body}</body></html>'


def fonts_of(pdf: bytes) -> dict[str, bool]:
    """Base font → embedded, over all pages and forms."""
    found: dict[str, bool] = {}
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for thing in opened.objects:
            if isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/FontDescriptor":
                embedded = any(key in thing for key in ("/FontFile", "/FontFile2", "/FontFile3"))
                found[str(thing["/FontName"])] = embedded
    return found


def test_every_line_stands_on_paper_as_it_was_written(words):
    document = compose(snapshot_2023q1(), number=NUMBER, date=DAY)
    lines = [line.as_printed.replace("\u00a0", " ") for line in printed_lines(document)]
    assert len(lines) == 240
    assert [line for line in lines if line not in words] == []


def test_only_our_own_fonts_are_in_the_file_and_all_are_embedded(pdf):
    fonts = fonts_of(pdf)
    assert {re.sub(r"^/[A-Z]{6}\+", "", name) for name in fonts} == {
        "Brief-Serif", "Brief-Serif-Bold", "Brief-Serif-Italic",
    }  # fmt: skip
    assert all(fonts.values())


def test_the_same_snapshot_gives_the_same_bytes(html, pdf):
    again = rendering.render_html(snapshot_2023q1(), number=NUMBER, date=DAY)
    assert again == html
    assert rendering.render_pdf(again).data == pdf


def test_every_kazakh_letter_survives_the_way_to_paper_and_back_in_each_style():
    letters = " ".join(KAZAKH + KAZAKH.lower())  # apart, or they would be one long word to hyphenate
    body = f"<p>{letters}</p><p><b>{letters}</b></p><p><i>{letters}</i></p><p><b><i>{letters}</i></b></p>"
    pdf = rendering.render_pdf(page_of(body)).data
    text = pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert re.sub(r"\s", "", text) == (KAZAKH + KAZAKH.lower()) * 4 + "1/1"
    assert {re.sub(r"^/[A-Z]{6}\+", "", name) for name in fonts_of(pdf)} == {
        "Brief-Serif", "Brief-Serif-Bold", "Brief-Serif-Italic", "Brief-Serif-Bold-Italic",
    }  # fmt: skip


def test_the_file_says_what_it_is_in_kazakh(pdf):
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert str(opened.Root.Lang) == "kk"
        assert opened.Root.MarkInfo.Marked
        info = {str(key): str(value).replace("\u00a0", " ") for key, value in opened.docinfo.items()}
        xmp = bytes(opened.Root.Metadata.read_bytes()).decode()
    assert info["/Title"] == (
        "Білім беру ұйымдарының терроризмге қарсы қорғалуы туралы ақпарат: "
        "2023 жылғы 1 тоқсан, 31 наурыздағы жағдай"
    )
    assert info["/Author"] == "Қазақстан Республикасының Оқу-ағарту министрлігі"
    assert info["/CreationDate"].startswith("D:20261122")
    assert re.search(r'pdfaid:part="3"', xmp)
    assert re.search(r'pdfaid:conformance="A"', xmp)


def test_bookmarks_lead_to_every_section(pdf):
    outline = pypdf.PdfReader(io.BytesIO(pdf)).outline

    def titles(entries):
        for entry in entries:
            if isinstance(entry, list):
                yield from titles(entry)
            else:
                yield entry.title.replace("\u00a0", " ")

    document = compose(snapshot_2023q1(), number=NUMBER, date=DAY)
    found = list(titles(outline))
    assert found[0] == document.title
    assert [
        section.title.replace("\u00a0", " ")
        for section in document.sections
        if section.title.replace("\u00a0", " ") not in found
    ] == []


def test_pages_are_numbered_and_carry_the_number_of_the_brief(pdf):
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) == 6
    for index, page in enumerate(pages, start=1):
        text = page.extract_text().replace("\u00a0", " ")
        assert f"{index} / 6" in text
        assert text.count("№ 117-2023-1/1") == 1


def test_the_letterhead_holds_ministry_day_and_number(words):
    assert "ҚАЗАҚСТАН РЕСПУБЛИКАСЫНЫҢ ОҚУ-АҒАРТУ МИНИСТРЛІГІ" in words
    assert "2026 жылғы 22 қараша" in words


def test_a_closed_quarter_bears_no_warning(html):
    assert "алдын ала" not in html.lower()


def test_an_open_quarter_is_provisional_on_every_page():
    html = rendering.render_html(snapshot_2023q1(closed=False), number=NUMBER, date=DAY)
    pages = pypdf.PdfReader(io.BytesIO(rendering.render_pdf(html).data)).pages
    assert all("алдын ала дерек" in page.extract_text().lower() for page in pages)


def test_names_are_escaped():
    snapshot = snapshot_2023q1()
    snapshot["notes"]["capital_repair"][0]["name_kk"] = '<img src="file:///etc/passwd"> & мектеп'
    html = rendering.render_html(snapshot, number=NUMBER, date=DAY)
    assert "&lt;img src=&quot;file:///etc/passwd&quot;&gt; &amp; мектеп" in html


def test_the_page_lays_out_exactly_the_words_of_the_document(html):
    document = compose(snapshot_2023q1(), number=NUMBER, date=DAY)
    bare = re.sub(r"<[^>]+>", "", html)
    assert [line.as_printed for line in printed_lines(document) if line.as_printed not in bare] == []
    assert len(printed_headlines(document)) == 25


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/hostname",
        "http://127.0.0.1/x.png",
        "https://example.org/x.png",
        "https://static.invalid/../config/settings/base.py",
        "https://static.invalid/%2e%2e/config/settings/base.py",
        "https://static.invalid/img/absent.png",
        "https://static.invalid.example.org/x.png",
        "ftp://static.invalid/x.png",
        "data:image/svg+xml,<svg/>",
    ],
)
def test_nothing_but_our_static_files_is_fetched(address):
    with pytest.raises(FatalURLFetchingError):
        rendering.StaticFetcher().fetch(address)


def test_a_page_that_asks_for_another_file_is_refused():
    with pytest.raises(rendering.RenderingError, match="file:///etc/hostname"):
        rendering.render_pdf(page_of('<img src="file:///etc/hostname" alt="">'))


@pytest.mark.parametrize(
    "fault", ['<p style="no-such-property: 1">а</p>', "<p style='color: nocolour'>а</p>"]
)
def test_a_mere_warning_is_an_error_that_names_its_cause(fault):
    with pytest.raises(rendering.RenderingError, match="no-such-property|nocolour"):
        rendering.render_pdf(page_of(fault))


def test_a_failed_rendering_leaves_the_next_one_unharmed():
    with pytest.raises(rendering.RenderingError):
        rendering.render_pdf(page_of('<p style="no-such-property: 1">а</p>'))
    assert rendering.render_pdf(page_of("<p>а</p>")).data.startswith(b"%PDF-1.7")
    assert not [one for one in logging.getLogger("weasyprint").handlers if type(one).__name__ == "_Collector"]


def test_the_hyphenation_file_is_what_its_generator_writes():
    assert hyphenation.DICTIONARY.read_text(encoding="utf-8") == hyphenation.dictionary_text()


@pytest.mark.parametrize(
    "broken",
    [
        "қа-зақ-стан",
        "көр-сет-кіш-те-рі",
        "ұйым-дар-дың",
        "мақ-са-тын-да",
        "бей-не-ба-қы-лау",
        "ми-нистр-лі-гі",
        "қа-уіп-сіз-дік",
        "та-уар",
        "ауыл",
        "оқу",
        "объек-ті-нің",
        "стра-те-ги-я-сы",
        "пульт",
    ],
)
def test_kazakh_words_break_by_syllables(broken):
    import pyphen

    rendering.render_pdf(page_of("<p>а</p>"))  # registers the patterns
    assert pyphen.Pyphen(lang="kk").inserted(broken.replace("-", "")) == broken
