"""Rebuild a state from recorded diffs and prove that it is the recorded one."""

from __future__ import annotations

from collections.abc import Iterable

from runtime.domain.errors import ReplayError
from runtime.domain.history import Version
from runtime.domain.outcome import Diff, StepOutcome, StepStatus
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
        if outcome.status is StepStatus.DONE:
            state = _after(
                state, outcome.diff, version=outcome.state_version, recorded=outcome.state_digest
            )
    return state


def advanced(state: State, versions: Iterable[Version]) -> State:
    """Apply the diffs of the versions that follow a state, comparing the hash after each.

    Raises:
        ReplayError: a version is missing, its diff does not apply, or leads to another hash.
    """
    for version in versions:
        if version.version != state.version + 1:
            raise ReplayError(
                version=state.version + 1, expected="this version", actual=f"{version.version}"
            )
        state = _after(state, version.diff, version=version.version, recorded=version.digest)
    return state


def _after(state: State, diff: Diff, *, version: int, recorded: str) -> State:
    try:
        after = State.of(apply(diff, state.components), version=version)
    except (PatchError, CanonicalJsonError) as error:
        raise ReplayError(version=version, expected=recorded, actual=str(error)) from error
    if after.digest != recorded:
        raise ReplayError(version=version, expected=recorded, actual=after.digest)
    return after
