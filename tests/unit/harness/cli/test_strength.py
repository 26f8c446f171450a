"""Prove what `plangate eval strength` prints and returns."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from harness.cli.strength import strength_command
from harness.strength.killing import MUTATIONS
from runtime.public import JsonObject
from tests.worlds import a_world

LOOSE = """\
environment: counter
scenarios:
  - id: counter-about-three
    reason: Any small number will do, which lets much pass.
    when: {message: Set the counter to about three.}
    expect:
      plan:
        mode: reference
        steps: [{action: counter.set, inputs: {value: 3}}]
      state: {/counter/value: {$between: [0, 9]}}
"""
PARAPHRASED = """\
environment: counter
scenarios:
  - id: counter-set-three
    reason: The smallest plan there is, said plainly.
    family: three
    when: {message: Set the counter to 3.}
    expect: {plan: {steps: [{action: counter.set, inputs: {value: 3}}]}}
  - id: counter-three-please
    reason: The same wish in a word, which takes some guessing.
    family: three
    when: {message: "Three, please."}
    expect: {plan: {steps: [{action: counter.set, inputs: {value: 3}}]}}
"""
NOBODY = "openai/any?transport=http&api_base=http://127.0.0.1:1/v1&retries=0"


def test_a_strict_suite_is_strong_enough(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each mutation has a row; the verdict is one sentence."""
    assert strength_command((a_world(tmp_path),)) == 0

    said = capsys.readouterr().out
    assert all(name in said for name in ("drop_step", "add_call", "counter "))
    assert said.endswith("mutants killed: 100.0%; the bar is 99.0%: strong enough.\n")
    assert "survivors" not in said


def test_survivors_are_listed_with_their_place_and_a_fix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person can go there and mend it."""
    world = a_world(tmp_path, LOOSE)

    assert strength_command((world,), show=1) == 1

    lines = capsys.readouterr().out.splitlines()
    (at,) = (number for number, line in enumerate(lines) if line.endswith("survivors:"))
    assert lines[at + 1] == (
        f"  {world}/cases.yaml:3: counter-about-three: alter_argument: step 1 "
        "counter.set(value=4); to kill it, expect the steps (no mode reference), or more of the "
        "final state"
    )
    assert lines[at + 2].endswith("lists all")
    assert lines[-1].endswith("the bar is 99.0%: too weak.")


@pytest.mark.parametrize(
    ("bar", "code"), [pytest.param(0.0, 0, id="low bar"), pytest.param(1.0, 1, id="high bar")]
)
def test_the_bar_decides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], bar: float, code: int
) -> None:
    """JSON holds the figures that were compared with it."""
    world = a_world(tmp_path, LOOSE)

    assert strength_command((world,), min_killed=bar, as_json=True) == code

    document: JsonObject = orjson.loads(capsys.readouterr().out)
    assert document["bar"] == bar
    assert 0 < document["share"] == document["killed"] / (document["killed"] + document["survived"])
    assert set(document["mutations"]) <= set(MUTATIONS)
    assert document["environments"]["counter"]["survived"] == document["survived"]
    (scenario,) = document["scenarios"]
    assert len(scenario["survivors"]) == document["survived"]
    assert scenario["survivors"][0]["fix"].startswith("to kill it, ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"min_killed": 99.0}, "--min-killed is 99.0, expected a share", id="bar"),
        pytest.param({"min_consistent": -1.0}, "--min-consistent is -1.0", id="other bar"),
        pytest.param({"models": ("plangate/nobody",)}, "plangate/nobody", id="model"),
    ],
)
def test_wrong_options_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: JsonObject, message: str
) -> None:
    """Nothing is measured."""
    assert strength_command((a_world(tmp_path),), **options) == 5

    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""


def test_a_wrong_scenario_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message has file and line."""
    assert strength_command((a_world(tmp_path, "a: ["),)) == 5
    assert "cases.yaml:1: " in capsys.readouterr().err


def test_flips_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A steady relation has its share, an unsteady one its scenarios."""
    world = a_world(tmp_path, PARAPHRASED)

    code = strength_command((world,), models=("plangate/keyword",), min_consistent=0.9)

    said = capsys.readouterr().out
    assert code == 1
    assert "1 verdicts that changed:\n" in said
    assert f"{world}/cases.yaml:3: counter-set-three: plangate/keyword: paraphrase" in said
    assert "(counter-three-please): passed, then failed" in said
    assert "registry_order" in said


@pytest.mark.parametrize(
    ("model", "code", "share"),
    [
        pytest.param("plangate/oracle", 0, 1.0, id="steady"),
        pytest.param("plangate/keyword", 0, 0.0, id="unsteady without a bar"),
        pytest.param(NOBODY, 4, None, id="nobody answers"),
    ],
)
def test_consistency_is_written_as_json(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    model: str,
    code: int,
    share: float | None,
) -> None:
    """Without a bar flips fail nothing; without verdicts there is nothing to say."""
    world = a_world(tmp_path, PARAPHRASED)

    assert strength_command((world,), models=(model,), as_json=True) == code

    document: JsonObject = orjson.loads(capsys.readouterr().out)
    shares = {item["relation"]: item["share"] for item in document["relations"]}
    assert shares["paraphrase"] == share
    assert document["unbuilt"] == []
