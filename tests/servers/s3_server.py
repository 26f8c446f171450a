"""Run moto's S3 on loopback, behind a front that fails when it is told to.

moto proves neither keys nor locks against an owner: `make conformance-s3` does that against Ceph.
In a test: `async with s3_server() as s3`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final, TypeAlias

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from tests.servers.sink_faults import MEGABYTE, RETRY_AFTER_S, Fault

_reason = "pip install 'plangate[aws]' 'moto[s3,server]' un-skips this"
boto3: Any = pytest.importorskip("boto3", reason=_reason)
_moto: Any = pytest.importorskip("moto.server", reason=_reason)

S3Client: TypeAlias = Any
"""boto3 has no types."""

ACCESS_KEY: Final = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY: Final = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"  # noqa: S105  # moto takes any
_FRAMING: Final = {"content-length", "transfer-encoding", "connection", "host", "expect"}
_CHECKS: Final = ("x-amz-checksum-", "content-md5", "x-amz-sdk-checksum-")
_STATUS: Final = {
    Fault.BROKEN: (500, "InternalError"),
    Fault.FORBIDDEN: (403, "AccessDenied"),
    Fault.THROTTLED: (429, "SlowDown"),
}


@dataclass(slots=True, kw_only=True)
class S3Server:
    """Hold a running server, and how its front is to fail.

    Attributes:
        url: of the front.
        behind: of moto itself.
        fault: what is wrong from now on.
        code: what is refused with instead of AccessDenied.
        most_listed: how many versions a page has at most; 0 for as many as are asked for.
        turns_pages: whether a listing goes on after the page before.
        tells_locks: whether an object that is read says how it is locked.
        retry_after_s: what a 429 says.
        blind: how often more a key that is looked for is not found, as before another wrote it.
    """

    url: str = ""
    behind: str = ""
    fault: Fault = Fault.NONE
    code: str = ""
    most_listed: int = 0
    turns_pages: bool = True
    tells_locks: bool = True
    blind: int = 0
    retry_after_s: int = RETRY_AFTER_S
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def client(self) -> S3Client:
        """Return a client of what is behind the front."""
        return boto3.client(
            "s3",
            region_name="us-east-1",
            endpoint_url=self.behind,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request, as the fault says."""
        body = await request.read()
        if (wrong := await self.wrong()) is not None:
            return wrong
        is_object = request.path.count("/") > 1 and not set(request.query) - {"versionId"}
        if not is_object:
            if self.fault is Fault.DROPS and request.method == "PUT":
                return web.Response()
            answer = await self.passed_on(request, body, dict(request.headers))
            asked_for_lock = request.method == "GET" and "retention" in request.query
            return _retention(answer) if asked_for_lock else answer
        if request.method == "GET" and self.blind and not request.query:
            self.blind -= 1
            return _refused(404, "NoSuchKey")
        if request.method == "PUT":
            return await self.written(request, body)
        return self.told(await self.passed_on(request, body, dict(request.headers)))

    async def wrong(self) -> web.Response | None:
        """Return what a fault of the whole server answers."""
        if self.fault is Fault.SLOW:
            await self.over.wait()
        if self.fault is Fault.GARBAGE:
            return web.Response(body=b"\x00<html>")
        if self.fault in _STATUS:
            status, code = _STATUS[self.fault]
            return _refused(status, self.code or code, retry_after_s=self.retry_after_s)
        return None

    def told(self, answer: web.Response) -> web.Response:
        """Return an object as it is told of, or something of it."""
        if not self.tells_locks:
            answer.headers.pop("x-amz-object-lock-mode", None)
            answer.headers.pop("x-amz-object-lock-retain-until-date", None)
        if self.fault is Fault.CHANGES and answer.status == 200 and answer.body:
            answer.body = bytes(answer.body)[:-1] + b"\x00"  # type: ignore[arg-type]  # it is bytes
        return answer

    async def written(self, request: web.Request, body: bytes) -> web.Response:
        """Write an object, or something of it."""
        headers = dict(request.headers)
        match self.fault:
            case Fault.DROPS:
                return web.Response(headers={"x-amz-version-id": "v1", "ETag": '"0"'})
            case Fault.TRUNCATES:
                body = body[:MEGABYTE]
                headers = {
                    name: value
                    for name, value in headers.items()
                    if not name.lower().startswith(_CHECKS)
                }
            case Fault.UNLOCKED:
                headers = {
                    name: value
                    for name, value in headers.items()
                    if not name.lower().startswith("x-amz-object-lock")
                }
            case _:
                pass
        return await self.passed_on(request, body, headers)

    async def passed_on(
        self, request: web.Request, body: bytes, headers: dict[str, str]
    ) -> web.Response:
        """Ask moto."""
        kept = {name: value for name, value in headers.items() if name.lower() not in _FRAMING}
        path = request.raw_path
        if self.most_listed:
            path = path.replace("max-keys=1000", f"max-keys={self.most_listed}")
        if not self.turns_pages:
            path = path.replace("key-marker=", "no-marker=")
        url = URL(f"{self.behind}{path}", encoded=True)
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(request.method, url, data=BytesIO(body), headers=kept) as answer,
        ):
            given = {
                name: value
                for name, value in answer.headers.items()
                if name.lower() not in _FRAMING
            }
            return web.Response(status=answer.status, body=await answer.read(), headers=given)


@asynccontextmanager
async def s3_server() -> AsyncIterator[S3Server]:
    """Serve while the block runs."""
    moto = _moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    s3 = S3Server(behind=f"http://{host}:{port}")
    app = web.Application(client_max_size=50 * MEGABYTE)
    app.router.add_route("*", "/{path:.*}", s3.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    s3.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield s3
    finally:
        s3.over.set()
        await runner.cleanup()
        await asyncio.to_thread(moto.stop)


def _retention(answer: web.Response) -> web.Response:
    """Return what S3 says of the lock of a version; moto gives the object itself instead."""
    mode = answer.headers.get("x-amz-object-lock-mode")
    until = answer.headers.get("x-amz-object-lock-retain-until-date")
    if mode is None:
        return _refused(404, "NoSuchObjectLockConfiguration")
    lock = f"<Mode>{mode}</Mode><RetainUntilDate>{until}</RetainUntilDate>"
    return web.Response(text=f"<Retention>{lock}</Retention>", content_type="application/xml")


def _refused(status: int, code: str, *, retry_after_s: int = 0) -> web.Response:
    wait = {"Retry-After": str(retry_after_s)} if status == 429 else {}
    text = f"<Error><Code>{code}</Code><Message>{SECRET_KEY}</Message></Error>"
    return web.Response(status=status, text=text, content_type="application/xml", headers=wait)
