"""`plangate secret rotated` tells the platform that secrets have new values."""

from __future__ import annotations

from collections.abc import Callable

from tests.api.cli.conftest import Command, Document


def test_a_rotation_is_told(plangate: Command, document: Callable[..., Document]) -> None:
    """With the platform's credential; its number grows."""
    first = document("secret", "rotated", "vault://kv/acme/crm#token")
    second = document("secret", "rotated", "vault://kv/acme/")
    assert (first["reference"], second["reference"]) == ("vault://kv/acme/crm", "vault://kv/acme/")
    assert second["rotation"] == first["rotation"] + 1
    assert "vault://kv/acme/" in plangate("secret", "rotated", "vault://kv/acme/").stdout


def test_a_value_is_refused_and_not_repeated(plangate: Command) -> None:
    """Somebody may write the new value by mistake."""
    done = plangate("secret", "rotated", "hunter2-hunter2")
    assert done.exit_code != 0
    assert "hunter2" not in done.output
