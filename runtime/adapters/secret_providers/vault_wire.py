"""Speak HTTP with one Vault through hvac: bounded in size and time, no redirect, no proxy.

A refusal keeps its status alone: the texts of Vault's errors may repeat what was sent.
"""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import orjson
import requests
import urllib3
from hvac import Client  # type: ignore[import-untyped]  # it has no types
from hvac.adapters import RawAdapter  # type: ignore[import-untyped]  # as above
from typing_extensions import override

from runtime.adapters.secret_providers.deadlines import MOST_THREADS
from runtime.domain.errors import (
    SecretDeniedError,
    SecretError,
    SecretMalformedError,
    SecretMissingError,
    SecretThrottledError,
    SecretUnavailableError,
)
from runtime.ports.secret_places import VaultPlace

MAX_ANSWER_BYTES: Final = 1_048_576

_PIECE_BYTES: Final = 65_536
_CONNECT_S: Final = 2.0
_LONGEST_RETRY_S: Final = 3_600.0
_UNAVAILABLE: Final = {
    412: ("it has not caught up with what this token needs", "try again in a moment"),
    429: ("it was asked too often", "ask less often"),
    472: ("it is a standby for disasters", "name the active cluster"),
    473: ("it is a standby that can't answer this", "name the active node"),
    501: ("it is not initialised", "initialise it: vault operator init"),
    503: ("it is sealed or down", "unseal it: vault operator unseal"),
}


@dataclass(eq=False)
class VaultAnswerError(Exception):
    """Hold the status of an answer that is none; 0: nothing that can be read came back.

    Attributes:
        retry_after_s: when it may be asked again, where it said so.
    """

    status: int
    retry_after_s: float | None = None


class VaultWire(RawAdapter):  # type: ignore[misc]  # its base has no types
    """Answer hvac's calls with documents, or raise `VaultAnswerError`."""

    @override
    def get_login_token(self, response: Any) -> str:
        """Return the token of a login's answer."""
        return str(response["auth"]["client_token"])

    @override
    def request(
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Return the document of an answer; {} where there is none.

        Raises:
            VaultAnswerError: it is no success, no JSON object, too large or too slow.
        """
        kwargs.pop("raise_exception", None)
        ends_at = time.monotonic() + float(self._kwargs["timeout"][1])
        try:
            with super().request(
                method,
                url,
                headers={**(headers or {}), "Accept-Encoding": "identity"},
                raise_exception=False,
                stream=True,
                **kwargs,
            ) as response:
                status, retry_after = response.status_code, response.headers.get("Retry-After", "")
                body = _bounded(response, ends_at=ends_at)
        except (OSError, urllib3.exceptions.HTTPError):  # a plain one: no file of certificates
            status, retry_after, body = 0, "", b""
        if status not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT} or body is None:
            raise VaultAnswerError(status if body is not None else 0, _seconds(retry_after))
        return _document(body) if status == HTTPStatus.OK else {}


def open_client(place: VaultPlace) -> Client:
    """Return a client that has no token yet; its session may be shared by threads."""
    session = requests.Session()
    session.trust_env = False
    session.verify = place.ca_file or True
    session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=MOST_THREADS))
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=MOST_THREADS))
    return with_token(place, session=session, token="")


def with_token(place: VaultPlace, *, session: requests.Session, token: str) -> Client:
    """Return a client of the same session for one token; "" sends none."""
    return Client(
        url=place.address,
        token=token,
        verify=place.ca_file or True,
        timeout=(min(_CONNECT_S, place.deadline_s), place.deadline_s),
        allow_redirects=False,
        session=session,
        adapter=VaultWire,
        namespace=place.namespace or None,
    )


def refused(error: VaultAnswerError, *, reference: str) -> SecretError:
    """Return what an answer means to who asked for a secret."""
    status = error.status
    if status == HTTPStatus.NOT_FOUND:
        return SecretMissingError(
            reference=reference,
            problem="Vault keeps nothing there, or the version was deleted",
            advice="write it, or name another path or version",
        )
    if status in {401, 403}:
        return SecretDeniedError(
            reference=reference,
            problem=f"Vault answered HTTP {status} to a fresh login",
            advice="let a policy of this server's role read that path",
        )
    if status in {400, 405}:
        return SecretMalformedError(
            reference=reference,
            problem=f"Vault answered HTTP {status}",
            advice="see PLANGATE_VAULT_MOUNTS: is it KV 1, KV 2 or dynamic?",
        )
    problem, advice = _UNAVAILABLE.get(status, ("", ""))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return SecretThrottledError(
            reference=reference,
            problem=f"Vault: {problem}",
            advice=advice,
            retry_after_s=error.retry_after_s,
        )
    what = f"it answered HTTP {status}" if status else "it can't be reached, or does not speak JSON"
    return SecretUnavailableError(
        reference=reference,
        problem=f"Vault: {problem or what}",
        advice=advice or "see whether PLANGATE_VAULT_ADDR names the active node, and its log",
    )


def _bounded(response: requests.Response, *, ends_at: float) -> bytes | None:
    """Return the body; None: it is too large or too slow."""
    body = io.BytesIO()
    while piece := response.raw.read1(_PIECE_BYTES):
        body.write(piece)
        if body.tell() > MAX_ANSWER_BYTES or time.monotonic() > ends_at:
            response.close()
            return None
    return body.getvalue()


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except ValueError:
        document = None
    if isinstance(document, dict):
        return document
    raise VaultAnswerError(0)


def _seconds(text: str) -> float | None:
    """Return a Retry-After in seconds; a date is left out: the caller backs off by itself."""
    return min(float(text), _LONGEST_RETRY_S) if text.isdecimal() else None
