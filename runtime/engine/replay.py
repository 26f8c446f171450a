"""Rebuild a state from recorded diffs and prove that it is the recorded one."""

from __future__ import annotations

from collections.abc import Iterable

from runtime.domain.errors import ReplayError
from runtime.domain.outcome import StepOutcome, StepStatus
from runtime.domain.state import State
from runtime.kit.canonical_json import CanonicalJsonError
from runtime.kit.json_patch import PatchError, apply


def rebuild(initial: State, outcomes: Iterable[StepOutcome]) -> State:
    """Apply the diffs of finished steps in order, comparing the hash after each.

    Args:
        initial: the state before the first outcome, as stored.
        outcomes: step outcomes in the order in which they were committed; refused ones are skipped.

    Raises:
        ReplayError: a diff does not apply, or leads to another hash than the recorded one.
    """
    state = initial
    for outcome in outcomes:
        if outcome.status is not StepStatus.DONE:
            continue
        try:
            state = State.of(apply(outcome.diff, state.components), version=outcome.state_version)
        except (PatchError, CanonicalJsonError) as error:
            raise ReplayError(
                version=outcome.state_version, expected=outcome.state_digest, actual=str(error)
            ) from error
        if state.digest != outcome.state_digest:
            raise ReplayError(
                version=outcome.state_version, expected=outcome.state_digest, actual=state.digest
            )
    return state
