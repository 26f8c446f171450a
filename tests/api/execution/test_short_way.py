"""The short way to the busiest routes and the framework's own way answer every request alike."""

from __future__ import annotations

import re
from typing import Any

import pytest

from runtime.entrypoints.rest.short_way import PlatformApp
from tests.api.app_builder import Answered, asked
from tests.api.execution.conftest import Api

PLAN = b'{"plan": {"steps": [{"action": "counter.increment", "inputs": {"by": 1}}]}}'
JSON = ("content-type", "application/json")
_OWN = re.compile(rb'"(out_[0-9A-Z]{26}|sha256:[0-9a-f]{64}|20[0-9-]{8}T[^"]*)"')
"""What differs from one execution to the next."""


def _request(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  # of the caller's choice
    return {"method": "POST", "verb": "simulate", "headers": [JSON], "body": PLAN, **changes}


REQUESTS = [
    pytest.param(_request(), id="a plan"),
    pytest.param(_request(verb="execute", body=b'{"plan": {"steps": []}}'), id="an empty plan"),
    pytest.param(_request(body=b"{"), id="no JSON"),
    pytest.param(_request(body=b'{"plan": 1}'), id="another document"),
    pytest.param(
        _request(body=b'{"plan": {"steps": []}, "confirmed": true}'), id="a part too many"
    ),
    pytest.param(_request(body=b"x" * 1_000_001), id="too large a body"),
    pytest.param(_request(headers=[]), id="no type"),
    pytest.param(_request(headers=[("content-type", "text/plain")]), id="another type"),
    pytest.param(_request(headers=[JSON, ("content-type", "text/plain")]), id="two types"),
    pytest.param(_request(headers=[JSON, ("if-match", '"7"')]), id="another version"),
    pytest.param(_request(headers=[JSON, ("if-match", "7")]), id="no version"),
    pytest.param(_request(headers=[JSON, ("plangate-timeout", "soon")]), id="no time"),
    pytest.param(
        _request(verb="execute", headers=[JSON, ("idempotency-key", "\u00e9")]), id="no key"
    ),
    pytest.param(
        _request(
            verb="execute",
            headers=[JSON, ("idempotency-key", "a"), ("idempotency-key", "b")],
        ),
        id="two keys",
    ),
    pytest.param(_request(method="GET", body=b""), id="another method"),
    pytest.param(_request(method="OPTIONS", body=b""), id="asking first"),
    pytest.param(_request(verb="explode"), id="another verb"),
    pytest.param(_request(bearer="plangate_none"), id="another credential"),
    pytest.param(_request(project="prj_01KDVDNA000000000000000000"), id="another project"),
    pytest.param(_request(project="x"), id="no project's id"),
    pytest.param(_request(project="a/b"), id="a longer path"),
    pytest.param(_request(project="\0"), id="a NUL"),
]


async def _answers(api: Api, request: dict[str, Any]) -> list[Answered]:
    app = api.app
    assert isinstance(app, PlatformApp)
    project, token = request.get("project", api.project), request.get("bearer", api.token)
    short_way, answers = app.short_way, []
    for way in (short_way, None):
        app.short_way = way
        answers.append(
            await asked(
                app,
                request["method"],
                f"/v1/projects/{project}/plans:{request['verb']}",
                headers=[
                    ("host", "127.0.0.1:4711"),
                    ("authorization", f"Bearer {token}"),
                    ("x-request-id", "a-request-of-tests"),
                    *request["headers"],
                ],
                body=request["body"],
            )
        )
    app.short_way = short_way
    return answers


@pytest.mark.parametrize("request_parts", REQUESTS)
async def test_both_ways_answer_alike(api: Api, request_parts: dict[str, Any]) -> None:
    """Status, headers and body, but for what names the one execution."""
    short, usual = await _answers(api, request_parts)

    assert short.status == usual.status
    assert _OWN.sub(b'"*"', short.body) == _OWN.sub(b'"*"', usual.body)
    assert _told(short) == _told(usual)


async def test_the_short_way_is_taken(api: Api) -> None:
    """By what it is there for, and by nothing beside it."""
    app = api.app
    assert isinstance(app, PlatformApp)
    assert app.short_way is not None
    path = f"/v1/projects/{api.project}/plans:execute"

    def leads(**changes: str) -> bool:
        assert app.short_way is not None
        return app.short_way.leads({"type": "http", "method": "POST", "path": path, **changes})

    assert leads()
    assert not leads(method="GET")
    assert not leads(path=f"{path}/more")
    assert not leads(path=path.replace("/v1", "/v2"))
    assert not leads(root_path="/behind")
    assert not leads(type="websocket")


def _told(answered: Answered) -> dict[str, str]:
    """Return the headers without those that count down."""
    return {
        name: value for name, value in answered.headers.items() if not name.startswith("ratelimit-")
    }
