"""What is said about an item: by whom, who reads it, who is told; and that it stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from compliance import digests, discussion, notices
from compliance.enums import NoticeKind, Side
from compliance.models import ChecklistItem, Comment, Notice, StatusEntry
from institutions.models import Journal, User
from tests.conftest import Order, Places
from tests.constraints import broken
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import (
    AnalystFactory,
    ApproverFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
WORDS = "Қай күні орнатылды? <b>Шартты</b> көрсетіңіз"


@dataclass
class World:
    """An item of a school with an answer that waits, and people of both sides."""

    now: datetime
    item: ChecklistItem
    entry: StatusEntry
    director: User
    approver: User
    editor: User
    neighbour: User

    def say(self, by: User, text: str = WORDS, later: timedelta = timedelta()) -> Comment:
        return discussion.say(self.item, text, by=by, now=self.now + later)

    @property
    def pages(self) -> dict[str, str]:
        code = self.item.requirement.code
        return {
            "item": reverse("compliance:item", args=[self.item.institution.bin, code]),
            "comment": reverse("compliance:comment", args=[self.item.institution.bin, code]),
            "entry": reverse("compliance:entry", args=[self.entry.pk]),
            "entry_comment": reverse("compliance:entry_comment", args=[self.entry.pk]),
        }


@pytest.fixture
def world(fixed_now: datetime, places: Places, order: Order) -> World:
    school = InstitutionFactory(locality=places.district)
    director = DirectorFactory(institution=school).user
    item = ItemFactory(institution=school)
    return World(
        fixed_now,
        item,
        EntryFactory(item=item, submitted=True, author=director),
        director,
        ApproverFactory(region=places.region).user,
        EditorFactory(region=places.region).user,
        ApproverFactory(region=places.capital).user,
    )


def test_a_comment_names_its_side_and_is_in_the_journal(world: World) -> None:
    said = [world.say(person) for person in (world.director, world.approver, world.editor)]
    assert [comment.side for comment in said] == [Side.ANSWERING, Side.DECIDING, Side.ANSWERING]
    rows = Journal.objects.filter(action="comment.write").order_by("pk").values_list("user", "subject", "after")
    assert list(rows)[1] == (world.approver.pk, f"comment:{said[1].pk}", {"side": "deciding", "text": WORDS})


def test_whoever_answers_and_decides_speaks_as_who_answers(world: World, places: Places) -> None:
    EditorFactory(user=world.approver, region=places.region)
    assert world.say(world.approver).side == Side.ANSWERING


@pytest.mark.parametrize("who", ["neighbour", "analyst", "nobody"])
def test_nobody_of_neither_side_speaks(world: World, who: str) -> None:
    people = {"neighbour": world.neighbour, "analyst": AnalystFactory().user, "nobody": UserFactory()}
    with pytest.raises(discussion.NotOfEitherSide):
        world.say(people[who])
    assert not Comment.objects.exists()


@pytest.mark.parametrize("text", ["", " \n ", "ә" * (discussion.LONGEST + 1)])
def test_a_comment_has_a_length(world: World, text: str) -> None:
    with pytest.raises(discussion.TooMuch):
        world.say(world.director, text)
    assert (Comment.objects.count(), world.say(world.director, "ә" * discussion.LONGEST).pk) != (0, None)


def test_the_same_words_sent_twice_are_one_comment(world: World) -> None:
    first = world.say(world.director)
    assert world.say(world.director, f"  {WORDS}\r\n", MINUTE) == first
    assert world.say(world.approver, later=MINUTE) != first
    assert world.say(world.director, later=6 * MINUTE) != first
    assert Journal.objects.filter(action="comment.write").count() == 3


def test_nobody_fills_a_discussion_by_a_machine(world: World) -> None:
    for number in range(discussion.MOST):
        world.say(world.director, f"{number}")
    with pytest.raises(discussion.TooMuch):
        world.say(world.director, "тағы", 59 * MINUTE)
    world.say(world.approver, "жауап")
    world.say(world.director, "тағы", 61 * MINUTE)
    assert Comment.objects.count() == discussion.MOST + 2


def test_comment_says_something(world: World) -> None:
    with broken("comment_says_something"):
        Comment.objects.create(item=world.item, side=Side.DECIDING, text="", by=world.approver, at=world.now)
    with broken("comment_side_is_known"):
        Comment.objects.create(item=world.item, side="both", text="?", by=world.approver, at=world.now)


# --- who is told ----------------------------------------------------------------------------------


def told() -> set[tuple[User, str]]:
    comments = Notice.objects.filter(kind=NoticeKind.COMMENT).select_related("recipient")
    return {(notice.recipient, notice.subject) for notice in comments}


def test_the_other_side_is_told_of_each_comment_once(world: World, places: Places) -> None:
    district = ApproverFactory(locality=places.district).user
    DirectorFactory(institution=InstitutionFactory(locality=places.district))
    asked = world.say(world.director, "Қалай?")
    helped = world.say(world.editor, "Мен де сұраймын")
    answered = world.say(world.approver, "Былай")
    assert (notices.derive(world.now), notices.derive(world.now + MINUTE)) == (6, 0)
    assert told() == {
        (world.approver, f"comment:{asked.pk}"),
        (district, f"comment:{asked.pk}"),
        (world.approver, f"comment:{helped.pk}"),
        (district, f"comment:{helped.pk}"),
        (world.director, f"comment:{answered.pk}"),
        (world.editor, f"comment:{answered.pk}"),
    }


def test_an_editor_who_has_left_is_told_nothing(world: World) -> None:
    world.say(world.editor, "Сұрақ")
    world.editor.memberships.update(valid_to=world.now.date() - timedelta(days=1))
    world.say(world.approver, "Жауап")
    notices.derive(world.now)
    assert world.editor not in {person for person, _subject in told()}


def test_the_letter_counts_and_tells_nothing_of_what_was_written(world: World) -> None:
    world.say(world.approver, "Камера жоқ")
    notices.derive(world.now)
    digests.send_due(world.now)
    (letter,) = [letter for letter in mail.outbox if letter.to == [world.director.email]]
    for secret in (
        "Камера",
        world.item.institution.name_kk,
        world.item.requirement.title_kk,
        world.item.institution.bin,
    ):
        assert secret not in letter.body + letter.subject


def test_the_notice_leads_to_the_discussion(client: Client, world: World) -> None:
    world.say(world.approver)
    notices.derive(world.now)
    client.force_login(world.director)
    notice = Notice.objects.get(recipient=world.director, kind=NoticeKind.COMMENT)
    page = client.get(reverse("compliance:inbox"))
    assert [line.about for line in page.context["lines"]] == [
        f"{world.item.institution.name} · {world.item.requirement.title}"
    ]
    response = client.post(reverse("compliance:notice", args=[notice.pk]))
    assert response.url == world.pages["item"] + "#discussion"


# --- pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "page"), [("director", "item"), ("approver", "item"), ("approver", "entry")])
def test_both_sides_write_on_their_pages_as_plain_text(client: Client, world: World, who: str, page: str) -> None:
    client.force_login(getattr(world, who))
    form = {"item": "comment", "entry": "entry_comment"}[page]
    response = client.post(world.pages[form], {"comment-text": WORDS})
    assert (response.status_code, response.url) == (302, world.pages[page] + "#discussion")
    shown = client.get(world.pages[page])
    assert [comment.text for comment in shown.context["comments"]] == [WORDS]
    assert "&lt;b&gt;Шартты&lt;/b&gt;" in shown.content.decode()


@pytest.mark.parametrize("page", ["item", "entry"])
@pytest.mark.parametrize("text", ["", "ә" * 1001])
def test_a_refused_comment_comes_back_filled(client: Client, world: World, page: str, text: str) -> None:
    client.force_login(world.approver)
    response = client.post(world.pages["comment" if page == "item" else "entry_comment"], {"comment-text": text})
    form = response.context["comment_form"]
    assert (response.status_code, list(form.errors), form["text"].value()) == (422, ["text"], text)
    assert not Comment.objects.exists()


def test_too_many_comments_are_refused_with_what_was_typed(client: Client, world: World) -> None:
    for number in range(discussion.MOST):
        world.say(world.director, f"{number}")
    client.force_login(world.director)
    response = client.post(world.pages["comment"], {"comment-text": "тағы бір"})
    assert (response.status_code, response.context["comment_form"]["text"].value()) == (422, "тағы бір")


def test_nobody_else_reads_or_writes(client: Client, world: World) -> None:
    world.say(world.approver)
    found = {}
    people = {"neighbour": world.neighbour, "nobody": UserFactory(), "analyst": AnalystFactory().user}
    for name, person in people.items():
        client.force_login(person)
        page = client.get(world.pages["item"])
        sent = [
            client.post(world.pages[form], {"comment-text": "?"}).status_code for form in ("comment", "entry_comment")
        ]
        found[name] = (page.status_code, page.status_code == 200 and page.context["comment_form"], sent)
    assert found == {
        "neighbour": (404, False, [404, 404]),
        "nobody": (404, False, [404, 404]),
        "analyst": (200, None, [404, 404]),
    }
    assert Comment.objects.count() == 1


@pytest.mark.parametrize("comments", [1, 15])
def test_the_page_costs_the_same_however_much_was_said(
    client: Client, world: World, comments: int, django_assert_num_queries: Any
) -> None:
    for number in range(comments):
        world.say(world.director, f"{number}")
    client.force_login(world.director)
    client.get(world.pages["item"])
    with django_assert_num_queries(21):
        client.get(world.pages["item"])
