"""Collect golden scenarios as pytest items: `pytest scenarios --plangate-model plangate/oracle`.

Every pytest run with this package installed loads this module, so it imports nothing of the
harness; without the option a folder of scenarios is left alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

OPTION = "--plangate-model"
SEED_OPTION = "--plangate-seed"
_SUFFIXES = frozenset({".yaml", ".yml"})


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("plangate", "golden scenarios")
    group.addoption(
        OPTION,
        action="append",
        default=[],
        metavar="MODEL",
        help="Replay scenario files across this model (a LiteLLM name); repeatable.",
    )
    group.addoption(SEED_OPTION, type=int, default=0, metavar="N", help="Seed of the trials.")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Offer a scenario file for collection when a model was named."""
    models = parent.config.getoption(OPTION)
    if file_path.suffix not in _SUFFIXES or not models:
        return None
    from harness.pytest_items import ScenarioFile, is_scenario_file  # noqa: PLC0415  # on demand

    if not is_scenario_file(file_path):
        return None
    seed = parent.config.getoption(SEED_OPTION)
    return ScenarioFile.from_parent(parent, path=file_path, models=models, seed=seed)
