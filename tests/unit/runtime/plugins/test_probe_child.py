"""What is told of an import: a sound plugin's declarations, or why it can't be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.domain.errors import DeclarationError
from runtime.plugins.confined import ConfinedError, Deeds
from runtime.plugins.contract import Plugin
from runtime.plugins.probe_child import MOST_REASON, check_contract, report_of
from tests.hostile_plugins import healthy
from tests.wheels import install_module


def report(folder: Path, code: str, **wish: bool) -> dict[str, object]:
    """Install a module, and return what is told of it; in this process, unconfined."""
    install_module(folder, "otter", code)
    return report_of("otter_plugin:PLUGIN", Deeds(), **wish)


def test_a_sound_plugin_is_told_whole(installed: Path) -> None:
    """Its ids, its digest and its declarations."""
    found = report(installed, healthy("otter"), conform=True)

    assert found["reason"] is None
    assert ["action", "otter.add"] in found["ids"]  # type: ignore[operator]  # a list of pairs
    assert str(found["digest"]).startswith("sha256:")
    assert found["conformance"] == []


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import sys; sys.exit('x' * 99)", "it called sys.exit(" + "x" * 40 + ")"),
        ("raise MemoryError", "it took more memory than a plugin may"),
        ("PLUGIN = None", "is a NoneType, expected runtime.plugins.contract.Plugin"),
        ("1/0", "can't be imported: ZeroDivisionError: division by zero"),
        (healthy("otter").replace("otter.add@1", "otter add"), "action id 'otter add'"),
        ("raise ValueError('x' * 9999)", "can't be imported: ValueError: xxx"),
        ("class E(Exception):\n def __str__(self): 1/0\nraise E", "E: (it can't say)"),
    ],
)
def test_what_is_not_sound_has_a_short_reason(installed: Path, code: str, reason: str) -> None:
    """Whatever it raises ends nobody else."""
    found = report(installed, code)

    assert reason in str(found["reason"])
    assert len(str(found["reason"])) <= MOST_REASON
    assert "declared" not in found


def test_what_it_was_kept_from_is_the_reason_even_if_it_goes_on(installed: Path) -> None:
    """A plugin that swallows the refusal is no better for it."""
    install_module(installed, "otter", healthy("otter"))

    found = report_of("otter_plugin:PLUGIN", Deeds(noted=["reached for the network"]))

    assert found["reason"] == "it reached for the network while it was imported"


def test_a_refused_deed_is_the_reason(installed: Path) -> None:
    """It ends the import, where it is not swallowed."""
    code = "from runtime.plugins.confined import ConfinedError\nraise ConfinedError('dug')"

    assert report(installed, code)["reason"] == "it dug while it was imported"
    assert not issubclass(ConfinedError, Exception)


def test_another_major_contract_is_refused() -> None:
    """What an object says of itself counts beside what its metadata say."""
    with pytest.raises(DeclarationError, match="written for contract 2; this is 1"):
        check_contract(Plugin(id="p", version="1", components=(), actions=(), contract=2), "a:b")
