"""Prove the import of the leaderboard's other categories from end to end, from a folder of them.

The questions are our own, laid out as the benchmark publishes its data.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from harness.cli.importing import import_bfcl_command
from harness.loader import load
from harness.prepared import PreparedScenario, prepare_all
from harness.scoring import outcome, plan_match
from runtime.public import JsonObject
from tests.worlds import evidence


def a_function(name: str, **types: str) -> JsonObject:
    """Declare a function whose parameters are all required."""
    properties = {key: {"type": kind, "description": key} for key, kind in types.items()}
    parameters = {"type": "dict", "properties": properties, "required": list(types)}
    return {"name": name, "description": f"{name} something.", "parameters": parameters}


def asked(name: str, *functions: JsonObject, **more: Any) -> JsonObject:  # noqa: ANN401  # JSON
    """Write one question."""
    message = {"role": "user", "content": "Please do it."}
    return {"id": name, "question": [[message]], "function": list(functions), **more}


JAVA: Final = a_function("Ferry.load", cars="ArrayList", weight="double", fast="boolean", by="any")
SCRIPT: Final = a_function("openHatch", where="String", at="Bigint", options="dict")
SEARCH: Final = a_function("search", words="string")
DRAW: Final = a_function("draw", size="integer")
SAIL: Final = a_function("sail", where="string")
MOOR: Final = a_function("moor", rope="string")
CONVERSATION: Final = [
    [{"role": "user", "content": "Sail to the island."}],
    [{"role": "user", "content": "Now moor with the red rope."}],
    [],
]
QUESTIONS: Final = {
    "simple_java": [asked("simple_java_0", JAVA)],
    "simple_javascript": [asked("simple_javascript_0", SCRIPT)],
    "live_relevance": [asked("live_relevance_0-0-0", SEARCH, DRAW)],
    "live_irrelevance": [asked("live_irrelevance_0-0-0", SEARCH)],
    "parallel": [asked("parallel_0", DRAW)],
    "multi_turn_miss_func": [
        {
            "id": "multi_turn_miss_func_0",
            "question": CONVERSATION,
            "initial_config": {"MathAPI": {"harbour": "north"}},
            "involved_classes": ["MathAPI"],
            "missed_function": {"2": ["moor"]},
        }
    ],
    "multi_turn_miss_param": [
        {
            "id": "multi_turn_miss_param_0",
            "question": CONVERSATION[:2],
            "involved_classes": ["MathAPI"],
        }
    ],
    "memory": [{"id": "memory_0-ada-0", "question": [], "involved_classes": ["MemoryAPI"]}],
}
ANSWERS: Final[dict[str, list[Any]]] = {
    "simple_java_0": [
        {
            "Ferry.load": {
                "cars": ["new ArrayList<>(Arrays.asList(1, 2))"],
                "weight": ["2.5"],
                "fast": ["true"],
                "by": ["dockMaster"],
            }
        }
    ],
    "simple_javascript_0": [
        {"openHatch": {"where": ["Deck-1"], "at": ["7n"], "options": [{"slow": [True]}]}}
    ],
    "parallel_0": [{"draw": {"size": [1]}}, {"draw": {"size": [2]}}],
    "multi_turn_miss_func_0": [["sail('island')"], [], ["moor(rope='red')", "sail(where='home')"]],
    "multi_turn_miss_param_0": [[], ["moor(rope='red')"]],
    "memory_0-ada-0": ["north"],
}


def lines(*items: JsonObject) -> bytes:
    """Write objects as the benchmark publishes them."""
    return b"".join(orjson.dumps(item) + b"\n" for item in items)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Lay the data out as published."""
    data = tmp_path / "data"
    for place in ("possible_answer", "multi_turn_func_doc"):
        (data / place).mkdir(parents=True)
    (data / "multi_turn_func_doc" / "math_api.json").write_bytes(lines(SAIL, MOOR))
    for category, questions in QUESTIONS.items():
        name = f"BFCL_v4_{category}.json"
        (data / name).write_bytes(lines(*questions))
        answers = [
            {"id": item["id"], "ground_truth": ANSWERS[item["id"]]}
            for item in questions
            if item["id"] in ANSWERS
        ]
        if answers:
            (data / "possible_answer" / name).write_bytes(lines(*answers))
    (data / "BFCL_v4_format_sensitivity.json").write_text('{\n "parallel": []\n}', encoding="utf-8")
    return data


@pytest.fixture
def imported(folder: Path, tmp_path: Path) -> dict[str, PreparedScenario]:
    """Import the folder and read back what was written."""
    output = tmp_path / "out"
    assert import_bfcl_command(folder, answers=None, output=output) == 0
    ready = prepare_all(load([output], root=output))
    return {item.scenario.id.removeprefix("bfcl-"): item for item in ready}


def golden_calls(ready: PreparedScenario) -> list[tuple[str, JsonObject]]:
    """Return the golden plan's calls."""
    assert ready.golden is not None
    return [(step.action, dict(step.inputs)) for step in ready.golden.steps]


def passes(ready: PreparedScenario, calls: list[tuple[str, JsonObject]]) -> bool:
    """Say whether the plan of these calls passes the plan's and the outcome's score."""
    seen = evidence(ready, *calls)
    scores = (plan_match.score(seen), outcome.score(seen))
    return all(score is not None and score.passed for score in scores)


def test_every_entry_is_imported_or_named(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The summary counts each file; what is not used is on stderr with file, line and reason."""
    assert import_bfcl_command(folder, answers=None, output=tmp_path / "out") == 0

    said = capsys.readouterr()
    assert said.out.splitlines()[:-1] == [
        "bfcl_format_sensitivity: 0 scenarios of 0 entries, 1 not used",
        "bfcl_live_irrelevance: 1 scenarios of 1 entries",
        "bfcl_live_relevance: 1 scenarios of 1 entries",
        "bfcl_memory: 0 scenarios of 1 entries, 1 not used",
        "bfcl_multi_turn_miss_func: 3 scenarios of 1 entries",
        "bfcl_multi_turn_miss_param: 2 scenarios of 1 entries",
        "bfcl_parallel: 1 scenarios of 1 entries",
        "bfcl_simple_java: 1 scenarios of 1 entries",
        "bfcl_simple_javascript: 1 scenarios of 1 entries",
    ]
    assert "10 scenarios imported, 2 lines not; 1 mended" in said.out
    assert f"{folder}/BFCL_v4_format_sensitivity.json:1: one JSON document" in said.err
    assert f"{folder}/BFCL_v4_memory.json:1: memory_0-ada-0: category memory is" in said.err


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        pytest.param(
            "simple-java-0",
            {"cars": [1, 2], "weight": 2.5, "fast": True, "by": "dockMaster"},
            id="Java",
        ),
        pytest.param(
            "simple-javascript-0",
            {"where": "Deck-1", "at": 7, "options": {"slow": True}},
            id="JavaScript",
        ),
    ],
)
def test_source_becomes_values(
    imported: dict[str, PreparedScenario], name: str, inputs: JsonObject
) -> None:
    """Types and answers of other languages come as JSON, and a wrong value is caught."""
    ((action, golden),) = golden_calls(imported[name])

    assert golden == inputs
    assert passes(imported[name], [(action, golden)])
    for key in inputs:
        wrong = {**golden, key: None}
        assert not passes(imported[name], [(action, wrong)])


def test_text_is_folded_as_the_benchmark_folds_it(imported: dict[str, PreparedScenario]) -> None:
    """Marks and case do not count, another word does."""
    ((action, golden),) = golden_calls(imported["simple-javascript-0"])

    ready = imported["simple-javascript-0"]
    assert passes(ready, [(action, {**golden, "where": "deck 1"})])
    assert not passes(ready, [(action, {**golden, "where": "deck 2"})])


def test_any_call_is_relevant(imported: dict[str, PreparedScenario]) -> None:
    """Which function, how often and with which inputs is left open; no call at all is wrong."""
    ready = imported["live-relevance-0-0-0"]

    search: tuple[str, JsonObject] = ("call.search@1", {"words": "anything"})
    draw: tuple[str, JsonObject] = ("call.draw@1", {"size": 9})
    assert ready.scenario.expect.kinds == {"plan"}
    assert passes(ready, golden_calls(ready))
    assert passes(ready, [draw])
    assert passes(ready, [draw, search, draw])
    assert imported["live-irrelevance-0-0-0"].scenario.expect.kinds == {"decline", "clarification"}


def test_parallel_calls_are_each_needed_once(imported: dict[str, PreparedScenario]) -> None:
    """The best assignment is taken, and none may stand for two."""
    ready = imported["parallel-0"]
    first, second = golden_calls(ready)

    assert plan_match.score(evidence(ready, second, first)).passed  # type: ignore[union-attr]  # a plan
    assert not passes(ready, [first, first])
    assert not passes(ready, [first])
    assert not passes(ready, [first, second, second])


def test_conversation_is_replayed_turn_by_turn(imported: dict[str, PreparedScenario]) -> None:
    """Held-back functions are not offered until their turn; order and values are exact."""
    first, second, third = (imported[f"multi-turn-miss-func-0-turn-{n}"] for n in (1, 2, 3))

    offered = [item.scenario.given.actions for item in (first, second, third)]
    assert offered == [("call.sail@1",), ("call.sail@1",), ("call.sail@1", "call.moor@1")]
    assert second.scenario.expect.kinds == {"decline", "clarification"}
    assert [turn.assistant for turn in third.scenario.given.history][1::2] == [
        'Done: sail {"where":"island"}.',
        "I can't do that with the functions that I have.",
    ]
    assert first.scenario.given.facts == {
        "state_at_the_beginning": {"MathAPI": {"harbour": "north"}}
    }
    calls = golden_calls(third)
    assert passes(third, calls)
    assert not passes(third, calls[::-1])
    assert not passes(third, [("call.moor@1", {"rope": "Red"}), calls[1]])


def test_missing_parameter_is_asked_for(imported: dict[str, PreparedScenario]) -> None:
    """The turn that lacks a value expects a question, the next one the call."""
    first, second = (imported[f"multi-turn-miss-param-0-turn-{n}"] for n in (1, 2))

    assert first.scenario.expect.kinds == {"clarification"}
    assert golden_calls(second) == [("call.moor@1", {"rope": "red"})]


def test_two_releases_in_one_folder_are_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The files of one would silently replace those of the other."""
    (folder / "BFCL_v3_parallel.json").write_bytes(lines(*QUESTIONS["parallel"]))

    assert import_bfcl_command(folder, answers=None, output=tmp_path / "out") == 5
    said = capsys.readouterr().err
    assert "both this and BFCL_v3_parallel.json become bfcl_parallel: import them apart" in said
    assert not (tmp_path / "out").exists()
