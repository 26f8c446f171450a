"""Read what arguments say as the platform's own documents; what does not fit is a 422."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any, Final, TypeVar

import strawberry
from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from runtime.domain.plan import Plan
from runtime.domain.storable import storable_plan
from runtime.entrypoints.graphql.scalars import Json
from runtime.kit.json_value import JsonObject
from runtime.kit.plain_text import PlainTextError, plain_name

MOST_STEPS: Final = 100
MOST_ID_TEXT: Final = 100
MOST_FILTER_TEXT: Final = 200

T = TypeVar("T")
_KEY: Final = re.compile("[ -~]{1,255}")
_INSTANT: Final = TypeAdapter(AwareDatetime)


@strawberry.input(description="One action call of a plan.")
class StepInput:
    """Call one action with inputs."""

    action: str
    inputs: Json | None = None


@strawberry.input(description="The steps of a plan, in order.")
class PlanInput:
    """Order steps."""

    steps: list[StepInput]


def unfit(argument: str, problem: str) -> RequestValidationError:
    """Return what says that an argument does not fit."""
    return RequestValidationError([{"loc": ("body", argument), "msg": problem, "type": "value"}])


def plan_of(given: PlanInput) -> Plan:
    """Return the plan that an argument spells.

    Raises:
        RequestValidationError: it has too many steps, or one that nobody could keep.
    """
    if len(given.steps) > MOST_STEPS:
        raise unfit("plan", f"there are {len(given.steps)} steps, at most {MOST_STEPS} may be")
    document: JsonObject = {
        "steps": [
            {"action": step.action, "inputs": {} if step.inputs is None else step.inputs}
            for step in given.steps
        ]
    }
    return _validated("plan", lambda: Plan.model_validate(document))


def kept_plan_of(given: PlanInput) -> Plan:
    """Return the plan that an argument spells, which is short enough to be kept.

    Raises:
        RequestValidationError: as `plan_of`, or it has no steps, or is too long.
    """
    try:
        return storable_plan(plan_of(given))
    except ValueError as error:
        raise unfit("plan", str(error)) from None


def expected_of(version: int | None) -> int | None:
    """Return the version that has to be the newest; raise RequestValidationError for none."""
    if version is not None and version < 0:
        raise unfit("expects", f"it is {version}, expected 0 or more")
    return version


def name_of(text: str, *, argument: str = "name") -> str:
    """Return a name, trimmed and composed; raise RequestValidationError for what is none."""
    try:
        return plain_name(text)
    except PlainTextError as error:
        raise unfit(argument, str(error)) from None


def text_of(text: str | None, *, argument: str, most: int = MOST_ID_TEXT) -> str | None:
    """Return a text that is not too long; raise RequestValidationError for a longer one."""
    if text is not None and len(text) > most:
        raise unfit(argument, f"it has {len(text)} characters, at most {most} may be")
    return text


def key_of(text: str | None) -> str | None:
    """Return an idempotency key; raise RequestValidationError for one that can't be kept."""
    if text is not None and not _KEY.fullmatch(text):
        raise unfit(
            "idempotencyKey",
            f"it has {len(text)} characters, expected 1 to 255 printable ones of ASCII",
        )
    return text


def instant_of(text: str | None, *, argument: str) -> datetime | None:
    """Return an instant with its time zone; raise RequestValidationError for what is none."""
    if text is None:
        return None
    found = _validated(argument, lambda: _INSTANT.validate_python(text))
    if not MINYEAR < found.year < MAXYEAR:
        raise unfit(argument, f"the year is {found.year}, expected one that can be spelled")
    return found


def one_of(kind: Callable[[str], T], text: str | None, *, argument: str) -> T | None:
    """Return the member of an enumeration that a text names.

    Raises:
        RequestValidationError: it names none.
    """
    if text is None:
        return None
    try:
        return kind(text)
    except ValueError:
        raise unfit(argument, f"it is '{text[:40]}', which is none of them") from None


def fitting(kind: TypeAdapter[T], value: object, *, argument: str) -> T:
    """Return a document as its own type reads it; raise RequestValidationError."""
    return _validated(argument, lambda: kind.validate_python(value))


def within(number: int | None, least: int, most: int, *, argument: str) -> int | None:
    """Return a number that is in range; raise RequestValidationError for another."""
    if number is not None and not least <= number <= most:
        raise unfit(argument, f"it is {number}, expected {least} to {most}")
    return number


def texts_of(texts: Sequence[str], *, argument: str, most: int) -> tuple[str, ...]:
    """Return a few texts that are not too long, each once; raise RequestValidationError."""
    if len(texts) > most:
        raise unfit(argument, f"there are {len(texts)}, at most {most} may be")
    for text in texts:
        if not text:
            raise unfit(argument, "one of them is empty, expected 1 character at least")
        text_of(text, argument=argument)
    return tuple(dict.fromkeys(texts))


def _validated(argument: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except ValidationError as error:
        found: list[dict[str, Any]] = [
            {**item, "loc": ("body", argument, *item["loc"])}
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise RequestValidationError(found) from None
