"""Set the scene of a scenario: state, facts, history, who acts, and what is said."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import AwareDatetime, Field, model_validator

from harness.scenario.strict import Pointer, Strict
from runtime.public import JsonObject, JsonValue, Limits, Mode, Usage

DEFAULT_NOW: Final = datetime.fromisoformat("2026-03-02T10:00:00+00:00")
"""The instant of a scenario that names none: a Monday morning."""


class PrincipalChange(Strict):
    """Replace parts of the environment's principal."""

    id: str | None = None
    roles: tuple[str, ...] | None = None
    grant: Mode | None = None
    claims: JsonObject | None = Field(
        default=None, description="what the identity provider says of the person; rules read it"
    )


class ConsentGiven(Strict):
    """Say who is there: a requester who confirms, colleagues who approve."""

    confirm: bool = True
    approve: bool = True
    roles: tuple[str, ...] | None = Field(
        default=None, description="what colleagues who approve are; whatever is asked, if left out"
    )


class TurnSaid(Strict):
    """Repeat one earlier turn; exactly one of the two spoke."""

    user: str | None = None
    assistant: str | None = None

    @model_validator(mode="after")
    def _one_speaker(self) -> TurnSaid:
        if (self.user is None) == (self.assistant is None):
            message = "a turn has exactly one of 'user' and 'assistant'"
            raise ValueError(message)
        return self


class AttachmentGiven(Strict):
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


class Given(Strict):
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


class When(Strict):
    """Say what the person says and attaches."""

    message: str = Field(min_length=1)
    attachments: tuple[AttachmentGiven, ...] = ()
