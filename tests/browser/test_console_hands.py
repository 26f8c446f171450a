"""Use the console in other ways than by a mouse and words: files that are sent, keys alone.

The browser is Debian's (`apt-get install chromium`) or the one that PLANGATE_CHROMIUM names.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import BrowserContext, expect

from runtime.client import Plangate
from tests.browser.console import WAIT_MS, Visit, browser, console_of, context, watched
from tests.servers.dev_instance import DevInstance, dev_instance

__all__ = ["browser", "context"]

pytest.importorskip("gradio", reason="the console needs Gradio: pip install 'plangate[console]'")
pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.timeout(240)]

PICTURE: Final = b"\x89PNG\r\n\x1a\n" + bytes(64)
MOST_TABS: Final = 60


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevInstance]:
    """Serve the platform with the offline model."""
    told = {"PLANGATE_MODEL": "plangate/keyword", "PLANGATE_REQUEST_RATE": "off"}
    with dev_instance(tmp_path_factory.mktemp("hands") / ".plangate", environ=told) as started:
        started.await_greeting()
        yield started


@pytest.fixture(scope="module")
def console(dev: DevInstance) -> Iterator[str]:
    """Serve the console before it."""
    with console_of(dev.demo["url"]) as address:
        yield address


@pytest.fixture
def visit(context: BrowserContext, console: str) -> Visit:
    """Open a page, and watch its console and its requests."""
    return watched(context, console)


def attached(visit: Visit, dev: DevInstance, file: Path) -> None:
    """Sign in, begin a conversation, and choose a file."""
    visit.sign_in(dev.demo["token"])
    visit.choose("Conversation", "New conversation")
    visit.page.locator("#pg-box input[type=file]").set_input_files(file)


def said_files(dev: DevInstance) -> list[list[str]]:
    """Return the names of the files of each turn that was stored, of all conversations."""
    client, project = Plangate(dev.demo["url"], token=dev.demo["token"]), dev.demo["project"]
    return [
        [item["name"] for item in turn["attachments"]]
        for talk in client.conversations.list(project)
        for turn in client.conversations.list_turns(project, talk["id"])
    ]


def test_a_file_goes_with_the_message(visit: Visit, dev: DevInstance, tmp_path: Path) -> None:
    """The turn has it under its own name, and there is a plan."""
    file = tmp_path / "note.txt"
    file.write_text("seven is what we want")
    attached(visit, dev, file)
    expect(visit.page.get_by_label("File thumbnail")).to_be_visible(timeout=WAIT_MS)
    visit.say("set the counter to 7")

    assert ["note.txt"] in said_files(dev)
    assert visit.faults == []


def test_a_file_that_is_not_what_it_says_is_refused(
    visit: Visit, dev: DevInstance, tmp_path: Path
) -> None:
    """By the platform: the person is told, and nothing is stored as said."""
    file = tmp_path / "picture.png"
    file.write_text("no picture at all")
    before = said_files(dev)
    attached(visit, dev, file)
    expect(visit.page.get_by_label("File thumbnail")).to_be_visible(timeout=WAIT_MS)
    visit.page.locator("#pg-box textarea").fill("set the counter to 8")
    visit.page.keyboard.press("Enter")
    visit.sees("#pg-told", "says it is image/png")

    assert said_files(dev) == before


def test_a_file_of_another_kind_is_not_taken(
    visit: Visit, dev: DevInstance, tmp_path: Path
) -> None:
    """The page says so at once; it goes nowhere."""
    file = tmp_path / "program.exe"
    file.write_bytes(b"MZ" + bytes(64))
    attached(visit, dev, file)
    expect(visit.page.get_by_test_id("toast-body").first).to_be_visible(timeout=WAIT_MS)

    expect(visit.page.get_by_label("File thumbnail")).to_have_count(0)
    assert [url for url in visit.requests if "/upload" in url] == []


@pytest.mark.parametrize(
    ("size_bytes", "told"),
    [
        pytest.param(10_000_001, "at most 10000000 are allowed", id="for a model"),
        pytest.param(20 * 2**20 + 1, "exceed the maximum", id="for the console"),
    ],
)
def test_a_file_that_is_too_large_is_refused(
    visit: Visit, dev: DevInstance, tmp_path: Path, size_bytes: int, told: str
) -> None:
    """With the bound that it passes."""
    file = tmp_path / "large.png"
    file.write_bytes(PICTURE + bytes(size_bytes - len(PICTURE)))
    before = said_files(dev)
    attached(visit, dev, file)
    if size_bytes < 20 * 2**20:
        expect(visit.page.get_by_label("File thumbnail")).to_be_visible(timeout=WAIT_MS)
        visit.page.locator("#pg-box textarea").fill("set the counter to 9")
        visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_text(told).first).to_be_visible(timeout=WAIT_MS)

    assert said_files(dev) == before


def test_a_person_needs_no_mouse(visit: Visit, dev: DevInstance) -> None:
    """Signing in, saying something and approving it take keys alone."""
    client = Plangate(dev.demo["url"], token=dev.demo["token"])
    page, keys = visit.page, visit.page.keyboard
    page.goto(visit.address)
    keys.type(dev.demo["token"])  # the field has the focus
    keys.press("Enter")
    visit.await_chat()
    to_focus(visit, "#pg-box textarea")
    keys.type("set the counter to 11")
    keys.press("Enter")
    visit.sees("#pg-card", "Proposed plan")
    visit.sees("#pg-card", "11")
    to_focus(visit, "#pg-approve")
    outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    keys.press("Enter")
    visit.sees("#pg-told", "Executed. The state is at version")

    assert outline != "none"
    assert client.state.read(dev.demo["project"])["components"]["counter"]["value"] == 11
    assert visit.faults == []


def test_every_control_has_a_name(visit: Visit, dev: DevInstance) -> None:
    """A screen reader can say what each button and field of the chat is."""
    visit.sign_in(dev.demo["token"])
    nameless = visit.page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, textarea")]
        .filter((item) => item.offsetParent && !item.getAttribute("aria-label")
          && !item.textContent.trim() && !item.title && !item.labels?.length
          && item.type !== "file" && !item.placeholder)
        .map((item) => item.outerHTML.slice(0, 200))"""
    )

    assert nameless == []


def to_focus(visit: Visit, wanted: str) -> None:
    """Press Tab until a part has the focus."""
    for _ in range(MOST_TABS):
        if visit.page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
        visit.page.keyboard.press("Tab")
    raise AssertionError(f"{MOST_TABS} times Tab lead past {wanted}")
