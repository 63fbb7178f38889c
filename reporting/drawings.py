"""Charts on a page: the drawings of the briefs, of which each part is a door to what it counts.

No script: a part is a link, and says what it is to those who point at it, go there by the keyboard or listen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe

from reporting import charts

_PART = re.compile(r'<path aria-label="([^"]*)"([^>]*?)/>')
_FONT = re.compile(r' font-family="[^"]*"')


@dataclass(frozen=True, slots=True)
class Part:
    """What a part of a drawing says, and the page that it opens."""

    said: str
    url: str


def draw(spec: charts.Spec, title: str, parts: Mapping[str, Part]) -> SafeString:
    """The drawing of a description whose marks are `named`, in the page's own typeface; `parts` by those names.

    A mark without a part is left without a name.
    """

    def opened(found: re.Match[str]) -> str:
        part = parts.get(found[1])
        rest = found[2].replace(' role="graphics-symbol"', "")
        rest = re.sub(r' aria-roledescription="[^"]*"', "", rest)
        if part is None:
            return f"<path{rest}/>"
        said = escape(part.said)
        return f'<a href="{escape(part.url)}" aria-label="{said}"><title>{said}</title><path{rest}/></a>'

    drawn = _FONT.sub("", charts.svg(charts.as_text(spec), title))
    # Everything in it was escaped by Vega, the chart or the lines above.
    return mark_safe(_PART.sub(opened, drawn))  # noqa: S308
