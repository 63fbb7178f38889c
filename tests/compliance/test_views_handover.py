"""The hand-over of an institution: who may, what the form does, and what becomes of the answers."""

from datetime import date, timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from compliance.enums import EntryState
from compliance.models import StatusEntry
from institutions.enums import Role
from institutions.models import Institution, Membership, User
from tests.factories.compliance import EntryFactory, ItemFactory
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
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
    return InstitutionFactory(locality=places.city, large_city=places.large_city)


@pytest.fixture
def editor(places) -> User:
    return EditorFactory(region=places.region).user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url_of(school: Institution) -> str:
    return reverse("institutions:hand_over", args=[school.bin])


def sent(director: Membership, **changes: str) -> dict[str, str]:
    return {
        "leaving": str(director.pk),
        "last_day": "2026-05-31",
        "email": "new@example.kz",
        "full_name": "Жаңа Директор",
        "language": "kk",
        **changes,
    }


def directors_on(school: Institution, day: date) -> list[str]:
    found = Membership.objects.in_force(day).filter(institution=school)
    return sorted(found.values_list("user__email", flat=True))


@pytest.mark.parametrize("who", ["editor", "administrator"])
def test_a_school_is_handed_over(school, editor, who):
    by = editor if who == "editor" else AdministratorFactory().user
    leaving = DirectorFactory(institution=school)
    response = signed_in(by).post(url_of(school), sent(leaving))
    coming = User.objects.get(email="new@example.kz")
    assert (response.status_code, response.url) == (302, reverse("institutions:person", args=[coming.pk]))
    last_day = date(2026, 5, 31)
    assert directors_on(school, last_day) == [leaving.user.email]
    assert directors_on(school, last_day + DAY) == ["new@example.kz"]
    assert [letter.to for letter in mail.outbox] == [["new@example.kz"]]


@pytest.mark.parametrize("who", ["neighbour", "district", "director", "approver", "analyst", "nobody"])
def test_nobody_else_finds_the_form(school, places, who):
    leaving = DirectorFactory(institution=school)
    person = {
        "neighbour": lambda: EditorFactory(region=places.capital).user,
        "district": lambda: EditorFactory(locality=places.district).user,
        "director": lambda: leaving.user,
        "approver": lambda: ApproverFactory(region=places.region).user,
        "analyst": lambda: AnalystFactory().user,
        "nobody": UserFactory,
    }[who]()
    client = signed_in(person)
    url = url_of(school)
    assert [client.get(url).status_code, client.post(url, sent(leaving)).status_code] == [404, 404]
    leaving.refresh_from_db()
    assert leaving.valid_to is None
    card = client.get(reverse("institutions:detail", args=[school.bin]))
    assert url not in card.content.decode()


def test_the_card_leads_there(school, editor):
    client, card = signed_in(editor), reverse("institutions:detail", args=[school.bin])
    invite = f"{reverse('institutions:invite')}?role=director&amp;institution={school.bin}"
    assert invite in client.get(card).content.decode()
    assert client.get(url_of(school)).url == invite.replace("&amp;", "&")
    prefilled = client.get(client.get(url_of(school)).url).context["form"]
    assert prefilled["institution"].value() == school.bin

    DirectorFactory(institution=school, user__full_name="Дана Бекова")
    words = client.get(card).content.decode()
    assert (invite in words, url_of(school) in words, "Дана Бекова" in words) == (False, True, True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"leaving": ""}, "leaving"),
        ({"leaving": "0"}, "leaving"),
        ({"last_day": ""}, "last_day"),
        ({"last_day": "2026-05-19"}, "__all__"),
        ({"email": "no address"}, "email"),
        ({"full_name": ""}, "full_name"),
    ],
)
def test_a_wrong_hand_over_comes_back_filled(school, editor, changes, field):
    leaving = DirectorFactory(institution=school)
    response = signed_in(editor).post(url_of(school), sent(leaving, **changes))
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert response.context["form"]["language"].value() == "kk"
    assert directors_on(school, date(2026, 12, 31)) == [leaving.user.email]


def test_of_two_directors_the_one_who_leaves_is_chosen(school, editor):
    stays, leaves = DirectorFactory(institution=school), DirectorFactory(institution=school)
    DirectorFactory(institution=school, substitute_for=stays.user, valid_to=TODAY + 90 * DAY)
    page = signed_in(editor).get(url_of(school))
    form = page.context["form"]
    assert ([key for key, _label in form.fields["leaving"].choices], form["leaving"].value()) == (
        [str(stays.pk), str(leaves.pk)],
        None,
    )
    signed_in(editor).post(url_of(school), sent(leaves))
    stays.refresh_from_db()
    leaves.refresh_from_db()
    assert (stays.valid_to, leaves.valid_to) == (None, date(2026, 5, 31))


def test_a_new_director_who_is_known_is_offered_first(school, editor):
    leaving = DirectorFactory(institution=school)
    known = DirectorFactory(institution=school, valid_to=TODAY - DAY, user__full_name="Бар Директор").user
    client = signed_in(editor)
    offered = client.post(url_of(school), sent(leaving, email=known.email))
    assert (offered.status_code, "Бар Директор" in offered.content.decode()) == (409, True)
    leaving.refresh_from_db()
    assert leaving.valid_to is None
    assert client.post(url_of(school), sent(leaving, email=known.email, known=str(known.pk))).status_code == 302
    assert directors_on(school, date(2026, 6, 1)) == [known.email]


def test_drafts_stay_their_authors_and_can_be_read(school, editor, fixed_now):
    leaving = DirectorFactory(institution=school)
    item = ItemFactory(institution=school)
    draft = EntryFactory(item=item, author=leaving.user, note="Келісімшарт дайындалуда")
    sent_one = EntryFactory(
        item=ItemFactory(institution=school, measure="turnstile"), author=leaving.user, submitted=True
    )
    page = signed_in(editor).get(url_of(school))
    assert "1 draft has not been sent." in page.content.decode()

    signed_in(editor).post(url_of(school), sent(leaving, last_day="2026-05-20"))

    coming = User.objects.get(email="new@example.kz")
    with time_machine.travel(fixed_now + DAY, tick=False):
        assert not StatusEntry.objects.editable_by(leaving.user).exists()
        assert not StatusEntry.objects.editable_by(coming).exists()
        read = signed_in(coming).get(reverse("compliance:item", args=[school.bin, item.requirement.code]))
        assert (read.status_code, "Келісімшарт дайындалуда" in read.content.decode()) == (200, True)
        gone = signed_in(leaving.user).get(reverse("compliance:item", args=[school.bin, item.requirement.code]))
        assert gone.status_code == 404
    draft.refresh_from_db()
    sent_one.refresh_from_db()
    assert (draft.state, draft.author, sent_one.state) == (EntryState.DRAFT, leaving.user, EntryState.SUBMITTED)
    assert Membership.objects.filter(role=Role.DIRECTOR, institution=school).count() == 2
