"""The pages of people and roles: who sees whom, what the forms do and refuse."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from institutions.enums import PersonState, Role
from institutions.models import Institution, Journal, Membership, User
from institutions.roles import Post
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    AuditorFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]
TODAY = date(2026, 5, 20)
DAY = timedelta(days=1)


@pytest.fixture
def school(fixed_now, order, places) -> Institution:
    return InstitutionFactory(
        locality=places.city, large_city=places.large_city, name_kk="Әуезов мектебі", name_ru="Школа Ауэзова"
    )


@pytest.fixture
def neighbour(fixed_now, order, places) -> Institution:
    return InstitutionFactory(locality=places.capital_district, large_city=places.capital_city, name_kk="Ақбота")


@pytest.fixture
def administrator(fixed_now) -> User:
    return AdministratorFactory().user


@pytest.fixture
def editor(fixed_now, places) -> User:
    return EditorFactory(region=places.region).user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shown(response) -> list[User]:
    return [line.person for line in response.context["lines"]]


def errors_of(response) -> dict[str, list[str]]:
    return {name: list(errors) for name, errors in response.context["form"].errors.items()}


# --- the list --------------------------------------------------------------------------------------


def test_the_list_shows_an_editor_the_directors_of_their_region(school, neighbour, editor, administrator):
    own, other = DirectorFactory(institution=school).user, DirectorFactory(institution=neighbour).user
    assert shown(signed_in(editor).get(reverse("institutions:people"))) == [own]
    everybody = sorted([own, other, editor, administrator], key=lambda person: person.full_name)
    assert shown(signed_in(administrator).get(reverse("institutions:people"))) == everybody


@pytest.mark.parametrize("who", ["director", "approver", "analyst", "auditor", "nobody", "ended"])
def test_there_is_no_list_for_others(school, places, who):
    person = {
        "director": lambda: DirectorFactory(institution=school).user,
        "approver": lambda: ApproverFactory(region=places.region).user,
        "analyst": lambda: AnalystFactory().user,
        "auditor": lambda: AuditorFactory().user,
        "nobody": UserFactory,
        "ended": lambda: AdministratorFactory(valid_to=TODAY - DAY).user,
    }[who]()
    client = signed_in(person)
    for name in ("people", "invite"):
        assert client.get(reverse(f"institutions:{name}")).status_code == 404
    assert reverse("institutions:people") not in client.get(reverse("home")).content.decode()


def test_people_find_their_list_from_the_menu_and_from_home(editor, administrator):
    for person in (editor, administrator):
        home = signed_in(person).get(reverse("home"))
        assert reverse("institutions:people") in [entry["url"] for entry in home.context["nav"]]
        doors = [door.url for section in home.context["sections"] for door in section.doors]
        assert reverse("institutions:people") in doors


def test_each_state_is_told_and_can_be_asked_for(school, administrator, fixed_now):
    people = {
        PersonState.LOCKED_OUT: DirectorFactory(institution=school, user__is_active=False).user,
        PersonState.INVITED: DirectorFactory(institution=school, user__password=None, user__invited_at=fixed_now).user,
        PersonState.NO_PASSWORD: DirectorFactory(institution=school, user__password=None).user,
        PersonState.IN_FORCE: DirectorFactory(institution=school, valid_to=TODAY).user,
        PersonState.COMING: DirectorFactory(institution=school, valid_from=TODAY + DAY).user,
        PersonState.ENDED: DirectorFactory(institution=school, valid_to=TODAY - DAY).user,
        PersonState.NO_ROLE: UserFactory(),
    }
    client = signed_in(administrator)
    lines = client.get(reverse("institutions:people")).context["lines"]
    assert {line.state: line.person for line in lines if line.person != administrator} == people
    for state, person in people.items():
        found = shown(client.get(reverse("institutions:people"), {"state": state.value}))
        assert person in found, state
        if state in (PersonState.LOCKED_OUT, PersonState.INVITED, PersonState.NO_PASSWORD, PersonState.NO_ROLE):
            assert found == [person]


def test_the_list_is_searched_and_filtered_by_role(school, places, administrator):
    director = DirectorFactory(institution=school, user__full_name="Әлия Қасымова").user
    approver = ApproverFactory(region=places.region, user__full_name="Әлия Исаева").user
    ApproverFactory(region=places.region, user__full_name="Әлия Бұрынғы", valid_to=TODAY - DAY)
    client = signed_in(administrator)
    url = reverse("institutions:people")
    assert shown(client.get(url, {"q": "әлия", "role": "director"})) == [director]
    assert shown(client.get(url, {"q": "әлия", "role": "approver"})) == [approver]
    nobody = client.get(url, {"q": "zzz"})
    assert "Nobody is like that" in nobody.content.decode()


def test_an_editor_does_not_learn_of_roles_elsewhere(school, neighbour, editor):
    person = DirectorFactory(institution=school, valid_to=TODAY - DAY).user
    DirectorFactory(user=person, institution=neighbour)
    client = signed_in(editor)
    (line,) = client.get(reverse("institutions:people")).context["lines"]
    assert (line.person, line.roles, line.state) == (person, [], PersonState.ENDED)
    page = client.get(reverse("institutions:person", args=[person.pk]))
    assert [role.institution for role in page.context["past_roles"]] == [school]
    assert (page.context["open_roles"], neighbour.name in page.content.decode()) == ([], False)


def test_a_role_is_told_in_words(school, administrator):
    absent = DirectorFactory(institution=school, user__full_name="Дана Бекова")
    DirectorFactory(
        institution=school,
        user__full_name="Ерлан Досанов",
        substitute_for=absent.user,
        valid_from=TODAY + DAY,
        valid_to=TODAY + 9 * DAY,
    )
    page = signed_in(administrator).get(reverse("institutions:people"), {"q": "Ерлан"})
    words = " ".join(strip_tags(page.content.decode()).split())
    assert "Director, for Дана Бекова · Әуезов мектебі · from 21.05.2026 · until 29.05.2026" in words


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(school, editor, count, django_assert_num_queries):
    for _number in range(count):
        absent = DirectorFactory(institution=school, user__password=None)
        DirectorFactory(institution=school, user=absent.user, substitute_for=UserFactory(), valid_to=TODAY)
    client = signed_in(editor)
    with django_assert_num_queries(13):
        response = client.get(reverse("institutions:people"))
    assert len(shown(response)) == count


@pytest.mark.parametrize("count", [1, 3])
def test_a_person_costs_the_same_with_one_role_and_with_three(
    administrator, fixed_now, places, count, django_assert_num_queries
):
    person = UserFactory()
    for _number in range(count):
        DirectorFactory(user=person, institution=InstitutionFactory(locality=places.city, listed=False))
    client = signed_in(administrator)
    with django_assert_num_queries(12):
        response = client.get(reverse("institutions:person", args=[person.pk]))
    assert len(response.context["open_roles"]) == count


# --- inviting --------------------------------------------------------------------------------------


def invitation(**changes: str) -> dict[str, str]:
    sent = {"email": "new@example.kz", "full_name": "Жаңа Адам", "language": "ru", "role": "director"}
    return {name: value for name, value in {**sent, **changes}.items() if value}


@pytest.mark.parametrize(
    ("role", "place", "post"),
    [
        ("director", {"institution": "ауэзова"}, "director"),
        ("editor", {"place": "region:KZ-35"}, "region"),
        ("approver", {"place": "locality:351000000"}, "locality"),
        ("auditor", {"place": "region:KZ-35", "institution": "ауэзова"}, "country"),
    ],
)
def test_an_administrator_invites(school, places, administrator, role, place, post):
    wanted = {
        "director": Post(Role.DIRECTOR, institution=school),
        "region": Post(Role.EDITOR, region=places.region),
        "locality": Post(Role.APPROVER, locality=places.city),
        "country": Post(Role.AUDITOR),
    }[post]
    sent = invitation(role=role, **place, until="2026-12-31")
    response = signed_in(administrator).post(reverse("institutions:invite"), sent)
    person = User.objects.get(email="new@example.kz")
    assert (response.status_code, response.url) == (302, reverse("institutions:person", args=[person.pk]))
    given = person.memberships.get()
    assert (Post.of(given), given.valid_from, given.valid_to) == (wanted, TODAY, date(2026, 12, 31))
    assert [letter.to for letter in mail.outbox] == [["new@example.kz"]]


def test_an_editor_invites_directors_of_their_region_alone(school, neighbour, editor):
    client, url = signed_in(editor), reverse("institutions:invite")
    assert list(client.get(url).context["form"].fields) == ["email", "full_name", "language", "institution", "until"]
    refused = client.post(url, invitation(institution=neighbour.bin, role="administrator"))
    assert (refused.status_code, errors_of(refused)) == (
        422,
        {"institution": ["No institution of your scope is like that."]},
    )
    assert not User.objects.filter(email="new@example.kz").exists()
    # A role that the form does not have is not looked at.
    assert client.post(url, invitation(institution=school.bin, role="administrator")).status_code == 302
    assert Post.of(Membership.objects.get(user__email="new@example.kz")) == Post(Role.DIRECTOR, institution=school)


def test_of_several_institutions_one_is_chosen(school, places, administrator):
    second = InstitutionFactory(locality=places.district, name_kk="Әуезов балабақшасы", name_ru="Сад Ауэзова")
    client, url = signed_in(administrator), reverse("institutions:invite")

    unclear = client.post(url, invitation(institution="ауэзова"))
    form = unclear.context["form"]
    assert (unclear.status_code, errors_of(unclear)) == (
        422,
        {"found": ["Several institutions are like that: choose one."]},
    )
    assert sorted(key for key, _label in form.fields["found"].choices) == sorted([school.bin, second.bin])
    assert form["full_name"].value() == "Жаңа Адам"

    stale = client.post(url, invitation(institution="ауэзова", found="000000000000"))
    assert errors_of(stale) == {"found": ["Several institutions are like that: choose one."]}
    assert client.post(url, invitation(institution="ауэзова", found=second.bin)).status_code == 302
    assert Membership.objects.get(user__email="new@example.kz").institution == second


def test_more_institutions_than_can_be_shown_are_to_be_narrowed(school, places, administrator):
    for number in range(11):
        InstitutionFactory(locality=places.district, name_kk=f"Абай {number}", listed=False)
    response = signed_in(administrator).post(reverse("institutions:invite"), invitation(institution="абай"))
    assert errors_of(response) == {
        "institution": ["Too many institutions are like that: write more of the name, or the BIN."]
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"role": "auditor", "email": "no address"}, "email"),
        ({"role": "auditor", "full_name": ""}, "full_name"),
        ({"role": "auditor", "language": "xx"}, "language"),
        ({"role": ""}, "role"),
        ({"role": "king"}, "role"),
        ({}, "institution"),
        ({"institution": "жоқ мектеп"}, "institution"),
        ({"role": "editor"}, "place"),
        ({"role": "editor", "place": "region:XX"}, "place"),
        ({"role": "auditor", "until": "2026-05-19"}, "__all__"),
        ({"role": "auditor", "until": "0203-05-19"}, "until"),
    ],
)
def test_a_wrong_invitation_comes_back_filled(school, administrator, changes, field):
    response = signed_in(administrator).post(reverse("institutions:invite"), invitation(**changes))
    assert (response.status_code, list(errors_of(response))) == (422, [field])
    assert 'value="new@example.kz"' in response.content.decode() or field == "email"
    assert not User.objects.filter(full_name="Жаңа Адам").exists()


def test_to_whom_an_address_belongs_the_role_is_offered(school, administrator, editor):
    known = AnalystFactory(user__email="new@example.kz", user__full_name="Бар Адам").user
    url, sent = reverse("institutions:invite"), invitation(institution=school.bin)
    named = {}
    for who, person in {"administrator": administrator, "editor": editor}.items():
        response = signed_in(person).post(url, sent)
        assert (response.status_code, response.context["offered"]) == (409, known)
        named[who] = "Бар Адам" in response.content.decode()
    # An editor does not see an analyst, and does not learn here who that is.
    assert named == {"administrator": True, "editor": False}
    for nobody in ("x", "9" * 5000):
        assert signed_in(editor).post(url, {**sent, "known": nobody}).status_code == 409
    assert (known.memberships.count(), mail.outbox) == (1, [])

    assert signed_in(editor).post(url, {**sent, "known": str(known.pk)}).status_code == 302
    assert known.memberships.filter(role="director", institution=school).exists()
    known.refresh_from_db()
    assert known.full_name == "Бар Адам"


def test_nobody_invites_themselves(school, editor):
    sent = invitation(institution=school.bin, email=editor.email, known=str(editor.pk))
    response = signed_in(editor).post(reverse("institutions:invite"), sent)
    assert (response.status_code, errors_of(response)) == (422, {"__all__": ["Nobody gives themselves a role."]})


def test_a_letter_that_did_not_go_out_is_told_and_can_be_sent_again(school, administrator, monkeypatch):
    def refuse(message) -> None:
        raise ConnectionRefusedError

    client = signed_in(administrator)
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", refuse)
        page = client.post(reverse("institutions:invite"), invitation(institution=school.bin), follow=True)
        person = page.context["person"]
        assert "the letter did not go out" in page.content.decode()
        again = client.post(reverse("institutions:invite_again", args=[person.pk]), follow=True)
        assert "The letter did not go out" in again.content.decode()
    assert "Send an invitation" in page.content.decode()
    page = client.post(reverse("institutions:invite_again", args=[person.pk]), follow=True)
    assert "A letter is on its way to new@example.kz." in page.content.decode()
    assert [letter.to for letter in mail.outbox] == [["new@example.kz"]]


# --- roles -----------------------------------------------------------------------------------------


def test_a_role_is_given_on_a_persons_page(school, places, administrator, editor):
    person = DirectorFactory(institution=school).user
    url = reverse("institutions:give_role", args=[person.pk])
    assert signed_in(administrator).post(url, {"role": "approver", "place": "region:KZ-35"}).status_code == 302
    assert person.memberships.filter(role="approver", region=places.region, valid_from=TODAY).exists()
    refused = signed_in(editor).post(url, {"institution": school.bin})
    assert errors_of(refused) == {"__all__": ["This person has the role at that time already."]}


def test_nobody_finds_a_form_for_a_role_of_their_own(administrator):
    url = reverse("institutions:give_role", args=[administrator.pk])
    assert signed_in(administrator).get(url).status_code == 404
    page = signed_in(administrator).get(reverse("institutions:person", args=[administrator.pk]))
    assert url not in page.content.decode()


def test_a_role_is_ended_by_an_editor(school, editor):
    director = DirectorFactory(institution=school)
    url = reverse("institutions:end_role", args=[director.pk])
    client = signed_in(editor)
    refused = client.post(url, {"last_day": "2026-05-19"})
    assert (refused.status_code, errors_of(refused)) == (422, {"__all__": ["The last day is today or later."]})
    assert client.post(url, {"last_day": ""}).status_code == 422
    assert client.post(url, {"last_day": "2026-05-31"}).status_code == 302
    director.refresh_from_db()
    assert director.valid_to == date(2026, 5, 31)
    assert client.post(url, {"last_day": ""}).status_code == 302  # taken back
    director.refresh_from_db()
    assert director.valid_to is None


def test_the_last_administrator_stays(administrator):
    own = administrator.memberships.get()
    client = signed_in(administrator)
    refused = client.post(reverse("institutions:end_role", args=[own.pk]), {"last_day": "2026-05-31"})
    assert refused.status_code == 422
    page = client.post(reverse("institutions:lock_out", args=[administrator.pk]), follow=True)
    assert "The last administrator stays" in page.content.decode()
    administrator.refresh_from_db()
    own.refresh_from_db()
    assert (administrator.is_active, own.valid_to) == (True, None)


def test_a_role_that_has_not_begun_is_taken_back(school, editor):
    coming = DirectorFactory(institution=school, valid_from=TODAY + DAY)
    client = signed_in(editor)
    page = client.get(reverse("institutions:person", args=[coming.user_id]))
    cancel = reverse("institutions:cancel_role", args=[coming.pk])
    assert cancel in page.content.decode()
    # It was their only role here: the editor does not see them any more.
    assert client.post(cancel).url == reverse("institutions:people")
    assert not Membership.objects.filter(pk=coming.pk).exists()


def test_a_substitute_is_named_and_shown(school, editor):
    absent = DirectorFactory(institution=school, user__full_name="Дана Бекова")
    other = DirectorFactory(institution=school, valid_to=TODAY - DAY, user__full_name="Ерлан Досанов").user
    url = reverse("institutions:stand_in", args=[absent.pk])
    sent = {"email": other.email, "language": "kk", "since": "2026-05-20", "until": "2026-05-29"}
    client = signed_in(editor)

    offered = client.post(url, sent)
    assert (offered.status_code, "Ерлан Досанов" in offered.content.decode()) == (409, True)
    assert client.post(url, {**sent, "known": str(other.pk)}).status_code == 302

    substitute = other.memberships.get(substitute_for=absent.user)
    assert (Post.of(substitute), substitute.valid_to) == (Post.of(absent), date(2026, 5, 29))
    menu = " ".join(signed_in(other).get(reverse("home")).content.decode().split())
    assert "Director, for Дана Бекова · Әуезов мектебі" in menu


def test_somebody_new_who_stands_in_needs_a_name(school, administrator):
    absent = DirectorFactory(institution=school)
    url = reverse("institutions:stand_in", args=[absent.pk])
    sent = {"email": "new@example.kz", "language": "kk", "since": "2026-05-20", "until": "2026-05-29"}
    client = signed_in(administrator)
    assert list(errors_of(client.post(url, sent))) == ["full_name"]
    assert list(errors_of(client.post(url, {**sent, "full_name": "Жаңа", "until": "2026-05-19"}))) == ["__all__"]
    assert client.post(url, {**sent, "full_name": "Жаңа"}).status_code == 302


# --- accounts --------------------------------------------------------------------------------------


def test_an_administrator_corrects_and_an_editor_does_not(school, administrator, editor):
    person = DirectorFactory(institution=school, user__full_name="Бұрынғы").user
    url = reverse("institutions:person_details", args=[person.pk])
    sent = {"full_name": "Жаңа", "email": "other@example.kz", "language": "ru"}
    assert signed_in(editor).post(url, sent).status_code == 404
    taken = signed_in(administrator).post(url, {**sent, "email": editor.email})
    assert (taken.status_code, errors_of(taken)) == (422, {"email": ["Somebody has this e-mail address already."]})
    assert signed_in(administrator).post(url, sent).status_code == 302
    person.refresh_from_db()
    assert {name: getattr(person, name) for name in sent} == sent
    assert Journal.objects.get(action="person.change").user == administrator


def test_an_account_is_closed_and_opened(school, administrator, editor):
    person = DirectorFactory(institution=school).user
    client = signed_in(administrator)
    for name, active in (("lock_out", False), ("let_in", True)):
        url = reverse(f"institutions:{name}", args=[person.pk])
        assert signed_in(editor).post(url).status_code == 404
        assert client.post(url).status_code == 302
        person.refresh_from_db()
        assert person.is_active is active


def test_a_superuser_is_looked_at_and_not_touched(administrator):
    root = AnalystFactory(user__is_superuser=True)
    client = signed_in(administrator)
    page = client.get(reverse("institutions:person", args=[root.user_id]))
    assert (page.status_code, page.context["may_edit"], page.context["open_roles"]) == (
        200,
        False,
        [(root, False, False)],
    )
    assert client.post(reverse("institutions:lock_out", args=[root.user_id])).status_code == 404
    assert client.post(reverse("institutions:end_role", args=[root.pk]), {"last_day": "2026-05-31"}).status_code == 404
