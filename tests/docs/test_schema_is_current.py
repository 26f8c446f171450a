"""The published schema of scenario files is the one that the loader applies."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import orjson
import pytest
from jsonschema_rs import Draft202012Validator

from harness.cli.inspect import scenario_schema
from harness.yaml_source import read_yaml

ROOT: Final = Path(__file__).parents[2]
SCHEMA: Final = ROOT / "scenarios" / "schema.json"
FILES: Final = sorted(
    path
    for path in (ROOT / "scenarios").rglob("*.yaml")
    if path.name != "gate.yaml"
    and path.parent.name != "judges"
    and not path.name.endswith(".environment.yaml")
)


def test_the_committed_schema_is_current() -> None:
    """Editors complete and check scenario files by what the program really takes."""
    assert SCHEMA.read_bytes() == scenario_schema(), (
        "scenarios/schema.json is out of date; renew it: "
        "plangate eval schema --output scenarios/schema.json"
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_shipped_scenarios_satisfy_the_published_schema(path: Path) -> None:
    """An editor that reads the schema shows no false errors."""
    validator = Draft202012Validator(orjson.loads(SCHEMA.read_bytes()))

    errors = [str(error) for error in validator.iter_errors(read_yaml(path, shown_as="x").content)]

    assert errors == []
