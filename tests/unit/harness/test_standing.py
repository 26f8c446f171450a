"""Prove that equal models are not ranked, and that only who is beaten leaves the front."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from harness.record import read_run
from harness.standing import Contestant, contestants_of, stand, substitutes
from harness.tally import ScenarioTally, Side
from tests.unit.harness.reporting.builders import a_failed_trial, a_model, a_run, a_trial

SIMULATIONS = 400


def a_side(model: str, passed: list[int], *, trials: int = 3, families: int = 0) -> Side:
    """Build a side of one number of passed trials a scenario."""
    scenarios = {
        f"s-{at:03}": ScenarioTally(
            environment="counter",
            suite="counter",
            family=f"f-{at % families if families else at}",
            digest="d",
            passed=count,
            trials=trials,
        )
        for at, count in enumerate(passed)
    }
    return Side(model=model, run="r", key={}, scenarios=scenarios, asked=frozenset(scenarios))


def a_contestant(model: str, passed: list[int] | None = None, **changes: object) -> Contestant:
    """Build a contestant; by default it passes everything for a cent within a second."""
    passed = [3] * 30 if passed is None else passed
    usual = Contestant(
        side=a_side(model, passed),
        offline=False,
        quality=sum(passed) / (3 * len(passed)) if passed else None,
        interval=(0.1, 0.9),
        cost_micros=10_000,
        latency_p95_s=1.0,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]  # a table


WEAK = [0] * 12 + [3] * 18


def _drawn(source: random.Random, chances: list[float]) -> list[int]:
    return [sum(source.random() < chance for _ in range(3)) for chance in chances]


@pytest.mark.parametrize("models", [2, 4])
def test_identical_models_are_told_apart_in_at_most_five_percent(models: int) -> None:
    """However many models run, and although families stand or fall together."""
    source = random.Random(20)  # a simulation, seeded
    told_apart = 0
    for _ in range(SIMULATIONS // models):
        family = [source.choice((0.2, 0.7, 0.95, 1.0)) for _ in range(12)]
        chances = [family[at % 12] for at in range(36)]
        sides = [
            a_side(f"m/{number}", _drawn(source, chances), families=12) for number in range(models)
        ]
        contest = [replace(a_contestant(side.model), side=side) for side in sides]
        told_apart += any(pair.apart for pair in stand(contest).pairs)

    assert told_apart / (SIMULATIONS // models) <= 0.05


def test_different_models_are_told_apart() -> None:
    """Twelve scenarios lost out of thirty are no chance, and the interval agrees."""
    found = stand([a_contestant("weak", WEAK), a_contestant("strong")])

    (pair,) = found.pairs
    assert (pair.better, pair.worse, pair.apart) == ("strong", "weak", True)
    assert pair.p == pytest.approx(2 / 2**12)
    assert (pair.scenarios, pair.families) == (30, 30)
    assert pair.change == pytest.approx(0.4)
    assert pair.interval is not None
    assert pair.interval[0] > 0
    assert found.groups == (("strong",), ("weak",))
    assert found.versus("weak", "strong") is pair
    assert found.versus("weak", "third") is None


def test_families_are_counted_not_scenarios() -> None:
    """Twelve losses in two families are two events, which chance explains."""
    strong = replace(a_contestant("strong"), side=a_side("strong", [3] * 30, families=5))
    weak = replace(a_contestant("weak", WEAK), side=a_side("weak", WEAK, families=5))

    (pair,) = stand([strong, weak]).pairs

    assert pair.families == 5
    assert not pair.apart


def test_a_model_between_two_stands_with_both() -> None:
    """Like one and like the other does not make these two alike."""
    middle = [3] * 24 + [0] * 6
    low = [3] * 18 + [0] * 12
    contest = [a_contestant("top"), a_contestant("mid", middle), a_contestant("low", low)]

    found = stand(contest, alpha=0.02)

    assert found.groups == (("top", "mid"), ("mid", "low"))


def test_asking_more_pairs_demands_more_of_each() -> None:
    """Six lost scenarios are enough for two models and too few among four."""
    middle = [3] * 24 + [0] * 6
    two = stand([a_contestant("top"), a_contestant("mid", middle)])
    others = [a_contestant("equal"), a_contestant("same")]
    four = stand([a_contestant("top"), a_contestant("mid", middle), *others])

    assert [pair.apart for pair in two.pairs] == [True]
    assert not any(pair.apart for pair in four.pairs)


CHEAP = {"cost_micros": 5_000}
FAST = {"latency_p95_s": 0.5}


@pytest.mark.parametrize(
    ("one", "other", "dominated"),
    [
        pytest.param({}, {}, {}, id="equals"),
        pytest.param(CHEAP, {}, {"b": "a"}, id="cheaper"),
        pytest.param(FAST, {}, {"b": "a"}, id="faster"),
        pytest.param(CHEAP, FAST, {}, id="cheaper against faster"),
        pytest.param({"passed": WEAK}, {}, {"a": "b"}, id="certainly worse at the same price"),
        pytest.param({"passed": WEAK, **CHEAP}, {}, {}, id="worse but cheaper"),
        pytest.param({"passed": [2] + [3] * 29}, {}, {}, id="worse perhaps, at the same price"),
        pytest.param(CHEAP, {"cost_micros": None}, {}, id="a price is unknown"),
        pytest.param(FAST, {"latency_p95_s": None}, {}, id="a latency is unknown"),
        pytest.param({**CHEAP, "offline": True}, {}, {}, id="a stand-in beats no model"),
        pytest.param({"offline": True}, CHEAP, {"a": "b"}, id="a model beats a stand-in"),
        pytest.param(
            {**CHEAP, "offline": True}, {"offline": True}, {"b": "a"}, id="stand-ins among them"
        ),
    ],
)
def test_only_who_is_beaten_in_everything_leaves_the_front(
    one: dict[str, object], other: dict[str, object], dominated: dict[str, str]
) -> None:
    """As good everywhere and for certain better somewhere; chance beats nobody."""
    contest = [a_contestant("a", **one), a_contestant("b", **other)]  # type: ignore[arg-type]  # a table

    found = stand(contest)

    assert found.dominated == dominated
    assert set(found.front) == {"a", "b"} - set(dominated)


def test_nobody_wins_with_another_models_figures() -> None:
    """A model that was answered for is on no front and beats nobody."""
    contest = [a_contestant("a", **CHEAP, substitutes=("c",)), a_contestant("b")]  # type: ignore[arg-type]  # a table

    found = stand(contest)

    assert found.front == ("b",)
    assert found.dominated == {}


def test_a_win_on_other_scenarios_is_no_win() -> None:
    """A model whose common scenarios went worse beats nobody by its rate over all."""
    lucky = a_side("lucky", WEAK + [3] * 200)
    strong = a_side("strong", [3] * 30)
    contest = [
        replace(a_contestant("lucky"), side=lucky, quality=0.95),
        replace(a_contestant("strong"), side=strong, quality=0.9),
    ]

    found = stand(contest)

    assert found.pairs[0].apart
    assert found.dominated == {}


def test_models_without_a_scored_trial_are_left_out() -> None:
    """Nothing is compared with nothing, and models that share no scenario are not told apart."""
    apart = replace(a_side("b", [3]), scenarios={})
    contest = [a_contestant("a"), a_contestant("n", []), replace(a_contestant("b"), side=apart)]

    found = stand(contest)

    assert [item.name for item in found.contestants] == ["a", "b"]
    assert (found.pairs[0].change, found.pairs[0].interval) == (None, None)
    assert found.groups == (("a", "b"),)
    assert stand([]).groups == ()


@pytest.mark.parametrize(
    ("asked", "answered", "another"),
    [
        pytest.param("openai/gpt-x", "gpt-x", False, id="the same without its provider"),
        pytest.param("plangate/noisy?rate=0.2", "noisy", False, id="the same without options"),
        pytest.param("openai/gpt-x", "gpt-x-2026-01-31", False, id="its snapshot"),
        pytest.param("anthropic/c-latest", "c-20260131", False, id="what the latest one is"),
        pytest.param("openai/gpt-x-0613", "gpt-x-0613", False, id="the snapshot that was asked"),
        pytest.param("openai/gpt-x-0613", "gpt-x-1106", True, id="another snapshot"),
        pytest.param("openai/gpt-x-0613", "gpt-x", True, id="no snapshot although one was asked"),
        pytest.param("openai/gpt-x", "gpt-x-mini", True, id="another"),
        pytest.param("openai/my-gpt-x", "gpt-x", True, id="another with the same ending"),
    ],
)
def test_a_fallback_to_another_model_is_detected(
    asked: str, answered: str, *, another: bool
) -> None:
    """A provider's short name or snapshot is the model; anything else is not."""
    assert bool(substitutes(asked, [answered])) is another


def test_a_runs_models_are_contestants(tmp_path: Path) -> None:
    """Rates, prices a trial, latencies and labels come from the run."""
    trials = [
        a_trial("s-a", "m/one", cost_micros=30),
        a_failed_trial("s-b", "m/one", cost_micros=50, answered_by="m/two"),
        a_trial("s-a", "m/two", cost_micros=None),
    ]
    models = [a_model("m/one", offline=False), a_model("m/two")]
    run = read_run(a_run(tmp_path, trials, models=models))

    one, two = contestants_of(run.summary.models, run.manifest)

    assert (one.name, one.quality, one.cost_micros, one.offline) == ("m/one", 0.5, 40, False)
    assert one.substitutes == ("m/two",)
    assert (two.cost_micros, two.offline, two.latency_p95_s) == (None, True, 0.25)
    assert set(one.side.scenarios) == {"s-a", "s-b"}


def test_a_live_target_has_no_substitute() -> None:
    """It is asked as a platform, whatever model stands behind it."""
    assert substitutes("target+http://127.0.0.1:8000", ["keyword"]) == ()
