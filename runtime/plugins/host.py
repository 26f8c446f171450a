"""Decide which offered plugins are served: admitted, of a known contract, probed, without clashes.

One that is not served is quarantined with a reason, and the others are served without it. Those of
the platform need no probe and win every clash.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from runtime.domain.errors import DeclarationError
from runtime.plugins.admission import Admission
from runtime.plugins.capabilities import limited_effects
from runtime.plugins.contract import Isolation, Plugin
from runtime.plugins.declarations import OwnId, declarations_digest, own_ids
from runtime.plugins.distributions import Offer, offers
from runtime.plugins.guarded_import import imported
from runtime.plugins.isolation import isolated_actions
from runtime.plugins.lint import Lint, lint
from runtime.plugins.probe import probe
from runtime.plugins.probe_child import Bounds
from runtime.plugins.versions import contract_problem


class Standing(StrEnum):
    """Say whether a plugin is served."""

    SERVED = "served"
    QUARANTINED = "quarantined"
    NOT_ADMITTED = "not_admitted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginReport:
    """Say what became of one offer.

    Attributes:
        offer: who offers it.
        standing: whether it is served.
        reason: why it is not; empty if it is.
        warnings: of the lint.
        digest: of its declarations; empty where it was never imported.
        plugin: what is served.
    """

    offer: Offer
    standing: Standing
    reason: str = ""
    warnings: tuple[str, ...] = ()
    digest: str = ""
    plugin: Plugin | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """Name a plugin that the process which started this one serves.

    Attributes:
        name: of its entry point.
        distribution: who offers it.
        digest: of its declarations, as that process imported them.
    """

    name: str
    distribution: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """Hold a plugin that may be served unless it clashes with another.

    Attributes:
        ids: what it claimed in its probe, if that was in this process.
    """

    offer: Offer
    digest: str
    ids: frozenset[OwnId] | None
    warnings: tuple[str, ...] = ()
    plugin: Plugin | None = None


def examine(
    admission: Admission, *, handed: Sequence[Handed] | None = None
) -> tuple[PluginReport, ...]:
    """Examine everything that is installed, import what is to be served, and report on each.

    Args:
        admission: what may be imported.
        handed: what the process that started this one found sound and serves; then nothing is
            probed here, and of the admitted only these are imported, if they declare the same.

    Raises:
        DeclarationError: a plugin of the platform itself is broken.
    """
    found = offers()
    built_in = [_built_in(offer) for offer in found if offer.built_in]
    reports: list[PluginReport] = []
    wanted: list[Offer] = []
    for offer in found:
        if offer.built_in:
            continue
        refused = _refused_unseen(offer, admission, found)
        if refused is None:
            wanted.append(offer)
        else:
            reports.append(refused)
    candidates, broken = (
        _probed(wanted, admission) if handed is None else _found_sound(wanted, handed)
    )
    reports += broken
    reports += _served(built_in, candidates, admission=admission)
    return tuple(sorted(reports, key=lambda it: (it.offer.name, it.offer.distribution)))


def clash(offer: Offer, ids: Iterable[OwnId], *, beside: Iterable[PluginReport]) -> tuple[str, ...]:
    """Return which ids of an offer other plugins that are served claim, with both owners."""
    return tuple(
        _clash_text(own, [offer, report.offer])
        for own in sorted(ids)
        for report in beside
        if report.plugin is not None
        and (report.offer.name, report.offer.distribution) != (offer.name, offer.distribution)
        and own in set(own_ids(report.plugin))
    )


def _refused_unseen(
    offer: Offer, admission: Admission, found: Iterable[Offer]
) -> PluginReport | None:
    """Return why metadata alone keep an offer from being imported, or None."""
    if problem := admission.problem(offer):
        return PluginReport(offer=offer, standing=Standing.NOT_ADMITTED, reason=problem)
    problem = contract_problem(offer.contract)
    if problem is None:
        others = [
            other.owner
            for other in found
            if other.name == offer.name and other is not offer and admission.problem(other) is None
        ]
        if others:
            problem = (
                f"the plugin name '{offer.name}' is offered by {offer.owner} "
                f"and by {' and '.join(others)}"
            )
    return None if problem is None else _quarantined(offer, problem)


def _built_in(offer: Offer) -> _Candidate:
    plugin = imported(offer, digest=None)
    return _Candidate(
        offer=offer,
        digest=declarations_digest(plugin),
        ids=frozenset(own_ids(plugin)),
        plugin=plugin,
    )


def _probed(
    wanted: Sequence[Offer], admission: Admission
) -> tuple[list[_Candidate], list[PluginReport]]:
    reports = probe(
        [(offer.name, offer.value) for offer in wanted],
        environ=admission.environ,
        bounds=Bounds(wall_s=admission.probe_s),
    )
    candidates, broken = [], []
    for offer in wanted:
        said = reports[offer.name]
        if said.reason is not None:
            broken.append(_quarantined(offer, said.reason, warnings=said.warnings))
            continue
        candidates.append(
            _Candidate(
                offer=offer, digest=said.digest, ids=frozenset(said.ids), warnings=said.warnings
            )
        )
    return candidates, broken


def _found_sound(
    wanted: Sequence[Offer], handed: Sequence[Handed]
) -> tuple[list[_Candidate], list[PluginReport]]:
    digests = {(item.name, item.distribution): item.digest for item in handed}
    candidates, others = [], []
    for offer in wanted:
        digest = digests.get((offer.name, offer.distribution))
        if digest is None:
            problem = "the process that started this one does not serve it"
            others.append(_quarantined(offer, problem))
        else:
            candidates.append(_Candidate(offer=offer, digest=digest, ids=None))
    return candidates, others


def _served(
    built_in: Sequence[_Candidate], candidates: Sequence[_Candidate], *, admission: Admission
) -> Iterable[PluginReport]:
    """Import those that claim nothing of others, and report on all."""
    owners: dict[OwnId, list[Offer]] = {}
    for item in (*built_in, *candidates):
        for own in item.ids or ():
            owners.setdefault(own, []).append(item.offer)
    taken: dict[OwnId, Offer] = {}
    for item in built_in:
        taken |= dict.fromkeys(item.ids or (), item.offer)
        yield PluginReport(
            offer=item.offer, standing=Standing.SERVED, digest=item.digest, plugin=item.plugin
        )
    for item in candidates:
        clash = _clash(item, owners)
        yield _quarantined(item.offer, clash) if clash else _imported(item, admission, taken)


def _clash(item: _Candidate, owners: Mapping[OwnId, Sequence[Offer]]) -> str | None:
    """Return which of a plugin's ids another claims too, with all owners; None: none."""
    for own in sorted(item.ids or ()):
        if len(owners[own]) > 1:
            return _clash_text(own, owners[own])
    return None


def _clash_text(own: OwnId, owners: Iterable[Offer]) -> str:
    claimed = [f"plugin '{offer.name}' ({offer.owner})" for offer in owners]
    return f"the {own.kind} '{own.id}' is declared by {' and by '.join(claimed)}"


def _imported(
    item: _Candidate, admission: Admission, taken: MutableMapping[OwnId, Offer]
) -> PluginReport:
    """Import a plugin, judge it as this process sees it, and note whose its ids are from now on."""
    try:
        plugin = imported(item.offer, digest=item.digest)
        ids, warnings = _judged_here(plugin, item, taken)
        bounded = _bounded(plugin, item.offer, admission)
    except DeclarationError as error:
        return _quarantined(item.offer, "; ".join(error.problems), warnings=item.warnings)
    taken.update(dict.fromkeys(ids, item.offer))
    return PluginReport(
        offer=item.offer,
        standing=Standing.SERVED,
        warnings=warnings,
        digest=item.digest,
        plugin=bounded,
    )


def _judged_here(
    plugin: Plugin, item: _Candidate, taken: Mapping[OwnId, Offer]
) -> tuple[frozenset[OwnId], tuple[str, ...]]:
    """Return what a plugin claims and is warned of; its probe's report may be its own work.

    Raises:
        DeclarationError: the report said other ids, something is unsound, or an id is taken.
    """
    try:
        said, ids = lint(plugin), frozenset(own_ids(plugin))
    except Exception as error:  # noqa: BLE001  # what foreign code declares may be of any type
        said, ids = Lint(problems=(f"it can't be judged: {type(error).__name__}",)), frozenset()
    problems = list(said.problems)
    if not problems and item.ids is not None and ids != item.ids:
        problems = ["it claims other ids in this process than in its probe"]
    problems += [_clash_text(own, [taken[own], item.offer]) for own in sorted(ids & taken.keys())]
    if problems:
        raise DeclarationError(subject=f"plugin '{item.offer.name}'", problems=tuple(problems))
    return ids, said.warnings


def _bounded(plugin: Plugin, offer: Offer, admission: Admission) -> Plugin:
    """Return a plugin whose effects get what it declares, and whose handlers run where they may."""
    bounded = limited_effects(plugin)
    if admission.isolates or plugin.isolation is Isolation.PROCESS:
        return isolated_actions(
            bounded, value=offer.value, path=tuple(sys.path), environ=admission.environ
        )
    return bounded


def _quarantined(offer: Offer, reason: str, *, warnings: tuple[str, ...] = ()) -> PluginReport:
    return PluginReport(
        offer=offer, standing=Standing.QUARANTINED, reason=reason, warnings=warnings
    )
