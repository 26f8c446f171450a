"""Check what the pages say; that they look right is checked in a browser."""

from typing import Any

import pytest

from harness.dashboard.card import RunCard, RunState
from harness.dashboard.choice import MOST_SHOWN, Choice
from harness.dashboard.live import View
from harness.dashboard.pages import home_page, message_page, script, style, with_way_back
from harness.dashboard.store import StoreAnswer
from tests.unit.harness.dashboard.builders import NOW, a_card, a_model_card

HOSTILE = '"><script>alert(1)</script>'


def a_view(*cards: RunCard, **changes: object) -> View:
    """Build what a page shows."""
    fields: dict[str, Any] = {
        "cards": cards,
        "waiting": 0,
        "problem": "",
        "store": StoreAnswer(at=NOW),
        "asking": False,
        "event": "e1-5",
    }
    return View(**(fields | changes))


def a_page(*cards: RunCard, choice: Choice | None = None, **changes: object) -> str:
    """Render the list."""
    return home_page(a_view(*cards, **changes), choice or Choice(), store="sqlite:///x.db")


def test_the_list_shows_the_figures_of_a_run() -> None:
    """Run, gate, model, rate, interval, cost and latency."""
    page = a_page(a_card("run_7"))

    for words in ("run_7", "2026-03-02 10:00", "10 scenarios", "90.0%", "60.0 to 98.0%", "$0"):
        assert words in page
    assert 'href="/runs/run_7"' in page
    assert 'data-event="e1-5"' in page
    assert "read at" in page


@pytest.mark.parametrize(
    ("card", "told"),
    [
        pytest.param(a_card(state=RunState.STOPPED), "finish it with <code>--resume", id="stopped"),
        pytest.param(
            a_card(state=RunState.DAMAGED, models=(), problem="is damaged: x", created=""),
            "is damaged: x",
            id="damaged",
        ),
        pytest.param(
            a_card(folder=None, store_run="5f0c1e2d3a4b5c6d", scenarios=None),
            "only in the tracking store, as <code>5f0c1e2d3a4b</code>",
            id="store only",
        ),
        pytest.param(a_card(models=(a_model_card(lost=2),)), "2 lost", id="lost trials"),
    ],
)
def test_what_is_unusual_about_a_run_is_said(card: RunCard, told: str) -> None:
    """A run that can't be opened as others says why."""
    assert told in a_page(card)


def test_only_runs_on_disk_can_be_opened_and_compared() -> None:
    """A run of the store alone, and one that goes on, has no place to choose it."""
    stored = a_page(a_card(folder=None, store_run="abc"))
    running = a_page(a_card(state=RunState.RUNNING))

    for page in (stored, running):
        assert 'type="radio"' not in page
        assert "Compare</button>" not in page
    assert "/runs/" not in stored
    assert "/runs/run_01" in running


def test_the_latest_run_is_set_against_the_last_with_its_key() -> None:
    """Between them lies one of other scenarios."""
    other = a_model_card(suite_digest="sha256:other")
    page = a_page(a_card("c"), a_card("b", models=(other,)), a_card("a"))

    assert 'id="base-name">a<' in page
    assert 'id="head-name">c<' in page
    assert 'id="base-name">b<' in a_page(a_card("c"), a_card("b", models=(other,)))
    assert "Compare</button>" not in a_page(a_card("c"))


def test_a_run_that_goes_on_shows_how_far_it_is() -> None:
    """The bar has its end and its place."""
    model = a_model_card(done=4, pass_rate=None, interval=None)
    page = a_page(a_card(state=RunState.RUNNING, planned=20, models=(model,), early=True))

    assert '<progress max="20" value="4"' in page
    assert "of up to <span" in page


def test_the_champion_is_marked_in_list_and_chart() -> None:
    """The badge and the ring stand at the blessed run only."""
    store = StoreAnswer(at=NOW, champions={"plangate/oracle": "run_01"})
    page = a_page(a_card("run_02"), a_card("run_01"), store=store)

    assert page.count('class="champion"') == 1
    assert page.count('class="ring"') == 1
    assert 'class="champion"' not in a_page(a_card("run_02"), store=store)


def test_filters_are_kept_and_narrow_list_and_charts() -> None:
    """What was chosen stands in the form, and another model has no chart."""
    cards = (a_card("run_02", models=(a_model_card("m/two"),)), a_card("run_01"))
    page = a_page(*cards, choice=Choice(model="m/two", text="run"))

    assert "<option selected>m/two</option>" in page
    assert 'value="run"' in page
    assert "/runs/run_01" not in page
    assert "No run matches" in a_page(*cards, choice=Choice(text="nothing"))


def test_a_long_list_is_cut_and_says_so() -> None:
    """The rest is a link away."""
    cards = tuple(a_card(f"run_{number:04}") for number in range(MOST_SHOWN + 5))

    assert "Show 5 older runs" in a_page(*cards)
    assert "older run" not in a_page(*cards, choice=Choice(all=True))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({"store": StoreAnswer(problem="no answer")}, "no answer", id="store is down"),
        pytest.param(
            {"store": StoreAnswer(problem="x", at=NOW)}, "what the store said before", id="was up"
        ),
        pytest.param({"asking": True}, "being read", id="store is asked"),
        pytest.param({"waiting": 3}, "3 folders still to be read", id="folders wait"),
        pytest.param({"problem": "runs can't be listed"}, "be listed", id="no folder"),
        pytest.param({}, "No run yet", id="nothing at all"),
    ],
)
def test_what_is_missing_is_said(changes: dict[str, Any], told: str) -> None:
    """An empty list explains itself."""
    assert told in a_page(**changes)


def test_hostile_names_are_letters() -> None:
    """A name from a file or the store is never markup, also not in an address."""
    card = a_card(
        HOSTILE, models=(a_model_card(HOSTILE, label=HOSTILE),), store_run=HOSTILE, verdict=HOSTILE
    )
    page = a_page(card, a_card("x", problem=HOSTILE), choice=Choice(text=HOSTILE, all=True))

    assert "<script>alert" not in page
    assert "/runs/%22%3E%3Cscript%3Ealert%281%29%3C/script%3E" in page
    assert "<script>alert" not in message_page(HOSTILE, (HOSTILE,))


def test_a_base_run_keeps_its_slash() -> None:
    """Its address has two parts."""
    assert 'href="/runs/run_01/base"' in a_page(a_card("run_01/base"))


def test_assets_change_their_address_with_their_content() -> None:
    """They may be kept for ever, as the digest is in the name."""
    assert style().address.startswith("/assets/dashboard-")
    assert style().address != script().address
    assert b"--paper" in style().content
    assert b"EventSource" in script().content


def test_a_report_gets_a_way_back() -> None:
    """Once, at the top of its body."""
    page = with_way_back("<head></head><body>\n<p>x <body></p>")

    assert page.count('href="/"') == 1
    assert page.index('href="/"') < page.index("<p>x")
