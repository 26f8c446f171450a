"""Answer requests at /graphql: find the document, refuse or execute it, and mask what fails."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, Final, cast

from fastapi import Request, Response
from graphql import (
    ExecutionResult,
    OperationType,
    create_source_event_stream,
    execute,
)

from runtime.entrypoints.graphql.asked import AskedIn
from runtime.entrypoints.graphql.call import Call
from runtime.entrypoints.graphql.cost import refuse_costly
from runtime.entrypoints.graphql.documents import Documents, read_trusted
from runtime.entrypoints.graphql.execution import Execution
from runtime.entrypoints.graphql.limits import ReadDocument
from runtime.entrypoints.graphql.masking import spelled, told_errors, told_refusal, told_size
from runtime.entrypoints.graphql.refusals import (
    AnswerTooLargeError,
    DocumentRefusedError,
    Reason,
)
from runtime.entrypoints.graphql.schema import SCHEMA
from runtime.entrypoints.graphql.stream import MEDIA_TYPE, Events, SubscriptionResponse
from runtime.entrypoints.graphql.wiring import ProjectEvent
from runtime.kit.json_value import JsonObject
from runtime.settings.graphql import GraphqlSettings

MOST_S: Final = 35.0
"""How long an operation may take: longer than a plan waits for its turn."""
JSON_MEDIA_TYPE: Final = "application/json"


class Endpoint:
    """Execute the documents of one app."""

    def __init__(self, settings: GraphqlSettings, *, most_s: float = MOST_S) -> None:
        """Read the trusted documents; raise SettingsError where they can't be used."""
        self._documents = Documents(
            SCHEMA, read_trusted(settings.documents), any_document=settings.any_document
        )
        self._most_s = most_s

    async def answer(self, request: Request, asked: AskedIn, call: Call) -> Response:
        """Return what a document asks for, with what of it failed."""
        variables = asked.variables or {}
        try:
            read = self._documents.document_of(asked)
            refuse_costly(SCHEMA, read, variables)
            streams = _streams(read, request)
        except DocumentRefusedError as error:
            return _answered({"errors": [told_refusal(error)]}, HTTPStatus.UNPROCESSABLE_ENTITY)
        if streams:
            return await self._followed(request, read, variables=variables, call=call)
        try:
            async with asyncio.timeout(self._most_s):
                result = await _executed(read, variables, call)
        except TimeoutError:
            return _answered({"errors": [_late(self._most_s)]}, HTTPStatus.GATEWAY_TIMEOUT)
        return await _told(request, result)

    async def _followed(
        self,
        request: Request,
        read: ReadDocument,
        *,
        variables: dict[str, Any],
        call: Call,
    ) -> Response:
        """Return a stream, once everything is found to be allowed."""
        found = await create_source_event_stream(
            SCHEMA, read.node, context_value=call, variable_values=variables
        )
        if isinstance(found, ExecutionResult):
            return await _told(request, found)

        async def show(event: ProjectEvent) -> JsonObject:
            result = await _executed(read, variables, call, root=event)
            return await _document(request, result)

        return SubscriptionResponse(cast("Events", found), show)


async def _executed(
    read: ReadDocument, variables: dict[str, Any], call: Call, *, root: object = None
) -> ExecutionResult:
    found = execute(
        SCHEMA,
        read.node,
        root,
        context_value=call,
        variable_values=variables,
        execution_context_class=Execution,
        hide_suggestions=True,
    )
    return found if isinstance(found, ExecutionResult) else await found


def _streams(read: ReadDocument, request: Request) -> bool:
    """Say whether an operation is followed; refuse one that its reader can't read."""
    follows = read.operation.operation is OperationType.SUBSCRIPTION
    if follows and MEDIA_TYPE not in request.headers.get("accept", ""):
        raise DocumentRefusedError(
            Reason.NO_STREAM, f"a subscription is answered as a stream; send Accept: {MEDIA_TYPE}"
        )
    return follows


async def _told(request: Request, result: ExecutionResult) -> Response:
    """Return a result; where nothing was executed, its status says so too."""
    unfit = result.data is None and not any(error.path for error in result.errors or ())
    return _answered(
        await _document(request, result),
        HTTPStatus.UNPROCESSABLE_ENTITY if unfit else HTTPStatus.OK,
    )


async def _document(request: Request, result: ExecutionResult) -> JsonObject:
    document: JsonObject = {"data": result.data}
    if result.errors:
        document["errors"] = await told_errors(request, result.errors)
    return document


def _late(seconds: float) -> JsonObject:
    return {
        "message": f"no answer within {seconds:g} s; whether something was changed is not known: "
        "repeat it with the same idempotencyKey",
        "extensions": {
            "code": "deadline_passed",
            "status": HTTPStatus.GATEWAY_TIMEOUT.value,
        },
    }


def _answered(document: JsonObject, status: HTTPStatus) -> Response:
    try:
        content = spelled(document)
    except AnswerTooLargeError as error:
        content, status = spelled(told_size(error)), HTTPStatus.UNPROCESSABLE_ENTITY
    return Response(content, status, media_type=JSON_MEDIA_TYPE)
