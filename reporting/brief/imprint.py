"""What a brief bears besides its figures: number, date, code, seal, how it was checked. With the snapshot it is all
that the file depends on, so whoever holds both can make the file again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date as Date
from typing import Any, Final, Self

PASSED: Final = "passed"
WARNED: Final = "warned"
EXPLAINED: Final = "explained"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check of the gate: its code, how many figures it compared, how many contradictions it found, and its
    `state`: passed, warned (printed on the first page), explained (by a named person) or failed."""

    code: str
    compared: int
    findings: int = 0
    state: str = PASSED


@dataclass(frozen=True, slots=True)
class Explanation:
    """A named person's words for a jump: which headline (`measure`, `kind`), the words, whose, on which day (ISO)."""

    measure: str
    kind: str
    text: str
    by: str
    on: str


@dataclass(frozen=True, slots=True)
class Imprint:
    """`code` opens the public page of verification; `site` is the address of the register, without a slash at its
    end; `signer` is whose seal the file bears, empty where none is configured. Without `code` and `site` a brief has
    neither QR code nor links (a preview)."""

    number: str
    date: Date
    code: str = ""
    site: str = ""
    signer: str = ""
    checks: tuple[CheckResult, ...] = ()
    explanations: tuple[Explanation, ...] = ()

    @property
    def verify_url(self) -> str:
        """Where anybody learns whether the brief is genuine and current."""
        return f"{self.site}/verify/{self.code}/" if self.code else ""

    @property
    def records_url(self) -> str:
        """Where those who may see them find the institutions behind a figure; a door's query follows a "?"."""
        return f"{self.site}/briefs/c/{self.code}/institutions/" if self.code else ""

    def as_json(self) -> bytes:
        """In a fixed form, as it is attached to the brief."""
        plain = asdict(self) | {"date": self.date.isoformat()}
        return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """The way back from the parsed JSON. Raises `KeyError`, `TypeError` and `ValueError` for anything else."""
        return cls(
            number=plain["number"],
            date=Date.fromisoformat(plain["date"]),
            code=plain["code"],
            site=plain["site"],
            signer=plain["signer"],
            checks=tuple(CheckResult(**check) for check in plain["checks"]),
            explanations=tuple(Explanation(**explanation) for explanation in plain["explanations"]),
        )
