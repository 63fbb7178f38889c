"""Every page that a role can reach by links: none is broken, none too wide.

On a phone in Russian (its words are the longest), at a desk in Kazakh.

With QALQAN_SCREENSHOTS=FOLDER each page is kept as a picture to be looked at, in both languages at both sizes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.journeys.browser import Person
from tests.journeys.site import Site

pytestmark = pytest.mark.browser

PICTURES = os.environ.get("QALQAN_SCREENSHOTS", "")
# Pages that no role reaches by a link from its first page, or only under a name of another kind.
ALSO = {
    "": ["/", "/accounts/password/reset/", "/no-such-page/"],
    "analyst": [
        "/coverage/?kind=by_kind",
        "/coverage/?scope=large_cities",
        "/coverage/?region=KZ-11&requirement=CCTV-OPS",
        "/coverage/?as_of=31.02.2026",
        "/briefs/?page=9",
    ],
    "director": ["/accounts/password/change/"],
    "approver": ["/review/?older=x"],
    "editor": ["/institutions/?q=zzzz"],
    "administrator": [
        "/gallery/",
        "/admin/institutions/user/",
        "/admin/institutions/user/add/",
        "/admin/password_change/",
    ],
    "auditor": ["/journal/?page=2"],
}
# One page of each kind is enough; files, the two ends of a session and the support window's inside are other tests'.
FILES = (
    r"briefs/\d+/file|coverage/(?:institutions/)?file|institutions/export|imports/template|imports/\d+/errors"
    r"|quarters/\w+/regions/file|journal/export|photos/(?:kept/)?\d+|editions/(?:example|\d+/file)"
)
LEFT_OUT = re.compile(rf"/(?:{FILES}|accounts/logout|admin/.+|static|api)/.*")


def kind_of(path: str) -> str:
    """`/institutions/791240202368/checklist/CCTV/` → `institutions-N-checklist-X`."""
    parts = [re.sub(r"^\d+$", "N", re.sub(r"^[A-Z0-9]+(-[A-Z0-9]+)*$", "X", part)) for part in path.split("/") if part]
    return "-".join("N" if part == "X" and number == 1 else part for number, part in enumerate(parts)) or "home"


def walk(person: Person, first: list[str]) -> Iterator[str]:
    """Open one page of each kind, following links; yields the name of each."""
    seen: set[str] = set()
    open_ones = list(first)
    while open_ones:
        address = open_ones.pop(0)
        split = urlsplit(address)
        name = kind_of(split.path) + (f"-{re.sub('[^a-z0-9]+', '-', split.query.lower())}" if address in first else "")
        name = name.strip("-")
        if name in seen or LEFT_OUT.fullmatch(split.path) and address not in first:
            continue
        seen.add(name)
        person.open(address)
        yield name
        links = person.page.locator("a[href]:visible, .q-nav a[href]")
        addresses = links.evaluate_all("all => all.map(a => a.href.split('#')[0])")
        open_ones += [link.removeprefix(person.site.url) for link in addresses if link.startswith(person.site.url)]


@pytest.fixture(scope="module")
def brief(site: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    """One finished brief, so that its pages are there to be walked."""
    file = tmp_path_factory.mktemp("brief") / "brief.pdf"
    site.manage("make_brief", "--period", "2024Q4", "--scope", "country", "--lang", "kk", "--output", str(file))


@pytest.mark.parametrize("role", ["", "director", "editor", "approver", "analyst", "administrator", "auditor"])
@pytest.mark.usefixtures("brief")
def test_no_page_is_broken(person: Callable[..., Person], size: str, role: str) -> None:
    languages = ["kk", "ru"] if PICTURES else ["ru" if size == "phone" else "kk"]
    reader = person(role, language=languages[0])
    reader.refused |= {404}
    pages = 0
    for name in walk(reader, ["/", *ALSO[role]]):
        pages += 1
        for language in languages:
            if reader.page.locator("html").get_attribute("lang") != language:
                reader.speak(language)
                reader.open(reader.page.url)
            assert reader.page.locator("html").get_attribute("lang") == language, reader.page.url
            assert reader.page.locator("h1").count() == 1, reader.page.url
            keep_picture(reader, f"{role or 'stranger'}-{name}-{size}-{language}")
        reader.speak(languages[0])
    assert pages > (2 if role == "" else 5), pages


def keep_picture(reader: Person, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        reader.page.screenshot(path=Path(PICTURES, f"{name}.png"), full_page=True)
