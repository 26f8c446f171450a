"""Check which runs an address shows."""

import pytest

from harness.dashboard.card import RunState
from harness.dashboard.choice import WORDS, Choice, models_of
from tests.unit.harness.dashboard.builders import a_card, a_model_card

CARD = a_card("run_7", models=(a_model_card("openai/gpt-4o"), a_model_card("m/two")))


@pytest.mark.parametrize(
    ("query", "taken"),
    [
        pytest.param({}, True, id="no filter"),
        pytest.param({"model": "m/two"}, True, id="one of its models"),
        pytest.param({"model": "m/three"}, False, id="another model"),
        pytest.param({"verdict": "pass"}, True, id="its verdict"),
        pytest.param({"verdict": "regression"}, False, id="another verdict"),
        pytest.param({"text": "RUN_7"}, True, id="its id in any case"),
        pytest.param({"text": "2026-03 gpt"}, True, id="every word somewhere"),
        pytest.param({"text": "2026-03 claude"}, False, id="one word nowhere"),
        pytest.param({"model": "m/two", "verdict": "regression"}, False, id="one of two filters"),
        pytest.param({"unknown": "x"}, True, id="what it does not know"),
    ],
)
def test_filters_must_all_hold(query: dict[str, str], *, taken: bool) -> None:
    """A run is shown when every filter takes it."""
    assert Choice.read(query).takes(CARD) is taken


@pytest.mark.parametrize("state", [state for state in RunState if state is not RunState.FINISHED])
def test_every_state_can_be_filtered(state: RunState) -> None:
    """The offered words cover what cards say of themselves."""
    card = a_card(state=state)

    assert card.word in WORDS
    assert Choice(verdict=state.value).takes(card)


def test_an_address_says_the_same_choice() -> None:
    """What was read can be sent on, with letters that an address escapes."""
    query = {"model": "a b&c", "verdict": "pass", "text": "ü/?"}
    choice = Choice.read(query)

    assert choice.address() == "/?model=a+b%26c&verdict=pass&text=%C3%BC%2F%3F"
    assert choice.address(everything=True).endswith("&all=1")
    assert choice.filters
    assert not Choice.read({"all": "1"}).filters


def test_models_are_those_of_all_runs() -> None:
    """Each model is offered once, sorted."""
    assert models_of((CARD, a_card())) == ["m/two", "openai/gpt-4o", "plangate/oracle"]
