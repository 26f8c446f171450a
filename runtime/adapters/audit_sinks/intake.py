"""Send copies to an intake over HTTP: by the one way out, with its token, and few words of it.

Answers are judged by their status; what they say may repeat what was sent, so it stays out of
messages.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import orjson

from runtime.domain.errors import DomainError
from runtime.kit.backoff import retry_after_s
from runtime.kit.clock import Clock
from runtime.kit.json_value import JsonObject
from runtime.ports.audit_sink import SinkError
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.egress import HttpAnswer, HttpCall, OwnEgress
from runtime.ports.secret_source import Secret
from runtime.ports.sink_address import SinkAddress

TellSecret: TypeAlias = Callable[[str], Awaitable[str]]
"""Return the value that a reference names; raises `DomainError` where it can't be had."""

MOST_WAIT_S: Final = 3_600.0

_ADVICE: Final[Mapping[int, str]] = {
    401: "the token is not accepted; see the token of the sink's address",
    403: "the token is not accepted, or may not write there",
    404: "there is no intake at this address",
    413: "the request is too large for this intake",
}


class Intake:
    """Be the client of one intake."""

    def __init__(
        self, address: SinkAddress, *, egress: OwnEgress, secret: TellSecret, clock: Clock
    ) -> None:
        """Prepare to send.

        Args:
            address: of the sink, with the reference of its token.
            egress: the way there; closed with the intake.
            secret: reads the token, for each request anew.
            clock: reads when the intake wants to be asked again.
        """
        self._address = address
        self._egress = egress
        self._secret = secret
        self._clock = clock

    async def sent(
        self,
        path: str,
        *,
        body: bytes,
        headers: Callable[[str], Mapping[str, str]],
        timeout_s: float,
    ) -> HttpAnswer:
        """Return the answer to a POST, of a status that promises something.

        Args:
            path: with its query.
            body: as sent.
            headers: those that carry the token that they are given.
            timeout_s: within which there must be an answer.

        Raises:
            SinkError: there was no such answer.
        """
        token = await self._token()
        call = HttpCall(
            method="POST",
            url=f"{self._address.place}{path}",
            headers={"Content-Type": "application/json", **headers(token.value)},
            body=body,
            timeout_s=timeout_s,
            secrets=(token,),
        )
        try:
            answer = await self._egress.send(call)
        except (RetryableError, PermanentError) as error:
            raise self.failed(error.reason) from None
        if answer.status // 100 == 2:  # noqa: PLR2004  # the class of success
            return answer
        raise self._refusal(answer)

    def failed(self, reason: str) -> SinkError:
        """Return what to raise for a reason."""
        return SinkError(reason, sink=self._address.name)

    def document(self, answer: HttpAnswer) -> JsonObject:
        """Return the JSON object of an answer.

        Raises:
            SinkError: it has none.
        """
        try:
            document = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            document = None
        if answer.truncated or not isinstance(document, dict):
            raise self.failed(f"HTTP {answer.status}, but not with the JSON of this intake")
        return document

    async def close(self) -> None:
        """Release connections."""
        await self._egress.close()

    async def _token(self) -> Secret:
        reference = self._address.token or ""
        try:
            value = await self._secret(reference)
        except DomainError as error:
            raise self.failed(f"its token can't be read: {error}") from None
        host = urlsplit(self._address.place).hostname or ""
        return Secret(name="token", value=value, hosts=(host,))

    def _refusal(self, answer: HttpAnswer) -> SinkError:
        wait_s = retry_after_s(answer.headers.get("retry-after"), now=self._clock.now())
        advice = _ADVICE.get(answer.status, "expected success")
        return SinkError(
            f"HTTP {answer.status}: {advice}",
            sink=self._address.name,
            retry_after_s=None if wait_s is None else min(wait_s, MOST_WAIT_S),
        )
