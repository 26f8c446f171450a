"""Speak HTTP with issuers through the one way out: short, small, JSON only, never redirected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from runtime.adapters.oidc.refusal import unavailable
from runtime.domain.errors import IdentityRefusedError
from runtime.kit.canonical_json import CanonicalJsonError, parse_strict
from runtime.kit.json_value import JsonObject
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.egress import HttpAnswer, HttpCall, OwnEgress

TIMEOUT_S: Final = 5.0
MAX_BODY_BYTES: Final = 262_144

_OK: Final = 200
_JSON_TYPE: Final = re.compile(r"application/([a-z0-9.-]+\+)?json", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Hold an answer that is a JSON object, with its status."""

    status: int
    document: JsonObject


class IssuerClient:
    """Ask issuers.

    Bodies are taken uncompressed: a small one that unpacks to a large one is not JSON here.
    """

    def __init__(self, egress: OwnEgress, *, timeout_s: float = TIMEOUT_S) -> None:
        """Prepare to ask.

        Args:
            egress: the way out, which reads `MAX_BODY_BYTES` of an answer; closed with the client.
            timeout_s: within it an answer must be complete.
        """
        self._egress = egress
        self._timeout_s = timeout_s

    async def get(self, url: str) -> JsonObject:
        """Return the document at a URL.

        Raises:
            IdentityRefusedError: `unavailable`: there is none that can be used.
        """
        answer = await self._answer(HttpCall(method="GET", url=url, timeout_s=self._timeout_s))
        if answer.status != _OK:
            raise unavailable(f"the issuer answered HTTP {answer.status}, expected {_OK}")
        return answer.document

    async def post_form(
        self, url: str, form: Mapping[str, str], *, headers: Mapping[str, str]
    ) -> Answer:
        """Return what a form is answered with, whatever the status.

        Raises:
            IdentityRefusedError: `unavailable`: there is no answer, or not in JSON.
        """
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        call = HttpCall(
            method="POST",
            url=url,
            body=urlencode(form).encode(),
            headers={**headers, **kind},
            timeout_s=self._timeout_s,
        )
        return await self._answer(call)

    async def close(self) -> None:
        """Release connections; further requests are refused."""
        await self._egress.close()

    async def _answer(self, call: HttpCall) -> Answer:
        asked = replace(call, headers={"Accept": "application/json", **call.headers})
        try:
            return _read(await self._egress.send(asked))
        except (PermanentError, RetryableError) as error:
            raise unavailable(f"the issuer can't be reached: {error}") from None


def _read(answer: HttpAnswer) -> Answer:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip()
    if not _JSON_TYPE.fullmatch(kind):
        raise _unusable(answer, "the type is not JSON")
    if answer.truncated or len(answer.body) > MAX_BODY_BYTES:
        raise _unusable(answer, f"the body has more than {MAX_BODY_BYTES} bytes")
    try:
        document = parse_strict(answer.body)
    except CanonicalJsonError:
        raise _unusable(answer, "the body is not JSON that every reader reads alike") from None
    if not isinstance(document, dict):
        raise _unusable(answer, "the body is no JSON object")
    return Answer(status=answer.status, document=document)


def _unusable(answer: HttpAnswer, problem: str) -> IdentityRefusedError:
    return unavailable(f"the issuer answered HTTP {answer.status}, but of no use: {problem}")
