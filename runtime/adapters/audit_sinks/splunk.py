"""Send copies to Splunk's HTTP Event Collector, and wait for its indexers to acknowledge them.

Its answer 200 says that events look valid, before they are stored; so does an acknowledgement only
where the token has it enabled. Parts are small: Splunk cuts longer lines where a source type does
not say otherwise (`TRUNCATE`, 10,000 bytes). Administrators can delete what is indexed.
Source: Splunk's documentation, "About HTTP Event Collector Indexer Acknowledgment".
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from typing import Final
from uuid import UUID

import orjson

from runtime.adapters.audit_sinks.intake import Intake
from runtime.adapters.audit_sinks.parts import cut, requests_of
from runtime.kit.canonical_json import digest_bytes
from runtime.kit.clock import Clock
from runtime.kit.json_value import JsonObject
from runtime.ports.audit_sink import Listed, Receipt, SinkObject
from runtime.ports.sink_address import SinkAddress

MOST_PART_BYTES: Final = 8_000
REQUEST_S: Final = 10.0
FIRST_POLL_S: Final = 0.05
LONGEST_POLL_S: Final = 2.0

_EVENTS: Final = "/services/collector/event"
_ACKS: Final = "/services/collector/ack"
_SOURCE: Final = {"host": "plangate", "source": "plangate", "sourcetype": "plangate:audit"}


class SplunkSink:
    """Send copies to Splunk."""

    def __init__(self, address: SinkAddress, *, intake: Intake, clock: Clock) -> None:
        """Prepare to send.

        Args:
            address: of the collector, with the index.
            intake: its client, closed with the sink.
            clock: dates events.
        """
        self._address = address
        self._intake = intake
        self._clock = clock
        self._channel = _new_channel()

    @property
    def name(self) -> str:
        """Return the address of the collector."""
        return self._address.name

    @property
    def immutable(self) -> bool:
        """Return False: an administrator can delete an index."""
        return False

    @property
    def listable(self) -> bool:
        """Return False: the collector shows nothing."""
        return False

    async def put(self, obj: SinkObject) -> Receipt:
        """Return once the indexers acknowledged all parts.

        Raises:
            SinkError: one was not acknowledged in time, or not taken.
        """
        events = [self._event(part) for part in cut(obj, most_bytes=MOST_PART_BYTES)]
        timeout_s = self._address.timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                acks = [await self._sent(b"\n".join(together)) for together in requests_of(events)]
                await self._acknowledged(acks)
        except TimeoutError:
            raise self._intake.failed(f"not acknowledged within {timeout_s:g} s") from None
        version = f"{self._channel}:{','.join(map(str, acks))}"
        digest = digest_bytes(obj.body)
        return Receipt(sink=self.name, name=obj.name, version=version, digest=digest)

    async def read(self, receipt: Receipt) -> bytes:
        """Refuse: the collector gives nothing back.

        Raises:
            SinkError: always.
        """
        raise self._intake.failed(f"{receipt.name} can't be read back: this intake only takes")

    def list(self, *, prefix: str, after: str) -> AsyncIterator[Listed]:
        """Refuse: the collector shows nothing.

        Raises:
            SinkError: always.
        """
        del prefix, after
        raise self._intake.failed("copies can't be listed: this intake only takes")

    async def hold(self, receipt: Receipt, *, held: bool) -> None:
        """Refuse: nothing keeps an administrator from deleting an index.

        Raises:
            SinkError: always.
        """
        del held
        raise self._intake.failed(f"{receipt.name} can't be held: this sink is not immutable")

    async def ready(self) -> None:
        """Return if the collector answers about acknowledgements, which proves token and setting.

        Raises:
            SinkError: it does not.
        """
        await self._answers([0], channel=_new_channel())

    async def close(self) -> None:
        """Release connections."""
        await self._intake.close()

    def _event(self, part: JsonObject) -> JsonObject:
        index = self._address.index
        named = {} if index is None else {"index": index}
        return {"time": f"{self._clock.now().timestamp():.3f}", **_SOURCE, **named, "event": part}

    async def _sent(self, body: bytes) -> int:
        """Return the number by which the indexers will acknowledge a request."""
        headers = _headers_of(self._channel)
        answer = await self._intake.sent(_EVENTS, body=body, headers=headers, timeout_s=REQUEST_S)
        document = self._intake.document(answer)
        ack = document.get("ackId")
        if document.get("code") != 0 or type(ack) is not int:
            raise self._intake.failed(
                "events were taken and will not be acknowledged; enable indexer acknowledgement "
                "for the token"
            )
        return ack

    async def _acknowledged(self, acks: Collection[int]) -> None:
        """Return when all are acknowledged; Splunk tells so of each once, and then forgets it."""
        missing = set(acks)
        wait_s = FIRST_POLL_S
        while missing:
            answers = await self._answers(sorted(missing), channel=self._channel)
            missing = {ack for ack in missing if answers.get(str(ack)) is not True}
            if missing:
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, LONGEST_POLL_S)

    async def _answers(self, acks: Collection[int], *, channel: str) -> JsonObject:
        answer = await self._intake.sent(
            f"{_ACKS}?channel={channel}",
            body=orjson.dumps({"acks": list(acks)}),
            headers=_headers_of(channel),
            timeout_s=REQUEST_S,
        )
        answers = self._intake.document(answer).get("acks")
        if not isinstance(answers, dict):
            raise self._intake.failed("the collector says nothing of acknowledgements")
        return answers


def _headers_of(channel: str) -> Callable[[str], Mapping[str, str]]:
    return lambda token: {
        "Authorization": f"Splunk {token}",
        "X-Splunk-Request-Channel": channel,
    }


def _new_channel() -> str:
    return str(UUID(bytes=secrets.token_bytes(16), version=4))
