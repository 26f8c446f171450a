"""Offline models take the real way through LiteLLM, side by side and for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from runtime.bootstrap.chat_models import open_chat_model
from runtime.kit.json_value import JsonObject
from runtime.ports.chat_model import (
    ChatModel,
    ChatRequest,
    Completion,
    ModelError,
    ModelFault,
    TokenUsage,
    ToolCall,
    ToolSet,
)
from tests.servers.openai_stub import openai_stub

TOOL: JsonObject = {"type": "function", "function": {"name": "f", "parameters": {}}}
ANSWER = Completion(
    text="done",
    tool_calls=(ToolCall(id="c1", name="f", arguments='{"a": 1}'),),
    finish_reason="tool_calls",
    usage=TokenUsage(prompt=11, completion=5, cached=2),
    cost_micros=0,
    model="plangate/oracle",
    refusal="not quite",
)


class Scripted:
    """Remember the requests and answer each with the same completion, or fail."""

    def __init__(self, answer: Completion | Exception = ANSWER, *, delay_s: float = 0.0) -> None:
        self.asked: list[tuple[str, ChatRequest, dict[str, str]]] = []
        self._answer = answer
        self._delay_s = delay_s

    async def answer(
        self, model: str, request: ChatRequest, options: Mapping[str, str]
    ) -> Completion:
        """Do as the script says."""
        self.asked.append((model, request, dict(options)))
        await asyncio.sleep(self._delay_s)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


class Echo:
    """Answer with the trial that the labels name."""

    async def answer(
        self, model: str, request: ChatRequest, options: Mapping[str, str]
    ) -> Completion:
        """Name the model, its options and the trial."""
        await asyncio.sleep(0)
        return Completion(
            text=f"{model} {options.get('seed')} {request.labels['trial']}",
            tool_calls=(),
            finish_reason="stop",
            usage=TokenUsage(),
            cost_micros=0,
            model=f"plangate/{model}",
        )


def an_offline_model(provider: Scripted | Echo, options: str = "") -> ChatModel:
    """Open an offline model that the provider answers for."""
    return open_chat_model(
        f"plangate/oracle{options}", environ={}, offline_providers={"oracle": provider}
    )


def a_request(*, trial: str = "1", timeout_s: float = 20.0) -> ChatRequest:
    """Build a request of one trial."""
    return ChatRequest(
        messages=({"role": "user", "content": "hi"},),
        tools=ToolSet((TOOL,)),
        seed=3,
        timeout_s=timeout_s,
        labels={"trial": trial},
    )


async def test_offline_request_and_answer_survive_litellm() -> None:
    """Everything asked reaches the provider, everything answered comes back."""
    provider = Scripted()
    model = an_offline_model(provider, "?rate=0.2")

    completion = await model.complete(a_request())

    assert completion == ANSWER
    assert provider.asked == [("oracle", a_request(), {"rate": "0.2"})]
    assert model.offline
    assert model.native_tools
    await model.close()


async def test_models_open_at_once_do_not_mix() -> None:
    """Options and labels stay with their own model and request under concurrency."""
    models = [an_offline_model(Echo(), f"?seed={seed}") for seed in range(3)]

    async with asyncio.TaskGroup() as group:
        tasks = {
            f"oracle {seed} {trial}": group.create_task(model.complete(a_request(trial=str(trial))))
            for seed, model in enumerate(models)
            for trial in range(5)
        }

    assert [task.result().text for task in tasks.values()] == list(tasks)
    for model in models:
        await model.close()


async def test_offline_errors_pass_unchanged() -> None:
    """What the provider raises is what the caller sees, not LiteLLM's reading of it."""
    missing = ModelError(ModelFault.UNAVAILABLE, model="tape", detail="nothing recorded")
    model = an_offline_model(Scripted(missing))

    with pytest.raises(ModelError) as caught:
        await model.complete(a_request())

    assert caught.value is missing
    await model.close()


async def test_offline_crash_is_a_server_fault() -> None:
    """A bug in a provider becomes an error that says so."""
    model = an_offline_model(Scripted(ZeroDivisionError("oops")))

    with pytest.raises(ModelError, match="oops") as caught:
        await model.complete(a_request())

    assert caught.value.fault is ModelFault.SERVER
    await model.close()


async def test_slow_offline_model_times_out() -> None:
    """The request's limit holds inside the process too."""
    await an_offline_model(Scripted()).complete(a_request())  # LiteLLM's first call takes a second
    model = an_offline_model(Scripted(delay_s=60))

    with pytest.raises(ModelError, match=r"no answer within 0\.5 s") as caught:
        await model.complete(a_request(timeout_s=0.5))

    assert caught.value.fault is ModelFault.TIMEOUT
    await model.close()


async def test_known_model_is_priced_by_litellm() -> None:
    """Without prices of its own a reference costs what LiteLLM's table says."""
    async with openai_stub() as stub:
        model = open_chat_model(
            f"openai/gpt-4o-mini?api_base={stub.base}", environ={}, offline_providers={}
        )
        completion = await model.complete(a_request())
        await model.close()

    assert completion.cost_micros is not None
    assert completion.cost_micros > 0
    assert model.native_tools


async def test_failure_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """Terminal reports are ours: LiteLLM's advice stays out of them."""
    model = an_offline_model(Scripted(ZeroDivisionError("oops")))

    with pytest.raises(ModelError):
        await model.complete(a_request())
    await model.close()

    assert capfd.readouterr() == ("", "")
