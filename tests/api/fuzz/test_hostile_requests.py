"""What no honest client sends is refused on the wire, and the connection is good for more (A9)."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

import orjson
import pytest

from runtime.kit.json_value import JsonObject
from tests.integration.faults.site import Site, Tenant

JSON = "application/json"
PROBLEM = "application/problem+json"


def a_plan(inputs: bytes = b'{"by": 1}', *, action: bytes = b'"counter.increment"') -> bytes:
    """Spell a plan of one step by hand."""
    return b'{"plan": {"steps": [{"action": %s, "inputs": %s}]}}' % (action, inputs)


@dataclass(kw_only=True)
class Wire:
    """Hold one connection, which is used again and again."""

    connection: http.client.HTTPConnection
    token: str
    project: str

    def send(
        self,
        body: bytes | None,
        *,
        method: str = "POST",
        path: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, str, JsonObject]:
        """Send a request, by default an execution, and return status, media type and document."""
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": JSON, **(headers or {})}
        where = path or f"/v1/projects/{self.project}/plans:execute"
        self.connection.request(method, where, body, sent)
        response = self.connection.getresponse()
        content = response.read()
        return response.status, response.headers["content-type"], orjson.loads(content)

    def works(self) -> bool:
        """Say whether the connection takes another request."""
        status, _, document = self.send(None, method="GET", path="/v1/me")
        return status == 200 and document["member"]["organization_role"] == "owner"


@pytest.fixture
def wire(site: Site, tenant: Tenant, project: str) -> Iterator[Wire]:
    """Open a connection to the platform."""
    connection = http.client.HTTPConnection("127.0.0.1", site.servers[0].port, timeout=20)
    try:
        yield Wire(connection=connection, token=tenant.token, project=project)
    finally:
        connection.close()


UNREADABLE = {
    "nothing": b"",
    "NaN": a_plan(b'{"by": NaN}'),
    "infinity": a_plan(b'{"by": -Infinity}'),
    "a number beyond a double": a_plan(b'{"by": 1e999}'),
    "an integer beyond 2**53": a_plan(b'{"by": 18446744073709551616}'),
    "a number without end": a_plan(b'{"by": ' + b"9" * 100_000 + b"}"),
    "a key twice": a_plan(b'{"by": 1, "by": 2}'),
    "a key twice, escaped": a_plan(b'{"by": 1, "b\\u0079": 2}'),
    "a lone surrogate": a_plan(action=b'"\\ud800"'),
    "half a surrogate pair as a key": a_plan(b'{"\\udc00": 1}'),
    "a NUL": a_plan(action=b'"a\\u0000b"'),
    "a raw NUL": a_plan(action=b'"a\x00b"'),
    "no UTF-8": a_plan(action=b'"\xff\xfe"'),
    "UTF-16": a_plan().decode().encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + a_plan(),
    "cut off": a_plan()[:-3],
    "two documents": a_plan() * 2,
    "a comment": b"// plan\n" + a_plan(),
    "a trailing comma": a_plan(b'{"by": 1,}'),
    "deep arrays": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": a_plan(b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
    "nearly a megabyte of spaces": b" " * 999_999,
}
UNFIT = {
    "null": b"null",
    "a list": b"[1]",
    "a text": b'"plan"',
    "a number": b"1e308",
    "no plan": b"{}",
    "a list for the plan": b'{"plan": []}',
    "an object for the steps": b'{"plan": {"steps": {}}}',
    "more steps than any grant allows": (
        b'{"plan": {"steps": [' + b",".join([b'{"action": "a"}'] * 101) + b"]}}"
    ),
    "a list for inputs": a_plan(b"[]"),
    "a number for an action": a_plan(action=b"7"),
    "who confirms": b'{"confirm": 1, ' + a_plan()[1:],
    "a text for atomic": b'{"atomic": "yes please", ' + a_plan()[1:],
    "a word of ours": b'{"organization_id": "org_1", ' + a_plan()[1:],
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_two_readers_could_read_differently_is_refused(wire: Wire, body: bytes) -> None:
    """400 with problem details, and the connection goes on."""
    status, kind, document = wire.send(body)

    assert (status, kind, document["code"]) == (400, PROBLEM, "body_unreadable")
    assert wire.works()


@pytest.mark.parametrize("body", UNFIT.values(), ids=UNFIT.keys())
def test_what_is_no_plan_is_refused(wire: Wire, body: bytes) -> None:
    """422 with problem details that point at the place, and the connection goes on."""
    status, kind, document = wire.send(body)

    assert (status, kind, document["code"]) == (422, PROBLEM, "request_invalid")
    assert document["errors"]
    assert wire.works()


@pytest.mark.parametrize(
    "inputs",
    [
        b'{"by": 1e308}',
        b'{"by": -1e-308}',
        b'{"by": 9007199254740991}',
        b'{"by": -9007199254740991}',
    ],
)
def test_numbers_at_the_edge_are_judged_and_not_done(wire: Wire, inputs: bytes) -> None:
    """They are JSON: the engine refuses or fails the step, and nothing moved."""
    status, kind, document = wire.send(a_plan(inputs))

    assert (status, kind) == (200, JSON)
    assert document["status"] in {"refused", "failed"}
    assert document["before"] == document["after"]
    assert wire.works()


@pytest.mark.parametrize(("steps", "code"), [(0, "plan_empty"), (11, "plan_too_long")])
def test_a_plan_without_measure_is_refused_as_a_whole(wire: Wire, steps: int, code: str) -> None:
    """It is a plan, so that its refusal is an outcome; nothing moved."""
    one = {"action": "counter.increment", "inputs": {"by": 1}}

    status, kind, document = wire.send(orjson.dumps({"plan": {"steps": [one] * steps}}))

    assert (status, kind, document["refusal"]["code"]) == (200, JSON, code)
    assert document["before"] == document["after"]
    assert wire.works()


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "json",
    ],
)
def test_any_other_type_of_body_is_refused(wire: Wire, kind: str) -> None:
    """415: a page of another site could send these without asking."""
    status, answered, document = wire.send(a_plan(), headers={"Content-Type": kind})

    assert (status, answered, document["code"]) == (415, PROBLEM, "body_type_unsupported")
    assert wire.works()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Idempotency-Key", "a" * 256),
        ("Idempotency-Key", "\u00e9"),
        ("If-Match", "7"),
        ("If-Match", 'W/"1"'),
        ("If-Match", '"99999999999999999999"'),
        ("Plangate-Timeout", "nan"),
        ("Plangate-Timeout", "inf"),
        ("Plangate-Timeout", "-1"),
        ("Plangate-Timeout", "31"),
        ("Plangate-Timeout", "1_0"),
    ],
)
def test_a_header_that_means_nothing_is_refused(wire: Wire, name: str, value: str) -> None:
    """422, and nothing is done on a guess."""
    status, kind, document = wire.send(a_plan(), headers={name: value})

    assert (status, kind, document["code"]) == (422, PROBLEM, "request_invalid")
    assert wire.works()


@pytest.mark.parametrize(
    "path",
    [
        "/v1/projects/%00/state",
        "/v1/projects/%ff%fe/state",
        "/v1/projects/%ED%A0%80/state",
        "/v1/projects/..%2f..%2fetc/state",
        "/v1/projects/" + quote("\u202e") * 500 + "/state",
        "/v1/projects/prj_" + "0" * 26 + "/state",
        "/v1/projects//state",
        "/v1/nothing",
    ],
)
def test_a_path_of_nothing_is_not_found(wire: Wire, path: str) -> None:
    """404 with problem details, whatever is written in it."""
    status, kind, document = wire.send(None, method="GET", path=path)

    assert (status, kind, document["code"]) == (404, PROBLEM, "not_found")
    assert wire.works()


@pytest.mark.parametrize(
    "query",
    ["version=-1", "version=1e3", "version=9007199254740992", "version=1&at=2026-01-01T00:00:00Z",
     "at=yesterday", "at=2026-01-01", "at=%00", "version=%ff"],
)  # fmt: skip
def test_a_query_that_means_nothing_is_refused(wire: Wire, query: str) -> None:
    """422 with problem details."""
    path = f"/v1/projects/{wire.project}/state?{query}"

    status, kind, document = wire.send(None, method="GET", path=path)

    assert (status, kind, document["code"]) == (422, PROBLEM, "request_invalid")
    assert wire.works()


def a_head(wire: Wire, *lines: bytes) -> bytes:
    """Spell the head of an execution by hand."""
    return b"\r\n".join(
        [
            b"POST /v1/projects/%s/plans:execute HTTP/1.1" % wire.project.encode(),
            b"Host: x",
            b"Content-Type: application/json",
            b"Authorization: Bearer %s" % wire.token.encode(),
            *lines,
            b"",
            b"",
        ]
    )


@pytest.mark.parametrize(
    ("head", "body"),
    [
        pytest.param(b"Content-Length: 10000000", b" " * 10_000_000, id="told before"),
        pytest.param(
            b"Transfer-Encoding: chunked",
            b"".join([b"fffff\r\n", b" " * 0xFFFFF, b"\r\n"]) * 10,
            id="in pieces",
        ),
    ],
)
def test_a_body_beyond_the_cap_is_cut_off(wire: Wire, site: Site, head: bytes, body: bytes) -> None:
    """413 for ten megabytes, however they come; other connections never notice."""
    answer = raw(site, a_head(wire, head), body)

    assert answer.startswith(b"HTTP/1.1 413") or answer == b""  # cut off before it was all sent
    assert wire.works()


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 300_000 + b"\r\n\r\n", id="header"
        ),
        pytest.param(b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", id="path"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nX: \x7f\r\n\r\n", id="a control character"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS"),
        pytest.param(b"GET / HTTP/9.9\r\n\r\n", id="a version of nothing"),
        pytest.param(
            b"POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="two lengths",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", id="less than no body"
        ),
    ],
)
def test_what_is_no_http_ends_its_own_connection_only(
    wire: Wire, site: Site, request_bytes: bytes
) -> None:
    """An answer of 400 or more, or none; other connections never notice."""
    answer = raw(site, request_bytes)

    assert answer == b"" or int(answer.split(b" ")[1]) in range(400, 500)
    assert wire.works()


def test_a_client_that_leaves_in_the_middle_of_a_body_leaves_nothing(
    wire: Wire, site: Site
) -> None:
    """Neither an effect nor a fault."""
    head = a_head(wire, b"Content-Length: 1000")
    with socket.create_connection(("127.0.0.1", site.servers[0].port), timeout=10) as client:
        client.sendall(head + a_plan()[:20])

    place = f"/v1/projects/{wire.project}/outcomes"
    assert wire.send(None, method="GET", path=place)[2]["items"] == []


def raw(site: Site, *parts: bytes) -> bytes:
    """Send bytes on a connection of their own, and return what comes back until it ends."""
    with socket.create_connection(("127.0.0.1", site.servers[0].port), timeout=10) as client:
        try:
            for part in parts:
                client.sendall(part)
            client.shutdown(socket.SHUT_WR)
        except OSError:  # it was cut off before all was sent
            pass
        answer = b""
        try:
            while part := client.recv(65536):
                answer += part
        except ConnectionResetError:
            pass
        return answer
