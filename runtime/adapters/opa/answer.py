"""Look at what an OPA answered before anything in it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, StrictInt, ValidationError

from runtime.adapters.opa.bundle import METADATA
from runtime.domain.policy_unit import PolicyUnit
from runtime.kit.canonical_json import CanonicalJsonError, parse
from runtime.kit.json_value import JsonValue
from runtime.ports.policy import PolicyFault, PolicyFaultError

MAX_AHEAD: Final = timedelta(seconds=60)
"""How far a bundle may come from the future, by clocks that disagree."""

_EVALUATION_FAILED: Final = "internal_error"
_SERVER_ERROR: Final = 500


class _Batch(BaseModel):
    """Read what the `batch` module of a bundle answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: StrictInt
    revision: str
    built_at: AwareDatetime
    asked: StrictInt
    decisions: list[tuple[StrictInt, JsonValue]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Say what an answer has to be to count.

    Attributes:
        unit: the rules that were asked.
        count: how many inputs were.
        seen: the highest number that this unit was answered with before.
        now: what time it is here.
        max_age: how old a bundle may be.
    """

    unit: PolicyUnit
    count: int
    seen: int
    now: datetime
    max_age: timedelta


def decisions_of(body: bytes, expected: Expected) -> list[JsonValue | PolicyFaultError]:
    """Return what is said of each input, in order; `UNDEFINED` where nothing is.

    Raises:
        PolicyFaultError: `UNDEFINED` if the server knows nothing of the unit, `MALFORMED` if it
            is no answer to what was asked, `ROLLED_BACK` if it comes from older rules,
            `NOT_LOADED` from others, `STALE` if they are too old to be trusted.
    """
    batch = _read(body)
    _check_rules(batch, expected)
    check_age(batch.built_at, now=expected.now, max_age=expected.max_age)
    said = dict(batch.decisions)
    indexes = range(expected.count)
    if batch.asked != expected.count or len(said) < len(batch.decisions) or said.keys() - indexes:
        raise PolicyFaultError(
            PolicyFault.MALFORMED,
            f"OPA was asked {expected.count} questions and answers {batch.asked} "
            f"with {len(batch.decisions)} decisions",
        )
    return [
        said[index]
        if index in said
        else PolicyFaultError(PolicyFault.UNDEFINED, "the rules say nothing of this input")
        for index in indexes
    ]


def check_age(built_at: datetime, *, now: datetime, max_age: timedelta) -> None:
    """Refuse a bundle by its age.

    Raises:
        PolicyFaultError: `STALE`: it is too old, or from a future that clocks don't explain.
    """
    age = now - built_at
    if age > max_age or -age > MAX_AHEAD:
        raise PolicyFaultError(
            PolicyFault.STALE,
            f"OPA's bundle is {age.total_seconds():.0f} s old, expected at most "
            f"{max_age.total_seconds():.0f} s",
        )


def newest_built_at(body: bytes) -> datetime:
    """Return when the newest of our bundles was built, of what `data.system.bundles` lists.

    Raises:
        PolicyFaultError: `MALFORMED` if it is no such list, `NOT_LOADED` if none of it is ours.
    """
    bundles = _result(body)
    if bundles is None:
        bundles = {}
    if not isinstance(bundles, dict):
        raise PolicyFaultError(PolicyFault.MALFORMED, "OPA's list of bundles is not one")
    instants = [instant for bundle in bundles.values() if (instant := _built_at(bundle))]
    if not instants:
        raise PolicyFaultError(PolicyFault.NOT_LOADED, "OPA has loaded none of our bundles")
    return max(instants)


def evaluation_failed(status: int, body: bytes) -> bool:
    """Say whether it was the rules that failed, on some input, and not the server."""
    if status != _SERVER_ERROR:
        return False
    try:
        document = _document(body)
    except PolicyFaultError:
        return False
    return isinstance(document, dict) and document.get("code") == _EVALUATION_FAILED


def _read(body: bytes) -> _Batch:
    result = _result(body)
    if result is None:
        raise PolicyFaultError(PolicyFault.UNDEFINED, "OPA knows nothing of these rules")
    try:
        return _Batch.model_validate(result)
    except ValidationError as error:
        where = ", ".join(sorted({str(item["loc"][:1]) for item in error.errors()}))
        raise PolicyFaultError(
            PolicyFault.MALFORMED, f"OPA's answer is not one of our bundles': {where}"
        ) from None


def _result(body: bytes) -> JsonValue:
    """Return the `result` of an answer; None if there is none."""
    document = _document(body)
    if not isinstance(document, dict):
        raise PolicyFaultError(PolicyFault.MALFORMED, "OPA's answer is not a JSON object")
    return document.get("result")


def _document(body: bytes) -> JsonValue:
    try:
        return parse(body)
    except CanonicalJsonError:
        raise PolicyFaultError(PolicyFault.MALFORMED, "OPA's answer is not JSON") from None


def _check_rules(batch: _Batch, expected: Expected) -> None:
    unit = expected.unit
    if batch.number < max(expected.seen, unit.number):
        raise PolicyFaultError(
            PolicyFault.ROLLED_BACK,
            f"OPA answers by number {batch.number} of {unit.key}, expected {unit.number}, "
            f"and it has answered by {expected.seen}",
        )
    if (batch.number, batch.revision) != (unit.number, unit.revision):
        raise PolicyFaultError(
            PolicyFault.NOT_LOADED,
            f"OPA answers by number {batch.number} of {unit.key}, expected {unit.number} "
            f"with the digest {unit.revision}",
        )


def _built_at(bundle: JsonValue) -> datetime | None:
    try:
        return _Listed.model_validate(bundle).manifest.metadata[METADATA].built_at
    except (ValidationError, KeyError):
        return None


class _Ours(BaseModel):
    built_at: AwareDatetime


class _Manifest(BaseModel):
    metadata: dict[str, _Ours]


class _Listed(BaseModel):
    manifest: _Manifest
