"""Replay scenarios and their twins with a model, and count verdicts that change.

Nothing about a right answer differs between the two, so a changed verdict is the model's doing:
its dependence on wording, order, company or names, or its own noise, which `again` measures.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.bootstrap import SamplingWishes, close_all, open_contenders
from harness.matrix import TrialJob, trial_seed
from harness.prepared import PreparedScenario
from harness.replay import Contender
from harness.run import Contest, do_trials
from harness.stats.rates import wilson_interval
from harness.strength.relations import RELATIONS, Twins
from harness.trial import TrialKey, TrialRecord
from runtime.public import JsonObject

AGAIN = "again"
PARAPHRASE = "paraphrase"

Verdicts = Mapping[TrialKey, bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Name two trials whose verdicts must be equal."""

    scenario: PreparedScenario
    relation: str
    one: TrialKey
    other: TrialKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """Show a verdict that changed: `passed` before, and not afterwards, or the reverse."""

    scenario: str
    twin: str
    file: str
    line: int
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """Count how often a relation left a model's verdict alone.

    Attributes:
        relation: what differed.
        model: the model's reference.
        pairs: verdicts compared.
        flips: those that changed.
        lost: pairs of which infrastructure lost a trial.
    """

    relation: str
    model: str
    pairs: int
    flips: tuple[Flip, ...]
    lost: int

    @property
    def same(self) -> int:
        """Count the verdicts that did not change."""
        return self.pairs - len(self.flips)

    @property
    def share(self) -> float | None:
        """Return the share of verdicts that did not change; None where none was compared."""
        return self.same / self.pairs if self.pairs else None

    def document(self) -> JsonObject:
        """Return it as JSON."""
        low, high = wilson_interval(self.same, self.pairs)
        return {
            "relation": self.relation,
            "model": self.model,
            "pairs": self.pairs,
            "same": self.same,
            "share": self.share,
            "low": low,
            "high": high,
            "lost": self.lost,
            "flips": [
                {
                    "scenario": flip.scenario,
                    "twin": flip.twin,
                    "file": flip.file,
                    "line": flip.line,
                    "passed": flip.passed,
                }
                for flip in self.flips
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Metamorphic:
    """Hold the consistency of every model under every relation, and which twins can't be built."""

    consistencies: tuple[Consistency, ...]
    unbuilt: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cast:
    """Hold the scenarios to replay, by id, and the pairs to compare, for a model named later."""

    scenarios: dict[str, PreparedScenario]
    pairs: tuple[Pair, ...]
    unbuilt: tuple[str, ...]


def metamorphic(
    scenarios: Sequence[PreparedScenario],
    models: Sequence[str],
    *,
    environ: Mapping[str, str],
    wishes: SamplingWishes,
    seed: int = 0,
    concurrency: int = 8,
) -> Metamorphic:
    """Replay scenarios and twins with each model and compare the verdicts.

    Raises:
        ConfigurationError: a model that can't be opened; nothing was asked.
    """
    cast = _cast(scenarios)
    contenders = open_contenders(
        models, list(cast.scenarios.values()), environ=environ, wishes=wishes
    )
    verdicts = asyncio.run(_verdicts(cast, contenders, seed=seed, concurrency=concurrency))
    return Metamorphic(
        consistencies=tuple(
            _consistency(relation, cast.pairs, model=model, verdicts=verdicts)
            for model in contenders
            for relation in (AGAIN, PARAPHRASE, *RELATIONS)
        ),
        unbuilt=cast.unbuilt,
    )


def _cast(scenarios: Sequence[PreparedScenario]) -> _Cast:
    """Build all twins; repeating a trial and comparing paraphrases need none."""
    everybody = {item.scenario.id: item for item in scenarios}
    pairs = [_pair(AGAIN, item, item, index=1) for item in scenarios]
    pairs += _paraphrases(scenarios)
    unbuilt: list[str] = []
    twins = Twins()
    for relation in RELATIONS:
        for item in scenarios:
            twin = twins.of(relation, item)
            if isinstance(twin, str):
                unbuilt.append(f"{relation}: {twin}")
            elif twin is not None:
                everybody[twin.scenario.id] = twin
                pairs.append(_pair(relation, item, twin))
    return _Cast(scenarios=everybody, pairs=tuple(pairs), unbuilt=tuple(unbuilt))


def _paraphrases(scenarios: Iterable[PreparedScenario]) -> list[Pair]:
    """Compare the first member of each family with each of the others."""
    families: dict[str, list[PreparedScenario]] = defaultdict(list)
    for item in scenarios:
        families[item.scenario.family].append(item)
    return [
        _pair(PARAPHRASE, members[0], other)
        for members in families.values()
        for other in members[1:]
    ]


def _pair(relation: str, one: PreparedScenario, other: PreparedScenario, *, index: int = 0) -> Pair:
    return Pair(
        scenario=one,
        relation=relation,
        one=TrialKey(scenario=one.scenario.id, model="", index=0),
        other=TrialKey(scenario=other.scenario.id, model="", index=index),
    )


async def _verdicts(
    cast: _Cast, contenders: Mapping[str, Contender], *, seed: int, concurrency: int
) -> Verdicts:
    """Do every trial once, whatever number of pairs it is in."""
    wanted = dict.fromkeys(key for pair in cast.pairs for key in (pair.one, pair.other))
    keys = [_of_model(key, model) for key in wanted for model in contenders]
    verdicts: dict[TrialKey, bool | None] = {}

    def sink(record: TrialRecord) -> None:
        verdicts[record.key] = record.passed

    contest = Contest(scenarios=cast.scenarios, contenders=contenders, concurrency=concurrency)
    jobs = (TrialJob(key=key, seed=trial_seed(key, seed=seed)) for key in keys)
    try:
        await do_trials(contest, jobs, sink)
    finally:
        await close_all([item.model for item in contenders.values()])
    return verdicts


def _consistency(
    relation: str, pairs: Iterable[Pair], *, model: str, verdicts: Verdicts
) -> Consistency:
    compared, lost, flips = 0, 0, list[Flip]()
    for pair in (item for item in pairs if item.relation == relation):
        one, other = (verdicts[_of_model(key, model)] for key in (pair.one, pair.other))
        if one is None or other is None:
            lost += 1
            continue
        compared += 1
        if one is not other:
            flips.append(_flip(pair, passed=one))
    return Consistency(
        relation=relation, model=model, pairs=compared, flips=tuple(flips), lost=lost
    )


def _flip(pair: Pair, *, passed: bool) -> Flip:
    scenario = pair.scenario.scenario
    return Flip(
        scenario=scenario.id,
        twin=pair.other.scenario,
        file=scenario.file,
        line=scenario.line,
        passed=passed,
    )


def _of_model(key: TrialKey, model: str) -> TrialKey:
    return TrialKey(scenario=key.scenario, model=model, index=key.index)
