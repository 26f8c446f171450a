"""Build the sandbox and the situation that a scenario lives in, sharing what can be shared."""

from __future__ import annotations

from dataclasses import replace

from harness.loader import ScenarioSet
from harness.scenario import AttachmentGiven, Given, Scenario
from harness.yaml_source import Problem, SourceError, YamlSource
from runtime.public import (
    Attachment,
    AttachmentError,
    Conversation,
    Environment,
    JsonObject,
    JsonValue,
    Plugin,
    PointerError,
    Principal,
    Sandbox,
    Situation,
    Turn,
    declared_plugin,
    find_environment,
    part_of,
    remove,
    set_value,
)

REMOVE: JsonObject = {"$remove": True}


class Sandboxes:
    """Keep one compiled sandbox for each environment and selection of actions."""

    def __init__(self, environments: dict[str, YamlSource]) -> None:
        """Remember environments that are declared beside the scenarios."""
        self._declared = environments
        self._plugins: dict[str, tuple[Plugin, Environment]] = {}
        self._sandboxes: dict[tuple[str, tuple[str, ...]], Sandbox] = {}

    @classmethod
    def of(cls, scenarios: ScenarioSet) -> Sandboxes:
        """Serve the scenarios of a set."""
        return cls(scenarios.environments)

    def sandbox(self, scenario: Scenario) -> Sandbox:
        """Return the sandbox of a scenario.

        Raises:
            DeclarationError: the environment or one of the offered actions does not exist.
        """
        key = (scenario.environment, scenario.given.actions)
        if key not in self._sandboxes:
            plugin, environment = self._plugin(scenario.environment)
            self._sandboxes[key] = Sandbox.of(plugin, environment, only=scenario.given.actions)
        return self._sandboxes[key]

    def _plugin(self, environment_id: str) -> tuple[Plugin, Environment]:
        if environment_id not in self._plugins:
            self._plugins[environment_id] = self._found(environment_id)
        return self._plugins[environment_id]

    def _found(self, environment_id: str) -> tuple[Plugin, Environment]:
        source = self._declared.get(environment_id)
        if source is None:
            return find_environment(environment_id)
        plugin = declared_plugin(source.content, source=source.file)
        return plugin, plugin.environments[0]


def situation_of(scenario: Scenario, sandbox: Sandbox) -> Situation:
    """Apply what is given to the environment's own starting point.

    Raises:
        DeclarationError: the resulting state breaks a schema or an invariant.
        SourceError: a pointer in `given.state` leads nowhere.
    """
    given = scenario.given
    start = sandbox.situation()
    state = start.state
    if given.state:
        state = sandbox.state(_changed(scenario, state.components))
    return replace(
        start,
        state=state,
        principal=_principal(given, start.principal),
        facts=given.facts,
        limits=given.limits if given.limits is not None else start.limits,
        usage=given.usage,
        confirms=given.consent.confirm,
        approves=given.consent.approve,
        now=given.now,
    )


def conversation_of(scenario: Scenario) -> Conversation:
    """Return what was said, with attachments decoded.

    Raises:
        SourceError: an attachment is not what it says it is.
    """
    try:
        attachments = tuple(_attachment(item) for item in scenario.when.attachments)
        for attachment in attachments:
            part_of(attachment)  # what no model could be shown is refused before any is asked
    except AttachmentError as error:
        raise SourceError(at(scenario, str(error))) from error
    return Conversation(
        message=scenario.when.message,
        history=tuple(
            Turn(speaker="user", text=turn.user)
            if turn.user is not None
            else Turn(speaker="assistant", text=turn.assistant or "")
            for turn in scenario.given.history
        ),
        attachments=attachments,
    )


def at(scenario: Scenario, message: str) -> Problem:
    """Report a problem of a scenario at its line."""
    return Problem(
        file=scenario.file, line=scenario.line, message=f"scenario '{scenario.id}': {message}"
    )


def _changed(scenario: Scenario, components: JsonValue) -> JsonObject:
    for pointer, value in scenario.given.state.items():
        try:
            if value == REMOVE:
                components = remove(components, pointer)
            else:
                components = set_value(components, pointer, value)
        except PointerError as error:
            raise SourceError(at(scenario, f"given.state {pointer}: {error}")) from error
    return dict(components)


def _principal(given: Given, principal: Principal) -> Principal:
    change = given.principal.model_dump(exclude_none=True)
    return Principal.model_validate({**principal.model_dump(), **change}) if change else principal


def _attachment(item: AttachmentGiven) -> Attachment:
    if item.base64 is not None:
        return Attachment.from_base64(name=item.name, mime=item.mime, text=item.base64)
    return Attachment(name=item.name, mime=item.mime, data=(item.text or "").encode())
