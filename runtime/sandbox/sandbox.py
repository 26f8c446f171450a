"""Propose and simulate in one environment, with the agent and the engine that production uses.

The harness replays scenarios through it; embedders try plans on it. It stores nothing and
executes nothing: a simulation returns the outcome and the state that would follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from runtime.agent.planner import Planner, Proposed
from runtime.agent.prompt import PROMPT_VERSION, Briefing, Conversation, briefing, messages
from runtime.agent.tools import ToolBook
from runtime.domain.action import Action
from runtime.domain.errors import DeclarationError
from runtime.domain.plan import Plan, Step
from runtime.domain.policy import RULES_REVISION, PolicyDecision, decide_by_rules
from runtime.domain.policy_input import PolicyInput, PolicyProject, policy_input
from runtime.domain.principal import Principal
from runtime.domain.registry import Registry
from runtime.domain.state import State
from runtime.engine import pipeline
from runtime.engine.compiled import CompiledRegistry
from runtime.engine.facts import Facts, GateFact
from runtime.engine.pipeline import Judgement, PreparedPlan
from runtime.kit.canonical_json import digest
from runtime.kit.json_value import JsonObject
from runtime.plugins.contract import Environment, Plugin
from runtime.plugins.declarations import declared_effects
from runtime.plugins.loader import find_environment
from runtime.ports.chat_model import ToolSet
from runtime.sandbox.consents import consents
from runtime.sandbox.rules import StepRules
from runtime.sandbox.situation import SANDBOX_PROJECT, Situation

EVALUATED: Final = GateFact(passed="evaluation")
"""Nothing is executed here, and whoever is evaluated can't have passed yet."""


class Sandbox:
    """Hold one environment, compiled; safe to share between tasks of one event loop."""

    def __init__(
        self,
        plugin: Plugin,
        environment: Environment,
        registry: Registry,
        *,
        rules: StepRules | None = None,
    ) -> None:
        """Compile a registry; use `Sandbox.of` or `Sandbox.named` to make one.

        Raises:
            DeclarationError: a declaration that can't be compiled.
        """
        self.plugin = plugin
        self.environment = environment
        self.registry = registry
        self.rules = rules
        self.compiled = CompiledRegistry.of(registry, effects=declared_effects(plugin))
        self.book = ToolBook.of(self.compiled.actions[item.id] for item in registry.visible())
        self._briefings: dict[Principal, Briefing] = {}
        self._decisions: dict[tuple[str, Principal], PolicyDecision] = {}

    @classmethod
    def of(
        cls,
        plugin: Plugin,
        environment: Environment,
        *,
        only: tuple[str, ...] = (),
        rules: StepRules | None = None,
    ) -> Sandbox:
        """Build the sandbox of one environment.

        Args:
            plugin: what declares it.
            environment: which of its environments.
            only: ids or names of the actions to offer; empty means all.
            rules: what decides about steps; the shipped table unless given.

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
        return cls(plugin, environment, Registry.of(components, actions), rules=rules)

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
        twin = Sandbox(self.plugin, self.environment, self.registry, rules=self.rules)
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
            "policy": self.revision,
        }

    @property
    def revision(self) -> str:
        """Return the revision of what decides about steps."""
        return RULES_REVISION if self.rules is None else self.rules.revision

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

    def decisions(self, plan: Plan, situation: Situation) -> tuple[PolicyDecision | None, ...]:
        """Return what policy says of each step of a plan; None of an action that is not known.

        Raises:
            PolicyUncheckableError: the engine of rules gave no answer in time.
        """
        return self._decisions_on(self.compiled.prepared(plan), situation)

    def briefing(self, principal: Principal) -> Briefing:
        """Return the shared part of the prompt for a principal.

        A model is told what the shipped rules deny by role and risk, and of the organization's
        own rules the roles that they add: what else they say depends on the step.
        """
        if principal not in self._briefings:
            whole = self._with_derived_roles(principal)
            self._briefings[principal] = briefing(
                description=self.environment.description,
                components=self.registry.components.values(),
                book=self.book,
                principal=whole,
                decisions=[
                    (action.id, self._by_table(action, whole)) for action in self.registry.visible()
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
        """Run a plan through every guard and handler and return what would follow.

        Raises:
            PolicyUncheckableError: the engine of rules gave no answer in time.
        """
        ready = self._ready(plan, situation)
        decisions = self._decisions_on(ready.plan, situation)
        facts = Facts(
            principal=situation.principal,
            project=SANDBOX_PROJECT,
            state=situation.state,
            decisions=decisions,
            now=situation.now,
            limits=situation.limits,
            usage=situation.usage,
            consents=consents(ready.digest, situation, decisions, revision=self.revision),
            gate=EVALUATED,
        )
        return pipeline.kept(pipeline.judge(ready, facts, self.compiled), facts, atomic=False)

    def _ready(self, plan: Plan, situation: Situation) -> PreparedPlan:
        version = situation.state.version
        return pipeline.prepare(plan, self.compiled, project=SANDBOX_PROJECT, state_version=version)

    def _decisions_on(
        self, prepared: Plan, situation: Situation
    ) -> tuple[PolicyDecision | None, ...]:
        principal = situation.principal
        actions = [self.registry.find(step.action) for step in prepared.steps]
        if self.rules is None:
            return tuple(
                None if action is None else self._by_table(action, principal) for action in actions
            )
        answers = iter(
            self.rules.decide(
                [
                    self._question(prepared, index, action=action, situation=situation)
                    for index, action in enumerate(actions)
                    if action is not None
                ]
            )
        )
        return tuple(None if action is None else next(answers) for action in actions)

    def _question(
        self, plan: Plan, index: int, *, action: Action, situation: Situation
    ) -> PolicyInput:
        return policy_input(
            plan,
            index,
            action=action,
            principal=situation.principal,
            project=PolicyProject(id=SANDBOX_PROJECT, environment=self.environment.id),
            now=situation.now,
        )

    def _by_table(self, action: Action, principal: Principal) -> PolicyDecision:
        """Return the shipped table's answer; it depends on nothing else, so it is kept."""
        key = (action.id, principal)
        if key not in self._decisions:
            self._decisions[key] = decide_by_rules(action, principal)
        return self._decisions[key]

    def _with_derived_roles(self, principal: Principal) -> Principal:
        """Return a principal with the roles that rules add whichever action it is about."""
        if self.rules is None:
            return principal
        visible, asked = self.registry.visible(), replace(self.situation(), principal=principal)
        alone = [Plan(steps=(Step(action=action.id, inputs={}),)) for action in visible]
        answers = self.rules.decide(
            [
                self._question(plan, 0, action=action, situation=asked)
                for plan, action in zip(alone, visible, strict=True)
            ]
        )
        everywhere = [
            role
            for role in dict.fromkeys(role for answer in answers for role in answer.roles)
            if all(role in answer.roles for answer in answers)
        ]
        added = [role for role in everywhere if role not in principal.roles]
        return principal.model_copy(update={"roles": (*principal.roles, *added)})


def _selected(actions: list[Action], only: tuple[str, ...], *, subject: str) -> list[Action]:
    wanted = set(only)
    chosen = [item for item in actions if {item.id, item.name} & wanted]
    missing = sorted(wanted - {name for item in chosen for name in (item.id, item.name)})
    if missing:
        raise DeclarationError(
            subject=subject, problems=tuple(f"it has no action '{name}'" for name in missing)
        )
    return chosen
