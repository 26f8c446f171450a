"""Set flaky scenarios aside for a while: by name, with an owner, a reason and a last day.

`quarantine.yaml` beside the scenarios lists them. They still run and show in every report; the
gate leaves them out of rates and comparisons, never out of governance. After the last day the gate
refuses to run until somebody mends the scenario or signs for more time.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.yaml_source import Problem, SourceError, read_yaml

QUARANTINE_FILE = "quarantine.yaml"


class Quarantined(BaseModel):
    """Set one scenario aside, for the models that a glob fits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: str
    owner: str = Field(min_length=1)
    reason: str = Field(min_length=10)
    until: date
    model: str = "*"


class Quarantine(BaseModel):
    """Hold what is set aside."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quarantine: tuple[Quarantined, ...] = ()

    def expired(self, today: date) -> tuple[Quarantined, ...]:
        """Return the entries whose last day is over."""
        return tuple(item for item in self.quarantine if item.until < today)

    def scenarios(self, model: str) -> frozenset[str]:
        """Return the scenarios that are set aside for a model."""
        return frozenset(
            item.scenario for item in self.quarantine if fnmatchcase(model, item.model)
        )


NOTHING_SET_ASIDE = Quarantine()


def read_quarantine(path: Path, *, known: Collection[str] | None = None) -> Quarantine:
    """Read a quarantine file.

    Args:
        path: the file.
        known: scenarios that exist; None where only some of them were read.

    Raises:
        SourceError: the file can't be read, has another shape, or names an unknown scenario.
    """
    source = read_yaml(path, shown_as=path.as_posix())
    try:
        found = Quarantine.model_validate_json(orjson.dumps(source.content, default=str))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        line = source.line(first["loc"])
        raise SourceError(
            Problem(file=source.file, line=line, message=f"{where}: {first['msg']}")
        ) from error
    unknown = [
        Problem(
            file=source.file,
            line=source.line(("quarantine", at)),
            message=f"there is no scenario '{item.scenario}'; take the entry out",
        )
        for at, item in enumerate(found.quarantine)
        if known is not None and item.scenario not in known
    ]
    if unknown:
        raise SourceError(*unknown)
    return found
