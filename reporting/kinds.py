"""What differs from kind to kind of brief: its words, its checks, the data it carries. The rest of the way is one.

Pure: everything is told by the snapshot, whose `scope.kind` says which kind it is of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reporting import attachments, comparison_attachments, comparison_checks, gate, sheet_attachments, sheet_checks
from reporting.attachments import AttachedFile
from reporting.brief import comparison_composing, composing, sheet_composing
from reporting.brief.document import Document
from reporting.brief.imprint import Imprint
from reporting.enums import BriefKind
from reporting.gate import Outcome
from reporting.records import Records


@dataclass(frozen=True, slots=True)
class Making:
    """How one kind is written (`compose`), held against its records (`check`), and what is attached (`data_files`)."""

    compose: Callable[[Any, Imprint], Document]
    check: Callable[[Any, Records, Imprint, Mapping[str, str]], Outcome]
    data_files: Callable[[Any, Imprint], tuple[AttachedFile, ...]]


_AREA: Final = Making(
    composing.compose,
    lambda snapshot, records, imprint, lines: gate.check(snapshot, records, imprint, city_lines_region=lines),
    attachments.data_files,
)
MAKINGS: Final[Mapping[str, Making]] = {
    BriefKind.COUNTRY.value: _AREA,
    BriefKind.REGION.value: _AREA,
    BriefKind.COMPARISON.value: Making(
        comparison_composing.compose, comparison_checks.check, comparison_attachments.data_files
    ),
    BriefKind.INSTITUTION.value: Making(sheet_composing.compose, sheet_checks.check, sheet_attachments.data_files),
}


def making_of(snapshot: Mapping[str, Any]) -> Making:
    """Raises `KeyError` for what is no snapshot of ours."""
    return MAKINGS[snapshot["scope"]["kind"]]


def compose(snapshot: Mapping[str, Any], imprint: Imprint) -> Document:
    """Write the brief of `snapshot`, of whatever kind."""
    return making_of(snapshot).compose(snapshot, imprint)


def data_files(snapshot: Mapping[str, Any], imprint: Imprint) -> tuple[AttachedFile, ...]:
    """What is attached to it, in the order of the names."""
    return making_of(snapshot).data_files(snapshot, imprint)


def check(
    snapshot: Mapping[str, Any], records: Records, imprint: Imprint, *, city_lines_region: Mapping[str, str]
) -> Outcome:
    """Hold it against itself and its records."""
    return making_of(snapshot).check(snapshot, records, imprint, city_lines_region)
