"""Pages of lists that grow without end: nobody turns to page 20,000, and nobody waits for a count of millions."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property


class CappedPaginator(Paginator[Any]):
    """Pages over the first `MOST` rows alone; `is_capped` says that there are more. The count stops there, too."""

    MOST = 10_000

    def __init__(self, rows: QuerySet[Any], per_page: int) -> None:
        super().__init__(rows, per_page)
        self._rows = rows

    @cached_property
    def _found(self) -> int:
        return self._rows.order_by()[: self.MOST + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self._found, self.MOST)

    @property
    def is_capped(self) -> bool:
        return self._found > self.MOST

    def page(self, number: int | str) -> Page[Any]:
        """A page; its keys are found first, so that a database which must sort sorts keys and not whole rows."""
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        keys = list(self._rows.values_list("pk", flat=True)[first : min(first + self.per_page, self.count)])
        return Page(self._rows.filter(pk__in=keys), number, self)
