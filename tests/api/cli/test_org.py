"""`plangate org` makes organizations, and keeps the one of the token."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import orjson
import pytest
from typer.testing import Result

from tests.api.cli.conftest import Command, Document

Documents = Callable[..., Document]
OWNER = ("--owner-name", "Ann", "--owner-email", "ann@example.com")


@pytest.fixture
def organization(document: Documents) -> Document:
    """Make an organization of this test's own, and return all that is said of it."""
    return document("org", "create", "Acme", *OWNER)


@pytest.fixture
def within(plangate: Command, organization: Document) -> Callable[..., Result]:
    """Run a command with the token of that organization."""

    def run(*arguments: str) -> Result:
        return plangate(*arguments, env={"PLANGATE_TOKEN": organization["token"]["text"]})

    return run


def test_an_organization_is_made(
    plangate: Command, organization: Document, within: Callable[..., Result]
) -> None:
    """With the platform's credential; the owner's token is shown this once, and opens it."""
    assert organization["owner"]["email"] == "ann@example.com"
    assert organization["organization"]["id"] in within("org", "show").stdout
    shown = plangate("org", "create", "Beta", *OWNER).stdout.splitlines()
    assert [line.split()[0] for line in shown] == [
        "ORGANIZATION",
        "NAME",
        "OWNER",
        "TOKEN",
        "TOKEN",
    ]


def test_a_token_of_an_owner_makes_none(plangate: Command, organization: Document) -> None:
    """Nor does any other credential than the platform's own."""
    Path("token").write_text(organization["token"]["text"])

    result = plangate("org", "create", "Gamma", *OWNER, "--token-file", "token")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("not_allowed: ")


def test_an_organization_is_renamed_archived_and_restored(within: Callable[..., Result]) -> None:
    """While it is archived nothing in it changes."""
    renamed = within("org", "rename", "Acme Ltd")
    archived = within("org", "archive")
    frozen = within("org", "rename", "Acme Inc")
    restored = within("org", "restore")

    assert "NAME      Acme Ltd" in renamed.stdout
    assert "ARCHIVED  2" in archived.stdout
    assert (frozen.exit_code, frozen.stderr.partition(":")[0]) == (1, "wrong_time")
    assert "ARCHIVED  -" in restored.stdout


def test_a_link_opens_the_evaluations_once(within: Callable[..., Result]) -> None:
    """In a browser without a credential; whoever opens it later is told how to get another."""
    url = within("org", "evaluations").stdout.strip()
    with urlopen(url) as answer:  # noqa: S310  # our own server
        cookie, page = answer.headers["Set-Cookie"], answer.read().decode()
    with pytest.raises(HTTPError) as later:
        urlopen(url)  # noqa: S310  # as above
    with later.value as refused:
        told = refused.read().decode()

    assert cookie.startswith("plangate_evaluations=")
    assert "Go on to the evaluations" in page
    assert (refused.code, "plangate org evaluations" in told) == (401, True)


def test_an_organization_is_exported(within: Callable[..., Result]) -> None:
    """Into a file that is new, proven to be whole; programs get its last line."""
    assert within("project", "create", "exported", "--environment", "counter").exit_code == 0

    people = within("org", "export", "people.ndjson")
    programs = within("org", "export", "programs.ndjson", "--json")
    again = within("org", "export", "people.ndjson")

    assert people.exit_code == 0, people.output
    lines = Path("people.ndjson").read_bytes().splitlines()
    assert people.stdout.startswith(f"{len(lines) - 2} rows in people.ndjson, SHA-256 ")
    last = Path("programs.ndjson").read_bytes().splitlines()[-1]
    assert orjson.loads(programs.stdout) == orjson.loads(last)
    assert again.exit_code == 5
