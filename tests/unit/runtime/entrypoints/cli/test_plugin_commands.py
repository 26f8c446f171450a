"""`plangate plugin` says what is installed, what is wrong with it, and begins a new one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from runtime.entrypoints.cli.main import app
from runtime.plugins import loader
from runtime.plugins.admission import ADMIT_ALL
from tests.hostile_plugins import healthy, install_healthy, install_hostile
from tests.wheels import install_module


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder on the path of this process; its settings say nothing."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    for name in ("PLUGINS", "PLUGIN_ISOLATION", "DATABASE_URL"):
        monkeypatch.delenv(f"PLANGATE_{name}", raising=False)
    loader.look_again()
    yield folder
    loader.admit(ADMIT_ALL)
    loader.look_again()


def plangate(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(app, ["plugin", *arguments])


def test_a_healthy_machine_is_listed(site: Path) -> None:
    """With what says who is admitted."""
    install_healthy(site, "cli_fine")

    result = plangate("list")

    assert result.exit_code == 0, result.output
    assert "cli_fine" in result.output
    assert "PLANGATE_PLUGINS is not set" in result.output


def test_what_is_not_served_is_listed_with_its_reason(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the exit code says so."""
    install_hostile(site, "bad_import")
    result = plangate("list")
    monkeypatch.setenv("PLANGATE_PLUGINS", "other")
    other = plangate("list")

    assert result.exit_code == 1
    assert "quarantined" in result.output
    assert "No module named 'no_such_module_at_all'" in result.output
    assert "not_admitted" in other.output
    assert "says which plugins are admitted" in other.output


def test_a_list_that_can_not_be_read_is_a_wrong_configuration(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is listed by it."""
    monkeypatch.setenv("PLANGATE_PLUGINS", "zoo>=1")

    result = plangate("list")

    assert result.exit_code == 5
    assert "'zoo>=1' is no entry" in result.output


def test_warnings_are_shown(site: Path) -> None:
    """A long description is one."""
    install_module(site, "cli_long", healthy("cli_long").replace("Adds.", "Adds. " * 200))

    assert "warning: cli_long: /actions/0/description: has 1200" in plangate("list").output


def test_what_can_not_be_pinned_is_said(site: Path) -> None:
    """The others are printed as entries."""
    install_healthy(site, "cli_fine")
    install_healthy(site, "cli_odd")
    (site / "dist_cli_odd-1.dist-info" / "RECORD").write_text("odd.pth,,\n")

    result = plangate("list", "--pins")

    assert result.exit_code == 1
    assert "dist-cli-fine==1#sha256:" in result.stdout
    assert "dist-cli-odd can't be pinned" in result.output


def test_a_file_that_holds_no_declarations_is_refused(site: Path, tmp_path: Path) -> None:
    """It stays as it is."""
    (tmp_path / "seen.json").write_text("[]")

    result = plangate("list", "--changes", str(tmp_path / "seen.json"))

    assert result.exit_code == 5
    assert (tmp_path / "seen.json").read_text() == "[]"


def test_many_changes_are_cut_off(site: Path, tmp_path: Path) -> None:
    """With how many there are."""
    install_healthy(site, "cli_fine")
    declared = {"components": [{"id": f"c{number}"} for number in range(200)]}
    (tmp_path / "seen.json").write_text(json.dumps({"cli_fine": declared}))

    result = plangate("list", "--changes", str(tmp_path / "seen.json"))

    assert result.exit_code == 1
    assert "cli_fine: and " in result.output


def test_an_installed_plugin_is_checked(site: Path) -> None:
    """What is wrong is told, and the exit code says so."""
    install_healthy(site, "cli_fine")
    broken = healthy("cli_odd").replace('may_change=("/cli_odd/count",)', "may_change=()")
    install_module(site, "cli_odd", broken)

    fine, odd = plangate("check", "cli_fine"), plangate("check", "cli_odd", "--json")

    assert (fine.exit_code, fine.output.endswith("is sound.\n")) == (0, True)
    (item,) = json.loads(odd.stdout)["items"]
    assert (odd.exit_code, item["sound"]) == (1, False)
    assert "may_change does not declare" in item["problems"][0]


@pytest.mark.parametrize(
    ("what", "said"),
    [("nothing", "is no installed plugin and no wheel"), ("no.whl", "can't be read as a wheel")],
)
def test_what_is_no_plugin_is_wrong_usage(site: Path, what: str, said: str) -> None:
    """Nothing is examined."""
    result = plangate("check", what)

    assert result.exit_code == 5
    assert said in result.output


def test_a_new_plugin_is_written(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it was asked for, or beside; a name that is none is refused."""
    monkeypatch.chdir(tmp_path)

    named, beside, odd = (
        plangate("new", "zoo", "here"),
        plangate("new", "zoo"),
        plangate("new", "Z"),
    )

    assert (named.exit_code, beside.exit_code, odd.exit_code) == (0, 0, 5)
    assert (tmp_path / "here" / "pyproject.toml").exists()
    assert (tmp_path / "plangate-zoo" / "plangate_zoo" / "plugin.py").exists()
    assert "plangate plugin check zoo" in named.output
