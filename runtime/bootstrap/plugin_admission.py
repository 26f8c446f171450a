"""Read which plugins a process may import: one rule for the platform and for evaluations."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.domain.errors import DeclarationError
from runtime.plugins.admission import ADMIT_ALL, Admission, AdmissionError, read_admission
from runtime.plugins.loader import admit
from runtime.settings import SettingsError
from runtime.settings.plugins import PluginSettings, read_plugins


def admission_of(
    told: PluginSettings, *, environ: Mapping[str, str], unset: Admission
) -> Admission:
    """Return what may be imported.

    Args:
        told: what the operator says.
        environ: variables of this process, of which only harmless ones are handed on to probes.
        unset: what holds where the list is not set.

    Raises:
        SettingsError: the list can't be read.
    """
    try:
        said = unset if told.admitted is None else read_admission(told.admitted)
    except AdmissionError as error:
        raise SettingsError(str(error)) from None
    return Admission(
        everything=said.everything,
        entries=said.entries,
        why_nothing=said.why_nothing,
        isolates=told.isolates,
        probe_s=told.probe_s,
        environ=environ,
    )


def admit_installed(environ: Mapping[str, str]) -> None:
    """Say what this process may import, by variables; unset, each plugin that is installed.

    Raises:
        DeclarationError: a variable can't be used.
    """
    try:
        admit(admission_of(read_plugins(environ), environ=environ, unset=ADMIT_ALL))
    except SettingsError as error:
        raise DeclarationError(subject="the choice of plugins", problems=(str(error),)) from None
