"""Open the console as a person does: a page that is watched, and what is done there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

RUN: Final = (
    "import sys; sys.argv[0] = 'plangate'; from runtime.entrypoints.cli.main import main; main()"
)
WAIT_MS: Final = 30_000


@dataclass(slots=True, kw_only=True)
class Visit:
    """Hold a page and whatever it should not have done."""

    page: Page
    address: str
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def sign_in(self, token: str) -> None:
        """Sign in, and wait for the chat."""
        self.page.goto(self.address)
        self.page.get_by_label("Token").fill(token)
        self.page.get_by_role("button", name="Sign in").click()
        self.await_chat()

    def await_chat(self) -> None:
        """Wait until something can be said."""
        self.page.wait_for_selector("#pg-box textarea", timeout=WAIT_MS)
        expect(self.page.locator("#pg-box textarea")).to_be_enabled(timeout=WAIT_MS)

    def sign_out(self) -> None:
        """Sign out, and wait for the page that asks for a token."""
        self.page.get_by_role("button", name="Sign out").click()
        expect(self.page.get_by_label("Token")).to_be_visible(timeout=WAIT_MS)

    def choose(self, label: str, text: str) -> None:
        """Choose one of a list, by the keyboard."""
        box = self.page.get_by_label(label, exact=True).first
        box.click()
        self.page.get_by_role("option", name=re.compile(re.escape(text))).first.click()

    def tab(self, name: str) -> None:
        """Open a tab."""
        self.page.get_by_role("tab", name=name, exact=True).click()

    def say(self, text: str) -> None:
        """Say something, and wait for the plan."""
        self.page.locator("#pg-box textarea").fill(text)
        self.page.keyboard.press("Enter")
        self.sees("#pg-card", "Proposed plan")

    def sees(self, place: str, text: str) -> None:
        """Wait until a place shows a text."""
        expect(self.page.locator(place)).to_contain_text(text, timeout=WAIT_MS)


def watched(context: BrowserContext, address: str) -> Visit:
    """Open a page of a browser, and watch its console and its requests."""
    page = context.new_page()
    visit = Visit(page=page, address=address)
    page.on(
        "console",
        lambda message: visit.faults.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: visit.faults.append(str(error)))
    page.on("dialog", lambda dialog: visit.faults.append(dialog.message))
    page.on("request", lambda request: visit.requests.append(request.url))
    return visit


@contextmanager
def console_of(platform: str) -> Iterator[str]:
    """Serve the console, and return its address."""
    command = [sys.executable, "-c", RUN, "console", "--url", platform, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://[\d.:]+", process.stdout.readline())
            assert found is not None
            yield found[0]
        finally:
            process.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium once."""
    path = os.environ.get("PLANGATE_CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium: `apt-get install chromium`, or set PLANGATE_CHROMIUM to one")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Open a browser that knows nobody."""
    opened = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield opened
    opened.close()
