"""Build the sandbox that a scenario lives in, sharing what can be shared."""

from __future__ import annotations

from harness.loader import ScenarioSet
from harness.sandboxes.environments import World, world_beside
from harness.scenario import Scenario
from harness.yaml_source import YamlSource
from runtime.public import DeclarationError, RulesDesk, Sandbox, find_environment


class Sandboxes:
    """Keep one compiled sandbox for each environment and selection of actions.

    Rules of their own are tried once an environment; all are asked at one desk.
    """

    def __init__(self, environments: dict[str, YamlSource]) -> None:
        """Remember environments that are declared beside the scenarios."""
        self._declared = environments
        self._desk = RulesDesk()
        self._worlds: dict[str, World | DeclarationError] = {}
        self._sandboxes: dict[tuple[str, tuple[str, ...]], Sandbox] = {}

    @classmethod
    def of(cls, scenarios: ScenarioSet) -> Sandboxes:
        """Serve the scenarios of a set."""
        return cls(scenarios.environments)

    def sandbox(self, scenario: Scenario) -> Sandbox:
        """Return the sandbox of a scenario.

        Raises:
            DeclarationError: the environment or one of the offered actions does not exist, or
                rules of the environment can't be used.
        """
        key = (scenario.environment, scenario.given.actions)
        if key not in self._sandboxes:
            world = self._world(scenario.environment)
            self._sandboxes[key] = Sandbox.of(
                world.plugin, world.environment, only=scenario.given.actions, rules=world.rules
            )
        return self._sandboxes[key]

    def _world(self, environment_id: str) -> World:
        if environment_id not in self._worlds:
            self._worlds[environment_id] = self._found(environment_id)
        found = self._worlds[environment_id]
        if isinstance(found, DeclarationError):  # said of each scenario, tried once
            raise found
        return found

    def _found(self, environment_id: str) -> World | DeclarationError:
        source = self._declared.get(environment_id)
        try:
            if source is not None:
                return world_beside(source, self._desk)
            plugin, environment = find_environment(environment_id)
        except DeclarationError as error:
            return error
        return World(plugin=plugin, environment=environment)
