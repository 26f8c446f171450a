"""Keep copies under S3 Object Lock: nobody can delete or change them before their time.

A copy is acknowledged once its own version was read back, bit for bit and locked (COMPLIANCE). The
bucket must keep versions and have object lock, or nothing is put there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Final, ParamSpec, TypeVar

from runtime.adapters.audit_sinks.bounded import BoundedThreads
from runtime.adapters.audit_sinks.intake import MOST_WAIT_S, TellSecret
from runtime.adapters.audit_sinks.s3_bucket import Bucket, Key
from runtime.adapters.audit_sinks.s3_failures import BucketError, ExistsError, GoneError
from runtime.domain.errors import DomainError
from runtime.kit.backoff import retry_after_s
from runtime.kit.canonical_json import digest_bytes
from runtime.kit.clock import Clock
from runtime.ports.audit_sink import CopyLostError, Listed, Receipt, SinkError, SinkObject
from runtime.ports.sink_address import SinkAddress

THREADS: Final = 8
OPEN_S: Final = 20.0
"""boto3 reads megabytes of descriptions before it makes a client: a second on a slow machine."""

P = ParamSpec("P")
T = TypeVar("T")


class S3Sink:
    """Keep copies in a bucket."""

    def __init__(self, address: SinkAddress, *, secret: TellSecret, clock: Clock) -> None:
        """Prepare to write; nothing connects before the first call.

        Args:
            address: of the bucket.
            secret: reads the key, where the address names one.
            clock: says until when copies are kept.
        """
        self._address = address
        self._secret = secret
        self._clock = clock
        self._threads = BoundedThreads(THREADS, sink=address.name)
        self._opening = asyncio.Lock()
        self._bucket: Bucket | None = None
        self._checked = False

    @property
    def name(self) -> str:
        """Return the address of the bucket."""
        return self._address.name

    @property
    def immutable(self) -> bool:
        """Return True: the lock holds for the owner as well."""
        return True

    @property
    def listable(self) -> bool:
        """Return True: versions can be listed and read."""
        return True

    async def put(self, obj: SinkObject) -> Receipt:
        """Return once the copy was read back by its version, locked.

        Raises:
            SinkError: it was not.
            CopyLostError: the name is taken by another body.
        """
        now = self._clock.now()
        until = obj.keep_until or now + timedelta(days=self._address.keep_days)
        if until <= now:
            raise self._failed(f"{obj.name} was to be kept until an instant that is past")
        if not self._checked:
            await self.ready()
        bucket = await self._opened()
        version = await self._run(bucket.put, self._key(obj.name), obj.body, until=until)
        return Receipt(
            sink=self.name, name=obj.name, version=version, digest=digest_bytes(obj.body)
        )

    async def read(self, receipt: Receipt) -> bytes:
        """Return the body of the version that a receipt names, whatever came after it.

        Raises:
            SinkError: it can't be told now.
            CopyLostError: it is gone, or its bytes are others.
        """
        bucket = await self._opened()
        body = await self._run(bucket.read, self._key(receipt.name), receipt.version)
        if digest_bytes(body) != receipt.digest:
            raise CopyLostError(f"{receipt.name} has other bytes than it had", sink=self.name)
        return body

    async def list(self, *, prefix: str, after: str) -> AsyncIterator[Listed]:
        """Yield all versions and markers, a page at a time.

        Raises:
            SinkError: they can't be listed.
        """
        bucket = await self._opened()
        key_mark, version_mark = (self._key(after) if after else ""), ""
        while True:
            page = await self._run(
                bucket.page, self._key(prefix), key_mark=key_mark, version_mark=version_mark
            )
            for one in page.listed:
                yield Listed(
                    name=one.name.removeprefix(self._address.prefix),
                    version=one.version,
                    kind=one.kind,
                    size_bytes=one.size_bytes,
                )
            if not page.key_mark:
                return
            if (page.key_mark, page.version_mark) == (key_mark, version_mark):
                raise self._failed("the bucket lists the same page for ever")
            key_mark, version_mark = page.key_mark, page.version_mark

    async def hold(self, receipt: Receipt, *, held: bool) -> None:
        """Put the version of a receipt under a legal hold, or end it.

        Raises:
            SinkError: it is not so, or can't be told.
            CopyLostError: it is gone.
        """
        bucket = await self._opened()
        await self._run(bucket.hold, self._key(receipt.name), receipt.version, held=held)

    async def ready(self) -> None:
        """Return if the bucket keeps versions and has object lock.

        Raises:
            SinkError: it has not, or can't be asked.
        """
        bucket = await self._opened()
        await self._run(bucket.check)
        self._checked = True

    async def close(self) -> None:
        """Release connections."""
        self._threads.close()
        if self._bucket is not None:
            self._bucket.close()

    def _key(self, name: str) -> str:
        return f"{self._address.prefix}{name}"

    async def _opened(self) -> Bucket:
        async with self._opening:
            if self._bucket is None:
                key = await self._signing_key()
                self._bucket = await self._run_within(
                    OPEN_S, Bucket, self._address, key=key, clock=self._clock
                )
            return self._bucket

    async def _signing_key(self) -> Key | None:
        access, secret = self._address.access_key, self._address.secret_key
        if access is None or secret is None:
            return None
        try:
            return Key(access=await self._secret(access), secret=await self._secret(secret))
        except DomainError as error:
            raise self._failed(f"its key can't be read: {error}") from None

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run_within(self._address.timeout_s, work, *args, **kwargs)

    async def _run_within(
        self, timeout_s: float, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        try:
            return await self._threads.run(timeout_s, work, *args, **kwargs)
        except GoneError as error:
            raise CopyLostError(f"the copy is gone: {error.reason}", sink=self.name) from None
        except ExistsError as error:
            raise CopyLostError(error.reason, sink=self.name) from None
        except BucketError as error:
            if error.key_unknown:
                self._bucket = None  # the key may have been replaced: it is read again
            wait_s = retry_after_s(error.retry_after, now=self._clock.now())
            raise self._failed(error.reason, retry_after_s=wait_s) from None

    def _failed(self, reason: str, *, retry_after_s: float | None = None) -> SinkError:
        most_s = None if retry_after_s is None else min(retry_after_s, MOST_WAIT_S)
        return SinkError(reason, sink=self.name, retry_after_s=most_s)
