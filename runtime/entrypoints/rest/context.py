"""Give routes what they may know of a request: its context, and the services.

A route that reads takes `context: Reading`, one that changes something `context: Writing`, and both
`services: ServicesOf`. What changed is returned by `answered(answer)`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Final, cast

import orjson
from fastapi import Depends, Header, Request, Response

from runtime.entrypoints.rest.body import CappedRequest
from runtime.entrypoints.rest.credentials import caller_of
from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import ProblemError
from runtime.kit.canonical_json import canonical_bytes
from runtime.services.context import Context, RequestKey
from runtime.services.platform import Platform
from runtime.services.unit_of_work import Answer

JSON_MEDIA_TYPE: Final = "application/json"
REPLAYED: Final = "Idempotency-Replayed"


IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[ -~]+$",
        description="Send the same key again to repeat a request safely: it acts once, and the "
        "answer is the same. Kept for 24 hours at least.",
    ),
]


async def reading(request: Request) -> Context:
    """Return the context of a request that changes nothing."""
    return Context(caller=caller_of(request))


async def writing(request: Request, idempotency_key: IdempotencyKey = None) -> Context:
    """Return the context of a request that changes something.

    Raises:
        ProblemError: several keys were sent, or the body can't be read.
    """
    caller = caller_of(request)
    if idempotency_key is None:
        return Context(caller=caller)
    if len(request.headers.getlist("idempotency-key")) > 1:
        raise ProblemError(
            ProblemCode.REQUEST_INVALID, "there are several Idempotency-Key headers, expected one"
        )
    return Context(caller=caller, key=await request_key(request, idempotency_key))


async def request_key(request: Request, key: str) -> RequestKey:
    """Return what a key is used for: the route, and a digest of path, query and body."""
    body = await _spelled_body(cast("CappedRequest", request))  # by the route class
    return RequestKey(
        route=route_of(request), key=key, body_digest=body_digest(request.scope, body)
    )


def route_of(request: Request) -> str:
    """Return a request's method and route template, such as `POST /v1/projects`."""
    route: Any = request.scope["route"]
    return f"{request.method} {route.path_format}"


def body_digest(scope: Mapping[str, Any], body: bytes) -> str:
    """Return what two requests must share to be the same: concrete path, query and body."""
    parts = (scope["path"].encode(), scope["query_string"], body)
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


async def services_of(request: Request) -> Platform:
    """Return the services of the app."""
    services: Platform = request.app.state.services
    return services


Reading = Annotated[Context, Depends(reading)]
Writing = Annotated[Context, Depends(writing)]
ServicesOf = Annotated[Platform, Depends(services_of)]


def answered(answer: Answer) -> Response:
    """Return what a use case answers, and whether it was answered before."""
    headers = {REPLAYED: "true"} if answer.replayed else None
    body = orjson.dumps(answer.document, option=orjson.OPT_SORT_KEYS)  # as a repetition reads it
    return Response(body, answer.status, headers, media_type=JSON_MEDIA_TYPE)


async def _spelled_body(request: CappedRequest) -> bytes:
    content = await request.body()
    if not content:
        return content
    return canonical_bytes(await request.json())
