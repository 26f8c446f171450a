"""However impatient somebody is, the app closes what it opened."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvicorn

from runtime.entrypoints.cli.listening import listen
from runtime.entrypoints.cli.orderly_server import OrderlyServer


@pytest.mark.parametrize("impatient", [False, True])
async def test_the_app_is_always_closed(impatient: bool) -> None:  # noqa: FBT001  # a case
    """Once, before the server is through; a request that never ends does not keep it."""
    heard: list[str] = []
    asked = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401  # of ASGI
        if scope["type"] == "http":
            asked.set()
            await asyncio.Event().wait()
        while True:
            message = await receive()
            heard.append(message["type"])
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    config = uvicorn.Config(app, ws="none", log_level="critical", timeout_graceful_shutdown=1)
    server = OrderlyServer(config)
    with listen(0) as listening:
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            group.create_task(server.serve([listening.socket]))
            port = int(listening.url.rpartition(":")[2])
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await asked.wait()
            server.should_exit, server.force_exit = True, impatient
    writer.close()

    assert heard == ["lifespan.startup", "lifespan.shutdown"]
