"""What a plugin declares is one document; another declaration is another digest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.plugins.contract import (
    Capabilities,
    Capability,
    Environment,
    Isolation,
    Plugin,
    PolicyOffer,
    Widget,
    WidgetKind,
)
from runtime.plugins.declarations import OwnId, declarations_digest, declared, own_ids
from runtime.plugins.effects import Effect, EffectCall, EffectResult, EffectTools
from tests.builders import a_component, an_action


async def _nothing(call: EffectCall, tools: EffectTools) -> EffectResult:
    return EffectResult()


PLUGIN = Plugin(
    id="box",
    version="1",
    components=(a_component(),),
    actions=(an_action(), an_action(id="box.put@2")),
    environments=(Environment(id="world", title="World", description="A world."),),
    effects=(Effect(name="box.ring", handler=_nothing),),
)


def test_ids_are_claimed_once_whatever_their_versions() -> None:
    """Two versions of an action are one thing, which one plugin owns."""
    assert list(own_ids(PLUGIN)) == [
        OwnId(kind="plugin", id="box"),
        OwnId(kind="component", id="box"),
        OwnId(kind="action", id="box.put"),
        OwnId(kind="effect", id="box.ring"),
        OwnId(kind="environment", id="world"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"id": "other"},
        {"version": "2"},
        {"contract": 2},
        {"components": (a_component(description="Other."),)},
        {"actions": (an_action(description="Other."),)},
        {"environments": ()},
        {"effects": ()},
        {"effects": (Effect(name="box.ring", handler=_nothing, version=2),)},
        {"capabilities": Capabilities(uses=frozenset({Capability.MAIL}))},
        {"capabilities": Capabilities(hosts=("a.example",))},
        {"capabilities": Capabilities(secrets=("crm",))},
        {"isolation": Isolation.PROCESS},
        {"policies": (PolicyOffer(path="project/a.rego", text="package tenant.project"),)},
        {"scenarios": ("box:scenarios",)},
        {"widgets": (Widget(title="Box", kind=WidgetKind.NUMBER, path="/box/value"),)},
    ],
)
def test_another_declaration_has_another_digest(change: dict[str, object]) -> None:
    """So whatever changes between two loads is seen."""
    changed = replace(PLUGIN, **change)  # type: ignore[arg-type]  # a table of fields

    assert declarations_digest(changed) != declarations_digest(PLUGIN)
    assert declared(changed) != declared(PLUGIN)


def test_handlers_are_no_declarations() -> None:
    """A handler in another process declares the same."""
    moved = replace(PLUGIN, actions=tuple(replace(a, handler=dict) for a in PLUGIN.actions))  # type: ignore[arg-type]

    assert declarations_digest(moved) == declarations_digest(PLUGIN)
