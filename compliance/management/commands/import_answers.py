"""`import_answers`: a list of answers at once, without a worker."""

from __future__ import annotations

from compliance.enums import ImportKind
from compliance.management.commands import import_institutions


class Command(import_institutions.Command):
    kind = ImportKind.ANSWERS
    help = (
        "Compare a list of answers (XLSX, CSV) with the register and submit them on behalf of a regional editor; "
        "somebody else decides them. Ends with 0 where all rows were taken, with 1 where some were refused, with 2 "
        "where nothing could be done."
    )
