"""Prove that a scenario file of the wrong form is refused, with file, line and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.loader import ScenarioSet, load
from harness.scenario import PlanMode
from harness.yaml_source import Problem, SourceError
from tests.worlds import ROOT, SMALL_WORLD, a_world

GOOD = """\
environment: counter
suite: numbers
tags: [money]
scenarios:
  - id: counter-one
    reason: Says why this case exists.
    family: one
    tags: [single]
    given:
      state: {/counter/value: 4}
      facts: {a: 1}
      history: [{user: Hello}, {assistant: Yes?}]
      principal: {roles: [operator]}
      consent: {confirm: true}
      limits: {per_minute: 10}
      usage: {last_minute: 1}
      now: 2026-03-02T10:00:00Z
    when:
      message: Set it to 3.
      attachments: [{name: a.txt, mime: text/plain, text: hi}]
    expect:
      plan:
        mode: graph
        steps:
          - {action: counter.set, inputs: {value: 3}, as: first}
          - any_of: [{action: counter.increment}]
            optional: true
            after: [first]
      state: {/counter/value: 3}
      volatile: [/counter/step]
      never: [counter.reset]
"""
LINES = GOOD.splitlines()


def line_with(text: str) -> int:
    """Return the number of the line of the good file that holds a text."""
    return 1 + next(at for at, line in enumerate(LINES) if text in line)


def changed(old: str, new: str) -> str:
    """Corrupt the good file in one place."""
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def problems(folder: Path, text: str) -> tuple[Problem, ...]:
    """Return the problems of a file that must be refused."""
    with pytest.raises(SourceError) as caught:
        load([a_world(folder, text)], root=folder)
    return caught.value.problems


def test_the_good_file_is_read(tmp_path: Path) -> None:
    """What the tables below corrupt is sound to begin with."""
    found = load([a_world(tmp_path, GOOD)], root=tmp_path)

    (item,) = found.scenarios
    assert (item.id, item.suite, item.family) == ("counter-one", "numbers", "one")
    assert item.tags == ("money", "single")
    assert (item.file, item.line) == ("world/cases.yaml", 5)
    assert item.expect.plan is not None
    assert item.expect.plan.steps[0].label == "first"


UNKNOWN_KEYS = [
    ("environment: counter", "file"),
    ("    reason: Says", "scenario"),
    ("      facts:", "given"),
    ("      message: Set", "when"),
    ("        mode: graph", "plan"),
    ("      never: [", "expect"),
]


@pytest.mark.parametrize(
    "line", [pytest.param(line, id=f"unknown key in the {name}") for line, name in UNKNOWN_KEYS]
)
def test_an_unknown_key_of_a_block_is_refused_at_its_line(tmp_path: Path, line: str) -> None:
    """A misspelt key would silently expect nothing."""
    indent = " " * (len(line) - len(line.lstrip()))

    (problem,) = problems(tmp_path, changed(line, f"{indent}stange: 1\n{line}"))

    assert problem.line == line_with(line)
    assert "unknown key 'stange'" in problem.message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        # unknown keys inside one line
        pytest.param("{user: Hello}", "{user: Hello, at: 1}", "unknown key 'at'", id="turn key"),
        pytest.param("{roles: [operator]}", "{role: [x]}", "'role'", id="principal key"),
        pytest.param("{confirm: true}", "{confirms: true}", "'confirms'", id="consent key"),
        pytest.param("{per_minute: 10}", "{per_day: 10}", "'per_day'", id="limits key"),
        pytest.param("{last_minute: 1}", "{last_day: 1}", "'last_day'", id="usage key"),
        pytest.param("text: hi}", "text: hi, size: 2}", "'size'", id="attachment key"),
        pytest.param("as: first}", "label: first}", "'label'", id="our own name of 'as'"),
        pytest.param(
            "[{action: counter.increment}]",
            "[{action: counter.increment, mode: x}]",
            "'mode'",
            id="alternative key",
        ),
        # wrong types; nothing is converted
        pytest.param("environment: counter", "environment: 5", "string", id="environment number"),
        pytest.param("suite: numbers", "suite: [a]", "string", id="suite list"),
        pytest.param("tags: [money]", "tags: money", "array", id="tags text"),
        pytest.param("tags: [single]", "tags: [Ä b]", "pattern", id="tag with a space"),
        pytest.param("id: counter-one", "id: Counter_One", "pattern", id="id not kebab"),
        pytest.param("id: counter-one", "id: 7", "string", id="id number"),
        pytest.param("reason: Says why this case exists.", "reason: short", "10", id="reason"),
        pytest.param("family: one", "family: 1", "string", id="family number"),
        pytest.param("state: {/counter/value: 4}", "state: [1]", "object", id="state list"),
        pytest.param(
            "state: {/counter/value: 4}", "state: {counter: 4}", "pattern", id="no pointer"
        ),
        pytest.param("facts: {a: 1}", "facts: 1", "object", id="facts number"),
        pytest.param("[{user: Hello}, ", "[{user: 5}, ", "string", id="turn number"),
        pytest.param(
            "[{user: Hello}, ", "[{user: a, assistant: b}, ", "exactly one", id="two speakers"
        ),
        pytest.param("[{user: Hello}, ", "[{}, ", "exactly one", id="no speaker"),
        pytest.param("{roles: [operator]}", "{roles: operator}", "array", id="roles text"),
        pytest.param("{roles: [operator]}", "{grant: royal}", "interactive", id="grant"),
        pytest.param("{confirm: true}", "{confirm: yes}", "boolean", id="yes is no boolean"),
        pytest.param("{confirm: true}", "{confirm: 1}", "boolean", id="1 is no boolean"),
        pytest.param("{per_minute: 10}", "{per_minute: '10'}", "integer", id="limit text"),
        pytest.param("{per_minute: 10}", "{per_minute: -1}", "greater", id="limit negative"),
        pytest.param("{per_minute: 10}", "{per_minute: true}", "integer", id="limit boolean"),
        pytest.param("{per_minute: 10}", "{budgets: {moon: 1}}", "project", id="budget scope"),
        pytest.param(
            "{per_minute: 10}", "{windows: [{start: x, end: y}]}", "time", id="window times"
        ),
        pytest.param("2026-03-02T10:00:00Z", "2026-03-02T10:00:00", "timezone", id="no zone"),
        pytest.param("2026-03-02T10:00:00Z", "1772445600", "datetime", id="instant as number"),
        pytest.param("2026-03-02T10:00:00Z", "tomorrow", "datetime", id="instant in words"),
        pytest.param("message: Set it to 3.", "message: ''", "at least 1", id="no message"),
        pytest.param("message: Set it to 3.", "message: 3", "string", id="message number"),
        pytest.param("mime: text/plain", "mime: plain", "pattern", id="mime without type"),
        pytest.param("text: hi}", "text: hi, base64: aGk=}", "exactly one", id="two bodies"),
        pytest.param(", text: hi}", "}", "exactly one", id="no body"),
        pytest.param("mode: graph", "mode: any", "exact", id="unknown mode"),
        pytest.param("value: 3}, as", "value: 3}, as: 5, optional", "string", id="label number"),
        pytest.param("optional: true", "optional: 'true'", "boolean", id="optional text"),
        pytest.param("[/counter/step]", "[counter]", "pattern", id="volatile no pointer"),
        pytest.param("never: [counter.reset]", "never: counter.reset", "array", id="never text"),
    ],
)
def test_a_wrong_value_is_refused_at_its_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    """Nothing is guessed: a value of another type or form is a fault where it stands."""
    found = problems(tmp_path, changed(old, new))

    assert line_with(old) in {problem.line for problem in found}, found
    assert any(message in problem.message for problem in found), found
    assert all(problem.file == "world/cases.yaml" for problem in found)


PLAN = GOOD[GOOD.index("      plan:") : GOOD.index("      state: {/counter/value: 3}")]
AFTER_PLAN = GOOD[GOOD.index("      state: {/counter/value: 3}") :]
HEAD = GOOD[: GOOD.index("      plan:")]


@pytest.mark.parametrize(
    ("expect", "line", "message"),
    [
        pytest.param("      state: {}\n", 21, "nothing is expected", id="no assertion"),
        pytest.param("      decline: false\n", 22, "left out", id="decline that declines nothing"),
        pytest.param("      decline: 1\n", 22, "boolean", id="decline as number"),
        pytest.param(
            "      decline: true\n      clarification: {}\n", 21, "exclude", id="two kinds"
        ),
        pytest.param("      either: [plan]\n", 22, "decline", id="either of a plan"),
        pytest.param("      plan: {steps: []}\n", 22, "at least 1", id="no steps"),
        pytest.param("      plan: {}\n", 22, "missing", id="steps missing"),
        pytest.param("      plan: {steps: [{}]}\n", 22, "exactly one of 'action'", id="no action"),
        pytest.param(
            "      plan: {steps: [{any_of: [{action: a}], inputs: {b: 1}}]}\n",
            22,
            "inside the alternatives",
            id="inputs beside alternatives",
        ),
        pytest.param(
            "      plan:\n        steps:\n"
            "          - {action: a, as: x, after: [y]}\n"
            "          - {action: a, as: y, after: [x]}\n",
            22,
            "circle",
            id="cyclic after",
        ),
        pytest.param(
            "      plan: {steps: [{action: a, as: x, after: [x]}]}\n", 22, "circle", id="after self"
        ),
        pytest.param(
            "      plan: {steps: [{action: a, after: [z]}]}\n", 22, "no step has", id="after nobody"
        ),
        pytest.param(
            "      plan: {steps: [{action: a, as: x}, {action: b, as: x}]}\n",
            22,
            "used twice",
            id="label twice",
        ),
        pytest.param(
            "      plan: {mode: exact, steps: [{action: a, as: x}, {action: b, after: [x]}]}\n",
            22,
            "no meaning in mode exact",
            id="after in mode exact",
        ),
        pytest.param(
            "      plan: {mode: graph, steps: [{action: a}]}\n",
            22,
            "at least one 'after'",
            id="graph without order",
        ),
        pytest.param(
            "      plan: {steps: [{action: a}]}\n      any_of: [{steps: [{action: a}]}]\n",
            21,
            "'plan' and 'any_of'",
            id="plan and plans",
        ),
        pytest.param(
            "      decline: true\n      state: {/counter/value: 1}\n",
            21,
            "need a plan",
            id="state without a plan",
        ),
        pytest.param(
            "      plan: {steps: [" + "{action: a}, " * 17 + "]}\n", 22, "at most 16", id="17 steps"
        ),
        pytest.param(
            "      clarification: {asks_for: [amount]}\n", 22, "object", id="slot as text"
        ),
        pytest.param(
            "      clarification: {asks_for: [{words: [a]}]}\n", 22, "missing", id="slot unnamed"
        ),
    ],
)
def test_an_expectation_that_makes_no_sense_is_refused(
    tmp_path: Path, expect: str, line: int, message: str
) -> None:
    """A contradiction or an empty expectation would prove nothing."""
    found = problems(tmp_path, HEAD + expect)

    assert [problem.line for problem in found] == [line] * len(found), found
    assert any(message in problem.message for problem in found), found


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param("- 1\n", 1, "the file: ", id="a list"),
        pytest.param("hello\n", 1, "the file: ", id="a text"),
        pytest.param("environment: counter\n", 1, "'scenarios' is missing", id="no scenarios"),
        pytest.param("environment: counter\nscenarios: []\n", 2, "at least 1", id="empty list"),
        pytest.param("environment: counter\nscenarios: [5]\n", 2, "object", id="no scenario"),
        pytest.param("scenarios: 1\n", 1, "'environment' is missing", id="no environment"),
        pytest.param(
            "environment: counter\nscenarios:\n  - id: counter-a\n",
            3,
            "'scenarios.0.when'",
            id="bare",
        ),
    ],
)
def test_a_file_of_another_shape_is_refused(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    """A file that is no scenario file says what it lacks."""
    found = problems(tmp_path, text)

    assert any(item.line == line and message in item.message for item in found), found


def test_a_duplicate_id_names_both_places(tmp_path: Path) -> None:
    """Ids are unique over all files."""
    world = a_world(tmp_path, GOOD)
    a_world(tmp_path, GOOD, name="other.yaml")

    with pytest.raises(SourceError, match=r"other.yaml:5: .*taken by world/cases.yaml:5"):
        load([world], root=tmp_path)


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """One look mends all."""
    world = a_world(tmp_path, changed("suite: numbers", "suite: 1"))
    a_world(tmp_path, "a: [", name="b.yaml")

    with pytest.raises(SourceError) as caught:
        load([world], root=tmp_path)

    assert {problem.file for problem in caught.value.problems} == {
        "world/cases.yaml",
        "world/b.yaml",
    }


def test_a_long_value_is_shortened_in_the_message(tmp_path: Path) -> None:
    """A message stays one readable line."""
    (problem,) = problems(tmp_path, changed("id: counter-one", f"id: {'A' * 200}"))

    assert len(problem.message) < 200


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    """A misspelt path must not be a run of nothing."""
    empty = tmp_path / "empty"
    empty.mkdir()

    with pytest.raises(SourceError) as caught:
        load([tmp_path / "missing", empty], root=tmp_path)

    messages = [str(problem) for problem in caught.value.problems]
    assert messages == [
        "empty:1: the folder holds no scenario file",
        "missing:1: there is no such file or folder",
    ]


def test_files_that_are_no_scenarios_are_left_out(tmp_path: Path) -> None:
    """Rules of the gate, cassettes and other files may lie beside scenarios."""
    world = a_world(tmp_path)
    (world / "gate.yaml").write_text("thresholds: []\n")
    (world / "notes.txt").write_text("x")
    (world / "cassettes").mkdir()
    (world / "cassettes" / "x.yaml").write_text("a: [")

    assert load([world], root=tmp_path).files == ("world/cases.yaml",)


def test_a_folder_inside_of_cassettes_is_read(tmp_path: Path) -> None:
    """Where the asked folder itself lies does not matter."""
    (tmp_path / "cassettes").mkdir()
    world = a_world(tmp_path / "cassettes")

    assert load([world], root=world).files == ("cases.yaml",)


DECLARED = """\
id: journaled
title: Journaled
description: Records calls.
actions:
  - id: note.write@1
    title: Write
    description: Writes a note.
    input_schema: {type: object, properties: {text: {type: string}}}
"""


def test_an_environment_beside_a_single_file_is_found(tmp_path: Path) -> None:
    """Asking for one file brings the environment that it needs."""
    world = a_world(tmp_path)
    a_world(tmp_path, DECLARED, name="journaled.environment.yaml")

    found = load([world / "cases.yaml"], root=tmp_path)

    assert list(found.environments) == ["journaled"]
    assert len(found.scenarios) == 2


@pytest.mark.parametrize(
    "text", [pytest.param("title: x\n", id="no id"), pytest.param("- 1\n", id="a list")]
)
def test_an_environment_without_an_id_is_refused(tmp_path: Path, text: str) -> None:
    """Nobody could refer to it."""
    world = a_world(tmp_path, text, name="x.environment.yaml")

    with pytest.raises(SourceError, match=r"x.environment.yaml:1: an environment file needs"):
        load([world], root=tmp_path)


def test_two_environments_of_one_id_are_refused(tmp_path: Path) -> None:
    """Which of them a scenario means must not depend on the order of files."""
    a_world(tmp_path, DECLARED, name="a.environment.yaml")
    world = a_world(tmp_path, DECLARED, name="b.environment.yaml")

    with pytest.raises(SourceError, match=r"b.environment.yaml:1: environment 'journaled'"):
        load([world], root=tmp_path)


def shipped() -> ScenarioSet:
    """Read what the repository ships."""
    return load([ROOT / "scenarios"], root=ROOT)


def test_shipped_scenarios_have_the_right_form() -> None:
    """Every file reads, every id begins with its environment."""
    found = shipped()

    assert len(found.scenarios) > 200
    assert all(item.id.startswith(f"{item.environment}-") for item in found.scenarios)


def test_tags_restrict_by_tag_suite_and_environment(tmp_path: Path) -> None:
    """Several tags must all be there."""
    found = load([a_world(tmp_path)], root=tmp_path)

    assert [item.id for item in found.tagged(["chain"]).scenarios] == ["counter-set-then-move"]
    assert len(found.tagged(["counter"]).scenarios) == 2
    assert found.tagged(["chain", "single"]).scenarios == ()


def test_the_digest_changes_with_what_is_tested_only(tmp_path: Path) -> None:
    """A new reason keeps a scenario comparable; a new message does not."""
    before = load([a_world(tmp_path)], root=tmp_path)
    reworded = load([a_world(tmp_path, SMALL_WORLD.replace("smallest", "tiniest"))], root=tmp_path)
    other = load([a_world(tmp_path, SMALL_WORLD.replace("{by: 2}", "{by: 4}"))], root=tmp_path)

    assert before.digest == reworded.digest
    assert before.digest != other.digest
    assert before.scenarios[0].digest == other.scenarios[0].digest


def test_the_mode_follows_from_the_steps(tmp_path: Path) -> None:
    """Without a mode, `after` makes a graph, and nothing makes exact."""
    expect = "      plan: {steps: [{action: a, as: x}, {action: b, after: [x]}]}\n"

    graph = load([a_world(tmp_path, HEAD + expect)], root=tmp_path).scenarios[0]
    exact = load([a_world(tmp_path)], root=tmp_path).scenarios[0]

    assert graph.expect.plans[0].mode is PlanMode.GRAPH
    assert exact.expect.plans[0].mode is PlanMode.EXACT


def test_a_file_outside_the_root_is_named_by_its_path(tmp_path: Path) -> None:
    """Messages stay clickable."""
    world = a_world(tmp_path)

    assert load([world], root=ROOT).files == ((world / "cases.yaml").as_posix(),)
