"""`plangate token` makes, lists, replaces and revokes tokens, and says whose one is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from runtime.domain.scope import Scope
from tests.api.cli.conftest import Command, Document
from tests.servers.dev_instance import DevInstance

Documents = Callable[..., Document]


def test_a_token_is_made_and_used(plangate: Command, document: Documents) -> None:
    """From a file or a variable; what its scopes don't cover it does not open."""
    made = document("token", "create", "ci", "--scope", "state:read", "--scope", "projects:read")
    Path("token").write_text(made["text"] + "\n")

    allowed = plangate("project", "list", "--token-file", "token")
    refused = plangate("member", "list", "--token-file", "token")
    named = plangate("token", "me", env={"PLANGATE_TOKEN": made["text"]})

    assert (allowed.exit_code, refused.exit_code) == (0, 1)
    assert refused.stderr.startswith("not_allowed: ")
    assert f"CREDENTIAL    {made['id']}" in named.stdout
    assert "SCOPES        projects:read, state:read" in named.stdout


def test_a_token_is_made_for_a_service(document: Documents) -> None:
    """By its name, for as many days as it needs."""
    service = document("member", "add-service", "token-bot")

    made = document(
        "token", "create", "bot", "--scope", "plans:execute", "--member", "token-bot", "--days", "1"
    )

    assert made["member"] == service["id"]


def test_a_token_is_rotated_and_revoked(plangate: Command, document: Documents) -> None:
    """What it was opens nothing any more."""
    old = document("token", "create", "old", "--scope", "tokens:read")

    new = document("token", "rotate", old["id"])
    rotated = plangate("token", "list", env={"PLANGATE_TOKEN": old["text"]})
    works = plangate("token", "list", env={"PLANGATE_TOKEN": new["text"]})
    document("token", "revoke", new["id"])
    revoked = plangate("token", "list", env={"PLANGATE_TOKEN": new["text"]})

    assert (rotated.exit_code, works.exit_code, revoked.exit_code) == (1, 0, 1)
    assert revoked.stderr.startswith("token_refused: ")


def test_a_rotated_token_may_stay_a_while(plangate: Command, document: Documents) -> None:
    """So that those who use it can change over."""
    old = document("token", "create", "overlapping", "--scope", "tokens:read")

    document("token", "rotate", old["id"], "--overlap", "60")

    assert plangate("token", "list", env={"PLANGATE_TOKEN": old["text"]}).exit_code == 0


def test_no_list_shows_a_token(plangate: Command, document: Documents, dev: DevInstance) -> None:
    """Only how it ends."""
    made = document("token", "create", "hidden", "--scope", "state:read")

    listed = plangate("token", "list").stdout + plangate("token", "list", "--json").stdout

    assert made["id"] in listed
    assert made["text"] not in listed
    assert dev.demo["token"] not in listed


def test_an_unknown_scope_is_wrong_usage(plangate: Command) -> None:
    """With all that there are."""
    result = plangate("token", "create", "x", "--scope", "everything")

    assert result.exit_code == 5
    assert all(scope.value in result.stderr for scope in Scope)


def test_a_token_that_opens_nothing_is_refused(plangate: Command) -> None:
    """The message does not repeat it."""
    result = plangate("token", "me", env={"PLANGATE_TOKEN": "pgt_nothing"})

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("token_refused: ")
    assert "pgt_nothing" not in result.output
