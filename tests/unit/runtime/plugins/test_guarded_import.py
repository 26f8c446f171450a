"""A plugin is imported here as it was in its probe, within a bound, or not at all."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from runtime.domain.errors import DeclarationError
from runtime.plugins.declarations import declarations_digest
from runtime.plugins.distributions import Offer, offers
from runtime.plugins.guarded_import import HUNG, imported
from tests.hostile_plugins import healthy
from tests.wheels import install_module


def offered() -> Offer:
    """Return what is offered as `otter`."""
    (found,) = (offer for offer in offers() if offer.name == "otter")
    return found


def test_what_was_probed_is_imported(installed: Path) -> None:
    """Its digest is compared; without a probe there is nothing to compare."""
    install_module(installed, "otter", healthy("otter"))
    plugin = imported(offered(), digest=None)

    assert imported(offered(), digest=declarations_digest(plugin)) is plugin


def test_another_digest_is_refused(installed: Path) -> None:
    """It declares other things than what was judged."""
    install_module(installed, "otter", healthy("otter"))

    with pytest.raises(DeclarationError, match="other things in this process"):
        imported(offered(), digest="sha256:0")


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import sys; sys.exit(0)", "can't be imported: SystemExit: 0"),
        ("raise GeneratorExit('odd')", "can't be imported: GeneratorExit: odd"),
        ("PLUGIN = 5", "is a int, expected"),
        ("", "can't be imported: AttributeError"),
    ],
)
def test_an_import_that_fails_ends_nothing(installed: Path, code: str, problem: str) -> None:
    """Not even by `sys.exit`."""
    install_module(installed, "otter", code)

    with pytest.raises(DeclarationError, match=problem):
        imported(offered(), digest="sha256:0")


def test_an_interrupt_is_a_person_s(installed: Path) -> None:
    """Ctrl-C ends the command, whatever is imported just then."""
    install_module(installed, "otter", "raise KeyboardInterrupt")

    with pytest.raises(KeyboardInterrupt):
        imported(offered(), digest=None)


def test_an_import_that_hangs_is_named(installed: Path) -> None:
    """Whoever watches hears of it while it hangs."""
    code = "import tests.unit_hang as hang\nhang.LET_GO.wait(20)\n" + healthy("otter")
    install_module(installed, "otter", code)
    let_go, named = threading.Event(), list[str]()
    sys.modules["tests.unit_hang"] = type(sys)("tests.unit_hang")
    vars(sys.modules["tests.unit_hang"])["LET_GO"] = let_go

    def hung(name: str) -> None:
        named.append(name)
        let_go.set()

    try:
        imported(offered(), digest=None, longest_s=0.05, hung=hung)
    finally:
        del sys.modules["tests.unit_hang"]

    assert named == ["otter"]


def test_an_import_that_hangs_ends_its_process(installed: Path) -> None:
    """With its name, and an exit code of its own."""
    install_module(installed, "otter", "import threading\nthreading.Event().wait()\n")
    code = (
        "from runtime.plugins.distributions import offers\n"
        "from runtime.plugins.guarded_import import imported\n"
        f"(offer,) = (o for o in offers([{str(installed)!r}]) if o.name == 'otter')\n"
        f"import sys; sys.path.insert(0, {str(installed)!r})\n"
        "imported(offer, digest='x', longest_s=0.2)\n"
    )

    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )

    assert run.returncode == HUNG
    assert "plugin 'otter' holds this process in its import" in run.stderr
