"""One running site for all journeys: SQLite and the file-system broker, or what DATABASE_URL and REDIS_URL name."""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.journeys.site import Site

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
