"""A director answers on a phone and at a desk; an approver decides; an editor answers for an institution."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, expect

from institutions.clock import today
from tests.factories.pictures import camera_data, scene, stored
from tests.journeys.browser import Person

pytestmark = pytest.mark.browser

NOTE = "Журнал тігілген, «Күзет» ЖШС <b>2 рет</b> тексерді & қол қойды"
People = Callable[..., Person]


def test_a_director_answers_sends_and_takes_back(person: People) -> None:
    director = person()
    director.open("/")
    director.sign_in("director")
    assert director.path == "/"
    director.follow(director.page.locator("main a.btn", has_text="Checklist"))
    page = director.follow(free_item(director))
    item = director.path

    # The draft saves itself and says so.
    fill(director, status="partly_met", note=NOTE, number="15/ж", issued="2026-02-01", ends="2026-01-01")
    said = page.locator("#saved")
    expect(said).to_contain_text("The document ends before it was issued.")

    # A wrong day comes back with a message, everything typed stands where it stood.
    page = director.press("Send for approval")
    assert director.path == item
    assert page.locator("#id_document_valid_until_error").inner_text().strip() == (
        "The document ends before it was issued."
    )
    assert typed(director) == {
        "status": "partly_met",
        "effective_on": today().isoformat(),
        "note": NOTE,
        "document_number": "15/ж",
        "document_issuer": "Білім бөлімі",
        "document_issued_on": "2026-02-01",
        "document_valid_until": "2026-01-01",
    }
    page.locator("[name=document_valid_until]").fill("2027-02-01")
    expect(said).to_contain_text("Draft saved")

    page = director.press("Save the draft")
    assert "The draft is saved." in director.words
    page = director.press("Send for approval")
    assert "Sent for approval." in director.words
    expect(page.get_by_role("heading", name="Waits for a decision")).to_be_visible()
    assert NOTE in director.words
    assert page.locator("form[data-keep^='answer']").count() == 0, "nothing to fill in while it waits"
    director.press("Checklist", role="link")
    expect(row(director, item)).to_contain_text("waits for a decision")

    director.open(item)
    page = director.press("Take back and change")
    assert "The answer is taken back." in director.words
    assert typed(director)["note"] == NOTE
    page = director.press("Save the draft")
    page = director.press("Discard the draft")
    assert "The draft is discarded." in director.words


def test_a_returned_answer_is_mended_and_approved(person: People) -> None:
    director, approver = person("director"), person("approver")
    item = send_answer(director, note="Бірінші жауап: тексерілді")

    # The queue, filtered by what was typed and chosen, leads to the answer.
    code = item.rstrip("/").rsplit("/", 1)[1]
    page = approver.open("/review/")
    page.locator("details.q-filters summary").click()
    page.locator("[name=q]").fill(re.search(r"\d{12}", item).group(0))  # type: ignore[union-attr]
    page.locator("[name=requirement]").select_option(code)
    page = approver.press("Show")
    assert page.locator("table.q-queue tbody tr").count() == 1
    page = approver.follow(page.locator("table.q-queue tbody th a"))
    first = approver.path
    assert "Бірінші жауап: тексерілді" in approver.words
    assert "№ 15/ж, Білім бөлімі" in approver.words

    # No reason, no return; what was typed stays.
    page.locator("summary", has_text="Return to the author").click()
    page.locator("[name=return-note]").fill("   ")
    page.locator("form", has=page.locator("[name=return-note]")).evaluate("form => form.noValidate = true")
    page = approver.press("Return")
    assert "Choose a reason." in approver.words
    assert "Say what has to be mended." in approver.words
    page.locator("[name=return-note]").fill("Актінің күні жоқ")
    page.locator("form", has=page.locator("[name=return-note]")).evaluate("form => form.noValidate = true")
    page = approver.press("Return")
    assert page.locator("[name=return-note]").input_value() == "Актінің күні жоқ"
    assert "Choose a reason." in approver.words
    page.locator("[name=return-reason]").first.check()
    page = approver.press("Return")
    assert "Returned: " in approver.words

    # It stands first on the director's list, with the words of the approver, and goes on from there.
    director.open("/my/")
    link = director.page.locator("#first li.q-item", has=director.page.locator(f'a[href="{item}"]'))
    expect(link).to_contain_text("returned")
    page = director.follow(link.locator("a.btn"))
    assert "Актінің күні жоқ" in director.words
    assert typed(director)["note"] == "Бірінші жауап: тексерілді"
    page.locator("[name=note]").fill("Екінші жауап: күні қойылды")
    director.press("Send for approval")
    assert "Sent for approval." in director.words

    page = approver.open(f"/review/?requirement={code}")
    page = approver.follow(page.locator("table.q-queue tbody tr", has_text="Екінші").locator("th a"))
    assert approver.path != first
    assert "Актінің күні жоқ" in approver.words, "the way of the answer so far"
    page.locator("[name=approve-note]").fill("Қаралды")
    approver.press("Approve")
    assert "Approved: " in approver.words
    director.open(item)
    assert "Екінші жауап: күні қойылды" in director.words
    assert "Қаралды" in director.words


def test_answers_with_nothing_unusual_are_approved_together(person: People) -> None:
    approver = person("approver")
    page = approver.open("/review/")
    before = page.locator("table.q-queue tbody tr").count()
    page = approver.follow(page.locator("main a.btn", has_text="Approve all with nothing unusual"))
    boxes = page.locator("table.q-queue input[name=shown]")
    ticked = page.locator("table.q-queue input[name=shown]:checked")
    assert ticked.count() == boxes.count() >= 3
    for box in boxes.all()[2:]:  # the others are looked at one by one
        box.uncheck()
    page = approver.press("Approve the selected")
    assert "2 answers approved." in approver.words
    page = approver.press("Back to the queue", role="link")
    assert page.locator("table.q-queue tbody tr").count() == before - 2


def test_an_editor_answers_for_an_institution_of_the_region(person: People) -> None:
    editor = person("editor")
    editor.open("/institutions/")
    kept = editor.page.locator("main tbody tr").last.locator("th a")
    name = kept.inner_text()
    editor.follow(kept)
    assert editor.page.locator("h1").inner_text().startswith(name)
    editor.press("Checklist", role="link")
    editor.follow(free_item(editor))
    fill(editor, status="not_met", note="Хат бойынша, 12.03.2026")
    editor.press("Send for approval")
    assert "Sent for approval." in editor.words
    assert "Хат бойынша, 12.03.2026" in editor.words
    # Four eyes: the editor decides nothing, the queue is not there.
    editor.refused.add(404)
    editor.open("/journal/")
    assert "There is no such page" in editor.words


def test_what_was_typed_outlives_the_session(person: People) -> None:
    director = person()
    director.open("/my/")
    director.sign_in("director")
    assert "/checklist/" in director.path
    page = director.follow(free_item(director))
    item = director.path
    director.refused |= {401, 403}
    director.context.clear_cookies(name="sessionid")

    # The draft cannot save itself and says why; sending shows what was typed instead of losing it.
    fill(director, status="met", note="Екі күзетші кезекшілікте тұр")
    expect(page.locator("#saved")).to_contain_text("your session has ended")
    director.press("Send for approval")
    assert "Your session has ended" in director.words
    assert "Екі күзетші кезекшілікте тұр" in director.words

    # Signing in in another window, then sending again from here.
    with director.context.expect_page() as opened:
        director.page.get_by_role("link", name="Sign in (new window)").click()
    waiting, director.page = director.page, opened.value
    director.sign_in("director")
    director.page.close()
    director.page = waiting
    director.press("Send again")
    if "Not sent yet" in director.words:  # the form's token is older than the sign-in
        director.press("Send again")
    assert director.path == item
    assert "Sent for approval." in director.words
    assert "Екі күзетші кезекшілікте тұр" in director.words


def test_what_was_typed_comes_back_to_the_form_after_signing_in_again(person: People) -> None:
    director = person()
    director.open("/my/")
    director.sign_in("director")
    page = director.follow(free_item(director))
    item = director.path
    director.refused |= {401}
    director.context.clear_cookies(name="sessionid")
    fill(director, status="met", note="Қағазда жазылған")
    expect(page.locator("#saved")).to_contain_text("your session has ended")

    director.open(item)
    assert director.path == "/accounts/login/"
    director.sign_in("director")
    assert director.path == item
    assert (typed(director)["status"], typed(director)["note"]) == ("met", "Қағазда жазылған")
    expect(director.page.locator("[data-keep-notice]")).to_be_visible()
    director.page.get_by_role("button", name="Forget it").click()
    assert typed(director)["note"] == ""


# --- what they do -------------------------------------------------------------------------------------


def test_a_photo_goes_with_an_answer_and_what_is_none_is_told(person: People) -> None:
    director, approver = person("director"), person("approver")
    director.open("/my/")
    page = director.follow(free_item(director))
    item = director.path
    fill(director, status="met", note="Посты жабдықталды")
    photo = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": stored(scene(11), exif=camera_data())}
    heic = {"name": "IMG_2.heic", "mimeType": "image/heic", "buffer": b"\0\0\0\x18ftypheic" + b"\0" * 99}
    page.locator("[name=photos]").set_input_files([photo, heic])
    page = director.press("Send for approval")
    assert "“IMG_2.heic”: this is a HEIC photo" in director.words
    assert page.locator(".q-photo").count() == 1
    assert page.locator("[name=note]").input_value() == "Посты жабдықталды"
    page = director.press("Send for approval")
    assert "Sent for approval." in director.words

    # The approver finds it by the institution and the item, with place and time, and opens it large.
    code = item.rstrip("/").rsplit("/", 1)[1]
    bin_number = re.search(r"\d{12}", item).group(0)  # type: ignore[union-attr]
    page = approver.open(f"/review/?q={bin_number}&requirement={code}")
    assert "1 photo" in approver.words
    page = approver.follow(page.locator("table.q-queue tbody th a"))
    assert "taken 18 May 2026, 09:30" in approver.words
    picture = page.locator(".q-photo img")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("naturalWidth", 640)
    # Large behind its link; without script in a tab of its own, which is no page of ours.
    assert page.locator(".q-photo a").get_attribute("href") == picture.get_attribute("src")
    director.open(item)
    director.press("Take back and change")


def test_photos_of_a_refused_answer_wait_for_the_next_try_even_over_a_sign_in(person: People) -> None:
    director = person("director", script=False)
    director.open("/my/")
    page = director.follow(free_item(director))
    item = director.path
    before = page.locator(".q-photo").count()  # of an answer that was taken back
    fill(director, status="met", note="Суретпен бірге")
    page.locator("[name=document_number]").fill("15/ж")  # and nothing else of the document
    page.locator("[name=photos]").set_input_files([jpeg(21), jpeg(22)])
    page = director.press("Send for approval")
    assert director.path == item
    assert "These photos were sent with a form that was not taken." in director.words
    kept = page.locator('.q-photo img[src^="/photos/kept/"]')
    expect(kept).to_have_count(2)

    # Meanwhile the session ends; the third photo is not lost either.
    page.locator("[name=document_number]").fill("")
    page.locator("[name=photos]").set_input_files([jpeg(23)])
    session = director.session()
    director.context.clear_cookies(name="sessionid")
    director.refused |= {403}
    director.press("Save the draft")
    assert "The photos are kept for you" in director.words
    director.context.add_cookies(session)  # signed in again in another window
    page = director.press("Send again")
    assert "The draft is saved." in director.words
    expect(page.locator(".q-photo")).to_have_count(before + 3)
    expect(kept).to_have_count(0)
    director.press("Discard the draft")


def test_photos_open_large_over_the_page(person: People) -> None:
    director = person("director")
    director.open("/my/")
    page = director.follow(free_item(director))
    fill(director, status="met", note="Екі сурет")
    page.locator("[name=photos]").set_input_files([jpeg(31), jpeg(32)])
    page = director.press("Save the draft")
    links, large = page.locator("form[data-keep] .q-photo a"), page.locator("dialog.q-lightbox")
    count = links.count()
    expect(large).to_be_hidden()

    links.nth(count - 2).click()
    expect(large).to_be_visible()
    picture = large.locator("[data-lightbox-picture]")
    expect(picture).to_have_js_property("naturalWidth", 640)
    caption = large.locator("[data-lightbox-caption]")
    expect(caption).to_contain_text(f"Photo {count - 1} · taken 18 May 2026, 09:30 · 49.8")
    expect(large.locator("[data-lightbox-place]")).to_have_text(f"{count - 1} / {count}")
    page.keyboard.press("ArrowRight")
    expect(caption).to_contain_text(f"Photo {count} ")
    page.keyboard.press("ArrowRight")
    expect(caption).to_contain_text("Photo 1 ")
    large.get_by_role("button", name="Previous photo").click()
    expect(caption).to_contain_text(f"Photo {count} ")

    full = large.get_by_role("button", name="Full size")
    full.click()
    expect(full).to_have_attribute("aria-pressed", "true")
    assert picture.evaluate("one => one.clientWidth") == 640
    page.keyboard.press("Tab")  # stays within
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    expect(links.nth(count - 1)).to_be_focused()
    assert len(director.context.pages) == 1
    director.press("Discard the draft")


def test_without_script_a_photo_is_a_link_to_its_file(person: People) -> None:
    director = person("director", script=False)
    director.open("/my/")
    page = director.follow(free_item(director))
    fill(director, status="met", note="Сурет")
    page.locator("[name=photos]").set_input_files([jpeg(41)])
    page = director.press("Save the draft")
    expect(page.locator("dialog.q-lightbox")).to_be_hidden()
    # In a tab of its own, which is no page of ours and is not opened here.
    link = page.locator("form[data-keep] .q-photo a").last
    assert link.get_attribute("target") == "_blank"
    file = director.context.request.get(link.get_attribute("href") or "")
    assert (file.status, file.headers["content-type"]) == (200, "image/jpeg")
    director.press("Discard the draft")


def jpeg(seed: int) -> dict[str, object]:
    """A photo as a phone hands it over."""
    return {"name": f"{seed}.jpg", "mimeType": "image/jpeg", "buffer": stored(scene(seed), exif=camera_data())}


def free_item(reader: Person) -> Locator:
    """The link of the first item of the open checklist that has neither draft nor waiting nor returned answer."""
    rows = reader.page.locator("main li.q-item").filter(has_not=reader.page.locator(".q-badge--entry"))
    return rows.locator(".q-item__act a").first


def row(reader: Person, item: str) -> Locator:
    return reader.page.locator("main li.q-item", has=reader.page.locator(f'a[href="{item}"]'))


def fill(reader: Person, *, status: str, note: str, number: str = "", issued: str = "", ends: str = "") -> None:
    page = reader.page
    page.locator(f"[name=status][value={status}]").check()
    page.locator("[name=effective_on]").fill(today().isoformat())
    page.locator("[name=note]").fill(note)
    if number:
        page.locator("[name=document_number]").fill(number)
        page.locator("[name=document_issuer]").fill("Білім бөлімі")
        page.locator("[name=document_issued_on]").fill(issued or (today() - timedelta(days=3)).isoformat())
        page.locator("[name=document_valid_until]").fill(ends)


def typed(reader: Person) -> dict[str, str]:
    """What stands in the form of an answer; what the person left alone is left out."""
    page = reader.page
    chosen = page.locator("[name=status]:checked")
    found = {"status": chosen.get_attribute("value") or "" if chosen.count() else ""}
    names = ("effective_on", "note", "document_number", "document_issuer", "document_issued_on", "document_valid_until")
    return found | {name: page.locator(f"[name={name}]").input_value() for name in names}


def send_answer(director: Person, *, note: str) -> str:
    """Answer a free item of the director's list and send it; its address."""
    director.open("/my/")
    director.follow(free_item(director))
    fill(director, status="partly_met", note=note, number="15/ж")
    director.press("Send for approval")
    assert "Sent for approval." in director.words
    return director.path
