"""Hold one wrong answer that a strong scenario must not let pass."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from runtime.public import Proposal, Step, canonical_text

SHOWN_CHARS = 160


class Fate(StrEnum):
    """Say what became of a mutant; only killed and survived ones count."""

    KILLED = "killed"
    SURVIVED = "survived"
    DECLARED = "declared"
    STILLBORN = "stillborn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """Change the right answer in one way.

    Attributes:
        proposal: the changed answer.
        text: the change in one line, for the report.
    """

    proposal: Proposal
    text: str


def call_text(step: Step) -> str:
    """Write a call in one line.

    >>> call_text(Step(action="ticket.assign", inputs={"ticket": "t_1", "agent": None}))
    'ticket.assign(agent=null, ticket="t_1")'
    """
    inputs = ", ".join(
        f"{name}={canonical_text(value)}" for name, value in sorted(step.inputs.items())
    )
    return shortened(f"{step.action}({inputs})")


def shortened(text: str) -> str:
    """Cut a text to what fits into a report's line."""
    return text if len(text) <= SHOWN_CHARS else f"{text[: SHOWN_CHARS - 2]} …"
