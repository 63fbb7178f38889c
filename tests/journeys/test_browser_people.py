"""A regional editor invites a director, who sets a password and begins; then the institution is handed over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from tests.journeys.browser import Person
from tests.journeys.site import Site

pytestmark = pytest.mark.browser
PASSWORD = "Тоғыз-қабат-торқа"
# The letter lies in the other person's mailbox; this makes the link that stands in it.
LINK = """
from allauth.account.forms import EmailAwarePasswordResetTokenGenerator
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse
from institutions.models import User
user = User.objects.get(email="{email}")
key = EmailAwarePasswordResetTokenGenerator().make_token(user)
print("link", reverse("account_reset_password_from_key", kwargs={{"uidb36": user_pk_to_url_str(user), "key": key}}))
"""


def card_without_director(editor: Person) -> str:
    """The address of the first card on which a director is missing; the editor looks at it."""
    editor.open("/institutions/?page=2")
    cards = editor.page.locator("table tbody th a").evaluate_all("links => links.map(link => link.pathname)")
    for card in cards:
        editor.open(card)
        if editor.page.locator("main").get_by_role("link", name="Invite a director").count():
            return str(card)
    raise AssertionError("every institution has a director")


def invite(editor: Person, email: str, name: str, button: str) -> None:
    editor.page.locator("[name=email]").fill(email)
    editor.page.locator("[name=full_name]").fill(name)
    editor.press(button)


def test_a_director_is_invited_begins_and_hands_over(person: Callable[..., Person], site: Site, size: str) -> None:
    editor = person("editor")
    first, second = f"first-{size}@example.kz", f"second-{size}@example.kz"
    card = card_without_director(editor)
    editor.press("Invite a director", role="link")
    invite(editor, first, "Бірінші Басшы", "Invite")
    assert "invited, not accepted yet" in editor.words

    newcomer = person()
    told = site.manage("shell", "-c", LINK.format(email=first))
    newcomer.open(told.split("link ")[1].split()[0])
    for field in ("password1", "password2"):
        newcomer.page.locator(f"[name={field}]").fill(PASSWORD)
    newcomer.press("Set the password")
    newcomer.open("/")
    newcomer.sign_in(first, PASSWORD)
    assert "My facility" in newcomer.words

    editor.open(f"/people/?q={first}")
    assert "has a role in force" in editor.words
    editor.open(card)
    editor.press("Hand over to a new director", role="link")
    last_day = date.today() + timedelta(days=3)  # noqa: DTZ011 (far enough from any midnight)
    editor.page.locator("[name=last_day]").fill(last_day.isoformat())
    invite(editor, second, "Екінші Басшы", "Hand over")
    assert "begins later" in editor.words
    editor.open(card)
    directors = " ".join(editor.page.locator("section.card", has_text="Hand over").inner_text().split())
    until, since = (f"{day.day} {day:%b %Y}" for day in (last_day, last_day + timedelta(days=1)))
    assert f"until {until}" in directors
    assert f"Екінші Басшы · from {since}" in directors


def test_an_address_that_is_known_is_offered_without_script(person: Callable[..., Person]) -> None:
    administrator = person("administrator", script=False, refused={409})
    administrator.open("/people/")
    administrator.press("Invite somebody", role="link")
    administrator.page.locator("[name=role]").select_option("auditor")
    invite(administrator, "analyst@demo.qalqan.example", "Басқа Ат", "Invite")
    assert "Somebody in the register has this address already Дәурен Қасымов" in administrator.words
    assert administrator.page.locator("[name=full_name]").input_value() == "Басқа Ат"
