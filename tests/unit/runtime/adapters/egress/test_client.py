"""Tests of the egress client against real servers of this machine."""

import asyncio
import gzip
import hashlib
import hmac
import tracemalloc
from base64 import b64decode, b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from runtime.adapters.egress.client import MOST_BODY_BYTES, USUAL_BOUNDS
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.egress import HttpCall
from runtime.ports.secret_source import Secret
from tests.egress import NOW, TableResolver, an_egress
from tests.servers.certificates import a_trust
from tests.servers.receiver import a_raw_server, a_receiver

SECRET = "whsec_" + b64encode(bytes(range(32))).decode()
LOCAL = "127.0.0.1"
SHORT = replace(USUAL_BOUNDS, timeout_s=0.5)


async def test_a_request_arrives_as_it_was_asked_for() -> None:
    """Method, path, headers and body reach the receiver; status, headers and body come back."""
    async with a_receiver() as receiver, an_egress(f"{LOCAL}:{receiver.port}") as egress:
        receiver.answers = lambda _: web.Response(status=207, text="so", headers={"X-Id": "7"})
        answer = await egress.send(
            HttpCall(
                method="PUT",
                url=f"http://{LOCAL}:{receiver.port}/a%20b?c=%2F",
                headers={"X-Team": "blue"},
                body=b'{"n":1}',
            )
        )

    (received,) = receiver.received
    assert (received.method, received.path, received.body) == ("PUT", "/a%20b?c=%2F", b'{"n":1}')
    assert received.headers["x-team"] == "blue"
    assert received.headers["user-agent"] == "Plangate"
    assert "content-type" not in received.headers
    assert (answer.status, answer.body, answer.truncated) == (207, b"so", False)
    assert answer.headers["x-id"] == "7"


@pytest.mark.parametrize("method", ["DELETE", "GET", "HEAD", "PATCH", "POST"])
async def test_each_method_passes(method: str) -> None:
    """The usual methods of HTTP are sent, without a body too."""
    async with a_receiver() as receiver, an_egress(LOCAL + f":{receiver.port}") as egress:
        answer = await egress.send(HttpCall(method=method, url=f"http://{LOCAL}:{receiver.port}/"))

    assert answer.status == 200
    assert receiver.received[0].method == method


async def test_a_receiver_verifies_what_was_signed() -> None:
    """A receiver that knows the secret can compute the signature from what it got."""
    async with a_receiver() as receiver, an_egress(f"{LOCAL}:{receiver.port}") as egress:
        await egress.send(
            HttpCall(
                method="POST",
                url=f"http://{LOCAL}:{receiver.port}/",
                body=b'{"a":1}',
                signing_secrets=(SECRET,),
                message_id="job_1",
            )
        )

    (received,) = receiver.received
    signed = ".".join([received.headers["webhook-id"], received.headers["webhook-timestamp"]])
    key = b64decode(SECRET.removeprefix("whsec_"))
    expected = hmac.new(key, signed.encode() + b"." + received.body, hashlib.sha256).digest()
    assert signed == f"job_1.{int(NOW.timestamp())}"
    assert received.headers["webhook-signature"] == f"v1,{b64encode(expected).decode()}"


async def test_the_certificate_is_for_the_name_although_the_address_is_pinned(
    tmp_path: Path,
) -> None:
    """SNI, certificate and Host stay on the name; the connection goes to the judged address."""
    trust = a_trust(tmp_path, "crm.example")
    resolver = TableResolver(crm__example=[[LOCAL]], other__example=[[LOCAL]])
    async with (
        a_receiver(tls=trust.server) as receiver,
        an_egress(LOCAL + f":{receiver.port}", resolver=resolver, trust=trust.client) as egress,
    ):
        url = f"https://crm.example:{receiver.port}/"
        answer = await egress.send(HttpCall(method="GET", url=url))
        with pytest.raises(RetryableError, match="proved to be another"):
            await egress.send(HttpCall(method="GET", url=url.replace("crm", "other")))

    assert answer.status == 200
    assert receiver.received[0].headers["host"] == f"crm.example:{receiver.port}"
    assert len(receiver.received) == 1


async def test_a_certificate_of_strangers_is_not_believed(tmp_path: Path) -> None:
    """Without a given trust the machine's own is used, which knows no authority of a test."""
    trust = a_trust(tmp_path, LOCAL)
    async with (
        a_receiver(tls=trust.server) as receiver,
        an_egress(f"{LOCAL}:{receiver.port}") as egress,
    ):
        with pytest.raises(RetryableError, match="proved to be another"):
            await egress.send(HttpCall(method="GET", url=f"https://{LOCAL}:{receiver.port}/"))

    assert receiver.received == []


async def test_an_address_proves_itself_by_its_certificate(tmp_path: Path) -> None:
    """A host that is an address is checked as one."""
    trust = a_trust(tmp_path, LOCAL)
    async with (
        a_receiver(tls=trust.server) as receiver,
        an_egress(f"{LOCAL}:{receiver.port}", trust=trust.client) as egress,
    ):
        answer = await egress.send(HttpCall(method="GET", url=f"https://{LOCAL}:{receiver.port}/"))

    assert answer.status == 200


async def test_an_address_that_does_not_answer_is_passed_over() -> None:
    """Of several open addresses the first that can be connected to is asked, once."""
    resolver = TableResolver(crm__example=[["::1", LOCAL]])
    async with (
        a_receiver() as receiver,
        an_egress(f"crm.example:{receiver.port}", resolver=resolver) as egress,
    ):
        answer = await egress.send(
            HttpCall(method="GET", url=f"http://crm.example:{receiver.port}/")
        )

    assert answer.status == 200
    assert len(receiver.received) == 1
    assert resolver.asked == ["crm.example"]


async def test_nobody_there_is_a_reason_to_come_back() -> None:
    """A closed port may be open later."""
    async with a_raw_server() as gone:
        pass
    async with an_egress(LOCAL + f":{gone.port}") as egress:
        with pytest.raises(RetryableError, match="can't be connected to"):
            await egress.send(HttpCall(method="GET", url=f"http://{LOCAL}:{gone.port}/"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_answers_and_not_followed(status: int) -> None:
    """Where a receiver would send us is its own wish; we stay."""
    async with a_receiver() as canary, a_receiver() as receiver:
        place = {"Location": f"http://{LOCAL}:{canary.port}/"}
        receiver.answers = lambda _: web.Response(status=status, headers=place)
        async with an_egress(LOCAL + f":{receiver.port}") as egress:
            answer = await egress.send(
                HttpCall(method="POST", url=f"http://{LOCAL}:{receiver.port}/", body=b"x")
            )

    assert answer.status == status
    assert len(receiver.received) == 1
    assert canary.received == []


async def test_connections_are_kept_for_the_next_request() -> None:
    """Many requests to one receiver share a connection."""
    async with a_receiver() as receiver, an_egress(LOCAL + f":{receiver.port}") as egress:
        for _ in range(5):
            await egress.send(HttpCall(method="GET", url=f"http://{LOCAL}:{receiver.port}/"))

    assert len(receiver.connections) == 1


async def test_cookies_are_not_kept() -> None:
    """What a receiver leaves with one tenant's request is not shown in another's."""
    async with a_receiver() as receiver, an_egress(LOCAL + f":{receiver.port}") as egress:
        receiver.answers = lambda _: web.Response(headers={"Set-Cookie": "a=b"})
        for _ in range(2):
            await egress.send(HttpCall(method="GET", url=f"http://{LOCAL}:{receiver.port}/"))

    assert all("cookie" not in received.headers for received in receiver.received)


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the machine does not decide whom our requests pass."""
    async with a_receiver() as proxy, a_receiver() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://{LOCAL}:{proxy.port}")
        async with an_egress(LOCAL + f":{receiver.port}") as egress:
            await egress.send(HttpCall(method="GET", url=f"http://{LOCAL}:{receiver.port}/"))

    assert proxy.received == []
    assert len(receiver.received) == 1


async def test_a_long_answer_is_cut() -> None:
    """The receiver took the request, so that an endless answer is a success with a mark."""
    async with a_receiver() as receiver, an_egress(LOCAL + f":{receiver.port}") as egress:
        receiver.answers = lambda _: web.Response(body=b"x" * 65_537)
        cut = await egress.send(HttpCall(method="GET", url=f"http://{LOCAL}:{receiver.port}/"))
        receiver.answers = lambda _: web.Response(body=b"x" * 65_536)
        whole = await egress.send(HttpCall(method="GET", url=f"http://{LOCAL}:{receiver.port}/"))

    assert (len(cut.body), cut.truncated) == (65_536, True)
    assert (len(whole.body), whole.truncated) == (65_536, False)


async def test_an_endless_answer_costs_no_memory() -> None:
    """A receiver that never stops is read up to the bound."""
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    async with (
        a_raw_server(head, endless=b"x" * 65_536) as server,
        an_egress(LOCAL + f":{server.port}") as egress,
    ):
        tracemalloc.start()
        answer = await egress.send(HttpCall(method="GET", url=f"http://{LOCAL}:{server.port}/"))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert answer.truncated
    assert peak < 4_000_000


async def test_a_packed_answer_is_not_unpacked() -> None:
    """A bomb of 100 MB in 100 KB stays what it was on the wire; we said that we want none."""
    bomb = gzip.compress(bytes(30_000_000))
    async with a_receiver() as receiver, an_egress(LOCAL + f":{receiver.port}") as egress:
        receiver.answers = lambda _: web.Response(body=bomb, headers={"Content-Encoding": "gzip"})
        answer = await egress.send(HttpCall(method="GET", url=f"http://{LOCAL}:{receiver.port}/"))

    assert receiver.received[0].headers["accept-encoding"] == "identity"
    assert answer.body == bomb[:65_536]


@pytest.mark.parametrize(
    ("parts", "endless", "every_s"),
    [
        pytest.param((), b"x", 0.01, id="no HTTP, byte by byte"),
        pytest.param((b"HTTP/1.1 200 OK\r\nA: b",), b"c", 0.01, id="a header byte by byte"),
        pytest.param(
            (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n",), b"d", 0.02, id="a slow body"
        ),
        pytest.param((), b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.0, id="a flood of 1xx"),
        pytest.param((b"HTTP/1.1 200 OK\r\n",), b"A: b\r\n", 0.0, id="headers without end"),
        pytest.param(
            (b"HTTP/1.1 200 OK\r\n", b"A" * 100_000 + b": b\r\n\r\n"), b"", 0, id="a huge header"
        ),
        pytest.param((b"220 mail.example ESMTP\r\n",), b"", 0, id="another protocol"),
        pytest.param(
            (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",), b"", 0, id="broken off"
        ),
        pytest.param((b"HTTP/1.1 999999 OK\r\n\r\n",), b"", 0, id="an odd status"),
        pytest.param((), b"", 0, id="nothing"),
    ],
)
async def test_a_hostile_answer_ends_in_time(
    parts: tuple[bytes, ...], endless: bytes, every_s: float
) -> None:
    """Whatever comes back, the caller is told within its time, and may come back."""
    async with (
        a_raw_server(*parts, endless=endless, every_s=every_s) as server,
        an_egress(LOCAL + f":{server.port}", bounds=SHORT) as egress,
        asyncio.timeout(5),
    ):
        with pytest.raises(RetryableError):
            await egress.send(HttpCall(method="POST", url=f"http://{LOCAL}:{server.port}/"))


async def test_no_caller_waits_longer_than_the_operator_allows() -> None:
    """A caller's own patience shortens the wait and never lengthens it."""
    async with a_receiver() as receiver:
        receiver.hold = asyncio.Event()
        url = f"http://{LOCAL}:{receiver.port}/"
        async with an_egress(LOCAL + f":{receiver.port}", bounds=SHORT) as egress:
            with pytest.raises(RetryableError, match=r"within 0\.5 s"):
                await egress.send(HttpCall(method="GET", url=url, timeout_s=3_600))
            with pytest.raises(RetryableError, match=r"within 0\.1 s"):
                await egress.send(HttpCall(method="GET", url=url, timeout_s=0.1))
            with pytest.raises(RetryableError, match="within 0 s"):
                await egress.send(HttpCall(method="GET", url=url, timeout_s=-1))


async def test_a_slow_receiver_holds_up_nobody_else() -> None:
    """Requests to one host are bounded; those to another pass meanwhile."""
    bounds = replace(USUAL_BOUNDS, per_host=3, timeout_s=10)
    resolver = TableResolver(slow__example=[[LOCAL]], quick__example=[[LOCAL]])
    async with a_receiver() as slow, a_receiver() as quick:
        slow.hold = asyncio.Event()
        allow = f"slow.example:{slow.port},quick.example:{quick.port}"
        async with an_egress(allow, resolver=resolver, bounds=bounds) as egress:
            held = HttpCall(method="GET", url=f"http://slow.example:{slow.port}/")
            async with asyncio.TaskGroup() as group:
                for _ in range(10):
                    group.create_task(egress.send(held))
                for _ in range(20):
                    await egress.send(
                        HttpCall(method="GET", url=f"http://quick.example:{quick.port}/")
                    )
                most = slow.most_waiting
                slow.hold.set()

    assert most <= 3
    assert len(slow.received) == 10
    assert slow.most_waiting == 3


async def test_a_secret_goes_only_where_it_was_made_for() -> None:
    """Whoever chooses the address can't choose to be sent somebody's secret."""
    secret = Secret(name="crm", value="hunter2", hosts=("crm.example",))
    resolver = TableResolver(evil__example=[[LOCAL]], crm__example=[[LOCAL]])
    async with a_receiver() as receiver:
        allow = f"evil.example:{receiver.port},crm.example:{receiver.port}"
        async with an_egress(allow, resolver=resolver) as egress:
            call = HttpCall(
                method="GET",
                url=f"http://evil.example:{receiver.port}/",
                headers={"X-Key": "hunter2"},
                secrets=(secret,),
            )
            with pytest.raises(PermanentError, match="'crm' was not made for this host"):
                await egress.send(call)
            await egress.send(replace(call, url=f"http://crm.example:{receiver.port}/"))

    assert [received.headers["host"].partition(":")[0] for received in receiver.received] == [
        "crm.example"
    ]


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (HttpCall(method="CONNECT", url="https://a.example/"), "method"),
        (HttpCall(method="get", url="https://a.example/"), "method"),
        (HttpCall(method="POST", url="https://a.example/", body=bytes(MOST_BODY_BYTES + 1)), "at"),
        (HttpCall(method="POST", url="nowhere"), "can't be used"),
    ],
    ids=["connect", "lower case", "large", "no address"],
)
async def test_what_can_not_be_sent_is_refused_for_good(call: HttpCall, problem: str) -> None:
    """Trying again would not help."""
    async with an_egress() as egress:
        with pytest.raises(PermanentError, match=problem):
            await egress.send(call)


async def test_a_closed_client_sends_nothing() -> None:
    """What is asked of it while the worker ends is asked again elsewhere."""
    async with a_receiver() as receiver:
        async with an_egress(LOCAL + f":{receiver.port}") as egress:
            pass
        with pytest.raises(RetryableError, match="shutting down"):
            await egress.send(HttpCall(method="GET", url=f"http://{LOCAL}:{receiver.port}/"))

    assert receiver.received == []


async def test_nothing_is_looked_up_behind_the_gate() -> None:
    """The connector's own resolver refuses: only judged addresses are connected to."""
    async with an_egress() as egress:
        with pytest.raises(OSError, match="judged"):
            await egress._opened().connector._resolver.resolve("localhost")  # type: ignore[union-attr]  # noqa: SLF001  # the belt below the braces
