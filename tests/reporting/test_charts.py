"""Charts: what they say, that they say it the same everywhere, and that paper takes them."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pikepdf
import pytest

from reporting import charts, rendering

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = ("Бейнебақылау орнатылған", "ЖБО-ға қосылған", "Лицензияланған күзет", "Дабыл түймесі", "Турникет")


def regions() -> list[str]:
    return list(charts._outlines().areas)


def the_map() -> charts.Spec:
    shown = [None, 0, 49, 50, 69, 70, 89, 90, 99, 100]
    percents = {code: shown[at % len(shown)] for at, code in enumerate(regions())}
    return charts.coverage_map(percents, legend="қамту", no_data="дерек жоқ")


def the_bars() -> charts.Spec:
    bars = [charts.Bar(name, 10 * at, None if at == 3 else 11 * at) for at, name in enumerate(NAMES)]
    return charts.measure_bars(bars, legend=("барлық ұйым", "міндетті ұйымдар"))


def the_trend(quarters: int = 4) -> charts.Spec:
    named = [f"20{at:02} I" for at in range(quarters)]
    lines = [charts.TrendLine(name, tuple(None if at == 1 else at for at in range(quarters))) for name in NAMES]
    return charts.coverage_trend(named, lines)


def the_differences() -> charts.Spec:
    return charts.difference_bars({"Абай": 12, "Ақмола": -3, "Ұлытау": 0, "Жетісу": None})


ALL = {"map": the_map, "bars": the_bars, "trend": the_trend, "differences": the_differences}


def drawn(spec: charts.Spec, title: str = "Сурет") -> str:
    return charts.svg(charts.as_text(spec), title)


def words(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


@pytest.mark.parametrize("name", ALL)
def test_a_drawing_is_whole_and_says_its_title(name):
    root = ET.fromstring(drawn(ALL[name](), "А < Б & В"))  # noqa: S314 (our own drawing)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root[0].text == "А < Б & В"
    assert set(re.findall(r'font-family="([^"]*)"', drawn(ALL[name]()))) == {"Brief Serif"}


def test_the_map_shows_every_region_with_its_percentage():
    svg = drawn(the_map())
    shown = [None, 0, 49, 50, 69, 70, 89, 90, 99, 100]
    expected = ["–" if (value := shown[at % len(shown)]) is None else str(value) for at in range(20)]
    assert sorted(text for text in words(svg) if text.isdigit() or text == "–") == sorted([*expected, "100"])
    assert [text for text in words(svg) if text in (*charts.CLASS_LABELS[1:4], "дерек жоқ", "қамту, %")] == [
        "50–69", "70–89", "90–99", "дерек жоқ", "қамту, %",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("percent", "colour"),
    [(0, 0), (49, 0), (50, 1), (69, 1), (70, 2), (89, 2), (90, 3), (99, 3), (100, 4)],
)
def test_a_region_has_the_colour_of_its_class(percent, colour):
    svg = drawn(charts.coverage_map({"KZ-10": percent}, legend="қамту", no_data="дерек жоқ"))
    label = re.escape(charts.CLASS_LABELS[colour]).replace("<", "&lt;")
    fill = re.search(rf'aria-label="properties.class: {label}"[^>]*fill="(#\w+)"', svg)
    assert fill is not None
    assert fill[1] == charts.CLASSES[colour][1]


def test_the_bars_end_in_their_values_and_a_missing_one_in_a_dash():
    said = [text for text in words(drawn(the_bars())) if text.endswith("%") or text == "–"]
    assert sorted(said) == sorted(["0%", "0%", "10%", "11%", "20%", "22%", "30%", "–", "40%", "44%"])
    assert set(NAMES) <= set(words(drawn(the_bars())))


@pytest.mark.parametrize("quarters", [1, 2, 12])
def test_the_trend_names_each_quarter_and_each_measure_once(quarters):
    said = words(drawn(the_trend(quarters)))
    assert [text for text in said if text.endswith(" I")] == [f"20{at:02} I" for at in range(quarters)]
    assert sorted(text for text in said if text in NAMES) == sorted(NAMES)


def test_differences_have_signs_that_are_true():
    said = words(drawn(the_differences()))
    assert sorted(text for text in said if not text.isalpha()) == sorted(["+12", "−3", "0", "–"])


def test_two_drawings_on_a_page_share_no_name():
    ids = [name for make in ALL.values() for name in re.findall(r'id="([^"]+)"', drawn(make()))]
    assert ids
    assert len(ids) == len(set(ids))
    for make in ALL.values():
        svg = drawn(make())
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= set(re.findall(r'id="([^"]+)"', svg))


@pytest.mark.slow
def test_another_process_draws_the_same():
    program = (
        "import hashlib, django; django.setup()\n"
        "from tests.reporting.test_charts import ALL, drawn\n"
        "print(hashlib.sha256(''.join(drawn(make()) for make in ALL.values()).encode()).hexdigest())\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PYTHONHASHSEED": "7", "DJANGO_SETTINGS_MODULE": "config.settings.test"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert printed == hashlib.sha256("".join(drawn(make()) for make in ALL.values()).encode()).hexdigest()


def test_paper_takes_them_without_another_font():
    body = "".join(drawn(make(), name) for name, make in ALL.items())
    page = (
        f'<!DOCTYPE html><html lang="kk"><head><meta charset="utf-8"><title>Т</title></head><body>{body}</body></html>'
    )
    with pikepdf.open(io.BytesIO(rendering.render_pdf(page).data)) as opened:
        fonts = {
            str(font.BaseFont).partition("+")[2]
            for font in opened.objects
            if isinstance(font, pikepdf.Dictionary) and font.get("/Type") == "/Font" and "/BaseFont" in font
        }
    assert fonts == {"Brief-Serif", "Brief-Serif-Bold"}
