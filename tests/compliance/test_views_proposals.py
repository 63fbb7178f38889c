"""Pages of proposed changes: who sees and decides them, and what each sees of the outcome."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from compliance import enrolment, proposals
from institutions.models import ChangeProposal, Institution, Journal
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    AuditorFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]

SINCE = date(2026, 5, 1)


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def school(fixed_now, order, places) -> Institution:
    return InstitutionFactory(locality=places.district, settlement=places.village)


@pytest.fixture
def director(school):
    return DirectorFactory(institution=school).user


@pytest.fixture
def editor(school, places):
    return EditorFactory(region=places.region).user


@pytest.fixture
def proposal(school, director, fixed_now) -> ChangeProposal:
    return proposals.propose(
        school, what="kind", changes={"kind": "college"}, since=SINCE, reason="Бұйрық", by=director, now=fixed_now
    )


def send(user, proposal, do: str, **values: str):
    return signed_in(user).post(reverse("institutions:proposal", args=[proposal.pk]), {"do": do, **values})


def shown(user, show: str = "") -> list[int]:
    page = signed_in(user).get(reverse("institutions:proposals"), {"show": show} if show else {})
    return [one.pk for one, _what, _lines in page.context["rows"]]


def test_a_director_proposes_on_the_page_of_the_act(school, director):
    client, url = signed_in(director), reverse("institutions:change", args=[school.bin, "kind"])
    form = client.get(url).context["form"]
    typed = {name: str(form[name].value() or "") for name in form.fields}
    response = client.post(url, typed | {"do": "propose", "kind": "college", "reason": "Бұйрық"})
    made = ChangeProposal.objects.get()
    assert (response.status_code, response.url) == (302, reverse("institutions:proposal", args=[made.pk]))
    assert (made.what, made.proposed_by, school.states.count()) == ("kind", director, 1)
    again = client.post(url, typed | {"do": "propose", "kind": "kindergarten", "reason": "Бұйрық"})
    assert (again.status_code, list(again.context["form"].errors)) == (422, ["__all__"])
    assert again.context["form"]["kind"].value() == "kindergarten"


@pytest.mark.parametrize("do", ["show", "save"])
def test_a_director_cannot_save_what_the_region_owns(school, director, do):
    client, url = signed_in(director), reverse("institutions:change", args=[school.bin, "kind"])
    form = client.get(url).context["form"]
    typed = {name: str(form[name].value() or "") for name in form.fields}
    client.post(url, typed | {"do": do, "kind": "college", "reason": "Бұйрық"})
    assert school.states.count() == 1
    assert ChangeProposal.objects.get().state == "open"


def test_lists_show_what_is_to_decide_and_what_became_of_ones_own(proposal, director, editor, places):
    assert shown(editor) == [proposal.pk]
    assert shown(editor, "own") == []
    assert shown(editor, "all") == [proposal.pk]
    assert shown(director) == [proposal.pk]
    assert shown(ApproverFactory(region=places.region).user, "all") == [proposal.pk]
    assert shown(EditorFactory(region=places.capital).user, "all") == []
    send(editor, proposal, "accept")
    assert shown(editor) == []
    assert shown(director) == [proposal.pk]


def test_the_list_is_not_there_for_who_has_no_part_in_it(proposal):
    assert signed_in(AuditorFactory().user).get(reverse("institutions:proposals")).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_three(school, editor, fixed_now, count, django_assert_num_queries):
    for _each in range(count):
        proposals.propose(
            school, what="kind", changes={"kind": "college"}, since=SINCE, reason="Бұйрық",
            by=DirectorFactory(institution=school).user, now=fixed_now,
        )  # fmt: skip
    client = signed_in(editor)
    with django_assert_num_queries(13):
        page = client.get(reverse("institutions:proposals"))
    assert len(page.context["rows"]) == count


def test_an_editor_sees_what_follows_and_accepts(proposal, school, editor):
    told = send(editor, proposal, "show")
    assert told.status_code == 200
    assert told.context["told"].figures
    assert school.states.count() == 1
    assert Journal.objects.filter(action="institution.read", user=editor, institution=school).count() == 1
    response = send(editor, proposal, "accept")
    assert response.status_code == 302
    school.refresh_from_db()
    assert school.kind == "college"


def test_declining_needs_a_reason_which_the_director_reads(proposal, director, editor):
    empty = send(editor, proposal, "decline", note="")
    assert (empty.status_code, list(empty.context["form"].errors)) == (422, ["note"])
    assert send(editor, proposal, "decline", note="Бұйрық тіркелмеген").status_code == 302
    page = signed_in(director).get(reverse("institutions:proposal", args=[proposal.pk]))
    assert "Бұйрық тіркелмеген" in page.content.decode()
    assert str(editor) in page.content.decode()


def test_a_director_takes_it_back(proposal, director):
    assert send(director, proposal, "withdraw").status_code == 302
    proposal.refresh_from_db()
    assert proposal.state == "withdrawn"


@pytest.mark.parametrize("do", ["accept", "decline", "show", "nonsense"])
def test_who_does_not_own_the_field_decides_nothing(proposal, director, places, school, do):
    for person in (director, ApproverFactory(region=places.region).user, AnalystFactory().user):
        assert send(person, proposal, do, note="Жоқ").status_code == 409
    proposal.refresh_from_db()
    assert (proposal.state, school.states.count()) == ("open", 1)


def test_what_was_decided_meanwhile_is_told(proposal, director, editor):
    send(director, proposal, "withdraw")
    response = send(editor, proposal, "accept")
    assert (response.status_code, response.context["late"], response.context["decidable"]) == (409, True, False)


def test_a_record_that_moved_on_shows_both(proposal, school, editor, fixed_now):
    enrolment.change_institution(school, since=date(2026, 4, 1), by=editor, now=fixed_now, kind="kindergarten")
    response = send(editor, proposal, "accept")
    assert response.status_code == 409
    (line,) = response.context["lines"]
    assert (line.label, line.old, line.recorded, line.new) == ("Kind", "school", "kindergarten", "college")
    proposal.refresh_from_db()
    assert proposal.state == "open"


def test_home_opens_what_waits_for_ones_decision(proposal, editor, director, places):
    def tiles(user) -> dict[str, tuple[int, str]]:
        sections = signed_in(user).get(reverse("home")).context["sections"]
        found = {tile.label: (tile.value, tile.url) for section in sections for tile in section.tiles}
        return {label: found[label] for label in found if label == "Proposed changes to decide"}

    shown_to = {"Proposed changes to decide": (1, f"{reverse('institutions:proposals')}?show=decide")}
    assert tiles(editor) == shown_to
    assert tiles(AdministratorFactory().user) == shown_to
    assert tiles(AnalystFactory().user) == {}
    assert tiles(EditorFactory(region=places.capital).user) == {}
    send(editor, proposal, "accept")
    assert tiles(editor) == {}


def test_the_card_shows_what_waits(proposal, school, editor):
    page = signed_in(editor).get(reverse("institutions:detail", args=[school.bin]))
    assert reverse("institutions:proposal", args=[proposal.pk]) in page.content.decode()
