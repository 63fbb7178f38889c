"""Tags and filters of the pages: icons, badges, figures, form controls, frames around content.

Everything returns safe HTML made with `format_html` or a template in `templates/components/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TypedDict

from django import forms, template
from django.conf import settings
from django.core.paginator import Page
from django.forms.boundfield import BoundField
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

register = template.Library()

NOTHING = "–"
_HASHES = re.compile(r"\b([0-9a-f]{64})\b")

# How a thing looks: word, icon, tone. The word comes last of all from the caller (`label`), who may
# have another one for his reader ("sent" here is "to decide" there).
STATUS_LOOKS = {
    "unknown": (_("not answered"), "circle-dashed", "neutral"),
    "met": (_("met"), "circle-check", "good"),
    "partly_met": (_("partly met"), "circle-half", "warn"),
    "not_met": (_("not met"), "circle-x", "bad"),
    "not_applicable": (_("not applicable"), "ban", "aside"),
}
ENTRY_LOOKS = {
    "draft": (_("draft"), "pencil", "neutral"),
    "submitted": (_("submitted"), "send", "info"),
    "checked": (_("checked by the district"), "clipboard-check", "info"),
    "approved": (_("approved"), "check", "good"),
    "returned": (_("returned"), "arrow-back-up", "warn"),
    "withdrawn": (_("withdrawn"), "x", "neutral"),
    "revoked": (_("revoked"), "ban", "bad"),
}
# level: icon, tone; the levels of django.contrib.messages, and "danger", as Tabler calls "error"
ALERT_LOOKS = {
    "debug": ("info-circle", "neutral"),
    "info": ("info-circle", "info"),
    "success": ("circle-check", "good"),
    "warning": ("alert-triangle", "warn"),
    "error": ("alert-circle", "bad"),
    "danger": ("alert-circle", "bad"),
}


class Look(TypedDict):
    label: str
    icon: str
    tone: str


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """An icon of `static/img/icons.svg`; with a label it speaks, without one it is decoration."""
    href = f"{static('img/icons.svg')}#{name}"
    classes = f"icon {css}".strip()
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"></use></svg>', classes, label, href
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"></use></svg>', classes, href)


@register.inclusion_tag("components/status_badge.html")
def status_badge(status: str, label: str = "") -> Look:
    """The status of an item (`compliance.enums.Status`, or its value); `KeyError` for any other."""
    word, icon_name, tone = STATUS_LOOKS[str(status)]
    return {"label": label or str(word), "icon": icon_name, "tone": tone}


@register.inclusion_tag("components/entry_badge.html")
def entry_badge(state: str, label: str = "") -> Look:
    """The state of an entry (`compliance.enums.EntryState`, or its value); `KeyError` for any other."""
    word, icon_name, tone = ENTRY_LOOKS[str(state)]
    return {"label": label or str(word), "icon": icon_name, "tone": tone}


@register.filter
def alert_icon(level: str) -> str:
    return ALERT_LOOKS[level or "info"][0]


@register.filter
def alert_tone(level: str) -> str:
    return ALERT_LOOKS[level or "info"][1]


@register.filter
def percent(value: int | str | None) -> str:
    """73 → "73%"; nobody to count (None) → "–". Rounding is not done here: `reporting.percent` does it."""
    return NOTHING if value is None or value == "" else f"{value}%"


@register.filter
def figure(value: int | Decimal | str | None) -> str:
    """9986 → "9 986" as the language groups its thousands; None → "–"; a text stays as it is."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, str):
        return value
    return number_format(value, use_l10n=True, force_grouping=True)


@register.filter
def hashes_whole(text: str) -> SafeString:
    """SHA-256 hashes of a running text in `<span class="hash">`: a hyphen or a gap in one would make it another."""
    return format_html_join("", "{}{}", ((before, _hash(found)) for before, found in _with_hashes(text)))


def _with_hashes(text: str) -> Iterator[tuple[str, str]]:
    """The text in pairs: what stands before a hash, and the hash; the last one without."""
    parts = _HASHES.split(text)
    yield from zip(parts[::2], [*parts[1::2], ""], strict=True)


def _hash(found: str) -> str:
    return format_html('<span class="hash">{}</span>', found) if found else ""


@register.filter
def elided(page: Page[object]) -> Iterator[int | str]:
    """The page numbers worth showing around this one, with "…" for those left out."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)


@register.filter
def widget_type(field: BoundField) -> str:
    """ "check" (a single box), "choices" (radios, boxes), or "control": how a field is laid out."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "choices"
    return "control"


@register.simple_tag
def control(field: BoundField, help: str = "", relabelled: str = "") -> SafeString:
    """The field's widget with the class its kind needs; what the form's author set is kept.

    Django itself adds `aria-invalid` and `aria-describedby` (help text and errors). `help` says that the
    template shows a help text where the field has none of its own; `relabelled`, that it shows another label:
    then a placeholder, which mostly repeats the old one, goes.
    """
    widget = field.field.widget
    attrs: dict[str, str | bool] = {}
    if help and not field.help_text:
        attrs["aria-describedby"] = f"{field.auto_id}_helptext" + (f" {field.auto_id}_error" if field.errors else "")
    if widget_type(field) == "control":
        own = widget.attrs.get("class", "")
        if relabelled:
            attrs["placeholder"] = ""
        attrs["class"] = f"{'form-select' if isinstance(widget, forms.Select) else 'form-control'} {own}".strip()
    return field.as_widget(attrs=attrs)


@register.simple_tag
def version() -> str:
    """The program's version for the footer; empty where the settings name none."""
    return str(getattr(settings, "VERSION", ""))


@register.simple_block_tag
def table_frame(content: SafeString, label: str, css: str = "") -> SafeString:
    """A frame in which a wide table scrolls; `label` names it for those who cannot see it.

    `css`: "pinned" keeps the first column in sight, "stacked" turns rows into cards on a phone (each td then
    needs `data-label`), both may be given with a space between.
    """
    modifiers = " ".join(f"q-table-scroll--{word}" for word in css.split())
    return format_html(
        '<div class="q-table-scroll {}" role="region" aria-label="{}" tabindex="0">{}</div>',
        modifiers,
        label,
        content,
    )


@register.simple_block_tag
def card(
    content: SafeString, title: str = "", icon: str = "", css: str = "", anchor: str = "", extra: str = ""
) -> SafeString:
    """A card around the content. `css="flush"` drops the padding (tables); `anchor` is its id;
    `extra` (safe HTML, such as a badge made with `as`) stands at the right of the title."""
    return SafeString(
        render_to_string(
            "components/card.html",
            {"content": content, "title": title, "icon": icon, "css": css, "anchor": anchor, "extra": extra},
        )
    )


@register.simple_tag
def percent_label(percent: int | None, covered: int | None, total: int | None) -> str:
    """A coverage in words, for those who cannot see the bar."""
    if percent is None:
        return gettext("nothing to count")
    return gettext("%(percent)s%%: %(covered)s of %(total)s") % {
        "percent": percent,
        "covered": figure(covered),
        "total": figure(total),
    }
