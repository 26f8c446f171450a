"""What an operator's list does not name is not imported; a pin fits one set of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.plugins.admission import (
    ADMIT_ALL,
    Admission,
    AdmissionError,
    Admitted,
    read_admission,
)
from runtime.plugins.distributions import Offer, installed_digest, offers
from tests.hostile_plugins import healthy
from tests.wheels import install_module

PIN = "sha256:" + "0" * 64


@pytest.fixture
def otter(installed: Path) -> Offer:
    """Install a plugin, and return what is offered."""
    install_module(installed, "otter", healthy("otter"), version="1.2")
    (found,) = (offer for offer in offers() if offer.name == "otter")
    return found


def test_a_list_is_read() -> None:
    """Names, versions and pins, with blanks wherever a person puts them."""
    found = read_admission(f" Zoo_Keeper , otter==1.2#{PIN}, *, ")

    assert found.everything
    assert found.entries == (
        Admitted(name="zoo-keeper"),
        Admitted(name="otter", version="1.2", pin=PIN),
    )


@pytest.mark.parametrize(
    "text",
    ["otter>=1", "otter==", "otter#sha256:12", "ot ter", "==1", "otter#md5:" + "0" * 32, "-otter"],
)
def test_a_strange_entry_is_refused(text: str) -> None:
    """A list that can't be read admits nothing: its process does not start."""
    with pytest.raises(AdmissionError, match="is no entry; expected NAME"):
        read_admission(text)


def test_a_name_stands_once() -> None:
    """Of two entries of one name nobody could say which holds."""
    with pytest.raises(AdmissionError, match="twice"):
        read_admission("otter==1, Otter")


def test_what_is_not_named_is_not_admitted(otter: Offer) -> None:
    """The reason names the variable, and says why the list is empty."""
    found = Admission(why_nothing="it is not set").problem(otter)

    assert found == (
        "PLANGATE_PLUGINS does not name dist-otter (it is not set); add it to admit it"
    )
    assert read_admission("other").problem(otter) is not None


def test_built_in_plugins_need_no_entry() -> None:
    """They are the platform's own code."""
    assert [offer.name for offer in offers() if Admission().problem(offer)] == []


@pytest.mark.parametrize("text", ["dist-otter", "Dist_Otter==1.2", "*"])
def test_what_is_named_is_admitted(otter: Offer, text: str) -> None:
    """By its name, with its version, or because everything is."""
    assert read_admission(text).problem(otter) is None


def test_another_version_is_not_admitted(otter: Offer) -> None:
    """Even where everything else is: an entry narrows."""
    found = read_admission("*,dist-otter==1.3").problem(otter)

    assert found == "PLANGATE_PLUGINS admits dist-otter==1.3; installed is 1.2"


def test_a_pin_fits_the_installed_files(otter: Offer, installed: Path) -> None:
    """It fits them as they were pinned, and not once a byte is another."""
    pinned = read_admission(f"dist-otter#{installed_digest(otter)}")
    before = pinned.problem(otter)
    (installed / "otter_plugin.py").write_text(healthy("otter") + "\n")

    after = pinned.problem(otter)

    assert before is None
    assert after is not None
    assert after.startswith("its installed files have sha256:")


def test_what_can_not_be_pinned_is_not_admitted_by_a_pin(otter: Offer, installed: Path) -> None:
    """A pin that can't be compared is none that fits."""
    pinned = read_admission(f"dist-otter#{PIN}")
    (installed / "dist_otter-1.2.dist-info" / "RECORD").write_text("otter.pth,,\n")

    assert "can't be pinned" in (pinned.problem(otter) or "")


def test_everything_is_admitted_where_nobody_said_anything(otter: Offer) -> None:
    """A developer's machine serves what is installed."""
    assert ADMIT_ALL.problem(otter) is None
