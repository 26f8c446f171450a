"""Read what an action's declaration gives to an effect, filled with the executed inputs."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from runtime.kit.json_value import JsonObject, JsonValue
from runtime.plugins.effects import EffectCall, EffectResult
from runtime.plugins.stdlib.effects.references import MOST_DEPTH, filled_object
from runtime.ports.effect_failure import PermanentError, RetryableError

SecretName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class SecretReference(BaseModel):
    """Name a secret where its value is meant: `{"secret": "crm_key", "prefix": "Bearer "}`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    secret: SecretName
    prefix: Annotated[str, StringConstraints(max_length=64)] = ""


class Payload(BaseModel):
    """What every effect's payload may hold.

    Attributes:
        write_back: inputs of the action that writes the result back; `{"answer": "/pointer"}` in it
            becomes what the result document has there, `{"input": "/pointer"}` what the inputs
            have. None: nothing is written back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    write_back: JsonObject | None = Field(default=None)


NEWER_RELEASE_S: Final = 120.0
"""How long a roll-out is waited for at a time."""

_SECRET_KEYS: Final = {"secret", "prefix"}
AnyPayload = TypeVar("AnyPayload", bound=Payload)


def read_payload(kind: type[AnyPayload], call: EffectCall) -> AnyPayload:
    """Return a call's payload with its `{"input": "/pointer"}` filled.

    References to secrets are those that were declared: an input that looks like one is not read as
    one, wherever it lands.

    Raises:
        PermanentError: it has not the form that the effect wants; no value is repeated.
        RetryableError: it only has members that this release does not know, as while another one
            is being rolled out.
    """
    declared = {name: item for name, item in call.payload.items() if name != "write_back"}
    document = filled_object(_with_secrets(declared), sources={"input": call.inputs})
    if "write_back" in call.payload:
        document["write_back"] = call.payload["write_back"]
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise _refusal(error) from None


def result_of(document: JsonObject, payload: Payload, call: EffectCall) -> EffectResult:
    """Return a result: the document, and what of it goes back into the state.

    Raises:
        PermanentError: the document lacks what should be written back.
    """
    if payload.write_back is None:
        return EffectResult(document=document)
    sources = {"input": call.inputs, "answer": document}
    return EffectResult(
        document=document, write_back=filled_object(payload.write_back, sources=sources)
    )


def _with_secrets(declared: JsonValue, depth: int = 0) -> JsonValue:
    """Return a declaration with `SecretReference` in the place of each object that spells one."""
    if depth > MOST_DEPTH:
        raise PermanentError(f"the payload nests deeper than {MOST_DEPTH} levels")
    if isinstance(declared, list):
        return [_with_secrets(item, depth + 1) for item in declared]
    if not isinstance(declared, dict):
        return declared
    if "secret" in declared and declared.keys() <= _SECRET_KEYS:
        return _secret_reference(declared)
    return {name: _with_secrets(item, depth + 1) for name, item in declared.items()}


def _secret_reference(declared: JsonObject) -> SecretReference:
    try:
        return SecretReference.model_validate(declared)
    except ValidationError:
        raise PermanentError("a reference to a secret can't be read, expected its name") from None


def _refusal(error: ValidationError) -> PermanentError | RetryableError:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in found)
    reason = f"the payload can't be used: {problems[:500]}"
    if all(item["type"] == "extra_forbidden" for item in found):
        return RetryableError(f"{reason}; a newer release may know them", after_s=NEWER_RELEASE_S)
    return PermanentError(reason)
