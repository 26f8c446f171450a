"""Metadata alone say what is offered; a pin covers what is installed, byte by byte."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runtime.plugins.distributions import Offer, installed_digest, normalized, offers
from tests.hostile_plugins import healthy
from tests.wheels import install_module


def offered(name: str) -> Offer:
    """Return the one offer of a name."""
    (found,) = (offer for offer in offers() if offer.name == name)
    return found


def test_an_offer_is_read_without_an_import(installed: Path) -> None:
    """Name, place, distribution and contracts are there; the module is not loaded."""
    install_module(installed, "otter", "raise RuntimeError", contract="1.0:1.2", version="3.1")

    found = offered("otter")

    assert (found.distribution, found.version, found.contract) == ("dist-otter", "3.1", "1.0:1.2")
    assert found.value == "otter_plugin:PLUGIN"
    assert not found.built_in
    assert "otter_plugin" not in sys.modules


def test_what_states_no_contract_is_of_the_first_ones(installed: Path) -> None:
    """Distributions from before ranges are read as such."""
    install_module(installed, "otter", healthy("otter"), contract=None)

    assert offered("otter").contract == "1.0:1.1"


def test_a_contract_is_that_of_its_own_distribution(installed: Path) -> None:
    """Nobody states the contract of a plugin that another distribution offers."""
    install_module(installed, "otter", healthy("otter"), contract="9.9")
    install_module(installed, "otter", healthy("otter"), owner="other")

    found = {offer.distribution: offer.contract for offer in offers() if offer.name == "otter"}

    assert found == {"dist-otter": "9.9", "other": "1.2"}


def test_built_in_plugins_come_first() -> None:
    """They are those of the platform's own package, and nobody else's."""
    found = offers()

    assert [offer.name for offer in found if offer.built_in][:2] == ["browsing", "controls"]
    assert found[0].built_in


def test_a_foreign_plugin_is_not_built_in_by_its_place(installed: Path) -> None:
    """To point into the platform's package makes no distribution the platform."""
    install_module(installed, "otter", "")
    names = installed / "dist_otter-1.dist-info" / "entry_points.txt"
    names.write_text("[plangate.plugins]\notter = runtime.plugins.stdlib.counter:PLUGIN\n")

    assert not offered("otter").built_in


def test_names_are_compared_as_pip_does() -> None:
    """Case, dots and underscores make no difference."""
    assert {normalized(name) for name in ("Zoo.Keeper", "zoo__keeper", " zoo-keeper")} == {
        "zoo-keeper"
    }


@pytest.mark.parametrize("change", ["otter_plugin.py", "dist_otter-1.dist-info/entry_points.txt"])
def test_a_changed_file_has_another_digest(installed: Path, change: str) -> None:
    """Whatever RECORD lists is covered."""
    install_module(installed, "otter", healthy("otter"))
    before = installed_digest(offered("otter"))
    (installed / change).write_text((installed / change).read_text() + "\n#")

    after = installed_digest(offered("otter"))

    assert before is not None
    assert after not in {None, before}


def test_what_an_installer_writes_is_not_covered(installed: Path) -> None:
    """The same wheel has the same digest, whoever installed it and where."""
    install_module(installed, "otter", healthy("otter"))
    before = installed_digest(offered("otter"))
    record = installed / "dist_otter-1.dist-info" / "RECORD"
    extra = "dist_otter-1.dist-info/INSTALLER,,\n__pycache__/otter_plugin.cpython-311.pyc,,\n"
    record.write_text(record.read_text() + extra)
    (installed / "dist_otter-1.dist-info" / "INSTALLER").write_text("pip")

    assert installed_digest(offered("otter")) == before


def test_what_is_listed_and_not_there_can_not_be_pinned(installed: Path) -> None:
    """A missing file is no digest, so no pin fits."""
    install_module(installed, "otter", healthy("otter"))
    record = installed / "dist_otter-1.dist-info" / "RECORD"
    record.write_text(record.read_text() + "gone.py,,\n")

    assert installed_digest(offered("otter")) is None


def test_a_record_without_the_module_can_not_be_pinned(installed: Path) -> None:
    """An editable install lists a pointer to its module, which a pin would say nothing of."""
    install_module(installed, "otter", healthy("otter"))
    (installed / "dist_otter-1.dist-info" / "RECORD").write_text("otter.pth,,\n")
    (installed / "otter.pth").write_text("/somewhere/else\n")

    assert installed_digest(offered("otter")) is None


def test_a_folder_is_looked_into_by_itself(tmp_path: Path) -> None:
    """What a wheel offers is found where it was unpacked, and nothing else is."""
    install_module(tmp_path, "otter", healthy("otter"))

    assert [offer.name for offer in offers([str(tmp_path)])] == ["otter"]
    assert "otter" not in {offer.name for offer in offers()}
