"""Bound how many bytes one answer may have on the wire, whatever they are.

The bound of bodies counts bodies: interim answers (1xx), the extensions of chunks and trailers come
beside them, cost time to read, and would come without end until the time of the request is over.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Final

import aiohttp
from aiohttp.client_proto import ResponseHandler
from typing_extensions import override

BESIDE_BODY_BYTES: Final = 524_288
"""How much an answer may have beside its body and what was read ahead of it."""


class BoundedConnector(aiohttp.TCPConnector):
    """Make connections whose answers are bounded."""

    def __init__(self, *, wire_bytes: int, **settings: Any) -> None:  # noqa: ANN401  # aiohttp's own
        super().__init__(**settings)
        made = partial(_BoundedHandler, wire_bytes, loop=self._loop)
        self._factory = made  # type: ignore[assignment]  # a partial of a subclass


class _BoundedHandler(ResponseHandler):
    """Count what comes back for one request."""

    def __init__(self, wire_bytes: int, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._most_bytes = wire_bytes
        self._counted_bytes = 0

    @override
    def set_response_params(self, **settings: Any) -> None:
        self._counted_bytes = 0
        super().set_response_params(**settings)

    @override
    def data_received(self, data: bytes) -> None:
        self._counted_bytes += len(data)
        if self._counted_bytes <= self._most_bytes:
            super().data_received(data)
        elif self.transport is not None:
            self.transport.abort()

    @override
    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """Tell of the bound instead of a lost connection, for which a request may be repeated."""
        if self._counted_bytes > self._most_bytes:
            exc = aiohttp.ClientPayloadError("the answer has too many bytes")
        super().set_exception(exc, *cause)
