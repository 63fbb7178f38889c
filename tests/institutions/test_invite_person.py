"""The command `invite_person`: what it does, what it says, how it ends."""

import io
import json

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from institutions.enums import Role
from institutions.models import Journal, User
from institutions.roles import Post
from tests.factories.institutions import InstitutionFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]


def run(**options: object) -> str:
    out = io.StringIO()
    given = {"email": "new@example.kz", "name": "Жаңа Адам", "role": "analyst", **options}
    call_command("invite_person", stdout=out, **given)
    return out.getvalue()


def test_a_person_is_invited(fixed_now):
    assert run() == "new@example.kz: ministry analyst, the country. The letter is out.\n"
    person = User.objects.get()
    assert (person.full_name, Post.of(person.memberships.get())) == ("Жаңа Адам", Post(Role.ANALYST))
    assert [letter.to for letter in mail.outbox] == [["new@example.kz"]]
    assert list(Journal.objects.order_by("pk").values_list("action", "user")) == [
        ("person.create", None),
        ("membership.create", None),
        ("person.invite", None),
    ]


@pytest.mark.parametrize("scope", ["region", "locality", "institution"])
def test_the_scope_is_told_by_its_code(fixed_now, places, scope):
    school = InstitutionFactory(locality=places.city, listed=False)
    role, code, post = {
        "region": ("editor", places.region.code, Post(Role.EDITOR, region=places.region)),
        "locality": ("approver", places.city.kato, Post(Role.APPROVER, locality=places.city)),
        "institution": ("director", school.bin, Post(Role.DIRECTOR, institution=school)),
    }[scope]
    told = json.loads(run(role=role, scope=code, until="2026-12-31", format="json"))
    assert told == {
        "person": "new@example.kz",
        "role": role,
        "valid_from": "2026-05-20",
        "valid_to": "2026-12-31",
        "accepted": False,
    }
    assert Post.of(User.objects.get().memberships.get()) == post


def test_somebody_known_gets_the_role_where_that_is_said(fixed_now):
    person = UserFactory(email="known@example.kz", full_name="Бар Адам")
    with pytest.raises(CommandError, match="belongs to Бар Адам already") as refused:
        run(email="known@example.kz")
    assert (refused.value.returncode, person.memberships.count()) == (1, 0)
    run(email="known@example.kz", known=True)
    assert person.memberships.get().role == Role.ANALYST
    with pytest.raises(CommandError, match="has the role at that time already") as refused:
        run(email="known@example.kz", known=True)
    assert refused.value.returncode == 1


@pytest.mark.parametrize(
    ("options", "message", "code"),
    [
        ({"role": "king"}, "--role: 'king' is unknown", 2),
        ({"scope": "XX"}, "--scope: 'XX' is unknown", 2),
        ({"scope": "000000000000"}, "no institution with the BIN", 2),
        ({"scope": "000000000"}, "no district with the KATO", 2),
        ({"until": "soon"}, "--until: 'soon' is not a day", 2),
        ({"until": "2026-02-31"}, "is not a day", 2),
        ({"until": "2026-05-19"}, "The last day lies before the first", 1),
        ({"email": "no address"}, "valid email address", 1),
        ({"name": ""}, "blank", 1),
        ({"role": "director"}, "A director has an institution", 1),
    ],
)
def test_a_wrong_invitation_is_refused(fixed_now, places, options, message, code):
    with pytest.raises(CommandError, match=message) as refused:
        run(**options)
    assert (refused.value.returncode, User.objects.count(), mail.outbox) == (code, 0, [])


def test_a_letter_that_does_not_go_out_is_told(fixed_now, monkeypatch):
    def refuse(message) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    with pytest.raises(CommandError, match="the letter did not go out") as failed:
        run()
    assert (failed.value.returncode, User.objects.count()) == (3, 1)
