"""Messages say what happened, with which value, what was expected and what to do."""

import pytest

from runtime.domain.errors import (
    ApprovalMismatchError,
    DeclarationError,
    DomainError,
    EmbeddedFolderBusyError,
    EmbeddedServerError,
    JobMessageError,
    LeaseBusyError,
    LeaseLostError,
    LeaseUnavailableError,
    PolicyMovedError,
    PolicyRefusedError,
    PolicyUncheckableError,
    QueueUnavailableError,
    ReplayError,
    StateError,
    StorageRefusedError,
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
            QueueUnavailableError(reason="ConnectionError"),
            "queue_unavailable",
            "the queue takes no jobs: ConnectionError; they are kept and offered again",
            id="queue",
        ),
        pytest.param(
            JobMessageError(problem="its version is not 1"),
            "job_message",
            "a message of the queue can't be read: its version is not 1; it is dropped",
            id="job message",
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
        pytest.param(
            StorageRefusedError(reason="CheckViolationError"),
            "storage_refused",
            "the database refused this (CheckViolationError); nothing was written",
            id="storage refuses",
        ),
        pytest.param(
            PolicyRefusedError(scope="organization", problems=("a.rego:1: x", "a.rego:2: y")),
            "policy_refused",
            "the rules for 'organization' can't be used: a.rego:1: x, and 1 more; mend them, "
            "and try them by :check",
            id="policy is refused",
        ),
        pytest.param(
            PolicyRefusedError(scope="prj_1", problems=("there is no test",)),
            "policy_refused",
            "the rules for 'prj_1' can't be used: there is no test; mend them, and try them by "
            ":check",
            id="policy is refused for one reason",
        ),
        pytest.param(
            PolicyUncheckableError(scope="prj_1", fault="policy_slow", detail="more than 5 s"),
            "policy_uncheckable",
            "the rules for 'prj_1' could not be tried (policy_slow): more than 5 s; "
            "nothing was changed",
            id="policy can't be tried",
        ),
        pytest.param(
            ApprovalMismatchError(approval="apr_1", expected="sha256:a", found="sha256:b"),
            "approval_mismatch",
            "approval 'apr_1' is about the plan sha256:a, the vote names 'sha256:b'; "
            "read the approval and vote on what it shows",
            id="a vote on another plan",
        ),
        pytest.param(
            PolicyMovedError(scope="prj_1", moved="organization"),
            "policy_moved",
            "while the rules for 'prj_1' were tried, those for 'organization' changed; "
            "nothing was done: send the request again",
            id="policy has moved",
        ),
        pytest.param(
            LeaseBusyError(key="prj_1", holder="api.4f#7", waited_s=1.5, position=2),
            "lease_busy",
            "lease on 'prj_1' is held by api.4f#7 after 1.500 s of waiting at place 2 in the "
            "queue; try again later or wait longer",
            id="lease is busy",
        ),
        pytest.param(
            LeaseBusyError(key="prj_1", holder=None, waited_s=0.0, position=1),
            "lease_busy",
            "lease on 'prj_1' is held by somebody else after 0.000 s of waiting at place 1 in the "
            "queue; try again later or wait longer",
            id="lease is busy, holder unknown",
        ),
        pytest.param(
            LeaseLostError(key="prj_1", owner="api.4f#7"),
            "lease_lost",
            "lease on 'prj_1' is not held by api.4f#7 any more; write nothing under it, acquire "
            "it again and start over",
            id="lease is lost",
        ),
        pytest.param(
            LeaseUnavailableError(reason="redis at 127.0.0.1:6379 gave no answer in 1 s"),
            "lease_unavailable",
            "no lease can be had: redis at 127.0.0.1:6379 gave no answer in 1 s; nothing was "
            "done, try again later",
            id="lease is unavailable",
        ),
        pytest.param(
            EmbeddedServerError(server="redis", problem="it died", advice="start it again"),
            "embedded_server",
            "embedded redis: it died; start it again",
            id="embedded server",
        ),
        pytest.param(
            EmbeddedFolderBusyError(server="redis", folder=".plangate", pid=42),
            "embedded_folder_busy",
            "embedded redis: process 42 runs the server of .plangate; end that process first, or "
            "choose another folder",
            id="embedded server's folder",
        ),
        pytest.param(
            EmbeddedFolderBusyError(server="redis", folder=".plangate", pid=None),
            "embedded_folder_busy",
            "embedded redis: another process runs the server of .plangate; end that process "
            "first, or choose another folder",
            id="embedded server's folder, holder unknown",
        ),
    ],
)
def test_an_error_explains_itself(error: DomainError, code: str, message: str) -> None:
    """Codes are stable, and messages carry the facts."""
    assert isinstance(error, DomainError)
    assert (error.code, str(error)) == (code, message)
