"""Declare enclosures, what may be done to them, a vet who is told, and rules to choose from."""

from __future__ import annotations

from typing import Any

from runtime.domain.action import Action, HandlerRefusal, Permission, Risk, SideEffect
from runtime.domain.component import Component
from runtime.domain.condition import Condition
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
from runtime.plugins.effects import Effect, EffectCall, EffectResult, EffectTools, HttpCall

ENCLOSURES = Component(
    id="enclosures",
    title="Enclosures",
    description="Where animals live, by name, and how often they were fed since a cleaning.",
    state_schema={
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "properties": {"meals": {"type": "integer", "minimum": 0}},
            "required": ["meals"],
            "additionalProperties": False,
        },
    },
    initial_state={"lions": {"meals": 0}, "otters": {"meals": 2}},
    invariants=(
        Condition(
            rule="state.enclosures.all(name, state.enclosures[name].meals <= 5)",
            message="an enclosure is cleaned after five meals",
        ),
    ),
)
_INPUTS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "enclosure": {
            "type": "string",
            "pattern": "^[a-z]+$",
            "description": "The enclosure's name, such as lions.",
        }
    },
    "required": ["enclosure"],
    "additionalProperties": False,
}


def _known(inputs: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] | None = state["enclosures"].get(inputs["enclosure"])
    if found is None:
        raise HandlerRefusal(f"there is no enclosure {inputs['enclosure']}")
    return found


def _feed(inputs: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    _known(inputs, state)["meals"] += 1
    return state


def _clean(inputs: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    _known(inputs, state)["meals"] = 0
    return state


async def _tell(call: EffectCall, tools: EffectTools) -> EffectResult:
    answer = await tools.egress.send(
        HttpCall(method="POST", url="https://vet.example.org/visits", body=call.job_id.encode())
    )
    return EffectResult(document={"status": answer.status})


PLUGIN = Plugin(
    id="zoo",
    version="1.2.0",
    components=(ENCLOSURES,),
    actions=(
        Action(
            id="enclosure.feed@1",
            title="Feed",
            description="Feeds the animals of one enclosure once.",
            targets=("enclosures",),
            input_schema=_INPUTS,
            may_change=("/enclosures/*/meals",),
            side_effects=(SideEffect(job="vet.tell", description="Tells the vet."),),
            handler=_feed,
        ),
        Action(
            id="enclosure.clean@1",
            title="Clean",
            description="Cleans one enclosure; its animals are elsewhere meanwhile.",
            targets=("enclosures",),
            input_schema=_INPUTS,
            may_change=("/enclosures/*/meals",),
            permission=Permission(risk=Risk.MEDIUM),
            handler=_clean,
        ),
    ),
    environments=(
        Environment(id="zoo", title="Zoo", description="You help the keepers of a small zoo."),
    ),
    effects=(Effect(name="vet.tell", handler=_tell),),
    capabilities=Capabilities(uses=frozenset({Capability.NETWORK}), hosts=("vet.example.org",)),
    isolation=Isolation.PROCESS,
    policies=(
        PolicyOffer(
            path="organization/zoo.rego",
            text=(
                "package tenant.organization\n\nimport rego.v1\n\n"
                'deny contains {"message": "nobody cleans on a Sunday", "remedy": "wait"} if {\n'
                '\tinput.action.name == "enclosure.clean"\n'
                "\tinput.time.weekday == 6\n"
                "}\n"
            ),
        ),
    ),
    scenarios=("plangate_zoo:scenarios",),
    widgets=(Widget(title="Enclosures", kind=WidgetKind.TABLE, path="/enclosures"),),
)
