"""Fixtures for all tests: places, the Order, a fixed clock, and cleaning up behind tables that only grow."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

import hypothesis
import pytest
import time_machine
from django.db import connection, models, transaction
from django.test import TransactionTestCase

from compliance.models import Chapter, Directive, Edition, Period, RegisterDay, Requirement
from compliance.order import load_order
from compliance.periods import ensure_periods
from institutions import append_only
from institutions.bulk import reset_sequences
from institutions.clock import today
from institutions.models import LargeCity, Locality, Region, Settlement
from institutions.places import load_places

# A test on a busy machine is slow, not wrong.
hypothesis.settings.register_profile("qalqan", deadline=None)
# A quarter of an hour and more for `tests/reporting/test_machine.py`; see CONTRIBUTING.md.
hypothesis.settings.register_profile("long", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "qalqan"))

# A Wednesday in the second quarter, 10:00 in Almaty; the Order's new edition comes into force in July.
FIXED_NOW = datetime(2026, 5, 20, 5, 0, tzinfo=UTC)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests of `services` out where there is no PostgreSQL to run them on; where there is, those that ask no
    database: they have run on SQLite already, and no database changes them."""
    on_postgres = os.environ.get("DATABASE_URL", "").startswith("postgres")
    left_out = [item for item in items if (not _asks_a_database(item) if on_postgres else _is_for_services(item))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]


def _is_for_services(item: pytest.Item) -> bool:
    return item.get_closest_marker("services") is not None


def _asks_a_database(item: pytest.Item) -> bool:
    markers = ("django_db", "services", "journey", "browser")
    fixtures = {"db", "transactional_db", "django_db_blocker", "live_server"}
    return any(map(item.get_closest_marker, markers)) or not fixtures.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session", autouse=True)
def _flush_past_the_triggers() -> Iterator[None]:
    """Let the flush behind a test with `transaction=True` (or a live server) empty append-only tables too.

    The triggers are lifted for the flush alone; during every test they are there.
    """
    flush = TransactionTestCase._fixture_teardown

    def lifted_flush(self: TransactionTestCase) -> None:
        with append_only.lifted():
            flush(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lifted_flush)
        yield


@pytest.fixture
def append_only_lifted(db: None) -> Iterator[None]:
    """Ledger and journal can be rewritten: for tests that tamper, or make what would be refused."""
    with append_only.lifted():
        yield


@pytest.fixture
def source_words(settings) -> None:
    """Pages speak the words that stand in the source: a better translation then breaks no test of a page.

    The translations themselves are held by `tests/test_translations.py`.
    """
    settings.LOCALE_PATHS = []


@pytest.fixture
def fixed_now() -> Iterator[datetime]:
    """The clock stands at `FIXED_NOW`; ask for it before `order`, so that the register's day is the same."""
    with time_machine.travel(FIXED_NOW, tick=False):
        yield FIXED_NOW


# --- rows that many tests need --------------------------------------------------------------------

_Rows = dict[type[models.Model], list[models.Model]]


def _rows_made_by(load: Callable[[], object], tables: Sequence[type[models.Model]]) -> _Rows:
    """Run `load` in a transaction that is undone, and keep what it made."""
    with transaction.atomic():
        load()
        rows: _Rows = {table: list(table._default_manager.order_by("pk")) for table in tables}
        transaction.set_rollback(True)
    return rows


def _insert(rows: _Rows) -> None:
    for table, objects in rows.items():
        table._default_manager.bulk_create([copy.copy(row) for row in objects])
    if connection.vendor == "postgresql":
        reset_sequences(*rows)


_KEPT_PLACES = {
    Region: ["KZ-71", "KZ-35"],
    Locality: ["711110000", "711210000", "351000000", "354000000"],
    Settlement: ["351010000", "354030100", "354061100", "354031400"],
    LargeCity: ["710000000", "351010000"],
}


@cache
def _place_rows() -> _Rows:
    rows = _rows_made_by(load_places, list(_KEPT_PLACES))
    return {
        table: [row for row in rows[table] if (row.code if table is Region else row.kato) in kept]
        for table, kept in _KEPT_PLACES.items()
    }


@cache
def _order_rows() -> _Rows:
    return _rows_made_by(load_order, [Directive, Edition, Chapter, Requirement])


@dataclass(frozen=True, slots=True)
class Places:
    """A few of the country's real places.

    A region with a large city and a rural district; the capital (a region without settlements, itself a large
    city) with two of its districts.
    """

    region: Region  # Қарағанды облысы
    city: Locality  # Қарағанды қ.
    city_settlement: Settlement  # regional city
    large_city: LargeCity  # Қарағанды
    district: Locality  # Бұқар жырау ауданы
    centre: Settlement  # district centre
    town: Settlement
    village: Settlement
    capital: Region  # Астана, a city of republican significance
    capital_district: Locality
    other_capital_district: Locality
    capital_city: LargeCity  # Астана


@pytest.fixture
def places(db: None) -> Places:
    """The places of `Places`, and no others, as `institutions.places.load_places` makes them."""
    _insert(_place_rows())
    localities = Locality.objects.in_bulk(field_name="kato")
    settlements = Settlement.objects.in_bulk(field_name="kato")
    cities = LargeCity.objects.in_bulk(field_name="kato")
    regions = Region.objects.in_bulk(field_name="code")
    return Places(
        region=regions["KZ-35"],
        city=localities["351000000"],
        city_settlement=settlements["351010000"],
        large_city=cities["351010000"],
        district=localities["354000000"],
        centre=settlements["354030100"],
        town=settlements["354061100"],
        village=settlements["354031400"],
        capital=regions["KZ-71"],
        capital_district=localities["711110000"],
        other_capital_district=localities["711210000"],
        capital_city=cities["710000000"],
    )


@dataclass(frozen=True, slots=True)
class Order:
    """Order No. 117 as the tables hold it, with its quarters and the register's day."""

    directive: Directive
    editions: dict[str, Edition]
    requirements: dict[str, Requirement]  # by code
    measures: dict[str, Requirement]  # by measure
    day: date

    def period(self, code: str) -> Period:
        return Period.objects.get(code=code)


@pytest.fixture
def order(request: pytest.FixtureRequest, db: None) -> Order:
    """The Order as `load_order` makes it, the quarters until the end of next year, `RegisterDay` today."""
    if "fixed_now" in request.fixturenames:
        request.getfixturevalue("fixed_now")
    _insert(_order_rows())
    day = today()
    ensure_periods(date(day.year + 1, 12, 31))
    RegisterDay.objects.create(day=day)
    requirements = {requirement.code: requirement for requirement in Requirement.objects.all()}
    return Order(
        directive=Directive.objects.get(),
        editions={edition.code: edition for edition in Edition.objects.all()},
        requirements=requirements,
        measures={
            requirement.measure: requirement for requirement in requirements.values() if requirement.measure is not None
        },
        day=day,
    )
