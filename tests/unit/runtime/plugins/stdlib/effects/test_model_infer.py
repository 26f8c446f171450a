"""Tests of `model.infer` through LiteLLM to a real server of this machine."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from runtime.bootstrap.chat_models import open_chat_model
from runtime.kit.clock import FixedClock
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.effects.model_infer import MODEL_INFER, MOST_ANSWER_LETTERS
from runtime.ports.chat_model import ChatModel
from runtime.ports.effect import EffectResult, EffectTools
from runtime.ports.effect_failure import PermanentError, RetryableError
from tests.effects import TableSecrets, a_call
from tests.egress import NOW, an_egress
from tests.servers.openai_stub import OpenAiStub, openai_stub

PAYLOAD: JsonObject = {
    "model": "writer",
    "instructions": "Summarise.",
    "prompt": {"input": "/text"},
    "write_back": {"id": {"input": "/id"}, "summary": {"answer": "/text"}},
}


class Tried:
    """Call the effect with a model behind the name `writer`."""

    def __init__(self, stub: OpenAiStub, tools: EffectTools) -> None:
        """Hold both sides."""
        self.stub = stub
        self.tools = tools

    async def call(
        self, inputs: Mapping[str, object] | None = None, **payload: object
    ) -> EffectResult:
        """Run the handler."""
        given = dict(inputs or {"id": "t-1", "text": "It rained."})
        return await MODEL_INFER.handler(a_call({**PAYLOAD, **payload}, inputs=given), self.tools)


@asynccontextmanager
async def a_trial(behaviour: str = "text") -> AsyncIterator[Tried]:
    """Run a server of models, and open one of them as an operator does."""
    async with openai_stub() as stub, an_egress() as egress:
        model: ChatModel = open_chat_model(
            f"openai/{behaviour}?api_base={stub.base}&price_in=1&price_out=2",
            environ={},
            offline_providers={},
        )
        tools = EffectTools(
            clock=FixedClock(NOW), egress=egress, secrets=TableSecrets(), models={"writer": model}
        )
        try:
            yield Tried(stub, tools)
        finally:
            await model.close()


async def test_a_model_answers_and_its_answer_is_data() -> None:
    """The model gets the declared words and the inputs; its text goes into the writing action."""
    async with a_trial() as trial:
        result = await trial.call()

    (asked,) = trial.stub.requests
    assert asked["messages"] == [
        {"role": "system", "content": "Summarise."},
        {"role": "user", "content": "It rained."},
    ]
    assert "tools" not in asked
    assert result.write_back == {"id": "t-1", "summary": "You said: It rained."}
    assert result.document == {
        "text": "You said: It rained.",
        "cut": False,
        "model": "writer",
        "answered_by": "text-2026",
        "finish_reason": "stop",
        "refused": False,
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "cost_micros": 140,
    }


async def test_without_instructions_there_is_only_the_prompt() -> None:
    """An empty system message is not sent."""
    async with a_trial() as trial:
        await trial.call(instructions="")

    assert [message["role"] for message in trial.stub.requests[0]["messages"]] == ["user"]


async def test_a_long_answer_is_cut() -> None:
    """What is kept fits into a record."""
    async with a_trial() as trial:
        result = await trial.call({"id": "t", "text": "x" * 20_000})

    assert len(result.document["text"]) == MOST_ANSWER_LETTERS
    assert result.document["cut"]


@pytest.mark.parametrize(
    ("behaviour", "kind", "reason"),
    [
        ("limited-once", RetryableError, "rate_limited"),
        ("leak-key", PermanentError, "unauthorized"),
    ],
)
async def test_no_answer_is_final_or_not_as_its_fault_says(
    behaviour: str, kind: type[Exception], reason: str
) -> None:
    """A busy provider is asked again when it said; one that knows no such caller is not."""
    async with a_trial(behaviour) as trial:
        with pytest.raises(kind, match=reason) as raised:
            await trial.call()

    assert getattr(raised.value, "after_s", 7.0) == 7.0


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param({"model": "reader"}, id="not the operator's"),
        pytest.param({"model": "openai/gpt?api_base=http://127.0.0.1/"}, id="an address"),
        pytest.param({"max_tokens": 1_000_000}, id="too much"),
        pytest.param({"prompt": {"input": "/id/x"}}, id="no prompt"),
        pytest.param({"prompt": "x" * 32_001}, id="a long prompt"),
        pytest.param({"tools": []}, id="tools"),
    ],
)
async def test_only_what_the_operator_allows_is_asked(payload: JsonObject) -> None:
    """No payload and no input chooses where a prompt goes, or what it may cost."""
    async with a_trial() as trial:
        with pytest.raises((PermanentError, RetryableError)):
            await trial.call(**payload)

    assert trial.stub.requests == []
