"""Whoever writes a scenario sees what it may name, without reading source."""

from __future__ import annotations

import json

import pytest

from harness.cli.describe import describe_command


def test_every_action_is_shown_with_its_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    """Ids, inputs, needs and preconditions are what scenarios are written from."""
    assert describe_command("helpdesk", as_json=False) == 0

    shown = capsys.readouterr().out
    assert "action ticket.refund@1" in shown
    assert "amount_cents (integer, required)" in shown
    assert "requires: " in shown
    assert "hidden from models" in shown


def test_the_document_holds_the_first_state(capsys: pytest.CaptureFixture[str]) -> None:
    """Programs read the same as JSON."""
    assert describe_command("counter", as_json=True) == 0

    document = json.loads(capsys.readouterr().out)
    assert document["state"]["counter"]["value"] == 0
    assert [item["id"] for item in document["actions"]] == sorted(
        item["id"] for item in document["actions"]
    )


def test_without_a_name_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """The names are what `environment:` takes."""
    assert describe_command(None, as_json=False) == 0

    assert {"counter", "helpdesk"} <= set(capsys.readouterr().out.split())


def test_an_unknown_environment_is_a_configuration_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The message names what is installed."""
    assert describe_command("hepldesk", as_json=False) == 5

    assert "counter" in capsys.readouterr().err
