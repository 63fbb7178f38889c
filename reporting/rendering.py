"""A brief's words become HTML, and HTML becomes a PDF. Alone imports WeasyPrint.

Both steps are pure: the same snapshot, number and date give the same HTML, and the same HTML gives the
same bytes (with libharfbuzz-subset installed; the only dates inside are the brief's own). Nothing is fetched
but our own static files, and anything that WeasyPrint merely warns of (a missing font, an unknown property)
is an error here: a brief with a hole in it must not leave the house.
"""

import gc
import logging
import mimetypes
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime as DateTime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import unquote

import pyphen
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from reporting import kinds
from reporting.attachments import AttachedFile
from reporting.brief.imprint import Imprint
from reporting.hyphenation import DICTIONARY
from reporting.pdf_finish import NoPlaceForSeal, PictureWithoutWords, finisher

# No host has this name (RFC 2606): the address only says "our static files" to the fetcher below.
STATIC_BASE = "https://static.invalid/"
STYLESHEET = "css/print/brief.css"
STAMP_STYLESHEET = "css/print/stamp.css"
PDF_VARIANT = "pdf/a-3a"

# WeasyPrint's loggers and a font configuration are shared by the process: one document at a time.
_one_at_a_time = Lock()


class RenderingError(RuntimeError):
    """The document could not be rendered whole; the text repeats what WeasyPrint reported."""


class StaticFetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint ships no types
    """Serves files that `staticfiles` finds; refuses every other address, network and file:// included."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        if not url.startswith(STATIC_BASE):
            raise FatalURLFetchingError(f"Address outside the static files: {url}")
        name = unquote(url.removeprefix(STATIC_BASE))
        found = None if ".." in name.split("/") else finders.find(name)
        if not isinstance(found, str):
            raise FatalURLFetchingError(f"No such static file: {name}")
        mime = mimetypes.guess_type(found)[0] or "application/octet-stream"
        return URLFetcherResponse(url, Path(found).read_bytes(), {"Content-Type": mime})


def render_html(snapshot: Mapping[str, Any], imprint: Imprint) -> str:
    """A brief of any kind as one HTML page, in the snapshot's language."""
    with translation.override(snapshot["lang"]):
        return render_to_string(
            "documents/brief.html",
            {"document": kinds.compose(snapshot, imprint), "static_base": STATIC_BASE},
        )


@dataclass(frozen=True, slots=True)
class Pdf:
    """A finished file and the number of its pages."""

    data: bytes
    pages: int


def render_pdf(html: str, *, attachments: Sequence[AttachedFile] = (), seal: str = "") -> Pdf:
    """The page as PDF/A-3a and PDF/UA-1 in one, fonts embedded, tagged, with bookmarks; `attachments` are its data.

    `seal`, where given, is the name of the empty signature field over the page's seal.

    Seconds, not for a request. Raises `RenderingError` when WeasyPrint warns of anything, or asks for a file that
    is not ours, and when a picture has no alternative text.
    """
    with _one_at_a_time, _few_collections(), _warnings_raised(), warnings.catch_warnings():
        # WeasyPrint 70 leaves its colour profile to the garbage collector; nothing of ours stays open.
        warnings.filterwarnings("ignore", r"unclosed file .*sRGB2014\.icc", ResourceWarning)
        try:
            return _written(html, attachments, seal)
        except (FatalURLFetchingError, PictureWithoutWords, NoPlaceForSeal) as refused:
            raise RenderingError(str(refused)) from refused


def _written(html: str, attachments: Sequence[AttachedFile], seal: str) -> Pdf:
    """Apart from its caller, so that nothing holds the document when the caller sweeps up."""
    stylesheet, fonts = _stylesheet()
    document = HTML(string=html, base_url=STATIC_BASE, url_fetcher=StaticFetcher()).render(
        stylesheets=[stylesheet], font_config=fonts, pdf_variant=PDF_VARIANT
    )
    data = document.write_pdf(
        pdf_variant=PDF_VARIANT,
        attachments=[_embedded(file) for file in attachments],
        finisher=finisher(attachments, seal=seal),
    )
    return Pdf(bytes(data), len(document.pages))


def render_stamp(line: str) -> bytes:
    """One A4 page that is empty but for a line in the lower margin, untagged: to be laid over the pages of a brief."""
    html = f'<html lang="kk"><body class="stamp">{escape(line)}</body></html>'
    with _one_at_a_time, _warnings_raised(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"unclosed file .*sRGB2014\.icc", ResourceWarning)
        stylesheet, fonts = _stylesheet(STAMP_STYLESHEET)
        document = HTML(string=html, base_url=STATIC_BASE, url_fetcher=StaticFetcher()).render(
            stylesheets=[stylesheet], font_config=fonts
        )
        return bytes(document.write_pdf())


def _embedded(file: AttachedFile) -> Attachment:
    """For one rendering: WeasyPrint reads an attachment once. Without dates of its own it would take the clock's."""
    dated = DateTime(file.dated_on.year, file.dated_on.month, file.dated_on.day, tzinfo=UTC)
    return Attachment(
        string=file.data,
        name=file.name,
        description=file.description,
        relationship="Data",
        created=dated,
        modified=dated,
    )


@cache
def _stylesheet(name: str = STYLESHEET) -> tuple[CSS, FontConfiguration]:
    """Each parsed once a process. Registers the Kazakh hyphenation too: WeasyPrint asks pyphen, which has none."""
    pyphen.LANGUAGES["kk"] = DICTIONARY
    pyphen.LANGUAGES_LOWERCASE["kk"] = "kk"
    fonts = FontConfiguration()
    with _warnings_raised():  # here too: a stylesheet with a fault must not get into the cache
        return CSS(url=STATIC_BASE + name, url_fetcher=StaticFetcher(), font_config=fonts), fonts


@contextmanager
def _few_collections() -> Iterator[None]:
    """A document makes millions of objects that live to its end; looking through them costs an eighth of the time.

    They hold each other in circles: what is left of them is swept up here, while what was there before is frozen and
    need not be looked through. Otherwise a worker grows by 25 MB a brief.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(200_000, before[1], before[2])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.collect()
        gc.unfreeze()


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _warnings_raised() -> Iterator[None]:
    """WeasyPrint and fontTools only log what goes wrong; collect it and raise at the end."""
    collector = _Collector()
    loggers = [logging.getLogger(name) for name in ("weasyprint", "fontTools")]
    for logger in loggers:
        logger.addHandler(collector)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(collector)
    if collector.messages:
        raise RenderingError("; ".join(collector.messages))
