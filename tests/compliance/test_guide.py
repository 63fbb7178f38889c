"""The help page: for one's own roles, with people of one's own places."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.institutions import (
    AdministratorFactory,
    ApproverFactory,
    AuditorFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]


def helped(user) -> dict:
    client = Client()
    client.force_login(user)
    answer = client.get(reverse("help"))
    assert answer.status_code == 200
    return answer.context


def contacts(user) -> list:
    return [contact.person for contact in helped(user)["contacts"]]


@pytest.fixture
def school(fixed_now, order, places):
    return InstitutionFactory(locality=places.district)


def test_a_director_asks_those_who_keep_and_decide_the_records_of_the_place(school, places):
    here = EditorFactory(region=places.region).user
    district = ApproverFactory(region=None, locality=places.district).user
    EditorFactory(region=places.capital)
    AdministratorFactory()
    assert set(contacts(DirectorFactory(institution=school).user)) == {here, district}


def test_others_ask_the_administrators_of_the_ministry(school, places):
    administrator = AdministratorFactory().user
    assert contacts(EditorFactory(region=places.region).user) == [administrator]
    assert contacts(administrator) == []


def test_each_role_reads_its_own_way_and_who_has_none_is_named_nobody(school, places):
    AdministratorFactory()
    assert [guide.title for guide in helped(DirectorFactory(institution=school).user)["guides"]] == ["Director"]
    assert [guide.title for guide in helped(AuditorFactory().user)["guides"]] == ["Auditor"]
    nobody = helped(UserFactory())
    assert (nobody["guides"], nobody["contacts"]) == ([], [])


def test_the_foot_of_every_page_leads_there(school):
    client = Client()
    client.force_login(DirectorFactory(institution=school).user)
    assert f'href="{reverse("help")}"' in client.get(reverse("home")).content.decode()
