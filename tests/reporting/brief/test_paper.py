"""The translations on paper: whole, in their language, broken into lines by its rules."""

import io
import re
from datetime import date

import pikepdf
import pypdf
import pyphen
import pytest

from reporting import rendering
from reporting.brief.composing import compose
from reporting.brief.imprint import Imprint
from reporting.brief.reading import printed_lines
from tests.reporting.snapshots import snapshot_2023q1

pytestmark = pytest.mark.paper

NUMBER, DAY = "117-2023-1/1", date(2026, 11, 22)


@pytest.mark.parametrize(
    ("lang", "title", "mark"),
    [
        (
            "ru",
            "Информация об антитеррористической защищённости организаций образования: "
            "I квартал 2023 года, по состоянию на 31 марта",
            "предварительные данные",
        ),
        (
            "en",
            "Information on the anti-terror protection of education institutions: 1st quarter of 2023, as of 31 March",
            "provisional data",
        ),
    ],
)
def test_a_translation_stands_on_paper_as_it_was_written(lang, title, mark):
    snapshot = snapshot_2023q1(lang=lang, closed=False)
    html = rendering.render_html(snapshot, Imprint(NUMBER, DAY))
    assert f'<html lang="{lang}">' in html
    pdf = rendering.render_pdf(html)
    with pikepdf.open(io.BytesIO(pdf.data)) as opened:
        assert str(opened.Root.Lang) == lang
        assert str(opened.docinfo["/Title"]).replace("\u00a0", " ") == title
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf.data)).pages]
    assert len(pages) == 8
    assert [number for number, page in enumerate(pages[1:], start=2) if mark not in page] == []
    words = re.sub(r"\s+", " ", " ".join(pages))
    document = compose(snapshot, Imprint(NUMBER, DAY))
    lines = [line.as_printed.replace("\u00a0", " ") for line in printed_lines(document)]
    assert len(lines) == 240
    assert [line for line in lines if line not in words] == []
    assert re.findall("[ӘҒҚҢӨҰҮҺІәғқңөұүһі]+[а-я]*", " ".join(section.title for section in document.sections)) == []


@pytest.mark.parametrize(
    ("lang", "broken"),
    [
        ("ru", "ор-га-ни-за-ци-ях"),
        ("ru", "ви-део-на-блю-де-ние"),
        ("en", "sur-veil-lance"),
        ("en", "in-sti-tu-tions"),
    ],
)
def test_words_break_by_the_rules_of_their_language(lang, broken):
    assert pyphen.Pyphen(lang=pyphen.language_fallback(lang)).inserted(broken.replace("-", "")) == broken
