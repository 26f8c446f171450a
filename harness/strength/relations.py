"""Turn a scenario into a twin with the same right answer: what a model may not depend on.

Each relation is one function from a prepared scenario to its twin, or None where it makes no
sense. `harness.strength.metamorphic` replays both and compares the verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from types import MappingProxyType
from typing import TypeAlias

from typing_extensions import override

from harness.prepared import PreparedScenario, prepare
from harness.sandboxes import Sandboxes
from harness.scenario import Scenario
from harness.strength.renaming import Renaming
from harness.yaml_source import SourceError
from runtime.public import (
    DeclarationError,
    Sandbox,
    digest,
    environment_names,
)

DISTRACTORS = 12
"""How many irrelevant actions are added: about as many as an environment has of its own."""


class Twins:
    """Build twins, and keep the sandboxes that several of them share."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._sandboxes: dict[tuple[str, str, tuple[str, ...]], Sandbox] = {}

    def registry_order(self, prepared: PreparedScenario) -> PreparedScenario | None:
        """Show the model the same tools in another order."""
        sandbox = prepared.sandbox
        ids = list(sandbox.book.names)
        if len(ids) < 2:  # noqa: PLR2004  # one tool has one order
            return None
        shuffled = Random(sandbox.registry.digest).sample(ids, len(ids))
        if shuffled == ids:
            shuffled.reverse()
        twin = self._kept(prepared, "registry_order", lambda: sandbox.reordered(shuffled))
        return _twin(prepared.scenario, twin, relation="registry_order")

    def distractors(self, prepared: PreparedScenario) -> PreparedScenario | None:
        """Offer actions of another environment too; only where a plan is expected.

        Where no plan is right, an action more might make one right.
        """
        if prepared.golden is None:
            return None
        twin = self._kept(prepared, "distractors", lambda: _in_company(prepared.sandbox))
        if twin is prepared.sandbox:
            return None
        return _twin(prepared.scenario, twin, relation="distractors")

    def renamed_ids(self, prepared: PreparedScenario) -> PreparedScenario | None:
        """Give the entities other ids."""
        renaming = Renaming.of(prepared.scenario, prepared.situation.state)
        if not renaming:
            return None
        own = prepared.sandbox
        twin = self._kept(
            prepared,
            digest(dict(renaming.names)),
            lambda: Sandbox.of(
                renaming.plugin(own.plugin),
                own.environment,
                only=prepared.scenario.given.actions,
                rules=own.rules,
            ),
        )
        return _twin(renaming.scenario(prepared.scenario), twin, relation="renamed_ids")

    def of(self, relation: str, prepared: PreparedScenario) -> PreparedScenario | str | None:
        """Return a scenario's twin, why it can't be built, or None where there is none."""
        try:
            return RELATIONS[relation](self, prepared)
        except (SourceError, DeclarationError) as error:
            return f"{prepared.scenario.id}: {error}"

    def _kept(self, prepared: PreparedScenario, kind: str, build: Callable[[], Sandbox]) -> Sandbox:
        scenario = prepared.scenario
        key = (kind, scenario.environment, scenario.given.actions)
        if key not in self._sandboxes:
            self._sandboxes[key] = build()
        return self._sandboxes[key]


Relation: TypeAlias = Callable[[Twins, PreparedScenario], PreparedScenario | None]
"""Return a scenario's twin, or None where the relation does not apply."""

RELATIONS: Mapping[str, Relation] = MappingProxyType(
    {
        "registry_order": Twins.registry_order,
        "distractors": Twins.distractors,
        "renamed_ids": Twins.renamed_ids,
    }
)
"""The relations that need a twin; `paraphrase` compares members of a family instead."""


class _One(Sandboxes):
    """Serve one sandbox to the one scenario that is prepared with it."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__({})
        self._only = sandbox

    @override
    def sandbox(self, scenario: Scenario) -> Sandbox:
        return self._only


def _twin(scenario: Scenario, sandbox: Sandbox, *, relation: str) -> PreparedScenario:
    twin = scenario.model_copy(update={"id": f"{scenario.id}--{relation.replace('_', '-')}"})
    return prepare(twin, _One(sandbox))


def _in_company(own: Sandbox) -> Sandbox:
    """Return a sandbox with components and actions of another environment; itself without one."""
    other = _unrelated(own)
    if other is None:
        return own
    components = (*own.registry.components.values(), *other.registry.components.values())
    actions = (*own.registry.actions.values(), *other.registry.visible()[:DISTRACTORS])
    plugin = replace(own.plugin, components=components, actions=actions)
    return Sandbox.of(plugin, replace(own.environment, components=()), rules=own.rules)


def _unrelated(own: Sandbox) -> Sandbox | None:
    """Return the next installed environment, by name, that shares no name with this one."""
    taken = {*own.registry.components, *own.registry.latest}
    for name in sorted(environment_names(), key=lambda name: (name < own.environment.id, name)):
        other = Sandbox.named(name)
        if not taken & {*other.registry.components, *other.registry.latest}:
            return other
    return None
