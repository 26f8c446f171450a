"""Prove that references become contenders, and that every golden answer can be spelt as calls."""

from __future__ import annotations

import pytest

from harness.bootstrap import (
    ConfigurationError,
    SamplingWishes,
    answer_key,
    close_all,
    golden_answer,
    label_of,
    open_contenders,
)
from runtime.public import JsonObject, ModelError, ModelFault, parse_model_reference
from tests.worlds import SET_THREE, prepared

BASE = "transport=http&api_base=http://127.0.0.1:1/v1"


@pytest.mark.parametrize(
    ("expect", "tool", "arguments"),
    [
        pytest.param(None, "counter_set", {"value": 3}, id="plan"),
        pytest.param({"decline": True}, "decline", {"reason": "This can't be done here."}, id="no"),
        pytest.param(
            {
                "clarification": {
                    "asks_for": [{"slot": "value", "words": ["how much"]}, {"slot": "b"}]
                }
            },
            "ask_clarification",
            {"question": "Which how much, b?", "asks_for": ["value", "b"]},
            id="question",
        ),
        pytest.param(
            {"clarification": {}},
            "ask_clarification",
            {"question": "Which one?", "asks_for": []},
            id="any question",
        ),
        pytest.param(
            {"never": ["counter.reset"]},
            "decline",
            {"reason": "This can't be done here."},
            id="never",
        ),
    ],
)
def test_the_golden_answer_is_spelt_as_calls(
    expect: JsonObject | None, tool: str, arguments: JsonObject
) -> None:
    """The oracle answers in the form that a model would."""
    (call,) = golden_answer(prepared(expect=expect)).calls

    assert (call.tool, call.arguments) == (tool, arguments)


def test_the_key_holds_every_scenario_and_its_tools() -> None:
    """Faults are made of the tools on offer."""
    key = answer_key([prepared(SET_THREE)])

    assert set(key) == {"counter-case"}
    assert set(key["counter-case"].tools) == {
        "counter_set",
        "counter_increment",
        "counter_reset",
    }


def opened(*references: str) -> list[str]:
    """Open models and return their names."""
    return list(open_contenders(references, [], environ={}, wishes=SamplingWishes()))


@pytest.mark.parametrize(
    ("references", "message"),
    [
        pytest.param(["gpt"], "model 'gpt': ", id="no provider"),
        pytest.param([f"openai/x?{BASE}"] * 2, "is given twice", id="twice"),
        pytest.param(["plangate/oracle?rate=1"], "takes no options", id="options of the oracle"),
        pytest.param(["plangate/noisy-oracle?rate=x"], "rate is 'x'", id="rate"),
        pytest.param(["openai/x?transport=http"], "set the environment variable", id="no key"),
    ],
)
def test_a_model_that_can_not_be_opened_is_a_wrong_configuration(
    references: list[str], message: str
) -> None:
    """Before anything is asked."""
    with pytest.raises(ConfigurationError, match=message):
        opened(*references)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        pytest.param(
            "openai/x?transport=http",
            "model 'openai/x': unauthorized: no key: set the environment variable OPENAI_API_KEY",
            id="key",
        ),
        pytest.param("openai/x?nope=1", "model 'openai/x': unknown option 'nope'", id="option"),
        pytest.param(
            "plangate/noisy-oracle?rat=1",
            "model 'plangate/noisy-oracle': this model takes rate and seed",
            id="a sentence that begins with the name",
        ),
        pytest.param("gpt", "model 'gpt': model reference starts with 'gpt'", id="no provider"),
    ],
)
def test_a_complaint_names_the_model_once(reference: str, message: str) -> None:
    """A person reads the name, and then what is wrong."""
    with pytest.raises(ConfigurationError) as caught:
        opened(reference)

    assert str(caught.value).startswith(message)


def test_options_of_a_reference_win_over_the_command_line() -> None:
    """What the reference leaves open is the command line's."""
    reference = f"openai/x?{BASE}&retries=9&timeout_s=2"
    wishes = SamplingWishes(max_tokens=5, timeout_s=7, retries=1)
    found = open_contenders([reference, f"openai/y?{BASE}"], [], environ={}, wishes=wishes)

    own, usual = found.values()
    assert (own.sampling.patience.retries, own.sampling.timeout_s) == (9, 2)
    assert (usual.sampling.patience.retries, usual.sampling.timeout_s) == (1, 7)
    assert (own.sampling.max_tokens, own.label) == (5, "model under test")


@pytest.mark.parametrize("name", ["oracle", "noisy-oracle", "keyword", "other"])
def test_no_report_passes_an_offline_model_off_as_a_model(name: str) -> None:
    """The label says what it is."""
    assert label_of(parse_model_reference(f"plangate/{name}")).startswith("offline")


class Closing:
    """Count how often a model was closed; the first one fails."""

    name = "m"
    offline = True
    native_tools = True

    def __init__(self, *, fails: bool) -> None:
        self.fails = fails
        self.closed = 0

    async def complete(self, request: object) -> object:
        """Never called."""
        raise NotImplementedError

    async def close(self) -> None:
        """Count, then fail."""
        self.closed += 1
        if self.fails:
            raise ModelError(ModelFault.CONNECTION, model="m", detail="gone")


async def test_every_model_is_closed_also_when_one_fails_to() -> None:
    """No connection is left behind."""
    models = [Closing(fails=False), Closing(fails=True), Closing(fails=False)]

    with pytest.raises(ModelError):
        await close_all(models)  # type: ignore[arg-type]  # only `close` is used

    assert [model.closed for model in models] == [1, 1, 1]
