"""What came back is told to the director, opened from the bell, and read; the letters are the person's choice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import Person
from tests.journeys.site import Site

pytestmark = pytest.mark.browser
People = Callable[..., Person]
FORGET = "from compliance.models import Notice; Notice.objects.all().delete()"
# In the last days of a quarter there is more to tell.
TELL = (
    "from compliance.models import Notice; from compliance.tasks import tell_people; "
    "tell_people(); Notice.objects.exclude(kind='returned').delete()"
)


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_a_director_opens_what_came_back_and_chooses_letters(person: People, site: Site, script: bool) -> None:
    site.manage("shell", "-c", FORGET)
    site.manage("shell", "-c", TELL)
    director = person("director", script=script)
    page = director.open("/")
    bell = page.locator(".q-bell")
    expect(bell).to_have_attribute("aria-label", "Inbox: 1 not read")
    director.follow(bell)
    assert "1 notice not read" in director.words
    director.press("An answer came back")
    assert "/checklist/" in director.path
    expect(page.locator(".q-bell")).to_have_attribute("aria-label", "Inbox")
    director.open("/inbox/")
    assert "Everything is read" in director.words
    director.press("Letters", role="link")
    page.get_by_label("only what is urgent").check()
    director.press("Save")
    assert "Your choice is kept." in director.words
    director.open("/inbox/letters/")
    expect(page.get_by_label("only what is urgent")).to_be_checked()
