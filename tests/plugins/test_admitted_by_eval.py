"""`plangate eval` and pytest import what `PLANGATE_PLUGINS` admits, and say why not the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from tests.plugin_site import ROOT, plangate, python
from tests.wheels import ZOO, build_wheel, install

UNNAMED: Final = "PLANGATE_PLUGINS does not name plangate-zoo; add it to admit it"
PYTEST: Final = "import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a folder into which the sample's wheel was installed."""
    return install(build_wheel(ZOO, tmp_path), tmp_path / "site")


def test_unset_admits_each_that_is_installed(site: Path) -> None:
    """On a machine that has a database as well: an evaluation needs none."""
    run = plangate(
        site,
        "eval",
        "describe",
        "zoo",
        PLANGATE_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none",
    )

    assert run.returncode == 0, run.stderr


def test_what_is_not_named_is_not_imported_and_the_reason_is_printed(site: Path) -> None:
    """It is the reason that `plangate plugin list` prints."""
    listed = plangate(site, "plugin", "list", "--json", PLANGATE_PLUGINS="other")
    (zoo,) = (item for item in json.loads(listed.stdout)["items"] if item["name"] == "zoo")

    described = plangate(site, "eval", "describe", "zoo", PLANGATE_PLUGINS="other")
    checked = plangate(
        site, "eval", "validate", str(site / "plangate_zoo"), PLANGATE_PLUGINS="other"
    )

    assert zoo["reason"] == UNNAMED
    assert (described.returncode, checked.returncode) == (5, 5)
    assert f"zoo ({UNNAMED})" in described.stderr
    assert UNNAMED in checked.stderr


def test_a_pin_holds_for_evaluations_too(site: Path) -> None:
    """Until a file changes."""
    pin = plangate(site, "plugin", "list", "--pins").stdout.strip()
    pinned = plangate(site, "eval", "describe", "zoo", PLANGATE_PLUGINS=pin)
    module = site / "plangate_zoo" / "plugin.py"
    module.write_text(module.read_text() + "\n")
    changed = plangate(site, "eval", "describe", "zoo", PLANGATE_PLUGINS=pin)

    assert (pinned.returncode, changed.returncode) == (0, 5), pinned.stderr
    assert "its installed files have sha256:" in changed.stderr


def test_a_list_that_can_not_be_read_ends_every_command(site: Path) -> None:
    """Nothing is admitted by mistake."""
    run = plangate(site, "eval", "describe", "counter", PLANGATE_PLUGINS="zoo==")

    assert run.returncode == 5
    assert "PLANGATE_PLUGINS: 'zoo==' is no entry" in run.stderr


def test_a_scorer_of_whom_is_not_named_is_not_asked(tmp_path: Path, site: Path) -> None:
    """The run says so, and is told apart from those that it scored."""
    (site / "plangate_zoo" / "scorers.py").write_text("1 / 0")
    scenarios = str(ROOT / "scenarios" / "counter")
    oracle = ("--model", "plangate/oracle", "--no-track", "--output", str(tmp_path / "run"))
    run = plangate(site, "eval", "run", scenarios, *oracle, PLANGATE_PLUGINS="other")

    assert run.returncode == 0, run.stdout + run.stderr
    assert f"scorer 'zoo.gentle' is not asked: {UNNAMED}" in run.stdout
    assert "zoo.gentle" not in (tmp_path / "run" / "manifest.json").read_text()


def test_pytest_holds_to_the_list(site: Path) -> None:
    """Scenarios of what is not admitted can't be collected."""
    folder = str(site / "plangate_zoo" / "scenarios")
    options = ("-q", "-p", "no:cacheprovider", "--plangate-model", "plangate/oracle", folder)
    without = python(site, PYTEST, *options)
    refused = python(site, PYTEST, *options, PLANGATE_PLUGINS="other")

    assert without.returncode == 0, without.stdout
    assert refused.returncode != 0
    assert UNNAMED in refused.stdout
