"""An editor keeps records of institutions; a director proposes what the region decides."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from playwright.sync_api import Page, expect

from institutions.bin import synthetic_bin
from tests.journeys.browser import Person

pytestmark = pytest.mark.browser

People = Callable[..., Person]
SERIALS = count(900_000)


def fill_in(page: Page, number: str, name: str) -> None:
    values = {"bin": number, "name_kk": name, "name_ru": f"Школа «{name}»", "staff": "40", "learners": "310"}
    for field, value in values.items():
        page.locator(f"[name={field}]").fill(value)
    page.locator("[name=kind][value=school]").check()
    page.locator("[name=ownership][value=state]").check()


def choose_settlement(page: Page) -> None:
    page.locator("[name=settlement]").select_option(index=1)


def test_an_editor_enters_an_institution_and_closes_it_after_seeing_what_follows(person: People) -> None:
    editor, number = person("editor"), synthetic_bin(next(SERIALS))
    editor.open("/institutions/")
    page = editor.press("Enter an institution", role="link")
    fill_in(page, "123456789012", "Жаңа мектеп")
    page.locator("[name=locality]").select_option(index=2)
    expect(page.locator("[name=settlement] option").nth(1)).to_be_attached()
    page = editor.press("Enter")
    assert "Not saved yet: please mend this" in editor.words
    assert page.locator("[name=name_kk]").input_value() == "Жаңа мектеп"

    page.locator("[name=bin]").fill(number)
    choose_settlement(page)
    page.locator("[name=since]").fill("2026-09-01")
    page = editor.press("Enter")
    assert editor.path == f"/institutions/{number}/"
    assert "The institution is entered; its checklist is made." in editor.words

    page = editor.press("Close", role="link")
    page.locator("[name=reason]").fill("Қаулы № 5")
    page = editor.press("Show what follows")
    assert "Leaves the list" in editor.words
    assert page.locator("[name=reason]").input_value() == "Қаулы № 5"
    page = editor.press("Save")
    assert "it is not counted today" in editor.words
    editor.press("History", role="link")
    assert "Қаулы № 5" in editor.words

    # Entered once more, it leads to its card.
    page = editor.open("/institutions/new/")
    fill_in(page, number, "Тағы")
    page = editor.press("Enter")
    editor.press("Open the card", role="link")
    assert editor.path == f"/institutions/{number}/"


def test_without_script_the_settlements_are_looked_up_by_a_button(person: People) -> None:
    editor, number = person("editor", script=False), synthetic_bin(next(SERIALS))
    page = editor.open("/institutions/new/")
    fill_in(page, number, "Скриптсіз мектеп")
    page.locator("[name=locality]").select_option(index=2)
    page = editor.press("Show the settlements of this district")
    assert page.locator("[name=name_kk]").input_value() == "Скриптсіз мектеп"
    assert page.locator("[name=kind][value=school]").is_checked()
    choose_settlement(page)
    editor.press("Enter")
    assert editor.path == f"/institutions/{number}/"


def test_a_director_proposes_and_reads_why_it_was_declined(person: People) -> None:
    director, editor = person("director"), person("editor")
    director.open("/my/")
    director.press("Card", role="link")
    page = director.press("Another kind", role="link")
    page.locator("[name=kind][value=college]").check()
    page.locator("[name=reason]").fill("Лицензия алдық")
    director.press("Propose")
    proposal = director.path

    editor.open("/")
    assert "Proposed changes to decide" in editor.words
    page = editor.open(proposal)
    page = editor.press("Show what follows")
    page.locator("[name=note]").fill("Лицензия тізілімде жоқ")
    editor.press("Decline")
    assert "declined" in editor.words

    director.open(proposal)
    assert "Лицензия тізілімде жоқ" in director.words
