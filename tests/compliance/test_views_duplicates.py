"""Pages of candidates, merger and its undoing."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from institutions.models import Institution, Membership, Merger, NotDuplicate
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]

LIST = "institutions:duplicates"


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def two(fixed_now, order, places) -> list[Institution]:
    return [
        InstitutionFactory(locality=places.district, name_kk=name, address_kk="", address_ru="")
        for name in ("№ 12 орта мектеп", "12-ші мектеп")
    ]


@pytest.fixture
def editor(two, places):
    return EditorFactory(region=places.region).user


def merge_url(two) -> str:
    return reverse("institutions:merge", args=[two[0].bin, two[1].bin])


def pairs(user, **query: str) -> list[tuple[str, str]]:
    page = signed_in(user).get(reverse(LIST), query)
    return [(first.bin, second.bin) for first, second, _signs in page.context["rows"]]


def test_candidates_are_shown_within_the_scope(two, editor, places):
    both = [(two[0].bin, two[1].bin)]
    assert pairs(editor) == both
    assert pairs(EditorFactory(locality=places.district).user) == both
    assert pairs(EditorFactory(locality=places.city).user) == []
    assert pairs(EditorFactory(region=places.capital).user, region="KZ-35") == []
    administrator = AdministratorFactory().user
    assert (pairs(administrator), pairs(administrator, region="KZ-35")) == ([], both)


@pytest.fixture
def far_apart(fixed_now, order, places) -> list[Institution]:
    """One school, entered in two regions."""
    alike = {"name_kk": "Мұхтар Әуезов атындағы мектеп", "address_kk": "Абай, 7", "settlement": None}
    one = InstitutionFactory(locality=places.district, **alike)
    places.capital_district.name_kk = places.district.name_kk
    places.capital_district.save()
    return [one, InstitutionFactory(locality=places.capital_district, **alike)]


def test_pairs_between_regions_are_shown_to_the_ministry_and_to_nobody_of_one_region(far_apart, places):
    both = [(far_apart[0].bin, far_apart[1].bin)]
    administrator = AdministratorFactory().user
    assert pairs(administrator, region="across") == both
    page = signed_in(administrator).get(reverse(LIST), {"region": "across"}).content.decode()
    assert '<option value="across" selected>Between regions</option>' in page
    editors = [EditorFactory(region=region).user for region in (places.region, places.capital)]
    assert [pairs(editor, region="across") for editor in editors] == [[], []]
    assert "Between regions" not in signed_in(editors[0]).get(reverse(LIST)).content.decode()
    EditorFactory(user=editors[0], region=places.capital)
    assert pairs(editors[0], region="across") == both


def test_a_pair_between_regions_is_found_to_be_two_or_merged(far_apart):
    client = signed_in(AdministratorFactory().user)
    url = reverse(LIST) + "?region=across"
    assert client.get(reverse("institutions:merge", args=[one.bin for one in far_apart])).status_code == 200
    response = client.post(url, {"first": far_apart[0].bin, "second": far_apart[1].bin})
    assert (response.status_code, response.url) == (302, url)
    assert client.get(url).context["rows"] == []


@pytest.mark.parametrize("count", [1, 5])
def test_the_list_between_regions_costs_the_same_for_one_pair_and_many(
    far_apart, places, count, django_assert_num_queries
):
    for number in range(count - 1):
        alike = {"name_kk": "Мектеп", "address_kk": f"Абай, {number + 70}", "settlement": None}
        for locality in (places.district, places.capital_district):
            InstitutionFactory(locality=locality, **alike, name_ru=f"Школа {number}")
    client = signed_in(AdministratorFactory().user)
    with django_assert_num_queries(10):
        page = client.get(reverse(LIST), {"region": "across"})
    assert page.context["page"].paginator.count == count


@pytest.mark.parametrize("page", ["list", "merge"])
def test_only_those_who_keep_records_find_these_pages(two, editor, places, page):
    url = reverse(LIST) if page == "list" else merge_url(two)
    people = (ApproverFactory(region=places.region), AnalystFactory(), DirectorFactory(institution=two[0]))
    assert [signed_in(one.user).get(url).status_code for one in people] == [404, 404, 404]
    assert signed_in(editor).get(url).status_code == 200
    assert Client().get(url).status_code == 302


@pytest.mark.parametrize("count", [2, 6])
def test_the_list_costs_the_same_for_one_pair_and_many(fixed_now, order, places, count, django_assert_num_queries):
    for _each in range(count):
        InstitutionFactory(locality=places.district, name_kk="№ 12 мектеп", listed=False)
    client = signed_in(EditorFactory(region=places.region).user)
    with django_assert_num_queries(10):
        page = client.get(reverse(LIST))
    assert page.context["page"].paginator.count == count * (count - 1) // 2


def test_a_pair_found_to_be_two_is_not_shown_again(two, editor):
    sent = {"first": two[0].bin, "second": two[1].bin}
    assert signed_in(editor).post(reverse(LIST), sent).status_code == 302
    assert NotDuplicate.objects.get().decided_by == editor
    assert pairs(editor) == []


def test_a_pair_out_of_scope_cannot_be_dismissed(two, places):
    sent = {"first": two[0].bin, "second": two[1].bin}
    beside = EditorFactory(region=places.capital).user
    assert signed_in(beside).post(reverse(LIST), sent).status_code == 404
    assert not NotDuplicate.objects.exists()


def test_a_duplicate_is_merged_with_its_director_and_both_cards_say_so(two, editor, places):
    director = DirectorFactory(institution=two[1])
    client = signed_in(editor)
    sent = {"since": "2026-05-01", "reason": "Екі рет тіркелген", "carry": [director.pk]}
    response = client.post(merge_url(two), sent)
    assert (response.status_code, response.url) == (302, reverse("institutions:detail", args=[two[0].bin]))
    merger = Merger.objects.get()
    assert (merger.kept, merger.merged, merger.made_by) == (two[0], two[1], editor)
    assert Membership.objects.filter(user=director.user, institution=two[0]).count() == 1
    cards = [client.get(reverse("institutions:detail", args=[one.bin])) for one in two]
    assert two[1].bin in cards[0].content.decode()
    assert two[0].bin in cards[1].content.decode()
    undo = reverse("institutions:unmerge", args=[merger.pk])
    assert [undo in card.content.decode() for card in cards] == [False, True]
    reopen = reverse("institutions:change", args=[two[1].bin, "reopen"])
    assert reopen not in cards[1].content.decode()
    assert client.get(reopen).status_code == 404
    reader = signed_in(ApproverFactory(region=places.region).user)
    assert undo not in reader.get(reverse("institutions:detail", args=[two[1].bin])).content.decode()
    assert pairs(editor) == []


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"reason": ""}, ["reason"]),
        ({"since": "2020-01-01", "reason": ""}, ["since", "reason"]),
        ({"since": "2028-01-01"}, ["since"]),
    ],
)
def test_a_wrong_merger_comes_back_filled(two, editor, wrong, fields):
    sent = {"since": "2026-05-01", "reason": "Екі рет"} | wrong
    response = signed_in(editor).post(merge_url(two), sent)
    assert (response.status_code, sorted(response.context["form"].errors)) == (422, sorted(fields))
    assert {name: response.context["form"][name].value() for name in sent} == sent
    assert not Merger.objects.exists()


def test_merged_twice_is_told(two, editor):
    sent = {"since": "2026-05-01", "reason": "Екі рет"}
    client = signed_in(editor)
    assert client.post(merge_url(two), sent).status_code == 302
    again = client.post(merge_url(two), sent)
    assert (again.status_code, list(again.context["form"].errors)) == (422, ["__all__"])
    crosswise = client.post(reverse("institutions:merge", args=[two[1].bin, two[0].bin]), sent)
    assert (crosswise.status_code, list(crosswise.context["form"].errors)) == (422, ["__all__"])
    assert Merger.objects.count() == 1


def test_a_merger_is_undone_with_a_reason_and_once(two, editor, places):
    client = signed_in(editor)
    client.post(merge_url(two), {"since": "2026-05-01", "reason": "Екі рет"})
    url = reverse("institutions:unmerge", args=[Merger.objects.get().pk])
    assert signed_in(EditorFactory(region=places.capital).user).post(url, {"reason": "Жоқ"}).status_code == 404
    assert client.post(url, {"reason": ""}).status_code == 422
    assert client.post(url, {"reason": "Екі бөлек мектеп"}).status_code == 302
    two[1].refresh_from_db()
    assert two[1].lifecycle == "open"
    again = client.post(url, {"reason": "Тағы"})
    assert again.status_code == 409
    assert "Somebody has undone it already" in again.content.decode()
