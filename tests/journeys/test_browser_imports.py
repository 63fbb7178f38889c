"""An editor takes a list out of the register, changes it, and brings it back: checked, applied by a worker, undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect
from python_calamine import CalamineWorkbook

from tests.compliance.imports.lists import workbook
from tests.journeys.browser import Person

pytestmark = pytest.mark.browser

People = Callable[..., Person]


def rows_of(file: Path) -> list[list[object]]:
    return CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()


def download(person: Person, link: str, target: Path) -> list[list[object]]:
    """Follow a link that hands out a workbook; its rows."""
    with person.page.expect_download() as started:
        person.page.locator("main").get_by_role("link", name=link).first.click()
    started.value.save_as(target)
    return rows_of(target)


def test_a_list_goes_out_and_comes_back(person: People, tmp_path: Path) -> None:
    editor = person("editor")
    page = editor.open("/institutions/")
    rows = download(editor, "XLSX", tmp_path / "out.xlsx")
    headings, first, second, *_others = rows
    assert headings[0] == "BIN"
    learners = headings.index("Learners")
    was = int(str(first[learners]).split(".")[0])

    # One row changed, one that cannot be, the rest as it was.
    first[learners], second[learners] = was + 3, -1
    changed = tmp_path / "тізім.xlsx"
    changed.write_bytes(workbook([[value if value != "" else None for value in row] for row in rows]))

    editor.open("/imports/")
    page = editor.press("New list", role="link")
    page.locator("[name=file]").set_input_files(changed)
    editor.press("Upload and check")
    receipt = page.locator(".q-definitions")
    expect(receipt).to_contain_text(f"{len(rows) - 1} = 0 new + 1 changed + {len(rows) - 3} unchanged + 1 refused")
    editor.look()

    page.locator("nav.q-switch").get_by_role("link", name="refused").click()
    expect(page.locator("main tbody tr")).to_have_count(1)
    expect(page.locator("main tbody")).to_contain_text("Learners: cannot be negative: -1")
    returned = download(editor, "The list with its errors", tmp_path / "errors.xlsx")
    assert [row[-1] for row in returned].count("Learners: cannot be negative: -1") == 1

    page.locator("nav.q-switch").get_by_role("link", name="changed", exact=False).first.click()
    expect(page.locator("main tbody")).to_contain_text(f"Learners: {was} → {was + 3}")
    editor.press("Apply")
    expect(receipt).to_contain_text("0 entered, 1 changed, 0 left out")
    editor.open(f"/institutions/{first[0]}/")
    assert f"Learners {was + 3:,}" in editor.words

    editor.open("/imports/")
    page = editor.press("тізім.xlsx", role="link")
    editor.press("Undo the list")
    expect(receipt).to_contain_text("1 as before, 0 stay")
    editor.open(f"/institutions/{first[0]}/")
    assert f"Learners {was:,}" in editor.words


def test_a_program_is_no_list(person: People, tmp_path: Path) -> None:
    editor = person("editor", language="ru")
    program = tmp_path / "список.xlsx"
    program.write_bytes(b"MZ\x90\x00" * 100)
    page = editor.open("/imports/new/")
    page.locator("[name=file]").set_input_files(program)
    page.locator("[name=since]").fill("2026-01-01")
    with page.expect_navigation():
        page.locator("main form.q-form button[type=submit]").click()
    assert page.locator("#id_file_error").is_visible()
    assert page.locator("[name=since]").input_value() == "2026-01-01"


def test_the_list_of_the_police_is_verified_and_taken_back(person: People, tmp_path: Path) -> None:
    approver = person("approver")
    page = approver.open("/institutions/")
    headings, *rows = download(approver, "XLSX", tmp_path / "out.xlsx")
    state = headings.index("State")
    first, second, third = [str(row[0]) for row in rows if row[state] == "open"][:3]
    police = tmp_path / "полиция.xlsx"
    police.write_bytes(
        workbook(
            [
                ["Список объектов на 01.11.2026"],
                ["№", "БИН", "Наименование объекта", "Подключено к ЦОУ", "Количество камер", "Примечание"],
                [1, first, "x", "да", 12],
                [2, second, "x", "нет", 0, "акт № 7"],
                [3, third, "x", "да", 0],
                [4, "12", "x", "да"],
            ]
        )
    )

    approver.open("/imports/")
    page = approver.press("New list", role="link")
    page.locator("[name=file]").set_input_files(police)
    page.locator("[name=issuer]").fill("Полиция департаменті")
    approver.look()
    approver.press("Upload and check")
    receipt = page.locator(".q-definitions")
    expect(receipt).to_contain_text("4 = 2 new + 0 changed + 0 unchanged + 2 refused")
    expect(receipt).to_contain_text("verified as not connected: 1")
    approver.look()

    switch = page.locator("nav.q-switch")
    switch.get_by_role("link", name="refused").click()
    expect(page.locator("main tbody tr")).to_have_count(2)
    expect(page.locator("main tbody")).to_contain_text("contradict each other")
    switch.get_by_role("link", name="verified as not connected").click()
    expect(page.locator("main tbody tr")).to_have_count(1)
    expect(page.locator("main tbody")).to_contain_text("Connected: – → not connected")
    returned = download(approver, "The list with its errors", tmp_path / "errors.xlsx")
    assert [row[-2] for row in returned[2:]] == ["new", "new", "refused", "refused"]

    approver.press("Apply")
    expect(receipt).to_contain_text("2 verified for the first time, 0 verified anew, 0 left out")
    approver.look()
    apart = page.locator("main tbody tr").filter(has_text="not connected")
    apart.get_by_role("link", name="What was recorded").click()
    expect(page.locator("main")).to_contain_text("акт № 7")
    expect(page.locator("main")).to_contain_text("Полиция департаменті")
    approver.look()

    # The same list once more changes nothing.
    approver.open("/imports/new/")
    page.locator("[name=file]").set_input_files(police)
    approver.press("Upload and check")
    expect(receipt).to_contain_text("4 = 0 new + 0 changed + 2 unchanged + 2 refused")
    expect(page.locator("main")).to_contain_text("There is nothing to apply.")

    approver.open("/imports/")
    page.get_by_role("link", name="полиция.xlsx").nth(1).click()
    approver.press("Undo the list")
    expect(receipt).to_contain_text("2 taken back, 0 were taken back by hand")
