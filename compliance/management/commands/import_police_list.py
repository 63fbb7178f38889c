"""`import_police_list`: the police's list of connected cameras at once, without a worker."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from compliance.enums import ImportKind
from compliance.import_forms import whole_regions
from compliance.management.commands import import_institutions
from institutions.models import User


class Command(import_institutions.Command):
    kind = ImportKind.POLICE
    help = (
        "Compare the police's list of connected cameras (XLSX, CSV) with the register and record what it says as "
        "verified, on behalf of somebody who verifies (an approver in their region, an administrator). --since is the "
        "day as of which the list was made. Ends with 0 where all rows were taken, with 1 where some were refused, "
        "with 2 where nothing could be done."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--issuer", default="", help="whose list it is; it stands beside what was found")
        parser.add_argument(
            "--complete-for",
            metavar="REGION",
            help="code of the region for which the list is complete: whom it does not name there is not connected",
        )

    def about(self, person: User, options: dict[str, Any]) -> dict[str, Any]:
        region = None
        if code := options["complete_for"]:
            region = whole_regions(person).filter(code=code).first()
            if region is None:
                raise CommandError(f"--complete-for: no region {code!r} that they verify as a whole.", returncode=2)
        return {"issuer": options["issuer"][:200], "complete_for": region}
