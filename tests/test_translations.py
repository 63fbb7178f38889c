"""The catalogues held against the source: complete, compiled, and written in one alphabet."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import allauth
import django
import django_filters
import polib
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation.template import templatize

from tests.factories.institutions import AdministratorFactory, UserFactory

ROOT = Path(settings.BASE_DIR)
OWN = {language: ROOT / f"config/locale/{language}/LC_MESSAGES/django.po" for language in ("kk", "ru")}
LIBRARIES = ROOT / "config/locale_libraries/kk/LC_MESSAGES/django.po"
CATALOGUES = [pytest.param(path, id=path.parts[-4] + "-" + path.parts[-3]) for path in (*OWN.values(), LIBRARIES)]
KAZAKH = [CATALOGUES[0], CATALOGUES[2]]

# name of the function: which of its arguments are context, text, plural
CALLS = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}


class Message(NamedTuple):
    context: str | None
    text: str
    plural: str | None


def catalogue(path: Path) -> polib.POFile:
    return polib.pofile(str(path))


def words_of(entry: polib.POEntry) -> list[str]:
    """Every form of the translation."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def translations(path: Path) -> Iterator[tuple[polib.POEntry, str]]:
    for entry in catalogue(path):
        for words in words_of(entry):
            yield entry, words


# --- what the source says ------------------------------------------------------------------------------


def message(call: ast.Call) -> Message | None:
    name = getattr(call.func, "id", None) or getattr(call.func, "attr", None)
    if name not in CALLS:
        return None
    arguments = [
        argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None
        for argument in call.args
    ]
    context, text, plural = (None if place is None else arguments[place] for place in CALLS[name])
    return None if text is None else Message(context, text, plural)


def messages_of_code(path: Path) -> Iterator[Message]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and (found := message(node)):
            yield found


def messages_of_template(path: Path) -> Iterator[Message]:
    """Django turns a template into calls of gettext with everything else blanked out; each call is read."""
    source = templatize(path.read_text(encoding="utf-8"))
    for start in re.finditer(r"\b(?:_|n?p?gettext)\(", source):
        rest = source[start.start() :]
        ends = (end.end() for end in re.finditer(r"\)", rest))
        yield next(found for end in ends if (found := _called(rest[:end])))


def _called(source: str) -> Message | None:
    try:
        call = ast.parse(source, mode="eval").body
    except SyntaxError:  # the bracket stands inside the text
        return None
    return message(call) if isinstance(call, ast.Call) else None


def messages_of_source() -> set[Message]:
    code = [
        path
        for folder in ("config", "institutions", "compliance", "reporting")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
    ]
    templates = [path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"}]
    return {found for path in code for found in messages_of_code(path)} | {
        found for path in templates for found in messages_of_template(path)
    }


@pytest.mark.parametrize("language", OWN)
def test_the_catalogue_holds_what_the_source_says_and_nothing_else(language: str) -> None:
    held = {Message(entry.msgctxt, entry.msgid, entry.msgid_plural or None) for entry in catalogue(OWN[language])}
    said = messages_of_source()
    assert (sorted(map(str, said - held)), sorted(map(str, held - said))) == ([], []), "run make messages"


def test_the_libraries_still_say_what_their_catalogue_translates() -> None:
    folders = [Path(django.__file__).parent / "conf/locale/en"]
    folders += sorted((Path(django.__file__).parent / "contrib").glob("*/locale/en"))
    folders += [Path(library.__file__).parent / "locale/ru" for library in (allauth, django_filters)]
    said = {
        (entry.msgid, entry.msgid_plural)
        for folder in folders
        for entry in polib.pofile(str(folder / "LC_MESSAGES/django.po"))
        if not entry.obsolete
    }
    assert [entry.msgid for entry in catalogue(LIBRARIES) if (entry.msgid, entry.msgid_plural) not in said] == []


# --- the catalogues themselves -------------------------------------------------------------------------


@pytest.mark.parametrize("path", CATALOGUES)
def test_no_entry_is_empty_fuzzy_or_obsolete(path: Path) -> None:
    wrong = [
        entry.msgid
        for entry in catalogue(path)
        if entry.obsolete or entry.fuzzy or not all(words.strip() for words in words_of(entry))
    ]
    assert wrong == []


@pytest.mark.parametrize("path", CATALOGUES)
def test_the_compiled_catalogue_is_that_of_the_text(path: Path) -> None:
    def content(file: polib.POFile | polib.MOFile) -> dict[tuple[str | None, str], object]:
        return {(entry.msgctxt, entry.msgid): entry.msgstr_plural or entry.msgstr for entry in file}

    assert content(polib.mofile(str(path.with_suffix(".mo")))) == content(catalogue(path)), "run make messages"


@pytest.mark.parametrize("path", CATALOGUES)
def test_a_translation_has_the_placeholders_of_its_text(path: Path) -> None:
    def placeholders(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)[a-z]|%[a-z%]|\{\w*\}", text))

    wrong = [
        (entry.msgid, words)
        for entry, words in translations(path)
        if placeholders(words) not in (placeholders(entry.msgid), placeholders(entry.msgid_plural or entry.msgid))
    ]
    assert wrong == []


@pytest.mark.parametrize("path", CATALOGUES)
def test_a_translation_begins_and_ends_as_its_text(path: Path) -> None:
    def edges(text: str) -> tuple[bool, bool]:
        return text[0].isspace(), text[-1].isspace()

    assert [words for entry, words in translations(path) if edges(words) != edges(entry.msgid)] == []


# --- letters and grammar -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CATALOGUES)
def test_no_word_mixes_latin_and_cyrillic_letters(path: Path) -> None:
    """A Latin "i" or "c" looks right on the page, and is found by no search."""
    names = r"%\(\w+\)[a-z]|\{\w*\}|<[^>]*>"
    wrong = [
        word
        for _entry, words in translations(path)
        for word in re.findall(r"[^\W\d_]+", re.sub(names, " ", words))
        if re.search(r"[A-Za-z]", word) and re.search(r"[\u0400-\u04FF]", word)
    ]
    assert wrong == []


@pytest.mark.parametrize("path", CATALOGUES)
def test_latin_words_in_a_translation_stand_in_its_text_too(path: Path) -> None:
    wrong = [
        (entry.msgid, word)
        for entry, words in translations(path)
        for word in re.findall(r"[A-Za-z]+", re.sub(r"%\(\w+\)[a-z]|%[a-z]", " ", words))
        if word not in f"{entry.msgid} {entry.msgid_plural}"
    ]
    assert wrong == []


def test_no_kazakh_letter_stands_in_russian() -> None:
    assert [words for _entry, words in translations(OWN["ru"]) if re.search(r"[ӘәҒғҚқҢңӨөҰұҮүҺһІі]", words)] == []


@pytest.mark.parametrize("path", KAZAKH)
def test_a_kazakh_noun_after_a_number_is_singular(path: Path) -> None:
    """бес ұйым, never бес ұйымдар."""
    plural = re.compile(r"%(?:\((?:n|count|shown|shared|total|learners|institutions|num)\))?[sd] \w+?[лдт][ае]р\b")
    assert [words for _entry, words in translations(path) if plural.search(words)] == []


# --- what the libraries say on our pages ---------------------------------------------------------------


class Text(HTMLParser):
    """What a reader sees of a page, by and large: its text without scripts, styles and what is hidden from sight."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._quiet = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._quiet = tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._quiet = False

    def handle_data(self, data: str) -> None:
        if not self._quiet and data.strip():
            self.pieces.append(" ".join(data.split()))

    def __str__(self) -> str:
        return "\n".join(self.pieces)


def client_in(language: str) -> Client:
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("kk", "Эл. пошта мекенжайы немесе құпиясөз қате."),
        ("ru", "Указанные вами адрес электронной почты и/или пароль неверны."),
    ],
)
def test_a_wrong_password_is_told_in_the_readers_language(language: str, expected: str) -> None:
    person = UserFactory()
    response = client_in(language).post(reverse("account_login"), {"login": person.email, "password": "not this one"})
    assert expected in str(Text(response.content.decode()))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("kk", {"Құпиясөз тым қысқа. Онда кемінде 10 таңба болуы тиіс.", "Құпиясөз тек цифрлардан тұрады."}),
        (
            "ru",
            {
                "Введённый пароль слишком короткий. Он должен состоять из как минимум 10 символов.",
                "Введённый пароль состоит только из цифр.",
            },
        ),
    ],
)
def test_a_poor_new_password_is_told_in_the_readers_language(language: str, expected: set[str]) -> None:
    person = UserFactory()
    person.set_password("qalqan-demo")
    person.save()
    client = client_in(language)
    client.force_login(person)
    typed = {"oldpassword": "qalqan-demo", "password1": "8147", "password2": "8147"}
    text = str(Text(client.post(reverse("account_change_password"), typed).content.decode()))
    assert {words for words in expected if words in text} == expected


ENGLISH = re.compile(
    r"\b(?:the|is|are|to|of|this|you|your|not|and|or|for|in|with|select|enter|add|save|delete|change|search|"
    r"required|valid|password|action|view|home|filter|history|all|any|yes|no|show)\b",
    re.IGNORECASE,
)
ADMIN_PAGES = [
    "admin:index",
    "admin:institutions_user_changelist",
    "admin:institutions_user_add",
    "admin:compliance_period_changelist",
    "admin:institutions_institution_changelist",
]


@pytest.mark.django_db
@pytest.mark.parametrize("language", OWN)
@pytest.mark.parametrize("page", ADMIN_PAGES)
def test_the_administrations_pages_have_no_english_words(language: str, page: str) -> None:
    client = client_in(language)
    client.force_login(AdministratorFactory().user)
    text = str(Text(client.get(reverse(page)).content.decode()))
    left = [line for line in text.splitlines() if ENGLISH.search(line) and line != "English"]
    assert left == []


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_an_untranslated_text_never_comes_in_another_language_than_english(language: str) -> None:
    """Kazakh is the site's language, so Django falls back to it from Russian: the Russian catalogue must be whole."""
    with translation.override(language):
        assert translation.gettext("a text that no catalogue has") == "a text that no catalogue has"
