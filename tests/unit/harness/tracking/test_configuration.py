"""A configuration changes with whatever may change an answer, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.record import read_run
from harness.results import Manifest
from harness.tracking.configuration import comparability_of, configuration_of, registered_name
from runtime.public import JsonValue
from tests.unit.harness.reporting.builders import ORACLE, a_run, a_trial


def manifest_of(folder: Path, **changes: JsonValue) -> Manifest:
    """Build a manifest; name what differs."""
    return read_run(a_run(folder, [a_trial()], **changes)).manifest


def world(**parts: str) -> JsonValue:
    """Build what must be equal in one environment."""
    return {"helpdesk": {"registry": "r", "prompt": "p", "scorers": "1", **parts}}


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        pytest.param({"comparability": world(prompt="q")}, False, id="another prompt"),
        pytest.param({"comparability": world(registry="s")}, False, id="another registry"),
        pytest.param({"max_tokens": 9}, False, id="other sampling"),
        pytest.param({"comparability": world(scorers="2")}, True, id="another scorer"),
        pytest.param({"seed": 8, "run": "run_02"}, True, id="another run"),
    ],
)
def test_what_makes_a_configuration(
    tmp_path: Path, changes: dict[str, JsonValue], *, same: bool
) -> None:
    """Scores may change while the contender is the same."""
    one = manifest_of(tmp_path / "one", comparability=world())
    two = manifest_of(tmp_path / "two", **{"comparability": world(), **changes})

    digests = {configuration_of(item, ORACLE).digest for item in (one, two)}

    assert (len(digests) == 1) is same


def test_other_scorers_are_not_comparable(tmp_path: Path) -> None:
    """Equal figures of different scorers say nothing."""
    one = manifest_of(tmp_path / "one", comparability=world())
    two = manifest_of(tmp_path / "two", comparability=world(scorers="2"))

    assert comparability_of(one, ORACLE) != comparability_of(two, ORACLE)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        pytest.param("a/b-c", "a-b/c", id="a slash elsewhere"),
        pytest.param("a/b?t=0.1", "a/b?t=0-1", id="a dot"),
        pytest.param("é", "ü", id="nothing legal in it"),
    ],
)
def test_two_references_never_share_a_name(one: str, two: str) -> None:
    """Whatever MLflow forbids in a name is gone, and the names still differ."""
    names = {registered_name(one), registered_name(two)}

    assert len(names) == 2
    assert not set("/:.%\"'") & set("".join(names))
