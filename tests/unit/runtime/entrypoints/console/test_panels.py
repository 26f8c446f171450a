"""What panels show is made of documents by pure functions."""

from __future__ import annotations

import pytest

pytest.importorskip("gradio", reason="panels need Gradio: pip install 'plangate[console]'")

from runtime.client.documents.gates import GateOut, GateVerdict
from runtime.client.documents.registry import RegistryOut
from runtime.entrypoints.console.evaluations import verdicts
from runtime.entrypoints.console.policy import simulation_view
from runtime.entrypoints.console.usage import bar
from runtime.entrypoints.console.widgets import bound, declared, usual, widgets_view


def test_widgets_are_bound_to_the_places_that_are_named() -> None:
    """Comments and blank lines are none; a place where nothing stands says so."""
    places = bound("/counter/value = Counter\n\nnonsense\n/none\n/counter/on")
    page = widgets_view({"counter": {"value": 7, "on": True}}, places)

    assert places == [
        ("/counter/value", "Counter"),
        ("/none", "/none"),
        ("/counter/on", "/counter/on"),
    ]
    for part in ("<h4>Counter</h4><strong>7</strong>", "nothing there", "<strong>yes</strong>"):
        assert part in page


def test_without_a_choice_single_values_are_shown() -> None:
    """Lists and objects are for whoever names them."""
    assert usual({"c": {"value": 1, "all": [1]}, "d": 2}) == [("/c/value", "c value"), ("/d", "d")]
    assert "Name places" in widgets_view({}, [])


def test_an_environment_declares_what_is_shown() -> None:
    """In its plugin's order, each place under its title."""
    registry: RegistryOut = {
        "environment": "counter",
        "plugin": "counter@1.0.0",
        "digest": "sha256:0",
        "components": [],
        "actions": [],
        "widgets": [{"title": "Counter", "kind": "number", "path": "/counter/value"}],
    }

    assert declared(registry) == [("/counter/value", "Counter")]


@pytest.mark.parametrize(
    ("used", "limit", "kind", "share"),
    [(1, 10, '"pg-bar"', "10%"), (8, 10, "pg-wait", "80%"), (30, 10, "pg-bad", "100%")],
)
def test_a_bar_is_as_long_as_what_is_used(used: int, limit: int, kind: str, share: str) -> None:
    """Never longer than itself, and in the colour of how much is left."""
    assert kind in bar(used, limit)
    assert f'aria-label="{share} used"' in bar(used, limit)


def test_without_an_end_there_is_no_bar() -> None:
    """Nothing is divided by nothing."""
    assert bar(3, None) == bar(3, 0) == ""


def test_a_simulation_names_what_would_turn() -> None:
    """Counts, and each question with both of its answers."""
    page = simulation_view(
        {
            "decisions": 5, "questions": 5, "changed": 1, "newly_allowed": 0, "newly_denied": 1,
            "left_off": 0,
            "flips": [{
                "action": "counter.set", "principal": "mem_1", "times": 2, "steps": [],
                "before": {"allow": True, "obligations": [], "reasons": []},
                "after": {"allow": False, "obligations": [], "reasons": []},
            }],
        }
    )  # fmt: skip

    assert page.index("allowed</span>") < page.index("denied</span>")
    assert "<dd>5</dd>" in page


@pytest.mark.parametrize(("verdict", "kind"), [("pass", "good"), ("regression", "bad")])
def test_a_verdict_says_what_was_judged(verdict: GateVerdict, kind: str) -> None:
    """Model, environment and run, as texts, in the colour of whether it passed."""
    found: GateOut = {
        "id": "gat_1", "model": "<b>m</b>", "environment": "facility", "passed": verdict == "pass",
        "verdict": verdict, "judged_at": "2026-03-01T10:00:00Z", "run": "run_1",
        "created_at": "", "created_by": "", "digest": "", "prompt": "", "registry": "",
    }  # fmt: skip
    page = verdicts([found])

    assert f'<span class="pg-chip pg-{kind}">{verdict}</span>' in page
    assert "&#60;b&#62;m" in page
    assert "run_1" in page
    assert "No verdicts yet" in verdicts([])
