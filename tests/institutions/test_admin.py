"""The window for support: who may open it, that writes go through the verbs, and that somebody always administers."""

import io
from datetime import date, timedelta

import pytest
import time_machine
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from compliance.models import ChecklistItem, Period
from institutions import people
from institutions.bin import synthetic_bin
from institutions.clock import today
from institutions.enums import Role
from institutions.models import Institution, Journal, Membership, User
from tests.factories.compliance import ConfirmationFactory, PeriodExceptionFactory
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    DirectorFactory,
    InstitutionFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]
PASSWORD = "Тоғыз-қабат-торқа"


@pytest.fixture
def administrator(fixed_now) -> User:
    return AdministratorFactory().user


@pytest.fixture
def client(administrator) -> Client:
    client = Client()
    client.force_login(administrator)
    return client


@pytest.fixture
def school(fixed_now, order, places) -> Institution:
    return InstitutionFactory(locality=places.city, large_city=places.large_city)


def journal_of(action: str) -> list[tuple]:
    rows = Journal.objects.filter(action=action).order_by("pk")
    return [(row.user_id, row.subject, row.before, row.after) for row in rows]


def errors_of(response) -> dict[str, list[str]]:
    form = response.context["adminform"].form
    found = {name: list(messages) for name, messages in form.errors.items()}
    for inline in response.context["inline_admin_formsets"]:
        if inline.formset.non_form_errors():
            found["inline"] = list(inline.formset.non_form_errors())
    return found


# --- the door --------------------------------------------------------------------------------------


def test_strangers_sign_in_at_the_sites_own_door():
    response = Client().get(reverse("admin:index"), follow=True)
    assert response.redirect_chain[-1][0] == f"{reverse('account_login')}?next={reverse('admin:index')}"


@pytest.mark.parametrize("staff", [True, False])
def test_there_is_nothing_here_for_others(fixed_now, staff):
    analyst = AnalystFactory(user=UserFactory(is_staff=staff)).user
    client = Client()
    client.force_login(analyst)
    found = {
        client.get(reverse(name)).status_code
        for name in ("admin:index", "admin:login", "admin:institutions_user_changelist")
    }
    assert found == {404}


def test_an_ended_role_opens_nothing(administrator, client):
    Membership.objects.filter(user=administrator).update(valid_to=today() - timedelta(days=1))
    assert client.get(reverse("admin:index")).status_code == 404


def test_every_list_and_every_row_can_be_looked_at(client, school):
    DirectorFactory(institution=school)
    for model, model_admin in admin.site._registry.items():
        if model._meta.app_label not in ("institutions", "compliance", "reporting"):
            continue
        label = f"{model._meta.app_label}_{model._meta.model_name}"
        assert client.get(reverse(f"admin:{label}_changelist")).status_code == 200, label
        row = model._default_manager.first()
        if row is not None:
            assert client.get(reverse(f"admin:{label}_change", args=[row.pk])).status_code == 200, label
        request = client.get(reverse("admin:index")).wsgi_request
        assert not model_admin.has_delete_permission(request), label


# --- people ----------------------------------------------------------------------------------------

GIVING = "memberships-2"


def person_data(user: User | None = None, **changes: str) -> dict[str, str]:
    """What the page of a person sends; the roles that the person has come with it."""
    data = {
        "email": user.email if user else "new@example.kz",
        "full_name": user.full_name if user else "Жаңа Адам",
        "language": "kk",
        f"{GIVING}-TOTAL_FORMS": "1",
        f"{GIVING}-INITIAL_FORMS": "0",
        f"{GIVING}-0-valid_from": today().isoformat(),
    }
    held = list(user.memberships.all()) if user else []
    data |= {"memberships-TOTAL_FORMS": str(len(held)), "memberships-INITIAL_FORMS": str(len(held))}
    for number, membership in enumerate(held):
        data |= {f"memberships-{number}-id": str(membership.pk), f"memberships-{number}-user": str(user.pk)}
    if user:
        data["is_active"] = "on"
    else:
        data |= {"password1": PASSWORD, "password2": PASSWORD}
    data.update(changes)
    return {name: value for name, value in data.items() if value != ""}


def test_a_person_is_entered_with_a_role(client, administrator, places):
    given = {f"{GIVING}-0-role": "editor", f"{GIVING}-0-region": str(places.region.pk)}
    response = client.post(reverse("admin:institutions_user_add"), person_data(**given))
    assert response.status_code == 302
    person = User.objects.get(email="new@example.kz")
    assert (person.full_name, person.is_staff, person.check_password(PASSWORD)) == ("Жаңа Адам", False, True)
    membership = person.memberships.get()
    assert (membership.role, membership.region, membership.valid_to) == (Role.EDITOR, places.region, None)
    assert [row[:2] for row in journal_of("person.create")] == [(administrator.pk, f"user:{person.pk}")]
    assert PASSWORD not in str(journal_of("person.create"))
    assert [row[3]["scope"] for row in journal_of("membership.create")] == [places.region.name]


def test_an_administrator_opens_this_window(client):
    client.post(reverse("admin:institutions_user_add"), person_data(**{f"{GIVING}-0-role": "administrator"}))
    person = User.objects.get(email="new@example.kz")
    assert person.is_staff
    theirs = Client()
    theirs.force_login(person)
    assert theirs.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "TAKEN@example.kz"}, "email"),
        ({"password1": "1234567890", "password2": "1234567890"}, "password2"),
        ({"password2": "басқа-құпиясөз"}, "password2"),
    ],
)
def test_a_person_is_refused(client, changes, field):
    UserFactory(email="taken@example.kz")
    before = User.objects.count()
    response = client.post(reverse("admin:institutions_user_add"), person_data(**changes))
    assert list(errors_of(response)) == [field]
    assert User.objects.count() == before


def test_a_role_without_its_place_is_refused(client):
    response = client.post(reverse("admin:institutions_user_add"), person_data(**{f"{GIVING}-0-role": "director"}))
    assert response.status_code == 200
    assert "A director has an institution" in response.content.decode()
    assert not User.objects.filter(email="new@example.kz").exists()


def test_a_role_is_ended_and_nothing_else_of_it_changes(client, school, fixed_now):
    director = DirectorFactory(institution=school)
    last_day = today().isoformat()
    changed = person_data(director.user, **{"memberships-0-valid_to": last_day, "memberships-0-role": "administrator"})
    response = client.post(reverse("admin:institutions_user_change", args=[director.user_id]), changed)
    assert response.status_code == 302
    director.refresh_from_db()
    assert (director.role, director.institution, str(director.valid_to)) == (Role.DIRECTOR, school, last_day)
    assert [(row[2]["valid_to"], row[3]["valid_to"]) for row in journal_of("membership.end")] == [(None, last_day)]
    assert Institution.objects.visible_to(director.user).exists()
    with time_machine.travel(fixed_now + timedelta(days=1), tick=False):
        assert not Institution.objects.visible_to(director.user).exists()


def test_a_role_does_not_end_in_the_past(client, school):
    director = DirectorFactory(institution=school)
    yesterday = (today() - timedelta(days=1)).isoformat()
    url = reverse("admin:institutions_user_change", args=[director.user_id])
    response = client.post(url, person_data(director.user, **{"memberships-0-valid_to": yesterday}))
    assert errors_of(response) == {"inline": ["The last day is today or later."]}


def test_nobody_gives_themselves_a_role(client, administrator):
    url = reverse("admin:institutions_user_change", args=[administrator.pk])
    response = client.post(url, person_data(administrator, **{f"{GIVING}-0-role": "auditor"}))
    assert errors_of(response) == {"inline": ["Nobody gives themselves a role."]}
    assert administrator.memberships.count() == 1


def test_a_change_of_a_person_is_in_the_journal(client, administrator):
    person = UserFactory(full_name="Бұрынғы Ат")
    url = reverse("admin:institutions_user_change", args=[person.pk])
    client.post(url, person_data(person, full_name="Жаңа Ат"))
    assert journal_of("person.change") == [
        (administrator.pk, f"user:{person.pk}", {"full_name": "Бұрынғы Ат"}, {"full_name": "Жаңа Ат"})
    ]


def test_a_password_set_for_somebody_is_in_the_journal(client, administrator):
    person = UserFactory()
    url = reverse("admin:auth_user_password_change", args=[person.pk])
    response = client.post(url, {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"})
    assert response.status_code == 302
    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    assert journal_of("person.password") == [(administrator.pk, f"user:{person.pk}", None, None)]


@pytest.mark.parametrize("change", ["role_ends", "inactive"])
def test_the_last_administrator_stays(client, administrator, fixed_now, change):
    changes = {"memberships-0-valid_to": today().isoformat()} if change == "role_ends" else {"is_active": ""}
    url = reverse("admin:institutions_user_change", args=[administrator.pk])

    response = client.post(url, person_data(administrator, **changes))

    assert response.status_code == 200
    assert "The last administrator stays" in str(errors_of(response))
    assert Membership.objects.of(administrator, {Role.ADMINISTRATOR}).exists()

    AdministratorFactory()
    assert client.post(url, person_data(administrator, **changes)).status_code == 302
    with time_machine.travel(fixed_now + timedelta(days=1), tick=False):
        assert not Membership.objects.of(administrator, {Role.ADMINISTRATOR}).exists()


def test_nobody_but_a_superuser_touches_a_superuser(client, administrator):
    root = UserFactory(is_superuser=True, is_staff=True)
    urls = ("admin:institutions_user_change", "admin:auth_user_password_change")
    sent = {**person_data(root, full_name="Басқа"), "password1": PASSWORD, "password2": PASSWORD}
    assert [client.post(reverse(url, args=[root.pk]), sent).status_code for url in urls] == [403, 403]
    root.refresh_from_db()
    assert (root.full_name != "Басқа", root.check_password(PASSWORD)) == (True, False)
    client.post(
        reverse("admin:institutions_user_change", args=[administrator.pk]),
        person_data(administrator, is_superuser="on", is_staff="on"),
    )
    administrator.refresh_from_db()
    assert not administrator.is_superuser


# --- institutions ----------------------------------------------------------------------------------


def institution_data(institution: Institution, **changes: str) -> dict[str, str]:
    fields = (
        *("bin", "name_kk", "name_ru", "address_kk", "address_ru", "phone", "email"),
        *("lifecycle", "kind", "ownership", "settlement_class", "staff", "learners"),
    )
    data = {name: str(getattr(institution, name)) for name in fields}
    for name in ("locality_id", "settlement_id", "large_city_id"):
        data[name.removesuffix("_id")] = str(getattr(institution, name) or "")
    return {**data, "facts": "{}", **changes}


def test_an_institution_enters_with_its_checklist(client, administrator, order, places):
    new = Institution(
        bin=synthetic_bin(777),
        name_kk="Жаңа мектеп",
        name_ru="Новая школа",
        kind="school",
        ownership="state",
        locality=places.city,
        settlement=places.city_settlement,
        settlement_class="regional_city",
        large_city=places.large_city,
        staff=20,
        learners=300,
    )
    sent = institution_data(new, since="2026-01-10")
    response = client.post(reverse("admin:institutions_institution_add"), sent)
    assert response.status_code == 302, errors_of(response)
    entered = Institution.objects.get(bin=new.bin)
    assert entered.states.get().valid_from == date(2026, 1, 10)
    assert ChecklistItem.objects.filter(institution=entered, listed=True).exists()
    assert [row[0] for row in journal_of("institution.open")] == [administrator.pk]


def change_url(institution: Institution) -> str:
    return reverse("admin:institutions_institution_change", args=[institution.pk])


def test_a_change_of_state_begins_on_its_day(client, school):
    response = client.post(
        change_url(school), institution_data(school, learners="900", since="2026-03-01", reason="Бұйрық")
    )
    assert response.status_code == 302, errors_of(response)
    states = school.states.order_by("valid_from").values_list("valid_from", "learners", "reason")
    assert list(states) == [(date(2022, 9, 1), 240, ""), (date(2026, 3, 1), 900, "Бұйрық")]
    school.refresh_from_db()
    assert school.learners == 900


def test_a_new_name_has_no_day_but_can_be_found(client, administrator, school):
    response = client.post(change_url(school), institution_data(school, name_kk="Ыбырай мектебі"))
    assert response.status_code == 302, errors_of(response)
    assert list(Institution.objects.search_for("ыбырай")) == [school]
    assert school.states.count() == 1
    assert [(row[0], row[3]) for row in journal_of("institution.details")] == [
        (administrator.pk, {"name_kk": "Ыбырай мектебі"})
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"learners": "900"}, "since"),
        ({"learners": "900", "since": "2026-05-21"}, "since"),
        ({"learners": "900", "since": "2022-08-31"}, "since"),
        ({"settlement": "elsewhere", "since": "2026-05-01"}, "settlement"),
        ({"facts": '{"leased": "иә"}', "since": "2026-05-01"}, "facts"),
        ({"facts": '{"palace": true}', "since": "2026-05-01"}, "facts"),
        ({"facts": "[1]", "since": "2026-05-01"}, "facts"),
    ],
)
def test_a_wrong_change_of_an_institution_is_refused(client, school, places, changes, field):
    if "settlement" in changes:
        changes = {**changes, "settlement": str(places.village.pk)}
    response = client.post(change_url(school), institution_data(school, **changes))
    assert (response.status_code, list(errors_of(response))) == (200, [field])
    assert school.states.count() == 1


def test_a_bin_is_never_changed(client, school):
    client.post(change_url(school), institution_data(school, bin=synthetic_bin(4242)))
    assert Institution.objects.get().bin == school.bin


# --- periods ---------------------------------------------------------------------------------------


def act(client: Client, action: str, period: Period):
    sent = {"action": action, "_selected_action": [period.pk]}
    return client.post(reverse("admin:compliance_period_changelist"), sent)


def test_a_quarter_is_closed_and_opened_again_with_a_reason(client, administrator, fixed_now, order):
    period = order.period("2026Q1")
    for action, state in (("begin_closing", "closing"), ("close_period", "closed")):
        act(client, action, period)
        period.refresh_from_db()
        assert period.state == state

    url = act(client, "reopen", period).url
    assert client.post(url, {"reason": "  "}).context["form"].errors
    period.refresh_from_db()
    assert period.state == "closed"
    assert client.post(url, {"reason": "Қате табылды"}).status_code == 302
    period.refresh_from_db()
    assert (period.state, period.reopen_note) == ("open", "Қате табылды")
    assert [row[0] for row in journal_of("period.reopen")] == [administrator.pk]


def test_a_quarter_that_has_not_ended_is_not_closed(client, order):
    period = order.period("2026Q2")
    act(client, "close_period", period)
    period.refresh_from_db()
    assert period.state == "open"


def test_exceptions_and_confirmations_are_there_to_look_at_alone(client, administrator, school, order):
    kept = PeriodExceptionFactory(period=order.period("2026Q1"), institution=school)
    given = ConfirmationFactory(period=order.period("2026Q1"), institution=school)
    for name, row in (("periodexception", kept), ("confirmation", given)):
        assert client.get(reverse(f"admin:compliance_{name}_changelist")).status_code == 200
        change = reverse(f"admin:compliance_{name}_change", args=[row.pk])
        assert (client.get(change).status_code, client.post(change, {}).status_code) == (200, 403)
        assert client.get(reverse(f"admin:compliance_{name}_add")).status_code == 403


# --- the first administrator -----------------------------------------------------------------------


def create(monkeypatch, password: str = PASSWORD, **options: str) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    out = io.StringIO()
    given = {"email": "First@Example.kz", "name": "Бірінші Әкімші", **options}
    call_command("create_administrator", password_stdin=True, stdout=out, **given)
    return out.getvalue()


def test_the_first_administrator_can_open_the_window(fixed_now, monkeypatch):
    assert "first@example.kz" in create(monkeypatch)
    person = User.objects.get()
    assert (person.is_staff, person.is_superuser, person.check_password(PASSWORD)) == (True, False, True)
    client = Client()
    client.force_login(person)
    assert client.get(reverse("admin:index")).status_code == 200
    assert journal_of("person.create") == [
        (None, f"user:{person.pk}", None, {"email": "first@example.kz", "role": "administrator"})
    ]


@pytest.mark.parametrize(
    ("password", "options", "message"),
    [
        (PASSWORD, {"email": "taken@example.kz"}, "taken@example.kz is registered already"),
        (PASSWORD, {"email": "no address"}, "Enter a valid email address"),
        (PASSWORD, {"name": " "}, "The name is empty"),
        ("", {}, "The password is empty"),
        ("123", {}, "too short"),
        ("1234567890123", {}, "entirely numeric"),
    ],
)
def test_a_wrong_first_administrator_is_refused(db, monkeypatch, password, options, message):
    UserFactory(email="taken@example.kz")
    with pytest.raises(CommandError, match=message):
        create(monkeypatch, password, **options)
    assert User.objects.count() == 1


def test_without_a_terminal_the_password_comes_by_standard_input(db, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="--password-stdin"):
        call_command("create_administrator", email="a@example.kz", name="А")


@pytest.mark.parametrize("missing", ["email", "name"])
def test_without_a_terminal_everything_is_passed(db, monkeypatch, missing):
    with pytest.raises(CommandError, match=f"pass --{missing}"):
        create(monkeypatch, **{missing: None})
    assert not User.objects.exists()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_at_a_terminal_whatever_was_not_passed_is_asked_for(fixed_now, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", Terminal("first@example.kz\nБірінші Әкімші\n"))
    monkeypatch.setattr("getpass.getpass", lambda prompt: PASSWORD)
    call_command("create_administrator", stdout=io.StringIO())
    person = User.objects.get()
    assert (person.email, person.full_name, person.check_password(PASSWORD)) == (
        "first@example.kz",
        "Бірінші Әкімші",
        True,
    )
    assert capsys.readouterr().out == "E-mail: Name: "


def test_two_administrators_are_not_ended_together(fixed_now):
    memberships = [AdministratorFactory().pk, AdministratorFactory().pk]
    people.check_administrator_remains(today(), without_memberships=memberships[:1])
    with pytest.raises(ValidationError) as refused:
        people.check_administrator_remains(today(), without_memberships=memberships)
    assert refused.value.code == "last_administrator"
