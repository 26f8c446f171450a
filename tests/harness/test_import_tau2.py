"""Prove the import of τ²-bench tasks from end to end: written, replayed, no error missed.

The tasks are our own, in the published format.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import orjson
import pytest

from harness.bootstrap import SamplingWishes, open_contenders
from harness.cli.importing import import_tau2_command
from harness.loader import load
from harness.prepared import PreparedScenario, prepare_all
from harness.scoring import governance, outcome, plan_match
from runtime.public import JsonObject
from tests.worlds import Call, evidence


def action(name: str, **arguments: object) -> JsonObject:
    """Write one reference action."""
    return {"action_id": name, "name": name, "arguments": arguments, "info": None}


def a_task(name: str, *actions: JsonObject) -> JsonObject:
    """Write one task."""
    told = {
        "domain": "garage",
        "reason_for_call": "You want your car back.",
        "known_info": "You are Ada.",
        "task_instructions": "Insist.",
    }
    return {
        "id": name,
        "user_scenario": {"persona": None, "instructions": told},
        "initial_state": None,
        "evaluation_criteria": {"actions": list(actions), "reward_basis": ["DB", "COMMUNICATE"]},
    }


LOOK: Final = action("get_car", car_id="k_1")
MEND: Final = action("mend_car", car_id="k_1", parts=[{"part": "belt", "number": 2}])
BILL: Final = action("send_bill", car_id="k_1", cents=4500)
CALL: Final = action("call_owner", phone="555")
TASKS: Final = (
    a_task("mend", LOOK, MEND, BILL, CALL),
    a_task("refuse", LOOK),
    a_task("user", {**BILL, "requestor": "user"}),
)
GOLDEN: Final[list[Call]] = [
    ("call.mend_car@1", {"car_id": "k_1", "parts": [{"part": "belt", "number": 2}]}),
    ("call.send_bill@1", {"car_id": "k_1", "cents": 4500}),
    ("call.call_owner@1", {"phone": "555"}),
]
LOOKUP: Final[Call] = ("call.get_car@1", {"car_id": "k_9"})


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Write our tasks as they are published."""
    file = tmp_path / "garage_tasks.json"
    file.write_bytes(orjson.dumps(TASKS, option=orjson.OPT_INDENT_2))
    return file


@pytest.fixture
def imported(published: Path, tmp_path: Path) -> dict[str, PreparedScenario]:
    """Import and read back what was written, by the published id."""
    output = tmp_path / "out"
    assert import_tau2_command(published, policy=None, output=output) == 0
    ready = prepare_all(load([output], root=output))
    return {item.scenario.id.removeprefix("tau2-garage-"): item for item in ready}


def passes(ready: PreparedScenario, *calls: Call) -> bool:
    """Say whether the plan of these calls passes every score that decides."""
    seen = evidence(ready, *calls)
    scores = (plan_match.score(seen), outcome.score(seen), governance.score(seen))
    return all(score is None or score.passed for score in scores)


@pytest.mark.parametrize(
    "calls",
    [
        pytest.param(GOLDEN, id="the golden calls"),
        pytest.param([LOOKUP, GOLDEN[0], LOOKUP, *GOLDEN[1:], LOOKUP], id="lookups anywhere"),
        pytest.param([GOLDEN[2], *GOLDEN[:2]], id="another order of what is unrelated"),
    ],
)
def test_every_path_to_the_same_end_passes(
    imported: dict[str, PreparedScenario], calls: list[Call]
) -> None:
    """The reference is one way among several."""
    assert passes(imported["mend"], *calls)


@pytest.mark.parametrize(
    "calls",
    [
        pytest.param(GOLDEN[:2], id="a change missing"),
        pytest.param([*GOLDEN, GOLDEN[1]], id="a change twice"),
        pytest.param([GOLDEN[1], GOLDEN[0], GOLDEN[2]], id="an order that may matter"),
        pytest.param(
            [GOLDEN[0], ("call.send_bill@1", {"car_id": "k_1", "cents": 4501}), GOLDEN[2]],
            id="another amount",
        ),
        pytest.param(
            [("call.mend_car@1", {"car_id": "k_1", "parts": []}), *GOLDEN[1:]], id="other parts"
        ),
        pytest.param([LOOKUP], id="lookups only"),
    ],
)
def test_every_other_end_is_caught(
    imported: dict[str, PreparedScenario], calls: list[Call]
) -> None:
    """What would leave another database behind is wrong."""
    assert not passes(imported["mend"], *calls)


def test_where_nothing_may_change_only_changes_are_wrong(
    imported: dict[str, PreparedScenario],
) -> None:
    """Looking something up leads to the same database as saying no."""
    assert passes(imported["refuse"], LOOKUP)
    for call in GOLDEN:
        assert not passes(imported["refuse"], LOOKUP, call)


def test_what_the_user_does_is_named(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """File, line, task and reason stand on stderr, and the summary counts."""
    assert import_tau2_command(published, policy=None, output=tmp_path / "out") == 0

    said = capsys.readouterr()
    line = published.read_text(encoding="utf-8").split('"id": "user"')[0].count("\n")
    assert said.err.startswith(f"{published}:{line}: task user: all that changes something is done")
    assert said.out.startswith("2 scenarios imported, 1 lines not. Written to ")


def test_oracle_answers_every_import(imported: dict[str, PreparedScenario]) -> None:
    """The golden answers stand on tools that a model is really offered."""
    (contender,) = open_contenders(
        ["plangate/oracle"], list(imported.values()), environ={}, wishes=SamplingWishes()
    ).values()
    asyncio.run(contender.model.close())

    assert {name: item.golden is None for name, item in imported.items()} == {
        "mend": False,
        "refuse": True,
    }


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param('[{"id": "0"', "download the file again", id="cut off"),
        pytest.param('{"tasks": []}', "expected a list of tasks", id="another file"),
        pytest.param("[]", "0 scenarios imported, 0 lines not; nothing", id="no task"),
    ],
)
def test_file_of_which_nothing_can_be_used_is_exit_5(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, why: str
) -> None:
    """The message says what to do; nothing is written."""
    file = tmp_path / "tasks.json"
    file.write_text(content, encoding="utf-8")

    assert import_tau2_command(file, policy=None, output=tmp_path / "out") == 5
    said = capsys.readouterr()
    assert why in said.err + said.out
    assert not (tmp_path / "out").exists()
