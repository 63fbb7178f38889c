"""People at a browser: Chromium at two sizes, and what no page may do while they use it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from tests.journeys.site import DOMAIN, PASSWORD, Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Response

SIZES = {"phone": (390, 844), "desk": (1366, 768)}
NAMES = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Runs in each page: what a reader would see as broken becomes an error of the console.
WATCH = """
(() => {
  const look = () => {
    const page = document.scrollingElement;
    if (page && page.scrollWidth > window.innerWidth)
      console.error(`wider than the window: ${page.scrollWidth} > ${window.innerWidth}`);
    if (!document.documentElement.lang) console.error("the page names no language");
  };
  window.addEventListener("load", look);
  document.addEventListener("htmx:afterSettle", look);
})();
"""


def chromium_path() -> str:
    """The browser of this machine; an error where there is none: unseen pages have not passed."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, f"the browser journeys need one of {', '.join(NAMES)}"
    return found


@dataclass
class Person:
    """Somebody at a browser of their own; `wrong` gathers what went wrong on the pages that they opened.

    Answers with 422 are pages too (a form that comes back); other refusals have to be named in `refused`.
    """

    site: Site
    browser: Browser
    width: int
    height: int
    language: str = "en"
    script: bool = True
    cookies: list[dict[str, object]] = field(default_factory=list)
    refused: set[int] = field(default_factory=lambda: {422})
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context = self.browser.new_context(
            base_url=self.site.url,
            viewport={"width": self.width, "height": self.height},
            java_script_enabled=self.script,
            locale="kk-KZ",
            timezone_id="Asia/Almaty",
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(15_000)
        self.context.add_cookies(self.cookies)  # type: ignore[arg-type]
        if self.language:
            self.speak(self.language)
        self.context.add_init_script(WATCH)
        self.context.on("request", self._request)
        self.context.on("response", self._response)
        self.context.on("console", self._console)
        self.context.on("weberror", lambda error: self.wrong.append(f"{self.page.url}: {error.error}"))
        self.page: Page = self.context.new_page()

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.site.url + "/", "data:", "blob:")):
            self.wrong.append(f"{self.page.url} asks {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.refused:
            self.wrong.append(f"{response.request.method} {response.url}: {response.status}")

    def _console(self, message: ConsoleMessage) -> None:
        # What the server refused is judged by its status; browser and htmx report it here as well.
        if message.type == "error" and not message.text.startswith(
            ("Failed to load resource", "Response Status Error")
        ):
            self.wrong.append(f"{self.page.url}: {message.text}")

    def speak(self, language: str) -> None:
        """As if chosen long ago; the choice itself has a test of its own."""
        self.context.add_cookies([{"name": "django_language", "value": language, "url": self.site.url}])

    # --- what a person does -----------------------------------------------------------------------

    def open(self, path: str) -> Page:
        self.page.goto(urljoin(self.site.url, path))
        self.look()
        return self.page

    def press(self, name: str, *, within: str = "main", role: str = "button") -> Page:
        """Press a button or follow a link by its words, and wait for the next page."""
        with self.page.expect_navigation():
            self.page.locator(within).get_by_role(role, name=name).first.click()  # type: ignore[arg-type]
        self.look()
        return self.page

    def follow(self, link: Locator) -> Page:
        with self.page.expect_navigation():
            link.click()
        self.look()
        return self.page

    def look(self) -> None:
        """Without script the page cannot tell by itself whether it is too wide."""
        if not self.script:
            wide = self.page.evaluate("document.scrollingElement.scrollWidth")
            if wide > self.width:
                self.wrong.append(f"{self.page.url} is wider than the window: {wide} > {self.width}")

    def sign_in(self, name: str, password: str = PASSWORD) -> Page:
        """Through the form of the page that is open, or the site's first."""
        if not self.page.url.startswith(self.site.url):
            self.open("/")
        self.page.locator("[name=login]").fill(name if "@" in name else f"{name}@{DOMAIN}")
        self.page.locator("[name=password]").fill(password)
        with self.page.expect_navigation():
            self.page.locator("main form button[type=submit]").first.click()
        assert "/accounts/login/" not in self.path, self.words
        return self.page

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def words(self) -> str:
        """What stands on the page, in one line."""
        return " ".join(self.page.locator("main").inner_text().split())

    def session(self) -> list[dict[str, object]]:
        """The cookie of who is signed in, for another window of the same person."""
        return [dict(cookie) for cookie in self.context.cookies() if cookie["name"] == "sessionid"]
