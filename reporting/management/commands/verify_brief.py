"""`verify_brief`: whether a file is what its own figures give, without the register and without a network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reporting import attached, proof


class Command(BaseCommand):
    help = (
        "Make a brief again from the figures that its PDF carries, compare it byte for byte, and read its seal. "
        "Exit code 0: the same; 1: altered; 2: no brief, or not readable."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the PDF; - is standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["file"]
        try:
            data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        except OSError as failure:
            raise CommandError(f"{name}: {failure.strerror}", returncode=2) from failure
        try:
            found = proof.prove(data)
        except attached.NotABrief as failure:
            raise CommandError(f"{name}: not a brief of this register ({failure}).", returncode=2) from failure
        imprint = found.imprint
        self.stdout.write(f"number: {imprint.number}, date: {imprint.date.isoformat()}, code: {imprint.code}")
        self.stdout.write(f"reader's copy: {'yes' if found.is_copy else 'no'}")
        seal = found.signature
        if seal is None:
            self.stdout.write(f"seal: {'missing, and it says ' + imprint.signer if imprint.signer else 'none'}")
        else:
            trust = "by a trusted root" if seal.trusted else "by no root that is known here (BRIEF_TRUST_ROOTS)"
            state = "intact" if seal.good else "broken"
            self.stdout.write(f"seal: {state}, of {seal.signer}, {trust}, time stamp: {seal.stamped_at or 'none'}")
        self.stdout.write(f"made again: {'the same bytes' if found.same else 'other bytes'}")
        if not found.good:
            raise CommandError(f"{name}: altered, or made by another version of the program.", returncode=1)
        if imprint.verify_url:
            self.stdout.write(f"Whether it is in force, the register knows: {imprint.verify_url}")
