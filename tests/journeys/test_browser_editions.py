"""A new edition of the Order from the file into force: uploaded by one administrator, put into force by another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.compliance.edition_files import EXAMPLE, changed
from tests.journeys.browser import Person
from tests.journeys.site import DOMAIN, PASSWORD, Site

pytestmark = pytest.mark.browser

People = Callable[..., Person]
SECOND = f"second-administrator@{DOMAIN}"
_APPOINT = f"""
from datetime import date
from allauth.account.models import EmailAddress
from institutions.models import Membership, User
user, made = User.objects.get_or_create(email="{SECOND}", defaults={{"full_name": "Екінші әкімші", "is_staff": True}})
user.set_password("{PASSWORD}")
user.save()
Membership.objects.get_or_create(user=user, role="administrator", defaults={{"valid_from": date(2022, 1, 1)}})
EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={{"verified": True, "primary": True}})
"""


def test_an_edition_comes_into_force(site: Site, person: People, tmp_path: Path, size: str) -> None:
    site.manage("shell", "-c", _APPOINT)
    code = f"browser-{size}"
    first = person("administrator")
    wrong = tmp_path / "қате.toml"
    wrong.write_text(changed(EXAMPLE, "number = 2", "number = 9"), encoding="utf-8")
    right = tmp_path / "редакция.toml"
    right.write_text(EXAMPLE.replace("example-2027", code), encoding="utf-8")

    first.open("/editions/")
    page = first.press("New edition", role="link")
    page.locator("[name=file]").set_input_files(wrong)
    first.press("Upload and check")
    expect(page.locator("main")).to_contain_text("1 mistake in қате.toml; nothing was kept")
    page.locator("[name=file]").set_input_files(right)
    first.press("Upload and check")
    expect(page.locator("main")).to_contain_text("Another administrator has to put it into force", timeout=90_000)
    expect(page.get_by_role("button", name="Put into force")).to_have_count(0)
    first.look()

    # A figure opens to its institutions.
    row = page.locator("#duties tr", has_text="SAFE-ROOM")
    gained = row.locator("a").first
    figure = gained.inner_text()
    first.follow(gained)
    expect(page.locator("main")).to_contain_text(f"{figure} changes of lists")
    page.go_back()
    path = first.path

    second = person("", language="en")
    second.sign_in(SECOND)
    other = second.open(path)
    second.press("Put into force")
    expect(other.locator("main")).to_contain_text("comes into force on its day", timeout=90_000)
    second.look()
    other.locator("summary", has_text="Take back").click()
    other.locator("[name=note]").fill("Мерзімі ауысты")
    second.press("Take the edition back")
    expect(other.locator("main")).to_contain_text("taken back before its day", timeout=90_000)
    second.look()


def test_a_director_stands_for_the_facts(person: People) -> None:
    director = person("director")
    page = director.open("/my/")
    card = page.locator("a[href^='/institutions/']").first.get_attribute("href") or ""
    bin_number = card.split("/")[2]
    page = director.open(f"/institutions/{bin_number}/facts/confirm/")
    director.press("It is as the register says")
    expect(page.locator("main")).to_contain_text("Confirmed")
    expect(page.locator("tbody tr", has_text="Kind of institution").locator("time")).to_have_count(1)
    page.locator("tbody tr", has_text="Kind of institution").locator("summary").click()
    director.look()
