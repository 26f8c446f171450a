"""Send copies to Datadog's intake of logs, in parts that it does not truncate.

It answers 202 to what it took, and nothing tells whether it is stored: no receipt of it proves a
copy, nothing can be read back, and an owner can delete all of it.
Source: Datadog's documentation of `POST /api/v2/logs`: 1 MB a log, above which it truncates and
still answers 2xx; 1,000 logs and 5 MB a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

from runtime.adapters.audit_sinks.intake import Intake
from runtime.adapters.audit_sinks.parts import cut, requests_of
from runtime.kit.canonical_json import digest_bytes
from runtime.kit.json_value import JsonObject
from runtime.ports.audit_sink import Listed, Receipt, SinkObject
from runtime.ports.sink_address import SinkAddress

MOST_PART_BYTES: Final = 897_000
"""With what stands beside it below 900 kB."""

_PATH: Final = "/api/v2/logs"
_ACCEPTED: Final = 202


class DatadogSink:
    """Send copies to Datadog."""

    def __init__(self, address: SinkAddress, *, intake: Intake) -> None:
        """Take an intake, which is closed with the sink."""
        self._name = address.name
        self._timeout_s = address.timeout_s
        self._intake = intake

    @property
    def name(self) -> str:
        """Return the address of the intake."""
        return self._name

    @property
    def immutable(self) -> bool:
        """Return False: an owner can delete an index."""
        return False

    @property
    def listable(self) -> bool:
        """Return False: the intake shows nothing."""
        return False

    async def put(self, obj: SinkObject) -> Receipt:
        """Return once all parts were taken, which is all that this sink ever says.

        Raises:
            SinkError: one was not.
        """
        entries = [_entry(part) for part in cut(obj, most_bytes=MOST_PART_BYTES)]
        try:
            async with asyncio.timeout(self._timeout_s):
                for together in requests_of(entries):
                    await self._send(b"[" + b",".join(together) + b"]")
        except TimeoutError:
            raise self._intake.failed(f"not taken within {self._timeout_s:g} s") from None
        return Receipt(
            sink=self._name, name=obj.name, version=str(_ACCEPTED), digest=digest_bytes(obj.body)
        )

    async def read(self, receipt: Receipt) -> bytes:
        """Refuse: the intake gives nothing back.

        Raises:
            SinkError: always.
        """
        raise self._intake.failed(f"{receipt.name} can't be read back: this intake only takes")

    def list(self, *, prefix: str, after: str) -> AsyncIterator[Listed]:
        """Refuse: the intake shows nothing.

        Raises:
            SinkError: always.
        """
        del prefix, after
        raise self._intake.failed("copies can't be listed: this intake only takes")

    async def hold(self, receipt: Receipt, *, held: bool) -> None:
        """Refuse: nothing keeps an owner from deleting an index.

        Raises:
            SinkError: always.
        """
        del held
        raise self._intake.failed(f"{receipt.name} can't be held: this sink is not immutable")

    async def ready(self) -> None:
        """Return if the intake takes an empty document, as its own agents ask.

        Raises:
            SinkError: it does not.
        """
        await self._send(b"{}")

    async def close(self) -> None:
        """Release connections."""
        await self._intake.close()

    async def _send(self, body: bytes) -> None:
        answer = await self._intake.sent(_PATH, body=body, headers=_key, timeout_s=self._timeout_s)
        if answer.status != _ACCEPTED:
            raise self._intake.failed(f"HTTP {answer.status}, expected {_ACCEPTED}")


def _entry(part: JsonObject) -> JsonObject:
    """Return a log; its text is not the copy, since Datadog reads JSON in texts and rewrites it."""
    return {
        "ddsource": "plangate",
        "service": "plangate-audit",
        "message": f"audit copy {part['object']}, part {part['part']} of {part['parts']}",
        "plangate": part,
    }


def _key(token: str) -> Mapping[str, str]:
    return {"DD-API-KEY": token}
