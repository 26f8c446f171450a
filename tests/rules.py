"""Stand in for an engine of rules where a test is about something else: the shipped table answers.

That the table and the shipped Rego answer alike is proven elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from runtime.domain.action import Action, Permission, Risk, Visibility
from runtime.domain.policy import PolicyDecision, decide_by_rules
from runtime.domain.policy_unit import PolicyModule, PolicyUnit
from runtime.domain.principal import Principal
from runtime.kit.canonical_json import canonical_text
from runtime.kit.clock import Clock
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.policy import PolicyFaultError
from runtime.services.execution.changes import Execution
from runtime.services.execution.decisions import Decisions
from runtime.services.execution.judging import Judge
from runtime.services.policies.decided_steps import DecidedPlan, DecidedPlans, DecidedStep
from runtime.services.policies.units import PolicyUnits
from runtime.store.session import Database

TABLE: Final = (
    PolicyModule(
        path="plangate/table.rego",
        text="package plangate\n\nread := [input.principal, input.action]\n",
    ),
)
"""What an engine that reads principal and action would be given."""


@dataclass(slots=True, kw_only=True)
class TableRules:
    """Answer by the shipped table.

    Attributes:
        faults: what to answer with instead, the next first; an exception is raised.
        asked: every input, in order.
        adds: obligations beside those of the table, by the name of an action.
    """

    remembers: bool = True
    faults: list[JsonValue | PolicyFaultError] = field(default_factory=list)
    asked: list[JsonObject] = field(default_factory=list)
    adds: dict[str, list[JsonObject]] = field(default_factory=dict)

    async def decide(
        self, unit: PolicyUnit, inputs: Sequence[JsonObject]
    ) -> Sequence[JsonValue | PolicyFaultError]:
        """Answer each input."""
        assert unit.modules[0] == TABLE[0]
        self.asked += inputs
        if self.faults:
            fault = self.faults.pop(0)
            if isinstance(fault, PolicyFaultError):
                raise fault
            return [fault] * len(inputs)
        return [self._answer(document) for document in inputs]

    def _answer(self, document: JsonObject) -> JsonObject:
        answer = _answer(document)
        name = document["action"]["id"].rpartition("@")[0]
        answer["obligations"] += self.adds.get(name, []) if answer["allow"] else []
        return answer

    async def ready(self) -> None:
        """Be ready."""

    async def close(self) -> None:
        """Have nothing to end."""


def decisions_by_table(
    database: Database, clock: Clock, *, rules: TableRules | None = None
) -> Decisions:
    """Build what asks the table."""
    units = PolicyUnits(database=database, clock=clock, shipped=lambda: TABLE)
    return Decisions(evaluator=rules or TableRules(), units=units)


def decided_by_table(judge: Judge, executions: Iterable[Execution]) -> DecidedPlans:
    """Return what the table says of executions, without asking anybody."""
    answers_read: dict[str, DecidedPlan] = {}
    for execution in executions:
        plan = judge.registry.prepared(execution.plan)
        found = [judge.registry.find(step.action) for step in plan.steps]
        answers_read[execution.outcome_id] = DecidedPlan(
            plan=plan,
            steps=tuple(
                None
                if item is None
                else DecidedStep(
                    decision=decide_by_rules(item.action, execution.principal), record=None
                )
                for item in found
            ),
        )
    return answers_read


def _answer(document: JsonObject) -> JsonObject:
    action, principal = document["action"], dict(document["principal"])
    permission = action["permission"]
    decision = decide_by_rules(
        Action(
            id=action["id"],
            title="",
            description="",
            targets=(),
            input_schema={"type": "object"},
            may_change=(),
            handler=_unused,
            permission=Permission(
                risk=Risk(permission["risk"]),
                confirmation=permission["confirmation"],
                approvals=permission["approvals"],
                roles=tuple(permission["roles"]),
                visibility=Visibility(permission["visibility"]),
            ),
        ),
        Principal.model_validate({**principal, "claims": canonical_text(principal["claims"])}),
    )
    return verdict_of(decision, roles=principal["roles"])


def verdict_of(decision: PolicyDecision, *, roles: Iterable[str]) -> JsonObject:
    """Spell a decision as rules do."""
    return {
        "allow": decision.allow,
        "denials": [
            {"code": reason.code.value, "message": reason.message, "remedy": reason.remedy}
            for reason in decision.reasons
        ],
        "obligations": [
            {"kind": item.kind.value, "count": item.count} for item in decision.obligations
        ],
        "roles": sorted(roles),
    }


def _unused(_inputs: JsonObject, state: JsonObject) -> JsonObject:
    return state
