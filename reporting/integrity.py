"""Does a brief contradict itself? A brief must pass these rules before it is published; a typed summary is
held against them too.

Pure: what is printed goes in, findings come out. A pair printed the wrong way round is one finding of
`covered_exceeds_total`; every rule but that one and `numeral_suffix` then sees it put right. Where lines and
headlines disagree, the lines are taken as true.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.enums import Measure
from institutions.enums import Kind
from reporting.numerals import ablative_suffix, read_ablative
from reporting.percent import format_percent, percent

INSTITUTIONS: Final = "institutions"
ALL: Final = "all"
COUNTRY: Final = "KZ"
NATIONAL: Final = "national"
LARGE_CITIES: Final = "large_cities"
REGION: Final = "region"
CITY_LINE: Final = "city_line"


class Rule(models.TextChoices):
    """What a finding breaks, and what its `printed` and `expected` hold.

    A pair is written "134-тен 105" (total, covered; no thousands apart), any other figure in digits alone.
    """

    # Both a pair: as printed, and turned round.
    COVERED_EXCEEDS_TOTAL = "covered_exceeds_total", gettext_lazy("more are covered than there are")
    # Both a percentage without its sign; expected is a dash where nobody is counted.
    PERCENT_MISMATCH = "percent_mismatch", gettext_lazy("the percentage does not follow")
    # Both a total; expected lists all others, as in "191 / 195", where no total has a majority.
    DENOMINATOR_DIFFERS = "denominator_differs", gettext_lazy("the total differs from the other measures")
    # The headline's figure and what its parts add up to: total or covered, a pair where both differ.
    SUM_DIFFERS_FROM_HEADLINE = (
        "sum_differs_from_headline",
        gettext_lazy("the parts do not add up to the headline"),
    )
    # Both number and suffix: "152-тен", "152-ден".
    NUMERAL_SUFFIX = "numeral_suffix", gettext_lazy("the number has another number's ending")
    # The cities' total and the region's, which is the most that it can be. The place is the region.
    PART_EXCEEDS_WHOLE = "part_exceeds_whole", gettext_lazy("the large cities have more than their region")
    # Both a pair; both a total where only totals are on record.
    DIFFERS_FROM_RECORDS = "differs_from_records", gettext_lazy("the records say something else")


@dataclass(frozen=True, slots=True)
class Line:
    """One place in one list, its numbers in the order in which they are printed.

    `covered` None: one number is printed, so all are covered. `percent`, `suffix` None: not printed.
    `line` is its number in its list.
    """

    measure: str
    scope: str
    kind: str
    place: str
    total: int
    covered: int | None
    percent: int | None
    suffix: str | None = None
    line: int | None = None
    as_printed: str = ""

    @property
    def pair(self) -> tuple[int, int]:
        """Total and covered, put right."""
        covered = self.total if self.covered is None else self.covered
        return max(self.total, covered), min(self.total, covered)


@dataclass(frozen=True, slots=True)
class Headline:
    """A figure for the whole of a scope; None: not printed. Measure `institutions`: how many there are."""

    measure: str
    scope: str
    kind: str
    total: int | None
    covered: int | None
    percent: int | None

    @property
    def pair(self) -> tuple[int | None, int | None]:
        """Total and covered, put right where both are printed."""
        if self.total is None or self.covered is None:
            return self.total, self.covered
        return max(self.total, self.covered), min(self.total, self.covered)


@dataclass(frozen=True, slots=True)
class Finding:
    """One contradiction. A headline's place is KZ; `printed` and `expected` are as `Rule` says."""

    rule: Rule
    measure: str
    kind: str
    place: str
    printed: str
    expected: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return {**asdict(self), "rule": self.rule.value}


def check(
    lines: Iterable[Line],
    headlines: Iterable[Headline],
    *,
    registry: Mapping[tuple[str, str, str], int] | None = None,
    records: Mapping[tuple[str, str, str], tuple[int, int]] | None = None,
    city_lines_region: Mapping[str, str] | None = None,
) -> list[Finding]:
    """All contradictions, by rule, measure and kind in the brief's order, then in the order of `lines`.

    `registry`: (place type, place, kind) → how many there are, with place types `region` and `city_line`;
    `records`: (measure, kind, place) → (total, covered), where nothing is on record for what is missing. With
    neither, nothing is held against the records. `city_lines_region` says in which region a line of large
    cities lies; without it parts are not held against wholes.
    """
    lines, headlines = list(lines), list(headlines)
    found = [
        *_covered_exceeds_total(lines, headlines),
        *_percent_mismatch(lines, headlines),
        *_denominator_differs(lines),
        *_lines_differ_from_headline(lines, headlines),
        *_kinds_differ_from_headline(headlines),
        *_numeral_suffix(lines),
        *_part_exceeds_whole(lines, registry or {}, city_lines_region or {}),
    ]
    if records is not None:
        found += _differs_from_records(lines, headlines, records)
    elif registry is not None:
        found += _differs_from_registry(lines, registry)
    return sorted(found, key=_in_order)


_RULES: Final = {rule: position for position, rule in enumerate(Rule)}
_MEASURES: Final = {measure: position for position, measure in enumerate((INSTITUTIONS, *Measure.values))}
_KINDS: Final = {kind: position for position, kind in enumerate((*Kind.values, ALL))}


def _in_order(finding: Finding) -> tuple[int, int, int]:
    return _RULES[finding.rule], _MEASURES[finding.measure], _KINDS[finding.kind]


def _pair(total: int, covered: int) -> str:
    return f"{total}-{ablative_suffix(total)} {covered}"


def _place(figure: Line | Headline) -> str:
    return figure.place if isinstance(figure, Line) else COUNTRY


def _by_key(headlines: Iterable[Headline]) -> dict[tuple[str, str, str], Headline]:
    return {(headline.scope, headline.measure, headline.kind): headline for headline in headlines}


def _covered_exceeds_total(lines: Iterable[Line], headlines: Iterable[Headline]) -> Iterator[Finding]:
    figures: list[Line | Headline] = [*lines, *headlines]
    for figure in figures:
        if figure.total is None or figure.covered is None or figure.covered <= figure.total:
            continue
        expected = _pair(figure.covered, figure.total)
        yield Finding(
            Rule.COVERED_EXCEEDS_TOTAL,
            figure.measure,
            figure.kind,
            _place(figure),
            printed=_pair(figure.total, figure.covered),
            expected=expected,
            message=_("%(covered)d of %(total)d cannot be covered; put the other way round it reads %(expected)s.")
            % {"covered": figure.covered, "total": figure.total, "expected": expected},
        )


def _percent_mismatch(lines: Iterable[Line], headlines: Sequence[Headline]) -> Iterator[Finding]:
    stated = _by_key(headlines)
    figures: list[Line | Headline] = [*lines, *headlines]
    for figure in figures:
        total, covered = figure.pair
        if total is None:
            whole = stated.get((figure.scope, INSTITUTIONS, figure.kind))
            total = whole.total if whole else None
        elif covered is None:
            covered = total
        if figure.percent is None or total is None or covered is None or covered > total:
            continue
        expected = percent(covered, total)
        if figure.percent != expected:
            yield Finding(
                Rule.PERCENT_MISMATCH,
                figure.measure,
                figure.kind,
                _place(figure),
                printed=str(figure.percent),
                expected=format_percent(expected).removesuffix("%"),
                message=_("%(covered)d of %(total)d is %(expected)s, not %(printed)s.")
                % {
                    "covered": covered,
                    "total": total,
                    "expected": format_percent(expected),
                    "printed": format_percent(figure.percent),
                },
            )


def _majority(totals: Collection[int]) -> int | None:
    """What more than half of them say."""
    [(total, times)] = Counter(totals).most_common(1)
    return total if 2 * times > len(totals) else None


def _denominator_differs(lines: Iterable[Line]) -> Iterator[Finding]:
    siblings: defaultdict[tuple[str, str, str], list[Line]] = defaultdict(list)
    for line in lines:
        siblings[line.scope, line.place, line.kind].append(line)
    for group in siblings.values():
        majority = _majority([line.pair[0] for line in group])
        for line in group:
            total = line.pair[0]
            others = [majority] if majority is not None else sorted({other.pair[0] for other in group} - {total})
            if total in others or not others:
                continue
            expected = " / ".join(map(str, others))
            if majority is None:
                message = _("The total is %(printed)s here and %(expected)s elsewhere; no total has a majority.")
            else:
                message = _("The total is %(printed)s here and %(expected)s in the other measures.")
            yield Finding(
                Rule.DENOMINATOR_DIFFERS,
                line.measure,
                line.kind,
                line.place,
                printed=str(total),
                expected=expected,
                message=message % {"printed": total, "expected": expected},
            )


def _lines_differ_from_headline(lines: Iterable[Line], headlines: Iterable[Headline]) -> Iterator[Finding]:
    stated = _by_key(headlines)
    sums: defaultdict[tuple[str, str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for line in lines:
        total, covered = sums[line.scope, line.measure, line.kind]
        sums[line.scope, line.measure, line.kind] = (total + line.pair[0], covered + line.pair[1])
    for (scope, measure, kind), (total, covered) in sums.items():
        own, whole = stated.get((scope, measure, kind)), stated.get((scope, INSTITUTIONS, kind))
        totals = [headline.pair[0] for headline in (own, whole) if headline]
        wrong_total = next((said for said in totals if said is not None and said != total), None)
        said_covered = own.pair[1] if own else None
        wrong_covered = said_covered if said_covered != covered else None
        yield from _sum_findings(
            measure,
            kind,
            (wrong_total, wrong_covered),
            (total, covered),
            _("The lines add up to %(expected)s, the headline says %(printed)s."),
        )


def _kinds_differ_from_headline(headlines: Sequence[Headline]) -> Iterator[Finding]:
    """A measure's total of all may repeat that of the institutions: where that is wrong, it is named once."""
    stated = _by_key(headlines)
    for headline in headlines:
        if headline.kind != ALL:
            continue
        scope, measure = headline.scope, headline.measure
        said_total, said_covered = headline.pair
        own = [stated.get((scope, measure, kind)) for kind in Kind]
        whole = [stated.get((scope, INSTITUTIONS, kind)) for kind in Kind]
        total = _sum(part.pair[0] if part else None for part in own)
        if total is None:
            total = _sum(part.pair[0] if part else None for part in whole)
        covered = _sum(part.pair[1] if part else None for part in own)
        institutions = stated.get((scope, INSTITUTIONS, ALL))
        repeated = measure != INSTITUTIONS and institutions is not None and said_total == institutions.total
        yield from _sum_findings(
            measure,
            ALL,
            (
                None if total is None or repeated or said_total == total else said_total,
                None if covered is None or said_covered == covered else said_covered,
            ),
            (total or 0, covered or 0),
            _("The kinds add up to %(expected)s, the headline of all says %(printed)s."),
        )


def _sum(parts: Iterable[int | None]) -> int | None:
    """None where a part is not printed."""
    total = 0
    for part in parts:
        if part is None:
            return None
        total += part
    return total


def _sum_findings(
    measure: str, kind: str, wrong: tuple[int | None, int | None], sums: tuple[int, int], message: str
) -> Iterator[Finding]:
    """One finding for a headline's wrong total, wrong covered or both; None: not wrong, or not printed."""
    wrong_total, wrong_covered = wrong
    if wrong_total is not None and wrong_covered is not None:
        printed, expected = _pair(wrong_total, wrong_covered), _pair(*sums)
    elif wrong_total is not None:
        printed, expected = str(wrong_total), str(sums[0])
    elif wrong_covered is not None:
        printed, expected = str(wrong_covered), str(sums[1])
    else:
        return
    yield Finding(
        Rule.SUM_DIFFERS_FROM_HEADLINE,
        measure,
        kind,
        COUNTRY,
        printed=printed,
        expected=expected,
        message=message % {"printed": printed, "expected": expected},
    )


def _numeral_suffix(lines: Iterable[Line]) -> Iterator[Finding]:
    for line in lines:
        if line.suffix is None:
            continue
        read = read_ablative(line.as_printed)
        # The words are what a reader sees, even if the figure was mistyped.
        number = read[0] if read else line.total
        right = ablative_suffix(number)
        if line.suffix != right:
            printed, expected = f"{number}-{line.suffix}", f"{number}-{right}"
            yield Finding(
                Rule.NUMERAL_SUFFIX,
                line.measure,
                line.kind,
                line.place,
                printed=printed,
                expected=expected,
                message=_("It is written %(expected)s, not %(printed)s.") % {"printed": printed, "expected": expected},
            )


def _part_exceeds_whole(
    lines: Iterable[Line],
    registry: Mapping[tuple[str, str, str], int],
    city_lines_region: Mapping[str, str],
) -> Iterator[Finding]:
    """For every measure of the large cities. What the region has, its own lines say, or else the registry."""
    wholes: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    parts: Counter[tuple[str, str, str]] = Counter()
    for line in lines:
        total = line.pair[0]
        if line.scope == NATIONAL:
            wholes[line.place, line.kind].append(total)
        elif line.place in city_lines_region:
            parts[line.measure, line.kind, city_lines_region[line.place]] += total
    for (measure, kind, region), part in parts.items():
        totals = wholes[region, kind]
        whole = _majority(totals) if totals else registry.get((REGION, region, kind))
        if whole is None and totals:
            whole = max(totals)  # that its measures disagree is another rule's finding
        if whole is not None and part > whole:
            yield Finding(
                Rule.PART_EXCEEDS_WHOLE,
                measure,
                kind,
                region,
                printed=str(part),
                expected=str(whole),
                message=_("The region's large cities have %(part)d facilities, the whole region has %(whole)d.")
                % {"part": part, "whole": whole},
            )


def _differs_from_records(
    lines: Iterable[Line],
    headlines: Sequence[Headline],
    records: Mapping[tuple[str, str, str], tuple[int, int]],
) -> Iterator[Finding]:
    """Lines against their records, headlines against the sums, if the measure is on record at all."""
    for line in lines:
        recorded = records.get((line.measure, line.kind, line.place), (0, 0))
        if line.pair != recorded:
            yield _not_on_record(line, _pair(*line.pair), _pair(*recorded))
    sums: defaultdict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for (measure, kind, _at), (total, covered) in records.items():
        for of in (kind, ALL):
            sums[measure, of] = (sums[measure, of][0] + total, sums[measure, of][1] + covered)
    for headline in headlines:
        said_total, said_covered = headline.pair
        if (headline.measure, headline.kind) not in sums:
            continue
        total, covered = sums[headline.measure, headline.kind]
        if said_covered is None and headline.percent == 100:
            said_covered = said_total
        said = (
            total if said_total is None else said_total,
            covered if said_covered is None else said_covered,
        )
        if said != (total, covered):
            yield _not_on_record(headline, _pair(*said), _pair(total, covered))


def _differs_from_registry(lines: Iterable[Line], registry: Mapping[tuple[str, str, str], int]) -> Iterator[Finding]:
    for line in lines:
        place_type = REGION if line.scope == NATIONAL else CITY_LINE
        recorded = registry.get((place_type, line.place, line.kind), 0)
        if line.pair[0] != recorded:
            yield _not_on_record(line, str(line.pair[0]), str(recorded))


def _not_on_record(figure: Line | Headline, printed: str, expected: str) -> Finding:
    return Finding(
        Rule.DIFFERS_FROM_RECORDS,
        figure.measure,
        figure.kind,
        _place(figure),
        printed=printed,
        expected=expected,
        message=_("The records give %(expected)s, printed is %(printed)s.")
        % {"printed": printed, "expected": expected},
    )
