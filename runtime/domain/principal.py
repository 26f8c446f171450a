"""Say who acts, in which organization, with which roles and how freely."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Mode(StrEnum):
    """Bound how much one plan may do; a property of the grant, never of a document."""

    INTERACTIVE = "interactive"
    ASSISTED = "assisted"
    AUTONOMOUS = "autonomous"

    @property
    def step_limit(self) -> int:
        """Return how many steps one plan may hold."""
        return _STEP_LIMITS[self]


_STEP_LIMITS = {Mode.INTERACTIVE: 1, Mode.ASSISTED: 5, Mode.AUTONOMOUS: 10}


class Principal(BaseModel):
    """Identify the caller as the credential does; nothing a model writes ends up here.

    Attributes:
        claims: what the identity provider says of the person, as canonical JSON text; empty for
            those who come without one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    organization: str
    roles: tuple[str, ...]
    grant: Mode = Mode.ASSISTED
    claims: str = Field(default="", repr=False)

    def held_to(self, mode: Mode | None) -> Principal:
        """Return the same principal, held to a mode that does not go beyond their own grant."""
        if mode is None or mode.step_limit >= self.grant.step_limit:
            return self
        return self.model_copy(update={"grant": mode})
