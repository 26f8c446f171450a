"""An author hears of everything that would keep a plugin from being served."""

from __future__ import annotations

from pathlib import Path

from runtime.plugins.distributions import Offer, offers
from runtime.plugins.examination import Examination, examined
from runtime.plugins.loader import plugin_reports
from tests.hostile_plugins import healthy
from tests.wheels import ZOO, build_wheel, install, install_module


def examine(site: Path) -> Examination:
    """Examine the one plugin of a folder."""
    (offer,) = offers([str(site)])
    return examined(offer, beside=plugin_reports(), environ={}, path=(str(site),))


def test_the_sample_is_sound(tmp_path: Path) -> None:
    """As a wheel, without being installed."""
    found = examine(install(build_wheel(ZOO, tmp_path), tmp_path / "site"))

    assert (found.problems, found.warnings) == ((), ())
    assert isinstance(found.offer, Offer)
    assert found.declared is not None
    assert found.declared["id"] == "zoo"


def test_another_contract_is_told_before_an_import(tmp_path: Path) -> None:
    """Nothing else is looked at."""
    install_module(tmp_path, "otter", "raise RuntimeError", contract="3.0")

    (problem,) = examine(tmp_path).problems

    assert "written for contract 3.0" in problem


def test_an_import_that_fails_is_told(tmp_path: Path) -> None:
    """With its reason."""
    install_module(tmp_path, "otter", "import no_such_module")

    assert "No module named 'no_such_module'" in examine(tmp_path).problems[0]


def test_a_clash_with_what_is_served_is_told(tmp_path: Path) -> None:
    """Before it is installed."""
    install_module(tmp_path, "otter", healthy("otter").replace("otter.add@1", "counter.set@2"))

    (problem,) = examine(tmp_path).problems

    assert "the action 'counter.set' is declared by plugin 'otter'" in problem


def test_a_handler_that_breaks_its_word_is_told(tmp_path: Path) -> None:
    """Handlers are called as the engine would."""
    code = healthy("otter").replace('may_change=("/otter/count",)', "may_change=()")
    install_module(tmp_path, "otter", code)

    assert examine(tmp_path).problems == (
        "otter.add@1: it changes /otter/count, which may_change does not declare",
    )
