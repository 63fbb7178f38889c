"""Places, institutions and people for tests. An institution enters through the same door as anywhere."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from compliance import enrolment
from institutions import registry
from institutions.bin import synthetic_bin
from institutions.enums import Kind, LocalityKind, Ownership, RegionKind, Role, SettlementClass
from institutions.models import Institution, LargeCity, Locality, Membership, Region, Settlement, User

OPENED_ON = date(2022, 9, 1)
PASSWORD = "қалқан-2026"


class RegionFactory(DjangoModelFactory):
    class Meta:
        model = Region

    code = factory.Sequence(lambda number: f"X{number:04}")
    kato = factory.Sequence(lambda number: f"9{number:03}00000")
    kind = RegionKind.OBLAST
    name_kk = factory.Sequence(lambda number: f"{number}-облыс")
    name_ru = factory.Sequence(lambda number: f"Область {number}")
    name_en = factory.Sequence(lambda number: f"Region {number}")
    short_kk = factory.SelfAttribute("name_kk")
    short_ru = factory.SelfAttribute("name_ru")
    sort_order = factory.Sequence(lambda number: 100 + number)


class LocalityFactory(DjangoModelFactory):
    class Meta:
        model = Locality

    kato = factory.Sequence(lambda number: f"8{number:05}000")
    region = factory.SubFactory(RegionFactory)
    kind = LocalityKind.DISTRICT
    name_kk = factory.Sequence(lambda number: f"{number}-аудан")
    name_ru = factory.Sequence(lambda number: f"Район {number}")


class SettlementFactory(DjangoModelFactory):
    class Meta:
        model = Settlement

    kato = factory.Sequence(lambda number: f"7{number:06}00")
    locality = factory.SubFactory(LocalityFactory)
    settlement_class = SettlementClass.VILLAGE
    name_kk = factory.Sequence(lambda number: f"{number}-ауыл")
    name_ru = factory.Sequence(lambda number: f"Село {number}")


class LargeCityFactory(DjangoModelFactory):
    class Meta:
        model = LargeCity

    kato = factory.Sequence(lambda number: f"6{number:06}00")
    region = factory.SubFactory(RegionFactory)
    name_kk = factory.Sequence(lambda number: f"{number}-қала")
    name_ru = factory.Sequence(lambda number: f"Город {number}")
    name_en = factory.Sequence(lambda number: f"City {number}")
    line = factory.SelfAttribute("name_kk")
    line_order = factory.Sequence(lambda number: 100 + number)


def settlement_of(locality: Locality) -> Settlement | None:
    """The first settlement of a locality, or a new village; None in a city of republican significance."""
    if locality.region.kind == RegionKind.REPUBLICAN_CITY:
        return None
    return Settlement.objects.filter(locality=locality).order_by("kato").first() or SettlementFactory(locality=locality)


class InstitutionFactory(DjangoModelFactory):
    """An open school with its checklist. Needs the fixture `order`, but for `listed=False` (no checklist, no ledger).

    `since`, `now` and `by` are those of `enrolment.open_institution`. The settlement follows the locality, its
    class the settlement.
    """

    class Meta:
        model = Institution

    bin = factory.Sequence(synthetic_bin)
    name_kk = factory.Sequence(lambda number: f"№ {number} мектеп")
    name_ru = factory.Sequence(lambda number: f"Школа № {number}")
    kind = Kind.SCHOOL
    ownership = Ownership.STATE
    locality = factory.SubFactory(LocalityFactory)
    settlement = factory.LazyAttribute(lambda made: settlement_of(made.locality))
    settlement_class = factory.LazyAttribute(
        lambda made: SettlementClass.REPUBLICAN_CITY if made.settlement is None else made.settlement.settlement_class
    )
    staff = 30
    learners = 240
    address_kk = "Абай көшесі, 1"
    address_ru = "улица Абая, 1"

    @classmethod
    def _create(
        cls,
        model_class: type[Institution],
        *args: Any,
        since: date = OPENED_ON,
        now: datetime | None = None,
        by: User | None = None,
        listed: bool = True,
        **fields: Any,
    ) -> Institution:
        enter = enrolment.open_institution if listed else registry.open_institution
        institution = model_class(**fields)
        enter(institution, since=since, by=by, now=now or timezone.now())
        return institution


class UserFactory(DjangoModelFactory):
    """A person without any role; the password is `PASSWORD`."""

    class Meta:
        model = User

    email = factory.Sequence(lambda number: f"person{number}@example.kz")
    full_name = factory.Sequence(lambda number: f"Адам {number}")
    language = "kk"

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **fields: Any) -> User:
        return model_class.objects.create_user(**{"password": PASSWORD, **fields})


class MembershipFactory(DjangoModelFactory):
    """A role of a person; give the place that fits it. The factories below know theirs."""

    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    valid_from = date(2022, 1, 1)


class DirectorFactory(MembershipFactory):
    role = Role.DIRECTOR
    institution = factory.SubFactory(InstitutionFactory)


class _RegionalFactory(MembershipFactory):
    """Of a region, or with `locality=…` of that locality."""

    class Meta:
        model = Membership
        abstract = True

    locality = None
    region = factory.Maybe("locality", yes_declaration=None, no_declaration=factory.SubFactory(RegionFactory))


class EditorFactory(_RegionalFactory):
    role = Role.EDITOR


class ApproverFactory(_RegionalFactory):
    role = Role.APPROVER


class AnalystFactory(MembershipFactory):
    role = Role.ANALYST


class AdministratorFactory(MembershipFactory):
    role = Role.ADMINISTRATOR
    user = factory.SubFactory(UserFactory, is_staff=True)


class AuditorFactory(MembershipFactory):
    role = Role.AUDITOR
