"""`journal_verify`: prove the ledger's chains and their daily seals. Other programs rely on its JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from compliance.ledger import chain
from compliance.models import DailySeal, StatusChange
from compliance.seals import BrokenSeal, Proof, SealFault

_SHOWN = 100
_NAMED = 10


@dataclass(slots=True)
class Found:
    """What came of it. `changed`: the column of the first broken row, what it says and what it said; None: unknown."""

    institutions: int = 0
    rows: int = 0
    broken_chains: int = 0
    first_broken: chain.Break | None = None
    changed: tuple[str, str, str] | None = None
    seals: int = 0
    sealed_until: date | None = None
    root: str = ""
    broken_seal: BrokenSeal | None = None

    @property
    def holds(self) -> bool:
        return self.first_broken is None and self.broken_seal is None


class Command(BaseCommand):
    help = "Prove the hash chains of the ledger and their daily seals; exit 1 and name the first broken row."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", default="text", metavar="FORMAT", help="json or text (text)")
        parser.add_argument(
            "--root",
            action="append",
            default=[],
            metavar="DAY=ROOT",
            help="a root that was kept elsewhere, as a brief prints it; may be given more than once",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["format"] not in ("json", "text"):
            raise CommandError(f"--format: {options['format']!r} is neither json nor text.", returncode=2)
        kept = dict(_kept_root(text) for text in options["root"])
        as_text = options["format"] == "text"
        # The seals first: rows that are recorded while the chains are read count as known later than the last of them.
        proof = Proof(DailySeal.objects.all())
        found = Found(seals=len(proof.seals))
        if proof.seals:
            found.sealed_until, found.root = proof.seals[-1].day, proof.seals[-1].root
        for followed in chain.follow():
            found.institutions += 1
            found.rows += followed.rows
            proof.show(followed)
            if followed.broken is not None:
                found.broken_chains += 1
                found.first_broken = found.first_broken or followed.broken
                if as_text and found.broken_chains <= _SHOWN:
                    self.stdout.write(_in_words(followed.broken))
        found.broken_seal = proof.broken(kept)
        if found.first_broken is not None and found.first_broken.fault == chain.Fault.CONTENT:
            found.changed = chain.changed_field(found.first_broken)
        if as_text:
            self._tell(found)
        else:
            said = {"holds": found.holds, **asdict(found)}
            self.stdout.write(json.dumps(said, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1))
        if not found.holds:
            raise CommandError("The ledger was tampered with, or damaged.", returncode=1)

    def _tell(self, found: Found) -> None:
        if found.broken_chains > _SHOWN:
            self.stdout.write(f"… and {found.broken_chains - _SHOWN:,} broken chains more.")
        if found.first_broken is not None and found.changed is not None:
            column, says, said = found.changed
            self.stdout.write(f"Row {found.first_broken.row}: its {column} says {says}; its hash was made of {said}.")
        if found.broken_seal is not None:
            self.stdout.write(_seal_in_words(found.broken_seal))
        self.stdout.write(
            f"{found.rows:,} rows of {found.institutions:,} institutions: "
            + (f"{found.broken_chains:,} chains are broken." if found.broken_chains else "every chain holds.")
        )
        if not found.seals:
            self.stdout.write("No day is sealed yet.")
        elif found.broken_seal is None:
            self.stdout.write(
                f"{found.seals:,} daily seals hold, the last of {found.sealed_until} with the root {found.root}."
            )


def _kept_root(text: str) -> tuple[date, str]:
    day, _equals, root = text.partition("=")
    try:
        return date.fromisoformat(day.strip()), root.strip().lower()
    except ValueError:
        raise CommandError(f"--root: {text!r} is not like 2026-05-20=9f86d0…", returncode=2) from None


def _in_words(broken: chain.Break) -> str:
    where = f"institution {broken.bin}, row {broken.row or '–'} (number {broken.seq})"
    known = f", known on {broken.day}" if broken.day else ""
    return f"{where}{known}: {broken.fault.label}; expected {broken.expected}, found {broken.found}"


def _seal_in_words(broken: BrokenSeal) -> str:
    words = f"Seal of {broken.day}: {broken.fault.label}"
    words += f"; expected {broken.expected}, found {broken.found or '–'}." if broken.expected else "."
    if broken.fault == SealFault.HEADS:
        # The seal before holds, so what was changed was recorded later than that, or recorded as known on this day.
        rows = StatusChange.objects.filter(recorded_on=broken.day)
        bins = list(
            rows.order_by("institution__bin").values_list("institution__bin", flat=True).distinct()[: _NAMED + 1]
        )
        named = ", ".join(bins[:_NAMED]) + (", …" if len(bins) > _NAMED else "")
        words += (
            f" The day before holds: look at the {rows.count():,} rows known on that day ({named or 'none is left'})."
        )
    return words
