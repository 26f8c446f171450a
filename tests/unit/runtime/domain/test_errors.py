"""Messages say what happened, with which value, what was expected and what to do."""

import pytest

from runtime.domain.errors import (
    DeclarationError,
    DomainError,
    ReplayError,
    StateError,
    UnknownActionError,
)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        pytest.param(
            DeclarationError(subject="action box.put@1", problems=("no title", "no schema")),
            "declaration_invalid",
            "action box.put@1 is not usable: no title; no schema",
            id="declaration",
        ),
        pytest.param(
            UnknownActionError(action="box.pt", known=("box.put", "box.add")),
            "action_unknown",
            "no action 'box.pt' in the registry; known: box.put, box.add",
            id="unknown action",
        ),
        pytest.param(
            UnknownActionError(action="box.pt", known=()),
            "action_unknown",
            "no action 'box.pt' in the registry",
            id="empty registry",
        ),
        pytest.param(
            StateError(component="box", problem="value is missing"),
            "state_invalid",
            "state of component 'box': value is missing",
            id="state",
        ),
        pytest.param(
            ReplayError(version=3, expected="sha256:a", actual="sha256:b"),
            "replay_diverged",
            "replay diverges at version 3: recorded sha256:a, rebuilt sha256:b; "
            "the history was altered or written by another engine",
            id="replay",
        ),
    ],
)
def test_an_error_explains_itself(error: DomainError, code: str, message: str) -> None:
    """Codes are stable, and messages carry the facts."""
    assert isinstance(error, DomainError)
    assert (error.code, str(error)) == (code, message)
