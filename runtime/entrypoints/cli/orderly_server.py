"""Serve by uvicorn, and close what the app opened even when somebody is impatient."""

from __future__ import annotations

import socket

import uvicorn
from typing_extensions import override


class OrderlyServer(uvicorn.Server):
    """Wait for no request after a second Ctrl-C, but let the app close its connections."""

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the serving; uvicorn itself leaves the app open when it is forced."""
        await super().shutdown(sockets)
        if self.force_exit:
            await self.lifespan.shutdown()
