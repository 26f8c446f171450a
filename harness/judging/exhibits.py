"""Find in finished trials what a judge can read: questions, reasons and explanations."""

from __future__ import annotations

from harness.judging.exhibit import Exhibit, ExhibitKind
from harness.trial import TrialRecord
from runtime.public import JsonObject, canonical_text


def exhibit_of(record: TrialRecord, *, context: str) -> Exhibit | None:
    """Return what a trial's answer says to the person; None when it says nothing.

    Args:
        record: the trial.
        context: why its scenario exists, as its author wrote.
    """
    proposal = record.proposal
    if proposal is None:
        return None
    kind = ExhibitKind(proposal["kind"])
    text = _text(kind, proposal).strip()
    if not text:
        return None
    return Exhibit(
        environment=record.environment,
        kind=kind,
        said=record.message,
        context=context,
        expected=expected_text(record.golden),
        steps=_steps(proposal) if kind is ExhibitKind.PLAN else (),
        text=text,
    )


def expected_text(golden: JsonObject) -> str:
    """Say in words which answers were right.

    >>> expected_text({"kinds": ["clarification", "decline"], "asks_for": ["value"]})
    'a question about value or a decline'
    """
    kinds = golden.get("kinds") or ["anything but what is forbidden"]
    return " or ".join(_kind_text(kind, golden) for kind in kinds)


def _kind_text(kind: str, golden: JsonObject) -> str:
    match kind:
        case "plan" if "plan" in golden:
            actions = [_unversioned(step["action"]) for step in golden["plan"]["steps"]]
            return f"a plan with {', '.join(actions) or 'no step'}"
        case "plan":
            return "a plan"
        case "clarification":
            slots = ", ".join(golden.get("asks_for", ()))
            return f"a question about {slots}" if slots else "a question"
        case "decline":
            return "a decline"
        case _:
            return kind


def _text(kind: ExhibitKind, proposal: JsonObject) -> str:
    if kind is ExhibitKind.CLARIFICATION:
        choices = " / ".join(proposal.get("choices", ()))
        return f"{proposal['question']} ({choices})" if choices else str(proposal["question"])
    return str(proposal.get("reason" if kind is ExhibitKind.DECLINE else "message", ""))


def _steps(proposal: JsonObject) -> tuple[str, ...]:
    return tuple(
        f"{_unversioned(step['action'])} {canonical_text(step.get('inputs', {}))}"
        for step in proposal["plan"]["steps"]
    )


def _unversioned(action: str) -> str:
    return action.partition("@")[0]
