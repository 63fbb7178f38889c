"""The whole register as a machine: random verbs by random people, and everything that must hold after each of them.

`HYPOTHESIS_PROFILE=long` lets it run for a quarter of an hour and more.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
import time_machine
from hypothesis import HealthCheck, Phase
from hypothesis import settings as runs
from hypothesis.stateful import run_state_machine_as_test

from compliance.models import ChecklistItem, RegisterDay, Requirement
from compliance.workflow import DocumentReference
from institutions.clock import local_day
from institutions.enums import Role
from institutions.models import Locality, Membership
from tests.factories.compliance import EntryFactory
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    AuditorFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    LocalityFactory,
    SettlementFactory,
    UserFactory,
)
from tests.reporting.machine.answering import Answering
from tests.reporting.machine.closing import Closing
from tests.reporting.machine.days import Days
from tests.reporting.machine.importing import Importing
from tests.reporting.machine.looking import Looking
from tests.reporting.machine.registering import Registering
from tests.reporting.machine.staffing import Staffing
from tests.reporting.machine.world import BEGINS, Stage
from tests.reporting.recount import Recount

# Those that hang together most: the measures, what follows the guard contract, what groups, facts and editions decide.
KEPT = ("if:guard_contract", "if:no_guard_contract", "if:leased", "now:G2", "ed2022:G2+; now:all",
        "ed2022:G4; now:checked; if:has_grounds", "now:all; if:police_check")  # fmt: skip


class Register(Answering, Registering, Closing, Staffing, Importing, Looking, Days):
    """All rules together. A new verb: a rule in the file of its area."""


@pytest.fixture
def stage(order, places, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(BEGINS, tick=False) as traveller:
        kept = [row.pk for row in Requirement.objects.all() if row.measure or row.applies in KEPT]
        Requirement.objects.exclude(pk__in=kept).delete()  # fewer rows, the same rules
        RegisterDay.objects.update(day=local_day(BEGINS))
        new_district(places)
        schools = [
            InstitutionFactory(locality=places.city, large_city=places.large_city, since=date(2024, 9, 1)),
            InstitutionFactory(locality=places.district, kind="kindergarten", learners=100, since=date(2026, 3, 20)),
            InstitutionFactory(locality=places.capital_district, large_city=places.capital_city, kind="college"),
            InstitutionFactory(locality=places.district, settlement=places.village, ownership="private"),
        ]
        cast(places, schools)
        first_answers(schools)
        yield Stage(places, traveller, Recount(), kept, Counter())


def new_district(places) -> Locality:
    """A district of the same region with settlements of the same names: where a district made anew moves to."""
    district = LocalityFactory(region=places.region)
    for one in (places.centre, places.village, places.town):
        SettlementFactory(locality=district, name_kk=one.name_kk, settlement_class=one.settlement_class)
    return district


def cast(places, schools) -> None:
    """Every role, most of them twice; and those in whom two roles meet."""
    for school in schools:
        DirectorFactory(institution=school)
    for school in schools[:3:2]:  # two who direct a school decide in its region as well
        ApproverFactory(user=school.memberships.get().user, region=school.locality.region)
    both = EditorFactory(region=places.region).user
    ApproverFactory(user=both, region=places.region)
    EditorFactory(region=places.capital)
    EditorFactory(locality=places.district)
    ApproverFactory.create_batch(2, region=places.region)
    ApproverFactory.create_batch(2, region=places.capital)
    ApproverFactory(locality=places.city)
    AdministratorFactory.create_batch(2)
    AnalystFactory()
    AuditorFactory()
    leaving = ApproverFactory(region=places.region, valid_to=date(2026, 7, 3)).user
    DirectorFactory(user=leaving, institution=schools[0])
    UserFactory()


def first_answers(schools) -> None:
    """Some of each school's items are answered already, on documents that several share."""
    contract = DocumentReference("12", "Күзет ЖШС", date(2026, 1, 5), date(2026, 12, 31))
    for place, school in enumerate(schools):
        listed = ChecklistItem.objects.filter(institution=school, listed=True, requirement__applies__contains="ed2022")
        director = Membership.objects.filter(institution=school).earliest("pk").user
        approver = Membership.objects.filter(region=school.locality.region, role=Role.APPROVER).latest("pk").user
        states = ["approved", "approved", "submitted", "draft", "returned", "approved", "submitted"]
        for number, (item, state) in enumerate(zip(listed.select_related("institution"), states, strict=False)):
            EntryFactory(
                item=item,
                to=state,
                status="not_met" if number == 1 and place % 2 else "met",
                document=contract if number in (0, 2) else None,
                effective_on=date(2026, 3 + place % 2, 21 + number),
                valid_until=date(2026, 6, 28 + place) if number < 2 and place < 3 else None,
                author=director,
                decided_by=approver,
            )
        # The first of them is answered once more, and that waits.
        first = listed.select_related("institution").earliest("pk")
        EntryFactory(item=first, to="submitted", status="partly_met", author=director)


@pytest.mark.slow
def test_whatever_is_done_by_whomever_everything_that_must_hold_holds(stage):
    long = runs.get_current_profile_name() == "long"
    try:
        run_state_machine_as_test(
            lambda: Register(stage),
            settings=runs(
                runs.default,
                max_examples=150 if long else 8,
                stateful_step_count=60 if long else 30,
                phases=tuple(Phase) if long else (Phase.explicit, Phase.reuse, Phase.generate),
                suppress_health_check=list(HealthCheck),
                print_blob=True,
            ),
        )
    finally:
        for what, times in sorted(stage.done.items()):
            print(f"{times:6} {what}")  # noqa: T201 (how often what was done: shown with -s, or where it fails)
