"""Open the platform's page of evaluations in a real Chromium: two models, and a run that goes on.

The browser is Debian's (`apt-get install chromium`) or the one that PLANGATE_CHROMIUM names.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import Request, urlopen

import orjson
import pytest
from playwright.sync_api import Page, sync_playwright

from tests.database import DatabaseUrls
from tests.execution import redis_url
from tests.servers.api import OPERATOR_TOKEN, ApiServer
from tests.unit.harness.reporting.builders import a_failed_trial, a_run, a_trial

__all__ = ["redis_url"]

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
RUN = "from runtime.entrypoints.cli.main import main; main()"
MODELS = ("m/one", "m/two")
FOLLOW = """() => {
  window.seen = [];
  new MutationObserver(() => {
    const done = document.querySelector(".going progress")?.value;
    if (done !== undefined && !window.seen.includes(done)) window.seen.push(done);
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


@dataclass(slots=True)
class Watched:
    """Hold a page, where it was opened, and whatever it should not have done."""

    page: Page
    runs: Path
    origin: str
    root: str
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def wait(self, condition: str) -> None:
        """Wait until a condition of the page holds."""
        self.page.wait_for_function(f"() => {condition}", timeout=60_000)


@pytest.fixture
def opened(database_urls: DatabaseUrls, redis_url: str, tmp_path: Path) -> Iterator[Watched]:
    """Serve an organization with a run of two models, and open its page with its owner's token."""
    path = os.environ.get("PLANGATE_CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium: `apt-get install chromium`, or set PLANGATE_CHROMIUM to one")
    folder = tmp_path / "evaluations"
    server = ApiServer(
        database_url=database_urls.app_url,
        redis_url=redis_url,
        environ={"PLANGATE_EVALUATIONS": str(folder)},
    )
    with server, sync_playwright() as playwright:
        organization, token = founded(server.url)
        runs = folder / organization
        for number in (1, 2):
            two_models(runs / f"run_{number}", failing=number)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = browser.new_context(extra_http_headers={"Authorization": f"Bearer {token}"})
        page = context.new_page()
        root = f"{server.url}/v1/organizations/{organization}/evaluations"
        watched = Watched(page=page, runs=runs, origin=server.url, root=root)
        page.on("console", lambda message: watched.faults.append(message.text))
        page.on("pageerror", lambda error: watched.faults.append(str(error)))
        page.on("request", lambda request: watched.requests.append(request.url))
        page.goto(root)
        page.wait_for_selector("#connection.live")
        yield watched
        browser.close()


def founded(url: str) -> tuple[str, str]:
    """Make an organization; return its id, and its owner's token."""
    wish = {"name": "o", "owner": {"display_name": "Ann", "email": "ann@example.com"}}
    request = Request(  # noqa: S310  # our own server
        f"{url}/v1/organizations",
        data=orjson.dumps(wish),
        headers={
            "Authorization": f"Bearer {OPERATOR_TOKEN}",
            "Content-Type": "application/json",
        },
    )
    with urlopen(request) as answer:  # noqa: S310  # as above
        made = orjson.loads(answer.read())
    return made["organization"]["id"], made["token"]["text"]


def two_models(folder: Path, *, failing: int) -> None:
    """Write a run in which some scenarios fail, of the second model more."""
    trials = [
        (a_failed_trial if case < failing * (1 + at) else a_trial)(f"case-{case}", model)
        for at, model in enumerate(MODELS)
        for case in range(10)
    ]
    a_run(folder, trials, run=folder.name, created=f"2026-03-0{failing}T10:00:00+00:00")


def test_models_stand_side_by_side_and_runs_are_compared(opened: Watched) -> None:
    """In the list, in a run's report and in the comparison of two; nothing is asked elsewhere."""
    page = opened.page
    latest = page.locator("tbody.run").first
    rates = latest.locator("td.rates b").all_inner_texts()
    latest.locator("th a").click()
    page.wait_for_load_state()
    report = page.inner_text("body")
    page.get_by_role("link", name="All runs").click()
    page.wait_for_selector("#connection.live")
    page.get_by_role("button", name="Compare").click()
    page.wait_for_load_state()
    compared = page.inner_text("body")

    assert rates == ["80.0%", "60.0%"]
    assert all(model in report and model in compared for model in MODELS)
    assert "run_1" in compared
    assert "run_2" in compared
    assert page.url.startswith(f"{opened.root}/compare?")
    assert [url for url in opened.requests if not url.startswith((opened.origin, "data:"))] == []
    assert opened.faults == []


def test_a_run_that_goes_on_moves(opened: Watched) -> None:
    """It appears, its trials count up, and in the end it stands in the table with both models."""
    opened.page.evaluate(FOLLOW)
    command = ["eval", "run", "scenarios/helpdesk", "--no-track", "--trials", "6"]
    models = ["--model", "plangate/oracle", "--model", "plangate/noisy-oracle?rate=0.5"]
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *command, *models, f"--output={opened.runs / 'run_live'}"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    opened.wait("document.querySelector('.going')")
    opened.wait("!document.querySelector('.going')")
    opened.wait("document.querySelectorAll('tbody.run').length === 3")
    seen = opened.page.evaluate("() => window.seen")
    first = opened.page.locator("tbody.run").first.inner_text()

    assert process.wait(timeout=60) == 0
    assert "plangate/oracle" in first
    assert "noisy-oracle" in first
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert opened.faults == []


def test_a_narrowed_list_keeps_its_address(opened: Watched) -> None:
    """Below the place where the page is shown, so that it can be sent to somebody."""
    opened.page.fill("#filters input[name=text]", "run_2")
    opened.wait("document.querySelectorAll('tbody.run').length === 1")

    assert opened.page.url == f"{opened.root}/?text=run_2"
    assert opened.faults == []
