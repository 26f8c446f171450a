"""Tests of `http.call` against a real receiver."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest
from aiohttp import web

from runtime.kit.clock import FixedClock
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.effects.http_call import HTTP_CALL
from runtime.ports.effect import EffectResult, EffectTools
from runtime.ports.effect_failure import PermanentError, RetryableError
from tests.effects import KEY, ORGANIZATION, TableSecrets, a_call
from tests.egress import NOW, TableResolver, an_egress
from tests.servers.receiver import Receiver, a_receiver

WEBHOOK = "whsec_" + b64encode(bytes(range(32))).decode()


class Tried:
    """Call the effect with a receiver at `crm.example`."""

    def __init__(self, receiver: Receiver, tools: EffectTools) -> None:
        """Hold both sides."""
        self.receiver = receiver
        self.tools = tools

    async def call(self, **payload: object) -> EffectResult:
        """Run the handler."""
        url = f"http://crm.example:{self.receiver.port}/hook"
        return await HTTP_CALL.handler(a_call({"url": url, **payload}), self.tools)


@asynccontextmanager
async def a_trial(**secrets: tuple[str, tuple[str, ...]]) -> AsyncIterator[Tried]:
    """Run a receiver that the operator allows, and a client."""
    resolver = TableResolver(crm__example=[["127.0.0.1"]], evil__example=[["127.0.0.1"]])
    async with a_receiver() as receiver:
        allow = f"crm.example:{receiver.port},evil.example:{receiver.port}"
        async with an_egress(allow, resolver=resolver) as egress:
            yield Tried(
                receiver,
                EffectTools(clock=FixedClock(NOW), egress=egress, secrets=TableSecrets(**secrets)),
            )


async def test_a_receiver_hears_what_happened() -> None:
    """Without a body of its own, a call tells the step; every attempt tells it alike."""
    async with a_trial() as trial:
        result = await trial.call()
        await trial.call()

    first, second = trial.receiver.received
    assert result.document == {"status": 200}
    assert first.method == "POST"
    assert first.headers["content-type"] == "application/json"
    assert first.headers["idempotency-key"] == KEY
    assert first.body == second.body
    assert orjson.loads(first.body) == {
        "type": "ticket.close@1",
        "data": {
            "organization": ORGANIZATION,
            "project": "prj_1",
            "principal": "ann",
            "outcome": "out_1",
            "step": 0,
            "inputs": {"id": "t-1", "mail": "ann@example.com"},
            "diff": [{"op": "replace", "path": "/tickets/t-1/open", "value": False}],
        },
    }


async def test_a_declared_body_is_sent_with_its_inputs() -> None:
    """References are filled; headers and method are as declared."""
    async with a_trial() as trial:
        await trial.call(
            method="PUT",
            body={"who": {"input": "/mail"}, "n": 1},
            headers={"Content-Type": "application/vnd.x+json", "X-Ticket": {"input": "/id"}},
        )

    (received,) = trial.receiver.received
    assert (received.method, orjson.loads(received.body)) == (
        "PUT",
        {"who": "ann@example.com", "n": 1},
    )
    assert received.headers["content-type"] == "application/vnd.x+json"
    assert received.headers["x-ticket"] == "t-1"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_question_has_no_body(method: str) -> None:
    """GET and HEAD ask, so nothing is told."""
    async with a_trial() as trial:
        await trial.call(method=method)

    assert trial.receiver.received[0].body == b""
    assert "content-type" not in trial.receiver.received[0].headers


async def test_a_null_body_is_null() -> None:
    """A body that was declared is sent, whatever it is."""
    async with a_trial() as trial:
        await trial.call(body=None)

    assert trial.receiver.received[0].body == b"null"


async def test_a_secret_reaches_its_host_and_no_record() -> None:
    """The header holds the value; the result holds none, even if the receiver echoes it."""
    async with a_trial(crm=("hunter2", ("crm.example",))) as trial:
        trial.receiver.answers = lambda received: web.Response(
            text=received.headers["authorization"]
        )
        result = await trial.call(
            headers={"Authorization": {"secret": "crm", "prefix": "Bearer "}}, keep_answer=True
        )

    assert trial.receiver.received[0].headers["authorization"] == "Bearer hunter2"
    assert "hunter2" not in str(result)


async def test_a_secret_is_not_sent_to_a_host_of_the_callers_choice() -> None:
    """An input that chooses the address does not choose where secrets go."""
    async with a_trial(crm=("hunter2", ("crm.example",))) as trial:
        with pytest.raises(PermanentError, match="not made for this host"):
            await trial.call(
                url=f"http://evil.example:{trial.receiver.port}/",
                headers={"Authorization": {"secret": "crm"}},
            )

    assert trial.receiver.received == []


async def test_an_unknown_secret_ends_the_call() -> None:
    """Nothing is sent without what should go with it."""
    async with a_trial() as trial:
        with pytest.raises(PermanentError, match="no secret 'crm'"):
            await trial.call(headers={"Authorization": {"secret": "crm"}})

    assert trial.receiver.received == []


async def test_a_secret_has_no_place_in_a_body() -> None:
    """A reference there is refused instead of being sent as text."""
    async with a_trial(crm=("hunter2", ("crm.example",))) as trial:
        with pytest.raises(PermanentError, match="secrets belong in headers"):
            await trial.call(body={"key": {"secret": "crm"}})


async def test_a_receiver_verifies_the_signature() -> None:
    """Both secrets of a rotation sign the bytes that arrive, under the job's own id."""
    other = "whsec_" + b64encode(bytes(32)).decode()
    hosts = ("crm.example",)
    async with a_trial(new=(other, hosts), old=(WEBHOOK, hosts)) as trial:
        await trial.call(signing=[{"secret": "new"}, {"secret": "old"}])

    (received,) = trial.receiver.received
    headers = received.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + received.body
    expected = [
        hmac.new(b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
        for secret in (other, WEBHOOK)
    ]
    assert headers["webhook-id"] == KEY
    assert headers["webhook-signature"].split(" ") == [
        f"v1,{b64encode(mac).decode()}" for mac in expected
    ]


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504])
async def test_some_answers_say_to_come_back(status: int) -> None:
    """The receiver's own wish is heard."""
    async with a_trial() as trial:
        trial.receiver.answers = lambda _: web.Response(
            status=status, headers={"Retry-After": "120"}
        )
        with pytest.raises(RetryableError, match=f"HTTP {status}") as raised:
            await trial.call()

    assert raised.value.after_s == 120.0


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 410, 422])
async def test_other_answers_are_final(status: int) -> None:
    """What was refused once is refused again; a redirect is no success."""
    async with a_trial() as trial:
        trial.receiver.answers = lambda _: web.Response(
            status=status, headers={"Location": "http://127.0.0.1/"}
        )
        with pytest.raises(PermanentError, match=f"HTTP {status}, expected a success"):
            await trial.call()

    assert len(trial.receiver.received) == 1


async def test_an_answer_can_be_written_back() -> None:
    """What the receiver said becomes inputs of an action, as declared."""
    async with a_trial() as trial:
        trial.receiver.answers = lambda _: web.json_response({"ticket": "T-9"}, status=201)
        result = await trial.call(
            keep_answer=True,
            write_back={"id": {"input": "/id"}, "number": {"answer": "/body/json/ticket"}},
        )

    assert result.document == {"status": 201, "body": {"json": {"ticket": "T-9"}}}
    assert result.write_back == {"id": "t-1", "number": "T-9"}


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        pytest.param({"url": "http://127.0.0.1:1/"}, "may not be called", id="inside"),
        pytest.param({"url": ""}, "url", id="no address"),
        pytest.param({"method": "TRACE"}, "method", id="method"),
        pytest.param({"headers": {"Host": "x"}}, "set by the platform", id="host"),
        pytest.param({"headers": {"Idempotency-Key": "x"}}, "set by the platform", id="key"),
        pytest.param({"headers": {"X": "a\nb"}}, "can't be sent", id="split header"),
        pytest.param({"timeout_s": 1_000}, "timeout_s", id="patience"),
        pytest.param({"signing": [{"secret": "bad"}]}, "can't be signed", id="weak secret"),
    ],
)
async def test_what_may_not_be_sent_is_final(payload: JsonObject, problem: str) -> None:
    """Nothing leaves the machine, and trying again would not help."""
    async with a_trial(bad=("hunter2", ("crm.example",))) as trial:
        with pytest.raises(PermanentError, match=problem):
            await trial.call(**payload)

    assert trial.receiver.received == []
