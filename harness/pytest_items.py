"""Run scenarios as pytest items; each failure says what was expected, what came, and why."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from harness.bootstrap import (
    ConfigurationError,
    SamplingWishes,
    admit_plugins,
    close_all,
    open_contenders,
)
from harness.loader import ENVIRONMENT_SUFFIX, RESERVED_FOLDERS, RESERVED_NAMES, load
from harness.matrix import TrialJob, trial_seed
from harness.prepared import PreparedScenario, prepare_all
from harness.replay import Contender, replay
from harness.settings import HarnessSettings, chooses_plugins
from harness.trial import TrialKey, TrialRecord, TrialStatus
from harness.yaml_source import SourceError
from runtime.public import JsonObject, canonical_text

_RUNNER = pytest.StashKey[asyncio.Runner]()


class ScenarioFailedError(Exception):
    """A trial that did not pass; pytest shows `text` instead of a traceback."""

    def __init__(self, text: str) -> None:
        """Keep what a person reads."""
        self.text = text
        super().__init__(text)


def is_scenario_file(path: Path) -> bool:
    """Say whether a YAML file is to be read as scenarios."""
    return (
        path.name not in RESERVED_NAMES
        and not path.name.endswith(ENVIRONMENT_SUFFIX)
        and not RESERVED_FOLDERS & set(path.parent.parts)
    )


class ScenarioFile(pytest.File):
    """Collect the scenarios of one file, once for each model."""

    def __init__(
        self,
        *,
        models: list[str],
        seed: int,
        **kwargs: Any,  # noqa: ANN401  # pytest's own constructor arguments
    ) -> None:
        """Keep which models to ask."""
        super().__init__(**kwargs)
        self.models = models
        self.seed = seed

    @override
    def collect(self) -> Iterator[pytest.Item]:
        config, settings = self.config, HarnessSettings.read()
        try:
            if chooses_plugins(settings):
                admit_plugins(settings)
            scenarios = prepare_all(load([self.path], root=config.rootpath))
            contenders = open_contenders(
                self.models,
                scenarios,
                environ=settings.environ,
                wishes=SamplingWishes(),
            )
        except (SourceError, ConfigurationError) as error:
            raise self.CollectError(str(error)) from error
        runner = _runner(config)
        models = [contender.model for contender in contenders.values()]
        config.add_cleanup(lambda: runner.run(close_all(models)))
        for prepared in scenarios:
            for contender in contenders.values():
                yield ScenarioItem.from_parent(
                    self,
                    name=f"{prepared.scenario.id}[{contender.reference}]",
                    prepared=prepared,
                    contender=contender,
                    seed=self.seed,
                )


class ScenarioItem(pytest.Item):
    """Replay one scenario against one model."""

    def __init__(
        self,
        *,
        prepared: PreparedScenario,
        contender: Contender,
        seed: int,
        **kwargs: Any,  # noqa: ANN401  # pytest's own constructor arguments
    ) -> None:
        """Keep what to replay."""
        super().__init__(**kwargs)
        self.prepared = prepared
        self.contender = contender
        self.seed = seed

    @override
    def runtest(self) -> None:
        key = TrialKey(scenario=self.prepared.scenario.id, model=self.contender.reference, index=0)
        job = TrialJob(key=key, seed=trial_seed(key, seed=self.seed))
        with warnings.catch_warnings():
            warnings.simplefilter("default")  # a library's warning says nothing about the model
            record = _runner(self.config).run(replay(self.prepared, self.contender, job))
        if not record.passed:
            raise ScenarioFailedError(failure_text(self.prepared, record))

    @override
    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, ScenarioFailedError):
            return excinfo.value.text
        return super().repr_failure(excinfo, style)

    @override
    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.prepared.scenario.line - 1, self.name


def failure_text(prepared: PreparedScenario, record: TrialRecord) -> str:
    """Explain a trial that did not pass."""
    scenario = prepared.scenario
    lines = [
        f"{scenario.file}:{scenario.line}: {scenario.id}",
        f"  why it exists: {scenario.reason}",
        f"  message:       {scenario.when.message.strip()}",
        f"  expected:      {_brief(record.golden)}",
        f"  proposed:      {_brief(record.proposal)}",
    ]
    if record.status is not TrialStatus.SCORED:
        lines.append(f"  lost:          {record.fault}")
    lines += [
        f"  {name} failed: {score.get('reason') or score.get('error', '')}"
        for name, score in record.scores.items()
        if score["passed"] is False
    ]
    if record.answer and record.proposal is None:
        lines.append(f"  answer:        {record.answer}")
    return "\n".join(lines)


def _brief(document: JsonObject | None) -> str:
    if document is None:
        return "nothing usable"
    plan = document.get("plan")
    if plan is None:
        return canonical_text(document)
    steps = [f"{step['action']}({canonical_text(step['inputs'])})" for step in plan["steps"]]
    return "; ".join(steps)


def _runner(config: pytest.Config) -> asyncio.Runner:
    """Return the one event loop of the session, in which models keep their connections."""
    if _RUNNER not in config.stash:
        runner = asyncio.Runner()
        config.stash[_RUNNER] = runner
        config.add_cleanup(runner.close)
    return config.stash[_RUNNER]
