"""Hand out the plugins that this process serves, and the environments that they declare.

What is installed and admitted is a fact of the process: it is examined once, when it is first asked
for, and `admit` says before that what may be imported. Built-in plugins are found without looking
at any other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from typing import Final

from runtime.domain.errors import DeclarationError
from runtime.plugins.admission import ADMIT_ALL, Admission
from runtime.plugins.contract import Environment, Plugin
from runtime.plugins.distributions import OURS, Offer, offer_of, offers
from runtime.plugins.guarded_import import imported
from runtime.plugins.host import Handed, PluginReport, Standing, examine


@dataclass(slots=True)
class _Process:
    """Hold what this process was told, and what it found by that."""

    admission: Admission = ADMIT_ALL
    offers: tuple[Offer, ...] | None = None
    reports: tuple[PluginReport, ...] | None = None
    handed: tuple[Handed, ...] | None = None
    built_in: dict[str, Plugin] = field(default_factory=dict)


_PROCESS: Final = _Process()
MOST_TOLD: Final = 5
"""Plugins that are told of with their reasons."""


def admit(admission: Admission) -> None:
    """Say what may be imported from now on; what was found by another list is found anew."""
    if admission != _PROCESS.admission:
        _PROCESS.admission = admission
        _PROCESS.reports = None


def not_admitted(item: EntryPoint) -> str | None:
    """Return why what an entry point of any group names may not be imported; None: it may."""
    offer = offer_of(item, contract="")
    return None if offer.distribution == OURS else _PROCESS.admission.problem(offer)


def look_again() -> None:
    """Forget what was found, for whoever changes what is installed while the process runs."""
    _PROCESS.offers = None
    _PROCESS.reports = None


def take_over(handed: tuple[Handed, ...] | None) -> None:
    """Probe nothing from now on, and serve of what is admitted what a starting process serves.

    Args:
        handed: what that process found sound; None: probe again.
    """
    _PROCESS.handed = handed
    _PROCESS.reports = None


def plugin_reports() -> tuple[PluginReport, ...]:
    """Return what became of everything that is installed, in the order of names.

    Raises:
        DeclarationError: a plugin of the platform itself is broken.
    """
    if _PROCESS.reports is None:
        _PROCESS.reports = examine(_PROCESS.admission, handed=_PROCESS.handed)
    return _PROCESS.reports


def served_plugins() -> tuple[Plugin, ...]:
    """Return the plugins that are served, in the order of names."""
    return tuple(report.plugin for report in plugin_reports() if report.plugin is not None)


def plugin_names() -> tuple[str, ...]:
    """Return the names under which installed distributions offer plugins; nothing is imported."""
    return tuple(sorted({offer.name for offer in _offers()}))


def load_plugin(name: str) -> Plugin:
    """Return one plugin that is served.

    Raises:
        DeclarationError: no such plugin, or one that is not served; the message says why.
    """
    built_in = _built_in(name)
    if built_in is not None:
        return built_in
    found = [report for report in plugin_reports() if report.offer.name == name]
    for report in found:
        if report.plugin is not None:
            return report.plugin
    if found:
        problems = tuple(f"{_standing(report)}: {report.reason}" for report in found)
    else:
        problems = (f"it is not installed; installed: {', '.join(plugin_names()) or 'none'}",)
    raise DeclarationError(subject=f"plugin '{name}'", problems=problems)


def environment_names() -> tuple[str, ...]:
    """Return the environments that plugins which are served declare."""
    return tuple(sorted(item.id for plugin in served_plugins() for item in plugin.environments))


def find_environment(environment_id: str) -> tuple[Plugin, Environment]:
    """Find the plugin that declares an environment; those of the platform are tried first.

    Raises:
        DeclarationError: no plugin that is served declares it.
    """
    ours = [offer.name for offer in _offers() if offer.built_in]
    for name in sorted(ours, key=lambda item: item != environment_id):
        plugin = load_plugin(name)
        for environment in plugin.environments:
            if environment.id == environment_id:
                return plugin, environment
    for plugin in served_plugins():
        for environment in plugin.environments:
            if environment.id == environment_id:
                return plugin, environment
    problem = (
        f"no installed plugin declares it; plugins: {', '.join(plugin_names()) or 'none'}"
        f"{_not_served()}"
    )
    raise DeclarationError(subject=f"environment '{environment_id}'", problems=(problem,))


def _offers() -> tuple[Offer, ...]:
    if _PROCESS.offers is None:
        _PROCESS.offers = offers()
    return _PROCESS.offers


def _built_in(name: str) -> Plugin | None:
    """Return a plugin of the platform, imported when it is first asked for."""
    if name in _PROCESS.built_in:
        return _PROCESS.built_in[name]
    for offer in _offers():
        if offer.built_in and offer.name == name:
            _PROCESS.built_in[name] = imported(offer, digest=None)
            return _PROCESS.built_in[name]
    return None


def _standing(report: PluginReport) -> str:
    quarantined = report.standing is Standing.QUARANTINED
    return "it is quarantined" if quarantined else "it is not admitted"


def _not_served() -> str:
    """Say which plugins are not served and why, for whoever looks for what one of them declares."""
    lost = [report for report in plugin_reports() if report.plugin is None]
    told = [f"{report.offer.name} ({report.reason})" for report in lost[:MOST_TOLD]]
    more = [f"and {len(lost) - MOST_TOLD} more"] if len(lost) > MOST_TOLD else []
    return f"; not served: {', '.join(told + more)}; see plangate plugin list" if lost else ""
