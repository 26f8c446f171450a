"""Turn what a provider sent into a `Completion` or a `ModelError`: pure rules of both adapters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import orjson

from runtime.kit.json_value import JsonObject, JsonValue
from runtime.kit.redact import REDACTED, redact
from runtime.ports.chat_model import Completion, ModelError, ModelFault, TokenUsage, ToolCall
from runtime.ports.model_reference import ModelReference

MAX_TOOL_CALLS: Final = 1_000
MAX_ARGUMENTS_BYTES: Final = 1_000_000
MAX_DETAIL_CHARS: Final = 500
MAX_TOKENS: Final = 1_000_000_000  # so that sums over a run stay numbers that JSON lines hold

_FAULTS: Final = {
    401: ModelFault.UNAUTHORIZED,
    403: ModelFault.UNAUTHORIZED,
    408: ModelFault.TIMEOUT,
    429: ModelFault.RATE_LIMITED,
    504: ModelFault.TIMEOUT,
}
_SERVER_ERRORS: Final = 500


def fault_of_status(status: int) -> ModelFault:
    """Return the fault that an HTTP status stands for.

    >>> fault_of_status(429).value, fault_of_status(404).value, fault_of_status(503).value
    ('rate_limited', 'bad_request', 'server')
    """
    otherwise = ModelFault.SERVER if status >= _SERVER_ERRORS else ModelFault.BAD_REQUEST
    return _FAULTS.get(status, otherwise)


def brief_detail(text: str, *, secret: str | None = None) -> str:
    """Return the first line of a foreign message, short and without secrets."""
    if secret:
        text = text.replace(secret, REDACTED)
    lines = text.strip().splitlines() or ["no message"]
    return str(redact(lines[0][: 4 * MAX_DETAIL_CHARS]))[:MAX_DETAIL_CHARS]


def bounded_calls(calls: Iterable[ToolCall], *, model: str) -> tuple[ToolCall, ...]:
    """Return the calls of an answer that stays within bounds.

    Raises:
        ModelError: MALFORMED for more than `MAX_TOOL_CALLS` calls or `MAX_ARGUMENTS_BYTES` bytes
            of arguments: a model that loops must not take the process with it.
    """
    bounded = tuple(calls)
    size_bytes = sum(len(call.arguments.encode(errors="replace")) for call in bounded)
    if len(bounded) > MAX_TOOL_CALLS or size_bytes > MAX_ARGUMENTS_BYTES:
        raise malformed(
            model,
            f"{len(bounded)} tool calls with {size_bytes} bytes of arguments, expected at most "
            f"{MAX_TOOL_CALLS} and {MAX_ARGUMENTS_BYTES}",
        )
    return bounded


def malformed(model: str, detail: str) -> ModelError:
    """Return the error for an answer that can't be read."""
    return ModelError(ModelFault.MALFORMED, model=model, detail=detail)


def completion_from(document: JsonValue, *, reference: ModelReference) -> Completion:
    """Read an answer in the form of OpenAI's chat completions.

    Raises:
        ModelError: MALFORMED when a part is missing or of another type.
    """
    model = reference.safe_text
    try:
        choice = document["choices"][0]
        message = choice["message"]
        calls = bounded_calls(_calls(message.get("tool_calls")), model=model)
        usage = _usage(document.get("usage"))
        return Completion(
            text=text_of(message.get("content")),
            tool_calls=calls,
            finish_reason=_said(choice.get("finish_reason")) or ("tool_calls" if calls else "stop"),
            usage=usage,
            cost_micros=reference.cost_micros(usage),
            model=_said(document.get("model")) or reference.model_name,
            refusal=_refusal(message),
        )
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as error:
        raise malformed(
            model, f"no chat completion: {type(error).__name__} {brief_detail(str(error))}"
        ) from error


def document_from(completion: Completion) -> JsonObject:
    """Write an answer in the form that `completion_from` reads; the price has no place there."""
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for call in completion.tool_calls
    ]
    message = {
        "role": "assistant",
        "content": completion.text,
        "tool_calls": calls or None,
        "provider_specific_fields": {"refusal": completion.refusal},
    }
    usage = completion.usage
    return {
        "model": completion.model,
        "choices": [{"index": 0, "message": message, "finish_reason": completion.finish_reason}],
        "usage": {
            "prompt_tokens": usage.prompt,
            "completion_tokens": usage.completion,
            "total_tokens": usage.prompt + usage.completion,
            "prompt_tokens_details": {"cached_tokens": usage.cached},
        },
    }


def text_of(content: JsonValue) -> str:
    """Return a message's text, joined where a server sends it in parts."""
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(part["text"] for part in content if part.get("type") == "text")


def arguments_text(arguments: JsonValue) -> str:
    """Return a call's arguments as text; some servers send them parsed, or not at all."""
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else orjson.dumps(arguments).decode()


def _calls(written: list[JsonObject] | None) -> Iterable[ToolCall]:
    for index, call in enumerate(written or ()):
        function = call["function"]
        yield ToolCall(
            id=str(call.get("id") or f"call_{index}"),
            name=_said(function.get("name")),
            arguments=arguments_text(function.get("arguments")),
        )


def _refusal(message: JsonObject) -> str:
    """Return the refusal from where OpenAI puts it, or from where LiteLLM keeps it."""
    kept = message.get("provider_specific_fields") or {}
    return _said(message.get("refusal")) or _said(kept.get("refusal"))


def _said(text: JsonValue) -> str:
    """Return a text that may be missing; records and reports rely on its being one."""
    if text is None or isinstance(text, str):
        return text or ""
    raise TypeError(f"{type(text).__name__} found, expected a text")


def _usage(written: JsonObject | None) -> TokenUsage:
    if not written:
        return TokenUsage()
    details = written.get("prompt_tokens_details") or {}
    return TokenUsage(
        prompt=_count(written.get("prompt_tokens")),
        completion=_count(written.get("completion_tokens")),
        cached=_count(details.get("cached_tokens")),
    )


def _count(tokens: JsonValue) -> int:
    count = int(tokens or 0)
    if not 0 <= count <= MAX_TOKENS:
        raise ValueError(f"{count} tokens, expected 0 to {MAX_TOKENS}")
    return count
