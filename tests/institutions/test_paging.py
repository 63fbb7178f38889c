"""Pages over the newest rows of a list that grows without end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from institutions import journal
from institutions.models import Journal
from institutions.paging import CappedPaginator


class Few(CappedPaginator):
    MOST = 5


@pytest.fixture
def rows(fixed_now, db) -> None:
    for number in range(7):
        journal.write("test.act", f"test:{number}", by=None, now=fixed_now - timedelta(minutes=number))


def subjects(paginator: CappedPaginator, number: int) -> list[str]:
    return [row.subject for row in paginator.get_page(number)]


def test_pages_end_with_the_last_row_that_is_counted(rows):
    pages = Few(Journal.objects.all(), 2)
    assert (pages.count, pages.num_pages, pages.is_capped) == (5, 3, True)
    assert [subjects(pages, number) for number in (1, 3, 9)] == [["test:0", "test:1"], ["test:4"], ["test:4"]]


def test_a_short_list_is_shown_whole(rows):
    pages = Few(Journal.objects.filter(subject__in=["test:1", "test:6"]), 2)
    assert (pages.count, pages.is_capped, subjects(pages, 1)) == (2, False, ["test:1", "test:6"])


def test_an_empty_list_has_one_empty_page(db):
    pages = Few(Journal.objects.all(), 2)
    assert (pages.count, pages.num_pages, subjects(pages, 1)) == (0, 1, [])
