"""Carry out the commands that look at scenarios without any model."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from harness.bootstrap import ConfigurationError
from harness.cli.reading import complain, read_scenarios
from harness.loader import ScenarioSet
from harness.prepared import prepare_all
from harness.scenario import ScenarioFile
from harness.yaml_source import SourceError
from runtime.public import JsonObject, JsonValue


def validate_command(paths: tuple[Path, ...], *, as_json: bool) -> int:
    """Check form and golden plans; print every problem as `file:line: message`."""
    try:
        found = read_scenarios(paths)
        prepared = prepare_all(found)
    except SourceError as error:
        if as_json:
            _print_json(
                {
                    "valid": False,
                    "problems": [
                        {"file": item.file, "line": item.line, "message": item.message}
                        for item in error.problems
                    ],
                }
            )
        return complain(error)
    golden = sum(item.golden is not None for item in prepared)
    if as_json:
        _print_json({"valid": True, "scenarios": len(prepared), "golden_plans": golden})
        return 0
    Console().print(
        f"{len(prepared)} scenarios in {len(found.files)} files are sound; "
        f"{golden} golden plans end as expected.",
        highlight=False,
    )
    return 0


def list_command(paths: tuple[Path, ...], *, tags: tuple[str, ...], as_json: bool) -> int:
    """Print the scenarios that have all of the tags."""
    try:
        found = read_scenarios(paths).tagged(tags)
    except SourceError as error:
        return complain(error)
    if as_json:
        _print_json([_listed(found, index) for index in range(len(found.scenarios))])
        return 0
    table = Table(box=None, pad_edge=False)
    for column in ("scenario", "suite", "tags", "where"):
        table.add_column(column, overflow="fold", no_wrap=column == "where")
    for item in found.scenarios:
        table.add_row(item.id, item.suite, " ".join(item.tags), f"{item.file}:{item.line}")
    console = Console()
    console.print(table)
    console.print(f"{len(found.scenarios)} scenarios", highlight=False)
    return 0


def schema_command(output: Path | None) -> int:
    """Write the JSON Schema of scenario files."""
    content = scenario_schema()
    if output is None:
        sys.stdout.buffer.write(content)
        return 0
    try:
        output.write_bytes(content)
    except OSError as error:
        return complain(ConfigurationError(f"{output} can't be written: {error.strerror}"))
    return 0


def scenario_schema() -> bytes:
    """Return the published JSON Schema of scenario files."""
    document = ScenarioFile.model_json_schema(by_alias=True)
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    document["title"] = "Plangate scenario file"
    return orjson.dumps(
        document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    )


def _listed(found: ScenarioSet, index: int) -> JsonObject:
    item = found.scenarios[index]
    return {
        "id": item.id,
        "environment": item.environment,
        "suite": item.suite,
        "family": item.family,
        "tags": list(item.tags),
        "reason": item.reason,
        "file": item.file,
        "line": item.line,
    }


def _print_json(document: JsonValue) -> None:
    sys.stdout.buffer.write(
        orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    )
