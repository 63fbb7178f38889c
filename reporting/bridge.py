"""How the covered of one day became the covered of another: every institution that came or went, and by which way.

Pure. `before` + `gained` + `joined` - `lost` - `left` = `after`, institution by institution.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MET: Final = "met"


@dataclass(frozen=True, slots=True)
class Bridge:
    """Keys of institutions, ascending: covered `before` and `after`; `gained` and `lost` counted on both days;
    `joined` were not counted before, `left` are no longer counted, and were covered when they were."""

    before: list[int]
    gained: list[int]
    joined: list[int]
    lost: list[int]
    left: list[int]
    after: list[int]


def bridge(before: Mapping[int, str], after: Mapping[int, str]) -> Bridge:
    """From institution → status on one day to the same on another; who is in neither does not count."""
    covered_before = {key for key, status in before.items() if status == MET}
    covered_after = {key for key, status in after.items() if status == MET}
    came, went = covered_after - covered_before, covered_before - covered_after
    return Bridge(
        before=sorted(covered_before),
        gained=sorted(key for key in came if key in before),
        joined=sorted(key for key in came if key not in before),
        lost=sorted(key for key in went if key in after),
        left=sorted(key for key in went if key not in after),
        after=sorted(covered_after),
    )
