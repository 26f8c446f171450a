"""Prove what an import makes of a file of questions, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from harness.importing.bfcl import environment_name, import_bfcl
from harness.importing.bfcl_published import Published
from harness.importing.imported import Check, Imported
from harness.loader import load
from harness.sandboxes import Sandboxes, at
from harness.scenario import Scenario
from harness.yaml_source import SourceError
from runtime.public import JsonObject, JsonValue, digest_bytes

OPEN: JsonObject = {"name": "gate.open", "parameters": {"properties": {"side": {"type": "string"}}}}
WIDE: JsonObject = {"name": "gate.open", "description": "Wide.", "parameters": {}}


def a_question(name: str, *functions: JsonObject, **changes: JsonValue) -> JsonObject:
    """Build a question."""
    message = {"role": "user", "content": "Open the gate."}
    offered = list(functions or (OPEN,))
    return {"id": name, "question": [[message]], "function": offered, **changes}


def an_answer(name: str, *calls: JsonObject) -> JsonObject:
    """Build an answer."""
    return {"id": name, "ground_truth": list(calls or ({"gate.open": {"side": ["left"]}},))}


def written(path: Path, *items: JsonObject) -> Path:
    """Write objects, one a line."""
    path.write_bytes(b"\n".join(orjson.dumps(item) for item in items))
    return path


def accept(scenario: Scenario, sandboxes: Sandboxes) -> None:
    """Build the scenario's world as a check does, and find nothing wrong."""
    sandboxes.sandbox(scenario)


def an_import(questions: Path, answers: Path | None, *, check: Check = accept) -> Imported:
    """Import a file of questions without function documents."""
    source = Published(questions=questions, answers=answers, documents=None)
    return import_bfcl(source, check=check)


def read_back(imported: Imported, folder: Path) -> list[Scenario]:
    """Write the files and load them."""
    folder.mkdir()
    for name, content in imported.files.items():
        (folder / name).write_bytes(content)
    return list(load([folder], root=folder).scenarios)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        pytest.param("BFCL_v4_simple_python.json", "bfcl_simple_python", id="as published"),
        pytest.param("bfcl-live-multiple.jsonl", "bfcl_live_multiple", id="another spelling"),
        pytest.param("mine", "bfcl_mine", id="no suffix"),
        pytest.param("BFCL_v4.json", "bfcl_questions", id="nothing but the family"),
    ],
)
def test_environment_is_named_after_the_file(file: str, name: str) -> None:
    """The name has no folder and no version in it, so that paths do not matter."""
    assert environment_name(file) == name


def test_scenarios_keep_their_origin(tmp_path: Path) -> None:
    """Environment and scenario say where they came from, without any folder."""
    questions = written(tmp_path / "BFCL_v4_gate.json", a_question("gate_0"))
    answers = written(tmp_path / "a.json", an_answer("gate_0"))

    imported = an_import(questions, answers)

    (scenario,) = read_back(imported, tmp_path / "out")
    assert (imported.scenarios, imported.mended, imported.problems) == (1, 0, ())
    assert (scenario.id, scenario.environment) == ("bfcl-gate-0", "bfcl_gate")
    assert scenario.tags == ("bfcl", "bfcl_gate", "single")
    assert scenario.given.actions == ("gate.open@1",)
    text = b"".join(imported.files.values()).decode()
    assert digest_bytes(questions.read_bytes()).removeprefix("sha256:") in text
    assert "file: BFCL_v4_gate.json\n    line: 1\n" in text
    assert str(tmp_path) not in text


def test_each_question_is_offered_its_own_declarations(tmp_path: Path) -> None:
    """One name with two declarations is two versions, and each question sees one of them."""
    asked = [a_question("gate_0"), a_question("gate_1", WIDE), a_question("gate_2")]
    questions = written(tmp_path / "gate.json", *asked)
    calls: list[JsonObject] = [{"gate.open": {}}, {"gate.open": {}}]
    answers = written(tmp_path / "a.json", *(an_answer(f"gate_{n}", *calls) for n in range(3)))

    scenarios = read_back(an_import(questions, answers), tmp_path / "out")

    offered = [item.given.actions for item in scenarios]
    assert offered == [("gate.open@1",), ("gate.open@2",), ("gate.open@1",)]
    plans = [plan for item in scenarios for plan in item.expect.plans]
    assert {plan.mode for plan in plans} == {"unordered"}
    assert [plan.steps[0].action for plan in plans] == ["gate.open@1", "gate.open@2", "gate.open@1"]
    assert "parallel" in scenarios[0].tags


def test_what_was_said_before_is_given(tmp_path: Path) -> None:
    """System messages are facts that the model is shown, earlier turns are history."""
    said = [("system", "Be brief."), ("user", "Hi."), ("assistant", "Yes?"), ("user", "Open.")]
    turns = [[{"role": role, "content": text} for role, text in said]]
    asked = a_question("irrelevance_7", question=turns)
    questions = written(tmp_path / "BFCL_v4_irrelevance.json", asked)

    (scenario,) = read_back(an_import(questions, None), tmp_path / "out")

    assert scenario.given.facts == {"instructions": "Be brief."}
    assert [turn.user or turn.assistant for turn in scenario.given.history] == ["Hi.", "Yes?"]
    assert scenario.when.message == "Open."
    assert scenario.expect.either == ("decline", "clarification")


def test_mended_question_says_so(tmp_path: Path) -> None:
    """The provenance lists what differs from the published declaration."""
    questions = written(tmp_path / "gate.json", a_question("gate_0"))
    answers = written(tmp_path / "a.json", an_answer("gate_0", {"gate.open": {"side": [3]}}))

    imported = an_import(questions, answers)

    assert imported.mended == 1
    assert b"gate.open/side: type integer allowed" in imported.files["bfcl_gate.yaml"]


def test_question_that_fails_its_check_is_named_and_leaves_no_action(tmp_path: Path) -> None:
    """A golden plan that does not run proves nothing, so the line is left out."""

    def refuse_first(scenario: Scenario, sandboxes: Sandboxes) -> None:
        if scenario.id == "bfcl-gate-0":
            raise SourceError(at(scenario, "the golden plan does not execute"))

    questions = written(tmp_path / "gate.json", a_question("gate_0", WIDE), a_question("gate_1"))
    answers = written(
        tmp_path / "a.json", an_answer("gate_0", {"gate.open": {}}), an_answer("gate_1")
    )

    imported = an_import(questions, answers, check=refuse_first)

    (problem,) = imported.problems
    assert str(problem).startswith(f"{questions}:1: gate_0: ")
    assert "the golden plan does not execute" in problem.message
    assert [item.given.actions for item in read_back(imported, tmp_path / "out")] == [
        ("gate.open@1",)
    ]
    assert b"Wide." not in imported.files["bfcl_gate.environment.yaml"]


def test_ids_that_map_alike_are_named(tmp_path: Path) -> None:
    """Two questions never share a scenario id."""
    asked = [a_question("irrelevance_1-2"), a_question("irrelevance_1_2")]
    questions = written(tmp_path / "irrelevance.json", *asked)

    imported = an_import(questions, None)

    assert imported.scenarios == 1
    assert [item.message for item in imported.problems] == [
        "irrelevance_1_2: its scenario id 'bfcl-irrelevance-1-2' is taken by 'irrelevance_1-2'"
    ]


def test_scenario_id_begins_with_the_environment(tmp_path: Path) -> None:
    """Ids stay apart when a file was renamed."""
    questions = written(tmp_path / "mine.json", a_question("irrelevance_1"))

    (scenario,) = read_back(an_import(questions, None), tmp_path / "out")

    assert scenario.id == "bfcl-mine-irrelevance-1"


def test_unasked_and_unanswered_lines_are_named(tmp_path: Path) -> None:
    """Questions and answers that have no counterpart are said, in both files."""
    questions = written(tmp_path / "gate.json", a_question("gate_0"))
    answers = written(tmp_path / "a.json", an_answer("gate_5"))
    answers.write_bytes(answers.read_bytes() + b"\n3")

    imported = an_import(questions, answers)

    assert (imported.scenarios, imported.files) == (0, {})
    assert [str(problem).removeprefix(f"{tmp_path}/") for problem in imported.problems] == [
        "gate.json:1: gate_0: it has no published answer, and its id says nothing of irrelevance",
        "a.json:2: not an object; expected one object a line",
        "a.json:1: gate_5: no question in gate.json has this id",
    ]


DEEP: JsonValue = orjson.loads("[" * 50 + "]" * 50)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        pytest.param(2**60, "expected an integer within", id="a number that is not exact"),
        pytest.param(DEEP, "nested deeper than 40 levels", id="a list too deep"),
    ],
)
def test_value_that_our_reader_refuses_is_named(tmp_path: Path, value: JsonValue, why: str) -> None:
    """One value that the scenario files can't hold must not spoil them all."""
    anything: JsonObject = {"name": "gate.open", "parameters": {"properties": {"side": {}}}}
    questions = written(
        tmp_path / "gate.json", a_question("gate_0", anything), a_question("gate_1")
    )
    odd = an_answer("gate_0", {"gate.open": {"side": [value]}})

    imported = an_import(
        questions, written(tmp_path / "a.json", odd, an_answer("gate_1")), check=accept
    )

    assert imported.scenarios == 1
    assert why in imported.problems[0].message


def test_malformed_scenario_is_named(tmp_path: Path) -> None:
    """What the scenario format can't hold is one line's problem."""
    questions = written(tmp_path / "gate.json", a_question("gate_0"))
    many = an_answer("gate_0", *([{"gate.open": {}}] * 17))

    imported = an_import(questions, written(tmp_path / "a.json", many))

    assert "at most 16" in imported.problems[0].message


def test_questions_without_any_answer_file_are_refused(tmp_path: Path) -> None:
    """One message says where the answers belong, not one a line."""
    questions = written(tmp_path / "gate.json", a_question("gate_0"), a_question("gate_1"))

    with pytest.raises(SourceError, match=r"gate.json:1: its 2 questions.*possible_answer/gate"):
        an_import(questions, None)


def test_conversation_becomes_a_scenario_a_turn(tmp_path: Path) -> None:
    """The turns are one family, and a turn that can't be read leaves the others."""
    turns = [[{"role": "user", "content": text}] for text in ("Open.", "Fly.", "Open it.")]
    asked = a_question("multi_turn_base_0", question=turns)
    questions = written(tmp_path / "BFCL_v4_multi_turn_base.json", asked)
    calls: list[JsonValue] = [["gate.open()"], ["gate.fly()"], []]
    answer: JsonObject = {"id": "multi_turn_base_0", "ground_truth": calls}

    imported = an_import(questions, written(tmp_path / "a.json", answer))

    first, third = ["bfcl-multi-turn-base-0-turn-1", "bfcl-multi-turn-base-0-turn-3"]
    assert (imported.entries, imported.scenarios) == (1, 1)
    why = "its answer calls 'gate.fly', which is not on offer in this turn"
    assert [str(problem).partition(":1: ")[2] for problem in imported.problems] == [
        f"multi_turn_base_0: turn 2: {why}",
        f"multi_turn_base_0: turn 3: {why}",
    ]
    (scenario,) = read_back(imported, tmp_path / "out")
    assert (scenario.id, scenario.family) == (first, "bfcl-multi-turn-base-0")
    assert third not in imported.files["bfcl_multi_turn_base.yaml"].decode()
    assert b"    turn: 1\n" in imported.files["bfcl_multi_turn_base.yaml"]


def test_files_of_agentic_categories_are_named_line_by_line(tmp_path: Path) -> None:
    """They hold no functions, and no answer file would help."""
    asked: JsonObject = {"id": "memory_0-customer-0", "question": [], "involved_classes": []}

    imported = an_import(written(tmp_path / "BFCL_v4_memory.json", asked), None)

    assert (imported.scenarios, imported.entries) == (0, 1)
    assert "judged by the text of a final answer" in imported.problems[0].message
