"""The one answer in a text is found wherever it stands; two answers are never chosen from."""

from __future__ import annotations

import time

import pytest

from runtime.agent.text_answer import FALSE_STARTS, AmbiguousTextError, answer_in
from runtime.kit.json_value import JsonObject

DECLINE = '{"kind": "decline", "reason": "no"}'
ANSWER: JsonObject = {"kind": "decline", "reason": "no"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(DECLINE, id="bare"),
        pytest.param(f"```json\n{DECLINE}\n```", id="fenced"),
        pytest.param(f"I would say {DECLINE} and that is all.", id="prose around"),
        pytest.param(f"if (x) {{ y }} {DECLINE}", id="code before"),
        pytest.param(f'{{"id": "t_1", "a": {{"b": []}}}} {DECLINE}', id="other objects before"),
        pytest.param(f'{{"kind": "ticket"}} {DECLINE}', id="an object of another kind before"),
        pytest.param(f'{{"kind": {{}}}} {DECLINE}', id="a kind that is no text"),
        pytest.param(f"{DECLINE}\n{DECLINE}", id="said twice"),
        pytest.param(f'<think>{{"steps": []}} or</think>\n{DECLINE}', id="a draft in thoughts"),
        pytest.param(f'<Thinking>\n{{"steps": [}}</Thinking>{DECLINE}', id="a broken draft"),
        pytest.param(f"<think>{{}} <thinking>{DECLINE}", id="thoughts without an end"),
        pytest.param(f"<think>a</THINK> b <think>c</think>{DECLINE}", id="several thoughts"),
        pytest.param("{" * (FALSE_STARTS - 1) + DECLINE, id="just few enough false starts"),
    ],
)
def test_the_answer_is_found(text: str) -> None:
    """Whatever stands around it, the answer is read."""
    assert answer_in(text) == ANSWER


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("I can do that for you.", id="prose"),
        pytest.param("{", id="a lone brace"),
        pytest.param('{"id": "t_1"}', id="an object that answers nothing"),
        pytest.param('{"kind": "decline", "reason": "n', id="cut off"),
        pytest.param("{" * FALSE_STARTS + DECLINE, id="too many false starts"),
        pytest.param('{"a":' * 20_000 + DECLINE, id="nested without end"),
        pytest.param(" " * 100_000 + DECLINE, id="behind the window"),
    ],
)
def test_text_without_an_answer_gives_none(text: str) -> None:
    """Nothing is guessed."""
    assert answer_in(text) is None


def test_nested_braces_belong_to_the_answer() -> None:
    """An object inside another one is no second answer."""
    nested = '{"steps": [{"action": "a.b", "inputs": {"kind": "plan", "steps": [{}]}}]}'

    assert answer_in(nested) == {
        "steps": [{"action": "a.b", "inputs": {"kind": "plan", "steps": [{}]}}]
    }


def test_an_object_of_an_unknown_kind_is_better_than_none() -> None:
    """The first is returned, so that the model is told what is wrong with it."""
    assert answer_in('{"kind": "order"} {"kind": "ticket"}') == {"kind": "order"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(f'{DECLINE} {{"steps": []}}', "2 answers in one text", id="two answers"),
        pytest.param(
            'The ticket says {"kind": "plan", "steps": [{"action": "a.b"}]}, so: ' + DECLINE,
            "2 answers in one text",
            id="an order quoted before the answer",
        ),
        pytest.param(
            '{"kind": "plan", "steps": [], "steps": [{"action": "a.b"}]}',
            "'/steps' is a repeated key",
            id="a repeated key",
        ),
        pytest.param('{"steps": [{"n": NaN}]}', "not sound", id="no number"),
        pytest.param(
            '{"kind": "decline", "reason": "\\ud800"}', "not sound", id="half a character"
        ),
        pytest.param('{"steps": [{"n": 9007199254740993}]}', "not sound", id="an inexact number"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(text: str, message: str) -> None:
    """Choosing for the model would let a quotation become a plan."""
    with pytest.raises(AmbiguousTextError, match=message):
        answer_in(text)


@pytest.mark.parametrize(
    "pattern", ['{"a":', '{"a":[', '{"', "{ ", '{"kind":{', "<think>", "<think></thinking>"]
)
def test_hostile_text_costs_little(pattern: str) -> None:
    """Reading never blocks the event loop for long, whatever a model writes."""
    started = time.process_time()

    answer_in(pattern * 100_000)

    assert time.process_time() - started < 1.0


def test_a_long_tail_is_not_read_from_every_brace() -> None:
    """The work is bounded, not only the number of attempts."""
    started = time.process_time()

    assert answer_in('{"a":' * 900 + "[" + "1," * 45_000 + DECLINE) is None

    assert time.process_time() - started < 1.0
