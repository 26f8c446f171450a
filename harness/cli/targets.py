"""Enter running platforms into a run, beside or in place of models."""

from __future__ import annotations

from collections.abc import Mapping

from harness.bootstrap import ConfigurationError
from harness.calls import CallSource
from harness.cli.executors import LOCAL
from harness.cli.wishes import RunOptions
from harness.prepared import PreparedScenario
from harness.replay import Contender
from harness.target.address import TargetError
from harness.target.live import open_target
from runtime.public import Patience, Sampling

TOKEN = "PLANGATE_EVAL_TOKEN"  # noqa: S105  # the variable's name


def targets_of(
    options: RunOptions, scenarios: tuple[PreparedScenario, ...], *, environ: Mapping[str, str]
) -> dict[str, Contender]:
    """Check every platform and return it as a contender.

    Raises:
        ConfigurationError: a platform that can't be asked, or options that have no meaning for
            one: it asks and pays its own model.
    """
    if not options.targets:
        return {}
    _refuse(options)
    found: dict[str, Contender] = {}
    for url in options.targets:
        try:
            target = open_target(
                url,
                scenarios,
                token=environ.get(TOKEN),
                patience=Patience(retries=options.retries),
            )
        except TargetError as error:
            raise ConfigurationError(str(error)) from None
        if target.name in found:
            raise ConfigurationError(f"--target {url} is given twice")
        found[target.name] = Contender(
            reference=target.name,
            label=target.label,
            model=target,
            sampling=Sampling(),
            conditions=target.conditions,
            propose=target.propose,
        )
    return found


def _refuse(options: RunOptions) -> None:
    """Refuse what only makes sense where this process asks the model."""
    told = {
        "--max-cost": options.max_cost is not None,
        "--max-tokens": options.max_tokens is not None,
        "--against": options.against is not None,
        f"--{options.source.value}": options.source is not CallSource.LIVE,
        f"--executor {options.executor}": options.executor != LOCAL,
    }
    wrong = [name for name, given in told.items() if given]
    if wrong:
        raise ConfigurationError(
            f"{wrong[0]} has no meaning with --target: a platform asks and pays its own model"
        )
