"""Prove that every trial is done once, in a fair order, with a seed of its own."""

from __future__ import annotations

from harness.matrix import jobs, trial_seed
from harness.trial import TrialKey


def test_repetitions_are_outermost_and_models_take_turns() -> None:
    """An interrupted run has seen all scenarios before it repeats one."""
    done = [
        (job.key.index, job.key.scenario, job.key.model)
        for job in jobs(["a", "b"], ["x", "y"], trials=2, seed=0)
    ]

    assert done == [(i, s, m) for i in (0, 1) for s in ("a", "b") for m in ("x", "y")]


def test_models_share_the_seed_of_a_trial() -> None:
    """They are compared on equal terms; repetitions and scenarios differ."""
    seeds = {job.key: job.seed for job in jobs(["a", "b"], ["x", "y"], trials=3, seed=1)}

    for key, seed in seeds.items():
        assert seeds[TrialKey(scenario=key.scenario, model="y", index=key.index)] == seed
    assert len(set(seeds.values())) == 6
    assert all(0 <= seed < 2**31 for seed in seeds.values())


def test_a_seed_never_changes() -> None:
    """Old runs can be repeated; another seed of the run gives another."""
    key = TrialKey(scenario="a", model="x", index=0)

    assert trial_seed(key, seed=0) == trial_seed(key, seed=0)
    assert trial_seed(key, seed=0) != trial_seed(key, seed=1)
