"""Hold the words of the console that more than one panel says, and what codes mean to people."""

from __future__ import annotations

from typing import Final

GUARDS: Final = {
    "project_active": "Project active",
    "action_known": "Action known",
    "action_visible": "Action visible",
    "effects_declared": "Effects declared",
    "inputs_valid": "Inputs valid",
    "policy_allows": "Policy allows",
    "inside_window": "Inside window",
    "preconditions_hold": "Preconditions hold",
    "within_rate": "Rate",
    "within_shared_rate": "Shared rate",
    "within_quota": "Quota",
    "within_budget": "Budget",
    "within_shared_quota": "Shared quota",
    "within_shared_budget": "Shared budget",
    "within_cap": "Cost cap",
    "confirmed": "Confirmed",
    "approved": "Approved",
}
"""In the order in which the platform checks them: all before the one that refuses have passed."""

CONFIRM: Final = "confirmation_required"
APPROVE: Final = "approval_required"

TURN_KINDS: Final = {
    "asking": "wait",
    "proposed": "wait",
    "executed": "good",
    "rejected": "plain",
    "refused": "bad",
    "failed": "bad",
}
STEP_WORDS: Final = {
    "done": ("passes", "good"),
    "refused": ("refused", "bad"),
    "failed": ("fails", "bad"),
    "not_reached": ("not reached", "plain"),
    "rolled_back": ("rolled back", "wait"),
}
STATUS_KINDS: Final = {
    "done": "good",
    "enabled": "good",
    "granted": "good",
    "ok": "good",
    "used": "good",
    "pending": "wait",
    "running": "wait",
    "waiting": "wait",
    "warning": "wait",
    "dead": "bad",
    "denied": "bad",
    "exhausted": "bad",
    "failed": "bad",
    "quarantined": "bad",
    "refused": "bad",
}
STAGES: Final = {
    "asking": "asking",
    "repairing": "asking again after an answer that could not be used,",
    "falling_back": "falling back to",
}
NO_PROJECT: Final = "Choose a project above to begin."


def kind_of(status: str) -> str:
    """Return in which colour a status is shown.

    >>> kind_of("dead"), kind_of("archived")
    ('bad', 'plain')
    """
    return STATUS_KINDS.get(status, "plain")


def money(micros: int | None) -> str:
    """Return millionths of a dollar as people read them.

    >>> money(12_345), money(0), money(None)
    ('$0.0123', 'free', 'no price known')
    """
    if micros == 0:
        return "free"
    return "no price known" if micros is None else f"${micros / 1_000_000:.4f}"
