"""Make of what a scenario gives the moment in which its plans are proposed and simulated."""

from __future__ import annotations

from dataclasses import replace

from harness.scenario import AttachmentGiven, PrincipalChange, Scenario
from harness.yaml_source import Problem, SourceError
from runtime.public import (
    Attachment,
    AttachmentError,
    Conversation,
    JsonObject,
    JsonValue,
    PointerError,
    Principal,
    Sandbox,
    Situation,
    Turn,
    canonical_text,
    part_of,
    remove,
    set_value,
)

REMOVE: JsonObject = {"$remove": True}


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
        principal=changed_principal(given.principal, start.principal),
        facts=given.facts,
        limits=given.limits if given.limits is not None else start.limits,
        usage=given.usage,
        confirms=given.consent.confirm,
        approves=given.consent.approve,
        approver_roles=given.consent.roles,
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


def changed_principal(change: PrincipalChange, principal: Principal) -> Principal:
    """Return a principal with the parts replaced that a change names."""
    parts = change.model_dump(exclude_none=True)
    if change.claims is not None:
        parts["claims"] = canonical_text(change.claims)
    return Principal.model_validate({**principal.model_dump(), **parts}) if parts else principal


def _attachment(item: AttachmentGiven) -> Attachment:
    if item.base64 is not None:
        return Attachment.from_base64(name=item.name, mime=item.mime, text=item.base64)
    return Attachment(name=item.name, mime=item.mime, data=(item.text or "").encode())
