"""Measure how often the gate's statistics err: `python -m tests.bench.gate_errors`.

Head and base are the same in every simulated run, so that each failure is false; then the head is
worse by exactly the margin, so that each proof of no loss is false; then two models are the same,
so that each ranking is false.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from random import Random
from typing import Final

from harness.stats.grouping import groups
from harness.stats.multiplicity import holm
from harness.stats.paired import (
    Alternative,
    difference_interval,
    independent_pairs,
    sign_flip_p,
)

RUNS: Final = 10_000
SUITES: Final = 5
ALPHA: Final = 0.05
MARGIN: Final = 0.05
LARGEST_FAMILY: Final = 6
SHARED: Final = 0.5
SEED: Final = 20_260_101


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Describe what is compared.

    Attributes:
        scenarios: how many.
        trials: of each scenario, on either side.
        families: whether scenarios come in families of 1 to 6 that share their difficulty and, in
            half of the trials, their luck.
    """

    scenarios: int
    trials: int
    families: bool

    @property
    def title(self) -> str:
        """Say it in a line."""
        shape = f"families of 1-{LARGEST_FAMILY}" if self.families else "singletons"
        return f"{self.scenarios:4} scenarios x {self.trials} trials, {shape}"


WORLDS: Final = tuple(
    World(scenarios=scenarios, trials=trials, families=families)
    for scenarios, trials, families in product((60, 266), (1, 3), (False, True))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Hold a family: its size, and either side's pass rate."""

    size: int
    base: float
    head: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Hold how often each rule erred in a world."""

    false_fail: float
    false_pass_spread: float
    false_pass_families: float
    told_apart: float


def sizes_of(world: World, random: Random) -> list[int]:
    """Draw the sizes of the families."""
    if not world.families:
        return [1] * world.scenarios
    sizes: list[int] = []
    left = world.scenarios
    while left:
        sizes.append(min(left, random.randint(1, LARGEST_FAMILY)))
        left -= sizes[-1]
    return sizes


def alike(world: World, random: Random) -> list[Cluster]:
    """Draw families on which head and base pass equally often: most easy, some hard, some even."""
    clusters = []
    for size in sizes_of(world, random):
        rate = 1 - random.random() ** 4
        clusters.append(Cluster(size=size, base=rate, head=rate))
    return clusters


def spread_loss(world: World, random: Random) -> list[Cluster]:
    """Draw families on which the head passes less often everywhere, by the margin in all."""
    clusters = alike(world, random)
    passed = sum(cluster.size * cluster.base for cluster in clusters) / world.scenarios
    kept = 1 - MARGIN / passed
    return [
        Cluster(size=cluster.size, base=cluster.base, head=cluster.base * kept)
        for cluster in clusters
    ]


def family_loss(world: World, random: Random) -> list[Cluster]:
    """Draw families that the base always passes, and the head but for the share that broke."""
    return [
        Cluster(size=size, base=1.0, head=float(random.random() >= MARGIN))
        for size in sizes_of(world, random)
    ]


def differences_of(clusters: Sequence[Cluster], trials: int, random: Random) -> list[Fraction]:
    """Run both sides and return each family's difference of pass shares."""
    shares = {count: Fraction(count, trials) for count in range(LARGEST_FAMILY * trials + 1)}
    found = []
    for cluster in clusters:
        head = _passed(cluster.size, cluster.head, trials, random=random)
        base = _passed(cluster.size, cluster.base, trials, random=random)
        found.append(shares[head - base] if head >= base else -shares[base - head])
    return found


def _passed(size: int, rate: float, trials: int, *, random: Random) -> int:
    """Count what passes: in some trials the family as one, else each scenario by itself."""
    draw = random.random
    if size == 1:
        return sum(draw() < rate for _ in range(trials))
    passed = 0
    for _ in range(trials):
        if draw() < SHARED:
            passed += size * (draw() < rate)
        else:
            passed += sum(draw() < rate for _ in range(size))
    return passed


def fails(differences: Sequence[Fraction]) -> bool:
    """Return whether any suite is significantly worse, after Holm's correction."""
    p_values = {
        str(suite): sign_flip_p(differences[suite::SUITES], alternative=Alternative.LESS)
        for suite in range(SUITES)
    }
    return min(holm(p_values).values()) <= ALPHA


def proves_no_loss(clusters: Sequence[Cluster], differences: Sequence[Fraction]) -> bool:
    """Return whether the lower bound of the difference lies above the margin."""
    seen = independent_pairs(differences, [cluster.size for cluster in clusters])
    low, _ = difference_interval(seen.worse, seen.better, seen.pairs, confidence=1 - 2 * ALPHA)
    return low > -MARGIN


def ranks_apart(differences: Sequence[Fraction]) -> bool:
    """Return whether two models end in different groups."""
    p_value = sign_flip_p(differences, alternative=Alternative.TWO_SIDED)
    return len(groups(["one", "other"], lambda _one, _other: p_value <= ALPHA)) > 1


def measured(world: World, *, runs: int, seed: int = SEED) -> Rates:
    """Simulate a world and return how often each rule erred; equal seeds, equal rates."""
    random = Random(seed)
    false_fail = told_apart = false_spread = false_families = 0
    for _ in range(runs):
        differences = differences_of(alike(world, random), world.trials, random)
        false_fail += fails(differences)
        told_apart += ranks_apart(differences)
        clusters = spread_loss(world, random)
        differences = differences_of(clusters, world.trials, random)
        false_spread += proves_no_loss(clusters, differences)
        clusters = family_loss(world, random)
        differences = differences_of(clusters, world.trials, random)
        false_families += proves_no_loss(clusters, differences)
    return Rates(
        false_fail=false_fail / runs,
        false_pass_spread=false_spread / runs,
        false_pass_families=false_families / runs,
        told_apart=told_apart / runs,
    )


def report(runs: int) -> Iterator[str]:
    """Yield a line a world."""
    yield f"{runs} runs a world; each figure is at most 5.0 % but for the luck of simulation"
    yield f"{'':46}false fail  false pass: everywhere, families  told apart"
    for world in WORLDS:
        rates = measured(world, runs=runs)
        yield (
            f"{world.title:46}{rates.false_fail:10.1%}  {rates.false_pass_spread:22.1%}"
            f"{rates.false_pass_families:10.1%}  {rates.told_apart:10.1%}"
        )


def main() -> None:
    """Print the rates and the time that it took."""
    start = time.perf_counter()
    for line in report(RUNS // len(WORLDS)):
        print(line, flush=True)
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
