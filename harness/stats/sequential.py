"""Stop the trials of a scenario once it is decided whether it passes reliably.

Pure arithmetic: a plan says after how many successes of how many trials to stop, with error rates
that are computed, not approximated. The run asks it after each trial, in the trials' order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from harness.stats.rates import pass_hat_k

STEPS_A_SUCCESS = 4
"""How finely boundaries are tried: a quarter of a success apart."""


class Decision(StrEnum):
    """Name what the trials of a scenario showed."""

    RELIABLE = "reliable"
    UNRELIABLE = "unreliable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """State after which successes of how many trials to stop, and what that then means.

    Attributes:
        good: a pass rate that should be called reliable.
        bad: a pass rate that should be called unreliable, below `good`.
        alpha: wanted chance, at most, of calling a good scenario unreliable.
        beta: wanted chance, at most, of calling a bad scenario reliable.
        longest: the number of trials that always decides.
        accept_at: for each number of trials from 0 the fewest successes that show a reliable
            scenario; one more than the trials where none do.
        reject_at: for each number of trials from 0 the most successes that show an unreliable
            scenario; -1 where none do.
    """

    good: float
    bad: float
    alpha: float
    beta: float
    longest: int
    accept_at: tuple[int, ...]
    reject_at: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRates:
    """Hold how often a plan errs, exactly.

    Attributes:
        good_called_unreliable: at the plan's good rate.
        bad_called_reliable: at the plan's bad rate.
    """

    good_called_unreliable: float
    bad_called_reliable: float

    def within(self, other: ErrorRates) -> bool:
        """Return whether neither rate is above the other's."""
        return (
            self.good_called_unreliable <= other.good_called_unreliable
            and self.bad_called_reliable <= other.bad_called_reliable
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stop:
    """Hold one way to end: after how many trials and successes, and by how many sequences."""

    trials: int
    successes: int
    paths: int


def design(*, good: float, bad: float, alpha: float, beta: float, longest: int) -> Plan:
    """Return the plan with the fewest expected trials that errs no more than is wanted.

    Wald's two parallel boundaries, cut at `longest`, and moved until the exact error rates hold. A
    trial is also saved once the rest can't change the decision.

    Args:
        good: a pass rate that should be called reliable, below 1.
        bad: a pass rate that should be called unreliable, above 0 and below `good`.
        alpha: chance, at most, of calling a good scenario unreliable.
        beta: chance, at most, of calling a bad scenario reliable.
        longest: the number of trials that always decides.

    Returns:
        a plan whose error rates are at most alpha and beta. Where `longest` trials are too few for
        one of them even without stopping early, that one is at most what `longest` trials give.

    Raises:
        ValueError: rates or levels outside 0 to 1 or out of order, or no trial.

    Source: A. Wald, "Sequential Tests of Statistical Hypotheses", Annals of Mathematical Statistics
    16 (1945), 117-186.

    >>> plan = design(good=0.9, bad=0.6, alpha=0.05, beta=0.05, longest=36)
    >>> round(expected_trials(plan, 0.9), 1)
    13.3
    """
    wanted = ErrorRates(good_called_unreliable=alpha, bad_called_reliable=beta)
    _require_design(good, bad, wanted)
    if longest < 1:
        raise ValueError(f"longest is {longest}, expected at least 1 trial")
    search = _Search(good=good, bad=bad, wanted=wanted, longest=longest)
    return min(search.plans(), key=search.cost)


def decided(plan: Plan, successes: int, trials: int) -> Decision | None:
    """Return what these trials show, or None while another trial is needed.

    Raises:
        ValueError: counts that no experiment has, or more trials than the plan has.

    >>> plan = design(good=0.9, bad=0.6, alpha=0.05, beta=0.05, longest=36)
    >>> decided(plan, 1, 1) is None, decided(plan, 0, 3)
    (True, <Decision.UNRELIABLE: 'unreliable'>)
    """
    _require_counts(plan, successes, trials)
    if successes >= plan.accept_at[trials]:
        return Decision.RELIABLE
    if successes <= plan.reject_at[trials]:
        return Decision.UNRELIABLE
    return None


def expected_trials(plan: Plan, rate: float) -> float:
    """Return how many trials the plan takes on average, exactly, of a scenario with this pass rate.

    Raises:
        ValueError: a rate outside 0 to 1.
    """
    _require_rate(rate)
    return math.fsum(stop.trials * _chance(stop, rate) for stop in _stops(plan))


def error_rates(plan: Plan) -> ErrorRates:
    """Return how often the plan errs at its own good and bad rate, exactly."""
    wrong: dict[Decision, list[float]] = {Decision.RELIABLE: [], Decision.UNRELIABLE: []}
    for stop in _stops(plan):
        reliable = stop.successes >= plan.accept_at[stop.trials]
        decision = Decision.RELIABLE if reliable else Decision.UNRELIABLE
        wrong[decision].append(_chance(stop, plan.bad if reliable else plan.good))
    return ErrorRates(
        good_called_unreliable=math.fsum(wrong[Decision.UNRELIABLE]),
        bad_called_reliable=math.fsum(wrong[Decision.RELIABLE]),
    )


def unbiased_pass_hat(  # noqa: PLR0917  # the order of pass_hat_k, after the plan
    plan: Plan | None, successes: int, trials: int, k: int
) -> float:
    """Estimate without bias the chance that k fresh trials all succeed, although trials stopped.

    Stopping at a success or a failure makes the plain share of draws wrong. All sequences of trials
    that the plan lets end here are equally likely, whatever the rate: the estimate is the share of
    them that begin with k successes.

    Args:
        plan: the plan that stopped the trials; None for a fixed number, which gives `pass_hat_k`.
        successes: how many trials succeeded.
        trials: how many there were.
        k: how many must succeed.

    Returns:
        the estimate: 0 where failures ended the trials before the k-th; NaN where the plan ends
        before k straight successes, for then no sequence tells, and where something else than the
        plan ended the trials before the k-th.

    Raises:
        ValueError: counts that the plan never lets happen, or k below 1.

    Source: M. A. Girshick, F. Mosteller and L. J. Savage, "Unbiased Estimates for Certain Binomial
    Sampling Problems with Applications", Annals of Mathematical Statistics 17 (1946), 13-23.

    >>> plan = design(good=0.9, bad=0.6, alpha=0.05, beta=0.05, longest=36)
    >>> unbiased_pass_hat(plan, 12, 13, 5), round(pass_hat_k(12, 13, 5), 3)
    (0.375, 0.615)
    """
    if plan is None:
        return pass_hat_k(successes, trials, k)
    if k < 1:
        raise ValueError(f"k is {k}, expected at least 1")
    stopped = decided(plan, successes, trials) is not None
    paths = _arriving(plan, successes, trials, straight=0)
    if not paths:
        raise ValueError(
            f"{successes} successes in {trials} trials, but the plan stops before: ask `decided` "
            "after each trial, and count no trial beyond"
        )
    if any(decided(plan, at, at) for at in range(min(k, plan.longest + 1))):
        return math.nan
    if trials < k:
        return 0.0 if stopped else math.nan
    return _arriving(plan, successes, trials, straight=k) / paths


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """Look for a plan: two boundaries a distance from the line where the evidence is even."""

    good: float
    bad: float
    wanted: ErrorRates
    longest: int

    def plans(self) -> Iterator[Plan]:
        """Yield plans that err no more than they may, at least one."""
        fixed = {cut: error_rates(self._without_early_stop(cut)) for cut in range(self.longest + 2)}
        best = min(fixed, key=lambda cut: self._excess(fixed[cut]))
        most = ErrorRates(
            good_called_unreliable=max(
                self.wanted.good_called_unreliable, fixed[best].good_called_unreliable
            ),
            bad_called_reliable=max(
                self.wanted.bad_called_reliable, fixed[best].bad_called_reliable
            ),
        )
        yield self._without_early_stop(best)
        for cut in (best - 1, best, best + 1):
            if cut in fixed and fixed[cut].within(most):
                yield from self._earlier(cut, most)

    def cost(self, plan: Plan) -> float:
        """Return the trials expected, of a good and a bad scenario together."""
        return expected_trials(plan, self.good) + expected_trials(plan, self.bad)

    def _excess(self, errors: ErrorRates) -> float:
        return max(
            errors.good_called_unreliable / self.wanted.good_called_unreliable,
            errors.bad_called_reliable / self.wanted.bad_called_reliable,
        )

    def _earlier(self, cut: int, most: ErrorRates) -> Iterator[Plan]:
        """Yield for each accepting boundary the plan with the closest rejecting one that may be.

        The farther it lies, the more trials it takes: a few beyond the first that holds are enough.
        """
        found = 0
        for accept in range(1, STEPS_A_SUCCESS * (cut + 1)):
            if found > STEPS_A_SUCCESS:
                return
            low, high = 0, STEPS_A_SUCCESS * (self.longest + 1)
            # Good scenarios are called unreliable the less often, the farther it lies.
            while high - low > 1:
                middle = (low + high) // 2
                errors = error_rates(self._plan(accept, middle, cut=cut))
                if errors.good_called_unreliable <= most.good_called_unreliable:
                    high = middle
                else:
                    low = middle
            plan = self._plan(accept, high, cut=cut)
            if error_rates(plan).within(most):
                found += 1
                yield plan

    def _without_early_stop(self, cut: int) -> Plan:
        far = STEPS_A_SUCCESS * (self.longest + 1)
        return self._plan(far, far, cut=cut)

    def _plan(self, accept: int, reject: int, *, cut: int) -> Plan:
        """Return the plan of these boundaries; at `longest`, `cut` successes are enough."""
        passed = math.log(self.good / self.bad)
        failed = math.log((1 - self.good) / (1 - self.bad))
        even = -failed / (passed - failed)
        accept_at, reject_at = [], []
        for trials in range(self.longest + 1):
            # With fewer than `lost` + 1 successes, `cut` is out of reach.
            lost = trials - (self.longest - cut) - 1
            accepting = math.ceil(even * trials + accept / STEPS_A_SUCCESS)
            rejecting = math.floor(even * trials - reject / STEPS_A_SUCCESS)
            accept_at.append(min(max(accepting, lost + 1, 0), cut, trials + 1))
            reject_at.append(max(min(rejecting, cut - 1), lost, -1))
        return Plan(
            good=self.good,
            bad=self.bad,
            alpha=self.wanted.good_called_unreliable,
            beta=self.wanted.bad_called_reliable,
            longest=self.longest,
            accept_at=tuple(accept_at),
            reject_at=tuple(reject_at),
        )


def _stops(plan: Plan) -> Iterator[_Stop]:
    """Yield every way to end."""
    for trials, arrived in enumerate(_layers(plan, straight=0)):
        for successes, paths in arrived.items():
            if not plan.reject_at[trials] < successes < plan.accept_at[trials]:
                yield _Stop(trials=trials, successes=successes, paths=paths)


def _arriving(plan: Plan, successes: int, trials: int, *, straight: int) -> int:
    """Return by how many sequences the plan gets here that begin with so many successes."""
    layers = list(_layers(plan, straight=straight))
    return layers[trials - straight].get(successes, 0)


def _layers(plan: Plan, *, straight: int) -> Iterator[dict[int, int]]:
    """Yield for each number of trials from `straight` the sequences by their successes."""
    arrived = {straight: 1}
    for trials in range(straight, plan.longest + 1):
        yield arrived
        further: dict[int, int] = {}
        for successes, paths in arrived.items():
            if plan.reject_at[trials] < successes < plan.accept_at[trials]:
                further[successes] = further.get(successes, 0) + paths
                further[successes + 1] = further.get(successes + 1, 0) + paths
        arrived = further


def _chance(stop: _Stop, rate: float) -> float:
    failures = stop.trials - stop.successes
    return stop.paths * rate**stop.successes * (1 - rate) ** failures


def _require_design(good: float, bad: float, wanted: ErrorRates) -> None:
    if not 0 < bad < good < 1:
        raise ValueError(f"good is {good} and bad is {bad}, expected 0 < bad < good < 1")
    for name, level in (
        ("alpha", wanted.good_called_unreliable),
        ("beta", wanted.bad_called_reliable),
    ):
        if not 0 < level < 1:
            raise ValueError(f"{name} is {level}, expected between 0 and 1, ends left out")


def _require_counts(plan: Plan, successes: int, trials: int) -> None:
    if not 0 <= successes <= trials <= plan.longest:
        raise ValueError(
            f"{successes} successes in {trials} trials, expected "
            f"0 <= successes <= trials <= {plan.longest}, the plan's longest"
        )


def _require_rate(rate: float) -> None:
    if not 0 <= rate <= 1:
        raise ValueError(f"rate is {rate}, expected a share from 0 to 1")
