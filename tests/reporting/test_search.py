"""The search: everything that a person may open by its name, and nothing else."""

import pytest
from django.test import Client
from django.urls import reverse

from compliance.models import Requirement
from institutions.models import User
from reporting.search import MOST, find
from tests.factories.compliance import ItemFactory
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]
SEARCH = reverse("reporting:search")


def found(user: User, text: str) -> dict[str, list[str]]:
    return {group.title: [hit.title for hit in group.hits] for group in find(user, text)}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def school(fixed_now, order, places):
    return InstitutionFactory(
        locality=places.capital_district, name_kk="№ 7 Қонаев орта мектебі", name_ru="Средняя школа № 7 имени Конаева"
    )


@pytest.mark.parametrize("text", ["қонаев", "Конаев 7", "qonaev", "KONAYEV мектеб"])
def test_an_institution_is_found_in_any_letters(school, text):
    assert found(AnalystFactory().user, text) == {"Institutions": [school.name_kk]}


def test_the_whole_bin_leads_to_the_card_and_its_beginning_to_the_list_of_results(school):
    client = signed_in(AnalystFactory().user)
    assert client.get(SEARCH, {"q": f" {school.bin} "}).url == reverse("institutions:detail", args=[school.bin])
    assert found(AnalystFactory().user, school.bin[:6]) == {"Institutions": [school.name_kk]}


def test_what_is_out_of_reach_is_not_found_by_name_nor_by_bin(school, places):
    neighbour = ApproverFactory(region=places.region).user
    assert found(neighbour, "Қонаев") == {}
    page = signed_in(neighbour).get(SEARCH, {"q": school.bin})
    assert page.status_code == 200
    assert "Nothing was found" in page.content.decode()
    assert found(UserFactory(), "Қонаев") == {}


def test_places_are_found_within_reach_and_lead_to_their_coverage(school, places):
    own = places.capital_district
    everywhere, there = AnalystFactory().user, ApproverFactory(region=places.region).user
    (group,) = [group for group in find(everywhere, own.name_kk) if group.title == "Coverage of places"]
    assert own.name_kk in [hit.title for hit in group.hits]
    assert f"{reverse('reporting:coverage')}?locality={own.kato}" in [hit.url for hit in group.hits]
    assert "Coverage of places" not in found(there, own.name_kk)
    assert "Coverage of places" not in found(DirectorFactory(institution=school).user, own.name_kk)


def test_a_requirement_leads_a_director_to_the_item_and_others_to_its_coverage(school):
    item = ItemFactory(institution=school, measure="turnstile")
    title = item.requirement.title_kk
    director, analyst = DirectorFactory(institution=school).user, AnalystFactory().user
    (mine,) = [hit for group in find(director, title) for hit in group.hits if hit.title == title]
    assert mine.url == reverse("compliance:item", args=[school.bin, item.requirement.code])
    (theirs,) = [hit for group in find(analyst, title) for hit in group.hits if hit.title == title]
    assert theirs.url == f"{reverse('reporting:coverage')}?requirement={item.requirement.code}"
    assert Requirement.objects.filter(title_kk=title).count() == 1


def test_people_are_found_by_those_who_keep_them(school, places):
    director = DirectorFactory(institution=school, user__full_name="Айгүл Серікқызы Әбенова").user
    administrator = AdministratorFactory().user
    assert found(administrator, "Әбенова") == {"People": [str(director)]}
    assert found(EditorFactory(region=places.capital).user, "Әбенова") == {"People": [str(director)]}
    assert found(EditorFactory(region=places.region).user, "Әбенова") == {}
    assert found(AnalystFactory().user, "Әбенова") == {}


def test_a_long_group_ends_with_the_way_to_all_of_it(school, places):
    for _one in range(MOST):
        InstitutionFactory(locality=places.capital_district, name_kk="Қонаев балабақшасы")
    (group,) = find(AnalystFactory().user, "қонаев")
    assert len(group.hits) == MOST
    assert group.more_url == f"{reverse('institutions:list')}?q=%D2%9B%D0%BE%D0%BD%D0%B0%D0%B5%D0%B2"


@pytest.mark.parametrize("text", ["", " ", "a", "№"])
def test_too_little_finds_nothing_and_is_told(school, text):
    page = signed_in(AnalystFactory().user).get(SEARCH, {"q": text})
    assert "Write 2 letters at least" in page.content.decode()


def test_what_is_typed_comes_back_escaped_and_a_script_gets_the_results_alone(school):
    client = signed_in(AnalystFactory().user)
    page = client.get(SEARCH, {"q": '"><b>қонаев'}).content.decode()
    assert 'value="&quot;&gt;&lt;b&gt;қонаев"' in page
    part = client.get(SEARCH, {"q": "қонаев"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert school.name_kk in part


def test_a_search_asks_as_much_for_many_as_for_few(school, places, django_assert_max_num_queries):
    administrator = AdministratorFactory().user
    for _one in range(30):
        InstitutionFactory(locality=places.capital_district, name_kk="Қонаев балабақшасы")
    with django_assert_max_num_queries(10):
        find(administrator, "қонаев")
