"""Let a process import the plugins that its settings admit, and say which it does not serve."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack

import orjson
import structlog
from prometheus_client import CollectorRegistry, Gauge

from runtime.bootstrap.plugin_admission import admission_of
from runtime.kit.clock import Clock
from runtime.plugins.admission import ADMIT_ALL, Admission
from runtime.plugins.host import Handed, PluginReport, Standing
from runtime.plugins.loader import admit, plugin_reports, served_plugins, take_over
from runtime.services.environments import Environments
from runtime.services.plugins.documents import PluginEntry
from runtime.services.plugins.switches import PluginSwitches
from runtime.settings import ServiceSettings
from runtime.store.session import Database


def admit_plugins(settings: ServiceSettings) -> None:
    """Say what may be imported, before anything asks for a plugin.

    A platform with a database imports nothing that `PLANGATE_PLUGINS` does not name; without one,
    as on a developer's machine, each installed plugin is admitted unless the variable says others.

    Raises:
        SettingsError: the list can't be read.
    """
    unset = ADMIT_ALL
    if settings.database_url is not None:
        unset = Admission(why_nothing="it is not set, and this platform has a database")
    admit(admission_of(settings.plugins, environ=settings.environ, unset=unset))


async def find_plugins(settings: ServiceSettings) -> None:
    """Admit plugins and examine what is installed, beside the event loop: probes take a while.

    Raises:
        SettingsError: the list can't be read.
        DeclarationError: a plugin of the platform itself is broken.
    """
    admit_plugins(settings)
    await asyncio.to_thread(plugin_reports)


def handed_plugins() -> str:
    """Spell what this process serves beside the built-in plugins, for a process that it starts."""
    return orjson.dumps(
        [
            [report.offer.name, report.offer.distribution, report.digest]
            for report in plugin_reports()
            if report.standing is Standing.SERVED and not report.offer.built_in
        ]
    ).decode()


def take_plugins(spelled: str) -> None:
    """Let this process, which another started, serve what that one has probed, without a probe."""
    take_over(
        tuple(
            Handed(name=name, distribution=distribution, digest=digest)
            for name, distribution, digest in orjson.loads(spelled)
        )
    )


class PluginFigures:
    """Tell an operator which plugins a process serves, and why it does not serve others."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Count none yet."""
        self._log = structlog.stdlib.get_logger("plugins")
        self._standings = Gauge(
            "plangate_plugins",
            "Plugins that installed distributions offer, by whether they are served.",
            ("standing",),
            registry=registry,
        )

    def tell(self) -> None:
        """Count plugins by how they stand, and log each that is not served with its reason."""
        reports = plugin_reports()
        for standing in Standing:
            count = sum(report.standing is standing for report in reports)
            self._standings.labels(standing.value).set(count)
        for report in reports:
            if report.standing is not Standing.SERVED:
                self._log.warning(
                    f"plugin.{report.standing.value}",
                    plugin=report.offer.name,
                    distribution=report.offer.owner,
                    reason=report.reason,
                )


def plugin_entries() -> tuple[PluginEntry, ...]:
    """Return what became of each offered plugin, as use cases tell it."""
    return tuple(_entry(report) for report in plugin_reports())


def effect_owners() -> Mapping[str, str]:
    """Return the ids of the plugins that effects belong to, by the effects' names."""
    return {effect.name: plugin.id for plugin in served_plugins() for effect in plugin.effects}


def open_switches(
    database: Database, environments: Environments, *, clock: Clock, stack: AsyncExitStack
) -> PluginSwitches:
    """Return what knows which plugins organizations turned off, until the stack ends."""
    switches = PluginSwitches(
        database,
        environments=environments,
        effect_owners=effect_owners(),
        monotonic_s=clock.monotonic_s,
    )
    stack.push_async_callback(switches.close)
    return switches


def _entry(report: PluginReport) -> PluginEntry:
    plugin = report.plugin
    return PluginEntry(
        name=report.offer.name if plugin is None else plugin.id,
        distribution=report.offer.distribution,
        version=report.offer.version if plugin is None else plugin.version,
        built_in=report.offer.built_in,
        standing=report.standing.value,
        reason=report.reason,
        warnings=report.warnings,
        digest=report.digest,
        environments=() if plugin is None else tuple(item.id for item in plugin.environments),
        actions=() if plugin is None else tuple(item.id for item in plugin.actions),
        effects=() if plugin is None else tuple(item.name for item in plugin.effects),
        capabilities={} if plugin is None else plugin.capabilities.document(),
        widgets=() if plugin is None else tuple(item.document() for item in plugin.widgets),
        policies=()
        if plugin is None
        else tuple({"path": item.path, "text": item.text} for item in plugin.policies),
    )
