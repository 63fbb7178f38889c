"""Charts of coverage: from plain figures to one Vega-Lite description, and from that to a drawing for paper.

Pages may show the same descriptions. Sizes are in pixels of 1/96 inch; nothing in the layout depends on how wide a
text is, so that a drawing is the same wherever it is made: margins are given, titles stand outside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from django.conf import settings

Spec = dict[str, Any]

FONT: Final = "Brief Serif"
MAP_FILE: Final = "reporting/data/kz_regions/kz_regions_svg.json"
MAP_CREDIT: Final = "UNHCR / OCHA COD-AB Kazakhstan 2023 (CC BY-IGO 3.0), © OpenStreetMap contributors (ODbL)"
INK, QUIET, LINE, DEEP, GOLD, NOTHING = "#1a1f26", "#56606c", "#c9d1da", "#12456b", "#b8892b", "#eceff2"
# Lightness falls evenly, so the classes stay apart in grey.
CLASSES: Final = ((50, "#dfe9f1"), (70, "#b4cde0"), (90, "#7ba6c6"), (100, "#3f78a3"), (101, "#12456b"))
CLASS_LABELS: Final = ("< 50", "50–69", "70–89", "90–99", "100")
# Colour, dash and symbol: each alone tells the measures apart.
SERIES: Final = (
    ("#12456b", [1, 0], "circle"),
    ("#b8892b", [6, 3], "square"),
    ("#2f7d5d", [2, 2], "triangle-up"),
    ("#8a3b12", [8, 3, 2, 3], "diamond"),
    ("#6b5b95", [4, 2], "cross"),
)
WIDTH: Final = 620


@dataclass(frozen=True, slots=True)
class Bar:
    """One measure's percentages, of all institutions and of the obliged ones; None where there are none."""

    label: str
    every: int | None
    obliged: int | None


@dataclass(frozen=True, slots=True)
class TrendLine:
    """One measure's percentage by quarter."""

    label: str
    values: tuple[int | None, ...]


def coverage_map(percents: Mapping[str, int | None], *, legend: str, no_data: str, named: bool = False) -> Spec:
    """The 20 regions by class of coverage, each with its percentage; the three cities as circles.

    `named`: each bears its code, for pages that make it a door (`drawings`).
    """
    # The channel "description" becomes the label of the mark.
    names = {"description": {"field": "code"}} if named else {}
    shown = _outlines()
    regions = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"class": _class_of(percents.get(code), no_data), **({"code": code} if named else {})},
                "geometry": geometry,
            }
            for code, geometry in shown.areas.items()
        ],
    }
    scale, height = WIDTH / shown.width, round(WIDTH * shown.height / shown.width)
    labels = []
    for code, (x, y) in shown.labels.items():
        value = percents.get(code)
        city = code in shown.circles
        if city:
            x, y = shown.circles[code][0] + 11, shown.circles[code][1] + 4
        labels.append(
            {
                "x": round(x * scale, 1),
                "y": round(y * scale, 1),
                "text": "–" if value is None else str(value),
                "light": not city and value is not None and value >= 90,
                "city": city,
            }
        )
    circles = [
        {
            "x": round(x * scale, 1),
            "y": round(y * scale, 1),
            "class": _class_of(percents.get(code), no_data),
            **({"code": code} if named else {}),
        }
        for code, (x, y, _radius) in shown.circles.items()
    ]
    domain = [*CLASS_LABELS, no_data]
    colour = {
        "field": "class",
        "type": "nominal",
        "scale": {"domain": domain, "range": [*(colour for _below, colour in CLASSES), NOTHING]},
    }
    place = {
        "x": {"field": "x", "type": "quantitative", "scale": {"domain": [0, WIDTH]}, "axis": None},
        "y": {"field": "y", "type": "quantitative", "scale": {"domain": [height, 0]}, "axis": None},
    }
    legend_rows = [{"class": name, "x": 12, "y": height - 92 + 15 * at} for at, name in enumerate(domain)]
    text = {"type": "text", "baseline": "middle"}
    return _spec(
        height,
        [
            {
                "data": {"values": regions, "format": {"property": "features"}},
                "projection": {"type": "identity", "scale": scale, "translate": [0, 0]},
                "mark": {"type": "geoshape", "stroke": "#ffffff", "strokeWidth": 0.8},
                "encoding": {
                    "color": {**colour, "field": "properties.class", "legend": None},
                    **({"description": {"field": "properties.code"}} if named else {}),
                },
            },
            {
                "data": {"values": circles},
                "mark": {"type": "circle", "size": 95, "opacity": 1, "stroke": "#ffffff", "strokeWidth": 1},
                "encoding": {**place, "color": {**colour, "legend": None}, **names},
            },
            *(
                {
                    "data": {"values": [one for one in labels if one["light"] is light and one["city"] is city]},
                    "mark": {
                        **text,
                        "fontSize": 13,
                        "fontWeight": "bold",
                        "fill": "#ffffff" if light else INK,
                        "align": "left" if city else "center",
                    },
                    "encoding": {**place, "text": {"field": "text"}},
                }
                for light, city in ((False, False), (True, False), (False, True))
            ),
            {
                "data": {"values": legend_rows},
                "mark": {"type": "square", "size": 130, "opacity": 1},
                "encoding": {**place, "color": {**colour, "legend": None}},
            },
            {
                "data": {"values": legend_rows},
                "mark": {**text, "fontSize": 12, "fill": INK, "align": "left", "dx": 12},
                "encoding": {**place, "text": {"field": "class"}},
            },
            {
                "data": {"values": [{"x": 6, "y": height - 110, "text": f"{legend}, %"}]},
                "mark": {**text, "fontSize": 12, "fill": QUIET, "align": "left"},
                "encoding": {**place, "text": {"field": "text"}},
            },
        ],
    )


def measure_bars(bars: Sequence[Bar], *, legend: tuple[str, str]) -> Spec:
    """Two bars a measure: all institutions, and those that the Order obliges."""
    rows = [
        {"measure": bar.label, "who": who, "percent": value or 0, "said": "–" if value is None else f"{value}%"}
        for bar in bars
        for who, value in zip(legend, (bar.every, bar.obliged), strict=True)
    ]
    placed = {
        "y": {
            "field": "measure",
            "type": "nominal",
            "sort": None,
            "axis": {
                "title": None,
                "ticks": False,
                "domain": False,
                "labelLimit": 0,
                "labelPadding": 8,
                "labelFontSize": 13,
            },
            "scale": {"paddingInner": 0.3, "paddingOuter": 0.1},
        },
        "yOffset": {"field": "who", "type": "nominal", "sort": list(legend)},
        "x": {
            "field": "percent",
            "type": "quantitative",
            "scale": {"domain": [0, 100]},
            "axis": {"title": None, "values": [0, 25, 50, 75, 100], "gridColor": LINE, "domain": False, "ticks": False},
        },
    }
    return _spec(
        34 * len(bars),
        [
            {
                "mark": {"type": "bar"},
                "encoding": {
                    **placed,
                    "color": {
                        "field": "who",
                        "type": "nominal",
                        "scale": {"domain": list(legend), "range": [DEEP, GOLD]},
                        "legend": None,
                    },
                },
            },
            {
                "mark": {"type": "text", "align": "left", "baseline": "middle", "dx": 4, "fontSize": 12, "fill": INK},
                "encoding": {**placed, "text": {"field": "said"}},
            },
            *_key([(legend[0], DEEP, "square"), (legend[1], GOLD, "square")], x=6, y=-14, across=170),
        ],
        values=rows,
        left=240,
        right=36,
        top=26,
        bottom=22,
    )


def coverage_trend(
    quarters: Sequence[str], lines: Sequence[TrendLine], *, breaks: Sequence[str] = (), named: bool = False
) -> Spec:
    """A line a measure over the quarters, told apart by colour, dash and symbol; a gap where nothing was counted.

    A rule stands at the quarters in `breaks`: from there on other duties are counted. `named`: each point bears the
    numbers of its line and quarter, as "0 3", for pages that make it a door; the key (`SERIES`) is left to the page.
    """
    rows = [
        {
            "quarter": quarter,
            "measure": line.label,
            "percent": value,
            **({"code": f"{row} {at}"} if named else {}),
        }
        for row, line in enumerate(lines)
        for at, (quarter, value) in enumerate(zip(quarters, line.values, strict=True))
        if value is not None
    ]
    rules: list[Spec] = [
        {
            "data": {"values": [{"quarter": quarter} for quarter in breaks]},
            "mark": {"type": "rule", "stroke": QUIET, "strokeDash": [3, 3]},
            "encoding": {"x": {"field": "quarter", "type": "ordinal"}},
        }
    ]
    labels = [line.label for line in lines]
    series = SERIES[: len(lines)]
    encoding: Spec = {
        "x": {
            "field": "quarter",
            "type": "ordinal",
            "sort": list(quarters),
            "scale": {"domain": list(quarters), "type": "point", "padding": 0.3},
            "axis": {"title": None, "labelAngle": 0, "labelFontSize": 12, "grid": False, "labelPadding": 6},
        },
        "y": {
            "field": "percent",
            "type": "quantitative",
            "scale": {"domain": [0, 100]},
            "axis": {"title": None, "values": [0, 25, 50, 75, 100], "gridColor": LINE, "domain": False, "ticks": False},
        },
        "color": {
            "field": "measure",
            "type": "nominal",
            "scale": {"domain": labels, "range": [colour for colour, _dash, _symbol in series]},
            "legend": None,
        },
        "shape": {
            "field": "measure",
            "type": "nominal",
            "scale": {"domain": labels, "range": [symbol for _colour, _dash, symbol in series]},
            "legend": None,
        },
    }
    dashes = {"strokeDash": {
        "field": "measure", "type": "nominal", "legend": None,
        "scale": {"domain": labels, "range": [dash for _colour, dash, _symbol in series]},
    }}  # fmt: skip
    key = _key(
        [(label, colour, symbol) for label, (colour, _dash, symbol) in zip(labels, series, strict=True)],
        x=WIDTH - 34 - 205 + 16,
        y=30,
        down=26,
    )
    without_shape = {name: channel for name, channel in encoding.items() if name != "shape"}
    return _spec(
        190,
        [
            *(rules if breaks else []),
            {
                "mark": {"type": "line", "strokeWidth": 2},
                "encoding": {**without_shape, **dashes, "color": {**encoding["color"], "legend": None}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
                "encoding": encoding | ({"description": {"field": "code"}} if named else {}),
            },
            *(key if not named else []),
        ],
        values=rows,
        left=34,
        right=16 if named else 205,
        top=10,
        bottom=26,
    )


def difference_bars(differences: Mapping[str, int | None]) -> Spec:
    """Points of percent gained or lost, a bar a place, in the given order; None where one side counts nobody."""
    rows = [
        {
            "place": place,
            "points": value or 0,
            "said": "–" if value is None else f"{'+' if value > 0 else '−' if value < 0 else ''}{abs(value)}",
            "less": (value or 0) < 0,
        }
        for place, value in differences.items()
    ]
    known = [value for value in differences.values() if value is not None]
    # As far as the bars go, and a little to each side for their numbers.
    least, most = min([0, *known]), max([0, *known])
    margin = max(2, (most - least) // 12)
    placed = {
        "y": {
            "field": "place",
            "type": "nominal",
            "sort": None,
            "axis": {
                "title": None,
                "ticks": False,
                "domain": False,
                "labelLimit": 0,
                "labelFontSize": 12,
                "labelPadding": 8,
            },
        },
        "x": {
            "field": "points",
            "type": "quantitative",
            "scale": {"domain": [least - margin if least else 0, most + margin], "nice": False},
            "axis": {
                "title": None,
                "gridColor": LINE,
                "domain": False,
                "ticks": False,
                "tickCount": 5,
                "labels": False,
            },
        },
    }
    told: list[Spec] = [
        {
            "mark": {
                "type": "text", "align": align, "baseline": "middle", "dx": dx, "fontSize": 12, "fill": INK,
            },
            "transform": [{"filter": f"datum.less === {str(less).lower()}"}],
            "encoding": {**placed, "text": {"field": "said"}},
        }
        for less, align, dx in ((False, "left", 4), (True, "right", -4))
    ]  # fmt: skip
    return _spec(
        17 * max(1, len(rows)),
        [
            {
                "mark": {"type": "bar", "height": {"band": 0.68}},
                "encoding": {
                    **placed,
                    "color": {"condition": {"test": "datum.less", "value": GOLD}, "value": DEEP},
                },
            },
            *told,
        ],
        values=rows,
        left=200,
        right=30,
        top=6,
        bottom=8,
    )


@lru_cache(maxsize=64)  # of a brief or two: a worker makes hundreds
def svg(description: str, title: str) -> str:
    """A description (JSON of a `Spec`) as an inline SVG as wide as its column, `title` its alternative text.

    The same description gives the same bytes. About a tenth of a second.
    """
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(description, vl_version="6.4")
    head, rest = drawn.split(">", 1)
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', head)
    if size is None:
        raise ValueError("The drawing has no size")
    width, height = size.groups()
    # Vega counts its names through the life of the process, and names hold for a whole page: ours follow the chart.
    mark = f"c{crc32(description.encode()):x}"
    body = rest
    for at, name in enumerate(re.findall(r'id="([^"]+)"', rest)):
        body = re.sub(rf'(id="|url\(#|href="#){re.escape(name)}(?=["\)])', rf"\g<1>{mark}-{at}", body)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="{FONT}">'
        f"<title>{escape(title)}</title>{body}"
    )


def as_text(spec: Spec) -> str:
    """A description in the form that `svg` takes."""
    return json.dumps(spec, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _key(entries: Sequence[tuple[str, str, str]], *, x: int, y: int, across: int = 0, down: int = 0) -> list[Spec]:
    """What the colours and symbols mean, at places of its own: Vega would have to know how wide the words are."""
    rows = [{"at": x + across * at, "on": y + down * at, "text": text} for at, (text, *_rest) in enumerate(entries)]
    placed = {
        "x": {"field": "at", "type": "quantitative", "scale": None, "axis": None},
        "y": {"field": "on", "type": "quantitative", "scale": None, "axis": None},
    }
    symbols: list[Spec] = [
        {
            "data": {"values": [row]},
            "mark": {"type": "point", "shape": symbol, "filled": True, "size": 80, "opacity": 1, "fill": colour},
            "encoding": placed,
        }
        for row, (_text, colour, symbol) in zip(rows, entries, strict=True)
    ]
    words: Spec = {
        "data": {"values": rows},
        "mark": {"type": "text", "align": "left", "baseline": "middle", "dx": 10, "fontSize": 12, "fill": INK},
        "encoding": {**placed, "text": {"field": "text"}},
    }
    return [*symbols, words]


def _spec(
    height: int,
    layers: Sequence[Spec],
    *,
    values: Sequence[Spec] = (),
    left: int = 0,
    right: int = 0,
    top: int = 0,
    bottom: int = 0,
) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": WIDTH - left - right,
        "height": height,
        "autosize": "none",
        "padding": {"left": left, "right": right, "top": top, "bottom": bottom},
        **({"data": {"values": list(values)}} if values else {}),
        "layer": list(layers),
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "background": None,
            "axis": {"labelColor": INK, "labelFontSize": 11, "labelFontWeight": "normal"},
        },
    }


def _class_of(percent: int | None, no_data: str) -> str:
    if percent is None:
        return no_data
    return next(label for (below, _colour), label in zip(CLASSES, CLASS_LABELS, strict=True) if percent < below)


@dataclass(frozen=True, slots=True)
class _Outlines:
    width: float
    height: float
    areas: Mapping[str, Spec]
    labels: Mapping[str, tuple[float, float]]
    circles: Mapping[str, tuple[float, float, float]]


@cache
def _outlines() -> _Outlines:
    """The regions as GeoJSON in the coordinates of their drawing, whole units: finer than paper shows."""
    read = json.loads((settings.BASE_DIR / Path(MAP_FILE)).read_text(encoding="utf-8"))
    width, height = (float(number) for number in read["viewBox"].split()[2:])
    areas = {}
    for code, path in read["paths"].items():
        rings = []
        for ring in path.strip("MZ").split("ZM"):
            points = [[round(float(number)) for number in point.split(",")] for point in ring.split("L")]
            thinned = [point for at, point in enumerate(points) if at == 0 or point != points[at - 1]]
            if thinned[0] != thinned[-1]:
                thinned.append(thinned[0])
            if len(thinned) > 3:
                rings.append(thinned)
        areas[code] = {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}
    return _Outlines(width, height, areas, read["label"], read["circles"])
