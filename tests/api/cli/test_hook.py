"""`plangate hook` makes, tries, changes and removes hooks, and shows what was delivered."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from runtime.entrypoints.cli.hook import app
from tests.api.cli.conftest import Command, Document
from tests.servers.dev_instance import DevInstance
from tests.signing_hooks import signed_standard

Documents = Callable[..., Document]
MAPPING = '{"steps": [{"action": "counter.increment", "inputs": {"by": {"pointer": "/by"}}}]}'
BODY = b'{"by": 2}'


@pytest.fixture
def hook(plangate: Command) -> Command:
    """Run a command of the group, where `plangate` runs."""

    def run(*arguments: str, **wish: Any) -> Result:  # noqa: ANN401  # the runner's own
        return CliRunner().invoke(app, arguments, **wish)

    return run


@pytest.fixture
def hook_document(hook: Command) -> Documents:
    """Run a command of the group for programs; it has to succeed."""

    def run(*arguments: str) -> Document:
        result = hook(*arguments, "--json")
        assert result.exit_code == 0, result.output
        found: Document = orjson.loads(result.stdout)
        return found

    return run


@pytest.fixture
def project(document: Documents) -> str:
    """Make a project with a service in it, and return its name."""
    name = f"hooks {datetime.now(UTC).timestamp()}"
    document("project", "create", name, "--environment", "counter")
    document("member", "add-service", name)
    return name


@pytest.fixture
def operating(document: Documents, project: str) -> str:
    """Let the service of the project's name operate it."""
    document("member", "grant", project, "operator", "--project", project)
    return project


def test_a_hook_is_made_delivered_to_and_removed(
    dev: DevInstance, hook: Command, hook_document: Documents, operating: str
) -> None:
    """By its name, or by its id."""
    place = ("--project", operating)
    made = hook_document("create", "paid", "--service", operating, "--mapping", MAPPING, *place)

    headers = dict(signed_standard(made["secret"], BODY, named="m1", at=datetime.now(UTC)))
    assert delivered(dev, made["path"], headers) == 200
    known = hook_document("deliveries", "paid", *place)["items"]
    listed = hook("list", *place)
    shown = hook("show", made["id"], *place)
    removed = hook("remove", "paid", *place)
    gone = hook("show", "paid", *place)

    assert [(item["named"], item["status"]) for item in known] == [("m1", "executed")]
    assert "paid" in listed.stdout
    assert made["secret"] not in listed.stdout + shown.stdout
    assert (removed.exit_code, gone.exit_code) == (0, 1)
    assert gone.stderr.startswith("not_found: ")


def delivered(dev: DevInstance, path: str, headers: dict[str, str]) -> int:
    """Deliver a body, and return the status of the answer."""
    host = dev.demo["url"].removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(host, timeout=10)
    try:
        connection.request("POST", path, BODY, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_hook_is_tried_changed_switched_and_rotated(
    hook: Command, hook_document: Documents, operating: str
) -> None:
    """Each with one command."""
    place = ("--project", operating)
    Path("secret").write_text("made-by-the-sender\n")
    Path("mapping.json").write_text(MAPPING)
    made = hook_document(
        "create", "paid", "--service", operating, "--mapping", "mapping.json",
        "--style", "stripe", "--secret-file", "secret", *place,
    )  # fmt: skip

    tried = hook("simulate", "paid", '{"by": 7}', *place)
    other = MAPPING.replace('{"steps"', '{"when": "body.by == 1", "steps"')
    changed = hook_document("change", "paid", "--name", "due", "--mapping", other, *place)
    over = hook("simulate", "due", '{"by": 7}', *place)
    document = hook_document("simulate", "due", '{"by": 1}', *place)
    disabled = hook_document("disable", "due", *place)
    enabled = hook_document("enable", "due", *place)
    rotated = hook_document("rotate", "due", "--overlap", "60", *place)

    assert made["secret"] == "made-by-the-sender"  # noqa: S105  # a test's
    assert '"by": 7' in tried.stdout
    assert "passes it over" in over.stderr
    assert document["acts"] is True
    assert changed["name"] == "due"
    assert (disabled["enabled"], enabled["enabled"]) == (False, True)
    assert rotated["secret"] != made["secret"]


def test_a_secret_that_can_not_be_read_is_told(hook: Command, operating: str) -> None:
    """Before anything is sent."""
    result = hook(
        "create", "paid", "--service", operating, "--mapping", MAPPING,
        "--secret-file", "nowhere", "--project", operating,
    )  # fmt: skip

    assert result.exit_code == 5
    assert "can't be read as a secret" in result.stderr
