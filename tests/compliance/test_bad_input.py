"""What offices and phones really send, through the pages: each bad file gets its sentence in the person's language."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.defaultfilters import force_escape
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from xlsxwriter import Workbook

from compliance import photo_forms, pictures
from compliance.imports import applying, problems
from compliance.imports.problems import FileRefused, Problem
from compliance.models import ImportRun, StatusEntry
from compliance.pictures import Fault
from institutions.models import Institution, User
from tests.compliance.imports.lists import BIN_1, BIN_2, BIN_3, HEADINGS, book_of_xml, new_row, sheet_xml, workbook
from tests.factories.compliance import ItemFactory
from tests.factories.institutions import DirectorFactory, EditorFactory, InstitutionFactory

pytestmark = pytest.mark.django_db
LANGUAGES = ("kk", "ru", "en")
UPLOAD = "compliance:import_new"


@pytest.fixture(autouse=True)
def _files_of_their_own(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def said_in_each(page: Callable[[str], str], sentence: Callable[[], str]) -> list[bool]:
    """Whether the page in each language says the sentence in that language; the sentences have to differ."""
    found, sentences = [], set()
    for language in LANGUAGES:
        with translation.override(language):
            words = sentence()
        sentences.add(words)
        found.append(force_escape(words) in page(language))
    assert len(sentences) == len(LANGUAGES), "a language is missing"
    return found


IN_EACH = [True] * len(LANGUAGES)


@dataclass
class Desk:
    """Somebody at a browser."""

    client: Client
    person: User

    def speak(self, language: str) -> None:
        self.client.cookies["django_language"] = language

    def read(self, url: str, language: str) -> str:
        self.speak(language)
        return " ".join(self.client.get(url).content.decode().split())


def desk_of(person: User) -> Desk:
    client = Client()
    client.force_login(person)
    return Desk(client, person)


# --- photos ---------------------------------------------------------------------------------------


@pytest.fixture
def director(fixed_now: Any, order: Any, places: Any) -> Desk:
    return desk_of(DirectorFactory(institution=InstitutionFactory(locality=places.city)).user)


@pytest.fixture
def item_url(director: Desk) -> str:
    item = ItemFactory(institution=Institution.objects.get(), code="ACC-ORDER")
    return reverse("compliance:item", args=[item.institution.bin, "ACC-ORDER"])


BAD_PHOTOS = {
    "a HEIC photo": ("IMG_1.HEIC", b"\0\0\0\x18ftypheic" + b"\0" * 99, Fault.HEIC),
    "a HEIC photo called JPEG": ("IMG_1.jpg", b"\0\0\0\x18ftypmif1" + b"\0" * 99, Fault.HEIC),
    "a program": ("сурет.jpg", b"MZ\x90\x00" + b"\0" * 999, Fault.UNKNOWN),
    "a scanned passport": ("паспорт.pdf", b"%PDF-1.7\n" + b"\0" * 99, Fault.DOCUMENT),
    "a workbook": ("парақ.jpg", b"PK\x03\x04" + b"\0" * 99, Fault.DOCUMENT),
    "a plan": ("схема.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", Fault.DRAWING),
    "a broken photo": ("IMG_2.jpg", b"\xff\xd8\xff" + b"\0" * 99, Fault.BROKEN),
    "nothing": ("IMG_3.jpg", b"", Fault.EMPTY),
    "a photo of 16 MB": ("IMG_4.jpg", b"\xff\xd8\xff" + b"\0" * (pictures.MOST_BYTES + 1), Fault.TOO_LARGE),
}


@pytest.mark.parametrize("what", BAD_PHOTOS)
def test_a_bad_photo_gets_its_sentence_and_the_answer_is_kept(director: Desk, item_url: str, what: str) -> None:
    name, data, fault = BAD_PHOTOS[what]

    def page(language: str) -> str:
        director.speak(language)
        draft = StatusEntry.objects.first()
        base = f"0/{draft.saved_at.isoformat() if draft else ''}"
        sent = {
            "status": "met", "effective_on": "2026-05-10", "note": "Турникет қойылды", "do": "submit", "base": base,
            "photos": [SimpleUploadedFile(name, data, "image/jpeg")],
        }  # fmt: skip
        response = director.client.post(item_url, sent)
        assert (response.status_code, response.context["form"]["note"].value()) == (422, "Турникет қойылды")
        return " ".join(response.content.decode().split())

    def sentence() -> str:
        return gettext("“%(name)s”: %(fault)s") % {"name": name, "fault": photo_forms.in_words(fault)}

    assert said_in_each(page, sentence) == IN_EACH
    assert [(entry.state, entry.photos.count()) for entry in StatusEntry.objects.all()] == [("draft", 0)]


def test_the_form_warns_of_papers_for_official_use(director: Desk, item_url: str) -> None:
    title = "Never name, copy or photograph here"
    assert said_in_each(lambda language: director.read(item_url, language), lambda: gettext(title)) == IN_EACH


@pytest.mark.parametrize("address", ["item", "upload"])
def test_two_gigabytes_are_refused_unread(director: Desk, item_url: str, places: Any, address: str) -> None:
    """By their declared length; the form of lists answers itself, with what was typed before the file."""
    desk = director if address == "item" else desk_of(EditorFactory(region=places.region).user)
    url = item_url if address == "item" else reverse(UPLOAD)

    def page(language: str) -> str:
        desk.speak(language)
        response = desk.client.post(
            url, b"--x\r\n", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=str(2 << 30)
        )
        assert response.status_code == 413
        return " ".join(response.content.decode().split())

    def sentence() -> str:
        if address == "item":
            return gettext("Nothing was changed. Go back: send fewer or smaller photos, or split the list.")
        return problems.in_words(FileRefused("too_large", most=20).problem)

    assert said_in_each(page, sentence) == IN_EACH
    assert configured.LARGEST_BODY < 2 << 30


# --- lists ----------------------------------------------------------------------------------------


@pytest.fixture
def editor(fixed_now: Any, order: Any, places: Any) -> Desk:
    return desk_of(EditorFactory(region=places.region).user)


def checked_by(editor: Desk, data: bytes, now: Any, name: str = "тізім.xlsx") -> ImportRun:
    """A list, uploaded through the page and checked by the worker."""
    form = {"file": SimpleUploadedFile(name, data), "kind": "institutions", "since": "2026-05-01"}
    assert editor.client.post(reverse(UPLOAD), form).status_code == 302
    run = ImportRun.objects.get()
    applying.work(run.pk, now=now)
    run.refresh_from_db()
    return run


def page_of(run: ImportRun) -> str:
    return reverse("compliance:import", args=[run.pk])


def zip_bomb() -> bytes:
    """A workbook of some 100 KB that unpacks to 100 MB."""
    return book_of_xml(sheet_xml(b'<row r="1"><c r="A1"/></row>' + b" " * (100 << 20)))


def million_rows() -> bytes:
    row = b'<row r="%d"><c r="A%d"><v>1</v></c></row>'
    return book_of_xml(sheet_xml(b"".join(row % (number, number) for number in range(1, 1_000_001))))


BAD_LISTS = {
    "a zip bomb": (zip_bomb, FileRefused("bomb")),
    "a million rows": (million_rows, FileRefused("too_many_rows", most=20_000)),
    "a cell far away": (
        lambda: book_of_xml(sheet_xml(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')),
        FileRefused("far_cell", cell="A1048576"),
    ),
    "a list without headings": (lambda: workbook([["Мектептер"], ["бірінші"]]), FileRefused("no_header")),
    "headings alone": (lambda: workbook([HEADINGS]), FileRefused("no_rows")),
}


@pytest.mark.parametrize("what", BAD_LISTS)
def test_a_bad_list_is_refused_with_its_sentence(editor: Desk, fixed_now: Any, what: str) -> None:
    make, refused = BAD_LISTS[what]
    run = checked_by(editor, make(), fixed_now)
    assert (run.state, run.rows.count(), Institution.objects.count()) == ("refused", 0, 0)
    page = lambda language: editor.read(page_of(run), language)  # noqa: E731
    assert said_in_each(page, lambda: problems.in_words(refused.problem)) == IN_EACH


@pytest.mark.parametrize("data", [b"MZ\x90\x00" * 99, b"%PDF-1.7"], ids=["a program", "a PDF"])
def test_what_is_no_table_is_refused_at_once(editor: Desk, data: bytes) -> None:
    def page(language: str) -> str:
        editor.speak(language)
        form = {"file": SimpleUploadedFile("тізім.xlsx", data), "kind": "institutions", "since": "2026-05-01"}
        response = editor.client.post(reverse(UPLOAD), form)
        assert (response.status_code, 'value="2026-05-01"' in response.content.decode()) == (422, True)
        return " ".join(response.content.decode().split())

    assert said_in_each(page, lambda: problems.in_words(FileRefused("no_table").problem)) == IN_EACH


BAD_ROWS = {
    "a formula that was never calculated": (
        [new_row(BIN_1, learners="=SUM(A1:A2)")], 1, problems.problem("formula", "learners"),
    ),
    "one BIN in two rows": (
        [new_row(BIN_1), new_row(BIN_2), new_row(BIN_1, name_kk="№ 2 мектеп")],
        2,
        problems.problem("bin_twice", rows="2, 4"),
    ),
    "a BIN without its leading zeros": ([new_row(40_440_037)], 1, problems.problem("bin_zeros", value="40440037")),  # type: ignore[arg-type]
    "text where a number belongs": (
        [new_row(BIN_1, learners="екі жүз")], 1, problems.problem("no_number", "learners", value="екі жүз"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_ROWS)
def test_a_bad_row_gets_its_sentence_and_the_others_are_taken(editor: Desk, fixed_now: Any, what: str) -> None:
    rows, refused, wrong = BAD_ROWS[what]
    run = checked_by(editor, workbook([HEADINGS, *rows]), fixed_now)
    assert (run.state, run.rows_read, run.rows_refused) == ("checked", len(rows), refused)
    page = lambda language: editor.read(page_of(run), language)  # noqa: E731
    assert said_in_each(page, lambda: problems.in_words(wrong)) == IN_EACH


def test_days_written_as_text_are_read_and_what_is_none_is_told(editor: Desk, fixed_now: Any) -> None:
    headings = (*HEADINGS, "Қай күннен бастап")
    days = ["01.05.2026", "2026-05-01", date(2026, 5, 1), "мамырдың басы"]
    bins = [BIN_1, BIN_2, BIN_3, "400340037508"]
    rows = [[*new_row(number), day] for number, day in zip(bins[:3], days[:3], strict=True)]
    run = checked_by(editor, workbook([headings, *rows]), fixed_now)
    assert (run.rows_read, run.rows_refused) == (3, 0)
    assert set(run.rows.values_list("since", flat=True)) == {date(2026, 5, 1)}
    run.delete()
    run = checked_by(editor, workbook([headings, [*new_row(BIN_1), days[3]]]), fixed_now)
    wrong = Problem(code="no_day", column="since", params={"value": days[3]})
    page = lambda language: editor.read(page_of(run), language)  # noqa: E731
    assert said_in_each(page, lambda: problems.in_words(wrong)) == IN_EACH


def test_merged_cells_give_their_value_to_each_row(editor: Desk, fixed_now: Any) -> None:
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for row, values in enumerate([HEADINGS, new_row(BIN_1), new_row(BIN_2, name_kk="№ 2 мектеп")]):
            for column, value in enumerate(values):
                sheet.write(row, column, value)
        kind, district = HEADINGS.index("Түрі"), HEADINGS.index("Аудан")
        sheet.merge_range(1, kind, 2, kind, "мектеп")
        sheet.merge_range(1, district, 2, district, "Бұқар жырау ауданы")
    run = checked_by(editor, file.getvalue(), fixed_now)
    assert (run.rows_new, run.rows_refused) == (2, 0)


def test_a_formula_that_was_calculated_gives_its_value(editor: Desk, fixed_now: Any) -> None:
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for row, values in enumerate([HEADINGS, new_row(BIN_1)]):
            for column, value in enumerate(values):
                sheet.write(row, column, value)
        sheet.write_formula(1, HEADINGS.index("Білім алушылар"), "=100+150", None, 250)
    run = checked_by(editor, file.getvalue(), fixed_now)
    assert (run.rows_new, run.rows.get().changes["state"]["learners"]) == (1, 250)
