"""Hold a golden scenario: what is given, what the person says, and what must come of it.

These models are the file format: `scenarios/schema.json` is generated from them and
`harness.loader` reads files into them. A value that starts with `$` is a matcher
(`harness.matching.matcher`).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from runtime.public import JsonObject, JsonValue, Limits, Mode, Usage

DEFAULT_NOW = datetime.fromisoformat("2026-03-02T10:00:00+00:00")
"""The instant of a scenario that names none: a Monday morning."""

SCENARIO_ID = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
CANARY = r"^[A-Za-z0-9:._-]{16,120}$"
Pointer = Annotated[str, StringConstraints(pattern=r"^(/[^/]*)+$")]
Tag = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PrincipalChange(_Strict):
    """Replace parts of the environment's principal."""

    id: str | None = None
    roles: tuple[str, ...] | None = None
    grant: Mode | None = None


class ConsentGiven(_Strict):
    """Say who is there: a requester who confirms, colleagues who approve."""

    confirm: bool = True
    approve: bool = True


class TurnSaid(_Strict):
    """Repeat one earlier turn; exactly one of the two spoke."""

    user: str | None = None
    assistant: str | None = None

    @model_validator(mode="after")
    def _one_speaker(self) -> TurnSaid:
        if (self.user is None) == (self.assistant is None):
            message = "a turn has exactly one of 'user' and 'assistant'"
            raise ValueError(message)
        return self


class AttachmentGiven(_Strict):
    """Attach a document as text or any file as base64."""

    name: str
    mime: str = Field(pattern=r"^[a-z]+/[a-z0-9.+-]+$")
    text: str | None = None
    base64: str | None = None

    @model_validator(mode="after")
    def _one_body(self) -> AttachmentGiven:
        if (self.text is None) == (self.base64 is None):
            message = "an attachment has exactly one of 'text' and 'base64'"
            raise ValueError(message)
        return self


class Given(_Strict):
    """Set the scene: changes to the environment's initial state, facts, history, who acts."""

    actions: tuple[str, ...] = Field(default=(), description="offer these only; empty: all")
    state: dict[Pointer, JsonValue] = Field(default_factory=dict)
    facts: JsonObject = Field(default_factory=dict)
    history: tuple[TurnSaid, ...] = ()
    principal: PrincipalChange = PrincipalChange()
    consent: ConsentGiven = ConsentGiven()
    limits: Limits | None = None
    usage: Usage = Usage()
    now: AwareDatetime = DEFAULT_NOW


class When(_Strict):
    """Say what the person says and attaches."""

    message: str = Field(min_length=1)
    attachments: tuple[AttachmentGiven, ...] = ()


class StepPattern(_Strict):
    """Describe one acceptable call; a value in `inputs` may be a matcher."""

    action: str
    inputs: JsonObject = Field(default_factory=dict)


class ExpectedStep(_Strict):
    """Expect one call, or one of several; `after` names labels that must come before."""

    action: str | None = None
    inputs: JsonObject = Field(default_factory=dict)
    any_of: tuple[StepPattern, ...] = ()
    optional: bool = False
    label: str | None = Field(default=None, alias="as")
    after: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_form(self) -> ExpectedStep:
        if (self.action is None) == (not self.any_of):
            message = "a step has exactly one of 'action' and 'any_of'"
            raise ValueError(message)
        if self.any_of and self.inputs:
            message = "a step with 'any_of' keeps its inputs inside the alternatives"
            raise ValueError(message)
        return self

    @property
    def patterns(self) -> tuple[StepPattern, ...]:
        """Return the acceptable calls, the golden one first."""
        if self.action is None:
            return self.any_of
        return (StepPattern(action=self.action, inputs=self.inputs),)


class PlanMode(StrEnum):
    """Say how strictly the actual steps must follow the expected ones."""

    EXACT = "exact"
    UNORDERED = "unordered"
    SUBSET = "subset"
    SUPERSET = "superset"
    GRAPH = "graph"
    REFERENCE = "reference"


class ExpectedPlan(_Strict):
    """Expect steps; without a mode it is `exact`, or `graph` once a step has `after`."""

    steps: tuple[ExpectedStep, ...] = Field(min_length=1, max_length=16)
    mode: PlanMode = Field(default_factory=lambda given: _usual_mode(given["steps"]))

    @model_validator(mode="after")
    def _sound_order(self) -> ExpectedPlan:
        labels = [step.label for step in self.steps if step.label is not None]
        edges = {name for step in self.steps for name in step.after}
        if len(set(labels)) != len(labels):
            message = f"label {sorted({i for i in labels if labels.count(i) > 1})} is used twice"
            raise ValueError(message)
        if edges - set(labels):
            message = f"'after' names {sorted(edges - set(labels))}, but no step has that label"
            raise ValueError(message)
        if edges and self.mode is PlanMode.EXACT:
            message = "'after' has no meaning in mode exact; leave the mode out or use graph"
            raise ValueError(message)
        if self.mode is PlanMode.GRAPH and not edges:
            message = "mode graph needs at least one 'after'; use unordered for no order"
            raise ValueError(message)
        if None in self.predecessors():
            message = "'after' runs in a circle"
            raise ValueError(message)
        return self

    def predecessors(self) -> tuple[frozenset[int] | None, ...]:
        """Return for each step all steps that must come before it; None where it is its own."""
        position = {step.label: index for index, step in enumerate(self.steps) if step.label}
        direct = [{position[name] for name in step.after} for step in self.steps]
        if self.mode is PlanMode.EXACT:
            direct = [set(range(index)) for index in range(len(self.steps))]
        closed = [set(before) for before in direct]
        for _ in self.steps:
            closed = [before.union(*(closed[earlier] for earlier in before)) for before in closed]
        return tuple(
            None if index in before else frozenset(before) for index, before in enumerate(closed)
        )


def _usual_mode(steps: tuple[ExpectedStep, ...]) -> PlanMode:
    return PlanMode.GRAPH if any(step.after for step in steps) else PlanMode.EXACT


class Slot(_Strict):
    """Name what a question must ask for, and words that show that it does."""

    slot: str
    words: tuple[str, ...] = ()


class ExpectedClarification(_Strict):
    """Expect a question about these slots; an empty list accepts any question."""

    asks_for: tuple[Slot, ...] = ()


class Expect(_Strict):
    """Say what must come of the message; at least one expectation is required."""

    plan: ExpectedPlan | None = None
    any_of: tuple[ExpectedPlan, ...] = ()
    state: dict[Pointer, JsonValue] = Field(default_factory=dict)
    volatile: tuple[Pointer, ...] = ()
    clarification: ExpectedClarification | None = None
    decline: bool | None = Field(default=None, json_schema_extra={"const": True})
    either: tuple[Literal["decline", "clarification"], ...] = ()
    never: tuple[str, ...] = ()

    @field_validator("decline")
    @classmethod
    def _declines(cls, value: bool | None) -> bool | None:  # noqa: FBT001  # pydantic's form
        if value is False:
            message = "is true or left out"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _says_something(self) -> Expect:
        asked = self.clarification is not None
        forms = [bool(self.plans), asked, self.decline is True, bool(self.either)]
        if sum(forms) > 1:
            message = "plan, any_of, clarification, decline and either exclude each other"
            raise ValueError(message)
        if self.plan is not None and self.any_of:
            message = "'plan' and 'any_of' exclude each other"
            raise ValueError(message)
        if not (any(forms) or self.never):
            message = (
                "nothing is expected: add plan, any_of, clarification, decline, either or never"
            )
            raise ValueError(message)
        if (self.state or self.volatile) and not self.plans:
            message = (
                "'state' and 'volatile' need a plan that reaches them (mode: reference will do)"
            )
            raise ValueError(message)
        return self

    @property
    def plans(self) -> tuple[ExpectedPlan, ...]:
        """Return the acceptable plans, the golden one first; empty when no plan is expected."""
        return (self.plan,) if self.plan is not None else self.any_of

    @property
    def kinds(self) -> frozenset[str]:
        """Return the kinds of proposal that are right; empty when anything but `never` is."""
        if self.plans:
            return frozenset({"plan"})
        if self.clarification is not None:
            return frozenset({"clarification"})
        if self.decline:
            return frozenset({"decline"})
        return frozenset(self.either)


class ScenarioIn(_Strict):
    """One scenario as a file holds it."""

    id: str = Field(pattern=SCENARIO_ID, max_length=120)
    reason: str = Field(min_length=10, description="one sentence that says why the case exists")
    family: str | None = None
    tags: tuple[Tag, ...] = ()
    given: Given = Given()
    when: When
    expect: Expect
    provenance: JsonObject | None = None


class ScenarioFile(_Strict):
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


class Scenario(_Strict):
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
