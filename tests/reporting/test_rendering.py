"""From snapshot to paper: whole, ours alone, the same bytes each time, readable again."""

import ctypes
import gc
import hashlib
import io
import logging
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pikepdf
import pypdf
import pytest
from weasyprint.urls import FatalURLFetchingError

from reporting import attachments, hyphenation, rendering
from reporting.brief.composing import compose
from reporting.brief.document import Chart
from reporting.brief.imprint import Imprint
from reporting.brief.reading import printed_headlines, printed_lines
from tests.reporting.snapshots import snapshot_2023q1
from tests.reporting.verapdf.engine import judge

pytestmark = pytest.mark.paper

ROOT = Path(__file__).resolve().parents[2]
NUMBER, DAY = "117-2023-1/1", date(2026, 11, 22)
KAZAKH = "АӘБВГҒДЕЁЖЗИЙКҚЛМНҢОӨПРСТУҰҮФХҺЦЧШЩЪЫІЬЭЮЯ"


@pytest.fixture(scope="module")
def html() -> str:
    return rendering.render_html(snapshot_2023q1(), Imprint(NUMBER, DAY))


@pytest.fixture(scope="module")
def files() -> tuple[attachments.AttachedFile, ...]:
    return attachments.data_files(snapshot_2023q1(), Imprint(NUMBER, DAY))


@pytest.fixture(scope="module")
def pdf(html, files) -> bytes:
    return rendering.render_pdf(html, attachments=files).data


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


def tags_of(opened: pikepdf.Pdf, kind: str) -> list[pikepdf.Dictionary]:
    """The structure elements of a kind, in reading order."""

    def walk(element):
        if not isinstance(element, pikepdf.Dictionary):
            return
        if element.get("/S") == kind:
            yield element
        kids = element.get("/K", [])
        for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
            yield from walk(kid)

    return list(walk(opened.Root.StructTreeRoot.K[0]))


def test_every_line_stands_on_paper_as_it_was_written(words):
    document = compose(snapshot_2023q1(), Imprint(NUMBER, DAY))
    lines = [line.as_printed.replace("\u00a0", " ") for line in printed_lines(document)]
    assert len(lines) == 240
    assert [line for line in lines if line not in words] == []


def test_only_our_own_fonts_are_in_the_file_and_all_are_embedded(pdf):
    fonts = fonts_of(pdf)
    assert {re.sub(r"^/[A-Z]{6}\+", "", name) for name in fonts} == {
        "Brief-Serif", "Brief-Serif-Bold", "Brief-Serif-Italic",
    }  # fmt: skip
    assert all(fonts.values())


def test_the_same_snapshot_gives_the_same_bytes(html, files, pdf):
    again = rendering.render_html(snapshot_2023q1(), Imprint(NUMBER, DAY))
    assert again == html
    assert rendering.render_pdf(again, attachments=files).data == pdf


# struct mallinfo2 of malloc.h: ten numbers of bytes.
MALLINFO = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"


def allocated() -> int:
    """Bytes of the C library in use by this process, those that the interpreter cannot see among them."""
    shape = {"_fields_": [(name, ctypes.c_size_t) for name in MALLINFO.split()]}
    report = ctypes.CDLL("libc.so.6").mallinfo2
    report.restype = type("Mallinfo", (ctypes.Structure,), shape)
    gc.collect()
    info = report()
    return int(info.uordblks + info.hblkhd)


def test_what_a_brief_takes_of_memory_is_given_back(html, pdf):
    rendering.render_pdf(html)
    before = allocated()
    for _again in range(3):
        rendering.render_pdf(html)

    assert allocated() - before < 500_000


@pytest.mark.slow
def test_other_processes_with_other_hash_seeds_give_the_same_bytes(pdf):
    program = (
        "import hashlib, datetime, django; django.setup()\n"
        "from reporting import attachments, rendering\n"
        "from tests.reporting.snapshots import snapshot_2023q1\n"
        "from reporting.brief.imprint import Imprint\n"
        f"imprint = Imprint({NUMBER!r}, {DAY!r})\n"
        "files = attachments.data_files(snapshot_2023q1(), imprint)\n"
        "html = rendering.render_html(snapshot_2023q1(), imprint)\n"
        "print(hashlib.sha256(rendering.render_pdf(html, attachments=files).data).hexdigest())\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "DJANGO_SETTINGS_MODULE": "config.settings.test", "TZ": zone},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed, zone in (("1", "Asia/Almaty"), ("2", "America/New_York"))
    ]
    printed = [process.communicate(timeout=120)[0].strip() for process in started]
    assert printed == [hashlib.sha256(pdf).hexdigest()] * 2


@pytest.mark.slow
def test_verapdf_finds_the_brief_archival_and_accessible_and_a_spoiled_one_neither(pdf, tmp_path):
    brief, spoiled = tmp_path / "brief.pdf", tmp_path / "spoiled.pdf"
    brief.write_bytes(pdf)
    with pikepdf.open(io.BytesIO(rendering.render_pdf(page_of("<p>а</p>")).data)) as opened:
        del opened.Root.Metadata
        opened.save(spoiled)
    verdicts, report = judge(brief, spoiled)
    assert verdicts == {
        ("brief.pdf", "3a"): "PASS",
        ("brief.pdf", "ua1"): "PASS",
        ("spoiled.pdf", "3a"): "FAIL",
        ("spoiled.pdf", "ua1"): "FAIL",
    }, report


def test_the_data_are_in_the_file_whole_each_listed_once(pdf, files):
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        embedded = [
            {
                "name": str(listed.UF),
                "description": str(listed.Desc),
                "relationship": str(listed.AFRelationship),
                "media_type": str(listed.EF.F.Subtype),
                "dates": (str(listed.EF.F.Params.CreationDate), str(listed.EF.F.Params.ModDate)),
                "data": listed.EF.F.read_bytes(),
            }
            for listed in opened.Root.AF
        ]
        named = [str(name) for name in list(opened.Root.Names.EmbeddedFiles.Names)[::2]]
    assert embedded == [
        {
            "name": file.name,
            "description": file.description,
            "relationship": "/Data",
            "media_type": f"/{file.media_type}",
            "dates": ("D:20261122000000Z", "D:20261122000000Z"),
            "data": file.data,
        }
        for file in files
    ]
    assert named == sorted(file.name for file in files)


def test_every_picture_has_words_of_its_own(pdf):
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        words = [str(figure.Alt) for figure in tags_of(opened, "/Figure")]
    percents = [f"{measure['headline']['all']['percent']}%" for measure in snapshot_2023q1()["measures"]]
    assert words[0] == "Qalqan"
    assert [text.rpartition(": ")[2] for text in words[1:6]] == percents
    assert len({text.rpartition(": ")[0] for text in words[1:6]}) == len(percents)
    captions = [block.caption for section in compose(snapshot_2023q1(), Imprint(NUMBER, DAY)).sections
                for block in section.blocks if isinstance(block, Chart)]  # fmt: skip
    assert [text.startswith(caption) for text, caption in zip(words[6:], captions, strict=True)] == [True, True]


def test_a_picture_without_words_is_refused():
    bar = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1H0z"/></svg>'
    with pytest.raises(rendering.RenderingError, match="alternative text: 1"):
        rendering.render_pdf(page_of(bar))


def test_every_header_of_the_brief_says_what_it_heads(pdf):
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        headers = tags_of(opened, "/TH")
        scopes = {str(header.A.Scope) for header in headers}
        keys = sorted(bytes(header.ID) for header in headers)
        index = list(opened.Root.StructTreeRoot.IDTree.Names)
        assert [bytes(key) for key in index[::2]] == keys
        assert [bytes(header.ID) for header in index[1::2]] == keys
    assert scopes == {"/Row", "/Column"}


def test_a_cell_names_its_row_and_all_headers_above_it():
    pdf = rendering.render_pdf(
        page_of(
            "<table><thead>"
            '<tr><th scope="col" rowspan="2">0<th scope="colgroup" colspan="2">1<th scope="col">2</tr>'
            '<tr><th scope="col">3<th scope="col">4<th scope="col">5</tr></thead>'
            '<tbody><tr><th scope="row">6<td>a<td>b<td>c</tr><tr><th scope="row">7<td colspan="2">d<td>e</tr>'
            "</table>"
        )
    ).data
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        headers = [bytes(header.ID) for header in tags_of(opened, "/TH")]
        named = [[headers.index(bytes(key)) for key in cell.A.Headers] for cell in tags_of(opened, "/TD")]
    assert named == [[6, 1, 3], [6, 1, 4], [6, 2, 5], [7, 1, 3, 4], [7, 2, 5]]


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
        "Білім беру ұйымдарының терроризмге қарсы қорғалуы туралы ақпарат: 2023 жылғы 1 тоқсан, 31 наурыздағы жағдай"
    )
    assert info["/Author"] == "Қазақстан Республикасының Оқу-ағарту министрлігі"
    assert info["/CreationDate"].startswith("D:20261122")
    assert re.search(r'pdfaid:part="3"', xmp)
    assert re.search(r'pdfaid:conformance="A"', xmp)
    assert re.search(r'pdfuaid:part="1"', xmp)
    assert b'pdfuaid:part="1"' in pdf  # uncompressed


def test_bookmarks_lead_to_every_section(pdf):
    outline = pypdf.PdfReader(io.BytesIO(pdf)).outline

    def titles(entries):
        for entry in entries:
            if isinstance(entry, list):
                yield from titles(entry)
            else:
                yield entry.title.replace("\u00a0", " ")

    document = compose(snapshot_2023q1(), Imprint(NUMBER, DAY))
    found = list(titles(outline))
    assert found[0] == document.title
    assert [
        section.title.replace("\u00a0", " ")
        for section in document.sections
        if section.title.replace("\u00a0", " ") not in found
    ] == []


def test_pages_are_numbered_and_carry_the_number_of_the_brief(pdf):
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) == 7
    for index, page in enumerate(pages, start=1):
        text = page.extract_text().replace("\u00a0", " ")
        assert f"{index} / 7" in text
        assert text.count("№ 117-2023-1/1") == 1


def test_the_letterhead_holds_ministry_day_and_number(words):
    assert "ҚАЗАҚСТАН РЕСПУБЛИКАСЫНЫҢ ОҚУ-АҒАРТУ МИНИСТРЛІГІ" in words
    assert "2026 жылғы 22 қараша" in words


def test_a_closed_quarter_bears_no_warning(html):
    assert "алдын ала" not in html.lower()


def test_an_open_quarter_is_provisional_on_every_page():
    html = rendering.render_html(snapshot_2023q1(closed=False), Imprint(NUMBER, DAY))
    pages = pypdf.PdfReader(io.BytesIO(rendering.render_pdf(html).data)).pages
    assert all("алдын ала дерек" in page.extract_text().lower() for page in pages)


def test_names_are_escaped():
    snapshot = snapshot_2023q1()
    snapshot["notes"]["capital_repair"][0]["name_kk"] = '<img src="file:///etc/passwd"> & мектеп'
    html = rendering.render_html(snapshot, Imprint(NUMBER, DAY))
    assert "&lt;img src=&quot;file:///etc/passwd&quot;&gt; &amp; мектеп" in html


def test_the_page_lays_out_exactly_the_words_of_the_document(html):
    document = compose(snapshot_2023q1(), Imprint(NUMBER, DAY))
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


@pytest.mark.parametrize("fault", ['<p style="no-such-property: 1">а</p>', "<p style='color: nocolour'>а</p>"])
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
