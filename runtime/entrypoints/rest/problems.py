"""Answer what went wrong as problem details; what can is listed in `problem_codes`.

Source: RFC 9457. `type` is a URN of the code, which is stable; `detail` is for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, cast

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import HTTPException, RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException as RoutingException

from runtime.domain.errors import (
    DomainError,
    ModelBudgetError,
    PolicyRefusedError,
    WebhookRefusedError,
)
from runtime.entrypoints.rest.problem_codes import HEADERS, STATUSES, ProblemCode
from runtime.kit.json_pointer import join

MEDIA_TYPE: Final = "application/problem+json"
SHOWN_FAULTS: Final = 20
MOST_DETAIL: Final = 1_000
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
    app.add_exception_handler(DomainError, _expected)
    app.add_exception_handler(RequestValidationError, _unfit)
    app.add_exception_handler(Exception, _ours)


def problem_of(error: DomainError) -> Response:
    """Return what an expected failure is answered with; one that has no code here is our fault."""
    try:
        code = ProblemCode(error.code)
    except ValueError:
        return internal_problem()
    headers = HEADERS.get(code)
    if isinstance(error, ModelBudgetError):
        headers = {"Retry-After": f"{error.retry_after_s}"}
    return _answer(code, str(error), errors=_faults(error), headers=headers)


def internal_problem() -> Response:
    """Say nothing of a fault of ours but that it is one; the server's log has the rest."""
    return _answer(ProblemCode.INTERNAL, "a fault of the platform; its log says more")


async def _told(_: Request, error: Exception) -> Response:
    """Answer what a route raised, or what the router did for a path that no route has."""
    if isinstance(error, ProblemError):
        return _answer(error.code, str(error.detail), headers=error.headers)
    refused = cast("RoutingException", error)  # what it is installed for
    status = HTTPStatus(refused.status_code)
    code = _OF_ROUTING.get(status, ProblemCode.BODY_UNREADABLE)
    detail = f"{status.phrase}; the routes are in /openapi.json"
    return _answer(code, detail, headers=refused.headers)


async def _expected(_: Request, error: Exception) -> Response:
    """Answer an expected failure by the table; its message is written for callers."""
    return problem_of(cast("DomainError", error))  # what it is installed for


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
    """Answer a fault of ours."""
    return internal_problem()


def _faults(error: DomainError) -> tuple[FaultOut, ...]:
    """Name each fault of an error that knows several."""
    if isinstance(error, WebhookRefusedError):
        known = error.faults[:SHOWN_FAULTS]
        return tuple(FaultOut(pointer=item.pointer, detail=item.problem) for item in known)
    if not isinstance(error, PolicyRefusedError):
        return ()
    found = error.problems[:SHOWN_FAULTS]
    return tuple(FaultOut(pointer="/modules", detail=item[:MOST_DETAIL]) for item in found)


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
