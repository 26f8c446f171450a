"""Answer what went wrong as problem details, each code with its status in one table.

Source: RFC 9457. `type` is a URN of the code, which is stable; `detail` is for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, cast

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import HTTPException, RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException as RoutingException

from runtime.kit.json_pointer import join

MEDIA_TYPE: Final = "application/problem+json"
SHOWN_FAULTS: Final = 20


class ProblemCode(StrEnum):
    """Name what went wrong; stable across releases."""

    BODY_UNREADABLE = "body_unreadable"
    TOKEN_REFUSED = "token_refused"  # noqa: S105  # a code
    EVALUATION_CLOSED = "evaluation_closed"
    NOT_FOUND = "not_found"
    ENVIRONMENT_UNKNOWN = "environment_unknown"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    BODY_TOO_SLOW = "body_too_slow"
    BODY_TOO_LARGE = "body_too_large"
    BODY_TYPE_UNSUPPORTED = "body_type_unsupported"
    REQUEST_INVALID = "request_invalid"
    ACTIONS_UNKNOWN = "actions_unknown"
    STATE_INVALID = "state_invalid"
    ATTACHMENT_INVALID = "attachment_invalid"
    MODEL_REFUSED_REQUEST = "model_refused_request"
    MODEL_RATE_LIMITED = "model_rate_limited"
    INTERNAL = "internal"
    MODEL_FAILED = "model_failed"
    MODEL_MISSING = "model_missing"
    MODEL_UNAVAILABLE = "model_unavailable"
    MODEL_TOO_SLOW = "model_too_slow"


STATUSES: Final[Mapping[ProblemCode, HTTPStatus]] = MappingProxyType(
    {
        ProblemCode.BODY_UNREADABLE: HTTPStatus.BAD_REQUEST,
        ProblemCode.TOKEN_REFUSED: HTTPStatus.UNAUTHORIZED,
        ProblemCode.EVALUATION_CLOSED: HTTPStatus.FORBIDDEN,
        ProblemCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
        ProblemCode.ENVIRONMENT_UNKNOWN: HTTPStatus.NOT_FOUND,
        ProblemCode.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
        ProblemCode.BODY_TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
        ProblemCode.BODY_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        ProblemCode.BODY_TYPE_UNSUPPORTED: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ProblemCode.REQUEST_INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
        ProblemCode.ACTIONS_UNKNOWN: HTTPStatus.UNPROCESSABLE_ENTITY,
        ProblemCode.STATE_INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
        ProblemCode.ATTACHMENT_INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
        ProblemCode.MODEL_REFUSED_REQUEST: HTTPStatus.UNPROCESSABLE_ENTITY,
        ProblemCode.MODEL_RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
        ProblemCode.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
        ProblemCode.MODEL_FAILED: HTTPStatus.BAD_GATEWAY,
        ProblemCode.MODEL_MISSING: HTTPStatus.SERVICE_UNAVAILABLE,
        ProblemCode.MODEL_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
        ProblemCode.MODEL_TOO_SLOW: HTTPStatus.GATEWAY_TIMEOUT,
    }
)

_OF_ROUTING: Final = MappingProxyType(
    {
        HTTPStatus.NOT_FOUND: ProblemCode.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED: ProblemCode.METHOD_NOT_ALLOWED,
    }
)


class FaultOut(BaseModel):
    """Point at one place of a request that is wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pointer: str
    detail: str


class ProblemOut(BaseModel):
    """Say what went wrong, what to do, and for a body that does not fit, where."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    title: str
    status: int
    code: ProblemCode
    detail: str
    errors: tuple[FaultOut, ...] = ()


PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": ProblemOut, "description": f"Problem details, as {MEDIA_TYPE}"}
    for status in (422, "default")
}
"""What every route may answer beside its own, for the API's description."""


class ProblemError(HTTPException):
    """End a request with a problem; the status is that of its code."""

    def __init__(
        self, code: ProblemCode, detail: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        """Keep the code and what to tell people."""
        super().__init__(STATUSES[code], detail, dict(headers or {}))
        self.code = code


def install(app: FastAPI) -> None:
    """Let every failure of an app become a problem."""
    app.add_exception_handler(RoutingException, _told)
    app.add_exception_handler(RequestValidationError, _unfit)
    app.add_exception_handler(Exception, _ours)


async def _told(_: Request, error: Exception) -> Response:
    """Answer what a route raised, or what the router did for a path that no route has."""
    if isinstance(error, ProblemError):
        return _answer(error.code, str(error.detail), headers=error.headers)
    refused = cast("RoutingException", error)  # what it is installed for
    status = HTTPStatus(refused.status_code)
    code = _OF_ROUTING.get(status, ProblemCode.BODY_UNREADABLE)
    detail = f"{status.phrase}; the routes are in /openapi.json"
    return _answer(code, detail, headers=refused.headers)


async def _unfit(_: Request, error: Exception) -> Response:
    """Name the places that don't fit, and none of their values."""
    found = cast("RequestValidationError", error).errors()  # what it is installed for
    faults = tuple(
        FaultOut(pointer=join(tuple(map(str, item["loc"][1:]))), detail=str(item["msg"]))
        for item in found[:SHOWN_FAULTS]
    )
    detail = f"{len(found)} part(s) of the request don't fit: see errors"
    return _answer(ProblemCode.REQUEST_INVALID, detail, errors=faults)


async def _ours(_: Request, __: Exception) -> Response:
    """Say nothing of a fault of ours but that it is one; the server's log has the rest."""
    return _answer(ProblemCode.INTERNAL, "a fault of the platform; its log says more")


def _answer(
    code: ProblemCode,
    detail: str,
    *,
    errors: tuple[FaultOut, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    status = STATUSES[code]
    problem = ProblemOut(
        type=f"urn:plangate:problem:{code.value}",
        title=code.value.replace("_", " "),
        status=status,
        code=code,
        detail=detail,
        errors=errors,
    )
    document = problem.model_dump(mode="json", exclude_defaults=True)
    return Response(
        orjson.dumps(document), status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )
