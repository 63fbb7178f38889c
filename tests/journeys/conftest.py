"""One running site for all journeys: SQLite and the file-system broker, or what DATABASE_URL and REDIS_URL name.

And people at a browser, at each of two sizes, who may not meet a broken page.
"""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.journeys.browser import SIZES, SWITCHES, Person, chromium_path
from tests.journeys.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

INSTITUTIONS = 300


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data: Path = tmp_path_factory.mktemp("site")
    site = Site(data, _own_database(data.name), _own_redis())
    site.manage("migrate", "--verbosity", "0")
    site.manage("load_reference")
    site.manage("load_demo", "--institutions", str(INSTITUTIONS))
    site.start()
    yield site
    printed = site.stop()
    assert "Traceback" not in printed


def _own_database(name: str) -> str:
    """A new empty database beside the one that the suite was given; nothing for SQLite."""
    given = os.environ.get("DATABASE_URL", "")
    if not given.startswith("postgres"):
        return ""
    parts = urllib.parse.urlsplit(given)
    name = f"journey_{os.getpid()}_{name.replace('-', '_')}"
    with psycopg.connect(given, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        connection.execute(f'CREATE DATABASE "{name}"')
    return urllib.parse.urlunsplit(parts._replace(path=f"/{name}"))


def _own_redis() -> str:
    """Another numbered database of the server that the suite was given, so that workers do not mix."""
    given = os.environ.get("REDIS_URL", "")
    if not given:
        return ""
    parts = urllib.parse.urlsplit(given)
    number = (int(parts.path.strip("/") or 0) + 1) % 16
    return urllib.parse.urlunsplit(parts._replace(path=f"/{number}"))


# --- people at a browser -----------------------------------------------------------------------------


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """For these journeys alone: while Playwright's loop runs, Django refuses the database to this thread."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture(params=list(SIZES))
def size(request: pytest.FixtureRequest) -> str:
    """Each journey is made on a phone and at a desk."""
    return str(request.param)


@pytest.fixture(scope="package")
def sessions() -> dict[str, list[dict[str, object]]]:
    """Cookies of those who have signed in once, by role."""
    return {}


@pytest.fixture
def person(
    site: Site, chromium: Browser, size: str, sessions: dict[str, list[dict[str, object]]]
) -> Iterator[Callable[..., Person]]:
    """`person("approver")` sits down at a browser, signed in; `person()` is a stranger.

    At the end none of them may have met a page with an error in its script, a request to another host, a refusal that
    the test does not name, or a width beyond the window's.
    """
    people: list[Person] = []
    width, height = SIZES[size]

    def sit_down(role: str = "", **wishes: Any) -> Person:
        people.append(Person(site, chromium, width, height, cookies=sessions.get(role, []), **wishes))
        if role and role not in sessions:
            people[-1].sign_in(role)
            sessions[role] = people[-1].session()
        return people[-1]

    yield sit_down
    for one in people:
        one.context.close()
    assert [wrong for one in people for wrong in one.wrong] == []
