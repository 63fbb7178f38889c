"""The only writer of `StatusChange`, and of what an item counts as.

Whatever happens to an institution (an answer is approved or revoked, it opens, moves, closes, the Order changes), the
same thing is done: its items' timelines are computed from what is true now (`timeline.effective`), compared with what
the ledger has recorded, and the difference is written as rows (`timeline.moves`). So a change that is known late, for
a day long past, mends every later day that it alters, and nothing has to be thought of twice.

`syncing` does this for one institution, `changing` for many, `verifying` for what was found at many, `entering` for a
whole register that comes in; `chain` holds the hashes, `cells` what rows point to, `standing` what an item counts as on
a day. Nobody else writes these tables.
"""

from compliance.ledger.chain import broken_chains
from compliance.ledger.changing import Changed, sync_many
from compliance.ledger.entering import Change, Hands, Opening, Returned, Sitting, record_many
from compliance.ledger.standing import recorded_rows, refresh_items, standings
from compliance.ledger.syncing import StaleItem, claim, hold, sync
from compliance.ledger.verifying import verify_many

__all__ = [
    "Change",
    "Changed",
    "Hands",
    "Opening",
    "Returned",
    "Sitting",
    "StaleItem",
    "broken_chains",
    "claim",
    "hold",
    "record_many",
    "recorded_rows",
    "refresh_items",
    "standings",
    "sync",
    "sync_many",
    "verify_many",
]
