"""Keep a judge for each installed environment."""

from __future__ import annotations

from runtime.domain.errors import EnvironmentNotInstalledError
from runtime.services.environments import Environments, PluginEnabled, always_enabled
from runtime.services.execution.judging import Judge


class Judges:
    """Find the judge of an environment."""

    def __init__(
        self,
        environments: Environments,
        *,
        puts_jobs: bool = False,
        enabled: PluginEnabled = always_enabled,
    ) -> None:
        """Make the judges.

        Args:
            environments: those that are installed.
            puts_jobs: lets side effects follow, where workers run them.
            enabled: says whether an organization lets the plugin of an environment act.
        """
        self._enabled = enabled
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

    async def current(self, organization_id: str, environment: str) -> Judge:
        """Return the judge, which refuses everything where the plugin is turned off.

        Raises:
            EnvironmentNotInstalledError: as `of` does.
            StorageUnavailableError: nobody can say whether it is turned off.
        """
        judge = self.of(environment)
        enabled = await self._enabled(organization_id, environment)
        return judge if enabled else judge.refusing()
