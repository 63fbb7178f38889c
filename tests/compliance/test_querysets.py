"""Words in which entries are asked for: in whose stead somebody wrote and decided."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from compliance.models import StatusEntry
from institutions.models import Institution, User
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import ApproverFactory, DirectorFactory, InstitutionFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]
TODAY = date(2026, 5, 20)
DAY = timedelta(days=1)


@pytest.fixture
def school(fixed_now, order, places) -> Institution:
    return InstitutionFactory(locality=places.city, large_city=places.large_city)


@pytest.fixture
def absent() -> User:
    return UserFactory(full_name="Дана Бекова")


def stood_in(entry: StatusEntry) -> tuple[str | None, str | None]:
    found = StatusEntry.objects.with_stand_ins().get(pk=entry.pk)
    return found.author_for, found.decider_for


def test_a_substitutes_answer_and_decision_name_whom_they_stand_for(school, places, absent):
    author = DirectorFactory(institution=school, substitute_for=absent, valid_to=TODAY).user
    decider = ApproverFactory(region=places.region, substitute_for=absent, valid_to=TODAY).user
    entry = EntryFactory(item=ItemFactory(institution=school), author=author, decided_by=decider, approved=True)
    assert stood_in(entry) == ("Дана Бекова", "Дана Бекова")
    client = Client()
    client.force_login(decider)
    for name, arguments in (
        ("compliance:item", [school.bin, entry.item.requirement.code]),
        ("compliance:entry", [entry.pk]),
        ("institutions:history", [school.bin]),
    ):
        page = client.get(reverse(name, args=arguments))
        words = " ".join(strip_tags(page.content.decode()).split())
        assert [f"{hand}, for Дана Бекова" in words for hand in (author, decider)] == [True, True], name


@pytest.mark.parametrize("case", ["of another day", "elsewhere", "their own role too", "no substitute"])
def test_others_act_in_their_own_name(school, places, absent, fixed_now, case):
    decider = UserFactory()
    ApproverFactory(
        user=decider,
        region=places.capital if case == "elsewhere" else places.region,
        substitute_for=None if case == "no substitute" else absent,
        valid_to=TODAY + 9 * DAY,
        valid_from=TODAY + DAY if case == "of another day" else date(2022, 1, 1),
    )
    if case != "no substitute":
        ApproverFactory(
            user=decider, region=places.region, valid_to=None if case == "their own role too" else TODAY - DAY
        )
    entry = EntryFactory(item=ItemFactory(institution=school), decided_by=decider, approved=True)
    assert stood_in(entry) == (None, None)
