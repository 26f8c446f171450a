"""Hold the OPA evaluator: whatever a server does but answer by exactly our rules, denies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from runtime.adapters.embedded.ports import free_port
from runtime.adapters.opa.evaluator import OpaEvaluator
from runtime.domain.action import Permission, Risk
from runtime.domain.policy_input import PolicyProject, policy_input
from runtime.domain.policy_unit import PolicyModule, PolicyUnit, unit_of
from runtime.kit.clock import FixedClock
from runtime.kit.json_value import JsonObject
from runtime.ports.policy import PolicyFault, PolicyFaultError
from tests.builders import NOW, a_plan, a_principal, an_action
from tests.servers.lying_opa import ALLOWED, HONEST, LIES, LyingOpa, lying_opa

PATIENCE_S = 20.0
SHORT_S = 0.25
"""For servers that stay silent: nothing else is decided by it."""
TOKEN = "tok-secret"  # noqa: S105  # of a server that lives as long as a test
MAX_AGE = timedelta(minutes=10)
MODULES = (PolicyModule(path="plangate/decision.rego", text="package plangate\n"),)

CLASSES: dict[str, JsonObject] = {
    "low": {"risk": Risk.LOW},
    "medium": {"risk": Risk.MEDIUM},
    "high": {"risk": Risk.HIGH},
    "confirmed": {"risk": Risk.LOW, "confirmation": True},
    "approved": {"risk": Risk.HIGH, "approvals": 2},
    "restricted": {"risk": Risk.LOW, "roles": ("treasurer",)},
}


def a_unit(*, number: int = 7) -> PolicyUnit:
    """Return a unit that has been activated some times."""
    return unit_of(MODULES, organization_id="org_1", key="prj_1", number=number)


def an_input(kind: str = "low") -> JsonObject:
    """Return the question about one step of a class of actions."""
    asked = policy_input(
        a_plan(),
        0,
        action=an_action(permission=Permission(**CLASSES[kind])),
        principal=a_principal(),
        project=PolicyProject(id="prj_1", environment="production"),
        now=NOW,
    )
    return asked.model_dump(mode="json")


@asynccontextmanager
async def asked(
    unit: PolicyUnit, *, token: str | None = None, timeout_s: float = PATIENCE_S
) -> AsyncIterator[tuple[LyingOpa, OpaEvaluator, FixedClock]]:
    """Serve lies about a unit, and open an evaluator that asks there."""
    clock = FixedClock(NOW)
    async with lying_opa(unit, clock=clock) as opa:
        evaluator = OpaEvaluator(
            opa.url, clock=clock, token=token, timeout_s=timeout_s, max_age=MAX_AGE
        )
        try:
            yield opa, evaluator, clock
        finally:
            await evaluator.close()


async def fault_of(evaluator: OpaEvaluator, unit: PolicyUnit, *inputs: JsonObject) -> PolicyFault:
    """Return the fault that a question ends with."""
    with pytest.raises(PolicyFaultError) as caught:
        await evaluator.decide(unit, inputs or [an_input()])
    return caught.value.fault


def patience(lie: str) -> float:
    """Return how long to wait for a server: long, unless it is one that never answers."""
    return SHORT_S if LIES[lie].fault is PolicyFault.SLOW else PATIENCE_S


LYING = [name for name in LIES if name != HONEST]


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("lie", LYING)
async def test_each_lie_denies_each_class_of_actions(lie: str, kind: str) -> None:
    """No answer but the true one allows anything, and each fault is called by its name."""
    # arrange
    unit, told = a_unit(), LIES[lie]
    async with asked(unit, timeout_s=patience(lie)) as (opa, evaluator, _):
        opa.lie = lie

        # act
        faults: list[object] = []
        try:
            faults += await evaluator.decide(unit, [an_input(kind), an_input(kind)])
        except PolicyFaultError as error:
            faults.append(error)

    # assert
    assert [error.fault for error in faults if isinstance(error, PolicyFaultError)] == (
        [told.fault] * (2 if told.each else 1)
    )
    assert len(faults) == (2 if told.each else 1)


def test_lies_are_of_every_fault() -> None:
    """Each code that policy has is told by some server, twelve ways at least."""
    faults = {lie.fault for lie in LIES.values()} - {None}

    assert faults == set(PolicyFault)
    assert len(LYING) >= 12


@pytest.mark.parametrize("kind", CLASSES)
async def test_the_truth_is_answered_as_it_came(kind: str) -> None:
    """What an honest server says arrives, once an input, in one request."""
    async with asked(a_unit()) as (opa, evaluator, _):
        answers = await evaluator.decide(a_unit(), [an_input(kind), an_input()])

    assert answers == [ALLOWED, ALLOWED]
    assert opa.questions == [{"input": {"steps": [an_input(kind), an_input()]}}]
    assert opa.heads[0].startswith(
        "POST /v1/data/scopes/org_1/prj_1/batch/answer?strict-builtin-errors=true HTTP/1.1\r\n"
    )


async def test_nothing_asked_is_nothing_sent() -> None:
    """A plan without steps costs no request."""
    async with asked(a_unit()) as (opa, evaluator, _):
        assert await evaluator.decide(a_unit(), []) == []

    assert opa.questions == []


async def test_nobody_at_the_address_is_down() -> None:
    """A port that nobody listens on denies at once."""
    evaluator = OpaEvaluator(f"http://127.0.0.1:{free_port()}", clock=FixedClock(NOW))

    assert await fault_of(evaluator, a_unit()) is PolicyFault.DOWN
    await evaluator.close()


async def test_closed_is_down() -> None:
    """Whoever asks while the server ends is denied."""
    async with asked(a_unit()) as (_, evaluator, _clock):
        await evaluator.close()

        assert await fault_of(evaluator, a_unit()) is PolicyFault.DOWN


async def test_a_connection_that_breaks_is_tried_once_more() -> None:
    """OPA may be restarted between two questions."""
    async with asked(a_unit()) as (opa, evaluator, _):
        opa.breaks = 1
        answers = await evaluator.decide(a_unit(), [an_input()])
        opa.breaks = 2
        fault = await fault_of(evaluator, a_unit())

    assert answers == [ALLOWED]
    assert fault is PolicyFault.DOWN


async def test_waiting_ends_with_the_time_of_the_whole_question() -> None:
    """A server that is silent holds no connection for longer than it may."""
    async with asked(a_unit(), timeout_s=SHORT_S) as (opa, evaluator, _):
        opa.lie = "is silent"
        fault = await fault_of(evaluator, a_unit())
        async with asyncio.timeout(5):
            await opa.hung_up.wait()

    assert fault is PolicyFault.SLOW


async def test_one_number_is_never_followed_by_a_lower_one() -> None:
    """Rules that were replaced don't come back, even for a caller that still knows them."""
    old, new = a_unit(number=7), a_unit(number=8)
    async with asked(new) as (opa, evaluator, _):
        await evaluator.decide(new, [an_input()])
        opa.unit = old

        assert await fault_of(evaluator, old) is PolicyFault.ROLLED_BACK


async def test_a_late_answer_by_an_old_number_does_not_bring_it_back() -> None:
    """It was asked before the new rules were answered by: it counts, and changes nothing."""
    old, new, gate = a_unit(number=7), a_unit(number=8), asyncio.Event()
    async with asked(old) as (opa, evaluator, _), asyncio.TaskGroup() as group:
        opa.gate = gate
        late = group.create_task(evaluator.decide(old, [an_input()]))
        await opa.held.wait()
        opa.unit = new
        await evaluator.decide(new, [an_input()])
        gate.set()
        answers = await late
        opa.unit = old
        fault = await fault_of(evaluator, old)

    assert answers == [ALLOWED]
    assert fault is PolicyFault.ROLLED_BACK


async def test_numbers_are_of_one_unit_each() -> None:
    """A high number of one project says nothing of another, nor of another organization."""
    high = a_unit(number=99)
    low = unit_of(MODULES, organization_id="org_2", key="prj_1", number=1)
    async with asked(high) as (opa, evaluator, _):
        await evaluator.decide(high, [an_input()])
        opa.unit = low

        assert await evaluator.decide(low, [an_input()]) == [ALLOWED]


async def test_a_lie_about_a_number_is_not_remembered() -> None:
    """A server that once claimed a high number does not lock its rules out for ever."""
    async with asked(a_unit()) as (opa, evaluator, _):
        opa.lie = "newer number"
        await fault_of(evaluator, a_unit())
        opa.lie = HONEST

        assert await evaluator.decide(a_unit(), [an_input()]) == [ALLOWED]


@pytest.mark.parametrize(
    ("age", "fault"),
    [
        pytest.param(MAX_AGE, None, id="as old as it may be"),
        pytest.param(MAX_AGE + timedelta(seconds=1), PolicyFault.STALE, id="a second older"),
        pytest.param(timedelta(seconds=-60), None, id="of a clock that is ahead"),
        pytest.param(timedelta(seconds=-61), PolicyFault.STALE, id="of the future"),
    ],
)
async def test_a_bundle_counts_until_its_age(age: timedelta, fault: PolicyFault | None) -> None:
    """By our clock, not by the server's."""
    async with asked(a_unit()) as (opa, evaluator, clock):
        opa.clock = FixedClock(clock.now() - age)
        try:
            await evaluator.decide(a_unit(), [an_input()])
            seen = None
        except PolicyFaultError as error:
            seen = error.fault

    assert seen is fault


async def test_a_unit_that_no_bundle_can_hold_is_not_asked_for() -> None:
    """A key never becomes a path that leads elsewhere."""
    unit = unit_of(MODULES, organization_id="org_1", key="../../org_2/base", number=7)
    async with asked(a_unit()) as (opa, evaluator, _):
        assert await fault_of(evaluator, unit) is PolicyFault.NOT_LOADED

    assert opa.questions == []


async def test_an_input_that_is_no_plain_json_fails() -> None:
    """What two readers could read differently is not sent."""
    async with asked(a_unit()) as (opa, evaluator, _):
        assert await fault_of(evaluator, a_unit(), {"n": 2**60}) is PolicyFault.FAILED

    assert opa.questions == []


async def test_the_token_is_sent_and_told_to_nobody_else() -> None:
    """A server that asks who we are is told; what we say of its faults holds no token."""
    async with asked(a_unit(), token=TOKEN) as (opa, evaluator, _):
        await evaluator.decide(a_unit(), [an_input()])
        opa.lie = "refuses our token"
        with pytest.raises(PolicyFaultError) as caught:
            await evaluator.decide(a_unit(), [an_input()])

    assert f"Authorization: Bearer {TOKEN}\r\n" in opa.heads[0]
    assert TOKEN not in f"{caught.value} {caught.value.__cause__} {vars(evaluator)}"


async def test_ready_is_a_young_bundle_at_a_server_that_is_there() -> None:
    """One of our bundles, young enough, makes the service ready."""
    async with asked(a_unit()) as (opa, evaluator, _):
        await evaluator.ready()
        opa.bundles = {"foreign": {"manifest": {"revision": "x"}}, **opa.listed()}
        await evaluator.ready()

    assert opa.heads[0].startswith("GET /v1/data/system/bundles HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("bundles", "fault"),
    [
        pytest.param({}, PolicyFault.NOT_LOADED, id="none"),
        pytest.param([], PolicyFault.MALFORMED, id="no list"),
        pytest.param({"a": 1, "b": {"manifest": {}}}, PolicyFault.NOT_LOADED, id="none of ours"),
        pytest.param(
            {"a": {"manifest": {"metadata": {"plangate": {"built_at": "2026-01-01T00:00:00Z"}}}}},
            PolicyFault.STALE,
            id="old",
        ),
    ],
)
async def test_not_ready_by_what_is_loaded(bundles: object, fault: PolicyFault) -> None:
    """A server without our rules, or with old ones, is not ready."""
    async with asked(a_unit()) as (opa, evaluator, _):
        opa.bundles = bundles
        with pytest.raises(PolicyFaultError) as caught:
            await evaluator.ready()

    assert caught.value.fault is fault


@pytest.mark.parametrize(
    "lie",
    ["hangs up", "is silent", "error 500", "html", "html as json", "not http", "sends elsewhere"],
)
async def test_not_ready_by_a_server_that_lies(lie: str) -> None:
    """What denies questions makes the service unready, by the same code."""
    async with asked(a_unit(), timeout_s=patience(lie)) as (opa, evaluator, _):
        opa.lie = lie
        with pytest.raises(PolicyFaultError) as caught:
            await evaluator.ready()

    assert caught.value.fault is LIES[lie].fault


async def test_not_ready_if_nothing_is_known() -> None:
    """A server without any bundle answers without a result."""
    async with asked(a_unit()) as (opa, evaluator, _):
        opa.lie = "nothing known"
        with pytest.raises(PolicyFaultError) as caught:
            await evaluator.ready()

    assert caught.value.fault is PolicyFault.NOT_LOADED
