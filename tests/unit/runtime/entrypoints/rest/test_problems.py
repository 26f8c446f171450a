"""Whatever fails, a problem with a stable code comes back."""

from __future__ import annotations

import pytest

from runtime.entrypoints.rest.problems import STATUSES, ProblemCode
from runtime.ports.chat_model import ChatRequest, Completion
from tests.unit.runtime.entrypoints.rest.platform import Scripted, an_app, ask, said


def test_each_code_has_its_status() -> None:
    """The table is whole, and a code never means success."""
    assert set(STATUSES) == set(ProblemCode)
    assert all(status >= 400 for status in STATUSES.values())


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        pytest.param("GET", "/v2/environments", 404, "not_found", id="no such route"),
        pytest.param("DELETE", "/v1/environments", 405, "method_not_allowed", id="no such verb"),
        pytest.param("GET", "/docs", 404, "not_found", id="no page of the framework"),
    ],
)
async def test_what_no_route_has_is_a_problem(
    method: str, path: str, status: int, code: str
) -> None:
    """The router's own refusals look like all others."""
    answered = await ask(an_app(), path, method=method)

    assert (answered.status, answered.code) == (status, code)
    assert answered.headers["content-type"] == "application/problem+json"
    assert answered.json["type"] == f"urn:plangate:problem:{code}"
    assert answered.json["status"] == status


async def test_a_body_that_does_not_fit_is_told_where_without_its_values() -> None:
    """The places are pointers; what stood there is not repeated."""
    document = said(message="", tenant="s3cret", situation={"principal": {"id": "a"}})

    answered = await ask(an_app(Scripted()), document=document)

    assert (answered.status, answered.code) == (422, "request_invalid")
    pointers = {fault["pointer"] for fault in answered.json["errors"]}
    assert {"/conversation/message", "/tenant", "/situation/principal/roles"} <= pointers
    assert "s3cret" not in str(answered.json)


async def test_a_thousand_faults_are_told_in_twenty() -> None:
    """An answer stays small whatever was sent."""
    document = said() | {f"x{number}": 1 for number in range(1_000)}

    answered = await ask(an_app(Scripted()), document=document)

    assert answered.json["detail"].startswith("1000 part(s)")
    assert len(answered.json["errors"]) == 20


async def test_a_fault_of_ours_tells_nothing() -> None:
    """What broke stands in the log of the server, which gets the exception."""

    def broken(_: ChatRequest) -> Completion:
        raise ZeroDivisionError("our secret")

    answered = await ask(an_app(Scripted(broken)), document=said(), raised=(ZeroDivisionError,))

    assert (answered.status, answered.code) == (500, "internal")
    assert "secret" not in str(answered.json)
