"""Examine one plugin for its author, installed or as a wheel, without serving it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtime.kit.json_value import JsonObject
from runtime.plugins.distributions import Offer
from runtime.plugins.host import PluginReport, clash
from runtime.plugins.probe import probe
from runtime.plugins.probe_child import Bounds
from runtime.plugins.versions import contract_problem

PATIENCE_S = 60.0
_KEY = "examined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """Say what was found.

    Attributes:
        problems: each would keep it from being served, or breaks what it declares.
        warnings: what administrators would be shown.
        declared: its declarations; None where it could not be imported.
    """

    offer: Offer
    problems: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    declared: JsonObject | None = None


def examined(
    offer: Offer,
    *,
    beside: Sequence[PluginReport],
    environ: Mapping[str, str],
    path: Sequence[str] = (),
) -> Examination:
    """Import a plugin in a process of its own, call its handlers there, and say what is wrong.

    Args:
        offer: what to examine.
        beside: what is installed, whose ids it may not claim; it itself may be among them.
        environ: variables of this process, of which only harmless ones are handed on.
        path: where its modules are, before those of this process.
    """
    if problem := contract_problem(offer.contract):
        return Examination(offer=offer, problems=(problem,))
    said = probe(
        [(_KEY, offer.value)],
        environ=environ,
        path=[*path, *sys.path],
        bounds=Bounds(wall_s=PATIENCE_S, cpu_s=int(PATIENCE_S)),
        conform=True,
    )[_KEY]
    if said.reason is not None:
        return Examination(offer=offer, problems=(said.reason,), warnings=said.warnings)
    clashing = clash(offer, said.ids, beside=beside)
    return Examination(
        offer=offer,
        problems=(*clashing, *said.conformance),
        warnings=said.warnings,
        declared=said.declared,
    )
