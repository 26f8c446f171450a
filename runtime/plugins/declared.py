"""Build a plugin from data alone: actions whose only effect is that their call is recorded.

Importers of other people's test data use it: each declared function becomes an action that
appends its inputs to the component `journal`, so that a wrong argument shows in the state.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from runtime.domain.action import Action, Handler
from runtime.domain.component import Component
from runtime.domain.errors import DeclarationError
from runtime.domain.principal import Mode, Principal
from runtime.kit.json_value import JsonObject
from runtime.plugins.contract import Environment, Plugin

JOURNAL = Component(
    id="journal",
    title="Journal",
    description="The calls that were made, oldest first.",
    state_schema={
        "type": "object",
        "properties": {"calls": {"type": "array", "items": {"type": "object"}}},
        "required": ["calls"],
        "additionalProperties": False,
    },
    initial_state={"calls": []},
)


class DeclaredAction(BaseModel):
    """One function of a declared environment.

    Attributes:
        read_only: it looks something up, so its calls are not recorded and change nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    description: str
    input_schema: JsonObject
    read_only: bool = False


class DeclaredEnvironment(BaseModel):
    """An environment file: a description and functions whose calls are recorded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    description: str
    version: str = "1"
    provenance: JsonObject = Field(default_factory=dict)
    actions: tuple[DeclaredAction, ...] = Field(min_length=1)


def declared_plugin(document: JsonObject, *, source: str) -> Plugin:
    """Turn a declared environment into a plugin.

    Args:
        document: the parsed file.
        source: where it came from, for error messages.

    Raises:
        DeclarationError: the document does not have the form of `DeclaredEnvironment`.
    """
    try:
        declared = DeclaredEnvironment.model_validate(document)
    except ValidationError as error:
        problems = tuple(
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}"
            for item in error.errors(include_url=False)
        )
        raise DeclarationError(subject=f"environment {source}", problems=problems) from error
    return Plugin(
        id=declared.id,
        version=declared.version,
        components=(JOURNAL,),
        actions=tuple(_action(item) for item in declared.actions),
        environments=(
            Environment(
                id=declared.id,
                title=declared.title,
                description=declared.description,
                principal=Principal(
                    id="person", organization="demo", roles=("operator",), grant=Mode.AUTONOMOUS
                ),
            ),
        ),
    )


def _action(declared: DeclaredAction) -> Action:
    return Action(
        id=declared.id,
        title=declared.title,
        description=declared.description,
        targets=("journal",),
        input_schema=declared.input_schema,
        may_change=() if declared.read_only else ("/journal/calls",),
        handler=_look if declared.read_only else _recorder(declared.id),
    )


def _look(inputs: JsonObject, state: JsonObject) -> JsonObject:  # noqa: ARG001  # a handler's form
    return state


def _recorder(action_id: str) -> Handler:
    def record(inputs: JsonObject, state: JsonObject) -> JsonObject:
        state["journal"]["calls"].append({"action": action_id, "inputs": inputs})
        return state

    return record
