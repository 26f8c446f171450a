"""The platform's own model is asked; its faults are problems; what is kept stays bounded."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from typing_extensions import override

from runtime.entrypoints.rest.evaluator import (
    KEPT_PRINCIPALS,
    KEPT_SANDBOXES,
    Asking,
    Evaluator,
)
from runtime.entrypoints.rest.problems import ProblemError
from runtime.ports.chat_model import ChatRequest, Completion, ModelError, ModelFault
from tests.builders import a_principal
from tests.unit.runtime.entrypoints.rest.platform import Scripted, an_app, ask, said


def an_evaluator() -> Evaluator:
    """Build one that asks nobody."""
    return Evaluator(Asking(model=None, monotonic_s=lambda: 0.0), environments=("counter",))


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (ModelFault.RATE_LIMITED, 429, "model_rate_limited"),
        (ModelFault.TIMEOUT, 504, "model_too_slow"),
        (ModelFault.CONNECTION, 502, "model_failed"),
        (ModelFault.SERVER, 502, "model_failed"),
        (ModelFault.MALFORMED, 502, "model_failed"),
        (ModelFault.UNAUTHORIZED, 503, "model_unavailable"),
        (ModelFault.BAD_REQUEST, 422, "model_refused_request"),
        (ModelFault.UNAVAILABLE, 503, "model_unavailable"),
    ],
)
async def test_a_fault_of_the_model_is_a_problem(fault: ModelFault, status: int, code: str) -> None:
    """The caller learns whether asking again helps, and not where the model is."""

    def fail(_: ChatRequest) -> Completion:
        raise ModelError(fault, model="openai/inner?api_base=x", detail="it", retry_after_s=7.4)

    answered = await ask(an_app(Scripted(fail)), document=said())

    assert (answered.status, answered.code) == (status, code)
    assert answered.headers["retry-after"] == "7"
    assert answered.json["detail"] == f"the platform's model: {fault.value}: it"


async def test_a_fault_without_a_hint_promises_no_time() -> None:
    """No Retry-After is better than a wrong one."""

    def fail(_: ChatRequest) -> Completion:
        raise ModelError(ModelFault.SERVER, model="m", detail="it")

    answered = await ask(an_app(Scripted(fail)), document=said())

    assert "retry-after" not in answered.headers


async def test_a_platform_without_a_model_says_what_to_set() -> None:
    """It answers what needs none."""
    answered = await ask(an_app(None), document=said())

    assert (answered.status, answered.code) == (503, "model_missing")
    assert "PLANGATE_MODEL" in answered.json["detail"]


async def test_a_model_that_never_answers_is_given_up() -> None:
    """No request lives longer than the platform says."""

    class Silent(Scripted):
        @override
        async def complete(self, request: ChatRequest) -> Completion:
            await asyncio.Event().wait()
            raise AssertionError

    answered = await ask(an_app(Silent(), longest_s=0.01), document=said())

    assert (answered.status, answered.code) == (504, "model_too_slow")


def test_a_sandbox_is_built_once_for_the_same_actions_in_any_order() -> None:
    """Naming an action twice changes nothing either."""
    evaluator = an_evaluator()
    whole, who = evaluator.whole("counter"), a_principal()

    one = evaluator.sandbox(whole, only=("counter.set", "counter.reset"), principal=who)
    other = evaluator.sandbox(
        whole, only=("counter.reset", "counter.set", "counter.set"), principal=who
    )

    assert one is other
    assert set(one.registry.actions) == {"counter.set@1", "counter.reset@1"}


def test_only_so_many_principals_are_remembered() -> None:
    """Who makes up names does not fill the memory; who is known stays."""
    evaluator = an_evaluator()
    whole, known = evaluator.whole("counter"), a_principal(id="0")
    first = evaluator.sandbox(whole, only=(), principal=known)
    for number in range(1, KEPT_PRINCIPALS):
        evaluator.sandbox(whole, only=(), principal=a_principal(id=str(number)))

    again = evaluator.sandbox(whole, only=(), principal=known)
    other = evaluator.sandbox(whole, only=(), principal=a_principal(id="one more"))

    assert again is first
    assert other is not first


def test_only_so_many_sandboxes_are_kept() -> None:
    """The one that was not asked for the longest goes first."""
    evaluator = an_evaluator()
    whole, who = evaluator.whole("counter"), a_principal()
    first = evaluator.sandbox(whole, only=(), principal=who)
    for number in range(KEPT_SANDBOXES):
        plugin = replace(whole.environment, id=f"e{number}")
        evaluator.sandbox(type(whole).of(whole.plugin, plugin), only=(), principal=who)

    assert evaluator.sandbox(whole, only=(), principal=who) is not first


def test_an_unknown_action_is_refused() -> None:
    """The message names it."""
    evaluator = an_evaluator()

    with pytest.raises(ProblemError, match=r"no action 'counter\.blow_up'") as caught:
        evaluator.sandbox(
            evaluator.whole("counter"), only=("counter.blow_up",), principal=a_principal()
        )

    assert caught.value.status_code == 422
