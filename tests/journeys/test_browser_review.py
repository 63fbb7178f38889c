"""An approver goes through the queue by keys, and returns many answers with one reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.browser import Person

pytestmark = pytest.mark.browser

People = Callable[..., Person]
QUEUE = "/review/?all=1"
ROWS = "form[data-queue] tbody tr"
TEXT = "Шартты көрсетіңіз, нөмірі & күні"


def link(page: Page, row: int) -> Locator:
    return page.locator(ROWS).nth(row).locator("th a")


def test_the_queue_goes_by_keys(person: People) -> None:
    approver = person("approver")
    page = approver.open(QUEUE)
    for key, row in (("j", 0), ("j", 1), ("k", 0), ("k", 0), ("j", 1)):
        page.keyboard.press(key)
        expect(link(page, row)).to_be_focused()
    box = page.locator(ROWS).nth(1).locator("input[name=shown]")
    page.keyboard.press("x")
    expect(box).to_be_checked()
    page.keyboard.press("x")
    expect(box).not_to_be_checked()

    # A Kazakh layout writes another letter there.
    page.evaluate(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'о', code: 'KeyJ', bubbles: true}))"
    )
    expect(link(page, 2)).to_be_focused()

    # Help comes and goes; no key acts behind it.
    page.keyboard.press("?")
    help_box = page.get_by_role("dialog", name="Keys of the review")
    expect(help_box).to_be_visible()
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    expect(help_box).to_be_hidden()
    expect(page.locator("input[name=shown]:checked")).to_have_count(0)

    # The key leads to the button, which decides only when it is pressed.
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Approve the selected")).to_be_focused()
    expect(page.locator("input[name=shown]:checked")).to_have_count(1)
    assert approver.path == "/review/"

    # In a field the keys are letters, with Ctrl they are the browser's.
    page = approver.open(QUEUE + "&q=Мектеп")
    field = page.locator("[name=q]")
    field.fill("")
    field.press_sequentially("jxar")
    expect(field).to_have_value("jxar")
    expect(page.locator("input[name=shown]:checked")).to_have_count(0)

    page = approver.open(QUEUE)
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert approver.path.startswith("/review/")
    assert approver.path != "/review/"
    page.keyboard.press("r")
    expect(page.locator("#return input[type=radio]").first).to_be_focused()
    expect(page.locator("#return")).to_have_attribute("open", "")


def test_keys_are_switched_off_on_a_device(person: People) -> None:
    approver = person("approver")
    page = approver.open(QUEUE)
    page.keyboard.press("?")
    page.get_by_label("Keys are on (on this device)").uncheck()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    expect(link(page, 0)).not_to_be_focused()
    page = approver.open(QUEUE)
    page.keyboard.press("j")
    expect(link(page, 0)).not_to_be_focused()
    page.keyboard.press("?")
    page.get_by_label("Keys are on (on this device)").check()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(link(page, 0)).to_be_focused()


@pytest.mark.parametrize("script", [True, False])
def test_many_are_returned_with_one_reason(person: People, script: bool) -> None:
    approver = person("approver", script=script)
    page = approver.open(QUEUE)
    boxes = page.locator("input[name=shown]")
    marks = [boxes.nth(number).get_attribute("value") for number in range(2)]
    for number in range(2):
        boxes.nth(number).check()
    page = approver.press("Return the selected…")
    expect(page.locator("input[name=shown]:checked")).to_have_count(2)

    # Without a reason it comes back, with all that was typed and ticked.
    page.locator("[name=return-note]").fill(TEXT)
    page.locator("form", has=page.locator("[name=return-note]")).evaluate("form => form.noValidate = true")
    page = approver.press("Return these answers")
    assert "Choose a reason." in approver.words
    expect(page.locator("[name=return-note]")).to_have_value(TEXT)
    expect(page.locator("input[name=shown]:checked")).to_have_count(2)

    page.locator("[name=return-reason][value=no_proof]").check()
    page = approver.press("Return these answers")
    assert "2 answers returned to their authors." in approver.words
    page = approver.open(QUEUE)
    assert not set(marks) & set(page.locator("input[name=shown]").evaluate_all("all => all.map(one => one.value)"))
