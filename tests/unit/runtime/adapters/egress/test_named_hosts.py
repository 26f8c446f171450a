"""Tests of the resolver of clients that only an operator points anywhere."""

from __future__ import annotations

from functools import partial

import pytest
from aiohttp import web

from runtime.adapters.egress.named_hosts import NamedHosts, NamedHostsConnector
from runtime.adapters.openai_http import OpenAiHttpModel
from runtime.kit.clock import SystemClock
from runtime.ports.chat_model import ChatRequest, ModelError, ModelFault
from runtime.ports.model_reference import parse_model_reference
from tests.egress import TableResolver
from tests.servers.openai_stub import openai_stub
from tests.servers.receiver import a_receiver

REQUEST = ChatRequest(messages=({"role": "user", "content": "hi"},), max_tokens=5)
NEVER = (
    "169.254.169.254",
    "169.254.170.2",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "fd00:ec2::254",
    "fd20:ce::254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fe80::1",
    "0.0.0.0",  # noqa: S104  # an address to refuse
    "::",
    "224.0.0.1",
    "ff02::1",
)


@pytest.mark.parametrize("address", ["10.0.0.5", "127.0.0.1", "fd00::5", "93.184.215.14"])
async def test_what_an_operator_names_may_be_anywhere_else(address: str) -> None:
    """A model's server is often a private one; it is connected to at the judged address."""
    names = NamedHosts(TableResolver(vllm__internal=[[address]]))

    (found,) = await names.resolve("vllm.internal", 8000)
    assert (found["host"], found["port"], found["hostname"]) == (address, 8000, "vllm.internal")


@pytest.mark.parametrize("address", NEVER)
async def test_a_name_never_leads_to_what_describes_a_machine(address: str) -> None:
    """Whoever takes the name over learns nothing of a cloud, and gets no key there."""
    names = NamedHosts(TableResolver(vllm__internal=[[address]]))

    with pytest.raises(OSError, match="never allowed by name"):
        await names.resolve("vllm.internal", 80)


async def test_an_unknown_name_is_nowhere() -> None:
    """It is told as any connection that can't be made."""
    with pytest.raises(OSError, match="can't be looked up"):
        await NamedHosts(TableResolver()).resolve("vllm.internal", 80)


async def test_it_closes_what_it_asks() -> None:
    """Threads that look names up end with it."""
    resolver = TableResolver()
    await NamedHosts(resolver).close()

    assert resolver.closed


async def test_a_model_s_key_does_not_follow_its_name() -> None:
    """The session of a model uses it: first its server is reached, then the name has turned."""
    async with openai_stub() as stub:
        port = stub.base.rpartition(":")[2].partition("/")[0]
        for answers, reached in (([["127.0.0.1"]], True), ([["169.254.169.254"]], False)):
            resolver = TableResolver(vllm__internal=answers)
            text = f"openai/own?transport=http&api_base=http://vllm.internal:{port}/v1"
            model = OpenAiHttpModel(
                parse_model_reference(text),
                api_key="hunter2",
                clock=SystemClock(),
                connect=partial(NamedHostsConnector, resolver),
            )
            if reached:
                await model.complete(REQUEST)
            else:
                with pytest.raises(ModelError, match="never allowed by name") as raised:
                    await model.complete(REQUEST)
                assert raised.value.fault is ModelFault.CONNECTION
            await model.close()
            assert resolver.closed


async def test_a_model_s_server_sends_us_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a redirect nor a proxy of the environment takes a request elsewhere."""
    async with a_receiver() as canary, a_receiver() as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{canary.port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{canary.port}")
        place = f"http://127.0.0.1:{canary.port}/"
        server.answers = lambda _: web.Response(status=307, headers={"Location": place})
        model = OpenAiHttpModel(
            parse_model_reference(
                f"openai/own?transport=http&api_base=http://127.0.0.1:{server.port}/v1"
            ),
            api_key="hunter2",
            clock=SystemClock(),
            connect=partial(NamedHostsConnector, TableResolver()),
        )
        with pytest.raises(ModelError, match="redirects are not followed"):
            await model.complete(REQUEST)
        await model.close()

    assert len(server.received) == 1
    assert canary.connections == set()
