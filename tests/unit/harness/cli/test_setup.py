"""Prove that a run is set up as asked, and that what can't be carried out is refused beforehand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from harness.bootstrap import ConfigurationError
from harness.calls import CallSource
from harness.cli.setup import Setup, base_arguments, cassette_folder, set_up
from harness.cli.wishes import run_options
from harness.opening import open_folder
from harness.settings import HarnessSettings
from tests.unit.harness.cli.test_wishes import GIVEN
from tests.worlds import a_world

SETTINGS = HarnessSettings(environ={}, tracking_uri="", in_ci=True)
LIVE = "openai/any?transport=http&api_base=http://127.0.0.1:1/v1"


def ready(tmp_path: Path, **given: Any) -> Setup:  # noqa: ANN401  # options of any type
    """Set a run up."""
    told = {"paths": [a_world(tmp_path)], "output": tmp_path / "run", "model": [LIVE], **given}
    return set_up(run_options({**GIVEN, **told}), SETTINGS, told=print)


def test_a_replay_is_named_and_dated_by_what_it_replays(tmp_path: Path) -> None:
    """The same again is the same run; other trials are another."""
    first, again = (ready(tmp_path, replay=True).request for _ in range(2))
    other = ready(tmp_path, replay=True, trials=2).request

    assert (first.run, first.created) == (again.run, again.created)
    assert first.run.startswith("replay_")
    assert first.created == "1970-01-01T00:00:00+00:00"
    assert other.run != first.run
    assert first.replays


def test_a_live_run_is_named_anew(tmp_path: Path) -> None:
    """Two runs of the same are two runs."""
    assert ready(tmp_path).request.run != ready(tmp_path).request.run


def test_caps_and_prices_are_read(tmp_path: Path) -> None:
    """Dollars become micros; a price given here is the model's."""
    found = ready(tmp_path, max_cost=0.25, max_tokens=9, price=[f"{LIVE}=0.5,2"])

    assert (found.calls.max_cost_micros, found.calls.max_tokens) == (250_000, 9)
    price = found.contenders[LIVE].price
    assert price is not None
    assert (float(price.prompt), float(price.completion)) == (0.5, 2.0)
    assert found.contenders[LIVE].conditions["prices"] == "0.5 in, 2 out"


def test_trials_may_end_early(tmp_path: Path) -> None:
    """By the rates that are called reliable and unreliable."""
    plan = ready(tmp_path, early="0.9,0.5", trials=20).request.early

    assert plan is not None
    assert (plan.good, plan.bad, plan.longest) == (0.9, 0.5, 20)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        pytest.param({"early": "0.5,0.9", "trials": 9}, "--early '0.5,0.9'", id="wrong way round"),
        pytest.param({"early": "many", "trials": 9}, "expected GOOD,BAD", id="no rates"),
        pytest.param(
            {"early": "0.9,0.89", "trials": 201}, "at most 200 trials", id="a plan for hours"
        ),
        pytest.param({"max_cost": math.inf}, "--max-cost inf", id="no cap"),
        pytest.param({"early": "0.9,0.5"}, "ask for several with --trials", id="one trial"),
        pytest.param({"price": ["x"]}, "--price 'x' can't be read", id="no price"),
        pytest.param({"price": ["a/b=1,2"]}, "none of the models", id="a price of nobody"),
        pytest.param(
            {"replay": True, "price": [f"{LIVE}=1,2"]}, "no meaning with --replay", id="replay"
        ),
        pytest.param({"replay": True, "model": ["nonsense"]}, "nonsense", id="no model"),
        pytest.param({"tag": ["none"]}, "no scenario has all of the tags none", id="no scenario"),
    ],
)
def test_what_can_not_be_carried_out_is_refused(
    tmp_path: Path, given: dict[str, Any], complaint: str
) -> None:
    """With what was given and what was expected."""
    with pytest.raises(ConfigurationError, match=complaint):
        ready(tmp_path, **given)


def test_cassettes_lie_beside_the_first_scenarios(tmp_path: Path) -> None:
    """Of a file in its folder."""
    world = a_world(tmp_path)

    assert cassette_folder((world,)) == world / "cassettes"
    assert cassette_folder((world / "cases.yaml",)) == world / "cassettes"
    assert ready(tmp_path, replay=True, cassettes=tmp_path).calls.shelf.folder == tmp_path
    assert ready(tmp_path).calls.source is CallSource.LIVE


def test_the_base_gets_paths_that_mean_its_own_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the work tree's are spelled; what lies elsewhere is the same for both."""
    monkeypatch.chdir(tmp_path)
    paths = [tmp_path / "world", Path("../elsewhere"), Path("/elsewhere")]

    arguments = base_arguments(run_options({**GIVEN, "paths": paths}))

    assert arguments[:3] == ("world", "../elsewhere", "/elsewhere")


def test_a_resumed_run_keeps_its_caps_its_gate_and_its_trials(tmp_path: Path) -> None:
    """Whoever resumes may raise a cap; other trials, seeds and models are another run."""
    begun = ready(tmp_path, max_cost=0.5, max_tokens=9, gate=True, price=[f"{LIVE}=1,1"])
    open_folder(begun.request, begun.scenarios, begun.contenders)

    again = resumed(tmp_path, price=[f"{LIVE}=1,1"])
    raised = resumed(tmp_path, price=[f"{LIVE}=1,1"], max_tokens=99)

    assert (again.calls.max_cost_micros, again.calls.max_tokens) == (500_000, 9)
    assert again.gate is not None
    assert raised.calls.max_tokens == 99
    for given in ({"trials": 5}, {"seed": 9}, {"model": ["plangate/keyword"]}):
        with pytest.raises(ConfigurationError, match="--resume goes on with the run's own"):
            resumed(tmp_path, **given)
    changed = resumed(tmp_path, price=[f"{LIVE}=2,2"])
    with pytest.raises(ConfigurationError, match="prices of"):
        open_folder(changed.request, changed.scenarios, changed.contenders)


def test_a_price_may_leave_the_options_of_its_model_out(tmp_path: Path) -> None:
    """As a rate may."""
    price = ready(tmp_path, price=["openai/any=0.5,2"]).contenders[LIVE].price

    assert price is not None
    assert float(price.prompt) == 0.5


def resumed(tmp_path: Path, **given: Any) -> Setup:  # noqa: ANN401  # options of any type
    """Set up the rest of the run in `run`."""
    told = {**GIVEN, "resume": tmp_path / "run", **given}
    return set_up(run_options(told), SETTINGS, told=print)
