"""Tests of `http.call` with secrets that are rotated while it runs, against a real receiver."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
import pytest
from aiohttp import web

from runtime.plugins.stdlib.effects.http_call import HTTP_CALL
from runtime.ports.effect import EffectResult, EffectTools
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.services.secrets.named import NamedSecrets, read_named
from runtime.services.secrets.prefixes import read_prefix
from tests.effects import ORGANIZATION, a_call
from tests.egress import TableResolver, an_egress
from tests.secret_keeping import Keeping, a_keeping, down
from tests.servers.receiver import Received, Receiver, a_receiver

WEBHOOK = "whsec_" + b64encode(bytes(range(32))).decode()


@dataclass(kw_only=True)
class Trial:
    """Hold a receiver that takes one value at a time, and an effect that reads it."""

    receiver: Receiver
    keeping: Keeping
    tools: EffectTools
    accepted: str = "hunter2"
    status: int = 401

    def answer(self, received: Received) -> web.Response:
        """Take the value that is accepted, and no other."""
        known = received.headers.get("x-key") == self.accepted
        return web.Response(status=200 if known else self.status)

    def rotate(self, value: str, version: str) -> None:
        """Give the secret another value, on both sides at once."""
        self.accepted = value
        self.keeping.provider.values["kv/shop/crm"] = (value, version)

    async def call(self, **payload: object) -> EffectResult:
        """Run the handler."""
        url = f"http://crm.example:{self.receiver.port}/"
        wanted = {"url": url, "headers": {"X-Key": {"secret": "crm"}}, **payload}
        return await HTTP_CALL.handler(a_call(wanted), self.tools)

    @property
    def sent(self) -> list[str]:
        """Return the values that arrived."""
        return [item.headers.get("x-key", "") for item in self.receiver.received]


@asynccontextmanager
async def a_trial() -> AsyncIterator[Trial]:
    """Run a receiver, and a client whose secrets are kept elsewhere."""
    resolver = TableResolver(crm__example=[["127.0.0.1"]])
    named = read_named(
        orjson.dumps(
            {
                ORGANIZATION: {
                    "crm": {"ref": "vault://kv/shop/crm#token", "hosts": ["crm.example"]},
                    "signing": {"value": WEBHOOK, "hosts": ["crm.example"]},
                }
            }
        ).decode()
    )
    keeping = a_keeping()
    async with (
        a_receiver() as receiver,
        an_egress(f"crm.example:{receiver.port}", resolver=resolver) as egress,
    ):
        tools = EffectTools(
            clock=keeping.clock,
            egress=egress,
            secrets=NamedSecrets(named, reader=keeping.reader, clock=keeping.clock),
        )
        trial = Trial(receiver=receiver, keeping=keeping, tools=tools)
        receiver.answers = trial.answer
        yield trial


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_value_is_replaced_and_the_call_is_made_again(status: int) -> None:
    """The job knows nothing of it: same body, same key, the new value."""
    async with a_trial() as trial:
        trial.status = status
        await trial.call()
        trial.rotate("hunter3", "2")

        result = await trial.call(signing=[{"secret": "signing"}])

        assert result.document == {"status": 200}
        assert trial.sent == ["hunter2", "hunter2", "hunter3"]
        before, after = trial.receiver.received[1:]
        assert before.body == after.body
        assert before.headers["idempotency-key"] == after.headers["idempotency-key"]
        await trial.call()
        assert trial.sent[-1] == "hunter3"


async def test_a_value_that_is_no_older_than_its_keeper_knows_is_refused_for_good() -> None:
    """The receiver means it; the keeper was asked once more, and the receiver was not."""
    async with a_trial() as trial:
        trial.accepted = "something else"
        for _ in range(3):
            with pytest.raises(PermanentError, match="HTTP 401"):
                await trial.call()
        assert len(trial.sent) == 3
        assert len(trial.keeping.provider.fetched) == 2


@pytest.mark.parametrize("status", [400, 404, 410])
async def test_what_was_refused_for_another_reason_is_not_sent_again(status: int) -> None:
    """A newer value would change nothing."""
    async with a_trial() as trial:
        trial.accepted, trial.status = "something else", status
        with pytest.raises(PermanentError, match=f"HTTP {status}"):
            await trial.call()
        assert (len(trial.sent), len(trial.keeping.provider.fetched)) == (1, 1)


async def test_a_value_that_is_refused_twice_in_a_row_is_tried_again_later() -> None:
    """It was rotated again meanwhile, or the receiver does not know it yet."""
    async with a_trial() as trial:
        await trial.call()
        trial.rotate("hunter3", "2")
        trial.accepted = "hunter4"
        with pytest.raises(RetryableError, match="just rotated"):
            await trial.call()
        with pytest.raises(RetryableError, match="rotated just now"):
            await trial.call()

        trial.rotate("hunter4", "3")
        trial.keeping.reader.invalidate(read_prefix("vault://kv/shop/"))
        assert (await trial.call()).document == {"status": 200}


async def test_without_a_keeper_the_job_comes_again() -> None:
    """Nobody can tell whether there is a newer value."""
    async with a_trial() as trial:
        await trial.call()
        trial.accepted, trial.keeping.provider.fails = "hunter3", down
        with pytest.raises(RetryableError, match="can't be read"):
            await trial.call()


async def test_a_call_without_secrets_that_is_refused_is_refused() -> None:
    """There is nothing to replace."""
    async with a_trial() as trial:
        with pytest.raises(PermanentError, match="HTTP 401"):
            await trial.call(headers={})
        assert trial.keeping.provider.fetched == []
