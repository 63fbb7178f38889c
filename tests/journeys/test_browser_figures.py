"""Figures and what watches over them: coverage, briefs, the journal, people, languages; the main way without script."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, expect

from institutions.clock import today
from tests.journeys.browser import Person
from tests.journeys.test_browser_answers import send_answer

pytestmark = pytest.mark.browser

People = Callable[..., Person]


def test_an_analyst_opens_the_list_behind_a_figure_of_a_region(person: People) -> None:
    analyst = person("analyst")
    page = analyst.open("/coverage/")
    now = sum_of_first_column(analyst)

    # Another day: the address says it, and a figure of that day is another one.
    page.locator("details.q-filters summary").click()
    page.locator("[name=as_of]").fill("2022-12-31")
    page = analyst.press("Show")
    assert "as_of=2022-12-31" in page.url
    assert sum_of_first_column(analyst) != now

    page.locator("details.q-filters[open] [name=as_of]").fill(today().isoformat())
    analyst.press("Show")
    assert sum_of_first_column(analyst) == now

    # Into a region, and from a figure of it to the institutions that it counts.
    page = analyst.follow(page.locator("table.q-coverage-table tbody th a", has_text="Akmola"))
    assert "Akmola" in page.locator("h1").inner_text()
    assert page.locator("table.q-coverage-table tbody tr").count() > 2
    for part in ("total", "covered", "not_covered"):
        doors = page.locator(f"table.q-coverage-table tr.q-sum a[href*='part={part}']")
        door = doors.first
        figure = number_of(door)
        analyst.follow(door)
        assert len(names_behind(analyst)) == figure
        page.go_back()


def test_an_analyst_makes_a_brief_and_watches_it_grow(person: People, size: str) -> None:
    analyst = person("analyst")
    analyst.open("/briefs/")
    page = analyst.press("New brief", role="link")
    quarter = {"phone": "2025Q1", "desk": "2025Q2"}[size]  # a brief of its own at each size
    page.locator("[name=period]").select_option(quarter)

    loads: list[str] = []
    steps: list[str] = []
    page.on("load", lambda page: loads.append(page.url))
    page.on("response", lambda answer: steps.append(str(answer.status)) if "/progress/" in answer.url else None)
    analyst.press("Make the brief")
    assert re.fullmatch(r"/briefs/\d+/", analyst.path)
    expect(page.get_by_role("link", name="Download the PDF")).to_be_visible(timeout=60_000)
    # The bar asked for itself; the page was loaded when the brief was asked for, and once more when it was ready.
    assert steps[-1] == "204"
    assert set(steps[:-1]) <= {"200"}
    page.wait_for_load_state()
    assert len(loads) == 2, loads

    with page.expect_download() as started:
        page.get_by_role("link", name="Download the PDF").click()
    file = started.value
    assert file.suggested_filename == f"brief-{quarter}-kk.pdf"
    assert file.path().read_bytes().startswith(b"%PDF-")


def test_an_auditor_reads_who_did_what_and_changes_nothing(person: People, size: str) -> None:
    director, approver, auditor = person("director"), person("approver"), person("auditor")
    item = send_answer(director, note=f"Журналға: {size}")
    code = item.rstrip("/").rsplit("/", 1)[1]
    page = approver.open(f"/review/?requirement={code}")
    approver.follow(page.locator("table.q-queue tbody tr", has_text=f"Журналға: {size}").locator("th a"))
    entry = approver.path.strip("/").split("/")[1]
    approver.press("Approve")

    page = auditor.open("/journal/")
    rows = [" ".join(row.split()) for row in page.locator("main tbody tr").all_inner_texts()]
    of_entry = [row for row in rows if re.search(rf"\bstatusentry:{entry}\b", row)]
    assert [who for row in of_entry for who in ("director@", "approver@") if who in row] == [
        "approver@",
        "director@",
        "director@",
    ], "approved, sent, saved; newest first"

    # Nothing to press on what others may change, and the addresses of the verbs are not there.
    auditor.refused |= {404}
    page = auditor.open(item)
    assert page.locator("main form[method=post]").count() == 0
    for address in ("/review/", f"/review/{entry}/", "/briefs/new/", "/my/"):
        auditor.open(address)
        assert "There is no such page" in auditor.words


def test_an_administrator_lets_a_new_person_in(person: People, size: str) -> None:
    administrator = person("administrator")
    page = administrator.open("/admin/institutions/user/add/")
    email, given, chosen = f"zhana-{size}@demo.qalqan.example", "Бұлақ-көзі-2026", "Тас-жолдың-бойы-7"
    page.locator("[name=email]").fill(email)
    page.locator("[name=full_name]").fill("Жаңа Әріптес")
    page.locator("[name=password1]").fill(given)
    page.locator("[name=password2]").fill(given)
    page = administrator.follow(page.locator("[name=_continue]"))
    role = page.locator("select[name$='-0-role']")
    prefix = (role.get_attribute("name") or "").removesuffix("-role")
    role.select_option("editor")
    regions = page.locator(f"select[name='{prefix}-region']")
    regions.select_option(regions.locator("option", has_text="Akmola").get_attribute("value"))
    administrator.follow(page.locator("[name=_save]"))
    assert administrator.path == "/admin/institutions/user/", administrator.words

    newcomer = person()
    newcomer.sign_in(email, given)
    assert "Akmola" in newcomer.words
    page = newcomer.open("/accounts/password/change/")
    page.locator("[name=oldpassword]").fill(given)
    page.locator("[name=password1]").fill(chosen)
    page.locator("[name=password2]").fill(chosen)
    newcomer.follow(page.locator("main form button[type=submit]").first)
    again = person()
    again.sign_in(email, chosen)
    assert "Akmola" in again.words
    # Nobody becomes an administrator by knowing the address.
    again.refused |= {404}
    again.open("/admin/")
    assert "There is no such page" in again.words


def test_the_language_is_chosen_on_any_page_and_remembered(person: People) -> None:
    analyst = person("analyst", language="")
    page = analyst.open("/coverage/?scope=large_cities&kind=school")
    address = page.url
    assert page.locator("html").get_attribute("lang") == "kk"
    for language in ("ru", "en", "kk", "ru"):
        analyst.follow(page.locator(f"form.q-languages button[value={language}]"))
        assert page.url == address
        assert page.locator("html").get_attribute("lang") == language
        current = page.locator("form.q-languages button[aria-current=true]")
        assert current.get_attribute("value") == language
    analyst.open("/briefs/")
    assert page.locator("html").get_attribute("lang") == "ru"
    # A year later on the same device, before signing in.
    cookie = next(cookie for cookie in analyst.context.cookies() if cookie["name"] == "django_language")
    assert cookie["expires"] > analyst.page.evaluate("Date.now() / 1000") + timedelta(days=300).total_seconds()
    analyst.context.clear_cookies(name="sessionid")
    analyst.open("/accounts/login/")
    assert page.locator("html").get_attribute("lang") == "ru"


@pytest.mark.parametrize("size", ["phone"], indirect=True)
def test_the_main_way_without_script(person: People) -> None:
    director, approver, analyst = (person(role, script=False) for role in ("director", "approver", "analyst"))
    item = send_answer(director, note="Скриптсіз жіберілді")
    code = item.rstrip("/").rsplit("/", 1)[1]
    page = approver.open(f"/review/?requirement={code}")
    approver.follow(page.locator("table.q-queue tbody tr", has_text="Скриптсіз").locator("th a"))
    approver.press("Approve")
    assert "Approved: " in approver.words

    page = analyst.open(f"/coverage/?requirement={code}&region=KZ-11")
    door = page.locator("table.q-coverage-table tr.q-sum a[href*='part=total']").first
    figure = number_of(door)
    analyst.follow(door)
    assert len(names_behind(analyst)) == figure

    page = analyst.open("/briefs/new/")
    page.locator("[name=period]").select_option("2025Q3")
    page = analyst.press("Make the brief")
    refreshed = 0
    while page.get_by_role("link", name="Download the PDF").count() == 0:
        analyst.press("Show the progress", role="link")
        refreshed += 1
        page.wait_for_timeout(300)
        assert refreshed < 100, analyst.words
    assert refreshed > 0
    with page.expect_download() as started:
        page.get_by_role("link", name="Download the PDF").click()
    assert started.value.path().read_bytes().startswith(b"%PDF-")


# --- what they read -----------------------------------------------------------------------------------


def number_of(link: Locator) -> int:
    """The figure of a link; what is read aloud before it and a minus are left out."""
    return int(re.sub(r"\D", "", link.inner_text()))


def sum_of_first_column(reader: Person) -> tuple[int, int]:
    """Covered and total of the sum over all places, of the first measure."""
    cell = reader.page.locator("table.q-coverage-table tr.q-sum td").first
    covered, total = (number_of(cell.locator(f"a[href*='part={part}']")) for part in ("covered", "total"))
    return covered, total


def names_behind(reader: Person) -> list[str]:
    """The institutions of a list, from all its pages."""
    found: list[str] = []
    while True:
        found += reader.page.locator("main tbody th").all_inner_texts()
        following = reader.page.locator(".q-pager a[rel=next]")
        if not following.count():
            return found
        reader.follow(following)
