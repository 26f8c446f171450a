"""Open the dashboard in a real Chromium: what goes on moves, and every control works.

The browser is Debian's (`apt-get install chromium`) or the one that PLANGATE_CHROMIUM names.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from harness.checks import Verdict
from tests.unit.harness.reporting.builders import a_failed_trial, a_gate, a_run, a_trial

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

ROOT = Path(__file__).parents[2]
SERVE = """
import sys
from pathlib import Path
from harness.cli.dashboard import dashboard_command
sys.exit(dashboard_command(host=None, port=0, runs=Path(sys.argv[1])))
"""
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
    """Hold a page and whatever it should not have done."""

    page: Page
    runs: Path
    address: str
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def wait(self, condition: str) -> None:
        """Wait until a condition of the page holds."""
        self.page.wait_for_function(f"() => {condition}", timeout=50_000)

    def rows(self) -> int:
        """Return how many runs the table shows."""
        return self.page.locator("tbody.run").count()


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


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Serve an empty folder; return it and the address."""
    home = tmp_path_factory.mktemp("dashboard")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(home / "runs")],
        env={**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert found is not None
        yield home / "runs", found[0]
    finally:
        process.kill()
        process.communicate(timeout=20)


@pytest.fixture
def runs(served: tuple[Path, str]) -> Path:
    """Write three runs: of two models, of one, and of two again; other runs go."""
    root = served[0]
    shutil.rmtree(root, ignore_errors=True)
    for number, models in enumerate((MODELS, MODELS[:1], MODELS), start=1):
        trials = [
            (a_failed_trial if case < number else a_trial)(f"case-{case}", model)
            for model in models
            for case in range(10)
        ]
        a_run(
            root / f"run_{number}",
            trials,
            gate=a_gate(Verdict.PASS if number == 1 else Verdict.GOVERNANCE, model="m/one"),
            run=f"run_{number}",
            created=f"2026-03-0{number}T10:00:00+00:00",
        )
    return root


@pytest.fixture
def opened(browser: Browser, runs: Path, served: tuple[Path, str]) -> Iterator[Watched]:
    """Open the list, and watch its console and its requests."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    watched = Watched(page=page, runs=runs, address=served[1])
    page.on("console", lambda message: watched.faults.append(message.text))
    page.on("pageerror", lambda error: watched.faults.append(str(error)))
    page.on("request", lambda request: watched.requests.append(request.url))
    page.goto(watched.address)
    page.wait_for_selector("#connection.live")
    yield watched
    page.close()


def test_a_run_that_goes_on_moves(opened: Watched) -> None:
    """It appears, its trials count up, and in the end it stands in the table."""
    opened.page.evaluate(FOLLOW)
    command = ["eval", "run", "scenarios/helpdesk", "--no-track", "--trials", "6"]
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *command, f"--output={opened.runs / 'run_live'}"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    opened.wait("document.querySelector('.going')")
    opened.wait("!document.querySelector('.going')")
    opened.wait("document.querySelectorAll('tbody.run').length === 4")
    seen = opened.page.evaluate("() => window.seen")

    assert process.wait(timeout=60) == 0
    assert "run_live" in opened.page.locator("tbody.run").first.inner_text()
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert opened.faults == []


def test_the_page_asks_nobody_else(opened: Watched) -> None:
    """Style, script and news come from the server itself, and nothing is complained about."""
    opened.page.goto(f"{opened.address}/runs/run_1")
    opened.page.go_back()
    opened.page.wait_for_selector("#connection.live")

    assert opened.faults == []
    assert all(url.startswith((opened.address, "data:")) for url in opened.requests)


@pytest.mark.parametrize(
    ("control", "value", "rows"),
    [
        pytest.param("model", "m/two", 2, id="model"),
        pytest.param("verdict", "pass", 1, id="verdict"),
        pytest.param("verdict", "running", 0, id="nothing goes on"),
    ],
)
def test_filters_narrow_and_live_in_the_address(
    opened: Watched, control: str, value: str, rows: int
) -> None:
    """A choice narrows at once, survives a reload, and clearing brings all back."""
    opened.page.select_option(f"select[name={control}]", value)
    opened.wait(f"document.querySelectorAll('tbody.run').length === {rows}")
    assert f"{control}=" in opened.page.url
    opened.page.reload()

    assert opened.rows() == rows
    opened.page.click("#clear")
    opened.wait("document.querySelectorAll('tbody.run').length === 3")
    assert opened.page.url == f"{opened.address}/"


def test_search_is_a_key_away(opened: Watched) -> None:
    """Slash focuses the search, which keeps the focus while the list changes; Escape clears it."""
    opened.page.keyboard.press("/")
    opened.page.keyboard.type("run_2")
    opened.wait("document.querySelectorAll('tbody.run').length === 1")

    assert opened.page.evaluate("() => document.activeElement.name") == "text"
    opened.page.keyboard.press("Escape")
    opened.wait("document.querySelectorAll('tbody.run').length === 3")


def test_two_runs_are_chosen_and_compared_by_keyboard(opened: Watched) -> None:
    """The choice survives news, and leads to the page with both."""
    opened.page.locator("input[name=base][value=run_1]").focus()
    opened.page.keyboard.press("Space")
    assert opened.page.locator("#base-name").inner_text() == "run_1"
    a_run(opened.runs / "run_4", [a_trial()], run="run_4", created="2026-03-04T10:00:00+00:00")
    opened.wait("document.querySelectorAll('tbody.run').length === 4")

    assert opened.page.locator("#base-name").inner_text() == "run_1"
    assert opened.page.evaluate("() => document.activeElement.value") == "run_1"
    opened.page.keyboard.press("Enter")
    opened.page.wait_for_url(re.compile("/compare.*base=run_1"))
    assert "run_3" in opened.page.locator("main").inner_text()


def test_a_run_opens_and_leads_back(opened: Watched) -> None:
    """Its report has the link that the written file lacks, and its script runs."""
    opened.page.click("tbody.run a >> nth=0")
    opened.page.wait_for_selector(".heat")
    opened.page.click("text=All runs")
    opened.page.wait_for_selector("tbody.run")

    assert opened.faults == []


def test_without_a_stream_the_page_asks_from_time_to_time(opened: Watched) -> None:
    """Where streams are refused, news still come."""
    opened.page.route("**/events*", lambda route: route.fulfill(status=503))
    opened.page.reload()
    opened.wait("document.getElementById('connection').textContent.includes('every')")
    a_run(opened.runs / "run_4", [a_trial()], run="run_4")

    opened.wait("document.querySelectorAll('tbody.run').length === 4")


def test_without_a_script_everything_can_be_read_and_asked(
    browser: Browser, opened: Watched
) -> None:
    """The form has its button, and the list is in the page."""
    page = browser.new_page(java_script_enabled=False)
    page.goto(opened.address)
    page.fill("input[name=text]", "run_2")
    page.click("#apply")

    assert page.locator("tbody.run").count() == 1
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "width", [pytest.param(480, id="a phone"), pytest.param(1280, id="a desk")]
)
def test_the_page_fits_its_window(
    opened: Watched, width: int, scheme: Literal["light", "dark"]
) -> None:
    """Nothing makes the page scroll sideways, and letters stand out from the paper."""
    opened.page.emulate_media(color_scheme=scheme)
    opened.page.set_viewport_size({"width": width, "height": 900})
    paper = opened.page.evaluate("() => getComputedStyle(document.body).backgroundColor")

    # A browser may lay out a frame later what has changed: a width of before it is no finding.
    opened.page.wait_for_function(
        "width => document.documentElement.scrollWidth <= width", arg=width, timeout=5_000
    )
    assert (paper == "rgb(18, 22, 26)") is (scheme == "dark")


def test_every_control_has_a_name(opened: Watched) -> None:
    """A screen reader can say what each link, field and button is."""
    nameless = opened.page.evaluate(
        """() => [...document.querySelectorAll("a, button, input, select, progress, svg[role]")]
        .filter((item) => !item.getAttribute("aria-label") && !item.textContent.trim()
          && !item.closest("label")?.textContent.trim())
        .map((item) => item.outerHTML)"""
    )

    assert nameless == []
