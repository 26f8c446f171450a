"""Keep a judge for each installed environment."""

from __future__ import annotations

from runtime.domain.errors import EnvironmentNotInstalledError
from runtime.services.environments import Environments
from runtime.services.execution.judging import Judge


class Judges:
    """Find the judge of an environment."""

    def __init__(self, environments: Environments, *, puts_jobs: bool = False) -> None:
        """Make the judges; `puts_jobs` lets side effects follow, where workers run them."""
        self._judges = {
            name: Judge(environment.compiled, puts_jobs=puts_jobs)
            for name, environment in environments.items()
        }

    def of(self, environment: str) -> Judge:
        """Return the judge.

        Raises:
            EnvironmentNotInstalledError: no installed plugin declares the environment any more.
        """
        found = self._judges.get(environment)
        if found is None:
            raise EnvironmentNotInstalledError(environment=environment, known=tuple(self._judges))
        return found
