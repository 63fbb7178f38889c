"""The names of `reporting.brief` that rendering, attachments and publishing use."""

from reporting.brief.composing import compose
from reporting.brief.facts import KINDS, Snapshot
from reporting.brief.languages import LanguageNotWritten
from reporting.brief.reading import PrintedLine, printed_headlines, printed_lines
from reporting.brief.words_kk import Kazakh

KIND_PLURAL = Kazakh.kind_plural
WORDING = Kazakh.measures

__all__ = [
    "KINDS",
    "KIND_PLURAL",
    "WORDING",
    "LanguageNotWritten",
    "PrintedLine",
    "Snapshot",
    "compose",
    "printed_headlines",
    "printed_lines",
]
