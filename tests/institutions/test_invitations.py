"""Invitations: an account without a password, a letter with a link that works once, a role for somebody known."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from institutions import invitations, letters
from institutions.clock import today
from institutions.enums import Role
from institutions.invitations import AddressKnown, Invited, RoleWithoutLetter
from institutions.models import Institution, Journal, Membership, User
from institutions.roles import Post
from tests.factories.institutions import (
    AdministratorFactory,
    ApproverFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]
PASSWORD = "Тоғыз-қабат-торқа"
DAY = timedelta(days=1)
TODAY = date(2026, 5, 20)


@pytest.fixture
def administrator(fixed_now) -> User:
    return AdministratorFactory().user


@pytest.fixture
def school(fixed_now, places) -> Institution:
    return InstitutionFactory(locality=places.city, large_city=places.large_city, listed=False)


@pytest.fixture
def new() -> Invited:
    return Invited("New@example.kz", "Жаңа Директор", "kk")


def director_of(institution: Institution) -> Post:
    return Post(Role.DIRECTOR, institution=institution)


def link_in(letter: mail.EmailMessage) -> str:
    found = re.search(r"http://localhost:8000(/accounts/password/reset/key/\S+)", letter.body)
    assert found, letter.body
    return found.group(1)


def accept(link: str, password: str = PASSWORD) -> tuple[int, str]:
    """Open the link and set a password; the status, and where it leads or what the page says."""
    client = Client()
    page = client.get(link, follow=True)
    if "form" not in page.context:
        return page.status_code, page.content.decode()
    answer = client.post(page.request["PATH_INFO"], {"password1": password, "password2": password})
    return answer.status_code, answer.url if answer.status_code == 302 else answer.content.decode()


def journaled() -> list[tuple]:
    return list(Journal.objects.order_by("pk").values_list("action", "user"))


def test_somebody_new_is_entered_with_the_role_and_gets_a_letter(administrator, school, new, fixed_now):
    given = invitations.invite(new, director_of(school), since=TODAY, by=administrator, now=fixed_now)

    person = User.objects.get(email="new@example.kz")
    assert (given.user, given.institution, given.valid_to) == (person, school, None)
    assert (person.full_name, person.language, person.has_usable_password()) == ("Жаңа Директор", "kk", False)
    assert person.invited_at == fixed_now
    assert journaled() == [
        ("institution.open", None),
        ("person.create", administrator.pk),
        ("membership.create", administrator.pk),
        ("person.invite", administrator.pk),
    ]
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["new@example.kz"], "Qalqan: you are invited")
    assert f"Director: {school.name}" in letter.body
    assert "until 23.05.2026 10:00" in letter.body


def test_the_link_sets_a_password_once(administrator, school, new, fixed_now):
    person = invitations.invite(new, director_of(school), since=TODAY, by=administrator, now=fixed_now).user
    link = link_in(mail.outbox[0])

    assert accept(link, "1234567890")[0] == 200  # refused, and not used up
    assert accept(link) == (302, reverse("account_reset_password_from_key_done"))
    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    assert journaled()[-1] == ("person.accept", person.pk)
    status, words = accept(link, "Басқа-құпия-сөз")
    assert (status, "This link is used up or too old." in words) == (200, True)
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_the_link_ends_after_some_days(administrator, school, new, fixed_now):
    invitations.invite(new, director_of(school), since=TODAY, by=administrator, now=fixed_now)
    link = link_in(mail.outbox[0])
    with time_machine.travel(letters.link_ends_at(fixed_now) + timedelta(seconds=2), tick=False):
        assert "This link is used up or too old." in accept(link)[1]
    with time_machine.travel(letters.link_ends_at(fixed_now) - timedelta(minutes=1), tick=False):
        assert accept(link)[0] == 302


def test_a_later_password_of_ones_own_is_in_the_journal(fixed_now):
    person = UserFactory()
    client = Client()
    client.force_login(person)
    sent = {"oldpassword": "қалқан-2026", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post(reverse("account_change_password"), sent).status_code == 302
    assert journaled() == [("person.password", person.pk)]


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_the_letter_is_in_the_persons_language(administrator, school, fixed_now, language):
    invited = Invited("new@example.kz", "Жаңа", language)
    invitations.invite(invited, director_of(school), since=TODAY, by=administrator, now=fixed_now)
    # The catalogues are off here; the names of institutions are not.
    assert f"Director: {getattr(school, f'name_{language}')}" in mail.outbox[0].body


def test_a_role_is_offered_to_whom_the_address_belongs(administrator, school, fixed_now):
    person = UserFactory(email="known@example.kz", full_name="Бар Адам")
    invited = Invited("Known@example.kz", "Басқа Ат", "ru")
    for shown in (None, administrator.pk):
        with pytest.raises(AddressKnown) as offered:
            invitations.invite(invited, director_of(school), since=TODAY, known=shown, by=administrator, now=fixed_now)
        assert offered.value.user == person
    assert (Membership.objects.filter(user=person).count(), mail.outbox) == (0, [])

    given = invitations.invite(
        invited, director_of(school), since=TODAY, known=person.pk, by=administrator, now=fixed_now
    )
    person.refresh_from_db()
    assert (given.user, person.full_name, person.language) == (person, "Бар Адам", "kk")
    (letter,) = mail.outbox
    assert (letter.subject, "password/reset/key" in letter.body) == ("Qalqan: a role for you", False)


def test_somebody_known_who_has_not_accepted_gets_another_link(administrator, school, new, fixed_now):
    person = invitations.invite(new, Post(Role.ANALYST), since=TODAY, by=administrator, now=fixed_now).user
    invitations.invite(new, director_of(school), since=TODAY, known=person.pk, by=administrator, now=fixed_now)
    assert accept(link_in(mail.outbox[1]))[0] == 302


@pytest.mark.parametrize(
    "invited", [Invited("no address", "Ат"), Invited("new@example.kz", " "), Invited("new@example.kz", "Ат", "xx")]
)
def test_a_wrong_invitation_leaves_nothing_behind(administrator, school, fixed_now, invited):
    people = User.objects.count()
    with pytest.raises(ValidationError):
        invitations.invite(invited, director_of(school), since=TODAY, by=administrator, now=fixed_now)
    assert (User.objects.count(), mail.outbox) == (people, [])


def test_a_role_that_is_refused_enters_nobody(school, places, new, fixed_now):
    approver = ApproverFactory(region=places.region).user
    with pytest.raises(ValidationError):
        invitations.invite(new, director_of(school), since=TODAY, by=approver, now=fixed_now)
    assert not User.objects.filter(email="new@example.kz").exists()
    assert mail.outbox == []


def test_a_silent_mail_server_undoes_nothing(administrator, school, new, fixed_now, monkeypatch):
    def refuse(message) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", refuse)
        with pytest.raises(RoleWithoutLetter) as kept:
            invitations.invite(new, director_of(school), since=TODAY, by=administrator, now=fixed_now)
    person = kept.value.membership.user
    person.refresh_from_db()
    assert (person.email, person.invited_at) == ("new@example.kz", None)

    invitations.invite_again(person, by=administrator, now=fixed_now)
    assert accept(link_in(mail.outbox[0]))[0] == 302


def test_a_letter_is_sent_again_but_not_twice_at_once(administrator, school, new, fixed_now):
    person = invitations.invite(new, director_of(school), since=TODAY, by=administrator, now=fixed_now).user
    person.refresh_from_db()
    with pytest.raises(ValidationError) as refused:
        invitations.invite_again(person, by=administrator, now=fixed_now)
    assert refused.value.code == "too_soon"
    later = fixed_now + timedelta(minutes=2)
    invitations.invite_again(person, by=administrator, now=later)
    person.refresh_from_db()
    assert (person.invited_at, len(mail.outbox), school.name in mail.outbox[1].body) == (later, 2, True)


@pytest.mark.parametrize(
    ("person", "code"),
    [({}, "accepted"), ({"password": None, "is_active": False}, "locked_out")],
)
def test_nobody_else_is_invited_again(administrator, fixed_now, person, code):
    with pytest.raises(ValidationError) as refused:
        invitations.invite_again(UserFactory(**person), by=administrator, now=fixed_now)
    assert refused.value.code == code


# --- hand-over -------------------------------------------------------------------------------------


def test_a_school_is_handed_over_without_a_day_between(school, places, new, fixed_now):
    editor = EditorFactory(region=places.region).user
    leaving = DirectorFactory(institution=school)
    last_day = TODAY + 10 * DAY

    coming = invitations.hand_over(leaving, new, last_day=last_day, by=editor, now=fixed_now)

    leaving.refresh_from_db()
    assert (leaving.valid_to, coming.valid_from, coming.valid_to) == (last_day, last_day + DAY, None)
    directing = {
        day: [m.user for m in Membership.objects.in_force(day).filter(institution=school)]
        for day in (last_day, last_day + DAY)
    }
    assert directing == {last_day: [leaving.user], last_day + DAY: [coming.user]}
    assert f"from {(last_day + DAY).strftime('%d.%m.%Y')}" in mail.outbox[0].body


def test_a_hand_over_happens_whole_or_not_at_all(administrator, school, fixed_now):
    leaving = DirectorFactory(institution=school)
    known = UserFactory()
    for invited, refusal in (
        (Invited(leaving.user.email), ValidationError),
        (Invited(known.email), AddressKnown),
        (Invited("new@example.kz", ""), ValidationError),
    ):
        with pytest.raises(refusal):
            invitations.hand_over(leaving, invited, last_day=TODAY, by=administrator, now=fixed_now)
        leaving.refresh_from_db()
        assert leaving.valid_to is None
    assert Membership.objects.filter(institution=school).count() == 1


# --- substitutes -----------------------------------------------------------------------------------


def test_somebody_stands_in_for_an_approver(administrator, places, fixed_now):
    absent = ApproverFactory(region=places.region)
    person = UserFactory()
    given = invitations.stand_in(
        absent,
        Invited(person.email),
        since=TODAY + DAY,
        until=TODAY + 9 * DAY,
        known=person.pk,
        by=administrator,
        now=fixed_now,
    )
    assert (Post.of(given), given.substitute_for) == (Post.of(absent), absent.user)
    assert (given.valid_from, given.valid_to) == (TODAY + DAY, TODAY + 9 * DAY)
    assert f"as a substitute for {absent.user}" in mail.outbox[0].body


@pytest.mark.parametrize(
    ("absent", "since", "until", "code"),
    [
        ({"valid_to": TODAY + DAY}, TODAY, TODAY + 2 * DAY, "too_long"),
        ({"valid_from": TODAY + DAY}, TODAY, TODAY + 2 * DAY, "too_early"),
        ({"substitute": True, "valid_to": TODAY + 9 * DAY}, TODAY, TODAY + 2 * DAY, "substitute"),
        ({}, TODAY + DAY, TODAY, None),
    ],
)
def test_a_wrong_substitute_is_refused(administrator, school, new, fixed_now, absent, since, until, code):
    if absent.pop("substitute", False):
        absent["substitute_for"] = UserFactory()
    director = DirectorFactory(institution=school, **absent)
    with pytest.raises(ValidationError) as refused:
        invitations.stand_in(director, new, since=since, until=until, by=administrator, now=fixed_now)
    errors = refused.value.error_dict.values() if hasattr(refused.value, "error_dict") else [refused.value.error_list]
    assert [error.code for found in errors for error in found] == [code]
    assert not User.objects.filter(email="new@example.kz").exists()


def test_an_approver_names_no_substitute_themselves(places, new, fixed_now):
    absent = ApproverFactory(region=places.region)
    with pytest.raises(ValidationError) as refused:
        invitations.stand_in(absent, new, since=today(), until=today(), by=absent.user, now=timezone.now())
    assert refused.value.code == "not_yours"
