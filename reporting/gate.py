"""The gate through which every brief passes before it is rendered: named checks, each with what it compared.

Pure but for the words of the findings: snapshot, records and imprint go in, results come out, and the results are
printed on the brief's last page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reporting import integrity
from reporting.brief.composing import compose
from reporting.brief.imprint import FAILED, PASSED, CheckResult, Imprint
from reporting.brief.reading import printed_headlines, printed_lines
from reporting.records import Records, figures_of


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the gate found. `results` go to the check sheet; with any of `findings` the brief is refused."""

    results: tuple[CheckResult, ...]
    findings: tuple[integrity.Finding, ...]


def check(
    snapshot: Any, records: Records, imprint: Imprint, *, city_lines_region: Mapping[str, str] | None = None
) -> Outcome:
    """Hold a brief's finished words against themselves, against its snapshot and against the records behind it."""
    document = compose(snapshot, imprint)
    lines, headlines = printed_lines(document), printed_headlines(document)
    findings = integrity.check(lines, headlines, records=figures_of(records), city_lines_region=city_lines_region)
    broken = Counter(finding.rule for finding in findings)
    results = tuple(
        CheckResult(rule.value, len(lines) + len(headlines), broken[rule], FAILED if broken[rule] else PASSED)
        for rule in integrity.Rule
    )
    return Outcome(results, tuple(findings))
