"""Build moments in the plant and run single steps through the engine."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter

from runtime.plugins.stdlib.facility import PLUGIN
from runtime.public import (
    JsonObject,
    Judgement,
    Plan,
    Refusal,
    Sandbox,
    Situation,
    Step,
    StepStatus,
    Usage,
    get,
    set_value,
)

OPERATOR = ("operator",)
ADMIN = ("admin",)
TECHNICIAN = ("operator", "technician")
DEVELOPER = ("operator", "developer")

LIT: JsonObject = {
    "/furnace/state": "holding",
    "/furnace/setpoint_c": 700,
    "/furnace/temperature_c": 700,
    "/zones/z_1/access": "locked",
}
LOCKED: JsonObject = {"/zones/z_1/access": "locked"}
HOT: JsonObject = {"/furnace/state": "cooling", "/furnace/temperature_c": 400}
STOPPED: JsonObject = {"/furnace/state": "emergency_stopped"}
MAINTAINED: JsonObject = {"/furnace/maintenance": True, "/furnace/work_order": "WO-2041"}
GAS: JsonObject = {
    "zone": "z_5",
    "severity": "critical",
    "state": "active",
    "cause_present": False,
    "text": "Gas.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """Hold the compiled environment."""

    sandbox: Sandbox

    def document(self, changes: JsonObject) -> JsonObject:
        """Apply pointers to the initial state."""
        document = self.sandbox.registry.initial_state()
        for pointer, value in changes.items():
            document = set_value(document, pointer, value)
        return document

    def moment(
        self,
        changes: JsonObject,
        *,
        roles: tuple[str, ...],
        people: bool = True,
        spent: int = 0,
    ) -> Situation:
        """Build a moment; `people` says whether anybody would confirm and approve."""
        environment = self.sandbox.environment
        return Situation(
            state=self.sandbox.state(self.document(changes)),
            principal=environment.principal.model_copy(update={"roles": roles}),
            limits=environment.limits,
            usage=TypeAdapter(Usage).validate_python({"spent": {"project": spent}}),
            confirms=people,
            approves=people,
        )

    def run(self, moment: Situation, action: str, inputs: JsonObject) -> Judgement:
        """Run one step through every guard."""
        return self.sandbox.simulate(Plan(steps=(Step(action=action, inputs=inputs),)), moment)

    def refusal(self, moment: Situation, action: str, inputs: JsonObject) -> Refusal:
        """Run one step that must be refused and leave the state alone."""
        judged = self.run(moment, action, inputs)
        assert judged.outcome.refusal is not None
        assert judged.state == moment.state
        return judged.outcome.refusal

    def assert_does(
        self, moment: Situation, action: str, inputs: JsonObject, *, leaves: JsonObject
    ) -> None:
        """Run one step that must be done, and change nothing but what it `leaves`."""
        judged = self.run(moment, action, inputs)
        assert judged.outcome.status is StepStatus.DONE, judged.outcome.refusal
        assert {path: get(judged.state.components, path) for path in leaves} == leaves
        assert {change["path"] for change in judged.outcome.steps[0].diff} <= set(leaves)

    def preconditions(self, *names: str) -> set[tuple[str, str]]:
        """Return the messages that actions whose name begins so can refuse with."""
        return {
            (action.name, rule.message)
            for action in PLUGIN.actions
            if action.name.startswith(names)
            for rule in action.preconditions
        }
