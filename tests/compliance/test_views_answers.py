"""The checklist and the page of one item."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from compliance import periods, workflow
from compliance.checklist import Show, Urgency
from compliance.enums import EntryState, Measure, Status
from compliance.models import ChecklistItem, StatusEntry
from institutions.models import Institution, Journal, User
from tests.conftest import Order, Places
from tests.factories.compliance import EntryFactory, InspectionFactory, ItemFactory
from tests.factories.institutions import (
    AnalystFactory,
    ApproverFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    UserFactory,
)

CODE = "ACC-ORDER"
DOCUMENT = {
    "document_number": "214/2026",
    "document_issuer": "«Құзет-Қорғау» ЖШС",
    "document_issued_on": "2026-05-01",
    "document_valid_until": "2027-05-01",
}

pytestmark = pytest.mark.django_db


@dataclass
class World:
    """A school with its director, on 20 May 2026."""

    places: Places
    order: Order
    now: datetime
    school: Institution
    director: User
    item: ChecklistItem

    @property
    def day(self) -> date:
        return self.order.day

    def url(self, name: str = "item", code: str = CODE) -> str:
        return reverse(
            f"compliance:{name}",
            args=[self.school.bin] if name == "checklist" else [self.school.bin, code],
        )


@pytest.fixture
def world(fixed_now: datetime, places: Places, order: Order) -> World:
    school = InstitutionFactory(locality=places.city)
    director = DirectorFactory(institution=school).user
    return World(places, order, fixed_now, school, director, ItemFactory(institution=school, code=CODE))


def signed_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def typed(world: World, **changes: str) -> dict[str, str]:
    """A form as the page gives it, filled."""
    world.item.refresh_from_db()
    draft = StatusEntry.objects.filter(item=world.item, author=world.director, state="draft").first()
    base = f"{world.item.version}/{draft.saved_at.isoformat() if draft else ''}"
    return {
        "status": "met",
        "effective_on": "2026-05-10",
        "note": "Тәртіп бекітілді, бұйрық № 5",
        "base": base,
        "do": "submit",
    } | changes


def kept(response: object) -> dict[str, object]:
    """What stands in the form that came back."""
    form = response.context["form"]
    return {name: form[name].value() for name in ("status", "effective_on", "note")}


# --- the checklist --------------------------------------------------------------------------------


def test_the_checklist_is_found_by_those_in_scope_alone(client: Client, world: World) -> None:
    other = InstitutionFactory(locality=world.places.capital_district)
    readers = {
        "director": world.director,
        "editor": EditorFactory(region=world.places.region).user,
        "analyst": AnalystFactory().user,
        "neighbour's director": DirectorFactory(institution=other).user,
        "neighbour's editor": EditorFactory(region=world.places.capital).user,
        "nobody": UserFactory(),
    }
    seen = {
        name: [signed_in(client, user).get(address).status_code for address in (world.url("checklist"), world.url())]
        for name, user in readers.items()
    }
    assert seen == {
        "director": [200, 200],
        "editor": [200, 200],
        "analyst": [200, 200],
        "neighbour's director": [404, 404],
        "neighbour's editor": [404, 404],
        "nobody": [404, 404],
    }


def test_the_checklist_asks_a_stranger_to_sign_in(client: Client, world: World) -> None:
    response = client.get(world.url("checklist"))
    assert (response.status_code, response.url) == (302, f"/accounts/login/?next={world.url('checklist')}")


def test_reading_from_outside_is_noted_once_and_from_inside_never(client: Client, world: World) -> None:
    analyst = AnalystFactory().user
    approver = ApproverFactory(region=world.places.region).user
    editor = EditorFactory(region=world.places.region).user
    for user in (world.director, editor, analyst, approver):
        signed_in(client, user).get(world.url("checklist"))
    rows = Journal.objects.filter(action="institution.read").order_by("pk")
    assert list(rows.values_list("user", "institution", "subject")) == [
        (user.pk, world.school.pk, f"institution:{world.school.pk}") for user in (editor, analyst, approver)
    ]


def test_chapters_stand_in_the_order_of_the_order_and_hold_every_listed_item_once(client: Client, world: World) -> None:
    context = signed_in(client, world.director).get(world.url("checklist")).context
    codes = [row.item.requirement.code for group in context["chapters"] for row in group.rows]
    first = [row.item.requirement.code for row in context["urgent"]]
    listed = ChecklistItem.objects.filter(institution=world.school).listed()
    in_order = list(listed.order_by("requirement__sort_order").values_list("requirement__code", flat=True))
    assert codes == [code for code in in_order if code not in first]
    assert sorted(codes + first) == sorted(in_order)
    titles = [group.title for group in context["chapters"]]
    assert titles == [
        chapter.title for chapter in world.order.directive.chapters.order_by("sort_order") if chapter.title in titles
    ]


def test_what_came_back_or_ends_soon_stands_first(client: Client, world: World) -> None:
    returned = ItemFactory(institution=world.school, code="ACC-PUPILS")
    ending = ItemFactory(institution=world.school, measure=Measure.CCTV_INSTALLED)
    EntryFactory(item=returned, author=world.director, returned=True)
    EntryFactory(item=ending, author=world.director, approved=True, valid_until=world.day + timedelta(days=5))
    EntryFactory(item=world.item, author=world.director)
    urgent = signed_in(client, world.director).get(world.url("checklist")).context["urgent"]
    assert [(row.item.requirement.code, row.urgency) for row in urgent if row.urgency != Urgency.COUNTED] == [
        ("ACC-PUPILS", Urgency.RETURNED),
        (ending.requirement.code, Urgency.ENDING),
        (CODE, Urgency.DRAFT),
    ]


def test_filters_show_what_they_count(client: Client, world: World) -> None:
    EntryFactory(item=ItemFactory(institution=world.school, code="ACC-PUPILS"), author=world.director, returned=True)
    EntryFactory(item=world.item, author=world.director, submitted=True)
    EntryFactory(
        item=ItemFactory(institution=world.school, code="ACC-POST"),
        author=world.director,
        status=Status.NOT_MET,
        approved=True,
    )
    signed_in(client, world.director)
    shown = {}
    for show in Show:
        context = client.get(world.url("checklist"), {"show": show}).context
        rows = [row for group in context["chapters"] for row in group.rows] + context["urgent"]
        shown[show] = len(rows)
        assert shown[show] == dict(context["filters"])[show]
    total = ChecklistItem.objects.filter(institution=world.school).listed().count()
    assert shown == {
        Show.ALL: total,
        Show.UNANSWERED: total - 1,
        Show.RETURNED: 1,
        Show.WAITING: 1,
        Show.ENDING: 0,
        Show.NOT_MET: 1,
        Show.CONTRADICTED: 0,
    }


def test_what_was_found_otherwise_stands_first_until_an_answer_waits(client: Client, world: World) -> None:
    EntryFactory(item=world.item, author=world.director, effective_on=date(2026, 4, 1), approved=True)
    InspectionFactory(item=world.item, status=Status.NOT_MET, held_on=date(2026, 5, 2))
    signed_in(client, world.director)
    urgent = client.get(world.url("checklist")).context["urgent"]
    assert [(row.item, row.urgency) for row in urgent][:1] == [(world.item, Urgency.CONTRADICTED)]
    found = client.get(world.url("checklist"), {"show": "contradicted"}).context
    assert [row.item for group in found["chapters"] for row in group.rows] == [world.item]
    (section,) = client.get(reverse("home")).context["sections"]
    assert (section.tasks[0].url, section.tasks[0].icon) == (world.url(), "eye")
    EntryFactory(item=world.item, author=world.director, status=Status.NOT_MET, submitted=True)
    urgent = client.get(world.url("checklist")).context["urgent"]
    assert world.item not in [row.item for row in urgent]


def test_an_unknown_filter_shows_everything(client: Client, world: World) -> None:
    response = signed_in(client, world.director).get(world.url("checklist"), {"show": "nonsense"})
    assert (response.status_code, response.context["show"]) == (200, Show.ALL)


@pytest.mark.parametrize("answered", [1, 3])
def test_checklist_query_count(client: Client, world: World, answered: int, django_assert_num_queries: object) -> None:
    for code in ("ACC-ORDER", "ACC-PUPILS", "ACC-POST")[:answered]:
        EntryFactory(item=ItemFactory(institution=world.school, code=code), author=world.director, submitted=True)
    signed_in(client, world.director).get(world.url("checklist"))
    with django_assert_num_queries(15):
        client.get(world.url("checklist"))


@pytest.mark.parametrize("entries", [1, 3])
def test_item_query_count(client: Client, world: World, entries: int, django_assert_num_queries: object) -> None:
    for _number in range(entries):
        EntryFactory(item=world.item, author=world.director, returned=True)
    signed_in(client, world.director).get(world.url())
    with django_assert_num_queries(21):
        response = client.get(world.url())
    assert len(response.context["entries"]) == entries


# --- answering ------------------------------------------------------------------------------------


def test_a_director_saves_a_draft_and_nothing_counts_yet(client: Client, world: World) -> None:
    response = signed_in(client, world.director).post(world.url(), typed(world, do="save") | DOCUMENT)
    assert (response.status_code, response.url) == (302, world.url())
    draft = StatusEntry.objects.get()
    assert (draft.state, draft.status, draft.effective_on, draft.note, draft.author) == (
        EntryState.DRAFT,
        Status.MET,
        date(2026, 5, 10),
        "Тәртіп бекітілді, бұйрық № 5",
        world.director,
    )
    assert str(draft.evidence) == "№ 214/2026, «Құзет-Қорғау» ЖШС"
    world.item.refresh_from_db()
    assert world.item.status == Status.UNKNOWN


def test_a_director_sends_an_answer_and_takes_it_back(client: Client, world: World) -> None:
    signed_in(client, world.director).post(world.url(), typed(world))
    entry = StatusEntry.objects.get()
    assert (entry.state, entry.submitted_by) == (EntryState.SUBMITTED, world.director)
    page = client.get(world.url())
    assert (page.context["form"], page.context["may_withdraw"]) == (None, True)
    client.post(world.url("withdraw"))
    entry.refresh_from_db()
    assert entry.state == EntryState.WITHDRAWN
    assert client.get(world.url()).context["form"]["note"].value() == entry.note


def test_a_regional_editor_answers_for_the_institution(client: Client, world: World) -> None:
    editor = EditorFactory(region=world.places.region).user
    signed_in(client, editor).post(world.url(), typed(world))
    assert list(StatusEntry.objects.values_list("state", "author")) == [(EntryState.SUBMITTED, editor.pk)]


@pytest.mark.parametrize("who", ["analyst", "approver", "neighbour", "nobody"])
@pytest.mark.parametrize("name", ["item", "discard", "withdraw"])
def test_nobody_else_writes(client: Client, world: World, who: str, name: str) -> None:
    waiting = EntryFactory(item=world.item, author=world.director, submitted=True)
    others = {
        "analyst": lambda: AnalystFactory().user,
        "approver": lambda: ApproverFactory(region=world.places.region).user,
        "neighbour": lambda: EditorFactory(region=world.places.capital).user,
        "nobody": UserFactory,
    }
    response = signed_in(client, others[who]()).post(world.url(name), typed(world))
    assert response.status_code == 404
    assert list(StatusEntry.objects.values_list("pk", "state")) == [(waiting.pk, EntryState.SUBMITTED)]


def test_another_persons_answer_is_not_taken_back(client: Client, world: World) -> None:
    waiting = EntryFactory(item=world.item, author=EditorFactory(region=world.places.region).user, submitted=True)
    page = signed_in(client, world.director).get(world.url())
    assert page.context["may_withdraw"] is False
    client.post(world.url("withdraw"))
    waiting.refresh_from_db()
    assert waiting.state == EntryState.SUBMITTED


def test_discard_removes_only_ones_own_draft(client: Client, world: World) -> None:
    EntryFactory(item=world.item, author=world.director)
    others = EntryFactory(item=world.item, author=EditorFactory(region=world.places.region).user)
    response = signed_in(client, world.director).post(world.url("discard"))
    assert (response.status_code, list(StatusEntry.objects.all())) == (302, [others])


@pytest.mark.parametrize("name", ["discard", "withdraw"])
def test_a_verb_opened_as_a_page_leads_to_the_item_and_changes_nothing(client: Client, world: World, name: str) -> None:
    EntryFactory(item=world.item, author=world.director)
    response = signed_in(client, world.director).get(world.url(name))
    assert (response.status_code, response.url, StatusEntry.objects.count()) == (302, world.url(), 1)


def test_a_returned_answer_is_continued_in_a_new_entry(client: Client, world: World) -> None:
    returned = EntryFactory(
        item=world.item,
        author=world.director,
        note="Бұйрық бар",
        returned=True,
        decision_note="Бұйрықтың нөмірін жазыңыз",
    )
    page = signed_in(client, world.director).get(world.url())
    assert page.context["form"]["note"].value() == "Бұйрық бар"
    assert "Бұйрықтың нөмірін жазыңыз" in page.content.decode()
    client.post(world.url(), typed(world))
    again = StatusEntry.objects.get(state=EntryState.SUBMITTED)
    assert (again.continues, again.note) == (returned, "Тәртіп бекітілді, бұйрық № 5")


# --- what is refused keeps what was typed ----------------------------------------------------------


def test_an_answer_for_the_future_is_refused_and_kept(client: Client, world: World) -> None:
    answer = typed(world, effective_on="2026-05-21")
    response = signed_in(client, world.director).post(world.url(), answer)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["effective_on"]
    assert kept(response) == {name: answer[name] for name in ("status", "effective_on", "note")}
    assert StatusEntry.objects.get().state == EntryState.DRAFT


def test_a_late_answer_names_the_quarter_and_its_state(client: Client, world: World) -> None:
    client.cookies["django_language"] = "en"
    periods.begin_closing(world.order.period("2026Q1"), by=None, now=world.now)
    answer = typed(world, effective_on="2026-03-30")
    response = signed_in(client, world.director).post(world.url(), answer)
    assert response.status_code == 422
    assert response.context["form"].errors["effective_on"][0].startswith("Quarter 1 of 2026 is closing")
    assert kept(response) == {name: answer[name] for name in ("status", "effective_on", "note")}
    periods.close_period(world.order.period("2026Q1"), by=None, now=world.now)
    response = client.post(world.url(), typed(world, effective_on="2026-03-30"))
    assert response.context["form"].errors["effective_on"][0].startswith("Quarter 1 of 2026 is closed")


def test_an_exception_needs_an_end_and_a_reason(client: Client, world: World) -> None:
    answer = typed(world, status="not_applicable", note="")
    response = signed_in(client, world.director).post(world.url(), answer)
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["status"])
    assert kept(response) == {"status": "not_applicable", "effective_on": "2026-05-10", "note": ""}


def test_a_measure_of_the_brief_offers_no_exception(client: Client, world: World) -> None:
    item = ItemFactory(institution=world.school, measure=Measure.CCTV_INSTALLED)
    url = world.url(code=item.requirement.code)
    form = signed_in(client, world.director).get(url).context["form"]
    assert [value for value, _label in form.fields["status"].choices] == ["met", "partly_met", "not_met"]
    answer = typed(world, status="not_applicable", base="0/")
    response = client.post(url, answer)
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["status"])
    assert response.context["form"]["note"].value() == answer["note"]
    assert not StatusEntry.objects.exists()


def test_a_second_answer_waits_as_a_draft_while_the_first_is_undecided(client: Client, world: World) -> None:
    waiting = EntryFactory(item=world.item, author=EditorFactory(region=world.places.region).user, submitted=True)
    answer = typed(world)
    response = signed_in(client, world.director).post(world.url(), answer)
    assert response.status_code == 409
    assert response.context["theirs"]["by"] == waiting.author
    assert kept(response) == {name: answer[name] for name in ("status", "effective_on", "note")}
    assert StatusEntry.objects.get(author=world.director).state == EntryState.DRAFT


def test_an_item_that_left_the_list_is_refused_with_words_and_kept(client: Client, world: World) -> None:
    answer = typed(world)
    ChecklistItem.objects.filter(pk=world.item.pk).update(listed=False)
    response = signed_in(client, world.director).post(world.url(), answer)
    assert response.status_code == 409
    assert kept(response) == {name: answer[name] for name in ("status", "effective_on", "note")}
    assert StatusEntry.objects.get().state == EntryState.DRAFT


def test_an_answer_to_an_item_decided_in_the_meantime_shows_both_versions(client: Client, world: World) -> None:
    answer = typed(world)
    approved = EntryFactory(
        item=world.item,
        author=EditorFactory(region=world.places.region).user,
        status=Status.PARTLY_MET,
        approved=True,
    )
    response = signed_in(client, world.director).post(world.url(), answer)
    assert response.status_code == 409
    assert response.context["theirs"]["status"] == Status.PARTLY_MET
    assert response.context["mine"]["note"] == answer["note"]
    assert list(StatusEntry.objects.all()) == [approved]
    # Whoever has seen both may send theirs.
    form = response.context["form"]
    client.post(world.url(), answer | {"base": form["base"].value()})
    assert StatusEntry.objects.filter(state=EntryState.SUBMITTED, author=world.director).count() == 1


def test_a_draft_changed_in_another_window_is_not_overwritten(client: Client, world: World) -> None:
    stale = typed(world, do="save", note="бірінші терезе")
    EntryFactory(item=world.item, author=world.director, note="екінші терезе")
    response = signed_in(client, world.director).post(world.url(), stale)
    assert response.status_code == 409
    assert (response.context["theirs"]["note"], response.context["mine"]["note"]) == (
        "екінші терезе",
        "бірінші терезе",
    )
    assert StatusEntry.objects.get().note == "екінші терезе"


def test_the_same_form_sent_twice_acts_once(client: Client, world: World) -> None:
    answer = typed(world)
    signed_in(client, world.director).post(world.url(), answer)
    response = client.post(world.url(), answer)
    assert (response.status_code, response.url) == (302, world.url())
    assert [entry.state for entry in StatusEntry.objects.all()] == [EntryState.SUBMITTED]


def test_the_same_form_sent_twice_at_once_leaves_no_draft_behind(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, save = typed(world), workflow.save_draft

    def save_behind_the_other(*args: object, **kwargs: object) -> StatusEntry:
        monkeypatch.setattr(workflow, "save_draft", save)
        client.post(world.url(), answer)  # the first click, all of it, after the second one's reading
        return save(*args, **kwargs)

    signed_in(client, world.director)
    monkeypatch.setattr(workflow, "save_draft", save_behind_the_other)
    response = client.post(world.url(), answer)
    assert (response.status_code, [entry.state for entry in StatusEntry.objects.all()]) == (
        302,
        [EntryState.SUBMITTED],
    )


def test_another_answer_sent_behind_a_waiting_one_is_no_repetition(client: Client, world: World) -> None:
    signed_in(client, world.director).post(world.url(), typed(world))
    response = client.post(world.url(), typed(world, note="басқа"))
    assert (response.status_code, response.context["form"]["note"].value()) == (409, "басқа")


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"status": ""}, ["status"]),
        ({"status": "unknown"}, ["status"]),
        ({"effective_on": "31.02.2026"}, ["effective_on"]),
        ({"effective_on": "0203-05-01"}, ["effective_on"]),
        (DOCUMENT | {"document_valid_until": "9999-12-31"}, ["document_valid_until"]),
        ({"document_number": "5"}, ["document_issuer", "document_issued_on"]),
        (
            {"document_number": "5", "document_issuer": "А", "document_issued_on": "x"},
            ["document_issued_on"],
        ),
        (DOCUMENT | {"document_valid_until": "2026-04-30"}, ["document_valid_until"]),
        ({"status": "not_applicable", "valid_until": "2026-05-09"}, ["valid_until"]),
        ({"note": "ә" * 4001}, ["note"]),
    ],
)
def test_a_wrong_form_comes_back_filled_and_saves_nothing(
    client: Client, world: World, changes: dict[str, str], fields: list[str]
) -> None:
    answer = typed(world, **changes)
    response = signed_in(client, world.director).post(world.url(), answer)
    assert (response.status_code, list(response.context["form"].errors)) == (422, fields)
    assert kept(response) == {name: answer[name] for name in ("status", "effective_on", "note")}
    assert not StatusEntry.objects.exists()


def test_the_end_of_the_document_is_the_end_of_an_answer_that_names_none(client: Client, world: World) -> None:
    item = ItemFactory(institution=world.school, measure=Measure.LICENSED_GUARD)
    url = world.url(code=item.requirement.code)
    assert signed_in(client, world.director).get(url).context["form"]["valid_until"].value() == date(2029, 5, 20)
    client.post(url, typed(world, base="0/", valid_until="") | DOCUMENT)
    assert StatusEntry.objects.get().valid_until == date(2027, 5, 1)


# --- the draft that saves itself -------------------------------------------------------------------


def test_a_draft_saves_itself_and_says_when(client: Client, world: World) -> None:
    response = signed_in(client, world.director).post(
        world.url(), typed(world, do="save"), headers={"HX-Request": "true"}
    )
    draft = StatusEntry.objects.get()
    assert (response.status_code, response.templates[0].name) == (200, "compliance/partials/_saved.html")
    assert response.context["base"] == f"0/{draft.saved_at.isoformat()}"
    assert "10:00" in response.content.decode()


def test_a_draft_that_cannot_save_itself_yet_says_why(client: Client, world: World) -> None:
    response = signed_in(client, world.director).post(
        world.url(), typed(world, do="save", status=""), headers={"HX-Request": "true"}
    )
    words = response.context["error"]
    assert (response.status_code, words in response.content.decode(), words != "") == (422, True, True)
    assert not StatusEntry.objects.exists()


def test_a_form_sent_after_the_session_ended_is_given_back(client: Client, world: World) -> None:
    answer = typed(world)
    response = client.post(world.url(), answer, headers={"Origin": "http://testserver"})
    assert response.status_code == 403
    assert answer["note"] in response.content.decode()
    assert not StatusEntry.objects.exists()


def test_a_refused_verb_leaves_no_trace_in_the_journal(client: Client, world: World) -> None:
    entry = EntryFactory(item=world.item, author=world.director, submitted=True)
    workflow.withdraw(entry, by=world.director, now=world.now)
    before = Journal.objects.count()
    signed_in(client, world.director).post(world.url("withdraw"))
    assert Journal.objects.count() == before
