"""Prove the import of leaderboard questions from end to end: written, replayed, no error missed.

The questions are our own, in the published format: one JSON object a line.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from harness.bootstrap import SamplingWishes, open_contenders
from harness.cli.importing import import_bfcl_command
from harness.loader import load
from harness.prepared import PreparedScenario, prepare_all
from harness.scoring import outcome, plan_match
from runtime.public import JsonObject, JsonValue
from tests.worlds import evidence

TANK: Final = {
    "name": "tank.fillTo",
    "description": "Fill a rain tank.",
    "parameters": {
        "type": "dict",
        "properties": {
            "litres": {"type": "float", "description": "How much."},
            "source": {"type": "string", "enum": ["roof", "well"], "default": "roof"},
            "warm": {"type": "boolean", "optional": True},
            "valves": {"type": "tuple", "items": {"type": "integer"}},
            "label": {
                "type": "dict",
                "properties": {"text": {"type": "string"}, "size": {"type": "integer"}},
                "required": ["text"],
            },
            "stages": {"type": "array", "items": {"type": "dict"}},
        },
        "required": ["litres"],
    },
}
BELL: Final = {
    "name": "ring_bell",
    "description": "Ring the bell.",
    "parameters": {
        "type": "dict",
        "properties": {"times": {"type": "integer"}, "tower": {"type": "string"}},
        "required": ["times"],
    },
}
TANK_ANSWER: Final = {
    "litres": [40, 40.5],
    "source": ["", "Roof"],
    "warm": [True],
    "valves": [[1, 2], [2, 1, 3]],
    "label": [{"text": ["Rain, north"], "size": ["", 3]}],
    "stages": [[{"at": [10], "how": ["slow", "gently"]}, {"at": [20], "how": ["fast"]}], ""],
}
QUESTIONS: Final = (
    ("tank_0", "Fill the tank with 40 litres.", [TANK, BELL]),
    ("tank_1", "Ring twice in the north tower and once in the south.", [BELL]),
    ("tank_2", "Ring three times.", [BELL]),
    ("tank_irrelevance_3", "Water the roses.", [TANK, BELL]),
)
ANSWERS: Final = {
    "tank_0": [{"tank.fillTo": TANK_ANSWER}],
    "tank_1": [
        {"ring_bell": {"times": [2], "tower": ["north", "the north tower"]}},
        {"ring_bell": {"times": [1], "tower": ["south"]}},
    ],
    "tank_2": [{"ring_bell": {"times": [3], "tower": ["", "any"]}}],
}


def lines(*items: JsonObject) -> bytes:
    """Write objects as the benchmark publishes them."""
    return b"".join(orjson.dumps(item) + b"\n" for item in items)


@pytest.fixture
def published(tmp_path: Path) -> tuple[Path, Path]:
    """Write our questions and their answers."""
    questions, answers = tmp_path / "BFCL_v9_tank.json", tmp_path / "answers.json"
    questions.write_bytes(
        lines(
            *(
                {"id": name, "question": [[{"role": "user", "content": text}]], "function": offer}
                for name, text, offer in QUESTIONS
            )
        )
    )
    answers.write_bytes(
        lines(*({"id": name, "ground_truth": calls} for name, calls in ANSWERS.items()))
    )
    return questions, answers


def imported(questions: Path, answers: Path | None, output: Path) -> dict[str, PreparedScenario]:
    """Import and read back what was written, by the published id."""
    assert import_bfcl_command(questions, answers=answers, output=output) == 0
    ready = prepare_all(load([output], root=output))
    return {item.scenario.id.removeprefix("bfcl-").replace("-", "_"): item for item in ready}


def caught(ready: PreparedScenario, calls: list[tuple[str, JsonObject]]) -> bool:
    """Say whether the plan of these calls fails the plan's or the outcome's score."""
    seen = evidence(ready, *calls)
    scores = (plan_match.score(seen), outcome.score(seen))
    return not all(score is not None and score.passed for score in scores)


def golden_calls(ready: PreparedScenario) -> list[tuple[str, JsonObject]]:
    """Return the golden plan's calls."""
    assert ready.golden is not None
    return [(step.action, dict(step.inputs)) for step in ready.golden.steps]


def concrete(value: JsonValue) -> JsonValue:
    """Return the plain value of an allowed one: an object's fields hold lists of their own."""
    if isinstance(value, list):
        return [concrete(item) for item in value]
    if not isinstance(value, dict):
        return value
    given = {name: [item for item in allowed if item != ""] for name, allowed in value.items()}
    return {name: concrete(items[0]) for name, items in given.items() if items}


def folded(text: str) -> str:
    """Drop what the benchmark does not compare."""
    return re.sub(r"[ ,./\-_*^]", "", text).lower().replace("'", '"')


def allows(allowed: JsonValue, actual: JsonValue) -> bool:
    """Apply the published rule to one value."""
    if isinstance(allowed, str) and isinstance(actual, str):
        return folded(allowed) == folded(actual)
    if isinstance(allowed, list) and isinstance(actual, list):
        return len(allowed) == len(actual) and all(map(allows, allowed, actual))
    if isinstance(allowed, dict) and isinstance(actual, dict):
        missing = allowed.keys() - actual.keys()
        return (
            not actual.keys() - allowed.keys()
            and all("" in allowed[name] for name in missing)
            and all(any(allows(item, actual[name]) for item in allowed[name]) for name in actual)
        )
    return isinstance(allowed, bool) is isinstance(actual, bool) and bool(allowed == actual)


def altered(value: JsonValue) -> Iterator[JsonValue]:
    """Yield values close to a plain one, some of another type."""
    if isinstance(value, bool):
        yield from (not value, int(value), str(value))
    elif isinstance(value, int | float):
        yield from (value + 1, value + 0.25, -value - 1, str(value))
    elif isinstance(value, str):
        yield from (f"{value} x", f"x{value}", value[:-1] + "#", 7)
    elif isinstance(value, list):
        yield from _altered_list(value)
    elif isinstance(value, dict):
        yield from _altered_object(value)


def _altered_list(value: list[JsonValue]) -> Iterator[JsonValue]:
    yield from ([*value, *value[-1:], "x"], value[:-1], value[::-1], str(value))
    for at, item in enumerate(value):
        yield from ([*value[:at], other, *value[at + 1 :]] for other in altered(item))


def _altered_object(value: JsonObject) -> Iterator[JsonValue]:
    yield {**value, "added_field": 1}
    for name, item in value.items():
        yield {key: kept for key, kept in value.items() if key != name}
        yield from ({**value, name: other} for other in altered(item))


def wrong_inputs(inputs: JsonObject, published: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Yield what an answer does not allow, one parameter at a time."""
    yield "an input too many", {**inputs, "added_input": 1}
    for name, allowed in published.items():
        if name in inputs and "" not in allowed:
            yield f"{name} missing", {key: item for key, item in inputs.items() if key != name}
        for value in (concrete(item) for item in allowed if item != ""):
            for other in altered(value):
                if not any(allows(item, other) for item in allowed):
                    yield f"{name} = {other!r}", {**inputs, name: other}


def wrong_plans(
    ready: PreparedScenario, answer: list[Any]
) -> Iterator[tuple[str, list[tuple[str, JsonObject]]]]:
    """Yield plans with one wrong argument, one call too few or one too many."""
    golden = golden_calls(ready)
    yield "a call too many", [*golden, golden[-1]]
    for at, (action, inputs) in enumerate(golden):
        (published,) = answer[at].values()
        for what, wrong in wrong_inputs(inputs, published):
            yield what, [*golden[:at], (action, wrong), *golden[at + 1 :]]
        if len(golden) > 1:
            yield "a call missing", golden[:at] + golden[at + 1 :]


def test_every_wrong_argument_is_caught(published: tuple[Path, Path], tmp_path: Path) -> None:
    """No alteration of a published call passes both the plan's and the outcome's score."""
    ready = imported(*published, tmp_path / "out")

    plans = [
        (name, what, caught(ready[name], calls))
        for name, answer in ANSWERS.items()
        for what, calls in wrong_plans(ready[name], answer)
    ]

    assert len(plans) > 100
    assert [f"{name}: {what}" for name, what, found in plans if not found] == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="the golden call"),
        pytest.param({"litres": 40.0}, id="an integer as a float"),
        pytest.param({"litres": 40.5}, id="another listed number"),
        pytest.param({"source": "roof"}, id="a default said aloud"),
        pytest.param({"valves": [2, 1, 3]}, id="another listed list"),
        pytest.param({"label": {"text": "rain - North.", "size": 3}}, id="text in another case"),
        pytest.param(
            {"stages": [{"at": 10, "how": "Gently"}, {"at": 20, "how": "fast"}]},
            id="a list of objects that may be left out",
        ),
    ],
)
def test_each_allowed_answer_passes(
    published: tuple[Path, Path], tmp_path: Path, change: JsonObject
) -> None:
    """What the published answer allows is right, whichever value a model picks."""
    ready = imported(*published, tmp_path / "out")["tank_0"]
    ((action, inputs),) = golden_calls(ready)

    assert not caught(ready, [(action, {**inputs, **change})])


def test_parallel_calls_may_come_in_any_order(published: tuple[Path, Path], tmp_path: Path) -> None:
    """Two published calls are unordered, and each is needed."""
    ready = imported(*published, tmp_path / "out")["tank_1"]

    backwards = evidence(ready, *reversed(golden_calls(ready)))

    score = plan_match.score(backwards)
    assert score is not None
    assert score.passed


def test_oracle_answers_every_import(published: tuple[Path, Path], tmp_path: Path) -> None:
    """The golden answers stand on tools that a model is really offered."""
    ready = imported(*published, tmp_path / "out")
    (contender,) = open_contenders(
        ["plangate/oracle"], list(ready.values()), environ={}, wishes=SamplingWishes()
    ).values()
    asyncio.run(contender.model.close())

    assert list(ready) == ["tank_0", "tank_1", "tank_2", "tank_irrelevance_3"]
    assert [item.golden is None for item in ready.values()] == [False, False, False, True]
    assert ready["tank_irrelevance_3"].scenario.expect.kinds == {"decline", "clarification"}


def test_importing_twice_writes_the_same_bytes(
    published: tuple[Path, Path], tmp_path: Path
) -> None:
    """An import is a function of its input."""
    first, second = tmp_path / "first", tmp_path / "second"
    for output in (first, first, second):
        assert import_bfcl_command(published[0], answers=published[1], output=output) == 0

    written = {path.name: path.read_bytes() for path in first.iterdir()}
    assert sorted(written) == ["bfcl_tank.environment.yaml", "bfcl_tank.yaml"]
    assert written == {path.name: path.read_bytes() for path in second.iterdir()}


def test_unusable_lines_are_named_and_the_rest_is_imported(
    published: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each line that can't become a scenario is on stderr with file, line, id and reason."""
    questions, answers = published
    questions.write_bytes(questions.read_bytes() + b"{oops\n" + lines({"id": "tank_9"}))
    answers.write_bytes(answers.read_bytes() + lines({"id": "tank_77", "ground_truth": []}))

    ready = imported(questions, answers, tmp_path / "out")

    said = capsys.readouterr()
    assert len(ready) == 4
    assert "4 scenarios imported, 3 lines not" in said.out
    assert f"{questions}:5: not JSON" in said.err
    assert f"{questions}:6: tank_9: it has no 'function' list" in said.err
    assert f"{answers}:4: tank_77: no question in {questions.name} has this id" in said.err


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(None, "can't be read", id="no such file"),
        pytest.param(b"\xff\xfe", "not UTF-8", id="not text"),
        pytest.param(b'[{"id": "a"}]\n', "expected one object a line", id="nothing usable"),
    ],
)
def test_unreadable_file_is_exit_5(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, why: str
) -> None:
    """A file of which nothing can be used is a wrong configuration; nothing is written."""
    file = tmp_path / "BFCL_v4_x.json"
    if content is not None:
        file.write_bytes(content)

    assert import_bfcl_command(file, answers=None, output=tmp_path / "out") == 5
    assert why in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_folder_of_others_is_refused(
    published: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An import never mixes with files that somebody wrote by hand."""
    own = tmp_path / "mine.yaml"
    own.write_text("environment: counter\n", encoding="utf-8")

    assert import_bfcl_command(published[0], answers=published[1], output=tmp_path) == 5
    assert "mine.yaml" in capsys.readouterr().err
    assert not list(tmp_path.glob("bfcl_*"))
