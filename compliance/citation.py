"""Where a requirement stands in the Order, in the reader's language.

The library writes it in a notation of its own: places divided by "; ", each a paragraph ("17(4)-(5)"), a paragraph of
an annex ("annex 2 p. 44"), a whole annex ("annex 3") or a stretch in which it must be ("within 84-88"); the year of
the edition stands behind in brackets where editions differ ("79 [2022]; 78 [2026]").
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

ANNEX = re.compile(r"annex (?P<number>\d+)(?: p\. (?P<places>.+))?")


def cite(paragraph: str) -> str:
    """`paragraph` of the library in words, "Order, para. 26(3); 27; annex 2, para. 4"; empty where it is empty."""
    own: list[str] = []
    annexes: list[str] = []
    for place in paragraph.split("; ") if paragraph else []:
        if annex := ANNEX.fullmatch(place):
            words = _("annex %(number)s, para. %(places)s") if annex["places"] else _("annex %(number)s")
            annexes.append(words % annex.groupdict())
        elif place.startswith("within "):
            own.append(_("within %(places)s") % {"places": place.removeprefix("within ")})
        else:
            own.append(place)
    places = [_("para. %(places)s") % {"places": "; ".join(own)}] if own else []
    return _("Order, %(places)s") % {"places": "; ".join([*places, *annexes])} if places or annexes else ""
