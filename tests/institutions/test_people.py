"""People: corrected, locked out, let in; and that somebody always administers."""

from datetime import date

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.test import Client, RequestFactory
from django.urls import reverse

from institutions import people
from institutions.enums import Letters, Role
from institutions.models import Journal, Membership, User
from tests.factories.institutions import (
    PASSWORD,
    AdministratorFactory,
    AnalystFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]


@pytest.fixture
def administrator(fixed_now) -> User:
    return AdministratorFactory().user


def details(user: User, **changes: str) -> dict[str, str]:
    return {"full_name": user.full_name, "email": user.email, "language": user.language, **changes}


def journal_rows() -> list[tuple]:
    return list(Journal.objects.order_by("pk").values_list("action", "user", "subject", "before", "after"))


def test_a_person_is_entered_without_a_password(administrator, fixed_now):
    person = people.enter(User(email=" New@Example.kz", full_name=" Жаңа Адам "), by=administrator, now=fixed_now)
    person.refresh_from_db()
    assert (person.email, person.full_name, person.has_usable_password()) == ("new@example.kz", "Жаңа Адам", False)
    after = {"full_name": "Жаңа Адам", "email": "new@example.kz", "language": "kk"}
    assert journal_rows() == [("person.create", administrator.pk, f"user:{person.pk}", None, after)]


@pytest.mark.parametrize("email", ["no address", "TAKEN@example.kz", ""])
def test_nobody_is_entered_with_a_wrong_address(administrator, fixed_now, email):
    UserFactory(email="taken@example.kz")
    before = User.objects.count()
    with pytest.raises(ValidationError) as refused:
        people.enter(User(email=email, full_name="Жаңа Адам"), by=administrator, now=fixed_now)
    assert list(refused.value.message_dict) == ["email"]
    assert (User.objects.count(), journal_rows()) == (before, [])


def test_a_correction_keeps_before_and_after(administrator, fixed_now):
    person = UserFactory(full_name="Бұрынғы Ат", language="kk")
    people.correct(person, **details(person, full_name="Жаңа Ат", language="ru"), by=administrator, now=fixed_now)
    person.refresh_from_db()
    assert (person.full_name, person.language) == ("Жаңа Ат", "ru")
    before, after = {"full_name": "Бұрынғы Ат", "language": "kk"}, {"full_name": "Жаңа Ат", "language": "ru"}
    assert journal_rows() == [("person.change", administrator.pk, f"user:{person.pk}", before, after)]


def test_a_correction_that_changes_nothing_is_none(administrator, fixed_now):
    person = UserFactory()
    people.correct(person, **details(person), by=administrator, now=fixed_now)
    assert journal_rows() == []


def test_a_former_address_does_not_sign_in_any_more(administrator, fixed_now):
    person = UserFactory(email="former@example.kz")
    Client().post(reverse("account_reset_password"), {"email": "former@example.kz"})
    assert EmailAddress.objects.filter(user=person).exists()

    people.correct(person, **details(person, email="New@example.kz"), by=administrator, now=fixed_now)

    request = RequestFactory().post("/")
    assert authenticate(request, email="former@example.kz", password=PASSWORD) is None
    assert authenticate(request, email="new@example.kz", password=PASSWORD) == person


def test_two_people_do_not_share_an_address(administrator, fixed_now):
    UserFactory(email="taken@example.kz")
    person = UserFactory()
    with pytest.raises(ValidationError) as refused:
        people.correct(person, **details(person, email="Taken@example.kz"), by=administrator, now=fixed_now)
    assert refused.value.message_dict == {"email": ["Somebody has this e-mail address already."]}


def test_whoever_is_locked_out_is_signed_out_and_can_be_let_in(administrator, fixed_now, order, places):
    person = DirectorFactory(institution=InstitutionFactory(locality=places.city)).user
    client = Client()
    client.force_login(person)
    assert client.get(reverse("home")).status_code == 200

    for _twice in range(2):
        people.lock_out(person, by=administrator, now=fixed_now)
    assert client.get(reverse("home")).status_code == 302
    assert not Membership.objects.of(person).exists()

    people.let_in(person, by=administrator, now=fixed_now)
    assert Membership.objects.of(person).exists()
    rows = [row for row in journal_rows() if row[0].startswith("person.")]
    assert rows == [
        ("person.lock_out", administrator.pk, f"user:{person.pk}", {"is_active": True}, {"is_active": False}),
        ("person.let_in", administrator.pk, f"user:{person.pk}", {"is_active": False}, {"is_active": True}),
    ]


def test_the_last_administrator_is_not_locked_out(administrator, fixed_now):
    AdministratorFactory(valid_to=date(2026, 12, 31))  # has an end: does not last
    with pytest.raises(ValidationError) as refused:
        people.lock_out(administrator, by=administrator, now=fixed_now)
    assert refused.value.code == "last_administrator"
    administrator.refresh_from_db()
    assert administrator.is_active


def test_one_of_two_administrators_is_locked_out_and_not_the_other(administrator, fixed_now):
    other = AdministratorFactory().user
    people.lock_out(other, by=administrator, now=fixed_now)
    other.refresh_from_db()
    assert (other.is_active, other.is_staff) == (False, False)
    with pytest.raises(ValidationError):
        people.lock_out(administrator, by=None, now=fixed_now)


# --- who sees whom ---------------------------------------------------------------------------------


def test_a_regional_editor_sees_the_directors_of_their_scope(administrator, fixed_now, order, places):
    school = InstitutionFactory(locality=places.city)
    elsewhere = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)
    own, former = DirectorFactory(institution=school), DirectorFactory(institution=school, valid_to=date(2025, 1, 1))
    neighbour = DirectorFactory(institution=elsewhere)
    both = DirectorFactory(institution=school).user
    second = DirectorFactory(user=both, institution=elsewhere)
    editor = EditorFactory(region=places.region).user

    assert set(User.objects.visible_to(editor)) == {own.user, former.user, both}
    assert second not in Membership.objects.visible_to(editor)
    assert not User.objects.editable_by(editor).exists()
    for blind in (own.user, AnalystFactory().user):
        assert not User.objects.visible_to(blind).exists()
    assert {own.user, neighbour.user, editor} < set(User.objects.visible_to(administrator))


def test_a_superuser_is_changed_by_a_superuser_alone(administrator, fixed_now):
    root = UserFactory(is_superuser=True)
    AnalystFactory(user=root)
    assert root in User.objects.visible_to(administrator)
    assert root not in User.objects.editable_by(administrator)
    assert not Membership.objects.changeable_by(administrator).filter(user=root).exists()
    AdministratorFactory(user=root)
    assert root in User.objects.editable_by(root)
    assert Membership.objects.changeable_by(root).filter(user=root, role=Role.ANALYST).exists()


def test_people_are_found_by_parts_of_name_and_address(fixed_now):
    person = UserFactory(full_name="Әлия Қасымова", email="aliya@example.kz")
    UserFactory(full_name="Тимур Исаев", email="timur@example.kz")
    found = {
        text: list(User.objects.get_queryset().search_for(text)) for text in ("әлия", "Қасымова", "ALIYA", "әлия исаев")
    }
    assert found == {"әлия": [person], "Қасымова": [person], "ALIYA": [person], "әлия исаев": []}


def test_letters_that_are_chosen_once_more_are_not_noted_again(fixed_now):
    person = UserFactory()
    people.choose_letters(person, Letters.URGENT, now=fixed_now)
    people.choose_letters(person, Letters.URGENT, now=fixed_now)
    person.refresh_from_db()
    assert person.letters == Letters.URGENT
    note = Journal.objects.get(action="person.letters")
    assert (note.user, note.before, note.after) == (person, {"letters": "all"}, {"letters": "urgent"})
