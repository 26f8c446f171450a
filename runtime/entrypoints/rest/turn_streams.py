"""Stream how a turn comes to its answer, as server-sent events; the last one is the answer.

The turn goes on if its reader leaves: it is stored, and read as any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Final

import orjson
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send
from typing_extensions import override

from runtime.domain.errors import DomainError
from runtime.domain.turn import INTERRUPTED, Turn, TurnStatus
from runtime.entrypoints.rest.problem_codes import STATUSES, ProblemCode
from runtime.entrypoints.rest.problems import internal_problem, problem_of
from runtime.kit.json_value import JsonObject
from runtime.services.conversations.documents import turn_document
from runtime.services.conversations.pending import Pending

MEDIA_TYPE: Final = "text/event-stream"
ALIVE_S: Final = 8.0
SEND_S: Final = 15.0
_ALIVE: Final = b": alive\n\n"


class TurnStreamResponse(StreamingResponse):
    """Send what happens, and end with the answer, or when the reader goes or stands still."""

    media_type = MEDIA_TYPE

    def __init__(
        self, pending: Pending, *, alive_s: float = ALIVE_S, send_s: float = SEND_S
    ) -> None:
        """Follow a turn.

        Args:
            pending: the turn.
            alive_s: after how long of nothing a sign of life is sent.
            send_s: within which the reader has to take each part.
        """
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(_parts(pending, alive_s), headers=headers)
        self._send_s = send_s

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""

        async def sent(message: Message) -> None:
            try:
                async with asyncio.timeout(self._send_s):
                    await send(message)
            except TimeoutError:
                raise ClientDisconnect from None

        await super().__call__(scope, receive, sent)


async def _parts(pending: Pending, alive_s: float) -> AsyncIterator[bytes]:
    accepted = pending.accepted
    yield _event(
        "turn",
        {
            "id": accepted.id,
            "conversation": accepted.conversation_id,
            "number": accepted.number,
        },
    )
    async with aclosing(pending.notes(alive_s=alive_s)) as notes:
        async for note in notes:
            if note is None:
                yield _ALIVE
            else:
                yield _event(note.stage, {"model": note.model, "attempt": note.attempt})
    yield await _last(pending)


async def _last(pending: Pending) -> bytes:
    try:
        turn = await pending.answered()
    except DomainError as error:
        return _spelled("error", bytes(problem_of(error).body))
    except Exception:  # noqa: BLE001  # the edge of the process: the task's own log has the rest
        return _spelled("error", bytes(internal_problem().body))
    if turn.status is TurnStatus.FAILED:
        return _event("error", _problem(turn))
    return _event("proposal", turn_document(turn))


def _problem(turn: Turn) -> JsonObject:
    """Say as a problem why a turn has no proposal."""
    fault, detail = "", "the model gave no answer that could be used"
    for problem in turn.problems[:1]:
        fault, detail = problem.fault, problem.detail
    code = _code(fault)
    return {
        "type": f"urn:plangate:problem:{code.value}",
        "title": code.value.replace("_", " "),
        "status": STATUSES[code].value,
        "code": code.value,
        "detail": detail,
        "turn": turn.id,
    }


def _code(fault: str) -> ProblemCode:
    """Return the code of a fault; what is wrong with an answer alone is the model's failure."""
    if fault == INTERRUPTED:
        return ProblemCode.INTERNAL
    try:
        return ProblemCode(fault)
    except ValueError:
        return ProblemCode.MODEL_FAILED


def _event(name: str, document: JsonObject) -> bytes:
    return _spelled(name, orjson.dumps(document))


def _spelled(name: str, body: bytes) -> bytes:
    """Spell an event (Source: HTML Living Standard §9.2); JSON of one line needs no more."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), body)
