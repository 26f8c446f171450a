"""Read HTTP by httptools, but no endless head of a request: that parser keeps all of it."""

from __future__ import annotations

from typing import Any, Final

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES: Final = 65_536
"""As h11 allows. What arrives together with the beginning of a request is not counted."""


class BoundedHead(HttpToolsProtocol):
    """Speak HTTP as uvicorn does, but end a connection whose request never comes to its body."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # uvicorn's own
        """Wait for the first request."""
        super().__init__(*args, **kwargs)
        self._in_head = False
        self._began_here = False
        self._head_bytes = 0

    @override
    def data_received(self, data: bytes) -> None:
        """Read a part of what the client sends."""
        self._began_here = False
        super().data_received(data)
        if not self._in_head or self._began_here:
            return
        self._head_bytes += len(data)
        if self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The request line and headers are too long.")

    @override
    def on_message_begin(self) -> None:
        """Begin to count."""
        self._in_head = self._began_here = True
        self._head_bytes = 0
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        """Count no more."""
        self._in_head = False
        super().on_headers_complete()
