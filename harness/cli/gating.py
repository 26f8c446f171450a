"""Gather what the gate of a run needs: rules, baselines and quarantine, read before it begins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from harness.baseline import BASELINE_VERSION, Baseline, baseline_name
from harness.bootstrap import ConfigurationError
from harness.cli.wishes import RunOptions
from harness.comparison import AGENT_PARTS
from harness.concluding import GateRequest
from harness.gate import GateRules
from harness.loader import ScenarioSet
from harness.quarantine import QUARANTINE_FILE, Quarantine, read_quarantine
from harness.record import RunRecord
from harness.replay import Contender
from harness.settings import DEFAULT_BASELINES, GATE_FILE
from harness.sides import side_of
from harness.tally import Side
from harness.yaml_source import read_yaml
from runtime.public import SystemClock


def gate_request(
    options: RunOptions, contenders: Mapping[str, Contender], found: ScenarioSet
) -> GateRequest:
    """Read whom the gate judges, by which rules, and what there is to beat.

    Raises:
        SourceError: a rules or quarantine file that can't be used.
        ConfigurationError: a model that is not asked, a damaged baseline, or a quarantine that
            is over.
    """
    unknown = sorted(set(options.gate_models) - set(contenders))
    if unknown:
        raise ConfigurationError(
            f"--gate-model {', '.join(unknown)} is not among the models of this run"
        )
    models = options.gate_models or tuple(contenders)
    asked, folder = _places(options.paths), options.baselines or DEFAULT_BASELINES
    blessed = {model: _baseline(folder / baseline_name(model), model) for model in models}
    quarantine = _quarantine(options, found)
    return GateRequest(
        rules=_rules(options),
        models=models,
        bases={model: item.side() for model, item in blessed.items() if item is not None},
        whole=frozenset(
            model
            for model, item in blessed.items()
            if item is not None and not options.tags and _places(item.paths) == asked
        ),
        aside={model: quarantine.scenarios(model) for model in models},
    )


def _quarantine(options: RunOptions, found: ScenarioSet) -> Quarantine:
    """Read what is set aside beside the scenarios; an entry whose time is over ends the run."""
    path = _beside(options.paths, QUARANTINE_FILE)
    if path is None:
        return Quarantine()
    known = None if options.tags else {item.id for item in found.scenarios}
    quarantine = read_quarantine(path, known=known)
    expired = quarantine.expired(SystemClock().now().date())
    if expired:
        named = ", ".join(f"{item.scenario} ({item.owner}, until {item.until})" for item in expired)
        raise ConfigurationError(
            f"{path}: the quarantine of {named} is over; mend the scenario and take the entry out, "
            "or sign for more time with a later `until`"
        )
    return quarantine


def against(gate: GateRequest, base: RunRecord) -> GateRequest:
    """Judge against the run of another revision: the agent is what was meant to change."""
    sides: dict[str, Side] = {
        item.model: side_of(item, base.manifest)
        for item in base.summary.models
        if item.model in gate.models
    }
    varied = tuple(sorted({*gate.rules.varied, *AGENT_PARTS}))
    return replace(
        gate,
        rules=gate.rules.model_copy(update={"varied": varied}),
        bases=sides,
        whole=frozenset(sides),
    )


def _places(paths: Iterable[str | Path]) -> set[Path]:
    """Return what paths stand for, however they are spelled."""
    return {Path(path).resolve() for path in paths}


def _baseline(path: Path, model: str) -> Baseline | None:
    if not path.exists():
        return None
    try:
        baseline = Baseline.model_validate_json(path.read_bytes())
    except ValidationError as error:
        _refuse_other_version(path)
        raise ConfigurationError(
            f"baseline {path} is damaged: {error.errors(include_url=False)[0]['msg']}; "
            "restore it or bless a run with `plangate eval baseline`"
        ) from error
    if baseline.model != model:
        raise ConfigurationError(
            f"baseline {path} is that of {baseline.model}, not of {model}: both names give one "
            "file; keep their baselines in two folders and name one with --baselines"
        )
    return baseline


def _refuse_other_version(path: Path) -> None:
    """Complain about a baseline of another version as such; what is wrong with it follows."""
    found = re.search(rb'"version":\s*(\d+)', path.read_bytes())
    if found is not None and int(found[1]) != BASELINE_VERSION:
        raise ConfigurationError(
            f"baseline {path} has version {int(found[1])}, this program reads {BASELINE_VERSION}; "
            "bless a new one with `plangate eval baseline RUN`"
        )


def _beside(paths: tuple[Path, ...], name: str) -> Path | None:
    return next((item / name for item in paths if (item / name).exists()), None)


def _rules(options: RunOptions) -> GateRules:
    path = options.gate_rules or _beside(options.paths, GATE_FILE)
    if path is None:
        return GateRules()
    source = read_yaml(path, shown_as=path.as_posix())
    try:
        return GateRules.model_validate(source.content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        line = source.line(first["loc"])
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}:{line}: {where}: {first['msg']}") from error
