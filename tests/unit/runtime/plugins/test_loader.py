"""Plugins are found by entry points, and imported only when one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.domain.errors import DeclarationError
from runtime.plugins import loader
from runtime.plugins.loader import find_environment, load_plugin, plugin_names

Install = Callable[[str, str], None]

MODULE = """
from runtime.plugins.contract import Environment, Plugin

def plugin(**changes):
    declared = dict(id="p", version="1", components=(), actions=())
    return Plugin(**{**declared, **changes})

WORLD = Environment(id="hidden_world", title="W", description="W.")
GOOD = plugin(environments=(WORLD,))
OLD = plugin(contract=0)
STRANGE = 5
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install distributions that offer an object of one module as a plugin."""
    (tmp_path / "sample_plugins.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    loader._entry_points.cache_clear()  # noqa: SLF001  # what is installed changes in tests only

    def add(name: str, value: str) -> None:
        folder = tmp_path / f"{name}-1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Name: {name}\nVersion: 1\n")
        (folder / "entry_points.txt").write_text(f"[plangate.plugins]\n{name} = {value}\n")

    yield add
    loader._entry_points.cache_clear()  # noqa: SLF001  # as above


def test_an_installed_plugin_is_listed_and_loaded(install: Install) -> None:
    """A distribution's plugin stands beside the built-in ones."""
    install("zebra", "sample_plugins:GOOD")

    assert {"counter", "zebra"} <= set(plugin_names())
    assert list(plugin_names()) == sorted(plugin_names())
    assert load_plugin("zebra").environments[0].id == "hidden_world"


def test_listing_imports_nothing(install: Install) -> None:
    """Metadata is enough for names, so a broken plugin does not break the list."""
    install("zebra", "module_that_does_not_exist:PLUGIN")

    assert "zebra" in plugin_names()


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        pytest.param("sample_plugins:STRANGE", "STRANGE is a int, expected", id="no plugin"),
        pytest.param("sample_plugins:OLD", "written for contract 0; this is 1", id="contract"),
        pytest.param(
            "sample_plugins:NOWHERE",
            "sample_plugins:NOWHERE can't be imported: AttributeError: .*'NOWHERE'",
            id="a name that the module lacks",
        ),
        pytest.param(
            "module_that_does_not_exist:PLUGIN",
            "can't be imported: ModuleNotFoundError: No module named",
            id="no module",
        ),
    ],
)
def test_an_unusable_plugin_is_refused(install: Install, target: str, problem: str) -> None:
    """The error names the plugin and what is wrong with it."""
    install("zebra", target)

    with pytest.raises(DeclarationError, match=problem) as caught:
        load_plugin("zebra")

    assert caught.value.subject == "plugin 'zebra'"


def test_a_plugin_that_is_not_installed_is_refused() -> None:
    """The error lists what is installed."""
    with pytest.raises(DeclarationError, match=r"not installed; installed: .*counter"):
        load_plugin("nothing")


def test_an_environment_is_found_in_the_plugin_of_its_name() -> None:
    """Built-in environments are found at once."""
    plugin, environment = find_environment("counter")

    assert (plugin.id, environment.id) == ("counter", "counter")


def test_an_environment_is_found_in_a_plugin_of_another_name(install: Install) -> None:
    """A plugin may declare several environments."""
    install("zebra", "sample_plugins:GOOD")

    plugin, environment = find_environment("hidden_world")

    assert (plugin.id, environment.id) == ("p", "hidden_world")


def test_an_environment_that_nobody_declares_is_refused() -> None:
    """The error lists the plugins that were searched."""
    with pytest.raises(DeclarationError, match=r"'nowhere' is not usable: .* plugins: .*counter"):
        find_environment("nowhere")
