"""A whole running site, started as a person starts it, and a visitor who uses its pages without script."""

from __future__ import annotations

import html
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "qalqan-demo"
DOMAIN = "demo.qalqan.example"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Site:
    """The program on data of its own: `manage` runs a command, `start` serves web, worker and beat."""

    data: Path
    database_url: str = ""
    redis_url: str = ""
    url: str = ""
    process: subprocess.Popen[str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        own = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "REDIS_URL", "PYTEST_ADDOPTS")
        }
        own |= {"DJANGO_SETTINGS_MODULE": "config.settings.local", "QALQAN_DATA_DIR": str(self.data)}
        if self.database_url:
            own["DATABASE_URL"] = self.database_url
        if self.redis_url:
            own["REDIS_URL"] = self.redis_url
        return own

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def figures(self, measure: str) -> dict[tuple[str, str], tuple[int, int]]:
        """Today's coverage by region and kind, as the command tells it."""
        rows = json.loads(self.manage("coverage", "--measure", measure, "--by", "region,kind", "--format", "json"))
        return {(row["place"], row["kind"]): (row["total"], row["covered"]) for row in rows}

    def start(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        wait_for(self._answers, seconds=60, what="the site's first answer")

    def stop(self) -> str:
        """Stop everything as Ctrl-C does; return what was printed."""
        assert self.process is not None
        self.process.terminate()
        printed, _nothing = self.process.communicate(timeout=60)
        return printed

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.process.communicate()[0]
        try:
            with urllib.request.urlopen(f"{self.url}/accounts/login/", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False


def wait_for(condition: Any, *, seconds: float, what: str) -> float:
    """Ask until `condition()` is true; return how long it took, fail after `seconds`."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if condition():
            return time.monotonic() - began
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds} s")


@dataclass
class Page:
    """An answer of the site."""

    url: str
    status: int
    text: str
    data: bytes = b""

    @property
    def words(self) -> str:
        """What a reader sees, in one line."""
        body = re.sub(r"<(script|style)\b.*?</\1>", " ", self.text, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())

    def links(self, pattern: str) -> list[str]:
        """Addresses on the page that match a regular expression wholly."""
        found = [html.unescape(link) for link in re.findall(r'href="([^"]+)"', self.text)]
        return [link for link in found if re.fullmatch(pattern, link)]

    def field(self, name: str) -> str:
        """The value of an input by its name."""
        for tag in re.findall(r"<input\b[^>]*>", self.text):
            if re.search(rf'\bname="{re.escape(name)}"', tag):
                value = re.search(r'\bvalue="([^"]*)"', tag)
                return html.unescape(value.group(1)) if value else ""
        raise AssertionError(f"{self.url} has no field {name}: {self.words[:300]}")


@dataclass
class Visitor:
    """Somebody with a browser that runs no script: follows links, fills forms in."""

    site: Site
    cookies: CookieJar = field(default_factory=CookieJar)

    def __post_init__(self) -> None:
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def sign_in(self, name: str) -> Page:
        page = self.get("/accounts/login/")
        page = self.post("/accounts/login/", page, login=f"{name}@{DOMAIN}", password=PASSWORD)
        assert "/accounts/login/" not in page.url, page.words
        return page

    def get(self, path: str) -> Page:
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.site.url, path)))

    def post(self, path: str, page: Page, **values: str) -> Page:
        """Send a form that stands on `page`."""
        url = urllib.parse.urljoin(page.url, path)
        fields = {"csrfmiddlewaretoken": page.field("csrfmiddlewaretoken"), **values}
        request = urllib.request.Request(url, urllib.parse.urlencode(fields).encode(), {"Referer": page.url})
        return self._open(request)

    def _open(self, request: urllib.request.Request) -> Page:
        try:
            with self._opener.open(request, timeout=60) as answer:
                data = answer.read()
                return Page(answer.url, answer.status, data.decode("utf-8", "replace"), data)
        except urllib.error.HTTPError as refusal:
            data = refusal.read()
            return Page(refusal.url or "", refusal.code, data.decode("utf-8", "replace"), data)
