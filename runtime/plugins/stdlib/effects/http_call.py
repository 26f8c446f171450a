"""`http.call`: tell a service of an action, signed if it wants that, through the one way out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, InstanceOf, StringConstraints

from runtime.kit.backoff import retry_after_s
from runtime.kit.canonical_json import CanonicalJsonError, canonical_bytes
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.plugins.effects import Effect, EffectCall, EffectResult, EffectTools
from runtime.plugins.stdlib.effects.answers import kept_body
from runtime.plugins.stdlib.effects.payloads import (
    Payload,
    SecretReference,
    read_payload,
    result_of,
)
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.egress import HttpAnswer, HttpCall
from runtime.ports.secret_source import Secret

_Url = Annotated[str, StringConstraints(min_length=1, max_length=4_096)]
_Value = Annotated[str, StringConstraints(max_length=4_096)]

_WITHOUT_BODY: Final = frozenset({"GET", "HEAD"})
_GOOD: Final = range(200, 300)
_LATER: Final = frozenset({408, 409, 421, 423, 425, 429})
_SERVER_ERRORS: Final = range(500, 600)
_REFUSED: Final = frozenset({401, 403})


class HttpPayload(Payload):
    """What `http.call` is given.

    Attributes:
        url: whom to tell; https, unless the operator allows more.
        method: how.
        headers: text, or references to secrets.
        body: JSON; left out: what happened, in the form `{"type": action, "data": {...}}`.
        signing: up to two secrets that sign the body as Standard Webhooks say.
        keep_answer: whether the body of the answer is kept; its status always is.
        timeout_s: for all of it.
    """

    url: _Url
    method: Literal["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"] = "POST"
    headers: dict[str, InstanceOf[SecretReference] | _Value] = Field(
        default_factory=dict, max_length=24
    )
    body: JsonValue = None
    signing: tuple[InstanceOf[SecretReference], ...] = Field(default=(), max_length=2)
    keep_answer: bool = False
    timeout_s: float = Field(default=10.0, gt=0, le=15)


async def http_call(call: EffectCall, tools: EffectTools) -> EffectResult:
    """Send the request; whatever is no success is an error.

    A receiver that refuses the secrets is asked once more, with newer ones where there are any.

    Raises:
        RetryableError: nobody answered, or the answer says to come back later.
        PermanentError: the answer says no, or the request may not be sent.
    """
    payload = read_payload(HttpPayload, call)
    secrets = await _secrets(payload, call, tools)
    answer = await tools.egress.send(_request(payload, call, secrets))
    if answer.status in _REFUSED and secrets:
        newer = await _newer(secrets, call, tools)
        if newer:
            secrets = {**secrets, **newer}
            answer = await tools.egress.send(_request(payload, call, secrets))
            _refuse_rotated(answer)
    _check_status(answer, tools)
    document: JsonObject = {"status": answer.status}
    if payload.keep_answer:
        document["body"] = kept_body(answer, secrets=secrets.values())
    return result_of(document, payload, call)


async def _secrets(
    payload: HttpPayload, call: EffectCall, tools: EffectTools
) -> Mapping[str, Secret]:
    """Return the secrets that a payload names, by name."""
    in_headers = [item for item in payload.headers.values() if isinstance(item, SecretReference)]
    names = dict.fromkeys(item.secret for item in (*in_headers, *payload.signing))
    return {
        name: await tools.secrets.secret(name, organization=call.organization) for name in names
    }


async def _newer(
    secrets: Mapping[str, Secret], call: EffectCall, tools: EffectTools
) -> Mapping[str, Secret]:
    """Return those of the refused secrets that were rotated since they were read."""
    asked = {
        name: await tools.secrets.refused(secret, organization=call.organization)
        for name, secret in secrets.items()
    }
    return {name: secret for name, secret in asked.items() if secret is not None}


def _refuse_rotated(answer: HttpAnswer) -> None:
    """Come back later where a value that has just changed is refused as well."""
    if answer.status in _REFUSED:
        raise RetryableError(
            f"the receiver answered HTTP {answer.status} to a secret that was just rotated"
        )


def _request(payload: HttpPayload, call: EffectCall, secrets: Mapping[str, Secret]) -> HttpCall:
    body = b"" if payload.method in _WITHOUT_BODY else _body(payload, call)
    headers = {
        name: item.prefix + secrets[item.secret].value
        if isinstance(item, SecretReference)
        else item
        for name, item in payload.headers.items()
    }
    told = {name.lower() for name in headers}
    if body and "content-type" not in told:
        headers["Content-Type"] = "application/json"
    if "idempotency-key" in told:
        raise PermanentError("the header 'idempotency-key' is set by the platform")
    return HttpCall(
        method=payload.method,
        url=payload.url,
        headers=headers | {"Idempotency-Key": call.idempotency_key},
        body=body,
        timeout_s=payload.timeout_s,
        signing_secrets=tuple(secrets[item.secret].value for item in payload.signing),
        message_id=call.idempotency_key,
        secrets=tuple(secrets.values()),
    )


def _body(payload: HttpPayload, call: EffectCall) -> bytes:
    """Return the bytes that are signed and sent; equal in every attempt."""
    if "body" not in payload.model_fields_set:
        return canonical_bytes(_what_happened(call))
    try:
        return canonical_bytes(payload.body)
    except CanonicalJsonError:
        raise PermanentError(
            "the body is no JSON that every reader reads alike; secrets belong in headers"
        ) from None


def _what_happened(call: EffectCall) -> JsonObject:
    return {
        "type": call.action,
        "data": {
            "organization": call.organization,
            "project": call.project,
            "principal": call.principal.id,
            "outcome": call.outcome_id,
            "step": call.step,
            "inputs": call.inputs,
            "diff": list(call.diff),
        },
    }


def _check_status(answer: HttpAnswer, tools: EffectTools) -> None:
    """Return if the receiver took it."""
    status = answer.status
    if status in _GOOD:
        return
    reason = f"the receiver answered HTTP {status}"
    if status in _LATER or status in _SERVER_ERRORS:
        after_s = retry_after_s(answer.headers.get("retry-after"), now=tools.clock.now())
        raise RetryableError(reason, after_s=after_s)
    raise PermanentError(f"{reason}, expected a success (2xx)")


HTTP_CALL: Final = Effect(name="http.call", handler=http_call)
