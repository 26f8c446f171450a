"""Open the report page in a real Chromium: it asks no network, and every control works.

The browser is Debian's (`apt-get install chromium`) or the one that PLANGATE_CHROMIUM names.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import orjson
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from harness.checks import Verdict
from harness.reporting.publish import BASE, DIFF, write_reports
from harness.results import HISTORY
from harness.trial import TrialRecord
from runtime.public import JsonObject
from tests.unit.harness.reporting.builders import (
    a_comparison,
    a_failed_trial,
    a_gate,
    a_lost_trial,
    a_run,
    a_trial,
)

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

HOSTILE = "<img src=x onerror=\"document.title='owned'\"></script><script>document.title='owned'"
MODELS = ("m/one", "m/two")
CONTRAST = """() => {
  const light = (colour) => {
    const parts = colour.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255);
    const linear = parts.map((part) => ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  const shown = [...document.querySelectorAll(".small, .quiet, .change, .lead, .tier")];
  return Math.min(...shown.map((node) => {
    const ink = light(getComputedStyle(node).color);
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  }));
}"""


@dataclass(slots=True)
class Watched:
    """Hold a page and whatever it should not have done."""

    page: Page
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def count(self, selector: str) -> int:
        """Return how many elements match."""
        return self.page.locator(selector).count()


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
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a report of 60 scenarios, two models and two trials, with hostile text."""
    trials = []
    for number in range(60):
        suite = "helpdesk" if number < 40 else "facility"
        place = {"suite": suite, "environment": suite, "tags": (f"tag-{number % 3}",)}
        for model in MODELS:
            name = f"{suite}-case-{number}"
            trials.append(a_trial(name, model, 0, **place))
            bad = model == "m/two" and number % 4 == 0 and number < 50
            make = a_failed_trial if bad else a_trial
            trials.append(make(name, model, 1, message=HOSTILE, answer=HOSTILE, **place))
    trials.append(
        a_lost_trial("facility-case-59", "m/one", 2, suite="facility", environment="facility")
    )
    worse = a_comparison(model="m/two", worse=("helpdesk-case-0", "helpdesk-case-4"))
    folder = a_run(
        tmp_path_factory.mktemp("run"),
        trials,
        gate=a_gate(Verdict.GOVERNANCE),
        comparisons=[worse],
    )
    a_run(folder / BASE, [_passed(trial) for trial in trials if trial.passed is not None])
    (folder / HISTORY).write_bytes(orjson.dumps([a_point(number) for number in range(4)]))
    write_reports(folder)
    return folder / "report.html"


def _passed(trial: TrialRecord) -> TrialRecord:
    scores = {"plan": {"value": 1.0, "passed": True}}
    return replace(trial, passed=True, scores=scores, proposal=a_trial().proposal)


def a_point(number: int) -> JsonObject:
    """Build a point of the first model's history; the oldest is of another suite."""
    return {
        "run": f"run_{number:02}",
        "created": f"2026-03-{number + 1:02}T10:00:00+00:00",
        "model": MODELS[0],
        "scored": 60,
        "pass_rate": 0.9 + number / 100,
        "interval": [0.85, 0.97],
        "verdict": "pass",
        "suite_digest": "sha256:old" if number == 0 else "sha256:new",
        "comparability": "sha256:cc",
    }


def _watched(browser: Browser, path: Path) -> Watched:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    watched = Watched(page=page)
    page.on("console", lambda message: watched.faults.append(message.text))
    page.on("pageerror", lambda error: watched.faults.append(str(error)))
    page.on("request", lambda request: watched.requests.append(request.url))
    page.goto(path.as_uri())
    return watched


@pytest.fixture
def opened(browser: Browser, report: Path) -> Iterator[Watched]:
    """Open the report and watch its console and its requests."""
    watched = _watched(browser, report)
    yield watched
    watched.page.close()


@pytest.fixture
def beside(browser: Browser, report: Path) -> Iterator[Watched]:
    """Open the page of both runs likewise."""
    watched = _watched(browser, report.with_name(DIFF))
    yield watched
    watched.page.close()


def test_the_page_is_quiet_and_asks_no_network(opened: Watched, report: Path) -> None:
    """Opening everything logs nothing and requests nothing but the file."""
    for entry in opened.page.locator(".trial > summary").all():
        entry.click()

    assert opened.faults == []
    assert [url for url in opened.requests if not url.startswith("data:")] == [report.as_uri()]


def test_hostile_text_is_shown_and_not_run(opened: Watched) -> None:
    """A message that is markup is read as its letters."""
    opened.page.locator(".trial summary").first.click()

    assert opened.page.locator(".said").first.text_content() == HOSTILE
    assert "owned" not in opened.page.title()
    assert opened.count("img") == 0


def test_an_opened_trial_compares_plans(opened: Watched) -> None:
    """Differences are marked by sign, the refusal has its remedy, the state its words."""
    opened.page.locator(".trial summary").first.click()
    inside = opened.page.locator(".inside").first.inner_text()

    assert "≠" in inside
    assert "+" in inside
    for words in ("budget_exceeded", "ask for less", "differs", "250 units of 100", "m/two"):
        assert words in inside


@pytest.mark.parametrize(
    ("control", "value", "trials", "cells"),
    [
        pytest.param("suite", "facility", 4, 40, id="suite"),
        pytest.param("environment", "helpdesk", 10, 80, id="environment"),
        pytest.param("tag", "tag-0", 5, 40, id="tag"),
        pytest.param("model", "m/one", 1, 60, id="model"),
        pytest.param("status", "infrastructure", 1, 2, id="status"),
        pytest.param("status", "findings", 13, 26, id="findings"),
        pytest.param("status", "mixed", 13, 26, id="passed and failed"),
        pytest.param("status", "passed", 1, 120, id="passed"),
        pytest.param("status", "worse", 2, 4, id="worse than base"),
    ],
)
def test_filters_narrow_list_and_map(
    opened: Watched, control: str, value: str, trials: int, cells: int
) -> None:
    """A choice leaves the matching trials and cells, and clearing brings all back."""
    opened.page.select_option(f"select[name={control}]", value)
    opened.page.wait_for_function(
        "n => document.querySelectorAll('.trial').length === n", arg=trials
    )

    assert opened.count(".heat") == cells
    opened.page.click("button[type=reset]")
    opened.page.wait_for_function("() => document.querySelectorAll('.trial').length === 14")
    assert opened.count(".heat") == 120


def test_search_is_a_key_away(opened: Watched) -> None:
    """Slash focuses the search, Escape clears it."""
    opened.page.keyboard.press("/")
    opened.page.keyboard.type("case-44")
    opened.page.wait_for_function("() => document.querySelectorAll('.trial').length === 1")

    assert opened.count(".heat") == 2
    opened.page.keyboard.press("Escape")
    opened.page.wait_for_function("() => document.querySelectorAll('.trial').length === 14")


def test_nothing_found_is_said(opened: Watched) -> None:
    """An empty list explains itself."""
    opened.page.fill("input[name=text]", "no such thing")
    opened.page.wait_for_function("() => document.querySelectorAll('.trial').length === 0")

    assert "No failing trial matches" in opened.page.locator("#trial-list").inner_text()
    assert "No scenario matches" in opened.page.locator("#heatmap").inner_text()


def test_arrow_keys_move_in_the_heat_map(opened: Watched) -> None:
    """One cell is in the tab order; arrows move it, Enter opens its trial."""
    focused = "() => document.activeElement.getAttribute('aria-label')"
    assert opened.count(".heat[tabindex='0']") == 1
    opened.page.locator(".heat[tabindex='0']").focus()

    seen = []
    for key in ("ArrowRight", "ArrowDown", "End", "Home", "ArrowLeft"):
        opened.page.keyboard.press(key)
        seen.append(opened.page.evaluate(focused))

    assert "helpdesk-case-1 · m/one" in seen[0]
    assert "helpdesk-case-1 · m/two" in seen[1]
    assert "helpdesk-case-39 · m/two" in seen[2]
    assert "helpdesk-case-0 · m/two" in seen[3]
    assert seen[4] == seen[3]
    assert opened.count(".heat[tabindex='0']") == 1
    opened.page.keyboard.press("Enter")
    assert opened.page.locator(".trial[open] .name").inner_text() == "helpdesk-case-0"


def test_a_passing_cell_says_where_its_scenario_is(opened: Watched) -> None:
    """There is no failing trial to jump to, so the file is named."""
    opened.page.locator(".heat").nth(1).click()

    assert "scenarios/helpdesk/cases.yaml:13" in opened.page.locator("#readout").inner_text()


def test_tables_sort_by_any_column(opened: Watched) -> None:
    """A click sorts by the figure, a second one turns the order."""
    table = opened.page.locator(".sortable").first
    table.locator("thead button").nth(2).click()
    ascending = table.locator("tbody th").all_inner_texts()
    table.locator("thead button").nth(2).click()

    assert table.locator("tbody th").all_inner_texts() == ascending[::-1]


def test_the_theme_follows_the_system_and_the_button(opened: Watched) -> None:
    """Dark is dark, by preference and by choice."""
    paper = "() => getComputedStyle(document.body).backgroundColor"
    light = opened.page.evaluate(paper)
    opened.page.emulate_media(color_scheme="dark")
    dark = opened.page.evaluate(paper)
    opened.page.click("#theme")

    assert light == opened.page.evaluate(paper) != dark
    opened.page.click("#theme")
    assert opened.page.evaluate(paper) == dark


@pytest.mark.parametrize(
    "width", [pytest.param(480, id="a phone"), pytest.param(1280, id="a desk")]
)
def test_the_page_fits_its_window(opened: Watched, width: int) -> None:
    """Nothing makes the page scroll sideways, opened trials included."""
    opened.page.set_viewport_size({"width": width, "height": 900})
    opened.page.locator(".trial summary").first.click()

    # A browser may lay out what was opened a frame later: a width of before it is no finding.
    opened.page.wait_for_function(
        "width => document.documentElement.scrollWidth <= width", arg=width, timeout=5_000
    )


def test_a_filter_tells_the_models_rates(opened: Watched) -> None:
    """What is left of the scenarios has its own pass rates; all of them need none."""
    assert opened.page.locator("#filtered").inner_text() == ""
    opened.page.select_option("select[name=suite]", "helpdesk")
    opened.page.wait_for_function("() => document.getElementById('filtered').textContent")

    text = " ".join(opened.page.locator("#filtered").inner_text().split())
    assert text == "40 scenarios, trials passed: m/one 100.0% m/two 87.5%"


def test_the_comparison_page_shows_charts_and_their_tables(opened: Watched) -> None:
    """Each chart is an image with a name, and a table says the same."""
    page = opened.page
    for chart in page.locator(".plot svg").all():
        assert chart.get_attribute("role") == "img"
        assert chart.get_attribute("aria-label")
        assert (chart.bounding_box() or {"height": 0})["height"] > 100
    assert opened.count("#contest .mark") == 3  # a lost trial's price is unknown
    assert "Not drawn" in page.locator(".plot").first.inner_text()
    assert opened.count(".matrix tbody td b") == 1
    assert page.locator(".standing tbody th .letter").all_inner_texts() == ["A", "B"]
    assert page.locator(".against .tier").first.inner_text() == "regression"


def test_the_trend_joins_comparable_runs_only(opened: Watched) -> None:
    """The oldest run had another suite: three runs have two lines."""
    trend = opened.page.locator("section:has(#trend-title)")

    assert trend.locator("line.hat").count() == 2
    assert trend.locator("g.apart").count() == 1
    trend.locator("summary").click()
    assert trend.locator("tbody tr").count() == 4


def test_everything_is_reached_by_keyboard(opened: Watched) -> None:
    """The first tabs skip ahead, focus is seen, and regions that scroll take it."""
    page = opened.page
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("() => location.hash") == "#models-title"
    seen = page.evaluate(
        "() => { const map = document.querySelector('.heat[tabindex=\"0\"]'); map.focus();"
        " return getComputedStyle(map).outlineStyle; }"
    )
    assert seen == "solid"
    assert opened.count(".scroll:not([tabindex])") == 0


def test_two_runs_are_quiet_and_ask_no_network(beside: Watched, report: Path) -> None:
    """Opening every row logs nothing, runs nothing foreign, and requests nothing."""
    for row in beside.page.locator("#rows summary").all():
        row.click()

    assert beside.faults == []
    asked = [url for url in beside.requests if not url.startswith("data:")]
    assert asked == [report.with_name(DIFF).as_uri()]
    assert "owned" not in beside.page.title()
    assert beside.count("img") == 0


def test_a_row_shows_both_plans_with_what_changed(beside: Watched) -> None:
    """Verdicts of both sides, the changed step, and why the head failed."""
    beside.page.locator("#rows summary").first.click()
    inside = beside.page.locator(".inside").first

    assert "✓ passed" in inside.inner_text()
    assert "✕ failed" in inside.inner_text()
    assert "amount_cents is 25000" in inside.inner_text()
    assert inside.locator(".step.changed").count() == 2


def test_only_changes_are_listed_unless_all_are_wanted(beside: Watched) -> None:
    """Thirteen rows changed; a tick shows the unchanged ones, a choice narrows."""
    rows = "n => document.querySelectorAll('#rows .row').length === n"
    assert beside.count("#rows .row.worse, #rows .change.worse") == 13
    beside.page.check("input[name=all]")
    beside.page.wait_for_function(rows, arg=60)
    beside.page.click("#more")
    beside.page.wait_for_function(rows, arg=120)
    beside.page.uncheck("input[name=all]")
    beside.page.select_option("select[name=change]", "better")
    beside.page.wait_for_function(rows, arg=0)

    assert "No scenario matches" in beside.page.locator("#rows").inner_text()
    beside.page.click("button[type=reset]")
    beside.page.wait_for_function(rows, arg=14)


def test_arrow_keys_move_between_rows(beside: Watched) -> None:
    """Down and up move the focus, Enter opens."""
    beside.page.locator("#rows summary").first.focus()
    beside.page.keyboard.press("ArrowDown")
    beside.page.keyboard.press("ArrowDown")
    beside.page.keyboard.press("ArrowUp")
    beside.page.keyboard.press("Enter")

    assert beside.page.locator("#rows .row").nth(1).get_attribute("open") == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [480, 1280])
def test_two_runs_fit_their_window(
    beside: Watched, width: int, scheme: Literal["light", "dark"]
) -> None:
    """Nothing scrolls sideways, and letters stand out from paper."""
    beside.page.emulate_media(color_scheme=scheme)
    beside.page.set_viewport_size({"width": width, "height": 900})
    beside.page.locator("#rows summary").first.click()

    assert beside.page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert beside.page.evaluate(CONTRAST) >= 4.5
