"""Plugins are found by entry points, and imported only when one is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.domain.errors import DeclarationError
from runtime.plugins import loader
from runtime.plugins.admission import ADMIT_ALL, Admission, read_admission
from runtime.plugins.loader import (
    environment_names,
    find_environment,
    load_plugin,
    plugin_names,
    plugin_reports,
)
from runtime.sandbox import Sandbox
from tests.wheels import install as install_wheel
from tests.wheels import write_wheel

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

OLD_PLUGINS = """
from runtime.domain.action import Action, HandlerRefusal, Permission, Risk, SideEffect, Visibility
from runtime.domain.component import Component
from runtime.domain.condition import Condition
from runtime.domain.limits import BudgetScope, Limits
from runtime.domain.principal import Mode, Principal
from runtime.plugins.contract import Environment, Plugin

BOX = Component(
    id="oldbox", title="Box", description="Holds a value.",
    state_schema={"type": "object", "properties": {"value": {"type": "integer"}},
                  "required": ["value"], "additionalProperties": False},
    initial_state={"value": 0},
    invariants=(Condition(rule="state.oldbox.value >= 0", message="never below 0"),),
)
PUT = Action(
    id="oldbox.put@1", title="Put", description="Puts a value.", targets=("oldbox",),
    input_schema={"type": "object", "properties": {"value": {"type": "integer"}},
                  "required": ["value"], "additionalProperties": False},
    may_change=("/oldbox/value",), handler=lambda inputs, state: {"oldbox": inputs},
    permission=Permission(risk=Risk.LOW, roles=("operator",), visibility=Visibility.USER),
    cost=2,
)
WORLD = Environment(
    id="old_world", title="World", description="A world.", components=("oldbox",),
    principal=Principal(id="p", organization="o", roles=("operator",), grant=Mode.ASSISTED),
    limits=Limits(per_minute=60, budgets={BudgetScope.PROJECT: 100}),
)
DECLARED = dict(id="old", version="1", components=(BOX,), actions=(PUT,), environments=(WORLD,))
# 1.0: what the contract began with.
FIRST = Plugin(**DECLARED, contract=1)

# 1.1: effects.
from runtime.plugins.effects import (
    Effect, EffectCall, EffectResult, EffectTools, HttpCall, PermanentError, RetryableError,
    RetryPolicy,
)

async def ring(call: EffectCall, tools: EffectTools) -> EffectResult:
    await tools.egress.send(HttpCall(method="POST", url="https://a.example/", body=b""))
    return EffectResult(document={}, write_back=None)

SECOND = Plugin(
    **DECLARED, effects=(Effect(name="oldbox.ring", handler=ring, version=1, start_to_close_s=5.0,
                                retries=RetryPolicy(errors=2)),),
)

# 1.2: all that stands below them in `Plugin`.
from runtime.plugins.contract import (
    Capabilities, Capability, Isolation, PolicyOffer, Widget, WidgetKind,
)

THIRD = Plugin(
    **DECLARED,
    capabilities=Capabilities(uses=frozenset({Capability.NETWORK}), hosts=("a.example",)),
    isolation=Isolation.NONE,
    policies=(PolicyOffer(path="project/a.rego", text="package tenant.project"),),
    scenarios=("old_plugins:scenarios",),
    widgets=(Widget(title="Box", kind=WidgetKind.NUMBER, path="/oldbox/value"),),
)
"""


@pytest.fixture
def install(installed: Path) -> Install:
    """Install distributions that offer an object of one module as a plugin."""
    (installed / "sample_plugins.py").write_text(MODULE)

    def add(name: str, value: str) -> None:
        folder = installed / f"{name}-1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Name: {name}\nVersion: 1\n")
        (folder / "entry_points.txt").write_text(f"[plangate.plugins]\n{name} = {value}\n")

    return add


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


def test_a_plugin_that_is_not_served_is_named_with_its_reason(install: Install) -> None:
    """Whoever looks for what it declares hears where to look."""
    install("zebra", "module_that_does_not_exist:PLUGIN")

    with pytest.raises(
        DeclarationError, match=r"not served: zebra \(module_that.*\); see plangate plugin list"
    ):
        find_environment("hidden_world")
    with pytest.raises(DeclarationError, match="it is quarantined: module_that_does_not_exist"):
        load_plugin("zebra")


def test_what_is_not_admitted_is_not_served(install: Install) -> None:
    """The list holds for whoever asks in this process."""
    install("zebra", "sample_plugins:GOOD")
    loader.admit(Admission())

    with pytest.raises(DeclarationError, match="not admitted: PLANGATE_PLUGINS does not name"):
        load_plugin("zebra")
    assert "hidden_world" not in environment_names()
    assert "counter" in environment_names()


def test_another_list_is_obeyed_at_once(install: Install) -> None:
    """What was found by the one before is found anew; the same list changes nothing."""
    install("zebra", "sample_plugins:GOOD")
    before = plugin_reports()
    loader.admit(ADMIT_ALL)
    same = plugin_reports()
    loader.admit(read_admission("other"))
    after = plugin_reports()

    assert same is before
    assert "hidden_world" in {e.id for r in before if r.plugin for e in r.plugin.environments}
    assert "hidden_world" not in {e.id for r in after if r.plugin for e in r.plugin.environments}


def test_a_built_in_plugin_is_found_without_looking_at_others(install: Install) -> None:
    """A command that needs one of ours waits for nobody else's import."""
    install("zebra", "sample_plugins:BROKEN")

    find_environment("counter")

    assert load_plugin("counter").id == "counter"
    assert loader._PROCESS.reports is None  # noqa: SLF001  # that nothing was examined


@pytest.mark.parametrize("contract", [None, "1.0", "1.1", "1.0:1.2", "1.2"])
@pytest.mark.parametrize("value", ["FIRST", "SECOND", "THIRD"])
def test_what_two_minors_ago_was_written_is_served(
    installed: Path, contract: str | None, value: str
) -> None:
    """Plugins spell what their contract had; the names and the defaults of it are kept."""
    groups = {"plangate.plugins": {"old": f"old_plugins:{value}"}}
    if contract is not None:
        groups["plangate.contract"] = {"old": contract}
    files = {"old_plugins.py": OLD_PLUGINS.encode()}
    install_wheel(
        write_wheel(installed, name="old", version="1", files=files, entry_points=groups), installed
    )

    plugin, environment = find_environment("old_world")

    assert plugin.id == "old"
    assert Sandbox.of(plugin, environment).registry.actions
