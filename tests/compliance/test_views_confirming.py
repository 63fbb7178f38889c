"""Confirming with one tap: from the checklist, from the page, and who cannot."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from compliance import enrolment, periods
from compliance.models import ChecklistItem, Confirmation
from institutions.models import Journal
from tests.factories.compliance import ConfirmationFactory, EntryFactory, ItemFactory
from tests.factories.institutions import ApproverFactory, DirectorFactory, EditorFactory, InstitutionFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def school(fixed_now, order, places):
    return InstitutionFactory(locality=places.city, large_city=places.large_city, now=fixed_now - timedelta(days=300))


@pytest.fixture
def address(school):
    return reverse("compliance:confirm", args=[school.bin, "2026Q1"])


@pytest.fixture
def director(school):
    return signed_in(DirectorFactory(institution=school, user__full_name="Директор").user)


def shown(client: Client, address: str) -> str:
    return client.get(address).context["standing"].ready.mark


def test_a_director_confirms_and_is_led_to_the_checklist(director, school, address, order):
    answer = director.post(address, {"shown": shown(director, address)})
    assert (answer.status_code, answer.url) == (302, reverse("compliance:checklist", args=[school.bin]))
    assert Confirmation.objects.values("institution", "period", "by__full_name").get() == {
        "institution": school.pk, "period": order.period("2026Q1").pk, "by__full_name": "Директор",
    }  # fmt: skip
    page = director.get(answer.url).content.decode()
    assert "Confirmed: 2026, quarter 1." in page
    assert [one.confirmation is not None for one in director.get(answer.url).context["standings"]] == [False, True]


def test_what_is_open_stands_on_the_page_first_and_does_not_forbid(director, school, address):
    returned = EntryFactory(item=ItemFactory(institution=school), returned=True)
    page = director.get(address).content.decode()
    assert "Look at these first" in page
    assert returned.item.requirement.title_kk in page
    assert "Confirm all the same" in page
    director.post(address, {"shown": shown(director, address)})
    assert Confirmation.objects.count() == 1


def answer_everything(school: Any) -> None:
    for item in ChecklistItem.objects.filter(institution=school, listed=True).exclude(requirement__measure=None):
        EntryFactory(item=ItemFactory(institution=school, code=item.requirement.code), approved=True)


def test_where_nothing_is_open_the_checklist_confirms_with_one_tap(director, school, address, order, fixed_now):
    answer_everything(school)
    ConfirmationFactory(institution=school, period=order.period("2025Q4"), at=fixed_now)
    page = director.get(reverse("compliance:checklist", args=[school.bin]))
    standing = page.context["standings"][1]
    assert (standing.ready.items, standing.ready.changes) == ([], 0)
    assert f'<form method="post" action="{address}">' in page.content.decode()
    assert "Nothing has changed: confirm" in page.content.decode()
    assert director.post(address, {"shown": standing.ready.mark}).status_code == 302
    assert Confirmation.objects.get(period__code="2026Q1").changes == 0


def test_the_one_tap_carries_the_token_against_forgery(school, address):
    answer_everything(school)
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(DirectorFactory(institution=school).user)
    page = careful.get(reverse("compliance:checklist", args=[school.bin]))
    token = page.content.decode().split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    mark = page.context["standings"][1].ready.mark
    assert careful.post(address, {"shown": mark}).status_code == 403
    assert careful.post(address, {"shown": mark, "csrfmiddlewaretoken": token}).status_code == 302


def test_a_tap_that_knew_less_is_shown_what_came_up(director, school, address):
    known = shown(director, address)
    EntryFactory(item=ItemFactory(institution=school), returned=True)
    answer = director.post(address, {"shown": known})
    assert answer.status_code == 409
    assert "The checklist has changed since you opened the page." in answer.content.decode()
    assert not Confirmation.objects.exists()
    assert director.post(address, {"shown": answer.context["standing"].ready.mark}).status_code == 302


def test_a_second_tap_says_who_has_confirmed(director, school, address):
    mark = shown(director, address)
    director.post(address, {"shown": mark})
    again = director.post(address, {"shown": mark}, follow=True)
    assert again.redirect_chain == [(address, 302)]
    assert "This quarter is confirmed already." in again.content.decode()
    assert again.context["standing"].confirmation == Confirmation.objects.get()
    assert Journal.objects.filter(action="period.confirm").count() == 1


def test_an_answer_after_it_is_shown_beside_the_confirmation(director, school, address, fixed_now):
    director.post(address, {"shown": shown(director, address)})
    EntryFactory(item=ItemFactory(institution=school), submitted=True, now=fixed_now + timedelta(minutes=5))
    page = director.get(reverse("compliance:checklist", args=[school.bin])).content.decode()
    assert "1 change after it" in page


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("2026Q1", "Quarter 1 of 2026 is closed: it cannot be confirmed any more."),
        ("2026Q3", "Quarter 3 of 2026 has not begun yet."),
        ("2025Q4", "The institution was not open in quarter 4 of 2025: there is nothing to confirm."),
    ],
)
def test_what_cannot_be_confirmed_says_why(director, school, order, fixed_now, code, said):
    enrolment.change_institution(
        school, since=order.day - timedelta(days=180), by=None, now=fixed_now, lifecycle="capital_repair"
    )
    periods.close_period(order.period("2026Q1"), by=None, now=fixed_now)
    address = reverse("compliance:confirm", args=[school.bin, code])
    page = director.get(address)
    assert (page.status_code, page.context["refused"]) == (200, said)
    answer = director.post(address, {"shown": page.context["standing"].ready.mark})
    assert (answer.status_code, answer.context["refused"]) == (409, said)
    assert not Confirmation.objects.exists()


def test_an_editor_confirms_on_behalf_and_the_reading_is_noted(school, address, places):
    editor = EditorFactory(region=places.region).user
    client = signed_in(editor)
    client.post(address, {"shown": shown(client, address)})
    assert Confirmation.objects.get().by == editor
    assert Journal.objects.filter(action="institution.read", user=editor).count() == 1


def test_others_find_no_page_and_no_button(school, address, places):
    for membership in (
        ApproverFactory(region=places.region),
        EditorFactory(region=places.capital),
        DirectorFactory(institution=InstitutionFactory(locality=places.city)),
    ):
        client = signed_in(membership.user)
        assert (client.get(address).status_code, client.post(address, {}).status_code) == (404, 404)
    stranger = Client().get(address)
    assert (stranger.status_code, stranger.url) == (302, f"/accounts/login/?next={address}")
    approver = signed_in(ApproverFactory(region=places.region).user)
    page = approver.get(reverse("compliance:checklist", args=[school.bin])).content.decode()
    assert "The institution has not confirmed it yet." in page
    assert address not in page
    assert not Confirmation.objects.exists()


def test_outside_the_last_month_the_running_quarter_may_be_confirmed_early(school, order, fixed_now):
    for code in ("2025Q4", "2026Q1"):
        periods.close_period(order.period(code), by=None, now=fixed_now)
    director = signed_in(DirectorFactory(institution=school).user)
    page = director.get(reverse("compliance:checklist", args=[school.bin])).content.decode()
    assert "not confirmed yet; you will be asked in its last month." in page
    assert reverse("compliance:confirm", args=[school.bin, "2026Q2"]) in page


@pytest.mark.parametrize("answers", [1, 3])
def test_query_counts_do_not_grow(school, address, answers, places, django_assert_num_queries):
    items = ChecklistItem.objects.filter(institution=school, listed=True).select_related("institution", "requirement")
    for item in items[:answers]:
        EntryFactory(item=item, returned=True)
    director = signed_in(DirectorFactory(institution=school).user)
    director.get(address)
    with django_assert_num_queries(13):
        response = director.get(address)
    assert sum(one.why == "returned" for one in response.context["standing"].ready.items) == answers


def test_home_asks_a_director_first_until_it_is_confirmed(school, order, places):
    membership = DirectorFactory(institution=school)

    def asked(moment: str) -> list[str]:
        with time_machine.travel(datetime.fromisoformat(moment), tick=False):
            return [one.period.code for one in signed_in(membership.user).get("/").context["sections"][0].confirmations]

    assert asked("2026-05-20T12:00+05:00") == ["2025Q4", "2026Q1"]
    ConfirmationFactory(institution=school, period=order.period("2026Q1"))
    assert asked("2026-05-20T12:00+05:00") == ["2025Q4"]
    assert asked("2026-06-01T12:00+05:00") == ["2026Q2"]
    periods.close_period(order.period("2026Q2"), by=None, now=datetime.fromisoformat("2026-07-10T12:00+05:00"))
    assert asked("2026-07-11T12:00+05:00") == []


def test_home_says_that_nothing_else_is_due_besides_the_confirmation(director, school, order, fixed_now):
    answer_everything(school)

    def first() -> str:
        return director.get("/").context["sections"][0].first

    assert first() == "Nothing else is due today."
    for code in ("2025Q4", "2026Q1"):
        ConfirmationFactory(institution=school, period=order.period(code), at=fixed_now)
    assert first() == "Nothing is due today."
