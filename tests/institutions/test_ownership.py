"""Who owns which field, and for whom a person acts."""

from __future__ import annotations

import pytest

from institutions import ownership
from institutions.acts import ACTS
from institutions.enums import Owner
from institutions.models import STATE_FIELDS
from institutions.registry import DETAILS
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    AuditorFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
)


def test_every_field_of_the_record_has_an_owner():
    assert ownership.OWNERS.keys() == {"bin", *DETAILS, *STATE_FIELDS}


@pytest.mark.parametrize(
    ("fields", "owner"),
    [
        (["phone"], Owner.FACILITY),
        (["staff", "kind"], Owner.REGION),
        (["kind", "large_city", "phone"], Owner.MINISTRY),
    ],
)
def test_the_widest_owner_decides(fields, owner):
    assert ownership.owner_of(fields) == owner


def test_who_decides_on_an_act():
    assert {code: act.owner for code, act in ACTS.items()} == {
        "headcount": Owner.FACILITY,
        "kind": Owner.REGION,
        "ownership": Owner.REGION,
        "move": Owner.REGION,
        "large-city": Owner.MINISTRY,
        "repair": Owner.REGION,
        "close": Owner.REGION,
        "reopen": Owner.REGION,
    }


def test_for_whom_each_person_acts(fixed_now, places):
    school = InstitutionFactory(locality=places.district, listed=False)
    people = {
        "director": DirectorFactory(institution=school),
        "editor": EditorFactory(region=places.region),
        "editor of the district": EditorFactory(locality=places.district),
        "editor beside": EditorFactory(region=places.capital),
        "approver": ApproverFactory(region=places.region),
        "analyst": AnalystFactory(),
        "administrator": AdministratorFactory(),
        "auditor": AuditorFactory(),
    }
    region = {Owner.FACILITY, Owner.REGION}
    assert {who: set(ownership.owned_by(one.user, school)) for who, one in people.items()} == {
        "director": {Owner.FACILITY},
        "editor": region,
        "editor of the district": region,
        "editor beside": set(),
        "approver": set(),
        "analyst": set(),
        "administrator": set(Owner),
        "auditor": set(),
    }
    assert {who for who, one in people.items() if not ownership.may_propose(one.user, school)} == {
        "editor beside",
        "auditor",
    }
