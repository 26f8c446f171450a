"""Propose and simulate in one environment, with the agent and the engine that production uses.

The harness replays scenarios through it; embedders try plans on it. It stores nothing and
executes nothing: a simulation returns the outcome and the state that would follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from runtime.agent.planner import Planner, Proposed
from runtime.agent.prompt import PROMPT_VERSION, Briefing, Conversation, briefing, messages
from runtime.agent.tools import ToolBook
from runtime.domain.action import Action
from runtime.domain.approval import Consent, ConsentKind
from runtime.domain.errors import DeclarationError
from runtime.domain.limits import NO_LIMITS, NOTHING_USED, Limits, Usage
from runtime.domain.plan import Plan, Step
from runtime.domain.policy import (
    RULES_REVISION,
    Obligation,
    ObligationKind,
    PolicyDecision,
    decide_by_rules,
)
from runtime.domain.principal import Principal
from runtime.domain.registry import Registry
from runtime.domain.state import State
from runtime.engine import pipeline
from runtime.engine.compiled import CompiledRegistry
from runtime.engine.facts import Facts
from runtime.engine.pipeline import Judgement, PreparedPlan
from runtime.kit.canonical_json import digest
from runtime.kit.json_value import JsonObject
from runtime.plugins.contract import Environment, Plugin
from runtime.plugins.loader import find_environment
from runtime.ports.chat_model import ToolSet

SANDBOX_PROJECT = "sandbox"
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
CONSENT_LASTS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Describe the moment of a proposal or a simulation.

    Attributes:
        state: what the first step sees.
        principal: who acts.
        facts: session memory that the model is shown.
        limits: what the project allows.
        usage: what was used already.
        confirms: whether the requester would confirm what needs it.
        approves: whether colleagues would approve what needs it.
        now: the instant, for execution windows.
    """

    state: State
    principal: Principal
    facts: JsonObject = field(default_factory=dict)
    limits: Limits = NO_LIMITS
    usage: Usage = NOTHING_USED
    confirms: bool = True
    approves: bool = True
    now: datetime = _LONG_AGO


class Sandbox:
    """Hold one environment, compiled; safe to share between tasks of one event loop."""

    def __init__(self, plugin: Plugin, environment: Environment, registry: Registry) -> None:
        """Compile a registry; use `Sandbox.of` or `Sandbox.named` to make one.

        Raises:
            DeclarationError: a declaration that can't be compiled.
        """
        self.plugin = plugin
        self.environment = environment
        self.registry = registry
        self.compiled = CompiledRegistry.of(registry)
        self.book = ToolBook.of(self.compiled.actions[item.id] for item in registry.visible())
        self._briefings: dict[Principal, Briefing] = {}
        self._decisions: dict[tuple[str, Principal], PolicyDecision] = {}

    @classmethod
    def of(cls, plugin: Plugin, environment: Environment, *, only: tuple[str, ...] = ()) -> Sandbox:
        """Build the sandbox of one environment.

        Args:
            plugin: what declares it.
            environment: which of its environments.
            only: ids or names of the actions to offer; empty means all.

        Raises:
            DeclarationError: the environment names a component, or `only` an action, that does
                not exist.
        """
        wanted, subject = set(environment.components), f"environment '{environment.id}'"
        missing = sorted(wanted - {item.id for item in plugin.components})
        if missing:
            raise DeclarationError(
                subject=subject,
                problems=tuple(f"plugin '{plugin.id}' has no component '{it}'" for it in missing),
            )
        components = [item for item in plugin.components if not wanted or item.id in wanted]
        ids = {item.id for item in components}
        actions = [item for item in plugin.actions if set(item.targets) <= ids]
        if only:
            actions = _selected(actions, only, subject=subject)
        return cls(plugin, environment, Registry.of(components, actions))

    @classmethod
    def named(cls, environment_id: str) -> Sandbox:
        """Build the sandbox of an environment that an installed plugin declares.

        Raises:
            DeclarationError: nothing installed declares it.
        """
        plugin, environment = find_environment(environment_id)
        return cls.of(plugin, environment)

    def reordered(self, action_ids: Sequence[str]) -> Sandbox:
        """Return a sandbox that shows a model the same tools in another order.

        Args:
            action_ids: full ids of all visible actions, in the order wanted.

        Raises:
            DeclarationError: an id is missing, given twice, or names no visible action.
        """
        names = self.book.names
        if sorted(action_ids) != sorted(names):
            raise DeclarationError(
                subject=f"environment '{self.environment.id}'",
                problems=(f"the order {list(action_ids)} must name each of {sorted(names)} once",),
            )
        twin = Sandbox(self.plugin, self.environment, self.registry)
        place = {names[action_id]: at for at, action_id in enumerate(action_ids)}
        definitions = sorted(
            self.book.tools.definitions,
            key=lambda item: place.get(item["function"]["name"], len(place)),
        )
        twin.book = replace(self.book, tools=ToolSet(tuple(definitions)))
        return twin

    @property
    def comparability(self) -> Mapping[str, str]:
        """Return what must be equal before results of two runs may be compared."""
        return {
            "registry": self.registry.digest,
            "prompt": f"{PROMPT_VERSION}:{digest(self._prompt())}",
            "plugin": f"{self.plugin.id}@{self.plugin.version}",
            "policy": RULES_REVISION,
        }

    def _prompt(self) -> str:
        """Return the system message of the environment's own principal over an empty state."""
        (system, _) = messages(
            self.briefing(self.environment.principal),
            Conversation(message=""),
            state=State.of({}),
            facts={},
            native_tools=True,
        )
        return str(system["content"])

    def situation(self) -> Situation:
        """Return the environment's own starting point."""
        return Situation(
            state=State.of(self.registry.initial_state()),
            principal=self.environment.principal,
            limits=self.environment.limits,
        )

    def state(self, components: JsonObject) -> State:
        """Build a state and refuse one that breaks schemas or invariants.

        Raises:
            DeclarationError: with every problem.
        """
        problems = self.compiled.state_problems(components)
        if problems:
            raise DeclarationError(subject="state", problems=problems)
        return State.of(components)

    def decide(self, action: Action, principal: Principal) -> PolicyDecision:
        """Return the shipped policy's answer; it depends on nothing else, so it is kept."""
        key = (action.id, principal)
        if key not in self._decisions:
            self._decisions[key] = decide_by_rules(action, principal)
        return self._decisions[key]

    def briefing(self, principal: Principal) -> Briefing:
        """Return the shared part of the prompt for a principal."""
        if principal not in self._briefings:
            self._briefings[principal] = briefing(
                description=self.environment.description,
                components=self.registry.components.values(),
                book=self.book,
                principal=principal,
                decisions=[
                    (action.id, self.decide(action, principal))
                    for action in self.registry.visible()
                ],
            )
        return self._briefings[principal]

    async def propose(
        self,
        planner: Planner,
        conversation: Conversation,
        situation: Situation,
        *,
        labels: Mapping[str, str],
    ) -> Proposed:
        """Ask a model for a proposal, exactly as the platform would.

        Raises:
            ModelError: no answer came within the retries.
        """
        return await planner.propose(
            self.briefing(situation.principal),
            conversation,
            state=situation.state,
            facts=situation.facts,
            labels=labels,
        )

    def prepared(self, step: Step) -> Step:
        """Name a step's action in full and fill in the defaults of its inputs."""
        return self.compiled.prepared_step(step)

    def digest(self, plan: Plan, situation: Situation) -> str:
        """Return the digest that a simulation of this plan would have; equal means equal plans."""
        return self._ready(plan, situation).digest

    def simulate(self, plan: Plan, situation: Situation) -> Judgement:
        """Run a plan through every guard and handler and return what would follow."""
        ready = self._ready(plan, situation)
        decisions = tuple(
            self._decision_on(step.action, situation.principal) for step in ready.plan.steps
        )
        return pipeline.judge(
            ready,
            Facts(
                principal=situation.principal,
                project=SANDBOX_PROJECT,
                state=situation.state,
                decisions=decisions,
                now=situation.now,
                limits=situation.limits,
                usage=situation.usage,
                consents=_consents(ready.digest, situation, decisions),
            ),
            self.compiled,
        )

    def _ready(self, plan: Plan, situation: Situation) -> PreparedPlan:
        version = situation.state.version
        return pipeline.prepare(plan, self.compiled, project=SANDBOX_PROJECT, state_version=version)

    def _decision_on(self, action_id: str, principal: Principal) -> PolicyDecision | None:
        action = self.registry.find(action_id)
        return None if action is None else self.decide(action, principal)


def _selected(actions: list[Action], only: tuple[str, ...], *, subject: str) -> list[Action]:
    wanted = set(only)
    chosen = [item for item in actions if {item.id, item.name} & wanted]
    missing = sorted(wanted - {name for item in chosen for name in (item.id, item.name)})
    if missing:
        raise DeclarationError(
            subject=subject, problems=tuple(f"it has no action '{name}'" for name in missing)
        )
    return chosen


def _consents(
    plan_seen: str, situation: Situation, decisions: Iterable[PolicyDecision | None]
) -> tuple[Consent, ...]:
    """Grant what policy demands and the people there would grant, bound to this very plan."""
    people = _willing(
        situation, [item for found in decisions if found for item in found.obligations]
    )
    if not people:
        return ()
    return tuple(
        Consent(
            id=f"{kind.value}:{person}",
            kind=kind,
            plan_digest=plan_seen,
            requester=situation.principal.id,
            granted_by=person,
            roles=("admin",),
            policy_revision=RULES_REVISION,
            expires_at=situation.now + CONSENT_LASTS,
        )
        for kind, person in people
    )


def _willing(situation: Situation, demanded: list[Obligation]) -> list[tuple[ConsentKind, str]]:
    """Return who would say yes to what is demanded: the requester, then as many colleagues."""
    people: list[tuple[ConsentKind, str]] = []
    if situation.confirms and any(item.kind is ObligationKind.CONFIRM for item in demanded):
        people.append((ConsentKind.CONFIRMATION, situation.principal.id))
    if situation.approves:
        counts = [item.count for item in demanded if item.kind is ObligationKind.APPROVE]
        people += [
            (ConsentKind.APPROVAL, f"colleague-{number}")
            for number in range(max(counts, default=0))
        ]
    return people
