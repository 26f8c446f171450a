"""`plangate state` reads states, lists their history, reverts and verifies them."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest

from tests.api.cli.conftest import Command, Document

Documents = Callable[..., Document]


@pytest.fixture
def project(document: Documents, request: pytest.FixtureRequest) -> str:
    """Make a project whose counter was set to 1, 2 and 3, and return its name."""
    name: str = request.node.name
    document("project", "create", name, "--environment", "counter")
    for value in (1, 2, 3):
        step = f'[{{"action": "counter.set", "inputs": {{"value": {value}}}}}]'
        document("plan", "execute", step, "--project", name)
    return name


def test_a_state_is_shown(plangate: Command, document: Documents, project: str) -> None:
    """As it stands, as it was at a version, as it stood then; what is piped is JSON."""
    now = plangate("state", "show", "--project", project)
    then = document("state", "show", "--project", project, "--version", "1")
    versions = document("state", "history", "--project", project)["items"]
    at = document("state", "show", "--project", project, "--at", versions[1]["created_at"])

    assert orjson.loads(now.stdout)["counter"]["value"] == 3
    assert now.stderr.startswith("version 3, sha256:")
    assert (then["version"], then["components"]["counter"]["value"]) == (1, 1)
    assert (at["version"], at["components"]["counter"]["value"]) == (2, 2)


def test_history_is_listed_from_its_end(
    plangate: Command, document: Documents, project: str
) -> None:
    """As much as is wished for; programs get the differences, people their number."""
    versions = document("state", "history", "--project", project)["items"]
    shown = plangate("state", "history", "--project", project, "--limit", "2")

    assert [item["version"] for item in versions] == [3, 2, 1, 0]
    assert versions[0]["diff"] == [{"op": "replace", "path": "/counter/value", "value": 3}]
    assert [line.split()[:3] for line in shown.stdout.splitlines()[1:]] == [
        ["3", "executed", "1"],
        ["2", "executed", "1"],
    ]
    assert "there is more" in shown.stderr


def test_a_state_is_reverted(plangate: Command, document: Documents, project: str) -> None:
    """By a new version; not if another version stands than the one that was looked at."""
    late = plangate("state", "revert", "1", "--expect", "2", "--project", project)
    done = document("state", "revert", "1", "--expect", "3", "--project", project)

    assert (late.exit_code, late.stderr.partition(":")[0]) == (1, "version_mismatch")
    assert (done["after"]["version"], done["reverted_to"]) == (4, 1)
    shown = plangate("state", "revert", "3", "--project", project).stdout.splitlines()
    assert shown[1:4] == ["REVERTED TO  3", "BEFORE       4", "AFTER        5"]


def test_a_history_is_verified(plangate: Command, document: Documents, project: str) -> None:
    """Every version is rebuilt."""
    found = document("state", "verify", "--project", project)

    assert found["versions"] == 4
    assert plangate("state", "verify", "--project", project).stdout.startswith("VERSIONS  4\n")


def test_what_never_was_is_not_found(plangate: Command, project: str) -> None:
    """A version that is none yet, and a time that is none."""
    absent = plangate("state", "show", "--version", "99", "--project", project)
    no_time = plangate("state", "show", "--at", "yesterday", "--project", project)

    assert (absent.exit_code, no_time.exit_code) == (1, 1)
    assert "request_invalid" in no_time.stderr
