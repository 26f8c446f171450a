"""Hold both adapters of the `ChatModel` port to one contract, against a real server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack

import pytest

from runtime.bootstrap.chat_models import open_chat_model
from runtime.kit.json_value import JsonObject
from runtime.ports.chat_model import (
    NO_TOOLS,
    ChatModel,
    ChatRequest,
    Completion,
    ModelError,
    ModelFault,
    TokenUsage,
    ToolCall,
    ToolSet,
)
from tests.servers.openai_stub import OpenAiStub, openai_stub

KEY = "sk-test-0123456789abcdef0123"
SET_TOOL: JsonObject = {
    "type": "function",
    "function": {
        "name": "counter_set",
        "description": "Set the counter; é and \u2028 survive.",
        "parameters": {
            "type": "object",
            "properties": {"value": {"type": "integer", "x-unit": "pieces"}},
            "required": ["value"],
            "additionalProperties": False,
        },
    },
}

OpenModel = Callable[..., ChatModel]


@pytest.fixture
async def stub() -> AsyncIterator[OpenAiStub]:
    """Run the server for one test."""
    async with openai_stub() as server:
        yield server


@pytest.fixture(params=["litellm", "http"])
async def open_model(request: pytest.FixtureRequest, stub: OpenAiStub) -> AsyncIterator[OpenModel]:
    """Open models by name through one of the adapters; close them after the test."""
    async with AsyncExitStack() as stack:

        def opened(name: str, *, options: str = "", key: str = "") -> ChatModel:
            named = "&api_key_env=STUB_KEY" if key else ""
            model = open_chat_model(
                f"openai/{name}?transport={request.param}&api_base={stub.base}{named}{options}",
                environ={"STUB_KEY": key},
                offline_providers={},
            )
            stack.push_async_callback(model.close)
            return model

        yield opened


def a_request(
    content: object = "hello",
    *,
    tools: ToolSet = NO_TOOLS,
    timeout_s: float = 20.0,
    labels: Mapping[str, str] | None = None,
) -> ChatRequest:
    """Build a request with one message."""
    return ChatRequest(
        messages=({"role": "user", "content": content},),
        tools=tools,
        seed=7,
        timeout_s=timeout_s,
        labels=labels or {},
    )


async def fault_from(model: ChatModel, request: ChatRequest) -> ModelError:
    """Return the error that a request ends in."""
    with pytest.raises(ModelError) as caught:
        await model.complete(request)
    return caught.value


USAGE = TokenUsage(prompt=100, completion=20, cached=64)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("text", {"text": "You said: hello"}, id="text"),
        pytest.param(
            "json-text",
            {"text": '{"action": "counter.set@1", "inputs": {"value": 3}}'},
            id="json in the text",
        ),
        pytest.param("empty", {"text": ""}, id="empty content"),
        pytest.param("slow-body", {"text": "slow"}, id="a body in many small pieces"),
        pytest.param("refusal", {"refusal": "I can't help with that."}, id="refusal"),
        pytest.param("cut-off", {"text": "The answer is", "finish_reason": "length"}, id="length"),
        pytest.param(
            "broken-arguments",
            {"tool_calls": (ToolCall(id="call_0", name="counter_set", arguments='{"value": 3'),)},
            id="arguments stay as the model wrote them",
        ),
        pytest.param(
            "unknown-tool",
            {"tool_calls": (ToolCall(id="call_0", name="no_such_tool", arguments="{}"),)},
            id="a tool that nobody offered",
        ),
        pytest.param(
            "thousand-calls",
            {
                "tool_calls": tuple(
                    ToolCall(id=f"call_{i}", name="counter_set", arguments='{"value":1}')
                    for i in range(1_000)
                )
            },
            id="as many calls as allowed",
        ),
    ],
)
async def test_same_bytes_give_the_same_completion(
    open_model: OpenModel, name: str, expected: JsonObject
) -> None:
    """Each adapter reads an answer into the one completion that it means."""
    completion = await open_model(name).complete(a_request())

    default: JsonObject = {
        "text": "",
        "tool_calls": (),
        "finish_reason": "tool_calls" if "tool_calls" in expected else "stop",
        "usage": USAGE,
        "cost_micros": None,
        "model": f"{name}-2026",
        "refusal": "",
    }
    assert completion == Completion(**(default | expected))


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        pytest.param("status-400", ModelFault.BAD_REQUEST, id="bad request"),
        pytest.param("status-404", ModelFault.BAD_REQUEST, id="no such model"),
        pytest.param("status-422", ModelFault.BAD_REQUEST, id="unprocessable"),
        pytest.param("status-401", ModelFault.UNAUTHORIZED, id="bad key"),
        pytest.param("status-403", ModelFault.UNAUTHORIZED, id="forbidden"),
        pytest.param("status-500", ModelFault.SERVER, id="internal error"),
        pytest.param("status-502", ModelFault.SERVER, id="bad gateway"),
        pytest.param("status-503", ModelFault.SERVER, id="overloaded"),
        pytest.param("limited", ModelFault.RATE_LIMITED, id="rate limit"),
        pytest.param("error-inside", ModelFault.RATE_LIMITED, id="error under status 200"),
        pytest.param("drop", ModelFault.CONNECTION, id="dropped before the answer"),
        pytest.param("drop-mid-body", ModelFault.CONNECTION, id="dropped inside the answer"),
        pytest.param("html", ModelFault.MALFORMED, id="a web page"),
        pytest.param("broken-json", ModelFault.MALFORMED, id="half a document"),
        pytest.param("no-choices", ModelFault.MALFORMED, id="no choices"),
        pytest.param("too-many-calls", ModelFault.MALFORMED, id="one call too many"),
        pytest.param("huge-arguments", ModelFault.MALFORMED, id="arguments above 1 MB"),
        pytest.param("redirect", ModelFault.BAD_REQUEST, id="a redirect is not followed"),
    ],
)
async def test_each_fault_has_its_name_and_one_attempt(
    open_model: OpenModel, stub: OpenAiStub, name: str, fault: ModelFault
) -> None:
    """A fault is named, says which model, and is not tried again behind the caller's back."""
    error = await fault_from(open_model(name), a_request())

    assert (error.fault, stub.served[name]) == (fault, 1)
    assert error.model.startswith(f"openai/{name}?")


async def test_rate_limit_says_when_to_come_back(open_model: OpenModel) -> None:
    """Seconds of Retry-After arrive as they are, and the same request succeeds later."""
    model = open_model("limited-once")

    error = await fault_from(model, a_request())

    assert error.retry_after_s == 7.0
    assert (await model.complete(a_request())).text == "You said: hello"


async def test_retry_after_as_a_date_is_understood(open_model: OpenModel) -> None:
    """An instant in Retry-After becomes seconds from now."""
    error = await fault_from(open_model("limited"), a_request())

    assert error.retry_after_s is not None
    assert error.retry_after_s > 1_000_000


async def test_silent_server_is_a_timeout(open_model: OpenModel) -> None:
    """The request's own limit ends the wait."""
    error = await fault_from(open_model("hang"), a_request(timeout_s=0.2))

    assert error.fault is ModelFault.TIMEOUT
    assert error.fault.may_retry


async def test_refused_connection_is_a_connection_fault(
    open_model: OpenModel, stub: OpenAiStub
) -> None:
    """A port where nobody listens is no server error."""
    stub.base = "http://127.0.0.1:9/v1"

    error = await fault_from(open_model("text"), a_request())

    assert error.fault is ModelFault.CONNECTION


async def test_cancelling_ends_the_request_at_once(open_model: OpenModel, stub: OpenAiStub) -> None:
    """A cancelled task stays cancelled: no error of ours takes its place."""
    model = open_model("hang")
    task = asyncio.create_task(model.complete(a_request()))
    async with asyncio.timeout(20):
        await stub.arrived.wait()

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_64_requests_in_flight_get_each_its_own_answer(
    open_model: OpenModel, stub: OpenAiStub
) -> None:
    """Many tasks share one model; nobody gets another's answer."""
    stub.latency_s = 0.3
    model = open_model("text")

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(model.complete(a_request(f"number {i}"))) for i in range(64)]

    assert [task.result().text for task in tasks] == [f"You said: number {i}" for i in range(64)]
    assert stub.most_in_flight > 16


async def test_request_goes_out_as_given(open_model: OpenModel, stub: OpenAiStub) -> None:
    """Tools, parts of images and settings arrive unchanged; labels never leave the process."""
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    parts = [{"type": "text", "text": "what is this?"}, image]
    tools = ToolSet((SET_TOOL,))

    await open_model("text").complete(a_request(parts, tools=tools, labels={"trial": "secret"}))

    assert stub.requests == [
        {
            "model": "text",
            "messages": [{"role": "user", "content": parts}],
            "tools": [SET_TOOL],
            "temperature": 0.0,
            "max_tokens": 1024,
            "seed": 7,
        }
    ]


async def test_request_is_left_as_it_was(open_model: OpenModel) -> None:
    """No adapter changes the caller's messages or tools."""
    tools = ToolSet((SET_TOOL,))
    request = a_request([{"type": "text", "text": "hello"}], tools=tools)
    before = (repr(request.messages), tools.encoded)

    await open_model("text").complete(request)

    assert (repr(request.messages), ToolSet(tools.definitions).encoded) == before


async def test_echoed_call_comes_back_exactly(open_model: OpenModel) -> None:
    """A call's name and arguments survive the way through the server."""
    wanted = '[{"name": "counter_set", "arguments": {"value": 3, "note": "é\\n"}}]'

    completion = await open_model("echo").complete(a_request(wanted, tools=ToolSet((SET_TOOL,))))

    call = ToolCall(id="call_0", name="counter_set", arguments='{"value":3,"note":"é\\n"}')
    assert completion.tool_calls == (call,)


async def test_reference_overrides_the_request(open_model: OpenModel, stub: OpenAiStub) -> None:
    """Numbers in the reference belong to the model and win."""
    model = open_model("text", options="&temperature=0.5&max_tokens=9")

    await model.complete(a_request())

    assert (stub.requests[0]["temperature"], stub.requests[0]["max_tokens"]) == (0.5, 9)


async def test_prices_of_the_reference_make_the_cost(open_model: OpenModel) -> None:
    """100 tokens in at $0.15 and 20 out at $0.60 a million cost 27 micros."""
    completion = await open_model("text", options="&price_in=0.15&price_out=0.60").complete(
        a_request()
    )

    assert completion.cost_micros == 27


async def test_named_key_is_sent_and_never_shown(open_model: OpenModel, stub: OpenAiStub) -> None:
    """The key reaches the server; an error that repeats it is cleaned."""
    error = await fault_from(open_model("leak-key", key=KEY), a_request())

    assert stub.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert error.fault is ModelFault.UNAUTHORIZED
    assert KEY not in f"{error} {error.detail}"


async def test_provider_key_is_not_sent_to_an_own_address(
    open_model: OpenModel, stub: OpenAiStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who names an address without a key does not give away the provider's usual key."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    await open_model("text").complete(a_request())

    assert KEY not in repr(stub.headers)


async def test_tools_json_turns_native_tools_off(open_model: OpenModel) -> None:
    """The reference decides whether tools are offered."""
    assert open_model("text", options="&tools=native").native_tools
    assert not open_model("text", options="&tools=json").native_tools
    assert not open_model("text").offline


async def test_closed_model_refuses_work(open_model: OpenModel) -> None:
    """Closing is final, and twice is no error."""
    model = open_model("text")
    await model.complete(a_request())
    await model.close()
    await model.close()

    error = await fault_from(model, a_request())

    assert error.fault is ModelFault.UNAVAILABLE
