"""Hold scenarios as files have them, and as the harness reads them."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from harness.scenario.expect import Expect
from harness.scenario.given import Given, When
from harness.scenario.strict import Strict
from runtime.public import JsonObject

SCENARIO_ID: Final = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
CANARY: Final = r"^[A-Za-z0-9:._-]{16,120}$"
Tag = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]


class ScenarioIn(Strict):
    """One scenario as a file holds it."""

    id: str = Field(pattern=SCENARIO_ID, max_length=120)
    reason: str = Field(min_length=10, description="one sentence that says why the case exists")
    family: str | None = None
    tags: tuple[Tag, ...] = ()
    given: Given = Given()
    when: When
    expect: Expect
    provenance: JsonObject | None = None


class ScenarioFile(Strict):
    """A file of scenarios that live in one environment."""

    environment: str
    canary: str | None = Field(
        default=None,
        pattern=CANARY,
        description="a text that stands nowhere else: a model that can say it was trained on it",
    )
    suite: str | None = None
    tags: tuple[Tag, ...] = ()
    scenarios: tuple[ScenarioIn, ...] = Field(min_length=1)


class Scenario(Strict):
    """One scenario with what it inherits from its file and where it stands."""

    id: str
    environment: str
    suite: str
    family: str
    tags: tuple[str, ...]
    reason: str
    given: Given
    when: When
    expect: Expect
    file: str
    line: int
    digest: str
