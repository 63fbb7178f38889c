"""The inbox: whose it is, what it says, where it leads."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from compliance.enums import OF_AN_INSTITUTION, NoticeKind
from compliance.models import Notice
from institutions.models import Institution, Journal, User
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import ApproverFactory, DirectorFactory, InstitutionFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]
INBOX = "/inbox/"


@pytest.fixture
def school(fixed_now, order, places) -> Institution:
    return InstitutionFactory(locality=places.district, name_kk="Әуезов мектебі")


@pytest.fixture
def director(school) -> User:
    return DirectorFactory(institution=school).user


@pytest.fixture
def tell(school, fixed_now):
    def one(person: User, kind: NoticeKind = NoticeKind.ENDING_WEEK, number: int = 0, **fields: Any) -> Notice:
        institution = school if kind in OF_AN_INSTITUTION else None
        return Notice.objects.create(
            **{
                "recipient": person, "kind": kind, "subject": f"test:{number}", "institution": institution,
                "day": date(2026, 5, 20), "created_at": fixed_now, **fields,
            }
        )  # fmt: skip

    return one


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    client.cookies["django_language"] = "en"
    return client


def said(client: Client) -> list[tuple[str, str]]:
    return [(line.what, line.about) for line in client.get(INBOX).context["lines"]]


def test_an_empty_inbox_says_what_will_stand_there(director):
    assert "Nothing has been told to you yet" in signed_in(director).get(INBOX).content.decode()


@pytest.mark.parametrize(
    ("kind", "count", "what"),
    [
        (NoticeKind.ENDING_TOMORROW, 1, "1 proof ends by tomorrow"),
        (NoticeKind.ENDING_WEEK, 3, "3 proofs end within a week"),
        (NoticeKind.ENDING_MONTH, 1, "1 proof ends within a month"),
        (NoticeKind.UNMENDED, 2, "2 returned answers have not been mended for a week"),
        (NoticeKind.UNMENDED_LONG, 1, "1 returned answer has not been mended for two weeks"),
        (NoticeKind.CONTRADICTED, 1, "1 approved answer is contradicted by an inspection or the police"),
    ],
)
def test_a_notice_is_told_in_a_sentence_with_its_institution(director, tell, kind, count, what):
    tell(director, kind, count=count)
    assert said(signed_in(director)) == [(what, "Әуезов мектебі")]


def test_a_returned_answer_names_its_item_and_leads_to_it(director, school, tell):
    item = ItemFactory(institution=school)
    entry = EntryFactory(item=item, returned=True)
    notice = tell(director, NoticeKind.RETURNED, subject=f"statusentry:{entry.pk}")
    client = signed_in(director)
    assert said(client) == [("An answer came back", f"Әуезов мектебі · {item.requirement.title_en}")]
    response = client.post(reverse("compliance:notice", args=[notice.pk]))
    assert (response.status_code, response.url) == (
        302, reverse("compliance:item", args=[school.bin, item.requirement.code]),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "show"),
    [
        (NoticeKind.ENDING_MONTH, "ending"),
        (NoticeKind.UNMENDED, "returned"),
        (NoticeKind.CONTRADICTED, "contradicted"),
    ],
)
def test_opening_marks_read_and_leads_to_the_checklist(director, school, tell, fixed_now, kind, show):
    notice, other = tell(director, kind), tell(director, kind, 1)
    client = signed_in(director)
    assert client.get(INBOX).context["unread"]() == 2
    response = client.post(reverse("compliance:notice", args=[notice.pk]))
    assert response.url == reverse("compliance:checklist", args=[school.bin]) + f"?show={show}"
    assert client.get(response.url).status_code == 200
    assert list(Notice.objects.unread()) == [other]
    notice.refresh_from_db()
    assert notice.read_at == fixed_now


def test_what_was_found_at_many_leads_to_the_contradictions(school, tell):
    approver = ApproverFactory(region=school.locality.region).user
    notice = tell(approver, NoticeKind.CONTRADICTIONS, count=7)
    client = signed_in(approver)
    assert said(client) == [("7 approved answers are contradicted by an inspection or the police", "")]
    response = client.post(reverse("compliance:notice", args=[notice.pk]))
    assert response.url == reverse("compliance:contradictions")
    assert client.get(response.url).status_code == 200


def test_answers_that_wait_lead_to_the_late_ones_of_the_queue(school, tell):
    approver = ApproverFactory(region=school.locality.region).user
    notice = tell(approver, NoticeKind.WAITING, count=4)
    client = signed_in(approver)
    assert said(client) == [("4 answers have waited for a decision for a week", "")]
    response = client.post(reverse("compliance:notice", args=[notice.pk]))
    assert response.url == reverse("compliance:queue") + "?older=7"
    assert client.get(response.url).status_code == 200


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (NoticeKind.UNCONFIRMED, "Quarter 2 of 2026 waits for your confirmation"),
        (NoticeKind.UNCONFIRMED_TOMORROW, "Quarter 2 of 2026 is to be confirmed by tomorrow"),
    ],
)
def test_a_quarter_to_be_confirmed_leads_to_its_confirmation(director, school, tell, kind, what):
    notice = tell(director, kind, subject=f"period:2026Q2/{school.pk}")
    client = signed_in(director)
    assert said(client) == [(what, "Әуезов мектебі")]
    response = client.post(reverse("compliance:notice", args=[notice.pk]))
    assert response.url == reverse("compliance:confirm", args=[school.bin, "2026Q2"])
    assert client.get(response.url).status_code == 200


@pytest.mark.parametrize(
    ("kind", "count", "what"),
    [
        (NoticeKind.UNCONFIRMED_LATE, 1, "1 institution did not confirm quarter 2 of 2026 in time"),
        (NoticeKind.UNCONFIRMED_LONG, 3, "3 institutions have still not confirmed quarter 2 of 2026"),
    ],
)
def test_quarters_that_were_not_confirmed_lead_to_the_institutions_that_did_not(school, tell, kind, count, what):
    approver = ApproverFactory(region=school.locality.region).user
    notice = tell(approver, kind, subject="period:2026Q2", institution=None, count=count)
    client = signed_in(approver)
    assert said(client) == [(what, "")]
    response = client.post(reverse("compliance:notice", args=[notice.pk]))
    assert response.url == reverse("compliance:quarter", args=["2026Q2"]) + "?part=unconfirmed"
    assert client.get(response.url).status_code == 200


def test_reading_the_list_marks_nothing_and_a_get_opens_nothing(director, tell):
    notice = tell(director)
    client = signed_in(director)
    client.get(INBOX)
    assert client.get(reverse("compliance:notice", args=[notice.pk])).status_code == 405
    assert client.get(reverse("compliance:notices_read")).status_code == 405
    assert Notice.objects.unread().count() == 1


def test_the_inbox_is_the_persons_own(director, tell, places):
    notice = tell(director)
    colleague = DirectorFactory(institution=notice.institution).user
    stranger = DirectorFactory(institution=InstitutionFactory(locality=places.capital_district)).user
    url = reverse("compliance:notice", args=[notice.pk])
    assert [signed_in(person).post(url).status_code for person in (colleague, stranger)] == [404, 404]
    assert [said(signed_in(person)) for person in (colleague, stranger)] == [[], []]
    assert Client().get(INBOX).status_code == 302
    signed_in(colleague).post(reverse("compliance:notices_read"))
    assert Notice.objects.unread().count() == 1


def test_who_no_longer_reaches_the_institution_reads_nothing_of_it(director, tell):
    notice = tell(director)
    director.memberships.update(valid_to=date(2026, 5, 19))
    client = signed_in(director)
    assert said(client) == []
    assert client.post(reverse("compliance:notice", args=[notice.pk])).status_code == 404


def test_all_are_marked_read_at_once(director, tell, fixed_now: datetime):
    tell(director)
    tell(director, number=1)
    response = signed_in(director).post(reverse("compliance:notices_read"))
    assert (response.status_code, response.url) == (302, INBOX)
    assert list(Notice.objects.values_list("read_at", flat=True)) == [fixed_now, fixed_now]


def test_the_top_bar_counts_what_is_not_read(director, tell):
    client = signed_in(director)
    assert "q-bell__count" not in client.get(INBOX).content.decode()
    for number in range(2):
        tell(director, number=number)
    page = client.get(reverse("home")).content.decode()
    assert 'aria-label="Inbox: 2 not read"' in page
    assert '<span class="q-bell__count" aria-hidden="true">2</span>' in page


@pytest.mark.parametrize("rows", [1, 3])
def test_inbox_query_count(director, school, tell, rows, django_assert_num_queries):
    item = ItemFactory(institution=school)
    for _each in range(rows):
        entry = EntryFactory(item=item, returned=True)
        tell(director, NoticeKind.RETURNED, subject=f"statusentry:{entry.pk}")
    client = signed_in(director)
    with django_assert_num_queries(8):
        response = client.get(INBOX)
    assert len(response.context["lines"]) == rows


# --- letters ---------------------------------------------------------------------------------------

LETTERS = "/inbox/letters/"


def test_a_person_chooses_their_letters(director, fixed_now):
    client = signed_in(director)
    assert client.get(LETTERS).context["form"]["letters"].value() == "all"
    response = client.post(LETTERS, {"letters": "urgent"})
    assert (response.status_code, response.url) == (302, INBOX)
    director.refresh_from_db()
    assert director.letters == "urgent"
    note = Journal.objects.get(action="person.letters")
    assert (note.user, note.at, note.before, note.after) == (
        director, fixed_now, {"letters": "all"}, {"letters": "urgent"},
    )  # fmt: skip


@pytest.mark.parametrize("sent", [{}, {"letters": "hourly"}])
def test_a_choice_that_is_none_changes_nothing(director, sent):
    assert signed_in(director).post(LETTERS, sent).status_code == 422
    director.refresh_from_db()
    assert (director.letters, Journal.objects.filter(action="person.letters").exists()) == ("all", False)


def test_a_stranger_is_asked_to_sign_in_first(db):
    assert Client().get(LETTERS).status_code == 302
