"""Take the console's pictures: `python docs/capture_console.py CONSOLE_URL TOKEN_FILE PROJECT`.

The project is one of the environment `facility`, of a platform that asks `plangate/keyword`. Needs
Debian's Chromium (`apt-get install chromium`) and the `dev` extra.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parent / "images"
PLACES = (
    "/furnace/temperature_c = Furnace, °C\n/furnace/state = Furnace\n/furnace/door = Door\n"
    "/thermostats/th_1/target_c = Room 1, target °C\n/thermostats/th_1/measured_c = Room 1, °C\n"
    "/alarms/al_1/state = Alarm 1"
)


def main(address: str, token: str, project: str) -> None:
    """Write a plan that can run, one that is refused, the timeline and the widgets."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme="light")
        page.goto(address)
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_selector("#pg-box textarea:enabled")
        _choose(page, "Project", project)
        page.wait_for_timeout(3_000)  # the other project's conversation has gone
        _say(page, "Set the room temperature of thermostat th_1 to 21.5")
        _take(page, "console-plan")
        page.get_by_role("button", name="Approve and run").click()
        page.get_by_text("Executed. The state").wait_for()
        _say(page, "Light the furnace")
        page.get_by_role("button", name="Light / dark").click()
        _take(page, "console-refused-dark")
        _open_state(page)
        _take(page, "console-widgets-dark")
        page.get_by_role("button", name="Light / dark").click()
        page.get_by_role("tab", name="Timeline").click()
        page.locator("#pg-timeline").get_by_text("executed").first.wait_for()
        page.get_by_role("button", name="Show the difference").click()
        page.locator("#pg-diff ins").wait_for()
        _take(page, "console-timeline")
        browser.close()


def _say(page: Any, text: str) -> None:  # noqa: ANN401  # playwright's page
    page.locator("#pg-box textarea").fill(text)
    page.keyboard.press("Enter")
    page.locator("#pg-log").get_by_text(text).wait_for()
    page.locator("#pg-card").get_by_text("Proposed plan").wait_for()


def _open_state(page: Any) -> None:  # noqa: ANN401  # as above
    page.get_by_role("tab", name="State").click()
    page.get_by_role("tab", name="Widgets").click()
    page.get_by_label("Places of the state, one a line").fill(PLACES)
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_text("Furnace, °C").wait_for()


def _choose(page: Any, label: str, text: str) -> None:  # noqa: ANN401  # as above
    page.get_by_label(label, exact=True).first.click()
    page.get_by_role("option", name=text).first.click()


def _take(page: Any, name: str) -> None:  # noqa: ANN401  # as above
    page.mouse.move(640, 855)
    page.wait_for_timeout(1_000)  # what Gradio fades has faded
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]).read_text().strip(), sys.argv[3])
