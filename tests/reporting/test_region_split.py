"""A region is split: figures of the days before stay as they were, and districts add up to regions on both sides."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.management import call_command

from compliance.enums import Measure
from reporting import coverage, sums
from reporting.coverage import Counts, Dimension, Question
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import InstitutionFactory, LocalityFactory, SettlementFactory

SINCE = date(2026, 5, 10)
DAY = timedelta(days=1)


def by(dimension: Dimension, day: date) -> dict[str, Counts]:
    found = coverage.count(Question(as_of=day, measure=Measure.CCTV_INSTALLED), (dimension,))
    return {str(key[0]): counts for key, counts in found.items() if counts != Counts()}


def total(parts) -> Counts:
    return sum(parts, Counts())


def test_the_past_stays_and_districts_add_up_to_regions_on_both_sides(fixed_now, order, places, capsys):
    new = LocalityFactory()
    SettlementFactory(locality=new, name_kk=places.centre.name_kk)
    moving = [InstitutionFactory(locality=places.district, settlement=places.centre) for _each in range(3)]
    InstitutionFactory(locality=places.city)
    EntryFactory(item=ItemFactory(institution=moving[0]), approved=True, effective_on=date(2026, 4, 1))
    sums.fold()
    days = [SINCE - DAY, date(2026, 4, 1), date(2026, 3, 31), date(2023, 1, 1)]
    before = {day: (by(Dimension.LOCALITY, day), by(Dimension.REGION, day)) for day in days}
    whole = total(by(Dimension.REGION, SINCE).values())

    call_command(
        "move_institutions", "--from", places.district.kato, "--to", new.kato, "--since", SINCE.isoformat(),
        "--reason", "Жарлық № 887",
    )  # fmt: skip
    sums.fold()

    assert {day: (by(Dimension.LOCALITY, day), by(Dimension.REGION, day)) for day in days} == before
    for day in (SINCE, order.day):
        districts, regions = by(Dimension.LOCALITY, day), by(Dimension.REGION, day)
        assert regions == {
            new.region.code: Counts(met=1, unknown=2),
            places.region.code: Counts(unknown=1),
        }
        assert districts == {new.kato: regions[new.region.code], places.city.kato: regions[places.region.code]}
        assert total(regions.values()) == whole
    assert list(sums.drift()) == []
