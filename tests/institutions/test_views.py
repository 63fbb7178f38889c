"""Pages of the registry: home, list, card, history, facts, journal, and what happens to forms that come too late."""

from datetime import date, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from compliance import enrolment
from compliance.card_forms import shown_mark
from compliance.models import ChecklistItem
from institutions import journal
from institutions.clock import first_moment
from institutions.enums import Lifecycle
from institutions.models import Institution, InstitutionState, Journal, User
from tests.factories.compliance import ConfirmationFactory, EntryFactory, ItemFactory
from tests.factories.institutions import (
    PASSWORD,
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    AuditorFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    MembershipFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]


@pytest.fixture
def school(fixed_now, order, places):
    return InstitutionFactory(locality=places.city, large_city=places.large_city, name_kk="Әуезов мектебі")


@pytest.fixture
def neighbour(fixed_now, order, places):
    """A school of the other region."""
    return InstitutionFactory(
        locality=places.capital_district, large_city=places.capital_city, name_kk="Ақбота мектебі"
    )


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def tiles_of(response) -> dict[str, int]:
    return {tile.label: tile.value for section in response.context["sections"] for tile in section.tiles}


# --- home ------------------------------------------------------------------------------------------


def test_home_tells_a_stranger_to_sign_in():
    response = Client().get(reverse("home"))
    assert (response.status_code, response.url) == (302, f"{reverse('account_login')}?next=/")


def test_home_tells_a_person_without_a_role_whom_to_ask():
    response = signed_in(UserFactory()).get(reverse("home"))
    assert response.context["sections"] == []
    assert "No role has been given to you yet" in response.content.decode()


def test_home_shows_a_director_what_came_back_first(school):
    director = DirectorFactory(institution=school)
    returned = EntryFactory(item=ItemFactory(institution=school), author=director.user, returned=True)
    EntryFactory(item=ItemFactory(institution=school, measure="turnstile"), author=director.user)

    response = signed_in(director.user).get(reverse("home"))

    section = response.context["sections"][0]
    first = section.tasks[0]
    assert (section.scope, first.title, first.why) == (school.name, returned.item.requirement.title, "came back")
    assert first.url == reverse("compliance:item", args=[school.bin, returned.item.requirement.code])
    listed = ChecklistItem.objects.filter(institution=school).listed().count()
    assert section.progress == (0, listed)
    assert tiles_of(response) == {
        "Not answered": listed,
        "Not met": 0,
        "Waiting for a decision": 0,
        "My drafts": 1,
        "Contradicted by an inspection": 0,
        "Answers end within 30 days": 0,
    }


def test_home_counts_for_an_editor_what_the_lists_open(school, neighbour):
    editor = EditorFactory(region=school.locality.region)
    EntryFactory(item=ItemFactory(institution=school), returned=True)
    EntryFactory(item=ItemFactory(institution=school, measure="turnstile"), submitted=True)
    EntryFactory(item=ItemFactory(institution=school, measure="panic_button"), author=editor.user)
    EntryFactory(item=ItemFactory(institution=neighbour), submitted=True)
    client = signed_in(editor.user)

    response = client.get(reverse("home"))

    assert tiles_of(response) == {
        "Answers came back": 1,
        "Proofs end soon": 0,
        "Measures of the brief not answered": 1,
        "Answers wait for a decision": 1,
        "My drafts not submitted": 1,
        "Contradicted by an inspection": 0,
        "Have confirmed the quarter": 0,
    }
    for tile in response.context["sections"][0].tiles:
        assert client.get(tile.url).context["page"].paginator.count == tile.value, tile.label


def test_home_tells_an_editor_of_proofs_that_end_soon(school):
    editor = EditorFactory(region=school.locality.region)
    until = date(2026, 6, 1)
    EntryFactory(item=ItemFactory(institution=school), approved=True, valid_until=until)
    assert tiles_of(signed_in(editor.user).get(reverse("home")))["Proofs end soon"] == 1


def test_home_tells_an_approver_what_waits_and_since_when(school, neighbour, fixed_now):
    approver = ApproverFactory(region=school.locality.region)
    EntryFactory(
        item=ItemFactory(institution=school), submitted=True, now=fixed_now - timedelta(days=9), status="not_met"
    )
    EntryFactory(item=ItemFactory(institution=school, code=_code(school)), submitted=True)
    EntryFactory(item=ItemFactory(institution=neighbour), submitted=True)

    response = signed_in(approver.user).get(reverse("home"))

    assert tiles_of(response) == {
        "Waiting for a decision": 2,
        "Nothing unusual": 1,
        "Something unusual": 1,
        "Waiting for more than a week": 1,
        "Contradicted by an inspection": 0,
        "Have confirmed the quarter": 0,
        "Answers end within 30 days": 0,
    }
    tiles = response.context["sections"][0].tiles
    assert tiles[0].hint == "the oldest since 11.05.2026"
    for tile in tiles:
        assert signed_in(approver.user).get(tile.url).context["page"].paginator.count == tile.value, tile.label


def _code(institution: Institution) -> str:
    """An item that is none of the five measures, so that it needs no document."""
    item = ChecklistItem.objects.filter(institution=institution, listed=True, requirement__measure=None).first()
    return item.requirement.code


def test_home_counts_the_country_for_the_ministry(school, neighbour):
    EntryFactory(item=ItemFactory(institution=neighbour), submitted=True)
    uncounted = ChecklistItem.objects.count()
    response = signed_in(AnalystFactory().user).get(reverse("home"))
    tiles = tiles_of(response)
    assert (tiles["Open institutions"], tiles["Answers wait for a decision"]) == (2, 1)
    assert tiles["Changes not yet counted"] >= uncounted


@pytest.mark.parametrize("role", ["editor", "approver", "approver of a district", "analyst"])
def test_home_counts_who_has_confirmed_and_opens_just_those(school, neighbour, order, role):
    membership = {
        "editor": lambda: EditorFactory(region=school.locality.region),
        "approver": lambda: ApproverFactory(region=school.locality.region),
        "approver of a district": lambda: ApproverFactory(locality=school.locality),
        "analyst": AnalystFactory,
    }[role]()
    for institution in (school, neighbour):
        ConfirmationFactory(institution=institution, period=order.period("2026Q1"))
    client = signed_in(membership.user)
    tiles = client.get(reverse("home")).context["sections"][0].tiles
    (tile,) = [tile for tile in tiles if tile.label == "Have confirmed the quarter"]
    count = 2 if role == "analyst" else 1
    assert (tile.value, tile.hint) == (count, f"of {count}, 2026, quarter 1")
    assert client.get(tile.url).context["page"].paginator.count == count


@pytest.mark.parametrize("more", [1, 3])
def test_query_count_of_home_does_not_grow(school, places, order, more, django_assert_num_queries):
    for institution in InstitutionFactory.create_batch(more, locality=places.city):
        ConfirmationFactory(institution=institution, period=order.period("2026Q1"))
    client = signed_in(ApproverFactory(region=school.locality.region).user)
    client.get(reverse("home"))
    with django_assert_num_queries(16):
        client.get(reverse("home"))


def test_home_has_a_section_for_each_membership(school, neighbour):
    person = UserFactory()
    MembershipFactory(user=person, role="director", institution=school)
    MembershipFactory(user=person, role="director", institution=neighbour)
    MembershipFactory(user=person, role="auditor")
    scopes = [section.scope for section in signed_in(person).get(reverse("home")).context["sections"]]
    assert sorted(scopes[:2]) == ["Ақбота мектебі", "Әуезов мектебі"]
    assert scopes[2:] == ["the country, read only"]


# --- the list --------------------------------------------------------------------------------------


def names_in(response) -> list[str]:
    return [institution.name_kk for institution, _counts in response.context["rows"]]


def test_list_is_in_the_order_of_the_kazakh_alphabet(school, neighbour, places):
    for name in ("Құрмет мектебі", "Кемел мектебі", "Бақыт мектебі"):
        InstitutionFactory(locality=places.city, name_kk=name)
    response = signed_in(AnalystFactory().user).get(reverse("institutions:list"))
    assert names_in(response) == [
        "Ақбота мектебі", "Әуезов мектебі", "Бақыт мектебі", "Кемел мектебі", "Құрмет мектебі",
    ]  # fmt: skip


def test_list_shows_how_many_items_are_met(school):
    EntryFactory(item=ItemFactory(institution=school), approved=True)
    response = signed_in(AnalystFactory().user).get(reverse("institutions:list"))
    listed = ChecklistItem.objects.filter(institution=school, listed=True).count()
    assert [counts for _institution, counts in response.context["rows"]] == [(1, listed)]
    assert f"1 / {listed}" in response.content.decode()


@pytest.mark.parametrize(
    ("factory", "expected"),
    [
        (AnalystFactory, ["Ақбота мектебі", "Әуезов мектебі"]),
        (AuditorFactory, ["Ақбота мектебі", "Әуезов мектебі"]),
        (EditorFactory, ["Әуезов мектебі"]),
        (ApproverFactory, ["Әуезов мектебі"]),
        (DirectorFactory, ["Әуезов мектебі"]),
    ],
)
def test_list_stays_within_the_scope(school, neighbour, factory, expected):
    scope = {EditorFactory: "region", ApproverFactory: "region", DirectorFactory: "institution"}.get(factory)
    place = {"region": school.locality.region, "institution": school}.get(scope)
    person = factory(**({scope: place} if scope else {})).user
    assert names_in(signed_in(person).get(reverse("institutions:list"))) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "ауезов"}, ["Әуезов мектебі"]),
        ({"region": "KZ-71"}, ["Ақбота мектебі"]),
        ({"locality": "351000000"}, ["Әуезов мектебі"]),
        ({"large_city": "710000000"}, ["Ақбота мектебі"]),
        ({"kind": "college"}, []),
        ({"ownership": "state"}, ["Ақбота мектебі", "Әуезов мектебі"]),
        ({"lifecycle": "closed"}, []),
        ({"measure": "cctv_installed", "status": "met"}, ["Әуезов мектебі"]),
        ({"measure": "turnstile", "status": "unknown"}, ["Ақбота мектебі", "Әуезов мектебі"]),
        ({"measure": "cctv_installed", "status": "not_met"}, []),
        ({"status": "met"}, ["Әуезов мектебі"]),
        ({"todo": "waiting"}, ["Ақбота мектебі"]),
        ({"kind": "palace"}, []),
    ],
)
def test_list_narrows_to_what_was_asked(school, neighbour, query, expected):
    EntryFactory(item=ItemFactory(institution=school), approved=True)
    EntryFactory(item=ItemFactory(institution=neighbour), submitted=True)
    response = signed_in(AnalystFactory().user).get(reverse("institutions:list"), query)
    assert names_in(response) == expected


def test_list_tells_of_a_value_that_is_none_of_the_choices(school):
    response = signed_in(AnalystFactory().user).get(reverse("institutions:list"), {"kind": "palace"})
    assert list(response.context["filter"].form.errors) == ["kind"]
    assert "No institution is like that" in response.content.decode()


def test_list_offers_only_the_places_of_the_scope(school, neighbour):
    response = signed_in(EditorFactory(region=school.locality.region).user).get(reverse("institutions:list"))
    form = response.context["filter"].form
    assert [value for value, _label in form.fields["region"].choices if value] == ["KZ-35"]
    assert "711110000" not in response.content.decode()


@pytest.mark.parametrize("institutions", [1, 60])
def test_list_query_count(fixed_now, order, places, institutions, django_assert_num_queries):
    for _each in range(institutions):
        InstitutionFactory(locality=places.city, large_city=places.large_city, listed=False)
    client = signed_in(AnalystFactory().user)
    with django_assert_num_queries(15):
        response = client.get(reverse("institutions:list"))
    assert len(response.context["rows"]) == min(institutions, 50)


def test_pages_of_the_list_keep_the_filters(fixed_now, order, places):
    for _each in range(51):
        InstitutionFactory(locality=places.city, listed=False)
    response = signed_in(AnalystFactory().user).get(reverse("institutions:list"), {"kind": "school", "page": "2"})
    assert len(response.context["rows"]) == 1
    assert "?kind=school&amp;page=1" in response.content.decode()


# --- my facility -----------------------------------------------------------------------------------


def test_mine_leads_to_the_checklist_of_the_only_facility(school):
    response = signed_in(DirectorFactory(institution=school).user).get(reverse("institutions:mine"))
    assert (response.status_code, response.url) == (302, reverse("compliance:checklist", args=[school.bin]))


def test_mine_lists_several_facilities(school, neighbour):
    director = DirectorFactory(institution=school)
    MembershipFactory(user=director.user, role="director", institution=neighbour)
    response = signed_in(director.user).get(reverse("institutions:mine"))
    assert [one.name_kk for one in response.context["institutions"]] == ["Ақбота мектебі", "Әуезов мектебі"]


def test_mine_is_not_found_for_others(school):
    assert signed_in(AnalystFactory().user).get(reverse("institutions:mine")).status_code == 404


# --- the card --------------------------------------------------------------------------------------

PAGES = ["institutions:detail", "institutions:history"]


@pytest.mark.parametrize("page", PAGES)
def test_pages_of_an_institution_are_for_its_scope_alone(school, neighbour, page):
    url = reverse(page, args=[school.bin])
    inside = signed_in(ApproverFactory(region=school.locality.region).user).get(url)
    beside = signed_in(ApproverFactory(region=neighbour.locality.region).user).get(url)
    missing = signed_in(AnalystFactory().user).get(reverse(page, args=["000000000000"]))
    assert (inside.status_code, beside.status_code, missing.status_code) == (200, 404, 404)
    assert Client().get(url).status_code == 302


@pytest.mark.parametrize("page", PAGES)
def test_reading_from_outside_is_in_the_journal(school, page):
    approver = ApproverFactory(region=school.locality.region).user
    signed_in(approver).get(reverse(page, args=[school.bin]))
    rows = Journal.objects.filter(action="institution.read").values_list("user", "institution")
    assert list(rows) == [(approver.pk, school.pk)]


@pytest.mark.parametrize("page", PAGES)
def test_a_director_reads_at_home(school, page):
    before = Journal.objects.count()
    signed_in(DirectorFactory(institution=school).user).get(reverse(page, args=[school.bin]))
    assert Journal.objects.count() == before


def test_card_counts_the_checklist_by_chapter(school):
    item = EntryFactory(item=ItemFactory(institution=school), approved=True).item
    response = signed_in(AnalystFactory().user).get(reverse("institutions:detail", args=[school.bin]))
    chapters = response.context["chapters"]
    listed = ChecklistItem.objects.filter(institution=school, listed=True)
    assert sum(chapter.total for chapter in chapters) == listed.count()
    assert {chapter.chapter.code: chapter.met for chapter in chapters if chapter.met} == {
        item.requirement.chapter.code: 1
    }
    assert [row.requirement.measure for row in response.context["measures"]] == [
        row.requirement.measure for row in listed.order_by("requirement__sort_order") if row.requirement.measure
    ]


def test_card_shows_what_the_institution_was_before(school, fixed_now):
    enrolment.change_institution(
        school, since=date(2026, 1, 1), by=None, now=fixed_now, reason="Жөндеу", lifecycle=Lifecycle.CAPITAL_REPAIR
    )
    response = signed_in(AnalystFactory().user).get(reverse("institutions:detail", args=[school.bin]))
    states = [(state.valid_from, state.valid_to, state.lifecycle) for state in response.context["states"]]
    assert states == [(date(2026, 1, 1), None, "capital_repair"), (date(2022, 9, 1), date(2025, 12, 31), "open")]
    assert "Жөндеу" in response.content.decode()


def test_history_tells_who_decided_and_why_it_changed(school):
    entry = EntryFactory(item=ItemFactory(institution=school), approved=True)
    response = signed_in(AnalystFactory().user).get(reverse("institutions:history", args=[school.bin]))
    line = response.context["lines"][0]
    assert (line.requirement, line.old, line.new, line.cause, line.by) == (
        entry.item.requirement.title,
        "unknown",
        "met",
        "decision",
        str(entry.decided_by),
    )
    assert [row.pk for row in response.context["entries"]] == [entry.pk]


def test_history_keeps_a_draft_from_those_who_do_not_answer(school):
    EntryFactory(item=ItemFactory(institution=school), note="құпия жоба")
    url = reverse("institutions:history", args=[school.bin])
    approver = signed_in(ApproverFactory(region=school.locality.region).user).get(url)
    editor = signed_in(EditorFactory(region=school.locality.region).user).get(url)
    assert (len(approver.context["entries"]), len(editor.context["entries"])) == (0, 1)


def test_history_query_count_does_not_grow(school, django_assert_max_num_queries):
    client = signed_in(DirectorFactory(institution=school).user)
    for measure in ("cctv_installed", "turnstile", "panic_button"):
        EntryFactory(item=ItemFactory(institution=school, measure=measure), approved=True)
    with django_assert_max_num_queries(22):
        client.get(reverse("institutions:history", args=[school.bin]))


def test_card_shows_the_confirmations_of_a_year(school, order):
    client = signed_in(AnalystFactory().user)
    card = reverse("institutions:detail", args=[school.bin])
    assert "This record has never been confirmed." in client.get(card).content.decode()
    codes = ["2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1"]
    for code in codes:
        period = order.period(code)
        ConfirmationFactory(
            institution=school, period=period, at=first_moment(period.ends_on), by__full_name="Директор"
        )
    page = client.get(card)
    assert [one.period.code for one in page.context["confirmations"]] == codes[:0:-1]
    assert "2026, quarter 1" in page.content.decode()


# --- facts -----------------------------------------------------------------------------------------

FACTS = {
    "fact_leased": "yes",
    "fact_several_owners": "no",
    "fact_has_grounds": "unanswered",
    "fact_dangerous_areas": "no",
    "fact_near_traffic": "no",
    "fact_police_check": "no",
    "fact_event": "no",
    "fact_not_equipped_in_6_months": "no",
    "staff": "45",
    "learners": "760",
    "since": "2026-05-01",
}


def state_of(institution) -> InstitutionState:
    return institution.states.get(valid_to=None)


def test_facts_begin_a_new_state(school):
    director = DirectorFactory(institution=school).user
    url = reverse("institutions:facts", args=[school.bin])
    response = signed_in(director).post(url, {**FACTS, "shown": shown_mark(state_of(school))})
    assert (response.status_code, response.url) == (302, reverse("institutions:detail", args=[school.bin]))
    new = state_of(school)
    assert (new.valid_from, new.staff, new.learners) == (date(2026, 5, 1), 45, 760)
    assert new.facts["leased"] is True
    assert "has_grounds" not in new.facts
    assert school.states.order_by("valid_from").first().learners == 240
    assert Journal.objects.filter(action="institution.change", user=director).count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"since": "2026-05-21"}, "since"),
        ({"since": "2022-08-31"}, "since"),
        ({"since": "31.02.2026"}, "since"),
        ({"staff": "-1"}, "staff"),
        ({"learners": "көп"}, "learners"),
        ({"fact_leased": "мүмкін"}, "fact_leased"),
    ],
)
def test_wrong_facts_come_back_filled(school, wrong, field):
    director = DirectorFactory(institution=school).user
    sent = {**FACTS, "shown": shown_mark(state_of(school)), **wrong}
    response = signed_in(director).post(reverse("institutions:facts", args=[school.bin]), sent)
    assert response.status_code == 422
    form = response.context["form"]
    assert list(form.errors) == [field]
    assert {name: form[name].value() for name in sent} == sent
    assert school.states.count() == 1


def test_facts_that_somebody_else_changed_come_back_beside_theirs(school, fixed_now):
    director = DirectorFactory(institution=school).user
    shown = shown_mark(state_of(school))
    enrolment.change_institution(school, since=date(2026, 5, 10), by=None, now=fixed_now, learners=999)
    url = reverse("institutions:facts", args=[school.bin])

    response = signed_in(director).post(url, {**FACTS, "shown": shown})

    assert response.status_code == 409
    assert response.context["form"]["learners"].value() == "760"
    recorded = {str(row["label"]): row["value"] for row in response.context["recorded"]}
    assert recorded["Learners"] == 999
    assert state_of(school).learners == 999
    again = {**FACTS, "since": "2026-05-20", "shown": response.context["form"]["shown"].value()}
    assert signed_in(director).post(url, again).status_code == 302
    assert state_of(school).learners == 760


@pytest.mark.parametrize("method", ["get", "post"])
def test_facts_are_for_those_who_answer_there(school, neighbour, method):
    url = reverse("institutions:facts", args=[school.bin])
    people = {
        "editor": EditorFactory(region=school.locality.region).user,
        "approver": ApproverFactory(region=school.locality.region).user,
        "analyst": AnalystFactory().user,
        "neighbour": DirectorFactory(institution=neighbour).user,
    }
    sent = {**FACTS, "staff": "wrong"}
    found = {who: getattr(signed_in(person), method)(url, sent).status_code for who, person in people.items()}
    assert found == {
        "editor": 200 if method == "get" else 409,
        "approver": 404,
        "analyst": 404,
        "neighbour": 404,
    }


# --- the journal -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factory", "status"), [(AuditorFactory, 200), (AdministratorFactory, 200), (AnalystFactory, 404)]
)
def test_journal_is_for_auditors_and_administrators(db, factory, status):
    assert signed_in(factory().user).get(reverse("institutions:journal")).status_code == status


def test_journal_shows_before_and_after(school, fixed_now):
    director = DirectorFactory(institution=school).user
    enrolment.change_institution(school, since=date(2026, 5, 1), by=director, now=fixed_now, learners=300)
    response = signed_in(AuditorFactory().user).get(reverse("institutions:journal"), {"action": "institution.change"})
    (line,) = response.context["lines"]
    assert (line.row.user, line.action) == (director, "institution changed")
    assert line.differences == [("learners", "240", "300"), ("true since", "–", "01.05.2026")]
    assert line.names == "learners, true since"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"person": "айгүл"}, ["entry.save"]),
        ({"person": "aigul@"}, ["entry.save"]),
        ({"action": "entry.submit"}, ["entry.submit"]),
        ({"institution": "000000000000"}, []),
        ({"institution": "Айсұлу"}, ["entry.save"]),
        ({"institution": "aisulu"}, ["entry.save"]),
        ({"since": "2026-05-20", "until": "2026-05-20"}, ["entry.submit"]),
        ({"until": "2026-05-18"}, ["entry.save"]),
        ({"subject": "entry:7"}, ["entry.save"]),
        ({"since": "ertең"}, []),
        ({"since": "0001-01-01"}, []),
        ({"until": "9999-12-31"}, []),
    ],
)
def test_journal_narrows_to_what_was_asked(fixed_now, places, query, expected):
    aigul = UserFactory(full_name="Айгүл Сәрсенова", email="aigul@example.kz")
    garden = InstitutionFactory(
        name_kk="«Айсұлу» бөбекжайы", locality=places.district, listed=False, now=fixed_now - timedelta(days=900)
    )
    journal.write("entry.save", "entry:7", by=aigul, institution=garden, now=fixed_now - timedelta(days=2))
    journal.write("entry.submit", "entry:8", by=UserFactory(), now=fixed_now)
    response = signed_in(AuditorFactory().user).get(reverse("institutions:journal"), query)
    found = [line.row.action for line in response.context["lines"]]
    assert [action for action in found if action != "institution.open"] == expected


@pytest.mark.parametrize("rows", [1, 30])
def test_journal_query_count(fixed_now, school, rows, django_assert_num_queries):
    auditor = AuditorFactory().user
    for _each in range(rows):
        journal.write("entry.save", "entry:1", by=UserFactory(), institution=school, now=fixed_now)
    client = signed_in(auditor)
    with django_assert_num_queries(9):
        client.get(reverse("institutions:journal"), {"action": "entry.save"})


def exported(person: User | None, **query: str) -> HttpResponse:
    client = Client() if person is None else signed_in(person)
    return client.get(reverse("institutions:journal_export"), {"format": "csv", **query})


@pytest.mark.parametrize(
    ("factory", "status"), [(AuditorFactory, 200), (AdministratorFactory, 200), (AnalystFactory, 404)]
)
@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_the_journals_files_are_for_auditors_and_administrators(db, factory, status, file_format):
    assert exported(factory().user, format=file_format).status_code == status
    assert exported(None, format=file_format).status_code == 302
    assert Journal.objects.filter(action="journal.export").count() == (status == 200)


def test_an_export_holds_what_is_filtered_and_is_noted_with_it(fixed_now, db):
    journal.write("entry.save", "entry:7", by=UserFactory(), now=fixed_now - timedelta(days=2))
    journal.write("entry.submit", "entry:8", by=UserFactory(), now=fixed_now - timedelta(days=1))
    auditor = AuditorFactory().user
    response = exported(auditor, action="entry.save", since="2026-05-01", page="3")
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert ["entry:7" in line for line in lines] == [False, True]
    assert response.headers["Content-Disposition"] == 'attachment; filename="journal-2026-05-20.csv"'
    note = Journal.objects.get(action="journal.export")
    assert (note.user, note.at) == (auditor, fixed_now)
    assert note.after == {"format": "csv", "action": "entry.save", "since": "2026-05-01"}


@pytest.mark.parametrize("query", [{"format": "pdf"}, {"format": ""}, {"since": "ertең"}])
def test_an_export_that_was_not_understood_leads_back_with_its_filters(db, query):
    response = exported(AuditorFactory().user, subject="entry", **query)
    assert response.status_code == 302
    assert response.url.startswith(f"{reverse('institutions:journal')}?subject=entry")
    assert not Journal.objects.exists()


def test_a_workbook_that_would_be_too_long_is_refused_with_a_way_out(fixed_now, db, monkeypatch):
    monkeypatch.setattr("institutions.journal_files.MOST_IN_A_WORKBOOK", 2)
    auditor = AuditorFactory().user
    for day in range(3):
        journal.write("entry.save", f"entry:{day}", by=None, now=fixed_now - timedelta(days=day + 1))
    client = signed_in(auditor)
    response = client.get(reverse("institutions:journal_export"), {"format": "xlsx"}, follow=True)
    assert [str(message) for message in response.context["messages"]] == [
        "A workbook takes 2 rows, and there are more: narrow the days, or take CSV."
    ]
    assert exported(auditor, format="xlsx", since="2026-05-18").status_code == 200
    assert exported(auditor, format="csv").status_code == 200


def test_a_long_journal_shows_its_newest_rows_and_says_so(fixed_now, db, monkeypatch):
    monkeypatch.setattr("institutions.paging.CappedPaginator.MOST", 60)
    for number in range(70):
        journal.write("entry.save", f"entry:{number}", by=None, now=fixed_now - timedelta(minutes=number))
    client = signed_in(AuditorFactory().user)
    response = client.get(reverse("institutions:journal"), {"page": 99})
    assert [line.row.subject for line in response.context["lines"]] == [f"entry:{number}" for number in range(50, 60)]
    assert "These are the newest 60 of more rows" in response.content.decode()
    assert (
        "These are the newest"
        not in client.get(reverse("institutions:journal"), {"subject": "entry:1"}).content.decode()
    )


# --- forms that come too late ----------------------------------------------------------------------

HERE = {"HTTP_ORIGIN": "http://testserver"}


def test_an_old_token_gives_back_what_was_typed(school):
    client = Client(enforce_csrf_checks=True)
    client.force_login(DirectorFactory(institution=school).user)
    url = reverse("institutions:facts", args=[school.bin])

    response = client.post(url, {**FACTS, "password": "Құпия-сөз-1", "csrfmiddlewaretoken": "old"}, **HERE)

    assert response.status_code == 403
    html = response.content.decode()
    assert response.context["again_url"] == url
    assert {value.name: value.value for value in response.context["values"]} == FACTS
    assert "Құпия-сөз-1" not in html
    assert school.states.count() == 1


def test_a_form_of_a_strange_page_is_not_offered_again(school):
    client = Client(enforce_csrf_checks=True)
    client.force_login(DirectorFactory(institution=school).user)
    url = reverse("institutions:facts", args=[school.bin])
    response = client.post(url, FACTS, HTTP_ORIGIN="https://evil.example")
    assert (response.status_code, response.context["again_url"]) == (403, "")


def test_a_form_sent_after_the_session_waits_for_the_sign_in(school):
    director = DirectorFactory(institution=school).user
    url = reverse("institutions:facts", args=[school.bin])
    sent = {**FACTS, "shown": shown_mark(state_of(school))}
    client = Client()
    response = client.post(url, sent, **HERE)
    assert (response.status_code, response.context["ended"], response.context["again_url"]) == (403, True, url)
    client.force_login(director)
    again = {value.name: value.value for value in response.context["values"]}
    assert client.post(url, again, **HERE).status_code == 302
    assert state_of(school).learners == 760


def test_htmx_leads_the_whole_page_to_the_sign_in(db):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/journal/"}
    response = Client().get(reverse("institutions:journal"), headers=headers)
    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == f"{reverse('account_login')}?next=/journal/"


def test_signing_in_with_an_old_token_leads_on(db):
    client = Client(enforce_csrf_checks=True)
    UserFactory(email="person@example.kz")
    response = client.post(reverse("account_login"), {"login": "person@example.kz", "password": PASSWORD}, **HERE)
    assert response.status_code == 403
    assert (response.context["is_login"], response.context["values"]) == (True, [])


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_what_is_not_there_is_told_in_the_persons_language(school, language):
    client = signed_in(AnalystFactory().user)
    client.cookies["django_language"] = language
    response = client.get(reverse("institutions:detail", args=["000000000000"]))
    assert (response.status_code, response.headers["Content-Language"]) == (404, language)


def test_an_old_token_without_a_session_asks_to_sign_in_first(school):
    client = Client(enforce_csrf_checks=True)
    url = reverse("institutions:facts", args=[school.bin])
    response = client.post(url, {**FACTS, "note": "екі сөз", "shown": "1@2026"}, **HERE)
    assert (response.status_code, response.context["ended"], response.context["again_url"]) == (403, True, url)
    assert [value.value for value in response.context["texts"]] == ["екі сөз"]
