"""Hold what a judge reads and what it answers.

An exhibit is one text that a model wrote for a person, an opinion one answer of a judge about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from runtime.public import JsonObject, TokenUsage, digest

BEST_SCORE = 10
"""Judges score from 0 to this, in whole numbers."""


class ExhibitKind(StrEnum):
    """Say which answer of a model the text belongs to."""

    CLARIFICATION = "clarification"
    DECLINE = "decline"
    PLAN = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """Put one text before a judge, with what it takes to judge it.

    Attributes:
        environment: where it was said.
        kind: what the text belongs to.
        said: what the person said.
        context: what is known, and what matters here.
        expected: which answers would have been right.
        steps: the proposed plan, one line a step; empty unless the text explains a plan.
        text: what is judged: a question, a reason or an explanation.
    """

    environment: str
    kind: ExhibitKind
    said: str
    context: str
    expected: str
    text: str
    steps: tuple[str, ...] = ()

    def setting(self) -> JsonObject:
        """Return everything but the judged text, as JSON."""
        setting: JsonObject = {
            "environment": self.environment,
            "said": self.said,
            "context": self.context,
            "right answers": self.expected,
            "answer": self.kind.value,
        }
        if self.steps:
            setting["steps"] = list(self.steps)
        return setting

    @property
    def digest(self) -> str:
        """Return a digest that is equal for equal exhibits."""
        return digest({**self.setting(), "text": self.text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """Hold one answer of a judge.

    Attributes:
        score: 0 to 10; None when unscored, which is never the same as 0.
        reason: why, in the judge's words.
        problem: why there is no score.
        lost: the judge gave no answer at all, for reasons of infrastructure.
        answered_by: the model that really answered; empty when none did.
        usage: tokens.
        cost_micros: millionths of a US dollar; None when the price is unknown.
    """

    score: float | None
    reason: str = ""
    problem: str = ""
    lost: bool = False
    answered_by: str = ""
    usage: TokenUsage = TokenUsage()  # noqa: RUF009  # frozen
    cost_micros: int | None = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Add up what opinions used.

    Attributes:
        cost_micros: millionths of a US dollar; None when the price of one of them is unknown.
    """

    opinions: int
    usage: TokenUsage
    cost_micros: int | None

    @classmethod
    def of(cls, opinions: Iterable[Opinion]) -> Bill:
        """Sum opinions."""
        count, usage, costs = 0, TokenUsage(), list[int | None]()
        for opinion in opinions:
            count += 1
            usage = usage.plus(opinion.usage)
            costs.append(opinion.cost_micros)
        known = [cost for cost in costs if cost is not None]
        total = sum(known) if len(known) == len(costs) else None
        return cls(opinions=count, usage=usage, cost_micros=total)

    def document(self) -> JsonObject:
        """Return the bill as JSON."""
        return {
            "opinions": self.opinions,
            "prompt_tokens": self.usage.prompt,
            "completion_tokens": self.usage.completion,
            "cost_micros": self.cost_micros,
        }
