"""Judge events by the condition of an endpoint; anything but boolean `true` lets nothing through.

What a condition may hold takes time in proportion to its text and the event
(`domain.webhook_filter`): nothing has to be stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

import cel

from runtime.domain.errors import DeclarationError
from runtime.domain.webhook import EventToSend
from runtime.domain.webhook_filter import EVENT, condition_problem
from runtime.kit.canonical_json import parse

_SUBJECT = "the webhook's condition"


class ConditionFailedError(Exception):
    """Report a condition that gave no boolean for an event; the message repeats no value of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledCondition:
    """Keep a condition with its program."""

    text: str
    program: cel.Program

    def lets_through(self, context: cel.Context) -> bool:
        """Say whether an event is wanted.

        Raises:
            ConditionFailedError: the condition gave neither true nor false.
        """
        try:
            found = self.program.execute(context)
        except Exception as error:  # noqa: BLE001  # the evaluator raises many types; each refuses
            raise ConditionFailedError(type(error).__name__) from None
        if not isinstance(found, bool):
            raise ConditionFailedError(f"it gave {type(found).__name__}, expected true or false")
        return found


def compile_condition(text: str) -> CompiledCondition:
    """Compile a condition.

    Raises:
        DeclarationError: it may not hold what it holds, does not parse, or names something else
            than the event.
    """
    problem = condition_problem(text)
    if problem is not None:
        raise DeclarationError(subject=_SUBJECT, problems=(problem,))
    try:
        program = cel.compile(text)
    except ValueError as error:
        problem = f"it does not parse: {str(error).splitlines()[0][:200]}"
        raise DeclarationError(subject=_SUBJECT, problems=(problem,)) from error
    strange = sorted(set(program.references()["variables"]) - {EVENT})
    if strange:
        problem = f"it names {', '.join(strange)}, expected only {EVENT}"
        raise DeclarationError(subject=_SUBJECT, problems=(problem,))
    return CompiledCondition(text=text, program=program)


def context_of(event: EventToSend) -> cel.Context:
    """Return what conditions read of an event; many conditions may share it."""
    return cel.Context(
        {
            EVENT: {
                "id": event.id,
                "type": event.type,
                "project": event.project_id,
                "time": event.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
                "data": parse(event.document),
            }
        }
    )
