"""Choose who does the trials of a run: this process, or workers on other machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from harness.bootstrap import ConfigurationError
from harness.calls import Calls, CallSource
from harness.cli.wishes import RunOptions
from harness.evaluation import Executor
from harness.run import do_trials
from runtime.public import Price

LOCAL = "local"
CELERY = "celery"


def executor_of(
    options: RunOptions,
    calls: Calls,
    *,
    folder: Path,
    prices: Mapping[str, Price],
    told: Callable[[str], None],
) -> Executor:
    """Return who does the trials.

    Args:
        options: the command line.
        calls: where answers come from, and what they may cost.
        folder: of the run.
        prices: as given for this run, by reference.
        told: takes a line for the person who waits.

    Raises:
        ConfigurationError: an executor that does not exist, lacks its broker or its packages, or
            does not go together with other options.
    """
    if options.executor == LOCAL:
        if options.broker or options.rates:
            raise ConfigurationError("--broker and --rate need --executor celery")
        return do_trials
    if options.executor != CELERY:
        raise ConfigurationError(f"--executor {options.executor}: expected {LOCAL} or {CELERY}")
    if options.broker is None:
        raise ConfigurationError("--executor celery needs --broker, as redis://host:6379/0")
    if options.source is not CallSource.LIVE:
        raise ConfigurationError(f"--{options.source.value} needs --executor {LOCAL}")
    require_workers_packages()
    return _remote(options, calls, folder=folder, prices=prices, told=told)


def require_workers_packages() -> None:
    """Refuse to go on where the packages that carry trials to workers are missing.

    Raises:
        ConfigurationError: with what to install.
    """
    missing = [name for name in ("celery", "redis") if find_spec(name) is None]
    if missing:
        raise ConfigurationError(f"{missing[0]} is not installed; install plangate[many]")


def _remote(
    options: RunOptions,
    calls: Calls,
    *,
    folder: Path,
    prices: Mapping[str, Price],
    told: Callable[[str], None],
) -> Executor:
    from harness.remote.dispatch import (  # noqa: PLC0415  # needs celery
        Remote,
        do_trials_remotely,
    )
    from harness.remote.rates import RateError, read_rates  # noqa: PLC0415  # as above

    try:
        rates = read_rates(options.rates, options.models)
    except RateError as error:
        raise ConfigurationError(str(error)) from None
    remote = Remote(
        broker=options.broker or "",
        folder=folder,
        prices=prices,
        rates=rates,
        max_cost_micros=calls.max_cost_micros,
        max_tokens=calls.max_tokens,
        before=calls.before,
        told=told,
    )
    return partial(do_trials_remotely, remote=remote)
