"""Check how folders and the store are joined."""

import pytest

from harness.dashboard.card import RunState, merged
from tests.unit.harness.dashboard.builders import a_card, a_model_card, a_point


def test_a_run_that_both_know_shows_the_folders_figures() -> None:
    """The folder knows more; the store adds under which id it holds the run."""
    found = merged((a_card("run_01"),), (a_point("run_01", pass_rate=0.1),))

    assert len(found) == 1
    assert found[0].models[0].pass_rate == 0.9
    assert found[0].store_run == "5f0c1e2d3a4b5c6d"


def test_a_run_that_only_the_store_knows_has_all_its_models() -> None:
    """Points of one run become one card without a folder."""
    found = merged((), (a_point(model="m/one"), a_point(model="m/two", findings=3)))

    assert [card.run for card in found] == ["run_01"]
    assert found[0].folder is None
    assert found[0].verdict == "regression"
    assert [(item.model, item.findings) for item in found[0].models] == [("m/one", 1), ("m/two", 3)]


def test_runs_that_go_on_come_first_and_then_the_newest() -> None:
    """A run that goes on is on top, however long ago it began."""
    cards = (
        a_card("old", created="2026-01-01T00:00:00+00:00"),
        a_card("new", created="2026-02-01T00:00:00+00:00"),
        a_card("live", created="2025-01-01T00:00:00+00:00", state=RunState.RUNNING),
    )

    assert [card.run for card in merged(cards, ())] == ["live", "new", "old"]


@pytest.mark.parametrize(
    ("state", "verdict", "word"),
    [
        pytest.param(RunState.FINISHED, "pass", "pass", id="gated"),
        pytest.param(RunState.FINISHED, None, "not gated", id="not gated"),
        pytest.param(RunState.RUNNING, None, "running", id="goes on"),
        pytest.param(RunState.STOPPED, "pass", "stopped", id="an old verdict counts no more"),
    ],
)
def test_a_word_says_how_it_stands(state: RunState, verdict: str | None, word: str) -> None:
    """The word is what the filter offers."""
    assert a_card(state=state, verdict=verdict).word == word


def test_done_trials_are_summed_over_models() -> None:
    """Progress is of the whole run."""
    assert a_card(models=(a_model_card(done=3), a_model_card("m", done=4))).done == 7
