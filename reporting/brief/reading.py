"""The way back: the numbers of a brief, read from its finished words in whatever language they are."""

import re
from collections.abc import Iterator, Mapping

from reporting.brief.document import Document, LineList, Paragraph
from reporting.brief.languages import words_of
from reporting.brief.words import Patterns
from reporting.integrity import Headline, Line

_PERCENT = re.compile(r"(?P<percent>\d+)%")


class UnreadableLine(ValueError):
    """A line or sentence that does not have its language's form; the text says which."""


def printed_lines(document: Document) -> list[Line]:
    """Every line of every list, read back from its finished words, in reading order. Raises `UnreadableLine`."""
    return [
        read_line(
            line,
            lang=document.lang,
            measure=block.measure,
            scope=block.scope,
            kind=block.kind,
            places=document.places[block.scope],
        )
        for block in document.blocks()
        if isinstance(block, LineList)
        for line in block.lines
    ]


def printed_headlines(document: Document) -> list[Headline]:
    """Every headline figure, read back from its finished sentence, in reading order: first "all", then the
    kinds that the sentence names. Raises `UnreadableLine`."""
    patterns = words_of(document.lang).patterns
    return [
        headline
        for block in document.blocks()
        if isinstance(block, Paragraph) and block.measure
        for headline in _read_headline(block, patterns)
    ]


def read_line(text: str, *, lang: str, measure: str, scope: str, kind: str, places: Mapping[str, str]) -> Line:
    """Read one finished line; `places` maps printed names to codes. Raises `UnreadableLine`."""
    patterns = words_of(lang).patterns
    found = patterns.line.fullmatch(text) or patterns.nobody.fullmatch(text)
    if found is None or found["place"] not in places:
        raise UnreadableLine(text)
    parts = found.groupdict()
    if parts["noun"] and patterns.kinds.get(parts["noun"]) != kind:
        raise UnreadableLine(text)
    return Line(
        measure=measure,
        scope=scope,
        kind=kind,
        place=places[parts["place"]],
        total=_number(parts["total"]) if parts.get("total") else 0,
        covered=_number(parts["covered"]) if parts.get("covered") else None,
        percent=int(parts["percent"]) if parts.get("percent") else None,
        suffix=parts.get("suffix"),
        as_printed=text,
    )


def _read_headline(sentence: Paragraph, patterns: Patterns) -> Iterator[Headline]:
    text, measure, scope = sentence.text, sentence.measure, sentence.scope
    kinds = [(patterns.kinds[found["noun"]], _number(found["count"])) for found in patterns.kind.finditer(text)]
    if measure == "institutions":
        stated = patterns.institutions.search(text)
        if stated is None:
            raise UnreadableLine(text)
        yield Headline(measure, scope, "all", _number(stated["total"]), None, None)
        for kind, count in kinds:
            yield Headline(measure, scope, kind, count, None, None)
        return
    covered, of_all, percent = patterns.covered.search(text), patterns.of_all.search(text), _PERCENT.search(text)
    if covered is None:
        if not patterns.none_counted.search(text):
            raise UnreadableLine(text)
        yield Headline(measure, scope, "all", 0, None, None)
        return
    if of_all is None and not covered["all"]:
        raise UnreadableLine(text)
    yield Headline(
        measure,
        scope,
        "all",
        total=_number(of_all["total"] if of_all else covered["count"]),
        covered=_number(covered["count"]),
        percent=int(percent["percent"]) if percent else None,
    )
    for kind, count in kinds:
        yield Headline(measure, scope, kind, None, count, None)


def _number(text: str) -> int:
    """A number whatever sets its thousands apart."""
    return int(re.sub(r"\D", "", text))
