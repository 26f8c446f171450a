"""Tell what went wrong as REST does: its code, status and sentence; of faults of ours, nothing.

The app's own handlers make the problem, so that both ways can't differ.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
import structlog
from fastapi import Request
from graphql import GraphQLError, ValueNode

from runtime.entrypoints.graphql.refusals import (
    CODE,
    MOST_ANSWER_BYTES,
    AnswerTooLargeError,
    DocumentRefusedError,
)
from runtime.kit.json_value import JsonObject
from runtime.telemetry import REQUEST_ID

SHOWN_ERRORS: Final = 20
MOST_MESSAGE: Final = 500
_FAULT: Final = 500

_log = structlog.get_logger()


async def told_errors(request: Request, errors: Sequence[GraphQLError]) -> list[JsonObject]:
    """Return errors as callers read them, the first few of many."""
    problems: dict[int, JsonObject] = {}
    told = []
    for error in errors[:SHOWN_ERRORS]:
        original = error.original_error or error
        if _of_what_was_sent(error):
            problem = _unfit(error)
        elif isinstance(original, AnswerTooLargeError):
            problem = _too_large(original)
        else:
            if id(original) not in problems:
                problems[id(original)] = await told_failure(request, original)
            problem = problems[id(original)]
        told.append({**problem, "path": list(error.path)} if error.path else dict(problem))
    return told


async def told_failure(request: Request, error: Exception) -> JsonObject:
    """Return one failure as callers read it; a fault of ours is logged with its place."""
    handlers: dict[Any, Any] = request.app.exception_handlers
    handler = next(handlers[kind] for kind in type(error).__mro__ if kind in handlers)
    response = await handler(request, error)
    problem = orjson.loads(response.body)
    extensions = {name: problem[name] for name in ("code", "status", "errors") if problem.get(name)}
    retry = response.headers.get("retry-after")
    if retry is not None:
        extensions["retry_after_s"] = int(retry)
    if problem["status"] == _FAULT:
        _log.error(
            "request.failed",
            route="/graphql",
            error=type(error).__name__,
            place="".join(traceback.format_tb(error.__traceback__)[-3:]),
        )
        extensions["trace"] = REQUEST_ID.get()
    return {"message": problem["detail"], "extensions": extensions}


def told_refusal(error: DocumentRefusedError) -> JsonObject:
    """Return why a document is not executed."""
    return _invalid(error.detail, reason=error.reason.value)


def spelled(document: JsonObject) -> bytes:
    """Return an answer as it is sent; raise AnswerTooLargeError."""
    content = orjson.dumps(document)
    if len(content) > MOST_ANSWER_BYTES:
        raise AnswerTooLargeError
    return content


def told_size(error: AnswerTooLargeError) -> JsonObject:
    """Return the answer in the place of one that is too large."""
    return {"data": None, "errors": [_too_large(error)]}


def _too_large(error: AnswerTooLargeError) -> JsonObject:
    return _invalid(str(error), code=error.code)


def _of_what_was_sent(error: GraphQLError) -> bool:
    """Say whether the library found it in variables or arguments, rather than in our answer.

    Variables are read before anything has a path; an argument's fault is placed at its value.
    """
    if not isinstance(error.original_error or error, GraphQLError):
        return False
    nodes = error.nodes or ()
    return error.path is None or (
        bool(nodes) and all(isinstance(node, ValueNode) for node in nodes)
    )


def _unfit(error: GraphQLError) -> JsonObject:
    """Return what the library says of variables and arguments."""
    return _invalid(error.message[:MOST_MESSAGE])


def _invalid(message: str, *, code: str = CODE, **more: str) -> JsonObject:
    status = HTTPStatus.UNPROCESSABLE_ENTITY.value
    return {"message": message, "extensions": {"code": code, "status": status, **more}}
