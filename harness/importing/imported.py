"""Hold what an import made, and prove each scenario of it before it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from harness.importing.actions import Function, declaration
from harness.importing.files import reread
from harness.importing.unusable import UnusableError
from harness.loader import read_scenarios
from harness.sandboxes import Sandboxes
from harness.scenario import Scenario
from harness.yaml_source import Problem, SourceError
from runtime.public import JsonObject

Check: TypeAlias = Callable[[Scenario, Sandboxes], object]
"""Raises SourceError for a scenario whose golden plan does not execute."""

WORLDS_KEPT: Final = 64
"""How many worlds are remembered; neighbours share theirs, and a file may have a thousand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """Hold what an import made, ready to be written.

    Attributes:
        name: the environment's id, which the files are named after.
        files: content by file name; empty when nothing could be used.
        entries: how many readable entries were published.
        scenarios: how many scenarios came of them; an entry with several turns has several.
        mended: how many of them differ from what was published, as their provenance says.
        problems: everything that was not used, and why.
    """

    name: str
    files: dict[str, bytes]
    entries: int
    scenarios: int
    mended: int
    problems: tuple[Problem, ...]


class Proof:
    """Let golden plans run in worlds of the actions that their scenarios offer.

    Args:
        environment: the declared environment without its actions.
        check: raises SourceError for a scenario that proves nothing.
    """

    def __init__(self, environment: JsonObject, *, check: Check) -> None:
        self._environment = environment
        self._check = check
        self._worlds: dict[tuple[str, ...], Sandboxes] = {}

    def require(self, scenario: JsonObject, offered: Mapping[str, Function]) -> None:
        """Refuse a scenario that our reader refuses or whose golden plan does not run.

        Raises:
            UnusableError: with everything that is wrong.
        """
        name: str = self._environment["id"]
        content: JsonObject = {"environment": name, "scenarios": [scenario]}
        try:
            world = self._world(offered)
            (read,) = read_scenarios(reread(content, shown_as=name))
            self._check(read, world)
        except SourceError as error:
            raise UnusableError("; ".join(item.message for item in error.problems)) from error

    def _world(self, offered: Mapping[str, Function]) -> Sandboxes:
        """Return the sandboxes of these actions; conversations use the same ones many times."""
        key = tuple(f"{action} {function.digest}" for action, function in offered.items())
        if key not in self._worlds:
            actions = [declaration(action, function) for action, function in offered.items()]
            name: str = self._environment["id"]
            document = reread({**self._environment, "actions": actions}, shown_as=name)
            if len(self._worlds) == WORLDS_KEPT:
                del self._worlds[next(iter(self._worlds))]
            self._worlds[key] = Sandboxes({name: document})
        return self._worlds[key]
