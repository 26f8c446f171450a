"""Read the body of a request within bounds of size and time, after the door let it in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from typing_extensions import override

from runtime.entrypoints.rest.door import Door
from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import ProblemError
from runtime.kit.canonical_json import CanonicalJsonError
from runtime.kit.json_value import JsonValue
from runtime.kit.strict_json import read_strictly

JSON_TYPE: Final = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyCaps:
    """Bound a body; the largest attachment that a model is shown fits, with what stands around.

    Attributes:
        marks: how many of the characters `{`, `[`, `,` and `:` it may have, in texts too, so that
            a large body is one of large texts and not of many values; None for any number.
    """

    size_bytes: int = 16_000_000
    time_s: float = 30.0
    marks: int | None = None


PLATFORM_SIZE_BYTES: Final = 1_000_000
"""Plans, limits and names; reading one of the nastiest kind takes half a second at the most."""
_BESIDE_BYTES: Final = 1_000_000
"""Above which a body is read beside the event loop."""
_MARKS: Final = (b"{", b"[", b",", b":")
_COUNTED_BYTES: Final = 1_000_000
"""Of a body whose marks are counted at once."""


class CappedRequest(Request):
    """Read a body once, and no further than its caps allow."""

    _content: bytes | None = None
    _document: JsonValue = None

    @property
    def caps(self) -> BodyCaps:
        """Return the bounds of this body: those of evaluation, whose attachments are large."""
        caps: BodyCaps = self.app.state.body_caps
        return caps

    @override
    async def body(self) -> bytes:
        """Return the body.

        Raises:
            ProblemError: it is larger, or comes slower, than the caps allow.
        """
        if self._content is None:
            caps = self.caps
            try:
                async with asyncio.timeout(caps.time_s):
                    self._content = await self._read(caps)
            except TimeoutError:
                raise ProblemError(
                    ProblemCode.BODY_TOO_SLOW,
                    f"the body was not here within {caps.time_s:g} s; send it faster",
                    headers={"Connection": "close"},
                ) from None
        return self._content

    @override
    async def json(self) -> JsonValue:
        """Return the body as JSON that every reader reads alike.

        Raises:
            ProblemError: it is none, or has more values than the caps allow.
        """
        if self._document is not None:
            return self._document
        content = await self.body()
        _refuse_many(content, self.caps.marks)
        try:
            if len(content) > _BESIDE_BYTES:
                self._document = await asyncio.to_thread(read_strictly, content)
            else:
                self._document = read_strictly(content)
        except CanonicalJsonError as error:
            raise ProblemError(ProblemCode.BODY_UNREADABLE, f"the body: {error}") from None
        return self._document

    async def _read(self, caps: BodyCaps) -> bytes:
        parts: list[bytes] = []
        size_bytes = 0
        more = True
        while more:
            message = await self._receive()  # `stream()` does the same, and costs 2 µs more
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part, more = message.get("body", b""), message.get("more_body", False)
            size_bytes += len(part)
            if size_bytes > caps.size_bytes:
                raise ProblemError(
                    ProblemCode.BODY_TOO_LARGE,
                    f"the body has more than {caps.size_bytes} bytes, which are the most",
                    headers={"Connection": "close"},
                )
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


class PlatformRequest(CappedRequest):
    """Read a body of the platform's own documents, which are small."""

    @property
    @override
    def caps(self) -> BodyCaps:
        """Return the bounds of this body: the app's, but no larger than such a document can be."""
        caps: BodyCaps = self.app.state.body_caps
        if caps.size_bytes <= PLATFORM_SIZE_BYTES:
            return caps
        return BodyCaps(size_bytes=PLATFORM_SIZE_BYTES, time_s=caps.time_s)


class GuardedRoute(APIRoute):
    """Ask the door first, then read the body within its caps; anything but JSON is refused.

    A body of another type is what a page of any other site may send without asking first.
    """

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with what stands before it."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            door: Door = request.app.state.door
            door.admit(request)
            if self.body_field is not None:
                check_type(request.headers.get("content-type", ""))
            return await handle(CappedRequest(request.scope, request.receive))

        return guarded


def _refuse_many(content: bytes, most: int | None) -> None:
    """Refuse a body of more values than it may have, before they are read."""
    if most is None:
        return
    many = 0
    for at in range(0, len(content), _COUNTED_BYTES):
        many += sum(content.count(mark, at, at + _COUNTED_BYTES) for mark in _MARKS)
        if many > most:
            raise ProblemError(
                ProblemCode.BODY_TOO_LARGE,
                f"the body has more than {most} of the characters {{ [ , and :, which are the "
                "most; send fewer values, or a shorter text",
            )


def check_type(content_type: str) -> None:
    """Refuse a body of any type but JSON.

    Raises:
        ProblemError: BODY_TYPE_UNSUPPORTED.
    """
    if content_type == JSON_TYPE:
        return
    kind = content_type.partition(";")[0].strip().lower()
    if kind != JSON_TYPE:
        raise ProblemError(
            ProblemCode.BODY_TYPE_UNSUPPORTED,
            f"the body is {kind[:80] or 'of no type'}, expected Content-Type: {JSON_TYPE}",
        )
