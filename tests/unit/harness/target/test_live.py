"""A target that runs the same actions proposes in place of a model; any other is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from harness.prepared import PreparedScenario
from harness.replay import Contender, replay
from harness.settings import released_version
from harness.target.address import TargetError
from harness.target.live import Target, open_target
from harness.trial import TrialRecord, TrialStatus
from runtime.public import ChatRequest, JsonObject, JsonValue, ModelError, Patience, Sampling
from tests.servers.platform_stub import (
    DIGESTS,
    PlatformStub,
    a_listing,
    an_answer,
    in_turn,
    platform_stub,
    says,
)
from tests.worlds import a_job, prepared

ONCE = Patience(retries=0)


@pytest.fixture
def served() -> Iterator[PlatformStub]:
    """Serve an honest platform."""
    with platform_stub() as stub:
        yield stub


def opened(stub: PlatformStub, *scenarios: PreparedScenario, token: str | None = None) -> Target:
    """Open the target for the scenarios, by default one in the counter."""
    return open_target(stub.base, scenarios or [prepared()], token=token, patience=ONCE)


def tried(target: Target, scenario: PreparedScenario | None = None) -> TrialRecord:
    """Do one trial."""

    async def trial() -> TrialRecord:
        contender = Contender(
            reference=target.name,
            label=target.label,
            model=target,
            sampling=Sampling(),
            propose=target.propose,
        )
        try:
            return await replay(scenario or prepared(), contender, a_job(model=target.name))
        finally:
            await target.close()

    return asyncio.run(trial())


def test_a_right_proposal_is_scored_here(served: PlatformStub) -> None:
    """Its figures are the platform's own."""
    record = tried(opened(served))

    assert (record.status, record.passed, record.fault) == (TrialStatus.SCORED, True, "")
    assert (record.prompt_tokens, record.cost_micros, record.latency_s) == (5, 3, 0.5)
    assert record.answered_by == "m-1"
    assert served.asked[0]["seed"] == 11


def test_a_wrong_proposal_fails_here(served: PlatformStub) -> None:
    """The platform has no say in it."""
    step = {"action": "counter.set@1", "inputs": {"value": 4}}
    plan = {"kind": "plan", "plan": {"steps": [step]}}
    served.evaluated = says(an_answer(proposal=plan, passed=True))

    record = tried(opened(served))

    assert (record.status, record.passed) == (TrialStatus.SCORED, False)


def test_a_target_is_no_model_and_says_so(served: PlatformStub) -> None:
    """Reports show what was measured."""
    target = opened(served)

    assert target.name == f"target+{served.base}"
    assert target.label == f"live target {served.base}"
    assert (target.offline, target.native_tools) == (False, True)
    with pytest.raises(ModelError, match="proposes, it does not chat"):
        asyncio.run(target.complete(ChatRequest(messages=())))


def test_the_platforms_prompt_takes_the_place_of_the_one_here(served: PlatformStub) -> None:
    """Runs of a target compare by what it asks with."""
    served.listing = a_listing(prompt="1:other")

    conditions = opened(served).conditions

    assert conditions == {
        "sampling": "the target's own",
        "prices": "the target's own",
        "versions": f"plangate {released_version()}",
        "counter.prompt": "1:other",
        "counter.target plugin": DIGESTS["plugin"],
        "counter.target policy": DIGESTS["policy"],
    }


def test_other_actions_are_refused_with_both_digests(served: PlatformStub) -> None:
    """No trial is asked."""
    served.listing = a_listing(registry="sha256:0ther")

    with pytest.raises(TargetError) as caught:
        opened(served)

    assert "sha256:0ther" in str(caught.value)
    assert DIGESTS["registry"] in str(caught.value)
    assert served.asked == []


def test_a_missing_environment_is_refused(served: PlatformStub) -> None:
    """The message lists those that are there."""
    served.listing = a_listing("memory")

    with pytest.raises(TargetError, match=r"no environment 'counter'.* it has: memory"):
        opened(served)


def test_scenarios_with_fewer_actions_are_held_to_the_whole_registry(served: PlatformStub) -> None:
    """What they offer has a digest of its own, which only their answers show."""
    scenario = prepared(given={"actions": ["counter.set"]})
    digest = scenario.sandbox.registry.digest
    served.evaluated = in_turn(
        says(an_answer(comparability={**DIGESTS, "registry": digest, "prompt": "1:shorter"})),
        says(an_answer()),
    )
    target = opened(served, scenario)

    right, other = tried(target, scenario), tried(target, scenario)

    assert (right.status, right.fault) == (TrialStatus.SCORED, "")
    assert other.status is TrialStatus.INFRASTRUCTURE
    assert "the platform changed" in other.fault


@pytest.mark.parametrize("part", ["registry", "prompt", "plugin", "policy"])
def test_a_platform_that_changes_under_way_loses_its_trials(
    served: PlatformStub, part: str
) -> None:
    """Half a run of one prompt and half of another is no run."""
    served.evaluated = says(an_answer(comparability={**DIGESTS, part: "other"}))

    record = tried(opened(served))

    assert record.status is TrialStatus.INFRASTRUCTURE
    assert "the platform changed" in record.fault
    assert "start a new run" in record.fault


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_names_the_variable(served: PlatformStub, status: int) -> None:
    """It is found before the first trial."""
    served.listed = says({"code": "token_refused", "detail": "no"}, status=status)

    with pytest.raises(TargetError, match="set PLANGATE_EVAL_TOKEN here"):
        opened(served, token="another-token")  # noqa: S106  # the example itself


def test_a_token_is_sent_and_an_empty_one_is_none(served: PlatformStub) -> None:
    """A blank variable is an unset one."""
    opened(served, token="some-token")  # noqa: S106  # as above
    opened(served, token="")

    assert served.headers[0]["Authorization"] == "Bearer some-token"
    assert "Authorization" not in served.headers[1]


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(b"<html>Welcome</html>", id="a page"),
        pytest.param({"items": "many"}, id="another shape"),
    ],
)
def test_what_is_no_platform_is_refused(served: PlatformStub, document: JsonValue) -> None:
    """Any server may answer 200."""
    served.listed = says(document)

    with pytest.raises(TargetError, match="no platform of this version"):
        opened(served)


def test_nobody_there_is_refused_without_a_hint_at_tokens(unused_tcp_port: int) -> None:
    """It is another fault."""
    with pytest.raises(TargetError, match="connection") as caught:
        open_target(f"http://127.0.0.1:{unused_tcp_port}", [prepared()], token=None, patience=ONCE)

    assert "PLANGATE_EVAL_TOKEN" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        pytest.param(b" " * 5_000_000, "more than 4000000 bytes", id="huge"),
        pytest.param(an_answer(calls="many"), "no proposal: calls", id="a wrong type"),
        pytest.param({"plan": []}, "no proposal: proposal", id="another shape"),
        pytest.param(b"\x00\xff", "no proposal", id="noise"),
        pytest.param([an_answer()], "no proposal", id="a list of answers"),
    ],
)
def test_a_hostile_answer_loses_its_trial(
    served: PlatformStub, answer: JsonObject | bytes, fault: str
) -> None:
    """It is a fault of the target, told in words, and no failure of a model."""
    served.evaluated = says(answer)

    record = tried(opened(served))

    assert (record.status, record.passed) == (TrialStatus.INFRASTRUCTURE, None)
    assert fault in record.fault
    assert len(record.fault) < 700


def test_waits_count_as_retries(served: PlatformStub) -> None:
    """They are added to those of the platform itself."""
    busy = says({}, status=429, Retry_After="0")
    served.evaluated = in_turn(busy, busy, says(an_answer(retries=1)))
    target = open_target(served.base, [prepared()], token=None, patience=Patience(retries=2))

    assert tried(target).retries == 3
