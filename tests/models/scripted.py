"""A chat model that answers from a list: the hand-written double at the `ChatModel` port."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from runtime.kit.canonical_json import canonical_text
from runtime.kit.json_value import JsonValue
from runtime.ports.chat_model import ChatRequest, Completion, ModelError, TokenUsage, ToolCall

Answer = Completion | ModelError


@dataclass
class ScriptedModel:
    """Answer each request with the next answer, raise it if it is an error; keep the requests."""

    answers: deque[Answer]
    native_tools: bool = True
    name: str = "test/scripted"
    offline: bool = True
    requests: list[ChatRequest] = field(default_factory=list)
    closed: bool = False

    @classmethod
    def of(cls, *answers: Answer, native_tools: bool = True) -> ScriptedModel:
        """Script the answers; asking for more than these fails the test."""
        return cls(answers=deque(answers), native_tools=native_tools)

    async def complete(self, request: ChatRequest) -> Completion:
        """Give the next answer."""
        self.requests.append(request)
        answer = self.answers.popleft()
        if isinstance(answer, ModelError):
            raise answer
        return answer

    async def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True


def a_call(name: str, arguments: str | None = None, **inputs: JsonValue) -> ToolCall:
    """Build a tool call from inputs, or from arguments as the model wrote them."""
    text = canonical_text(inputs) if arguments is None else arguments
    return ToolCall(id="call_0", name=name, arguments=text)


def saying(
    text: str = "",
    *,
    calls: Iterable[ToolCall] = (),
    finish_reason: str = "stop",
    refusal: str = "",
    cost_micros: int | None = 10,
    model: str = "test/answered",
) -> Completion:
    """Build a completion that cost ten millionths of a dollar and thirteen tokens."""
    return Completion(
        text=text,
        tool_calls=tuple(calls),
        finish_reason=finish_reason,
        usage=TokenUsage(prompt=10, completion=3, cached=1),
        cost_micros=cost_micros,
        model=model,
        refusal=refusal,
    )


def calling(name: str, arguments: str | None = None, **inputs: JsonValue) -> Completion:
    """Build a completion with one tool call."""
    return saying(calls=[a_call(name, arguments, **inputs)], finish_reason="tool_calls")
