"""How far a worker is with a list: in the cache, since what applies one is a transaction, which nobody sees into."""

from __future__ import annotations

from django.core.cache import cache


def tell(pk: int, percent: int) -> None:
    cache.set(f"import/{pk}/progress", percent, timeout=3600)


def progress_of(pk: int) -> int:
    """Percent of the work that is going on; 0 where nothing is known."""
    return int(cache.get(f"import/{pk}/progress") or 0)
