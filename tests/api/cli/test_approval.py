"""`plangate approval` takes a plan from its refusal to its one execution, between two people."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
import pytest
from pydantic_core import to_json
from typer.testing import CliRunner, Result

from runtime.entrypoints.cli import approval
from runtime.entrypoints.cli.client import Client, Document, Request
from runtime.entrypoints.cli.main import app
from tests.contract.identity_world import ORGANIZATION_CLAIM, a_trusted_issuer
from tests.servers.dev_instance import dev_instance
from tests.servers.identity_provider import identity_provider

PLAN: Final = '[{"action": "counter.set", "inputs": {"value": 7}}]'
RULES: Final = """package tenant.project

import rego.v1

obligations contains {"kind": "approve", "count": 1} if input.action.name == "counter.set"
"""
TESTS: Final = """package tenant.project_test

import rego.v1

test_setting_takes_an_approval if {
	count(data.tenant.project.obligations) == 1 with input as {"action": {"name": "counter.set"}}
}
"""
COMMAND: Final = "from runtime.entrypoints.cli.approval import app; app()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Hold a platform as `plangate dev` serves it, with people by the files of their tokens."""

    folder: Path
    url: str
    people: dict[str, Path]

    def run(self, who: str, *arguments: str) -> Result:
        """Run a command as somebody."""
        group = approval.app if arguments[0] == "approval" else app
        rest = arguments[1:] if arguments[0] == "approval" else arguments
        named = ["--token-file", str(self.people[who])] if who != "demo" else []
        return CliRunner().invoke(group, [*rest, *named], env=self.environ)

    def document(self, who: str, *arguments: str) -> Document:
        """Run a command for programs, and return what it printed; it may have been refused."""
        found: Document = orjson.loads(self.run(who, *arguments, "--json").stdout)
        return found

    @property
    def environ(self) -> dict[str, str | None]:
        """Return what commands are told of the platform."""
        kept = dict.fromkeys(("PLANGATE_URL", "PLANGATE_TOKEN", "PLANGATE_OPERATOR_TOKEN"))
        return {**kept, "PLANGATE_FOLDER": str(self.folder)}

    def project(self, name: str, rules: Path) -> str:
        """Make a project with an operator, an admin and rules, and return its name."""
        self.document("demo", "project", "create", name, "--environment", "counter")
        for who, role in (("ann", "operator"), ("bob", "admin")):
            mail = f"{who}@example.com"
            self.document("demo", "member", "grant", mail, role, "--project", name)
        self.document("demo", "policy", "push", str(rules), "--project", name, "--activate")
        return name

    def asked(self, project: str) -> str:
        """Let somebody ask for a plan that waits, and return the request."""
        refused = self.document("ann", "plan", "execute", PLAN, "--project", project)
        return str(refused["approval"])


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Serve a platform that trusts an issuer, and let it make two people members."""
    home = tmp_path_factory.mktemp("office")
    with identity_provider() as issuer:
        trusted = a_trusted_issuer(
            issuer, organization_id=None, organization_claim=ORGANIZATION_CLAIM
        )
        issuers = to_json([trusted.model_dump(exclude={"client_secret"})]).decode()
        environ = {"PLANGATE_REQUEST_RATE": "off", "PLANGATE_ISSUERS": issuers}
        with dev_instance(home / ".plangate", environ=environ) as dev:
            dev.await_greeting()
            people = {}
            for who in ("ann", "bob"):
                email = f"{who}@example.com"
                token = issuer.token(
                    sub=who,
                    email=email,
                    email_verified=True,
                    **{ORGANIZATION_CLAIM: dev.demo["organization"]},
                )
                people[who] = home / f"{who}.token"
                people[who].write_text(token)
            yield joined(Office(folder=dev.folder, url=dev.demo["url"], people=people))


def joined(office: Office) -> Office:
    """Let everybody accept an invitation."""
    for who, file in office.people.items():
        invited = office.document("demo", "member", "invite", f"{who}@example.com")
        body = {"invitation": invited["text"]}
        request = Request(method="POST", path="/v1/invitations:accept", body=body)
        Client(office.url, token=file.read_text()).ask(request)
    return office


@pytest.fixture
def project(office: Office, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Make a project of this test's own, in which setting the counter takes an approval."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "approve.rego").write_text(RULES)
    (rules / "approve_test.rego").write_text(TESTS)
    return office.project(request.node.name[:60], rules)


def test_a_plan_is_asked_for_granted_and_executed_once(office: Office, project: str) -> None:
    """Each command says what the next one has to name."""
    of = ("--project", project)
    refused = office.run("ann", "plan", "execute", PLAN, *of)
    found = re.search(r"approval show (apr_\w+)", refused.stdout)
    assert found is not None, refused.output
    listed = office.run("bob", "approval", "list", *of)
    shown = office.run("bob", "approval", "show", found[1], *of)
    digest = re.search(r"--digest (sha256:\w+)", shown.stdout)
    assert digest is not None, shown.output
    granted = office.run(
        "bob", "approval", "grant", found[1], *of, "--digest", digest[1], "--reason", "agreed"
    )
    tried = office.run("ann", "plan", "simulate", PLAN, *of, "--approval", found[1])
    done = office.run("ann", "plan", "execute", PLAN, *of, "--approval", found[1])
    again = office.run("ann", "plan", "execute", PLAN, *of, "--approval", found[1])

    assert refused.exit_code == 1
    line = listed.stdout.splitlines()[1]
    assert line.startswith(
        f"{found[1]}  pending  ann@example.com  counter.set@1  1 admin  0    23 h"
    )
    assert "step 1: counter.set@1\n  value: 7\n" in shown.stdout
    assert [item.exit_code for item in (granted, tried, done)] == [0, 0, 0], done.output
    assert f"plangate plan execute PLAN --approval {found[1]}" in granted.stderr
    assert again.exit_code == 1
    assert "was used by out_" in again.stdout


@pytest.mark.parametrize(
    ("who", "options", "code", "said"),
    [
        pytest.param("ann", ["--yes"], 1, "your own request", id="who asked"),
        pytest.param("bob", ["--digest", "sha256:0"], 1, "approval_mismatch", id="another plan"),
        pytest.param("bob", [], 5, "nobody is here to be asked", id="unseen"),
    ],
)
def test_a_grant_that_does_not_count_says_why(
    office: Office, project: str, who: str, options: list[str], *, code: int, said: str
) -> None:
    """In words, with the exit code of its kind; the request is as it was."""
    named = office.asked(project)

    result = office.run(
        who, "approval", "grant", named, "--project", project, "--reason", "x", *options
    )

    assert result.exit_code == code, result.output
    assert said in result.stderr
    shown = office.document("bob", "approval", "show", named, "--project", project)
    assert (shown["status"], shown["votes"]) == ("pending", [])


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        pytest.param(b"y\n", "granted", id="yes"),
        pytest.param(b"n\n", "pending", id="no"),
        pytest.param(b"\n", "pending", id="nothing"),
        pytest.param(b"\x04", "pending", id="the end of the input"),
    ],
)
def test_a_person_at_a_terminal_is_asked(
    office: Office, project: str, typed: bytes, status: str
) -> None:
    """After they were shown the plan; only a yes is one."""
    named = office.asked(project)
    arguments = ["grant", named, "--project", project, "--reason", "x", "--token-file"]
    command = [sys.executable, "-c", COMMAND, *arguments, str(office.people["bob"])]
    ours, theirs = pty.openpty()
    with (
        open(ours, "wb", buffering=0) as keyboard,  # noqa: PTH123  # of a descriptor
        open(theirs, "rb", buffering=0) as terminal,  # noqa: PTH123  # as above
        subprocess.Popen(
            command,
            stdin=terminal,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PLANGATE_FOLDER": str(office.folder)},
        ) as process,
    ):
        keyboard.write(typed)
        _, told = process.communicate(timeout=50)

    assert process.returncode == (0 if status == "granted" else 1), told
    assert told.index("value: 7") < told.index("Grant this very plan? [y/N]")
    shown = office.document("bob", "approval", "show", named, "--project", project)
    assert shown["status"] == status


def test_a_request_ends_by_a_no_or_is_taken_back(office: Office, project: str) -> None:
    """By who may; and is listed as what it became."""
    of, why = ("--project", project), ("--reason", "too much")
    named = office.asked(project)
    denied = office.document("bob", "approval", "deny", named, *of, *why)
    other = office.document("ann", "plan", "execute", PLAN.replace("7", "8"), "--project", project)[
        "approval"
    ]
    foreign = office.run("bob", "approval", "withdraw", other, *of)
    withdrawn = office.document("ann", "approval", "withdraw", other, *of)
    listed = office.document("ann", "approval", "list", *of)["items"]
    everything = office.document("ann", "approval", "list", *of, "--status", "all")["items"]

    assert (denied["status"], denied["votes"][0]["reason"]) == ("denied", "too much")
    assert (foreign.exit_code, withdrawn["status"]) == (1, "withdrawn")
    assert listed == []
    assert [item["status"] for item in everything] == ["denied", "withdrawn"]


def test_two_who_administer_put_approval_aside(office: Office, project: str) -> None:
    """One alone is told that it takes another one; and then the plan can be executed."""
    of, why = ("--project", project), ("--reason", "fire", "--yes")
    named = office.asked(project)

    first = office.run("bob", "approval", "override", named, *of, *why)
    waiting = office.run("demo", "approval", "list", *of)
    second = office.run("demo", "approval", "override", named, *of, *why)
    done = office.run("ann", "plan", "execute", PLAN, *of, "--approval", named)

    assert (first.exit_code, second.exit_code, done.exit_code) == (0, 0, 0), second.output
    assert "takes two who administer the project" in first.stderr
    assert "0, 1 put it aside" in waiting.stdout
    assert "approval is put aside until" in second.stderr
