"""Bring the verdict of a run to a platform that demands it, for each model and environment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.target.link import Link
from runtime.public import JsonObject, ModelFault, Patience


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Organization(_Read):
    id: Annotated[str, Field(pattern=r"^org_[0-9A-Z]{26}$")]


class _Caller(_Read):
    organization: _Organization


class _Gate(_Read):
    id: Annotated[str, Field(max_length=100)]
    passed: bool


_Shape = TypeVar("_Shape", bound=_Read)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Say which gate a platform made of a verdict."""

    model: str
    environment: str
    gate: str
    passed: bool


async def published(
    link: Link, document: JsonObject, *, patience: Patience
) -> tuple[Published, ...]:
    """Bring a report for each of its models and environments; the same again changes nothing.

    Args:
        link: to the platform, with a token of the scope `evaluations:manage`.
        document: what `gate.json` holds.
        patience: bounds of asking again.

    Raises:
        ModelError: the platform can't be reached, refuses the report, or answers something else.
    """
    heard = await link.ask(("v1", "me"), None, patience=patience)
    organization = _read(link, heard.body, _Caller).organization.id
    found = []
    for model, environment in _judged(document):
        body = orjson.dumps({"model": model, "environment": environment, "report": document})
        where = ("v1", "organizations", organization, "gates")
        heard = await link.ask(where, body, patience=patience)
        gate = _read(link, heard.body, _Gate)
        found.append(
            Published(model=model, environment=environment, gate=gate.id, passed=gate.passed)
        )
    return tuple(found)


def _judged(document: JsonObject) -> Iterator[tuple[str, str]]:
    subject = document["subject"]
    for model in subject["models"]:
        for environment in subject["environments"]:
            yield model, environment


def _read(link: Link, body: bytes, shape: type[_Shape]) -> _Shape:
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        raise link.fault(
            ModelFault.MALFORMED, f"an answer that no platform gives: {error.error_count()} faults"
        ) from None
