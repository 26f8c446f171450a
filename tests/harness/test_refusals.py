"""Refuse what can't be run with exit code 5, before any model is asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.command import eval_run, plangate
from tests.harness.provider import provider
from tests.worlds import ROOT, SMALL_WORLD, a_world

LIGHT = "openai/any?transport=http&api_base=http://127.0.0.1:1/v1"
"""A model that opens without LiteLLM."""


def corrupted(old: str, new: str) -> str:
    """Corrupt the small world in one place."""
    assert old in SMALL_WORLD
    return SMALL_WORLD.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("a: [", "world/cases.yaml:1: not YAML", id="malformed"),
        pytest.param(
            corrupted("    tags: [single]", "    tag: [single]"),
            "world/cases.yaml:5: unknown key 'tag'",
            id="unknown key",
        ),
        pytest.param(
            corrupted("value: 3}}]}", "value: -3}}]}"),
            "world/cases.yaml:3: scenario 'counter-set-three': the golden plan does not execute",
            id="golden plan refused",
        ),
    ],
)
def test_validate_prints_the_place_and_exits_with_five(
    tmp_path: Path, text: str, place: str
) -> None:
    """Editors can click on it."""
    ran = plangate("eval", "validate", a_world(tmp_path, text), folder=tmp_path)

    assert ran.code == 5
    assert ran.err.startswith(place), ran.err


def test_no_model_is_asked_about_a_bad_scenario(tmp_path: Path) -> None:
    """Nobody pays for a run that proves nothing."""
    world = a_world(tmp_path, corrupted("{by: 2}", "{by: 0}"))
    with provider() as server:
        model = f"openai/echo?transport=http&api_base={server.base}"

        ran = eval_run(world, "--model", model, folder=tmp_path)

        assert not server.served
    assert ran.code == 5
    assert "world/cases.yaml:9: scenario 'counter-set-then-move'" in ran.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--tag", "nothing"], "no scenario has all of the tags nothing", id="tag"),
        pytest.param(["--model", "gpt"], "model 'gpt'", id="no provider"),
        pytest.param(["--model", "plangate/noisy-oracle?rate=2"], "rate is '2'", id="rate"),
        pytest.param(["--gate-model", "m/x"], "not among the models", id="gate of another"),
        pytest.param(["--resume", "missing"], "missing is no run", id="nothing to resume"),
        pytest.param(["--gate", "--gate-rules", "no.yaml"], "no.yaml:1: can't be read", id="rules"),
    ],
)
def test_a_wrong_request_exits_with_five(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    """The message names what was wrong."""
    light = () if "--model" in arguments else ("--model", LIGHT)

    ran = eval_run(a_world(tmp_path), *arguments, *light, folder=tmp_path)

    assert ran.code == 5, ran.err
    assert message in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--help"], id="help"),
        pytest.param(["eval", "--help"], id="help of the group"),
        pytest.param(["eval", "run", "--help"], id="help of run"),
        pytest.param(["eval", "list", "scenarios/counter"], id="list"),
        pytest.param(["eval", "validate", "scenarios/counter"], id="validate"),
    ],
)
def test_looking_is_quick(arguments: list[str]) -> None:
    """What costs seconds to import is imported by whoever needs it."""
    heavy = ["litellm", "mlflow", "deepeval", "pandas", "openai", "aiohttp"]
    code = (
        "import sys\n"
        "from runtime.entrypoints.cli.main import app\n"
        f"try: app({arguments!r})\n"
        "except SystemExit as end: print('code', end.code)\n"
        f"print('heavy', [name for name in {heavy!r} if name in sys.modules])\n"
    )

    child = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert child.stdout.endswith("code 0\nheavy []\n"), child.stdout[-500:]
