"""Replay scenarios against the platform that production serves, over its real REST API."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from harness.bootstrap import SamplingWishes, close_all, open_contenders
from harness.evaluation import evaluate
from harness.matrix import jobs
from harness.opening import RunRequest
from harness.prepared import PreparedScenario
from harness.replay import Contender
from harness.reporting.terminal import silent_progress
from harness.results import read_records
from harness.run import Contest, do_trials
from harness.target.address import TargetError
from harness.target.live import Target, open_target
from harness.trial import TrialRecord, TrialStatus
from runtime.public import JsonObject, Patience, Sampling, Sandbox, SystemClock
from tests.harness.provider import HELD, Provider, provider
from tests.servers.platform import Platform, platform
from tests.worlds import prepared, shipped

pytestmark = pytest.mark.timeout(180)  # the keyword model answers through LiteLLM, which is slow

KEYWORD: Final = "plangate/keyword"
TOKEN: Final = "a-token-of-enough-characters"  # noqa: S105  # the example itself
THREE: Final = '[{"name": "counter_set", "arguments": {"value": 3}}]'
ONCE: Final = Patience(retries=0)
TRIALS: Final = 5


@pytest.fixture(scope="module")
def keyword_platform() -> Iterator[Platform]:
    """Serve a platform that asks the keyword model."""
    with platform(model=KEYWORD) as running:
        yield running


@pytest.fixture(scope="module")
def guarded() -> Iterator[Platform]:
    """Serve a platform with a token and without a model."""
    with platform(token=TOKEN) as running:
        yield running


def entered(target: Target) -> Contender:
    """Enter a target into a run."""
    return Contender(
        reference=target.name,
        label=target.label,
        model=target,
        sampling=Sampling(),
        conditions=target.conditions,
        propose=target.propose,
    )


def tried(
    scenarios: Sequence[PreparedScenario], contenders: Mapping[str, Contender]
) -> dict[str, list[TrialRecord]]:
    """Do one trial of each scenario by each contender."""
    records: dict[str, list[TrialRecord]] = {name: [] for name in contenders}
    known = {item.scenario.id: item for item in scenarios}

    async def trials() -> None:
        contest = Contest(scenarios=known, contenders=contenders, concurrency=8)
        every = jobs(list(known), list(contenders), trials=1, seed=3)
        await do_trials(contest, every, lambda item: records[item.key.model].append(item))
        await close_all([item.model for item in contenders.values()])

    asyncio.run(trials())
    return {
        name: sorted(done, key=lambda item: item.key.scenario) for name, done in records.items()
    }


def verdict(record: TrialRecord) -> JsonObject:
    """Return all of a record but who answered, and how fast."""
    document = record.document()
    scores = {name: score for name, score in document["scores"].items() if name != "latency"}
    return {**document, "scores": scores, "key": record.key.scenario, "latency_s": 0}


def test_a_target_gets_the_verdicts_of_the_model_that_it_asks(keyword_platform: Platform) -> None:
    """What is shipped crosses the wire and back without a difference; a share of it is asked."""
    every = shipped()
    scenarios = [
        item for at, item in enumerate(every) if at % 9 == 0 or item.scenario.when.attachments
    ]
    local = open_contenders([KEYWORD], scenarios, environ={}, wishes=SamplingWishes())
    target = open_target(keyword_platform.url, scenarios, token=None)

    done = tried(scenarios, {**local, target.name: entered(target)})

    here, there = done[KEYWORD], done[target.name]
    assert [verdict(item) for item in there] == [verdict(item) for item in here]
    assert {item.environment for item in there} == {item.scenario.environment for item in every}
    assert {item.kind for item in there} == {"plan", "clarification", "decline"}
    assert {item.passed for item in there} == {True, False}


@pytest.mark.parametrize("token", [None, "another-token-of-enough-length"])
def test_a_wrong_token_is_refused_before_any_trial(guarded: Platform, token: str | None) -> None:
    """The message names the variable to set."""
    with pytest.raises(TargetError, match=r"HTTP 401: token_refused: .*set PLANGATE_EVAL_TOKEN"):
        open_target(guarded.url, [prepared()], token=token, patience=ONCE)


def test_the_platforms_token_opens(guarded: Platform) -> None:
    """A platform without a model then loses the trials, and says what it lacks."""
    target = open_target(guarded.url, [prepared()], token=TOKEN, patience=ONCE)

    record = tried([prepared()], {target.name: entered(target)})[target.name][0]

    assert record.status is TrialStatus.INFRASTRUCTURE
    assert "HTTP 503: model_missing" in record.fault
    assert "PLANGATE_MODEL" in record.fault


def test_a_platform_with_other_actions_is_refused(guarded: Platform) -> None:
    """Both digests are told, and nothing is replayed."""
    scenario = prepared()
    sandbox = scenario.sandbox
    plugin = replace(sandbox.plugin, actions=sandbox.plugin.actions[:2])
    other = replace(scenario, sandbox=Sandbox.of(plugin, sandbox.environment))

    with pytest.raises(TargetError, match="runs other actions in environment 'counter'") as caught:
        open_target(guarded.url, [other], token=TOKEN, patience=ONCE)

    assert sandbox.registry.digest in str(caught.value)
    assert other.sandbox.registry.digest in str(caught.value)


def test_a_platform_that_dies_loses_trials_which_resuming_does_anew(tmp_path: Path) -> None:
    """What was finished stays, and is not asked for again."""
    with provider() as asked:
        asked.hold_after = 2
        model = f"openai/{HELD}?transport=http&api_base={asked.base}"
        with platform(model=model) as running:
            killer = threading.Thread(target=_kill_when_held, args=(asked, running))
            killer.start()
            before = _evaluated(tmp_path, running.url)
            killer.join()
        asked.hold_after = None
        with platform(model=model, port=running.port) as again:
            after = _evaluated(tmp_path, again.url)

    lost = [item for item in before if item.status is TrialStatus.INFRASTRUCTURE]
    assert [item.passed for item in before] == [True, True, None, None, None]
    assert all(": connection: " in item.fault for item in lost)
    assert [item.passed for item in after] == [True] * TRIALS
    assert asked.served[HELD] == TRIALS + 1


def _kill_when_held(asked: Provider, running: Platform) -> None:
    asked.holding.wait(60)
    running.child.kill()


def _evaluated(folder: Path, url: str) -> list[TrialRecord]:
    """Do what is left of a run, one trial after the other, and return all of its trials."""
    scenario = prepared(when={"message": THREE})
    target = open_target(url, [scenario], token=None, patience=ONCE)
    request = RunRequest(
        run="run_1",
        folder=folder / "run",
        paths=("scenarios",),
        tags=(),
        suite_digest="d",
        trials=TRIALS,
        seed=0,
        concurrency=1,
        created="2026-01-05T12:00:00+00:00",
    )
    evaluate(
        request,
        [scenario],
        {target.name: entered(target)},
        gate=None,
        progress=silent_progress(),
        clock=SystemClock(),
    )
    return list(read_records(folder / "run"))
